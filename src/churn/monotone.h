// SPDX-License-Identifier: Apache-2.0
//
// Signals whose curve may only rise, or only fall.
#ifndef HOLDFAST_MONOTONE_H
#define HOLDFAST_MONOTONE_H

#include "churn/churn_room.h"
#include "churn/cuts.h"

typedef enum { HF_MONOTONE_NONE, HF_MONOTONE_FITTED, HF_MONOTONE_UP, HF_MONOTONE_DOWN } hf_monotone;

// What the options say of a column: HF_MONOTONE_FITTED where they leave the direction to the data.
hf_monotone hf_monotone_of(const hf_train_options *options, const char *column);
// Every signal named must be a number of the frame, once. Errors: HF_ERROR_USAGE.
hf_status hf_monotone_check(const hf_train_options *options, const hf_frame *frame, hf_error *error);
// 1 or -1: the sign of a straight line's slope in a logistic of this signal alone, which is that of the
// covariance with the label. cases ascend by x; z is what the line is fitted over. 1 where it is flat.
int32_t hf_monotone_fitted(const hf_case *cases, int64_t count, double (*z)(const void *of, double x),
                           const void *of);

#endif
