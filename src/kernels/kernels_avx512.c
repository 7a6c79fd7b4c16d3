// SPDX-License-Identifier: Apache-2.0
//
// The kernels for AVX-512 (F, BW, DQ and VL; without fused multiply-add). Arithmetic is left to the
// compiler's vectoriser; written with intrinsics are the structural scan, where a comparison of 64 bytes is a
// mask, tables of few levels, which fit a permutation, and the fold, whose masks serve two widths.
#include "kernels/kernel_loops.h"
#include "kernels/kernel_tables.h"

#include <immintrin.h>

static void curve(float *out, const float *x, int32_t n, const hf_kernel_curve *c)
{
    curve_loop(out, x, n, c);
}

// Up to 32 values stay in two registers and are picked by a permutation; a gather takes five times as long.
static void table(float *out, const int32_t *codes, int32_t n, int32_t levels, const float *values)
{
    float few[32] = {0};
    if (levels >= 32) {
        table_loop(out, codes, n, values);
        return;
    }
    memcpy(few, values, ((size_t)levels + 1) * sizeof *few);
    const __m512 low = _mm512_loadu_ps(few), high = _mm512_loadu_ps(few + 16);
    const __m512i one = _mm512_set1_epi32(1);
    int32_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512i place = _mm512_add_epi32(_mm512_loadu_si512(codes + i), one);
        _mm512_storeu_ps(out + i, _mm512_permutex2var_ps(low, place, high));
    }
    table_loop(out + i, codes + i, n - i, values);
}

static void cells(float *index, const float *x, int32_t n, float cells_of, const float *edge, int32_t edges)
{
    cells_loop(index, x, n, cells_of, edge, edges);
}

// The value at each place from 32 in two registers; the places' higher bits do not count.
static inline __m512 pick_of_32(__m512i place, const float *values)
{
    return _mm512_permutex2var_ps(_mm512_loadu_ps(values), place, _mm512_loadu_ps(values + 16));
}

// Up to 128 values stay in registers, 32 at a time, and the places' higher bits say which were meant: a
// surface of eight cells a signal, and most rules.
static void pick(float *out, const float *index, int32_t n, int32_t count, const float *values)
{
    float few[128] = {0};
    if (count > 128) {
        pick_loop(out, index, n, values);
        return;
    }
    memcpy(few, values, (size_t)count * sizeof *few);
    const __m512i bit_5 = _mm512_set1_epi32(32), bit_6 = _mm512_set1_epi32(64);
    int32_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m512i place = _mm512_cvttps_epi32(_mm512_loadu_ps(index + i));
        __m512 value = pick_of_32(place, few);
        if (count > 32) {
            const __mmask16 odd = _mm512_test_epi32_mask(place, bit_5);
            value = _mm512_mask_blend_ps(odd, value, pick_of_32(place, few + 32));
            if (count > 64) {
                const __m512 high =
                    _mm512_mask_blend_ps(odd, pick_of_32(place, few + 64), pick_of_32(place, few + 96));
                value = _mm512_mask_blend_ps(_mm512_test_epi32_mask(place, bit_6), value, high);
            }
        }
        _mm512_storeu_ps(out + i, value);
    }
    pick_loop(out + i, index + i, n - i, values);
}

static void narrow(float *out, const double *x, int32_t n, double origin)
{
    narrow_loop(out, x, n, origin);
}

static void add(double *sum, const float *term, int32_t n)
{
    add_loop(sum, term, n);
}

static void add_top(double *sum, uint32_t *keys, int32_t stride, const float *term, int32_t n, uint32_t index,
                    uint32_t index_bits)
{
    add_top_loop(sum, keys, stride, term, n, index, index_bits);
}

static void reasons(int32_t *reason, uint8_t *unclear, const uint32_t *keys, int32_t stride, int32_t n,
                    int32_t last, uint32_t index_bits, float margin)
{
    const int32_t *first = (const int32_t *)keys;
    reasons_loop(reason, unclear, first, first + stride, first + 2 * (size_t)stride, n, last, index_bits,
                 margin);
}

static void bend(double *x, int32_t n, const hf_kernel_bend *b)
{
    bend_loop(x, n, b);
}

static void sigmoid(double *out, const double *x, int32_t n)
{
    sigmoid_loop(out, x, n);
}

static uint32_t scan(hf_scan_masks *out, const char *text, int64_t blocks, char delimiter)
{
    const __m512i quote = _mm512_set1_epi8('"'), newline = _mm512_set1_epi8('\n');
    const __m512i between = _mm512_set1_epi8(delimiter);
    __m512i smallest = _mm512_set1_epi8(-1), any = _mm512_setzero_si512();
    for (int64_t b = 0; b < blocks; b++) {
        __m512i block = _mm512_loadu_si512(text + 64 * b);
        out[b].quote = _mm512_cmpeq_epi8_mask(block, quote);
        out[b].delimiter = _mm512_cmpeq_epi8_mask(block, between);
        out[b].newline = _mm512_cmpeq_epi8_mask(block, newline);
        smallest = _mm512_min_epu8(smallest, block);
        any = _mm512_or_si512(any, block);
    }
    return (_mm512_testn_epi8_mask(smallest, smallest) ? (uint32_t)HF_SCAN_NUL : 0u) |
           (_mm512_movepi8_mask(any) ? (uint32_t)HF_SCAN_HIGH : 0u);
}

// Two edges a walk over the scores, in registers; the first walk cuts them, later ones go on from there.
typedef struct {
    __m512 edge0, edge1, near, scale;
    __m512i last;
} fold_edges;

