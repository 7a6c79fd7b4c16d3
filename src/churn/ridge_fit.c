// SPDX-License-Identifier: Apache-2.0
//
// Truncated Newton: conjugate gradients, preconditioned by the Hessian's diagonal of a one-hot design's
// scale, solve for the step to a tenth of the gradient, a halving line search along it costs one pass over
// margins. Sums run in row order on one thread, so a fit is the same whoever runs it; paths run side by side.
#include "churn/ridge_fit.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { MOST_NEWTON = 60, MOST_PRODUCTS = 60 };

double hf_log_loss(double margin, bool event)
{
    const double against = event ? -margin : margin;
    return (against > 0.0 ? against : 0.0) + log1p(exp(-fabs(margin)));
}

void hf_logistic_slopes(double *residual, double *curvature, const double *margin, const uint8_t *label,
                        int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        const double p = 1.0 / (1.0 + exp(-margin[i]));
        residual[i] = (double)label[i] - p;
        curvature[i] = p * (1.0 - p);
    }
}

typedef struct {
    const hf_blocks *blocks;
    const uint8_t *label;
    int32_t size; // features + 1
    double lambda;
    double *memory;                                       // owned
    double *margin, *residual, *curvature, *along;        // a row each
    double *gradient, *step, *rest, *direction, *product; // size each
    double *scratch;
} newton;

static hf_status newton_create(newton *t, const hf_context *context, const hf_blocks *blocks, hf_error *error)
{
    const size_t rows = (size_t)blocks->row_count, size = (size_t)blocks->features + 1;
    t->size = blocks->features + 1;
    size_t scratch = (size_t)hf_blocks_widest(blocks);
    // Fits run side by side; the caller's allocator need not stand being called so.
#pragma omp critical(hf_churn_memory)
    t->memory = hf_new(context, 4 * rows + 5 * size + scratch, sizeof *t->memory);
    if (!t->memory) return hf_fail_memory(error);
    double *at = t->memory;
    t->margin = at;
    t->residual = at += rows;
    t->curvature = at += rows;
    t->along = at += rows;
    t->gradient = at += rows;
    t->step = at += size;
    t->rest = at += size;
    t->direction = at += size;
    t->product = at += size;
    t->scratch = at + size;
    return HF_OK;
}

