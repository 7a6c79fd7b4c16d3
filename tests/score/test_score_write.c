// SPDX-License-Identifier: Apache-2.0
//
// Scores as CSV, JSON lines and a table: the form, hostile ids and levels, the order and the cut by rank, the
// same bytes for any threads, and nothing left behind where writing fails.
#include "score/random_fleet.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char folder[64], path[96];

static void make_folder(void)
{
    strcpy(folder, "/tmp/holdfast-score-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/scores", folder);
}

static void remove_folder(void)
{
    unlink(path);
    cr_assert(rmdir(folder) == 0, "something was left in the folder");
}

TestSuite(score_write, .init = make_folder, .fini = remove_folder);

static char *contents(size_t *length)
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(*length + 1, 1);
    cr_assert(fread(text, 1, *length, file) == *length);
    fclose(file);
    return text;
}

// Three accounts with hostile ids; tickets_90d, a plan of hostile levels, csat.
typedef struct {
    hf_context *context;
    hf_frame *frame;
    hf_model model;
    hf_term terms[3];
    double values[2];
    hf_plan *plan;
    hf_scores scores;
} desk;

static void make(desk *d)
{
    const char *texts[] = {"month, \"gold\"", "zwei\nJahre \xc3\xbc"};
    const size_t lengths[] = {13, 13};
    static const char ids[3][12] = {"a,\"b\"", "plain", "\xe6\x97\xa5\xe6\x9c\xac\t\\"};
    hf_column *column;
    *d = (desk){.values = {2, -1}, .context = context_with(1, HF_ISA_AUTO)};
    hf_frame_create(&d->frame, d->context, 3, 12, NULL);
    memcpy(d->frame->ids, ids, sizeof ids);
    hf_frame_add(d->frame, &column, "tickets_90d", HF_KIND_COUNT, HF_STORAGE_F32, NULL);
    memcpy(column->values, (float[]){12, 1, 0}, 12);
    hf_frame_add(d->frame, &column, "plan", HF_KIND_CATEGORY, HF_STORAGE_CODE, NULL);
    memcpy(column->values, (int32_t[]){0, 1, -1}, 12);
    hf_dictionary_build(&column->dictionary, d->context, texts, lengths, 2, NULL, NULL);
    hf_frame_add(d->frame, &column, "csat", HF_KIND_NUMBER, HF_STORAGE_F32, NULL);
    memcpy(column->values, (float[]){NAN, 4, 4}, 12);
    for (int32_t c = 0; c < 3; c++)
        hf_column_count_missing(&d->frame->columns[c], 3);
    for (int t = 0; t < 3; t++)
        d->terms[t] = (hf_term){.signal = d->frame->columns[t].name,
                                .signal_kind = d->frame->columns[t].kind,
                                .unit = (char *)"",
                                .mean = NAN,
                                .missing_seen = 1,
                                .curve = {.low = -INFINITY, .high = INFINITY}};
    d->terms[0].curve.slope = 0.0703;
    d->terms[1].kind = HF_TERM_TABLE;
    d->terms[1].table.values = d->values;
    hf_dictionary_build(&d->terms[1].table.levels, d->context, texts, lengths, 2, NULL, NULL);
    d->terms[2].missing = 0.0042;
    d->terms[2].curve.intercept = -0.25;
    d->model = (hf_model){.context = d->context, .intercept = -1, .term_count = 3, .terms = d->terms};
    cr_assert(hf_plan_create(&d->plan, d->context, &d->model, d->frame, NULL, NULL) == HF_OK);
    cr_assert(hf_score_fleet(&d->scores, d->context, d->plan, true, NULL) == HF_OK);
    cr_assert(hf_scores_rank(&d->scores, d->context, d->plan, NULL) == HF_OK);
}

static void drop(desk *d)
{
    hf_scores_free(d->context, &d->scores);
    hf_plan_destroy(d->plan);
    hf_dictionary_free(d->context, &d->terms[1].table.levels);
    hf_frame_destroy(d->frame);
    hf_context_destroy(d->context);
}

static void expect_text(desk *d, hf_score_format format, int64_t top, const char *expected)
{
    size_t length;
    hf_error error = {0};
    cr_assert(hf_scores_write(d->context, d->plan, &d->scores, path, format, top, true, &error) == HF_OK,
              "%s", error.message);
    char *text = contents(&length);
    cr_assert(strcmp(text, expected) == 0, "got:\n%s\nexpected:\n%s", text, expected);
    free(text);
}

