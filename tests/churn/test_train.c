// SPDX-License-Identifier: Apache-2.0
//
// The fit: the gradient of the penalised likelihood, liblinear's own library and command on the same design,
// a planted logistic, the intercept, terms against w.x, and what must not matter (threads, the order of
// rows).
#include "churn/inner_folds.h"
#include "churn/intercept.h"
#include "churn/liblinear_fit.h"
#include "churn_fixture.h"

#include <criterion/criterion.h>
#include <linear.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 3000 };

typedef struct {
    fixture f;
    hf_context *context;
    hf_frame *frame;
    uint8_t label[ROWS];
    hf_model *model;
    hf_fit_record record;
    double *x; // dense design, features + 1 a row
} fitted;

static void fit(fitted *t, const hf_train_options *options)
{
    hf_error error = {0};
    char path[128];
    snprintf(path, sizeof path, "%s", fixture_path("design.txt"));
    t->context = fixture_context(&t->f, 2);
    t->frame = fixture_mixed(t->context, ROWS, 11, t->label);
    cr_assert_eq(hf_model_train_recorded(&t->model, &t->record, path, t->context, t->frame, t->label, NULL,
                                         NULL, 0, options, &error),
                 HF_OK, "%s", error.message);
    t->x = fixture_read_design(path, ROWS, t->record.features, t->record.bias);
}

static void unfit(fitted *t)
{
    hf_model_destroy(t->model);
    hf_delete(t->context, t->record.weights);
    hf_frame_destroy(t->frame);
    hf_context_destroy(t->context);
    free(t->x);
    fixture_clean();
}

static double margin(const fitted *t, const double *w, int64_t row, int32_t features)
{
    double sum = 0.0;
    for (int32_t j = 0; j < features; j++)
        sum += t->x[row * (t->record.features + 1) + j] * w[j];
    return sum;
}

