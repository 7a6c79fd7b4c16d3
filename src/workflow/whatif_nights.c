// SPDX-License-Identifier: Apache-2.0
//
// Nights for weighing. Outcomes are joined once for all of them, on frames of ids alone, so that an account
// is one cluster whatever the date; snapshots are then read and scored one by one, and let go of.
#include "workflow/whatif_nights.h"

#include "history/history_room.h"
#include "workflow/health_night.h"
#include "workflow/outcomes_file.h"

#include <math.h>
#include <string.h>

hf_status hf_whatif_scorecard_open(hf_whatif_scorecard *out, const hf_context *context,
                                   const hf_context *quiet, const char *path, const hf_store *store,
                                   hf_error *error)
{
    hf_whatif_scorecard made = {0};
    hf_status status;
    HF_TRY(done, hf_definition_load(&made.definition, context, path, error));
    made.history =
        (hf_night_history){.context = context, .quiet = quiet, .definition = made.definition, .store = store};
    HF_TRY(done, hf_night_overrides(&made.overrides, context, made.definition, error));
    made.history.overrides = made.overrides;
    HF_TRY(done, hf_night_history_open(&made.history, true, error));
    *out = made;
    made = (hf_whatif_scorecard){0};
done:
    hf_whatif_scorecard_close(&made);
    return status;
}

void hf_whatif_scorecard_close(hf_whatif_scorecard *scorecard)
{
    if (scorecard->history.context) hf_night_history_close(&scorecard->history);
    hf_frame_destroy(scorecard->overrides);
    hf_definition_destroy(scorecard->definition);
    *scorecard = (hf_whatif_scorecard){0};
}

// ---- scoring ---------------------------------------------------------------------------------------------

static hf_status take_arr(hf_whatif_scored *made, const hf_definition *d, hf_error *error)
{
    if (d->arr[0] == '\0') return HF_OK;
    const int32_t c = hf_frame_find(made->frame, d->arr);
    const hf_column *column = c < 0 ? NULL : &made->frame->columns[c];
    if (!column || column->kind == HF_KIND_CATEGORY || column->kind == HF_KIND_DATE)
        return hf_fail_at(error, HF_ERROR_DATA, made->frame->source, 0, 0,
                          "the ARR is in the column '%s' by the definition, and %s", d->arr,
                          column ? "that holds no amounts" : "there is none of that name");
    made->arr = hf_new_raw(made->context, (size_t)made->frame->rows, sizeof *made->arr);
    if (!made->arr) return hf_fail_memory(error);
    for (int64_t i = 0; i < made->frame->rows; i++)
        made->arr[i] = hf_column_number(column, i);
    return HF_OK;
}

// What is wrong may be wrong with one snapshot of many.
static void say_night(hf_error *error, hf_date as_of)
{
    char date[11], message[sizeof error->message];
    if (!error) return;
    hf_date_format(as_of, date);
    snprintf(message, sizeof message, "%s", error->message);
    snprintf(error->message, sizeof error->message, "on the snapshot of %s: %.*s", date,
             (int)sizeof message - 40, message);
}

hf_status hf_whatif_score(hf_whatif_scored *out, const hf_whatif_scorecard *scorecard, hf_date as_of,
                          hf_error *error)
{
    const hf_night_history *history = &scorecard->history;
    const hf_context *quiet = history->quiet;
    hf_snapshot_info info;
    hf_status status;
    *out = (hf_whatif_scored){.context = quiet};
    HF_TRY(done, hf_store_read(&out->frame, &info, history->store, as_of, error));
    HF_TRY(done, hf_night_derive(out->frame, history, error));
    if (scorecard->overrides)
        HF_TRY(done,
               hf_manual_overrides_create(&out->manual, quiet, scorecard->overrides, out->frame, error));
    HF_TRY(done, hf_health_plan_create(&out->plan, quiet, scorecard->definition, out->frame,
                                       scorecard->overrides ? &out->manual : NULL, error));
    HF_TRY(done, hf_health_fleet(&out->health, quiet, out->plan, error));
    HF_TRY(done, take_arr(out, scorecard->definition, error));
done:
    if (status == HF_ERROR_DATA) say_night(error, as_of);
    if (status != HF_OK) hf_whatif_scored_free(out);
    return status;
}

void hf_whatif_scored_free(hf_whatif_scored *scored)
{
    if (!scored->context) return;
    hf_health_free(scored->context, &scored->health);
    hf_health_plan_destroy(scored->plan);
    hf_manual_overrides_free(scored->context, &scored->manual);
    hf_frame_destroy(scored->frame);
    hf_delete(scored->context, scored->arr);
    *scored = (hf_whatif_scored){0};
}

// ---- labels ----------------------------------------------------------------------------------------------

// The ids of a snapshot, and each row's place.
static hf_status read_ids(hf_frame **out, const hf_store *store, hf_date as_of, hf_error *error)
{
    hf_frame *whole = NULL, *ids = NULL;
    hf_snapshot_info info;
    hf_column *row;
    hf_status status;
    HF_TRY(done, hf_store_read(&whole, &info, store, as_of, error));
    HF_TRY(done, hf_frame_create(&ids, whole->context, whole->rows, whole->id_width, error));
    memcpy(ids->ids, whole->ids, (size_t)whole->rows * (size_t)whole->id_width);
    ids->as_of = as_of;
    HF_TRY(done, hf_frame_add(ids, &row, "row", HF_KIND_NUMBER, HF_STORAGE_F64, error));
    for (int64_t i = 0; i < whole->rows; i++)
        ((double *)row->values)[i] = (double)i;
    HF_TRY(done, hf_frame_set_source(ids, whole->id_name, whole->source, error));
    *out = ids;
    ids = NULL;
done:
    hf_frame_destroy(whole);
    hf_frame_destroy(ids);
    return status;
}

