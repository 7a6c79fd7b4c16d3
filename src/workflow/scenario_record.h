// SPDX-License-Identifier: Apache-2.0
//
// A scenario kept as an experiment of a store. Private to the room.
#ifndef HOLDFAST_SCENARIO_RECORD_H
#define HOLDFAST_SCENARIO_RECORD_H

#include "report/report_room.h"
#include "workflow/scenario_sides.h"

// Errors: HF_ERROR_USAGE for a name that is none, HF_ERROR_EXISTS for one that is taken, HF_ERROR_IO.
hf_status hf_scenario_record(const hf_context *context, const hf_scenario_ground *ground,
                             const hf_scenario_page *page, hf_error *error);

#endif
