// SPDX-License-Identifier: Apache-2.0
//
// The scenario of what-if as a user meets it. Its oracle is the score verb: the table is edited by plain
// loops here, both tables are scored by themselves, and bands, moves and sums are counted from what that
// wrote.
#include "cli/command_run.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 600, LINE = 256, BANDS = 3 };
static const char *const BAND_NAMES[] = {"red", "yellow", "green"};
static char folder[256];

static const char DEFINITION[] =
    "holdfast: 1\nname: small\n"
    "signals:\n  tickets: {kind: count}\n"
    "derived:\n  per_seat: {per: [tickets, seats]}\n"
    "groups:\n"
    "  usage:\n    weight: 60\n    measures:\n"
    "      use: {signal: use, higher: good, weight: 1, curve: {linear: {worst: 0, best: 0.8}}}\n"
    "  voice:\n    weight: 40\n    measures:\n"
    "      tickets: {signal: tickets, higher: bad, weight: 1, curve: {linear: {worst: 20, best: 0}}}\n"
    "      load: {signal: per_seat, higher: bad, weight: 1, actionable: false, curve: {linear: {worst: 2, "
    "best: "
    "0}}}\n"
    "segments:\n  small: {when: plan = B, weights: {usage: 30}}\n"
    "bands: {red: 0, yellow: 45, green: 70}\narr: arr\n"
    "overrides:\n  - {name: many, when: tickets > 17, cap: 30, reason: \"Too many tickets.\"}\n";

typedef struct {
    float use;
    int tickets; // -1: missing
    int seats;
    char plan;
    int arr, churned;
} account;
static account fleet[ROWS];

static void write_table(const char *name, const account *accounts)
{
    char *text = calloc(ROWS + 1, LINE), *p = text;
    p += sprintf(p, "id,use,tickets,seats,plan,arr,churned\n");
    for (int i = 0; i < ROWS; i++) {
        const account *a = &accounts[i];
        char tickets[16] = "";
        if (a->tickets >= 0) snprintf(tickets, sizeof tickets, "%d", a->tickets);
        p += sprintf(p, "a%03d,%.9g,%s,%d,%c,%d.00,%d\n", i, (double)a->use, tickets, a->seats, a->plan,
                     a->arr, a->churned);
    }
    put_text(folder, name, text);
    free(text);
}

static unsigned draw(unsigned *state, unsigned below)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 10) % below;
}

static char *must(const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    free(run.err);
    return run.out;
}

static void enter(void)
{
    unsigned state = 7;
    enter_folder(folder);
    for (int i = 0; i < ROWS; i++) {
        account *a = &fleet[i];
        a->use = (float)draw(&state, 101) / 100;
        a->tickets = draw(&state, 8) == 0 ? -1 : (int)draw(&state, 21);
        a->seats = 2 + (int)draw(&state, 40);
        a->plan = (char)('A' + draw(&state, 3));
        a->arr = 500 + (int)draw(&state, 20000);
        const double odds = -1.5 + 0.12 * (a->tickets < 0 ? 8 : a->tickets) - 2.0 * (double)a->use;
        a->churned = (double)draw(&state, 10000) / 10000 < 1 / (1 + exp(-odds));
    }
    write_table("data.csv", fleet);
    put_text(folder, "small.yaml", DEFINITION);
    free(must("train data.csv --id id --target churned --ignore arr --plain -o m.json -q"));
}

static void leave(void)
{
    leave_folder(folder);
}

TestSuite(whatif_scenario, .init = enter, .fini = leave, .timeout = 200);

// ---- the oracle ----------------------------------------------------------------------------------------------

typedef struct {
    int band[ROWS];
    double p[ROWS], health[ROWS];
} scored;

