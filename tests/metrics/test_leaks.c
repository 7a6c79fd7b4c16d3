// SPDX-License-Identifier: Apache-2.0
//
// What one signal alone tells, and rows that are copies: planted ones are found, at any number of threads,
// and a thousand columns of chance, or rows that are merely alike, raise nothing.
#include "metrics/metrics_room.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static hf_context *make_context(int threads)
{
    hf_context *context;
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    return context;
}

static bool accused(const hf_leak_figures *f)
{
    return (f->auc >= HF_LEAK_AUC && f->auc_low >= HF_LEAK_LOW) ||
           (f->gap_auc >= HF_LEAK_AUC && f->gap_low >= HF_LEAK_LOW) ||
           (f->pure >= HF_LEAK_AUC && f->pure_low >= HF_LEAK_LOW);
}

static hf_leak_figures figure_of(const hf_profile_signal *signal, int64_t n, const uint8_t *label)
{
    hf_profile profile;
    hf_context *context = make_context(1);
    cr_assert_eq(hf_profile_signals(&profile, context, signal, 1, n, label, NULL), HF_OK);
    hf_context_destroy(context);
    return hf_leak_figure(&profile);
}

// The bound solves (auc - a)^2 = z^2 variance(a): put back it must hold, with the variance written out again.
Test(leaks, the_low_end_of_an_auc_solves_its_equation)
{
    static const struct {
        double auc;
        int64_t events, others;
    } cases[] = {{1, 10, 1000}, {0.98, 40, 40}, {0.75, 300, 20}, {0.999, 5, 12}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double m = (double)cases[i].events, n = (double)cases[i].others;
        const double a = hf_auc_low(cases[i].auc, cases[i].events, cases[i].others);
        const double q1 = a / (2 - a), q2 = 2 * a * a / (1 + a), k = (m + n) / 2 - 1;
        const double variance = (a * (1 - a) + k * (q1 - a * a) + k * (q2 - a * a)) / (m * n);
        cr_expect_float_eq(cases[i].auc - a, 1.959964 * sqrt(variance), 1e-6, "case %zu: %g", i, a);
    }
    cr_expect_eq(hf_auc_low(NAN, 10, 10), 0);
    cr_expect_eq(hf_auc_low(1, 0, 10), 0);
    cr_expect_lt(hf_auc_low(1, 5, 25), HF_LEAK_LOW, "thirty rows accuse nothing");
    cr_expect_lt(hf_auc_low(1, 15, 15), HF_LEAK_LOW, "thirty rows accuse nothing");
}

enum { ROWS = 2000 };

Test(leaks, planted_columns_are_accused)
{
    static float up[ROWS], down[ROWS], middle[ROWS], after[ROWS], emptied[ROWS], honest[ROWS];
    static int32_t code[ROWS];
    static uint8_t label[ROWS];
    hf_random random = hf_random_seed(3, 1);
    for (int i = 0; i < ROWS; i++) {
        const bool event = hf_random_uniform(&random) < 0.1;
        label[i] = event;
        const float noise = (float)hf_random_normal(&random);
        up[i] = (float)event + 0.3f * noise;
        down[i] = -up[i];
        middle[i] = event ? 2 : (float)(1 + 2 * hf_random_below(&random, 2)); // 1 active, 2 gone, 3 paused
        after[i] = event && hf_random_uniform(&random) < 0.5 ? noise : NAN;
        emptied[i] = event ? NAN : noise;
        honest[i] = (float)event * 1.5f + noise; // AUC about 0.86
        code[i] = event ? 3 : (int32_t)hf_random_below(&random, 3);
    }
    const hf_profile_signal planted[] = {{.f32 = up},    {.f32 = down},    {.f32 = middle},
                                         {.f32 = after}, {.f32 = emptied}, {.codes = code, .levels = 4}};
    for (size_t k = 0; k < sizeof planted / sizeof planted[0]; k++) {
        const hf_leak_figures f = figure_of(&planted[k], ROWS, label);
        cr_expect(accused(&f), "signal %zu: AUC %g from %g, gap %g, pure %g", k, f.auc, f.auc_low, f.gap_auc,
                  f.pure);
    }
    const hf_profile_signal clean = {.f32 = honest};
    const hf_leak_figures f = figure_of(&clean, ROWS, label);
    cr_expect_not(accused(&f), "AUC %g", f.auc);
}

