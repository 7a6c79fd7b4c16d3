// SPDX-License-Identifier: Apache-2.0
//
// The train verb: gather rows with labels, from one table or from a store's history, train, and write the
// model with the record of where it came from. The ledger of what became of every row is printed.
#include "churn/churn_room.h"
#include "holdfast/workflow.h"
#include "report/report_room.h"
#include "workflow/labelled.h"
#include "workflow/leak_copies.h"
#include "workflow/leak_guard.h"
#include "workflow/leak_snapshots.h"
#include "workflow/leak_times.h"
#include "workflow/model_output.h"
#include "workflow/segment_models.h"
#include "workflow/small_base.h"
#include "workflow/store_history.h"
#include "workflow/training_record.h"

#include <math.h>
#include <string.h>

// What training learns from, however it was gathered.
typedef struct {
    const hf_frame *frame;
    const uint8_t *label;
    const int64_t *cluster;
    const int64_t *rows;
    int64_t count;
    const char *id;
    const hf_date *as_of; // one a row of the frame; NULL: no dates
    int32_t gap;          // days between what is trained on and what judges it
    json_t *allowed;      // what the leakage guard was told to let pass; NULL: nothing yet
} training_rows;

static hf_status note_text(hf_model *model, const char *key, const char *text, hf_error *error)
{
    return text ? hf_model_note(model, "training", key, json_string(text), error) : HF_OK;
}

static void summarise(hf_text *text, const hf_model *model, const char *path, const char *card)
{
    char rows[32], events[32];
    hf_text_printf(text, "trained on %s rows with %s events (%.2f %%): %d terms, C %.4g\n",
                   hf_grouped(rows, hf_model_rows(model)), hf_grouped(events, hf_model_events(model)),
                   100.0 * (double)hf_model_events(model) / (double)hf_model_rows(model),
                   (int)hf_model_terms(model), hf_model_c(model));
    const json_t *segment = json_object_get(json_object_get(model->record, "training"), "segment");
    const json_t *shift = json_object_get(segment, "shift");
    if (shift)
        hf_text_printf(
            text,
            "segment '%s' has %s rows with %s events, too few for a model of its own: this is the model "
            "of all rows, its intercept moved by %+.3f\n",
            json_string_value(json_object_get(segment, "name")),
            hf_grouped(rows, (int64_t)json_integer_value(json_object_get(segment, "rows"))),
            hf_grouped(events, (int64_t)json_integer_value(json_object_get(segment, "events"))),
            json_number_value(shift));
    hf_text_printf(text, "model written to %s%s%s\n", path, card[0] != '\0' ? ", its card to " : "", card);
}

static hf_status fit(hf_model **out, const hf_context *context, const hf_train_job *job,
                     const training_rows *data, json_t *ledger, hf_error *error)
{
    hf_model *model = NULL;
    char fingerprint[33];
    hf_train_options options = job->fit;
    options.summary = true;
    options.as_of = data->as_of;
    options.gap = data->gap;
    const hf_leak_watch watch = {data->frame,          data->label, job->file ? job->file : job->store,
                                 job->store != NULL,   true,        job->allow_leak,
                                 job->allow_leak_count};
    const hf_leak_span span = {data->frame, data->label, data->cluster, data->rows, data->count,
                               data->as_of, data->gap,   job->fit.seed, watch.place};
    const char *event = job->outcome ? job->outcome : job->file ? job->target : "churn";
    json_t *allowed = json_incref(data->allowed), *small = NULL;
    hf_status status;
    HF_TRY(done, hf_leak_guard_columns(&allowed, context, &watch, error));
    HF_TRY(done, hf_leak_guard_times(context, &span, error));
    HF_TRY(done,
           hf_small_base_check(&small, context, data->frame, data->label, data->rows, data->count, &options,
                               event, job->allow_small ? HF_SMALL_FORCED : HF_SMALL_REFUSED, error));
    HF_TRY(done, hf_segment_train(&model, context, job, data->frame, data->label, data->cluster, data->rows,
                                  data->count, &options, error));
    HF_TRY(done, hf_frame_fingerprint(fingerprint, data->frame, error));
    HF_TRY(done, hf_model_set_id(model, data->id, error));
    HF_TRY(done, note_text(model, "source", data->frame->source, error));
    HF_TRY(done, note_text(model, "fingerprint", fingerprint, error));
    if (ledger) HF_TRY(done, hf_model_note(model, "training", "ledger", json_incref(ledger), error));
    if (allowed) HF_TRY(done, hf_model_note(model, "training", "allowed_leaks", json_incref(allowed), error));
    if (small) HF_TRY(done, hf_model_note(model, "training", "small", json_incref(small), error));
    *out = model;
    model = NULL;
done:
    json_decref(allowed);
    json_decref(small);
    hf_model_destroy(model);
    return status;
}

