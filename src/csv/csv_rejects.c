// SPDX-License-Identifier: Apache-2.0
//
// Bad rows, for people: where they stand, what was expected, what was found, what to do. The place of a cell
// is looked up only now, by indexing the regions that hold bad rows once more, and lines are counted only up
// to what is shown.
#include "csv/csv_reader.h"

#include <stdlib.h>
#include <string.h>

enum { LISTED = 5, VALUE_SHOWN = 40, VALUE_KEPT = 1000 };

// ---- where ---------------------------------------------------------------------------------------------------

// A place to look up: of a slot's cell, or of the record where field is -1.
typedef struct {
    int64_t slot;
    int32_t field;
    int64_t *offset, *line;
    uint32_t *length; // NULL: not wanted
    int64_t own;      // where offset points when the caller does not want it
} place;

static int compare_bads(const void *a, const void *b)
{
    const hf_bad *x = a, *y = b;
    if (x->slot != y->slot) return x->slot < y->slot ? -1 : 1;
    return x->field < y->field ? -1 : x->field > y->field;
}

static int compare_places(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->slot != y->slot) return x->slot < y->slot ? -1 : 1;
    return x->field < y->field ? -1 : x->field > y->field;
}

// Fills the places of one region, from *at on.
static hf_status find_in_region(hf_csv_reader *reader, const hf_csv_region *region, place *places,
                                int64_t count, int64_t *at, hf_error *error)
{
    hf_csv_block *b = &reader->workers[0].block;
    int64_t end = region->first_slot + region->slots;
    b->bads = NULL;
    hf_status status = hf_csv_block_begin(b, region, error);
    if (status != HF_OK) return status;
    while (*at < count && places[*at].slot < end && hf_csv_block_next(b))
        for (int32_t r = 0; r < b->rows; r++) {
            int64_t slot = b->first_slot + b->slots[r];
            while (*at < count && places[*at].slot < slot)
                ++*at; // known already: a record that was dropped
            for (; *at < count && places[*at].slot == slot; ++*at) {
                place *p = &places[*at];
                uint32_t start = hf_csv_cell_start(b, r, p->field);
                if (*p->offset < 0) *p->offset = b->origin + start;
                if (p->length && *p->length == 0)
                    *p->length = b->ends[(int64_t)r * b->fields + p->field] - start;
            }
        }
    while (*at < count && places[*at].slot < end)
        ++*at;
    return HF_OK;
}

static hf_status find_places(hf_csv_reader *reader, place *places, int64_t count, hf_error *error)
{
    const hf_csv_layout *layout = &reader->layout;
    int64_t at = 0;
    for (int32_t i = 0; i < layout->count && at < count; i++) {
        const hf_csv_region *region = &layout->regions[i];
        int64_t end = region->first_slot + region->slots, last = at;
        bool unknown = false;
        for (; last < count && places[last].slot < end; last++)
            unknown |= *places[last].offset < 0;
        if (unknown) {
            hf_status status = find_in_region(reader, region, places, last, &at, error);
            if (status != HF_OK) return status;
        }
        at = last;
    }
    int64_t line = 1, from = 0;
    for (int64_t i = 0; i < count; i++) {
        int64_t offset = *places[i].offset;
        line = hf_csv_line(reader->input.text, from, line, offset);
        from = offset;
        *places[i].line = line;
    }
    return HF_OK;
}

// Gives the bads their offset, length and line.
static hf_status locate(hf_csv_reader *reader, hf_bad *bads, int64_t count, hf_error *error)
{
    place *places = hf_new(reader->context, 2 * (size_t)count, sizeof *places);
    if (!places) return hf_fail_memory(error);
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++) {
        hf_bad *b = &bads[i];
        places[n++] = (place){b->slot, b->field, &b->offset, &b->line, &b->length, 0};
        if (b->reason != HF_BAD_DUPLICATE) continue;
        places[n++] = (place){b->other, b->field, NULL, &b->other_line, NULL, -1};
    }
    qsort(places, (size_t)n, sizeof *places, compare_places);
    for (int64_t i = 0; i < n; i++)
        if (!places[i].offset) places[i].offset = &places[i].own;
    hf_status status = find_places(reader, places, n, error);
    hf_delete(reader->context, places);
    return status;
}

