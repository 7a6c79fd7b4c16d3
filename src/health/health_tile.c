// SPDX-License-Identifier: Apache-2.0
//
// The scores of a tile's measures. A curve runs over the whole tile with the kernels, once for each of the
// distinct curves that the tile's segments have, and segments pick among them. NaN says that there is no
// score, so that the sums of a group need no branch: a weight is added where a score is there.
#include "health/health_tile.h"

#include <math.h>
#include <string.h>

#define ROWS HF_HEALTH_ROWS

// Asks for the next tile's rows of a column ahead of their use: a tile reads a short piece of each of many
// columns, too short for the processor to see the stream by itself.
static void fetch(const hf_column *column, const hf_health_tile *tile)
{
    const int64_t begin = tile->begin + tile->n, rest = tile->plan->frame->rows - begin;
    const size_t size = hf_storage_size(column->storage);
    const size_t bytes = (size_t)(rest < ROWS ? rest : ROWS) * size;
    const char *from = (const char *)column->values + (size_t)begin * size;
    for (size_t at = 0; at < bytes; at += 64)
        __builtin_prefetch(from + at, 0, 2);
}

// ---- one measure -------------------------------------------------------------------------------------------

static void read_numbers(double *restrict x, const hf_column *column, int64_t begin, int32_t n)
{
    if (column->storage == HF_STORAGE_F64) {
        memcpy(x, (const double *)column->values + begin, (size_t)n * sizeof *x);
        return;
    }
    const float *from = (const float *)column->values + begin;
    for (int32_t i = 0; i < n; i++)
        x[i] = (double)from[i];
}

// A curve as it is defined, for those that f32 is not fine enough for. NaN stays NaN.
static void run_in_double(float *restrict out, double *restrict x, double *restrict y, int32_t n,
                          const hf_curve *c)
{
    const double low = c->low, high = c->high, origin = c->origin;
    for (int32_t i = 0; i < n; i++) {
        const double above = x[i] < low ? low : x[i];
        x[i] = (above > high ? high : above) - origin;
        y[i] = c->intercept + c->slope * x[i];
    }
    for (int32_t k = 0; k < c->hinges; k++) {
        const double at = c->hinge_at[k], slope = c->hinge_slope[k];
        for (int32_t i = 0; i < n; i++)
            y[i] += slope * (x[i] > at ? x[i] - at : 0.0);
    }
    for (int32_t k = 0; k < c->steps; k++) {
        const double at = c->step_at[k], height = c->step_height[k];
        for (int32_t i = 0; i < n; i++)
            y[i] += x[i] > at ? height : 0.0;
    }
    for (int32_t i = 0; i < n; i++)
        out[i] = (float)y[i];
}

static void run_curve(const hf_health_tile *tile, const hf_plan_measure *m, int32_t curve, float *out)
{
    if (!m->slow[curve] || !m->column) {
        hf_term_run(m->curves[curve], tile->kernels, out, tile->work->scratch, tile->begin, tile->n);
        return;
    }
    double *x = tile->work->x;
    read_numbers(x, m->column, tile->begin, tile->n);
    run_in_double(out, x, tile->work->y, tile->n, &m->terms[curve].curve);
}

static bool is_met(const hf_health_tile *tile, const hf_plan_measure *m, int32_t curve)
{
    for (int32_t s = 0; s < tile->plan->definition->segment_count; s++)
        if (tile->work->met[s] && m->curve_of[s] == curve) return true;
    return false;
}

// The scores of the values as the curves give them, NaN where missing.
static void run_measure(const hf_health_tile *tile, const hf_plan_measure *m, float *q)
{
    const int32_t n = tile->n, *segment = tile->segment;
    if (m->percentile.rank) {
        memcpy(q, m->percentile.rank + tile->begin, (size_t)n * sizeof *q);
        return;
    }
    if (m->curve_count == 1 || tile->only >= 0) {
        run_curve(tile, m, m->curve_of[tile->only >= 0 ? tile->only : 0], q);
        return;
    }
    const int32_t *curve_of = m->curve_of;
    float *scores = tile->work->scores;
    for (int32_t k = 0; k < m->curve_count; k++) {
        if (!is_met(tile, m, k)) continue;
        run_curve(tile, m, k, scores);
        for (int32_t i = 0; i < n; i++)
            q[i] = curve_of[segment[i]] == k ? scores[i] : q[i];
    }
}

static void mark_absent(uint8_t *restrict state, const float *restrict q, int32_t n, uint8_t otherwise)
{
    for (int32_t i = 0; i < n; i++)
        state[i] = q[i] == q[i] ? otherwise : HF_STATE_ABSENT;
}

// A stale score is taken away; a missing date is before every other.
static void mark_stale(uint8_t *restrict state, float *restrict q, const hf_date *restrict date,
                       hf_date before, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        const uint8_t if_there = date[i] < before ? HF_STATE_STALE : HF_STATE_OBSERVED;
        state[i] = q[i] == q[i] ? if_there : HF_STATE_ABSENT;
    }
    for (int32_t i = 0; i < n; i++)
        q[i] = date[i] < before ? NAN : q[i];
}

// States of the tile's rows; q keeps only the scores of observed values.
static void mark_states(const hf_health_tile *tile, const hf_plan_measure *m, uint8_t *state, float *q)
{
    const int32_t n = tile->n;
    if (!m->column) {
        memset(state, HF_STATE_ABSENT, (size_t)n);
    } else if (m->all_stale) {
        mark_absent(state, q, n, HF_STATE_STALE);
        for (int32_t i = 0; i < n; i++)
            q[i] = NAN;
    } else if (m->dated) {
        mark_stale(state, q, (const hf_date *)m->dated->values + tile->begin, m->stale_before, n);
    } else if (m->column->missing == 0) {
        memset(state, HF_STATE_OBSERVED, (size_t)n);
    } else {
        mark_absent(state, q, n, HF_STATE_OBSERVED);
    }
}

