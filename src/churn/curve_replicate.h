// SPDX-License-Identifier: Apache-2.0
//
// What another sample of accounts would have made of the curves.
#ifndef HOLDFAST_CURVE_REPLICATE_H
#define HOLDFAST_CURVE_REPLICATE_H

#include "churn/curve_points.h"
#include "churn/refit.h"

// What all replicates share. Everything is borrowed.
typedef struct {
    const hf_context *context; // stands being used by several threads, as hf_locked_context makes it
    const hf_refit *refit;
    const hf_curve_points *points;
    const int64_t *spread; // rows of the frame over which a curve's mean is 0
    int64_t spread_count;
    const double *mean; // of a plain form's features over the training rows; NULL: curves are learnt anew
} hf_replicates;

// The contribution at each point: value, as the full fit has it; sharp, as it has it once a second fit to all
// rows is drawn to its weights instead of to 0.
hf_status hf_replicate_full(double *value, double *sharp, const hf_replicates *r, hf_error *error);
// value[k]: sharp of a fit to count training rows, repeated as they were drawn, under `lambda`: knots, cuts
// and levels learnt from those rows, the pairs' cells as they are. The penalty draws each weight to a normal
// number of variance 1 / lambda instead of to 0, then to the first fit's. Errors: HF_ERROR_DATA where no
// column of the sample can be modelled, HF_ERROR_MEMORY.
hf_status hf_replicate_fit(double *value, const hf_replicates *r, const int64_t *place, int64_t count,
                           double lambda, hf_random *random, hf_error *error);

// A silent context of one thread whose allocator may be called from several; without cancel. parent and
// *keeper are borrowed until it is destroyed.
hf_status hf_locked_context(hf_context **out, const hf_context **keeper, const hf_context *parent,
                            hf_error *error);

#endif
