// SPDX-License-Identifier: Apache-2.0
//
// Observations anchored to a date of the account, such as its renewal: one row an account and date, some lead
// before it, where a plain pooling gives a row a snapshot. The rows of all snapshots are sorted to accounts;
// each account's distinct dates are then walked in order beside its snapshots, so that the newest one by each
// t is found in one pass (Gold, Fighting Churn with Data, 2020, chapter 4, on observation dates).
#include "history/labels.h"
#include "history/outcomes.h"

#include <stdlib.h>
#include <string.h>

enum { NOT_TAKEN = 255 };

typedef struct {
    hf_date t;
    hf_fate fate;
    bool event;
} decision;

// The rows of all frames, one after the other by date.
typedef struct {
    const hf_context *context;
    hf_frame *const *frames;
    const int32_t *order; // of the frames
    int32_t count;
    const hf_label_options *options;
    const hf_anchor_options *anchor;
    hf_date known_until, newest;
    const hf_outcomes *outcomes;
    int64_t rows, accounts;
    hf_frame *ids;    // owned, as the rest: the rows' ids
    int64_t *outcome; // each row's place among the outcomes, -1: none
    int64_t *account; // each row's account
    int64_t *start;   // accounts + 1: where an account's rows begin in `row`
    int64_t *row;     // rows by account, each by date
    hf_date *as_of;   // of each row's frame
    hf_date *date;    // of each row's account then; HF_DATE_MISSING: none
    hf_date *t;       // of the rows taken
    uint8_t *label;   // of the rows taken, else NOT_TAKEN
    decision *decided;
    int64_t decided_count, ahead, on_day;
} anchoring;

static void free_anchoring(anchoring *a)
{
    hf_frame_destroy(a->ids);
    hf_delete(a->context, a->outcome);
    hf_delete(a->context, a->account);
    hf_delete(a->context, a->start);
    hf_delete(a->context, a->row);
    hf_delete(a->context, a->as_of);
    hf_delete(a->context, a->date);
    hf_delete(a->context, a->t);
    hf_delete(a->context, a->label);
    hf_delete(a->context, a->decided);
}

static hf_status check_signal(const anchoring *a, hf_error *error)
{
    const char *signal = a->anchor->signal, *dates[64];
    int32_t found = 0;
    size_t near = 0;
    for (int32_t f = 0; f < a->count; f++) {
        const hf_frame *frame = a->frames[a->order[f]];
        const int32_t place = hf_frame_find(frame, signal);
        if (place >= 0 && frame->columns[place].storage != HF_STORAGE_DAY)
            return hf_fail_at(error, HF_ERROR_DATA, frame->source, 0, 0,
                              "'%s' is a %s; rows are anchored to a date signal", signal,
                              hf_kind_name(frame->columns[place].kind));
        found += place >= 0;
    }
    if (found > 0) return HF_OK;
    const hf_frame *frame = a->count > 0 ? a->frames[a->order[a->count - 1]] : NULL;
    for (int32_t c = 0; frame && c < frame->column_count && near < 64; c++)
        if (frame->columns[c].storage == HF_STORAGE_DAY) dates[near++] = frame->columns[c].name;
    const char *nearest = hf_nearest(signal, dates, near);
    if (!nearest && near > 0) nearest = dates[0];
    return hf_fail(error, HF_ERROR_DATA, "no snapshot has a signal '%s' to anchor to%s%s%s", signal,
                   nearest ? "; did you mean '" : "; none has a date signal", nearest ? nearest : "",
                   nearest ? "'?" : "");
}

// Ids, dates and as-of dates of all rows.
static hf_status gather(anchoring *a, hf_error *error)
{
    int32_t width = 1;
    hf_status status;
    for (int32_t f = 0; f < a->count; f++) {
        a->rows += a->frames[f]->rows;
        if (a->frames[f]->id_width > width) width = a->frames[f]->id_width;
    }
    HF_TRY(done, hf_frame_create(&a->ids, a->context, a->rows, width, error));
    a->as_of = hf_new(a->context, (size_t)a->rows, sizeof *a->as_of);
    a->date = hf_new(a->context, (size_t)a->rows, sizeof *a->date);
    if (!a->as_of || !a->date) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t f = 0, row = 0; f < a->count; f++) {
        const hf_frame *frame = a->frames[a->order[f]];
        const int32_t place = hf_frame_find(frame, a->anchor->signal);
        const int32_t *days = place < 0 ? NULL : frame->columns[place].values;
        for (int64_t i = 0; i < frame->rows; i++, row++) {
            memcpy(a->ids->ids + (size_t)row * (size_t)width,
                   frame->ids + (size_t)i * (size_t)frame->id_width, (size_t)frame->id_width);
            a->as_of[row] = frame->as_of;
            a->date[row] = days ? days[i] : HF_DATE_MISSING;
        }
    }
