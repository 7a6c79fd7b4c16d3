// SPDX-License-Identifier: Apache-2.0
//
// Stratified folds of whole accounts. Clusters with an event come first, then those without; within each the
// order is that of a seeded hash of the account's id, and folds are dealt round and round. A hash instead of
// a shuffle, so that the same accounts meet in a fold however the table is sorted.
#include "churn/inner_folds.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    int64_t cluster;
    int64_t row; // place among the training rows
} member;

typedef struct {
    uint64_t key;
    int64_t first; // the cluster's members, in members
    int64_t size;
    bool has_event;
} group;

static int by_cluster(const void *a, const void *b)
{
    const member *x = a, *y = b;
    if (x->cluster != y->cluster) return x->cluster < y->cluster ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int by_stratum_and_key(const void *a, const void *b)
{
    const group *x = a, *y = b;
    if (x->has_event != y->has_event) return x->has_event ? -1 : 1;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static int64_t form_groups(group *groups, const member *members, int64_t count, const hf_frame *frame,
                           const int64_t *rows, const uint8_t *label, uint64_t seed)
{
    int64_t n = 0;
    for (int64_t i = 0; i < count; i++) {
        size_t length;
        const char *id = hf_frame_id(frame, rows[members[i].row], &length);
        uint64_t key = hf_hash(id, length, seed);
        if (i == 0 || members[i].cluster != members[i - 1].cluster) groups[n++] = (group){key, i, 0, false};
        group *g = &groups[n - 1];
        if (key < g->key) g->key = key;
        if (label[members[i].row]) g->has_event = true;
        g->size++;
    }
    return n;
}

// The first `share` of each stratum go round; the groups are sorted by stratum.
static void deal(int32_t *fold, const group *groups, int64_t count, const member *members, int32_t folds,
                 double share)
{
    int64_t events = 0, dealt = 0;
    while (events < count && groups[events].has_event)
        events++;
    for (int64_t g = 0; g < count; g++) {
        int64_t begin = g < events ? 0 : events, size = g < events ? events : count - events;
        bool taken = (double)(g - begin) < ceil(share * (double)size);
        for (int64_t m = groups[g].first; m < groups[g].first + groups[g].size; m++)
            fold[members[m].row] = taken ? (int32_t)(dealt % folds) : -1;
        dealt += taken;
    }
}

static hf_status check_complements(const int32_t *fold, const hf_context *context, int64_t count,
                                   const uint8_t *label, int32_t folds, hf_error *error)
{
    hf_status status = HF_OK;
    int64_t events = 0, dealt = 0;
    int64_t *in_fold = hf_new(context, (size_t)folds * 2, sizeof *in_fold); // rows and events of each
    if (!in_fold) return hf_fail_memory(error);
    for (int64_t i = 0; i < count; i++) {
        if (fold[i] < 0) continue;
        dealt++;
        in_fold[2 * fold[i]]++;
        in_fold[2 * fold[i] + 1] += label[i];
        events += label[i];
    }
    for (int32_t k = 0; k < folds && status == HF_OK; k++) {
        int64_t rows = in_fold[2 * k], in = in_fold[2 * k + 1];
        bool one_class = events == in || dealt - events == rows - in;
        if (rows == 0 || one_class)
            status = hf_fail(error, HF_ERROR_TOO_LITTLE,
                             "the %lld rows with the outcome and the %lld without belong to too few accounts "
                             "for %d folds; use fewer folds, say C with --c, or train on more accounts",
                             (long long)events, (long long)(dealt - events), folds);
    }
    hf_delete(context, in_fold);
    return status;
}

hf_status hf_inner_folds(int32_t *fold, const hf_context *context, const hf_frame *frame, const int64_t *rows,
                         int64_t count, const uint8_t *label, const int64_t *cluster, int32_t folds,
                         double share, uint64_t seed, hf_error *error)
{
    hf_status status;
    member *members = hf_new_raw(context, (size_t)count, sizeof *members);
    group *groups = hf_new_raw(context, (size_t)count, sizeof *groups);
    if (!members || !groups) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < count; i++)
        members[i] = (member){cluster ? cluster[i] : i, i};
    if (cluster) qsort(members, (size_t)count, sizeof *members, by_cluster);
    int64_t group_count = form_groups(groups, members, count, frame, rows, label, seed);
    qsort(groups, (size_t)group_count, sizeof *groups, by_stratum_and_key);
    deal(fold, groups, group_count, members, folds, share);
    HF_TRY(done, check_complements(fold, context, count, label, folds, error));
done:
    hf_delete(context, members);
    hf_delete(context, groups);
    return status;
}
