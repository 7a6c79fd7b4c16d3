// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with a text's quotes, for people. A missing quote turns everything after it inside out, so
// the place that masks notice may be far behind the mistake; this reads from the start with RFC 4180's state
// machine and stops at the first cell that breaks it.
#include "csv/csv_scan.h"

#include <string.h>

int64_t hf_csv_line(const char *text, int64_t from, int64_t line, int64_t offset)
{
    for (const char *p = text + from, *end = text + offset;
         p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
        line++;
    return line;
}

// The first offset after a quoted cell's closing quote, or -1 if it never closes. begin is after the opening.
static int64_t close_of(const char *text, int64_t begin, int64_t size)
{
    for (int64_t at = begin; at < size; at++) {
        const char *quote = memchr(text + at, '"', (size_t)(size - at));
        if (!quote) return -1;
        at = quote - text + 1;
        if (at == size || text[at] != '"') return at;
    }
    return -1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

hf_status hf_csv_explain_quotes(const char *path, const char *text, int64_t size, char delimiter,
                                hf_error *error)
{
    int64_t field = 1;
    for (int64_t at = 0; at < size; at++) {
        int64_t cell = at;
        while (at < size && is_blank(text[at]) && text[at] != delimiter)
            at++;
        if (at < size && text[at] == '"') {
            int64_t after = close_of(text, at + 1, size);
            if (after < 0)
                return hf_fail_at(
                    error, HF_ERROR_DATA, path, hf_csv_line(text, 0, 1, at), field,
                    "the quote that opens here is never closed; close it, and double every quote "
                    "inside a cell");
            for (at = after; at < size && is_blank(text[at]) && text[at] != delimiter; at++)
                ;
            if (at < size && text[at] != delimiter && text[at] != '\n' && text[at] != '\r')
                return hf_fail_at(error, HF_ERROR_DATA, path, hf_csv_line(text, 0, 1, cell), field,
                                  "the quoted cell that begins here closes on line %lld with text after the "
                                  "closing quote; double every quote inside a cell",
                                  (long long)hf_csv_line(text, 0, 1, after));
        }
        while (at < size && text[at] != delimiter && text[at] != '\n' && text[at] != '"')
            at++;
        if (at < size && text[at] == '"')
            return hf_fail_at(error, HF_ERROR_DATA, path, hf_csv_line(text, 0, 1, at), field,
                              "a quote inside a cell that does not begin with one; put the whole cell in "
                              "quotes and double the quote inside");
        field = at < size && text[at] == '\n' ? 1 : field + 1;
    }
    return HF_OK;
}

hf_status hf_csv_too_long(const char *path, const char *text, int64_t offset, hf_error *error)
{
    return hf_fail_at(error, HF_ERROR_DATA, path, hf_csv_line(text, 0, 1, offset), 0,
                      "the record that begins here is longer than %lld MiB; end its lines, or close a quote "
                      "left open",
                      (long long)(HF_CSV_RECORD_LIMIT >> 20));
}
