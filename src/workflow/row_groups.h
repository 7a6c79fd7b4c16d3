// SPDX-License-Identifier: Apache-2.0
//
// Rows that stay on one side of every split: those of one account, of one value of a column, or that look
// like copies of each other.
#ifndef HOLDFAST_ROW_GROUPS_H
#define HOLDFAST_ROW_GROUPS_H

#include "frame/frame_room.h"
#include "metrics/metrics_room.h"

// Joins the clusters with the values of a column, which leaves the frame. *cluster: one a row, or NULL where
// each row is its own; replaced. A row without a value is joined by its cluster alone. Errors: HF_ERROR_DATA
// where there is no such column, with the nearest.
hf_status hf_group_by_column(int64_t **cluster, hf_frame *frame, const char *column, const char *place,
                             hf_error *error);

// Copies among the rows; cluster: those found joined with the clusters given, new (hf_delete).
hf_status hf_group_by_copies(int64_t **out, hf_copies *copies, const hf_context *context,
                             const hf_frame *frame, const uint8_t *label, const int64_t *cluster,
                             uint64_t seed, hf_error *error);

#endif
