// SPDX-License-Identifier: Apache-2.0
//
// The simplest candidate that is as good as the best, as far as the rows can tell.
#ifndef HOLDFAST_ONE_STANDARD_ERROR_H
#define HOLDFAST_ONE_STANDARD_ERROR_H

#include <stdbool.h>
#include <stdint.h>

enum { HF_MOST_CANDIDATES = 64 };

// The simplest of `count` candidates (0 the simplest) whose mean loss is within one standard error, of the
// paired differences, of the least. losses: candidates x rows; used: which candidates were tried, the
// first always. count: at most HF_MOST_CANDIDATES; rows: at least 1.
int32_t hf_one_standard_error(const double *losses, const bool *used, int32_t count, int64_t rows);

#endif
