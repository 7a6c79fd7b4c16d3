// SPDX-License-Identifier: Apache-2.0
//
// What hysteresis is worth: the shipped scorecard over the demo fleet's 24 months, settled month by month.
// Changes of band that are taken back within two months are at most half of what they are without it, and a
// true fall to red shows at most a month late. And every account adds up, every month: its score, and what
// moved it since the month before.
#include "health/health_room.h"
#include "holdfast/csv.h"
#include "holdfast/synth.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Under a sanitizer every account takes half a minute: there only every third is looked at.
enum { MONTHS = 24, ROW_STEP = HOLDFAST_SANITIZED ? 3 : 1 };

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

// ---- every account adds up -----------------------------------------------------------------------------------

static void check_score(const hf_health_plan *plan, const hf_health *health, int64_t row)
{
    hf_health_explanation e = {0};
    const hf_definition *d = hf_health_plan_definition(plan);
    good(hf_health_explain(&e, context, plan, row, &error));
    double sum = e.unassigned * d->neutral;
    for (int32_t m = 0; m < d->measure_count; m++)
        sum += e.parts[m].contribution;
    cr_assert_leq(fabs(sum - e.raw), 1e-9, "row %lld", (long long)row);
    for (int32_t k = 0; k < e.override_count; k++)
        sum += e.overrides[k].change;
    cr_assert_leq(fabs(sum - e.health), 1e-9, "row %lld", (long long)row);
    cr_assert_leq(fabs(health->health[row] - e.health), 1e-4, "row %lld", (long long)row);
    hf_health_explanation_free(context, &e);
}

static void check_move(const hf_health_plan *before, int64_t row_before, const hf_health_plan *after,
                       int64_t row)
{
    hf_health_move move = {0};
    good(hf_health_move_create(&move, context, before, row_before, after, row, &error));
    double sum = move.configuration + move.override;
    for (int32_t m = 0; m < move.measures; m++)
        sum += move.value[m] + move.coverage[m] + move.staleness[m];
    cr_assert_leq(fabs(sum - (move.to - move.from)), 1e-9, "row %lld", (long long)row);
    hf_health_move_free(context, &move);
}

Test(flapping, every_account_adds_up_every_month)
{
    hf_synth_options options = HF_SYNTH_OPTIONS_INIT;
    hf_definition *definition = NULL;
    hf_frame *accounts[MONTHS] = {NULL};
    hf_health_plan *plans[MONTHS] = {NULL};
    int64_t moves = 0;
    options.months = MONTHS;
    good(hf_synth_write(context, folder, &options, &error));
    good(hf_definition_load(&definition, context, HOLDFAST_MODELS "/b2b-saas.yaml", &error));
    for (int m = 0; m < MONTHS; m++) {
        hf_health health = {0};
        read_month(&accounts[m], m);
        good(hf_derive(accounts[m], accounts, m, definition, &error));
        good(hf_health_plan_create(&plans[m], context, definition, accounts[m], NULL, &error));
        good(hf_health_fleet(&health, context, plans[m], &error));
        int64_t *before = m > 0 ? malloc((size_t)accounts[m]->rows * sizeof *before) : NULL;
        if (before) good(hf_frame_match(before, accounts[m - 1], accounts[m], &error));
        for (int64_t row = 0; row < accounts[m]->rows; row += ROW_STEP) {
            check_score(plans[m], &health, row);
            if (!before || before[row] < 0) continue;
            check_move(plans[m - 1], before[row], plans[m], row);
            moves++;
        }
        free(before);
        hf_health_free(context, &health);
    }
    cr_assert_gt(ROW_STEP * moves, 100000);
    for (int m = 0; m < MONTHS; m++) {
        hf_health_plan_destroy(plans[m]);
        hf_frame_destroy(accounts[m]);
    }
    hf_definition_destroy(definition);
}
