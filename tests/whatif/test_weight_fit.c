// SPDX-License-Identifier: Apache-2.0
//
// Weights fitted to outcomes against a truth: fleets whose outcomes follow known weights while the present
// ones are wrong, and fleets whose outcomes are noise. Health comes from the definition written out in the
// test.
#include "base/failing_context.h"
#include "whatif/weight_fit.h"

#include <criterion/criterion.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 8, GROUPS = 3, DATES = 9, WINDOW = 30 };

static const int32_t group_of[COLUMNS] = {0, 0, 0, 1, 1, 1, 2, 2};
static const double present[COLUMNS] = {0.05, 0.05, 0.2, 0.05, 0.25, 0.1, 0.2, 0.1};
static const double truth[COLUMNS] = {0.35, 0.05, 0.05, 0.3, 0.05, 0.1, 0.05, 0.05};
static const double no_cap[GROUPS] = {1, 1, 1};

typedef struct {
    hf_weight_rows rows;
    float *score;
    uint8_t *label;
    int64_t *account;
    hf_date *as_of;
} fleet;

static hf_context *context_of(int threads)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    hf_context *context = NULL;
    options.threads = threads;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    return context;
}

// Steps 5 and 6 of the scorecard's definition, all groups means; NaN where nothing is present.
static double health_of(const float *score, const double *weight, double max_inherit, double neutral)
{
    double share[GROUPS] = {0}, there[GROUPS] = {0}, all = 0, health = 0, assigned = 0;
    for (int c = 0; c < COLUMNS; c++) {
        share[group_of[c]] += weight[c];
        if (!isnan(score[c])) there[group_of[c]] += weight[c];
    }
    for (int g = 0; g < GROUPS; g++)
        all += there[g] > 0 ? share[g] : 0;
    for (int c = 0; c < COLUMNS; c++) {
        const int g = group_of[c];
        if (isnan(score[c]) || !(weight[c] > 0)) continue;
        const double e = fmin(share[g] / all * weight[c] / there[g], max_inherit * weight[c]);
        health += e * score[c];
        assigned += e;
    }
    return all > 0 ? health + (1 - assigned) * neutral : NAN;
}

// slope 0: outcomes are noise.
static fleet make_fleet(uint64_t seed, int32_t accounts, double slope, double missing)
{
    fleet f = {0};
    hf_random random = hf_random_seed(seed, 77);
    const size_t most = (size_t)accounts * DATES;
    f.score = calloc(most * COLUMNS, sizeof *f.score);
    f.label = calloc(most, 1);
    f.account = calloc(most, sizeof *f.account);
    f.as_of = calloc(most, sizeof *f.as_of);
    int64_t n = 0;
    for (int64_t a = 0; a < accounts; a++) {
        double level[COLUMNS];
        const double common = hf_random_normal(&random);
        for (int c = 0; c < COLUMNS; c++)
            level[c] = 55 + 10 * common + 15 * hf_random_normal(&random);
        for (int32_t t = 0; t < DATES; t++) {
            float *q = f.score + n * COLUMNS;
            for (int c = 0; c < COLUMNS; c++) {
                q[c] = (float)fmin(fmax(level[c] + 12 * hf_random_normal(&random), 0), 100);
                if (hf_random_uniform(&random) < missing) q[c] = NAN;
            }
            const double health = health_of(q, truth, 3, 50);
            if (isnan(health)) continue;
            const double eta = -2.2 - slope * (health - 55) / 100;
            f.account[n] = a;
            f.as_of[n] = 1000 + 30 * t;
            f.label[n++] = hf_random_uniform(&random) < 1 / (1 + exp(-eta));
            if (f.label[n - 1]) break;
        }
    }
    f.rows = (hf_weight_rows){n,      COLUMNS, GROUPS,   f.score, f.label, f.account, f.as_of,
                              WINDOW, present, group_of, no_cap,  3,       50};
    return f;
}

static void end_fleet(fleet *f)
{
    free(f->score);
    free(f->label);
    free(f->account);
    free(f->as_of);
}

static hf_weight_fit fit_of(const fleet *f, int threads, double shrink, int32_t replicates)
{
    hf_context *context = context_of(threads);
    hf_weight_fit fit = {0};
    hf_error error = {0};
    const hf_weight_fit_options options = {shrink, replicates, 0.05, 1};
    cr_assert(hf_weight_fit_run(&fit, context, &f->rows, &options, &error) == HF_OK, "%s", error.message);
    return fit;
}

static void end_fit(hf_weight_fit *fit)
{
    hf_context *context = (hf_context *)fit->context;
    hf_weight_fit_free(fit);
    hf_context_destroy(context);
}

static double apart(const double *a, const double *b)
{
    double sum = 0;
    for (int c = 0; c < COLUMNS; c++)
        sum += fabs(a[c] - b[c]);
    return sum / 2;
}

