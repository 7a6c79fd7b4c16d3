// SPDX-License-Identifier: Apache-2.0
//
// The header line: delimiter and column names.
#ifndef HOLDFAST_CSV_HEADER_H
#define HOLDFAST_CSV_HEADER_H

#include "csv/csv_scan.h"

typedef struct {
    char delimiter;
    int32_t count;
    char **names;  // owned, each too; NUL-terminated; column_N where the header has none
    bool *unnamed; // owned: the header cell was blank
    int64_t end;   // offset of the first record
} hf_csv_header;

// Reads the header record, the first that is no blank line. delimiter 0: the commonest of , ; tab | outside
// quotes. Errors: HF_ERROR_DATA for two columns of one name, a name over the limit, NUL, what is not UTF-8,
// an unclosed quote, no records after the header.
hf_status hf_csv_header_read(hf_csv_header *out, const hf_context *context, const char *path,
                             const char *text, int64_t size, char delimiter, hf_error *error);
void hf_csv_header_free(const hf_context *context, hf_csv_header *header);

// The field of a column name. Errors: HF_ERROR_DATA with the nearest name; `what` says what it was wanted as,
// `remedy` ends the message ("" for none).
hf_status hf_csv_header_find(int32_t *out, const hf_csv_header *header, const char *path, const char *name,
                             const char *what, const char *remedy, hf_error *error);

#endif
