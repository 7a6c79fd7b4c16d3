// SPDX-License-Identifier: Apache-2.0
//
// Terms to JSON and back, as models/README.md describes them. Writing gives doubles as they are (whoever
// dumps the text asks for 17 digits, which round-trip); reading trusts nothing: every field is checked and
// the first that is wrong is named.
#include "term/term_grid.h"

#include <math.h>
#include <string.h>

// Where a read is: what messages name.
typedef struct {
    const hf_context *context;
    const char *file;
    const char *signal;
    hf_error *error;
} reading;

static hf_status damaged(const reading *r, const char *field, const char *expected)
{
    return hf_fail_at(
        r->error, HF_ERROR_DAMAGED, r->file, 0, 0,
        "term '%s', field '%s': expected %s; the model was altered or cut short, train it again", r->signal,
        field, expected);
}

// ---- writing ---------------------------------------------------------------------------------------------

// NaN and infinities have no JSON: they are null, "none".
static json_t *number_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *pairs_to_json(const char *key, const double *at, const double *amount, int32_t count)
{
    json_t *list = json_array();
    for (int32_t k = 0; list && k < count; k++) {
        json_t *pair = json_pack("{s:f, s:f}", "at", at[k], key, amount[k]);
        if (!pair || json_array_append_new(list, pair) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *hf_curve_to_json(const hf_curve *c)
{
    return json_pack("{s:o, s:o, s:f, s:f, s:f, s:o, s:o}", "low", number_or_null(c->low), "high",
                     number_or_null(c->high), "origin", c->origin, "intercept", c->intercept, "slope",
                     c->slope, "hinges", pairs_to_json("slope", c->hinge_at, c->hinge_slope, c->hinges),
                     "steps", pairs_to_json("height", c->step_at, c->step_height, c->steps));
}

static json_t *table_to_json(const hf_table *table)
{
    json_t *levels = json_array();
    for (int32_t i = 0; levels && i < table->levels.count; i++) {
        json_t *level = json_pack("{s:s, s:f}", "level", hf_dictionary_text(&table->levels, i), "value",
                                  table->values[i]);
        if (!level || json_array_append_new(levels, level) != 0) {
            json_decref(levels);
            levels = NULL;
        }
    }
    return json_pack("{s:o, s:f}", "levels", levels, "pooled", table->pooled);
}

json_t *hf_term_to_json(const hf_term *term)
{
    static const char *const keys[] = {"curve", "table", "surface", "rule"};
    json_t *part = term->kind == HF_TERM_CURVE   ? hf_curve_to_json(&term->curve)
                   : term->kind == HF_TERM_TABLE ? table_to_json(&term->table)
                                                 : hf_grid_to_json(term);
    const char *way = term->monotone == 0 ? NULL : term->monotone > 0 ? "up" : "down";
    return json_pack("{s:s, s:s, s:s, s:f, s:f, s:o, s:o, s:I, s:s*, s:o}", "signal", term->signal, "kind",
                     hf_kind_name(term->signal_kind), "unit", term->unit, "missing", term->missing,
                     "reference", term->reference, "mean", number_or_null(term->mean), "deviation",
                     number_or_null(term->deviation), "missing_seen", (json_int_t)term->missing_seen,
                     "monotone", way, keys[term->kind], part);
}

// ---- reading ---------------------------------------------------------------------------------------------

static hf_status read_number(double *out, const reading *r, const json_t *object, const char *field)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_number(value)) return damaged(r, field, "a number");
    *out = json_number_value(value);
    return HF_OK;
}

static hf_status read_or_none(double *out, const reading *r, const json_t *object, const char *field,
                              double none)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_null(value))
        return json_is_number(value) ? read_number(out, r, object, field)
                                     : damaged(r, field, "a number or null");
    *out = none;
    return HF_OK;
}

static hf_status read_text(char **out, const reading *r, const json_t *object, const char *field)
{
    const json_t *value = json_object_get(object, field);
    if (!json_is_string(value)) return damaged(r, field, "a text");
    *out = hf_copy_text(r->context, json_string_value(value), json_string_length(value));
    return *out ? HF_OK : hf_fail_memory(r->error);
}

