// SPDX-License-Identifier: Apache-2.0
//
// What synth writes: the same bytes for a seed and any number of threads, cells of the stated forms, outcomes
// that agree with the files, and nothing half-written where it fails.
#include "base/failing_context.h"
#include "synth/fleet_reader.h"

#include <signal.h>
#include <sys/resource.h>

static const char header[] =
    "account_id,segment,lifecycle_stage,industry,arr,usage_depth,licence_use,sticky_feature_use,"
    "engagement_growth_90d,arr_growth_12m,customer_lifetime_months,renewals_completed,upsells_completed,"
    "support_calls_90d,open_tickets,tickets_90d,non_recurring_share,discount,csat,nps,"
    "marketing_participation_12m,product_feedback_12m,community_posts_90d,late_invoices_12m,"
    "onboarding_to_first_renewal_days,time_to_first_value_days,executive_relationship,relationship,"
    "c_level_uses_product,renewal_date\n";

// Every file of two folders, byte by byte.
static void assert_same_folders(const char *one, const char *other)
{
    cr_assert_eq(count_files(one), count_files(other));
    DIR *listing = opendir(one);
    for (struct dirent *entry; (entry = readdir(listing));) {
        if (entry->d_name[0] == '.') continue;
        size_t size, other_size;
        char *text = read_whole(one, entry->d_name, &size);
        char *other_text = read_whole(other, entry->d_name, &other_size);
        cr_assert_eq(size, other_size, "%s", entry->d_name);
        cr_assert_eq(memcmp(text, other_text, size), 0, "%s", entry->d_name);
        free(text);
        free(other_text);
    }
    closedir(listing);
}

Test(synth, writes_the_same_bytes_for_any_number_of_threads)
{
    char folder[3][PATH_BYTES];
    const int threads[] = {1, 2, 7};
    for (int i = 0; i < 3; i++) {
        make_scratch(folder[i]);
        cr_assert_eq(write_fleet(folder[i], 5000, 3, 21, threads[i]), HF_OK);
    }
    cr_assert_eq(count_files(folder[0]), 5);
    assert_same_folders(folder[0], folder[1]);
    assert_same_folders(folder[0], folder[2]);
    for (int i = 0; i < 3; i++)
        remove_folder(folder[i]);
}

Test(synth, differs_by_seed)
{
    char folder[2][PATH_BYTES];
    char *text[2];
    for (int i = 0; i < 2; i++) {
        make_scratch(folder[i]);
        cr_assert_eq(write_fleet(folder[i], 50, 1, 21 + (uint64_t)i, 1), HF_OK);
        text[i] = read_whole(folder[i], "accounts-2026-10-31.csv", NULL);
        cr_assert_eq(strncmp(text[i], header, strlen(header)), 0);
        remove_folder(folder[i]);
    }
    cr_assert_str_neq(text[0], text[1]);
    free(text[0]);
    free(text[1]);
}

// A form written as a pattern: 9 is one digit, * any number of digits (at least one) before what follows.
static bool has_form(const char *text, const char *form)
{
    if (*text == '-' && *form == '-') text++;
    if (*form == '-') form++;
    for (; *form; form++) {
        if (*form == '*') {
            if (*text < '0' || *text > '9') return false;
            while (*text >= '0' && *text <= '9')
                text++;
        } else if (*form == '9') {
            if (*text < '0' || *text > '9') return false;
            text++;
        } else if (*text++ != *form) {
            return false;
        }
    }
    return *text == '\0';
}

