// SPDX-License-Identifier: Apache-2.0
//
// Calibration: each method against what it must do, the choice among them on rows with a known truth, and
// the curve in the model file, damaged in every way that matters.
#include "churn/calibration.h"
#include "churn/calibration_fit.h"
#include "churn_fixture.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 20000 };

static double log_odds[MOST];
static uint8_t label[MOST];
static int64_t cluster[MOST];

// Rows whose outcome has the log-odds shift + scale z (bent: a step up above 0).
static void draw(int64_t from, int64_t to, double shift, double scale, double bent, uint64_t seed)
{
    hf_random r = hf_random_seed(seed, 3);
    for (int64_t i = from; i < to; i++) {
        log_odds[i] = -1.0 + 1.5 * hf_random_normal(&r);
        const double z = shift + scale * log_odds[i] + (log_odds[i] > 0.0 ? bent : 0.0);
        label[i] = hf_random_uniform(&r) < 1.0 / (1.0 + exp(-z));
        cluster[i] = i / 2;
    }
}

static double probability_at(const hf_curve *curve, double z)
{
    return 1.0 / (1.0 + exp(-hf_curve_value(curve, z)));
}

static hf_curve fitted(const hf_context *context, hf_calibrate method, int64_t rows)
{
    hf_curve curve = {0};
    bool good = false;
    cr_assert_eq(hf_calibration_fit(&curve, &good, context, method, log_odds, label, rows, NULL), HF_OK);
    cr_assert(good);
    return curve;
}

// At the maximum of the likelihood residuals have no sum, and with a slope no correlation with z either.
Test(calibration, lines_leave_no_residual)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    draw(0, 3000, 0.4, 0.6, 0, 1);
    for (int scaled = 0; scaled < 2; scaled++) {
        hf_curve curve = fitted(context, scaled ? HF_CALIBRATE_PLATT : HF_CALIBRATE_INTERCEPT, 3000);
        double sum = 0.0, along = 0.0;
        for (int i = 0; i < 3000; i++) {
            const double r = label[i] - probability_at(&curve, log_odds[i]);
            sum += r;
            along += r * log_odds[i];
        }
        cr_expect_float_eq(sum, 0.0, 1e-8);
        if (scaled) cr_expect_float_eq(along, 0.0, 1e-8);
        cr_expect(scaled ? fabs(curve.slope - 0.6) < 0.12 : curve.slope == 1.0, "slope %g", curve.slope);
    }
    hf_context_destroy(context);
}

Test(calibration, isotonic_rises_and_follows_what_happened)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    draw(0, MOST, 0.0, 0.7, 1.2, 2);
    hf_curve curve = fitted(context, HF_CALIBRATE_ISOTONIC, MOST);
    cr_assert(hf_calibration_rises(&curve));
    for (double z = -9; z < 9; z += 0.01) {
        const double step = hf_curve_value(&curve, z + 0.01) - hf_curve_value(&curve, z);
        cr_assert(step > 0.0 && step < 4.001 * 0.01, "at %g by %g", z, step);
    }
    for (double low = -3; low < 2; low += 1) { // bands of z, away from the step
        double said = 0.0, happened = 0.0, n = 0.0;
        for (int i = 0; i < MOST; i++)
            if (log_odds[i] > low + 0.1 && log_odds[i] <= low + 0.9) {
                said += probability_at(&curve, log_odds[i]);
                happened += label[i];
                n += 1.0;
            }
        cr_expect_float_eq(said / n, happened / n, 0.02, "from %g", low);
    }
    hf_curve_free(context, &curve);
    hf_context_destroy(context);
}

// Forward in time, what the fit of a split had: as many rows, the last quarter late, whose outcome has
// log-odds shifted by `was`, and by `late` in the last quarter.
static double had_log_odds[4][MOST];
static uint8_t had_label[4][MOST];
static bool had_late[4][MOST];
static hf_level_rows had[4];

static void draw_had(int split, int64_t rows, double was, double late, uint64_t seed)
{
    hf_random r = hf_random_seed(seed, 4);
    for (int64_t i = 0; i < rows; i++) {
        had_late[split][i] = i >= rows * 3 / 4;
        had_log_odds[split][i] = -1.0 + 1.5 * hf_random_normal(&r);
        const double z = had_log_odds[split][i] + (had_late[split][i] ? late : was);
        had_label[split][i] = hf_random_uniform(&r) < 1.0 / (1.0 + exp(-z));
    }
    had[split] = (hf_level_rows){had_log_odds[split], had_label[split], had_late[split], rows};
}

