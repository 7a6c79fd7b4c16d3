// SPDX-License-Identifier: Apache-2.0
//
// Counting what a block of weightings makes of accounts, a run at a time, while their health is in the cache.
#ifndef HOLDFAST_FOLD_H
#define HOLDFAST_FOLD_H

#include "kernels/kernels_room.h"
#include "whatif/whatif_fleet.h"

// One thread's work on one block. Owned unless said.
typedef struct {
    const hf_whatif_fleet *fleet; // borrowed
    const hf_kernels *kernels;
    const hf_pattern *pattern; // at work
    int32_t count;             // weightings of the block
    hf_weights weights;
    hf_pattern_weights of; // of the pattern at work
    float *health;         // lanes x stride: before overrides, of the chunk at work
    int32_t stride;
    uint32_t *counts;  // by class, lane and place: accounts
    double *event_arr; // by edges, lane and place: ARR of events; NULL: not wanted
    // By band before, then band after, then lane:
    double *past_arr;   // ARR of accounts at or past the band's edge
    uint32_t *hidden;   // of the accounts counted, those whose band is unknown all the same
    double *hidden_arr; // and their ARR
    double *sum;        // scratch, one a band
    float near;         // how far f32 may be off with the pattern at work
    float held[HF_CHUNK_ROWS], lane[HF_LANES];
    uint16_t place[HF_CHUNK_ROWS];
} hf_fold;
_Static_assert((int)HF_LANES <= (int)HF_CHUNK_ROWS, "lanes fit where accounts do");

// How far from the exact health that of a product with so many columns, and one of ones, may be.
float hf_whatif_near(int32_t columns);

hf_status hf_fold_create(hf_fold *out, const hf_whatif_fleet *fleet, hf_error *error);
void hf_fold_free(const hf_context *context, hf_fold *fold);
void hf_fold_clear(hf_fold *fold);
// Counts one run under every lane. first: its first place in the fleet's order; at: in the chunk.
void hf_fold_run(hf_fold *fold, const hf_whatif_run *run, int64_t first, int32_t at);
// Writes the moves of the block's weightings, the first of which is `begin`.
void hf_fold_moves(hf_weighed *out, const hf_fold *fold, int32_t begin);
// Counts of a class under a lane, one a place.
const uint32_t *hf_fold_counts(const hf_fold *fold, int32_t class, int32_t lane);
// ARR of the events of accounts with such edges under a lane, in cents, one a place.
const double *hf_fold_event_arr(const hf_fold *fold, int32_t edges, int32_t lane);

#endif
