// SPDX-License-Identifier: Apache-2.0
//
// Training from end to end: threads, other rows, few events, what is asked for, memory that runs out,
// interruption.
#include "churn/final_fit.h"
#include "planted_field.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double sigmoid(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

static int32_t terms_of(const hf_model *model, hf_term_kind kind)
{
    int32_t n = 0;
    for (int32_t k = 0; k < model->term_count; k++)
        n += model->terms[k].kind == kind;
    return n;
}

// A model file at 1, 2 and 7 threads; what: 0 surfaces, 1 everything there is, of fewer rows.
static void check_threads(int what)
{
    static const char *const one_way[] = {"x0:up", "x3"};
    const int threads[] = {1, 2, 7};
    char *first = NULL;
    size_t first_length = 0;
    for (int k = 0; k < 3; k++) {
        field t;
        hf_model *model = NULL;
        size_t length;
        hf_train_options options = HF_TRAIN_OPTIONS_INIT;
        options.bootstrap = 4;
        make_field(&t, 5, what == 0 ? 0.8 : 2.0, 0.7, threads[k]);
        if (what == 0) {
            options.rules = 0;
        } else {
            options.monotone = one_way;
            options.monotone_count = 2;
            options.subsample = 1.0;
            options.splits = 2;
        }
        cr_assert_eq(hf_model_train(&model, t.context, t.frame, t.label, NULL, t.rows, what == 0 ? WIDE : 800,
                                    &options, NULL),
                     HF_OK);
        cr_expect_geq(terms_of(model, HF_TERM_SURFACE) + terms_of(model, HF_TERM_RULE), 1,
                      "the planted pair is kept");
        cr_assert_eq(hf_model_save(model, fixture_path("model.json"), true, NULL), HF_OK);
        char *text = fixture_read(fixture_path("model.json"), &length);
        if (first) {
            cr_assert_eq(length, first_length);
            cr_assert_arr_eq(text, first, length, "%d threads", threads[k]);
            free(text);
        } else {
            first = text;
            first_length = length;
        }
        hf_model_destroy(model);
        clear_field(&t);
    }
    free(first);
    fixture_clean();
}

Test(terms_train, threads_change_no_byte)
{
    check_threads(0);
}

Test(terms_train, threads_change_no_byte_with_rules_monotone_curves_and_a_subsample)
{
    check_threads(1);
}

Test(terms_train, rows_outside_the_selection_do_not_count)
{
    field t;
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.rules = 0;
    make_field(&t, 6, 0.8, 0.7, 2);
    int64_t rows[WIDE / 2];
    uint8_t label[WIDE / 2];
    hf_frame *half = NULL;
    hf_model *a = NULL, *b = NULL;
    size_t one, other;
    for (int64_t i = 0; i < WIDE / 2; i++) {
        rows[i] = 2 * i + 1;
        label[i] = t.label[2 * i + 1];
    }
    cr_assert_eq(hf_frame_select(&half, t.frame, rows, WIDE / 2, NULL), HF_OK);
    cr_assert_eq(hf_model_train(&a, t.context, t.frame, t.label, NULL, rows, WIDE / 2, &options, NULL),
                 HF_OK);
    cr_assert_eq(hf_model_train(&b, t.context, half, label, NULL, NULL, 0, &options, NULL), HF_OK);
    cr_assert_eq(hf_model_save(a, fixture_path("a.json"), true, NULL), HF_OK);
    cr_assert_eq(hf_model_save(b, fixture_path("b.json"), true, NULL), HF_OK);
    char *x = fixture_read(fixture_path("a.json"), &one), *y = fixture_read(fixture_path("b.json"), &other);
    cr_assert_eq(one, other);
    cr_assert_arr_eq(x, y, one);
    free(x), free(y);
    hf_model_destroy(a);
    hf_model_destroy(b);
    hf_frame_destroy(half);
    clear_field(&t);
    fixture_clean();
}

