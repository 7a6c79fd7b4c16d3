// SPDX-License-Identifier: Apache-2.0
//
// hf_csv_read from end to end: open, header, structure, a sample, then passes over the text until every
// column is settled (one pass where the sample guessed well), bad rows out, keys checked, frame handed over.
// The stages are in files of their own; this one is their order.
#include "csv/csv_reader.h"

#include <stdlib.h>
#include <string.h>

// ---- options -------------------------------------------------------------------------------------------------

static hf_status check_options(const hf_csv_options *o, hf_error *error)
{
    unsigned char d = (unsigned char)o->delimiter;
    bool odd =
        d != 0 && ((d < ' ' && d != '\t') || d > 126 || d == '"' || d == ' ' || d == '.' || d == '-' ||
                   d == '+' || (d >= '0' && d <= '9') || (d >= 'A' && d <= 'Z') || (d >= 'a' && d <= 'z'));
    if (odd)
        return hf_fail(error, HF_ERROR_USAGE, "the byte %d cannot be a delimiter; give , ; | or a tab", d);
    if (!(o->reject_limit >= 0 && o->reject_limit <= 1))
        return hf_fail(error, HF_ERROR_USAGE, "the reject limit %g is no share from 0 to 1", o->reject_limit);
    return HF_OK;
}

static hf_status take_column(hf_csv_reader *reader, int32_t *field, const char *name, hf_csv_role role,
                             const char *what, hf_error *error)
{
    const char *remedy = role == HF_ROLE_ID ? "--id COLUMN names the column of account ids" : "";
    hf_status status = hf_csv_header_find(field, &reader->header, reader->path, name, what, remedy, error);
    if (status != HF_OK) return status;
    hf_csv_column *column = &reader->columns[*field];
    if (column->role != HF_ROLE_SIGNAL && column->role != role)
        return hf_fail_at(error, HF_ERROR_USAGE, reader->path, 0, 0,
                          "column '%s' cannot be %s: it is %s already", name, what,
                          column->role == HF_ROLE_ID ? "the id" : "the as-of date");
    column->role = role;
    return HF_OK;
}

static hf_status assign_roles(hf_csv_reader *reader, hf_error *error)
{
    const hf_csv_options *o = reader->options;
    hf_status status = HF_OK;
    int32_t field;
    reader->id_field = reader->as_of_field = -1;
    reader->columns = hf_new(reader->context, (size_t)reader->header.count, sizeof *reader->columns);
    if (!reader->columns) return hf_fail_memory(error);
    if (o->id) HF_TRY(done, take_column(reader, &reader->id_field, o->id, HF_ROLE_ID, "the id", error));
    if (o->as_of_column)
        HF_TRY(done, take_column(reader, &reader->as_of_field, o->as_of_column, HF_ROLE_AS_OF,
                                 "the as-of date", error));
    for (int32_t i = 0; i < o->ignore_count; i++)
        HF_TRY(done, take_column(reader, &field, o->ignore[i], HF_ROLE_IGNORED, "ignored", error));
    for (int32_t i = 0; i < o->kind_count; i++) {
        hf_error *if_lacking = o->kinds_if_there ? NULL : error;
        status = hf_csv_header_find(&field, &reader->header, reader->path, o->kinds[i].column, "given a kind",
                                    "", if_lacking);
        if (status != HF_OK && o->kinds_if_there) {
            status = HF_OK;
            continue;
        }
        if (status != HF_OK) goto done;
        reader->columns[field].declared = true;
        reader->columns[field].kind = o->kinds[i].kind;
    }
done:
    return status;
}

// ---- set-up and tear-down ------------------------------------------------------------------------------------

static hf_status make_workers(hf_csv_reader *reader, hf_error *error)
{
    const hf_context *context = reader->context;
    size_t fields = (size_t)reader->header.count;
    hf_status status = HF_OK;
    reader->threads = hf_context_threads(context);
    if (reader->threads > reader->layout.count) reader->threads = reader->layout.count;
    reader->workers = hf_new(context, (size_t)reader->threads, sizeof *reader->workers);
    reader->owner = hf_new(context, (size_t)reader->layout.count, sizeof *reader->owner);
    if (!reader->workers || !reader->owner) return hf_fail_memory(error);
    for (int32_t t = 0; t < reader->threads; t++) {
        hf_csv_worker *w = &reader->workers[t];
        w->bads.context = w->misfits.context = context;
        w->id_over = -1;
        w->stats = hf_new(context, fields, sizeof *w->stats);
        w->tokens = hf_new(context, fields, sizeof *w->tokens);
        if (!w->stats || !w->tokens) return hf_fail_memory(error);
        HF_TRY(done,
               hf_csv_block_init(&w->block, context, reader->path, reader->input.text, reader->input.size,
                                 reader->header.delimiter, reader->header.count, error));
        w->values = hf_new_raw(context, (size_t)w->block.row_room, sizeof(double));
        w->odd = hf_new_raw(context, (size_t)w->block.row_room, sizeof *w->odd);
        if (!w->values || !w->odd) return hf_fail_memory(error);
    }
done:
    return status;
}

