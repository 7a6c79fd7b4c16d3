// SPDX-License-Identifier: Apache-2.0
//
// Rolling origins (Tashman 2000): at each of a store's last dates a model is trained on what was known that
// day and judged on the rows from that date to the next. A training row's window ends by the origin, so the
// horizon is purged between the two. Of a row to be judged, neither that row's account is trained on:
// accounts are dealt to groups by a hash of their id, and each group is judged by a model of the others.
// Training stands at the origin by the very call that train makes with --until and --known-until, so no later
// byte reaches it.
#include "workflow/evaluate_rolling.h"
#include "workflow/leak_guard.h"

#include "churn/churn_room.h"
#include "holdfast/csv.h"
#include "holdfast/metrics.h"
#include "report/report_room.h"
#include "workflow/evaluate_model.h"
#include "workflow/labelled.h"
#include "workflow/leak_guard.h"
#include "workflow/store_history.h"

#include <math.h>
#include <string.h>

enum { ACCOUNT_GROUPS = 5, ORIGINS = 3 };

// The rows of all origins, one after the other.
typedef struct {
    hf_frame *frame; // owned, as the rest: ids, and the columns of the predictions
    double *probability;
    uint8_t *label;
    int64_t *cluster;
} judged_rows;

typedef struct {
    const hf_context *context;
    hf_context *quiet; // what each of many trainings would say again
    const hf_evaluate_job *job;
    hf_store_history history;
    hf_rolling_origin *origins; // owned, as the rest
    int32_t count;
    hf_observations *tests; // one an origin
    double **probability;   // one an origin: of its tests
    hf_ledger ledger;       // of all that is judged
    judged_rows rows;
} rolling;

static void free_rolling(rolling *r)
{
    for (int32_t k = 0; k < r->count; k++) {
        if (r->tests) hf_observations_free(r->context, &r->tests[k]);
        if (r->probability) hf_delete(r->context, r->probability[k]);
    }
    hf_delete(r->context, r->tests);
    hf_delete(r->context, r->probability);
    hf_delete(r->context, r->origins);
    hf_ledger_free(r->context, &r->ledger);
    hf_frame_destroy(r->rows.frame);
    hf_delete(r->context, r->rows.probability);
    hf_delete(r->context, r->rows.label);
    hf_delete(r->context, r->rows.cluster);
    hf_store_history_free(&r->history);
    hf_context_destroy(r->quiet);
}

// ---- origins -----------------------------------------------------------------------------------------------

// An origin has a window of training behind it, and one whose outcomes are known before it.
static bool can_be_origin(const rolling *r, hf_date date)
{
    const hf_label_options *label = &r->history.label;
    const int64_t window = (int64_t)label->lead + label->horizon;
    const hf_date from = r->history.options.from;
    return r->history.frames[0]->as_of + window <= date && date + window <= label->known_until &&
           (from == HF_DATE_MISSING || date >= from);
}

static hf_status choose_origins(rolling *r, hf_error *error)
{
    const hf_store_history *h = &r->history;
    const int32_t asked = r->job->origins > 0 ? r->job->origins : ORIGINS;
    int32_t found = 0;
    for (int32_t f = 0; f < h->count; f++)
        found += can_be_origin(r, h->frames[f]->as_of);
    char first[11], known[11];
    hf_date_format(h->frames[0]->as_of, first);
    hf_date_format(h->label.known_until, known);
    if (found == 0)
        return hf_fail_at(error, HF_ERROR_TOO_LITTLE, r->job->store, 0, 0,
                          "no snapshot can be an origin: one has to be %lld days after the first (%s), for "
                          "rows to train on, and as long before %s, the last day outcomes are known, for "
                          "rows to judge; shorten the lead and the horizon, or ingest older snapshots",
                          (long long)h->label.lead + h->label.horizon, first, known);
    if (found < r->job->origins)
        hf_warn(r->context, "%d of the %d origins asked for are possible", found, r->job->origins);
    r->origins = hf_new(r->context, (size_t)found, sizeof *r->origins);
    r->tests = hf_new(r->context, (size_t)found, sizeof *r->tests);
    r->probability = hf_new(r->context, (size_t)found, sizeof *r->probability);
    if (!r->origins || !r->tests || !r->probability) return hf_fail_memory(error);
    for (int32_t f = 0, n = 0; f < h->count; f++) {
        if (!can_be_origin(r, h->frames[f]->as_of) || n++ < found - asked) continue;
        r->origins[r->count++] =
            (hf_rolling_origin){.origin = h->frames[f]->as_of,
                                .last = f + 1 < h->count ? h->frames[f + 1]->as_of - 1 : HF_DATE_MISSING};
    }
    return HF_OK;
}

