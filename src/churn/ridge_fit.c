// SPDX-License-Identifier: Apache-2.0
//
// Truncated Newton: conjugate gradients, preconditioned by the Hessian's diagonal of a one-hot design's
// scale, solve for the step to a tenth of the gradient, and a search halves it. Bounded weights are held at 0
// by projecting what is tried (Bertsekas 1982, "Projected Newton methods for optimization problems with
// simple constraints"). Sums are those of tiles in their order, so a fit is the same on any number of
// threads; fits that run side by side take one each.
#include "churn/ridge_fit.h"

#include <math.h>
#include <omp.h>
#include <string.h>

enum { MOST_NEWTON = 60, MOST_PRODUCTS = 60 };
#define NEAR_BOUND 1e-3
#define SETTLED 1e-10  // of an objective: a step that promises less leaves what matters as it is
#define ROUNDING 1e-13 // of an objective: nearer than this, a step is not to be told from none

double hf_probability(double margin)
{
    return 1.0 / (1.0 + exp(-margin));
}

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
    hf_blocks blocks; // with the threads to work on
    const uint8_t *label;
    int32_t size; // features + 1
    double lambda;
    const double *toward;                                 // features; NULL: 0
    double *memory;                                       // owned
    double *margin, *trial, *curvature;                   // a row each; trial: residuals, then margins to try
    double *gradient, *step, *rest, *direction, *product; // size each
    double *next;                                         // size: weights to try
    double *part;                                         // a tile each
    double *scratch;
    uint8_t *bounded; // owned, size: whether a weight may not be negative; NULL where every one may
    uint8_t *held;    // size, behind bounded: whether it stays at its bound in this step
} newton;

static int64_t tiles_of(const newton *t)
{
    return 1 + (t->blocks.row_count - 1) / HF_BLOCK_TILE;
}

static bool any_bounded(const hf_blocks *blocks)
{
    for (int32_t k = 0; k < blocks->count; k++)
        if (blocks->blocks[k].bounded > 0) return true;
    return false;
}

static void free_newton(const hf_context *context, newton *t)
{
#pragma omp critical(hf_churn_memory)
    {
        hf_delete(context, t->memory);
        hf_delete(context, t->bounded);
    }
}

static hf_status newton_create(newton *t, const hf_context *context, const hf_blocks *blocks, hf_error *error)
{
    const size_t rows = (size_t)blocks->row_count, size = (size_t)blocks->features + 1;
    const bool bounds = any_bounded(blocks);
    t->blocks = *blocks;
    t->blocks.threads = omp_in_parallel() ? 1 : hf_context_threads(context);
    t->size = blocks->features + 1;
    const size_t tiles = (size_t)tiles_of(t), scratch = hf_blocks_sums(blocks);
    // Fits run side by side; the caller's allocator need not stand being called so.
#pragma omp critical(hf_churn_memory)
    {
        t->memory = hf_new(context, 3 * rows + 6 * size + tiles + scratch, sizeof *t->memory);
        t->bounded = bounds ? hf_new(context, 2 * size, 1) : NULL;
    }
    if (!t->memory || (bounds && !t->bounded)) {
        free_newton(context, t);
        return hf_fail_memory(error);
    }
    double *at = t->memory;
    t->margin = at;
    t->trial = at += rows;
    t->curvature = at += rows;
    t->gradient = at += rows;
    t->step = at += size;
    t->rest = at += size;
    t->direction = at += size;
    t->product = at += size;
    t->next = at += size;
    t->part = at += size;
    t->scratch = at + tiles;
    t->held = bounds ? t->bounded + size : NULL;
    for (int32_t k = 0; bounds && k < blocks->count; k++)
        for (int32_t f = 0; f < blocks->blocks[k].bounded; f++)
            t->bounded[blocks->blocks[k].first + f] = 1;
    return HF_OK;
}

