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

static json_t *row_to_json(const hf_ledger_row *row, bool anchored)
{
    json_t *out = json_object();
    int bad = 0;
    char date[11];
    if (row->as_of != HF_DATE_MISSING) {
        hf_date_format(row->as_of, date);
        if (anchored) date[7] = '\0';
        bad |= json_object_set_new(out, anchored ? "month" : "as_of", json_string(date));
    }
    bad |= json_object_set_new(out, "rows", json_integer(row->rows));
    bad |= json_object_set_new(out, "kept", json_integer(row->kept));
    bad |= json_object_set_new(out, "events", json_integer(row->events));
    bad |= json_object_set_new(
        out, "rate", row->kept > 0 ? json_real((double)row->events / (double)row->kept) : json_null());
    bad |= json_object_set_new(out, "churned", json_integer(row->churned));
    bad |= json_object_set_new(out, "in_lead", json_integer(row->in_lead));
    bad |= json_object_set_new(out, "censored", json_integer(row->censored));
    if (anchored) {
        bad |= json_object_set_new(out, "no_snapshot", json_integer(row->no_snapshot));
        bad |= json_object_set_new(out, "moved", json_integer(row->moved));
    }
    if (!bad) return out;
    json_decref(out);
    return NULL;
}

json_t *hf_ledger_to_json(const hf_ledger *ledger)
{
    json_t *out = json_object(), *rows = json_array();
    bool made = out && rows;
    for (int32_t i = 0; made && i < ledger->count; i++)
        made = json_array_append_new(rows, row_to_json(&ledger->rows[i], ledger->anchored)) == 0;
    if (made) made = json_object_set(out, "rows", rows) == 0;
    if (made) made = json_object_set_new(out, "total", row_to_json(&ledger->total, ledger->anchored)) == 0;
    if (made && ledger->anchored)
        made = json_object_set_new(out, "ahead", json_integer(ledger->ahead)) == 0 &&
               json_object_set_new(out, "dropped_on_the_day", json_integer(ledger->on_day)) == 0;
    json_decref(rows);
    if (made) return out;
    json_decref(out);
    return NULL;
}
