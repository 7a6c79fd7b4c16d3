// SPDX-License-Identifier: Apache-2.0
//
// profile, init and check as a user meets them: figures against a plain count of the same rows, starters that
// run as they are, and findings that name place and remedy.
#include "cli/command_run.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[256];

static void enter(void)
{
    enter_folder(folder);
}

static void leave(void)
{
    leave_folder(folder);
}

TestSuite(starter, .init = enter, .fini = leave, .timeout = 200);

static char *must(const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    free(run.err);
    return run.out;
}

static void quietly(const char *line)
{
    free(must(line));
}

static void has(const char *text, const char *part)
{
    cr_assert_not_null(strstr(text, part), "no \"%s\" in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
    cr_assert_null(strstr(text, part), "\"%s\" in:\n%s", part, text);
}

static json_t *json_of(char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, 0, &error);
    cr_assert_not_null(root, "%s:\n%s", error.text, text);
    free(text);
    return root;
}

// ---- a table whose figures are counted by hand --------------------------------------------------------------

enum { ROWS = 240 };

typedef struct {
    double usage, tickets; // usage NaN where missing
    const char *plan;
    int churned;
} account;

static account accounts[ROWS];

// Usage is lower and tickets are more where an account churns; plan tells as well; a constant and a note.
static void put_table(void)
{
    static const char *const plans[] = {"basic", "pro", "enterprise"};
    char *text = malloc(ROWS * 96 + 256);
    size_t n =
        (size_t)sprintf(text, "account_id,usage_depth,open_tickets,plan,region,parent_id,mrr,churned\n");
    unsigned state = 12345;
    for (int i = 0; i < ROWS; i++) {
        account *a = &accounts[i];
        state = state * 1664525u + 1013904223u;
        a->churned = (state >> 16) % 5 == 0;
        state = state * 1664525u + 1013904223u;
        a->usage = (double)((state >> 16) % 60) + (a->churned ? 0 : 30);
        if (i % 8 == 3) a->usage = NAN;
        state = state * 1664525u + 1013904223u;
        a->tickets = (double)((state >> 16) % 4) + (a->churned ? 1 : 0);
        a->plan = plans[(a->churned ? i % 5 > 3 : i % 3)];
        n += (size_t)sprintf(text + n, "a%03d,", i);
        if (!isnan(a->usage)) n += (size_t)sprintf(text + n, "%g", a->usage);
        n += (size_t)sprintf(text + n, ",%g,%s,north,p%d,%d,%s\n", a->tickets, a->plan, i / 4,
                             10 * (i % 7 + 1), a->churned ? "yes" : "no");
    }
    put_text(folder, "table.csv", text);
    free(text);
}

static json_t *signal_of(json_t *root, const char *name)
{
    size_t i;
    json_t *signal;
    json_array_foreach(json_object_get(root, "signals"), i,
                       signal) if (strcmp(json_string_value(json_object_get(signal, "signal")), name) ==
                                   0) return signal;
    cr_assert(false, "no signal %s", name);
    return NULL;
}

static double number_of(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    cr_assert(json_is_number(value), "no number '%s'", key);
    return json_number_value(value);
}

