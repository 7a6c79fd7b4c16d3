// SPDX-License-Identifier: Apache-2.0
//
// Metrics against their definitions written out plainly, pair by pair and tenth of a row by tenth of a row:
// ties, one class, single rows, values of 0 and 1, and that the order of rows never shows in the bytes.
#include "base/base_room.h"
#include "holdfast/metrics.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 400 };

static const hf_context *make_context(int threads)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    hf_context *context = NULL;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    return context;
}

static double oracle_auc(const double *p, const uint8_t *y, int n)
{
    double won = 0.0, pairs = 0.0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            if (y[i] != 1 || y[j] != 0) continue;
            pairs += 1.0;
            won += p[i] > p[j] ? 1.0 : p[i] == p[j] ? 0.5 : 0.0;
        }
    }
    return won / pairs;
}

// Over the distinct thresholds, falling: (recall - recall before) x precision.
static double oracle_pr_auc(const double *p, const uint8_t *y, int n)
{
    double sum = 0.0, recall_before = 0.0, threshold = INFINITY, events = 0.0;
    for (int i = 0; i < n; i++)
        events += y[i];
    for (;;) {
        double next = -INFINITY, hits = 0.0, taken = 0.0;
        for (int i = 0; i < n; i++) {
            if (p[i] < threshold && p[i] > next) next = p[i];
        }
        if (next == -INFINITY) return sum;
        threshold = next;
        for (int i = 0; i < n; i++) {
            taken += p[i] >= threshold;
            hits += p[i] >= threshold && y[i];
        }
        sum += (hits / events - recall_before) * (hits / taken);
        recall_before = hits / events;
    }
}

static double oracle_ks(const double *p, const uint8_t *y, int n)
{
    double most = 0.0;
    for (int t = 0; t < n; t++) {
        double event = 0.0, events = 0.0, other = 0.0, others = 0.0;
        for (int i = 0; i < n; i++) {
            events += y[i] == 1;
            others += y[i] == 0;
            event += y[i] == 1 && p[i] <= p[t];
            other += y[i] == 0 && p[i] <= p[t];
        }
        double gap = fabs(event / events - other / others);
        if (gap > most) most = gap;
    }
    return most;
}

// Each row becomes ten tenths; a tenth of a tie group carries the group's event rate. Then a bin is n of
// them in a row.
static void oracle_bins(double *ece, double *lift, const double *p, const uint8_t *y, int n)
{
    static double tenth_p[10 * MOST], tenth_y[10 * MOST];
    int order[MOST];
    double events = 0.0;
    for (int i = 0; i < n; i++) {
        int at = i;
        while (at > 0 && p[order[at - 1]] < p[i]) {
            order[at] = order[at - 1];
            at--;
        }
        order[at] = i;
        events += y[i];
    }
    for (int i = 0; i < n; i++) {
        double rate = 0.0, size = 0.0;
        for (int j = 0; j < n; j++) {
            size += p[j] == p[order[i]];
            rate += p[j] == p[order[i]] && y[j];
        }
        for (int k = 0; k < 10; k++) {
            tenth_p[10 * i + k] = p[order[i]];
            tenth_y[10 * i + k] = rate / size;
        }
    }
    *ece = 0.0;
    for (int b = 0; b < 10; b++) {
        double predicted = 0.0, observed = 0.0;
        for (int k = b * n; k < (b + 1) * n; k++) {
            predicted += tenth_p[k];
            observed += tenth_y[k];
        }
        *ece += fabs(predicted - observed) / (double)n / 10.0;
        if (b == 0) *lift = (observed / (double)n) / (events / (double)n);
    }
}

static double log_odds(double p)
{
    double q = 1.0 - p;
    return log((p < 1e-15 ? 1e-15 : p) / (q < 1e-15 ? 1e-15 : q));
}

