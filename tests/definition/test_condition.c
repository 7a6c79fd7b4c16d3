// SPDX-License-Identifier: Apache-2.0
//
// Conditions against an oracle that compares cells as they are printed, row by row: random conditions over
// random columns of every kind with missing values, edges of single precision, mistakes and their places,
// hostile texts, many threads, memory that fails.
#include "base/failing_context.h"
#include "definition/definition_room.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <strings.h>

enum { ROWS = 2600, COLUMNS = 9, CELL = 24 };

static const struct {
    const char *name, *written; // written: as a condition names it
    hf_kind kind;
    hf_storage storage;
} columns[COLUMNS] = {{"usage", "usage", HF_KIND_RATIO, HF_STORAGE_F32},
                      {"seats", "seats", HF_KIND_COUNT, HF_STORAGE_F32},
                      {"ids seen", "\"ids seen\"", HF_KIND_COUNT, HF_STORAGE_F64},
                      {"score", "score", HF_KIND_NUMBER, HF_STORAGE_F32},
                      {"arr", "arr", HF_KIND_MONEY, HF_STORAGE_F64},
                      {"paying", "paying", HF_KIND_FLAG, HF_STORAGE_F32},
                      {"plan", "plan", HF_KIND_CATEGORY, HF_STORAGE_CODE},
                      {"renewal", "renewal", HF_KIND_DATE, HF_STORAGE_DAY},
                      {"empty", "empty", HF_KIND_CATEGORY, HF_STORAGE_CODE}};

static const char *const plans[] = {"",    "Pro",      "and",        "basic",   "in (a)",           "missing",
                                    "pro", "pro plus", "say \"hi\"", "trial 3", "\xc3\xa9t\xc3\xa9"};
enum { PLANS = sizeof plans / sizeof *plans };

// Every cell as a person would print it; "-" stands for missing.
typedef char cells[COLUMNS][ROWS][CELL];

// A decimal of at most six digits, so that doubles of the texts compare as the decimals do.
static void print_number(char out[CELL], int column, hf_random *r)
{
    const bool minus = column == 3 && hf_random_below(r, 2);
    const int digits = columns[column].kind == HF_KIND_RATIO   ? 3
                       : columns[column].kind == HF_KIND_COUNT ? 0
                                                               : 2;
    const uint64_t whole = hf_random_below(r, column == 0 ? 2 : column == 4 ? 40 : 12);
    const uint64_t rest = hf_random_below(r, 10);
    if (columns[column].kind == HF_KIND_FLAG)
        snprintf(out, CELL, "%d", (int)hf_random_below(r, 2));
    else if (digits == 0)
        snprintf(out, CELL, "%llu", (unsigned long long)whole);
    else
        snprintf(out, CELL, "%s%llu.%llu%s", minus ? "-" : "", (unsigned long long)whole,
                 (unsigned long long)rest, digits == 3 ? "05" : "");
}

static void print_day(char out[CELL], hf_random *r)
{
    char text[11];
    hf_date_format(20000 + (int32_t)hf_random_below(r, 12), text);
    snprintf(out, CELL, "%s", text);
}

static void store(hf_column *column, int64_t row, const char *text)
{
    const bool missing = strcmp(text, "-") == 0;
    switch (column->storage) {
    case HF_STORAGE_F32:
        ((float *)column->values)[row] = missing ? NAN : strtof(text, NULL);
        break;
    case HF_STORAGE_F64:
        ((double *)column->values)[row] = missing ? NAN : strtod(text, NULL);
        break;
    case HF_STORAGE_CODE:
        ((int32_t *)column->values)[row] = missing ? -1 : hf_dictionary_find(&column->dictionary, text);
        break;
    case HF_STORAGE_DAY:
        ((int32_t *)column->values)[row] = HF_DATE_MISSING;
        if (!missing) cr_assert(hf_date_parse((int32_t *)column->values + row, text, strlen(text)));
    }
}

