// SPDX-License-Identifier: Apache-2.0
//
// Ranks: 1 for the most likely, ties by account id bytewise, then by row. Rows are sorted by 32 bits of their
// probability's logarithmic scale (64 octaves, 26 bits of mantissa) with a parallel least-significant-digit
// radix sort over fixed chunks (Satish, Harris and Garland 2009); runs that agree there are then settled by
// the whole probability and the id.
#include "frame/frame_room.h"
#include "score/plan.h"

#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, PASSES = 3, CHUNKS = 16 };

typedef struct {
    const hf_frame *frame;
    const double *probability;
} ranking;

// Larger probabilities give smaller keys. Positive doubles order as their bits do; below 2^-64 all are one.
static uint32_t key_of(double probability)
{
    const int64_t least = INT64_C(0x3bf0000000000000); // 2^-64
    int64_t bits;
    memcpy(&bits, &probability, sizeof bits);
    int64_t above = bits > least ? (bits - least) >> 26 : 0;
    return ~(uint32_t)(above > (int64_t)UINT32_MAX ? UINT32_MAX : above);
}

static int by_likelihood(const void *a, const void *b, void *user)
{
    const ranking *r = user;
    const uint32_t x = (uint32_t) * (const uint64_t *)a, y = (uint32_t) * (const uint64_t *)b;
    int64_t p, q;
    memcpy(&p, &r->probability[x], sizeof p);
    memcpy(&q, &r->probability[y], sizeof q);
    if (p != q) return p > q ? -1 : 1;
    const size_t width = (size_t)r->frame->id_width;
    int order = memcmp(r->frame->ids + x * width, r->frame->ids + y * width, width);
    return order ? order : (x > y) - (x < y);
}

typedef struct {
    size_t place[CHUNKS][DIGITS];
} radix_counts;

static void count_digits(radix_counts *counts, const uint64_t *from, int64_t n, int shift, int threads)
{
#pragma omp parallel for default(none) shared(counts, from, n, shift) schedule(static) num_threads(threads)
    for (int c = 0; c < CHUNKS; c++) {
        size_t *place = counts->place[c];
        memset(place, 0, sizeof counts->place[c]);
        for (int64_t i = n * c / CHUNKS; i < n * (c + 1) / CHUNKS; i++)
            place[(from[i] >> shift) & (DIGITS - 1)]++;
    }
    size_t sum = 0;
    for (int d = 0; d < DIGITS; d++) {
        for (int c = 0; c < CHUNKS; c++) {
            size_t here = counts->place[c][d];
            counts->place[c][d] = sum;
            sum += here;
        }
    }
}

// Sorts by the upper 32 bits; equal ones keep their order. The result is in `to` when PASSES is odd.
static void radix_sort(uint64_t *from, uint64_t *to, radix_counts *counts, int64_t n, int threads)
{
    for (int pass = 0; pass < PASSES; pass++) {
        const int shift = 32 + pass * DIGIT_BITS;
        count_digits(counts, from, n, shift, threads);
#pragma omp parallel for default(none) shared(counts, from, to, n, shift) schedule(static) \
    num_threads(threads)
        for (int c = 0; c < CHUNKS; c++) {
            size_t *place = counts->place[c];
            for (int64_t i = n * c / CHUNKS; i < n * (c + 1) / CHUNKS; i++)
                to[place[(from[i] >> shift) & (DIGITS - 1)]++] = from[i];
        }
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
}

// The first row from `begin` on whose key is not the one before it.
static int64_t run_start(const uint64_t *sorted, int64_t begin, int64_t n)
{
    while (begin > 0 && begin < n && sorted[begin] >> 32 == sorted[begin - 1] >> 32)
        begin++;
    return begin;
}

// Settles the runs of equal keys in [begin, end), which does not cut one.
static void settle_runs(uint64_t *sorted, int64_t begin, int64_t end, ranking *r)
{
    for (int64_t i = begin; i < end;) {
        int64_t stop = i + 1;
        bool ordered = true;
        for (; stop < end && sorted[stop] >> 32 == sorted[i] >> 32; stop++)
            ordered = ordered && by_likelihood(&sorted[stop - 1], &sorted[stop], r) <= 0;
        if (!ordered) qsort_r(sorted + i, (size_t)(stop - i), sizeof *sorted, by_likelihood, r);
        i = stop;
    }
}

static void settle(uint64_t *sorted, int64_t n, ranking *r, int threads)
{
    int64_t start[CHUNKS + 1];
    for (int c = 0; c <= CHUNKS; c++)
        start[c] = run_start(sorted, n * c / CHUNKS, n);
#pragma omp parallel for default(none) shared(sorted, start, r) schedule(dynamic) num_threads(threads)
    for (int c = 0; c < CHUNKS; c++)
        settle_runs(sorted, start[c], start[c + 1], r);
}

hf_status hf_scores_rank(hf_scores *scores, const hf_context *context, const hf_plan *plan, hf_error *error)
{
    hf_status status = HF_OK;
    const int64_t n = scores->rows;
    const int threads = hf_context_threads(context);
    const double *probability = scores->probability;
    uint64_t *keys = NULL, *sorted = NULL;
    radix_counts *counts = NULL;
    int32_t *rank = NULL;
    ranking r = {plan->frame, probability};
    if (n > INT32_MAX)
        return hf_fail(error, HF_ERROR_DATA, "%lld accounts cannot be ranked together, at most %d",
                       (long long)n, INT32_MAX);
    keys = hf_new_raw(context, (size_t)n, sizeof *keys);
    sorted = hf_new_raw(context, (size_t)n, sizeof *sorted);
    rank = hf_new_raw(context, (size_t)n, sizeof *rank);
    counts = hf_new_raw(context, 1, sizeof *counts);
    if (!keys || !sorted || !rank || !counts) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_check_cancel(context, error));
#pragma omp parallel for default(none) shared(keys, probability, n) schedule(static) num_threads(threads)
    for (int64_t i = 0; i < n; i++)
        keys[i] = (uint64_t)key_of(probability[i]) << 32 | (uint64_t)i;
    radix_sort(keys, sorted, counts, n, threads);
    settle(sorted, n, &r, threads);
#pragma omp parallel for default(none) shared(sorted, rank, n) schedule(static) num_threads(threads)
    for (int64_t i = 0; i < n; i++)
        rank[(uint32_t)sorted[i]] = (int32_t)i + 1;
    hf_delete(context, scores->rank);
    scores->rank = rank;
    rank = NULL;
done:
    hf_delete(context, keys);
    hf_delete(context, sorted);
    hf_delete(context, rank);
    hf_delete(context, counts);
    return status;
}

_Static_assert(PASSES % 2 == 1, "the sorted rows end in the second array");
