// SPDX-License-Identifier: Apache-2.0
//
// Walks the records of a region and writes down where their cells end, from 64-byte masks (Langdale and
// Lemire 2019, "Parsing gigabytes of JSON per second", for the flattening of masks to positions). A record is
// checked once, when its line end comes: one comparison of counts. Blocks with high bytes, NULs or odd quotes
// are looked at again record by record; ordinary text never is.
#include "csv/csv_index.h"

#include <string.h>

enum { CHUNK_BLOCKS = 64, CHUNK = 64 * CHUNK_BLOCKS, BLOCK_ENTRIES = 2048, PADDING = 128 };
enum { FLAG_QUOTE = 4, FLAG_STRAY = 8 }; // beside HF_SCAN_NUL and HF_SCAN_HIGH

void hf_bad_add(hf_bad_list *list, hf_bad bad)
{
    if (list->count == list->capacity) {
        // Threads share the caller's allocator, which need not stand being called side by side.
        hf_bad *grown = NULL;
        int64_t capacity = list->capacity ? 2 * list->capacity : 64;
#pragma omp critical(hf_csv_memory)
        grown = hf_grow(list->context, list->items, (size_t)capacity, sizeof *grown);
        if (!grown) {
            list->failed = true;
            return;
        }
        list->items = grown;
        list->capacity = capacity;
    }
    list->items[list->count++] = bad;
}

hf_status hf_csv_block_init(hf_csv_block *block, const hf_context *context, const char *path,
                            const char *text, int64_t size, char delimiter, int32_t fields, hf_error *error)
{
    int32_t target = BLOCK_ENTRIES / fields < 16     ? 16
                     : BLOCK_ENTRIES / fields > 1024 ? 1024
                                                     : BLOCK_ENTRIES / fields;
    *block = (hf_csv_block){
        .context = context,
        .kernels = hf_kernels_for(hf_context_isa(context)),
        .path = path,
        .text = text,
        .size = size,
        .delimiter = delimiter,
        .fields = fields,
        .target = target,
        .row_room = target + CHUNK + 2,
        .too_long = -1,
    };
    // A chunk adds at most one entry and one row a byte; a record under way holds fields + 1 entries or
    // fewer.
    block->ends = hf_new(context, (size_t)(target + 2) * (size_t)fields + CHUNK + 2, sizeof *block->ends);
    block->starts = hf_new(context, (size_t)block->row_room, sizeof *block->starts);
    block->slots = hf_new(context, (size_t)block->row_room, sizeof *block->slots);
    block->masks = hf_new(context, CHUNK_BLOCKS, sizeof *block->masks);
    if (block->ends && block->starts && block->slots && block->masks) return HF_OK;
    hf_csv_block_free(block);
    return hf_fail_memory(error);
}

void hf_csv_block_free(hf_csv_block *block)
{
    if (!block->context) return;
    hf_delete(block->context, block->ends);
    hf_delete(block->context, block->starts);
    hf_delete(block->context, block->slots);
    hf_delete(block->context, block->masks);
    hf_delete(block->context, block->tail);
    *block = (hf_csv_block){0};
}

hf_status hf_csv_block_begin(hf_csv_block *block, const hf_csv_region *region, hf_error *error)
{
    size_t length = (size_t)(region->end - region->begin);
    block->base = block->text + region->begin;
    if (block->size - region->end < PADDING) {
        if (length + PADDING > block->tail_capacity) {
            char *grown = NULL;
#pragma omp critical(hf_csv_memory)
            {
                hf_delete(block->context, block->tail);
                grown = hf_new_raw(block->context, length + PADDING, 1);
            }
            block->tail = grown;
            block->tail_capacity = grown ? length + PADDING : 0;
            if (!grown) return hf_fail_memory(error);
        }
        memcpy(block->tail, block->base, length);
        memset(block->tail + length, ' ', PADDING);
        block->base = block->tail;
    }
    block->origin = region->begin;
    block->first_slot = region->first_slot;
    block->region_end = (uint32_t)length;
    block->scanned = block->row_start = block->slot = 0;
    block->rows = 0;
    block->kept = block->row_first = 0;
    block->inside = 0;
    block->after_cell = 1;
    block->after_close = 0;
    block->flags = block->row_flags = 0;
    return HF_OK;
}

