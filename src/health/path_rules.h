// SPDX-License-Identifier: Apache-2.0
//
// Overrides of an account whose signals are changed in thought: a step that takes a rule's ground away lifts
// the rule. Private to the room.
#ifndef HOLDFAST_PATH_RULES_H
#define HOLDFAST_PATH_RULES_H

#include "health/health_plan.h"

typedef struct {
    const hf_context *context;
    const hf_health_plan *plan;
    hf_frame *one;             // owned: one row with the signals that rules ask of; NULL without rules
    hf_bound_condition **when; // owned: one a rule, bound to `one`
    int32_t *from;             // owned: for each of its columns, the column of the plan's frame
    int32_t *column_of;        // owned: for each measure, its signal's column in `one`, -1 where no rule asks
    int64_t row;
} hf_path_rules;

hf_status hf_path_rules_create(hf_path_rules *out, const hf_context *context, const hf_health_plan *plan,
                               hf_error *error);
void hf_path_rules_free(hf_path_rules *rules);
// Puts an account's own values in.
void hf_path_rules_open(hf_path_rules *rules, int64_t row);
// Puts a value of a measure's signal in (level for a category, else NULL), or the account's own again.
void hf_path_rules_set(hf_path_rules *rules, int32_t measure, double number, const char *level);
void hf_path_rules_reset(hf_path_rules *rules, int32_t measure);
// Raw health after the rules that hold and the account's manual overrides.
double hf_path_rules_apply(const hf_path_rules *rules, double raw);

#endif