static void reader_free(hf_csv_reader *reader)
{
    const hf_context *context = reader->context;
    for (int32_t t = 0; reader->workers && t < reader->threads; t++) {
        hf_csv_worker *w = &reader->workers[t];
        for (int32_t f = 0; w->tokens && f < reader->header.count; f++)
            hf_tokens_free(&w->tokens[f]);
        hf_csv_block_free(&w->block);
        hf_delete(context, w->stats);
        hf_delete(context, w->tokens);
        hf_delete(context, w->bads.items);
        hf_delete(context, w->misfits.items);
        hf_delete(context, w->scratch);
        hf_delete(context, w->values);
        hf_delete(context, w->odd);
    }
    hf_delete(context, reader->workers);
    hf_delete(context, reader->owner);
    hf_delete(context, reader->columns);
    hf_delete(context, reader->as_of);
    hf_delete(context, reader->slot_of_row);
    hf_delete(context, reader->blank_slots);
    hf_delete(context, reader->bads.items);
    hf_frame_destroy(reader->frame);
    hf_csv_layout_free(context, &reader->layout);
    hf_csv_header_free(context, &reader->header);
    hf_csv_input_close(context, &reader->input);
}

static hf_status open_text(hf_csv_reader *r, hf_error *error)
{
    hf_status status = HF_OK;
    HF_TRY(done, hf_csv_input_open(&r->input, r->context, r->path, error));
    HF_TRY(done, hf_csv_header_read(&r->header, r->context, r->path, r->input.text, r->input.size,
                                    r->options->delimiter, error));
    HF_TRY(done, assign_roles(r, error));
    HF_TRY(done, hf_csv_layout_find(&r->layout, r->context, r->path, r->input.text, r->input.size,
                                    r->header.end, r->header.delimiter, r->knobs.range_bytes, error));
    HF_TRY(done, make_workers(r, error));
done:
    return status;
}

// ---- records that are no rows --------------------------------------------------------------------------------

