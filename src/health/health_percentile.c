// SPDX-License-Identifier: Apache-2.0
//
// Percentile measures: a value's rank among the observed values of its segment, ties in the middle. The
// values are sorted once when the plan is made (a radix sort by bytes, segment by segment), and every rank is
// then two binary searches, for the fleet's own values and for any other.
#include "health/health_plan.h"

#include <math.h>
#include <string.h>

// Doubles as unsigned integers in the same order. A negative zero is a zero.
static uint64_t key_of(double x)
{
    uint64_t bits;
    if (x == 0) x = 0;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double value_of(uint64_t key)
{
    const uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// Least significant byte first; a byte that all keys share is skipped. The result is in *keys; the two arrays
// may have changed places.
static void sort_keys(uint64_t **keys, uint64_t **other, int64_t n)
{
    for (int shift = 0; shift < 64; shift += 8) {
        int64_t count[256] = {0}, at = 0;
        for (int64_t i = 0; i < n; i++)
            count[((*keys)[i] >> shift) & 255]++;
        if (n == 0 || count[((*keys)[0] >> shift) & 255] == n) continue;
        for (int b = 0; b < 256; b++) {
            const int64_t here = count[b];
            count[b] = at;
            at += here;
        }
        for (int64_t i = 0; i < n; i++)
            (*other)[count[((*keys)[i] >> shift) & 255]++] = (*keys)[i];
        uint64_t *sorted = *other;
        *other = *keys;
        *keys = sorted;
    }
}

// The number of values below x, or at most x, in an ascending list.
static int64_t count_below(const double *values, int64_t n, double x, bool or_equal)
{
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (values[middle] < x || (or_equal && values[middle] == x))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double hf_percentile_of(const hf_percentile *percentile, int32_t segment, double number,
                        hf_direction direction)
{
    const double *values = percentile->values + percentile->first[segment];
    const int64_t n = percentile->first[segment + 1] - percentile->first[segment];
    if (n == 0 || isnan(number)) return NAN;
    const int64_t less = count_below(values, n, number, false);
    const int64_t equal = count_below(values, n, number, true) - less;
    const int64_t doubled = 2 * less + equal;
    return 50.0 * (double)(direction == HF_DIRECTION_HIGHER_BAD ? 2 * n - doubled : doubled) / (double)n;
}

// Every segment's observed values into a stretch of its own, as keys.
static void gather(uint64_t *keys, hf_percentile *out, const hf_health_plan *plan, int32_t measure)
{
    const int32_t segments = plan->definition->segment_count;
    const int64_t rows = plan->frame->rows;
    for (int64_t i = 0; i < rows; i++)
        if (hf_health_state(plan, measure, i) == HF_STATE_OBSERVED) out->first[plan->segment[i] + 1]++;
    for (int32_t s = 0; s < segments; s++)
        out->first[s + 1] += out->first[s];
    for (int64_t i = 0; i < rows; i++) // first[s] runs to the end of its stretch
        if (hf_health_state(plan, measure, i) == HF_STATE_OBSERVED)
            keys[out->first[plan->segment[i]]++] = key_of(hf_health_number(plan, measure, i));
    for (int32_t s = segments; s > 0; s--)
        out->first[s] = out->first[s - 1];
    out->first[0] = 0;
}

static void sort_segments(double *values, uint64_t *keys, uint64_t *other, const int64_t *first,
                          int32_t segments)
{
    for (int32_t s = 0; s < segments; s++) {
        const int64_t n = first[s + 1] - first[s];
        uint64_t *sorted = keys + first[s], *scratch = other + first[s];
        sort_keys(&sorted, &scratch, n);
        for (int64_t i = 0; i < n; i++)
            values[first[s] + i] = value_of(sorted[i]);
    }
}

// The pass tells missing from stale by NaN, so a stale value has a number, which is not used.
static float rank_of(const hf_percentile *percentile, const hf_health_plan *plan, int32_t measure,
                     int64_t row)
{
    const hf_measure_state state = hf_health_state(plan, measure, row);
    if (state != HF_STATE_OBSERVED) return state == HF_STATE_ABSENT ? NAN : 0;
    return (float)hf_percentile_of(percentile, plan->segment[row], hf_health_number(plan, measure, row),
                                   plan->definition->measures[measure].direction);
}

hf_status hf_percentile_create(hf_percentile *out, const hf_health_plan *plan, int32_t measure,
                               hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = plan->context;
    const int32_t segments = plan->definition->segment_count;
    const int64_t rows = plan->frame->rows;
    hf_percentile made = {.values = hf_new_raw(context, (size_t)rows, sizeof *made.values),
                          .first = hf_new(context, (size_t)segments + 1, sizeof *made.first),
                          .rank = hf_new_raw(context, (size_t)rows, sizeof *made.rank)};
    uint64_t *keys = hf_new_raw(context, (size_t)rows, sizeof *keys);
    uint64_t *other = hf_new_raw(context, (size_t)rows, sizeof *other);
    if (!made.values || !made.first || !made.rank || !keys || !other) {
        status = hf_fail_memory(error);
        goto done;
    }
    gather(keys, &made, plan, measure);
    sort_segments(made.values, keys, other, made.first, segments);
#pragma omp parallel for default(none) shared(made, plan, measure, rows) schedule(static) \
    num_threads(hf_context_threads(context))
    for (int64_t i = 0; i < rows; i++)
        made.rank[i] = rank_of(&made, plan, measure, i);
    *out = made;
    made = (hf_percentile){0};
done:
    hf_delete(context, keys);
    hf_delete(context, other);
    hf_percentile_free(context, &made);
    return status;
}

void hf_percentile_free(const hf_context *context, hf_percentile *percentile)
{
    hf_delete(context, percentile->values);
    hf_delete(context, percentile->first);
    hf_delete(context, percentile->rank);
    *percentile = (hf_percentile){0};
}
