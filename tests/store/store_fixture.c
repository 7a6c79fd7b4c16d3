// SPDX-License-Identifier: Apache-2.0
//
// The store tests' frames and folders.
#include "store_fixture.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char fixture_log[8192];

static void keep_log(void *user, hf_log_level level, const char *message)
{
    size_t used = strlen(fixture_log);
    (void)user;
    if (level != HF_LOG_DEBUG && used + strlen(message) + 2 < sizeof fixture_log)
        snprintf(fixture_log + used, sizeof fixture_log - used, "%s\n", message);
}

hf_context *fixture_context(int threads)
{
    hf_context *context = NULL;
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.threads = threads;
    options.log = keep_log;
    fixture_log[0] = '\0';
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    return context;
}

void fixture_folder(char out[256])
{
    const char *base = getenv("TMPDIR");
    snprintf(out, 256, "%s/holdfast-store-XXXXXX", base ? base : "/tmp");
    cr_assert_not_null(mkdtemp(out));
}

void fixture_remove(const char *folder)
{
    char command[512];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    cr_assert_eq(system(command), 0);
}

static hf_column *add(hf_frame *frame, const char *name, hf_kind kind, hf_storage storage)
{
    hf_column *column = NULL;
    cr_assert_eq(hf_frame_add(frame, &column, name, kind, storage, NULL), HF_OK);
    return column;
}

static void add_f32(hf_frame *frame)
{
    static const uint32_t bits[] = {0x7fc00000, 0x80000000, 0x00000001, 0x807fffff, 0x7f7fffff,
                                    0xff800000, 0x7f800000, 0x7fc12345, 0xffc00001, 0x3f800000};
    hf_column *c = add(frame, "tickets 90d", HF_KIND_COUNT, HF_STORAGE_F32);
    c->direction = HF_DIRECTION_HIGHER_BAD;
    cr_assert_eq(hf_column_set_unit(frame, c, "tickets", NULL), HF_OK);
    for (int64_t i = 0; i < frame->rows; i++) {
        float f = (float)i * 0.25f;
        memcpy((char *)c->values + 4 * i, i % 3 == 0 ? (const void *)&bits[i / 3 % 10] : (const void *)&f, 4);
    }
    hf_column_count_missing(c, frame->rows);
}

static void add_f64(hf_frame *frame)
{
    static const double odd[] = {-0.0, DBL_MIN / 4, DBL_MAX, -DBL_MAX, 0.1, 1e-310, INFINITY, NAN};
    hf_column *c = add(frame, "umsatz/jahr \xe2\x82\xac", HF_KIND_MONEY, HF_STORAGE_F64);
    c->direction = HF_DIRECTION_HIGHER_GOOD;
    cr_assert_eq(hf_column_set_unit(frame, c, "\xe2\x82\xac", NULL), HF_OK);
    for (int64_t i = 0; i < frame->rows; i++)
        ((double *)c->values)[i] = i % 5 == 0 ? odd[i / 5 % 8] : (double)i * 1.01;
    hf_column_count_missing(c, frame->rows);
}

static void add_category(hf_frame *frame, const char *name, const char *const *texts, int32_t count)
{
    size_t lengths[8];
    hf_column *c = add(frame, name, HF_KIND_CATEGORY, HF_STORAGE_CODE);
    for (int32_t i = 0; i < count; i++)
        lengths[i] = strlen(texts[i]);
    cr_assert_eq(hf_dictionary_build(&c->dictionary, frame->context, texts, lengths, count, NULL, NULL),
                 HF_OK);
    for (int64_t i = 0; i < frame->rows; i++)
        ((int32_t *)c->values)[i] = (int32_t)(i % (count + 1)) - 1;
    hf_column_count_missing(c, frame->rows);
}

static void add_days(hf_frame *frame)
{
    static const int32_t days[] = {HF_DATE_MISSING, 0, -719162, 2932896, INT32_MAX, INT32_MIN + 1};
    hf_column *c = add(frame, "renewal", HF_KIND_DATE, HF_STORAGE_DAY);
    for (int64_t i = 0; i < frame->rows; i++)
        ((int32_t *)c->values)[i] = i < 6 ? days[i] : (int32_t)i;
    hf_column_count_missing(c, frame->rows);
}

static void add_constant(hf_frame *frame, const char *name, hf_kind kind, float value)
{
    hf_column *c = add(frame, name, kind, HF_STORAGE_F32);
    for (int64_t i = 0; i < frame->rows; i++)
        ((float *)c->values)[i] = value;
    hf_column_count_missing(c, frame->rows);
}

