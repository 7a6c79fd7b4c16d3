// SPDX-License-Identifier: Apache-2.0
//
// A fleet and a model drawn from a seed, for the tests of scoring: f32 and f64 curves with hinges, jumps and
// clips, tables with levels the model does not know, missing values, tied probabilities.
#ifndef HOLDFAST_RANDOM_FLEET_H
#define HOLDFAST_RANDOM_FLEET_H

#include "churn/churn_room.h"
#include "holdfast/score.h"

typedef struct {
    hf_context *context;
    hf_frame *frame;
    hf_model model;
} random_fleet;

void random_fleet_create(random_fleet *out, const hf_context_options *options, int64_t rows, int32_t terms,
                         uint64_t seed);
// Adds surfaces and rules over the fleet's signals, each in turn.
void random_fleet_add_grids(random_fleet *fleet, int32_t count, uint64_t seed);
void random_fleet_destroy(random_fleet *fleet);
hf_context *context_with(int threads, hf_isa isa);

// The log-odds of a row written plainly, and its contributions.
long double plain_log_odds(const random_fleet *fleet, int64_t row, long double *contribution);

// An allocator that gives out `scarce_left` blocks and then no more.
extern long scarce_left;
void *scarce_resize(void *user, void *p, size_t size);

#endif
