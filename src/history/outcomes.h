// SPDX-License-Identifier: Apache-2.0
//
// Outcomes as this room keeps them.
#ifndef HOLDFAST_OUTCOMES_H
#define HOLDFAST_OUTCOMES_H

#include "history/history_room.h"

struct hf_outcomes {
    const hf_context *context;
    hf_frame *accounts; // owned: ids alone, one row an outcome; an account may repeat
    hf_date *first;     // owned: at the first row of an account, its earliest date
    bool *again;        // owned: rows of an account that has an earlier one
    hf_date last;       // of any outcome in the file
};

#endif
