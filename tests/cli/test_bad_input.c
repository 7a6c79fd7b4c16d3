// SPDX-License-Identifier: Apache-2.0
//
// What bad input gets: a message that names place, value and remedy, an exit code of its own kind, and
// nothing half-written. Each message is held against a golden file.
#include "cli/command_run.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[256];

static void enter(void)
{
    enter_folder(folder);
}

static void leave(void)
{
    leave_folder(folder);
}

TestSuite(bad_input, .init = enter, .fini = leave, .timeout = 120);

#define GOOD "account_id,seats,plan\na1,3,basic\na2,5,pro\n"
#define INGEST "ingest data.csv --store store --as-of 2026-10-31"

// The input is refused, and no store has appeared.
static void refuse(const char *name, int code, const char *bytes, size_t length)
{
    put_file(folder, "data.csv", bytes, length);
    expect_message(folder, name, code, INGEST);
    cr_assert_not(has_file(folder, "store"), "a refused ingest left a store");
}

static void refuse_text(const char *name, int code, const char *text)
{
    refuse(name, code, text, strlen(text));
}

// ---- files -----------------------------------------------------------------------------------------------

Test(bad_input, no_such_file)
{
    expect_message(folder, "no_such_file", 1, INGEST);
}

Test(bad_input, a_directory)
{
    expect_message(folder, "a_directory", 1, "ingest . --store store --as-of 2026-10-31");
}

Test(bad_input, an_empty_file)
{
    refuse_text("an_empty_file", 3, "");
}

Test(bad_input, header_only)
{
    refuse_text("header_only", 3, "account_id,seats,plan\n");
}

Test(bad_input, truncated_gzip)
{
    put_text(folder, "plain.csv", GOOD);
    command_run run = run_shell(folder, "gzip -c plain.csv | head -c 40 > data.csv.gz");
    cr_assert_eq(run.code, 0);
    free_run(&run);
    expect_message(folder, "truncated_gzip", 3, "ingest data.csv.gz --store store --as-of 2026-10-31");
}

// ---- records ---------------------------------------------------------------------------------------------

Test(bad_input, duplicate_header)
{
    refuse_text("duplicate_header", 3, "account_id,seats,seats\na1,3,4\n");
}

Test(bad_input, duplicate_ids)
{
    refuse_text("duplicate_ids", 3, "account_id,seats\na1,3\na2,4\na1,5\n");
}

Test(bad_input, missing_id_column)
{
    refuse_text("missing_id_column", 3, "acount_id,seats\na1,3\n");
}

Test(bad_input, missing_id)
{
    refuse_text("missing_id", 3, "account_id,seats\na1,3\n,4\n");
}

Test(bad_input, unclosed_quote)
{
    refuse_text("unclosed_quote", 3, "account_id,plan\na1,basic\na2,\"pro\na3,basic\n");
}

Test(bad_input, ragged_row)
{
    refuse_text("ragged_row", 3, "account_id,seats,plan\na1,3,basic\na2,5\na3,1,pro\n");
}

Test(bad_input, nul_bytes)
{
    static const char text[] = "account_id,plan\na1,ba\0sic\na2,pro\n";
    refuse("nul_bytes", 3, text, sizeof text - 1);
}

Test(bad_input, invalid_utf8)
{
    refuse_text("invalid_utf8", 3, "account_id,plan\na1,caf\xe9\na2,pro\n");
}

Test(bad_input, hundred_megabyte_line)
{
    size_t length = 100u << 20;
    char *text = malloc(length + 64);
    size_t at = (size_t)sprintf(text, "account_id,note\na1,");
    memset(text + at, 'x', length);
    strcpy(text + at + length, "\na2,y\n");
    refuse("hundred_megabyte_line", 3, text, strlen(text));
    free(text);
}

Test(bad_input, number_overflow)
{
    refuse_text("number_overflow", 3, "account_id,seats\na1,3\na2,1e999\n");
}

