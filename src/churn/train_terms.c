// SPDX-License-Identifier: Apache-2.0
//
// Curves, then the surfaces that pay, then the rules that pay. Every choice is made on inner splits, each on
// its own training rows alone, with the one-standard-error rule and "none" always among the candidates; then
// all is fitted once more on all rows. Where the rarer class has few rows only curves are tried.
#include "churn/final_fit.h"
#include "churn/held_out.h"
#include "churn/inner_folds.h"
#include "churn/subsample.h"
#include "churn/summary.h"
#include "churn/training.h"

#include <math.h>
#include <stdlib.h>

// Choices are made on about this many rows a split, more where that would leave few of the rarer class.
#define INNER_ROWS 25000.0
#define INNER_CLASS_ROWS 1000.0
enum { FEW_EVENTS = 200, FEWER_SPLITS = 300 };

static int compare_folds(const void *a, const void *b)
{
    const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return (x > y) - (x < y);
}

// The caller's C as it was given: not the inverse of its inverse.
static double model_c(const hf_training *t, const hf_choices *c)
{
    return t->options->c > 0.0 ? t->options->c : 1.0 / c->lambda;
}

// The caller's folds, numbered from 0 without gaps.
static hf_status number_folds(int32_t *fold, int32_t *folds, const hf_training *t, hf_error *error)
{
    int32_t *sorted = hf_new_raw(t->context, (size_t)t->count, sizeof *sorted), n = 0;
    if (!sorted) return hf_fail_memory(error);
    for (int64_t i = 0; i < t->count; i++)
        sorted[i] = t->options->fold[t->rows[i]];
    qsort(sorted, (size_t)t->count, sizeof *sorted, compare_folds);
    for (int64_t i = 0; i < t->count; i++)
        if (n == 0 || sorted[i] != sorted[n - 1]) sorted[n++] = sorted[i];
    for (int64_t i = 0; i < t->count; i++) {
        const int32_t *at =
            bsearch(&t->options->fold[t->rows[i]], sorted, (size_t)n, sizeof *sorted, compare_folds);
        fold[i] = (int32_t)(at - sorted);
    }
    *folds = n;
    hf_delete(t->context, sorted);
    return HF_OK;
}

static hf_status splits_by_date(hf_splits *out, bool *good, const hf_training *t, hf_error *error)
{
    hf_date *as_of = hf_new_raw(t->context, (size_t)t->count, sizeof *as_of);
    if (!as_of) return hf_fail_memory(error);
    for (int64_t i = 0; i < t->count; i++)
        as_of[i] = t->options->as_of[t->rows[i]];
    const hf_status status = hf_splits_by_date(out, good, t->context, as_of, t->label, t->cluster, t->count,
                                               t->options->gap, (int64_t)INNER_ROWS, t->options->seed, error);
    hf_delete(t->context, as_of);
    return status;
}

// Folds dealt by account, of as many rows as choices need.
static hf_status deal_folds(int32_t *fold, const hf_training *t, hf_error *error)
{
    const double rarer = (double)hf_training_rarer(t);
    const double share = fmin(1.0, fmax(INNER_ROWS / (double)t->count, INNER_CLASS_ROWS / rarer));
    return hf_inner_folds(fold, t->context, t->frame, t->rows, t->count, t->label, t->cluster,
                          t->options->folds, share, t->options->seed, error);
}

// Whether a fit is possible on every side: rows of both classes in all that a fold is judged by.
static bool can_fit(const hf_splits *splits, const hf_training *t)
{
    for (int32_t k = 0; k < splits->count; k++) {
        const hf_split *split = &splits->splits[k];
        int64_t events = 0;
        for (int64_t i = 0; i < split->train_count; i++)
            events += t->label[split->train[i]];
        if (events == 0 || events == split->train_count) return false;
    }
    return true;
}

// How many of the folds judge: as many as asked for, else all where there is little to go by.
static int32_t judging(const hf_training *t, int32_t folds)
{
    if (t->options->splits > 0) return t->options->splits;
    return hf_training_rarer(t) < FEWER_SPLITS ? folds : 2;
}

