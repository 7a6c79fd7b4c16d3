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

#include "churn/churn_room.h"

typedef struct {
    int32_t column; // of the frame
    int64_t present, missing;
    double mean, deviation;  // numbers: of the values present
    int32_t value_feature;   // numbers: features count from 1; 0: all values are one, so none
    int32_t missing_feature; // 0: none
    int32_t pooled_feature;  // categories; 0: none
    int64_t pooled_rows;
    int32_t own_levels;     // categories: levels with a feature of their own
    int32_t *level_feature; // owned: by code; 0 for levels without a training row
    int64_t *level_rows;    // owned: by code, training rows
} hf_design_signal;

typedef struct {
    const hf_context *context;
    const hf_frame *frame; // borrowed
    int32_t count;
    hf_design_signal *signals; // owned
    int32_t features;
} hf_design;

// Learns the design from count rows of the frame. Columns that cannot be modelled are named in one warning,
// dates in a note. Errors: HF_ERROR_DATA when nothing is left or a number is infinite, HF_ERROR_MEMORY.
hf_status hf_design_create(hf_design **out, const hf_context *context, const hf_frame *frame,
                           const int64_t *rows, int64_t count, const hf_train_options *options,
                           hf_error *error);
void hf_design_destroy(hf_design *design); // accepts NULL

// The features of a row that are not zero, by ascending index; index and value have room for design->count.
// Returns how many there are.
int32_t hf_design_row(const hf_design *design, int64_t row, int32_t *index, double *value);

#endif