Test(bad_input, impossible_date)
{
    refuse_text(
        "impossible_date", 3,
        "account_id,renewal\na1,2026-01-31\na2,2026-02-30\na3,2026-03-01\na4,2026-03-01\na5,2026-03-01\n"
        "a6,2026-03-01\na7,2026-03-01\na8,2026-03-01\na9,2026-03-01\nb1,2026-03-01\nb2,2026-03-01\n");
}

// A column that is numeric but for a few cells is never silently text.
Test(bad_input, few_cells_no_number)
{
    char text[2048] = "account_id,seats\n";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "a%d,%s\n", i, i == 17 ? "12O" : i == 23 ? "many" : "12");
    refuse_text("few_cells_no_number", 3, text);
}

Test(bad_input, one_token_counts_as_missing)
{
    char text[2048] = "account_id,seats\n";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "a%d,%s\n", i, i == 17 || i == 23 ? "Unknown" : "12");
    put_text(folder, "data.csv", text);
    expect_message(folder, "one_token_counts_as_missing", 0, INGEST);
}

Test(bad_input, rejects_take_the_bad_rows)
{
    char text[4096] = "account_id,seats\n";
    for (int i = 0; i < 200; i++)
        sprintf(text + strlen(text), "a%d,%s\n", i, i == 17 ? "12O" : "12");
    put_text(folder, "data.csv", text);
    expect_message(folder, "rejects_take_the_bad_rows", 0, INGEST " --rejects bad.csv");
    char *rejects = get_file(folder, "bad.csv", NULL);
    cr_assert_not_null(rejects);
    cr_assert_not_null(strstr(rejects, "file,line,column,value,reason\n"));
    cr_assert_not_null(strstr(rejects, "data.csv,19,seats,12O,"));
    free(rejects);
}

Test(bad_input, too_many_rejects)
{
    put_text(folder, "data.csv", "account_id,seats\na1,3\na2\na3,4\n");
    expect_message(folder, "too_many_rejects", 3, INGEST " --rejects bad.csv");
    cr_assert_not(has_file(folder, "store"));
}

// ---- usage -----------------------------------------------------------------------------------------------

Test(bad_input, no_as_of)
{
    put_text(folder, "data.csv", GOOD);
    expect_message(folder, "no_as_of", 2, "ingest data.csv --store store");
}

Test(bad_input, bad_as_of)
{
    put_text(folder, "data.csv", GOOD);
    expect_message(folder, "bad_as_of", 2, "ingest data.csv --store store --as-of 31.10.2026");
}

Test(bad_input, mistyped_verb)
{
    expect_message(folder, "mistyped_verb", 2, "injest data.csv");
}

Test(bad_input, mistyped_option)
{
    expect_message(folder, "mistyped_option", 2, "ingest data.csv --sotre store");
}

Test(bad_input, unknown_kind)
{
    put_text(folder, "data.csv", GOOD);
    expect_message(folder, "unknown_kind", 2, INGEST " --kind seats=numbr");
}

Test(bad_input, mistyped_column)
{
    put_text(folder, "data.csv", GOOD);
    expect_message(folder, "mistyped_column", 3, INGEST " --ignore seets");
}

// ---- training --------------------------------------------------------------------------------------------

// A labelled table of 300 rows; class picks what the target says.
static void put_table(const char *name, int classes, const char *extra_header, const char *extra)
{
    char *text = malloc(1 << 16);
    sprintf(text, "id,usage,seats%s,churned\n", extra_header);
    for (int i = 0; i < 300; i++)
        sprintf(text + strlen(text), "c%03d,%d.%d,%d%s,%s\n", i, i * 7 % 91, i % 10, i * 13 % 17, extra,
                classes > 1 && i * 29 % 10 < 3 ? "yes" : "no");
    put_text(folder, name, text);
    free(text);
}

#define TRAIN_TO "train data.csv --id id --target churned=yes --bootstrap 0 -o"
#define TRAIN "train data.csv --id id --target churned=yes -o model.json"

