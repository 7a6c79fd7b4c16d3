// SPDX-License-Identifier: Apache-2.0
//
// Rows with those of one account together.
#ifndef HOLDFAST_ACCOUNT_ORDER_H
#define HOLDFAST_ACCOUNT_ORDER_H

#include "base/base_room.h"

// order: the numbers of count rows, by their cluster and then by themselves. cluster: one a row; NULL: each
// is its own. Errors: HF_ERROR_MEMORY; order is then as it was.
hf_status hf_account_order(int64_t *order, const hf_context *context, const int64_t *cluster, int64_t count,
                           hf_error *error);

#endif