done:
    return status;
}

// Sorts the rows to accounts, and finds each one's outcome.
static hf_status sort_to_accounts(anchoring *a, hf_error *error)
{
    const size_t rows = (size_t)a->rows;
    hf_status status;
    a->account = hf_new(a->context, rows, sizeof *a->account);
    a->outcome = hf_new(a->context, rows, sizeof *a->outcome);
    a->start = hf_new(a->context, rows + 2, sizeof *a->start);
    a->row = hf_new(a->context, rows, sizeof *a->row);
    a->t = hf_new(a->context, rows, sizeof *a->t);
    a->label = hf_new(a->context, rows, sizeof *a->label);
    a->decided = hf_new(a->context, rows, sizeof *a->decided);
    if (!a->account || !a->outcome || !a->start || !a->row || !a->t || !a->label || !a->decided) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_cluster_by_id(a->account, a->ids, error));
    HF_TRY(done, hf_frame_match(a->outcome, a->outcomes->accounts, a->ids, error));
    for (int64_t i = 0; i < a->rows; i++) {
        if (a->account[i] >= a->accounts) a->accounts = a->account[i] + 1;
        a->start[a->account[i] + 2]++;
    }
    for (int64_t k = 0; k < a->accounts; k++)
        a->start[k + 2] += a->start[k + 1];
    for (int64_t i = 0; i < a->rows; i++)
        a->row[a->start[a->account[i] + 1]++] = i;
    memset(a->label, NOT_TAKEN, rows);
done:
    return status;
}

static int compare_dates(const void *x, const void *y)
{
    const hf_date a = *(const hf_date *)x, b = *(const hf_date *)y;
    return (a > b) - (a < b);
}

// Decides one date of an account. last: the account's newest row by t, -1 where there is none.
static void decide(anchoring *a, hf_date d, hf_date t, int64_t first, int64_t last)
{
    const bool event = hf_is_event(first, t, a->options);
    hf_fate fate = hf_fate_of(first, t, a->options, a->known_until);
    if (fate == HF_FATE_KEPT) {
        if (last < 0 || (int64_t)t - a->as_of[last] > a->anchor->most_age) {
            fate = HF_FATE_NO_SNAPSHOT;
        } else if (a->date[last] != d) {
            fate = HF_FATE_MOVED;
        } else {
            a->label[last] = event;
            a->t[last] = t;
        }
    }
    a->on_day += (fate == HF_FATE_CHURNED || fate == HF_FATE_IN_LEAD) && first == d;
    a->decided[a->decided_count++] = (decision){t, fate, event};
}

// Walks an account's distinct dates beside its rows. scratch holds as many dates as the account has rows.
static void decide_account(anchoring *a, int64_t account, hf_date *scratch)
{
    const int64_t *row = a->row + a->start[account], rows = a->start[account + 1] - a->start[account];
    const int64_t place = a->outcome[row[0]];
    const int64_t first = place < 0 ? INT64_MAX : a->outcomes->first[place];
    const hf_date from = a->anchor->from, until = a->anchor->until;
    int64_t dates = 0, passed = 0;
    for (int64_t k = 0; k < rows; k++)
        if (a->date[row[k]] != HF_DATE_MISSING) scratch[dates++] = a->date[row[k]];
    qsort(scratch, (size_t)dates, sizeof *scratch, compare_dates);
    for (int64_t k = 0; k < dates; k++) {
        const hf_date d = scratch[k], t = d + a->anchor->shift - a->options->lead;
        if ((k > 0 && scratch[k - 1] == d) || (from != HF_DATE_MISSING && t < from) ||
            (until != HF_DATE_MISSING && t > until))
            continue;
        while (passed < rows && a->as_of[row[passed]] <= t)
            passed++;
        if ((int64_t)t - a->newest > a->anchor->most_age)
            a->ahead++;
        else
            decide(a, d, t, first, passed > 0 ? row[passed - 1] : -1);
    }
}

static hf_date month_of(hf_date t)
{
    char text[11];
    hf_date month = t;
    hf_date_format(t, text);
    if (text[0] != '\0') {
        memcpy(text + 8, "01", 2);
        hf_date_parse(&month, text, 10);
    }
    return month;
}

static int compare_decisions(const void *x, const void *y)
{
    const decision *a = x, *b = y;
    return (a->t > b->t) - (a->t < b->t);
}

