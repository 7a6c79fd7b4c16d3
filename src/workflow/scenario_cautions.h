// SPDX-License-Identifier: Apache-2.0
//
// What a scenario does not say: signals that go with the outcome are not thereby what moves it. Private to
// the room.
#ifndef HOLDFAST_SCENARIO_CAUTIONS_H
#define HOLDFAST_SCENARIO_CAUTIONS_H

#include "whatif/whatif_room.h"
#include "workflow/scenario_count.h"

// By kind, then in the order of the columns; *out is owned (hf_delete).
hf_status hf_scenario_cautions(hf_scenario_caution **out, int32_t *count, const hf_context *context,
                               const hf_scenario_ground *ground, const hf_scenario *scenario,
                               const hf_scenario_side side[2], const hf_scenario_changes *changes,
                               hf_error *error);

#endif
