// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong among tasks that run side by side: the first to fail says why.
#ifndef HOLDFAST_FIRST_FAILURE_H
#define HOLDFAST_FIRST_FAILURE_H

#include "base/base_room.h"

typedef struct {
    hf_status status; // HF_OK until one failed
    hf_error *error;  // borrowed: the caller's, may be NULL
} hf_first_failure;

// Whether one failed, so that no more need begin.
bool hf_failed(hf_first_failure *first);
// Takes a task's status, HF_OK too, and its error.
void hf_note_failure(hf_first_failure *first, hf_status status, const hf_error *error);

#endif