// ---- one origin --------------------------------------------------------------------------------------------

static int32_t group_of(const hf_frame *frame, int64_t row, uint64_t seed)
{
    size_t length;
    const char *id = hf_frame_id(frame, row, &length);
    return (int32_t)(hf_hash(id, length, seed) % ACCOUNT_GROUPS);
}

// Trains on the rows of other groups and fills in the probabilities of one group; group -1: of all, by all.
static hf_status judge_group(double *probability, rolling *r, const hf_observations *train,
                             const hf_observations *test, int32_t group, hf_error *error)
{
    const uint64_t seed = r->job->fit.seed;
    hf_train_options fit = r->job->fit;
    hf_model *model = NULL;
    int64_t trained = 0;
    hf_status status;
    int64_t *rows = hf_new(r->context, (size_t)train->frame->rows, sizeof *rows);
    double *predicted = hf_new(r->context, (size_t)test->frame->rows, sizeof *predicted);
    if (!rows || !predicted) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < train->frame->rows; i++)
        if (group < 0 || group_of(train->frame, i, seed) != group) rows[trained++] = i;
    fit.as_of = train->as_of;
    fit.gap = r->history.label.lead + r->history.label.horizon;
    HF_TRY(done, hf_model_train(&model, r->quiet, train->frame, train->label, train->cluster, rows, trained,
                                &fit, error));
    HF_TRY(done, hf_predict(predicted, r->quiet, model, test->frame, true, error));
    for (int64_t i = 0; i < test->frame->rows; i++)
        if (group < 0 || group_of(test->frame, i, seed) == group) probability[i] = predicted[i];
done:
    hf_model_destroy(model);
    hf_delete(r->context, rows);
    hf_delete(r->context, predicted);
    return status;
}

// What training learns from at an origin: the rows whose windows have ended.
static hf_status observe_training(hf_observations *out, rolling *r, hf_rolling_origin *o, hf_error *error)
{
    hf_ledger ledger = {0};
    hf_status status =
        hf_store_history_observe(out, &ledger, &r->history, HF_DATE_MISSING, o->origin, o->origin, error);
    if (status != HF_OK) return status;
    o->trained = ledger.total;
    o->first_trained = o->last_trained = out->as_of[0];
    for (int64_t i = 1; i < out->frame->rows; i++) {
        if (out->as_of[i] < o->first_trained) o->first_trained = out->as_of[i];
        if (out->as_of[i] > o->last_trained) o->last_trained = out->as_of[i];
    }
    hf_ledger_free(r->context, &ledger);
    return HF_OK;
}

static hf_status judge_origin(rolling *r, int32_t k, hf_error *error)
{
    hf_rolling_origin *o = &r->origins[k];
    hf_observations train = {0};
    hf_ledger ledger = {0};
    char date[11], why[400];
    hf_date_format(o->origin, date);
    hf_status status = hf_store_history_observe(&r->tests[k], &ledger, &r->history, o->origin, o->last,
                                                r->history.label.known_until, error);
    hf_ledger_free(r->context, &ledger);
    if (status == HF_ERROR_TOO_LITTLE) { // every row dropped
        hf_warn(r->context, "no row from %s to the next date can be judged", date);
        return HF_OK;
    }
    if (status != HF_OK) return status;
    const hf_observations *test = &r->tests[k];
    r->probability[k] = hf_new(r->context, (size_t)test->frame->rows, sizeof **r->probability);
    if (!r->probability[k]) return hf_fail_memory(error);
    HF_TRY(done, observe_training(&train, r, o, error));
    if (k == r->count - 1) {
        const hf_leak_watch watch = {train.frame, train.label,        r->job->store,           true,
                                     false,       r->job->allow_leak, r->job->allow_leak_count};
        HF_TRY(done, hf_leak_guard_columns(NULL, r->context, &watch, error));
    }
    if (r->job->accounts_together) HF_TRY(done, judge_group(r->probability[k], r, &train, test, -1, error));
    for (int32_t g = 0; g < ACCOUNT_GROUPS && !r->job->accounts_together; g++) {
        hf_progress(r->context, "evaluating origins", (int64_t)k * ACCOUNT_GROUPS + g,
                    (int64_t)r->count * ACCOUNT_GROUPS);
        HF_TRY(done, judge_group(r->probability[k], r, &train, test, g, error));
    }
done:
    hf_observations_free(r->context, &train);
    if (status != HF_ERROR_TOO_LITTLE) return status;
    snprintf(why, sizeof why, "%.*s", (int)sizeof why - 1, error ? error->message : "");
    return hf_fail(error, status, "too little was known at the origin %s: %s; ask for fewer with --origins",
                   date, why);
}

