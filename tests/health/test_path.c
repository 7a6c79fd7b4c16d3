// SPDX-License-Identifier: Apache-2.0
//
// The path to a band: every path is walked, its values put into the data and the account scored again; the
// fewest steps against a search through all subsets; whole numbers, levels, rules and overrides by hand.
#include "base/failing_context.h"
#include "health/random_scorecard.h"
#include "health/scorecard_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 40 };

static hf_context *context;

static void enter(void)
{
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
}

static void leave(void)
{
    hf_context_destroy(context);
}

TestSuite(path, .init = enter, .fini = leave, .timeout = 120);

// Puts the steps into the frame's own cells.
static void walk(hf_frame *frame, const hf_definition *definition, int64_t row, const hf_path_step *steps,
                 int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        hf_column *column =
            &frame->columns[hf_frame_find(frame, definition->measures[steps[i].measure].signal)];
        if (column->storage == HF_STORAGE_F32)
            ((float *)column->values)[row] = (float)steps[i].to;
        else if (column->storage == HF_STORAGE_F64)
            ((double *)column->values)[row] = steps[i].to;
        else
            ((int32_t *)column->values)[row] = hf_dictionary_find(&column->dictionary, steps[i].level);
    }
}

// ---- any scorecard: a path that is found is walked ----------------------------------------------------------------

// Without ages (a step is a fresh value; the ages of others must not change) and with data that has all
// levels.
static card *draw_plain(uint64_t seed, int64_t rows)
{
    card *c = card_draw(seed, rows, false);
    for (int m = 0; m < c->measures; m++)
        c->measure[m].max_age = 0;
    return c;
}

static hf_health_explanation scored_again(const card *c, const hf_definition *definition, int64_t row,
                                          const hf_path_step *steps, int32_t count)
{
    hf_frame *frame = card_frame(c, context, NULL, 0);
    hf_manual_overrides manual = card_manuals(c, context);
    hf_health_plan *plan;
    hf_health_explanation out;
    hf_error error = {0};
    walk(frame, definition, row, steps, count);
    cr_assert(hf_health_plan_create(&plan, context, definition, frame, &manual, &error) == HF_OK, "%s",
              error.message);
    cr_assert(hf_health_explain(&out, context, plan, row, NULL) == HF_OK);
    hf_health_plan_destroy(plan);
    hf_manual_overrides_free(context, &manual);
    hf_frame_destroy(frame);
    return out;
}

Test(path, a_path_that_is_walked_reaches_the_band)
{
    int walked = 0, held = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        enum { ROWS = 25 };
        card *c = draw_plain(seed, ROWS);
        hf_definition *definition = card_definition(c, context);
        hf_frame *frame = card_frame(c, context, NULL, 0);
        hf_manual_overrides manual = card_manuals(c, context);
        hf_health_plan *plan;
        hf_path_step steps[MOST];
        const int8_t band = (int8_t)(definition->band_count - 1);
        hf_error error = {0};
        cr_assert(hf_health_plan_create(&plan, context, definition, frame, &manual, &error) == HF_OK, "%s",
                  error.message);
        for (int64_t i = 0; i < ROWS; i++) {
            int32_t count;
            bool reached;
            hf_health_explanation before, after;
            cr_assert(hf_health_path(steps, &count, &reached, context, plan, i, band, NULL) == HF_OK);
            cr_assert(hf_health_explain(&before, context, plan, i, NULL) == HF_OK);
            cr_assert((before.band_raw == band) == (reached && count == 0));
            after = scored_again(c, definition, i, steps, count);
            // A step may move the account into another segment: the path keeps to the one it is in.
            if (after.segment == before.segment && count > 0) {
                const double from = definition->segments[before.segment].band_from[band];
                const double start = reached ? before.health : before.raw,
                             end = reached ? after.health : after.raw;
                double gain = 0;
                for (int32_t s = 0; s < count; s++)
                    gain += steps[s].gain;
                cr_assert(end >= from - 1e-2, "seed %d row %d: %.6g under %g", (int)seed, (int)i, end, from);
                cr_assert(after.coverage >= definition->min_coverage - 1e-9);
                cr_assert(fabs((isnan(start) ? 0 : start) + gain - end) < 1e-2,
                          "seed %d row %d: %g + %g is not %g", (int)seed, (int)i, start, gain, end);
                walked += reached;
                held += !reached;
            }
            hf_health_explanation_free(context, &before);
            hf_health_explanation_free(context, &after);
        }
        hf_health_plan_destroy(plan);
        hf_manual_overrides_free(context, &manual);
        hf_frame_destroy(frame);
        hf_definition_destroy(definition);
        free(c);
    }
    cr_assert(walked > 100 && held > 5, "%d walked, %d held", walked, held);
}

