// SPDX-License-Identifier: Apache-2.0
//
// Whether a frame has what a definition needs: every signal of its measures, conditions and settings, of a
// kind that they can take. What does not fit is gathered and reported at once, so that a feed is repaired in
// one round; the error points at the first place of the definition that is concerned.
#include "health/health_plan.h"

#include <string.h>

typedef struct {
    const hf_context *context;
    const hf_definition *definition;
    const hf_frame *frame;
    const char **columns; // the frame's names, for suggestions
    const char **named;   // signals that were found lacking, each once
    int32_t named_count, named_room;
    hf_text lacking, unfit;
    hf_place first; // line 0: none yet
} check;

static void mark(check *c, hf_place place)
{
    if (c->first.line == 0 || (place.line > 0 && place.line < c->first.line)) c->first = place;
}

// The column of a signal; NULL where the frame lacks it, which is noted.
static const hf_column *need(check *c, const char *signal, hf_place place)
{
    const int32_t at = hf_frame_find(c->frame, signal);
    if (at >= 0) return &c->frame->columns[at];
    for (int32_t i = 0; i < c->named_count; i++)
        if (strcmp(c->named[i], signal) == 0) return NULL;
    if (c->named_count < c->named_room) c->named[c->named_count++] = signal;
    const char *nearest = hf_nearest(signal, c->columns, (size_t)c->frame->column_count);
    hf_text_printf(&c->lacking, "%s'%s'", c->lacking.length > 0 ? ", " : "", signal);
    if (nearest) hf_text_printf(&c->lacking, " (is it '%s'?)", nearest);
    if (place.line > 0) hf_text_printf(&c->lacking, " on line %d", place.line);
    mark(c, place);
    return NULL;
}

static void unfit(check *c, const char *what, const char *name, const hf_column *column, const char *expected,
                  hf_place place)
{
    hf_text_printf(&c->unfit, "%s%s '%s': expected %s, found the signal '%s' of kind %s",
                   c->unfit.length > 0 ? "\n" : "", what, name, expected, column->name,
                   hf_kind_name(column->kind));
    mark(c, place);
}

// A column without any value fits everything.
static bool is_empty(const check *c, const hf_column *column)
{
    return column->missing == c->frame->rows;
}

static bool is_number(const hf_column *column)
{
    return column->storage == HF_STORAGE_F32 || column->storage == HF_STORAGE_F64;
}

// Whether all segments score a measure by a table; false where one takes numbers.
static bool takes_categories(const hf_definition *d, int32_t measure)
{
    if (d->measures[measure].percentile) return false;
    for (int32_t s = 0; s < d->segment_count; s++) {
        const hf_term *curve = d->segments[s].curve[measure];
        if (curve && curve->kind != HF_TERM_TABLE) return false;
    }
    return true;
}

static void check_measure(check *c, int32_t m)
{
    const hf_measure *measure = &c->definition->measures[m];
    const hf_column *column = need(c, measure->signal, measure->place);
    const bool table = takes_categories(c->definition, m);
    if (column && !is_empty(c, column) && (table ? column->storage != HF_STORAGE_CODE : !is_number(column)))
        unfit(c, "measure", measure->path, column,
              table ? "a category for its table" : "a number for its curve", measure->place);
    if (measure->max_age <= 0 || !measure->observed_on[0]) return;
    const hf_column *dated = need(c, measure->observed_on, measure->place);
    if (dated && !is_empty(c, dated) && dated->storage != HF_STORAGE_DAY)
        unfit(c, "measure", measure->path, dated, "a date for observed_on", measure->place);
}

static void check_condition(check *c, const hf_condition *condition, hf_place place)
{
    for (int32_t i = 0; i < condition->count; i++)
        need(c, condition->parts[i].signal, place);
}

static void check_all(check *c)
{
    const hf_definition *d = c->definition;
    for (int32_t m = 0; m < d->measure_count; m++)
        check_measure(c, m);
    for (int32_t s = 0; s < d->segment_count; s++)
        check_condition(c, &d->segments[s].when, d->segments[s].place);
    for (int32_t o = 0; o < d->override_count; o++)
        check_condition(c, &d->overrides[o].when, d->overrides[o].place);
    const hf_column *arr = d->arr[0] ? need(c, d->arr, (hf_place){0}) : NULL;
    if (arr && !is_empty(c, arr) && !is_number(arr))
        unfit(c, "setting", "arr", arr, "a number", (hf_place){0});
    if (d->parent[0]) need(c, d->parent, (hf_place){0});
}

// The most signals that can be lacking.
static int32_t count_needs(const hf_definition *d)
{
    int32_t count = 2 * d->measure_count + 2;
    for (int32_t s = 0; s < d->segment_count; s++)
        count += d->segments[s].when.count;
    for (int32_t o = 0; o < d->override_count; o++)
        count += d->overrides[o].when.count;
    return count;
}

static hf_status report(const check *c, hf_error *error)
{
    hf_status status = HF_OK;
    HF_TRY(done, hf_text_status(&c->lacking, error));
    HF_TRY(done, hf_text_status(&c->unfit, error));
    const bool lacking = c->lacking.length > 0, unfitting = c->unfit.length > 0;
    if (!lacking && !unfitting) goto done;
    status = hf_definition_fail(error, c->definition, c->first, "%s%s%s%s%s",
                                lacking ? "the definition needs signals the data lacks: " : "",
                                lacking ? c->lacking.data : "",
                                lacking ? "; add or rename them, or take out what needs them" : "",
                                lacking && unfitting ? "\n" : "", unfitting ? c->unfit.data : "");
done:
    return status;
}

hf_status hf_health_check_columns(const hf_context *context, const hf_definition *definition,
                                  const hf_frame *frame, hf_error *error)
{
    hf_status status = HF_OK;
    check c = {.context = context, .definition = definition, .frame = frame};
    hf_text_init(&c.lacking, context);
    hf_text_init(&c.unfit, context);
    c.named_room = count_needs(definition);
    c.columns = hf_new(context, (size_t)frame->column_count, sizeof *c.columns);
    c.named = hf_new(context, (size_t)c.named_room, sizeof *c.named);
    if (!c.columns || !c.named) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t i = 0; i < frame->column_count; i++)
        c.columns[i] = frame->columns[i].name;
    check_all(&c);
    HF_TRY(done, report(&c, error));
done:
    hf_delete(context, (void *)c.columns);
    hf_delete(context, (void *)c.named);
    hf_text_free(&c.lacking);
    hf_text_free(&c.unfit);
    return status;
}
