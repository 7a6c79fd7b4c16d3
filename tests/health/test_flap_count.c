// SPDX-License-Identifier: Apache-2.0
//
// Counting flaps: by hand on spelled-out histories, and on random ones against an oracle that writes every
// account's past as one string a chain and looks at that.
#include "base/failing_context.h"
#include "night_fixture.h"

#include <string.h>

static hf_context *context;
static card c;

static void enter(void)
{
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
    card_init(&c, context);
}

static void leave(void)
{
    hf_context_destroy(context);
}

TestSuite(flap_count, .init = enter, .fini = leave);

// A column of bands from letters: r, y, g, ? unknown; x: another band than the definition's.
static void add_bands(hf_frame *frame, const char *name, const char *letters)
{
    static const char *const texts[] = {"green", "mauve", "red", "yellow"};
    static const size_t lengths[] = {5, 5, 3, 6};
    hf_column *column = NULL;
    cr_assert_eq(hf_frame_add(frame, &column, name, HF_KIND_CATEGORY, HF_STORAGE_CODE, NULL), HF_OK);
    cr_assert_eq(hf_dictionary_build(&column->dictionary, frame->context, texts, lengths, 4, NULL, NULL),
                 HF_OK);
    for (int64_t i = 0; i < frame->rows; i++)
        ((int32_t *)column->values)[i] =
            letters[i] == '?' ? -1 : (int32_t)(strchr("gxry", letters[i]) - "gxry");
    hf_column_count_missing(column, frame->rows);
}

static hf_frame *scores_of(const hf_context *on, hf_date as_of, char (*ids)[8], const char *raw,
                           const char *band, int64_t rows)
{
    hf_frame *frame = NULL;
    cr_assert_eq(hf_frame_create(&frame, on, rows, 8, NULL), HF_OK);
    frame->as_of = as_of;
    for (int64_t i = 0; i < rows; i++)
        memcpy(frame->ids + 8 * i, ids[i], strlen(ids[i]));
    add_bands(frame, "band_raw", raw);
    add_bands(frame, "band", band);
    return frame;
}

// One account, a letter a night, `step` days apart.
static hf_flap_count count_one(const char *raw, const char *band, int step, int days, int stays)
{
    char id[1][8] = {"a"};
    hf_flapping *f = NULL;
    hf_flap_count out;
    cr_assert_eq(hf_flapping_create(&f, context, &c.definition, NULL), HF_OK);
    for (int t = 0; raw[t]; t++) {
        hf_frame *scores = scores_of(context, 20000 + step * t, id, raw + t, band + t, 1);
        cr_assert_eq(hf_flapping_add(f, scores, NULL), HF_OK);
        hf_frame_destroy(scores);
    }
    hf_flapping_count(&out, f, days, stays);
    hf_flapping_destroy(f);
    return out;
}

static void check_changes(const char *letters, int step, int days, int nights, int changes, int reversed)
{
    char same[32];
    memset(same, 'g', sizeof same);
    same[strlen(letters)] = '\0';
    const hf_flap_count n = count_one(letters, same, step, days, 1),
                        m = count_one(same, letters, step, days, 1);
    cr_assert_eq(n.band_raw.nights, nights, "%s", letters);
    cr_assert_eq(n.band_raw.changes, changes, "%s: %d", letters, (int)n.band_raw.changes);
    cr_assert_eq(n.band_raw.reversed, reversed, "%s: %d", letters, (int)n.band_raw.reversed);
    cr_assert_eq(memcmp(&n.band_raw, &m.band, sizeof n.band_raw), 0);
    cr_assert_eq(n.band.changes, 0);
}

Test(flap_count, counts_changes_and_those_that_are_taken_back)
{
    check_changes("ggg", 31, 62, 2, 0, 0);
    check_changes("gyg", 31, 62, 2, 2, 1);
    check_changes("gyyg", 31, 62, 3, 2, 1); // back after exactly the days
    check_changes("gyyg", 31, 61, 3, 2, 0); // a day too late
    check_changes("gyyyg", 31, 62, 4, 2, 0);
    check_changes("gygyg", 31, 62, 4, 4, 3); // each change is taken back by the next, save the last
    check_changes("gry", 31, 62, 2, 2, 0);   // halfway back is not back
    check_changes("yrg", 31, 62, 2, 2, 1);   // beyond is
    check_changes("gyrg", 31, 62, 3, 3, 2);  // green again takes both falls back
    check_changes("rgr", 31, 62, 2, 2, 1);
    check_changes("g?g", 31, 62, 0, 0, 0); // nothing is known of what came between
    check_changes("gy?g", 31, 62, 1, 1, 0);
    check_changes("gyxg", 31, 62, 1, 1, 0); // a band that is none of the definition's
    check_changes("g", 31, 62, 0, 0, 0);
    check_changes("", 31, 62, 0, 0, 0);
}

