// SPDX-License-Identifier: Apache-2.0
//
// The fleet pass: health of every account in one walk over tiles of rows on all threads. Within a group
// e = weight x factor, where factor = share x min(1 / (shares present x weights present), max_inherit / the
// group's weights): one number a group and account, so that health needs only the groups' sums and the
// measures that lose most points are ranked with the kernel that ranks reasons. Tiles are fixed and
// independent, so the bytes do not depend on how many threads there are.
#include "health/health_tile.h"

#include <math.h>
#include <omp.h>
#include <string.h>
#include <sys/mman.h>

#define ROWS HF_HEALTH_ROWS
#define STRIDE (ROWS + 16) // of the keys

enum { TILES_A_BATCH = 1 << 12 }; // between two questions whether to stop

// Fewer points than the pass is exact to are no loss.
static const float LEAST_LOSS = 1e-4f;

_Static_assert(HF_LOST == HF_TOP && ROWS <= HF_TILE, "the kernels keep as many as health shows");

// ---- groups ------------------------------------------------------------------------------------------------

// A number of each segment, row by row; NULL where *same holds for all rows.
static const double *spread(const hf_health_tile *tile, const double *from, double *room, double *same)
{
    const ptrdiff_t groups = tile->plan->definition->group_count;
    *same = from[(tile->only >= 0 ? tile->only : 0) * groups];
    if (tile->only >= 0) return NULL;
    for (int32_t i = 0; i < tile->n; i++)
        room[i] = from[tile->segment[i] * groups];
    return room;
}

// What one group brings to the shares present and to the coverage.
static inline void add_presence(double *restrict present, double *restrict coverage,
                                const double *restrict observed, const double *restrict filled,
                                const double *restrict shares, const double *restrict totals, double share,
                                double total, int32_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        const double s = shares ? shares[i] : share, t = totals ? totals[i] : total;
        const double part = observed[i] / t;
        present[i] += observed[i] + filled[i] > 0.0 ? s : 0.0;
        coverage[i] += t > 0.0 ? s * part : 0.0;
    }
}

// What one group brings to health: factor x points; and its effective weight.
static inline void add_mean(double *restrict raw, double *restrict assigned, float *restrict factors,
                            const double *restrict present, const double *restrict observed,
                            const double *restrict filled, const double *restrict points,
                            const double *restrict shares, const double *restrict totals, double share,
                            double total, double most, int32_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        const double s = shares ? shares[i] : share, t = totals ? totals[i] : total;
        const double weight = observed[i] + filled[i];
        const double inherited = 1.0 / (present[i] * weight), cap = most / t;
        const double factor = weight > 0.0 ? s * (inherited < cap ? inherited : cap) : 0.0;
        const double kept = s > 0.0 ? factor : 0.0;
        raw[i] += kept * points[i];
        assigned[i] += kept * weight;
        factors[i] = (float)kept;
    }
}

static inline void add_extreme(double *restrict raw, double *restrict assigned, float *restrict factors,
                               const double *restrict present, const int32_t *restrict chosen,
                               const double *restrict points, const double *restrict shares, double share,
                               double most, int32_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        const double s = shares ? shares[i] : share;
        const double inherited = 1.0 / present[i];
        const double factor = s * (inherited < most ? inherited : most);
        const double kept = ((chosen[i] >= 0) & (s > 0.0)) ? factor : 0.0;
        raw[i] += kept * points[i];
        assigned[i] += kept;
        factors[i] = (float)kept;
    }
}

