// SPDX-License-Identifier: Apache-2.0
//
// Terms to JSON and back: every double to the bit, and every damaged field refused by name.
#include "term/term_room.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static hf_context *context;

static void open_context(void)
{
    hf_context_create(&context, NULL, NULL);
}
static void close_context(void)
{
    hf_context_destroy(context);
}

TestSuite(term_json, .init = open_context, .fini = close_context);

static double *copy_of(const double *values, int32_t count)
{
    double *copy = hf_new(context, (size_t)count, sizeof *copy);
    memcpy(copy, values, (size_t)count * sizeof *copy);
    return copy;
}

static hf_term make_curve(void)
{
    const double hinge_at[] = {-0.1, 1.0 / 3, 2.5e9}, hinge_slope[] = {1e-300, -0.1, DBL_MAX};
    const double step_at[] = {0.1}, step_height[] = {-0.0};
    return (hf_term){.kind = HF_TERM_CURVE,
                     .signal = hf_copy_text(context, "tickets \"90d\"\\ \xc3\xa9", 18),
                     .signal_kind = HF_KIND_COUNT,
                     .unit = hf_copy_text(context, "", 0),
                     .missing = 0.1,
                     .reference = 1.0 / 7,
                     .mean = 3,
                     .deviation = NAN,
                     .missing_seen = INT64_C(1) << 53,
                     .curve = {.low = -INFINITY,
                               .high = 0x1.fffffffffffffp+10,
                               .origin = 4e9 + 0.1,
                               .intercept = 0x1p-1074,
                               .slope = -1e22,
                               .hinges = 3,
                               .steps = 1,
                               .hinge_at = copy_of(hinge_at, 3),
                               .hinge_slope = copy_of(hinge_slope, 3),
                               .step_at = copy_of(step_at, 1),
                               .step_height = copy_of(step_height, 1)}};
}

static hf_term make_table(void)
{
    const char *texts[] = {"", "Month-to-month", "Zwei Jahre \xc3\xbc"};
    const size_t lengths[] = {0, 14, 13};
    const double values[] = {0.1, -2.0 / 3, 5e-324};
    hf_term term = {.kind = HF_TERM_TABLE,
                    .signal = hf_copy_text(context, "Contract", 8),
                    .signal_kind = HF_KIND_CATEGORY,
                    .unit = hf_copy_text(context, "EUR", 3),
                    .missing = -0.25,
                    .mean = NAN,
                    .deviation = NAN,
                    .table = {.values = copy_of(values, 3), .pooled = 0.7}};
    hf_dictionary_build(&term.table.levels, context, texts, lengths, 3, NULL, NULL);
    return term;
}

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static bool same_list(const double *a, const double *b, int32_t n)
{
    for (int32_t i = 0; i < n; i++)
        if (!same(a[i], b[i])) return false;
    return true;
}

static void expect_same(const hf_term *a, const hf_term *b)
{
    cr_assert(a->kind == b->kind && a->signal_kind == b->signal_kind && a->missing_seen == b->missing_seen);
    cr_assert_str_eq(a->signal, b->signal);
    cr_assert_str_eq(a->unit, b->unit);
    cr_assert(same(a->missing, b->missing) && same(a->reference, b->reference) && same(a->mean, b->mean) &&
              same(a->deviation, b->deviation));
    const hf_curve *c = &a->curve, *d = &b->curve;
    cr_assert(c->hinges == d->hinges && c->steps == d->steps);
    if (a->kind == HF_TERM_CURVE)
        cr_assert(same(c->low, d->low) && same(c->high, d->high) && same(c->origin, d->origin) &&
                  same(c->intercept, d->intercept) && same(c->slope, d->slope));
    cr_assert(same_list(c->hinge_at, d->hinge_at, c->hinges) &&
              same_list(c->hinge_slope, d->hinge_slope, c->hinges));
    cr_assert(same_list(c->step_at, d->step_at, c->steps) &&
              same_list(c->step_height, d->step_height, c->steps));
    cr_assert(a->table.levels.count == b->table.levels.count && same(a->table.pooled, b->table.pooled));
    for (int32_t i = 0; i < a->table.levels.count; i++) {
        cr_assert_str_eq(hf_dictionary_text(&a->table.levels, i), hf_dictionary_text(&b->table.levels, i));
        cr_assert(same(a->table.values[i], b->table.values[i]));
    }
}

static void round_trip(hf_term term)
{
    hf_error error = {0};
    hf_term back;
    json_t *json = hf_term_to_json(&term);
    cr_assert_not_null(json);
    char *text = json_dumps(json, JSON_REAL_PRECISION(17) | JSON_INDENT(2));
    json_t *read = json_loads(text, 0, NULL);
    cr_assert(hf_term_from_json(&back, context, read, "m.json", &error) == HF_OK, "%s\n%s", error.message,
              text);
    expect_same(&term, &back);
    free(text);
    json_decref(json);
    json_decref(read);
    hf_term_free(context, &term);
    hf_term_free(context, &back);
}

Test(term_json, curve_round_trips)
{
    round_trip(make_curve());
}
Test(term_json, table_round_trips)
{
    round_trip(make_table());
}

Test(term_json, a_number_json_cannot_hold_is_not_written)
{
    hf_term term = make_curve();
    term.curve.slope = NAN;
    cr_assert_null(hf_term_to_json(&term));
    hf_term_free(context, &term);
}

