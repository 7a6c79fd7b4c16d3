// SPDX-License-Identifier: Apache-2.0
//
// The L2-regularised logistic over blocks, with a free intercept, a fixed offset, and weights that may be
// kept from being negative. liblinear solves the same problem for an explicit matrix without offset or
// bounds; a test holds the two to each other.
#ifndef HOLDFAST_RIDGE_FIT_H
#define HOLDFAST_RIDGE_FIT_H

#include "churn/block.h"

typedef struct {
    double *weights;                // features + 1, the intercept last; where the fit starts and ends
    double loss;                    // sum over the rows of log-loss, at the end
    int32_t newton_steps, products; // what it took
    bool settled;                   // whether it came to rest before its steps were up
    const double *toward;           // features: where the penalty draws weights to; NULL: to 0
} hf_ridge;

// Minimises sum of log-loss + lambda / 2 |w - toward|^2 from what weights hold (the intercept is not shrunk),
// over weights that respect the blocks' bounds. label: one a row of the blocks. Stops when the gradient,
// where it may be followed, is eps times the one at zero weights. Truncated Newton with conjugate gradients
// (Lin, Weng and Keerthi 2008). Works on the context's threads, or where fits run side by side on one each.
// Errors: HF_ERROR_MEMORY; HF_ERROR_CANCELLED, asked for by the first thread before every step.
hf_status hf_ridge_fit(hf_ridge *fit, const hf_context *context, const hf_blocks *blocks,
                       const uint8_t *label, double lambda, double eps, hf_error *error);
// Mean log-loss of rows under weights; losses, one a row of blocks->rows, may be NULL.
hf_status hf_ridge_loss(double *mean, double *losses, const hf_context *context, const hf_blocks *blocks,
                        const uint8_t *label, const double *weights, hf_error *error);

// 1 / (1 + exp(-margin)), without overflow.
double hf_probability(double margin);
// log(1 + exp(-m)) for an event, log(1 + exp(m)) for none, without overflow.
double hf_log_loss(double margin, bool event);
// What lowers the loss at the margins: residual label - p, curvature p (1 - p), of each row.
void hf_logistic_slopes(double *residual, double *curvature, const double *margin, const uint8_t *label,
                        int64_t rows);

#endif