static void drop(hf_csv_block *b, hf_bad_reason reason, uint32_t slot, uint32_t start, uint32_t end)
{
    if (!b->bads) return;
    hf_bad_add(b->bads, (hf_bad){b->first_slot + slot, b->origin + start, 0, end - start, -1, reason, 0, 0});
}

// A line of blanks is no record, but in a table of one column it is a missing cell.
static bool is_blank_line(const hf_csv_block *b, uint32_t start, uint32_t end)
{
    if (b->fields > 1)
        while (start < end && (b->base[start] == ' ' || b->base[start] == '\t'))
            start++;
    return start == end;
}

// Takes the record whose line end was just written to ends[kept - 1].
static inline void take_record(hf_csv_block *b)
{
    int64_t found = b->kept - b->row_first;
    uint32_t at = b->ends[b->kept - 1], end = at;
    uint32_t cell = found > 1 ? b->ends[b->kept - 2] + 1 : b->row_start;
    while (end > cell && b->base[end - 1] == '\r')
        end--;
    bool blank = found == 1 && is_blank_line(b, b->row_start, end);
    if (at - b->row_start > HF_CSV_RECORD_LIMIT && b->too_long < 0) b->too_long = b->origin + b->row_start;
    if (found == b->fields && !blank) {
        b->ends[b->kept - 1] = end;
        b->starts[b->rows] = b->row_start;
        b->slots[b->rows++] = b->slot;
    } else {
        drop(b, blank ? HF_BAD_BLANK : HF_BAD_RAGGED, b->slot, b->row_start, end);
        b->kept = b->row_first;
    }
    b->row_first = b->kept;
    b->row_start = at + 1;
    b->slot++;
}

// What stands outside quotes, and whether a quote stands where none may.
static uint64_t outside_quotes(hf_csv_block *b, const hf_scan_masks *m, uint32_t at,
                               uint64_t *outside_newline, uint32_t *flags)
{
    uint64_t inside = hf_csv_parity(m->quote) ^ b->inside;
    uint64_t structural = (m->delimiter | m->newline) & ~inside;
    uint64_t opening = m->quote & inside, closing = m->quote & ~inside;
    uint64_t bad_open = opening & ~((structural | closing) << 1 | b->after_cell | b->after_close);
    uint64_t after = closing << 1 | b->after_close;
    uint64_t bad_close = after & ~(structural | opening);
    for (; bad_close; bad_close &= bad_close - 1) {
        uint32_t i = at + (uint32_t)__builtin_ctzll(bad_close);
        while (i < b->region_end && b->base[i] == '\r')
            i++;
        if (i < b->region_end && b->base[i] != '\n') *flags |= FLAG_STRAY;
    }
    if (bad_open) *flags |= FLAG_STRAY;
    *flags |= FLAG_QUOTE;
    b->inside = (uint64_t)((int64_t)inside >> 63);
    b->after_cell = structural >> 63;
    b->after_close = closing >> 63;
    *outside_newline = m->newline & ~inside;
    return structural;
}

static void index_block(hf_csv_block *b, const hf_scan_masks *m, uint32_t at)
{
    uint64_t structural = m->delimiter | m->newline, newline = m->newline;
    uint32_t flags = 0;
    if (m->quote | b->inside | b->after_close)
        structural = outside_quotes(b, m, at, &newline, &flags);
    else
        b->after_cell = structural >> 63;
    b->flags |= flags;
    for (; newline; newline &= newline - 1) {
        // The entries up to and with the line end, then the record.
        uint64_t line = structural & (newline ^ (newline - 1));
        structural ^= line;
        uint32_t *out = b->ends + b->kept;
        do {
            *out++ = at + (uint32_t)__builtin_ctzll(line);
        } while (line &= line - 1);
        b->kept = out - b->ends;
        take_record(b);
        b->row_flags = 0;
    }
    uint32_t *out = b->ends + b->kept;
    for (; structural; structural &= structural - 1)
        *out++ = at + (uint32_t)__builtin_ctzll(structural);
    b->kept = out - b->ends;
    b->row_flags |= flags;
}

// A record far too wide need not be remembered whole: one entry too many is enough to know.
static void clamp_record(hf_csv_block *b)
{
    if (b->kept - b->row_first > b->fields + 1) b->kept = b->row_first + b->fields + 1;
}