// ---- all of them -------------------------------------------------------------------------------------------

static hf_status add_column(void **values, hf_frame *frame, const char *name, hf_kind kind,
                            hf_storage storage, hf_error *error)
{
    hf_column *column;
    hf_status status = hf_frame_add(frame, &column, name, kind, storage, error);
    if (status == HF_OK) *values = column->values;
    return status;
}

// Ids, origins, dates, probabilities and labels of all origins' rows.
static hf_status gather(rolling *r, hf_error *error)
{
    judged_rows *rows = &r->rows;
    int64_t count = 0, row = 0;
    int32_t width = 1;
    void *origin, *as_of, *probability, *outcome;
    hf_status status;
    for (int32_t k = 0; k < r->count; k++) {
        const hf_frame *frame = r->tests[k].frame;
        if (!frame) continue;
        count += frame->rows;
        if (frame->id_width > width) width = frame->id_width;
    }
    HF_TRY(done, hf_frame_create(&rows->frame, r->context, count, width, error));
    HF_TRY(done, hf_frame_set_source(rows->frame, r->history.frames[0]->id_name, r->job->store, error));
    HF_TRY(done, add_column(&origin, rows->frame, "origin", HF_KIND_DATE, HF_STORAGE_DAY, error));
    HF_TRY(done, add_column(&as_of, rows->frame, "as_of", HF_KIND_DATE, HF_STORAGE_DAY, error));
    HF_TRY(done, add_column(&probability, rows->frame, "probability", HF_KIND_NUMBER, HF_STORAGE_F64, error));
    HF_TRY(done, add_column(&outcome, rows->frame, "outcome", HF_KIND_COUNT, HF_STORAGE_F32, error));
    rows->label = hf_new(r->context, (size_t)count, sizeof *rows->label);
    rows->probability = hf_new(r->context, (size_t)count, sizeof *rows->probability);
    rows->cluster = hf_new(r->context, (size_t)count, sizeof *rows->cluster);
    if (!rows->label || !rows->probability || !rows->cluster) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t k = 0; k < r->count; k++) {
        const hf_observations *test = &r->tests[k];
        for (int64_t i = 0; test->frame && i < test->frame->rows; i++, row++) {
            const size_t from = (size_t)test->frame->id_width;
            memcpy(rows->frame->ids + (size_t)row * (size_t)width, test->frame->ids + (size_t)i * from, from);
            ((hf_date *)origin)[row] = r->origins[k].origin;
            ((hf_date *)as_of)[row] = test->as_of[i];
            ((double *)probability)[row] = rows->probability[row] = r->probability[k][i];
            ((float *)outcome)[row] = rows->label[row] = test->label[i];
        }
    }
    HF_TRY(done, hf_cluster_by_id(rows->cluster, rows->frame, error));
done:
    return status;
}

static hf_status measure(hf_evaluation *out, const rolling *r, const char *name, int64_t first, int64_t count,
                         hf_error *error)
{
    const judged_rows *rows = &r->rows;
    *out = (hf_evaluation){.c = NAN};
    snprintf(out->name, sizeof out->name, "%s", name);
    return hf_metrics_bootstrap(&out->metrics, r->context, rows->probability + first, rows->label + first,
                                rows->cluster + first, count, r->job->replicates, r->job->alpha,
                                r->job->fit.seed, error);
}

