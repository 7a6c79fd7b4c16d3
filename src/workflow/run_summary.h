// SPDX-License-Identifier: Apache-2.0
//
// A night counted, for its report.
#ifndef HOLDFAST_RUN_SUMMARY_H
#define HOLDFAST_RUN_SUMMARY_H

#include "report/report_room.h"
#include "score/score_room.h"

// Fills what the scores say; the bands are owned by the caller (hf_delete). last: the scores frame of the
// last run, NULL if none.
hf_status hf_run_summary_fill(hf_run_summary *out, hf_run_band **bands, const hf_context *context,
                              const hf_fleet_scores *scores, const hf_fleet_changes *changes,
                              const hf_frame *last, hf_error *error);

#endif
