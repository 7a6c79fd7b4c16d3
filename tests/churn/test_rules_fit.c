// SPDX-License-Identifier: Apache-2.0
//
// Rules: the rows they list against their conditions, the path against the conditions of its optimum, a
// planted conjunction, additive data where none may stay, and all kinds of term together against the margin
// they were fitted as.
#include "churn/final_fit.h"
#include "churn/rule_beam.h"
#include "churn/rule_choice.h"
#include "churn_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNALS = 5, ROWS = 1500 };

typedef struct {
    fixture f;
    hf_context *context;
    hf_frame *frame;
    uint8_t label[ROWS];
    int64_t rows[ROWS];
    double truth[ROWS];
    hf_basis *basis;
    hf_binned *binned;
    hf_rules rules;
} bed;

static double sigmoid(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

// Four numbers, one of them with gaps, and a category. truth is the log-odds without the rule, which
// holds where a > 0, b > 0 and plan is "pro": one row in twelve.
static void make_bed(bed *t, uint64_t seed, double weight, int threads)
{
    static const char *const names[] = {"a", "b", "c", "d"}, *const plans[] = {"free", "plus", "pro"};
    static double x[4][ROWS];
    static int32_t plan[ROWS];
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    hf_random r = hf_random_seed(seed, 11);
    t->context = fixture_context(&t->f, threads);
    t->frame = fixture_frame(t->context, ROWS);
    for (int64_t i = 0; i < ROWS; i++) {
        for (int k = 0; k < 4; k++)
            x[k][i] = hf_random_normal(&r);
        if (hf_random_uniform(&r) < 0.1) x[3][i] = NAN;
        plan[i] = (int32_t)hf_random_below(&r, 3);
        t->rows[i] = i;
        t->truth[i] = 0.6 * x[2][i] - 0.9;
        const bool holds = x[0][i] > 0.0 && x[1][i] > 0.0 && plan[i] == 2;
        t->label[i] = hf_random_uniform(&r) < sigmoid(t->truth[i] + (holds ? weight : 0.0));
    }
    for (int k = 0; k < 4; k++)
        fixture_number(t->frame, names[k], HF_STORAGE_F64, x[k]);
    fixture_category(t->frame, "plan", plans, 3, plan);
    cr_assert_eq(
        hf_basis_create(&t->basis, t->context, t->frame, t->rows, ROWS, t->label, &options, true, NULL),
        HF_OK);
    cr_assert_eq(
        hf_binned_create(&t->binned, t->basis, t->rows, ROWS, ROWS, HF_RULE_BINS, HF_RULE_LEVELS, true, NULL),
        HF_OK);
    cr_assert_eq(
        hf_rules_find(&t->rules, t->context, t->binned, t->truth, t->label, ROWS, NULL, 0, 3, 0, NULL),
        HF_OK);
}

static void clear_bed(bed *t)
{
    hf_rules_free(&t->rules);
    hf_binned_destroy(t->binned);
    hf_basis_destroy(t->basis);
    hf_frame_destroy(t->frame);
    hf_context_destroy(t->context);
}

Test(rules_fit, cells_hold_what_their_edges_say)
{
    bed t = {0};
    make_bed(&t, 1, 3.0, 1);
    for (int32_t k = 0; k < t.binned->count; k++) {
        const hf_binned_signal *s = &t.binned->signals[k];
        const hf_column *column = &t.frame->columns[s->column];
        cr_assert_not(s->copy);
        cr_assert_leq(s->cells, HF_MOST_BINS + 1);
        for (int64_t i = 0; i < ROWS && !s->category; i++) {
            const double x = hf_column_number(column, i);
            const int32_t c = s->cell[i];
            if (isnan(x)) {
                cr_assert_eq(c, s->cells - 1);
                continue;
            }
            cr_assert_lt(c, s->cells - 1);
            cr_assert(c == 0 || x > s->edge[c - 1]);
            cr_assert(c == s->edges || x <= s->edge[c]);
        }
    }
    clear_bed(&t);
}

Test(rules_fit, rules_list_the_rows_they_hold_for)
{
    bed t = {0};
    make_bed(&t, 1, 3.0, 1);
    cr_assert_gt(t.rules.count, 20);
    cr_assert_leq(t.rules.count, HF_MOST_RULES);
    for (int32_t j = 0; j < t.rules.count; j++) {
        const hf_rule *rule = &t.rules.rules[j];
        int64_t at = t.rules.first[j];
        cr_assert(rule->conditions >= 1 && rule->conditions <= 3);
        for (int64_t i = 0; i < ROWS; i++) {
            bool holds = true;
            for (int32_t k = 0; k < rule->conditions; k++)
                holds &= (rule->cells[k] >> t.binned->signals[rule->signal[k]].cell[i]) & 1;
            if (holds) cr_assert_eq(t.rules.row[at++], i, "rule %d", j);
        }
        const int64_t size = at - t.rules.first[j];
        cr_assert_eq(at, t.rules.first[j + 1]);
        cr_assert(size >= 20 && ROWS - size >= 20, "rule %d holds for %d rows", j, (int)size);
        for (int32_t k = 1; k < rule->conditions; k++)
            cr_assert_gt(rule->signal[k], rule->signal[k - 1]);
        for (int32_t k = 0; k < j; k++) // no two hold for the same rows
            cr_assert(t.rules.first[k + 1] - t.rules.first[k] != size ||
                      memcmp(t.rules.row + t.rules.first[k], t.rules.row + t.rules.first[j],
                             (size_t)size * sizeof *t.rules.row) != 0);
    }
    clear_bed(&t);
}

// The conditions of the optimum, from margins built anew at every step: with g the residuals' sum over a
// rule's rows, g = l1 sign(w) + 0.1 w where w is not 0, |g| <= l1 where it is, and residuals sum to nothing;
// within the share of a row's residual that the descent leaves unsettled where rules overlap much.
Test(rules_fit, the_path_meets_the_conditions_of_its_optimum)
{
    bed t = {0};
    make_bed(&t, 2, 2.0, 1);
    // The weak end takes most of the time, and under a sanitizer a minute.
    const int32_t m = t.rules.count, steps = HOLDFAST_SANITIZED ? HF_RULE_STEPS / 2 : HF_RULE_STEPS;
    const double scale = 0.8;
    double margin[ROWS], residual[ROWS];
    int32_t last = 0;
    hf_rule_path path = {0};
    cr_assert_eq(hf_rule_path_create(&path, t.context, &t.rules, t.truth, t.label, ROWS, NULL), HF_OK);
    for (int32_t s = 0; s < steps; s++) {
        const double l1 = hf_rule_l1[s] * scale, *w = path.weight;
        hf_rule_path_step(&path, l1);
        cr_expect(path.settled, "l1 %g", l1);
        double sum = 0.0;
        int32_t in = 0;
        for (int64_t i = 0; i < ROWS; i++)
            margin[i] = t.truth[i] + path.intercept;
        for (int32_t j = 0; j < m; j++)
            for (int64_t k = t.rules.first[j]; k < t.rules.first[j + 1]; k++)
                margin[t.rules.row[k]] += w[j];
        for (int64_t i = 0; i < ROWS; i++) {
            residual[i] = t.label[i] - sigmoid(margin[i]);
            sum += residual[i];
        }
        cr_expect_lt(fabs(sum), 0.05, "l1 %g: residuals sum to %g", l1, sum);
        for (int32_t j = 0; j < m; j++) {
            double g = 0.0;
            for (int64_t k = t.rules.first[j]; k < t.rules.first[j + 1]; k++)
                g += residual[t.rules.row[k]];
            in += w[j] != 0.0;
            if (w[j] != 0.0)
                cr_expect_float_eq(g, copysign(l1, w[j]) + 0.1 * w[j], 0.12, "l1 %g, rule %d: %g, weight %g",
                                   l1, j, g, w[j]);
            else
                cr_expect_leq(fabs(g), l1 + 0.12, "l1 %g, rule %d", l1, j);
        }
        cr_expect(s > 0 || in <= 2, "%d rules at the strongest", in);
        last = in;
    }
    cr_expect_gt(last, 5);
    hf_rule_path_free(&path);
    clear_bed(&t);
}

static hf_model *train_with(bed *t, int32_t rules)
{
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    hf_model *model = NULL;
    options.pairs = 0;
    options.rules = rules;
    cr_assert_eq(hf_model_train(&model, t->context, t->frame, t->label, NULL, NULL, 0, &options, NULL),
                 HF_OK);
    return model;
}

static hf_model *train(bed *t)
{
    return train_with(t, -1);
}

static int32_t count_rules(const hf_model *model, int32_t *of_plan)
{
    int32_t n = 0;
    for (int32_t k = 0; k < model->term_count; k++) {
        const hf_term *term = &model->terms[k];
        if (term->kind != HF_TERM_RULE) continue;
        bool a = false, b = false, plan = false;
        n++;
        for (int32_t i = 0; i < term->axis_count; i++) {
            a |= strcmp(term->axes[i].signal, "a") == 0;
            b |= strcmp(term->axes[i].signal, "b") == 0;
            plan |= strcmp(term->axes[i].signal, "plan") == 0;
        }
        if (of_plan) *of_plan += a && b && plan;
    }
    return n;
}

// An edge near 0 splits a standard normal; the condition is what lies above it.
static bool above_zero(const hf_binned_signal *s, uint64_t cells)
{
    int32_t first = 0;
    while (!(cells >> first & 1))
        first++;
    for (int32_t c = 0; c < s->cells; c++)
        if ((cells >> c & 1) != (c >= first && c < s->cells - 1)) return false;
    return first > 0 && fabs(s->edge[first - 1]) < 0.3;
}

Test(rules_fit, a_beam_finds_the_planted_conjunction_and_no_other)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        bed t = {0};
        hf_rule found[HF_MOST_BEAM], again[HF_MOST_BEAM];
        int32_t count = -1, same = -1;
        make_bed(&t, seed, 3.5, 1);
        cr_assert_eq(
            hf_rule_beam_find(found, &count, t.context, t.binned, t.truth, t.label, ROWS, true, NULL), HF_OK);
        cr_assert_eq(count, 1, "seed %d: %d found", (int)seed, count);
        cr_assert_eq(found[0].conditions, 3);
        cr_assert(found[0].signal[0] == 0 && found[0].signal[1] == 1 && found[0].signal[2] == 4);
        cr_expect(above_zero(&t.binned->signals[0], found[0].cells[0]));
        cr_expect(above_zero(&t.binned->signals[1], found[0].cells[1]));
        cr_expect_eq(found[0].cells[2], (uint64_t)1 << t.binned->signals[4].level_cell[2]);
        cr_expect(found[0].weight > 2.0 && found[0].weight < 7.0, "weight %g", found[0].weight);
        for (int threads = 2; threads <= 7; threads += 5) {
            fixture f;
            hf_context *context = fixture_context(&f, threads);
            cr_assert_eq(
                hf_rule_beam_find(again, &same, context, t.binned, t.truth, t.label, ROWS, true, NULL),
                HF_OK);
            cr_assert_eq(same, count);
            cr_expect_eq(memcmp(&again[0].cells, &found[0].cells, sizeof found[0].cells), 0);
            cr_expect_eq(again[0].weight, found[0].weight);
            hf_context_destroy(context);
        }
        clear_bed(&t);
    }
}

