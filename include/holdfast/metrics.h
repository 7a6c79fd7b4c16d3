// SPDX-License-Identifier: Apache-2.0
//
// How good predicted probabilities are, from plain arrays: ranking (AUC, PR-AUC, KS, lift), probability
// (log-loss, Brier, ECE, calibration slope and intercept), each with a bootstrap interval over accounts.
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
#define HF_METRIC_LIST(X)                 \
    X(auc, "AUC")                         \
    X(pr_auc, "PR-AUC")                   \
    X(log_loss, "log-loss")               \
    X(brier, "Brier")                     \
    X(ece, "ECE")                         \
    X(calibration_slope, "cal. slope")    \
    X(calibration_intercept, "cal. int.") \
    X(ks, "KS")                           \
    X(lift_10, "lift at 10 %")

// NaN where a metric is not defined: AUC, KS and the calibration intercept with one class only, the slope
// also where one probability parts the classes (no rank is wrong, or none right) so that it has no finite
// value, PR-AUC and lift without an event.
typedef struct {
    double auc;      // P(score of an event > score of a non-event), ties half (Mann and Whitney 1947); exact
    double pr_auc;   // average precision: sum of precision x recall step, ties taken as one step
    double log_loss; // mean of -log p(outcome), p clipped to [1e-15, 1 - 1e-15]
    double brier;    // mean squared difference
    double ece;      // expected calibration error: mean over ten bins of equal count of |mean probability -
                // event rate|; a bin may hold part of a row, and a tie at an edge is shared in proportion
    double ks; // largest gap between the two classes' score distributions, at distinct scores; exact
    double
        lift_10; // event rate in the top n / 10 rows over the rate in all; a tie at the edge counts in part
    int64_t n, events;
    // Logistic recalibration on x = logit p, p clipped as for log-loss, by maximum likelihood (Cox 1958):
    // slope is b of logit P(outcome) = a + b x: 1 as it should be, below 1 where predictions are too extreme,
    // above where too timid. intercept is a with b held at 1, calibration in the large (Van Calster et al.
    // 2019): 0 as it should be, below 0 where predictions are too high on the whole, in log-odds.
    double calibration_slope, calibration_intercept;
} hf_metrics;

typedef struct {
    // low and high: percentiles of the bootstrap over the replicates in which the metric is defined; NaN
    // where there are none. Those of ECE, which resampling makes larger, are moved by the mean excess of the
    // replicates over the value and not below 0. Their n and events are the value's.
    hf_metrics value, low, high;
} hf_metrics_interval;

// probability: n values in [0, 1]; label: n of 0 or 1. The order of the rows does not show in the result.
// Errors: HF_ERROR_USAGE for n outside 1 to 2^31 - 1, a value that is not in [0, 1], a label that is
// neither; HF_ERROR_MEMORY. Cost: one radix sort and one walk, about 60 bytes a row of memory.
HF_API hf_status hf_metrics_compute(hf_metrics *out, const hf_context *context, const double *probability,
                                    const uint8_t *label, int64_t n, hf_error *error);

// The same with 100 (1 - alpha) % percentile intervals from `replicates` resamples of whole clusters
// (Efron and Tibshirani 1993). cluster: n cluster numbers from 0, not necessarily dense (rows of one account
// share one), NULL where each row is its own. replicates 0 leaves the intervals NaN. Errors: also
// HF_ERROR_USAGE for negative replicates or cluster numbers, alpha outside (0, 1), and fewer replicates than
// 2 / alpha (40 for 95 %); HF_ERROR_CANCELLED.
// Cost: O(n) a replicate, replicates in parallel.
HF_API hf_status hf_metrics_bootstrap(hf_metrics_interval *out, const hf_context *context,
                                      const double *probability, const uint8_t *label, const int64_t *cluster,
                                      int64_t n, int32_t replicates, double alpha, uint64_t seed,
                                      hf_error *error);

// The same, with the metrics of every replicate kept in drawn (replicates entries, the caller's): what the
// interval of a mean or a difference is made of, replicate by replicate.
HF_API hf_status hf_metrics_replicate(hf_metrics_interval *out, hf_metrics *drawn, const hf_context *context,
                                      const double *probability, const uint8_t *label, const int64_t *cluster,
                                      int64_t n, int32_t replicates, double alpha, uint64_t seed,
                                      hf_error *error);
// Fills out's low and high from replicates; value, which has to be there, stays as it is. A metric that no
// replicate defines is NaN.
HF_API hf_status hf_metrics_percentiles(hf_metrics_interval *out, const hf_context *context,
                                        const hf_metrics *drawn, int32_t replicates, double alpha,
                                        hf_error *error);

#ifdef __cplusplus
}
#endif

#endif
