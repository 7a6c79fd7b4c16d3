// SPDX-License-Identifier: Apache-2.0
//
// Bands without flapping, against an oracle that keeps no state: it is given an account's whole past and
// looks back through it. Histories are random, with healths on halves so that edges and margins are met
// exactly, and accounts that leave and come back; rows are in another order every night.
#include "base/failing_context.h"
#include "night_fixture.h"

#include <math.h>
#include <string.h>

enum { ACCOUNTS = 50, NIGHTS = 12 };

static hf_context *context;

static void enter(void)
{
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
}

static void leave(void)
{
    hf_context_destroy(context);
}

TestSuite(settle, .init = enter, .fini = leave);

// ---- a history and what it must come to ----------------------------------------------------------------------

typedef struct {
    hf_date date[NIGHTS];
    bool present[NIGHTS][ACCOUNTS];
    double health[NIGHTS][ACCOUNTS]; // NaN: unknown
    double coverage[NIGHTS][ACCOUNTS];
    int order[NIGHTS][ACCOUNTS]; // of the rows
    double margin, smoothing;
    int snapshots;
} world;

static const double edge_of[2][4] = {{0, 30, 60, INFINITY}, {0, 40, 70, INFINITY}}; // by segment
static const char *const band_name[] = {"", "red", "yellow", "green"};              // from -1

static void make_world(world *w, uint64_t seed, bool halves)
{
    hf_random r = hf_random_seed(seed, 0);
    for (int t = 0; t < NIGHTS; t++) {
        w->date[t] = t == 0 ? 20000 : w->date[t - 1] + 1 + (hf_date)hf_random_below(&r, 44);
        for (int a = 0; a < ACCOUNTS; a++) {
            w->present[t][a] = hf_random_below(&r, 12) > 0;
            double x = 25 + 60 * hf_random_uniform(&r);
            if (t > 0 && !isnan(w->health[t - 1][a]) && hf_random_below(&r, 4) > 0)
                x = w->health[t - 1][a] + 8 * (hf_random_uniform(&r) - 0.5);
            x = x < 0 ? 0 : x > 100 ? 100 : x;
            if (halves) x = floor(2 * x) / 2;
            w->health[t][a] = hf_random_below(&r, 25) == 0 ? NAN : x;
            w->coverage[t][a] = hf_random_below(&r, 20) == 0 ? 0.49 : 0.5;
            w->order[t][a] = a;
        }
        for (int a = ACCOUNTS - 1; a > 0 && t % 3 > 0; a--) { // every third night in the accounts' order
            const int b = (int)hf_random_below(&r, (uint64_t)a + 1), swap = w->order[t][a];
            w->order[t][a] = w->order[t][b];
            w->order[t][b] = swap;
        }
    }
}

// The mean of the healths so far, each weighted by the time that has gone by since.
static double smoothed(const world *w, int a, int t)
{
    if (w->smoothing <= 0 || t == 0 || !w->present[t - 1][a]) return w->health[t][a];
    const double before = smoothed(w, a, t - 1), kept = exp(-(w->date[t] - w->date[t - 1]) / w->smoothing);
    if (isnan(w->health[t][a]) || isnan(before)) return w->health[t][a];
    return kept * before + (1 - kept) * w->health[t][a];
}

static int raw_band(const world *w, int a, int t)
{
    const double h = smoothed(w, a, t), *edges = edge_of[a % 2];
    if (isnan(h) || w->coverage[t][a] < 0.5) return -1;
    return h >= edges[2] ? 2 : h >= edges[1] ? 1 : 0;
}

typedef struct {
    int band, pending, waited;
    hf_date since;
} verdict;

// Nights in a row up to t whose raw band lies on that side of the band.
static int nights_on_side(const world *w, int a, int t, int band, bool below)
{
    int nights = 0;
    for (int s = t; s >= 0 && w->present[s][a]; s--, nights++) {
        const int raw = raw_band(w, a, s);
        if (raw < 0 || (below ? raw >= band : raw <= band)) break;
    }
    return nights;
}