Test(bad_input, one_class)
{
    put_table("data.csv", 1, "", "");
    expect_message(folder, "one_class", 5, TRAIN);
    cr_assert_not(has_file(folder, "model.json"));
}

Test(bad_input, constant_column)
{
    put_table("data.csv", 2, ",region", ",EU");
    expect_message(folder, "constant_column", 0, TRAIN);
}

Test(bad_input, every_value_missing)
{
    put_table("data.csv", 2, ",nps", ",");
    expect_message(folder, "every_value_missing", 0, TRAIN);
}

Test(bad_input, no_usable_signal)
{
    char text[1024] = "id,region,churned\n";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "c%d,EU,%s\n", i, i % 4 ? "no" : "yes");
    put_text(folder, "data.csv", text);
    expect_message(folder, "no_usable_signal", 3, TRAIN);
}

Test(bad_input, no_such_target)
{
    put_table("data.csv", 2, "", "");
    expect_message(folder, "no_such_target", 3, "train data.csv --id id --target churn=yes -o model.json");
}

Test(bad_input, no_such_target_value)
{
    put_text(folder, "data.csv", "id,usage,state\na,1,gone\nb,2,here\n");
    expect_message(folder, "no_such_target_value", 3,
                   "train data.csv --id id --target state=left -o model.json");
}

Test(bad_input, model_exists)
{
    put_table("data.csv", 2, "", "");
    put_text(folder, "model.json", "mine");
    expect_message(folder, "model_exists", 1, TRAIN);
    char *kept = get_file(folder, "model.json", NULL);
    cr_assert_str_eq(kept, "mine");
    free(kept);
}

// What is in the way of one file stops all of them, before anything is trained.
Test(bad_input, ledger_exists)
{
    put_table("data.csv", 2, "", "");
    put_text(folder, "ledger.json", "mine");
    command_run run = run_holdfast(folder, TRAIN " --ledger ledger.json");
    cr_expect_eq(run.code, 1);
    cr_expect_not_null(strstr(run.err, "ledger.json: it exists already"), "%s", run.err);
    cr_expect_not(has_file(folder, "model.json"));
    cr_expect_not(has_file(folder, "model.md"));
    free_run(&run);
    run = run_holdfast(folder, TRAIN " --ledger nowhere/ledger.json");
    cr_expect_eq(run.code, 1);
    cr_expect_not(has_file(folder, "model.json"));
    free_run(&run);
}

// A model of who churns, held to who stays, is not quietly worse than chance. A level of Markdown's own signs
// does not break the card.
Test(bad_input, the_opposite_target_is_told)
{
    put_table("data.csv", 2, ",plan", ",u|v");
    command_run run = run_shell(folder, "sed '2~2s/u|v/*x*/' data.csv >mixed.csv && mv mixed.csv data.csv");
    free_run(&run);
    run = run_holdfast(folder, TRAIN_TO " model.json --plain --c 1");
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
    char *card = get_file(folder, "model.md", NULL);
    cr_expect_not_null(strstr(card, "at u\\|v"), "%s", card);
    cr_expect_null(strstr(card, "u|v"), "%s", card);
    free(card);
    const char *const same[] = {"churned", "churned=yes", "churned=Yes", "churned=no"};
    for (int i = 0; i < 4; i++) {
        char line[128];
        snprintf(line, sizeof line, "evaluate data.csv --model model.json --replicates 0 --target %s",
                 same[i]);
        run = run_holdfast(folder, line);
        cr_assert_eq(run.code, 0, "%s", run.err);
        cr_expect_eq(strstr(run.err, "the opposite") != NULL, i == 3, "%s: %s", same[i], run.err);
        free_run(&run);
    }
}