static void find_present(const hf_health_tile *tile, double *coverage)
{
    const hf_health_plan *plan = tile->plan;
    hf_health_work *work = tile->work;
    for (int32_t i = 0; i < tile->n; i++)
        work->present[i] = coverage[i] = 0;
    for (int32_t g = 0; g < plan->definition->group_count; g++) {
        const ptrdiff_t at = (ptrdiff_t)g * ROWS;
        double share, total;
        const double *shares = spread(tile, plan->group_share + g, work->share, &share);
        const double *totals = spread(tile, plan->group_total + g, work->total, &total);
        if (plan->definition->groups[g].aggregate != HF_AGGREGATE_MEAN)
            for (int32_t i = 0; i < tile->n; i++) // whoever is chosen is present, observed or not
                work->filled[at + i] = work->chosen[at + i] >= 0 ? 1.0 : 0.0;
        if (shares)
            add_presence(work->present, coverage, work->observed + at, work->filled + at, shares, totals, 0,
                         0, tile->n);
        else
            add_presence(work->present, coverage, work->observed + at, work->filled + at, NULL, NULL, share,
                         total, tile->n);
    }
}

static void add_group(const hf_health_tile *tile, int32_t g, double *raw)
{
    const hf_health_plan *plan = tile->plan;
    const hf_definition *d = plan->definition;
    hf_health_work *work = tile->work;
    const ptrdiff_t at = (ptrdiff_t)g * ROWS;
    double share, total;
    const double *shares = spread(tile, plan->group_share + g, work->share, &share);
    const double *totals = spread(tile, plan->group_total + g, work->total, &total);
    if (d->groups[g].aggregate != HF_AGGREGATE_MEAN)
        add_extreme(raw, work->assigned, work->factor + at, work->present, work->chosen + at,
                    work->points + at, shares, share, d->max_inherit, tile->n);
    else if (shares)
        add_mean(raw, work->assigned, work->factor + at, work->present, work->observed + at,
                 work->filled + at, work->points + at, shares, totals, 0, 0, d->max_inherit, tile->n);
    else
        add_mean(raw, work->assigned, work->factor + at, work->present, work->observed + at,
                 work->filled + at, work->points + at, NULL, NULL, share, total, d->max_inherit, tile->n);
}

static void combine(const hf_health_tile *tile, double *raw, double *coverage)
{
    hf_health_work *work = tile->work;
    const double neutral = tile->plan->definition->neutral;
    find_present(tile, coverage);
    for (int32_t i = 0; i < tile->n; i++)
        raw[i] = work->assigned[i] = 0;
    for (int32_t g = 0; g < tile->plan->definition->group_count; g++)
        add_group(tile, g, raw);
    for (int32_t i = 0; i < tile->n; i++) {
        const double left = 1.0 - work->assigned[i];
        const double whole = raw[i] + (left > 0.0 ? left : 0.0) * neutral;
        raw[i] = work->present[i] > 0.0 ? whole : NAN;
    }
}

// ---- overrides and bands -----------------------------------------------------------------------------------

// A rule upon the rows it holds for; NaN is only ever set.
static void act_on_tile(double *restrict health, const uint8_t *restrict holds, hf_override_action action,
                        double value, int32_t n)
{
    switch (action) {
    case HF_OVERRIDE_SET:
        for (int32_t i = 0; i < n; i++)
            health[i] = holds[i] ? value : health[i];
        break;
    case HF_OVERRIDE_CAP:
        for (int32_t i = 0; i < n; i++)
            health[i] = ((holds[i] != 0) & (health[i] > value)) ? value : health[i];
        break;
    case HF_OVERRIDE_FLOOR:
        for (int32_t i = 0; i < n; i++)
            health[i] = ((holds[i] != 0) & (health[i] < value)) ? value : health[i];
        break;
    }
}

static void override_tile(const hf_health_tile *tile, double *restrict health)
{
    const hf_health_plan *plan = tile->plan;
    uint8_t *holds = tile->work->holds;
    for (int32_t o = 0; o < plan->definition->override_count; o++) {
        const hf_override *rule = &plan->definition->overrides[o];
        hf_condition_run(plan->override_when[o], holds, tile->begin, tile->n);
        act_on_tile(health, holds, rule->action, rule->value, tile->n);
    }
    int32_t at = hf_health_first_in_force(plan, tile->begin);
    for (; at < plan->in_force_count && plan->in_force[at].row < tile->begin + tile->n; at++) {
        const hf_manual_override *item = &plan->manual->items[plan->in_force[at].place];
        double *of_row = &health[plan->in_force[at].row - tile->begin];
        *of_row = hf_health_act(*of_row, item->action, item->value);
    }
}

