// SPDX-License-Identifier: Apache-2.0
//
// A grid of tau by lambda. Every split and tau is a path of its own, walked on one thread, so the choice does
// not depend on how many there are; losses are added in the splits' order.
#include "churn/curve_choice.h"

#include "churn/first_failure.h"
#include "churn/ridge_fit.h"

#include <math.h>

#define TOO_FAR 1.05

const double hf_taus[HF_TAUS] = {0.2, 0.7, 2.0};
const double hf_lambdas[HF_LAMBDAS] = {300, 100, 30, 10, 3, 1, 0.3};

void hf_inner_free(const hf_context *context, hf_inner *inner)
{
    hf_coded_destroy(inner->coded);
    hf_basis_destroy(inner->basis);
    hf_delete(context, inner->label);
    hf_delete(context, inner->rows);
    *inner = (hf_inner){0};
}

hf_status hf_inner_create(hf_inner *out, const hf_context *context, const hf_frame *frame,
                          const int64_t *rows, const uint8_t *label, const hf_split *split,
                          const hf_train_options *options, hf_error *error)
{
    hf_status status = HF_OK;
    hf_inner made = {.train = split->train_count, .valid = split->valid_count, .rules = options->rules != 0};
    const int64_t count = made.train + made.valid;
    int64_t *of_frame = hf_new_raw(context, (size_t)count, sizeof *of_frame);
    made.label = hf_new_raw(context, (size_t)count, sizeof *made.label);
    made.rows = hf_new_raw(context, (size_t)count, sizeof *made.rows);
    if (!of_frame || !made.label || !made.rows) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < count; i++) {
        const int64_t at = i < made.train ? split->train[i] : split->valid[i - made.train];
        of_frame[i] = rows[at];
        made.label[i] = label[at];
        made.rows[i] = i;
    }
    HF_TRY(done, hf_basis_create(&made.basis, context, frame, of_frame, made.train, made.label, options, true,
                                 error));
    HF_TRY(done, hf_coded_create(&made.coded, made.basis, of_frame, count, error));
    *out = made;
    made = (hf_inner){0};
done:
    hf_inner_free(context, &made);
    hf_delete(context, of_frame);
    return status;
}

// One path: the summed loss of the judged rows at each lambda.
static hf_status walk(double *loss, const hf_context *context, const hf_inner *inner, const hf_bent *bent,
                      double *weights, hf_error *error)
{
    hf_status status = HF_OK;
    hf_blocks train = {.blocks = bent->blocks,
                       .count = bent->count,
                       .features = inner->basis->features,
                       .rows = inner->rows,
                       .row_count = inner->train};
    hf_blocks valid = train;
    valid.rows = inner->rows + inner->train;
    valid.row_count = inner->valid;
    hf_ridge fit = {.weights = weights};
    double best = INFINITY;
    for (int32_t l = 0; l < HF_LAMBDAS; l++) {
        double mean = 0.0;
        HF_TRY(done, hf_ridge_fit(&fit, context, &train, inner->label, hf_lambdas[l], HF_INNER_EPS, error));
        HF_TRY(done, hf_ridge_loss(&mean, NULL, context, &valid, inner->label, weights, error));
        loss[l] = mean * (double)inner->valid;
        best = fmin(best, loss[l]);
        // A weaker penalty does not mend what a weak one spoilt.
        if (loss[l] > TOO_FAR * best)
            for (l++; l < HF_LAMBDAS; l++)
                loss[l] = INFINITY;
    }
done:
    return status;
}

// All paths, several at once.
static hf_status walk_all(double *loss, const hf_context *context, const hf_inner *inner, const hf_bent *bent,
                          double *const *weights, int32_t tasks, hf_error *error)
{
    hf_first_failure first = {HF_OK, error};
#pragma omp parallel for default(none) shared(tasks, bent, loss, weights, inner, context, first) \
    schedule(dynamic, 1) num_threads(hf_context_threads(context))
    for (int32_t i = 0; i < tasks; i++) {
        hf_error local = {0};
        if (hf_failed(&first)) continue;
        const hf_status one =
            walk(loss + (int64_t)i * HF_LAMBDAS, context, &inner[i / HF_TAUS], &bent[i], weights[i], &local);
        hf_note_failure(&first, one, &local);
    }
    return first.status;
}

static hf_curve_choice least_loss(const double *loss, const hf_inner *inner, int32_t splits)
{
    hf_curve_choice choice = {.tau = 0, .lambda = 0};
    double rows = 0.0;
    for (int32_t k = 0; k < splits; k++)
        rows += (double)inner[k].valid;
    for (int32_t t = 0; t < HF_TAUS; t++)
        for (int32_t l = 0; l < HF_LAMBDAS; l++) {
            double sum = 0.0;
            for (int32_t k = 0; k < splits; k++)
                sum += loss[((int64_t)k * HF_TAUS + t) * HF_LAMBDAS + l];
            choice.loss[t][l] = sum / rows;
            if (choice.loss[t][l] < choice.loss[choice.tau][choice.lambda]) {
                choice.tau = t;
                choice.lambda = l;
            }
        }
    return choice;
}

hf_status hf_curve_choose(hf_curve_choice *out, const hf_context *context, const hf_inner *inner,
                          int32_t splits, hf_error *error)
{
    hf_status status = HF_OK;
    const int32_t tasks = splits * HF_TAUS;
    hf_bent *bent = hf_new(context, (size_t)tasks, sizeof *bent);
    double *loss = hf_new(context, (size_t)tasks * HF_LAMBDAS, sizeof *loss);
    double **weights = hf_new(context, (size_t)tasks, sizeof *weights);
    if (!bent || !loss || !weights) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t i = 0; i < tasks; i++) {
        const hf_inner *one = &inner[i / HF_TAUS];
        weights[i] = hf_new(context, (size_t)one->basis->features + 1, sizeof **weights);
        if (!weights[i]) {
            status = hf_fail_memory(error);
            goto done;
        }
        HF_TRY(done, hf_bent_create(&bent[i], one->basis, one->coded, hf_taus[i % HF_TAUS], error));
    }
    HF_TRY(done, walk_all(loss, context, inner, bent, weights, tasks, error));
    *out = least_loss(loss, inner, splits);
done:
    for (int32_t i = 0; i < tasks; i++) {
        if (bent) hf_bent_free(&bent[i]);
        if (weights) hf_delete(context, weights[i]);
    }
    hf_delete(context, bent);
    hf_delete(context, loss);
    hf_delete(context, weights);
    return status;
}
