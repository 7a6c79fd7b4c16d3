// SPDX-License-Identifier: Apache-2.0
//
// What the terms of a model come to over its training rows. Where these were sampled on the outcome, the loss
// is that of the fit to them; changes of the probability are the fleet's, every row for as many as it stands.
#ifndef HOLDFAST_TERM_SUMS_H
#define HOLDFAST_TERM_SUMS_H

#include "churn/training.h"

// One term over the rows. Sums are of contributions c, of all terms' together T, and of the signal's value x
// less its training mean, where it is present.
typedef struct {
    double c, cc, ct;
    int64_t present;
    double x, xx, xc, c_present;
    double least, most;      // contributions
    int64_t support, events; // of a rule: rows where it holds
    double change; // second pass: sum of the probability's change where the log-odds grow by what one
                   // deviation of the signal is worth, over rows that have it; of a table, by its spread
    double weight; // second pass: how many rows those stand for
} hf_term_sums;

typedef struct {
    const hf_context *context;
    int32_t count;
    hf_term_sums *terms; // owned
    int64_t rows;
    double total, squares; // of T
    double loss;           // mean log-loss, of the fit before its intercept was corrected
} hf_sums;

hf_status hf_sums_create(hf_sums *out, const hf_model *model, const hf_training *t, hf_error *error);
void hf_sums_free(hf_sums *sums);

// The least-squares slope of the contribution on the signal over the rows that have it; NaN where there is
// none. And the signal's deviation.
double hf_sums_slope(const hf_term_sums *s);
double hf_sums_deviation(const hf_term_sums *s);
// The contribution's deviation over all rows.
double hf_sums_spread(const hf_term_sums *s, int64_t rows);

#endif
