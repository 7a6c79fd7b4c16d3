// SPDX-License-Identifier: Apache-2.0
//
// Replays a definition at every past date of a store: bands with the hysteresis of the nights before,
// outcomes joined by lead and horizon, flapping over the whole of it. Each night is scored once and let go
// of.
#include "workflow/evaluate_health.h"

#include "history/history_room.h"
#include "report/report_room.h"
#include "workflow/health_night.h"
#include "workflow/labelled.h"
#include "workflow/night_history.h"
#include "workflow/outcomes_file.h"

#include <math.h>
#include <string.h>

typedef struct {
    const hf_context *context, *quiet;
    const hf_evaluate_job *job;
    const hf_definition *definition;
    const hf_outcomes *outcomes; // NULL: none
    hf_date known_until;
    hf_flapping *flapping; // owned, as the rest
    hf_backtest backtest;
    double *risk; // 1 - health / 100 of labelled accounts with a health, all dates
    uint8_t *label;
    int64_t pooled, room;
} replaying;

static int32_t band_of(const hf_definition *definition, const hf_frame *frame, const hf_column *column,
                       int64_t row)
{
    const int32_t code = ((const int32_t *)column->values)[row];
    (void)frame;
    for (int32_t k = 0; code >= 0 && k < definition->band_count; k++)
        if (strcmp(hf_dictionary_text(&column->dictionary, code), definition->bands[k].name) == 0) return k;
    return -1;
}

static const hf_column *column_of(const hf_frame *frame, const char *name)
{
    const int32_t c = hf_frame_find(frame, name);
    return c < 0 ? NULL : &frame->columns[c];
}

static void count_bands(hf_backtest_date *d, const hf_definition *definition, const hf_frame *frame)
{
    const hf_column *band = column_of(frame, "band");
    d->accounts = frame->rows;
    for (int64_t row = 0; row < frame->rows; row++) {
        const int32_t k = band_of(definition, frame, band, row);
        if (k < 0)
            d->unknown++;
        else
            d->in_band[k]++;
    }
}

static hf_status make_room(replaying *r, int64_t rows, hf_error *error)
{
    if (r->pooled + rows <= r->room) return HF_OK;
    const int64_t room = 2 * (r->pooled + rows);
    double *risk = hf_grow(r->quiet, r->risk, (size_t)room, sizeof *risk);
    if (risk) r->risk = risk;
    uint8_t *label = risk ? hf_grow(r->quiet, r->label, (size_t)room, sizeof *label) : NULL;
    if (label) r->label = label;
    if (!label) return hf_fail_memory(error);
    r->room = room;
    return HF_OK;
}

static hf_status auc_of(double *out, const hf_context *context, const double *risk, const uint8_t *label,
                        int64_t n, hf_error *error)
{
    hf_metrics metrics;
    *out = NAN;
    if (n == 0) return HF_OK;
    hf_status status = hf_metrics_compute(&metrics, context, risk, label, n, error);
    if (status == HF_OK) *out = metrics.auc;
    return status;
}

// What became of the accounts of one date.
static hf_status hold_to_outcomes(hf_backtest_date *d, replaying *r, hf_frame *frame, hf_error *error)
{
    hf_observations seen = {0};
    hf_ledger ledger = {0};
    const hf_label_options options = {r->job->lead, r->job->horizon, r->known_until};
    hf_status status = hf_observe(&seen, &ledger, r->quiet, &frame, 1, r->outcomes, &options, error);
    if (status == HF_ERROR_TOO_LITTLE) { // censored, or all churned: nothing to hold it to
        hf_ledger_free(r->quiet, &ledger);
        return HF_OK;
    }
    if (status != HF_OK) goto done;
    const int64_t first = r->pooled;
    const hf_column *band = column_of(seen.frame, "band"), *health = column_of(seen.frame, "health");
    HF_TRY(done, make_room(r, seen.frame->rows, error));
    for (int64_t row = 0; row < seen.frame->rows; row++) {
        const int32_t k = band_of(r->definition, seen.frame, band, row);
        const double h = hf_column_number(health, row);
        const bool event = seen.label[row];
        d->labelled++;
        d->events += event;
        d->worst += k == 0;
        d->worst_events += k == 0 && event;
        d->below_best += event && k >= 0 && k < r->definition->band_count - 1;
        if (isnan(h)) continue;
        r->risk[r->pooled] = fmin(fmax(1.0 - h / 100.0, 0.0), 1.0);
        r->label[r->pooled++] = event;
    }
    HF_TRY(done, auc_of(&d->auc, r->quiet, r->risk + first, r->label + first, r->pooled - first, error));
done:
    hf_observations_free(r->quiet, &seen);
    hf_ledger_free(r->quiet, &ledger);
    return status;
}

static void add_to_total(hf_backtest_date *total, const hf_backtest_date *d, int32_t bands)
{
    total->accounts += d->accounts;
    total->unknown += d->unknown;
    for (int32_t k = 0; k < bands; k++)
        total->in_band[k] += d->in_band[k];
    total->labelled += d->labelled;
    total->events += d->events;
    total->worst += d->worst;
    total->worst_events += d->worst_events;
    total->below_best += d->below_best;
}

