// SPDX-License-Identifier: Apache-2.0
//
// The summary against figures computed here the plain way: slopes and odds ratios by least squares over the
// rows, inflation by regressing each signal on the others, shares by covariance, degrees of freedom by the
// explicit Hessian; bands against a curve that is known.
#include "churn/churn_fixture.h"
#include "churn/churn_room.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static hf_error error;

static void good(hf_status status)
{
    cr_assert_eq(status, HF_OK, "%s: %s", hf_status_text(status), error.message);
}

enum { ROWS = 1500 };
static double x[3][ROWS];
static uint8_t label[ROWS];

static bool bent; // the truth's curves are not straight

// The true curves: only the first and the third matter.
static double truth_of(int k, double value)
{
    if (k == 1) return 0;
    if (k == 0) return bent ? 1.5 * fmax(0, value - 0.3) : value;
    return bent ? (value > 1 ? -1 : 0) : -0.3 * value;
}

// Three numbers, the second a noisy copy of the first.
static hf_frame *three_numbers(const hf_context *context, uint64_t seed)
{
    hf_random r = hf_random_seed(seed, 0);
    hf_frame *frame = fixture_frame(context, ROWS);
    for (int i = 0; i < ROWS; i++) {
        x[0][i] = hf_random_normal(&r);
        x[1][i] = 0.8 * x[0][i] + 0.6 * hf_random_normal(&r);
        x[2][i] = 3 * hf_random_normal(&r);
        label[i] = hf_random_uniform(&r) < 1 / (1 + exp(1 - truth_of(0, x[0][i]) - truth_of(2, x[2][i])));
    }
    fixture_number(frame, "a", HF_STORAGE_F64, x[0]);
    fixture_number(frame, "b", HF_STORAGE_F64, x[1]);
    fixture_number(frame, "c", HF_STORAGE_F64, x[2]);
    return frame;
}

static hf_model *train(const hf_context *context, const hf_frame *frame, bool plain, int32_t bootstrap)
{
    hf_model *model = NULL;
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = plain;
    options.c = 0.5;
    options.summary = true;
    options.bootstrap = bootstrap;
    good(hf_model_train(&model, context, frame, label, NULL, NULL, 0, &options, &error));
    return model;
}

static const json_t *term_of(const hf_model *model, size_t k)
{
    return json_array_get(json_object_get(json_object_get(model->record, "summary"), "terms"), k);
}

static double of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_number(value), "%s is no number", key);
    return json_number_value(value);
}

static double covariance(const double *a, const double *b)
{
    double ab = 0, sa = 0, sb = 0;
    for (int i = 0; i < ROWS; i++)
        ab += a[i] * b[i], sa += a[i], sb += b[i];
    return ab / ROWS - sa / ROWS * (sb / ROWS);
}

