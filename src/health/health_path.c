// SPDX-License-Identifier: Apache-2.0
//
// The path to a band: which measures to raise, how far. Greedy: the step that adds most health first, each
// signal to the first value with the best score its curve still gives, until the band is reached; then steps
// that turn out not to be needed are taken out, and the last one is cut, by bisection along the signal, to
// what is needed. Where measures are weighted means and no rule interferes that is the fewest.
#include "health/path_curve.h"
#include "health/path_rules.h"

#include <math.h>
#include <string.h>

// What an account can do about one measure.
typedef struct {
    int32_t measure;
    bool observed; // as it is now
    bool taken;
    double from;       // the signal's value, NaN where missing, and for a category
    double best;       // the highest score it can be given
    double to;         // the first value that has it
    const char *level; // of a category
    double gain;       // of the step alone, NaN where it has to be tried
} choice;

struct hf_path_finder {
    const hf_context *context;
    const hf_health_plan *plan;
    hf_path_curve *curves; // owned: segments x measures
    hf_path_rules rules;
    int32_t *twin;             // owned: for each measure, the next one of the same signal, round and round
    double *score, *effective; // owned, one a measure
    bool *known;               // owned: observed, now or by a step
    choice *choices, **steps;  // owned, room for all measures
    int32_t count;             // of choices
    int64_t row;
    int32_t segment;
    int8_t band;
    bool overrides; // whether overrides are applied
};

static size_t place(const hf_path_finder *f, int32_t measure)
{
    return (size_t)f->segment * (size_t)f->plan->definition->measure_count + (size_t)measure;
}

static const hf_path_curve *curve_of(const hf_path_finder *f, const choice *c)
{
    return &f->curves[place(f, c->measure)];
}

static double number_or(double x, double otherwise)
{
    return isnan(x) ? otherwise : x;
}

// ---- an account with some steps taken --------------------------------------------------------------------------

static double health_now(const hf_path_finder *f)
{
    double unassigned;
    const double raw = hf_health_combine(f->plan, f->segment, f->score, f->effective, &unassigned);
    return f->overrides ? hf_path_rules_apply(&f->rules, raw) : raw;
}

static bool is_reached(const hf_path_finder *f, double health)
{
    double coverage = 0;
    for (int32_t m = 0; m < f->plan->definition->measure_count; m++)
        if (f->known[m]) coverage += f->plan->nominal[place(f, m)];
    return hf_health_band(f->plan, f->segment, health, coverage) >= f->band;
}

// Gives a signal a value: all its measures are then observed.
static void put_value(hf_path_finder *f, const choice *c, double number, const char *level)
{
    int32_t m = c->measure;
    do {
        f->score[m] = hf_health_score_of(f->plan, f->segment, m, number, level);
        f->known[m] = true;
        m = f->twin[m];
    } while (m != c->measure);
    hf_path_rules_set(&f->rules, c->measure, number, level);
}

// The account's own value and state again.
static void put_back(hf_path_finder *f, const choice *c)
{
    int32_t m = c->measure;
    do {
        hf_measure_state state;
        f->score[m] = hf_health_score(f->plan, m, f->row, &state);
        f->known[m] = state == HF_STATE_OBSERVED;
        m = f->twin[m];
    } while (m != c->measure);
    hf_path_rules_reset(&f->rules, c->measure);
}

static double health_with(hf_path_finder *f, const choice *c, double number, const char *level)
{
    put_value(f, c, number, level);
    const double health = health_now(f);
    put_back(f, c);
    return health;
}

static bool reaches_with(hf_path_finder *f, const choice *c, double number, const char *level)
{
    put_value(f, c, number, level);
    const bool reached = is_reached(f, health_now(f));
    put_back(f, c);
    return reached;
}

static void take(hf_path_finder *f, choice *c)
{
    c->taken = true;
    put_value(f, c, c->to, c->level);
}

static void give_up(hf_path_finder *f, choice *c)
{
    c->taken = false;
    put_back(f, c);
}

// ---- choices ---------------------------------------------------------------------------------------------------

static const hf_dictionary *levels_of(const hf_path_finder *f, const choice *c)
{
    return &f->plan->definition->segments[f->segment].curve[c->measure]->table.levels;
}

static double score_of_level(const hf_path_finder *f, const choice *c, const char *level)
{
    return hf_health_score_of(f->plan, f->segment, c->measure, NAN, level);
}

static void open_level(const hf_path_finder *f, choice *c)
{
    const hf_dictionary *levels = levels_of(f, c);
    for (int32_t l = 0; l < levels->count; l++) {
        const char *level = hf_dictionary_text(levels, l);
        const double score = score_of_level(f, c, level);
        if (!(score > c->best)) continue;
        c->best = score;
        c->level = level;
    }
}

