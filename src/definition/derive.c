// SPDX-License-Identifier: Apache-2.0
//
// Derived signals as columns of the frame: ratios, values per unit, changes and growth against the snapshot
// of so many days back (accounts found by id), days since and until a date. Each is computed in double over
// tiles in parallel. A result within the rounding error of its inputs from a number of six decimals is that
// number, so that 0.3 less 0.1 is 0.2 for a condition or a curve's edge, whatever the inputs are stored in.
#include "definition/definition_room.h"

#include <float.h>
#include <math.h>
#include <string.h>

// One derived signal about to be computed.
typedef struct {
    const hf_derived_signal *signal;
    const hf_column *of, *by; // columns of the frame; by NULL where it takes none
    const hf_column *then;    // column of the past, NULL where there is none
    const int64_t *rows;      // each account's row in the past, -1 where it has none
    hf_date as_of;
} task;

// ---- arithmetic ------------------------------------------------------------------------------------------

static double epsilon_of(const hf_column *column)
{
    return column->storage == HF_STORAGE_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
}

// The number of six decimals next to value, if value is within the error of it.
static double settle(double value, double error)
{
    const double near = round(value * 1e6) / 1e6;
    return fabs(near - value) <= error ? near : value;
}

static double quotient(const task *t, double a, double b)
{
    const double q = a / b;
    return b == 0 ? (double)NAN
                  : settle(q, fabs(q) * (epsilon_of(t->of) + epsilon_of(t->by ? t->by : t->then)));
}

static double difference(const task *t, double now, double then)
{
    return settle(now - then, fabs(now) * epsilon_of(t->of) + fabs(then) * epsilon_of(t->then));
}

static double growth(const task *t, double now, double then)
{
    const double q = now / then, error = fabs(q) * (epsilon_of(t->of) + epsilon_of(t->then));
    return then == 0 ? (double)NAN : settle(q - 1, error);
}

// Missing inputs are NaN and come out as NaN.
static double value_of(const task *t, int64_t row)
{
    if (t->of->storage == HF_STORAGE_DAY) {
        const hf_date day = ((const hf_date *)t->of->values)[row];
        if (day == HF_DATE_MISSING) return (double)NAN;
        const double since = (double)t->as_of - (double)day;
        return t->signal->derivation == HF_DERIVE_DAYS_SINCE ? since : -since;
    }
    const double now = hf_column_number(t->of, row);
    if (t->by) return quotient(t, now, hf_column_number(t->by, row));
    if (!t->then || t->rows[row] < 0) return (double)NAN;
    const double then = hf_column_number(t->then, t->rows[row]);
    return t->signal->derivation == HF_DERIVE_CHANGE ? difference(t, now, then) : growth(t, now, then);
}

// What is too large for the column, or not a number at all, is missing.
static void compute_tile(hf_column *to, const task *t, int64_t begin, int64_t end)
{
    if (to->storage == HF_STORAGE_F64) {
        double *out = to->values;
        for (int64_t i = begin; i < end; i++) {
            const double value = value_of(t, i);
            out[i] = isfinite(value) ? value : (double)NAN;
        }
        return;
    }
    float *out = to->values;
    for (int64_t i = begin; i < end; i++) {
        const double value = value_of(t, i);
        out[i] = fabs(value) <= (double)FLT_MAX ? (float)value : NAN;
    }
}

static void compute(hf_column *to, const task *t, int64_t rows, int threads)
{
    const int64_t tiles = (rows + HF_TILE - 1) / HF_TILE;
    int64_t missing = 0;
#pragma omp parallel for default(none) schedule(static) num_threads(threads) if (tiles > 1) \
    shared(to, t, rows, tiles) reduction(+ : missing)
    for (int64_t tile = 0; tile < tiles; tile++) {
        const int64_t begin = tile * HF_TILE, end = begin + HF_TILE < rows ? begin + HF_TILE : rows;
        compute_tile(to, t, begin, end);
        missing += hf_column_missing_in(to, begin, end);
    }
    to->missing = missing;
}

