// SPDX-License-Identifier: Apache-2.0
//
// Weighs a fleet: blocks of weightings in parallel, each block on its own through all patterns and chunks.
// A product gives the health of a chunk's accounts under the block's weightings; bands, moves and histograms
// are folded from it a run at a time, where all accounts are of one class, so that a band's count needs only
// how many are past its edge. Blocks share nothing, so the result does not depend on threads.
#include "kernels/kernels_room.h"
#include "linalg/linalg_room.h"
#include "whatif/whatif_fleet.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { BLOCK = 128, CLASSES = 2 * HF_LABELS };

// One thread's scratch, for one block.
typedef struct {
    hf_weights weights[BLOCK];
    double *room;                // owned: what the weights point into
    hf_pattern_weights of[BLOCK]; // of the pattern at work
    double *kept;                // owned: BLOCK x groups
    float *rows;                 // owned: BLOCK x the widest pattern's columns + 1
    float *health;               // owned: BLOCK x HF_CHUNK_ROWS
    float held[HF_CHUNK_ROWS];   // within an override's bounds
    double worth[HF_CHUNK_ROWS];
    uint16_t place[HF_CHUNK_ROWS];
    uint32_t *counts;   // owned: BLOCK x CLASSES x HF_WHATIF_BINS; NULL: not wanted
    double *event_arr;  // owned: BLOCK x HF_WHATIF_BINS: ARR of events; NULL: not wanted
} scratch;

typedef struct {
    const hf_whatif_fleet *fleet;
    const hf_weightings *weightings;
    const hf_kernels *kernels;
    hf_weighed *out;
    uint32_t *pooled;
    scratch *of_thread;
} weighing;

// Where a weighting's counts of a pair of bands are.
static int64_t cell(const hf_weighed *out, int32_t weighting, int32_t before, int32_t after)
{
    const int64_t bands = out->bands + 1;
    return (weighting * bands + before) * bands + after;
}

// ---- one run ---------------------------------------------------------------------------------------------------

typedef struct {
    const weighing *w;
    scratch *s;
    const hf_pattern *pattern;
    const hf_whatif_run *run;
    int64_t first;     // the run's first place in the fleet's order
    int32_t k;         // the weighting's place in the block
    int32_t weighting; // and among all
    const float *raw;  // before overrides
} folding;

static double held_between(double raw, double low, double high)
{
    return fmin(fmax(raw, low), high);
}

// The health of one account as the fleet pass has it.
static double exact_health(const folding *f, int32_t i)
{
    const hf_whatif_fleet *fleet = f->w->fleet;
    const int64_t at = f->first + i;
    const double low = fleet->low[at], high = fleet->high[at], raw = (double)f->raw[i];
    if (raw > high + (double)HF_WHATIF_NEAR) return high;
    if (raw < low - (double)HF_WHATIF_NEAR) return low;
    const int32_t groups = fleet->definition->group_count;
    const double exact =
        hf_pattern_exact(fleet, f->pattern, &f->s->weights[f->k], f->s->kept + (ptrdiff_t)f->k * groups,
                         &f->s->of[f->k], fleet->row[at]);
    return held_between(exact, low, high);
}

// Sets right what f32 put on the wrong side of an edge.
static void settle_edge(int32_t *count, double *sum, const folding *f, const float *health, double edge)
{
    const double *worth = f->w->fleet->arr ? f->w->fleet->arr + f->first : NULL;
    for (int32_t i = 0; i < f->run->count; i++) {
        const float d = health[i] - (float)edge;
        if (!(d < HF_WHATIF_NEAR && d > -HF_WHATIF_NEAR)) continue;
        const int32_t wrong = (exact_health(f, i) >= edge) - (d >= 0.0f);
        *count += wrong;
        if (worth) *sum += wrong * worth[i];
    }
}

static void add_move(const folding *f, int32_t after, int64_t count, double arr)
{
    hf_weighed *out = f->w->out;
    const int64_t at = cell(out, f->weighting, f->run->of.before, after);
    out->moved[at] += count;
    out->moved_arr[at] += arr;
}

static void fold_bands(const folding *f, const float *health, int32_t n)
{
    const hf_whatif_fleet *fleet = f->w->fleet;
    const double *worth = fleet->arr ? fleet->arr + f->first : NULL;
    const double *edge = fleet->definition->segments[f->pattern->segment].band_from;
    int32_t past = n, next;
    double sum = 0, next_sum;
    for (int32_t i = 0; worth && i < n; i++)
        sum += worth[i];
    if (f->s->of[f->k].unknown) {
        add_move(f, 0, n, sum);
        return;
    }
    for (int32_t b = 1; b < fleet->definition->band_count; b++) {
        if (f->w->kernels->past(&next, &next_sum, health, worth, n, (float)edge[b], HF_WHATIF_NEAR))
            settle_edge(&next, &next_sum, f, health, edge[b]);
        add_move(f, b, past - next, sum - next_sum);
        past = next;
        sum = next_sum;
    }
    add_move(f, fleet->definition->band_count, past, sum);
}

