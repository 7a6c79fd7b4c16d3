// SPDX-License-Identifier: Apache-2.0
//
// Both scores of a fleet as files: health by a scorecard and, where there is a model, churn.
#ifndef HOLDFAST_SCORE_ROOM_H
#define HOLDFAST_SCORE_ROOM_H

#include "health/health_room.h"
#include "holdfast/score.h"

// What is written. All is borrowed. Of `health`, what hf_health_settle and hf_health_risk fill may be NULL;
// its columns are then empty and the band is the raw one.
typedef struct {
    const hf_health_plan *plan;
    const hf_health *health;
    const hf_scores *churn; // ranked; NULL: no model
    // The model's plan; or several, and for each segment of the definition the place of its own.
    const hf_plan *const *churn_plans;
    int32_t churn_plan_count;
    const int32_t *churn_plan_of; // NULL: the first for all
} hf_fleet_scores;

// Writes account_id, churn_probability, rank, reason_1 to reason_3 (these five only with a model), health,
// band, band_raw, coverage, days_in_band, trend, arr, arr_at_risk, cadence, lost_1 to lost_3 (what lost most
// points, in words: "csat 3, -6.4"), path_to_green (the fewest changes that reach the best band; empty for
// accounts that are there or have no health). What is not known is empty in CSV and null in JSON. top 0:
// every account in the frame's order; else the first `top` by rank, or without a model by health, lowest
// first. The bytes do not depend on threads. Errors: as hf_scores_write.
hf_status hf_health_scores_write(const hf_context *context, const hf_fleet_scores *scores, const char *path,
                                 hf_score_format format, int64_t top, bool overwrite, hf_error *error);

// ---- what changed --------------------------------------------------------------------------------------------

typedef enum { HF_CHANGE_NONE, HF_CHANGE_NEW, HF_CHANGE_CHANGED } hf_change;

// The accounts that differ from the last night: new ones, and those whose band, review cadence, health in
// whole points or churn probability in whole percents is another.
typedef struct {
    uint8_t *mark; // owned: hf_change, one a row
    int64_t new_count, changed;
    const hf_frame *last; // borrowed: the last night's scores frame; NULL: there is none, all are new
    int64_t *gone;        // owned: rows of last whose account is no more
    int64_t gone_count;
    int64_t into_worst, out_of_worst; // accounts in both whose band went into, out of the lowest one
    double into_worst_arr, out_of_worst_arr;
    int64_t better, worse; // accounts whose band rose, fell, among those whose band was known in both
    // Accounts that an earlier revision of this night told of, which are neither in the last night nor in
    // this one: borrowed frame, owned rows.
    const hf_frame *revised;
    int64_t *revised_gone;
    int64_t revised_gone_count;
} hf_fleet_changes;

hf_status hf_fleet_changes_create(hf_fleet_changes *out, const hf_context *context,
                                  const hf_fleet_scores *scores, const hf_frame *last, hf_error *error);
// Adds what a revision of the same night that this one takes the place of had told otherwise, so that whoever
// applied its changes and applies these ends with this revision. revised: its scores frame.
hf_status hf_fleet_changes_revise(hf_fleet_changes *changes, const hf_context *context,
                                  const hf_fleet_scores *scores, const hf_frame *revised, hf_error *error);
void hf_fleet_changes_free(const hf_context *context, hf_fleet_changes *changes);

// Writes the CSV of all accounts to `full` and that of the changed ones to `changed`, with the same columns
// and a last one, `change` (new, changed, gone; of a gone account only its id is told). Both stay open.
hf_status hf_health_scores_publish(const hf_context *context, const hf_fleet_scores *scores,
                                   const hf_fleet_changes *changes, hf_output *full, hf_output *changed,
                                   hf_error *error);

#endif
