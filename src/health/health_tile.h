// SPDX-License-Identifier: Apache-2.0
//
// A tile of the fleet pass: the scores of its measures, and the sums of its groups.
#ifndef HOLDFAST_HEALTH_TILE_H
#define HOLDFAST_HEALTH_TILE_H

#include "health/health_plan.h"

enum { HF_HEALTH_ROWS = 512 }; // a tile here: a group's sums and a measure's scores stay in the first cache

// One thread's scratch.
typedef struct {
    _Alignas(64) float scores[HF_TILE];          // of one curve of several
    float scratch[HF_TILE];                      // for the kernels
    double x[HF_HEALTH_ROWS], y[HF_HEALTH_ROWS]; // of a curve in double
    double weight[HF_HEALTH_ROWS];               // of one measure, where it differs from row to row
    double present[HF_HEALTH_ROWS],
        assigned[HF_HEALTH_ROWS];                        // shares of the groups present; effective weights
    double share[HF_HEALTH_ROWS], total[HF_HEALTH_ROWS]; // of one group, where they differ
    double level[HF_HEALTH_ROWS];                        // edges passed
    double lost_sum[HF_HEALTH_ROWS];                     // wanted by no one, but the kernel adds
    uint32_t keys[HF_TOP * (HF_HEALTH_ROWS + 16)];       // a row's three do not share a cache set
    uint8_t holds[HF_TILE];                              // a condition
    uint8_t unclear[HF_HEALTH_ROWS];
    // By group, HF_HEALTH_ROWS entries each:
    double *observed; // the weight of the observed measures
    double *filled;   // the weight of those that are not, but have a score by policy
    double *points;   // the sum of weight x score; of worst and best the score that counts
    float *factor;    // effective weight / weight
    int32_t *chosen;  // of worst and best the measure that counts, -1: none
    uint8_t *met;     // by segment: whether the tile has a row of it
} hf_health_work;

typedef struct {
    const hf_health_plan *plan;
    const hf_kernels *kernels;
    const hf_health *out;
    hf_health_work *work;
    const int32_t *segment; // of the tile's rows
    int64_t begin;
    int32_t n;
    int32_t only; // the segment of all rows; -1: they differ
} hf_health_tile;

// Scores and states of all measures into the health, and the groups' sums into the scratch.
void hf_health_score_tile(const hf_health_tile *tile);

// A measure's weight row by row: the scratch's array, or NULL where *same holds for all rows.
const double *hf_health_tile_weights(const hf_health_tile *tile, int32_t measure, double *same);

#endif