Test(leaks, a_thousand_columns_of_chance_accuse_nothing)
{
    enum { COLUMNS = 1000 };
    static const int sizes[] = {12, 30, 60, 300};
    float x[300];
    int32_t codes[300];
    uint8_t label[300];
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        hf_random random = hf_random_seed(11, s);
        for (int i = 0; i < sizes[s]; i++)
            label[i] = i % 6 == 0;
        for (int c = 0; c < COLUMNS; c++) {
            for (int i = 0; i < sizes[s]; i++) {
                x[i] = hf_random_uniform(&random) < 0.3 ? NAN : (float)hf_random_normal(&random);
                codes[i] = (int32_t)hf_random_below(&random, 9) - 1;
            }
            const hf_profile_signal signal =
                c % 2 ? (hf_profile_signal){.f32 = x} : (hf_profile_signal){.codes = codes, .levels = 8};
            const hf_leak_figures f = figure_of(&signal, sizes[s], label);
            cr_assert_not(accused(&f), "%d rows: AUC %g from %g", sizes[s], f.auc, f.auc_low);
        }
    }
}

// ---- copies ----------------------------------------------------------------------------------------------

enum { NUMBERS = 7, SIGNALS = NUMBERS + 2, MOST = 3000 };

typedef struct {
    float number[NUMBERS][MOST];
    int32_t code[2][MOST];
    uint8_t label[MOST];
    int64_t person[MOST]; // who a row is of
    int64_t n;
    hf_profile_signal signals[SIGNALS];
} people;

// `persons` people, then copies of the first `copied` of them with jittered cells; the label has little to do
// with the signals.
static void make_people(people *p, int64_t persons, int64_t copied, bool shuffled)
{
    hf_random random = hf_random_seed(8, 2);
    p->n = persons + copied;
    for (int64_t i = 0; i < p->n; i++) {
        const bool copy = i >= persons;
        const int64_t of = copy ? i - persons : i;
        p->person[i] = of;
        for (int c = 0; c < NUMBERS; c++)
            p->number[c][i] = copy ? p->number[c][of] + 0.03f * (float)hf_random_normal(&random)
                                   : (float)hf_random_normal(&random);
        for (int c = 0; c < 2; c++)
            p->code[c][i] = copy ? p->code[c][of] : (int32_t)hf_random_below(&random, 4);
        if (copy) p->number[6][i] = (float)hf_random_normal(&random); // one column is another month's
        p->label[i] = copy ? p->label[of] : hf_random_uniform(&random) < 0.2 + 0.2 * (p->number[0][i] > 0);
    }
    for (int64_t i = p->n - 1; shuffled && i > 0; i--) {
        const int64_t j = (int64_t)hf_random_below(&random, (uint64_t)i + 1);
#define SWAP(type, array)          \
    do {                           \
        const type was = array[i]; \
        array[i] = array[j];       \
        array[j] = was;            \
    } while (0)
        for (int c = 0; c < NUMBERS; c++)
            SWAP(float, p->number[c]);
        for (int c = 0; c < 2; c++)
            SWAP(int32_t, p->code[c]);
        SWAP(uint8_t, p->label);
        SWAP(int64_t, p->person);
    }
    for (int c = 0; c < NUMBERS; c++)
        p->signals[c] = (hf_profile_signal){.f32 = p->number[c]};
    for (int c = 0; c < 2; c++)
        p->signals[NUMBERS + c] = (hf_profile_signal){.codes = p->code[c], .levels = 4};
}

static people one;

static hf_copies find(int64_t *group, int threads, const int64_t *cluster)
{
    hf_copies found;
    hf_context *context = make_context(threads);
    cr_assert_eq(
        hf_near_copies(group, &found, context, one.signals, SIGNALS, one.n, one.label, cluster, 1, NULL),
        HF_OK);
    hf_context_destroy(context);
    return found;
}