static verdict judge(const world *w, int a, int t)
{
    const int raw = raw_band(w, a, t);
    const verdict fresh = {raw, -1, 0, w->date[t]};
    if (t == 0 || !w->present[t - 1][a]) return fresh;
    const verdict old = judge(w, a, t - 1);
    if (raw == old.band) return (verdict){raw, -1, 0, old.since};
    if (raw < 0 || old.band < 0) return fresh;
    const bool below = raw < old.band;
    const double h = smoothed(w, a, t), edge = edge_of[a % 2][below ? old.band : old.band + 1];
    const int nights = nights_on_side(w, a, t, old.band, below);
    if ((below ? edge - h : h - edge) >= w->margin || nights >= w->snapshots) return fresh;
    return (verdict){old.band, raw, nights, old.since};
}

// ---- running it ----------------------------------------------------------------------------------------------

static char id_text[ACCOUNTS][16];

static int64_t open_world_night(night *n, const hf_context *on, const card *c, const world *w, int t,
                                int *row_of)
{
    const char *ids[ACCOUNTS];
    int64_t rows = 0;
    for (int k = 0; k < ACCOUNTS; k++) {
        const int a = w->order[t][k];
        row_of[a] = w->present[t][a] ? (int)rows : -1;
        // Ids of several lengths, some the beginning of others.
        snprintf(id_text[a], sizeof id_text[a], a % 5 ? "A-%d" : "A-%d-branch", a);
        if (w->present[t][a]) ids[rows++] = id_text[a];
    }
    night_open(n, on, c, w->date[t], ids, rows);
    for (int a = 0; a < ACCOUNTS; a++) {
        if (row_of[a] < 0) continue;
        n->health.segment[row_of[a]] = a % 2;
        night_put(n, row_of[a], w->health[t][a], w->coverage[t][a]);
    }
    return rows;
}

static const hf_frame *old_enough(hf_frame *const *scores, const world *w, int t, int days, int *night_of)
{
    *night_of = -1;
    for (int s = 0; s < t; s++)
        if (w->date[t] - w->date[s] >= days) *night_of = s;
    return *night_of < 0 ? NULL : scores[*night_of];
}

static void check_night(const world *w, const hf_frame *scores, const int *row_of, int t, int before)
{
    for (int a = 0; a < ACCOUNTS; a++) {
        const int row = row_of[a];
        if (row < 0) continue;
        const verdict v = judge(w, a, t);
        cr_assert_str_eq(text_at(scores, "band", row), band_name[v.band + 1], "account %d, night %d", a, t);
        cr_assert_str_eq(text_at(scores, "pending_band", row), band_name[v.pending + 1]);
        cr_assert_str_eq(text_at(scores, "band_raw", row), band_name[raw_band(w, a, t) + 1]);
        cr_assert_eq(number_at(scores, "pending_count", row), v.waited);
        cr_assert_eq(date_at(scores, "band_since", row), v.since);
        cr_assert_eq(number_at(scores, "days_in_band", row), w->date[t] - v.since);
        const double s = smoothed(w, a, t), found = number_at(scores, "health_smoothed", row);
        cr_assert(isnan(s) ? isnan(found) : fabs(s - found) < 1e-9);
        const double change =
            before >= 0 && w->present[before][a] ? w->health[t][a] - w->health[before][a] : NAN;
        cr_assert_str_eq(text_at(scores, "trend", row), isnan(change)   ? ""
                                                        : change > 2.0  ? "up"
                                                        : change < -2.0 ? "down"
                                                                        : "flat");
    }
}

static void run_world(const world *w)
{
    card c;
    hf_frame *scores[NIGHTS];
    card_init(&c, context);
    c.definition.margin = w->margin;
    c.definition.snapshots = w->snapshots;
    c.definition.smoothing_days = w->smoothing;
    for (int t = 0; t < NIGHTS; t++) {
        night n;
        int row_of[ACCOUNTS], past;
        open_world_night(&n, context, &c, w, t, row_of);
        const hf_frame *before = old_enough(scores, w, t, 30, &past);
        scores[t] = night_scores(&n, t > 0 ? scores[t - 1] : NULL, before);
        check_night(w, scores[t], row_of, t, past);
        night_close(&n);
    }
    for (int t = 0; t < NIGHTS; t++)
        hf_frame_destroy(scores[t]);
}

