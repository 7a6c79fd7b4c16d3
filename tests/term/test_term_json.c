// SPDX-License-Identifier: Apache-2.0
//
// Terms to JSON and back: every double to the bit, and every damaged field refused by name.
#include "term_case.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(term_json, .init = term_open, .fini = term_close);

static double *copy_of(const double *values, int32_t count)
{
    double *copy = hf_new(term_context, (size_t)count, sizeof *copy);
    memcpy(copy, values, (size_t)count * sizeof *copy);
    return copy;
}

static hf_term make_curve(void)
{
    const double hinge_at[] = {-0.1, 1.0 / 3, 2.5e9}, hinge_slope[] = {1e-300, -0.1, DBL_MAX};
    const double step_at[] = {0.1}, step_height[] = {-0.0};
    return (hf_term){.kind = HF_TERM_CURVE,
                     .signal = hf_copy_text(term_context, "tickets \"90d\"\\ \xc3\xa9", 18),
                     .signal_kind = HF_KIND_COUNT,
                     .unit = hf_copy_text(term_context, "", 0),
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
                    .signal = hf_copy_text(term_context, "Contract", 8),
                    .signal_kind = HF_KIND_CATEGORY,
                    .unit = hf_copy_text(term_context, "EUR", 3),
                    .missing = -0.25,
                    .mean = NAN,
                    .deviation = NAN,
                    .table = {.values = copy_of(values, 3), .pooled = 0.7}};
    hf_dictionary_build(&term.table.levels, term_context, texts, lengths, 3, NULL, NULL);
    return term;
}

Test(term_json, curve_round_trips)
{
    expect_round_trip(make_curve());
}
Test(term_json, table_round_trips)
{
    expect_round_trip(make_table());
}

Test(term_json, a_number_json_cannot_hold_is_not_written)
{
    hf_term term = make_curve();
    term.curve.slope = NAN;
    cr_assert_null(hf_term_to_json(&term));
    hf_term_free(term_context, &term);
}

static void expect_damage(const json_t *good, const char *path, const char *value, const char *named)
{
    json_t *json = altered(good, path, value);
    expect_damaged(json, named, named, value ? value : "deleted");
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
    cr_assert(hf_term_from_json(&term, term_context, none, "m.json", &error) == HF_ERROR_DAMAGED);
    json_decref(none);
    json_decref(c);
    json_decref(t);
    hf_term_free(term_context, &curve);
    hf_term_free(term_context, &table);
}

Test(term_json, survives_every_failed_allocation)
{
    hf_term terms[] = {make_curve(), make_table()};
    long *left;
    hf_context *poor = scarce_context(&left);
    for (int i = 0; i < 2; i++) {
        expect_reading_fails_well(poor, left, &terms[i]);
        hf_term_free(term_context, &terms[i]);
    }
    hf_context_destroy(poor);
}