#define HEADER "account_id,churn_probability,rank,reason_1,reason_2,reason_3\n"
#define FIRST                                                                                         \
    "\"a,\"\"b\"\"\",0.8638686,1,\"plan month, \"\"gold\"\", +2.0\",\"12 tickets in 90 days, +0.8\"," \
    "\"no csat on record, +0.004\"\n"
#define SECOND "plain,0.1015883,3,\"1 ticket in 90 days, +0.07\",,\n"
#define THIRD "\xe6\x97\xa5\xe6\x9c\xac\t\\,0.2227001,2,,,\n"

Test(score_write, csv)
{
    desk d;
    make(&d);
    expect_text(&d, HF_FORMAT_CSV, 0, HEADER FIRST SECOND THIRD);
    expect_text(&d, HF_FORMAT_CSV, 2, HEADER FIRST THIRD);
    expect_text(&d, HF_FORMAT_CSV, 99, HEADER FIRST THIRD SECOND);
    drop(&d);
}

Test(score_write, csv_without_reasons)
{
    desk d;
    make(&d);
    hf_delete(d.context, d.scores.reason);
    d.scores.reason = NULL;
    expect_text(&d, HF_FORMAT_CSV, 1, HEADER "\"a,\"\"b\"\"\",0.8638686,1,,,\n");
    expect_text(
        &d, HF_FORMAT_JSONL, 1,
        "{\"account_id\":\"a,\\\"b\\\"\",\"churn_probability\":0.8638686,\"rank\":1,\"reasons\":[]}\n");
    drop(&d);
}

Test(score_write, table)
{
    desk d;
    make(&d);
    expect_text(
        &d, HF_FORMAT_TABLE, 0,
        "   rank  account    churn  reasons\n"
        "      1  a,\"b\"     86.4 %  plan month, \"gold\", +2.0    12 tickets in 90 days, +0.8  no csat on "
        "record, +0.004\n"
        "      3  plain     10.2 %  1 ticket in 90 days, +0.07\n"
        "      2  \xe6\x97\xa5\xe6\x9c\xac \\    22.3 %\n");
    drop(&d);
}

Test(score_write, json_lines_are_json)
{
    desk d;
    size_t length;
    make(&d);
    cr_assert(hf_scores_write(d.context, d.plan, &d.scores, path, HF_FORMAT_JSONL, 0, false, NULL) == HF_OK);
    char *text = contents(&length), *line = text;
    for (int i = 0; i < 3; i++) {
        char *end = strchr(line, '\n');
        json_t *json = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);
        cr_assert_not_null(json, "%s", line);
        size_t id_length;
        const char *id = hf_frame_id(d.frame, i, &id_length);
        const json_t *read = json_object_get(json, "account_id");
        cr_assert(json_string_length(read) == id_length &&
                  memcmp(json_string_value(read), id, id_length) == 0);
        cr_assert(fabs(json_real_value(json_object_get(json, "churn_probability")) -
                       d.scores.probability[i]) < 6e-8);
        cr_assert(json_integer_value(json_object_get(json, "rank")) == d.scores.rank[i]);
        const json_t *reasons = json_object_get(json, "reasons");
        cr_assert(json_array_size(reasons) == (i == 0 ? 3 : i == 1 ? 1 : 0));
        if (i == 0) {
            const json_t *reason = json_array_get(reasons, 1);
            cr_assert_str_eq(json_string_value(json_object_get(reason, "signal")), "tickets_90d");
            cr_assert_str_eq(json_string_value(json_object_get(reason, "text")), "12 tickets in 90 days");
            cr_assert(fabs(json_real_value(json_object_get(reason, "contribution")) - 0.8436) < 1e-9);
        }
        json_decref(json);
        line = end + 1;
    }
    cr_assert(*line == '\0');
    free(text);
    drop(&d);
}

