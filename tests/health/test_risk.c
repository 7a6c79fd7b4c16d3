// SPDX-License-Identifier: Apache-2.0
//
// What is at risk, the review cadence against a plain sort, and the parent roll-up by brute force.
#include "base/failing_context.h"
#include "night_fixture.h"

#include <math.h>
#include <string.h>

enum { MANY = 700 };

static hf_context *context;
static char id_text[MANY][32];
static const char *ids[MANY];

static void enter(void)
{
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
    for (int i = 0; i < MANY; i++) {
        // In no order, of several lengths, not all of letters below 128, behind a long shared beginning.
        static const char *const forms[] = {"customer-%d", "customer-%d/eu", "customer-2\xc3\xbc%d"};
        snprintf(id_text[i], sizeof id_text[i], forms[i % 3], i * 379 % MANY);
        ids[i] = id_text[i];
    }
}

static void leave(void)
{
    hf_context_destroy(context);
}

TestSuite(risk, .init = enter, .fini = leave);

static char arr_name[] = "arr", parent_name[] = "parent_id";

// n accounts with healths, ARR with ties and gaps, and parents; settled.
typedef struct {
    double health[MANY], arr[MANY], probability[MANY];
    const char *parent[MANY];
} fleet;

static void make_fleet(fleet *f, uint64_t seed)
{
    static const char *const parents[] = {NULL, "alpha", "beta", "gamma", "delta", "epsilon"};
    hf_random r = hf_random_seed(seed, 0);
    for (int i = 0; i < MANY; i++) {
        f->health[i] = hf_random_below(&r, 9) == 0 ? NAN : 100 * hf_random_uniform(&r);
        f->arr[i] = hf_random_below(&r, 11) == 0 ? NAN : 1000.0 * (double)hf_random_below(&r, 6);
        f->probability[i] = (double)hf_random_below(&r, 8) / 8;
        f->parent[i] = parents[hf_random_below(&r, 6)];
    }
}

static void open_fleet(night *n, const hf_context *on, const card *c, const fleet *f, int rows)
{
    night_open(n, on, c, 20757, ids, rows);
    night_add_numbers(n, "arr", HF_KIND_MONEY, f->arr);
    night_add_texts(n, "parent_id", f->parent);
    for (int i = 0; i < rows; i++)
        night_put(n, i, f->health[i], 1);
    cr_assert_eq(hf_health_settle(&n->health, on, &n->plan, NULL, NULL, NULL), HF_OK);
}

static void know_risk(night *n, const double *probability)
{
    hf_error error = {0};
    cr_assert_eq(hf_health_risk(&n->health, n->context, &n->plan, probability, &error), HF_OK, "%s",
                 error.message);
}

Test(risk, is_probability_times_arr_or_the_arr_of_the_lowest_band)
{
    static fleet f;
    card c;
    night n;
    card_init(&c, context);
    c.definition.arr = arr_name;
    make_fleet(&f, 1);
    f.health[0] = 39.999, f.arr[0] = 500;
    f.health[1] = 40, f.arr[1] = 500;
    f.health[2] = NAN, f.arr[2] = 500;
    open_fleet(&n, context, &c, &f, MANY);
    know_risk(&n, NULL);
    cr_assert_eq(n.health.arr_at_risk[0], 500);
    cr_assert_eq(n.health.arr_at_risk[1], 0);
    cr_assert_eq(n.health.arr_at_risk[2], 0, "unknown is not red");
    for (int i = 0; i < MANY; i++)
        cr_assert(isnan(f.arr[i]) ? isnan(n.health.arr[i]) && isnan(n.health.arr_at_risk[i])
                                  : n.health.arr[i] == f.arr[i]);
    know_risk(&n, f.probability); // a second time, in place of the first
    for (int i = 0; i < MANY; i++)
        cr_assert(isnan(f.arr[i]) ? isnan(n.health.arr_at_risk[i])
                                  : n.health.arr_at_risk[i] == f.arr[i] * f.probability[i]);
    night_close(&n);
}

