// SPDX-License-Identifier: Apache-2.0
//
// What a store holds, as tables: its snapshots, its scores, and the signals of one snapshot.
#include "report/report_room.h"

#include <math.h>

static hf_status print_list(hf_text *text, const hf_context *context, const char *head,
                            const hf_snapshot_info *list, int32_t count, hf_error *error)
{
    hf_grid *grid;
    hf_status status = hf_grid_create(&grid, context, head, error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < count; i++) {
        char date[11], number[32];
        hf_date_format(list[i].as_of, date);
        hf_grid_cell(grid, "%s", date);
        hf_grid_cell(grid, "%d", (int)list[i].revision);
        hf_grid_cell(grid, "%s", hf_grouped(number, list[i].rows));
        hf_grid_cell(grid, "%d", (int)list[i].columns);
        hf_grid_cell(grid, "%s", hf_grouped(number, list[i].bytes));
        hf_grid_cell(grid, "%s", list[i].recorded_at);
        hf_grid_cell(grid, "%.12s", list[i].fingerprint);
    }
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

hf_status hf_report_snapshots(hf_text *text, const hf_context *context, const hf_snapshot_info *list,
                              int32_t count, hf_error *error)
{
    return print_list(text, context, "as of|>revision|>accounts|>signals|>bytes|recorded at|fingerprint",
                      list, count, error);
}

hf_status hf_report_kept_scores(hf_text *text, const hf_context *context, const hf_snapshot_info *list,
                                int32_t count, hf_error *error)
{
    return print_list(text, context, "scores of|>revision|>accounts|>columns|>bytes|recorded at|fingerprint",
                      list, count, error);
}

// The least and greatest value of a numeric or date column, as text; "" where there is none.
static void range_of(char low[32], char high[32], const hf_frame *frame, int32_t c)
{
    const hf_column *column = &frame->columns[c];
    double least = INFINITY, most = -INFINITY;
    low[0] = high[0] = '\0';
    if (column->storage == HF_STORAGE_CODE || column->missing == frame->rows) return;
    for (int64_t i = 0; i < frame->rows; i++) {
        const int32_t *days = column->values;
        double x = column->storage != HF_STORAGE_DAY ? hf_column_number(column, i)
                   : days[i] == HF_DATE_MISSING      ? (double)NAN
                                                     : (double)days[i];
        if (x < least) least = x;
        if (x > most) most = x;
    }
    if (column->storage == HF_STORAGE_DAY) {
        hf_date_format((hf_date)least, low);
        hf_date_format((hf_date)most, high);
    } else if (column->storage == HF_STORAGE_F64) {
        hf_format_f64(low, least);
        hf_format_f64(high, most);
    } else {
        hf_format_f32(low, (float)least);
        hf_format_f32(high, (float)most);
    }
}

hf_status hf_report_frame(hf_text *text, const hf_context *context, const hf_frame *frame,
                          const hf_snapshot_info *info, hf_error *error)
{
    char date[11], number[32];
    hf_date_format(info->as_of, date);
    hf_text_printf(text, "%s, revision %d: %s accounts, %d signals\n", date, (int)info->revision,
                   hf_grouped(number, info->rows), (int)info->columns);
    hf_text_printf(text, "recorded %s from %s\nfingerprint %s\n\n", info->recorded_at, frame->source,
                   info->fingerprint);
    hf_grid *grid;
    hf_status status = hf_grid_create(&grid, context, "signal|kind|>missing|>levels|>least|>greatest", error);
    if (status != HF_OK) return status;
    for (int32_t c = 0; c < frame->column_count; c++) {
        hf_column_info column = hf_frame_column(frame, c);
        char low[32], high[32];
        range_of(low, high, frame, c);
        hf_grid_cell(grid, "%s", column.name);
        hf_grid_cell(grid, "%s", hf_kind_name(column.kind));
        hf_grid_cell(grid, "%s", hf_grouped(number, column.missing));
        if (column.storage == HF_STORAGE_CODE)
            hf_grid_cell(grid, "%d", (int)column.levels);
        else
            hf_grid_cell(grid, "%s", "");
        hf_grid_cell(grid, "%s", low);
        hf_grid_cell(grid, "%s", high);
    }
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}
