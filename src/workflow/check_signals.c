// SPDX-License-Identifier: Apache-2.0
//
// Whether the data has the signals a definition names, of kinds that serve, and the files it names are there.
// Each is told by itself with its line, so that all can be repaired in one round.
#include "workflow/checking.h"
#include "workflow/health_night.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

void hf_checking_free(hf_checking *c)
{
    if (!c->context) return;
    hf_delete(c->context, c->findings);
    hf_delete(c->context, c->signals);
    c->findings = NULL;
    c->signals = NULL;
}

void hf_found(hf_checking *c, hf_finding_level level, int32_t line, const char *place, const char *remedy,
              const char *format, ...)
{
    if (c->count == c->capacity) {
        int32_t capacity = c->capacity == 0 ? 32 : 2 * c->capacity;
        hf_finding *grown = hf_grow(c->context, c->findings, (size_t)capacity, sizeof *grown);
        if (!grown) {
            c->failed = true;
            return;
        }
        c->findings = grown;
        c->capacity = capacity;
    }
    hf_finding *f = &c->findings[c->count++];
    *f = (hf_finding){.level = level, .line = line};
    snprintf(f->place, sizeof f->place, "%s", place);
    snprintf(f->remedy, sizeof f->remedy, "%s", remedy);
    va_list args;
    va_start(args, format);
    vsnprintf(f->what, sizeof f->what, format, args);
    va_end(args);
}

bool hf_found_errors(const hf_checking *c)
{
    for (int32_t i = 0; i < c->count; i++)
        if (c->findings[i].level == HF_FINDING_ERROR) return true;
    return false;
}

const char *hf_checking_nearest(hf_checking *c, const char *signal)
{
    const char *nearest = NULL;
    if (hf_frame_nearest(&nearest, c->frame, signal, NULL) != HF_OK) c->failed = true;
    return nearest;
}

// The column, NULL where there is none; that is told.
static const hf_column *need(hf_checking *c, const char *signal, int32_t line, const char *place)
{
    int32_t at = hf_frame_find(c->frame, signal);
    if (at >= 0) return &c->frame->columns[at];
    // A derived signal that could not be made has been told of.
    for (int32_t i = 0; i < c->definition->derived_count; i++)
        if (strcmp(c->definition->derived[i].name, signal) == 0) return NULL;
    const char *nearest = hf_checking_nearest(c, signal);
    char remedy[sizeof((hf_finding *)0)->remedy];
    if (nearest)
        snprintf(remedy, sizeof remedy, "did you mean '%.100s'?", nearest);
    else
        snprintf(remedy, sizeof remedy, "add it to the feed, or take out what needs it");
    hf_found(c, HF_FINDING_ERROR, line, place, remedy, "the data has no signal '%.100s'", signal);
    return NULL;
}

static bool is_number(const hf_column *column)
{
    return column->storage == HF_STORAGE_F32 || column->storage == HF_STORAGE_F64;
}

static void wrong_kind(hf_checking *c, const hf_column *column, int32_t line, const char *place,
                       const char *wanted)
{
    // A column without a value fits everything.
    if (column->missing == c->frame->rows) return;
    hf_found(c, HF_FINDING_ERROR, line, place, "name another signal, or say its kind under 'signals'",
             "'%.100s' is a %s; this takes %s", column->name, hf_kind_name(column->kind), wanted);
}

static void check_derived(hf_checking *c, const hf_derived_signal *d)
{
    char place[160];
    bool date = d->derivation == HF_DERIVE_DAYS_SINCE || d->derivation == HF_DERIVE_DAYS_UNTIL;
    snprintf(place, sizeof place, "derived %.120s", d->name);
    const char *names[] = {d->of, d->by};
    for (int i = 0; i < 2; i++) {
        bool earlier = false;
        if (names[i][0] == '\0') continue;
        for (const hf_derived_signal *e = c->definition->derived; e < d; e++)
            earlier |= strcmp(e->name, names[i]) == 0;
        if (earlier) continue;
        const hf_column *column = need(c, names[i], d->place.line, place);
        if (!column) continue;
        if (date ? column->storage != HF_STORAGE_DAY : !is_number(column))
            wrong_kind(c, column, d->place.line, place, date ? "a date" : "numbers");
    }
    if (hf_frame_find(c->frame, d->name) >= 0)
        hf_found(c, HF_FINDING_ERROR, d->place.line, place, "give the derived signal a name of its own",
                 "the data has a signal of the same name");
}

