// SPDX-License-Identifier: Apache-2.0
//
// Writes scores: blocks of rows are formatted side by side into buffers and written in order, so that memory
// stays the same for any fleet. A table is walked twice, first for its widths.
#include "score/score_lines.h"

#include <omp.h>
#include <string.h>

enum { BLOCK_ROWS = 1024, BLOCKS_A_THREAD = 2 };

typedef struct {
    hf_score_lines lines;
    const int64_t *order; // owned: the rows to write; NULL: all, as they come
    int64_t count;
    hf_text *blocks; // owned
    int32_t block_count;
    char *(*line)(char *out, const hf_score_lines *lines, int64_t row);
} score_writer;

static int64_t row_at(const score_writer *w, int64_t i)
{
    return w->order ? w->order[i] : i;
}

// The first `top` rows by rank, in that order.
static hf_status choose_rows(score_writer *w, const hf_context *context, int64_t top, hf_error *error)
{
    const hf_scores *scores = w->lines.scores;
    w->count = scores->rows;
    if (top <= 0) return HF_OK;
    if (top < w->count) w->count = top;
    int64_t *order = hf_new(context, (size_t)w->count, sizeof *order);
    if (!order) return hf_fail_memory(error);
    for (int64_t row = 0; row < scores->rows; row++)
        if (scores->rank[row] <= w->count) order[scores->rank[row] - 1] = row;
    w->order = order;
    return HF_OK;
}

static hf_status prepare(score_writer *w, const hf_context *context, int64_t top, hf_error *error)
{
    const hf_plan *plan = w->lines.plan;
    hf_status status = choose_rows(w, context, top, error);
    if (status != HF_OK) return status;
    w->lines.phrases = hf_new(context, (size_t)plan->count, sizeof *w->lines.phrases);
    w->blocks = hf_new(context, (size_t)w->block_count, sizeof *w->blocks);
    if (!w->lines.phrases || !w->blocks) return hf_fail_memory(error);
    for (int32_t t = 0; t < plan->count; t++)
        hf_phrase_shape(&w->lines.phrases[t], &plan->model->terms[t]);
    for (int32_t b = 0; b < w->block_count; b++)
        hf_text_init(&w->blocks[b], context);
    return HF_OK;
}

static void release(score_writer *w, const hf_context *context)
{
    for (int32_t b = 0; w->blocks && b < w->block_count; b++)
        hf_text_free(&w->blocks[b]);
    hf_delete(context, w->blocks);
    hf_delete(context, w->lines.phrases);
    hf_delete(context, (void *)w->order);
}

// Room for a line. The context's allocator may not stand two calls at a time.
static char *room(hf_text *text)
{
    char *at = NULL;
    if (!text->failed && text->capacity - text->length > HF_LINE_LIMIT) return text->data + text->length;
#pragma omp critical(hf_scores_write)
    at = hf_text_reserve(text, HF_LINE_LIMIT);
    return at;
}

static void format_block(hf_text *text, const score_writer *w, int64_t begin, int64_t end)
{
    hf_text_clear(text);
    for (int64_t i = begin; i < end; i++) {
        char *at = room(text);
        if (!at) return;
        text->length += (size_t)(w->line(at, &w->lines, row_at(w, i)) - at);
    }
}

static hf_status write_rows(score_writer *w, const hf_context *context, hf_output *output, hf_error *error)
{
    hf_status status = HF_OK;
    const int threads = hf_context_threads(context);
    const int64_t blocks = (w->count + BLOCK_ROWS - 1) / BLOCK_ROWS;
    for (int64_t first = 0; first < blocks; first += w->block_count) {
        const int64_t here = blocks - first < w->block_count ? blocks - first : w->block_count;
        HF_TRY(done, hf_check_cancel(context, error));
#pragma omp parallel for default(none) shared(w, first, here) schedule(dynamic) num_threads(threads)
        for (int64_t b = 0; b < here; b++) {
            const int64_t begin = (first + b) * BLOCK_ROWS;
            const int64_t end = w->count - begin < BLOCK_ROWS ? w->count : begin + BLOCK_ROWS;
            format_block(&w->blocks[b], w, begin, end);
        }
        for (int64_t b = 0; b < here; b++) {
            HF_TRY(done, hf_text_status(&w->blocks[b], error));
            HF_TRY(done, hf_output_write(output, w->blocks[b].data, w->blocks[b].length, error));
        }
        hf_progress(context, "write",
                    (first + here) * BLOCK_ROWS < w->count ? (first + here) * BLOCK_ROWS : w->count,
                    w->count);
    }
done:
    return status;
}

// The widest of every column; a maximum does not depend on who found it.
static void measure(score_writer *w, int threads)
{
#pragma omp parallel default(none) shared(w) num_threads(threads)
    {
        hf_score_lines own = w->lines;
#pragma omp for schedule(static) nowait
        for (int64_t i = 0; i < w->count; i++)
            hf_score_table_measure(&own, row_at(w, i));
#pragma omp critical(hf_scores_measure)
        hf_score_table_widen(&w->lines, &own);
    }
}

static hf_status write_header(score_writer *w, hf_score_format format, int threads, hf_output *output,
                              hf_error *error)
{
    static const char csv[] = "account_id,churn_probability,rank,reason_1,reason_2,reason_3\n";
    if (format == HF_FORMAT_JSONL) return HF_OK;
    if (format == HF_FORMAT_CSV) return hf_output_write(output, csv, sizeof csv - 1, error);
    measure(w, threads);
    char header[2 * HF_ID_LIMIT + 256];
    char *end = hf_score_table_header(header, &w->lines);
    return hf_output_write(output, header, (size_t)(end - header), error);
}

hf_status hf_scores_write(const hf_context *context, const hf_plan *plan, const hf_scores *scores,
                          const char *path, hf_score_format format, int64_t top, bool overwrite,
                          hf_error *error)
{
    hf_status status = HF_OK;
    hf_output *output = NULL;
    score_writer w = {.lines = {.plan = plan, .scores = scores},
                      .block_count = BLOCKS_A_THREAD * hf_context_threads(context)};
    w.line = format == HF_FORMAT_CSV     ? hf_score_csv_line
             : format == HF_FORMAT_JSONL ? hf_score_json_line
                                         : hf_score_table_line;
    if (!scores->rank && scores->rows > 0)
        return hf_fail(error, HF_ERROR_USAGE, "the scores have no ranks; call hf_scores_rank first");
    HF_TRY(done, prepare(&w, context, top, error));
    HF_TRY(done, hf_output_open(&output, context, path, overwrite, error));
    HF_TRY(done, write_header(&w, format, hf_context_threads(context), output, error));
    HF_TRY(done, write_rows(&w, context, output, error));
    status = hf_output_commit(output, error);
    output = NULL;
done:
    hf_output_discard(output);
    release(&w, context);
    return status;
}
