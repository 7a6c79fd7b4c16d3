// SPDX-License-Identifier: Apache-2.0
//
// Labels against a plain reading of their definition, the edges of the windows by hand, and bad input.
#include "history/history_room.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    int countdown; // allocations left before every further one fails; -1: never
} failing;

static void *failing_resize(void *user, void *p, size_t size)
{
    failing *f = user;
    if (size == 0) {
        free(p);
        return NULL;
    }
    if (f->countdown == 0) return NULL;
    if (f->countdown > 0) f->countdown--;
    return realloc(p, size);
}

static hf_context *make_context(failing *f)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.threads = 1;
    if (f) {
        options.resize = failing_resize;
        options.resize_user = f;
    }
    hf_context *context = NULL;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    return context;
}

static hf_date day(const char *text)
{
    hf_date date = HF_DATE_MISSING;
    cr_assert(hf_date_parse(&date, text, strlen(text)));
    return date;
}

// A snapshot of accounts "a<number>" with one number column holding the account's number.
static hf_frame *snapshot(const hf_context *context, hf_date as_of, const int *accounts, int64_t rows)
{
    hf_frame *frame = NULL;
    hf_column *column;
    cr_assert_eq(hf_frame_create(&frame, context, rows, 8, NULL), HF_OK);
    cr_assert_eq(hf_frame_add(frame, &column, "number", HF_KIND_NUMBER, HF_STORAGE_F32, NULL), HF_OK);
    frame->as_of = as_of;
    for (int64_t i = 0; i < rows; i++) {
        snprintf(frame->ids + i * 8, 8, "a%d", accounts[i]);
        ((float *)column->values)[i] = (float)accounts[i];
    }
    column->missing = 0;
    return frame;
}

typedef struct {
    int account;
    hf_date date;
    int name; // index into names
} event;

static const char *const names[] = {"churn", "renewal", "upgrade"};

static hf_frame *outcome_frame(const hf_context *context, const event *events, int64_t count)
{
    hf_frame *frame = NULL;
    hf_column *column;
    cr_assert_eq(hf_frame_create(&frame, context, count, 8, NULL), HF_OK);
    cr_assert_eq(hf_frame_set_source(frame, "account_id", "outcomes.csv", NULL), HF_OK);
    cr_assert_eq(hf_frame_add(frame, &column, "date", HF_KIND_DATE, HF_STORAGE_DAY, NULL), HF_OK);
    for (int64_t i = 0; i < count; i++) {
        snprintf(frame->ids + i * 8, 8, "a%d", events[i].account);
        ((int32_t *)column->values)[i] = events[i].date;
    }
    cr_assert_eq(hf_frame_add(frame, &column, "outcome", HF_KIND_CATEGORY, HF_STORAGE_CODE, NULL), HF_OK);
    size_t lengths[] = {5, 7, 7};
    cr_assert_eq(hf_dictionary_build(&column->dictionary, context, names, lengths, 3, NULL, NULL), HF_OK);
    for (int64_t i = 0; i < count; i++)
        ((int32_t *)column->values)[i] = events[i].name;
    return frame;
}

// The definition, read word by word: 0 or 1 for a label, 'c', 'l', 'x' for churned, in the lead, censored.
static char oracle(const event *events, int count, int account, hf_date t, int lead, int horizon,
                   hf_date known)
{
    bool lead_hit = false, hit = false;
    for (int i = 0; i < count; i++) {
        if (events[i].account != account || events[i].name != 0) continue;
        if (events[i].date <= t) return 'c';
        if (events[i].date <= t + lead)
            lead_hit = true;
        else if (events[i].date <= t + lead + horizon)
            hit = true;
    }
    if (lead_hit) return 'l';
    if (t + lead + horizon > known) return 'x';
    return hit ? '1' : '0';
}

