// SPDX-License-Identifier: Apache-2.0
//
// The explain verb as a user meets it: the page's figures add up, the move's terms are the move, the path is
// said in the signal's own words, and what cannot be explained is refused with a remedy.
#include "cli/command_run.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[256];

static const char DEFINITION[] =
    "holdfast: 1\nname: small\n"
    "signals:\n  csat: {kind: number, higher: good, observed_on: csat_date, max_age: 60 days}\n"
    "derived:\n  use_change: {change: depth, days: 30, higher: good}\n"
    "groups:\n"
    "  usage:\n    weight: 60\n    measures:\n"
    "      depth: {signal: depth, higher: good, weight: 2, curve: {linear: {worst: 0, best: 0.8}}, why: Use "
    "stays.}\n"
    "      change: {signal: use_change, weight: 1, curve: {points: [[-0.2, 0], [0, 60], [0.2, 100]]}}\n"
    "  voice:\n    weight: 40\n    measures:\n"
    "      csat: {signal: csat, weight: 1, curve: {linear: {worst: 1, best: 5}}, missing: neutral}\n"
    "      tickets: {signal: tickets_90d, higher: bad, weight: 1, curve: {linear: {worst: 20, best: 0}}}\n"
    "      feeling: {signal: feeling, higher: good, weight: 1, curve: {linear: {worst: 1, best: 5}}, "
    "subjective: {author: Lead, date: 2026-10-01}}\n"
    "bands: {red: 0, yellow: 40, green: 70}\nmin_coverage: 30%\nhysteresis: {margin: 5, snapshots: 2}\n"
    "trend: {days: 30, dead_zone: 1}\narr: arr\n"
    "overrides:\n  - {name: many tickets, when: tickets_90d > 15, cap: 30, reason: \"Too many tickets.\"}\n"
    "manual_overrides: overrides.csv\n";

static const char *const MONTHS[] = {"2026-08-31", "2026-09-30", "2026-10-31"};
static const char *const TABLES[] = {
    "account_id,depth,csat,csat_date,tickets_90d,feeling,arr\n"
    "a,0.70,4.5,2026-08-01,2,4,1000\nb,0.20,2,2026-08-15,9,2,500\nc,0.5,,,18,3,200\nd,0.9,5,2026-08-20,0,5,"
    "50\n",
    "account_id,depth,csat,csat_date,tickets_90d,feeling,arr\n"
    "a,0.60,4.5,2026-08-01,3,4,1000\nb,0.25,3,2026-09-15,7,2,500\nc,0.5,3,2026-09-10,17,3,200\nd,0.9,5,2026-"
    "08-20,0,5,50\n",
    "account_id,depth,csat,csat_date,tickets_90d,feeling,arr\n"
    "a,0.31,4.5,2026-08-01,12,3,1000\nb,0.30,3,2026-09-15,5,3,500\nc,0.6,3,2026-09-10,16,3,200\ne,0.4,2,2026-"
    "10-01,4,3,70\n",
};

static void quietly(const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    free_run(&run);
}

static void enter(void)
{
    enter_folder(folder);
    for (int m = 0; m < 3; m++) {
        char line[200];
        put_text(folder, "data.csv", TABLES[m]);
        snprintf(line, sizeof line, "ingest data.csv --store store --as-of %s", MONTHS[m]);
        quietly(line);
    }
    put_text(folder, "overrides.csv",
             "account_id,action,value,author,reason,expires\n"
             "b,floor,55,Jo,Signed a letter of intent,2026-12-31\nb,cap,10,Al,Old worry,2026-06-30\n");
    put_text(folder, "small.yaml", DEFINITION);
}

static void leave(void)
{
    leave_folder(folder);
}

TestSuite(explain, .init = enter, .fini = leave, .timeout = 200);

static char *must(const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    free(run.err);
    return run.out;
}

static json_t *must_json(const char *line)
{
    json_error_t error;
    char *text = must(line);
    json_t *root = json_loads(text, 0, &error);
    cr_assert_not_null(root, "%s: %s", error.text, text);
    free(text);
    return root;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_number(value), "%s is no number", key);
    return json_number_value(value);
}

static double sum_of(const json_t *list, const char *key)
{
    double sum = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        sum += number(json_array_get(list, i), key);
    return sum;
}

static void expect(const char *text, const char *words)
{
    cr_assert_not_null(strstr(text, words), "'%s' is not in:\n%s", words, text);
}

Test(explain, contributions_and_overrides_are_the_health)
{
    for (const char *account = "abce"; *account; account++) {
        char line[200];
        snprintf(line, sizeof line, "explain %c --store store --definition small.yaml --format json",
                 *account);
        json_t *page = must_json(line);
        const double raw = sum_of(json_object_get(page, "measures"), "contribution") +
                           number(page, "unassigned_weight") * number(page, "neutral");
        cr_assert(fabs(raw - number(page, "health_raw")) < 1e-9);
        cr_assert(fabs(raw + sum_of(json_object_get(page, "overrides"), "change") - number(page, "health")) <
                  1e-9);
        cr_assert(fabs(sum_of(json_object_get(page, "measures"), "effective_weight") +
                       number(page, "unassigned_weight") - 1) < 1e-9);
        json_decref(page);
    }
}

