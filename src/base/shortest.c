// SPDX-License-Identifier: Apache-2.0
//
// The shortest decimal text that reads back to the same number. The candidate of n digits is the correctly
// rounded one, for n from the digits every value keeps up to those that tell all values apart. Candidates are
// made and proved in long double, whose 64 bits hold 10^27, midpoints between neighbours and 17-digit whole
// numbers exactly; the few values where that cannot decide go through the C library's exact printing. Numbers
// with two decimals, which is what most tables hold, are tried first.
#include "base/c_locale.h"

#include "base/base_room.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT_POWER = 27, MOST_DIGITS = 17 };

static const long double powers_of_ten[EXACT_POWER + 1] = {
    1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,  1e10L, 1e11L, 1e12L, 1e13L,
    1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};

// A positive number to write and how near a decimal must come to read back as it.
typedef struct {
    double value;
    long double low, high; // midpoints to the neighbours
    int least, most;       // digits every value like it keeps; digits that tell all values apart
    bool single;
} target;

// Decimal digits without trailing zeros: 0.d1d2d3... x 10^point.
typedef struct {
    char digits[24];
    int count, point;
} decimal;

static void set_digits(decimal *d, uint64_t whole, int exponent)
{
    while (whole % 10 == 0 && whole > 0) {
        whole /= 10;
        exponent++;
    }
    d->count = (int)hf_format_i64(d->digits, (int64_t)whole);
    d->point = d->count + exponent;
}

// The n with 10^(n - 1) <= value < 10^n.
static int magnitude(double value)
{
    int binary;
    frexp(value, &binary);
    int n = (int)floor((binary - 1) * 0.30102999566398120) + 1; // right, or one too low
    if (n > EXACT_POWER || n < -EXACT_POWER) return n;
    long double above = n >= 0 ? powers_of_ten[n] : 1.0L / powers_of_ten[-n];
    return value >= above ? n + 1 : n;
}

// True when the value was decided here, false when exact printing has to.
static bool by_long_double(decimal *d, const target *t)
{
    if (LDBL_MANT_DIG < 64 || t->least == 1) return false;
    int point = magnitude(t->value);
    for (int n = t->least; n <= t->most; n++) {
        int shift = n - point; // value x 10^shift has n digits before its point
        if (shift > EXACT_POWER || shift < -EXACT_POWER) return false;
        long double power = powers_of_ten[shift < 0 ? -shift : shift];
        long double scaled = shift < 0 ? t->value / power : t->value * power;
        uint64_t whole = (uint64_t)scaled;
        long double over = scaled - (long double)whole - 0.5L;
        // Too near a half to know which way the exact product rounds, unless it is exact.
        if (fabsl(over) <= scaled * 0x1p-62L) return false;
        whole += over > 0;
        long double back = shift < 0 ? (long double)whole * power : (long double)whole / power;
        // Rounding is monotone and the midpoints are exact, so strictly between them means the exact decimal
        // is, and strictly outside means it is not. A midpoint itself may read back or not.
        if (back == t->low || back == t->high) return false;
        if (back > t->low && back < t->high) {
            set_digits(d, whole, -shift);
            return true;
        }
    }
    return false;
}

static bool reads_back(const char *text, const target *t)
{
    // A single must survive both readers: straight to single, and by way of double.
    double back = strtod_l(text, NULL, hf_c_locale());
    if (!t->single) return back == t->value;
    return (double)(float)back == t->value && (double)strtof_l(text, NULL, hf_c_locale()) == t->value;
}

static void by_printing(decimal *d, const target *t)
{
    char text[40];
    locale_t before = uselocale(hf_c_locale());
    for (int n = t->least; n <= t->most; n++) {
        snprintf(text, sizeof text, "%.*e", n - 1, t->value);
        if (reads_back(text, t)) break;
    }
    uselocale(before);
    char *e = strchr(text, 'e');
    uint64_t whole = 0;
    int digits = 0;
    for (const char *p = text; p < e; p++)
        if (*p != '.') {
            whole = whole * 10 + (uint64_t)(*p - '0');
            digits++;
        }
    set_digits(d, whole, atoi(e + 1) - digits + 1);
}

