// SPDX-License-Identifier: Apache-2.0
//
// The verbs as a user meets them: files in, files out, figures checked against what the files say.
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

TestSuite(verbs, .init = enter, .fini = leave, .timeout = 200);

// Runs a line that must succeed; what it printed (owned).
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

static void same_text(char *a, const char *b)
{
    cr_assert_str_eq(a, b);
    free(a);
}

// ---- ingest ----------------------------------------------------------------------------------------------

Test(verbs, files_with_the_same_columns_are_stacked)
{
    put_text(folder, "one.csv", "account_id,seats,plan\na,1,basic\nb,2,pro\n");
    put_text(folder, "two.csv", "account_id,plan,seats\nc,basic,3\n");
    quietly("ingest one.csv two.csv --store store --as-of 2026-10-31");
    same_text(must("store export --store store"), "account_id,seats,plan\na,1,basic\nb,2,pro\nc,3,basic\n");
}

Test(verbs, files_with_other_columns_are_joined_by_account)
{
    put_text(folder, "one.csv", "account_id,seats\na,1\nb,2\n");
    put_text(folder, "two.csv", "account_id,plan\nb,pro\nc,basic\n");
    quietly("ingest one.csv two.csv --store store --as-of 2026-10-31");
    same_text(must("store export --store store"), "account_id,seats,plan\na,1,\nb,2,pro\nc,,basic\n");
}

Test(verbs, an_account_in_two_stacked_files_is_refused)
{
    put_text(folder, "one.csv", "account_id,seats\na,1\n");
    put_text(folder, "two.csv", "account_id,seats\na,2\n");
    command_run run = run_holdfast(folder, "ingest one.csv two.csv --store store --as-of 2026-10-31");
    cr_assert_eq(run.code, 3, "%s", run.err);
    cr_assert_not_null(strstr(run.err, "account 'a'"), "%s", run.err);
    free_run(&run);
}

Test(verbs, a_column_of_dates_makes_a_snapshot_each)
{
    put_text(folder, "all.csv",
             "account_id,month,seats\na,2026-09-30,1\nb,2026-10-31,4\nb,2026-09-30,2\na,2026-10-31,3\n");
    char *said = must("ingest all.csv --store store --as-of-column month");
    cr_assert_not_null(strstr(said, "2026-09-30: 2 accounts"), "%s", said);
    free(said);
    same_text(must("store export 2026-09-30 --store store"), "account_id,seats\na,1\nb,2\n");
    same_text(must("store export 2026-10-31 --store store"), "account_id,seats\nb,4\na,3\n");
}

Test(verbs, the_same_ingest_again_changes_nothing)
{
    put_text(folder, "data.csv", "account_id,seats\na,1\n");
    quietly("ingest data.csv --store store --as-of 2026-10-31");
    size_t n, m;
    char *before = get_file(folder, "store/snapshots/2026-10-31.h5", &n);
    char *said = must("ingest data.csv --store store --as-of 2026-10-31");
    cr_assert_not_null(strstr(said, "unchanged"), "%s", said);
    char *after = get_file(folder, "store/snapshots/2026-10-31.h5", &m);
    cr_assert(n == m && memcmp(before, after, n) == 0);
    free(before);
    free(after);
    free(said);
}

Test(verbs, standard_input_and_compressed_files_are_read)
{
    put_text(folder, "data.csv", "account_id;seats;share\na;1;12%\nb;2;50%\n");
    command_run run =
        run_shell(folder, "gzip -k data.csv && zstd -q data.csv && "
                          "\"$HOLDFAST\" ingest - --store s0 --as-of 2026-10-31 < data.csv && "
                          "\"$HOLDFAST\" ingest data.csv.gz --store s1 --as-of 2026-10-31 && "
                          "\"$HOLDFAST\" ingest data.csv.zst --store s2 --as-of 2026-10-31 && "
                          "for s in s0 s1 s2; do \"$HOLDFAST\" store export --store $s -o $s.csv; done && "
                          "cmp s0.csv s1.csv && cmp s0.csv s2.csv");
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
    size_t length;
    same_text(get_file(folder, "s0.csv", &length), "account_id,seats,share\na,1,0.12\nb,2,0.5\n");
}

