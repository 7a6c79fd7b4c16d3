// SPDX-License-Identifier: Apache-2.0
//
// The store's verbs: list, write, read, verify; the same for snapshots and for scores, which stand on a shelf
// of their own. Files are immutable: the same content for a date changes nothing, other content is refused or
// becomes a new revision, and the newest revision of a date is what counts.
#include "holdfast/store.h"

#include "store/snapshot_file.h"
#include "store/snapshot_layout.h"
#include "store/store_folder.h"
#include "store/store_room.h"

#include <string.h>
#include <time.h>

// ---- list ------------------------------------------------------------------------------------------------

// What the file says must be what its name says.
static hf_status check_name(const hf_snapshot_info *info, hf_store_entry entry, const char *path,
                            hf_error *error)
{
    char says[11];
    if (info->as_of == entry.as_of) return HF_OK;
    hf_date_format(info->as_of, says);
    return hf_fail_at(error, HF_ERROR_DAMAGED, path, 0, 0,
                      "what is in this file is of %s: it was renamed; give it back its name", says);
}

static hf_status peek(hf_snapshot_info *info, const hf_store *store, hf_shelf shelf, hf_store_entry entry,
                      hf_error *error)
{
    char path[512];
    hf_store_path(path, store, shelf, entry);
    hf_status status = hf_snapshot_peek(info, store->context, path, error);
    return status == HF_OK ? check_name(info, entry, path, error) : status;
}

static hf_status list_shelf(hf_snapshot_info **out, int32_t *count, const hf_store *store, hf_shelf shelf,
                            hf_error *error)
{
    hf_store_entry *entries = NULL;
    hf_snapshot_info *list = NULL;
    int32_t files = 0, used = 0;
    hf_status status = hf_store_entries(&entries, &files, store, shelf, NULL, error);
    if (status != HF_OK) return status;
    list = hf_new(store->context, (size_t)files, sizeof *list);
    if (!list) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t i = 0; i < files; i++) {
        if (i + 1 < files && entries[i + 1].as_of == entries[i].as_of) continue; // a newer revision follows
        HF_TRY(done, peek(&list[used], store, shelf, entries[i], error));
        used++;
    }
    *out = list;
    *count = used;
    list = NULL;
done:
    hf_delete(store->context, list);
    hf_delete(store->context, entries);
    return status;
}

hf_status hf_store_list(hf_snapshot_info **out, int32_t *count, const hf_store *store, hf_error *error)
{
    return list_shelf(out, count, store, HF_SHELF_SNAPSHOTS, error);
}

hf_status hf_store_list_scores(hf_snapshot_info **out, int32_t *count, const hf_store *store, hf_error *error)
{
    return list_shelf(out, count, store, HF_SHELF_SCORES, error);
}

void hf_store_list_free(const hf_context *context, hf_snapshot_info *list)
{
    hf_delete(context, list);
}

// ---- write -----------------------------------------------------------------------------------------------

static hf_status check_frame(const hf_frame *frame, const char *recorded_at, hf_error *error)
{
    char date[11], problem[512];
    hf_date_format(frame->as_of, date);
    if (date[0] == '\0') return hf_fail(error, HF_ERROR_USAGE, "a snapshot needs an as-of date; give one");
    if (frame->rows < 1)
        return hf_fail(error, HF_ERROR_DATA, "there are no accounts; a snapshot needs at least one");
    if (frame->column_count > 65536)
        return hf_fail(error, HF_ERROR_DATA, "there are %d columns; a snapshot holds 65,536 at most",
                       frame->column_count);
    if (frame->id_width < 1 || frame->id_width > HF_ID_LIMIT)
        return hf_fail(error, HF_ERROR_INTERNAL, "the account ids are %d bytes wide", frame->id_width);
    if (!hf_is_recorded_at(recorded_at))
        return hf_fail(error, HF_ERROR_USAGE, "'%s' is no time; write it as 2026-10-31T02:14:07Z",
                       recorded_at);
    if (strlen(frame->source) > HF_SOURCE_LIMIT)
        return hf_fail(error, HF_ERROR_DATA, "the source has %zu bytes; at most %d can be kept",
                       strlen(frame->source), HF_SOURCE_LIMIT);
    if (strlen(frame->id_name) > HF_NAME_LIMIT)
        return hf_fail(error, HF_ERROR_DATA, "the id column's name has more than %d bytes; shorten it",
                       HF_NAME_LIMIT);
    if (!hf_frame_is_sound(problem, sizeof problem, frame))
        return hf_fail(error, HF_ERROR_DATA, "%s; a snapshot cannot keep it", problem);
    return HF_OK;
}

