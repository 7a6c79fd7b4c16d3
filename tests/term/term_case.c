// SPDX-License-Identifier: Apache-2.0
//
// Terms there and back, damaged and without memory; see term_case.h.
#include "term_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

hf_context *term_context;

void term_open(void)
{
    cr_assert_eq(hf_context_create(&term_context, NULL, NULL), HF_OK);
}

void term_close(void)
{
    hf_context_destroy(term_context);
}

// ---- the same ------------------------------------------------------------------------------------------------

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static bool same_list(const double *a, const double *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!same(a[i], b[i])) return false;
    return true;
}

static void expect_same_curve(const hf_curve *a, const hf_curve *b)
{
    cr_assert(a->hinges == b->hinges && a->steps == b->steps);
    cr_assert(same(a->low, b->low) && same(a->high, b->high) && same(a->origin, b->origin) &&
              same(a->intercept, b->intercept) && same(a->slope, b->slope));
    cr_assert(same_list(a->hinge_at, b->hinge_at, a->hinges) &&
              same_list(a->hinge_slope, b->hinge_slope, a->hinges));
    cr_assert(same_list(a->step_at, b->step_at, a->steps) &&
              same_list(a->step_height, b->step_height, a->steps));
}

static void expect_same_levels(const hf_dictionary *a, const hf_dictionary *b)
{
    cr_assert_eq(a->count, b->count);
    for (int32_t i = 0; i < a->count; i++)
        cr_assert_str_eq(hf_dictionary_text(a, i), hf_dictionary_text(b, i));
}

static void expect_same_axis(const hf_axis *a, const hf_axis *b)
{
    cr_assert(a->kind == b->kind && a->cells == b->cells && a->edges == b->edges && a->other == b->other);
    cr_assert_str_eq(a->signal, b->signal);
    cr_assert_str_eq(a->unit, b->unit);
    cr_assert(same_list(a->edge, b->edge, a->edges));
    expect_same_levels(&a->levels, &b->levels);
    for (int32_t i = 0; i < a->levels.count; i++)
        cr_assert_eq(a->level_cell[i], b->level_cell[i]);
}

static void expect_same(const hf_term *a, const hf_term *b)
{
    cr_assert(a->kind == b->kind && a->axis_count == b->axis_count && same(a->reference, b->reference));
    cr_assert_str_eq(a->signal, b->signal);
    cr_assert_str_eq(a->unit, b->unit);
    if (a->kind == HF_TERM_CURVE || a->kind == HF_TERM_TABLE)
        cr_assert(a->signal_kind == b->signal_kind && a->missing_seen == b->missing_seen &&
                  same(a->missing, b->missing) && same(a->mean, b->mean) && same(a->deviation, b->deviation));
    if (a->kind == HF_TERM_CURVE) {
        expect_same_curve(&a->curve, &b->curve);
    } else if (a->kind == HF_TERM_TABLE) {
        cr_assert(same(a->table.pooled, b->table.pooled));
        expect_same_levels(&a->table.levels, &b->table.levels);
        cr_assert(same_list(a->table.values, b->table.values, a->table.levels.count));
    } else {
        for (int32_t k = 0; k < a->axis_count; k++)
            expect_same_axis(&a->axes[k], &b->axes[k]);
        cr_assert(same_list(a->values, b->values, hf_term_value_count(a)));
    }
}

void expect_round_trip(hf_term term)
{
    hf_error error = {0};
    hf_term back;
    json_t *json = hf_term_to_json(&term);
    cr_assert_not_null(json);
    char *text = json_dumps(json, JSON_REAL_PRECISION(17));
    json_t *read = json_loads(text, 0, NULL);
    cr_assert(hf_term_from_json(&back, term_context, read, "m.json", &error) == HF_OK, "%s\n%s",
              error.message, text);
    expect_same(&term, &back);
    free(text);
    json_decref(json);
    json_decref(read);
    hf_term_free(term_context, &term);
    hf_term_free(term_context, &back);
}

// ---- damaged -------------------------------------------------------------------------------------------------

json_t *altered(const json_t *json, const char *path, const char *value)
{
    char keys[96], *key = keys, *dot;
    json_t *copy = json_deep_copy(json), *at = copy;
    strcpy(keys, path);
    for (; (dot = strchr(key, '.')); key = dot + 1) {
        *dot = '\0';
        at = json_is_array(at) ? json_array_get(at, (size_t)atoi(key)) : json_object_get(at, key);
    }
    json_t *new = value ? json_loads(value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL) : NULL;
    if (!value)
        cr_assert_eq(json_object_del(at, key), 0, "%s", path);
    else if (json_is_array(at))
        cr_assert_eq(json_array_set_new(at, (size_t)atoi(key), new), 0, "%s", path);
    else
        cr_assert_eq(json_object_set_new(at, key, new), 0, "%s", path);
    return copy;
}

void expect_damaged(const json_t *json, const char *named, const char *parent, const char *how)
{
    hf_term term;
    hf_error error = {0};
    memset(&term, 0x5a, sizeof term);
    const hf_term untouched = term;
    const hf_status status = hf_term_from_json(&term, term_context, json, "m.json", &error);
    cr_assert(status == HF_ERROR_DAMAGED && error.status == status, "%s of %s %s: %s", named, parent, how,
              hf_status_text(status));
    cr_assert(strstr(error.message, named) || strstr(error.message, parent), "%s of %s %s: %s", named, parent,
              how, error.message);
    cr_assert_str_eq(error.file, "m.json");
    cr_assert(memcmp(&term, &untouched, sizeof term) == 0, "%s of %s %s: touched", named, parent, how);
}

// ---- when memory runs out ------------------------------------------------------------------------------------

static long granted;

static void *scarce(void *user, void *p, size_t size)
{
    (void)user;
    if (size > 0 && granted-- <= 0) return NULL;
    if (size > 0) return realloc(p, size);
    free(p);
    return NULL;
}

hf_context *scarce_context(long **left)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    hf_context *context = NULL;
    options.resize = scarce;
    granted = 1000;
    cr_assert_eq(hf_context_create(&context, &options, NULL), HF_OK);
    *left = &granted;
    return context;
}

void expect_reading_fails_well(hf_context *poor, long *left, const hf_term *term)
{
    json_t *json = hf_term_to_json(term);
    hf_term back;
    hf_status status = HF_ERROR_MEMORY;
    for (long k = 0; status != HF_OK && k < 100; k++) {
        hf_error error = {0};
        *left = k;
        status = hf_term_from_json(&back, poor, json, "m.json", &error);
        cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && error.status == status));
    }
    cr_assert_eq(status, HF_OK);
    hf_term_free(poor, &back);
    json_decref(json);
}
