// SPDX-License-Identifier: Apache-2.0
//
// A model a segment. One with enough events has a model of its own; the others get the model of all accounts
// with an intercept of their own, drawn toward that model's.
#ifndef HOLDFAST_SEGMENT_MODELS_H
#define HOLDFAST_SEGMENT_MODELS_H

#include "churn/churn_room.h"
#include "holdfast/workflow.h"

// Trains what the job asks for: the model of all rows, or, where the job names a segment, that segment's,
// with the finding under training.segment. The other arguments are hf_model_train's.
hf_status hf_segment_train(hf_model **out, const hf_context *context, const hf_train_job *job,
                           const hf_frame *frame, const uint8_t *label, const int64_t *cluster,
                           const int64_t *rows, int64_t count, const hf_train_options *options,
                           hf_error *error);

// All segments of a job, each to a file of its own. Errors: as hf_workflow_train.
hf_status hf_segments_train(const hf_context *context, const hf_train_job *job, hf_error *error);
// Whether the job is for every segment; for one alone it is a training like any other.
bool hf_segments_asked(const hf_train_job *job);
hf_status hf_segments_check(const hf_train_job *job, hf_error *error);
// Where the model of a job for one segment goes: {segment} in its path becomes that segment's name.
hf_status hf_segment_path(hf_text *out, const hf_train_job *job, hf_error *error);

#endif
