// SPDX-License-Identifier: Apache-2.0
//
// What happened to accounts and when: outcomes, and the labels they give to snapshots. A snapshot at t is
// labelled 1 if a churn falls in (t + lead, t + lead + horizon].
#ifndef HOLDFAST_HISTORY_ROOM_H
#define HOLDFAST_HISTORY_ROOM_H

#include "frame/frame_room.h"

#include <jansson.h>

typedef struct hf_outcomes hf_outcomes;

// From a frame with ids and the columns `date` (dates) and `outcome` (category), as outcomes.csv has them
// (an account may stand in several rows). Errors: HF_ERROR_DATA naming a missing column, a missing date, or
// no row of the outcome (with the outcomes there are and the nearest).
hf_status hf_outcomes_create(hf_outcomes **out, const hf_context *context, const hf_frame *frame,
                             const char *outcome, hf_error *error);
void hf_outcomes_destroy(hf_outcomes *outcomes); // accepts NULL
// The last date of any outcome in the file: outcomes are taken as known up to it.
hf_date hf_outcomes_last(const hf_outcomes *outcomes);

typedef struct {
    int32_t lead, horizon; // days; horizon at least 1
    hf_date known_until;   // HF_DATE_MISSING: hf_outcomes_last
} hf_label_options;

// One as-of date of the ledger. Of several reasons to drop a row the first counts: churned, in the lead,
// censored, no snapshot, moved. An account that comes back after its outcome stays dropped as churned: a
// store may go on listing accounts that left, and the two cannot be told apart.
typedef struct {
    hf_date as_of;
    int64_t rows, kept, events;
    int64_t churned;  // dropped: the outcome had happened by t
    int64_t in_lead;  // dropped: it falls in (t, t + lead]
    int64_t censored; // dropped: t + lead + horizon is after the last date outcomes are known
    // Of anchored observations alone, whose as_of is the first day of t's month:
    int64_t no_snapshot; // dropped: no snapshot has the account by t, or it is too old by then
    int64_t moved;       // dropped: that snapshot has another date for the account, or none
} hf_ledger_row;

typedef struct {
    hf_ledger_row *rows; // owned, by as-of date
    int32_t count;
    hf_ledger_row total; // as_of HF_DATE_MISSING
    // Accounts whose first outcome falls after the earliest as-of date, up to the last day outcomes are known
    // (those before are rightly gone), and how many of them no frame has: ids written otherwise, most often.
    int64_t outcome_accounts, unknown_accounts;
    char unknown_example[HF_ID_LIMIT + 1]; // one of them, "" if none
    bool anchored;
    int64_t ahead;  // anchored: dates later than any snapshot can be used for; not among the rows
    int64_t on_day; // anchored: rows dropped whose outcome fell on the signal's date itself
} hf_ledger;

void hf_ledger_free(const hf_context *context, hf_ledger *ledger);
json_t *hf_ledger_to_json(const hf_ledger *ledger); // new reference, NULL when out of memory

// Rows to learn from: several snapshots, one after the other.
typedef struct {
    hf_frame *frame;  // owned: the rows kept
    uint8_t *label;   // owned, one a row
    int64_t *cluster; // owned, one a row: rows of one account share a number, from 0
    hf_date *as_of;   // owned, one a row
} hf_observations;

void hf_observations_free(const hf_context *context, hf_observations *observations);

// Labels the frames (each with an as-of date), drops what cannot be labelled and stacks the rest. Frames stay
// the caller's.
hf_status hf_observe(hf_observations *out, hf_ledger *ledger, const hf_context *context,
                     hf_frame *const *frames, int32_t count, const hf_outcomes *outcomes,
                     const hf_label_options *options, hf_error *error);

// Observations anchored to a date signal of the accounts, such as their renewal.
typedef struct {
    const char *signal;
    int32_t shift;       // days added to the signal's date
    int32_t most_age;    // days from the snapshot a row is taken from to t, at most
    hf_date from, until; // rows whose t is outside are not counted; HF_DATE_MISSING: open
} hf_anchor_options;

// For every account and each date d that its signal has in any of the frames, one row at
// t = d + shift - lead, so that its window begins the day after d + shift. Its values are those of the newest
// frame at or before t that has the account; where that frame is older than most_age days or has another date
// for the account by then, the row is dropped, so that a row is what a person would have seen on the day.
// Rows come by snapshot. Errors: also HF_ERROR_DATA where no frame has the signal, or one that is no date.
hf_status hf_observe_anchored(hf_observations *out, hf_ledger *ledger, const hf_context *context,
                              hf_frame *const *frames, int32_t count, const hf_outcomes *outcomes,
                              const hf_label_options *options, const hf_anchor_options *anchor,
                              hf_error *error);

// Cluster numbers for the rows of a frame: equal ids share one, from 0 by first appearance.
hf_status hf_cluster_by_id(int64_t *out, const hf_frame *frame, hf_error *error);

#endif
