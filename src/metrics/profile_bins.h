// SPDX-License-Identifier: Apache-2.0
//
// How the outcome goes with a signal: bins and the figures over them, filled from groups of equal value.
#ifndef HOLDFAST_PROFILE_BINS_H
#define HOLDFAST_PROFILE_BINS_H

#include "metrics/metrics_room.h"

// Rows that share a value, or a level.
typedef struct {
    int64_t rows, labelled, events;
} hf_tally;

// Pairs of an event and a non-event won so far, groups taken in ascending order.
typedef struct {
    uint64_t events, others; // seen
    uint64_t won;            // twice the pairs where the event's value is higher, a tie counting one
} hf_pairs;

void hf_pairs_take(hf_pairs *pairs, const hf_tally *tally);
// AUC, or NaN; *error its standard error, may be NULL.
double hf_pairs_auc(const hf_pairs *pairs, double *error);

// Adds a bin and returns it.
hf_profile_bin *hf_profile_add_bin(hf_profile *profile, hf_profile_bin_kind kind, const hf_tally *tally);
// Once all bins stand: rates, information value, monotonicity, the AUC of being missing, label counts.
void hf_profile_finish_bins(hf_profile *profile);

#endif
