// SPDX-License-Identifier: Apache-2.0
//
// Scores a fleet for a scenario: a file or a snapshot, by a definition, a model or both. Both sides go
// through here, so that equal frames give equal bytes.
#include "workflow/scenario_sides.h"

#include "workflow/definition_reading.h"
#include "workflow/night_history.h"
#include "workflow/night_models.h"
#include "workflow/small_base.h"

#include <math.h>
#include <string.h>

static const char ARR[] = "arr"; // the column looked for where nobody names one

// ---- the ground ------------------------------------------------------------------------------------------

static hf_status check_job(const hf_whatif_scenario_job *job, hf_error *error)
{
    if (!job->model && !job->definition)
        return hf_fail(
            error, HF_ERROR_USAGE,
            "by which score? Name a model with --model MODEL, a definition with --definition FILE, "
            "or both");
    if (!job->file == !job->store)
        return hf_fail(error, HF_ERROR_USAGE, "of one file or one snapshot; name FILE or --store DIR");
    if (job->file && job->definition && job->as_of == HF_DATE_MISSING)
        return hf_fail(error, HF_ERROR_USAGE,
                       "%s: as of when? A definition needs the date; pass --as-of DATE", job->file);
    if (job->name && !job->store)
        return hf_fail(
            error, HF_ERROR_USAGE,
            "--name '%.100s' keeps an experiment in a store; ingest the file and name the store with "
            "--store DIR",
            job->name);
    if (job->edit_count == 0)
        return hf_fail(error, HF_ERROR_USAGE, "no edit; say what changes, as in --set 'tickets_90d *= 0.5'");
    return HF_OK;
}

hf_status hf_scenario_ground_open(hf_scenario_ground *out, const hf_context *context,
                                  const hf_whatif_scenario_job *job, hf_error *error)
{
    hf_scenario_ground made = {.job = job};
    hf_status status;
    HF_TRY(done, check_job(job, error));
    HF_TRY(done, hf_context_quiet(&made.quiet, context, error));
    if (job->model) HF_TRY(done, hf_model_load(&made.model, context, job->model, error));
    hf_small_base_warn(context, made.model);
    if (job->definition) HF_TRY(done, hf_definition_load(&made.definition, context, job->definition, error));
    if (job->store) HF_TRY(done, hf_store_open(&made.store, context, job->store, HF_STORE_READ, error));
    *out = made;
    made = (hf_scenario_ground){0};
done:
    hf_scenario_ground_close(&made);
    return status;
}

void hf_scenario_ground_close(hf_scenario_ground *ground)
{
    hf_store_close(ground->store);
    hf_definition_destroy(ground->definition);
    hf_model_destroy(ground->model);
    hf_context_destroy(ground->quiet);
}

// ---- the frame -------------------------------------------------------------------------------------------

static hf_status read_file(hf_frame **out, const hf_context *context, const hf_scenario_ground *ground,
                           hf_error *error)
{
    const hf_whatif_scenario_job *job = ground->job;
    hf_definition_reading reading = {0};
    hf_csv_report report = {0};
    hf_status status;
    if (!ground->definition) {
        HF_TRY(done, hf_model_read_table(out, &report, context, ground->model, job->file, &job->csv, error));
        goto done;
    }
    HF_TRY(done, hf_definition_reading_create(&reading, context, ground->definition, ground->model, &job->csv,
                                              error));
    HF_TRY(done, hf_csv_read(out, &report, context, job->file, &reading.csv, error));
    (*out)->as_of = job->as_of;
done:
    hf_csv_report_free(context, &report);
    hf_definition_reading_free(context, &reading);
    return status;
}

hf_status hf_scenario_read(hf_frame **out, const hf_context *context, hf_scenario_ground *ground,
                           hf_error *error)
{
    const hf_whatif_scenario_job *job = ground->job;
    hf_snapshot_info *info = &ground->info;
    char date[11];
    if (job->file) return read_file(out, context, ground, error);
    hf_status status = hf_store_read(out, info, ground->store, job->as_of, error);
    if (status != HF_OK) return status;
    hf_date_format(info->as_of, date);
    hf_log(context, job->as_of == HF_DATE_MISSING ? HF_LOG_NOTICE : HF_LOG_INFO,
           "the scenario is of the snapshot of %s, revision %d", date, (int)info->revision);
    return HF_OK;
}

// ---- scores ----------------------------------------------------------------------------------------------

