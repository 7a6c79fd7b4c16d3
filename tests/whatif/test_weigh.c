// SPDX-License-Identifier: Apache-2.0
//
// Weighing a fleet against the long way: for every weighting a scorecard of its own, run by the fleet pass.
// Bands, moves and ARR must be the same to the last account, on random scorecards with missing measures,
// caps, worst and best groups, segments and overrides; AUC and the red list within what histograms promise.
#include "health/random_scorecard.h"
#include "linalg/linalg_room.h"
#include "metrics/metrics_room.h"
#include "whatif/fold.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WEIGHTINGS = 150, CAPACITY = 60 };

typedef struct {
    hf_context *context;
    hf_definition *definition;
    hf_frame *frame;
    hf_manual_overrides *manual; // the plan borrows it
    hf_health_plan *plan;
    hf_health health;
    uint8_t *label;
    double *arr;
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

static void score(night *n)
{
    hf_error error = {0};
    cr_assert(hf_health_plan_create(&n->plan, n->context, n->definition, n->frame, n->manual, &error) ==
                  HF_OK,
              "%s", error.message);
    cr_assert(hf_health_fleet(&n->health, n->context, n->plan, &error) == HF_OK, "%s", error.message);
}

static void unscore(night *n)
{
    hf_health_free(n->context, &n->health);
    hf_health_plan_destroy(n->plan);
    n->plan = NULL;
}

static night night_of(const card *c, int threads, hf_isa isa)
{
    night n = {.context = context_of(threads, isa)};
    hf_random random = hf_random_seed(7, (uint64_t)c->rows);
    n.definition = card_definition(c, n.context);
    n.frame = card_frame(c, n.context, NULL, 0);
    n.manual = calloc(1, sizeof *n.manual);
    *n.manual = card_manuals(c, n.context);
    n.label = calloc((size_t)c->rows, 1);
    n.arr = calloc((size_t)c->rows, sizeof *n.arr);
    score(&n);
    for (int64_t i = 0; i < c->rows; i++) {
        const double h = n.health.health[i], u = hf_random_uniform(&random);
        n.label[i] = u < 0.1 ? HF_NO_LABEL : hf_random_uniform(&random) > (isnan(h) ? 0.5 : h / 100);
        n.arr[i] = u > 0.95 ? NAN : floor(1e5 * hf_random_uniform(&random)) / 100;
    }
    return n;
}

static void night_end(night *n)
{
    unscore(n);
    hf_manual_overrides_free(n->context, n->manual);
    free(n->manual);
    hf_frame_destroy(n->frame);
    hf_definition_destroy(n->definition);
    hf_context_destroy(n->context);
    free(n->label);
    free(n->arr);
}

static hf_whatif_fleet *fleet_of(const night *n)
{
    const hf_whatif_night what = {n->plan, &n->health, n->label, n->arr, CAPACITY};
    hf_whatif_fleet *fleet = NULL;
    hf_error error = {0};
    cr_assert(hf_whatif_fleet_create(&fleet, n->context, &what, &error) == HF_OK, "%s", error.message);
    return fleet;
}

// The first is the present one; others scale weights, and some are set to 0 or from 0.
static hf_weightings weightings_of(const night *n, uint64_t seed, int32_t count)
{
    hf_weightings w;
    hf_random random = hf_random_seed(seed, 1);
    const hf_definition *d = n->definition;
    cr_assert(hf_weightings_create(&w, n->context, d, count, NULL) == HF_OK);
    for (int32_t k = 1; k < count; k++) {
        double *group = hf_weighting_groups(&w, k), *measure = hf_weighting_measures(&w, k);
        const double zeros = k % 3 == 0 ? 0.15 : 0;
        for (int32_t i = 0; i < d->segment_count * d->group_count; i++)
            group[i] = hf_random_uniform(&random) < zeros ? 0 : group[i] * exp(hf_random_normal(&random));
        for (int32_t i = 0; i < d->segment_count * d->measure_count; i++) {
            measure[i] *= exp(hf_random_normal(&random));
            if (hf_random_uniform(&random) < zeros) measure[i] = measure[i] > 0 ? 0 : 1;
        }
    }
    return w;
}

// The same scorecard with the weights of a weighting, scored by the fleet pass.
static night otherwise(const night *n, const card *c, const hf_weightings *w, int32_t at)
{
    night out = *n;
    out.definition = card_definition(c, n->context);
    hf_definition *d = out.definition;
    for (int32_t s = 0; s < d->segment_count; s++) {
        memcpy(d->segments[s].group_weight, hf_weighting_groups(w, at) + (ptrdiff_t)s * d->group_count,
               (size_t)d->group_count * sizeof(double));
        memcpy(d->segments[s].measure_weight, hf_weighting_measures(w, at) + (ptrdiff_t)s * d->measure_count,
               (size_t)d->measure_count * sizeof(double));
    }
    score(&out);
    return out;
}

static void hold_to_pass(const hf_weighed *got, int32_t at, const night *before, const night *after)
{
    const int32_t bands = got->bands + 1;
    int64_t moved[128] = {0};
    double arr[128] = {0};
    for (int64_t i = 0; i < before->health.rows; i++) {
        const int32_t cell = (before->health.band_raw[i] + 1) * bands + after->health.band_raw[i] + 1;
        moved[cell]++;
        arr[cell] += isnan(before->arr[i]) ? 0 : before->arr[i];
    }
    for (int32_t i = 0; i < bands * bands; i++) {
        cr_assert(got->moved[(ptrdiff_t)at * bands * bands + i] == moved[i],
                  "weighting %d, move %d: %lld, not %lld", at, i,
                  (long long)got->moved[(ptrdiff_t)at * bands * bands + i], (long long)moved[i]);
        cr_assert_float_eq(got->moved_arr[(ptrdiff_t)at * bands * bands + i], arr[i], 1e-6 * (1 + arr[i]));
    }
}

static double exact_auc(const night *before, const night *after, int64_t *pairs)
{
    double wins = 0;
    *pairs = 0;
    for (int64_t i = 0; i < before->health.rows; i++)
        for (int64_t j = 0; before->label[i] == 1 && j < before->health.rows; j++) {
            const double x = after->health.health[i], y = after->health.health[j];
            if (before->label[j] != 0 || isnan(x) || isnan(y)) continue;
            ++*pairs;
            wins += x < y ? 1 : x == y ? 0.5 : 0;
        }
    return wins / (double)*pairs;
}

Test(weigh, moves_are_those_of_the_fleet_pass)
{
    int64_t apart = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        card *c = card_draw(seed, 700, seed % 2);
        night n = night_of(c, 2, HF_ISA_AUTO);
        hf_whatif_fleet *fleet = fleet_of(&n);
        hf_weightings w = weightings_of(&n, seed, WEIGHTINGS);
        hf_weighed got;
        hf_error error = {0};
        cr_assert(hf_whatif_weigh(&got, fleet, &w, NULL, &error) == HF_OK, "%s", error.message);
        for (int32_t k = 0; k < WEIGHTINGS; k += k < 10 ? 1 : 13) {
            night other = otherwise(&n, c, &w, k);
            double *health = calloc((size_t)c->rows, sizeof *health);
            int8_t *band = calloc((size_t)c->rows, 1);
            hold_to_pass(&got, k, &n, &other);
            cr_assert(hf_whatif_exact(health, band, fleet, &w, k, &error) == HF_OK);
            for (int64_t i = 0; i < c->rows; i++) {
                cr_assert(memcmp(&health[i], &other.health.health[i], sizeof *health) == 0 ||
                              (isnan(health[i]) && isnan(other.health.health[i])),
                          "seed %d weighting %d row %d: %.17g, not %.17g", (int)seed, k, (int)i, health[i],
                          other.health.health[i]);
                cr_assert(band[i] == other.health.band_raw[i]);
                apart += band[i] != n.health.band_raw[i];
            }
            free(health);
            free(band);
            unscore(&other);
            hf_definition_destroy(other.definition);
        }
        hf_weighed_free(&got);
        hf_weightings_free(&w);
        hf_whatif_fleet_destroy(fleet);
        night_end(&n);
        free(c);
    }
    cr_assert(apart > 1000, "the weightings move too few accounts to show anything: %lld", (long long)apart);
}