Test(risk, goes_by_the_settled_band)
{
    static const char *const two[] = {"a", "b"};
    const double arr[] = {100, 200};
    card c;
    night n;
    card_init(&c, context);
    c.definition.arr = arr_name;
    c.definition.snapshots = 2;
    c.definition.margin = 50;
    night_open(&n, context, &c, 20000, two, 2);
    night_add_numbers(&n, "arr", HF_KIND_MONEY, arr);
    night_put(&n, 0, 50, 1);
    night_put(&n, 1, 20, 1);
    hf_frame *last = night_scores(&n, NULL, NULL);
    night_close(&n);
    night_open(&n, context, &c, 20030, two, 2);
    night_add_numbers(&n, "arr", HF_KIND_MONEY, arr);
    night_put(&n, 0, 39, 1);
    night_put(&n, 1, 41, 1);
    hf_frame *scores = night_scores(&n, last, NULL);
    cr_assert_eq(number_at(scores, "arr_at_risk", 0), 0);
    cr_assert_eq(number_at(scores, "arr_at_risk", 1), 200);
    night_close(&n);
    hf_frame_destroy(scores);
    hf_frame_destroy(last);
}

// ---- cadence -------------------------------------------------------------------------------------------------

// Accounts that come before this one: more at stake, or as much and an id that sorts before.
static int accounts_before(const double *value, int rows, int i)
{
    int before = 0;
    for (int k = 0; k < rows; k++) {
        if (k == i) continue;
        const bool tie = value[k] == value[i] || (isnan(value[k]) && isnan(value[i]));
        const bool more = isnan(value[i]) ? !isnan(value[k]) : value[k] > value[i];
        before += more || (tie && strcmp(ids[k], ids[i]) < 0);
    }
    return before;
}

static void check_cadence(const night *n, const double *value, int rows, int daily, int weekly)
{
    for (int i = 0; i < rows; i++) {
        const int place = accounts_before(value, rows, i);
        const char *expected = place < daily ? "daily" : place < daily + weekly ? "weekly" : "monthly";
        cr_assert_str_eq(hf_cadence_name((hf_cadence)n->health.cadence[i]), expected, "%d of %d", i, rows);
    }
}

Test(risk, cadence_has_exact_shares_whatever_the_ties)
{
    static fleet f;
    // Accounts, daily, weekly: 20 % and 30 %, to the nearest account.
    static const int sizes[][3] = {{0, 0, 0}, {1, 0, 1}, {2, 0, 1},  {3, 1, 1},     {5, 1, 2},
                                   {7, 1, 3}, {8, 2, 2}, {10, 2, 3}, {101, 20, 31}, {MANY, 140, 210}};
    card c;
    card_init(&c, context);
    c.definition.arr = arr_name;
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        const int rows = sizes[k][0];
        night n;
        make_fleet(&f, 10 + k);
        c.definition.cadence_by = HF_CADENCE_BY_RISK;
        open_fleet(&n, context, &c, &f, rows);
        know_risk(&n, f.probability);
        check_cadence(&n, n.health.arr_at_risk, rows, sizes[k][1], sizes[k][2]);
        know_risk(&n, NULL); // nearly all at 0
        check_cadence(&n, n.health.arr_at_risk, rows, sizes[k][1], sizes[k][2]);
        c.definition.cadence_by = HF_CADENCE_BY_ARR;
        know_risk(&n, f.probability);
        check_cadence(&n, f.arr, rows, sizes[k][1], sizes[k][2]);
        night_close(&n);
    }
}

Test(risk, cadence_takes_any_shares)
{
    static fleet f;
    static const double shares[][2] = {{0, 0}, {1, 0}, {0, 1}, {0.35, 0.15}, {0.05, 0.1}, {0.7, 0.9}};
    card c;
    card_init(&c, context);
    c.definition.arr = arr_name;
    make_fleet(&f, 3);
    for (int i = 0; i < MANY; i += 7)
        f.arr[i] = -f.arr[i] - 1; // a credit note
    f.arr[5] = -0.0, f.arr[6] = 0;
    for (size_t k = 0; k < sizeof shares / sizeof shares[0]; k++) {
        night n;
        c.definition.cadence_by = HF_CADENCE_BY_ARR;
        c.definition.daily = shares[k][0];
        c.definition.weekly = shares[k][1];
        open_fleet(&n, context, &c, &f, 10);
        know_risk(&n, NULL);
        const int daily = (int)lround(shares[k][0] * 10), most = 10 - daily;
        const int both = (int)(10 * (shares[k][0] + shares[k][1]) + 0.500001) - daily;
        check_cadence(&n, f.arr, 10, daily, both > most ? most : both);
        night_close(&n);
    }
}

Test(risk, cadence_without_arr_counts_every_account_as_one)
{
    static fleet f;
    card c;
    night n;
    double red[MANY];
    card_init(&c, context);
    make_fleet(&f, 4);
    open_fleet(&n, context, &c, &f, MANY);
    know_risk(&n, f.probability);
    check_cadence(&n, f.probability, MANY, 140, 210);
    for (int i = 0; i < MANY; i++) {
        cr_assert(isnan(n.health.arr[i]) && isnan(n.health.arr_at_risk[i]));
        red[i] = n.health.band[i] == 0;
    }
    know_risk(&n, NULL);
    check_cadence(&n, red, MANY, 140, 210);
    night_close(&n);
}

