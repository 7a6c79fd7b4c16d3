// SPDX-License-Identifier: Apache-2.0
//
// Edits of signals against plain loops over the values: every action on every storage, with missing values,
// conditions and rounding; edits without effect keep every bit; any number of threads; running out of memory;
// and what is written wrongly is refused with place and remedy.
#include "base/failing_context.h"
#include "whatif/whatif_room.h"

#include <math.h>
#include <string.h>

enum { ROWS = 2500, COLUMNS = 7 };
static const char *const LEVELS[] = {"enterprise", "mid", "smb"};

static float f32_at(const hf_frame *frame, const char *name, int64_t row)
{
    return hf_frame_f32(frame, hf_frame_find(frame, name))[row];
}

static double f64_at(const hf_frame *frame, const char *name, int64_t row)
{
    return hf_frame_f64(frame, hf_frame_find(frame, name))[row];
}

static hf_date day_at(const hf_frame *frame, const char *name, int64_t row)
{
    return hf_frame_days(frame, hf_frame_find(frame, name))[row];
}

static const char *level_at(const hf_frame *frame, const char *name, int64_t row)
{
    const int32_t at = hf_frame_find(frame, name), code = hf_frame_codes(frame, at)[row];
    return code < 0 ? "" : hf_frame_level(frame, at, code);
}

// use (ratio, f32), tickets (count, f32), seats (count, f64), arr (money, f64), active (flag), plan
// (category), renewal (date): a fifth of each missing.
static hf_frame *make_fleet(const hf_context *context)
{
    hf_frame *frame = NULL;
    hf_random r = hf_random_seed(5, 0);
    cr_assert(hf_frame_create(&frame, context, ROWS, 8, NULL) == HF_OK);
    for (int64_t i = 0; i < ROWS; i++)
        snprintf(frame->ids + i * 8, 8, "a%lld", (long long)i);
    static const struct {
        const char *name;
        hf_kind kind;
        hf_storage storage;
    } columns[COLUMNS] = {
        {"use", HF_KIND_RATIO, HF_STORAGE_F32},   {"tickets", HF_KIND_COUNT, HF_STORAGE_F32},
        {"seats", HF_KIND_COUNT, HF_STORAGE_F64}, {"arr", HF_KIND_MONEY, HF_STORAGE_F64},
        {"active", HF_KIND_FLAG, HF_STORAGE_F32}, {"plan", HF_KIND_CATEGORY, HF_STORAGE_CODE},
        {"renewal", HF_KIND_DATE, HF_STORAGE_DAY}};
    for (int c = 0; c < COLUMNS; c++) {
        hf_column *column;
        cr_assert(hf_frame_add(frame, &column, columns[c].name, columns[c].kind, columns[c].storage, NULL) ==
                  HF_OK);
        const size_t lengths[] = {10, 3, 3};
        if (c == 5)
            cr_assert(hf_dictionary_build(&column->dictionary, context, LEVELS, lengths, 3, NULL, NULL) ==
                      HF_OK);
        for (int64_t i = 0; i < ROWS; i++) {
            const bool none = hf_random_below(&r, 5) == 0;
            const double x = c == 0   ? (double)hf_random_below(&r, 1001) / 1000
                             : c == 1 ? (double)hf_random_below(&r, 30)
                             : c == 2 ? 20000000.0 + (double)hf_random_below(&r, 1000)
                             : c == 3 ? (double)hf_random_below(&r, 10000000) / 100
                                      : (double)hf_random_below(&r, 2);
            if (column->storage == HF_STORAGE_F32) ((float *)column->values)[i] = none ? NAN : (float)x;
            if (column->storage == HF_STORAGE_F64) ((double *)column->values)[i] = none ? (double)NAN : x;
            if (c == 5) ((int32_t *)column->values)[i] = none ? -1 : (int32_t)hf_random_below(&r, 3);
            if (c == 6)
                ((int32_t *)column->values)[i] =
                    none ? HF_DATE_MISSING : 20000 + (int32_t)hf_random_below(&r, 400);
        }
        hf_column_count_missing(column, ROWS);
    }
    return frame;
}

static hf_context *plain_context(int threads)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    hf_context *context = NULL;
    options.threads = threads;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    return context;
}

