// SPDX-License-Identifier: Apache-2.0
//
// The evaluate verb on a store: a scorecard held against what happened.
#ifndef HOLDFAST_EVALUATE_HEALTH_H
#define HOLDFAST_EVALUATE_HEALTH_H

#include "holdfast/workflow.h"

hf_status hf_evaluate_health(const hf_context *context, const hf_evaluate_job *job, hf_error *error);

#endif