// ---- weighted means: the fewest, and no further than needed -------------------------------------------------------

enum { PARTS = 6 };

// Draws measures of one mean, account values, and an edge; the fewest steps by going through all subsets.
Test(path, it_is_the_fewest_and_the_last_step_is_cut)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        hf_random r = hf_random_seed(seed, 3);
        char yaml[4096];
        double weight[PARTS], x[PARTS], sum = 0, health = 0;
        const int edge = 50 + (int)hf_random_below(&r, 45);
        int n = snprintf(
            yaml, sizeof yaml,
            "holdfast: 1\nname: f\nbands: {red: 0, green: %d}\ngroups:\n  g:\n    weight: 1\n    measures:\n",
            edge);
        for (int m = 0; m < PARTS; m++) {
            weight[m] = 1 + (double)hf_random_below(&r, 9);
            x[m] = hf_random_uniform(&r);
            sum += weight[m];
            n += snprintf(
                yaml + n, sizeof yaml - (size_t)n,
                "      m%d: {signal: x%d, higher: %s, weight: %g, curve: {linear: {worst: %d, best: %d}}}\n",
                m, m, m % 2 ? "bad" : "good", weight[m], m % 2, !(m % 2));
        }
        scorecard_case c;
        case_open(&c, context, yaml, 1);
        for (int m = 0; m < PARTS; m++) {
            char name[8];
            snprintf(name, sizeof name, "x%d", m);
            case_numbers(&c, name, HF_KIND_NUMBER, &x[m]);
            health += weight[m] / sum * 100 * (m % 2 ? 1 - x[m] : x[m]);
        }
        case_bind(&c);
        int fewest = PARTS + 1;
        for (int set = 0; set < 1 << PARTS; set++) {
            double with = health;
            int size = 0;
            for (int m = 0; m < PARTS; m++) {
                if (!(set & 1 << m)) continue;
                with += weight[m] / sum * 100 * (m % 2 ? x[m] : 1 - x[m]);
                size++;
            }
            if (with >= edge - 1e-9 && size < fewest) fewest = size;
        }
        hf_path_step steps[PARTS];
        int32_t count;
        bool reached;
        cr_assert(hf_health_path(steps, &count, &reached, context, c.plan, 0, 1, NULL) == HF_OK);
        cr_assert(reached && count == fewest, "seed %d: %d steps, the fewest are %d", (int)seed, (int)count,
                  fewest);
        double end = health;
        for (int s = 0; s < count; s++) {
            cr_assert(s == 0 || s == count - 1 || steps[s].gain <= steps[s - 1].gain + 1e-9);
            end += steps[s].gain;
        }
        cr_assert(end >= edge - 1e-9);
        // A tenth less of the last step is not enough.
        if (count > 0) cr_assert(end - 0.1 * steps[count - 1].gain < edge, "seed %d: %g", (int)seed, end);
        case_close(&c);
    }
}

// ---- by hand ------------------------------------------------------------------------------------------------------

static const char MIXED[] =
    "holdfast: 1\nname: m\nbands: {red: 0, green: 70}\nmin_coverage: 0\n"
    "groups:\n  g:\n    weight: 1\n    measures:\n"
    "      tickets: {signal: tickets, higher: bad, weight: 1, curve: {linear: {worst: 10, best: 0}}}\n"
    "      champion: {signal: champion, higher: good, weight: 1, curve: {steps: [[1, 100]], below: 20}}\n"
    "      plan: {signal: plan, weight: 1, curve: {table: {a: 100, b: 60, c: 10}, other: 0}}\n"
    "      age: {signal: age, higher: good, weight: 1, actionable: false, curve: {linear: {worst: 0, best: "
    "100}}}\n"
    "overrides:\n"
    "  - {name: many, when: tickets > 8, cap: 50, reason: \"too many\"}\n";

static void open_mixed(scorecard_case *c, double tickets, double champion, const char *plan, double age)
{
    const char *levels[2] = {plan, "a"};
    case_open(c, context, MIXED, 2);
    case_numbers(c, "tickets", HF_KIND_COUNT, (const double[]){tickets, 0});
    case_numbers(c, "champion", HF_KIND_FLAG, (const double[]){champion, 1});
    case_levels(c, "plan", levels);
    case_numbers(c, "age", HF_KIND_NUMBER, (const double[]){age, 100});
}

static int32_t path_of(hf_path_step *steps, bool *reached, const scorecard_case *c)
{
    int32_t count = -1;
    cr_assert(hf_health_path(steps, &count, reached, context, c->plan, 0, 1, NULL) == HF_OK);
    return count;
}

