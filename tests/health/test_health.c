// SPDX-License-Identifier: Apache-2.0
//
// Health against the oracle: the fleet pass, exact explanations, bands; and what must hold of any scorecard:
// the order of accounts, other accounts, the scale of weights, threads and instruction sets do not matter, a
// better value is never worse, and a missing value that is skipped is as if nobody had asked for it.
#include "health/random_scorecard.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double NEAR = 1e-4;  // points, of the f32 pass
static const double EXACT = 1e-6; // of the explanation, where curves are steep far from 0

typedef struct {
    hf_context *context;
    hf_definition *definition;
    hf_frame *frame;
    hf_manual_overrides manual;
    hf_health_plan *plan;
    hf_health health;
} night;

static hf_context *context_of(int threads, hf_isa isa)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    hf_context *context = NULL;
    options.threads = threads;
    options.isa = isa;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    return context;
}

static night *night_on(const card *c, hf_context *context, const int64_t *order, int64_t count)
{
    hf_error error = {0};
    night *out = calloc(1, sizeof *out); // the plan borrows from it, so it stays where it is
    cr_assert(out);
    out->context = context;
    out->definition = card_definition(c, context);
    out->frame = card_frame(c, context, order, count);
    if (!order) out->manual = card_manuals(c, context);
    cr_assert(hf_health_plan_create(&out->plan, context, out->definition, out->frame, &out->manual, &error) ==
                  HF_OK,
              "%s", error.message);
    cr_assert(hf_health_fleet(&out->health, context, out->plan, &error) == HF_OK, "%s", error.message);
    return out;
}

static night *night_of(const card *c)
{
    return night_on(c, context_of(2, HF_ISA_AUTO), NULL, 0);
}

static void night_end(night *n)
{
    hf_health_free(n->context, &n->health);
    hf_health_plan_destroy(n->plan);
    hf_manual_overrides_free(n->context, &n->manual);
    hf_frame_destroy(n->frame);
    hf_definition_destroy(n->definition);
    hf_context_destroy(n->context);
    free(n);
}

static bool is_near(double a, double b, double by)
{
    return isnan(a) || isnan(b) ? isnan(a) && isnan(b) : fabs(a - b) <= by;
}

// ---- the pass and the explanation -----------------------------------------------------------------------------

// Whether two measures are of one group of which only one counts: with equal scores it may be either, since
// scores that are equal on paper differ in their last bits.
static bool are_rivals(const card *c, int a, int b)
{
    for (int g = 0; g < c->groups; g++) {
        const card_group *group = &c->group[g];
        if (group->aggregate != HF_AGGREGATE_MEAN && a >= group->first && a < group->first + group->count)
            return b >= group->first && b < group->first + group->count;
    }
    return false;
}

static bool is_tied(const card *c, const card_health *right, int m)
{
    for (int other = 0; other < c->measures; other++)
        if (other != m && are_rivals(c, m, other) && fabs(right->q[m] - right->q[other]) < EXACT) return true;
    return false;
}

static double loss_of(const card *c, const card_health *right, int m)
{
    for (int other = 0; other < c->measures; other++)
        if (are_rivals(c, m, other) && right->effective[other] > 0 &&
            is_near(right->q[m], right->q[other], NEAR))
            return right->effective[other] * (100 - right->q[m]);
    return right->effective[m] > 0 ? right->effective[m] * (100 - right->q[m]) : 0;
}

static void check_lost(const int32_t *lost, const card_health *right, const card *c)
{
    double before = INFINITY;
    for (int j = 0; j < HF_LOST; j++) {
        double most = 0;
        for (int m = 0; m < c->measures; m++) {
            bool said = false;
            for (int k = 0; k < j; k++)
                said = said || lost[k] == m || are_rivals(c, lost[k], m);
            if (!said) most = fmax(most, loss_of(c, right, m));
        }
        if (lost[j] < 0) {
            cr_assert(most < 3e-4, "a loss of %g points is not said", most);
            for (int k = j; k < HF_LOST; k++)
                cr_assert(lost[k] == -1);
            return;
        }
        cr_assert(lost[j] < c->measures);
        const double here = loss_of(c, right, lost[j]);
        cr_assert(here >= most - 2e-4 - 1e-5 * most && here <= before + NEAR, "%g, but %g is lost", here,
                  most);
        before = here;
    }
}

