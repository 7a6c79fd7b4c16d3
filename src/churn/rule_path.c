// SPDX-License-Identifier: Apache-2.0
//
// The L1 path over rules. liblinear has no fixed offset: with the margin as a free column its shrinkage would
// be undone. So this is coordinate descent on a quadratic of the log-loss, renewed until it no longer moves
// (Friedman, Hastie and Tibshirani 2010). The rules that are in are settled among themselves by their Gram
// matrix, where a sweep costs nothing by the rows, and where sweeps creep, at once for their present signs;
// all rules are asked again whenever those are settled.
#include "churn/rule_path.h"

#include "churn/cholesky.h"

#include <math.h>
#include <string.h>

#define L2 0.1
#define SURE_L2 1.0
#define SETTLED 1e-4
// A quadratic is solved to this share of what its first sweep moved: the next one is another.
#define ROUGHLY 0.1
enum { MOST_RENEWALS = 30, MOST_ROUNDS = 50, MOST_SWEEPS = 1000, SWEEPS_A_SOLVE = 50 };

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

static double rest_of(const hf_rule_path *d, int32_t j)
{
    const int32_t *row = d->rules->row;
    double sum = 0.0;
    for (int64_t k = d->rules->first[j]; k < d->rules->first[j + 1]; k++)
        sum += d->rest[row[k]];
    return sum;
}

static double l1_of(const hf_rule_path *d, int32_t j, double l1)
{
    return j < d->rules->sure ? 0.0 : l1;
}

static double l2_of(const hf_rule_path *d, int32_t j)
{
    return j < d->rules->sure ? SURE_L2 : L2;
}

// The step of rule j to its least, the others held; rest: the residual over its rows.
static double best_step(const hf_rule_path *d, int32_t j, double rest, double l1)
{
    const double pull = rest + d->bend[j] * d->weight[j];
    const double size = fmax(fabs(pull) - l1_of(d, j, l1), 0.0);
    return copysign(size, pull) / (d->bend[j] + l2_of(d, j)) - d->weight[j];
}

static void add_step(hf_rule_path *d, int32_t j, double step)
{
    const int32_t *row = d->rules->row;
    for (int64_t k = d->rules->first[j]; k < d->rules->first[j + 1]; k++) {
        d->rest[row[k]] -= d->curvature[row[k]] * step;
        d->margin[row[k]] += step;
    }
}

static void add_everywhere(hf_rule_path *d, double step)
{
    for (int64_t i = 0; i < d->rows; i++) {
        d->rest[i] -= d->curvature[i] * step;
        d->margin[i] += step;
    }
}

static double move_rule(hf_rule_path *d, int32_t j, double l1)
{
    const double step = best_step(d, j, rest_of(d, j), l1);
    if (step == 0.0) return 0.0;
    d->weight[j] += step;
    add_step(d, j, step);
    return fabs(step) * sqrt(d->bend[j]);
}

static double move_intercept(hf_rule_path *d)
{
    double g = 0.0;
    for (int64_t i = 0; i < d->rows; i++)
        g += d->rest[i];
    const double step = g / d->whole_bend;
    d->intercept += step;
    add_everywhere(d, step);
    return fabs(step) * sqrt(d->whole_bend);
}

static double sweep(hf_rule_path *d, double l1)
{
    double moved = 0.0;
    for (int32_t j = 0; j < d->rules->count; j++)
        moved = fmax(moved, move_rule(d, j, l1));
    return fmax(moved, move_intercept(d));
}

// ---- the rules that are in -------------------------------------------------------------------------------------

