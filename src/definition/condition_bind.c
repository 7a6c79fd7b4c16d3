// SPDX-License-Identifier: Apache-2.0
//
// Conditions run over a frame. Every comparison of numbers or dates becomes a union of closed ranges in the
// column's own storage, every comparison of a category a table over its levels, so that the loops have no
// branch a cell. A constant is rounded to the storage as a cell that says the same was, hence a cell written
// 0.1 equals 0.1 and is neither above nor below it; rounding keeps order, so no other comparison turns round.
#include "definition/definition_room.h"

#include <float.h>
#include <math.h>
#include <string.h>

// A closed range; empty where low is above high.
typedef union {
    float f32[2];
    double f64[2];
    int32_t day[2];
} range;

// What lies on which side of a constant.
typedef struct {
    range below, at_most, equal, at_least, above;
} sides;

typedef struct {
    const void *values; // borrowed
    hf_storage storage;
    bool missing;    // f32 and f64: the rows without a value hold it
    range *ranges;   // owned; any may hold
    int32_t count;   // of ranges
    uint8_t *levels; // owned: categories: 1 where code + 1 holds it
} bound_part;

struct hf_bound_condition {
    int32_t count;
    bound_part *parts; // owned
};

// What binding one comparison needs.
typedef struct {
    const hf_context *context;
    const hf_condition *condition; // for messages
    const hf_comparing *comparing;
    const hf_column *column;
    hf_error *error;
} binding;

// ---- constants -------------------------------------------------------------------------------------------

static hf_status refuse(const binding *b, const char *problem)
{
    const char *text = b->condition->text;
    return hf_fail(b->error, HF_ERROR_DATA, "the condition '%.*s' compares the %s '%s' %s",
                   hf_condition_shown(text, strlen(text), 400), text, hf_kind_name(b->column->kind),
                   b->column->name, problem);
}

static hf_status refuse_text(const binding *b, const char *text, const char *remedy)
{
    char problem[256];
    snprintf(problem, sizeof problem, "with '%.*s'; %s", hf_condition_shown(text, strlen(text), 60), text,
             remedy);
    return refuse(b, problem);
}

static bool is_any(const char *text, const char *one, const char *other)
{
    return strcmp(text, one) == 0 || strcmp(text, other) == 0;
}

// The constant of a number's column: written as a number, or yes and no for a flag.
static hf_status constant_of(double *out, const binding *b, int32_t i)
{
    const char *text = b->comparing->texts[i];
    double value = b->comparing->number;
    hf_status status = HF_OK;
    if (b->comparing->comparison == HF_COMPARE_IN)
        status = hf_condition_number(&value, b->context, text, b->error);
    if (status != HF_OK) return status;
    if (b->column->kind == HF_KIND_FLAG && is_any(text, "yes", "true")) value = 1;
    if (b->column->kind == HF_KIND_FLAG && is_any(text, "no", "false")) value = 0;
    if (!isfinite(value))
        return refuse_text(b, text,
                           b->column->kind == HF_KIND_FLAG ? "write yes, no, 1 or 0" : "write a number");
    *out = value;
    return HF_OK;
}

static hf_status day_of(hf_date *out, const binding *b, int32_t i)
{
    const char *text = b->comparing->texts[i];
    if (hf_date_parse(out, text, strlen(text))) return HF_OK;
    return refuse_text(b, text, "write a date as YYYY-MM-DD");
}

// ---- ranges ----------------------------------------------------------------------------------------------

// The values on either side of a constant. A number beyond the floats would be infinite as a cell, and
// nothing lies beyond that.
static sides sides_f32(double constant)
{
    const float all = INFINITY;
    const float c = constant > (double)FLT_MAX ? all : constant < -(double)FLT_MAX ? -all : (float)constant;
    return (sides){.below = {.f32 = {c == -all ? all : -all, nextafterf(c, -all)}},
                   .at_most = {.f32 = {-all, c}},
                   .equal = {.f32 = {c, c}},
                   .at_least = {.f32 = {c, all}},
                   .above = {.f32 = {nextafterf(c, all), c == all ? -all : all}}};
}

static sides sides_f64(double c)
{
    const double all = INFINITY; // the constant is finite and has a neighbour on either side
    return (sides){.below = {.f64 = {-all, nextafter(c, -all)}},
                   .at_most = {.f64 = {-all, c}},
                   .equal = {.f64 = {c, c}},
                   .at_least = {.f64 = {c, all}},
                   .above = {.f64 = {nextafter(c, all), all}}};
}