static void check_pass(const hf_health *health, int64_t i, const card_health *right, const card *c,
                       uint64_t seed)
{
    const long long row = (long long)i;
    cr_assert(health->segment[i] == right->segment);
    for (int m = 0; m < c->measures; m++) {
        const int64_t at = m * health->rows + i;
        cr_assert(health->state[at] == right->state[m], "card %d, row %lld, measure %d", (int)seed, row, m);
        cr_assert(is_near((double)health->measure[at], right->q[m], NEAR),
                  "card %d, row %lld, measure %d: %.9g, plainly %.9g", (int)seed, row, m,
                  (double)health->measure[at], right->q[m]);
    }
    cr_assert(is_near(health->raw[i], right->raw, NEAR), "card %d, row %lld: raw %.9g, plainly %.9g",
              (int)seed, row, health->raw[i], right->raw);
    cr_assert(is_near(health->health[i], right->health, NEAR));
    cr_assert(is_near(health->coverage[i], right->coverage, 1e-12));
    if (right->edge_distance > NEAR)
        cr_assert(health->band_raw[i] == right->band, "card %d, row %lld: band %d, plainly %d at %g",
                  (int)seed, row, health->band_raw[i], right->band, right->health);
    check_lost(health->lost + HF_LOST * i, right, c);
}

static void check_explanation(const night *n, int64_t i, const card_health *right, const card *c)
{
    hf_health_explanation e;
    cr_assert(hf_health_explain(&e, n->context, n->plan, i, NULL) == HF_OK);
    double raw = e.unassigned * c->neutral, changes = 0, groups = 0;
    cr_assert(e.segment == right->segment);
    for (int m = 0; m < c->measures; m++) {
        const hf_health_part *p = &e.parts[m];
        raw += p->contribution;
        cr_assert(p->state == right->state[m] && is_near(p->score, right->q[m], EXACT),
                  "row %lld, measure %d: %.12g, plainly %.12g", (long long)i, m, p->score, right->q[m]);
        cr_assert(is_near(p->nominal, right->nominal[m], 1e-12));
        cr_assert(is_near(p->effective, right->effective[m], 1e-12) || is_tied(c, right, m));
        cr_assert(is_near(p->contribution + p->lost, 100 * p->effective, 1e-9));
    }
    for (int g = 0; g < c->groups; g++) {
        cr_assert(isnan(e.group_score[g]) == (e.group_effective[g] == 0));
        groups += e.group_effective[g] > 0 ? e.group_effective[g] * e.group_score[g] : 0;
    }
    for (int32_t o = 0; o < e.override_count; o++) {
        changes += e.overrides[o].change;
        cr_assert((e.overrides[o].rule < 0) != (e.overrides[o].manual < 0));
    }
    cr_assert(isnan(e.raw) == isnan(right->raw) && is_near(e.raw, right->raw, EXACT));
    cr_assert(is_near(e.health, right->health, EXACT) && is_near(e.coverage, right->coverage, 1e-12));
    cr_assert(isnan(e.raw) || is_near(raw, e.raw, 1e-9));
    cr_assert(isnan(e.raw) || is_near(groups + e.unassigned * c->neutral, e.raw, 1e-9));
    cr_assert(isnan(e.health) || is_near((isnan(e.raw) ? 0 : e.raw) + changes, e.health, 1e-9));
    cr_assert(is_near(e.health, n->health.health[i], NEAR));
    if (right->edge_distance > NEAR) cr_assert(e.band_raw == right->band);
    hf_health_explanation_free(n->context, &e);
    cr_assert(e.parts == NULL && e.overrides == NULL);
}

static void check_card(uint64_t seed, int64_t rows, bool percentiles)
{
    card *c = card_draw(seed, rows, percentiles);
    night *n = night_of(c);
    cr_assert(n->health.rows == rows && n->health.measures == c->measures);
    for (int64_t i = 0; i < rows; i++) {
        card_health right;
        card_score(&right, c, i);
        check_pass(&n->health, i, &right, c, seed);
        check_explanation(n, i, &right, c);
    }
    night_end(n);
    free(c);
}

Test(health, agrees_with_the_oracle)
{
    for (uint64_t seed = 1; seed <= 150; seed++)
        check_card(seed, 150 + 7 * (int64_t)(seed % 50), false);
}

Test(health, agrees_with_the_oracle_on_percentiles)
{
    for (uint64_t seed = 1001; seed <= 1040; seed++)
        check_card(seed, 120, true);
}

Test(health, tiles_of_any_size)
{
    const int64_t rows[] = {0, 1, 2, 511, 512, 513, 1024, 1025, 3000};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_card(300 + i, rows[i], false);
}

// ---- what must not matter --------------------------------------------------------------------------------------

