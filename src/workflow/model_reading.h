// SPDX-License-Identifier: Apache-2.0
//
// How a table is read for a model that exists: what the model remembers fills in what the caller left open.
#ifndef HOLDFAST_MODEL_READING_H
#define HOLDFAST_MODEL_READING_H

#include "churn/churn_room.h"
#include "holdfast/csv.h"

typedef struct {
    hf_csv_options csv;      // borrows from the caller's options, the model and kinds
    hf_declared_kind *kinds; // owned
} hf_model_reading;

// The id column is the model's where the caller names none. A category of the model is read as one even where
// the table's levels all look like numbers; kinds the caller declares win.
hf_status hf_model_reading_create(hf_model_reading *out, const hf_context *context, const hf_model *model,
                                  const hf_csv_options *csv, hf_error *error);
// Reads a table to be scored. A number of the model is read as one even where the cells alone would make it
// text: a word for missing counts as missing, and what is no number is an error with its line. Such a table
// is read a second time, so standard input is taken as it comes. Errors: those of hf_csv_read.
hf_status hf_model_read_table(hf_frame **out, hf_csv_report *report, const hf_context *context,
                              const hf_model *model, const char *path, const hf_csv_options *csv,
                              hf_error *error);
void hf_model_reading_free(const hf_context *context, hf_model_reading *reading);

#endif