// ---- what a signal is made of ------------------------------------------------------------------------------

typedef struct {
    hf_frame *frame;
    hf_frame *const *past;
    int32_t past_count;
    int64_t **rows; // one a past frame, filled when first needed
    const hf_definition *definition;
    hf_error *error;
} deriving;

static bool goes_back(const hf_derived_signal *signal)
{
    return signal->derivation == HF_DERIVE_CHANGE || signal->derivation == HF_DERIVE_GROWTH;
}

static bool is_numeric(const hf_column *column)
{
    return column->storage == HF_STORAGE_F32 || column->storage == HF_STORAGE_F64;
}

static const hf_derived_signal *derived_named(const hf_definition *definition, const char *name)
{
    for (int32_t i = 0; i < definition->derived_count; i++)
        if (strcmp(definition->derived[i].name, name) == 0) return &definition->derived[i];
    return NULL;
}

static hf_status no_such_signal(const deriving *d, const hf_derived_signal *signal, const char *name)
{
    const hf_frame *frame = d->frame;
    if (derived_named(d->definition, name))
        return hf_definition_fail(d->error, d->definition, signal->place,
                                  "'%s' is made of '%s', which is derived later; put '%s' before it",
                                  signal->name, name, name);
    const char **names = hf_new(frame->context, (size_t)frame->column_count, sizeof *names);
    if (!names) return hf_fail_memory(d->error);
    for (int32_t i = 0; i < frame->column_count; i++)
        names[i] = frame->columns[i].name;
    const char *nearest = hf_nearest(name, names, (size_t)frame->column_count);
    hf_delete(frame->context, (void *)names);
    if (nearest)
        return hf_definition_fail(d->error, d->definition, signal->place,
                                  "'%s' is made of '%s', which the data lacks; did you mean '%s'?",
                                  signal->name, name, nearest);
    return hf_definition_fail(
        d->error, d->definition, signal->place,
        "'%s' is made of '%s', which the data lacks; name a signal it has, or take '%s' out", signal->name,
        name, signal->name);
}

static hf_status wrong_kind(const deriving *d, const hf_derived_signal *signal, const hf_column *column,
                            const char *wanted)
{
    return hf_definition_fail(d->error, d->definition, signal->place,
                              "'%s' needs %s, and '%s' is a %s; name another signal, or say its kind under "
                              "signals",
                              signal->name, wanted, column->name, hf_kind_name(column->kind));
}

// A column of the frame by name. The pointer holds until a column is added.
static hf_status find_column(const hf_column **out, const deriving *d, const hf_derived_signal *signal,
                             const char *name)
{
    const bool date =
        signal->derivation == HF_DERIVE_DAYS_SINCE || signal->derivation == HF_DERIVE_DAYS_UNTIL;
    const int32_t at = hf_frame_find(d->frame, name);
    if (at < 0) return no_such_signal(d, signal, name);
    const hf_column *column = &d->frame->columns[at];
    if (date && column->storage != HF_STORAGE_DAY) return wrong_kind(d, signal, column, "a date");
    if (!date && !is_numeric(column)) return wrong_kind(d, signal, column, "a number");
    *out = column;
    return HF_OK;
}

// ---- the past ----------------------------------------------------------------------------------------------

static int64_t date_wanted(hf_date as_of, const hf_derived_signal *signal)
{
    return (int64_t)as_of - signal->days;
}

// The newest past frame not after the date, -1 if there is none.
static int32_t find_past(const deriving *d, const hf_derived_signal *signal)
{
    int32_t found = -1;
    for (int32_t i = 0; i < d->past_count; i++) {
        const hf_date as_of = d->past[i]->as_of;
        if (as_of == HF_DATE_MISSING || (int64_t)as_of > date_wanted(d->frame->as_of, signal)) continue;
        if (found < 0 || as_of > d->past[found]->as_of) found = i;
    }
    return found;
}

