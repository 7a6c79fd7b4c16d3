// SPDX-License-Identifier: Apache-2.0
//
// Fitting weights from a store's files to a candidate: a fleet that leaves by known weights while the
// scorecard has others, with missing values, a worst group, overrides and a segment with weights of its own.
// What is told is held against evaluating the candidate itself.
#include "base/base_room.h"
#include "cli/command_run.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS = 700, DATES = 4, SIGNALS = 6 };

static char folder[256];

static void enter(void)
{
    enter_folder(folder);
}

static void leave(void)
{
    leave_folder(folder);
}

TestSuite(whatif_fit, .init = enter, .fini = leave, .timeout = 200);

static const char card[] =
    "holdfast: 1\n"
    "groups:\n"
    "  use:\n"
    "    weight: 60 # says the team\n"
    "    measures:\n"
    "      logins: {signal: s0, higher: good, weight: 4, curve: {linear: {worst: 0, best: 100}}}\n"
    "      depth: {signal: s1, higher: good, curve: {linear: {worst: 0, best: 100}}}\n"
    "  care:\n"
    "    weight: 30\n"
    "    measures:\n"
    "      tickets: {signal: s2, higher: good, weight: 4, curve: {linear: {worst: 0, best: 100}}}\n"
    "      survey: {signal: s3, higher: good, curve: {linear: {worst: 0, best: 100}}}\n"
    "  money:\n"
    "    weight: 10\n"
    "    aggregate: worst\n"
    "    measures:\n"
    "      invoices: {signal: s4, higher: good, curve: {linear: {worst: 0, best: 100}}}\n"
    "      discount: {signal: s5, higher: good, curve: {linear: {worst: 0, best: 100}}}\n"
    "max_inherit: 4\n"
    "arr: arr\n"
    "segments:\n"
    "  large: {when: arr >= 900, weights: {use: 90}}\n"
    "overrides:\n"
    "  - {name: late, when: s4 < 3, cap: 30, reason: Nobody pays.}\n"
    "  - {name: held, when: s5 > 98, set: 70, reason: Just renewed.}\n";

static const double truth[5] = {0.03, 0.5, 0.03, 0.34, 0.1};
static const char *const names[5] = {"use.logins", "use.depth", "care.tickets", "care.survey", "money"};

// Exports of four months as one table, and what happened. slope 0: accounts leave by chance.
static void put_fleet(double slope)
{
    hf_random random = hf_random_seed(11, 3);
    char *table = malloc(ACCOUNTS * DATES * 96 + 200), *outcomes = malloc(ACCOUNTS * 48 + 100);
    size_t at = (size_t)sprintf(table, "account_id,as_of,arr,s0,s1,s2,s3,s4,s5\n");
    size_t end = (size_t)sprintf(outcomes, "account_id,date,outcome\nnobody,2026-06-30,churn\n");
    static const char *const dates[DATES] = {"2026-01-31", "2026-03-02", "2026-04-01", "2026-05-01"},
                             *const gone[DATES] = {"2026-02-10", "2026-03-12", "2026-04-11", "2026-05-11"};
    for (int a = 0; a < ACCOUNTS; a++) {
        double level[SIGNALS];
        for (int s = 0; s < SIGNALS; s++)
            level[s] = 100 * hf_random_uniform(&random);
        for (int t = 0; t < DATES; t++) {
            double q[SIGNALS], lost = 0;
            at += (size_t)sprintf(table + at, "a%04d,%s,%d", a, dates[t], 100 + a);
            for (int s = 0; s < SIGNALS; s++) {
                q[s] = fmin(fmax(level[s] + 8 * hf_random_normal(&random), 0), 100);
                if (hf_random_uniform(&random) < 0.05)
                    at += (size_t)sprintf(table + at, ",");
                else
                    at += (size_t)sprintf(table + at, ",%.2f", q[s]);
            }
            table[at++] = '\n';
            for (int c = 0; c < 5; c++)
                lost += truth[c] * (1 - (c < 4 ? q[c] : fmin(q[4], q[5])) / 100);
            if (hf_random_uniform(&random) > 1 / (1 + exp(1.8 - slope * (lost - 0.5)))) continue;
            end += (size_t)sprintf(outcomes + end, "a%04d,%s,churn\n", a, gone[t]);
            break;
        }
    }
    table[at] = '\0';
    put_text(folder, "fleet.csv", table);
    put_text(folder, "outcomes.csv", outcomes);
    put_text(folder, "card.yaml", card);
    command_run run = run_holdfast(folder, "ingest fleet.csv --store fleet --as-of-column as_of -q");
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
    free(table);
    free(outcomes);
}

