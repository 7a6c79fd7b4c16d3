// SPDX-License-Identifier: Apache-2.0
//
// Loop bodies that the compiler vectorises by itself; each instruction set's file includes them and is
// compiled with its own flags. Elements are worked in blocks that stay in the first-level cache, knots four
// at a time so that a block is read and written once for four of them. Order of operations as in
// kernels_reference.c.
#ifndef HOLDFAST_KERNEL_LOOPS_H
#define HOLDFAST_KERNEL_LOOPS_H

#include "kernels/kernels_room.h"
#include "kernels/logistic.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define CURVE_BLOCK 128

static inline float clip(float d, float low, float high)
{
    float clipped = d > low ? d : low;
    return clipped < high ? clipped : high;
}

// The commonest term by far: no knots.
static inline void line_loop(float *restrict out, const float *restrict x, int32_t n,
                             const hf_kernel_curve *c)
{
    const float low = c->low, high = c->high, origin = c->origin;
    const float intercept = c->intercept, slope = c->slope, missing = c->missing;
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        float f = intercept + slope * clip(x[i] - origin, low, high);
        out[i] = x[i] == x[i] ? f : missing;
    }
}

static inline float hinge(float d, float at, float slope)
{
    return slope * (d > at ? d - at : 0.0f);
}

static inline void hinge_loop(float *restrict f, const float *restrict d, int32_t n, int32_t count,
                              const float *at, const float *slope)
{
    int32_t k = 0;
    for (; k + 4 <= count; k += 4) {
        const float t0 = at[k], t1 = at[k + 1], t2 = at[k + 2], t3 = at[k + 3];
        const float s0 = slope[k], s1 = slope[k + 1], s2 = slope[k + 2], s3 = slope[k + 3];
#pragma omp simd
        for (int32_t i = 0; i < n; i++)
            f[i] = (((f[i] + hinge(d[i], t0, s0)) + hinge(d[i], t1, s1)) + hinge(d[i], t2, s2)) +
                   hinge(d[i], t3, s3);
    }
    for (; k < count; k++) {
        const float t0 = at[k], s0 = slope[k];
#pragma omp simd
        for (int32_t i = 0; i < n; i++)
            f[i] += hinge(d[i], t0, s0);
    }
}

static inline void step_loop(float *restrict f, const float *restrict x, int32_t n, int32_t count,
                             const float *at, const float *height)
{
    for (int32_t k = 0; k < count; k++) {
        const float t = at[k], h = height[k];
#pragma omp simd
        for (int32_t i = 0; i < n; i++)
            f[i] += x[i] > t ? h : 0.0f;
    }
}

static inline void knots_loop(float *restrict out, const float *restrict x, int32_t n,
                              const hf_kernel_curve *c)
{
    const float low = c->low, high = c->high, origin = c->origin;
    const float intercept = c->intercept, slope = c->slope, missing = c->missing;
    float d[CURVE_BLOCK], f[CURVE_BLOCK];
    for (int32_t begin = 0; begin < n; begin += CURVE_BLOCK) {
        const float *restrict in = x + begin;
        float *restrict to = out + begin;
        const int32_t m = n - begin < CURVE_BLOCK ? n - begin : CURVE_BLOCK;
#pragma omp simd
        for (int32_t i = 0; i < m; i++) {
            d[i] = clip(in[i] - origin, low, high);
            f[i] = intercept + slope * d[i];
        }
        hinge_loop(f, d, m, c->hinges, c->hinge_at, c->hinge_slope);
        step_loop(f, in, m, c->steps, c->step_at, c->step_height);
#pragma omp simd
        for (int32_t i = 0; i < m; i++)
            to[i] = in[i] == in[i] ? f[i] : missing;
    }
}

static inline void curve_loop(float *out, const float *x, int32_t n, const hf_kernel_curve *c)
{
    if (c->hinges == 0 && c->steps == 0)
        line_loop(out, x, n, c);
    else
        knots_loop(out, x, n, c);
}

static inline void table_loop(float *restrict out, const int32_t *restrict codes, int32_t n,
                              const float *restrict values)
{
    for (int32_t i = 0; i < n; i++)
        out[i] = values[codes[i] + 1];
}

static inline float past(float x, float edge)
{
    return x > edge ? 1.0f : 0.0f;
}

// Edges four at a time, so that a tile is read and written once for four of them.
static inline void cells_loop(float *restrict index, const float *restrict x, int32_t n, float cells,
                              const float *edge, int32_t edges)
{
    const float missing = (float)(edges + 1);
    int32_t k = edges % 4;
    const float e0 = k > 0 ? edge[0] : INFINITY, e1 = k > 1 ? edge[1] : INFINITY;
    const float e2 = k > 2 ? edge[2] : INFINITY;
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        const float cell = (past(x[i], e0) + past(x[i], e1)) + past(x[i], e2);
        index[i] = index[i] * cells + (x[i] == x[i] ? cell : missing);
    }
    for (; k < edges; k += 4) {
        const float a = edge[k], b = edge[k + 1], c = edge[k + 2], d = edge[k + 3];
#pragma omp simd
        for (int32_t i = 0; i < n; i++)
            index[i] += (past(x[i], a) + past(x[i], b)) + (past(x[i], c) + past(x[i], d));
    }
}

static inline void pick_loop(float *restrict out, const float *restrict index, int32_t n,
                             const float *restrict values)
{
    for (int32_t i = 0; i < n; i++)
        out[i] = values[(int32_t)index[i]];
}

static inline void narrow_loop(float *restrict out, const double *restrict x, int32_t n, double origin)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++)
        out[i] = (float)(x[i] - origin);
}

