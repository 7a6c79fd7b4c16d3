// SPDX-License-Identifier: Apache-2.0
//
// Options that cannot be meant as they stand: outputs that would destroy an input, options that would do
// nothing in the mode at hand, options given twice. All are refused before anything is read or written.
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

TestSuite(options, .init = enter, .fini = leave, .timeout = 120);

static void put_table(const char *name)
{
    char *text = malloc(1 << 15);
    strcpy(text, "id,usage,churned\n");
    for (int i = 0; i < 300; i++)
        sprintf(text + strlen(text), "c%03d,%d,%s\n", i, i * 7 % 91, i * 29 % 10 < 3 ? "yes" : "no");
    put_text(folder, name, text);
    free(text);
}

// The line is refused as wrong usage, with the words in its message.
static void refuse(const char *line, const char *words)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 2, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    cr_assert_not_null(strstr(run.err, words), "holdfast %s: expected '%s' in: %s", line, words, run.err);
    free_run(&run);
}

static void quietly(const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    free_run(&run);
}

// ---- outputs and inputs ----------------------------------------------------------------------------------

Test(options, force_never_replaces_an_input)
{
    put_table("data.csv");
    quietly("train data.csv --id id --target churned=yes -o model.json");
    char *data = get_file(folder, "data.csv", NULL), *model = get_file(folder, "model.json", NULL);
    command_run run = run_shell(folder, "ln -s data.csv link.csv && ln data.csv hard.csv");
    cr_assert_eq(run.code, 0);
    free_run(&run);
    refuse("train data.csv --id id --target churned=yes -o data.csv --force", "also read");
    refuse("train data.csv --id id --target churned=yes -o ./data.csv --force", "also read");
    refuse("train link.csv --id id --target churned=yes -o data.csv --force", "also read");
    refuse("train data.csv --id id --target churned=yes -o hard.csv --force", "also read");
    refuse("train data.csv --id id --target churned=yes -o m2.json --rejects data.csv --force", "--rejects");
    refuse("score data.csv --model model.json -o model.json --force", "also read by --model");
    refuse("train data.csv --id id --target churned=yes -o m.json --plain --pairs 2", "with --plain");
    refuse("evaluate data.csv --id id --target churned=yes --model model.json --reliability", "with --model");
    refuse("report model.json -o ./model.json --force", "also read");
    refuse("score data.csv --model model.json -o data.csv --force", "also read");
    refuse("evaluate data.csv --target churned --model model.json -o model.json --force", "by --model");
    refuse("ingest data.csv --id id --store s --as-of 2026-10-31 --rejects data.csv --force", "--rejects");
    char *kept = get_file(folder, "data.csv", NULL);
    cr_assert_str_eq(kept, data);
    free(kept);
    kept = get_file(folder, "model.json", NULL);
    cr_assert_str_eq(kept, model);
    free(kept);
    free(data);
    free(model);
    cr_assert_not(has_file(folder, "s"));
}

Test(options, two_outputs_are_two_files)
{
    put_table("data.csv");
    expect_message(folder, "output_is_rejects", 2,
                   "train data.csv --id id --target churned=yes -o new.json --rejects ./new.json");
    cr_assert_not(has_file(folder, "new.json"));
}

Test(options, a_device_is_no_file_of_its_own)
{
    put_table("data.csv");
    quietly("train data.csv --id id --target churned=yes -o model.json");
    quietly("score data.csv --model model.json -o - --rejects bad.csv");
}

// ---- options of another mode -----------------------------------------------------------------------------

Test(options, reading_options_are_refused_with_a_store)
{
    expect_message(folder, "kind_with_store", 2, "score --store s --model m.json --kind seats=count");
    refuse("train --store s --outcomes o.csv --horizon 30 -o m.json --ignore seats",
           "--ignore has no effect");
    refuse("train --store s --outcomes o.csv --horizon 30 -o m.json --id seats", "--id has no effect");
    refuse("evaluate --store s --definition d.yaml --id seats", "--id has no effect");
    refuse("score --store s --model m.json --as-of-column d", "--as-of-column has no effect");
}

Test(options, options_of_the_other_mode_are_refused)
{
    refuse("train f.csv --target x -o m.json --horizon 30", "--horizon has no effect");
    refuse("train f.csv --target x -o m.json --outcomes o.csv", "--outcomes has no effect");
    refuse("train f.csv --target x -o m.json --lead 3", "--lead has no effect");
    refuse("train f.csv --target x -o m.json --known-until 2026-01-01", "--known-until has no effect");
    refuse("train --store s --target x --outcomes o.csv --horizon 30 -o m.json", "--target has no effect");
    refuse("score f.csv --model m.json --as-of 2026-10-31", "--as-of has no effect");
    refuse("score f.csv --definition d.yaml --as-of-column day", "--as-of-column has no effect");
    refuse("evaluate f.csv --target x --model m.json --c 1", "--c has no effect");
    refuse("evaluate f.csv --target x --model m.json --calibrate platt", "--calibrate has no effect");
    refuse("train f.csv --target x -o m.json --calibrate maybe", "--calibrate takes one of");
    refuse("train f.csv --target x -o m.json --pairs 13", "takes auto or a whole number from 0 to 12");
    refuse("train f.csv --target x -o m.json --rules five",
           "--rules takes auto or a whole number from 0 to 1000, not 'five'");
    refuse("train f.csv --target x -o m.json --subsample 0", "takes auto, off or a number from 1 on");
    refuse("evaluate f.csv --target x --model m.json --inner-folds 3", "--inner-folds has no effect");
    refuse("evaluate f.csv --target x --allow-missing", "--allow-missing has no effect");
    refuse("evaluate f.csv --target x --horizon 30", "--horizon has no effect");
    refuse("evaluate --store s --definition d.yaml --horizon 30",
           "--horizon has no effect without --outcomes");
    refuse("evaluate --store s --definition d.yaml --c 1", "--c has no effect");
    refuse("evaluate --store s --definition d.yaml --outcomes o.csv --calibrate none",
           "--calibrate has no effect");
    refuse("evaluate --store s --model m.json --outcomes o.csv --calibrate platt",
           "--calibrate has no effect");
    refuse("store verify 2026-10-31 --store s", "takes no date");
    refuse("store ls 2026-10-31 --store s", "takes no date");
    refuse("store export --store s --format json", "--format has no effect");
}

Test(options, an_option_given_twice_is_refused)
{
    expect_message(folder, "option_twice", 2, "score f.csv --model a.json --model b.json");
    refuse("ingest f.csv --store a --store b --as-of 2026-10-31", "--store is given twice");
}

Test(options, lists_may_be_given_in_parts)
{
    put_text(folder, "data.csv", "account_id,a,b,c\nx,1,2,3\ny,2,3,4\n");
    quietly("ingest data.csv --store s --as-of 2026-10-31 --ignore a --ignore b");
}

Test(options, empty_words_are_refused)
{
    expect_message(folder, "empty_word", 2, "score '' --model m.json");
    expect_message(folder, "empty_value", 2, "score f.csv --model ''");
}
