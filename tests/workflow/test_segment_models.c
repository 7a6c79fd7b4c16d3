// SPDX-License-Identifier: Apache-2.0
//
// Models by segment: who gets a model of its own, what the others' intercepts are against a search of the
// penalised likelihood done here, and a fleet scored by all of them through a definition.
#include "base/failing_context.h"
#include "churn/churn_room.h"
#include "cli/command_run.h"
#include "holdfast/csv.h"
#include "holdfast/score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 500, SMALL = 40 };

static char folder[256];
static hf_context *context;
static hf_error error;

// Rows of "free" and "pro" churn by tickets in opposite ways; "two words" has few rows and churns more.
static void put_fleet(void)
{
    char *text = calloc(ROWS + 1, 64);
    hf_random random = hf_random_seed(9, 1);
    strcpy(text, "id,plan,tickets,use,churned\n");
    char *at = text + strlen(text);
    for (int i = 0; i < ROWS; i++) {
        const char *plan = i < SMALL ? "two words" : i % 2 ? "free" : "pro";
        const double tickets = (double)hf_random_below(&random, 13), use = hf_random_uniform(&random);
        const double slope = i < SMALL ? 0.1 : i % 2 ? 0.35 : -0.35;
        const double z = slope * (tickets - 6) - use + (i < SMALL ? 1.5 : 0.2);
        const bool churned = hf_random_uniform(&random) < 1 / (1 + exp(-z));
        at += sprintf(at, "a%03d,%s,%.0f,%.2f,%s\n", i, i == SMALL ? "" : plan, tickets, use,
                      churned ? "yes" : "no");
    }
    put_text(folder, "t.csv", text);
    free(text);
}

static void enter(void)
{
    enter_folder(folder);
    cr_assert_eq(hf_context_create(&context, NULL, &error), HF_OK);
    put_fleet();
}

static void leave(void)
{
    hf_context_destroy(context);
    leave_folder(folder);
}

TestSuite(segment_models, .init = enter, .fini = leave, .timeout = 200);

static char *holdfast(const char *line, int code)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, code, "%s: exit code %d: %s", line, run.code, run.err);
    free(code == 0 ? run.err : run.out);
    return code == 0 ? run.out : run.err;
}

static void refuse(const char *line, int code, const char *words)
{
    char *said = holdfast(line, code);
    cr_assert_not_null(strstr(said, words), "%s: expected '%s' in: %s", line, words, said);
    free(said);
}

static hf_model *load(const char *name)
{
    char path[512];
    hf_model *model = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(hf_model_load(&model, context, path, &error), HF_OK, "%s", error.message);
    return model;
}

static const json_t *note_of(const hf_model *model)
{
    return json_object_get(json_object_get(model->record, "training"), "segment");
}

static hf_frame *read_fleet(void)
{
    char path[512];
    hf_frame *frame = NULL;
    hf_csv_options csv = HF_CSV_OPTIONS_INIT;
    csv.id = "id";
    snprintf(path, sizeof path, "%s/t.csv", folder);
    cr_assert_eq(hf_csv_read(&frame, NULL, context, path, &csv, &error), HF_OK, "%s", error.message);
    return frame;
}

// The log-odds of every row of the fleet under a model.
static double *log_odds(const hf_model *model, const hf_frame *frame)
{
    const hf_plan_options options = {.allow_missing = true};
    hf_plan *plan = NULL;
    double *out = calloc(ROWS, sizeof *out), contribution[64];
    cr_assert_eq(hf_plan_create(&plan, context, model, frame, &options, &error), HF_OK, "%s", error.message);
    for (int i = 0; i < ROWS; i++)
        out[i] = hf_plan_explain(plan, i, contribution);
    hf_plan_destroy(plan);
    return out;
}