Test(settle, agrees_with_an_oracle_that_looks_back_through_the_whole_past)
{
    static world w;
    static const double margins[] = {0, 0.5, 3, 5, 200};
    for (int k = 0; k < 20; k++) {
        make_world(&w, (uint64_t)k, true);
        w.margin = margins[k % 5];
        w.snapshots = 1 + k / 5;
        w.smoothing = 0;
        run_world(&w);
    }
}

Test(settle, smooths_by_elapsed_days)
{
    static world w;
    for (int k = 0; k < 6; k++) {
        make_world(&w, 100 + (uint64_t)k, false);
        w.margin = k % 2 * 3;
        w.snapshots = 1 + k / 2;
        w.smoothing = k < 3 ? 20 : 400;
        run_world(&w);
    }
}

Test(settle, changes_nothing_without_margin_or_with_one_snapshot)
{
    static world w;
    card c;
    card_init(&c, context);
    for (int k = 0; k < 2; k++) {
        hf_frame *last = NULL;
        make_world(&w, 7, true);
        c.definition.margin = k == 0 ? 0 : 50;
        c.definition.snapshots = k == 0 ? 9 : 1;
        for (int t = 0; t < NIGHTS; t++) {
            night n;
            int row_of[ACCOUNTS];
            const int64_t rows = open_world_night(&n, context, &c, &w, t, row_of);
            hf_frame *scores = night_scores(&n, last, NULL);
            cr_assert_arr_eq(n.health.band, n.health.band_raw, (size_t)rows);
            hf_frame_destroy(last);
            last = scores;
            night_close(&n);
        }
        hf_frame_destroy(last);
    }
}

// ---- by hand -------------------------------------------------------------------------------------------------

// One account through healths a month apart: the band's first letter each month, '?' where unknown.
static void through(char *out, card *c, int segment, const double *healths, int count)
{
    static const char *const ids[] = {"acme"};
    hf_frame *last = NULL;
    for (int t = 0; t < count; t++) {
        night n;
        night_open(&n, context, c, 20000 + 30 * t, ids, 1);
        n.health.segment[0] = segment;
        night_put(&n, 0, healths[t], 1);
        hf_frame *scores = night_scores(&n, last, NULL);
        out[t] = n.health.band[0] < 0 ? '?' : text_at(scores, "band", 0)[0];
        hf_frame_destroy(last);
        last = scores;
        night_close(&n);
    }
    out[count] = '\0';
    hf_frame_destroy(last);
}

#define THROUGH(segment, expected, ...)                                                \
    do {                                                                               \
        const double healths[] = {__VA_ARGS__};                                        \
        char found[32];                                                                \
        through(found, &c, segment, healths, (int)(sizeof healths / sizeof *healths)); \
        cr_assert_str_eq(found, expected);                                             \
    } while (0)

Test(settle, meets_the_margin_exactly)
{
    card c;
    card_init(&c, context);
    c.definition.margin = 5;
    c.definition.snapshots = 3;
    THROUGH(1, "gyy", 80, 65, 65);                       // the margin itself changes the band
    THROUGH(1, "gggy", 80, nextafter(65, 66), 69.5, 69); // a hair less waits for the third
    THROUGH(1, "yyyg", 60, 70, 74.5, 74.5);              // upward: three in a row
    THROUGH(1, "yg", 60, 75);                            // or the margin
    THROUGH(1, "yyg", 60, nextafter(75, 74), 75);
    THROUGH(1, "gr", 80, 30);                     // two edges at once, by the margin of the first
    THROUGH(1, "gggr", 80, 66, 66, 10);           // wherever it is when its time has come
    THROUGH(1, "gggggg", 80, 66, 66, 71, 66, 66); // back in between: counted anew
    THROUGH(1, "yyyyyy", 60, 39, 70, 39, 70, 39); // on the other side: counted anew
    THROUGH(0, "gyy", 80, 55, 55);                // the segment's own edges: 30 and 60
    THROUGH(0, "gggy", 80, 59, 56, 58);
}

