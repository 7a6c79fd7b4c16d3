// SPDX-License-Identifier: Apache-2.0
//
// The nights before a night: the snapshots derived signals look back to, and the scores frames that bands
// follow from. Private to the room.
#ifndef HOLDFAST_NIGHT_HISTORY_H
#define HOLDFAST_NIGHT_HISTORY_H

#include "health/health_room.h"
#include "holdfast/store.h"

typedef struct {
    const hf_context *context;       // for progress and cancelling
    const hf_context *quiet;         // what past nights are scored with
    const hf_definition *definition; // borrowed, as the rest
    const hf_store *store;           // NULL: no past
    const hf_frame *overrides;       // the list of manual overrides, NULL if none
    hf_snapshot_info *snapshots;     // owned
    int32_t snapshot_count;
    hf_snapshot_info *scores; // owned
    int32_t score_count;
} hf_night_history;

// Lists what the store has. recompute: as if it had kept no scores.
hf_status hf_night_history_open(hf_night_history *history, bool recompute, hf_error *error);
void hf_night_history_close(hf_night_history *history);

// Adds the definition's derived signals to a frame, reading the snapshots they need.
hf_status hf_night_derive(hf_frame *frame, const hf_night_history *history, hf_error *error);

// Scores every snapshot in order, from the first, in memory, and shows each scores frame to `each`. It stops
// where `each` fails.
typedef hf_status hf_night_each(void *user, hf_frame *scores, hf_error *error);
hf_status hf_night_history_each(const hf_night_history *history, hf_night_each *each, void *user,
                                hf_error *error);

// The scores frames of the newest date before as_of and of the newest date at least trend_days before it;
// NULL where there is none. Owned by the caller; both may be one frame.
hf_status hf_night_history_scores(hf_frame **last, hf_frame **before, const hf_night_history *history,
                                  hf_date as_of, hf_error *error);

#endif
