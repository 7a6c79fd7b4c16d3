// SPDX-License-Identifier: Apache-2.0
//
// Binding a model to columns: what is lacking or of another kind is said in one error, with suggestions; what
// is new in the data goes to the log.
#include "score/random_fleet.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

// What was logged, one line a message, marked with its level.
static char logged[8192];

static void keep_log(void *user, hf_log_level level, const char *message)
{
    (void)user;
    size_t length = strlen(logged);
    snprintf(logged + length, sizeof logged - length, "%s%s\n",
             level == HF_LOG_WARNING ? "W "
             : level == HF_LOG_INFO  ? "I "
                                     : "D ",
             message);
}

typedef struct {
    hf_context *context;
    hf_frame *frame;
    hf_model model;
    hf_term terms[3];
    double level_values[2];
} bench;

static hf_column *add(bench *b, const char *name, hf_kind kind)
{
    hf_column *column;
    cr_assert(hf_frame_add(b->frame, &column, name, kind, hf_kind_storage(kind), NULL) == HF_OK);
    if (kind == HF_KIND_CATEGORY) {
        const char *texts[] = {"monthly", "weekly", "yearly"};
        const size_t lengths[] = {7, 6, 6};
        hf_dictionary_build(&column->dictionary, b->context, texts, lengths, 3, NULL, NULL);
        for (int32_t i = 0; i < 4; i++)
            ((int32_t *)column->values)[i] = i - 1;
    }
    for (int32_t i = 0; i < 4; i++) {
        if (column->storage == HF_STORAGE_F32) ((float *)column->values)[i] = (float)i;
        if (column->storage == HF_STORAGE_F64) ((double *)column->values)[i] = i;
        if (column->storage == HF_STORAGE_DAY) ((int32_t *)column->values)[i] = i;
    }
    hf_column_count_missing(column, 4);
    return column;
}

// A model of tickets_90d (count), plan (category: monthly, yearly) and csat (number).
static void make(bench *b)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.log = keep_log;
    logged[0] = '\0';
    *b = (bench){.level_values = {0.5, -0.5}};
    cr_assert(hf_context_create(&b->context, &options, NULL) == HF_OK);
    cr_assert(hf_frame_create(&b->frame, b->context, 4, 4, NULL) == HF_OK);
    cr_assert(hf_frame_set_source(b->frame, "id", "march.csv", NULL) == HF_OK);
    const char *texts[] = {"monthly", "yearly"};
    const size_t lengths[] = {7, 6};
    for (int t = 0; t < 3; t++)
        b->terms[t] =
            (hf_term){.unit = (char *)"", .mean = NAN, .curve = {.low = -INFINITY, .high = INFINITY}};
    b->terms[0].signal = (char *)"tickets_90d";
    b->terms[0].signal_kind = HF_KIND_COUNT;
    b->terms[0].missing_seen = 1;
    b->terms[1].signal = (char *)"plan";
    b->terms[1].signal_kind = HF_KIND_CATEGORY;
    b->terms[1].kind = HF_TERM_TABLE;
    b->terms[1].missing_seen = 1;
    b->terms[1].table.values = b->level_values;
    hf_dictionary_build(&b->terms[1].table.levels, b->context, texts, lengths, 2, NULL, NULL);
    b->terms[2].signal = (char *)"csat";
    b->terms[2].signal_kind = HF_KIND_NUMBER;
    b->terms[2].missing_seen = 1;
    b->model = (hf_model){.context = b->context, .term_count = 3, .terms = b->terms};
}

static void drop(bench *b)
{
    hf_dictionary_free(b->context, &b->terms[1].table.levels);
    hf_frame_destroy(b->frame);
    hf_context_destroy(b->context);
}

static hf_status bind(bench *b, bool allow_missing, hf_error *error)
{
    hf_plan *plan = NULL;
    hf_plan_options options = HF_PLAN_OPTIONS_INIT;
    options.allow_missing = allow_missing;
    *error = (hf_error){0};
    hf_status status = hf_plan_create(&plan, b->context, &b->model, b->frame, &options, error);
    cr_assert((plan != NULL) == (status == HF_OK));
    hf_plan_destroy(plan);
    return status;
}

#define HAS(text, part) cr_assert(strstr(text, part), "\"%s\" lacks \"%s\"", text, part)
#define LACKS(text, part) cr_assert(!strstr(text, part), "\"%s\" has \"%s\"", text, part)

Test(score_plan, fits)
{
    bench b;
    hf_error error;
    make(&b);
    add(&b, "tickets_90d", HF_KIND_NUMBER); // a whole number in training, halves now: still a number
    add(&b, "plan", HF_KIND_CATEGORY);
    add(&b, "csat", HF_KIND_MONEY);
    cr_assert(bind(&b, false, &error) == HF_OK, "%s", error.message);
    LACKS(logged, "I ");
    drop(&b);
}