// A rule beside the three terms: over 5 tickets without a csat.
Test(score_write, words_of_a_rule)
{
    desk d;
    hf_term terms[4];
    double edge[] = {5}, values[] = {0, 0, 0, 1, 0, 0};
    make(&d);
    hf_plan_destroy(d.plan);
    hf_scores_free(d.context, &d.scores);
    memcpy(terms, d.terms, sizeof d.terms);
    terms[3] = (hf_term){.kind = HF_TERM_RULE,
                         .signal = (char *)"tickets_90d x csat",
                         .unit = (char *)"",
                         .axis_count = 2,
                         .values = values};
    for (int a = 0; a < 2; a++)
        terms[3].axes[a] = (hf_axis){.signal = d.terms[2 * a].signal,
                                     .unit = (char *)"",
                                     .kind = a ? HF_KIND_NUMBER : HF_KIND_COUNT,
                                     .cells = 3 - a,
                                     .edges = 1 - a,
                                     .edge = edge};
    d.model.terms = terms;
    d.model.term_count = 4;
    cr_assert(hf_plan_create(&d.plan, d.context, &d.model, d.frame, NULL, NULL) == HF_OK);
    cr_assert(hf_score_fleet(&d.scores, d.context, d.plan, true, NULL) == HF_OK);
    cr_assert(hf_scores_rank(&d.scores, d.context, d.plan, NULL) == HF_OK);
    expect_text(&d, HF_FORMAT_CSV, 1,
                HEADER
                "\"a,\"\"b\"\"\",0.9452048,1,\"plan month, \"\"gold\"\", +2.0\",\"12 tickets in 90 days and "
                "no csat on record, +1.0\",\"12 tickets in 90 days, +0.8\"\n");
    expect_text(
        &d, HF_FORMAT_JSONL, 1,
        "{\"account_id\":\"a,\\\"b\\\"\",\"churn_probability\":0.9452048,\"rank\":1,\"reasons\":["
        "{\"signal\":\"plan\",\"text\":\"plan month, \\\"gold\\\"\",\"contribution\":2.0000},"
        "{\"signal\":\"tickets_90d x csat\",\"text\":\"12 tickets in 90 days and no csat on record\","
        "\"contribution\":1.0000},"
        "{\"signal\":\"tickets_90d\",\"text\":\"12 tickets in 90 days\",\"contribution\":0.8436}]}\n");
    // A name a signal may be more than a line has room for: cut at a character.
    char longer[1024] = "x";
    for (int i = 0; i < 200; i++)
        strcat(longer, "\xc3\xbc");
    terms[3].signal = longer;
    size_t length;
    cr_assert(hf_scores_write(d.context, d.plan, &d.scores, path, HF_FORMAT_JSONL, 1, true, NULL) == HF_OK);
    char *text = contents(&length);
    json_t *json = json_loadb(text, length, 0, NULL);
    cr_assert_not_null(json, "%s", text);
    json_decref(json);
    free(text);
    drop(&d);
}

Test(score_write, no_accounts_give_a_header)
{
    random_fleet fleet;
    hf_plan *plan;
    hf_scores scores = {0};
    size_t length;
    random_fleet_create(&fleet, NULL, 0, 3, 1);
    cr_assert(hf_plan_create(&plan, fleet.context, &fleet.model, fleet.frame, NULL, NULL) == HF_OK);
    cr_assert(hf_score_fleet(&scores, fleet.context, plan, true, NULL) == HF_OK);
    cr_assert(hf_scores_rank(&scores, fleet.context, plan, NULL) == HF_OK);
    cr_assert(hf_scores_write(fleet.context, plan, &scores, path, HF_FORMAT_CSV, 5, false, NULL) == HF_OK);
    char *text = contents(&length);
    cr_assert_str_eq(text, HEADER);
    free(text);
    hf_scores_free(fleet.context, &scores);
    hf_plan_destroy(plan);
    random_fleet_destroy(&fleet);
}

Test(score_write, the_bytes_do_not_depend_on_threads)
{
    const int threads[] = {1, 2, 7};
    const hf_score_format formats[] = {HF_FORMAT_CSV, HF_FORMAT_JSONL, HF_FORMAT_TABLE};
    random_fleet fleet;
    random_fleet_create(&fleet, NULL, 5000, 8, 3);
    random_fleet_add_grids(&fleet, 6, 3);
    for (int f = 0; f < 3; f++) {
        char *first = NULL;
        size_t first_length = 0;
        for (int t = 0; t < 3; t++) {
            hf_context *context = context_with(threads[t], HF_ISA_AUTO);
            hf_plan *plan;
            hf_scores scores = {0};
            size_t length;
            cr_assert(hf_plan_create(&plan, context, &fleet.model, fleet.frame, NULL, NULL) == HF_OK);
            cr_assert(hf_score_fleet(&scores, context, plan, true, NULL) == HF_OK);
            cr_assert(hf_scores_rank(&scores, context, plan, NULL) == HF_OK);
            cr_assert(hf_scores_write(context, plan, &scores, path, formats[f], t == 0 ? 5000 : 5001, true,
                                      NULL) == HF_OK);
            char *text = contents(&length);
            if (t == 0) {
                first = text;
                first_length = length;
            } else {
                cr_assert(length == first_length && memcmp(text, first, length) == 0);
                free(text);
            }
            hf_scores_free(context, &scores);
            hf_plan_destroy(plan);
            hf_context_destroy(context);
        }
        free(first);
    }
    random_fleet_destroy(&fleet);
}

