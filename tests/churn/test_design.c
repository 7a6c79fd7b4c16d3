// SPDX-License-Identifier: Apache-2.0
//
// How signals become features and terms: rare levels, missing cells, constants; the folds; and what training
// refuses, says and survives.
#include "churn/design.h"
#include "churn/inner_folds.h"
#include "churn_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const hf_term *term_of(const hf_model *model, const char *signal)
{
    for (int32_t t = 0; t < hf_model_terms(model); t++)
        if (strcmp(hf_model_signal(model, t), signal) == 0) return &model->terms[t];
    return NULL;
}

// ---- features --------------------------------------------------------------------------------------------

Test(design, numbers_are_standardised_by_the_population_deviation)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    hf_frame *frame = fixture_frame(context, 6);
    fixture_number(frame, "x", HF_STORAGE_F64, (double[]){1, 2, NAN, 3, 6, NAN});
    fixture_number(frame, "y", HF_STORAGE_F64, (double[]){5, 5, 5, NAN, 5, NAN});
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    options.missing_rows = 2;
    hf_design *design = NULL;
    int64_t rows[] = {0, 1, 2, 3, 4, 5};
    int32_t index[2];
    double value[2];
    cr_assert_eq(hf_design_create(&design, context, frame, rows, 6, &options, NULL), HF_OK);
    cr_assert_eq(design->count, 2);
    cr_assert_eq(design->features, 3, "x, x missing, y missing: y has one value only");
    double deviation = sqrt((4 + 1 + 0 + 9) / 4.0);
    cr_assert_float_eq(design->signals[0].mean, 3, 1e-15);
    cr_assert_float_eq(design->signals[0].deviation, deviation, 1e-15);
    cr_assert_eq(hf_design_row(design, 4, index, value), 1);
    cr_assert(index[0] == 1 && fabs(value[0] - 3 / deviation) < 1e-15);
    cr_assert_eq(hf_design_row(design, 5, index, value), 2);
    cr_assert(index[0] == 2 && index[1] == 3 && value[0] == 1 && value[1] == 1);
    cr_assert_eq(hf_design_row(design, 3, index, value), 1, "the mean itself is zero and takes no place");
    cr_assert_eq(index[0], 3);
    hf_design_destroy(design);

    options.missing_rows = 3; // now a missing x counts as the mean and y is useless
    cr_assert_eq(hf_design_create(&design, context, frame, rows, 6, &options, NULL), HF_OK);
    cr_assert_eq(design->features, 1);
    cr_assert_eq(hf_design_row(design, 2, index, value), 0);
    cr_assert(strstr(f.log, "y (one value in every row)"), "%s", f.log);
    hf_design_destroy(design);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

Test(design, hostile_numbers)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    hf_frame *frame = fixture_frame(context, 4);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    hf_design *design = NULL;
    hf_error error = {0};
    int64_t rows[] = {0, 1, 2, 3};
    int32_t index[8];
    double value[8];
    fixture_number(frame, "tenth", HF_STORAGE_F64, (double[]){0.1, 0.1, 0.1, 0.1});
    fixture_number(frame, "huge", HF_STORAGE_F64, (double[]){1e149, -1e149, 1e149, -1e149});
    fixture_number(frame, "tiny", HF_STORAGE_F64, (double[]){1e-140, 2e-140, 3e-140, 4e-140});
    fixture_number(frame, "subnormal", HF_STORAGE_F64, (double[]){5e-324, 1e-323, 0, 0});
    fixture_number(frame, "offset", HF_STORAGE_F64, (double[]){1e15, 1e15 + 1, 1e15 + 2, 1e15 + 3});
    cr_assert_eq(hf_design_create(&design, context, frame, rows, 4, &options, NULL), HF_OK);
    cr_assert_eq(design->count, 3, "%s", f.log);
    for (int64_t i = 0; i < 4; i++) {
        int32_t n = hf_design_row(design, i, index, value);
        cr_assert_eq(n, 3);
        for (int32_t k = 0; k < n; k++)
            cr_assert(fabs(value[k]) <= 2, "%g", value[k]);
    }
    cr_assert_float_eq(value[2], 3 / sqrt(5), 1e-12, "(3 - 1.5) / sqrt(1.25)");
    hf_design_destroy(design);
    fixture_number(frame, "infinite", HF_STORAGE_F64, (double[]){0, 1, INFINITY, 2});
    design = NULL;
    cr_assert_eq(hf_design_create(&design, context, frame, rows, 4, &options, &error), HF_ERROR_DATA);
    cr_assert(strstr(error.message, "column 'infinite', row 2"), "%s", error.message);
    cr_assert_null(design);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

// ---- terms -----------------------------------------------------------------------------------------------

enum { ROWS = 600 };