#define FIT "whatif fit --store fleet --definition card.yaml --outcomes outcomes.csv --horizon 30 "

static json_t *told(const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "%s: %s", line, run.err);
    json_t *json = json_loads(run.out, 0, NULL);
    cr_assert_not_null(json, "%s", run.out);
    free_run(&run);
    return json;
}

static double number(const json_t *json, const char *a, const char *b)
{
    const json_t *of = json_object_get(json, a);
    return json_number_value(b ? json_object_get(of, b) : of);
}

static double apart(const json_t *fit, const char *which)
{
    double sum = 0;
    size_t i;
    json_t *w;
    json_array_foreach(json_object_get(fit, "weights"), i, w)
    {
        cr_assert_str_eq(json_string_value(json_object_get(w, "name")), names[i]);
        sum += fabs(number(w, which, NULL) - truth[i]) / 2;
    }
    return sum;
}

// What the command says; the caller's.
static char *said(int code, const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, code, "%s: %s", line, run.err);
    char *out = strdup(run.out);
    free_run(&run);
    return out;
}

static void drop_comments(char *text)
{
    char *to = text;
    for (bool comment = false; *text != '\0'; text++) {
        comment = *text == '#' || (comment && *text != '\n');
        if (!comment) *to++ = *text;
    }
    *to = '\0';
}

Test(whatif_fit, gains_out_of_time_and_writes_what_it_judged)
{
    put_fleet(12);
    json_t *fit = told(FIT "--replicates 100 --format json -o candidate.yaml --name grown -q"), *auc;
    auc = json_object_get(json_object_get(fit, "out_of_time"), "auc");
    const double low = json_number_value(json_array_get(json_object_get(auc, "interval"), 0));
    cr_assert(json_is_true(json_object_get(fit, "change")));
    cr_assert_lt(apart(fit, "fitted"), 0.5 * apart(fit, "present"));
    cr_assert_gt(low, 0, "AUC gains %g, from %g", number(auc, "difference", NULL), low);
    cr_assert_gt(number(fit, "fitted_on", "left_out"), 0);

    // Evaluating the candidate on the last date, the one set aside, gives the very figure.
    for (int k = 0; k < 2; k++) {
        json_t *past = told(k ? "evaluate --store fleet --definition candidate.yaml --outcomes outcomes.csv "
                                "--horizon 30 --format json -q"
                              : "evaluate --store fleet --definition card.yaml --outcomes outcomes.csv "
                                "--horizon 30 --format json -q");
        const json_t *last = json_array_get(json_object_get(past, "dates"), DATES - 1);
        cr_assert_float_eq(number(last, "auc", NULL), number(auc, k ? "fitted" : "present", NULL), 1e-12);
        json_decref(past);
    }
    char *candidate = get_file(folder, "candidate.yaml", NULL);
    cr_assert_not_null(strstr(candidate, "# says the team # use was 60: fitted to churn within 30 days"));
    cr_assert_not_null(strstr(candidate, "weights: {use: 90}"));
    cr_assert(has_file(folder, "card.yaml"));
    char *kept = get_file(folder, "card.yaml", NULL);
    cr_assert_str_eq(kept, card);

    // Promoting the experiment writes the same weights, with where they are from.
    free(said(0, "whatif promote grown --store fleet -o promoted.yaml -q"));
    char *promoted = get_file(folder, "promoted.yaml", NULL);
    cr_assert_not_null(
        strstr(promoted, "# says the team # use.weight was 60: fitted to churn within 30 days"));
    cr_assert_not_null(strstr(promoted, ", experiment grown "));
    drop_comments(promoted);
    drop_comments(candidate);
    cr_assert_str_eq(promoted, candidate);
    free(promoted);
    char *list = said(0, "whatif ls --store fleet"), *page = said(0, "whatif show grown --store fleet");
    cr_assert_not_null(strstr(list, "fit experiment"), "%s", list);
    cr_assert_not_null(strstr(page, "The fitted weights rank better out of time"), "%s", page);
    free(list);
    free(page);
    free(kept);
    free(candidate);
    json_decref(fit);

    // Caps hold, and threads change nothing.
    json_t *capped = told(FIT "--cap use=35% --cap care=40% --replicates 0 --format json -q");
    double use = 0, care = 0;
    for (size_t i = 0; i < 2; i++) {
        use += number(json_array_get(json_object_get(capped, "weights"), i), "fitted", NULL);
        care += number(json_array_get(json_object_get(capped, "weights"), i + 2), "fitted", NULL);
    }
    cr_assert_leq(use, 0.35 + 1e-6);
    cr_assert_leq(care, 0.40 + 1e-6);
    json_decref(capped);
    char *first = NULL;
    static const char *const threads[] = {FIT "--replicates 40 -q --threads 1",
                                          FIT "--replicates 40 -q --threads 2",
                                          FIT "--replicates 40 -q --threads 7"};
    for (int k = 0; k < 3; k++) {
        command_run run = run_holdfast(folder, threads[k]);
        cr_assert_eq(run.code, 0, "%s", run.err);
        if (k == 0) first = strdup(run.out);
        cr_assert_str_eq(run.out, first);
        free_run(&run);
    }
    free(first);
}

