// SPDX-License-Identifier: Apache-2.0
//
// Training from end to end: design, the path over C on inner folds, the final fit, the intercept, the terms
// and the record of it all. The final fit starts from nothing rather than from the path, so that liblinear's
// own command gives the same coefficients for the same design and C. Holds no clock and no random state: the
// same rows, options and seed give the same model.
#include "churn/inner_folds.h"
#include "churn/intercept.h"
#include "churn/model_terms.h"
#include "churn/penalty_path.h"

#include <math.h>
#include <string.h>

// liblinear stops earlier, where its objective no longer changes in the twelfth digit; asked for less, weakly
// determined coefficients would move in the fourth.
#define FINAL_EPS 1e-10
#define MOST_FOLDS 1000
// C is chosen on about this many rows, more where that would leave few of the rarer class: the best C hardly
// depends on the number of rows, while a path on millions would take an hour.
#define PATH_ROWS 25000.0
#define PATH_CLASS_ROWS 1000.0

// The rows to train on, and what is made of them on the way.
typedef struct {
    const hf_context *context;
    const hf_frame *frame;
    const hf_train_options *options;
    int64_t count, events;
    int64_t *rows;    // owned: rows of the frame
    uint8_t *label;   // owned, one a training row
    int64_t *cluster; // owned, one a training row; NULL: each is its own
    hf_design *design;
    hf_matrix *matrix;
    hf_path path;
    int64_t path_rows;
    double c;
    double *weights; // features + 1
    double intercept;
} training;

static void free_training(training *t)
{
    hf_delete(t->context, t->rows);
    hf_delete(t->context, t->label);
    hf_delete(t->context, t->cluster);
    hf_delete(t->context, t->weights);
    hf_matrix_destroy(t->matrix);
    hf_design_destroy(t->design);
}

static hf_status check_options(const hf_train_options *options, hf_error *error)
{
    if (options->folds < 2 || options->folds > MOST_FOLDS)
        return hf_fail(error, HF_ERROR_USAGE, "%d inner folds: give 2 to %d", options->folds, MOST_FOLDS);
    if (!(options->c >= 0.0 && options->c <= 1e12))
        return hf_fail(error, HF_ERROR_USAGE, "C is %g: give a number up to 1e12, or 0 to have it chosen",
                       options->c);
    if (options->level_rows < 1 || options->missing_rows < 1)
        return hf_fail(error, HF_ERROR_USAGE,
                       "a level, and a missing value, needs at least 1 row (%lld and %lld given)",
                       (long long)options->level_rows, (long long)options->missing_rows);
    if (options->seed > INT64_MAX)
        return hf_fail(error, HF_ERROR_USAGE,
                       "the seed must be below 2^63, for the model file keeps it as a whole number");
    return HF_OK;
}

static hf_status gather(training *t, const uint8_t *label, const int64_t *cluster, const int64_t *rows,
                        int64_t count, hf_error *error)
{
    t->count = rows ? count : t->frame->rows;
    if (t->count < 1) return hf_fail(error, HF_ERROR_TOO_LITTLE, "there are no rows to train on");
    t->rows = hf_new_raw(t->context, (size_t)t->count, sizeof *t->rows);
    t->label = hf_new_raw(t->context, (size_t)t->count, sizeof *t->label);
    t->cluster = cluster ? hf_new_raw(t->context, (size_t)t->count, sizeof *t->cluster) : NULL;
    if (!t->rows || !t->label || (cluster && !t->cluster)) return hf_fail_memory(error);
    for (int64_t i = 0; i < t->count; i++) {
        int64_t row = rows ? rows[i] : i;
        if (row < 0 || row >= t->frame->rows || label[row] > 1)
            return hf_fail(error, HF_ERROR_USAGE,
                           "training row %lld: row %lld must be in the frame and its label 0 or 1",
                           (long long)i, (long long)row);
        t->rows[i] = row;
        t->label[i] = label[row];
        t->events += label[row];
        if (cluster) t->cluster[i] = cluster[row];
    }
    return HF_OK;
}

