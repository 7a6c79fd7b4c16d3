// SPDX-License-Identifier: Apache-2.0
//
// Reads data and profiles it. Of a store the shape is that of one snapshot, as the data looks now; how the
// signals go with the outcome comes from all its snapshots up to that date, labelled as training labels them.
// Where those are more than a million rows, every k-th account stands for all, chosen by its id.
#include "workflow/profiling.h"

#include "workflow/labelled.h"
#include "workflow/outcomes_file.h"

#include <math.h>
#include <string.h>

#define MOST_ROWS 1000000
#define CORRELATED 0.7

enum { USUAL_HORIZON = 90 };

const int32_t hf_profile_leads[HF_PROFILE_LEADS] = {30, 60, 90, 180};

static hf_status check_source(const hf_profiling_source *s, hf_error *error)
{
    if (!s->file == !s->store)
        return hf_fail(error, HF_ERROR_USAGE, "which data? name FILE or --store DIR, one of them");
    if (s->store && s->target)
        return hf_fail(error, HF_ERROR_USAGE,
                       "--target is a column of a FILE; what happened in a store is in --outcomes FILE");
    if (s->file && s->outcomes)
        return hf_fail(error, HF_ERROR_USAGE,
                       "--outcomes goes with --store DIR; what happened in a FILE is in --target COLUMN");
    if (s->lead < 0 || s->horizon < 0)
        return hf_fail(error, HF_ERROR_USAGE, "--lead and --horizon are days, not below 0");
    return HF_OK;
}

// ---- profiles of a frame -----------------------------------------------------------------------------------

void hf_profile_signal_of(hf_profile_signal *out, const hf_column *column)
{
    *out = (hf_profile_signal){0};
    switch (column->storage) {
    case HF_STORAGE_F32:
        out->f32 = column->values;
        break;
    case HF_STORAGE_F64:
        out->f64 = column->values;
        break;
    case HF_STORAGE_DAY:
        out->days = column->values;
        break;
    case HF_STORAGE_CODE:
        out->codes = column->values;
        out->levels = column->dictionary.count;
        break;
    }
}

static hf_profile_signal *signals_of(const hf_context *context, const hf_frame *frame)
{
    hf_profile_signal *signals = hf_new(context, (size_t)frame->column_count, sizeof *signals);
    for (int32_t c = 0; signals && c < frame->column_count; c++)
        hf_profile_signal_of(&signals[c], &frame->columns[c]);
    return signals;
}

static hf_status profile_frame(hf_profile **out, const hf_context *context, const hf_frame *frame,
                               const uint8_t *label, hf_error *error)
{
    hf_profile_signal *signals = signals_of(context, frame);
    hf_profile *made = hf_new(context, (size_t)frame->column_count, sizeof *made);
    hf_status status = signals && made ? hf_profile_signals(made, context, signals, frame->column_count,
                                                            frame->rows, label, error)
                                       : hf_fail_memory(error);
    hf_delete(context, signals);
    if (status == HF_OK)
        *out = made;
    else
        hf_delete(context, made);
    return status;
}

static hf_status correlate_frame(hf_profiling *p, hf_error *error)
{
    int32_t count = p->frame->column_count;
    hf_profile_signal *signals = signals_of(p->context, p->frame);
    p->rho = hf_new(p->context, (size_t)count * (size_t)count, sizeof *p->rho);
    p->group = hf_new(p->context, (size_t)count, sizeof *p->group);
    hf_status status = signals && p->rho && p->group ? hf_profile_correlations(p->rho, p->context, signals,
                                                                               count, p->frame->rows, error)
                                                     : hf_fail_memory(error);
    hf_delete(p->context, signals);
    if (status == HF_OK) p->data.groups = hf_profile_groups(p->group, p->rho, count, CORRELATED);
    return status;
}

// ---- tables ------------------------------------------------------------------------------------------------