static hf_status match_past(const deriving *d, int32_t past)
{
    const hf_context *context = d->frame->context;
    if (d->rows[past]) return HF_OK;
    int64_t *rows = hf_new_raw(context, (size_t)d->frame->rows, sizeof *rows);
    if (!rows) return hf_fail_memory(d->error);
    hf_status status = hf_frame_match_near(rows, context, d->past[past], d->frame, d->error);
    if (status != HF_OK) {
        hf_delete(context, rows);
        return status;
    }
    d->rows[past] = rows;
    return HF_OK;
}

// Fills in the task's past; where it cannot serve, all is missing and the reason is warned of.
static hf_status look_back(task *t, const deriving *d)
{
    const hf_derived_signal *signal = t->signal;
    const hf_context *context = d->frame->context;
    const int32_t past = find_past(d, signal);
    if (past < 0) return HF_OK;
    char date[11];
    hf_date_format(d->past[past]->as_of, date);
    const int32_t at = hf_frame_find(d->past[past], signal->of);
    if (at < 0) {
        hf_warn(context, "the snapshot of %s has no signal '%s': '%s' is missing for every account", date,
                signal->of, signal->name);
        return HF_OK;
    }
    const hf_column *then = &d->past[past]->columns[at];
    if (!is_numeric(then)) {
        hf_warn(context,
                "'%s' was a %s in the snapshot of %s and is a %s now: '%s' is missing for every account",
                signal->of, hf_kind_name(then->kind), date, hf_kind_name(t->of->kind), signal->name);
        return HF_OK;
    }
    if (then->unit[0] != '\0' && t->of->unit[0] != '\0' && strcmp(then->unit, t->of->unit) != 0)
        hf_warn(context,
                "'%s' was in %s in the snapshot of %s and is in %s now: '%s' compares the bare numbers",
                signal->of, then->unit, date, t->of->unit, signal->name);
    hf_status status = match_past(d, past);
    if (status != HF_OK) return status;
    t->then = then;
    t->rows = d->rows[past];
    return HF_OK;
}

// ---- adding the columns ------------------------------------------------------------------------------------

static hf_kind kind_of(const task *t)
{
    switch (t->signal->derivation) {
    case HF_DERIVE_RATIO:
    case HF_DERIVE_GROWTH:
        return HF_KIND_RATIO;
    case HF_DERIVE_CHANGE:
        return t->of->kind == HF_KIND_MONEY ? HF_KIND_MONEY : HF_KIND_NUMBER;
    case HF_DERIVE_DAYS_SINCE:
    case HF_DERIVE_DAYS_UNTIL:
        return HF_KIND_COUNT;
    default:
        return HF_KIND_NUMBER;
    }
}

// A change needs what its inputs needed; quotients are no more exact than f32 says.
static hf_storage storage_of(const task *t, hf_kind kind)
{
    const bool wide = t->of->storage == HF_STORAGE_F64 || (t->then && t->then->storage == HF_STORAGE_F64);
    return t->signal->derivation == HF_DERIVE_CHANGE && wide ? HF_STORAGE_F64 : hf_kind_storage(kind);
}

static const char *unit_of(const task *t)
{
    if (t->signal->unit[0] != '\0') return t->signal->unit;
    switch (t->signal->derivation) {
    case HF_DERIVE_CHANGE:
    case HF_DERIVE_PER: // of the same unit, for each one of the other
        return t->of->unit;
    case HF_DERIVE_DAYS_SINCE:
    case HF_DERIVE_DAYS_UNTIL:
        return "days";
    default:
        return "";
    }
}

