// SPDX-License-Identifier: Apache-2.0
//
// Many lines to a file: blocks of lines are formatted side by side into buffers and written in order, so that
// memory stays the same for any fleet.
#ifndef HOLDFAST_LINE_BLOCKS_H
#define HOLDFAST_LINE_BLOCKS_H

#include "base/base_room.h"

// Writes the line of a row, its end included, and returns its end; several threads at a time, each with a
// number of its own. Nothing in it may allocate.
typedef char *hf_line_function(char *out, const void *user, int thread, int64_t row);

typedef struct {
    hf_line_function *line;
    const void *user;
    size_t limit;         // bytes of the longest line
    const int64_t *order; // the rows to write; NULL: all, as they come
    int64_t count;        // of lines
    // A second file that takes some of the lines, each with a field more: mark[row] 0 leaves the row out,
    // else the field is field[mark[row]].
    const uint8_t *mark; // NULL: no second file
    const char *const *field;
} hf_line_job;

// second is NULL without marks. Errors: HF_ERROR_IO, HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_line_blocks_write(const hf_context *context, const hf_line_job *job, hf_output *output,
                               hf_output *second, hf_error *error);

// The rows with the first `count` ranks, in that order; *out is the caller's to delete.
hf_status hf_rows_by_rank(int64_t **out, const hf_context *context, const int32_t *rank, int64_t rows,
                          int64_t count, hf_error *error);

#endif
