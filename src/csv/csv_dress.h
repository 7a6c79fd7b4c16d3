// SPDX-License-Identifier: Apache-2.0
//
// Numbers written for people: a currency, separators between thousands, a decimal comma, parentheses for
// less than zero.
#ifndef HOLDFAST_CSV_DRESS_H
#define HOLDFAST_CSV_DRESS_H

#include "csv/csv_cell.h"

enum { HF_PLAIN_ROOM = 64 };

// How a number was written beside its digits.
typedef struct {
    int32_t currency; // 0: none; equal for one currency
    bool parentheses;
} hf_csv_dress;

// The plain form of a number: "$1,234.50" is 1234.50, "(3,5 %)" with a decimal comma -3.5%. decimal: '.' or
// ','. False where the cell is no number written so.
bool hf_csv_undress(hf_csv_span *plain, hf_csv_dress *dress, char room[HF_PLAIN_ROOM], hf_csv_span cell,
                    char decimal);
// Whether a person would take a text for a number (with any separators, or a unit after it) or for a date.
bool hf_csv_like_number(hf_csv_span cell);
bool hf_csv_like_date(hf_csv_span cell);

#endif
