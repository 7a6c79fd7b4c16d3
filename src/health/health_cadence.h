// SPDX-License-Identifier: Apache-2.0
//
// Review cadence, for the files of this room only.
#ifndef HOLDFAST_HEALTH_CADENCE_H
#define HOLDFAST_HEALTH_CADENCE_H

#include "frame/frame_room.h"

// Fills out (hf_cadence, one a row) by value, largest first, ties by id bytewise and then by row, NaN last:
// round(daily x rows) accounts daily, up to round((daily + weekly) x rows) weekly, the rest monthly.
hf_status hf_health_cadence(uint8_t *out, const hf_context *context, const hf_frame *frame,
                            const double *value, double daily, double weekly, hf_error *error);

#endif
