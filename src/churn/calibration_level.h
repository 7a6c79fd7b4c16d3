// SPDX-License-Identifier: Apache-2.0
//
// The level of a calibration where splits go forward in time: a fit takes in part of a shift of the base rate
// by itself, so how much is left is read off the rows it had.
#ifndef HOLDFAST_CALIBRATION_LEVEL_H
#define HOLDFAST_CALIBRATION_LEVEL_H

#include "churn/churn_room.h"

// The rows of a fit, under it. Borrowed arrays, one a row.
typedef struct {
    const double *log_odds;
    const uint8_t *label;
    const bool *late; // the row is of the last dates
    int64_t count;
} hf_level_rows;

// Marks the last quarter of rows by date, whole dates. Errors: HF_ERROR_MEMORY.
hf_status hf_level_mark_late(bool *late, const hf_context *context, const hf_date *as_of, int64_t rows,
                             hf_error *error);

// Shifts a curve so that what it makes of the rows, or of the late ones alone, sums to their events. *good
// false, and the curve as it was, where they are too few of a class. Errors: HF_ERROR_MEMORY.
hf_status hf_level_settle(hf_curve *curve, bool *good, const hf_context *context, const hf_level_rows *rows,
                          bool late, hf_error *error);

#endif
