// SPDX-License-Identifier: Apache-2.0
//
// Spearman's rank correlation of every pair of signals, over the rows where both have a value, and the groups
// that strong ones join (single linkage, Sneath 1957). Each signal is sorted once; the ranks among the rows
// of a pair follow from walking its order. Ranks are kept doubled, as whole numbers, so that sums are exact.
#include "metrics/metrics_room.h"
#include "metrics/ranking.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#define PAIR_ROWS 2.0e8 // pairs x rows that are worth their time

enum { MOST_ROWS = 50000, LEAST_ROWS = 2000, LEAST_BOTH = 10 };

typedef struct {
    int32_t signal;      // its place
    uint32_t *order;     // owned: rows with a value, by value
    bool *tied;          // owned: whether the value equals the one before in the order
    bool *present;       // owned: one a row
    int64_t *twice_rank; // owned: among its own rows; 0 where missing
    int64_t count;       // rows with a value
} sorted_signal;

// Twice the ranks, ties sharing theirs, of the signal's rows that `also` has too (NULL: all). Returns how
// many.
static int64_t rank_rows(int64_t *twice_rank, const sorted_signal *s, const bool *also)
{
    int64_t seen = 0;
    for (int64_t i = 0; i < s->count;) {
        int64_t end = i, first = seen;
        do {
            seen += !also || also[s->order[end]];
            end++;
        } while (end < s->count && s->tied[end]);
        for (; i < end; i++)
            twice_rank[s->order[i]] = first + seen + 1;
    }
    return seen;
}

