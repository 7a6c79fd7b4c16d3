// SPDX-License-Identifier: Apache-2.0
//
// What weights come to for accounts of one pattern, many weightings side by side. The sums are the fleet
// pass's (health_pass.c), in its order, so that a health worked out from them has its bits; the weights of
// the product are the same numbers in f32.
#include "whatif/whatif_fleet.h"

#include <math.h>
#include <string.h>

// ---- weights normalised ----------------------------------------------------------------------------------------

hf_status hf_weights_create(hf_weights *out, const hf_context *context, const hf_definition *d, int32_t lanes,
                            hf_error *error)
{
    const size_t segments = (size_t)d->segment_count, each = (size_t)lanes;
    const size_t weights = segments * (size_t)d->measure_count * each;
    const size_t groups = segments * (size_t)d->group_count * each;
    double *room = hf_new(context, weights + 2 * groups, sizeof *room);
    if (!room) return hf_fail_memory(error);
    *out = (hf_weights){lanes, room, room, room + weights, room + weights + groups};
    return HF_OK;
}

void hf_weights_free(const hf_context *context, hf_weights *weights)
{
    hf_delete(context, weights->room);
    *weights = (hf_weights){0};
}

static double largest_weight(const hf_definition *d, const double *measure, const hf_group *group)
{
    double most = 0;
    for (int32_t s = 0; s < d->segment_count; s++)
        for (int32_t m = group->first; m < group->first + group->count; m++)
            most = fmax(most, measure[(ptrdiff_t)s * d->measure_count + m]);
    return most > 0 ? most : 1;
}

static void weigh_measures(hf_weights *to, const hf_definition *d, const double *measure, int32_t lane)
{
    for (int32_t g = 0; g < d->group_count; g++) {
        const hf_group *group = &d->groups[g];
        const double most = largest_weight(d, measure, group);
        for (int32_t s = 0; s < d->segment_count; s++) {
            double total = 0;
            for (int32_t m = group->first; m < group->first + group->count; m++) {
                const ptrdiff_t of = (ptrdiff_t)s * d->measure_count + m;
                to->weight[of * to->lanes + lane] = measure[of] / most;
                total += measure[of] / most;
            }
            to->total[((ptrdiff_t)s * d->group_count + g) * to->lanes + lane] = total;
        }
    }
}

static void weigh_groups(hf_weights *to, const hf_definition *d, const double *group, int32_t s, int32_t lane)
{
    const double *total = to->total + (ptrdiff_t)s * d->group_count * to->lanes + lane;
    double *share = to->share + (ptrdiff_t)s * d->group_count * to->lanes + lane, most = 0, sum = 0;
    for (int32_t g = 0; g < d->group_count; g++)
        if (total[(ptrdiff_t)g * to->lanes] > 0) most = fmax(most, group[g]);
    for (int32_t g = 0; g < d->group_count; g++) {
        const ptrdiff_t at = (ptrdiff_t)g * to->lanes;
        share[at] = total[at] > 0 && most > 0 ? group[g] / most : 0;
        sum += share[at];
    }
    for (int32_t g = 0; g < d->group_count; g++)
        if (sum > 0) share[(ptrdiff_t)g * to->lanes] /= sum;
}

void hf_weights_fill(hf_weights *to, const hf_weightings *w, int32_t first, int32_t count)
{
    const hf_definition *d = w->definition;
    for (int32_t lane = 0; lane < to->lanes; lane++) {
        const int32_t at = first + (lane < count ? lane : 0);
        weigh_measures(to, d, hf_weighting_measures(w, at), lane);
        for (int32_t s = 0; s < d->segment_count; s++)
            weigh_groups(to, d, hf_weighting_groups(w, at) + (ptrdiff_t)s * d->group_count, s, lane);
    }
}

// ---- one pattern -------------------------------------------------------------------------------------------------

hf_status hf_pattern_weights_create(hf_pattern_weights *out, const hf_context *context, int32_t groups,
                                    int32_t columns, int32_t lanes, hf_error *error)
{
    const size_t n = (size_t)lanes;
    hf_pattern_weights w = {0};
    w.kept = hf_new(context, ((size_t)groups + 6) * n, sizeof *w.kept);
    w.row = hf_new(context, ((size_t)columns + 1) * n, sizeof *w.row);
    w.nothing = hf_new(context, 3 * n, sizeof *w.nothing);
    if (!w.kept || !w.row || !w.nothing) {
        hf_pattern_weights_free(context, &w);
        return hf_fail_memory(error);
    }
    double *const room = w.kept + (size_t)groups * n;
    w.left = room;
    w.present = room + n;
    w.coverage = room + 2 * n;
    w.assigned = room + 3 * n;
    w.observed = room + 4 * n;
    w.filled = room + 5 * n;
    w.unknown = w.nothing + n;
    w.apart = w.nothing + 2 * n;
    *out = w;
    return HF_OK;
}

