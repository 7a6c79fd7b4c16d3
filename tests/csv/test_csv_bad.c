// SPDX-License-Identifier: Apache-2.0
//
// What bad text gets: an error with its place, what was expected, what was found and what to do, or, where a
// rejects file is given, rows left out; and nothing half-written.
#include "csv/csv_case.h"

#include <sys/stat.h>

// Reads the text and expects HF_ERROR_DATA at a place, with all the given parts in the message.
static void expect_bad(const char *text, size_t size, const hf_csv_options *options, int64_t line,
                       int64_t column, const char *const *parts, size_t count)
{
    for (int threads = 1; threads <= 2; threads++) {
        csv_case c;
        csv_case_read(&c, text, size, options, NULL, threads);
        cr_expect_eq(c.status, HF_ERROR_DATA, "status %d for %.40s", c.status, text);
        cr_expect_str_eq(c.error.file, c.path);
        cr_expect_eq(c.error.line, line, "line %lld: %s", (long long)c.error.line, c.error.message);
        cr_expect_eq(c.error.column, column, "column %lld: %s", (long long)c.error.column, c.error.message);
        for (size_t i = 0; i < count; i++)
            cr_expect(strstr(c.error.message, parts[i]), "'%s' not in: %s", parts[i], c.error.message);
        csv_case_free(&c);
    }
}

#define BAD(text, options, line, column, ...)                                                            \
    do {                                                                                                 \
        const char *parts[] = {__VA_ARGS__};                                                             \
        expect_bad(text, sizeof text - 1, options, line, column, parts, sizeof parts / sizeof parts[0]); \
    } while (0)

Test(csv_bad, files)
{
    hf_context *context;
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
    hf_error e = {0};
    hf_frame *frame = (hf_frame *)&e;
    cr_expect_eq(hf_csv_read(&frame, NULL, context, "/nowhere/at-all.csv", NULL, &e), HF_ERROR_IO);
    cr_expect_str_eq(e.file, "/nowhere/at-all.csv");
    cr_expect_eq(hf_csv_read(&frame, NULL, context, "/tmp", NULL, &e), HF_ERROR_IO);
    cr_expect(strstr(e.message, "folder"), "%s", e.message);
    cr_expect_eq((void *)frame, (void *)&e, "the frame must stay untouched");
    hf_context_destroy(context);
}

Test(csv_bad, no_records)
{
    BAD("", NULL, 0, 0, "empty");
    BAD("\xef\xbb\xbf", NULL, 0, 0, "empty");
    BAD("\n\r\n\n", NULL, 0, 0, "blank lines only");
    BAD("a,b", NULL, 1, 0, "header only");
    BAD("a,b\n", NULL, 1, 0, "header only");
    BAD("\na,b\r\n\r\n\n", NULL, 1, 0, "header only");
    BAD("a,b\r1,2\r", NULL, 1, 0, "CR alone", "tr ");
    BAD("a,a\r1,2\r3,4\r", NULL, 1, 0, "CR alone");
    BAD("a,b\r1,2\r3,4\n5,6\n", NULL, 1, 0, "CR alone");
    BAD("\xff\xfe"
        "a\0,\0",
        NULL, 1, 0, "UTF-16");
}

Test(csv_bad, headers)
{
    BAD("a,b,a\n1,2,3\n", NULL, 1, 3, "'a'", "fields 1 and 3");
    BAD("a,b\0c\n1,2\n", NULL, 1, 0, "NUL");
    BAD("a,b\xff\n1,2\n", NULL, 1, 0, "UTF-8");
    BAD("a,\"b\n1,2\n3,4\n", NULL, 1, 2, "never closed");
}

// Known from the header alone, before anything else is read.
Test(csv_bad, too_many_columns)
{
    enum { COLUMNS = 70001 };
    char *text = malloc(8 * COLUMNS + 64);
    size_t n = 0;
    for (int i = 0; i < COLUMNS; i++)
        n += (size_t)sprintf(text + n, "c%d,", i);
    text[n - 1] = '\n';
    n += (size_t)sprintf(text + n, "1\n");
    const char *parts[] = {"70001 columns", "65536 are the most"};
    expect_bad(text, n, NULL, 1, 0, parts, 2);
    free(text);
}

