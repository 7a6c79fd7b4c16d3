// SPDX-License-Identifier: Apache-2.0
//
// All accounts of a run are of one class, so a band needs only how many are past its edge. Long runs are
// counted a weighting at a time, with accounts side by side; short ones an account at a time, with weightings
// side by side. Whatever is so near to an edge that f32 cannot tell is worked out again in double.
#include "whatif/fold.h"

#include <math.h>
#include <string.h>

enum { SHORT_RUN = 24 };
static const float SCALE = HF_WHATIF_BINS / 100.0f;

// A run at work, under every lane.
typedef struct {
    hf_fold *fold;
    const hf_whatif_run *run;
    int64_t first;       // its first place in the fleet's order
    const double *worth; // ARR of its accounts; NULL
    const double *edge;  // of its segment's bands
} folding;

static double held_between(double raw, double low, double high)
{
    return fmin(fmax(raw, low), high);
}

static bool is_past(double health, double edge)
{
    return health >= edge;
}

// The health of account i as the fleet pass has it; raw: before overrides, in f32.
static double exact_health(const folding *f, int32_t i, int32_t lane, float raw)
{
    const hf_whatif_fleet *fleet = f->fold->fleet;
    const double low = fleet->low[f->first + i], high = fleet->high[f->first + i];
    if ((double)raw > high + (double)HF_WHATIF_NEAR) return high;
    if ((double)raw < low - (double)HF_WHATIF_NEAR) return low;
    const double exact = hf_pattern_exact(fleet, f->fold->pattern, &f->fold->weights, &f->fold->of, lane,
                                          fleet->row[f->first + i]);
    return held_between(exact, low, high);
}

static ptrdiff_t cell(const hf_fold *fold, int32_t before, int32_t edge)
{
    return ((ptrdiff_t)before * fold->fleet->definition->band_count + edge) * HF_LANES;
}

static uint32_t *counts_of(const folding *f, int32_t lane)
{
    const ptrdiff_t class = 2 * f->run->of.label + f->run->of.on_list;
    return f->fold->counts + ((ptrdiff_t)lane * HF_FOLD_CLASSES + class) * HF_WHATIF_BINS;
}

// ---- accounts side by side -------------------------------------------------------------------------------------

static void settle_accounts(uint32_t *count, double *sum, const folding *f, const float *health,
                            const float *raw, int32_t lane, double edge)
{
    for (int32_t i = 0; i < f->run->count; i++) {
        const float d = health[i] - (float)edge;
        if (!(d < HF_WHATIF_NEAR && d > -HF_WHATIF_NEAR)) continue;
        const int32_t wrong = is_past(exact_health(f, i, lane, raw[i]), edge) - (d >= 0.0f);
        *count += (uint32_t)wrong;
        if (f->worth) *sum += wrong * f->worth[i];
    }
}

static void add_edges(const folding *f, const float *health, const float *raw, int32_t lane)
{
    hf_fold *fold = f->fold;
    const int32_t n = f->run->count;
    if (fold->of.unknown[lane]) return;
    for (int32_t b = 0; b < fold->fleet->definition->band_count; b++) {
        const double edge = b == 0 ? -INFINITY : f->edge[b];
        int32_t past;
        double sum;
        const bool near =
            fold->kernels->past(&past, &sum, health, f->worth, n, (float)edge, HF_WHATIF_NEAR);
        uint32_t count = (uint32_t)past;
        if (near) settle_accounts(&count, &sum, f, health, raw, lane, edge);
        fold->past[cell(fold, f->run->of.before, b) + lane] += count;
        fold->past_arr[cell(fold, f->run->of.before, b) + lane] += sum;
    }
}

static void add_places(const folding *f, const float *health, int32_t lane)
{
    hf_fold *fold = f->fold;
    if (!fold->counts) return;
    uint32_t *counts = counts_of(f, lane);
    fold->kernels->places(fold->place, health, f->run->count, SCALE, HF_WHATIF_BINS - 1);
    for (int32_t i = 0; i < f->run->count; i++)
        counts[fold->place[i]]++;
    if (!fold->event_arr || f->run->of.label != 1) return;
    double *arr = fold->event_arr + (ptrdiff_t)lane * HF_WHATIF_BINS;
    for (int32_t i = 0; i < f->run->count; i++)
        arr[fold->place[i]] += f->worth[i];
}

static void fold_long(const folding *f, int32_t at)
{
    hf_fold *fold = f->fold;
    const double *low = fold->fleet->low + f->first, *high = fold->fleet->high + f->first;
    for (int32_t k = 0; k < fold->count; k++) {
        const float *raw = fold->health + (ptrdiff_t)k * fold->stride + at, *health = raw;
        if (f->run->of.bounded) {
            for (int32_t i = 0; i < f->run->count; i++)
                fold->held[i] = (float)held_between((double)raw[i], low[i], high[i]);
            health = fold->held;
        }
        add_edges(f, health, raw, k);
        add_places(f, health, k);
    }
}

