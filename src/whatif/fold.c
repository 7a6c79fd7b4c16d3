// SPDX-License-Identifier: Apache-2.0
//
// Counts go into histograms by class whose bins the bands' edges split, so that moves between bands are sums
// of bins. Long runs are counted a weighting at a time, with accounts side by side; short ones an account at
// a time, with weightings side by side. Whatever is so near to an edge that f32 cannot tell is worked out
// again in double before it is counted.
#include "whatif/fold.h"

#include <math.h>
#include <string.h>

enum { SHORT_RUN = 24 };
static const float SCALE = HF_WHATIF_BINS / 100.0f;

// Terms are weights rounded to f32 times scores, none negative and 100 in all. Rounding the weights, the
// products and every sum costs at most 2^-24 of that each, in whatever order they are taken (Higham 2002,
// "Accuracy and Stability of Numerical Algorithms", section 3.1). Two more are for an edge and for what
// overrides make of a health, two are to spare.
float hf_whatif_near(int32_t columns)
{
    return fmaxf(HF_WHATIF_NEAR, (float)(columns + 6) * 100.0f * 0x1p-24f);
}

// A run at work, under every lane.
typedef struct {
    hf_fold *fold;
    hf_run_class class;
    int32_t of;          // the class's number
    int32_t count;       // accounts
    int64_t first;       // their first place in the fleet's order
    const double *worth; // their ARR; NULL
    const hf_edges *edges;
    int32_t edge_count;
} folding;

static double held_between(double raw, double low, double high)
{
    return fmin(fmax(raw, low), high);
}

// The health of account i as the fleet pass has it; raw: before overrides, in f32.
static double exact_health(const folding *f, int32_t i, int32_t lane, float raw)
{
    const hf_whatif_fleet *fleet = f->fold->fleet;
    const double low = fleet->low[f->first + i], high = fleet->high[f->first + i];
    if ((double)raw > high + (double)f->fold->near) return high;
    if ((double)raw < low - (double)f->fold->near) return low;
    const double exact = hf_pattern_exact(fleet, f->fold->pattern, &f->fold->weights, &f->fold->of, lane,
                                          fleet->row[f->first + i]);
    return held_between(exact, low, high);
}

static bool is_near(const folding *f, float health)
{
    for (int32_t e = 0; e < f->edge_count; e++)
        if (fabsf(health - f->edges->edge[e]) < f->fold->near) return true;
    return false;
}

// Where the first group of what the kernel found near begins.
static int32_t first_near(uint64_t near)
{
    return __builtin_ctzll(near) * HF_FOLD_GROUP;
}

// The place of a health near to an edge, by the exact one; what it changes of the ARR past edge e is added to
// sum[e x stride].
static uint16_t settle(const folding *f, double *sum, ptrdiff_t stride, int32_t i, int32_t lane, float health,
                       float raw)
{
    const double exact = exact_health(f, i, lane, raw);
    const int32_t cut = (int32_t)(health * SCALE);
    int32_t at = cut < 0 ? 0 : cut < HF_WHATIF_BINS ? cut : HF_WHATIF_BINS - 1;
    // Beside an edge the bin is the edge's own, so that the place falls into the band that was found.
    for (int32_t e = 0; e < f->edge_count; e++) {
        const double edge = f->edges->from[e + 1];
        const bool past = exact >= edge, thought = health >= f->edges->edge[e];
        const int32_t bin = (int32_t)(f->edges->edge[e] * SCALE);
        if (fabsf(health - f->edges->edge[e]) < f->fold->near)
            at = bin < HF_WHATIF_BINS ? bin : HF_WHATIF_BINS - 1;
        if (f->worth) sum[e * stride] += (past - thought) * f->worth[i];
    }
    for (int32_t e = 0; e < f->edge_count; e++)
        at += exact >= f->edges->from[e + 1];
    return (uint16_t)at;
}

static ptrdiff_t cell(const hf_fold *fold, int32_t before, int32_t band)
{
    return ((ptrdiff_t)before * fold->fleet->definition->band_count + band) * HF_LANES;
}

static uint32_t *counts_of(const hf_fold *fold, int32_t class, int32_t lane)
{
    return fold->counts + ((ptrdiff_t) class * HF_LANES + lane) * fold->fleet->places;
}

