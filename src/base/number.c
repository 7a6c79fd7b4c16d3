// SPDX-License-Identifier: Apache-2.0
//
// Numbers as text, the same in every locale. Reading goes to the C library's correctly rounded strtod in a
// "C" locale of our own; writing takes the shortest of the digit counts that read back to the same value.
#include "base/base_room.h"

#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

// The grammar is checked here because strtod takes more: blanks, hex, inf, nan.
static bool is_decimal(const char *text, size_t length)
{
    size_t i = 0, digits = 0;
    if (i < length && (text[i] == '+' || text[i] == '-')) i++;
    for (; i < length && text[i] >= '0' && text[i] <= '9'; i++)
        digits++;
    if (i < length && text[i] == '.')
        for (i++; i < length && text[i] >= '0' && text[i] <= '9'; i++)
            digits++;
    if (digits == 0) return false;
    if (i < length && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        if (i < length && (text[i] == '+' || text[i] == '-')) i++;
        size_t first = i;
        while (i < length && text[i] >= '0' && text[i] <= '9')
            i++;
        if (i == first) return false;
    }
    return i == length;
}

bool hf_parse_double(double *out, const char *text, size_t length)
{
    if (!is_decimal(text, length)) return false;
    pthread_once(&c_locale_once, make_c_locale);
    char small[128], *copy = small;
    if (length >= sizeof small && !(copy = malloc(length + 1))) return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    double value = strtod_l(copy, NULL, c_locale);
    if (copy != small) free(copy);
    *out = value;
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

size_t hf_format_fixed(char *out, double value, int decimals)
{
    static const double power[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    if (isnan(value)) {
        out[0] = '\0';
        return 0;
    }
    bool negative = signbit(value);
    uint64_t scaled = (uint64_t)(fabs(value) * power[decimals] + 0.5);
    uint64_t unit = (uint64_t)power[decimals];
    size_t length = 0;
    if (negative && scaled > 0) out[length++] = '-';
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

// Turns digits and a decimal exponent (0.d1d2d3... x 10^point) into text without a needless exponent.
static size_t place_point(char *out, bool negative, const char *digits, int count, int point)
{
    size_t length = 0;
    if (negative) out[length++] = '-';
    if (point > 16 || point < -5) {
        out[length++] = digits[0];
        if (count > 1) {
            out[length++] = '.';
            memcpy(out + length, digits + 1, (size_t)count - 1);
            length += (size_t)count - 1;
        }
        out[length++] = 'e';
        return length + hf_format_i64(out + length, point - 1);
    }
    if (point <= 0) {
        out[length++] = '0';
        out[length++] = '.';
        for (int i = point; i < 0; i++)
            out[length++] = '0';
        memcpy(out + length, digits, (size_t)count);
        length += (size_t)count;
    } else {
        for (int i = 0; i < (count > point ? count : point); i++) {
            if (i == point) out[length++] = '.';
            out[length++] = i < count ? digits[i] : '0';
        }
    }
    out[length] = '\0';
    return length;
}

// Splits "%.*e" text, whatever the locale's point is, into digits without trailing zeros and the exponent.
static int split_exponential(char digits[24], int *point, const char *text)
{
    int count = 0;
    const char *p = text;
    for (; *p != '\0' && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && count < 23) digits[count++] = *p;
    *point = (*p == 'e' ? atoi(p + 1) : 0) + 1;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return count;
}

static size_t format_shortest(char *out, double value, int least, int most, bool single)
{
    if (isnan(value)) {
        out[0] = '\0';
        return 0;
    }
    if (isinf(value)) return (size_t)sprintf(out, "%s", value > 0 ? "inf" : "-inf");
    // Whole numbers need no search.
    if (fabs(value) < 1e15 && value == floor(value) && !(value == 0.0 && signbit(value)))
        return hf_format_i64(out, (int64_t)value);
    if (value == 0.0) return (size_t)sprintf(out, "-0");
    pthread_once(&c_locale_once, make_c_locale);
    char text[40], digits[24];
    int point = 0, count = 0;
    for (int n = least; n <= most; n++) {
        snprintf(text, sizeof text, "%.*e", n - 1, fabs(value));
        count = split_exponential(digits, &point, text);
        char trial[40];
        size_t length = place_point(trial, false, digits, count, point);
        trial[length] = '\0';
        double back = strtod_l(trial, NULL, c_locale);
        if (single ? (float)back == (float)fabs(value) : back == fabs(value)) break;
    }
    return place_point(out, value < 0, digits, count, point);
}

size_t hf_format_f32(char *out, float value) { return format_shortest(out, (double)value, 6, 9, true); }

size_t hf_format_f64(char *out, double value) { return format_shortest(out, value, 15, 17, false); }