// ---- weightings side by side -----------------------------------------------------------------------------------

static bool add_edge(uint32_t *restrict past, double *restrict sum, const float *restrict health,
                     const bool *restrict unknown, double worth, float edge)
{
    int32_t near = 0;
#pragma omp simd reduction(| : near)
    for (int32_t k = 0; k < HF_LANES; k++) {
        const float d = health[k] - edge;
        const bool there = (d >= 0.0f) & !unknown[k];
        past[k] += there ? 1u : 0u;
        sum[k] += there ? worth : 0.0;
        near |= (d < HF_WHATIF_NEAR) & (d > -HF_WHATIF_NEAR) ? 1 : 0;
    }
    return near != 0;
}

static void settle_lanes(uint32_t *past, double *sum, const folding *f, const float *health, const float *raw,
                         int32_t i, double edge)
{
    const hf_fold *fold = f->fold;
    for (int32_t k = 0; k < fold->count; k++) {
        const float d = health[k] - (float)edge;
        if (!(d < HF_WHATIF_NEAR && d > -HF_WHATIF_NEAR) || fold->of.unknown[k]) continue;
        const int32_t wrong = is_past(exact_health(f, i, k, raw[k]), edge) - (d >= 0.0f);
        past[k] += (uint32_t)wrong;
        if (f->worth) sum[k] += wrong * f->worth[i];
    }
}

static void fold_account(const folding *f, int32_t i, const float *raw)
{
    hf_fold *fold = f->fold;
    const float *health = raw;
    const double worth = f->worth ? f->worth[i] : 0;
    if (f->run->of.bounded) {
        const double low = fold->fleet->low[f->first + i], high = fold->fleet->high[f->first + i];
        for (int32_t k = 0; k < HF_LANES; k++)
            fold->held[k] = (float)held_between((double)raw[k], low, high);
        health = fold->held;
    }
    for (int32_t b = 0; b < fold->fleet->definition->band_count; b++) {
        const double edge = b == 0 ? -INFINITY : f->edge[b];
        const ptrdiff_t to = cell(fold, f->run->of.before, b);
        if (add_edge(fold->past + to, fold->past_arr + to, health, fold->of.unknown, worth, (float)edge))
            settle_lanes(fold->past + to, fold->past_arr + to, f, health, raw, i, edge);
    }
    if (!fold->counts) return;
    fold->kernels->places(fold->place, health, HF_LANES, SCALE, HF_WHATIF_BINS - 1);
    uint32_t *counts = counts_of(f, 0);
    for (int32_t k = 0; k < fold->count; k++)
        counts[(ptrdiff_t)k * HF_FOLD_CLASSES * HF_WHATIF_BINS + fold->place[k]]++;
    if (!fold->event_arr || f->run->of.label != 1) return;
    for (int32_t k = 0; k < fold->count; k++)
        fold->event_arr[(ptrdiff_t)k * HF_WHATIF_BINS + fold->place[k]] += worth;
}

static void fold_short(const folding *f, int32_t at)
{
    hf_fold *fold = f->fold;
    for (int32_t i = 0; i < f->run->count; i++) {
        for (int32_t k = 0; k < HF_LANES; k++)
            fold->lane[k] = fold->health[(ptrdiff_t)k * fold->stride + at + i];
        fold_account(f, i, fold->lane);
    }
}

// ---- where no measure counts -------------------------------------------------------------------------------------

// Under some lanes no measure counts, and only an override gives a health: one account and lane at a time.
static void fold_with_nothing(const folding *f, int32_t at)
{
    hf_fold *fold = f->fold;
    const hf_whatif_fleet *fleet = fold->fleet;
    for (int32_t i = 0; i < f->run->count; i++) {
        const hf_whatif_run one = {.first = at + i, .count = 1, .of = f->run->of};
        const int64_t place = f->first + i;
        const folding single = {fold, &one, place, f->worth ? f->worth + i : NULL, f->edge};
        for (int32_t k = 0; k < fold->count; k++) {
            float raw = fold->health[(ptrdiff_t)k * fold->stride + at + i];
            if (fold->of.nothing[k]) {
                if (fleet->unset[place]) continue;
                raw = (float)fleet->low[place];
            }
            const float health = (float)held_between((double)raw, fleet->low[place], fleet->high[place]);
            add_edges(&single, &health, &raw, k);
            add_places(&single, &health, k);
        }
    }
}

