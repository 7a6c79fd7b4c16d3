// SPDX-License-Identifier: Apache-2.0
//
// Frames of every kind, made at random, against oracles that look every value up by name and id: select,
// stack, join, match, duplicate, the fingerprint, for any number of threads and with memory that fails.
#include "base/failing_context.h"
#include "frame/frame_room.h"

#include <math.h>
#include <string.h>

// ---- random frames ---------------------------------------------------------------------------------------

static const char *const kind_columns[] = {"number", "ratio", "count", "money", "flag", "category", "date"};

static void random_dictionary(hf_column *column, const hf_context *context, hf_random *r)
{
    static const char *const words[] = {"",         "basic", "Basic", "pro", "pro plus", "trial",
                                        "\xc3\xa9", "zz",    "a",     "b",   "c"};
    const char *texts[11];
    size_t lengths[11];
    int32_t n = 0;
    for (int i = 0; i < 11; i++)
        if (hf_random_below(r, 2) || (i == 10 && n == 0)) {
            texts[n] = words[i];
            lengths[n++] = strlen(words[i]);
        }
    for (int32_t i = n - 1; i > 0; i--) {
        int32_t k = (int32_t)hf_random_below(r, (uint64_t)i + 1);
        const char *t = texts[i];
        texts[i] = texts[k];
        texts[k] = t;
    }
    for (int32_t i = 0; i < n; i++)
        lengths[i] = strlen(texts[i]);
    cr_assert(hf_dictionary_build(&column->dictionary, context, texts, lengths, n, NULL, NULL) == HF_OK);
}

static void fill(hf_column *column, int64_t rows, hf_random *r, bool empty)
{
    for (int64_t i = 0; i < rows; i++) {
        bool missing = empty || hf_random_below(r, 5) == 0;
        double x = (double)hf_random_below(r, 1000) / 8;
        switch (column->storage) {
        case HF_STORAGE_F32:
            ((float *)column->values)[i] = missing ? NAN : (float)x;
            break;
        case HF_STORAGE_F64:
            ((double *)column->values)[i] = missing ? NAN : x;
            break;
        case HF_STORAGE_CODE:
            ((int32_t *)column->values)[i] =
                missing ? -1 : (int32_t)hf_random_below(r, (uint64_t)column->dictionary.count);
            break;
        case HF_STORAGE_DAY:
            ((int32_t *)column->values)[i] = missing ? HF_DATE_MISSING : (int32_t)(x * 8);
            break;
        }
    }
    hf_column_count_missing(column, rows);
}

static void add_column(hf_frame *frame, const char *name, hf_kind kind, hf_storage storage, hf_random *r,
                       bool empty)
{
    hf_column *column;
    cr_assert(hf_frame_add(frame, &column, name, kind, storage, NULL) == HF_OK);
    if (storage == HF_STORAGE_CODE) random_dictionary(column, frame->context, r);
    fill(column, frame->rows, r, empty);
}

// Ids "a<number>" from a pool, distinct within the frame unless `repeats`.
static hf_frame *random_frame(const hf_context *context, int64_t rows, int64_t pool, bool repeats,
                              hf_random *r)
{
    hf_frame *frame;
    int32_t width = 8 + (int32_t)hf_random_below(r, 20);
    cr_assert(hf_frame_create(&frame, context, rows, width, NULL) == HF_OK);
    cr_assert(hf_frame_set_source(frame, "account", "made.csv", NULL) == HF_OK);
    int64_t at = (int64_t)hf_random_below(r, (uint64_t)pool);
    for (int64_t i = 0; i < rows; i++) {
        int64_t id = repeats ? (int64_t)hf_random_below(r, (uint64_t)pool)
                             : (at + i * 7) % pool; // pool no multiple of 7
        char text[32];
        int length = snprintf(text, sizeof text, "a%lld", (long long)id);
        memcpy(frame->ids + i * width, text, (size_t)length);
    }
    return frame;
}

static hf_frame *full_frame(const hf_context *context, int64_t rows, int64_t pool, hf_random *r)
{
    hf_frame *frame = random_frame(context, rows, pool, false, r);
    for (int k = 0; k < 7; k++)
        add_column(frame, kind_columns[k], (hf_kind)k, hf_kind_storage((hf_kind)k), r, false);
    return frame;
}

// ---- the oracle's way to look at a cell ------------------------------------------------------------------

