// SPDX-License-Identifier: Apache-2.0
//
// hf_csv_numbers with LANES cells side by side, a 64-bit lane each. A cell of up to eight characters is one
// word, right-aligned, so that finding its point, closing the gap, adding up its digits and counting the
// decimals it needs are a few steps without a branch; a lane then divides by its power of ten. Longer cells
// and whatever is no number are left to the caller. The including file sets LANES and the types, and defines
// with its own instructions what they do best; every function works on each lane by itself:
//   flags                       a truth a lane; LANE_ALL: true in all of them
//   lane_shift(v, n)            v << n, 0 where n is over 63
//   lane_sum(v)                 the sum of the bytes
//   lane_zeros(v)               how many bytes are 0, from the highest down to one that is not
//   lane_eight(v)               eight digit values, the first in the lowest byte, as a number
//   lane_number(n)              a whole number below 2^52 as a double
//   lane_power(n)               10^n, n below 8
//   lane_equal(of, a, b)        where a == b, among the lanes of; lane_differ: where not
//   lane_over(of, a, b)         where a > b as signed numbers, among the lanes of
//   lane_keep(of, v)            v, 0 elsewhere
//   lane_most(of, most, v)      the larger one, most elsewhere
//   lane_bits(of)               a bit a lane
#ifndef HOLDFAST_CSV_NUMBER_LANES_H
#define HOLDFAST_CSV_NUMBER_LANES_H

#include "csv/csv_numbers.h"
#include "csv/decimal.h"

enum { CHUNK_CELLS = 128 };

#define LANE_MINUS 0x8000000000000000u
#define LANE_MISSING 0x7ff8000000000000u // a NaN, or-ed to the bits of 0
#define LANE_POINT ((uint64_t)('.' ^ '0'))

// The first bytes of n cells, behind a minus, and their shape: how many characters follow the minus, and in
// the place of a sign whether there is one. Nothing else is done a cell at a time.
static inline void load_words(uint64_t *words, uint64_t *shapes, const hf_csv_cells *c, int32_t first,
                              int32_t n)
{
    const uint32_t *starts = c->starts + (int64_t)first * c->start_stride;
    const uint32_t *ends = c->ends + (int64_t)first * c->end_stride;
    const char *base = c->base + c->gap;
    for (int32_t i = 0; i < n; i++, starts += c->start_stride, ends += c->end_stride) {
        uint32_t length = *ends - *starts - c->gap;
        const char *p = base + *starts;
        uint64_t minus = *p == '-';
        words[i] = decimal_load(p + minus);
        shapes[i] = (length - minus) | minus << 63;
    }
    for (; n % LANES; n++)
        words[n] = shapes[n] = 0;
}

// Running statistics, a lane each.
typedef struct {
    lane_doubles whole, tenth, hundredth; // magnitudes
    lanes negative, missing;
    uint32_t more; // bits of lanes with a number that needs more than two decimals
} lane_stats;

// One group of cells: values into *out. Returns the bits of lanes that are no number. In one piece, since its
// values live in registers and vectors do not pass between functions alike on every compiler.
static inline __attribute__((always_inline)) uint32_t
read_group(lane_stats *s, lane_doubles *out, const uint64_t *words, const uint64_t *shapes)
{
    const lanes zero = {0};
    lanes v, shape;
    memcpy(&v, words, sizeof v);
    memcpy(&shape, shapes, sizeof shape);
    lanes sign = shape & LANE_MINUS, length = shape & UINT32_MAX;
    flags absent = lane_equal(LANE_ALL, shape, zero);
    // Right-aligned, the last character in the highest byte; an absent cell reads as 0.
    v = lane_shift(v ^ 0x3030303030303030u, 64 - 8 * length);
    lanes odd = ((v + 0x7676767676767676u) | v) & 0x8080808080808080u; // bytes that are no digit
    lanes unit = (odd & (0 - odd)) >> 7, point = (unit << 8) - unit;   // the first one's lowest bit, and all
    lanes after = ~((unit - 1) | point);                               // 0 without a point, before too
    lanes before = lane_keep(lane_differ(LANE_ALL, odd, zero), unit - 1);
    lanes wrong = (odd & (odd - 1)) | ((v ^ LANE_POINT * 0x0101010101010101u) & point);
    flags fine = lane_equal(lane_over(LANE_ALL, zero + 9, length), wrong, zero);
    fine = lane_differ(fine, v, zero + (LANE_POINT << 56)); // a point alone
    fine = lane_differ(fine, shape, zero + LANE_MINUS);     // a minus alone
    lanes closed = ((v & before) << 8) | (v & ~(before | point));
    // Decimals as written, and without the zeros that end them: below 1 for a whole number.
    lanes written = lane_sum(after & 0x0101010101010101u), needed = written - lane_zeros(closed);
    lane_doubles value = lane_number(lane_eight(closed)) / lane_power(written);
    s->whole = lane_most(lane_over(fine, zero + 1, needed), s->whole, value);
    s->tenth = lane_most(lane_equal(fine, needed, zero + 1), s->tenth, value);
    s->hundredth = lane_most(lane_equal(fine, needed, zero + 2), s->hundredth, value);
    s->more |= lane_bits(lane_over(fine, needed, zero + 2));
    s->negative |= lane_keep(lane_differ(fine, (lanes)value, zero), sign);
    s->missing += lane_keep(absent, zero + 1);
    *out = (lane_doubles)((lanes)value | sign | lane_keep(absent, zero + LANE_MISSING));
    return lane_bits(fine) ^ lane_bits(LANE_ALL);
}

