// SPDX-License-Identifier: Apache-2.0
//
// Logistic recalibration of grouped predictions.
#ifndef HOLDFAST_METRICS_RECALIBRATION_H
#define HOLDFAST_METRICS_RECALIBRATION_H

#include <stdint.h>

// Where a search begins, and what it found: logit P = intercept + slope x, and the intercept with slope 1.
typedef struct {
    double intercept, slope; // NaN where the classes do not overlap
    double in_the_large;     // NaN with one class only
} hf_recalibration;

// Groups of rows: rows[g] of them, events[g] of which had the outcome, at x[g]; groups without rows say
// nothing. near: a solution nearby, which shortens the search and does not change what is found beyond
// rounding; NULL: none. No allocation.
hf_recalibration hf_recalibrate(const double *x, const double *rows, const double *events, int64_t groups,
                                const hf_recalibration *near);

#endif
