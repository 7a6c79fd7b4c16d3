// SPDX-License-Identifier: Apache-2.0
//
// Reads the header with a plain state machine: it is one line. The delimiter is the commonest candidate
// outside quotes; names are kept as they stand, but for blanks around them.
#include "csv/csv_header.h"

#include "csv/csv_cell.h"
#include "frame/frame_room.h"

#include <string.h>

enum { MOST_FIELDS = 65536 }; // what a snapshot holds

// The end of the record that begins at `at`: its line end or size. *closed false: inside quotes there.
static int64_t record_end(const char *text, int64_t at, int64_t size, bool *closed)
{
    bool inside = false;
    for (; at < size && (inside || text[at] != '\n'); at++)
        inside ^= text[at] == '"';
    *closed = !inside;
    return at;
}

static char find_delimiter(const char *text, int64_t begin, int64_t end)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    int64_t seen[sizeof candidates] = {0};
    bool inside = false;
    for (int64_t i = begin; i < end; i++) {
        inside ^= text[i] == '"';
        for (size_t k = 0; !inside && k < sizeof candidates; k++)
            seen[k] += text[i] == candidates[k];
    }
    size_t best = 0;
    for (size_t k = 1; k < sizeof candidates; k++)
        if (seen[k] > seen[best]) best = k;
    return candidates[best];
}

static int64_t trim_line(const char *text, int64_t begin, int64_t end)
{
    while (end > begin && text[end - 1] == '\r')
        end--;
    return end;
}

// Whether a carriage return outside quotes ends a line by itself: something other than the next cell, or a
// line feed, follows.
static bool ends_with_cr_alone(const char *text, int64_t begin, int64_t end, char delimiter)
{
    bool inside = false;
    for (int64_t i = begin; i + 1 < end; i++) {
        inside ^= text[i] == '"';
        if (!inside && text[i] == '\r' && text[i + 1] != delimiter && text[i + 1] != '\r') return true;
    }
    return false;
}

static hf_status check_text(const char *path, const char *text, int64_t begin, int64_t end, int64_t line,
                            hf_error *error)
{
    if (memchr(text + begin, 0, (size_t)(end - begin)))
        return hf_fail_at(
            error, HF_ERROR_DATA, path, line, 0,
            "the header holds NUL bytes; this is no text file, or it is UTF-16: save it as UTF-8");
    if (!hf_is_utf8(text + begin, (size_t)(end - begin), NULL))
        return hf_fail_at(error, HF_ERROR_DATA, path, line, 0,
                          "the header is not UTF-8; save the file as UTF-8");
    return HF_OK;
}

// Copies one header cell without its blanks and quotes into the next name.
static hf_status add_name(hf_csv_header *h, const hf_context *context, const char *path, int64_t line,
                          const char *cell, size_t length, hf_error *error)
{
    hf_status status = HF_OK;
    int32_t field = h->count;
    char *scratch = hf_new_raw(context, length + 1, 1), numbered[32];
    if (!scratch) return hf_fail_memory(error);
    hf_csv_span name = hf_csv_trim(hf_csv_unquote((hf_csv_span){cell, length}, scratch));
    if (name.length > HF_NAME_LIMIT) {
        status =
            hf_fail_at(error, HF_ERROR_DATA, path, line, field + 1,
                       "the column's name is %zu bytes long; %d are the most", name.length, HF_NAME_LIMIT);
        goto done;
    }
    h->unnamed[field] = name.length == 0;
    if (h->unnamed[field]) {
        name.length = (size_t)snprintf(numbered, sizeof numbered, "column_%d", field + 1);
        name.text = numbered;
    }
    h->names[field] = hf_copy_text(context, name.text, name.length);
    if (!h->names[field]) {
        status = hf_fail_memory(error);
        goto done;
    }
    h->count++;
done:
    hf_delete(context, scratch);
    return status;
}

static hf_status split_names(hf_csv_header *h, const hf_context *context, const char *path, const char *text,
                             int64_t begin, int64_t end, int64_t line, hf_error *error)
{
    hf_status status = HF_OK;
    bool inside = false;
    int64_t fields = 1;
    for (int64_t i = begin; i < end; i++) {
        inside ^= text[i] == '"';
        fields += !inside && text[i] == h->delimiter;
    }
    if (fields > MOST_FIELDS)
        return hf_fail_at(error, HF_ERROR_DATA, path, line, 0, "the header has %lld columns; %d are the most",
                          (long long)fields, MOST_FIELDS);
    h->names = hf_new(context, (size_t)fields, sizeof *h->names);
    h->unnamed = hf_new(context, (size_t)fields, sizeof *h->unnamed);
    if (!h->names || !h->unnamed) return hf_fail_memory(error);
    int64_t cell = begin;
    for (int64_t i = begin; i <= end; i++) {
        if (i < end) inside ^= text[i] == '"';
        if (i < end && (inside || text[i] != h->delimiter)) continue;
        HF_TRY(done, add_name(h, context, path, line, text + cell, (size_t)(i - cell), error));
        cell = i + 1;
    }
done:
    return status;
}