static hf_calibration chosen(const hf_context *context, int64_t rows, int32_t splits, bool later,
                             hf_calibrate wish)
{
    hf_held_out held = {.splits = splits,
                        .later = later,
                        .log_odds = log_odds,
                        .label = label,
                        .cluster = cluster,
                        .had = had};
    hf_calibration out;
    for (int32_t s = 0; s <= splits; s++)
        held.first[s] = rows * s / splits;
    cr_assert_eq(hf_calibration_choose(&out, context, &held, wish, NULL), HF_OK);
    return out;
}

Test(calibration, what_is_right_is_left_alone)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    int taken = 0;
    for (uint64_t seed = 0; seed < 30; seed++) {
        draw(0, 4000, 0.0, 1.0, 0, 100 + seed);
        draw_had(0, 4000, 0.0, 0.0, 200 + seed);
        draw_had(1, 4000, 0.0, 0.0, 300 + seed);
        hf_calibration c = chosen(context, 4000, 2, seed % 2, HF_CALIBRATE_AUTO);
        taken += c.method != HF_CALIBRATE_NONE;
        hf_calibration_free(context, &c);
    }
    cr_expect_leq(taken, 2, "%d of 30", taken);
    hf_context_destroy(context);
}

Test(calibration, the_method_is_the_one_that_is_needed)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    draw(0, 6000, 0.0, 0.5, 0, 11);
    hf_calibration c = chosen(context, 6000, 2, false, HF_CALIBRATE_AUTO);
    cr_assert_eq(c.method, HF_CALIBRATE_PLATT);
    cr_expect_float_eq(c.curve.slope, 0.5, 0.07);
    cr_expect_lt(c.loss[2], c.loss[0]);
    cr_expect_eq(c.rows, 6000);
    cr_expect_eq(c.before.count, HF_RELIABILITY_BINS);
    const hf_reliability_bin *before = &c.before.bins[9], *after = &c.after.bins[9];
    cr_expect_gt(before->predicted, before->high, "too bold before");
    cr_expect(after->predicted > after->low && after->predicted < after->high, "right after");
    hf_calibration_free(context, &c);
    draw(0, MOST, 0.0, 0.7, 2.5, 12);
    c = chosen(context, MOST, 2, false, HF_CALIBRATE_AUTO);
    cr_expect_eq(c.method, HF_CALIBRATE_ISOTONIC);
    hf_calibration_free(context, &c);
    hf_context_destroy(context);
}

// Of a shift that each fit sees in its last rows only a part is left to add, and the last fit has less to add
// than the splits' own had: the level is read off its rows.
Test(calibration, a_shift_that_lasts_is_taken_and_settled_on_the_last_fit)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    draw(0, 3000, 0.5, 1.0, 0, 13);
    draw(3000, 6000, 0.6, 1.0, 0, 14);
    draw_had(0, 4000, -0.1, 0.4, 15);
    draw_had(1, 6000, -0.1, 0.5, 16);
    hf_calibration c = chosen(context, 6000, 2, true, HF_CALIBRATE_AUTO);
    cr_assert_eq(c.method, HF_CALIBRATE_INTERCEPT);
    cr_expect(c.late);
    cr_expect_eq(c.rows, 6000);
    cr_expect_eq(c.curve.intercept, 0.0, "not settled yet");
    draw_had(2, 8000, -0.05, 0.2, 17);
    cr_assert_eq(hf_calibration_settle(&c, context, &had[2], NULL), HF_OK);
    double sum = 0.0;
    for (int64_t i = 6000; i < 8000; i++)
        sum += had_label[2][i] - probability_at(&c.curve, had_log_odds[2][i]);
    cr_expect_float_eq(sum, 0.0, 1e-7, "the late rows' events are met");
    cr_expect_float_eq(c.curve.intercept, 0.2, 0.12);
    cr_expect_eq(c.curve.slope, 1.0);
    had[2].count = 20; // too few
    cr_assert_eq(hf_calibration_settle(&c, context, &had[2], NULL), HF_OK);
    cr_expect_eq(c.method, HF_CALIBRATE_NONE);
    hf_calibration_free(context, &c);
    hf_context_destroy(context);
}