static void open_number(const hf_path_finder *f, choice *c)
{
    const hf_path_curve *curve = curve_of(f, c);
    int32_t k = 0;
    c->from = hf_health_number(f->plan, c->measure, f->row);
    if (!isnan(c->from)) {
        c->best = c->observed ? f->score[c->measure]
                              : hf_health_score_of(f->plan, f->segment, c->measure, c->from, NULL);
        c->to = c->from;
        while (k < curve->count && !hf_path_further(curve, curve->points[k].x, c->from))
            k++;
    }
    if (k == curve->count || !(curve->points[k].best > c->best)) return;
    c->best = curve->points[k].best;
    c->to = curve->points[k].at;
}

// An account's own scores, and what can be raised of them.
static void open_account(hf_path_finder *f, int64_t row, int8_t band)
{
    const hf_definition *definition = f->plan->definition;
    f->row = row;
    f->segment = f->plan->segment[row];
    f->band = band;
    f->overrides = true;
    f->count = 0;
    hf_path_rules_open(&f->rules, row);
    for (int32_t m = 0; m < definition->measure_count; m++) {
        hf_measure_state state;
        f->score[m] = hf_health_score(f->plan, m, row, &state);
        f->known[m] = state == HF_STATE_OBSERVED;
        if (!definition->measures[m].actionable || f->plan->nominal[place(f, m)] <= 0) continue;
        choice *c = &f->choices[f->count];
        *c = (choice){.measure = m, .observed = f->known[m], .from = NAN, .to = NAN, .best = -INFINITY};
        if (curve_of(f, c)->points)
            open_number(f, c);
        else
            open_level(f, c);
        // Another value of the signal counts, and so does the same one looked at again where it is not known.
        const bool raises = !c->observed || c->best > f->score[m];
        f->count += raises && c->best >= 0;
    }
}

// ---- the steps -------------------------------------------------------------------------------------------------

static bool is_open(const hf_path_finder *f, const choice *c)
{
    if (c->taken) return false;
    for (int32_t i = 0; i < f->count; i++) {
        const choice *other = &f->choices[i];
        if (!other->taken) continue;
        for (int32_t m = f->twin[other->measure]; m != other->measure; m = f->twin[m])
            if (m == c->measure) return false; // its signal has its value already
    }
    return true;
}

// Whether a step adds its effective weight times the better score and nothing else: an observed measure of a
// mean, alone with its signal, where no override acts.
static bool is_linear(const hf_path_finder *f, const choice *c)
{
    const hf_definition *definition = f->plan->definition;
    const hf_group *group = &definition->groups[definition->measures[c->measure].group];
    return c->observed && group->aggregate == HF_AGGREGATE_MEAN && f->twin[c->measure] == c->measure;
}

// What one more step would add, where that is a product.
static void fill_gains(hf_path_finder *f, double health)
{
    double unassigned;
    const double raw = hf_health_combine(f->plan, f->segment, f->score, f->effective, &unassigned);
    const bool acted_on = !(raw >= health && raw <= health);
    for (int32_t i = 0; i < f->count; i++) {
        choice *c = &f->choices[i];
        c->gain = NAN;
        if (acted_on || !is_linear(f, c)) continue;
        c->gain = f->effective[c->measure] * (c->best - f->score[c->measure]);
    }
}

// The next step: the largest gain; where no step alone gains anything (the worst of a group has equals, or
// only coverage is short), the one that loses most by nominal weight.
static choice *next_step(hf_path_finder *f, double health)
{
    const double now = number_or(health, 0);
    choice *found = NULL, *other = NULL;
    double most = 1e-9, most_lost = 0;
    fill_gains(f, health);
    for (int32_t i = 0; i < f->count; i++) {
        choice *c = &f->choices[i];
        if (!is_open(f, c)) continue;
        const double gain = isnan(c->gain) ? number_or(health_with(f, c, c->to, c->level), 0) - now : c->gain;
        if (gain > most) {
            most = gain;
            found = c;
        }
        const double short_of = c->best - number_or(f->score[c->measure], 0);
        const double lost = f->plan->nominal[place(f, c->measure)] * (1 + short_of);
        if (gain < -1e-9 || lost <= most_lost) continue;
        most_lost = lost;
        other = c;
    }
    return found ? found : other;
}

// Whether all steps together do not reach the band, so that none need be tried. A measure that would come in
// below the others may do harm, and then nothing is said.
static bool is_hopeless(hf_path_finder *f)
{
    bool harmless = true;
    for (int32_t i = 0; i < f->count; i++) {
        put_value(f, &f->choices[i], f->choices[i].to, f->choices[i].level);
        harmless = harmless && f->twin[f->choices[i].measure] == f->choices[i].measure &&
                   (f->choices[i].observed || f->choices[i].best >= 100);
    }
    const bool reached = is_reached(f, health_now(f));
    for (int32_t i = 0; i < f->count; i++)
        put_back(f, &f->choices[i]);
    return harmless && !reached;
}

