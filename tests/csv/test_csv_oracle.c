// SPDX-License-Identifier: Apache-2.0
//
// The reader against slow oracles on random text, and against itself: the size of ranges, the sample, the
// number of threads and the order of rows must not change what a file becomes.
#include "csv/csv_case.h"
#include "csv/csv_oracle.h"

#ifdef HOLDFAST_TEST_LIBCSV
#include <csv.h>
#endif

static const int64_t range_sizes[] = {1, 7, 64, 100, 1000, (int64_t)1 << 20};

// Reads the text as three columns of text and compares every cell with the oracle's.
static void compare(const char *text, size_t length, int64_t range, int threads)
{
    static const hf_declared_kind kinds[] = {
        {"a", HF_KIND_CATEGORY}, {"b", HF_KIND_CATEGORY}, {"c", HF_KIND_CATEGORY}};
    static const char *const names[] = {"a", "b", "c"};
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.kinds = kinds;
    o.kind_count = 3;
    o.delimiter = ',';
    hf_csv_knobs knobs = {range, 3, 2};
    oracle_table want = oracle_read(text, length, ',');
    csv_case c;
    csv_case_read(&c, text, length, &o, &knobs, threads);
    bool good = !want.bad && want.rows > 1 && hf_is_utf8(text, length, NULL);
    cr_assert_eq(c.status, good ? HF_OK : HF_ERROR_DATA,
                 "status %d (%s), oracle %s with %d rows, range %lld, of:\n%.*s", c.status, c.error.message,
                 want.bad ? "bad" : "good", want.rows, (long long)range, (int)length, text);
    if (good) {
        cr_assert_eq(hf_frame_rows(c.frame), want.rows - 1, "%lld rows, not %d, of:\n%.*s",
                     (long long)hf_frame_rows(c.frame), want.rows - 1, (int)length, text);
        for (int row = 1; row < want.rows; row++)
            for (int f = 0; f < 3; f++) {
                const oracle_cell *cell = &want.cells[row * 3 + f];
                const char *found = level_of(&c, names[f], row - 1);
                cr_assert_str_eq(found, oracle_missing(cell) ? "" : cell->text,
                                 "row %d field %d range %lld of:\n%.*s", row, f, (long long)range,
                                 (int)length, text);
            }
    }
    oracle_free(&want);
    csv_case_free(&c);
}

// Any bytes at all from a hostile alphabet.
Test(csv_oracle, random_bytes)
{
    hf_random r = hf_random_seed(11, 0);
    const char *const alphabets[] = {"ab,,\"\"\n\r ", "x,\n\"", "1.%,,\nNA\r\n\"\t"};
    for (int i = 0; i < 1200; i++) {
        char text[160] = "a,b,c\n";
        size_t n = 6, length = 6 + hf_random_below(&r, 120);
        const char *alphabet = alphabets[i % 3];
        while (n < length)
            text[n++] = alphabet[hf_random_below(&r, strlen(alphabet))];
        compare(text, n, range_sizes[hf_random_below(&r, 6)], i % 7 == 0 ? 7 : 1 + i % 2);
    }
}

// Tables of three fields, written in any of the ways RFC 4180 and its users allow, now and then broken.
static size_t random_table(char *text, hf_random *r, bool broken)
{
    static const char *const cells[] = {
        "",
        "x",
        "plain",
        " pad ",
        "a,b",
        "say \"\"hi\"\"",
        "two\nlines",
        "cr\r\nlf",
        "NA",
        "0.5",
        "caf\xc3\xa9",
        "a rather long cell that goes on past sixty-four bytes, so that it spans blocks"};
    static const char *const ends[] = {"\n", "\r\n", "\r\r\n"};
    size_t n = (size_t)sprintf(text, "a,b,c\n");
    int rows = 1 + (int)hf_random_below(r, 30);
    const char *end = ends[hf_random_below(r, 3)];
    for (int i = 0; i < rows; i++) {
        for (int f = 0; f < 3; f++) {
            const char *cell = cells[hf_random_below(r, sizeof cells / sizeof cells[0])];
            bool quote = strpbrk(cell, ",\"\n\r") || hf_random_below(r, 3) == 0;
            n += (size_t)sprintf(text + n, "%s%s%s%s", quote ? "\"" : "", cell, quote ? "\"" : "",
                                 f < 2 ? "," : "");
        }
        if (i + 1 < rows || hf_random_below(r, 2)) n += (size_t)sprintf(text + n, "%s", end);
        if (hf_random_below(r, 10) == 0) n += (size_t)sprintf(text + n, "%s", end);
    }
    if (broken) text[6 + hf_random_below(r, n - 6)] = "\",\nx"[hf_random_below(r, 4)];
    return n;
}