void hf_pattern_weights_free(const hf_context *context, hf_pattern_weights *of)
{
    hf_delete(context, of->kept);
    hf_delete(context, of->row);
    hf_delete(context, of->nothing);
    *of = (hf_pattern_weights){0};
}

// The weights observed in a group, and those that have a score all the same.
static void add_up(hf_pattern_weights *out, const hf_whatif_fleet *f, const hf_pattern *p,
                   const double *weight, int32_t g, int32_t lanes)
{
    const hf_group *group = &f->definition->groups[g];
    memset(out->observed, 0, (size_t)lanes * sizeof *out->observed);
    memset(out->filled, 0, (size_t)lanes * sizeof *out->filled);
    for (int32_t m = group->first; m < group->first + group->count; m++) {
        const double *restrict w = weight + (ptrdiff_t)m * lanes;
        double *restrict to = p->state[m] & HF_SEEN ? out->observed : out->filled;
        if (!(p->state[m] & HF_SCORED)) continue;
#pragma omp simd
        for (int32_t k = 0; k < lanes; k++)
            to[k] += w[k];
    }
    if (group->aggregate == HF_AGGREGATE_MEAN) return;
    for (int32_t k = 0; k < lanes; k++) // whoever is chosen is present, observed or not
        out->filled[k] = out->observed[k] + out->filled[k] > 0.0 ? 1.0 : 0.0;
}

static void add_presence(hf_pattern_weights *out, const double *restrict share, const double *restrict total,
                         int32_t lanes)
{
    double *restrict present = out->present, *restrict coverage = out->coverage;
    const double *restrict observed = out->observed, *restrict filled = out->filled;
#pragma omp simd
    for (int32_t k = 0; k < lanes; k++) {
        const double part = observed[k] / total[k];
        present[k] += observed[k] + filled[k] > 0.0 ? share[k] : 0.0;
        coverage[k] += total[k] > 0.0 ? share[k] * part : 0.0;
    }
}

static void keep_mean(hf_pattern_weights *out, double *restrict kept, const double *restrict share,
                      const double *restrict total, double most, int32_t lanes)
{
    double *restrict assigned = out->assigned;
    const double *restrict present = out->present, *restrict observed = out->observed;
    const double *restrict filled = out->filled;
#pragma omp simd
    for (int32_t k = 0; k < lanes; k++) {
        const double weight = observed[k] + filled[k];
        const double inherited = 1.0 / (present[k] * weight), cap = most / total[k];
        const double factor = weight > 0.0 ? share[k] * (inherited < cap ? inherited : cap) : 0.0;
        kept[k] = share[k] > 0.0 ? factor : 0.0;
        assigned[k] += kept[k] * weight;
    }
}

static void keep_extreme(hf_pattern_weights *out, double *restrict kept, const double *restrict share,
                         double most, int32_t lanes)
{
    for (int32_t k = 0; k < lanes; k++) {
        const double inherited = 1.0 / out->present[k];
        const double factor = share[k] * (inherited < most ? inherited : most);
        kept[k] = out->filled[k] > 0.0 && share[k] > 0.0 ? factor : 0.0;
        out->assigned[k] += kept[k];
    }
}

// Weightings under which other measures of worst and best groups count than under the definition's own.
static void find_apart(hf_pattern_weights *out, const hf_whatif_fleet *f, const hf_pattern *p,
                       const double *weight, int32_t lanes)
{
    const hf_definition *d = f->definition;
    memset(out->apart, 0, (size_t)lanes * sizeof *out->apart);
    out->any_apart = false;
    for (int32_t m = 0; m < d->measure_count; m++) {
        const bool now = d->segments[p->segment].measure_weight[m] > 0;
        if (d->groups[d->measures[m].group].aggregate == HF_AGGREGATE_MEAN) continue;
        if (!(p->state[m] & HF_SCORED)) continue;
        for (int32_t k = 0; k < lanes; k++)
            out->any_apart |= out->apart[k] |= (weight[(ptrdiff_t)m * lanes + k] > 0) != now;
    }
}