// Dates of a table with a date a row are counted from it.
static void count_days(hf_frame *frame, const hf_date *as_of)
{
    for (int32_t c = 0; c < frame->column_count; c++) {
        int32_t *days = frame->columns[c].values;
        if (frame->columns[c].storage != HF_STORAGE_DAY) continue;
        for (int64_t i = 0; i < frame->rows; i++)
            if (days[i] != HF_DATE_MISSING) days[i] -= as_of[i];
    }
}

// A column that names the accounts is no signal, where the caller did not say which it is.
static void drop_id(hf_profiling *p)
{
    static const char *const names[] = {"account_id", "customer_id", "accountid", "customerid"};
    for (int32_t c = 0; c < p->frame->column_count; c++)
        for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
            if (strcasecmp(p->frame->columns[c].name, names[k]) == 0) {
                snprintf(p->id, sizeof p->id, "%s", p->frame->columns[c].name);
                hf_frame_remove(p->frame, c);
                return;
            }
}

static hf_status profile_table(hf_profiling *p, const hf_profiling_source *source, hf_error *error)
{
    hf_labelled table = {0};
    hf_csv_report report = {0};
    hf_csv_options csv = source->csv;
    hf_status status;
    csv.allow_duplicate_ids = true;
    if (source->target) {
        HF_TRY(done, hf_labelled_read(&table, p->context, source->file, &csv, source->target, error));
        p->frame = table.frame;
        table.frame = NULL;
        p->data.event = source->target;
        p->data.labelled = table.count;
        p->data.events = table.events;
    } else {
        HF_TRY(done, hf_csv_read(&p->frame, &report, p->context, source->file, &csv, error));
    }
    if (csv.id)
        snprintf(p->id, sizeof p->id, "%s", csv.id);
    else
        drop_id(p);
    if (source->as_of != HF_DATE_MISSING) p->frame->as_of = source->as_of;
    HF_TRY(done, correlate_frame(p, error));
    HF_TRY(done, profile_frame(&p->shape, p->context, p->frame, table.label, error));
    if (!source->target) goto done;
    p->data.observed = p->frame;
    const hf_date *as_of = table.report.as_of;
    if (!as_of) {
        p->data.outcome = p->shape;
        goto done;
    }
    // The shape's dates stay dates; the outcome goes with the days from the row's own date.
    count_days(p->frame, as_of);
    HF_TRY(done, profile_frame(&p->outcome, p->context, p->frame, table.label, error));
    for (int64_t i = 0; i < p->frame->rows; i++)
        table.report.as_of[i] = -table.report.as_of[i];
    count_days(p->frame, as_of);
    p->data.outcome = p->outcome;
    p->data.days = true;
done:
    hf_csv_report_free(p->context, &report);
    hf_labelled_free(&table);
    return status;
}

// ---- stores ------------------------------------------------------------------------------------------------

// Replaces the frame by those of its accounts that stand for all.
static hf_status thin(hf_frame **frame, const hf_context *context, int64_t one_in, hf_error *error)
{
    if (one_in <= 1) return HF_OK;
    hf_frame *thinned = NULL;
    int64_t kept = 0;
    int64_t *rows = hf_new(context, (size_t)(*frame)->rows, sizeof *rows);
    if (!rows) return hf_fail_memory(error);
    for (int64_t i = 0; i < (*frame)->rows; i++) {
        size_t length;
        const char *id = hf_frame_id(*frame, i, &length);
        if (hf_hash(id, length, 1) % (uint64_t)one_in == 0) rows[kept++] = i;
    }
    hf_status status = hf_frame_select(&thinned, *frame, rows, kept, error);
    hf_delete(context, rows);
    if (status != HF_OK) return status;
    hf_frame_destroy(*frame);
    *frame = thinned;
    return HF_OK;
}

typedef struct {
    hf_frame **frames; // owned
    int32_t count;
} history;

static void free_history(const hf_context *context, history *h)
{
    for (int32_t i = 0; h->frames && i < h->count; i++)
        hf_frame_destroy(h->frames[i]);
    hf_delete(context, h->frames);
}