static void band_tile(const hf_health_tile *tile, const double *restrict health,
                      const double *restrict coverage, int8_t *restrict band)
{
    const hf_definition *d = tile->plan->definition;
    const double least = d->min_coverage - HF_COVERAGE_SLACK;
    double *restrict level = tile->work->level;
    for (int32_t i = 0; i < tile->n; i++)
        level[i] = 0;
    for (int32_t b = 1; b < d->band_count; b++) {
        if (tile->only >= 0) {
            const double edge = d->segments[tile->only].band_from[b];
            for (int32_t i = 0; i < tile->n; i++)
                level[i] += health[i] >= edge ? 1.0 : 0.0;
        } else {
            for (int32_t i = 0; i < tile->n; i++)
                level[i] += health[i] >= d->segments[tile->segment[i]].band_from[b] ? 1.0 : 0.0;
        }
    }
    for (int32_t i = 0; i < tile->n; i++)
        band[i] = (int8_t)(((health[i] == health[i]) & (coverage[i] >= least)) ? (int)level[i] : -1);
}

// ---- lost points -------------------------------------------------------------------------------------------

static inline void lose(float *restrict lost, const float *restrict q, const float *restrict factor,
                        const double *restrict weight, float same, int32_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        const float points = factor[i] * (weight ? (float)weight[i] : same) * (100.0f - q[i]);
        lost[i] = points >= LEAST_LOSS ? points : 0.0f;
    }
}

static void lose_chosen(float *restrict lost, const float *restrict q, const float *restrict factor,
                        const int32_t *restrict chosen, int32_t measure, int32_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        const float points = factor[i] * (100.0f - q[i]);
        lost[i] = ((chosen[i] == measure) & (points >= LEAST_LOSS)) ? points : 0.0f;
    }
}

// The points that a measure loses in one row, as the loops above have them.
static float loss_of(const hf_health_tile *tile, int32_t measure, int32_t i)
{
    const hf_health_plan *plan = tile->plan;
    const hf_definition *d = plan->definition;
    const int32_t g = d->measures[measure].group;
    const float factor = tile->work->factor[(ptrdiff_t)g * ROWS + i];
    const float q = tile->out->measure[measure * tile->out->rows + tile->begin + i];
    if (d->groups[g].aggregate != HF_AGGREGATE_MEAN) return factor * (100.0f - q);
    return factor * (float)plan->weight[(ptrdiff_t)tile->segment[i] * d->measure_count + measure] *
           (100.0f - q);
}

// Orders the measures kept for a row where their keys are too near: most points first, then the first
// measure.
static void settle_lost(const hf_health_tile *tile, int32_t i, int32_t *lost)
{
    float points[HF_LOST];
    for (int32_t j = 0; j < HF_LOST && lost[j] >= 0; j++) {
        const int32_t measure = lost[j];
        const float here = loss_of(tile, measure, i);
        int32_t at = j;
        for (; at > 0 && (points[at - 1] < here || (points[at - 1] == here && lost[at - 1] > measure));
             at--) {
            points[at] = points[at - 1];
            lost[at] = lost[at - 1];
        }
        points[at] = here;
        lost[at] = measure;
    }
}

static uint32_t bits_for(int32_t count)
{
    uint32_t bits = 0;
    while (bits < 23 && (INT64_C(1) << bits) < count)
        bits++;
    return bits;
}

