// SPDX-License-Identifier: Apache-2.0
//
// Signals cut into a few cells each: what pairs are screened on and trees are grown on. Cells are learnt from
// training rows: all values where they are few, else quantiles; of a category the commonest levels and the
// rest; missing is the last cell.
#ifndef HOLDFAST_BINNED_H
#define HOLDFAST_BINNED_H

#include "churn/basis.h"

enum { HF_MOST_BINS = 63 }; // without the cell for missing

typedef struct {
    int32_t column; // of the frame
    bool category;
    int32_t cells; // with the one for missing, the last; at most HF_MOST_BINS + 1
    int32_t edges;
    double edge[HF_MOST_BINS]; // a number x is in cell c where edge[c - 1] < x <= edge[c]
    int32_t *level_cell;       // owned: of a category, by code
    int32_t other;             // the cell of the rest
    bool copy;                 // its cells are those of an earlier signal in every row
    uint8_t *cell;             // owned, one a row
    bool apart;                // in no surface or rule: a copy, or monotone
} hf_binned_signal;

typedef struct {
    const hf_context *context;
    const hf_frame *frame; // borrowed
    int32_t count;
    hf_binned_signal *signals; // owned, in the basis's order
    int64_t rows;
} hf_binned;

// Cells of the basis's signals: learnt from the first learn rows, coded for all count. bins for numbers,
// at most HF_MOST_BINS; levels for categories, at most one fewer, for the rest have a cell too. Errors:
// HF_ERROR_MEMORY. steps: also where the basis's curves may jump, for a quantile seldom hits a threshold that
// matters.
hf_status hf_binned_create(hf_binned **out, const hf_basis *basis, const int64_t *rows, int64_t learn,
                           int64_t count, int32_t bins, int32_t levels, bool steps, hf_error *error);
void hf_binned_destroy(hf_binned *binned); // accepts NULL

// The axis of a term: a signal's cells by name and value. *out is the caller's.
hf_status hf_binned_axis(hf_axis *out, const hf_binned *binned, int32_t signal, hf_error *error);

#endif
