// SPDX-License-Identifier: Apache-2.0
//
// Edits held to the columns they are of: the name, what a kind can stand, and, once all edits are done, the
// range of counts, ratios and dates. A range is the kind's own, or the data's where that goes beyond: growth
// is a ratio too.
#include "whatif/scenario_values.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { SHOWN = 200, SHOWN_PART = 60 };

static int shown(const char *text)
{
    return hf_condition_shown(text, strlen(text), SHOWN);
}

// ---- the column ------------------------------------------------------------------------------------------

static hf_status derived_signal(const hf_edit *edit, const hf_definition *definition, hf_error *error)
{
    const hf_derived_signal *d = NULL;
    for (int32_t i = 0; definition && i < definition->derived_count; i++)
        if (strcmp(definition->derived[i].name, edit->signal) == 0) d = &definition->derived[i];
    if (!d) return HF_OK;
    const bool two = d->by[0] != '\0';
    return hf_fail(error, HF_ERROR_DATA,
                   "the edit '%.*s' names '%s', which is derived from '%s'%s%s%s; edit %s, and it follows",
                   shown(edit->text), edit->text, edit->signal, d->of, two ? " and '" : "", two ? d->by : "",
                   two ? "'" : "", two ? "those" : "that");
}

static hf_status no_such_signal(const hf_edit *edit, const hf_frame *frame, hf_error *error)
{
    const char **names = hf_new(frame->context, (size_t)frame->column_count, sizeof *names);
    if (!names) return hf_fail_memory(error);
    for (int32_t i = 0; i < frame->column_count; i++)
        names[i] = frame->columns[i].name;
    const char *nearest = hf_nearest(edit->signal, names, (size_t)frame->column_count);
    hf_delete(frame->context, (void *)names);
    if (nearest)
        return hf_fail(error, HF_ERROR_DATA,
                       "the edit '%.*s' names the signal '%.*s', which the data lacks; did you mean '%s'?",
                       shown(edit->text), edit->text, shown(edit->signal), edit->signal, nearest);
    return hf_fail(error, HF_ERROR_DATA,
                   "the edit '%.*s' names the signal '%.*s', which the data lacks; name one it has",
                   shown(edit->text), edit->text, shown(edit->signal), edit->signal);
}

hf_status hf_scenario_column(int32_t *out, const hf_edit *edit, const hf_frame *frame, const hf_frame *base,
                             const hf_definition *definition, hf_error *error)
{
    const int32_t at = hf_frame_find(frame, edit->signal);
    if (at >= 0) {
        *out = at;
        return HF_OK;
    }
    hf_status status = derived_signal(edit, definition, error);
    return status == HF_OK ? no_such_signal(edit, base, error) : status;
}

// ---- values ----------------------------------------------------------------------------------------------

static hf_status refuse(const hf_edit *edit, const hf_column *column, const char *problem, hf_error *error)
{
    return hf_fail(error, HF_ERROR_DATA, "the edit '%.*s': '%s' is a %s, %s", shown(edit->text), edit->text,
                   column->name, hf_kind_name(column->kind), problem);
}

static hf_status refuse_value(const hf_edit *edit, const hf_column *column, int i, const char *remedy,
                              hf_error *error)
{
    char problem[256];
    const char *text = edit->value[i];
    snprintf(problem, sizeof problem, "and '%.*s' is none; %s",
             hf_condition_shown(text, strlen(text), SHOWN_PART), text, remedy);
    return refuse(edit, column, problem, error);
}

static bool is_any(const char *text, const char *one, const char *other)
{
    return strcmp(text, one) == 0 || strcmp(text, other) == 0;
}

static hf_status bind_flag(hf_bound_edit *out, const hf_edit *edit, const hf_column *column, hf_error *error)
{
    if (edit->action == HF_EDIT_UNSET) return HF_OK;
    if (edit->action != HF_EDIT_SET)
        return refuse(
            edit, column,
            "which can only be set: write = yes, = no or = missing; if it is a count of 0 and 1, say "
            "so under signals in the definition or with --kind",
            error);
    if (is_any(edit->value[0], "yes", "true")) out->number[0] = 1;
    if (is_any(edit->value[0], "no", "false")) out->number[0] = 0;
    if (out->number[0] == 0 || out->number[0] == 1) return HF_OK;
    return refuse_value(edit, column, 0, "write yes, no, 1, 0 or missing", error);
}

