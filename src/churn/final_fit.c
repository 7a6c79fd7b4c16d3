// SPDX-License-Identifier: Apache-2.0
//
// Curves, surfaces and rules on all training rows, at what was chosen.
#include "churn/final_fit.h"

#include "churn/intercept.h"
#include "churn/ridge_fit.h"
#include "churn/rule_beam.h"
#include "churn/warm_start.h"

#include <string.h>

// The gradient at the end, relative to that of no weights.
#define FINAL_EPS 1e-8
#define SCREEN_EPS 1e-4

void hf_final_fit_free(hf_final_fit *f)
{
    if (!f->context) return;
    hf_joint_free(&f->joint);
    hf_rules_free(&f->rules);
    hf_binned_destroy(f->coarse);
    hf_binned_destroy(f->fine);
    hf_bent_free(&f->bent);
    hf_coded_destroy(f->coded);
    hf_basis_destroy(f->basis);
    hf_delete(f->context, f->weights);
    hf_delete(f->context, f->margin);
    hf_delete(f->context, f->every);
    *f = (hf_final_fit){0};
}

static hf_status set_margins(hf_final_fit *f, const hf_blocks *blocks, hf_error *error)
{
    double *scratch = hf_new_raw(f->context, hf_blocks_values(blocks), sizeof *scratch);
    if (!scratch) return hf_fail_memory(error);
    hf_blocks_log_odds(f->margin, blocks, f->weights, scratch);
    hf_delete(f->context, scratch);
    return HF_OK;
}

static void warn_unsettled(const hf_training *t, const hf_ridge *fit)
{
    if (!fit->settled)
        hf_warn(t->context,
                "the fit had not come to rest after %d steps, and another machine may end elsewhere; give a "
                "smaller C with --c",
                (int)fit->newton_steps);
}

static hf_status fit_curves(hf_final_fit *f, const hf_training *t, const hf_choices *c, hf_error *error)
{
    hf_status status = HF_OK;
    const size_t n = (size_t)t->count;
    HF_TRY(done, hf_basis_create(&f->basis, t->context, t->frame, t->rows, t->count, t->label, t->options,
                                 false, error));
    HF_TRY(done, hf_coded_create(&f->coded, f->basis, t->rows, t->count, error));
    HF_TRY(done, hf_bent_create(&f->bent, f->basis, f->coded, c->tau, error));
    f->every = hf_new_raw(t->context, n, sizeof *f->every);
    f->margin = hf_new_raw(t->context, n, sizeof *f->margin);
    f->weights = hf_new(t->context, (size_t)f->basis->features + 1, sizeof *f->weights);
    if (!f->every || !f->margin || !f->weights) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < t->count; i++)
        f->every[i] = i;
    const hf_blocks blocks = {.blocks = f->bent.blocks,
                              .count = f->bent.count,
                              .features = f->basis->features,
                              .rows = f->every,
                              .row_count = t->count};
    hf_ridge fit = {.weights = f->weights};
    HF_TRY(done, hf_warm_start(f->weights, t->context, &blocks, t->label, c->lambda, error));
    HF_TRY(done, hf_ridge_fit(&fit, t->context, &blocks, t->label, c->lambda,
                              c->joint.pairs > 0 ? SCREEN_EPS : FINAL_EPS, error));
    warn_unsettled(t, &fit);
    HF_TRY(done, set_margins(f, &blocks, error));
    f->intercept = f->weights[blocks.features];
done:
    return status;
}

static hf_status fit_surfaces(hf_final_fit *f, const hf_training *t, const hf_choices *c, hf_error *error)
{
    hf_status status = HF_OK;
    const size_t n = (size_t)t->count;
    hf_pair pairs[HF_MOST_PAIRS];
    int32_t count = 0;
    double *residual = hf_new_raw(t->context, 2 * n, sizeof *residual), *weights;
    if (!residual) return hf_fail_memory(error);
    HF_TRY(done, hf_binned_create(&f->coarse, f->basis, t->rows, t->count, t->count, HF_PAIR_BINS,
                                  HF_PAIR_LEVELS, false, error));
    hf_logistic_slopes(residual, residual + n, f->margin, t->label, t->count);
    if (t->options->rules != 0)
        HF_TRY(done, hf_rule_beam_slopes(residual, residual + n, t->context, f->coarse, f->margin, t->label,
                                         t->count, error));
    HF_TRY(done,
           hf_pair_screen(pairs, &count, t->context, f->coarse, residual, residual + n, t->count, error));
    if (count > c->joint.pairs) count = c->joint.pairs;
    HF_TRY(done, hf_joint_create(&f->joint, t->context, &f->bent, f->basis->features, f->coarse, pairs, count,
                                 error));
    hf_joint_penalise(&f->joint, c->lambda, c->joint.cell_penalty);
    const hf_blocks blocks = hf_joint_blocks(&f->joint, count, f->every, t->count);
    weights = hf_new(t->context, (size_t)blocks.features + 1, sizeof *weights);
    if (!weights) {
        status = hf_fail_memory(error);
        goto done;
    }
    memcpy(weights, f->weights, (size_t)f->basis->features * sizeof *weights);
    weights[blocks.features] = f->weights[f->basis->features];
    hf_delete(t->context, f->weights);
    f->weights = weights;
    hf_ridge fit = {.weights = f->weights};
    HF_TRY(done, hf_ridge_fit(&fit, t->context, &blocks, t->label, c->lambda, FINAL_EPS, error));
    warn_unsettled(t, &fit);
    HF_TRY(done, set_margins(f, &blocks, error));
    f->intercept = f->weights[blocks.features];
done:
    hf_delete(t->context, residual);
    return status;
}