// Accounts with a churn after the first date that no frame has, counted plainly.
static void compare_unknown(hf_frame *const *frames, int count, const event *events, int event_count,
                            hf_date known, const hf_ledger *ledger)
{
    int64_t all = 0, unknown = 0;
    for (int a = 0; a < 25; a++) {
        hf_date first = INT32_MAX;
        bool there = false;
        char id[8];
        snprintf(id, sizeof id, "a%d", a);
        for (int i = 0; i < event_count; i++)
            if (events[i].account == a && events[i].name == 0 && events[i].date < first)
                first = events[i].date;
        if (first == INT32_MAX || first <= frames[0]->as_of || first > known) continue;
        for (int f = 0; f < count; f++)
            for (int64_t r = 0; r < frames[f]->rows; r++) {
                size_t length;
                const char *text = hf_frame_id(frames[f], r, &length);
                there |= length == strlen(id) && memcmp(text, id, length) == 0;
            }
        all++;
        unknown += !there;
    }
    cr_assert_eq(ledger->outcome_accounts, all);
    cr_assert_eq(ledger->unknown_accounts, unknown);
    cr_assert_eq(ledger->unknown_example[0] != '\0', unknown > 0);
}

static void compare(hf_frame *const *frames, int count, const event *events, int event_count,
                    const hf_outcomes *outcomes, const hf_context *context, const hf_label_options *options)
{
    hf_observations seen = {0};
    hf_ledger ledger = {0};
    hf_error error = {0};
    hf_status status = hf_observe(&seen, &ledger, context, frames, count, outcomes, options, &error);
    hf_date known =
        options->known_until == HF_DATE_MISSING ? hf_outcomes_last(outcomes) : options->known_until;
    int64_t row = 0, kept_total = 0;
    for (int f = 0; f < count; f++) { // the frames come in date order
        int64_t got[256] = {0}, kept = 0;
        for (int64_t i = 0; i < frames[f]->rows; i++) {
            size_t length;
            int account = atoi(hf_frame_id(frames[f], i, &length) + 1);
            char want = oracle(events, event_count, account, frames[f]->as_of, options->lead,
                               options->horizon, known);
            got[(unsigned char)want]++;
            if (want != '0' && want != '1') continue;
            kept++;
            if (status != HF_OK) continue;
            cr_assert_lt(row, seen.frame->rows);
            cr_assert_eq(seen.label[row], want - '0', "account %d at %d", account, frames[f]->as_of);
            cr_assert_eq(seen.as_of[row], frames[f]->as_of);
            cr_assert_eq(((float *)seen.frame->columns[0].values)[row], (float)account);
            row++;
        }
        kept_total += kept;
        if (status != HF_OK) continue;
        const hf_ledger_row *l = &ledger.rows[f];
        cr_assert_eq(l->as_of, frames[f]->as_of);
        cr_assert_eq(l->rows, frames[f]->rows);
        cr_assert_eq(l->kept, kept);
        cr_assert_eq(l->events, got['1']);
        cr_assert_eq(l->churned, got['c']);
        cr_assert_eq(l->in_lead, got['l']);
        cr_assert_eq(l->censored, got['x']);
    }
    if (kept_total == 0) {
        cr_assert_eq(status, HF_ERROR_TOO_LITTLE);
        cr_assert_null(seen.frame);
        cr_assert(strstr(error.message, "no row can be labelled"));
    } else {
        cr_assert_eq(status, HF_OK, "%s", error.message);
        cr_assert_eq(row, seen.frame->rows);
        cr_assert_eq(ledger.total.kept, kept_total);
        compare_unknown(frames, count, events, event_count, known, &ledger);
        cr_assert_eq(ledger.total.rows,
                     ledger.total.kept + ledger.total.churned + ledger.total.in_lead + ledger.total.censored);
        for (int64_t i = 0; i < row; i++)
            for (int64_t j = 0; j < i; j++)
                cr_assert_eq(seen.cluster[i] == seen.cluster[j],
                             ((float *)seen.frame->columns[0].values)[i] ==
                                 ((float *)seen.frame->columns[0].values)[j]);
    }
    hf_observations_free(context, &seen);
    hf_ledger_free(context, &ledger);
}