Test(calibration, a_shift_of_one_period_is_left_alone)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    draw(0, 3000, -0.1, 1.0, 0, 14);
    draw(3000, 6000, 0.5, 1.0, 0, 15);
    draw_had(0, 4000, -0.1, 0.4, 16); // had gone by when it was judged
    draw_had(1, 6000, -0.1, 0.4, 17);
    hf_calibration c = chosen(context, 6000, 2, true, HF_CALIBRATE_AUTO);
    cr_expect_eq(c.method, HF_CALIBRATE_NONE);
    hf_calibration_free(context, &c);
    draw(0, 3000, 0.0, 1.0, 0, 18); // a shape that one split has and the other has not
    draw(3000, 6000, 0.0, 0.5, 0, 19);
    draw_had(0, 4000, 0.0, 0.0, 20);
    draw_had(1, 4000, 0.0, 0.0, 21);
    c = chosen(context, 6000, 2, true, HF_CALIBRATE_AUTO);
    cr_expect_eq(c.method, HF_CALIBRATE_NONE);
    hf_calibration_free(context, &c);
    draw(0, 3000, 0.0, 0.5, 0, 22); // one that both have, each with a level of its own
    c = chosen(context, 6000, 2, true, HF_CALIBRATE_AUTO);
    cr_expect_eq(c.method, HF_CALIBRATE_PLATT);
    cr_expect_float_eq(c.curve.slope, 0.5, 0.07);
    hf_calibration_free(context, &c);
    hf_context_destroy(context);
}

Test(calibration, a_wish_is_granted_as_far_as_rows_allow)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    draw(0, MOST, 0.0, 1.0, 0, 21);
    for (int wish = HF_CALIBRATE_NONE; wish <= HF_CALIBRATE_ISOTONIC; wish++) {
        hf_calibration c = chosen(context, MOST, 2, false, (hf_calibrate)wish);
        cr_expect_eq(c.method, (hf_calibrate)wish);
        hf_calibration_free(context, &c);
    }
    hf_calibration c = chosen(context, 800, 2, false, HF_CALIBRATE_ISOTONIC);
    cr_expect_eq(c.method, HF_CALIBRATE_PLATT);
    hf_calibration_free(context, &c);
    c = chosen(context, 60, 2, false, HF_CALIBRATE_ISOTONIC);
    cr_expect_eq(c.method, HF_CALIBRATE_NONE);
    hf_calibration_free(context, &c);
    for (int i = 0; i < 800; i++) // a model that has it the wrong way round is not turned
        log_odds[i] = label[i] ? -1.0 - 0.001 * i : 1.0 + 0.001 * i;
    label[0] = !label[0];
    label[1] = !label[1];
    c = chosen(context, 800, 2, false, HF_CALIBRATE_PLATT);
    cr_expect_eq(c.method, HF_CALIBRATE_INTERCEPT);
    hf_calibration_free(context, &c);
    hf_context_destroy(context);
}

// ---- the file ------------------------------------------------------------------------------------------

static hf_model *trained(hf_context *context)
{
    enum { ROWS = 300 };
    static double x[ROWS];
    static uint8_t happened[ROWS];
    hf_frame *frame = fixture_frame(context, ROWS);
    hf_random r = hf_random_seed(5, 5);
    for (int i = 0; i < ROWS; i++) {
        x[i] = hf_random_normal(&r);
        happened[i] = hf_random_uniform(&r) < 1.0 / (1.0 + exp(-x[i]));
    }
    fixture_number(frame, "x", HF_STORAGE_F32, x);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    options.c = 1.0;
    hf_model *model = NULL;
    cr_assert_eq(hf_model_train(&model, context, frame, happened, NULL, NULL, 0, &options, NULL), HF_OK);
    hf_frame_destroy(frame);
    return model;
}

// What a file whose calibration has this curve is loaded as.
static hf_status load_with(hf_model **out, hf_context *context, hf_model *model, json_t *calibration,
                           hf_error *error)
{
    const char *path = fixture_path("calibrated.json");
    *out = NULL;
    cr_assert_eq(json_object_set_new(model->record, "calibration", calibration), 0);
    cr_assert_eq(hf_model_save(model, path, true, NULL), HF_OK);
    hf_status status = hf_model_load(out, context, path, error);
    cr_assert_eq(status == HF_OK, *out != NULL);
    return status;
}