// Takes the observations apart by night.
static hf_status take_labels(hf_whatif_nights *n, hf_observations *seen, hf_error *error)
{
    n->labelled = seen->frame->rows;
    n->row = hf_new_raw(n->context, (size_t)n->labelled, sizeof *n->row);
    if (!n->row) return hf_fail_memory(error);
    const hf_column *row = &seen->frame->columns[hf_frame_find(seen->frame, "row")];
    for (int64_t i = 0; i < n->labelled; i++)
        n->row[i] = (int64_t)hf_column_number(row, i);
    n->label = seen->label;
    n->cluster = seen->cluster;
    n->as_of = seen->as_of;
    seen->label = NULL;
    seen->cluster = NULL;
    seen->as_of = NULL;
    int64_t at = 0;
    for (int32_t k = 0; k < n->count; k++) {
        n->first[k] = at;
        while (at < n->labelled && n->as_of[at] == n->nights[k].as_of)
            at++;
    }
    n->first[n->count] = at;
    return HF_OK;
}

static hf_status read_outcomes(hf_whatif_nights *n, const hf_whatif_weights_job *job, const hf_store *store,
                               hf_date newest, hf_error *error)
{
    hf_outcomes *outcomes = NULL;
    hf_observations seen = {0};
    hf_frame **ids = hf_new(n->context, (size_t)n->count, sizeof(hf_frame *));
    const hf_outcomes_source source = {job->outcomes, NULL, job->outcome, job->known_until, newest};
    hf_status status;
    if (!ids) return hf_fail_memory(error);
    HF_TRY(done, hf_outcomes_read(&outcomes, &n->known_until, n->context, &source, error));
    for (int32_t k = 0; k < n->count; k++) {
        HF_TRY(done, hf_check_cancel(n->context, error));
        hf_progress(n->context, "joining outcomes", k, n->count);
        HF_TRY(done, read_ids(&ids[k], store, n->nights[k].as_of, error));
    }
    const hf_label_options options = {job->lead, job->horizon, n->known_until};
    HF_TRY(done, hf_observe(&seen, &n->ledger, n->context, ids, n->count, outcomes, &options, error));
    HF_TRY(done, take_labels(n, &seen, error));
    n->with_outcomes = true;
done:
    for (int32_t k = 0; k < n->count; k++)
        hf_frame_destroy(ids[k]);
    hf_delete(n->context, ids);
    hf_observations_free(n->context, &seen);
    hf_outcomes_destroy(outcomes);
    return status;
}

// The one night asked for, or all.
static hf_status choose_nights(hf_whatif_nights *n, const hf_whatif_weights_job *job, hf_error *error)
{
    int32_t at = n->count - 1;
    char date[11], last[11];
    if (n->count == 0)
        return hf_fail_at(error, HF_ERROR_DATA, job->store, 0, 0,
                          "the store has no snapshots; add some with 'holdfast ingest'");
    if (job->history) return HF_OK;
    while (job->as_of != HF_DATE_MISSING && at >= 0 && n->nights[at].as_of != job->as_of)
        at--;
    if (at < 0) {
        hf_date_format(job->as_of, date);
        hf_date_format(n->nights[n->count - 1].as_of, last);
        return hf_fail_at(error, HF_ERROR_DATA, job->store, 0, 0,
                          "there is no snapshot of %s; 'holdfast store ls' lists them, the newest is of %s",
                          date, last);
    }
    n->nights[0] = n->nights[at];
    n->count = 1;
    return HF_OK;
}

hf_status hf_whatif_nights_read(hf_whatif_nights *out, const hf_context *context,
                                const hf_whatif_weights_job *job, const hf_store *store, hf_error *error)
{
    hf_whatif_nights made = {.context = context};
    hf_status status;
    HF_TRY(done, hf_store_list(&made.nights, &made.count, store, error));
    const hf_date newest = made.count > 0 ? made.nights[made.count - 1].as_of : HF_DATE_MISSING;
    HF_TRY(done, choose_nights(&made, job, error));
    made.first = hf_new(context, (size_t)made.count + 1, sizeof *made.first);
    if (!made.first) {
        status = hf_fail_memory(error);
        goto done;
    }
    if (job->outcomes) HF_TRY(done, read_outcomes(&made, job, store, newest, error));
    *out = made;
    made = (hf_whatif_nights){.context = context};
done:
    hf_whatif_nights_free(&made);
    return status;
}

void hf_whatif_nights_free(hf_whatif_nights *n)
{
    if (!n->context) return;
    hf_store_list_free(n->context, n->nights);
    hf_ledger_free(n->context, &n->ledger);
    hf_delete(n->context, n->row);
    hf_delete(n->context, n->label);
    hf_delete(n->context, n->cluster);
    hf_delete(n->context, n->as_of);
    hf_delete(n->context, n->first);
    *n = (hf_whatif_nights){0};
}

void hf_whatif_labels(uint8_t *out, const hf_whatif_nights *n, int32_t k)
{
    memset(out, HF_NO_LABEL, (size_t)n->nights[k].rows);
    for (int64_t i = n->first[k]; i < n->first[k + 1]; i++)
        out[n->row[i]] = n->label[i];
}
