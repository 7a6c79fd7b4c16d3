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
#include "churn/curve_choice.h"
#include "churn/ridge_fit.h"
#include "churn/rule_choice.h"

#include <math.h>
#include <stdlib.h>
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
                       "or give C",
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


static int compare_folds(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

// The caller's folds, numbered from 0 without gaps.
static hf_status number_folds(int32_t *fold, int32_t *folds, const training *t, hf_error *error)
{
    int32_t *sorted = hf_new_raw(t->context, (size_t)t->count, sizeof *sorted), n = 0;
    if (!sorted) return hf_fail_memory(error);
    for (int64_t i = 0; i < t->count; i++)
        sorted[i] = t->options->fold[t->rows[i]];
    qsort(sorted, (size_t)t->count, sizeof *sorted, compare_folds);
    for (int64_t i = 0; i < t->count; i++)
        if (n == 0 || sorted[i] != sorted[n - 1]) sorted[n++] = sorted[i];
    for (int64_t i = 0; i < t->count; i++) {
        const int32_t *at = bsearch(&t->options->fold[t->rows[i]], sorted, (size_t)n, sizeof *sorted, compare_folds);
        fold[i] = (int32_t)(at - sorted);
    }
    *folds = n;
    hf_delete(t->context, sorted);
    return HF_OK;
}

static hf_status make_splits(hf_splits *out, const training *t, hf_error *error)
{
    hf_status status;
    const int64_t rarer = t->events < t->count - t->events ? t->events : t->count - t->events;
    int32_t folds = t->options->folds;
    int32_t *fold = hf_new_raw(t->context, (size_t)t->count, sizeof *fold);
    if (!fold) return hf_fail_memory(error);
    if (t->options->as_of) {
        bool good = false;
        hf_date *as_of = hf_new_raw(t->context, (size_t)t->count, sizeof *as_of);
        for (int64_t i = 0; i < t->count; i++)
            as_of[i] = t->options->as_of[t->rows[i]];
        status = hf_splits_by_date(out, &good, t->context, as_of, t->label, t->cluster, t->count, t->options->gap,
                                   (int64_t)PATH_ROWS, t->options->seed, error);
        hf_delete(t->context, as_of);
        if (status != HF_OK || good) goto done;
    }
    if (t->options->fold) HF_TRY(done, number_folds(fold, &folds, t, error));
    if (!t->options->fold || folds < 2) {
        folds = t->options->folds;
        double share = fmin(1.0, fmax(PATH_ROWS / (double)t->count, PATH_CLASS_ROWS / (double)rarer));
        HF_TRY(done, hf_inner_folds(fold, t->context, t->frame, t->rows, t->count, t->label, t->cluster, folds, share,
                                    t->options->seed, error));
    }
    HF_TRY(done, hf_splits_create(out, t->context, fold, t->count, folds, rarer < 300 ? folds : 2, error));
done:
    hf_delete(t->context, fold);
    return status;
}

// What the choices led to, on all training rows.
typedef struct {
    hf_basis *basis;
    hf_coded *coded;
    hf_bent bent;
    hf_binned *binned, *fine;
    hf_joint joint;
    hf_rules rules;
    double *margin, *rule_weight;
    int64_t *every;
} final_fit;

static void free_final(const hf_context *context, final_fit *f)
{
    hf_joint_free(&f->joint);
    hf_rules_free(&f->rules);
    hf_binned_destroy(f->binned);
    hf_binned_destroy(f->fine);
    hf_bent_free(&f->bent);
    hf_coded_destroy(f->coded);
    hf_basis_destroy(f->basis);
    hf_delete(context, f->margin);
    hf_delete(context, f->rule_weight);
    hf_delete(context, f->every);
}

static void final_margins(final_fit *f, const hf_blocks *blocks, const double *weights, double *scratch)
{
    hf_blocks_margin(f->margin, blocks, weights, scratch);
    for (int64_t i = 0; i < blocks->row_count; i++)
        f->margin[i] += weights[blocks->features];
}

static hf_status fit_final(final_fit *f, training *t, const hf_curve_choice *curves, const hf_joint_choice *joint,
                           const hf_rule_choice *rules, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = t->context;
    const double lambda = hf_lambdas[curves->lambda];
    double *residual = NULL, *scratch = NULL;
    HF_TRY(done, hf_basis_create(&f->basis, context, t->frame, t->rows, t->count, t->label, t->options, false, error));
    HF_TRY(done, hf_coded_create(&f->coded, f->basis, t->rows, t->count, error));
    HF_TRY(done, hf_bent_create(&f->bent, f->basis, f->coded, hf_taus[curves->tau], error));
    const size_t n = (size_t)t->count;
    f->every = hf_new_raw(context, n, sizeof *f->every);
    f->margin = hf_new_raw(context, n, sizeof *f->margin);
    residual = hf_new_raw(context, 2 * n, sizeof *residual);
    scratch = hf_new_raw(context, 8192, sizeof *scratch);
    t->weights = hf_new(context, (size_t)f->basis->features + 1 + HF_MOST_PAIRS * 256, sizeof *t->weights);
    for (int64_t i = 0; i < t->count; i++)
        f->every[i] = i;
    hf_blocks blocks = {.blocks = f->bent.blocks, .count = f->bent.count, .features = f->basis->features, .rows = f->every,
                        .row_count = t->count};
    hf_ridge fit = {.weights = t->weights};
    HF_TRY(done, hf_ridge_fit(&fit, context, &blocks, t->label, lambda, joint->pairs > 0 ? 1e-4 : 1e-8, error));
    final_margins(f, &blocks, t->weights, scratch);
    if (joint->pairs > 0) {
        hf_pair pairs[HF_MOST_PAIRS];
        int32_t count = 0;
        for (size_t i = 0; i < n; i++) {
            const double p = 1.0 / (1.0 + exp(-f->margin[i]));
            residual[i] = (double)t->label[i] - p;
            residual[n + i] = p * (1.0 - p);
        }
        HF_TRY(done, hf_binned_create(&f->binned, f->basis, t->rows, t->count, t->count, HF_PAIR_BINS, HF_PAIR_LEVELS,
                                      error));
        HF_TRY(done, hf_pair_screen(pairs, &count, context, f->binned, residual, residual + n, t->count, error));
        if (count > joint->pairs) count = joint->pairs;
        HF_TRY(done, hf_joint_create(&f->joint, context, &f->bent, f->basis->features, f->binned, pairs, count, error));
        hf_joint_penalise(&f->joint, NULL, lambda, joint->cell_penalty);
        blocks = hf_joint_blocks(&f->joint, count, f->every, t->count);
        const double intercept = t->weights[f->basis->features];
        t->weights[f->basis->features] = 0.0;
        t->weights[blocks.features] = intercept;
        HF_TRY(done, hf_ridge_fit(&fit, context, &blocks, t->label, lambda, 1e-8, error));
        final_margins(f, &blocks, t->weights, scratch);
    }
    t->intercept = t->weights[blocks.features];
    if (rules->step >= 0) {
        double intercepts[HF_RULE_STEPS];
        HF_TRY(done, hf_binned_create(&f->fine, f->basis, t->rows, t->count, t->count, HF_RULE_BINS, HF_RULE_LEVELS, error));
        HF_TRY(done, hf_rules_find(&f->rules, context, f->fine, f->margin, t->label, t->count, t->options->seed, error));
        f->rule_weight = hf_new(context, (size_t)f->rules.count * HF_RULE_STEPS, sizeof *f->rule_weight);
        HF_TRY(done, hf_rules_path(f->rule_weight, intercepts, rules->step + 1, context, &f->rules, f->margin, t->label,
                                   t->count, 1.0, error));
        for (int32_t j = 0; j < f->rules.count; j++)
            f->rules.rules[j].weight = f->rule_weight[(int64_t)rules->step * f->rules.count + j];
        t->intercept += intercepts[rules->step];
    }
done:
    hf_delete(context, residual);
    hf_delete(context, scratch);
    return status;
}

static hf_status name_term(hf_term *term, const hf_context *context, hf_error *error)
{
    hf_text name;
    hf_text_init(&name, context);
    for (int32_t a = 0; a < term->axis_count; a++)
        hf_text_printf(&name, "%s%s", a > 0 ? " x " : "", term->axes[a].signal);
    hf_status status = hf_text_status(&name, error);
    if (status == HF_OK) {
        term->signal = hf_copy_text(context, name.data, name.length);
        term->unit = hf_copy_text(context, "", 0);
        if (!term->signal || !term->unit) status = hf_fail_memory(error);
    }
    hf_text_free(&name);
    return status;
}

static hf_status surface_term(hf_term *term, const final_fit *f, int32_t k, const double *weights, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = f->basis->context;
    const hf_block *block = &f->joint.blocks[f->joint.curves + k];
    *term = (hf_term){.kind = HF_TERM_SURFACE, .axis_count = 2, .signal_kind = HF_KIND_NUMBER, .mean = NAN, .deviation = NAN};
    HF_TRY(done, hf_binned_axis(&term->axes[0], f->binned, f->joint.pair[k].a, error));
    HF_TRY(done, hf_binned_axis(&term->axes[1], f->binned, f->joint.pair[k].b, error));
    HF_TRY(done, name_term(term, context, error));
    term->values = hf_new(context, (size_t)block->cells, sizeof *term->values);
    if (!term->values) return hf_fail_memory(error);
    for (int32_t c = 0; c < block->cells; c++)
        term->values[c] = block->scale * weights[block->first + c];
    double sum = 0.0;
    for (int64_t i = 0; i < f->binned->rows; i++)
        sum += term->values[block->cell[i]];
    term->reference = sum / (double)f->binned->rows;
done:
    return status;
}

// An axis with only the cells a condition tells apart: runs of cells that are in or out.
static void merge_cells(hf_axis *axis, uint64_t *cells)
{
    if (axis->kind == HF_KIND_CATEGORY) return;
    int32_t edges = 0;
    uint64_t merged = 0;
    bool in = *cells & 1;
    if (in) merged |= 1;
    for (int32_t c = 1; c <= axis->edges; c++) {
        const bool now = *cells >> c & 1;
        if (now == in) continue;
        axis->edge[edges++] = axis->edge[c - 1];
        if (now) merged |= (uint64_t)1 << edges;
        in = now;
    }
    if (*cells >> (axis->cells - 1) & 1) merged |= (uint64_t)1 << (edges + 1);
    axis->edges = edges;
    axis->cells = edges + 2;
    *cells = merged;
}

static hf_status rule_term(hf_term *term, const final_fit *f, const hf_rule *rule, int64_t holds, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = f->basis->context;
    uint64_t cells[HF_RULE_DEPTH];
    *term = (hf_term){.kind = HF_TERM_RULE, .axis_count = rule->conditions, .signal_kind = HF_KIND_NUMBER, .mean = NAN,
                      .deviation = NAN};
    for (int32_t a = 0; a < rule->conditions; a++) {
        cells[a] = rule->cells[a];
        HF_TRY(done, hf_binned_axis(&term->axes[a], f->fine, rule->signal[a], error));
        merge_cells(&term->axes[a], &cells[a]);
    }
    HF_TRY(done, name_term(term, context, error));
    const int64_t count = hf_term_value_count(term);
    term->values = hf_new(context, (size_t)count, sizeof *term->values);
    if (!term->values) return hf_fail_memory(error);
    for (int64_t i = 0; i < count; i++) {
        bool in = true;
        int64_t rest = i;
        for (int32_t a = rule->conditions - 1; a >= 0; a--) {
            in = in && (cells[a] >> (rest % term->axes[a].cells) & 1);
            rest /= term->axes[a].cells;
        }
        term->values[i] = in ? rule->weight : 0.0;
    }
    term->reference = rule->weight * (double)holds / (double)f->fine->rows;
done:
    return status;
}

static hf_status make_terms(hf_model *model, const final_fit *f, const double *weights, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = model->context;
    hf_term *curves = NULL;
    int32_t kept = 0;
    for (int32_t j = 0; j < f->rules.count; j++)
        kept += f->rules.rules[j].weight != 0.0;
    HF_TRY(done, hf_basis_terms(&curves, f->basis, f->coded, &f->bent, weights, error));
    model->terms = hf_new(context, (size_t)(f->basis->count + f->joint.pairs + kept), sizeof *model->terms);
    if (!model->terms) return hf_fail_memory(error);
    memcpy(model->terms, curves, (size_t)f->basis->count * sizeof *curves);
    model->term_count = f->basis->count;
    for (int32_t k = 0; k < f->joint.pairs; k++)
        HF_TRY(done, surface_term(&model->terms[model->term_count++], f, k, weights, error));
    for (int32_t j = 0; j < f->rules.count; j++)
        if (f->rules.rules[j].weight != 0.0)
            HF_TRY(done, rule_term(&model->terms[model->term_count++], f, &f->rules.rules[j],
                                   f->rules.first[j + 1] - f->rules.first[j], error));
done:
    hf_delete(context, curves);
    return status;
}

static hf_status train_curves(hf_model **out, training *t, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = t->context;
    hf_splits splits = {.context = context};
    hf_inner inner[HF_MOST_SPLITS] = {{0}};
    hf_stage stages[HF_MOST_SPLITS] = {{0}};
    hf_curve_choice choice;
    hf_joint_choice joint = {0};
    hf_rule_choice rules = {.step = -1};
    final_fit f = {0};
    hf_model *model = NULL;
    const int64_t rarer = t->events < t->count - t->events ? t->events : t->count - t->events;
    HF_TRY(done, make_splits(&splits, t, error));
    for (int32_t k = 0; k < splits.count; k++)
        HF_TRY(done, hf_inner_create(&inner[k], context, t->frame, t->rows, t->label, &splits.splits[k], t->options,
                                     error));
    HF_TRY(done, hf_curve_choose(&choice, context, inner, splits.count, error));
    const double tau = hf_taus[choice.tau], lambda = hf_lambdas[choice.lambda];
    if (rarer >= 200) {
        for (int32_t k = 0; k < splits.count; k++)
            HF_TRY(done, hf_stage_create(&stages[k], context, t->frame, t->rows, &splits.splits[k], &inner[k], tau, lambda,
                                         error));
        if (!getenv("NOPAIRS")) HF_TRY(done, hf_joint_choose(&joint, context, stages, splits.count, lambda, HF_MOST_PAIRS, error));
        if (!getenv("NORULES")) HF_TRY(done, hf_rule_choose(&rules, context, stages, &splits, t->rows, t->count, t->options->seed, error));
    }
    HF_TRY(done, fit_final(&f, t, &choice, &joint, &rules, error));
    hf_warn(context, "tau %g lambda %g ll %.5f | pairs %d pen %g ll %.5f->%.5f | rules step %d ll %.5f->%.5f", tau, lambda,
            choice.loss[choice.tau][choice.lambda], joint.pairs, joint.cell_penalty, joint.loss_none, joint.loss,
            rules.step, rules.loss_none, rules.loss);
    t->c = 1.0 / lambda;
    model = hf_new(context, 1, sizeof *model);
    model->context = context;
    model->intercept = t->intercept;
    model->c = t->c;
    model->rows = t->count;
    model->events = t->events;
    HF_TRY(done, hf_model_set_id(model, t->frame->id_name, error));
    model->record = json_object();
    json_object_set_new(model->record, "library", json_string(hf_version()));
    json_object_set_new(model->record, "fit", fit_to_json(t));
    HF_TRY(done, make_terms(model, &f, t->weights, error));
    *out = model;
    model = NULL;
done:
    hf_model_destroy(model);
    free_final(context, &f);
    for (int32_t k = 0; k < splits.count; k++) {
        hf_stage_free(context, &stages[k]);
        hf_inner_free(context, &inner[k]);
    }
    hf_splits_free(&splits);
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
    if (!getenv("PLAIN") && !record && !design_path) {
        status = train_curves(out, &t, error);
        goto done;
    }
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