static hf_status bind_date(hf_bound_edit *out, const hf_edit *edit, const hf_column *column, hf_error *error)
{
    const int values = edit->action == HF_EDIT_CLIP ? 2 : edit->action == HF_EDIT_UNSET ? 0 : 1;
    if (edit->action == HF_EDIT_SCALE)
        return refuse(edit, column, "which cannot be scaled; move it by days with += or -=", error);
    if (edit->action == HF_EDIT_ADD) {
        if (edit->number[0] == floor(edit->number[0]) && fabs(edit->number[0]) <= 3652059) return HF_OK;
        return refuse(edit, column, "which moves by whole days, up to 10,000 years; write += 30", error);
    }
    for (int i = 0; i < values; i++)
        if (edit->date[i] == HF_DATE_MISSING)
            return refuse_value(edit, column, i, "write a date as YYYY-MM-DD", error);
    out->whole_value[0] = edit->date[0];
    out->whole_value[1] = edit->date[1];
    return HF_OK;
}

static hf_status bind_number(hf_bound_edit *out, const hf_edit *edit, const hf_column *column,
                             hf_error *error)
{
    const int values = edit->action == HF_EDIT_CLIP ? 2 : edit->action == HF_EDIT_UNSET ? 0 : 1;
    out->whole = column->kind == HF_KIND_COUNT;
    for (int i = 0; i < values; i++) {
        const double x = edit->number[i];
        if (!isfinite(x)) return refuse_value(edit, column, i, "write a number", error);
        if (out->whole && edit->action != HF_EDIT_SCALE && x != floor(x))
            return refuse(edit, column, "which is whole; write a whole number, or scale it with *=", error);
        if (column->storage == HF_STORAGE_F32 && fabs(x) > (double)FLT_MAX)
            return refuse(edit, column, "which does not hold so large a number; write a smaller one", error);
    }
    return HF_OK;
}

hf_status hf_scenario_bind(hf_bound_edit *out, const hf_edit *edit, const hf_column *column, hf_error *error)
{
    *out = (hf_bound_edit){.action = edit->action,
                           .number = {edit->number[0], edit->number[1]},
                           .whole_value = {HF_DATE_MISSING, HF_DATE_MISSING}};
    if (column->storage == HF_STORAGE_CODE) {
        if (edit->action == HF_EDIT_SET || edit->action == HF_EDIT_UNSET) return HF_OK;
        return refuse(edit, column, "which can only be set: write = and one of its levels, or = missing",
                      error);
    }
    if (column->storage == HF_STORAGE_DAY) return bind_date(out, edit, column, error);
    if (column->kind == HF_KIND_FLAG) return bind_flag(out, edit, column, error);
    return bind_number(out, edit, column, error);
}

static const char *nearest_level(const hf_context *context, const hf_dictionary *levels, const char *text)
{
    const char *nearest = NULL;
    const char **names = hf_new(context, (size_t)levels->count, sizeof *names);
    for (int32_t k = 0; names && k < levels->count; k++)
        names[k] = hf_dictionary_text(levels, k);
    if (names) nearest = hf_nearest(text, names, (size_t)levels->count);
    hf_delete(context, (void *)names);
    return nearest;
}

void hf_scenario_new_level(const hf_context *context, const hf_edit *edit, const hf_column *column)
{
    const char *nearest = nearest_level(context, &column->dictionary, edit->value[0]);
    if (nearest)
        hf_warn(context, "the edit '%.*s': no account has the level '%.*s'; did you mean '%s'?",
                shown(edit->text), edit->text, shown(edit->value[0]), edit->value[0], nearest);
    else
        hf_warn(context,
                "the edit '%.*s': no account has the level '%.*s' now; scores take it for one they "
                "do not know",
                shown(edit->text), edit->text, shown(edit->value[0]), edit->value[0]);
}

