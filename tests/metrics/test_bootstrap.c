// SPDX-License-Identifier: Apache-2.0
//
// Bootstrap intervals: they do not depend on threads, cover as often as they say, widen when rows are copies
// of one account, and agree with resampled data that is written out and measured afresh.
#include "base/base_room.h"
#include "holdfast/metrics.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static hf_context *make_context(int threads)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    hf_context *context = NULL;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    return context;
}

// Calibrated predictions: the label is drawn with the probability.
static void draw_rows(double *p, uint8_t *y, int n, hf_random *random)
{
    for (int i = 0; i < n; i++) {
        p[i] = 1.0 / (1.0 + exp(1.0 - 1.2 * hf_random_normal(random)));
        y[i] = hf_random_uniform(random) < p[i];
    }
}

Test(bootstrap, is_the_same_for_any_number_of_threads)
{
    enum { N = 997 };
    double p[N];
    uint8_t y[N];
    int64_t cluster[N];
    hf_random random = hf_random_seed(1, 1);
    draw_rows(p, y, N, &random);
    for (int i = 0; i < N; i++)
        cluster[i] = i / 4;
    hf_metrics_interval results[3];
    memset(results, 0, sizeof results);
    const int threads[] = {1, 2, 7};
    for (int t = 0; t < 3; t++) {
        hf_context *context = make_context(threads[t]);
        cr_assert_eq(hf_metrics_bootstrap(&results[t], context, p, y, cluster, N, 101, 0.05, 42, NULL),
                     HF_OK);
        hf_context_destroy(context);
    }
    cr_assert_arr_eq(&results[0], &results[1], sizeof results[0]);
    cr_assert_arr_eq(&results[0], &results[2], sizeof results[0]);
    cr_assert(results[0].low.auc < results[0].value.auc && results[0].value.auc < results[0].high.auc);
}

Test(bootstrap, depends_on_its_seed_alone)
{
    enum { N = 200 };
    double p[N];
    uint8_t y[N];
    hf_random random = hf_random_seed(2, 1);
    draw_rows(p, y, N, &random);
    hf_context *context = make_context(2);
    hf_metrics_interval a, b, c;
    cr_assert_eq(hf_metrics_bootstrap(&a, context, p, y, NULL, N, 40, 0.1, 1, NULL), HF_OK);
    cr_assert_eq(hf_metrics_bootstrap(&b, context, p, y, NULL, N, 40, 0.1, 1, NULL), HF_OK);
    cr_assert_eq(hf_metrics_bootstrap(&c, context, p, y, NULL, N, 40, 0.1, 2, NULL), HF_OK);
    cr_assert_eq(a.low.auc, b.low.auc);
    cr_assert_neq(a.low.auc, c.low.auc);
    cr_assert_eq(a.value.auc, c.value.auc);
    hf_context_destroy(context);
}

Test(bootstrap, without_replicates_has_no_interval)
{
    const double p[] = {0.1, 0.7, 0.4};
    const uint8_t y[] = {0, 1, 0};
    hf_context *context = make_context(1);
    hf_metrics_interval a;
    hf_metrics m;
    cr_assert_eq(hf_metrics_bootstrap(&a, context, p, y, NULL, 3, 0, 0.05, 1, NULL), HF_OK);
    cr_assert_eq(hf_metrics_compute(&m, context, p, y, 3, NULL), HF_OK);
    cr_assert(isnan(a.low.auc) && isnan(a.high.brier));
    cr_assert_eq(a.value.auc, m.auc);
    cr_assert_eq(a.low.n, 3);
    hf_context_destroy(context);
}

