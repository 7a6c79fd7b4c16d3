// SPDX-License-Identifier: Apache-2.0
//
// The experiments a store keeps, a line each.
#include "report/report_room.h"

#include <stdlib.h>
#include <string.h>

static const char *word(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

// What of a record the list shows.
static json_t *line_of(const json_t *record)
{
    const json_t *inputs = json_object_get(record, "inputs"),
                 *definition = json_object_get(inputs, "definition"),
                 *nights = json_object_get(inputs, "snapshots");
    const size_t count = json_array_size(nights);
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s}", "name", word(record, "name"), "kind",
                     word(record, "holdfast"), "hash", word(record, "hash"), "definition",
                     word(definition, "path"), "snapshots", (json_int_t)count, "as_of",
                     word(json_array_get(nights, count > 0 ? count - 1 : 0), "as_of"), "version",
                     word(record, "version"));
}

hf_status hf_report_experiments(hf_text *text, const hf_context *context, const json_t *records,
                                hf_error *error)
{
    hf_grid *grid;
    size_t i;
    json_t *record;
    if (json_array_size(records) == 0) {
        hf_text_puts(text, "no experiments yet; 'holdfast whatif weights --name NAME' keeps one\n");
        return hf_text_status(text, error);
    }
    hf_status status = hf_grid_create(&grid, context, "name|kind|hash|definition|>dates|as of", error);
    if (status != HF_OK) return status;
    json_array_foreach(records, i, record)
    {
        json_t *line = line_of(record);
        hf_grid_cell(grid, "%s", word(line, "name"));
        hf_grid_cell(grid, "%s", word(line, "kind"));
        hf_grid_cell(grid, "%.8s", word(line, "hash"));
        hf_grid_cell(grid, "%s", word(line, "definition"));
        hf_grid_cell(grid, "%d", (int)json_integer_value(json_object_get(line, "snapshots")));
        hf_grid_cell(grid, "%s", word(line, "as_of"));
        json_decref(line);
    }
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

hf_status hf_report_experiments_json(hf_text *text, const json_t *records, hf_error *error)
{
    json_t *list = json_array(), *record;
    size_t i;
    int bad = list == NULL;
    json_array_foreach(records, i, record) bad |= json_array_append_new(list, line_of(record));
    char *printed = bad ? NULL : json_dumps(list, JSON_INDENT(2));
    json_decref(list);
    if (!printed) return hf_fail_memory(error);
    hf_text_puts(text, printed);
    hf_text_putc(text, '\n');
    free(printed);
    return hf_text_status(text, error);
}