static hf_status apply(hf_frame **out, hf_edit_count *counts, const hf_frame *base, const char *const *edits,
                       int32_t count, const char *where, hf_error *error)
{
    hf_scenario scenario = {0};
    hf_status status = hf_scenario_create(&scenario, base->context, edits, count, where, error);
    if (status == HF_OK)
        status =
            hf_scenario_apply(out, counts, base->context, &scenario, base, base->column_count, NULL, error);
    hf_scenario_free(&scenario);
    return status;
}

static hf_frame *applied(hf_edit_count *counts, const hf_frame *base, const char *const *edits, int32_t count,
                         const char *where)
{
    hf_error error = {0};
    hf_frame *out = NULL;
    cr_assert(apply(&out, counts, base, edits, count, where, &error) == HF_OK, "%s", error.message);
    return out;
}

static bool same_f32(float a, float b)
{
    return a == b || (a != a && b != b);
}

// ---- arithmetic ----------------------------------------------------------------------------------------------

// Every edit of `use`, for SMB and others in turn, worked out by hand: in double, then rounded.
Test(scenario, numbers_are_edited_as_a_plain_loop_would)
{
    static const char *const EDITS[] = {"use = 12.3%", "use += 0.1", "use -= 1%",         "use *= 0.7",
                                        "use <= 0.4",  "use >= 40%", "use in [0.2, 0.6]", "use = missing"};
    hf_context *context = plain_context(2);
    hf_frame *base = make_fleet(context);
    for (int e = 0; e < 8; e++) {
        hf_edit_count count;
        // Bounded, since a ratio stays one.
        const char *edits[] = {EDITS[e], "use in [0, 1]"};
        hf_edit_count counts[2];
        hf_frame *out = applied(counts, base, edits, 2, "plan = smb and tickets > 7");
        count = counts[0];
        int64_t matched = 0, changed = 0, missing = 0;
        for (int64_t i = 0; i < ROWS; i++) {
            const float was = f32_at(base, "use", i), tickets = f32_at(base, "tickets", i);
            const bool meant = strcmp(level_at(base, "plan", i), "smb") == 0 && tickets > 7;
            const double x = (double)was;
            const double by[] = {0.123,
                                 x + 0.1,
                                 x - 0.01,
                                 x * 0.7,
                                 x > 0.4 ? 0.4 : x,
                                 x < 0.4 ? 0.4 : x,
                                 x < 0.2   ? 0.2
                                 : x > 0.6 ? 0.6
                                           : x,
                                 (double)NAN};
            const bool sets = e == 0 || e == 7;
            float now = meant && (sets || was == was) ? (float)by[e] : was;
            matched += meant;
            changed += !same_f32(now, was);
            missing += meant && !sets && was != was;
            if (meant && now > 1) now = 1;
            if (meant && now < 0) now = 0;
            cr_assert(same_f32(f32_at(out, "use", i), now), "%s: row %lld: %g, not %g", EDITS[e],
                      (long long)i, (double)f32_at(out, "use", i), (double)now);
        }
        cr_assert(matched > 50 && count.matched == matched && count.changed == changed &&
                      count.missing == missing,
                  "%s: %lld %lld %lld", EDITS[e], (long long)count.matched, (long long)count.changed,
                  (long long)count.missing);
        hf_frame_destroy(out);
    }
    hf_frame_destroy(base);
    hf_context_destroy(context);
}