static double dot(const double *a, const double *b, int32_t n)
{
    double sum = 0.0;
    for (int32_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static double sum_parts(const newton *t)
{
    double sum = 0.0;
    for (int64_t k = 0; k < tiles_of(t); k++)
        sum += t->part[k];
    return sum;
}

// Loss at the margins; residuals and curvatures there.
static double take_slopes(newton *t)
{
    const int64_t tiles = tiles_of(t), rows = t->blocks.row_count;
#pragma omp parallel for default(none) shared(t, tiles, rows) schedule(static) \
    num_threads(t->blocks.threads) if (t->blocks.threads > 1)
    for (int64_t k = 0; k < tiles; k++) {
        const int64_t end = (k + 1) * HF_BLOCK_TILE < rows ? (k + 1) * HF_BLOCK_TILE : rows;
        double loss = 0.0;
        for (int64_t i = k * HF_BLOCK_TILE; i < end; i++) {
            const bool event = t->label[t->blocks.rows[i]];
            const double p = 1.0 / (1.0 + exp(-t->margin[i]));
            loss += hf_log_loss(t->margin[i], event);
            t->trial[i] = p - (double)event;
            t->curvature[i] = p * (1.0 - p);
        }
        t->part[k] = loss;
    }
    return sum_parts(t);
}

// The loss at the margins to try.
static double trial_loss(newton *t)
{
    const int64_t tiles = tiles_of(t), rows = t->blocks.row_count;
#pragma omp parallel for default(none) shared(t, tiles, rows) schedule(static) \
    num_threads(t->blocks.threads) if (t->blocks.threads > 1)
    for (int64_t k = 0; k < tiles; k++) {
        const int64_t end = (k + 1) * HF_BLOCK_TILE < rows ? (k + 1) * HF_BLOCK_TILE : rows;
        double loss = 0.0;
        for (int64_t i = k * HF_BLOCK_TILE; i < end; i++)
            loss += hf_log_loss(t->trial[i], t->label[t->blocks.rows[i]]);
        t->part[k] = loss;
    }
    return sum_parts(t);
}

// Where the penalty draws a weight to.
static double toward(const newton *t, int32_t f)
{
    return t->toward ? t->toward[f] : 0.0;
}

// Loss and gradient at the weights, whose margins are known.
static double take_gradient(newton *t, const double *weights)
{
    const int32_t features = t->size - 1;
    const double loss = take_slopes(t);
    hf_blocks_gradient(t->gradient, &t->blocks, t->trial, t->scratch);
    double sum = 0.0;
    for (int64_t i = 0; i < t->blocks.row_count; i++)
        sum += t->trial[i];
    for (int32_t f = 0; f < features; f++)
        t->gradient[f] += t->lambda * (weights[f] - toward(t, f));
    t->gradient[features] = sum;
    return loss;
}

// The gradient's length, but for bounded weights that it would push below 0.
static double open_length(const newton *t, const double *weights)
{
    double squares = 0.0;
    for (int32_t f = 0; f < t->size; f++)
        if (!t->bounded || !t->bounded[f] || weights[f] > 0.0 || t->gradient[f] < 0.0)
            squares += t->gradient[f] * t->gradient[f];
    return sqrt(squares);
}

// Weights at or near their bound that the gradient pushes down stay out of the step, and go to the bound.
// What is near shrinks with the way still to go, or weights that belong close to the bound would never come
// to rest: the way is what is left of a step down the gradient, scaled and held at the bounds (Bertsekas
// 1982).
static void hold_bounded(newton *t, const double *weights, double of_feature, double of_intercept)
{
    double squares = 0.0;
    for (int32_t f = 0; t->bounded && f < t->size; f++) {
        const double down = t->gradient[f] / (f < t->size - 1 ? of_feature : of_intercept);
        const double way = t->bounded[f] ? fmin(weights[f], down) : down;
        squares += way * way;
    }
    const double near = fmin(NEAR_BOUND, sqrt(squares));
    for (int32_t f = 0; t->bounded && f < t->size; f++)
        t->held[f] = t->bounded[f] && weights[f] <= near && t->gradient[f] > 0.0;
}

// out = (X' D X + lambda) v, the intercept's column of ones last and not shrunk.
static void hessian_product(newton *t, double *out, const double *v)
{
    hf_blocks_curve(out, &t->blocks, v, t->curvature, t->scratch);
    for (int32_t f = 0; f < t->size - 1; f++)
        out[f] += t->lambda * v[f];
    for (int32_t f = 0; t->held && f < t->size; f++)
        if (t->held[f]) out[f] = 0.0;
}

// The intercept's curvature is the number of rows times larger than a feature's, so it gets a scale of its
// own.
static void precondition(double *out, const double *r, int32_t size, double feature, double intercept)
{
    for (int32_t f = 0; f < size - 1; f++)
        out[f] = r[f] / feature;
    out[size - 1] = r[size - 1] / intercept;
}

static int32_t solve_step(newton *t, const double *weights, double tolerance)
{
    const int32_t size = t->size;
    double curvature = 0.0;
    for (int64_t i = 0; i < t->blocks.row_count; i++)
        curvature += t->curvature[i];
    const double of_feature = t->lambda + 0.3 * curvature, of_intercept = curvature + 1e-12;
    hold_bounded(t, weights, of_feature, of_intercept);
    memset(t->step, 0, (size_t)size * sizeof *t->step);
    for (int32_t f = 0; f < size; f++)
        t->rest[f] = t->held && t->held[f] ? 0.0 : -t->gradient[f];
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
        precondition(t->product, t->rest, size, of_feature, of_intercept);
        const double next = dot(t->rest, t->product, size), beta = next / rho;
        rho = next;
        for (int32_t f = 0; f < size; f++)
            t->direction[f] = t->product[f] + beta * t->direction[f];
    }
    for (int32_t f = 0; t->held && f < size; f++)
        if (t->held[f]) t->step[f] = -weights[f];
    return products;
}

static double objective(const newton *t, double loss, const double *weights)
{
    double squares = 0.0;
    for (int32_t f = 0; f < t->size - 1; f++) {
        const double off = weights[f] - toward(t, f);
        squares += off * off;
    }
    return loss + 0.5 * t->lambda * squares;
}

// The weights a share of the step away, held at their bounds; how fast the objective falls on the way there.
static double step_weights(newton *t, const double *weights, double share)
{
    double fall = 0.0;
    for (int32_t f = 0; f < t->size; f++) {
        t->next[f] = weights[f] + share * t->step[f];
        if (t->bounded && t->bounded[f] && t->next[f] < 0.0) t->next[f] = 0.0;
        fall += t->gradient[f] * (t->next[f] - weights[f]);
    }
    return fall;
}

// Goes along the step, halving it until the objective falls enough.
static bool search_line(newton *t, double *weights, double *loss)
{
    const double before = objective(t, *loss, weights);
    for (double share = 1.0; share > 1e-6; share *= 0.5) {
        const double fall = step_weights(t, weights, share);
        if (!(fall < 0.0)) continue; // what the bounds cut off turned it uphill
        hf_blocks_log_odds(t->trial, &t->blocks, t->next, t->scratch);
        const double sum = trial_loss(t);
        if (objective(t, sum, t->next) > before + 1e-4 * fall + ROUNDING * before) continue;
        memcpy(weights, t->next, (size_t)t->size * sizeof *weights);
        double *taken = t->trial;
        t->trial = t->margin;
        t->margin = taken;
        *loss = sum;
        return true;
    }
    return false;
}

// The gradient's length at zero weights and the intercept that fits best there: what eps is relative to.
static double first_length(newton *t)
{
    const hf_blocks *b = &t->blocks;
    double events = 0.0;
    for (int64_t i = 0; i < b->row_count; i++)
        events += t->label[b->rows[i]];
    const double share = events / (double)b->row_count;
    for (int64_t i = 0; i < b->row_count; i++)
        t->trial[i] = share - (double)t->label[b->rows[i]];
    hf_blocks_gradient(t->gradient, b, t->trial, t->scratch);
    return sqrt(dot(t->gradient, t->gradient, t->size - 1));
}

hf_status hf_ridge_fit(hf_ridge *fit, const hf_context *context, const hf_blocks *blocks,
                       const uint8_t *label, double lambda, double eps, hf_error *error)
{
    newton t = {.label = label, .lambda = lambda, .toward = fit->toward};
    hf_status status = newton_create(&t, context, blocks, error);
    if (status != HF_OK) return status;
    const double tolerance = eps * first_length(&t);
    fit->newton_steps = fit->products = 0;
    double promised = INFINITY;          // by the step before
    step_weights(&t, fit->weights, 0.0); // within the bounds, whatever they were
    memcpy(fit->weights, t.next, (size_t)t.size * sizeof *t.next);
    hf_blocks_log_odds(t.margin, &t.blocks, fit->weights, t.scratch);
    for (;;) {
        if (omp_get_thread_num() == 0) HF_TRY(done, hf_check_cancel(context, error));
        fit->loss = take_gradient(&t, fit->weights);
        const double length = open_length(&t, fit->weights);
        fit->settled = length <= tolerance || promised <= SETTLED * objective(&t, fit->loss, fit->weights);
        if (length <= tolerance || fit->newton_steps == MOST_NEWTON) break;
        fit->products += solve_step(&t, fit->weights, fmax(0.1 * length, 0.3 * tolerance));
        fit->newton_steps++;
        promised = fabs(step_weights(&t, fit->weights, 1.0));
        if (search_line(&t, fit->weights, &fit->loss)) continue;
        fit->settled = promised <= SETTLED * objective(&t, fit->loss, fit->weights);
        break;
    }
done:
    free_newton(context, &t);
    return status;
}

hf_status hf_ridge_loss(double *mean, double *losses, const hf_context *context, const hf_blocks *blocks,
                        const uint8_t *label, const double *weights, hf_error *error)
{
    const size_t rows = (size_t)blocks->row_count;
    const size_t scratch = hf_blocks_values(blocks);
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
