// SPDX-License-Identifier: Apache-2.0
//
// The penalised, constrained logistic: Newton steps, each a small quadratic program (proximal Newton; Lee,
// Sun and Saunders 2014), halved until the objective falls. The penalty is the squared distance of the slopes
// from the ray of the present weights, so the scale of the slopes is free. Substitutes for missing scores are
// held for a step and follow the weights from step to step.
#include "whatif/weight_fit.h"

#include <math.h>
#include <string.h>

enum { MOST_HALVINGS = 30 };

typedef struct {
    const hf_weight_problem *problem;
    const hf_weight_rows *rows;
    int32_t size;                 // columns + 1
    double loss, total;           // of rows counted
    double *g, *H, *Q, *q, *next; // size, size x size twice, size, size
    double *weight, *lost, *room; // columns, columns, groups
    double *memory;               // owned
} solving;

void *hf_weight_new(const hf_context *context, size_t count, size_t size)
{
    void *made;
#pragma omp critical(hf_whatif_memory)
    made = hf_new(context, count, size);
    return made;
}

void hf_weight_delete(const hf_context *context, void *memory)
{
#pragma omp critical(hf_whatif_memory)
    hf_delete(context, memory);
}

static double log_loss(double eta, uint8_t label)
{
    return (eta > 0 ? eta : 0) + log1p(exp(-fabs(eta))) - (label ? eta : 0);
}

static double eta_of(const double *theta, const double *lost, int32_t columns)
{
    double eta = theta[0];
    for (int32_t c = 0; c < columns; c++)
        eta += theta[c + 1] * lost[c];
    return eta;
}

double hf_weight_row_loss(double *lost, const double *theta, const double *weight, const hf_weight_rows *rows,
                          int64_t row)
{
    hf_weight_fit_row(lost, rows, weight, row);
    return log_loss(eta_of(theta, lost, rows->columns), rows->label[row]);
}

void hf_weight_shares(double *weight, const double *theta, const hf_weight_rows *rows)
{
    double sum = 0.0;
    for (int32_t c = 0; c < rows->columns; c++)
        sum += fmax(theta[c + 1], 0.0);
    for (int32_t c = 0; c < rows->columns; c++)
        weight[c] = sum > 0.0 ? fmax(theta[c + 1], 0.0) / sum : rows->present[c];
}

void hf_weight_begin(double *theta, const hf_weight_rows *rows)
{
    int64_t events = 0;
    for (int64_t i = 0; i < rows->rows; i++)
        events += rows->label[i];
    theta[0] = log(((double)events + 0.5) / ((double)(rows->rows - events) + 0.5));
    for (int32_t c = 0; c < rows->columns; c++)
        theta[c + 1] = 0.0;
}

hf_status hf_weight_scale(double *out, const hf_context *context, const hf_weight_rows *rows, hf_error *error)
{
    const size_t columns = (size_t)rows->columns;
    const double n = (double)rows->rows;
    double *lost = hf_new(context, 3 * columns, sizeof *lost), sum = 0.0, events = 0.0;
    if (!lost) return hf_fail_memory(error);
    double *mean = lost + columns, *square = mean + columns;
    for (int64_t i = 0; i < rows->rows; i++) {
        hf_weight_fit_row(lost, rows, rows->present, i);
        events += rows->label[i];
        for (size_t c = 0; c < columns; c++) {
            mean[c] += lost[c];
            square[c] += lost[c] * lost[c];
        }
    }
    for (size_t c = 0; c < columns; c++)
        sum += square[c] / n - mean[c] / n * (mean[c] / n);
    *out = fmax(sum / (double)columns, 1e-9) * (events / n) * (1.0 - events / n);
    hf_delete(context, lost);
    return HF_OK;
}

// ---- sums over rows ------------------------------------------------------------------------------------------

