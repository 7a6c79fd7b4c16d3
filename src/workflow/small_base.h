// SPDX-License-Identifier: Apache-2.0
//
// Bases too small for a model: refused with what works instead, unless it is forced.
#ifndef HOLDFAST_SMALL_BASE_H
#define HOLDFAST_SMALL_BASE_H

#include "churn/churn_room.h"

typedef enum {
    HF_SMALL_REFUSED, // HF_ERROR_TOO_LITTLE
    HF_SMALL_FORCED,  // a warning, and a stamp
    HF_SMALL_TOLD     // a warning
} hf_small_policy;

// Holds the rows against the rule. event: what happens to the rarer class, "churn" or "Churn=Yes". *stamp:
// what goes into the record as training.small, where the base is too small and that is no error; else NULL. A
// new reference; may be NULL. Rows of one class only pass: training has its own words for that.
hf_status hf_small_base_check(json_t **stamp, const hf_context *context, const hf_frame *frame,
                              const uint8_t *label, const int64_t *rows, int64_t count,
                              const hf_train_options *options, const char *event, hf_small_policy policy,
                              hf_error *error);
// Warns of a model that bears the stamp; model may be NULL.
void hf_small_base_warn(const hf_context *context, const hf_model *model);

#endif
