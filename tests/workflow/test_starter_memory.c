// SPDX-License-Identifier: Apache-2.0
//
// profile, init, check and evaluate when memory runs out at any one request: each says so, leaves nothing
// behind and writes nothing.
#include "base/base_room.h"
#include "holdfast/workflow.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    long left;
} budget;

static void *scarce(void *user, void *p, size_t size)
{
    budget *b = user;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return b->left-- > 0 ? realloc(p, size) : NULL;
}

static char table[64], definition[64], output[64], model[64], outcomes[64], store[64];

static void put_files(void)
{
    snprintf(table, sizeof table, "/tmp/holdfast_memory_%ld.csv", (long)getpid());
    snprintf(definition, sizeof definition, "/tmp/holdfast_memory_%ld.yaml", (long)getpid());
    snprintf(output, sizeof output, "/tmp/holdfast_memory_%ld.out", (long)getpid());
    FILE *file = fopen(table, "w");
    fputs("account_id,usage,logins,tickets,plan,renewal_date,churned\n", file);
    for (int i = 0; i < 60; i++)
        fprintf(file, "a%d,%d,%d,%d,%s,2027-01-%02d,%s\n", i, i * 7 % 50 + (i % 4 ? 30 : 0),
                i * 11 % 37 + (i % 4 ? 9 : 0), i % 5, i % 3 ? "pro" : "basic", i % 28 + 1,
                i % 4 ? "no" : "yes");
    fclose(file);
}

static void good(hf_status status, const hf_error *error)
{
    cr_assert_eq(status, HF_OK, "%s", error->message);
}

static hf_csv_options by_account(void)
{
    hf_csv_options csv = HF_CSV_OPTIONS_INIT;
    csv.id = "account_id";
    return csv;
}

// A model of the table, the table as a snapshot, and outcomes of its accounts.
static void put_history(void)
{
    snprintf(model, sizeof model, "/tmp/holdfast_memory_%ld.json", (long)getpid());
    snprintf(outcomes, sizeof outcomes, "/tmp/holdfast_memory_%ld_outcomes.csv", (long)getpid());
    snprintf(store, sizeof store, "/tmp/holdfast_memory_%ld_store", (long)getpid());
    FILE *file = fopen(outcomes, "w");
    fputs("account_id,date,outcome\n", file);
    for (int i = 0; i < 60; i += 4)
        fprintf(file, "a%d,2024-10-20,churn\n", i);
    fclose(file);
    hf_context *context = NULL;
    hf_error error = {0};
    const char *const files[] = {table};
    const hf_csv_options csv = by_account();
    good(hf_context_create(&context, NULL, &error), &error);
    const hf_ingest_job ingest = {
        .files = files, .file_count = 1, .csv = csv, .store = store, .as_of = 20000}; // 2024-10-04
    good(hf_workflow_ingest(context, &ingest, &error), &error);
    hf_train_options fit = HF_TRAIN_OPTIONS_INIT;
    fit.plain = true;
    fit.c = 1;
    const hf_train_job train = {
        .file = table, .csv = csv, .target = "churned", .fit = fit, .model = model, .overwrite = true};
    good(hf_workflow_train(context, &train, &error), &error);
    hf_context_destroy(context);
}

static void remove_files(void)
{
    char line[128];
    const char *const files[] = {table, definition, output, model, outcomes};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (files[i][0] != '\0') remove(files[i]);
    if (store[0] == '\0') return;
    snprintf(line, sizeof line, "rm -rf %s %.*s*.md", store, (int)(strlen(model) - strlen(".json")), model);
    cr_assert_eq(system(line), 0);
}

TestSuite(starter_memory, .init = put_files, .fini = remove_files, .timeout = 200);

static hf_status profile(const hf_context *context, hf_table_format format, hf_error *error)
{
    const hf_profile_job job = {.file = table,
                                .csv = by_account(),
                                .as_of = 20000,
                                .target = "churned",
                                .format = format,
                                .overwrite = true,
                                .output = output};
    return hf_workflow_profile(context, &job, error);
}

static hf_status init(const hf_context *context, hf_error *error)
{
    const hf_init_job job = {.file = table,
                             .csv = by_account(),
                             .as_of = 20000,
                             .target = "churned",
                             .definition = definition,
                             .overwrite = true,
                             .output = output};
    return hf_workflow_init(context, &job, error);
}

static hf_status check(const hf_context *context, hf_report_format format, hf_error *error)
{
    const hf_check_job job = {.definition = definition,
                              .file = table,
                              .csv = by_account(),
                              .as_of = 20000,
                              .format = format,
                              .overwrite = true,
                              .output = output};
    return hf_workflow_check(context, &job, error);
}

// Of a store, or of the table where `from` is NULL.
static hf_status evaluate(const hf_context *context, const char *from, hf_report_format format,
                          hf_error *error)
{
    static const int64_t capacity[] = {5, 20};
    const hf_evaluate_job job = {.store = from,
                                 .outcomes = outcomes,
                                 .horizon = 30,
                                 .known_until = 20100,
                                 .file = from ? NULL : table,
                                 .csv = by_account(),
                                 .target = "churned",
                                 .model = model,
                                 .against = model,
                                 .arr = "usage",
                                 .by = "plan",
                                 .capacity = capacity,
                                 .capacity_count = 2,
                                 .fit = HF_TRAIN_OPTIONS_INIT,
                                 .replicates = 40,
                                 .alpha = 0.05,
                                 .format = format,
                                 .overwrite = true,
                                 .output = output};
    return hf_workflow_evaluate(context, &job, error);
}