static hf_frame *make_frame(const hf_context *context, cells *text, hf_random *r)
{
    hf_frame *frame;
    size_t lengths[PLANS];
    cr_assert(hf_frame_create(&frame, context, ROWS, 4, NULL) == HF_OK);
    for (int i = 0; i < PLANS; i++)
        lengths[i] = strlen(plans[i]);
    for (int c = 0; c < COLUMNS; c++) {
        hf_column *column;
        cr_assert(hf_frame_add(frame, &column, columns[c].name, columns[c].kind, columns[c].storage, NULL) ==
                  HF_OK);
        if (columns[c].kind == HF_KIND_CATEGORY)
            cr_assert(hf_dictionary_build(&column->dictionary, context, plans, lengths, c == 6 ? PLANS : 0,
                                          NULL, NULL) == HF_OK);
        for (int64_t i = 0; i < ROWS; i++) {
            char *cell = (*text)[c][i];
            if (c == 8 || hf_random_below(r, 6) == 0)
                strcpy(cell, "-");
            else if (columns[c].kind == HF_KIND_CATEGORY)
                strcpy(cell, plans[hf_random_below(r, PLANS)]);
            else if (columns[c].kind == HF_KIND_DATE)
                print_day(cell, r);
            else
                print_number(cell, c, r);
            store(column, i, cell);
        }
        hf_column_count_missing(column, ROWS);
    }
    return frame;
}

// ---- random conditions -----------------------------------------------------------------------------------

typedef struct {
    int column, operation; // = != < <= > >= in missing present
    int count;
    char values[5][CELL];
} guess;

static const char *const operations[] = {"=", "!=", "<", "<=", ">", ">=", "in", "missing", "present"};

static void make_guess(guess *g, cells *text, hf_random *r)
{
    g->column = (int)hf_random_below(r, COLUMNS);
    const bool category = columns[g->column].kind == HF_KIND_CATEGORY;
    do
        g->operation = (int)hf_random_below(r, 9);
    while (category && g->operation >= 2 && g->operation <= 5);
    g->count = g->operation < 6 ? 1 : g->operation == 6 ? 1 + (int)hf_random_below(r, 5) : 0;
    for (int i = 0; i < g->count; i++) {
        const char *cell = (*text)[g->column][hf_random_below(r, ROWS)];
        while (g->column != 8 && strcmp(cell, "-") == 0)
            cell = (*text)[g->column][hf_random_below(r, ROWS)];
        strcpy(g->values[i],
               g->column == 8 || (category && hf_random_below(r, 9) == 0) ? "unheard of" : cell);
    }
}

static void put_blanks(hf_text *t, hf_random *r, bool needed)
{
    static const char *const blanks[] = {" ", "  ", "\t", " \n "};
    if (needed || hf_random_below(r, 2)) hf_text_puts(t, blanks[hf_random_below(r, 4)]);
}

static void put_word(hf_text *t, const char *word, hf_random *r)
{
    const bool loud = hf_random_below(r, 4) == 0;
    for (; *word; word++)
        hf_text_putc(t, loud && *word >= 'a' ? (char)(*word - 32) : *word);
}

static void put_value(hf_text *t, const char *value, hf_random *r)
{
    const bool word = strcasecmp(value, "and") == 0;
    const bool quoted = word || value[0] == '\0' || strpbrk(value, " \"()") || hf_random_below(r, 4) == 0;
    if (!quoted) {
        hf_text_puts(t, value);
        return;
    }
    hf_text_putc(t, '"');
    for (; *value; value++)
        hf_text_puts(t, *value == '"' ? "\"\"" : (const char[]){*value, '\0'});
    hf_text_putc(t, '"');
}

static void write_guess(hf_text *t, const guess *g, hf_random *r)
{
    put_blanks(t, r, false);
    hf_text_puts(t, columns[g->column].written);
    put_blanks(t, r, g->operation >= 6);
    if (g->operation >= 7) {
        put_word(t, "is", r);
        put_blanks(t, r, true);
    }
    if (g->operation >= 6)
        put_word(t, operations[g->operation], r);
    else
        hf_text_puts(t, operations[g->operation]);
    put_blanks(t, r, false);
    if (g->operation == 6) hf_text_putc(t, '(');
    for (int i = 0; i < g->count; i++) {
        if (i > 0) hf_text_putc(t, ',');
        put_blanks(t, r, false);
        put_value(t, g->values[i], r);
        put_blanks(t, r, false);
    }
    if (g->operation == 6) hf_text_putc(t, ')');
}

