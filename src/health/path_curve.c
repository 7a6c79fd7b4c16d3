// SPDX-License-Identifier: Apache-2.0
//
// What can be done about a measure. Its curve is laid out once as the values where the score bends or jumps,
// in the good way, each with the best score from there on, so that what an account can still gain is found by
// a walk over a handful of points.
#include "health/path_curve.h"

#include <math.h>
#include <stdlib.h>

bool hf_path_further(const hf_path_curve *curve, double x, double y)
{
    return curve->rising ? x > y : x < y;
}

double hf_path_settle(const hf_path_curve *curve, double x)
{
    if (!curve->whole) return x;
    return curve->rising ? ceil(x) : floor(x);
}

// The places where a curve bends or jumps; a jump gives the numbers on either side of it. Returns how many;
// out NULL: at most so many.
static int32_t bends_of_curve(const hf_curve *curve, double *out)
{
    int32_t n = 0;
    if (!out) return 2 + curve->hinges + 3 * curve->steps;
    if (isfinite(curve->low)) out[n++] = curve->low;
    if (isfinite(curve->high)) out[n++] = curve->high;
    for (int32_t k = 0; k < curve->hinges; k++)
        out[n++] = curve->origin + curve->hinge_at[k];
    for (int32_t k = 0; k < curve->steps; k++) {
        const double at = curve->origin + curve->step_at[k];
        out[n++] = at;
        out[n++] = nextafter(at, INFINITY);
        out[n++] = nextafter(at, -INFINITY);
    }
    return n;
}

// A percentile rises from the least to the greatest value of the segment.
static int32_t bends_of_percentile(const hf_percentile *percentile, int32_t segment, double *out)
{
    const int64_t begin = percentile->first[segment], end = percentile->first[segment + 1];
    if (!out) return 2;
    if (begin == end) return 0;
    out[0] = percentile->values[begin];
    out[1] = percentile->values[end - 1];
    return 2;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Puts the bends in the good way, as values the signal can have, each once, and finds the best from each on.
static void lay_out(hf_path_curve *curve, double *bends, int32_t count, const hf_health_plan *plan,
                    int32_t segment, int32_t measure)
{
    hf_path_point *points = curve->points;
    qsort(bends, (size_t)count, sizeof *bends, by_value);
    for (int32_t k = 0; k < count; k++) {
        const double x = hf_path_settle(curve, bends[curve->rising ? k : count - 1 - k]);
        if (curve->count == 0 || hf_path_further(curve, x, points[curve->count - 1].x))
            points[curve->count++].x = x;
    }
    for (int32_t k = curve->count - 1; k >= 0; k--) {
        const double score = hf_health_score_of(plan, segment, measure, points[k].x, NULL);
        const bool later = k + 1 < curve->count && points[k + 1].best > score;
        points[k].best = later ? points[k + 1].best : score;
        points[k].at = later ? points[k + 1].at : points[k].x;
    }
}

hf_status hf_path_curve_create(hf_path_curve *out, const hf_context *context, const hf_health_plan *plan,
                               int32_t segment, int32_t measure, hf_error *error)
{
    const hf_plan_measure *bound = &plan->measures[measure];
    const hf_term *term = plan->definition->segments[segment].curve[measure];
    const bool percentile = bound->percentile.values != NULL;
    const hf_kind kind = bound->column ? bound->column->kind : HF_KIND_NUMBER;
    hf_path_curve made = {.rising = plan->definition->measures[measure].direction != HF_DIRECTION_HIGHER_BAD,
                          .whole = kind == HF_KIND_COUNT || kind == HF_KIND_FLAG};
    if (!percentile && term->kind == HF_TERM_TABLE) {
        *out = made;
        return HF_OK;
    }
    int32_t most = percentile ? bends_of_percentile(&bound->percentile, segment, NULL)
                              : bends_of_curve(&term->curve, NULL);
    double *bends = hf_new(context, (size_t)most, sizeof *bends);
    made.points = hf_new(context, (size_t)most, sizeof *made.points);
    if (!bends || !made.points) {
        hf_delete(context, bends);
        hf_delete(context, made.points);
        return hf_fail_memory(error);
    }
    most = percentile ? bends_of_percentile(&bound->percentile, segment, bends)
                      : bends_of_curve(&term->curve, bends);
    lay_out(&made, bends, most, plan, segment, measure);
    hf_delete(context, bends);
    *out = made;
    return HF_OK;
}

void hf_path_curve_free(const hf_context *context, hf_path_curve *curve)
{
    hf_delete(context, curve->points);
    *curve = (hf_path_curve){0};
}
