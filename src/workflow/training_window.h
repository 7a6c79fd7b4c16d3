// SPDX-License-Identifier: Apache-2.0
//
// When a model learned what it knows, from its record.
#ifndef HOLDFAST_TRAINING_WINDOW_H
#define HOLDFAST_TRAINING_WINDOW_H

#include "churn/churn_room.h"
#include "workflow/judged.h"

// All HF_DATE_MISSING for a model whose record has no ledger by date: one trained on a table.
hf_training_window hf_training_window_of(const hf_model *model);

// Fills in what the job leaves open of the window of outcomes (outcome NULL; horizon 0, and with it lead)
// from the model's record, and warns where what it says is not what the model was trained for: probabilities
// are then of something else. outcome is borrowed from the model.
void hf_training_target(hf_evaluate_job *job, const hf_context *context, const hf_model *model);

#endif
