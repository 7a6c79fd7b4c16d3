// SPDX-License-Identifier: Apache-2.0
//
// Data that reads well and is wrong: outcomes of unknown accounts, dates that have not come, numbers in
// another unit, targets of three values. Each is told, and where results would be worthless, refused.
#include "cli/command_run.h"

#include <criterion/criterion.h>
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

TestSuite(doubts, .init = enter, .fini = leave, .timeout = 120);

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

// ---- outcomes --------------------------------------------------------------------------------------------

enum { ACCOUNTS = 300 };

// Two snapshots of 300 accounts, and outcomes of 60 of them in the 30 days after the first, of which
// `unknown` are written with another id. extra: lines more.
static void put_history(int unknown, const char *extra)
{
    char *text = malloc(1 << 16);
    for (int month = 9; month <= 10; month++) {
        char line[96];
        strcpy(text, "account_id,usage\n");
        for (int i = 0; i < ACCOUNTS; i++)
            sprintf(text + strlen(text), "c%03d,%d\n", i, i * 7 % 91);
        put_text(folder, "data.csv", text);
        snprintf(line, sizeof line, "ingest data.csv --store store --as-of 2026-%02d-01 --revise", month);
        quietly(line);
    }
    strcpy(text, "account_id,date,outcome\n");
    for (int i = 0; i < 60; i++)
        sprintf(text + strlen(text), "%s%03d,2026-09-%02d,churn\n", i < unknown ? "ACME-" : "c", i * 5,
                2 + i % 28);
    strcat(text, "c299,2026-11-15,churn\n");
    strcat(text, extra);
    put_text(folder, "outcomes.csv", text);
    free(text);
}

#define HISTORY "train --store store --outcomes outcomes.csv --horizon 30 -o model.json --force"

Test(doubts, outcomes_of_unknown_accounts_are_told)
{
    put_history(20, "");
    expect_message(folder, "outcomes_some_unknown", 0, HISTORY);
}

Test(doubts, outcomes_of_mostly_unknown_accounts_are_refused)
{
    put_history(50, "");
    expect_message(folder, "outcomes_most_unknown", 3, HISTORY);
    cr_assert_not(has_file(folder, "model.json"));
}

// Accounts that were gone before the first snapshot are rightly in none.
Test(doubts, outcomes_before_the_store_begins_are_fine)
{
    char *extra = malloc(1 << 14);
    *extra = '\0';
    for (int i = 0; i < 200; i++)
        sprintf(extra + strlen(extra), "old%d,2025-03-01,churn\n", i);
    put_history(0, extra);
    free(extra);
    command_run run = run_holdfast(folder, HISTORY);
    cr_assert_eq(run.code, 0, "%s", run.err);
    cr_assert_null(strstr(run.err, "in no snapshot"), "%s", run.err);
    free_run(&run);
}

Test(doubts, the_day_outcomes_are_known_until_is_told)
{
    put_history(0, "");
    char *said = must(HISTORY);
    cr_assert_not_null(strstr(said, "outcomes are known until 2026-11-15"), "%s", said);
    free(said);
    said = must(HISTORY " --known-until 2026-10-05");
    cr_assert_not_null(strstr(said, "outcomes are known until 2026-10-05 (--known-until)"), "%s", said);
    free(said);
}

// A slip in one row must not make windows complete that have not passed: the snapshot of October is censored
// with it as without it.
Test(doubts, a_future_outcome_does_not_lift_the_censoring)
{
    put_history(0, "");
    char *model, *again;
    quietly("train --store store --outcomes outcomes.csv --horizon 60 -o model.json");
    model = get_file(folder, "model.json", NULL);
    put_history(0, "c298,2062-09-14,churn\n");
    command_run run = run_holdfast(
        folder, "train --store store --outcomes outcomes.csv --horizon 60 -o model.json --force");
    cr_assert_eq(run.code, 0, "%s", run.err);
    cr_assert_not_null(strstr(run.err, "1 of 62 rows are dated after 2026-12-31, as late as 2062-09-14"),
                       "%s", run.err);
    cr_assert_not_null(strstr(run.out, "outcomes are known until 2026-11-15"), "%s", run.out);
    free_run(&run);
    again = get_file(folder, "model.json", NULL);
    // The record of inputs tells the two files of outcomes apart; what was learnt from them is the same.
    char *end = strstr(again, "\"inputs\"");
    cr_assert_not_null(end);
    cr_assert_eq(strncmp(again, model, (size_t)(end - again)), 0);
    free(model);
    free(again);
}

