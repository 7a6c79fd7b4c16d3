// SPDX-License-Identifier: Apache-2.0
//
// Labels snapshots and stacks them into observations. A row (account, t) is 1 if the account's first outcome
// falls in (t + lead, t + lead + horizon]. Where that window ends after the last day outcomes are known, all
// rows of the date are dropped, those with an outcome already seen too: keeping the events of a window cut
// short and dropping the rest would make churn look more common than it is.
#include "history/outcomes.h"

#include <string.h>

enum { MOST_DAYS = 36525 }; // a century: longer leads and horizons are typing mistakes

void hf_observations_free(const hf_context *context, hf_observations *observations)
{
    hf_frame_destroy(observations->frame);
    hf_delete(context, observations->label);
    hf_delete(context, observations->cluster);
    hf_delete(context, observations->as_of);
    *observations = (hf_observations){0};
}

static hf_status check_options(const hf_label_options *options, hf_error *error)
{
    if (options->horizon < 1 || options->horizon > MOST_DAYS)
        return hf_fail(error, HF_ERROR_USAGE, "the horizon is %d days; give 1 to %d", options->horizon,
                       MOST_DAYS);
    if (options->lead < 0 || options->lead > MOST_DAYS)
        return hf_fail(error, HF_ERROR_USAGE, "the lead is %d days; give 0 to %d", options->lead, MOST_DAYS);
    return HF_OK;
}

// The frames' places by as-of date. Two snapshots of one date would count every account twice.
static hf_status order_by_date(int32_t *order, hf_frame *const *frames, int32_t count, hf_error *error)
{
    char date[11];
    for (int32_t f = 0; f < count; f++) {
        if (frames[f]->as_of == HF_DATE_MISSING)
            return hf_fail_at(error, HF_ERROR_USAGE, frames[f]->source, 0, 0,
                              "this snapshot has no as-of date; labels need one");
        int32_t place = f;
        for (; place > 0 && frames[order[place - 1]]->as_of > frames[f]->as_of; place--)
            order[place] = order[place - 1];
        order[place] = f;
        if (place > 0 && frames[order[place - 1]]->as_of == frames[f]->as_of) {
            hf_date_format(frames[f]->as_of, date);
            return hf_fail_at(error, HF_ERROR_USAGE, frames[f]->source, 0, 0,
                              "two snapshots are as of %s; give one a date", date);
        }
    }
    return HF_OK;
}

// What becomes of the rows of one snapshot: kept rows and their labels, and the counts. seen marks the
// outcomes whose account the snapshot has.
static hf_status label_frame(int64_t *kept, uint8_t *label, bool *seen, hf_ledger_row *row,
                             const hf_frame *frame, const hf_outcomes *outcomes,
                             const hf_label_options *options, hf_date known_until, hf_error *error)
{
    int64_t t = frame->as_of, lead_end = t + options->lead, end = lead_end + options->horizon;
    *row = (hf_ledger_row){.as_of = frame->as_of, .rows = frame->rows};
    // kept holds the match until row i is decided; it never overtakes i.
    hf_status status = hf_frame_match(kept, outcomes->accounts, frame, error);
    if (status != HF_OK) return status;
    for (int64_t i = 0; i < frame->rows; i++) {
        int64_t first = kept[i] < 0 ? INT64_MAX : outcomes->first[kept[i]];
        if (kept[i] >= 0) seen[kept[i]] = true;
        if (first <= t) {
            row->churned++;
        } else if (first <= lead_end) {
            row->in_lead++;
        } else if (end > known_until) {
            row->censored++;
        } else {
            label[row->kept] = first <= end;
            row->events += first <= end;
            kept[row->kept++] = i;
        }
    }
    return HF_OK;
}

// Accounts with an outcome that no snapshot has.
static void count_unknown(hf_ledger *ledger, const hf_outcomes *outcomes, const bool *seen,
                          hf_date known_until)
{
    const hf_frame *accounts = outcomes->accounts;
    for (int64_t n = 0; n < accounts->rows; n++) {
        if (outcomes->again[n] || outcomes->first[n] <= ledger->rows[0].as_of ||
            outcomes->first[n] > known_until)
            continue;
        ledger->outcome_accounts++;
        if (seen[n]) continue;
        if (ledger->unknown_accounts++ > 0) continue;
        size_t length;
        const char *id = hf_frame_id(accounts, n, &length);
        snprintf(ledger->unknown_example, sizeof ledger->unknown_example, "%.*s", (int)length, id);
    }
}

static void add_up(hf_ledger *ledger)
{
    hf_ledger_row *total = &ledger->total;
    *total = (hf_ledger_row){.as_of = HF_DATE_MISSING};
    for (int32_t i = 0; i < ledger->count; i++) {
        const hf_ledger_row *row = &ledger->rows[i];
        total->rows += row->rows;
        total->kept += row->kept;
        total->events += row->events;
        total->churned += row->churned;
        total->in_lead += row->in_lead;
        total->censored += row->censored;
    }
}

