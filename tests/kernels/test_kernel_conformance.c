// SPDX-License-Identifier: Apache-2.0
//
// Every table of kernels this machine can run gives the bits of the reference: on ordinary numbers, NaN,
// infinities, denormals and negative zeros, at every length from 0 to 130 and a whole tile, from addresses
// that are not aligned, and without writing past the end.
#include "kernels/kernels_room.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { ROWS = 1024, GUARD = 16, KNOTS = 9 };

static const hf_isa ALL[] = {HF_ISA_SCALAR, HF_ISA_AVX2, HF_ISA_AVX512, HF_ISA_AUTO};
static uint64_t state;

static const char *isa_text(const hf_kernels *kernels)
{
    static const char *const names[] = {"auto", "scalar", "avx2", "avx512"};
    return names[kernels->isa];
}

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double uniform(double low, double high)
{
    return low + (high - low) * (double)(next() >> 11) * 0x1p-53;
}

static float any_float(void)
{
    static const float special[] = {0.0f,    -0.0f,    NAN,       -NAN,       INFINITY, -INFINITY, FLT_MIN,
                                    FLT_MAX, -FLT_MAX, 0x1p-149f, -0x1p-149f, 1.0f,     0x1p-130f, -1.5f};
    if (next() % 8 == 0) return special[next() % (sizeof special / sizeof *special)];
    return (float)uniform(-4, 4);
}

static double any_double(void)
{
    static const double special[] = {0.0,       -0.0,   NAN,    INFINITY, -INFINITY, DBL_MIN,
                                     0x1p-1074, 800,    -800,   DBL_MAX,  -DBL_MAX,  709.8,
                                     -709.8,    -745.2, -708.4, 1e-300,   -740.1};
    if (next() % 8 == 0) return special[next() % (sizeof special / sizeof *special)];
    return uniform(-50, 50);
}

// Bits, except that any NaN equals any NaN: which operand's payload survives is not defined.
static bool same_floats(const float *a, const float *b, int n)
{
    for (int i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i]))) return false;
    return true;
}

static bool same_doubles(const double *a, const double *b, int n)
{
    for (int i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i]))) return false;
    return true;
}

typedef void check_length(const hf_kernels *tested, int n, int offset);

static void at_every_length(check_length *check)
{
    for (size_t t = 0; t < sizeof ALL / sizeof *ALL; t++) {
        const hf_kernels *tested = hf_kernels_for(ALL[t]);
        if (!tested) continue;
        state = UINT64_C(0x9e3779b97f4a7c15);
        for (int n = 0; n <= 130; n++)
            check(tested, n, n % 5);
        for (int repeat = 0; repeat < 20; repeat++)
            check(tested, ROWS - GUARD, repeat % GUARD);
    }
}

static void check_curve(const hf_kernels *tested, int n, int offset)
{
    static float x[ROWS], expected[ROWS], found[ROWS];
    float at[4][KNOTS];
    for (int k = 0; k < KNOTS; k++) {
        at[0][k] = (float)uniform(-3, 3);
        at[1][k] = (float)uniform(-3, 3);
        at[2][k] = (float)uniform(-3, 3);
        at[3][k] = (float)uniform(-3, 3);
    }
    bool open = next() % 2;
    hf_kernel_curve curve = {.low = open ? -INFINITY : (float)uniform(-3, -1),
                             .high = open ? INFINITY : (float)uniform(1, 3),
                             .origin = (float)uniform(-1, 1),
                             .intercept = (float)uniform(-1, 1),
                             .slope = (float)uniform(-1, 1),
                             .missing = next() % 3 ? (float)uniform(-1, 1) : -0.0f,
                             .hinges = (int32_t)(next() % (KNOTS + 1)),
                             .steps = (int32_t)(next() % 3),
                             .hinge_at = at[0],
                             .hinge_slope = at[1],
                             .step_at = at[2],
                             .step_height = at[3]};
    if (next() % 3 == 0) curve.hinges = curve.steps = 0;
    for (int i = 0; i < ROWS; i++) {
        x[i] = any_float();
        expected[i] = found[i] = 77.0f;
    }
    x[offset] = next() % 2 ? at[0][0] + curve.origin : at[2][0]; // on a knot, on a jump
    hf_kernels_for(HF_ISA_SCALAR)->curve(expected + offset, x + offset, n, &curve);
    tested->curve(found + offset, x + offset, n, &curve);
    cr_assert(same_floats(expected, found, ROWS), "curve, %s, n %d, %d hinges, %d steps", isa_text(tested), n,
              curve.hinges, curve.steps);
}