// Category columns of every sort, and labels that go with the first.
static hf_frame *categories(const hf_context *context, uint8_t *label)
{
    static const char *const levels[] = {"a", "b", "c", "d", "e"};
    static int32_t rare[ROWS], few_missing[ROWS], many_missing[ROWS], single[ROWS], clean[ROWS];
    hf_frame *frame = fixture_frame(context, ROWS);
    for (int i = 0; i < ROWS; i++) {
        rare[i] = i % 2;                     // a, b
        if (i % 100 == 0) rare[i] = 2;       // c: 6 rows
        if (i % 200 == 1) rare[i] = 3;       // d: 3 rows; e: none
        few_missing[i] = i < 4 ? -1 : i % 3; // under missing_rows
        many_missing[i] = i % 6 == 0 ? -1 : i % 3;
        single[i] = 1;
        clean[i] = i / 7 % 3;
        label[i] = (i * 7 + i / 3) % 5 < 1 + i % 2;
    }
    fixture_category(frame, "rare", levels, 5, rare);
    fixture_category(frame, "few_missing", levels, 5, few_missing);
    fixture_category(frame, "many_missing", levels, 5, many_missing);
    fixture_category(frame, "single", levels, 5, single);
    fixture_category(frame, "clean", levels, 5, clean);
    return frame;
}

Test(design, categories_become_tables)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    static uint8_t label[ROWS];
    hf_frame *frame = categories(context, label);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    options.c = 1;
    hf_model *model = NULL;
    hf_fit_record record = {0};
    cr_assert_eq(hf_model_train_recorded(&model, &record, fixture_path("d"), context, frame, label, NULL,
                                         NULL, 0, &options, NULL),
                 HF_OK);
    cr_assert_eq(hf_model_terms(model), 4);
    cr_assert_null(term_of(model, "single"));
    cr_assert(strstr(f.log, "single (one level in every row)"), "%s", f.log);

    const hf_term *rare = term_of(model, "rare");
    cr_assert_eq(rare->table.levels.count, 2, "c and d are pooled");
    cr_assert_eq(hf_term_value_level(rare, "c"), rare->table.pooled);
    cr_assert_eq(hf_term_value_level(rare, "e"), rare->table.pooled);
    cr_assert_eq(rare->missing, rare->table.pooled);
    cr_assert_neq(rare->table.pooled, rare->reference, "it has a coefficient");

    const hf_term *few = term_of(model, "few_missing"), *many = term_of(model, "many_missing");
    cr_assert_eq(few->missing, few->table.pooled, "four missing rows count as a rare level");
    cr_assert_eq(few->missing_seen, 4);
    cr_assert_eq(many->missing_seen, 100);
    cr_assert_neq(many->missing, many->table.pooled);
    cr_assert_eq(many->table.pooled, many->reference,
                 "nothing was pooled: an unknown level argues neither way");
    const hf_term *clean = term_of(model, "clean");
    cr_assert_eq(clean->missing, clean->reference);
    cr_assert_eq(clean->table.pooled, clean->reference);
    cr_assert(isnan(clean->mean) && isnan(clean->deviation));

    // a, b, pooled; a-c, pooled; a-c, missing; a-c
    cr_assert_eq(record.features, 3 + 4 + 4 + 3);
    for (int32_t t = 0; t < 4; t++) {
        const hf_term *term = &model->terms[t];
        const hf_column *column = &frame->columns[hf_frame_find(frame, term->signal)];
        double sum = 0;
        for (int i = 0; i < ROWS; i++) {
            int32_t code = ((int32_t *)column->values)[i];
            sum += hf_term_value_level(term, code < 0 ? NULL : hf_dictionary_text(&column->dictionary, code));
        }
        cr_assert_float_eq(term->reference, sum / ROWS, 1e-13);
    }
    hf_delete(context, record.weights);
    hf_model_destroy(model);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    fixture_clean();
}

