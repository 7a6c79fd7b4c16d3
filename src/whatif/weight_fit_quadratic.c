// SPDX-License-Identifier: Apache-2.0
//
// A small quadratic program by coordinate descent. Bounds at 0 are kept by clipping each coordinate's step
// (as Friedman, Hastie and Tibshirani 2010 do for penalties); caps of groups enter by an augmented Lagrangian
// (Hestenes 1969, Powell 1969), whose terms are bounded by one curvature so that every step goes down.
#include "whatif/weight_fit.h"

#include <math.h>
#include <string.h>

enum { MOST_SWEEPS = 4000, MOST_ROUNDS = 60 };

// A cap as a row: what a group has less its cap of all; at most 0 within the cap.
static double cap_of(const hf_weight_rows *r, int32_t group, int32_t column)
{
    return (r->group[column] == group ? 1.0 : 0.0) - r->cap[group];
}

static double over_cap(const hf_weight_rows *r, int32_t group, const double *x)
{
    double sum = 0.0;
    for (int32_t c = 0; c < r->columns; c++)
        sum += cap_of(r, group, c) * x[c];
    return sum;
}

static double cap_slope(const hf_weight_rows *r, const double *multiplier, double stiffness, const double *x,
                        int32_t column, double *curvature)
{
    double slope = 0.0;
    for (int32_t g = 0; g < r->groups; g++) {
        if (!(r->cap[g] < 1.0)) continue;
        const double by = cap_of(r, g, column), pull = stiffness * over_cap(r, g, x) + multiplier[g];
        slope += by * fmax(pull, 0.0);
        *curvature += stiffness * by * by;
    }
    return slope;
}

// One pass over the coordinates; returns the largest step.
static double sweep(double *x, const double *multiplier, double stiffness, const double *Q, const double *q,
                    int32_t size, const hf_weight_rows *limits)
{
    double largest = 0.0;
    for (int32_t j = 0; j < size; j++) {
        const double *row = Q + (ptrdiff_t)j * size;
        double slope = q[j], curvature = row[j];
        for (int32_t i = 0; i < size; i++)
            slope += row[i] * x[i];
        if (limits) slope += cap_slope(limits, multiplier, stiffness, x, j, &curvature);
        double next = x[j] - slope / curvature;
        if (limits && next < 0.0) next = 0.0;
        largest = fmax(largest, fabs(next - x[j]));
        x[j] = next;
    }
    return largest;
}

static double size_of(const double *x, int32_t size)
{
    double most = 1e-6;
    for (int32_t j = 0; j < size; j++)
        most = fmax(most, fabs(x[j]));
    return most;
}

void hf_weight_quadratic(double *x, double *multiplier, const double *Q, const double *q, int32_t size,
                         const hf_weight_rows *limits)
{
    double stiffness = 0.0;
    bool capped = false;
    for (int32_t j = 0; j < size; j++)
        stiffness += Q[(ptrdiff_t)j * size + j] / size;
    for (int32_t g = 0; limits && g < limits->groups; g++)
        capped = capped || limits->cap[g] < 1.0;
    if (limits) memset(multiplier, 0, (size_t)limits->groups * sizeof *multiplier);
    for (int32_t round = 0; round < (capped ? MOST_ROUNDS : 1); round++) {
        double over = 0.0;
        for (int32_t s = 0; s < MOST_SWEEPS; s++)
            if (sweep(x, multiplier, stiffness, Q, q, size, limits) <= 1e-11 * size_of(x, size)) break;
        for (int32_t g = 0; capped && g < limits->groups; g++) {
            if (!(limits->cap[g] < 1.0)) continue;
            const double by = over_cap(limits, g, x), pull = multiplier[g] + stiffness * by;
            over = fmax(over, fabs(fmax(pull, 0.0) - multiplier[g]) / stiffness);
            multiplier[g] = fmax(pull, 0.0);
        }
        if (over <= 1e-9 * size_of(x, size)) break;
    }
}
