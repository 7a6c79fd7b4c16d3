// SPDX-License-Identifier: Apache-2.0
//
// See random_scorecard.h.
#include "health/random_scorecard.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const LEVEL_TEXT[LEVELS] = {"basic", "enterprise", "free", "mid market", "plus", "smb"};

// ---- draw ----------------------------------------------------------------------------------------------------

double card_unit(int signal)
{
    return signal < 4 ? 0.125 : signal < 6 ? 0.1 : 0.01;
}

double card_base(int signal)
{
    return signal < 6 ? 0 : 20000;
}

static int draw_below(hf_random *r, int n)
{
    return (int)hf_random_below(r, (uint64_t)n);
}

static bool one_in(hf_random *r, int n)
{
    return draw_below(r, n) == 0;
}

// A place of the grid the signal's values lie on.
static double grid(int signal, int k)
{
    return signal < 4 ? k / 8.0 : signal < 6 ? k / 10.0 : 20000 + k / 100.0;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Ascending, one from each stretch of the range, so that all differ.
static void draw_xs(double *x, hf_random *r, int signal, int count)
{
    const int stretch = 80 / count;
    for (int k = 0; k < count; k++)
        x[k] = grid(signal, -40 + k * stretch + draw_below(r, stretch));
}

static void draw_ys(double *y, hf_random *r, bool good, int count)
{
    for (int k = 0; k < count; k++)
        y[k] = draw_below(r, 101);
    qsort(y, (size_t)count, sizeof *y, by_size);
    for (int k = 0; !good && k < count / 2; k++) {
        double other = y[k];
        y[k] = y[count - 1 - k];
        y[count - 1 - k] = other;
    }
}

static void draw_curve(card_curve *out, hf_random *r, curve_form form, int signal, bool good)
{
    *out = (card_curve){.form = form};
    if (form == LINEAR) {
        draw_xs(out->x, r, signal, 2);
        if (!good) {
            double best = out->x[0];
            out->x[0] = out->x[1];
            out->x[1] = best;
        }
    } else if (form == POINTS) {
        out->count = 2 + draw_below(r, MOST_POINTS - 2);
        draw_xs(out->x, r, signal, out->count);
        draw_ys(out->y, r, good, out->count);
        const int jump = 1 + draw_below(r, out->count - 1);
        // Not on the decimals of f32, which lie beside the x of the definition.
        if (out->count > 2 && one_in(r, 2) && (signal < 4 || signal >= 6)) out->x[jump] = out->x[jump - 1];
    } else if (form == STEPS) {
        double y[MOST_POINTS + 1];
        out->count = 1 + draw_below(r, MOST_POINTS - 1);
        draw_xs(out->x, r, signal, out->count);
        draw_ys(y, r, good, out->count + 1);
        out->below = y[0];
        memcpy(out->y, y + 1, sizeof out->y);
    } else if (form == TABLE) {
        out->other = draw_below(r, 101);
        for (int l = 0; l < LEVELS; l++) {
            out->listed[l] = l == 0 || !one_in(r, 3);
            out->y[l] = draw_below(r, 101);
        }
    }
}

static void draw_measure(card_measure *out, hf_random *r, bool percentiles)
{
    const int kind = draw_below(r, percentiles ? 6 : 5);
    const curve_form form = kind < 2    ? LINEAR
                            : kind == 2 ? POINTS
                            : kind == 3 ? STEPS
                            : kind == 4 ? TABLE
                                        : PERCENTILE;
    *out = (card_measure){.signal = draw_below(r, form == TABLE ? CATEGORIES : NUMBERS),
                          .good = one_in(r, 2),
                          .weight = one_in(r, 8) ? 0 : 0.5 * (1 + draw_below(r, 10)),
                          .missing = draw_below(r, 2) ? HF_MISSING_SKIP : (hf_missing_policy)draw_below(r, 4),
                          .value = draw_below(r, 101),
                          .dated = -1};
    draw_curve(&out->curve, r, form, out->signal, out->good);
    if (!one_in(r, 3)) return;
    out->dated = draw_below(r, DATES);
    out->max_age = 20 + draw_below(r, 80);
}

static void draw_condition(card_condition *out, hf_random *r)
{
    *out = (card_condition){.test = (test)draw_below(r, 3), .level = draw_below(r, LEVELS)};
    out->signal = draw_below(r, out->test == LEVEL_IS ? CATEGORIES : 4);
    out->limit = grid(out->signal, draw_below(r, 60) - 20);
}

static void draw_bands(double *out, hf_random *r, int bands)
{
    for (int b = 0; b < bands; b++)
        out[b] = b == 0 ? 0 : 90.0 * b / bands + draw_below(r, 10);
}

static void draw_segment(card_segment *out, hf_random *r, const card *c)
{
    draw_condition(&out->when, r);
    for (int g = 0; g < c->groups; g++) {
        out->own_group_weight[g] = one_in(r, 3);
        out->group_weight[g] = 1 + draw_below(r, 50);
    }
    for (int m = 0; m < c->measures; m++) {
        const card_measure *measure = &c->measure[m];
        out->own_weight[m] = one_in(r, 5);
        out->weight[m] = m > 0 && one_in(r, 4) ? 0 : 1 + draw_below(r, 5);
        out->own_curve[m] = measure->curve.form != PERCENTILE && one_in(r, 4);
        const curve_form form = measure->curve.form == TABLE ? TABLE : (curve_form)draw_below(r, 3);
        draw_curve(&out->curve[m], r, form, measure->signal, measure->good);
    }
    out->own_bands = one_in(r, 2);
    draw_bands(out->band, r, c->bands);
}

static void draw_groups(card *c, hf_random *r, bool percentiles)
{
    c->groups = 1 + draw_below(r, MOST_GROUPS);
    for (int g = 0; g < c->groups; g++) {
        card_group *group = &c->group[g];
        *group =
            (card_group){.weight = g > 0 && one_in(r, 8) ? 0 : 1 + draw_below(r, 40),
                         .aggregate = draw_below(r, 2) ? HF_AGGREGATE_MEAN : (hf_aggregate)draw_below(r, 3),
                         .first = c->measures,
                         .count = 1 + draw_below(r, 6)};
        for (int m = 0; m < group->count; m++)
            draw_measure(&c->measure[c->measures++], r, percentiles);
    }
    c->measure[0].weight = 2; // something is scored
}

void card_draw_data(card *c, uint64_t seed, int64_t rows)
{
    hf_random r = hf_random_seed(seed, 77);
    c->rows = rows;
    for (int s = 0; s < NUMBERS; s++) {
        const int missing = draw_below(&r, 4); // of ten
        for (int64_t i = 0; i < rows; i++)
            c->number[s][i] = draw_below(&r, 10) < missing ? NAN : grid(s, draw_below(&r, 101) - 50);
    }
    for (int s = 0; s < CATEGORIES; s++)
        for (int64_t i = 0; i < rows; i++)
            c->level[s][i] = draw_below(&r, LEVELS + 1) - 1;
    for (int s = 0; s < DATES; s++)
        for (int64_t i = 0; i < rows; i++)
            c->date[s][i] = one_in(&r, 8) ? HF_DATE_MISSING : AS_OF - draw_below(&r, 120);
}

card *card_draw(uint64_t seed, int64_t rows, bool percentiles)
{
    hf_random r = hf_random_seed(seed, 0);
    card *c = calloc(1, sizeof *c);
    cr_assert(c);
    draw_groups(c, &r, percentiles);
    c->bands = 2 + draw_below(&r, MOST_BANDS - 1);
    draw_bands(c->band, &r, c->bands);
    c->segments = draw_below(&r, MOST_SEGMENTS);
    for (int s = 0; s < c->segments; s++)
        draw_segment(&c->segment[s], &r, c);
    c->rules = draw_below(&r, MOST_RULES + 1);
    for (int i = 0; i < c->rules; i++) {
        draw_condition(&c->rule[i].when, &r);
        c->rule[i].action = (hf_override_action)draw_below(&r, 3);
        c->rule[i].value = draw_below(&r, 101);
    }
    c->min_coverage = one_in(&r, 2) ? 0 : draw_below(&r, 9) / 10.0;
    c->max_inherit = one_in(&r, 2) ? INFINITY : 1 + draw_below(&r, 8) / 4.0;
    c->neutral = one_in(&r, 2) ? 50 : draw_below(&r, 101);
    card_draw_data(c, seed, rows);
    c->manuals = rows > 0 ? draw_below(&r, MOST_RULES + 1) : 0;
    for (int i = 0; i < c->manuals; i++)
        c->manual[i] = (card_manual){.row = draw_below(&r, rows > 5 ? 5 : (int)rows),
                                     .action = (hf_override_action)draw_below(&r, 3),
                                     .value = draw_below(&r, 101),
                                     .expired = one_in(&r, 3)};
    return c;
}

// ---- as YAML --------------------------------------------------------------------------------------------------

static void put_number(hf_text *t, double x)
{
    char text[32];
    hf_format_f64(text, x);
    hf_text_puts(t, text);
}

static void put_pair(hf_text *t, const char *before, double x, double y)
{
    hf_text_puts(t, before);
    put_number(t, x);
    hf_text_puts(t, ", ");
    put_number(t, y);
    hf_text_puts(t, "]");
}

static void put_curve(hf_text *t, const card_curve *c)
{
    if (c->form == PERCENTILE) {
        hf_text_puts(t, "percentile");
    } else if (c->form == LINEAR) {
        hf_text_puts(t, "{linear: {worst: ");
        put_number(t, c->x[0]);
        hf_text_puts(t, ", best: ");
        put_number(t, c->x[1]);
        hf_text_puts(t, "}}");
    } else if (c->form == TABLE) {
        hf_text_puts(t, "{table: {");
        for (int l = 0, k = 0; l < LEVELS; l++)
            if (c->listed[l]) hf_text_printf(t, "%s%s: %g", k++ ? ", " : "", LEVEL_TEXT[l], c->y[l]);
        hf_text_printf(t, "}, other: %g}", c->other);
    } else {
        hf_text_puts(t, c->form == POINTS ? "{points: [" : "{steps: [");
        for (int k = 0; k < c->count; k++)
            put_pair(t, k ? ", [" : "[", c->x[k], c->y[k]);
        hf_text_puts(t, "]");
        if (c->form == STEPS) hf_text_printf(t, ", below: %g", c->below);
        hf_text_puts(t, "}");
    }
}

static void put_condition(hf_text *t, const card_condition *when)
{
    hf_text_puts(t, "when: '");
    if (when->test == LEVEL_IS)
        hf_text_printf(t, "c%d = \"%s\"", when->signal, LEVEL_TEXT[when->level]);
    else if (when->test == NUMBER_MISSING)
        hf_text_printf(t, "n%d is missing", when->signal);
    else
        hf_text_printf(t, "n%d > %.17g", when->signal, when->limit);
    hf_text_puts(t, "'");
}

static void put_measure(hf_text *t, const card *c, int m)
{
    static const char *const MISSING[] = {"skip", "neutral", "worst"};
    const card_measure *measure = &c->measure[m];
    const bool table = measure->curve.form == TABLE;
    hf_text_printf(t, "      m%d:\n        signal: %c%d\n        weight: %.17g\n", m, table ? 'c' : 'n',
                   measure->signal, measure->weight);
    if (!table) hf_text_printf(t, "        higher: %s\n", measure->good ? "good" : "bad");
    hf_text_puts(t, "        curve: ");
    put_curve(t, &measure->curve);
    if (measure->missing == HF_MISSING_VALUE)
        hf_text_printf(t, "\n        missing: %g\n", measure->value);
    else
        hf_text_printf(t, "\n        missing: %s\n", MISSING[measure->missing]);
    if (measure->max_age > 0)
        hf_text_printf(t, "        max_age: %d days\n        observed_on: d%d\n", measure->max_age,
                       measure->dated);
}

static void put_segment(hf_text *t, const card *c, int s)
{
    const card_segment *segment = &c->segment[s];
    hf_text_printf(t, "  s%d:\n    ", s);
    put_condition(t, &segment->when);
    hf_text_puts(t, "\n    weights: {g0: ");
    put_number(t, segment->own_group_weight[0] ? segment->group_weight[0] : c->group[0].weight);
    for (int g = 1; g < c->groups; g++)
        if (segment->own_group_weight[g]) hf_text_printf(t, ", g%d: %.17g", g, segment->group_weight[g]);
    for (int g = 0; g < c->groups; g++)
        for (int m = c->group[g].first; m < c->group[g].first + c->group[g].count; m++)
            if (segment->own_weight[m]) hf_text_printf(t, ", g%d.m%d: %.17g", g, m, segment->weight[m]);
    hf_text_puts(t, "}\n");
    bool any = false;
    for (int g = 0; g < c->groups; g++)
        for (int m = c->group[g].first; m < c->group[g].first + c->group[g].count; m++) {
            if (!segment->own_curve[m]) continue;
            if (!any) hf_text_puts(t, "    curves:\n");
            any = true;
            hf_text_printf(t, "      g%d.m%d: ", g, m);
            put_curve(t, &segment->curve[m]);
            hf_text_puts(t, "\n");
        }
    if (!segment->own_bands) return;
    hf_text_puts(t, "    bands: {");
    for (int b = 1; b < c->bands; b++)
        hf_text_printf(t, "%sb%d: %.17g", b > 1 ? ", " : "", b, segment->band[b]);
    hf_text_puts(t, "}\n");
}

static void put_rules(hf_text *t, const card *c)
{
    static const char *const ACTION[] = {"set", "cap", "floor"};
    if (c->rules > 0) hf_text_puts(t, "overrides:\n");
    for (int i = 0; i < c->rules; i++) {
        hf_text_printf(t, "  - {name: r%d, ", i);
        put_condition(t, &c->rule[i].when);
        hf_text_printf(t, ", %s: %g, reason: drawn}\n", ACTION[c->rule[i].action], c->rule[i].value);
    }
}

char *card_yaml(const card *c)
{
    static const char *const AGGREGATE[] = {"mean", "worst", "best"};
    hf_text t;
    hf_context *context;
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
    hf_text_init(&t, context);
    hf_text_puts(&t, "holdfast: 1\nname: drawn\ngroups:\n");
    for (int g = 0; g < c->groups; g++) {
        hf_text_printf(&t, "  g%d:\n    weight: %.17g\n    aggregate: %s\n    measures:\n", g,
                       c->group[g].weight, AGGREGATE[c->group[g].aggregate]);
        for (int m = c->group[g].first; m < c->group[g].first + c->group[g].count; m++)
            put_measure(&t, c, m);
    }
    hf_text_puts(&t, "bands:\n");
    for (int b = 0; b < c->bands; b++)
        hf_text_printf(&t, "  b%d: %.17g\n", b, c->band[b]);
    hf_text_printf(&t, "min_coverage: %.17g\nneutral: %.17g\n", c->min_coverage, c->neutral);
    if (isfinite(c->max_inherit)) hf_text_printf(&t, "max_inherit: %.17g\n", c->max_inherit);
    if (c->segments > 0) hf_text_puts(&t, "segments:\n");
    for (int s = 0; s < c->segments; s++)
        put_segment(&t, c, s);
    put_rules(&t, c);
    cr_assert(hf_text_status(&t, NULL) == HF_OK);
    char *out = strdup(t.data);
    hf_text_free(&t);
    hf_context_destroy(context);
    return out;
}

hf_definition *card_definition(const card *c, const hf_context *context)
{
    hf_definition *out = NULL;
    hf_error error = {0};
    char *yaml = card_yaml(c), said[4096];
    if (hf_definition_parse(&out, context, yaml, strlen(yaml), "drawn.yaml", &error) != HF_OK) {
        hf_error_format(&error, said, sizeof said);
        cr_assert_fail("%s\n%s", said, yaml);
    }
    free(yaml);
    return out;
}

// ---- as a frame -----------------------------------------------------------------------------------------------

static hf_column *add(hf_frame *frame, char letter, int place, hf_kind kind)
{
    char name[8];
    hf_column *column;
    snprintf(name, sizeof name, "%c%d", letter, place);
    cr_assert(hf_frame_add(frame, &column, name, kind, hf_kind_storage(kind), NULL) == HF_OK);
    return column;
}

hf_frame *card_frame(const card *c, const hf_context *context, const int64_t *order, int64_t count)
{
    enum { WIDTH = 8 };
    hf_frame *frame;
    size_t lengths[LEVELS];
    const int64_t rows = order ? count : c->rows;
    cr_assert(hf_frame_create(&frame, context, rows, WIDTH, NULL) == HF_OK);
    frame->as_of = AS_OF;
    for (int64_t i = 0; i < rows; i++) {
        char id[32];
        int length = snprintf(id, sizeof id, "A%05lld", (long long)(order ? order[i] : i));
        memcpy(frame->ids + i * WIDTH, id, (size_t)length);
    }
    for (int s = 0; s < NUMBERS; s++) {
        hf_column *column = add(frame, 'n', s, s < 6 ? HF_KIND_NUMBER : HF_KIND_MONEY);
        for (int64_t i = 0; i < rows; i++) {
            const double x = c->number[s][order ? order[i] : i];
            if (s < 6)
                ((float *)column->values)[i] = (float)x;
            else
                ((double *)column->values)[i] = x;
        }
        hf_column_count_missing(column, rows);
    }
    for (int l = 0; l < LEVELS; l++)
        lengths[l] = strlen(LEVEL_TEXT[l]);
    for (int s = 0; s < CATEGORIES; s++) {
        hf_column *column = add(frame, 'c', s, HF_KIND_CATEGORY);
        cr_assert(hf_dictionary_build(&column->dictionary, context, LEVEL_TEXT, lengths, LEVELS, NULL,
                                      NULL) == HF_OK);
        for (int64_t i = 0; i < rows; i++)
            ((int32_t *)column->values)[i] = c->level[s][order ? order[i] : i];
        hf_column_count_missing(column, rows);
    }
    for (int s = 0; s < DATES; s++) {
        hf_column *column = add(frame, 'd', s, HF_KIND_DATE);
        for (int64_t i = 0; i < rows; i++)
            ((hf_date *)column->values)[i] = c->date[s][order ? order[i] : i];
        hf_column_count_missing(column, rows);
    }
    return frame;
}

hf_manual_overrides card_manuals(const card *c, const hf_context *context)
{
    hf_manual_overrides out = {.count = c->manuals};
    out.items = hf_new(context, (size_t)c->manuals, sizeof *out.items);
    for (int i = 0; i < c->manuals; i++)
        out.items[i] = (hf_manual_override){.row = c->manual[i].row,
                                            .action = c->manual[i].action,
                                            .value = c->manual[i].value,
                                            .expired = c->manual[i].expired};
    return out;
}