static void add_rules(double *log_odds, const hf_rules *rules)
{
    for (int32_t j = 0; j < rules->count; j++)
        for (int64_t k = rules->first[j]; k < rules->first[j + 1]; k++)
            log_odds[rules->row[k]] += rules->rules[j].weight;
}

// What to add to the intercept, so that with the rules probabilities sum to the events: the mean of paths
// that each do does not quite.
static hf_status settle_intercept(hf_final_fit *f, const hf_training *t, hf_error *error)
{
    double *margin = hf_new_raw(f->context, (size_t)t->count, sizeof *margin);
    if (!margin) return hf_fail_memory(error);
    memcpy(margin, f->margin, (size_t)t->count * sizeof *margin);
    add_rules(margin, &f->rules);
    f->rule_shift = hf_intercept_fit(margin, t->count, t->events);
    f->intercept += f->rule_shift;
    hf_delete(f->context, margin);
    return HF_OK;
}

static void warn_unsettled_rules(const hf_training *t, const hf_rule_run *runs, int32_t count)
{
    int32_t unsettled = 0;
    for (int32_t i = 0; i < count; i++)
        unsettled += !runs[i].path.settled;
    if (unsettled > 0)
        hf_warn(t->context,
                "the rules' weights had not come to rest in %d of %d searches, and another machine may end "
                "elsewhere; leave rules out with --rules 0",
                (int)unsettled, (int)count);
}

static hf_status step_to(hf_rule_run *runs, int32_t count, const hf_training *t, int32_t step,
                         hf_error *error)
{
    for (int32_t i = 0; i < count; i++)
        runs[i].l1 = hf_rule_l1[step];
    return hf_rule_runs_step(runs, count, t->context, error);
}

static hf_status fit_rules(hf_final_fit *f, const hf_training *t, const hf_choices *c, hf_error *error)
{
    hf_status status;
    hf_rule_run runs[HF_RULE_SEARCHES] = {0};
    const int32_t most = t->options->rules;
    const int32_t count = HF_RULE_SEARCHES;
    HF_TRY(done, hf_binned_create(&f->fine, f->basis, t->rows, t->count, t->count, HF_RULE_BINS,
                                  HF_RULE_LEVELS, true, error));
    for (int32_t i = 0; i < count; i++)
        runs[i] = (hf_rule_run){
            .binned = f->fine, .margin = f->margin, .label = t->label, .rows = t->count, .search = i};
    HF_TRY(done, hf_rule_runs_find(runs, count, t->context, most, t->options->seed, error));
    for (int32_t s = 0; s <= c->rules.step; s++)
        HF_TRY(done, step_to(runs, count, t, s, error));
    // All rows may let more rules in than the splits did; then back to where they are few enough.
    for (int32_t s = c->rules.step - 1; most >= 0 && s >= 0 && hf_rule_runs_in(runs, count) > most; s--)
        HF_TRY(done, step_to(runs, count, t, s, error));
    warn_unsettled_rules(t, runs, count);
    HF_TRY(done, hf_rule_runs_join(&f->rules, runs, count, t->context, error));
    HF_TRY(done, settle_intercept(f, t, error));
done:
    hf_rule_runs_free(runs, count);
    return status;
}

void hf_final_fit_log_odds(double *out, const hf_final_fit *fit, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++)
        out[i] = fit->margin[i] + fit->rule_shift;
    add_rules(out, &fit->rules);
}

hf_status hf_final_fit_create(hf_final_fit *out, const hf_training *t, const hf_choices *choices,
                              hf_error *error)
{
    hf_final_fit f = {.context = t->context, .rows = t->rows};
    hf_status status;
    HF_TRY(done, fit_curves(&f, t, choices, error));
    HF_TRY(done, hf_check_cancel(t->context, error));
    if (choices->joint.pairs > 0) HF_TRY(done, fit_surfaces(&f, t, choices, error));
    HF_TRY(done, hf_check_cancel(t->context, error));
    if (choices->rules.step >= 0) HF_TRY(done, fit_rules(&f, t, choices, error));
    *out = f;
    f = (hf_final_fit){0};
done:
    hf_final_fit_free(&f);
    return status;
}
