// SPDX-License-Identifier: Apache-2.0
//
// How a table is read for a definition: what it and a model say of signals fills in what the caller left
// open.
#ifndef HOLDFAST_DEFINITION_READING_H
#define HOLDFAST_DEFINITION_READING_H

#include "definition/definition_room.h"
#include "holdfast/csv.h"
#include "workflow/model_reading.h"

typedef struct {
    hf_csv_options csv;      // borrows from the caller's options, the definition, the model and what follows
    hf_declared_kind *kinds; // owned
    const char **na;         // owned
    hf_model_reading model;  // owned
} hf_definition_reading;

// The kinds of the definition's signals and the tokens that mean missing in any of them; the kinds the model
// asks for; kinds the caller declares win. The id column is the caller's, else the model's, else account_id.
// definition and model may be NULL.
hf_status hf_definition_reading_create(hf_definition_reading *out, const hf_context *context,
                                       const hf_definition *definition, const hf_model *model,
                                       const hf_csv_options *csv, hf_error *error);
void hf_definition_reading_free(const hf_context *context, hf_definition_reading *reading);

#endif
