// SPDX-License-Identifier: Apache-2.0
//
// Edits at work on a frame. The copy borrows every column until an edit names it. Each edit walks the tiles
// once with the rows its conditions hold for; a value is worked out in double and rounded to its column's
// storage, and one that comes out equal is not written, so that an edit without effect leaves every bit.
// What kinds allow is asked of the columns when all edits are done, so that a floor may follow a subtraction.
#include "whatif/scenario_values.h"

#include <float.h>
#include <math.h>
#include <string.h>

// ---- the copy --------------------------------------------------------------------------------------------

static hf_status copy_dictionary(hf_dictionary *out, const hf_context *context, const hf_dictionary *from,
                                 hf_error *error)
{
    if (!from->offsets) return HF_OK;
    const size_t count = (size_t)from->count, bytes = from->offsets[count];
    out->bytes = hf_new_raw(context, bytes, 1);
    out->offsets = hf_new_raw(context, count + 1, sizeof *out->offsets);
    if (!out->bytes || !out->offsets) return hf_fail_memory(error);
    memcpy(out->bytes, from->bytes, bytes);
    memcpy(out->offsets, from->offsets, (count + 1) * sizeof *out->offsets);
    out->count = from->count;
    return HF_OK;
}

// The frame with the first columns of base, all borrowed.
static hf_status borrow_frame(hf_frame **out, const hf_context *context, const hf_frame *base,
                              int32_t columns, hf_error *error)
{
    hf_frame *frame = NULL;
    hf_status status;
    HF_TRY(done, hf_frame_create(&frame, context, base->rows, 0, error));
    HF_TRY(done, hf_frame_set_source(frame, base->id_name, base->source, error));
    hf_delete(context, frame->ids);
    frame->ids = base->ids;
    frame->ids_borrowed = true;
    frame->id_width = base->id_width;
    frame->as_of = base->as_of;
    frame->columns = hf_new(context, (size_t)columns, sizeof *frame->columns);
    if (!frame->columns) {
        status = hf_fail_memory(error);
        goto done;
    }
    frame->column_capacity = columns;
    for (; frame->column_count < columns; frame->column_count++) {
        const hf_column *from = &base->columns[frame->column_count];
        hf_column *to = &frame->columns[frame->column_count];
        *to = (hf_column){.kind = from->kind, .storage = from->storage, .direction = from->direction};
        to->missing = from->missing;
        to->values = from->values;
        to->borrowed = true;
        to->name = hf_copy_text(context, from->name, strlen(from->name));
        to->unit = hf_copy_text(context, from->unit, strlen(from->unit));
        status = to->name && to->unit ? copy_dictionary(&to->dictionary, context, &from->dictionary, error)
                                      : hf_fail_memory(error);
        if (status != HF_OK) frame->column_count++; // so that it is freed with the others
        HF_TRY(done, status);
    }
    *out = frame;
    frame = NULL;
done:
    hf_frame_destroy(frame);
    return status;
}

static hf_status own_values(hf_column *column, const hf_frame *frame, hf_error *error)
{
    const size_t size = hf_storage_size(column->storage), rows = (size_t)frame->rows;
    if (!column->borrowed) return HF_OK;
    void *copy = hf_new_raw(frame->context, rows, size);
    if (!copy) return hf_fail_memory(error);
    memcpy(copy, column->values, rows * size);
    column->values = copy;
    column->borrowed = false;
    return HF_OK;
}

// ---- which accounts --------------------------------------------------------------------------------------

// holds[i] = 1 where the scenario's and the edit's conditions hold in base.
static hf_status find_rows(uint8_t *holds, const hf_context *context, const hf_scenario *scenario,
                           const hf_edit *edit, const hf_frame *base, hf_error *error)
{
    hf_bound_condition *bound[2] = {NULL, NULL};
    const int64_t rows = base->rows, tiles = (rows + HF_TILE - 1) / HF_TILE;
    const int threads = hf_context_threads(context);
    hf_status status = HF_OK;
    if (scenario->limited) HF_TRY(done, hf_condition_bind(&bound[0], context, &scenario->where, base, error));
    if (edit->limited) HF_TRY(done, hf_condition_bind(&bound[1], context, &edit->where, base, error));
#pragma omp parallel for default(none) shared(holds, bound, rows, tiles) schedule(static) num_threads(threads)
    for (int64_t t = 0; t < tiles; t++) {
        uint8_t both[HF_TILE];
        const int64_t begin = t * HF_TILE;
        const int32_t n = (int32_t)(begin + HF_TILE < rows ? HF_TILE : rows - begin);
        memset(holds + begin, 1, (size_t)n);
        for (int b = 0; b < 2; b++) {
            if (!bound[b]) continue;
            hf_condition_run(bound[b], both, begin, n);
            for (int32_t i = 0; i < n; i++)
                holds[begin + i] &= both[i];
        }
    }
done:
    hf_condition_unbind(context, bound[0]);
    hf_condition_unbind(context, bound[1]);
    return status;
}