Test(score_plan, all_missing_signals_are_named_at_once_with_the_nearest)
{
    bench b;
    hf_error error;
    make(&b);
    add(&b, "tickets_30d", HF_KIND_COUNT);
    add(&b, "plan", HF_KIND_CATEGORY);
    cr_assert(bind(&b, false, &error) == HF_ERROR_DATA);
    HAS(error.message, "'tickets_90d' (is it 'tickets_30d'?)");
    HAS(error.message, "'csat'");
    LACKS(error.message, "'plan'");
    cr_assert_str_eq(error.file, "march.csv");
    cr_assert(bind(&b, true, &error) == HF_OK);
    HAS(logged, "W the data lacks column 'tickets_90d'");
    HAS(logged, "W the data lacks column 'csat'");
    drop(&b);
}

Test(score_plan, every_other_kind_is_named_at_once)
{
    bench b;
    hf_error error;
    make(&b);
    add(&b, "tickets_90d", HF_KIND_CATEGORY);
    add(&b, "plan", HF_KIND_NUMBER);
    add(&b, "csat", HF_KIND_DATE);
    cr_assert(bind(&b, true, &error) == HF_ERROR_DATA);
    HAS(error.message, "'tickets_90d': expected count as in training, found category");
    HAS(error.message, "'plan': expected category as in training, found number");
    HAS(error.message, "'csat': expected number as in training, found date");
    drop(&b);
}

Test(score_plan, a_kind_and_a_missing_signal_share_one_error)
{
    bench b;
    hf_error error;
    make(&b);
    add(&b, "tickets_90d", HF_KIND_CATEGORY);
    add(&b, "plan", HF_KIND_CATEGORY);
    cr_assert(bind(&b, false, &error) == HF_ERROR_DATA);
    HAS(error.message, "'tickets_90d': expected count");
    HAS(error.message, "lacks: 'csat'");
    drop(&b);
}

Test(score_plan, what_is_new_in_the_data_is_logged)
{
    bench b;
    hf_error error;
    make(&b);
    b.terms[2].missing_seen = 0;
    add(&b, "extra one", HF_KIND_DATE);
    add(&b, "tickets_90d", HF_KIND_RATIO);
    add(&b, "plan", HF_KIND_CATEGORY);
    memcpy(b.frame->columns[2].values, (int32_t[]){1, 1, 0, -1}, 16);
    hf_column *csat = add(&b, "csat", HF_KIND_NUMBER);
    ((float *)csat->values)[1] = ((float *)csat->values)[3] = NAN;
    hf_column_count_missing(csat, 4);
    add(&b, "extra two", HF_KIND_NUMBER);
    cr_assert(bind(&b, false, &error) == HF_OK, "%s", error.message);
    HAS(logged, "I 2 columns the model does not use: 'extra one', 'extra two'");
    HAS(logged, "W column 'plan': 1 level training did not see ('weekly') in 2 rows");
    HAS(logged, "W column 'csat': 2 rows without a value; training had none");
    HAS(logged, "W column 'tickets_90d': count in training, ratio here");
    drop(&b);
}

// A column without any value has whatever kind its reader gave it.
Test(score_plan, an_empty_column_is_a_missing_signal_and_no_other_kind)
{
    bench b;
    hf_error error;
    make(&b);
    add(&b, "tickets_90d", HF_KIND_COUNT);
    add(&b, "csat", HF_KIND_NUMBER);
    hf_column *plan = add(&b, "plan", HF_KIND_NUMBER);
    for (int i = 0; i < 4; i++)
        ((float *)plan->values)[i] = NAN;
    hf_column_count_missing(plan, 4);
    cr_assert(bind(&b, false, &error) == HF_OK, "%s", error.message);
    HAS(logged, "W column 'plan': no row has a value");
    drop(&b);
}

// ---- signals that only surfaces and rules have ---------------------------------------------------------------

// The bench's model and a surface of csat and two signals without a curve: seats (ratio) and region.
typedef struct {
    hf_term terms[4];
    double edge[1], values[3 * 3 * 4];
    int32_t cell[2];
} more;

static void make_more(more *m, bench *b)
{
    const char *texts[] = {"north", "south"};
    const size_t lengths[] = {5, 5};
    make(b);
    *m = (more){.edge = {1.5}, .cell = {0, 1}};
    memcpy(m->terms, b->terms, sizeof b->terms);
    m->terms[3] = (hf_term){.kind = HF_TERM_RULE,
                            .signal = (char *)"csat x seats x region",
                            .unit = (char *)"",
                            .axis_count = 3,
                            .values = m->values};
    static const char *const names[] = {"csat", "seats", "region"};
    static const hf_kind kinds[] = {HF_KIND_NUMBER, HF_KIND_RATIO, HF_KIND_CATEGORY};
    for (int a = 0; a < 3; a++)
        m->terms[3].axes[a] = (hf_axis){.signal = (char *)(uintptr_t)names[a],
                                        .unit = (char *)"",
                                        .kind = kinds[a],
                                        .cells = a < 2 ? 3 : 4,
                                        .edges = a < 2,
                                        .edge = m->edge,
                                        .level_cell = m->cell,
                                        .other = 2};
    hf_dictionary_build(&m->terms[3].axes[2].levels, b->context, texts, lengths, 2, NULL, NULL);
    b->model.terms = m->terms;
    b->model.term_count = 4;
    add(b, "tickets_90d", HF_KIND_COUNT);
    add(b, "plan", HF_KIND_CATEGORY);
    add(b, "csat", HF_KIND_NUMBER);
}

