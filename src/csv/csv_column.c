// SPDX-License-Identifier: Apache-2.0
//
// Parses blocks of records column by column: a tight loop a column, so that what is needed for its cells
// stays in registers and its branches repeat. Plain numbers of up to 16 characters are read eight characters
// at a time; everything else takes the slow way through csv_cell.c. Statistics are gathered on the way, for
// the column's kind is decided from all its cells.
#include "csv/csv_reader.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MISFIT_SHARE = 10 }; // one cell in ten

void hf_csv_stats_add(hf_csv_stats *stats, const hf_cell *cell)
{
    const hf_decimal *d = &cell->number;
    if (cell->class == HF_CELL_PERCENT)
        stats->percent++;
    else
        hf_csv_stats_number(stats, fabs(d->value), d->decimals, d->negative);
}

void hf_csv_stats_merge(hf_csv_stats *stats, const hf_csv_stats *other)
{
    stats->plain += other->plain;
    stats->percent += other->percent;
    if (other->whole > stats->whole) stats->whole = other->whole;
    if (other->tenth > stats->tenth) stats->tenth = other->tenth;
    if (other->hundredth > stats->hundredth) stats->hundredth = other->hundredth;
    if (other->decimals > stats->decimals) stats->decimals = other->decimals;
    stats->negative |= other->negative;
}

static hf_csv_cells cells_of(const hf_csv_block *b, int32_t field)
{
    if (field == 0) return (hf_csv_cells){b->base, b->starts, b->ends, 1, b->fields, 0, b->rows};
    return (hf_csv_cells){b->base, b->ends + field - 1, b->ends + field, b->fields, b->fields, 1, b->rows};
}

static hf_csv_span cell_at(const hf_csv_cells *c, int32_t row)
{
    uint32_t start = c->starts[(int64_t)row * c->start_stride] + c->gap;
    return (hf_csv_span){c->base + start, c->ends[(int64_t)row * c->end_stride] - start};
}

static int64_t text_offset(const hf_csv_block *b, const char *p)
{
    return b->origin + (p - b->base);
}

// ---- numbers -------------------------------------------------------------------------------------------------

// A cell that is no short plain number: missing, quoted, a percentage, long, or no number at all.
static __attribute__((noinline)) double read_slowly(const hf_csv_reader *reader, hf_csv_worker *w,
                                                    int32_t field, int32_t row, const char *p,
                                                    uint32_t length, hf_csv_stats *stats)
{
    const hf_csv_block *b = &w->block;
    hf_csv_span span = {p, length};
    hf_cell cell = {.class = HF_CELL_TEXT};
    bool quoted = b->quoted && memchr(p, '"', length);
    if (quoted) {
        span = hf_csv_trim(span);
        if (span.length >= 2 && span.text[0] == '"') span = (hf_csv_span){span.text + 1, span.length - 2};
    }
    // Doubled quotes are no part of a number, a date or a missing token worth the copy.
    if (!quoted || !memchr(span.text, '"', span.length)) cell = hf_csv_cell_read(span, &reader->missing);
    if (cell.class == HF_CELL_MISSING) return NAN;
    bool number = cell.class == HF_CELL_NUMBER || cell.class == HF_CELL_PERCENT;
    if (number || cell.class == HF_CELL_OVERFLOW) hf_csv_stats_add(stats, &cell);
    if (number) return cell.value;
    hf_bad_add(&w->misfits, (hf_bad){b->first_slot + b->slots[row], text_offset(b, p), 0, length, field,
                                     cell.class == HF_CELL_OVERFLOW ? HF_BAD_OVERFLOW : HF_BAD_NUMBER, 0, 0});
    return NAN;
}

static void note_misfits(const hf_csv_reader *reader, int32_t field, int64_t misfits)
{
    if (misfits == 0) return;
    hf_csv_column *column = &reader->columns[field];
    int64_t all = atomic_fetch_add(&column->misfits, misfits) + misfits;
    if (all > reader->layout.slots / MISFIT_SHARE) atomic_store(&column->abandoned, true);
}

// A cell the quick reader left: of up to 16 characters, or something else.
static double read_odd(const hf_csv_reader *reader, hf_csv_worker *w, int32_t field, int32_t row,
                       hf_csv_span cell, hf_csv_stats *stats)
{
    uint32_t minus = *cell.text == '-', decimals, length = (uint32_t)cell.length;
    uint64_t digits;
    if (reader->missing.numeric || !hf_decimal_short(cell.text + minus, length - minus, &digits, &decimals) ||
        digits >= (uint64_t)1 << 53) {
        hf_decimal d;
        if (length == 0) return NAN;
        if (reader->missing.numeric || !hf_decimal_read(&d, cell.text, length) ||
            fabs(d.value) > (double)FLT_MAX)
            return read_slowly(reader, w, field, row, cell.text, length, stats);
        hf_csv_stats_number(stats, fabs(d.value), d.decimals, d.negative);
        return d.value;
    }
    double magnitude = (double)digits / hf_decimal_power[decimals];
    for (; decimals > 0 && digits % 10 == 0; decimals--)
        digits /= 10;
    hf_csv_stats_number(stats, magnitude, (int32_t)decimals, minus);
    return minus ? -magnitude : magnitude;
}