Test(starter, profile_counts_as_one_counts_by_hand)
{
    put_table();
    json_t *root = json_of(must("profile table.csv --id account_id --target churned --format json"));
    json_t *usage = signal_of(root, "usage_depth"), *outcome = json_object_get(usage, "outcome");
    int present = 0, events = 0;
    double won = 0, pairs = 0;
    for (int i = 0; i < ROWS; i++) {
        present += !isnan(accounts[i].usage);
        events += accounts[i].churned;
        for (int j = 0; j < ROWS; j++) {
            const account *a = &accounts[i], *b = &accounts[j];
            if (!a->churned || b->churned || isnan(a->usage) || isnan(b->usage)) continue;
            pairs++;
            won += a->usage > b->usage ? 1 : a->usage == b->usage ? 0.5 : 0;
        }
    }
    cr_assert_eq((int)number_of(usage, "present"), present);
    cr_assert_eq((int)number_of(outcome, "labelled"), ROWS);
    cr_assert_eq((int)number_of(outcome, "events"), events);
    cr_assert(fabs(number_of(outcome, "auc") - won / pairs) < 1e-9);
    // Every row is in one bin, and every bin counts the rows between its ends.
    size_t i;
    int total = 0;
    json_t *bin;
    json_array_foreach(json_object_get(outcome, "bins"), i, bin)
    {
        int rows = 0, hits = 0;
        bool missing = json_object_get(bin, "missing") != NULL;
        for (int k = 0; k < ROWS; k++) {
            double x = accounts[k].usage;
            bool in = missing ? isnan(x) : x >= number_of(bin, "from") && x <= number_of(bin, "to");
            rows += in;
            hits += in && accounts[k].churned;
        }
        cr_assert_eq((int)number_of(bin, "rows"), rows);
        cr_assert_eq((int)number_of(bin, "events"), hits);
        total += rows;
    }
    cr_assert_eq(total, ROWS);
    cr_assert_eq(json_array_size(json_object_get(signal_of(root, "plan"), "levels")), 3);
    json_decref(root);
}

Test(starter, profile_says_the_same_in_every_form)
{
    put_table();
    expect_message(folder, "profile_table", 0, "profile table.csv --id account_id --target churned -q 1>&2");
    expect_message(folder, "profile_csv", 0,
                   "profile table.csv --id account_id --target churned --format csv -q 1>&2");
    char *one = must("profile table.csv --id account_id --target churned --format json --threads 1");
    char *seven = must("profile table.csv --id account_id --target churned --format json --threads 7");
    cr_assert_str_eq(one, seven);
    free(one);
    free(seven);
}

Test(starter, jobs_that_contradict_themselves_are_refused)
{
    put_table();
    expect_message(folder, "profile_no_data", 2, "profile --format csv");
    expect_message(folder, "profile_target_of_store", 2, "profile --store store --target churned");
    expect_message(folder, "profile_outcomes_of_file", 2, "profile table.csv --outcomes table.csv");
    expect_message(folder, "check_no_definition", 2, "check table.csv");
    expect_message(folder, "check_file_and_store_no_date", 2, "check -d h.yaml table.csv --store store");
}

// ---- init --------------------------------------------------------------------------------------------------

// The text of one measure of a starter: from its name to the next blank name of that depth.
static char *measure_text(const char *definition, const char *name)
{
    char head[100];
    snprintf(head, sizeof head, "\n      %s:\n", name);
    const char *from = strstr(definition, head);
    cr_assert_not_null(from, "no measure '%s' in:\n%s", name, definition);
    const char *end = strstr(from, "\n        origin:");
    cr_assert_not_null(end);
    end += strcspn(end + 1, "\n") + 1;
    char *text = malloc((size_t)(end - from) + 1);
    memcpy(text, from, (size_t)(end - from));
    text[end - from] = '\0';
    return text;
}

static int count_of(const char *text, const char *part)
{
    int n = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        n++;
    return n;
}

Test(starter, init_reads_directions_from_what_happened)
{
    put_table();
    quietly("init table.csv --id account_id --target churned -o h.yaml");
    char *text = get_file(folder, "h.yaml", NULL);
    char *usage = measure_text(text, "usage_depth"), *tickets = measure_text(text, "open_tickets"),
         *plan = measure_text(text, "plan");
    has(usage, "higher: good");
    has(usage, "origin: data");
    has(usage, "% where it is");
    has(tickets, "higher: bad");
    has(tickets, "origin: data");
    has(plan, "table:");
    has(plan, "basic: 0");
    has(text, "\narr: mrr ");
    has(text, "parent: {signal: parent_id");
    has(text, "region: every account has the same value");
    // Each measure says why and where from.
    int measures = count_of(text, "        signal: ");
    cr_assert_eq(count_of(text, "        why: "), measures);
    cr_assert_eq(count_of(text, "        origin: "), measures);
    free(usage);
    free(tickets);
    free(plan);
    free(text);
    // The event turned about turns the directions.
    quietly("init table.csv --id account_id --target churned=no -o no.yaml");
    text = get_file(folder, "no.yaml", NULL);
    usage = measure_text(text, "usage_depth");
    has(usage, "higher: bad");
    free(usage);
    free(text);
}

