// SPDX-License-Identifier: Apache-2.0
//
// The path to a band: which measures to raise, how far. Greedy: the step that adds most health first, each
// measure to the best its curve gives, until the band is reached; then steps that turn out not to be needed
// are taken out, and the last one is cut to what is needed. Where measures are weighted means that is the
// fewest. A score is turned into the signal's nearest value that has it by bisection along the curve.
#include "health/health_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// What can be done about one measure.
typedef struct {
    int32_t measure;
    bool observed; // as it is now
    double from;   // the signal's value, NaN where missing
    double best;   // the highest score it can be given
    bool whole;    // the signal's values are whole numbers
    bool rising;   // a better value is a higher one
    double
        *points;   // owned: values at which its curve bends or jumps, from the present one on in the good way
    int32_t count; // of points; 0 for categories
    bool taken;
} choice;

typedef struct {
    const hf_context *context;
    const hf_health_plan *plan;
    int64_t row;
    int32_t segment;
    int8_t band;
    bool overrides;            // whether the row's overrides are applied
    double *score, *effective; // owned, one a measure
    bool *known;               // owned: observed, now or by a step
    choice *choices;           // owned
    int32_t count;
} pathing;

// ---- an account with some steps taken --------------------------------------------------------------------------

static double health_now(const pathing *p)
{
    double unassigned;
    const double raw = hf_health_combine(p->plan, p->segment, p->score, p->effective, &unassigned);
    return p->overrides ? hf_health_override_row(p->plan, p->row, raw, NULL, NULL) : raw;
}

static bool is_reached(const pathing *p, double health)
{
    const int32_t count = p->plan->definition->measure_count;
    const double *nominal = p->plan->nominal + (size_t)p->segment * (size_t)count;
    double coverage = 0;
    for (int32_t i = 0; i < count; i++)
        if (p->known[i]) coverage += nominal[i];
    return hf_health_band(p->plan, p->segment, health, coverage) >= p->band;
}

// ---- values and scores -----------------------------------------------------------------------------------------

static const hf_term *curve_of(const pathing *p, int32_t measure)
{
    return p->plan->definition->segments[p->segment].curve[measure];
}