// The columns account_id, churn_probability, ..., health, band of a scored table.
static void score(scored *out, const char *table)
{
    char line[300];
    snprintf(line, sizeof line,
             "score %s --id id --as-of 2026-10-31 --definition small.yaml --model m.json --format jsonl",
             table);
    char *text = must(line), *save = NULL;
    int rows = 0;
    for (char *at = strtok_r(text, "\n", &save); at; at = strtok_r(NULL, "\n", &save), rows++) {
        json_t *row = json_loads(at, 0, NULL);
        cr_assert(row && rows < ROWS, "%s", at);
        const char *band = json_string_value(json_object_get(row, "band"));
        out->p[rows] = json_number_value(json_object_get(row, "churn_probability"));
        out->health[rows] = json_number_value(json_object_get(row, "health"));
        out->band[rows] = BANDS;
        for (int b = 0; b < BANDS; b++)
            if (strcmp(band, BAND_NAMES[b]) == 0) out->band[rows] = b;
        json_decref(row);
    }
    cr_assert_eq(rows, ROWS);
    free(text);
}

static json_t *scenario(const char *options)
{
    char line[900];
    json_error_t error;
    snprintf(
        line, sizeof line,
        "whatif scenario data.csv --id id --as-of 2026-10-31 --definition small.yaml --model m.json --format "
        "json %s",
        options);
    char *text = must(line);
    json_t *root = json_loads(text, 0, &error);
    cr_assert_not_null(root, "%s: %s", error.text, text);
    free(text);
    return root;
}

// object.a.b.c as a number
static double figure(const json_t *object, const char *a, const char *b, const char *c)
{
    const json_t *at = json_object_get(object, a);
    if (b) at = json_object_get(at, b);
    if (c) at = json_object_get(at, c);
    cr_assert(json_is_number(at), "%s.%s.%s is no number", a, b ? b : "", c ? c : "");
    return json_number_value(at);
}

static void near(double found, double expected, double within, const char *what)
{
    cr_assert(fabs(found - expected) <= within, "%s: %.12g, not %.12g", what, found, expected);
}

// The figures of a group against accounts of a plan (0: all), from the two scored tables.
static void check_group(const json_t *group, const scored side[2], const account *edited, char plan)
{
    static const char *const names[] = {"before", "after"};
    double losses[2] = {0}, risk[2] = {0}, spread[2] = {0}, health[2] = {0};
    int accounts = 0, bands[2][BANDS + 1] = {{0}};
    for (int i = 0; i < ROWS; i++) {
        if (plan && fleet[i].plan != plan) continue;
        accounts++;
        for (int s = 0; s < 2; s++) {
            const double arr = s == 0 ? fleet[i].arr : edited[i].arr, p = side[s].p[i];
            losses[s] += p;
            risk[s] += p * arr;
            spread[s] += p * (1 - p) * arr * arr;
            health[s] += side[s].health[i];
            bands[s][side[s].band[i]]++;
        }
    }
    cr_assert_eq((int)figure(group, "accounts", NULL, NULL), accounts);
    for (int s = 0; s < 2; s++) {
        near(figure(group, "expected_churn", names[s], "value"), losses[s], 1e-6 * ROWS, "churn");
        near(figure(group, "arr_at_risk", names[s], "value"), risk[s], 1e-6 * ROWS * 20000, "ARR at risk");
        near(figure(group, "arr_at_risk", names[s], "high"), risk[s] + 1.96 * sqrt(spread[s]), 1e-3 * risk[s],
             "interval");
        near(figure(group, "health", names[s], NULL), health[s] / accounts, 1e-3, "health");
        for (int b = 0; b < BANDS; b++) {
            const json_t *band = json_array_get(json_object_get(group, "bands"), (size_t)b);
            cr_assert_eq((int)figure(band, names[s], NULL, NULL), bands[s][b], "band %d", b);
        }
    }
    near(figure(group, "expected_churn", "change", NULL), losses[1] - losses[0], 2e-6 * ROWS, "change");
}

