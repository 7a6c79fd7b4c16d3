// SPDX-License-Identifier: Apache-2.0
//
// Numbers as text against oracles: a grammar written as a table, the C library's strtod, a search over all
// digit counts, and integer arithmetic for fixed point.
#include "base/base_room.h"

#include <criterion/criterion.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static float single_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// ---- the grammar -----------------------------------------------------------------------------------------

// The grammar as a state machine: rows are states, columns sign, digit, point, exponent letter. 9: no way on.
static bool oracle_accepts(const char *text, size_t length)
{
    static const char next[8][4] = {
        {1, 2, 3, 9}, // 0 begin
        {9, 2, 3, 9}, // 1 sign
        {9, 2, 4, 5}, // 2 whole digits (end)
        {9, 4, 9, 9}, // 3 point without a digit yet
        {9, 4, 9, 5}, // 4 point and a digit somewhere (end)
        {6, 7, 9, 9}, // 5 exponent letter
        {9, 7, 9, 9}, // 6 its sign
        {9, 7, 9, 9}, // 7 its digits (end)
    };
    char state = 0;
    for (size_t i = 0; i < length; i++) {
        const char *found = text[i] ? strchr("+-0123456789.eE", text[i]) : NULL;
        if (!found) return false;
        int at = (int)(found - "+-0123456789.eE" + 0);
        at = strchr("+-", text[i]) ? 0 : strchr("0123456789", text[i]) ? 1 : text[i] == '.' ? 2 : 3;
        state = next[(int)state][at];
        if (state == 9) return false;
    }
    return state == 2 || state == 4 || state == 7;
}

Test(parse, every_short_text_over_the_alphabet)
{
    static const char alphabet[] = "+-05.eE x";
    size_t letters = sizeof alphabet - 1;
    for (size_t length = 0; length <= 6; length++) {
        size_t total = 1;
        for (size_t i = 0; i < length; i++)
            total *= letters;
        for (size_t k = 0; k < total; k++) {
            char text[8] = {0};
            for (size_t i = 0, rest = k; i < length; i++, rest /= letters)
                text[i] = alphabet[rest % letters];
            double value = 77;
            bool accepted = hf_parse_double(&value, text, length);
            if (accepted != oracle_accepts(text, length))
                cr_assert(false, "'%s': accepted %d", text, accepted);
            if (accepted ? !same_bits(value, strtod(text, NULL)) : value != 77)
                cr_assert(false, "'%s' gave %.17g", text, value);
        }
    }
}

Test(parse, what_strtod_takes_and_a_table_must_not)
{
    static const char *const bad[] = {"inf", "-inf", "nan",   "NAN",   "infinity", "0x10", "0x1p3", " 1",
                                      "1 ",  "1,5",  "1e",    "1e+",   "e5",       ".",    "+",     "-",
                                      "--1", "+-1",  "1.2.3", "1_000", "\t1",      "1\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double value = 3;
        cr_assert(!hf_parse_double(&value, bad[i], strlen(bad[i])), "'%s'", bad[i]);
        cr_assert(value == 3);
    }
    double value = 3;
    cr_assert(!hf_parse_double(&value, "1\0002", 3), "a NUL inside");
    cr_assert(!hf_parse_double(&value, "", 0));
}

Test(parse, reads_no_byte_past_the_length)
{
    double value;
    char text[3] = {'1', '2', '3'}; // no NUL: the sanitizer sees a read past it
    cr_assert(hf_parse_double(&value, text, 3) && value == 123);
    cr_assert(hf_parse_double(&value, text, 2) && value == 12);
}

Test(parse, overflow_and_underflow)
{
    double value;
    cr_assert(hf_parse_double(&value, "1e400", 5) && value == HUGE_VAL);
    cr_assert(hf_parse_double(&value, "-1e400", 6) && value == -HUGE_VAL);
    cr_assert(hf_parse_double(&value, "1e-400", 6) && value == 0);
    cr_assert(hf_parse_double(&value, "-0", 2) && value == 0 && signbit(value));
    cr_assert(hf_parse_double(&value, "0e99999999999999999999999", 25) && value == 0);
    cr_assert(hf_parse_double(&value, "1e99999999999999999999999", 25) && value == HUGE_VAL);
    cr_assert(hf_parse_double(&value, "-1e-99999999999999999999999", 27) && value == 0 && signbit(value));
    cr_assert(hf_parse_double(&value, "4.9406564584124654e-324", 23) && value == 0x1p-1074);
    cr_assert(hf_parse_double(&value, "1.7976931348623157e308", 22) && value == DBL_MAX);
    cr_assert(hf_parse_double(&value, "1.7976931348623159e308", 22) && value == HUGE_VAL);
}

