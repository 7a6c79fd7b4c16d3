// SPDX-License-Identifier: Apache-2.0
//
// Frames to text: a written frame reads back equal to the bit, and nothing is left where writing fails.
#include "csv/csv_case.h"

#include <sys/stat.h>

static char *written(const hf_frame *frame, const hf_context *context)
{
    char path[64];
    csv_case_file(path, "", 0);
    hf_error e = {0};
    cr_assert_eq(hf_csv_write(context, frame, path, true, &e), HF_OK, "%s", e.message);
    struct stat info;
    stat(path, &info);
    char *text = malloc((size_t)info.st_size + 1);
    FILE *f = fopen(path, "rb");
    text[fread(text, 1, (size_t)info.st_size, f)] = '\0';
    fclose(f);
    unlink(path);
    return text;
}

static const char table[] = "id,\"a, b\",plan,ratio,fee,on,day,note\n"
                            "\"A,1\",1.5,SMB,12%,12345.67,yes,2024-02-29,\" kept \"\n"
                            "B,-0.25,,7.5%,0.01,no,,\"say \"\"x\"\"\"\n"
                            "C,,\"two\nlines\",,99999999.99,,0001-01-01,\"cr\rhere\"\n"
                            "D,1e-30,M\xc3\xbcller,1%,-5,true,9999-12-31,\n";

Test(csv_write, text_is_as_rfc_4180_has_it)
{
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.id = "id";
    csv_case c = csv_read(table, &o);
    cr_assert_eq(c.status, HF_OK, "%s", c.error.message);
    char *text = written(c.frame, c.context);
    cr_expect_str_eq(text, "id,\"a, b\",plan,ratio,fee,on,day,note\n"
                           "\"A,1\",1.5,SMB,0.12,12345.67,1,2024-02-29,\" kept \"\n"
                           "B,-0.25,,0.075,0.01,0,,\"say \"\"x\"\"\"\n"
                           "C,,\"two\nlines\",,99999999.99,,0001-01-01,\"cr\rhere\"\n"
                           "D,1e-30,M\xc3\xbcller,0.01,-5,1,9999-12-31,\n");
    free(text);
    csv_case_free(&c);
}

Test(csv_write, reads_back_equal)
{
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.id = "id";
    csv_case c = csv_read(table, &o);
    char *text = written(c.frame, c.context);
    // Percentages are written as the ratios they are; the kind has to be said.
    const hf_declared_kind kinds[] = {{"ratio", HF_KIND_RATIO}};
    o.kinds = kinds;
    o.kind_count = 1;
    csv_case back = csv_read(text, &o);
    cr_assert_eq(back.status, HF_OK, "%s", back.error.message);
    cr_expect(frames_equal(c.frame, back.frame));
    free(text);
    csv_case_free(&back);
    csv_case_free(&c);
}

Test(csv_write, many_rows_with_any_number_of_threads)
{
    size_t n = 0, room = 1 << 20;
    char *text = malloc(room), *first = NULL;
    hf_random r = hf_random_seed(3, 0);
    n += (size_t)sprintf(text, "id,x,y,k\n");
    for (int i = 0; i < 9000; i++)
        n += (size_t)sprintf(text + n, "A%d,%.9g,%llu.%02d,lev%d\n", i, hf_random_normal(&r),
                             (unsigned long long)hf_random_below(&r, 100000000),
                             (int)hf_random_below(&r, 100), i % 7);
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.id = "id";
    const int threads[] = {1, 2, 7};
    for (int t = 0; t < 3; t++) {
        csv_case c, back;
        csv_case_read(&c, text, n, &o, NULL, threads[t]);
        cr_assert_eq(c.status, HF_OK, "%s", c.error.message);
        char *out = written(c.frame, c.context);
        if (!first) first = strdup(out);
        cr_expect_str_eq(out, first);
        csv_case_read(&back, out, strlen(out), &o, NULL, 2);
        cr_expect(frames_equal(c.frame, back.frame));
        free(out);
        csv_case_free(&back);
        csv_case_free(&c);
    }
    free(first);
    free(text);
}

Test(csv_write, rows_without_ids_are_numbered)
{
    csv_case c = csv_read("row,x\n5,6\n7,8\n", NULL);
    char *text = written(c.frame, c.context);
    cr_expect_str_eq(text, "row_,row,x\n0,5,6\n1,7,8\n");
    free(text);
    csv_case_free(&c);
}

Test(csv_write, failures_leave_nothing)
{
    csv_case c = csv_read("a\n1\n", NULL);
    hf_error e = {0};
    char path[64];
    csv_case_file(path, "kept", 4);
    cr_expect_eq(hf_csv_write(c.context, c.frame, path, false, &e), HF_ERROR_EXISTS);
    FILE *f = fopen(path, "r");
    char text[8] = "";
    cr_expect_eq(fread(text, 1, sizeof text, f), 4);
    fclose(f);
    unlink(path);
    cr_expect_eq(hf_csv_write(c.context, c.frame, "/nowhere/at/all.csv", false, &e), HF_ERROR_IO);
    csv_case_free(&c);
}
