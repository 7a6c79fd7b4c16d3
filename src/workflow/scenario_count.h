// SPDX-License-Identifier: Apache-2.0
//
// A scenario counted: bands, money, what is expected, and who gains and loses. Private to the room.
#ifndef HOLDFAST_SCENARIO_COUNT_H
#define HOLDFAST_SCENARIO_COUNT_H

#include "report/report_room.h"
#include "workflow/scenario_sides.h"

// Where the two frames differ; their columns stand in the same order.
typedef struct {
    uint8_t *row;    // owned: 1 where some value of the row does
    int64_t *column; // owned: rows in which a column does
} hf_scenario_changes;

typedef struct {
    hf_scenario_changes changes;
    const char *by; // what groups are, "" without any
    hf_scenario_group all, *groups;
    int32_t group_count, group_made; // that have accounts, all that are owned
    int64_t *moved;                  // owned: as in hf_scenario_page, NULL without a definition
    double *moved_arr;
    int64_t stay, listed;
    hf_scenario_gain gain;
    int64_t *gainers, *losers; // owned: rows, the largest first
    int32_t gainer_count, loser_count;
    int64_t gaining, losing;
} hf_scenario_counts;

hf_status hf_scenario_count(hf_scenario_counts *out, const hf_context *context,
                            const hf_scenario_ground *ground, const hf_scenario_side side[2],
                            hf_error *error);
void hf_scenario_counts_free(const hf_context *context, hf_scenario_counts *counts); // accepts zeroed ones

// Whether a row has the same value in two columns of one signal.
bool hf_scenario_same_value(const hf_column *before, const hf_column *after, int64_t row);
// What an account's place in the order is by: how much better off it is.
double hf_scenario_gain_of(const hf_scenario_side side[2], hf_scenario_gain gain, int64_t row);

#endif