static hf_status train_table(hf_text *text, hf_model **out, const hf_context *context,
                             const hf_train_job *job, hf_error *error)
{
    hf_labelled table = {0};
    json_t *ledger = NULL;
    hf_model *model = NULL;
    char all[32], kept[32], events[32];
    hf_csv_options csv = job->csv;
    csv.allow_duplicate_ids = false;
    hf_status status;
    HF_TRY(done, hf_labelled_read(&table, context, job->file, &csv, job->target, error));
    hf_text_printf(text, "%s: %s rows, %s with a target, %s events\n", job->file,
                   hf_grouped(all, table.frame->rows), hf_grouped(kept, table.count),
                   hf_grouped(events, table.events));
    ledger = json_pack("{s:I,s:I,s:I,s:I}", "rows", (json_int_t)table.report.rows_read, "rejected",
                       (json_int_t)table.report.rows_rejected, "kept", (json_int_t)table.count, "events",
                       (json_int_t)table.events);
    HF_TRY(done, hf_group_training(&table.cluster, text, context, table.frame, table.label, job->group,
                                   job->file, job->fit.seed, error));
    training_rows data = {table.frame,        table.label, table.cluster,
                          table.rows,         table.count, csv.id ? csv.id : "",
                          table.report.as_of, 0,           NULL};
    HF_TRY(done, fit(&model, context, job, &data, ledger, error));
    HF_TRY(done, note_text(model, "target", job->target, error));
    *out = model;
    model = NULL;
done:
    hf_model_destroy(model);
    json_decref(ledger);
    hf_labelled_free(&table);
    return status;
}

// ---- history ---------------------------------------------------------------------------------------------

// Adds every field of an object to the record of training.
static hf_status note_all(hf_model *model, const json_t *fields, hf_error *error)
{
    const char *key;
    json_t *value;
    if (!fields) return hf_fail_memory(error);
    json_object_foreach((json_t *)(uintptr_t)fields, key, value)
    {
        const hf_status status = hf_model_note(model, "training", key, json_incref(value), error);
        if (status != HF_OK) return status;
    }
    return HF_OK;
}

static hf_status train_history(hf_text *text, hf_model **out, const hf_context *context,
                               const hf_train_job *job, hf_error *error)
{
    const hf_history_source source = {job->store,
                                      job->outcomes,
                                      job->outcome,
                                      {job->lead, job->horizon, job->known_until},
                                      job->observations};
    hf_store_history history = {.context = context};
    hf_observations observed = {0};
    hf_ledger ledger = {0};
    json_t *ledger_json = NULL, *record = NULL, *allowed = NULL;
    hf_model *model = NULL;
    hf_status status;
    HF_TRY(done, hf_store_history_read(&history, context, &source, error));
    hf_store_history_tell(text, &history, job->known_until != HF_DATE_MISSING);
    HF_TRY(done, hf_store_history_observe(&observed, &ledger, &history, HF_DATE_MISSING, HF_DATE_MISSING,
                                          history.label.known_until, error));
    HF_TRY(done, hf_store_history_warn(&history, &source, &ledger, true, error));
    HF_TRY(done, hf_leak_guard_snapshots(&allowed, context, job->store, &history, job->allow_leak,
                                         job->allow_leak_count, error));
    HF_TRY(done, hf_report_ledger(text, context, &ledger, error));
    ledger_json = hf_ledger_to_json(&ledger);
    if (!ledger_json) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_group_training(&observed.cluster, text, context, observed.frame, observed.label,
                                   job->group, job->store, job->fit.seed, error));
    training_rows data = {observed.frame, observed.label,           observed.cluster,
                          NULL,           observed.frame->rows,     history.frames[0]->id_name,
                          observed.as_of, job->lead + job->horizon, allowed};
    HF_TRY(done, fit(&model, context, job, &data, ledger_json, error));
    record = hf_store_history_json(&history);
    HF_TRY(done, note_all(model, record, error));
    *out = model;
    model = NULL;
