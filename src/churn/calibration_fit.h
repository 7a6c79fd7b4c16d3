// SPDX-License-Identifier: Apache-2.0
//
// The methods of calibration, each as a curve.
#ifndef HOLDFAST_CALIBRATION_FIT_H
#define HOLDFAST_CALIBRATION_FIT_H

#include "churn/churn_room.h"

// Fits a method to rows. *good false, and nothing made, where they are too few of a class for it or its curve
// would not rise. Errors: HF_ERROR_MEMORY.
hf_status hf_calibration_fit(hf_curve *out, bool *good, const hf_context *context, hf_calibrate method,
                             const double *log_odds, const uint8_t *label, int64_t rows, hf_error *error);

// Whether so many rows with so many events say enough of a level.
bool hf_calibration_enough(int64_t rows, int64_t events);

// Whether a curve can be a calibration: finite, without clips and jumps, rising everywhere.
bool hf_calibration_rises(const hf_curve *curve);

#endif
