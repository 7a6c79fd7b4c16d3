// SPDX-License-Identifier: Apache-2.0
//
// Why a health moved: terms that add up whatever changed, against an oracle that goes through every order of
// changing the factors, and within a factor through every order of its measures.
#include "base/failing_context.h"
#include "health/random_scorecard.h"
#include "health/scorecard_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static hf_context *context;

static void enter(void)
{
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
}

static void leave(void)
{
    hf_context_destroy(context);
}

TestSuite(move, .init = enter, .fini = leave, .timeout = 120);

static double sum_of(const hf_health_move *move)
{
    double sum = move->configuration + move->override;
    for (int32_t m = 0; m < move->measures; m++)
        sum += move->value[m] + move->coverage[m] + move->staleness[m];
    return sum;
}

// ---- tiny scorecards and their oracle ----------------------------------------------------------------------------

enum { MEASURES = 4, GROUPS = 2, ORDERS = 120, INNER = 24 };

// Measures 0 and 1 are group 0, the others group 1. Scores rise from 0 at 0 to 100 at `best`.
typedef struct {
    double group_weight[GROUPS], weight[MEASURES], best[MEASURES], missing[MEASURES]; // NaN: skip
    int aggregate[GROUPS];                                                            // mean, worst, best
    double neutral, inherit;
    bool rule; // when r < 0.5
    int action;
    double value;
} tiny;

typedef struct {
    double x[MEASURES], r; // NaN: missing
    int age[MEASURES];     // days of the value, stale above 60
} tiny_data;

static double draw(hf_random *r, double low, double high)
{
    return low + (high - low) * hf_random_uniform(r);
}

static tiny draw_tiny(hf_random *r, bool rules)
{
    tiny t = {.neutral = draw(r, 0, 100), .inherit = hf_random_below(r, 2) ? 1.5 : 1e9};
    for (int g = 0; g < GROUPS; g++) {
        t.group_weight[g] = 1 + (double)hf_random_below(r, 5);
        t.aggregate[g] = (int)hf_random_below(r, 3);
    }
    for (int m = 0; m < MEASURES; m++) {
        t.weight[m] = 1 + (double)hf_random_below(r, 4);
        t.best[m] = draw(r, 0.5, 2);
        t.missing[m] = hf_random_below(r, 3) ? NAN : 20;
    }
    t.rule = rules && hf_random_below(r, 4) > 0;
    t.action = (int)hf_random_below(r, 3);
    t.value = (double)hf_random_below(r, 101);
    return t;
}

static tiny_data draw_tiny_data(hf_random *r)
{
    tiny_data d = {.r = draw(r, 0, 1)};
    for (int m = 0; m < MEASURES; m++) {
        d.x[m] = hf_random_below(r, 4) == 0 ? (double)NAN : draw(r, 0, 2);
        d.age[m] = (int)hf_random_below(r, 90);
    }
    return d;
}

static void tiny_yaml(char *out, size_t size, const tiny *t)
{
    static const char *const ways[] = {"mean", "worst", "best"}, *const actions[] = {"set", "cap", "floor"};
    int n = snprintf(out, size,
                     "holdfast: 1\nname: tiny\nneutral: %.17g\nbands: {red: 0, green: 50}\nmin_coverage: 0\n",
                     t->neutral);
    if (t->inherit < 1e8) n += snprintf(out + n, size - (size_t)n, "max_inherit: %.17g\n", t->inherit);
    n += snprintf(out + n, size - (size_t)n, "groups:\n");
    for (int m = 0; m < MEASURES; m++) {
        char missing[32] = "skip";
        if (!isnan(t->missing[m])) snprintf(missing, sizeof missing, "%g", t->missing[m]);
        if (m % 2 == 0)
            n += snprintf(out + n, size - (size_t)n,
                          "  g%d:\n    weight: %g\n    aggregate: %s\n    measures:\n", m / 2,
                          t->group_weight[m / 2], ways[t->aggregate[m / 2]]);
        n += snprintf(
            out + n, size - (size_t)n,
            "      m%d: {signal: x%d, higher: good, weight: %g, curve: {linear: {worst: 0, best: %.17g}}, "
            "missing: %s, max_age: 60, observed_on: d%d}\n",
            m, m, t->weight[m], t->best[m], missing, m);
    }
    if (t->rule)
        snprintf(out + n, size - (size_t)n,
                 "overrides:\n  - {name: r, when: r < 0.5, %s: %g, reason: \"it is low\"}\n",
                 actions[t->action], t->value);
}

