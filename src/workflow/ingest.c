// SPDX-License-Identifier: Apache-2.0
//
// The ingest verb: read every file, put the parts of each date together (stacked where the columns are the
// same, joined by account where they differ), then write one snapshot a date. All reading and joining comes
// before any writing, so bad input leaves nothing.
#include "frame/frame_room.h"
#include "holdfast/workflow.h"
#include "report/report_room.h"
#include "workflow/labelled.h"
#include "workflow/table_parts.h"
#include "workflow/today.h"

#include <stdlib.h>
#include <string.h>

// The part of one file that belongs to one date.
typedef struct {
    hf_date as_of;
    int32_t file;
    hf_frame *frame; // owned
} part;

typedef struct {
    part *items; // owned
    int32_t count, capacity;
} part_list;

static void free_parts(const hf_context *context, part_list *parts)
{
    for (int32_t i = 0; i < parts->count; i++)
        hf_frame_destroy(parts->items[i].frame);
    hf_delete(context, parts->items);
    *parts = (part_list){0};
}

// Moves the frame into the list, or destroys it.
static hf_status add_part(part_list *parts, const hf_context *context, hf_frame *frame, hf_date as_of,
                          int32_t file, hf_error *error)
{
    if (parts->count == parts->capacity) {
        int32_t capacity = parts->capacity < 8 ? 16 : parts->capacity * 2;
        part *grown = hf_grow(context, parts->items, (size_t)capacity, sizeof *grown);
        if (!grown) {
            hf_frame_destroy(frame);
            return hf_fail_memory(error);
        }
        parts->items = grown;
        parts->capacity = capacity;
    }
    frame->as_of = as_of;
    parts->items[parts->count++] = (part){as_of, file, frame};
    return HF_OK;
}

static int by_date(const void *a, const void *b)
{
    const part *x = a, *y = b;
    if (x->as_of != y->as_of) return x->as_of < y->as_of ? -1 : 1;
    return (x->file > y->file) - (x->file < y->file);
}

static int by_day(const void *a, const void *b)
{
    hf_date x = *(const hf_date *)a, y = *(const hf_date *)b;
    return (x > y) - (x < y);
}

// Cuts a frame with a date a row into one frame a date. The frame stays the caller's.
static hf_status split_dates(part_list *parts, const hf_context *context, const hf_frame *frame,
                             const hf_date *as_of, int32_t file, hf_error *error)
{
    size_t rows = (size_t)frame->rows;
    hf_status status = HF_OK;
    hf_date *dates = hf_new(context, rows, sizeof *dates);
    int64_t *picked = hf_new(context, rows, sizeof *picked);
    if (!dates || !picked) {
        status = hf_fail_memory(error);
        goto done;
    }
    memcpy(dates, as_of, rows * sizeof *dates);
    qsort(dates, rows, sizeof *dates, by_day);
    for (size_t i = 0; i < rows; i++) {
        if (i > 0 && dates[i] == dates[i - 1]) continue;
        int64_t count = 0;
        for (int64_t r = 0; r < frame->rows; r++)
            if (as_of[r] == dates[i]) picked[count++] = r;
        hf_frame *one;
        HF_TRY(done, hf_frame_select(&one, frame, picked, count, error));
        HF_TRY(done, add_part(parts, context, one, dates[i], file, error));
    }
done:
    hf_delete(context, dates);
    hf_delete(context, picked);
    return status;
}

static hf_status read_file(part_list *parts, const hf_context *context, const hf_ingest_job *job,
                           int32_t file, const hf_csv_options *csv, hf_error *error)
{
    hf_frame *frame = NULL;
    hf_csv_report report = {0};
    hf_status status;
    HF_TRY(done, hf_csv_read(&frame, &report, context, job->files[file], csv, error));
    if (report.as_of) {
        HF_TRY(done, split_dates(parts, context, frame, report.as_of, file, error));
    } else {
        hf_frame *moved = frame;
        frame = NULL;
        HF_TRY(done, add_part(parts, context, moved, job->as_of, file, error));
    }
done:
    hf_frame_destroy(frame);
    hf_csv_report_free(context, &report);
    return status;
}

// Makes one frame of the `count` parts of a date, in the place of the first.
static hf_status combine_date(const hf_context *context, part *parts, int32_t count, hf_error *error)
{
    if (count == 1) return HF_OK;
    hf_frame *made, **frames = hf_new(context, (size_t)count, sizeof *frames);
    if (!frames) return hf_fail_memory(error);
    for (int32_t i = 0; i < count; i++)
        frames[i] = parts[i].frame;
    hf_status status = hf_parts_combine(&made, context, frames, count, error);
    hf_delete(context, frames);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < count; i++) {
        hf_frame_destroy(parts[i].frame);
        parts[i].frame = NULL;
    }
    parts[0].frame = made;
    return HF_OK;
}

static int32_t end_of_date(const part_list *parts, int32_t i)
{
    int32_t end = i + 1;
    while (end < parts->count && parts->items[end].as_of == parts->items[i].as_of)
        end++;
    return end;
}

static hf_status write_date(hf_text *text, hf_store *store, const hf_frame *frame, bool revise,
                            hf_error *error)
{
    bool written;
    hf_snapshot_info info = {0};
    hf_store_write_options options = HF_STORE_WRITE_OPTIONS_INIT;
    options.revise = revise;
    hf_status status = hf_store_write(store, frame, &options, &info, &written, error);
    if (status == HF_OK) {
        char date[11], rows[32];
        hf_date_format(frame->as_of, date);
        hf_text_printf(text, "%s: %s accounts, %d signals %s %s\n", date, hf_grouped(rows, frame->rows),
                       (int)frame->column_count, written ? "stored in" : "unchanged in", info.path);
    }
    return status;
}