static void add_row(solving *s, const double *theta, double times, uint8_t label)
{
    const double *lost = s->lost, eta = eta_of(theta, lost, s->size - 1);
    const double p = 1.0 / (1.0 + exp(-eta)), residual = times * (p - label), w = times * p * (1.0 - p);
    s->loss += times * log_loss(eta, label);
    s->total += times;
    s->g[0] += residual;
    s->H[0] += w;
    for (int32_t c = 0; c < s->size - 1; c++) {
        const double by = w * lost[c];
        double *restrict row = s->H + (ptrdiff_t)(c + 1) * s->size;
        s->g[c + 1] += residual * lost[c];
        row[0] += by;
#pragma omp simd
        for (int32_t k = 0; k <= c; k++)
            row[k + 1] += by * lost[k];
    }
}

static void add_up(solving *s, const double *theta)
{
    const hf_weight_problem *p = s->problem;
    memset(s->g, 0, (size_t)s->size * sizeof *s->g);
    memset(s->H, 0, (size_t)s->size * (size_t)s->size * sizeof *s->H);
    s->loss = s->total = 0.0;
    for (int64_t i = 0; i < s->rows->rows; i++) {
        const double times = p->times ? p->times[i] : 1.0;
        if (!(times > 0.0)) continue;
        hf_weight_fit_row(s->lost, s->rows, s->weight, i);
        add_row(s, theta, times, s->rows->label[i]);
    }
    for (int32_t i = 0; i < s->size; i++)
        for (int32_t j = 0; j <= i; j++)
            s->H[i * s->size + j] = s->H[j * s->size + i] = s->H[i * s->size + j] / s->total;
    for (int32_t i = 0; i < s->size; i++)
        s->g[i] /= s->total;
    s->loss /= s->total;
}

static double loss_at(solving *s, const double *theta)
{
    const hf_weight_problem *p = s->problem;
    double loss = 0.0;
    for (int64_t i = 0; i < s->rows->rows; i++) {
        const double times = p->times ? p->times[i] : 1.0;
        if (times > 0.0) loss += times * hf_weight_row_loss(s->lost, theta, s->weight, s->rows, i);
    }
    return loss / s->total;
}

// ---- the penalty ---------------------------------------------------------------------------------------------

// The slopes' part along the present weights, as a multiple of them.
static double along(const solving *s, const double *theta)
{
    double dot = 0.0, square = 0.0;
    for (int32_t c = 0; c < s->size - 1; c++) {
        dot += s->rows->present[c] * theta[c + 1];
        square += s->rows->present[c] * s->rows->present[c];
    }
    return dot / square;
}

static double strength_of(const solving *s)
{
    return s->problem->free ? 0.0 : s->problem->scale * s->problem->strength;
}

static double penalty_of(const solving *s, const double *theta)
{
    const double by = along(s, theta);
    double sum = 0.0;
    if (s->problem->free || isinf(s->problem->strength)) return 0.0;
    for (int32_t c = 0; c < s->size - 1; c++) {
        const double apart = theta[c + 1] - by * s->rows->present[c];
        sum += apart * apart;
    }
    return 0.5 * strength_of(s) * sum;
}

// Adds the penalty's curvature, and a trace of ridge that keeps collinear columns apart.
static void add_penalty(solving *s, const double *theta)
{
    const double strength = strength_of(s), by = along(s, theta);
    const double *present = s->rows->present;
    double square = 0.0;
    for (int32_t c = 0; c < s->size - 1; c++)
        square += present[c] * present[c];
    for (int32_t c = 0; c < s->size - 1; c++) {
        double *row = s->H + (ptrdiff_t)(c + 1) * s->size + 1;
        s->g[c + 1] += strength * (theta[c + 1] - by * present[c]);
        for (int32_t k = 0; k < s->size - 1; k++)
            row[k] -= strength * present[c] * present[k] / square;
        row[c] += strength + 1e-7 * s->problem->scale;
    }
}

// ---- steps ---------------------------------------------------------------------------------------------------

