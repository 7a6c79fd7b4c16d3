// SPDX-License-Identifier: Apache-2.0
//
// The frame itself: building, reading and destroying it, and its fingerprint. Columns are stored apart, one
// contiguous array each, so that a pass touches only what it reads.
#include "frame/frame_room.h"

#include <math.h>
#include <string.h>

static const char *const kind_names[] = {
#define KIND_TEXT(name, text) text,
    HF_KIND_LIST(KIND_TEXT)
#undef KIND_TEXT
};

const char *hf_kind_name(hf_kind kind)
{
    return (size_t)kind < sizeof kind_names / sizeof kind_names[0] ? kind_names[kind] : "unknown";
}

bool hf_kind_from_name(hf_kind *out, const char *name)
{
    for (size_t i = 0; i < sizeof kind_names / sizeof kind_names[0]; i++)
        if (strcmp(name, kind_names[i]) == 0) {
            *out = (hf_kind)i;
            return true;
        }
    return false;
}

size_t hf_storage_size(hf_storage storage)
{
    return storage == HF_STORAGE_F64 ? 8 : 4;
}

hf_storage hf_kind_storage(hf_kind kind)
{
    switch (kind) {
    case HF_KIND_MONEY:
        return HF_STORAGE_F64;
    case HF_KIND_CATEGORY:
        return HF_STORAGE_CODE;
    case HF_KIND_DATE:
        return HF_STORAGE_DAY;
    default:
        return HF_STORAGE_F32;
    }
}

// ---- build -----------------------------------------------------------------------------------------------

hf_status hf_frame_create(hf_frame **out, const hf_context *context, int64_t rows, int32_t id_width,
                          hf_error *error)
{
    hf_frame *frame = hf_new(context, 1, sizeof *frame);
    if (!frame) return hf_fail_memory(error);
    frame->context = context;
    frame->rows = rows;
    frame->id_width = id_width;
    frame->as_of = HF_DATE_MISSING;
    frame->ids = hf_new(context, (size_t)rows, (size_t)id_width);
    frame->id_name = hf_copy_text(context, "", 0);
    frame->source = hf_copy_text(context, "", 0);
    if (!frame->ids || !frame->id_name || !frame->source) {
        hf_frame_destroy(frame);
        return hf_fail_memory(error);
    }
    *out = frame;
    return HF_OK;
}

static hf_status make_room(hf_frame *frame, hf_error *error)
{
    if (frame->column_count < frame->column_capacity) return HF_OK;
    int32_t capacity = frame->column_capacity < 16 ? 32 : frame->column_capacity * 2;
    hf_column *grown = hf_grow(frame->context, frame->columns, (size_t)capacity, sizeof *grown);
    if (!grown) return hf_fail_memory(error);
    frame->columns = grown;
    frame->column_capacity = capacity;
    return HF_OK;
}

hf_status hf_frame_add(hf_frame *frame, hf_column **out, const char *name, hf_kind kind, hf_storage storage,
                       hf_error *error)
{
    if (hf_frame_find(frame, name) >= 0)
        return hf_fail(error, HF_ERROR_DATA, "two columns are named '%s'; rename one", name);
    hf_status status = make_room(frame, error);
    if (status != HF_OK) return status;
    hf_column column = {.kind = kind, .storage = storage};
    column.name = hf_copy_text(frame->context, name, strlen(name));
    column.unit = hf_copy_text(frame->context, "", 0);
    column.values = hf_new_raw(frame->context, (size_t)frame->rows, hf_storage_size(storage));
    if (!column.name || !column.unit || !column.values) {
        hf_delete(frame->context, column.name);
        hf_delete(frame->context, column.unit);
        hf_delete(frame->context, column.values);
        return hf_fail_memory(error);
    }
    *out = &frame->columns[frame->column_count];
    frame->columns[frame->column_count++] = column;
    return HF_OK;
}

static hf_status replace_text(const hf_context *context, char **text, const char *with, hf_error *error)
{
    char *copy = hf_copy_text(context, with, strlen(with));
    if (!copy) return hf_fail_memory(error);
    hf_delete(context, *text);
    *text = copy;
    return HF_OK;
}

hf_status hf_frame_set_source(hf_frame *frame, const char *id_name, const char *source, hf_error *error)
{
    // Both copies first, so that running out of memory changes neither.
    char *name = hf_copy_text(frame->context, id_name, strlen(id_name));
    char *from = hf_copy_text(frame->context, source, strlen(source));
    if (!name || !from) {
        hf_delete(frame->context, name);
        hf_delete(frame->context, from);
        return hf_fail_memory(error);
    }
    hf_delete(frame->context, frame->id_name);
    hf_delete(frame->context, frame->source);
    frame->id_name = name;
    frame->source = from;
    return HF_OK;
}