Test(csv_oracle, random_tables)
{
    hf_random r = hf_random_seed(12, 0);
    char *text = malloc(65536);
    for (int i = 0; i < 800; i++) {
        size_t n = random_table(text, &r, i % 3 == 0);
        compare(text, n, range_sizes[hf_random_below(&r, 6)], i % 5 == 0 ? 7 : 1 + i % 2);
    }
    free(text);
}

#ifdef HOLDFAST_TEST_LIBCSV
typedef struct {
    const csv_case *c;
    int row, field;
    bool any;
} against;

static void libcsv_cell(void *cell, size_t length, void *user)
{
    static const char *const names[] = {"a", "b", "c"};
    against *a = user;
    a->any = true;
    if (a->row > 0) {
        oracle_cell o = {cell ? cell : "", length};
        const char *found = level_of(a->c, names[a->field], a->row - 1);
        if (!oracle_missing(&o)) cr_assert(strlen(found) == length && memcmp(found, o.text, length) == 0);
    }
    a->field++;
}

static void libcsv_row(int end, void *user)
{
    (void)end;
    against *a = user;
    a->row++;
    a->field = 0;
}

static int no_space(unsigned char c)
{
    (void)c;
    return 0;
}

Test(csv_oracle, libcsv_splits_the_same)
{
    static const hf_declared_kind kinds[] = {
        {"a", HF_KIND_CATEGORY}, {"b", HF_KIND_CATEGORY}, {"c", HF_KIND_CATEGORY}};
    hf_csv_options o = HF_CSV_OPTIONS_INIT;
    o.kinds = kinds;
    o.kind_count = 3;
    o.delimiter = ',';
    hf_random r = hf_random_seed(13, 0);
    char *text = malloc(65536);
    for (int i = 0; i < 300; i++) {
        size_t n = random_table(text, &r, false);
        const hf_csv_knobs knobs = {64, 3, 2};
        csv_case c;
        csv_case_read(&c, text, n, &o, &knobs, 2);
        cr_assert_eq(c.status, HF_OK, "%s", c.error.message);
        struct csv_parser parser;
        against a = {&c, 0, 0, false};
        cr_assert_eq(csv_init(&parser, CSV_STRICT | CSV_APPEND_NULL), 0);
        // libcsv would drop blanks around plain cells; the reader keeps text as it is found.
        csv_set_space_func(&parser, no_space);
        cr_assert_eq(csv_parse(&parser, text, n, libcsv_cell, libcsv_row, &a), n);
        csv_fini(&parser, libcsv_cell, libcsv_row, &a);
        csv_free(&parser);
        cr_assert_eq(a.row, hf_frame_rows(c.frame) + 1);
        csv_case_free(&c);
    }
    free(text);
}
#endif

// ---- the reader against itself ---------------------------------------------------------------------------

enum { COLUMNS = 12, ROWS = 400 };

static const char *cell_of(int column, int row, int odd, hf_random *r)
{
    static char text[64];
    int v = (int)hf_random_below(r, 100000);
    static const char *const plans[] = {"SMB", "Pro", "Enterprise", "Free, for now"};
    switch (column) {
    case 0:
        sprintf(text, "A%05d%s", (row * 7919 + odd) % 100000, row % 41 == odd % 41 ? "-and-more" : "");
        break;
    case 1:
        sprintf(text, "%d", v % 200);
        break;
    case 2:
        sprintf(text, "%d.%02d", v / 100, v % 100);
        break; // now and then over six digits, or not
    case 3:
        sprintf(text, "%s", row % 40 == odd % 40 ? "Unknown" : v % 9 ? "2.5" : "NA");
        break;
    case 4:
        sprintf(text, "%s", v % 2 ? "1" : v % 3 ? "0" : row % 17 == odd % 17 ? "yes" : "no");
        break;
    case 5:
        sprintf(text, "2024-%02d-%02d", 1 + v % 12, 1 + v % 28);
        break;
    case 6:
        sprintf(text, "%s", plans[v % 4]);
        break;
    case 7:
        sprintf(text, "%d.%d%%", v % 100, v % 10);
        break;
    case 8:
        sprintf(text, "%d", row == odd ? 16777217 : v % 1000);
        break; // one cell makes it f64
    case 9:
        sprintf(text, "%s", row % (3 + odd % 20) == 0 ? "word" : "7");
        break; // numeric or not
    case 10:
        sprintf(text, "%.6g", hf_random_normal(r));
        break;
    default:
        sprintf(text, "%s", v % 5 ? "" : "1e2");
        break;
    }
    return text;
}