// Along the present weights alone: two unknowns.
static void step_along(solving *s, const double *theta)
{
    const double *present = s->rows->present;
    double g = 0.0, cross = 0.0, curvature = 0.0;
    for (int32_t c = 0; c < s->size - 1; c++) {
        const double *row = s->H + (ptrdiff_t)(c + 1) * s->size;
        g += present[c] * s->g[c + 1];
        cross += present[c] * row[0];
        for (int32_t k = 0; k < s->size - 1; k++)
            curvature += present[c] * present[k] * row[k + 1];
    }
    const double by = along(s, theta), determinant = s->H[0] * curvature - cross * cross;
    double slope = by;
    if (determinant > 1e-12 * s->H[0] * curvature) slope -= (s->H[0] * g - cross * s->g[0]) / determinant;
    if (slope < 0.0) slope = 0.0;
    s->next[0] = theta[0] - (s->g[0] + cross * (slope - by)) / s->H[0];
    for (int32_t c = 0; c < s->size - 1; c++)
        s->next[c + 1] = slope * present[c];
}

// The best intercept for any slopes is known, so the program is of the slopes alone.
static void step_within(solving *s, const double *theta)
{
    const int32_t columns = s->size - 1;
    add_penalty(s, theta);
    for (int32_t i = 0; i < s->size; i++) {
        s->q[i] = s->g[i];
        for (int32_t k = 0; k < s->size; k++)
            s->q[i] -= s->H[(ptrdiff_t)i * s->size + k] * theta[k];
    }
    for (int32_t c = 0; c < columns; c++) {
        const double *row = s->H + (ptrdiff_t)(c + 1) * s->size, part = row[0] / s->H[0];
        s->g[c] = s->q[c + 1] - part * s->q[0];
        for (int32_t k = 0; k < columns; k++)
            s->Q[(ptrdiff_t)c * columns + k] = row[k + 1] - part * s->H[k + 1];
    }
    memcpy(s->next, theta, (size_t)s->size * sizeof *s->next);
    hf_weight_quadratic(s->next + 1, s->room, s->Q, s->g, columns, s->problem->free ? NULL : s->rows);
    s->next[0] = -s->q[0];
    for (int32_t c = 0; c < columns; c++)
        s->next[0] -= s->H[c + 1] * s->next[c + 1];
    s->next[0] /= s->H[0];
}

// Goes from theta toward next as far as the objective falls; returns how far a slope moved at most.
static double go(solving *s, double *theta)
{
    const double before = s->loss + penalty_of(s, theta);
    double moved = 0.0, part = 1.0;
    memcpy(s->q, theta, (size_t)s->size * sizeof *s->q);
    for (int halving = 0;; halving++, part *= 0.5) {
        for (int32_t i = 0; i < s->size; i++)
            theta[i] = s->q[i] + part * (s->next[i] - s->q[i]);
        if (halving == MOST_HALVINGS || loss_at(s, theta) + penalty_of(s, theta) <= before) break;
    }
    for (int32_t i = 0; i < s->size; i++)
        moved = fmax(moved, fabs(theta[i] - s->q[i]));
    return moved;
}

static hf_status make_room(solving *s, const hf_context *context, hf_error *error)
{
    const size_t size = (size_t)s->size;
    s->memory =
        hf_weight_new(context, 2 * size * size + 5 * size + (size_t)s->rows->groups, sizeof *s->memory);
    if (!s->memory) return hf_fail_memory(error);
    s->H = s->memory;
    s->Q = s->H + size * size;
    s->g = s->Q + size * size;
    s->q = s->g + size;
    s->next = s->q + size;
    s->weight = s->next + size;
    s->lost = s->weight + size;
    s->room = s->lost + size;
    return HF_OK;
}

hf_status hf_weight_solve(double *theta, const hf_context *context, const hf_weight_problem *problem,
                          hf_error *error)
{
    solving s = {.problem = problem, .rows = problem->rows, .size = problem->rows->columns + 1};
    const hf_status status = make_room(&s, context, error);
    if (status != HF_OK) return status;
    for (int32_t step = 0; step < problem->steps; step++) {
        if (problem->free || isinf(problem->strength))
            memcpy(s.weight, s.rows->present, (size_t)s.rows->columns * sizeof *s.weight);
        else
            hf_weight_shares(s.weight, theta, s.rows);
        add_up(&s, theta);
        if (!problem->free && isinf(problem->strength))
            step_along(&s, theta);
        else
            step_within(&s, theta);
        if (go(&s, theta) <= 1e-7) break;
    }
    hf_weight_delete(context, s.memory);
    return HF_OK;
}