static void open_tiny(scorecard_case *out, const tiny *t, const tiny_data *d)
{
    char yaml[4096], name[8];
    tiny_yaml(yaml, sizeof yaml, t);
    case_open(out, context, yaml, 1);
    for (int m = 0; m < MEASURES; m++) {
        const hf_date day = CASE_DATE - d->age[m];
        snprintf(name, sizeof name, "x%d", m);
        case_numbers(out, name, HF_KIND_NUMBER, &d->x[m]);
        snprintf(name, sizeof name, "d%d", m);
        case_days(out, name, &day);
    }
    case_numbers(out, "r", HF_KIND_NUMBER, &d->r);
    case_bind(out);
}

// A mixture: for each measure which night it is taken from, 0 or 1, and the two factors of the whole.
typedef struct {
    int value[MEASURES], coverage[MEASURES], staleness[MEASURES], configuration, override;
} mixture;

static double score_in(const tiny *t, const tiny_data d[2], const mixture *x, int m)
{
    const bool gone[2] = {isnan(d[0].x[m]), isnan(d[1].x[m])};
    int value = x->value[m], stale = x->staleness[m];
    if (gone[x->coverage[m]]) return t->missing[m];
    if (gone[value]) value = !value; // a night without a value is asked for none
    if (gone[stale]) stale = !stale;
    if (d[stale].age[m] > 60) return t->missing[m];
    const double q = 100 * d[value].x[m] / t->best[m];
    return q > 100 ? 100 : q < 0 ? 0 : q;
}

// The steps of a health's definition, one by one.
static double health_in(const tiny both[2], const tiny_data d[2], const mixture *x)
{
    const tiny *t = &both[x->configuration], *o = &both[x->override];
    double q[MEASURES], total = 0, raw = 0, left = 1, present_weight = 0;
    bool any[GROUPS] = {false, false};
    for (int m = 0; m < MEASURES; m++) {
        q[m] = score_in(t, d, x, m);
        any[m / 2] = any[m / 2] || !isnan(q[m]);
    }
    for (int g = 0; g < GROUPS; g++) {
        total += t->group_weight[g];
        if (any[g]) present_weight += t->group_weight[g];
    }
    for (int g = 0; g < GROUPS; g++) {
        double inner = 0, inner_present = 0;
        int pick = -1;
        if (!any[g]) continue;
        const double share = t->group_weight[g] / present_weight, nominal = t->group_weight[g] / total;
        for (int m = 2 * g; m < 2 * g + 2; m++) {
            inner += t->weight[m];
            if (isnan(q[m])) continue;
            inner_present += t->weight[m];
            if (pick < 0 || (t->aggregate[g] == 1 ? q[m] < q[pick] : q[m] > q[pick])) pick = m;
        }
        for (int m = 2 * g; m < 2 * g + 2; m++) {
            if (isnan(q[m]) || (t->aggregate[g] > 0 && m != pick)) continue;
            double e = t->aggregate[g] > 0 ? share : share * t->weight[m] / inner_present;
            const double n = t->aggregate[g] > 0 ? nominal : nominal * t->weight[m] / inner;
            if (e > t->inherit * n) e = t->inherit * n;
            raw += e * q[m];
            left -= e;
        }
    }
    double health = any[0] || any[1] ? raw + left * t->neutral : (double)NAN;
    if (o->rule && d[x->override].r < 0.5) {
        if (o->action == 0) health = o->value;
        if (o->action == 1 && health > o->value) health = o->value;
        if (o->action == 2 && health < o->value) health = o->value;
    }
    return isnan(health) ? t->neutral : health;
}

static void flip(mixture *x, int factor, int measure)
{
    int *of[] = {x->value, x->coverage, x->staleness};
    if (factor == 3) x->configuration = 1;
    if (factor == 4) x->override = 1;
    for (int m = 0; factor < 3 && m < MEASURES; m++)
        if (measure < 0 || m == measure) of[factor][m] = 1;
}

// The i-th order of n things.
static void order_of(int *out, int n, int i)
{
    int left[8];
    for (int k = 0; k < n; k++)
        left[k] = k;
    for (int k = n; k > 0; k--) {
        const int at = i % k;
        i /= k;
        out[n - k] = left[at];
        memmove(left + at, left + at + 1, (size_t)(k - 1 - at) * sizeof *left);
    }
}

// Average effects over all orders of factors; of each measure, over all orders of measures within its factor.
static void oracle(double factor[5], double part[3][MEASURES], const tiny both[2], const tiny_data d[2])
{
    memset(factor, 0, 5 * sizeof *factor);
    memset(part, 0, 3 * sizeof *part);
    for (int i = 0; i < ORDERS; i++) {
        int order[5];
        mixture x = {0};
        order_of(order, 5, i);
        for (int k = 0; k < 5; k++) {
            const double before = health_in(both, d, &x);
            for (int j = 0; order[k] < 3 && j < INNER; j++) {
                mixture y = x;
                int inner[MEASURES];
                double was = before;
                order_of(inner, MEASURES, j);
                for (int m = 0; m < MEASURES; m++) {
                    flip(&y, order[k], inner[m]);
                    const double now = health_in(both, d, &y);
                    part[order[k]][inner[m]] += (now - was) / (ORDERS * INNER);
                    was = now;
                }
            }
            flip(&x, order[k], -1);
            factor[order[k]] += (health_in(both, d, &x) - before) / ORDERS;
        }
    }
}