Test(parse, random_texts_agree_with_strtod)
{
    hf_random r = hf_random_seed(11, 0);
    for (int k = 0; k < 300000; k++) {
        char text[64];
        int length = 0, whole = (int)hf_random_below(&r, 20), fraction = (int)hf_random_below(&r, 20);
        if (hf_random_below(&r, 3) == 0) text[length++] = "+-"[hf_random_below(&r, 2)];
        for (int i = 0; i < whole; i++)
            text[length++] = (char)('0' + hf_random_below(&r, 10));
        text[length++] = '.';
        for (int i = 0; i <= fraction; i++)
            text[length++] = (char)('0' + hf_random_below(&r, 10));
        if (hf_random_below(&r, 2) == 0)
            length += sprintf(text + length, "e%d", (int)hf_random_below(&r, 700) - 350);
        text[length] = '\0';
        double value;
        cr_assert(hf_parse_double(&value, text, (size_t)length), "%s", text);
        if (!same_bits(value, strtod(text, NULL))) cr_assert(false, "%s read as %.17g", text, value);
    }
}

// The midpoint of two doubles in full has up to 767 digits; one digit far behind decides the rounding.
Test(parse, halfway_cases_with_a_late_digit)
{
    hf_random r = hf_random_seed(12, 0);
    static char text[4000];
    for (int k = 0; k < 2000; k++) {
        double a = from_bits(hf_random_u64(&r) >> 1);
        if (k < 200) a = from_bits(hf_random_below(&r, 1000));
        if (!isfinite(a) || a >= DBL_MAX) continue;
        long double middle = ((long double)a + (long double)nextafter(a, INFINITY)) / 2;
        int length = snprintf(text, 1500, "%.1150Lf", middle);
        if (length >= 1500) length = snprintf(text, 1500, "%.800Le", middle);
        double value;
        cr_assert(hf_parse_double(&value, text, (size_t)length));
        cr_assert(same_bits(value, strtod(text, NULL)), "even rounding of %s", text);
        if (memchr(text, 'e', (size_t)length)) continue;
        size_t more = (size_t)length + hf_random_below(&r, 2000);
        memset(text + length, '0', more - (size_t)length);
        text[more++] = '1';
        text[more] = '\0';
        cr_assert(hf_parse_double(&value, text, more));
        cr_assert(same_bits(value, nextafter(a, INFINITY)), "just over the half of %a", a);
    }
}

Test(parse, a_megabyte_of_digits)
{
    size_t size = 1 << 20;
    char *text = malloc(size);
    memset(text, '0', size);
    memcpy(text, "0.", 2);
    text[size - 9] = '5';
    memcpy(text + size - 8, "e1048566", 8);
    double value;
    cr_assert(hf_parse_double(&value, text, size));
    cr_assert(value == 5, "%g", value);
    memset(text, '9', size);
    cr_assert(hf_parse_double(&value, text, size) && value == HUGE_VAL);
    free(text);
}

// ---- the locale ------------------------------------------------------------------------------------------

Test(number, a_comma_locale_changes_nothing)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "nl_NL.UTF-8",
                                        "pl_PL.UTF-8"};
    bool set = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !set; i++)
        set = setlocale(LC_ALL, names[i]) != NULL;
    if (!set) fprintf(stderr, "no locale with a decimal comma is installed; only the C locale was tried\n");
    char text[64];
    double value;
    cr_assert(hf_parse_double(&value, "1.5", 3) && value == 1.5);
    cr_assert(!hf_parse_double(&value, "1,5", 3));
    cr_assert(hf_parse_double(&value, "1.23456789012345678", 19) && value == 1.23456789012345678);
    hf_format_f64(text, 5e-324);
    cr_assert_str_eq(text, "5e-324");
    hf_format_f64(text, 0.1 + 0.2);
    cr_assert_str_eq(text, "0.30000000000000004");
    hf_format_fixed(text, 2.5, 2);
    cr_assert_str_eq(text, "2.50");
    hf_context *context;
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
    hf_text out;
    hf_text_init(&out, context);
    hf_text_printf(&out, "%.2f", 1.25);
    cr_assert_str_eq(out.data, "1.25");
    hf_text_free(&out);
    hf_error error;
    hf_fail(&error, HF_ERROR_DATA, "%.1f", 0.5);
    cr_assert_str_eq(error.message, "0.5");
    hf_context_destroy(context);
}

// ---- shortest --------------------------------------------------------------------------------------------

