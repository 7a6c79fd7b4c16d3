// SPDX-License-Identifier: Apache-2.0
//
// A column's values, or the copies among the rows, to cluster numbers. Values are numbered in their order: a
// category's codes are that already, anything else is sorted.
#include "workflow/row_groups.h"

#include "workflow/profiling.h"

#include <math.h>
#include <stdlib.h>

typedef struct {
    double value;
    int64_t row;
} valued_row;

static int by_value_and_row(const void *a, const void *b)
{
    const valued_row *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static double value_of(const hf_column *column, int64_t row)
{
    const int32_t *whole = column->values;
    if (column->storage == HF_STORAGE_CODE) return whole[row] < 0 ? (double)NAN : (double)whole[row];
    if (column->storage == HF_STORAGE_DAY)
        return whole[row] == HF_DATE_MISSING ? (double)NAN : (double)whole[row];
    return hf_column_number(column, row);
}

// Rows of equal value share a number, rows without one have one each.
static hf_status number_values(int64_t *out, const hf_frame *frame, const hf_column *column, hf_error *error)
{
    int64_t count = 0, next = 0;
    valued_row *sorted = hf_new_raw(frame->context, (size_t)frame->rows, sizeof *sorted);
    if (!sorted) return hf_fail_memory(error);
    for (int64_t i = 0; i < frame->rows; i++) {
        const double value = value_of(column, i);
        if (isnan(value))
            out[i] = next++;
        else
            sorted[count++] = (valued_row){value, i};
    }
    qsort(sorted, (size_t)count, sizeof *sorted, by_value_and_row);
    for (int64_t i = 0; i < count; i++) {
        if (i > 0 && sorted[i].value != sorted[i - 1].value) next++;
        out[sorted[i].row] = next;
    }
    hf_delete(frame->context, sorted);
    return HF_OK;
}

hf_status hf_group_by_column(int64_t **cluster, hf_frame *frame, const char *column, const char *place,
                             hf_error *error)
{
    const hf_context *context = frame->context;
    const int32_t found = hf_frame_find(frame, column);
    hf_status status = HF_OK;
    if (found < 0)
        return hf_frame_no_column(frame, column, "--group", place,
                                  "name one of the data that is not ignored, or auto", error);
    int64_t *group = hf_new(context, (size_t)frame->rows, sizeof *group);
    if (!group) return hf_fail_memory(error);
    HF_TRY(done, number_values(group, frame, &frame->columns[found], error));
    if (*cluster) HF_TRY(done, hf_join_groups(group, context, *cluster, group, frame->rows, error));
    hf_frame_remove(frame, found);
    hf_delete(context, *cluster);
    *cluster = group;
    group = NULL;
done:
    hf_delete(context, group);
    return status;
}

hf_status hf_group_by_copies(int64_t **out, hf_copies *copies, const hf_context *context,
                             const hf_frame *frame, const uint8_t *label, const int64_t *cluster,
                             uint64_t seed, hf_error *error)
{
    hf_status status;
    hf_profile_signal *signals = hf_new(context, (size_t)frame->column_count, sizeof *signals);
    int64_t *group = hf_new_raw(context, (size_t)frame->rows, sizeof *group);
    if (!signals || !group) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t c = 0; c < frame->column_count; c++)
        hf_profile_signal_of(&signals[c], &frame->columns[c]);
    HF_TRY(done, hf_near_copies(group, copies, context, signals, frame->column_count, frame->rows, label,
                                cluster, seed, error));
    *out = group;
    group = NULL;
done:
    hf_delete(context, signals);
    hf_delete(context, group);
    return status;
}