Test(settle, lets_unknown_come_and_go_at_once)
{
    card c;
    card_init(&c, context);
    c.definition.margin = 10;
    c.definition.snapshots = 4;
    THROUGH(1, "g?g", 80, NAN, 69.9 + 1);
    THROUGH(1, "g?r", 80, NAN, 39);
    THROUGH(1, "gg?yy", 80, 69, NAN, 69, 70);
}

Test(settle, keeps_how_long_an_account_has_been_unknown)
{
    static const char *const ids[] = {"acme"};
    card c;
    card_init(&c, context);
    hf_frame *last = NULL;
    for (int t = 0; t < 3; t++) {
        night n;
        night_open(&n, context, &c, 20000 + 30 * t, ids, 1);
        night_put(&n, 0, t == 0 ? 50 : NAN, 1);
        hf_frame *scores = night_scores(&n, last, NULL);
        hf_frame_destroy(last);
        last = scores;
        night_close(&n);
    }
    cr_assert_eq(date_at(last, "band_since", 0), 20030);
    cr_assert_eq(number_at(last, "days_in_band", 0), 30);
    hf_frame_destroy(last);
}

Test(settle, begins_anew_where_a_band_is_no_more)
{
    static const char *const ids[] = {"acme", "blue"};
    static char other[] = {"amber"};
    card c;
    night n;
    card_init(&c, context);
    c.definition.margin = 30;
    c.definition.snapshots = 9;
    night_open(&n, context, &c, 20000, ids, 2);
    night_put(&n, 0, 50, 1);
    night_put(&n, 1, 80, 1);
    hf_frame *last = night_scores(&n, NULL, NULL);
    night_close(&n);
    c.bands[1].name = other;
    night_open(&n, context, &c, 20030, ids, 2);
    night_put(&n, 0, 39, 1);
    night_put(&n, 1, 69, 1);
    hf_frame *scores = night_scores(&n, last, NULL);
    cr_assert_str_eq(text_at(scores, "band", 0), "red"); // yellow is gone: no reason to wait
    cr_assert_eq(date_at(scores, "band_since", 0), 20030);
    cr_assert_str_eq(text_at(scores, "band", 1), "green");
    cr_assert_str_eq(text_at(scores, "pending_band", 1), "amber");
    cr_assert_eq(date_at(scores, "band_since", 1), 20000);
    night_close(&n);
    hf_frame_destroy(scores);
    hf_frame_destroy(last);
}

Test(settle, may_be_done_twice)
{
    static world w;
    card c;
    night n;
    int row_of[ACCOUNTS];
    card_init(&c, context);
    c.definition.smoothing_days = 30;
    c.definition.margin = 2;
    c.definition.snapshots = 2;
    make_world(&w, 5, false);
    open_world_night(&n, context, &c, &w, 0, row_of);
    hf_frame *last = night_scores(&n, NULL, NULL);
    night_close(&n);
    open_world_night(&n, context, &c, &w, 1, row_of);
    hf_frame *once = night_scores(&n, last, last), *twice = night_scores(&n, last, last);
    char a[33], b[33];
    cr_assert_eq(hf_frame_fingerprint(a, once, NULL), HF_OK);
    cr_assert_eq(hf_frame_fingerprint(b, twice, NULL), HF_OK);
    cr_assert_str_eq(a, b);
    night_close(&n);
    hf_frame_destroy(once);
    hf_frame_destroy(twice);
    hf_frame_destroy(last);
}

// ---- errors, memory, threads ---------------------------------------------------------------------------------

