// SPDX-License-Identifier: Apache-2.0
//
// A model judged on a store's history and on a table, as a user meets it: figures against what the files and
// `score` say, dates apart, money, segments, capacity, two models side by side.
#include "cli/command_run.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS = 400, MONTHS = 5, MATURED = 4, WORKED = 15 };

static const char *const dates[MONTHS] = {"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30",
                                          "2026-05-31"};
static char folder[256];
static int gone[ACCOUNTS]; // the month, counted from dates, after which the account churns; MONTHS: none

static unsigned noise(int account, int month)
{
    unsigned x = (unsigned)account * 2654435761u + (unsigned)month * 40503u;
    x ^= x >> 15;
    x *= 2246822519u;
    return x ^ x >> 13;
}

static int usage_of(int account, int month)
{
    return (int)(noise(account, month) % 1000);
}

static int arr_of(int account)
{
    return 100 + account * account % 977;
}

static const char *segment_of(int account)
{
    return account < 6 ? "enterprise" : account % 3 ? "smb" : "mid-market";
}

// An account may churn in the 30 days after each date, the likelier the lower its usage.
static void draw_history(void)
{
    for (int a = 0; a < ACCOUNTS; a++) {
        gone[a] = MONTHS;
        for (int m = 0; m < MONTHS && gone[a] == MONTHS; m++)
            if ((int)(noise(a, 100 + m) % 1600) > 1100 + usage_of(a, m) / 2) gone[a] = m;
    }
}

static void put_outcomes(const char *extra)
{
    static char text[1 << 15];
    static const char *const after[MONTHS] = {"2026-02-10", "2026-03-12", "2026-04-20", "2026-05-30",
                                              "2026-06-10"};
    strcpy(text, "account_id,date,outcome\n");
    for (int a = 0; a < ACCOUNTS; a++)
        if (gone[a] < MONTHS) sprintf(text + strlen(text), "c%03d,%s,churn\n", a, after[gone[a]]);
    strcat(text, extra);
    put_text(folder, "outcomes.csv", text);
}

static void quietly(const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    free_run(&run);
}

// Five snapshots, a model of the first two and a second one, and the same rows as one labelled table.
static void enter(void)
{
    static char text[1 << 16], all[1 << 18], line[128];
    enter_folder(folder);
    draw_history();
    strcpy(all, "account_id,as_of,usage,segment,arr,churned\n");
    for (int m = 0; m < MONTHS; m++) {
        strcpy(text, "account_id,usage,segment,arr\n");
        for (int a = 0; a < ACCOUNTS; a++) {
            char arr[16] = "";
            if (a % 50 != 7) sprintf(arr, "%d", arr_of(a));
            sprintf(text + strlen(text), "c%03d,%d,%s,%s\n", a, usage_of(a, m), segment_of(a), arr);
            if (m < MATURED && gone[a] >= m)
                sprintf(all + strlen(all), "c%03d,%s,%d,%s,%s,%s\n", a, dates[m], usage_of(a, m),
                        segment_of(a), arr, gone[a] == m ? "yes" : "no");
        }
        put_text(folder, "month.csv", text);
        sprintf(line, "ingest month.csv --store store --as-of %s", dates[m]);
        quietly(line);
    }
    put_text(folder, "all.csv", all);
    put_outcomes("");
    quietly("train --store store --outcomes outcomes.csv --horizon 30 --known-until 2026-03-31 --plain --c 1 "
            "--bootstrap 0 -o a.json");
    quietly("train --store store --outcomes outcomes.csv --horizon 30 --known-until 2026-03-31 --plain --c "
            "0.0001 --bootstrap 0 -o b.json");
}

static void leave(void)
{
    leave_folder(folder);
}

TestSuite(evaluate, .init = enter, .fini = leave, .timeout = 120);

#define HISTORY "evaluate --store store --model a.json --outcomes outcomes.csv --horizon 30 "

static json_t *json_of(const char *line)
{
    json_error_t where;
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    json_t *root = json_loads(run.out, 0, &where);
    cr_assert_not_null(root, "%s: %s", line, where.text);
    free_run(&run);
    return root;
}

// A number at a path of keys separated by points; a number among them is a place in a list.
static double number_at(json_t *json, const char *path)
{
    char copy[128];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *key = strtok(copy, "."); key; key = strtok(NULL, ".")) {
        json = json_is_array(json) ? json_array_get(json, (size_t)atoi(key)) : json_object_get(json, key);
        cr_assert_not_null(json, "no %s in %s", key, path);
    }
    return json_is_null(json) ? NAN : json_number_value(json);
}

static void near(double got, double want, double within, const char *what)
{
    cr_expect(fabs(got - want) <= within, "%s: %.12g, expected %.12g", what, got, want);
}

// ---- against the files -----------------------------------------------------------------------------------

