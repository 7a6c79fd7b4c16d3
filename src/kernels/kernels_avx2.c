// SPDX-License-Identifier: Apache-2.0
//
// The kernels for AVX2 (x86-64-v3 without fused multiply-add). Arithmetic is left to the compiler's
// vectoriser; written with intrinsics are the structural scan, which compares 32 bytes at a time and takes
// the comparison's sign bits as a mask, and tables of few levels, which fit a permutation.
#include "kernels/kernel_loops.h"
#include "kernels/kernel_tables.h"

#include <immintrin.h>

static void curve(float *out, const float *x, int32_t n, const hf_kernel_curve *c)
{
    curve_loop(out, x, n, c);
}

// Up to eight values stay in a register and are picked by a permutation; a gather takes three times as long.
static void table(float *out, const int32_t *codes, int32_t n, int32_t levels, const float *values)
{
    float few[8] = {0};
    if (levels >= 8) {
        table_loop(out, codes, n, values);
        return;
    }
    memcpy(few, values, ((size_t)levels + 1) * sizeof *few);
    const __m256 all = _mm256_loadu_ps(few);
    const __m256i one = _mm256_set1_epi32(1);
    int32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256i code = _mm256_loadu_si256((const __m256i *)(const void *)(codes + i));
        _mm256_storeu_ps(out + i, _mm256_permutevar8x32_ps(all, _mm256_add_epi32(code, one)));
    }
    table_loop(out + i, codes + i, n - i, values);
}

static void cells(float *index, const float *x, int32_t n, float cells_of, const float *edge, int32_t edges)
{
    cells_loop(index, x, n, cells_of, edge, edges);
}

static void pick(float *out, const float *index, int32_t n, int32_t count, const float *values)
{
    float few[8] = {0};
    if (count > 8) {
        pick_loop(out, index, n, values);
        return;
    }
    memcpy(few, values, (size_t)count * sizeof *few);
    const __m256 all = _mm256_loadu_ps(few);
    int32_t i = 0;
    for (; i + 8 <= n; i += 8) {
        __m256i place = _mm256_cvttps_epi32(_mm256_loadu_ps(index + i));
        _mm256_storeu_ps(out + i, _mm256_permutevar8x32_ps(all, place));
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

static inline uint64_t equal_mask(__m256i low, __m256i high, __m256i wanted)
{
    uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted));
    uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted));
    return (uint64_t)b << 32 | a;
}

static uint32_t scan(hf_scan_masks *out, const char *text, int64_t blocks, char delimiter)
{
    const __m256i quote = _mm256_set1_epi8('"'), newline = _mm256_set1_epi8('\n');
    const __m256i between = _mm256_set1_epi8(delimiter);
    __m256i smallest = _mm256_set1_epi8(-1), any = _mm256_setzero_si256();
    for (int64_t b = 0; b < blocks; b++) {
        __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)(text + 64 * b));
        __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(text + 64 * b + 32));
        out[b].quote = equal_mask(low, high, quote);
        out[b].delimiter = equal_mask(low, high, between);
        out[b].newline = equal_mask(low, high, newline);
        smallest = _mm256_min_epu8(smallest, _mm256_min_epu8(low, high));
        any = _mm256_or_si256(any, _mm256_or_si256(low, high));
    }
    __m256i zero = _mm256_cmpeq_epi8(smallest, _mm256_setzero_si256());
    return (_mm256_movemask_epi8(zero) ? (uint32_t)HF_SCAN_NUL : 0u) |
           (_mm256_movemask_epi8(any) ? (uint32_t)HF_SCAN_HIGH : 0u);
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

const hf_kernels hf_kernels_avx2 = {
    .isa = HF_ISA_AVX2,
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