// ---- values ----------------------------------------------------------------------------------------------

static double edited(const hf_bound_edit *e, double x)
{
    switch (e->action) {
    case HF_EDIT_SET:
        return e->number[0];
    case HF_EDIT_UNSET:
        return (double)NAN;
    case HF_EDIT_ADD:
        return x + e->number[0];
    case HF_EDIT_SCALE:
        return e->whole ? rint(x * e->number[0]) : x * e->number[0];
    case HF_EDIT_CAP:
        return x > e->number[0] ? e->number[0] : x;
    case HF_EDIT_FLOOR:
        return x < e->number[0] ? e->number[0] : x;
    default:
        return x < e->number[0] ? e->number[0] : x > e->number[1] ? e->number[1] : x;
    }
}

// A date or a code, of which missing is a number like another here.
static int32_t edited_whole(const hf_bound_edit *e, int32_t x)
{
    const int64_t sum = (int64_t)x + (int64_t)e->number[0];
    switch (e->action) {
    case HF_EDIT_ADD:
        return (int32_t)(sum > INT32_MAX ? INT32_MAX : sum <= HF_DATE_MISSING ? HF_DATE_MISSING + 1 : sum);
    case HF_EDIT_CAP:
        return x > e->whole_value[0] ? e->whole_value[0] : x;
    case HF_EDIT_FLOOR:
        return x < e->whole_value[0] ? e->whole_value[0] : x;
    case HF_EDIT_CLIP:
        return x < e->whole_value[0] ? e->whole_value[0] : x > e->whole_value[1] ? e->whole_value[1] : x;
    default:
        return e->whole_value[0];
    }
}

static void edit_tile(hf_edit_count *count, hf_column *column, const hf_bound_edit *e, const uint8_t *holds,
                      int64_t begin, int64_t end)
{
    float *f32 = column->values;
    double *f64 = column->values;
    int32_t *whole = column->values;
    const bool sets = e->action == HF_EDIT_SET || e->action == HF_EDIT_UNSET;
    const int32_t none = column->storage == HF_STORAGE_CODE ? -1 : HF_DATE_MISSING;
    for (int64_t i = begin; i < end; i++) {
        if (!holds[i]) continue;
        count->matched++;
        if (column->storage == HF_STORAGE_CODE || column->storage == HF_STORAGE_DAY) {
            if (whole[i] == none && !sets) {
                count->missing++;
                continue;
            }
            const int32_t now = edited_whole(e, whole[i]);
            count->changed += now != whole[i];
            whole[i] = now;
            continue;
        }
        const double was = column->storage == HF_STORAGE_F32 ? (double)f32[i] : f64[i];
        if (isnan(was) && !sets) {
            count->missing++;
            continue;
        }
        const double exact = edited(e, was);
        const double now = column->storage == HF_STORAGE_F64 ? exact
                           : fabs(exact) > (double)FLT_MAX   ? copysign(INFINITY, exact)
                                                             : (double)(float)exact;
        if (now == was || (isnan(now) && isnan(was))) continue;
        count->changed++;
        if (column->storage == HF_STORAGE_F32)
            f32[i] = (float)now;
        else
            f64[i] = now;
    }
}

static void edit_column(hf_edit_count *out, hf_column *column, const hf_bound_edit *e, const uint8_t *holds,
                        int64_t rows, int threads)
{
    const int64_t tiles = (rows + HF_TILE - 1) / HF_TILE;
    int64_t matched = 0, changed = 0, missing = 0;
#pragma omp parallel for default(none) shared(column, e, holds, rows, tiles) schedule(static) \
    num_threads(threads) reduction(+ : matched, changed, missing)
    for (int64_t t = 0; t < tiles; t++) {
        hf_edit_count part = {0};
        const int64_t end = (t + 1) * HF_TILE;
        edit_tile(&part, column, e, holds, t * HF_TILE, end < rows ? end : rows);
        matched += part.matched;
        changed += part.changed;
        missing += part.missing;
    }
    *out = (hf_edit_count){matched, changed, missing};
}