static void check_tiny(uint64_t seed, bool rules)
{
    hf_random r = hf_random_seed(seed, 7);
    tiny both[2];
    both[0] = draw_tiny(&r, rules);
    both[1] = hf_random_below(&r, 2) ? both[0] : draw_tiny(&r, rules);
    const tiny_data d[2] = {draw_tiny_data(&r), draw_tiny_data(&r)};
    scorecard_case before, after;
    hf_health_move move;
    double factor[5], part[3][MEASURES];
    open_tiny(&before, &both[0], &d[0]);
    open_tiny(&after, &both[1], &d[1]);
    cr_assert(hf_health_move_create(&move, context, before.plan, 0, after.plan, 0, NULL) == HF_OK);
    oracle(factor, part, both, d);
    const double *got[3] = {move.value, move.coverage, move.staleness};
    for (int f = 0; f < 3; f++) {
        double sum = 0;
        for (int m = 0; m < MEASURES; m++) {
            sum += got[f][m];
            // Where overrides clip, measures share what passes; the factor is exact all the same.
            if (!rules)
                cr_assert(fabs(got[f][m] - part[f][m]) < 1e-9,
                          "seed %d: factor %d measure %d: %.12g for %.12g", (int)seed, f, m, got[f][m],
                          part[f][m]);
        }
        cr_assert(fabs(sum - factor[f]) < 1e-9, "seed %d: factor %d: %.12g for %.12g", (int)seed, f, sum,
                  factor[f]);
    }
    cr_assert(fabs(move.configuration - factor[3]) < 1e-9, "seed %d: %g for %g", (int)seed,
              move.configuration, factor[3]);
    cr_assert(fabs(move.override - factor[4]) < 1e-9, "seed %d: %g for %g", (int)seed, move.override,
              factor[4]);
    hf_health_move_free(context, &move);
    case_close(&before);
    case_close(&after);
}

Test(move, terms_are_the_average_over_all_orders)
{
    for (uint64_t seed = 0; seed < 40; seed++)
        check_tiny(seed, false);
}

Test(move, factors_are_the_average_over_all_orders_with_overrides_too)
{
    for (uint64_t seed = 100; seed < 140; seed++)
        check_tiny(seed, true);
}

// ---- whatever changed, terms add up ------------------------------------------------------------------------------

typedef struct {
    card *c;
    hf_definition *definition;
    hf_frame *frame;
    hf_manual_overrides manual;
    hf_health_plan *plan;
} drawn;

static void open_drawn(drawn *out, card *c, const char *yaml)
{
    hf_error error = {0};
    out->c = c;
    if (yaml)
        cr_assert(hf_definition_parse(&out->definition, context, yaml, strlen(yaml), "other.yaml", &error) ==
                      HF_OK,
                  "%s", error.message);
    else
        out->definition = card_definition(c, context);
    out->frame = card_frame(c, context, NULL, 0);
    out->manual = card_manuals(c, context);
    cr_assert(hf_health_plan_create(&out->plan, context, out->definition, out->frame, &out->manual, &error) ==
                  HF_OK,
              "%s", error.message);
}

static void close_drawn(drawn *d)
{
    hf_health_plan_destroy(d->plan);
    hf_manual_overrides_free(context, &d->manual);
    hf_frame_destroy(d->frame);
    hf_definition_destroy(d->definition);
}

static double known(double health, const drawn *d)
{
    return isnan(health) ? d->definition->neutral : health;
}

static void check_rows(const drawn *before, const drawn *after, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        hf_health_move move;
        hf_health_explanation a, b;
        cr_assert(hf_health_move_create(&move, context, before->plan, i, after->plan, i, NULL) == HF_OK);
        cr_assert(hf_health_explain(&a, context, before->plan, i, NULL) == HF_OK);
        cr_assert(hf_health_explain(&b, context, after->plan, i, NULL) == HF_OK);
        cr_assert(fabs(move.from - known(a.health, before)) < 1e-9, "%g for %g", move.from, a.health);
        cr_assert(fabs(move.to - known(b.health, after)) < 1e-9, "%g for %g", move.to, b.health);
        cr_assert(fabs(sum_of(&move) - (move.to - move.from)) < 1e-9, "row %d: %.12g for %.12g", (int)i,
                  sum_of(&move), move.to - move.from);
        hf_health_explanation_free(context, &a);
        hf_health_explanation_free(context, &b);
        hf_health_move_free(context, &move);
    }
}

