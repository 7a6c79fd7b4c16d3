// SPDX-License-Identifier: Apache-2.0
//
// Derived signals against an oracle that looks every account up by its id and follows the words of the
// contract: random frames with missing values and accounts that come and go, the snapshot that counts as so
// many days back, kinds and units, mistakes, threads, memory that fails.
#include "base/failing_context.h"
#include "definition/definition_room.h"

#include <math.h>
#include <string.h>

enum { ACCOUNTS = 3000, PAST = 4, AS_OF = 20500 };

// ---- frames ----------------------------------------------------------------------------------------------

static const struct {
    const char *name, *unit;
    hf_kind kind;
    hf_storage storage;
} columns[] = {
    {"seats", "seats", HF_KIND_COUNT, HF_STORAGE_F32}, {"bought", "seats", HF_KIND_COUNT, HF_STORAGE_F64},
    {"usage", "%", HF_KIND_RATIO, HF_STORAGE_F32},     {"arr", "EUR", HF_KIND_MONEY, HF_STORAGE_F64},
    {"paying", "", HF_KIND_FLAG, HF_STORAGE_F32},      {"nps", "", HF_KIND_NUMBER, HF_STORAGE_F32},
    {"login", "", HF_KIND_DATE, HF_STORAGE_DAY},       {"renewal", "", HF_KIND_DATE, HF_STORAGE_DAY},
    {"plan", "", HF_KIND_CATEGORY, HF_STORAGE_CODE}};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void fill(hf_column *column, int64_t row, hf_random *r)
{
    const bool missing = hf_random_below(r, 7) == 0;
    const double whole = (double)hf_random_below(r, 30);
    double x = whole;
    if (column->kind == HF_KIND_RATIO) x = (double)hf_random_below(r, 1001) / 1000;
    if (column->kind == HF_KIND_MONEY) x = (double)hf_random_below(r, 1000000) / 100;
    if (column->kind == HF_KIND_FLAG) x = (double)hf_random_below(r, 2);
    if (column->kind == HF_KIND_NUMBER) x = whole - 10;
    if (column->storage == HF_STORAGE_F32) ((float *)column->values)[row] = missing ? NAN : (float)x;
    if (column->storage == HF_STORAGE_F64) ((double *)column->values)[row] = missing ? NAN : x;
    if (column->storage == HF_STORAGE_CODE) ((int32_t *)column->values)[row] = -1;
    if (column->storage == HF_STORAGE_DAY)
        ((int32_t *)column->values)[row] =
            missing ? HF_DATE_MISSING : AS_OF + (int32_t)hf_random_below(r, 400) - 200;
}

// Every `step`th account from `first` on, so that accounts come and go and rows differ.
static hf_frame *make_frame(const hf_context *context, hf_date as_of, int first, int step, hf_random *r)
{
    hf_frame *frame;
    const int64_t rows = (ACCOUNTS - first + step - 1) / step;
    cr_assert(hf_frame_create(&frame, context, rows, 8, NULL) == HF_OK);
    frame->as_of = as_of;
    for (int64_t i = 0; i < rows; i++) {
        char id[16];
        const int length = snprintf(id, sizeof id, "a%d", first + (int)(rows - 1 - i) * step);
        memcpy(frame->ids + i * 8, id, (size_t)length);
    }
    for (int c = 0; c < COLUMNS; c++) {
        hf_column *column;
        cr_assert(hf_frame_add(frame, &column, columns[c].name, columns[c].kind, columns[c].storage, NULL) ==
                  HF_OK);
        cr_assert(hf_column_set_unit(frame, column, columns[c].unit, NULL) == HF_OK);
        for (int64_t i = 0; i < rows; i++)
            fill(column, i, r);
        hf_column_count_missing(column, rows);
    }
    return frame;
}

static hf_frame *now_frame(const hf_context *context)
{
    hf_random r = hf_random_seed(1, 0);
    return make_frame(context, AS_OF, 0, 1, &r);
}

