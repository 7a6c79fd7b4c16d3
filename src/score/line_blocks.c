// SPDX-License-Identifier: Apache-2.0
//
// Blocks of lines on all threads: a batch of blocks is formatted, each by whichever thread is free, and then
// written in order, so that the bytes do not depend on the threads. A line that two files take is formatted
// once.
#include "score/line_blocks.h"

#include <omp.h>
#include <string.h>

enum { BLOCK_LINES = 1024, BLOCKS_A_THREAD = 2 };

// Room for `size` bytes. The context's allocator may not stand two calls at a time.
static char *room(hf_text *text, size_t size)
{
    char *at = NULL;
    if (!text->failed && text->capacity - text->length > size) return text->data + text->length;
#pragma omp critical(hf_line_blocks)
    at = hf_text_reserve(text, size);
    return at;
}

// The line again, with one field more.
static bool format_second(hf_text *text, const char *line, size_t length, const char *field)
{
    const size_t more = strlen(field);
    char *at = room(text, length + more + 2);
    if (!at) return false;
    memcpy(at, line, length - 1);
    at[length - 1] = ',';
    memcpy(at + length, field, more);
    at[length + more] = '\n';
    text->length += length + more + 1;
    return true;
}

static void format_block(hf_text *text, hf_text *second, const hf_line_job *job, int64_t begin, int64_t end)
{
    const int thread = omp_get_thread_num();
    hf_text_clear(text);
    hf_text_clear(second);
    for (int64_t i = begin; i < end; i++) {
        const int64_t row = job->order ? job->order[i] : i;
        char *at = room(text, job->limit);
        if (!at) return;
        const size_t length = (size_t)(job->line(at, job->user, thread, row) - at);
        text->length += length;
        if (job->mark && job->mark[row] != 0 &&
            !format_second(second, at, length, job->field[job->mark[row]]))
            return;
    }
}

static hf_status write_text(hf_output *output, const hf_text *text, hf_error *error)
{
    hf_status status = hf_text_status(text, error);
    return status == HF_OK && text->length > 0 ? hf_output_write(output, text->data, text->length, error)
                                               : status;
}

hf_status hf_line_blocks_write(const hf_context *context, const hf_line_job *job, hf_output *output,
                               hf_output *second, hf_error *error)
{
    hf_status status = HF_OK;
    const int threads = hf_context_threads(context);
    const int64_t blocks = (job->count + BLOCK_LINES - 1) / BLOCK_LINES, batch = BLOCKS_A_THREAD * threads;
    hf_text *texts = hf_new(context, 2 * (size_t)batch, sizeof *texts);
    if (!texts) return hf_fail_memory(error);
    for (int64_t b = 0; b < 2 * batch; b++)
        hf_text_init(&texts[b], context);
    for (int64_t first = 0; first < blocks; first += batch) {
        const int64_t here = blocks - first < batch ? blocks - first : batch;
        HF_TRY(done, hf_check_cancel(context, error));
#pragma omp parallel for default(none) shared(texts, job, first, here) schedule(dynamic) num_threads(threads)
        for (int64_t b = 0; b < here; b++) {
            const int64_t begin = (first + b) * BLOCK_LINES;
            const int64_t end = job->count - begin < BLOCK_LINES ? job->count : begin + BLOCK_LINES;
            format_block(&texts[2 * b], &texts[2 * b + 1], job, begin, end);
        }
        for (int64_t b = 0; b < here; b++) {
            HF_TRY(done, write_text(output, &texts[2 * b], error));
            HF_TRY(done, write_text(second, &texts[2 * b + 1], error));
        }
        const int64_t done_lines = (first + here) * BLOCK_LINES;
        hf_progress(context, "write", done_lines < job->count ? done_lines : job->count, job->count);
    }
done:
    for (int64_t b = 0; b < 2 * batch; b++)
        hf_text_free(&texts[b]);
    hf_delete(context, texts);
    return status;
}

hf_status hf_rows_by_rank(int64_t **out, const hf_context *context, const int32_t *rank, int64_t rows,
                          int64_t count, hf_error *error)
{
    int64_t *order = hf_new(context, (size_t)count, sizeof *order);
    if (!order) return hf_fail_memory(error);
    for (int64_t row = 0; row < rows; row++)
        if (rank[row] <= count) order[rank[row] - 1] = row;
    *out = order;
    return HF_OK;
}
