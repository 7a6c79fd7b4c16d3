// SPDX-License-Identifier: Apache-2.0
//
// The L1 path over one search's rules.
#ifndef HOLDFAST_RULE_PATH_H
#define HOLDFAST_RULE_PATH_H

#include "churn/rule_search.h"

enum { HF_RULE_STEPS = 17 };
extern const double hf_rule_l1[HF_RULE_STEPS]; // from strong, where only sure rules are in, to weak

typedef struct {
    const hf_context *context;
    const hf_rules *rules; // borrowed
    const uint8_t *label;  // borrowed
    int64_t rows;
    double *memory;    // owned: all doubles that follow
    double *margin;    // with the rules' parts
    double *curvature; // at the last renewal
    double *rest;      // residual, less curvature x what moved since
    double *weight;    // a rule each
    double *bend;      // sum of curvature over a rule's rows
    double intercept, whole_bend;
    // The rules that are in, settled among themselves:
    int32_t in;
    int32_t *of;      // owned: which rules
    int32_t *kept;    // places in `of`, scratch; in the same memory
    double *gram;     // in x in: sum of curvature over the rows where two hold
    double *pull;     // residual over a rule's rows
    double *was;      // weights before
    double *system;   // scratch: equations of the weights and the intercept, and their right side
    int64_t *row_end; // owned: where the places of a row's rules end, a row each
    uint16_t *row_in; // owned: places in `of` of the rules that hold at a row, for one row after another
    bool settled;     // whether the last step came to rest before its renewals were up
} hf_rule_path;

// Starts without rules. margin is the fixed offset, one a row, and is copied. Paths may be made side by side.
// Errors: HF_ERROR_MEMORY.
hf_status hf_rule_path_create(hf_rule_path *out, const hf_context *context, const hf_rules *rules,
                              const double *margin, const uint8_t *label, int64_t rows, hf_error *error);
void hf_rule_path_free(hf_rule_path *path);

// From where it stands to the least of sum log-loss + l1 |w|_1 + 0.05 |w|^2, the intercept free; for the sure
// rules 0.5 |w|^2 alone. Paths may step side by side.
void hf_rule_path_step(hf_rule_path *path, double l1);

#endif
