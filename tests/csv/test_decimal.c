// SPDX-License-Identifier: Apache-2.0
//
// Decimal text against the C library's strtod, bit for bit, on millions of random numbers of every shape.
#include "csv/decimal.h"

#include "base/base_room.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

// The short reader's answer as a double, NaN where it declines.
static double short_value(const char *text, size_t length)
{
    char padded[128] = {0};
    memcpy(padded, text, length);
    uint64_t digits;
    uint32_t decimals;
    if (!hf_decimal_short(padded, (uint32_t)length, &digits, &decimals) || digits >= (uint64_t)1 << 53)
        return NAN;
    return (double)digits / hf_decimal_power[decimals];
}

static void check(const char *text)
{
    size_t length = strlen(text);
    char *end;
    double want = strtod(text, &end);
    cr_assert_eq(*end, '\0');
    hf_decimal d = {0};
    cr_assert(hf_decimal_read(&d, text, length), "%s", text);
    cr_assert(same_bits(d.value, want), "%s: %.17g, not %.17g", text, d.value, want);
    cr_assert_eq(d.negative, text[0] == '-');
    // What it says of the digits is the number again.
    if (d.digits < (uint64_t)1 << 53 && d.decimals <= 22) {
        double again = (double)d.digits / hf_decimal_power[d.decimals];
        cr_assert(same_bits(again, fabs(want)), "%s: %llu e-%d", text, (unsigned long long)d.digits,
                  d.decimals);
        cr_assert(d.decimals == 0 || d.digits % 10 != 0, "%s", text);
    }
    double quick = text[0] == '-' || text[0] == '+' ? NAN : short_value(text, length);
    if (!isnan(quick)) cr_assert(same_bits(quick, want), "%s: %.17g, not %.17g", text, quick, want);
}

Test(decimal, agrees_with_strtod)
{
    hf_random r = hf_random_seed(7, 0);
    int declined = 0;
    for (int i = 0; i < 1000000; i++) {
        char text[96];
        size_t n = 0, digits = 1 + hf_random_below(&r, i % 4 == 0 ? 25 : 12);
        size_t point = hf_random_below(&r, digits + 2); // digits + 1: no point
        if (hf_random_below(&r, 4) == 0) text[n++] = "+-"[hf_random_below(&r, 2)];
        size_t first = n;
        for (size_t k = 0; k < digits; k++) {
            if (k == point) text[n++] = '.';
            text[n++] = hf_random_below(&r, 3) == 0 ? '0' : (char)('0' + hf_random_below(&r, 10));
        }
        if (point == digits) text[n++] = '.';
        text[n] = '\0';
        if (first == 0 && n <= 15) declined += isnan(short_value(text, n));
        if (hf_random_below(&r, 5) == 0)
            sprintf(text + n, "%c%d", "eE"[hf_random_below(&r, 2)], (int)hf_random_below(&r, 60) - 30);
        check(text);
    }
    cr_assert_eq(declined, 0, "the short reader takes every plain number of up to 15 characters");
}

Test(decimal, takes_what_base_takes_and_nothing_else)
{
    hf_random r = hf_random_seed(8, 0);
    const char alphabet[] = "0123456789..+-eE%x ";
    for (int i = 0; i < 1000000; i++) {
        char text[24] = {0};
        size_t n = hf_random_below(&r, 17);
        for (size_t k = 0; k < n; k++)
            text[k] = alphabet[hf_random_below(&r, i % 2 ? 11 : sizeof alphabet - 1)];
        hf_decimal d;
        double value;
        cr_assert_eq(hf_decimal_read(&d, text, n), hf_parse_double(&value, text, n), "'%s'", text);
        uint64_t digits;
        uint32_t decimals;
        bool quick = hf_decimal_short(text, (uint32_t)n, &digits, &decimals);
        bool plain = n > 0 && strspn(text, "0123456789.") == n && hf_parse_double(&value, text, n);
        cr_assert_eq(quick, plain, "'%s'", text);
    }
}

Test(decimal, any_byte_in_any_place_is_seen)
{
    for (uint32_t length = 1; length <= 16; length++)
        for (uint32_t at = 0; at < length; at++)
            for (int byte = 0; byte < 256; byte++) {
                char text[32] = "1234567812345678";
                text[at] = (char)byte;
                uint64_t digits;
                uint32_t decimals;
                bool want = (byte >= '0' && byte <= '9') || (byte == '.' && length > 1);
                cr_assert_eq(hf_decimal_short(text, length, &digits, &decimals), want, "byte %d at %u of %u",
                             byte, at, length);
            }
}

Test(decimal, printed_doubles_and_halves)
{
    hf_random r = hf_random_seed(9, 0);
    for (int i = 0; i < 300000; i++) {
        char text[64];
        sprintf(text, "%.*g", 15 + (int)hf_random_below(&r, 5),
                (hf_random_uniform(&r) - 0.5) * pow(10, (double)hf_random_below(&r, 12)));
        check(text);
        // Halfway between two doubles, and just beside it.
        uint64_t odd = (((uint64_t)1 << 53) + 2 * hf_random_below(&r, (uint64_t)1 << 52)) | 1;
        sprintf(text, "%llu.%s", (unsigned long long)(odd / 2 * 2 + 1),
                i % 3 == 0   ? "0"
                : i % 3 == 1 ? "01"
                             : "0000");
        check(text);
        sprintf(text, "%llu.%s", (unsigned long long)(odd >> 4),
                i % 3 == 0   ? "0625"
                : i % 3 == 1 ? "06250"
                             : "0626");
        check(text);
    }
}

Test(decimal, extremes)
{
    const char *texts[] = {"0",
                           "-0",
                           "9007199254740993",
                           "9007199254740992",
                           "18446744073709551616",
                           "1e308",
                           "1e309",
                           "-1e400",
                           "4.9e-324",
                           "2.4703282292062328e-324",
                           "1e-400",
                           "0e99999",
                           "0.000000000000000000000000000001",
                           "123456789012345678901234567890",
                           "1e99999999999999999999",
                           "00000000000000000000000000000000000000000000000000000000000000012.50"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        check(texts[i]);
}