Test(whatif_scenario, figures_are_those_of_the_edited_table_scored)
{
    static account edited[ROWS];
    static scored side[2];
    memcpy(edited, fleet, sizeof fleet);
    for (int i = 0; i < ROWS; i++) {
        account *a = &edited[i];
        if (a->plan != 'B') continue;
        if (a->tickets >= 0) a->tickets = (int)rint(a->tickets * 0.5);
        if (fleet[i].tickets > 10) a->use = (float)((double)a->use + 0.25);
        if (a->use > 1) a->use = 1;
        a->arr += 100;
    }
    write_table("edited.csv", edited);
    score(&side[0], "data.csv");
    score(&side[1], "edited.csv");
    json_t *root =
        scenario("--set 'tickets *= 50%' --set 'use += 0.25 where tickets > 10' --set 'use <= 1' --set "
                 "'arr += 100' --where 'plan = B' --top 40 --by plan");
    check_group(json_object_get(root, "all"), side, edited, 0);
    for (size_t g = 0; g < 3; g++) {
        const json_t *group = json_array_get(json_object_get(root, "groups"), g);
        check_group(group, side, edited, json_string_value(json_object_get(group, "name"))[0]);
    }
    int moved[BANDS + 1][BANDS + 1] = {{0}};
    for (int i = 0; i < ROWS; i++)
        moved[side[0].band[i]][side[1].band[i]]++;
    const json_t *moves = json_object_get(root, "moves");
    int listed = 0;
    for (size_t k = 0; k < json_array_size(moves); k++) {
        const json_t *move = json_array_get(moves, k);
        int at[2] = {BANDS, BANDS};
        for (int b = 0; b < BANDS; b++) {
            if (strcmp(json_string_value(json_object_get(move, "from")), BAND_NAMES[b]) == 0) at[0] = b;
            if (strcmp(json_string_value(json_object_get(move, "to")), BAND_NAMES[b]) == 0) at[1] = b;
        }
        cr_assert_eq((int)figure(move, "accounts", NULL, NULL), moved[at[0]][at[1]]);
        listed += moved[at[0]][at[1]];
    }
    cr_assert_eq(listed, ROWS);
    json_decref(root);
}

// Credits are amounts below 0; the range still holds the value.
Test(whatif_scenario, the_range_of_amounts_below_0_holds_their_sum)
{
    json_t *root = scenario("--kind arr=money --set 'arr -= 25000' --top 0");
    const json_t *risk = json_object_get(json_object_get(root, "all"), "arr_at_risk");
    static const char *const sides[] = {"before", "after"};
    for (int s = 0; s < 2; s++) {
        cr_assert_lt(figure(risk, sides[s], "low", NULL), figure(risk, sides[s], "value", NULL));
        cr_assert_lt(figure(risk, sides[s], "value", NULL), figure(risk, sides[s], "high", NULL));
    }
    cr_assert_lt(figure(risk, "after", "high", NULL), 0);
    json_decref(root);
}

// ---- accounts --------------------------------------------------------------------------------------------------

static double sum_of(const json_t *list)
{
    double sum = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        sum += figure(json_array_get(list, i), "change", NULL, NULL);
    return sum;
}

Test(whatif_scenario, the_parts_of_an_account_are_its_change)
{
    json_t *root =
        scenario("--set 'tickets += 4 where plan = A' --set 'tickets = 0 where plan = C' --set 'plan = B "
                 "where plan = A' --top 30");
    static const char *const lists[] = {"gainers", "losers"};
    for (int l = 0; l < 2; l++) {
        const json_t *list = json_object_get(root, lists[l]);
        double last = INFINITY;
        cr_assert(json_array_size(list) == 30);
        for (size_t k = 0; k < 30; k++) {
            const json_t *a = json_array_get(list, k);
            near(sum_of(json_object_get(a, "points")),
                 figure(a, "health", "after", NULL) - figure(a, "health", "before", NULL), 1e-9, "points");
            near(sum_of(json_object_get(a, "terms")),
                 figure(a, "log_odds", "after", NULL) - figure(a, "log_odds", "before", NULL), 1e-9,
                 "log-odds");
            for (int s = 0; s < 2; s++) {
                const char *side = s ? "after" : "before";
                near(figure(a, "probability", side, NULL), 1 / (1 + exp(-figure(a, "log_odds", side, NULL))),
                     1e-6, "probability");
            }
            const double gain =
                fabs(figure(a, "arr_at_risk", "before", NULL) - figure(a, "arr_at_risk", "after", NULL));
            cr_assert(gain > 0 && gain <= last);
            last = gain;
        }
    }
    json_decref(root);
}