static void past_frames(hf_frame *out[PAST], const hf_context *context)
{
    static const int back[PAST] = {91, 60, 30, 7}, first[PAST] = {0, 3, 1, 0}, step[PAST] = {2, 1, 3, 1};
    for (int i = 0; i < PAST; i++) {
        hf_random r = hf_random_seed(2, (uint64_t)i);
        out[i] = make_frame(context, AS_OF - back[i], first[i], step[i], &r);
    }
}

static void destroy_frames(hf_frame *past[PAST], hf_frame *frame)
{
    for (int i = 0; i < PAST; i++)
        hf_frame_destroy(past[i]);
    hf_frame_destroy(frame);
}

static hf_derived_signal derived(const char *name, hf_derivation derivation, const char *of, const char *by,
                                 int32_t days)
{
    return (hf_derived_signal){.name = (char *)name,
                               .derivation = derivation,
                               .of = (char *)of,
                               .by = (char *)by,
                               .days = days,
                               .unit = (char *)"",
                               .place = {7, 3}};
}

static hf_definition definition_of(const hf_context *context, hf_derived_signal *signals, int32_t count)
{
    hf_definition definition = {.context = context, .derived = signals, .derived_count = count};
    definition.path = (char *)"holdfast.yaml";
    return definition;
}

// ---- the oracle ------------------------------------------------------------------------------------------

static double number_of(const hf_frame *frame, const char *name, int64_t row)
{
    const int32_t c = hf_frame_find(frame, name);
    if (c < 0 || row < 0) return (double)NAN;
    const int32_t *days = hf_frame_days(frame, c);
    if (days) return days[row] == HF_DATE_MISSING ? (double)NAN : (double)days[row];
    return hf_column_number(&frame->columns[c], row);
}

static const hf_frame *back_then(hf_frame *const *past, int count, int64_t date)
{
    const hf_frame *found = NULL;
    for (int i = 0; i < count; i++)
        if (past[i]->as_of <= date && (!found || past[i]->as_of > found->as_of)) found = past[i];
    return found;
}

static int64_t row_of(const hf_frame *frame, const hf_frame *now, int64_t row)
{
    size_t n, m;
    const char *id = hf_frame_id(now, row, &n);
    for (int64_t i = 0; frame && i < frame->rows; i++) {
        const char *other = hf_frame_id(frame, i, &m);
        if (n == m && memcmp(id, other, n) == 0) return i;
    }
    return -1;
}

static double oracle(const hf_frame *now, hf_frame *const *past, int count, const hf_derived_signal *s,
                     int64_t row)
{
    const double of = number_of(now, s->of, row), by = s->by[0] ? number_of(now, s->by, row) : 0;
    const hf_frame *frame = back_then(past, count, (int64_t)now->as_of - s->days);
    double then = (double)NAN;
    switch (s->derivation) {
    case HF_DERIVE_RATIO:
    case HF_DERIVE_PER:
        return by == 0 ? (double)NAN : of / by;
    case HF_DERIVE_DAYS_SINCE:
        return now->as_of - of;
    case HF_DERIVE_DAYS_UNTIL:
        return of - now->as_of;
    default:
        if (frame) then = number_of(frame, s->of, row_of(frame, now, row));
        if (s->derivation == HF_DERIVE_CHANGE) return of - then;
        return then == 0 ? (double)NAN : of / then - 1;
    }
}

static bool near(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-6 + 1e-6 * fabs(b);
}

