// SPDX-License-Identifier: Apache-2.0
//
// Blocks of indexed records: where every cell of a few hundred records ends, so that columns can be parsed
// one after the other in tight loops.
#ifndef HOLDFAST_CSV_INDEX_H
#define HOLDFAST_CSV_INDEX_H

#include "csv/csv_scan.h"

// Why a slot of the layout is no row of the frame.
typedef enum {
    HF_BAD_BLANK, // a blank line: no record, nothing to report
    HF_BAD_RAGGED,
    HF_BAD_NUL,
    HF_BAD_UTF8,
    HF_BAD_QUOTE,
    HF_BAD_NUMBER,
    HF_BAD_OVERFLOW,
    HF_BAD_PERCENT,
    HF_BAD_PLAIN,
    HF_BAD_DATE,
    HF_BAD_FLAG,
    HF_BAD_ID_MISSING,
    HF_BAD_AS_OF_MISSING,
    HF_BAD_DUPLICATE,
} hf_bad_reason;

typedef struct {
    int64_t slot;
    int64_t offset; // of the cell or record in the text, -1 while it is not known
    int64_t other;  // duplicate: the slot of the first
    uint32_t length;
    int32_t field; // 0-based, -1: the record
    hf_bad_reason reason;
    int64_t line, other_line; // filled when it is reported
} hf_bad;

typedef struct {
    const hf_context *context;
    hf_bad *items; // owned
    int64_t count, capacity;
    bool failed; // out of memory: checked once at the end
} hf_bad_list;

void hf_bad_add(hf_bad_list *list, hf_bad bad);

typedef struct {
    // What the loops read. A cell's offsets are relative to base; 64 bytes after the last are readable.
    const char *base;
    int64_t origin; // offset of base in the text
    int64_t first_slot;
    int32_t rows, fields;
    uint32_t *ends;   // rows x fields
    uint32_t *starts; // rows: where the first cell begins
    uint32_t *slots;  // rows: relative to first_slot, ascending
    bool quoted;      // there may be quotes among the records

    // The walk through a region.
    const hf_context *context;
    const hf_kernels *kernels;
    const char *text;
    int64_t size;
    const char *path;
    char delimiter;
    hf_bad_list *bads; // where dropped slots go; NULL: nowhere
    int32_t target;    // rows a block aims at
    int32_t row_room;  // rows it may hold
    hf_scan_masks *masks;
    char *tail; // owned: a copy of the last region, padded
    size_t tail_capacity;
    uint32_t region_end, scanned;
    uint32_t row_start;
    int64_t kept, row_first; // entries of ends; the current record's first
    uint32_t slot;
    uint64_t inside;
    uint64_t after_cell, after_close; // whether the byte before the next is structural, a closing quote
    uint32_t flags, row_flags;        // of the block so far, of the current record
    int64_t too_long;                 // where a record over the limit begins, -1 if none did
} hf_csv_block;

// Readies a block for regions of the text. fields: how many a record has to have.
hf_status hf_csv_block_init(hf_csv_block *block, const hf_context *context, const char *path,
                            const char *text, int64_t size, char delimiter, int32_t fields, hf_error *error);
void hf_csv_block_free(hf_csv_block *block);

// Begins a region. Allocates for the last region of the text only.
hf_status hf_csv_block_begin(hf_csv_block *block, const hf_csv_region *region, hf_error *error);
// The next records of the region; false at its end. Slots that are blank, ragged, misquoted, hold NUL or are
// not UTF-8 are left out and added to bads.
bool hf_csv_block_next(hf_csv_block *block);

static inline uint32_t hf_csv_cell_start(const hf_csv_block *block, int32_t row, int32_t field)
{
    return field ? block->ends[(int64_t)row * block->fields + field - 1] + 1 : block->starts[row];
}

#endif
