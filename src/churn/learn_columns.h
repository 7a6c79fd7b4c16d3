// SPDX-License-Identifier: Apache-2.0
//
// The walk over a frame's columns on which both forms of training learn their features, and what they ask of
// every number.
#ifndef HOLDFAST_LEARN_COLUMNS_H
#define HOLDFAST_LEARN_COLUMNS_H

#include "churn/churn_room.h"

// Between these, differences, products and quotients of values are finite and not lost.
#define HF_LARGEST 1e150
#define HF_SMALLEST 1e-150

// Learns one column of the frame. *left_out, NULL before: why it says nothing, a text of static storage.
typedef hf_status hf_learn_column(void *of, const char **left_out, int32_t column, hf_error *error);

// Learns all columns but dates, in their order. What is left out is named in one warning, dates in a note.
// Errors: HF_ERROR_DATA where nothing is left, HF_ERROR_MEMORY, HF_ERROR_CANCELLED, and learn's own.
hf_status hf_learn_columns(hf_learn_column *learn, void *of, const hf_context *context, const hf_frame *frame,
                           bool quiet, hf_error *error);

// A number is missing, NaN, or at most HF_LARGEST in size. Errors: HF_ERROR_DATA, naming the row.
hf_status hf_check_number(const hf_column *column, int64_t row, double x, hf_error *error);

// Starts a column's term: its signal, unit and kind, and how many training rows lack it. Errors:
// HF_ERROR_MEMORY; the term is then still to be freed.
hf_status hf_start_term(hf_term *term, const hf_context *context, const hf_column *column, int64_t missing,
                        hf_error *error);

#endif
