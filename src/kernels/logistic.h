// SPDX-License-Identifier: Apache-2.0
//
// The logistic function of one number, written so that a loop over it vectorises: multiplications,
// additions, one division, comparisons and integer shifts, so that every instruction set gives the same
// bits. exp(-|x|) by reduction to |r| <= ln(2) / 2 (Cody and Waite 1980) and the Taylor polynomial of degree
// 13, whose remainder there is below 1e-17; the power of two is applied in two factors so that results in
// the denormal range round once.
#ifndef HOLDFAST_LOGISTIC_H
#define HOLDFAST_LOGISTIC_H

#include <stdint.h>

typedef union {
    double number;
    uint64_t bits;
} double_bits;

// 1.5 * 2^52: adding it rounds a small double to an integer and leaves that integer in the low bits.
#define ROUNDER 0x1.8p52

// 2^k where rounded = k + ROUNDER and -1022 <= k <= 1023. The shift drops all bits but the exponent's.
static inline double power_of_two(double rounded)
{
    double_bits u = {.number = rounded};
    u.bits = (u.bits + 1023) << 52;
    return u.number;
}

static inline double logistic(double x)
{
    double a = x > 0 ? -x : x;
    a = a < -746.0 ? -746.0 : a; // exp(-746) rounds to 0; NaN passes through
    double k = (a * 0x1.71547652b82fep0 + ROUNDER) - ROUNDER;
    double r = a - k * 0x1.62e42feep-1; // ln 2 in two parts; the first times k is exact
    r = r - k * 0x1.a39ef35793c76p-33;
    double p = 1.0 / 6227020800.0;
    p = p * r + 1.0 / 479001600.0;
    p = p * r + 1.0 / 39916800.0;
    p = p * r + 1.0 / 3628800.0;
    p = p * r + 1.0 / 362880.0;
    p = p * r + 1.0 / 40320.0;
    p = p * r + 1.0 / 5040.0;
    p = p * r + 1.0 / 720.0;
    p = p * r + 1.0 / 120.0;
    p = p * r + 1.0 / 24.0;
    p = p * r + 1.0 / 6.0;
    p = p * r + 0.5;
    p = (p * r) * r + r; // exp(r) - 1
    double half = (k * 0.5 + ROUNDER) - ROUNDER;
    double e = (1.0 + p) * power_of_two(half + ROUNDER) * power_of_two((k - half) + ROUNDER);
    return (x > 0 ? 1.0 : e) / (1.0 + e);
}

#endif