Test(derive, agrees_with_looking_every_account_up)
{
    hf_derived_signal signals[] = {derived("use", HF_DERIVE_RATIO, "seats", "bought", 0),
                                   derived("arr_per_seat", HF_DERIVE_PER, "arr", "seats", 0),
                                   derived("usage_change", HF_DERIVE_CHANGE, "usage", "", 30),
                                   derived("arr_change", HF_DERIVE_CHANGE, "arr", "", 90),
                                   derived("seat_growth", HF_DERIVE_GROWTH, "seats", "", 59),
                                   derived("nps_growth", HF_DERIVE_GROWTH, "nps", "", 61),
                                   derived("paying_change", HF_DERIVE_CHANGE, "paying", "", 1),
                                   derived("bought_change", HF_DERIVE_CHANGE, "bought", "", 91),
                                   derived("long_ago", HF_DERIVE_CHANGE, "seats", "", 92),
                                   derived("days_quiet", HF_DERIVE_DAYS_SINCE, "login", "", 0),
                                   derived("days_to_renewal", HF_DERIVE_DAYS_UNTIL, "renewal", "", 0),
                                   derived("quiet_by_seat", HF_DERIVE_PER, "days_quiet", "seats", 0)};
    enum { COUNT = sizeof signals / sizeof *signals };
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 2);
    hf_frame *frame = now_frame(context), *past[PAST];
    past_frames(past, context);
    const hf_definition definition = definition_of(context, signals, COUNT);
    hf_error error = {0};
    cr_assert(hf_derive(frame, past, PAST, &definition, &error) == HF_OK, "%s", error.message);
    cr_assert(frame->column_count == COLUMNS + COUNT);
    for (int s = 0; s < COUNT; s++) {
        const hf_column *column = &frame->columns[COLUMNS + s];
        int64_t missing = 0;
        cr_assert_str_eq(column->name, signals[s].name);
        for (int64_t i = 0; i < frame->rows; i += s < 2 || s > 8 ? 1 : 3) {
            const double said = hf_column_number(column, i),
                         expected = oracle(frame, past, PAST, &signals[s], i);
            if (!near(said, expected))
                cr_assert(false, "%s of row %lld is %.9g, not %.9g", column->name, (long long)i, said,
                          expected);
        }
        for (int64_t i = 0; i < frame->rows; i++)
            missing += isnan(hf_column_number(column, i));
        cr_assert(column->missing == missing && (s == 8) == (missing == frame->rows), "%s: %lld missing",
                  column->name, (long long)missing);
    }
    destroy_frames(past, frame);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// ---- by hand ---------------------------------------------------------------------------------------------

// A frame of one account with one column of each kind of number.
static hf_frame *one_account(const hf_context *context, hf_date as_of, float f32, double f64)
{
    hf_frame *frame;
    hf_column *column;
    cr_assert(hf_frame_create(&frame, context, 1, 1, NULL) == HF_OK);
    frame->ids[0] = 'a';
    frame->as_of = as_of;
    cr_assert(hf_frame_add(frame, &column, "x", HF_KIND_NUMBER, HF_STORAGE_F32, NULL) == HF_OK);
    ((float *)column->values)[0] = f32;
    cr_assert(hf_frame_add(frame, &column, "y", HF_KIND_MONEY, HF_STORAGE_F64, NULL) == HF_OK);
    ((double *)column->values)[0] = f64;
    return frame;
}

static double derive_one(const hf_context *context, hf_derivation derivation, const char *of, const char *by,
                         float f32, float f32_then, double f64, double f64_then)
{
    hf_derived_signal signal = derived("z", derivation, of, by, 30);
    const hf_definition definition = definition_of(context, &signal, 1);
    hf_frame *now = one_account(context, 100, f32, f64), *then = one_account(context, 70, f32_then, f64_then);
    cr_assert(hf_derive(now, &then, 1, &definition, NULL) == HF_OK);
    const double z = hf_column_number(&now->columns[2], 0);
    cr_assert((now->columns[2].missing == 1) == (bool)isnan(z));
    hf_frame_destroy(now);
    hf_frame_destroy(then);
    return z;
}

