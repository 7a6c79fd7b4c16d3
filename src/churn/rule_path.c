// SPDX-License-Identifier: Apache-2.0
//
// The L1 path over rules. liblinear has no fixed offset: with the margin as a free column its shrinkage would
// be undone. So this is coordinate descent on a quadratic of the log-loss, renewed until it no longer moves
// (Friedman, Hastie and Tibshirani 2010), over the rules that are in; all are asked again whenever those are
// settled.
#include "churn/rule_path.h"

#include <math.h>
#include <string.h>

#define L2 0.1
#define SURE_L2 1.0
#define SETTLED 1e-4
// A quadratic is solved to this share of what its first sweep moved: the next one is another.
#define ROUGHLY 0.1
enum { MOST_RENEWALS = 30, MOST_SWEEPS = 200 };

const double hf_rule_l1[HF_RULE_STEPS] = {1e6, 100, 63, 40,   25,  16,   10,   6.3, 4,
                                          2.5, 1.6, 1,  0.63, 0.4, 0.25, 0.16, 0.1};

static void renew(hf_rule_path *d)
{
    d->whole_bend = 0.0;
    for (int64_t i = 0; i < d->rows; i++) {
        const double p = 1.0 / (1.0 + exp(-d->margin[i]));
        d->curvature[i] = fmax(p * (1.0 - p), 1e-6);
        d->rest[i] = (double)d->label[i] - p;
        d->whole_bend += d->curvature[i];
    }
    for (int32_t j = 0; j < d->rules->count; j++) {
        double sum = 0.0;
        for (int64_t k = d->rules->first[j]; k < d->rules->first[j + 1]; k++)
            sum += d->curvature[d->rules->row[k]];
        d->bend[j] = sum;
    }
}

static double move_rule(hf_rule_path *d, int32_t j, double l1)
{
    const int32_t *row = d->rules->row;
    const int64_t from = d->rules->first[j], to = d->rules->first[j + 1];
    double g = 0.0;
    for (int64_t k = from; k < to; k++)
        g += d->rest[row[k]];
    const double pull = g + d->bend[j] * d->weight[j];
    if (j < d->rules->sure) l1 = 0.0;
    const double size = fabs(pull) > l1 ? fabs(pull) - l1 : 0.0;
    const double l2 = j < d->rules->sure ? SURE_L2 : L2;
    const double next = copysign(size, pull) / (d->bend[j] + l2), step = next - d->weight[j];
    if (step == 0.0) return 0.0;
    d->weight[j] = next;
    for (int64_t k = from; k < to; k++) {
        d->rest[row[k]] -= d->curvature[row[k]] * step;
        d->margin[row[k]] += step;
    }
    return fabs(step) * sqrt(d->bend[j]);
}

static double move_intercept(hf_rule_path *d)
{
    double g = 0.0;
    for (int64_t i = 0; i < d->rows; i++)
        g += d->rest[i];
    const double step = g / d->whole_bend;
    d->intercept += step;
    for (int64_t i = 0; i < d->rows; i++) {
        d->rest[i] -= d->curvature[i] * step;
        d->margin[i] += step;
    }
    return fabs(step) * sqrt(d->whole_bend);
}

static double sweep(hf_rule_path *d, double l1, bool all)
{
    double moved = 0.0;
    for (int32_t j = 0; j < d->rules->count; j++)
        if (all || d->weight[j] != 0.0) moved = fmax(moved, move_rule(d, j, l1));
    return fmax(moved, move_intercept(d));
}

void hf_rule_path_step(hf_rule_path *d, double l1)
{
    for (int32_t renewal = 0; renewal < MOST_RENEWALS; renewal++) {
        renew(d);
        const double first = sweep(d, l1, true), settled = fmax(SETTLED, ROUGHLY * first);
        double moved = first;
        for (int32_t k = 0; k < MOST_SWEEPS && moved > settled; k++) {
            moved = sweep(d, l1, false);
            if (moved <= settled) moved = sweep(d, l1, true);
        }
        if (first <= 10 * SETTLED) break;
    }
}

hf_status hf_rule_path_create(hf_rule_path *out, const hf_context *context, const hf_rules *rules,
                              const double *margin, const uint8_t *label, int64_t rows, hf_error *error)
{
    hf_rule_path d = {.context = context, .rules = rules, .label = label, .rows = rows};
    const size_t n = (size_t)rows, m = (size_t)rules->count;
    // Paths are made side by side; the caller's allocator need not stand being called so.
#pragma omp critical(hf_churn_memory)
    d.memory = hf_new(context, 3 * n + 2 * m, sizeof *d.memory);
    if (!d.memory) return hf_fail_memory(error);
    d.margin = d.memory;
    d.curvature = d.margin + n;
    d.rest = d.curvature + n;
    d.weight = d.rest + n;
    d.bend = d.weight + m;
    memcpy(d.margin, margin, n * sizeof *margin);
    *out = d;
    return HF_OK;
}

void hf_rule_path_free(hf_rule_path *path)
{
    if (path->context) hf_delete(path->context, path->memory);
    *path = (hf_rule_path){0};
}