static void now(char out[21])
{
    time_t seconds = time(NULL);
    struct tm utc;
    if (!gmtime_r(&seconds, &utc) || strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &utc) != 20)
        memcpy(out, "1970-01-01T00:00:00Z", 21);
}

// The newest revision of a date, 0 if there is none.
static hf_status newest_of(hf_store_entry *out, const hf_store *store, hf_shelf shelf, hf_date as_of,
                           hf_error *error)
{
    hf_store_entry *entries = NULL;
    int32_t count = 0;
    hf_status status = hf_store_entries(&entries, &count, store, shelf, NULL, error);
    if (status != HF_OK) return status;
    *out = (hf_store_entry){as_of, 0};
    for (int32_t i = 0; i < count; i++)
        if (entries[i].as_of == as_of) out->revision = entries[i].revision;
    hf_delete(store->context, entries);
    return HF_OK;
}

// Whether the newest revision holds the same content, whole. A damaged file is an error, except where a new
// revision is wanted anyway, which is its remedy.
static hf_status compare(bool *same, hf_snapshot_info *info, const hf_store *store, hf_shelf shelf,
                         hf_store_entry entry, const char *fingerprint, bool revise, hf_error *error)
{
    hf_frame *frame = NULL;
    char path[512], date[11];
    hf_store_path(path, store, shelf, entry);
    hf_status status = peek(info, store, shelf, entry, error);
    *same = status == HF_OK && strcmp(info->fingerprint, fingerprint) == 0;
    if (*same) status = hf_snapshot_load(&frame, info, store->context, path, false, error);
    hf_frame_destroy(frame);
    if (status == HF_ERROR_DAMAGED && revise) {
        *same = false;
        hf_warn(store->context, "%s: the file is damaged; a new revision takes its place", path);
        return HF_OK;
    }
    if (status != HF_OK || *same || revise) return status;
    hf_date_format(entry.as_of, date);
    return hf_fail_at(error, HF_ERROR_EXISTS, path, 0, 0,
                      "%s is there already, with other content (recorded %s); pass --revise to store this as "
                      "revision %d, which then counts",
                      date, info->recorded_at, entry.revision + 1);
}

static hf_status write_shelf(hf_store *store, hf_shelf shelf, const hf_frame *frame,
                             const hf_store_write_options *options, hf_snapshot_info *info, bool *written,
                             hf_error *error)
{
    static const hf_store_write_options defaults = HF_STORE_WRITE_OPTIONS_INIT;
    const hf_store_write_options *o = options ? options : &defaults;
    hf_snapshot_info made = {0};
    hf_store_entry entry;
    char recorded_at[21], fingerprint[HF_DIGEST_TEXT], path[512], temporary[544];
    bool same = false;
    hf_status status = HF_OK;
    if (store->lock < 0) return hf_fail(error, HF_ERROR_USAGE, "the store was opened for reading only");
    now(recorded_at);
    HF_TRY(done, check_frame(frame, o->recorded_at ? o->recorded_at : recorded_at, error));
    HF_TRY(done, hf_frame_fingerprint(fingerprint, frame, error));
    HF_TRY(done, newest_of(&entry, store, shelf, frame->as_of, error));
    if (entry.revision > 0)
        HF_TRY(done, compare(&same, &made, store, shelf, entry, fingerprint, o->revise, error));
    if (!same) {
        entry.revision++;
        hf_store_path(path, store, shelf, entry);
        hf_store_temporary(temporary, store, shelf, entry);
        if (shelf == HF_SHELF_SCORES) HF_TRY(done, hf_store_make_folder(store, store->shelves[shelf], error));
        made = (hf_snapshot_info){.revision = entry.revision};
        snprintf(made.path, sizeof made.path, "%s", path);
        HF_TRY(done, hf_snapshot_write(&made, frame, o->recorded_at ? o->recorded_at : recorded_at,
                                       fingerprint, temporary, path, error));
    }
    if (info) *info = made;
    if (written) *written = !same;
done:
    return status;
}