typedef struct {
    int rows, events, worked, caught;
    double arr, lost, arr_caught, won, loss;
} month_figures;

static void read_scores(double *p, int month)
{
    char line[128];
    sprintf(line, "score --store store --as-of %s --model a.json -o scores.csv --force", dates[month]);
    quietly(line);
    char *text = get_file(folder, "scores.csv", NULL), *at = strchr(text, '\n') + 1;
    for (int a = 0; a < ACCOUNTS; a++, at = strchr(at, '\n') + 1)
        p[a] = atof(strchr(at, ',') + 1);
    free(text);
}

// By loops over what `score` wrote: an account is worked where fewer than WORKED are above it.
static month_figures figures_of(int month)
{
    static double p[ACCOUNTS];
    month_figures f = {0};
    read_scores(p, month);
    for (int a = 0; a < ACCOUNTS; a++) {
        if (gone[a] < month) continue;
        const bool event = gone[a] == month;
        const double arr = a % 50 == 7 ? 0 : arr_of(a);
        int above = 0;
        for (int b = 0; b < ACCOUNTS; b++) {
            if (gone[b] < month) continue;
            above += p[b] > p[a];
            if (event && gone[b] != month) f.won += p[a] > p[b] ? 1 : p[a] == p[b] ? 0.5 : 0;
        }
        f.rows++;
        f.events += event;
        f.arr += arr;
        f.lost += event ? arr : 0;
        f.loss -= event ? log(p[a]) : log(1 - p[a]);
        if (above >= WORKED) continue;
        f.worked++;
        f.caught += event;
        f.arr_caught += event ? arr : 0;
    }
    return f;
}

static void check_group(json_t *group, const month_figures *f)
{
    near(number_at(group, "n"), f->rows, 0, "n");
    near(number_at(group, "events"), f->events, 0, "events");
    near(number_at(group, "log_loss"), f->loss / f->rows, 1e-5, "log-loss");
    near(number_at(group, "money.arr"), f->arr, 0.01, "ARR");
    near(number_at(group, "money.arr_lost"), f->lost, 0.01, "ARR lost");
    near(number_at(group, "money.arr_churn"), f->lost / f->arr, 1e-9, "ARR churn");
    near(number_at(group, "capacity.0.worked"), f->worked, 1e-9, "worked");
    near(number_at(group, "capacity.0.caught"), f->caught, 1e-9, "caught");
    near(number_at(group, "capacity.0.precision"), (double)f->caught / f->worked, 1e-9, "precision");
    near(number_at(group, "capacity.0.recall"), (double)f->caught / f->events, 1e-9, "recall");
    near(number_at(group, "capacity.0.arr_caught"), f->arr_caught, 0.01, "ARR caught");
    near(number_at(group, "capacity.0.arr_recall"), f->arr_caught / f->lost, 1e-9, "share caught");
}

static void expect_what_the_files_say(void)
{
    json_t *root = json_of(HISTORY "--known-until 2026-06-15 --capacity 15 --replicates 0 --format json");
    json_t *list = json_object_get(root, "dates");
    month_figures all = {0};
    cr_assert_eq(json_array_size(list), MATURED); // the fifth is not over
    for (int m = 0; m < MATURED; m++) {
        json_t *date = json_array_get(list, (size_t)m);
        const month_figures f = figures_of(m);
        cr_assert_gt(f.events, 20);
        cr_expect_str_eq(json_string_value(json_object_get(date, "as_of")), dates[m]);
        cr_expect_str_eq(json_string_value(json_object_get(date, "seen")), m < 2 ? "trained" : "later");
        check_group(date, &f);
        near(number_at(date, "auc"), f.won / ((double)f.events * (f.rows - f.events)), 2e-4, "AUC");
        all = (month_figures){
            all.rows + f.rows, all.events + f.events, all.worked + f.worked,         all.caught + f.caught,
            all.arr + f.arr,   all.lost + f.lost,     all.arr_caught + f.arr_caught, 0,
            all.loss + f.loss};
    }
    check_group(json_object_get(root, "pooled"), &all);
    near(number_at(root, "mean.auc"), number_at(root, "pooled.auc"), 0, "the same under both keys");
    near(number_at(root, "later.n"), number_at(list, "2.n") + number_at(list, "3.n"), 0, "later dates");
    near(number_at(root, "ledger.total.censored"),
         number_at(root, "ledger.total.rows") - number_at(root, "ledger.total.kept") -
             number_at(root, "ledger.total.churned"),
         0, "ledger");
    json_decref(root);
}