Test(terms_train, few_events_get_curves_only)
{
    field t;
    hf_model *model = NULL;
    make_field(&t, 5, 2.0, 0.7, 1);
    int64_t rows[WIDE], n = 0, events = 0;
    for (int64_t i = 0; i < WIDE; i++)
        if (!t.label[i] || events++ < 199) rows[n++] = i;
    cr_assert_eq(hf_model_train(&model, t.context, t.frame, t.label, NULL, rows, n, NULL, NULL), HF_OK);
    cr_assert_eq(hf_model_events(model), 199);
    cr_expect_eq(terms_of(model, HF_TERM_CURVE), SIGNALS);
    cr_expect_eq(model->term_count, SIGNALS);
    hf_model_destroy(model);
    clear_field(&t);
}

Test(terms_train, no_more_surfaces_than_asked_for)
{
    field t;
    make_field(&t, 5, 1.2, 0.7, 1);
    // Four more pairs that pay: labels flip where an even number of three signs differ.
    const double *x1 = t.frame->columns[1].values, *x3 = t.frame->columns[3].values,
                 *x4 = t.frame->columns[4].values, *x5 = t.frame->columns[5].values;
    hf_random r = hf_random_seed(77, 0);
    for (int64_t i = 0; i < WIDE; i++) {
        const double z =
            (x1[i] * x3[i] > 0) + (x3[i] * x4[i] > 0) + (x4[i] * x5[i] > 0) + (x5[i] * x1[i] > 0);
        t.label[i] = hf_random_uniform(&r) < sigmoid(1.6 * z - 3.2);
    }
    for (int32_t asked = 0; asked <= 2; asked++) {
        hf_train_options options = HF_TRAIN_OPTIONS_INIT;
        hf_model *model = NULL;
        options.pairs = asked;
        options.rules = 0;
        cr_assert_eq(hf_model_train(&model, t.context, t.frame, t.label, NULL, NULL, 0, &options, NULL),
                     HF_OK);
        cr_expect_eq(terms_of(model, HF_TERM_SURFACE), asked, "%d of %d", terms_of(model, HF_TERM_SURFACE),
                     asked);
        hf_model_destroy(model);
    }
    clear_field(&t);
}

Test(terms_train, a_given_c_is_kept_and_no_search_is_claimed)
{
    field t;
    hf_model *model = NULL;
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.c = 1.0 / 49.0; // whose inverse's inverse is another number
    make_field(&t, 5, 0.0, 0.7, 1);
    cr_assert_eq(hf_model_train(&model, t.context, t.frame, t.label, NULL, NULL, 0, &options, NULL), HF_OK);
    cr_expect_eq(hf_model_c(model), options.c);
    cr_expect_null(json_object_get(json_object_get(model->record, "fit"), "grid"));
    hf_model_destroy(model);
    clear_field(&t);
}

Test(terms_train, folds_that_leave_one_class_are_not_used)
{
    field t;
    hf_model *model = NULL, *dealt = NULL;
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    static int32_t fold[WIDE];
    make_field(&t, 5, 0.0, 0.7, 1);
    options.pairs = options.rules = 0;
    cr_assert_eq(hf_model_train(&dealt, t.context, t.frame, t.label, NULL, NULL, 0, &options, NULL), HF_OK);
    for (int64_t i = 0; i < WIDE; i++)
        fold[i] = t.label[i] ? 900 : -4;
    options.fold = fold;
    cr_assert_eq(hf_model_train(&model, t.context, t.frame, t.label, NULL, NULL, 0, &options, NULL), HF_OK);
    cr_expect_eq(model->intercept, dealt->intercept);
    hf_model_destroy(model);
    hf_model_destroy(dealt);
    clear_field(&t);
}

// ---- failing ------------------------------------------------------------------------------------------------

// Curves, surfaces and rules at given choices, so that every allocation can be made to fail in turn.
static hf_status final_fit(hf_final_fit *fit, const field *t, hf_error *error)
{
    const hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    const hf_training training = {.context = t->context,
                                  .frame = t->frame,
                                  .options = &options,
                                  .count = 300,
                                  .rows = (int64_t *)t->rows,
                                  .label = (uint8_t *)t->label};
    const hf_choices choices = {
        .tau = 0.7, .lambda = 30, .joint = {.pairs = 3, .cell_penalty = 10}, .rules = {.step = 6}};
    return hf_final_fit_create(fit, &training, &choices, error);
}

