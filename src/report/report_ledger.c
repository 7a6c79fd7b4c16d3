// SPDX-License-Identifier: Apache-2.0
//
// The ledger: what became of every row on its way to training, by as-of date, so that nobody has to ask
// where the accounts went.
#include "report/report_room.h"

static void add_row(hf_grid *grid, const char *name, const hf_ledger_row *row)
{
    char text[32];
    hf_grid_cell(grid, "%s", name);
    const int64_t counts[] = {row->rows, row->churned, row->in_lead, row->censored, row->kept, row->events};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        hf_grid_cell(grid, "%s", hf_grouped(text, counts[i]));
    if (row->kept > 0)
        hf_grid_cell(grid, "%.2f %%", 100.0 * (double)row->events / (double)row->kept);
    else
        hf_grid_cell(grid, "-");
}

hf_status hf_report_ledger(hf_text *text, const hf_context *context, const hf_ledger *ledger, hf_error *error)
{
    hf_grid *grid;
    hf_status status = hf_grid_create(
        &grid, context, "as of|>accounts|>churned before|>churned in lead|>censored|>kept|>events|>rate",
        error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < ledger->count; i++) {
        char date[11];
        hf_date_format(ledger->rows[i].as_of, date);
        add_row(grid, date, &ledger->rows[i]);
    }
    add_row(grid, "total", &ledger->total);
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}
