// SPDX-License-Identifier: Apache-2.0
//
// The rules by which a column's cells make its kind, apart from how the cells were counted.
#ifndef HOLDFAST_CSV_DECIDE_H
#define HOLDFAST_CSV_DECIDE_H

#include "csv/csv_reader.h"

// What a column is made of: cells of each class.
typedef struct {
    int64_t cells[HF_CELL_CLASSES];
    int64_t zero_one; // of the numbers, those that are 0 or 1
    hf_csv_stats stats;
} hf_csv_tally;

typedef enum { HF_FAMILY_NUMBER, HF_FAMILY_FLAG, HF_FAMILY_DATE, HF_FAMILY_TEXT } hf_csv_family;

void hf_csv_tally_add(hf_csv_tally *tally, const hf_cell *cell, int64_t count);
// The family the cells make, whatever their order.
hf_csv_family hf_csv_family_of(const hf_csv_tally *tally);
// Whether a column of words would be a flag but for one cell in twenty or fewer.
bool hf_csv_nearly_flag(const hf_csv_tally *tally);
// The family a declared kind asks for.
hf_csv_family hf_csv_family_declared(hf_kind kind);
// Kind and storage of a column of numbers. kind is kept where the caller declared it.
void hf_csv_number_kind(hf_kind *kind, hf_storage *storage, const hf_csv_stats *stats, bool declared);
// Whether f32 would lose a digit of the numbers: whole ones past 2^24, more than six digits with one or two
// decimals. Numbers with more decimals are measurements. edge: share of those limits, 1 for the rule itself.
bool hf_csv_is_wide(const hf_csv_stats *stats, double edge);
// Whether plain numbers other than 0 are among them.
bool hf_csv_has_plain(const hf_csv_stats *stats);

// A column of tokens (HF_PARSE_TEXT) to its final form, from the tokens of all threads.
hf_status hf_csv_settle_text(hf_csv_reader *reader, int32_t field, hf_error *error);
// Logs that a word counts as missing in `cells` of the `present` cells, on `line` first.
void hf_csv_warn_missing(const hf_csv_reader *reader, int32_t field, int64_t line, hf_csv_span word,
                         int64_t cells, int64_t present, const char *what);
// Logs that a column is text although `like` of its `present` cells look like numbers (or dates); cell: the
// first that is none.
void hf_csv_warn_text(const hf_csv_reader *reader, int32_t field, int64_t line, hf_csv_span cell,
                      int64_t like, int64_t present, bool dates);

#endif