// Replaces the value at a path of keys ("curve.hinges.0.at"; NULL deletes) and expects a refusal that names
// the field.
static void expect_damage(json_t *good, const char *path, const char *value, const char *named)
{
    char keys[64], *key = keys, *dot;
    json_t *json = json_deep_copy(good), *at = json;
    strcpy(keys, path);
    for (; (dot = strchr(key, '.')); key = dot + 1) {
        *dot = '\0';
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(key)) : json_object_get(at, key);
    }
    json_t *new = value ? json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
    if (!value)
        json_object_del(at, key);
    else if (json_is_array(at))
        json_array_set_new(at, (size_t)atoi(key), new);
    else
        json_object_set_new(at, key, new);
    hf_error error = {0};
    hf_term term;
    memset(&term, 0x5a, sizeof term);
    hf_term untouched = term;
    hf_status status = hf_term_from_json(&term, context, json, "m.json", &error);
    cr_assert(status == HF_ERROR_DAMAGED && error.status == status, "%s = %s: %s", path, value ? value : "-",
              hf_status_text(status));
    cr_assert(strstr(error.message, named), "%s = %s: %s", path, value ? value : "-", error.message);
    cr_assert_str_eq(error.file, "m.json");
    cr_assert(memcmp(&term, &untouched, sizeof term) == 0, "touched at %s", path);
    json_decref(json);
}

Test(term_json, damage_is_named)
{
    hf_term curve = make_curve(), table = make_table();
    json_t *c = hf_term_to_json(&curve), *t = hf_term_to_json(&table);
    const char *const numbers[] = {"missing", "reference", "mean", "deviation", "missing_seen"};
    for (size_t i = 0; i < 5; i++) {
        expect_damage(c, numbers[i], NULL, numbers[i]);
        expect_damage(c, numbers[i], "\"x\"", numbers[i]);
    }
    expect_damage(c, "missing_seen", "-1", "missing_seen");
    expect_damage(c, "missing_seen", "1.5", "missing_seen");
    expect_damage(c, "signal", NULL, "signal");
    expect_damage(c, "signal", "\"\"", "signal");
    expect_damage(c, "signal", "7", "signal");
    expect_damage(c, "unit", NULL, "unit");
    expect_damage(c, "kind", "\"colour\"", "kind");
    expect_damage(c, "kind", "\"category\"", "kind");
    expect_damage(c, "kind", "\"date\"", "kind");
    expect_damage(c, "curve", NULL, "curve");
    expect_damage(c, "curve", "[]", "curve");
    expect_damage(c, "table", "{}", "curve");
    expect_damage(c, "curve.low", "\"-inf\"", "low");
    expect_damage(c, "curve.low", NULL, "low");
    expect_damage(c, "curve.low", "1e9", "low");
    expect_damage(c, "curve.slope", "null", "slope");
    expect_damage(c, "curve.origin", NULL, "origin");
    expect_damage(c, "curve.intercept", "true", "intercept");
    expect_damage(c, "curve.hinges", "{}", "hinges");
    expect_damage(c, "curve.hinges.1", "3", "at");
    expect_damage(c, "curve.hinges.1.at", "-7", "hinges");
    expect_damage(c, "curve.hinges.2.slope", NULL, "slope");
    expect_damage(c, "curve.steps.0.height", "\"1\"", "height");
    expect_damage(t, "kind", "\"number\"", "kind");
    expect_damage(t, "table", "3", "table");
    expect_damage(t, "table.levels", "3", "levels");
    expect_damage(t, "table.pooled", NULL, "pooled");
    expect_damage(t, "table.levels.1.level", "3", "level");
    expect_damage(t, "table.levels.1.level", "\"\"", "levels");
    expect_damage(t, "table.levels.1.level", "\"zz\"", "levels");
    expect_damage(t, "table.levels.1.level", "\"a\\u0000b\"", "level");
    expect_damage(t, "table.levels.1.value", "null", "value");
    json_t *none = json_integer(3);
    hf_error error = {0};
    hf_term term;
    cr_assert(hf_term_from_json(&term, context, none, "m.json", &error) == HF_ERROR_DAMAGED);
    json_decref(none);
    json_decref(c);
    json_decref(t);
    hf_term_free(context, &curve);
    hf_term_free(context, &table);
}

// ---- when memory runs out -----------------------------------------------------------------------------------

static long left;

static void *scarce(void *user, void *p, size_t size)
{
    (void)user;
    if (size > 0 && left-- <= 0) return NULL;
    if (size > 0) return realloc(p, size);
    free(p);
    return NULL;
}

Test(term_json, survives_every_failed_allocation)
{
    hf_term terms[] = {make_curve(), make_table()};
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.resize = scarce;
    left = 1000;
    hf_context *poor;
    cr_assert(hf_context_create(&poor, &options, NULL) == HF_OK);
    for (int i = 0; i < 2; i++) {
        json_t *json = hf_term_to_json(&terms[i]);
        hf_term term;
        hf_status status = HF_ERROR_MEMORY;
        for (long k = 0; status != HF_OK && k < 100; k++) {
            left = k;
            hf_error error = {0};
            status = hf_term_from_json(&term, poor, json, "m.json", &error);
            cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && error.status == status));
        }
        cr_assert(status == HF_OK);
        hf_term_free(poor, &term);
        json_decref(json);
        hf_term_free(context, &terms[i]);
    }
    hf_context_destroy(poor);
}
