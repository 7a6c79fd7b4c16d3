// SPDX-License-Identifier: Apache-2.0
//
// The check verb: reads a definition and data, the last snapshot where a store has one, gathers everything
// that does not fit, and says it in one table. A file may be checked against a store before it is ingested.
#include "holdfast/workflow.h"
#include "workflow/checking.h"
#include "workflow/definition_reading.h"
#include "workflow/labelled.h"
#include "workflow/night_history.h"

#include <math.h>
#include <string.h>

typedef struct {
    hf_frame *frame, *last; // owned
    hf_store *store;        // owned; NULL: a table by itself
} check_input;

static void free_input(check_input *input)
{
    hf_frame_destroy(input->frame);
    hf_frame_destroy(input->last);
    hf_store_close(input->store);
}

static hf_status check_job(const hf_check_job *job, hf_error *error)
{
    if (!job->definition) return hf_fail(error, HF_ERROR_USAGE, "which definition? pass --definition FILE");
    if (!job->file && !job->store)
        return hf_fail(error, HF_ERROR_USAGE, "which data? name FILE, --store DIR, or both");
    if (job->file && job->store && job->as_of == HF_DATE_MISSING && !job->csv.as_of_column)
        return hf_fail(error, HF_ERROR_USAGE,
                       "as of which date is the file? pass --as-of DATE to compare it with the store");
    return HF_OK;
}

// Of a table with a column of dates, the rows of one: the job's, else the newest.
static hf_status keep_date(hf_frame **frame, const hf_context *context, const hf_date *as_of, hf_date wanted,
                           hf_error *error)
{
    hf_frame *kept = NULL;
    int64_t count = 0;
    hf_date date = wanted;
    hf_status status;
    int64_t *rows = hf_new(context, (size_t)(*frame)->rows, sizeof *rows);
    if (!rows) return hf_fail_memory(error);
    for (int64_t i = 0; wanted == HF_DATE_MISSING && i < (*frame)->rows; i++)
        if (as_of[i] > date) date = as_of[i];
    for (int64_t i = 0; i < (*frame)->rows; i++)
        if (as_of[i] == date) rows[count++] = i;
    if (count == 0) {
        char text[11];
        hf_date_format(date, text);
        status = hf_fail(error, HF_ERROR_DATA,
                         "no row is as of %s; pass another --as-of, or none for the newest", text);
        goto done;
    }
    HF_TRY(done, hf_frame_select(&kept, *frame, rows, count, error));
    kept->as_of = date;
    hf_frame_destroy(*frame);
    *frame = kept;
done:
    hf_delete(context, rows);
    return status;
}

static hf_status read_table(hf_frame **out, const hf_context *context, const hf_check_job *job,
                            const hf_definition *definition, hf_error *error)
{
    hf_definition_reading reading = {0};
    hf_csv_report report = {0};
    hf_status status;
    HF_TRY(done, hf_definition_reading_create(&reading, context, definition, NULL, &job->csv, error));
    reading.csv.allow_duplicate_ids = true; // they are a finding, not the end
    HF_TRY(done, hf_csv_read(out, &report, context, job->file, &reading.csv, error));
    if (report.as_of)
        HF_TRY(done, keep_date(out, context, report.as_of, job->as_of, error));
    else
        (*out)->as_of = job->as_of;
done:
    hf_csv_report_free(context, &report);
    hf_definition_reading_free(context, &reading);
    return status;
}

// The newest snapshot before the frame's date.
static hf_status read_last(check_input *input, const hf_context *context, hf_error *error)
{
    hf_snapshot_info *list = NULL;
    int32_t count = 0, found = -1;
    hf_status status = hf_store_list(&list, &count, input->store, error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < count && list[i].as_of < input->frame->as_of; i++)
        found = i;
    if (found >= 0) status = hf_store_read(&input->last, NULL, input->store, list[found].as_of, error);
    hf_store_list_free(context, list);
    return status;
}

static hf_status read_input(check_input *input, const hf_context *context, const hf_check_job *job,
                            const hf_definition *definition, hf_error *error)
{
    hf_status status = HF_OK;
    if (job->store) HF_TRY(done, hf_store_open(&input->store, context, job->store, HF_STORE_READ, error));
    if (job->file)
        HF_TRY(done, read_table(&input->frame, context, job, definition, error));
    else
        HF_TRY(done, hf_store_read(&input->frame, NULL, input->store, job->as_of, error));
    if (input->store) HF_TRY(done, read_last(input, context, error));
done:
    return status;
}

// Days and change need a date; a table without one gets none of them, which is told.
static bool can_derive(hf_checking *c)
{
    const hf_definition *d = c->definition;
    if (c->frame->as_of != HF_DATE_MISSING || d->derived_count == 0) return true;
    hf_found(c, HF_FINDING_ERROR, d->derived[0].place.line, "derived", "pass --as-of DATE",
             "derived signals count from the as-of date, and the file has none");
    return false;
}

