// SPDX-License-Identifier: Apache-2.0
//
// The reading of a label and its bookkeeping. A row (account, t) is 1 if the account's first outcome falls in
// (t + lead, t + lead + horizon]. Where that window ends after the last day outcomes are known, the row is
// dropped even if its outcome has been seen already: keeping the events of a window cut short and dropping
// the rest would make churn look more common than it is.
#include "history/labels.h"

#include "history/outcomes.h"

#include <string.h>

enum { MOST_DAYS = 36525 }; // a century: longer leads and horizons are typing mistakes

hf_fate hf_fate_of(int64_t first, hf_date t, const hf_label_options *options, hf_date known_until)
{
    const int64_t lead_end = (int64_t)t + options->lead;
    if (first <= t) return HF_FATE_CHURNED;
    if (first <= lead_end) return HF_FATE_IN_LEAD;
    return lead_end + options->horizon > known_until ? HF_FATE_CENSORED : HF_FATE_KEPT;
}

bool hf_is_event(int64_t first, hf_date t, const hf_label_options *options)
{
    return first <= (int64_t)t + options->lead + options->horizon;
}

void hf_ledger_count(hf_ledger_row *row, hf_fate fate, bool event)
{
    row->rows++;
    row->churned += fate == HF_FATE_CHURNED;
    row->in_lead += fate == HF_FATE_IN_LEAD;
    row->censored += fate == HF_FATE_CENSORED;
    row->no_snapshot += fate == HF_FATE_NO_SNAPSHOT;
    row->moved += fate == HF_FATE_MOVED;
    row->kept += fate == HF_FATE_KEPT;
    row->events += fate == HF_FATE_KEPT && event;
}

void hf_ledger_add_up(hf_ledger *ledger)
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
        total->no_snapshot += row->no_snapshot;
        total->moved += row->moved;
    }
}

void hf_ledger_count_unknown(hf_ledger *ledger, const hf_outcomes *outcomes, const bool *seen,
                             hf_date earliest, hf_date known_until)
{
    const hf_frame *accounts = outcomes->accounts;
    for (int64_t n = 0; n < accounts->rows; n++) {
        if (outcomes->again[n] || outcomes->first[n] <= earliest || outcomes->first[n] > known_until)
            continue;
        ledger->outcome_accounts++;
        if (seen[n]) continue;
        if (ledger->unknown_accounts++ > 0) continue;
        size_t length;
        const char *id = hf_frame_id(accounts, n, &length);
        snprintf(ledger->unknown_example, sizeof ledger->unknown_example, "%.*s", (int)length, id);
    }
}

hf_status hf_label_options_check(const hf_label_options *options, hf_error *error)
{
    if (options->horizon < 1 || options->horizon > MOST_DAYS)
        return hf_fail(error, HF_ERROR_USAGE, "the horizon is %d days; give 1 to %d", options->horizon,
                       MOST_DAYS);
    if (options->lead < 0 || options->lead > MOST_DAYS)
        return hf_fail(error, HF_ERROR_USAGE, "the lead is %d days; give 0 to %d", options->lead, MOST_DAYS);
    return HF_OK;
}

hf_date hf_known_until(const hf_label_options *options, const hf_outcomes *outcomes)
{
    return options->known_until == HF_DATE_MISSING ? outcomes->last : options->known_until;
}

hf_status hf_order_by_date(int32_t *order, hf_frame *const *frames, int32_t count, hf_error *error)
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

hf_status hf_fail_nothing_kept(const hf_ledger *ledger, const hf_label_options *options, hf_date known_until,
                               hf_error *error)
{
    const hf_ledger_row *total = &ledger->total;
    char last[11], usable[11];
    hf_date_format(known_until, last);
    int64_t latest = (int64_t)known_until - options->lead - options->horizon;
    hf_date_format(latest > HF_DATE_MISSING ? (hf_date)latest : HF_DATE_MISSING, usable);
    if (ledger->anchored)
        return hf_fail(
            error, HF_ERROR_TOO_LITTLE,
            "no row can be labelled: of %lld dates of accounts, %lld come after the outcome, %lld have it "
            "within the lead, %lld end after %s, the last day outcomes are known, %lld have no snapshot in "
            "time and %lld had another date there; %lld lie ahead of the last snapshot",
            (long long)total->rows, (long long)total->churned, (long long)total->in_lead,
            (long long)total->censored, last, (long long)total->no_snapshot, (long long)total->moved,
            (long long)ledger->ahead);
    return hf_fail(
        error, HF_ERROR_TOO_LITTLE,
        "no row can be labelled: of %lld rows, %lld had the outcome already, %lld have it within the lead, "
        "%lld end after %s, the last day outcomes are known. With a lead of %d and a horizon of %d days a "
        "snapshot must be as of %s or before: shorten them, or ingest older snapshots",
        (long long)total->rows, (long long)total->churned, (long long)total->in_lead,
        (long long)total->censored, last, options->lead, options->horizon, usable);
}

void hf_observations_free(const hf_context *context, hf_observations *observations)
{
    hf_frame_destroy(observations->frame);
    hf_delete(context, observations->label);
    hf_delete(context, observations->cluster);
    hf_delete(context, observations->as_of);
    *observations = (hf_observations){0};
}

hf_status hf_observations_stack(hf_observations *out, const hf_context *context, hf_frame *const *parts,
                                int32_t count, const uint8_t *label, const hf_date *as_of, hf_error *error)
{
    hf_observations made = {0};
    hf_status status;
    HF_TRY(done, hf_frame_stack(&made.frame, context, parts, count, error));
    const size_t rows = (size_t)made.frame->rows;
    made.label = hf_new(context, rows, sizeof *made.label);
    made.cluster = hf_new(context, rows, sizeof *made.cluster);
    made.as_of = hf_new(context, rows, sizeof *made.as_of);
    if (!made.label || !made.cluster || !made.as_of) {
        status = hf_fail_memory(error);
        goto done;
    }
    memcpy(made.label, label, rows);
    memcpy(made.as_of, as_of, rows * sizeof *as_of);
    HF_TRY(done, hf_cluster_by_id(made.cluster, made.frame, error));
    *out = made;
    made = (hf_observations){0};
done:
    hf_observations_free(context, &made);
    return status;
}
