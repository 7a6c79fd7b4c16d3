// SPDX-License-Identifier: Apache-2.0
//
// Seeded random numbers that do not depend on the machine: xoshiro256** (Blackman and Vigna, "Scrambled
// linear pseudorandom number generators", 2018) seeded through splitmix64. Normals by Marsaglia's polar
// method, gammas by Marsaglia and Tsang (2000), Poissons by multiplication with a split for large means.
#include "base/base_room.h"

#include <math.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

hf_random hf_random_seed(uint64_t seed, uint64_t stream)
{
    // The stream is scrambled by itself first, so that (seed, stream) and (seed + 1, stream - 1) differ.
    uint64_t state = stream;
    state = seed ^ splitmix(&state);
    hf_random r;
    for (int i = 0; i < 4; i++)
        r.s[i] = splitmix(&state);
    return r;
}

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t hf_random_u64(hf_random *r)
{
    uint64_t *s = r->s, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

double hf_random_uniform(hf_random *r)
{
    return (double)(hf_random_u64(r) >> 11) * 0x1p-53;
}

uint64_t hf_random_below(hf_random *r, uint64_t n)
{
    // Values above the last whole multiple of n would favour small results and are drawn again.
    uint64_t limit = UINT64_MAX - UINT64_MAX % n, x;
    do
        x = hf_random_u64(r);
    while (x >= limit);
    return x % n;
}

double hf_random_normal(hf_random *r)
{
    double u, v, s;
    do {
        u = 2 * hf_random_uniform(r) - 1;
        v = 2 * hf_random_uniform(r) - 1;
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    return u * sqrt(-2 * log(s) / s);
}

double hf_random_gamma(hf_random *r, double shape)
{
    if (!(shape > 0) || isinf(shape)) return shape == 0 ? 0 : NAN; // no such distribution
    if (shape < 1) {
        double boost = pow(1 - hf_random_uniform(r), 1 / shape);
        return hf_random_gamma(r, shape + 1) * boost;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = hf_random_normal(r), v = 1 + c * x;
        if (v <= 0) continue;
        v = v * v * v;
        if (log(1 - hf_random_uniform(r)) < 0.5 * x * x + d - d * v + d * log(v)) return d * v;
    }
}

int64_t hf_random_poisson(hf_random *r, double mean)
{
    // The sum of Poissons is Poisson: large means go in parts whose exp does not underflow.
    if (!(mean < 1e15)) return mean > 0 ? INT64_MAX : 0;
    // There the normal is within a thousandth of a standard deviation, and parts would take too long.
    if (mean > 1e6) return (int64_t)llround(mean + sqrt(mean) * hf_random_normal(r));
    int64_t total = 0;
    while (mean > 0) {
        double part = mean > 32 ? 32 : mean, limit = exp(-part), product = hf_random_uniform(r);
        mean -= part;
        for (; product > limit; product *= hf_random_uniform(r))
            total++;
    }
    return total;
}
