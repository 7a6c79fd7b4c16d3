// SPDX-License-Identifier: Apache-2.0
//
// Tonight's data by itself and against the last snapshot: accounts that stand twice, dates that cannot be,
// units that jumped (the median of the values that are not 0 off by ten times or more), feeds that are late,
// half empty or gone.
#include "workflow/checking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define JUMP 10.0
#define HALF_EMPTY 0.5 // of the last snapshot's coverage
#define FEWER 0.8      // of the last snapshot's accounts

enum { LEAST_VALUES = 30, CENTURY = 36525 };

static double coverage_of(const hf_frame *frame, const hf_column *column)
{
    return frame->rows > 0 ? 1 - (double)column->missing / (double)frame->rows : (double)NAN;
}

static const hf_column *column_of(const hf_frame *frame, const char *signal)
{
    int32_t at = frame ? hf_frame_find(frame, signal) : -1;
    return at >= 0 ? &frame->columns[at] : NULL;
}

static void check_accounts(hf_checking *c, int64_t row, int64_t first)
{
    if (row >= 0) {
        size_t length;
        const char *id = hf_frame_id(c->frame, row, &length);
        hf_found(c, HF_FINDING_ERROR, 0, "accounts", "keep one row an account, or pass --as-of-column",
                 "account '%.*s' stands in rows %lld and %lld", (int)(length < 80 ? length : 80), id,
                 (long long)first + 1, (long long)row + 1);
    }
    if (!c->last) return;
    double share = (double)c->frame->rows / (double)c->last->rows;
    if (c->last->rows > 0 && share < FEWER)
        hf_found(c, HF_FINDING_WARNING, 0, "accounts", "is a part of the export missing?",
                 "%lld accounts, %.0f %% fewer than the %lld of the last snapshot", (long long)c->frame->rows,
                 100 * (1 - share), (long long)c->last->rows);
}

// ---- numbers ----------------------------------------------------------------------------------------------

// The median of the sizes of values that are not 0; NaN for fewer than a few.
static hf_status middle_size(double *out, const hf_context *context, const hf_frame *frame,
                             const hf_column *column, hf_error *error)
{
    hf_profile profile;
    int64_t count = 0;
    double *size = hf_new_raw(context, (size_t)frame->rows, sizeof *size);
    *out = NAN;
    if (!size) return hf_fail_memory(error);
    for (int64_t i = 0; i < frame->rows; i++) {
        double x = fabs(hf_column_number(column, i));
        if (x > 0) size[count++] = x;
    }
    const hf_profile_signal signal = {.f64 = size};
    hf_status status = HF_OK;
    if (count >= LEAST_VALUES) {
        status = hf_profile_signals(&profile, context, &signal, 1, count, NULL, error);
        if (status == HF_OK) *out = profile.percentile[3];
    }
    hf_delete(context, size);
    return status;
}

static hf_status check_unit(hf_checking *c, const hf_column *now, const hf_column *then, int32_t line,
                            hf_error *error)
{
    double a, b;
    char before[32], after[32];
    hf_status status;
    if (now->kind == HF_KIND_FLAG || then->kind == HF_KIND_FLAG) return HF_OK;
    HF_TRY(done, middle_size(&a, c->context, c->frame, now, error));
    HF_TRY(done, middle_size(&b, c->context, c->last, then, error));
    if (!(a >= JUMP * b || b >= JUMP * a)) goto done;
    hf_found(c, HF_FINDING_ERROR, line, now->name, "has its unit changed? bring it back to what it was",
             "its median (of values not 0) jumped from %s to %s", hf_brief(before, b), hf_brief(after, a));
done:
    return status;
}

// ---- dates ------------------------------------------------------------------------------------------------

typedef struct {
    int64_t odd, future, present;
    hf_date newest, example;
} date_counts;

static date_counts count_dates(const hf_frame *frame, const hf_column *column)
{
    const int32_t *days = column->values;
    date_counts out = {.newest = HF_DATE_MISSING};
    for (int64_t i = 0; i < frame->rows; i++) {
        if (days[i] == HF_DATE_MISSING) continue;
        out.present++;
        // A century before or after the snapshot is a typing mistake or a filler such as 1900-01-01.
        bool odd = llabs((long long)days[i] - frame->as_of) > CENTURY || days[i] < -20000;
        if (odd && out.odd++ == 0) out.example = days[i];
        if (days[i] > frame->as_of) out.future++;
        if (!odd && days[i] > out.newest) out.newest = days[i];
    }
    return out;
}

// Whether a date is of something that has been: a measure's age, or days since.
static bool must_be_past(const hf_definition *d, const char *signal, int32_t *max_age, int32_t *line)
{
    bool past = false;
    for (int32_t m = 0; m < d->measure_count; m++) {
        const hf_measure *measure = &d->measures[m];
        if (strcmp(measure->observed_on, signal) != 0) continue;
        past = true;
        *line = measure->place.line;
        if (measure->max_age > 0 && (*max_age == 0 || measure->max_age < *max_age))
            *max_age = measure->max_age;
    }
    for (int32_t k = 0; k < d->derived_count; k++) {
        if (d->derived[k].derivation != HF_DERIVE_DAYS_SINCE || strcmp(d->derived[k].of, signal) != 0)
            continue;
        past = true;
        *line = d->derived[k].place.line;
    }
    return past;
}