// A cell as text, "" when missing or when there is no such column.
static void cell(char out[64], const hf_frame *frame, const char *name, int64_t row)
{
    out[0] = '\0';
    int32_t c = hf_frame_find(frame, name);
    if (c < 0 || row < 0) return;
    if (hf_frame_f32(frame, c) && !isnan(hf_frame_f32(frame, c)[row]))
        sprintf(out, "%.9g", (double)hf_frame_f32(frame, c)[row]);
    if (hf_frame_f64(frame, c) && !isnan(hf_frame_f64(frame, c)[row]))
        sprintf(out, "%.17g", hf_frame_f64(frame, c)[row]);
    if (hf_frame_days(frame, c) && hf_frame_days(frame, c)[row] != HF_DATE_MISSING)
        sprintf(out, "%d", hf_frame_days(frame, c)[row]);
    if (hf_frame_codes(frame, c) && hf_frame_codes(frame, c)[row] >= 0)
        sprintf(out, "'%s'", hf_frame_level(frame, c, hf_frame_codes(frame, c)[row]));
}

static void check_cell(const hf_frame *a, int64_t i, const hf_frame *b, int64_t j, const char *name)
{
    char x[64], y[64];
    cell(x, a, name, i);
    cell(y, b, name, j);
    if (strcmp(x, y) != 0) cr_assert(false, "%s of row %lld is %s, not %s", name, (long long)i, x, y);
}

static bool same_id_as(const hf_frame *a, int64_t i, const hf_frame *b, int64_t j)
{
    size_t n, m;
    const char *x = hf_frame_id(a, i, &n), *y = hf_frame_id(b, j, &m);
    return n == m && memcmp(x, y, n) == 0;
}

// Missing counts, dictionaries sorted and distinct, codes in range, ids padded with NUL.
static void check_sound(const hf_frame *frame)
{
    for (int32_t c = 0; c < frame->column_count; c++) {
        hf_column_info info = hf_frame_column(frame, c);
        int64_t missing = 0;
        for (int64_t i = 0; i < frame->rows; i++) {
            char text[64];
            cell(text, frame, info.name, i);
            missing += text[0] == '\0';
        }
        cr_assert(missing == info.missing, "%s: %lld missing, not %lld", info.name, (long long)info.missing,
                  (long long)missing);
        cr_assert((uintptr_t)frame->columns[c].values % 64 == 0);
        for (int32_t k = 1; k < info.levels; k++)
            cr_assert(strcmp(hf_frame_level(frame, c, k - 1), hf_frame_level(frame, c, k)) < 0);
        for (int32_t k = 0; k < info.levels; k++)
            cr_assert(hf_dictionary_find(&frame->columns[c].dictionary, hf_frame_level(frame, c, k)) == k);
    }
    for (int64_t i = 0; i < frame->rows; i++) {
        size_t length;
        const char *id = hf_frame_id(frame, i, &length);
        for (size_t k = length; k < (size_t)frame->id_width; k++)
            cr_assert(id[k] == '\0');
    }
}

static void fingerprint(char out[33], const hf_frame *frame)
{
    cr_assert(hf_frame_fingerprint(out, frame, NULL) == HF_OK);
}

// ---- building and reading --------------------------------------------------------------------------------

Test(frame, names_and_kinds)
{
    for (int k = 0; k < 7; k++) {
        hf_kind kind = (hf_kind)99;
        cr_assert_str_eq(hf_kind_name((hf_kind)k), kind_columns[k]);
        cr_assert(hf_kind_from_name(&kind, kind_columns[k]) && kind == (hf_kind)k);
    }
    hf_kind kind = HF_KIND_DATE;
    cr_assert(!hf_kind_from_name(&kind, "Number") && !hf_kind_from_name(&kind, "") && kind == HF_KIND_DATE);
    cr_assert_str_eq(hf_kind_name((hf_kind)99), "unknown");
}

