// SPDX-License-Identifier: Apache-2.0
//
// How freely curves may bend, and how strongly coefficients are shrunk: chosen by log-loss on inner splits.
#ifndef HOLDFAST_CURVE_CHOICE_H
#define HOLDFAST_CURVE_CHOICE_H

#include "churn/basis.h"
#include "churn/inner_splits.h"

// Where fits that only choose come to rest: the gradient at the end, relative to that of no weights.
#define HF_INNER_EPS 2e-3

enum { HF_TAUS = 3, HF_LAMBDAS = 7 };
extern const double hf_taus[HF_TAUS], hf_lambdas[HF_LAMBDAS]; // lambdas from strong to weak

typedef struct {
    double loss[HF_TAUS][HF_LAMBDAS]; // mean over the judged rows of all splits
    int32_t tau, lambda;              // places of the least
} hf_curve_choice;

// One split made ready: a basis learnt from its own training rows, and its rows coded, first those to fit.
typedef struct {
    hf_basis *basis; // owned
    hf_coded *coded; // owned
    uint8_t *label;  // owned, one a coded row
    int64_t *rows;   // owned: 0, 1, 2, ...
    int64_t train, valid;
    bool rules; // are to be tried
} hf_inner;

hf_status hf_inner_create(hf_inner *out, const hf_context *context, const hf_frame *frame,
                          const int64_t *rows, const uint8_t *label, const hf_split *split,
                          const hf_train_options *options, hf_error *error);
void hf_inner_free(const hf_context *context, hf_inner *inner);

// Walks lambda from strong to weak, warm, for every tau, on every split. Errors: HF_ERROR_MEMORY,
// HF_ERROR_CANCELLED.
hf_status hf_curve_choose(hf_curve_choice *out, const hf_context *context, const hf_inner *inner,
                          int32_t splits, hf_error *error);

#endif
