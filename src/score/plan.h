// SPDX-License-Identifier: Apache-2.0
//
// A plan as its own room sees it: a model's terms compiled against a frame's columns.
#ifndef HOLDFAST_PLAN_H
#define HOLDFAST_PLAN_H

#include "churn/churn_room.h"
#include "holdfast/score.h"

// A signal that the model needs.
typedef struct {
    const char *signal;
    hf_kind kind;            // in training
    const hf_term *term;     // its own curve or table; NULL: only surfaces and rules have it
    const hf_axis *axis;     // then the first of their axes, else NULL
    const hf_column *column; // NULL: the frame has none
    int64_t place;
} hf_need;

struct hf_plan {
    const hf_context *context;
    const hf_model *model; // borrowed
    const hf_frame *frame; // borrowed
    int32_t count;
    hf_compiled_term **terms; // owned, count
    hf_need *needs;           // owned: the signals, each once, those of curves and tables first
    int64_t need_count;
    double base;         // log-odds of an account whose every term is at its reference
    hf_kernel_bend bend; // the model's calibration, borrowed; used where it has one
    uint32_t index_bits; // of a term's place in the keys of kept contributions
};

hf_status hf_plan_needs(hf_need **out, int64_t *count, const hf_context *context, const hf_model *model,
                        const hf_frame *frame, hf_error *error);
// Logs what the binding shows about the data: levels never seen, values missing for the first time, columns
// that are not used.
hf_status hf_plan_report(const hf_plan *plan, const hf_context *context, hf_error *error);
// Warns of columns whose values are not like training's. HF_ERROR_GATE where that holds of most of a column,
// unless lenient.
hf_status hf_plan_check_range(const hf_plan *plan, const hf_context *context, bool lenient, hf_error *error);

#endif
