// SPDX-License-Identifier: Apache-2.0
//
// A scenario as the record of an experiment. Private to the room.
#ifndef HOLDFAST_SCENARIO_RECORD_H
#define HOLDFAST_SCENARIO_RECORD_H

#include "report/report_room.h"
#include "workflow/scenario_sides.h"

#include <jansson.h>

// *out is the caller's, to be released.
hf_status hf_scenario_record(json_t **out, const hf_context *context, const hf_scenario_ground *ground,
                             const hf_scenario_page *page, hf_error *error);

#endif
