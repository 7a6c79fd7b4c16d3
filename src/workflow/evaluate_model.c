// SPDX-License-Identifier: Apache-2.0
//
// A model, or two, on one labelled table: score the labelled rows with the very plan that serves, then judge.
#include "workflow/evaluate_model.h"

#include "holdfast/score.h"
#include "workflow/labelled.h"
#include "workflow/model_reading.h"
#include "workflow/small_base.h"
#include "workflow/training_window.h"

#include <string.h>
#include <strings.h>

hf_status hf_predict(double *out, const hf_context *context, const hf_model *model, const hf_frame *frame,
                     bool allow_missing, hf_error *error)
{
    hf_plan *plan = NULL;
    hf_scores scores = {0};
    hf_plan_options options = HF_PLAN_OPTIONS_INIT;
    options.allow_missing = allow_missing;
    hf_status status;
    HF_TRY(done, hf_plan_create(&plan, context, model, frame, &options, error));
    HF_TRY(done, hf_score_fleet(&scores, context, plan, false, error));
    memcpy(out, scores.probability, (size_t)scores.rows * sizeof *out);
done:
    hf_scores_free(context, &scores);
    hf_plan_destroy(plan);
    return status;
}

hf_status hf_rivals_load(hf_rivals *out, const hf_context *context, const hf_evaluate_job *job,
                         hf_error *error)
{
    const char *const path[2] = {job->model, job->against};
    hf_rivals made = {.count = job->against ? 2 : 1};
    hf_status status = HF_OK;
    for (int m = 0; m < made.count; m++) {
        HF_TRY(done, hf_model_load(&made.model[m], context, path[m], error));
        hf_small_base_warn(context, made.model[m]);
        made.window[m] = hf_training_window_of(made.model[m]);
    }
    *out = made;
    made = (hf_rivals){0};
done:
    hf_rivals_free(&made);
    return status;
}

void hf_rivals_free(hf_rivals *rivals)
{
    for (int m = 0; m < 2; m++)
        hf_model_destroy(rivals->model[m]);
    *rivals = (hf_rivals){0};
}

hf_status hf_check_judging(const hf_evaluate_job *job, hf_error *error)
{
    if (job->capacity_count < 0 || job->capacity_count > 8)
        return hf_fail(error, HF_ERROR_USAGE, "%d capacities are given; --capacity takes 8 at most",
                       (int)job->capacity_count);
    for (int32_t k = 0; k < job->capacity_count; k++)
        if (job->capacity[k] < 1)
            return hf_fail(error, HF_ERROR_USAGE, "--capacity is %lld; it takes 1 account or more",
                           (long long)job->capacity[k]);
    return HF_OK;
}

// A model does best on the rows it has seen, and says nothing by it of others.
static hf_status warn_of_own_rows(const hf_context *context, const hf_evaluate_job *job,
                                  const hf_labelled *table, const hf_rivals *rivals, hf_error *error)
{
    const char *const path[2] = {job->model, job->against};
    char now[33];
    hf_status status = hf_frame_fingerprint(now, table->frame, error);
    for (int m = 0; status == HF_OK && m < rivals->count; m++) {
        const json_t *training = json_object_get(rivals->model[m]->record, "training");
        const char *then = json_string_value(json_object_get(training, "fingerprint"));
        if (then && strcmp(now, then) == 0)
            hf_warn(
                context,
                "%s holds the very rows that %s was trained on, so the figures are too good; evaluate it on "
                "later rows, or without --model in folds",
                job->file, path[m]);
    }
    return status;
}

// A target as its column, its value cut off, and whether the value says that it did not happen.
static int says_no(const char *target, size_t *name)
{
    static const char *const no[] = {"0", "no", "false"};
    const char *equals = strrchr(target, '=');
    *name = equals ? (size_t)(equals - target) : strlen(target);
    for (size_t i = 0; equals && i < sizeof no / sizeof no[0]; i++)
        if (strcasecmp(equals + 1, no[i]) == 0) return 1;
    return 0;
}

