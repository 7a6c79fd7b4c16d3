// SPDX-License-Identifier: Apache-2.0
//
// What can be done about a measure: the way its score goes as its signal gets better. Private to the room.
#ifndef HOLDFAST_PATH_CURVE_H
#define HOLDFAST_PATH_CURVE_H

#include "health/health_plan.h"

typedef struct {
    double x;    // a value at which the score bends or jumps
    double best; // the highest score from here on
    double at;   // the first value from here on that has it
} hf_path_point;

// A measure in a segment. Points are in the good way: ascending where higher is good.
typedef struct {
    hf_path_point *points; // owned; NULL for a category
    int32_t count;
    bool rising; // a better value is a higher one
    bool whole;  // values are whole numbers
} hf_path_curve;

hf_status hf_path_curve_create(hf_path_curve *out, const hf_context *context, const hf_health_plan *plan,
                               int32_t segment, int32_t measure, hf_error *error);
void hf_path_curve_free(const hf_context *context, hf_path_curve *curve);
// Whether x is a better value than y.
bool hf_path_further(const hf_path_curve *curve, double x, double y);
// The nearest value that the signal can have, from x on in the good way.
double hf_path_settle(const hf_path_curve *curve, double x);

#endif
