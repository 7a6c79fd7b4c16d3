// SPDX-License-Identifier: Apache-2.0
//
// The leakage guard where it stands: planted columns and a planted snapshot stop a training and are let pass
// when allowed, a fleet without leaks raises nothing, and copies are told and kept together.
#include "workflow/leak_snapshots.h"

#include "cli/command_run.h"
#include "holdfast/workflow.h"
#include "workflow/leak_guard.h"
#include "workflow/leak_times.h"

#include <criterion/criterion.h>
#include <math.h>
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

TestSuite(leak_guard, .init = enter, .fini = leave, .timeout = 280);

// Runs a line; what it said in error holds each of `words` (ended by NULL).
static void expect(int code, const char *line, const char *const *words)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, code, "%s: exit code %d: %s", line, run.code, run.err);
    for (; *words; words++)
        cr_assert_not_null(strstr(run.err, *words), "%s: expected '%s' in: %s", line, *words, run.err);
    free_run(&run);
}

static void expect_silence(const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "%s: exit code %d: %s", line, run.code, run.err);
    cr_assert_str_empty(run.err, "%s: %s", line, run.err);
    free_run(&run);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

// ---- columns ---------------------------------------------------------------------------------------------

// planted: with a column computed from the label, one filled in only after churn, and names that say so.
static void put_table(const char *name, bool planted)
{
    hf_random random = hf_random_seed(4, 4);
    char *text = malloc(200000), *at = text;
    at += sprintf(at, "id,use,tickets,plan%s,churned\n",
                  planted ? ",risk,left_because,cancellation,refund,refund_policy" : "");
    for (int i = 0; i < 1500; i++) {
        const double use = hf_random_uniform(&random);
        const int tickets = (int)hf_random_below(&random, 12);
        const bool churned = hf_random_uniform(&random) < 0.05 + 0.03 * tickets - 0.05 * use;
        at += sprintf(at, "c%d,%.3f,%d,%s", i, use, tickets, i % 3 ? "pro" : "basic");
        if (planted)
            at += sprintf(at, ",%.3f,%s,%d,%d,%s", churned + 0.25 * hf_random_normal(&random),
                          churned && i % 5 ? "price" : "", i % 6 ? churned : i % 2,
                          (int)hf_random_below(&random, 3), i % 2 ? "a" : "b");
        at += sprintf(at, ",%s\n", churned ? "yes" : "no");
    }
    put_text(folder, name, text);
    free(text);
}

#define TRAIN "train t.csv --id id --target churned --plain --c 1 --bootstrap 0 -q --force -o m.json"

Test(leak_guard, planted_columns_stop_a_training_until_they_are_allowed)
{
    put_table("t.csv", true);
    expect(3, TRAIN,
           WORDS("3 columns give the outcome away", "'risk': alone", "'left_because': filled in",
                 "'cancellation': its name", "--ignore", "--allow-leak risk,left_because,cancellation"));
    expect(3, TRAIN " --allow-leak risk,cancellation", WORDS("1 column gives", "left_because"));
    expect(3, TRAIN " --allow-leak risc", WORDS("'risc' for --allow-leak; did you mean 'risk'?"));
    expect(0, TRAIN " --allow-leak risk,left_because --allow-leak cancellation,use",
           WORDS("'refund': its name sounds"));
    size_t length;
    char *model = get_file(folder, "m.json", &length);
    cr_assert_not_null(strstr(model, "\"allowed_leaks\""));
    cr_assert_not_null(strstr(model, "filled in for"));
    free(model);
    expect(0, "evaluate t.csv --id id --target churned --plain --c 1 -q --replicates 0",
           WORDS("'risk' gives the outcome away", "'left_because'", "'cancellation'"));
    expect_silence(TRAIN " --ignore risk,left_because,cancellation,refund");
}

Test(leak_guard, a_clean_table_raises_nothing)
{
    put_table("t.csv", false);
    expect_silence(TRAIN);
    expect_silence("evaluate t.csv --id id --target churned --plain --c 1 -q --replicates 0");
}

Test(leak_guard, names_are_read_word_by_word)
{
    static const char *const said[] = {"cancel_reason",  "churnDate",   "end_date",
                                       "Termination",    "refund",      "offboarding_done",
                                       "account_closed", "exit survey", "subscription_end"};
    static const char *const silent[] = {"calendar_events",
                                         "weekend_use",
                                         "refund_policy",
                                         "contract_end_date",
                                         "tickets_closed",
                                         "refunds_90d",
                                         "cancel_meeting_m1",
                                         "past_churn_events",
                                         "spend",
                                         "churner_zip",
                                         "trend",
                                         "cancelled_orders"};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        cr_expect(hf_leak_name(said[i]), "%s", said[i]);
    for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++)
        cr_expect_not(hf_leak_name(silent[i]), "%s", silent[i]);
}

