// SPDX-License-Identifier: Apache-2.0
//
// Plain numbers of a column, four cells at a time: csv_number_lanes.h with AVX2.
#include <immintrin.h>
#include <stdint.h>

#define LANES 4
#define LANE_ALL (~(flags){0})

typedef uint64_t lanes __attribute__((vector_size(32)));
typedef double lane_doubles __attribute__((vector_size(32)));
typedef float lane_floats __attribute__((vector_size(16)));
typedef lanes flags; // all bits or none

static inline lanes lane_shift(lanes v, lanes n)
{
    return (lanes)_mm256_sllv_epi64((__m256i)v, (__m256i)n);
}

static inline lanes lane_sum(lanes v)
{
    return (lanes)_mm256_sad_epu8((__m256i)v, _mm256_setzero_si256());
}

static inline lanes lane_zeros(lanes v)
{
    v |= v >> 8;
    v |= v >> 16;
    v |= v >> 32;
    return 8 - lane_sum((lanes)_mm256_min_epu8((__m256i)v, _mm256_set1_epi8(1)));
}

static inline lanes lane_eight(lanes v)
{
    __m256i pairs = _mm256_maddubs_epi16((__m256i)v, _mm256_set1_epi16(10 | 1 << 8));
    __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(100 | 1 << 16));
    return (lanes)_mm256_mul_epu32(fours, _mm256_set1_epi64x(10000)) + ((lanes)fours >> 32);
}

static inline lane_doubles lane_number(lanes n)
{
    return (lane_doubles)(n | 0x4330000000000000u) - 4503599627370496.0; // the bits of 2^52 + n
}

// Bits of n, moved to where a blend looks, choose the factors.
static inline lane_doubles lane_power(lanes n)
{
    const __m256d one = _mm256_set1_pd(1);
    lane_doubles ones = (lane_doubles)_mm256_blendv_pd(one, _mm256_set1_pd(1e1), (__m256d)(n << 63));
    lane_doubles twos = (lane_doubles)_mm256_blendv_pd(one, _mm256_set1_pd(1e2), (__m256d)(n << 62));
    lane_doubles fours = (lane_doubles)_mm256_blendv_pd(one, _mm256_set1_pd(1e4), (__m256d)(n << 61));
    return ones * twos * fours;
}

static inline flags lane_equal(flags of, lanes a, lanes b)
{
    return of & (flags)(a == b);
}

static inline flags lane_differ(flags of, lanes a, lanes b)
{
    return of & ~(flags)(a == b);
}

static inline flags lane_over(flags of, lanes a, lanes b)
{
    return of & (flags)_mm256_cmpgt_epi64((__m256i)a, (__m256i)b);
}

static inline lanes lane_keep(flags of, lanes v)
{
    return of & v;
}

static inline lane_doubles lane_most(flags of, lane_doubles most, lane_doubles v)
{
    return (lane_doubles)_mm256_max_pd((__m256d)most, (__m256d)(of & (lanes)v));
}

static inline uint32_t lane_bits(flags of)
{
    return (uint32_t)_mm256_movemask_pd((__m256d)of);
}

#include "csv/csv_number_lanes.h"

const hf_csv_numbers hf_csv_numbers_avx2 = {read_narrow, read_wide};
