// SPDX-License-Identifier: Apache-2.0
//
// A fleet scored before and after a scenario, by the paths that score it at night. Bands are those of the
// health itself, without the memory of the nights before. Private to the room.
#ifndef HOLDFAST_SCENARIO_SIDES_H
#define HOLDFAST_SCENARIO_SIDES_H

#include "holdfast/workflow.h"
#include "workflow/health_night.h"

typedef struct {
    const hf_context *context;
    hf_frame *frame;        // owned: signals and derived signals
    hf_health_night *night; // owned; not settled, without risk; NULL without a definition
    hf_plan *plan;          // owned: of the model alone, NULL with a definition
    hf_scores scores;       // owned: likewise
    const hf_scores *churn; // ranked; NULL without a model
    double *arr;            // owned: one a row, NaN where unknown; NULL where there is none
    const char *unit;       // of the ARR, "" if unknown
} hf_scenario_side;

// What both sides are scored by.
typedef struct {
    const hf_whatif_scenario_job *job;
    hf_definition *definition; // owned; NULL: none
    hf_model *model;           // owned; NULL: none
    hf_store *store;           // owned; NULL: a file
    hf_context *quiet;         // owned: what the first side's scoring said is not said again
    hf_snapshot_info info;     // of the snapshot read; zero of a file
} hf_scenario_ground;

hf_status hf_scenario_ground_open(hf_scenario_ground *out, const hf_context *context,
                                  const hf_whatif_scenario_job *job, hf_error *error);
void hf_scenario_ground_close(hf_scenario_ground *ground);

// The frame the job names, without derived signals; fills the ground's info.
hf_status hf_scenario_read(hf_frame **out, const hf_context *context, hf_scenario_ground *ground,
                           hf_error *error);
// Derives and scores. The frame is the side's from now on, whether it succeeds or not.
hf_status hf_scenario_score(hf_scenario_side *out, const hf_context *context,
                            const hf_scenario_ground *ground, hf_frame *frame, hf_error *error);
void hf_scenario_side_free(hf_scenario_side *side); // accepts zeroed ones

// The model and plan that scored a row; false without.
bool hf_scenario_plan_of(const hf_plan **plan, const hf_model **model, const hf_scenario_ground *ground,
                         const hf_scenario_side *side, int64_t row);

#endif