// A replicate by hand: draw the same clusters, write the rows out, measure.
Test(bootstrap, replicate_equals_the_resampled_table)
{
    enum { N = 120, CLUSTERS = 30, MOST = 40 * CLUSTERS };
    double p[N], taken_p[MOST];
    uint8_t y[N], taken_y[MOST];
    int64_t cluster[N];
    hf_random random = hf_random_seed(3, 1);
    draw_rows(p, y, N, &random);
    for (int i = 0; i < N; i++) {
        p[i] = floor(p[i] * 20.0) / 20.0;
        // Sparse cluster numbers of unequal sizes; their order is what counts.
        cluster[i] = 1000000007LL * (i < CLUSTERS ? i : (int64_t)hf_random_below(&random, CLUSTERS));
    }
    hf_random draws = hf_random_seed(77, 0);
    int64_t taken = 0;
    for (int d = 0; d < CLUSTERS; d++) {
        int64_t number = 1000000007LL * (int64_t)hf_random_below(&draws, CLUSTERS);
        for (int i = 0; i < N; i++) {
            if (cluster[i] != number) continue;
            taken_p[taken] = p[i];
            taken_y[taken] = y[i];
            taken++;
        }
    }
    hf_context *context = make_context(1);
    hf_metrics want;
    hf_metrics_interval got;
    cr_assert_eq(hf_metrics_compute(&want, context, taken_p, taken_y, taken, NULL), HF_OK);
    hf_metrics drawn[40];
    cr_assert_eq(hf_metrics_replicate(&got, drawn, context, p, y, cluster, N, 40, 0.05, 77, NULL), HF_OK);
#define CHECK(field, label) cr_assert_float_eq(drawn[0].field, want.field, 1e-12, #field);
    HF_METRIC_LIST(CHECK)
#undef CHECK
    hf_context_destroy(context);
}

// Resampling makes ECE larger, so that an interval of the plain percentiles would lie above the value.
Test(bootstrap, the_interval_of_ece_holds_ece)
{
    enum { N = 500 };
    static double p[N];
    static uint8_t y[N];
    static hf_metrics drawn[200];
    hf_context *context = make_context(2);
    int above = 0;
    for (uint64_t t = 0; t < 20; t++) {
        hf_random random = hf_random_seed(91, t);
        draw_rows(p, y, N, &random);
        hf_metrics_interval i;
        cr_assert_eq(hf_metrics_replicate(&i, drawn, context, p, y, NULL, N, 200, 0.05, t, NULL), HF_OK);
        double mean = 0;
        for (int r = 0; r < 200; r++)
            mean += drawn[r].ece / 200;
        above += mean > i.value.ece;
        cr_expect(i.low.ece >= 0 && i.low.ece <= i.value.ece && i.value.ece <= i.high.ece,
                  "%g not in %g to %g", i.value.ece, i.low.ece, i.high.ece);
        cr_expect(i.high.ece - i.low.ece > 1e-3, "an interval has a width");
        // What the folds' mean gives: the same from the replicates and the value alone.
        hf_metrics_interval again = {.value = i.value};
        cr_assert_eq(hf_metrics_percentiles(&again, context, drawn, 200, 0.05, NULL), HF_OK);
        cr_expect_eq(again.low.ece, i.low.ece);
        cr_expect_eq(again.high.ece, i.high.ece);
    }
    cr_expect(above > 15, "there is a bias to take off: %d of 20", above);
    hf_context_destroy(context);
}

Test(bootstrap, too_few_replicates_for_the_interval)
{
    const double p[] = {0.1, 0.7, 0.4};
    const uint8_t y[] = {0, 1, 0};
    hf_context *context = make_context(1);
    hf_metrics_interval a;
    hf_error error = {0};
    cr_assert_eq(hf_metrics_bootstrap(&a, context, p, y, NULL, 3, 39, 0.05, 1, &error), HF_ERROR_USAGE);
    cr_assert(strstr(error.message, "--replicates 40"), "%s", error.message);
    cr_assert_eq(hf_metrics_bootstrap(&a, context, p, y, NULL, 3, 40, 0.05, 1, &error), HF_OK);
    cr_assert_eq(hf_metrics_bootstrap(&a, context, p, y, NULL, 3, 199, 0.01, 1, &error), HF_ERROR_USAGE);
    cr_assert_eq(hf_metrics_bootstrap(&a, context, p, y, NULL, 3, 20, 0.1, 1, &error), HF_OK);
    hf_context_destroy(context);
}

// 120 tables from one population; a 90 % interval of the Brier score and of the AUC should hold the
// population's value about nine times in ten. The bounds are five binomial deviations and a little for the
// bootstrap being approximate.
Test(bootstrap, covers_about_as_often_as_it_says)
{
    enum { N = 400, TABLES = 120, BIG = 200000 };
    double *p = malloc(BIG * sizeof *p);
    uint8_t *y = malloc(BIG);
    hf_random random = hf_random_seed(4, 1);
    hf_context *context = make_context(2);
    hf_metrics truth;
    draw_rows(p, y, BIG, &random);
    cr_assert_eq(hf_metrics_compute(&truth, context, p, y, BIG, NULL), HF_OK);
    int auc = 0, brier = 0, log_loss = 0;
    for (int t = 0; t < TABLES; t++) {
        draw_rows(p, y, N, &random);
        hf_metrics_interval i;
        cr_assert_eq(hf_metrics_bootstrap(&i, context, p, y, NULL, N, 150, 0.1, (uint64_t)t, NULL), HF_OK);
        auc += i.low.auc <= truth.auc && truth.auc <= i.high.auc;
        brier += i.low.brier <= truth.brier && truth.brier <= i.high.brier;
        log_loss += i.low.log_loss <= truth.log_loss && truth.log_loss <= i.high.log_loss;
    }
    cr_assert(auc >= 90 && auc <= 119, "AUC held %d times in 120", auc);
    cr_assert(brier >= 90 && brier <= 119, "Brier held %d times in 120", brier);
    cr_assert(log_loss >= 90 && log_loss <= 119, "log-loss held %d times in 120", log_loss);
    hf_context_destroy(context);
    free(p);
    free(y);
}

