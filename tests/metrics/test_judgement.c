// SPDX-License-Identifier: Apache-2.0
//
// Scores judged in money, in tenths, at a capacity and in pairs, against plain loops: every row's share of a
// place is worked out from how many rows are above it and beside it, replicates are written out as tables and
// judged afresh.
#include "metrics/metrics_room.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 240, ACCOUNTS = 60, MOST = 40 * N };

typedef struct {
    int64_t n;
    double p[MOST], q[MOST], arr[MOST];
    uint8_t y[MOST];
    int64_t account[MOST];
    hf_date date[MOST];
} table;

static const int64_t capacity[] = {1, 7, 25, 1000};

static hf_context *context_of(int threads)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    hf_context *context = NULL;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    return context;
}

// Four dates of unequal size, scores with many ties, some accounts without money.
static void fill(table *t, uint64_t seed)
{
    hf_random random = hf_random_seed(seed, 0);
    t->n = N;
    for (int i = 0; i < N; i++) {
        t->p[i] = floor(hf_random_uniform(&random) * 12) / 12;
        t->q[i] = floor(10 * (0.5 * t->p[i] + 0.5 * hf_random_uniform(&random))) / 10;
        t->y[i] = hf_random_uniform(&random) < 0.1 + 0.5 * t->p[i];
        t->arr[i] = hf_random_uniform(&random) < 0.1 ? 0 : floor(1000 * exp(hf_random_normal(&random)));
        t->account[i] = 17 * (int64_t)hf_random_below(&random, ACCOUNTS);
        t->date[i] = 20000 + 30 * (hf_date)(i % 7 % 4);
    }
}

static hf_judged_rows rows_of(const table *t, bool money, bool by_arr)
{
    return (hf_judged_rows){.rows = t->n,
                            .label = t->y,
                            .cluster = t->account,
                            .date = t->date,
                            .arr = money ? t->arr : NULL,
                            .capacity = capacity,
                            .capacities = 4,
                            .rank_by_arr = by_arr};
}

static hf_verdict judge(const table *t, bool money, bool by_arr, bool both, int32_t replicates, double alpha)
{
    hf_context *context = context_of(2);
    hf_verdict v;
    hf_error error = {0};
    const hf_judged_rows rows = rows_of(t, money, by_arr);
    hf_status status = hf_judge(&v, context, &rows, t->p, both ? t->q : NULL, replicates, alpha, 5, &error);
    cr_assert_eq(status, HF_OK, "%s", error.message);
    hf_context_destroy(context);
    return v;
}

// ---- oracles ---------------------------------------------------------------------------------------------

static double overlap(double a, double b, double c, double d)
{
    const double low = a > c ? a : c, high = b < d ? b : d;
    return high > low ? high - low : 0;
}

// How much of row i lies in the places [from, to) of the rows ranked by s, highest first, all orders of ties
// being as likely. date: only the rows of i's date are ranked.
static double part_in(const table *t, const double *s, bool by_date, int64_t i, double from, double to)
{
    double above = 0, beside = 0;
    for (int64_t k = 0; k < t->n; k++) {
        if (by_date && t->date[k] != t->date[i]) continue;
        above += s[k] > s[i];
        beside += s[k] == s[i];
    }
    return overlap(from, to, above, above + beside) / beside;
}

static void same(double got, double want, const char *what)
{
    if (isnan(want))
        cr_expect(isnan(got), "%s: %.17g, expected none", what, got);
    else
        cr_expect(fabs(got - want) <= 1e-9 * (1 + fabs(want)), "%s: %.17g, expected %.17g", what, got, want);
}