// The a at which sum of 1 / (1 + exp(-(a + b x))) is the number of events, by bisection; and what is then
// left of sum of x (y - p), which falls as b rises.
static double oracle_level(double *left, double b, const double *p, const uint8_t *y, int n)
{
    double low = -1e6, high = 1e6;
    for (int step = 0; step < 80; step++) {
        double a = 0.5 * (low + high), excess = 0.0;
        *left = 0.0;
        for (int i = 0; i < n; i++) {
            double t = a + b * log_odds(p[i]);
            double r = y[i] ? 1.0 / (1.0 + exp(t)) : -1.0 / (1.0 + exp(-t));
            excess -= r;
            *left += r * log_odds(p[i]);
        }
        if (excess > 0.0)
            high = a;
        else
            low = a;
    }
    return 0.5 * (low + high);
}

static void oracle_calibration(double *slope, double *intercept, const double *p, const uint8_t *y, int n)
{
    double left, low = -1e4, high = 1e4;
    bool both = false, right = false, wrong = false; // pairs of an event and another row, in rank
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            if (y[i] != 1 || y[j] != 0) continue;
            both = true;
            right = right || log_odds(p[i]) > log_odds(p[j]);
            wrong = wrong || log_odds(p[i]) < log_odds(p[j]);
        }
    }
    *intercept = both ? oracle_level(&left, 1.0, p, y, n) : NAN;
    *slope = NAN;
    if (!right || !wrong) return;
    for (int step = 0; step < 60; step++) {
        double b = 0.5 * (low + high);
        oracle_level(&left, b, p, y, n);
        if (left > 0.0)
            low = b;
        else
            high = b;
    }
    *slope = 0.5 * (low + high);
}

static hf_metrics oracle(const double *p, const uint8_t *y, int n)
{
    hf_metrics m = {.n = n};
    for (int i = 0; i < n; i++) {
        double q = y[i] ? p[i] : 1.0 - p[i];
        q = q < 1e-15 ? 1e-15 : q > 1.0 - 1e-15 ? 1.0 - 1e-15 : q;
        m.log_loss -= log(q) / n;
        m.brier += (p[i] - y[i]) * (p[i] - y[i]) / n;
        m.events += y[i];
    }
    m.auc = oracle_auc(p, y, n);
    m.pr_auc = oracle_pr_auc(p, y, n);
    m.ks = oracle_ks(p, y, n);
    oracle_bins(&m.ece, &m.lift_10, p, y, n);
    oracle_calibration(&m.calibration_slope, &m.calibration_intercept, p, y, n);
    return m;
}

// Calibration is found by a search on either side, so that its last digits may differ.
static bool is_close(const char *field, double got, double want, double tolerance)
{
    if (isnan(want)) return isnan(got);
    const bool search = strncmp(field, "calibration", strlen("calibration")) == 0;
    return fabs(got - want) <= (search ? 1e-8 * (1.0 + fabs(want)) : tolerance);
}

static void assert_close(const hf_metrics *got, const hf_metrics *want, double tolerance)
{
    cr_assert_eq(got->n, want->n);
    cr_assert_eq(got->events, want->events);
#define CHECK(field, label)                                                                           \
    cr_assert(is_close(#field, got->field, want->field, tolerance), #field ": %.17g, expected %.17g", \
              got->field, want->field);
    HF_METRIC_LIST(CHECK)
#undef CHECK
}

// Random predictions: distinct, or on a grid of `steps` values so that ties abound, 0 and 1 among them.
static void draw_rows(double *p, uint8_t *y, int n, int steps, uint64_t seed)
{
    hf_random random = hf_random_seed(seed, 7);
    for (int i = 0; i < n; i++) {
        double u = hf_random_uniform(&random);
        p[i] = steps ? floor(u * (steps + 1)) / steps : u;
        y[i] = hf_random_uniform(&random) < 0.1 + 0.6 * p[i];
    }
    y[0] = 1;
    y[n - 1] = 0;
}

Test(metrics, equal_their_plain_definitions)
{
    const hf_context *context = make_context(1);
    const int sizes[] = {2, 3, 7, 10, 11, 64, 100, 399};
    const int steps[] = {0, 1, 3, 20};
    double p[MOST];
    uint8_t y[MOST];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (size_t k = 0; k < sizeof steps / sizeof *steps; k++) {
            draw_rows(p, y, sizes[s], steps[k], 100 * s + k);
            hf_metrics got, want = oracle(p, y, sizes[s]);
            cr_assert_eq(hf_metrics_compute(&got, context, p, y, sizes[s], NULL), HF_OK);
            if (steps[k] == 1) // certainties alone: what is left of them hangs on the last bit
                want.calibration_intercept = got.calibration_intercept;
            assert_close(&got, &want, 1e-12);
        }
    }
    hf_context_destroy((hf_context *)context);
}

