// SPDX-License-Identifier: Apache-2.0
//
// A night's past. Scores frames are read where the store kept them; a date without any is scored in memory
// from its snapshot, settled against the date before it, and so on back to the newest date with scores, or to
// the first.
#include "workflow/night_history.h"

#include <string.h>

hf_status hf_night_history_open(hf_night_history *history, bool recompute, hf_error *error)
{
    hf_status status = HF_OK;
    if (!history->store) return HF_OK;
    HF_TRY(done, hf_store_list(&history->snapshots, &history->snapshot_count, history->store, error));
    if (!recompute)
        HF_TRY(done, hf_store_list_scores(&history->scores, &history->score_count, history->store, error));
done:
    if (status != HF_OK) hf_night_history_close(history);
    return status;
}

void hf_night_history_close(hf_night_history *history)
{
    hf_store_list_free(history->context, history->snapshots);
    hf_store_list_free(history->context, history->scores);
    history->snapshots = history->scores = NULL;
    history->snapshot_count = history->score_count = 0;
}

hf_status hf_night_derive(hf_frame *frame, const hf_night_history *history, hf_error *error)
{
    const int32_t count = history->snapshot_count;
    hf_status status = HF_OK;
    int32_t needed = 0, read = 0;
    hf_date *dates = hf_new(history->quiet, (size_t)count * 2, sizeof *dates);
    hf_frame **past = hf_new(history->quiet, (size_t)count, sizeof *past);
    if (!dates || !past) {
        status = hf_fail_memory(error);
        goto done;
    }
    hf_date *wanted = dates + count;
    for (int32_t i = 0; i < count; i++)
        dates[i] = history->snapshots[i].as_of;
    if (count > 0) needed = hf_derive_needs(wanted, dates, count, frame->as_of, history->definition);
    for (; read < needed; read++) {
        hf_snapshot_info info;
        HF_TRY(done, hf_store_read(&past[read], &info, history->store, wanted[read], error));
    }
    HF_TRY(done, hf_derive(frame, past, needed, history->definition, error));
done:
    for (int32_t i = 0; i < read; i++)
        hf_frame_destroy(past[i]);
    hf_delete(history->quiet, past);
    hf_delete(history->quiet, dates);
    return status;
}

static bool holds_date(const hf_snapshot_info *list, int32_t count, hf_date date)
{
    for (int32_t i = 0; i < count; i++)
        if (list[i].as_of == date) return true;
    return false;
}

// The dates before as_of with a snapshot or scores, ascending. out has room for all.
static int32_t dates_before(hf_date *out, const hf_night_history *history, hf_date as_of)
{
    int32_t count = 0, s = 0, k = 0;
    while (s < history->snapshot_count || k < history->score_count) {
        hf_date snapshot = s < history->snapshot_count ? history->snapshots[s].as_of : INT32_MAX;
        hf_date scores = k < history->score_count ? history->scores[k].as_of : INT32_MAX;
        hf_date next = snapshot < scores ? snapshot : scores;
        if (next >= as_of) break;
        out[count++] = next;
        s += snapshot == next;
        k += scores == next;
    }
    return count;
}

// The scores frame of a snapshot, settled against the one before.
static hf_status score_date(hf_frame **out, const hf_night_history *history, hf_date date,
                            const hf_frame *last, hf_error *error)
{
    const hf_context *quiet = history->quiet;
    hf_frame *frame = NULL;
    hf_snapshot_info info;
    hf_manual_overrides manual = {0};
    hf_health_plan *plan = NULL;
    hf_health health = {0};
    hf_status status;
    HF_TRY(done, hf_store_read(&frame, &info, history->store, date, error));
    HF_TRY(done, hf_night_derive(frame, history, error));
    if (history->overrides)
        HF_TRY(done, hf_manual_overrides_create(&manual, quiet, history->overrides, frame, error));
    HF_TRY(done, hf_health_plan_create(&plan, quiet, history->definition, frame,
                                       history->overrides ? &manual : NULL, error));
    HF_TRY(done, hf_health_fleet(&health, quiet, plan, error));
    HF_TRY(done, hf_health_settle(&health, quiet, plan, last, NULL, error));
    HF_TRY(done, hf_health_risk(&health, quiet, plan, NULL, error));
    HF_TRY(done, hf_health_frame(out, quiet, plan, &health, NULL, NULL, "", error));
done:
    hf_health_free(quiet, &health);
    hf_health_plan_destroy(plan);
    hf_manual_overrides_free(quiet, &manual);
    hf_frame_destroy(frame);
    return status;
}

