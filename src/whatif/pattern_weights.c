// SPDX-License-Identifier: Apache-2.0
//
// What weights come to for accounts of one pattern. The sums are the fleet pass's (health_pass.c), in its
// order, so that a health worked out from them has its bits; the weights of the product are the same numbers
// in f32.
#include "whatif/whatif_fleet.h"

#include <math.h>

// ---- weights normalised ----------------------------------------------------------------------------------------

static double largest_weight(const hf_weightings *w, int32_t at, const hf_group *group)
{
    const hf_definition *d = w->definition;
    const double *measure = hf_weighting_measures(w, at);
    double most = 0;
    for (int32_t s = 0; s < d->segment_count; s++)
        for (int32_t m = group->first; m < group->first + group->count; m++)
            most = fmax(most, measure[(ptrdiff_t)s * d->measure_count + m]);
    return most > 0 ? most : 1;
}

static void weigh_measures(hf_weights *to, const hf_weightings *w, int32_t at)
{
    const hf_definition *d = w->definition;
    const double *measure = hf_weighting_measures(w, at);
    for (int32_t g = 0; g < d->group_count; g++) {
        const hf_group *group = &d->groups[g];
        const double most = largest_weight(w, at, group);
        for (int32_t s = 0; s < d->segment_count; s++) {
            double *total = &to->total[(ptrdiff_t)s * d->group_count + g];
            *total = 0;
            for (int32_t m = group->first; m < group->first + group->count; m++) {
                const ptrdiff_t of = (ptrdiff_t)s * d->measure_count + m;
                to->weight[of] = measure[of] / most;
                *total += to->weight[of];
            }
        }
    }
}

static void weigh_groups(hf_weights *to, const hf_weightings *w, int32_t at, int32_t s)
{
    const hf_definition *d = w->definition;
    const double *group = hf_weighting_groups(w, at) + (ptrdiff_t)s * d->group_count;
    const double *total = to->total + (ptrdiff_t)s * d->group_count;
    double *share = to->share + (ptrdiff_t)s * d->group_count, most = 0, sum = 0;
    for (int32_t g = 0; g < d->group_count; g++)
        if (total[g] > 0) most = fmax(most, group[g]);
    for (int32_t g = 0; g < d->group_count; g++) {
        share[g] = total[g] > 0 && most > 0 ? group[g] / most : 0;
        sum += share[g];
    }
    for (int32_t g = 0; g < d->group_count; g++)
        if (sum > 0) share[g] /= sum;
}

void hf_weights_make(hf_weights *to, const hf_weightings *weightings, int32_t at)
{
    weigh_measures(to, weightings, at);
    for (int32_t s = 0; s < weightings->definition->segment_count; s++)
        weigh_groups(to, weightings, at, s);
}

// ---- one pattern -------------------------------------------------------------------------------------------------

// Sums over the measures of a group: weights observed, and weights that have a score all the same.
typedef struct {
    double observed, filled;
    bool other; // of worst and best: another set of measures counts than under the plan's own weights
} group_sums;

static group_sums add_up(const hf_whatif_fleet *f, const hf_pattern *p, const double *weight, int32_t g)
{
    const hf_group *group = &f->definition->groups[g];
    const double *now = f->definition->segments[p->segment].measure_weight;
    group_sums sums = {0};
    bool any = false;
    for (int32_t m = group->first; m < group->first + group->count; m++) {
        const bool seen = p->state[m] & HF_SEEN, scored = p->state[m] & HF_SCORED;
        sums.observed += seen ? weight[m] : 0.0;
        sums.filled += scored && !seen ? weight[m] : 0.0;
        sums.other |= scored && (weight[m] > 0) != (now[m] > 0);
        any |= scored && weight[m] > 0;
    }
    if (group->aggregate != HF_AGGREGATE_MEAN) sums.filled = any ? 1.0 : 0.0;
    return sums;
}