static bool same_bytes(const hf_health *a, const hf_health *b)
{
    const size_t rows = (size_t)a->rows, cells = rows * (size_t)a->measures;
    return memcmp(a->measure, b->measure, cells * sizeof *a->measure) == 0 &&
           memcmp(a->state, b->state, cells) == 0 && memcmp(a->raw, b->raw, rows * sizeof *a->raw) == 0 &&
           memcmp(a->segment, b->segment, rows * sizeof *a->segment) == 0 &&
           memcmp(a->health, b->health, rows * sizeof *a->health) == 0 &&
           memcmp(a->coverage, b->coverage, rows * sizeof *a->coverage) == 0 &&
           memcmp(a->band_raw, b->band_raw, rows) == 0 &&
           memcmp(a->lost, b->lost, HF_LOST * rows * sizeof *a->lost) == 0;
}

Test(health, threads_and_instruction_sets_do_not_matter)
{
    const int threads[] = {1, 2, 7};
    const hf_isa isas[] = {HF_ISA_SCALAR, HF_ISA_AVX2, HF_ISA_AVX512};
    for (uint64_t seed = 400; seed < 412; seed++) {
        card *c = card_draw(seed, MOST_ROWS, true);
        night *first = night_on(c, context_of(1, HF_ISA_SCALAR), NULL, 0);
        for (size_t i = 0; i < sizeof isas / sizeof *isas; i++)
            for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
                if (!hf_kernels_for(isas[i])) continue;
                night *other = night_on(c, context_of(threads[t], isas[i]), NULL, 0);
                cr_assert(same_bytes(&first->health, &other->health), "card %d, %s, %d threads", (int)seed,
                          hf_isa_name(isas[i]), threads[t]);
                night_end(other);
            }
        night_end(first);
        free(c);
    }
}

// Row i of `some` is row order[i] of `all`.
static void check_same(const night *some, const night *all, const int64_t *order, bool lost)
{
    for (int64_t i = 0; i < some->health.rows; i++) {
        const int64_t j = order ? order[i] : i;
        cr_assert(memcmp(&some->health.health[i], &all->health.health[j], sizeof(double)) == 0);
        cr_assert(memcmp(&some->health.raw[i], &all->health.raw[j], sizeof(double)) == 0);
        cr_assert(some->health.coverage[i] == all->health.coverage[j]);
        cr_assert(some->health.band_raw[i] == all->health.band_raw[j]);
        cr_assert(!lost || memcmp(some->health.lost + HF_LOST * i, all->health.lost + HF_LOST * j,
                                  HF_LOST * sizeof(int32_t)) == 0);
    }
}

