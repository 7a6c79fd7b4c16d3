// SPDX-License-Identifier: Apache-2.0
//
// Training on fewer rows of the commoner class: probabilities stay those of the fleet, either class may be
// the commoner, accounts are drawn whole and by the seed, the record says what was done, and what cannot be
// drawn is refused.
#include "churn/subsample.h"
#include "churn_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 12000, SPAN = 3 }; // rows an account

typedef struct {
    fixture f;
    hf_context *context;
    hf_frame *frame;
    uint8_t label[ROWS];
    int64_t cluster[ROWS];
    double log_odds[ROWS]; // the truth
} fleet;

static double sigmoid(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

// Outcomes from two signals by a logistic about base; accounts of three rows with one id.
static void make(fleet *t, double base, uint64_t seed)
{
    double *x = malloc(ROWS * sizeof *x), *y = malloc(ROWS * sizeof *y);
    hf_random r = hf_random_seed(seed, 0);
    t->context = fixture_context(&t->f, 2);
    t->frame = fixture_frame(t->context, ROWS);
    char *ids = t->frame->ids;
    for (int64_t i = 0; i < ROWS; i++) {
        x[i] = hf_random_normal(&r);
        y[i] = hf_random_uniform(&r);
        t->log_odds[i] = base + 0.9 * x[i] - 1.5 * y[i];
        t->label[i] = hf_random_uniform(&r) < sigmoid(t->log_odds[i]);
        t->cluster[i] = i / SPAN;
        memcpy(ids + i * t->frame->id_width, ids + i / SPAN * SPAN * t->frame->id_width,
               (size_t)t->frame->id_width);
    }
    fixture_number(t->frame, "x", HF_STORAGE_F64, x);
    fixture_number(t->frame, "y", HF_STORAGE_F64, y);
    free(x), free(y);
}

static void clear(fleet *t)
{
    hf_frame_destroy(t->frame);
    hf_context_destroy(t->context);
}

static hf_model *train_calibrated(fleet *t, double subsample, uint64_t seed, bool plain, hf_calibrate how)
{
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    hf_model *model = NULL;
    hf_error error = {0};
    options.subsample = subsample;
    options.pairs = options.rules = 0;
    options.seed = seed;
    options.c = how == HF_CALIBRATE_NONE ? 0.1 : 0.0;
    options.calibrate = how;
    options.plain = plain;
    cr_assert_eq(
        hf_model_train(&model, t->context, t->frame, t->label, t->cluster, NULL, 0, &options, &error), HF_OK,
        "%s", error.message);
    return model;
}

static hf_model *train(fleet *t, double subsample, uint64_t seed, bool plain)
{
    return train_calibrated(t, subsample, seed, plain, HF_CALIBRATE_NONE);
}

// Calibration in the large and its slope's stand-in: of all rows, and of the half with the higher scores.
static void check_calibration(const fleet *t, const hf_model *model, double within)
{
    double said = 0.0, seen = 0.0, said_high = 0.0, seen_high = 0.0, high = 0.0, off = 0.0;
    for (int64_t i = 0; i < ROWS; i++) {
        const double sum = fixture_log_odds(model, t->frame, i);
        const double z = model->calibrated ? hf_curve_value(&model->calibration, sum) : sum, p = sigmoid(z);
        off += (z - t->log_odds[i]) / ROWS;
        said += p / ROWS;
        seen += t->label[i] / (double)ROWS;
        if (t->log_odds[i] < -3.0) continue;
        high++;
        said_high += p;
        seen_high += t->label[i];
    }
    cr_expect_float_eq(said, seen, within, "in the large: %g said, %g seen", said, seen);
    cr_expect_float_eq(said_high / high, seen_high / high, 3 * within);
    cr_expect_float_eq(off, 0.0, 0.25, "log-odds off by %g", off);
}

Test(subsample, probabilities_are_those_of_the_fleet)
{
    const double bases[] = {-2.5, 4.0}; // events are the rarer, then the commoner
    for (int k = 0; k < 2; k++)
        for (int plain = 0; plain <= 1; plain++) {
            fleet t = {0};
            make(&t, bases[k], 3);
            hf_model *model = train(&t, 2.0, 1, plain);
            const json_t *note = json_object_get(json_object_get(model->record, "fit"), "subsample");
            const double rows = json_number_value(json_object_get(note, "commoner_rows"));
            const double kept = json_number_value(json_object_get(note, "kept"));
            const double shift = json_number_value(json_object_get(note, "shift"));
            const double rarer = ROWS - rows;
            cr_expect(kept < 2.2 * rarer && kept > 1.8 * rarer, "%g of %g, %g rarer", kept, rows, rarer);
            cr_expect_float_eq(shift, (k == 0 ? 1 : -1) * log(kept / rows), 1e-12);
            cr_expect_lt(k == 0 ? shift : -shift, -1.0, "without the shift this test would not see it");
            cr_expect_eq(hf_model_rows(model), (int64_t)(rarer + kept));
            check_calibration(&t, model, 0.012);
            hf_model_destroy(model);
            clear(&t);
        }
}

// A calibration is learnt on the rows drawn, and moves with the model.
Test(subsample, a_calibration_is_of_the_fleet_too)
{
    const hf_calibrate methods[] = {HF_CALIBRATE_PLATT, HF_CALIBRATE_ISOTONIC};
    for (int k = 0; k < 2; k++) {
        fleet t = {0};
        make(&t, -2.5, 6);
        hf_model *model = train_calibrated(&t, 2.0, 1, false, methods[k]);
        cr_assert(model->calibrated);
        check_calibration(&t, model, 0.012);
        hf_model_destroy(model);
        clear(&t);
    }
}

// The figures of a summary: the likelihood is that of the fit to the rows drawn, and changes of the
// probability those of the fleet, however few of it were drawn.
static void summarise(double *loss, double *none, double *change, fleet *t, double subsample, bool plain)
{
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    hf_model *model = NULL;
    options.subsample = subsample;
    options.pairs = options.rules = options.bootstrap = 0;
    options.plain = plain;
    options.c = 0.1;
    options.summary = true;
    cr_assert_eq(hf_model_train(&model, t->context, t->frame, t->label, t->cluster, NULL, 0, &options, NULL),
                 HF_OK);
    const json_t *summary = json_object_get(model->record, "summary");
    *loss = json_number_value(json_object_get(summary, "log_loss"));
    *none = json_number_value(json_object_get(summary, "log_loss_none"));
    *change = json_number_value(
        json_object_get(json_array_get(json_object_get(summary, "terms"), 0), "probability_change"));
    hf_model_destroy(model);
}

Test(subsample, a_summary_is_not_thrown_off)
{
    const double bases[] = {-2.5, 4.0};
    for (int k = 0; k < 2; k++)
        for (int plain = 0; plain <= 1; plain++) {
            fleet t = {0};
            double loss, none, change, of_all;
            make(&t, bases[k], 3);
            summarise(&loss, &none, &of_all, &t, 0.0, plain);
            summarise(&loss, &none, &change, &t, 1.0, plain);
            cr_expect(none > 0.69 && loss < 0.96 * none && loss > 0.7 * none, "%g of %g", loss, none);
            cr_expect_float_eq(change, of_all, 0.12 * of_all, "%g, of all rows %g", change, of_all);
            clear(&t);
        }
}

Test(subsample, the_draw_is_of_whole_accounts_by_the_seed)
{
    const double shares[] = {1.0, 3.0};
    fleet t = {0};
    int64_t kept_of[3] = {0};
    uint8_t *in[3];
    make(&t, -2.5, 4);
    for (int d = 0; d < 3; d++) { // two seeds, and another share
        hf_train_options options = HF_TRAIN_OPTIONS_INIT;
        hf_subsample drawn;
        options.seed = d == 1 ? 2 : 1;
        options.subsample = shares[d == 2];
        hf_training g = {.context = t.context, .frame = t.frame, .options = &options, .count = ROWS};
        g.rows = malloc(ROWS * sizeof *g.rows);
        g.label = malloc(ROWS);
        g.cluster = malloc(ROWS * sizeof *g.cluster);
        in[d] = calloc(ROWS, 1);
        for (int64_t i = 0; i < ROWS; i++) {
            g.rows[i] = i;
            g.label[i] = t.label[i];
            g.cluster[i] = t.cluster[i];
            g.events += t.label[i];
        }
        hf_subsample_draw(&drawn, &g);
        for (int64_t i = 0; i < g.count; i++) {
            cr_assert_eq(g.label[i], t.label[g.rows[i]]);
            cr_assert_eq(g.cluster[i], t.cluster[g.rows[i]]);
            cr_assert(i == 0 || g.rows[i] > g.rows[i - 1]);
            in[d][g.rows[i]] = 1;
        }
        kept_of[d] = drawn.kept;
        for (int64_t a = 0; a < ROWS / SPAN; a++) {
            int none_in = 0, none = 0;
            for (int64_t i = a * SPAN; i < (a + 1) * SPAN; i++) {
                cr_assert(!t.label[i] || in[d][i], "every event stays");
                none += !t.label[i];
                none_in += !t.label[i] && in[d][i];
            }
            cr_assert(none_in == 0 || none_in == none, "account %d is drawn in part", (int)a);
        }
        free(g.rows), free(g.label), free(g.cluster);
    }
    int64_t differ = 0, lost = 0;
    for (int64_t i = 0; i < ROWS; i++) {
        differ += in[0][i] != in[1][i];
        lost += in[0][i] && !in[2][i];
    }
    cr_expect_gt(differ, kept_of[0], "another seed draws others");
    cr_expect_eq(lost, 0, "a larger draw of the same seed has the smaller one in it");
    for (int d = 0; d < 3; d++)
        free(in[d]);
    clear(&t);
}

Test(subsample, off_and_more_than_there_is_change_nothing)
{
    fleet t = {0};
    make(&t, -2.5, 5);
    hf_model *off = train(&t, 0.0, 1, false), *all = train(&t, 1000.0, 1, false);
    hf_model *small = train(&t, HF_SUBSAMPLE_AUTO, 1, false);
    cr_expect_eq(off->intercept, all->intercept);
    cr_expect_eq(off->intercept, small->intercept, "auto leaves a fleet of this size alone");
    cr_expect_eq(hf_model_rows(all), ROWS);
    cr_expect_null(json_object_get(json_object_get(off->record, "fit"), "subsample"));
    hf_model_destroy(off);
    hf_model_destroy(all);
    hf_model_destroy(small);
    const double wrong[] = {-2.0, 0.5, NAN, INFINITY};
    for (int k = 0; k < 4; k++) {
        hf_train_options options = HF_TRAIN_OPTIONS_INIT;
        hf_model *model = NULL;
        options.subsample = wrong[k];
        cr_expect_eq(hf_model_train(&model, t.context, t.frame, t.label, NULL, NULL, 0, &options, NULL),
                     HF_ERROR_USAGE);
        cr_expect_null(model);
    }
    clear(&t);
}

// With one class there is nothing to draw from, and what is said is of the rows given, not of those drawn.
Test(subsample, one_class_is_refused_before_anything_is_drawn)
{
    fleet t = {0};
    make(&t, -2.5, 5);
    for (int happened = 0; happened < 2; happened++) {
        hf_train_options options = HF_TRAIN_OPTIONS_INIT;
        hf_model *model = NULL;
        hf_error error = {0};
        options.subsample = 1.0;
        memset(t.label, happened, ROWS);
        cr_expect_eq(hf_model_train(&model, t.context, t.frame, t.label, NULL, NULL, 0, &options, &error),
                     HF_ERROR_TOO_LITTLE);
        char wanted[64];
        snprintf(wanted, sizeof wanted, "all %d rows %s", ROWS, happened ? "have" : "are without");
        cr_expect_not_null(strstr(error.message, wanted), "%s", error.message);
        cr_expect_null(model);
    }
    clear(&t);
}

// Where the draw leaves too few of the commoner class, it is the subsample that is named.
Test(subsample, a_draw_that_leaves_too_few_says_so)
{
    fleet t = {0};
    make(&t, -2.5, 5);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    hf_model *model = NULL;
    hf_error error = {0};
    options.subsample = 1.0;
    for (int64_t i = 0; i < ROWS; i++)
        t.label[i] = i < 6;
    options.folds = 6;
    hf_status status = HF_OK;
    for (options.seed = 1; status == HF_OK && options.seed < 50; options.seed++) {
        status = hf_model_train(&model, t.context, t.frame, t.label, NULL, NULL, 0, &options, &error);
        hf_model_destroy(model);
        model = NULL;
    }
    cr_assert_eq(status, HF_ERROR_TOO_LITTLE);
    cr_expect_not_null(strstr(error.message, "rows of the subsample"), "%s", error.message);
    clear(&t);
}
