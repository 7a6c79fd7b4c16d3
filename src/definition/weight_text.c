// SPDX-License-Identifier: Apache-2.0
//
// A definition's text with other weights. The places of the weights are known from reading, so a weight is
// cut out and another put in; nothing else of what people wrote is touched. What comes of it is read again
// and compared, since a text can take forms that nobody foresaw.
#include "definition/definition_room.h"

#include <stdlib.h>
#include <string.h>

// What is put in at `at` in place of `gone` bytes. Of equal places the one added first comes first.
typedef struct {
    size_t at, gone;
    int32_t order;
    hf_text put; // owned
} edit;

typedef struct {
    const hf_definition *definition;
    const char *text;
    size_t length;
    edit *edits; // owned
    int32_t count;
} editing;

// ---- places ------------------------------------------------------------------------------------------------

// The byte of a place: columns count characters.
static size_t offset_of(const editing *e, hf_place place)
{
    size_t at = 0;
    for (int32_t line = 1; line < place.line && at < e->length; at++)
        line += e->text[at] == '\n';
    if (at == 0 && e->length >= 3 && memcmp(e->text, "\xEF\xBB\xBF", 3) == 0) at = 3;
    for (int32_t column = 1; column < place.column && at < e->length; column++) {
        at++;
        while (at < e->length && ((unsigned char)e->text[at] & 0xC0) == 0x80)
            at++;
    }
    return at;
}

static size_t line_begin(const editing *e, size_t at)
{
    while (at > 0 && e->text[at - 1] != '\n')
        at--;
    return at;
}

static size_t skip_blanks(const editing *e, size_t at)
{
    while (at < e->length && (e->text[at] == ' ' || e->text[at] == '\t'))
        at++;
    return at;
}

// The colon after a key, which may stand in quotes.
static size_t colon_of(const editing *e, size_t at)
{
    const char quote = e->text[at];
    if (quote == '"' || quote == '\'') {
        at++;
        while (at < e->length && e->text[at] != quote)
            at += e->text[at] == '\\' && quote == '"' ? 2 : 1;
    }
    while (at < e->length && e->text[at] != ':' && e->text[at] != '\n')
        at++;
    return at;
}

// The line of the first key of the block that begins after `at`.
static size_t first_line(const editing *e, size_t at)
{
    while (at < e->length) {
        while (at < e->length && e->text[at] != '\n')
            at++;
        if (at < e->length) at++;
        const size_t content = skip_blanks(e, at);
        if (content < e->length && e->text[content] != '\n' && e->text[content] != '\r' &&
            e->text[content] != '#')
            return at;
        at = content;
    }
    return e->length;
}

// ---- edits -------------------------------------------------------------------------------------------------

static hf_text *add_edit(editing *e, size_t at, size_t gone)
{
    edit *next = &e->edits[e->count];
    *next = (edit){.at = at, .gone = gone, .order = e->count};
    hf_text_init(&next->put, e->definition->context);
    e->count++;
    return &next->put;
}

static void add_comment(editing *e, size_t at, const hf_weight_change *change, bool written)
{
    const hf_definition *d = e->definition;
    const size_t line = line_begin(e, at), content = skip_blanks(e, line);
    const bool group = change->measure < 0;
    char before[32];
    hf_text *put = add_edit(e, line, 0);
    hf_format_f64(before, group ? d->groups[change->group].weight : d->measures[change->measure].weight);
    hf_text_add(put, e->text + line, content - line);
    hf_text_printf(put, "# %s: weight %s before%s; %s\n",
                   group ? d->groups[change->group].name : d->measures[change->measure].path, before,
                   written ? "" : " (by default)", change->why);
}

static void put_weight(hf_text *put, double weight)
{
    char number[32];
    hf_format_f64(number, weight);
    hf_text_puts(put, number);
}

static void replace_weight(editing *e, size_t at, const hf_weight_change *change)
{
    size_t end = at;
    while (end < e->length && !strchr(" \t\r\n,}#", e->text[end]))
        end++;
    add_comment(e, at, change, true);
    put_weight(add_edit(e, at, end - at), change->weight);
}