typedef struct {
    __m512d low0, high0, low1, high1; // worth past either edge, of sixteen scores' first and last eight
} fold_sums;

// Sixteen scores, or those of them in the mask `in`; returns which are near. first and valued are constants
// where this is inlined, and `in` too but for the last few: a masked store stalls the loads of single places
// that follow it.
static inline __mmask16 fold_sixteen(uint16_t *place, fold_sums *sum, const float *score, const double *worth,
                                     __mmask16 in, const fold_edges *of, bool first, bool valued)
{
    const __m512i one = _mm512_set1_epi32(1), zero = _mm512_setzero_si512();
    const __m512 s = _mm512_maskz_loadu_ps(in, score);
    __m512i at = first ? _mm512_cvttps_epi32(_mm512_mul_ps(s, of->scale))
                       : _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(in, place));
    if (first) at = _mm512_min_epi32(_mm512_max_epi32(at, zero), of->last);
    const __mmask16 past0 = _mm512_mask_cmp_ps_mask(in, s, of->edge0, _CMP_GE_OQ);
    const __mmask16 past1 = _mm512_mask_cmp_ps_mask(in, s, of->edge1, _CMP_GE_OQ);
    const __m512 off0 = _mm512_sub_ps(s, of->edge0), off1 = _mm512_sub_ps(s, of->edge1);
    // Nearest of two edges in one comparison, signs aside.
    const __m512 off = _mm512_range_ps(off0, off1, 0xa);
    at = _mm512_mask_add_epi32(at, past0, at, one);
    at = _mm512_mask_add_epi32(at, past1, at, one);
    if (in == 0xffffu)
        _mm256_storeu_si256((__m256i *)(void *)place, _mm512_cvtepi32_epi16(at));
    else
        _mm256_mask_storeu_epi16(place, in, _mm512_cvtepi32_epi16(at));
    if (valued) {
        const __m512d low = _mm512_maskz_loadu_pd((__mmask8)in, worth);
        const __m512d high = _mm512_maskz_loadu_pd((__mmask8)(in >> 8), worth + 8);
        sum->low0 = _mm512_mask_add_pd(sum->low0, (__mmask8)past0, sum->low0, low);
        sum->high0 = _mm512_mask_add_pd(sum->high0, (__mmask8)(past0 >> 8), sum->high0, high);
        sum->low1 = _mm512_mask_add_pd(sum->low1, (__mmask8)past1, sum->low1, low);
        sum->high1 = _mm512_mask_add_pd(sum->high1, (__mmask8)(past1 >> 8), sum->high1, high);
    }
    return _mm512_mask_cmp_ps_mask(in, off, of->near, _CMP_LT_OQ);
}

static inline uint64_t fold_groups(uint16_t *place, fold_sums *sum, const float *score, const double *worth,
                                   int32_t n, const fold_edges *of, bool first, bool valued)
{
    uint64_t close = 0;
    int32_t i = 0;
    for (uint64_t bit = 1; i < n; bit <<= 1) {
        const int32_t end = n - i < HF_FOLD_GROUP ? n : i + HF_FOLD_GROUP;
        __mmask16 near = 0;
        for (; i + 16 <= end; i += 16)
            near |= fold_sixteen(place + i, sum, score + i, valued ? worth + i : NULL, 0xffffu, of, first,
                                 valued);
        if (i < end) {
            const __mmask16 in = (__mmask16)((1u << (end - i)) - 1);
            near |= fold_sixteen(place + i, sum, score + i, valued ? worth + i : NULL, in, of, first, valued);
            i = end;
        }
        if (near) close |= bit;
    }
    return close;
}

static uint64_t fold_pair(uint16_t *place, double *sum, const float *score, const double *worth, int32_t n,
                          const float edge[2], float near, float scale, int32_t last, bool first)
{
    const __m512d none = _mm512_setzero_pd();
    const fold_edges of = {_mm512_set1_ps(edge[0]), _mm512_set1_ps(edge[1]), _mm512_set1_ps(near),
                           _mm512_set1_ps(scale), _mm512_set1_epi32(last)};
    fold_sums past = {none, none, none, none};
    uint64_t close;
    if (!worth)
        close = fold_groups(place, &past, score, worth, n, &of, first, false);
    else if (first)
        close = fold_groups(place, &past, score, worth, n, &of, true, true);
    else
        close = fold_groups(place, &past, score, worth, n, &of, false, true);
    sum[0] = _mm512_reduce_add_pd(_mm512_add_pd(past.low0, past.high0));
    sum[1] = _mm512_reduce_add_pd(_mm512_add_pd(past.low1, past.high1));
    return close;
}

static uint64_t fold(uint16_t *place, double *sum, const float *score, const double *worth, int32_t n,
                     const float *edge, int32_t edges, float near, float scale, int32_t last)
{
    return fold_loop(fold_pair, place, sum, score, worth, n, edge, edges, near, scale, last);
}

static uint64_t read_bandwidth(const void *data, size_t bytes)
{
    return read_loop(data, bytes);
}

const hf_kernels hf_kernels_avx512 = {
    .isa = HF_ISA_AVX512,
    .curve = curve,
    .table = table,
    .cells = cells,
    .pick = pick,
    .narrow = narrow,
    .add = add,
    .add_top = add_top,
    .reasons = reasons,
    .bend = bend,
    .sigmoid = sigmoid,
    .fold = fold,
    .scan = scan,
    .read_bandwidth = read_bandwidth,
};
