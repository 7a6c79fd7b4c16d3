// SPDX-License-Identifier: Apache-2.0
//
// Every so many-th row, with the penalty in proportion, has nearly the same optimum as all rows and costs a
// small part of a step over them. What is left for all rows is the last few steps of Newton's method.
#include "churn/warm_start.h"

#include "churn/ridge_fit.h"

#define EPS 1e-3
enum { PART = 50000, WORTH = 4 }; // rows of the part; how many times as many there must be

hf_status hf_warm_start(double *weights, const hf_context *context, const hf_blocks *blocks,
                        const uint8_t *label, double lambda, hf_error *error)
{
    const int64_t stride = blocks->row_count / PART;
    if (stride < WORTH) return HF_OK;
    hf_blocks part = *blocks;
    part.row_count = 1 + (blocks->row_count - 1) / stride;
    int64_t *rows = hf_new_raw(context, (size_t)part.row_count, sizeof *rows);
    if (!rows) return hf_fail_memory(error);
    for (int64_t i = 0; i < part.row_count; i++)
        rows[i] = blocks->rows[i * stride];
    part.rows = rows;
    hf_ridge fit = {.weights = weights};
    const hf_status status = hf_ridge_fit(&fit, context, &part, label, lambda / (double)stride, EPS, error);
    hf_delete(context, rows);
    return status;
}