Test(weight_fit, substitutes_make_the_sum_the_health)
{
    hf_random random = hf_random_seed(5, 5);
    for (int i = 0; i < 5000; i++) {
        float score[COLUMNS];
        double weight[COLUMNS], sum = 0, lost[COLUMNS], got = 0;
        for (int c = 0; c < COLUMNS; c++) {
            score[c] = hf_random_uniform(&random) < 0.5 ? NAN : (float)(100 * hf_random_uniform(&random));
            weight[c] = hf_random_uniform(&random) < 0.2 ? 0 : hf_random_uniform(&random);
            sum += weight[c];
        }
        for (int c = 0; c < COLUMNS; c++)
            weight[c] /= sum;
        const double cap = i % 2 ? INFINITY : 1.0 + 2 * hf_random_uniform(&random);
        const double health = health_of(score, weight, cap, 40);
        if (isnan(health)) continue;
        const hf_weight_rows rows = {1, COLUMNS, GROUPS,   score,  NULL, NULL, NULL,
                                     0, weight,  group_of, no_cap, cap,  40};
        hf_weight_fit_row(lost, &rows, weight, 0);
        for (int c = 0; c < COLUMNS; c++)
            got += weight[c] * lost[c];
        cr_assert_float_eq(100 * (1 - got), health, 1e-6, "case %d: %g, not %g", i, 100 * (1 - got), health);
    }
}

Test(weight_fit, lands_nearer_the_truth)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        fleet f = make_fleet(seed, 900, 9, seed == 1 ? 0 : 0.15);
        hf_weight_fit fit = fit_of(&f, 2, NAN, seed == 1 ? 40 : 0);
        cr_assert(fit.chosen && fit.forward && !isinf(fit.strength));
        cr_log_info("seed %d: %.3f from %.3f, strength %g", (int)seed, apart(fit.weight, truth),
                    apart(present, truth), fit.strength);
        cr_assert_lt(apart(fit.weight, truth), 0.5 * apart(present, truth));
        double sum = 0;
        for (int c = 0; c < COLUMNS; c++)
            sum += fit.weight[c];
        cr_assert_float_eq(sum, 1, 1e-9);
        for (int c = 0; seed == 1 && c < COLUMNS; c++)
            cr_assert(fit.low[c] <= fit.weight[c] && fit.weight[c] <= fit.high[c] && fit.low[c] >= 0);
        end_fit(&fit);
        end_fleet(&f);
    }
}

Test(weight_fit, leaves_weights_alone_where_outcomes_are_noise)
{
    int changed = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        fleet f = make_fleet(100 + seed, 220, 0, 0.05);
        hf_weight_fit fit = fit_of(&f, 2, NAN, 0);
        changed += !isinf(fit.strength);
        if (isinf(fit.strength)) cr_assert(memcmp(fit.weight, present, sizeof present) == 0);
        end_fit(&fit);
        end_fleet(&f);
    }
    cr_assert_leq(changed, 1, "%d of 20 changed", changed);
}

// An allocator that does not stand being called by two threads at once, and notices.
typedef struct {
    atomic_int inside;
    atomic_bool met;
} lone;

static void *resize_alone(void *user, void *p, size_t size)
{
    lone *l = user;
    void *made = NULL;
    if (atomic_fetch_add(&l->inside, 1) > 0) l->met = true;
    sched_yield();
    if (size == 0)
        free(p);
    else
        made = realloc(p, size);
    atomic_fetch_sub(&l->inside, 1);
    return made;
}

Test(weight_fit, the_allocator_is_called_by_one_thread_at_a_time)
{
    lone l = {0};
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    const hf_weight_fit_options fitted = {NAN, 60, 0.05, 1};
    hf_context *context = NULL;
    hf_weight_fit fit;
    fleet f = make_fleet(3, 60, 8, 0.1);
    options.threads = 7;
    options.resize = resize_alone;
    options.resize_user = &l;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    cr_assert(hf_weight_fit_run(&fit, context, &f.rows, &fitted, NULL) == HF_OK);
    cr_expect(!l.met);
    hf_weight_fit_free(&fit);
    hf_context_destroy(context);
    end_fleet(&f);
}

// The score equations of a logistic without limits, added up here: residuals are orthogonal to every column.
Test(weight_fit, slopes_without_limits_solve_their_equations)
{
    fleet f = make_fleet(9, 500, 7, 0.1);
    hf_weight_fit fit = fit_of(&f, 1, 0.1, 0);
    double sum[COLUMNS] = {0}, size = 0, intercept = -20, step = 20;
    for (int k = 0; k < 60; k++, step /= 2) { // the intercept by halving: residuals fall with it
        double residual = 0;
        for (int64_t i = 0; i < f.rows.rows; i++) {
            double lost[COLUMNS], eta = intercept + step;
            hf_weight_fit_row(lost, &f.rows, present, i);
            for (int c = 0; c < COLUMNS; c++)
                eta += fit.slope[c] * lost[c];
            residual += f.label[i] - 1 / (1 + exp(-eta));
        }
        if (residual > 0) intercept += step;
    }
    for (int64_t i = 0; i < f.rows.rows; i++) {
        double lost[COLUMNS], eta = intercept;
        hf_weight_fit_row(lost, &f.rows, present, i);
        for (int c = 0; c < COLUMNS; c++)
            eta += fit.slope[c] * lost[c];
        const double residual = f.label[i] - 1 / (1 + exp(-eta));
        for (int c = 0; c < COLUMNS; c++)
            sum[c] += residual * lost[c];
        size += fabs(residual);
    }
    for (int c = 0; c < COLUMNS; c++)
        cr_assert_lt(fabs(sum[c]), 1e-5 * size, "column %d: %g of %g", c, sum[c], size);
    end_fit(&fit);
    end_fleet(&f);
}