static double correlate(const int64_t *a, const int64_t *b, const bool *in_a, const bool *in_b, int64_t rows,
                        int64_t both)
{
    // Twice the mean rank is both + 1; whole numbers below 2^17 keep the sums of 50,000 products exact.
    int64_t ab = 0, aa = 0, bb = 0, mean = both + 1;
    for (int64_t i = 0; i < rows; i++) {
        int64_t use = in_a[i] && in_b[i], x = (a[i] - mean) * use, y = (b[i] - mean) * use;
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    if (both < LEAST_BOTH || aa == 0 || bb == 0) return NAN;
    return (double)ab / sqrt((double)aa * (double)bb);
}

static double correlate_pair(const sorted_signal *a, const sorted_signal *b, int64_t *scratch, int64_t rows)
{
    if (a->count == rows && b->count == rows)
        return correlate(a->twice_rank, b->twice_rank, a->present, b->present, rows, rows);
    int64_t *ra = scratch, *rb = scratch + rows;
    memset(scratch, 0, 2 * (size_t)rows * sizeof *scratch);
    int64_t both = rank_rows(ra, a, b->present);
    rank_rows(rb, b, a->present);
    return correlate(ra, rb, a->present, b->present, rows, both);
}

static bool make_sorted(sorted_signal *s, const hf_context *context, size_t rows)
{
    s->order = hf_new_raw(context, rows, sizeof *s->order);
    s->tied = hf_new_raw(context, rows, sizeof *s->tied);
    s->present = hf_new_raw(context, rows, sizeof *s->present);
    s->twice_rank = hf_new(context, rows, sizeof *s->twice_rank);
    return s->order && s->tied && s->present && s->twice_rank;
}

static void sort_signal(sorted_signal *s, const hf_profile_signal *signal, int64_t rows, int64_t n,
                        uint64_t *key, uint64_t *key_scratch, uint32_t *row_scratch)
{
    for (int64_t i = 0; i < rows; i++) {
        // rows x n stays below 2^47.
        double x = hf_profile_number(signal, i * n / rows);
        s->present[i] = !isnan(x);
        if (isnan(x)) continue;
        key[s->count] = hf_sort_key(x);
        s->order[s->count++] = (uint32_t)i;
    }
    hf_radix_sort(key, s->order, key_scratch, row_scratch, s->count);
    for (int64_t i = 0; i < s->count; i++)
        s->tied[i] = i > 0 && key[i] == key[i - 1];
    rank_rows(s->twice_rank, s, NULL);
}

static hf_status correlate_all(double *rho, const hf_context *context, const sorted_signal *sorted,
                               int32_t numbers, int32_t count, int64_t rows, hf_error *error)
{
    int threads = hf_context_threads(context);
    hf_status status = HF_OK;
    int64_t *scratch = hf_new_raw(context, (size_t)threads * 2 * (size_t)rows, sizeof *scratch);
    if (!scratch) return hf_fail_memory(error);
    for (int32_t a = 1; a < numbers; a++) {
        hf_progress(context, "correlating signals", a, numbers);
        HF_TRY(done, hf_check_cancel(context, error));
        int32_t first = sorted[a].signal;
#pragma omp parallel for default(none) shared(rho, sorted, scratch, rows, count, a, first) \
    schedule(dynamic, 1) num_threads(threads)
        for (int32_t b = 0; b < a; b++) {
            int64_t *own = scratch + 2 * rows * omp_get_thread_num();
            double r = correlate_pair(&sorted[a], &sorted[b], own, rows);
            int32_t second = sorted[b].signal;
            rho[(size_t)first * (size_t)count + (size_t)second] = r;
            rho[(size_t)second * (size_t)count + (size_t)first] = r;
        }
    }
    hf_progress(context, "correlating signals", numbers, numbers);
done:
    hf_delete(context, scratch);
    return status;
}

static int64_t rows_taken(int64_t n, int32_t numbers)
{
    double pairs = (double)numbers * (numbers - 1) / 2 + 1, most = PAIR_ROWS / pairs;
    int64_t rows = most > MOST_ROWS ? MOST_ROWS : most < LEAST_ROWS ? LEAST_ROWS : (int64_t)most;
    return n < rows ? n : rows;
}

hf_status hf_profile_correlations(double *rho, const hf_context *context, const hf_profile_signal *signals,
                                  int32_t count, int64_t n, hf_error *error)
{
    int32_t numbers = 0;
    hf_status status = HF_OK;
    size_t cells = (size_t)count * (size_t)count;
    for (int32_t i = 0; i < count; i++)
        numbers += !signals[i].codes;
    int64_t rows = rows_taken(n, numbers);
    sorted_signal *sorted = hf_new(context, (size_t)numbers, sizeof *sorted);
    double *made = hf_new(context, cells, sizeof *made);
    uint64_t *key = hf_new_raw(context, 2 * (size_t)rows, sizeof *key);
    uint32_t *row_scratch = hf_new_raw(context, (size_t)rows, sizeof *row_scratch);
    bool room = sorted && made && key && row_scratch;
    for (int32_t i = 0; room && i < numbers; i++)
        room = make_sorted(&sorted[i], context, (size_t)rows);
    if (!room) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (size_t c = 0; c < cells; c++)
        made[c] = NAN;
    for (int32_t i = 0, k = 0; i < count; i++) {
        if (signals[i].codes) continue;
        sorted[k].signal = i;
        sort_signal(&sorted[k++], &signals[i], rows, n, key, key + rows, row_scratch);
        made[(size_t)i * (size_t)count + (size_t)i] = 1;
    }
    HF_TRY(done, correlate_all(made, context, sorted, numbers, count, rows, error));
    memcpy(rho, made, cells * sizeof *made);
done:
    for (int32_t i = 0; sorted && i < numbers; i++) {
        hf_delete(context, sorted[i].order);
        hf_delete(context, sorted[i].tied);
        hf_delete(context, sorted[i].present);
        hf_delete(context, sorted[i].twice_rank);
    }
    hf_delete(context, sorted);
    hf_delete(context, made);
    hf_delete(context, key);
    hf_delete(context, row_scratch);
    return status;
}

int32_t hf_profile_groups(int32_t *group, const double *rho, int32_t count, double threshold)
{
    // Each signal starts as its own; the smaller number wins along every strong pair until nothing changes.
    for (int32_t i = 0; i < count; i++)
        group[i] = i;
    for (bool changed = true; changed;) {
        changed = false;
        for (int32_t i = 0; i < count; i++)
            for (int32_t j = 0; j < count; j++) {
                if (!(fabs(rho[(size_t)i * (size_t)count + (size_t)j]) >= threshold)) continue;
                if (group[j] >= group[i]) continue;
                group[i] = group[j];
                changed = true;
            }
    }
    // Renumber: a group's number is its first member so far. A first member by itself is no group.
    int32_t groups = 0;
    for (int32_t i = 0; i < count; i++) {
        if (group[i] != i) continue;
        int32_t members = 0;
        for (int32_t j = i; j < count; j++)
            members += group[j] == i;
        int32_t number = members > 1 ? groups++ : -1;
        for (int32_t j = count - 1; j >= i; j--)
            if (group[j] == i) group[j] = -2 - number;
    }
    for (int32_t i = 0; i < count; i++)
        group[i] = -2 - group[i];
    return groups;
}
