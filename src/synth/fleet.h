// SPDX-License-Identifier: Apache-2.0
//
// The fleet, month by month: every place in it holds one account, and an account that churns is followed by
// a new one. Memory is the accounts' state and a bounded stretch of text.
#ifndef HOLDFAST_SYNTH_FLEET_H
#define HOLDFAST_SYNTH_FLEET_H

#include "synth/account.h"
#include "synth/auc_histogram.h"
#include "synth/truth.h"

typedef struct hf_fleet hf_fleet;

hf_status hf_fleet_create(hf_fleet **out, const hf_context *context, const hf_synth_options *options,
                          hf_error *error);
void hf_fleet_destroy(hf_fleet *fleet); // accepts NULL

// The as-of date of the m-th month, from 0.
hf_date hf_fleet_as_of(const hf_fleet *fleet, int32_t m);
// Writes month m's accounts into `accounts` and, unless it is the last, the events of the month after it into
// `outcomes`, by date, id and outcome. Months go in sequence.
hf_status hf_fleet_write_month(hf_synth_month *summary, hf_fleet *fleet, int32_t m, hf_output *accounts,
                               hf_output *outcomes, hf_error *error);
// The published months together.
hf_synth_month hf_fleet_pooled(const hf_fleet *fleet);

#endif