// The digits and exponent of a text as "%.{n}e" would print them, for comparing without regard to notation.
static void normal_form(char *out, size_t size, const char *text)
{
    char digits[64];
    int count = 0, point = 0, exponent = 0;
    bool after = false, seen = false;
    const char *p = text + (*text == '-');
    for (; *p && *p != 'e'; p++) {
        if (*p == '.') {
            after = true;
            continue;
        }
        if (*p != '0') seen = true;
        if (seen) digits[count++] = *p;
        if (seen && !after) point++;
        if (!seen && after) point--;
    }
    if (*p == 'e') exponent = atoi(p + 1);
    while (count > 1 && digits[count - 1] == '0')
        count--;
    snprintf(out, size, "%s%.*s@%d", *text == '-' ? "-" : "", count, digits, point + exponent);
}

static void check_f64(double value)
{
    char text[32], shortest[64], got[96], want[96];
    memset(text, '#', sizeof text);
    size_t length = hf_format_f64(text, value);
    cr_assert(length < sizeof text && strlen(text) == length);
    double back;
    if (!hf_parse_double(&back, text, length) || !same_bits(back, value))
        cr_assert(false, "%a written as %s", value, text);
    for (int n = 1; n <= 17; n++) {
        snprintf(shortest, sizeof shortest, "%.*e", n - 1, value);
        if (same_bits(strtod(shortest, NULL), value)) break;
    }
    normal_form(got, sizeof got, text);
    normal_form(want, sizeof want, shortest);
    if (value != 0 && strcmp(got, want) != 0)
        cr_assert(false, "%a written as %s, shortest %s", value, text, shortest);
}

static void check_f32(float value)
{
    char text[32], shortest[64], got[96], want[96];
    memset(text, '#', sizeof text);
    size_t length = hf_format_f32(text, value);
    cr_assert(length < sizeof text && strlen(text) == length);
    double back;
    if (!hf_parse_double(&back, text, length) || (float)back != value || strtof(text, NULL) != value)
        cr_assert(false, "%a written as %s", (double)value, text);
    cr_assert(!signbit(back) == !signbit(value));
    for (int n = 1; n <= 9; n++) {
        snprintf(shortest, sizeof shortest, "%.*e", n - 1, (double)value);
        if (strtof(shortest, NULL) == value && (float)strtod(shortest, NULL) == value) break;
    }
    normal_form(got, sizeof got, text);
    normal_form(want, sizeof want, shortest);
    if (value != 0 && strcmp(got, want) != 0)
        cr_assert(false, "%a written as %s, shortest %s", (double)value, text, shortest);
}

Test(shortest, random_bits_f64)
{
    hf_random r = hf_random_seed(21, 0);
    for (int k = 0; k < 60000; k++) {
        double value = from_bits(hf_random_u64(&r));
        if (isfinite(value)) check_f64(value);
    }
}

Test(shortest, random_values_of_a_table_f64)
{
    hf_random r = hf_random_seed(22, 0);
    for (int k = 0; k < 60000; k++) {
        check_f64(hf_random_uniform(&r));
        check_f64(ldexp(hf_random_uniform(&r) - 0.5, (int)hf_random_below(&r, 120) - 40));
        check_f64((double)hf_random_below(&r, 1000000000) / 100);
        check_f64((double)(int64_t)(hf_random_u64(&r) >> hf_random_below(&r, 64)));
        check_f64(-(double)hf_random_below(&r, 1000000) / 1e6);
    }
}

Test(shortest, random_bits_f32)
{
    hf_random r = hf_random_seed(23, 0);
    for (int k = 0; k < 200000; k++) {
        float value = single_from_bits((uint32_t)hf_random_u64(&r));
        if (isfinite(value)) check_f32(value);
        check_f32((float)hf_random_uniform(&r));
        check_f32((float)hf_random_below(&r, 100000) / 100);
    }
}

Test(shortest, powers_and_neighbours_and_denormals)
{
    for (int e = -1074; e < 1024; e++) {
        double p = ldexp(1, e);
        check_f64(p);
        check_f64(nextafter(p, 0));
        check_f64(nextafter(p, INFINITY));
    }
    for (int e = -330; e <= 308; e++) {
        double p = pow(10, e);
        check_f64(p);
        check_f64(nextafter(p, 0));
        check_f64(-nextafter(p, 1e300));
    }
    for (int e = -149; e < 128; e++) {
        float p = ldexpf(1, e);
        check_f32(p);
        check_f32(nextafterf(p, 0));
        check_f32(-nextafterf(p, 1e30f));
    }
    for (int e = -45; e <= 38; e++) {
        float p = strtof((char[8]){'1', 'e', (char)(e < 0 ? '-' : '+'), (char)('0' + abs(e) / 10),
                                   (char)('0' + abs(e) % 10)},
                         NULL);
        check_f32(p);
        check_f32(nextafterf(p, INFINITY));
    }
    for (uint32_t bits = 1; bits < 3000; bits++) {
        check_f32(single_from_bits(bits));
        check_f64(from_bits(bits));
        check_f64(from_bits(0x7fefffffffffffffu - bits + 1));
        check_f32(single_from_bits(0x7f7fffffu - bits + 1));
    }
}

