// SPDX-License-Identifier: Apache-2.0
//
// Writes scores, line by line in blocks (line_blocks.h). A table is walked twice, first for its widths.
#include "score/line_blocks.h"
#include "score/score_lines.h"

#include <string.h>

static char *csv_line(char *out, const void *user, int thread, int64_t row)
{
    (void)thread;
    return hf_score_csv_line(out, user, row);
}

static char *json_line(char *out, const void *user, int thread, int64_t row)
{
    (void)thread;
    return hf_score_json_line(out, user, row);
}

static char *table_line(char *out, const void *user, int thread, int64_t row)
{
    (void)thread;
    return hf_score_table_line(out, user, row);
}

// "churn_probability" is of churn, "upgrade_probability" of an upgrade: letters and digits are kept.
static void name_outcome(char *out, size_t size, const hf_model *model)
{
    const json_t *training = json_object_get(model->record, "training");
    const char *name = json_string_value(json_object_get(training, "outcome"));
    size_t n = 0;
    for (; name && *name != '\0' && n + 1 < size; name++) {
        const bool plain = (*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9');
        const bool capital = *name >= 'A' && *name <= 'Z';
        out[n++] = plain ? *name : capital ? (char)(*name - 'A' + 'a') : '_';
    }
    out[n] = '\0';
    if (n == 0) memcpy(out, "churn", sizeof "churn");
}

static hf_status shape_phrases(hf_score_lines *lines, const hf_context *context, hf_error *error)
{
    const hf_plan *plan = lines->plan;
    lines->phrases = hf_new(context, (size_t)plan->count, sizeof *lines->phrases);
    if (!lines->phrases) return hf_fail_memory(error);
    for (int32_t t = 0; t < plan->count; t++)
        hf_phrase_shape(&lines->phrases[t], &plan->model->terms[t]);
    name_outcome(lines->outcome, sizeof lines->outcome, plan->model);
    return HF_OK;
}

// The widest of every column; a maximum does not depend on who found it.
static void measure(hf_score_lines *lines, const hf_line_job *job, int threads)
{
#pragma omp parallel default(none) shared(lines, job) num_threads(threads)
    {
        hf_score_lines own = *lines;
#pragma omp for schedule(static) nowait
        for (int64_t i = 0; i < job->count; i++)
            hf_score_table_measure(&own, job->order ? job->order[i] : i);
#pragma omp critical(hf_scores_measure)
        hf_score_table_widen(lines, &own);
    }
}

static hf_status write_header(hf_score_lines *lines, const hf_line_job *job, hf_score_format format,
                              int threads, hf_output *output, hf_error *error)
{
    static const char id[] = "account_id,", dates[] = "as_of,";
    if (format == HF_FORMAT_JSONL) return HF_OK;
    if (format == HF_FORMAT_CSV) {
        hf_status status = hf_output_write(output, id, sizeof id - 1, error);
        if (status == HF_OK && lines->scores->as_of)
            status = hf_output_write(output, dates, sizeof dates - 1, error);
        char csv[128];
        const int length =
            snprintf(csv, sizeof csv, "%s_probability,rank,reason_1,reason_2,reason_3\n", lines->outcome);
        return status == HF_OK ? hf_output_write(output, csv, (size_t)length, error) : status;
    }
    measure(lines, job, threads);
    char header[2 * HF_ID_LIMIT + 256];
    char *end = hf_score_table_header(header, lines);
    return hf_output_write(output, header, (size_t)(end - header), error);
}

hf_status hf_scores_write(const hf_context *context, const hf_plan *plan, const hf_scores *scores,
                          const char *path, hf_score_format format, int64_t top, bool overwrite,
                          hf_error *error)
{
    hf_status status = HF_OK;
    hf_output *output = NULL;
    int64_t *order = NULL;
    hf_score_lines lines = {.plan = plan, .scores = scores};
    hf_line_job job = {.user = &lines, .limit = HF_LINE_LIMIT, .count = scores->rows};
    job.line = format == HF_FORMAT_CSV ? csv_line : format == HF_FORMAT_JSONL ? json_line : table_line;
    if (!scores->rank && scores->rows > 0)
        return hf_fail(error, HF_ERROR_USAGE, "the scores have no ranks; call hf_scores_rank first");
    if (top > 0) {
        job.count = top < scores->rows ? top : scores->rows;
        HF_TRY(done, hf_rows_by_rank(&order, context, scores->rank, scores->rows, job.count, error));
        job.order = order;
    }
    HF_TRY(done, shape_phrases(&lines, context, error));
    HF_TRY(done, hf_output_open(&output, context, path, overwrite, error));
    HF_TRY(done, write_header(&lines, &job, format, hf_context_threads(context), output, error));
    HF_TRY(done, hf_line_blocks_write(context, &job, output, NULL, error));
    status = hf_output_commit(output, error);
    output = NULL;
done:
    hf_output_discard(output);
    hf_delete(context, order);
    hf_delete(context, lines.phrases);
    return status;
}
