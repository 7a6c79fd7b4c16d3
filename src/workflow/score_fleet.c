// SPDX-License-Identifier: Apache-2.0
//
// The score verb: a model, a definition or both; a file or a snapshot; one output file. A definition scores a
// snapshot with the nights before it, a file as a first night.
#include "churn/churn_room.h"
#include "holdfast/workflow.h"
#include "workflow/definition_reading.h"
#include "workflow/fleet_scores.h"
#include "workflow/model_reading.h"
#include "workflow/small_base.h"
#include "workflow/today.h"

#include <string.h>

// Which snapshot was taken is told where the job left it open: the newest is not always the one that was
// meant.
static void tell_snapshot(const hf_context *context, const hf_score_job *job, const hf_snapshot_info *info)
{
    char date[11], today[11];
    hf_date_format(info->as_of, date);
    hf_date_format(hf_today(), today);
    hf_log(context, job->as_of == HF_DATE_MISSING ? HF_LOG_NOTICE : HF_LOG_INFO,
           "scoring the snapshot of %s, revision %d", date, (int)info->revision);
    if (job->as_of == HF_DATE_MISSING && info->as_of > hf_today())
        hf_warn(context,
                "the newest snapshot is as of %s, and today is %s at the latest; name the right one with "
                "--as-of DATE, and take %s out of the store if its date is a slip",
                date, today, info->path);
}

static hf_status read_snapshot(hf_frame **out, const hf_context *context, const hf_score_job *job,
                               hf_error *error)
{
    hf_store *store;
    hf_snapshot_info info;
    hf_status status = hf_store_open(&store, context, job->store, HF_STORE_READ, error);
    if (status != HF_OK) return status;
    status = hf_store_read(out, &info, store, job->as_of, error);
    if (status == HF_OK) tell_snapshot(context, job, &info);
    hf_store_close(store);
    return status;
}

// ---- health, with or without churn -----------------------------------------------------------------------

static hf_status read_for_definition(hf_frame **out, const hf_context *context, const hf_score_job *job,
                                     const hf_definition *definition, const hf_model *model, hf_error *error)
{
    hf_definition_reading reading = {0};
    hf_csv_report report = {0};
    hf_status status;
    if (job->as_of == HF_DATE_MISSING)
        return hf_fail(error, HF_ERROR_USAGE,
                       "%s: as of when? A definition needs the date; pass --as-of DATE", job->file);
    HF_TRY(done, hf_definition_reading_create(&reading, context, definition, model, &job->csv, error));
    HF_TRY(done, hf_csv_read(out, &report, context, job->file, &reading.csv, error));
    (*out)->as_of = job->as_of;
done:
    hf_csv_report_free(context, &report);
    hf_definition_reading_free(context, &reading);
    return status;
}

static hf_status score_health(const hf_context *context, const hf_score_job *job, const hf_model *model,
                              hf_error *error)
{
    hf_definition *definition = NULL;
    hf_store *store = NULL;
    hf_frame *frame = NULL;
    hf_health_night *night = NULL;
    const hf_plan **plans = NULL;
    hf_fleet_scores scores;
    hf_health_night_options options = HF_HEALTH_NIGHT_OPTIONS_INIT;
    options.as_of = job->as_of;
    options.allow_missing = job->allow_missing;
    hf_status status;
    HF_TRY(done, hf_definition_load(&definition, context, job->definition, error));
    if (job->file)
        HF_TRY(done, read_for_definition(&frame, context, job, definition, model, error));
    else
        HF_TRY(done, hf_store_open(&store, context, job->store, HF_STORE_READ, error));
    HF_TRY(done, hf_health_night_create(&night, context, definition, store, frame, model, &options, error));
    if (store) tell_snapshot(context, job, &night->info);
    HF_TRY(done, hf_night_fleet_scores(&scores, &plans, night, error));
    HF_TRY(done, hf_health_scores_write(context, &scores, job->output, job->format, job->top, job->overwrite,
                                        error));
done:
    hf_delete(context, plans);
    hf_health_night_destroy(night);
    hf_frame_destroy(frame);
    hf_store_close(store);
    hf_definition_destroy(definition);
    return status;
}

// ---- churn alone -------------------------------------------------------------------------------------------

static hf_status score_churn(const hf_context *context, const hf_score_job *job, const hf_model *model,
                             hf_error *error)
{
    hf_frame *frame = NULL;
    hf_plan *plan = NULL;
    hf_scores scores = {0};
    hf_csv_report report = {0};
    hf_plan_options options = HF_PLAN_OPTIONS_INIT;
    options.allow_missing = job->allow_missing;
    options.refuse_unlike = !job->allow_missing;
    hf_status status;
    if (job->file)
        HF_TRY(done, hf_model_read_table(&frame, &report, context, model, job->file, &job->csv, error));
    else
        HF_TRY(done, read_snapshot(&frame, context, job, error));
    HF_TRY(done, hf_plan_create(&plan, context, model, frame, &options, error));
    HF_TRY(done, hf_score_fleet(&scores, context, plan, true, error));
    HF_TRY(done, hf_scores_rank(&scores, context, plan, error));
    scores.as_of = report.as_of;
    HF_TRY(done, hf_scores_write(context, plan, &scores, job->output, job->format, job->top, job->overwrite,
                                 error));
done:
    hf_scores_free(context, &scores);
    hf_csv_report_free(context, &report);
    hf_plan_destroy(plan);
    hf_frame_destroy(frame);
    return status;
}

hf_status hf_workflow_score(const hf_context *context, const hf_score_job *job, hf_error *error)
{
    hf_model *model = NULL;
    hf_status status = HF_OK;
    if (!job->model && !job->definition)
        return hf_fail(
            error, HF_ERROR_USAGE,
            "score by what? Name a model with --model FILE, a definition with --definition FILE, or "
            "both");
    if (!job->file == !job->store)
        return hf_fail(error, HF_ERROR_USAGE, "score one file or one snapshot; name FILE or --store DIR");
    if (job->model) HF_TRY(done, hf_model_load(&model, context, job->model, error));
    hf_small_base_warn(context, model);
    status =
        job->definition ? score_health(context, job, model, error) : score_churn(context, job, model, error);
done:
    hf_model_destroy(model);
    return status;
}