static hf_status derive(hf_checking *c, check_input *input, hf_error *error)
{
    hf_night_history history = {
        .context = c->context, .quiet = c->context, .definition = c->definition, .store = input->store};
    hf_error problem = {0};
    hf_status status;
    HF_TRY(done, hf_night_history_open(&history, true, error));
    HF_TRY(done, hf_night_derive(input->frame, &history, error));
    // The last snapshot may lack what is new: then its derived signals stay unknown.
    if (input->last && hf_night_derive(input->last, &history, &problem) == HF_ERROR_MEMORY)
        status = hf_fail_memory(error);
done:
    hf_night_history_close(&history);
    return status;
}

// A change needs a snapshot from before: say so once rather than leave an empty column to wonder at.
static void check_past(hf_checking *c)
{
    for (int32_t i = 0; i < c->definition->derived_count; i++) {
        const hf_derived_signal *d = &c->definition->derived[i];
        int32_t at = hf_frame_find(c->frame, d->name);
        bool back = d->derivation == HF_DERIVE_CHANGE || d->derivation == HF_DERIVE_GROWTH;
        if (back && at >= 0 && c->frame->columns[at].missing == c->frame->rows)
            hf_found(c, HF_FINDING_NOTE, d->place.line, d->name, "ingest older snapshots, or wait",
                     "missing for every account: no snapshot is %d days older", (int)d->days);
    }
}

// Without days and ages nothing depends on the as-of date: a table that has none is scored as of any.
static hf_status score(hf_checking *c, hf_frame *frame, hf_error *error)
{
    const hf_date as_of = frame->as_of;
    if (as_of == HF_DATE_MISSING) frame->as_of = 0;
    hf_status status = hf_check_scores(c, error);
    frame->as_of = as_of;
    return status;
}

static hf_status check_all(hf_checking *c, check_input *input, hf_error *error)
{
    hf_status status = HF_OK;
    c->frame = input->frame;
    c->last = input->last;
    hf_check_derived(c);
    if (!hf_found_errors(c) && can_derive(c)) {
        HF_TRY(done, derive(c, input, error));
        check_past(c);
    }
    hf_check_signals(c);
    if (!hf_found_errors(c)) HF_TRY(done, score(c, input->frame, error));
    HF_TRY(done, hf_check_data(c, error));
    if (c->failed) status = hf_fail_memory(error);
done:
    return status;
}

// Errors first, then warnings, then notes; within a level as they were found.
static hf_status order_findings(hf_finding **out, int32_t by_level[3], const hf_checking *c, hf_error *error)
{
    hf_finding *sorted = hf_new(c->context, (size_t)c->count, sizeof *sorted);
    int32_t n = 0;
    if (!sorted) return hf_fail_memory(error);
    for (int level = HF_FINDING_ERROR; level <= HF_FINDING_NOTE; level++) {
        by_level[level] = -n;
        for (int32_t i = 0; i < c->count; i++)
            if (c->findings[i].level == (hf_finding_level)level) sorted[n++] = c->findings[i];
        by_level[level] += n;
    }
    *out = sorted;
    return HF_OK;
}

static hf_status write_report(const hf_checking *c, const hf_check_job *job, hf_date as_of, hf_error *error)
{
    hf_check_report report = {.definition = job->definition,
                              .data = job->file ? job->file : job->store,
                              .as_of = as_of,
                              .last = c->last ? c->last->as_of : HF_DATE_MISSING,
                              .accounts = c->frame->rows,
                              .coverage = c->coverage,
                              .under_coverage = c->under_coverage,
                              .min_coverage = c->definition->min_coverage,
                              .signals = c->signals,
                              .signal_count = c->signal_count,
                              .count = c->count};
    hf_finding *sorted = NULL;
    hf_text text;
    hf_status status;
    hf_text_init(&text, c->context);
    HF_TRY(done, order_findings(&sorted, report.by_level, c, error));
    report.findings = sorted;
    if (job->format == HF_REPORT_JSON)
        HF_TRY(done, hf_report_check_json(&text, &report, error));
    else
        HF_TRY(done, hf_report_check(&text, c->context, &report, error));
    HF_TRY(done, hf_workflow_write_text(c->context, &text, job->output, job->overwrite, error));
    if (report.by_level[HF_FINDING_ERROR] > 0)
        status =
            hf_fail(error, HF_ERROR_DATA, "%d error%s in '%s' against '%s'; the first: %s: %s",
                    (int)report.by_level[HF_FINDING_ERROR], report.by_level[HF_FINDING_ERROR] == 1 ? "" : "s",
                    report.definition, report.data, sorted[0].place, sorted[0].what);
done:
    hf_delete(c->context, sorted);
    hf_text_free(&text);
    return status;
}

hf_status hf_workflow_check(const hf_context *context, const hf_check_job *job, hf_error *error)
{
    hf_definition *definition = NULL;
    check_input input = {0};
    hf_checking checking = {.context = context, .coverage = NAN, .under_coverage = NAN};
    hf_status status;
    HF_TRY(done, check_job(job, error));
    HF_TRY(done, hf_definition_load(&definition, context, job->definition, error));
    HF_TRY(done, read_input(&input, context, job, definition, error));
    hf_date as_of = input.frame->as_of;
    checking.definition = definition;
    HF_TRY(done, check_all(&checking, &input, error));
    HF_TRY(done, write_report(&checking, job, as_of, error));
done:
    hf_checking_free(&checking);
    free_input(&input);
    hf_definition_destroy(definition);
    return status;
}