static sides sides_day(hf_date c)
{
    const int32_t first = HF_DATE_MISSING + 1, last = INT32_MAX; // missing is the lowest day of all
    return (sides){.below = {.day = {first, c - 1}},
                   .at_most = {.day = {first, c}},
                   .equal = {.day = {c, c}},
                   .at_least = {.day = {c, last}},
                   .above = {.day = {c + 1, last}}};
}

// Adds what a comparison with one constant takes: one range, or for "different" two.
static void add_ranges(bound_part *part, hf_comparison comparison, const sides *s)
{
    range *out = part->ranges + part->count++;
    switch (comparison) {
    case HF_COMPARE_LESS:
        *out = s->below;
        break;
    case HF_COMPARE_AT_MOST:
        *out = s->at_most;
        break;
    case HF_COMPARE_MORE:
        *out = s->above;
        break;
    case HF_COMPARE_AT_LEAST:
        *out = s->at_least;
        break;
    case HF_COMPARE_DIFFERENT:
        out[0] = s->below;
        out[1] = s->above;
        part->count++;
        break;
    default:
        *out = s->equal;
    }
}

// "is missing" and "is present".
static void presence(bound_part *part, hf_comparison comparison)
{
    const bool missing = comparison == HF_COMPARE_MISSING;
    part->count = 1;
    part->missing = missing;
    switch (part->storage) {
    case HF_STORAGE_F32: // nothing lies between infinity and its negative
        part->ranges[0] = (range){.f32 = {missing ? INFINITY : -INFINITY, missing ? -INFINITY : INFINITY}};
        break;
    case HF_STORAGE_F64:
        part->ranges[0] = (range){.f64 = {missing ? (double)INFINITY : -(double)INFINITY,
                                          missing ? -(double)INFINITY : (double)INFINITY}};
        break;
    default:
        part->ranges[0] = (range){
            .day = {missing ? HF_DATE_MISSING : HF_DATE_MISSING + 1, missing ? HF_DATE_MISSING : INT32_MAX}};
    }
}

static hf_status bind_ranges(bound_part *part, const binding *b)
{
    const hf_comparing *comparing = b->comparing;
    hf_status status = HF_OK;
    part->ranges = hf_new(b->context, (size_t)comparing->text_count + 1, sizeof *part->ranges);
    if (!part->ranges) return hf_fail_memory(b->error);
    if (comparing->text_count == 0) presence(part, comparing->comparison);
    for (int32_t i = 0; i < comparing->text_count; i++) {
        double constant = NAN;
        hf_date day = HF_DATE_MISSING;
        sides s;
        if (part->storage == HF_STORAGE_DAY)
            HF_TRY(done, day_of(&day, b, i));
        else
            HF_TRY(done, constant_of(&constant, b, i));
        s = part->storage == HF_STORAGE_DAY   ? sides_day(day)
            : part->storage == HF_STORAGE_F32 ? sides_f32(constant)
                                              : sides_f64(constant);
        add_ranges(part, comparing->comparison, &s);
    }
done:
    return status;
}

// ---- categories ------------------------------------------------------------------------------------------

static hf_status bind_levels(bound_part *part, const binding *b)
{
    const hf_comparing *comparing = b->comparing;
    const hf_comparison comparison = comparing->comparison;
    const hf_dictionary *levels = &b->column->dictionary;
    const bool listed = comparison == HF_COMPARE_EQUAL || comparison == HF_COMPARE_IN;
    const bool others = comparison == HF_COMPARE_DIFFERENT || comparison == HF_COMPARE_PRESENT;
    if (!listed && !others && comparison != HF_COMPARE_MISSING)
        return refuse(b, "by size; a category is compared by =, != and in (a, b)");
    part->levels = hf_new(b->context, (size_t)levels->count + 1, 1);
    if (!part->levels) return hf_fail_memory(b->error);
    part->levels[0] = comparison == HF_COMPARE_MISSING;
    memset(part->levels + 1, others, (size_t)levels->count);
    for (int32_t i = 0; i < comparing->text_count; i++) {
        const int32_t code = hf_dictionary_find(levels, comparing->texts[i]);
        if (code >= 0) part->levels[code + 1] = listed;
    }
    return HF_OK;
}

// ---- binding ---------------------------------------------------------------------------------------------