static void drop_more(more *m, bench *b)
{
    hf_dictionary_free(b->context, &m->terms[3].axes[2].levels);
    drop(b);
}

Test(score_plan, signals_of_rules_alone_are_needed_too)
{
    bench b;
    more m;
    hf_error error;
    make_more(&m, &b);
    add(&b, "seat", HF_KIND_RATIO);
    cr_assert(bind(&b, false, &error) == HF_ERROR_DATA);
    HAS(error.message, "lacks: 'seats' (is it 'seat'?), 'region'");
    cr_assert(bind(&b, true, &error) == HF_OK, "%s", error.message);
    HAS(logged, "W the data lacks column 'seats'");
    HAS(logged, "W the data lacks column 'region'");
    HAS(logged, "I 1 column the model does not use: 'seat'");
    drop_more(&m, &b);
}

Test(score_plan, kinds_of_signals_of_rules_alone_are_checked)
{
    bench b;
    more m;
    hf_error error;
    make_more(&m, &b);
    add(&b, "seats", HF_KIND_CATEGORY);
    add(&b, "region", HF_KIND_DATE);
    cr_assert(bind(&b, true, &error) == HF_ERROR_DATA);
    HAS(error.message, "'seats': expected ratio as in training, found category");
    HAS(error.message, "'region': expected category as in training, found date");
    drop_more(&m, &b);
}

Test(score_plan, what_is_new_in_signals_of_rules_alone_is_logged)
{
    bench b;
    more m;
    hf_error error;
    make_more(&m, &b);
    add(&b, "seats", HF_KIND_NUMBER);
    add(&b, "region", HF_KIND_CATEGORY);
    cr_assert(bind(&b, false, &error) == HF_OK, "%s", error.message);
    HAS(logged, "W column 'seats': ratio in training, number here");
    HAS(logged,
        "W column 'region': 3 levels that training saw too rarely or not at all ('monthly', 'weekly', "
        "'yearly') in 3 rows");
    LACKS(logged, "does not use");
    LACKS(logged, "'csat'");
    drop_more(&m, &b);
}

// ---- values unlike training's ------------------------------------------------------------------------------

// 40 rows of tickets_90d, `far` of them beyond six deviations, under any number of threads.
static hf_status plan_far(int far, bool refuse, int threads, hf_error *error)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.log = keep_log;
    options.threads = threads;
    logged[0] = '\0';
    hf_context *context = NULL;
    hf_frame *frame = NULL;
    hf_column *column;
    hf_plan *plan = NULL;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    cr_assert_eq(hf_frame_create(&frame, context, 3000, 8, NULL), HF_OK);
    cr_assert_eq(hf_frame_add(frame, &column, "tickets_90d", HF_KIND_COUNT, HF_STORAGE_F32, NULL), HF_OK);
    for (int i = 0; i < 3000; i++)
        ((float *)column->values)[i] = i < 1000 ? NAN : i < 1000 + far ? 10.0f + (float)i : (float)(i % 5);
    hf_column_count_missing(column, 3000);
    hf_term term = {.kind = HF_TERM_CURVE,
                    .signal = "tickets_90d",
                    .signal_kind = HF_KIND_COUNT,
                    .unit = "",
                    .mean = 2,
                    .deviation = 1.5,
                    .missing_seen = 10,
                    .curve = {.low = -INFINITY, .high = INFINITY, .slope = 0.1}};
    hf_model model = {.context = context, .term_count = 1, .terms = &term, .rows = 5000};
    const hf_plan_options plan_options = {false, refuse};
    hf_status status = hf_plan_create(&plan, context, &model, frame, &plan_options, error);
    cr_assert_eq(plan != NULL, status == HF_OK);
    hf_plan_destroy(plan);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    return status;
}

Test(score_plan, values_unlike_training_are_told_and_refused_only_when_asked)
{
    const int threads[] = {1, 2, 7};
    for (int k = 0; k < 3; k++) {
        hf_error error = {0};
        cr_assert_eq(plan_far(200, true, threads[k], &error), HF_OK); // one in ten of 2000
        cr_assert_str_eq(logged, "");
        cr_assert_eq(plan_far(201, true, threads[k], &error), HF_OK);
        cr_assert_not_null(strstr(logged, "201 of 2000 values are far from those of training, such as 1010 "),
                           "%s", logged);
        cr_assert_eq(plan_far(1000, true, threads[k], &error), HF_OK);
        cr_assert_eq(plan_far(1001, false, threads[k], &error), HF_OK);
        cr_assert_not_null(strstr(logged, "W column 'tickets_90d': 1001 of 2000"), "%s", logged);
        cr_assert_eq(plan_far(1001, true, threads[k], &error), HF_ERROR_GATE);
        cr_assert_not_null(strstr(error.message, "column 'tickets_90d': 1001 of 2000"), "%s", error.message);
        cr_assert_str_eq(logged, "");
    }
}
