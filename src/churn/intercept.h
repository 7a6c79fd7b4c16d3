// SPDX-License-Identifier: Apache-2.0
//
// The intercept that shrinkage must not touch.
#ifndef HOLDFAST_INTERCEPT_H
#define HOLDFAST_INTERCEPT_H

#include <stdint.h>

// The b with sum of 1 / (1 + exp(-(margin + b))) = events, 0 < events < count, to rounding: with the weights
// fixed it is the maximum-likelihood intercept. Margins are finite.
double hf_intercept_fit(const double *margin, int64_t count, int64_t events);

#endif