// Nine copies of each account: rows would claim a third of the honest width.
Test(bootstrap, by_account_is_wider_when_rows_are_copies)
{
    enum { ACCOUNTS = 150, COPIES = 9, N = ACCOUNTS * COPIES };
    double p[N];
    uint8_t y[N];
    int64_t cluster[N];
    hf_random random = hf_random_seed(5, 1);
    draw_rows(p, y, ACCOUNTS, &random);
    for (int i = 0; i < N; i++) {
        p[i] = p[i % ACCOUNTS];
        y[i] = y[i % ACCOUNTS];
        cluster[i] = i % ACCOUNTS;
    }
    hf_context *context = make_context(2);
    hf_metrics_interval rows, accounts;
    cr_assert_eq(hf_metrics_bootstrap(&rows, context, p, y, NULL, N, 300, 0.05, 1, NULL), HF_OK);
    cr_assert_eq(hf_metrics_bootstrap(&accounts, context, p, y, cluster, N, 300, 0.05, 1, NULL), HF_OK);
    double ratio = (accounts.high.auc - accounts.low.auc) / (rows.high.auc - rows.low.auc);
    cr_assert(ratio > 2.2 && ratio < 4.0, "width ratio %g", ratio);
    cr_assert_eq(rows.value.auc, accounts.value.auc);
    hf_context_destroy(context);
}

static bool stop_at_once(void *user)
{
    (void)user;
    return true;
}

Test(bootstrap, can_be_interrupted)
{
    const double p[] = {0.1, 0.7, 0.4};
    const uint8_t y[] = {0, 1, 0};
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.cancel = stop_at_once;
    hf_context *context = NULL;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    hf_metrics_interval a;
    hf_error error = {0};
    cr_assert_eq(hf_metrics_bootstrap(&a, context, p, y, NULL, 3, 40, 0.05, 1, &error), HF_ERROR_CANCELLED);
    hf_context_destroy(context);
}

// A resize callback that fails from the k-th request on.
static void *failing_resize(void *user, void *p, size_t size)
{
    int *left = user;
    if (size == 0) {
        free(p);
        return NULL;
    }
    if ((*left)-- <= 0) return NULL;
    return realloc(p, size);
}

Test(bootstrap, survives_every_failed_allocation)
{
    const double p[] = {0.1, 0.7, 0.4, 0.2};
    const uint8_t y[] = {0, 1, 0, 1};
    const int64_t cluster[] = {0, 0, 1, 2};
    bool done = false;
    for (int k = 0; !done && k < 200; k++) {
        int left = 1000;
        hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
        options.threads = 2;
        options.resize = failing_resize;
        options.resize_user = &left;
        hf_context *context = NULL;
        cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
        hf_metrics m, m_before;
        hf_metrics_interval a, a_before;
        memset(&m, 0x5a, sizeof m);
        memset(&a, 0x5a, sizeof a);
        m_before = m;
        a_before = a;
        left = k;
        hf_status one = hf_metrics_compute(&m, context, p, y, 4, NULL);
        left = k;
        hf_status two = hf_metrics_bootstrap(&a, context, p, y, cluster, 4, 40, 0.05, 1, NULL);
        cr_assert(one == HF_OK || one == HF_ERROR_MEMORY);
        cr_assert(two == HF_OK || two == HF_ERROR_MEMORY);
        if (one != HF_OK) cr_assert_arr_eq(&m, &m_before, sizeof m);
        if (two != HF_OK) cr_assert_arr_eq(&a, &a_before, sizeof a);
        done = one == HF_OK && two == HF_OK;
        cr_assert(k > 0 || !done);
        hf_context_destroy(context);
    }
    cr_assert(done);
}