static void tell_levels(const hf_context *context, const hf_condition *condition, const hf_frame *base)
{
    for (int32_t i = 0; i < condition->count; i++) {
        const hf_comparing *part = &condition->parts[i];
        const int32_t at = hf_frame_find(base, part->signal);
        const hf_column *column = at < 0 ? NULL : &base->columns[at];
        if (!column || column->storage != HF_STORAGE_CODE) continue;
        for (int32_t k = 0; k < part->text_count; k++) {
            const char *text = part->texts[k];
            if (hf_dictionary_find(&column->dictionary, text) >= 0) continue;
            const char *nearest = nearest_level(context, &column->dictionary, text);
            hf_warn(context, "the condition '%.*s': no account has the level '%.*s' of '%s'%s%s%s",
                    shown(condition->text), condition->text, shown(text), text, part->signal,
                    nearest ? "; did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
        }
    }
}

void hf_scenario_tell_levels(const hf_context *context, const hf_scenario *scenario, const hf_frame *base)
{
    if (scenario->limited) tell_levels(context, &scenario->where, base);
    for (int32_t i = 0; i < scenario->count; i++)
        if (scenario->edits[i].limited) tell_levels(context, &scenario->edits[i].where, base);
}

// ---- what a column may hold ------------------------------------------------------------------------------

// The numbers a column may hold; no bound is infinite.
static void bounds_of(double *low, double *high, const hf_column *column, int64_t rows)
{
    *low = column->kind == HF_KIND_COUNT || column->kind == HF_KIND_RATIO ? 0 : -(double)INFINITY;
    *high = column->kind == HF_KIND_RATIO ? 1 : (double)INFINITY;
    for (int64_t i = 0; i < rows; i++) {
        const double x = hf_column_number(column, i);
        if (x < *low) *low = x;
        if (x > *high) *high = x;
    }
}

static void say_number(char out[32], const hf_column *column, int64_t row)
{
    const double x = hf_column_number(column, row);
    if (column->storage == HF_STORAGE_F32)
        hf_format_f32(out, (float)x);
    else
        hf_format_f64(out, x);
}

// Says of the account what it has become, and what to write.
static hf_status beyond(const hf_edit *edit, const hf_frame *frame, const hf_column *was,
                        const hf_column *now, int64_t row, double low, double high, hf_error *error)
{
    char before[32], after[32], bound[32], other[32], remedy[600];
    size_t length;
    const char *id = hf_frame_id(frame, row, &length);
    const double x = hf_column_number(now, row);
    say_number(before, was, row);
    say_number(after, now, row);
    hf_format_f64(bound, low);
    hf_format_f64(other, high);
    if (!isfinite(x))
        snprintf(remedy, sizeof remedy, "a number too large for it; write a smaller one");
    else if (now->kind == HF_KIND_COUNT)
        snprintf(remedy, sizeof remedy,
                 "and a count is at least %s; add --set '%.200s >= %s' after it, or edit fewer accounts",
                 bound, now->name, bound);
    else
        snprintf(remedy, sizeof remedy,
                 "and this ratio is from %s to %s; 20%% is written 20%% or 0.2; or add --set '%.200s in [%s, "
                 "%s]' after it",
                 bound, other, now->name, bound, other);
    return hf_fail(error, HF_ERROR_DATA, "the edit '%.*s' makes '%s' of account '%.*s' %s, which was %s, %s",
                   shown(edit->text), edit->text, now->name, (int)length, id, after,
                   before[0] ? before : "missing", remedy);
}

static hf_status check_numbers(const hf_edit *edit, const hf_frame *frame, const hf_column *was,
                               const hf_column *now, hf_error *error)
{
    double low, high;
    bounds_of(&low, &high, was, frame->rows);
    for (int64_t i = 0; i < frame->rows; i++) {
        const double x = hf_column_number(now, i);
        const bool same = x == hf_column_number(was, i);
        if (isnan(x) || same || (x >= low && x <= high && isfinite(x))) continue;
        return beyond(edit, frame, was, now, i, low, high, error);
    }
    return HF_OK;
}

static hf_status check_dates(const hf_edit *edit, const hf_frame *frame, const hf_column *was,
                             const hf_column *now, hf_error *error)
{
    const hf_date *before = was->values, *after = now->values;
    char date[11];
    size_t length;
    for (int64_t i = 0; i < frame->rows; i++) {
        if (after[i] == before[i] || after[i] == HF_DATE_MISSING) continue;
        hf_date_format(after[i], date);
        if (date[0] != '\0') continue;
        const char *id = hf_frame_id(frame, i, &length);
        hf_date_format(before[i], date);
        return hf_fail(
            error, HF_ERROR_DATA,
            "the edit '%.*s' moves '%s' of account '%.*s', %s, out of the years 1 to 9999; move it "
            "by fewer days",
            shown(edit->text), edit->text, now->name, (int)length, id, date);
    }
    return HF_OK;
}

hf_status hf_scenario_check(const hf_edit *edit, const hf_frame *frame, const hf_frame *base, hf_error *error)
{
    const int32_t at = hf_frame_find(frame, edit->signal);
    const hf_column *now = &frame->columns[at], *was = &base->columns[at];
    if (now->values == was->values || now->storage == HF_STORAGE_CODE) return HF_OK;
    return now->storage == HF_STORAGE_DAY ? check_dates(edit, frame, was, now, error)
                                          : check_numbers(edit, frame, was, now, error);
}