static double score_at(const pathing *p, const choice *c, double value)
{
    return hf_health_score_of(p->plan, p->segment, c->measure, value, NULL);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The places where a measure's score bends or jumps; a jump gives the numbers on either side of it. Returns
// how many; out NULL: at most so many.
static int32_t bends_of(const pathing *p, int32_t measure, double *out)
{
    const hf_percentile *percentile = &p->plan->measures[measure].percentile;
    int32_t n = 0;
    if (percentile->values) {
        const int64_t begin = percentile->first[p->segment], end = percentile->first[p->segment + 1];
        if (begin == end) return 0;
        if (!out) return 2;
        out[n++] = percentile->values[begin];
        out[n++] = percentile->values[end - 1];
        return n;
    }
    const hf_curve *curve = &curve_of(p, measure)->curve;
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

// The nearest value of the kind the signal has, from x on in the good way.
static double settle_value(const choice *c, double x)
{
    if (!c->whole) return x;
    return c->rising ? ceil(x) : floor(x);
}

// Lays the points out from the present value on, in the good way. A measure without a value starts where its
// curve is worst.
static void order_points(choice *c, double *bends, int32_t count)
{
    qsort(bends, (size_t)count, sizeof *bends, by_value);
    c->count = 0;
    if (!isnan(c->from)) c->points[c->count++] = c->from;
    for (int32_t k = 0; k < count; k++) {
        const double x = settle_value(c, bends[c->rising ? k : count - 1 - k]);
        const bool further =
            c->count == 0 || (c->rising ? x > c->points[c->count - 1] : x < c->points[c->count - 1]);
        if (further) c->points[c->count++] = x;
    }
}

static hf_status open_number(const pathing *p, choice *c, hf_error *error)
{
    const int32_t most = bends_of(p, c->measure, NULL);
    double *bends = hf_new(p->context, (size_t)most, sizeof *bends);
    c->points = hf_new(p->context, (size_t)most + 1, sizeof *c->points);
    if (!bends || !c->points) {
        hf_delete(p->context, bends);
        return hf_fail_memory(error);
    }
    c->from = hf_health_number(p->plan, c->measure, p->row);
    order_points(c, bends, bends_of(p, c->measure, bends));
    hf_delete(p->context, bends);
    for (int32_t k = 0; k < c->count; k++)
        c->best = fmax(c->best, score_at(p, c, c->points[k]));
    return HF_OK;
}

static double score_of_level(const pathing *p, int32_t measure, const char *level)
{
    return hf_health_score_of(p->plan, p->segment, measure, NAN, level);
}

static hf_status open_choice(const pathing *p, choice *c, hf_error *error)
{
    const hf_plan_measure *bound = &p->plan->measures[c->measure];
    const hf_measure *measure = &p->plan->definition->measures[c->measure];
    const hf_term *curve = curve_of(p, c->measure);
    c->observed = hf_health_state(p->plan, c->measure, p->row) == HF_STATE_OBSERVED;
    c->best = -INFINITY;
    c->from = NAN;
    if (!bound->percentile.values && curve->kind == HF_TERM_TABLE) {
        const hf_dictionary *levels = &curve->table.levels;
        for (int32_t l = 0; l < levels->count; l++)
            c->best = fmax(c->best, score_of_level(p, c->measure, hf_dictionary_text(levels, l)));
        return HF_OK;
    }
    const hf_kind kind = bound->column ? bound->column->kind : HF_KIND_NUMBER;
    c->whole = kind == HF_KIND_COUNT || kind == HF_KIND_FLAG;
    c->rising = measure->direction != HF_DIRECTION_HIGHER_BAD;
    return open_number(p, c, error);
}

// The first value on the way whose score is at least `score`. points holds one that has it.
static double value_for(const pathing *p, const choice *c, double score)
{
    int32_t k = 0;
    while (k + 1 < c->count && score_at(p, c, c->points[k]) < score)
        k++;
    double there = c->points[k];
    if (k == 0) return there;
    for (double here = c->points[k - 1];;) {
        const double middle = settle_value(c, here + (there - here) / 2);
        if (middle == here || middle == there) return there;
        if (score_at(p, c, middle) >= score)
            there = middle;
        else
            here = middle;
    }
}

// The same as people say it: the fewest digits that do not ask for noticeably more than is needed.
static double plain_value(const pathing *p, const choice *c, double score)
{
    const double exact = value_for(p, c, score), end = c->points[c->count - 1];
    if (c->whole) return exact;
    const double from = isnan(c->from) ? c->points[0] : c->from;
    const double slack = fmax(fabs(exact - from), fabs(exact) * 1e-3) / 20;
    for (int digits = -6; digits <= 9; digits++) {
        const double unit = pow(10, digits), scaled = exact * unit;
        const double value = (c->rising ? ceil(scaled) : floor(scaled)) / unit;
        if (fabs(value - exact) > slack || (c->rising ? value > end : value < end)) continue;
        if (score_at(p, c, value) >= score) return value;
    }
    return exact;
}

static const char *level_for(const pathing *p, const choice *c, double score)
{
    const hf_dictionary *levels = &curve_of(p, c->measure)->table.levels;
    const char *found = NULL;
    double least = INFINITY;
    for (int32_t l = 0; l < levels->count; l++) {
        const char *level = hf_dictionary_text(levels, l);
        const double has = score_of_level(p, c->measure, level);
        if (has < score || has >= least) continue;
        found = level;
        least = has;
    }
    return found;
}

// ---- the steps -------------------------------------------------------------------------------------------------

static bool can_be_raised(const pathing *p, const choice *c)
{
    const double now = p->score[c->measure];
    return !c->taken && (isnan(now) || !c->observed || c->best > now);
}

// Health with one more measure at its best.
static double health_with(const pathing *p, const choice *c)
{
    const double now = p->score[c->measure];
    p->score[c->measure] = c->best;
    const double health = health_now(p);
    p->score[c->measure] = now;
    return health;
}

static double number_or(double x, double otherwise)
{
    return isnan(x) ? otherwise : x;
}

// The next step: the largest gain; where no step alone gains anything (the worst of a group has equals, or
// only coverage is short), the one that is worst by nominal weight.
static choice *next_step(const pathing *p, double health)
{
    const double *nominal =
        p->plan->nominal + (size_t)p->segment * (size_t)p->plan->definition->measure_count;
    const double now = number_or(health, 0);
    choice *found = NULL;
    double most = 1e-9, most_lost = 0;
    for (int32_t i = 0; i < p->count; i++) {
        choice *c = &p->choices[i];
        if (!can_be_raised(p, c)) continue;
        const double gain = number_or(health_with(p, c), 0) - now;
        if (gain > most) {
            most = gain;
            found = c;
        }
    }
    if (found) return found;
    for (int32_t i = 0; i < p->count; i++) {
        choice *c = &p->choices[i];
        if (!can_be_raised(p, c)) continue;
        const double lost = nominal[c->measure] * (1 + c->best - number_or(p->score[c->measure], 0));
        // Raising a missing one may also lower the mean: only where coverage is what is missing.
        if (lost <= most_lost || number_or(health_with(p, c), 0) < now - 1e-9) continue;
        most_lost = lost;
        found = c;
    }
    return found;
}

static void take(pathing *p, choice *c, double score)
{
    c->taken = true;
    p->score[c->measure] = score;
    p->known[c->measure] = true;
}

// The row's own score and state of a measure again.
static void put_back(pathing *p, choice *c)
{
    hf_measure_state state;
    c->taken = false;
    p->score[c->measure] = hf_health_score(p->plan, c->measure, p->row, &state);
    p->known[c->measure] = state == HF_STATE_OBSERVED;
}

// Greedy, until the band is reached or nothing is left. steps: room for all choices.
static bool take_steps(pathing *p, choice **steps, int32_t *count)
{
    double health = health_now(p);
    while (!is_reached(p, health)) {
        choice *next = next_step(p, health);
        if (!next) return false;
        take(p, next, next->best);
        steps[(*count)++] = next;
        health = health_now(p);
    }
    return true;
}

// Takes out the steps that are not needed, the last ones first.
static void prune(pathing *p, choice **steps, int32_t *count)
{
    for (int32_t i = *count - 1; i >= 0; i--) {
        put_back(p, steps[i]);
        if (!is_reached(p, health_now(p))) {
            take(p, steps[i], steps[i]->best);
            continue;
        }
        memmove(steps + i, steps + i + 1, (size_t)(*count - 1 - i) * sizeof *steps);
        (*count)--;
    }
}

static bool reaches_with(const pathing *p, const choice *c, double score)
{
    const double now = p->score[c->measure];
    p->score[c->measure] = score;
    const bool reached = is_reached(p, health_now(p));
    p->score[c->measure] = now;
    return reached;
}

// The least score of the last step that still reaches the band.
static double least_score(const pathing *p, const choice *c, double from)
{
    double low = fmin(number_or(from, 0), c->best), high = c->best;
    if (reaches_with(p, c, low)) return low;
    for (int i = 0; i < 60 && high - low > 1e-9; i++) {
        const double middle = low + (high - low) / 2;
        if (reaches_with(p, c, middle))
            high = middle;
        else
            low = middle;
    }
    return high;
}

static void describe(const pathing *p, const choice *c, double from, double target, hf_path_step *out)
{
    *out = (hf_path_step){.measure = c->measure, .from = NAN, .to = NAN, .score_from = from};
    if (c->count == 0) {
        out->level = level_for(p, c, target);
        out->score_to = score_of_level(p, c->measure, out->level);
    } else {
        out->from = c->from;
        out->to = plain_value(p, c, target);
        out->score_to = score_at(p, c, out->to);
    }
}

// Writes the steps down in their order, the last one cut to what is needed.
static void write_steps(pathing *p, choice **steps, int32_t count, hf_path_step *out)
{
    choice *last = count > 0 ? steps[count - 1] : NULL;
    double target = 0;
    for (int32_t i = 0; i < count; i++)
        take(p, steps[i], steps[i]->best);
    if (last) {
        hf_measure_state state;
        const double from = hf_health_score(p->plan, last->measure, p->row, &state);
        target = least_score(p, last, from);
    }
    for (int32_t i = 0; i < count; i++)
        put_back(p, steps[i]);
    double health = number_or(health_now(p), 0);
    for (int32_t i = 0; i < count; i++) {
        choice *c = steps[i];
        describe(p, c, p->score[c->measure], c == last ? target : c->best, &out[i]);
        take(p, c, out[i].score_to);
        const double now = number_or(health_now(p), 0);
        out[i].gain = now - health;
        health = now;
    }
}

// ---- the call --------------------------------------------------------------------------------------------------

static hf_status pathing_create(pathing *p, hf_error *error)
{
    const hf_definition *definition = p->plan->definition;
    const int32_t count = definition->measure_count;
    const double *nominal = p->plan->nominal + (size_t)p->segment * (size_t)count;
    p->score = hf_new(p->context, (size_t)count, sizeof *p->score);
    p->effective = hf_new(p->context, (size_t)count, sizeof *p->effective);
    p->known = hf_new(p->context, (size_t)count, sizeof *p->known);
    p->choices = hf_new(p->context, (size_t)count, sizeof *p->choices);
    if (!p->score || !p->effective || !p->known || !p->choices) return hf_fail_memory(error);
    for (int32_t i = 0; i < count; i++) {
        hf_measure_state state;
        p->score[i] = hf_health_score(p->plan, i, p->row, &state);
        p->known[i] = state == HF_STATE_OBSERVED;
        if (!definition->measures[i].actionable || nominal[i] <= 0) continue;
        choice *c = &p->choices[p->count++];
        c->measure = i;
        hf_status status = open_choice(p, c, error);
        if (status != HF_OK) return status;
    }
    return HF_OK;
}

static void pathing_free(pathing *p)
{
    for (int32_t i = 0; i < p->count; i++)
        hf_delete(p->context, p->choices[i].points);
    hf_delete(p->context, p->choices);
    hf_delete(p->context, p->known);
    hf_delete(p->context, p->effective);
    hf_delete(p->context, p->score);
}

// With the overrides first; where those keep it below whatever is done, without them.
static bool find_steps(pathing *p, choice **steps, int32_t *count)
{
    bool reached = take_steps(p, steps, count);
    if (reached) {
        prune(p, steps, count);
        return true;
    }
    for (int32_t i = 0; i < *count; i++)
        put_back(p, steps[i]);
    *count = 0;
    p->overrides = false;
    if (take_steps(p, steps, count))
        prune(p, steps, count);
    else
        *count = 0;
    return false;
}

hf_status hf_health_path(hf_path_step *out, int32_t *count, bool *reached, const hf_context *context,
                         const hf_health_plan *plan, int64_t row, int8_t band, hf_error *error)
{
    pathing p = {.context = context,
                 .plan = plan,
                 .row = row,
                 .segment = plan->segment[row],
                 .band = band,
                 .overrides = true};
    choice **steps = hf_new(context, (size_t)plan->definition->measure_count, sizeof *steps);
    int32_t found = 0;
    hf_status status;
    if (!steps) return hf_fail_memory(error);
    HF_TRY(done, pathing_create(&p, error));
    const bool there = find_steps(&p, steps, &found);
    write_steps(&p, steps, found, out);
    *count = found;
    *reached = there;
done:
    pathing_free(&p);
    hf_delete(context, steps);
    return status;
}
