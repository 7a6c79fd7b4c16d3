// SPDX-License-Identifier: Apache-2.0
//
// Logistic recalibration (Cox 1958) by Newton's method, x about its mean so that level and slope hardly
// depend on one another. The log-likelihood is concave: a step is halved while it leads so far past the top
// that the rise along it has turned by more than half; the level alone is kept inside a bracket. The maximum
// is finite where, and only where, the classes overlap (Albert and Anderson 1984).
#include "kernels/kernels_room.h"
#include "metrics/metrics_room.h"

#include <math.h>

enum { BLOCK = 512, MOST_STEPS = 200 };
#define NEAR 1e-9 // a step so short is the last: what is left is of the order of its square

typedef struct {
    const double *x, *rows, *events;
    int64_t groups;
    double mean; // of x over all rows
    const hf_kernels *kernels;
} groups_of;

// First and second derivatives of the log-likelihood, the second ones with their sign turned.
typedef struct {
    double level, slope;
    double level2, both, slope2;
} derivatives;

static derivatives derive(const groups_of *in, double level, double slope)
{
    derivatives out = {0};
    double t[BLOCK], less[BLOCK]; // the lesser of p and 1 - p, so that a certainty's rest is not rounded away
    for (int64_t begin = 0; begin < in->groups; begin += BLOCK) {
        const int32_t n = in->groups - begin < BLOCK ? (int32_t)(in->groups - begin) : BLOCK;
        const double *x = in->x + begin, *rows = in->rows + begin, *events = in->events + begin;
        for (int32_t i = 0; i < n; i++) {
            t[i] = level + slope * (x[i] - in->mean);
            less[i] = -fabs(t[i]);
        }
        in->kernels->sigmoid(less, less, n);
        for (int32_t i = 0; i < n; i++) {
            const double d = x[i] - in->mean, more = 1.0 - less[i];
            const double p = t[i] > 0.0 ? more : less[i], q = t[i] > 0.0 ? less[i] : more;
            const double r = events[i] * q - (rows[i] - events[i]) * p, h = rows[i] * (p * q);
            out.level += r;
            out.slope += r * d;
            out.level2 += h;
            out.both += h * d;
            out.slope2 += h * (d * d);
        }
    }
    return out;
}

// The level at which the rows' probabilities add up to their events, the slope held at 1, sought from a place
// in [low, high], which holds it: the bracket halves where a step would leave it.
static double settle_level(const groups_of *in, double from, double low, double high)
{
    double level = from > low && from < high ? from : 0.5 * (low + high);
    for (int step = 0; step < MOST_STEPS; step++) {
        const derivatives at = derive(in, level, 1.0);
        if (at.level == 0.0) break;
        if (at.level > 0.0)
            low = level;
        else
            high = level;
        if (!(low < high)) break;
        const double newton = at.level / at.level2, next = level + newton;
        const bool last = fabs(newton) <= NEAR * (1.0 + fabs(level));
        level = last || (next > low && next < high) ? next : 0.5 * (low + high);
        if (last) break;
    }
    return level;
}

// Climbs from (*level, *slope) to the top of the log-likelihood. False where the curvature vanishes on the
// way.
static bool climb(double *level, double *slope, const groups_of *in)
{
    double a = *level, b = *slope;
    derivatives at = derive(in, a, b);
    for (int step = 0; step < MOST_STEPS; step++) {
        const double det = at.level2 * at.slope2 - at.both * at.both;
        double da = (at.slope2 * at.level - at.both * at.slope) / det;
        double db = (at.level2 * at.slope - at.both * at.level) / det;
        if (!isfinite(da) || !isfinite(db)) return false;
        const double rise = at.level * da + at.slope * db;
        const bool last = fabs(da) <= NEAR * (1.0 + fabs(a)) && fabs(db) <= NEAR * (1.0 + fabs(b));
        if (!last) at = derive(in, a + da, b + db);
        for (int half = 0; !last && half < 60 && at.level * da + at.slope * db < -0.5 * rise; half++) {
            da *= 0.5;
            db *= 0.5;
            at = derive(in, a + da, b + db);
        }
        a += da;
        b += db;
        if (!last) continue;
        *level = a;
        *slope = b;
        return true;
    }
    return false;
}

// The x of the rows that had the outcome, of those that had not, and of all.
typedef struct {
    double event_low, event_high, other_low, other_high, low, high;
} ranges;

static ranges range_of(const groups_of *in)
{
    ranges r = {INFINITY, -INFINITY, INFINITY, -INFINITY, 0.0, 0.0};
    for (int64_t g = 0; g < in->groups; g++) {
        if (in->events[g] > 0.0) {
            r.event_low = fmin(r.event_low, in->x[g]);
            r.event_high = fmax(r.event_high, in->x[g]);
        }
        if (in->rows[g] > in->events[g]) {
            r.other_low = fmin(r.other_low, in->x[g]);
            r.other_high = fmax(r.other_high, in->x[g]);
        }
    }
    r.low = fmin(r.event_low, r.other_low);
    r.high = fmax(r.event_high, r.other_high);
    return r;
}

hf_recalibration hf_recalibrate(const double *x, const double *rows, const double *events, int64_t groups,
                                const hf_recalibration *near)
{
    hf_recalibration out = {NAN, NAN, NAN};
    groups_of in = {.x = x, .rows = rows, .events = events, .groups = groups};
    double all = 0.0, happened = 0.0;
    in.kernels = hf_kernels_for(HF_ISA_AUTO);
    for (int64_t g = 0; g < groups; g++) {
        all += rows[g];
        happened += events[g];
        in.mean += rows[g] * x[g];
    }
    in.mean /= all;
    if (happened == 0.0 || happened == all) return out;
    const ranges r = range_of(&in);
    const double rate = log(happened / (all - happened));
    const double from = near ? near->in_the_large + in.mean : rate;
    out.in_the_large = settle_level(&in, from, rate - (r.high - in.mean), rate - (r.low - in.mean)) - in.mean;
    if (!(r.event_high > r.other_low && r.other_high > r.event_low)) return out;
    double slope = near ? near->slope : NAN, level = near ? near->intercept + slope * in.mean : NAN;
    bool found = isfinite(level) && climb(&level, &slope, &in);
    if (!found) {
        slope = 0.0;
        level = rate;
        found = climb(&level, &slope, &in);
    }
    if (found) {
        out.slope = slope;
        out.intercept = level - slope * in.mean;
    }
    return out;
}