Test(derive, gives_the_decimals_people_see)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    const hf_derivation change = HF_DERIVE_CHANGE, growth = HF_DERIVE_GROWTH, per = HF_DERIVE_PER;
    for (int i = 0; i <= 1000; i += 7)
        for (int k = 0; k <= 1000; k += 91) {
            const float x = (float)i / 1000, y = (float)k / 1000; // the floats nearest to the decimals
            cr_assert((float)derive_one(context, change, "x", "", x, y, 0, 0) ==
                      (float)((double)(i - k) / 1000));
            const double cents = derive_one(context, change, "y", "", 0, 0, (double)i / 100, (double)k / 100);
            cr_assert(cents == (double)(i - k) / 100);
        }
    cr_assert((float)derive_one(context, growth, "x", "", 0.11f, 0.1f, 0, 0) == 0.1f);
    cr_assert(derive_one(context, growth, "y", "", 0, 0, 110.11, 100.1) == (double)0.1f);
    cr_assert(derive_one(context, change, "y", "", 0, 0, 1e9 + 0.25, 1e9) == 0.25);
    cr_assert(derive_one(context, change, "x", "", 1e-9f, 0, 0, 0) ==
              (double)1e-9f); // no rounding to six decimals
    cr_assert(derive_one(context, per, "x", "y", 1, 0, 3, 0) == (double)(1.0f / 3));
    // Nothing to divide by, nothing to compare with, and what no column holds: missing.
    cr_assert(isnan(derive_one(context, per, "x", "y", 1, 0, 0, 0)));
    cr_assert(isnan(derive_one(context, per, "x", "y", 0, 0, -0.0, 0)));
    cr_assert(isnan(derive_one(context, per, "y", "x", 1e-30f, 0, 1e30, 0)));
    cr_assert(isnan(derive_one(context, change, "y", "", 0, 0, 1e308, -1e308)));
    cr_assert(isnan(derive_one(context, growth, "x", "", 3, 0, 0, 0)));
    cr_assert(isnan(derive_one(context, growth, "x", "", 3, NAN, 0, 0)));
    cr_assert(isnan(derive_one(context, growth, "x", "", NAN, 3, 0, 0)));
    cr_assert(derive_one(context, growth, "x", "", -3, -2, 0, 0) == 0.5);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(derive, kinds_units_and_directions)
{
    hf_derived_signal signals[] = {derived("a", HF_DERIVE_RATIO, "arr", "seats", 0),
                                   derived("b", HF_DERIVE_PER, "arr", "seats", 0),
                                   derived("c", HF_DERIVE_CHANGE, "arr", "", 30),
                                   derived("d", HF_DERIVE_CHANGE, "usage", "", 30),
                                   derived("e", HF_DERIVE_CHANGE, "bought", "", 30),
                                   derived("f", HF_DERIVE_GROWTH, "arr", "", 30),
                                   derived("g", HF_DERIVE_DAYS_SINCE, "login", "", 0),
                                   derived("h", HF_DERIVE_DAYS_UNTIL, "renewal", "", 0),
                                   derived("i", HF_DERIVE_PER, "arr", "seats", 0)};
    static const struct {
        hf_kind kind;
        hf_storage storage;
        const char *unit;
    } expected[] = {{HF_KIND_RATIO, HF_STORAGE_F32, ""},         {HF_KIND_NUMBER, HF_STORAGE_F32, "EUR"},
                    {HF_KIND_MONEY, HF_STORAGE_F64, "EUR"},      {HF_KIND_NUMBER, HF_STORAGE_F32, "%"},
                    {HF_KIND_NUMBER, HF_STORAGE_F64, "seats"},   {HF_KIND_RATIO, HF_STORAGE_F32, ""},
                    {HF_KIND_COUNT, HF_STORAGE_F32, "days"},     {HF_KIND_COUNT, HF_STORAGE_F32, "days"},
                    {HF_KIND_NUMBER, HF_STORAGE_F32, "EUR/seat"}};
    signals[6].direction = HF_DIRECTION_HIGHER_BAD;
    signals[7].direction = HF_DIRECTION_HIGHER_GOOD;
    signals[8].unit = (char *)"EUR/seat";
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_frame *frame = now_frame(context);
    const hf_definition definition = definition_of(context, signals, 9);
    cr_assert(hf_derive(frame, NULL, 0, &definition, NULL) == HF_OK);
    for (int i = 0; i < 9; i++) {
        const hf_column_info info = hf_frame_column(frame, COLUMNS + i);
        cr_assert(info.kind == expected[i].kind && info.storage == expected[i].storage, "%s", info.name);
        cr_assert_str_eq(info.unit, expected[i].unit);
        cr_assert(info.direction == signals[i].direction);
        if (i >= 2 && i <= 5) cr_assert(info.missing == frame->rows);
    }
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// ---- the past --------------------------------------------------------------------------------------------

Test(derive, takes_the_newest_snapshot_not_after_the_day)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    // x says which day a frame is of.
    hf_frame *past[5];
    static const int32_t dates[] = {80, 40, HF_DATE_MISSING, 70, 69}; // in no order, one without a date
    for (int i = 0; i < 5; i++)
        past[i] = one_account(context, dates[i], (float)dates[i], 0);
    static const int32_t cases[][2] = {{30, 70}, {20, 80}, {1, 80}, {31, 69}, {32, 40}, {60, 40}, {29, 70}};
    for (int i = 0; i < 7; i++) {
        hf_derived_signal signal = derived("z", HF_DERIVE_CHANGE, "x", "", cases[i][0]);
        const hf_definition definition = definition_of(context, &signal, 1);
        hf_frame *now = one_account(context, 100, 1000, 0);
        cr_assert(hf_derive(now, past, 5, &definition, NULL) == HF_OK);
        cr_assert(hf_frame_f32(now, 2)[0] == (float)(1000 - cases[i][1]), "%d days back", cases[i][0]);
        hf_frame_destroy(now);
    }
    hf_derived_signal signal = derived("z", HF_DERIVE_CHANGE, "x", "", 61);
    const hf_definition definition = definition_of(context, &signal, 1);
    hf_frame *now = one_account(context, 100, 1000, 0);
    cr_assert(hf_derive(now, past, 5, &definition, NULL) == HF_OK);
    cr_assert(isnan(hf_frame_f32(now, 2)[0]) && now->columns[2].missing == 1);
    hf_frame_destroy(now);
    for (int i = 0; i < 5; i++)
        hf_frame_destroy(past[i]);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

typedef struct {
    int count;
    char text[512];
} log_lines;

static void keep_log(void *user, hf_log_level level, const char *message)
{
    log_lines *log = user;
    if (level != HF_LOG_WARNING) return;
    log->count++;
    snprintf(log->text, sizeof log->text, "%s", message);
}

Test(derive, warns_of_a_past_that_does_not_serve)
{
    log_lines log = {0};
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.log = keep_log;
    options.log_user = &log;
    hf_context *context = NULL;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    hf_derived_signal signal = derived("z", HF_DERIVE_CHANGE, "x", "", 30);
    const hf_definition definition = definition_of(context, &signal, 1);
    for (int i = 0; i < 3; i++) {
        hf_frame *now = one_account(context, 100, 3, 0), *then = one_account(context, 70, 1, 0);
        hf_column *column = &then->columns[0];
        if (i == 0) hf_frame_remove(then, 0);
        if (i == 1) {
            column->kind = HF_KIND_DATE;
            column->storage = HF_STORAGE_DAY;
        }
        if (i == 2) {
            cr_assert(hf_column_set_unit(then, column, "USD", NULL) == HF_OK);
            cr_assert(hf_column_set_unit(now, &now->columns[0], "EUR", NULL) == HF_OK);
        }
        log.count = 0;
        cr_assert(hf_derive(now, &then, 1, &definition, NULL) == HF_OK);
        cr_assert(log.count == 1);
        cr_assert(strstr(log.text, i == 0 ? "the snapshot of 1970-03-12 has no signal 'x'"
                                   : i == 1
                                       ? "'x' was a date in the snapshot of 1970-03-12 and is a number now"
                                       : "'x' was in USD in the snapshot of 1970-03-12 and is in EUR now"),
                  "%s", log.text);
        cr_assert(i == 2 ? hf_frame_f32(now, 2)[0] == 2 : isnan(hf_frame_f32(now, 2)[0]));
        hf_frame_destroy(now);
        hf_frame_destroy(then);
    }
    hf_context_destroy(context);
}

Test(derive, needs_what_it_would_take)
{
    hf_random r = hf_random_seed(77, 0);
    for (int k = 0; k < 2000; k++) {
        hf_derived_signal signals[4];
        hf_date dates[12], out[12], expected[12];
        const int32_t count = (int32_t)hf_random_below(&r, 12), made = (int32_t)hf_random_below(&r, 5);
        int32_t wanted = 0;
        for (int i = 0; i < made; i++)
            signals[i] = derived("z", (hf_derivation)hf_random_below(&r, 6), "x", "",
                                 (int32_t)hf_random_below(&r, 70));
        for (int i = 0; i < count; i++)
            dates[i] = 30 + (int32_t)hf_random_below(&r, 80);
        const hf_definition definition = definition_of(NULL, signals, made);
        for (hf_date day = 0; day <= 100; day++) { // ascending, each once
            bool is_there = false, needed = false;
            for (int i = 0; i < count; i++)
                is_there = is_there || dates[i] == day;
            for (int s = 0; s < made; s++) {
                hf_date newest = -1;
                if (signals[s].derivation != HF_DERIVE_CHANGE && signals[s].derivation != HF_DERIVE_GROWTH)
                    continue;
                for (int i = 0; i < count; i++)
                    if (dates[i] <= 100 - signals[s].days && dates[i] > newest) newest = dates[i];
                needed = needed || newest == day;
            }
            if (is_there && needed) expected[wanted++] = day;
        }
        memset(out, 0, sizeof out);
        cr_assert(hf_derive_needs(out, dates, count, 100, &definition) == wanted);
        cr_assert(memcmp(out, expected, (size_t)wanted * sizeof *out) == 0);
    }
}

// ---- mistakes --------------------------------------------------------------------------------------------

Test(derive, names_what_is_wrong_and_leaves_the_frame)
{
    const struct {
        hf_derived_signal second;
        const char *message;
    } cases[] = {
        {derived("z", HF_DERIVE_RATIO, "seets", "bought", 0),
         "'z' is made of 'seets', which the data lacks; did you mean 'seats'?"},
        {derived("z", HF_DERIVE_PER, "seats", "qqqqqqqq", 0),
         "'z' is made of 'qqqqqqqq', which the data lacks; name a signal it has"},
        {derived("z", HF_DERIVE_RATIO, "seats", "plan", 0), "'z' needs a number, and 'plan' is a category"},
        {derived("z", HF_DERIVE_RATIO, "login", "seats", 0), "'z' needs a number, and 'login' is a date"},
        {derived("z", HF_DERIVE_DAYS_SINCE, "seats", "", 0), "'z' needs a date, and 'seats' is a count"},
        {derived("z", HF_DERIVE_DAYS_UNTIL, "plan", "", 0), "'z' needs a date, and 'plan' is a category"},
        {derived("z", HF_DERIVE_CHANGE, "login", "", 30), "'z' needs a number, and 'login' is a date"},
        {derived("z", HF_DERIVE_CHANGE, "first", "", 30),
         "'z' is the change or growth of 'first', which is itself derived"},
        {derived("z", HF_DERIVE_GROWTH, "last", "", 30),
         "'z' is the change or growth of 'last', which is itself derived"},
        {derived("z", HF_DERIVE_RATIO, "last", "seats", 0),
         "'z' is made of 'last', which is derived later; put 'last' before it"},
        {derived("z", HF_DERIVE_RATIO, "z", "seats", 0), "'z' is made of 'z', which is derived later"},
        {derived("seats", HF_DERIVE_RATIO, "arr", "bought", 0),
         "'seats' is derived here, and the data has a signal of that name; rename this one"},
        {derived("first", HF_DERIVE_RATIO, "arr", "bought", 0),
         "'first' is derived here, and the data has a signal"},
    };
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_frame *frame = now_frame(context), *past[PAST];
    past_frames(past, context);
    const long live = a.live;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hf_derived_signal signals[] = {derived("first", HF_DERIVE_RATIO, "seats", "bought", 0),
                                       cases[i].second,
                                       derived("last", HF_DERIVE_RATIO, "seats", "bought", 0)};
        const hf_definition definition = definition_of(context, signals, 3);
        hf_error error = {0};
        cr_assert(hf_derive(frame, past, PAST, &definition, &error) == HF_ERROR_DATA);
        cr_assert(strstr(error.message, cases[i].message), "%s", error.message);
        cr_assert_str_eq(error.file, "holdfast.yaml");
        cr_assert(error.line == 7 && error.column == 3);
        cr_assert(frame->column_count == COLUMNS && hf_frame_find(frame, "first") < 0 && a.live <= live + 1);
    }
    // Without an as-of date ratios work and nothing else does.
    hf_derived_signal ratio = derived("z", HF_DERIVE_RATIO, "seats", "bought", 0),
                      since = derived("days", HF_DERIVE_DAYS_SINCE, "login", "", 0);
    hf_definition definition = definition_of(context, &since, 1);
    hf_error error = {0};
    frame->as_of = HF_DATE_MISSING;
    cr_assert(hf_derive(frame, past, PAST, &definition, &error) == HF_ERROR_USAGE);
    cr_assert(strstr(error.message, "'days' needs the data's as-of date; give one"));
    definition = definition_of(context, &ratio, 1);
    cr_assert(hf_derive(frame, past, PAST, &definition, &error) == HF_OK);
    definition = definition_of(context, NULL, 0);
    cr_assert(hf_derive(frame, past, PAST, &definition, &error) == HF_OK &&
              frame->column_count == COLUMNS + 1);
    destroy_frames(past, frame);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// ---- threads and memory ----------------------------------------------------------------------------------

Test(derive, is_the_same_on_any_number_of_threads)
{
    static const int threads[] = {1, 2, 7};
    char first[33] = "";
    for (int k = 0; k < 3; k++) {
        hf_derived_signal signals[] = {derived("a", HF_DERIVE_GROWTH, "usage", "", 30),
                                       derived("b", HF_DERIVE_RATIO, "a", "seats", 0),
                                       derived("c", HF_DERIVE_CHANGE, "arr", "", 60)};
        allocator a = {.fail_at = -1};
        hf_context *context = make_context(&a, threads[k]);
        hf_frame *frame = now_frame(context), *past[PAST];
        char fingerprint[33];
        past_frames(past, context);
        const hf_definition definition = definition_of(context, signals, 3);
        cr_assert(hf_derive(frame, past, PAST, &definition, NULL) == HF_OK);
        cr_assert(hf_frame_fingerprint(fingerprint, frame, NULL) == HF_OK);
        if (k == 0) strcpy(first, fingerprint);
        cr_assert_str_eq(first, fingerprint);
        destroy_frames(past, frame);
        hf_context_destroy(context);
        cr_assert(a.live == 0);
    }
}

Test(derive, stands_memory_that_fails)
{
    hf_derived_signal signals[40];
    char names[40][16];
    for (int i = 0; i < 40; i++) { // enough for the frame to make room anew
        snprintf(names[i], sizeof names[i], "d%d", i);
        signals[i] = derived(names[i], i % 2 ? HF_DERIVE_CHANGE : HF_DERIVE_PER, "arr", i % 2 ? "" : "seats",
                             i % 2 ? 7 + 23 * (i % 4) : 0);
    }
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_frame *frame = one_account(context, 100, 1, 2), *then = one_account(context, 70, 3, 4);
    for (int i = 0; i < 40; i++) {
        signals[i].of = (char *)"x";
        if (i % 2 == 0) signals[i].by = (char *)"y";
    }
    const hf_definition definition = definition_of(context, signals, 40);
    hf_status status = HF_ERROR_MEMORY;
    long k = 0;
    for (; status != HF_OK; k++) {
        hf_error error = {0};
        a.fail_at = a.asked + k;
        status = hf_derive(frame, &then, 1, &definition, &error);
        if (status == HF_OK) break;
        cr_assert(status == HF_ERROR_MEMORY && error.message[0] != '\0');
        cr_assert(frame->column_count == 2 && hf_frame_f32(frame, 0)[0] == 1 &&
                  hf_frame_f64(frame, 1)[0] == 2);
    }
    cr_assert(k > 120 && frame->column_count == 42);
    a.fail_at = -1;
    hf_frame_destroy(frame);
    frame = one_account(context, 100, 1, 2);
    hf_derived_signal lost = derived("z", HF_DERIVE_RATIO, "xx", "y", 0);
    const hf_definition wrong = definition_of(context, &lost, 1);
    for (k = 0, status = HF_ERROR_MEMORY; status == HF_ERROR_MEMORY; k++) {
        a.fail_at = a.asked + k;
        status = hf_derive(frame, &then, 1, &wrong, NULL);
        cr_assert(frame->column_count == 2);
    }
    cr_assert(status == HF_ERROR_DATA && k == 3);
    a.fail_at = -1;
    hf_frame_destroy(frame);
    hf_frame_destroy(then);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}
