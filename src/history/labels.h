// SPDX-License-Identifier: Apache-2.0
//
// What every way of observing shares: the fate of a row, the counts of the ledger, the stacking of what is
// kept.
#ifndef HOLDFAST_LABELS_H
#define HOLDFAST_LABELS_H

#include "history/history_room.h"

// What becomes of a row. Where several hold, the first in this order counts.
typedef enum {
    HF_FATE_CHURNED,     // the outcome had happened by t
    HF_FATE_IN_LEAD,     // it falls in (t, t + lead]
    HF_FATE_CENSORED,    // the window ends after the last day outcomes are known
    HF_FATE_NO_SNAPSHOT, // anchored: no snapshot has the account by t, or it is too old
    HF_FATE_MOVED,       // anchored: that snapshot has another date for the account
    HF_FATE_KEPT
} hf_fate;

// The fate of a row at t whose account has its first outcome at `first` (INT64_MAX: none), as far as outcomes
// decide it.
hf_fate hf_fate_of(int64_t first, hf_date t, const hf_label_options *options, hf_date known_until);
// Whether the outcome falls in the window of a row that is kept.
bool hf_is_event(int64_t first, hf_date t, const hf_label_options *options);
void hf_ledger_count(hf_ledger_row *row, hf_fate fate, bool event);
// Fills the ledger's total.
void hf_ledger_add_up(hf_ledger *ledger);
// Counts the accounts with an outcome after `earliest` that nobody has seen. seen: one an outcome.
void hf_ledger_count_unknown(hf_ledger *ledger, const hf_outcomes *outcomes, const bool *seen,
                             hf_date earliest, hf_date known_until);

hf_status hf_label_options_check(const hf_label_options *options, hf_error *error);
// The day outcomes are known until: as the options say, else the last date of the outcomes.
hf_date hf_known_until(const hf_label_options *options, const hf_outcomes *outcomes);
// The frames' places by as-of date. Two snapshots of one date would count every account twice.
hf_status hf_order_by_date(int32_t *order, hf_frame *const *frames, int32_t count, hf_error *error);
hf_status hf_fail_nothing_kept(const hf_ledger *ledger, const hf_label_options *options, hf_date known_until,
                               hf_error *error);
// Observations of the parts, one after the other. label and as_of: one a row of all of them together.
hf_status hf_observations_stack(hf_observations *out, const hf_context *context, hf_frame *const *parts,
                                int32_t count, const uint8_t *label, const hf_date *as_of, hf_error *error);

#endif