// Without an exponent where that takes no more than a few zeros.
static size_t place_point(char *out, const decimal *d)
{
    size_t length = 0, count = (size_t)d->count;
    if (d->point > 16 || d->point < -5) {
        out[length++] = d->digits[0];
        if (count > 1) {
            out[length++] = '.';
            memcpy(out + length, d->digits + 1, count - 1);
            length += count - 1;
        }
        out[length++] = 'e';
        return length + hf_format_i64(out + length, d->point - 1);
    }
    if (d->point <= 0) {
        out[length++] = '0';
        out[length++] = '.';
        for (int i = d->point; i < 0; i++)
            out[length++] = '0';
        memcpy(out + length, d->digits, count);
        length += count;
    } else {
        for (int i = 0; i < (d->count > d->point ? d->count : d->point); i++) {
            if (i == d->point) out[length++] = '.';
            out[length++] = i < d->count ? d->digits[i] : '0';
        }
    }
    out[length] = '\0';
    return length;
}

static size_t put(char *out, const char *text)
{
    size_t length = strlen(text);
    memcpy(out, text, length + 1);
    return length;
}

// NaN, the infinities and the zeros; false when the value is none of them.
static bool special(char *out, size_t *length, double value)
{
    if (!isnan(value) && !isinf(value) && value != 0.0) return false;
    const char *text = isnan(value)     ? ""
                       : isinf(value)   ? (value > 0 ? "inf" : "-inf")
                       : signbit(value) ? "-0"
                                        : "0";
    *length = put(out, text);
    return true;
}

static size_t format_target(char *out, const target *t, bool negative)
{
    decimal d;
    if (!by_long_double(&d, t)) by_printing(&d, t);
    if (negative) *out = '-';
    return negative + place_point(out + negative, &d);
}

// Cents as units with one or two decimals.
static size_t put_cents(char *out, int64_t cents)
{
    size_t length = 0;
    int64_t size = cents < 0 ? -cents : cents;
    if (cents < 0) out[length++] = '-';
    length += hf_format_i64(out + length, size / 100);
    out[length++] = '.';
    out[length++] = (char)('0' + size / 10 % 10);
    if (size % 10 != 0) out[length++] = (char)('0' + size % 10);
    out[length] = '\0';
    return length;
}

size_t hf_format_f32(char *out, float value)
{
    size_t length;
    if (special(out, &length, (double)value)) return length;
    // Whole numbers this small have a float each, so every digit counts.
    if (fabsf(value) < 0x1p24f && value == (float)(int32_t)value) return hf_format_i64(out, (int32_t)value);
    // Six digits are kept by every single, so if so few read back there is nothing shorter, and a whole
    // number of cents is too far from any midpoint for the rounding of the division to matter.
    if (fabsf(value) < 9999.5f) {
        int64_t cents = lrint((double)value * 100);
        if (cents != 0 && (float)((double)cents / 100) == value) return put_cents(out, cents);
    }
    float magnitude32 = fabsf(value);
    target t = {.value = (double)magnitude32, .least = FLT_DIG, .most = 9, .single = true};
    // Numbers too small to be normal keep no digit for sure, and the largest has no neighbour above.
    if (magnitude32 < FLT_MIN || magnitude32 == FLT_MAX) t.least = 1;
    t.low = ((long double)magnitude32 + (long double)nextafterf(magnitude32, 0.0f)) / 2;
    t.high = ((long double)magnitude32 + (long double)nextafterf(magnitude32, INFINITY)) / 2;
    return format_target(out, &t, value < 0);
}

size_t hf_format_f64(char *out, double value)
{
    size_t length;
    if (special(out, &length, value)) return length;
    if (fabs(value) < 1e15 && value == (double)(int64_t)value) return hf_format_i64(out, (int64_t)value);
    if (fabs(value) < 1e12) {
        int64_t cents = lrint(value * 100);
        // The quotient of two exact numbers, correctly rounded: just what reading the text gives.
        if (cents != 0 && (double)cents / 100 == value) return put_cents(out, cents);
    }
    double size = fabs(value);
    target t = {.value = size, .least = DBL_DIG, .most = MOST_DIGITS};
    if (size < DBL_MIN || size == DBL_MAX) t.least = 1;
    t.low = ((long double)size + (long double)nextafter(size, 0.0)) / 2;
    t.high = ((long double)size + (long double)nextafter(size, INFINITY)) / 2;
    return format_target(out, &t, value < 0);
}