static hf_status check_classes(const training *t, hf_error *error)
{
    long long rows = (long long)t->count, events = (long long)t->events, others = rows - events;
    if (events == 0 || others == 0)
        return hf_fail(error, HF_ERROR_TOO_LITTLE,
                       "all %lld rows %s the outcome; a model needs rows with it and rows without: check the "
                       "target's value, "
                       "or the dates and the horizon",
                       rows, events > 0 ? "have" : "are without");
    if (t->options->c > 0.0) return HF_OK;
    int32_t folds = t->options->folds;
    if (events < folds || others < folds)
        return hf_fail(error, HF_ERROR_TOO_LITTLE,
                       "only %lld of %lld rows %s the outcome, too few for %d inner folds; train on more "
                       "rows, use fewer folds, "
                       "or say C with --c",
                       events < folds ? events : others, rows, events < folds ? "have" : "are without",
                       folds);
    return HF_OK;
}

static hf_status fill_matrix(training *t, hf_error *error)
{
    const hf_design *design = t->design;
    size_t width = (size_t)design->count;
    hf_status status;
    int32_t *index = hf_new_raw(t->context, width, sizeof *index);
    double *value = hf_new_raw(t->context, width, sizeof *value);
    if (!index || !value) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_matrix_create(&t->matrix, t->context, t->count, design->features, design->count, error));
    for (int64_t i = 0; i < t->count; i++) {
        if (i % (64 * HF_TILE) == 0) HF_TRY(done, hf_check_cancel(t->context, error));
        hf_matrix_set_row(t->matrix, i, index, value, hf_design_row(design, t->rows[i], index, value));
    }
done:
    hf_delete(t->context, index);
    hf_delete(t->context, value);
    return status;
}

static hf_status choose_c(training *t, hf_error *error)
{
    t->c = t->options->c;
    if (t->c > 0.0) return HF_OK;
    hf_status status;
    int32_t *fold = hf_new_raw(t->context, (size_t)t->count, sizeof *fold);
    if (!fold) return hf_fail_memory(error);
    double rarer = (double)(t->events < t->count - t->events ? t->events : t->count - t->events);
    double share = fmin(1.0, fmax(PATH_ROWS / (double)t->count, PATH_CLASS_ROWS / rarer));
    HF_TRY(done, hf_inner_folds(fold, t->context, t->frame, t->rows, t->count, t->label, t->cluster,
                                t->options->folds, share, t->options->seed, error));
    for (int64_t i = 0; i < t->count; i++)
        t->path_rows += fold[i] >= 0;
    HF_TRY(done, hf_path_choose(&t->path, t->context, t->matrix, t->count, t->design->features, t->label,
                                fold, t->options->folds, error));
    t->c = t->path.steps[t->path.best].c;
done:
    hf_delete(t->context, fold);
    return status;
}

// The fit on all rows; then, the weights fixed, the intercept without shrinkage.
static hf_status fit_all(training *t, hf_error *error)
{
    hf_status status = HF_OK;
    hf_matrix_part *part = NULL;
    int64_t *every = hf_new_raw(t->context, (size_t)t->count, sizeof *every);
    double *margin = hf_new_raw(t->context, (size_t)t->count, sizeof *margin);
    t->weights = hf_new(t->context, (size_t)t->design->features + 1, sizeof *t->weights);
    if (!every || !margin || !t->weights) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < t->count; i++)
        every[i] = i;
    HF_TRY(done, hf_matrix_part_create(&part, t->matrix, every, t->count, t->label, error));
    HF_TRY(done, hf_check_cancel(t->context, error));
    const char *wrong = hf_liblinear_fit(t->weights, part, t->c, FINAL_EPS, false);
    if (wrong) {
        status = hf_fail(error, HF_ERROR_INTERNAL, "liblinear: %s", wrong);
        goto done;
    }
    for (int64_t i = 0; i < t->count; i++)
        margin[i] = hf_matrix_margin(t->matrix, i, t->weights);
    t->intercept = hf_intercept_fit(margin, t->count, t->events);
    HF_TRY(done, hf_check_cancel(t->context, error));
