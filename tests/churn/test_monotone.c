// SPDX-License-Identifier: Apache-2.0
//
// Curves that may only rise or fall: their features against the definition, the bounded fit against the
// conditions of Karush, Kuhn and Tucker, every curve on a fine grid, what is written and read back, what is
// refused; and that a fit of more than one tile does not depend on the threads.
#include "churn/freedom.h"
#include "churn/monotone.h"
#include "curve_bed.h"
#include "planted_field.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAU 0.7

static const char *const said[] = {"use:up", "seats", "csat:down", "flag:up", "few"};

static hf_train_options monotone(int32_t count)
{
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.monotone = said;
    options.monotone_count = count;
    return options;
}

static void make(bed *t, int threads)
{
    const hf_train_options options = monotone(5);
    make_bed(t, &options, TAU, threads);
}

// The features, one at a time, as the blocks give them.
static double *read_features(const bed *t)
{
    const int32_t width = t->basis->features;
    double *x = calloc((size_t)(ROWS * width), sizeof *x), *w = calloc((size_t)width + 1, sizeof *w);
    double margin[ROWS];
    for (int32_t f = 0; f < width; f++) {
        w[f] = 1.0;
        hf_blocks_margin(margin, &t->blocks, w, t->scratch);
        w[f] = 0.0;
        for (int64_t i = 0; i < ROWS; i++)
            x[i * width + f] = margin[i];
    }
    free(w);
    return x;
}

// What feature f of a signal that may only rise is at x, but for a constant.
static double rising(const hf_basis_signal *s, int32_t f, int32_t ramps, double x)
{
    if (f == 0) return z_of(s, x);
    if (f > ramps) return TAU * (clip(s, x) > s->step_x[f - 1 - ramps]);
    const double from = f > 1 ? s->hinge_z[f - 2] : -1e9, to = f < ramps ? s->hinge_z[f - 1] : 1e9;
    return TAU * fmin(fmax(z_of(s, x), from), to);
}

Test(monotone, features_are_those_of_the_definition)
{
    const int32_t ways[] = {1, -1, -1, 1, 0}; // "seats" and "few" say nothing: their way is that of the data
    bed t = {0};
    int32_t number = 0;
    make(&t, 1);
    double *x = read_features(&t);
    for (int32_t k = 0; k < t.basis->count; k++) {
        const hf_basis_signal *s = &t.basis->signals[k];
        const hf_column *column = &t.frame->columns[s->column];
        if (column->storage == HF_STORAGE_CODE) continue;
        const int32_t ramps = s->hinges > 0 ? s->hinges + 1 : 0, way = ways[number++];
        double events = 0.0, n = 0.0, mean = 0.0, together = 0.0;
        for (int64_t i = 0; i < ROWS; i++)
            if (!isnan(hf_column_number(column, i))) {
                mean += z_of(s, hf_column_number(column, i));
                events += t.label[i];
                n++;
            }
        for (int64_t i = 0; i < ROWS; i++)
            if (!isnan(hf_column_number(column, i)))
                together += (z_of(s, hf_column_number(column, i)) - mean / n) * (t.label[i] - events / n);
        const bool left = strcmp(column->name, "seats") == 0 || strcmp(column->name, "few") == 0;
        cr_expect_eq(s->monotone, left ? (together < 0 ? -1 : 1) : way, "%s", column->name);
        cr_assert_eq(s->features, 1 + ramps + s->steps + s->has_missing);
        for (int32_t f = 0; f < s->features - s->has_missing; f++) {
            double least = INFINITY, most = -INFINITY, sum = 0.0;
            for (int64_t i = 0; i < ROWS; i++) {
                const double v = hf_column_number(column, i), is = x[i * t.basis->features + s->first + f];
                if (isnan(v)) {
                    cr_assert_eq(is, 0.0);
                    continue;
                }
                sum += is;
                least = fmin(least, s->monotone * is - rising(s, f, ramps, v));
                most = fmax(most, s->monotone * is - rising(s, f, ramps, v));
            }
            cr_expect_float_eq(least, most, 5e-6, "%s, feature %d", column->name, f);
            cr_expect_float_eq(sum / n, 0.0, 5e-6, "%s, feature %d is centred", column->name, f);
        }
    }
    cr_expect_eq(number, 5);
    free(x);
    clear_bed(&t);
}