static hf_status no_such_signal(const binding *b, const hf_frame *frame)
{
    const char *wanted = b->comparing->signal;
    const char **names = hf_new(b->context, (size_t)frame->column_count, sizeof *names);
    if (!names) return hf_fail_memory(b->error);
    for (int32_t i = 0; i < frame->column_count; i++)
        names[i] = frame->columns[i].name;
    const char *nearest = hf_nearest(wanted, names, (size_t)frame->column_count);
    hf_delete(b->context, (void *)names);
    const char *text = b->condition->text;
    const int shown = hf_condition_shown(text, strlen(text), 400);
    if (nearest)
        return hf_fail(b->error, HF_ERROR_DATA,
                       "the condition '%.*s' names the signal '%s', which the data lacks; did you mean '%s'?",
                       shown, text, wanted, nearest);
    return hf_fail(
        b->error, HF_ERROR_DATA,
        "the condition '%.*s' names the signal '%.*s', which the data lacks; name one it has, or add "
        "it to the data",
        shown, text, hf_condition_shown(wanted, strlen(wanted), 200), wanted);
}

static hf_status bind_part(bound_part *part, binding *b, const hf_frame *frame)
{
    const int32_t at = hf_frame_find(frame, b->comparing->signal);
    if (at < 0) return no_such_signal(b, frame);
    b->column = &frame->columns[at];
    part->values = b->column->values;
    part->storage = b->column->storage;
    return part->storage == HF_STORAGE_CODE ? bind_levels(part, b) : bind_ranges(part, b);
}

hf_status hf_condition_bind(hf_bound_condition **out, const hf_context *context,
                            const hf_condition *condition, const hf_frame *frame, hf_error *error)
{
    hf_status status = HF_OK;
    binding b = {.context = context, .condition = condition, .error = error};
    hf_bound_condition *made = hf_new(context, 1, sizeof *made);
    if (!made) return hf_fail_memory(error);
    made->parts = hf_new(context, (size_t)condition->count, sizeof *made->parts);
    if (!made->parts) {
        status = hf_fail_memory(error);
        goto done;
    }
    made->count = condition->count;
    for (int32_t i = 0; i < condition->count; i++) {
        b.comparing = &condition->parts[i];
        HF_TRY(done, bind_part(&made->parts[i], &b, frame));
    }
    *out = made;
    made = NULL;
done:
    hf_condition_unbind(context, made);
    return status;
}

void hf_condition_unbind(const hf_context *context, hf_bound_condition *bound)
{
    if (!bound) return;
    for (int32_t i = 0; i < bound->count; i++) {
        hf_delete(context, bound->parts[i].ranges);
        hf_delete(context, bound->parts[i].levels);
    }
    hf_delete(context, bound->parts);
    hf_delete(context, bound);
}

// ---- running ---------------------------------------------------------------------------------------------

// hits[i] = 1 where the part holds; n is at most HF_TILE.
static void run_part(uint8_t *restrict hits, const bound_part *part, int64_t begin, int32_t n)
{
    const float *f32 = part->values;
    const double *f64 = part->values;
    const int32_t *whole = part->values;
    memset(hits, 0, (size_t)n);
    if (part->storage == HF_STORAGE_CODE)
        for (int32_t i = 0; i < n; i++)
            hits[i] = part->levels[whole[begin + i] + 1];
    if (part->missing && part->storage == HF_STORAGE_F32)
        for (int32_t i = 0; i < n; i++)
            hits[i] = f32[begin + i] != f32[begin + i];
    if (part->missing && part->storage == HF_STORAGE_F64)
        for (int32_t i = 0; i < n; i++)
            hits[i] = f64[begin + i] != f64[begin + i];
    for (int32_t k = 0; k < part->count; k++) {
        const range r = part->ranges[k];
        if (part->storage == HF_STORAGE_F32)
            for (int32_t i = 0; i < n; i++)
                hits[i] |= (uint8_t)((f32[begin + i] >= r.f32[0]) & (f32[begin + i] <= r.f32[1]));
        else if (part->storage == HF_STORAGE_F64)
            for (int32_t i = 0; i < n; i++)
                hits[i] |= (uint8_t)((f64[begin + i] >= r.f64[0]) & (f64[begin + i] <= r.f64[1]));
        else
            for (int32_t i = 0; i < n; i++)
                hits[i] |= (uint8_t)((whole[begin + i] >= r.day[0]) & (whole[begin + i] <= r.day[1]));
    }
}

void hf_condition_run(const hf_bound_condition *bound, uint8_t *out, int64_t begin, int32_t n)
{
    uint8_t hits[HF_TILE];
    memset(out, 1, (size_t)n);
    for (int32_t from = 0; from < n; from += HF_TILE) {
        const int32_t size = n - from < HF_TILE ? n - from : HF_TILE;
        uint8_t *restrict holds = out + from;
        for (int32_t p = 0; p < bound->count; p++) {
            run_part(hits, &bound->parts[p], begin + from, size);
            for (int32_t i = 0; i < size; i++)
                holds[i] &= hits[i];
        }
    }
}