const uint32_t *hf_fold_counts(const hf_fold *fold, int32_t class, int32_t lane)
{
    return counts_of(fold, class, lane);
}

static double *event_arr_of(const hf_fold *fold, int32_t edges, int32_t lane)
{
    return fold->event_arr + ((ptrdiff_t)edges * HF_LANES + lane) * fold->fleet->places;
}

const double *hf_fold_event_arr(const hf_fold *fold, int32_t edges, int32_t lane)
{
    return event_arr_of(fold, edges, lane);
}

// An account that is counted, but whose band too little is known for.
static void hide(const folding *f, int32_t lane, int32_t place, double worth)
{
    const ptrdiff_t at = cell(f->fold, f->class.before, f->edges->band_of[place]) + lane;
    f->fold->hidden[at]++;
    f->fold->hidden_arr[at] += worth;
}

// ---- accounts side by side -------------------------------------------------------------------------------------

// Four places a load, since counting already takes all the loads and stores that a core has.
static void count_places(uint32_t *restrict counts, const uint16_t *restrict place, int32_t n)
{
    int32_t i = 0;
    for (; i + 4 <= n; i += 4) {
        uint64_t four;
        memcpy(&four, place + i, sizeof four);
        counts[(uint16_t)four]++;
        counts[(uint16_t)(four >> 16)]++;
        counts[(uint16_t)(four >> 32)]++;
        counts[four >> 48]++;
    }
    for (; i < n; i++)
        counts[place[i]]++;
}

static void fold_accounts(const folding *f, const float *health, const float *raw, int32_t lane)
{
    hf_fold *fold = f->fold;
    const int32_t n = f->count;
    uint64_t near = fold->kernels->fold(fold->place, fold->sum, health, f->worth, n, f->edges->edge,
                                        f->edge_count, fold->near, SCALE, HF_WHATIF_BINS - 1);
    for (; near != 0; near &= near - 1)
        for (int32_t i = first_near(near); i < n && i < first_near(near) + HF_FOLD_GROUP; i++)
            if (is_near(f, health[i])) fold->place[i] = settle(f, fold->sum, 1, i, lane, health[i], raw[i]);
    uint32_t *counts = counts_of(fold, f->of, lane);
    if (fold->event_arr && f->class.label == 1) {
        double *restrict arr = event_arr_of(fold, f->class.edges, lane);
        for (int32_t i = 0; i < n; i++) {
            counts[fold->place[i]]++;
            arr[fold->place[i]] += f->worth[i];
        }
    } else
        count_places(counts, fold->place, n);
    for (int32_t e = 0; f->worth && e < f->edge_count; e++)
        fold->past_arr[cell(fold, f->class.before, e + 1) + lane] += fold->sum[e];
    for (int32_t i = 0; fold->of.unknown[lane] && i < n; i++)
        hide(f, lane, fold->place[i], f->worth ? f->worth[i] : 0);
}

static void fold_long(const folding *f, int32_t at)
{
    hf_fold *fold = f->fold;
    const double *low = fold->fleet->low + f->first, *high = fold->fleet->high + f->first;
    for (int32_t k = 0; k < fold->count; k++) {
        const float *raw = fold->health + (ptrdiff_t)k * fold->stride + at, *health = raw;
        if (f->class.bounded) {
            for (int32_t i = 0; i < f->count; i++)
                fold->held[i] = (float)held_between((double)raw[i], low[i], high[i]);
            health = fold->held;
        }
        fold_accounts(f, health, raw, k);
    }
}

// ---- weightings side by side -----------------------------------------------------------------------------------

static void add_worth(double *restrict sum, const float *restrict health, float edge, double worth)
{
#pragma omp simd
    for (int32_t k = 0; k < HF_LANES; k++)
        sum[k] += health[k] >= edge ? worth : 0.0;
}

