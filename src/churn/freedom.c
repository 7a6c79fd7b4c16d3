// SPDX-License-Identifier: Apache-2.0
//
// Effective degrees of freedom: features less lambda times the trace of the inverse Hessian, over all weights
// that are shrunk. The Hessian is summed row by row, dense, in the rows' order. A weight that its bound holds
// at 0 is free to do nothing, and its feature is taken out (Meyer and Woodroofe 2000, "On the degrees of
// freedom in shape-restricted regression").
#include "churn/freedom.h"

#include "churn/cholesky.h"
#include "churn/ridge_fit.h"

#include <math.h>

#define MOST_WORK 1e9
enum { MOST_FEATURES = 1500, LEAST_ROWS = 1000 };

// a += weight x x', the lower half.
static void add_row(double *a, const double *x, int32_t n, double weight)
{
    for (int32_t i = 0; i < n; i++) {
        if (x[i] == 0.0) continue;
        double *row = a + (int64_t)i * n;
        const double scale = weight * x[i];
#pragma omp simd
        for (int32_t j = 0; j <= i; j++)
            row[j] += scale * x[j];
    }
}

// Without features whose weights are held at 0: of those the Hessian is the penalty alone, and they add
// nothing.
static void take_out_held(double *x, const hf_refit *r)
{
    for (int32_t k = 0; k < r->blocks.count; k++) {
        const hf_block *block = &r->blocks.blocks[k];
        for (int32_t f = block->first; f < block->first + block->bounded; f++)
            if (!(r->weights[f] > 0.0)) x[f] = 0.0;
    }
}

static hf_status sum_hessian(double *hessian, double *x, double *scratch, const hf_refit *r, hf_error *error)
{
    const int32_t n = r->blocks.features + 1;
    const int64_t rows = r->blocks.row_count;
    const double room = 2.0 * MOST_WORK / ((double)n * (double)n);
    const int64_t wanted = room < LEAST_ROWS ? LEAST_ROWS : (int64_t)room;
    const int64_t taken = rows < wanted ? rows : wanted;
    for (int64_t i = 0; i < taken; i++) {
        if (i % HF_TILE == 0) {
            hf_status status = hf_check_cancel(r->context, error);
            if (status != HF_OK) return status;
        }
        const int64_t row = r->blocks.rows[(int64_t)((double)i * (double)rows / (double)taken)];
        double margin = 0.0;
        hf_refit_row(x, r, row, scratch);
        take_out_held(x, r);
        x[n - 1] = 1.0;
        for (int32_t f = 0; f < n; f++)
            margin += r->weights[f] * x[f];
        const double p = hf_probability(margin);
        add_row(hessian, x, n, p * (1.0 - p) * (double)rows / (double)taken);
    }
    for (int32_t f = 0; f < n - 1; f++)
        hessian[(int64_t)f * n + f] += r->lambda;
    return HF_OK;
}

hf_status hf_freedom(double *out, const hf_refit *r, hf_error *error)
{
    hf_status status = HF_OK;
    const int32_t n = r->blocks.features + 1;
    const size_t square = (size_t)n * (size_t)n;
    if (n > MOST_FEATURES) {
        *out = NAN;
        return HF_OK;
    }
    double *hessian = hf_new(r->context, square, sizeof *hessian);
    double *inverse = hf_new(r->context, square, sizeof *inverse);
    double *x = hf_new(r->context, (size_t)n, sizeof *x);
    double *scratch = hf_new(r->context, hf_blocks_sums(&r->blocks), sizeof *scratch);
    if (!hessian || !inverse || !x || !scratch) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, sum_hessian(hessian, x, scratch, r, error));
    if (!hf_cholesky(hessian, n)) {
        *out = NAN;
        goto done;
    }
    hf_cholesky_inverse(inverse, hessian, n);
    double trace = 0.0;
    for (int32_t f = 0; f < n - 1; f++)
        trace += inverse[(int64_t)f * n + f];
    *out = (double)(n - 1) - r->lambda * trace;
done:
    hf_delete(r->context, hessian);
    hf_delete(r->context, inverse);
    hf_delete(r->context, x);
    hf_delete(r->context, scratch);
    return status;
}