Test(frame, columns_grow_are_found_and_refused_twice)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 2);
    hf_frame *frame;
    cr_assert(hf_frame_create(&frame, context, 3, 4, NULL) == HF_OK);
    for (int i = 0; i < 500; i++) {
        char name[16];
        snprintf(name, sizeof name, "column %d", i);
        hf_column *column;
        cr_assert(hf_frame_add(frame, &column, name, HF_KIND_NUMBER, HF_STORAGE_F32, NULL) == HF_OK);
        ((float *)column->values)[0] = (float)i;
    }
    for (int i = 0; i < 500; i++) {
        char name[16];
        snprintf(name, sizeof name, "column %d", i);
        cr_assert(hf_frame_find(frame, name) == i && hf_frame_f32(frame, i)[0] == (float)i);
    }
    hf_error error = {0};
    hf_column *column = NULL;
    cr_assert(hf_frame_add(frame, &column, "column 7", HF_KIND_DATE, HF_STORAGE_DAY, &error) ==
              HF_ERROR_DATA);
    cr_assert(!column && strstr(error.message, "column 7") && hf_frame_columns(frame) == 500);
    cr_assert(hf_frame_find(frame, "none") == -1 && !hf_frame_f32(frame, -1) && !hf_frame_f64(frame, 500));
    cr_assert(!hf_frame_days(frame, 0) && !hf_frame_codes(frame, 0) &&
              hf_frame_level(frame, 0, 0)[0] == '\0');
    hf_frame_remove(frame, 7);
    cr_assert(hf_frame_find(frame, "column 7") == -1 && hf_frame_find(frame, "column 8") == 7 &&
              hf_frame_columns(frame) == 499);
    hf_frame_destroy(frame);
    hf_frame_destroy(NULL);
    hf_frame *huge = NULL;
    cr_assert(hf_frame_create(&huge, context, INT64_MAX, INT32_MAX, &error) == HF_ERROR_MEMORY && !huge);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(dictionary, sorts_finds_and_ranks)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    static const char *const texts[] = {"pro", "", "\xff", "a", "pro plus", "B"};
    const size_t lengths[] = {3, 0, 1, 1, 8, 1};
    static const int32_t expected[] = {3, 0, 5, 2, 4, 1}; // bytewise: "", B, a, pro, pro plus, 0xff
    int32_t rank[6];
    hf_dictionary d;
    cr_assert(hf_dictionary_build(&d, context, texts, lengths, 6, rank, NULL) == HF_OK);
    for (int i = 0; i < 6; i++) {
        cr_assert(rank[i] == expected[i] && hf_dictionary_find(&d, texts[i]) == rank[i]);
        cr_assert_str_eq(hf_dictionary_text(&d, rank[i]), texts[i]);
    }
    cr_assert(hf_dictionary_find(&d, "pr") == -1 && hf_dictionary_find(&d, "\xff\xff") == -1);
    cr_assert_str_eq(hf_dictionary_text(&d, -1), "");
    cr_assert_str_eq(hf_dictionary_text(&d, 6), "");
    hf_dictionary_free(context, &d);
    cr_assert(hf_dictionary_build(&d, context, NULL, NULL, 0, NULL, NULL) == HF_OK && d.count == 0);
    cr_assert(hf_dictionary_find(&d, "") == -1);
    hf_dictionary_free(context, &d);
    hf_dictionary_free(context, &d);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// ---- select ----------------------------------------------------------------------------------------------

Test(select, rows_in_any_order_and_number)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 2);
    hf_random r = hf_random_seed(61, 0);
    for (int k = 0; k < 40; k++) {
        int64_t rows = 1 + (int64_t)hf_random_below(&r, 60),
                count = k == 0 ? 0 : (int64_t)hf_random_below(&r, 150), pick[150];
        hf_frame *frame = full_frame(context, rows, 1001, &r), *made;
        frame->as_of = 19000 + k;
        for (int64_t i = 0; i < count; i++)
            pick[i] = (int64_t)hf_random_below(&r, (uint64_t)rows);
        cr_assert(hf_frame_select(&made, frame, pick, count, NULL) == HF_OK);
        cr_assert(made->rows == count && made->as_of == frame->as_of && made->column_count == 7);
        cr_assert_str_eq(made->id_name, "account");
        for (int64_t i = 0; i < count; i++) {
            cr_assert(same_id_as(made, i, frame, pick[i]));
            for (int c = 0; c < 7; c++)
                check_cell(made, i, frame, pick[i], kind_columns[c]);
        }
        for (int32_t c = 0; c < 7; c++)
            cr_assert(made->columns[c].dictionary.count == frame->columns[c].dictionary.count);
        check_sound(made);
        hf_frame_destroy(frame);
        hf_frame_destroy(made);
    }
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// ---- stack -----------------------------------------------------------------------------------------------

static void check_stack(const hf_frame *made, hf_frame *const *frames, int32_t count)
{
    int64_t row = 0;
    for (int32_t f = 0; f < count; f++)
        for (int64_t i = 0; i < frames[f]->rows; i++, row++) {
            cr_assert(same_id_as(made, row, frames[f], i));
            for (int32_t c = 0; c < made->column_count; c++)
                check_cell(made, row, frames[f], i, made->columns[c].name);
        }
    cr_assert(row == made->rows);
    check_sound(made);
}