hf_status hf_column_set_unit(hf_frame *frame, hf_column *column, const char *unit, hf_error *error)
{
    return replace_text(frame->context, &column->unit, unit, error);
}

int64_t hf_column_missing_in(const hf_column *column, int64_t begin, int64_t end)
{
    int64_t missing = 0;
    const float *f32 = column->values;
    const double *f64 = column->values;
    const int32_t *whole = column->values;
    switch (column->storage) {
    case HF_STORAGE_F32:
        for (int64_t i = begin; i < end; i++)
            missing += f32[i] != f32[i];
        break;
    case HF_STORAGE_F64:
        for (int64_t i = begin; i < end; i++)
            missing += f64[i] != f64[i];
        break;
    case HF_STORAGE_CODE:
        for (int64_t i = begin; i < end; i++)
            missing += whole[i] < 0;
        break;
    case HF_STORAGE_DAY:
        for (int64_t i = begin; i < end; i++)
            missing += whole[i] == HF_DATE_MISSING;
        break;
    }
    return missing;
}

void hf_column_count_missing(hf_column *column, int64_t rows)
{
    column->missing = hf_column_missing_in(column, 0, rows);
}

// ---- use -------------------------------------------------------------------------------------------------

int64_t hf_frame_rows(const hf_frame *frame)
{
    return frame->rows;
}

int32_t hf_frame_columns(const hf_frame *frame)
{
    return frame->column_count;
}

hf_date hf_frame_as_of(const hf_frame *frame)
{
    return frame->as_of;
}

hf_column_info hf_frame_column(const hf_frame *frame, int32_t column)
{
    const hf_column *c = &frame->columns[column];
    return (hf_column_info){
        c->name, c->unit, c->kind, c->storage, c->direction, c->missing, c->dictionary.count};
}

int32_t hf_frame_find(const hf_frame *frame, const char *name)
{
    for (int32_t i = 0; i < frame->column_count; i++)
        if (strcmp(frame->columns[i].name, name) == 0) return i;
    return -1;
}

const char *hf_frame_id(const hf_frame *frame, int64_t row, size_t *length)
{
    const char *id = frame->ids + (size_t)row * (size_t)frame->id_width;
    *length = strnlen(id, (size_t)frame->id_width);
    return id;
}

static const void *values_of(const hf_frame *frame, int32_t column, hf_storage storage)
{
    if (column < 0 || column >= frame->column_count) return NULL; // as hf_frame_find says of no such column
    return frame->columns[column].storage == storage ? frame->columns[column].values : NULL;
}

const float *hf_frame_f32(const hf_frame *frame, int32_t column)
{
    return values_of(frame, column, HF_STORAGE_F32);
}

const double *hf_frame_f64(const hf_frame *frame, int32_t column)
{
    return values_of(frame, column, HF_STORAGE_F64);
}

const int32_t *hf_frame_days(const hf_frame *frame, int32_t column)
{
    return values_of(frame, column, HF_STORAGE_DAY);
}

const int32_t *hf_frame_codes(const hf_frame *frame, int32_t column)
{
    return values_of(frame, column, HF_STORAGE_CODE);
}

const char *hf_frame_level(const hf_frame *frame, int32_t column, int32_t code)
{
    return hf_dictionary_text(&frame->columns[column].dictionary, code);
}

double hf_column_number(const hf_column *column, int64_t row)
{
    if (column->storage == HF_STORAGE_F64) return ((const double *)column->values)[row];
    return (double)((const float *)column->values)[row];
}

static void add_text(hf_fingerprint *f, const char *text)
{
    hf_fingerprint_add(f, text, strlen(text) + 1);
}

static void add_i64(hf_fingerprint *f, int64_t value)
{
    hf_fingerprint_add(f, &value, sizeof value);
}

enum { ID_ROWS = 65536 }; // hashed at a time

// A stream of bytes, hashed a full block at a time.
typedef struct {
    uint64_t hash;
    size_t used;
    char block[32768];
} id_stream;

static void stream_add(id_stream *s, const char *bytes, size_t size)
{
    while (size > 0) {
        const size_t room = sizeof s->block - s->used, part = size < room ? size : room;
        memcpy(s->block + s->used, bytes, part);
        s->used += part;
        bytes += part;
        size -= part;
        if (s->used < sizeof s->block) continue;
        s->hash = hf_hash(s->block, s->used, s->hash);
        s->used = 0;
    }
}