static void index_chunk(hf_csv_block *b)
{
    uint32_t left = b->region_end - b->scanned;
    int64_t blocks = left >= CHUNK ? CHUNK_BLOCKS : (left + 63) / 64;
    uint32_t seen = b->kernels->scan(b->masks, b->base + b->scanned, blocks, b->delimiter);
    if (left < CHUNK && left % 64) {
        hf_scan_masks *last = &b->masks[blocks - 1];
        uint64_t within = ((uint64_t)1 << (left % 64)) - 1;
        last->quote &= within;
        last->delimiter &= within;
        last->newline &= within;
    }
    b->flags |= seen;
    for (int64_t i = 0; i < blocks; i++)
        index_block(b, &b->masks[i], b->scanned + (uint32_t)(64 * i));
    b->row_flags |= seen;
    b->scanned += left >= CHUNK ? (uint32_t)CHUNK : left;
    clamp_record(b);
}

// ---- the second look -----------------------------------------------------------------------------------------

// Whether a cell without delimiters outside its quotes is written as RFC 4180 has it; blanks may stand
// around.
static bool well_quoted(const char *p, const char *end)
{
    if (!memchr(p, '"', (size_t)(end - p))) return true;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    if (end - p < 2 || *p != '"' || end[-1] != '"') return false;
    for (p++, end--; p < end; p++)
        if (*p == '"' && (++p == end || *p != '"')) return false;
    return true;
}

static bool row_well_quoted(const hf_csv_block *b, int32_t row)
{
    for (int32_t f = 0; f < b->fields; f++)
        if (!well_quoted(b->base + hf_csv_cell_start(b, row, f),
                         b->base + b->ends[(int64_t)row * b->fields + f]))
            return false;
    return true;
}

static void look_again(hf_csv_block *b)
{
    int32_t kept = 0;
    for (int32_t r = 0; r < b->rows; r++) {
        uint32_t start = b->starts[r], end = b->ends[(int64_t)r * b->fields + b->fields - 1];
        const char *record = b->base + start;
        if (b->flags & HF_SCAN_NUL && memchr(record, 0, end - start)) {
            drop(b, HF_BAD_NUL, b->slots[r], start, end);
            continue;
        }
        if (b->flags & HF_SCAN_HIGH && !hf_is_utf8(record, end - start, NULL)) {
            drop(b, HF_BAD_UTF8, b->slots[r], start, end);
            continue;
        }
        if (b->flags & FLAG_STRAY && !row_well_quoted(b, r)) {
            drop(b, HF_BAD_QUOTE, b->slots[r], start, end);
            continue;
        }
        if (kept != r) {
            memmove(b->ends + (int64_t)kept * b->fields, b->ends + (int64_t)r * b->fields,
                    (size_t)b->fields * sizeof *b->ends);
            b->starts[kept] = b->starts[r];
            b->slots[kept] = b->slots[r];
        }
        kept++;
    }
    b->rows = kept;
}

bool hf_csv_block_next(hf_csv_block *b)
{
    // The record under way moves to the front; the rows handed out before are gone.
    memmove(b->ends, b->ends + b->row_first, (size_t)(b->kept - b->row_first) * sizeof *b->ends);
    b->kept -= b->row_first;
    b->row_first = 0;
    do {
        b->rows = 0;
        b->flags = b->row_flags;
        while (b->rows < b->target && b->scanned < b->region_end)
            index_chunk(b);
        if (b->scanned == b->region_end && b->row_start < b->region_end) {
            // The text ends without a line end.
            b->ends[b->kept++] = b->region_end;
            take_record(b);
        }
        b->quoted = b->flags & FLAG_QUOTE;
        int32_t found = b->rows;
        int64_t partial = b->kept - b->row_first;
        if (b->flags & (HF_SCAN_NUL | HF_SCAN_HIGH | FLAG_STRAY) && found > 0) look_again(b);
        if (b->rows == 0 && found > 0) {
            // Every record was dropped: go on without a gap before the record under way.
            memmove(b->ends, b->ends + b->row_first, (size_t)partial * sizeof *b->ends);
            b->row_first = 0;
            b->kept = partial;
        }
    } while (b->rows == 0 && b->scanned < b->region_end);
    return b->rows > 0;
}
