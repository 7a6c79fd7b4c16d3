// SPDX-License-Identifier: Apache-2.0
//
// What good text becomes: kinds, storage, missing cells, quotes, line ends, names, ids, dates, compression.
#include "csv/csv_case.h"

#include <zlib.h>
#include <zstd.h>

#define READ(c, text, ...)                        \
    hf_csv_options options = HF_CSV_OPTIONS_INIT; \
    __VA_ARGS__;                                  \
    csv_case c = csv_read(text, &options);        \
    cr_assert_eq(c.status, HF_OK, "%s", c.error.message)

static hf_kind kind_of(const char *cells, hf_storage *storage)
{
    char text[512] = "x,rest\n";
    for (const char *p = cells; *p;) {
        size_t n = strcspn(p, " ");
        snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s,1\n", (int)n, p);
        p += n + (p[n] == ' ');
    }
    READ(c, text);
    hf_column_info info = info_of(&c, "x");
    if (storage) *storage = info.storage;
    csv_case_free(&c);
    return info.kind;
}

Test(csv_read, kinds_come_from_all_cells)
{
    cr_expect_eq(kind_of("0 1 1 0", NULL), HF_KIND_FLAG);
    cr_expect_eq(kind_of("yes NO Yes no", NULL), HF_KIND_FLAG);
    cr_expect_eq(kind_of("true False TRUE", NULL), HF_KIND_FLAG);
    cr_expect_eq(kind_of("1 0 yes no", NULL), HF_KIND_FLAG);
    cr_expect_eq(kind_of("0 1 2", NULL), HF_KIND_COUNT);
    cr_expect_eq(kind_of("4.0 7.0", NULL), HF_KIND_COUNT);
    cr_expect_eq(kind_of("1e3 7", NULL), HF_KIND_COUNT);
    cr_expect_eq(kind_of("-1 7", NULL), HF_KIND_NUMBER);
    cr_expect_eq(kind_of("1.5 7", NULL), HF_KIND_NUMBER);
    cr_expect_eq(kind_of("12% 7.5% 0", NULL), HF_KIND_RATIO);
    cr_expect_eq(kind_of("2024-02-29 2023-01-01", NULL), HF_KIND_DATE);
    cr_expect_eq(kind_of("SMB Enterprise 7", NULL), HF_KIND_CATEGORY);
    cr_expect_eq(kind_of("2024-02-29T10:00 2023-01-01T11:00", NULL), HF_KIND_CATEGORY);
    cr_expect_eq(kind_of("NA null", NULL), HF_KIND_NUMBER);
}

Test(csv_read, storage_keeps_every_digit_of_money_and_large_counts)
{
    hf_storage s;
    cr_expect_eq(kind_of("16777216", &s), HF_KIND_COUNT);
    cr_expect_eq(s, HF_STORAGE_F32);
    cr_expect_eq(kind_of("16777217", &s), HF_KIND_COUNT);
    cr_expect_eq(s, HF_STORAGE_F64);
    cr_expect_eq(kind_of("-16777217 2", &s), HF_KIND_NUMBER);
    cr_expect_eq(s, HF_STORAGE_F64);
    cr_expect_eq(kind_of("9999.99 1", &s), HF_KIND_NUMBER);
    cr_expect_eq(s, HF_STORAGE_F32);
    cr_expect_eq(kind_of("10000.01 1", &s), HF_KIND_MONEY);
    cr_expect_eq(s, HF_STORAGE_F64);
    cr_expect_eq(kind_of("-10000.01 1", &s), HF_KIND_MONEY);
    cr_expect_eq(kind_of("10000.010 1", &s), HF_KIND_MONEY); // a zero that ends a fraction is no digit
    cr_expect_eq(kind_of("10000.013 20000.01", &s), HF_KIND_NUMBER);
    cr_expect_eq(s, HF_STORAGE_F32);
    cr_expect_eq(kind_of("0.5418999999999999 229.43347481085073", &s), HF_KIND_NUMBER);
    cr_expect_eq(s, HF_STORAGE_F32);
}