// Forms, bounds, and the share of rows that may be missing.
static const struct {
    const char *name, *form;
    double low, high, missing_low, missing_high;
} columns[] = {
    {"arr", "*.99", 100, 1e8, 0, 0},
    {"usage_depth", "9.99", 0, 1, 0, 0},
    {"licence_use", "*%", 0, 1, 0, 0},
    {"sticky_feature_use", "9.99", 0, 1, 0, 0},
    {"engagement_growth_90d", "-*%", -0.95, 3, 0, 0},
    {"arr_growth_12m", "-*%", -0.99, 9, 0, 0},
    {"customer_lifetime_months", "*", 0, 200, 0, 0},
    {"renewals_completed", "*", 0, 40, 0, 0},
    {"upsells_completed", "*", 0, 40, 0, 0},
    {"support_calls_90d", "*", 0, 180, 0, 0},
    {"open_tickets", "*", 0, 60, 0, 0},
    {"tickets_90d", "*", 0, 240, 0, 0},
    {"non_recurring_share", "9.99", 0, 1, 0, 0},
    {"discount", "*%", 0, 0.3, 0, 0},
    {"csat", "9.9", 1, 5, 0.3, 0.6},
    {"nps", "-*", -100, 100, 0.45, 0.75},
    {"marketing_participation_12m", "*", 0, 200, 0, 0},
    {"product_feedback_12m", "*", 0, 200, 0, 0},
    {"community_posts_90d", "*", 0, 200, 0, 0},
    {"late_invoices_12m", "*", 0, 24, 0, 0},
    {"onboarding_to_first_renewal_days", "*", 1, 1200, 0.15, 0.5},
    {"time_to_first_value_days", "*", 1, 200, 0.0001, 0.1},
    {"executive_relationship", "9", 1, 5, 0, 0},
    {"relationship", "9", 1, 5, 0, 0},
};

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(text, *words) == 0) return true;
    }
    return false;
}

Test(synth, writes_cells_of_the_stated_forms)
{
    static const char *const segments[] = {"SMB", "Mid-market", "Enterprise", NULL};
    static const char *const stages[] = {"onboarding", "adoption", "mature", "renewal", NULL};
    static const char *const flags[] = {"yes", "no", NULL};
    char folder[PATH_BYTES];
    make_scratch(folder);
    cr_assert_eq(write_fleet(folder, 4000, 2, 3, 2), HF_OK);
    table t = read_table(folder, "accounts-2026-10-31.csv");
    cr_assert_eq(t.rows, 4000);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        int missing = 0;
        for (int row = 0; row < t.rows; row++) {
            const char *text = cell(&t, row, columns[c].name);
            missing += text[0] == '\0';
            if (text[0] == '\0') continue;
            cr_assert(has_form(text, columns[c].form), "%s: '%s'", columns[c].name, text);
            double x = number_of(text);
            cr_assert(x >= columns[c].low && x <= columns[c].high, "%s: '%s'", columns[c].name, text);
        }
        double share = missing / (double)t.rows;
        cr_assert(share >= columns[c].missing_low && share <= columns[c].missing_high, "%s: %g missing",
                  columns[c].name, share);
    }
    int rare = 0;
    double usage[2] = {0}, count[2] = {0};
    for (int row = 0; row < t.rows; row++) {
        cr_assert(has_form(cell(&t, row, "account_id"), "A999999"));
        cr_assert(is_one_of(cell(&t, row, "segment"), segments));
        cr_assert(is_one_of(cell(&t, row, "lifecycle_stage"), stages));
        cr_assert(is_one_of(cell(&t, row, "c_level_uses_product"), flags));
        cr_assert_gt(date_of(cell(&t, row, "renewal_date")), date_of("2026-10-31"));
        rare += strcmp(cell(&t, row, "industry"), "Agriculture") == 0;
        int answered = cell(&t, row, "csat")[0] != '\0';
        usage[answered] += number_of(cell(&t, row, "usage_depth"));
        count[answered] += 1.0;
    }
    cr_assert(rare > 0 && rare < 40, "%d rare", rare);
    // Silence says something: those who did not answer use less.
    cr_assert_lt(usage[0] / count[0] + 0.02, usage[1] / count[1]);
    free_table(&t);
    remove_folder(folder);
}

Test(synth, has_seasons)
{
    char folder[PATH_BYTES];
    make_scratch(folder);
    cr_assert_eq(write_fleet(folder, 2000, 12, 4, 2), HF_OK);
    double mean[2] = {0};
    const char *const names[] = {"accounts-2025-12-31.csv", "accounts-2026-03-31.csv"};
    for (int i = 0; i < 2; i++) {
        table t = read_table(folder, names[i]);
        for (int row = 0; row < t.rows; row++)
            mean[i] += number_of(cell(&t, row, "usage_depth")) / t.rows;
        free_table(&t);
    }
    cr_assert_lt(mean[0] + 0.05, mean[1]);
    remove_folder(folder);
}