// The same file for those that do not train: what they say of the past is the same with and without the slip.
Test(doubts, a_future_outcome_does_not_change_what_is_said_of_the_past)
{
    static const char *const verbs[] = {
        "profile --store store --outcomes outcomes.csv --horizon 60 --format csv",
        "evaluate --store store --definition card.yaml --outcomes outcomes.csv --horizon 60 --format json"};
    put_text(folder, "card.yaml",
             "holdfast: 1\ngroups:\n  use:\n    measures:\n      usage: {signal: usage, higher: good, curve: "
             "{linear: {worst: 0, best: 90}}}\n");
    for (int v = 0; v < 2; v++) {
        put_history(0, "");
        char *said = must(verbs[v]);
        put_history(0, "c298,2062-09-14,churn\n");
        command_run run = run_holdfast(folder, verbs[v]);
        cr_assert_eq(run.code, 0, "%s", run.err);
        cr_assert_not_null(strstr(run.err, "1 of 62 rows are dated after 2026-12-31"), "%s", run.err);
        cr_assert_str_eq(run.out, said);
        free_run(&run);
        free(said);
    }
}

// ---- other data than training's --------------------------------------------------------------------------

// A share of 0 to 1 times `scale`, a flag whose 1 is `one`, a plan with `letter` before its number.
static void put_usage(const char *name, int rows, double scale, int one, char letter)
{
    char *text = malloc(1 << 16);
    strcpy(text, "id,share,trial,plan,churned\n");
    for (int i = 0; i < rows; i++)
        sprintf(text + strlen(text), "c%03d,%g,%d,%c%d,%s\n", i, scale * (i * 7 % 91) / 100, i % 3 ? 0 : one,
                letter, i % 4, i * 29 % 10 < 3 ? "yes" : "no");
    put_text(folder, name, text);
    free(text);
}

static void train_usage(void)
{
    put_usage("data.csv", 300, 1, 1, 'p');
    quietly("train data.csv --id id --target churned -o model.json");
    quietly("ingest data.csv --id id --store store --as-of 2026-10-31");
}

#define SCORE "score new.csv --model model.json -o scores.csv"

Test(doubts, another_unit_stops_the_scoring)
{
    train_usage();
    put_usage("new.csv", 100, 100, 1, 'p');
    expect_message(folder, "score_other_unit", 4, SCORE);
    cr_assert_not(has_file(folder, "scores.csv"));
    expect_message(folder, "score_other_unit_allowed", 0, SCORE " --allow-missing");
    put_usage("new.csv", 100, 0.01, 1, 'p');
    expect_message(folder, "score_less_spread", 0, SCORE " --force");
    put_usage("new.csv", 100, 0, 0, 'p'); // one value throughout is another matter
    quietly(SCORE " --force");
    command_run run = run_holdfast(folder, SCORE " --force");
    cr_assert_str_eq(run.err, "");
    free_run(&run);
}

Test(doubts, another_unit_in_one_row_is_told)
{
    train_usage();
    put_text(folder, "new.csv", "id,share,trial,plan\nx,58,0,p1\n");
    expect_message(folder, "score_other_unit_one_row", 0, SCORE);
}

Test(doubts, levels_none_of_which_training_saw_stop_the_scoring)
{
    train_usage();
    put_usage("new.csv", 100, 1, 1, 'q');
    expect_message(folder, "score_other_levels", 4, SCORE);
    expect_message(folder, "score_other_levels_allowed", 0, SCORE " --allow-missing");
}

Test(doubts, a_flag_of_another_number_stops_the_scoring_of_a_snapshot)
{
    train_usage();
    put_text(folder, "new.csv", "");
    char *text = malloc(1 << 14);
    strcpy(text, "id,share,trial,plan\n");
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "c%03d,0.%d,%d,p%d\n", i, 1 + i % 7, i % 4 ? 3 : 0, i % 4);
    put_text(folder, "new.csv", text);
    free(text);
    quietly("ingest new.csv --id id --store other --as-of 2026-10-31");
    expect_message(folder, "score_flag_of_three", 4, "score --store other --model model.json -o scores.csv");
}

