// SPDX-License-Identifier: Apache-2.0
//
// The slow CSV reader of the tests: reads byte by byte, keeps every cell as a string, and calls bad whatever
// RFC 4180 does not allow (blanks around a quoted cell apart).
#include "csv/csv_oracle.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct {
    char *bytes;
    size_t length;
    bool quoted, closed; // the cell began with a quote; the quote was closed
} cell_state;

static void put(cell_state *c, char byte)
{
    c->bytes = realloc(c->bytes, c->length + 2);
    c->bytes[c->length++] = byte;
    c->bytes[c->length] = '\0';
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool all_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!blank(text[i])) return false;
    return true;
}

static oracle_cell finish(cell_state *c, bool last_of_record)
{
    if (last_of_record && !c->quoted)
        while (c->length > 0 && c->bytes[c->length - 1] == '\r')
            c->length--;
    oracle_cell cell = {calloc(c->length + 1, 1), c->length};
    if (c->length) memcpy(cell.text, c->bytes, c->length);
    free(c->bytes);
    memset(c, 0, sizeof *c);
    return cell;
}

// Adds a finished record; a blank line is none.
static void add_record(oracle_table *t, oracle_cell *record, int fields)
{
    bool is_blank = fields == 1 && record[0].length == 0;
    if (fields == 1 && t->fields != 1) is_blank = all_blank(record[0].text, record[0].length);
    if (is_blank) {
        free(record[0].text);
        return;
    }
    if (t->fields == 0) t->fields = fields;
    if (fields != t->fields) {
        t->bad = true;
        for (int i = 0; i < fields; i++)
            free(record[i].text);
        return;
    }
    t->cells = realloc(t->cells, (size_t)(t->rows + 1) * (size_t)fields * sizeof *t->cells);
    memcpy(t->cells + (size_t)t->rows * (size_t)fields, record, (size_t)fields * sizeof *record);
    t->rows++;
}

oracle_table oracle_read(const char *text, size_t length, char delimiter)
{
    oracle_table t = {0};
    cell_state c = {0};
    oracle_cell *record = NULL;
    int fields = 0;
    bool any_quoted = false; // a record that is one quoted empty cell is no blank line
    for (size_t i = 0; i <= length; i++) {
        bool end = i == length;
        char byte = end ? '\n' : text[i];
        if (!end && byte == '\0') t.bad = true;
        if (c.quoted && !c.closed) {
            if (end) {
                t.bad = true;
            } else if (byte == '"' && i + 1 < length && text[i + 1] == '"') {
                put(&c, '"');
                i++;
                continue;
            } else if (byte == '"') {
                c.closed = true;
                continue;
            } else {
                put(&c, byte);
                continue;
            }
        }
        if (byte == '"' && !c.quoted && all_blank(c.bytes ? c.bytes : "", c.length)) {
            c.length = 0;
            c.quoted = any_quoted = true;
            continue;
        }
        if (byte == delimiter || byte == '\n') {
            if (end && byte == '\n' && fields == 0 && c.length == 0 && !c.quoted) break;
            record = realloc(record, (size_t)(fields + 1) * sizeof *record);
            record[fields++] = finish(&c, byte == '\n');
            if (byte == '\n') {
                if (fields == 1 && any_quoted && record[0].length == 0 && t.fields != 1)
                    t.bad = true; // ragged
                if (fields == 1 && any_quoted && t.fields == 1) {
                    t.cells = realloc(t.cells, (size_t)(t.rows + 1) * sizeof *t.cells);
                    t.cells[t.rows++] = record[0];
                } else {
                    add_record(&t, record, fields);
                }
                fields = 0;
                any_quoted = false;
            }
            continue;
        }
        if (c.quoted) {
            // Blanks may follow the closing quote, and the CRs of the line end.
            if (!blank(byte) && byte != '\r') t.bad = true;
            continue;
        }
        if (byte == '"') t.bad = true;
        put(&c, byte);
    }
    free(c.bytes);
    for (int i = 0; i < fields; i++)
        free(record[i].text);
    free(record);
    return t;
}

void oracle_free(oracle_table *table)
{
    for (int i = 0; i < table->rows * table->fields; i++)
        free(table->cells[i].text);
    free(table->cells);
    memset(table, 0, sizeof *table);
}

bool oracle_missing(const oracle_cell *cell)
{
    static const char *const tokens[] = {"", "na", "n/a", "nan", "null"};
    const char *p = cell->text;
    size_t n = cell->length;
    while (n > 0 && (blank(*p) || *p == '\r')) {
        p++;
        n--;
    }
    while (n > 0 && (blank(p[n - 1]) || p[n - 1] == '\r'))
        n--;
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        if (strlen(tokens[i]) == n && strncasecmp(tokens[i], p, n) == 0) return true;
    return false;
}
