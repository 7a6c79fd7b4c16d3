// SPDX-License-Identifier: Apache-2.0
//
// How many pairs pay. Numbers of pairs are tried from few to many, each at penalties from strong to weak,
// warm, on every split; more only while one pays: wide designs are slow.
#include "churn/first_failure.h"
#include "churn/joint.h"
#include "churn/ridge_fit.h"

#include <math.h>
#include <string.h>

enum { COUNTS = 5, PENALTIES = 3, CANDIDATES = 1 + COUNTS * PENALTIES };
static const int32_t counts[COUNTS] = {1, 3, 6, 9, 12};
static const double penalties[PENALTIES] = {30, 10, 3};

typedef struct {
    const hf_context *context;
    hf_stage *stages;
    int32_t splits, most;
    int64_t rows, first[HF_MOST_SPLITS]; // judged rows, and where each split's begin
    double lambda;
} trial;

static hf_status new_trial_memory(double **weights, double **margin, const hf_stage *stage,
                                  const hf_context *context, hf_error *error)
{
    const size_t rows = (size_t)(stage->inner->train + stage->inner->valid);
    const hf_blocks all = hf_joint_blocks(&stage->joint, stage->joint.pairs, NULL, 0);
    // Fits run side by side; the caller's allocator need not stand being called so.
#pragma omp critical(hf_churn_memory)
    {
        *weights = hf_new(context, (size_t)all.features + 1, sizeof **weights);
        *margin = hf_new_raw(context, rows + hf_blocks_values(&all), sizeof **margin);
    }
    return *weights && *margin ? HF_OK : hf_fail_memory(error);
}

static void delete_trial_memory(double *weights, double *margin, const hf_context *context)
{
#pragma omp critical(hf_churn_memory)
    {
        hf_delete(context, weights);
        hf_delete(context, margin);
    }
}

// One split's losses with the first k pairs, at every penalty from strong to weak; and on request its margins
// at one of them. losses and margin may be NULL.
static hf_status try_count(double *losses, double *margin, int32_t at, const trial *t, int32_t split,
                           int32_t k, hf_error *error)
{
    hf_status status = HF_OK;
    hf_stage *stage = &t->stages[split];
    const hf_inner *inner = stage->inner;
    const int64_t rows = inner->train + inner->valid;
    if (k > t->most) k = t->most;
    if (k > stage->joint.pairs) k = stage->joint.pairs;
    const hf_blocks train = hf_joint_blocks(&stage->joint, k, inner->rows, inner->train);
    const hf_blocks whole = hf_joint_blocks(&stage->joint, k, inner->rows, rows);
    double *weights = NULL, *all = NULL;
    HF_TRY(done, new_trial_memory(&weights, &all, stage, t->context, error));
    memcpy(weights, stage->weights, (size_t)inner->basis->features * sizeof *weights);
    weights[train.features] = stage->weights[inner->basis->features];
    hf_ridge fit = {.weights = weights};
    for (int32_t p = 0; p < PENALTIES; p++) {
        // The intercept stands behind the cells in use, so only those are rescaled.
        const double old = k > 0 ? stage->joint.blocks[stage->joint.curves].scale : 1.0;
        hf_joint_penalise(&stage->joint, t->lambda, penalties[p]);
        const double now = k > 0 ? stage->joint.blocks[stage->joint.curves].scale : 1.0;
        for (int32_t f = inner->basis->features; f < train.features; f++)
            weights[f] *= old / now;
        HF_TRY(done, hf_ridge_fit(&fit, t->context, &train, inner->label, t->lambda, HF_INNER_EPS, error));
        hf_blocks_log_odds(all, &whole, weights, all + rows);
        for (int64_t i = 0; losses && i < inner->valid; i++)
            losses[p * t->rows + i] = hf_log_loss(all[inner->train + i], inner->label[inner->train + i]);
        if (margin && p == at) memcpy(margin, all, (size_t)rows * sizeof *margin);
    }
done:
    delete_trial_memory(weights, all, t->context);
    return status;
}

// All splits with k pairs, several at once.
static hf_status try_splits(double *losses, const trial *t, int32_t k, hf_error *error)
{
    hf_first_failure first = {HF_OK, error};
#pragma omp parallel for default(none) shared(losses, t, k, first) schedule(dynamic, 1) \
    num_threads(hf_context_threads(t->context))
    for (int32_t s = 0; s < t->splits; s++) {
        hf_error local = {0};
        hf_note_failure(&first, try_count(losses + t->first[s], NULL, 0, t, s, k, &local), &local);
    }
    return first.status;
}

static double mean_of(const double *losses, int64_t rows)
{
    double sum = 0.0;
    for (int64_t i = 0; i < rows; i++)
        sum += losses[i];
    return sum / (double)rows;
}

static void judge_none(double *losses, const trial *t)
{
    for (int32_t k = 0; k < t->splits; k++)
        for (int64_t i = 0; i < t->stages[k].inner->valid; i++) {
            const int64_t at = t->stages[k].inner->train + i;
            losses[t->first[k] + i] = hf_log_loss(t->stages[k].margin[at], t->stages[k].inner->label[at]);
        }
}

hf_status hf_joint_choose(hf_joint_choice *out, const hf_context *context, hf_stage *stages, int32_t splits,
                          double lambda, int32_t most, hf_error *error)
{
    hf_status status = HF_OK;
    trial t = {.context = context, .stages = stages, .splits = splits, .most = most, .lambda = lambda};
    int32_t available = most;
    bool used[CANDIDATES] = {true};
    for (int32_t k = 0; k < splits; k++) {
        t.first[k] = t.rows;
        t.rows += stages[k].inner->valid;
        if (stages[k].joint.pairs < available) available = stages[k].joint.pairs;
    }
    double *losses = hf_new_raw(context, (size_t)t.rows * CANDIDATES, sizeof *losses);
    if (!losses) return hf_fail_memory(error);
    judge_none(losses, &t);
    hf_joint_choice choice = {.loss_none = mean_of(losses, t.rows)};
    double best = choice.loss_none;
    for (int32_t c = 0; c < COUNTS && available > 0 && (c == 0 || counts[c - 1] < available); c++) {
        double *mine = losses + (1 + c * PENALTIES) * t.rows, least = INFINITY;
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done, try_splits(mine, &t, counts[c], error));
        for (int32_t p = 0; p < PENALTIES; p++) {
            used[1 + c * PENALTIES + p] = true;
            least = fmin(least, mean_of(mine + p * t.rows, t.rows));
        }
        if (least >= best) break;
        best = least;
    }
    const int32_t taken = hf_one_standard_error(losses, used, CANDIDATES, t.rows);
    choice.loss = mean_of(losses + (int64_t)taken * t.rows, t.rows);
    if (taken > 0) {
        const int32_t pairs = counts[(taken - 1) / PENALTIES];
        choice.pairs = pairs < most ? pairs : most;
        choice.cell_penalty = penalties[(taken - 1) % PENALTIES];
        for (int32_t k = 0; k < splits; k++)
            HF_TRY(done, try_count(NULL, stages[k].margin, (taken - 1) % PENALTIES, &t, k, pairs, error));
    }
    *out = choice;
done:
    hf_delete(context, losses);
    return status;
}
