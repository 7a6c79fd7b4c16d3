// SPDX-License-Identifier: Apache-2.0
//
// An evaluation by rolling origins: what each origin's training knew, what became of the rows that judge it,
// and the figures by origin and over all, as tables for people and as JSON for programs.
#include "report/report_room.h"

#include <stdlib.h>

// ---- tables ------------------------------------------------------------------------------------------------

static void count_cell(hf_grid *grid, int64_t count)
{
    char text[32];
    hf_grid_cell(grid, "%s", hf_grouped(text, count));
}

static void add_origin(hf_grid *grid, const hf_rolling_origin *o)
{
    const hf_ledger_row *t = &o->trained;
    const hf_date dates[] = {o->origin, o->first_trained, o->last_trained};
    char date[11];
    for (size_t i = 0; i < 3; i++) {
        hf_date_format(dates[i], date);
        hf_grid_cell(grid, "%s", date);
    }
    count_cell(grid, t->rows);
    count_cell(grid, t->rows - t->censored - t->kept);
    count_cell(grid, t->censored);
    count_cell(grid, t->kept);
    count_cell(grid, t->events);
    hf_grid_cell(grid, "%.2f %%", 100.0 * (double)t->events / (double)t->kept);
}

static hf_status add_training(hf_text *text, const hf_context *context, const hf_rolling_report *r,
                              hf_error *error)
{
    hf_grid *grid;
    hf_status status =
        hf_grid_create(&grid, context,
                       "origin|trained from|to|>rows|>dropped|>window still open|>kept|>events|>rate", error);
    if (status != HF_OK) return status;
    for (int32_t k = 0; k < r->count; k++)
        add_origin(grid, &r->origins[k]);
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}

hf_status hf_report_rolling(hf_text *text, const hf_context *context, const hf_rolling_report *r,
                            hf_error *error)
{
    hf_status status = HF_OK;
    hf_evaluation *each = hf_new(context, (size_t)r->count, sizeof *each);
    if (!each) return hf_fail_memory(error);
    for (int32_t k = 0; k < r->count; k++)
        each[k] = r->origins[k].judged;
    hf_text_puts(text, "\nTrained at each origin, on what was known then\n");
    HF_TRY(done, add_training(text, context, r, error));
    if (r->groups > 0)
        hf_text_printf(text,
                       "No account is judged by a model that was trained on it: accounts are in %d groups, "
                       "each judged by a model of the others.\n",
                       r->groups);
    else
        hf_text_puts(text, "Accounts that are judged may have been trained on, at earlier dates.\n");
    hf_text_puts(text, "\nJudged on\n");
    HF_TRY(done, hf_report_ledger(text, context, r->ledger, error));
    hf_text_putc(text, '\n');
    HF_TRY(done, hf_report_evaluation(text, context, each, r->count, &r->pooled, NULL, r->alpha, error));
done:
    hf_delete(context, each);
    return status;
}

// ---- JSON --------------------------------------------------------------------------------------------------

static json_t *date_json(hf_date date)
{
    char text[11];
    hf_date_format(date, text);
    return json_string(text);
}

// Takes the value's reference.
static json_t *origin_json(const hf_rolling_origin *o)
{
    const hf_ledger_row *t = &o->trained;
    json_t *out = hf_report_evaluation_value(&o->judged);
    json_t *trained = json_pack(
        "{s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "from", date_json(o->first_trained), "to",
        date_json(o->last_trained), "rows", (json_int_t)t->rows, "churned", (json_int_t)t->churned, "in_lead",
        (json_int_t)t->in_lead, "open", (json_int_t)t->censored, "no_snapshot", (json_int_t)t->no_snapshot,
        "moved", (json_int_t)t->moved, "kept", (json_int_t)t->kept, "events", (json_int_t)t->events);
    int bad = json_object_del(out, "fold");
    bad |= json_object_set_new(out, "origin", date_json(o->origin));
    bad |= json_object_set_new(out, "trained", trained);
    if (!bad) return out;
    json_decref(out);
    return NULL;
}

hf_status hf_report_rolling_json(hf_text *text, const hf_rolling_report *r, hf_error *error)
{
    json_t *root = json_object(), *origins = json_array(), *pooled = hf_report_evaluation_value(&r->pooled);
    int bad = json_object_set_new(root, "accounts", json_string(r->groups > 0 ? "apart" : "together"));
    for (int32_t k = 0; k < r->count; k++)
        bad |= json_array_append_new(origins, origin_json(&r->origins[k]));
    bad |= json_object_set_new(root, "origins", origins);
    bad |= json_object_del(pooled, "fold");
    bad |= json_object_set_new(root, "pooled", pooled);
    bad |= json_object_set_new(root, "ledger", hf_ledger_to_json(r->ledger));
    char *printed = bad ? NULL : json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(12));
    json_decref(root);
    if (!printed) return hf_fail_memory(error);
    hf_text_puts(text, printed);
    hf_text_putc(text, '\n');
    free(printed);
    return hf_text_status(text, error);
}
