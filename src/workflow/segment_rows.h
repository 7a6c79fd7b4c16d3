// SPDX-License-Identifier: Apache-2.0
//
// Which row of a training is of which segment: by the levels of one category, or by the conditions of a
// definition.
#ifndef HOLDFAST_SEGMENT_ROWS_H
#define HOLDFAST_SEGMENT_ROWS_H

#include "frame/frame_room.h"

// Segments as they stand in a definition: the first whose condition holds; the last is "default".
typedef struct {
    const hf_context *context;
    int32_t count;
    char **name;      // owned
    char **condition; // owned: as a definition writes it; NULL for the default
    int32_t *of;      // owned, one a row of the frame
} hf_segment_rows;

// The levels of a category of the frame, bytewise; rows without a value are of the default. Errors:
// HF_ERROR_DATA for a column that is not there or no category; HF_ERROR_USAGE for more than 50 levels.
hf_status hf_segment_rows_by(hf_segment_rows *out, const hf_context *context, const hf_frame *frame,
                             const char *by, hf_error *error);
// The segments of the definition at `path`. Errors: those of reading it; HF_ERROR_DATA for a condition on a
// signal that the frame lacks, or where it has no segment but the default.
hf_status hf_segment_rows_defined(hf_segment_rows *out, const hf_context *context, const hf_frame *frame,
                                  const char *path, hf_error *error);
int32_t hf_segment_rows_find(const hf_segment_rows *segments, const char *name); // -1: there is none
void hf_segment_rows_free(hf_segment_rows *segments);                            // fine if zeroed

#endif