Test(explain, the_terms_of_a_move_are_the_move)
{
    for (const char *account = "abc"; *account; account++) {
        char line[200];
        snprintf(line, sizeof line,
                 "explain %c --store store --definition small.yaml --since 2026-08-31 --format json",
                 *account);
        json_t *page = must_json(line), *move = json_object_get(page, "move"),
               *terms = json_object_get(move, "terms");
        cr_assert(fabs(sum_of(terms, "points") - (number(move, "to") - number(move, "from"))) < 1e-9);
        cr_assert(fabs(number(move, "to") - number(page, "health")) < 1e-9);
        for (size_t i = 1; i < json_array_size(terms); i++)
            cr_assert(fabs(number(json_array_get(terms, i), "points")) <=
                      fabs(number(json_array_get(terms, i - 1), "points")));
        json_decref(page);
    }
}

Test(explain, the_page_says_it_in_words)
{
    char *page = must("explain a --store store --definition small.yaml --since 2026-08-31");
    expect(page, "a on 2026-10-31 by small");
    expect(page, "Why it moved since 2026-08-31");
    expect(page, "12 tickets in 90 days");
    expect(page, "voice.csat: went stale");
    expect(page, "voice.csat is stale: 91 days old, and 60 are allowed; it is scored 50 instead");
    expect(page, "voice.feeling is an opinion of Lead, 2026-10-01");
    expect(page, "What would make it green (70 or more)");
    expect(page, "usage.depth loses");
    expect(page, "Use stays.");
    cr_assert_null(strstr(page, " \n"), "blanks end a line");
    free(page);
}

Test(explain, overrides_are_shown_with_their_author_and_expiry)
{
    char *page = must("explain b --store store --definition small.yaml");
    expect(page, "floor at 55 by Jo until 2026-12-31: Signed a letter of intent");
    expect(page, "expired, not applied  cap at 10 by Al until 2026-06-30: Old worry");
    free(page);
    page = must("explain c --store store --definition small.yaml");
    expect(page, "cap at 30: many tickets (tickets_90d > 15). Too many tickets.");
    free(page);
}

// The score of e, without a past: depth 0.4 is 50, tickets 80, csat 25, feeling 50; the change is missing.
Test(explain, the_figures_are_those_of_the_definition)
{
    json_t *page = must_json("explain e --store store --definition small.yaml --format json");
    cr_assert(fabs(number(page, "health") - (0.6 * 50 + 0.4 * (80 + 25 + 50) / 3)) < 1e-4, "%g",
              number(page, "health"));
    cr_assert(fabs(number(page, "coverage") - 0.8) < 1e-9);
    cr_assert_str_eq(json_string_value(json_object_get(page, "band")), "yellow");
    cr_assert(number(page, "days_in_band") == 0);
    json_decref(page);
}

// a fell through the months; b has had its band all along.
Test(explain, bands_remember_the_months_before)
{
    json_t *page = must_json("explain b --store store --definition small.yaml --format json");
    cr_assert_str_eq(json_string_value(json_object_get(page, "band_since")), "2026-08-31");
    cr_assert(number(page, "days_in_band") == 61);
    json_decref(page);
    page = must_json("explain a --store store --definition small.yaml --format json");
    cr_assert_str_eq(json_string_value(json_object_get(page, "trend")), "down");
    json_decref(page);
}

Test(explain, the_portfolio_adds_up)
{
    json_t *fleet = must_json(
        "explain --portfolio --since 2026-08-31 --store store --definition small.yaml --format json");
    json_t *list = json_object_get(fleet, "moved_by");
    const size_t last = json_array_size(list) - 1;
    cr_assert(number(fleet, "accounts") == 3 && number(fleet, "gone") == 1 && number(fleet, "new") == 1);
    const double total = number(json_array_get(list, last), "mean_points");
    cr_assert(fabs(sum_of(list, "mean_points") - 2 * total) < 1e-9);
    json_decref(fleet);
    char *text = must("explain --portfolio --since 2026-08-31 --store store --definition small.yaml");
    expect(text, "Most accounts were moved by");
    expect(text, "Most ARR was moved by");
    free(text);
}

static void refused(const char *line, int code, const char *words)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, code, "%s: %d: %s", line, run.code, run.err);
    cr_assert_not_null(strstr(run.err, words), "%s: %s", line, run.err);
    free_run(&run);
}

Test(explain, what_cannot_be_explained_is_refused)
{
    refused("explain zz --store store --definition small.yaml", 3,
            "no account 'zz' in the snapshot of 2026-10-31");
    refused("explain d --store store --definition small.yaml", 3, "no account 'd'");
    refused("explain e --store store --definition small.yaml --since 2026-08-31", 3, "2026-08-31");
    refused("explain a --store store", 2, "--definition");
    refused("explain --store store --definition small.yaml", 2, "which account?");
    refused("explain a --portfolio --since 2026-08-31 --store store --definition small.yaml", 2,
            "leave one out");
    refused("explain --portfolio --store store --definition small.yaml", 2, "--since");
    refused("explain a --store store --definition small.yaml --since 2026-10-31", 2,
            "is not before 2026-10-31");
    refused("explain a --store store --definition small.yaml --as-of 2026-01-01", 3, "2026-08-31");
}
