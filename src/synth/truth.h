// SPDX-License-Identifier: Apache-2.0
//
// truth.json: what the fleet was drawn from, and how well it could be predicted.
#ifndef HOLDFAST_SYNTH_TRUTH_H
#define HOLDFAST_SYNTH_TRUTH_H

#include "holdfast/synth.h"
#include "synth/signals.h"

// One as-of date: how many accounts, and how many churned in the month after. published is false for the
// last, whose churn is not in outcomes.csv.
typedef struct {
    hf_date as_of;
    bool published;
    int64_t rows, events;
    double expected_events, best_auc;
} hf_synth_month;

// The whole text of truth.json, with a final line break. months: one a month, in order; pooled: over the
// published ones.
hf_status hf_synth_truth_write(hf_text *out, const hf_synth_options *options, const hf_synth_month *months,
                               const hf_synth_month *pooled, hf_error *error);

#endif
