// SPDX-License-Identifier: Apache-2.0
//
// The statistician's summary of a model just trained, as "summary" in its record. models/README.md defines
// every figure.
#ifndef HOLDFAST_SUMMARY_H
#define HOLDFAST_SUMMARY_H

#include "churn/curve_points.h"
#include "churn/final_fit.h"
#include "churn/refit.h"

// What only the fit knows, taken while it is there. Zero-initialise.
struct hf_summary_work {
    const hf_context *context;
    double freedom;         // effective degrees of freedom, NaN where not known
    int32_t replicates;     // of the bands; 0: none
    hf_curve_points points; // owned
};

// Takes from the fit what the summary needs of it, into t->work; nothing where that is NULL. A rule that kept
// a weight counts as one degree of freedom (Zou, Hastie and Tibshirani 2007).
hf_status hf_summary_take(const hf_training *t, const hf_model *model, const hf_final_fit *fit, double lambda,
                          hf_error *error);
// The same from the plain form: weights as liblinear gave them, and the intercept.
hf_status hf_summary_take_plain(const hf_training *t, const hf_model *model, const hf_design *design,
                                const double *weights, hf_error *error);
// Notes "summary" in the model's record from its terms and what was taken.
hf_status hf_summary_note(hf_model *model, const hf_training *t, hf_error *error);
void hf_summary_work_free(hf_summary_work *work);

#endif
