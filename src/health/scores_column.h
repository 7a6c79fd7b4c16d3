// SPDX-License-Identifier: Apache-2.0
//
// Columns of the scores an earlier night left, for the files of this room only.
#ifndef HOLDFAST_SCORES_COLUMN_H
#define HOLDFAST_SCORES_COLUMN_H

#include "definition/definition_room.h"

typedef enum { HF_SCORES_NUMBER, HF_SCORES_CATEGORY, HF_SCORES_DATE } hf_scores_nature;

// A column of a scores frame. Errors: HF_ERROR_DATA where there is none, or of another nature.
hf_status hf_scores_column(const hf_column **out, const hf_frame *scores, const char *name,
                           hf_scores_nature nature, hf_error *error);
// By the column's codes: the place of the band of that name in the definition, -1 where it has none any more.
// *out is the caller's to delete.
hf_status hf_scores_bands(int8_t **out, const hf_context *context, const hf_column *column,
                          const hf_definition *definition, hf_error *error);
// The row's band by such places; -1 where unknown.
int8_t hf_scores_band_at(const hf_column *column, const int8_t *places, int64_t row);

#endif
