// SPDX-License-Identifier: Apache-2.0
//
// Weighs a fleet: blocks of weightings in parallel, each block on its own through all patterns and chunks.
// A product gives the health of a chunk's accounts under the block's weightings, which fold.c counts. Blocks
// share nothing, so the result does not depend on threads.
#include "linalg/linalg_room.h"
#include "whatif/fold.h"

#include <math.h>
#include <string.h>

// Weightings under which other measures count in a worst or best group: their health one account at a time.
static void weigh_apart(hf_fold *f, int64_t first, int32_t n)
{
    for (int32_t k = 0; k < f->count; k++) {
        if (!f->of.apart[k]) continue;
        for (int32_t i = 0; i < n; i++)
            f->health[(ptrdiff_t)k * n + i] = (float)hf_pattern_exact(f->fleet, f->pattern, &f->weights,
                                                                      &f->of, k, f->fleet->row[first + i]);
    }
}

static void weigh_pattern(hf_fold *f, const hf_pattern *p)
{
    const hf_whatif_fleet *fleet = f->fleet;
    const hf_whatif_run *run = fleet->runs + p->first_run;
    f->pattern = p;
    f->near = hf_whatif_near(p->columns);
    hf_pattern_weigh(&f->of, fleet, p, &f->weights);
    for (int64_t at = 0; at < p->rows; at += HF_CHUNK_ROWS) {
        const int32_t n = p->rows - at < HF_CHUNK_ROWS ? (int32_t)(p->rows - at) : HF_CHUNK_ROWS;
        hf_product(f->health, f->of.row, fleet->scores + p->first_score + at * (p->columns + 1), HF_LANES,
                   p->columns + 1, n);
        if (f->of.any_apart) weigh_apart(f, p->first + at, n);
        f->stride = n;
        for (int32_t done = 0; done < n; done += run->count, run++)
            hf_fold_run(f, run, p->first + at + done, done);
    }
}

// The histograms of one lane over all classes, by bin.
typedef struct {
    uint32_t with[HF_WHATIF_BINS], without[HF_WHATIF_BINS], unlabelled[HF_WHATIF_BINS],
        listed[HF_WHATIF_BINS];
    double event_arr[HF_WHATIF_BINS]; // in cents
} lane_bins;

static void sum_classes(lane_bins *to, const hf_fold *f, int32_t k)
{
    const hf_whatif_fleet *fleet = f->fleet;
    memset(to, 0, sizeof *to);
    for (int32_t c = 0; c < fleet->class_count; c++) {
        const hf_run_class class = fleet->classes[c];
        const uint32_t *counts = hf_fold_counts(f, c, k);
        const int32_t *bin = fleet->edges[class.edges].base_of;
        uint32_t *by_label = class.label == 1 ? to->with : class.label == 0 ? to->without : to->unlabelled;
        for (int32_t at = 0; at < fleet->places; at++) {
            by_label[bin[at]] += counts[at];
            if (class.on_list) to->listed[bin[at]] += counts[at];
        }
    }
    for (int32_t e = 0; f->event_arr && e < fleet->edges_count; e++)
        for (int32_t at = 0; at < fleet->places; at++)
            to->event_arr[fleet->edges[e].base_of[at]] += hf_fold_event_arr(f, e, k)[at];
}

// The accounts with the lowest health, as many as the list holds; what is in the bin where it ends counts in
// part.
static void read_list(hf_weighed *out, const hf_fold *f, const lane_bins *of, int32_t weighting)
{
    double left = (double)f->fleet->night.capacity, overlap = 0, caught = 0, arr = 0;
    for (int32_t b = 0; b < HF_WHATIF_BINS && left > 0; b++) {
        const double all = (double)of->with[b] + of->without[b] + of->unlabelled[b];
        if (!(all > 0)) continue;
        const double part = fmin(1.0, left / all);
        overlap += part * of->listed[b];
        caught += part * of->with[b];
        arr += part * of->event_arr[b];
        left -= part * all;
    }
    out->overlap[weighting] = overlap;
    out->caught[weighting] = f->fleet->night.label ? caught : NAN;
    out->caught_arr[weighting] = f->event_arr ? arr / 100 : NAN;
}