Test(csv_bad, unknown_columns_get_the_nearest)
{
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.id = "customer";
    BAD("customerID,churn\n1,2\n", &o, 0, 0, "no column 'customer'", "'customerID'", "--id COLUMN");
    o = (hf_csv_options)HF_CSV_OPTIONS_INIT;
    const char *ignore[] = {"chrun"};
    o.ignore = ignore;
    o.ignore_count = 1;
    BAD("customerID,churn\n1,2\n", &o, 0, 0, "no column 'chrun'", "'churn'");
    o = (hf_csv_options)HF_CSV_OPTIONS_INIT;
    hf_declared_kind kinds[] = {{"Churn", HF_KIND_CATEGORY}};
    o.kinds = kinds;
    o.kind_count = 1;
    BAD("customerID,churn\n1,2\n", &o, 0, 0, "no column 'Churn'", "'churn'");
    o = (hf_csv_options)HF_CSV_OPTIONS_INIT;
    o.as_of_column = "day";
    BAD("customerID,churn\n1,2\n", &o, 0, 0, "no column 'day'");
}

Test(csv_bad, structure)
{
    BAD("a,b\n1,2\n3\n5,6\n", NULL, 3, 0, "expected 2 fields as in the header, found 1", "\"3\"",
        "--rejects");
    BAD("a,b\n1,2\n3,4,5\n", NULL, 3, 0, "found 3");
    BAD("a,b\n1,\"x\ny\"\n3\n", NULL, 4, 0, "found 1"); // lines are physical
    BAD("a,b\n1,2\n3,\"x\n4,5\n", NULL, 3, 2, "never closed");
    BAD("a,b\n1,5\" pipe\n2,x\n", NULL, 2, 2, "quote inside a cell");
    BAD("a,b\n1,5\" x 3\"\n2,x\n", NULL, 2, 0, "quotes around a whole cell", "5\" x 3\"");
    BAD("a,b\n1,\"x\"y\n2,z\n", NULL, 2, 0, "quotes around a whole cell");
    BAD("a,b\n1,\"x\n2,\"y\"\n", NULL, 2, 2, "closes on line 3");
    BAD("a,b\n1,x\0y\n2,z\n", NULL, 2, 2, "NUL", "x\\x00y");
    BAD("a,b\n1,ok\n2,caf\xe9\n", NULL, 3, 2, "UTF-8", "caf\\xe9");
}

Test(csv_bad, long_records)
{
    size_t length = (size_t)20 << 20;
    char *text = malloc(length + 64);
    size_t n = (size_t)sprintf(text, "a,b\n1,2\n3,");
    memset(text + n, 'x', length);
    memcpy(text + n + length, "\n4,5\n", 5);
    const char *parts[] = {"longer than 16 MiB"};
    expect_bad(text, n + length + 5, NULL, 3, 0, parts, 1);
    expect_bad(text, n + length, NULL, 3, 0, parts, 1);
    // Just under and just over the limit, where only the exact count tells.
    size_t limit = (size_t)HF_CSV_RECORD_LIMIT;
    memcpy(text + n - 2 + limit + 2, "\n4,5\n", 5);
    expect_bad(text, n + limit + 5, NULL, 3, 0, parts, 1);
    memcpy(text + n - 2 + limit, "\n4,5\n", 5);
    csv_case c;
    csv_case_read(&c, text, n - 2 + limit + 5, NULL, NULL, 2);
    cr_expect_eq(c.status, HF_OK, "%s", c.error.message);
    csv_case_free(&c);
    free(text);
}

static char *numbers_with(const char *const *cells, size_t count)
{
    char *text = malloc(65536);
    size_t n = (size_t)sprintf(text, "id,seats\n");
    for (int i = 0; i < 1000; i++)
        n += (size_t)sprintf(text + n, "A%d,%s\n", i,
                             i % 100 == 99 && i / 100 < (int)count ? cells[i / 100] : "5");
    return text;
}

Test(csv_bad, cells_that_are_no_numbers)
{
    const char *one[] = {"12O"};
    char *text = numbers_with(one, 1);
    const char *parts[] = {"column 'seats': expected a number, found \"12O\"", "--na", "--kind"};
    expect_bad(text, strlen(text), NULL, 101, 2, parts, 3);
    free(text);
    const char *many[] = {"Unknown", "-", "1,5", "x", "y", "z", "v", "w"};
    many[2] = "\"1,5\"";
    text = numbers_with(many, 8);
    const char *more[] = {
        "found \"Unknown\"", "line 201, field 2: column 'seats'", "\"-\"", "and 3 more", "found \"1,5\"",
        "--rejects"};
    expect_bad(text, strlen(text), NULL, 101, 2, more, 6);
    free(text);
    const char *over[] = {"1e39"};
    text = numbers_with(over, 1);
    const char *overflow[] = {"number overflow", "1e39"};
    expect_bad(text, strlen(text), NULL, 101, 2, overflow, 2);
    free(text);
    const char *huge[] = {"-9e999"};
    text = numbers_with(huge, 1);
    expect_bad(text, strlen(text), NULL, 101, 2, overflow, 1);
    free(text);
    const char *percent[] = {"7%", "8%"};
    text = numbers_with(percent, 2);
    const char *mixed[] = {"expected a plain number", "7%", "8%"};
    expect_bad(text, strlen(text), NULL, 101, 2, mixed, 3);
    free(text);
}