static hf_status add_night(void *user, hf_frame *scores, hf_error *error)
{
    replaying *r = user;
    hf_backtest_date *d = &r->backtest.dates[r->backtest.count++];
    *d = (hf_backtest_date){.as_of = scores->as_of, .auc = NAN};
    hf_status status = hf_flapping_add(r->flapping, scores, error);
    if (status != HF_OK) return status;
    count_bands(d, r->definition, scores);
    if (r->outcomes) status = hold_to_outcomes(d, r, scores, error);
    add_to_total(&r->backtest.total, d, r->backtest.band_count);
    return status;
}

static hf_status replay_all(replaying *r, const hf_store *store, hf_error *error)
{
    hf_status status;
    hf_frame *overrides = NULL;
    hf_night_history history = {
        .context = r->context, .quiet = r->quiet, .definition = r->definition, .store = store};
    hf_backtest *b = &r->backtest;
    HF_TRY(done, hf_night_overrides(&overrides, r->context, r->definition, error));
    history.overrides = overrides;
    HF_TRY(done, hf_night_history_open(&history, true, error));
    b->band_count = r->definition->band_count;
    for (int32_t k = 0; k < b->band_count; k++)
        b->bands[k] = r->definition->bands[k].name;
    b->with_outcomes = r->outcomes != NULL;
    b->total = (hf_backtest_date){.as_of = HF_DATE_MISSING, .auc = NAN};
    b->dates = hf_new(r->quiet, (size_t)history.snapshot_count, sizeof *b->dates);
    if (!b->dates) {
        status = hf_fail_memory(error);
        goto done;
    }
    if (history.snapshot_count == 0) {
        status = hf_fail_at(error, HF_ERROR_DATA, r->job->store, 0, 0,
                            "the store has no snapshots; add some with 'holdfast ingest'");
        goto done;
    }
    HF_TRY(done, hf_flapping_create(&r->flapping, r->quiet, r->definition, error));
    HF_TRY(done, hf_night_history_each(&history, add_night, r, error));
    hf_flapping_count(&b->flaps, r->flapping, HF_FLAP_DAYS, HF_FLAP_STAYS);
    if (r->outcomes) HF_TRY(done, auc_of(&b->total.auc, r->quiet, r->risk, r->label, r->pooled, error));
done:
    hf_frame_destroy(overrides);
    hf_night_history_close(&history);
    return status;
}

static hf_status check_job(const hf_evaluate_job *job, hf_error *error)
{
    if (!job->definition)
        return hf_fail(error, HF_ERROR_USAGE,
                       "what is evaluated on the store? Name a definition with --definition FILE");
    if (job->file || job->target || job->folds)
        return hf_fail(error, HF_ERROR_USAGE,
                       "--store evaluates a definition on the store's history; leave out the table, --target "
                       "and --folds");
    if (job->outcomes && job->horizon < 1)
        return hf_fail(error, HF_ERROR_USAGE, "outcomes count within how many days? Pass --horizon DAYS");
    return HF_OK;
}

hf_status hf_evaluate_health(const hf_context *context, const hf_evaluate_job *job, hf_error *error)
{
    replaying r = {.context = context, .quiet = context, .job = job};
    hf_definition *definition = NULL;
    hf_store *store = NULL;
    hf_snapshot_info *list = NULL;
    int32_t count = 0;
    hf_outcomes *outcomes = NULL;
    hf_text text;
    hf_status status;
    hf_text_init(&text, context);
    HF_TRY(done, check_job(job, error));
    HF_TRY(done, hf_definition_load(&definition, context, job->definition, error));
    HF_TRY(done, hf_store_open(&store, context, job->store, HF_STORE_READ, error));
    if (job->outcomes) {
        HF_TRY(done, hf_store_list(&list, &count, store, error));
        const hf_outcomes_source source = {job->outcomes, NULL, job->outcome, job->known_until,
                                           count > 0 ? list[count - 1].as_of : HF_DATE_MISSING};
        HF_TRY(done, hf_outcomes_read(&outcomes, &r.known_until, context, &source, error));
    }
    r.definition = definition;
    r.outcomes = outcomes;
    HF_TRY(done, replay_all(&r, store, error));
    HF_TRY(done, job->format == HF_REPORT_JSON ? hf_report_backtest_json(&text, &r.backtest, error)
                                               : hf_report_backtest(&text, context, &r.backtest, error));
    status = hf_workflow_write_text(context, &text, job->output, job->overwrite, error);
done:
    hf_flapping_destroy(r.flapping);
    hf_delete(context, r.backtest.dates);
    hf_delete(context, r.risk);
    hf_delete(context, r.label);
    hf_outcomes_destroy(outcomes);
    hf_store_list_free(context, list);
    hf_store_close(store);
    hf_definition_destroy(definition);
    hf_text_free(&text);
    return status;
}
