// SPDX-License-Identifier: Apache-2.0
//
// Pure loops over plain arrays. kernels_reference.c is the definition; the other tables compute the same
// bits with other instructions. A table is chosen once, when a context is made. No kernel allocates, fails
// or knows a thread; arrays need no alignment and may not overlap unless said.
#ifndef HOLDFAST_KERNELS_ROOM_H
#define HOLDFAST_KERNELS_ROOM_H

#include "base/base_room.h"

// The three largest contributions of a row as packed keys: the float's bits with the term's index in the low
// mantissa bits, so that one chain of max orders value and index together.
#define HF_TOP 3

// A curve of one f32 column, ready to run. With d = min(max(x - origin, low), high):
//   f(x) = intercept + slope * d + sum_k hinge_slope[k] * (d > hinge_at[k] ? d - hinge_at[k] : 0)
//                    + sum_k (x > step_at[k] ? step_height[k] : 0)
// in f32, in that order, without fused multiply-add; NaN gives `missing`. Clips and hinges are relative to
// origin, where f32 is fine; jumps are at values of x itself, so that each falls between the right two
// floats.
typedef struct {
    float low, high, origin;
    float intercept, slope, missing;
    int32_t hinges, steps;
    const float *hinge_at, *hinge_slope; // hinges each
    const float *step_at, *step_height;  // steps each
} hf_kernel_curve;

// A curve without jumps of a double:
//   f(x) = intercept + slope * (x - origin) + sum_k hinge_slope[k] * (x - origin > hinge_at[k] ? x - origin -
//          hinge_at[k] : 0)
// in that order, without fused multiply-add.
typedef struct {
    double origin, intercept, slope;
    int32_t hinges;
    const double *hinge_at, *hinge_slope; // hinges each
} hf_kernel_bend;

// Structural bytes of a block of 64: bit i is byte i.
typedef struct {
    uint64_t quote, delimiter, newline;
} hf_scan_masks;

typedef struct {
    hf_isa isa;
    // out[i] = f(x[i])
    void (*curve)(float *out, const float *x, int32_t n, const hf_kernel_curve *curve);
    // out[i] = values[codes[i] + 1]; codes are -1 (missing) to levels - 1, values has levels + 1 entries.
    void (*table)(float *out, const int32_t *codes, int32_t n, int32_t levels, const float *values);
    // Places in a surface or rule, a signal at a time: index[i] = index[i] * cells + the number of edges that
    // x[i] is past, x > edge; edges + 1 for NaN. Exact below 2^24.
    void (*cells)(float *index, const float *x, int32_t n, float cells, const float *edge, int32_t edges);
    // out[i] = values[index[i]]; index is 0 to count - 1.
    void (*pick)(float *out, const float *index, int32_t n, int32_t count, const float *values);
    // out[i] = (float)(x[i] - origin), NaN stays NaN
    void (*narrow)(float *out, const double *x, int32_t n, double origin);
    // sum[i] += (double)term[i]
    void (*add)(double *sum, const float *term, int32_t n);
    // The same, and the row's HF_TOP largest positive contributions kept: keys is HF_TOP x stride, row i's at
    // keys[0 * stride + i] >= keys[1 * stride + i] >= ...; 0 means none. A key is the float's bits with the
    // lowest index_bits replaced by index (index < 2^index_bits, index_bits <= 23), so contributions nearer
    // than 2^(index_bits - 23) relative may stand in either order, the larger index first when they tie.
    // Contributions under the smallest normal float, and NaN, are never kept.
    void (*add_top)(double *sum, uint32_t *keys, int32_t stride, const float *term, int32_t n, uint32_t index,
                    uint32_t index_bits);
    // What the keys of add_top say: reason[HF_TOP * i + j] is last minus the index in keys[j * stride + i],
    // -1 where that is 0. unclear[i] is 1 where the keys do not settle the order or the sign for sure: two
    // values nearer, or one nearer to 0, than margin plus 2^(index_bits - 22) of it; else 0.
    void (*reasons)(int32_t *reason, uint8_t *unclear, const uint32_t *keys, int32_t stride, int32_t n,
                    int32_t last, uint32_t index_bits, float margin);
    // x[i] = f(x[i])
    void (*bend)(double *x, int32_t n, const hf_kernel_bend *bend);
    // out[i] = 1 / (1 + exp(-x[i])) in double, within 2e-15 relative (half a unit in the denormal range, so
    // exactly 0 and 1 at the infinities); NaN gives NaN. Non-decreasing within that accuracy. out may be x.
    void (*sigmoid)(double *out, const double *x, int32_t n);
    // Places of scores in a histogram that edges split: place[i] = score[i] * scale cut to a whole number and
    // held within 0 and last, plus the number of edges that score[i] is at or past. sum[e] is the worth of
    // the scores at or past edge e, the same in any order where worth is whole numbers and sums stay below
    // 2^53; worth NULL: 0. Bit k of what it returns: whether one of the scores from HF_FOLD_GROUP k on, so
    // many of them, is nearer to an edge than near. n is at most 64 x HF_FOLD_GROUP. Scores are no NaN.
    uint64_t (*fold)(uint16_t *place, double *sum, const float *score, const double *worth, int32_t n,
                     const float *edge, int32_t edges, float near, float scale, int32_t last);
    // Masks of the blocks of 64 bytes at text; returns flags: HF_SCAN_NUL, HF_SCAN_HIGH when a byte is 0 or
    // over 127 anywhere. text must have 64 * blocks readable bytes.
    uint32_t (*scan)(hf_scan_masks *out, const char *text, int64_t blocks, char delimiter);
    // Reads every byte once: the read-bandwidth probe of the bench. Returns the sum of the 64-bit words and
    // of the bytes left over.
    uint64_t (*read_bandwidth)(const void *data, size_t bytes);
} hf_kernels;

enum { HF_SCAN_NUL = 1, HF_SCAN_HIGH = 2 };
enum { HF_FOLD_GROUP = 64 };

// The table of an instruction set; NULL where the machine lacks it. HF_ISA_AUTO: the best there is.
const hf_kernels *hf_kernels_for(hf_isa isa);

#endif
