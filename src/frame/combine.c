// SPDX-License-Identifier: Apache-2.0
//
// New frames from old ones: selected rows, frames stacked one after the other, frames joined side by side by
// account id. All three are one thing: every row of the result says which frame and row it comes from.
#include "frame/id_match.h"

#include <math.h>
#include <string.h>

// ---- copying values --------------------------------------------------------------------------------------

// The kind that holds both, or false. Kinds of number widen to number; flag and count are numbers too.
static bool widen(hf_kind *kind, hf_storage *storage, const hf_column *other)
{
    bool text = *kind == HF_KIND_CATEGORY || *kind == HF_KIND_DATE;
    bool other_text = other->kind == HF_KIND_CATEGORY || other->kind == HF_KIND_DATE;
    if (text || other_text) return *kind == other->kind;
    if (*kind == HF_KIND_FLAG && other->kind == HF_KIND_COUNT) *kind = HF_KIND_COUNT;
    if (*kind != other->kind && !(*kind == HF_KIND_COUNT && other->kind == HF_KIND_FLAG))
        *kind = *kind == HF_KIND_MONEY || other->kind == HF_KIND_MONEY ? HF_KIND_MONEY : HF_KIND_NUMBER;
    if (other->storage == HF_STORAGE_F64 || *kind == HF_KIND_MONEY) *storage = HF_STORAGE_F64;
    return true;
}

// Rows a thread takes at a time.
enum { CHUNK = 16 * HF_TILE };

static int64_t chunks_of(int64_t rows)
{
    return (rows + CHUNK - 1) / CHUNK;
}

static void set_missing(hf_column *to, int64_t begin, int64_t end)
{
    float *f32 = to->values;
    double *f64 = to->values;
    int32_t *whole = to->values, none = to->storage == HF_STORAGE_CODE ? -1 : HF_DATE_MISSING;
    for (int64_t i = begin; i < end; i++) {
        if (to->storage == HF_STORAGE_F32)
            f32[i] = NAN;
        else if (to->storage == HF_STORAGE_F64)
            f64[i] = NAN;
        else
            whole[i] = none;
    }
}

// Rows [begin, end) of `from` to `to` from row `at` on. recode: the new code of each of `from`'s codes, or
// NULL.
static void copy_run(hf_column *to, int64_t at, const hf_column *from, int64_t begin, int64_t end,
                     const int32_t *recode)
{
    if (to->storage == HF_STORAGE_CODE && recode) {
        const int32_t *in = from->values;
        int32_t *out = (int32_t *)to->values + at;
        for (int64_t i = begin; i < end; i++)
            out[i - begin] = in[i] >= 0 ? recode[in[i]] : -1;
    } else if (to->storage == HF_STORAGE_F64 && from->storage == HF_STORAGE_F32) {
        const float *in = from->values;
        double *out = (double *)to->values + at;
        for (int64_t i = begin; i < end; i++)
            out[i - begin] = (double)in[i];
    } else {
        size_t size = hf_storage_size(to->storage);
        memcpy((char *)to->values + (size_t)at * size, (const char *)from->values + (size_t)begin * size,
               (size_t)(end - begin) * size);
    }
}

// to[i] = from[rows[i]] for i in [begin, end), missing where rows[i] is negative; the storages are the same.
static void gather_run(hf_column *to, const hf_column *from, const int64_t *rows, int64_t begin, int64_t end)
{
    if (hf_storage_size(to->storage) == 8) {
        const double *in = from->values;
        double *out = to->values;
        for (int64_t i = begin; i < end; i++)
            out[i] = rows[i] >= 0 ? in[rows[i]] : NAN;
        return;
    }
    // Four bytes are moved as they are, so that every NaN keeps its bits.
    const float absent = NAN;
    const int32_t *in = from->values;
    int32_t *out = to->values, none = to->storage == HF_STORAGE_CODE ? -1 : HF_DATE_MISSING;
    if (to->storage == HF_STORAGE_F32) memcpy(&none, &absent, sizeof none);
    for (int64_t i = begin; i < end; i++)
        out[i] = rows[i] >= 0 ? in[rows[i]] : none;
}

