// SPDX-License-Identifier: Apache-2.0
//
// What a binding shows about the data, for the log: one line a column, so that a new category or a feed that
// went silent is seen before its scores are used.
#include "score/plan.h"

enum { NAMES_SHOWN = 5 };

// Levels of the column that the model does not know, and the rows that have them. A surface or rule alone
// keeps only the commoner levels by name, so of its levels no more can be said than that.
static hf_status report_levels(const hf_context *context, const hf_need *need, int64_t rows, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_column *column = need->column;
    const hf_dictionary *levels = need->term ? &need->term->table.levels : &need->axis->levels;
    const int32_t *codes = column->values;
    int64_t affected = 0, unseen = 0;
    hf_text names;
    hf_text_init(&names, context);
    bool *unknown = hf_new(context, (size_t)column->dictionary.count + 1, sizeof *unknown);
    if (!unknown) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t code = 0; code < column->dictionary.count; code++) {
        const char *level = hf_dictionary_text(&column->dictionary, code);
        unknown[code + 1] = hf_dictionary_find(levels, level) < 0;
        if (unknown[code + 1] && ++unseen <= NAMES_SHOWN)
            hf_text_printf(&names, "%s'%s'", unseen > 1 ? ", " : "", level);
    }
    for (int64_t i = 0; unseen > 0 && i < rows; i++)
        affected += unknown[codes[i] + 1];
    HF_TRY(done, hf_text_status(&names, error));
    if (affected > 0)
        hf_warn(context, "column '%s': %lld level%s %s (%s%s) in %lld row%s, scored as rare", column->name,
                (long long)unseen, unseen == 1 ? "" : "s",
                need->term ? "training did not see" : "that training saw too rarely or not at all",
                names.data, unseen > NAMES_SHOWN ? ", ..." : "", (long long)affected,
                affected == 1 ? "" : "s");
done:
    hf_delete(context, unknown);
    hf_text_free(&names);
    return status;
}

static hf_status report_unused(const hf_plan *plan, const hf_context *context, hf_error *error)
{
    hf_status status = HF_OK;
    int32_t unused = 0;
    hf_text names;
    hf_text_init(&names, context);
    bool *used = hf_new(context, (size_t)plan->frame->column_count, sizeof *used);
    if (!used) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < plan->need_count; i++)
        if (plan->needs[i].column) used[plan->needs[i].column - plan->frame->columns] = true;
    for (int32_t c = 0; c < plan->frame->column_count; c++)
        if (!used[c])
            hf_text_printf(&names, "%s'%s'", unused++ > 0 ? ", " : "", plan->frame->columns[c].name);
    HF_TRY(done, hf_text_status(&names, error));
    if (unused > 0)
        hf_info(context, "%d column%s the model does not use: %s", unused, unused == 1 ? "" : "s",
                names.data);
done:
    hf_delete(context, used);
    hf_text_free(&names);
    return status;
}

static void report_missing(const hf_plan *plan, const hf_context *context, const hf_need *need, int64_t rows)
{
    const hf_column *column = need->column;
    const char *path = plan->model->path;
    if (!column) {
        hf_warn(context, "the data lacks column '%s'%s%s; every account is scored as without a value",
                need->signal, path[0] ? " of the model " : "", path);
    } else if (column->missing == rows) {
        hf_warn(context, "column '%s': no row has a value", need->signal);
    } else if (column->missing > 0 && need->term && need->term->missing_seen == 0) {
        hf_warn(context,
                "column '%s': %lld row%s without a value; training had none, so their effect is unknown",
                need->signal, (long long)column->missing, column->missing == 1 ? "" : "s");
    }
}

// 12 % read as 0.12 in one file and as 12 in the other is the commonest way to a wrong unit.
static void report_ratio(const hf_context *context, const hf_need *need)
{
    if ((need->column->kind == HF_KIND_RATIO) == (need->kind == HF_KIND_RATIO)) return;
    hf_warn(context, "column '%s': %s in training, %s here; see that the unit is the same", need->signal,
            hf_kind_name(need->kind), hf_kind_name(need->column->kind));
}

hf_status hf_plan_report(const hf_plan *plan, const hf_context *context, hf_error *error)
{
    hf_status status = HF_OK;
    const int64_t rows = plan->frame->rows;
    for (int64_t i = 0; i < plan->need_count; i++) {
        const hf_need *need = &plan->needs[i];
        report_missing(plan, context, need, rows);
        if (!need->column || need->column->missing == rows) continue;
        report_ratio(context, need);
        if (need->kind == HF_KIND_CATEGORY) HF_TRY(done, report_levels(context, need, rows, error));
    }
    HF_TRY(done, report_unused(plan, context, error));
done:
    return status;
}
