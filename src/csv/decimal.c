// SPDX-License-Identifier: Apache-2.0
//
// Decimal text to double in full generality. Up to 2^53 in digits and 10^22 in scale one multiplication or
// division of exact doubles is correctly rounded (Clinger 1990, "How to read floating point numbers
// accurately"). Up to 19 digits with 27 decimals, which is how doubles are printed, one division of 128 by 64
// bits gives the quotient and whether anything is left of it, which is all that rounding needs. Everything
// else goes to base's correctly rounded reader.
#include "csv/decimal.h"

#include "base/base_room.h"

#include <math.h>

const double hf_decimal_power[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

__extension__ typedef unsigned __int128 wide_integer;

enum { MOST_FIVE = 27 };

// 5^0 to 5^27, the powers that 64 bits hold.
static const uint64_t power_of_five[MOST_FIVE + 1] = {
    1u,
    5u,
    25u,
    125u,
    625u,
    3125u,
    15625u,
    78125u,
    390625u,
    1953125u,
    9765625u,
    48828125u,
    244140625u,
    1220703125u,
    6103515625u,
    30517578125u,
    152587890625u,
    762939453125u,
    3814697265625u,
    19073486328125u,
    95367431640625u,
    476837158203125u,
    2384185791015625u,
    11920928955078125u,
    59604644775390625u,
    298023223876953125u,
    1490116119384765625u,
    7450580596923828125u,
};

enum { MOST_DIGITS = 19, MOST_EXPONENT = 100000 };

// What the characters said: digits x 10^exponent.
typedef struct {
    uint64_t digits;
    int64_t exponent;
    bool negative, cut; // cut: more significant digits than `digits` holds
} scanned;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool read_exponent(int64_t *out, const char *p, const char *end)
{
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '+' || *p == '-')) p++;
    if (p == end) return false;
    int64_t value = 0;
    for (; p < end; p++) {
        if (!is_digit(*p)) return false;
        if (value < MOST_EXPONENT) value = value * 10 + (*p - '0');
    }
    *out = negative ? -value : value;
    return true;
}

static bool scan_decimal(scanned *out, const char *p, const char *end)
{
    scanned s = {0, 0, p < end && *p == '-', false};
    if (p < end && (*p == '+' || *p == '-')) p++;
    int count = 0;
    bool any = false, point = false;
    for (; p < end && (is_digit(*p) || (*p == '.' && !point)); p++) {
        if (*p == '.') {
            point = true;
            continue;
        }
        any = true;
        if (count < MOST_DIGITS) {
            s.digits = s.digits * 10 + (uint64_t)(*p - '0');
            count += s.digits > 0;
            s.exponent -= point;
        } else {
            s.cut |= *p != '0';
            s.exponent += !point;
        }
    }
    int64_t exponent = 0;
    if (!any || (p < end && ((*p != 'e' && *p != 'E') || !read_exponent(&exponent, p + 1, end))))
        return false;
    s.exponent += exponent;
    *out = s;
    return true;
}

// Moves a positive exponent into the digits and drops the zeros that end a fraction.
static void normalise(hf_decimal *d, scanned s)
{
    while (s.exponent < 0 && s.digits > 0 && s.digits % 10 == 0 && !s.cut) {
        s.digits /= 10;
        s.exponent++;
    }
    if (s.digits == 0 && !s.cut) s.exponent = 0;
    while (s.exponent > 0 && s.digits <= UINT64_MAX / 10) {
        s.digits *= 10;
        s.exponent--;
    }
    d->decimals = s.exponent < 0 ? (int32_t)(s.exponent < -MOST_EXPONENT ? MOST_EXPONENT : -s.exponent) : 0;
    d->digits = s.cut || s.exponent > 0 ? UINT64_MAX : s.digits;
}

// digits / 10^decimals to the nearest double; digits over 0, decimals 1 to MOST_FIVE.
static double divide(uint64_t digits, int decimals)
{
    uint64_t five = power_of_five[decimals];
    int up = __builtin_clzll(digits), up_five = __builtin_clzll(five);
    digits <<= up;
    five <<= up_five;
    // Both have their high bit set, so the quotient has 63 or 64 bits.
    wide_integer dividend = (wide_integer)digits << 63;
    uint64_t quotient = (uint64_t)(dividend / five);
    // What is left only matters as more than nothing: a lowest bit far below those that are kept.
    quotient |= (uint64_t)(dividend - (wide_integer)quotient * five != 0);
    return ldexp((double)quotient, up_five - up - 63 - decimals);
}

bool hf_decimal_read(hf_decimal *out, const char *text, size_t length)
{
    scanned s;
    if (length == 0 || !scan_decimal(&s, text, text + length)) return false;
    hf_decimal d = {.negative = s.negative};
    if (!s.cut && s.digits > (uint64_t)1 << 53 && s.exponent <= 0 && s.exponent >= -MOST_FIVE) {
        d.value = s.exponent == 0 ? (double)s.digits : divide(s.digits, (int)-s.exponent);
        if (s.negative) d.value = -d.value;
    } else if (!s.cut && s.digits <= (uint64_t)1 << 53 && s.exponent >= -22 && s.exponent <= 22) {
        d.value = (double)s.digits;
        if (s.exponent < 0)
            d.value /= hf_decimal_power[-s.exponent];
        else
            d.value *= hf_decimal_power[s.exponent];
        if (s.negative) d.value = -d.value;
    } else if (!hf_parse_double(&d.value, text, length)) {
        return false;
    }
    normalise(&d, s);
    *out = d;
    return true;
}
