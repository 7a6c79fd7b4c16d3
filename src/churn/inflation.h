// SPDX-License-Identifier: Apache-2.0
//
// How far signals say the same: variance inflation.
#ifndef HOLDFAST_INFLATION_H
#define HOLDFAST_INFLATION_H

#include "churn/design.h"

#define HF_COLLINEAR 1e6

// factor[s], one a signal of the design: the variance inflation factor of a number's values (missing ones at
// their mean); of a category the generalised one of its levels without the commonest, to the power of one
// over their count (Fox and Monette 1992), which is comparable. INFINITY where others determine the signal,
// from 1e6 on; NaN where it has one value. Evenly spaced rows stand for all where they are many; all NaN
// above 1,500 columns. Errors: HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_inflation(double *factor, const hf_context *context, const hf_design *design,
                       const int64_t *rows, int64_t count, hf_error *error);

// Parameters of the plain form without the intercept: one a number, one for missing where it is modelled, one
// a level of a category but for the first.
int32_t hf_design_parameters(const hf_design *design);
// The feature of a category's commonest level, counted from 1 as hf_design_row counts them.
int32_t hf_design_commonest(const hf_design *design, int32_t signal);

#endif
