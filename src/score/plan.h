// SPDX-License-Identifier: Apache-2.0
//
// A plan as its own room sees it: a model's terms compiled against a frame's columns.
#ifndef HOLDFAST_PLAN_H
#define HOLDFAST_PLAN_H

#include "churn/churn_room.h"
#include "holdfast/score.h"

struct hf_plan {
    const hf_context *context;
    const hf_model *model; // borrowed
    const hf_frame *frame; // borrowed
    int32_t count;
    hf_compiled_term **terms;  // owned, count
    const hf_column **columns; // owned, count; an entry is NULL where every row is missing
    double base;               // log-odds of an account whose every term is at its reference
    uint32_t index_bits;       // of a term's place in the keys of kept contributions
};

// Logs what the binding shows about the data: levels never seen, values missing for the first time, columns
// that are not used.
hf_status hf_plan_report(const hf_plan *plan, const hf_context *context, hf_error *error);
// Warns of columns whose values are not like training's. HF_ERROR_GATE where that holds of most of a column,
// unless lenient.
hf_status hf_plan_check_range(const hf_plan *plan, const hf_context *context, bool lenient, hf_error *error);

#endif