// Scores chosen one after the other so that every rounding goes the same way: the error is as large as a
// product of so many columns makes it, and must stay within what is worked out again.
Test(weigh, roundings_that_add_up_stay_within_near)
{
    enum { MOST = 300, TRIES = 200 };
    const int32_t columns[] = {30, 77, 150, MOST};
    static float w[MOST], s[MOST];
    hf_random random = hf_random_seed(5, 1);
    for (int c = 0; c < 4; c++) {
        const int32_t n = columns[c];
        double exact = 0;
        float sum = 0, product;
        for (int32_t i = 0; i < n; i++) {
            const double weight = i == 0 ? 0.67 : 0.33 / (n - 1);
            double worst = -INFINITY;
            float next = 0;
            w[i] = (float)weight;
            for (int t = 0; t < TRIES; t++) {
                const float score = (float)(95 + 5 * hf_random_uniform(&random));
                const double error = ((double)fmaf(w[i], score, sum) - (double)sum) - weight * (double)score;
                if (error <= worst) continue;
                worst = error;
                next = fmaf(w[i], score, sum);
                s[i] = score;
            }
            exact += weight * (double)s[i];
            sum = next;
        }
        hf_product(&product, w, s, 1, n, 1);
        const double off = fmax(fabs((double)product - exact), fabs((double)sum - exact));
        cr_expect_lt(off, (double)hf_whatif_near(n), "%d columns: off by %g", (int)n, off);
        cr_expect(n < 150 || off > (double)HF_WHATIF_NEAR, "%d columns: off by %g only", (int)n, off);
    }
}

