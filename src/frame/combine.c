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

static void set_missing(hf_column *to, int64_t row)
{
    switch (to->storage) {
    case HF_STORAGE_F32: ((float *)to->values)[row] = NAN; break;
    case HF_STORAGE_F64: ((double *)to->values)[row] = NAN; break;
    case HF_STORAGE_CODE: ((int32_t *)to->values)[row] = -1; break;
    case HF_STORAGE_DAY: ((int32_t *)to->values)[row] = HF_DATE_MISSING; break;
    }
}

// recode: the new code of each of `from`'s codes, or NULL.
static void copy_value(hf_column *to, int64_t row, const hf_column *from, int64_t from_row, const int32_t *recode)
{
    const int32_t *whole = from->values;
    switch (to->storage) {
    case HF_STORAGE_F32: ((float *)to->values)[row] = ((const float *)from->values)[from_row]; break;
    case HF_STORAGE_F64: ((double *)to->values)[row] = hf_column_number(from, from_row); break;
    case HF_STORAGE_CODE: {
        int32_t code = whole[from_row];
        ((int32_t *)to->values)[row] = code >= 0 && recode ? recode[code] : code;
        break;
    }
    case HF_STORAGE_DAY: ((int32_t *)to->values)[row] = whole[from_row]; break;
    }
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
    for (int32_t c = 0; c < frame->column_count; c++) {
        const hf_column *from = &frame->columns[c];
        hf_column *to;
        HF_TRY(done, hf_frame_add(made, &to, from->name, from->kind, from->storage, error));
        to->direction = from->direction;
        HF_TRY(done, hf_column_set_unit(made, to, from->unit, error));
        HF_TRY(done, copy_dictionary(&to->dictionary, frame->context, &from->dictionary, error));
        for (int64_t i = 0; i < count; i++)
            copy_value(to, i, from, rows[i], NULL);
        hf_column_count_missing(to, count);
    }
    *out = made;
    made = NULL;
done:
    hf_frame_destroy(made);
    return status;
}

// ---- stack -----------------------------------------------------------------------------------------------

// The union of the dictionaries of one column over the frames; recode[f] maps frame f's codes (NULL where the
// frame lacks the column).
static hf_status merge_dictionaries(hf_dictionary *out, int32_t **recode, const hf_context *context,
                                    hf_frame *const *frames, int32_t count, const char *name, hf_error *error)
{
    size_t total = 0;
    hf_status status = HF_OK;
    const char **texts = NULL;
    size_t *lengths = NULL;
    int32_t *rank = NULL, distinct = 0;
    hf_dictionary all = {0};
    for (int32_t f = 0; f < count; f++) {
        int32_t c = hf_frame_find(frames[f], name);
        if (c >= 0) total += (size_t)frames[f]->columns[c].dictionary.count;
    }
    texts = hf_new_raw(context, total, sizeof *texts);
    lengths = hf_new_raw(context, total, sizeof *lengths);
    rank = hf_new_raw(context, total, sizeof *rank);
    if (!texts || !lengths || !rank) {
        status = hf_fail_memory(error);
        goto done;
    }
    size_t n = 0;
    for (int32_t f = 0; f < count; f++) {
        int32_t c = hf_frame_find(frames[f], name);
        if (c < 0) continue;
        const hf_dictionary *d = &frames[f]->columns[c].dictionary;
        for (int32_t k = 0; k < d->count; k++, n++) {
            texts[n] = hf_dictionary_text(d, k);
            lengths[n] = strlen(texts[n]);
        }
    }
    // Sorted with repeats first; then the repeats are dropped and the whole is built of distinct texts.
    HF_TRY(done, hf_dictionary_build(&all, context, texts, lengths, (int32_t)total, rank, error));
    for (int32_t k = 0; k < all.count; k++) {
        const char *text = hf_dictionary_text(&all, k);
        if (k == 0 || strcmp(text, hf_dictionary_text(&all, k - 1)) != 0) {
            texts[distinct] = text;
            lengths[distinct++] = strlen(text);
        }
    }
    HF_TRY(done, hf_dictionary_build(out, context, texts, lengths, distinct, NULL, error));
    for (int32_t f = 0; f < count; f++) {
        int32_t c = hf_frame_find(frames[f], name);
        if (c < 0) continue;
        const hf_dictionary *d = &frames[f]->columns[c].dictionary;
        recode[f] = hf_new_raw(context, (size_t)d->count, sizeof **recode);
        if (!recode[f]) {
            status = hf_fail_memory(error);
            goto done;
        }
        for (int32_t k = 0; k < d->count; k++)
            recode[f][k] = hf_dictionary_find(out, hf_dictionary_text(d, k));
    }
done:
    hf_dictionary_free(context, &all);
    hf_delete(context, texts);
    hf_delete(context, lengths);
    hf_delete(context, rank);
    return status;
}

