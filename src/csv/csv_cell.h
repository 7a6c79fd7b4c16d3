// SPDX-License-Identifier: Apache-2.0
//
// What one cell says, read slowly and in every form: the definition that the column loops' quick paths
// follow.
#ifndef HOLDFAST_CSV_CELL_H
#define HOLDFAST_CSV_CELL_H

#include "csv/decimal.h"
#include "holdfast/base.h"

typedef struct {
    const char *text;
    size_t length;
} hf_csv_span;

typedef enum {
    HF_CELL_MISSING,
    HF_CELL_NUMBER,   // number
    HF_CELL_PERCENT,  // number: the percentage as written; its value / 100 counts
    HF_CELL_OVERFLOW, // a number beyond what an f32 holds
    HF_CELL_FLAG,     // yes, true: truth 1; no, false: truth 0
    HF_CELL_DATE,     // date
    HF_CELL_TEXT,
    HF_CELL_CLASSES,
} hf_cell_class;

typedef struct {
    hf_cell_class class;
    hf_decimal number;
    double value; // NUMBER, PERCENT (already / 100), FLAG (0 or 1)
    hf_date date;
} hf_cell;

// The tokens that mean missing, beside the standard ones.
typedef struct {
    const char *const *tokens;
    int32_t count;
    bool numeric; // one of them reads as a number: numbers have to be compared too
} hf_csv_missing;

static inline bool hf_csv_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// Without the blanks around it.
hf_csv_span hf_csv_trim(hf_csv_span cell);
// Without its quotes where it has them (blanks may stand around those), doubled quotes single. scratch: room
// for cell.length bytes, written only where there are doubled quotes.
hf_csv_span hf_csv_unquote(hf_csv_span cell, char *scratch);
hf_csv_missing hf_csv_missing_of(const char *const *tokens, int32_t count);
// Whether an unquoted cell without blanks around it means missing.
bool hf_csv_is_missing(hf_csv_span cell, const hf_csv_missing *missing);
// Reads an unquoted cell.
hf_cell hf_csv_cell_read(hf_csv_span cell, const hf_csv_missing *missing);
// Whether a text that did not parse may be a word for "missing": it has no digit in it.
bool hf_csv_may_mean_missing(hf_csv_span cell);

#endif
