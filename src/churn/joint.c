// SPDX-License-Identifier: Apache-2.0
//
// Blocks of curves and pair cells for one ridge, and an inner split made ready for them: its curves fitted at
// what was chosen, and its pairs screened on what these leave.
#include "churn/joint.h"

#include "churn/ridge_fit.h"
#include "churn/rule_beam.h"

#include <math.h>
#include <string.h>

// ---- blocks -------------------------------------------------------------------------------------------

void hf_joint_free(hf_joint *joint)
{
    for (int32_t k = 0; joint->blocks && k < joint->pairs; k++)
        hf_delete(joint->context, (void *)joint->blocks[joint->curves + k].cell);
    if (joint->context) hf_delete(joint->context, joint->blocks);
    *joint = (hf_joint){0};
}

hf_status hf_joint_create(hf_joint *out, const hf_context *context, const hf_bent *bent,
                          int32_t curve_features, const hf_binned *binned, const hf_pair *pairs,
                          int32_t count, hf_error *error)
{
    hf_joint made = {
        .context = context, .curves = bent->count, .pairs = count, .curve_features = curve_features};
    int32_t first = curve_features;
    made.blocks = hf_new(context, (size_t)(bent->count + count), sizeof *made.blocks);
    if (!made.blocks) return hf_fail_memory(error);
    memcpy(made.blocks, bent->blocks, (size_t)bent->count * sizeof *made.blocks);
    for (int32_t k = 0; k < count; k++) {
        const hf_binned_signal *a = &binned->signals[pairs[k].a], *b = &binned->signals[pairs[k].b];
        const int32_t cells = a->cells * b->cells;
        uint16_t *cell = hf_new_raw(context, (size_t)binned->rows, sizeof *cell);
        made.blocks[bent->count + k] =
            (hf_block){.cells = cells, .cell = cell, .first = first, .features = cells, .scale = 1.0};
        if (!cell) {
            hf_joint_free(&made);
            return hf_fail_memory(error);
        }
        for (int64_t i = 0; i < binned->rows; i++)
            cell[i] = (uint16_t)(a->cell[i] * b->cells + b->cell[i]);
        first += cells;
        made.pair[k] = pairs[k];
    }
    *out = made;
    return HF_OK;
}

hf_blocks hf_joint_blocks(const hf_joint *joint, int32_t k, const int64_t *rows, int64_t count)
{
    int32_t features = joint->curve_features;
    for (int32_t i = 0; i < k; i++)
        features += joint->blocks[joint->curves + i].features;
    return (hf_blocks){.blocks = joint->blocks,
                       .count = joint->curves + k,
                       .features = features,
                       .rows = rows,
                       .row_count = count};
}

void hf_joint_penalise(hf_joint *joint, double lambda, double cell_penalty)
{
    const double scale = sqrt(lambda / cell_penalty);
    for (int32_t k = 0; k < joint->pairs; k++)
        joint->blocks[joint->curves + k].scale = scale;
}

// ---- stages -------------------------------------------------------------------------------------------

void hf_stage_free(const hf_context *context, hf_stage *stage)
{
    hf_joint_free(&stage->joint);
    hf_binned_destroy(stage->binned);
    hf_bent_free(&stage->bent);
    hf_delete(context, stage->weights);
    hf_delete(context, stage->margin);
    *stage = (hf_stage){0};
}

static hf_status screen(hf_stage *stage, const hf_context *context, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_inner *inner = stage->inner;
    hf_pair pairs[HF_MOST_PAIRS];
    int32_t count = 0;
    double *residual = hf_new_raw(context, 2 * (size_t)inner->train, sizeof *residual);
    if (!residual) return hf_fail_memory(error);
    hf_logistic_slopes(residual, residual + inner->train, stage->margin, inner->label, inner->train);
    if (inner->rules)
        HF_TRY(done, hf_rule_beam_slopes(residual, residual + inner->train, context, stage->binned,
                                         stage->margin, inner->label, inner->train, error));
    HF_TRY(done, hf_pair_screen(pairs, &count, context, stage->binned, residual, residual + inner->train,
                                inner->train, error));
    HF_TRY(done, hf_joint_create(&stage->joint, context, &stage->bent, inner->basis->features, stage->binned,
                                 pairs, count, error));
done:
    hf_delete(context, residual);
    return status;
}

hf_status hf_stage_create(hf_stage *out, const hf_context *context, const int64_t *frame_rows,
                          const hf_split *split, const hf_inner *inner, double tau, double lambda,
                          hf_error *error)
{
    hf_status status = HF_OK;
    const int64_t rows = inner->train + inner->valid;
    hf_stage made = {.inner = inner};
    double *scratch = NULL;
    int64_t *of_frame = hf_new_raw(context, (size_t)rows, sizeof *of_frame);
    made.weights = hf_new(context, (size_t)inner->basis->features + 1, sizeof *made.weights);
    made.margin = hf_new_raw(context, (size_t)rows, sizeof *made.margin);
    if (!of_frame || !made.weights || !made.margin) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < rows; i++)
        of_frame[i] = frame_rows[i < inner->train ? split->train[i] : split->valid[i - inner->train]];
    HF_TRY(done, hf_bent_create(&made.bent, inner->basis, inner->coded, tau, error));
    hf_blocks blocks = {.blocks = made.bent.blocks,
                        .count = made.bent.count,
                        .features = inner->basis->features,
                        .rows = inner->rows,
                        .row_count = inner->train};
    hf_ridge fit = {.weights = made.weights};
    HF_TRY(done, hf_ridge_fit(&fit, context, &blocks, inner->label, lambda, HF_INNER_EPS, error));
    blocks.row_count = rows;
    scratch = hf_new_raw(context, hf_blocks_values(&blocks), sizeof *scratch);
    if (!scratch) {
        status = hf_fail_memory(error);
        goto done;
    }
    hf_blocks_log_odds(made.margin, &blocks, made.weights, scratch);
    HF_TRY(done, hf_binned_create(&made.binned, inner->basis, of_frame, inner->train, rows, HF_PAIR_BINS,
                                  HF_PAIR_LEVELS, false, error));
    HF_TRY(done, screen(&made, context, error));
    *out = made;
    made = (hf_stage){0};
done:
    hf_stage_free(context, &made);
    hf_delete(context, of_frame);
    hf_delete(context, scratch);
    return status;
}