static void fold_account(const folding *f, int32_t i, const float *raw)
{
    hf_fold *fold = f->fold;
    const float *health = raw;
    const double worth = f->worth ? f->worth[i] : 0;
    double *sum = fold->past_arr + cell(fold, f->class.before, 1);
    if (f->class.bounded) {
        const double low = fold->fleet->low[f->first + i], high = fold->fleet->high[f->first + i];
        for (int32_t k = 0; k < HF_LANES; k++)
            fold->held[k] = (float)held_between((double)raw[k], low, high);
        health = fold->held;
    }
    uint64_t near = fold->kernels->fold(fold->place, fold->sum, health, NULL, HF_LANES, f->edges->edge,
                                        f->edge_count, fold->near, SCALE, HF_WHATIF_BINS - 1);
    for (int32_t e = 0; f->worth && e < f->edge_count; e++)
        add_worth(sum + (ptrdiff_t)e * HF_LANES, health, f->edges->edge[e], worth);
    for (; near != 0; near &= near - 1)
        for (int32_t k = first_near(near); k < fold->count && k < first_near(near) + HF_FOLD_GROUP; k++)
            if (is_near(f, health[k])) fold->place[k] = settle(f, sum + k, HF_LANES, i, k, health[k], raw[k]);
    const ptrdiff_t places = fold->fleet->places;
    uint32_t *counts = counts_of(fold, f->of, 0);
    for (int32_t k = 0; k < fold->count; k++)
        counts[k * places + fold->place[k]]++;
    for (int32_t k = 0; fold->of.any_unknown && k < fold->count; k++)
        if (fold->of.unknown[k]) hide(f, k, fold->place[k], worth);
    if (!fold->event_arr || f->class.label != 1) return;
    double *arr = event_arr_of(fold, f->class.edges, 0);
    for (int32_t k = 0; k < fold->count; k++)
        arr[k * places + fold->place[k]] += worth;
}

static void fold_short(const folding *f, int32_t at)
{
    hf_fold *fold = f->fold;
    for (int32_t i = 0; i < f->count; i++) {
        for (int32_t k = 0; k < HF_LANES; k++)
            fold->lane[k] = fold->health[(ptrdiff_t)k * fold->stride + at + i];
        fold_account(f, i, fold->lane);
    }
}

// ---- where no measure counts -------------------------------------------------------------------------------------

// Under some lanes no measure counts, and only an override gives a health: one account and lane at a time.
// Accounts without one are not counted, and so in no band: their ARR is taken from the lowest.
static void fold_with_nothing(const folding *f, int32_t at)
{
    hf_fold *fold = f->fold;
    const hf_whatif_fleet *fleet = fold->fleet;
    for (int32_t i = 0; i < f->count; i++) {
        const int64_t place = f->first + i;
        folding one = *f;
        one.count = 1;
        one.first = place;
        if (f->worth) one.worth = f->worth + i;
        for (int32_t k = 0; k < fold->count; k++) {
            float raw = fold->health[(ptrdiff_t)k * fold->stride + at + i];
            if (fold->of.nothing[k]) {
                if (fleet->unset[place]) {
                    fold->hidden_arr[cell(fold, f->class.before, 0) + k] += f->worth ? f->worth[i] : 0;
                    continue;
                }
                raw = (float)fleet->low[place];
            }
            const float health = (float)held_between((double)raw, fleet->low[place], fleet->high[place]);
            fold_accounts(&one, &health, &raw, k);
        }
    }
}

void hf_fold_run(hf_fold *fold, const hf_whatif_run *run, int64_t first, int32_t at)
{
    const hf_whatif_fleet *fleet = fold->fleet;
    const hf_run_class class = fleet->classes[run->of];
    const folding f = {.fold = fold,
                       .class = class,
                       .of = run->of,
                       .count = run->count,
                       .first = first,
                       .worth = fleet->arr ? fleet->arr + first : NULL,
                       .edges = &fleet->edges[class.edges],
                       .edge_count = fleet->definition->band_count - 1};
    if (fold->of.any_nothing)
        fold_with_nothing(&f, at);
    else if (run->count < SHORT_RUN)
        fold_short(&f, at);
    else
        fold_long(&f, at);
}

// ---- moves ---------------------------------------------------------------------------------------------------------

// Accounts by band before and after, the unknown still among the bands and 0 where they belong.
static void sum_counts(int64_t *moved, const hf_fold *fold, int32_t lane, int32_t bands)
{
    const hf_whatif_fleet *fleet = fold->fleet;
    for (int32_t c = 0; c < fleet->class_count; c++) {
        const hf_run_class class = fleet->classes[c];
        const uint32_t *counts = hf_fold_counts(fold, c, lane);
        const int32_t *band_of = fleet->edges[class.edges].band_of;
        for (int32_t at = 0; at < fleet->places; at++)
            moved[class.before * (bands + 1) + band_of[at] + 1] += counts[at];
    }
}

