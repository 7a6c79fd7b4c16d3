// SPDX-License-Identifier: Apache-2.0
//
// Two partitions of rows to the finest that is coarser than both: rows that share a number in either share
// one. Connected components by union-find (Tarjan 1975).
#include "metrics/metrics_room.h"

static int64_t root_of(int64_t *root, int64_t i)
{
    while (root[i] != i)
        i = root[i] = root[root[i]];
    return i;
}

static void join(int64_t *root, int64_t a, int64_t b)
{
    a = root_of(root, a);
    b = root_of(root, b);
    root[a > b ? a : b] = a < b ? a : b;
}

static int64_t greatest(const int64_t *part, int64_t n)
{
    int64_t most = -1;
    for (int64_t i = 0; i < n; i++)
        if (part[i] > most) most = part[i];
    return most;
}

hf_status hf_join_groups(int64_t *group, const hf_context *context, const int64_t *a, const int64_t *b,
                         int64_t n, hf_error *error)
{
    const int64_t most_a = greatest(a, n), most_b = greatest(b, n), most = most_a > most_b ? most_a : most_b;
    hf_status status = HF_OK;
    int64_t *first = hf_new_raw(context, (size_t)(most > n ? most : n) + 1, sizeof *first);
    int64_t *root = hf_new_raw(context, (size_t)n, sizeof *root);
    if (!first || !root) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < n; i++)
        root[i] = i;
    for (int pass = 0; pass < 2; pass++) {
        const int64_t *part = pass == 0 ? a : b;
        for (int64_t c = 0; c <= most; c++)
            first[c] = -1;
        for (int64_t i = 0; i < n; i++) {
            if (first[part[i]] < 0)
                first[part[i]] = i;
            else
                join(root, first[part[i]], i);
        }
    }
    int64_t next = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t r = root_of(root, i);
        if (r == i) first[i] = next++;
        group[i] = first[r];
    }
done:
    hf_delete(context, first);
    hf_delete(context, root);
    return status;
}
