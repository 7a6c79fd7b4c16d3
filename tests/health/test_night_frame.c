// SPDX-License-Identifier: Apache-2.0
//
// A night as a frame: it says what the health says, and comes back from the store to the bit, so that the
// next night settles on it as it would have on the one in memory. And the trend of measures, which reads it.
#include "base/failing_context.h"
#include "holdfast/store.h"
#include "night_fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 300 };

static hf_context *context;
static char id_text[ROWS][16], arr_name[] = "arr";
static const char *ids[ROWS];
static double probability[ROWS];
static int32_t rank[ROWS];

static void enter(void)
{
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
    for (int i = 0; i < ROWS; i++) {
        snprintf(id_text[i], sizeof id_text[i], "id%d", i);
        ids[i] = id_text[i];
        probability[i] = i % 10 == 9 ? NAN : 1.0 / (3 + i);
        rank[i] = i + 1;
    }
}

static void leave(void)
{
    hf_context_destroy(context);
}

TestSuite(night_frame, .init = enter, .fini = leave);

static void open_night(night *n, const hf_context *on, const card *c, hf_date as_of, uint64_t seed)
{
    hf_random r = hf_random_seed(seed, 0);
    double arr[ROWS];
    night_open(n, on, c, as_of, ids, ROWS);
    for (int i = 0; i < ROWS; i++) {
        n->health.segment[i] = i % 3 == 0;
        night_put(n, i, i % 17 == 0 ? NAN : 100 * hf_random_uniform(&r), i % 13 == 0 ? 0.1 : 0.9);
        n->health.raw[i] -= hf_random_uniform(&r); // an override between
        arr[i] = i % 11 == 0 ? NAN : floor(1e5 * hf_random_uniform(&r)) / 100;
        for (int m = 0; m < CARD_MEASURES; m++)
            n->health.measure[m * ROWS + i] = (i + m) % 7 == 0 ? NAN : (float)(100 * hf_random_uniform(&r));
    }
    night_add_numbers(n, "arr", HF_KIND_MONEY, arr);
}

static void settle(night *n, const hf_frame *last, const hf_frame *before)
{
    cr_assert_eq(hf_health_settle(&n->health, n->context, &n->plan, last, before, NULL), HF_OK);
    cr_assert_eq(hf_health_risk(&n->health, n->context, &n->plan, probability, NULL), HF_OK);
}