static void check_terms(bool plain)
{
    static double part[3][ROWS], sum[ROWS];
    fixture f = {.countdown = -1};
    hf_context *context = fixture_context(&f, 2);
    hf_frame *frame = three_numbers(context, 7);
    hf_model *model = train(context, frame, plain, 0);
    double shares = 0;
    memset(sum, 0, sizeof sum);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < ROWS; i++) {
            part[k][i] = hf_term_value_number(&model->terms[k], x[k][i]) - model->terms[k].reference;
            sum[i] += part[k][i];
        }
    for (int k = 0; k < 3; k++) {
        const json_t *term = term_of(model, (size_t)k);
        const double sd = sqrt(covariance(x[k], x[k]));
        const double slope = covariance(x[k], part[k]) / (sd * sd);
        double change = 0;
        for (int i = 0; i < ROWS; i++) {
            const double now = sum[i] + hf_model_base(model);
            change += (1 / (1 + exp(-now - slope * sd)) - 1 / (1 + exp(-now))) / ROWS;
        }
        cr_expect_float_eq(of(term, "deviation"), sd, 1e-9);
        cr_expect_float_eq(of(term, "slope"), slope, 1e-9);
        cr_expect_float_eq(of(term, "odds_ratio_unit"), exp(slope), 1e-9);
        cr_expect_float_eq(of(term, "odds_ratio_deviation"), exp(slope * sd), 1e-9);
        cr_expect_float_eq(of(term, "probability_change"), change, 1e-9);
        cr_expect_float_eq(of(term, "share"), covariance(part[k], sum) / covariance(sum, sum), 1e-9);
        shares += of(term, "share");
        // 1 / (1 - R2) of the regression on the other two, by their normal equations.
        const double *y = x[k], *u = x[(k + 1) % 3], *v = x[(k + 2) % 3];
        const double uu = covariance(u, u), vv = covariance(v, v), uv = covariance(u, v);
        const double yu = covariance(y, u), yv = covariance(y, v), d = uu * vv - uv * uv;
        const double r2 = ((vv * yu - uv * yv) / d * yu + (uu * yv - uv * yu) / d * yv) / covariance(y, y);
        cr_expect_float_eq(of(term, "vif"), 1 / (1 - r2), 1e-6);
    }
    cr_expect_float_eq(shares, 1, 1e-12);
    hf_model_destroy(model);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

Test(summary, figures_of_curves_are_those_of_the_rows)
{
    check_terms(false);
}

Test(summary, figures_of_coefficients_are_those_of_the_rows)
{
    check_terms(true);
}

// A plain fit without intercept shrinkage: freedom by a 4 x 4 Hessian solved column by column.
Test(summary, degrees_of_freedom_are_the_trace)
{
    fixture f = {.countdown = -1};
    hf_context *context = fixture_context(&f, 1);
    hf_frame *frame = three_numbers(context, 8);
    hf_model *model = train(context, frame, true, 0);
    double h[4][8] = {{0}}, trace = 0;
    for (int i = 0; i < ROWS; i++) {
        double z[4] = {1}, margin = model->intercept;
        for (int k = 0; k < 3; k++) {
            z[k + 1] = (x[k][i] - model->terms[k].mean) / model->terms[k].deviation;
            margin += hf_term_value_number(&model->terms[k], x[k][i]);
        }
        const double p = 1 / (1 + exp(-margin));
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < 4; b++)
                h[a][b] += p * (1 - p) * z[a] * z[b];
    }
    for (int a = 0; a < 4; a++) {
        h[a][a] += a > 0 ? 2.0 : 0.0; // lambda = 1 / C
        h[a][4 + a] = 1;
    }
    for (int a = 0; a < 4; a++) {
        const double pivot = h[a][a];
        for (int b = 0; b < 8; b++)
            h[a][b] /= pivot;
        for (int c = 0; c < 4; c++) {
            const double times = h[c][a];
            for (int b = 0; b < 8 && c != a; b++)
                h[c][b] -= times * h[a][b];
        }
    }
    for (int a = 1; a < 4; a++)
        trace += h[a][4 + a];
    const json_t *summary = json_object_get(model->record, "summary");
    cr_expect_float_eq(of(summary, "freedom"), 3 - 2.0 * trace, 1e-6);
    hf_model_destroy(model);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

// Whether the whole true curve, less its mean over the rows, lies in the band; adds up the band's widths.
static bool holds_truth(const hf_model *model, size_t k, double *width, int *points)
{
    const json_t *point;
    size_t i;
    double mean = 0;
    bool holds = true;
    for (int j = 0; j < ROWS; j++)
        mean += truth_of((int)k, x[k][j]) / ROWS;
    json_array_foreach(json_object_get(term_of(model, k), "points"), i, point)
    {
        const double truth = truth_of((int)k, of(point, "at")) - mean, own = of(point, "log_odds");
        cr_expect_lt(of(point, "low"), of(point, "high"));
        cr_expect(of(point, "low") <= own && own <= of(point, "high"), "its own curve is inside");
        holds = holds && of(point, "low") <= truth && truth <= of(point, "high");
        *width += of(point, "high") - of(point, "low");
        ++*points;
    }
    return holds;
}