static double over(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

typedef struct {
    double rows, events, arr, lost, expected;
} sums;

static sums add_part(sums s, const table *t, int64_t i, double part)
{
    s.rows += part;
    s.events += part * t->y[i];
    s.arr += part * t->arr[i];
    s.lost += part * t->arr[i] * t->y[i];
    s.expected += part * t->arr[i] * t->p[i];
    return s;
}

static sums all_of(const table *t)
{
    sums all = {0};
    for (int64_t i = 0; i < t->n; i++)
        all = add_part(all, t, i, 1);
    return all;
}

static void check_capacity(const table *t, const hf_judgement *j, bool by_arr)
{
    static double s[MOST];
    const sums all = all_of(t);
    for (int64_t i = 0; i < t->n; i++)
        s[i] = by_arr ? t->p[i] * t->arr[i] : t->p[i];
    for (int k = 0; k < 4; k++) {
        sums worked = {0};
        for (int64_t i = 0; i < t->n; i++)
            worked = add_part(worked, t, i, part_in(t, s, true, i, 0, (double)capacity[k]));
        const hf_worked *w = &j->worked[k];
        same(w->worked, worked.rows, "worked");
        same(w->caught, worked.events, "caught");
        same(w->precision, over(worked.events, worked.rows), "precision");
        same(w->recall, over(worked.events, all.events), "recall");
        same(w->arr_worked, worked.arr, "ARR worked");
        same(w->arr_caught, worked.lost, "ARR caught");
        same(w->arr_recall, over(worked.lost, all.lost), "share of the ARR lost");
    }
}

static void check_tenths(const table *t, const hf_judgement *j)
{
    const sums all = all_of(t);
    double events = 0, lost = 0;
    for (int b = 0; b < HF_TENTHS; b++) {
        sums in = {0};
        double p = 0;
        for (int64_t i = 0; i < t->n; i++) {
            const double part =
                part_in(t, t->p, false, i, b * (double)t->n / 10, (b + 1) * (double)t->n / 10);
            in = add_part(in, t, i, part);
            p += part * t->p[i];
        }
        events += in.events;
        lost += in.lost;
        same(j->tenth[b].probability, p / in.rows, "mean probability");
        same(j->tenth[b].rate, in.events / in.rows, "rate");
        same(j->tenth[b].lift, over(in.events / in.rows, all.events / all.rows), "lift");
        same(j->tenth[b].gain, over(events, all.events), "gain");
        same(j->tenth[b].arr, in.arr, "ARR");
        same(j->tenth[b].arr_churn, over(in.lost, in.arr), "ARR churn");
        same(j->tenth[b].arr_lift, over(over(in.lost, in.arr), over(all.lost, all.arr)), "ARR lift");
        same(j->tenth[b].arr_gain, over(lost, all.lost), "ARR gain");
    }
    same(j->figure[HF_FIGURE_lift_10], j->tenth[0].lift, "lift at 10 % of both kinds");
    same(j->figure[HF_FIGURE_arr_caught_10], j->tenth[0].arr_gain, "ARR caught in the top tenth");
}

static void check_money(const table *t, const hf_judgement *j)
{
    const sums all = all_of(t);
    double won = 0, pairs = 0;
    for (int64_t a = 0; a < t->n; a++)
        for (int64_t b = 0; b < t->n; b++) {
            if (!t->y[a] || t->y[b]) continue;
            const double weight = t->arr[a] * t->arr[b];
            pairs += weight;
            won += weight * (t->p[a] > t->p[b] ? 1 : t->p[a] == t->p[b] ? 0.5 : 0);
        }
    same(j->figure[HF_FIGURE_arr_auc], over(won, pairs), "ARR AUC");
    same(j->figure[HF_FIGURE_arr_churn], over(all.lost, all.arr), "ARR churn");
    same(j->figure[HF_FIGURE_arr_expected], over(all.expected, all.arr), "expected");
    same(j->figure[HF_FIGURE_arr_ratio], over(all.expected, all.lost), "expected / lost");
}

Test(judgement, agrees_with_plain_loops)
{
    static table t;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        fill(&t, seed);
        const bool by_arr = seed % 2 == 0;
        if (seed == 5) memset(t.y, 0, sizeof t.y); // no event at all
        const hf_verdict v = judge(&t, true, by_arr, false, 0, 0.05);
        check_capacity(&t, &v.score.value, by_arr);
        check_tenths(&t, &v.score.value);
        check_money(&t, &v.score.value);
        hf_context *context = context_of(1);
        hf_metrics m;
        cr_assert_eq(hf_metrics_compute(&m, context, t.p, t.y, t.n, NULL), HF_OK);
#define CHECK(field, label) same(v.score.value.figure[HF_FIGURE_##field], m.field, label);
        HF_METRIC_LIST(CHECK)
#undef CHECK
        hf_context_destroy(context);
        const sums all = all_of(&t);
        cr_expect_eq(v.rows, N);
        cr_expect_eq((double)v.events, all.events);
        same(v.arr, all.arr, "ARR in all");
        same(v.arr_lost, all.lost, "ARR lost in all");
        cr_expect(isnan(v.score.low.figure[HF_FIGURE_auc]) &&
                  isnan(v.difference.value.figure[HF_FIGURE_auc]));
    }
}

