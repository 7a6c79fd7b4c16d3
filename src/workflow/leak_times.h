// SPDX-License-Identifier: Apache-2.0
//
// The leakage guard over time: whether signals say as much of rows that are later as of rows drawn at random.
#ifndef HOLDFAST_LEAK_TIMES_H
#define HOLDFAST_LEAK_TIMES_H

#include "frame/frame_room.h"

// The rows a training is to learn from.
typedef struct {
    const hf_frame *frame;
    const uint8_t *label;   // one a row of the frame
    const int64_t *cluster; // likewise; rows of one account share a number; NULL: each row is its own
    const int64_t *rows;    // count of them; NULL: all of the frame
    int64_t count;
    const hf_date *as_of; // one a row of the frame; NULL: no dates, and nothing to compare
    int32_t gap;          // days between what is trained on and what judges it
    uint64_t seed;
    const char *place; // the table or store, for messages
} hf_leak_span;

// One split: how well a plain logistic ranks the rows of accounts that it had not seen.
typedef struct {
    double auc, standard_error; // of the AUC: from 200 resamples of whole accounts
    int64_t trained, tested;
} hf_leak_ranked;

// The accounts in two halves, one to train on, one to test on. later: trained on the rows before the last
// quarter of dates, less the gap, tested on those of that quarter; mixed: as many rows each, drawn from all
// dates. *good false, and nothing made, where either has fewer than 30 rows of a class on a side or nothing
// to learn from. Errors: HF_ERROR_MEMORY, HF_ERROR_CANCELLED. Cost: two plain fits on at most about 25,000
// rows.
hf_status hf_leak_times_compare(hf_leak_ranked *later, hf_leak_ranked *mixed, bool *good,
                                const hf_context *context, const hf_leak_span *span, hf_error *error);

// Warns where the rows drawn at random are ranked better by more than 0.05 and three standard errors of the
// difference. Errors: as above.
hf_status hf_leak_guard_times(const hf_context *context, const hf_leak_span *span, hf_error *error);

#endif
