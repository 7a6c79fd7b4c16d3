// SPDX-License-Identifier: Apache-2.0
//
// Writes the scores of a fleet with health, in blocks (line_blocks.h): one file in any form, or for a night
// the CSV of all accounts and that of the changed ones, whose lines are formatted once.
#include "score/health_lines.h"
#include "score/line_blocks.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

// ---- which rows ------------------------------------------------------------------------------------------

// Lowest health first, those without one last; ties by id.
static int by_health(const void *a, const void *b, void *user)
{
    const hf_fleet_scores *scores = user;
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    const double p = scores->health->health[x], q = scores->health->health[y];
    if (isnan(p) != isnan(q)) return isnan(p) ? 1 : -1;
    if (p < q || p > q) return p < q ? -1 : 1;
    const hf_frame *frame = hf_health_plan_frame(scores->plan);
    const size_t width = (size_t)frame->id_width;
    const int order = memcmp(frame->ids + (size_t)x * width, frame->ids + (size_t)y * width, width);
    return order ? order : (x > y) - (x < y);
}

static hf_status first_rows(int64_t **out, const hf_context *context, const hf_fleet_scores *scores,
                            int64_t count, hf_error *error)
{
    const int64_t rows = scores->health->rows;
    if (scores->churn) return hf_rows_by_rank(out, context, scores->churn->rank, rows, count, error);
    int64_t *order = hf_new(context, (size_t)rows, sizeof *order);
    if (!order) return hf_fail_memory(error);
    for (int64_t i = 0; i < rows; i++)
        order[i] = i;
    qsort_r(order, (size_t)rows, sizeof *order, by_health, (void *)(uintptr_t)scores);
    *out = order;
    return HF_OK;
}

// ---- one file --------------------------------------------------------------------------------------------

// The widest of every column; a maximum does not depend on who found it.
static void measure(hf_health_lines *lines, const hf_line_job *job)
{
    const int threads = lines->threads;
#pragma omp parallel default(none) shared(lines, job) num_threads(threads)
    {
        hf_health_lines own = *lines;
#pragma omp for schedule(static) nowait
        for (int64_t i = 0; i < job->count; i++)
            hf_health_table_measure(&own, omp_get_thread_num(), job->order ? job->order[i] : i);
#pragma omp critical(hf_health_measure)
        hf_health_table_widen(lines, &own);
    }
}

static hf_status write_header(hf_health_lines *lines, const hf_line_job *job, hf_score_format format,
                              hf_output *output, hf_error *error)
{
    hf_text header;
    hf_status status = HF_OK;
    if (format == HF_FORMAT_JSONL) return HF_OK;
    if (format == HF_FORMAT_TABLE) measure(lines, job);
    hf_text_init(&header, lines->context);
    char *at = hf_text_reserve(&header, lines->limit);
    if (!at) {
        status = hf_fail_memory(error);
        goto done;
    }
    char *end =
        format == HF_FORMAT_TABLE ? hf_health_table_header(at, lines) : hf_health_csv_header(at, lines);
    if (format == HF_FORMAT_CSV) *end++ = '\n';
    status = hf_output_write(output, at, (size_t)(end - at), error);
done:
    hf_text_free(&header);
    return status;
}

static hf_status check(const hf_fleet_scores *scores, hf_error *error)
{
    if (scores->churn && !scores->churn->rank && scores->health->rows > 0)
        return hf_fail(error, HF_ERROR_USAGE, "the scores have no ranks; call hf_scores_rank first");
    return HF_OK;
}

