// SPDX-License-Identifier: Apache-2.0
//
// The fleet pass against an oracle written plainly: probabilities, exact explanations, reasons and ranks; and
// what must not matter: threads, instruction set, the order of the accounts.
#include "score/random_fleet.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TERMS = 24, GRIDS = 16, MOST = TERMS + GRIDS };

static const int THREADS[] = {1, 2, 7};
static const hf_isa ISAS[] = {HF_ISA_SCALAR, HF_ISA_AVX2, HF_ISA_AVX512};
static const hf_plan_options OPTIONS = HF_PLAN_OPTIONS_INIT;

static hf_scores scores_of(const hf_context *context, const random_fleet *fleet, bool with_reasons)
{
    hf_plan *plan;
    hf_error error = {0};
    hf_scores scores = {0};
    cr_assert(hf_plan_create(&plan, context, &fleet->model, fleet->frame, &OPTIONS, &error) == HF_OK, "%s",
              error.message);
    cr_assert(hf_score_fleet(&scores, context, plan, with_reasons, &error) == HF_OK);
    cr_assert(scores.rank == NULL);
    cr_assert(hf_scores_rank(&scores, context, plan, &error) == HF_OK);
    hf_plan_destroy(plan);
    return scores;
}

static int falling(const void *a, const void *b)
{
    long double x = *(const long double *)a, y = *(const long double *)b;
    return (x < y) - (x > y);
}

static void check_reasons(const int32_t *reason, const long double *contribution, int32_t terms, int64_t row)
{
    long double sorted[MOST], before = INFINITY;
    memcpy(sorted, contribution, (size_t)terms * sizeof *sorted);
    qsort(sorted, (size_t)terms, sizeof *sorted, falling);
    for (int j = 0; j < HF_REASONS; j++) {
        long double best = j < terms ? sorted[j] : 0;
        if (reason[j] < 0) {
            cr_assert(best <= 2e-6L, "row %lld lacks a reason of %Lg", (long long)row, best);
            for (int k = j; k < HF_REASONS; k++)
                cr_assert(reason[k] == -1);
            return;
        }
        cr_assert(reason[j] < terms);
        for (int k = 0; k < j; k++)
            cr_assert(reason[k] != reason[j]);
        long double c = contribution[reason[j]];
        cr_assert(c > 0 && c <= before + 1e-12L, "row %lld: reason %d is %Lg after %Lg", (long long)row, j, c,
                  before);
        cr_assert(fabsl(c - best) <= 2e-6L + 2e-5L * best, "row %lld: reason %d is %Lg, should be %Lg",
                  (long long)row, j, c, best);
        before = c;
    }
}

// The published log-odds of a sum, by the points that a calibration goes through: straight between them, with
// slope 1 beyond. Written with divisions where the curve has slopes.
static const double calibration_at[] = {-3.0, -1.25, -1.0, 0.5, 4.0};
static const double calibration_to[] = {-3.5, -2.0, -1.1, 0.4, 2.5};
enum { POINTS = sizeof calibration_at / sizeof *calibration_at };

static long double plainly_calibrated(long double z)
{
    if (z <= calibration_at[0]) return calibration_to[0] + (z - calibration_at[0]);
    for (int k = 1; k < POINTS; k++)
        if (z <= calibration_at[k])
            return calibration_to[k - 1] + (calibration_to[k] - calibration_to[k - 1]) *
                                               (z - calibration_at[k - 1]) /
                                               (calibration_at[k] - calibration_at[k - 1]);
    return calibration_to[POINTS - 1] + (z - calibration_at[POINTS - 1]);
}

static double hinge_at[POINTS], hinge_slope[POINTS];

// The same as a model has it.
static void calibrate(hf_model *model)
{
    double before = 1.0;
    for (int k = 0; k < POINTS; k++) {
        const double slope = k + 1 == POINTS ? 1.0
                                             : (calibration_to[k + 1] - calibration_to[k]) /
                                                   (calibration_at[k + 1] - calibration_at[k]);
        hinge_at[k] = calibration_at[k] - calibration_at[0];
        hinge_slope[k] = slope - before;
        before = slope;
    }
    model->calibrated = true;
    model->calibration = (hf_curve){.low = -INFINITY,
                                    .high = INFINITY,
                                    .origin = calibration_at[0],
                                    .intercept = calibration_to[0],
                                    .slope = 1.0,
                                    .hinges = POINTS,
                                    .hinge_at = hinge_at,
                                    .hinge_slope = hinge_slope};
}

