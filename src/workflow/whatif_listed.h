// SPDX-License-Identifier: Apache-2.0
//
// The weightings that are told of, as the second walk leaves them. Private to the room.
#ifndef HOLDFAST_WHATIF_LISTED_H
#define HOLDFAST_WHATIF_LISTED_H

#include "workflow/whatif_weighing.h"

enum { HF_WHATIF_CROSSERS = 5 }; // accounts named a weighting

typedef struct {
    int64_t row;
    double arr, before, after;
    int8_t from, to;
} hf_whatif_crosser;

// One listed weighting, over all nights.
typedef struct {
    int32_t at;                                // in the set; -1: a definition of its own
    const hf_whatif_scorecard *other;          // that definition
    const hf_definition *definition;           // whose bands it falls in
    int64_t *moved;                            // owned: bands before + 1 x bands after + 1
    double *moved_arr;                         // owned
    int64_t better, worse;                     // by the edge of the band
    double overlap;                            // accounts in both red lists
    double spearman, kendall;                  // on the last night
    hf_whatif_crosser who[HF_WHATIF_CROSSERS]; // on the last night
    char who_id[HF_WHATIF_CROSSERS][HF_ID_LIMIT + 1];
    int32_t who_count;
    double *p; // owned: of every labelled row 1 - health / 100, NaN where it has none
} hf_whatif_listed;

typedef struct {
    hf_whatif_weighing *w;
    hf_whatif_listed *list; // owned
    double *arr;            // owned: of every labelled row; NULL without
    int64_t listed_rows;    // on the present red lists of all nights
    int32_t sample;         // accounts that agreement was taken on
} hf_whatif_judging;

// A band's name; -1: "unknown".
const char *hf_whatif_band_name(const hf_definition *definition, int32_t band);
// Appends a listed weighting to the record's list: what it is, whom it moves, and with outcomes what it is
// worth.
hf_status hf_whatif_put_listed(json_t *list, const hf_whatif_judging *judging, const hf_whatif_listed *one,
                               hf_error *error);

#endif