// The training data itself is never strange.
Test(doubts, training_rows_raise_no_doubt)
{
    train_usage();
    command_run run = run_holdfast(folder, "score data.csv --model model.json -o scores.csv");
    cr_assert_eq(run.code, 0);
    cr_assert_str_eq(run.err, "", "%s", run.err);
    free_run(&run);
}

// Where the kind comes from the model, a cell has a line.
Test(doubts, numbers_of_the_model_are_read_as_numbers)
{
    train_usage();
    put_text(folder, "new.csv", "id,share,trial,plan\nx,-,0,p1\n");
    expect_message(folder, "score_dash_is_missing", 0, SCORE);
    put_text(folder, "new.csv", "id,share,trial,plan\nx,much,0,p1\ny,little,0,p1\n");
    expect_message(folder, "score_no_number", 3, SCORE " --force");
    char text[1024] = "id,share,trial,plan\n";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "x%d,many,%d,p1\n", i, i % 2);
    put_text(folder, "new.csv", text);
    expect_message(folder, "score_word_for_all", 3, SCORE " --force");
    quietly(SCORE " --force --na many");
}

Test(doubts, a_column_that_changed_its_kind_is_told_when_ingested)
{
    put_text(folder, "data.csv", "account_id,seats,nps,plan\na,3,4,x\nb,4,5,y\nc,5,,z\n");
    quietly("ingest data.csv --store store --as-of 2026-09-30");
    put_text(folder, "data.csv", "account_id,seats,nps,plan\na,few,4.5,x\nb,many,5,y\nc,5,,z\n");
    expect_message(folder, "ingest_other_kind", 0, "ingest data.csv --store store --as-of 2026-10-31");
}

// A snapshot's kinds were settled when it was ingested, so that is what the remedy says.
Test(doubts, a_snapshot_of_another_kind_names_itself_and_the_way_back)
{
    train_usage();
    put_text(folder, "new.csv", "id,share,trial,plan\nx,much,0,p1\ny,little,0,p1\n");
    quietly("ingest new.csv --id id --store other --as-of 2026-10-31");
    expect_message(folder, "score_snapshot_other_kind", 3, "score --store other --model model.json -o a.csv");
}

// ---- dates -------------------------------------------------------------------------------------------------

Test(doubts, data_of_the_future_is_told)
{
    train_usage();
    expect_message(folder, "ingest_future", 0, "ingest data.csv --id id --store store --as-of 2062-10-31");
    expect_message(folder, "score_newest_is_future", 0, "score --store store --model model.json -o a.csv");
    expect_message(folder, "score_named_snapshot", 0,
                   "score --store store --as-of 2026-10-31 --model model.json -o b.csv");
}

Test(doubts, the_snapshot_scored_is_named_unless_quiet)
{
    train_usage();
    command_run run = run_holdfast(folder, "score --store store --model model.json -o a.csv");
    cr_assert_eq(run.code, 0);
    cr_assert_str_eq(run.err, "holdfast: scoring the snapshot of 2026-10-31, revision 1\n");
    free_run(&run);
    run = run_holdfast(folder, "score --store store --model model.json -q --format csv");
    cr_assert_eq(run.code, 0);
    cr_assert_str_eq(run.err, "");
    cr_assert_eq(strncmp(run.out, "account_id,", 11), 0, "quiet must not silence results");
    free_run(&run);
}