void hf_fold_run(hf_fold *fold, const hf_whatif_run *run, int64_t first, int32_t at)
{
    const hf_whatif_fleet *fleet = fold->fleet;
    const folding f = {fold, run, first, fleet->arr ? fleet->arr + first : NULL,
                       fleet->definition->segments[fold->pattern->segment].band_from};
    fold->all[run->of.before] += run->count;
    for (int32_t i = 0; f.worth && i < run->count; i++)
        fold->all_arr[run->of.before] += f.worth[i];
    if (fold->of.any_nothing)
        fold_with_nothing(&f, at);
    else if (run->count < SHORT_RUN)
        fold_short(&f, at);
    else
        fold_long(&f, at);
}

// ---- moves ---------------------------------------------------------------------------------------------------------

void hf_fold_moves(hf_weighed *out, const hf_fold *fold, int32_t begin)
{
    const int32_t bands = out->bands;
    for (int32_t k = 0; k < fold->count; k++)
        for (int32_t before = 0; before <= bands; before++) {
            const ptrdiff_t to = ((ptrdiff_t)(begin + k) * (bands + 1) + before) * (bands + 1);
            int64_t left = fold->all[before];
            double left_arr = fold->all_arr[before];
            for (int32_t b = 0; b < bands; b++) {
                const ptrdiff_t from = cell(fold, before, b) + k;
                out->moved[to + b] = left - fold->past[from];
                out->moved_arr[to + b] = (left_arr - fold->past_arr[from]) / 100;
                left = fold->past[from];
                left_arr = fold->past_arr[from];
            }
            out->moved[to + bands] = left;
            out->moved_arr[to + bands] = left_arr / 100;
        }
}

// ---- memory --------------------------------------------------------------------------------------------------------

void hf_fold_clear(hf_fold *fold)
{
    const size_t bands = (size_t)fold->fleet->definition->band_count, lanes = (size_t)HF_LANES;
    memset(fold->past, 0, (bands + 1) * bands * lanes * sizeof *fold->past);
    memset(fold->past_arr, 0, (bands + 1) * bands * lanes * sizeof *fold->past_arr);
    memset(fold->all, 0, (bands + 1) * sizeof *fold->all);
    memset(fold->all_arr, 0, (bands + 1) * sizeof *fold->all_arr);
    if (fold->counts) memset(fold->counts, 0, lanes * HF_FOLD_CLASSES * HF_WHATIF_BINS * sizeof *fold->counts);
    if (fold->event_arr) memset(fold->event_arr, 0, lanes * HF_WHATIF_BINS * sizeof *fold->event_arr);
}

hf_status hf_fold_create(hf_fold *out, const hf_whatif_fleet *fleet, hf_error *error)
{
    const hf_context *context = fleet->context;
    const hf_definition *d = fleet->definition;
    const size_t bands = (size_t)d->band_count, lanes = (size_t)HF_LANES;
    const bool lists = fleet->night.label || fleet->night.capacity > 0;
    hf_status status;
    hf_fold f = {.fleet = fleet, .kernels = hf_kernels_for(hf_context_isa(context))};
    HF_TRY(done, hf_weights_create(&f.weights, context, d, HF_LANES, error));
    HF_TRY(done, hf_pattern_weights_create(&f.of, context, d->group_count, d->measure_count, HF_LANES, error));
    f.health = hf_new(context, lanes * HF_CHUNK_ROWS, sizeof *f.health);
    f.past = hf_new(context, (bands + 1) * bands * lanes, sizeof *f.past);
    f.past_arr = hf_new(context, (bands + 1) * bands * lanes, sizeof *f.past_arr);
    f.all = hf_new(context, bands + 1, sizeof *f.all);
    f.all_arr = hf_new(context, bands + 1, sizeof *f.all_arr);
    if (lists) f.counts = hf_new(context, lanes * HF_FOLD_CLASSES * HF_WHATIF_BINS, sizeof *f.counts);
    if (fleet->night.label && fleet->arr) f.event_arr = hf_new(context, lanes * HF_WHATIF_BINS, sizeof *f.event_arr);
    if (!f.health || !f.past || !f.past_arr || !f.all || !f.all_arr || (lists && !f.counts) ||
        (fleet->night.label && fleet->arr && !f.event_arr)) {
        status = hf_fail_memory(error);
        goto done;
    }
    *out = f;
    f = (hf_fold){0};
done:
    hf_fold_free(context, &f);
    return status;
}

void hf_fold_free(const hf_context *context, hf_fold *fold)
{
    hf_weights_free(context, &fold->weights);
    hf_pattern_weights_free(context, &fold->of);
    void *const owned[] = {fold->health, fold->past, fold->past_arr, fold->all, fold->all_arr, fold->counts,
                           fold->event_arr};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        hf_delete(context, owned[i]);
    *fold = (hf_fold){0};
}