static void rank_lost(const hf_health_tile *tile)
{
    const hf_definition *d = tile->plan->definition;
    hf_health_work *work = tile->work;
    const int32_t n = tile->n, last = d->measure_count - 1;
    const uint32_t bits = bits_for(d->measure_count);
    int32_t *lost = tile->out->lost + HF_LOST * tile->begin;
    memset(work->keys, 0, sizeof work->keys);
    memset(work->lost_sum, 0, sizeof work->lost_sum);
    for (int32_t m = 0; m <= last; m++) {
        const int32_t g = d->measures[m].group;
        const float *q = tile->out->measure + m * tile->out->rows + tile->begin;
        const float *factor = work->factor + (ptrdiff_t)g * ROWS;
        double same;
        if (d->groups[g].aggregate != HF_AGGREGATE_MEAN) {
            lose_chosen(work->scores, q, factor, work->chosen + (ptrdiff_t)g * ROWS, m, n);
        } else {
            const double *weight = hf_health_tile_weights(tile, m, &same);
            if (weight)
                lose(work->scores, q, factor, weight, 0, n);
            else
                lose(work->scores, q, factor, NULL, (float)same, n);
        }
        // Of equal keys the larger index is kept: that of the earlier measure.
        tile->kernels->add_top(work->lost_sum, work->keys, STRIDE, work->scores, n, (uint32_t)(last - m),
                               bits);
    }
    tile->kernels->reasons(lost, work->unclear, work->keys, STRIDE, n, last, bits, 0);
    for (int32_t i = 0; i < n; i++)
        if (work->unclear[i]) settle_lost(tile, i, lost + (ptrdiff_t)HF_LOST * i);
}

// ---- the walk ----------------------------------------------------------------------------------------------

// Which segments the tile meets.
static int32_t meet_segments(const hf_health_tile *tile)
{
    uint8_t *met = tile->work->met;
    int32_t only = tile->n > 0 ? tile->segment[0] : 0;
    memset(met, 0, (size_t)tile->plan->definition->segment_count);
    for (int32_t i = 0; i < tile->n; i++) {
        met[tile->segment[i]] = 1;
        if (tile->segment[i] != only) only = -1;
    }
    return only;
}

static void pass_tile(hf_health_tile *tile)
{
    const hf_health *out = tile->out;
    const int64_t begin = tile->begin;
    tile->segment = tile->plan->segment + begin;
    tile->only = meet_segments(tile);
    memcpy(out->segment + begin, tile->segment, (size_t)tile->n * sizeof *out->segment);
    hf_health_score_tile(tile);
    combine(tile, out->raw + begin, out->coverage + begin);
    memcpy(out->health + begin, out->raw + begin, (size_t)tile->n * sizeof *out->health);
    override_tile(tile, out->health + begin);
    band_tile(tile, out->health + begin, out->coverage + begin, out->band_raw + begin);
    rank_lost(tile);
}

static hf_status walk(const hf_health *out, const hf_context *context, const hf_health_plan *plan,
                      hf_health_work *work, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_kernels *kernels = hf_kernels_for(hf_context_isa(context));
    const int64_t rows = out->rows, tiles = (rows + ROWS - 1) / ROWS;
    for (int64_t first = 0; first < tiles; first += TILES_A_BATCH) {
        const int64_t last = tiles - first < TILES_A_BATCH ? tiles : first + TILES_A_BATCH;
        HF_TRY(done, hf_check_cancel(context, error));
#pragma omp parallel for default(none) shared(plan, kernels, work, out, first, last, rows) schedule(static) \
    num_threads(hf_context_threads(context))
        for (int64_t t = first; t < last; t++) {
            const int64_t begin = t * ROWS;
            hf_health_tile tile = {.plan = plan,
                                   .kernels = kernels,
                                   .out = out,
                                   .work = &work[omp_get_thread_num()],
                                   .begin = begin,
                                   .n = rows - begin < ROWS ? (int32_t)(rows - begin) : ROWS};
            pass_tile(&tile);
        }
        hf_progress(context, "health", last * ROWS < rows ? last * ROWS : rows, rows);
    }
done:
    return status;
}

// ---- memory ------------------------------------------------------------------------------------------------