Test(csv_read, numbers_in_every_form)
{
    READ(c, "x;y\n+5;1\n-0.5;2\n.25;3\n7.;4\n1e2;5\n1.5E-3;6\n  12 "
            ";7\n\"8\";8\n123456789012;9\n0000000000000000000012;10\n"
            "0.1234567890123456789;11\n");
    const double want[] = {5, -0.5, 0.25, 7, 100, 1.5e-3, 12, 8, 123456789012.0, 12, 0.1234567890123456789};
    for (int i = 0; i < 11; i++)
        cr_expect_eq(number_of(&c, "x", i), (double)(float)want[i], "row %d: %g", i, number_of(&c, "x", i));
    csv_case_free(&c);
}

Test(csv_read, missing_tokens)
{
    READ(c,
         "x,t,n\n,a,1\n  ,NA,2\nNA,n/a,3\nN/A,NaN,4\nnan,NULL,5\nNull,b,6\n\\N,\\N,7\n3.5, ,8\n\"\",\"\",9\n",
         const char *na[] = {"\\N"};
         options.na = na; options.na_count = 1);
    cr_expect_eq(info_of(&c, "x").missing, 8);
    cr_expect_eq(number_of(&c, "x", 7), 3.5);
    cr_expect_eq(info_of(&c, "t").missing, 7);
    cr_expect_eq(info_of(&c, "t").levels, 2);
    cr_expect_str_eq(level_of(&c, "t", 5), "b");
    cr_expect_str_eq(level_of(&c, "t", 6), "");
    cr_expect_str_empty(c.log);
    csv_case_free(&c);
}

Test(csv_read, missing_tokens_may_be_numbers)
{
    const char *na[] = {"-1", "999"};
    READ(c, "x,y\n1,999\n-1,2\n999,\"-1\"\n 999 ,9990\n-1.0,4\n", options.na = na; options.na_count = 2);
    cr_expect_eq(info_of(&c, "x").missing, 3);
    cr_expect_eq(number_of(&c, "x", 4), -1);
    cr_expect_eq(info_of(&c, "y").missing, 2);
    cr_expect_eq(info_of(&c, "y").kind, HF_KIND_COUNT);
    csv_case_free(&c);
}

Test(csv_read, a_word_for_missing_is_told_of)
{
    char text[2048] = "x,d,f,n\n";
    for (int i = 0; i < 60; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s,%s,%s,%d\n",
                 i % 20 == 7 ? "Unknown" : "2.5", i % 20 == 3 ? "-" : "2024-01-31", i % 20 == 5 ? "?" : "yes",
                 i);
    READ(c, text);
    cr_expect_eq(info_of(&c, "x").kind, HF_KIND_NUMBER);
    cr_expect_eq(info_of(&c, "x").missing, 3);
    cr_expect_eq(info_of(&c, "d").kind, HF_KIND_DATE);
    cr_expect_eq(info_of(&c, "d").missing, 3);
    cr_expect_eq(info_of(&c, "f").kind, HF_KIND_FLAG);
    cr_expect_eq(info_of(&c, "f").missing, 3);
    cr_expect(strstr(c.log, "column 'x' is numeric but for 3 of 60 cells that say \"Unknown\""), "%s", c.log);
    cr_expect(strstr(c.log, "column 'd' is dates but for 3 of 60 cells that say \"-\""), "%s", c.log);
    csv_case_free(&c);
}

Test(csv_read, quotes)
{
    READ(c, "name,note,n\r\n\"Smith, John\",\"said "
            "\"\"hi\"\"\",1\r\n\"two\nlines\",\"\"\"\",2\r\n\"crlf\r\nin\",x,3\r\n"
            " \"blank, before\" ,\"\",4\r\n");
    cr_expect_str_eq(level_of(&c, "name", 0), "Smith, John");
    cr_expect_str_eq(level_of(&c, "note", 0), "said \"hi\"");
    cr_expect_str_eq(level_of(&c, "name", 1), "two\nlines");
    cr_expect_str_eq(level_of(&c, "note", 1), "\"");
    cr_expect_str_eq(level_of(&c, "name", 2), "crlf\r\nin");
    cr_expect_str_eq(level_of(&c, "name", 3), "blank, before");
    cr_expect_str_eq(level_of(&c, "note", 3), "");
    cr_expect_eq(number_of(&c, "n", 3), 4);
    csv_case_free(&c);
}

