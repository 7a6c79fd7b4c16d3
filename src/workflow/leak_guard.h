// SPDX-License-Identifier: Apache-2.0
//
// The leakage guard of the verbs that train: what looks as if it had been recorded after the outcome, or as
// if the same customer stood in the rows twice.
#ifndef HOLDFAST_LEAK_GUARD_H
#define HOLDFAST_LEAK_GUARD_H

#include "frame/frame_room.h"

#include <jansson.h>

typedef struct {
    const hf_frame *frame;
    const uint8_t *label;     // one a row of the frame; above 1: the row does not take part
    const char *place;        // the table or store, for messages
    bool store;               // it is a store: columns cannot be left out by --ignore
    bool stop;                // what is accused is an error; else a warning
    const char *const *allow; // columns, and dates of snapshots, that are known to be fine
    int32_t allow_count;
} hf_leak_watch;

// Looks at every column by itself. allowed: a list for the model file, to which the columns that were accused
// and are allowed are added, each {signal, finding}; made where it is NULL and there are any. May be NULL.
// Errors: HF_ERROR_DATA naming every accused column, or one of `allow` that is not there.
hf_status hf_leak_guard_columns(json_t **allowed, const hf_context *context, const hf_leak_watch *watch,
                                hf_error *error);

// What a column's name says by itself: it sounds as if it were recorded after the outcome.
bool hf_leak_name(const char *name);

#endif
