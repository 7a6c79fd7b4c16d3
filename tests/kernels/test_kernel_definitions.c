// SPDX-License-Identifier: Apache-2.0
//
// The reference kernels against what they claim: a curve against its formula in long double, the kept keys
// against a sort, the logistic function against expl, the structural masks against a look at each byte.
#include "kernels/kernels_room.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const hf_kernels *reference(void)
{
    return hf_kernels_for(HF_ISA_SCALAR);
}

static double uniform(double low, double high)
{
    return low + (high - low) * drand48();
}

// 1 / (1 + exp(-x)) without loss on either side.
static long double exact_logistic(double x)
{
    long double e = expl(-fabsl((long double)x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static double logistic_of(double x)
{
    double out = 77;
    reference()->sigmoid(&out, &x, 1);
    return out;
}

static void check_logistic(double x)
{
    long double exact = exact_logistic(x);
    long double allowed = exact < (long double)DBL_MIN ? 0x1p-1074L : 2e-15L * exact;
    cr_assert(fabsl((long double)logistic_of(x) - exact) <= allowed, "x %.17g: %.17g, exact %.20Lg", x,
              logistic_of(x), exact);
}

Test(kernel_definitions, sigmoid_is_accurate)
{
    srand48(1);
    for (int i = 0; i < 300000; i++) {
        check_logistic(uniform(-760, 760));
        check_logistic(uniform(-40, 40));
        check_logistic(uniform(-1, 1) * pow(10, uniform(-320, 0)));
    }
    const double at[] = {0,       -0.0,      1e-300,     -1e-300, 36,   -36,      709.78,
                         -709.78, -708.39,   708.4,      -708.4,  745,  -745.133, -745.2,
                         -746.5,  0x1p-1074, -0x1p-1074, 800,     -800, 1e308};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        check_logistic(at[i]);
    for (int k = -1075; k <= 1075; k++) { // both sides of every cut of the reduction
        double cut = (k + 0.5) * 0.69314718055994530942;
        check_logistic(cut);
        check_logistic(nextafter(cut, 1e9));
        check_logistic(nextafter(cut, -1e9));
    }
}

Test(kernel_definitions, sigmoid_at_the_ends)
{
    cr_assert(logistic_of(INFINITY) == 1.0 && logistic_of(-INFINITY) == 0.0);
    cr_assert(logistic_of(800) == 1.0 && logistic_of(-800) == 0.0 && logistic_of(DBL_MAX) == 1.0);
    cr_assert(logistic_of(0) == 0.5 && logistic_of(-0.0) == 0.5);
    cr_assert(isnan(logistic_of(NAN)) && isnan(logistic_of(-NAN)));
    cr_assert(logistic_of(-744) > 0);
}

Test(kernel_definitions, sigmoid_rises)
{
    double before = 0;
    for (int i = -8000000; i <= 8000000; i += 7) {
        double p = logistic_of(i * 1e-4);
        cr_assert(p >= before && p <= 1, "at %g", i * 1e-4);
        before = p;
    }
}

Test(kernel_definitions, curve_is_its_formula)
{
    srand48(2);
    for (int repeat = 0; repeat < 20000; repeat++) {
        float at[3], slope[3], step_at[2], height[2];
        for (int k = 0; k < 3; k++) {
            at[k] = (float)uniform(-2, 2);
            slope[k] = (float)uniform(-1, 1);
        }
        for (int k = 0; k < 2; k++) {
            step_at[k] = (float)uniform(-2, 2);
            height[k] = (float)uniform(-1, 1);
        }
        hf_kernel_curve c = {(float)uniform(-3, -1),
                             (float)uniform(1, 3),
                             (float)uniform(-1, 1),
                             (float)uniform(-1, 1),
                             (float)uniform(-1, 1),
                             9,
                             repeat % 4,
                             repeat % 3,
                             at,
                             slope,
                             step_at,
                             height};
        float x = (float)uniform(-4, 4), f;
        reference()->curve(&f, &x, 1, &c);
        long double d = fminl(fmaxl((long double)x - c.origin, c.low), c.high);
        long double exact = c.intercept + c.slope * d;
        for (int k = 0; k < c.hinges; k++)
            exact += slope[k] * fmaxl(0, d - at[k]);
        for (int k = 0; k < c.steps; k++)
            exact += x > step_at[k] ? height[k] : 0;
        cr_assert(fabsl(f - exact) < 1e-5L, "%g, formula %Lg", (double)f, exact);
        x = NAN;
        reference()->curve(&f, &x, 1, &c);
        cr_assert(f == 9);
    }
}

static int falling(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

// A rising bend against its formula in long double, and by hand at, beside and far from a hinge.
Test(kernel_definitions, bend_is_its_formula)
{
    const double at[] = {0.5, 2.0}, slope[] = {-0.75, 1.5};
    const hf_kernel_bend by_hand = {1.0, -3.0, 1.0, 2, at, slope};
    double x[] = {1.0, 0.0, 1.5, 2.5, 3.0, 5.0};
    const double want[] = {-3.0, -4.0, -2.5, -2.25, -2.125, 1.375};
    reference()->bend(x, 6, &by_hand);
    for (int i = 0; i < 6; i++)
        cr_expect_eq(x[i], want[i], "at %d: %g", i, x[i]);
    srand48(12);
    for (int round = 0; round < 2000; round++) {
        double place[50], step[50], in = uniform(-30, 30), out = in;
        const int hinges = (int)(lrand48() % 51);
        const hf_kernel_bend b = {uniform(-5, 5), uniform(-5, 5), uniform(0.1, 4), hinges, place, step};
        long double exact = (long double)b.intercept, d = (long double)in - b.origin, size = fabsl(exact);
        exact += b.slope * d;
        size += fabsl(b.slope * d);
        for (int k = 0; k < hinges; k++) {
            place[k] = uniform(-20, 20);
            step[k] = uniform(-4, 4);
            const long double part = d > place[k] ? step[k] * (d - place[k]) : 0;
            exact += part;
            size += fabsl(part);
        }
        reference()->bend(&out, 1, &b);
        cr_assert(fabsl(out - exact) <= 60 * 0x1p-53L * size + 50 * 4 * 0x1p-48L, "%.17g, exact %.20Lg", out,
                  exact);
    }
}

Test(kernel_definitions, the_three_largest_positive_are_kept)
{
    enum { TERMS = 24, BITS = 5 };
    srand48(3);
    for (int repeat = 0; repeat < 20000; repeat++) {
        float term[TERMS], positive[TERMS];
        uint32_t keys[HF_TOP] = {0};
        double sum = -1.25, expected = -1.25;
        int count = 0;
        for (uint32_t t = 0; t < TERMS; t++) {
            term[t] = repeat % 3 ? (float)uniform(-1, 1) : (float)uniform(-1, 0.1);
            if (term[t] > 0) positive[count++] = term[t];
            expected += (double)term[t];
            reference()->add_top(&sum, keys, 1, &term[t], 1, t, BITS);
        }
        cr_assert(sum == expected);
        qsort(positive, (size_t)count, sizeof *positive, falling);
        for (int j = 0; j < HF_TOP; j++) {
            if (j >= count) {
                cr_assert(keys[j] == 0);
                continue;
            }
            float kept = term[keys[j] & ((1u << BITS) - 1)];
            cr_assert(fabsf(kept - positive[j]) <= positive[j] * 0x1p-18f, "%g, sorted %g", (double)kept,
                      (double)positive[j]);
        }
    }
}

Test(kernel_definitions, nothing_that_lowers_or_is_no_number_is_kept)
{
    const float never[] = {0.0f, -0.0f, -1.0f, NAN, -NAN, -INFINITY, 0x1p-149f};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        uint32_t keys[HF_TOP] = {0};
        double sum = 0;
        reference()->add_top(&sum, keys, 1, &never[i], 1, 3, 5);
        cr_assert(keys[0] == 0 && keys[1] == 0 && keys[2] == 0);
    }
}

Test(kernel_definitions, scan_is_a_look_at_each_byte)
{
    char text[128];
    memset(text, 'x', sizeof text);
    text[0] = '"';
    text[63] = ';';
    text[64] = '\n';
    text[127] = '"';
    hf_scan_masks masks[2];
    cr_assert(reference()->scan(masks, text, 2, ';') == 0);
    cr_assert(masks[0].quote == 1 && masks[0].delimiter == UINT64_C(1) << 63 && masks[0].newline == 0);
    cr_assert(masks[1].newline == 1 && masks[1].quote == UINT64_C(1) << 63 && masks[1].delimiter == 0);
    text[70] = '\0';
    cr_assert(reference()->scan(masks, text, 2, ';') == HF_SCAN_NUL);
    text[3] = '\x80';
    cr_assert(reference()->scan(masks, text, 2, ';') == (HF_SCAN_NUL | HF_SCAN_HIGH));
    cr_assert(reference()->scan(masks, text, 1, ';') == HF_SCAN_HIGH);
    cr_assert(reference()->scan(masks, text, 0, ';') == 0);
}

Test(kernel_definitions, table_takes_missing_first)
{
    const float values[] = {5, 6, 7};
    const int32_t codes[] = {1, -1, 0};
    float out[3];
    reference()->table(out, codes, 3, 2, values);
    cr_assert(out[0] == 7 && out[1] == 5 && out[2] == 6);
}

Test(kernel_definitions, cells_count_the_edges_that_are_past)
{
    const float x[] = {-1, 0, 0.5f, 2, INFINITY, NAN}, edge[] = {0, 1.5f};
    const float expected[] = {8, 8, 9, 10, 10, 11}, values[] = {5, 6, 7};
    float index[] = {2, 2, 2, 2, 2, 2}, out[3];
    reference()->cells(index, x, 6, 4, edge, 2);
    for (int i = 0; i < 6; i++)
        cr_assert(index[i] == expected[i]);
    reference()->pick(out, (const float[]){2, 0, 1}, 3, 3, values);
    cr_assert(out[0] == 7 && out[1] == 5 && out[2] == 6);
}

Test(kernel_definitions, fold_places_scores_among_bins_and_edges)
{
    enum { N = 2 * HF_FOLD_GROUP };
    const float edge[] = {10, 20};
    float score[N];
    double worth[N], sum[2];
    uint16_t place[N];
    for (int i = 0; i < N; i++) {
        score[i] = 5;
        worth[i] = 1;
    }
    score[0] = -3;
    score[1] = 10; // at an edge is past it, and near
    score[2] = 99;
    score[N - 1] = 19.75f;
    cr_assert_eq(reference()->fold(place, sum, score, worth, 3, edge, 2, 0.5f, 0.5f, 39), 1);
    cr_assert(place[0] == 0 && place[1] == 5 + 1 && place[2] == 39 + 2 && sum[0] == 2 && sum[1] == 1);
    cr_assert_eq(reference()->fold(place, sum, score, NULL, N, edge, 2, 0.5f, 0.5f, 39), 1 + 2);
    cr_assert(place[3] == 2 && place[N - 1] == 9 + 1 && sum[0] == 0 && sum[1] == 0);
    score[1] = 5;
    cr_assert_eq(reference()->fold(place, sum, score, worth, N, edge, 2, 0.5f, 0.5f, 39), 2);
}

Test(kernel_definitions, narrow_takes_the_origin_off_first)
{
    const double x[] = {4e9 + 0.25, NAN};
    float out[2];
    reference()->narrow(out, x, 2, 4e9);
    cr_assert(out[0] == 0.25f && isnan(out[1]));
}