// Which of the dates are wanted, by their places; -1 where there is none.
typedef struct {
    const hf_date *dates;
    int32_t count, before; // the last is wanted always
} wanted_dates;

static bool is_kept(const hf_night_history *history, hf_date date)
{
    return holds_date(history->scores, history->score_count, date);
}

// Walks the dates from the newest one that has scores, or the first, to the last.
static hf_status walk(hf_frame **last, hf_frame **before, const hf_night_history *history,
                      const wanted_dates *wanted, hf_error *error)
{
    const int32_t end = wanted->count - 1, first = wanted->before >= 0 ? wanted->before : end;
    int32_t begin = first;
    hf_frame *now = NULL, *then = NULL;
    hf_snapshot_info info;
    hf_status status = HF_OK;
    while (begin > 0 && !is_kept(history, wanted->dates[begin]))
        begin--;
    for (int32_t i = begin; i <= end; i++) {
        const bool kept = is_kept(history, wanted->dates[i]);
        // Kept scores are read only where they are wanted or the next date follows from them.
        if (kept && i != wanted->before && i != end && is_kept(history, wanted->dates[i + 1])) continue;
        hf_frame *made;
        HF_TRY(done, hf_check_cancel(history->context, error));
        hf_progress(history->context, "nights before", i - begin, end + 1 - begin);
        if (kept)
            HF_TRY(done, hf_store_read_scores(&made, &info, history->store, wanted->dates[i], error));
        else
            HF_TRY(done, score_date(&made, history, wanted->dates[i], now, error));
        if (now != then) hf_frame_destroy(now);
        now = made;
        if (i == wanted->before) then = now;
    }
    *last = now;
    *before = then;
    now = then = NULL;
done:
    if (now != then) hf_frame_destroy(now);
    hf_frame_destroy(then);
    return status;
}

hf_status hf_night_history_scores(hf_frame **last, hf_frame **before, const hf_night_history *history,
                                  hf_date as_of, hf_error *error)
{
    hf_status status = HF_OK;
    const size_t room = (size_t)history->snapshot_count + (size_t)history->score_count;
    hf_date *dates = hf_new(history->quiet, room, sizeof *dates);
    hf_frame *newest = NULL, *older = NULL;
    if (!dates) return hf_fail_memory(error);
    wanted_dates wanted = {dates, dates_before(dates, history, as_of), -1};
    for (int32_t i = 0; i < wanted.count; i++)
        if ((int64_t)dates[i] + history->definition->trend_days <= as_of) wanted.before = i;
    if (wanted.count > 0) HF_TRY(done, walk(&newest, &older, history, &wanted, error));
    *last = newest;
    *before = older;
done:
    hf_delete(history->quiet, dates);
    return status;
}

hf_status hf_night_history_each(const hf_night_history *history, hf_night_each *each, void *user,
                                hf_error *error)
{
    hf_status status = HF_OK;
    hf_frame *last = NULL, *made;
    for (int32_t i = 0; i < history->snapshot_count; i++) {
        HF_TRY(done, hf_check_cancel(history->context, error));
        hf_progress(history->context, "scoring nights", i, history->snapshot_count);
        HF_TRY(done, score_date(&made, history, history->snapshots[i].as_of, last, error));
        hf_frame_destroy(last);
        last = made;
        HF_TRY(done, each(user, last, error));
    }
    hf_progress(history->context, "scoring nights", history->snapshot_count, history->snapshot_count);
done:
    hf_frame_destroy(last);
    return status;
}