Test(stack, random_frames_with_columns_in_and_out)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 2);
    hf_random r = hf_random_seed(62, 0);
    for (int k = 0; k < 60; k++) {
        hf_frame *frames[6], *made;
        int32_t count = 1 + (int32_t)hf_random_below(&r, 6), columns = 0;
        bool seen[7] = {false};
        for (int32_t f = 0; f < count; f++) {
            frames[f] = random_frame(context, (int64_t)hf_random_below(&r, 30), 1001, false, &r);
            frames[f]->as_of = k % 2 ? 19000 : 19000 + f;
            for (int c = 6; c >= 0; c--)
                if (hf_random_below(&r, 3)) {
                    add_column(frames[f], kind_columns[c], (hf_kind)c, hf_kind_storage((hf_kind)c), &r,
                               hf_random_below(&r, 5) == 0);
                    columns += !seen[c];
                    seen[c] = true;
                }
        }
        cr_assert(hf_frame_stack(&made, context, frames, count, NULL) == HF_OK);
        cr_assert(made->column_count == columns);
        cr_assert(made->as_of == (k % 2 || count == 1 ? 19000 : HF_DATE_MISSING));
        check_stack(made, frames, count);
        // The union holds the levels of every frame and no other.
        int32_t c = hf_frame_find(made, "category");
        for (int32_t level = 0; c >= 0 && level < made->columns[c].dictionary.count; level++) {
            bool found = false;
            for (int32_t f = 0; f < count; f++) {
                int32_t at = hf_frame_find(frames[f], "category");
                found = found || (at >= 0 && hf_dictionary_find(&frames[f]->columns[at].dictionary,
                                                                hf_frame_level(made, c, level)) >= 0);
            }
            cr_assert(found);
        }
        for (int32_t f = 0; f < count; f++)
            hf_frame_destroy(frames[f]);
        hf_frame_destroy(made);
    }
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(stack, kinds_of_number_widen_and_others_do_not)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_random r = hf_random_seed(63, 0);
    for (int x = 0; x < 7; x++)
        for (int y = 0; y < 7; y++)
            for (int wide = 0; wide < 2; wide++) {
                hf_frame *frames[2] = {random_frame(context, 9, 101, false, &r),
                                       random_frame(context, 8, 101, false, &r)},
                         *made = NULL;
                hf_kind kx = (hf_kind)x, ky = (hf_kind)y;
                hf_storage sx = hf_kind_storage(kx), sy = hf_kind_storage(ky);
                if (wide && sy == HF_STORAGE_F32) sy = HF_STORAGE_F64;
                add_column(frames[0], "x", kx, sx, &r, false);
                add_column(frames[1], "x", ky, sy, &r, false);
                hf_error error = {0};
                hf_status status = hf_frame_stack(&made, context, frames, 2, &error);
                bool text = x >= HF_KIND_CATEGORY || y >= HF_KIND_CATEGORY;
                if (text && x != y) {
                    cr_assert(status == HF_ERROR_DATA && !made && strstr(error.message, "--kind x="));
                    cr_assert(strstr(error.message, hf_kind_name(kx)) &&
                              strstr(error.message, hf_kind_name(ky)));
                } else {
                    cr_assert(status == HF_OK);
                    hf_kind want = x == y                                     ? kx
                                   : x == HF_KIND_MONEY || y == HF_KIND_MONEY ? HF_KIND_MONEY
                                   : (x == HF_KIND_COUNT || x == HF_KIND_FLAG) &&
                                           (y == HF_KIND_COUNT || y == HF_KIND_FLAG)
                                       ? HF_KIND_COUNT
                                       : HF_KIND_NUMBER;
                    cr_assert(made->columns[0].kind == want);
                    if (!text)
                        cr_assert(
                            made->columns[0].storage ==
                            (sx == HF_STORAGE_F64 || sy == HF_STORAGE_F64 ? HF_STORAGE_F64 : HF_STORAGE_F32));
                    check_stack(made, frames, 2);
                }
                hf_frame_destroy(frames[0]);
                hf_frame_destroy(frames[1]);
                hf_frame_destroy(made);
            }
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(stack, a_column_without_values_has_no_kind)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_random r = hf_random_seed(64, 0);
    for (int x = 0; x < 7; x++)
        for (int y = 0; y < 7; y++)
            for (int order = 0; order < 2; order++) {
                hf_frame *frames[2] = {random_frame(context, 9, 101, false, &r),
                                       random_frame(context, 8, 101, false, &r)},
                         *made;
                add_column(frames[order], "x", (hf_kind)x, hf_kind_storage((hf_kind)x), &r, false);
                add_column(frames[!order], "x", (hf_kind)y, hf_kind_storage((hf_kind)y), &r, true);
                cr_assert(hf_frame_stack(&made, context, frames, 2, NULL) == HF_OK);
                cr_assert(made->columns[0].kind == (hf_kind)x);
                check_stack(made, frames, 2);
                hf_frame_destroy(frames[0]);
                hf_frame_destroy(frames[1]);
                hf_frame_destroy(made);
            }
    hf_error error = {0};
    hf_frame *made = NULL;
    cr_assert(hf_frame_stack(&made, context, NULL, 0, &error) == HF_ERROR_USAGE && !made);
    cr_assert(hf_frame_join(&made, context, NULL, 0, &error) == HF_ERROR_USAGE && !made);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