static hf_status check_signal(const deriving *d, const hf_derived_signal *signal)
{
    if (hf_frame_find(d->frame, signal->name) >= 0)
        return hf_definition_fail(
            d->error, d->definition, signal->place,
            "'%s' is derived here, and the data has a signal of that name; rename this one", signal->name);
    if (d->frame->as_of == HF_DATE_MISSING && !signal->by[0])
        return hf_fail(d->error, HF_ERROR_USAGE,
                       "the derived signal '%s' needs the data's as-of date; give one", signal->name);
    if (goes_back(signal) && derived_named(d->definition, signal->of))
        return hf_definition_fail(
            d->error, d->definition, signal->place,
            "'%s' is the change or growth of '%s', which is itself derived; name a signal "
            "of the data",
            signal->name, signal->of);
    return HF_OK;
}

static hf_status derive_one(const deriving *d, const hf_derived_signal *signal)
{
    task t = {.signal = signal, .as_of = d->frame->as_of};
    hf_column *made;
    hf_status status;
    HF_TRY(done, check_signal(d, signal));
    HF_TRY(done, find_column(&t.of, d, signal, signal->of));
    if (signal->derivation == HF_DERIVE_RATIO || signal->derivation == HF_DERIVE_PER)
        HF_TRY(done, find_column(&t.by, d, signal, signal->by));
    if (goes_back(signal)) HF_TRY(done, look_back(&t, d));
    const hf_kind kind = kind_of(&t);
    HF_TRY(done, hf_frame_add(d->frame, &made, signal->name, kind, storage_of(&t, kind), d->error));
    // Adding may have moved the columns.
    HF_TRY(done, find_column(&t.of, d, signal, signal->of));
    if (t.by) HF_TRY(done, find_column(&t.by, d, signal, signal->by));
    made->direction = signal->direction;
    HF_TRY(done, hf_column_set_unit(d->frame, made, unit_of(&t), d->error));
    compute(made, &t, d->frame->rows, hf_context_threads(d->frame->context));
done:
    return status;
}

hf_status hf_derive(hf_frame *frame, hf_frame *const *past, int32_t past_count,
                    const hf_definition *definition, hf_error *error)
{
    const int32_t before = frame->column_count;
    deriving d = {frame, past, past_count, NULL, definition, error};
    hf_status status = HF_OK;
    if (definition->derived_count == 0) return HF_OK;
    d.rows = hf_new(frame->context, (size_t)past_count, sizeof *d.rows);
    if (!d.rows) return hf_fail_memory(error);
    for (int32_t i = 0; i < definition->derived_count; i++)
        HF_TRY(done, derive_one(&d, &definition->derived[i]));
done:
    for (int32_t i = 0; i < past_count; i++)
        hf_delete(frame->context, d.rows[i]);
    hf_delete(frame->context, d.rows);
    while (status != HF_OK && frame->column_count > before)
        hf_frame_remove(frame, frame->column_count - 1);
    return status;
}

// ---- what of the store is needed ---------------------------------------------------------------------------

static bool is_needed(hf_date date, const hf_date *dates, int32_t count, hf_date as_of,
                      const hf_definition *definition)
{
    for (int32_t s = 0; s < definition->derived_count; s++) {
        const hf_derived_signal *signal = &definition->derived[s];
        const int64_t wanted = date_wanted(as_of, signal);
        bool newest = goes_back(signal) && date != HF_DATE_MISSING && date <= wanted;
        for (int32_t i = 0; i < count; i++)
            newest = newest && !(dates[i] > date && dates[i] <= wanted);
        if (newest) return true;
    }
    return false;
}

int32_t hf_derive_needs(hf_date *out, const hf_date *dates, int32_t count, hf_date as_of,
                        const hf_definition *definition)
{
    int32_t used = 0;
    for (int32_t i = 0; i < count; i++) {
        if (!is_needed(dates[i], dates, count, as_of, definition)) continue;
        int32_t at = used;
        while (at > 0 && out[at - 1] > dates[i])
            at--;
        if (at > 0 && out[at - 1] == dates[i]) continue;
        memmove(out + at + 1, out + at, (size_t)(used - at) * sizeof *out);
        out[at] = dates[i];
        used++;
    }
    return used;
}
