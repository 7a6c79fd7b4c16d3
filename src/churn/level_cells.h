// SPDX-License-Identifier: Apache-2.0
//
// The levels of a category and the cells they fall in, one feature each: what both forms of training make of
// a category column.
#ifndef HOLDFAST_LEVEL_CELLS_H
#define HOLDFAST_LEVEL_CELLS_H

#include "churn/churn_room.h"

// Cells count from 0: levels of enough rows in the dictionary's order, then the rare ones, then missing.
typedef struct {
    int32_t levels;   // of the dictionary
    int32_t *cell;    // owned: by code; rare levels, and those that training lacks, share one; -1: none
    int64_t *rows;    // owned: by code, training rows
    int32_t own;      // levels with a cell of their own
    int32_t pooled;   // the cell of the rare ones; -1: none
    int32_t missing;  // the cell of missing: the last where it has its own, else that of the rare ones
    bool has_missing; // it has its own
    int64_t pooled_rows, missing_rows;
    int32_t cells;
} hf_level_cells;

// Counts the column's levels over `count` rows of its frame. A level has a cell from options->level_rows rows
// on, missing from options->missing_rows on. *left_out: NULL, or why the column says nothing; *out is then
// still the caller's to free. Errors: HF_ERROR_MEMORY, likewise.
hf_status hf_level_cells_learn(hf_level_cells *out, const char **left_out, const hf_context *context,
                               const hf_column *column, const int64_t *rows, int64_t count,
                               const hf_train_options *options, hf_error *error);
void hf_level_cells_free(const hf_context *context, hf_level_cells *cells);
// The cell of a code, -1 for one without. code: below 0 for missing.
int32_t hf_level_cell(const hf_level_cells *cells, int32_t code);

// Fills a term's table with the weights of the cells; its reference is their mean over the training rows.
// Where training gave no weight, a missing or unknown level has that of the rare ones, and where they have
// none the reference, so that it argues neither way. Errors: HF_ERROR_MEMORY; the term is then still to be
// freed.
hf_status hf_level_cells_table(hf_term *term, const hf_context *context, const hf_column *column,
                               const hf_level_cells *cells, const double *weights, hf_error *error);

#endif
