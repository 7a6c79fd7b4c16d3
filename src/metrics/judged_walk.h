// SPDX-License-Identifier: Apache-2.0
//
// Scored rows laid out in the orders that money, tenths and capacity are counted in.
#ifndef HOLDFAST_METRICS_JUDGED_WALK_H
#define HOLDFAST_METRICS_JUDGED_WALK_H

#include "metrics/metrics_room.h"

typedef enum { HF_WALK_SAME, HF_WALK_NEW_SCORE, HF_WALK_NEW_DATE } hf_walk_mark;

typedef struct {
    uint32_t unit; // 2 x the row's unit + its label
    uint32_t mark; // hf_walk_mark: whether it ties with the row before
    double probability, arr;
} hf_walk_row;

typedef struct {
    const hf_judged_rows *rows; // borrowed
    hf_walk_row *ranked;        // owned: by probability, highest first
    hf_walk_row *worked;        // owned: by date, then as capacity ranks them; NULL without a capacity
} hf_judged_walk;

// unit: the resampling unit of each row. Errors: HF_ERROR_MEMORY.
hf_status hf_judged_walk_create(hf_judged_walk *out, const hf_context *context, const hf_judged_rows *rows,
                                const uint32_t *unit, const double *probability, hf_error *error);
void hf_judged_walk_free(const hf_context *context, hf_judged_walk *walk);

// Fills the figures in money, the tenths and what is caught, with rows counted count[unit] times each (NULL:
// once); the other figures are left as they are. No allocation.
void hf_judged_walk_take(hf_judgement *out, const hf_judged_walk *walk, const uint32_t *count);

#endif