// A model on standard output is alone there.
Test(bad_input, model_to_standard_output)
{
    put_table("data.csv", 2, "", "");
    command_run run = run_shell(folder, "$HOLDFAST " TRAIN_TO " model.json >said && $HOLDFAST " TRAIN_TO
                                        " - | cmp - model.json");
    cr_expect_eq(run.code, 0, "%s%s", run.out, run.err);
    free_run(&run);
    run = run_holdfast(folder, "replay model.json -o -");
    cr_expect_eq(run.code, 2, "%s", run.err);
    free_run(&run);
}

// ---- models ----------------------------------------------------------------------------------------------

static void train_model(void)
{
    put_table("data.csv", 2, "", "");
    command_run run = run_holdfast(folder, TRAIN);
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
}

Test(bad_input, model_for_other_columns)
{
    train_model();
    put_text(folder, "other.csv", "id,useage,plan\nx,3,basic\ny,4,pro\n");
    expect_message(folder, "model_for_other_columns", 3, "score other.csv --model model.json -o scores.csv");
    cr_assert_not(has_file(folder, "scores.csv"));
}

Test(bad_input, extra_columns_and_new_levels_are_reported)
{
    char text[1 << 15] = "id,usage,plan,churned\n";
    for (int i = 0; i < 300; i++)
        sprintf(text + strlen(text), "c%03d,%d,%s,%s\n", i, i * 7 % 91, i % 3 ? "basic" : "pro",
                i * 29 % 10 < 3 ? "yes" : "no");
    put_text(folder, "data.csv", text);
    command_run run = run_holdfast(folder, TRAIN);
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
    put_text(folder, "new.csv", "id,usage,plan,mood\nx,3,basic,good\ny,4,gold,bad\n");
    expect_message(folder, "extra_columns_and_new_levels", 0,
                   "score new.csv --model model.json -o scores.csv -v");
}

Test(bad_input, truncated_model)
{
    train_model();
    size_t length;
    char *model = get_file(folder, "model.json", &length);
    put_file(folder, "cut.json", model, 30); // before anything that training decides
    expect_message(folder, "truncated_model", 3, "score data.csv --model cut.json -o scores.csv");
    free(model);
}

Test(bad_input, altered_model)
{
    train_model();
    size_t length;
    char *model = get_file(folder, "model.json", &length);
    char *at = strstr(model, "\"intercept\": ");
    cr_assert_not_null(at);
    at += strlen("\"intercept\": ") + 1;
    *at = *at == '9' ? '8' : '9';
    put_file(folder, "altered.json", model, length);
    expect_message(folder, "altered_model", 3, "score data.csv --model altered.json -o scores.csv");
    free(model);
}

Test(bad_input, no_model)
{
    expect_message(folder, "no_model", 1, "score data.csv --model model.json");
}

// ---- stores ----------------------------------------------------------------------------------------------

static void ingest_good(void)
{
    put_text(folder, "data.csv", GOOD);
    command_run run = run_holdfast(folder, INGEST);
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
}

Test(bad_input, truncated_snapshot)
{
    ingest_good();
    size_t length;
    char *snapshot = get_file(folder, "store/snapshots/2026-10-31.h5", &length);
    put_file(folder, "store/snapshots/2026-10-31.h5", snapshot, length - 100);
    expect_message(folder, "truncated_snapshot", 3, "store show --store store");
    expect_message(folder, "truncated_snapshot_verify", 3, "store verify --store store");
    free(snapshot);
}

Test(bad_input, altered_snapshot)
{
    ingest_good();
    size_t length;
    char *snapshot = get_file(folder, "store/snapshots/2026-10-31.h5", &length);
    snapshot[length / 2] = (char)(snapshot[length / 2] ^ 1);
    put_file(folder, "store/snapshots/2026-10-31.h5", snapshot, length);
    expect_message(folder, "altered_snapshot", 3, "store export --store store");
    free(snapshot);
}

