// SPDX-License-Identifier: Apache-2.0
//
// A model, its card and its ledger on disk.
#ifndef HOLDFAST_MODEL_OUTPUT_H
#define HOLDFAST_MODEL_OUTPUT_H

#include "churn/churn_room.h"
#include "holdfast/workflow.h"

// Where the card of a job goes: the name given, or the model's with .md for .json; "" for none, which is also
// where the model is no regular file. Owned by the caller.
hf_status hf_card_path(char **out, const hf_context *context, const hf_train_job *job, hf_error *error);
// Whether the files of a job can be written, asked before the work: nothing is left behind.
hf_status hf_model_output_check(const hf_context *context, const hf_train_job *job, const char *card,
                                hf_error *error);
// Writes the model, its card and its ledger; none takes its place before all are written whole.
hf_status hf_model_output(const hf_context *context, const hf_model *model, const hf_train_job *job,
                          const char *card, hf_error *error);

#endif