static void count_log(void *user, hf_log_level level, const char *message)
{
    cr_assert(level == HF_LOG_WARNING && strstr(message, "EUR") && strstr(message, "USD"));
    ++*(int *)user;
}

Test(stack, units_that_differ_are_warned_of)
{
    int warnings = 0;
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.log = count_log;
    options.log_user = &warnings;
    hf_context *context;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    hf_random r = hf_random_seed(65, 0);
    static const char *const units[] = {"", "USD", "USD", "EUR"};
    hf_frame *frames[4], *made;
    for (int f = 0; f < 4; f++) {
        frames[f] = random_frame(context, 5, 101, false, &r);
        add_column(frames[f], "arr", HF_KIND_MONEY, HF_STORAGE_F64, &r, false);
        cr_assert(hf_column_set_unit(frames[f], &frames[f]->columns[0], units[f], NULL) == HF_OK);
    }
    cr_assert(hf_frame_stack(&made, context, frames, 4, NULL) == HF_OK);
    cr_assert_str_eq(made->columns[0].unit, "USD");
    cr_assert(warnings == 1);
    for (int f = 0; f < 4; f++)
        hf_frame_destroy(frames[f]);
    hf_frame_destroy(made);
    hf_context_destroy(context);
}

// ---- join, match, duplicate ------------------------------------------------------------------------------

static int64_t oracle_row(const hf_frame *frame, const hf_frame *keys, int64_t row)
{
    for (int64_t i = 0; i < frame->rows; i++)
        if (same_id_as(frame, i, keys, row)) return i;
    return -1;
}