static hf_status report(hf_text *text, rolling *r, hf_error *error)
{
    hf_rolling_report whole = {.origins = r->origins,
                               .ledger = &r->ledger,
                               .groups = r->job->accounts_together ? 0 : ACCOUNT_GROUPS,
                               .alpha = r->job->alpha};
    int64_t row = 0;
    char date[11];
    hf_status status;
    for (int32_t k = 0; k < r->count; k++) {
        if (!r->tests[k].frame) continue;
        const int64_t count = r->tests[k].frame->rows;
        hf_rolling_origin *o = &r->origins[whole.count++];
        *o = r->origins[k];
        hf_date_format(o->origin, date);
        HF_TRY(done, measure(&o->judged, r, date, row, count, error));
        row += count;
    }
    HF_TRY(done, measure(&whole.pooled, r, "all origins", 0, row, error));
    status = r->job->format == HF_REPORT_JSON ? hf_report_rolling_json(text, &whole, error)
                                              : hf_report_rolling(text, r->context, &whole, error);
done:
    return status;
}

static hf_status check_job(const hf_evaluate_job *job, hf_error *error)
{
    if (!job->outcomes)
        return hf_fail(
            error, HF_ERROR_USAGE,
            "what is evaluated on the store? Name a definition with --definition FILE, a model "
            "with --model MODEL, or pass --outcomes FILE --horizon DAYS to train at its last dates");
    if (job->file || job->target || job->folds)
        return hf_fail(error, HF_ERROR_USAGE,
                       "--store evaluates on the store's history; leave out the table, --target and --folds");
    if (job->horizon < 1)
        return hf_fail(error, HF_ERROR_USAGE, "outcomes count within how many days? Pass --horizon DAYS");
    if (job->origins < 0)
        return hf_fail(error, HF_ERROR_USAGE, "--origins is %d; it takes 1 or more", (int)job->origins);
    return HF_OK;
}

hf_status hf_evaluate_rolling(const hf_context *context, const hf_evaluate_job *job, hf_error *error)
{
    const hf_history_source source = {job->store,
                                      job->outcomes,
                                      job->outcome,
                                      {job->lead, job->horizon, job->known_until},
                                      job->observations};
    rolling r = {.context = context, .job = job, .history = {.context = context}};
    hf_observations all = {0};
    hf_text text;
    hf_status status;
    hf_text_init(&text, context);
    HF_TRY(done, check_job(job, error));
    HF_TRY(done, hf_context_quiet(&r.quiet, context, error));
    HF_TRY(done, hf_store_history_read(&r.history, context, &source, error));
    HF_TRY(done, choose_origins(&r, error));
    HF_TRY(done, hf_store_history_observe(&all, &r.ledger, &r.history, r.origins[0].origin,
                                          r.origins[r.count - 1].last, r.history.label.known_until, error));
    const hf_leak_watch watch = {all.frame, all.label,       job->store,           true,
                                 false,     job->allow_leak, job->allow_leak_count};
    HF_TRY(done, hf_leak_guard_columns(NULL, context, &watch, error));
    hf_observations_free(context, &all);
    HF_TRY(done, hf_store_history_warn(&r.history, &source, &r.ledger, false, error));
    if (job->format == HF_REPORT_TABLE)
        hf_store_history_tell(&text, &r.history, job->known_until != HF_DATE_MISSING);
    for (int32_t k = 0; k < r.count; k++) {
        hf_progress(context, "evaluating origins", k, r.count);
        HF_TRY(done, judge_origin(&r, k, error));
    }
    hf_progress(context, "evaluating origins", r.count, r.count);
    HF_TRY(done, gather(&r, error));
    HF_TRY(done, report(&text, &r, error));
    if (job->predictions)
        HF_TRY(done, hf_csv_write(context, r.rows.frame, job->predictions, job->overwrite, error));
    HF_TRY(done, hf_workflow_write_text(context, &text, job->output, job->overwrite, error));
done:
    hf_observations_free(context, &all);
    free_rolling(&r);
    hf_text_free(&text);
    return status;
}