Test(monotone, a_fit_is_the_best_within_its_bounds)
{
    const double lambdas[] = {30, 1, 1e5}; // the last leaves weights that are close to their bound
    bed t = {0};
    make(&t, 1);
    const int32_t width = t.basis->features;
    double *x = read_features(&t), *g = calloc((size_t)width + 1, sizeof *g);
    double *w = calloc((size_t)width + 1, sizeof *w);
    for (int l = 0; l < 3; l++) {
        hf_ridge fit = {.weights = w};
        int32_t held = 0, open = 0;
        for (int32_t f = 0; f <= width; f++)
            w[f] = l == 0 ? 0.0 : -0.1; // outside the bounds, which is mended
        cr_assert_eq(hf_ridge_fit(&fit, t.context, &t.blocks, t.label, lambdas[l], 1e-9, NULL), HF_OK);
        cr_expect_lt(fit.newton_steps, 30);
        cr_expect(fit.settled);
        for (int32_t f = 0; f < width; f++)
            g[f] = lambdas[l] * w[f];
        g[width] = 0.0;
        for (int64_t i = 0; i < ROWS; i++) {
            double m = w[width];
            for (int32_t f = 0; f < width; f++)
                m += x[i * width + f] * w[f];
            const double rest = 1.0 / (1.0 + exp(-m)) - t.label[i];
            for (int32_t f = 0; f < width; f++)
                g[f] += rest * x[i * width + f];
            g[width] += rest;
        }
        cr_expect_float_eq(g[width], 0.0, 1e-4);
        for (int32_t k = 0; k < t.basis->count; k++)
            for (int32_t f = 0; f < t.basis->signals[k].features; f++) {
                const int32_t at = t.basis->signals[k].first + f;
                const bool bounded = f < t.bent.blocks[k].bounded;
                cr_expect(!bounded || w[at] >= 0.0);
                if (bounded && w[at] == 0.0)
                    cr_expect_geq(g[at], -1e-4, "feature %d", at);
                else
                    cr_expect_float_eq(g[at], 0.0, 1e-4, "feature %d, weight %g: %g", at, w[at], g[at]);
                held += bounded && w[at] == 0.0;
                open += bounded && w[at] > 0.0;
            }
        cr_expect(held >= 5 && open >= 5, "%d held, %d open", held, open);
    }
    free(x), free(g), free(w);
    clear_bed(&t);
}

// n less lambda times the trace of the inverse of a matrix of size + 1, by Gauss and Jordan; the last column
// is not counted.
static double trace_freedom(const double *a, int32_t size, double lambda)
{
    const int32_t n = size + 1, width = 2 * n;
    double *m = calloc((size_t)(n * width), sizeof *m), trace = 0.0;
    for (int32_t i = 0; i < n; i++) {
        memcpy(m + i * width, a + i * n, (size_t)n * sizeof *m);
        m[i * width + n + i] = 1.0;
    }
    for (int32_t i = 0; i < n; i++) {
        const double pivot = m[i * width + i];
        for (int32_t j = 0; j < width; j++)
            m[i * width + j] /= pivot;
        for (int32_t k = 0; k < n; k++) {
            const double times = m[k * width + i];
            for (int32_t j = 0; k != i && j < width; j++)
                m[k * width + j] -= times * m[i * width + j];
        }
    }
    for (int32_t i = 0; i < size; i++)
        trace += m[i * width + n + i];
    free(m);
    return size - lambda * trace;
}