Test(csv_bad, dates)
{
    char text[4096] = "day,n\n";
    for (int i = 0; i < 40; i++)
        sprintf(text + strlen(text), "%s,%d\n", i == 20 ? "2023-02-30" : "2023-02-28", i);
    const char *parts[] = {"column 'day': impossible date", "2023-02-30", "YYYY-MM-DD"};
    expect_bad(text, strlen(text), NULL, 22, 1, parts, 3);
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.as_of_column = "d";
    BAD("d,n\n2024-01-31,1\n,2\n", &o, 3, 1, "column 'd': expected a date");
    BAD("d,n\n2024-01-31,1\nsoon,2\n", &o, 3, 1, "column 'd': expected a date", "soon");
}

Test(csv_bad, declared_kinds_hold)
{
    hf_declared_kind kinds[] = {{"x", HF_KIND_NUMBER}};
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.kinds = kinds;
    o.kind_count = 1;
    BAD("x,y\na,1\nb,2\n3,3\n", &o, 2, 1, "expected a number", "\"a\"", "line 3");
    BAD("x,y\n1,1\nb,2\n3,3\n", &o, 3, 1, "expected a number", "\"b\"");
    kinds[0].kind = HF_KIND_FLAG;
    BAD("x,y\nyes,1\n2,2\n", &o, 3, 1, "expected yes, no", "\"2\"");
    kinds[0].kind = HF_KIND_DATE;
    BAD("x,y\n2024-01-01,1\n2024-13-01,2\n", &o, 3, 1, "impossible date");
}

Test(csv_bad, ids)
{
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.id = "id";
    BAD("id,n\nA,1\nB,2\n\nA,3\n", &o, 5, 1, "column 'id'", "line 2 already", "\"A\"");
    BAD("id,n\nA,1\n,2\n", &o, 3, 1, "expected an id");
    BAD("id,n\nA,1\nNA,2\n", &o, 3, 1, "expected an id");
    o.as_of_column = "at";
    BAD("id,at\nA,2024-01-01\nB,2024-01-01\nA,2024-01-01\n", &o, 4, 1, "once a date", "line 2 already");
    o.as_of_column = NULL;
    char text[600] = "id,n\n";
    memset(text + 5, 'x', 300);
    strcpy(text + 305, ",1\n");
    const char *parts[] = {"more than 255 bytes"};
    expect_bad(text, strlen(text), &o, 2, 1, parts, 1);
    o.allow_duplicate_ids = true;
    csv_case c = csv_read("id,n\nA,1\nA,2\n", &o);
    cr_expect_eq(c.status, HF_OK);
    csv_case_free(&c);
}

Test(csv_bad, options)
{
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.delimiter = '"';
    csv_case c = csv_read("a,b\n1,2\n", &o);
    cr_expect_eq(c.status, HF_ERROR_USAGE);
    csv_case_free(&c);
    o = (hf_csv_options)HF_CSV_OPTIONS_INIT;
    o.reject_limit = NAN;
    c = csv_read("a,b\n1,2\n", &o);
    cr_expect_eq(c.status, HF_ERROR_USAGE);
    csv_case_free(&c);
    o = (hf_csv_options)HF_CSV_OPTIONS_INIT;
    o.id = o.as_of_column = "a";
    c = csv_read("a,b\n1,2\n", &o);
    cr_expect_eq(c.status, HF_ERROR_USAGE);
    csv_case_free(&c);
}

// ---- rejects ---------------------------------------------------------------------------------------------

static bool exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