hf_status hf_csv_line_of(int64_t *line, hf_csv_reader *reader, int64_t slot, int32_t field, hf_error *error)
{
    hf_bad bad = {slot, -1, 0, 0, field, HF_BAD_NUMBER, 0, 0};
    hf_status status = locate(reader, &bad, 1, error);
    if (status == HF_OK) *line = bad.line;
    return status;
}

// ---- what ----------------------------------------------------------------------------------------------------

// Fields of a record, or the 1-based field that holds byte `until`.
static int64_t count_fields(const hf_csv_reader *reader, const hf_bad *bad, size_t until)
{
    const char *record = reader->input.text + bad->offset;
    int64_t fields = 1;
    bool inside = false;
    for (size_t i = 0; i < bad->length && i < until; i++) {
        inside ^= record[i] == '"';
        fields += !inside && record[i] == reader->header.delimiter;
    }
    return fields;
}

static int64_t field_of(const hf_csv_reader *reader, const hf_bad *bad)
{
    const char *record = reader->input.text + bad->offset;
    size_t at = 0;
    if (bad->field >= 0) return bad->field + 1;
    if (bad->reason == HF_BAD_NUL)
        at = (size_t)((const char *)memchr(record, 0, bad->length) - record);
    else if (bad->reason != HF_BAD_UTF8 || hf_is_utf8(record, bad->length, &at))
        return 0;
    return count_fields(reader, bad, at);
}

// Adds text for people: cut to `most` bytes at a character, bytes that do not print as \xNN.
static void put_shown(hf_text *out, const char *text, size_t length, size_t most)
{
    size_t shown = length < most ? length : most, bad = 0;
    if (shown < length)
        while (shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80)
            shown--;
    bool valid = hf_is_utf8(text, shown, &bad);
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f || (!valid && i >= bad && c >= 0x80))
            hf_text_printf(out, "\\x%02x", c);
        else
            hf_text_putc(out, (char)c);
    }
    if (shown < length) hf_text_puts(out, "...");
}

static bool looks_like_date(const char *text, size_t length)
{
    static const char shape[] = "dddd-dd-dd";
    if (length != sizeof shape - 1) return false;
    for (size_t i = 0; i < length; i++)
        if (shape[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i]) return false;
    return true;
}

static void put_reason(hf_text *out, const hf_csv_reader *reader, const hf_bad *bad)
{
    const char *text = reader->input.text + bad->offset;
    switch (bad->reason) {
    case HF_BAD_BLANK:
        break;
    case HF_BAD_RAGGED:
        hf_text_printf(out, "expected %d fields as in the header, found %lld", reader->header.count,
                       (long long)count_fields(reader, bad, bad->length));
        break;
    case HF_BAD_NUL:
        hf_text_puts(out, "expected text, found a NUL byte");
        break;
    case HF_BAD_UTF8:
        hf_text_puts(out, "expected UTF-8, found other bytes");
        break;
    case HF_BAD_QUOTE:
        hf_text_puts(out, "expected quotes around a whole cell, with quotes inside doubled");
        break;
    case HF_BAD_NUMBER:
        hf_text_puts(out, "expected a number");
        break;
    case HF_BAD_OVERFLOW:
        hf_text_puts(out, "number overflow: expected a number up to 3.4e38");
        break;
    case HF_BAD_PERCENT:
        hf_text_puts(out, "expected a plain number as in most of the column");
        break;
    case HF_BAD_PLAIN:
        hf_text_puts(out, "expected a percentage as in most of the column");
        break;
    case HF_BAD_DATE:
        if (looks_like_date(text, bad->length)) hf_text_puts(out, "impossible date: ");
        hf_text_puts(out, "expected a date as YYYY-MM-DD");
        break;
    case HF_BAD_FLAG:
        hf_text_puts(out, "expected yes, no, true, false, 1 or 0");
        break;
    case HF_BAD_ID_MISSING:
        hf_text_puts(out, "expected an id");
        break;
    case HF_BAD_AS_OF_MISSING:
        hf_text_puts(out, "expected a date as YYYY-MM-DD");
        break;
    case HF_BAD_DUPLICATE:
        hf_text_printf(out,
                       reader->as_of ? "expected each id once a date, it is on line %lld already"
                                     : "expected each id once, it is on line %lld already",
                       (long long)bad->other_line);
        break;
    }
}

