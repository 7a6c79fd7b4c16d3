// SPDX-License-Identifier: Apache-2.0
//
// A rule as a person would say it: each condition in the words of phrase.c, with "and" between. A condition
// is the set of an axis's cells that have the rule's weight: of a number the runs of them, of a category its
// levels or, where the rest is among them, those it lacks. Counts are said in whole numbers: past 3.5 is 4 or
// more.
#include "term/phrase_amount.h"
#include "term/term_room.h"

#include <math.h>
#include <string.h>

enum { LEVELS_SAID = 8 };

typedef struct {
    hf_text *out;
    const hf_axis *axis;
    const hf_phrase *shape;
    const bool *in; // one a cell
    int32_t said;   // alternatives so far
} condition;

static void next(condition *c)
{
    if (c->said++ > 0) hf_text_puts(c->out, " or ");
}

// The signal alone: "csat", "tickets in 90 days".
static void put_name(hf_text *out, const hf_phrase *shape, hf_kind kind)
{
    if (kind == HF_KIND_FLAG)
        hf_text_puts(out, shape->one);
    else if (shape->before[0] != '\0')
        hf_text_add(out, shape->before, strlen(shape->before) - 1); // without its blank
    else
        hf_text_puts(out, shape->after[0] == ' ' ? shape->after + 1 : shape->after);
}

static void put_amount(condition *c, double x)
{
    char text[64];
    hf_phrase_amount(text, sizeof text, x * c->shape->scale);
    hf_text_puts(c->out, text);
}

// A flag's cells by what is in them: its two values.
static bool put_flag(condition *c, double low, double high)
{
    const bool no = 0.0 > low && 0.0 <= high, yes = 1.0 > low && 1.0 <= high;
    if (c->axis->kind != HF_KIND_FLAG || no == yes) return false;
    hf_text_puts(c->out, yes ? c->shape->one : c->shape->zero);
    return true;
}

// Whole numbers from `low` + 1 to `high`; false where the signal is no count.
static bool put_count(condition *c, double low, double high)
{
    const double from = floor(low) + 1, to = floor(high);
    char text[HF_PHRASE_PART * 3];
    if (c->axis->kind != HF_KIND_COUNT || to < from) return false;
    if (from == to || (to == 0 && low == -INFINITY)) {
        hf_phrase_number(text, sizeof text, c->shape, to);
        hf_text_puts(c->out, text);
        return true;
    }
    hf_text_puts(c->out, c->shape->before);
    if (low == -INFINITY) {
        hf_text_puts(c->out, "up to ");
        put_amount(c, to);
    } else {
        put_amount(c, from);
        hf_text_puts(c->out, high == INFINITY ? " or more" : " to ");
        if (high < INFINITY) put_amount(c, to);
    }
    hf_text_puts(c->out, c->shape->after);
    return true;
}

// Numbers past `low` and not past `high`.
static void put_run(condition *c, double low, double high)
{
    next(c);
    if (put_flag(c, low, high) || put_count(c, low, high)) return;
    hf_text_puts(c->out, c->shape->before);
    if (low > -INFINITY) {
        hf_text_puts(c->out, "over ");
        put_amount(c, low);
    }
    if (high < INFINITY) {
        hf_text_puts(c->out, low > -INFINITY ? " up to " : "up to ");
        put_amount(c, high);
    }
    hf_text_puts(c->out, c->shape->after);
}

static void put_runs(condition *c)
{
    const hf_axis *axis = c->axis;
    for (int32_t cell = 0; cell <= axis->edges; cell++) {
        if (!c->in[cell]) continue;
        const double low = cell > 0 ? axis->edge[cell - 1] : -INFINITY;
        while (cell < axis->edges && c->in[cell + 1])
            cell++;
        put_run(c, low, cell < axis->edges ? axis->edge[cell] : INFINITY);
    }
}

