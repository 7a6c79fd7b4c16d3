// SPDX-License-Identifier: Apache-2.0
//
// A snapshot ought to hold what was known at its date. When it was recorded is written in it, so one that was
// stored after its outcomes stands out among neighbours that were not: its values may have been read from
// tables that knew. History loaded in one go stands out from nothing; nobody but its owner can say whether
// the values are those of their day, and so it is told and not judged.
#include "workflow/leak_snapshots.h"

#include "holdfast/store.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_LATE = 3, FEW = 2 };

static int by_date(const void *a, const void *b)
{
    const hf_date x = *(const hf_date *)a, y = *(const hf_date *)b;
    return (x > y) - (x < y);
}

// Days after the lead that a snapshot may come late.
static int32_t tolerance(int32_t horizon)
{
    return horizon / 3 > LEAST_LATE ? horizon / 3 : LEAST_LATE;
}

// Late snapshots [begin, end) that begin with the oldest one: history, or strays of it.
static void judge_oldest(hf_recording *out, const hf_date *recorded, int32_t end, int32_t count,
                         int32_t horizon, hf_date *sorted)
{
    if (end <= FEW && end < count) {
        for (int32_t i = 0; i < end; i++)
            out[i] = recorded[i] > recorded[end] ? HF_RECORDED_STRAY : HF_RECORDED_BACKFILL;
        return;
    }
    memcpy(sorted, recorded, (size_t)end * sizeof *sorted);
    qsort(sorted, (size_t)end, sizeof *sorted, by_date);
    const hf_date usual = sorted[end / 2];
    int32_t later = 0;
    for (int32_t i = 0; i < end; i++)
        later += recorded[i] - usual > tolerance(horizon);
    for (int32_t i = 0; i < end; i++)
        out[i] = recorded[i] - usual > tolerance(horizon) && 4 * later <= end ? HF_RECORDED_STRAY
                                                                              : HF_RECORDED_BACKFILL;
}

hf_status hf_judge_recordings(hf_recording *out, const hf_context *context, const hf_date *as_of,
                              const hf_date *recorded, int32_t count, int32_t lead, int32_t horizon,
                              hf_error *error)
{
    hf_date *sorted = hf_new(context, (size_t)count, sizeof *sorted);
    int32_t oldest = 0;
    if (!sorted) return hf_fail_memory(error);
    for (int32_t i = 0; i < count; i++) {
        const bool late = recorded[i] != HF_DATE_MISSING &&
                          (int64_t)recorded[i] - as_of[i] > (int64_t)lead + tolerance(horizon);
        out[i] = late ? HF_RECORDED_STRAY : HF_RECORDED_IN_TIME;
        oldest += late && oldest == i;
    }
    judge_oldest(out, recorded, oldest, count, horizon, sorted);
    hf_delete(context, sorted);
    return HF_OK;
}

// ---- a store ---------------------------------------------------------------------------------------------

typedef struct {
    const hf_context *context;
    const char *folder;
    const hf_store_history *history;
    hf_snapshot_info *list;
    hf_date *as_of, *recorded;
    hf_recording *found;
    int32_t count;
} recordings;

static hf_status read_recordings(recordings *r, hf_error *error)
{
    hf_store *store = NULL;
    hf_status status;
    HF_TRY(done, hf_store_open(&store, r->context, r->folder, HF_STORE_READ, error));
    HF_TRY(done, hf_store_list(&r->list, &r->count, store, error));
    r->as_of = hf_new(r->context, (size_t)r->count, sizeof *r->as_of);
    r->recorded = hf_new(r->context, (size_t)r->count, sizeof *r->recorded);
    r->found = hf_new(r->context, (size_t)r->count, sizeof *r->found);
    if (!r->as_of || !r->recorded || !r->found) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t i = 0; i < r->count; i++) {
        r->as_of[i] = r->list[i].as_of;
        r->recorded[i] = HF_DATE_MISSING;
        (void)hf_date_parse(&r->recorded[i], r->list[i].recorded_at, 10);
    }
    HF_TRY(done, hf_judge_recordings(r->found, r->context, r->as_of, r->recorded, r->count,
                                     r->history->label.lead, r->history->label.horizon, error));
done:
    hf_store_close(store);
    return status;
}

// Whether rows of the snapshot are learnt from: its outcomes are known. Anchored rows are dated by
// themselves.
static bool takes_part(const recordings *r, int32_t i)
{
    const hf_store_history *h = r->history;
    bool read = false;
    for (int32_t f = 0; f < h->count; f++)
        read = read || h->frames[f]->as_of == r->as_of[i];
    return read && (h->options.anchor ||
                    (int64_t)r->as_of[i] + h->label.lead + h->label.horizon <= (int64_t)h->label.known_until);
}