static hf_frame *keep(const night *n, const char *source)
{
    hf_frame *out = NULL;
    hf_error error = {0};
    cr_assert_eq(hf_health_frame(&out, n->context, &n->plan, &n->health, probability, rank, source, &error),
                 HF_OK, "%s", error.message);
    return out;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static const char *band_at(const card *c, int8_t band)
{
    return band < 0 ? "" : c->bands[band].name;
}

Test(night_frame, says_what_the_health_says)
{
    static const char *const columns[] = {"health",
                                          "health_raw",
                                          "health_smoothed",
                                          "band",
                                          "band_raw",
                                          "pending_band",
                                          "band_since",
                                          "pending_count",
                                          "days_in_band",
                                          "coverage",
                                          "trend",
                                          "segment",
                                          "cadence",
                                          "arr",
                                          "arr_at_risk",
                                          "parent_health",
                                          "churn_probability",
                                          "rank",
                                          "measure:usage.depth",
                                          "measure:support.tickets"};
    const int32_t count = sizeof columns / sizeof columns[0];
    card c;
    night n;
    card_init(&c, context);
    c.definition.arr = arr_name;
    c.definition.snapshots = 2;
    c.definition.margin = 60;
    open_night(&n, context, &c, 20700, 1);
    settle(&n, NULL, NULL);
    hf_frame *first = keep(&n, "{\"a\":1}");
    night_close(&n);
    open_night(&n, context, &c, 20757, 2);
    settle(&n, first, first);
    hf_frame *f = keep(&n, "{\"model\":\"m\"}");
    cr_assert_eq(f->column_count, count);
    for (int32_t i = 0; i < count; i++)
        cr_assert_str_eq(f->columns[i].name, columns[i]);
    cr_assert_eq(f->as_of, 20757);
    cr_assert_str_eq(f->source, "{\"model\":\"m\"}");
    cr_assert_str_eq(f->id_name, "account_id");
    const hf_health *h = &n.health;
    int pending = 0, no_trend = 0;
    for (int i = 0; i < ROWS; i++) {
        size_t length;
        const char *id = hf_frame_id(f, i, &length);
        cr_assert(length == strlen(ids[i]) && memcmp(id, ids[i], length) == 0);
        cr_assert(same(number_at(f, "health", i), h->health[i]));
        cr_assert(same(number_at(f, "health_raw", i), h->raw[i]));
        cr_assert(same(number_at(f, "health_smoothed", i), h->smoothed[i]));
        cr_assert(same(number_at(f, "coverage", i), h->coverage[i]));
        cr_assert(same(number_at(f, "arr", i), h->arr[i]));
        cr_assert(same(number_at(f, "arr_at_risk", i), h->arr_at_risk[i]));
        cr_assert(same(number_at(f, "parent_health", i), h->parent[i]));
        cr_assert(same(number_at(f, "churn_probability", i), probability[i]));
        cr_assert_eq(number_at(f, "rank", i), rank[i]);
        cr_assert(same(number_at(f, "measure:support.tickets", i), (double)h->measure[ROWS + i]));
        cr_assert_str_eq(text_at(f, "band", i), band_at(&c, h->band[i]));
        cr_assert_str_eq(text_at(f, "band_raw", i), band_at(&c, h->band_raw[i]));
        cr_assert_str_eq(text_at(f, "pending_band", i), band_at(&c, h->pending[i]));
        cr_assert_eq(date_at(f, "band_since", i), h->band_since[i]);
        cr_assert_eq(number_at(f, "days_in_band", i), 20757 - h->band_since[i]);
        cr_assert_eq(number_at(f, "pending_count", i), h->pending_count[i]);
        cr_assert_str_eq(text_at(f, "trend", i), hf_trend_name((hf_trend)h->trend[i]));
        cr_assert_str_eq(text_at(f, "segment", i), c.segments[h->segment[i]].name);
        cr_assert_str_eq(text_at(f, "cadence", i), hf_cadence_name((hf_cadence)h->cadence[i]));
        pending += h->pending[i] >= 0;
        no_trend += h->trend[i] == HF_TREND_UNKNOWN;
    }
    cr_assert_gt(pending, 20, "the test tests little");
    cr_assert_gt(no_trend, 10, "the test tests little");
    cr_assert_eq(f->columns[hf_frame_find(f, "trend")].missing, no_trend);
    cr_assert_eq(f->columns[hf_frame_find(f, "pending_band")].missing, ROWS - pending);
    night_close(&n);
    hf_frame_destroy(f);
    hf_frame_destroy(first);
}

Test(night_frame, leaves_out_what_was_not_given)
{
    card c;
    night n;
    card_init(&c, context);
    open_night(&n, context, &c, 20757, 3);
    settle(&n, NULL, NULL);
    hf_frame *f = NULL;
    cr_assert_eq(hf_health_frame(&f, context, &n.plan, &n.health, NULL, NULL, NULL, NULL), HF_OK);
    cr_assert_eq(hf_frame_find(f, "churn_probability"), -1);
    cr_assert_eq(hf_frame_find(f, "rank"), -1);
    cr_assert_str_eq(f->source, "");
    hf_frame_destroy(f);
    night_close(&n);
}

Test(night_frame, comes_back_from_the_store_to_the_bit)
{
    char folder[] = "/tmp/holdfast-night-XXXXXX", command[128];
    hf_store *store = NULL;
    hf_snapshot_info info;
    hf_error error = {0};
    card c;
    card_init(&c, context);
    c.definition.arr = arr_name;
    c.definition.snapshots = 3;
    c.definition.margin = 40;
    c.definition.smoothing_days = 33;
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(hf_store_open(&store, context, folder, HF_STORE_WRITE, &error), HF_OK, "%s", error.message);
    hf_frame *in_memory = NULL, *kept = NULL;
    for (int t = 0; t < 4; t++) {
        const hf_store_write_options options = HF_STORE_WRITE_OPTIONS_INIT;
        char a[33], b[33];
        bool written = false;
        night n, twin;
        open_night(&n, context, &c, 20000 + 31 * t, (uint64_t)t);
        open_night(&twin, context, &c, 20000 + 31 * t, (uint64_t)t);
        settle(&n, in_memory, in_memory);
        settle(&twin, kept, kept);
        hf_frame *now = keep(&n, "{}"), *again = keep(&twin, "{}");
        cr_assert_eq(hf_frame_fingerprint(a, now, NULL), HF_OK);
        cr_assert_eq(hf_frame_fingerprint(b, again, NULL), HF_OK);
        cr_assert_str_eq(a, b, "night %d", t);
        cr_assert_eq(hf_store_write_scores(store, now, &options, NULL, &written, &error), HF_OK, "%s",
                     error.message);
        cr_assert(written);
        hf_frame_destroy(kept);
        hf_frame_destroy(again);
        hf_frame_destroy(in_memory);
        in_memory = now;
        kept = NULL;
        cr_assert_eq(hf_store_read_scores(&kept, &info, store, 20000 + 31 * t, &error), HF_OK, "%s",
                     error.message);
        cr_assert_eq(hf_frame_fingerprint(b, kept, NULL), HF_OK);
        cr_assert_str_eq(a, b);
        cr_assert_str_eq(kept->source, "{}");
        night_close(&n);
        night_close(&twin);
    }
    hf_frame_destroy(kept);
    hf_frame_destroy(in_memory);
    hf_store_close(store);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

Test(night_frame, keeps_counts_that_single_precision_would_not)
{
    card c;
    night n;
    card_init(&c, context);
    c.definition.snapshots = 1 << 26;
    open_night(&n, context, &c, 20757, 3);
    settle(&n, NULL, NULL);
    n.health.pending_count[0] = (1 << 24) + 1;
    hf_frame *f = keep(&n, "");
    cr_assert_eq(number_at(f, "pending_count", 0), (1 << 24) + 1);
    hf_frame_destroy(f);
    night_close(&n);
}

Test(night_frame, needs_a_settled_health)
{
    card c;
    night n;
    hf_frame *f = NULL;
    card_init(&c, context);
    open_night(&n, context, &c, 20757, 3);
    cr_assert_eq(hf_health_frame(&f, context, &n.plan, &n.health, NULL, NULL, "", NULL), HF_ERROR_USAGE);
    cr_assert_eq(hf_health_settle(&n.health, context, &n.plan, NULL, NULL, NULL), HF_OK);
    cr_assert_eq(hf_health_frame(&f, context, &n.plan, &n.health, NULL, NULL, "", NULL), HF_ERROR_USAGE);
    cr_assert_null(f);
    night_close(&n);
}

Test(night_frame, refuses_a_measure_whose_name_is_too_long)
{
    static char path[260];
    card c;
    night n;
    hf_frame *f = NULL;
    hf_error error = {0};
    card_init(&c, context);
    memset(path, 'x', 248);
    c.measures[1].path = path;
    open_night(&n, context, &c, 20757, 3);
    settle(&n, NULL, NULL);
    cr_assert_eq(hf_health_frame(&f, context, &n.plan, &n.health, NULL, NULL, "", &error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(error.message, "at most 247 bytes, found 248"), "%s", error.message);
    path[247] = '\0';
    cr_assert_eq(hf_health_frame(&f, context, &n.plan, &n.health, NULL, NULL, "", &error), HF_OK);
    hf_frame_destroy(f);
    night_close(&n);
}

Test(night_frame, survives_every_failing_allocation)
{
    allocator a = {.fail_at = -1};
    hf_context *failing = make_context(&a, 2);
    card c;
    night n;
    card_init(&c, failing);
    open_night(&n, failing, &c, 20757, 3);
    settle(&n, NULL, NULL);
    const long held = a.live;
    hf_status status = HF_ERROR_MEMORY;
    hf_frame *f = NULL;
    for (long k = 0; status != HF_OK; k++) {
        a.asked = 0;
        a.fail_at = k;
        status = hf_health_frame(&f, failing, &n.plan, &n.health, probability, rank, "{}", NULL);
        cr_assert(status == HF_OK ? k > 40 : status == HF_ERROR_MEMORY);
        cr_assert(status == HF_OK || (a.live == held && f == NULL));
    }
    a.fail_at = -1;
    hf_frame_destroy(f);
    night_close(&n);
    hf_context_destroy(failing);
    cr_assert_eq(a.live, 0);
}

// ---- the trend of measures -----------------------------------------------------------------------------------

Test(night_frame, tells_the_trend_of_each_measure)
{
    static const char *const then_ids[] = {"gone", "id1", "id0"}, *const now_ids[] = {"id0", "id1", "new"};
    card c;
    night n;
    card_init(&c, context);
    night_open(&n, context, &c, 20700, then_ids, 3);
    const float scores[] = {1, 50, 60, 2, NAN, 70};
    memcpy(n.health.measure, scores, sizeof scores);
    hf_frame *before = night_scores(&n, NULL, NULL);
    night_close(&n);
    night_open(&n, context, &c, 20757, now_ids, 3);
    hf_health_part parts[CARD_MEASURES] = {{.score = 57.999}, {.score = 72}};
    const hf_health_explanation explanation = {.parts = parts};
    hf_measure_trend found[CARD_MEASURES];
    hf_health_trends(found, &n.plan, 0, &explanation, before);
    cr_assert(found[0].now == 57.999 && found[0].before == 60 && found[0].trend == HF_TREND_DOWN);
    cr_assert(found[1].now == 72 && found[1].before == 70 && found[1].trend == HF_TREND_FLAT);
    parts[1].score = 72.001;
    parts[0].score = NAN;
    hf_health_trends(found, &n.plan, 1, &explanation, before);
    cr_assert(isnan(found[0].now) && found[0].before == 50 && found[0].trend == HF_TREND_UNKNOWN);
    cr_assert(isnan(found[1].before) && found[1].trend == HF_TREND_UNKNOWN);
    hf_health_trends(found, &n.plan, 0, &explanation, before);
    cr_assert_eq(found[1].trend, HF_TREND_UP);
    hf_health_trends(found, &n.plan, 2, &explanation, before); // it was not there
    cr_assert(isnan(found[1].before) && found[1].now == 72.001 && found[1].trend == HF_TREND_UNKNOWN);
    hf_frame_remove(before, hf_frame_find(before, "measure:usage.depth")); // a measure that is new
    hf_health_trends(found, &n.plan, 0, &explanation, before);
    cr_assert(isnan(found[0].before) && found[1].before == 70);
    hf_health_trends(found, &n.plan, 0, &explanation, NULL);
    cr_assert(isnan(found[1].before) && found[1].now == 72.001);
    hf_frame_destroy(before);
    night_close(&n);
}