// ---- what is told before anything is stored ----------------------------------------------------------------

static void warn_future(const hf_context *context, hf_date as_of)
{
    char date[11], today[11];
    if (as_of <= hf_today()) return;
    hf_date_format(as_of, date);
    hf_date_format(hf_today(), today);
    hf_warn(context,
            "the data is stored as of %s, and today is %s at the latest: it will pass for the newest until "
            "that day; if the date is a slip, take its snapshot out of the store and ingest it as of another",
            date, today);
}

// Kinds that read the same cells to other values: numbers, shares of a hundred, texts and dates.
static int family_of(hf_kind kind)
{
    return kind == HF_KIND_CATEGORY ? 1 : kind == HF_KIND_DATE ? 2 : kind == HF_KIND_RATIO ? 3 : 0;
}

static void warn_kinds(const hf_context *context, const hf_frame *frame, const hf_frame *last)
{
    char date[11];
    hf_date_format(last->as_of, date);
    for (int32_t c = 0; c < frame->column_count; c++) {
        const hf_column *column = &frame->columns[c];
        const int32_t at = hf_frame_find(last, column->name);
        // Without a value a column has no kind of its own.
        if (at < 0 || column->missing == frame->rows || last->columns[at].missing == last->rows) continue;
        const hf_kind was = last->columns[at].kind;
        if (family_of(was) == family_of(column->kind)) continue;
        hf_warn(context,
                "column '%s' is a %s and was a %s as of %s; if it is to stay one, declare it with --kind "
                "'%s=%s', and what stands for missing with --na",
                column->name, hf_kind_name(column->kind), hf_kind_name(was), date, column->name,
                hf_kind_name(was));
    }
}

// Compares each date's columns with those of the date before it: the newest snapshot before the first, then
// what is ingested itself. A snapshot that cannot be read is no reason to refuse new data.
static hf_status warn_changes(const hf_context *context, const part_list *parts, const hf_store *store,
                              hf_error *error)
{
    hf_snapshot_info *list = NULL;
    hf_frame *last = NULL;
    int32_t count = 0, found = -1;
    if (hf_store_list(&list, &count, store, NULL) == HF_OK)
        for (int32_t i = 0; i < count && list[i].as_of < parts->items[0].as_of; i++)
            found = i;
    hf_status status = found < 0 ? HF_OK : hf_store_read(&last, NULL, store, list[found].as_of, NULL);
    hf_store_list_free(context, list);
    if (status == HF_ERROR_MEMORY) return hf_fail_memory(error);
    const hf_frame *before = last;
    for (int32_t i = 0; i < parts->count; i = end_of_date(parts, i)) {
        warn_future(context, parts->items[i].as_of);
        if (before) warn_kinds(context, parts->items[i].frame, before);
        before = parts->items[i].frame;
    }
    hf_frame_destroy(last);
    return HF_OK;
}

static hf_status check_job(const hf_ingest_job *job, hf_error *error)
{
    if (job->file_count < 1)
        return hf_fail(error, HF_ERROR_USAGE, "no file to ingest; name one, or - for standard input");
    if (!job->store) return hf_fail(error, HF_ERROR_USAGE, "no store; name its folder with --store DIR");
    bool dated = job->as_of != HF_DATE_MISSING;
    if (dated && job->csv.as_of_column)
        return hf_fail(error, HF_ERROR_USAGE, "--as-of and --as-of-column exclude each other; pass one");
    if (!dated && !job->csv.as_of_column)
        return hf_fail(
            error, HF_ERROR_USAGE,
            "the date the data was known at is not given; pass --as-of YYYY-MM-DD or --as-of-column COLUMN");
    if (job->csv.rejects && job->file_count > 1)
        return hf_fail(error, HF_ERROR_USAGE,
                       "--rejects takes one input file at a time; ingest them one by one");
    return HF_OK;
}

hf_status hf_workflow_ingest(const hf_context *context, const hf_ingest_job *job, hf_error *error)
{
    part_list parts = {0};
    hf_store *store = NULL;
    hf_text text;
    hf_csv_options csv = job->csv;
    if (!csv.id) csv.id = "account_id";
    hf_status status = check_job(job, error);
    if (status != HF_OK) return status;
    hf_text_init(&text, context);
    for (int32_t f = 0; f < job->file_count; f++)
        HF_TRY(done, read_file(&parts, context, job, f, &csv, error));
    qsort(parts.items, (size_t)parts.count, sizeof *parts.items, by_date);
    for (int32_t i = 0; i < parts.count; i = end_of_date(&parts, i)) {
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done, combine_date(context, parts.items + i, end_of_date(&parts, i) - i, error));
    }
    HF_TRY(done, hf_store_open(&store, context, job->store, HF_STORE_WRITE, error));
    HF_TRY(done, warn_changes(context, &parts, store, error));
    for (int32_t i = 0; i < parts.count; i = end_of_date(&parts, i)) {
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done, write_date(&text, store, parts.items[i].frame, job->revise, error));
    }
    HF_TRY(done, hf_workflow_write_text(context, &text, job->output, true, error));
done:
    hf_store_close(store);
    free_parts(context, &parts);
    hf_text_free(&text);
    return status;
}
