// SPDX-License-Identifier: Apache-2.0
//
// The fleet pass: every account's probability and its three largest reasons in one walk over tiles of rows on
// all threads. A tile's columns are read where they lie; its sums and keys stay in the first-level cache from
// the first term to the last. Sums are f64. Reasons come from packed f32 keys, and the few rows whose order
// those do not settle are put right from the exact contributions. Tiles are fixed and independent, so the
// bytes do not depend on how many threads there are.
#include "score/plan.h"

#include <omp.h>

enum {
    ROWS = 512,              // a tile here: keys, sums and terms of more rows crowd the cache
    STRIDE = ROWS + 16,      // of the keys, so that a row's three do not share a cache set
    TILES_A_BATCH = 1 << 12, // between two questions whether to stop
};

// Contributions differ from the exact ones by less than this (log-odds).
#define MARGIN 1e-5f

// One thread's scratch.
typedef struct {
    _Alignas(64) uint32_t keys[HF_TOP * STRIDE];
    float term[HF_TILE];
    float scratch[HF_TILE];
    uint8_t unclear[ROWS];
} workspace;

_Static_assert(HF_REASONS == HF_TOP && ROWS <= HF_TILE, "the kernels keep as many as the scores show");

// Orders a row's reasons by exact contribution, largest first, and drops those that do not raise the risk.
static void settle(const hf_plan *plan, int64_t row, int32_t *reason)
{
    double exact[HF_REASONS];
    int32_t kept[HF_REASONS], count = 0;
    for (int j = 0; j < HF_REASONS && reason[j] >= 0; j++) {
        const int32_t term = reason[j];
        const double c = hf_term_contribution(plan->terms[term], row);
        if (!(c > 0)) continue;
        int32_t at = count++;
        for (; at > 0 && (exact[at - 1] < c || (exact[at - 1] == c && kept[at - 1] > term)); at--) {
            exact[at] = exact[at - 1];
            kept[at] = kept[at - 1];
        }
        exact[at] = c;
        kept[at] = term;
    }
    for (int32_t j = 0; j < HF_REASONS; j++)
        reason[j] = j < count ? kept[j] : -1;
}

// Asks for the rows of a column ahead of their use: a tile reads a short piece of each of many columns, too
// short for the processor to see the stream by itself. Each column once, though several terms may read it.
static void fetch(const hf_column *column, int64_t begin, int32_t n)
{
    if (!column) return;
    const size_t size = hf_storage_size(column->storage);
    const char *from = (const char *)column->values + (size_t)begin * size;
    for (size_t at = 0; at < (size_t)n * size; at += 64)
        __builtin_prefetch(from + at, 0, 2);
}

static void score_tile(const hf_plan *plan, const hf_kernels *kernels, workspace *work, const hf_scores *out,
                       int64_t begin, int32_t n)
{
    double *sum = out->probability + begin;
    for (int32_t i = 0; i < n; i++)
        sum[i] = plan->base;
    for (int32_t i = 0; out->reason && i < HF_TOP * STRIDE; i++)
        work->keys[i] = 0;
    const int64_t rest = plan->frame->rows - begin - n;
    const int32_t next = rest < ROWS ? (int32_t)rest : ROWS;
    for (int32_t t = 0; t < plan->count; t++) {
        if (t < plan->need_count) fetch(plan->needs[t].column, begin + n, next);
        hf_term_run(plan->terms[t], kernels, work->term, work->scratch, begin, n);
        if (out->reason) // of equal keys the larger index is kept: that of the earlier term
            kernels->add_top(sum, work->keys, STRIDE, work->term, n, (uint32_t)(plan->count - 1 - t),
                             plan->index_bits);
        else
            kernels->add(sum, work->term, n);
    }
    for (int64_t k = plan->count; k < plan->need_count; k++)
        fetch(plan->needs[k].column, begin + n, next);
    if (plan->model->calibrated) kernels->bend(sum, n, &plan->bend);
    kernels->sigmoid(sum, sum, n);
    if (!out->reason) return;
    int32_t *reason = out->reason + HF_REASONS * begin;
    kernels->reasons(reason, work->unclear, work->keys, STRIDE, n, plan->count - 1, plan->index_bits, MARGIN);
    for (int32_t i = 0; i < n; i++)
        if (work->unclear[i]) settle(plan, begin + i, reason + (ptrdiff_t)HF_REASONS * i);
}

static hf_status pass(const hf_scores *out, const hf_context *context, const hf_plan *plan, workspace *work,
                      int threads, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_kernels *kernels = hf_kernels_for(hf_context_isa(context));
    const int64_t rows = out->rows, tiles = (rows + ROWS - 1) / ROWS;
    for (int64_t first = 0; first < tiles; first += TILES_A_BATCH) {
        const int64_t last = tiles - first < TILES_A_BATCH ? tiles : first + TILES_A_BATCH;
        HF_TRY(done, hf_check_cancel(context, error));
#pragma omp parallel for default(none) shared(plan, kernels, work, out, first, last, rows) schedule(static) \
    num_threads(threads)
        for (int64_t tile = first; tile < last; tile++) {
            const int64_t begin = tile * ROWS;
            const int32_t n = rows - begin < ROWS ? (int32_t)(rows - begin) : ROWS;
            score_tile(plan, kernels, &work[omp_get_thread_num()], out, begin, n);
        }
        hf_progress(context, "score", last * ROWS < rows ? last * ROWS : rows, rows);
    }
done:
    return status;
}

hf_status hf_score_fleet(hf_scores *out, const hf_context *context, const hf_plan *plan, bool with_reasons,
                         hf_error *error)
{
    hf_status status = HF_OK;
    const int threads = hf_context_threads(context);
    const size_t rows = (size_t)plan->frame->rows;
    hf_scores scores = {.rows = plan->frame->rows};
    workspace *work = hf_new(context, (size_t)threads, sizeof *work);
    scores.probability = hf_new_raw(context, rows, sizeof *scores.probability);
    if (with_reasons) scores.reason = hf_new_raw(context, rows, HF_REASONS * sizeof *scores.reason);
    if (!work || !scores.probability || (with_reasons && !scores.reason)) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, pass(&scores, context, plan, work, threads, error));
    *out = scores;
    scores = (hf_scores){0};
done:
    hf_delete(context, work);
    hf_scores_free(context, &scores);
    return status;
}

void hf_scores_free(const hf_context *context, hf_scores *scores)
{
    if (!scores) return;
    hf_delete(context, scores->probability);
    hf_delete(context, scores->rank);
    hf_delete(context, scores->reason);
    *scores = (hf_scores){0};
}