Test(shortest, plain_texts)
{
    static const struct {
        double value;
        const char *f64, *f32;
    } cases[] = {
        {0.0, "0", "0"},
        {-0.0, "-0", "-0"},
        {1, "1", "1"},
        {-12.5, "-12.5", "-12.5"},
        {0.1, "0.1", "0.1"},
        {1e15, "1000000000000000", "1000000000000000"},
        {1e16, "1e16", "1e16"},
        {123456789012345, "123456789012345", "123456790000000"},
        {1e-6, "0.000001", "0.000001"},
        {1e-7, "1e-7", "1e-7"},
        {1.5e-7, "1.5e-7", "1.5e-7"},
        {1e22, "1e22", "1e22"},
        {49.95, "49.95", "49.95"},
        {99.99, "99.99", "99.99"},
        {16777216, "16777216", "16777216"},
        {2.5e300, "2.5e300", "inf"},
        {INFINITY, "inf", "inf"},
        {-INFINITY, "-inf", "-inf"},
        {NAN, "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[32];
        size_t length = hf_format_f64(text, cases[i].value);
        cr_assert_str_eq(text, cases[i].f64);
        cr_assert(length == strlen(text));
        hf_format_f32(text, (float)cases[i].value);
        cr_assert_str_eq(text, cases[i].f32);
    }
}

// ---- fixed point and whole numbers -----------------------------------------------------------------------

Test(fixed, close_to_printf_and_right_on_halves)
{
    hf_random r = hf_random_seed(31, 0);
    char got[64], want[64];
    for (int k = 0; k < 200000; k++) {
        int decimals = (int)hf_random_below(&r, 10);
        double value = ldexp(hf_random_uniform(&r) - 0.5, (int)hf_random_below(&r, 30));
        size_t length = hf_format_fixed(got, value, decimals);
        cr_assert(length < 32 && strlen(got) == length);
        snprintf(want, sizeof want, "%.*f", decimals, value);
        // printf rounds the exact binary value, here the nearest double of value x 10^d: they may differ by a
        // unit where that is a half, and printf writes a negative zero.
        if (strcmp(got, want) != 0) {
            double unit = pow(10, -decimals);
            cr_assert(fabs(strtod(got, NULL) - value) <= unit * 0.5 + fabs(value) * 2 * DBL_EPSILON,
                      "%.17g as %s", value, got);
        }
    }
    for (int whole = -1000; whole <= 1000; whole++) {
        hf_format_fixed(got, whole + (whole < 0 ? -0.5 : 0.5), 0);
        cr_assert(atoi(got) == whole + (whole < 0 ? -1 : 1), "halves go away from zero");
    }
}

Test(fixed, corners)
{
    char text[64];
    static const struct {
        double value;
        int decimals;
        const char *text;
    } cases[] = {
        {0.49999999999999994, 0, "0"}, // adding a half first would make it 1
        {-0.0, 2, "0.00"},
        {-0.001, 2, "0.00"}, // no minus before a zero
        {-0.005, 2, "-0.01"},
        {0.125, 2, "0.13"},
        {-0.125, 2, "-0.13"},
        {999999999.999999999, 9, "1000000000.000000000"},
        {0.999, 2, "1.00"},
        {9.5, 0, "10"},
        {1234567.891, 2, "1234567.89"},
        {2500000000.25, 2, "2500000000.25"},
        {0.000000001, 9, "0.000000001"},
        {1.115, 2, "1.12"}, // as people read the decimal, though the double is a little less
        {NAN, 2, ""},
        {INFINITY, 2, "inf"},
        {-INFINITY, 0, "-inf"},
        {1e300, 3, "1e300"},
        {DBL_MAX, 9, "1.7976931348623157e308"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = hf_format_fixed(text, cases[i].value, cases[i].decimals);
        cr_assert_str_eq(text, cases[i].text);
        cr_assert(length == strlen(cases[i].text));
    }
}

Test(whole, agrees_with_printf)
{
    hf_random r = hf_random_seed(41, 0);
    char got[32], want[32];
    for (int k = 0; k < 200000; k++) {
        int64_t value = (int64_t)hf_random_u64(&r) >> hf_random_below(&r, 64);
        if (k == 0) value = INT64_MIN;
        if (k == 1) value = INT64_MAX;
        if (k == 2) value = 0;
        size_t length = hf_format_i64(got, value);
        snprintf(want, sizeof want, "%lld", (long long)value);
        cr_assert_str_eq(got, want);
        cr_assert(length == strlen(want));
    }
}