static void check_fleet(int64_t rows, int32_t terms, int32_t grids, bool calibrated, uint64_t seed)
{
    random_fleet fleet;
    random_fleet_create(&fleet, NULL, rows, terms, seed);
    random_fleet_add_grids(&fleet, grids, seed);
    if (calibrated) calibrate(&fleet.model);
    terms += grids;
    hf_scores scores = scores_of(fleet.context, &fleet, true);
    hf_plan *plan;
    cr_assert(hf_plan_create(&plan, fleet.context, &fleet.model, fleet.frame, NULL, NULL) == HF_OK);
    double base = fleet.model.intercept;
    for (int32_t t = 0; t < terms; t++)
        base += fleet.model.terms[t].reference;
    cr_assert(scores.rows == rows);
    for (int64_t i = 0; i < rows; i++) {
        long double plain[MOST];
        double exact[MOST], sum = base;
        long double log_odds = plain_log_odds(&fleet, i, plain);
        double said = hf_plan_explain(plan, i, exact);
        for (int32_t t = 0; t < terms; t++) {
            cr_assert(fabsl(exact[t] - plain[t]) < 1e-9L);
            sum += exact[t];
        }
        const double added = hf_plan_calibration(plan, i);
        cr_assert(calibrated || added == 0.0);
        if (calibrated) log_odds = plainly_calibrated(log_odds);
        cr_assert(fabs(sum + added - said) < 1e-9 && fabsl(said - log_odds) < 1e-9L);
        long double p = 1 / (1 + expl(-log_odds));
        cr_assert(fabsl(scores.probability[i] - p) < 1e-6L, "row %lld: %.9f, plainly %.9Lf", (long long)i,
                  scores.probability[i], p);
        check_reasons(scores.reason + HF_REASONS * i, plain, terms, i);
    }
    hf_plan_destroy(plan);
    hf_scores_free(fleet.context, &scores);
    random_fleet_destroy(&fleet);
}

Test(score_pass, agrees_with_the_oracle)
{
    const int64_t rows[] = {0, 1, 511, 512, 513, 3000};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_fleet(rows[i], TERMS, 0, false, 100 + i);
    for (int32_t terms = 0; terms <= 5; terms++)
        check_fleet(700, terms, 0, false, 200 + (uint64_t)terms);
}

// Curves, tables, surfaces and rules with a calibration on top: the reasons with its part are the published
// log-odds, and ranks are as without it.
Test(score_pass, calibrated_scores_agree_with_the_oracle)
{
    const int64_t rows[] = {0, 1, 511, 513, 3000};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_fleet(rows[i], TERMS, GRIDS, true, 350 + i);
    random_fleet fleet;
    random_fleet_create(&fleet, NULL, 900, TERMS, 7);
    hf_scores before = scores_of(fleet.context, &fleet, true);
    calibrate(&fleet.model);
    hf_scores after = scores_of(fleet.context, &fleet, true);
    bool moved = false;
    for (int64_t i = 0; i < 900; i++) {
        moved = moved || fabs(before.probability[i] - after.probability[i]) > 0.01;
        for (int64_t j = 0; j < i; j++)
            if (before.probability[i] < before.probability[j] - 1e-12)
                cr_assert_lt(after.probability[i], after.probability[j]);
    }
    cr_assert(moved);
    cr_assert_arr_eq(before.reason, after.reason, 900 * HF_REASONS * sizeof *before.reason);
    hf_scores_free(fleet.context, &before);
    hf_scores_free(fleet.context, &after);
    random_fleet_destroy(&fleet);
}

Test(score_pass, surfaces_and_rules_agree_with_the_oracle)
{
    const int64_t rows[] = {0, 1, 511, 513, 3000};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_fleet(rows[i], TERMS, GRIDS, false, 300 + i);
    for (int32_t grids = 1; grids <= 8; grids++) // more signals than terms of their own, and fewer
        check_fleet(600, 4, grids, false, 400 + (uint64_t)grids);
}