Test(design, what_cannot_be_modelled_is_named)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    static uint8_t label[ROWS];
    static const char *const names[] = {"u", "v", "w"};
    static int32_t third[ROWS];
    hf_frame *frame = fixture_mixed(context, ROWS, 4, label);
    for (int i = 0; i < ROWS; i++)
        third[i] = i % 3;
    fixture_category(frame, "thirds", names, 3, third);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    options.level_rows = 201; // each third has 200
    hf_model *model = NULL;
    cr_assert_eq(hf_model_train(&model, context, frame, label, NULL, NULL, 0, &options, NULL), HF_OK);
    cr_assert(strstr(f.log,
                     "0 columns left out of the model: same (one value in every row), none (no value), "
                     "thirds (rare levels only)\n"),
              "%s", f.log);
    cr_assert(strstr(f.log, "1 date columns are not modelled: signup\n"), "%s", f.log);
    cr_assert_null(term_of(model, "same"));
    const hf_term *csat = term_of(model, "csat"), *few = term_of(model, "few");
    cr_assert_gt(csat->missing_seen, 100);
    cr_assert_neq(csat->missing, 0.0);
    cr_assert_eq(few->missing, 0.0, "under missing_rows: the mean's value");
    cr_assert_eq(few->missing_seen, 3);
    cr_assert_str_eq(hf_model_id(model), "account_id");
    hf_model_destroy(model);
    hf_frame_destroy(frame);

    frame = fixture_frame(context, 4);
    fixture_number(frame, "only", HF_STORAGE_F32, (double[]){1, 1, 1, 1});
    hf_error error = {0};
    options = (hf_train_options)HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    options.c = 1;
    model = NULL;
    cr_assert_eq(
        hf_model_train(&model, context, frame, (uint8_t[]){0, 1, 0, 1}, NULL, NULL, 0, &options, &error),
        HF_ERROR_DATA);
    cr_assert(strstr(error.message, "no column can be modelled: only (one value"), "%s", error.message);
    cr_assert_null(model);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

// ---- refusals --------------------------------------------------------------------------------------------

static hf_status try_train(const hf_context *context, const hf_frame *frame, const uint8_t *label,
                           const int64_t *cluster, const hf_train_options *options, hf_error *error)
{
    hf_model *model = NULL;
    *error = (hf_error){0};
    hf_status status = hf_model_train(&model, context, frame, label, cluster, NULL, 0, options, error);
    cr_assert_eq(status == HF_OK, model != NULL);
    cr_assert_eq(status == HF_OK, error->message[0] == '\0');
    hf_model_destroy(model);
    return status;
}

Test(design, too_little_data)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    static uint8_t label[ROWS];
    hf_frame *frame = fixture_mixed(context, ROWS, 4, label);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    hf_error error;
    memset(label, 0, ROWS);
    cr_assert_eq(try_train(context, frame, label, NULL, NULL, &error), HF_ERROR_TOO_LITTLE);
    cr_assert(strstr(error.message, "all 600 rows are without the outcome"), "%s", error.message);
    memset(label, 1, ROWS);
    cr_assert_eq(try_train(context, frame, label, NULL, NULL, &error), HF_ERROR_TOO_LITTLE);
    cr_assert(strstr(error.message, "all 600 rows have the outcome"), "%s", error.message);
    memset(label, 0, ROWS);
    label[0] = label[10] = label[20] = label[30] = 1;
    cr_assert_eq(try_train(context, frame, label, NULL, NULL, &error), HF_ERROR_TOO_LITTLE);
    cr_assert(strstr(error.message, "only 4 of 600 rows have the outcome, too few for 5 inner folds"), "%s",
              error.message);
    options.folds = 4;
    cr_assert_eq(try_train(context, frame, label, NULL, &options, &error), HF_OK);
    options.folds = 5;
    options.c = 0.1;
    cr_assert_eq(try_train(context, frame, label, NULL, &options, &error), HF_OK, "a given C needs no folds");

    // Six events, all of one account.
    static int64_t cluster[ROWS];
    for (int i = 0; i < ROWS; i++) {
        cluster[i] = i / 6;
        label[i] = i / 6 == 3;
    }
    options = (hf_train_options)HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    cr_assert_eq(try_train(context, frame, label, cluster, &options, &error), HF_ERROR_TOO_LITTLE);
    cr_assert(strstr(error.message, "belong to too few accounts for 5 folds"), "%s", error.message);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

Test(design, bad_arguments)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    static uint8_t label[ROWS];
    hf_frame *frame = fixture_mixed(context, ROWS, 4, label);
    hf_error error;
    hf_train_options bad[7];
    for (int k = 0; k < 7; k++)
        bad[k] = (hf_train_options)HF_TRAIN_OPTIONS_INIT;
    bad[0].folds = 1;
    bad[1].c = -1;
    bad[2].c = NAN;
    bad[3].c = INFINITY;
    bad[4].level_rows = 0;
    bad[5].missing_rows = 0;
    bad[6].seed = UINT64_MAX;
    for (int k = 0; k < 7; k++)
        cr_assert_eq(try_train(context, frame, label, NULL, &bad[k], &error), HF_ERROR_USAGE, "case %d", k);
    label[17] = 2;
    cr_assert_eq(try_train(context, frame, label, NULL, NULL, &error), HF_ERROR_USAGE);
    label[17] = 1;
    hf_model *model = NULL;
    int64_t rows[] = {0, 1, ROWS};
    cr_assert_eq(hf_model_train(&model, context, frame, label, NULL, rows, 3, NULL, &error), HF_ERROR_USAGE);
    rows[2] = -1;
    cr_assert_eq(hf_model_train(&model, context, frame, label, NULL, rows, 3, NULL, &error), HF_ERROR_USAGE);
    cr_assert_eq(hf_model_train(&model, context, frame, label, NULL, rows, 0, NULL, &error),
                 HF_ERROR_TOO_LITTLE);
    f.cancel = true;
    cr_assert_eq(try_train(context, frame, label, NULL, NULL, &error), HF_ERROR_CANCELLED);
    cr_assert_null(model);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

