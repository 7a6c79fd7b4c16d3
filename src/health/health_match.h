// SPDX-License-Identifier: Apache-2.0
//
// Accounts of one night found in another, for the files of this room only.
#ifndef HOLDFAST_HEALTH_MATCH_H
#define HOLDFAST_HEALTH_MATCH_H

#include "frame/frame_room.h"

// Row of each id of `keys` in `frame`, -1 where absent; ids are distinct within each. As hf_frame_match, but
// made for two nights of one fleet, whose accounts mostly stand in the same order: those cost a comparison.
hf_status hf_health_match(int64_t *out, const hf_context *context, const hf_frame *frame,
                          const hf_frame *keys, hf_error *error);
// The row of frame whose id is that of keys' row, or -1. Cost: a walk over the ids.
int64_t hf_health_match_one(const hf_frame *frame, const hf_frame *keys, int64_t row);

#endif