// A margin that is sure of no event, and wrong where the conjunction holds: there is no curvature to speak of
// to begin with, and a step by it would lead far past the weight that is sought.
Test(rules_fit, a_beam_finds_what_the_margin_is_sure_against)
{
    bed t = {0};
    hf_rule found[HF_MOST_BEAM];
    int32_t count = -1;
    make_bed(&t, 3, 3.5, 1);
    hf_random r = hf_random_seed(3, 14);
    for (int64_t i = 0; i < ROWS; i++) {
        const double a = hf_column_number(&t.frame->columns[0], i);
        const double b = hf_column_number(&t.frame->columns[1], i);
        t.truth[i] = -10.0;
        t.label[i] = a > 0.0 && b > 0.0 && hf_random_uniform(&r) < 0.3;
    }
    cr_assert_eq(hf_rule_beam_find(found, &count, t.context, t.binned, t.truth, t.label, ROWS, false, NULL),
                 HF_OK);
    cr_assert_eq(count, 1);
    cr_expect_float_eq(found[0].weight, 10.0 + log(0.3 / 0.7), 0.4, "weight %g", found[0].weight);
    clear_bed(&t);
}

// Every allocation of a beam fails in turn; what it found, and the slopes, stay as they were.
Test(rules_fit, a_beam_survives_every_failed_allocation)
{
    static double slopes[2 * ROWS];
    bed t = {0};
    make_bed(&t, 1, 3.5, 1);
    for (int which = 0; which < 2; which++) {
        hf_status status = HF_ERROR_MEMORY;
        int64_t k = 0;
        for (; status != HF_OK && k < 100; k++) {
            hf_rule found[HF_MOST_BEAM];
            hf_error error = {0};
            int32_t count = -1;
            slopes[0] = slopes[ROWS] = 7.0;
            t.f.countdown = k;
            status = which == 0 ? hf_rule_beam_find(found, &count, t.context, t.binned, t.truth, t.label,
                                                    ROWS, true, &error)
                                : hf_rule_beam_slopes(slopes, slopes + ROWS, t.context, t.binned, t.truth,
                                                      t.label, ROWS, &error);
            t.f.countdown = -1;
            if (status == HF_OK) break;
            cr_assert_eq(status, HF_ERROR_MEMORY, "allocation %d: %s", (int)k, error.message);
            cr_assert_eq(error.status, HF_ERROR_MEMORY);
            cr_assert(count == -1 && slopes[0] == 7.0 && slopes[ROWS] == 7.0, "allocation %d", (int)k);
        }
        cr_assert_eq(status, HF_OK);
        cr_expect_gt(k, 6);
    }
    clear_bed(&t);
}

