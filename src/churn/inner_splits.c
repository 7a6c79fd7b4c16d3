// SPDX-License-Identifier: Apache-2.0
//
// Splits from folds, and from dates. By date the rows are cut where half and three quarters of them lie; what
// is too much is thinned by a hash of the account, so that an account's rows stay or go together.
#include "churn/inner_splits.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_CLASS = 30 };

void hf_splits_free(hf_splits *splits)
{
    for (int32_t k = 0; k < splits->count; k++) {
        hf_delete(splits->context, splits->splits[k].train);
        hf_delete(splits->context, splits->splits[k].valid);
    }
    splits->count = 0;
}

static hf_status fill_split(hf_split *split, const hf_context *context, const int32_t *fold, int64_t rows,
                            int32_t which, hf_error *error)
{
    for (int64_t i = 0; i < rows; i++) {
        split->valid_count += fold[i] == which;
        split->train_count += fold[i] >= 0 && fold[i] != which;
    }
    split->train = hf_new_raw(context, (size_t)split->train_count, sizeof *split->train);
    split->valid = hf_new_raw(context, (size_t)split->valid_count, sizeof *split->valid);
    if (!split->train || !split->valid) return hf_fail_memory(error);
    int64_t train = 0, valid = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (fold[i] == which)
            split->valid[valid++] = i;
        else if (fold[i] >= 0)
            split->train[train++] = i;
    }
    return HF_OK;
}

hf_status hf_splits_create(hf_splits *out, const hf_context *context, const int32_t *fold, int64_t rows,
                           int32_t folds, int32_t count, hf_error *error)
{
    hf_splits made = {.context = context};
    hf_status status = HF_OK;
    if (count > folds) count = folds;
    if (count > HF_MOST_SPLITS) count = HF_MOST_SPLITS;
    for (int32_t k = 0; k < count && status == HF_OK; k++) {
        made.count++;
        status = fill_split(&made.splits[k], context, fold, rows, k, error);
    }
    if (status != HF_OK) {
        hf_splits_free(&made);
        return status;
    }
    *out = made;
    return HF_OK;
}

static int compare_dates(const void *a, const void *b)
{
    const hf_date x = *(const hf_date *)a, y = *(const hf_date *)b;
    return (x > y) - (x < y);
}

// The last date at least gap days before `next`, and no later than `latest`.
static hf_date days_before(hf_date next, int32_t gap, hf_date latest)
{
    const int64_t until = (int64_t)next - (gap > 0 ? gap : 0);
    if (until <= HF_DATE_MISSING) return HF_DATE_MISSING; // before all dates
    return until < latest ? (hf_date)until : latest;
}

typedef struct {
    const hf_date *as_of;
    const int64_t *cluster;
    int64_t rows;
    uint64_t seed;
} dated;

static bool kept(const dated *d, int64_t row, double share)
{
    const int64_t account = d->cluster ? d->cluster[row] : row;
    return share >= 1.0 || (double)(hf_hash(&account, sizeof account, d->seed) >> 11) * 0x1p-53 < share;
}

// Rows with dates in (after, until], thinned to a share: written where out is not NULL. Returns how many.
static int64_t take_rows(int64_t *out, const dated *d, hf_date after, hf_date until, double share)
{
    int64_t n = 0;
    for (int64_t i = 0; i < d->rows; i++) {
        if (d->as_of[i] <= after || d->as_of[i] > until || !kept(d, i, share)) continue;
        if (out) out[n] = i;
        n++;
    }
    return n;
}

static bool both_classes(const int64_t *rows, int64_t count, const uint8_t *label)
{
    int64_t events = 0;
    for (int64_t i = 0; i < count; i++)
        events += label[rows[i]];
    return events >= LEAST_CLASS && count - events >= LEAST_CLASS;
}

static hf_status fill_dated(hf_split *split, const hf_context *context, const dated *d, hf_date train_until,
                            hf_date valid_after, hf_date valid_until, int64_t most, hf_error *error)
{
    const int64_t all = take_rows(NULL, d, HF_DATE_MISSING, train_until, 1.0);
    const double share = all > most ? (double)most / (double)all : 1.0;
    const int64_t judged = take_rows(NULL, d, valid_after, valid_until, 1.0);
    const double judged_share = judged > most ? (double)most / (double)judged : 1.0;
    split->train_count = take_rows(NULL, d, HF_DATE_MISSING, train_until, share);
    split->valid_count = take_rows(NULL, d, valid_after, valid_until, judged_share);
    split->train = hf_new_raw(context, (size_t)split->train_count, sizeof *split->train);
    split->valid = hf_new_raw(context, (size_t)split->valid_count, sizeof *split->valid);
    if (!split->train || !split->valid) return hf_fail_memory(error);
    take_rows(split->train, d, HF_DATE_MISSING, train_until, share);
    take_rows(split->valid, d, valid_after, valid_until, judged_share);
    return HF_OK;
}

hf_status hf_splits_by_date(hf_splits *out, bool *good, const hf_context *context, const hf_date *as_of,
                            const uint8_t *label, const int64_t *cluster, int64_t rows, int32_t gap,
                            int64_t most, uint64_t seed, hf_error *error)
{
    hf_status status = HF_OK;
    hf_splits made = {.context = context, .dated = true};
    const dated d = {as_of, cluster, rows, seed};
    *good = false;
    hf_date *sorted = hf_new_raw(context, (size_t)rows, sizeof *sorted);
    if (!sorted) return hf_fail_memory(error);
    memcpy(sorted, as_of, (size_t)rows * sizeof *sorted);
    qsort(sorted, (size_t)rows, sizeof *sorted, compare_dates);
    const hf_date half = sorted[rows / 2], three = sorted[rows * 3 / 4], last = sorted[rows - 1];
    // A quarter ends with its whole last date; the last one begins where the one before ends.
    const hf_date from[2] = {half, three < last ? three : half}, until[2] = {from[1], last};
    bool fits = sorted[0] != HF_DATE_MISSING && half > sorted[0] && from[1] > half && last > from[1];
    for (int32_t k = 0; k < 2 && fits; k++) {
        made.count++;
        hf_date next = last;
        for (int64_t i = rows - 1; i >= 0 && sorted[i] > from[k]; i--)
            next = sorted[i];
        const hf_date train_until = days_before(next, gap, from[k]);
        HF_TRY(done, fill_dated(&made.splits[k], context, &d, train_until, from[k], until[k], most, error));
        fits = both_classes(made.splits[k].train, made.splits[k].train_count, label) &&
               both_classes(made.splits[k].valid, made.splits[k].valid_count, label);
    }
    if (fits) {
        *out = made;
        made = (hf_splits){.context = context};
        *good = true;
    }
done:
    hf_splits_free(&made);
    hf_delete(context, sorted);
    return status;
}