// Counts stay whole, halves even; money and wide counts keep their digits; dates move by days.
Test(scenario, counts_money_dates_flags_and_categories)
{
    static const char *const EDITS[] = {"tickets *= 0.5",
                                        "seats += 1",
                                        "arr *= 1.1 where arr >= 50000",
                                        "renewal -= 31",
                                        "renewal >= 2025-01-15",
                                        "active = yes where active is missing",
                                        "plan = \"mid\" where plan = smb",
                                        "plan = starter where plan is missing"};
    hf_context *context = plain_context(1);
    hf_frame *base = make_fleet(context);
    hf_edit_count counts[8];
    hf_frame *out = applied(counts, base, EDITS, 8, NULL);
    hf_date floor_day;
    cr_assert(hf_date_parse(&floor_day, "2025-01-15", 10));
    for (int64_t i = 0; i < ROWS; i++) {
        const float tickets = f32_at(base, "tickets", i), half = tickets / 2;
        // 2.5 -> 2, 3.5 -> 4
        const float even = half == floorf(half)          ? half
                           : fmodf(floorf(half), 2) == 0 ? half - 0.5F
                                                         : half + 0.5F;
        cr_assert(same_f32(f32_at(out, "tickets", i), even));
        const double seats = f64_at(base, "seats", i), arr = f64_at(base, "arr", i);
        cr_assert(isnan(seats) ? isnan(f64_at(out, "seats", i)) : f64_at(out, "seats", i) == seats + 1);
        cr_assert(isnan(arr) ? isnan(f64_at(out, "arr", i))
                             : f64_at(out, "arr", i) == (arr >= 50000 ? arr * 1.1 : arr));
        const hf_date day = day_at(base, "renewal", i);
        const hf_date moved = day == HF_DATE_MISSING ? day : day - 31 < floor_day ? floor_day : day - 31;
        cr_assert(day_at(out, "renewal", i) == moved);
        const float active = f32_at(base, "active", i);
        cr_assert(same_f32(f32_at(out, "active", i), active != active ? 1 : active));
        const char *plan = level_at(base, "plan", i);
        const char *now = plan[0] == '\0' ? "starter" : strcmp(plan, "smb") == 0 ? "mid" : plan;
        cr_assert_str_eq(level_at(out, "plan", i), now);
    }
    cr_assert(out->columns[5].missing == 0 && out->columns[5].dictionary.count == 4);
    hf_frame_destroy(out);
    hf_frame_destroy(base);
    hf_context_destroy(context);
}

// A condition is asked of the data as it is: a second edit means the same accounts as the first.
Test(scenario, conditions_are_asked_of_the_data_as_it_is)
{
    static const char *const EDITS[] = {"tickets = 0 where tickets > 10", "use = 1 where tickets > 10"};
    hf_context *context = plain_context(2);
    hf_frame *base = make_fleet(context);
    hf_edit_count counts[2];
    hf_frame *out = applied(counts, base, EDITS, 2, NULL);
    cr_assert(counts[0].matched > 0 && counts[1].matched == counts[0].matched);
    for (int64_t i = 0; i < ROWS; i++)
        if (f32_at(base, "tickets", i) > 10)
            cr_assert(f32_at(out, "tickets", i) == 0 && f32_at(out, "use", i) == 1);
    hf_frame_destroy(out);
    hf_frame_destroy(base);
    hf_context_destroy(context);
}

// ---- nothing, threads, memory ----------------------------------------------------------------------------------

Test(scenario, an_edit_without_effect_changes_no_byte)
{
    static const char *const EDITS[] = {"use *= 1",
                                        "use += 0",
                                        "use in [0, 1]",
                                        "seats <= 1e9",
                                        "renewal += 0",
                                        "active = no where active = no",
                                        "plan = smb where plan = smb",
                                        "plan = other where tickets > 1000",
                                        "tickets *= 1",
                                        "arr -= 0"};
    hf_context *context = plain_context(2);
    hf_frame *base = make_fleet(context);
    ((float *)base->columns[0].values)[3] = -0.0F; // adding 0 would make it 0
    hf_edit_count counts[10];
    char before[33], after[33];
    hf_frame *out = applied(counts, base, EDITS, 10, NULL);
    cr_assert(hf_frame_fingerprint(before, base, NULL) == HF_OK);
    cr_assert(hf_frame_fingerprint(after, out, NULL) == HF_OK);
    cr_assert_str_eq(before, after);
    for (int e = 0; e < 10; e++)
        cr_assert(counts[e].changed == 0, "%s", EDITS[e]);
    hf_frame_destroy(out);
    hf_frame_destroy(base);
    hf_context_destroy(context);
}

static const char *const MANY[] = {"use *= 0.5 where plan = smb", "tickets -= 3", "tickets >= 0",
                                   "plan = starter where tickets < 4", "renewal in [2024-11-01, 2025-06-30]"};

Test(scenario, threads_do_not_matter)
{
    static const int threads[] = {1, 2, 7};
    char first[33], next[33];
    hf_edit_count counts[3][5];
    for (int t = 0; t < 3; t++) {
        hf_context *context = plain_context(threads[t]);
        hf_frame *base = make_fleet(context), *out = applied(counts[t], base, MANY, 5, "use is present");
        cr_assert(hf_frame_fingerprint(t == 0 ? first : next, out, NULL) == HF_OK);
        cr_assert(t == 0 || strcmp(first, next) == 0);
        cr_assert(memcmp(counts[0], counts[t], sizeof counts[0]) == 0);
        hf_frame_destroy(out);
        hf_frame_destroy(base);
        hf_context_destroy(context);
    }
}

