// SPDX-License-Identifier: Apache-2.0
//
// What the summary needs while the fit is there: its degrees of freedom, and the bands of its curves. Both
// forms of training come down to blocks with one penalty.
#include "churn/curve_bands.h"
#include "churn/freedom.h"
#include "churn/summary.h"

#include <string.h>

void hf_summary_work_free(hf_summary_work *work)
{
    hf_curve_points_free(&work->points);
    *work = (hf_summary_work){0};
}

static hf_status take(const hf_training *t, const hf_model *model, const hf_refit *refit, int32_t rules,
                      hf_error *error)
{
    hf_summary_work *work = t->work;
    hf_status status = HF_OK;
    const int32_t asked = t->options->bootstrap;
    const int32_t replicates = asked >= 0 ? asked : hf_curve_bands_fit(refit);
    work->context = t->context;
    HF_TRY(done, hf_curve_points_create(&work->points, model, refit->signals, t, error));
    HF_TRY(done, hf_freedom(&work->freedom, refit, error));
    work->freedom += rules;
    if (replicates > 0)
        HF_TRY(done,
               hf_curve_bands(&work->points, &work->replicates, refit, replicates, t->options->seed, error));
done:
    return status;
}

hf_status hf_summary_take(const hf_training *t, const hf_model *model, const hf_final_fit *fit, double lambda,
                          hf_error *error)
{
    int32_t rules = 0;
    if (!t->work) return HF_OK;
    for (int32_t j = 0; j < fit->rules.count; j++)
        rules += fit->rules.rules[j].weight != 0.0;
    hf_refit refit = {.context = t->context,
                      .blocks = {.blocks = fit->bent.blocks,
                                 .count = fit->bent.count,
                                 .features = fit->basis->features,
                                 .rows = fit->every,
                                 .row_count = t->count},
                      .signals = fit->basis->count,
                      .lambda = lambda,
                      .weights = fit->weights,
                      .label = t->label,
                      .cluster = t->cluster,
                      .training = t,
                      .basis = fit->basis,
                      .bent = &fit->bent};
    if (fit->joint.pairs > 0)
        refit.blocks = hf_joint_blocks(&fit->joint, fit->joint.pairs, fit->every, t->count);
    return take(t, model, &refit, rules, error);
}

hf_status hf_summary_take_plain(const hf_training *t, const hf_model *model, const hf_design *design,
                                const double *weights, hf_error *error)
{
    hf_status status = HF_OK;
    hf_design_blocks blocks = {0};
    if (!t->work) return HF_OK;
    const size_t size = (size_t)design->features + 1;
    int64_t *every = hf_new_raw(t->context, (size_t)t->count, sizeof *every);
    double *own = hf_new(t->context, size, sizeof *own);
    if (!every || !own) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < t->count; i++)
        every[i] = i;
    memcpy(own, weights, size * sizeof *own);
    own[design->features] = model->intercept;
    HF_TRY(done, hf_design_blocks_create(&blocks, design, t->rows, t->count, error));
    const hf_refit refit = {.context = t->context,
                            .blocks = {.blocks = blocks.blocks,
                                       .count = blocks.count,
                                       .features = design->features,
                                       .rows = every,
                                       .row_count = t->count},
                            .signals = blocks.count,
                            .lambda = 1.0 / model->c,
                            .weights = own,
                            .label = t->label,
                            .cluster = t->cluster,
                            .training = t};
    HF_TRY(done, take(t, model, &refit, 0, error));
done:
    hf_design_blocks_free(&blocks);
    hf_delete(t->context, every);
    hf_delete(t->context, own);
    return status;
}