static void check_fall(const char *raw, const char *band, int stays, int falls, int late, int unpublished)
{
    const hf_flap_count n = count_one(raw, band, 30, 62, stays);
    cr_assert_eq(n.falls, falls, "%s: %d falls", raw, (int)n.falls);
    cr_assert_eq(n.unpublished, unpublished, "%s %s", raw, band);
    if (falls > unpublished) {
        cr_assert_eq(n.late[late < 3 ? late : 3], falls - unpublished, "%s %s", raw, band);
        cr_assert_eq(n.most_nights, late);
        cr_assert_eq(n.most_days, 30 * late);
    }
}

Test(flap_count, tells_how_late_a_true_fall_shows)
{
    check_fall("yrrr", "yrrr", 2, 1, 0, 0);
    check_fall("yrrr", "yyrr", 2, 1, 1, 0);
    check_fall("grrr", "gyyr", 2, 1, 2, 0);
    check_fall("grrrrrr", "gggggrr", 2, 1, 4, 0);
    check_fall("yrrr", "yyyy", 2, 1, 0, 1);
    check_fall("yrry", "yyyy", 2, 0, 0, 0); // not a true one
    check_fall("yrry", "yyry", 1, 1, 1, 0);
    check_fall("yrr", "yyr", 2, 0, 0, 0); // who knows
    check_fall("rrr", "yyr", 1, 0, 0, 0); // it never fell
    check_fall("?rrr", "?yrr", 1, 0, 0, 0);
    check_fall("yr", "yr", 0, 1, 0, 0);
    check_fall("yrrr", "rrrr", 2, 1, 0, 0); // it had not been let up yet
    check_fall("yrr?", "yyy?", 1, 1, 0, 1);
}

// ---- random histories ----------------------------------------------------------------------------------------

enum { ACCOUNTS = 70, NIGHTS = 11 };

typedef struct {
    hf_date date[NIGHTS];
    char raw[ACCOUNTS][NIGHTS + 1], band[ACCOUNTS][NIGHTS + 1]; // ' ' where the account is not there
} past;

static void make_past(past *p, uint64_t seed)
{
    static const char letters[] = "rrryyyggg?x";
    hf_random r = hf_random_seed(seed, 0);
    for (int t = 0; t < NIGHTS; t++)
        p->date[t] = (t ? p->date[t - 1] : 20000) + 10 + (hf_date)hf_random_below(&r, 30);
    for (int a = 0; a < ACCOUNTS; a++) {
        for (int t = 0; t < NIGHTS; t++) {
            const bool there = hf_random_below(&r, 10) > 0, stay = t > 0 && hf_random_below(&r, 3) > 0;
            p->raw[a][t] = stay ? p->raw[a][t - 1] : letters[hf_random_below(&r, 11)];
            p->band[a][t] = hf_random_below(&r, 3) ? p->raw[a][t] : letters[hf_random_below(&r, 11)];
            if (!there || p->raw[a][t] == ' ') p->raw[a][t] = p->band[a][t] = ' ';
        }
        p->raw[a][NIGHTS] = p->band[a][NIGHTS] = '\0';
    }
}

static int level(char letter)
{
    return letter == 'r' ? 0 : letter == 'y' ? 1 : letter == 'g' ? 2 : -1;
}

static void oracle_changes(hf_band_changes *out, const past *p, const char *letters, int days)
{
    for (int t = 1; t < NIGHTS; t++) {
        const int from = level(letters[t - 1]), to = level(letters[t]);
        if (from < 0 || to < 0) continue;
        out->nights++;
        out->changes += from != to;
        for (int s = t + 1; from != to && s < NIGHTS && p->date[s] <= p->date[t] + days; s++) {
            const int now = level(letters[s]);
            if (now < 0) break;
            if ((from < to && now <= from) || (from > to && now >= from)) {
                out->reversed++;
                break;
            }
        }
    }
}

static void oracle_falls(hf_flap_count *out, const past *p, int a, int stays)
{
    for (int t = 1; t + stays < NIGHTS; t++) {
        if (level(p->raw[a][t - 1]) <= 0) continue;
        if ((int)strspn(p->raw[a] + t, "r") <= stays) continue;
        out->falls++;
        const size_t there = strcspn(p->band[a] + t, " "), shown = strcspn(p->band[a] + t, "r");
        if (shown >= there) {
            out->unpublished++;
            continue;
        }
        const int late = (int)shown, late_days = p->date[t + late] - p->date[t];
        out->late[late < HF_FLAP_LATE ? late : HF_FLAP_LATE - 1]++;
        if (late > out->most_nights) out->most_nights = late;
        if (late_days > out->most_days) out->most_days = late_days;
    }
}

static hf_frame *past_scores(const hf_context *on, const past *p, int t, hf_random *r)
{
    static char ids[ACCOUNTS][8];
    static char raw[ACCOUNTS], band[ACCOUNTS];
    int rows = 0;
    const int start = (int)hf_random_below(r, ACCOUNTS); // the order turns
    for (int k = 0; k < ACCOUNTS; k++) {
        const int a = (start + k) % ACCOUNTS;
        if (p->raw[a][t] == ' ') continue;
        snprintf(ids[rows], sizeof ids[rows], "id%d", a);
        raw[rows] = p->raw[a][t];
        band[rows++] = p->band[a][t];
    }
    return scores_of(on, p->date[t], ids, raw, band, rows);
}