static hf_status fail_nothing_kept(const hf_ledger *ledger, const hf_label_options *options,
                                   hf_date known_until, hf_error *error)
{
    const hf_ledger_row *total = &ledger->total;
    char last[11], usable[11];
    hf_date_format(known_until, last);
    int64_t latest = (int64_t)known_until - options->lead - options->horizon;
    hf_date_format(latest > HF_DATE_MISSING ? (hf_date)latest : HF_DATE_MISSING, usable);
    return hf_fail(
        error, HF_ERROR_TOO_LITTLE,
        "no row can be labelled: of %lld rows, %lld had the outcome already, %lld have it within the lead, "
        "%lld end after %s, the last day outcomes are known. With a lead of %d and a horizon of %d days a "
        "snapshot must be as of %s or before: shorten them, or ingest older snapshots",
        (long long)total->rows, (long long)total->churned, (long long)total->in_lead,
        (long long)total->censored, last, options->lead, options->horizon, usable);
}

// Labels, dates and clusters of the stacked rows; label is moved here in pieces, a frame after the other.
static hf_status finish(hf_observations *made, const hf_context *context, hf_frame *const *parts,
                        int32_t count, const uint8_t *label, hf_error *error)
{
    int64_t row = 0;
    hf_status status;
    HF_TRY(done, hf_frame_stack(&made->frame, context, parts, count, error));
    size_t rows = (size_t)made->frame->rows;
    made->label = hf_new(context, rows, sizeof *made->label);
    made->cluster = hf_new(context, rows, sizeof *made->cluster);
    made->as_of = hf_new(context, rows, sizeof *made->as_of);
    if (!made->label || !made->cluster || !made->as_of) {
        status = hf_fail_memory(error);
        goto done;
    }
    memcpy(made->label, label, rows);
    for (int32_t p = 0; p < count; p++)
        for (int64_t i = 0; i < parts[p]->rows; i++)
            made->as_of[row++] = parts[p]->as_of;
    HF_TRY(done, hf_cluster_by_id(made->cluster, made->frame, error));
done:
    return status;
}

hf_status hf_observe(hf_observations *out, hf_ledger *ledger, const hf_context *context,
                     hf_frame *const *frames, int32_t count, const hf_outcomes *outcomes,
                     const hf_label_options *options, hf_error *error)
{
    hf_observations made = {0};
    hf_ledger counts = {0};
    hf_frame **parts = NULL;
    int32_t *order = NULL, part_count = 0;
    int64_t *kept = NULL, most = 0, all = 0;
    uint8_t *label = NULL;
    bool *seen = NULL;
    hf_date known = options->known_until == HF_DATE_MISSING ? outcomes->last : options->known_until;
    hf_status status;
    HF_TRY(done, check_options(options, error));
    for (int32_t f = 0; f < count; f++) {
        if (frames[f]->rows > most) most = frames[f]->rows;
        all += frames[f]->rows;
    }
    parts = hf_new(context, (size_t)count, sizeof(hf_frame *));
    order = hf_new(context, (size_t)count, sizeof *order);
    counts.rows = hf_new(context, (size_t)count, sizeof *counts.rows);
    kept = hf_new(context, (size_t)most, sizeof *kept);
    label = hf_new(context, (size_t)all, sizeof *label);
    seen = hf_new(context, (size_t)outcomes->accounts->rows, sizeof *seen);
    if (!parts || !order || !counts.rows || !kept || !label || !seen) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, order_by_date(order, frames, count, error));
    for (int32_t i = 0; i < count; i++) {
        hf_ledger_row *row = &counts.rows[counts.count++];
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done, label_frame(kept, label + counts.total.kept, seen, row, frames[order[i]], outcomes,
                                 options, known, error));
        counts.total.kept += row->kept;
        // A snapshot of which nothing is kept would still bring its columns.
        if (row->kept > 0)
            HF_TRY(done, hf_frame_select(&parts[part_count++], frames[order[i]], kept, row->kept, error));
    }
    add_up(&counts);
    if (counts.count > 0) count_unknown(&counts, outcomes, seen, known);
    if (counts.total.kept == 0) {
        status = fail_nothing_kept(&counts, options, known, error);
        goto done;
    }
    HF_TRY(done, finish(&made, context, parts, part_count, label, error));
    *out = made;
    *ledger = counts;
    made = (hf_observations){0};
    counts = (hf_ledger){0};
done:
    for (int32_t p = 0; parts && p < part_count; p++)
        hf_frame_destroy(parts[p]);
    hf_delete(context, parts);
    hf_delete(context, order);
    hf_delete(context, kept);
    hf_delete(context, label);
    hf_delete(context, seen);
    hf_ledger_free(context, &counts);
    hf_observations_free(context, &made);
    return status;
}