Test(starter, init_without_outcomes_only_guesses)
{
    put_table();
    quietly("init table.csv --id account_id --ignore churned -o h.yaml");
    char *text = get_file(folder, "h.yaml", NULL);
    has(text, "origin: hypothesis");
    has_not(text, "origin: data\n");
    has(text, "plan: which of its levels are good is not known without outcomes");
    char *usage = measure_text(text, "usage_depth"), *tickets = measure_text(text, "open_tickets");
    has(usage, "higher: good");
    has(tickets, "higher: bad");
    free(usage);
    free(tickets);
    free(text);
    // It is not overwritten by accident.
    char *before = get_file(folder, "h.yaml", NULL);
    command_run run = run_holdfast(folder, "init table.csv --id account_id -o h.yaml");
    cr_assert_eq(run.code, 1, "%s", run.err);
    free_run(&run);
    char *after = get_file(folder, "h.yaml", NULL);
    cr_assert_str_eq(before, after);
    free(before);
    free(after);
}

Test(starter, init_makes_dates_into_days_and_quotes_odd_names)
{
    char text[16000] = "account_id,\"Renewal Date\",last_login,\"Use: #1, \"\"all\"\"\",yes,-1\n";
    size_t n = strlen(text);
    for (int i = 0; i < 200; i++)
        n += (size_t)sprintf(text + n, "a%d,2027-%02d-%02d,2026-%02d-11,%d,%d,%d\n", i, i % 12 + 1,
                             i % 28 + 1, i % 9 + 1, i, (i * 7) % 31, i % 11);
    put_text(folder, "odd.csv", text);
    quietly("init odd.csv --id account_id --as-of 2026-10-31 -o odd.yaml");
    char *said = get_file(folder, "odd.yaml", NULL);
    has(said, "days_to_renewal: {days_until: \"Renewal Date\"}");
    has(said, "days_since_last_login: {days_since: last_login}");
    has(said, "signal: \"Use: #1, \\\"all\\\"\"");
    has(said, "signal: \"yes\"");
    char *since = measure_text(said, "days_since_last_login"), *until = measure_text(said, "days_to_renewal");
    has(since, "higher: bad");
    has(until, "higher: good");
    free(since);
    free(until);
    free(said);
    free(must("check -d odd.yaml odd.csv --as-of 2026-10-31"));
    free(must("score odd.csv --as-of 2026-10-31 --definition odd.yaml"));
    // Without a date there are no days.
    quietly("init odd.csv --id account_id -o undated.yaml");
    said = get_file(folder, "undated.yaml", NULL);
    has_not(said, "days_until");
    has(said, "pass --as-of DATE");
    free(said);
    free(must("check -d undated.yaml odd.csv"));
}

Test(starter, init_says_when_nothing_can_be_a_measure)
{
    put_text(folder, "texts.csv", "account_id,plan\na1,basic\na2,pro\na3,basic\n");
    expect_message(folder, "init_nothing_to_measure", 3, "init texts.csv --id account_id -o h.yaml");
    cr_assert_not(has_file(folder, "h.yaml"));
}

// ---- a fleet -----------------------------------------------------------------------------------------------

static void put_store(void)
{
    quietly("synth -o fleet --accounts 900 --months 8 --seed 5");
    command_run run =
        run_shell(folder, "for f in fleet/accounts-*.csv; do d=${f##*/accounts-}; "
                          "\"$HOLDFAST\" ingest \"$f\" --store store --as-of \"${d%.csv}\" || exit 1; done");
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
}