// ---- sums of a group ---------------------------------------------------------------------------------------

// Held within 0 and 100; NaN gives 0.
static inline float held(float q)
{
    const float positive = q > 0.0f ? q : 0.0f;
    return positive < 100.0f ? positive : 100.0f;
}

// A measure that has no score where it is not observed: adds to the group and holds q.
static inline void add_skipping(float *restrict q, double *restrict observed, double *restrict points,
                                const double *restrict weight, double same, int32_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        const double w = weight ? weight[i] : same;
        const float x = held(q[i]);
        const bool there = q[i] == q[i];
        observed[i] += there ? w : 0.0;
        points[i] += w * (double)x;
        q[i] = there ? x : q[i];
    }
}

// A measure that has the score `policy` where it is not observed.
static inline void add_filling(float *restrict q, double *restrict observed, double *restrict filled,
                               double *restrict points, const double *restrict weight, double same,
                               float policy, int32_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        const double w = weight ? weight[i] : same;
        const bool there = q[i] == q[i];
        const float x = there ? held(q[i]) : policy;
        observed[i] += there ? w : 0.0;
        filled[i] += there ? 0.0 : w;
        points[i] += w * (double)x;
        q[i] = x;
    }
}

static void add_to_mean(const hf_health_tile *tile, int32_t g, int32_t m, float *q)
{
    const hf_health_work *work = tile->work;
    const float policy = (float)tile->plan->measures[m].missing_score;
    double same, *observed = work->observed + (ptrdiff_t)g * ROWS,
                 *points = work->points + (ptrdiff_t)g * ROWS;
    const double *weight = hf_health_tile_weights(tile, m, &same);
    if (policy == policy) {
        double *filled = work->filled + (ptrdiff_t)g * ROWS;
        if (weight)
            add_filling(q, observed, filled, points, weight, 0, policy, tile->n);
        else
            add_filling(q, observed, filled, points, NULL, same, policy, tile->n);
    } else if (weight) {
        add_skipping(q, observed, points, weight, 0, tile->n);
    } else {
        add_skipping(q, observed, points, NULL, same, tile->n);
    }
}

// Worst (sign 1) and best (sign -1): the first of the scores that are lowest or highest.
static void add_to_extreme(const hf_health_tile *tile, int32_t g, int32_t m, float *q, float sign)
{
    const hf_health_work *work = tile->work;
    const int32_t n = tile->n;
    const float policy = (float)tile->plan->measures[m].missing_score;
    double same, *observed = work->observed + (ptrdiff_t)g * ROWS,
                 *points = work->points + (ptrdiff_t)g * ROWS;
    int32_t *chosen = work->chosen + (ptrdiff_t)g * ROWS;
    const double *weight = hf_health_tile_weights(tile, m, &same);
    for (int32_t i = 0; i < n; i++) {
        const double w = weight ? weight[i] : same;
        const bool there = q[i] == q[i];
        const float x = there ? held(q[i]) : policy;
        const bool better = (w > 0) & (x == x) & ((chosen[i] < 0) | (sign * x < sign * (float)points[i]));
        observed[i] += there ? w : 0.0;
        chosen[i] = better ? m : chosen[i];
        points[i] = better ? (double)x : points[i];
        q[i] = x;
    }
}

const double *hf_health_tile_weights(const hf_health_tile *tile, int32_t measure, double *same)
{
    const hf_health_plan *plan = tile->plan;
    const ptrdiff_t measures = plan->definition->measure_count;
    const int32_t of = tile->only >= 0 ? tile->only : 0;
    *same = plan->weight[of * measures + measure];
    if (tile->only >= 0 || plan->measures[measure].same_weight) return NULL;
    const double *from = plan->weight + measure;
    double *weight = tile->work->weight;
    for (int32_t i = 0; i < tile->n; i++)
        weight[i] = from[tile->segment[i] * measures];
    return weight;
}

void hf_health_score_tile(const hf_health_tile *tile)
{
    const hf_definition *d = tile->plan->definition;
    const int64_t rows = tile->out->rows;
    const hf_health_work *work = tile->work;
    memset(work->observed, 0, (size_t)d->group_count * ROWS * sizeof *work->observed);
    memset(work->filled, 0, (size_t)d->group_count * ROWS * sizeof *work->filled);
    memset(work->points, 0, (size_t)d->group_count * ROWS * sizeof *work->points);
    memset(work->chosen, -1, (size_t)d->group_count * ROWS * sizeof *work->chosen);
    for (int32_t m = 0; m < d->measure_count; m++) {
        const hf_plan_measure *measure = &tile->plan->measures[m];
        const int32_t g = d->measures[m].group;
        float *q = tile->out->measure + m * rows + tile->begin;
        if (measure->column) fetch(measure->column, tile);
        run_measure(tile, measure, q);
        mark_states(tile, measure, tile->out->state + m * rows + tile->begin, q);
        if (d->groups[g].aggregate == HF_AGGREGATE_MEAN)
            add_to_mean(tile, g, m, q);
        else
            add_to_extreme(tile, g, m, q, d->groups[g].aggregate == HF_AGGREGATE_WORST ? 1.0f : -1.0f);
    }
}
