// SPDX-License-Identifier: Apache-2.0
//
// The part of the evaluate verb that measures models that are there. Private to the room.
#ifndef HOLDFAST_EVALUATE_MODEL_H
#define HOLDFAST_EVALUATE_MODEL_H

#include "churn/churn_room.h"
#include "holdfast/workflow.h"
#include "workflow/judged.h"

// The probability of every row of a frame under a model. Errors: those of hf_plan_create and hf_score_fleet.
hf_status hf_predict(double *out, const hf_context *context, const hf_model *model, const hf_frame *frame,
                     bool allow_missing, hf_error *error);

// The model of the job and the one it is held against, with what they know.
typedef struct {
    hf_model *model[2]; // owned; the second NULL without one
    hf_training_window window[2];
    int count;
} hf_rivals;

hf_status hf_rivals_load(hf_rivals *out, const hf_context *context, const hf_evaluate_job *job,
                         hf_error *error);
void hf_rivals_free(hf_rivals *rivals);

// Errors: HF_ERROR_USAGE for settings of judging that cannot be, whatever is judged.
hf_status hf_check_judging(const hf_evaluate_job *job, hf_error *error);

// A model on one labelled table, written to text.
hf_status hf_evaluate_model_on_table(hf_text *text, const hf_context *context, const hf_evaluate_job *job,
                                     hf_error *error);
// A model on a store's whole history.
hf_status hf_evaluate_model_on_store(hf_text *text, const hf_context *context, const hf_evaluate_job *job,
                                     hf_error *error);

#endif