static hf_status stack_column(hf_frame *made, hf_frame *const *frames, int32_t count, const hf_column *like,
                              int32_t **recode, hf_error *error)
{
    hf_kind kind = like->kind;
    hf_storage storage = like->storage;
    for (int32_t f = 0; f < count; f++) {
        int32_t c = hf_frame_find(frames[f], like->name);
        if (c < 0) continue;
        hf_column *other = &frames[f]->columns[c];
        hf_kind before = kind;
        // A column without a single value has no kind of its own.
        if (other->missing < frames[f]->rows && !widen(&kind, &storage, other))
            return hf_fail_at(error, HF_ERROR_DATA, frames[f]->source, 0, 0,
                              "column '%s' is a %s here and a %s elsewhere; declare its kind with --kind %s=KIND",
                              like->name, hf_kind_name(other->kind), hf_kind_name(before), like->name);
    }
    hf_column *to;
    hf_status status = hf_frame_add(made, &to, like->name, kind, storage, error);
    if (status != HF_OK) return status;
    to->direction = like->direction;
    HF_TRY(done, hf_column_set_unit(made, to, like->unit, error));
    if (storage == HF_STORAGE_CODE)
        HF_TRY(done, merge_dictionaries(&to->dictionary, recode, made->context, frames, count, like->name, error));
    int64_t row = 0;
    for (int32_t f = 0; f < count; f++) {
        int32_t c = hf_frame_find(frames[f], like->name);
        const hf_column *from = c >= 0 && frames[f]->columns[c].missing < frames[f]->rows ? &frames[f]->columns[c] : NULL;
        for (int64_t i = 0; i < frames[f]->rows; i++, row++) {
            if (from)
                copy_value(to, row, from, i, recode[f]);
            else
                set_missing(to, row);
        }
    }
    hf_column_count_missing(to, made->rows);
done:
    return status;
}

// The column to take kind and name from: the first with a value in any frame.
static const hf_column *first_with_values(hf_frame *const *frames, int32_t count, const char *name)
{
    const hf_column *any = NULL;
    for (int32_t f = 0; f < count; f++) {
        int32_t c = hf_frame_find(frames[f], name);
        if (c < 0) continue;
        const hf_column *column = &frames[f]->columns[c];
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
    int32_t **recode = hf_new(context, (size_t)count, sizeof *recode);
    if (!recode) return hf_fail_memory(error);
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
            status = stack_column(made, frames, count, first_with_values(frames, count, name), recode, error);
            for (int32_t g = 0; g < count; g++) {
                hf_delete(context, recode[g]);
                recode[g] = NULL;
            }
            if (status != HF_OK) goto done;
        }
    *out = made;
    made = NULL;
done:
    hf_frame_destroy(made);
    hf_delete(context, recode);
    return status;
}

// ---- join ------------------------------------------------------------------------------------------------

static hf_status join_column(hf_frame *made, const hf_column *from, const int64_t *source, hf_error *error)
{
    hf_column *to;
    hf_status status;
    HF_TRY(done, hf_frame_add(made, &to, from->name, from->kind, from->storage, error));
    to->direction = from->direction;
    HF_TRY(done, hf_column_set_unit(made, to, from->unit, error));
    HF_TRY(done, copy_dictionary(&to->dictionary, made->context, &from->dictionary, error));
    for (int64_t i = 0; i < made->rows; i++) {
        if (source[i] >= 0)
            copy_value(to, i, from, source[i], NULL);
        else
            set_missing(to, i);
    }
    hf_column_count_missing(to, made->rows);
done:
    return status;
}

hf_status hf_frame_join(hf_frame **out, const hf_context *context, hf_frame *const *frames, int32_t count,
                        hf_error *error)
{
    hf_frame *made = NULL;
    id_table table = {0};
    int64_t total = 0, rows = 0, *origin = NULL, *source = NULL;
    int32_t width = 1;
    hf_status status;
    for (int32_t f = 0; f < count; f++) {
        total += frames[f]->rows;
        if (frames[f]->id_width > width) width = frames[f]->id_width;
    }
    HF_TRY(done, hf_id_table_create(&table, context, total, error));
    origin = hf_new_raw(context, (size_t)total, sizeof *origin);   // place in all the frames' rows of each id
    source = hf_new_raw(context, (size_t)total, sizeof *source);
    if (!origin || !source) {
        status = hf_fail_memory(error);
        goto done;
    }
    const hf_frame *const *readable = (const hf_frame *const *)frames;
    int64_t base = 0;
    for (int32_t f = 0; f < count; base += frames[f++]->rows)
        for (int64_t i = 0; i < frames[f]->rows; i++)
            if (hf_id_table_put(&table, readable, f, i, rows) < 0) origin[rows++] = base + i;
    HF_TRY(done, hf_frame_create(&made, context, rows, width, error));
    HF_TRY(done, hf_frame_set_source(made, frames[0]->id_name, frames[0]->source, error));
    made->as_of = frames[0]->as_of;
    base = 0;
    int64_t row = 0;
    for (int32_t f = 0; f < count; base += frames[f++]->rows)
        for (; row < rows && origin[row] < base + frames[f]->rows; row++)
            copy_id(made, row, frames[f], origin[row] - base);
    for (int32_t f = 0; f < count; f++) {
        for (int64_t i = 0; i < rows; i++)
            source[i] = -1;
        for (int64_t i = 0; i < frames[f]->rows; i++)
            source[hf_id_table_find(&table, readable, frames[f], i)] = i;
        for (int32_t c = 0; c < frames[f]->column_count; c++)
            HF_TRY(done, join_column(made, &frames[f]->columns[c], source, error));
    }
    *out = made;
    made = NULL;
done:
    hf_frame_destroy(made);
    hf_delete(context, table.slots);
    hf_delete(context, origin);
    hf_delete(context, source);
    return status;
}