static void expect_same_of_a_table(void)
{
    json_t *store = json_of(HISTORY "--by segment --capacity 15 --rank arr --replicates 40 --format json");
    json_t *table =
        json_of("evaluate all.csv --as-of-column as_of --target churned --model a.json --by segment "
                "--capacity 15 --rank arr --replicates 40 --format json");
    static const char *const same[] = {"pooled", "later", "dates", "segments", "mean", "rank", "arr"};
    for (size_t k = 0; k < sizeof same / sizeof same[0]; k++)
        cr_expect(json_equal(json_object_get(store, same[k]), json_object_get(table, same[k])), "%s",
                  same[k]);
    json_decref(store);
    json_decref(table);
}

Test(evaluate, a_store_and_a_table_with_dates_say_what_the_files_say)
{
    expect_what_the_files_say();
    expect_same_of_a_table();
}

// ---- segments, rivals ----------------------------------------------------------------------------------------

static void stand_beside_the_whole(void)
{
    json_t *root = json_of(HISTORY "--by segment --replicates 0 --format json");
    json_t *list = json_object_get(root, "segments");
    double n = 0, events = 0, lost = 0;
    cr_assert_eq(json_array_size(list), 3);
    for (size_t s = 0; s < 3; s++) {
        json_t *segment = json_array_get(list, s);
        const bool small = strcmp(json_string_value(json_object_get(segment, "segment")), "enterprise") == 0;
        cr_expect_eq(json_is_true(json_object_get(segment, "few")), small);
        cr_expect_null(json_object_get(segment, "capacity"));
        n += number_at(segment, "n");
        events += number_at(segment, "events");
        lost += number_at(segment, "money.arr_lost");
    }
    near(n, number_at(root, "pooled.n"), 0, "n");
    near(events, number_at(root, "pooled.events"), 0, "events");
    near(lost, number_at(root, "pooled.money.arr_lost"), 0.01, "ARR lost");
    json_decref(root);
}

static void hold_against_each_other(void)
{
    json_t *both = json_of(HISTORY "--against b.json --capacity 15 --replicates 40 --format json");
    json_t *other = json_of("evaluate --store store --model b.json --outcomes outcomes.csv "
                            "--capacity 15 --replicates 40 --format json");
    near(number_at(both, "pooled.against.log_loss"), number_at(other, "pooled.log_loss"), 0, "B by itself");
    near(number_at(both, "pooled.against.interval.log_loss.0"),
         number_at(other, "pooled.interval.log_loss.0"), 0, "its interval");
    near(number_at(both, "pooled.difference.log_loss.value"),
         number_at(both, "pooled.log_loss") - number_at(other, "pooled.log_loss"), 1e-11, "difference");
    cr_expect_lt(number_at(both, "pooled.difference.log_loss.interval.1"), 0, "A is the better fit");
    cr_expect_gt(number_at(both, "pooled.difference.log_loss.better"), 0.9);
    json_t *itself = json_of(HISTORY "--against a.json --capacity 15 --replicates 40 --format json");
    static const char *const zero[] = {"auc.value",      "log_loss.interval.0",
                                       "ece.interval.1", "arr_auc.value",
                                       "ks.better",      "capacity.0.recall.interval.1"};
    for (size_t k = 0; k < sizeof zero / sizeof zero[0]; k++) {
        char path[96];
        snprintf(path, sizeof path, "later.difference.%s", zero[k]);
        near(number_at(itself, path), 0, 0, path);
    }
    json_decref(both);
    json_decref(other);
    json_decref(itself);
}

// ---- what must not matter --------------------------------------------------------------------------------------

static char *said(const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    free(run.err);
    return run.out;
}

#define EVERYTHING \
    HISTORY "--known-until 2026-06-15 --by segment --against b.json --capacity 5,15 --replicates 40 "

static void expect_the_same_bytes(void)
{
    char *one = said(EVERYTHING "--threads 1"), *two = said(EVERYTHING "--threads 2");
    cr_expect_str_eq(two, one);
    put_outcomes("c399,2062-09-14,churn\n");
    char *seven = said(EVERYTHING "--threads 7 -q");
    cr_expect_str_eq(seven, one);
    free(one);
    free(two);
    free(seven);
}

Test(evaluate, segments_stand_beside_the_whole_and_rivals_beside_each_other)
{
    stand_beside_the_whole();
    hold_against_each_other();
    expect_the_same_bytes(); // last: it adds an outcome to come
}

// ---- another outcome -------------------------------------------------------------------------------------------

// Upgrades in the 30 days after a date, of the accounts that use more; an account may have several.
static void put_upgrades(int first[ACCOUNTS])
{
    static char text[1 << 16];
    strcpy(text, "account_id,date,outcome\nc399,2026-05-30,churn\n");
    for (int a = 0; a < ACCOUNTS; a++) {
        first[a] = MONTHS;
        for (int m = 0; m < MATURED; m++) {
            if ((int)(noise(a, 200 + m) % 2000) > usage_of(a, m)) continue;
            sprintf(text + strlen(text), "c%03d,%.8s15,upgrade\n", a, dates[m + 1]);
            if (first[a] == MONTHS) first[a] = m;
        }
    }
    put_text(folder, "outcomes.csv", text);
}

