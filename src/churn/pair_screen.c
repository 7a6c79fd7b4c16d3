// SPDX-License-Identifier: Apache-2.0
//
// For each pair the sums of gradient G and curvature H by cell; row and column means of G taken out in
// proportion to H, twice; then s = sum G^2 / (H + 5) - sum H / (H + 5), over its standard deviation under no
// effect.
#include "churn/pair_screen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_Z 2.5
#define RIDGE 5.0
enum { SIDE = HF_PAIR_LEVELS + 2, CELLS = SIDE * SIDE, BATCH = 256 };

static void take_out_mains(double *g, const double *h, int32_t rows, int32_t columns)
{
    for (int sweep = 0; sweep < 2; sweep++) {
        for (int32_t i = 0; i < rows; i++) {
            double sum = 0.0, weight = 0.0;
            for (int32_t j = 0; j < columns; j++) {
                sum += g[i * columns + j];
                weight += h[i * columns + j];
            }
            for (int32_t j = 0; weight > 0 && j < columns; j++)
                g[i * columns + j] -= h[i * columns + j] * sum / weight;
        }
        for (int32_t j = 0; j < columns; j++) {
            double sum = 0.0, weight = 0.0;
            for (int32_t i = 0; i < rows; i++) {
                sum += g[i * columns + j];
                weight += h[i * columns + j];
            }
            for (int32_t i = 0; weight > 0 && i < rows; i++)
                g[i * columns + j] -= h[i * columns + j] * sum / weight;
        }
    }
}

static double z_of_pair(const hf_binned_signal *a, const hf_binned_signal *b, const double *residual,
                        const double *curvature, int64_t rows)
{
    double g[CELLS] = {0}, h[CELLS] = {0};
    const int32_t columns = b->cells;
    for (int64_t i = 0; i < rows; i++) {
        const int32_t cell = a->cell[i] * columns + b->cell[i];
        g[cell] += residual[i];
        h[cell] += curvature[i];
    }
    take_out_mains(g, h, a->cells, columns);
    double s = 0.0, variance = 0.0;
    for (int32_t k = 0; k < a->cells * columns; k++) {
        const double share = h[k] / (h[k] + RIDGE);
        s += g[k] * g[k] / (h[k] + RIDGE) - share;
        variance += share * share;
    }
    return variance > 0 ? s / sqrt(2.0 * variance) : 0.0;
}

static int compare_pairs(const void *x, const void *y)
{
    const hf_pair *one = x, *other = y;
    if (one->z != other->z) return one->z > other->z ? -1 : 1;
    if (one->a != other->a) return one->a - other->a;
    return one->b - other->b;
}

hf_status hf_pair_screen(hf_pair *out, int32_t *count, const hf_context *context, const hf_binned *binned,
                         const double *residual, const double *curvature, int64_t rows, hf_error *error)
{
    const int32_t signals = binned->count;
    int32_t n = 0;
    hf_status status = HF_OK;
    hf_pair *pairs = hf_new(context, (size_t)signals * (size_t)signals / 2, sizeof *pairs);
    if (!pairs) return hf_fail_memory(error);
    for (int32_t a = 0; a < signals; a++)
        for (int32_t b = a + 1; b < signals; b++)
            if (!binned->signals[a].apart && !binned->signals[b].apart) pairs[n++] = (hf_pair){a, b, 0.0};
    for (int32_t begin = 0; begin < n; begin += BATCH) {
        const int32_t end = begin + BATCH < n ? begin + BATCH : n;
        HF_TRY(done, hf_check_cancel(context, error));
#pragma omp parallel for default(none) shared(pairs, begin, end, binned, residual, curvature, rows) \
    schedule(dynamic, 4) num_threads(hf_context_threads(context))
        for (int32_t i = begin; i < end; i++)
            pairs[i].z = z_of_pair(&binned->signals[pairs[i].a], &binned->signals[pairs[i].b], residual,
                                   curvature, rows);
    }
    qsort(pairs, (size_t)n, sizeof *pairs, compare_pairs);
    *count = 0;
    while (*count < n && *count < HF_MOST_PAIRS && pairs[*count].z > LEAST_Z) {
        out[*count] = pairs[*count];
        (*count)++;
    }
done:
    hf_delete(context, pairs);
    return status;
}
