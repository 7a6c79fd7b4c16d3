// SPDX-License-Identifier: Apache-2.0
//
// Fewer rows of the commoner class, for fleets that are large.
#ifndef HOLDFAST_SUBSAMPLE_H
#define HOLDFAST_SUBSAMPLE_H

#include "churn/training.h"

// What a draw left.
typedef struct {
    int64_t rows, kept; // of the commoner class; both 0 where none was wanted or needed
    double shift;       // what the log-odds of a fit to the rows drawn lack; t->shift, too
} hf_subsample;

// Leaves out rows of the commoner class as options->subsample says: all of an account's or none, by a hash of
// its id and the seed. Rows of the rarer class all stay. *out is filled in every case.
void hf_subsample_draw(hf_subsample *out, hf_training *t);
// Shifts a calibration of the drawn rows' log-odds to one of the fleet's.
void hf_subsample_calibration(hf_curve *curve, const hf_training *t);
// Shifts the model to the whole fleet's log-odds and records the draw, where there was one.
hf_status hf_subsample_correct(hf_model *model, const hf_subsample *drawn, hf_error *error);

#endif
