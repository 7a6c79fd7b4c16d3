// SPDX-License-Identifier: Apache-2.0
//
// Searches for rules with their paths, several side by side, and the rules they end with as one list.
#ifndef HOLDFAST_RULE_RUNS_H
#define HOLDFAST_RULE_RUNS_H

#include "churn/rule_path.h"

// Which of many rules that overlap get the weight is chance. The mean of several searches, each with draws
// and a path of its own, has no larger log-loss than they have on average, for it is convex in the margin,
// and mostly a smaller one (Breiman 1996, "Bagging predictors").
enum { HF_RULE_SEARCHES = 3 };

typedef struct {
    // What to search: borrowed, set by the caller.
    const hf_binned *binned;
    const double *margin;
    const uint8_t *label;
    int64_t rows;
    int32_t search;
    double l1; // of the next step
    // What is found.
    hf_rules rules;
    hf_rule_path path;
} hf_rule_run;

// Finds the rules of every run and starts its path; most: of the conjunctions that pay no L1, below 0 all.
// Errors: HF_ERROR_MEMORY, HF_ERROR_CANCELLED; what was made is then still to be freed.
hf_status hf_rule_runs_find(hf_rule_run *runs, int32_t count, const hf_context *context, int32_t most,
                            uint64_t seed, hf_error *error);
// The next step of every path, at its l1. Errors: HF_ERROR_CANCELLED.
hf_status hf_rule_runs_step(hf_rule_run *runs, int32_t count, const hf_context *context, hf_error *error);
// How many rules are in now over runs of the same rows, those that pay no L1 once.
int32_t hf_rule_runs_in(const hf_rule_run *runs, int32_t count);
// The rules that kept a weight, divided by count; those with the same conditions are one. Errors:
// HF_ERROR_MEMORY.
hf_status hf_rule_runs_join(hf_rules *out, const hf_rule_run *runs, int32_t count, const hf_context *context,
                            hf_error *error);
void hf_rule_runs_free(hf_rule_run *runs, int32_t count);

#endif