static hf_status copy_dictionary(hf_dictionary *out, const hf_context *context, const hf_dictionary *from,
                                 hf_error *error)
{
    if (from->count == 0) return HF_OK;
    hf_dictionary copy = {.count = from->count};
    size_t count = (size_t)from->count;
    copy.bytes = hf_new_raw(context, from->offsets[count], 1);
    copy.offsets = hf_new_raw(context, count + 1, sizeof *copy.offsets);
    if (!copy.bytes || !copy.offsets) {
        hf_dictionary_free(context, &copy);
        return hf_fail_memory(error);
    }
    memcpy(copy.bytes, from->bytes, from->offsets[count]);
    memcpy(copy.offsets, from->offsets, (count + 1) * sizeof *copy.offsets);
    *out = copy;
    return HF_OK;
}

// Adds to `made` a column like `from` with its values at `rows`.
static hf_status gather_column(hf_frame *made, const hf_column *from, const int64_t *rows, hf_error *error)
{
    hf_column *to;
    hf_status status;
    HF_TRY(done, hf_frame_add(made, &to, from->name, from->kind, from->storage, error));
    to->direction = from->direction;
    HF_TRY(done, hf_column_set_unit(made, to, from->unit, error));
    HF_TRY(done, copy_dictionary(&to->dictionary, made->context, &from->dictionary, error));
    int64_t missing = 0, count = made->rows, chunks = chunks_of(count);
    int threads = hf_context_threads(made->context);
#pragma omp parallel for default(none) schedule(static) num_threads(threads) if (chunks > 1)                   \
    shared(to, from, rows, count, chunks) reduction(+ : missing)
    for (int64_t c = 0; c < chunks; c++) {
        int64_t begin = c * CHUNK, end = begin + CHUNK < count ? begin + CHUNK : count;
        gather_run(to, from, rows, begin, end);
        missing += hf_column_missing_in(to, begin, end);
    }
    to->missing = missing;
done:
    return status;
}

static void copy_id(hf_frame *to, int64_t row, const hf_frame *from, int64_t from_row)
{
    size_t length;
    const char *id = hf_frame_id(from, from_row, &length);
    memcpy(to->ids + (size_t)row * (size_t)to->id_width, id, length);
}

// ---- select ----------------------------------------------------------------------------------------------

hf_status hf_frame_select(hf_frame **out, const hf_frame *frame, const int64_t *rows, int64_t count,
                          hf_error *error)
{
    hf_frame *made = NULL;
    hf_status status;
    HF_TRY(done, hf_frame_create(&made, frame->context, count, frame->id_width, error));
    HF_TRY(done, hf_frame_set_source(made, frame->id_name, frame->source, error));
    made->as_of = frame->as_of;
    for (int64_t i = 0; i < count; i++)
        copy_id(made, i, frame, rows[i]);
    for (int32_t c = 0; c < frame->column_count; c++)
        HF_TRY(done, gather_column(made, &frame->columns[c], rows, error));
    *out = made;
    made = NULL;
done:
    hf_frame_destroy(made);
    return status;
}

// ---- stack -----------------------------------------------------------------------------------------------

static const hf_column *column_named(const hf_frame *frame, const char *name)
{
    int32_t c = hf_frame_find(frame, name);
    return c >= 0 ? &frame->columns[c] : NULL;
}

// The kind, storage and unit that hold the columns of all frames. A column without a single value has no kind
// of its own.
static hf_status agree(hf_column *out, const char **unit, hf_frame *const *frames, int32_t count,
                       const hf_column *like, hf_error *error)
{
    *out = *like;
    *unit = like->unit;
    for (int32_t f = 0; f < count; f++) {
        const hf_column *other = column_named(frames[f], like->name);
        if (!other || other->missing >= frames[f]->rows) continue;
        hf_kind before = out->kind;
        if (!widen(&out->kind, &out->storage, other))
            return hf_fail_at(
                error, HF_ERROR_DATA, frames[f]->source, 0, 0,
                "column '%s' is a %s here and a %s elsewhere; declare its kind with --kind %s=KIND",
                like->name, hf_kind_name(other->kind), hf_kind_name(before), like->name);
        if ((*unit)[0] == '\0')
            *unit = other->unit;
        else if (other->unit[0] != '\0' && strcmp(*unit, other->unit) != 0)
            hf_warn(frames[f]->context,
                    "column '%s' is in %s in %s and in %s elsewhere; its values are taken as %s", like->name,
                    other->unit, frames[f]->source, *unit, *unit);
    }
    return HF_OK;
}