Test(terms_train, memory_may_run_out_anywhere_in_the_final_fit)
{
    field t;
    make_field(&t, 5, 1.5, 0.7, 1);
    hf_final_fit fit = {0};
    hf_term *terms = NULL;
    int32_t count = -1, kinds[4] = {0};
    hf_status status = HF_ERROR_MEMORY;
    for (int64_t k = 0; status != HF_OK && k < 1000; k++) {
        t.f.countdown = k;
        status = final_fit(&fit, &t, NULL);
        t.f.countdown = -1;
        cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && !fit.context), "allocation %d", (int)k);
    }
    cr_assert_eq(status, HF_OK);
    status = HF_ERROR_MEMORY;
    for (int64_t k = 0; status != HF_OK && k < 10000; k++) {
        hf_error error = {0};
        t.f.countdown = k;
        status = hf_final_fit_terms(&terms, &count, &fit, &error);
        t.f.countdown = -1;
        if (status == HF_OK) break;
        cr_assert_eq(status, HF_ERROR_MEMORY, "allocation %d: %s", (int)k, error.message);
        cr_assert_eq(error.status, HF_ERROR_MEMORY);
        cr_assert(terms == NULL && count == -1, "allocation %d: outputs untouched", (int)k);
    }
    cr_assert_eq(status, HF_OK);
    for (int32_t i = 0; i < count; i++) {
        kinds[terms[i].kind]++;
        hf_term_free(t.context, &terms[i]);
    }
    hf_delete(t.context, terms);
    cr_expect(kinds[HF_TERM_CURVE] > 0 && kinds[HF_TERM_SURFACE] > 0 && kinds[HF_TERM_RULE] > 0,
              "the sweep went through %d curves, %d surfaces, %d rules", kinds[0], kinds[2], kinds[3]);
    hf_final_fit_free(&fit);
    clear_field(&t);
}

static hf_status train_part(hf_model **model, const field *t, hf_error *error)
{
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.bootstrap = 2;
    return hf_model_train(model, t->context, t->frame, t->label, NULL, t->rows, 520, &options, error);
}

// Of the many allocations of a whole training every one of the first, then ever fewer, fail.
Test(terms_train, memory_may_run_out_anywhere_in_training)
{
    field t;
    make_field(&t, 5, 1.5, 0.7, 2);
    hf_status status = HF_ERROR_MEMORY;
    hf_model *model = NULL;
    int64_t k = 0, runs = 0;
    for (; status != HF_OK && k < 100000; k += 1 + k / 4, runs++) {
        hf_error error = {0};
        t.f.countdown = k;
        status = train_part(&model, &t, &error);
        t.f.countdown = -1;
        if (status == HF_OK) break;
        cr_assert_eq(status, HF_ERROR_MEMORY, "allocation %d: %s", (int)k, error.message);
        cr_assert_null(model);
    }
    cr_assert_eq(status, HF_OK);
    cr_expect_gt(runs, 15);
    cr_expect_gt(terms_of(model, HF_TERM_SURFACE), 0);
    hf_model_destroy(model);
    clear_field(&t);
}

static int64_t asked, stop_at;

static bool stop_late(void *user)
{
    (void)user;
    return asked++ >= stop_at;
}

// Interrupted at each of the first questions, and at later ones in growing strides.
Test(terms_train, training_can_be_interrupted_anywhere)
{
    field t;
    make_field(&t, 5, 1.5, 0.7, 1);
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    hf_context *context = NULL, *kept = t.context;
    options.threads = 2;
    options.cancel = stop_late;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    t.context = context;
    hf_status status = HF_ERROR_CANCELLED;
    hf_model *model = NULL;
    int runs = 0;
    for (stop_at = 0; status != HF_OK; stop_at += 1 + stop_at / 2, runs++) {
        hf_error error = {0};
        asked = 0;
        status = train_part(&model, &t, &error);
        if (status == HF_OK) break;
        cr_assert_eq(status, HF_ERROR_CANCELLED, "question %d: %s", (int)stop_at, error.message);
        cr_assert_eq(error.status, HF_ERROR_CANCELLED);
        cr_assert_null(model);
    }
    cr_expect_gt(runs, 6);
    hf_model_destroy(model);
    t.context = kept;
    hf_context_destroy(context);
    clear_field(&t);
}