// Lists for each row the rules that are in and hold there.
static void list_by_row(hf_rule_path *d)
{
    const hf_rules *rules = d->rules;
    memset(d->row_end, 0, (size_t)d->rows * sizeof *d->row_end);
    for (int32_t a = 0; a < d->in; a++)
        for (int64_t k = rules->first[d->of[a]]; k < rules->first[d->of[a] + 1]; k++)
            d->row_end[rules->row[k]]++;
    for (int64_t i = 0, begin = 0; i < d->rows; i++) {
        const int64_t count = d->row_end[i];
        d->row_end[i] = begin;
        begin += count;
    }
    for (int32_t a = 0; a < d->in; a++)
        for (int64_t k = rules->first[d->of[a]]; k < rules->first[d->of[a] + 1]; k++)
            d->row_in[d->row_end[rules->row[k]]++] = (uint16_t)a;
}

static void sum_gram(hf_rule_path *d)
{
    const ptrdiff_t n = d->in;
    list_by_row(d);
    memset(d->gram, 0, (size_t)(n * n) * sizeof *d->gram);
    for (int64_t i = 0, from = 0; i < d->rows; i++) {
        const int64_t end = d->row_end[i];
        for (int64_t a = from; a < end; a++)
            for (int64_t b = a; b < end; b++)
                d->gram[d->row_in[a] * n + d->row_in[b]] += d->curvature[i];
        from = end;
    }
    for (ptrdiff_t a = 0; a < n; a++)
        for (ptrdiff_t b = 0; b < a; b++)
            d->gram[a * n + b] = d->gram[b * n + a];
}

// What a step of the a-th rule leaves for each of them; left: of the intercept.
static void move_pulls(hf_rule_path *d, double *left, int32_t a, double step)
{
    const double *with = d->gram + (ptrdiff_t)a * d->in;
    for (int32_t b = 0; b < d->in; b++)
        d->pull[b] -= with[b] * step;
    *left -= d->bend[d->of[a]] * step;
}

static void move_all(hf_rule_path *d, double *left, double step)
{
    d->intercept += step;
    *left -= d->whole_bend * step;
    for (int32_t a = 0; a < d->in; a++)
        d->pull[a] -= d->bend[d->of[a]] * step;
}

static double sweep_in(hf_rule_path *d, double *left, double l1)
{
    double moved = 0.0;
    for (int32_t a = 0; a < d->in; a++) {
        const int32_t j = d->of[a];
        const double step = best_step(d, j, d->pull[a], l1);
        if (step == 0.0) continue;
        d->weight[j] += step;
        move_pulls(d, left, a, step);
        moved = fmax(moved, fabs(step) * sqrt(d->bend[j]));
    }
    const double step = *left / d->whole_bend;
    move_all(d, left, step);
    return fmax(moved, fabs(step) * sqrt(d->whole_bend));
}

static int sign_of(double x)
{
    return (x > 0.0) - (x < 0.0);
}

// Goes to the least under which the weights keep their signs, by a Cholesky factor, or as far toward it as
// the first weight that becomes 0: the quadratic falls all the way (Lee, Battle, Raina and Ng 2006).
static void solve_signs(hf_rule_path *d, double *left, double l1)
{
    int32_t n = 0, first = -1;
    double share = 1.0;
    for (int32_t a = 0; a < d->in; a++)
        if (d->weight[d->of[a]] != 0.0) d->kept[n++] = a;
    const ptrdiff_t size = n + 1;
    double *step = d->system + size * size;
    for (int32_t r = 0; r < n; r++) {
        const int32_t a = d->kept[r], j = d->of[a];
        const double w = d->weight[j], l2 = l2_of(d, j);
        for (int32_t c = 0; c <= r; c++)
            d->system[r * size + c] = d->gram[(ptrdiff_t)a * d->in + d->kept[c]];
        d->system[r * size + r] += l2;
        d->system[n * size + r] = d->bend[j];
        step[r] = d->pull[a] - l2 * w - l1_of(d, j, l1) * sign_of(w);
    }
    d->system[n * size + n] = d->whole_bend;
    step[n] = *left;
    if (!hf_cholesky(d->system, n + 1)) return;
    hf_cholesky_solve(d->system, n + 1, step);
    for (int32_t r = 0; r < n; r++) {
        const int32_t j = d->of[d->kept[r]];
        const double w = d->weight[j];
        if (l1_of(d, j, l1) == 0.0 || sign_of(w + share * step[r]) == sign_of(w)) continue;
        share = -w / step[r];
        first = r;
    }
    for (int32_t r = 0; r < n; r++) {
        const int32_t a = d->kept[r], j = d->of[a];
        const double moved = r == first ? -d->weight[j] : share * step[r];
        d->weight[j] += moved;
        move_pulls(d, left, a, moved);
    }
    move_all(d, left, share * step[n]);
}