static void check_table(const hf_kernels *tested, int n, int offset)
{
    static int32_t codes[ROWS];
    static float expected[ROWS], found[ROWS], values[300];
    const int32_t sizes[] = {0, 1, 2, 3, 6, 7, 8, 14, 15, 16, 30, 31, 32, 33, 299};
    int32_t levels = sizes[next() % (sizeof sizes / sizeof *sizes)];
    for (int i = 0; i <= levels; i++)
        values[i] = any_float();
    for (int i = 0; i < ROWS; i++) {
        codes[i] = (int32_t)(next() % (uint64_t)(levels + 1)) - 1;
        expected[i] = found[i] = 77.0f;
    }
    hf_kernels_for(HF_ISA_SCALAR)->table(expected + offset, codes + offset, n, levels, values);
    tested->table(found + offset, codes + offset, n, levels, values);
    cr_assert(same_floats(expected, found, ROWS), "table, %s, n %d, %d levels", isa_text(tested), n, levels);
}

static void check_cells(const hf_kernels *tested, int n, int offset)
{
    static float x[ROWS], expected[ROWS], found[ROWS], edge[20];
    const int32_t edges = (int32_t)(next() % 20);
    for (int32_t k = 0; k < edges; k++)
        edge[k] = next() % 4       ? (float)(k - 8) / 2
                  : k == 0         ? -INFINITY
                  : k + 1 == edges ? FLT_MAX
                                   : (float)(k - 8) / 2;
    for (int i = 0; i < ROWS; i++) {
        x[i] = next() % 2 && edges > 0 ? edge[next() % (uint64_t)edges] : any_float();
        expected[i] = found[i] = (float)(next() % 1000);
    }
    hf_kernels_for(HF_ISA_SCALAR)->cells(expected + offset, x + offset, n, 17, edge, edges);
    tested->cells(found + offset, x + offset, n, 17, edge, edges);
    cr_assert(same_floats(expected, found, ROWS), "cells, %s, n %d, %d edges", isa_text(tested), n, edges);
}

static void check_pick(const hf_kernels *tested, int n, int offset)
{
    static float index[ROWS], expected[ROWS], found[ROWS], values[5000];
    const int32_t sizes[] = {1, 2, 7, 8, 9, 16, 27, 31, 32, 33, 64, 65, 81, 96, 97, 128, 129, 5000};
    const int32_t count = sizes[next() % (sizeof sizes / sizeof *sizes)];
    for (int32_t i = 0; i < count; i++)
        values[i] = any_float();
    for (int i = 0; i < ROWS; i++) {
        index[i] = (float)(next() % (uint64_t)count);
        expected[i] = found[i] = 77.0f;
    }
    hf_kernels_for(HF_ISA_SCALAR)->pick(expected + offset, index + offset, n, count, values);
    tested->pick(found + offset, index + offset, n, count, values);
    cr_assert(same_floats(expected, found, ROWS), "pick, %s, n %d, %d values", isa_text(tested), n, count);
}

static void check_narrow(const hf_kernels *tested, int n, int offset)
{
    static double x[ROWS];
    static float expected[ROWS], found[ROWS];
    double origin = next() % 2 ? 4e9 : uniform(-1, 1);
    for (int i = 0; i < ROWS; i++) {
        x[i] = next() % 2 ? any_double() : origin + uniform(-100, 100);
        expected[i] = found[i] = 77.0f;
    }
    hf_kernels_for(HF_ISA_SCALAR)->narrow(expected + offset, x + offset, n, origin);
    tested->narrow(found + offset, x + offset, n, origin);
    cr_assert(same_floats(expected, found, ROWS), "narrow, %s, n %d", isa_text(tested), n);
}

static void check_add(const hf_kernels *tested, int n, int offset)
{
    static double expected[ROWS], found[ROWS];
    static float term[ROWS];
    for (int i = 0; i < ROWS; i++) {
        expected[i] = found[i] = any_double();
        term[i] = any_float();
    }
    hf_kernels_for(HF_ISA_SCALAR)->add(expected + offset, term + offset, n);
    tested->add(found + offset, term + offset, n);
    cr_assert(same_doubles(expected, found, ROWS), "add, %s, n %d", isa_text(tested), n);
}

