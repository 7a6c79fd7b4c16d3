// SPDX-License-Identifier: Apache-2.0
//
// A slow CSV reader that shares no code with the fast one: one state machine over bytes, cells in plain
// arrays.
#ifndef HOLDFAST_TEST_CSV_ORACLE_H
#define HOLDFAST_TEST_CSV_ORACLE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    char *text; // NUL-terminated, NULs in it kept out by `bad`
    size_t length;
} oracle_cell;

typedef struct {
    oracle_cell *cells; // rows x fields, header first
    int rows, fields;
    bool bad; // quotes, ragged records, NUL: what the reader has to refuse
} oracle_table;

// Reads text; fields come from the first record.
oracle_table oracle_read(const char *text, size_t length, char delimiter);
void oracle_free(oracle_table *table);
// Whether the cell, without blanks around it, is empty or one of NA, N/A, NaN, null.
bool oracle_missing(const oracle_cell *cell);

#endif
