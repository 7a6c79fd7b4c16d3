// SPDX-License-Identifier: Apache-2.0
//
// A penalised fit as it ended, with all it takes to fit other rows the same way: what the statistician's
// summary is made of beside the terms themselves.
#ifndef HOLDFAST_REFIT_H
#define HOLDFAST_REFIT_H

#include "churn/basis.h"
#include "churn/design.h"
#include "churn/training.h"

// Everything is borrowed. The first `signals` blocks are those of the model's first terms, in their order;
// blocks after them are surfaces'.
typedef struct {
    const hf_context *context;
    hf_blocks blocks; // of all training rows
    int32_t signals;
    double lambda;
    const double *weights;  // features + 1, the intercept last
    const uint8_t *label;   // one a training row
    const int64_t *cluster; // one a training row; NULL: each is its own
    const hf_training *training;
    const hf_basis *basis; // of curves; NULL: the plain form
    const hf_bent *bent;   // likewise
} hf_refit;

// The features of one training row: out has room for the blocks' features. scratch: hf_blocks_sums.
void hf_refit_row(double *out, const hf_refit *refit, int64_t row, double *scratch);

// A plain design as blocks, one a signal.
typedef struct {
    const hf_context *context;
    int32_t count;
    hf_block *blocks; // owned, and what they point to
    double *maps;     // owned
} hf_design_blocks;

hf_status hf_design_blocks_create(hf_design_blocks *out, const hf_design *design, const int64_t *rows,
                                  int64_t count, hf_error *error);
void hf_design_blocks_free(hf_design_blocks *blocks);

#endif