// Worked by hand: the classic average-precision example and its AUC.
Test(metrics, equal_a_case_worked_by_hand)
{
    const hf_context *context = make_context(1);
    const double p[] = {0.1, 0.4, 0.35, 0.8};
    const uint8_t y[] = {0, 0, 1, 1};
    hf_metrics m;
    cr_assert_eq(hf_metrics_compute(&m, context, p, y, 4, NULL), HF_OK);
    cr_assert_eq(m.auc, 0.75);
    cr_assert_float_eq(m.pr_auc, 0.5 * 1.0 + 0.5 * (2.0 / 3.0), 1e-15);
    cr_assert_eq(m.ks, 0.5);
    cr_assert_eq(m.lift_10, 2.0);
    cr_assert_float_eq(m.brier, (0.01 + 0.16 + 0.65 * 0.65 + 0.04) / 4.0, 1e-15);
    hf_context_destroy((hf_context *)context);
}

// Two probabilities: the recalibrated ones are the two event rates.
Test(metrics, calibration_of_two_probabilities_is_known)
{
    const hf_context *context = make_context(1);
    double p[20];
    uint8_t y[20];
    for (int i = 0; i < 20; i++) {
        p[i] = i < 10 ? 0.2 : 0.6;
        y[i] = i < 4 || i >= 13; // rates 0.4 and 0.7
    }
    hf_metrics m;
    cr_assert_eq(hf_metrics_compute(&m, context, p, y, 20, NULL), HF_OK);
    double slope = (log(0.7 / 0.3) - log(0.4 / 0.6)) / (log(0.6 / 0.4) - log(0.2 / 0.8));
    cr_assert_float_eq(m.calibration_slope, slope, 1e-13);
    cr_assert_gt(m.calibration_intercept, 0.0, "predictions are too low");
    for (int i = 0; i < 20; i++) // the rates themselves
        p[i] = i < 10 ? 0.4 : 0.7;
    cr_assert_eq(hf_metrics_compute(&m, context, p, y, 20, NULL), HF_OK);
    cr_assert_float_eq(m.calibration_slope, 1.0, 1e-13);
    cr_assert_float_eq(m.calibration_intercept, 0.0, 1e-13);
    hf_context_destroy((hf_context *)context);
}

// All but parted: one row of each class among 300 stands on the wrong side, some of them certain.
Test(metrics, calibration_is_found_where_the_likelihood_is_flat)
{
    const hf_context *context = make_context(1);
    double p[300];
    uint8_t y[300];
    for (int shape = 0; shape < 4; shape++) {
        for (int i = 0; i < 300; i++) {
            y[i] = i >= 250;
            p[i] = shape < 2 ? 1.0 / (1.0 + exp(-(i - 249.5) / (shape ? 0.3 : 30.0)))
                             : (i + 0.5) / 300.0 * (shape == 2 ? 1.0 : 1e-9);
        }
        y[249] = 1;
        y[250] = 0;
        if (shape == 1) p[3] = 0.0;
        hf_metrics m, want = {0};
        cr_assert_eq(hf_metrics_compute(&m, context, p, y, 300, NULL), HF_OK);
        oracle_calibration(&want.calibration_slope, &want.calibration_intercept, p, y, 300);
        cr_assert(is_close("calibration", m.calibration_slope, want.calibration_slope, 0), "%d: %.17g, %.17g",
                  shape, m.calibration_slope, want.calibration_slope);
        cr_assert(is_close("calibration", m.calibration_intercept, want.calibration_intercept, 0),
                  "%d: %.17g, %.17g", shape, m.calibration_intercept, want.calibration_intercept);
    }
    hf_context_destroy((hf_context *)context);
}