// Until the band is reached or nothing is left.
static bool take_steps(hf_path_finder *f, int32_t *count)
{
    double health = health_now(f);
    if (is_reached(f, health)) return true;
    if (is_hopeless(f)) return false;
    while (!is_reached(f, health)) {
        choice *next = next_step(f, health);
        if (!next) return false;
        take(f, next);
        f->steps[(*count)++] = next;
        health = health_now(f);
    }
    return true;
}

// Takes out the steps that are not needed, the last ones first.
static void prune(hf_path_finder *f, int32_t *count)
{
    for (int32_t i = *count - 1; i >= 0; i--) {
        choice *step = f->steps[i];
        give_up(f, step);
        if (!is_reached(f, health_now(f))) {
            take(f, step);
            continue;
        }
        memmove(f->steps + i, f->steps + i + 1, (size_t)(*count - 1 - i) * sizeof *f->steps);
        (*count)--;
    }
}

// With the overrides first; where those keep it below whatever is done, without them.
static bool find_steps(hf_path_finder *f, int32_t *count)
{
    *count = 0;
    if (take_steps(f, count)) {
        prune(f, count);
        return true;
    }
    for (int32_t i = 0; i < *count; i++)
        give_up(f, f->steps[i]);
    *count = 0;
    f->overrides = false;
    if (take_steps(f, count)) {
        prune(f, count);
        return false;
    }
    for (int32_t i = 0; i < *count; i++)
        give_up(f, f->steps[i]);
    *count = 0;
    return false;
}

// ---- the last step ---------------------------------------------------------------------------------------------

// As people say a number: the fewest digits that do not ask for noticeably more than is needed.
static double plain_value(hf_path_finder *f, const choice *c, double start, double exact)
{
    const bool rising = curve_of(f, c)->rising;
    const double slack = fmax(fabs(exact - start) / 20, fabs(exact) * 1e-4);
    for (int digits = -6; digits <= 9; digits++) {
        const double unit = pow(10, digits);
        const double value = (rising ? ceil(exact * unit) : floor(exact * unit)) / unit;
        if (fabs(value - exact) <= slack && reaches_with(f, c, value, NULL)) return value;
    }
    return exact;
}

static double start_of(const hf_path_finder *f, const choice *c)
{
    return isnan(c->from) ? curve_of(f, c)->points[0].x : c->from;
}

// A value just short of a jump reads as the jump's own, which scores worse: such a one goes clearly past it.
static void clear_jump(hf_path_finder *f, choice *c)
{
    char text[32];
    double shown;
    if (c->level || curve_of(f, c)->whole) return;
    const size_t length = hf_format_f32(text, (float)c->to);
    if (!hf_parse_double(&shown, text, length)) return;
    if (hf_health_score_of(f->plan, f->segment, c->measure, shown, NULL) >= c->best - 1e-6) return;
    c->to = plain_value(f, c, start_of(f, c), c->to);
}

// The first value on the way that reaches the band, to a ten-thousandth of the way or the whole number.
static double cut_number(hf_path_finder *f, const choice *c)
{
    const hf_path_curve *curve = curve_of(f, c);
    const double start = start_of(f, c);
    double here = start, there = c->to;
    if (reaches_with(f, c, start, NULL)) return start;
    const double enough = fabs(there - here) * 1e-4;
    while (fabs(there - here) > (curve->whole ? 0 : enough)) {
        const double middle = hf_path_settle(curve, here + (there - here) / 2);
        if (middle == here || middle == there) break;
        if (reaches_with(f, c, middle, NULL))
            there = middle;
        else
            here = middle;
    }
    return curve->whole ? there : plain_value(f, c, start, there);
}

// The level with the lowest score that still reaches the band.
static const char *cut_level(hf_path_finder *f, const choice *c)
{
    const hf_dictionary *levels = levels_of(f, c);
    const char *found = c->level;
    double least = c->best;
    for (int32_t l = 0; l < levels->count; l++) {
        const char *level = hf_dictionary_text(levels, l);
        const double score = score_of_level(f, c, level);
        if (score >= least || !reaches_with(f, c, NAN, level)) continue;
        found = level;
        least = score;
    }
    return found;
}

