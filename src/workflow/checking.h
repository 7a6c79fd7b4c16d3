// SPDX-License-Identifier: Apache-2.0
//
// A definition and data under check, and what is found. Each part of the check adds its findings to one list.
#ifndef HOLDFAST_CHECKING_H
#define HOLDFAST_CHECKING_H

#include "health/health_room.h"
#include "report/report_room.h"

typedef struct {
    const hf_context *context;
    const hf_definition *definition;
    const hf_frame *frame; // tonight, with derived signals once they stand
    const hf_frame *last;  // the snapshot before, with what of the derived signals it can have; NULL: none
    hf_finding *findings;  // owned
    int32_t count, capacity;
    bool failed;                 // memory ran out
    hf_signal_coverage *signals; // owned
    int32_t signal_count;
    double coverage, under_coverage;
} hf_checking;

void hf_checking_free(hf_checking *checking);

// Adds a finding; line 0: it is about the data. The next call says what to do about it.
void hf_found(hf_checking *c, hf_finding_level level, int32_t line, const char *place, const char *remedy,
              const char *format, ...) HF_PRINTF(6, 7);
bool hf_found_errors(const hf_checking *c);
// The nearest of the frame's columns, NULL where none is near.
const char *hf_checking_nearest(hf_checking *c, const char *signal);

// Whether the data has every signal the definition names, of a kind that serves. Before deriving: the columns
// derived signals come from; after it: those of measures, conditions and settings.
void hf_check_derived(hf_checking *c);
void hf_check_signals(hf_checking *c);
// The data by itself and against the last snapshot: duplicate ids, dates that cannot be, units that jumped,
// feeds that are late or half empty.
hf_status hf_check_data(hf_checking *c, hf_error *error);
// What scoring makes of it: coverage, segments and overrides nothing reaches, measures that say nothing.
hf_status hf_check_scores(hf_checking *c, hf_error *error);

#endif
