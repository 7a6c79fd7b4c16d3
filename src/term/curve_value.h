// SPDX-License-Identifier: Apache-2.0
//
// A curve's own functions, for the room.
#ifndef HOLDFAST_CURVE_VALUE_H
#define HOLDFAST_CURVE_VALUE_H

#include "term/term_room.h"

// clamp(x, low, high) - origin; never decreases as x grows.
double hf_curve_offset(const hf_curve *curve, double x);

#endif
