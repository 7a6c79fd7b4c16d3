// SPDX-License-Identifier: Apache-2.0
//
// The ledger of a labelling: how many rows came in at each as-of date, how many were kept, and why the others
// were dropped. It is printed by the verbs and kept in the model.
#include "history/history_room.h"

void hf_ledger_free(const hf_context *context, hf_ledger *ledger)
{
    hf_delete(context, ledger->rows);
    *ledger = (hf_ledger){0};
}

static json_t *row_to_json(const hf_ledger_row *row)
{
    json_t *counts = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "rows", (json_int_t)row->rows, "kept",
                               (json_int_t)row->kept, "events", (json_int_t)row->events, "churned",
                               (json_int_t)row->churned, "in_lead", (json_int_t)row->in_lead, "censored",
                               (json_int_t)row->censored);
    if (!counts || row->as_of == HF_DATE_MISSING) return counts;
    char date[11];
    hf_date_format(row->as_of, date);
    json_t *dated = json_pack("{s:s}", "as_of", date);
    if (dated && json_object_update(dated, counts) != 0) {
        json_decref(dated);
        dated = NULL;
    }
    json_decref(counts);
    return dated;
}

json_t *hf_ledger_to_json(const hf_ledger *ledger)
{
    json_t *out = json_object(), *rows = json_array();
    bool made = out && rows;
    for (int32_t i = 0; made && i < ledger->count; i++)
        made = json_array_append_new(rows, row_to_json(&ledger->rows[i])) == 0;
    if (made) made = json_object_set(out, "rows", rows) == 0;
    if (made) made = json_object_set_new(out, "total", row_to_json(&ledger->total)) == 0;
    json_decref(rows);
    if (made) return out;
    json_decref(out);
    return NULL;
}