// ---- over time -------------------------------------------------------------------------------------------

// Accounts by eight months; `turns`: in the last two a low x means what a high one did.
static void put_months(const char *name, bool turns)
{
    hf_random random = hf_random_seed(6, 6);
    char *text = malloc(400000), *at = text;
    at += sprintf(at, "id,day,x,z,churned\n");
    for (int month = 0; month < 8; month++)
        for (int i = 0; i < 800; i++) {
            const double x = hf_random_normal(&random), z = hf_random_normal(&random);
            const double sign = turns && month >= 6 ? -1.0 : 1.0;
            const bool churned = hf_random_uniform(&random) < 1.0 / (1.0 + exp(1.0 - sign * x - 0.5 * z));
            at += sprintf(at, "c%d,2026-%02d-01,%.3f,%.3f,%s\n", i, month + 1, x, z, churned ? "yes" : "no");
        }
    put_text(folder, name, text);
    free(text);
}

#define DATED_TRAIN                                                                                      \
    "train m.csv --id id --as-of-column day --target churned --plain --c 1 --bootstrap 0 -q --force -o " \
    "m.json"

Test(leak_guard, a_signal_that_turns_over_time_is_told)
{
    put_months("m.csv", true);
    expect(0, DATED_TRAIN,
           WORDS("m.csv: a plain model ranks", "drawn from all dates", "change their meaning"));
    put_months("m.csv", false);
    expect_silence(DATED_TRAIN);
}

