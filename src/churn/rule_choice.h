// SPDX-License-Identifier: Apache-2.0
//
// How many rules pay.
#ifndef HOLDFAST_RULE_CHOICE_H
#define HOLDFAST_RULE_CHOICE_H

#include "churn/joint.h"
#include "churn/rule_runs.h"

enum { HF_RULE_BINS = 48, HF_RULE_LEVELS = 40 };

typedef struct {
    int32_t step; // along hf_rule_l1; -1: none pay
    double loss_none, loss;
} hf_rule_choice;

// Finds rules on every split from its margins, walks the L1 paths while they pay, takes the strongest l1
// within one standard error of the best, or none, and leaves the margins of the judged rows at the choice.
// rows_full: the training rows that the model will be fitted on in the end. most: rules of a split at most,
// below 0 any number; the path ends before it has more.
hf_status hf_rule_choose(hf_rule_choice *out, const hf_context *context, hf_stage *stages,
                         const hf_splits *splits, const int64_t *frame_rows, int64_t rows_full, int32_t most,
                         uint64_t seed, hf_error *error);

#endif
