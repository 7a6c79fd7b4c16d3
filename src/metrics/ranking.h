// SPDX-License-Identifier: Apache-2.0
//
// Rows in the order of their scores, as groups of equal score: what every metric is computed from.
#ifndef HOLDFAST_METRICS_RANKING_H
#define HOLDFAST_METRICS_RANKING_H

#include "base/base_room.h"
#include "holdfast/metrics.h"
#include "metrics/metrics_room.h"

// The rows by probability, highest first; rows of one probability by label (events first), then by number.
typedef struct {
    int64_t rows, groups;
    uint32_t units;                 // resampling units: clusters, or rows where each is its own
    uint32_t *unit;                 // owned: rows entries: 2 x the row's unit + its label
    uint32_t *first;                // owned: groups + 1 entries: a group's first row, in sorted order
    double *probability;            // owned: one a group
    double *event_loss;             // owned: -log p of a group
    double *no_event_loss;          // owned: -log(1 - p) of a group
    double *log_odds;               // owned: logit p of a group, p clipped as for its losses
    hf_recalibration recalibration; // of all rows, each once
} hf_ranking;

// What a sweep with counts needs beside them: a group's rows and events, as they were counted.
typedef struct {
    double *rows, *events; // the ranking's groups each
} hf_sweep_space;

// cluster: any numbers from 0, or NULL; they are renumbered densely, in their order. Without clusters a
// row's unit is its place in the order, so that nothing computed from a ranking depends on the order in
// which rows were given. Errors: HF_ERROR_USAGE as the public calls say, HF_ERROR_MEMORY.
hf_status hf_ranking_create(hf_ranking *out, const hf_context *context, const double *probability,
                            const uint8_t *label, const int64_t *cluster, int64_t n, hf_error *error);
void hf_ranking_free(const hf_context *context, hf_ranking *ranking);

// The unit of each row, as the ranking of the same clusters numbers them. Errors: HF_ERROR_MEMORY.
hf_status hf_ranking_units(uint32_t *out, const hf_context *context, const int64_t *cluster, int64_t n,
                           hf_error *error);

// Every metric of the rows counted count[unit] times each (NULL: once, and no space). No allocation.
hf_metrics hf_ranking_metrics(const hf_ranking *ranking, const uint32_t *count, const hf_sweep_space *space);

// A key that orders as the values do, 0 and -0 alike; no NaN.
uint64_t hf_sort_key(double x);
// Sorts keys ascending with the values beside them, stably: least significant byte first, bytes that all keys
// share are skipped. The scratch arrays are as long as the others and hold nothing of use afterwards.
void hf_radix_sort(uint64_t *key, uint32_t *value, uint64_t *key_scratch, uint32_t *value_scratch, int64_t n);

// ---- what the bootstraps share ---------------------------------------------------------------------------

#define HF_BOOTSTRAP_ROWS 2000000 // rows a thread sweeps between two looks at the cancel callback

// How often each unit is drawn in a replicate: as many draws as there are units, with replacement.
void hf_draw_units(uint32_t *count, uint32_t units, uint64_t seed, int32_t replicate);
// The quantile of sorted values with linear interpolation (Hyndman and Fan 1996, type 7); NaN of none.
double hf_sorted_quantile(const double *sorted, int32_t n, double q);

#endif
