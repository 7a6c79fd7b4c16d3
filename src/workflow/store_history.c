// SPDX-License-Identifier: Apache-2.0
//
// Reads what a store gives to learn from. Pooled dates are chosen from the earliest on, so that a snapshot
// more changes nothing of the choice before it; and rows are always observed from one day's standpoint, so
// that an evaluation at a past date and a training on that date are the same computation.
#include "workflow/store_history.h"

#include "holdfast/store.h"
#include "workflow/outcomes_file.h"

#include <string.h>

void hf_store_history_free(hf_store_history *history)
{
    for (int32_t i = 0; i < history->count; i++)
        hf_frame_destroy(history->frames[i]);
    hf_delete(history->context, history->frames);
    hf_outcomes_destroy(history->outcomes);
    *history = (hf_store_history){0};
}

static hf_status check_options(const hf_observation_options *options, hf_error *error)
{
    char from[11], until[11];
    if (options->from != HF_DATE_MISSING && options->until != HF_DATE_MISSING &&
        options->from > options->until) {
        hf_date_format(options->from, from);
        hf_date_format(options->until, until);
        return hf_fail(error, HF_ERROR_USAGE, "--from %s is after --until %s", from, until);
    }
    if (options->every < 0)
        return hf_fail(error, HF_ERROR_USAGE, "--every is %d; it takes 0 days or more", options->every);
    if (options->anchor && options->every > 0)
        return hf_fail(error, HF_ERROR_USAGE,
                       "--every has no effect with --anchor, which gives one row an account and date");
    if (options->anchor && options->anchor_age < 0)
        return hf_fail(error, HF_ERROR_USAGE, "--anchor-age is %d; it takes 0 days or more",
                       options->anchor_age);
    return HF_OK;
}

// The places in the list of the snapshots to be pooled; returns how many. Anchored rows may take their values
// from snapshots before `from`.
static int32_t choose(int32_t *chosen, const hf_snapshot_info *list, int32_t count,
                      const hf_observation_options *options)
{
    int32_t n = 0;
    for (int32_t i = 0; i < count; i++) {
        const hf_date t = list[i].as_of;
        if (options->until != HF_DATE_MISSING && t > options->until) continue;
        if (!options->anchor && options->from != HF_DATE_MISSING && t < options->from) continue;
        if (n > 0 && (int64_t)t - list[chosen[n - 1]].as_of < options->every) continue;
        chosen[n++] = i;
    }
    return n;
}

static hf_status fail_no_date(const char *folder, const hf_snapshot_info *list, int32_t count,
                              hf_error *error)
{
    char first[11], last[11];
    if (count == 0)
        return hf_fail_at(error, HF_ERROR_DATA, folder, 0, 0,
                          "the store holds no snapshot; ingest some first");
    hf_date_format(list[0].as_of, first);
    hf_date_format(list[count - 1].as_of, last);
    return hf_fail_at(error, HF_ERROR_DATA, folder, 0, 0,
                      "no snapshot is between --from and --until; the store's %d are as of %s to %s", count,
                      first, last);
}

static hf_status read_frames(hf_store_history *history, const char *folder, hf_date *newest, hf_error *error)
{
    const hf_context *context = history->context;
    hf_store *store = NULL;
    hf_snapshot_info *list = NULL;
    int32_t *chosen = NULL, count = 0;
    hf_status status;
    HF_TRY(done, hf_store_open(&store, context, folder, HF_STORE_READ, error));
    HF_TRY(done, hf_store_list(&list, &history->stored, store, error));
    chosen = hf_new(context, (size_t)history->stored, sizeof *chosen);
    history->frames = hf_new(context, (size_t)history->stored, sizeof *history->frames);
    if (!chosen || !history->frames) {
        status = hf_fail_memory(error);
        goto done;
    }
    count = choose(chosen, list, history->stored, &history->options);
    if (count == 0) {
        status = fail_no_date(folder, list, history->stored, error);
        goto done;
    }
    *newest = list[history->stored - 1].as_of;
    for (; history->count < count; history->count++) {
        hf_progress(context, "reading snapshots", history->count, count);
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done, hf_store_read(&history->frames[history->count], NULL, store,
                                   list[chosen[history->count]].as_of, error));
    }
    hf_progress(context, "reading snapshots", count, count);
done:
    hf_delete(context, chosen);
    hf_store_list_free(context, list);
    hf_store_close(store);
    return status;
}