// The values of all frames, one after the other, by one team of threads.
static void fill_column(hf_column *to, int64_t total, hf_frame *const *frames, int32_t count,
                        int32_t *const *recode, int threads)
{
    int64_t missing = 0;
#pragma omp parallel default(none) num_threads(threads) if (total > CHUNK) \
    shared(to, frames, count, recode, missing)
    {
        int64_t row = 0;
        for (int32_t f = 0; f < count; row += frames[f++]->rows) {
            const hf_column *from = column_named(frames[f], to->name);
            int64_t rows = frames[f]->rows, chunks = chunks_of(rows);
            if (from && from->missing >= rows) from = NULL;
#pragma omp for schedule(static) nowait reduction(+ : missing)
            for (int64_t c = 0; c < chunks; c++) {
                int64_t begin = c * CHUNK, end = begin + CHUNK < rows ? begin + CHUNK : rows;
                if (from)
                    copy_run(to, row + begin, from, begin, end, recode[f]);
                else
                    set_missing(to, row + begin, row + end);
                missing += hf_column_missing_in(to, row + begin, row + end);
            }
        }
    }
    to->missing = missing;
}

static hf_status stack_column(hf_frame *made, hf_frame *const *frames, int32_t count, const hf_column *like,
                              hf_error *error)
{
    hf_column agreed, *to;
    const char *unit;
    hf_status status = HF_OK;
    const hf_dictionary **parts = hf_new(made->context, (size_t)count, sizeof *parts);
    int32_t **recode = hf_new(made->context, (size_t)count, sizeof *recode);
    if (!parts || !recode) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, agree(&agreed, &unit, frames, count, like, error));
    HF_TRY(done, hf_frame_add(made, &to, like->name, agreed.kind, agreed.storage, error));
    to->direction = like->direction;
    HF_TRY(done, hf_column_set_unit(made, to, unit, error));
    if (agreed.storage == HF_STORAGE_CODE) {
        for (int32_t f = 0; f < count; f++) {
            const hf_column *column = column_named(frames[f], like->name);
            if (column && column->storage == HF_STORAGE_CODE) parts[f] = &column->dictionary;
        }
        HF_TRY(done, hf_dictionary_union(&to->dictionary, recode, made->context, parts, count, error));
    }
    fill_column(to, made->rows, frames, count, recode, hf_context_threads(made->context));
done:
    for (int32_t f = 0; recode && f < count; f++)
        hf_delete(made->context, recode[f]);
    hf_delete(made->context, recode);
    hf_delete(made->context, parts);
    return status;
}

// The column to take kind and name from: the first with a value in any frame.
static const hf_column *first_with_values(hf_frame *const *frames, int32_t count, const char *name)
{
    const hf_column *any = NULL;
    for (int32_t f = 0; f < count; f++) {
        const hf_column *column = column_named(frames[f], name);
        if (!column) continue;
        if (column->missing < frames[f]->rows) return column;
        if (!any) any = column;
    }
    return any;
}

