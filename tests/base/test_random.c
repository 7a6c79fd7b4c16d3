// SPDX-License-Identifier: Apache-2.0
//
// The generator against vectors computed apart from this code, and the distributions against their moments,
// their quantiles and their exact probabilities, at five standard errors.
#include "base/base_room.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

Test(random, reference_vectors)
{
    hf_random r = {{1, 2, 3, 4}};
    static const uint64_t known[] = {
        0x2d00, 0x0, 0x5a007080, 0x10e0000000009d80, 0x10e0b61ce1009d80, 0x870021ce143ad00};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        cr_assert(hf_random_u64(&r) == known[i]);
    static const struct {
        uint64_t seed, stream, out[4];
    } seeded[] = {
        {0, 0, {0xfb5405f7bd79c540, 0x780c98e26cea5883, 0x2a146e0980febc66, 0x4851477db8791fca}},
        {42, 7, {0x24bfb39aeb008c15, 0xd858489e7fc02496, 0x3deebe24036964f3, 0x532b7127a28f00a1}},
        {UINT64_MAX,
         UINT64_MAX,
         {0x5a24625849aef5fa, 0x177bf4162305fac, 0x97359f05bc75e24d, 0x390cadc886fddf32}},
    };
    for (size_t k = 0; k < sizeof seeded / sizeof seeded[0]; k++) {
        r = hf_random_seed(seeded[k].seed, seeded[k].stream);
        for (int i = 0; i < 4; i++)
            cr_assert(hf_random_u64(&r) == seeded[k].out[i]);
    }
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

Test(random, streams_and_seeds_do_not_share_sequences)
{
    enum { SIDE = 200 };
    static uint64_t first[SIDE * SIDE];
    for (uint64_t seed = 0; seed < SIDE; seed++)
        for (uint64_t stream = 0; stream < SIDE; stream++) {
            hf_random r = hf_random_seed(seed, stream);
            first[seed * SIDE + stream] = hf_random_u64(&r);
        }
    qsort(first, SIDE * SIDE, sizeof first[0], by_value);
    for (size_t i = 1; i < SIDE * SIDE; i++)
        cr_assert(first[i] != first[i - 1]);
}

// Mean and variance within five standard errors of what they should be; kurtosis is the fourth standardised
// moment, which the error of the variance needs.
static void check_moments(const char *name, const double *x, int n, double mean, double variance,
                          double kurtosis)
{
    double sum = 0, square = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    double got = sum / n;
    for (int i = 0; i < n; i++)
        square += (x[i] - mean) * (x[i] - mean);
    double spread = square / n;
    cr_assert(fabs(got - mean) < 5 * sqrt(variance / n), "%s: mean %g, not %g", name, got, mean);
    cr_assert(fabs(spread - variance) < 5 * variance * sqrt((kurtosis - 1) / n), "%s: variance %g, not %g",
              name, spread, variance);
}

enum { DRAWS = 400000 };
static double draws[DRAWS];

Test(random, uniform)
{
    hf_random r = hf_random_seed(1, 2);
    int cells[64] = {0};
    for (int i = 0; i < DRAWS; i++) {
        draws[i] = hf_random_uniform(&r);
        cr_assert(draws[i] >= 0 && draws[i] < 1);
        cells[(int)(draws[i] * 64)]++;
    }
    check_moments("uniform", draws, DRAWS, 0.5, 1.0 / 12, 1.8);
    double chi = 0;
    for (int i = 0; i < 64; i++)
        chi += pow(cells[i] - DRAWS / 64.0, 2) / (DRAWS / 64.0);
    cr_assert(chi < 63 + 5 * sqrt(126), "chi-squared %g", chi);
    r = (hf_random){{0, UINT64_MAX / 5 * 4, 0, 0}}; // the largest word there is must not round to 1
    for (int i = 0; i < 1000; i++)
        cr_assert(hf_random_uniform(&r) < 1);
}

Test(random, below_is_unbiased_and_in_range)
{
    hf_random r = hf_random_seed(3, 0);
    static const uint64_t sizes[] = {1, 2, 3, 5, 6, 7, 10, 16, 100};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        uint64_t n = sizes[k];
        int count[100] = {0}, draw = 100000;
        for (int i = 0; i < draw; i++) {
            uint64_t x = hf_random_below(&r, n);
            cr_assert(x < n);
            count[x]++;
        }
        double chi = 0, expected = draw / (double)n;
        for (uint64_t i = 0; i < n; i++)
            chi += pow(count[i] - expected, 2) / expected;
        cr_assert(chi <= (double)(n - 1) + 6 * sqrt(2.0 * (double)n), "n %d: chi-squared %g", (int)n, chi);
    }
    // With 3 x 2^62 a plain remainder would favour the lowest third two to one.
    uint64_t big = (uint64_t)3 << 62, low = 0;
    for (int i = 0; i < 90000; i++) {
        uint64_t x = hf_random_below(&r, big);
        cr_assert(x < big);
        low += x < big / 3;
    }
    cr_assert(fabs((double)low - 30000) < 5 * sqrt(20000), "%d", (int)low);
    for (int i = 0; i < 100; i++)
        cr_assert(hf_random_below(&r, UINT64_MAX) < UINT64_MAX);
}