static char *rows_text[ROWS];

static size_t table_in_order(char *text, const int *order)
{
    size_t n = (size_t)sprintf(text, "id,count,fee,some,flag,day,plan,pct,wide,nearly,real,sparse\n");
    for (int i = 0; i < ROWS; i++)
        n += (size_t)sprintf(text + n, "%s", rows_text[order[i]]);
    return n;
}

static void make_rows(int odd, hf_random *r)
{
    for (int row = 0; row < ROWS; row++) {
        char line[1024] = "";
        for (int c = 0; c < COLUMNS; c++) {
            const char *cell = cell_of(c, row, odd, r);
            bool quote = strchr(cell, ',') || hf_random_below(r, 4) == 0;
            sprintf(line + strlen(line), "%s%s%s%s", quote ? "\"" : "", cell, quote ? "\"" : "",
                    c + 1 < COLUMNS ? ","
                    : odd % 2       ? "\r\n"
                                    : "\n");
        }
        free(rows_text[row]);
        rows_text[row] = strdup(line);
    }
}

static bool same_outcome(const csv_case *a, const csv_case *b)
{
    if (a->status != b->status || strcmp(a->log, b->log) != 0) return false;
    if (a->status != HF_OK)
        return strcmp(a->error.message, b->error.message) == 0 && a->error.line == b->error.line;
    return frames_equal(a->frame, b->frame);
}

Test(csv_oracle, ranges_samples_and_threads_change_nothing)
{
    hf_random r = hf_random_seed(14, 0);
    char *text = malloc(1 << 20);
    int order[ROWS], failed = 0;
    for (int i = 0; i < ROWS; i++)
        order[i] = i;
    for (int odd = 0; odd < 24; odd++) {
        make_rows(odd, &r);
        size_t n = table_in_order(text, order);
        hf_csv_options o = HF_CSV_OPTIONS_INIT;
        o.id = "id";
        csv_case first;
        csv_case_read(&first, text, n, &o, NULL, 1);
        failed += first.status != HF_OK;
        const int threads[] = {1, 2, 7};
        for (int k = 0; k < 12; k++) {
            hf_csv_knobs knobs = {range_sizes[1 + k % 5], 1 + k % 3, k % 4};
            csv_case c;
            csv_case_read(&c, text, n, &o, &knobs, threads[k % 3]);
            cr_assert(same_outcome(&first, &c), "table %d, knobs %lld %d %d:\n%s%s\n%s%s", odd,
                      (long long)knobs.range_bytes, knobs.sample_regions, knobs.sample_rows, first.log,
                      first.error.message, c.log, c.error.message);
            csv_case_free(&c);
        }
        csv_case_free(&first);
    }
    cr_expect(failed < 20, "%d of 24 tables were refused: the test shows little", failed);
    for (int i = 0; i < ROWS; i++)
        free(rows_text[i]);
    free(text);
}

Test(csv_oracle, permuted_rows_permute_the_frame)
{
    hf_random r = hf_random_seed(15, 0);
    char *text = malloc(1 << 20);
    int straight[ROWS], order[ROWS];
    for (int odd = 0; odd < 24; odd++) {
        make_rows(odd, &r);
        for (int i = 0; i < ROWS; i++)
            straight[i] = order[i] = i;
        for (int i = ROWS - 1; i > 0; i--) {
            int k = (int)hf_random_below(&r, (uint64_t)i + 1), swap = order[i];
            order[i] = order[k];
            order[k] = swap;
        }
        hf_csv_options o = HF_CSV_OPTIONS_INIT;
        o.id = "id";
        csv_case a, b;
        const hf_csv_knobs knobs = {1000, 2, 3};
        csv_case_read(&a, text, table_in_order(text, straight), &o, &knobs, 2);
        csv_case_read(&b, text, table_in_order(text, order), &o, &knobs, 2);
        cr_assert_eq(a.status, b.status, "%s\n%s", a.error.message, b.error.message);
        if (a.status == HF_OK) {
            int64_t rows[ROWS];
            for (int i = 0; i < ROWS; i++)
                rows[i] = order[i];
            hf_frame *permuted;
            cr_assert_eq(hf_frame_select(&permuted, a.frame, rows, ROWS, NULL), HF_OK);
            cr_assert(frames_equal(permuted, b.frame), "table %d", odd);
            hf_frame_destroy(permuted);
        }
        csv_case_free(&a);
        csv_case_free(&b);
    }
    for (int i = 0; i < ROWS; i++)
        free(rows_text[i]);
    free(text);
}