Test(starter, a_fleet_is_profiled_with_the_rows_that_training_takes)
{
    put_store();
    char *ledger =
        must("train --store store --outcomes fleet/outcomes.csv --horizon 60 --lead 15 --plain --c 1 "
             "--bootstrap 0 -o m.json");
    json_t *root = json_of(
        must("profile --store store --outcomes fleet/outcomes.csv --horizon 60 --lead 15 --format json"));
    json_t *outcome = json_object_get(root, "outcome");
    const char *total = strstr(ledger, "\ntotal");
    long long kept = 0, events = 0;
    char numbers[256];
    size_t n = 0;
    cr_assert_not_null(total);
    for (const char *p = total + 6; *p != '\n'; p++)
        if (*p != ',') numbers[n++] = *p;
    numbers[n] = '\0';
    cr_assert_eq(sscanf(numbers, "%*d %*d %*d %*d %lld %lld", &kept, &events), 2, "%s", numbers);
    cr_assert_eq((long long)number_of(outcome, "labelled"), kept);
    cr_assert_eq((long long)number_of(outcome, "events"), events);
    json_t *usage = json_object_get(signal_of(root, "usage_depth"), "outcome");
    cr_assert_lt(number_of(usage, "auc"), 0.4);
    cr_assert_lt(number_of(json_object_get(usage, "auc_by_lead_days"), "30"), 0.45);
    // Renewal dates count as days from each snapshot: all within a few years.
    json_t *renewal = json_object_get(signal_of(root, "renewal_date"), "outcome");
    json_t *bin = json_array_get(json_object_get(renewal, "bins"), 0);
    cr_assert_lt(fabs(number_of(bin, "to")), 2000);
    json_decref(root);
    free(ledger);
}

Test(starter, a_fleets_starter_runs_as_it_is)
{
    put_store();
    const char *const lines[] = {"init --store store --outcomes fleet/outcomes.csv -o h.yaml",
                                 "init --store store -o h.yaml --force"};
    for (int i = 0; i < 2; i++) {
        quietly(lines[i]);
        json_t *root = json_of(must("check -d h.yaml --store store --format json"));
        cr_assert_eq(json_integer_value(json_object_get(json_object_get(root, "counts"), "errors")), 0);
        cr_assert_eq(json_integer_value(json_object_get(json_object_get(root, "counts"), "warnings")), 0);
        cr_assert_gt(number_of(root, "coverage"), 0.8);
        json_decref(root);
        char *scores = must("score --store store --definition h.yaml --format csv");
        has(scores, "account_id,health,band");
        cr_assert_gt(count_of(scores, ",red,red,"), 30);
        cr_assert_gt(count_of(scores, ",green,green,"), 200);
        free(scores);
    }
}

// ---- check -------------------------------------------------------------------------------------------------

#define SCORECARD                                                                                        \
    "holdfast: 1\nname: test\nsignals:\n  nps: {kind: number}\n"                                         \
    "derived:\n  quiet: {days_since: last_login}\n"                                                      \
    "groups:\n  usage:\n    weight: 1\n    measures:\n"                                                  \
    "      depth: {signal: depth, higher: good, weight: 2, curve: {linear: {worst: 0, best: 1}}}\n"      \
    "      quiet: {signal: quiet, higher: bad, weight: 1, curve: {linear: {worst: 90, best: 0}}}\n"      \
    "      plan: {signal: plan, weight: 1, curve: {table: {pro: 90, gone: 10}, other: 50}}\n"            \
    "      nps: {signal: nps, higher: good, weight: 1, curve: {linear: {worst: -50, best: 50}},\n"       \
    "        observed_on: nps_date, max_age: 60 days}\n"                                                 \
    "segments:\n  small: {when: seats < 50}\n  tiny: {when: seats < 5}\n  none: {when: plan = tripel}\n" \
    "overrides:\n  - {name: never, when: seats > 9999, cap: 40, reason: Big.}\n"                         \
    "  - {name: often, when: seats > 10, cap: 90, reason: Usual.}\n"

