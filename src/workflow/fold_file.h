// SPDX-License-Identifier: Apache-2.0
//
// Which fold tests which row, for the evaluate verb.
#ifndef HOLDFAST_FOLD_FILE_H
#define HOLDFAST_FOLD_FILE_H

#include "workflow/labelled.h"

enum { HF_FOLD_TRAIN = -1, HF_FOLD_SKIP = -2 };

typedef struct {
    int32_t *fold;   // owned, one a row of the frame: an index into number, HF_FOLD_TRAIN or HF_FOLD_SKIP
    int64_t *number; // owned, count fold numbers as the file has them, ascending
    int32_t count;
} hf_folds;

// Reads a fold file (columns row, fold; row is the 0-based data row of the table; fold a number, `train` or
// `skip`; rows not listed are skipped). Errors: HF_ERROR_DATA naming the line.
hf_status hf_folds_read(hf_folds *out, const hf_labelled *table, const char *path, hf_error *error);
// `count` seeded folds that keep the rows of an account together.
hf_status hf_folds_draw(hf_folds *out, const hf_labelled *table, int32_t count, uint64_t seed,
                        hf_error *error);
void hf_folds_free(const hf_context *context, hf_folds *folds);

#endif