Test(path, counts_stay_whole)
{
    scorecard_case c;
    hf_path_step steps[4];
    bool reached;
    open_mixed(&c, 7, 1, "a", 35); // 30, 100, 100, 35: 66.25
    case_bind(&c);
    cr_assert(path_of(steps, &reached, &c) == 1 && reached);
    cr_assert(steps[0].measure == 0 && steps[0].from == 7 && steps[0].to == 5, "%g", steps[0].to); // 71.25
    cr_assert(fabs(steps[0].gain - 5) < 1e-9);
    case_close(&c);
}

Test(path, flags_and_levels_are_taken_as_they_come)
{
    scorecard_case c;
    hf_path_step steps[4];
    bool reached;
    open_mixed(&c, 0, 0, "c", 100); // 100, 20, 10, 100: 57.5
    case_bind(&c);
    cr_assert(path_of(steps, &reached, &c) == 1 && reached);
    // The largest gain is the plan's, and level b is enough: 70.
    cr_assert(steps[0].measure == 2 && strcmp(steps[0].level, "b") == 0 && isnan(steps[0].to));
    case_close(&c);
    open_mixed(&c, 0, 0, "b", 70); // 100, 20, 60, 70: 62.5
    case_bind(&c);
    cr_assert(path_of(steps, &reached, &c) == 1 && reached);
    cr_assert(steps[0].measure == 1 && steps[0].to == 1 && fabs(steps[0].gain - 20) < 1e-9);
    case_close(&c);
}

Test(path, a_step_that_takes_a_rules_ground_away_lifts_it)
{
    scorecard_case c;
    hf_path_step steps[4];
    bool reached;
    open_mixed(&c, 9, 1, "a", 100); // 10, 100, 100, 100: 77.5, capped at 50
    case_bind(&c);
    cr_assert(path_of(steps, &reached, &c) == 1 && reached);
    cr_assert(steps[0].measure == 0 && steps[0].to == 8, "%g", steps[0].to);
    cr_assert(fabs(steps[0].gain - 30) < 1e-9, "%g", steps[0].gain); // to 80
    case_close(&c);
}

Test(path, what_nobody_can_act_on_is_not_asked_for)
{
    scorecard_case c;
    hf_path_step steps[4];
    bool reached;
    open_mixed(&c, 0, 1, "a", NAN); // 100 without the age
    case_bind(&c);
    cr_assert(path_of(steps, &reached, &c) == 0 && reached);
    case_close(&c);
    const char *none =
        "holdfast: 1\nname: n\nbands: {red: 0, green: 70}\nmin_coverage: 0\ngroups:\n  g:\n    weight: 1\n"
        "    measures:\n      age: {signal: age, higher: good, weight: 1, actionable: false, "
        "curve: {linear: {worst: 0, best: 100}}}\n";
    case_open(&c, context, none, 1);
    case_numbers(&c, "age", HF_KIND_NUMBER, (const double[]){10});
    case_bind(&c);
    cr_assert(path_of(steps, &reached, &c) == 0 && !reached);
    case_close(&c);
}

Test(path, a_manual_cap_holds_and_the_path_below_it_is_shown)
{
    scorecard_case c;
    hf_path_step steps[4];
    bool reached;
    open_mixed(&c, 7, 1, "a", 35);
    case_manual(&c, 0, HF_OVERRIDE_CAP, 60);
    case_bind(&c);
    cr_assert(path_of(steps, &reached, &c) == 1 && !reached);
    cr_assert(steps[0].measure == 0 && steps[0].to == 5);
    case_close(&c);
}

Test(path, a_missing_value_and_short_coverage)
{
    const char *yaml =
        "holdfast: 1\nname: s\nbands: {red: 0, green: 50}\nmin_coverage: 0.6\n"
        "groups:\n  g:\n    weight: 1\n    measures:\n"
        "      a: {signal: a, higher: good, weight: 1, curve: {linear: {worst: 0, best: 10}}}\n"
        "      b: {signal: b, higher: good, weight: 1, curve: {linear: {worst: 0, best: 10}}}\n";
    scorecard_case c;
    hf_path_step steps[2];
    bool reached;
    case_open(&c, context, yaml, 1);
    case_numbers(&c, "a", HF_KIND_NUMBER, (const double[]){8});
    case_numbers(&c, "b", HF_KIND_NUMBER, (const double[]){NAN});
    case_bind(&c);
    // Health 80 is enough and coverage is not: any value of b from 2 on keeps the mean at 50.
    cr_assert(path_of(steps, &reached, &c) == 1 && reached);
    cr_assert(steps[0].measure == 1 && isnan(steps[0].from) && isnan(steps[0].score_from));
    cr_assert(steps[0].to >= 2 && steps[0].to < 2.2, "%g", steps[0].to);
    case_close(&c);
}

