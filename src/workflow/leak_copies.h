// SPDX-License-Identifier: Apache-2.0
//
// The same customer again on both sides of a split: found, told, and kept together where that is asked for.
#ifndef HOLDFAST_LEAK_COPIES_H
#define HOLDFAST_LEAK_COPIES_H

#include "workflow/fold_file.h"
#include "workflow/row_groups.h"

// Before training: joins rows as `group` says (a column, which leaves the frame; "auto": copies; NULL: as
// they are) and warns of copies that are not kept together. *cluster is replaced. What was joined is told in
// text.
hf_status hf_group_training(int64_t **cluster, hf_text *text, const hf_context *context, hf_frame *frame,
                            const uint8_t *label, const char *group, const char *place, uint64_t seed,
                            hf_error *error);

// The same for a table that is to be evaluated in folds, in two steps: before the folds are known, and then.
// text: for people; NULL where programs read it.
typedef struct {
    int64_t *group; // owned: one a row; NULL where nothing was sought
    int64_t *own;   // owned: the clusters before copies joined them, NULL where each row is its own
    hf_copies copies;
} hf_found_copies;
hf_status hf_group_table(hf_found_copies *out, hf_labelled *table, hf_text *text, const char *group,
                         const char *place, uint64_t seed, hf_error *error);
// Warns where the folds part copies, or an account from its own rows of the same day or later.
hf_status hf_warn_parted(const hf_found_copies *found, const hf_labelled *table, const hf_folds *folds,
                         const char *place, hf_error *error);
void hf_found_copies_free(const hf_context *context, hf_found_copies *found);

#endif