Test(risk, cadence_does_not_depend_on_the_order_of_rows)
{
    static fleet f, g;
    static uint8_t by_id[MANY];
    card c;
    night n;
    card_init(&c, context);
    c.definition.arr = arr_name;
    make_fleet(&f, 6);
    open_fleet(&n, context, &c, &f, MANY);
    know_risk(&n, f.probability);
    memcpy(by_id, n.health.cadence, MANY);
    night_close(&n);
    for (int i = 0; i < MANY / 2; i++) {
        const char *swap = ids[i];
        ids[i] = ids[MANY - 1 - i];
        ids[MANY - 1 - i] = swap;
    }
    for (int i = 0; i < MANY; i++) {
        g.health[i] = f.health[MANY - 1 - i];
        g.arr[i] = f.arr[MANY - 1 - i];
        g.probability[i] = f.probability[MANY - 1 - i];
        g.parent[i] = f.parent[MANY - 1 - i];
    }
    open_fleet(&n, context, &c, &g, MANY);
    know_risk(&n, g.probability);
    for (int i = 0; i < MANY; i++)
        cr_assert_eq(n.health.cadence[i], by_id[MANY - 1 - i]);
    night_close(&n);
}

// ---- parents -------------------------------------------------------------------------------------------------

static double roll_up(const fleet *f, hf_rollup rollup, const char *parent)
{
    double lowest = INFINITY, sum = 0, weighted = 0, weight = 0;
    int children = 0;
    for (int i = 0; i < MANY; i++) {
        if (!f->parent[i] || strcmp(f->parent[i], parent) != 0 || isnan(f->health[i])) continue;
        children++;
        sum += f->health[i];
        lowest = fmin(lowest, f->health[i]);
        weighted += isnan(f->arr[i]) ? 0 : f->arr[i] * f->health[i];
        weight += isnan(f->arr[i]) ? 0 : f->arr[i];
    }
    if (children == 0) return NAN;
    if (rollup == HF_ROLLUP_WORST) return lowest;
    return rollup == HF_ROLLUP_ARR && weight > 0 ? weighted / weight : sum / children;
}

static void check_parents(const night *n, const fleet *f, hf_rollup rollup)
{
    for (int i = 0; i < MANY; i++) {
        const double expected = f->parent[i] ? roll_up(f, rollup, f->parent[i]) : NAN;
        const double found = n->health.parent[i];
        cr_assert(isnan(expected) ? isnan(found) : fabs(found - expected) < 1e-9, "%d: %g, %g", i, expected,
                  found);
    }
}

Test(risk, parents_are_rolled_up_over_the_accounts_that_name_them)
{
    static fleet f;
    static const hf_rollup rollups[] = {HF_ROLLUP_MEAN, HF_ROLLUP_WORST, HF_ROLLUP_ARR};
    card c;
    card_init(&c, context);
    c.definition.arr = arr_name;
    c.definition.parent = parent_name;
    for (int k = 0; k < 3; k++) {
        night n;
        make_fleet(&f, 20 + (uint64_t)k);
        f.parent[0] = "only child";
        f.parent[1] = "sick parent"; // of nobody whose health is known
        f.health[1] = NAN;
        f.parent[2] = f.parent[3] = "poor parent"; // of nobody with ARR
        f.arr[2] = 0, f.arr[3] = NAN;
        f.health[2] = 20, f.health[3] = 60;
        c.definition.rollup = rollups[k];
        open_fleet(&n, context, &c, &f, MANY);
        know_risk(&n, NULL);
        check_parents(&n, &f, rollups[k]);
        cr_assert(isnan(n.health.parent[1]));
        cr_assert_eq(n.health.parent[2], rollups[k] == HF_ROLLUP_WORST ? 20 : 40);
        night_close(&n);
    }
}