// ---- train and score ---------------------------------------------------------------------------------------

// A fleet in a store. Its truth has neither surfaces nor rules, so a model of curves is the whole of it.
static void put_fleet(void)
{
    quietly("synth -o fleet --accounts 800 --months 6 --seed 3");
    command_run run =
        run_shell(folder, "for f in fleet/accounts-*.csv; do d=${f##*/accounts-}; "
                          "\"$HOLDFAST\" ingest \"$f\" --store store --as-of \"${d%.csv}\" || exit 1; done");
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
}

static void put_model(void)
{
    put_fleet();
    quietly("train --store store --outcomes fleet/outcomes.csv --horizon 30 --c 0.1 --pairs 0 --rules 0 "
            "--bootstrap 0 -o model.json");
}

Test(verbs, scores_are_the_same_bytes_for_any_threads_and_instructions)
{
    put_model();
    quietly("score --store store --model model.json --threads 1 -o one.csv");
    char *one = get_file(folder, "one.csv", NULL);
    const char *others[] = {"", "HOLDFAST_ISA=scalar", "HOLDFAST_ISA=avx2", "HOLDFAST_ISA=avx512"};
    const int threads[] = {2, 7};
    for (size_t i = 0; i < 4; i++)
        for (size_t t = 0; t < 2; t++) {
            char line[256];
            snprintf(line, sizeof line,
                     "%s \"$HOLDFAST\" score --store store --model model.json --threads %d --format csv",
                     others[i], threads[t]);
            command_run run = run_shell(folder, line);
            bool lacking = run.code == 2 && strstr(run.err, "this machine has no") != NULL;
            cr_assert(lacking || strcmp(run.out, one) == 0, "%s differs: %s", line, run.err);
            free_run(&run);
        }
    free(one);
}

// With everything that training chooses, and a few resamples.
Test(verbs, training_is_the_same_bytes_for_any_threads)
{
    put_fleet();
    char *first = NULL;
    for (int threads = 1; threads <= 7; threads += 3) {
        char line[256];
        snprintf(line, sizeof line,
                 "train --store store --outcomes fleet/outcomes.csv --horizon 30 --bootstrap 4 --inner-folds "
                 "2 -o model.json "
                 "--force --threads %d",
                 threads);
        quietly(line);
        char *text = get_file(folder, "model.json", NULL);
        if (!first)
            first = text;
        else
            same_text(text, first);
    }
    free(first);
}

// From the file the snapshot came from or from the snapshot: the same scores.
Test(verbs, a_file_and_its_snapshot_score_alike)
{
    put_model();
    quietly("score --store store --as-of 2026-10-31 --model model.json -o a.csv");
    quietly("score fleet/accounts-2026-10-31.csv --model model.json -o b.csv");
    char *b = get_file(folder, "b.csv", NULL);
    same_text(get_file(folder, "a.csv", NULL), b);
    cr_assert_eq(strncmp(b, "account_id,churn_probability,rank,reason_1,reason_2,reason_3\n", 61), 0, "%.80s",
                 b);
    free(b);
}

Test(verbs, ranks_order_the_probabilities)
{
    put_model();
    char *top = must("score --store store --model model.json --top 25 --format jsonl");
    double last = 1;
    int rank = 0;
    for (char *line = strtok(top, "\n"); line; line = strtok(NULL, "\n")) {
        json_error_t at;
        json_t *account = json_loads(line, 0, &at);
        cr_assert_not_null(account, "%s: %s", line, at.text);
        double p = json_number_value(json_object_get(account, "churn_probability"));
        cr_assert_leq(p, last);
        cr_assert_eq(json_integer_value(json_object_get(account, "rank")), ++rank);
        cr_assert_gt(json_array_size(json_object_get(account, "reasons")), 0);
        last = p;
        json_decref(account);
    }
    cr_assert_eq(rank, 25);
    free(top);
}

