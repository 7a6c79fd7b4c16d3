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
    fputs("account_id,usage,tickets,plan,renewal_date,churned\n", file);
    for (int i = 0; i < 60; i++)
        fprintf(file, "a%d,%d,%d,%s,2027-01-%02d,%s\n", i, i * 7 % 50 + (i % 4 ? 30 : 0), i % 5,
                i % 3 ? "pro" : "basic", i % 28 + 1, i % 4 ? "no" : "yes");
    fclose(file);
}

static void good(hf_status status, const hf_error *error)
{
    cr_assert_eq(status, HF_OK, "%s", error->message);
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
    hf_csv_options csv = HF_CSV_OPTIONS_INIT;
    csv.id = "account_id";
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

static hf_status run(int job, const hf_context *context, hf_error *error)
{
    hf_csv_options csv = HF_CSV_OPTIONS_INIT;
    csv.id = "account_id";
    if (job < 3) {
        const hf_profile_job profile = {.file = table,
                                        .csv = csv,
                                        .as_of = 20000,
                                        .target = "churned",
                                        .format = (hf_table_format)job,
                                        .overwrite = true,
                                        .output = output};
        return hf_workflow_profile(context, &profile, error);
    }
    if (job == 3) {
        const hf_init_job init = {.file = table,
                                  .csv = csv,
                                  .as_of = 20000,
                                  .target = "churned",
                                  .definition = definition,
                                  .overwrite = true,
                                  .output = output};
        return hf_workflow_init(context, &init, error);
    }
    if (job == 8) {
        const hf_whatif_weights_job weights = {.store = store,
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
        return hf_workflow_whatif_weights(context, &weights, error);
    }
    if (job > 8) {
        static const char *const edits[] = {"tickets *= 0.5 where usage < 60", "plan = gold where plan = pro",
                                            "renewal_date += 30"};
        const hf_whatif_scenario_job scenario = {.store = store,
                                                 .csv = csv,
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
                                                 .format = job == 9 ? HF_REPORT_TABLE : HF_REPORT_JSON,
                                                 .overwrite = true,
                                                 .output = output};
        return hf_workflow_whatif_scenario(context, &scenario, error);
    }
    if (job > 5) {
        static const int64_t capacity[] = {5, 20};
        const hf_evaluate_job evaluate = {.store = job == 7 ? store : NULL,
                                          .outcomes = outcomes,
                                          .horizon = 30,
                                          .known_until = 20100,
                                          .file = job == 7 ? NULL : table,
                                          .csv = csv,
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
                                          .format = job == 6 ? HF_REPORT_TABLE : HF_REPORT_JSON,
                                          .overwrite = true,
                                          .output = output};
        return hf_workflow_evaluate(context, &evaluate, error);
    }
    const hf_check_job check = {.definition = definition,
                                .file = table,
                                .csv = csv,
                                .as_of = 20000,
                                .format = job == 4 ? HF_REPORT_TABLE : HF_REPORT_JSON,
                                .overwrite = true,
                                .output = output};
    return hf_workflow_check(context, &check, error);
}

// One by one at first, then ever more coarsely: by a part in `fineness`.
static void fail_every_request(int first, int last, long fineness)
{
    for (int job = first; job <= last; job++) {
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
            status = run(job, context, &error);
            if (status != HF_OK) {
                cr_assert_eq(status, HF_ERROR_MEMORY, "job %d, request %ld: %s", job, k, error.message);
                cr_assert_neq(access(output, F_OK), 0, "job %d, request %ld left output", job, k);
            }
            hf_context_destroy(context);
            cr_assert_lt(k, 100000);
        }
        cr_assert_eq(access(output, F_OK), 0);
    }
}

Test(starter_memory, every_request_may_fail)
{
    fail_every_request(0, 5, 40); // 3 before 4: init writes the definition that check reads
}

Test(starter_memory, every_request_of_an_evaluation_may_fail)
{
    put_history();
    fail_every_request(6, 7, 8);
}

Test(starter_memory, every_request_of_a_what_if_may_fail)
{
    hf_context *context = NULL;
    hf_error error = {0};
    put_history();
    good(hf_context_create(&context, NULL, &error), &error);
    good(run(3, context, &error), &error);
    hf_context_destroy(context);
    fail_every_request(8, 10, 4);
}