static double penalised(const double *margin, const hf_frame *frame, double d)
{
    const hf_column *churned = &frame->columns[hf_frame_find(frame, "churned")];
    double loss = d * d / (2 * 0.25);
    for (int i = 0; i < SMALL; i++) {
        const double z = margin[i] + d;
        loss += hf_column_number(churned, i) > 0 ? log1p(exp(-z)) : log1p(exp(z));
    }
    return loss;
}

// By halving thirds of an interval: slow, and nothing to go wrong.
static double best_shift(const double *margin, const hf_frame *frame)
{
    double low = -10, high = 10;
    while (high - low > 1e-9) {
        const double a = low + (high - low) / 3, b = high - (high - low) / 3;
        if (penalised(margin, frame, a) < penalised(margin, frame, b))
            high = b;
        else
            low = a;
    }
    return (low + high) / 2;
}

static const char train[] =
    "train t.csv --id id --target churned --by plan -o 'm-{segment}.json' --bootstrap 0 --c 0.5 -q";

Test(segment_models, few_events_take_the_pooled_model_with_an_intercept_of_their_own)
{
    free(holdfast(train, 0));
    hf_model *pooled = load("m-default.json"), *small = load("m-two-words.json");
    cr_assert_str_eq(json_string_value(json_object_get(note_of(small), "model")), "pooled");
    cr_assert_eq(json_integer_value(json_object_get(note_of(small), "rows")), SMALL);
    cr_assert_eq(json_integer_value(json_object_get(note_of(small), "needed")), 30);
    cr_assert_eq(json_integer_value(json_object_get(note_of(pooled), "rows")), 1);
    cr_assert(json_equal(pooled->terms_read, small->terms_read), "the terms are those of all accounts");
    // Against the model before any shift: both files carry theirs.
    const double shift = json_number_value(json_object_get(note_of(small), "shift"));
    hf_frame *frame = read_fleet();
    double *margin = log_odds(small, frame);
    for (int i = 0; i < SMALL; i++)
        margin[i] -= shift;
    cr_assert_float_eq(shift, best_shift(margin, frame), 1e-6);
    cr_assert_gt(fabs(shift), 1e-3);
    const double other = json_number_value(json_object_get(note_of(pooled), "shift"));
    cr_assert_float_eq(small->intercept - shift, pooled->intercept - other, 1e-12);
    free(margin);
    hf_frame_destroy(frame);
    hf_model_destroy(pooled);
    hf_model_destroy(small);
}

Test(segment_models, enough_events_make_a_model_of_their_own)
{
    free(holdfast(train, 0));
    command_run run = run_shell(folder, "grep -e '^id,' -e ,free, t.csv > free.csv");
    cr_assert_eq(run.code, 0);
    free_run(&run);
    free(holdfast("train free.csv --id id --target churned -o free.json -q --bootstrap 0 --c 0.5", 0));
    hf_model *own = load("m-free.json"), *alone = load("free.json");
    cr_assert_str_eq(json_string_value(json_object_get(note_of(own), "model")), "own");
    cr_assert(json_equal(own->terms_read, alone->terms_read));
    cr_assert_eq(own->intercept, alone->intercept);
    hf_model_destroy(own);
    hf_model_destroy(alone);
}