static const char *remedy_of(const hf_csv_reader *reader, hf_bad_reason reason)
{
    switch (reason) {
    case HF_BAD_NUMBER:
        return "fix it, name a word for missing with --na, read the column as text with --kind "
               "COLUMN=category, or leave bad rows out with --rejects FILE";
    case HF_BAD_DATE:
    case HF_BAD_FLAG:
        return "fix it, name a word for missing with --na, or leave bad rows out with --rejects FILE";
    case HF_BAD_DUPLICATE:
        return reader->as_of
                   ? "fix it, or leave later rows out with --rejects FILE"
                   : "fix it, name the date column with --as-of-column, or leave later rows out with "
                     "--rejects FILE";
    default:
        return "fix it, or leave bad rows out with --rejects FILE";
    }
}

// The text of a bad cell, or of a whole record, without the quotes around a cell.
static hf_csv_span value_of(const hf_csv_reader *reader, const hf_bad *bad)
{
    hf_csv_span text = {reader->input.text + bad->offset, bad->length};
    hf_csv_span inner = hf_csv_trim(text);
    if (bad->field < 0 || inner.length < 2 || inner.text[0] != '"') return text;
    return (hf_csv_span){inner.text + 1, inner.length - 2};
}

// "column 'seats': expected a number, found "12O""
static void put_bad(hf_text *out, const hf_csv_reader *reader, const hf_bad *bad)
{
    if (bad->field >= 0) hf_text_printf(out, "column '%s': ", reader->header.names[bad->field]);
    put_reason(out, reader, bad);
    hf_text_puts(out, ", found \"");
    hf_csv_span value = value_of(reader, bad);
    put_shown(out, value.text, value.length, VALUE_SHOWN);
    hf_text_puts(out, "\"");
}

int64_t hf_csv_bad_rows(hf_csv_reader *reader)
{
    hf_bad_list *bads = &reader->bads;
    int64_t rows = 0;
    if (bads->count > 0) qsort(bads->items, (size_t)bads->count, sizeof *bads->items, compare_bads);
    for (int64_t i = 0; i < bads->count; i++)
        rows += i == 0 || bads->items[i].slot != bads->items[i - 1].slot;
    return rows;
}

// Fails with the first bad cell, a few more in a list, and the remedy. before, after: what is said first and
// last.
static hf_status explain(hf_csv_reader *reader, const char *before, const char *after, hf_error *error)
{
    hf_bad *bads = reader->bads.items;
    int64_t count = reader->bads.count, listed = count < LISTED ? count : LISTED;
    hf_status status = HF_OK;
    hf_text text;
    hf_text_init(&text, reader->context);
    HF_TRY(done, locate(reader, bads, listed, error));
    hf_text_puts(&text, before);
    put_bad(&text, reader, &bads[0]);
    for (int64_t i = 1; i < listed; i++) {
        // Long paths would crowd out what is said about the rest.
        hf_text_printf(&text, "\n  line %lld", (long long)bads[i].line);
        int64_t field = field_of(reader, &bads[i]);
        if (field > 0) hf_text_printf(&text, ", field %lld", (long long)field);
        hf_text_puts(&text, ": ");
        put_bad(&text, reader, &bads[i]);
    }
    if (count > listed) hf_text_printf(&text, "\n  and %lld more", (long long)(count - listed));
    hf_text_printf(&text, "%s%s%s", count > 1 ? "\n" : "; ", remedy_of(reader, bads[0].reason), after);
    HF_TRY(done, hf_text_status(&text, error));
    status = hf_fail_at(error, HF_ERROR_DATA, reader->path, bads[0].line, field_of(reader, &bads[0]), "%s",
                        text.data);
done:
    hf_text_free(&text);
    return status;
}