Test(design, failing_memory)
{
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    static uint8_t label[300];
    hf_frame *frame = fixture_mixed(context, 300, 8, label);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    options.folds = 2;
    for (int64_t k = 0;; k++) {
        hf_model *model = NULL;
        hf_fit_record record = {0};
        f.countdown = k;
        f.log[0] = '\0';
        hf_status status = hf_model_train_recorded(&model, &record, fixture_path("design.txt"), context,
                                                   frame, label, NULL, NULL, 0, &options, NULL);
        f.countdown = -1;
        if (status == HF_OK) {
            cr_assert_gt(k, 40);
            hf_model_destroy(model);
            hf_delete(context, record.weights);
            break;
        }
        cr_assert_eq(status, HF_ERROR_MEMORY, "allocation %d gave %s", (int)k, hf_status_text(status));
        cr_assert_null(model);
        cr_assert_null(record.weights);
    }
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    fixture_clean();
}

// ---- folds -----------------------------------------------------------------------------------------------

Test(design, folds_keep_accounts_together_and_spread_events)
{
    enum { N = 2000, FOLDS = 5 };
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    hf_frame *frame = fixture_frame(context, N);
    static int64_t rows[N], cluster[N], other_rows[N], other_cluster[N];
    static uint8_t label[N], other_label[N];
    static int32_t fold[N], other[N];
    hf_random r = hf_random_seed(2, 3);
    for (int i = 0; i < N; i++) { // four rows an account, spread over the table
        rows[i] = i;
        cluster[i] = i % (N / 4);
        snprintf(frame->ids + i * 8, 8, "a%d", i % (N / 4));
        label[i] = i % (N / 4) < 60 && hf_random_below(&r, 2) == 0;
    }
    cr_assert_eq(hf_inner_folds(fold, context, frame, rows, N, label, cluster, FOLDS, 1.0, 77, NULL), HF_OK);
    int count[FOLDS] = {0}, with_event[FOLDS] = {0};
    for (int i = 0; i < N; i++) {
        cr_assert(fold[i] >= 0 && fold[i] < FOLDS);
        cr_assert_eq(fold[i], fold[i % (N / 4)]);
        count[fold[i]]++;
    }
    for (int a = 0; a < 60; a++)
        with_event[fold[a]] += label[a] | label[a + N / 4] | label[a + N / 2] | label[a + 3 * N / 4];
    for (int k = 0; k < FOLDS; k++) {
        cr_assert_eq(count[k], N / FOLDS);
        cr_assert(abs(with_event[k] - with_event[0]) <= 1);
    }
    // Rows backwards and clusters renumbered: each row keeps its fold.
    for (int i = 0; i < N; i++) {
        other_rows[i] = N - 1 - i;
        other_label[i] = label[N - 1 - i];
        other_cluster[i] = 1000 - 3 * cluster[N - 1 - i];
    }
    cr_assert_eq(hf_inner_folds(other, context, frame, other_rows, N, other_label, other_cluster, FOLDS, 1.0,
                                77, NULL),
                 HF_OK);
    for (int i = 0; i < N; i++)
        cr_assert_eq(other[i], fold[N - 1 - i]);
    // Another seed deals otherwise.
    int same = 0;
    cr_assert_eq(hf_inner_folds(other, context, frame, rows, N, label, cluster, FOLDS, 1.0, 78, NULL), HF_OK);
    for (int i = 0; i < N; i++)
        same += other[i] == fold[i];
    cr_assert_lt(same, N / 2);
    // A share takes that part of both strata, whole accounts, and the same accounts' folds stay.
    cr_assert_eq(hf_inner_folds(other, context, frame, rows, N, label, cluster, FOLDS, 0.5, 77, NULL), HF_OK);
    int dealt = 0, events = 0, dealt_events = 0;
    for (int i = 0; i < N; i++) {
        cr_assert_eq(other[i] < 0, other[i % (N / 4)] < 0);
        dealt += other[i] >= 0;
        events += label[i];
        dealt_events += other[i] >= 0 && label[i];
    }
    cr_assert(abs(dealt - N / 2) <= 8, "%d", dealt);
    cr_assert(abs(dealt_events - events / 2) <= 15, "%d of %d", dealt_events, events);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}