Test(join, every_id_once_with_all_columns)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 2);
    hf_random r = hf_random_seed(66, 0);
    for (int k = 0; k < 60; k++) {
        hf_frame *frames[4], *made;
        int32_t count = 1 + (int32_t)hf_random_below(&r, 4);
        for (int32_t f = 0; f < count; f++) {
            frames[f] = random_frame(context, (int64_t)hf_random_below(&r, 40), 50, false, &r);
            if (frames[f]->rows > 0)
                memcpy(frames[f]->ids, "same\0\0", 7); // frames that share none are refused
            for (int c = f; c < 7; c += count)
                add_column(frames[f], kind_columns[c], (hf_kind)c, hf_kind_storage((hf_kind)c), &r, false);
        }
        cr_assert(hf_frame_join(&made, context, frames, count, NULL) == HF_OK);
        int64_t row = 0;
        for (int32_t f = 0; f < count; f++)
            for (int64_t i = 0; i < frames[f]->rows; i++) {
                bool earlier = false;
                for (int32_t g = 0; g < f; g++)
                    earlier = earlier || oracle_row(frames[g], frames[f], i) >= 0;
                if (!earlier)
                    cr_assert(row < made->rows && same_id_as(made, row++, frames[f], i),
                              "order of first appearance");
            }
        cr_assert(row == made->rows);
        for (row = 0; row < made->rows; row++)
            for (int c = 0; c < 7; c++) {
                const hf_frame *from = frames[c % count];
                check_cell(made, row, from, oracle_row(from, made, row), kind_columns[c]);
            }
        check_sound(made);
        for (int32_t f = 0; f < count; f++)
            hf_frame_destroy(frames[f]);
        hf_frame_destroy(made);
    }
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(join, a_name_or_an_id_twice_is_refused)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_random r = hf_random_seed(67, 0);
    hf_frame *frames[2] = {full_frame(context, 5, 101, &r), random_frame(context, 5, 101, false, &r)},
             *made = NULL;
    add_column(frames[1], "ratio", HF_KIND_RATIO, HF_STORAGE_F32, &r, false);
    hf_error error = {0};
    cr_assert(hf_frame_join(&made, context, frames, 2, &error) == HF_ERROR_DATA && !made);
    cr_assert(strstr(error.message, "'ratio'"));
    hf_frame_remove(frames[1], 0);
    memcpy(frames[0]->ids + frames[0]->id_width, "same\0\0", 7);
    memcpy(frames[1]->ids, "same\0\0", 7);
    cr_assert(hf_frame_join(&made, context, frames, 2, &error) == HF_OK);
    hf_frame_destroy(made), made = NULL;
    memcpy(frames[1]->ids + 3 * frames[1]->id_width, "twice\0\0", 7);
    memcpy(frames[1]->ids + 4 * frames[1]->id_width, "twice\0\0", 7);
    cr_assert(hf_frame_join(&made, context, frames, 2, &error) == HF_ERROR_DATA && !made);
    cr_assert(strstr(error.message, "'twice'") && strcmp(error.file, "made.csv") == 0);
    memcpy(frames[0]->ids, "twice\0\0", 7); // known from an earlier frame: still twice in this one
    cr_assert(hf_frame_join(&made, context, frames, 2, &error) == HF_ERROR_DATA && !made);
    for (int f = 0; f < 2; f++)
        hf_frame_destroy(frames[f]);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(match, and_duplicate_against_a_double_loop)
{
    hf_random r = hf_random_seed(68, 0);
    for (int threads = 1; threads <= 7; threads += 3) {
        allocator a = {.fail_at = -1};
        hf_context *context = make_context(&a, threads);
        for (int k = 0; k < 60; k++) {
            int64_t rows = (int64_t)hf_random_below(&r, 80);
            hf_frame *frame = random_frame(context, rows, 1 + (int64_t)hf_random_below(&r, 2000), true, &r);
            hf_frame *keys = random_frame(context, 70, 200, true, &r);
            int64_t found[70], row = 77, first = 77, want_row = -1, want_first = -1;
            cr_assert(hf_frame_match(found, frame, keys, NULL) == HF_OK);
            for (int64_t i = 0; i < 70; i++)
                cr_assert(found[i] == oracle_row(frame, keys, i));
            for (int64_t i = 0; i < rows && want_row < 0; i++) {
                int64_t earliest = oracle_row(frame, frame, i);
                if (earliest < i) {
                    want_row = i;
                    want_first = earliest;
                }
            }
            cr_assert(hf_frame_duplicate(&row, &first, frame, NULL) == HF_OK);
            cr_assert(row == want_row && first == want_first);
            hf_frame_destroy(frame);
            hf_frame_destroy(keys);
        }
        hf_context_destroy(context);
        cr_assert(a.live == 0);
    }
}

Test(match, a_large_frame_with_any_number_of_threads)
{
    enum { ROWS = 60000 };
    static int64_t found[ROWS];
    hf_random r = hf_random_seed(69, 0);
    for (int t = 0; t < 3; t++) {
        allocator a = {.fail_at = -1};
        hf_context *context = make_context(&a, (int[]){1, 2, 7}[t]);
        hf_frame *frame = random_frame(context, ROWS, 100000, false, &r),
                 *keys = random_frame(context, ROWS, 100000, false, &r);
        cr_assert(hf_frame_match(found, frame, keys, NULL) == HF_OK);
        int64_t absent = 0, hits = 0;
        for (int64_t i = 0; i < ROWS; i++) {
            absent += found[i] < 0;
            if (found[i] >= 0) hits += same_id_as(frame, found[i], keys, i);
        }
        cr_assert(hits + absent == ROWS && absent < ROWS);
        int64_t row, first;
        cr_assert(hf_frame_duplicate(&row, &first, frame, NULL) == HF_OK && row == -1 && first == -1);
        hf_frame_destroy(frame);
        hf_frame_destroy(keys);
        hf_context_destroy(context);
    }
}

// ---- threads ---------------------------------------------------------------------------------------------