// Weights that are held at their bound do not count.
Test(monotone, freedom_is_that_of_the_weights_that_are_free)
{
    const double lambda = 3.0;
    bed t = {0};
    make(&t, 1);
    const int32_t width = t.basis->features;
    double *x = read_features(&t), *w = calloc((size_t)width + 1, sizeof *w), freedom = 0.0;
    int32_t *free_one = calloc((size_t)width + 1, sizeof *free_one), n = 0;
    hf_ridge fit = {.weights = w};
    cr_assert_eq(hf_ridge_fit(&fit, t.context, &t.blocks, t.label, lambda, 1e-9, NULL), HF_OK);
    const hf_refit refit = {.context = t.context, .blocks = t.blocks, .lambda = lambda, .weights = w};
    cr_assert_eq(hf_freedom(&freedom, &refit, NULL), HF_OK);
    for (int32_t k = 0; k < t.basis->count; k++)
        for (int32_t f = 0; f < t.basis->signals[k].features; f++)
            if (f >= t.bent.blocks[k].bounded || w[t.basis->signals[k].first + f] > 0.0)
                free_one[n++] = t.basis->signals[k].first + f;
    cr_assert_lt(n, width - 5, "%d of %d are free", n, width);
    double *a = calloc((size_t)((n + 1) * (n + 1)), sizeof *a), *row = calloc((size_t)n + 1, sizeof *row);
    for (int64_t i = 0; i < ROWS; i++) {
        double m = w[width];
        for (int32_t f = 0; f < width; f++)
            m += x[i * width + f] * w[f];
        const double p = 1.0 / (1.0 + exp(-m));
        for (int32_t k = 0; k < n; k++)
            row[k] = x[i * width + free_one[k]];
        row[n] = 1.0;
        for (int32_t k = 0; k <= n; k++)
            for (int32_t j = 0; j <= n; j++)
                a[k * (n + 1) + j] += p * (1.0 - p) * row[k] * row[j];
    }
    for (int32_t k = 0; k < n; k++)
        a[k * (n + 1) + k] += lambda;
    cr_expect_float_eq(freedom, trace_freedom(a, n, lambda), 1e-4);
    free(x), free(w), free(free_one), free(a), free(row);
    clear_bed(&t);
}

Test(monotone, a_fit_of_many_tiles_does_not_depend_on_the_threads)
{
    enum { MANY = 5 * HF_BLOCK_TILE / 2 };
    const int threads[] = {1, 2, 7};
    double *first = NULL;
    int64_t *rows = malloc(MANY * sizeof *rows);
    for (int64_t i = 0; i < MANY; i++)
        rows[i] = (i * 7) % ROWS;
    for (int k = 0; k < 3; k++) {
        bed t = {0};
        make(&t, threads[k]);
        const size_t width = (size_t)t.basis->features + 1;
        double *w = calloc(width, sizeof *w);
        hf_ridge fit = {.weights = w};
        t.blocks.rows = rows;
        t.blocks.row_count = MANY;
        cr_assert_eq(hf_ridge_fit(&fit, t.context, &t.blocks, t.label, 10.0, 1e-4, NULL), HF_OK);
        if (first) cr_expect_arr_eq(w, first, width * sizeof *w, "%d threads", threads[k]);
        if (!first)
            first = w;
        else
            free(w);
        clear_bed(&t);
    }
    free(first);
    free(rows);
}

// ---- whole models -------------------------------------------------------------------------------------------

static void check_curve(const hf_term *term, const hf_basis_signal *s)
{
    enum { POINTS = 4000 };
    const double from = s->low - 0.1 * (s->high - s->low), width = 1.2 * (s->high - s->low);
    double before = hf_term_value_number(term, from), least = before, most = before;
    for (int32_t p = 1; p <= POINTS; p++) {
        const double x = from + width * p / POINTS, now = hf_term_value_number(term, x);
        cr_assert(term->monotone * (now - before) >= -1e-12 * (1.0 + most - least), "%s at %g: %g after %g",
                  term->signal, x, now, before);
        before = now;
        least = fmin(least, now);
        most = fmax(most, now);
    }
}

Test(monotone, every_curve_goes_one_way_over_its_whole_range)
{
    for (uint64_t seed = 1; seed <= 6; seed++) {
        bed t = {0};
        hf_model *model = NULL, *back = NULL;
        hf_train_options options = monotone(5);
        make(&t, 2);
        hf_random r = hf_random_seed(seed, 9);
        for (int64_t i = 0; i < ROWS && seed > 1; i++) // noise wants to go both ways
            t.label[i] = hf_random_uniform(&r) < 0.3;
        options.seed = seed;
        if (seed % 2) options.c = 10.0; // bends as freely as it may
        cr_assert_eq(hf_model_train(&model, t.context, t.frame, t.label, NULL, NULL, 0, &options, NULL),
                     HF_OK);
        cr_assert_eq(hf_model_save(model, fixture_path("m.json"), true, NULL), HF_OK);
        cr_assert_eq(hf_model_load(&back, t.context, fixture_path("m.json"), NULL), HF_OK);
        int32_t checked = 0;
        for (int32_t k = 0; k < model->term_count; k++) {
            const hf_term *term = &model->terms[k];
            const bool number = hf_monotone_of(&options, term->signal) != HF_MONOTONE_NONE;
            cr_expect_eq(term->monotone != 0, number, "%s", term->signal);
            cr_expect_eq(back->terms[k].monotone, term->monotone);
            for (int32_t a = 0; a < term->axis_count; a++)
                cr_expect_eq(hf_monotone_of(&options, term->axes[a].signal), HF_MONOTONE_NONE);
            for (int32_t s = 0; s < t.basis->count && number; s++) {
                const hf_column *column = &t.frame->columns[t.basis->signals[s].column];
                if (strcmp(column->name, term->signal) != 0) continue;
                check_curve(term, &t.basis->signals[s]);
                checked++;
            }
        }
        cr_expect_eq(checked, 5);
        hf_model_destroy(back);
        hf_model_destroy(model);
        clear_bed(&t);
    }
    fixture_clean();
}

