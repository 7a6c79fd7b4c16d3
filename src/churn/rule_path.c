// SPDX-License-Identifier: Apache-2.0
//
// The L1 path over rules. liblinear has no fixed offset: with the margin as a free column its shrinkage would
// be undone. So this is coordinate descent on a quadratic of the log-loss, renewed until it no longer moves
// (Friedman, Hastie and Tibshirani 2010), over the rules that are in; all are asked again whenever those are
// settled.
#include "churn/rule_search.h"

#include <math.h>
#include <string.h>

#define L2 0.1
#define SETTLED 1e-4
enum { MOST_RENEWALS = 30, MOST_SWEEPS = 200 };

const double hf_rule_l1[HF_RULE_STEPS] = {100, 63, 40, 25, 16, 10, 6.3, 4, 2.5, 1.6, 1, 0.6, 0.3};

typedef struct {
    const hf_rules *rules;
    const uint8_t *label;
    int64_t rows;
    double *margin;    // with the rules' parts
    double *curvature; // at the last renewal
    double *rest;      // residual, less curvature x what moved since
    double *weight;    // a rule each
    double *bend;      // sum of curvature over a rule's rows
    double intercept, whole_bend;
} descent;

static void renew(descent *d)
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

static double move_rule(descent *d, int32_t j, double l1)
{
    const int32_t *row = d->rules->row;
    const int64_t from = d->rules->first[j], to = d->rules->first[j + 1];
    double g = 0.0;
    for (int64_t k = from; k < to; k++)
        g += d->rest[row[k]];
    const double pull = g + d->bend[j] * d->weight[j];
    const double size = fabs(pull) > l1 ? fabs(pull) - l1 : 0.0;
    const double next = copysign(size, pull) / (d->bend[j] + L2), step = next - d->weight[j];
    if (step == 0.0) return 0.0;
    d->weight[j] = next;
    for (int64_t k = from; k < to; k++) {
        d->rest[row[k]] -= d->curvature[row[k]] * step;
        d->margin[row[k]] += step;
    }
    return fabs(step) * sqrt(d->bend[j]);
}

static double move_intercept(descent *d)
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

static double sweep(descent *d, double l1, bool all)
{
    double moved = 0.0;
    for (int32_t j = 0; j < d->rules->count; j++)
        if (all || d->weight[j] != 0.0) moved = fmax(moved, move_rule(d, j, l1));
    return fmax(moved, move_intercept(d));
}

static void descend(descent *d, double l1)
{
    for (int32_t renewal = 0; renewal < MOST_RENEWALS; renewal++) {
        renew(d);
        double first = sweep(d, l1, true), moved = first;
        for (int32_t k = 0; k < MOST_SWEEPS && moved > SETTLED; k++) {
            moved = sweep(d, l1, false);
            if (moved <= SETTLED) moved = sweep(d, l1, true);
        }
        if (first <= 10 * SETTLED) break;
    }
}

hf_status hf_rules_path(double *weight, double *intercept, int32_t steps, const hf_context *context,
                        const hf_rules *rules, const double *margin, const uint8_t *label, int64_t rows,
                        double scale, hf_error *error)
{
    descent d = {.rules = rules, .label = label, .rows = rows};
    const size_t n = (size_t)rows, m = (size_t)rules->count;
    hf_status status = HF_OK;
    double *memory = hf_new(context, 3 * n + 2 * m, sizeof *memory);
    if (!memory) return hf_fail_memory(error);
    d.margin = memory;
    d.curvature = memory + n;
    d.rest = memory + 2 * n;
    d.weight = memory + 3 * n;
    d.bend = memory + 3 * n + m;
    memcpy(d.margin, margin, n * sizeof *margin);
    for (int32_t s = 0; s < steps; s++) {
        HF_TRY(done, hf_check_cancel(context, error));
        descend(&d, hf_rule_l1[s] * scale);
        memcpy(weight + (size_t)s * m, d.weight, m * sizeof *weight);
        intercept[s] = d.intercept;
    }
done:
    hf_delete(context, memory);
    return status;
}