Test(frame, threads_change_no_byte)
{
    char digits[3][4][33];
    for (int t = 0; t < 3; t++) {
        allocator a = {.fail_at = -1};
        hf_context *context = make_context(&a, (int[]){1, 2, 7}[t]);
        hf_random r = hf_random_seed(70, 0);
        hf_frame *frames[3], *made, *one, *joined;
        for (int f = 0; f < 3; f++) {
            frames[f] = full_frame(context, 40000 + 9000 * f, 100001, &r);
            if (f == 1) hf_frame_remove(frames[f], 2);
        }
        cr_assert(hf_frame_stack(&made, context, frames, 3, NULL) == HF_OK);
        fingerprint(digits[t][0], made);
        static int64_t pick[90000];
        for (int i = 0; i < 90000; i++)
            pick[i] = (int64_t)hf_random_below(&r, (uint64_t)made->rows);
        cr_assert(hf_frame_select(&one, made, pick, 90000, NULL) == HF_OK);
        fingerprint(digits[t][1], one);
        hf_frame *bare = random_frame(context, 50000, 100001, false, &r);
        hf_frame *pair[2] = {bare, frames[2]};
        cr_assert(hf_frame_join(&joined, context, pair, 2, NULL) == HF_OK);
        fingerprint(digits[t][2], joined);
        int64_t missing = joined->columns[3].missing;
        hf_column_count_missing(&joined->columns[3], joined->rows);
        cr_assert(joined->columns[3].missing == missing);
        for (int f = 0; f < 3; f++)
            hf_frame_destroy(frames[f]);
        hf_frame_destroy(made);
        hf_frame_destroy(one);
        hf_frame_destroy(bare);
        hf_frame_destroy(joined);
        hf_context_destroy(context);
        cr_assert(a.live == 0);
        for (int k = 0; k < 3; k++)
            cr_assert_str_eq(digits[t][k], digits[0][k]);
    }
}

// ---- fingerprint -----------------------------------------------------------------------------------------

// The frame with its ids in another width.
static hf_frame *rewidth(const hf_context *context, const hf_frame *frame, int32_t width)
{
    hf_frame *made;
    int64_t all[100];
    for (int64_t i = 0; i < frame->rows; i++)
        all[i] = i;
    cr_assert(hf_frame_select(&made, frame, all, frame->rows, NULL) == HF_OK);
    char *ids = hf_new(context, (size_t)made->rows, (size_t)width);
    for (int64_t i = 0; i < made->rows; i++)
        memcpy(ids + i * width, made->ids + i * made->id_width,
               (size_t)(width < made->id_width ? width : made->id_width));
    hf_delete(context, made->ids);
    made->ids = ids;
    made->id_width = width;
    return made;
}

Test(fingerprint, any_change_shows_and_the_width_of_ids_does_not)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_random r = hf_random_seed(71, 0);
    hf_frame *frame = full_frame(context, 50, 1001, &r);
    frame->as_of = 19000;
    enum { CHANGES = 40 };
    char seen[CHANGES][33], base[33];
    fingerprint(base, frame);
    static const int32_t widths[] = {5, 8, 60, 255, 40000};
    for (int i = 0; i < 5; i++) {
        hf_frame *other = rewidth(context, frame, widths[i]);
        char digits[33];
        fingerprint(digits, other);
        cr_assert_str_eq(digits, base);
        hf_frame_destroy(other);
    }
    int n = 0;
    strcpy(seen[n++], base);
    for (int change = 0; change < 22; change++) {
        hf_frame *other = rewidth(context, frame, 60);
        hf_column *c = &other->columns[change < 14 ? change % 7 : 5];
        if (change < 7) ((unsigned char *)c->values)[4 * 20 + 1] ^= 0x10; // one bit of one value
        if (change >= 7 && change < 14) c->name[1]++;
        if (change == 14) other->as_of++;
        if (change == 15) other->ids[0] = 'b';
        if (change == 16) cr_assert(hf_column_set_unit(other, c, "EUR", NULL) == HF_OK);
        if (change == 17) c->kind = HF_KIND_NUMBER;
        if (change == 18) c->direction = HF_DIRECTION_HIGHER_BAD;
        if (change == 19) c->dictionary.bytes[c->dictionary.offsets[c->dictionary.count] - 2] ^= 1;
        if (change == 20) {
            hf_column column = other->columns[0];
            other->columns[0] = other->columns[1];
            other->columns[1] = column;
        }
        if (change == 21) { // a byte moved from one id to the next
            memset(other->ids, 0, 120);
            memcpy(other->ids, "ab", 2);
            memcpy(other->ids + 60, "c", 1);
        }
        fingerprint(seen[n++], other);
        if (change == 21) {
            memset(other->ids, 0, 120);
            memcpy(other->ids, "a", 1);
            memcpy(other->ids + 60, "bc", 2);
            fingerprint(seen[n++], other);
        }
        hf_frame_destroy(other);
    }
    hf_frame *fewer = rewidth(context, frame, 60);
    hf_frame_remove(fewer, 6);
    fingerprint(seen[n++], fewer);
    hf_frame_destroy(fewer);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            cr_assert(strcmp(seen[i], seen[k]) != 0, "changes %d and %d look the same", k, i);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// Ids longer than a block, and enough of them to fill several: the blocks must not show.