// ---- the oracle ------------------------------------------------------------------------------------------

// -1, 0, 1 as the cell is below, at or above the value, both as printed.
static int order(int column, const char *cell, const char *value)
{
    if (columns[column].kind == HF_KIND_CATEGORY || columns[column].kind == HF_KIND_DATE) {
        const int o = strcmp(cell, value); // dates as text are in order
        return (o > 0) - (o < 0);
    }
    const double x = strtod(cell, NULL), y = strtod(value, NULL);
    return (x > y) - (x < y);
}

static bool oracle(const guess *g, cells *text, int64_t row)
{
    const char *cell = (*text)[g->column][row];
    if (strcmp(cell, "-") == 0) return g->operation == 7;
    switch (g->operation) {
    case 0:
        return order(g->column, cell, g->values[0]) == 0;
    case 1:
        return order(g->column, cell, g->values[0]) != 0;
    case 2:
        return order(g->column, cell, g->values[0]) < 0;
    case 3:
        return order(g->column, cell, g->values[0]) <= 0;
    case 4:
        return order(g->column, cell, g->values[0]) > 0;
    case 5:
        return order(g->column, cell, g->values[0]) >= 0;
    case 7:
        return false;
    case 8:
        return true;
    }
    for (int i = 0; i < g->count; i++)
        if (order(g->column, cell, g->values[i]) == 0) return true;
    return false;
}

static void check_parsed(const hf_condition *condition, const guess *g, int count)
{
    static const hf_comparison comparisons[] = {HF_COMPARE_EQUAL,   HF_COMPARE_DIFFERENT, HF_COMPARE_LESS,
                                                HF_COMPARE_AT_MOST, HF_COMPARE_MORE,      HF_COMPARE_AT_LEAST,
                                                HF_COMPARE_IN,      HF_COMPARE_MISSING,   HF_COMPARE_PRESENT};
    cr_assert(condition->count == count);
    for (int p = 0; p < count; p++) {
        const hf_comparing *part = &condition->parts[p];
        cr_assert_str_eq(part->signal, columns[g[p].column].name);
        cr_assert(part->comparison == comparisons[g[p].operation] && part->text_count == g[p].count);
        for (int i = 0; i < g[p].count; i++)
            cr_assert_str_eq(part->texts[i], g[p].values[i]);
    }
}