static hf_status fill_ledger(hf_ledger *ledger, anchoring *a, hf_error *error)
{
    int32_t months = 0;
    qsort(a->decided, (size_t)a->decided_count, sizeof *a->decided, compare_decisions);
    for (int64_t i = 0; i < a->decided_count; i++)
        months += i == 0 || month_of(a->decided[i].t) != month_of(a->decided[i - 1].t);
    ledger->rows = hf_new(a->context, (size_t)months, sizeof *ledger->rows);
    if (!ledger->rows) return hf_fail_memory(error);
    for (int64_t i = 0; i < a->decided_count; i++) {
        const hf_date month = month_of(a->decided[i].t);
        if (ledger->count == 0 || ledger->rows[ledger->count - 1].as_of != month)
            ledger->rows[ledger->count++] = (hf_ledger_row){.as_of = month};
        hf_ledger_count(&ledger->rows[ledger->count - 1], a->decided[i].fate, a->decided[i].event);
    }
    ledger->anchored = true;
    ledger->ahead = a->ahead;
    ledger->on_day = a->on_day;
    hf_ledger_add_up(ledger);
    return HF_OK;
}

static hf_status tell_unknown(hf_ledger *ledger, const anchoring *a, hf_error *error)
{
    bool *seen = hf_new(a->context, (size_t)a->outcomes->accounts->rows, sizeof *seen);
    if (!seen) return hf_fail_memory(error);
    for (int64_t i = 0; i < a->rows; i++)
        if (a->outcome[i] >= 0) seen[a->outcome[i]] = true;
    if (a->count > 0)
        hf_ledger_count_unknown(ledger, a->outcomes, seen, a->frames[a->order[0]]->as_of, a->known_until);
    hf_delete(a->context, seen);
    return HF_OK;
}

// The rows taken, frame by frame.
static hf_status take(hf_observations *out, const anchoring *a, int64_t kept_count, hf_error *error)
{
    int32_t parts_made = 0;
    hf_status status = HF_OK;
    hf_frame **parts = hf_new(a->context, (size_t)a->count, sizeof(hf_frame *));
    int64_t *rows = hf_new(a->context, (size_t)kept_count, sizeof *rows);
    uint8_t *label = hf_new(a->context, (size_t)kept_count, sizeof *label);
    hf_date *t = hf_new(a->context, (size_t)kept_count, sizeof *t);
    if (!parts || !rows || !label || !t) {
        status = hf_fail_memory(error);
        goto done;
    }
    int64_t all = 0, row = 0;
    for (int32_t f = 0; f < a->count; f++) {
        const hf_frame *frame = a->frames[a->order[f]];
        int64_t taken = 0;
        for (int64_t i = 0; i < frame->rows; i++, row++) {
            if (a->label[row] == NOT_TAKEN) continue;
            label[all] = a->label[row];
            t[all++] = a->t[row];
            rows[taken++] = i;
        }
        if (taken > 0) HF_TRY(done, hf_frame_select(&parts[parts_made++], frame, rows, taken, error));
    }
    HF_TRY(done, hf_observations_stack(out, a->context, parts, parts_made, label, t, error));
done:
    for (int32_t p = 0; parts && p < parts_made; p++)
        hf_frame_destroy(parts[p]);
    hf_delete(a->context, parts);
    hf_delete(a->context, rows);
    hf_delete(a->context, label);
    hf_delete(a->context, t);
    return status;
}

hf_status hf_observe_anchored(hf_observations *out, hf_ledger *ledger, const hf_context *context,
                              hf_frame *const *frames, int32_t count, const hf_outcomes *outcomes,
                              const hf_label_options *options, const hf_anchor_options *anchor,
                              hf_error *error)
{
    anchoring a = {.context = context,
                   .frames = frames,
                   .count = count,
                   .options = options,
                   .anchor = anchor,
                   .known_until = hf_known_until(options, outcomes),
                   .newest = HF_DATE_MISSING,
                   .outcomes = outcomes};
    hf_ledger counts = {0};
    hf_date *scratch = NULL;
    hf_status status;
    int32_t *order = hf_new(context, (size_t)count, sizeof *order);
    if (!order) return hf_fail_memory(error);
    HF_TRY(done, hf_label_options_check(options, error));
    HF_TRY(done, hf_order_by_date(order, frames, count, error));
    a.order = order;
    HF_TRY(done, check_signal(&a, error));
    a.newest = frames[order[count - 1]]->as_of;
    HF_TRY(done, gather(&a, error));
    HF_TRY(done, sort_to_accounts(&a, error));
    scratch = hf_new(context, (size_t)a.rows, sizeof *scratch);
    if (!scratch) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_check_cancel(context, error));
    for (int64_t k = 0; k < a.accounts; k++)
        decide_account(&a, k, scratch);
    HF_TRY(done, fill_ledger(&counts, &a, error));
    HF_TRY(done, tell_unknown(&counts, &a, error));
    if (counts.total.kept == 0) {
        status = hf_fail_nothing_kept(&counts, options, a.known_until, error);
        goto done;
    }
    HF_TRY(done, take(out, &a, counts.total.kept, error));
    *ledger = counts;
    counts = (hf_ledger){0};
done:
    hf_delete(context, order);
    hf_delete(context, scratch);
    hf_ledger_free(context, &counts);
    free_anchoring(&a);
    return status;
}