// Every name once, by a small hash table: a header may have thousands. A made-up name that a column of the
// file has already gets underscores.
static hf_status check_distinct(hf_csv_header *h, const hf_context *context, const char *path, int64_t line,
                                hf_error *error)
{
    hf_status status = HF_OK;
    size_t mask = 1;
    while (mask < 2 * (size_t)h->count)
        mask *= 2;
    int32_t *table = hf_new(context, mask--, sizeof *table); // field + 1
    if (!table) return hf_fail_memory(error);
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t i = 0; i < h->count; i++) {
            if (h->unnamed[i] != (pass == 1)) continue;
            size_t at;
        again:
            at = (size_t)hf_hash(h->names[i], strlen(h->names[i]), 0) & mask;
            while (table[at] && strcmp(h->names[table[at] - 1], h->names[i]) != 0)
                at = (at + 1) & mask;
            if (table[at] && pass == 0) {
                status = hf_fail_at(error, HF_ERROR_DATA, path, line, i + 1,
                                    "column '%s' is there twice, in fields %d and %d; rename one",
                                    h->names[i], table[at], i + 1);
                goto done;
            }
            if (table[at]) {
                size_t length = strlen(h->names[i]);
                char *longer = hf_grow(context, h->names[i], length + 2, 1);
                if (!longer) {
                    status = hf_fail_memory(error);
                    goto done;
                }
                memcpy(longer + length, "_", 2);
                h->names[i] = longer;
                goto again;
            }
            table[at] = i + 1;
        }
    }
done:
    hf_delete(context, table);
    return status;
}

static hf_status no_records(const char *path, int64_t line, hf_error *error)
{
    return hf_fail_at(error, HF_ERROR_DATA, path, line, 0,
                      "there is a header only; at least one row is needed");
}

hf_status hf_csv_header_read(hf_csv_header *out, const hf_context *context, const char *path,
                             const char *text, int64_t size, char delimiter, hf_error *error)
{
    hf_csv_header h = {.delimiter = delimiter};
    hf_status status = HF_OK;
    int64_t begin = 0, end, line = 1;
    bool closed;
    for (;; begin = end + 1, line++) {
        end = record_end(text, begin, size, &closed);
        if (end >= size || trim_line(text, begin, end) > begin) break;
    }
    if (!closed) {
        HF_TRY(done, hf_csv_explain_quotes(path, text, size, delimiter ? delimiter : ',', error));
    }
    if (end - begin > HF_CSV_RECORD_LIMIT) {
        status = hf_csv_too_long(path, text, begin, error);
        goto done;
    }
    int64_t last = trim_line(text, begin, end);
    if (last == begin) {
        status = hf_fail_at(error, HF_ERROR_DATA, path, 0, 0,
                            "the file holds blank lines only; a header line and at least one row are needed");
        goto done;
    }
    HF_TRY(done, check_text(path, text, begin, last, line, error));
    if (delimiter == 0) h.delimiter = find_delimiter(text, begin, last);
    if (ends_with_cr_alone(text, begin, last, h.delimiter)) {
        status = hf_fail_at(
            error, HF_ERROR_DATA, path, line, 0,
            "the lines end with CR alone; convert them to LF: tr '\\r' '\\n' < %s > converted.csv", path);
        goto done;
    }
    HF_TRY(done, split_names(&h, context, path, text, begin, last, line, error));
    HF_TRY(done, check_distinct(&h, context, path, line, error));
    h.end = end < size ? end + 1 : size;
    if (trim_line(text, h.end, size) == h.end) {
        status = no_records(path, line, error);
        goto done;
    }
    *out = h;
    h = (hf_csv_header){0};
done:
    hf_csv_header_free(context, &h);
    return status;
}

void hf_csv_header_free(const hf_context *context, hf_csv_header *header)
{
    for (int32_t i = 0; i < header->count; i++)
        hf_delete(context, header->names[i]);
    hf_delete(context, header->names);
    hf_delete(context, header->unnamed);
    *header = (hf_csv_header){0};
}

hf_status hf_csv_header_find(int32_t *out, const hf_csv_header *header, const char *path, const char *name,
                             const char *what, const char *remedy, hf_error *error)
{
    for (int32_t i = 0; i < header->count; i++)
        if (strcmp(header->names[i], name) == 0) {
            *out = i;
            return HF_OK;
        }
    const char *nearest = hf_nearest(name, (const char *const *)header->names, (size_t)header->count);
    if (nearest)
        return hf_fail_at(error, HF_ERROR_DATA, path, 0, 0,
                          "there is no column '%s' (%s); is '%s' meant?%s%s", name, what, nearest,
                          remedy[0] ? " " : "", remedy);
    return hf_fail_at(
        error, HF_ERROR_DATA, path, 0, 0, "there is no column '%s' (%s); the header has '%s'%s%s%s%s%s", name,
        what, header->names[0], header->count > 1 ? ", '" : "", header->count > 1 ? header->names[1] : "",
        header->count > 2   ? "' and more"
        : header->count > 1 ? "'"
                            : "",
        remedy[0] ? "; " : "", remedy);
}
