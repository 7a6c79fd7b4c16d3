// SPDX-License-Identifier: Apache-2.0
//
// The basis: how each signal of a frame becomes features of the logistic, learnt from training rows.
//
// A number x is held within its 0.5 and 99.5 % quantiles and straightened: z is x itself, or where x is very
// skewed a piecewise-linear asinh of it, then standardised. Its features are z; half of max(0, z - k) at
// eight quantiles (more than 12 distinct values); 1[x > c] at the cuts of an entropy tree, or between all the
// values when there are 12 or fewer; a 0/1 feature for missing where at least missing_rows rows are. Hinges
// and steps are centred and scaled by tau, which says how freely the curve may bend. A category has a 0/1
// feature a level with at least level_rows rows, one for the rest, one for missing.
//
// Where a curve may only rise, hinges give way to ramps, a ramp being how far z has gone between two
// neighbouring quantiles; every feature then rises with x, and no weight but that of missing may be negative:
// a sum of what rises rises, on the whole range. Where it may only fall, the features are turned over.
#ifndef HOLDFAST_BASIS_H
#define HOLDFAST_BASIS_H

#include "churn/block.h"
#include "churn/level_cells.h"

enum {
    HF_WARP_KNOTS = 14,
    HF_HINGES = 8,
    HF_STEPS = 12,
    HF_CELLS = HF_WARP_KNOTS + HF_HINGES + HF_STEPS + 1
};

typedef struct {
    int32_t column; // of the frame
    int64_t present, missing, rows;
    int32_t first, features; // its features
    // numbers
    double mean, deviation; // of the values as they are, for people
    double low, high;       // clips
    double origin, scale;   // place of a row: (x - origin) / scale
    int32_t knots;          // of the warp, from low to high: x to z, at least 2 unless the signal is constant
    double knot_x[HF_WARP_KNOTS], knot_z[HF_WARP_KNOTS];
    int32_t hinges, steps;
    double hinge_x[HF_HINGES], hinge_z[HF_HINGES], hinge_centre[HF_HINGES];
    double step_x[HF_STEPS], step_centre[HF_STEPS];
    int32_t edges; // of the cells: d in cell c where edge[c - 1] < d <= edge[c]; the cell after the last is
                   // for missing
    // Relative to the origin, as a curve keeps them, so that rounding puts a row on the same side in both.
    double edge[HF_CELLS];
    bool has_missing;      // a feature for missing: the last one; of a category, too
    int32_t monotone;      // 1: the curve may only rise, -1: only fall, 0: free
    hf_level_cells levels; // owned: of a category
} hf_basis_signal;

typedef struct {
    const hf_context *context;
    const hf_frame *frame; // borrowed
    int32_t count;
    hf_basis_signal *signals; // owned
    int32_t features;
} hf_basis;

// Learns the basis from count rows of the frame; label is one of each of them. Columns that cannot be
// modelled are named in one warning, dates in a note (quiet false). Errors: HF_ERROR_DATA when nothing is
// left or a number is infinite, HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_basis_create(hf_basis **out, const hf_context *context, const hf_frame *frame,
                          const int64_t *rows, int64_t count, const uint8_t *label,
                          const hf_train_options *options, bool quiet, hf_error *error);
void hf_basis_destroy(hf_basis *basis); // accepts NULL

// Rows coded by a basis: one block a signal, in the signals' order, still without maps.
typedef struct {
    const hf_context *context;
    int32_t count;
    hf_block *blocks; // owned, and what they point to
    int64_t rows;
} hf_coded;

// Codes count rows of the frame: row i of the blocks is rows[i].
hf_status hf_coded_create(hf_coded **out, const hf_basis *basis, const int64_t *rows, int64_t count,
                          hf_error *error);
void hf_coded_destroy(hf_coded *coded); // accepts NULL

// Coded rows with hinges and steps scaled by tau: blocks ready to fit, which borrow the coded rows.
typedef struct {
    const hf_context *context;
    int32_t count;
    hf_block *blocks; // owned
    double *maps;     // owned
    double tau;
} hf_bent;

hf_status hf_bent_create(hf_bent *out, const hf_basis *basis, const hf_coded *coded, double tau,
                         hf_error *error);
void hf_bent_free(hf_bent *bent);

// The terms: one a signal, the signal's part of the margin under the weights (but for the rounding of places
// to float). References are means over count rows of the frame. *out is owned by the caller: each
// hf_term_free, then hf_delete.
hf_status hf_basis_terms(hf_term **out, const hf_basis *basis, const hf_bent *bent, const double *weights,
                         const int64_t *rows, int64_t count, hf_error *error);

#endif