static double dot(const double *a, const double *b, int32_t n)
{
    double sum = 0.0;
    for (int32_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

// Loss, residuals and curvatures at the margins; the gradient from them.
static double take_gradient(newton *t, const double *weights)
{
    const hf_blocks *b = t->blocks;
    const int32_t features = t->size - 1;
    double loss = 0.0, sum = 0.0;
    for (int64_t i = 0; i < b->row_count; i++) {
        const bool event = t->label[b->rows[i]];
        const double p = 1.0 / (1.0 + exp(-t->margin[i]));
        loss += hf_log_loss(t->margin[i], event);
        t->residual[i] = p - (double)event;
        t->curvature[i] = p * (1.0 - p);
        sum += t->residual[i];
    }
    hf_blocks_gradient(t->gradient, b, t->residual, t->scratch);
    for (int32_t f = 0; f < features; f++)
        t->gradient[f] += t->lambda * weights[f];
    t->gradient[features] = sum;
    return loss;
}

// out = (X' D X + lambda) v, the intercept's column of ones last and not shrunk; along keeps X v.
static void hessian_product(newton *t, double *out, const double *v)
{
    const hf_blocks *b = t->blocks;
    const int32_t features = t->size - 1;
    hf_blocks linear = *b;
    linear.offset = NULL;
    hf_blocks_margin(t->along, &linear, v, t->scratch);
    double sum = 0.0;
    for (int64_t i = 0; i < b->row_count; i++) {
        t->along[i] = t->curvature[i] * (t->along[i] + v[features]);
        sum += t->along[i];
    }
    hf_blocks_gradient(out, b, t->along, t->scratch);
    for (int32_t f = 0; f < features; f++)
        out[f] += t->lambda * v[f];
    out[features] = sum;
}

// The intercept's curvature is the number of rows times larger than a feature's, so it gets a scale of its
// own.
static void precondition(double *out, const double *r, int32_t size, double feature, double intercept)
{
    for (int32_t f = 0; f < size - 1; f++)
        out[f] = r[f] / feature;
    out[size - 1] = r[size - 1] / intercept;
}

static int32_t solve_step(newton *t, double tolerance)
{
    const int32_t size = t->size;
    double curvature = 0.0;
    for (int64_t i = 0; i < t->blocks->row_count; i++)
        curvature += t->curvature[i];
    const double of_feature = t->lambda + 0.3 * curvature, of_intercept = curvature + 1e-12;
    memset(t->step, 0, (size_t)size * sizeof *t->step);
    for (int32_t f = 0; f < size; f++)
        t->rest[f] = -t->gradient[f];
    precondition(t->direction, t->rest, size, of_feature, of_intercept);
    double rho = dot(t->rest, t->direction, size);
    int32_t products = 0;
    while (products < MOST_PRODUCTS && sqrt(dot(t->rest, t->rest, size)) > tolerance) {
        hessian_product(t, t->product, t->direction);
        products++;
        const double bend = dot(t->direction, t->product, size);
        if (!(bend > 0.0)) break;
        const double alpha = rho / bend;
        for (int32_t f = 0; f < size; f++) {
            t->step[f] += alpha * t->direction[f];
            t->rest[f] -= alpha * t->product[f];
        }
        double next = 0.0;
        for (int32_t f = 0; f < size; f++) {
            const double z = t->rest[f] / (f < size - 1 ? of_feature : of_intercept);
            next += t->rest[f] * z;
        }
        const double beta = next / rho;
        rho = next;
        for (int32_t f = 0; f < size; f++)
            t->direction[f] =
                t->rest[f] / (f < size - 1 ? of_feature : of_intercept) + beta * t->direction[f];
    }
    return products;
}

static double objective(const newton *t, double loss, const double *weights)
{
    return loss + 0.5 * t->lambda * dot(weights, weights, t->size - 1);
}

// Goes along the step, halving it until the objective falls enough. Margins move with the weights.
static bool search_line(newton *t, double *weights, double *loss)
{
    const hf_blocks *b = t->blocks;
    const int32_t size = t->size;
    hf_blocks linear = *b;
    linear.offset = NULL;
    hf_blocks_margin(t->along, &linear, t->step, t->scratch);
    for (int64_t i = 0; i < b->row_count; i++)
        t->along[i] += t->step[size - 1];
    const double before = objective(t, *loss, weights), fall = dot(t->gradient, t->step, size);
    for (double share = 1.0; share > 1e-6; share *= 0.5) {
        double sum = 0.0;
        for (int64_t i = 0; i < b->row_count; i++)
            sum += hf_log_loss(t->margin[i] + share * t->along[i], t->label[b->rows[i]]);
        double squares = 0.0;
        for (int32_t f = 0; f < size - 1; f++) {
            const double w = weights[f] + share * t->step[f];
            squares += w * w;
        }
        if (sum + 0.5 * t->lambda * squares > before + 1e-4 * share * fall) continue;
        for (int32_t f = 0; f < size; f++)
            weights[f] += share * t->step[f];
        for (int64_t i = 0; i < b->row_count; i++)
            t->margin[i] += share * t->along[i];
        *loss = sum;
        return true;
    }
    return false;
}

// The gradient's length at zero weights and the intercept that fits best there: what eps is relative to.
static double first_length(newton *t)
{
    const hf_blocks *b = t->blocks;
    double events = 0.0;
    for (int64_t i = 0; i < b->row_count; i++)
        events += t->label[b->rows[i]];
    const double share = events / (double)b->row_count;
    for (int64_t i = 0; i < b->row_count; i++)
        t->residual[i] = share - (double)t->label[b->rows[i]];
    hf_blocks_gradient(t->gradient, b, t->residual, t->scratch);
    return sqrt(dot(t->gradient, t->gradient, t->size - 1));
}

hf_status hf_ridge_fit(hf_ridge *fit, const hf_context *context, const hf_blocks *blocks,
                       const uint8_t *label, double lambda, double eps, hf_error *error)
{
    newton t = {.blocks = blocks, .label = label, .lambda = lambda};
    hf_status status = newton_create(&t, context, blocks, error);
    if (status != HF_OK) return status;
    const double tolerance = eps * first_length(&t);
    fit->newton_steps = fit->products = 0;
    hf_blocks_log_odds(t.margin, blocks, fit->weights, t.scratch);
    for (;;) {
        if (omp_get_thread_num() == 0) HF_TRY(done, hf_check_cancel(context, error));
        fit->loss = take_gradient(&t, fit->weights);
        const double length = sqrt(dot(t.gradient, t.gradient, t.size));
        if (length <= tolerance || fit->newton_steps == MOST_NEWTON) break;
        fit->products += solve_step(&t, fmax(0.1 * length, 0.3 * tolerance));
        fit->newton_steps++;
        if (!search_line(&t, fit->weights, &fit->loss)) break;
    }
done:
#pragma omp critical(hf_churn_memory)
    hf_delete(context, t.memory);
    return status;
}

hf_status hf_ridge_loss(double *mean, double *losses, const hf_context *context, const hf_blocks *blocks,
                        const uint8_t *label, const double *weights, hf_error *error)
{
    const size_t rows = (size_t)blocks->row_count;
    const size_t scratch = (size_t)hf_blocks_widest(blocks);
    double *margin = NULL;
#pragma omp critical(hf_churn_memory)
    margin = hf_new_raw(context, rows + scratch, sizeof *margin);
    if (!margin) return hf_fail_memory(error);
    double sum = 0.0;
    hf_blocks_margin(margin, blocks, weights, margin + rows);
    for (int64_t i = 0; i < blocks->row_count; i++) {
        const double loss = hf_log_loss(margin[i] + weights[blocks->features], label[blocks->rows[i]]);
        if (losses) losses[i] = loss;
        sum += loss;
    }
    *mean = sum / (double)blocks->row_count;
#pragma omp critical(hf_churn_memory)
    hf_delete(context, margin);
    return HF_OK;
}
