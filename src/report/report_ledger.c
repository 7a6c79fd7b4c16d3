// SPDX-License-Identifier: Apache-2.0
//
// The ledger: what became of every row on its way to training, by as-of date, so that nobody has to ask
// where the accounts went.
#include "report/report_room.h"

#include <stdlib.h>

static void add_row(hf_grid *grid, const char *name, const hf_ledger_row *row, bool anchored)
{
    char text[32];
    hf_grid_cell(grid, "%s", name);
    const int64_t dropped[] = {row->rows,     row->churned,     row->in_lead,
                               row->censored, row->no_snapshot, row->moved};
    for (size_t i = 0; i < (anchored ? 6 : 4); i++)
        hf_grid_cell(grid, "%s", hf_grouped(text, dropped[i]));
    hf_grid_cell(grid, "%s", hf_grouped(text, row->kept));
    hf_grid_cell(grid, "%s", hf_grouped(text, row->events));
    if (row->kept > 0)
        hf_grid_cell(grid, "%.2f %%", 100.0 * (double)row->events / (double)row->kept);
    else
        hf_grid_cell(grid, "-");
}

hf_status hf_report_ledger(hf_text *text, const hf_context *context, const hf_ledger *ledger, hf_error *error)
{
    hf_grid *grid;
    hf_status status = hf_grid_create(
        &grid, context,
        ledger->anchored ? "month|>dates|>it had happened|>in the lead|>censored|>no snapshot|>moved|>kept|"
                           ">events|>rate"
                         : "as of|>accounts|>it had happened|>in the lead|>censored|>kept|>events|>rate",
        error);
    if (status != HF_OK) return status;
    for (int32_t i = 0; i < ledger->count; i++) {
        char date[11];
        hf_date_format(ledger->rows[i].as_of, date);
        if (ledger->anchored) date[7] = '\0';
        add_row(grid, date, &ledger->rows[i], ledger->anchored);
    }
    add_row(grid, "total", &ledger->total, ledger->anchored);
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

hf_status hf_report_ledger_json(hf_text *text, const json_t *ledger, hf_error *error)
{
    char *printed = json_dumps(ledger, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    if (!printed) return hf_fail_memory(error);
    hf_text_puts(text, printed);
    hf_text_putc(text, '\n');
    free(printed);
    return hf_text_status(text, error);
}