Test(csv_read, line_ends_and_blank_lines)
{
    const char *texts[] = {
        "a,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4",
        "a,b\r\n1,2\r\n3,4\r\n",
        "a,b\r\n1,2\r\n3,4",
        "a,b\r\r\n1,2\r\r\n3,4\r\r\n",
        "\xef\xbb\xbf\x61,b\n1,2\n3,4\n",
        "\n\na,b\n\n1,2\n\n\n3,4\n\n",
        "a,b\r\n\r\n1,2\r\n  \r\n3,4\r\n\r\n",
        "\"a\",\"b\"\r\n\"1\",\"2\"\r\n\"3\",\"4\"\r\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        READ(c, texts[i]);
        cr_expect_eq(hf_frame_rows(c.frame), 2, "text %zu", i);
        cr_expect_eq(hf_frame_columns(c.frame), 2, "text %zu", i);
        cr_expect_eq(number_of(&c, "a", 1), 3, "text %zu", i);
        cr_expect_eq(number_of(&c, "b", 1), 4, "text %zu", i);
        cr_expect_eq(c.report.source_row[1], 1);
        cr_expect_eq(c.report.rows_read, 2);
        csv_case_free(&c);
    }
}

Test(csv_read, delimiters)
{
    const char marks[] = {',', ';', '\t', '|'};
    for (int i = 0; i < 4; i++) {
        char text[64];
        snprintf(text, sizeof text, "a%cb%cc\n1%c\"x%cy\"%c3\n", marks[i], marks[i], marks[i], marks[i],
                 marks[i]);
        READ(c, text);
        cr_expect_eq(number_of(&c, "c", 0), 3);
        cr_expect_eq(level_of(&c, "b", 0)[1], marks[i]);
        csv_case_free(&c);
    }
    READ(one, "only\n5\n6\n");
    cr_expect_eq(number_of(&one, "only", 1), 6);
    csv_case_free(&one);
    hf_csv_options given = HF_CSV_OPTIONS_INIT;
    given.delimiter = ':';
    csv_case c = csv_read("a,1:b\n2:3\n", &given);
    cr_expect_eq(number_of(&c, "a,1", 0), 2);
    csv_case_free(&c);
}

Test(csv_read, names)
{
    READ(c, " Call  Failure ,\"a \"\"b\"\"\",,Z,\n1,2,3,4,\n5,6,7,8,\n");
    cr_expect_eq(hf_frame_columns(c.frame), 4);
    cr_expect_eq(number_of(&c, "Call  Failure", 0), 1);
    cr_expect_eq(number_of(&c, "a \"b\"", 0), 2);
    cr_expect_eq(number_of(&c, "column_3", 1), 7);
    cr_expect(strstr(c.log, "field 5 has no name and no value"), "%s", c.log);
    cr_expect(strstr(c.log, "'column_3'"), "%s", c.log);
    csv_case_free(&c);
    hf_csv_options none = HF_CSV_OPTIONS_INIT;
    csv_case taken = csv_read("column_2,\n1,2\n", &none);
    cr_assert_eq(taken.status, HF_OK, "%s", taken.error.message);
    cr_expect_eq(number_of(&taken, "column_2_", 0), 2);
    csv_case_free(&taken);
}

Test(csv_read, ids)
{
    READ(c, "n,id\n1, A7 \n2,\"B,8\"\n3,a-much-longer-identifier\n", options.id = "id");
    size_t length;
    cr_expect_eq(hf_frame_columns(c.frame), 1);
    cr_expect_eq(c.frame->id_width, 24);
    cr_expect_arr_eq(hf_frame_id(c.frame, 0, &length), "A7", 3);
    cr_expect_arr_eq(hf_frame_id(c.frame, 1, &length), "B,8", 4);
    hf_frame_id(c.frame, 2, &length);
    cr_expect_eq(length, strlen("a-much-longer-identifier"));
    cr_expect_str_eq(c.frame->id_name, "id");
    csv_case_free(&c);
    hf_csv_options none = HF_CSV_OPTIONS_INIT;
    csv_case numbered = csv_read("n\n5\n\n6\n", &none);
    cr_expect_arr_eq(hf_frame_id(numbered.frame, 1, &length), "1", 2);
    cr_expect_str_eq(numbered.frame->id_name, "");
    csv_case_free(&numbered);
}