hf_status hf_health_scores_write(const hf_context *context, const hf_fleet_scores *scores, const char *path,
                                 hf_score_format format, int64_t top, bool overwrite, hf_error *error)
{
    hf_output *output = NULL;
    hf_health_lines lines = {0};
    int64_t *order = NULL;
    hf_line_job job = {.user = &lines, .count = scores->health->rows};
    hf_status status = check(scores, error);
    if (status != HF_OK) return status;
    job.line = format == HF_FORMAT_CSV     ? hf_health_csv_line
               : format == HF_FORMAT_JSONL ? hf_health_json_line
                                           : hf_health_table_line;
    HF_TRY(done, hf_health_lines_create(&lines, context, scores, error));
    job.limit = lines.limit;
    if (top > 0) {
        if (top < job.count) job.count = top;
        HF_TRY(done, first_rows(&order, context, scores, job.count, error));
        job.order = order;
    }
    HF_TRY(done, hf_output_open(&output, context, path, overwrite, error));
    HF_TRY(done, write_header(&lines, &job, format, output, error));
    HF_TRY(done, hf_line_blocks_write(context, &job, output, NULL, error));
    status = hf_output_commit(output, error);
    output = NULL;
done:
    hf_output_discard(output);
    hf_delete(context, order);
    hf_health_lines_free(&lines);
    return status;
}

// ---- a night's two files ---------------------------------------------------------------------------------

static const char *const change_names[] = {"", "new", "changed"};

// Lines of accounts that are no more: the id, empty fields, and the word.
static hf_status write_gone(const hf_health_lines *lines, const hf_frame *frame, const int64_t *rows,
                            int64_t count, int32_t fields, hf_output *output, hf_error *error)
{
    hf_status status = HF_OK;
    hf_text text;
    hf_text_init(&text, lines->context);
    for (int64_t i = 0; i < count; i++) {
        size_t length;
        const char *id = hf_frame_id(frame, rows[i], &length);
        char *at = hf_text_reserve(&text, 2 * HF_ID_LIMIT + (size_t)fields + 16);
        if (!at) break;
        char *end = hf_put_csv_text(at, id, length);
        for (int32_t f = 0; f < fields; f++)
            *end++ = ',';
        end = HF_PUT(end, "gone\n");
        text.length += (size_t)(end - at);
        if (text.length < (1u << 16) && i + 1 < count) continue;
        HF_TRY(done, hf_output_write(output, text.data, text.length, error));
        hf_text_clear(&text);
    }
    status = hf_text_status(&text, error);
done:
    hf_text_free(&text);
    return status;
}

// The header in both; returns the number of commas in it.
static hf_status write_headers(int32_t *fields, const hf_health_lines *lines, hf_output *full,
                               hf_output *changed, hf_error *error)
{
    char header[512];
    char *end = hf_health_csv_header(header, lines);
    *fields = 1;
    for (const char *p = header; p < end; p++)
        *fields += *p == ',';
    *end = '\n';
    hf_status status = hf_output_write(full, header, (size_t)(end + 1 - header), error);
    if (status != HF_OK) return status;
    end = HF_PUT(end, ",change\n");
    return hf_output_write(changed, header, (size_t)(end - header), error);
}

hf_status hf_health_scores_publish(const hf_context *context, const hf_fleet_scores *scores,
                                   const hf_fleet_changes *changes, hf_output *full, hf_output *changed,
                                   hf_error *error)
{
    hf_health_lines lines = {0};
    int32_t fields = 0;
    hf_line_job job = {.line = hf_health_csv_line,
                       .user = &lines,
                       .count = scores->health->rows,
                       .mark = changes->mark,
                       .field = change_names};
    hf_status status = check(scores, error);
    if (status != HF_OK) return status;
    HF_TRY(done, hf_health_lines_create(&lines, context, scores, error));
    job.limit = lines.limit;
    HF_TRY(done, write_headers(&fields, &lines, full, changed, error));
    HF_TRY(done, hf_line_blocks_write(context, &job, full, changed, error));
    HF_TRY(done,
           write_gone(&lines, changes->last, changes->gone, changes->gone_count, fields, changed, error));
    HF_TRY(done, write_gone(&lines, changes->revised, changes->revised_gone, changes->revised_gone_count,
                            fields, changed, error));
done:
    hf_health_lines_free(&lines);
    return status;
}
