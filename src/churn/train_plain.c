// SPDX-License-Identifier: Apache-2.0
//
// One coefficient a signal: design, the path over C on inner folds, the final fit, the intercept, the terms.
// The final fit starts from nothing rather than from the path, so that liblinear's own command gives the same
// coefficients for the same design and C.
#include "churn/inner_folds.h"
#include "churn/intercept.h"
#include "churn/model_terms.h"
#include "churn/penalty_path.h"
#include "churn/summary.h"
#include "churn/training.h"

#include <math.h>

// liblinear stops earlier, where its objective no longer changes in the twelfth digit; asked for less, weakly
// determined coefficients would move in the fourth.
#define FINAL_EPS 1e-10
// C is chosen on about this many rows, more where that would leave few of the rarer class: the best C hardly
// depends on the number of rows, while a path on millions would take an hour.
#define PATH_ROWS 25000.0
#define PATH_CLASS_ROWS 1000.0

typedef struct {
    const hf_training *in;
    hf_design *design;
    hf_matrix *matrix;
    hf_path path;
    int64_t path_rows;
    double c;
    double *weights; // owned: features + 1
    double intercept;
} plain_fit;

static hf_status fill_matrix(plain_fit *t, hf_error *error)
{
    const hf_design *design = t->design;
    size_t width = (size_t)design->count;
    hf_status status;
    int32_t *index = hf_new_raw(t->in->context, width, sizeof *index);
    double *value = hf_new_raw(t->in->context, width, sizeof *value);
    if (!index || !value) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_matrix_create(&t->matrix, t->in->context, t->in->count, design->features, design->count,
                                  error));
    for (int64_t i = 0; i < t->in->count; i++) {
        if (i % (64 * HF_TILE) == 0) HF_TRY(done, hf_check_cancel(t->in->context, error));
        hf_matrix_set_row(t->matrix, i, index, value, hf_design_row(design, t->in->rows[i], index, value));
    }
done:
    hf_delete(t->in->context, index);
    hf_delete(t->in->context, value);
    return status;
}

static hf_status choose_c(plain_fit *t, hf_error *error)
{
    t->c = t->in->options->c;
    if (t->c > 0.0) return HF_OK;
    hf_status status;
    int32_t *fold = hf_new_raw(t->in->context, (size_t)t->in->count, sizeof *fold);
    if (!fold) return hf_fail_memory(error);
    const double rarer = (double)hf_training_rarer(t->in);
    double share = fmin(1.0, fmax(PATH_ROWS / (double)t->in->count, PATH_CLASS_ROWS / rarer));
    HF_TRY(done, hf_inner_folds(fold, t->in->context, t->in->frame, t->in->rows, t->in->count, t->in->label,
                                t->in->cluster, t->in->options->folds, share, t->in->options->seed, error));
    for (int64_t i = 0; i < t->in->count; i++)
        t->path_rows += fold[i] >= 0;
    HF_TRY(done, hf_path_choose(&t->path, t->in->context, t->matrix, t->in->count, t->design->features,
                                t->in->label, fold, t->in->options->folds, error));
    t->c = t->path.steps[t->path.best].c;
done:
    hf_delete(t->in->context, fold);
    return status;
}

// The fit on all rows; then, the weights fixed, the intercept without shrinkage.
static hf_status fit_all(plain_fit *t, hf_error *error)
{
    hf_status status = HF_OK;
    hf_matrix_part *part = NULL;
    int64_t *every = hf_new_raw(t->in->context, (size_t)t->in->count, sizeof *every);
    double *margin = hf_new_raw(t->in->context, (size_t)t->in->count, sizeof *margin);
    t->weights = hf_new(t->in->context, (size_t)t->design->features + 1, sizeof *t->weights);
    if (!every || !margin || !t->weights) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < t->in->count; i++)
        every[i] = i;
    HF_TRY(done, hf_matrix_part_create(&part, t->matrix, every, t->in->count, t->in->label, error));
    HF_TRY(done, hf_check_cancel(t->in->context, error));
    bool settled = true;
    const char *wrong = hf_liblinear_fit(t->weights, &settled, part, t->c, FINAL_EPS, false);
    if (wrong) {
        status = hf_fail(error, HF_ERROR_INTERNAL, "liblinear: %s", wrong);
        goto done;
    }
    if (!settled)
        hf_warn(
            t->in->context,
            "the fit had not come to rest within liblinear's steps, and another machine may end elsewhere; "
            "give a smaller C with --c");
    for (int64_t i = 0; i < t->in->count; i++)
        margin[i] = hf_matrix_margin(t->matrix, i, t->weights);
    t->intercept = hf_intercept_fit(margin, t->in->count, t->in->events);
    HF_TRY(done, hf_check_cancel(t->in->context, error));
done:
    hf_matrix_part_destroy(t->in->context, part);
    hf_delete(t->in->context, every);
    hf_delete(t->in->context, margin);
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

static json_t *fit_to_json(const plain_fit *t)
{
    char solver[32];
    hf_liblinear_name(solver);
    return json_pack("{s:s, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "solver", solver, "c",
                     t->c, "eps", FINAL_EPS, "bias", HF_BIAS, "rows", (json_int_t)t->in->count, "events",
                     (json_int_t)t->in->events, "folds", (json_int_t)t->in->options->folds, "seed",
                     (json_int_t)t->in->options->seed, "level_rows", (json_int_t)t->in->options->level_rows,
                     "missing_rows", (json_int_t)t->in->options->missing_rows, "path_rows",
                     (json_int_t)t->path_rows, "path", path_to_json(&t->path));
}

hf_status hf_train_plain(hf_model *model, hf_fit_record *record, const char *design_path,
                         const hf_training *in, hf_error *error)
{
    plain_fit t = {.in = in};
    hf_status status;
    HF_TRY(done,
           hf_design_create(&t.design, in->context, in->frame, in->rows, in->count, in->options, error));
    HF_TRY(done, fill_matrix(&t, error));
    HF_TRY(done, choose_c(&t, error));
    HF_TRY(done, fit_all(&t, error));
    if (design_path) HF_TRY(done, hf_matrix_write(t.matrix, in->label, design_path, error));
    if (json_object_set_new(model->record, "fit", fit_to_json(&t)) != 0) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_terms_from_design(&model->terms, t.design, t.weights, in->count, error));
    model->term_count = t.design->count;
    model->intercept = t.intercept;
    model->c = t.c;
    HF_TRY(done, hf_summary_take_plain(in, model, t.design, t.weights, error));
    if (record) {
        *record = (hf_fit_record){t.c, HF_BIAS, FINAL_EPS, t.design->features, t.weights, t.intercept};
        t.weights = NULL; // moved
    }
    hf_progress(in->context, "train", HF_PATH_STEPS, HF_PATH_STEPS);
done:
    hf_delete(in->context, t.weights);
    hf_matrix_destroy(t.matrix);
    hf_design_destroy(t.design);
    return status;
}
