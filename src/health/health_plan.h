// SPDX-License-Identifier: Apache-2.0
//
// A plan as its own room sees it: a definition bound to a frame's columns, its weights normalised, and the
// pieces that explanation, moves and paths share.
#ifndef HOLDFAST_HEALTH_PLAN_H
#define HOLDFAST_HEALTH_PLAN_H

#include "health/health_room.h"

// The observed values of a percentile measure, segment by segment, each ascending.
typedef struct {
    double *values; // owned; NULL: the measure is no percentile
    int64_t *first; // owned: segments + 1 places in values
    float *rank;    // owned: one a row, 0 to 100; NaN where missing
} hf_percentile;

typedef struct {
    const hf_column *column;   // NULL: every row is missing
    const hf_column *dated;    // the date it was observed on; NULL: it has none
    hf_date stale_before;      // an earlier date is stale, and so is a missing one; HF_DATE_MISSING: never
    bool all_stale;            // no row has a date
    double missing_score;      // the score of a missing or stale value; NaN where it has none
    hf_percentile percentile;  // in place of curves
    int32_t curve_count;       // distinct curves, over the segments
    hf_term *terms;            // owned array: copies of the curves' heads, which own nothing
    hf_compiled_term **curves; // owned
    bool *slow;                // owned: one a curve: f32 is not fine enough
    int32_t *curve_of;         // owned: the curve of each segment
    bool same_weight;          // in all segments
} hf_plan_measure;

// A manual override in force.
typedef struct {
    int64_t row;
    int32_t place; // among the manual ones
} hf_manual_place;

struct hf_health_plan {
    const hf_context *context;
    const hf_definition *definition;   // borrowed
    const hf_frame *frame;             // borrowed
    const hf_manual_overrides *manual; // borrowed; may be NULL
    hf_manual_place *in_force;         // owned: by row, then in the file's order
    int32_t in_force_count;
    hf_plan_measure *measures;          // owned
    int32_t *segment;                   // owned: each row's
    hf_bound_condition **segment_when;  // owned: one a segment, NULL for the default
    hf_bound_condition **override_when; // owned
    // By segment, then by group or measure. Shares are 0 to 1.
    double *group_share; // owned: group weight / sum of the weights of groups that have a measure with weight
    double *nominal;     // owned: group_share x measure weight / sum of the group's
    double *weight;      // owned: measure weight / the largest of the group in any segment
    double *group_total; // owned: sum of the group's `weight`
};

// ---- one measure of one account, in double --------------------------------------------------------------------

hf_measure_state hf_health_state(const hf_health_plan *plan, int32_t measure, int64_t row);
// The signal's value: NaN where missing, and for a category; its level: NULL where missing, and for numbers.
double hf_health_number(const hf_health_plan *plan, int32_t measure, int64_t row);
const char *hf_health_level(const hf_health_plan *plan, int32_t measure, int64_t row);
// The score of an observed value in a segment, 0 to 100; a value of no account too. level: of a category,
// else NULL. Percentiles are taken among the segment's accounts of the plan's frame (NaN where it has none).
double hf_health_score_of(const hf_health_plan *plan, int32_t segment, int32_t measure, double number,
                          const char *level);
// The row's own q with its state: its policy's score where it is not observed, NaN for none.
double hf_health_score(const hf_health_plan *plan, int32_t measure, int64_t row, hf_measure_state *state);

// ---- one account, in double -----------------------------------------------------------------------------------

// Steps 3, 5 and 6: raw health from scores (one a measure, NaN: none) by the segment's weights. effective:
// one a measure, filled; *unassigned likewise. No allocation.
double hf_health_combine(const hf_health_plan *plan, int32_t segment, const double *score, double *effective,
                         double *unassigned);
int32_t hf_health_most_overrides(const hf_health_plan *plan, int64_t row);
// One override upon health. NaN is only ever set.
double hf_health_act(double health, hf_override_action action, double value);
// Where the manual overrides in force of a row, or of those after it, begin in the plan's list.
int32_t hf_health_first_in_force(const hf_health_plan *plan, int64_t row);
// Step 8: of a health with a coverage; -1: unknown.
int8_t hf_health_band(const hf_health_plan *plan, int32_t segment, double health, double coverage);

// ---- parts of making a plan -----------------------------------------------------------------------------------

// Sorts the observed values of a measure by segment and ranks every row.
hf_status hf_percentile_create(hf_percentile *out, const hf_health_plan *plan, int32_t measure,
                               hf_error *error);
void hf_percentile_free(const hf_context *context, hf_percentile *percentile);
// The rank of a number among a segment's accounts, 0 to 100, turned where higher is bad; NaN without
// accounts.
double hf_percentile_of(const hf_percentile *percentile, int32_t segment, double number,
                        hf_direction direction);
// One error for everything that keeps the definition from the frame's columns.
hf_status hf_health_check_columns(const hf_context *context, const hf_definition *definition,
                                  const hf_frame *frame, hf_error *error);

#endif