Test(path, equals_at_the_worst_of_a_group_are_all_raised)
{
    const char *yaml =
        "holdfast: 1\nname: w\nbands: {red: 0, green: 50}\ngroups:\n  g:\n    weight: 1\n"
        "    aggregate: worst\n    measures:\n"
        "      a: {signal: a, higher: good, weight: 1, curve: {linear: {worst: 0, best: 10}}}\n"
        "      b: {signal: b, higher: good, weight: 1, curve: {linear: {worst: 0, best: 10}}}\n"
        "      c: {signal: c, higher: good, weight: 1, curve: {linear: {worst: 0, best: 10}}}\n";
    scorecard_case c;
    hf_path_step steps[3];
    bool reached;
    case_open(&c, context, yaml, 1);
    case_numbers(&c, "a", HF_KIND_NUMBER, (const double[]){1});
    case_numbers(&c, "b", HF_KIND_NUMBER, (const double[]){1});
    case_numbers(&c, "c", HF_KIND_NUMBER, (const double[]){9});
    case_bind(&c);
    cr_assert(path_of(steps, &reached, &c) == 2 && reached);
    cr_assert(steps[0].measure != 2 && steps[1].measure != 2);
    cr_assert(fabs(steps[0].gain + steps[1].gain - 40) < 2);
    case_close(&c);
}

Test(path, one_signal_in_two_measures_is_raised_once)
{
    const char *yaml =
        "holdfast: 1\nname: t\nbands: {red: 0, green: 90}\ngroups:\n  g:\n    weight: 1\n    measures:\n"
        "      a: {signal: a, higher: good, weight: 1, curve: {linear: {worst: 0, best: 10}}}\n"
        "      b: {signal: a, higher: good, weight: 1, curve: {linear: {worst: 0, best: 20}}}\n";
    scorecard_case c;
    hf_path_step steps[2];
    bool reached;
    case_open(&c, context, yaml, 1);
    case_numbers(&c, "a", HF_KIND_NUMBER, (const double[]){5});
    case_bind(&c);
    cr_assert(path_of(steps, &reached, &c) == 1 && reached);
    cr_assert(steps[0].to >= 16 && steps[0].to < 16.6, "%g", steps[0].to);
    case_close(&c);
}

// ---- the finder ---------------------------------------------------------------------------------------------------

Test(path, a_finder_says_what_single_calls_say_and_allocates_nothing)
{
    card *c = draw_plain(11, 60);
    hf_definition *definition = card_definition(c, context);
    hf_frame *frame = card_frame(c, context, NULL, 0);
    hf_manual_overrides manual = card_manuals(c, context);
    allocator a = {.fail_at = -1};
    hf_context *counting = make_context(&a, 1);
    hf_health_plan *plan;
    hf_path_finder *finder;
    hf_path_step one[MOST], two[MOST];
    cr_assert(hf_health_plan_create(&plan, context, definition, frame, &manual, NULL) == HF_OK);
    cr_assert(hf_path_finder_create(&finder, counting, plan, NULL) == HF_OK);
    const long asked = a.asked;
    for (int64_t i = 59; i >= 0; i--) {
        int32_t m, n;
        bool p, q;
        hf_path_find(one, &m, &p, finder, i, 1);
        cr_assert(hf_health_path(two, &n, &q, context, plan, i, 1, NULL) == HF_OK);
        cr_assert(m == n && p == q);
        for (int32_t s = 0; s < m; s++)
            cr_assert(one[s].measure == two[s].measure && one[s].gain == two[s].gain);
    }
    cr_assert(a.asked == asked);
    hf_path_finder_destroy(finder);
    hf_context_destroy(counting);
    cr_assert(a.live == 0);
    hf_health_plan_destroy(plan);
    hf_manual_overrides_free(context, &manual);
    hf_frame_destroy(frame);
    hf_definition_destroy(definition);
    free(c);
}

Test(path, running_out_of_memory_leaves_nothing)
{
    scorecard_case c;
    open_mixed(&c, 7, 1, "a", 35);
    case_bind(&c);
    for (long k = 0;; k++) {
        allocator a = {.fail_at = -1};
        hf_context *failing = make_context(&a, 1);
        hf_path_step steps[4];
        int32_t count = -7;
        bool reached;
        a.fail_at = a.asked + k;
        const hf_status status = hf_health_path(steps, &count, &reached, failing, c.plan, 0, 1, NULL);
        cr_assert(status == HF_OK ? count == 1 : status == HF_ERROR_MEMORY && count == -7);
        hf_context_destroy(failing);
        cr_assert(a.live == 0, "%ld held", a.live);
        if (status == HF_OK) {
            cr_assert(k > 3);
            break;
        }
    }
    case_close(&c);
}