// Inner splits forward in time, where there are dates; else one of the caller's folds judges what the others
// say; else, and where the caller's leave a fit without one of the classes, folds dealt by account.
static hf_status make_splits(hf_splits *out, const hf_training *t, hf_error *error)
{
    hf_status status = HF_OK;
    bool good = false;
    int32_t *fold = hf_new_raw(t->context, (size_t)t->count, sizeof *fold);
    if (!fold) return hf_fail_memory(error);
    if (t->options->as_of) HF_TRY(done, splits_by_date(out, &good, t, error));
    if (!good && t->options->fold) {
        int32_t folds = 0;
        HF_TRY(done, number_folds(fold, &folds, t, error));
        if (folds >= 2) {
            HF_TRY(done, hf_splits_create(out, t->context, fold, t->count, folds, judging(t, folds), error));
            good = can_fit(out, t);
            if (!good) hf_splits_free(out);
        }
    }
    if (!good) {
        const int32_t folds = t->options->folds;
        HF_TRY(done, deal_folds(fold, t, error));
        HF_TRY(done, hf_splits_create(out, t->context, fold, t->count, folds, judging(t, folds), error));
    }
done:
    hf_delete(t->context, fold);
    return status;
}

// What the walk over tau and lambda found; NULL when out of memory.
static json_t *grid_to_json(const hf_curve_choice *curves)
{
    json_t *grid = json_array();
    for (int32_t i = 0; i < HF_TAUS; i++)
        for (int32_t l = 0; l < HF_LAMBDAS; l++) {
            if (!isfinite(curves->loss[i][l])) continue;
            json_t *entry = json_pack("{s:f, s:f, s:f}", "tau", hf_taus[i], "lambda", hf_lambdas[l],
                                      "log_loss", curves->loss[i][l]);
            if (json_array_append_new(grid, entry) == 0) continue;
            json_decref(grid);
            return NULL;
        }
    return grid;
}

// The record of the choices. Where none was made, as C was given or events are few, its losses are left out.
static json_t *choices_to_json(const hf_training *t, const hf_choices *c, int32_t splits)
{
    json_t *surfaces = json_pack("{s:i}", "count", c->joint.pairs);
    json_t *rules = json_pack("{s:f, s:i}", "l1", c->rules.step < 0 ? 0.0 : hf_rule_l1[c->rules.step],
                              "searches", HF_RULE_SEARCHES);
    json_t *made =
        json_pack("{s:s, s:f, s:I, s:I, s:I, s:i, s:f, s:f, s:o, s:o}", "solver",
                  "truncated Newton over cells; coordinate descent for rules", "c", model_c(t, c), "rows",
                  (json_int_t)t->count, "events", (json_int_t)t->events, "seed", (json_int_t)t->options->seed,
                  "splits", splits, "tau", c->tau, "lambda", c->lambda, "surfaces", surfaces, "rules", rules);
    int wrong = made ? 0 : -1;
    if (made && splits > 0) wrong |= json_object_set_new(made, "grid", grid_to_json(&c->curves));
    if (made && c->tried_pairs)
        wrong |= json_object_update_new(surfaces, json_pack("{s:f, s:f, s:f}", "cell_penalty",
                                                            c->joint.cell_penalty, "log_loss_without",
                                                            c->joint.loss_none, "log_loss", c->joint.loss));
    if (made && c->tried_rules)
        wrong |= json_object_update_new(rules, json_pack("{s:f, s:f}", "log_loss_without", c->rules.loss_none,
                                                         "log_loss", c->rules.loss));
    if (wrong == 0) return made;
    json_decref(made);
    return NULL;
}