Test(history, random_outcomes_match_the_definition)
{
    hf_context *context = make_context(NULL);
    hf_random random = hf_random_seed(7, 0);
    for (int round = 0; round < 200; round++) {
        event events[40];
        int event_count = 1 + (int)hf_random_below(&random, 40);
        for (int i = 0; i < event_count; i++)
            events[i] = (event){(int)hf_random_below(&random, 25), 100 + (int)hf_random_below(&random, 60),
                                i == 0 ? 0 : (int)hf_random_below(&random, 3)};
        hf_frame *frames[3], *table = outcome_frame(context, events, event_count);
        hf_outcomes *outcomes = NULL;
        cr_assert_eq(hf_outcomes_create(&outcomes, context, table, "churn", NULL), HF_OK);
        hf_date t = 95 + (int)hf_random_below(&random, 20);
        for (int f = 0; f < 3; f++) {
            int accounts[25], n = 0;
            for (int a = 0; a < 25; a++)
                if (hf_random_below(&random, 4) > 0) accounts[n++] = a;
            frames[f] = snapshot(context, t, accounts, n);
            t += 1 + (int)hf_random_below(&random, 15);
        }
        hf_label_options options = {(int)hf_random_below(&random, 8), 1 + (int)hf_random_below(&random, 20),
                                    hf_random_below(&random, 2) ? HF_DATE_MISSING
                                                                : 110 + (int)hf_random_below(&random, 60)};
        compare(frames, 3, events, event_count, outcomes, context, &options);
        hf_outcomes_destroy(outcomes);
        hf_frame_destroy(table);
        for (int f = 0; f < 3; f++)
            hf_frame_destroy(frames[f]);
    }
    hf_context_destroy(context);
}