Test(bad_input, other_content_for_a_date)
{
    ingest_good();
    put_text(folder, "data.csv", "account_id,seats,plan\na1,4,basic\na2,5,pro\n");
    command_run run = run_holdfast(folder, INGEST);
    cr_assert_eq(run.code, 1);
    cr_assert_not_null(strstr(run.err, "2026-10-31 is there already, with other content"), "%s", run.err);
    cr_assert_not_null(strstr(run.err, "pass --revise"), "%s", run.err);
    free_run(&run);
    run = run_holdfast(folder, INGEST " --revise");
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
    cr_assert(has_file(folder, "store/snapshots/2026-10-31.r2.h5"));
}

Test(bad_input, no_snapshot_of_the_date)
{
    ingest_good();
    expect_message(folder, "no_snapshot_of_the_date", 3, "store show 2026-09-30 --store store");
}

Test(bad_input, not_a_store)
{
    put_text(folder, "data.csv", GOOD);
    expect_message(folder, "not_a_store", 3, "store ls --store .");
}

// A file-size limit stands in for a full disk: the write fails in the middle.
Test(bad_input, full_disk)
{
    char *text = malloc(1 << 20);
    size_t at = (size_t)sprintf(text, "account_id,a,b,c\n");
    for (int i = 0; i < 20000; i++)
        at += (size_t)sprintf(text + at, "a%d,%d,%d,%d\n", i, i, i * 3, i * 7);
    put_text(folder, "data.csv", text);
    free(text);
    command_run run = run_shell(folder, "ulimit -f 64; exec \"$HOLDFAST\" " INGEST);
    cr_assert_eq(run.code, 1, "exit code %d: %s", run.code, run.err);
    cr_assert_not_null(strstr(run.err, "File too large"), "%s", run.err);
    cr_assert_eq(count_entries(folder, "store/snapshots"), 0);
    free_run(&run);
}

Test(bad_input, full_disk_while_scoring)
{
    train_model();
    put_table("data.csv", 2, "", "");
    command_run run =
        run_shell(folder, "ulimit -f 4; exec \"$HOLDFAST\" score data.csv --model model.json -o scores.csv");
    cr_assert_eq(run.code, 1, "exit code %d: %s", run.code, run.err);
    cr_assert_not_null(strstr(run.err, "File too large"), "%s", run.err);
    cr_assert_eq(count_entries(folder, "."), 3, "data.csv, model.json and its card are all there should be");
    free_run(&run);
}

// The superuser may write anywhere, so the command gives up its rights first.
Test(bad_input, read_only_folder)
{
    put_text(folder, "data.csv", GOOD);
    char path[300];
    snprintf(path, sizeof path, "%s/locked", folder);
    cr_assert_eq(mkdir(path, 0555), 0);
    cr_assert_eq(chmod(folder, 0755), 0);
    const char *line = "ingest data.csv --store locked/store --as-of 2026-10-31";
    char as_nobody[512];
    snprintf(as_nobody, sizeof as_nobody, "%s \"$HOLDFAST\" %s",
             geteuid() == 0 ? "exec setpriv --reuid=65534 --regid=65534 --clear-groups" : "exec", line);
    command_run run = run_shell(folder, as_nobody);
    cr_assert_eq(run.code, 1, "exit code %d: %s", run.code, run.err);
    cr_assert_str_eq(run.err, "holdfast: locked/store: cannot make the folder: Permission denied\n");
    cr_assert_eq(count_entries(folder, "locked"), 0);
    free_run(&run);
}

Test(bad_input, two_ingests_at_once)
{
    ingest_good();
    char path[300];
    snprintf(path, sizeof path, "%s/store/.lock", folder);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    cr_assert_geq(lock, 0);
    cr_assert_eq(flock(lock, LOCK_EX | LOCK_NB), 0);
    put_text(folder, "next.csv", GOOD);
    command_run run = run_holdfast(folder, "ingest next.csv --store store --as-of 2026-11-30");
    cr_assert_eq(run.code, 1, "exit code %d: %s", run.code, run.err);
    cr_assert_not_null(strstr(run.err, "writing"), "%s", run.err);
    cr_assert_not(has_file(folder, "store/snapshots/2026-11-30.h5"));
    free_run(&run);
    close(lock);
    run = run_holdfast(folder, "ingest next.csv --store store --as-of 2026-11-30");
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
}