void hf_check_derived(hf_checking *c)
{
    for (int32_t i = 0; i < c->definition->derived_count; i++)
        check_derived(c, &c->definition->derived[i]);
}

// Whether all segments score a measure by a table.
static bool takes_levels(const hf_definition *d, int32_t measure)
{
    if (d->measures[measure].percentile) return false;
    for (int32_t s = 0; s < d->segment_count; s++)
        if (d->segments[s].curve[measure]->kind != HF_TERM_TABLE) return false;
    return true;
}

static void check_measure(hf_checking *c, int32_t m)
{
    const hf_measure *measure = &c->definition->measures[m];
    const hf_column *column = need(c, measure->signal, measure->place.line, measure->path);
    bool levels = takes_levels(c->definition, m);
    if (column && (levels ? column->storage != HF_STORAGE_CODE : !is_number(column)))
        wrong_kind(c, column, measure->place.line, measure->path, levels ? "a category" : "a number");
    if (measure->observed_on[0] == '\0') return;
    const hf_column *dated = need(c, measure->observed_on, measure->place.line, measure->path);
    if (dated && dated->storage != HF_STORAGE_DAY)
        wrong_kind(c, dated, measure->place.line, measure->path, "a date in observed_on");
}

static void check_condition(hf_checking *c, const hf_condition *when, hf_place line, const char *place)
{
    hf_bound_condition *bound = NULL;
    hf_error error = {0};
    bool all = true;
    for (int32_t i = 0; i < when->count; i++)
        all &= need(c, when->parts[i].signal, line.line, place) != NULL;
    if (!all || when->count == 0) return;
    hf_status status = hf_condition_bind(&bound, c->context, when, c->frame, &error);
    hf_condition_unbind(c->context, bound);
    if (status == HF_ERROR_MEMORY) c->failed = true;
    if (status == HF_ERROR_DATA)
        hf_found(c, HF_FINDING_ERROR, line.line, place, "compare it with a value of its kind", "%.390s",
                 error.message);
}

static void check_file(hf_checking *c, const char *path, int32_t line, const char *place)
{
    char *beside = NULL;
    if (path[0] == '\0') return;
    if (hf_beside_definition(&beside, c->context, c->definition, path, NULL) != HF_OK) {
        c->failed = true;
        return;
    }
    if (access(beside, R_OK) != 0)
        hf_found(c, HF_FINDING_ERROR, line, place, "put it beside the definition, or take it out",
                 "the file '%.200s' is not there", path);
    hf_delete(c->context, beside);
}

void hf_check_signals(hf_checking *c)
{
    const hf_definition *d = c->definition;
    char place[160];
    for (int32_t s = 0; s < d->signal_count; s++) {
        const hf_signal_definition *signal = &d->signals[s];
        if (hf_frame_find(c->frame, signal->name) >= 0) continue;
        const char *nearest = hf_checking_nearest(c, signal->name);
        snprintf(place, sizeof place, "signals %.120s", signal->name);
        char remedy[160] = "take it out, or add it to the feed";
        if (nearest) snprintf(remedy, sizeof remedy, "did you mean '%.120s'?", nearest);
        hf_found(c, HF_FINDING_WARNING, signal->place.line, place, remedy, "the data has no such signal");
    }
    for (int32_t m = 0; m < d->measure_count; m++)
        check_measure(c, m);
    for (int32_t s = 0; s < d->segment_count; s++) {
        const hf_segment *segment = &d->segments[s];
        snprintf(place, sizeof place, "segment %.120s", segment->name);
        check_condition(c, &segment->when, segment->place, place);
        check_file(c, segment->model, segment->place.line, place);
    }
    for (int32_t o = 0; o < d->override_count; o++) {
        snprintf(place, sizeof place, "override %.120s", d->overrides[o].name);
        check_condition(c, &d->overrides[o].when, d->overrides[o].place, place);
    }
    check_file(c, d->manual_overrides, 0, "manual_overrides");
    const hf_column *arr = d->arr[0] != '\0' ? need(c, d->arr, 0, "arr") : NULL;
    if (arr && !is_number(arr)) wrong_kind(c, arr, 0, "arr", "a number");
    if (d->parent[0] != '\0') need(c, d->parent, 0, "parent");
}