static hf_status read_history(history *out, hf_profiling *p, const hf_store *store,
                              const hf_snapshot_info *list, int32_t found, hf_error *error)
{
    int64_t rows = 0;
    int32_t use = 0;
    hf_status status = HF_OK;
    for (; use < found && list[use].as_of <= p->frame->as_of; use++)
        rows += list[use].rows;
    p->data.one_in = rows > MOST_ROWS ? (rows + MOST_ROWS - 1) / MOST_ROWS : 1;
    out->frames = hf_new(p->context, (size_t)use, sizeof *out->frames);
    if (!out->frames) return hf_fail_memory(error);
    for (int32_t i = 0; i < use; i++) {
        hf_progress(p->context, "reading snapshots", i, use);
        HF_TRY(done, hf_check_cancel(p->context, error));
        HF_TRY(done, hf_store_read(&out->frames[i], NULL, store, list[i].as_of, error));
        out->count++;
        HF_TRY(done, thin(&out->frames[i], p->context, p->data.one_in, error));
    }
    hf_progress(p->context, "reading snapshots", use, use);
done:
    return status;
}

// Profiles of the labelled rows, in the order of the frame's columns. Of a column that they lack nothing is
// known.
static hf_status profile_observed(hf_profile **out, hf_profiling *p, hf_observations *observed,
                                  hf_error *error)
{
    hf_profile *theirs = NULL, *made = NULL;
    hf_status status;
    count_days(observed->frame, observed->as_of);
    HF_TRY(done, profile_frame(&theirs, p->context, observed->frame, observed->label, error));
    made = hf_new(p->context, (size_t)p->frame->column_count, sizeof *made);
    if (!made) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t c = 0; c < p->frame->column_count; c++) {
        int32_t at = hf_frame_find(observed->frame, p->frame->columns[c].name);
        if (at >= 0)
            made[c] = theirs[at];
        else
            made[c] = (hf_profile){.auc = NAN,
                                   .auc_error = NAN,
                                   .iv = NAN,
                                   .iv_noise = NAN,
                                   .monotonicity = NAN,
                                   .missing_auc = NAN};
    }
    *out = made;
done:
    hf_delete(p->context, theirs);
    return status;
}

// How well each signal tells the outcome so many days before it.
static hf_status profile_leads(hf_profiling *p, const history *h, const hf_outcomes *outcomes,
                               hf_date known_until, hf_error *error)
{
    int32_t count = p->frame->column_count;
    hf_status status = HF_OK;
    p->lead_auc = hf_new(p->context, (size_t)count * HF_PROFILE_LEADS, sizeof *p->lead_auc);
    if (!p->lead_auc) return hf_fail_memory(error);
    for (int32_t l = 0; l < HF_PROFILE_LEADS; l++) {
        hf_observations observed = {0};
        hf_ledger ledger = {0};
        hf_profile *profile = NULL;
        hf_error problem = {0};
        const hf_label_options options = {hf_profile_leads[l], p->data.horizon, known_until};
        for (int32_t c = 0; c < count; c++)
            p->lead_auc[c * HF_PROFILE_LEADS + l] = NAN;
        status =
            hf_observe(&observed, &ledger, p->context, h->frames, h->count, outcomes, &options, &problem);
        // History too short for this lead: nothing is known of it.
        if (status == HF_ERROR_TOO_LITTLE) {
            status = HF_OK;
            continue;
        }
        if (status == HF_OK)
            status = profile_observed(&profile, p, &observed, error);
        else if (error)
            *error = problem;
        for (int32_t c = 0; profile && c < count; c++)
            p->lead_auc[c * HF_PROFILE_LEADS + l] = profile[c].auc;
        hf_delete(p->context, profile);
        hf_ledger_free(p->context, &ledger);
        hf_observations_free(p->context, &observed);
        if (status != HF_OK) break;
    }
    return status;
}

