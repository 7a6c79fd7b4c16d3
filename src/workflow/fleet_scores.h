// SPDX-License-Identifier: Apache-2.0
//
// A night as the writers of scores take it.
#ifndef HOLDFAST_FLEET_SCORES_H
#define HOLDFAST_FLEET_SCORES_H

#include "score/score_room.h"
#include "workflow/health_night.h"

// out borrows from the night, which must live longer, and from *plans, which is the caller's to delete.
hf_status hf_night_fleet_scores(hf_fleet_scores *out, const hf_plan ***plans, const hf_health_night *night,
                                hf_error *error);

#endif