Test(csv_read, as_of_makes_the_key)
{
    READ(c, "id,at,x\nA,2024-01-31,1\nA,2024-02-29,2\nB,2024-01-31,3\n", options.id = "id";
         options.as_of_column = "at");
    cr_expect_eq(hf_frame_columns(c.frame), 1);
    hf_date february;
    hf_date_parse(&february, "2024-02-29", 10);
    cr_expect_eq(c.report.as_of[1], february);
    cr_expect_eq(hf_frame_as_of(c.frame), HF_DATE_MISSING);
    csv_case_free(&c);
}

Test(csv_read, ignored_and_declared)
{
    const hf_declared_kind kinds[] = {
        {"zip", HF_KIND_CATEGORY}, {"fee", HF_KIND_MONEY}, {"on", HF_KIND_NUMBER}};
    READ(c, "zip,fee,on,\"x\"\"\"\n01234,5,0,junk\n98765,6,1,12\n", const char *ignore[] = {"x\""};
         options.ignore = ignore; options.ignore_count = 1; options.kinds = kinds; options.kind_count = 3);
    cr_expect_eq(hf_frame_columns(c.frame), 3);
    cr_expect_str_eq(level_of(&c, "zip", 0), "01234");
    cr_expect_eq(info_of(&c, "fee").kind, HF_KIND_MONEY);
    cr_expect_eq(info_of(&c, "fee").storage, HF_STORAGE_F64);
    cr_expect_eq(info_of(&c, "on").kind, HF_KIND_NUMBER);
    csv_case_free(&c);
}

Test(csv_read, percent)
{
    READ(c, "x,y\n12%,1\n 7.5 %,2\n0,3\n-3%,4\n\"40%\",5\n");
    const double want[] = {0.12, 0.075, 0, -0.03, 0.4};
    for (int i = 0; i < 5; i++)
        cr_expect_eq(number_of(&c, "x", i), (double)(float)want[i]);
    csv_case_free(&c);
}

// A column x of `rows` cells, given by their row, beside a column of numbers; by every path through the
// reader.
static csv_case read_cells(const char *(*cell)(int), int rows, bool sampled, const hf_csv_options *options)
{
    char *text = malloc((size_t)rows * 64 + 64);
    size_t n = (size_t)sprintf(text, "n;x\n");
    for (int i = 0; i < rows; i++)
        n += (size_t)sprintf(text + n, "%d;%s\n", i % 50, cell(i));
    const hf_csv_knobs knobs = {256, sampled ? 8 : 1, sampled ? 32 : 0};
    csv_case c;
    csv_case_read(&c, text, n, options, &knobs, 2);
    free(text);
    return c;
}

static int filler_rows;

static const char *count_or_dash(int i)
{
    static char text[32];
    snprintf(text, sizeof text, "%d", 3 + i % 7);
    return i * 37 % 100 < filler_rows ? "-" : text;
}

static const char *date_or_never(int i)
{
    return i * 37 % 100 < filler_rows ? "never" : i % 2 ? "2024-01-31" : "2025-12-01";
}

static const char *count_or_two_words(int i)
{
    return i % 10 < 3 ? (i % 2 ? "-" : "?") : "5";
}

