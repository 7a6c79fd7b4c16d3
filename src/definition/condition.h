// SPDX-License-Identifier: Apache-2.0
//
// What reading and binding a condition share. Private to the room.
#ifndef HOLDFAST_DEFINITION_CONDITION_H
#define HOLDFAST_DEFINITION_CONDITION_H

#include "base/base_room.h"

// 12, -0.5, 1e6 and 12.5%, which is 0.125; NaN for any other text and for what is too large for a double.
hf_status hf_condition_number(double *out, const hf_context *context, const char *text, hf_error *error);
// The bytes of text to show in a message: at most limit, cut at a character.
int hf_condition_shown(const char *text, size_t length, size_t limit);

#endif
