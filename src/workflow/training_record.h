// SPDX-License-Identifier: Apache-2.0
//
// What a model remembers of its training beyond what it learnt: every option, and every input by its name as
// given and its fingerprint. Enough to train it again, and to say which input is another one by now.
#ifndef HOLDFAST_TRAINING_RECORD_H
#define HOLDFAST_TRAINING_RECORD_H

#include "churn/churn_room.h"
#include "holdfast/workflow.h"

// Trains as the job says and notes the record; nothing is written but to `text`, for people.
hf_status hf_train_make(hf_model **out, hf_text *text, const hf_context *context, const hf_train_job *job,
                        hf_error *error);

// Notes "options" and "inputs" in the model's record of training. Options stand as they were resolved.
hf_status hf_training_record(hf_model *model, const hf_context *context, const hf_train_job *job,
                             hf_error *error);

// Where the inputs are for a replay: NULL where the record's own name is to be looked for, from the current
// folder and then from the model's.
typedef struct {
    const char *file, *store, *outcomes, *segments;
} hf_inputs_elsewhere;

// Finds the recorded inputs of the model at `path`, checks every fingerprint, and names them in the job. A
// store is seen as it was, through links made in the empty folder `view`. The paths found are owned by the
// caller (hf_delete each of file, store, outcomes). Errors: HF_ERROR_DATA naming the input that is missing or
// another one.
typedef struct {
    char *file, *store, *outcomes, *segments; // owned; NULL where the training had none
} hf_inputs_found;
hf_status hf_training_inputs_find(hf_inputs_found *out, const hf_context *context, const hf_model *model,
                                  const char *path, const hf_inputs_elsewhere *elsewhere, const char *view,
                                  hf_error *error);
void hf_training_inputs_free(const hf_context *context, hf_inputs_found *found);

// Gives a retrained model the names that the inputs had when `original` was trained: they may have moved, or
// come from a stream then.
hf_status hf_training_rename(hf_model *model, const hf_model *original, hf_error *error);

#endif