Test(condition, holds_where_the_printed_cells_say_so)
{
    static cells text;
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_random r = hf_random_seed(2718, 0);
    hf_frame *frame = make_frame(context, &text, &r);
    int64_t held = 0, seen = 0;
    for (int k = 0; k < 3000; k++) {
        guess g[4];
        uint8_t out[ROWS + 1];
        hf_text t;
        hf_condition condition;
        hf_bound_condition *bound;
        hf_error error = {0};
        const int count = 1 + (int)hf_random_below(&r, k % 3 == 0 ? 4 : 1);
        hf_text_init(&t, context);
        for (int i = 0; i < count; i++) {
            if (i > 0) {
                put_blanks(&t, &r, true);
                put_word(&t, "and", &r);
                put_blanks(&t, &r, true);
            }
            make_guess(&g[i], &text, &r);
            write_guess(&t, &g[i], &r);
        }
        cr_assert(hf_condition_parse(&condition, context, t.data, &error) == HF_OK, "%s: %s", t.data,
                  error.message);
        cr_assert_str_eq(condition.text, t.data);
        check_parsed(&condition, g, count);
        cr_assert(hf_condition_bind(&bound, context, &condition, frame, &error) == HF_OK, "%s: %s", t.data,
                  error.message);
        const int64_t begin = (int64_t)hf_random_below(&r, ROWS);
        const int32_t n = (int32_t)hf_random_below(&r, (uint64_t)(ROWS - begin) + 1);
        memset(out, 77, sizeof out);
        const long asked = a.asked;
        hf_condition_run(bound, out, begin, n);
        cr_assert(a.asked == asked && out[n] == 77);
        for (int32_t i = 0; i < n; i++) {
            bool expected = true;
            for (int p = 0; p < count; p++)
                expected = expected && oracle(&g[p], &text, begin + i);
            if (out[i] != expected)
                cr_assert(false, "%s: row %lld (%s) gives %d", t.data, (long long)(begin + i),
                          text[g[0].column][begin + i], out[i]);
            held += expected;
        }
        seen += n;
        hf_condition_unbind(context, bound);
        hf_condition_free(context, &condition);
        hf_text_free(&t);
    }
    cr_assert(held > seen / 20 && held < seen - seen / 20, "the guesses say too little: %lld of %lld",
              (long long)held, (long long)seen);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// ---- edges -----------------------------------------------------------------------------------------------

// The rows that hold, as a string of 0 and 1, for a column of the given values.
static const char *run_on(const hf_context *context, const char *text, hf_kind kind, hf_storage storage,
                          const void *values, int rows)
{
    static char said[64];
    hf_frame *frame;
    hf_column *column;
    hf_condition condition;
    hf_bound_condition *bound;
    uint8_t out[64];
    hf_error error = {0};
    cr_assert(hf_frame_create(&frame, context, rows, 1, NULL) == HF_OK);
    cr_assert(hf_frame_add(frame, &column, "x", kind, storage, NULL) == HF_OK);
    memcpy(column->values, values, (size_t)rows * hf_storage_size(storage));
    cr_assert(hf_condition_parse(&condition, context, text, &error) == HF_OK, "%s", error.message);
    cr_assert(hf_condition_bind(&bound, context, &condition, frame, &error) == HF_OK, "%s", error.message);
    hf_condition_run(bound, out, 0, rows);
    for (int i = 0; i < rows; i++)
        said[i] = (char)('0' + out[i]);
    said[rows] = '\0';
    hf_condition_unbind(context, bound);
    hf_condition_free(context, &condition);
    hf_frame_destroy(frame);
    return said;
}

Test(condition, compares_single_precision_as_printed)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    // 0.1f is a little more than 0.1: plain promotion to double would call it above.
    const float x[] = {nextafterf(0.1f, 0), 0.1f, nextafterf(0.1f, 1), NAN, 0.7f, -0.0f, INFINITY, -INFINITY};
    const struct {
        const char *text, *holds;
    } cases[] = {
        {"x = 0.1", "01000000"},         {"x != 0.1", "10101111"},   {"x < 0.1", "10000101"},
        {"x <= 0.1", "11000101"},        {"x > 0.1", "00101010"},    {"x >= 0.1", "01101010"},
        {"x = 10%", "01000000"},         {"x >= 10%", "01101010"},   {"x in (0.7, 10%, 0)", "01001100"},
        {"x = 0.10", "01000000"},        {"x = 1e-1", "01000000"},   {"x = \"0.1\"", "01000000"},
        {"x = 0", "00000100"},           {"x < 0", "00000001"},      {"x <= -0", "00000101"},
        {"x = 0.7", "00001000"},         {"x < 0.7", "11100101"},    {"x is missing", "00010000"},
        {"x is present", "11101111"},    {"x < 1e39", "11101101"},   {"x > 1e39", "00000000"},
        {"x >= -1e39", "11101111"},      {"x < -1e39", "00000000"},  {"x > -1e39", "11101110"},
        {"x != 1e39", "11101101"},       {"x != -1e39", "11101110"}, {"x > 1e-60", "11101010"},
        {"x = 0.1000000001", "01000000"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *said = run_on(context, cases[i].text, HF_KIND_RATIO, HF_STORAGE_F32, x, 8);
        cr_assert_str_eq(said, cases[i].holds, "%s: %s, not %s", cases[i].text, said, cases[i].holds);
    }
    const double wide[] = {0.1, 16777217, NAN, 123456.78, -0.0, DBL_MAX};
    cr_assert_str_eq(run_on(context, "x = 0.1", HF_KIND_MONEY, HF_STORAGE_F64, wide, 6), "100000");
    cr_assert_str_eq(run_on(context, "x != 16777217", HF_KIND_COUNT, HF_STORAGE_F64, wide, 6), "100111");
    cr_assert_str_eq(run_on(context, "x > 16777216", HF_KIND_COUNT, HF_STORAGE_F64, wide, 6), "010001");
    cr_assert_str_eq(run_on(context, "x in (123456.78, 0)", HF_KIND_MONEY, HF_STORAGE_F64, wide, 6),
                     "000110");
    cr_assert_str_eq(run_on(context, "x is missing", HF_KIND_MONEY, HF_STORAGE_F64, wide, 6), "001000");
    cr_assert_str_eq(run_on(context, "x is present", HF_KIND_MONEY, HF_STORAGE_F64, wide, 6), "110111");
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(condition, flags_dates_and_signals_twice)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    const float flags[] = {0, 1, NAN};
    const int32_t days[] = {HF_DATE_MISSING, 0, 20000, INT32_MAX, HF_DATE_MISSING + 1};
    cr_assert_str_eq(run_on(context, "x = yes", HF_KIND_FLAG, HF_STORAGE_F32, flags, 3), "010");
    cr_assert_str_eq(run_on(context, "x = true", HF_KIND_FLAG, HF_STORAGE_F32, flags, 3), "010");
    cr_assert_str_eq(run_on(context, "x != 1", HF_KIND_FLAG, HF_STORAGE_F32, flags, 3), "100");
    cr_assert_str_eq(run_on(context, "x in (no, yes)", HF_KIND_FLAG, HF_STORAGE_F32, flags, 3), "110");
    cr_assert_str_eq(run_on(context, "x < 2024-10-05", HF_KIND_DATE, HF_STORAGE_DAY, days, 5), "01101");
    cr_assert_str_eq(run_on(context, "x != 1970-01-01", HF_KIND_DATE, HF_STORAGE_DAY, days, 5), "00111");
    cr_assert_str_eq(run_on(context, "x in (1970-01-01)", HF_KIND_DATE, HF_STORAGE_DAY, days, 5), "01000");
    cr_assert_str_eq(run_on(context, "x is missing", HF_KIND_DATE, HF_STORAGE_DAY, days, 5), "10000");
    cr_assert_str_eq(run_on(context, "x is present", HF_KIND_DATE, HF_STORAGE_DAY, days, 5), "01111");
    cr_assert_str_eq(
        run_on(context, "x > 1970-01-01 and x < 2030-01-01", HF_KIND_DATE, HF_STORAGE_DAY, days, 5), "00100");
    cr_assert_str_eq(run_on(context, "x is missing and x is present", HF_KIND_DATE, HF_STORAGE_DAY, days, 5),
                     "00000");
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(condition, reads_every_part)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_condition c;
    cr_assert(hf_condition_parse(&c, context,
                                 "segment = SMB and tickets_90d >= 10 and csat is missing and "
                                 "since < 2026-10-01 and use < 12.3% and huge = 1e999",
                                 NULL) == HF_OK);
    cr_assert(c.count == 6 && c.parts[0].comparison == HF_COMPARE_EQUAL);
    cr_assert(isnan(c.parts[0].number) && c.parts[0].date == HF_DATE_MISSING && c.parts[0].text_count == 1);
    cr_assert_str_eq(c.parts[0].texts[0], "SMB");
    cr_assert(c.parts[1].number == 10 && c.parts[1].comparison == HF_COMPARE_AT_LEAST);
    cr_assert(c.parts[2].comparison == HF_COMPARE_MISSING && c.parts[2].text_count == 0);
    cr_assert(isnan(c.parts[2].number) && c.parts[2].date == HF_DATE_MISSING);
    cr_assert(c.parts[3].date == 20727 && isnan(c.parts[3].number));
    cr_assert(c.parts[4].number == 0.123);
    cr_assert(isnan(c.parts[5].number));
    hf_condition_free(context, &c);
    cr_assert(c.count == 0 && !c.text && !c.parts);
    hf_condition_free(context, &c);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// ---- mistakes --------------------------------------------------------------------------------------------

Test(condition, says_where_a_mistake_is_and_what_to_write)
{
    static const struct {
        const char *text;
        int64_t column;
        const char *message;
    } cases[] = {
        {"", 1, "expected a comparison such as segment = SMB, found the end"},
        {"  \t", 4, "expected a comparison such as segment = SMB, found the end"},
        {"= 3", 1, "expected a comparison such as segment = SMB, found '='"},
        {"\"\" = 3", 1, "expected a comparison such as segment = SMB, found '\"\"'"},
        {"plan", 5,
         "expected =, !=, <, <=, >, >=, in or is after the signal, found the end; a name with blanks"},
        {"my plan = 3", 4, "found 'plan'; a name with blanks or signs stands in double quotes"},
        {"plan =", 7, "expected a number, a date or a text to compare with, found the end"},
        {"plan = = 3", 8, "expected a number, a date or a text to compare with, found '='"},
        {"plan == 3", 6, "write = for equal"},
        {"plan <> 3", 6, "write != for different"},
        {"plan ! 3", 6, "write != for different"},
        {"plan =< 3", 6, "write <= for at most"},
        {"plan => 3", 6, "write >= for at least"},
        {"plan = 'a'", 8, "write double quotes around a name or text"},
        {"plan = a & seats = 3", 10, "write and between two comparisons"},
        {"plan = a; seats = 3", 9, "write and between two comparisons"},
        {"plan = a || seats = 3", 10, "there is no \"or\"; write a list"},
        {"plan = a or seats = 3", 10, "there is no \"or\"; write a list"},
        {"plan = a OR seats = 3", 10, "there is no \"or\"; write a list"},
        {"not plan = a", 1, "there is no \"not\"; turn the comparison round"},
        {"plan not in (a)", 6, "there is no \"not\"; write != for each value"},
        {"plan is not missing", 9, "write \"is present\""},
        {"plan is basic", 9, "expected missing or present after is, found 'basic'; write ="},
        {"plan is", 8, "expected missing or present after is, found the end"},
        {"plan in basic", 9, "expected (, found 'basic'; a list is written as in plan in (basic, pro)"},
        {"plan in ()", 10, "expected a number, a date or a text to compare with, found ')'"},
        {"plan in (a b)", 12,
         "expected , or ), found 'b'; a text with blanks or signs stands in double quotes"},
        {"plan in (a,", 12, "expected a number, a date or a text to compare with, found the end"},
        {"plan in (a", 11, "expected , or ), found the end"},
        {"plan = pro plus", 12, "expected and or the end, found 'plus'; a text with blanks"},
        {"plan = a and", 13, "expected a comparison such as segment = SMB, found the end"},
        {"plan = a and and b = 2", 14, "expected a comparison such as segment = SMB, found 'and'"},
        {"plan = and seats = 3", 8,
         "expected a value, found 'and'; one that is such a word stands in double quotes"},
        {"plan = \"pro", 8, "this text has no closing \"; add it"},
        {"plan = \"pro\"\"", 8, "this text has no closing \"; add it"},
        {"plan = \"pro\"plus", 13, "a quote within a text is written twice"},
        {"plan = 1,000", 9, "expected and or the end, found ','"},
        {"pl\x01n = 3", 3, "there is a control character here; take it out"},
        {"\xc3\xa9t\xc3\xa9 = \xc3\xa9 \xc3\xa9", 9, "found '\xc3\xa9'"},
        {"plan = \xff", 8, "this is not UTF-8; save the file as UTF-8"},
    };
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hf_condition out = {.count = 4711};
        hf_error error = {0};
        cr_assert(hf_condition_parse(&out, context, cases[i].text, &error) == HF_ERROR_DATA, "%s",
                  cases[i].text);
        cr_assert(out.count == 4711 && !out.text);
        cr_assert(error.column == cases[i].column && strstr(error.message, cases[i].message), "%s: %lld: %s",
                  cases[i].text, (long long)error.column, error.message);
        cr_assert(hf_condition_parse(&out, context, cases[i].text, NULL) == HF_ERROR_DATA);
    }
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(condition, says_what_a_column_cannot_stand)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"seets = 3",
         "the condition 'seets = 3' names the signal 'seets', which the data lacks; did you mean 'seats'?"},
        {"zzzzzzzz = 3", "names the signal 'zzzzzzzz', which the data lacks; name one it has"},
        {"zz is missing", "which the data lacks"},
        {"plan < basic",
         "compares the category 'plan' by size; a category is compared by =, != and in (a, b)"},
        {"plan >= 3", "compares the category 'plan' by size"},
        {"seats = many", "compares the count 'seats' with 'many'; write a number"},
        {"seats in (1, 2, many)", "compares the count 'seats' with 'many'; write a number"},
        {"seats = 1e999", "compares the count 'seats' with '1e999'; write a number"},
        {"seats = yes", "compares the count 'seats' with 'yes'; write a number"},
        {"arr > 2026-01-01", "compares the money 'arr' with '2026-01-01'; write a number"},
        {"paying = maybe", "compares the flag 'paying' with 'maybe'; write yes, no, 1 or 0"},
        {"renewal > 3", "compares the date 'renewal' with '3'; write a date as YYYY-MM-DD"},
        {"renewal in (2026-01-01, 2026-02-30)", "with '2026-02-30'; write a date as YYYY-MM-DD"},
        {"seats = 3 and renewal = x", "compares the date 'renewal' with 'x'"},
    };
    static cells text;
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_random r = hf_random_seed(5, 0);
    hf_frame *frame = make_frame(context, &text, &r);
    const long live = a.live;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hf_condition c;
        hf_bound_condition *bound = (hf_bound_condition *)&c;
        hf_error error = {0};
        cr_assert(hf_condition_parse(&c, context, cases[i].text, NULL) == HF_OK, "%s", cases[i].text);
        cr_assert(hf_condition_bind(&bound, context, &c, frame, &error) == HF_ERROR_DATA, "%s",
                  cases[i].text);
        cr_assert(bound == (hf_bound_condition *)&c);
        cr_assert(strstr(error.message, cases[i].message), "%s: %s", cases[i].text, error.message);
        hf_condition_free(context, &c);
    }
    cr_assert(a.live == live);
    hf_condition_unbind(context, NULL);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// ---- hostile texts ---------------------------------------------------------------------------------------