hf_status hf_store_write(hf_store *store, const hf_frame *frame, const hf_store_write_options *options,
                         hf_snapshot_info *info, bool *written, hf_error *error)
{
    return write_shelf(store, HF_SHELF_SNAPSHOTS, frame, options, info, written, error);
}

hf_status hf_store_write_scores(hf_store *store, const hf_frame *frame, const hf_store_write_options *options,
                                hf_snapshot_info *info, bool *written, hf_error *error)
{
    return write_shelf(store, HF_SHELF_SCORES, frame, options, info, written, error);
}

// ---- read ------------------------------------------------------------------------------------------------

static hf_status no_such(const hf_store *store, hf_shelf shelf, hf_date as_of, const hf_store_entry *entries,
                         int32_t count, hf_error *error)
{
    const bool scores = shelf == HF_SHELF_SCORES;
    const char *what = scores ? "scores" : "snapshot";
    char wanted[11], first[11], last[11], near[11] = "";
    int32_t dates = 0;
    if (count == 0)
        return hf_fail_at(error, HF_ERROR_DATA, store->folder, 0, 0, "the store has no %s",
                          scores ? "scores; make them with 'holdfast run'"
                                 : "snapshots; add one with 'holdfast ingest'");
    for (int32_t i = 0; i < count; i++) {
        dates += i == 0 || entries[i].as_of != entries[i - 1].as_of;
        if (entries[i].as_of <= as_of) hf_date_format(entries[i].as_of, near);
    }
    hf_date_format(as_of, wanted);
    hf_date_format(entries[0].as_of, first);
    hf_date_format(entries[count - 1].as_of, last);
    if (dates == 1)
        return hf_fail_at(error, HF_ERROR_DATA, store->folder, 0, 0,
                          "the store has no %s of %s; it has %s of %s alone", what, wanted,
                          scores ? "those" : "one", first);
    return hf_fail_at(error, HF_ERROR_DATA, store->folder, 0, 0,
                      "the store has no %s of %s; it has %d dates from %s to %s%s%s", what, wanted, dates,
                      first, last, near[0] != '\0' ? ", the last before it " : "", near);
}

static hf_status read_shelf(hf_frame **out, hf_snapshot_info *info, const hf_store *store, hf_shelf shelf,
                            hf_date as_of, hf_error *error)
{
    hf_store_entry *entries = NULL;
    hf_snapshot_info found = {0};
    hf_frame *frame = NULL;
    int32_t count = 0, at = -1;
    char path[512];
    hf_status status = hf_store_entries(&entries, &count, store, shelf, NULL, error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < count; i++)
        if (as_of == HF_DATE_MISSING || entries[i].as_of == as_of) at = i;
    if (at < 0) {
        status = no_such(store, shelf, as_of, entries, count, error);
        goto done;
    }
    hf_store_path(path, store, shelf, entries[at]);
    HF_TRY(done, hf_snapshot_load(&frame, &found, store->context, path, false, error));
    HF_TRY(done, check_name(&found, entries[at], path, error));
    if (info) *info = found;
    *out = frame;
    frame = NULL;
done:
    hf_frame_destroy(frame);
    hf_delete(store->context, entries);
    return status;
}

hf_status hf_store_read(hf_frame **out, hf_snapshot_info *info, const hf_store *store, hf_date as_of,
                        hf_error *error)
{
    return read_shelf(out, info, store, HF_SHELF_SNAPSHOTS, as_of, error);
}

hf_status hf_store_read_scores(hf_frame **out, hf_snapshot_info *info, const hf_store *store, hf_date as_of,
                               hf_error *error)
{
    return read_shelf(out, info, store, HF_SHELF_SCORES, as_of, error);
}