static void fold_places(const folding *f, const float *health, int32_t n)
{
    scratch *s = f->s;
    const hf_run_class of = f->run->of;
    if (!s->counts) return;
    f->w->kernels->places(s->place, health, n, HF_WHATIF_BINS / 100.0f, HF_WHATIF_BINS - 1);
    uint32_t *counts =
        s->counts + ((ptrdiff_t)f->k * CLASSES + 2 * of.label + of.on_list) * HF_WHATIF_BINS;
    for (int32_t i = 0; i < n; i++)
        counts[s->place[i]]++;
    if (!s->event_arr || of.label != 1) return;
    double *arr = s->event_arr + (ptrdiff_t)f->k * HF_WHATIF_BINS;
    for (int32_t i = 0; i < n; i++)
        arr[s->place[i]] += f->w->fleet->arr[f->first + i];
}

// Where no measure counts only an override gives a health, one account at a time.
static void fold_nothing(folding *f)
{
    const hf_whatif_fleet *fleet = f->w->fleet;
    const hf_whatif_run whole = *f->run;
    const int64_t first = f->first;
    for (int32_t i = 0; i < whole.count; i++) {
        const hf_whatif_run one = {.first = whole.first + i, .count = 1, .of = whole.of};
        f->run = &one;
        f->first = first + i;
        if (fleet->unset[f->first]) {
            add_move(f, 0, 1, fleet->arr ? fleet->arr[f->first] : 0);
            continue;
        }
        const float health = (float)fleet->low[f->first];
        f->raw = &health;
        fold_bands(f, &health, 1);
        fold_places(f, &health, 1);
    }
}

static void fold_run(folding *f)
{
    const hf_whatif_fleet *fleet = f->w->fleet;
    const int32_t n = f->run->count;
    if (f->s->of[f->k].nothing) {
        fold_nothing(f);
        return;
    }
    const float *health = f->raw;
    if (f->run->of.bounded) {
        float *held = f->s->held;
        for (int32_t i = 0; i < n; i++)
            held[i] = (float)held_between((double)f->raw[i], fleet->low[f->first + i], fleet->high[f->first + i]);
        health = held;
    }
    fold_bands(f, health, n);
    fold_places(f, health, n);
}

// ---- one block ---------------------------------------------------------------------------------------------------

// Weightings under which other measures count in a worst or best group: their health one account at a time.
static void weigh_apart(const weighing *w, scratch *s, const hf_pattern *p, int64_t first, int32_t n, int32_t k)
{
    const int32_t groups = w->fleet->definition->group_count;
    for (int32_t i = 0; i < n; i++)
        s->health[(ptrdiff_t)k * n + i] =
            (float)hf_pattern_exact(w->fleet, p, &s->weights[k], s->kept + (ptrdiff_t)k * groups, &s->of[k],
                                    w->fleet->row[first + i]);
}

static void weigh_chunk(const weighing *w, scratch *s, const hf_pattern *p, int64_t at, int32_t begin,
                        int32_t count, const hf_whatif_run **run)
{
    const hf_whatif_fleet *fleet = w->fleet;
    const int32_t n = p->rows - at < HF_CHUNK_ROWS ? (int32_t)(p->rows - at) : HF_CHUNK_ROWS;
    hf_product(s->health, s->rows, fleet->scores + p->first_score + at * (p->columns + 1), count,
               p->columns + 1, n);
    for (int32_t k = 0; k < count; k++)
        if (s->of[k].apart) weigh_apart(w, s, p, p->first + at, n, k);
    for (int32_t done = 0; done < n; done += (*run)->count, ++*run)
        for (int32_t k = 0; k < count; k++) {
            folding f = {.w = w,
                         .s = s,
                         .pattern = p,
                         .run = *run,
                         .first = p->first + at + done,
                         .k = k,
                         .weighting = begin + k,
                         .raw = s->health + (ptrdiff_t)k * n + done};
            fold_run(&f);
        }
}

