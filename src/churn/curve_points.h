// SPDX-License-Identifier: Apache-2.0
//
// The places at which the summary shows a signal's curve or table.
#ifndef HOLDFAST_CURVE_POINTS_H
#define HOLDFAST_CURVE_POINTS_H

#include "churn/training.h"

typedef struct {
    int32_t term;      // of the model
    int64_t place;     // a training row that stands here
    int64_t rows;      // training rows that do; of a number's quantile 0
    double x;          // of a number; NaN of all else
    const char *level; // of a category, borrowed from the frame; NULL: of a number, missing, or the rare ones
    bool missing;
    double log_odds;  // the term's contribution here
    double low, high; // where it may be; NaN: not known
} hf_curve_point;

typedef struct {
    const hf_context *context;
    hf_curve_point *points; // owned, by term
    int32_t count;
} hf_curve_points;

// The points of the first `terms` terms of a model, which are curves and tables: of a number all values where
// there are at most 12, else nine quantiles from 2.5 to 97.5 %, of evenly spaced rows where they are many; of
// a category its levels and one for the rare ones; missing where rows lack it.
hf_status hf_curve_points_create(hf_curve_points *out, const hf_model *model, int32_t terms,
                                 const hf_training *t, hf_error *error);
void hf_curve_points_free(hf_curve_points *points);

#endif
