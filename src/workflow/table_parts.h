// SPDX-License-Identifier: Apache-2.0
//
// The parts of one date put together, and whole inputs of a night read.
#ifndef HOLDFAST_TABLE_PARTS_H
#define HOLDFAST_TABLE_PARTS_H

#include "frame/frame_room.h"
#include "holdfast/csv.h"

// One frame of several: stacked where the columns are the same, joined by account where they differ. count is
// at least 2; the as-of date is that of the first. Errors: HF_ERROR_DATA for an account in two stacked parts.
hf_status hf_parts_combine(hf_frame **out, const hf_context *context, hf_frame *const *parts, int32_t count,
                           hf_error *error);

// Reads every file and puts them together into one frame of the date. Errors: those of hf_csv_read.
hf_status hf_parts_read(hf_frame **out, const hf_context *context, const char *const *files, int32_t count,
                        const hf_csv_options *csv, hf_date as_of, hf_error *error);

#endif
