// SPDX-License-Identifier: Apache-2.0
//
// Snapshots that were recorded when their outcomes were known already.
#ifndef HOLDFAST_LEAK_SNAPSHOTS_H
#define HOLDFAST_LEAK_SNAPSHOTS_H

#include "workflow/store_history.h"

typedef enum {
    HF_RECORDED_IN_TIME,
    HF_RECORDED_BACKFILL, // late, with the dates around it: history that was loaded later
    HF_RECORDED_STRAY,    // late, and not with the dates around it
} hf_recording;

// How each of `count` snapshots, by date, was recorded. A snapshot is late where more than a third of the
// window of its outcomes, and more than three days of it, had passed. Late ones are history loaded later
// where they are the oldest dates of the store, or all; they are strays where earlier dates were recorded in
// time, where the store was at work already and they are but one or two, and where they came much later than
// most of their like. recorded: HF_DATE_MISSING where it is not known. Errors: HF_ERROR_MEMORY.
hf_status hf_judge_recordings(hf_recording *out, const hf_context *context, const hf_date *as_of,
                              const hf_date *recorded, int32_t count, int32_t lead, int32_t horizon,
                              hf_error *error);

// Holds the snapshots a training takes rows from against that. Strays are HF_ERROR_DATA unless their date is
// among `allow`; history loaded later is warned of, once. allowed: a list for the model file, to which what
// was allowed is added, made where it is NULL.
hf_status hf_leak_guard_snapshots(json_t **allowed, const hf_context *context, const char *folder,
                                  const hf_store_history *history, const char *const *allow,
                                  int32_t allow_count, hf_error *error);

#endif
