// SPDX-License-Identifier: Apache-2.0
//
// Conjunctions that trees grown from one split at a time do not see: where curves have said all that each
// signal says by itself, no first split of a tree gains anything.
#ifndef HOLDFAST_RULE_BEAM_H
#define HOLDFAST_RULE_BEAM_H

#include "churn/rule_search.h"

// Finds up to HF_MOST_BEAM conjunctions of two or three conditions, with their weights, from the margin as a
// fixed offset on the first `rows` rows, or on about 100,000 of them: the best of every pair of signals,
// those with most to say narrowed by a third signal and each of their conditions asked again (a beam, as in
// Friedman and Fisher 1999, "Bump hunting in high-dimensional data"). One is kept only where its events
// differ from what the margin and those kept before it expect by more than the best of all conjunctions there
// are would by chance; with `three` only where it says as much more than any two of its three conditions.
// Works on the context's threads. Errors: HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_rule_beam_find(hf_rule out[HF_MOST_BEAM], int32_t *count, const hf_context *context,
                            const hf_binned *binned, const double *margin, const uint8_t *label, int64_t rows,
                            bool three, hf_error *error);

// Residual and curvature of each row as if the conjunctions that take three conditions were said already: two
// of their signals would pass for a pair. Errors: HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_rule_beam_slopes(double *residual, double *curvature, const hf_context *context,
                              const hf_binned *binned, const double *margin, const uint8_t *label,
                              int64_t rows, hf_error *error);

#endif
