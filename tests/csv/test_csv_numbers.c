// SPDX-License-Identifier: Apache-2.0
//
// Every instruction set the machine has reads numbers to the same bits and the same statistics as the scalar
// definition; what a wider one leaves to the caller is what it may leave: cells of more than eight characters
// and cells that are no plain numbers.
#include "csv/csv_numbers.h"

#include "base/base_room.h"
#include "kernels/kernels_room.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { ROWS = 1000, FIELDS = 3 };

typedef struct {
    char text[ROWS * 24 * FIELDS + 64];
    uint32_t ends[ROWS * FIELDS], starts[ROWS];
} table;

static size_t random_cell(char *out, hf_random *r, int shape)
{
    const char alphabet[] = "0123456789.-+e%NA \"";
    switch (shape) {
    case 0:
        return (size_t)sprintf(out, "%d", (int)hf_random_below(r, 100000) - 20000);
    case 1:
        return (size_t)sprintf(out, "%.2f", hf_random_normal(r) * 100);
    case 2:
        return (size_t)sprintf(out, "%.*f", (int)hf_random_below(r, 7), hf_random_uniform(r));
    case 3:
        return hf_random_below(r, 2) ? 0 : (size_t)sprintf(out, "%d", (int)hf_random_below(r, 2));
    case 4:
        return (size_t)sprintf(out, "%d.%d0", (int)hf_random_below(r, 100), (int)hf_random_below(r, 10));
    case 5:
        return (size_t)sprintf(out, "%.*g", 1 + (int)hf_random_below(r, 17), hf_random_normal(r));
    default: {
        size_t n = hf_random_below(r, 12);
        for (size_t i = 0; i < n; i++)
            out[i] = shape == 6 ? alphabet[hf_random_below(r, 12)] : alphabet[hf_random_below(r, 19)];
        return n;
    }
    }
}

static void make(table *t, hf_random *r, int shape)
{
    size_t n = 0;
    memset(t, ' ', sizeof t->text);
    for (int row = 0; row < ROWS; row++) {
        t->starts[row] = (uint32_t)n;
        for (int f = 0; f < FIELDS; f++) {
            n += random_cell(t->text + n, r, shape == 8 ? (int)hf_random_below(r, 8) : shape);
            t->ends[row * FIELDS + f] = (uint32_t)n;
            t->text[n++] = f + 1 < FIELDS ? ',' : '\n';
        }
    }
}

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

// The definition, and the odd cells read by it where the table under test left them.
static void compare(const hf_csv_numbers *numbers, const hf_csv_cells *c)
{
    float narrow[ROWS], narrow_want[ROWS];
    double wide[ROWS], wide_want[ROWS];
    int32_t odd[ROWS], odd_want[ROWS], left[ROWS];
    hf_csv_stats want = {0}, got = {0}, wide_stats = {0};
    int32_t n_want = hf_csv_numbers_scalar.wide(&want, wide_want, odd_want, c);
    hf_csv_stats again = {0};
    cr_assert_eq(hf_csv_numbers_scalar.narrow(&again, narrow_want, odd, c), n_want);
    int32_t n = numbers->narrow(&got, narrow, odd, c);
    cr_assert_eq(numbers->wide(&wide_stats, wide, left, c), n);
    for (int32_t i = 0, k = 0, w = 0; i < c->rows; i++) {
        bool is_left = k < n && odd[k] == i, is_odd = w < n_want && odd_want[w] == i;
        if (is_left) cr_assert_eq(left[k], i);
        k += is_left;
        w += is_odd;
        cr_assert(!is_odd || is_left, "row %d is no number", i);
        uint32_t start = c->starts[i * c->start_stride] + c->gap, length = c->ends[i * c->end_stride] - start;
        if (is_left && !is_odd) {
            // A point behind zeros alone looks like a point alone.
            bool zeros = strspn(c->base + start, "0") == length - 1 && c->base[start + length - 1] == '.';
            cr_assert(length > 8 || zeros, "row %d '%.*s' was left", i, (int)length, c->base + start);
            hf_csv_cells one = *c;
            one.starts = c->starts + i * c->start_stride;
            one.ends = c->ends + i * c->end_stride;
            one.rows = 1;
            hf_csv_numbers_scalar.wide(&got, &wide[i], left, &one);
            narrow[i] = (float)wide[i];
        }
        if (is_odd) continue;
        cr_assert(same(wide[i], wide_want[i]), "row %d '%.*s': %.17g, not %.17g", i, (int)length,
                  c->base + start, wide[i], wide_want[i]);
        cr_assert(same((double)narrow[i], (double)narrow_want[i]));
    }
    cr_assert_eq(got.plain, want.plain);
    cr_assert_eq(got.decimals, want.decimals);
    cr_assert_eq(got.negative, want.negative);
    cr_assert(got.whole == want.whole && got.tenth == want.tenth && got.hundredth == want.hundredth);
}

Test(csv_numbers, every_instruction_set_reads_the_same)
{
    static table t;
    hf_random r = hf_random_seed(31, 0);
    const hf_isa sets[] = {HF_ISA_SCALAR, HF_ISA_AVX2, HF_ISA_AVX512};
    for (int turn = 0; turn < 90; turn++) {
        make(&t, &r, turn % 9);
        for (int s = 0; s < 3; s++) {
            if (!hf_kernels_for(sets[s])) continue;
            const hf_csv_numbers *numbers = hf_csv_numbers_for(sets[s]);
            int32_t rows = turn < 9 ? ROWS : 1 + (int32_t)hf_random_below(&r, ROWS);
            hf_csv_cells first = {t.text, t.starts, t.ends, 1, FIELDS, 0, rows};
            hf_csv_cells last = {t.text, t.ends + 1, t.ends + 2, FIELDS, FIELDS, 1, rows};
            compare(numbers, &first);
            compare(numbers, &last);
        }
    }
}

Test(csv_numbers, any_byte_in_any_place_is_seen)
{
    const hf_isa sets[] = {HF_ISA_SCALAR, HF_ISA_AVX2, HF_ISA_AVX512};
    for (uint32_t length = 1; length <= 8; length++)
        for (uint32_t at = 0; at < length; at++)
            for (int byte = 0; byte < 256; byte++) {
                char text[64] = "12345678                        ";
                text[at] = (char)byte;
                uint32_t starts[1] = {0}, ends[1] = {length};
                hf_csv_cells c = {text, starts, ends, 1, 1, 0, 1};
                for (int s = 0; s < 3; s++)
                    if (hf_kernels_for(sets[s])) compare(hf_csv_numbers_for(sets[s]), &c);
            }
}