Test(random, normal)
{
    hf_random r = hf_random_seed(4, 0);
    int over[4] = {0};
    double third = 0, lag = 0;
    for (int i = 0; i < DRAWS; i++) {
        draws[i] = hf_random_normal(&r);
        cr_assert(isfinite(draws[i]));
        for (int k = 0; k < 4; k++)
            over[k] += draws[i] > k;
        third += pow(draws[i], 3);
        if (i > 0) lag += draws[i] * draws[i - 1];
    }
    check_moments("normal", draws, DRAWS, 0, 1, 3);
    cr_assert(fabs(third / DRAWS) < 5 * sqrt(15.0 / DRAWS));
    cr_assert(fabs(lag / DRAWS) < 5 / sqrt(DRAWS));
    for (int k = 0; k < 4; k++) {
        double p = 0.5 * erfc(k / sqrt(2));
        cr_assert(fabs(over[k] - p * DRAWS) < 5 * sqrt(DRAWS * p * (1 - p)), "beyond %d: %d", k, over[k]);
    }
}

Test(random, gamma)
{
    static const double shapes[] = {0.1, 0.5, 1, 1.7, 10, 1000};
    for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
        hf_random r = hf_random_seed(5, k);
        double a = shapes[k];
        for (int i = 0; i < DRAWS; i++) {
            draws[i] = hf_random_gamma(&r, a);
            cr_assert(draws[i] >= 0 && isfinite(draws[i]));
        }
        check_moments("gamma", draws, DRAWS, a, a, 3 + 6 / a);
        if (a == 1) {
            int over = 0;
            for (int i = 0; i < DRAWS; i++)
                over += draws[i] > 1;
            double p = exp(-1);
            cr_assert(fabs(over - p * DRAWS) < 5 * sqrt(DRAWS * p * (1 - p)));
        }
    }
    hf_random r = hf_random_seed(5, 99);
    cr_assert(hf_random_gamma(&r, 0) == 0);
    cr_assert(isnan(hf_random_gamma(&r, -1)) && isnan(hf_random_gamma(&r, NAN)), "and it returns");
}

Test(random, poisson)
{
    static const double means[] = {0.01, 0.5, 4, 31.5, 33, 100, 2e6};
    for (size_t k = 0; k < sizeof means / sizeof means[0]; k++) {
        hf_random r = hf_random_seed(6, k);
        double mean = means[k];
        int n = mean == 100 ? DRAWS / 4 : DRAWS, zero = 0;
        for (int i = 0; i < n; i++) {
            draws[i] = (double)hf_random_poisson(&r, mean);
            cr_assert(draws[i] >= 0);
            zero += draws[i] == 0;
        }
        check_moments("poisson", draws, n, mean, mean, 3 + 1 / mean);
        double p = exp(-mean);
        cr_assert(fabs(zero - p * n) <= 5 * sqrt(n * p * (1 - p)) + 1e-9);
    }
    hf_random r = hf_random_seed(6, 99);
    cr_assert(hf_random_poisson(&r, 0) == 0 && hf_random_poisson(&r, -3) == 0 &&
              hf_random_poisson(&r, NAN) == 0);
    cr_assert(hf_random_poisson(&r, INFINITY) == INT64_MAX);
}