Test(risk, parents_may_be_numbers)
{
    static fleet f;
    static double number[MANY];
    static char text[MANY][16], other[] = "head_office";
    card c;
    night n;
    card_init(&c, context);
    c.definition.parent = other;
    c.definition.rollup = HF_ROLLUP_MEAN;
    make_fleet(&f, 30);
    for (int i = 0; i < MANY; i++) {
        number[i] = i % 4 == 0 ? NAN : 16777217 + i * 31 % 50;
        snprintf(text[i], sizeof text[i], "%.0f", number[i]);
        f.parent[i] = i % 4 == 0 ? NULL : text[i];
    }
    open_fleet(&n, context, &c, &f, MANY);
    night_add_numbers(&n, other, HF_KIND_COUNT, number);
    know_risk(&n, NULL);
    check_parents(&n, &f, HF_ROLLUP_MEAN);
    night_close(&n);
}

// ---- errors, memory, threads ---------------------------------------------------------------------------------

Test(risk, names_what_the_data_lacks)
{
    static fleet f;
    static char wrong[] = "revenue", category[] = "parent_id", date[] = "renewal_date";
    hf_error error = {0};
    hf_column *days = NULL;
    card c;
    night n;
    card_init(&c, context);
    make_fleet(&f, 5);
    open_fleet(&n, context, &c, &f, 20);
    c.definition.arr = wrong;
    cr_assert_eq(hf_health_risk(&n.health, context, &n.plan, NULL, &error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(error.message, "no column 'revenue'"), "%s", error.message);
    c.definition.arr = category;
    cr_assert_eq(hf_health_risk(&n.health, context, &n.plan, NULL, &error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(error.message, "expected the ARR in numbers, found category"));
    c.definition.arr = arr_name;
    c.definition.parent = wrong;
    c.definition.rollup = HF_ROLLUP_MEAN;
    cr_assert_eq(hf_health_risk(&n.health, context, &n.plan, NULL, &error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(error.message, "no column 'revenue'"), "%s", error.message);
    cr_assert_eq(hf_frame_add(n.frame, &days, date, HF_KIND_DATE, HF_STORAGE_DAY, NULL), HF_OK);
    c.definition.parent = date;
    cr_assert_eq(hf_health_risk(&n.health, context, &n.plan, NULL, &error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(error.message, "found dates"), "%s", error.message);
    cr_assert_null(n.health.arr);
    cr_assert_null(n.health.cadence);
    night_close(&n);
    night_open(&n, context, &c, 20000, ids, 3);
    cr_assert_eq(hf_health_risk(&n.health, context, &n.plan, NULL, &error), HF_ERROR_USAGE);
    night_close(&n);
}

Test(risk, survives_every_failing_allocation)
{
    static fleet f;
    for (int numbers = 0; numbers < 2; numbers++) {
        allocator a = {.fail_at = -1};
        hf_context *failing = make_context(&a, 1);
        card c;
        night n;
        card_init(&c, failing);
        c.definition.arr = arr_name;
        c.definition.parent = numbers ? arr_name : parent_name;
        c.definition.rollup = HF_ROLLUP_ARR;
        make_fleet(&f, 8);
        open_fleet(&n, failing, &c, &f, 50);
        const long held = a.live;
        hf_status status = HF_ERROR_MEMORY;
        for (long k = 0; status != HF_OK; k++) {
            a.asked = 0;
            a.fail_at = k;
            status = hf_health_risk(&n.health, failing, &n.plan, NULL, NULL);
            cr_assert(status == HF_OK ? k >= 7 : status == HF_ERROR_MEMORY);
            cr_assert(status == HF_OK || (a.live == held && !n.health.arr && !n.health.parent));
        }
        a.fail_at = -1;
        night_close(&n);
        hf_context_destroy(failing);
        cr_assert_eq(a.live, 0);
    }
}

Test(risk, gives_the_same_bytes_on_any_number_of_threads)
{
    static fleet f;
    static const int threads[] = {1, 2, 7};
    char first[33] = "", found[33];
    make_fleet(&f, 9);
    for (int k = 0; k < 3; k++) {
        allocator a = {.fail_at = -1};
        hf_context *on = make_context(&a, threads[k]);
        hf_frame *scores = NULL;
        card c;
        night n;
        card_init(&c, on);
        c.definition.arr = arr_name;
        c.definition.parent = parent_name;
        c.definition.rollup = HF_ROLLUP_ARR;
        open_fleet(&n, on, &c, &f, MANY);
        know_risk(&n, f.probability);
        cr_assert_eq(hf_health_frame(&scores, on, &n.plan, &n.health, f.probability, NULL, NULL, NULL),
                     HF_OK);
        cr_assert_eq(hf_frame_fingerprint(found, scores, NULL), HF_OK);
        if (k == 0) strcpy(first, found);
        cr_assert_str_eq(found, first);
        hf_frame_destroy(scores);
        night_close(&n);
        hf_context_destroy(on);
    }
}