// A model of what happened judged by what did not looks worse than chance. Only what is plainly the opposite
// is told: another table may name the same outcome otherwise.
static void warn_of_other_target(const hf_context *context, const hf_evaluate_job *job,
                                 const hf_rivals *rivals)
{
    size_t name, other;
    for (int m = 0; m < rivals->count; m++) {
        const json_t *training = json_object_get(rivals->model[m]->record, "training");
        const char *target = json_string_value(json_object_get(training, "target"));
        if (!target) continue;
        const int was = says_no(target, &name), is = says_no(job->target, &other);
        if (name == other && strncmp(target, job->target, name) == 0 && was != is)
            hf_warn(context,
                    "%s was trained for %s and is held to %s, the opposite: its probabilities are of "
                    "something else",
                    rivals->model[m]->path, target, job->target);
    }
}

// How a table is read for both models: as each remembers its columns, the first one's id column before the
// second's.
typedef struct {
    hf_model_reading first, second;
    const hf_csv_options *csv;
} rivals_reading;

static hf_status reading_create(rivals_reading *out, const hf_context *context, const hf_rivals *rivals,
                                const hf_csv_options *csv, hf_error *error)
{
    hf_status status = hf_model_reading_create(&out->first, context, rivals->model[0], csv, error);
    out->csv = &out->first.csv;
    if (status != HF_OK || rivals->count < 2) return status;
    status = hf_model_reading_create(&out->second, context, rivals->model[1], &out->first.csv, error);
    out->csv = &out->second.csv;
    return status;
}

static hf_status judge_table(hf_text *text, const hf_context *context, const hf_evaluate_job *job,
                             const hf_labelled *table, const hf_rivals *rivals, hf_error *error)
{
    hf_frame *frame = NULL;
    hf_judged judged = {0};
    hf_status status;
    HF_TRY(done, hf_judged_create(&judged, context, table->frame, table->rows, table->count, table->label,
                                  table->cluster, table->report.as_of, job, error));
    HF_TRY(done, hf_frame_select(&frame, table->frame, table->rows, table->count, error));
    HF_TRY(done, hf_predict(judged.probability, context, rivals->model[0], frame, job->allow_missing, error));
    if (judged.against)
        HF_TRY(done, hf_predict(judged.against, context, rivals->model[1], frame, job->allow_missing, error));
    HF_TRY(done, hf_judged_report(text, &judged, job, NULL, rivals->window, error));
done:
    hf_frame_destroy(frame);
    hf_judged_free(&judged);
    return status;
}

hf_status hf_evaluate_model_on_table(hf_text *text, const hf_context *context, const hf_evaluate_job *job,
                                     hf_error *error)
{
    hf_rivals rivals = {0};
    rivals_reading reading = {0};
    hf_labelled table = {0};
    hf_status status;
    HF_TRY(done, hf_check_judging(job, error));
    HF_TRY(done, hf_rivals_load(&rivals, context, job, error));
    HF_TRY(done, reading_create(&reading, context, &rivals, &job->csv, error));
    HF_TRY(done, hf_labelled_read(&table, context, job->file, reading.csv, job->target, error));
    if (table.count == 0) {
        status = hf_fail_at(error, HF_ERROR_TOO_LITTLE, job->file, 0, 0,
                            "no row has a value of the target '%s'", job->target);
        goto done;
    }
    warn_of_other_target(context, job, &rivals);
    HF_TRY(done, warn_of_own_rows(context, job, &table, &rivals, error));
    HF_TRY(done, judge_table(text, context, job, &table, &rivals, error));
done:
    hf_labelled_free(&table);
    hf_model_reading_free(context, &reading.second);
    hf_model_reading_free(context, &reading.first);
    hf_rivals_free(&rivals);
    return status;
}
