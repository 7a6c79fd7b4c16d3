// SPDX-License-Identifier: Apache-2.0
//
// Health read literally from what a definition says, one account at a time, in plain double: no normalised
// forms, no shared sums, nothing of the library's own.
#include "health/random_scorecard.h"

#include <math.h>
#include <string.h>

// A value, and an x of the definition, as the signal's column keeps them.
static double kept(int signal, double x)
{
    return signal >= 6 ? x : (double)(float)x;
}

static double linear(const card_curve *c, double x)
{
    double share = (x - c->x[0]) / (c->x[1] - c->x[0]);
    return share < 0 ? 0 : share > 1 ? 100 : 100 * share;
}

static double points(const card_curve *c, double x)
{
    int last = -1; // the last point at or before x
    for (int k = 0; k < c->count; k++)
        if (x >= c->x[k]) last = k;
    if (last < 0) return c->y[0];
    if (last == c->count - 1) return c->y[last];
    double share = (x - c->x[last]) / (c->x[last + 1] - c->x[last]);
    return c->y[last] + share * (c->y[last + 1] - c->y[last]);
}

static double steps(const card_curve *c, int signal, double x)
{
    double y = c->below;
    for (int k = 0; k < c->count; k++)
        if (x >= kept(signal, c->x[k])) y = c->y[k];
    return y;
}

static double curve(const card_curve *c, int signal, double value)
{
    const double x = kept(signal, value);
    return c->form == LINEAR ? linear(c, x) : c->form == POINTS ? points(c, x) : steps(c, signal, x);
}

static bool holds(const card *c, const card_condition *when, int64_t row)
{
    switch (when->test) {
    case LEVEL_IS:
        return c->level[when->signal][row] == when->level;
    case NUMBER_ABOVE:
        return c->number[when->signal][row] > when->limit;
    case NUMBER_MISSING:
        return isnan(c->number[when->signal][row]);
    }
    return false;
}

static int segment_of(const card *c, int64_t row)
{
    for (int s = 0; s < c->segments; s++)
        if (holds(c, &c->segment[s].when, row)) return s;
    return c->segments;
}

static hf_measure_state state_of(const card *c, const card_measure *m, int64_t row)
{
    bool there = m->curve.form == TABLE ? c->level[m->signal][row] >= 0 : !isnan(c->number[m->signal][row]);
    if (!there) return HF_STATE_ABSENT;
    if (m->max_age == 0) return HF_STATE_OBSERVED;
    hf_date date = c->date[m->dated][row];
    return date == HF_DATE_MISSING || AS_OF - date > m->max_age ? HF_STATE_STALE : HF_STATE_OBSERVED;
}

static double percentile(const card *c, const card_measure *m, int64_t row)
{
    double less = 0, equal = 0, count = 0;
    const double x = kept(m->signal, c->number[m->signal][row]);
    for (int64_t i = 0; i < c->rows; i++) {
        if (segment_of(c, i) != segment_of(c, row) || state_of(c, m, i) != HF_STATE_OBSERVED) continue;
        const double other = kept(m->signal, c->number[m->signal][i]);
        count += 1;
        less += m->good ? other < x : other > x;
        equal += other == x;
    }
    return 100 * (less + equal / 2) / count;
}

static double score_of(const card *c, int m, int segment, hf_measure_state state, int64_t row)
{
    const card_measure *measure = &c->measure[m];
    const card_curve *own = &measure->curve;
    if (state != HF_STATE_OBSERVED) switch (measure->missing) {
        case HF_MISSING_SKIP:
            return NAN;
        case HF_MISSING_NEUTRAL:
            return c->neutral;
        case HF_MISSING_WORST:
            return 0;
        case HF_MISSING_VALUE:
            return measure->value;
        }
    if (own->form == PERCENTILE) return percentile(c, measure, row);
    if (segment < c->segments && c->segment[segment].own_curve[m]) own = &c->segment[segment].curve[m];
    if (own->form != TABLE) return curve(own, measure->signal, c->number[measure->signal][row]);
    const int level = c->level[measure->signal][row];
    return own->listed[level] ? own->y[level] : own->other;
}

static double weight_of(const card *c, int segment, int m)
{
    if (segment < c->segments && c->segment[segment].own_weight[m]) return c->segment[segment].weight[m];
    return c->measure[m].weight;
}

static double group_weight_of(const card *c, int segment, int g)
{
    if (segment < c->segments && c->segment[segment].own_group_weight[g])
        return c->segment[segment].group_weight[g];
    return c->group[g].weight;
}

