// SPDX-License-Identifier: Apache-2.0
//
// The choice of C by cross-validated log-loss.
#ifndef HOLDFAST_PENALTY_PATH_H
#define HOLDFAST_PENALTY_PATH_H

#include "churn/liblinear_fit.h"

#define HF_PATH_STEPS 12

typedef struct {
    double c;
    double log_loss;       // mean over the rows, each predicted by the fit that did not see it
    double standard_error; // of the folds' mean losses: their deviation over the root of their number
} hf_path_step;

typedef struct {
    hf_path_step steps[HF_PATH_STEPS]; // by ascending C
    int32_t count;                     // how far the path was walked
    int32_t best;
} hf_path;

// Walks the path over the matrix's rows: fold holds 0 to folds - 1 a row, -1 for rows left aside. Warns of
// fits that stopped at liblinear's limit of steps. Errors: HF_ERROR_CANCELLED, HF_ERROR_MEMORY,
// HF_ERROR_INTERNAL where liblinear refuses the problem.
hf_status hf_path_choose(hf_path *out, const hf_context *context, const hf_matrix *matrix, int64_t rows,
                         int32_t features, const uint8_t *label, const int32_t *fold, int32_t folds,
                         hf_error *error);

#endif
