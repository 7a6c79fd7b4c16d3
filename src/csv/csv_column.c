// SPDX-License-Identifier: Apache-2.0
//
// Parses blocks of records column by column: a tight loop a column, so that what is needed for its cells
// stays in registers and its branches repeat. Plain numbers of up to 16 characters are read eight characters
// at a time; everything else takes the slow way through csv_cell.c. Statistics are gathered on the way, for
// the column's kind is decided from all its cells.
#include "csv/csv_reader.h"

#include <math.h>
#include <string.h>

enum { MISFIT_SHARE = 10 }; // one cell in ten

void hf_csv_stats_add(hf_csv_stats *stats, const hf_cell *cell)
{
    const hf_decimal *d = &cell->number;
    if (cell->class == HF_CELL_PERCENT) {
        stats->percent++;
        return;
    }
    stats->plain++;
    if (d->decimals > stats->decimals) stats->decimals = d->decimals;
    uint64_t *most = d->decimals == 0 ? &stats->most_whole : &stats->most_fixed;
    if (d->decimals <= 2 && d->digits > *most) *most = d->digits;
    stats->negative |= d->negative && d->digits > 0;
}

void hf_csv_stats_merge(hf_csv_stats *stats, const hf_csv_stats *other)
{
    stats->plain += other->plain;
    stats->percent += other->percent;
    if (other->decimals > stats->decimals) stats->decimals = other->decimals;
    if (other->most_whole > stats->most_whole) stats->most_whole = other->most_whole;
    if (other->most_fixed > stats->most_fixed) stats->most_fixed = other->most_fixed;
    stats->negative |= other->negative;
}

// Where the cells of one column lie in a block.
typedef struct {
    const uint32_t *starts, *ends;
    int32_t start_stride, end_stride;
    uint32_t gap; // from the end before to the start
} cell_walk;

static cell_walk walk_of(const hf_csv_block *b, int32_t field)
{
    if (field == 0) return (cell_walk){b->starts, b->ends, 1, b->fields, 0};
    return (cell_walk){b->ends + field - 1, b->ends + field, b->fields, b->fields, 1};
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
    if (!column->declared && all > reader->layout.slots / MISFIT_SHARE)
        atomic_store(&column->abandoned, true);
}

// The running statistics are scalars of their own, not fields of a struct whose address is taken, so that
// they stay in registers.
static inline __attribute__((always_inline)) void read_numbers(const hf_csv_reader *reader, hf_csv_worker *w,
                                                               int32_t field, float *narrow, double *wide)
{
    const hf_csv_block *b = &w->block;
    const cell_walk walk = walk_of(b, field);
    const uint32_t *starts = walk.starts, *ends = walk.ends;
    const char *base = b->base;
    const bool compare = reader->missing.numeric;
    hf_csv_stats slow = {0};
    int64_t misfits_before = w->misfits.count, plain = 0;
    uint64_t most_whole = 0, most_fixed = 0, below = 0;
    uint32_t most_decimals = 0;
    for (int32_t r = 0; r < b->rows; r++, starts += walk.start_stride, ends += walk.end_stride) {
        uint32_t start = *starts + walk.gap, length = *ends - start;
        const char *p = base + start;
        uint32_t minus = *p == '-', decimals;
        uint64_t digits;
        double value;
        if (__builtin_expect(hf_decimal_short(p + minus, length - minus, &digits, &decimals), 1) &&
            digits < (uint64_t)1 << 53 && !compare) {
            value = (double)digits;
            if (decimals > 0) {
                value /= hf_decimal_power[decimals];
                // Zeros that end a fraction do not count; past two decimals it no longer matters.
                for (; decimals > 0 && most_decimals <= 2 && digits % 10 == 0; decimals--)
                    digits /= 10;
            }
            value = minus ? -value : value;
            uint64_t whole = decimals == 0 ? digits : 0, fixed = decimals - 1 < 2 ? digits : 0;
            most_whole = whole > most_whole ? whole : most_whole;
            most_fixed = fixed > most_fixed ? fixed : most_fixed;
            most_decimals = decimals > most_decimals ? decimals : most_decimals;
            below |= minus ? digits : 0;
            plain++;
        } else {
            value = length == 0 ? (double)NAN : read_slowly(reader, w, field, r, p, length, &slow);
        }
        int64_t slot = b->first_slot + b->slots[r];
        if (narrow)
            narrow[slot] = (float)value;
        else
            wide[slot] = value;
    }
    hf_csv_stats_merge(&w->stats[field], &slow);
    hf_csv_stats quick = {plain, 0, most_whole, most_fixed, (int32_t)most_decimals, below > 0};
    hf_csv_stats_merge(&w->stats[field], &quick);
    note_misfits(reader, field, w->misfits.count - misfits_before);
}

static void read_f32(const hf_csv_reader *reader, hf_csv_worker *w, int32_t field)
{
    read_numbers(reader, w, field, reader->columns[field].values, NULL);
}

static void read_f64(const hf_csv_reader *reader, hf_csv_worker *w, int32_t field)
{
    read_numbers(reader, w, field, NULL, reader->columns[field].values);
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
    const cell_walk walk = walk_of(b, field);
    int32_t *codes = reader->columns[field].values;
    hf_tokens *tokens = &w->tokens[field];
    for (int32_t r = 0; r < b->rows; r++) {
        uint32_t start = walk.starts[(int64_t)r * walk.start_stride] + walk.gap;
        hf_csv_span cell = {b->base + start, walk.ends[(int64_t)r * walk.end_stride] - start};
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
    const cell_walk walk = walk_of(b, field);
    size_t width = (size_t)reader->frame->id_width;
    char *ids = reader->frame->ids;
    for (int32_t r = 0; r < b->rows; r++) {
        uint32_t start = walk.starts[(int64_t)r * walk.start_stride] + walk.gap;
        hf_csv_span cell = {b->base + start, walk.ends[(int64_t)r * walk.end_stride] - start};
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
        read_f32(reader, worker, field);
        break;
    case HF_PARSE_F64:
        read_f64(reader, worker, field);
        break;
    case HF_PARSE_TEXT:
        read_text(reader, worker, field);
        break;
    case HF_PARSE_ID:
        read_ids(reader, worker, field);
        break;
    }
}