Test(scenario, running_out_of_memory_leaves_nothing)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_frame *base = make_fleet(context), *out = NULL;
    const long held = a.live;
    hf_edit_count counts[5];
    hf_status status = HF_ERROR_MEMORY;
    for (long k = 0; status != HF_OK; k++) {
        hf_error error = {0};
        a.asked = 0;
        a.fail_at = k;
        status = apply(&out, counts, base, MANY, 5, "use is present", &error);
        a.fail_at = -1;
        cr_assert(status == HF_OK || status == HF_ERROR_MEMORY, "%s", error.message);
        if (status == HF_OK) break;
        cr_assert(out == NULL && a.live == held, "allocation %ld", k);
    }
    hf_frame_destroy(out);
    cr_assert(a.live == held);
    hf_frame_destroy(base);
    hf_context_destroy(context);
}

// ---- refusals --------------------------------------------------------------------------------------------------

static const struct {
    const char *edit;
    hf_status status;
    const char *says; // the whole message
} REFUSED[] = {
    {"", HF_ERROR_USAGE,
     "the edit '', character 1: expected a signal's name, found the end; write an edit as in tickets_90d *= "
     "0.5"},
    {"use", HF_ERROR_USAGE,
     "the edit 'use', character 4: expected =, +=, -=, *=, <=, >= or in [a, b] after the signal, found the "
     "end; a "
     "name with blanks or signs stands in double quotes"},
    {"= 3", HF_ERROR_USAGE,
     "the edit '= 3', character 1: expected a signal's name, found '='; write an edit as in tickets_90d *= "
     "0.5"},
    {"use == 3", HF_ERROR_USAGE, "the edit 'use == 3', character 5: write = to set a value"},
    {"use /= 2", HF_ERROR_USAGE, "the edit 'use /= 2', character 5: there is no /=; write *= 0.5 to halve"},
    {"use * 2", HF_ERROR_USAGE, "the edit 'use * 2', character 5: write *= to scale"},
    {"use < 2", HF_ERROR_USAGE,
     "the edit 'use < 2', character 5: write <= to cap and >= for a floor; the bound itself is allowed"},
    {"use *= two", HF_ERROR_USAGE,
     "the edit 'use *= two', character 8: expected a number, found 'two'; a text can only be set, with ="},
    {"use += ", HF_ERROR_USAGE,
     "the edit 'use += ', character 8: expected a number, or days of a date, found the end; a number is "
     "written as "
     "0.5, 20% or 2026-12-31 for a date"},
    {"use <= 1e400", HF_ERROR_USAGE,
     "the edit 'use <= 1e400', character 8: expected a number or a date, found '1e400'; a text can only be "
     "set, "
     "with ="},
    {"use in (0, 1)", HF_ERROR_USAGE,
     "the edit 'use in (0, 1)', character 8: a clip is written in [0, 20]; a list in (a, b) belongs to a "
     "condition"},
    {"use in [1, 0]", HF_ERROR_USAGE,
     "the edit 'use in [1, 0]', character 9: the first bound is above the second; write the smaller one "
     "first"},
    {"use in [0, 2026-01-01]", HF_ERROR_USAGE,
     "the edit 'use in [0, 2026-01-01]', character 9: one bound is a date and the other a number; write two "
     "of one"},
    {"use = 1 tickets = 2", HF_ERROR_USAGE,
     "the edit 'use = 1 tickets = 2', character 9: expected where or the end, found 'tickets'; a text with "
     "blanks or "
     "signs stands in double quotes, and every edit has a --set"},
    {"use = 1 where plan == smb", HF_ERROR_USAGE,
     "the edit 'use = 1 where plan == smb', character 20: write = for equal"},
    {"use = 1 where", HF_ERROR_USAGE,
     "the edit 'use = 1 where', character 14: expected a comparison such as segment = SMB, found the end"},
    {"use = \"1", HF_ERROR_USAGE, "the edit 'use = \"1', character 7: this text has no closing \"; add it"},
    {"tickts *= 2", HF_ERROR_DATA,
     "the edit 'tickts *= 2' names the signal 'tickts', which the data lacks; did you mean 'tickets'?"},
    {"use = smb", HF_ERROR_DATA, "the edit 'use = smb': 'use' is a ratio, and 'smb' is none; write a number"},
    {"use = 20", HF_ERROR_DATA, NULL},
    {"tickets -= 5", HF_ERROR_DATA, NULL},
    {"tickets += 0.5", HF_ERROR_DATA,
     "the edit 'tickets += 0.5': 'tickets' is a count, which is whole; write a whole number, or scale it "
     "with *="},
    {"active *= 0.5", HF_ERROR_DATA,
     "the edit 'active *= 0.5': 'active' is a flag, which can only be set: write = yes, = no or = missing; "
     "if it is "
     "a count of 0 and 1, say so under signals in the definition or with --kind"},
    {"active = maybe", HF_ERROR_DATA,
     "the edit 'active = maybe': 'active' is a flag, and 'maybe' is none; write yes, no, 1, 0 or missing"},
    {"plan += 1", HF_ERROR_DATA,
     "the edit 'plan += 1': 'plan' is a category, which can only be set: write = and one of its levels, or = "
     "missing"},
    {"renewal = 5", HF_ERROR_DATA,
     "the edit 'renewal = 5': 'renewal' is a date, and '5' is none; write a date as YYYY-MM-DD"},
    {"renewal *= 2", HF_ERROR_DATA,
     "the edit 'renewal *= 2': 'renewal' is a date, which cannot be scaled; move it by days with += or -="},
    {"renewal += 3652000", HF_ERROR_DATA, NULL},
    {"use = 1 where plann = smb", HF_ERROR_DATA,
     "the condition 'plann = smb' names the signal 'plann', which the data lacks; did you mean 'plan'?"},
    {"tickets *= 1e38", HF_ERROR_DATA, NULL},
};

