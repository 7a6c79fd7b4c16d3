// SPDX-License-Identifier: Apache-2.0
//
// Weightings from a table: a row each, a column a weight, named as an edit names it.
#include "whatif/whatif_room.h"

#include <math.h>
#include <string.h>

static hf_status fail_column(const hf_frame *grid, const hf_column *column, hf_error *error)
{
    return hf_fail_at(error, HF_ERROR_DATA, grid->source, 0, 0,
                      "column '%s': expected weights in numbers, found %s", column->name,
                      hf_kind_name(column->kind));
}

// What is wrong with a row of the table; its line in the file may be another.
static hf_status fail_row(const hf_frame *grid, int64_t row, const hf_error *why, hf_error *error)
{
    return hf_fail_at(error, HF_ERROR_DATA, grid->source, 0, 0, "row %lld: %s", (long long)row + 1,
                      why->message);
}

static hf_status edit_column(hf_weighting_set *set, int32_t first, const hf_frame *grid,
                             const hf_column *column, hf_error *error)
{
    hf_error why = {0};
    if (column->kind == HF_KIND_CATEGORY || column->kind == HF_KIND_DATE)
        return fail_column(grid, column, error);
    for (int64_t row = 0; row < grid->rows; row++) {
        double value = hf_column_number(column, row);
        if (isnan(value)) continue;
        if (column->storage == HF_STORAGE_F32) {
            char text[32]; // the number as the file wrote it
            const size_t length = hf_format_f32(text, (float)value);
            hf_parse_double(&value, text, length);
        }
        const hf_status status = hf_weighting_edit(set, first + (int32_t)row, column->name, value, &why);
        if (status == HF_ERROR_USAGE) return fail_row(grid, row, &why, error);
        if (status != HF_OK) return status;
    }
    return HF_OK;
}

hf_status hf_weighting_grid(hf_weighting_set *set, int32_t first, const hf_frame *grid, hf_error *error)
{
    hf_error why = {0};
    // Segments' weights after the definition's own, whatever the order of the columns.
    for (int turn = 0; turn < 2; turn++)
        for (int32_t c = 0; c < grid->column_count; c++) {
            if ((strchr(grid->columns[c].name, ':') != NULL) != turn) continue;
            const hf_status status = edit_column(set, first, grid, &grid->columns[c], error);
            if (status != HF_OK) return status;
        }
    for (int64_t row = 0; row < grid->rows; row++) {
        hf_weighting_name *name = &set->name[first + row];
        name->kind = HF_WEIGHTING_GRID;
        snprintf(name->name, sizeof name->name, "row %lld", (long long)row + 1);
        if (hf_weighting_check(set, first + (int32_t)row, &why) != HF_OK)
            return hf_fail_at(error, HF_ERROR_DATA, grid->source, 0, 0, "%s", why.message); // names the row
    }
    return HF_OK;
}