hf_status hf_frame_stack(hf_frame **out, const hf_context *context, hf_frame *const *frames, int32_t count,
                         hf_error *error)
{
    hf_frame *made = NULL;
    hf_status status = HF_OK;
    int64_t rows = 0;
    int32_t width = 1;
    if (count < 1) return hf_fail(error, HF_ERROR_USAGE, "there is no frame to stack");
    for (int32_t f = 0; f < count; f++) {
        rows += frames[f]->rows;
        if (frames[f]->id_width > width) width = frames[f]->id_width;
    }
    HF_TRY(done, hf_frame_create(&made, context, rows, width, error));
    HF_TRY(done, hf_frame_set_source(made, frames[0]->id_name, frames[0]->source, error));
    int64_t row = 0;
    made->as_of = frames[0]->as_of;
    for (int32_t f = 0; f < count; f++) {
        if (frames[f]->as_of != made->as_of) made->as_of = HF_DATE_MISSING;
        for (int64_t i = 0; i < frames[f]->rows; i++)
            copy_id(made, row++, frames[f], i);
    }
    for (int32_t f = 0; f < count; f++)
        for (int32_t c = 0; c < frames[f]->column_count; c++) {
            const char *name = frames[f]->columns[c].name;
            if (hf_frame_find(made, name) >= 0) continue;
            HF_TRY(done, stack_column(made, frames, count, first_with_values(frames, count, name), error));
        }
    *out = made;
    made = NULL;
done:
    hf_frame_destroy(made);
    return status;
}

// ---- join ------------------------------------------------------------------------------------------------

// Numbers the ids in order of first appearance. place[base + i] is the row that row i of a frame goes to, and
// origin[r] the first place among all frames' rows of the id of row r. owner is scratch, a number a row.
static hf_status number_ids(int64_t *rows, int64_t *place, int64_t *origin, int64_t *owner, id_table *table,
                            hf_frame *const *frames, int32_t count, hf_error *error)
{
    int64_t base = 0, numbered = 0;
    for (int32_t f = 0; f < count; base += frames[f++]->rows)
        for (int64_t i = 0; i < frames[f]->rows; i++) {
            int64_t row = hf_id_table_put(table, (const hf_frame *const *)frames, f, i, numbered);
            if (row >= 0 && owner[row] == f) {
                size_t length;
                const char *id = hf_frame_id(frames[f], i, &length);
                return hf_fail_at(error, HF_ERROR_DATA, frames[f]->source, 0, 0,
                                  "the id '%.*s' stands twice; keep one row an account", (int)length, id);
            }
            if (row < 0) origin[row = numbered++] = base + i;
            owner[row] = f;
            place[base + i] = row;
        }
    *rows = numbered;
    return HF_OK;
}

static const char *source_of(const hf_frame *frame, int32_t number, char room[32])
{
    if (frame->source[0] != '\0') return frame->source;
    snprintf(room, 32, "table %d", number + 1);
    return room;
}

// A signal has one source: names both frames where a column stands in two.
static hf_status check_names(hf_frame *const *frames, int32_t count, hf_error *error)
{
    char rooms[2][32];
    for (int32_t f = 1; f < count; f++)
        for (int32_t c = 0; c < frames[f]->column_count; c++)
            for (int32_t before = 0; before < f; before++)
                if (hf_frame_find(frames[before], frames[f]->columns[c].name) >= 0)
                    return hf_fail_at(error, HF_ERROR_DATA, frames[f]->source, 0, 0,
                                      "column '%s' stands in %s and in %s; leave it out of one, or rename it",
                                      frames[f]->columns[c].name, source_of(frames[before], before, rooms[0]),
                                      source_of(frames[f], f, rooms[1]));
    return HF_OK;
}