Test(score_pass, threads_and_instruction_sets_do_not_matter)
{
    enum { ROWS = 9001 };
    random_fleet fleet;
    random_fleet_create(&fleet, NULL, ROWS, TERMS, 5);
    random_fleet_add_grids(&fleet, GRIDS, 5);
    hf_scores first = {0};
    hf_context *owner = NULL; // of the first
    for (size_t i = 0; i < sizeof ISAS / sizeof *ISAS; i++) {
        if (!hf_kernels_for(ISAS[i])) continue;
        for (size_t t = 0; t < sizeof THREADS / sizeof *THREADS; t++) {
            hf_context *context = context_with(THREADS[t], ISAS[i]);
            hf_scores scores = scores_of(context, &fleet, true);
            if (first.rows == 0) {
                first = scores;
                owner = context;
                continue;
            }
            cr_assert(memcmp(first.probability, scores.probability, ROWS * sizeof(double)) == 0);
            cr_assert(memcmp(first.rank, scores.rank, ROWS * sizeof(int32_t)) == 0);
            cr_assert(memcmp(first.reason, scores.reason, HF_REASONS * ROWS * sizeof(int32_t)) == 0);
            hf_scores_free(context, &scores);
            hf_scores bare = scores_of(context, &fleet, false);
            cr_assert(bare.reason == NULL);
            cr_assert(memcmp(first.probability, bare.probability, ROWS * sizeof(double)) == 0);
            hf_scores_free(context, &bare);
            hf_context_destroy(context);
        }
    }
    hf_scores_free(owner, &first);
    hf_context_destroy(owner);
    random_fleet_destroy(&fleet);
}

// ---- ranks ---------------------------------------------------------------------------------------------------

typedef struct {
    double probability;
    char id[9];
    int64_t row;
} ranked;

static int by_rank(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->probability != y->probability) return x->probability > y->probability ? -1 : 1;
    return strcmp(x->id, y->id);
}

static void check_ranks(const random_fleet *fleet, const hf_scores *scores)
{
    const int64_t n = scores->rows;
    ranked *all = malloc((size_t)n * sizeof *all);
    for (int64_t i = 0; i < n; i++) {
        size_t length;
        const char *id = hf_frame_id(fleet->frame, i, &length);
        all[i] = (ranked){.probability = scores->probability[i], .row = i};
        memcpy(all[i].id, id, length);
    }
    qsort(all, (size_t)n, sizeof *all, by_rank);
    for (int64_t i = 0; i < n; i++)
        cr_assert(scores->rank[all[i].row] == i + 1, "row %lld: rank %d, plainly %lld", (long long)all[i].row,
                  scores->rank[all[i].row], (long long)i + 1);
    free(all);
}

// Any probabilities at all, set by hand.
static void rank_by_hand(double (*draw)(hf_random *r))
{
    enum { ROWS = 20000 };
    random_fleet fleet;
    random_fleet_create(&fleet, NULL, ROWS, 1, 9);
    hf_random r = hf_random_seed(4, 4);
    for (size_t t = 0; t < sizeof THREADS / sizeof *THREADS; t++) {
        hf_context *context = context_with(THREADS[t], HF_ISA_AUTO);
        hf_plan *plan;
        hf_scores scores = {0};
        cr_assert(hf_plan_create(&plan, context, &fleet.model, fleet.frame, NULL, NULL) == HF_OK);
        cr_assert(hf_score_fleet(&scores, context, plan, false, NULL) == HF_OK);
        for (int64_t i = 0; i < ROWS; i++)
            scores.probability[i] = draw(&r);
        cr_assert(hf_scores_rank(&scores, context, plan, NULL) == HF_OK);
        check_ranks(&fleet, &scores);
        hf_scores_free(context, &scores);
        hf_plan_destroy(plan);
        hf_context_destroy(context);
    }
    random_fleet_destroy(&fleet);
}

static double all_equal(hf_random *r)
{
    return (void)r, 0.25;
}
static double few(hf_random *r)
{
    return (double)hf_random_below(r, 5) / 4;
}
static double even(hf_random *r)
{
    return hf_random_uniform(r);
}
static double neighbours(hf_random *r)
{
    return 0.3 + 0x1p-54 * (double)hf_random_below(r, 9);
}
static double extremes(hf_random *r)
{
    return pow(2, -1080 * hf_random_uniform(r));
}