static hf_status profile_history(hf_profiling *p, const hf_store *store, const hf_profiling_source *source,
                                 hf_error *error)
{
    hf_snapshot_info *list = NULL;
    int32_t found = 0;
    history h = {0};
    hf_outcomes *outcomes = NULL;
    hf_observations observed = {0};
    hf_ledger ledger = {0};
    hf_label_options options = {source->lead, p->data.horizon, HF_DATE_MISSING};
    hf_status status;
    HF_TRY(done, hf_store_list(&list, &found, store, error));
    const hf_outcomes_source file = {source->outcomes, p->frame->id_name, source->outcome, HF_DATE_MISSING,
                                     list[found - 1].as_of}; // there is one: p->frame was read from it
    HF_TRY(done, hf_outcomes_read(&outcomes, &options.known_until, p->context, &file, error));
    HF_TRY(done, read_history(&h, p, store, list, found, error));
    HF_TRY(done, hf_observe(&observed, &ledger, p->context, h.frames, h.count, outcomes, &options, error));
    HF_TRY(done, profile_observed(&p->outcome, p, &observed, error));
    HF_TRY(done, profile_leads(p, &h, outcomes, options.known_until, error));
    for (int32_t i = 0; i < ledger.count; i++)
        p->data.snapshots += ledger.rows[i].kept > 0;
    p->data.labelled = ledger.total.kept;
    p->data.events = ledger.total.events;
    p->data.event = source->outcome ? source->outcome : "churn";
    p->data.days = true;
    p->observed = observed.frame;
    observed.frame = NULL;
    p->data.observed = p->observed;
    p->data.outcome = p->outcome;
    p->data.lead_auc = p->lead_auc;
done:
    hf_ledger_free(p->context, &ledger);
    hf_observations_free(p->context, &observed);
    hf_outcomes_destroy(outcomes);
    free_history(p->context, &h);
    hf_store_list_free(p->context, list);
    return status;
}

static hf_status profile_store(hf_profiling *p, const hf_profiling_source *source, hf_error *error)
{
    hf_store *store = NULL;
    hf_status status;
    HF_TRY(done, hf_store_open(&store, p->context, source->store, HF_STORE_READ, error));
    HF_TRY(done, hf_store_read(&p->frame, NULL, store, source->as_of, error));
    snprintf(p->id, sizeof p->id, "%s", p->frame->id_name);
    HF_TRY(done, correlate_frame(p, error));
    HF_TRY(done, profile_frame(&p->shape, p->context, p->frame, NULL, error));
    if (!source->outcomes) goto done;
    p->data.lead = source->lead;
    p->data.horizon = source->horizon > 0 ? source->horizon : USUAL_HORIZON;
    HF_TRY(done, profile_history(p, store, source, error));
done:
    hf_store_close(store);
    return status;
}

hf_status hf_profiling_create(hf_profiling *out, const hf_context *context, const hf_profiling_source *source,
                              hf_error *error)
{
    hf_profiling made = {.context = context, .data.one_in = 1};
    hf_status status;
    HF_TRY(done, check_source(source, error));
    if (source->file)
        HF_TRY(done, profile_table(&made, source, error));
    else
        HF_TRY(done, profile_store(&made, source, error));
    made.data.frame = made.frame;
    made.data.shape = made.shape;
    made.data.rho = made.rho;
    made.data.group = made.group;
    *out = made;
    made = (hf_profiling){0};
done:
    hf_profiling_free(&made);
    return status;
}

void hf_profiling_free(hf_profiling *p)
{
    if (!p->context) return;
    hf_frame_destroy(p->frame);
    hf_frame_destroy(p->observed);
    hf_delete(p->context, p->shape);
    hf_delete(p->context, p->outcome);
    hf_delete(p->context, p->rho);
    hf_delete(p->context, p->lead_auc);
    hf_delete(p->context, p->group);
    *p = (hf_profiling){0};
}