typedef struct {
    double health;
    int64_t row;
} ranked;

static int by_health(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    return (x->health > y->health) - (x->health < y->health);
}

// Events among the `capacity` lowest, with the least and the most that rows within a bin of the edge allow.
static void list_bounds(double *low, double *high, const night *before, const night *after)
{
    ranked *all = malloc(((size_t)before->health.rows + 1) * sizeof *all);
    int64_t n = 0;
    for (int64_t i = 0; i < before->health.rows; i++)
        if (!isnan(after->health.health[i])) all[n++] = (ranked){after->health.health[i], i};
    qsort(all, (size_t)n, sizeof *all, by_health);
    const double edge = all[n < CAPACITY ? n - 1 : CAPACITY - 1].health,
                 width = 100.0 / HF_WHATIF_BINS + 1e-3;
    *low = *high = 0;
    for (int64_t i = 0; i < n; i++) {
        if (before->label[all[i].row] != 1) continue;
        *low += all[i].health < edge - width;
        *high += all[i].health < edge + width;
    }
    free(all);
}

Test(weigh, auc_and_the_list_are_within_what_histograms_promise)
{
    for (uint64_t seed = 21; seed <= 24; seed++) {
        card *c = card_draw(seed, 600, false);
        night n = night_of(c, 2, HF_ISA_AUTO);
        hf_whatif_fleet *fleet = fleet_of(&n);
        hf_weightings w = weightings_of(&n, seed, 8);
        hf_weighed got;
        cr_assert(hf_whatif_weigh(&got, fleet, &w, NULL, NULL) == HF_OK);
        for (int32_t k = 0; k < w.count; k++) {
            night other = otherwise(&n, c, &w, k);
            int64_t pairs;
            double low, high, auc = exact_auc(&n, &other, &pairs);
            if (pairs > 0)
                cr_assert(fabs(auc - got.auc[k]) <= got.auc_error[k] + 1e-3,
                          "seed %d: %.9f, not %.9f +- %.9f", (int)seed, got.auc[k], auc, got.auc_error[k]);
            list_bounds(&low, &high, &n, &other);
            cr_assert(got.caught[k] >= low - 1e-9 && got.caught[k] <= high + 1e-9);
            cr_assert(got.overlap[k] <= CAPACITY + 1e-9);
            unscore(&other);
            hf_definition_destroy(other.definition);
        }
        hf_weighed_free(&got);
        hf_weightings_free(&w);
        hf_whatif_fleet_destroy(fleet);
        night_end(&n);
        free(c);
    }
}

static bool same_weighed(const hf_weighed *a, const hf_weighed *b)
{
    const size_t n = (size_t)a->count, cells = n * (size_t)(a->bands + 1) * (size_t)(a->bands + 1);
    return memcmp(a->moved, b->moved, cells * sizeof *a->moved) == 0 &&
           memcmp(a->moved_arr, b->moved_arr, cells * sizeof *a->moved_arr) == 0 &&
           memcmp(a->auc, b->auc, n * sizeof *a->auc) == 0 &&
           memcmp(a->overlap, b->overlap, n * sizeof *a->overlap) == 0 &&
           memcmp(a->caught, b->caught, n * sizeof *a->caught) == 0 &&
           memcmp(a->caught_arr, b->caught_arr, n * sizeof *a->caught_arr) == 0;
}

Test(weigh, threads_and_instruction_sets_change_no_byte)
{
    static const struct {
        int threads;
        hf_isa isa;
    } ways[] = {{1, HF_ISA_AUTO}, {2, HF_ISA_AUTO}, {7, HF_ISA_AUTO}, {2, HF_ISA_SCALAR}, {2, HF_ISA_AVX2}};
    card *c = card_draw(31, 1500, false);
    hf_weighed first = {0};
    night begun;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        night n = night_of(c, ways[i].threads, ways[i].isa);
        hf_whatif_fleet *fleet = fleet_of(&n);
        hf_weightings w = weightings_of(&n, 5, 400);
        hf_weighed got;
        cr_assert(hf_whatif_weigh(&got, fleet, &w, NULL, NULL) == HF_OK);
        if (i > 0) cr_assert(same_weighed(&first, &got), "way %d", (int)i);
        hf_weightings_free(&w);
        hf_whatif_fleet_destroy(fleet);
        if (i == 0) {
            first = got;
            begun = n;
            continue;
        }
        hf_weighed_free(&got);
        night_end(&n);
    }
    hf_weighed_free(&first);
    night_end(&begun);
    free(c);
}
