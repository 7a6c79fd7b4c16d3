// SPDX-License-Identifier: Apache-2.0
//
// A fit of many rows begun where a fit of few ended.
#ifndef HOLDFAST_WARM_START_H
#define HOLDFAST_WARM_START_H

#include "churn/block.h"

// Where there are many rows, moves weights (features + 1, the intercept last) to the fit of a part of them.
// label: one a row of the blocks. Errors: HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_warm_start(double *weights, const hf_context *context, const hf_blocks *blocks,
                        const uint8_t *label, double lambda, hf_error *error);

#endif