static void read_counts(hf_weighed *out, uint32_t *pooled, const hf_fold *f, int32_t k, int32_t weighting)
{
    lane_bins of;
    sum_classes(&of, f, k);
    out->auc[weighting] = hf_histogram_auc(&out->auc_error[weighting], of.without, of.with);
    if (f->fleet->night.capacity > 0) read_list(out, f, &of, weighting);
    if (!pooled) return;
    uint32_t *to = pooled + (ptrdiff_t)weighting * 2 * HF_WHATIF_BINS;
    for (int32_t b = 0; b < HF_WHATIF_BINS; b++) {
        to[b] += of.without[b];
        to[HF_WHATIF_BINS + b] += of.with[b];
    }
}

static void weigh_block(hf_weighed *out, uint32_t *pooled, hf_fold *f, const hf_weightings *weightings,
                        int32_t begin, int32_t count)
{
    f->count = count;
    hf_weights_fill(&f->weights, weightings, begin, count);
    hf_fold_clear(f);
    for (int32_t p = 0; p < f->fleet->pattern_count; p++)
        weigh_pattern(f, &f->fleet->patterns[p]);
    hf_fold_moves(out, f, begin);
    for (int32_t k = 0; (f->fleet->night.label || f->fleet->night.capacity > 0) && k < count; k++)
        read_counts(out, pooled, f, k, begin + k);
}

// ---- memory --------------------------------------------------------------------------------------------------------

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

static hf_status walk_blocks(hf_weighed *out, uint32_t *pooled, hf_fold *folds,
                             const hf_weightings *weightings, int threads, hf_error *error)
{
    const hf_context *context = weightings->context;
    const int32_t count = weightings->count;
    hf_status status = HF_OK;
    for (int32_t begin = 0; begin < count; begin += threads * HF_LANES) {
        HF_TRY(done, hf_check_cancel(context, error));
        hf_progress(context, "weighing", begin, count);
#pragma omp parallel for default(none) shared(out, pooled, folds, weightings, begin, count, threads) \
    schedule(static, 1) num_threads(threads)
        for (int t = 0; t < threads; t++) {
            const int32_t first = begin + t * HF_LANES;
            if (first < count)
                weigh_block(out, pooled, &folds[t], weightings, first,
                            count - first < HF_LANES ? count - first : HF_LANES);
        }
    }
    hf_progress(context, "weighing", count, count);
done:
    return status;
}

static void free_folds(const hf_context *context, hf_fold *folds, int threads)
{
    for (int t = 0; folds && t < threads; t++)
        hf_fold_free(context, &folds[t]);
    hf_delete(context, folds);
}

hf_status hf_whatif_weigh(hf_weighed *out, const hf_whatif_fleet *fleet, const hf_weightings *weightings,
                          hf_whatif_histograms pooled, hf_error *error)
{
    const int threads = hf_context_threads(fleet->context);
    hf_status status;
    hf_weighed made = {.context = fleet->context};
    hf_fold *folds = NULL;
    if (weightings->definition != fleet->definition)
        return hf_fail(error, HF_ERROR_USAGE, "the weightings are of another definition than the fleet");
    HF_TRY(done, make_out(&made, fleet, weightings->count, error));
    folds = hf_new(fleet->context, (size_t)threads, sizeof *folds);
    if (!folds) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int t = 0; t < threads; t++)
        HF_TRY(done, hf_fold_create(&folds[t], fleet, error));
    const int before = hf_blas_begin();
    status = walk_blocks(&made, pooled, folds, weightings, threads, error);
    hf_blas_end(before);
    if (status != HF_OK) goto done;
    *out = made;
    made = (hf_weighed){.context = fleet->context};
done:
    free_folds(fleet->context, folds, threads);
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