Test(evaluate, an_upgrade_is_learnt_and_judged_as_churn_is)
{
    int first[ACCOUNTS], rows = 0, events = 0;
    put_upgrades(first);
    for (int a = 0; a < ACCOUNTS; a++)
        for (int m = 0; m < MATURED && m <= first[a]; m++) {
            rows++;
            events += m == first[a];
        }
    command_run run = run_holdfast(folder, "train --store store --outcomes outcomes.csv --outcome upgrade "
                                           "--horizon 30 --plain --c 1 --bootstrap 0 -o up.json");
    cr_assert_eq(run.code, 0, "%s", run.err);
    cr_expect_not_null(strstr(run.out, "it had happened"), "%s", run.out);
    cr_expect_null(strstr(run.out, "churn"), "%s", run.out);
    free_run(&run);
    char *card = get_file(folder, "up.md", NULL);
    cr_expect_not_null(strstr(card, "the probability of upgrade within 30 days"), "%s", card);
    free(card);
    // The model knows what it predicts.
    json_t *root = json_of("evaluate --store store --model up.json --outcomes outcomes.csv --replicates 0 "
                           "--format json");
    near(number_at(root, "pooled.n"), rows, 0, "rows");
    near(number_at(root, "pooled.events"), events, 0, "events");
    cr_expect_gt(number_at(root, "pooled.auc"), 0.6);
    json_decref(root);
    quietly("score --store store --model up.json -o scores.csv");
    char *scores = get_file(folder, "scores.csv", NULL);
    cr_expect_eq(strncmp(scores, "account_id,upgrade_probability,rank,", 36), 0, "%.60s", scores);
    free(scores);
}

// ---- messages --------------------------------------------------------------------------------------------------

Test(evaluate, what_is_wrong_or_doubtful_is_told)
{
    expect_message(folder, "evaluate_seen_dates", 0, HISTORY "--replicates 0 -o figures.txt");
    char *text = get_file(folder, "figures.txt", NULL);
    cr_expect_not_null(strstr(text, "trained on"), "%s", text);
    cr_expect_not_null(strstr(text, "later dates"), "%s", text);
    free(text);
    expect_message(folder, "evaluate_all_dates_seen", 0, HISTORY "--known-until 2026-03-31 --replicates 0");

    expect_message(
        folder, "evaluate_other_window", 0,
        "evaluate --store store --model a.json --outcomes outcomes.csv --horizon 60 --replicates 0");

    // Columns that cannot serve.
    expect_message(folder, "evaluate_by_number", 3, HISTORY "--by usage");
    expect_message(folder, "evaluate_by_unknown", 3, HISTORY "--by segmnet");
    expect_message(folder, "evaluate_arr_text", 3, HISTORY "--arr segment");
    put_text(folder, "below.csv", "account_id,usage,segment,cost,churned\na,5,smb,-3,yes\nb,7,smb,2.5,no\n");
    expect_message(folder, "evaluate_arr_below_zero", 3,
                   "evaluate below.csv --target churned --model a.json --allow-missing --arr cost");
    expect_message(
        folder, "evaluate_rank_without_arr", 3,
        "evaluate below.csv --target churned --model a.json --allow-missing --capacity 1 --rank arr ");

    // Of two models the one that lacks a column is named.
    quietly(
        "train all.csv --as-of-column as_of --id account_id --target churned --ignore segment --plain --c 1 "
        "--bootstrap 0 -o slim.json");
    expect_message(
        folder, "evaluate_rival_lacks", 3,
        "evaluate all.csv --as-of-column as_of --target churned --ignore segment --model slim.json "
        "--against b.json");
    expect_message(
        folder, "evaluate_rival_lacks_allowed", 0,
        "evaluate all.csv --as-of-column as_of --target churned --ignore segment --model slim.json "
        "--against b.json --replicates 0 --allow-missing");
    expect_message(folder, "evaluate_by_id", 3,
                   "evaluate all.csv --as-of-column as_of --target churned --model a.json --by account_id");

    // Options that would do nothing.
    expect_message(folder, "evaluate_no_outcomes", 2, "evaluate --store store --model a.json");
    expect_message(folder, "evaluate_capacity", 2, HISTORY "--capacity 10,some");
    expect_message(folder, "evaluate_rank_alone", 2, HISTORY "--rank arr");
    expect_message(folder, "evaluate_against_nothing", 2,
                   "evaluate all.csv --target churned --against b.json");
    expect_message(folder, "evaluate_output_is_rival", 2,
                   HISTORY "--against b.json --replicates 0 -o b.json --force");
}