// ---- kinds -----------------------------------------------------------------------------------------------

// A table of 40 accounts with a column x of the cells given, in turn.
static void put_cells(const char *name, const char *column, const char *const cells[4])
{
    char text[4096];
    size_t n = (size_t)snprintf(text, sizeof text, "account_id;seats;%s\n", column);
    for (int i = 0; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "a%d;%d;%s\n", i, i % 7, cells[i % 4]);
    put_text(folder, name, text);
}

Test(bad_input, most_cells_a_filler_word)
{
    put_cells("data.csv", "usage", (const char *const[]){"-", "12", "-", "-"});
    expect_message(folder, "most_cells_a_filler_word", 0, INGEST);
}

Test(bad_input, numbers_that_stay_text)
{
    put_cells("data.csv", "usage", (const char *const[]){"38,000", "12", "40,000", "7"});
    expect_message(folder, "numbers_that_stay_text", 0, INGEST);
}

Test(bad_input, tables_without_a_common_account)
{
    put_text(folder, "data.csv", GOOD);
    put_text(folder, "usage.csv", "account_id,logins\n001,3\n002,4\n");
    expect_message(folder, "tables_without_a_common_account", 3,
                   "ingest data.csv usage.csv --store store --as-of 2026-10-31");
    cr_assert_not(has_file(folder, "store"));
}

Test(bad_input, tables_that_share_some_accounts)
{
    put_text(folder, "data.csv", GOOD);
    put_text(folder, "usage.csv", "account_id,logins\na2,3\na3,4\n");
    expect_message(folder, "tables_that_share_some_accounts", 0,
                   "ingest data.csv usage.csv --store store --as-of 2026-10-31");
}

Test(bad_input, carriage_returns_alone)
{
    refuse_text("carriage_returns_alone", 3, "account_id,seats,plan\ra1,3,basic\ra2,5,pro\r");
}

Test(bad_input, bytes_after_a_gzip_member)
{
    put_text(folder, "plain.csv", GOOD);
    command_run run = run_shell(folder, "gzip -c plain.csv > data.csv.gz; echo more >> data.csv.gz");
    cr_assert_eq(run.code, 0);
    free_run(&run);
    expect_message(folder, "bytes_after_a_gzip_member", 3,
                   "ingest data.csv.gz --store store --as-of 2026-10-31");
}

Test(bad_input, a_bad_cell_in_quotes)
{
    put_cells("data.csv", "usage", (const char *const[]){"1", "2", "3", "4"});
    command_run run = run_shell(folder, "sed -i '3s/2$/\"1x2\"/' data.csv");
    free_run(&run);
    expect_message(folder, "a_bad_cell_in_quotes", 3, INGEST);
}

// ---- pipes -------------------------------------------------------------------------------------------------

// A reader that leaves at once, or in the middle of more than a pipe holds, changes neither code nor
// messages.
Test(bad_input, a_reader_that_leaves)
{
    command_run run = run_shell(
        folder,
        "exec 2>err; "
        "for i in 1 2 3 4 5; do { $HOLDFAST train --help; echo $? >&3; } 3>>codes | head -n 1 >/dev/null; "
        "{ $HOLDFAST --help; echo $? >&3; } 3>>codes | true; done; sort -u codes; wc -c < err");
    cr_assert_str_eq(run.out, "0\n0\n", "%s", run.out);
    free_run(&run);
}

Test(bad_input, quiet_leaves_the_summary_out)
{
    put_text(folder, "data.csv", GOOD);
    command_run run = run_holdfast(folder, INGEST " -q");
    cr_assert_eq(run.code, 0);
    cr_expect_str_empty(run.out);
    cr_expect_str_empty(run.err);
    free_run(&run);
}