static double value_at(const double *Q, const double *q, const double *x)
{
    double value = 0;
    for (int i = 0; i < COLUMNS; i++)
        for (int j = 0; j < COLUMNS; j++)
            value += 0.5 * Q[i * COLUMNS + j] * x[i] * x[j];
    for (int i = 0; i < COLUMNS; i++)
        value += q[i] * x[i];
    return value;
}

static bool within(const double *x, const double *cap, double slack)
{
    double group[GROUPS] = {0}, sum = 0;
    for (int c = 0; c < COLUMNS; c++) {
        if (x[c] < 0) return false;
        group[group_of[c]] += x[c];
        sum += x[c];
    }
    for (int g = 0; g < GROUPS; g++)
        if (group[g] > cap[g] * sum + slack) return false;
    return true;
}

// No feasible point nearby or far is better than what the program finds, whatever caps bind.
Test(weight_fit, quadratic_program_is_solved_within_caps)
{
    hf_random random = hf_random_seed(3, 3);
    for (int trial = 0; trial < 40; trial++) {
        double root[COLUMNS][COLUMNS], Q[COLUMNS * COLUMNS], q[COLUMNS], x[COLUMNS], multiplier[GROUPS];
        const double cap[GROUPS] = {trial % 2 ? 0.3 : 1, 0.5, trial % 3 ? 1 : 0.4};
        const hf_weight_rows limits = {.columns = COLUMNS, .groups = GROUPS, .group = group_of, .cap = cap};
        for (int i = 0; i < COLUMNS; i++) {
            q[i] = -hf_random_uniform(&random) + 0.3;
            x[i] = 0.1;
            for (int j = 0; j < COLUMNS; j++)
                root[i][j] = hf_random_normal(&random);
        }
        for (int i = 0; i < COLUMNS; i++)
            for (int j = 0; j < COLUMNS; j++) {
                Q[i * COLUMNS + j] = i == j ? 0.2 : 0;
                for (int k = 0; k < COLUMNS; k++)
                    Q[i * COLUMNS + j] += root[i][k] * root[j][k];
            }
        hf_weight_quadratic(x, multiplier, Q, q, COLUMNS, &limits);
        cr_assert(within(x, cap, 1e-7), "trial %d", trial);
        const double best = value_at(Q, q, x);
        for (int k = 0; k < 3000; k++) {
            double other[COLUMNS];
            const double far = pow(10, -4 * hf_random_uniform(&random));
            for (int c = 0; c < COLUMNS; c++)
                other[c] = fmax(x[c] + far * hf_random_normal(&random), 0);
            if (within(other, cap, 0)) cr_assert_geq(value_at(Q, q, other), best - 1e-7, "trial %d", trial);
        }
    }
}

Test(weight_fit, threads_change_nothing)
{
    fleet f = make_fleet(4, 200, 8, 0.1);
    hf_weight_fit one = fit_of(&f, 1, NAN, 40);
    for (int threads = 2; threads <= 7; threads += 5) {
        hf_weight_fit other = fit_of(&f, threads, NAN, 40);
        cr_assert_eq(one.strength, other.strength);
        cr_assert_eq(memcmp(one.path, other.path, sizeof one.path), 0);
        cr_assert_eq(memcmp(one.weight, other.weight, 6 * COLUMNS * sizeof *one.weight), 0);
        end_fit(&other);
    }
    end_fit(&one);
    end_fleet(&f);
}

Test(weight_fit, stops_without_memory_and_leaves_nothing)
{
    fleet f = make_fleet(4, 20, 8, 0.1);
    const hf_weight_fit_options options = {NAN, 3, 0.05, 1};
    hf_status status = HF_ERROR_MEMORY;
    for (long k = 0; status != HF_OK; k += k < 60 ? 1 : 7) {
        allocator a = {.fail_at = -1};
        hf_context *context = make_context(&a, 1);
        const long live = a.live;
        hf_weight_fit fit = {0};
        a.fail_at = a.asked + k;
        status = hf_weight_fit_run(&fit, context, &f.rows, &options, NULL);
        cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && !fit.weight), "allocation %ld", k);
        hf_weight_fit_free(&fit);
        cr_assert_eq(a.live, live, "allocation %ld", k);
        hf_context_destroy(context);
        cr_assert_lt(k, 5000);
    }
    end_fleet(&f);
}