Test(calibration, comes_back_from_the_file_as_it_was)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    hf_model *model = trained(context), *loaded = NULL, *again = NULL;
    draw(0, MOST, 0.0, 0.7, 2.5, 31);
    hf_calibration c = chosen(context, MOST, 2, false, HF_CALIBRATE_ISOTONIC);
    cr_assert_eq(hf_calibration_give(model, &c, NULL), HF_OK);
    hf_calibration_free(context, &c);
    char path[128], second[128];
    snprintf(path, sizeof path, "%s", fixture_path("one.json"));
    snprintf(second, sizeof second, "%s", fixture_path("two.json"));
    cr_assert_eq(hf_model_save(model, path, true, NULL), HF_OK);
    cr_assert_eq(hf_model_load(&loaded, context, path, NULL), HF_OK);
    cr_assert(loaded->calibrated);
    for (double z = -6; z < 6; z += 0.173)
        cr_assert_eq(hf_curve_value(&loaded->calibration, z), hf_curve_value(&model->calibration, z));
    cr_assert_eq(hf_model_save(loaded, second, true, NULL), HF_OK);
    size_t n, m;
    char *a = fixture_read(path, &n), *b = fixture_read(second, &m);
    cr_assert_eq(n, m);
    cr_assert_arr_eq(a, b, n);
    cr_assert_eq(hf_model_shift(loaded, 0.25, NULL), HF_OK);
    cr_assert_eq(hf_model_copy(&again, context, loaded, NULL), HF_OK);
    cr_assert_float_eq(hf_curve_value(&again->calibration, 0.3),
                       hf_curve_value(&model->calibration, 0.3) + 0.25, 1e-12);
    free(a), free(b);
    hf_model_destroy(again);
    hf_model_destroy(loaded);
    hf_model_destroy(model);
    hf_context_destroy(context);
    fixture_clean();
}

Test(calibration, a_damaged_one_is_refused)
{
    static const char *const bad[] = {
        "7",
        "{}",
        "{\"curve\": 1}",
        "{\"curve\": {\"low\": null, \"high\": null, \"origin\": 0.0, \"intercept\": 0.0, \"slope\": 0.0, "
        "\"hinges\": [], \"steps\": []}}",
        "{\"curve\": {\"low\": null, \"high\": null, \"origin\": 0.0, \"intercept\": 0.0, \"slope\": 1.0, "
        "\"hinges\": [{\"at\": 1.0, \"slope\": -1.0}], \"steps\": []}}",
        "{\"curve\": {\"low\": null, \"high\": null, \"origin\": 0.0, \"intercept\": 0.0, \"slope\": 1.0, "
        "\"hinges\": [{\"at\": 1.0, \"slope\": 1.0}, {\"at\": 0.0, \"slope\": 1.0}], \"steps\": []}}",
        "{\"curve\": {\"low\": -3.0, \"high\": null, \"origin\": 0.0, \"intercept\": 0.0, \"slope\": 1.0, "
        "\"hinges\": [], \"steps\": []}}",
        "{\"curve\": {\"low\": null, \"high\": null, \"origin\": 0.0, \"intercept\": 0.0, \"slope\": 1.0, "
        "\"hinges\": [], \"steps\": [{\"at\": 0.0, \"height\": 1.0}]}}",
        "{\"curve\": {\"low\": null, \"high\": null, \"origin\": 0.0, \"intercept\": null, \"slope\": 1.0, "
        "\"hinges\": [], \"steps\": []}}",
    };
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    hf_model *model = trained(context), *loaded = NULL;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hf_error error = {0};
        json_t *calibration = json_loads(bad[i], JSON_DECODE_ANY, NULL);
        cr_assert_not_null(calibration);
        cr_expect_eq(load_with(&loaded, context, model, calibration, &error), HF_ERROR_DAMAGED, "%s", bad[i]);
        cr_expect(strstr(error.message, "calibration"), "%s", error.message);
        hf_model_destroy(loaded);
    }
    hf_model_destroy(model);
    hf_context_destroy(context);
    fixture_clean();
}

Test(calibration, survives_every_failed_allocation)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    draw(0, 6000, 0.0, 0.5, 1.0, 41);
    draw_had(0, 4000, 0.0, 0.0, 42);
    draw_had(1, 4000, 0.0, 0.0, 43);
    hf_held_out held = {.splits = 2,
                        .first = {0, 3000, 6000},
                        .log_odds = log_odds,
                        .label = label,
                        .cluster = cluster,
                        .had = had};
    for (int later = 0; later < 2; later++) {
        hf_status status = HF_ERROR_MEMORY;
        held.later = later;
        for (int k = 0; status != HF_OK && k < 400; k++) {
            hf_calibration out;
            f.countdown = k;
            status = hf_calibration_choose(&out, context, &held, HF_CALIBRATE_ISOTONIC, NULL);
            const bool made = status == HF_OK;
            if (made) status = hf_calibration_settle(&out, context, &had[0], NULL);
            f.countdown = -1;
            cr_assert(status == HF_OK || status == HF_ERROR_MEMORY);
            if (made) hf_calibration_free(context, &out);
        }
        cr_assert_eq(status, HF_OK);
    }
    hf_context_destroy(context);
}