Test(scenario, what_is_wrong_is_said_with_place_and_remedy)
{
    hf_context *context = plain_context(1);
    hf_frame *base = make_fleet(context), *out = NULL;
    hf_edit_count counts[1];
    for (size_t k = 0; k < sizeof REFUSED / sizeof *REFUSED; k++) {
        hf_error error = {0};
        const hf_status status = apply(&out, counts, base, &REFUSED[k].edit, 1, NULL, &error);
        cr_assert(status == REFUSED[k].status && !out, "'%s': %d: %s", REFUSED[k].edit, status,
                  error.message);
        if (REFUSED[k].says) cr_assert_str_eq(error.message, REFUSED[k].says);
        cr_assert(REFUSED[k].says || strstr(error.message, "of account 'a"), "%s", error.message);
        cr_assert(strchr(error.message, ';') || strstr(error.message, "write") ||
                      strstr(error.message, "expected"),
                  "no remedy: %s", error.message);
    }
    hf_frame_destroy(base);
    hf_context_destroy(context);
}

// Whatever is thrown at it: a word, or an error of a known kind, and never a crash.
Test(scenario, hostile_edits_are_refused_or_understood)
{
    static const char *const PIECES[] = {"use", " ",        "=",    "+=",  "*",    "[",       "]",
                                         ",",   "where",    "\"",   "20%", "in",   "missing", "2026-02-30",
                                         "-",   "\xc3\xa9", "\xff", "(",   "plan", "1e999",   "\n",
                                         "and", "<=",       "0",    "'"};
    hf_context *context = plain_context(1);
    hf_frame *base = make_fleet(context);
    hf_random r = hf_random_seed(9, 0);
    int understood = 0;
    for (int k = 0; k < 3000; k++) {
        char text[256] = "";
        const char *edit = text;
        hf_error error = {0};
        hf_scenario scenario = {0};
        const int pieces = 1 + (int)hf_random_below(&r, 8);
        for (int p = 0; p < pieces; p++)
            strcat(text, PIECES[hf_random_below(&r, sizeof PIECES / sizeof *PIECES)]);
        hf_status status = hf_scenario_create(&scenario, context, &edit, 1, NULL, &error);
        understood += status == HF_OK;
        cr_assert(status == HF_OK || (status == HF_ERROR_USAGE && error.message[0]), "'%s': %d", text,
                  status);
        hf_scenario_free(&scenario);
    }
    cr_assert(understood > 10);
    hf_frame_destroy(base);
    hf_context_destroy(context);
}
