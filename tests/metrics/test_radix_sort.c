// SPDX-License-Identifier: Apache-2.0
//
// The radix sort against the C library's sort, with stability checked through the values.
#include "metrics/ranking.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { MOST = 5000 };

typedef struct {
    uint64_t key;
    uint32_t value;
} pair;

static int compare_pairs(const void *a, const void *b)
{
    const pair *x = a, *y = b;
    if (x->key != y->key) return x->key > y->key ? 1 : -1;
    return (x->value > y->value) - (x->value < y->value);
}

Test(radix_sort, equals_a_stable_comparison_sort)
{
    static uint64_t key[MOST], key_scratch[MOST];
    static uint32_t value[MOST], value_scratch[MOST];
    static pair want[MOST];
    const uint64_t masks[] = {0, 1, 0xff, 0xff00, 0x3f00ff, UINT64_MAX, 0xffff000000000000u};
    const int64_t sizes[] = {0, 1, 2, 3, 255, 256, 257, MOST};
    hf_random random = hf_random_seed(1, 0);
    for (size_t m = 0; m < sizeof masks / sizeof *masks; m++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            for (int64_t i = 0; i < sizes[s]; i++) {
                key[i] = want[i].key = hf_random_u64(&random) & masks[m];
                value[i] = want[i].value = (uint32_t)i;
            }
            qsort(want, (size_t)sizes[s], sizeof *want, compare_pairs);
            hf_radix_sort(key, value, key_scratch, value_scratch, sizes[s]);
            for (int64_t i = 0; i < sizes[s]; i++) {
                cr_assert_eq(key[i], want[i].key);
                cr_assert_eq(value[i], want[i].value);
            }
        }
    }
}