hf_status hf_store_history_read(hf_store_history *out, const hf_context *context,
                                const hf_history_source *source, hf_error *error)
{
    hf_store_history made = {.context = context,
                             .options = HF_OBSERVATION_OPTIONS_INIT,
                             .label = source->label,
                             .outcome = source->outcome ? source->outcome : "churn"};
    hf_date newest = HF_DATE_MISSING;
    hf_status status;
    if (source->options) made.options = *source->options;
    HF_TRY(done, check_options(&made.options, error));
    HF_TRY(done, read_frames(&made, source->store, &newest, error));
    const hf_outcomes_source outcomes = {source->outcomes, made.frames[0]->id_name, made.outcome,
                                         source->label.known_until, newest};
    HF_TRY(done, hf_outcomes_read(&made.outcomes, &made.label.known_until, context, &outcomes, error));
    *out = made;
    made = (hf_store_history){.context = context};
done:
    hf_store_history_free(&made);
    return status;
}

static hf_date earlier(hf_date a, hf_date b)
{
    if (a == HF_DATE_MISSING) return b;
    return b == HF_DATE_MISSING || a < b ? a : b;
}

static hf_date later(hf_date a, hf_date b)
{
    return a > b ? a : b; // HF_DATE_MISSING is before all dates
}

hf_status hf_store_history_observe(hf_observations *out, hf_ledger *ledger, const hf_store_history *history,
                                   hf_date from, hf_date until, hf_date known_until, hf_error *error)
{
    const hf_observation_options *options = &history->options;
    hf_label_options label = history->label;
    int32_t begin = 0, end = history->count;
    label.known_until = known_until;
    while (until != HF_DATE_MISSING && end > 0 && history->frames[end - 1]->as_of > until)
        end--;
    if (options->anchor) {
        const hf_anchor_options anchor = {options->anchor, options->anchor_shift, options->anchor_age,
                                          later(from, options->from), earlier(until, options->until)};
        return hf_observe_anchored(out, ledger, history->context, history->frames, end, history->outcomes,
                                   &label, &anchor, error);
    }
    while (begin < end && history->frames[begin]->as_of < from)
        begin++;
    return hf_observe(out, ledger, history->context, history->frames + begin, end - begin, history->outcomes,
                      &label, error);
}

void hf_store_history_tell(hf_text *text, const hf_store_history *history, bool said_known_until)
{
    const hf_observation_options *options = &history->options;
    char known[11];
    hf_date_format(history->label.known_until, known);
    hf_text_printf(text, "outcomes are known until %s (%s)\n", known,
                   said_known_until ? "--known-until" : "the last date in the file of outcomes");
    if (options->anchor)
        hf_text_printf(text, "one row an account and '%s': %d days before it, values at most %d days older\n",
                       options->anchor, history->label.lead - options->anchor_shift, options->anchor_age);
    else if (history->count < history->stored)
        hf_text_printf(text, "%d of the store's %d snapshots are pooled\n", history->count, history->stored);
}

hf_status hf_store_history_warn(const hf_store_history *history, const hf_history_source *source,
                                const hf_ledger *ledger, bool all_dates, hf_error *error)
{
    const long long unknown = (long long)ledger->unknown_accounts, all = (long long)ledger->outcome_accounts;
    // Accounts that came and went between two pooled dates are no sign of ids written otherwise.
    const bool whole = all_dates && history->count == history->stored;
    if (whole ? 2 * unknown > all : unknown == all && all > 0)
        return hf_fail_at(error, HF_ERROR_DATA, source->outcomes, 0, 0,
                          "%lld of %lld accounts with an outcome are in no snapshot of %s, such as '%s': are "
                          "the ids written alike in both? Take accounts out that the store never had",
                          unknown, all, source->store, ledger->unknown_example);
    if (whole && unknown > 0)
        hf_warn(history->context,
                "%s: %lld of %lld accounts with an outcome are in no snapshot of %s, such as '%s'; they "
                "label nothing, and if the ids are written otherwise there, events are missing",
                source->outcomes, unknown, all, source->store, ledger->unknown_example);
    if (10 * ledger->on_day > ledger->total.events)
        hf_warn(
            history->context,
            "%lld rows are dropped for an outcome on the day of '%s' itself, beside %lld events kept: the "
            "day is the last that does not count; with --anchor-shift -1 it counts",
            (long long)ledger->on_day, history->options.anchor, (long long)ledger->total.events);
    return HF_OK;
}

json_t *hf_store_history_json(const hf_store_history *history)
{
    json_t *out = json_object();
    char known[11];
    int bad = json_object_set_new(out, "outcome", json_string(history->outcome));
    bad |= json_object_set_new(out, "lead", json_integer(history->label.lead));
    bad |= json_object_set_new(out, "horizon", json_integer(history->label.horizon));
    hf_date_format(history->label.known_until, known);
    bad |= json_object_set_new(out, "known_until", json_string(known));
    if (!bad) return out;
    json_decref(out);
    return NULL;
}
