// SPDX-License-Identifier: Apache-2.0
//
// Surfaces and rules to JSON and back. A surface has all its values; a rule has, for each signal, the cells
// it asks for, and one weight. Reading trusts nothing: every field is checked and the first that is wrong is
// named.
#include "term/term_grid.h"

#include <math.h>
#include <string.h>

enum { MOST_VALUES = 1 << 22 }; // floats hold such numbers of cells exactly

// ---- writing -------------------------------------------------------------------------------------------------

static json_t *levels_json(const hf_axis *axis)
{
    json_t *list = json_array();
    for (int32_t i = 0; list && i < axis->levels.count; i++) {
        json_t *level = json_pack("{s:s, s:i}", "level", hf_dictionary_text(&axis->levels, i), "cell",
                                  axis->level_cell[i]);
        if (!level || json_array_append_new(list, level) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *numbers_json(const double *numbers, int64_t count)
{
    json_t *list = json_array();
    for (int64_t i = 0; list && i < count; i++)
        if (json_array_append_new(list, json_real(numbers[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *axis_json(const hf_axis *axis)
{
    const char *kind = hf_kind_name(axis->kind);
    if (axis->kind == HF_KIND_CATEGORY)
        return json_pack("{s:s, s:s, s:s, s:i, s:o, s:i}", "signal", axis->signal, "kind", kind, "unit",
                         axis->unit, "cells", axis->cells, "levels", levels_json(axis), "other", axis->other);
    return json_pack("{s:s, s:s, s:s, s:i, s:o}", "signal", axis->signal, "kind", kind, "unit", axis->unit,
                     "cells", axis->cells, "edges", numbers_json(axis->edge, axis->edges));
}

// The cells of an axis that a rule asks for: where a value is not 0.
static json_t *asked_json(const hf_term *term, int32_t axis)
{
    const int64_t count = hf_term_value_count(term);
    const int32_t cells = term->axes[axis].cells;
    bool in[HF_AXIS_CELLS] = {false};
    int64_t stride = 1;
    for (int32_t a = axis + 1; a < term->axis_count; a++)
        stride *= term->axes[a].cells;
    for (int64_t i = 0; i < count; i++)
        if (term->values[i] != 0.0) in[i / stride % cells] = true;
    json_t *list = json_array();
    for (int32_t c = 0; list && c < cells; c++)
        if (in[c] && json_array_append_new(list, json_integer(c)) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static double weight_of(const hf_term *term)
{
    const int64_t count = hf_term_value_count(term);
    for (int64_t i = 0; i < count; i++)
        if (term->values[i] != 0.0) return term->values[i];
    return 0.0;
}

static json_t *axes_json(const hf_term *term)
{
    json_t *list = json_array();
    for (int32_t a = 0; list && a < term->axis_count; a++) {
        json_t *axis = axis_json(&term->axes[a]);
        if (axis && term->kind == HF_TERM_RULE) {
            if (json_object_set_new(axis, "in", asked_json(term, a)) != 0) {
                json_decref(axis);
                axis = NULL;
            }
        }
        if (!axis || json_array_append_new(list, axis) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *hf_grid_to_json(const hf_term *term)
{
    if (term->kind == HF_TERM_RULE)
        return json_pack("{s:o, s:f}", "conditions", axes_json(term), "weight", weight_of(term));
    return json_pack("{s:o, s:o}", "axes", axes_json(term), "values",
                     numbers_json(term->values, hf_term_value_count(term)));
}

// ---- reading -------------------------------------------------------------------------------------------------

typedef struct {
    const hf_context *context;
    const char *file, *signal;
    hf_error *error;
} reading;

static hf_status damaged(const reading *r, const char *field, const char *expected)
{
    return hf_fail_at(
        r->error, HF_ERROR_DAMAGED, r->file, 0, 0,
        "term '%s', field '%s': expected %s; the model was altered or cut short, train it again", r->signal,
        field, expected);
}

static hf_status read_text(char **out, const reading *r, const json_t *object, const char *field, bool empty)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_string(value) || (!empty && json_string_length(value) == 0) ||
        strlen(json_string_value(value)) != json_string_length(value))
        return damaged(r, field, "a text");
    *out = hf_copy_text(r->context, json_string_value(value), json_string_length(value));
    return *out ? HF_OK : hf_fail_memory(r->error);
}

static hf_status read_edges(hf_axis *axis, const reading *r, const json_t *json)
{
    const json_t *list = json_object_get(json, "edges");
    if (!json_is_array(list) || json_array_size(list) != (size_t)(axis->cells - 2))
        return damaged(r, "edges", "two fewer than there are cells");
    axis->edge = hf_new(r->context, json_array_size(list), sizeof *axis->edge);
    if (!axis->edge) return hf_fail_memory(r->error);
    axis->edges = axis->cells - 2;
    for (int32_t k = 0; k < axis->edges; k++) {
        const json_t *edge = json_array_get(list, (size_t)k);
        if (!json_is_number(edge)) return damaged(r, "edges", "numbers");
        axis->edge[k] = json_number_value(edge);
        if (k > 0 && !(axis->edge[k] > axis->edge[k - 1])) return damaged(r, "edges", "ascending numbers");
    }
    return HF_OK;
}

static bool is_cell(const json_t *json, int32_t cells)
{
    return json_is_integer(json) && json_integer_value(json) >= 0 && json_integer_value(json) < cells;
}

static hf_status read_levels(hf_axis *axis, const reading *r, const json_t *json)
{
    hf_status status = HF_OK;
    const json_t *list = json_object_get(json, "levels"), *other = json_object_get(json, "other");
    const size_t n = json_array_size(list);
    if (!json_is_array(list) || n > INT32_MAX / 2) return damaged(r, "levels", "a list");
    if (!is_cell(other, axis->cells)) return damaged(r, "other", "a cell's number");
    axis->other = (int32_t)json_integer_value(other);
    const char **texts = hf_new(r->context, n, sizeof *texts);
    size_t *lengths = hf_new(r->context, n, sizeof *lengths);
    axis->level_cell = hf_new(r->context, n, sizeof *axis->level_cell);
    if (!texts || !lengths || !axis->level_cell) {
        status = hf_fail_memory(r->error);
        goto done;
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *level = json_array_get(list, i), *text = json_object_get(level, "level");
        if (!json_is_string(text) || strlen(json_string_value(text)) != json_string_length(text) ||
            (i > 0 && strcmp(texts[i - 1], json_string_value(text)) >= 0)) {
            status = damaged(r, "levels", "distinct texts in bytewise order");
            goto done;
        }
        if (!is_cell(json_object_get(level, "cell"), axis->cells)) {
            status = damaged(r, "cell", "a cell's number");
            goto done;
        }
        texts[i] = json_string_value(text);
        lengths[i] = json_string_length(text);
        axis->level_cell[i] = (int32_t)json_integer_value(json_object_get(level, "cell"));
    }
    status = hf_dictionary_build(&axis->levels, r->context, texts, lengths, (int32_t)n, NULL, r->error);
done:
    hf_delete(r->context, texts);
    hf_delete(r->context, lengths);
    return status;
}

static hf_status read_axis(hf_axis *axis, const reading *r, const json_t *json, const char *list)
{
    const json_t *kind = json_object_get(json, "kind"), *cells = json_object_get(json, "cells");
    if (!json_is_object(json)) return damaged(r, list, "an object for each signal");
    if (!json_is_integer(cells) || json_integer_value(cells) < 2 || json_integer_value(cells) > HF_AXIS_CELLS)
        return damaged(r, "cells", "a number from 2 to 256");
    axis->cells = (int32_t)json_integer_value(cells);
    if (!json_is_string(kind) || !hf_kind_from_name(&axis->kind, json_string_value(kind)) ||
        axis->kind == HF_KIND_DATE)
        return damaged(r, "kind", "the kind of a signal");
    hf_status status = read_text(&axis->signal, r, json, "signal", false);
    if (status == HF_OK) status = read_text(&axis->unit, r, json, "unit", true);
    if (status != HF_OK) return status;
    return axis->kind == HF_KIND_CATEGORY ? read_levels(axis, r, json) : read_edges(axis, r, json);
}

static hf_status read_values(hf_term *term, const reading *r, const json_t *list)
{
    const int64_t count = hf_term_value_count(term);
    if (!json_is_array(list) || json_array_size(list) != (size_t)count)
        return damaged(r, "values", "one for every combination of cells");
    for (int64_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        if (!json_is_number(value)) return damaged(r, "values", "numbers");
        term->values[i] = json_number_value(value);
    }
    return HF_OK;
}

// The weight at every combination of cells that the conditions ask for.
static hf_status read_weight(hf_term *term, const reading *r, const json_t *json)
{
    const json_t *weight = json_object_get(json, "weight"), *conditions = json_object_get(json, "conditions");
    bool in[HF_AXES][HF_AXIS_CELLS] = {{false}};
    if (!json_is_number(weight)) return damaged(r, "weight", "a number");
    for (int32_t a = 0; a < term->axis_count; a++) {
        const json_t *cells = json_object_get(json_array_get(conditions, (size_t)a), "in");
        int64_t last = -1;
        if (!json_is_array(cells) || json_array_size(cells) == 0)
            return damaged(r, "in", "a list of cells, not empty");
        for (size_t k = 0; k < json_array_size(cells); k++) {
            const json_t *cell = json_array_get(cells, k);
            if (!is_cell(cell, term->axes[a].cells) || json_integer_value(cell) <= last)
                return damaged(r, "in", "numbers of cells, ascending");
            last = json_integer_value(cell);
            in[a][last] = true;
        }
    }
    const int64_t count = hf_term_value_count(term);
    for (int64_t i = 0; i < count; i++) {
        bool holds = true;
        int64_t rest = i;
        for (int32_t a = term->axis_count - 1; a >= 0; a--) {
            holds = holds && in[a][rest % term->axes[a].cells];
            rest /= term->axes[a].cells;
        }
        term->values[i] = holds ? json_number_value(weight) : 0.0;
    }
    return HF_OK;
}

// A surface or rule goes by its signals' names, joined.
static hf_status check_signal(const hf_term *term, const reading *r)
{
    const char *rest = term->signal;
    for (int32_t a = 0; a < term->axis_count; a++) {
        const char *name = term->axes[a].signal;
        const size_t length = strlen(name);
        if (a > 0 && strncmp(rest, " x ", 3) != 0)
            return damaged(r, "signal", "the signals, joined by ' x '");
        rest += a > 0 ? 3 : 0;
        if (strncmp(rest, name, length) != 0) return damaged(r, "signal", "the signals, joined by ' x '");
        rest += length;
    }
    return *rest == '\0' ? HF_OK : damaged(r, "signal", "the signals, joined by ' x '");
}

hf_status hf_grid_from_json(hf_term *out, const hf_context *context, const json_t *json, const char *file,
                            hf_error *error)
{
    const reading r = {context, file, out->signal ? out->signal : "?", error};
    const bool rule = out->kind == HF_TERM_RULE;
    const json_t *axes = json_object_get(json, rule ? "conditions" : "axes");
    const size_t n = json_array_size(axes);
    if (!json_is_object(json)) return damaged(&r, rule ? "rule" : "surface", "an object");
    if (!json_is_array(axes) || n < 1 || n > HF_AXES || (!rule && n != 2))
        return damaged(&r, rule ? "conditions" : "axes", rule ? "one to four signals" : "two signals");
    for (size_t a = 0; a < n; a++) {
        out->axis_count = (int32_t)a + 1;
        hf_status status =
            read_axis(&out->axes[a], &r, json_array_get(axes, a), rule ? "conditions" : "axes");
        if (status != HF_OK) return status;
    }
    const hf_status status = check_signal(out, &r);
    if (status != HF_OK) return status;
    const int64_t count = hf_term_value_count(out);
    if (count > MOST_VALUES) return damaged(&r, "cells", "fewer of them");
    out->values = hf_new(context, (size_t)count, sizeof *out->values);
    if (!out->values) return hf_fail_memory(error);
    return rule ? read_weight(out, &r, json) : read_values(out, &r, json_object_get(json, "values"));
}