// Gives a category's dictionary one level more; values are coded anew.
static hf_status add_level(int32_t *code, hf_column *column, const hf_frame *frame, const char *level,
                           hf_error *error)
{
    const hf_context *context = frame->context;
    const int32_t count = column->dictionary.count;
    hf_dictionary made = {0};
    hf_status status = HF_OK;
    const char **texts = hf_new(context, (size_t)count + 1, sizeof *texts);
    size_t *lengths = hf_new(context, (size_t)count + 1, sizeof *lengths);
    int32_t *rank = hf_new(context, (size_t)count + 1, sizeof *rank);
    if (!texts || !lengths || !rank) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t k = 0; k <= count; k++) {
        texts[k] = k < count ? hf_dictionary_text(&column->dictionary, k) : level;
        lengths[k] = strlen(texts[k]);
    }
    HF_TRY(done, hf_dictionary_build(&made, context, texts, lengths, count + 1, rank, error));
    int32_t *values = column->values;
    for (int64_t i = 0; i < frame->rows; i++)
        if (values[i] >= 0) values[i] = rank[values[i]];
    hf_dictionary_free(context, &column->dictionary);
    column->dictionary = made;
    *code = rank[count];
done:
    hf_delete(context, (void *)texts);
    hf_delete(context, lengths);
    hf_delete(context, rank);
    return status;
}

// The code that a category is set to. A level no account gets is not added, so that nothing changes.
static hf_status find_level(hf_bound_edit *e, hf_column *column, const hf_frame *frame, const hf_frame *base,
                            const hf_edit *edit, const uint8_t *holds, hf_error *error)
{
    if (edit->action == HF_EDIT_UNSET) {
        e->whole_value[0] = -1;
        return HF_OK;
    }
    e->whole_value[0] = hf_dictionary_find(&column->dictionary, edit->value[0]);
    if (e->whole_value[0] >= 0 || !memchr(holds, 1, (size_t)frame->rows)) return HF_OK;
    hf_scenario_new_level(base->context, edit, column);
    return add_level(&e->whole_value[0], column, frame, edit->value[0], error);
}

static hf_status apply_edit(hf_edit_count *count, hf_frame *frame, uint8_t *holds,
                            const hf_scenario *scenario, const hf_edit *edit, const hf_frame *base,
                            const hf_definition *definition, hf_error *error)
{
    const hf_context *context = frame->context;
    hf_bound_edit bound;
    int32_t at;
    hf_status status;
    HF_TRY(done, hf_scenario_column(&at, edit, frame, base, definition, error));
    hf_column *column = &frame->columns[at];
    HF_TRY(done, hf_scenario_bind(&bound, edit, column, error));
    HF_TRY(done, find_rows(holds, context, scenario, edit, base, error));
    HF_TRY(done, own_values(column, frame, error));
    if (column->storage == HF_STORAGE_CODE)
        HF_TRY(done, find_level(&bound, column, frame, base, edit, holds, error));
    edit_column(count, column, &bound, holds, frame->rows, hf_context_threads(context));
    hf_column_count_missing(column, frame->rows);
done:
    return status;
}

hf_status hf_scenario_apply(hf_frame **out, hf_edit_count *counts, const hf_context *context,
                            const hf_scenario *scenario, const hf_frame *base, int32_t columns,
                            const hf_definition *definition, hf_error *error)
{
    hf_frame *frame = NULL;
    uint8_t *holds = hf_new_raw(context, (size_t)base->rows, 1);
    hf_status status;
    if (!holds) return hf_fail_memory(error);
    HF_TRY(done, borrow_frame(&frame, context, base, columns, error));
    for (int32_t i = 0; i < scenario->count; i++) {
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done,
               apply_edit(&counts[i], frame, holds, scenario, &scenario->edits[i], base, definition, error));
    }
    for (int32_t i = scenario->count - 1; i >= 0; i--)
        HF_TRY(done, hf_scenario_check(&scenario->edits[i], frame, base, error));
    *out = frame;
    frame = NULL;
done:
    hf_frame_destroy(frame);
    hf_delete(context, holds);
    return status;
}