Test(leaks, jittered_copies_are_found_and_joined_wherever_they_stand)
{
    static int64_t group[3][MOST];
    static const int threads[] = {1, 2, 7};
    for (int shuffled = 0; shuffled < 2; shuffled++) {
        make_people(&one, 2000, 800, shuffled);
        for (int t = 0; t < 3; t++) {
            const hf_copies found = find(group[t], threads[t], NULL);
            cr_expect_geq(found.rows, 1300, "%d rows", (int)found.rows);
            cr_expect_leq(found.rows, 1640, "%d rows", (int)found.rows);
            cr_expect_gt(found.same, 0.97);
            cr_expect_arr_eq(group[t], group[0], (size_t)one.n * sizeof(int64_t));
        }
        // Those joined are of one person, but for a few.
        int64_t wrong = 0, first[MOST];
        memset(first, -1, sizeof first);
        for (int64_t i = 0; i < one.n; i++) {
            int64_t *f = &first[group[0][i]];
            if (*f < 0) *f = one.person[i];
            wrong += *f != one.person[i];
        }
        cr_expect_leq(wrong, 20, "%d", (int)wrong);
    }
}

Test(leaks, few_copies_among_many_rows_are_found)
{
    static int64_t group[MOST];
    make_people(&one, 2900, 60, true);
    const hf_copies found = find(group, 2, NULL);
    cr_expect_geq(found.rows, 90, "%d rows", (int)found.rows);
    cr_expect_leq(found.rows, 140, "%d rows", (int)found.rows);
}

Test(leaks, rows_that_are_alike_by_chance_are_no_copies)
{
    static int64_t group[MOST];
    make_people(&one, 2500, 0, false);
    cr_expect_eq(find(group, 2, NULL).rows, 0);
    for (int64_t i = 0; i < one.n; i++)
        cr_assert_eq(group[i], i);
    // Few coarse columns: whole crowds are equal in all of them.
    for (int64_t i = 0; i < one.n; i++)
        for (int c = 0; c < NUMBERS; c++)
            one.number[c][i] = (float)(c < 2 ? (int)(2 * one.number[c][i]) : c);
    cr_expect_eq(find(group, 2, NULL).rows, 0);
}

// Copies whose outcome is drawn anew are twins, not leaks; and rows of one cluster are together anyway.
Test(leaks, copies_with_outcomes_of_their_own_or_of_one_account_are_not_told)
{
    static int64_t group[MOST];
    hf_random random = hf_random_seed(5, 5);
    make_people(&one, 2000, 800, true);
    cr_expect_eq(find(group, 2, one.person).rows, 0);
    for (int64_t i = 0; i < one.n; i++)
        cr_assert_eq(group[i] == group[0], one.person[i] == one.person[0]);
    for (int64_t i = 0; i < one.n; i++)
        one.label[i] = hf_random_uniform(&random) < 0.3;
    cr_expect_eq(find(group, 2, NULL).rows, 0);
}

Test(leaks, partitions_are_joined_as_by_hand)
{
    static const int64_t a[] = {0, 0, 1, 2, 3, 4, 4}, b[] = {5, 6, 6, 1, 2, 2, 0},
                         want[] = {0, 0, 0, 1, 2, 2, 2};
    int64_t group[7];
    hf_context *context = make_context(1);
    cr_assert_eq(hf_join_groups(group, context, a, b, 7, NULL), HF_OK);
    cr_expect_arr_eq(group, want, sizeof want);
    hf_context_destroy(context);
}

// ---- memory ----------------------------------------------------------------------------------------------

static long allowed;

static void *scarce(void *user, void *p, size_t size)
{
    (void)user;
    if (size > 0 && allowed-- <= 0) return NULL;
    if (size > 0) return realloc(p, size);
    free(p);
    return NULL;
}

Test(leaks, running_out_of_memory_is_an_error_and_nothing_more)
{
    static int64_t group[MOST];
    hf_context *context;
    hf_context_options options = {.threads = 1, .resize = scarce};
    allowed = 1000;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    make_people(&one, 300, 100, false);
    hf_status status = HF_ERROR_MEMORY;
    for (long most = 0; status != HF_OK; most++) {
        cr_assert_lt(most, 200);
        hf_copies found = {.rows = -7};
        allowed = most;
        status =
            hf_near_copies(group, &found, context, one.signals, SIGNALS, one.n, one.label, NULL, 1, NULL);
        cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && found.rows == -7), "%d", (int)status);
    }
    allowed = 1000;
    hf_context_destroy(context);
}
