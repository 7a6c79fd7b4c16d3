// SPDX-License-Identifier: Apache-2.0
//
// The fit on all training rows once everything is chosen, and its terms.
#ifndef HOLDFAST_FINAL_FIT_H
#define HOLDFAST_FINAL_FIT_H

#include "churn/joint.h"
#include "churn/rule_choice.h"
#include "churn/training.h"

typedef struct {
    hf_curve_choice curves;
    double tau, lambda;
    hf_joint_choice joint;
    hf_rule_choice rules;
    bool tried_pairs, tried_rules;
} hf_choices;

typedef struct {
    const hf_context *context;
    const int64_t *rows; // borrowed from the training: rows of the frame
    hf_basis *basis;     // owned, as all that follows
    hf_coded *coded;
    hf_bent bent;
    hf_binned *coarse; // cells of pairs; NULL without surfaces
    hf_binned *fine;   // cells of rules; NULL without
    hf_joint joint;
    hf_rules rules;
    double *weights;   // of curves and cells, the intercept last
    double *margin;    // one a training row, without rules
    int64_t *every;    // 0, 1, 2, ...
    double intercept;  // with the rules' own
    double rule_shift; // which is this
} hf_final_fit;

hf_status hf_final_fit_create(hf_final_fit *out, const hf_training *t, const hf_choices *choices,
                              hf_error *error);
void hf_final_fit_free(hf_final_fit *fit);
// The log-odds of every training row.
void hf_final_fit_log_odds(double *out, const hf_final_fit *fit, int64_t rows);
// Curves and tables in the columns' order, then surfaces, then rules. *out is owned by the caller: each
// hf_term_free, then hf_delete.
hf_status hf_final_fit_terms(hf_term **out, int32_t *count, const hf_final_fit *fit, hf_error *error);

#endif