Test(whatif_scenario, cautions_name_the_signals)
{
    char *text =
        must("whatif scenario data.csv --id id --as-of 2026-10-31 --definition small.yaml --model m.json "
             "--set 'tickets *= 0.5' --set 'seats += 100000'");
    cr_assert_not_null(strstr(text, "A correlation is not a lever"), "%s", text);
    cr_assert_not_null(strstr(text, "the model knows only as signs of the outcome: tickets, seats"), "%s",
                       text);
    cr_assert_not_null(strstr(text, "the scorecard says nobody can act upon: per_seat (voice.load)"), "%s",
                       text);
    cr_assert_not_null(strstr(text, "beyond what training saw: seats (600 accounts"), "%s", text);
    cr_assert_null(strstr(text, " \n"), "blanks end a line");
    free(text);
}

// Each account is held to the training of the model that scores it.
Test(whatif_scenario, what_training_saw_is_asked_of_the_accounts_own_model)
{
    static account wide[ROWS];
    int others = 0;
    char text[sizeof DEFINITION + 40], said[80];
    for (int i = 0; i < ROWS; i++) {
        wide[i] = fleet[i];
        wide[i].seats *= 100;
        others += fleet[i].plan != 'B';
    }
    write_table("wide.csv", wide);
    free(must("train wide.csv --id id --target churned --ignore arr --plain -o wide.json -q"));
    const char *when = strstr(DEFINITION, "weights: {usage: 30}");
    snprintf(text, sizeof text, "%.*smodel: wide.json, %s", (int)(when - DEFINITION), DEFINITION, when);
    put_text(folder, "two.yaml", text);
    char *page = must("whatif scenario data.csv --id id --as-of 2026-10-31 --definition two.yaml "
                      "--model m.json --allow-missing --set 'seats += 1000' -q");
    snprintf(said, sizeof said, "beyond what training saw: seats (%d accounts", others);
    cr_assert_not_null(strstr(page, said), "%s in\n%s", said, page);
    free(page);
}

// ---- nothing, and threads ----------------------------------------------------------------------------------------

Test(whatif_scenario, a_scenario_that_changes_nothing_changes_no_byte)
{
    json_t *root = scenario("--set 'tickets *= 1' --set 'use in [0, 1]' --set 'plan = A where plan = A'");
    const json_t *prints = json_object_get(root, "fingerprint"), *all = json_object_get(root, "all");
    cr_assert(json_is_true(json_object_get(root, "same")));
    cr_assert_str_eq(json_string_value(json_object_get(prints, "before")),
                     json_string_value(json_object_get(prints, "after")));
    cr_assert(figure(all, "expected_churn", "change", NULL) == 0 &&
              figure(all, "health", "change", NULL) == 0);
    cr_assert(json_array_size(json_object_get(root, "gainers")) == 0);
    json_decref(root);
    root = scenario("--set 'tickets *= 0.5'");
    cr_assert(json_is_false(json_object_get(root, "same")));
    json_decref(root);
}

Test(whatif_scenario, threads_do_not_matter)
{
    char *first = NULL;
    static const int threads[] = {1, 2, 7};
    for (int t = 0; t < 3; t++) {
        char line[300];
        snprintf(line, sizeof line,
                 "whatif scenario data.csv --id id --as-of 2026-10-31 --definition small.yaml --model m.json "
                 "--set "
                 "'tickets *= 0.5' --where 'plan != C' --capacity 50 --format json --threads %d",
                 threads[t]);
        char *text = must(line);
        if (first) cr_assert_str_eq(text, first);
        if (first)
            free(text);
        else
            first = text;
    }
    free(first);
}

// ---- derived signals -----------------------------------------------------------------------------------------------

static double number_of(const json_t *value, const char *key)
{
    return strtod(json_string_value(json_object_get(value, key)), NULL);
}

