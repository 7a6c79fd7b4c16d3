// SPDX-License-Identifier: Apache-2.0
//
// Plain numbers of a column, eight cells at a time: csv_number_lanes.h with AVX-512.
#include <immintrin.h>
#include <stdint.h>

#define LANES 8
#define LANE_ALL ((flags)0xff)

typedef uint64_t lanes __attribute__((vector_size(64)));
typedef double lane_doubles __attribute__((vector_size(64)));
typedef float lane_floats __attribute__((vector_size(32)));
typedef __mmask8 flags;

static inline lanes lane_shift(lanes v, lanes n)
{
    return (lanes)_mm512_sllv_epi64((__m512i)v, (__m512i)n);
}

static inline lanes lane_sum(lanes v)
{
    return (lanes)_mm512_sad_epu8((__m512i)v, _mm512_setzero_si512());
}

static inline lanes lane_zeros(lanes v)
{
    return (lanes)_mm512_lzcnt_epi64((__m512i)v) >> 3;
}

static inline lanes lane_eight(lanes v)
{
    __m512i pairs = _mm512_maddubs_epi16((__m512i)v, _mm512_set1_epi16(10 | 1 << 8));
    __m512i fours = _mm512_madd_epi16(pairs, _mm512_set1_epi32(100 | 1 << 16));
    return (lanes)_mm512_mul_epu32(fours, _mm512_set1_epi64(10000)) + ((lanes)fours >> 32);
}

static inline lane_doubles lane_number(lanes n)
{
    return (lane_doubles)_mm512_cvtepu64_pd((__m512i)n);
}

static inline lane_doubles lane_power(lanes n)
{
    return (lane_doubles)_mm512_permutexvar_pd((__m512i)n,
                                               _mm512_setr_pd(1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7));
}

static inline flags lane_equal(flags of, lanes a, lanes b)
{
    return _mm512_mask_cmpeq_epi64_mask(of, (__m512i)a, (__m512i)b);
}

static inline flags lane_differ(flags of, lanes a, lanes b)
{
    return _mm512_mask_cmpneq_epi64_mask(of, (__m512i)a, (__m512i)b);
}

static inline flags lane_over(flags of, lanes a, lanes b)
{
    return _mm512_mask_cmpgt_epi64_mask(of, (__m512i)a, (__m512i)b);
}

static inline lanes lane_keep(flags of, lanes v)
{
    return (lanes)_mm512_maskz_mov_epi64(of, (__m512i)v);
}

static inline lane_doubles lane_most(flags of, lane_doubles most, lane_doubles v)
{
    return (lane_doubles)_mm512_mask_max_pd((__m512d)most, of, (__m512d)most, (__m512d)v);
}

static inline uint32_t lane_bits(flags of)
{
    return of;
}

#include "csv/csv_number_lanes.h"

const hf_csv_numbers hf_csv_numbers_avx512 = {read_narrow, read_wide};