// The margin is the truth, so the labels are chance; then labels of chance alone.
Test(rules_fit, a_beam_finds_nothing_in_chance)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        bed t = {0};
        hf_rule found[HF_MOST_BEAM];
        int32_t count = -1;
        make_bed(&t, seed, 0.0, 1);
        for (int turn = 0; turn < 2; turn++) {
            cr_assert_eq(
                hf_rule_beam_find(found, &count, t.context, t.binned, t.truth, t.label, ROWS, false, NULL),
                HF_OK);
            cr_expect_eq(count, 0, "seed %d: %d found", (int)seed, count);
            hf_random r = hf_random_seed(seed, 13);
            for (int64_t i = 0; i < ROWS; i++) {
                t.truth[i] = -2.0;
                t.label[i] = hf_random_uniform(&r) < sigmoid(-2.0);
            }
        }
        clear_bed(&t);
    }
}

// With g the residuals' sum over its rows, a sure rule's optimum is g = w: no L1, however strong it is.
Test(rules_fit, sure_rules_come_first_and_pay_no_l1)
{
    bed t = {0};
    hf_rule found[HF_MOST_BEAM];
    hf_rules rules = {0};
    hf_rule_path path = {0};
    int32_t count = 0;
    double g = 0.0;
    make_bed(&t, 1, 3.5, 1);
    cr_assert_eq(hf_rule_beam_find(found, &count, t.context, t.binned, t.truth, t.label, ROWS, true, NULL),
                 HF_OK);
    cr_assert_eq(hf_rules_find(&rules, t.context, t.binned, t.truth, t.label, ROWS, found, count, 3, 0, NULL),
                 HF_OK);
    cr_assert_eq(rules.sure, 1);
    cr_expect_eq(memcmp(rules.rules[0].cells, found[0].cells, sizeof found[0].cells), 0);
    cr_assert_eq(hf_rule_path_create(&path, t.context, &rules, t.truth, t.label, ROWS, NULL), HF_OK);
    hf_rule_path_step(&path, hf_rule_l1[0]);
    for (int64_t k = 0; k < rules.first[1]; k++) {
        const int32_t i = rules.row[k];
        g += t.label[i] - sigmoid(t.truth[i] + path.intercept + path.weight[0]);
    }
    cr_expect_gt(path.weight[0], 2.0);
    cr_expect_float_eq(g, path.weight[0], 0.02);
    for (int32_t j = 1; j < rules.count; j++)
        cr_expect_eq(path.weight[j], 0.0);
    hf_rule_path_free(&path);
    hf_rules_free(&rules);
    clear_bed(&t);
}

