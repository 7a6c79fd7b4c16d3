// SPDX-License-Identifier: Apache-2.0
//
// Parent roll-up, for the files of this room only.
#ifndef HOLDFAST_HEALTH_ROLLUP_H
#define HOLDFAST_HEALTH_ROLLUP_H

#include "definition/definition_room.h"

// Fills out (one a row): the health of the account's parent, rolled up over the accounts that name the same
// parent and have a health; NaN where the account names none or none of them has. By ARR, accounts without
// (or without a positive one) do not count; where no account of the parent has any, it is the mean. Errors:
// HF_ERROR_DATA where the parent signal is missing or a date.
hf_status hf_health_rollup(double *out, const hf_context *context, const hf_definition *definition,
                           const hf_frame *frame, const double *health, const double *arr, hf_error *error);

#endif
