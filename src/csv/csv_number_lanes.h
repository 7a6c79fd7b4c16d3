// SPDX-License-Identifier: Apache-2.0
//
// hf_csv_numbers with LANES cells side by side, a 64-bit lane each. A cell of up to eight characters is one
// word, right-aligned, so that finding its point, closing the gap, adding up its digits (Lemire's and Mula's
// SWAR steps) and counting the decimals it needs are shifts and masks without a branch; a lane then divides
// by its power of ten. Longer cells and whatever is no number are left to the caller. The including file sets
// LANES to the width it is compiled for.
#ifndef HOLDFAST_CSV_NUMBER_LANES_H
#define HOLDFAST_CSV_NUMBER_LANES_H

#include "csv/csv_numbers.h"
#include "csv/decimal.h"

#include <string.h>

typedef uint64_t lanes __attribute__((vector_size(8 * LANES)));
typedef int64_t lane_signs __attribute__((vector_size(8 * LANES)));
typedef double lane_doubles __attribute__((vector_size(8 * LANES)));
typedef float lane_floats __attribute__((vector_size(4 * LANES)));

enum { CHUNK_CELLS = 128 };

#define LANE_MINUS 0x8000000000000000u
#define LANE_MISSING 0x7ff8000000000000u // a NaN; as a sign, or-ed to the bits of 0
#define LANE_HIGH 0x8080808080808080u
#define LANE_ONES 0x0101010101010101u
#define LANE_MAGIC 0x4330000000000000u // the bits of 2^52

// The first bytes of n cells, behind a minus, and what they are: the length, and in the upper half whether
// there is a minus. Nothing else is done a cell at a time.
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
        shapes[i] = length | minus << 32;
    }
    for (; n % LANES; n++)
        words[n] = shapes[n] = 0;
}

// The sum of a word's bytes, each 0 or 1.
#define LANE_COUNT(to, from)                \
    do {                                    \
        lanes sum_ = (from);                \
        sum_ += sum_ >> 32;                 \
        sum_ += sum_ >> 16;                 \
        (to) = (sum_ + (sum_ >> 8)) & 0xff; \
    } while (0)

// a where mask is set, b elsewhere; both constants.
#define LANE_EITHER(mask, a, b) ((lane_doubles)(((lanes)(mask)&as_bits(a)) | (~(lanes)(mask)&as_bits(b))))

static inline uint64_t as_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

// Running statistics, a lane each.
typedef struct {
    lanes whole, tenth, hundredth; // bits of magnitudes
    lanes needed_one, needed_two, needed_more;
    lanes negative, missing, bad;
} lane_stats;

#define LANE_MOST(most, magnitudes)                                         \
    do {                                                                    \
        lanes new_ = (magnitudes);                                          \
        lanes larger_ = (lanes)((lane_doubles)new_ > (lane_doubles)(most)); \
        (most) = (new_ & larger_) | ((most) & ~larger_);                    \
    } while (0)