static void write_rows(hf_pattern_weights *out, const hf_whatif_fleet *f, const hf_pattern *p,
                       const double *weight, int32_t lanes)
{
    for (int32_t c = 0; c < p->columns; c++) {
        const hf_pattern_column column = f->columns[p->first_column + c];
        const double *restrict kept = out->kept + (ptrdiff_t)column.group * lanes;
        float *restrict row = out->row + (ptrdiff_t)c * lanes;
        if (column.measure < 0) {
            for (int32_t k = 0; k < lanes; k++)
                row[k] = (float)kept[k];
            continue;
        }
        const double *restrict w = weight + (ptrdiff_t)column.measure * lanes;
#pragma omp simd
        for (int32_t k = 0; k < lanes; k++)
            row[k] = (float)(kept[k] * w[k]);
    }
    for (int32_t k = 0; k < lanes; k++)
        out->row[(ptrdiff_t)p->columns * lanes + k] = (float)out->left[k];
}

void hf_pattern_weigh(hf_pattern_weights *out, const hf_whatif_fleet *f, const hf_pattern *p,
                      const hf_weights *weights)
{
    const hf_definition *d = f->definition;
    const int32_t lanes = weights->lanes;
    const double *weight = weights->weight + (ptrdiff_t)p->segment * d->measure_count * lanes;
    const double *share = weights->share + (ptrdiff_t)p->segment * d->group_count * lanes;
    const double *total = weights->total + (ptrdiff_t)p->segment * d->group_count * lanes;
    memset(out->present, 0, 3 * (size_t)lanes * sizeof *out->present); // and coverage, assigned
    for (int32_t g = 0; g < d->group_count; g++) {
        add_up(out, f, p, weight, g, lanes);
        add_presence(out, share + (ptrdiff_t)g * lanes, total + (ptrdiff_t)g * lanes, lanes);
    }
    for (int32_t g = 0; g < d->group_count; g++) {
        const ptrdiff_t at = (ptrdiff_t)g * lanes;
        add_up(out, f, p, weight, g, lanes);
        if (d->groups[g].aggregate == HF_AGGREGATE_MEAN)
            keep_mean(out, out->kept + at, share + at, total + at, d->max_inherit, lanes);
        else
            keep_extreme(out, out->kept + at, share + at, d->max_inherit, lanes);
    }
    out->any_nothing = out->any_unknown = false;
    for (int32_t k = 0; k < lanes; k++) {
        const double left = 1.0 - out->assigned[k];
        out->left[k] = (left > 0.0 ? left : 0.0) * d->neutral;
        out->any_nothing |= out->nothing[k] = !(out->present[k] > 0.0);
        out->any_unknown |= out->unknown[k] = !(out->coverage[k] >= d->min_coverage - HF_COVERAGE_SLACK);
    }
    find_apart(out, f, p, weight, lanes);
    write_rows(out, f, p, weight, lanes);
}

// ---- one account -------------------------------------------------------------------------------------------------

// The score of a worst or best group: the first of the lowest or highest among those that count.
static double extreme(const hf_whatif_fleet *f, const hf_pattern *p, const double *weight, int32_t lanes,
                      const hf_group *group, int64_t row)
{
    const hf_health *health = f->night.health;
    const float sign = group->aggregate == HF_AGGREGATE_WORST ? 1.0f : -1.0f;
    float chosen = NAN;
    for (int32_t m = group->first; m < group->first + group->count; m++) {
        if (!(p->state[m] & HF_SCORED) || !(weight[(ptrdiff_t)m * lanes] > 0)) continue;
        const float q = health->measure[m * health->rows + row];
        if (isnan(chosen) || sign * q < sign * chosen) chosen = q;
    }
    return (double)chosen;
}

double hf_pattern_exact(const hf_whatif_fleet *f, const hf_pattern *p, const hf_weights *weights,
                        const hf_pattern_weights *of, int32_t lane, int64_t row)
{
    const hf_definition *d = f->definition;
    const hf_health *health = f->night.health;
    const int32_t lanes = weights->lanes;
    const double *weight = weights->weight + (ptrdiff_t)p->segment * d->measure_count * lanes + lane;
    double raw = 0;
    if (of->nothing[lane]) return NAN;
    for (int32_t g = 0; g < d->group_count; g++) {
        const hf_group *group = &d->groups[g];
        const double kept = of->kept[(ptrdiff_t)g * lanes + lane];
        double points = 0;
        if (!(kept > 0)) continue;
        if (group->aggregate != HF_AGGREGATE_MEAN)
            points = extreme(f, p, weight, lanes, group, row);
        else
            for (int32_t m = group->first; m < group->first + group->count; m++)
                if (p->state[m] & HF_SCORED)
                    points += weight[(ptrdiff_t)m * lanes] * (double)health->measure[m * health->rows + row];
        raw += kept * points;
    }
    return raw + of->left[lane];
}
