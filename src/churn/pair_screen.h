// SPDX-License-Identifier: Apache-2.0
//
// Which pairs of signals say together what they do not say apart.
#ifndef HOLDFAST_PAIR_SCREEN_H
#define HOLDFAST_PAIR_SCREEN_H

#include "churn/binned.h"

enum { HF_MOST_PAIRS = 12, HF_PAIR_BINS = 8, HF_PAIR_LEVELS = 12 };

typedef struct {
    int32_t a, b; // signals
    double z;
} hf_pair;

// Ranks all pairs by what is left of the gradient in their cells once each signal's own part is taken out:
// residual (label - p) and curvature p (1 - p), one of each of the first `rows` rows. A pair's z is about
// standard normal where there is nothing. Keeps those over 2.5, largest first: out has room for
// HF_MOST_PAIRS. A copy of an earlier signal takes no part. Runs on the context's threads. Errors:
// HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_pair_screen(hf_pair *out, int32_t *count, const hf_context *context, const hf_binned *binned,
                         const double *residual, const double *curvature, int64_t rows, hf_error *error);

#endif