Test(fingerprint, blocks_of_ids_do_not_show)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    for (int32_t length = 1; length < 255; length += 23) {
        hf_frame *narrow, *wide;
        char one[33], two[33];
        cr_assert(hf_frame_create(&narrow, context, 3000, length, NULL) == HF_OK);
        cr_assert(hf_frame_create(&wide, context, 3000, 255, NULL) == HF_OK);
        for (int64_t i = 0; i < 3000; i++)
            for (int32_t k = 0; k < length - i % length; k++)
                narrow->ids[i * length + k] = wide->ids[i * 255 + k] = (char)('a' + (i + k) % 26);
        fingerprint(one, narrow);
        fingerprint(two, wide);
        cr_assert_str_eq(one, two);
        hf_frame_destroy(narrow);
        hf_frame_destroy(wide);
    }
    hf_context_destroy(context);
}

// ---- memory that fails -----------------------------------------------------------------------------------

static hf_status call(int which, hf_frame *const *frames, const hf_context *context, hf_error *error)
{
    hf_frame *const untouched = (hf_frame *)(uintptr_t)0x1234, *made = untouched;
    hf_frame *distinct[2] = {frames[0], frames[2]};
    int64_t rows[3] = {2, 0, 2}, found[64], row = 77, first = 77;
    char digits[33] = "untouched";
    found[0] = 77;
    hf_status status = HF_OK;
    switch (which) {
    case 0:
        status = hf_frame_select(&made, frames[0], rows, 3, error);
        break;
    case 1:
        status = hf_frame_stack(&made, context, frames, 2, error);
        break;
    case 2:
        status = hf_frame_join(&made, context, distinct, 2, error);
        break;
    case 3:
        status = hf_frame_match(found, frames[0], frames[1], error);
        break;
    case 4:
        status = hf_frame_duplicate(&row, &first, frames[0], error);
        break;
    case 5:
        status = hf_frame_fingerprint(digits, frames[0], error);
        break;
    case 6:
        status = hf_frame_create(&made, context, 5, 8, error);
        break;
    case 7: {
        char before[2][64];
        snprintf(before[0], 64, "%s", frames[0]->id_name);
        snprintf(before[1], 64, "%s", frames[0]->source);
        status = hf_frame_set_source(frames[0], "other", "elsewhere.csv", error);
        if (status != HF_OK)
            cr_assert(strcmp(frames[0]->id_name, before[0]) == 0 &&
                      strcmp(frames[0]->source, before[1]) == 0);
        break;
    }
    case 8: {
        int32_t count = frames[0]->column_count;
        hf_column *column;
        status = hf_frame_add(frames[0], &column, "new", HF_KIND_MONEY, HF_STORAGE_F64, error);
        cr_assert(frames[0]->column_count == count + (status == HF_OK));
        break;
    }
    default:
        break;
    }
    if (status != HF_OK)
        cr_assert(made == untouched && found[0] == 77 && row == 77 && first == 77 &&
                  strcmp(digits, "untouched") == 0);
    else if (made != untouched)
        hf_frame_destroy(made);
    return status;
}

Test(frame, every_call_with_memory_that_fails)
{
    for (int which = 0; which < 9; which++) {
        allocator a = {.fail_at = -1};
        hf_context *context = make_context(&a, 2);
        hf_random r = hf_random_seed(72, 0);
        hf_frame *frames[3] = {full_frame(context, 20, 101, &r), full_frame(context, 30, 101, &r),
                               random_frame(context, 25, 101, false, &r)};
        long live = a.live;
        for (long k = 0;; k++) {
            a.fail_at = a.asked + k;
            hf_error error = {0};
            hf_status status = call(which, frames, context, &error);
            a.fail_at = -1;
            if (status == HF_OK) {
                cr_assert(k > 0, "call %d allocates nothing", which);
                break;
            }
            cr_assert(status == HF_ERROR_MEMORY && error.status == HF_ERROR_MEMORY && a.live == live,
                      "call %d, allocation %ld", which, k);
        }
        for (int f = 0; f < 3; f++)
            hf_frame_destroy(frames[f]);
        hf_context_destroy(context);
        cr_assert(a.live == 0);
    }
}
