// SPDX-License-Identifier: Apache-2.0
//
// The text of an input, whatever it is packed in.
#ifndef HOLDFAST_CSV_INPUT_H
#define HOLDFAST_CSV_INPUT_H

#include "base/base_room.h"

typedef struct {
    hf_bytes raw;     // the file as it is
    char *unpacked;   // owned: the text of a compressed file, else NULL
    const char *text; // borrowed from raw or unpacked; after the byte-order mark
    int64_t size;
} hf_csv_input;

// Opens, unpacks .gz and .zst (known by their first bytes), skips a byte-order mark. Errors: HF_ERROR_IO,
// HF_ERROR_MEMORY, HF_ERROR_DATA for a file that is empty, cut short or not UTF-8 at all (UTF-16).
hf_status hf_csv_input_open(hf_csv_input *out, const hf_context *context, const char *path, hf_error *error);
void hf_csv_input_close(const hf_context *context, hf_csv_input *input);

#endif
