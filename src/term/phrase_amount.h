// SPDX-License-Identifier: Apache-2.0
//
// A number as phrases say it.
#ifndef HOLDFAST_PHRASE_AMOUNT_H
#define HOLDFAST_PHRASE_AMOUNT_H

#include <stddef.h>

// Four digits, the whole part in full, no trailing zeros: 70.35, 0.0123, 123456. size > 0.
void hf_phrase_amount(char *out, size_t size, double x);

#endif