// ---- outcomes ------------------------------------------------------------------------------------------

typedef struct {
    bool churned, renewed;
    double change; // of ARR: upgrades less contractions
} month_events;

// What outcomes.csv says of an account in (from, to].
static month_events events_of(const table *outcomes, const char *account, hf_date from, hf_date to,
                              double arr)
{
    month_events found = {0};
    for (int i = 0; i < outcomes->rows; i++) {
        char **row = outcomes->cells + 4 * i;
        hf_date date = date_of(row[1]);
        if (strcmp(row[0], account) != 0 || date <= from || date > to) continue;
        if (strcmp(row[2], "churn") == 0) {
            found.churned = true;
            cr_assert_leq(date, from + 28);
            cr_assert_float_eq(number_of(row[3]), arr, 0.001);
        } else if (strcmp(row[2], "renewal") == 0) {
            found.renewed = true;
        } else if (strcmp(row[2], "upgrade") == 0) {
            found.change += number_of(row[3]);
        } else {
            cr_assert_str_eq(row[2], "contraction");
            found.change -= number_of(row[3]);
        }
        cr_assert_geq(number_of(row[3]), 0.0);
    }
    return found;
}

static int find_account(const table *t, const char *account)
{
    for (int row = 0; row < t->rows; row++) {
        if (strcmp(t->cells[row * t->columns], account) == 0) return row;
    }
    return -1;
}

static void check_survivor(const table *now, int row, const table *next, int next_row,
                           const month_events *events, hf_date next_end)
{
    cr_assert_float_eq(number_of(cell(next, next_row, "arr")),
                       number_of(cell(now, row, "arr")) + events->change, 0.001);
    hf_date renewal = date_of(cell(now, row, "renewal_date"));
    cr_assert_eq(events->renewed, renewal <= next_end);
    double renewals = number_of(cell(next, next_row, "renewals_completed"));
    cr_assert_eq(renewals, number_of(cell(now, row, "renewals_completed")) + events->renewed);
    cr_assert_eq(number_of(cell(next, next_row, "customer_lifetime_months")),
                 number_of(cell(now, row, "customer_lifetime_months")) + 1);
    cr_assert_eq(cell(next, next_row, "onboarding_to_first_renewal_days")[0] == '\0', renewals == 0);
    cr_assert_str_eq(cell(next, next_row, "segment"), cell(now, row, "segment"));
    cr_assert_str_eq(cell(next, next_row, "industry"), cell(now, row, "industry"));
}

Test(synth, outcomes_agree_with_the_files)
{
    enum { ACCOUNTS = 300, MONTHS = 8 };
    char folder[PATH_BYTES];
    make_scratch(folder);
    cr_assert_eq(write_fleet(folder, ACCOUNTS, MONTHS, 8, 2), HF_OK);
    json_t *truth = read_truth(folder);
    table outcomes = read_table(folder, "outcomes.csv"), months[MONTHS];
    hf_date ends[MONTHS];
    for (int m = 0; m < MONTHS; m++) {
        char name[40], date[11];
        month_name(name, truth, m);
        snprintf(date, sizeof date, "%.10s", name + strlen("accounts-"));
        ends[m] = date_of(date);
        months[m] = read_table(folder, name);
        cr_assert_eq(months[m].rows, ACCOUNTS);
    }
    int churned = 0;
    for (int m = 0; m + 1 < MONTHS; m++) {
        for (int row = 0; row < ACCOUNTS; row++) {
            const char *account = months[m].cells[row * months[m].columns];
            double arr = number_of(cell(&months[m], row, "arr"));
            month_events events = events_of(&outcomes, account, ends[m], ends[m + 1], arr);
            int next_row = find_account(&months[m + 1], account);
            cr_assert_eq(events.churned, next_row < 0, "%s", account);
            churned += events.churned;
            if (!events.churned) {
                check_survivor(&months[m], row, &months[m + 1], next_row, &events, ends[m + 1]);
                continue;
            }
            for (int later = m + 1; later < MONTHS; later++)
                cr_assert_lt(find_account(&months[later], account), 0);
            // The one that takes its place is new.
            const char *newcomer = months[m + 1].cells[row * months[m + 1].columns];
            cr_assert_lt(find_account(&months[m], newcomer), 0);
            cr_assert_str_eq(cell(&months[m + 1], row, "customer_lifetime_months"), "0");
            cr_assert_str_eq(cell(&months[m + 1], row, "lifecycle_stage"), "onboarding");
        }
    }
    cr_assert_gt(churned, 10);
    for (int i = 1; i < outcomes.rows; i++) {
        char **before = outcomes.cells + 4 * (i - 1), **row = outcomes.cells + 4 * i;
        int order = strcmp(before[1], row[1]);
        cr_assert(order < 0 || (order == 0 && strcmp(before[0], row[0]) <= 0));
        cr_assert(date_of(row[1]) > ends[0] && date_of(row[1]) <= ends[MONTHS - 1]);
    }
    for (int m = 0; m < MONTHS; m++)
        free_table(&months[m]);
    free_table(&outcomes);
    json_decref(truth);
    remove_folder(folder);
}

