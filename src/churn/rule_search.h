// SPDX-License-Identifier: Apache-2.0
//
// Rules: conjunctions of one to three conditions, found as the nodes of small boosted trees (Friedman and
// Popescu 2008, "Predictive learning via rule ensembles"), kept by an L1 path.
#ifndef HOLDFAST_RULE_SEARCH_H
#define HOLDFAST_RULE_SEARCH_H

#include "churn/binned.h"

enum { HF_RULE_DEPTH = 3, HF_MOST_RULES = 300, HF_MOST_BEAM = 40 };

// A conjunction: every condition asks that a signal's cell be in a set.
typedef struct {
    int32_t conditions;
    int32_t signal[HF_RULE_DEPTH]; // ascending
    uint64_t cells[HF_RULE_DEPTH]; // bit c: cell c is in the set
    double weight;
} hf_rule;

typedef struct {
    const hf_context *context;
    hf_rule *rules;      // owned
    int32_t count, sure; // the first `sure` ones need no L1 to be kept few
    int64_t *first;      // owned: count + 1; the rows of rule j are row[first[j]] up to row[first[j + 1]]
    int32_t *row;        // owned
} hf_rules;

// Grows 300 trees of depth 3 from the margin as a fixed offset on the first `rows` rows, and keeps the
// HF_MOST_RULES nodes that the gradient speaks for most beside the also_count rules that are there already.
// search: 0, 1, ...: each draws rows and signals of its own. Searches may run side by side. Errors:
// HF_ERROR_MEMORY; HF_ERROR_CANCELLED, asked for by the first thread before every tree.
hf_status hf_rules_find(hf_rules *out, const hf_context *context, const hf_binned *binned,
                        const double *margin, const uint8_t *label, int64_t rows, const hf_rule *also,
                        int32_t also_count, uint64_t seed, int32_t search, hf_error *error);
void hf_rules_free(hf_rules *rules);

// Whether a rule holds for a row of the binned signals.
bool hf_rule_holds(const hf_rule *rule, const hf_binned *binned, int64_t row);

#endif
