// SPDX-License-Identifier: Apache-2.0
//
// The train verb: gather rows with labels, from one table or from a store's history, train, and write the
// model with the record of where it came from. The ledger of what became of every row is printed.
#include "churn/churn_room.h"
#include "holdfast/workflow.h"
#include "report/report_room.h"
#include "workflow/labelled.h"

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
} training_rows;

static hf_status note_text(hf_model *model, const char *key, const char *text, hf_error *error)
{
    return text ? hf_model_note(model, "training", key, json_string(text), error) : HF_OK;
}

static void summarise(hf_text *text, const hf_model *model, const char *path)
{
    char rows[32], events[32];
    hf_text_printf(text, "trained on %s rows with %s events (%.2f %%): %d terms, C %.4g\n",
                   hf_grouped(rows, hf_model_rows(model)), hf_grouped(events, hf_model_events(model)),
                   100.0 * (double)hf_model_events(model) / (double)hf_model_rows(model),
                   (int)hf_model_terms(model), hf_model_c(model));
    hf_text_printf(text, "model written to %s\n", path);
}

static hf_status fit(hf_model **out, const hf_context *context, const hf_train_job *job,
                     const training_rows *data, json_t *ledger, hf_error *error)
{
    hf_model *model = NULL;
    char fingerprint[33];
    hf_train_options options = job->fit;
    options.as_of = data->as_of;
    options.gap = data->gap;
    hf_status status;
    HF_TRY(done, hf_model_train(&model, context, data->frame, data->label, data->cluster, data->rows,
                                data->count, &options, error));
    HF_TRY(done, hf_frame_fingerprint(fingerprint, data->frame, error));
    HF_TRY(done, hf_model_set_id(model, data->id, error));
    HF_TRY(done, note_text(model, "source", data->frame->source, error));
    HF_TRY(done, note_text(model, "fingerprint", fingerprint, error));
    if (ledger) HF_TRY(done, hf_model_note(model, "training", "ledger", json_incref(ledger), error));
    *out = model;
    model = NULL;
done:
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
    training_rows data = {table.frame, table.label,          table.cluster,      table.rows,
                          table.count, csv.id ? csv.id : "", table.report.as_of, 0};
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

static hf_status read_outcomes(hf_outcomes **out, const hf_context *context, const hf_train_job *job,
                               const char *id_name, const char *outcome, hf_error *error)
{
    hf_frame *frame = NULL;
    hf_csv_options csv = HF_CSV_OPTIONS_INIT;
    const hf_declared_kind kinds[] = {{"date", HF_KIND_DATE}, {"outcome", HF_KIND_CATEGORY}};
    csv.id = id_name;
    csv.allow_duplicate_ids = true;
    csv.kinds = kinds;
    csv.kind_count = 2;
    hf_status status = hf_csv_read(&frame, NULL, context, job->outcomes, &csv, error);
    if (status != HF_OK) return status;
    status = hf_outcomes_create(out, context, frame, outcome, error);
    hf_frame_destroy(frame);
    return status;
}

static hf_status read_snapshots(hf_frame ***out, int32_t *count, const hf_context *context,
                                const char *folder, hf_error *error)
{
    hf_store *store = NULL;
    hf_snapshot_info *list = NULL;
    hf_frame **frames = NULL;
    int32_t found = 0, read = 0;
    hf_status status;
    HF_TRY(done, hf_store_open(&store, context, folder, HF_STORE_READ, error));
    HF_TRY(done, hf_store_list(&list, &found, store, error));
    if (found == 0) {
        status =
            hf_fail_at(error, HF_ERROR_DATA, folder, 0, 0, "the store holds no snapshot; ingest some first");
        goto done;
    }
    frames = hf_new(context, (size_t)found, sizeof *frames);
    if (!frames) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (; read < found; read++) {
        hf_progress(context, "reading snapshots", read, found);
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done, hf_store_read(&frames[read], NULL, store, list[read].as_of, error));
    }
    hf_progress(context, "reading snapshots", found, found);
    *out = frames;
    *count = found;
    frames = NULL;
done:
    for (int32_t i = 0; frames && i < read; i++)
        hf_frame_destroy(frames[i]);
    hf_delete(context, frames);
    hf_store_list_free(context, list);
    hf_store_close(store);
    return status;
}

static hf_status note_history(hf_model *model, const hf_train_job *job, const char *outcome,
                              const hf_outcomes *outcomes, hf_error *error)
{
    char known[11];
    hf_date_format(job->known_until == HF_DATE_MISSING ? hf_outcomes_last(outcomes) : job->known_until,
                   known);
    hf_status status;
    HF_TRY(done, note_text(model, "outcome", outcome, error));
    HF_TRY(done, hf_model_note(model, "training", "lead", json_integer(job->lead), error));
    HF_TRY(done, hf_model_note(model, "training", "horizon", json_integer(job->horizon), error));
    HF_TRY(done, note_text(model, "known_until", known, error));
done:
    return status;
}

static hf_status train_history(hf_text *text, hf_model **out, const hf_context *context,
                               const hf_train_job *job, hf_error *error)
{
    const char *outcome = job->outcome ? job->outcome : "churn";
    const hf_label_options options = {job->lead, job->horizon, job->known_until};
    hf_frame **frames = NULL;
    int32_t count = 0;
    hf_outcomes *outcomes = NULL;
    hf_observations observed = {0};
    hf_ledger ledger = {0};
    json_t *ledger_json = NULL;
    hf_model *model = NULL;
    hf_status status;
    HF_TRY(done, read_snapshots(&frames, &count, context, job->store, error));
    HF_TRY(done, read_outcomes(&outcomes, context, job, frames[0]->id_name, outcome, error));
    HF_TRY(done, hf_observe(&observed, &ledger, context, frames, count, outcomes, &options, error));
    HF_TRY(done, hf_report_ledger(text, context, &ledger, error));
    ledger_json = hf_ledger_to_json(&ledger);
    training_rows data = {observed.frame, observed.label,          observed.cluster,
                          NULL,           observed.frame->rows,    frames[0]->id_name,
                          observed.as_of, job->lead + job->horizon};
    HF_TRY(done, fit(&model, context, job, &data, ledger_json, error));
    HF_TRY(done, note_history(model, job, outcome, outcomes, error));
    *out = model;
    model = NULL;
done:
    hf_model_destroy(model);
    json_decref(ledger_json);
    hf_ledger_free(context, &ledger);
    hf_observations_free(context, &observed);
    hf_outcomes_destroy(outcomes);
    for (int32_t i = 0; i < count; i++)
        hf_frame_destroy(frames[i]);
    hf_delete(context, frames);
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

hf_status hf_workflow_train(const hf_context *context, const hf_train_job *job, hf_error *error)
{
    hf_model *model = NULL;
    hf_text text;
    hf_status status = check_job(job, error);
    if (status != HF_OK) return status;
    hf_text_init(&text, context);
    if (job->file)
        HF_TRY(done, train_table(&text, &model, context, job, error));
    else
        HF_TRY(done, train_history(&text, &model, context, job, error));
    HF_TRY(done, hf_model_save(model, job->model, job->overwrite, error));
    summarise(&text, model, job->model);
    HF_TRY(done, hf_workflow_write_text(context, &text, job->output, true, error));
done:
    hf_model_destroy(model);
    hf_text_free(&text);
    return status;
}