// A list of {"at": ..., amount: ...}, ascending by `at`.
static hf_status read_pairs(double **at, double **amounts, int32_t *count, const reading *r,
                            const json_t *object, const char *field, const char *amount)
{
    hf_status status = HF_OK;
    const json_t *list = json_object_get(object, field);
    if (!json_is_array(list)) return damaged(r, field, "a list");
    const size_t n = json_array_size(list);
    if (n > 1000000) return damaged(r, field, "at most a million entries");
    *at = hf_new(r->context, n, sizeof **at);
    *amounts = hf_new(r->context, n, sizeof **amounts);
    if (!*at || !*amounts) return hf_fail_memory(r->error);
    for (size_t k = 0; k < n; k++) {
        const json_t *pair = json_array_get(list, k);
        HF_TRY(done, read_number(&(*at)[k], r, pair, "at"));
        HF_TRY(done, read_number(&(*amounts)[k], r, pair, amount));
        if (k > 0 && (*at)[k] < (*at)[k - 1]) return damaged(r, field, "entries in ascending order of 'at'");
    }
    *count = (int32_t)n;
done:
    return status;
}

static hf_status read_curve(hf_curve *out, const reading *r, const json_t *json)
{
    hf_status status = HF_OK;
    if (!json_is_object(json)) return damaged(r, "curve", "an object");
    HF_TRY(done, read_or_none(&out->low, r, json, "low", -INFINITY));
    HF_TRY(done, read_or_none(&out->high, r, json, "high", INFINITY));
    if (out->low > out->high) return damaged(r, "low", "a number not above 'high'");
    HF_TRY(done, read_number(&out->origin, r, json, "origin"));
    HF_TRY(done, read_number(&out->intercept, r, json, "intercept"));
    HF_TRY(done, read_number(&out->slope, r, json, "slope"));
    HF_TRY(done, read_pairs(&out->hinge_at, &out->hinge_slope, &out->hinges, r, json, "hinges", "slope"));
    HF_TRY(done, read_pairs(&out->step_at, &out->step_height, &out->steps, r, json, "steps", "height"));
done:
    return status;
}

hf_status hf_curve_from_json(hf_curve *out, const hf_context *context, const json_t *json, const char *name,
                             const char *file, hf_error *error)
{
    hf_curve curve = {0};
    const reading r = {context, file, name, error};
    const hf_status status = read_curve(&curve, &r, json);
    if (status == HF_OK)
        *out = curve;
    else
        hf_curve_free(context, &curve);
    return status;
}

static hf_status read_levels(hf_table *out, const reading *r, const json_t *levels, const char **texts,
                             size_t *lengths)
{
    hf_status status = HF_OK;
    const size_t n = json_array_size(levels);
    for (size_t i = 0; i < n; i++) {
        const json_t *level = json_array_get(levels, i), *text = json_object_get(level, "level");
        if (!json_is_string(text)) return damaged(r, "level", "a text");
        texts[i] = json_string_value(text);
        lengths[i] = json_string_length(text);
        if (strlen(texts[i]) != lengths[i]) return damaged(r, "level", "a text without NUL");
        if (i > 0 && strcmp(texts[i - 1], texts[i]) >= 0)
            return damaged(r, "levels", "distinct levels in bytewise order");
        HF_TRY(done, read_number(&out->values[i], r, level, "value"));
    }
    status = hf_dictionary_build(&out->levels, r->context, texts, lengths, (int32_t)n, NULL, r->error);
done:
    return status;
}

static hf_status read_table(hf_table *out, const reading *r, const json_t *json)
{
    hf_status status = HF_OK;
    const char **texts = NULL;
    size_t *lengths = NULL;
    const json_t *levels = json_object_get(json, "levels");
    if (!json_is_object(json)) return damaged(r, "table", "an object");
    if (!json_is_array(levels)) return damaged(r, "levels", "a list");
    const size_t n = json_array_size(levels);
    if (n > INT32_MAX / 2) return damaged(r, "levels", "fewer levels");
    HF_TRY(done, read_number(&out->pooled, r, json, "pooled"));
    texts = hf_new(r->context, n, sizeof *texts);
    lengths = hf_new(r->context, n, sizeof *lengths);
    out->values = hf_new(r->context, n, sizeof *out->values);
    if (!texts || !lengths || !out->values) {
        status = hf_fail_memory(r->error);
        goto done;
    }
    status = read_levels(out, r, levels, texts, lengths);
done:
    hf_delete(r->context, texts);
    hf_delete(r->context, lengths);
    return status;
}

static hf_status read_kind(hf_kind *out, const reading *r, const json_t *json, bool table)
{
    const json_t *kind = json_object_get(json, "kind");
    hf_kind found;
    if (!json_is_string(kind) || !hf_kind_from_name(&found, json_string_value(kind)))
        return damaged(r, "kind", "the kind of a signal");
    if ((found == HF_KIND_CATEGORY) != table || found == HF_KIND_DATE)
        return damaged(r, "kind", table ? "'category' for a table" : "a numeric kind for a curve");
    *out = found;
    return HF_OK;
}