// The split by time is the one that was meant: against rows picked here by hand.
Test(leak_guard, the_splits_are_of_equal_size_and_keep_accounts_apart)
{
    enum { ACCOUNTS = 900, MONTHS = 8, ROWS = ACCOUNTS * MONTHS };
    static uint8_t label[ROWS];
    static int64_t cluster[ROWS];
    static hf_date as_of[ROWS];
    hf_context *context;
    hf_frame *frame;
    hf_csv_options csv = HF_CSV_OPTIONS_INIT;
    hf_leak_ranked later, mixed;
    bool good = false;
    hf_random random = hf_random_seed(7, 7);
    char *text = malloc(400000), *at = text, path[512];
    at += sprintf(at, "account,x\n");
    for (int i = 0; i < ROWS; i++) { // the account decides, and x says nothing of it
        cluster[i] = i % ACCOUNTS;
        as_of[i] = 20000 + 30 * (i / ACCOUNTS);
        label[i] = (cluster[i] * 7919) % 5 == 0;
        at += sprintf(at, "c%d,%.3f\n", i % ACCOUNTS, hf_random_normal(&random));
    }
    put_text(folder, "x.csv", text);
    free(text);
    snprintf(path, sizeof path, "%s/x.csv", folder);
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
    cr_assert_eq(hf_csv_read(&frame, NULL, context, path, &csv, NULL), HF_OK);
    hf_leak_span span = {frame, label, cluster, NULL, ROWS, as_of, 30, 1, "x.csv"};
    cr_assert_eq(hf_leak_times_compare(&later, &mixed, &good, context, &span, NULL), HF_OK);
    cr_assert(good);
    cr_expect_eq(later.tested % 2, 0, "two whole months of half the accounts");
    cr_expect_eq(later.trained % 6, 0, "and the six before of the others");
    cr_expect_eq(later.tested / 2 + later.trained / 6, ACCOUNTS);
    cr_expect_lt(fabs((double)(mixed.tested - later.tested)), 0.1 * (double)later.tested);
    cr_expect_lt(fabs((double)(mixed.trained - later.trained)), 0.1 * (double)later.trained);
    cr_expect(later.auc < 0.65 && mixed.auc < 0.65, "nobody is known again: %g, %g", later.auc, mixed.auc);
    cr_expect(later.standard_error > 0.0 && later.standard_error < 0.1);
    span.gap = 31; // to train on: up to five months before the last two
    cr_assert_eq(hf_leak_times_compare(&later, &mixed, &good, context, &span, NULL), HF_OK);
    cr_expect_eq(later.trained % 5, 0);
    span.gap = 300;
    cr_assert_eq(hf_leak_times_compare(&later, &mixed, &good, context, &span, NULL), HF_OK);
    cr_expect_not(good, "nothing is so much earlier");
    span.as_of = NULL;
    cr_assert_eq(hf_leak_times_compare(&later, &mixed, &good, context, &span, NULL), HF_OK);
    cr_expect_not(good);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

typedef struct {
    int64_t left;
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

// Every allocation of the comparison fails in turn; outputs stay as they were.
Test(leak_guard, a_comparison_over_time_survives_every_failed_allocation)
{
    enum { ACCOUNTS = 240, MONTHS = 4, ROWS = ACCOUNTS * MONTHS };
    static uint8_t label[ROWS];
    static int64_t cluster[ROWS];
    static hf_date as_of[ROWS];
    budget b = {INT64_MAX};
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    hf_context *context;
    hf_frame *frame;
    hf_column *column;
    options.threads = 1;
    options.resize = scarce;
    options.resize_user = &b;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    cr_assert_eq(hf_frame_create(&frame, context, ROWS, 8, NULL), HF_OK);
    cr_assert_eq(hf_frame_set_source(frame, "id", "x", NULL), HF_OK);
    cr_assert_eq(hf_frame_add(frame, &column, "x", HF_KIND_NUMBER, HF_STORAGE_F32, NULL), HF_OK);
    for (int i = 0; i < ROWS; i++) {
        cluster[i] = i % ACCOUNTS;
        as_of[i] = 20000 + 30 * (i / ACCOUNTS);
        label[i] = (i * 7919) % 5 < 2;
        ((float *)column->values)[i] = (float)((i * 31) % 17);
        snprintf(frame->ids + (ptrdiff_t)i * 8, 8, "c%d", i % ACCOUNTS);
    }
    const hf_leak_span span = {frame, label, cluster, NULL, ROWS, as_of, 30, 1, "x"};
    hf_status status = HF_ERROR_MEMORY;
    int64_t k = 0;
    for (; status != HF_OK && k < 1000; k++) {
        hf_leak_ranked later = {.tested = -1}, mixed = {.tested = -1};
        hf_error error = {0};
        bool good = false;
        b.left = k;
        status = hf_leak_times_compare(&later, &mixed, &good, context, &span, &error);
        b.left = INT64_MAX;
        if (status == HF_OK) {
            cr_expect(good && later.tested > 0 && mixed.tested > 0);
            break;
        }
        cr_assert_eq(status, HF_ERROR_MEMORY, "allocation %d: %s", (int)k, error.message);
        cr_assert(later.tested == -1 && mixed.tested == -1, "allocation %d", (int)k);
    }
    cr_assert_eq(status, HF_OK);
    cr_expect_gt(k, 60);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

// ---- snapshots -------------------------------------------------------------------------------------------

enum { DATES = 8 };

// recorded: days after the date, one a snapshot; judged with a horizon of 30 days, dates a month apart.
static void expect_recordings(const int *late, const char *want)
{
    hf_context *context;
    hf_date as_of[DATES], recorded[DATES];
    hf_recording found[DATES];
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
    for (int i = 0; i < DATES; i++) {
        as_of[i] = 20000 + 30 * i;
        recorded[i] = late[i] < 0 ? HF_DATE_MISSING : as_of[i] + late[i];
    }
    cr_assert_eq(hf_judge_recordings(found, context, as_of, recorded, DATES, 0, 30, NULL), HF_OK);
    for (int i = 0; i < DATES; i++)
        cr_expect_eq("tbs"[found[i]], want[i], "%s: date %d is '%c'", want, i, "tbs"[found[i]]);
    hf_context_destroy(context);
}

Test(leak_guard, late_snapshots_are_history_or_strays)
{
    expect_recordings((const int[]){1, 2, 0, 1, 9, 10, 1, 1}, "tttttttt");
    expect_recordings((const int[]){1, 1, 1, 90, 1, 1, 1, 1}, "tttstttt");       // one, later
    expect_recordings((const int[]){200, 1, 1, 1, 1, 1, 1, 1}, "sttttttt");      // the oldest, later
    expect_recordings((const int[]){25, 1, 1, 1, 1, 1, 1, 1}, "bttttttt");       // before the store began
    expect_recordings((const int[]){1, 1, 1, 1, 1, 90, 60, 30}, "tttttsss");     // caught up afterwards
    expect_recordings((const int[]){150, 120, 90, 60, 30, 1, 1, 1}, "bbbbbttt"); // history, then nights
    expect_recordings((const int[]){240, 210, 180, 150, 120, 90, 60, 30}, "bbbbbbbb"); // all in one go
    expect_recordings((const int[]){240, 210, 180, 250, 120, 90, 60, 30}, "bbbsbbbb"); // one of them again
    expect_recordings((const int[]){-1, -1, -1, -1, -1, -1, -1, -1}, "tttttttt");
}

// Makes a store of the fleet's months, the one at `stray` recorded long after.
static void make_store(int stray)
{
    hf_context *context;
    hf_error error = {0};
    hf_store *store = NULL;
    char path[512], recorded[32], date[11];
    hf_synth_options synth = HF_SYNTH_OPTIONS_INIT;
    synth.accounts = 1500;
    synth.months = 9;
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
    snprintf(path, sizeof path, "%s/fleet", folder);
    cr_assert_eq(hf_synth_write(context, path, &synth, &error), HF_OK, "%s", error.message);
    snprintf(path, sizeof path, "%s/s", folder);
    cr_assert_eq(hf_store_open(&store, context, path, HF_STORE_WRITE, &error), HF_OK, "%s", error.message);
    static const char *const ends[] = {"2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30",
                                       "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31"};
    for (int i = 0; i < 9; i++) {
        hf_frame *frame;
        hf_csv_options csv = HF_CSV_OPTIONS_INIT;
        hf_store_write_options options = HF_STORE_WRITE_OPTIONS_INIT;
        csv.id = "account_id";
        snprintf(path, sizeof path, "%s/fleet/accounts-%s.csv", folder, ends[i]);
        cr_assert_eq(hf_csv_read(&frame, NULL, context, path, &csv, &error), HF_OK, "%s", error.message);
        cr_assert(hf_date_parse(&frame->as_of, ends[i], 10));
        hf_date_format(frame->as_of + (i == stray ? 100 : 1), date);
        snprintf(recorded, sizeof recorded, "%sT03:00:00Z", date);
        options.recorded_at = recorded;
        cr_assert_eq(hf_store_write(store, frame, &options, NULL, NULL, &error), HF_OK, "%s", error.message);
        hf_frame_destroy(frame);
    }
    hf_store_close(store);
    hf_context_destroy(context);
}

#define STORE                                                                                               \
    "train --store s --outcomes fleet/outcomes.csv --horizon 30 --plain --c 1 --bootstrap 0 -q --force -o " \
    "m.json"

Test(leak_guard, a_snapshot_recorded_after_its_outcomes_stops_a_training)
{
    make_store(3);
    expect(3, STORE,
           WORDS("the snapshot of 2026-05-31", "recorded on 2026-09-08", "--allow-leak 2026-05-31"));
    expect(3, STORE " --allow-leak 2026-05-30", WORDS("no snapshot of 2026-05-30"));
    expect_silence(STORE " --allow-leak 2026-05-31");
    size_t length;
    char *model = get_file(folder, "m.json", &length);
    cr_assert_not_null(strstr(model, "\"snapshot\""));
    free(model);
    expect_silence(STORE " --from 2026-06-01");
}

Test(leak_guard, the_synthetic_fleet_raises_nothing)
{
    make_store(-1);
    expect_silence(STORE);
}

// ---- copies ----------------------------------------------------------------------------------------------

static void put_copies(void)
{
    char *text = malloc(400000), *at = text;
    at += sprintf(at, "person,a,b,c,d,e,f,churned\n");
    for (int copy = 0; copy < 2; copy++) {
        hf_random random = hf_random_seed(9, 9), jitter = hf_random_seed(9, 10);
        for (int i = 0; i < 800; i++) {
            at += sprintf(at, "%d", i);
            for (int c = 0; c < 6; c++)
                at +=
                    sprintf(at, ",%.4f", hf_random_normal(&random) + 0.02 * copy * hf_random_normal(&jitter));
            at += sprintf(at, ",%s\n", hf_random_uniform(&random) < 0.25 ? "yes" : "no");
        }
    }
    put_text(folder, "c.csv", text);
    free(text);
}

#define COPIES "c.csv --target churned --plain --c 1 -q --ignore person"

Test(leak_guard, copies_are_told_and_kept_together_when_asked)
{
    put_copies();
    expect(0, "train " COPIES " --bootstrap 0 -o m.json", WORDS("look like copies", "--group auto"));
    expect(0, "evaluate " COPIES " --replicates 0", WORDS("look like copies", "tested rows have a copy"));
    expect_silence("train " COPIES " --group auto --bootstrap 0 --force -o m.json");
    expect_silence("evaluate " COPIES " --group auto --replicates 0");
    expect_silence(
        "train c.csv --target churned --plain --c 1 -q --bootstrap 0 --group person --force -o m.json");
    size_t length;
    char *model = get_file(folder, "m.json", &length);
    cr_assert_null(strstr(model, "\"signal\": \"person\""), "the group is a signal");
    free(model);
    expect_silence("evaluate c.csv --target churned --plain --c 1 -q --group person --replicates 0");
    command_run run = run_holdfast(folder, "evaluate c.csv --target churned --plain --c 1 --group person "
                                           "--replicates 0");
    cr_assert_not_null(strstr(run.out, "rows of one 'person' are kept together; it is no signal"), "%s",
                       run.out);
    free_run(&run);
    expect(3, "train c.csv --target churned --plain -q --group persn --force -o m.json",
           WORDS("'persn' for --group; did you mean 'person'?"));
}