static bool is_allowed(const char *date, const char *const *allow, int32_t count)
{
    for (int32_t i = 0; i < count; i++)
        if (strcmp(allow[i], date) == 0) return true;
    return false;
}

static void say(char out[160], const recordings *r, int32_t i)
{
    char date[11], recorded[11];
    hf_date_format(r->as_of[i], date);
    hf_date_format(r->recorded[i], recorded);
    snprintf(out, 160, "the snapshot of %s (revision %d) was recorded on %s, %d days after its date", date,
             (int)r->list[i].revision, recorded, (int)(r->recorded[i] - r->as_of[i]));
}

static hf_status note(json_t **allowed, const char *date, const char *finding, hf_error *error)
{
    if (!*allowed) *allowed = json_array();
    if (json_array_append_new(*allowed, json_pack("{s:s,s:s}", "snapshot", date, "finding", finding)) != 0)
        return hf_fail_memory(error);
    return HF_OK;
}

// An allowed date that no snapshot has is a typing mistake.
static hf_status check_dates(const recordings *r, const char *const *allow, int32_t count, hf_error *error)
{
    for (int32_t a = 0; a < count; a++) {
        hf_date date;
        bool there = !hf_date_parse(&date, allow[a], strlen(allow[a]));
        for (int32_t i = 0; i < r->count; i++)
            there = there || r->as_of[i] == date;
        if (!there)
            return hf_fail_at(error, HF_ERROR_DATA, r->folder, 0, 0,
                              "there is no snapshot of %s for --allow-leak; 'holdfast store ls' lists them",
                              allow[a]);
    }
    return HF_OK;
}

static void tell_backfill(const recordings *r)
{
    int32_t first = -1, last = -1, late = 0;
    char from[11], until[11];
    for (int32_t i = 0; i < r->count; i++) {
        if (r->found[i] != HF_RECORDED_BACKFILL || !takes_part(r, i)) continue;
        first = first < 0 ? i : first;
        last = i;
        late++;
    }
    if (late == 0) return;
    hf_date_format(r->as_of[first], from);
    hf_date_format(r->as_of[last], until);
    hf_warn(r->context,
            "%s: %d snapshot%s (%s to %s) %s recorded when the outcomes were known already; make sure that "
            "the values are those of their day",
            r->folder, (int)late, late == 1 ? "" : "s", from, until, late == 1 ? "was" : "were");
}

static hf_status judge_strays(json_t **allowed, const recordings *r, const char *const *allow, int32_t count,
                              hf_error *error)
{
    hf_text list, dates;
    int32_t strays = 0;
    char finding[160], date[11];
    hf_status status = HF_OK;
    hf_text_init(&list, r->context);
    hf_text_init(&dates, r->context);
    for (int32_t i = 0; i < r->count; i++) {
        if (r->found[i] != HF_RECORDED_STRAY || !takes_part(r, i)) continue;
        say(finding, r, i);
        hf_date_format(r->as_of[i], date);
        if (is_allowed(date, allow, count)) {
            hf_info(r->context, "%s: %s; it is allowed", r->folder, finding);
            HF_TRY(done, note(allowed, date, finding, error));
            continue;
        }
        if (strays++ < 8) hf_text_printf(&list, "  %s\n", finding);
        if (strays < 40) hf_text_printf(&dates, "%s%s", strays > 1 ? "," : "", date);
    }
    if (strays == 0) goto done;
    if (strays > 8) hf_text_printf(&list, "  and %d more\n", (int)strays - 8);
    HF_TRY(done, hf_text_status(&list, error));
    HF_TRY(done, hf_text_status(&dates, error));
    status = hf_fail_at(error, HF_ERROR_DATA, r->folder, 0, 0,
                        "recorded when the outcomes were known already, unlike the snapshots around:\n%s"
                        "their values may tell what happened since; put back what was known on the day with "
                        "'holdfast ingest --revise' from that day's export, train between other dates with "
                        "--from and --until, or, if the values are those of the day, pass --allow-leak %s",
                        list.data, dates.data);
done:
    hf_text_free(&list);
    hf_text_free(&dates);
    return status;
}

hf_status hf_leak_guard_snapshots(json_t **allowed, const hf_context *context, const char *folder,
                                  const hf_store_history *history, const char *const *allow,
                                  int32_t allow_count, hf_error *error)
{
    recordings r = {.context = context, .folder = folder, .history = history};
    hf_status status;
    HF_TRY(done, read_recordings(&r, error));
    HF_TRY(done, check_dates(&r, allow, allow_count, error));
    HF_TRY(done, judge_strays(allowed, &r, allow, allow_count, error));
    tell_backfill(&r);
done:
    hf_store_list_free(context, r.list);
    hf_delete(context, r.as_of);
    hf_delete(context, r.recorded);
    hf_delete(context, r.found);
    return status;
}
