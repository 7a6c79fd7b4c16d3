// SPDX-License-Identifier: Apache-2.0
//
// Decimal text to double and whole and fixed-point numbers to text, the same in every locale. Up to 15 digits
// with a small power of ten take one exact multiplication or division (Clinger, "How to read floating point
// numbers accurately", 1990); everything else goes to the C library's correctly rounded strtod.
#include "base/c_locale.h"

#include "base/base_room.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXACT_DIGITS = 15, // whole numbers of so many digits are exact in a double
    EXACT_POWER = 22,  // and so are powers of ten up to this
    KEPT_DIGITS = 780, // no halfway case between doubles has more than 767 significant digits
};

static const double powers_of_ten[EXACT_POWER + 1] = {1,    1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// A number taken apart. The grammar is checked here because strtod takes more: blanks, hex, inf, nan.
typedef struct {
    bool negative;
    const char *digits, *end; // from the first digit to the end of the mantissa, perhaps with a point inside
    uint64_t whole;           // the mantissa without its point, meaningful up to EXACT_DIGITS significant
    size_t significant;       // digits from the first that is not 0
    int64_t exponent;         // of the last digit of the mantissa, as far as it can matter
} decimal;

static bool read_mantissa(decimal *d, const char **p, const char *end)
{
    bool any = false, point = false;
    d->digits = *p;
    for (; *p < end; ++*p) {
        if (**p == '.' && !point) {
            point = true;
        } else if (is_digit(**p)) {
            any = true;
            if (d->significant > 0 || **p != '0') d->significant++;
            if (d->significant <= EXACT_DIGITS) d->whole = d->whole * 10 + (uint64_t)(**p - '0');
            if (point) d->exponent--;
        } else {
            break;
        }
    }
    d->end = *p;
    return any;
}

static bool read_exponent(decimal *d, const char **p, const char *end)
{
    // Beyond this every mantissa a machine can hold gives 0 or infinity.
    const int64_t enough = INT64_MAX / 100;
    int64_t exponent = 0;
    ++*p;
    bool negative = *p < end && **p == '-';
    if (*p < end && (**p == '-' || **p == '+')) ++*p;
    if (*p == end) return false;
    for (; *p < end; ++*p) {
        if (!is_digit(**p)) return false;
        if (exponent < enough) exponent = exponent * 10 + (**p - '0');
    }
    d->exponent += negative ? -exponent : exponent;
    return true;
}

static bool read_decimal(decimal *d, const char *text, size_t length)
{
    const char *p = text, *end = text + length;
    *d = (decimal){0};
    if (p < end && (*p == '+' || *p == '-')) d->negative = *p++ == '-';
    if (!read_mantissa(d, &p, end)) return false;
    if (p < end && (*p == 'e' || *p == 'E')) return read_exponent(d, &p, end) && p == end;
    return p == end;
}

// The significant digits as a whole number with an exponent, in a buffer of fixed size. Digits past those
// that can matter are replaced by a single 1, which keeps the text on its side of every halfway case.
static double convert(const decimal *d)
{
    char text[KEPT_DIGITS + 32];
    size_t n = 0, seen = 0;
    bool rest = false;
    for (const char *p = d->digits; p < d->end; p++) {
        if (*p == '.' || (seen == 0 && *p == '0')) continue;
        seen++;
        if (n < KEPT_DIGITS)
            text[n++] = *p;
        else
            rest = rest || *p != '0';
    }
    int64_t exponent = d->exponent + (int64_t)(seen - n);
    if (rest) {
        text[n++] = '1';
        exponent--;
    }
    exponent = exponent > 100000 ? 100000 : exponent < -100000 ? -100000 : exponent;
    text[n++] = 'e';
    hf_format_i64(text + n, exponent);
    return strtod_l(text, NULL, hf_c_locale());
}

bool hf_parse_double(double *out, const char *text, size_t length)
{
    decimal d;
    if (!read_decimal(&d, text, length)) return false;
    double value = (double)d.whole;
    if (d.significant > EXACT_DIGITS || d.exponent > EXACT_POWER || d.exponent < -EXACT_POWER)
        value = d.significant == 0 ? 0.0 : convert(&d);
    else if (d.exponent < 0)
        value /= powers_of_ten[-d.exponent];
    else
        value *= powers_of_ten[d.exponent];
    *out = d.negative ? -value : value;
    return true;
}

size_t hf_format_i64(char *out, int64_t value)
{
    char digits[24];
    size_t n = 0, length = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[n++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) out[length++] = '-';
    while (n > 0)
        out[length++] = digits[--n];
    out[length] = '\0';
    return length;
}

// The double nearest to value x 10^decimals is what is rounded, so 1.115 at two decimals is 1.12 though the
// double 1.115 is a little less: people see the decimal number they wrote.
size_t hf_format_fixed(char *out, double value, int decimals)
{
    double shifted = fabs(value) * powers_of_ten[decimals];
    if (!(shifted < 9e18)) return hf_format_f64(out, value); // NaN, infinity, or no digit to round
    uint64_t scaled = (uint64_t)round(shifted), unit = (uint64_t)powers_of_ten[decimals];
    size_t length = 0;
    if (signbit(value) && scaled > 0) out[length++] = '-';
    length += hf_format_i64(out + length, (int64_t)(scaled / unit));
    if (decimals > 0) {
        out[length++] = '.';
        uint64_t fraction = scaled % unit;
        for (int i = decimals - 1; i >= 0; i--) {
            out[length + (size_t)i] = (char)('0' + fraction % 10);
            fraction /= 10;
        }
        length += (size_t)decimals;
        out[length] = '\0';
    }
    return length;
}
