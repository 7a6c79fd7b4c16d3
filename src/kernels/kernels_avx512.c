// SPDX-License-Identifier: Apache-2.0
//
// The kernels for AVX-512 (F, BW, DQ and VL; without fused multiply-add). Arithmetic is left to the
// compiler's vectoriser; written with intrinsics are the structural scan, where a comparison of 64 bytes is a
// mask, and tables of few levels, which fit a permutation.
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

static void pick(float *out, const float *index, int32_t n, int32_t count, const float *values)
{
    float few[32] = {0};
    if (count > 32) {
        pick_loop(out, index, n, values);
        return;
    }
    memcpy(few, values, (size_t)count * sizeof *few);
    const __m512 low = _mm512_loadu_ps(few), high = _mm512_loadu_ps(few + 16);
    int32_t i = 0;
    for (; i + 16 <= n; i += 16) {
        __m512i place = _mm512_cvttps_epi32(_mm512_loadu_ps(index + i));
        _mm512_storeu_ps(out + i, _mm512_permutex2var_ps(low, place, high));
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

static bool past_edge(int32_t *count, double *sum, const float *score, const double *worth, int32_t n,
                      float edge, float near)
{
    return past_loop(count, sum, score, worth, n, edge, near);
}

static void places(uint16_t *out, const float *score, int32_t n, float scale, int32_t last)
{
    places_loop(out, score, n, scale, last);
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
    .sigmoid = sigmoid,
    .past = past_edge,
    .places = places,
    .scan = scan,
    .read_bandwidth = read_bandwidth,
};