Test(score_pass, ranks_of_equal_probabilities_go_by_id)
{
    rank_by_hand(all_equal);
}
Test(score_pass, ranks_of_few_values)
{
    rank_by_hand(few);
}
Test(score_pass, ranks_of_many_values)
{
    rank_by_hand(even);
}
Test(score_pass, ranks_of_values_a_bit_apart)
{
    rank_by_hand(neighbours);
}
Test(score_pass, ranks_down_to_denormals)
{
    rank_by_hand(extremes);
}

Test(score_pass, permuting_accounts_permutes_results)
{
    enum { ROWS = 3000 };
    random_fleet fleet, shuffled;
    random_fleet_create(&fleet, NULL, ROWS, TERMS, 6);
    int64_t order[ROWS];
    hf_random r = hf_random_seed(1, 1);
    for (int64_t i = 0; i < ROWS; i++)
        order[i] = i;
    for (int64_t i = ROWS - 1; i > 0; i--) {
        int64_t j = (int64_t)hf_random_below(&r, (uint64_t)i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    shuffled = fleet;
    cr_assert(hf_frame_select(&shuffled.frame, fleet.frame, order, ROWS, NULL) == HF_OK);
    hf_scores a = scores_of(fleet.context, &fleet, true), b = scores_of(fleet.context, &shuffled, true);
    for (int64_t i = 0; i < ROWS; i++) {
        cr_assert(a.probability[order[i]] == b.probability[i] && a.rank[order[i]] == b.rank[i]);
        cr_assert(memcmp(a.reason + HF_REASONS * order[i], b.reason + HF_REASONS * i,
                         HF_REASONS * sizeof(int32_t)) == 0);
    }
    hf_scores_free(fleet.context, &a);
    hf_scores_free(fleet.context, &b);
    hf_frame_destroy(shuffled.frame);
    random_fleet_destroy(&fleet);
}

Test(score_pass, reasons_that_packed_keys_cannot_tell_apart_are_settled_exactly)
{
    enum { ROWS = 600, COUNT = 3 };
    random_fleet fleet;
    random_fleet_create(&fleet, NULL, ROWS, COUNT, 7);
    for (int32_t t = 0; t < COUNT; t++) { // contributions of 1, and of 1 + t * 1e-9, at every account
        hf_term *term = &fleet.model.terms[t];
        term->curve.hinges = term->curve.steps = 0;
        term->curve.slope = 0;
        term->curve.intercept = term->missing = 1 + t * 1e-9;
        term->reference = 0;
    }
    hf_scores scores = scores_of(fleet.context, &fleet, true);
    for (int64_t i = 0; i < ROWS; i++)
        cr_assert(scores.reason[3 * i] == 2 && scores.reason[3 * i + 1] == 1 &&
                  scores.reason[3 * i + 2] == 0);
    hf_scores_free(fleet.context, &scores);
    for (int32_t t = 0; t < COUNT; t++) // to the kernels a hair above 0, in truth not
        fleet.model.terms[t].curve.intercept = fleet.model.terms[t].missing = t == 1 ? 1e-12 : 0;
    scores = scores_of(fleet.context, &fleet, true);
    for (int64_t i = 0; i < ROWS; i++)
        cr_assert(scores.reason[3 * i] == 1 && scores.reason[3 * i + 1] == -1 &&
                  scores.reason[3 * i + 2] == -1);
    hf_scores_free(fleet.context, &scores);
    random_fleet_destroy(&fleet);
}

// Rounding to f32 can lift a contribution that is not above 0 in double.
Test(score_pass, a_reason_that_does_not_raise_the_risk_is_dropped)
{
    enum { ROWS = 600 };
    random_fleet fleet;
    random_fleet_create(&fleet, NULL, ROWS, 1, 7);
    hf_term *term = &fleet.model.terms[0];
    term->curve.hinges = term->curve.steps = 0;
    term->curve.origin = term->mean = term->reference = 0;
    term->curve.low = -INFINITY;
    term->curve.high = INFINITY;
    float *x = fleet.frame->columns[0].values;
    int found = 0;
    for (int64_t i = 0; i < ROWS; i++)
        x[i] = 3;
    for (int k = 1; k < 200; k++) {
        const double slope = k * 0.01, intercept = nextafter(-3 * slope, -INFINITY);
        if (!((float)intercept + (float)slope * 3.0f > 0)) continue;
        term->curve.slope = slope;
        term->curve.intercept = intercept;
        hf_scores scores = scores_of(fleet.context, &fleet, true);
        for (int64_t i = 0; i < ROWS; i++)
            cr_assert(scores.reason[3 * i] == -1);
        hf_scores_free(fleet.context, &scores);
        found++;
    }
    cr_assert(found > 0);
    random_fleet_destroy(&fleet);
}

// ---- stopping ------------------------------------------------------------------------------------------------

static bool always(void *user)
{
    return (void)user, true;
}

Test(score_pass, stops_when_asked)
{
    random_fleet fleet;
    random_fleet_create(&fleet, NULL, 1000, 3, 8);
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.cancel = always;
    hf_context *context;
    hf_error error = {0};
    hf_scores scores = {0};
    hf_plan *plan;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    cr_assert(hf_plan_create(&plan, context, &fleet.model, fleet.frame, NULL, NULL) == HF_OK);
    cr_assert(hf_score_fleet(&scores, context, plan, true, &error) == HF_ERROR_CANCELLED);
    cr_assert(error.status == HF_ERROR_CANCELLED && scores.probability == NULL && scores.rows == 0);
    hf_plan_destroy(plan);
    hf_context_destroy(context);
    random_fleet_destroy(&fleet);
}

// The work of a tile takes nothing from the allocator: a hundred times the rows, the same number of blocks.
Test(score_pass, tiles_allocate_nothing)
{
    long taken[2];
    for (int i = 0; i < 2; i++) {
        random_fleet fleet;
        hf_plan *plan;
        hf_scores scores = {0};
        hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
        options.resize = scarce_resize;
        options.threads = 2;
        scarce_left = 1000000;
        random_fleet_create(&fleet, &options, i == 0 ? 600 : 60000, 8, 8);
        random_fleet_add_grids(&fleet, 4, 8);
        cr_assert(hf_plan_create(&plan, fleet.context, &fleet.model, fleet.frame, NULL, NULL) == HF_OK);
        taken[i] = scarce_left;
        cr_assert(hf_score_fleet(&scores, fleet.context, plan, true, NULL) == HF_OK);
        taken[i] -= scarce_left;
        hf_scores_free(fleet.context, &scores);
        hf_plan_destroy(plan);
        random_fleet_destroy(&fleet);
    }
    cr_assert(taken[0] == taken[1] && taken[0] == 3, "%ld and %ld blocks", taken[0], taken[1]);
}

Test(score_pass, survives_every_failed_allocation)
{
    random_fleet fleet;
    random_fleet_create(&fleet, NULL, 700, 6, 8);
    random_fleet_add_grids(&fleet, 3, 8);
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.resize = scarce_resize;
    options.threads = 2;
    scarce_left = 1000;
    hf_context *poor;
    cr_assert(hf_context_create(&poor, &options, NULL) == HF_OK);
    hf_plan *plan = NULL;
    hf_scores scores = {0};
    for (long k = 0; !plan && k < 200; k++) {
        hf_error error = {0};
        scarce_left = k;
        hf_status status = hf_plan_create(&plan, poor, &fleet.model, fleet.frame, NULL, &error);
        cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && error.status == status && !plan));
    }
    for (long k = 0; !scores.probability && k < 200; k++) {
        hf_error error = {0};
        scarce_left = k;
        hf_status status = hf_score_fleet(&scores, poor, plan, true, &error);
        cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && error.status == status));
    }
    for (long k = 0; !scores.rank && k < 200; k++) {
        hf_error error = {0};
        scarce_left = k;
        hf_status status = hf_scores_rank(&scores, poor, plan, &error);
        cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && error.status == status));
    }
    cr_assert(plan && scores.probability && scores.rank);
    check_ranks(&fleet, &scores);
    hf_scores_free(poor, &scores);
    hf_scores_free(poor, &scores);
    hf_scores_free(poor, NULL);
    hf_plan_destroy(plan);
    hf_plan_destroy(NULL);
    hf_context_destroy(poor);
    random_fleet_destroy(&fleet);
}
