// SPDX-License-Identifier: Apache-2.0
//
// A file of outcomes, and the day until which it can be believed. What train, profile, init and evaluate
// share.
#ifndef HOLDFAST_OUTCOMES_FILE_H
#define HOLDFAST_OUTCOMES_FILE_H

#include "history/history_room.h"

typedef struct {
    const char *path;
    const char *id;      // the id column; "" or NULL: account_id
    const char *outcome; // NULL: "churn"
    hf_date known_until; // as the caller said; HF_DATE_MISSING: to be settled
    hf_date newest;      // the newest snapshot: it is at least that day
} hf_outcomes_source;

// Reads the outcomes. *known is the day they are known until: as said, else the last date in the file that
// can have happened; rows dated later are warned of. Errors: those of hf_csv_read and hf_outcomes_create.
hf_status hf_outcomes_read(hf_outcomes **out, hf_date *known, const hf_context *context,
                           const hf_outcomes_source *source, hf_error *error);

#endif