static void check_dates(hf_checking *c, const hf_column *column)
{
    char date[11];
    int32_t max_age = 0, line = 0;
    date_counts counts = count_dates(c->frame, column);
    if (c->frame->as_of == HF_DATE_MISSING || counts.present == 0) return;
    if (counts.odd > 0) {
        hf_date_format(counts.example, date);
        hf_found(c, HF_FINDING_WARNING, 0, column->name,
                 "leave such cells empty, or name the filler with --na",
                 "%lld date%s more than a century off, such as %s", (long long)counts.odd,
                 counts.odd == 1 ? " is" : "s are", date);
    }
    if (!must_be_past(c->definition, column->name, &max_age, &line)) return;
    if (counts.future > 0)
        hf_found(c, HF_FINDING_WARNING, line, column->name, "correct the feed, or the as-of date",
                 "%lld of %lld dates of what has happened lie after the as-of date", (long long)counts.future,
                 (long long)counts.present);
    int64_t age = (int64_t)c->frame->as_of - counts.newest;
    if (max_age > 0 && counts.newest != HF_DATE_MISSING && age > max_age) {
        hf_date_format(counts.newest, date);
        hf_found(c, HF_FINDING_ERROR, line, column->name, "wait for the feed, or raise max_age",
                 "the whole feed is late: its newest date is %s, %lld days ago, past max_age of %d", date,
                 (long long)age, (int)max_age);
    }
}

// ---- coverage ---------------------------------------------------------------------------------------------

static void check_fill(hf_checking *c, const hf_column *now, const hf_column *then, int32_t line)
{
    double a = coverage_of(c->frame, now), b = then ? coverage_of(c->last, then) : (double)NAN;
    double most = c->definition->most_coverage_fall;
    if (a == 0) {
        if (b > 0)
            hf_found(c, HF_FINDING_WARNING, line, now->name, "the feed is empty: wait for it",
                     "no account has a value; in the last snapshot %.0f %% had", 100 * b);
        else
            hf_found(c, HF_FINDING_WARNING, line, now->name, "fill it, or take it out",
                     "no account has a value");
        return;
    }
    if (!(b > 0)) return;
    double fall = (b - a) / b;
    if (!isnan(most) && fall > most)
        hf_found(c, HF_FINDING_ERROR, line, now->name, "the gate coverage_fall stops the night here",
                 "coverage fell from %.1f %% to %.1f %%", 100 * b, 100 * a);
    else if (a < HALF_EMPTY * b)
        hf_found(c, HF_FINDING_WARNING, line, now->name, "is the feed half empty?",
                 "coverage fell from %.1f %% to %.1f %%", 100 * b, 100 * a);
}

// The first line of the definition that uses a signal, 0 for none. Derived ones are used by their own.
static int32_t line_of(const hf_definition *d, const char *signal)
{
    for (int32_t m = 0; m < d->measure_count; m++)
        if (strcmp(d->measures[m].signal, signal) == 0) return d->measures[m].place.line;
    for (int32_t k = 0; k < d->derived_count; k++)
        if (strcmp(d->derived[k].of, signal) == 0 || strcmp(d->derived[k].by, signal) == 0)
            return d->derived[k].place.line;
    for (int32_t m = 0; m < d->measure_count; m++)
        if (strcmp(d->measures[m].observed_on, signal) == 0) return d->measures[m].place.line;
    return 0;
}

static bool is_derived(const hf_definition *d, const char *signal)
{
    for (int32_t k = 0; k < d->derived_count; k++)
        if (strcmp(d->derived[k].name, signal) == 0) return true;
    return false;
}

// Signals the last snapshot had and tonight's data has not, and that no measure tells of.
static void check_gone(hf_checking *c)
{
    for (int32_t i = 0; c->last && i < c->last->column_count; i++) {
        const char *name = c->last->columns[i].name;
        if (hf_frame_find(c->frame, name) < 0 && !is_derived(c->definition, name))
            hf_found(c, HF_FINDING_NOTE, 0, name, "is that meant?", "the last snapshot had it, this has not");
    }
}

hf_status hf_check_data(hf_checking *c, hf_error *error)
{
    int64_t row = -1, first = -1;
    hf_status status;
    HF_TRY(done, hf_frame_duplicate(&row, &first, c->frame, error));
    check_accounts(c, row, first);
    for (int32_t i = 0; i < c->frame->column_count; i++) {
        const hf_column *now = &c->frame->columns[i], *then = column_of(c->last, now->name);
        int32_t line = line_of(c->definition, now->name);
        bool used = line > 0 || strcmp(now->name, c->definition->arr) == 0;
        HF_TRY(done, hf_check_cancel(c->context, error));
        if (now->storage == HF_STORAGE_DAY) check_dates(c, now);
        if (used) check_fill(c, now, then, line);
        if (!then || !used || is_derived(c->definition, now->name)) continue;
        bool numbers = (now->storage == HF_STORAGE_F32 || now->storage == HF_STORAGE_F64) &&
                       (then->storage == HF_STORAGE_F32 || then->storage == HF_STORAGE_F64);
        if (numbers)
            HF_TRY(done, check_unit(c, now, then, line, error));
        else if (now->storage != then->storage && now->missing < c->frame->rows &&
                 then->missing < c->last->rows)
            hf_found(c, HF_FINDING_ERROR, line, now->name,
                     "say its kind under 'signals', or correct the feed",
                     "it is a %s; in the last snapshot it was a %s", hf_kind_name(now->kind),
                     hf_kind_name(then->kind));
    }
    check_gone(c);
done:
    return status;
}