// The printed text goes into a definition as it is.
Test(segment_models, a_fleet_is_scored_by_all_of_them)
{
    static const char *const names[] = {"m-free.json", "m-pro.json", "m-two-words.json", "m-default.json"};
    char *said = holdfast(
        "train t.csv --id id --target churned --by plan -o 'm-{segment}.json' --bootstrap 0 --c 0.5", 0);
    char text[2048];
    const char *snippet = strstr(said, "segments:\n");
    cr_assert_not_null(snippet, "%s", said);
    cr_assert_not_null(strstr(said, "two words"), "the ledger has a line a segment");
    snprintf(text, sizeof text,
             "holdfast: 1\ngroups: {g: {measures: {t: {signal: tickets, higher: bad, curve: {linear: {worst: "
             "12, best: 0}}}}}}\n%s",
             snippet);
    put_text(folder, "d.yaml", text);
    free(said);
    char *scores = holdfast("score t.csv --id id --ignore churned --definition d.yaml --model m-default.json "
                            "--as-of 2026-01-31 -q",
                            0);
    hf_frame *frame = read_fleet();
    double *by[4];
    for (int m = 0; m < 4; m++) {
        hf_model *model = load(names[m]);
        by[m] = log_odds(model, frame);
        hf_model_destroy(model);
    }
    char *line = strtok(scores, "\n");
    for (int i = 0; i < ROWS; i++) {
        double p = -1;
        line = strtok(NULL, "\n");
        cr_assert_eq(sscanf(line, "%*[^,],%lf", &p), 1, "%s", line);
        const int m = i < SMALL ? 2 : i == SMALL ? 3 : i % 2 ? 0 : 1;
        cr_assert_float_eq(p, 1 / (1 + exp(-by[m][i])), 2e-6, "row %d by %s", i, names[m]);
    }
    for (int m = 0; m < 4; m++)
        free(by[m]);
    free(scores);
    hf_frame_destroy(frame);
}

Test(segment_models, one_alone_is_the_same_bytes)
{
    free(holdfast(train, 0));
    free(holdfast("train t.csv --id id --target churned --by plan --segment 'two words' -o one.json -q "
                  "--bootstrap 0 --c 0.5",
                  0));
    free(holdfast(
        "train t.csv --id id --target churned --by plan --segment pro -o two.json -q --bootstrap 0 --c 0.5 "
        "--threads 7",
        0));
    char *said = holdfast("train t.csv --id id --target churned --by plan --segment 'two words' "
                          "-o 'x-{segment}-{segment}.json' --bootstrap 0 --c 0.5",
                          0);
    cr_expect_not_null(strstr(said, "too few for a model of its own"), "%s", said);
    free(said);
    command_run run = run_shell(folder, "cmp one.json m-two-words.json && cmp two.json m-pro.json && "
                                        "cmp one.json x-two-words-two-words.json");
    cr_assert_eq(run.code, 0, "%s", run.out);
    free_run(&run);
}

// No level's name leads out of the folder.
Test(segment_models, a_level_of_dots_stays_below)
{
    command_run run =
        run_shell(folder, "sed 's/two words/../' t.csv >dots.csv && $HOLDFAST train dots.csv --id id "
                          "--target churned --by plan --segment .. -o '{segment}.json' -q "
                          "--bootstrap 0 --c 0.5");
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
    cr_expect(has_file(folder, "_..json"));
}

Test(segment_models, the_ledger_of_all_is_written_once)
{
    free(holdfast("train t.csv --id id --target churned --by plan -o 'l-{segment}.json' --ledger l.json "
                  "--bootstrap 0 --c 0.5",
                  0));
    cr_expect(has_file(folder, "l.json"));
    cr_expect(has_file(folder, "l-default.json"));
}

Test(segment_models, what_cannot_be_meant_is_refused)
{
    refuse("train t.csv --id id --target churned --by plan -o m.json", 2, "{segment}");
    refuse("train t.csv --id id --target churned --segment pro -o m.json", 2, "--by");
    refuse("train t.csv --id id --target churned --by plan --segments d.yaml -o m-{segment}.json", 2,
           "one of");
    refuse("train t.csv --id id --target churned --by plann -o m-{segment}.json", 3, "did you mean 'plan'");
    refuse("train t.csv --id id --target churned --by use -o m-{segment}.json", 3, "a category");
    refuse("train t.csv --id id --target churned --by plan --segment Pro -o m.json", 2, "'pro'");
    refuse("train t.csv --id id --target churned --by id -o m-{segment}.json", 3,
           "column 'id' holds the accounts' ids");
    // Nothing is replaced, and nothing new is written where something would be.
    put_text(folder, "m-pro.json", "mine");
    refuse("train t.csv --id id --target churned --by plan -o m-{segment}.json --c 0.5", 1, "m-pro.json");
    cr_assert_not(has_file(folder, "m-free.json"));
}
