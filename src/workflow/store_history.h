// SPDX-License-Identifier: Apache-2.0
//
// What a store's snapshots and a file of outcomes give to learn from and to be judged on. Shared by the verbs
// that train or evaluate on a store.
#ifndef HOLDFAST_STORE_HISTORY_H
#define HOLDFAST_STORE_HISTORY_H

#include "history/history_room.h"
#include "holdfast/workflow.h"

typedef struct {
    const char *store, *outcomes, *outcome; // outcome NULL: "churn"
    hf_label_options label;                 // known_until as the caller said
    const hf_observation_options *options;  // NULL: the defaults
} hf_history_source;

typedef struct {
    const hf_context *context;
    hf_observation_options options;
    hf_frame **frames; // owned, by date: those to be pooled; anchored: all up to the last date
    int32_t count;
    int32_t stored;         // snapshots in the store
    hf_outcomes *outcomes;  // owned
    hf_label_options label; // known_until settled
    const char *outcome;    // its name
} hf_store_history;

// Errors: HF_ERROR_USAGE for options that contradict each other; HF_ERROR_DATA where the store holds no
// snapshot, or none of the dates asked for; those of the store and of hf_outcomes_read.
hf_status hf_store_history_read(hf_store_history *out, const hf_context *context,
                                const hf_history_source *source, hf_error *error);
void hf_store_history_free(hf_store_history *history);

// The rows whose t is in [from, until] (HF_DATE_MISSING: open), labelled by what is known at known_until. No
// snapshot after `until` takes part, in the rows, their columns or the ledger.
hf_status hf_store_history_observe(hf_observations *out, hf_ledger *ledger, const hf_store_history *history,
                                   hf_date from, hf_date until, hf_date known_until, hf_error *error);

// What was pooled and until when outcomes are known, for people.
void hf_store_history_tell(hf_text *text, const hf_store_history *history, bool said_known_until);

// Outcomes of accounts the store does not have label nothing: a few are warned of, most of them are an error.
// Where not all dates were observed (all_dates false), only all of them are. Warns too where many rows are
// dropped for an outcome on the anchored date itself.
hf_status hf_store_history_warn(const hf_store_history *history, const hf_history_source *source,
                                const hf_ledger *ledger, bool all_dates, hf_error *error);

// What labelled the rows, as the model's record keeps it: outcome, lead, horizon, known_until. New reference;
// NULL when out of memory.
json_t *hf_store_history_json(const hf_store_history *history);

#endif