static hf_frame *bare(hf_context *context, int64_t rows, int32_t id_width)
{
    hf_frame *frame = NULL;
    cr_assert_eq(hf_frame_create(&frame, context, rows, id_width, NULL), HF_OK);
    cr_assert_eq(hf_frame_set_source(frame, "account_id", "export.csv", NULL), HF_OK);
    frame->as_of = A_DATE;
    for (int64_t i = 0; i < rows; i++) {
        char id[32];
        int length = snprintf(id, sizeof id, "%lld", (long long)i);
        // The digits at the end, so that short ids differ too; one in seven fills the whole width.
        if (i % 7 == 0 && id_width > 12) memset(frame->ids + i * id_width, 'x', (size_t)id_width);
        memcpy(frame->ids + i * id_width, id, (size_t)(length < id_width ? length : id_width));
    }
    return frame;
}

hf_frame *fixture_frame(hf_context *context, int64_t rows, int32_t id_width)
{
    static const char *const plans[] = {"", "basic", "größer", "with \"quote\", and\nline"};
    hf_frame *frame = bare(context, rows, id_width);
    add_f32(frame);
    add_f64(frame);
    add_category(frame, "plan", plans, 4);
    add_category(frame, "never", plans, 0);
    add_days(frame);
    add_constant(frame, ".", HF_KIND_NUMBER, NAN);
    add_constant(frame, "../100%\x01", HF_KIND_RATIO, 0.5f);
    add_constant(frame, "active", HF_KIND_FLAG, 1.0f);
    return frame;
}

hf_frame *fixture_small(hf_context *context, float first)
{
    hf_frame *frame = bare(context, 3, 4);
    hf_column *c = add(frame, "tickets", HF_KIND_COUNT, HF_STORAGE_F32);
    ((float *)c->values)[0] = first;
    ((float *)c->values)[1] = NAN;
    ((float *)c->values)[2] = 2.0f;
    hf_column_count_missing(c, 3);
    return frame;
}

void fixture_assert_same(const hf_frame *expected, const hf_frame *found)
{
    cr_assert_eq(found->rows, expected->rows);
    cr_assert_eq(found->as_of, expected->as_of);
    cr_assert_eq(found->id_width, expected->id_width);
    cr_assert_str_eq(found->id_name, expected->id_name);
    cr_assert_str_eq(found->source, expected->source);
    cr_assert_eq(memcmp(found->ids, expected->ids, (size_t)found->rows * (size_t)found->id_width), 0);
    cr_assert_eq(found->column_count, expected->column_count);
    for (int32_t i = 0; i < found->column_count; i++) {
        const hf_column *a = &expected->columns[i], *b = &found->columns[i];
        cr_assert_str_eq(b->name, a->name);
        cr_assert_str_eq(b->unit, a->unit);
        cr_assert_eq(b->kind, a->kind);
        cr_assert_eq(b->storage, a->storage, "%s", a->name);
        cr_assert_eq(b->direction, a->direction);
        cr_assert_eq(b->missing, a->missing);
        cr_assert_eq(memcmp(b->values, a->values, (size_t)found->rows * hf_storage_size(a->storage)), 0, "%s",
                     a->name);
        cr_assert_eq(b->dictionary.count, a->dictionary.count);
        for (int32_t k = 0; k < a->dictionary.count; k++)
            cr_assert_str_eq(hf_dictionary_text(&b->dictionary, k), hf_dictionary_text(&a->dictionary, k));
    }
}

void fixture_write(char path[512], hf_context *context, const hf_frame *frame, const char *folder)
{
    hf_store *store = NULL;
    hf_snapshot_info info;
    hf_error error = {0};
    hf_store_write_options options = HF_STORE_WRITE_OPTIONS_INIT;
    options.recorded_at = "2026-11-01T02:03:04Z";
    char inside[300];
    snprintf(inside, sizeof inside, "%s/store", folder);
    cr_assert_eq(hf_store_open(&store, context, inside, HF_STORE_WRITE, &error), HF_OK, "%s", error.message);
    cr_assert_eq(hf_store_write(store, frame, &options, &info, NULL, &error), HF_OK, "%s", error.message);
    hf_store_close(store);
    snprintf(path, 512, "%s", info.path);
}

char *fixture_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *data = malloc(*size + 1);
    cr_assert_eq(fread(data, 1, *size, file), *size);
    fclose(file);
    return data;
}

void fixture_write_file(const char *path, const char *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fwrite(data, 1, size, file), size);
    cr_assert_eq(fclose(file), 0);
}