// The change since the snapshot before follows from the edited value of today, not of then.
Test(whatif_scenario, what_looks_back_is_derived_again)
{
    static const char text[] =
        "holdfast: 1\nname: back\nderived:\n  rise: {change: use, days: 30}\ngroups:\n  "
        "usage:\n    measures:\n      rise: {signal: rise, higher: good, curve: {linear: "
        "{worst: -1, best: 1}}}\nbands: {red: 0, green: 50}\n";
    put_text(folder, "back.yaml", text);
    free(must("ingest data.csv --id id --store store --as-of 2026-09-30 -q"));
    free(must("ingest data.csv --id id --store store --as-of 2026-10-31 -q"));
    char *told =
        must("whatif scenario --store store --definition back.yaml --set 'use *= 0.5 where tickets > 3' "
             "--top 20 --format json -q");
    json_t *root = json_loads(told, 0, NULL), *losers = json_object_get(root, "losers");
    cr_assert(json_array_size(losers) == 20);
    for (size_t k = 0; k < 20; k++) {
        const json_t *account = json_array_get(losers, k), *values = json_object_get(account, "values");
        const json_t *use = json_array_get(values, 0), *rise = json_array_get(values, 1);
        cr_assert(json_array_size(values) == 2 && number_of(rise, "from") == 0);
        near(number_of(rise, "to"), number_of(use, "to") - number_of(use, "from"), 1e-6, "rise");
        near(figure(account, "health", "after", NULL), 50 + 50 * number_of(rise, "to"), 1e-4, "health");
    }
    json_decref(root);
    free(told);
}

#define ON "whatif scenario data.csv --id id --as-of 2026-10-31 --definition small.yaml "

// ---- the record --------------------------------------------------------------------------------------------------

Test(whatif_scenario, a_named_scenario_is_kept_as_it_was_told)
{
    static const char line[] =
        "whatif scenario --store store --definition small.yaml --model m.json --set 'tickets "
        "*= 0.5' --name half -q";
    size_t length;
    free(must("ingest data.csv --id id --store store --as-of 2026-10-31 -q"));
    char *told = must(line), *shown = must("whatif show half --store store");
    cr_assert_not_null(strstr(shown, told), "%s\nis not in\n%s", told, shown);
    char *file = get_file(folder, "store/experiments/half.json", &length);
    json_t *record = json_loads(file, 0, NULL), *inputs = json_object_get(record, "inputs");
    cr_assert_str_eq(json_string_value(json_object_get(record, "holdfast")), "scenario experiment");
    cr_assert(json_string_length(json_object_get(json_object_get(inputs, "model"), "hash")) == 32);
    cr_assert(json_string_length(
                  json_object_get(json_array_get(json_object_get(inputs, "snapshots"), 0), "hash")) == 32);
    cr_assert((int)figure(json_object_get(json_object_get(record, "result"), "all"), "accounts", NULL,
                          NULL) == ROWS);
    json_decref(record);
    free(file);
    free(shown);
    free(told);
    expect_message(folder, "scenario_name_taken", 1, line);
    expect_message(folder, "scenario_promote", 2, "whatif promote half --store store -o new.yaml");
    expect_message(folder, "scenario_name_of_file", 2, ON "--set 'tickets *= 0.5' --name half");
}

// ---- messages ----------------------------------------------------------------------------------------------------

Test(whatif_scenario, refusals_say_what_to_do)
{
    expect_message(folder, "scenario_no_edit", 2, ON "-q");
    expect_message(folder, "scenario_no_score", 2, "whatif scenario data.csv --set 'use = 1'");
    expect_message(folder, "scenario_bad_edit", 2, ON "--set 'tickets *- 0.5'");
    expect_message(folder, "scenario_bad_where", 2, ON "--set 'tickets *= 0.5' --where 'plan == B'");
    expect_message(folder, "scenario_no_signal", 3, ON "--set 'tikets *= 0.5'");
    expect_message(folder, "scenario_derived", 3, ON "--set 'per_seat *= 0.5'");
    expect_message(folder, "scenario_below_zero", 3, ON "--set 'tickets -= 5'");
    expect_message(folder, "scenario_no_account", 0, ON "--set 'tickets *= 0.5 where plan = Z' -o out.txt");
    expect_message(folder, "scenario_new_level", 0, ON "--set 'plan = D' -o out2.txt");
}