Test(history, window_edges)
{
    hf_context *context = make_context(NULL);
    hf_date t = day("2025-03-31");
    int lead = 14, horizon = 90;
    // On t, the lead's last day, the window's first and last day, the day after; and an account without any.
    event events[] = {{0, t, 0},
                      {1, t + lead, 0},
                      {2, t + lead + 1, 0},
                      {3, t + lead + horizon, 0},
                      {4, t + lead + horizon + 1, 0},
                      {2, t + 400, 1}, // another outcome counts for nothing but the last known day
                      {5, t - 30, 1}};
    int accounts[] = {0, 1, 2, 3, 4, 5};
    hf_frame *frame = snapshot(context, t, accounts, 6), *table = outcome_frame(context, events, 7);
    hf_outcomes *outcomes = NULL;
    hf_observations seen = {0};
    hf_ledger ledger = {0};
    cr_assert_eq(hf_outcomes_create(&outcomes, context, table, "churn", NULL), HF_OK);
    cr_assert_eq(hf_outcomes_last(outcomes), t + 400);
    hf_label_options options = {lead, horizon, HF_DATE_MISSING};
    cr_assert_eq(hf_observe(&seen, &ledger, context, &frame, 1, outcomes, &options, NULL), HF_OK);
    cr_assert_eq(seen.frame->rows, 4);
    uint8_t want[] = {1, 1, 0, 0}; // accounts 2, 3, 4, 5
    cr_assert_arr_eq(seen.label, want, 4);
    cr_assert_eq(ledger.rows[0].churned, 1);
    cr_assert_eq(ledger.rows[0].in_lead, 1);
    hf_observations_free(context, &seen);
    hf_ledger_free(context, &ledger);

    // Known to the window's last day: nothing is censored. A day less: every row is, those with an event too.
    options.known_until = t + lead + horizon;
    cr_assert_eq(hf_observe(&seen, &ledger, context, &frame, 1, outcomes, &options, NULL), HF_OK);
    cr_assert_eq(ledger.total.censored, 0);
    hf_observations_free(context, &seen);
    hf_ledger_free(context, &ledger);
    options.known_until--;
    hf_error error = {0};
    cr_assert_eq(hf_observe(&seen, &ledger, context, &frame, 1, outcomes, &options, &error),
                 HF_ERROR_TOO_LITTLE);
    cr_assert(strstr(error.message, "as of 2025-03-30 or before"), "%s", error.message);
    cr_assert_null(seen.frame);
    cr_assert_null(ledger.rows);
    hf_outcomes_destroy(outcomes);
    hf_frame_destroy(table);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

Test(history, frames_are_stacked_by_date_whatever_their_order)
{
    hf_context *context = make_context(NULL);
    event events[] = {{1, 150, 0}, {9, 400, 1}};
    int accounts[] = {0, 1, 2};
    hf_frame *frames[] = {snapshot(context, 130, accounts, 3), snapshot(context, 100, accounts, 3)};
    hf_frame *table = outcome_frame(context, events, 2);
    hf_outcomes *outcomes = NULL;
    hf_observations seen = {0};
    hf_ledger ledger = {0};
    cr_assert_eq(hf_outcomes_create(&outcomes, context, table, "churn", NULL), HF_OK);
    hf_label_options options = {0, 30, HF_DATE_MISSING};
    cr_assert_eq(hf_observe(&seen, &ledger, context, frames, 2, outcomes, &options, NULL), HF_OK);
    int32_t dates[] = {100, 100, 100, 130, 130, 130};
    int64_t clusters[] = {0, 1, 2, 0, 1, 2};
    uint8_t labels[] = {0, 0, 0, 0, 1, 0};
    cr_assert_arr_eq(seen.as_of, dates, sizeof dates);
    cr_assert_arr_eq(seen.cluster, clusters, sizeof clusters);
    cr_assert_arr_eq(seen.label, labels, sizeof labels);
    json_t *json = hf_ledger_to_json(&ledger);
    cr_assert_eq(json_array_size(json_object_get(json, "rows")), 2);
    cr_assert_str_eq(
        json_string_value(json_object_get(json_array_get(json_object_get(json, "rows"), 0), "as_of")),
        "1970-04-11");
    cr_assert_eq(json_integer_value(json_object_get(json_object_get(json, "total"), "events")), 1);
    json_decref(json);
    hf_observations_free(context, &seen);
    hf_ledger_free(context, &ledger);

    frames[0]->as_of = 100;
    hf_error error = {0};
    cr_assert_eq(hf_observe(&seen, &ledger, context, frames, 2, outcomes, &options, &error), HF_ERROR_USAGE);
    cr_assert(strstr(error.message, "1970-04-11"));
    frames[0]->as_of = HF_DATE_MISSING;
    cr_assert_eq(hf_observe(&seen, &ledger, context, frames, 2, outcomes, &options, &error), HF_ERROR_USAGE);
    frames[0]->as_of = 130;
    options.horizon = 0;
    cr_assert_eq(hf_observe(&seen, &ledger, context, frames, 2, outcomes, &options, &error), HF_ERROR_USAGE);
    options = (hf_label_options){-1, 30, HF_DATE_MISSING};
    cr_assert_eq(hf_observe(&seen, &ledger, context, frames, 2, outcomes, &options, &error), HF_ERROR_USAGE);
    hf_outcomes_destroy(outcomes);
    hf_frame_destroy(table);
    hf_frame_destroy(frames[0]);
    hf_frame_destroy(frames[1]);
    hf_context_destroy(context);
}

Test(history, bad_outcome_files)
{
    hf_context *context = make_context(NULL);
    event events[] = {{1, 150, 0}, {2, 160, 1}};
    hf_outcomes *outcomes = NULL;
    hf_error error = {0};
    hf_frame *table = outcome_frame(context, events, 2);
    cr_assert_eq(hf_outcomes_create(&outcomes, context, table, "chrun", &error), HF_ERROR_DATA);
    cr_assert(strstr(error.message, "did you mean 'churn'"), "%s", error.message);
    cr_assert(strstr(error.message, "'renewal'"));
    cr_assert_eq(hf_outcomes_create(&outcomes, context, table, "upgrade", &error), HF_ERROR_DATA,
                 "in the dictionary, but in no row");
    ((int32_t *)table->columns[0].values)[1] = HF_DATE_MISSING;
    cr_assert_eq(hf_outcomes_create(&outcomes, context, table, "churn", &error), HF_ERROR_DATA);
    cr_assert(strstr(error.message, "row 2, account 'a2': the date is missing"), "%s", error.message);
    cr_assert_str_eq(error.file, "outcomes.csv");
    ((int32_t *)table->columns[0].values)[1] = 160;
    ((int32_t *)table->columns[1].values)[0] = -1;
    cr_assert_eq(hf_outcomes_create(&outcomes, context, table, "renewal", &error), HF_ERROR_DATA);
    cr_assert(strstr(error.message, "the outcome is missing"), "%s", error.message);
    hf_frame_destroy(table);

    int accounts[] = {1};
    table = snapshot(context, 10, accounts, 1);
    cr_assert_eq(hf_outcomes_create(&outcomes, context, table, "churn", &error), HF_ERROR_DATA);
    cr_assert(strstr(error.message, "no column 'date'"), "%s", error.message);
    hf_column *column;
    cr_assert_eq(hf_frame_add(table, &column, "date", HF_KIND_NUMBER, HF_STORAGE_F32, NULL), HF_OK);
    ((float *)column->values)[0] = 1;
    cr_assert_eq(hf_outcomes_create(&outcomes, context, table, "churn", &error), HF_ERROR_DATA);
    cr_assert(strstr(error.message, "expected dates"), "%s", error.message);
    cr_assert_null(outcomes);
    hf_frame_destroy(table);
    hf_context_destroy(context);
}

Test(history, failing_memory)
{
    failing f = {-1};
    hf_context *context = make_context(&f);
    event events[] = {{1, 150, 0}, {2, 160, 1}, {1, 140, 0}};
    int accounts[] = {0, 1, 2};
    hf_frame *frames[] = {snapshot(context, 100, accounts, 3), snapshot(context, 120, accounts, 3)};
    hf_frame *table = outcome_frame(context, events, 3);
    hf_label_options options = {5, 30, HF_DATE_MISSING};
    for (int k = 0;; k++) {
        hf_outcomes *outcomes = NULL;
        hf_observations seen = {0};
        hf_ledger ledger = {0};
        f.countdown = k;
        hf_status status = hf_outcomes_create(&outcomes, context, table, "churn", NULL);
        if (status == HF_OK)
            status = hf_observe(&seen, &ledger, context, frames, 2, outcomes, &options, NULL);
        f.countdown = -1;
        if (status != HF_OK) {
            cr_assert_eq(status, HF_ERROR_MEMORY);
            cr_assert_null(seen.frame);
            cr_assert_null(seen.label);
            cr_assert_null(ledger.rows);
        }
        hf_outcomes_destroy(outcomes);
        hf_observations_free(context, &seen);
        hf_ledger_free(context, &ledger);
        if (status == HF_OK) {
            cr_assert_gt(k, 20);
            break;
        }
    }
    for (int k = 0; k < 6; k++) { // an unknown outcome allocates for its message
        hf_outcomes *outcomes = NULL;
        f.countdown = k;
        hf_status status = hf_outcomes_create(&outcomes, context, table, "chrn", NULL);
        f.countdown = -1;
        cr_assert(status == HF_ERROR_MEMORY || status == HF_ERROR_DATA);
        cr_assert_null(outcomes);
    }
    hf_frame_destroy(table);
    hf_frame_destroy(frames[0]);
    hf_frame_destroy(frames[1]);
    hf_context_destroy(context);
}