Test(monotone, its_signals_are_in_no_surface_or_rule)
{
    const char *list[] = {"x1"};
    for (int32_t asked = 0; asked <= 1; asked++) {
        field t;
        hf_model *model = NULL;
        hf_train_options options = HF_TRAIN_OPTIONS_INIT;
        int32_t uses = 0;
        options.monotone = list;
        options.monotone_count = asked;
        make_field(&t, 5, 1.2, 0.7, 2); // x1 and x2 together
        cr_assert_eq(hf_model_train(&model, t.context, t.frame, t.label, NULL, NULL, 0, &options, NULL),
                     HF_OK);
        for (int32_t k = 0; k < model->term_count; k++)
            for (int32_t a = 0; a < model->terms[k].axis_count; a++)
                uses += strcmp(model->terms[k].axes[a].signal, "x1") == 0;
        cr_expect_eq(uses > 0, asked == 0);
        hf_model_destroy(model);
        clear_field(&t);
    }
}

// ---- what is refused ----------------------------------------------------------------------------------------

static void expect_refused(const char *a, const char *b, bool plain, const char *says)
{
    bed t = {0};
    hf_model *model = NULL;
    hf_error error = {0};
    const char *list[] = {a, b};
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    make(&t, 1);
    options.monotone = list;
    options.monotone_count = b ? 2 : 1;
    options.plain = plain;
    cr_expect_eq(hf_model_train(&model, t.context, t.frame, t.label, NULL, NULL, 0, &options, &error),
                 HF_ERROR_USAGE);
    cr_expect_null(model);
    cr_expect(strstr(error.message, says), "'%s' does not say '%s'", error.message, says);
    clear_bed(&t);
}

Test(monotone, what_cannot_be_is_refused)
{
    expect_refused("usage", NULL, false, "no column 'usage'");
    expect_refused("use:sideways", NULL, false, "no column 'use:sideways'");
    expect_refused(":up", NULL, false, "no column ':up'");
    expect_refused("plan:up", NULL, false, "categories");
    expect_refused("signup", NULL, false, "dates");
    expect_refused("use:up", "use", false, "twice");
    expect_refused("use", NULL, true, "--plain");
}

Test(monotone, a_file_that_says_so_and_is_not_is_damaged)
{
    bed t = {0};
    hf_train_options options = monotone(1);
    hf_model *model = NULL;
    make(&t, 1);
    options.c = 1.0;
    cr_assert_eq(hf_model_train(&model, t.context, t.frame, t.label, NULL, NULL, 0, &options, NULL), HF_OK);
    json_t *json = hf_term_to_json(&model->terms[0]);
    hf_term term;
    hf_error error = {0};
    cr_assert_eq(hf_term_from_json(&term, t.context, json, "m.json", NULL), HF_OK);
    cr_expect_eq(term.monotone, 1);
    hf_term_free(t.context, &term);
    json_t *curve = json_object_get(json, "curve");
    const double slope = json_number_value(json_object_get(curve, "slope"));
    json_object_set_new(curve, "slope", json_real(slope - 10.0));
    cr_expect_eq(hf_term_from_json(&term, t.context, json, "m.json", &error), HF_ERROR_DAMAGED);
    cr_expect(strstr(error.message, "only rises"), "%s", error.message);
    json_object_set_new(curve, "slope", json_real(slope));
    json_object_set_new(json, "monotone", json_string("sideways"));
    cr_expect_eq(hf_term_from_json(&term, t.context, json, "m.json", &error), HF_ERROR_DAMAGED);
    json_decref(json);
    hf_model_destroy(model);
    clear_bed(&t);
}