Test(score_write, refuses)
{
    desk d;
    hf_error error = {0};
    make(&d);
    expect_text(&d, HF_FORMAT_CSV, 1, HEADER FIRST);
    cr_assert(hf_scores_write(d.context, d.plan, &d.scores, path, HF_FORMAT_CSV, 0, false, &error) ==
              HF_ERROR_EXISTS);
    cr_assert(hf_scores_write(d.context, d.plan, &d.scores, "/nowhere/at/all.csv", HF_FORMAT_CSV, 0, false,
                              &error) == HF_ERROR_IO);
    hf_delete(d.context, d.scores.rank);
    d.scores.rank = NULL;
    cr_assert(hf_scores_write(d.context, d.plan, &d.scores, path, HF_FORMAT_CSV, 0, true, &error) ==
              HF_ERROR_USAGE);
    size_t length;
    char *text = contents(&length);
    cr_assert_str_eq(text, HEADER FIRST);
    free(text);
    drop(&d);
}

// A fleet of some size written under a condition that makes it fail half way.
static hf_status write_many(const hf_context_options *options, hf_error *error)
{
    random_fleet fleet;
    hf_plan *plan;
    hf_scores scores = {0};
    random_fleet_create(&fleet, NULL, 200000, 4, 3); // three questions whether to stop
    hf_context *context;
    cr_assert(hf_context_create(&context, options, NULL) == HF_OK);
    cr_assert(hf_plan_create(&plan, fleet.context, &fleet.model, fleet.frame, NULL, NULL) == HF_OK);
    cr_assert(hf_score_fleet(&scores, fleet.context, plan, true, NULL) == HF_OK);
    cr_assert(hf_scores_rank(&scores, fleet.context, plan, NULL) == HF_OK);
    hf_status status = hf_scores_write(context, plan, &scores, path, HF_FORMAT_CSV, 0, false, error);
    hf_scores_free(fleet.context, &scores);
    hf_plan_destroy(plan);
    hf_context_destroy(context);
    random_fleet_destroy(&fleet);
    return status;
}

Test(score_write, a_full_disk_leaves_nothing)
{
    hf_error error = {0};
    const struct rlimit limit = {300000, 300000};
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    cr_assert(write_many(NULL, &error) == HF_ERROR_IO);
    cr_assert(error.status == HF_ERROR_IO && access(path, F_OK) != 0);
}

static bool at_the_third(void *user)
{
    return ++*(int *)user >= 3;
}

Test(score_write, an_interrupt_leaves_nothing)
{
    int asked = 0;
    hf_error error = {0};
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.cancel = at_the_third;
    options.cancel_user = &asked;
    options.threads = 2;
    cr_assert(write_many(&options, &error) == HF_ERROR_CANCELLED);
    cr_assert(access(path, F_OK) != 0);
}

Test(score_write, survives_every_failed_allocation)
{
    desk d;
    make(&d);
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.resize = scarce_resize;
    options.threads = 2;
    scarce_left = 1000;
    hf_context *poor;
    cr_assert(hf_context_create(&poor, &options, NULL) == HF_OK);
    for (int format = HF_FORMAT_CSV; format <= HF_FORMAT_TABLE; format++) {
        hf_status status = HF_ERROR_MEMORY;
        for (long k = 0; status != HF_OK && k < 100; k++) {
            hf_error error = {0};
            scarce_left = k;
            status =
                hf_scores_write(poor, d.plan, &d.scores, path, (hf_score_format)format, 2, false, &error);
            cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && error.status == status), "%s",
                      error.message);
            cr_assert((access(path, F_OK) == 0) == (status == HF_OK));
        }
        cr_assert(status == HF_OK);
        unlink(path);
    }
    hf_context_destroy(poor);
    drop(&d);
}