Test(whatif_fit, proposes_nothing_where_outcomes_are_noise)
{
    put_fleet(0);
    command_run run = run_holdfast(folder, FIT "--replicates 0 -o candidate.yaml --name quiet");
    cr_assert_eq(run.code, 0, "%s", run.err);
    cr_assert_not_null(strstr(run.out, "No change is proposed"), "%s", run.out);
    cr_assert_not_null(strstr(run.err, "candidate.yaml was not written"), "%s", run.err);
    cr_assert_not(has_file(folder, "candidate.yaml"));
    free_run(&run);
    expect_message(folder, "promote_no_change", 2, "whatif promote quiet --store fleet");
}

Test(whatif_fit, says_what_is_wrong)
{
    put_fleet(12);
    expect_message(folder, "fit_no_outcomes", 2,
                   "whatif fit --store fleet --definition card.yaml --horizon 30");
    expect_message(folder, "fit_no_horizon", 2,
                   "whatif fit --store fleet --definition card.yaml --outcomes outcomes.csv");
    expect_message(folder, "fit_cap_of_nothing", 2, FIT "--cap usage=40%");
    expect_message(folder, "fit_cap_no_share", 2, FIT "--cap use=lots");
    expect_message(folder, "fit_caps_leave_room", 2, FIT "--cap use=30% --cap care=30% --cap money=30%");
    expect_message(folder, "fit_shrink", 2, FIT "--shrink much");
    expect_message(folder, "fit_dates_too_near", 5,
                   "whatif fit --store fleet --definition card.yaml --outcomes outcomes.csv --horizon 100 "
                   "--known-until 2026-09-01 -q");
    expect_message(folder, "fit_to_standard_output", 2, FIT "-o -");
    put_text(folder, "taken.yaml", "mine");
    free(said(1, FIT "--name lost -o taken.yaml -q"));
    cr_assert_not(has_file(folder, "fleet/experiments/lost.json"));
    expect_message(folder, "fit_over_the_definition", 2, FIT "-o card.yaml --force");
}
