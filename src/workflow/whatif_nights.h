// SPDX-License-Identifier: Apache-2.0
//
// The nights that weightings are tried on: snapshots scored by a definition as they are, without the memory
// of the nights before, and what became of their accounts.
#ifndef HOLDFAST_WHATIF_NIGHTS_H
#define HOLDFAST_WHATIF_NIGHTS_H

#include "holdfast/workflow.h"
#include "report/report_room.h"
#include "whatif/whatif_room.h"
#include "workflow/night_history.h"

// A definition at work on a store.
typedef struct {
    hf_definition *definition; // owned
    hf_frame *overrides;       // owned: its manual overrides
    hf_night_history history;
} hf_whatif_scorecard;

hf_status hf_whatif_scorecard_open(hf_whatif_scorecard *out, const hf_context *context,
                                   const hf_context *quiet, const char *path, const hf_store *store,
                                   hf_error *error);
void hf_whatif_scorecard_close(hf_whatif_scorecard *scorecard);

// A snapshot scored by one of them.
typedef struct {
    const hf_context *context;
    hf_frame *frame; // owned, as the rest
    hf_manual_overrides manual;
    hf_health_plan *plan;
    hf_health health;
    double *arr; // NULL where the definition has none
} hf_whatif_scored;

// The plan borrows from *out, which stays where it is; on failure it is empty.
hf_status hf_whatif_score(hf_whatif_scored *out, const hf_whatif_scorecard *scorecard, hf_date as_of,
                          hf_error *error);
void hf_whatif_scored_free(hf_whatif_scored *scored);

// The nights, and of each account whose outcome is known a labelled row, by night.
typedef struct {
    const hf_context *context;
    hf_snapshot_info *nights; // owned, by date
    int32_t count;
    bool with_outcomes;
    hf_date known_until;
    hf_ledger ledger;
    int64_t labelled; // rows in all
    int64_t *row;     // owned: of the night's snapshot
    uint8_t *label;
    int64_t *cluster;
    hf_date *as_of;
    int64_t *first; // owned: the first labelled row of each night; count + 1
} hf_whatif_nights;

hf_status hf_whatif_nights_read(hf_whatif_nights *out, const hf_context *context,
                                const hf_whatif_weights_job *job, const hf_store *store, hf_error *error);
void hf_whatif_nights_free(hf_whatif_nights *nights);
// A label a row of night k: 0, 1 or HF_NO_LABEL. out: one a row of its snapshot.
void hf_whatif_labels(uint8_t *out, const hf_whatif_nights *nights, int32_t k);

#endif
