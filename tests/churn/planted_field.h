// SPDX-License-Identifier: Apache-2.0
//
// Six normal signals, two of which say together what they do not say apart.
#ifndef HOLDFAST_PLANTED_FIELD_H
#define HOLDFAST_PLANTED_FIELD_H

#include "churn_fixture.h"

enum { SIGNALS = 6, WIDE = 2000 };

typedef struct {
    fixture f;
    hf_context *context;
    hf_frame *frame;
    uint8_t label[WIDE];
    int64_t rows[WIDE];
} field;

// effect is the log-odds that x1 x2 > 0 brings, slope that of x0.
void make_field(field *t, uint64_t seed, double effect, double slope, int threads);
void clear_field(field *t);

#endif