static int64_t characters(const char *text)
{
    int64_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static bool parse_anything(const hf_context *context, const char *text)
{
    hf_condition c = {.count = 99};
    hf_error error = {0};
    const hf_status status = hf_condition_parse(&c, context, text, &error);
    if (status == HF_OK) {
        cr_assert(c.count >= 1 && strcmp(c.text, text) == 0);
        for (int32_t p = 0; p < c.count; p++)
            cr_assert(c.parts[p].signal[0] != '\0');
        hf_condition_free(context, &c);
        return true;
    }
    cr_assert(status == HF_ERROR_DATA && c.count == 99 && error.message[0] != '\0');
    cr_assert(error.column >= 1 && error.column <= characters(text) + 1, "%s: %lld", text,
              (long long)error.column);
    return false;
}

Test(condition, stands_hostile_texts)
{
    static const char *const pieces[] = {
        "a",           "and", " ",       "=",        "\"",         "(",       ")",
        ",",           "is",  "missing", "in",       "<",          ">",       "!",
        "3",           "%",   "'",       "\xc3\xa9", "-",          "e",       "|",
        "\t",          "or",  "not",     "\"\"",     "2026-01-01", "present", "\xf0\x9f\x98\x80",
        "\xed\xa0\x80"};
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_random r = hf_random_seed(31, 0);
    int good = 0;
    for (int k = 0; k < 20000; k++) {
        char text[256] = "";
        if (k % 2 == 0) {
            for (uint64_t i = hf_random_below(&r, 12); i > 0; i--)
                strcat(text, pieces[hf_random_below(&r, sizeof pieces / sizeof *pieces)]);
        } else {
            const uint64_t n = hf_random_below(&r, 30);
            for (uint64_t i = 0; i < n; i++)
                text[i] = (char)(1 + hf_random_below(&r, 255));
        }
        good += parse_anything(context, text);
    }
    cr_assert(good > 0);
    static const char whole[] = "\"a b\" in (\"x \"\"y\", 3) and c >= 2026-01-31 and d is present";
    for (size_t i = 0; i < sizeof whole; i++) {
        char text[sizeof whole];
        memcpy(text, whole, i);
        text[i] = '\0';
        parse_anything(context, text);
    }
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(condition, stands_long_texts)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_text t;
    hf_condition c;
    hf_error error = {0};
    hf_text_init(&t, context);
    for (int i = 0; i < 20000; i++)
        hf_text_printf(&t, "%ssignal_%d in (%d, b)", i == 0 ? "" : " and ", i, i);
    cr_assert(hf_condition_parse(&c, context, t.data, NULL) == HF_OK && c.count == 20000);
    cr_assert_str_eq(c.parts[19999].signal, "signal_19999");
    hf_condition_free(context, &c);
    hf_text_clear(&t);
    hf_text_puts(&t, "x in (");
    for (int i = 0; i < 50000; i++)
        hf_text_printf(&t, "%s%d", i == 0 ? "" : ",", i);
    hf_text_puts(&t, ")");
    cr_assert(hf_condition_parse(&c, context, t.data, NULL) == HF_OK && c.parts[0].text_count == 50000);
    hf_condition_free(context, &c);
    hf_text_clear(&t);
    hf_text_puts(&t, "x = a ");
    for (int i = 0; i < 500000; i++)
        hf_text_puts(&t, "\xc3\xa9");
    cr_assert(hf_condition_parse(&c, context, t.data, &error) == HF_ERROR_DATA && error.column == 7);
    cr_assert(strlen(error.message) < 300 && hf_is_utf8(error.message, strlen(error.message), NULL));
    hf_text_free(&t);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// ---- threads and memory ----------------------------------------------------------------------------------

Test(condition, runs_side_by_side)
{
    static cells text;
    static const int threads[] = {1, 2, 7};
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_random r = hf_random_seed(8, 0);
    hf_frame *frame = make_frame(context, &text, &r);
    hf_condition c;
    hf_bound_condition *bound;
    uint8_t whole[ROWS], parts[ROWS];
    cr_assert(hf_condition_parse(&c, context, "plan != pro and usage >= 0.3 and arr < 20.5", NULL) == HF_OK);
    cr_assert(hf_condition_bind(&bound, context, &c, frame, NULL) == HF_OK);
    hf_condition_run(bound, whole, 0, ROWS);
    for (int k = 0; k < 3; k++) {
        memset(parts, 9, sizeof parts);
#pragma omp parallel for schedule(static) num_threads(threads[k])
        for (int begin = 0; begin < ROWS; begin += 100)
            hf_condition_run(bound, parts + begin, begin, ROWS - begin < 100 ? ROWS - begin : 100);
        cr_assert(memcmp(whole, parts, ROWS) == 0);
    }
    hf_condition_unbind(context, bound);
    hf_condition_free(context, &c);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(condition, stands_memory_that_fails)
{
    static const char text[] =
        "plan in (pro, \"pro plus\", x, y, z) and usage < 12% and renewal != 2026-01-01 and "
        "arr is missing and seats in (1, 2%) and plan is present";
    static cells kept;
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_random r = hf_random_seed(9, 0);
    hf_frame *frame = make_frame(context, &kept, &r);
    hf_condition c = {0}, lost;
    hf_bound_condition *bound = NULL;
    hf_status status = HF_ERROR_MEMORY;
    const long live = a.live;
    long k = 0;
    for (; status != HF_OK; k++) {
        a.fail_at = a.asked + k;
        hf_error error = {0};
        status = hf_condition_parse(&c, context, text, &error);
        if (status != HF_OK)
            cr_assert(status == HF_ERROR_MEMORY && c.count == 0 && !c.text && a.live == live);
    }
    cr_assert(k > 15);
    const long parsed = a.live;
    status = HF_ERROR_MEMORY;
    for (k = 0; status != HF_OK; k++) {
        a.fail_at = a.asked + k;
        hf_error error = {0};
        status = hf_condition_bind(&bound, context, &c, frame, &error);
        if (status != HF_OK) cr_assert(status == HF_ERROR_MEMORY && !bound && a.live == parsed);
    }
    cr_assert(k > 6);
    // The message of a name that is not there takes memory too.
    a.fail_at = -1;
    cr_assert(hf_condition_parse(&lost, context, "plam = pro", NULL) == HF_OK);
    hf_bound_condition *none = NULL;
    for (k = 0, status = HF_ERROR_MEMORY; status == HF_ERROR_MEMORY; k++) {
        a.fail_at = a.asked + k;
        status = hf_condition_bind(&none, context, &lost, frame, NULL);
        cr_assert(!none);
    }
    cr_assert(status == HF_ERROR_DATA && k == 4);
    a.fail_at = -1;
    hf_condition_free(context, &lost);
    hf_condition_unbind(context, bound);
    hf_condition_free(context, &c);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}
