// SPDX-License-Identifier: Apache-2.0
//
// The inner folds on which C is chosen.
#ifndef HOLDFAST_INNER_FOLDS_H
#define HOLDFAST_INNER_FOLDS_H

#include "frame/frame_room.h"

// Deals count rows of the frame into folds 0 to folds - 1. label and cluster (NULL: each row is its own) are
// one a training row, not one a row of the frame. Rows of a cluster stay together; events are spread evenly;
// which accounts share a fold depends on their ids and the seed alone, not on the order of the rows. share is
// the part of the accounts with an event, and of those without, that is dealt at all; the rest get -1.
// Errors: HF_ERROR_TOO_LITTLE where some fold's complement would have one class only.
hf_status hf_inner_folds(int32_t *fold, const hf_context *context, const hf_frame *frame, const int64_t *rows,
                         int64_t count, const uint8_t *label, const int64_t *cluster, int32_t folds,
                         double share, uint64_t seed, hf_error *error);

#endif
