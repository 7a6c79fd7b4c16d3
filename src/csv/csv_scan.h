// SPDX-License-Identifier: Apache-2.0
//
// The structure of a text: fixed ranges, and which records end in each. A record belongs to the range in
// which it ends, so that a range's records are one contiguous region that begins outside quotes.
#ifndef HOLDFAST_CSV_SCAN_H
#define HOLDFAST_CSV_SCAN_H

#include "kernels/kernels_room.h"

#define HF_CSV_RECORD_LIMIT ((int64_t)16 << 20) // bytes of one record

// The records that end in one range. Every line end outside quotes takes a slot, blank lines too.
typedef struct {
    int64_t begin, end; // of the records' text, offsets in the input
    int64_t first_slot;
    int64_t slots;
} hf_csv_region;

typedef struct {
    hf_csv_region *regions; // owned
    int32_t count;
    int64_t slots; // of all regions
} hf_csv_layout;

// Finds the regions of text[begin, size), begin being where a record starts. Errors: HF_ERROR_DATA for an
// unclosed quote or a record over the limit, HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_csv_layout_find(hf_csv_layout *out, const hf_context *context, const char *path,
                             const char *text, int64_t size, int64_t begin, char delimiter,
                             int64_t range_bytes, hf_error *error);
void hf_csv_layout_free(const hf_context *context, hf_csv_layout *layout);

// For every bit the parity of the bits up to and with it: of quotes, what is inside.
static inline uint64_t hf_csv_parity(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

// The 1-based physical line of an offset, given that `from` is on line `line`.
int64_t hf_csv_line(const char *text, int64_t from, int64_t line, int64_t offset);

// Reads the text with a plain state machine to the first place where it breaks RFC 4180's quoting and fails
// there: a quote in a cell that does not begin with one, text after a closing quote, a quote never closed.
// HF_OK where nothing is wrong. Slow; for errors only.
hf_status hf_csv_explain_quotes(const char *path, const char *text, int64_t size, char delimiter,
                                hf_error *error);
// The error for a record over the limit that begins at offset.
hf_status hf_csv_too_long(const char *path, const char *text, int64_t offset, hf_error *error);

#endif
