// SPDX-License-Identifier: Apache-2.0
//
// A model, or two, on a store's whole history: score every snapshot whose outcomes are known, keep of it the
// scores and the columns that are judged by, label and stack those as training does, then judge. Signals are
// in memory of one snapshot at a time, as far as the store's files are mapped.
#include "report/report_room.h"
#include "workflow/evaluate_model.h"
#include "workflow/store_history.h"
#include "workflow/training_window.h"

#include <string.h>

// Columns that no export has: a heading never begins with a blank.
static const char *const score_columns[2] = {" probability", " against"};

typedef struct {
    const hf_context *context;
    hf_context *quiet; // owned
    const hf_evaluate_job *job;
    hf_rivals rivals;
    hf_history_source source;
    hf_store_history history;
} past;

static bool is_judged_by(const past *p, const char *column)
{
    const char *const names[] = {p->job->arr ? p->job->arr : "arr", p->job->by, p->history.options.anchor};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i] && strcmp(column, names[i]) == 0) return true;
    return false;
}

// Whether rows as of this date can be labelled; training drops the others as censored. An anchored row may be
// as of an earlier day than its snapshot is read for.
static bool is_matured(const past *p, hf_date as_of)
{
    const hf_label_options *label = &p->history.label;
    return (int64_t)as_of + label->lead + label->horizon <= label->known_until;
}

// Replaces a snapshot's signals by its scores. What a plan has to say of the columns is said once, of the
// newest snapshot scored.
static hf_status score_snapshot(hf_frame *frame, const past *p, bool newest, hf_error *error)
{
    double *scores[2] = {NULL, NULL};
    hf_status status = HF_OK;
    const hf_context *context = newest ? p->context : p->quiet;
    for (int m = 0; m < p->rivals.count; m++) {
        scores[m] = hf_new_raw(p->context, (size_t)frame->rows, sizeof *scores[m]);
        if (!scores[m]) {
            status = hf_fail_memory(error);
            goto done;
        }
        HF_TRY(done, hf_predict(scores[m], context, p->rivals.model[m], frame, p->job->allow_missing, error));
    }
    for (int32_t c = frame->column_count - 1; c >= 0; c--)
        if (!is_judged_by(p, frame->columns[c].name)) hf_frame_remove(frame, c);
    for (int m = 0; m < p->rivals.count; m++) {
        hf_column *column;
        HF_TRY(done, hf_frame_add(frame, &column, score_columns[m], HF_KIND_NUMBER, HF_STORAGE_F64, error));
        memcpy(column->values, scores[m], (size_t)frame->rows * sizeof *scores[m]);
    }
done:
    hf_delete(p->context, scores[0]);
    hf_delete(p->context, scores[1]);
    return status;
}

static hf_status score_snapshots(past *p, hf_error *error)
{
    const hf_store_history *history = &p->history;
    int32_t newest = -1;
    hf_status status = HF_OK;
    for (int32_t i = 0; i < history->count; i++)
        if (is_matured(p, history->frames[i]->as_of)) newest = i;
    if (newest >= 0) HF_TRY(done, hf_judged_check(history->frames[newest], p->job, error));
    for (int32_t i = 0; i <= newest; i++) {
        hf_progress(p->context, "scoring snapshots", i, newest + 1);
        HF_TRY(done, hf_check_cancel(p->context, error));
        HF_TRY(done, score_snapshot(history->frames[i], p, i == newest, error));
    }
    hf_progress(p->context, "scoring snapshots", newest + 1, newest + 1);
done:
    return status;
}

static void take_scores(double *out, const hf_frame *frame, const char *name)
{
    const hf_column *column = &frame->columns[hf_frame_find(frame, name)];
    memcpy(out, column->values, (size_t)frame->rows * sizeof *out);
}

static hf_status judge_past(hf_text *text, const past *p, hf_error *error)
{
    hf_observations seen = {0};
    hf_ledger ledger = {0};
    hf_judged judged = {0};
    const hf_store_history *history = &p->history;
    hf_status status;
    HF_TRY(done, hf_store_history_observe(&seen, &ledger, history, HF_DATE_MISSING, HF_DATE_MISSING,
                                          history->label.known_until, error));
    HF_TRY(done, hf_store_history_warn(history, &p->source, &ledger, true, error));
    HF_TRY(done, hf_judged_create(&judged, p->context, seen.frame, NULL, 0, seen.label, seen.cluster,
                                  seen.as_of, p->job, error));
    take_scores(judged.probability, seen.frame, score_columns[0]);
    if (judged.against) take_scores(judged.against, seen.frame, score_columns[1]);
    HF_TRY(done, hf_judged_report(text, &judged, p->job, &ledger, p->rivals.window, error));
done:
    hf_judged_free(&judged);
    hf_ledger_free(p->context, &ledger);
    hf_observations_free(p->context, &seen);
    return status;
}

static hf_status check_past_job(const hf_evaluate_job *job, hf_error *error)
{
    if (!job->outcomes)
        return hf_fail(error, HF_ERROR_USAGE, "what happened to the accounts? Pass --outcomes FILE");
    return hf_check_judging(job, error);
}

// The window of outcomes: as the job says, else as the models were trained.
static hf_status settle_target(hf_evaluate_job *job, const past *p, hf_error *error)
{
    for (int m = 0; m < p->rivals.count; m++)
        hf_training_target(job, p->context, p->rivals.model[m]);
    if (job->horizon >= 1) return HF_OK;
    return hf_fail(error, HF_ERROR_USAGE, "outcomes count within how many days? Pass --horizon DAYS");
}

hf_status hf_evaluate_model_on_store(hf_text *text, const hf_context *context, const hf_evaluate_job *job,
                                     hf_error *error)
{
    hf_evaluate_job settled = *job;
    past p = {.context = context, .job = &settled};
    hf_status status;
    HF_TRY(done, check_past_job(job, error));
    HF_TRY(done, hf_context_quiet(&p.quiet, context, error));
    HF_TRY(done, hf_rivals_load(&p.rivals, context, job, error));
    HF_TRY(done, settle_target(&settled, &p, error));
    p.source = (hf_history_source){settled.store,
                                   settled.outcomes,
                                   settled.outcome,
                                   {settled.lead, settled.horizon, settled.known_until},
                                   settled.observations};
    HF_TRY(done, hf_store_history_read(&p.history, context, &p.source, error));
    HF_TRY(done, score_snapshots(&p, error));
    if (job->format == HF_REPORT_TABLE)
        hf_store_history_tell(text, &p.history, job->known_until != HF_DATE_MISSING);
    status = judge_past(text, &p, error);
done:
    hf_store_history_free(&p.history);
    hf_rivals_free(&p.rivals);
    hf_context_destroy(p.quiet);
    return status;
}