static hf_status weights(const hf_context *context, hf_error *error)
{
    const hf_whatif_weights_job job = {.store = store,
                                       .definition = definition,
                                       .as_of = HF_DATE_MISSING,
                                       .one_at_a_time = true,
                                       .factor = 2,
                                       .sweep = 3,
                                       .concentration = 5,
                                       .outcomes = outcomes,
                                       .horizon = 30,
                                       .known_until = 20100,
                                       .capacity = 5,
                                       .top = 2,
                                       .replicates = 40,
                                       .alpha = 0.05,
                                       .name = "memory",
                                       .overwrite = true,
                                       .output = output};
    return hf_workflow_whatif_weights(context, &job, error);
}

static hf_status scenario(const hf_context *context, hf_report_format format, hf_error *error)
{
    static const char *const edits[] = {"tickets *= 0.5 where usage < 60", "plan = gold where plan = pro",
                                        "renewal_date += 30"};
    const hf_whatif_scenario_job job = {.store = store,
                                        .csv = by_account(),
                                        .as_of = HF_DATE_MISSING,
                                        .definition = definition,
                                        .model = model,
                                        .edits = edits,
                                        .edit_count = 3,
                                        .where = "tickets > 0",
                                        .by = "plan",
                                        .capacity = 5,
                                        .top = 3,
                                        .name = "scenario",
                                        .format = format,
                                        .overwrite = true,
                                        .output = output};
    return hf_workflow_whatif_scenario(context, &job, error);
}

// What is tried; init writes the definition that check and the what-ifs read.
typedef enum {
    PROFILE_TABLE,
    PROFILE_CSV,
    PROFILE_JSON,
    INIT,
    CHECK_TABLE,
    CHECK_JSON,
    EVALUATE_TABLE,
    EVALUATE_STORE,
    WEIGHTS,
    SCENARIO_TABLE,
    SCENARIO_JSON
} verb;

static hf_status run(verb tried, const hf_context *context, hf_error *error)
{
    switch (tried) {
    case PROFILE_TABLE:
        return profile(context, HF_TABLE_TABLE, error);
    case PROFILE_CSV:
        return profile(context, HF_TABLE_CSV, error);
    case PROFILE_JSON:
        return profile(context, HF_TABLE_JSON, error);
    case INIT:
        return init(context, error);
    case CHECK_TABLE:
        return check(context, HF_REPORT_TABLE, error);
    case CHECK_JSON:
        return check(context, HF_REPORT_JSON, error);
    case EVALUATE_TABLE:
        return evaluate(context, NULL, HF_REPORT_TABLE, error);
    case EVALUATE_STORE:
        return evaluate(context, store, HF_REPORT_JSON, error);
    case WEIGHTS:
        return weights(context, error);
    case SCENARIO_TABLE:
        return scenario(context, HF_REPORT_TABLE, error);
    case SCENARIO_JSON:
        return scenario(context, HF_REPORT_JSON, error);
    }
    return HF_ERROR_INTERNAL;
}

// One by one at first, then ever more coarsely: by a part in `fineness`.
static void fail_every_request(verb first, verb last, long fineness)
{
    for (verb tried = first; tried <= last; tried++) {
        hf_status status = HF_ERROR_MEMORY;
        for (long k = 0; status != HF_OK; k += 1 + k / fineness) {
            budget left = {1000000};
            hf_error error = {0};
            hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
            hf_context *context = NULL;
            options.threads = 2;
            options.resize = scarce;
            options.resize_user = &left;
            cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
            remove(output);
            left.left = k;
            status = run(tried, context, &error);
            if (status != HF_OK) {
                cr_assert_eq(status, HF_ERROR_MEMORY, "verb %d, request %ld: %s", (int)tried, k,
                             error.message);
                cr_assert_neq(access(output, F_OK), 0, "verb %d, request %ld left output", (int)tried, k);
            }
            hf_context_destroy(context);
            cr_assert_lt(k, 100000);
        }
        cr_assert_eq(access(output, F_OK), 0);
    }
}

Test(starter_memory, every_request_may_fail)
{
    fail_every_request(PROFILE_TABLE, CHECK_JSON, 40);
}

Test(starter_memory, every_request_of_an_evaluation_may_fail)
{
    put_history();
    fail_every_request(EVALUATE_TABLE, EVALUATE_STORE, 8);
}

Test(starter_memory, every_request_of_a_what_if_may_fail)
{
    hf_context *context = NULL;
    hf_error error = {0};
    put_history();
    good(hf_context_create(&context, NULL, &error), &error);
    good(init(context, &error), &error);
    hf_context_destroy(context);
    fail_every_request(WEIGHTS, SCENARIO_JSON, 4);
}