// A column whose other cells are all numbers is no text, however many say the same word.
Test(csv_read, a_filler_word_never_makes_numbers_text)
{
    for (int sampled = 0; sampled < 2; sampled++)
        for (filler_rows = 1; filler_rows <= 100; filler_rows += filler_rows < 88 ? 9 : 1) {
            csv_case c = read_cells(count_or_dash, 200, sampled, NULL);
            cr_assert_eq(c.status, HF_OK, "%s", c.error.message);
            bool number = filler_rows <= 90;
            cr_expect_eq(info_of(&c, "x").kind, number ? HF_KIND_COUNT : HF_KIND_CATEGORY, "%d %%",
                         filler_rows);
            if (number) {
                cr_expect_eq(info_of(&c, "x").missing, 2 * filler_rows);
                cr_expect(strstr(c.log, "of 200 cells that say \"-\": taken as missing; --na \"-\""), "%s",
                          c.log);
                cr_expect_eq(number_of(&c, "x", 127), 3 + 127 % 7); // 99 of 100
            }
            csv_case_free(&c);
        }
    filler_rows = 60;
    csv_case c = read_cells(date_or_never, 200, true, NULL);
    cr_expect_eq(info_of(&c, "x").kind, HF_KIND_DATE);
    cr_expect_eq(info_of(&c, "x").missing, 120);
    cr_expect(strstr(c.log, "is dates but for 120 of 200 cells that say \"never\""), "%s", c.log);
    csv_case_free(&c);
}

// Where the kind is known from a model, even a table in which every cell says it has it missing.
Test(csv_read, a_filler_word_where_the_kind_is_known)
{
    const hf_declared_kind kinds[] = {{"x", HF_KIND_COUNT}, {"absent", HF_KIND_NUMBER}};
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.kinds = kinds;
    o.kind_count = 2;
    o.kinds_if_there = true;
    csv_case c = csv_read("x,y\n-,1\n", &o);
    cr_assert_eq(c.status, HF_OK, "%s", c.error.message);
    cr_expect_eq(info_of(&c, "x").kind, HF_KIND_COUNT);
    cr_expect_eq(info_of(&c, "x").missing, 1);
    cr_expect(strstr(c.log, "1 of 1 cells that says \"-\""), "%s", c.log);
    csv_case_free(&c);
    o.kinds_if_there = false;
    o.kind_count = 1;
    c = csv_read("x,y\n-,1\n", &o);
    cr_expect_eq(c.status, HF_ERROR_DATA, "a kind that the caller says is a promise");
    cr_expect_eq(c.error.line, 2);
    csv_case_free(&c);
}

static bool near(double got, double want)
{
    return isnan(want) ? isnan(got) : fabs(got - want) <= 1e-6 * fmax(1, fabs(want));
}

static const char *const *dressed;
static const char *dressed_cell(int i)
{
    return dressed[i % 4];
}

#define DRESSED(kind_, sampled, a, b, c_, d)                            \
    do {                                                                \
        const char *const cells_[] = {a, b, c_, d};                     \
        dressed = cells_;                                               \
        c = read_cells(dressed_cell, 400, sampled, NULL);               \
        cr_assert_eq(c.status, HF_OK, "%s", c.error.message);           \
        cr_expect_eq(info_of(&c, "x").kind, kind_, "%s: %s", a, c.log); \
    } while (0)
#define VALUES(a, b, c_, d)                                                                           \
    do {                                                                                              \
        const double want_[] = {a, b, c_, d};                                                         \
        cr_expect_str_empty(c.log);                                                                   \
        for (int i_ = 0; i_ < 4; i_++)                                                                \
            cr_expect(near(number_of(&c, "x", i_ + 8), want_[i_]), "%g", number_of(&c, "x", i_ + 8)); \
        csv_case_free(&c);                                                                            \
    } while (0)