// One group of cells: values into out, lanes that are no number set in *bad. In one piece, since its values
// live in registers and vectors do not pass between functions alike on every compiler.
static inline __attribute__((always_inline)) void read_group(lane_stats *s, lane_doubles *out, lanes *bad,
                                                             const uint64_t *words, const uint64_t *shapes)
{
    lanes v, shape;
    memcpy(&v, words, sizeof v);
    memcpy(&shape, shapes, sizeof shape);
    lanes minus = shape >> 32, digits = (shape & UINT32_MAX) - minus, absent = (lanes)(shape == 0);
    lanes sign = minus << 63 | (absent & LANE_MISSING);
    // Right-aligned, the last character in the highest byte; an absent cell reads as 0.
    v = ((v ^ 0x3030303030303030u) << ((64 - 8 * digits) & 63)) & ~absent;
    lanes odd = ((v + 0x7676767676767676u) | v) & LANE_HIGH; // bytes that are no digit
    lanes none = (lanes)(odd == 0);
    lanes first = odd & (0 - odd), unit = first >> 7;
    lanes point = (first << 1) - unit; // the whole byte
    lanes before = (unit - 1) & ~none, after = ~(before | point) & ~none;
    lanes short_enough = (lanes)((lane_signs)(digits - 1) < 8) & (lanes)((lane_signs)digits > 0);
    lanes fine = (short_enough | absent) & (lanes)((odd & (odd - 1)) == 0) &
                 (lanes)((v & point) == (unit << 5) - (unit << 1)) & (lanes)(v != (uint64_t)0x1e << 56);
    lanes closed = (v & ~(before | point)) | ((v & before) << 8);
    // Decimals written, and needed: those with a digit other than 0 in their place or behind.
    lanes smeared = closed | closed >> 8, written, needed;
    smeared |= smeared >> 16;
    smeared |= smeared >> 32;
    LANE_COUNT(written, after & LANE_ONES);
    LANE_COUNT(needed, (((smeared + 0x7f7f7f7f7f7f7f7fu) & after) >> 7) & LANE_ONES);
    // Digits to pairs, fours, and the number as a double, exactly.
    lanes t = ((closed << 3) + (closed << 1) + (closed >> 8)) & 0x00ff00ff00ff00ffu;
    t = ((t << 6) + (t << 5) + (t << 2) + (t >> 16)) & 0x0000ffff0000ffffu;
    lane_doubles value = ((lane_doubles)((t & 0xffffffffu) | LANE_MAGIC) - 4503599627370496.0) * 10000.0 +
                         ((lane_doubles)((t >> 32) | LANE_MAGIC) - 4503599627370496.0);
    lane_doubles power = LANE_EITHER((written & 1) != 0, 10.0, 1.0) *
                         LANE_EITHER((written & 2) != 0, 100.0, 1.0) *
                         LANE_EITHER((written & 4) != 0, 10000.0, 1.0);
    value /= power;
    lanes magnitude = (lanes)value & fine;
    lanes one = (lanes)(needed == 1) & fine, two = (lanes)(needed == 2) & fine;
    lanes more = (lanes)((lane_signs)needed > 2) & fine;
    LANE_MOST(s->whole, magnitude & ~(one | two | more));
    LANE_MOST(s->tenth, magnitude & one);
    LANE_MOST(s->hundredth, magnitude & two);
    s->needed_one |= one;
    s->needed_two |= two;
    s->needed_more |= more;
    s->negative |= sign & (lanes)(magnitude != 0);
    s->missing += sign >> 62 & 1;
    s->bad |= ~fine;
    *bad = ~fine;
    *out = (lane_doubles)((lanes)value | sign);
}

static inline double most_lane(lanes bits)
{
    double most = 0;
    for (int i = 0; i < LANES; i++) {
        double value;
        uint64_t lane = bits[i];
        memcpy(&value, &lane, sizeof value);
        if (value > most) most = value;
    }
    return most;
}

static inline uint64_t any_lane(lanes bits)
{
    uint64_t any = 0;
    for (int i = 0; i < LANES; i++)
        any |= bits[i];
    return any;
}

static inline void take_stats(hf_csv_stats *stats, const lane_stats *s, int64_t numbers)
{
    double whole = most_lane(s->whole), tenth = most_lane(s->tenth), hundredth = most_lane(s->hundredth);
    if (whole > stats->whole) stats->whole = whole;
    if (tenth > stats->tenth) stats->tenth = tenth;
    if (hundredth > stats->hundredth) stats->hundredth = hundredth;
    int32_t decimals = any_lane(s->needed_more)  ? 3
                       : any_lane(s->needed_two) ? 2
                       : any_lane(s->needed_one) ? 1
                                                 : 0;
    if (decimals > stats->decimals) stats->decimals = decimals;
    stats->negative |= any_lane(s->negative) >> 63;
    stats->plain += numbers;
}

static inline __attribute__((always_inline)) int32_t
read_cells(hf_csv_stats *stats, float *narrow, double *wide, int32_t *odd, const hf_csv_cells *c)
{
    uint64_t words[CHUNK_CELLS], shapes[CHUNK_CELLS], bads[CHUNK_CELLS];
    double values[CHUNK_CELLS];
    lane_stats s;
    memset(&s, 0, sizeof s);
    int32_t count = 0, padding = 0;
    for (int32_t first = 0; first < c->rows; first += CHUNK_CELLS) {
        int32_t n = c->rows - first < CHUNK_CELLS ? c->rows - first : CHUNK_CELLS, group = 0;
        load_words(words, shapes, c, first, n);
        s.bad = s.bad ^ s.bad;
        for (; group < n; group += LANES) {
            lane_doubles value;
            lanes bad;
            read_group(&s, &value, &bad, words + group, shapes + group);
            memcpy(bads + group, &bad, sizeof bad);
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
        }
        padding += group - n;
        if (!any_lane(s.bad)) continue;
        for (int32_t i = 0; i < n; i++)
            if (bads[i]) odd[count++] = first + i;
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