static inline double most_lane(lane_doubles magnitudes)
{
    double most = 0;
    for (int i = 0; i < LANES; i++)
        if (magnitudes[i] > most) most = magnitudes[i];
    return most;
}

static inline void take_stats(hf_csv_stats *stats, const lane_stats *s, int64_t numbers)
{
    double whole = most_lane(s->whole), tenth = most_lane(s->tenth), hundredth = most_lane(s->hundredth);
    if (whole > stats->whole) stats->whole = whole;
    if (tenth > stats->tenth) stats->tenth = tenth;
    if (hundredth > stats->hundredth) stats->hundredth = hundredth;
    // A number that needs a decimal is not 0.
    int32_t decimals = s->more ? 3 : hundredth > 0 ? 2 : tenth > 0 ? 1 : 0;
    if (decimals > stats->decimals) stats->decimals = decimals;
    for (int i = 0; i < LANES; i++)
        stats->negative |= s->negative[i] != 0;
    stats->plain += numbers;
}

static inline __attribute__((always_inline)) int32_t
read_cells(hf_csv_stats *stats, float *narrow, double *wide, int32_t *odd, const hf_csv_cells *c)
{
    uint64_t words[CHUNK_CELLS], shapes[CHUNK_CELLS];
    double values[LANES];
    lane_stats s;
    memset(&s, 0, sizeof s);
    int32_t count = 0, padding = 0;
    for (int32_t first = 0; first < c->rows; first += CHUNK_CELLS) {
        int32_t n = c->rows - first < CHUNK_CELLS ? c->rows - first : CHUNK_CELLS, group = 0;
        load_words(words, shapes, c, first, n);
        for (; group < n; group += LANES) {
            lane_doubles value;
            uint32_t bad = read_group(&s, &value, words + group, shapes + group);
            if (narrow && n - group >= LANES) {
                lane_floats less = __builtin_convertvector(value, lane_floats);
                memcpy(narrow + first + group, &less, sizeof less);
            } else if (n - group >= LANES) {
                memcpy(wide + first + group, &value, sizeof value);
            } else {
                memcpy(values, &value, sizeof value);
                for (int32_t i = 0; i < n - group; i++)
                    if (narrow)
                        narrow[first + group + i] = (float)values[i];
                    else
                        wide[first + group + i] = values[i];
            }
            for (; bad; bad &= bad - 1)
                odd[count++] = first + group + __builtin_ctz(bad);
        }
        padding += group - n;
    }
    int64_t missing = -padding;
    for (int i = 0; i < LANES; i++)
        missing += (int64_t)s.missing[i];
    take_stats(stats, &s, c->rows - missing - count);
    return count;
}

static int32_t read_narrow(hf_csv_stats *stats, float *out, int32_t *odd, const hf_csv_cells *cells)
{
    return read_cells(stats, out, NULL, odd, cells);
}

static int32_t read_wide(hf_csv_stats *stats, double *out, int32_t *odd, const hf_csv_cells *cells)
{
    return read_cells(stats, NULL, out, odd, cells);
}

#endif
