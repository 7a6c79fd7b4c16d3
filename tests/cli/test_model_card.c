// SPDX-License-Identifier: Apache-2.0
//
// What a statistician sees of a model at the command: the card of a small table, whole; the summary's page
// with standard errors; what stops a base that is too small, and how a forced model is known.
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

TestSuite(model_card, .init = enter, .fini = leave, .timeout = 120);

// rows accounts, four in ten of which churn where usage is low.
static void put_table(int rows)
{
    char *text = malloc(1 << 16);
    strcpy(text, "id,usage,plan,seats,churned\n");
    for (int i = 0; i < rows; i++) {
        const int usage = i * 37 % 101, chance = i * 29 % 100;
        sprintf(text + strlen(text), "c%04d,%d,%s,%d,%s\n", i, usage, i % 3 == 0 ? "pro" : "basic",
                1 + i * 7 % 5, chance < 45 - usage / 3 ? "yes" : "no");
    }
    put_text(folder, "data.csv", text);
    free(text);
}

static void quietly(const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    free_run(&run);
}

Test(model_card, of_a_table)
{
    put_table(400);
    quietly("train data.csv --id id --target churned=yes --bootstrap 20 --refit -o model.json");
    cr_assert(has_file(folder, "model.md"));
    // The page goes to standard error, so that the golden file holds it whole.
    expect_message(folder, "card_of_a_table", 0, "report model.json --format markdown >&2");
    expect_message(folder, "summary_of_a_table", 0, "report model.json >&2");
    char *card = get_file(folder, "model.md", NULL);
    command_run run = run_holdfast(folder, "report model.json --format markdown");
    cr_assert_str_eq(run.out, card, "training writes the very card");
    free_run(&run);
    free(card);
}

Test(model_card, goes_where_it_is_told)
{
    put_table(300);
    quietly("train data.csv --id id --target churned=yes --plain --bootstrap 0 --card page.md -o a.json");
    cr_assert(has_file(folder, "page.md") && !has_file(folder, "a.md"));
    quietly("train data.csv --id id --target churned=yes --plain --bootstrap 0 --card none -o b.json");
    cr_assert_not(has_file(folder, "b.md"));
    // Nothing is overwritten: neither file is written where one stands in the way.
    expect_message(
        folder, "card_exists", 1,
        "train data.csv --id id --target churned=yes --plain --bootstrap 0 --card page.md -o c.json");
    cr_assert_not(has_file(folder, "c.json"));
}

Test(model_card, a_small_base_is_refused_unless_forced)
{
    put_table(12);
    expect_message(folder, "small_base_refused", 5,
                   "train data.csv --id id --target churned=yes --plain -o model.json");
    cr_assert_not(has_file(folder, "model.json"));
    expect_message(folder, "small_base_forced", 0,
                   "train data.csv --id id --target churned=yes --plain --c 0.01 --bootstrap 0 --allow-small "
                   "-o model.json");
    char *card = get_file(folder, "model.md", NULL);
    cr_assert_not_null(strstr(card, "**Forced.**"));
    free(card);
    expect_message(folder, "small_base_scored", 0, "score data.csv --id id --model model.json -o scores.csv");
}

Test(model_card, a_model_without_a_summary_says_so)
{
    expect_message(folder, "report_no_model", 2, "report");
    expect_message(folder, "report_no_such_model", 1, "report none.json");
}