static void check_add_top(const hf_kernels *tested, int n, int offset)
{
    static double expected[ROWS], found[ROWS];
    static float term[ROWS];
    static uint32_t expected_keys[HF_TOP * ROWS], found_keys[HF_TOP * ROWS];
    const uint32_t bits = (uint32_t)(next() % 9);
    memset(expected_keys, 0, sizeof expected_keys);
    memset(found_keys, 0, sizeof found_keys);
    memset(expected, 0, sizeof expected);
    memset(found, 0, sizeof found);
    for (uint32_t index = 0; index < 6 && index < UINT32_C(1) << bits; index++) {
        for (int i = 0; i < ROWS; i++)
            term[i] = any_float();
        hf_kernels_for(HF_ISA_SCALAR)
            ->add_top(expected + offset, expected_keys + offset, ROWS, term + offset, n, index, bits);
        tested->add_top(found + offset, found_keys + offset, ROWS, term + offset, n, index, bits);
    }
    cr_assert(same_doubles(expected, found, ROWS), "add_top sums, %s, n %d", isa_text(tested), n);
    cr_assert(memcmp(expected_keys, found_keys, sizeof found_keys) == 0, "add_top keys, %s, n %d",
              isa_text(tested), n);
}

static void check_reasons(const hf_kernels *tested, int n, int offset)
{
    static double sum[ROWS];
    static float term[ROWS];
    static uint32_t keys[HF_TOP * ROWS];
    static int32_t expected[HF_TOP * ROWS], found[HF_TOP * ROWS];
    static uint8_t expected_unclear[ROWS], found_unclear[ROWS];
    memset(keys, 0, sizeof keys);
    for (int i = 0; i < HF_TOP * ROWS; i++) {
        expected[i] = found[i] = 77;
        expected_unclear[i / HF_TOP] = found_unclear[i / HF_TOP] = 77;
    }
    const float margin = next() % 2 ? 1e-5f : 0.1f;
    const int32_t terms = (int32_t)(next() % 7);
    for (int32_t t = 0; t < terms; t++) {
        for (int i = 0; i < ROWS; i++)
            term[i] = next() % 4 ? any_float() : 0.5f;
        hf_kernels_for(HF_ISA_SCALAR)->add_top(sum, keys, ROWS, term, ROWS, (uint32_t)t, 3);
    }
    hf_kernels_for(HF_ISA_SCALAR)->reasons(expected, expected_unclear, keys + offset, ROWS, n, 6, 3, margin);
    tested->reasons(found, found_unclear, keys + offset, ROWS, n, 6, 3, margin);
    cr_assert(memcmp(expected, found, sizeof found) == 0, "reasons, %s, n %d", isa_text(tested), n);
    cr_assert(memcmp(expected_unclear, found_unclear, sizeof found_unclear) == 0, "unclear, %s, n %d",
              isa_text(tested), n);
}

static void check_sigmoid(const hf_kernels *tested, int n, int offset)
{
    static double x[ROWS], expected[ROWS], found[ROWS];
    for (int i = 0; i < ROWS; i++) {
        x[i] = any_double();
        expected[i] = found[i] = 77.0;
    }
    hf_kernels_for(HF_ISA_SCALAR)->sigmoid(expected + offset, x + offset, n);
    tested->sigmoid(found + offset, x + offset, n);
    cr_assert(same_doubles(expected, found, ROWS), "sigmoid, %s, n %d", isa_text(tested), n);
}

static void check_bend(const hf_kernels *tested, int n, int offset)
{
    static double x[ROWS], found[ROWS], at[7], slope[7];
    for (int i = 0; i < ROWS; i++)
        x[i] = found[i] = any_double();
    hf_kernel_bend bend = {any_double(), any_double(), any_double(), (int32_t)(next() % 8), at, slope};
    for (int k = 0; k < 7; k++) {
        at[k] = any_double();
        slope[k] = any_double();
    }
    hf_kernels_for(HF_ISA_SCALAR)->bend(x + offset, n, &bend);
    tested->bend(found + offset, n, &bend);
    cr_assert(same_doubles(x, found, ROWS), "bend, %s, n %d", isa_text(tested), n);
}