done:
    hf_matrix_part_destroy(t->context, part);
    hf_delete(t->context, every);
    hf_delete(t->context, margin);
    return status;
}

static json_t *path_to_json(const hf_path *path)
{
    json_t *steps = json_array();
    for (int32_t i = 0; steps && i < path->count; i++) {
        const hf_path_step *step = &path->steps[i];
        if (json_array_append_new(steps, json_pack("{s:f, s:f, s:f}", "c", step->c, "log_loss",
                                                   step->log_loss, "standard_error", step->standard_error)) !=
            0) {
            json_decref(steps);
            steps = NULL;
        }
    }
    return steps;
}

static json_t *fit_to_json(const training *t)
{
    char solver[32];
    hf_liblinear_name(solver);
    return json_pack("{s:s, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "solver", solver, "c",
                     t->c, "eps", FINAL_EPS, "bias", HF_BIAS, "rows", (json_int_t)t->count, "events",
                     (json_int_t)t->events, "folds", (json_int_t)t->options->folds, "seed",
                     (json_int_t)t->options->seed, "level_rows", (json_int_t)t->options->level_rows,
                     "missing_rows", (json_int_t)t->options->missing_rows, "path_rows",
                     (json_int_t)t->path_rows, "path", path_to_json(&t->path));
}

static hf_status make_model(hf_model **out, const training *t, hf_error *error)
{
    hf_status status;
    hf_model *model = hf_new(t->context, 1, sizeof *model);
    if (!model) return hf_fail_memory(error);
    model->context = t->context;
    model->intercept = t->intercept;
    model->c = t->c;
    model->rows = t->count;
    model->events = t->events;
    HF_TRY(done, hf_model_set_id(model, t->frame->id_name, error));
    model->record = json_object();
    if (!model->record || json_object_set_new(model->record, "library", json_string(hf_version())) != 0 ||
        json_object_set_new(model->record, "fit", fit_to_json(t)) != 0) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_terms_from_design(&model->terms, t->design, t->weights, t->count, error));
    model->term_count = t->design->count;
    *out = model;
    model = NULL;
done:
    hf_model_destroy(model);
    return status;
}

hf_status hf_model_train_recorded(hf_model **out, hf_fit_record *record, const char *design_path,
                                  const hf_context *context, const hf_frame *frame, const uint8_t *label,
                                  const int64_t *cluster, const int64_t *rows, int64_t count,
                                  const hf_train_options *options, hf_error *error)
{
    hf_train_options defaults = HF_TRAIN_OPTIONS_INIT;
    training t = {.context = context, .frame = frame, .options = options ? options : &defaults};
    hf_status status;
    HF_TRY(done, check_options(t.options, error));
    HF_TRY(done, gather(&t, label, cluster, rows, count, error));
    HF_TRY(done, check_classes(&t, error));
    HF_TRY(done, hf_design_create(&t.design, context, frame, t.rows, t.count, t.options, error));
    HF_TRY(done, fill_matrix(&t, error));
    HF_TRY(done, choose_c(&t, error));
    HF_TRY(done, fit_all(&t, error));
    if (design_path) HF_TRY(done, hf_matrix_write(t.matrix, t.label, design_path, error));
    HF_TRY(done, make_model(out, &t, error));
    if (record) {
        *record = (hf_fit_record){t.c, HF_BIAS, FINAL_EPS, t.design->features, t.weights, t.intercept};
        t.weights = NULL; // moved
    }
    hf_progress(context, "train", HF_PATH_STEPS, HF_PATH_STEPS);
done:
    free_training(&t);
    return status;
}

hf_status hf_model_train(hf_model **out, const hf_context *context, const hf_frame *frame,
                         const uint8_t *label, const int64_t *cluster, const int64_t *rows, int64_t count,
                         const hf_train_options *options, hf_error *error)
{
    return hf_model_train_recorded(out, NULL, NULL, context, frame, label, cluster, rows, count, options,
                                   error);
}