hf_pattern_weights hf_pattern_weigh(float *row, double *kept, const hf_whatif_fleet *f, const hf_pattern *p,
                                    const hf_weights *weights)
{
    const hf_definition *d = f->definition;
    const double *weight = weights->weight + (ptrdiff_t)p->segment * d->measure_count;
    const double *share = weights->share + (ptrdiff_t)p->segment * d->group_count;
    const double *total = weights->total + (ptrdiff_t)p->segment * d->group_count;
    hf_pattern_weights out = {0};
    double present = 0, coverage = 0, assigned = 0;
    for (int32_t g = 0; g < d->group_count; g++) {
        const group_sums sums = add_up(f, p, weight, g);
        const double part = sums.observed / total[g];
        present += sums.observed + sums.filled > 0.0 ? share[g] : 0.0;
        coverage += total[g] > 0.0 ? share[g] * part : 0.0;
    }
    for (int32_t g = 0; g < d->group_count; g++) {
        const group_sums sums = add_up(f, p, weight, g);
        const bool mean = d->groups[g].aggregate == HF_AGGREGATE_MEAN;
        const double of = mean ? sums.observed + sums.filled : 1.0;
        const double inherited = mean ? 1.0 / (present * of) : 1.0 / present;
        const double cap = mean ? d->max_inherit / total[g] : d->max_inherit;
        const bool counts = share[g] > 0.0 && (mean ? of > 0.0 : sums.filled > 0.0);
        kept[g] = counts ? share[g] * (inherited < cap ? inherited : cap) : 0.0;
        assigned += mean ? kept[g] * of : kept[g];
        out.apart |= !mean && sums.other;
    }
    const double left = 1.0 - assigned;
    out.left = (left > 0.0 ? left : 0.0) * d->neutral;
    out.nothing = !(present > 0.0);
    out.unknown = !(coverage >= d->min_coverage - 1e-9);
    const hf_pattern_column *column = f->columns + p->first_column;
    for (int32_t c = 0; c < p->columns; c++)
        row[c] = (float)(kept[column[c].group] * (column[c].measure < 0 ? 1.0 : weight[column[c].measure]));
    row[p->columns] = (float)out.left;
    return out;
}

// The score of a worst or best group: the first of the lowest or highest among those that count.
static double extreme(const hf_whatif_fleet *f, const hf_pattern *p, const double *weight, const hf_group *group,
                      int64_t row)
{
    const hf_health *health = f->night.health;
    const float sign = group->aggregate == HF_AGGREGATE_WORST ? 1.0f : -1.0f;
    float chosen = NAN;
    for (int32_t m = group->first; m < group->first + group->count; m++) {
        if (!(p->state[m] & HF_SCORED) || !(weight[m] > 0)) continue;
        const float q = health->measure[m * health->rows + row];
        if (isnan(chosen) || sign * q < sign * chosen) chosen = q;
    }
    return (double)chosen;
}

double hf_pattern_exact(const hf_whatif_fleet *f, const hf_pattern *p, const hf_weights *weights,
                        const double *kept, const hf_pattern_weights *of, int64_t row)
{
    const hf_definition *d = f->definition;
    const hf_health *health = f->night.health;
    const double *weight = weights->weight + (ptrdiff_t)p->segment * d->measure_count;
    double raw = 0;
    if (of->nothing) return NAN;
    for (int32_t g = 0; g < d->group_count; g++) {
        const hf_group *group = &d->groups[g];
        double points = 0;
        if (!(kept[g] > 0)) continue;
        if (group->aggregate != HF_AGGREGATE_MEAN)
            points = extreme(f, p, weight, group, row);
        else
            for (int32_t m = group->first; m < group->first + group->count; m++)
                if (p->state[m] & HF_SCORED)
                    points += weight[m] * (double)health->measure[m * health->rows + row];
        raw += kept[g] * points;
    }
    return raw + of->left;
}