// What a person reads in one way only is read in that way.
Test(csv_read, numbers_written_for_people)
{
    for (int sampled = 0; sampled < 2; sampled++) {
        csv_case c;
        DRESSED(HF_KIND_MONEY, sampled, "$761.33", "$12,234.56", "-$5", "12");
        VALUES(761.33, 12234.56, -5, 12);
        DRESSED(HF_KIND_COUNT, sampled, "€12", "€7", "€ 30", "€0");
        VALUES(12, 7, 30, 0);
        DRESSED(HF_KIND_NUMBER, sampled, "12.3 EUR", "4 EUR", "-0.5 EUR", "1.25 EUR");
        VALUES(12.3, 4, -0.5, 1.25);
        DRESSED(HF_KIND_NUMBER, sampled, "0,544", "1,5", "12", "");
        VALUES(0.544, 1.5, 12, NAN);
        DRESSED(HF_KIND_MONEY, sampled, "1.234.567,89 €", "5,5", "12", "NA");
        VALUES(1234567.89, 5.5, 12, NAN);
        DRESSED(HF_KIND_NUMBER, sampled, "(38)", "12", "(1,234.5)", "0");
        VALUES(-38, 12, -1234.5, 0);
        DRESSED(HF_KIND_COUNT, sampled, "1,234,567", "1,234", "7", "12");
        VALUES(1234567, 1234, 7, 12);
        DRESSED(HF_KIND_RATIO, sampled, "12,5%", "3,25 %", "0", "7%");
        VALUES(0.125, 0.0325, 0, 0.07);
    }
}

#define LOUD(a, b, c_, d, ...)                                                                   \
    do {                                                                                         \
        const char *parts_[] = {"column 'x' is read as text", "--kind x=category", __VA_ARGS__}; \
        DRESSED(HF_KIND_CATEGORY, true, a, b, c_, d);                                            \
        for (size_t i_ = 0; i_ < sizeof parts_ / sizeof parts_[0]; i_++)                         \
            cr_expect(strstr(c.log, parts_[i_]), "'%s' not in: %s", parts_[i_], c.log);          \
        csv_case_free(&c);                                                                       \
    } while (0)

// What may be read in two ways stays text, and the reader says so.
Test(csv_read, what_looks_like_numbers_is_never_silently_text)
{
    csv_case c;
    LOUD("38,000", "39,000", "40,000", "7", "\"38,000\"", "400 of its 400 cells look like numbers");
    LOUD("(38)", "(39)", "(40)", "(7)", "\"(38)\"");
    LOUD("$5", "€6", "$7", "€8", "\"$5\"");
    LOUD("5 GB", "10 GB", "20 GB", "7 GB", "\"5 GB\"");
    LOUD("3", "4", "many", "few", "\"many\"", "200 of its 400");
    LOUD("1,5", "2.5", "3", "4,25", "\"1,5\"");
    LOUD("08/21/2025", "12/01/2025", "04/07/2025", "-", "look like dates", "YYYY-MM-DD");
    LOUD("21 Mar 2025", "7 Apr 2025", "2025-01-31 12:30:00", "31.12.2025", "look like dates");
    static const char *const quiet[][4] = {{"SMB", "Pro", "3rd", "Enterprise"},
                                           {"A-1", "C0001", "10.0.0.1", "1.2.3"},
                                           {"10-50", "50-100", "100-500", "500+"},
                                           {"b3f2", "9ac0d", "0xff", "12345-6789"}};
    for (int i = 0; i < 4; i++) {
        DRESSED(HF_KIND_CATEGORY, true, quiet[i][0], quiet[i][1], quiet[i][2], quiet[i][3]);
        cr_expect_str_empty(c.log);
        csv_case_free(&c);
    }
    const hf_declared_kind kinds[] = {{"x", HF_KIND_CATEGORY}};
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.kinds = kinds;
    o.kind_count = 1;
    c = csv_read("x;y\n38,000;1\n", &o);
    cr_expect_str_empty(c.log);
    csv_case_free(&c);
    c = read_cells(count_or_two_words, 100, true, NULL);
    cr_expect(strstr(c.log, "70 of its 100 cells look like numbers"), "%s", c.log);
    csv_case_free(&c);
}

// ---- compression -----------------------------------------------------------------------------------------

static size_t gzip(char *out, size_t room, const char *text, size_t length)
{
    z_stream z = {0};
    cr_assert_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)text;
    z.avail_in = (unsigned)length;
    z.next_out = (unsigned char *)out;
    z.avail_out = (unsigned)room;
    cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t made = room - z.avail_out;
    deflateEnd(&z);
    return made;
}