Test(health, permuting_accounts_permutes_results)
{
    enum { ROWS = 1700 };
    static int64_t order[ROWS];
    for (uint64_t seed = 500; seed < 540; seed++) {
        card *c = card_draw(seed, ROWS, true);
        hf_random r = hf_random_seed(seed, 3);
        c->manuals = 0;
        for (int64_t i = 0; i < ROWS; i++) {
            const int64_t j = (int64_t)hf_random_below(&r, (uint64_t)i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        night *plain = night_of(c), *permuted = night_on(c, context_of(2, HF_ISA_AUTO), order, ROWS);
        check_same(permuted, plain, order, true);
        night_end(plain);
        night_end(permuted);
        free(c);
    }
}

Test(health, other_accounts_do_not_matter)
{
    enum { ROWS = 1300, FEWER = 700 };
    static int64_t order[FEWER];
    for (uint64_t seed = 600; seed < 640; seed++) {
        card *c = card_draw(seed, ROWS, false);
        c->manuals = 0;
        for (int64_t i = 0; i < FEWER; i++)
            order[i] = (i * 13) % ROWS;
        night *all = night_of(c), *some = night_on(c, context_of(2, HF_ISA_AUTO), order, FEWER);
        check_same(some, all, order, true);
        night_end(all);
        night_end(some);
        free(c);
    }
}

static void scale_weights(card *c, double group, double measure)
{
    for (int g = 0; g < c->groups; g++)
        c->group[g].weight *= group;
    for (int m = 0; m < c->measures; m++)
        c->measure[m].weight *= measure;
    for (int s = 0; s < c->segments; s++) {
        for (int g = 0; g < c->groups; g++)
            c->segment[s].group_weight[g] *= group;
        for (int m = 0; m < c->measures; m++)
            c->segment[s].weight[m] *= measure;
    }
}

Test(health, the_scale_of_weights_does_not_matter)
{
    const double scales[][2] = {{1000, 1}, {1, 1e-9}, {7, 0.3}, {1e12, 1e-100}, {1e-200, 1e13}};
    for (uint64_t seed = 700; seed < 730; seed++) {
        const double *scale = scales[seed % 5];
        card *c = card_draw(seed, 400, true);
        night *before = night_of(c);
        scale_weights(c, scale[0], scale[1]);
        night *after = night_of(c);
        for (int64_t i = 0; i < c->rows; i++) {
            cr_assert(is_near(before->health.health[i], after->health.health[i], 1e-9));
            cr_assert(is_near(before->health.coverage[i], after->health.coverage[i], 1e-12));
        }
        night_end(before);
        night_end(after);
        free(c);
    }
}

// ---- what must hold ------------------------------------------------------------------------------------------

// Conditions that look at a signal would answer to its change too, so they are taken out.
static void forget_conditions(card *c)
{
    c->segments = c->rules = c->manuals = 0;
}

Test(health, a_better_value_is_never_worse)
{
    for (uint64_t seed = 800; seed < 860; seed++) {
        card *c = card_draw(seed, 500, seed % 2);
        forget_conditions(c);
        night *before = night_of(c);
        for (int m = 0; m < c->measures; m++) {
            const int s = c->measure[m].signal;
            bool alone = c->measure[m].curve.form != TABLE;
            for (int other = 0; other < c->measures; other++) // a signal may be good here and bad there
                alone = alone && (other == m || c->measure[other].curve.form == TABLE ||
                                  c->measure[other].signal != s);
            if (!alone) continue;
            // Percentiles rank against the others, so there one account alone moves.
            const int64_t only = c->measure[m].curve.form == PERCENTILE ? 250 : -1;
            for (int64_t i = 0; i < c->rows; i++)
                if (only < 0 || i == only)
                    c->number[s][i] += (c->measure[m].good ? 1 : -1) * card_unit(s) * (double)(1 + i % 20);
            night *after = night_of(c);
            for (int64_t i = 0; i < c->rows; i++)
                if (only < 0 || i == only)
                    cr_assert(isnan(before->health.health[i]) ||
                                  after->health.health[i] >= before->health.health[i] - NEAR,
                              "card %d, measure %d, row %lld: %g after %g", (int)seed, m, (long long)i,
                              after->health.health[i], before->health.health[i]);
            night_end(before);
            before = after;
        }
        night_end(before);
        free(c);
    }
}

// The card without a measure; without its group where it was alone in it. False where nothing is left.
static bool remove_measure(card *c, int gone)
{
    int g = 0;
    while (gone >= c->group[g].first + c->group[g].count)
        g++;
    for (int m = gone; m + 1 < c->measures; m++)
        c->measure[m] = c->measure[m + 1];
    c->measures--;
    c->group[g].count--;
    for (int other = g + 1; other < c->groups; other++)
        c->group[other].first--;
    if (c->group[g].count > 0) return true;
    for (int other = g; other + 1 < c->groups; other++)
        c->group[other] = c->group[other + 1];
    return --c->groups > 0;
}

static bool has_weight(const card *c)
{
    for (int g = 0; g < c->groups; g++)
        for (int m = c->group[g].first; m < c->group[g].first + c->group[g].count; m++)
            if (c->group[g].weight > 0 && c->measure[m].weight > 0) return true;
    return false;
}

Test(health, missing_with_skip_is_as_without_the_measure)
{
    int compared = 0;
    for (uint64_t seed = 900; seed < 960; seed++) {
        card *c = card_draw(seed, 300, true);
        forget_conditions(c);
        c->max_inherit = INFINITY; // the cap goes by nominal weights, which a measure that is there still has
        c->min_coverage = 0;       // and so does coverage
        const int gone = (int)(seed % (uint64_t)c->measures);
        const card_measure *measure = &c->measure[gone];
        c->measure[gone].missing = HF_MISSING_SKIP;
        for (int64_t i = 0; i < c->rows; i++)
            if (measure->curve.form == TABLE)
                c->level[measure->signal][i] = -1;
            else
                c->number[measure->signal][i] = NAN;
        night *missing = night_of(c);
        if (remove_measure(c, gone) && has_weight(c)) {
            night *without = night_of(c);
            for (int64_t i = 0; i < c->rows; i++) {
                cr_assert(is_near(missing->health.health[i], without->health.health[i], 1e-9));
                cr_assert(missing->health.band_raw[i] == without->health.band_raw[i]);
            }
            night_end(without);
            compared++;
        }
        night_end(missing);
        free(c);
    }
    cr_assert(compared > 30);
}