static double sigmoid(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

// The dense design as liblinear's rows; free nodes[0] and the array itself.
static struct feature_node **sparse(const fitted *t)
{
    int n = t->record.features + 1;
    struct feature_node *node = calloc(ROWS * (size_t)(n + 1), sizeof *node), **x = calloc(ROWS, sizeof *x);
    for (int64_t i = 0; i < ROWS; i++) {
        x[i] = node;
        for (int j = 0; j < n; j++)
            if (t->x[i * n + j] != 0) *node++ = (struct feature_node){j + 1, t->x[i * n + j]};
        *node++ = (struct feature_node){-1, 0};
    }
    return x;
}

// |g| at the fit, g of |w|^2/2 + C sum of losses, for some C and for the chosen one.
Test(train, gradient_vanishes)
{
    double cs[] = {0.0, 0.01, 0.1, 10.0};
    for (size_t k = 0; k < 4; k++) {
        fitted t = {0};
        hf_train_options options = HF_TRAIN_OPTIONS_INIT;
        options.plain = true;
        options.c = cs[k];
        fit(&t, &options);
        int32_t features = t.record.features + 1;
        double *g = calloc((size_t)features, sizeof *g), curvature = 0.0;
        for (int32_t j = 0; j < features; j++)
            g[j] = t.record.weights[j];
        for (int64_t i = 0; i < ROWS; i++) {
            double p = sigmoid(margin(&t, t.record.weights, i, features));
            curvature += t.record.c * p * (1 - p);
            for (int32_t j = 0; j < features; j++)
                g[j] += t.record.c * (p - t.label[i]) * t.x[i * features + j];
        }
        // A gradient g on a weight means it is off by about g over its curvature, which is at least 1.
        for (int32_t j = 0; j < features - 1; j++)
            cr_expect_lt(fabs(g[j]), 2e-5, "C %g: gradient %g of feature %d", t.record.c, g[j], j + 1);
        cr_expect_lt(fabs(g[features - 1]) / t.record.bias / curvature, 1e-5);
        free(g);
        unfit(&t);
    }
}

Test(train, weights_are_liblinears_own)
{
    fitted t = {0};
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    fit(&t, &options);
    int n = t.record.features + 1;
    struct feature_node **x = sparse(&t);
    double y[ROWS];
    for (int64_t i = 0; i < ROWS; i++)
        y[i] = t.label[i] ? 1 : -1;
    struct problem problem = {.l = ROWS, .n = n, .y = y, .x = x, .bias = t.record.bias};
    struct parameter parameter = {.solver_type = L2R_LR, .C = t.record.c, .eps = t.record.eps};
    struct model *own = train(&problem, &parameter);
    for (int j = 0; j < n; j++)
        cr_expect_float_eq(own->w[j], t.record.weights[j], 1e-6, "feature %d: %.17g, %.17g", j + 1, own->w[j],
                           t.record.weights[j]);
    free_and_destroy_model(&own);
    free(x[0]);
    free(x);
    unfit(&t);
}

// What its versions print where their steps are up, and what they print otherwise.
Test(train, a_limit_of_steps_is_heard)
{
    cr_expect(
        hf_liblinear_gives_up("iter 1000 act 1.2e-05 pre 1.1e-05 delta 3e+00 f 1e+03 |g| 2e-02 CG   5\n"));
    cr_expect(hf_liblinear_gives_up("\nWARNING: reaching max number of Newton iterations\n"));
    cr_expect_not(hf_liblinear_gives_up("iter 999 act 1.2e-05 pre 1.1e-05 delta 3e+00 f 1e+03 |g| 2e-02\n"));
    cr_expect_not(hf_liblinear_gives_up("WARNING: actred and prered too small\n"));
    cr_expect_not(hf_liblinear_gives_up("WARNING: reaching maximal number of CG steps\n"));
    cr_expect_not(hf_liblinear_gives_up(""));
}

Test(train, weights_are_those_of_the_command)
{
    if (system("command -v liblinear-train >/dev/null 2>&1") != 0)
        cr_skip_test("SKIPPED: liblinear-train is not installed (package liblinear-tools)");
    fitted t = {0};
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    fit(&t, &options);
    char design[128], model[128], command[512], line[256];
    snprintf(design, sizeof design, "%s", fixture_path("design.txt"));
    snprintf(model, sizeof model, "%s", fixture_path("liblinear.model"));
    snprintf(command, sizeof command, "liblinear-train -q -s 0 -c %.17g -B %.17g -e %.17g %s %s", t.record.c,
             t.record.bias, t.record.eps, design, model);
    cr_assert_eq(system(command), 0, "%s", command);
    FILE *file = fopen(model, "r");
    bool positive_first = false;
    while (fgets(line, sizeof line, file) && strncmp(line, "w", 1) != 0)
        if (strncmp(line, "label 1 -1", 10) == 0) positive_first = true;
    cr_assert(positive_first);
    for (int32_t j = 0; j <= t.record.features; j++) {
        cr_assert(fgets(line, sizeof line, file));
        cr_expect_float_eq(strtod(line, NULL), t.record.weights[j], 1e-6, "feature %d", j + 1);
    }
    fclose(file);
    unfit(&t);
}

// The recorded path against folds fitted afresh, one after the other, from nothing.
Test(train, path_is_cross_validated_log_loss)
{
    enum { FOLDS = 4 };
    fitted t = {0};
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    options.folds = FOLDS;
    options.seed = 99;
    fit(&t, &options);
    static int32_t fold[ROWS];
    static int64_t rows[ROWS];
    for (int64_t i = 0; i < ROWS; i++)
        rows[i] = i;
    cr_assert_eq(hf_inner_folds(fold, t.context, t.frame, rows, ROWS, t.label, NULL, FOLDS, 1.0, 99, NULL),
                 HF_OK);
    struct feature_node **x = sparse(&t), *part[ROWS];
    json_t *fit_record = json_object_get(t.model->record, "fit"), *path = json_object_get(fit_record, "path");
    cr_assert_geq(json_array_size(path), 4);
    cr_assert_eq(json_integer_value(json_object_get(fit_record, "path_rows")), ROWS);
    double best = INFINITY, best_c = 0, last_c = 0;
    int since = 0;
    for (size_t step = 0; step < json_array_size(path); step++) {
        const json_t *entry = json_array_get(path, step);
        double c = json_number_value(json_object_get(entry, "c")), total = 0, means[FOLDS], mean = 0,
               spread = 0;
        double recorded = json_number_value(json_object_get(entry, "log_loss"));
        for (int k = 0; k < FOLDS; k++) {
            double y[ROWS], loss = 0;
            int l = 0, tested = 0;
            for (int i = 0; i < ROWS; i++)
                if (fold[i] != k) {
                    part[l] = x[i];
                    y[l++] = t.label[i] ? 1 : -1;
                }
            struct problem problem = {
                .l = l, .n = t.record.features + 1, .y = y, .x = part, .bias = t.record.bias};
            struct parameter parameter = {.solver_type = L2R_LR, .C = c, .eps = 1e-8};
            struct model *model = train(&problem, &parameter);
            for (int i = 0; i < ROWS; i++)
                if (fold[i] == k) {
                    double p = sigmoid(margin(&t, model->w, i, t.record.features + 1));
                    loss -= log(t.label[i] ? p : 1 - p);
                    tested++;
                }
            free_and_destroy_model(&model);
            total += loss;
            means[k] = loss / tested;
            mean += means[k] / FOLDS;
        }
        for (int k = 0; k < FOLDS; k++)
            spread += (means[k] - mean) * (means[k] - mean);
        cr_expect_float_eq(recorded, total / ROWS, 2e-5, "C %g", c);
        cr_expect_float_eq(json_number_value(json_object_get(entry, "standard_error")),
                           sqrt(spread / (FOLDS - 1) / FOLDS), 1e-4);
        cr_assert_gt(c, last_c);
        last_c = c;
        cr_assert_lt(since, 2, "the walk ends after two steps that did not pay");
        if (recorded < best * (1 - 2e-4)) {
            best = recorded;
            best_c = c;
            since = 0;
        } else {
            since++;
        }
    }
    cr_assert_eq(hf_model_c(t.model), best_c);
    free(x[0]);
    free(x);
    unfit(&t);
}

Test(train, terms_are_the_design_times_the_weights)
{
    fitted t = {0};
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    fit(&t, &options);
    double sum = 0.0, log_odds = 0.0;
    cr_assert_eq(t.model->intercept, t.record.intercept);
    for (int64_t i = 0; i < ROWS; i++) {
        double z = fixture_log_odds(t.model, t.frame, i);
        cr_assert_float_eq(z, t.record.intercept + margin(&t, t.record.weights, i, t.record.features), 1e-12);
        sum += sigmoid(z);
        log_odds += z;
    }
    int64_t events = 0;
    for (int64_t i = 0; i < ROWS; i++)
        events += t.label[i];
    cr_assert_eq(hf_model_rows(t.model), ROWS);
    cr_assert_eq(hf_model_events(t.model), events);
    cr_assert_float_eq(sum / ROWS, (double)events / ROWS, 1e-12, "the mean probability is the base rate");
    cr_assert_float_eq(hf_model_base(t.model), log_odds / ROWS, 1e-11, "references are training means");
    // liblinear's shrunk intercept was already within a trifle.
    cr_assert_float_eq(t.record.intercept, t.record.weights[t.record.features] * t.record.bias, 1e-3);
    unfit(&t);
}

Test(train, recovers_a_planted_logistic)
{
    enum { N = 20000, P = 4 };
    static const double truth[P + 1] = {-1.5, 0.8, -0.5, 0.25, 0.0};
    fixture f;
    hf_context *context = fixture_context(&f, 2);
    hf_frame *frame = fixture_frame(context, N);
    hf_random r = hf_random_seed(5, 1);
    static double x[P][N];
    static uint8_t label[N];
    for (int i = 0; i < N; i++) {
        double z = truth[0];
        for (int j = 0; j < P; j++) {
            x[j][i] = j == 2 ? (double)hf_random_below(&r, 2) : (double)(float)(3 * j + hf_random_normal(&r));
            z += truth[j + 1] * x[j][i];
        }
        label[i] = hf_random_uniform(&r) < sigmoid(z);
    }
    const char *names[] = {"a", "b", "c", "d"};
    for (int j = 0; j < P; j++)
        fixture_number(frame, names[j], HF_STORAGE_F32, x[j]);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    options.c = 100;
    hf_model *model = NULL;
    cr_assert_eq(hf_model_train(&model, context, frame, label, NULL, NULL, 0, &options, NULL), HF_OK);
    // Standard errors from the inverse of X'WX, by elimination.
    double h[P + 1][2 * P + 2] = {0};
    for (int i = 0; i < N; i++) {
        double row[P + 1] = {1, x[0][i], x[1][i], x[2][i], x[3][i]},
                       p = sigmoid(fixture_log_odds(model, frame, i));
        for (int a = 0; a <= P; a++)
            for (int b = 0; b <= P; b++)
                h[a][b] += p * (1 - p) * row[a] * row[b];
    }
    for (int a = 0; a <= P; a++)
        h[a][P + 1 + a] = 1;
    for (int a = 0; a <= P; a++)
        for (int b = 0; b <= P; b++) {
            double factor = b == a ? 0 : h[b][a] / h[a][a];
            for (int c = 0; c < 2 * P + 2; c++)
                h[b][c] -= factor * h[a][c];
        }
    double intercept = model->intercept;
    for (int j = 0; j < P; j++) {
        const hf_term *term = &model->terms[j];
        double error = sqrt(h[j + 1][P + 1 + j + 1] / h[j + 1][j + 1]);
        cr_expect_lt(fabs(term->curve.slope - truth[j + 1]), 3.5 * error, "%s: %g, error %g", names[j],
                     term->curve.slope, error);
        cr_expect_lt(error, 0.1);
        intercept -= term->curve.slope * term->curve.origin;
    }
    cr_expect_lt(fabs(intercept - truth[0]), 3.5 * sqrt(h[0][P + 1] / h[0][0]));
    hf_model_destroy(model);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

Test(train, threads_change_no_byte)
{
    char *first = NULL;
    size_t first_length = 0;
    int threads[] = {1, 2, 7, 2};
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.bootstrap = 4;
    for (int k = 0; k < 4; k++) {
        fixture f;
        static uint8_t label[ROWS];
        hf_context *context = fixture_context(&f, threads[k]);
        hf_frame *frame = fixture_mixed(context, ROWS, 3, label);
        hf_model *model = NULL;
        cr_assert_eq(hf_model_train(&model, context, frame, label, NULL, NULL, 0, &options, NULL), HF_OK);
        cr_assert_eq(hf_model_save(model, fixture_path("model.json"), true, NULL), HF_OK);
        size_t length;
        char *text = fixture_read(fixture_path("model.json"), &length);
        if (!first) {
            first = text;
            first_length = length;
        } else {
            cr_assert_eq(length, first_length);
            cr_assert_arr_eq(text, first, length);
            free(text);
        }
        hf_model_destroy(model);
        hf_frame_destroy(frame);
        hf_context_destroy(context);
    }
    free(first);
    fixture_clean();
}

// The same accounts in another order: folds go by id, so C is the same, and the rest but rounding.
Test(train, order_of_rows_does_not_matter)
{
    fitted t = {0};
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    options.level_rows = 50;
    fit(&t, &options);
    int64_t rows[ROWS], cluster[ROWS];
    hf_random r = hf_random_seed(9, 9);
    for (int64_t i = 0; i < ROWS; i++) {
        rows[i] = i;
        cluster[i] = 7 * i % ROWS; // another numbering of the same clusters of one
    }
    for (int64_t i = ROWS - 1; i > 0; i--) {
        int64_t j = (int64_t)hf_random_below(&r, (uint64_t)i + 1), other = rows[i];
        rows[i] = rows[j];
        rows[j] = other;
    }
    hf_model *model = NULL;
    cr_assert_eq(hf_model_train(&model, t.context, t.frame, t.label, cluster, rows, ROWS, &options, NULL),
                 HF_OK);
    cr_assert_eq(hf_model_c(model), hf_model_c(t.model));
    cr_assert_float_eq(model->intercept, t.model->intercept, 1e-6);
    cr_assert_eq(model->term_count, t.model->term_count);
    for (int32_t k = 0; k < model->term_count; k++) {
        const hf_term *a = &model->terms[k], *b = &t.model->terms[k];
        cr_assert_str_eq(a->signal, b->signal);
        cr_assert_float_eq(a->missing, b->missing, 1e-6);
        if (a->kind == HF_TERM_CURVE)
            cr_assert_float_eq(a->curve.slope * a->deviation, b->curve.slope * b->deviation, 1e-6);
        else
            for (int32_t l = 0; l < a->table.levels.count; l++)
                cr_assert_float_eq(a->table.values[l], b->table.values[l], 1e-6);
    }
    hf_model_destroy(model);
    unfit(&t);
}

// Training on part of a frame is training on that part alone.
Test(train, rows_outside_the_selection_do_not_count)
{
    fitted t = {0};
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    fit(&t, &options);
    int64_t rows[ROWS / 2];
    uint8_t label[ROWS / 2];
    for (int64_t i = 0; i < ROWS / 2; i++) {
        rows[i] = 2 * i;
        label[i] = t.label[2 * i];
    }
    hf_frame *half = NULL;
    hf_model *a = NULL, *b = NULL;
    cr_assert_eq(hf_frame_select(&half, t.frame, rows, ROWS / 2, NULL), HF_OK);
    cr_assert_eq(hf_model_train(&a, t.context, t.frame, t.label, NULL, rows, ROWS / 2, &options, NULL),
                 HF_OK);
    cr_assert_eq(hf_model_train(&b, t.context, half, label, NULL, NULL, 0, &options, NULL), HF_OK);
    cr_assert_eq(a->intercept, b->intercept);
    for (int64_t i = 0; i < ROWS; i++)
        cr_assert_eq(fixture_log_odds(a, t.frame, i), fixture_log_odds(b, t.frame, i));
    hf_model_destroy(a);
    hf_model_destroy(b);
    hf_frame_destroy(half);
    unfit(&t);
}

Test(train, intercept_matches_the_rate_whatever_the_margins)
{
    hf_random r = hf_random_seed(1, 2);
    double scales[] = {0.0, 1e-3, 1.0, 30.0, 500.0};
    for (int s = 0; s < 5; s++)
        for (int64_t events = 1; events < 200; events += 33) {
            double m[200], sum = 0.0;
            for (int i = 0; i < 200; i++)
                m[i] = 100 * s + scales[s] * hf_random_normal(&r);
            double b = hf_intercept_fit(m, 200, events);
            for (int i = 0; i < 200; i++)
                sum += sigmoid(m[i] + b);
            // Where margins lie far apart every sum near `events` has a wide flat b; where not, it is exact.
            cr_expect_float_eq(sum / 200, (double)events / 200, 1e-12, "scale %g, events %d: %.17g",
                               scales[s], (int)events, sum);
        }
}
