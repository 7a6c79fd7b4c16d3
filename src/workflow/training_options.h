// SPDX-License-Identifier: Apache-2.0
//
// The options of a training as the model records them, and back again. One table lists every member of the
// train job, so that what is recorded is what is replayed.
#ifndef HOLDFAST_TRAINING_OPTIONS_H
#define HOLDFAST_TRAINING_OPTIONS_H

#include "holdfast/workflow.h"

#include <jansson.h>

// Every option that decides what is learnt, by its name in the job; NULL where memory is out. Where inputs
// are and what is done with the result are no options.
json_t *hf_training_options_to_json(const hf_train_job *job);

// A job read back. Texts are borrowed from the JSON.
typedef struct {
    hf_train_job job; // without inputs and outputs
    void **lists;     // owned, list_count of them: the job's lists
    int32_t list_count;
    hf_observation_options observations; // the job has to be pointed to them
} hf_training_options;

// rejects: where a replayed reading lists bad rows, if the first one did; borrowed. Options the record lacks
// keep their defaults. Errors: HF_ERROR_VERSION for an option this version does not know; HF_ERROR_DAMAGED
// for a value of another type.
hf_status hf_training_options_read(hf_training_options *out, const hf_context *context, const json_t *json,
                                   const char *rejects, const char *path, hf_error *error);
void hf_training_options_free(const hf_context *context, hf_training_options *options);

#endif