static hf_status choose(hf_choices *out, hf_calibration *calibration, int32_t *count, const hf_training *t,
                        hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = t->context;
    hf_splits splits = {.context = context};
    hf_inner inner[HF_MOST_SPLITS] = {{0}};
    hf_stage stages[HF_MOST_SPLITS] = {{0}};
    hf_choices c = {.rules = {.step = -1}};
    HF_TRY(done, make_splits(&splits, t, error));
    for (int32_t k = 0; k < splits.count; k++)
        HF_TRY(done, hf_inner_create(&inner[k], context, t->frame, t->rows, t->label, &splits.splits[k],
                                     t->options, error));
    hf_progress(context, "train", 0, 4);
    HF_TRY(done, hf_curve_choose(&c.curves, context, inner, splits.count, error));
    c.tau = hf_taus[c.curves.tau];
    c.lambda = hf_lambdas[c.curves.lambda];
    const bool few = hf_training_rarer(t) < FEW_EVENTS;
    if (few || (t->options->pairs == 0 && t->options->rules == 0)) goto chosen;
    for (int32_t k = 0; k < splits.count; k++)
        HF_TRY(done, hf_stage_create(&stages[k], context, t->rows, &splits.splits[k], &inner[k], c.tau,
                                     c.lambda, error));
    hf_progress(context, "train", 1, 4);
    c.tried_pairs = t->options->pairs != 0;
    c.tried_rules = t->options->rules != 0;
    if (c.tried_pairs)
        HF_TRY(done, hf_joint_choose(&c.joint, context, stages, splits.count, c.lambda,
                                     t->options->pairs > 0 ? t->options->pairs : HF_MOST_PAIRS, error));
    hf_progress(context, "train", 2, 4);
    if (c.tried_rules)
        HF_TRY(done, hf_rule_choose(&c.rules, context, stages, &splits, t->rows, t->count, t->options->rules,
                                    t->options->seed, error));
chosen:
    HF_TRY(done, hf_held_out_calibrate(calibration, t, &splits, inner, stages, c.tau, c.lambda, error));
    hf_progress(context, "train", 3, 4);
    *out = c;
    *count = splits.count;
done:
    for (int32_t k = 0; k < splits.count; k++) {
        hf_stage_free(context, &stages[k]);
        hf_inner_free(context, &inner[k]);
    }
    hf_splits_free(&splits);
    return status;
}

// What was chosen comes before how it was calibrated.
static hf_status note_fit(hf_model *model, json_t *choices, hf_error *error)
{
    json_t *calibration = json_object_get(json_object_get(model->record, "fit"), "calibration");
    if (choices && calibration && json_object_set(choices, "calibration", calibration) != 0) {
        json_decref(choices);
        return hf_fail_memory(error);
    }
    return json_object_set_new(model->record, "fit", choices) == 0 ? HF_OK : hf_fail_memory(error);
}

hf_status hf_train_terms(hf_model *model, const hf_training *t, hf_error *error)
{
    hf_choices choices = {.rules = {.step = -1}};
    hf_final_fit fit = {0};
    hf_calibration calibration = {0};
    int32_t splits = 0;
    hf_status status = HF_OK;
    if (t->options->c > 0.0) { // nothing to choose: curves at the middle scale
        choices.tau = hf_taus[1];
        choices.lambda = 1.0 / t->options->c;
    } else {
        HF_TRY(done, choose(&choices, &calibration, &splits, t, error));
    }
    HF_TRY(done, hf_final_fit_create(&fit, t, &choices, error));
    HF_TRY(done, hf_final_fit_terms(&model->terms, &model->term_count, &fit, error));
    model->intercept = fit.intercept;
    model->c = model_c(t, &choices);
    if (splits > 0) {
        HF_TRY(done, hf_held_out_settle(&calibration, t, &fit, error));
        hf_subsample_calibration(&calibration.curve, t);
        HF_TRY(done, hf_calibration_give(model, &calibration, error));
    }
    HF_TRY(done, hf_summary_take(t, model, &fit, choices.lambda, error));
    HF_TRY(done, note_fit(model, choices_to_json(t, &choices, splits), error));
    hf_progress(t->context, "train", 4, 4);
done:
    hf_calibration_free(t->context, &calibration);
    hf_final_fit_free(&fit);
    return status;
}
