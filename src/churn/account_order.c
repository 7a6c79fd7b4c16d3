// SPDX-License-Identifier: Apache-2.0
//
// A sort of (cluster, row) pairs: no two are equal, so that the order does not depend on the sort.
#include "churn/account_order.h"

#include <stdlib.h>

typedef struct {
    int64_t cluster, row;
} member;

static int compare_members(const void *a, const void *b)
{
    const member *x = a, *y = b;
    if (x->cluster != y->cluster) return x->cluster < y->cluster ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

hf_status hf_account_order(int64_t *order, const hf_context *context, const int64_t *cluster, int64_t count,
                           hf_error *error)
{
    if (!cluster) {
        for (int64_t i = 0; i < count; i++)
            order[i] = i;
        return HF_OK;
    }
    member *sorted = hf_new_raw(context, (size_t)count, sizeof *sorted);
    if (!sorted) return hf_fail_memory(error);
    for (int64_t i = 0; i < count; i++)
        sorted[i] = (member){cluster[i], i};
    qsort(sorted, (size_t)count, sizeof *sorted, compare_members);
    for (int64_t i = 0; i < count; i++)
        order[i] = sorted[i].row;
    hf_delete(context, sorted);
    return HF_OK;
}