// ---- the rejects file ----------------------------------------------------------------------------------------

static void put_reject(hf_text *out, hf_text *field, const hf_csv_reader *reader, const hf_bad *bad)
{
    hf_csv_put_field(out, reader->path, strlen(reader->path));
    hf_text_printf(out, ",%lld,", (long long)bad->line);
    int64_t at = field_of(reader, bad);
    const char *name = at > 0 && at <= reader->header.count ? reader->header.names[at - 1] : "";
    hf_csv_put_field(out, name, strlen(name));
    hf_text_putc(out, ',');
    hf_text_clear(field);
    hf_csv_span value = value_of(reader, bad);
    put_shown(field, value.text, value.length, VALUE_KEPT);
    out->failed |= field->failed;
    hf_csv_put_field(out, field->data, field->length);
    hf_text_putc(out, ',');
    hf_text_clear(field);
    put_reason(field, reader, bad);
    out->failed |= field->failed;
    hf_csv_put_field(out, field->data, field->length);
    hf_text_putc(out, '\n');
}

hf_status hf_csv_write_rejects(hf_csv_reader *reader, hf_error *error)
{
    const hf_csv_options *options = reader->options;
    hf_output *output = NULL;
    hf_text text, field;
    hf_status status = HF_OK;
    hf_text_init(&text, reader->context);
    hf_text_init(&field, reader->context);
    HF_TRY(done, locate(reader, reader->bads.items, reader->bads.count, error));
    HF_TRY(done, hf_output_open(&output, reader->context, options->rejects, options->overwrite, error));
    hf_text_puts(&text, "file,line,column,value,reason\n");
    for (int64_t i = 0; i < reader->bads.count; i++) {
        put_reject(&text, &field, reader, &reader->bads.items[i]);
        if (text.length < 65536 && i + 1 < reader->bads.count) continue;
        HF_TRY(done, hf_text_status(&text, error));
        HF_TRY(done, hf_output_write(output, text.data, text.length, error));
        hf_text_clear(&text);
    }
    status = hf_output_commit(output, error);
    output = NULL;
done:
    hf_output_discard(output);
    hf_text_free(&text);
    hf_text_free(&field);
    return status;
}

// ---- the verdict ---------------------------------------------------------------------------------------------

hf_status hf_csv_check_bads(hf_csv_reader *reader, hf_error *error)
{
    const hf_csv_options *options = reader->options;
    int64_t bad = hf_csv_bad_rows(reader), all = reader->layout.slots - reader->blanks;
    hf_error list_error = {0};
    char before[160];
    if (bad == 0) return HF_OK;
    if (!options->rejects) return explain(reader, "", "", error);
    if ((double)bad <= options->reject_limit * (double)all && bad < all) return HF_OK;
    snprintf(before, sizeof before,
             "%lld of %lld rows are bad, %.3g %%; the limit is %.3g %%, so nothing was read. The first: ",
             (long long)bad, (long long)all, 100.0 * (double)bad / (double)all,
             100.0 * options->reject_limit);
    // The list is needed now more than ever.
    hf_status written = hf_csv_write_rejects(reader, &list_error);
    if (written == HF_ERROR_MEMORY) return hf_fail_memory(error);
    hf_text after;
    hf_text_init(&after, reader->context);
    if (written == HF_OK)
        hf_text_printf(&after, "; every bad cell is listed in %s", options->rejects);
    else
        hf_text_printf(&after, "; the list %s was not written: %s", options->rejects, list_error.message);
    hf_status status = hf_text_status(&after, error);
    if (status == HF_OK) status = explain(reader, before, after.data, error);
    hf_text_free(&after);
    return status;
}