Test(rules_fit, a_planted_conjunction_is_found_and_none_in_additive_data)
{
    bed t = {0};
    int32_t of_plan = 0;
    make_bed(&t, 2, 3.5, 2);
    hf_model *model = train(&t);
    cr_expect_gt(count_rules(model, &of_plan), 0);
    cr_expect_gt(of_plan, 0, "a, b and plan are in one rule");
    hf_model_destroy(model);
    clear_bed(&t);
    t = (bed){0};
    make_bed(&t, 2, 0.0, 2);
    model = train(&t);
    cr_expect_eq(count_rules(model, NULL), 0);
    hf_model_destroy(model);
    clear_bed(&t);
}

Test(rules_fit, terms_of_all_kinds_sum_to_the_fit)
{
    bed t = {0};
    make_bed(&t, 4, 6.0, 1);
    const hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    hf_random r = hf_random_seed(4, 12);
    int64_t events = 0;
    for (int64_t i = 0; i < ROWS; i++) { // a pair beside the rule
        const double b = hf_column_number(&t.frame->columns[1], i);
        if (b * hf_column_number(&t.frame->columns[2], i) > 0.0 && hf_random_uniform(&r) < 0.4)
            t.label[i] = 1;
        events += t.label[i];
    }
    const hf_training training = {.context = t.context,
                                  .frame = t.frame,
                                  .options = &options,
                                  .count = ROWS,
                                  .events = events,
                                  .rows = t.rows,
                                  .label = t.label};
    const hf_choices choices = {
        .tau = 0.7, .lambda = 30, .joint = {.pairs = 3, .cell_penalty = 10}, .rules = {.step = 6}};
    hf_final_fit fit = {0};
    hf_term *terms = NULL;
    int32_t count = 0, kinds[4] = {0};
    static double expected[ROWS], found[ROWS];
    cr_assert_eq(hf_final_fit_create(&fit, &training, &choices, NULL), HF_OK);
    cr_assert_eq(hf_final_fit_terms(&terms, &count, &fit, NULL), HF_OK);
    // The margin holds the joint fit's own intercept; what the rules' path moved it by is the rest.
    const hf_blocks joint = hf_joint_blocks(&fit.joint, fit.joint.pairs, NULL, 0);
    const double moved = fit.intercept - fit.weights[joint.features];
    double sum = 0.0;
    for (int64_t i = 0; i < ROWS; i++) {
        expected[i] = fit.margin[i] + moved;
        for (int32_t j = 0; j < fit.rules.count; j++)
            if (hf_rule_holds(&fit.rules.rules[j], fit.fine, i)) expected[i] += fit.rules.rules[j].weight;
        found[i] = fit.intercept;
    }
    for (int32_t k = 0; k < count; k++) {
        hf_compiled_term *compiled = NULL;
        double mean = 0.0;
        kinds[terms[k].kind]++;
        cr_assert_eq(hf_term_compile_in(&compiled, t.context, &terms[k], t.frame, NULL, NULL), HF_OK);
        for (int64_t i = 0; i < ROWS; i++) {
            const double part = hf_term_contribution(compiled, i);
            found[i] += part + terms[k].reference;
            mean += part / ROWS;
        }
        cr_expect_float_eq(mean, 0.0, 1e-9, "%s: contributions average to nothing", terms[k].signal);
        hf_term_compiled_free(t.context, compiled);
        hf_term_free(t.context, &terms[k]);
    }
    for (int64_t i = 0; i < ROWS; i++) {
        cr_assert_float_eq(found[i], expected[i], 5e-6, "row %d: %.9g, %.9g", (int)i, found[i], expected[i]);
        sum += sigmoid(found[i]) - t.label[i];
    }
    cr_expect_lt(fabs(sum), 1e-2, "probabilities sum to the events");
    cr_expect(kinds[HF_TERM_CURVE] == 4 && kinds[HF_TERM_TABLE] == 1);
    cr_expect(kinds[HF_TERM_SURFACE] > 0 && kinds[HF_TERM_RULE] > 0, "%d surfaces, %d rules",
              kinds[HF_TERM_SURFACE], kinds[HF_TERM_RULE]);
    hf_delete(t.context, terms);
    hf_final_fit_free(&fit);
    clear_bed(&t);
}

Test(rules_fit, at_most_as_many_stay_as_are_asked_for)
{
    static const int32_t most[] = {0, 1, 3, 8, 1000};
    bed t = {0};
    make_bed(&t, 2, 2.5, 2);
    hf_model *all = train(&t);
    const int32_t pay = count_rules(all, NULL);
    cr_assert_gt(pay, 8);
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        hf_model *model = train_with(&t, most[i]);
        const int32_t kept = count_rules(model, NULL);
        cr_expect_leq(kept, most[i]);
        if (most[i] > pay) cr_expect_eq(kept, pay, "%d of %d", kept, pay);
        hf_model_destroy(model);
    }
    hf_model_destroy(all);
    clear_bed(&t);
}
