// SPDX-License-Identifier: Apache-2.0
//
// What an edit's values mean for a column, and what a column may hold. Private to the room.
#ifndef HOLDFAST_SCENARIO_VALUES_H
#define HOLDFAST_SCENARIO_VALUES_H

#include "whatif/whatif_room.h"

// An edit's values in a column's terms.
typedef struct {
    hf_edit_action action;
    double number[2];       // of numbers; days to add
    int32_t whole_value[2]; // days and codes
    bool whole;             // of a count, which stays whole
} hf_bound_edit;

// The column that an edit names. Errors: HF_ERROR_DATA with the nearest name, or what a derived one is made
// of.
hf_status hf_scenario_column(int32_t *out, const hf_edit *edit, const hf_frame *frame, const hf_frame *base,
                             const hf_definition *definition, hf_error *error);
// Codes are left open. Errors: HF_ERROR_DATA where the kind does not take the action or the value.
hf_status hf_scenario_bind(hf_bound_edit *out, const hf_edit *edit, const hf_column *column, hf_error *error);
// Warns that a level is new to a category, with the nearest that it has.
void hf_scenario_new_level(const hf_context *context, const hf_edit *edit, const hf_column *column);
// Fails for the first account whose edited value is none of the column's kind.
hf_status hf_scenario_check(const hf_edit *edit, const hf_frame *frame, const hf_frame *base,
                            hf_error *error);

#endif