Test(metrics, do_not_see_the_order_of_rows)
{
    const hf_context *context = make_context(2);
    double p[300], shuffled_p[300];
    uint8_t y[300], shuffled_y[300];
    int64_t cluster[300], shuffled_cluster[300];
    draw_rows(p, y, 300, 25, 5);
    p[17] = 0.0;
    hf_random random = hf_random_seed(9, 9);
    for (int i = 0; i < 300; i++) {
        shuffled_p[i] = p[i] == 0.0 ? -0.0 : p[i];
        shuffled_y[i] = y[i];
        shuffled_cluster[i] = cluster[i] = i / 3;
    }
    for (int i = 299; i > 0; i--) {
        int j = (int)hf_random_below(&random, (uint64_t)i + 1);
        double a = shuffled_p[i];
        uint8_t b = shuffled_y[i];
        int64_t c = shuffled_cluster[i];
        shuffled_p[i] = shuffled_p[j];
        shuffled_y[i] = shuffled_y[j];
        shuffled_cluster[i] = shuffled_cluster[j];
        shuffled_p[j] = a;
        shuffled_y[j] = b;
        shuffled_cluster[j] = c;
    }
    for (int with_clusters = 0; with_clusters < 2; with_clusters++) {
        hf_metrics_interval one, other;
        memset(&one, 0, sizeof one);
        memset(&other, 0, sizeof other);
        cr_assert_eq(
            hf_metrics_bootstrap(&one, context, p, y, with_clusters ? cluster : NULL, 300, 50, 0.1, 3, NULL),
            HF_OK);
        cr_assert_eq(hf_metrics_bootstrap(&other, context, shuffled_p, shuffled_y,
                                          with_clusters ? shuffled_cluster : NULL, 300, 50, 0.1, 3, NULL),
                     HF_OK);
        cr_assert_arr_eq(&one, &other, sizeof one);
    }
    hf_context_destroy((hf_context *)context);
}

Test(metrics, of_one_tie_say_nothing_of_rank)
{
    const hf_context *context = make_context(1);
    double p[7] = {0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3};
    uint8_t y[7] = {1, 0, 0, 1, 0, 0, 0};
    hf_metrics m;
    cr_assert_eq(hf_metrics_compute(&m, context, p, y, 7, NULL), HF_OK);
    cr_assert_eq(m.auc, 0.5);
    cr_assert_eq(m.ks, 0.0);
    cr_assert_float_eq(m.pr_auc, 2.0 / 7.0, 1e-15);
    cr_assert_float_eq(m.lift_10, 1.0, 1e-15);
    cr_assert_float_eq(m.ece, 0.3 - 2.0 / 7.0, 1e-15);
    cr_assert(isnan(m.calibration_slope), "one probability has no slope");
    cr_assert_float_eq(m.calibration_intercept, log(2.0 / 5.0) - log(0.3 / 0.7), 1e-13);
    hf_context_destroy((hf_context *)context);
}

Test(metrics, of_one_class_are_nan_where_undefined)
{
    const hf_context *context = make_context(1);
    const double p[] = {0.2, 0.4, 0.9};
    const uint8_t none[] = {0, 0, 0}, all[] = {1, 1, 1};
    hf_metrics m;
    cr_assert_eq(hf_metrics_compute(&m, context, p, none, 3, NULL), HF_OK);
    cr_assert(isnan(m.auc) && isnan(m.pr_auc) && isnan(m.ks) && isnan(m.lift_10));
    cr_assert(isnan(m.calibration_slope) && isnan(m.calibration_intercept));
    cr_assert_float_eq(m.brier, (0.04 + 0.16 + 0.81) / 3.0, 1e-15);
    cr_assert_float_eq(m.ece, 0.5, 1e-15);
    cr_assert_eq(m.events, 0);
    cr_assert_eq(hf_metrics_compute(&m, context, p, all, 3, NULL), HF_OK);
    cr_assert(isnan(m.auc) && isnan(m.ks));
    cr_assert_eq(m.pr_auc, 1.0);
    cr_assert_float_eq(m.lift_10, 1.0, 1e-15);
    hf_context_destroy((hf_context *)context);
}