// Ids are hashed without their padding, each with its end, so that the width they are kept in does not count.
static uint64_t hash_ids(const hf_frame *frame, int64_t first)
{
    id_stream s = {.hash = 0, .used = 0};
    const size_t width = (size_t)frame->id_width;
    const int64_t end = frame->rows - first < ID_ROWS ? frame->rows : first + ID_ROWS;
    for (int64_t i = first; i < end; i++) {
        const char *id = frame->ids + (size_t)i * width;
        if (s.used + width + 1 < sizeof s.block) { // the usual way: one copy
            const char *stop = width > 0 ? memccpy(s.block + s.used, id, '\0', width) : NULL;
            if (!stop) s.block[s.used + width] = '\0';
            s.used = stop ? (size_t)(stop - s.block) : s.used + width + 1;
        } else {
            stream_add(&s, id, strnlen(id, width));
            stream_add(&s, "", 1);
        }
    }
    return hf_hash(s.block, s.used, s.hash);
}

// The hashes of the ids, in parts, and then of each column's values.
static hf_status hash_values(uint64_t **out, int64_t *count, const hf_frame *frame, hf_error *error)
{
    const int64_t parts = (frame->rows + ID_ROWS - 1) / ID_ROWS, all = parts + frame->column_count;
    uint64_t *hashes = hf_new_raw(frame->context, (size_t)all, sizeof *hashes);
    if (!hashes) return hf_fail_memory(error);
#pragma omp parallel for default(none) shared(hashes, frame, parts, all) schedule(dynamic) \
    num_threads(hf_context_threads(frame->context))
    for (int64_t i = 0; i < all; i++) {
        const hf_column *c = i < parts ? NULL : &frame->columns[i - parts];
        hashes[i] = c ? hf_hash(c->values, (size_t)frame->rows * hf_storage_size(c->storage), 0)
                      : hash_ids(frame, i * ID_ROWS);
    }
    *out = hashes;
    *count = all;
    return HF_OK;
}

// Missing floats may carry any NaN bits and zeros either sign; they are hashed as they stand, since equal
// data comes from equal text and the store keeps bits.
hf_status hf_frame_fingerprint(char out[33], const hf_frame *frame, hf_error *error)
{
    hf_fingerprint *f = NULL;
    uint64_t *hashes = NULL;
    int64_t count = 0;
    hf_status status;
    HF_TRY(done, hash_values(&hashes, &count, frame, error));
    HF_TRY(done, hf_fingerprint_create(&f, frame->context, error));
    add_i64(f, frame->rows);
    add_i64(f, frame->as_of);
    add_text(f, frame->id_name);
    hf_fingerprint_add(f, hashes, (size_t)count * sizeof *hashes);
    for (int32_t i = 0; i < frame->column_count; i++) {
        const hf_column *c = &frame->columns[i];
        const int64_t head[] = {(int64_t)c->kind, (int64_t)c->storage, (int64_t)c->direction,
                                c->dictionary.count};
        add_text(f, c->name);
        add_text(f, c->unit);
        hf_fingerprint_add(f, head, sizeof head);
        for (int32_t k = 0; k < c->dictionary.count; k++)
            add_text(f, hf_dictionary_text(&c->dictionary, k));
    }
    hf_fingerprint_finish(f, out);
done:
    hf_delete(frame->context, hashes);
    return status;
}

// ---- destroy ---------------------------------------------------------------------------------------------

static void free_column(const hf_context *context, hf_column *column)
{
    hf_delete(context, column->name);
    hf_delete(context, column->unit);
    if (!column->borrowed) hf_delete(context, column->values);
    hf_dictionary_free(context, &column->dictionary);
}

void hf_frame_remove(hf_frame *frame, int32_t column)
{
    free_column(frame->context, &frame->columns[column]);
    frame->column_count--;
    memmove(frame->columns + column, frame->columns + column + 1,
            (size_t)(frame->column_count - column) * sizeof *frame->columns);
}

void hf_frame_destroy(hf_frame *frame)
{
    if (!frame) return;
    const hf_context *context = frame->context;
    for (int32_t i = 0; i < frame->column_count; i++)
        free_column(context, &frame->columns[i]);
    hf_delete(context, frame->columns);
    if (!frame->ids_borrowed) hf_delete(context, frame->ids);
    hf_delete(context, frame->id_name);
    hf_delete(context, frame->source);
    if (frame->release) frame->release(context, frame->backing);
    hf_delete(context, frame);
}