void hf_fold_moves(hf_weighed *out, const hf_fold *fold, int32_t begin)
{
    const hf_whatif_fleet *fleet = fold->fleet;
    const int32_t bands = out->bands;
    for (int32_t k = 0; k < fold->count; k++) {
        int64_t *moved = out->moved + (ptrdiff_t)(begin + k) * (bands + 1) * (bands + 1);
        double *arr = out->moved_arr + (ptrdiff_t)(begin + k) * (bands + 1) * (bands + 1);
        sum_counts(moved, fold, k, bands);
        for (int32_t before = 0; before <= bands; before++, moved += bands + 1, arr += bands + 1) {
            double left = fleet->all_arr[before], known = 0;
            moved[0] = fleet->all[before];
            for (int32_t b = 0; b < bands; b++) {
                const ptrdiff_t at = cell(fold, before, b) + k;
                const double next = b + 1 < bands ? fold->past_arr[at + HF_LANES] : 0;
                moved[b + 1] -= fold->hidden[at];
                moved[0] -= moved[b + 1];
                if (b > 0) left = fold->past_arr[at];
                arr[b + 1] = left - next - fold->hidden_arr[at];
                known += arr[b + 1];
            }
            arr[0] = fleet->all_arr[before] - known;
            for (int32_t b = 0; b <= bands; b++)
                arr[b] /= 100;
        }
    }
}

// ---- memory --------------------------------------------------------------------------------------------------------

typedef struct {
    size_t counts, cells, event_arr;
} sizes;

static sizes sizes_of(const hf_whatif_fleet *fleet)
{
    const size_t bands = (size_t)fleet->definition->band_count, lanes = (size_t)HF_LANES;
    return (sizes){(size_t)fleet->class_count * lanes * (size_t)fleet->places, (bands + 1) * bands * lanes,
                   (size_t)fleet->edges_count * lanes * (size_t)fleet->places};
}

void hf_fold_clear(hf_fold *fold)
{
    const sizes n = sizes_of(fold->fleet);
    memset(fold->counts, 0, n.counts * sizeof *fold->counts);
    memset(fold->past_arr, 0, n.cells * sizeof *fold->past_arr);
    memset(fold->hidden, 0, n.cells * sizeof *fold->hidden);
    memset(fold->hidden_arr, 0, n.cells * sizeof *fold->hidden_arr);
    if (fold->event_arr) memset(fold->event_arr, 0, n.event_arr * sizeof *fold->event_arr);
}

hf_status hf_fold_create(hf_fold *out, const hf_whatif_fleet *fleet, hf_error *error)
{
    const hf_context *context = fleet->context;
    const hf_definition *d = fleet->definition;
    const sizes n = sizes_of(fleet);
    const bool event_arr = fleet->night.label && fleet->arr;
    hf_status status;
    hf_fold f = {.fleet = fleet, .kernels = hf_kernels_for(hf_context_isa(context))};
    HF_TRY(done, hf_weights_create(&f.weights, context, d, HF_LANES, error));
    HF_TRY(done,
           hf_pattern_weights_create(&f.of, context, d->group_count, d->measure_count, HF_LANES, error));
    f.health = hf_new(context, (size_t)HF_LANES * HF_CHUNK_ROWS, sizeof *f.health);
    f.counts = hf_new_raw(context, n.counts, sizeof *f.counts);
    f.past_arr = hf_new_raw(context, n.cells, sizeof *f.past_arr);
    f.hidden = hf_new_raw(context, n.cells, sizeof *f.hidden);
    f.hidden_arr = hf_new_raw(context, n.cells, sizeof *f.hidden_arr);
    f.sum = hf_new(context, (size_t)d->band_count, sizeof *f.sum);
    if (event_arr) f.event_arr = hf_new_raw(context, n.event_arr, sizeof *f.event_arr);
    if (!f.health || !f.counts || !f.past_arr || !f.hidden || !f.hidden_arr || !f.sum ||
        (event_arr && !f.event_arr)) {
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
    void *const owned[] = {fold->health, fold->counts,     fold->event_arr, fold->past_arr,
                           fold->hidden, fold->hidden_arr, fold->sum};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        hf_delete(context, owned[i]);
    *fold = (hf_fold){0};
}