static int compare_slots(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

// After the first pass: what the threads found wrong with records, blank lines apart.
static hf_status gather_structure(hf_csv_reader *reader, hf_error *error)
{
    int64_t blanks = 0;
    for (int32_t t = 0; t < reader->threads; t++)
        for (int64_t i = 0; i < reader->workers[t].bads.count; i++)
            blanks += reader->workers[t].bads.items[i].reason == HF_BAD_BLANK;
    reader->blank_slots = hf_new(reader->context, (size_t)blanks, sizeof *reader->blank_slots);
    if (!reader->blank_slots) return hf_fail_memory(error);
    for (int32_t t = 0; t < reader->threads; t++) {
        hf_bad_list *list = &reader->workers[t].bads;
        for (int64_t i = 0; i < list->count; i++) {
            if (list->items[i].reason == HF_BAD_BLANK)
                reader->blank_slots[reader->blanks++] = list->items[i].slot;
            else
                hf_bad_add(&reader->bads, list->items[i]);
        }
        list->count = 0;
    }
    qsort(reader->blank_slots, (size_t)blanks, sizeof *reader->blank_slots, compare_slots);
    reader->structure_known = true;
    if (reader->bads.failed) return hf_fail_memory(error);
    if (blanks == reader->layout.slots)
        return hf_fail_at(error, HF_ERROR_DATA, reader->path, 1, 0,
                          "there is a header only; at least one row is needed");
    return HF_OK;
}

// Takes bad rows and blank lines out. bads are sorted by now.
static hf_status leave_out(hf_csv_reader *reader, hf_error *error)
{
    int64_t slots = reader->layout.slots, count = 0;
    int64_t *gone = hf_new_raw(reader->context, (size_t)(reader->blanks + reader->bads.count), sizeof *gone);
    reader->slot_of_row = hf_new_raw(reader->context, (size_t)slots, sizeof *reader->slot_of_row);
    if (!gone || !reader->slot_of_row) {
        hf_delete(reader->context, gone);
        return hf_fail_memory(error);
    }
#pragma omp parallel for default(none) shared(reader, slots) schedule(static) num_threads(reader->threads)
    for (int64_t i = 0; i < slots; i++)
        reader->slot_of_row[i] = i;
    int64_t blank = 0;
    for (int64_t i = 0; i < reader->bads.count; i++) {
        int64_t slot = reader->bads.items[i].slot;
        while (blank < reader->blanks && reader->blank_slots[blank] < slot)
            gone[count++] = reader->blank_slots[blank++];
        if (count == 0 || gone[count - 1] != slot) gone[count++] = slot;
    }
    while (blank < reader->blanks)
        gone[count++] = reader->blank_slots[blank++];
    hf_csv_compact(reader, gone, count);
    hf_delete(reader->context, gone);
    return HF_OK;
}

static hf_status check_keys(hf_csv_reader *reader, hf_error *error)
{
    int64_t *gone = NULL, count = 0;
    hf_status status = HF_OK;
    if (reader->id_field < 0 || reader->options->allow_duplicate_ids) return HF_OK;
    HF_TRY(done, hf_csv_find_duplicates(reader, &gone, &count, error));
    if (count == 0) goto done;
    HF_TRY(done, hf_csv_check_bads(reader, error));
    hf_csv_compact(reader, gone, count);
done:
    hf_delete(reader->context, gone);
    return status;
}

// ---- the frame made ready ------------------------------------------------------------------------------------

// Levels that only rows left out had are no levels.
static hf_status prune_levels(const hf_csv_reader *reader, hf_column *column, hf_error *error)
{
    const hf_context *context = reader->context;
    hf_status status = HF_OK;
    hf_dictionary pruned = {0};
    int32_t count = column->dictionary.count, kept = 0, *codes = column->values;
    int32_t *code_of = hf_new(context, (size_t)count, sizeof *code_of);
    const char **texts = hf_new(context, (size_t)count, sizeof *texts);
    size_t *lengths = hf_new(context, (size_t)count, sizeof *lengths);
    if (!code_of || !texts || !lengths) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t row = 0; row < reader->frame->rows; row++)
        if (codes[row] >= 0) code_of[codes[row]] = 1;
    for (int32_t i = 0; i < count; i++) {
        if (!code_of[i]) continue;
        texts[kept] = hf_dictionary_text(&column->dictionary, i);
        lengths[kept] = strlen(texts[kept]);
        code_of[i] = kept++;
    }
    if (kept == count) goto done;
    HF_TRY(done, hf_dictionary_build(&pruned, context, texts, lengths, kept, NULL, error));
    for (int64_t row = 0; row < reader->frame->rows; row++)
        if (codes[row] >= 0) codes[row] = code_of[codes[row]];
    hf_dictionary_free(context, &column->dictionary);
    column->dictionary = pruned;
done:
    hf_delete(context, code_of);
    hf_delete(context, texts);
    hf_delete(context, lengths);
    return status;
}

// Columns the header does not name: dropped where they are empty, told of where they are not.
static void name_columns(hf_csv_reader *reader)
{
    for (int32_t f = reader->header.count - 1; f >= 0; f--) {
        const hf_csv_column *column = &reader->columns[f];
        if (!reader->header.unnamed[f] || column->place < 0) continue;
        bool empty = reader->frame->columns[column->place].missing == reader->frame->rows;
        if (empty) {
            hf_warn(reader->context, "%s: field %d has no name and no value in any row; it is left out",
                    reader->path, f + 1);
            hf_frame_remove(reader->frame, column->place);
        } else {
            hf_warn(reader->context, "%s: field %d has no name; it is called '%s'", reader->path, f + 1,
                    reader->header.names[f]);
        }
    }
}