// A category whose levels in the new file all look like numbers is still the model's category.
Test(verbs, a_category_of_the_model_stays_one)
{
    char text[1 << 15] = "id,usage,plan,churned\n";
    for (int i = 0; i < 300; i++)
        sprintf(text + strlen(text), "c%03d,%d,%s,%s\n", i, i * 7 % 91,
                i % 3 == 0   ? "1"
                : i % 3 == 1 ? "2"
                             : "free",
                i * 29 % 10 < 3 ? "yes" : "no");
    put_text(folder, "data.csv", text);
    quietly("train data.csv --id id --target churned -o model.json");
    put_text(folder, "new.csv", "id,usage,plan\nx,3,1\ny,4,2\n");
    char *said = must("score new.csv --model model.json --format csv");
    cr_assert_not_null(strstr(said, "\nx,0."), "%s", said);
    free(said);
}

Test(verbs, a_missing_signal_is_scored_only_when_allowed)
{
    put_model();
    command_run run = run_shell(folder, "cut -d, -f1-15 fleet/accounts-2026-10-31.csv > short.csv");
    free_run(&run);
    run = run_holdfast(folder, "score short.csv --model model.json -o scores.csv");
    cr_assert_eq(run.code, 3, "%s", run.err);
    cr_assert_not_null(strstr(run.err, "'csat'"), "%s", run.err);
    cr_assert_not(has_file(folder, "scores.csv"));
    free_run(&run);
    run = run_holdfast(folder, "score short.csv --model model.json -o scores.csv --allow-missing");
    cr_assert_eq(run.code, 0, "%s", run.err);
    cr_assert_not_null(strstr(run.err, "warning"), "%s", run.err);
    free_run(&run);
}

// ---- evaluate ----------------------------------------------------------------------------------------------

static void put_labelled(int rows)
{
    char *text = malloc(64u * (size_t)rows + 64);
    size_t at = (size_t)sprintf(text, "id,usage,seats,churned\n");
    for (int i = 0; i < rows; i++)
        at += (size_t)sprintf(text + at, "c%04d,%d,%d,%s\n", i, i * 37 % 101, i * 13 % 17,
                              (i * 37 % 101 + i * 29 % 50) < 45 ? "yes" : "no");
    put_text(folder, "data.csv", text);
    free(text);
}

Test(verbs, folds_say_who_tests_whom)
{
    put_labelled(600);
    char text[1 << 14] = "row,fold\n";
    size_t at = strlen(text);
    // Rows 0-99 fold 3, 100-199 fold 12, 200-399 always train, 400-499 skipped, 500-599 not listed.
    for (int i = 0; i < 500; i++)
        at += (size_t)sprintf(text + at, "%d,%s\n", i,
                              i < 100   ? "3"
                              : i < 200 ? "12"
                              : i < 400 ? "train"
                                        : "skip");
    put_text(folder, "folds.csv", text);
    char *said =
        must("evaluate data.csv --id id --target churned=yes --folds folds.csv --format json --replicates 0");
    json_error_t where;
    json_t *root = json_loads(said, 0, &where), *folds = json_object_get(root, "folds");
    cr_assert_eq(json_array_size(folds), 2, "%s", said);
    for (size_t f = 0; f < 2; f++) {
        json_t *fold = json_array_get(folds, f);
        cr_assert_str_eq(json_string_value(json_object_get(fold, "fold")), f == 0 ? "fold 3" : "fold 12");
        cr_assert_eq(json_integer_value(json_object_get(fold, "n")), 100);
        cr_assert_eq(json_integer_value(json_object_get(fold, "train_rows")), 300);
        const json_t *terms = json_object_get(fold, "terms");
        cr_assert_eq(json_integer_value(json_object_get(terms, "curves")), 2, "%s", said);
        cr_assert(json_is_integer(json_object_get(terms, "surfaces")) &&
                  json_is_integer(json_object_get(terms, "rules")));
        cr_assert_null(json_object_get(fold, "interval"));
    }
    const char *keys[] = {"auc", "pr_auc", "log_loss", "brier", "ece", "ks", "lift_10"};
    for (size_t k = 0; k < 7; k++) {
        double mean = json_number_value(json_object_get(json_object_get(root, "mean"), keys[k])), sum = 0;
        for (size_t f = 0; f < 2; f++)
            sum += json_number_value(json_object_get(json_array_get(folds, f), keys[k]));
        cr_assert_float_eq(mean, sum / 2, 1e-9, "%s", keys[k]);
    }
    json_decref(root);
    free(said);
}

