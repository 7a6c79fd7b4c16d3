// SPDX-License-Identifier: Apache-2.0
//
// Churn within a night: the model given and the models that segments name, each account by its own. Private
// to the room.
#ifndef HOLDFAST_NIGHT_MODELS_H
#define HOLDFAST_NIGHT_MODELS_H

#include "workflow/health_night.h"

// Fills models, model_of and churn of a night whose frame and health are there. model may be NULL. On failure
// what was made is the night's and freed with it.
hf_status hf_night_score_churn(hf_health_night *night, const hf_model *model,
                               const hf_health_night_options *options, hf_error *error);
void hf_night_free_churn(hf_health_night *night);

#endif