// What hf_health_night_create does up to the settling.
static hf_status score_night(hf_health_night *night, const hf_scenario_ground *ground, hf_error *error)
{
    const hf_context *context = night->context;
    hf_health_night_options options = HF_HEALTH_NIGHT_OPTIONS_INIT;
    hf_night_history history = {.context = context, .definition = ground->definition, .store = ground->store};
    hf_frame *overrides = NULL;
    hf_status status;
    options.reasons = false;
    options.allow_missing = ground->job->allow_missing;
    HF_TRY(done, hf_context_quiet(&night->quiet, context, error));
    history.quiet = night->quiet;
    HF_TRY(done, hf_night_history_open(&history, false, error));
    HF_TRY(done, hf_night_derive(night->frame, &history, error));
    HF_TRY(done, hf_night_overrides(&overrides, context, ground->definition, error));
    if (overrides)
        HF_TRY(done, hf_manual_overrides_create(&night->manual, context, overrides, night->frame, error));
    HF_TRY(done, hf_health_plan_create(&night->plan, context, ground->definition, night->frame,
                                       overrides ? &night->manual : NULL, error));
    HF_TRY(done, hf_health_fleet(&night->health, context, night->plan, error));
    HF_TRY(done, hf_night_score_churn(night, ground->model, &options, error));
done:
    hf_night_history_close(&history);
    hf_frame_destroy(overrides);
    return status;
}

static hf_status score_model(hf_scenario_side *side, const hf_scenario_ground *ground, hf_error *error)
{
    // Data unlike training's is refused as it is; that a scenario leads there is told as a caution.
    const bool lenient = ground->job->allow_missing || side->context == ground->quiet;
    const hf_plan_options options = {ground->job->allow_missing, !lenient};
    hf_status status;
    HF_TRY(done, hf_plan_create(&side->plan, side->context, ground->model, side->frame, &options, error));
    HF_TRY(done, hf_score_fleet(&side->scores, side->context, side->plan, false, error));
    HF_TRY(done, hf_scores_rank(&side->scores, side->context, side->plan, error));
    side->churn = &side->scores;
done:
    return status;
}

static hf_status take_arr(hf_scenario_side *side, const hf_scenario_ground *ground, hf_error *error)
{
    const char *named = ground->job->arr;
    if (!named && ground->definition && ground->definition->arr[0] != '\0') named = ground->definition->arr;
    const int32_t at = hf_frame_find(side->frame, named ? named : ARR);
    const hf_column *column = at < 0 ? NULL : &side->frame->columns[at];
    const bool amounts = column && column->kind != HF_KIND_CATEGORY && column->kind != HF_KIND_DATE &&
                         column->kind != HF_KIND_FLAG;
    side->unit = "";
    if (!amounts && named)
        return hf_fail(error, HF_ERROR_DATA,
                       "the ARR is to be in '%s', and %s; name a column of amounts with --arr", named,
                       column ? "that holds no amounts" : "the data has no such column");
    if (!amounts) return HF_OK;
    side->arr = hf_new_raw(side->context, (size_t)side->frame->rows, sizeof *side->arr);
    if (!side->arr) return hf_fail_memory(error);
    for (int64_t i = 0; i < side->frame->rows; i++)
        side->arr[i] = hf_column_number(column, i);
    side->unit = column->unit;
    return HF_OK;
}

hf_status hf_scenario_score(hf_scenario_side *out, const hf_context *context,
                            const hf_scenario_ground *ground, hf_frame *frame, hf_error *error)
{
    hf_scenario_side made = {.context = context, .frame = frame};
    hf_status status = HF_OK;
    if (!ground->definition) {
        HF_TRY(done, score_model(&made, ground, error));
    } else {
        made.night = hf_new(context, 1, sizeof *made.night);
        if (!made.night) {
            status = hf_fail_memory(error);
            goto done;
        }
        made.night->context = context;
        made.night->definition = ground->definition;
        made.night->frame = frame;
        HF_TRY(done, score_night(made.night, ground, error));
        if (made.night->model_count > 0) made.churn = &made.night->churn;
    }
    HF_TRY(done, take_arr(&made, ground, error));
    *out = made;
    if (!ground->definition) out->churn = &out->scores;
    made = (hf_scenario_side){0};
done:
    hf_scenario_side_free(&made);
    return status;
}

void hf_scenario_side_free(hf_scenario_side *side)
{
    if (!side->context) return;
    hf_delete(side->context, side->arr);
    hf_scores_free(side->context, &side->scores);
    hf_plan_destroy(side->plan);
    hf_health_night_destroy(side->night);
    hf_frame_destroy(side->frame);
    *side = (hf_scenario_side){0};
}

bool hf_scenario_plan_of(const hf_plan **plan, const hf_model **model, const hf_scenario_ground *ground,
                         const hf_scenario_side *side, int64_t row)
{
    if (!side->churn) return false;
    const hf_night_model *own = side->night ? hf_health_night_model(side->night, row) : NULL;
    *plan = own ? own->plan : side->plan;
    *model = own ? own->model : ground->model;
    return true;
}
