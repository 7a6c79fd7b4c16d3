// SPDX-License-Identifier: Apache-2.0
//
// profile, init and check when memory runs out at any one request: each says so, leaves nothing behind and
// writes nothing.
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

static char table[64], definition[64], output[64];

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

static void remove_files(void)
{
    remove(table);
    remove(definition);
    remove(output);
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
    const hf_check_job check = {.definition = definition,
                                .file = table,
                                .csv = csv,
                                .as_of = 20000,
                                .format = job == 4 ? HF_REPORT_TABLE : HF_REPORT_JSON,
                                .overwrite = true,
                                .output = output};
    return hf_workflow_check(context, &check, error);
}

Test(starter_memory, every_request_may_fail)
{
    // 3 before 4: init writes the definition that check reads.
    for (int job = 0; job < 6; job++) {
        hf_status status = HF_ERROR_MEMORY;
        // One by one at first, then ever more coarsely.
        for (long k = 0; status != HF_OK; k += 1 + k / 40) {
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
