// SPDX-License-Identifier: Apache-2.0
//
// The nearest other customers of every row, found in trees of random cuts; for near_copies.c.
#ifndef HOLDFAST_COPY_SEARCH_H
#define HOLDFAST_COPY_SEARCH_H

#include "metrics/metrics_room.h"

enum { HF_NEIGHBOURS = 4 };

typedef struct {
    uint32_t row[HF_NEIGHBOURS];      // nearest first; of equals the lower row
    uint16_t distance[HF_NEIGHBOURS]; // UINT16_MAX: none found
} hf_neighbours;

typedef struct {
    hf_neighbours *of; // owned: n
    int32_t columns;   // that took part
    int32_t unit;      // the distance of two rows in a column where they are nothing alike
} hf_copy_search;

// Searches among rows whose label is known, those of one cluster not being neighbours of each other. What is
// found is near enough always the nearest where rows agree in most columns. Errors: HF_ERROR_MEMORY,
// HF_ERROR_CANCELLED. Cost: O(n log n) a tree, sixteen trees, eight from 200,000 rows on; n x (columns + 90)
// bytes.
hf_status hf_copy_search_run(hf_copy_search *out, const hf_context *context, const hf_profile_signal *signals,
                             int32_t count, int64_t n, const uint8_t *label, const int64_t *cluster,
                             uint64_t seed, hf_error *error);
void hf_copy_search_free(const hf_context *context, hf_copy_search *found);

#endif