// Plain numbers go to their rows at once; where rows were dropped from the block, over a buffer.
static void read_numbers(const hf_csv_reader *reader, hf_csv_worker *w, int32_t field, bool wide)
{
    const hf_csv_block *b = &w->block;
    const hf_csv_cells cells = cells_of(b, field);
    hf_csv_stats stats = {0};
    int64_t misfits = w->misfits.count, first = b->first_slot + b->slots[0];
    bool apart = b->slots[b->rows - 1] - b->slots[0] != (uint32_t)b->rows - 1;
    float *floats = apart ? w->values : (float *)reader->columns[field].values + first;
    double *doubles = apart ? w->values : (double *)reader->columns[field].values + first;
    int32_t odd = b->rows;
    if (!reader->missing.numeric)
        odd = wide ? reader->numbers->wide(&stats, doubles, w->odd, &cells)
                   : reader->numbers->narrow(&stats, floats, w->odd, &cells);
    for (int32_t i = 0; i < odd; i++) {
        int32_t row = reader->missing.numeric ? i : w->odd[i];
        double value = read_odd(reader, w, field, row, cell_at(&cells, row), &stats);
        if (wide)
            doubles[row] = value;
        else
            floats[row] = (float)value;
    }
    for (int32_t r = 0; apart && r < b->rows; r++) {
        int64_t slot = b->first_slot + b->slots[r];
        if (wide)
            ((double *)reader->columns[field].values)[slot] = doubles[r];
        else
            ((float *)reader->columns[field].values)[slot] = floats[r];
    }
    hf_csv_stats_merge(&w->stats[field], &stats);
    note_misfits(reader, field, w->misfits.count - misfits);
}

// ---- text ----------------------------------------------------------------------------------------------------

// The worker's scratch with room for n bytes and what hashing reads beyond.
static char *scratch_of(const hf_csv_reader *reader, hf_csv_worker *w, size_t n)
{
    if (n + 16 > w->scratch_capacity) {
        char *grown = NULL;
        size_t capacity = 2 * n + 256;
#pragma omp critical(hf_csv_memory)
        grown = hf_grow(reader->context, w->scratch, capacity, 1);
        if (!grown) {
            w->failed = true;
            return NULL;
        }
        memset(grown, 0, capacity);
        w->scratch = grown;
        w->scratch_capacity = capacity;
    }
    return w->scratch;
}

static void read_text(const hf_csv_reader *reader, hf_csv_worker *w, int32_t field)
{
    const hf_csv_block *b = &w->block;
    const hf_csv_cells cells = cells_of(b, field);
    int32_t *codes = reader->columns[field].values;
    hf_tokens *tokens = &w->tokens[field];
    for (int32_t r = 0; r < b->rows; r++) {
        hf_csv_span cell = cell_at(&cells, r);
        uint32_t start = (uint32_t)(cell.text - b->base);
        const char *keep = b->text + b->origin + start;
        if (b->quoted && memchr(cell.text, '"', cell.length)) {
            char *scratch = scratch_of(reader, w, cell.length);
            if (!scratch) return;
            const char *whole = cell.text;
            cell = hf_csv_unquote(cell, scratch);
            keep = cell.text == scratch ? NULL : keep + (cell.text - whole);
        }
        int32_t number = hf_tokens_count(tokens, cell.text, cell.length, keep);
        if (number < 0) {
            w->failed = true;
            return;
        }
        codes[b->first_slot + b->slots[r]] = number;
    }
}

// ---- ids -----------------------------------------------------------------------------------------------------

static void read_ids(const hf_csv_reader *reader, hf_csv_worker *w, int32_t field)
{
    const hf_csv_block *b = &w->block;
    const hf_csv_cells cells = cells_of(b, field);
    size_t width = (size_t)reader->frame->id_width;
    char *ids = reader->frame->ids;
    for (int32_t r = 0; r < b->rows; r++) {
        hf_csv_span cell = cell_at(&cells, r);
        uint32_t start = (uint32_t)(cell.text - b->base);
        int64_t slot = b->first_slot + b->slots[r];
        if (b->quoted && memchr(cell.text, '"', cell.length)) {
            char *scratch = scratch_of(reader, w, cell.length);
            if (!scratch) return;
            cell = hf_csv_unquote(cell, scratch);
        }
        cell = hf_csv_trim(cell);
        if ((cell.length <= 4 || reader->missing.count > 0) && hf_csv_is_missing(cell, &reader->missing)) {
            if (!reader->structure_known)
                hf_bad_add(&w->bads, (hf_bad){slot, b->origin + start, 0, (uint32_t)cell.length, field,
                                              HF_BAD_ID_MISSING, 0, 0});
        } else if (cell.length > HF_ID_LIMIT) {
            if (w->id_over < 0 || b->origin + start < w->id_over) w->id_over = b->origin + start;
        } else {
            if (cell.length > w->id_longest) w->id_longest = cell.length;
            if (cell.length <= width) memcpy(ids + (size_t)slot * width, cell.text, cell.length);
        }
    }
}

void hf_csv_column_read(const hf_csv_reader *reader, hf_csv_worker *worker, int32_t field)
{
    hf_csv_column *column = &reader->columns[field];
    if (!column->active || atomic_load_explicit(&column->abandoned, memory_order_relaxed)) return;
    switch (column->parse) {
    case HF_PARSE_F32:
        read_numbers(reader, worker, field, false);
        break;
    case HF_PARSE_F64:
        read_numbers(reader, worker, field, true);
        break;
    case HF_PARSE_TEXT:
        read_text(reader, worker, field);
        break;
    case HF_PARSE_ID:
        read_ids(reader, worker, field);
        break;
    }
}
