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

static void bend(double *x, int32_t n, const hf_kernel_bend *b)
{
    bend_loop(x, n, b);
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

static inline __m256d worth_past(__m256d sum, __m128 past, const double *worth)
{
    const __m256d mask = _mm256_castsi256_pd(_mm256_cvtepi32_epi64(_mm_castps_si128(past)));
    return _mm256_add_pd(sum, _mm256_and_pd(mask, _mm256_loadu_pd(worth)));
}

static inline double sum_of(__m256d x)
{
    double part[4];
    _mm256_storeu_pd(part, x);
    return (part[0] + part[1]) + (part[2] + part[3]);
}

// Two edges a walk over the scores, in registers; the first walk cuts them, later ones go on from there. n is
// a multiple of eight.
static inline uint64_t fold_eights(uint16_t *place, double *sum, const float *score, const double *worth,
                                   int32_t n, const float edge[2], float near, float scale, int32_t last,
                                   bool first)
{
    const __m256 e0 = _mm256_set1_ps(edge[0]), e1 = _mm256_set1_ps(edge[1]), limit = _mm256_set1_ps(near);
    const __m256 by = _mm256_set1_ps(scale), sign = _mm256_set1_ps(-0.0f);
    const __m256i most = _mm256_set1_epi32(last), zero = _mm256_setzero_si256();
    __m256d a0 = _mm256_setzero_pd(), a1 = a0, b0 = a0, b1 = a0;
    uint64_t close = 0;
    for (int32_t i = 0; i < n; i += 8) {
        const __m256 s = _mm256_loadu_ps(score + i);
        const __m256i cut = _mm256_cvttps_epi32(_mm256_mul_ps(s, by));
        __m256i at = first
                         ? _mm256_min_epi32(_mm256_max_epi32(cut, zero), most)
                         : _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(place + i)));
        const __m256 past0 = _mm256_cmp_ps(s, e0, _CMP_GE_OQ), past1 = _mm256_cmp_ps(s, e1, _CMP_GE_OQ);
        const __m256 off0 = _mm256_andnot_ps(sign, _mm256_sub_ps(s, e0));
        const __m256 off1 = _mm256_andnot_ps(sign, _mm256_sub_ps(s, e1));
        const __m256 off = _mm256_min_ps(off0, off1);
        close |= (uint64_t)(_mm256_movemask_ps(_mm256_cmp_ps(off, limit, _CMP_LT_OQ)) != 0)
                 << i / HF_FOLD_GROUP;
        at = _mm256_sub_epi32(_mm256_sub_epi32(at, _mm256_castps_si256(past0)), _mm256_castps_si256(past1));
        _mm_storeu_si128((__m128i *)(void *)(place + i),
                         _mm_packus_epi32(_mm256_castsi256_si128(at), _mm256_extracti128_si256(at, 1)));
        if (!worth) continue;
        a0 = worth_past(a0, _mm256_castps256_ps128(past0), worth + i);
        b0 = worth_past(b0, _mm256_extractf128_ps(past0, 1), worth + i + 4);
        a1 = worth_past(a1, _mm256_castps256_ps128(past1), worth + i);
        b1 = worth_past(b1, _mm256_extractf128_ps(past1, 1), worth + i + 4);
    }
    sum[0] += sum_of(_mm256_add_pd(a0, b0));
    sum[1] += sum_of(_mm256_add_pd(a1, b1));
    return close;
}

// What is left of eight is filled up with a score that is past no edge.
static uint64_t fold_pair(uint16_t *place, double *sum, const float *score, const double *worth, int32_t n,
                          const float edge[2], float near, float scale, int32_t last, bool first)
{
    const int32_t whole = n / 8 * 8;
    float rest[8];
    double rest_worth[8] = {0};
    uint16_t rest_place[8] = {0};
    sum[0] = sum[1] = 0;
    uint64_t close = fold_eights(place, sum, score, worth, whole, edge, near, scale, last, first);
    if (whole == n) return close;
    for (int32_t i = 0; i < 8; i++)
        rest[i] = whole + i < n ? score[whole + i] : -FLT_MAX;
    for (int32_t i = whole; i < n; i++) {
        rest_place[i - whole] = first ? 0 : place[i];
        if (worth) rest_worth[i - whole] = worth[i];
    }
    close |= fold_eights(rest_place, sum, rest, worth ? rest_worth : NULL, 8, edge, near, scale, last, first)
             << whole / HF_FOLD_GROUP;
    memcpy(place + whole, rest_place, (size_t)(n - whole) * sizeof *place);
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
    .bend = bend,
    .sigmoid = sigmoid,
    .fold = fold,
    .scan = scan,
    .read_bandwidth = read_bandwidth,
};