// Says how well the ids met. place[base + i]: the row of the result of row i of a frame. matched: scratch, a
// number a row of the result. Where no id is in two frames the ids are written in two ways, and a table of
// halves is no table.
static hf_status check_matches(const hf_context *context, hf_frame *const *frames, int32_t count,
                               const int64_t *place, const int64_t *origin, int64_t *matched, int64_t rows,
                               hf_error *error)
{
    int64_t base = 0, whole = 0, shared = 0;
    char rooms[2][32];
    if (count < 2 || rows == 0) return HF_OK;
    memset(matched, 0, (size_t)rows * sizeof *matched);
    for (int32_t f = 0; f < count; base += frames[f++]->rows)
        for (int64_t i = 0; i < frames[f]->rows; i++)
            matched[place[base + i]]++;
    for (int64_t row = 0; row < rows; row++) {
        whole += matched[row] == count;
        shared += matched[row] > 1;
    }
    if (whole == rows) return HF_OK;
    int32_t some[2] = {-1, -1};
    for (int32_t f = 0; f < count && some[1] < 0; f++)
        if (frames[f]->rows > 0) some[some[0] >= 0] = f;
    if (shared == 0 && some[1] >= 0) {
        const hf_frame *one = frames[some[0]], *other = frames[some[1]];
        size_t length[2];
        const char *a = hf_frame_id(one, 0, &length[0]), *b = hf_frame_id(other, 0, &length[1]);
        return hf_fail_at(error, HF_ERROR_DATA, other->source, 0, 0,
                          "no account stands in two of the %d tables: %s has ids such as '%.*s', %s such as "
                          "'%.*s'; write the ids alike, or name the right column with --id",
                          count, source_of(one, some[0], rooms[0]), (int)length[0], a,
                          source_of(other, some[1], rooms[1]), (int)length[1], b);
    }
    for (int64_t row = 0; row < rows; row++) {
        if (matched[row] == count) continue;
        int32_t f = 0;
        size_t length;
        for (base = 0; origin[row] >= base + frames[f]->rows; f++)
            base += frames[f]->rows;
        const char *id = hf_frame_id(frames[f], origin[row] - base, &length);
        hf_warn(context,
                "%lld of %lld accounts are not in all of the %d tables, for example '%.*s' of %s; what the "
                "others "
                "would say of them is missing",
                (long long)(rows - whole), (long long)rows, count, (int)length, id,
                source_of(frames[f], f, rooms[0]));
        break;
    }
    return HF_OK;
}

hf_status hf_frame_join(hf_frame **out, const hf_context *context, hf_frame *const *frames, int32_t count,
                        hf_error *error)
{
    hf_frame *made = NULL;
    id_table table = {0};
    int64_t total = 0, rows = 0, *origin = NULL, *place = NULL, *source = NULL;
    int32_t width = 1;
    hf_status status;
    if (count < 1) return hf_fail(error, HF_ERROR_USAGE, "there is no frame to join");
    for (int32_t f = 0; f < count; f++) {
        total += frames[f]->rows;
        if (frames[f]->id_width > width) width = frames[f]->id_width;
    }
    HF_TRY(done, hf_id_table_create(&table, context, total, error));
    origin = hf_new_raw(context, (size_t)total, sizeof *origin);
    place = hf_new_raw(context, (size_t)total, sizeof *place);
    source = hf_new_raw(context, (size_t)total, sizeof *source);
    if (!origin || !place || !source) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, check_names(frames, count, error));
    HF_TRY(done, number_ids(&rows, place, origin, source, &table, frames, count, error));
    HF_TRY(done, check_matches(context, frames, count, place, origin, source, rows, error));
    HF_TRY(done, hf_frame_create(&made, context, rows, width, error));
    HF_TRY(done, hf_frame_set_source(made, frames[0]->id_name, frames[0]->source, error));
    made->as_of = frames[0]->as_of;
    int64_t base = 0, row = 0;
    for (int32_t f = 0; f < count; base += frames[f++]->rows)
        for (; row < rows && origin[row] < base + frames[f]->rows; row++)
            copy_id(made, row, frames[f], origin[row] - base);
    base = 0;
    for (int32_t f = 0; f < count; base += frames[f++]->rows) {
        for (int64_t i = 0; i < rows; i++)
            source[i] = -1;
        for (int64_t i = 0; i < frames[f]->rows; i++)
            source[place[base + i]] = i;
        for (int32_t c = 0; c < frames[f]->column_count; c++)
            HF_TRY(done, gather_column(made, &frames[f]->columns[c], source, error));
    }
    *out = made;
    made = NULL;
done:
    hf_frame_destroy(made);
    hf_delete(context, table.slots);
    hf_delete(context, origin);
    hf_delete(context, place);
    hf_delete(context, source);
    return status;
}