Test(summary, bands_hold_the_true_curves)
{
    int inside = 0, points = 0;
    double width = 0;
    fixture f = {.countdown = -1};
    hf_context *context = fixture_context(&f, 2);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        bent = seed > 2;
        hf_frame *frame = three_numbers(context, 100 + seed);
        hf_model *model = train(context, frame, false, 30);
        for (size_t k = 0; k < 3; k++)
            inside += holds_truth(model, k, &width, &points);
        hf_model_destroy(model);
        hf_frame_destroy(frame);
    }
    bent = false;
    cr_assert_geq(inside, 11, "%d of 12 true curves are inside their bands", inside);
    cr_assert_lt(width / points, 2.5, "bands that say something");
    hf_context_destroy(context);
}

static char *record_of(int threads)
{
    static uint8_t labels[ROWS];
    fixture f = {.countdown = -1};
    hf_context *context = fixture_context(&f, threads);
    hf_frame *frame = fixture_mixed(context, ROWS, 3, labels);
    hf_model *model = NULL;
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.summary = true;
    options.bootstrap = 25;
    options.c = 1;
    good(hf_model_train(&model, context, frame, labels, NULL, NULL, 0, &options, &error));
    char *text = json_dumps(json_object_get(model->record, "summary"), 0);
    hf_model_destroy(model);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    return text;
}

Test(summary, is_the_same_for_any_number_of_threads)
{
    char *one = record_of(1), *two = record_of(2), *seven = record_of(7);
    cr_assert_str_eq(one, two);
    cr_assert_str_eq(one, seven);
    cr_assert_not_null(strstr(one, "\"missing\": true"));
    free(one), free(two), free(seven);
}