Test(settle, refuses_nights_that_do_not_lie_before)
{
    static const char *const ids[] = {"acme"};
    card c;
    night n;
    hf_error error = {0};
    card_init(&c, context);
    night_open(&n, context, &c, 20757, ids, 1);
    hf_frame *last = night_scores(&n, NULL, NULL);
    const int8_t *band = n.health.band;
    cr_assert_eq(hf_health_settle(&n.health, context, &n.plan, last, NULL, &error), HF_ERROR_USAGE);
    cr_assert_not_null(strstr(error.message, "'2026-10-31', which is not before 2026-10-31"));
    cr_assert_eq(hf_health_settle(&n.health, context, &n.plan, NULL, last, &error), HF_ERROR_USAGE);
    last->as_of = 20700;
    hf_frame_remove(last, hf_frame_find(last, "pending_band"));
    cr_assert_eq(hf_health_settle(&n.health, context, &n.plan, last, NULL, &error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(error.message, "expected a column 'pending_band', found none"), "%s",
                       error.message);
    hf_column *wrong = NULL;
    cr_assert_eq(hf_frame_add(last, &wrong, "pending_band", HF_KIND_NUMBER, HF_STORAGE_F32, NULL), HF_OK);
    cr_assert_eq(hf_health_settle(&n.health, context, &n.plan, last, NULL, &error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(error.message, "expected a category, found number"), "%s", error.message);
    cr_assert_eq(n.health.band, band, "what was there is left alone");
    night_close(&n);
    hf_frame_destroy(last);
}

Test(settle, survives_every_failing_allocation)
{
    static world w;
    allocator a = {.fail_at = -1};
    hf_context *failing = make_context(&a, 1);
    const long base = a.live;
    card c;
    night n;
    int row_of[ACCOUNTS];
    card_init(&c, failing);
    c.definition.margin = 2;
    make_world(&w, 9, true);
    open_world_night(&n, failing, &c, &w, 0, row_of);
    hf_frame *last = night_scores(&n, NULL, NULL);
    night_close(&n);
    open_world_night(&n, failing, &c, &w, 1, row_of);
    const long held = a.live;
    hf_status status = HF_ERROR_MEMORY;
    for (long k = 0; status != HF_OK; k++) {
        const int8_t *raw = n.health.band_raw;
        a.asked = 0;
        a.fail_at = k;
        hf_error error = {0};
        status = hf_health_settle(&n.health, failing, &n.plan, last, last, &error);
        cr_assert(status == HF_OK ? k > 10 : status == HF_ERROR_MEMORY);
        if (status == HF_OK) break;
        cr_assert_eq(a.live, held);
        cr_assert_eq(n.health.band_raw, raw);
        cr_assert_null(n.health.band);
    }
    a.fail_at = -1;
    night_close(&n);
    hf_frame_destroy(last);
    cr_assert_eq(a.live, base);
    hf_context_destroy(failing);
}

Test(settle, gives_the_same_bytes_on_any_number_of_threads)
{
    enum { MANY = 5000 };
    static char text[MANY][16];
    static const char *ids[MANY];
    static const int threads[] = {1, 2, 7};
    char first[33] = "";
    for (int i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof text[i], "%d", i * 7919 % MANY);
        ids[i] = text[i];
    }
    for (int k = 0; k < 3; k++) {
        allocator a = {.fail_at = -1};
        hf_context *on = make_context(&a, threads[k]);
        hf_random r = hf_random_seed(3, 0);
        hf_frame *last = NULL;
        card c;
        card_init(&c, on);
        c.definition.margin = 5;
        c.definition.snapshots = 2;
        c.definition.smoothing_days = 15;
        for (int t = 0; t < 4; t++) {
            night n;
            night_open(&n, on, &c, 20000 + 30 * t, ids + 100 * t, MANY - 300);
            for (int i = 0; i < MANY - 300; i++)
                night_put(&n, i, 100 * hf_random_uniform(&r), 1);
            hf_frame *scores = night_scores(&n, last, last);
            hf_frame_destroy(last);
            last = scores;
            night_close(&n);
        }
        char found[33];
        cr_assert_eq(hf_frame_fingerprint(found, last, NULL), HF_OK);
        if (k == 0) strcpy(first, found);
        cr_assert_str_eq(found, first);
        hf_frame_destroy(last);
        hf_context_destroy(on);
    }
}