Test(csv_read, compressed_and_concatenated)
{
    const char *first = "a,b\n1,2\n", *second = "3,4\n";
    char packed[2048];
    for (int format = 0; format < 2; format++) {
        size_t one, two;
        if (format == 0) {
            one = gzip(packed, sizeof packed, first, strlen(first));
            two = gzip(packed + one, sizeof packed - one, second, strlen(second));
        } else {
            one = ZSTD_compress(packed, sizeof packed, first, strlen(first), 3);
            two = ZSTD_compress(packed + one, sizeof packed - one, second, strlen(second), 3);
        }
        csv_case c;
        csv_case_read(&c, packed, one + two, NULL, NULL, 2);
        cr_assert_eq(c.status, HF_OK, "%s", c.error.message);
        cr_expect_eq(hf_frame_rows(c.frame), 2);
        cr_expect_eq(number_of(&c, "b", 1), 4);
        cr_expect_eq(c.report.bytes, 12);
        csv_case_free(&c);
        for (size_t cut = 6; cut < one + two; cut++) {
            if (cut == one) continue;
            csv_case_read(&c, packed, cut, NULL, NULL, 2);
            cr_expect_eq(c.status, HF_ERROR_DATA, "format %d cut %zu", format, cut);
            cr_expect(strstr(c.error.message, "cut short"), "%s", c.error.message);
            cr_expect_str_eq(c.error.file, c.path);
            csv_case_free(&c);
        }
    }
}

// Zeros after a gzip member are padding; anything else is what became of the rest of the file.
Test(csv_read, what_follows_a_gzip_member)
{
    char packed[1024] = {0};
    size_t one = gzip(packed, sizeof packed, "a,b\n1,2\n", 8);
    csv_case c;
    csv_case_read(&c, packed, one + 512, NULL, NULL, 2);
    cr_expect_eq(c.status, HF_OK, "%s", c.error.message);
    csv_case_free(&c);
    memcpy(packed + one, "3,4\n", 4);
    csv_case_read(&c, packed, one + 4, NULL, NULL, 2);
    cr_expect_eq(c.status, HF_ERROR_DATA);
    cr_expect(strstr(c.error.message, "after the gzip data come 4 bytes"), "%s", c.error.message);
    csv_case_free(&c);
}

// An id that nobody named would become a signal.
Test(csv_read, a_column_like_an_id_is_told_of)
{
    char text[4096] = "n,shuffled,name,twice,amount\n";
    for (int i = 0; i < 60; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d,%d,u%d@example.org,%d,%d.5\n", 1000 + i,
                 i * 37 % 60, i, i / 2, i);
    READ(c, text);
    cr_expect(strstr(c.log, "column 'n' differs in every row"), "%s", c.log);
    cr_expect(strstr(c.log, "--id n"), "%s", c.log);
    cr_expect(strstr(c.log, "column 'shuffled'"), "%s", c.log);
    cr_expect(strstr(c.log, "column 'name'"), "%s", c.log);
    cr_expect_null(strstr(c.log, "'twice'"), "%s", c.log);
    cr_expect_null(strstr(c.log, "'amount'"), "%s", c.log);
    csv_case_free(&c);
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.id = "name";
    c = csv_read(text, &o);
    cr_expect_str_empty(c.log);
    csv_case_free(&c);
}

Test(csv_read, large_compressed_text)
{
    size_t length = 0, room = 3 << 20;
    char *text = malloc(room), *packed = malloc(room);
    length += (size_t)sprintf(text, "n,square\n");
    int rows = 0;
    for (; length + 64 < room; rows++)
        length += (size_t)sprintf(text + length, "%d,%d\n", rows, rows % 1000 * (rows % 1000));
    for (int format = 0; format < 2; format++) {
        size_t made =
            format == 0 ? gzip(packed, room, text, length) : ZSTD_compress(packed, room, text, length, 1);
        csv_case c;
        csv_case_read(&c, packed, made, NULL, NULL, 2);
        cr_assert_eq(c.status, HF_OK, "%s", c.error.message);
        cr_expect_eq(hf_frame_rows(c.frame), rows);
        cr_expect_eq(number_of(&c, "n", rows - 1), rows - 1);
        cr_expect_eq(c.report.bytes, (int64_t)length);
        csv_case_free(&c);
    }
    free(text);
    free(packed);
}
