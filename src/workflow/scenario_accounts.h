// SPDX-License-Identifier: Apache-2.0
//
// Accounts of a scenario explained: what was changed, and the parts of what came of it. Private to the room.
#ifndef HOLDFAST_SCENARIO_ACCOUNTS_H
#define HOLDFAST_SCENARIO_ACCOUNTS_H

#include "workflow/scenario_count.h"

// One a row of `rows`; free with hf_scenario_accounts_free.
hf_status hf_scenario_accounts_explain(hf_scenario_account **out, const hf_context *context,
                                       const hf_scenario_ground *ground, const hf_scenario_side side[2],
                                       const hf_scenario_changes *changes, const int64_t *rows, int32_t count,
                                       hf_error *error);
void hf_scenario_accounts_free(const hf_context *context, hf_scenario_account *accounts, int32_t count);

#endif
