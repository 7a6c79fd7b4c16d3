// SPDX-License-Identifier: Apache-2.0
//
// A stable radix sort of 64-bit keys with 32-bit values, one pass a byte, from the least significant
// (Knuth, The Art of Computer Programming, volume 3, section 5.2.5). All eight histograms come from one read;
// a byte that is the same in every key costs nothing.
#include "metrics/ranking.h"

#include <string.h>

enum { BYTES = 8, DIGITS = 256 };

uint64_t hf_sort_key(double x)
{
    uint64_t bits;
    x += 0.0;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | 0x8000000000000000u;
}

static unsigned digit_of(uint64_t key, int byte)
{
    return (unsigned)(key >> (8 * byte)) & (DIGITS - 1);
}

void hf_radix_sort(uint64_t *key, uint32_t *value, uint64_t *key_scratch, uint32_t *value_scratch, int64_t n)
{
    int64_t histogram[BYTES][DIGITS];
    memset(histogram, 0, sizeof histogram);
    for (int64_t i = 0; i < n; i++) {
        for (int b = 0; b < BYTES; b++)
            histogram[b][digit_of(key[i], b)]++;
    }
    uint64_t *from_key = key, *to_key = key_scratch;
    uint32_t *from_value = value, *to_value = value_scratch;
    for (int b = 0; b < BYTES; b++) {
        int64_t *place = histogram[b];
        if (n == 0 || place[digit_of(key[0], b)] == n) continue;
        int64_t sum = 0;
        for (int d = 0; d < DIGITS; d++) {
            int64_t here = place[d];
            place[d] = sum;
            sum += here;
        }
        for (int64_t i = 0; i < n; i++) {
            int64_t to = place[digit_of(from_key[i], b)]++;
            to_key[to] = from_key[i];
            to_value[to] = from_value[i];
        }
        uint64_t *swap_key = from_key;
        uint32_t *swap_value = from_value;
        from_key = to_key;
        from_value = to_value;
        to_key = swap_key;
        to_value = swap_value;
    }
    if (from_key != key && n > 0) {
        memcpy(key, from_key, (size_t)n * sizeof *key);
        memcpy(value, from_value, (size_t)n * sizeof *value);
    }
}