static void free_work(const hf_context *context, hf_health_work *work, int threads)
{
    for (int t = 0; work && t < threads; t++) {
        hf_delete(context, work[t].observed);
        hf_delete(context, work[t].filled);
        hf_delete(context, work[t].points);
        hf_delete(context, work[t].factor);
        hf_delete(context, work[t].chosen);
        hf_delete(context, work[t].met);
    }
    hf_delete(context, work);
}

static hf_health_work *make_work(const hf_context *context, const hf_definition *d, int threads)
{
    const size_t groups = (size_t)d->group_count;
    hf_health_work *work = hf_new(context, (size_t)threads, sizeof *work);
    for (int t = 0; work && t < threads; t++) {
        hf_health_work *w = &work[t];
        w->observed = hf_new(context, groups, ROWS * sizeof *w->observed);
        w->filled = hf_new(context, groups, ROWS * sizeof *w->filled);
        w->points = hf_new(context, groups, ROWS * sizeof *w->points);
        w->factor = hf_new(context, groups, ROWS * sizeof *w->factor);
        w->chosen = hf_new(context, groups, ROWS * sizeof *w->chosen);
        w->met = hf_new(context, (size_t)d->segment_count, 1);
        if (w->observed && w->filled && w->points && w->factor && w->chosen && w->met) continue;
        free_work(context, work, threads);
        return NULL;
    }
    return work;
}

// Large pages for the large arrays: the pass writes every byte once, and on small pages taking them from the
// system costs as much as the pass. A hint only; nothing depends on it.
static void *new_array(const hf_context *context, size_t count, size_t size)
{
    const uintptr_t large = (uintptr_t)1 << 21;
    char *array = hf_new_raw(context, count, size);
    if (!array) return NULL;
    const uintptr_t begin = ((uintptr_t)array + large - 1) / large * large;
    const uintptr_t end = ((uintptr_t)array + count * size) / large * large;
    if (begin < end) madvise(array + (begin - (uintptr_t)array), end - begin, MADV_HUGEPAGE);
    return array;
}

static hf_status make_health(hf_health *out, const hf_context *context, const hf_health_plan *plan,
                             hf_error *error)
{
    const size_t rows = (size_t)plan->frame->rows, measures = (size_t)plan->definition->measure_count;
    out->rows = plan->frame->rows;
    out->measures = plan->definition->measure_count;
    out->measure = new_array(context, rows, measures * sizeof *out->measure);
    out->state = new_array(context, rows, measures * sizeof *out->state);
    out->segment = new_array(context, rows, sizeof *out->segment);
    out->raw = new_array(context, rows, sizeof *out->raw);
    out->health = new_array(context, rows, sizeof *out->health);
    out->coverage = new_array(context, rows, sizeof *out->coverage);
    out->band_raw = new_array(context, rows, sizeof *out->band_raw);
    out->lost = new_array(context, rows, HF_LOST * sizeof *out->lost);
    return out->measure && out->state && out->segment && out->raw && out->health && out->coverage &&
                   out->band_raw && out->lost
               ? HF_OK
               : hf_fail_memory(error);
}

hf_status hf_health_fleet(hf_health *out, const hf_context *context, const hf_health_plan *plan,
                          hf_error *error)
{
    hf_status status = HF_OK;
    const int threads = hf_context_threads(context);
    hf_health health = {0};
    hf_health_work *work = make_work(context, plan->definition, threads);
    if (!work) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, make_health(&health, context, plan, error));
    HF_TRY(done, walk(&health, context, plan, work, error));
    *out = health;
    health = (hf_health){0};
done:
    free_work(context, work, threads);
    hf_health_free(context, &health);
    return status;
}

void hf_health_free(const hf_context *context, hf_health *health)
{
    if (!health) return;
    void *const owned[] = {health->measure,  health->state,         health->segment,     health->raw,
                           health->health,   health->coverage,      health->band_raw,    health->lost,
                           health->smoothed, health->band,          health->band_since,  health->pending,
                           health->trend,    health->pending_count, health->arr_at_risk, health->arr,
                           health->cadence,  health->parent};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        hf_delete(context, owned[i]);
    *health = (hf_health){0};
}
