// SPDX-License-Identifier: Apache-2.0
//
// A night in the order that weighing wants: patterns of accounts, cut into chunks whose scores lie together.
#ifndef HOLDFAST_WHATIF_FLEET_H
#define HOLDFAST_WHATIF_FLEET_H

#include "whatif/whatif_room.h"

enum { HF_CHUNK_ROWS = 512 };

// What accounts of a run have in common beside the pattern: whether the outcome is known and came, whether
// they are on the present red list, whether an override bounds them, their present band, and the edges of
// their segment's bands.
enum { HF_LABELS = 3 }; // without, with, unknown
typedef struct {
    int32_t label;  // 0, 1; 2: unknown
    bool on_list;   // of the night's capacity
    bool bounded;   // by overrides
    int32_t before; // band_raw + 1
    int32_t edges;  // place among the fleet's sets of edges
} hf_run_class;

typedef struct {
    int32_t count; // of places
    int32_t of;    // the fleet's class
} hf_whatif_run;

// The edges of bands, the first left out, and how they split a histogram: the health of a place is in bin
// base_of and band band_of.
typedef struct {
    const double *from;         // borrowed from a segment: bands
    float *edge;                // owned: bands - 1
    int32_t *base_of, *band_of; // owned: HF_WHATIF_BINS + bands - 1
} hf_edges;

// What a column of a pattern's scores is.
typedef struct {
    int32_t group, measure; // measure -1: the group's worst or best
} hf_pattern_column;

typedef struct {
    int32_t segment;
    int64_t first, rows;           // places in the fleet's order
    int32_t columns, first_column; // its own of the fleet's columns; the last, all ones, is not among them
    const uint8_t *state;          // one a measure: HF_SCORED | HF_OBSERVED; borrowed from the fleet
    int64_t first_run, runs;       // of the fleet's
    int64_t first_score;           // of the fleet's scores
} hf_pattern;

enum { HF_SEEN = 1, HF_SCORED = 2 }; // observed; has a score, observed or by policy

struct hf_whatif_fleet {
    const hf_context *context;
    hf_whatif_night night;
    const hf_definition *definition;
    int64_t rows;
    int64_t *row;         // owned: the night's row of each place
    double *low, *high;   // owned, by place: overrides hold health between them
    bool *unset;          // owned, by place: no override sets a health where there is none
    double *arr;          // owned, by place: ARR in whole cents, 0 where unknown; NULL
    uint8_t *state;       // owned: patterns x measures
    hf_pattern *patterns; // owned
    int32_t pattern_count;
    hf_pattern_column *columns; // owned
    hf_whatif_run *runs;        // owned: of every chunk of every pattern, in order
    hf_run_class *classes;      // owned: those that occur
    int32_t class_count;
    hf_edges *edges;             // owned
    int32_t edges_count, places; // places: HF_WHATIF_BINS + bands - 1
    float *scores;               // owned: by chunk: columns + 1 (ones) x the chunk's rows
    int64_t labelled, events;
    int64_t *all;    // owned, by band before: accounts
    double *all_arr; // owned, likewise: their ARR in cents
};

// ---- weightings of a pattern, side by side ---------------------------------------------------------------------

enum { HF_LANES = 64 }; // weightings worked together

// Weights as the plan has them: by segment, then by measure or group, then by weighting (lanes of each).
typedef struct {
    int32_t lanes; // HF_LANES, or 1
    double *room;  // owned
    double *weight, *share, *total;
} hf_weights;

hf_status hf_weights_create(hf_weights *out, const hf_context *context, const hf_definition *definition,
                            int32_t lanes, hf_error *error);
void hf_weights_free(const hf_context *context, hf_weights *weights);
// The sums of hf_health_plan for the weightings from `first` on; lanes from `count` on repeat the first.
void hf_weights_fill(hf_weights *to, const hf_weightings *weightings, int32_t first, int32_t count);

// Effective weights of a pattern's measures, each with a value a lane.
typedef struct {
    double *kept;  // by group: its factor upon the weighted scores of its measures
    float *row;    // by column, and one for the ones: the weights of the product
    double *left;  // unassigned, times the neutral score
    bool *nothing; // no measure present counts: health is not known
    bool *unknown; // too little is observed for a band
    bool *apart;   // other measures of a worst or best group count than now: the product does not hold
    double *present, *coverage, *assigned, *observed, *filled; // scratch
    bool any_nothing, any_unknown, any_apart;
} hf_pattern_weights;

hf_status hf_pattern_weights_create(hf_pattern_weights *out, const hf_context *context, int32_t groups,
                                    int32_t columns, int32_t lanes, hf_error *error);
void hf_pattern_weights_free(const hf_context *context, hf_pattern_weights *of);
void hf_pattern_weigh(hf_pattern_weights *out, const hf_whatif_fleet *fleet, const hf_pattern *pattern,
                      const hf_weights *weights);
// Raw health of a row of the pattern under one lane, in the order and precision of the fleet pass. NaN where
// nothing counts.
double hf_pattern_exact(const hf_whatif_fleet *fleet, const hf_pattern *pattern, const hf_weights *weights,
                        const hf_pattern_weights *of, int32_t lane, int64_t row);

#endif