// Columns that determine each other say so and leave the others' factors alone.
// A sample may lack the one row that makes a column differ: there is nothing to fit, and that is no failure.
Test(summary, a_sample_without_a_column_to_learn_from_is_left_out)
{
    fixture f = {.countdown = -1};
    hf_context *context = fixture_context(&f, 2);
    hf_frame *frame = fixture_frame(context, ROWS);
    for (int i = 0; i < ROWS; i++) {
        x[0][i] = i == 7;
        label[i] = i % 3 == 0;
    }
    fixture_number(frame, "a", HF_STORAGE_F64, x[0]);
    hf_model *model = train(context, frame, false, 60);
    const double made = of(json_object_get(model->record, "summary"), "replicates");
    cr_expect(made > 20 && made < 60, "%g of 60 replicates, of which e^-1 lack the row", made);
    hf_model_destroy(model);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

Test(summary, collinear_signals_are_named)
{
    static double twice[ROWS];
    fixture f = {.countdown = -1};
    hf_context *context = fixture_context(&f, 2);
    hf_frame *frame = three_numbers(context, 9);
    for (int i = 0; i < ROWS; i++)
        twice[i] = 2 * x[0][i] - 1;
    fixture_number(frame, "twice", HF_STORAGE_F64, twice);
    hf_model *model = train(context, frame, true, 0);
    cr_assert(json_is_true(json_object_get(term_of(model, 0), "collinear")));
    cr_assert(json_is_true(json_object_get(term_of(model, 3), "collinear")));
    cr_assert_float_eq(of(term_of(model, 2), "vif"), 1, 0.01);
    hf_model_destroy(model);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

// ---- standard errors of the refit ---------------------------------------------------------------------------

// Newton by hand on (1, a, c, level B): coefficients in the signals' own units, then the inverse Hessian by
// Gauss-Jordan, and the sandwich around it where `pairs` of rows are an account.
enum { WIDTH = 4 };
static double by_hand[WIDTH], error_by_hand[WIDTH];

static void invert_by_hand(double h[WIDTH][2 * WIDTH])
{
    for (int a = 0; a < WIDTH; a++) {
        const double pivot = h[a][a];
        for (int b = 0; b < 2 * WIDTH; b++)
            h[a][b] /= pivot;
        for (int c = 0; c < WIDTH; c++) {
            const double times = h[c][a];
            for (int b = 0; b < 2 * WIDTH && c != a; b++)
                h[c][b] -= times * h[a][b];
        }
    }
}

static void fit_by_hand(const int32_t *code, bool pairs)
{
    double h[WIDTH][2 * WIDTH], g[WIDTH], meat[WIDTH] = {0};
    memset(by_hand, 0, sizeof by_hand);
    for (int step = 0; step < 30; step++) {
        memset(h, 0, sizeof h), memset(g, 0, sizeof g);
        for (int i = 0; i < ROWS; i++) {
            const double z[WIDTH] = {1, x[0][i], x[2][i], code[i] == 1};
            double m = 0;
            for (int k = 0; k < WIDTH; k++)
                m += z[k] * by_hand[k];
            const double p = 1 / (1 + exp(-m));
            for (int a = 0; a < WIDTH; a++) {
                g[a] += (label[i] - p) * z[a];
                for (int b = 0; b < WIDTH; b++)
                    h[a][b] += p * (1 - p) * z[a] * z[b];
            }
        }
        for (int a = 0; a < WIDTH; a++)
            h[a][WIDTH + a] = 1;
        invert_by_hand(h);
        for (int a = 0; a < WIDTH; a++)
            for (int b = 0; b < WIDTH; b++)
                by_hand[a] += h[a][WIDTH + b] * g[b];
    }
    for (int i = 0; pairs && i < ROWS; i += 2) {
        double score[WIDTH] = {0};
        for (int j = i; j < i + 2; j++) {
            const double z[WIDTH] = {1, x[0][j], x[2][j], code[j] == 1};
            double m = 0;
            for (int k = 0; k < WIDTH; k++)
                m += z[k] * by_hand[k];
            for (int k = 0; k < WIDTH; k++)
                score[k] += (label[j] - 1 / (1 + exp(-m))) * z[k];
        }
        for (int a = 0; a < WIDTH; a++) {
            double moved = 0;
            for (int b = 0; b < WIDTH; b++)
                moved += h[a][WIDTH + b] * score[b];
            meat[a] += moved * moved * (ROWS / 2) / (ROWS / 2 - 1.0);
        }
    }
    for (int a = 0; a < WIDTH; a++)
        error_by_hand[a] = sqrt(pairs ? meat[a] : h[a][WIDTH + a]);
}

static const char *const kinds[] = {"A", "B"};

// a, c and a category whose first level is the commoner; the label of every second row is that before it
// where rows come in pairs.
static json_t *refit_of(const hf_context *context, int32_t *code, bool pairs, bool separated)
{
    static int64_t account[ROWS];
    hf_random r = hf_random_seed(5, 1);
    hf_model *model = NULL;
    hf_frame *all = three_numbers(context, 11);
    hf_frame_destroy(all);
    hf_frame *frame = fixture_frame(context, ROWS);
    for (int i = 0; i < ROWS; i++) {
        code[i] = hf_random_uniform(&r) < 0.3;
        account[i] = i / 2;
        if (pairs && i % 2 == 1) label[i] = label[i - 1], x[0][i] = x[0][i - 1];
        if (separated) label[i] = code[i] == 1 || label[i];
    }
    fixture_number(frame, "a", HF_STORAGE_F64, x[0]);
    fixture_number(frame, "c", HF_STORAGE_F64, x[2]);
    fixture_category(frame, "kind", kinds, 2, code);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.c = 0.5;
    options.summary = options.refit = true;
    options.bootstrap = 0;
    good(hf_model_train(&model, context, frame, label, pairs ? account : NULL, NULL, 0, &options, &error));
    json_t *refit = json_incref(json_object_get(json_object_get(model->record, "summary"), "refit"));
    cr_assert_not_null(refit);
    hf_model_destroy(model);
    hf_frame_destroy(frame);
    return refit;
}

static void check_refit(bool pairs)
{
    static int32_t code[ROWS];
    fixture f = {.countdown = -1};
    hf_context *context = fixture_context(&f, 2);
    json_t *refit = refit_of(context, code, pairs, false);
    const json_t *terms = json_object_get(refit, "terms");
    fit_by_hand(code, pairs);
    cr_assert_eq(json_array_size(terms), WIDTH);
    for (int k = 1; k < WIDTH; k++) {
        const json_t *term = json_array_get(terms, (size_t)k);
        cr_expect_float_eq(of(term, "coefficient"), by_hand[k], 1e-6);
        cr_expect_float_eq(of(term, "standard_error"), error_by_hand[k], 1e-6);
        cr_expect_float_eq(of(term, "z"), by_hand[k] / error_by_hand[k], 1e-4);
        cr_expect_float_eq(of(term, "p"), erfc(fabs(by_hand[k] / error_by_hand[k]) / sqrt(2)), 1e-6);
    }
    cr_expect(json_is_true(json_object_get(json_array_get(terms, 0), "intercept")));
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(terms, 3), "level")), "B");
    json_decref(refit);
    hf_context_destroy(context);
}