static char *slurp(const char *path)
{
    static char text[8192];
    FILE *f = fopen(path, "rb");
    cr_assert(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

static const char bad_rows[] = "id,plan,seats,day\n"
                               "A,x,1,2024-01-01\n"
                               "B,x,2\n"
                               "\n"
                               "C,\"y, z\",12O,2024-01-01\n"
                               ",x,4,2024-01-01\n"
                               "D,only here,none,2024-02-31\n"
                               "A,x,6,2024-01-01\n"
                               "E,caf\xe9,7,2024-01-01\n"
                               "F,z,8,2024-01-02\n"
                               "G,z,9,2024-01-02\n"
                               "H,z,10,2024-01-02\n";

Test(csv_bad, rejects_take_bad_rows)
{
    char path[64];
    csv_case_file(path, "", 0);
    const hf_declared_kind kinds[] = {{"seats", HF_KIND_COUNT}, {"day", HF_KIND_DATE}};
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.id = "id";
    o.kinds = kinds;
    o.kind_count = 2;
    o.rejects = path;
    o.reject_limit = 0.7;
    csv_case c = csv_read(bad_rows, &o);
    cr_expect_eq(c.status, HF_ERROR_EXISTS);
    csv_case_free(&c);
    unlink(path);
    c = csv_read(bad_rows, &o);
    cr_assert_eq(c.status, HF_OK, "%s", c.error.message);
    cr_expect_eq(hf_frame_rows(c.frame), 4);
    cr_expect_eq(c.report.rows_read, 10);
    cr_expect_eq(c.report.rows_rejected, 6);
    cr_expect_eq(c.report.source_row[1], 7);
    cr_expect_eq(c.report.source_row[3], 9);
    cr_expect_eq(number_of(&c, "seats", 1), 8);
    cr_expect_eq(info_of(&c, "plan").levels, 2, "levels of rejected rows are no levels");
    cr_expect_str_eq(level_of(&c, "plan", 1), "z");
    char want[2048];
    snprintf(want, sizeof want,
             "file,line,column,value,reason\n"
             "%s,3,,\"B,x,2\",\"expected 4 fields as in the header, found 3\"\n"
             "%s,5,seats,12O,expected a number\n"
             "%s,6,id,,expected an id\n"
             "%s,7,seats,none,expected a number\n"
             "%s,7,day,2024-02-31,impossible date: expected a date as YYYY-MM-DD\n"
             "%s,8,id,A,\"expected each id once, it is on line 2 already\"\n"
             "%s,9,plan,\"E,caf\\xe9,7,2024-01-01\",\"expected UTF-8, found other bytes\"\n",
             c.path, c.path, c.path, c.path, c.path, c.path, c.path);
    cr_expect_str_eq(slurp(path), want);
    csv_case_free(&c);
    o.overwrite = true;
    c = csv_read(bad_rows, &o);
    cr_expect_eq(c.status, HF_OK, "%s", c.error.message);
    csv_case_free(&c);
    unlink(path);
}

Test(csv_bad, too_many_rejects_leave_the_list_and_no_frame)
{
    char path[64];
    csv_case_file(path, "", 0);
    unlink(path);
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.id = "id";
    o.rejects = path;
    o.reject_limit = 0.1;
    csv_case c = csv_read(bad_rows, &o);
    cr_expect_eq(c.status, HF_ERROR_DATA);
    cr_expect(strstr(c.error.message, "of 10 rows are bad"), "%s", c.error.message);
    cr_expect(strstr(c.error.message, "limit is 10 %"), "%s", c.error.message);
    cr_expect(strstr(c.error.message, "every bad cell is listed in"), "%s", c.error.message);
    cr_expect(strstr(slurp(path), ",6,id,,expected an id\n"), "%s", slurp(path));
    csv_case_free(&c);
    c = csv_read(bad_rows, &o);
    cr_expect_eq(c.status, HF_ERROR_DATA, "the rows are the news, not the list that is there already");
    cr_expect(strstr(c.error.message, "was not written: it exists already"), "%s", c.error.message);
    csv_case_free(&c);
    unlink(path);
    o.reject_limit = 1;
    c = csv_read("id,n\n,1\n,2\n", &o);
    cr_expect_eq(c.status, HF_ERROR_DATA, "a frame without rows is no frame");
    cr_expect(exists(path));
    unlink(path);
    csv_case_free(&c);
    c = csv_read("id,n\nA,1\nB,2\n", &o);
    cr_expect_eq(c.status, HF_OK);
    cr_expect_not(exists(path), "nothing was rejected");
    csv_case_free(&c);
    o.rejects = "/nowhere/at/all.csv";
    c = csv_read(bad_rows, &o);
    cr_expect_eq(c.status, HF_ERROR_IO);
    csv_case_free(&c);
}

static bool stop(void *user)
{
    (void)user;
    return true;
}

Test(csv_bad, cancelled)
{
    hf_context_options o = HF_CONTEXT_OPTIONS_INIT;
    o.cancel = stop;
    hf_context *context;
    cr_assert_eq(hf_context_create(&context, &o, NULL), HF_OK);
    char path[64];
    csv_case_file(path, "a\n1\n", 4);
    hf_frame *frame = NULL;
    cr_expect_eq(hf_csv_read(&frame, NULL, context, path, NULL, NULL), HF_ERROR_CANCELLED);
    cr_expect_null(frame);
    unlink(path);
    hf_context_destroy(context);
}
