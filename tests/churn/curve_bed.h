// SPDX-License-Identifier: Apache-2.0
//
// What the tests of curves share: a mixed table with the blocks of its curves, and the definition of a
// signal's scale worked out plainly.
#ifndef HOLDFAST_CURVE_BED_H
#define HOLDFAST_CURVE_BED_H

#include "churn/basis.h"
#include "churn/ridge_fit.h"
#include "churn_fixture.h"

enum { ROWS = 1500 };

typedef struct {
    fixture f;
    hf_context *context;
    hf_frame *frame;
    uint8_t label[ROWS];
    int64_t rows[ROWS];
    hf_basis *basis;
    hf_coded *coded;
    hf_bent bent;
    hf_blocks blocks;
    double *scratch;
} bed;

// options NULL: the usual ones.
void make_bed(bed *t, const hf_train_options *options, double tau, int threads);
void clear_bed(bed *t);

// A value within what a signal's curve sees, and its place on the signal's scale.
double clip(const hf_basis_signal *s, double x);
double z_of(const hf_basis_signal *s, double x);

#endif