// The levels that are in (or that are not), as a list that ends in "or".
static void put_levels(condition *c, bool in)
{
    const hf_axis *axis = c->axis;
    int32_t count = 0, said = 0;
    for (int32_t i = 0; i < axis->levels.count; i++)
        count += c->in[axis->level_cell[i]] == in;
    const int32_t most = count <= LEVELS_SAID + 1 ? count : LEVELS_SAID;
    for (int32_t i = 0; i < axis->levels.count && said < most; i++) {
        if (c->in[axis->level_cell[i]] != in) continue;
        if (said > 0) hf_text_puts(c->out, said + 1 == count ? " or " : ", ");
        hf_text_puts(c->out, hf_dictionary_text(&axis->levels, i));
        said++;
    }
    if (count > said) hf_text_printf(c->out, " or %d others", (int)(count - said));
}

static void put_category(condition *c)
{
    const hf_axis *axis = c->axis;
    bool some = c->in[axis->other];
    for (int32_t i = 0; i < axis->levels.count; i++)
        some = some || c->in[axis->level_cell[i]];
    if (!some) return;
    next(c);
    hf_text_puts(c->out, c->shape->before);
    if (c->in[axis->other]) hf_text_puts(c->out, "other than ");
    put_levels(c, !c->in[axis->other]);
}

// One axis of a rule. `alone`: nothing stands beside it, so that alternatives need no brackets.
static void put_condition(hf_text *out, const hf_axis *axis, const bool *in, bool alone)
{
    hf_phrase shape;
    const hf_term words = {.signal = axis->signal, .signal_kind = axis->kind, .unit = axis->unit};
    const int32_t missing = axis->cells - 1;
    bool all = true;
    hf_phrase_shape(&shape, &words);
    for (int32_t cell = 0; cell < missing; cell++)
        all = all && in[cell];
    if (all) {
        put_name(out, &shape, axis->kind);
        hf_text_puts(out, in[missing] ? " of any kind" : " on record");
        return;
    }
    const size_t start = out->length;
    condition c = {out, axis, &shape, in, 0};
    hf_text_puts(out, alone ? "" : "(");
    if (in[missing]) {
        next(&c);
        hf_text_puts(out, shape.missing);
    }
    if (axis->kind == HF_KIND_CATEGORY)
        put_category(&c);
    else
        put_runs(&c);
    if (alone || out->failed) return;
    if (c.said > 1) {
        hf_text_puts(out, ")");
    } else { // one alternative: take the bracket off
        memmove(out->data + start, out->data + start + 1, out->length - start);
        out->length--;
    }
}

static void put_rule(hf_text *out, const hf_term *term)
{
    int64_t stride = hf_term_value_count(term);
    const int64_t count = stride;
    for (int32_t a = 0; a < term->axis_count; a++) {
        const hf_axis *axis = &term->axes[a];
        bool in[HF_AXIS_CELLS] = {false};
        stride /= axis->cells;
        for (int64_t i = 0; i < count; i++)
            if (term->values[i] < 0.0 || term->values[i] > 0.0) in[i / stride % axis->cells] = true;
        if (a > 0) hf_text_puts(out, " and ");
        put_condition(out, axis, in, term->axis_count == 1);
    }
}

void hf_term_conditions(hf_text *out, const hf_term *term)
{
    if (term->kind == HF_TERM_RULE) {
        put_rule(out, term);
        return;
    }
    hf_phrase shape;
    if (term->axis_count == 0) {
        hf_phrase_shape(&shape, term);
        put_name(out, &shape, term->signal_kind);
    }
    for (int32_t a = 0; a < term->axis_count; a++) {
        const hf_axis *axis = &term->axes[a];
        const hf_term words = {.signal = axis->signal, .signal_kind = axis->kind, .unit = axis->unit};
        hf_phrase_shape(&shape, &words);
        if (a > 0) hf_text_puts(out, " and ");
        put_name(out, &shape, axis->kind);
    }
}