hf_status hf_store_read_revision(hf_frame **out, hf_snapshot_info *info, const hf_store *store, bool scores,
                                 hf_date as_of, int32_t revision, hf_error *error)
{
    const hf_store_entry entry = {as_of, revision};
    hf_snapshot_info found = {0};
    hf_frame *frame = NULL;
    char path[512];
    hf_status status;
    hf_store_path(path, store, scores ? HF_SHELF_SCORES : HF_SHELF_SNAPSHOTS, entry);
    HF_TRY(done, hf_snapshot_load(&frame, &found, store->context, path, false, error));
    HF_TRY(done, check_name(&found, entry, path, error));
    if (info) *info = found;
    *out = frame;
    frame = NULL;
done:
    hf_frame_destroy(frame);
    return status;
}

hf_status hf_snapshot_read(hf_frame **out, hf_snapshot_info *info, const hf_context *context,
                           const char *path, hf_error *error)
{
    return hf_snapshot_load(out, info, context, path, false, error);
}

// ---- verify ----------------------------------------------------------------------------------------------

static void warn_unknown(const hf_store *store, const char *folder, const char *name)
{
    hf_warn(store->context, "%s/%s: the store gives no file such a name; it is left alone", folder, name);
}

// What verifying has found so far.
typedef struct {
    const hf_store *store;
    hf_store_verify_function *each;
    void *user;
    int32_t files, bad;
    hf_error first; // problem
} verifying;

static hf_status verify_file(verifying *v, hf_shelf shelf, hf_store_entry entry, hf_error *error)
{
    hf_frame *frame = NULL;
    hf_snapshot_info info;
    hf_error problem = {0};
    char path[512];
    hf_store_path(path, v->store, shelf, entry);
    hf_status status = hf_snapshot_load(&frame, &info, v->store->context, path, true, &problem);
    if (status == HF_OK) status = check_name(&info, entry, path, &problem);
    hf_frame_destroy(frame);
    if (status == HF_ERROR_MEMORY || status == HF_ERROR_CANCELLED) {
        if (error) *error = problem;
        return status;
    }
    if (v->each) v->each(v->user, path, status == HF_OK ? NULL : problem.message);
    if (status != HF_OK && v->bad++ == 0) v->first = problem;
    return HF_OK;
}

static hf_status verify_shelf(verifying *v, hf_shelf shelf, hf_error *error)
{
    const hf_context *context = v->store->context;
    const char *stage = shelf == HF_SHELF_SCORES ? "verify scores" : "verify";
    hf_store_entry *entries = NULL;
    int32_t count = 0;
    hf_status status = hf_store_entries(&entries, &count, v->store, shelf, warn_unknown, error);
    for (int32_t i = 0; i < count && status == HF_OK; i++) {
        HF_TRY(done, hf_check_cancel(context, error));
        hf_progress(context, stage, i, count);
        HF_TRY(done, verify_file(v, shelf, entries[i], error));
    }
    if (status == HF_OK && count > 0) hf_progress(context, stage, count, count);
    v->files += count;
done:
    hf_delete(context, entries);
    return status;
}

hf_status hf_store_verify(const hf_store *store, hf_store_verify_function *each, void *user, hf_error *error)
{
    verifying v = {.store = store, .each = each, .user = user};
    int32_t snapshots = 0;
    hf_status status;
    HF_TRY(done, verify_shelf(&v, HF_SHELF_SNAPSHOTS, error));
    snapshots = v.files;
    HF_TRY(done, verify_shelf(&v, HF_SHELF_SCORES, error));
    HF_TRY(done, hf_kept_verify(store, each, user, warn_unknown, &v.files, &v.bad, &v.first, error));
    if (v.bad > 0)
        status = hf_fail_at(error, HF_ERROR_DAMAGED, v.first.file, 0, 0, "%d of %d %s are damaged: %s", v.bad,
                            v.files, v.files == snapshots ? "snapshots" : "files", v.first.message);
done:
    return status;
}
