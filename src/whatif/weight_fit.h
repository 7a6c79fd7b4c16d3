// SPDX-License-Identifier: Apache-2.0
//
// The parts of fitting weights: a row as points lost, the small quadratic program, the solver, the choice of
// how strongly to shrink.
#ifndef HOLDFAST_WEIGHT_FIT_H
#define HOLDFAST_WEIGHT_FIT_H

#include "whatif/whatif_room.h"

// The share lost, (100 - q) / 100, of every column; for a missing score what the others make of it under
// `weight` (sum 1), so that the weighted sum is the health lost. No allocation.
void hf_weight_fit_row(double *lost, const hf_weight_rows *rows, const double *weight, int64_t row);

// Minimises x'Qx / 2 + q'x over one coordinate a column; each at least 0, and those of every group at most
// its cap of the sum, where `limits` is given (NULL: all free). Q (size x size) has a positive diagonal. x is
// where the search begins and ends. multiplier: one a group, scratch.
void hf_weight_quadratic(double *x, double *multiplier, const double *Q, const double *q, int32_t size,
                         const hf_weight_rows *limits);

typedef struct {
    const hf_weight_rows *rows;
    const double *times; // one a row: how often it counts; NULL: once each
    double scale;        // hf_weight_scale of all the rows
    double strength;     // INFINITY: the present weights, only their slope fitted
    bool free;           // no limits, no shrinkage
    int32_t steps;       // at most
} hf_weight_problem;

// Memory of fits that run side by side: the caller's allocator need not stand being called so.
void *hf_weight_new(const hf_context *context, size_t count, size_t size);
void hf_weight_delete(const hf_context *context, void *memory);

// theta: columns + 1: the intercept, then a slope a column; where the search begins and ends.
hf_status hf_weight_solve(double *theta, const hf_context *context, const hf_weight_problem *problem,
                          hf_error *error);
// What the data say of one column on average: the variance of its lost points times that of the outcome.
hf_status hf_weight_scale(double *out, const hf_context *context, const hf_weight_rows *rows,
                          hf_error *error);
// Where a search without anything better begins.
void hf_weight_begin(double *theta, const hf_weight_rows *rows);
// Weights in proportion to the slopes; the present ones where all slopes are 0.
void hf_weight_shares(double *weight, const double *theta, const hf_weight_rows *rows);
// Log-loss of a row under theta, its substitutes under `weight`. lost: scratch, one a column.
double hf_weight_row_loss(double *lost, const double *theta, const double *weight, const hf_weight_rows *rows,
                          int64_t row);

extern const double hf_fit_strengths[HF_FIT_STRENGTHS];
// Fills strength, chosen, forward and path.
hf_status hf_weight_fit_choose(hf_weight_fit *fit, const hf_context *context, const hf_weight_rows *rows,
                               uint64_t seed, hf_error *error);

#endif