Test(move, terms_add_up_on_any_scorecard_between_any_two_nights)
{
    for (uint64_t seed = 1; seed <= 25; seed++) {
        drawn before, after;
        card *c = card_draw(seed, 60, true);
        open_drawn(&before, c, NULL);
        card_draw_data(c, seed + 1000, 60);
        open_drawn(&after, c, NULL);
        check_rows(&before, &after, 60);
        close_drawn(&before);
        close_drawn(&after);
        free(c);
    }
}

Test(move, terms_add_up_between_two_scorecards)
{
    for (uint64_t seed = 1; seed <= 15; seed++) {
        drawn before, after;
        card *c = card_draw(seed, 40, true), *other = card_draw(seed + 500, 40, true);
        open_drawn(&before, c, NULL);
        open_drawn(&after, other, NULL); // other measures, groups, segments, rules, overrides and data
        check_rows(&before, &after, 40);
        close_drawn(&before);
        close_drawn(&after);
        free(c);
        free(other);
    }
}

Test(move, nothing_changed_is_no_move)
{
    card *c = card_draw(3, 40, true);
    drawn night;
    open_drawn(&night, c, NULL);
    for (int64_t i = 0; i < 40; i++) {
        hf_health_move move;
        cr_assert(hf_health_move_create(&move, context, night.plan, i, night.plan, i, NULL) == HF_OK);
        cr_assert(move.configuration == 0 && move.override == 0);
        for (int32_t m = 0; m < move.measures; m++)
            cr_assert(move.value[m] == 0 && move.coverage[m] == 0 && move.staleness[m] == 0);
        hf_health_move_free(context, &move);
    }
    close_drawn(&night);
    free(c);
}

// Many measures of a worst group changing at once, more than are gone through in every order.
Test(move, a_large_worst_group_adds_up_and_is_fair)
{
    enum { MANY = 14 };
    char yaml[4096];
    scorecard_case before, after;
    hf_health_move move;
    int n = snprintf(yaml, sizeof yaml,
                     "holdfast: 1\nname: w\nbands: {red: 0, green: 50}\ngroups:\n  g:\n    weight: 1\n"
                     "    aggregate: worst\n    measures:\n");
    for (int m = 0; m < MANY; m++)
        n += snprintf(
            yaml + n, sizeof yaml - (size_t)n,
            "      m%d: {signal: x%d, higher: good, weight: 1, curve: {linear: {worst: 0, best: 100}}}\n", m,
            m);
    case_open(&before, context, yaml, 1);
    case_open(&after, context, yaml, 1);
    for (int m = 0; m < MANY; m++) {
        char name[8];
        const double high = 90, low = m == 0 ? 10 : 30;
        snprintf(name, sizeof name, "x%d", m);
        case_numbers(&before, name, HF_KIND_NUMBER, &high);
        case_numbers(&after, name, HF_KIND_NUMBER, &low);
    }
    case_bind(&before);
    case_bind(&after);
    cr_assert(hf_health_move_create(&move, context, before.plan, 0, after.plan, 0, NULL) == HF_OK);
    cr_assert(fabs(sum_of(&move) + 80) < 1e-9, "%g", sum_of(&move));
    for (int m = 2; m < MANY; m++)
        cr_assert(fabs(move.value[m] - move.value[1]) < 1e-9); // the same change counts the same
    cr_assert(move.value[0] < move.value[1]);
    hf_health_move_free(context, &move);
    case_close(&before);
    case_close(&after);
}

Test(move, running_out_of_memory_leaves_nothing)
{
    hf_random r = hf_random_seed(5, 5);
    const tiny t = draw_tiny(&r, true);
    const tiny_data d[2] = {draw_tiny_data(&r), draw_tiny_data(&r)};
    scorecard_case before, after;
    open_tiny(&before, &t, &d[0]);
    open_tiny(&after, &t, &d[1]);
    for (long k = 0;; k++) {
        allocator a = {.fail_at = -1};
        hf_context *failing = make_context(&a, 1);
        hf_health_move move = {.measures = 77};
        a.fail_at = a.asked + k;
        const hf_status status = hf_health_move_create(&move, failing, before.plan, 0, after.plan, 0, NULL);
        if (status == HF_OK) {
            hf_health_move_free(failing, &move);
            cr_assert(k > 3);
        } else {
            cr_assert(status == HF_ERROR_MEMORY && move.measures == 77 && !move.value);
        }
        hf_context_destroy(failing);
        cr_assert(a.live == 0, "%ld held", a.live);
        if (status == HF_OK) break;
    }
    case_close(&before);
    case_close(&after);
}
