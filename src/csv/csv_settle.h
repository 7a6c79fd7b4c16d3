// SPDX-License-Identifier: Apache-2.0
//
// A column of tokens on its way to its final form.
#ifndef HOLDFAST_CSV_SETTLE_H
#define HOLDFAST_CSV_SETTLE_H

#include "csv/csv_decide.h"

// What a token stands for in the column.
typedef enum { TAKEN_VALUE, TAKEN_MISSING, TAKEN_BAD } hf_csv_fate;

typedef struct {
    hf_csv_reader *reader;
    int32_t field;
    hf_tokens merged;
    int32_t **maps;        // owned, each too: a thread's token number to the merged one
    hf_cell *cells;        // owned: one a merged token
    uint8_t *fate;         // owned: hf_csv_fate
    hf_bad_reason *reason; // owned: of bad tokens
    hf_csv_tally tally;
    hf_csv_family family;
    hf_csv_span word; // what was taken as missing, text NULL: nothing
    int64_t word_cells;
} hf_csv_settling;

static inline hf_csv_span hf_csv_token_text(const hf_csv_settling *s, int32_t token)
{
    return (hf_csv_span){s->merged.items[token].text, s->merged.items[token].length};
}

// Gives the column its family and every token its fate; warns of a word taken as missing, and of a column
// that stays text although most of its cells look like numbers or dates.
hf_status hf_csv_judge(hf_csv_settling *settling, hf_error *error);

#endif