static void check_scan(const hf_kernels *tested, int n, int offset)
{
    static const char delimiters[] = {',', ';', '\t', '|', '\xfe'};
    static char text[64 * 140 + GUARD];
    hf_scan_masks expected[130], found[130];
    const int blocks = n > 130 ? 130 : n;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "ab,;\t|\"\n\r 019"[next() % 13];
    if (next() % 2 && n > 0) text[offset + (int)(next() % (uint64_t)(64 * blocks))] = '\0';
    if (next() % 2 && n > 0)
        text[offset + (int)(next() % (uint64_t)(64 * blocks))] = (char)(128 + next() % 128);
    text[offset + 64 * blocks] = '\0'; // outside what may count
    const char delimiter = delimiters[next() % sizeof delimiters];
    memset(expected, 0, sizeof expected);
    memset(found, 0, sizeof found);
    uint32_t flags = hf_kernels_for(HF_ISA_SCALAR)->scan(expected, text + offset, blocks, delimiter);
    cr_assert(tested->scan(found, text + offset, blocks, delimiter) == flags, "scan flags, %s",
              isa_text(tested));
    cr_assert(memcmp(expected, found, sizeof found) == 0, "scan masks, %s", isa_text(tested));
}

// Scores on and beside the edges, below 0 and past the last place; worth in whole numbers, whose sums are
// exact.
static void check_fold(const hf_kernels *tested, int n, int offset)
{
    static float score[ROWS];
    static double worth[ROWS];
    static uint16_t expected[ROWS], found[ROWS];
    const int32_t edges = (int32_t)(next() % 6), last = (int32_t)(next() % 600);
    float edge[5];
    double sums[2][5];
    for (int e = 0; e < 5; e++)
        edge[e] = (float)(15 + 15 * e) + (float)uniform(0, 10);
    for (int i = 0; i < ROWS; i++) {
        score[i] = (float)uniform(-1, 101);
        if (next() % 32 == 0) score[i] = edge[next() % 5] + (float)(next() % 5) * 0x1p-10f - 0x1p-9f;
        worth[i] = (double)(next() % 100000);
        expected[i] = found[i] = 7777;
    }
    const double *valued = next() % 3 ? worth + offset : NULL;
    const float near = 0x1p-9f, scale = (float)(last + 1) / 100;
    const uint64_t close =
        hf_kernels_for(HF_ISA_SCALAR)
            ->fold(expected + offset, sums[0], score + offset, valued, n, edge, edges, near, scale, last);
    const uint64_t same =
        tested->fold(found + offset, sums[1], score + offset, valued, n, edge, edges, near, scale, last);
    cr_assert(memcmp(expected, found, sizeof found) == 0 && close == same &&
                  memcmp(sums[0], sums[1], (size_t)edges * sizeof *sums[0]) == 0,
              "fold, %s, n %d, %d edges", isa_text(tested), n, (int)edges);
}

static void check_read(const hf_kernels *tested, int n, int offset)
{
    static unsigned char bytes[ROWS + GUARD];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)next();
    uint64_t expected = hf_kernels_for(HF_ISA_SCALAR)->read_bandwidth(bytes + offset, (size_t)n);
    cr_assert(tested->read_bandwidth(bytes + offset, (size_t)n) == expected, "read, %s, n %d",
              isa_text(tested), n);
}

Test(kernel_conformance, curve)
{
    at_every_length(check_curve);
}
Test(kernel_conformance, table)
{
    at_every_length(check_table);
}
Test(kernel_conformance, cells)
{
    at_every_length(check_cells);
}
Test(kernel_conformance, pick)
{
    at_every_length(check_pick);
}
Test(kernel_conformance, narrow)
{
    at_every_length(check_narrow);
}
Test(kernel_conformance, add)
{
    at_every_length(check_add);
}
Test(kernel_conformance, add_top)
{
    at_every_length(check_add_top);
}
Test(kernel_conformance, reasons)
{
    at_every_length(check_reasons);
}
Test(kernel_conformance, sigmoid)
{
    at_every_length(check_sigmoid);
}
Test(kernel_conformance, bend)
{
    at_every_length(check_bend);
}
Test(kernel_conformance, scan)
{
    at_every_length(check_scan);
}
Test(kernel_conformance, fold)
{
    at_every_length(check_fold);
}
Test(kernel_conformance, read_bandwidth)
{
    at_every_length(check_read);
}

Test(kernel_conformance, tables_are_whole)
{
    for (size_t t = 0; t < sizeof ALL / sizeof *ALL; t++) {
        const hf_kernels *k = hf_kernels_for(ALL[t]);
        if (!k) continue;
        cr_assert(k->curve && k->table && k->cells && k->pick && k->narrow && k->add && k->add_top &&
                  k->reasons && k->bend && k->sigmoid && k->fold && k->scan && k->read_bandwidth);
        if (ALL[t] != HF_ISA_AUTO) cr_assert(k->isa == ALL[t]);
    }
    cr_assert(hf_kernels_for(HF_ISA_SCALAR) && hf_kernels_for(HF_ISA_AUTO));
}