Test(doubts, scores_of_several_dates_say_which)
{
    train_usage();
    put_text(
        folder, "new.csv",
        "id,day,share,trial,plan\nx,2026-09-30,0.5,0,p1\nx,2026-10-31,0.1,0,p1\ny,2026-10-31,0.2,1,p2\n");
    char *said = must("score new.csv --as-of-column day --model model.json --format csv");
    cr_assert_eq(strncmp(said, "account_id,as_of,churn_probability,rank,reason_1,", 49), 0, "%s", said);
    cr_assert_not_null(strstr(said, "\nx,2026-09-30,0."), "%s", said);
    cr_assert_not_null(strstr(said, "\nx,2026-10-31,0."), "%s", said);
    cr_assert_not_null(strstr(said, "\ny,2026-10-31,0."), "%s", said);
    free(said);
    said = must("score new.csv --as-of-column day --model model.json --format jsonl");
    cr_assert_eq(strncmp(said, "{\"account_id\":\"x\",\"as_of\":\"2026-09-30\",\"churn_probability\":", 59),
                 0, "%s", said);
    free(said);
    said = must("score new.csv --as-of-column day --model model.json --format table");
    cr_assert_not_null(strstr(said, "account  as of         churn"), "%s", said);
    cr_assert_not_null(strstr(said, "y        2026-10-31"), "%s", said);
    free(said);
}

// ---- targets and folds -------------------------------------------------------------------------------------

static void put_target(const char *(*value)(int))
{
    char text[1 << 14] = "id,usage,state\n";
    for (int i = 0; i < 300; i++)
        sprintf(text + strlen(text), "c%03d,%d,%s\n", i, i * 7 % 91, value(i));
    put_text(folder, "data.csv", text);
}

static const char *three_values(int i)
{
    return i % 10 < 3 ? "Gone" : i % 10 < 5 ? "Unknown" : "Here";
}

static const char *no_values(int i)
{
    (void)i;
    return "";
}

static const char *flags(int i)
{
    return i % 10 < 3 ? "Yes" : "No";
}

Test(doubts, a_target_of_three_values_is_told)
{
    put_target(three_values);
    expect_message(folder, "target_three_values", 0, "train data.csv --id id --target state=Gone -o m.json");
    command_run run =
        run_holdfast(folder, "train data.csv --id id --target state=Gone -o m.json --na Unknown --force");
    cr_assert_eq(run.code, 0);
    cr_assert_str_eq(run.err, "");
    free_run(&run);
}

Test(doubts, a_target_without_a_value_is_told)
{
    put_target(no_values);
    expect_message(folder, "target_no_value", 5, "train data.csv --id id --target state=Gone -o m.json");
    expect_message(folder, "target_no_value", 5, "train data.csv --id id --target state -o m.json");
}

Test(doubts, a_target_value_that_cannot_be_is_told_what_can)
{
    put_target(flags);
    expect_message(folder, "target_flag_value", 3, "train data.csv --id id --target state=Maybe -o m.json");
    expect_message(folder, "target_number_value", 3, "train data.csv --id id --target usage=low -o m.json");
}

Test(doubts, folds_without_training_rows_say_what_to_do)
{
    char text[1 << 14] = "row,fold\n";
    put_target(flags);
    for (int i = 0; i < 300; i++)
        sprintf(text + strlen(text), "%d,0\n", i);
    put_text(folder, "folds.csv", text);
    expect_message(folder, "fold_nothing_to_train_on", 5,
                   "evaluate data.csv --id id --target state --folds folds.csv");
}

Test(doubts, evaluating_on_the_training_rows_is_told)
{
    train_usage();
    expect_message(folder, "evaluate_training_rows", 0,
                   "evaluate data.csv --target churned --model model.json --replicates 0");
    put_usage("later.csv", 200, 1, 1, 'p');
    command_run run =
        run_holdfast(folder, "evaluate later.csv --target churned --model model.json --replicates 0");
    cr_assert_eq(run.code, 0);
    cr_assert_str_eq(run.err, "");
    free_run(&run);
}

// What the message recommends, evaluate has.
Test(doubts, evaluate_takes_the_allowance_its_message_names)
{
    train_usage();
    command_run run = run_shell(folder, "cut -d, -f1,3- data.csv > short.csv");
    cr_assert_eq(run.code, 0);
    free_run(&run);
    run = run_holdfast(folder, "evaluate short.csv --target churned --model model.json --replicates 0");
    cr_assert_eq(run.code, 3);
    cr_assert_not_null(strstr(run.err, "--allow-missing"), "%s", run.err);
    free_run(&run);
    quietly("evaluate short.csv --target churned --model model.json --replicates 0 --allow-missing");
}
