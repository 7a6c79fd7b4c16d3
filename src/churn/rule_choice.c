// SPDX-License-Identifier: Apache-2.0
//
// Rules judged on inner splits: search and path are run on each split's own rows.
#include "churn/rule_choice.h"

#include "churn/ridge_fit.h"

#include <math.h>

// Losses of a split's judged rows at every step; step s's begin at losses + (1 + s) * stride.
static hf_status judge_split(double *losses, int64_t stride, const hf_context *context, const hf_stage *stage,
                             const hf_split *split, const int64_t *frame_rows, int64_t rows_full,
                             uint64_t seed, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_inner *inner = stage->inner;
    const int64_t rows = inner->train + inner->valid;
    hf_binned *binned = NULL;
    hf_rules rules = {0};
    double *weight = NULL, intercept[HF_RULE_STEPS];
    int64_t *of_frame = hf_new_raw(context, (size_t)rows, sizeof *of_frame);
    if (!of_frame) return hf_fail_memory(error);
    for (int64_t i = 0; i < rows; i++)
        of_frame[i] = frame_rows[i < inner->train ? split->train[i] : split->valid[i - inner->train]];
    HF_TRY(done, hf_binned_create(&binned, inner->basis, of_frame, inner->train, rows, HF_RULE_BINS,
                                  HF_RULE_LEVELS, true, error));
    HF_TRY(done,
           hf_rules_find(&rules, context, binned, stage->margin, inner->label, inner->train, seed, error));
    weight = hf_new(context, (size_t)rules.count * HF_RULE_STEPS, sizeof *weight);
    if (!weight) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_rules_path(weight, intercept, HF_RULE_STEPS, context, &rules, stage->margin, inner->label,
                               inner->train, sqrt((double)inner->train / (double)rows_full), error));
    for (int64_t i = 0; i < inner->valid; i++) {
        const int64_t at = inner->train + i;
        double margin[HF_RULE_STEPS];
        for (int32_t s = 0; s < HF_RULE_STEPS; s++)
            margin[s] = stage->margin[at] + intercept[s];
        for (int32_t j = 0; j < rules.count; j++) {
            if (!hf_rule_holds(&rules.rules[j], binned, at)) continue;
            for (int32_t s = 0; s < HF_RULE_STEPS; s++)
                margin[s] += weight[(int64_t)s * rules.count + j];
        }
        losses[i] = hf_log_loss(stage->margin[at], inner->label[at]);
        for (int32_t s = 0; s < HF_RULE_STEPS; s++)
            losses[(1 + s) * stride + i] = hf_log_loss(margin[s], inner->label[at]);
    }
done:
    hf_binned_destroy(binned);
    hf_rules_free(&rules);
    hf_delete(context, weight);
    hf_delete(context, of_frame);
    return status;
}

hf_status hf_rule_choose(hf_rule_choice *out, const hf_context *context, const hf_stage *stages,
                         const hf_splits *splits, const int64_t *frame_rows, int64_t rows_full, uint64_t seed,
                         hf_error *error)
{
    hf_status status = HF_OK;
    int64_t rows = 0, at = 0;
    bool used[1 + HF_RULE_STEPS];
    for (int32_t k = 0; k < splits->count; k++)
        rows += stages[k].inner->valid;
    double *losses = hf_new_raw(context, (size_t)rows * (1 + HF_RULE_STEPS), sizeof *losses);
    if (!losses) return hf_fail_memory(error);
    for (int32_t k = 0; k < splits->count; k++) {
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done, judge_split(losses + at, rows, context, &stages[k], &splits->splits[k], frame_rows,
                                 rows_full, seed, error));
        at += stages[k].inner->valid;
    }
    for (int32_t s = 0; s <= HF_RULE_STEPS; s++)
        used[s] = true;
    const int32_t taken = hf_one_standard_error(losses, used, 1 + HF_RULE_STEPS, rows);
    double none = 0.0, mean = 0.0;
    for (int64_t i = 0; i < rows; i++) {
        none += losses[i] / (double)rows;
        mean += losses[(int64_t)taken * rows + i] / (double)rows;
    }
    *out = (hf_rule_choice){taken - 1, none, mean};
done:
    hf_delete(context, losses);
    return status;
}