static hf_status insert_weight(editing *e, hf_place place, const hf_weight_change *change, hf_error *error)
{
    const size_t key = offset_of(e, place), value = skip_blanks(e, colon_of(e, key) + 1);
    if (value < e->length && e->text[value] == '{') {
        const size_t next = skip_blanks(e, value + 1);
        add_comment(e, key, change, false);
        hf_text *put = add_edit(e, value + 1, 0);
        hf_text_puts(put, "weight: ");
        put_weight(put, change->weight);
        if (next < e->length && e->text[next] != '}') hf_text_puts(put, ", ");
        return HF_OK;
    }
    const size_t line = first_line(e, value);
    if (line >= e->length)
        return hf_definition_fail(error, e->definition, place,
                                  "no weight can be put here; write one out, as in weight: 1");
    add_comment(e, line, change, false);
    hf_text *put = add_edit(e, line, 0);
    hf_text_add(put, e->text + line, skip_blanks(e, line) - line);
    hf_text_puts(put, "weight: ");
    put_weight(put, change->weight);
    hf_text_putc(put, '\n');
    return HF_OK;
}

static hf_status add_change(editing *e, const hf_weight_change *change, hf_error *error)
{
    const hf_definition *d = e->definition;
    const bool group = change->measure < 0;
    const hf_place of = group ? d->groups[change->group].place : d->measures[change->measure].place;
    const hf_place weight =
        group ? d->groups[change->group].weight_place : d->measures[change->measure].weight_place;
    if (weight.line == of.line && weight.column == of.column) return insert_weight(e, of, change, error);
    replace_weight(e, offset_of(e, weight), change);
    return HF_OK;
}

static int by_place(const void *a, const void *b)
{
    const edit *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static hf_status splice(hf_text *out, editing *e, hf_error *error)
{
    size_t from = 0;
    qsort(e->edits, (size_t)e->count, sizeof *e->edits, by_place);
    for (int32_t i = 0; i < e->count; i++) {
        const edit *at = &e->edits[i];
        if (at->put.failed) return hf_fail_memory(error);
        hf_text_add(out, e->text + from, at->at - from);
        hf_text_add(out, at->put.data ? at->put.data : "", at->put.length);
        from = at->at + at->gone;
    }
    hf_text_add(out, e->text + from, e->length - from);
    return hf_text_status(out, error);
}

// ---- reading it again --------------------------------------------------------------------------------------

// The weight a change gives, or else the present one.
static double wanted(const hf_weight_change *changes, int32_t count, int32_t group, int32_t measure,
                     double present)
{
    for (int32_t i = count - 1; i >= 0; i--)
        if (measure < 0 ? changes[i].measure < 0 && changes[i].group == group : changes[i].measure == measure)
            return changes[i].weight;
    return present;
}

static bool as_wanted(const hf_definition *now, const hf_definition *d, const hf_weight_change *changes,
                      int32_t count)
{
    if (now->group_count != d->group_count || now->measure_count != d->measure_count) return false;
    for (int32_t g = 0; g < d->group_count; g++)
        if (now->groups[g].weight != wanted(changes, count, g, -1, d->groups[g].weight)) return false;
    for (int32_t m = 0; m < d->measure_count; m++)
        if (now->measures[m].weight != wanted(changes, count, -1, m, d->measures[m].weight)) return false;
    return true;
}

static hf_status read_again(const hf_text *text, const hf_definition *d, const hf_weight_change *changes,
                            int32_t count, hf_error *error)
{
    hf_definition *now = NULL;
    hf_status status = hf_definition_parse(&now, d->context, text->data, text->length, d->path, error);
    if (status == HF_OK && !as_wanted(now, d, changes, count))
        status = hf_fail_at(error, HF_ERROR_DATA, d->path, 0, 0,
                            "the weights cannot be changed in this text; write each weight out on a line of "
                            "its own, as in weight: 1");
    hf_definition_destroy(now);
    return status;
}

hf_status hf_weight_text(hf_text *out, const hf_definition *definition, const hf_weight_change *changes,
                         int32_t count, hf_error *error)
{
    hf_status status = HF_OK;
    hf_text made;
    editing e = {definition, definition->text, definition->text_length, NULL, 0};
    hf_text_init(&made, definition->context);
    e.edits = hf_new(definition->context, 2 * (size_t)count, sizeof *e.edits);
    if (!e.edits) return hf_fail_memory(error);
    for (int32_t i = 0; i < count; i++)
        HF_TRY(done, add_change(&e, &changes[i], error));
    HF_TRY(done, splice(&made, &e, error));
    HF_TRY(done, read_again(&made, definition, changes, count, error));
    hf_text_add(out, made.data, made.length);
    status = hf_text_status(out, error);
done:
    for (int32_t i = 0; i < e.count; i++)
        hf_text_free(&e.edits[i].put);
    hf_delete(definition->context, e.edits);
    hf_text_free(&made);
    return status;
}
