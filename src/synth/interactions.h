// SPDX-License-Identifier: Apache-2.0
//
// What a truth with interactions adds to the log-odds beside a term a signal: one product of two signals and
// one conjunction of three conditions.
#ifndef HOLDFAST_SYNTH_INTERACTIONS_H
#define HOLDFAST_SYNTH_INTERACTIONS_H

#include "synth/signals.h"

// A pair adds coefficient x (a - mean a) / deviation a x (b - mean b) / deviation b.
typedef struct {
    hf_synth_signal_id a, b;
    double coefficient;
} hf_synth_pair;

// A condition holds from `least` to `most`, both in the whole numbers the signal is kept in.
typedef struct {
    hf_synth_signal_id signal;
    int64_t least, most;
} hf_synth_condition;

enum { SYNTH_CONDITIONS = 3 };

typedef struct {
    hf_synth_condition conditions[SYNTH_CONDITIONS];
    double effect; // where all hold
} hf_synth_rule;

extern const hf_synth_pair hf_synth_pair_truth;
extern const hf_synth_rule hf_synth_rule_truth;
// Added to the intercept, for some 6 % churn a month: interactions take more events to be found than slopes.
#define HF_SYNTH_INTERACTIONS_INTERCEPT 0.60

// What they add to the log-odds, the intercept's part included.
double hf_synth_interactions(const int64_t values[SYNTH_SIGNALS]);

#endif