// scale: of depth; nps: every nth row has one; date: of nps.
static void put_night(const char *name, double scale, int nps, const char *date)
{
    char *text = malloc(40000);
    size_t n = (size_t)sprintf(text, "account_id,depth,last_login,plan,nps,nps_date,seats\n");
    for (int i = 0; i < 300; i++) {
        n += (size_t)sprintf(text + n, "a%d,%.4g,2026-0%d-15,%s,", i, scale * (0.1 + 0.003 * i), i % 9 + 1,
                             i % 3 ? "pro" : "basic");
        if (i % nps == 0)
            n += (size_t)sprintf(text + n, "%d,%s", i % 100 - 50, date);
        else
            n += (size_t)sprintf(text + n, ",");
        n += (size_t)sprintf(text + n, ",%d\n", i % 60 + 1);
    }
    put_text(folder, name, text);
    free(text);
}

Test(starter, check_tells_all_that_does_not_fit)
{
    put_text(folder, "h.yaml", SCORECARD);
    put_night("last.csv", 1, 2, "2026-09-20");
    put_night("now.csv", 100, 5, "2026-07-01");
    quietly("ingest last.csv --store store --as-of 2026-09-30");
    expect_message(folder, "check_fits", 0, "check -d h.yaml --store store 1>&2");
    expect_message(folder, "check_night", 3, "check -d h.yaml now.csv --store store --as-of 2026-10-31 1>&2");
    // What was seen coming is what the store says once it is in.
    quietly("ingest now.csv --store store --as-of 2026-10-31");
    command_run run = run_holdfast(folder, "check -d h.yaml --store store --format json");
    cr_assert_eq(run.code, 3);
    json_t *root = json_of(run.out);
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(root, "counts"), "errors")), 2);
    json_decref(root);
    free(run.err);
}

Test(starter, check_names_the_nearest_of_what_is_not_there)
{
    put_night("now.csv", 1, 2, "2026-10-20");
    char text[4000], *at;
    strcpy(text, SCORECARD);
    at = strstr(text, "signal: depth");
    memcpy(at, "signal: dep_h", 13);
    at = strstr(text, "when: seats <");
    memcpy(at, "when: saets <", 13);
    at = strstr(text, "signal: plan");
    memcpy(at, "signal: seat", 12);
    put_text(folder, "h.yaml", text);
    expect_message(folder, "check_lacking", 3, "check -d h.yaml now.csv --as-of 2026-10-31 1>&2");
    // A measure of the wrong kind, and days without a date.
    strcpy(text, SCORECARD);
    at = strstr(text, "signal: depth");
    memcpy(at, "signal: plan ", 13);
    put_text(folder, "h.yaml", text);
    expect_message(folder, "check_kind", 3, "check -d h.yaml now.csv --as-of 2026-10-31 1>&2");
    expect_message(folder, "check_undated", 3, "check -d h.yaml now.csv 1>&2");
}

Test(starter, check_finds_accounts_that_stand_twice_and_odd_dates)
{
    put_text(folder, "h.yaml",
             "holdfast: 1\nname: t\nderived:\n  quiet: {days_since: login}\ngroups:\n  g:\n    weight: 1\n   "
             " measures:\n"
             "      q: {signal: quiet, higher: bad, weight: 1, curve: {linear: {worst: 90, best: 0}}}\n");
    put_text(folder, "now.csv",
             "account_id,login\na,2026-10-01\nb,2026-10-03\na,2026-09-01\nc,1850-01-01\nd,2027-01-01\n");
    expect_message(folder, "check_twice", 3, "check -d h.yaml now.csv --as-of 2026-10-31 1>&2");
}

Test(starter, check_of_a_table_with_dates_takes_one)
{
    put_text(folder, "h.yaml",
             "holdfast: 1\nname: t\ngroups:\n  g:\n    weight: 1\n    measures:\n"
             "      q: {signal: n, higher: bad, weight: 1, curve: {linear: {worst: 90, best: 0}}}\n");
    put_text(
        folder, "now.csv",
        "account_id,day,n\na,2026-10-01,1\nb,2026-10-01,2\na,2026-11-01,3\nb,2026-11-01,4\nc,2026-11-01,5\n");
    char *said = must("check -d h.yaml now.csv --as-of-column day");
    has(said, "3 accounts as of 2026-11-01");
    free(said);
    said = must("check -d h.yaml now.csv --as-of-column day --as-of 2026-10-01");
    has(said, "2 accounts as of 2026-10-01");
    free(said);
}