static inline void add_loop(double *restrict sum, const float *restrict term, int32_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++)
        sum[i] += (double)term[i];
}

typedef union {
    float number;
    int32_t bits;
} float_bits;

// Keys compare as signed numbers too: none has its top bit set.
static inline void top_loop(int32_t *restrict first, int32_t *restrict second, int32_t *restrict third,
                            const float *restrict term, int32_t n, int32_t index, int32_t index_bits)
{
    const int32_t high = (int32_t)(UINT32_MAX << index_bits);
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        float_bits u = {.number = term[i]};
        int32_t key = term[i] >= FLT_MIN ? (u.bits & high) | index : 0;
        int32_t k0 = first[i], k1 = second[i], k2 = third[i];
        int32_t low0 = k0 > key ? key : k0;
        int32_t low1 = k1 > low0 ? low0 : k1;
        first[i] = k0 > key ? k0 : key;
        second[i] = k1 > low0 ? k1 : low0;
        third[i] = k2 > low1 ? k2 : low1;
    }
}

static inline void add_top_loop(double *sum, uint32_t *keys, int32_t stride, const float *term, int32_t n,
                                uint32_t index, uint32_t index_bits)
{
    int32_t *first = (int32_t *)keys;
    add_loop(sum, term, n);
    top_loop(first, first + stride, first + 2 * (size_t)stride, term, n, (int32_t)index, (int32_t)index_bits);
}

// As a number 0 or 1: comparisons joined without branches vectorise.
static inline int32_t is_close(float value, float next, float margin, float share)
{
    return (value > 0.0f) & (value - next <= margin + share * value);
}

static inline void reasons_loop(int32_t *restrict reason, uint8_t *restrict unclear,
                                const int32_t *restrict first, const int32_t *restrict second,
                                const int32_t *restrict third, int32_t n, int32_t last, uint32_t index_bits,
                                float margin)
{
    const int32_t low = (int32_t)((UINT32_C(1) << index_bits) - 1), high = ~low;
    const float share = (float)(UINT32_C(2) << index_bits) * 0x1p-23f;
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        float_bits v0 = {.bits = first[i] & high}, v1 = {.bits = second[i] & high};
        float_bits v2 = {.bits = third[i] & high};
        int32_t close = is_close(v0.number, v1.number, margin, share) |
                        is_close(v1.number, v2.number, margin, share) |
                        is_close(v0.number, 0.0f, margin, share) | is_close(v1.number, 0.0f, margin, share) |
                        is_close(v2.number, 0.0f, margin, share);
        unclear[i] = (uint8_t)close;
    }
#pragma omp simd
    for (int32_t i = 0; i < n; i++) {
        reason[3 * i] = first[i] != 0 ? last - (first[i] & low) : -1;
        reason[3 * i + 1] = second[i] != 0 ? last - (second[i] & low) : -1;
        reason[3 * i + 2] = third[i] != 0 ? last - (third[i] & low) : -1;
    }
}

static inline void bend_loop(double *restrict x, int32_t n, const hf_kernel_bend *b)
{
    const double origin = b->origin, intercept = b->intercept, slope = b->slope;
    double d[CURVE_BLOCK], f[CURVE_BLOCK];
    for (int32_t begin = 0; begin < n; begin += CURVE_BLOCK) {
        double *restrict at = x + begin;
        const int32_t m = n - begin < CURVE_BLOCK ? n - begin : CURVE_BLOCK;
#pragma omp simd
        for (int32_t i = 0; i < m; i++) {
            d[i] = at[i] - origin;
            f[i] = intercept + slope * d[i];
        }
        for (int32_t k = 0; k < b->hinges; k++) {
            const double t = b->hinge_at[k], s = b->hinge_slope[k];
#pragma omp simd
            for (int32_t i = 0; i < m; i++)
                f[i] += s * (d[i] > t ? d[i] - t : 0.0);
        }
#pragma omp simd
        for (int32_t i = 0; i < m; i++)
            at[i] = f[i];
    }
}

static inline void sigmoid_loop(double *out, const double *x, int32_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++)
        out[i] = logistic(x[i]);
}

static inline uint64_t read_loop(const void *data, size_t bytes)
{
    const unsigned char *p = data;
    const size_t words = bytes / sizeof(uint64_t);
    uint64_t sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < words; i++) {
        uint64_t word;
        memcpy(&word, p + i * sizeof word, sizeof word);
        sum += word;
    }
    for (size_t i = words * sizeof(uint64_t); i < bytes; i++)
        sum += p[i];
    return sum;
}

_Static_assert(HF_TOP == 3, "top_loop keeps three");

// The fold, two edges a walk over the scores; the first walk cuts them, later ones go on from there.
typedef uint64_t fold_two_edges(uint16_t *place, double *sum, const float *score, const double *worth,
                                int32_t n, const float edge[2], float near, float scale, int32_t last,
                                bool first);

static inline uint64_t fold_loop(fold_two_edges *walk, uint16_t *place, double *sum, const float *score,
                                 const double *worth, int32_t n, const float *edge, int32_t edges, float near,
                                 float scale, int32_t last)
{
    uint64_t close = 0;
    for (int32_t e = 0; e < edges || e == 0; e += 2) {
        const float pair[2] = {e < edges ? edge[e] : INFINITY, e + 1 < edges ? edge[e + 1] : INFINITY};
        double both[2];
        close |= walk(place, both, score, worth, n, pair, near, scale, last, e == 0);
        for (int32_t k = 0; k < 2 && e + k < edges; k++)
            sum[e + k] = both[k];
    }
    return close;
}

#endif
