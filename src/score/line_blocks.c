// SPDX-License-Identifier: Apache-2.0
//
// Blocks of lines on all threads: each block is formatted by whichever thread is free and written in its
// turn, so that the bytes do not depend on the threads, and writing goes on beside formatting. A line that
// two files take is formatted once.
#include "score/line_blocks.h"

#include <omp.h>
#include <string.h>

enum {
    BLOCK_LINES = 512,
    BATCH = 64, // blocks between two questions whether to stop
};

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

// Blocks first to last: whoever is free formats the next one, and writes it when its turn has come, while the
// others format on.
static hf_status write_blocks(const hf_line_job *job, int64_t first, int64_t last, hf_text *texts,
                              hf_output *output, hf_output *second, int threads, hf_error *error)
{
    hf_status status = HF_OK;
#pragma omp parallel for default(none) shared(job, first, last, texts, output, second, error, status) \
    schedule(dynamic) ordered                                                                         \
    num_threads(threads)
    for (int64_t b = first; b < last; b++) {
        hf_text *text = &texts[2 * (ptrdiff_t)omp_get_thread_num()];
        const int64_t begin = b * BLOCK_LINES;
        const int64_t end = job->count - begin < BLOCK_LINES ? job->count : begin + BLOCK_LINES;
        format_block(text, text + 1, job, begin, end);
#pragma omp ordered
        {
            if (status == HF_OK) status = write_text(output, text, error);
            if (status == HF_OK) status = write_text(second, text + 1, error);
        }
    }
    return status;
}

hf_status hf_line_blocks_write(const hf_context *context, const hf_line_job *job, hf_output *output,
                               hf_output *second, hf_error *error)
{
    hf_status status = HF_OK;
    const int threads = hf_context_threads(context);
    const int64_t blocks = (job->count + BLOCK_LINES - 1) / BLOCK_LINES;
    hf_text *texts = hf_new(context, 2 * (size_t)threads, sizeof *texts);
    if (!texts) return hf_fail_memory(error);
    for (int t = 0; t < 2 * threads; t++)
        hf_text_init(&texts[t], context);
    for (int64_t first = 0, last; first < blocks; first = last) {
        last = blocks - first < BATCH ? blocks : first + BATCH;
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done, write_blocks(job, first, last, texts, output, second, threads, error));
        hf_progress(context, "write", last < blocks ? last * BLOCK_LINES : job->count, job->count);
    }
done:
    for (int t = 0; t < 2 * threads; t++)
        hf_text_free(&texts[t]);
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