Test(verbs, a_fold_file_is_checked)
{
    put_labelled(300);
    put_text(folder, "folds.csv", "row,fold\n0,0\n300,1\n");
    expect_message(folder, "fold_row_out_of_range", 3,
                   "evaluate data.csv --id id --target churned --folds folds.csv");
    put_text(folder, "folds.csv", "row,fold\n0,0\n1,first\n");
    expect_message(folder, "fold_no_number", 3,
                   "evaluate data.csv --id id --target churned --folds folds.csv");
    put_text(folder, "folds.csv", "row,flod\n0,0\n");
    expect_message(folder, "fold_no_column", 3,
                   "evaluate data.csv --id id --target churned --folds folds.csv");
    put_text(folder, "folds.csv", "row,fold\n0,train\n1,train\n");
    expect_message(folder, "fold_nothing_to_test", 3,
                   "evaluate data.csv --id id --target churned --folds folds.csv");
}

// A model measured on the rows it was trained on, by evaluate and by hand from its scores.
Test(verbs, evaluate_measures_what_score_writes)
{
    put_labelled(400);
    quietly("train data.csv --id id --target churned=yes -o model.json");
    char *said =
        must("evaluate data.csv --target churned=yes --model model.json --format json --replicates 0");
    json_error_t where;
    json_t *root = json_loads(said, 0, &where);
    double brier = json_number_value(json_object_get(json_object_get(root, "mean"), "brier"));
    quietly("score data.csv --model model.json -o scores.csv");
    char *scores = get_file(folder, "scores.csv", NULL), *data = get_file(folder, "data.csv", NULL);
    char *s = strchr(scores, '\n') + 1, *d = strchr(data, '\n') + 1;
    double sum = 0;
    int rows = 0;
    for (; *s != '\0'; rows++, s = strchr(s, '\n') + 1, d = strchr(d, '\n') + 1) {
        double p = atof(strchr(s, ',') + 1);
        char *end = strchr(d, '\n');
        double y = strncmp(end - 3, "yes", 3) == 0;
        sum += (p - y) * (p - y);
    }
    cr_assert_eq(rows, 400);
    cr_assert_float_eq(brier, sum / rows, 1e-6);
    json_decref(root);
    free(said);
    free(scores);
    free(data);
}

// ---- the command itself --------------------------------------------------------------------------------------

Test(verbs, every_verb_has_help)
{
    const char *verbs[] = {"ingest", "train", "score", "evaluate", "store", "synth"};
    for (size_t i = 0; i < 6; i++) {
        char line[64];
        snprintf(line, sizeof line, "%s --help", verbs[i]);
        char *help = must(line);
        cr_assert_not_null(strstr(help, "Usage:"), "%s", help);
        cr_assert_not_null(strstr(help, "Examples:"), "%s", help);
        cr_assert_not_null(strstr(help, "Exit codes:"), "%s", help);
        free(help);
        command_run bare = run_holdfast(folder, verbs[i]);
        cr_assert_eq(bare.code, 2);
        cr_assert_not_null(strstr(bare.out, "--help"), "%s", bare.out);
        free_run(&bare);
    }
}

Test(verbs, an_interrupted_ingest_leaves_nothing)
{
    command_run run = run_shell(
        folder, "sleep 2 | timeout --preserve-status -s INT 0.5 \"$HOLDFAST\" ingest - --store store "
                "--as-of 2026-10-31");
    cr_assert_eq(run.code, 130, "exit code %d: %s", run.code, run.err);
    cr_assert_not_null(strstr(run.err, "interrupted"), "%s", run.err);
    cr_assert_not(has_file(folder, "store"));
    free_run(&run);
}
