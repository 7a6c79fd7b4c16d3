// SPDX-License-Identifier: Apache-2.0
//
// Review cadence: the accounts with most at stake daily, the next weekly, the rest monthly. Only the two
// borders between them matter, so the rows are not sorted but split twice by quickselect (Hoare 1961) with
// seeded pivots; the order is total, so the split is the same whatever the pivots. A few bytes of the id are
// kept beside the value, since accounts with nothing at stake tie by the thousand.
#include "health/health_cadence.h"

#include "health/health_room.h"

#include <math.h>
#include <string.h>

const char *hf_cadence_name(hf_cadence cadence)
{
    static const char *const names[] = {"daily", "weekly", "monthly"};
    return (size_t)cadence < sizeof names / sizeof names[0] ? names[cadence] : "";
}

typedef struct {
    uint64_t value; // ascending where the value descends
    uint64_t id;    // the first bytes in which ids differ
    int64_t row;
} place;

// Larger values give smaller keys; NaN the largest of all.
static uint64_t key_of(double value)
{
    if (isnan(value)) return UINT64_MAX;
    const double plain = value + 0.0; // no minus before a zero
    uint64_t bits;
    memcpy(&bits, &plain, sizeof bits);
    return bits >> 63 ? bits : ~(bits | UINT64_C(1) << 63);
}

static int order(const hf_frame *frame, const place *a, const place *b)
{
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    if (a->id != b->id) return a->id < b->id ? -1 : 1;
    const size_t width = (size_t)frame->id_width;
    const int ids = memcmp(frame->ids + (size_t)a->row * width, frame->ids + (size_t)b->row * width, width);
    return ids ? ids : (a->row > b->row) - (a->row < b->row);
}

// Puts the first `count` of the n places before the others.
static void split(place *places, int64_t n, int64_t count, const hf_frame *frame)
{
    hf_random random = hf_random_seed(1, (uint64_t)count);
    int64_t low = 0, high = n; // the border lies within
    while (count > low && count < high) {
        const place pivot = places[low + (int64_t)hf_random_below(&random, (uint64_t)(high - low))];
        int64_t i = low, j = high - 1;
        while (i <= j) {
            while (order(frame, &places[i], &pivot) < 0)
                i++;
            while (order(frame, &pivot, &places[j]) < 0)
                j--;
            if (i > j) break;
            const place swap = places[i];
            places[i++] = places[j];
            places[j--] = swap;
        }
        if (count <= j + 1)
            high = j + 1;
        else if (count >= i)
            low = i;
        else
            break; // what lies between is the pivot alone
    }
}

// The bytes that all ids begin with.
static int32_t shared_prefix(const hf_frame *frame)
{
    int32_t shared = frame->rows > 0 ? frame->id_width : 0;
    for (int64_t i = 1; i < frame->rows && shared > 0; i++) {
        const char *id = frame->ids + (size_t)i * (size_t)frame->id_width;
        if (memcmp(id, frame->ids, (size_t)shared) == 0) continue;
        int32_t same = 0;
        while (id[same] == frame->ids[same])
            same++;
        shared = same;
    }
    return shared;
}

static uint64_t id_key(const hf_frame *frame, int64_t row, int32_t shared)
{
    const char *id = frame->ids + (size_t)row * (size_t)frame->id_width;
    uint64_t key = 0;
    for (int32_t k = shared; k < shared + 8; k++)
        key = key << 8 | (k < frame->id_width ? (uint64_t)(unsigned char)id[k] : 0);
    return key;
}

// The nearest whole number of accounts; a share that is a half but for its last digit rounds up.
static int64_t share_of(double share, int64_t rows)
{
    const double count = floor(share * (double)rows + 0.5 + 1e-9);
    return count < 0 ? 0 : count > (double)rows ? rows : (int64_t)count;
}

hf_status hf_health_cadence(uint8_t *out, const hf_context *context, const hf_frame *frame,
                            const double *value, double daily, double weekly, hf_error *error)
{
    const int64_t rows = frame->rows, often = share_of(daily, rows);
    const int64_t seldom = share_of(daily + weekly, rows);
    place *places = hf_new_raw(context, (size_t)rows, sizeof *places);
    if (!places) return hf_fail_memory(error);
    const int32_t shared = shared_prefix(frame);
#pragma omp parallel for default(none) shared(places, value, frame, rows, shared) schedule(static, HF_TILE) \
    num_threads(hf_context_threads(context))
    for (int64_t i = 0; i < rows; i++)
        places[i] = (place){key_of(value[i]), id_key(frame, i, shared), i};
    split(places, rows, seldom, frame);
    split(places, seldom, often, frame);
    for (int64_t i = 0; i < rows; i++)
        out[places[i].row] = i < often    ? (uint8_t)HF_CADENCE_DAILY
                             : i < seldom ? (uint8_t)HF_CADENCE_WEEKLY
                                          : (uint8_t)HF_CADENCE_MONTHLY;
    hf_delete(context, places);
    return HF_OK;
}