// Writes the steps down in their order. All are taken when this begins.
static void write_steps(hf_path_finder *f, hf_path_step *out, int32_t count)
{
    choice *last = count > 0 ? f->steps[count - 1] : NULL;
    for (int32_t i = 0; i + 1 < count; i++) {
        put_back(f, f->steps[i]);
        clear_jump(f, f->steps[i]);
        take(f, f->steps[i]);
    }
    if (last) {
        put_back(f, last);
        if (last->level)
            last->level = cut_level(f, last);
        else
            last->to = cut_number(f, last);
    }
    for (int32_t i = 0; i < count; i++)
        put_back(f, f->steps[i]);
    double health = number_or(health_now(f), 0);
    for (int32_t i = 0; i < count; i++) {
        const choice *c = f->steps[i];
        out[i] = (hf_path_step){.measure = c->measure,
                                .from = c->from,
                                .to = c->level ? (double)NAN : c->to,
                                .level = c->level,
                                .score_from = f->score[c->measure]};
        put_value(f, c, c->to, c->level);
        const double now = number_or(health_now(f), 0);
        out[i].score_to = f->score[c->measure];
        out[i].gain = now - health;
        health = now;
    }
}

void hf_path_find(hf_path_step *out, int32_t *count, bool *reached, hf_path_finder *finder, int64_t row,
                  int8_t band)
{
    open_account(finder, row, band);
    *reached = find_steps(finder, count);
    write_steps(finder, out, *count);
}

// ---- the finder ------------------------------------------------------------------------------------------------

static void link_twins(hf_path_finder *f)
{
    const hf_definition *definition = f->plan->definition;
    for (int32_t m = 0; m < definition->measure_count; m++) {
        f->twin[m] = m;
        for (int32_t k = m - 1; k >= 0; k--) {
            if (strcmp(definition->measures[k].signal, definition->measures[m].signal) != 0) continue;
            f->twin[m] = f->twin[k];
            f->twin[k] = m;
            break;
        }
    }
}

static hf_status fill(hf_path_finder *f, hf_error *error)
{
    const hf_context *context = f->context;
    const size_t measures = (size_t)f->plan->definition->measure_count;
    const size_t curves = (size_t)f->plan->definition->segment_count * measures;
    hf_status status = HF_OK;
    f->curves = hf_new(context, curves, sizeof *f->curves);
    f->twin = hf_new(context, measures, sizeof *f->twin);
    f->score = hf_new(context, measures, sizeof *f->score);
    f->effective = hf_new(context, measures, sizeof *f->effective);
    f->known = hf_new(context, measures, sizeof *f->known);
    f->choices = hf_new(context, measures, sizeof *f->choices);
    f->steps = hf_new(context, measures, sizeof *f->steps);
    if (!f->curves || !f->twin || !f->score || !f->effective || !f->known || !f->choices || !f->steps)
        return hf_fail_memory(error);
    link_twins(f);
    for (size_t i = 0; i < curves && status == HF_OK; i++)
        status = hf_path_curve_create(&f->curves[i], context, f->plan, (int32_t)(i / measures),
                                      (int32_t)(i % measures), error);
    return status == HF_OK ? hf_path_rules_create(&f->rules, context, f->plan, error) : status;
}

hf_status hf_path_finder_create(hf_path_finder **out, const hf_context *context, const hf_health_plan *plan,
                                hf_error *error)
{
    hf_path_finder *made = hf_new(context, 1, sizeof *made);
    if (!made) return hf_fail_memory(error);
    made->context = context;
    made->plan = plan;
    hf_status status = fill(made, error);
    if (status == HF_OK)
        *out = made;
    else
        hf_path_finder_destroy(made);
    return status;
}

void hf_path_finder_destroy(hf_path_finder *finder)
{
    if (!finder) return;
    const hf_context *context = finder->context;
    const hf_definition *definition = finder->plan->definition;
    const size_t curves = (size_t)definition->segment_count * (size_t)definition->measure_count;
    for (size_t i = 0; finder->curves && i < curves; i++)
        hf_path_curve_free(context, &finder->curves[i]);
    hf_path_rules_free(&finder->rules);
    hf_delete(context, finder->curves);
    hf_delete(context, finder->twin);
    hf_delete(context, finder->score);
    hf_delete(context, finder->effective);
    hf_delete(context, finder->known);
    hf_delete(context, finder->choices);
    hf_delete(context, finder->steps);
    hf_delete(context, finder);
}

hf_status hf_health_path(hf_path_step *out, int32_t *count, bool *reached, const hf_context *context,
                         const hf_health_plan *plan, int64_t row, int8_t band, hf_error *error)
{
    hf_path_finder *finder;
    hf_status status = hf_path_finder_create(&finder, context, plan, error);
    if (status != HF_OK) return status;
    hf_path_find(out, count, reached, finder, row, band);
    hf_path_finder_destroy(finder);
    return HF_OK;
}