static hf_status finish_frame(hf_csv_reader *reader, hf_error *error)
{
    hf_frame *frame = reader->frame;
    hf_status status = HF_OK;
    for (int32_t i = 0; reader->bads.count > 0 && i < frame->column_count; i++)
        if (frame->columns[i].storage == HF_STORAGE_CODE)
            HF_TRY(done, prune_levels(reader, &frame->columns[i], error));
#pragma omp parallel for default(none) shared(frame) schedule(static) num_threads(reader->threads)
    for (int32_t i = 0; i < frame->column_count; i++)
        hf_column_count_missing(&frame->columns[i], frame->rows);
    name_columns(reader);
    HF_TRY(done,
           hf_frame_set_source(frame, reader->options->id ? reader->options->id : "", reader->path, error));
    bool one_date = reader->as_of != NULL;
    for (int64_t row = 1; one_date && row < frame->rows; row++)
        one_date = reader->as_of[row] == reader->as_of[0];
    if (one_date) frame->as_of = reader->as_of[0];
done:
    return status;
}

// Slots become record numbers: blank lines are no records.
static void number_records(hf_csv_reader *reader)
{
    int64_t blank = 0;
    for (int64_t row = 0; row < reader->frame->rows; row++) {
        while (blank < reader->blanks && reader->blank_slots[blank] < reader->slot_of_row[row])
            blank++;
        reader->slot_of_row[row] -= blank;
    }
}

static hf_status reject_rows(hf_csv_reader *reader, hf_error *error)
{
    hf_status status = hf_csv_write_rejects(reader, error);
    if (status == HF_OK)
        hf_warn(reader->context, "%s: %lld of %lld rows were rejected; they are in %s", reader->path,
                (long long)hf_csv_bad_rows(reader), (long long)(reader->layout.slots - reader->blanks),
                reader->options->rejects);
    return status;
}

// ---- the call ------------------------------------------------------------------------------------------------

static hf_status read_all(hf_csv_reader *reader, hf_error *error)
{
    hf_status status = HF_OK;
    bool again = false;
    HF_TRY(done, open_text(reader, error));
    HF_TRY(done, hf_csv_guess(reader, error));
    do {
        HF_TRY(done, hf_csv_pass(reader, error));
        if (!reader->structure_known) HF_TRY(done, gather_structure(reader, error));
        HF_TRY(done, hf_csv_decide(reader, &again, error));
    } while (again);
    HF_TRY(done, hf_csv_check_bads(reader, error));
    HF_TRY(done, leave_out(reader, error));
    HF_TRY(done, check_keys(reader, error));
    HF_TRY(done, finish_frame(reader, error));
    if (reader->id_field < 0) HF_TRY(done, hf_csv_warn_ids(reader, error));
    number_records(reader);
    if (reader->id_field < 0) HF_TRY(done, hf_csv_number_rows(reader, reader->slot_of_row, error));
    if (reader->bads.count > 0) HF_TRY(done, reject_rows(reader, error));
done:
    return status;
}

hf_status hf_csv_read_with(hf_frame **out, hf_csv_report *report, const hf_context *context, const char *path,
                           const hf_csv_options *options, const hf_csv_knobs *knobs, hf_error *error)
{
    static const hf_csv_options defaults = HF_CSV_OPTIONS_INIT;
    if (!options) options = &defaults;
    hf_csv_reader reader = {.context = context, .path = path, .options = options, .knobs = *knobs};
    reader.missing = hf_csv_missing_of(options->na, options->na_count);
    reader.bads.context = context;
    reader.numbers = hf_csv_numbers_for(hf_kernels_for(hf_context_isa(context))->isa);
    hf_status status = HF_OK;
    HF_TRY(done, check_options(options, error));
    HF_TRY(done, read_all(&reader, error));
    if (report) {
        *report = (hf_csv_report){.bytes = reader.input.size,
                                  .rows_read = reader.layout.slots - reader.blanks,
                                  .rows_rejected = hf_csv_bad_rows(&reader),
                                  .as_of = reader.as_of,
                                  .source_row = reader.slot_of_row};
        reader.as_of = NULL;
        reader.slot_of_row = NULL;
    }
    *out = reader.frame;
    reader.frame = NULL;
done:
    reader_free(&reader);
    return status;
}

hf_status hf_csv_read(hf_frame **out, hf_csv_report *report, const hf_context *context, const char *path,
                      const hf_csv_options *options, hf_error *error)
{
    const hf_csv_knobs knobs = HF_CSV_KNOBS_INIT;
    return hf_csv_read_with(out, report, context, path, options, &knobs, error);
}

void hf_csv_report_free(const hf_context *context, hf_csv_report *report)
{
    hf_delete(context, report->as_of);
    hf_delete(context, report->source_row);
    *report = (hf_csv_report){0};
}
