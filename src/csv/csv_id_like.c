// SPDX-License-Identifier: Apache-2.0
//
// Columns that look like the id nobody named: a value in every row and no two alike, whole numbers or text.
// As a signal such a column says nothing, or worse, the order in which accounts were entered.
#include "csv/csv_reader.h"

#include <string.h>

enum { LEAST_ROWS = 20 };

// Whether all values differ, none is missing and all are whole: by their order where they ascend, else by a
// hash table, which the first repeat ends.
static hf_status all_differ(bool *out, const hf_column *column, int64_t rows, const hf_context *context,
                            hf_error *error)
{
    bool ascending = true;
    *out = false;
    for (int64_t i = 1; i < rows && ascending; i++)
        ascending = hf_column_number(column, i - 1) < hf_column_number(column, i);
    if (ascending) {
        *out = true;
        return HF_OK;
    }
    size_t size = 64;
    while (size < 2 * (size_t)rows)
        size *= 2;
    double *table = hf_new_raw(context, size, sizeof *table);
    if (!table) return hf_fail_memory(error);
    for (size_t i = 0; i < size; i++)
        table[i] = -1; // counts are not negative
    bool repeat = false;
    for (int64_t i = 0; i < rows && !repeat; i++) {
        double value = hf_column_number(column, i);
        size_t at = (size_t)hf_hash(&value, sizeof value, 0) & (size - 1);
        for (; table[at] >= 0 && !repeat; at = (at + 1) & (size - 1))
            repeat = table[at] == value;
        table[at] = value;
    }
    hf_delete(context, table);
    *out = !repeat;
    return HF_OK;
}

hf_status hf_csv_warn_ids(const hf_csv_reader *reader, hf_error *error)
{
    const hf_frame *frame = reader->frame;
    if (frame->rows < LEAST_ROWS) return HF_OK;
    for (int32_t f = 0; f < reader->header.count; f++) {
        const hf_csv_column *c = &reader->columns[f];
        if (c->role != HF_ROLE_SIGNAL || c->declared) continue;
        int32_t place = hf_frame_find(frame, reader->header.names[f]);
        if (place < 0 || frame->columns[place].missing > 0) continue;
        const hf_column *column = &frame->columns[place];
        bool differ = column->kind == HF_KIND_CATEGORY && column->dictionary.count == frame->rows;
        if (column->kind == HF_KIND_COUNT) {
            hf_status status = all_differ(&differ, column, frame->rows, reader->context, error);
            if (status != HF_OK) return status;
        }
        if (differ)
            hf_warn(
                reader->context,
                "%s: column '%s' differs in every row, as an id does, and is read as a signal; name it with "
                "--id %s, or leave it out with --ignore %s",
                reader->path, column->name, column->name, column->name);
    }
    return HF_OK;
}
