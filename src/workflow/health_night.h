// SPDX-License-Identifier: Apache-2.0
//
// One night of a fleet: a snapshot with its derived signals, scored by a definition and, where there is one,
// a model, with bands that remember the nights before. What `score --definition`, `explain`, `run` and
// `replay` share.
#ifndef HOLDFAST_HEALTH_NIGHT_H
#define HOLDFAST_HEALTH_NIGHT_H

#include "churn/churn_room.h"
#include "health/health_room.h"
#include "holdfast/score.h"
#include "holdfast/store.h"

typedef struct {
    hf_date as_of;      // of the snapshot to read; HF_DATE_MISSING: the newest. Not looked at with a frame.
    bool recompute;     // the nights before are scored anew, even where the store kept their scores
    bool reasons;       // also the terms that raise the probability most
    bool allow_missing; // the model may lack signals (hf_plan_options)
} hf_health_night_options;

#define HF_HEALTH_NIGHT_OPTIONS_INIT        \
    {                                       \
        HF_DATE_MISSING, false, true, false \
    }

// A model at work on the night's frame.
typedef struct {
    const hf_model *model;
    hf_model *owned; // the same, where a segment of the definition named its file
    hf_plan *plan;   // owned
} hf_night_model;

typedef struct {
    const hf_context *context;
    hf_context *quiet;               // owned
    const hf_definition *definition; // borrowed
    hf_frame *frame;                 // signals and derived signals
    hf_frame *owned;                 // the frame, where it was read from the store
    hf_snapshot_info info;           // of the snapshot that was read; zero where a frame was given
    hf_manual_overrides manual;
    hf_health_plan *plan;
    hf_health health;       // settled, with risk
    hf_frame *last;         // owned: scores frame of the as-of date before this one, NULL on the first night
    hf_frame *before;       // owned: the newest one at least trend_days old, NULL if none; may be `last`
    hf_night_model *models; // owned: the model given, then those of segments
    int32_t model_count;    // 0: no churn
    int32_t *model_of;      // owned: for each segment of the definition, its place among models
    // probability and rank; reasons are terms of the model of the account's segment. All NULL without models.
    hf_scores churn;
} hf_health_night;

// Scores a night. frame NULL: the store's snapshot of options->as_of; else the caller's frame, which has an
// as-of date, gets the derived signals added to it, and stays the caller's, who keeps it until the night is
// destroyed. store NULL (only with a frame): a fleet without a past. definition, store and model (NULL: no
// churn, unless every segment names a model) are borrowed. options NULL: the defaults.
//
// The past: derived signals read the snapshots they need. Bands, days in band and trend follow from the
// scores frames of the nights before: those the store kept, and for dates without any, the snapshots scored
// in order, in memory, by this definition and today's manual overrides; with `recompute` all of them.
//
// Errors: those of the store, hf_derive, hf_health_plan_create, hf_manual_overrides_create and
// hf_plan_create; HF_ERROR_CANCELLED. *out is untouched on failure.
hf_status hf_health_night_create(hf_health_night **out, const hf_context *context,
                                 const hf_definition *definition, const hf_store *store, hf_frame *frame,
                                 const hf_model *model, const hf_health_night_options *options,
                                 hf_error *error);
void hf_health_night_destroy(hf_health_night *night); // accepts NULL

// The model that scored a row; NULL without models.
const hf_night_model *hf_health_night_model(const hf_health_night *night, int64_t row);
// The row of an account, -1 if the night has none of that name. Cost: a pass over the ids.
int64_t hf_health_night_find(const hf_frame *frame, const char *account);
// The definition's list of manual overrides as a frame; *out stays NULL where it has none.
hf_status hf_night_overrides(hf_frame **out, const hf_context *context, const hf_definition *definition,
                             hf_error *error);
// A path as the definition file writes it, seen from where the file lies; owned by the caller.
hf_status hf_beside_definition(char **out, const hf_context *context, const hf_definition *definition,
                               const char *path, hf_error *error);

#endif