Test(judgement, without_money_says_nothing_of_it)
{
    static table t;
    fill(&t, 3);
    const hf_verdict v = judge(&t, false, false, false, 40, 0.05),
                     with = judge(&t, true, false, false, 40, 0.05);
    cr_expect(isnan(v.arr) && isnan(v.arr_lost));
    for (int f = HF_METRICS; f < HF_FIGURES; f++)
        cr_expect(isnan(v.score.value.figure[f]) && isnan(v.score.high.figure[f]), "%s", hf_figures[f].key);
    for (int k = 0; k < 4; k++) {
        const hf_worked *w = &v.score.value.worked[k];
        cr_expect(isnan(w->arr_worked) && isnan(w->arr_caught) && isnan(w->arr_recall));
        same(w->recall, with.score.value.worked[k].recall, "recall");
        same(v.score.low.worked[k].recall, with.score.low.worked[k].recall, "recall from");
    }
    cr_expect(isnan(v.score.value.tenth[4].arr) && isnan(v.score.value.tenth[4].arr_gain));
    same(v.score.value.tenth[4].gain, with.score.value.tenth[4].gain, "gain");
}

// ---- replicates --------------------------------------------------------------------------------------------

// The accounts in the order of their numbers, drawn with replacement; their rows written out.
static void resample(table *out, const table *t, uint64_t seed, uint64_t replicate)
{
    hf_random random = hf_random_seed(seed, replicate);
    int64_t number[ACCOUNTS], accounts = 0;
    for (int64_t a = 0; a < ACCOUNTS; a++)
        for (int64_t i = 0; i < t->n; i++)
            if (t->account[i] == 17 * a) {
                number[accounts++] = 17 * a;
                break;
            }
    out->n = 0;
    for (int64_t d = 0; d < accounts; d++) {
        const int64_t drawn = number[hf_random_below(&random, (uint64_t)accounts)];
        for (int64_t i = 0; i < t->n; i++) {
            if (t->account[i] != drawn) continue;
            const int64_t at = out->n++;
            out->p[at] = t->p[i];
            out->q[at] = t->q[i];
            out->arr[at] = t->arr[i];
            out->y[at] = t->y[i];
            out->account[at] = drawn;
            out->date[at] = t->date[i];
        }
    }
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// With three replicates and alpha 0.8 the interval is from 0.4 to 0.6 of the way through the sorted three.
static void check_bounds(double low, double high, const double *three, const char *what)
{
    double sorted[3];
    memcpy(sorted, three, sizeof sorted);
    if (isnan(sorted[0] + sorted[1] + sorted[2])) return;
    qsort(sorted, 3, sizeof *sorted, compare);
    same(low, 0.2 * sorted[0] + 0.8 * sorted[1], what);
    same(high, 0.8 * sorted[1] + 0.2 * sorted[2], what);
}

static double at(const hf_judgement *j, size_t f)
{
    double x;
    memcpy(&x, (const char *)j + f * sizeof x, sizeof x);
    return x;
}

static double is_better(size_t f, double a, double b)
{
    const hf_better better = hf_figures[f].better;
    if (better == HF_BETTER_LOWER) return a < b;
    if (better == HF_BETTER_NEAR_ONE) return fabs(a - 1) < fabs(b - 1);
    if (better == HF_BETTER_NEAR_ZERO) return fabs(a) < fabs(b);
    return a > b;
}

Test(judgement, replicates_are_the_resampled_tables_of_both_scores)
{
    static table t, drawn;
    hf_verdict each[3];
    fill(&t, 11);
    const hf_verdict v = judge(&t, true, true, true, 3, 0.8);
    for (uint64_t r = 0; r < 3; r++) {
        resample(&drawn, &t, 5, r);
        each[r] = judge(&drawn, true, true, true, 0, 0.8);
    }
    for (size_t f = 0; f < sizeof(hf_judgement) / sizeof(double); f++) {
        double a[3], b[3], difference[3], better = 0;
        char what[32];
        snprintf(what, sizeof what, "figure %zu", f);
        for (int r = 0; r < 3; r++) {
            a[r] = at(&each[r].score.value, f);
            b[r] = at(&each[r].against.value, f);
            difference[r] = a[r] - b[r];
            if (f < HF_FIGURES) better += is_better(f, a[r], b[r]) / 3;
        }
        if (f != HF_FIGURE_ece) { // whose interval is centred, as test_bootstrap holds
            check_bounds(at(&v.score.low, f), at(&v.score.high, f), a, what);
            check_bounds(at(&v.against.low, f), at(&v.against.high, f), b, what);
        }
        check_bounds(at(&v.difference.low, f), at(&v.difference.high, f), difference, what);
        same(at(&v.difference.value, f), at(&v.score.value, f) - at(&v.against.value, f), what);
        if (f < HF_FIGURES && hf_figures[f].better == HF_BETTER_NEITHER)
            cr_expect(isnan(v.better.figure[f]));
        else if (f < HF_FIGURES)
            same(v.better.figure[f], better, hf_figures[f].key);
    }
    cr_expect_lt(v.better.worked[1].recall, 1.01);
    cr_expect(isnan(v.better.worked[1].worked));
}

Test(judgement, a_score_differs_from_itself_by_nothing)
{
    static table t;
    fill(&t, 21);
    for (int clusters = 0; clusters < 2; clusters++) {
        hf_context *context = context_of(2);
        hf_verdict v;
        hf_judged_rows rows = rows_of(&t, true, false);
        if (!clusters) rows.cluster = NULL;
        cr_assert_eq(hf_judge(&v, context, &rows, t.p, t.p, 60, 0.05, 1, NULL), HF_OK);
        for (size_t f = 0; f < sizeof(hf_judgement) / sizeof(double); f++) {
            const double none = at(&v.score.value, f);
            cr_expect(isnan(none) || at(&v.difference.value, f) == 0, "figure %zu", f);
            cr_expect(isnan(none) || (at(&v.difference.low, f) == 0 && at(&v.difference.high, f) == 0));
            cr_expect(isnan(at(&v.better, f)) || at(&v.better, f) == 0);
        }
        cr_expect_eq(v.better.figure[HF_FIGURE_auc], 0);
        hf_context_destroy(context);
    }
}

// Where each row is its own unit, both scores still draw the same rows: of two nearly equal scores the
// difference has a far narrower interval than either.
Test(judgement, pairing_narrows_the_difference)
{
    static table t;
    fill(&t, 31);
    for (int i = 0; i < N; i++)
        t.q[i] = i % 40 == 0 ? 0.5 : t.p[i];
    hf_context *context = context_of(2);
    hf_verdict v;
    hf_judged_rows rows = rows_of(&t, false, false);
    rows.cluster = NULL;
    cr_assert_eq(hf_judge(&v, context, &rows, t.p, t.q, 200, 0.05, 1, NULL), HF_OK);
    const int f = HF_FIGURE_auc;
    cr_expect_lt(3 * (v.difference.high.figure[f] - v.difference.low.figure[f]),
                 v.score.high.figure[f] - v.score.low.figure[f]);
    cr_expect_eq(v.accounts, N);
    hf_context_destroy(context);
}

// ---- what must not matter ------------------------------------------------------------------------------------

Test(judgement, is_the_same_for_any_number_of_threads)
{
    static table t;
    static hf_verdict v[3];
    const int threads[] = {1, 2, 7};
    fill(&t, 41);
    for (int k = 0; k < 3; k++) {
        hf_context *context = context_of(threads[k]);
        const hf_judged_rows rows = rows_of(&t, true, false);
        cr_assert_eq(hf_judge(&v[k], context, &rows, t.p, t.q, 53, 0.05, 9, NULL), HF_OK);
        hf_context_destroy(context);
    }
    cr_expect_arr_eq(&v[0], &v[1], sizeof v[0]);
    cr_expect_arr_eq(&v[0], &v[2], sizeof v[0]);
}

Test(judgement, the_order_of_rows_does_not_matter)
{
    static table t, turned;
    fill(&t, 51);
    turned.n = t.n;
    for (int i = 0; i < N; i++) {
        const int k = (i * 77 + 5) % N; // 77 and 240 share no factor
        turned.p[k] = t.p[i];
        turned.q[k] = t.q[i];
        turned.arr[k] = t.arr[i];
        turned.y[k] = t.y[i];
        turned.account[k] = t.account[i];
        turned.date[k] = t.date[i];
    }
    const hf_verdict a = judge(&t, true, true, true, 40, 0.05),
                     b = judge(&turned, true, true, true, 40, 0.05);
    for (size_t f = 0; f < sizeof(hf_judgement) / sizeof(double); f++) {
        same(at(&a.score.value, f), at(&b.score.value, f), "value");
        same(at(&a.difference.low, f), at(&b.difference.low, f), "difference from");
        same(at(&a.score.high, f), at(&b.score.high, f), "to");
    }
}

// ---- what cannot be ------------------------------------------------------------------------------------------

static hf_status judged(const hf_judged_rows *rows, const double *p)
{
    hf_context *context = context_of(1);
    hf_verdict v, before;
    memset(&v, 0x5a, sizeof v);
    before = v;
    hf_status status = hf_judge(&v, context, rows, p, NULL, 40, 0.05, 1, NULL);
    if (status != HF_OK) cr_expect_arr_eq(&v, &before, sizeof v);
    hf_context_destroy(context);
    return status;
}

Test(judgement, refuses_what_cannot_be)
{
    static table t;
    fill(&t, 61);
    hf_judged_rows rows = rows_of(&t, true, false);
    cr_expect_eq(judged(&rows, t.p), HF_OK);
    const double bad_arr[] = {-1, NAN, INFINITY};
    for (int k = 0; k < 3; k++) {
        const double kept = t.arr[9];
        t.arr[9] = bad_arr[k];
        cr_expect_eq(judged(&rows, t.p), HF_ERROR_USAGE);
        t.arr[9] = kept;
    }
    const int64_t none = 0;
    rows.capacity = &none;
    rows.capacities = 1;
    cr_expect_eq(judged(&rows, t.p), HF_ERROR_USAGE);
    rows = rows_of(&t, true, false);
    rows.capacities = HF_CAPACITIES + 1;
    cr_expect_eq(judged(&rows, t.p), HF_ERROR_USAGE);
    rows = rows_of(&t, true, false);
    rows.rows = 0;
    cr_expect_eq(judged(&rows, t.p), HF_ERROR_USAGE);
    rows = rows_of(&t, true, false);
    t.p[3] = 1.5;
    cr_expect_eq(judged(&rows, t.p), HF_ERROR_USAGE);
    t.p[3] = 0.5;
    t.y[3] = 2;
    cr_expect_eq(judged(&rows, t.p), HF_ERROR_USAGE);
}

static void *scarce(void *user, void *p, size_t size)
{
    int *left = user;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return (*left)-- > 0 ? realloc(p, size) : NULL;
}

Test(judgement, survives_every_failed_allocation)
{
    static table t;
    fill(&t, 71);
    const hf_judged_rows rows = rows_of(&t, true, false);
    hf_status status = HF_ERROR_MEMORY;
    for (int k = 0; status != HF_OK; k++) {
        int left = 1000;
        hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
        options.threads = 2;
        options.resize = scarce;
        options.resize_user = &left;
        hf_context *context = NULL;
        cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
        hf_verdict v, before;
        memset(&v, 0x5a, sizeof v);
        before = v;
        left = k;
        status = hf_judge(&v, context, &rows, t.p, t.q, 40, 0.05, 1, NULL);
        if (status != HF_OK) {
            cr_assert_eq(status, HF_ERROR_MEMORY);
            cr_assert_arr_eq(&v, &before, sizeof v);
        }
        cr_assert_lt(k, 500);
        hf_context_destroy(context);
    }
}
