// SPDX-License-Identifier: Apache-2.0
//
// The inner splits on which every choice of training is made: some rows to fit, some to judge by.
#ifndef HOLDFAST_INNER_SPLITS_H
#define HOLDFAST_INNER_SPLITS_H

#include "churn/churn_room.h"

enum { HF_MOST_SPLITS = 20 };

typedef struct {
    int64_t *train, *valid; // owned: places among the training rows, ascending
    int64_t train_count, valid_count;
} hf_split;

typedef struct {
    const hf_context *context;
    hf_split splits[HF_MOST_SPLITS];
    int32_t count;
    bool dated; // each split judges later rows than the one before
} hf_splits;

// From fold numbers, one a training row (-1: left aside): each of the first `count` folds judges once.
hf_status hf_splits_create(hf_splits *out, const hf_context *context, const int32_t *fold, int64_t rows,
                           int32_t folds, int32_t count, hf_error *error);
// Forward in time: the third and then the fourth quarter of the rows, by date, judge what the rows at least
// `gap` days before them say; at most about `most` rows to fit each, whole accounts left aside. as_of and
// cluster (NULL: each row is its own) are one a training row. *good false, and nothing made, where there are
// too few dates or events for it.
hf_status hf_splits_by_date(hf_splits *out, bool *good, const hf_context *context, const hf_date *as_of,
                            const uint8_t *label, const int64_t *cluster, int64_t rows, int32_t gap,
                            int64_t most, uint64_t seed, hf_error *error);
void hf_splits_free(hf_splits *splits);

#endif
