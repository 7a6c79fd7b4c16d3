// SPDX-License-Identifier: Apache-2.0
//
// The design: how each signal of a frame becomes features of the logistic, learnt from the training rows.
//
// A number has one feature, (x - mean) / deviation over the values present, and where at least missing_rows
// rows lack it a 0/1 feature for missing; below that a missing value counts as the mean. A category has a 0/1
// feature a level with at least level_rows rows, one for all rarer levels, and one for missing where at least
// missing_rows rows lack it; below that a missing cell counts as a rare level. A signal gives a row at most
// one feature that is not zero.
#ifndef HOLDFAST_DESIGN_H
#define HOLDFAST_DESIGN_H

#include "churn/level_cells.h"

typedef struct {
    int32_t column; // of the frame
    bool category;
    int64_t present, missing;
    int32_t first,
        features; // its features, from 0: of a number its value, then missing; of a category its cells
    double mean, deviation; // numbers: of the values present
    bool has_value;         // numbers: false where all values are one
    bool has_missing;       // missing has a feature of its own, the last
    hf_level_cells levels;  // owned: of a category
} hf_design_signal;

typedef struct {
    const hf_context *context;
    const hf_frame *frame; // borrowed
    int32_t count;
    hf_design_signal *signals; // owned
    int32_t features;
} hf_design;

// Learns the design from count rows of the frame. Columns that cannot be modelled are named in one warning,
// dates in a note. Errors: HF_ERROR_DATA when nothing is left or a number is infinite, HF_ERROR_MEMORY,
// HF_ERROR_CANCELLED.
hf_status hf_design_create(hf_design **out, const hf_context *context, const hf_frame *frame,
                           const int64_t *rows, int64_t count, const hf_train_options *options,
                           hf_error *error);
void hf_design_destroy(hf_design *design); // accepts NULL

// The features of a row that are not zero, by ascending index, which counts from 1 as liblinear's do; index
// and value have room for design->count. Returns how many there are.
int32_t hf_design_row(const hf_design *design, int64_t row, int32_t *index, double *value);

#endif
