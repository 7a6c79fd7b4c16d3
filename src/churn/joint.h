// SPDX-License-Identifier: Apache-2.0
//
// Curves and surfaces in one fit, and the choice of how many surfaces pay.
#ifndef HOLDFAST_JOINT_H
#define HOLDFAST_JOINT_H

#include "churn/curve_choice.h"
#include "churn/one_standard_error.h"
#include "churn/pair_screen.h"

// Blocks of curves, then one of every pair's cells. A prefix of the blocks is a model with fewer pairs.
typedef struct {
    const hf_context *context;
    hf_block *blocks; // owned, with the pairs' cells; the curves' arrays are borrowed
    int32_t curves, pairs;
    int32_t curve_features;
    hf_pair pair[HF_MOST_PAIRS];
} hf_joint;

hf_status hf_joint_create(hf_joint *out, const hf_context *context, const hf_bent *bent,
                          int32_t curve_features, const hf_binned *binned, const hf_pair *pairs,
                          int32_t count, hf_error *error);
void hf_joint_free(hf_joint *joint);
// The first k pairs with the curves, as blocks of rows to fit or predict; features after the curves are the
// cells'.
hf_blocks hf_joint_blocks(const hf_joint *joint, int32_t k, const int64_t *rows, int64_t count);
// A cell's penalty, relative to the curves' lambda, is set by scaling its feature.
void hf_joint_penalise(hf_joint *joint, double lambda, double cell_penalty);

// One inner split from the curves on: fitted at the chosen tau and lambda, its pairs screened.
typedef struct {
    const hf_inner *inner; // borrowed
    hf_bent bent;          // owned
    hf_binned *binned;     // owned: cells for pairs
    hf_joint joint;        // owned
    double *weights;       // owned: of the curves, the intercept last
    double *margin;        // owned, one a coded row: under what has been chosen so far
} hf_stage;

hf_status hf_stage_create(hf_stage *out, const hf_context *context, const int64_t *frame_rows,
                          const hf_split *split, const hf_inner *inner, double tau, double lambda,
                          hf_error *error);
void hf_stage_free(const hf_context *context, hf_stage *stage);

typedef struct {
    int32_t pairs;          // 0: none pay
    double cell_penalty;    // where some do
    double loss_none, loss; // mean over the judged rows
} hf_joint_choice;

// Tries numbers of pairs and penalties on every split, takes the simplest within one standard error of the
// best, and leaves the stages' margins at the choice. most: at most so many pairs. Errors: HF_ERROR_MEMORY,
// HF_ERROR_CANCELLED; the stages' margins are then not to be used.
hf_status hf_joint_choose(hf_joint_choice *out, const hf_context *context, hf_stage *stages, int32_t splits,
                          double lambda, int32_t most, hf_error *error);

#endif