Test(synth, of_one_month_has_no_outcomes)
{
    char folder[PATH_BYTES];
    make_scratch(folder);
    cr_assert_eq(write_fleet(folder, 100, 1, 1, 1), HF_OK);
    char *text = read_whole(folder, "outcomes.csv", NULL);
    cr_assert_str_eq(text, "account_id,date,outcome,arr\n");
    free(text);
    remove_folder(folder);
}

Test(synth, runs_fifty_years)
{
    char folder[PATH_BYTES];
    make_scratch(folder);
    cr_assert_eq(write_fleet(folder, 2, 600, 1, 1), HF_OK);
    cr_assert_eq(count_files(folder), 602);
    table t = read_table(folder, "accounts-1976-11-30.csv");
    cr_assert_eq(t.rows, 2);
    free_table(&t);
    remove_folder(folder);
}

// ---- refusing ------------------------------------------------------------------------------------------

static hf_status try_synth(const char *folder, const hf_synth_options *options, hf_error *error)
{
    hf_context *context = NULL;
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
    hf_status status = hf_synth_write(context, folder, options, error);
    hf_context_destroy(context);
    return status;
}

Test(synth, refuses_senseless_options)
{
    const hf_synth_options bad[] = {
        {0, 1, 1, 20757, false, HF_SYNTH_ADDITIVE},    {100000001, 1, 1, 20757, false, HF_SYNTH_ADDITIVE},
        {10, 0, 1, 20757, false, HF_SYNTH_ADDITIVE},   {10, 601, 1, 20757, false, HF_SYNTH_ADDITIVE},
        {10, 3, 1, 20757, false, (hf_synth_truth)2},   {10, 3, 1, HF_DATE_MISSING, false, HF_SYNTH_ADDITIVE},
        {10, 3, 1, -719162, false, HF_SYNTH_ADDITIVE}, // the year 1 has no years before it
        {10, 3, 1, 2932896, false, HF_SYNTH_ADDITIVE}, // nor the year 9999 one after it
    };
    char folder[PATH_BYTES];
    make_scratch(folder);
    rmdir(folder);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hf_error error = {0};
        cr_assert_eq(try_synth(folder, &bad[i], &error), HF_ERROR_USAGE, "case %zu", i);
        cr_assert_neq(error.message[0], '\0');
        cr_assert_eq(count_files(folder), -1);
    }
}