// The least accounts with the lowest health, as many as the list holds; what is in the bin where it ends
// counts in part.
static void read_list(const weighing *w, const scratch *s, int32_t k, int32_t weighting)
{
    const uint32_t *counts = s->counts + (ptrdiff_t)k * CLASSES * HF_WHATIF_BINS;
    double left = (double)w->fleet->night.capacity, overlap = 0, caught = 0, arr = 0;
    for (int32_t b = 0; b < HF_WHATIF_BINS && left > 0; b++) {
        uint64_t all = 0, listed = 0, events = 0;
        for (int32_t c = 0; c < CLASSES; c++) {
            const uint32_t n = counts[(ptrdiff_t)c * HF_WHATIF_BINS + b];
            all += n;
            listed += c % 2 == 1 ? n : 0;
            events += c / 2 == 1 ? n : 0;
        }
        if (all == 0) continue;
        const double part = fmin(1.0, left / (double)all);
        overlap += part * (double)listed;
        caught += part * (double)events;
        if (s->event_arr) arr += part * s->event_arr[(ptrdiff_t)k * HF_WHATIF_BINS + b];
        left -= part * (double)all;
    }
    w->out->overlap[weighting] = overlap;
    w->out->caught[weighting] = caught;
    w->out->caught_arr[weighting] = s->event_arr ? arr / 100 : NAN;
}

static void read_counts(const weighing *w, const scratch *s, int32_t k, int32_t weighting)
{
    const uint32_t *counts = s->counts + (ptrdiff_t)k * CLASSES * HF_WHATIF_BINS;
    uint32_t of[2][HF_WHATIF_BINS];
    for (int32_t label = 0; label < 2; label++)
        for (int32_t b = 0; b < HF_WHATIF_BINS; b++)
            of[label][b] = counts[2 * label * HF_WHATIF_BINS + b] + counts[(2 * label + 1) * HF_WHATIF_BINS + b];
    w->out->auc[weighting] = hf_histogram_auc(&w->out->auc_error[weighting], of[0], of[1]);
    if (w->fleet->night.capacity > 0) read_list(w, s, k, weighting);
    if (!w->pooled) return;
    uint32_t *pooled = w->pooled + (ptrdiff_t)weighting * 2 * HF_WHATIF_BINS;
    for (int32_t b = 0; b < 2 * HF_WHATIF_BINS; b++)
        pooled[b] += (&of[0][0])[b];
}

static void weigh_block(const weighing *w, scratch *s, int32_t begin, int32_t count)
{
    const hf_whatif_fleet *fleet = w->fleet;
    const int32_t groups = fleet->definition->group_count;
    for (int32_t k = 0; k < count; k++)
        hf_weights_make(&s->weights[k], w->weightings, begin + k);
    if (s->counts) memset(s->counts, 0, (size_t)count * CLASSES * HF_WHATIF_BINS * sizeof *s->counts);
    if (s->event_arr) memset(s->event_arr, 0, (size_t)count * HF_WHATIF_BINS * sizeof *s->event_arr);
    for (int32_t i = 0; i < fleet->pattern_count; i++) {
        const hf_pattern *p = &fleet->patterns[i];
        const hf_whatif_run *run = fleet->runs + p->first_run;
        for (int32_t k = 0; k < count; k++)
            s->of[k] = hf_pattern_weigh(s->rows + (ptrdiff_t)k * (p->columns + 1),
                                        s->kept + (ptrdiff_t)k * groups, fleet, p, &s->weights[k]);
        for (int64_t at = 0; at < p->rows; at += HF_CHUNK_ROWS)
            weigh_chunk(w, s, p, at, begin, count, &run);
    }
    for (int32_t k = 0; s->counts && k < count; k++)
        read_counts(w, s, k, begin + k);
}

// ---- memory --------------------------------------------------------------------------------------------------------

static void free_scratch(const hf_context *context, scratch *s, int threads)
{
    for (int t = 0; s && t < threads; t++) {
        hf_delete(context, s[t].room);
        hf_delete(context, s[t].kept);
        hf_delete(context, s[t].rows);
        hf_delete(context, s[t].health);
        hf_delete(context, s[t].counts);
        hf_delete(context, s[t].event_arr);
    }
    hf_delete(context, s);
}

static bool fill_scratch(scratch *s, const hf_whatif_fleet *fleet)
{
    const hf_context *context = fleet->context;
    const hf_definition *d = fleet->definition;
    const size_t segments = (size_t)d->segment_count, groups = (size_t)d->group_count;
    const size_t weights = segments * (size_t)d->measure_count, each = weights + 2 * segments * groups;
    int32_t widest = 0;
    for (int32_t p = 0; p < fleet->pattern_count; p++)
        if (fleet->patterns[p].columns > widest) widest = fleet->patterns[p].columns;
    s->room = hf_new(context, BLOCK * each, sizeof *s->room);
    for (int32_t k = 0; s->room && k < BLOCK; k++) {
        double *room = s->room + (size_t)k * each;
        s->weights[k] = (hf_weights){room, room + weights, room + weights + segments * groups};
    }
    s->kept = hf_new(context, BLOCK * groups, sizeof *s->kept);
    s->rows = hf_new(context, BLOCK * ((size_t)widest + 1), sizeof *s->rows);
    s->health = hf_new(context, (size_t)BLOCK * HF_CHUNK_ROWS, sizeof *s->health);
    if (!s->room || !s->kept || !s->rows || !s->health) return false;
    if (!fleet->night.label && fleet->night.capacity <= 0) return true;
    s->counts = hf_new(context, (size_t)BLOCK * CLASSES * HF_WHATIF_BINS, sizeof *s->counts);
    if (fleet->night.label && fleet->arr)
        s->event_arr = hf_new(context, (size_t)BLOCK * HF_WHATIF_BINS, sizeof *s->event_arr);
    return s->counts && (s->event_arr || !fleet->night.label || !fleet->arr);
}