static hf_status read_missing_seen(int64_t *out, const reading *r, const json_t *json)
{
    const json_t *value = json_object_get(json, "missing_seen");
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return damaged(r, "missing_seen", "a whole number, not negative");
    *out = (int64_t)json_integer_value(value);
    return HF_OK;
}

// A slope or jump that goes the other way, but for rounding.
static bool turns(double sum, double size, int8_t monotone)
{
    return sum * monotone < -1e-9 * size;
}

// A curve said to go one way is held to it, between all its hinges and at its steps.
static bool goes_one_way(const hf_curve *c, int8_t monotone)
{
    double slope = c->slope, steepest = fabs(c->slope);
    for (int32_t k = 0; k < c->hinges; k++)
        steepest = fmax(steepest, fabs(c->hinge_slope[k]));
    if (turns(slope, steepest, monotone)) return false;
    for (int32_t k = 0; k < c->hinges; k++) {
        slope += c->hinge_slope[k];
        if (turns(slope, steepest, monotone)) return false;
    }
    for (int32_t k = 0; k < c->steps; k++)
        if (c->step_height[k] * monotone < 0.0) return false;
    return true;
}

static hf_status read_monotone(hf_term *term, const reading *r, const json_t *json)
{
    const json_t *way = json_object_get(json, "monotone");
    if (!way) return HF_OK;
    const char *text = json_string_value(way);
    if (term->kind == HF_TERM_CURVE && text)
        term->monotone = strcmp(text, "up") == 0 ? 1 : strcmp(text, "down") == 0 ? -1 : 0;
    if (term->monotone == 0) return damaged(r, "monotone", "'up' or 'down', of a curve");
    if (!goes_one_way(&term->curve, term->monotone))
        return damaged(r, "monotone",
                       term->monotone > 0 ? "a curve that only rises" : "a curve that only falls");
    return HF_OK;
}

hf_status hf_term_from_json(hf_term *out, const hf_context *context, const json_t *json, const char *file,
                            hf_error *error)
{
    hf_status status = HF_OK;
    hf_term term = {.kind = HF_TERM_CURVE};
    const json_t *signal = json_object_get(json, "signal");
    reading r = {context, file, json_is_string(signal) ? json_string_value(signal) : "?", error};
    if (!json_is_object(json)) return damaged(&r, "terms", "an object for each term");
    const json_t *curve = json_object_get(json, "curve"), *table = json_object_get(json, "table");
    const json_t *surface = json_object_get(json, "surface"), *rule = json_object_get(json, "rule");
    if (!!curve + !!table + !!surface + !!rule != 1)
        return damaged(&r, "curve", "one of a curve, a table, a surface and a rule");
    term.kind = curve ? HF_TERM_CURVE : table ? HF_TERM_TABLE : surface ? HF_TERM_SURFACE : HF_TERM_RULE;
    HF_TRY(done, read_text(&term.signal, &r, json, "signal"));
    if (term.signal[0] == '\0' || strlen(term.signal) != json_string_length(signal)) {
        status = damaged(&r, "signal", "a column's name");
        goto done;
    }
    HF_TRY(done, read_text(&term.unit, &r, json, "unit"));
    HF_TRY(done, read_kind(&term.signal_kind, &r, json, table != NULL));
    if ((surface || rule) && term.signal_kind != HF_KIND_NUMBER) {
        status = damaged(&r, "kind", "'number' for a surface or a rule");
        goto done;
    }
    HF_TRY(done, read_number(&term.missing, &r, json, "missing"));
    HF_TRY(done, read_number(&term.reference, &r, json, "reference"));
    HF_TRY(done, read_or_none(&term.mean, &r, json, "mean", NAN));
    HF_TRY(done, read_or_none(&term.deviation, &r, json, "deviation", NAN));
    HF_TRY(done, read_missing_seen(&term.missing_seen, &r, json));
    if (table)
        HF_TRY(done, read_table(&term.table, &r, table));
    else if (surface || rule)
        HF_TRY(done, hf_grid_from_json(&term, context, surface ? surface : rule, file, error));
    else
        HF_TRY(done, read_curve(&term.curve, &r, curve));
    HF_TRY(done, read_monotone(&term, &r, json));
    *out = term;
    term = (hf_term){.kind = HF_TERM_CURVE};
done:
    hf_term_free(context, &term);
    return status;
}
