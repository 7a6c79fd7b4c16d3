// SPDX-License-Identifier: Apache-2.0
//
// How good predicted probabilities are, from plain arrays: ranking (AUC, PR-AUC, KS, lift), probability
// (log-loss, Brier, ECE), each with a bootstrap interval over accounts.
//
// Threads: pure functions of their arrays; the bootstrap uses the context's threads, and its result does
// not depend on how many.
#ifndef HOLDFAST_METRICS_H
#define HOLDFAST_METRICS_H

#include "holdfast/base.h"

#ifdef __cplusplus
extern "C" {
#endif

// X(field, label for people). The field's name is the key in JSON.
#define HF_METRIC_LIST(X)                                                                                    \
    X(auc, "AUC")                                                                                            \
    X(pr_auc, "PR-AUC")                                                                                      \
    X(log_loss, "log-loss")                                                                                  \
    X(brier, "Brier")                                                                                        \
    X(ece, "ECE")                                                                                            \
    X(ks, "KS")                                                                                              \
    X(lift_10, "lift at 10 %")

// NaN where a metric is not defined (one class only).
typedef struct {
    double auc;      // P(score of an event > score of a non-event), ties half; Mann-Whitney
    double pr_auc;   // average precision: sum of precision x recall step, ties taken as one step
    double log_loss; // mean of -log p(outcome), p clipped to [1e-15, 1 - 1e-15]
    double brier;    // mean squared difference
    double ece;      // expected calibration error over ten bins of equal count
    double ks;       // largest gap between the two classes' score distributions
    double lift_10;  // event rate in the top tenth over the rate in all; a tie at the edge counts in part
    int64_t n, events;
} hf_metrics;

typedef struct {
    hf_metrics value, low, high; // low and high: percentiles of the bootstrap; NaN where not asked for
} hf_metrics_interval;

// probability: n values in [0, 1]; label: n of 0 or 1. Errors: HF_ERROR_USAGE for n < 1 or a value that is
// not finite, HF_ERROR_MEMORY. Cost: one sort.
HF_API hf_status hf_metrics_compute(hf_metrics *out, const hf_context *context, const double *probability,
                                    const uint8_t *label, int64_t n, hf_error *error);

// The same with 100 (1 - alpha) % percentile intervals from `replicates` resamples of whole clusters
// (Efron and Tibshirani 1993). cluster: n cluster numbers from 0 (rows of one account share one), NULL where
// each row is its own. replicates 0 leaves the intervals NaN.
HF_API hf_status hf_metrics_bootstrap(hf_metrics_interval *out, const hf_context *context,
                                      const double *probability, const uint8_t *label,
                                      const int64_t *cluster, int64_t n, int32_t replicates, double alpha,
                                      uint64_t seed, hf_error *error);

#ifdef __cplusplus
}
#endif

#endif
