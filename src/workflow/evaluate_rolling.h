// SPDX-License-Identifier: Apache-2.0
//
// The evaluate verb on a store with neither model nor definition: rolling origins.
#ifndef HOLDFAST_EVALUATE_ROLLING_H
#define HOLDFAST_EVALUATE_ROLLING_H

#include "holdfast/workflow.h"

hf_status hf_evaluate_rolling(const hf_context *context, const hf_evaluate_job *job, hf_error *error);

#endif