static void same_counts(const hf_flap_count *a, const hf_flap_count *b)
{
    cr_assert_eq(memcmp(&a->band, &b->band, sizeof a->band), 0);
    cr_assert_eq(memcmp(&a->band_raw, &b->band_raw, sizeof a->band_raw), 0);
    cr_assert_eq(a->falls, b->falls);
    cr_assert_eq(memcmp(a->late, b->late, sizeof a->late), 0);
    cr_assert_eq(a->unpublished, b->unpublished);
    cr_assert_eq(a->most_nights, b->most_nights);
    cr_assert_eq(a->most_days, b->most_days);
}

Test(flap_count, agrees_with_an_oracle_on_random_histories)
{
    static past p;
    hf_flap_count all = {0};
    for (int k = 0; k < 60; k++) {
        const int days = 20 + 3 * k, stays = k % 4;
        hf_random r = hf_random_seed(77, (uint64_t)k);
        hf_flapping *f = NULL;
        hf_flap_count found, expected = {0};
        make_past(&p, (uint64_t)k);
        cr_assert_eq(hf_flapping_create(&f, context, &c.definition, NULL), HF_OK);
        for (int t = 0; t < NIGHTS; t++) {
            hf_frame *scores = past_scores(context, &p, t, &r);
            cr_assert_eq(hf_flapping_add(f, scores, NULL), HF_OK);
            hf_frame_destroy(scores);
        }
        hf_flapping_count(&found, f, days, stays);
        for (int a = 0; a < ACCOUNTS; a++) {
            oracle_changes(&expected.band, &p, p.band[a], days);
            oracle_changes(&expected.band_raw, &p, p.raw[a], days);
            oracle_falls(&expected, &p, a, stays);
        }
        same_counts(&found, &expected);
        hf_flapping_destroy(f);
        all.band.reversed += found.band.reversed;
        all.late[3] += found.late[3];
        all.unpublished += found.unpublished;
    }
    cr_assert(all.band.reversed > 100 && all.late[3] > 5 && all.unpublished > 5,
              "it tests little: %d, %d, %d", (int)all.band.reversed, (int)all.late[3], (int)all.unpublished);
}

// ---- errors and memory ---------------------------------------------------------------------------------------

Test(flap_count, takes_nights_by_date_with_both_bands)
{
    char id[1][8] = {"a"};
    hf_error error = {0};
    hf_flapping *f = NULL;
    hf_flap_count before, after;
    hf_frame *first = scores_of(context, 20000, id, "g", "g", 1),
             *next = scores_of(context, 20031, id, "r", "g", 1);
    cr_assert_eq(hf_flapping_create(&f, context, &c.definition, NULL), HF_OK);
    cr_assert_eq(hf_flapping_add(f, first, NULL), HF_OK);
    cr_assert_eq(hf_flapping_add(f, first, &error), HF_ERROR_USAGE);
    cr_assert_not_null(strstr(error.message, "found '2024-10-04' out of turn"), "%s", error.message);
    first->as_of = HF_DATE_MISSING;
    cr_assert_eq(hf_flapping_add(f, first, &error), HF_ERROR_USAGE);
    cr_assert_eq(hf_flapping_add(f, next, NULL), HF_OK);
    hf_flapping_count(&before, f, 62, 0);
    next->as_of = 20062;
    hf_frame_remove(next, hf_frame_find(next, "band_raw"));
    cr_assert_eq(hf_flapping_add(f, next, &error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(error.message, "expected a column 'band_raw', found none"), "%s",
                       error.message);
    hf_flapping_count(&after, f, 62, 0);
    same_counts(&before, &after);
    cr_assert_eq(after.band_raw.changes, 1);
    hf_frame_destroy(first);
    hf_frame_destroy(next);
    hf_flapping_destroy(f);
    hf_flapping_destroy(NULL);
}

Test(flap_count, survives_every_failing_allocation)
{
    static past p;
    allocator a = {.fail_at = -1};
    hf_context *failing = make_context(&a, 1);
    hf_random r = hf_random_seed(1, 1);
    hf_flapping *f = NULL;
    make_past(&p, 3);
    for (a.fail_at = 0; hf_flapping_create(&f, failing, &c.definition, NULL) != HF_OK; a.fail_at++)
        cr_assert(f == NULL && a.live <= 1);
    for (int t = 0; t < 3; t++) {
        a.fail_at = -1;
        hf_frame *scores = past_scores(failing, &p, t, &r);
        const long held = a.live;
        hf_status status = HF_ERROR_MEMORY;
        for (long k = 0; status != HF_OK; k++) {
            a.asked = 0;
            a.fail_at = k;
            status = hf_flapping_add(f, scores, NULL);
            cr_assert(status == HF_OK ? k > 4 : status == HF_ERROR_MEMORY);
            cr_assert(status == HF_OK || a.live <= held + 1, "only room for more nights may stay");
        }
        hf_frame_destroy(scores);
    }
    hf_flapping_destroy(f);
    hf_context_destroy(failing);
    cr_assert_eq(a.live, 0);
}