Test(synth, replaces_only_when_told)
{
    char folder[PATH_BYTES], other[PATH_BYTES], path[2 * PATH_BYTES];
    make_scratch(folder);
    make_scratch(other);
    cr_assert_eq(write_fleet(folder, 20, 2, 1, 1), HF_OK);
    cr_assert_eq(write_fleet(other, 20, 2, 2, 1), HF_OK);
    hf_synth_options options = {20, 2, 2, 20757, false, HF_SYNTH_ADDITIVE};
    char *before = read_whole(folder, "accounts-2026-10-31.csv", NULL);
    hf_error error = {0};
    cr_assert_eq(try_synth(folder, &options, &error), HF_ERROR_EXISTS);
    char *after = read_whole(folder, "accounts-2026-10-31.csv", NULL);
    cr_assert_str_eq(before, after);
    cr_assert_eq(count_files(folder), 4);
    options.overwrite = true;
    cr_assert_eq(try_synth(folder, &options, &error), HF_OK);
    assert_same_folders(folder, other);
    // A month that the new fleet would not have stays, and is in the way even so.
    options.months = 1;
    cr_assert_eq(try_synth(folder, &options, &error), HF_ERROR_EXISTS);
    cr_assert(strstr(error.message, "accounts-2026-09-30.csv"));
    assert_same_folders(folder, other);
    // Any other file is not ours to mind.
    snprintf(path, sizeof path, "%s/notes.txt", other);
    FILE *notes = fopen(path, "w");
    fclose(notes);
    options.months = 2;
    cr_assert_eq(try_synth(other, &options, &error), HF_OK);
    cr_assert_eq(count_files(other), 5);
    free(before);
    free(after);
    remove_folder(folder);
    remove_folder(other);
}

Test(synth, says_where_it_cannot_write)
{
    char folder[PATH_BYTES], path[2 * PATH_BYTES], below[3 * PATH_BYTES];
    make_scratch(folder);
    snprintf(path, sizeof path, "%s/file", folder);
    FILE *file = fopen(path, "w");
    fclose(file);
    snprintf(below, sizeof below, "%s/fleet", path);
    hf_synth_options options = {20, 2, 2, 20757, false, HF_SYNTH_ADDITIVE};
    hf_error error = {0};
    cr_assert_eq(try_synth(path, &options, &error), HF_ERROR_IO);
    cr_assert_eq(try_synth(below, &options, &error), HF_ERROR_IO);
    cr_assert(strstr(error.file, "file"));
    cr_assert_eq(count_files(folder), 1);
    remove_folder(folder);
}

Test(synth, leaves_nothing_when_the_disk_is_full)
{
    char folder[PATH_BYTES];
    make_scratch(folder);
    rmdir(folder);
    struct rlimit limit, before;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 200000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    hf_synth_options options = {5000, 3, 2, 20757, false, HF_SYNTH_ADDITIVE};
    hf_error error = {0};
    hf_status status = try_synth(folder, &options, &error);
    setrlimit(RLIMIT_FSIZE, &before);
    cr_assert_eq(status, HF_ERROR_IO);
    cr_assert_eq(count_files(folder), -1);
}

static bool stop_at_once(void *user)
{
    (void)user;
    return true;
}

Test(synth, leaves_nothing_when_interrupted)
{
    char folder[PATH_BYTES];
    make_scratch(folder);
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.cancel = stop_at_once;
    hf_context *context = NULL;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    cr_assert_eq(hf_synth_write(context, folder, NULL, NULL), HF_ERROR_CANCELLED);
    cr_assert_eq(count_files(folder), 0);
    hf_context_destroy(context);
    remove_folder(folder);
}

Test(synth, survives_every_failed_allocation)
{
    char folder[PATH_BYTES];
    make_scratch(folder);
    rmdir(folder);
    const hf_synth_options options = {3, 2, 1, 20757, false, HF_SYNTH_ADDITIVE};
    hf_status status = HF_ERROR_MEMORY;
    long k = 0;
    for (; status != HF_OK && k < 500; k++) {
        allocator a = {.fail_at = -1};
        hf_context *context = make_context(&a, 2);
        long held = a.live;
        a.fail_at = a.asked + k;
        hf_error error = {0};
        status = hf_synth_write(context, folder, &options, &error);
        cr_assert(status == HF_OK || status == HF_ERROR_MEMORY, "%s", error.message);
        if (status != HF_OK) cr_assert_eq(count_files(folder), -1);
        cr_assert_eq(a.live, held);
        hf_context_destroy(context);
    }
    cr_assert_eq(status, HF_OK);
    cr_assert_gt(k, 10);
    remove_folder(folder);
}
