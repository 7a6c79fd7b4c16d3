// SPDX-License-Identifier: Apache-2.0
//
// How many columns of a terminal a text takes, whatever the locale.
#ifndef HOLDFAST_DISPLAY_WIDTH_H
#define HOLDFAST_DISPLAY_WIDTH_H

#include <stddef.h>
#include <stdint.h>

// text is UTF-8; a byte that is none counts as one column.
int32_t hf_display_width(const char *text, size_t length);

#endif