static void settle_in(hf_rule_path *d, double l1, double enough)
{
    const double intercept = d->intercept;
    double left = 0.0, moved = INFINITY;
    d->in = 0;
    for (int32_t j = 0; j < d->rules->count; j++)
        if (d->weight[j] != 0.0) d->of[d->in++] = j;
    for (int32_t a = 0; a < d->in; a++) {
        d->was[a] = d->weight[d->of[a]];
        d->pull[a] = rest_of(d, d->of[a]);
    }
    for (int64_t i = 0; i < d->rows; i++)
        left += d->rest[i];
    sum_gram(d);
    for (int32_t k = 1; k <= MOST_SWEEPS && moved > enough; k++) {
        moved = sweep_in(d, &left, l1);
        if (moved > enough && k % SWEEPS_A_SOLVE == 0) solve_signs(d, &left, l1);
    }
    for (int32_t a = 0; a < d->in; a++)
        add_step(d, d->of[a], d->weight[d->of[a]] - d->was[a]);
    add_everywhere(d, d->intercept - intercept);
}

void hf_rule_path_step(hf_rule_path *d, double l1)
{
    d->settled = false;
    for (int32_t renewal = 0; renewal < MOST_RENEWALS && !d->settled; renewal++) {
        renew(d);
        const double first = sweep(d, l1), enough = fmax(SETTLED, ROUGHLY * first);
        double moved = first;
        for (int32_t k = 0; k < MOST_ROUNDS && moved > enough; k++) {
            settle_in(d, l1, enough);
            moved = sweep(d, l1);
        }
        d->settled = first <= 10 * SETTLED;
    }
}

hf_status hf_rule_path_create(hf_rule_path *out, const hf_context *context, const hf_rules *rules,
                              const double *margin, const uint8_t *label, int64_t rows, hf_error *error)
{
    hf_rule_path d = {.context = context, .rules = rules, .label = label, .rows = rows};
    const size_t n = (size_t)rows, m = (size_t)rules->count;
    // Paths are made side by side; the caller's allocator need not stand being called so.
#pragma omp critical(hf_churn_memory)
    {
        d.memory = hf_new(context, 3 * n + (4 + m) * m + (m + 1) * (m + 2), sizeof *d.memory);
        d.of = hf_new_raw(context, 2 * m, sizeof *d.of);
        d.row_end = hf_new_raw(context, n, sizeof *d.row_end);
        d.row_in = hf_new_raw(context, (size_t)rules->first[m], sizeof *d.row_in);
    }
    if (!d.memory || !d.of || !d.row_end || !d.row_in) {
#pragma omp critical(hf_churn_memory)
        hf_rule_path_free(&d);
        return hf_fail_memory(error);
    }
    d.margin = d.memory;
    d.curvature = d.margin + n;
    d.rest = d.curvature + n;
    d.weight = d.rest + n;
    d.bend = d.weight + m;
    d.pull = d.bend + m;
    d.was = d.pull + m;
    d.gram = d.was + m;
    d.system = d.gram + m * m;
    d.kept = d.of + m;
    memcpy(d.margin, margin, n * sizeof *margin);
    *out = d;
    return HF_OK;
}

void hf_rule_path_free(hf_rule_path *path)
{
    if (!path->context) return;
    hf_delete(path->context, path->memory);
    hf_delete(path->context, path->of);
    hf_delete(path->context, path->row_end);
    hf_delete(path->context, path->row_in);
    *path = (hf_rule_path){0};
}