static scratch *make_scratch(const hf_whatif_fleet *fleet, int threads)
{
    scratch *s = hf_new(fleet->context, (size_t)threads, sizeof *s);
    for (int t = 0; s && t < threads; t++) {
        if (fill_scratch(&s[t], fleet)) continue;
        free_scratch(fleet->context, s, threads);
        return NULL;
    }
    return s;
}

static hf_status make_out(hf_weighed *out, const hf_whatif_fleet *fleet, int32_t count, hf_error *error)
{
    const hf_context *context = fleet->context;
    const size_t n = (size_t)count, bands = (size_t)fleet->definition->band_count + 1;
    *out = (hf_weighed){.context = context,
                        .count = count,
                        .bands = fleet->definition->band_count,
                        .labelled = fleet->labelled,
                        .events = fleet->events};
    out->moved = hf_new(context, n * bands * bands, sizeof *out->moved);
    out->moved_arr = hf_new(context, n * bands * bands, sizeof *out->moved_arr);
    double **const figures[] = {&out->auc, &out->auc_error, &out->overlap, &out->caught, &out->caught_arr};
    bool all = out->moved && out->moved_arr;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        *figures[i] = hf_new_raw(context, n, sizeof **figures[i]);
        for (size_t k = 0; *figures[i] && k < n; k++)
            (*figures[i])[k] = NAN;
        all = all && *figures[i];
    }
    return all ? HF_OK : hf_fail_memory(error);
}

static hf_status walk_blocks(weighing *w, hf_error *error)
{
    const int32_t count = w->weightings->count;
    const int threads = hf_context_threads(w->fleet->context);
    hf_status status = HF_OK;
    for (int32_t begin = 0; begin < count; begin += threads * BLOCK) {
        HF_TRY(done, hf_check_cancel(w->fleet->context, error));
        hf_progress(w->fleet->context, "weighing", begin, count);
#pragma omp parallel for default(none) shared(w, begin, count, threads) schedule(static, 1) \
    num_threads(threads)
        for (int t = 0; t < threads; t++) {
            const int32_t first = begin + t * BLOCK;
            if (first < count)
                weigh_block(w, &w->of_thread[t], first, count - first < BLOCK ? count - first : BLOCK);
        }
    }
    hf_progress(w->fleet->context, "weighing", count, count);
    for (int64_t i = 0; i < (int64_t)count * (w->out->bands + 1) * (w->out->bands + 1); i++)
        w->out->moved_arr[i] /= 100;
done:
    return status;
}

hf_status hf_whatif_weigh(hf_weighed *out, const hf_whatif_fleet *fleet, const hf_weightings *weightings,
                          hf_whatif_histograms pooled, hf_error *error)
{
    hf_status status;
    hf_weighed made = {.context = fleet->context};
    weighing w = {.fleet = fleet,
                  .weightings = weightings,
                  .kernels = hf_kernels_for(hf_context_isa(fleet->context)),
                  .out = &made,
                  .pooled = pooled};
    if (weightings->definition != fleet->definition)
        return hf_fail(error, HF_ERROR_USAGE, "the weightings are of another definition than the fleet");
    HF_TRY(done, make_out(&made, fleet, weightings->count, error));
    w.of_thread = make_scratch(fleet, hf_context_threads(fleet->context));
    if (!w.of_thread) {
        status = hf_fail_memory(error);
        goto done;
    }
    const int before = hf_blas_begin();
    status = walk_blocks(&w, error);
    hf_blas_end(before);
    if (status != HF_OK) goto done;
    *out = made;
    made = (hf_weighed){.context = fleet->context};
done:
    free_scratch(fleet->context, w.of_thread, hf_context_threads(fleet->context));
    hf_weighed_free(&made);
    return status;
}

void hf_weighed_free(hf_weighed *weighed)
{
    void *const owned[] = {weighed->moved,   weighed->moved_arr, weighed->auc,       weighed->auc_error,
                           weighed->overlap, weighed->caught,    weighed->caught_arr};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        hf_delete(weighed->context, owned[i]);
    *weighed = (hf_weighed){0};
}