static int group_of(const card *c, int m)
{
    int g = 0;
    while (m >= c->group[g].first + c->group[g].count)
        g++;
    return g;
}

// Step 3.
static void find_nominal(card_health *h, const card *c)
{
    double all = 0, within[MOST_GROUPS] = {0};
    for (int m = 0; m < c->measures; m++)
        within[group_of(c, m)] += weight_of(c, h->segment, m);
    for (int g = 0; g < c->groups; g++)
        if (within[g] > 0) all += group_weight_of(c, h->segment, g);
    for (int m = 0; m < c->measures; m++) {
        const int g = group_of(c, m);
        h->nominal[m] =
            within[g] > 0 ? group_weight_of(c, h->segment, g) / all * weight_of(c, h->segment, m) / within[g]
                          : 0;
    }
}

static bool is_present(const card_health *h, int m)
{
    return !isnan(h->q[m]) && h->nominal[m] > 0;
}

// Steps 5 and 6.
static void find_effective(card_health *h, const card *c)
{
    double group_nominal[MOST_GROUPS] = {0}, present[MOST_GROUPS] = {0}, all = 0, sum = 0;
    for (int m = 0; m < c->measures; m++) {
        group_nominal[group_of(c, m)] += h->nominal[m];
        if (is_present(h, m)) present[group_of(c, m)] += weight_of(c, h->segment, m);
    }
    for (int g = 0; g < c->groups; g++)
        if (present[g] > 0) all += group_nominal[g];
    h->raw = 0;
    for (int g = 0; g < c->groups; g++) {
        const card_group *group = &c->group[g];
        const double share = group_nominal[g] / all;
        int chosen = -1;
        for (int m = group->first; m < group->first + group->count; m++)
            if (is_present(h, m) &&
                (chosen < 0 ||
                 (group->aggregate == HF_AGGREGATE_WORST ? h->q[m] < h->q[chosen] : h->q[m] > h->q[chosen])))
                chosen = m;
        for (int m = group->first; m < group->first + group->count; m++) {
            double e = 0, cap = c->max_inherit * h->nominal[m];
            if (is_present(h, m) && group->aggregate == HF_AGGREGATE_MEAN)
                e = share * weight_of(c, h->segment, m) / present[g];
            if (m == chosen && group->aggregate != HF_AGGREGATE_MEAN) {
                e = share;
                cap = c->max_inherit * group_nominal[g];
            }
            h->effective[m] = is_present(h, m) && e > cap ? cap : e;
            sum += h->effective[m];
            if (h->effective[m] > 0) h->raw += h->effective[m] * h->q[m];
        }
    }
    h->unassigned = 1 - sum;
    h->raw = all > 0 ? h->raw + h->unassigned * c->neutral : NAN;
}

static double overridden(double health, hf_override_action action, double value)
{
    if (action == HF_OVERRIDE_SET) return value;
    if (isnan(health)) return health;
    if (action == HF_OVERRIDE_CAP) return health > value ? value : health;
    return health < value ? value : health;
}

static double edge_of(const card *c, int segment, int b)
{
    return segment < c->segments && c->segment[segment].own_bands ? c->segment[segment].band[b] : c->band[b];
}

static void find_band(card_health *h, const card *c)
{
    h->band = -1;
    h->edge_distance = fabs(h->coverage - c->min_coverage) < 1e-9 ? 0 : INFINITY;
    for (int b = 0; b < c->bands; b++) {
        if (b > 0 && !isnan(h->health))
            h->edge_distance = fmin(h->edge_distance, fabs(h->health - edge_of(c, h->segment, b)));
        if (h->health >= edge_of(c, h->segment, b)) h->band = b;
    }
    if (isnan(h->health) || h->coverage < c->min_coverage) h->band = -1;
}

void card_score(card_health *out, const card *c, int64_t row)
{
    *out = (card_health){.segment = segment_of(c, row)};
    find_nominal(out, c);
    for (int m = 0; m < c->measures; m++) {
        out->state[m] = state_of(c, &c->measure[m], row);
        out->q[m] = score_of(c, m, out->segment, out->state[m], row);
        if (out->state[m] == HF_STATE_OBSERVED) out->coverage += out->nominal[m];
    }
    find_effective(out, c);
    out->health = out->raw;
    for (int r = 0; r < c->rules; r++)
        if (holds(c, &c->rule[r].when, row))
            out->health = overridden(out->health, c->rule[r].action, c->rule[r].value);
    for (int i = 0; i < c->manuals; i++)
        if (c->manual[i].row == row && !c->manual[i].expired)
            out->health = overridden(out->health, c->manual[i].action, c->manual[i].value);
    find_band(out, c);
}