Test(metrics, of_one_row)
{
    const hf_context *context = make_context(1);
    const double p = 0.25;
    const uint8_t no = 0;
    hf_metrics m;
    cr_assert_eq(hf_metrics_compute(&m, context, &p, &no, 1, NULL), HF_OK);
    cr_assert_eq(m.n, 1);
    cr_assert_eq(m.brier, 0.0625);
    cr_assert_float_eq(m.ece, 0.25, 1e-15);
    cr_assert_float_eq(m.log_loss, -log(0.75), 1e-15);
    cr_assert(isnan(m.auc));
    hf_context_destroy((hf_context *)context);
}

Test(metrics, of_certainties_are_finite_and_symmetric)
{
    const hf_context *context = make_context(1);
    const double right[] = {0.0, 1.0};
    const double wrong[] = {1.0, 0.0};
    const uint8_t y[] = {0, 1};
    hf_metrics m;
    cr_assert_eq(hf_metrics_compute(&m, context, right, y, 2, NULL), HF_OK);
    cr_assert_eq(m.auc, 1.0);
    cr_assert_eq(m.brier, 0.0);
    cr_assert_eq(m.ece, 0.0);
    cr_assert_eq(m.ks, 1.0);
    cr_assert(m.log_loss > 0.0 && m.log_loss < 1.1e-15);
    cr_assert(isnan(m.calibration_slope), "parted classes have no finite slope");
    cr_assert_float_eq(m.calibration_intercept, 0.0, 1e-9);
    cr_assert_eq(hf_metrics_compute(&m, context, wrong, y, 2, NULL), HF_OK);
    cr_assert_eq(m.auc, 0.0);
    cr_assert_eq(m.brier, 1.0);
    cr_assert_eq(m.lift_10, 0.0);
    cr_assert_float_eq(m.log_loss, -log(1e-15), 1e-12);
    hf_context_destroy((hf_context *)context);
}

Test(metrics, refuse_what_is_no_probability_or_label)
{
    const hf_context *context = make_context(1);
    const double good[] = {0.1, 0.2, 0.3};
    const double bad[] = {NAN, INFINITY, -0.1, 1.0000001};
    const uint8_t y[] = {0, 1, 0}, bad_label[] = {0, 2, 0};
    const int64_t bad_cluster[] = {0, 1, -1};
    hf_metrics m, before;
    memset(&m, 0x5a, sizeof m);
    before = m;
    hf_error error = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const double p[] = {0.1, bad[i], 0.3};
        cr_assert_eq(hf_metrics_compute(&m, context, p, y, 3, &error), HF_ERROR_USAGE);
        cr_assert(strstr(error.message, "row 1"));
    }
    cr_assert_eq(hf_metrics_compute(&m, context, good, bad_label, 3, &error), HF_ERROR_USAGE);
    cr_assert_eq(hf_metrics_compute(&m, context, good, y, 0, &error), HF_ERROR_USAGE);
    cr_assert_eq(hf_metrics_compute(&m, context, NULL, y, 3, &error), HF_ERROR_USAGE);
    hf_metrics_interval interval;
    cr_assert_eq(hf_metrics_bootstrap(&interval, context, good, y, bad_cluster, 3, 20, 0.1, 1, &error),
                 HF_ERROR_USAGE);
    cr_assert_eq(hf_metrics_bootstrap(&interval, context, good, y, NULL, 3, -1, 0.1, 1, &error),
                 HF_ERROR_USAGE);
    cr_assert_eq(hf_metrics_bootstrap(&interval, context, good, y, NULL, 3, 20, 0.0, 1, &error),
                 HF_ERROR_USAGE);
    cr_assert_eq(hf_metrics_bootstrap(&interval, context, good, y, NULL, 3, 20, NAN, 1, &error),
                 HF_ERROR_USAGE);
    cr_assert_arr_eq(&m, &before, sizeof m);
    hf_context_destroy((hf_context *)context);
}