Test(summary, errors_of_the_refit_are_those_of_newton_by_hand)
{
    check_refit(false);
}

Test(summary, errors_of_accounts_with_several_rows_are_clustered)
{
    check_refit(true);
}

Test(summary, a_refit_without_a_maximum_says_so)
{
    static int32_t code[ROWS];
    fixture f = {.countdown = -1};
    hf_context *context = fixture_context(&f, 1);
    json_t *refit = refit_of(context, code, false, true);
    cr_assert(json_is_true(json_object_get(refit, "separated")));
    cr_assert_null(json_object_get(json_array_get(json_object_get(refit, "terms"), 1), "p"));
    json_decref(refit);
    hf_context_destroy(context);
}

// ---- failing ------------------------------------------------------------------------------------------------

// The plain form as blocks, its refit without penalty with accounts of two rows, and two replicates: every
// allocation fails in turn.
Test(summary, memory_may_run_out_anywhere_in_a_summary_with_a_refit)
{
    static int32_t code[ROWS];
    static int64_t cluster[ROWS];
    static const char *const levels[] = {"A", "B"};
    fixture f = {.countdown = -1};
    hf_context *context = fixture_context(&f, 1);
    hf_frame *frame = three_numbers(context, 5);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    int64_t rows[200], k = 0;
    for (int i = 0; i < ROWS; i++) {
        code[i] = i / 3 % 2;
        cluster[i] = i / 2;
    }
    for (int i = 0; i < 200; i++)
        rows[i] = i;
    fixture_category(frame, "plan", levels, 2, code);
    options.plain = true;
    options.c = 1.0;
    options.summary = true;
    options.refit = true;
    options.bootstrap = 2;
    hf_status status = HF_ERROR_MEMORY;
    hf_model *model = NULL;
    for (; status != HF_OK && k < 1000; k++) {
        hf_error failed = {0};
        f.countdown = k;
        status = hf_model_train(&model, context, frame, label, cluster, rows, 200, &options, &failed);
        f.countdown = -1;
        if (status == HF_OK) break;
        cr_assert_eq(status, HF_ERROR_MEMORY, "allocation %d: %s", (int)k, failed.message);
        cr_assert_eq(failed.status, HF_ERROR_MEMORY);
        cr_assert_null(model);
    }
    cr_assert_eq(status, HF_OK);
    cr_expect_gt(k, 60);
    cr_expect_not_null(json_object_get(json_object_get(model->record, "summary"), "refit"));
    hf_model_destroy(model);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}
