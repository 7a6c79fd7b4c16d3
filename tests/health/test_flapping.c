// SPDX-License-Identifier: Apache-2.0
//
// What hysteresis is worth: the shipped scorecard over the demo fleet's 24 months, settled month by month.
// Changes of band that are taken back within two months are at most half of what they are without it, and a
// true fall to red shows at most a month late.
#include "health/health_room.h"
#include "holdfast/csv.h"
#include "holdfast/synth.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MONTHS = 24 };

static hf_context *context;
static hf_error error;
static char folder[64];

static void good(hf_status status)
{
    cr_assert_eq(status, HF_OK, "%s: %s", hf_status_text(status), error.message);
}

static void enter(void)
{
    strcpy(folder, "/tmp/holdfast-flapping-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    good(hf_context_create(&context, NULL, &error));
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

static void leave(void)
{
    hf_context_destroy(context);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(flapping, .init = enter, .fini = leave, .timeout = 280);

// The last days of the months up to October 2026.
static hf_date month_end(int month)
{
    const int number = 2026 * 12 + 9 - (MONTHS - 1) + month + 1;
    char text[32];
    hf_date first = 0;
    snprintf(text, sizeof text, "%04d-%02d-01", number / 12, number % 12 + 1);
    cr_assert(hf_date_parse(&first, text, 10));
    return first - 1;
}

static void read_month(hf_frame **out, int month)
{
    hf_csv_options options = HF_CSV_OPTIONS_INIT;
    char path[128], date[11];
    hf_date_format(month_end(month), date);
    snprintf(path, sizeof path, "%s/accounts-%s.csv", folder, date);
    options.id = "account_id";
    good(hf_csv_read(out, NULL, context, path, &options, &error));
    (*out)->as_of = month_end(month);
}

static void score_month(hf_frame **out, const hf_definition *definition, hf_frame *accounts,
                        const hf_frame *last)
{
    hf_health_plan *plan = NULL;
    hf_health health = {0};
    good(hf_health_plan_create(&plan, context, definition, accounts, NULL, &error));
    good(hf_health_fleet(&health, context, plan, &error));
    good(hf_health_settle(&health, context, plan, last, NULL, &error));
    good(hf_health_risk(&health, context, plan, NULL, &error));
    good(hf_health_frame(out, context, plan, &health, NULL, NULL, "", &error));
    hf_health_free(context, &health);
    hf_health_plan_destroy(plan);
}

static hf_flap_count count_fleet(const hf_definition *definition, hf_frame *const *accounts)
{
    hf_flapping *flapping = NULL;
    hf_frame *last = NULL;
    hf_flap_count count;
    good(hf_flapping_create(&flapping, context, definition, &error));
    for (int m = 0; m < MONTHS; m++) {
        hf_frame *scores = NULL;
        score_month(&scores, definition, accounts[m], last);
        good(hf_flapping_add(flapping, scores, &error));
        hf_frame_destroy(last);
        last = scores;
    }
    hf_flapping_count(&count, flapping, HF_FLAP_DAYS, HF_FLAP_STAYS);
    hf_frame_destroy(last);
    hf_flapping_destroy(flapping);
    return count;
}

static void say(const hf_flap_count *n)
{
    cr_log_info("raw %lld changes, %lld taken back; settled %lld, %lld; %lld falls to red, %lld at once, "
                "%lld one month late, %lld later, %lld never\n",
                (long long)n->band_raw.changes, (long long)n->band_raw.reversed, (long long)n->band.changes,
                (long long)n->band.reversed, (long long)n->falls, (long long)n->late[0],
                (long long)n->late[1], (long long)(n->late[2] + n->late[3]), (long long)n->unpublished);
}

Test(flapping, hysteresis_halves_what_is_taken_back_and_delays_falls_by_a_month_at_most)
{
    hf_synth_options options = HF_SYNTH_OPTIONS_INIT;
    hf_definition *definition = NULL;
    hf_frame *accounts[MONTHS] = {NULL};
    options.months = MONTHS;
    good(hf_synth_write(context, folder, &options, &error));
    good(hf_definition_load(&definition, context, HOLDFAST_MODELS "/b2b-saas.yaml", &error));
    for (int m = 0; m < MONTHS; m++) {
        read_month(&accounts[m], m);
        good(hf_derive(accounts[m], accounts, m, definition, &error));
    }
    const hf_flap_count count = count_fleet(definition, accounts);
    say(&count);
    cr_assert_gt(count.band_raw.reversed, 1000, "the fleet does not flap");
    cr_assert_gt(count.falls, 300, "the fleet does not fall");
    cr_assert_leq(2 * count.band.reversed, count.band_raw.reversed, "%lld of %lld",
                  (long long)count.band.reversed, (long long)count.band_raw.reversed);
    cr_assert_eq(count.late[0] + count.late[1], count.falls);
    cr_assert_leq(count.most_nights, 1);
    cr_assert_leq(count.most_days, 31);
    for (int m = 0; m < MONTHS; m++)
        hf_frame_destroy(accounts[m]);
    hf_definition_destroy(definition);
}