done:
    hf_model_destroy(model);
    json_decref(ledger_json);
    json_decref(record);
    json_decref(allowed);
    hf_ledger_free(context, &ledger);
    hf_observations_free(context, &observed);
    hf_store_history_free(&history);
    return status;
}

static hf_status check_job(const hf_train_job *job, hf_error *error)
{
    if (!job->model) return hf_fail(error, HF_ERROR_USAGE, "no place for the model; name it with -o FILE");
    if (!job->file == !job->store)
        return hf_fail(error, HF_ERROR_USAGE,
                       "train on one labelled table or on a store; name FILE or --store DIR");
    if (job->file && !job->target)
        return hf_fail(error, HF_ERROR_USAGE,
                       "which column says what happened? pass --target COLUMN or COLUMN=VALUE");
    if (job->store && !job->outcomes)
        return hf_fail(error, HF_ERROR_USAGE, "what happened to the accounts? pass --outcomes FILE");
    if (job->store && job->horizon < 1)
        return hf_fail(error, HF_ERROR_USAGE, "how far ahead? pass --horizon DAYS, at least 1");
    if (job->lead < 0)
        return hf_fail(error, HF_ERROR_USAGE, "--lead is %d; it takes 0 days or more", (int)job->lead);
    return HF_OK;
}

hf_status hf_train_make(hf_model **out, hf_text *text, const hf_context *context, const hf_train_job *job,
                        hf_error *error)
{
    hf_model *model = NULL;
    hf_status status;
    if (job->file)
        HF_TRY(done, train_table(text, &model, context, job, error));
    else
        HF_TRY(done, train_history(text, &model, context, job, error));
    HF_TRY(done, hf_training_record(model, context, job, error));
    *out = model;
    model = NULL;
done:
    hf_model_destroy(model);
    return status;
}

hf_status hf_workflow_train(const hf_context *context, const hf_train_job *job, hf_error *error)
{
    hf_model *model = NULL;
    hf_text text, path;
    char *card = NULL;
    hf_status status = check_job(job, error);
    if (status == HF_OK) status = hf_segments_check(job, error);
    if (status != HF_OK) return status;
    if (hf_segments_asked(job)) {
        if (job->card && strcmp(job->card, "none") != 0)
            return hf_fail(
                error, HF_ERROR_USAGE,
                "--card names one file, and every segment has a model with a card beside it; leave "
                "it out, or pass --card none");
        return hf_segments_train(context, job, error);
    }
    hf_train_job named = *job;
    hf_text_init(&text, context);
    hf_text_init(&path, context);
    HF_TRY(done, hf_segment_path(&path, job, error));
    named.model = path.data;
    job = &named;
    HF_TRY(done, hf_card_path(&card, context, job, error));
    HF_TRY(done, hf_model_output_check(context, job, card, error));
    HF_TRY(done, hf_train_make(&model, &text, context, job, error));
    HF_TRY(done, hf_model_output(context, model, job, card, error));
    HF_TRY(done, hf_report_calibration(&text, context, model, error));
    summarise(&text, model, job->model, card);
    HF_TRY(done, hf_workflow_write_text(context, &text, job->output, true, error));
done:
    hf_delete(context, card);
    hf_model_destroy(model);
    hf_text_free(&path);
    hf_text_free(&text);
    return status;
}
