// SPDX-License-Identifier: Apache-2.0
//
// Surfaces and rules against their definition written plainly: random axes over f32, f64 and category columns
// with values at the very edges, missing values, levels the term does not know and absent columns; their
// JSON, damaged in every field; their words.
#include "term_case.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 900, COLUMNS = 6, LEVELS = 7 };

static const char *const LEVEL_TEXT[LEVELS] = {"", "basic", "gold", "new", "pro", "team", "zwei \xc3\xbc"};
static const hf_isa ALL[] = {HF_ISA_SCALAR, HF_ISA_AVX2, HF_ISA_AVX512};
static hf_random dice;

static void open_context(void)
{
    term_open();
    dice = hf_random_seed(17, 0);
}
TestSuite(term_grid, .init = open_context, .fini = term_close);

static double uniform(double low, double high)
{
    return low + (high - low) * hf_random_uniform(&dice);
}

static int32_t below(int32_t n)
{
    return (int32_t)hf_random_below(&dice, (uint64_t)n);
}

static char *copy(const char *text)
{
    return hf_copy_text(term_context, text, strlen(text));
}

static void build(hf_dictionary *out, int32_t first, int32_t step)
{
    const char *texts[LEVELS];
    size_t lengths[LEVELS];
    int32_t n = 0;
    for (int32_t i = first; i < LEVELS; i += step) {
        texts[n] = LEVEL_TEXT[i];
        lengths[n++] = strlen(LEVEL_TEXT[i]);
    }
    cr_assert(hf_dictionary_build(out, term_context, texts, lengths, n, NULL, NULL) == HF_OK);
}

// Columns 0 and 1 are f32, 2 and 3 f64, 4 and 5 categories; of each pair the values of the second are large.
static const char *const NAMES[COLUMNS] = {"age", "charge", "spend", "arr", "plan", "contract"};

static hf_kind kind_of(int32_t column)
{
    return column < 2 ? HF_KIND_NUMBER : column < 4 ? HF_KIND_MONEY : HF_KIND_CATEGORY;
}

static double scale_of(int32_t column)
{
    return column == 1 ? 1e30 : column == 3 ? 4e9 : 3.0;
}

static void draw_axis(hf_axis *axis, int32_t column)
{
    *axis = (hf_axis){.signal = copy(NAMES[column]), .kind = kind_of(column), .unit = copy("")};
    if (axis->kind == HF_KIND_CATEGORY) {
        axis->cells = 2 + below(4);
        build(&axis->levels, below(2), 1 + below(3));
        axis->level_cell = hf_new(term_context, (size_t)axis->levels.count, sizeof *axis->level_cell);
        for (int32_t i = 0; i < axis->levels.count; i++)
            axis->level_cell[i] = below(axis->cells);
        axis->other = below(axis->cells);
        return;
    }
    axis->edges = below(8);
    axis->cells = axis->edges + 2;
    axis->edge = hf_new(term_context, (size_t)axis->edges, sizeof *axis->edge);
    for (int32_t k = 0; k < axis->edges; k++)
        axis->edge[k] = scale_of(column) * (-1 + 2 * (k + hf_random_uniform(&dice)) / 8);
}

static void name_term(hf_term *term)
{
    char name[256] = "";
    for (int32_t a = 0; a < term->axis_count; a++) {
        strcat(name, a > 0 ? " x " : "");
        strcat(name, term->axes[a].signal);
    }
    term->signal = copy(name);
    term->unit = copy("");
}

static void draw_term(hf_term *term, int32_t axes)
{
    *term = (hf_term){.kind = axes == 2 && below(2) ? HF_TERM_SURFACE : HF_TERM_RULE,
                      .signal_kind = HF_KIND_NUMBER,
                      .axis_count = axes,
                      .reference = uniform(-1, 1),
                      .mean = NAN,
                      .deviation = NAN};
    for (int32_t a = 0; a < axes; a++)
        draw_axis(&term->axes[a], (a + below(3) * 4) % COLUMNS);
    name_term(term);
    int64_t count = 1;
    bool in[HF_AXES][HF_AXIS_CELLS];
    for (int32_t a = 0; a < axes; a++) {
        const int32_t cells = term->axes[a].cells;
        count *= cells;
        for (int32_t c = 0; c < cells; c++)
            in[a][c] = below(2);
        in[a][below(cells)] = true;
    }
    cr_assert(hf_term_value_count(term) == count);
    term->values = hf_new(term_context, (size_t)count, sizeof *term->values);
    for (int64_t i = 0; i < count; i++) {
        int64_t rest = i;
        bool holds = true;
        for (int32_t a = axes - 1; a >= 0; a--) {
            holds = holds && in[a][rest % term->axes[a].cells];
            rest /= term->axes[a].cells;
        }
        term->values[i] = term->kind == HF_TERM_SURFACE ? uniform(-2, 2) : holds ? 1.0 / 3 : 0.0;
    }
}

// A frame of the six columns less one; values at the term's edges, beside them and anywhere.
static hf_frame *draw_frame(const hf_term *term, int32_t without)
{
    hf_frame *frame;
    cr_assert(hf_frame_create(&frame, term_context, ROWS, 8, NULL) == HF_OK);
    for (int32_t c = 0; c < COLUMNS; c++) {
        hf_column *column;
        const hf_axis *axis = NULL;
        if (c == without) continue;
        hf_frame_add(frame, &column, NAMES[c], kind_of(c), hf_kind_storage(kind_of(c)), NULL);
        for (int32_t a = 0; a < term->axis_count; a++)
            if (strcmp(term->axes[a].signal, NAMES[c]) == 0) axis = &term->axes[a];
        if (column->storage == HF_STORAGE_CODE) build(&column->dictionary, below(2), 1);
        for (int64_t i = 0; i < ROWS; i++) {
            double x = below(6) == 0 ? NAN : uniform(-1.3, 1.3) * scale_of(c);
            if (axis && axis->edges > 0 && below(2)) x = axis->edge[below(axis->edges)];
            if (below(50) == 0) x = below(2) ? INFINITY : -INFINITY;
            const float f = (float)x, towards = below(2) ? INFINITY : -INFINITY;
            if (column->storage == HF_STORAGE_F32)
                ((float *)column->values)[i] = below(3) ? f : nextafterf(f, towards);
            else if (column->storage == HF_STORAGE_F64)
                ((double *)column->values)[i] = below(3) ? x : nextafter(x, (double)towards);
            else
                ((int32_t *)column->values)[i] = below(column->dictionary.count + 1) - 1;
        }
        hf_column_count_missing(column, ROWS);
    }
    return frame;
}

static int64_t plain_cell(const hf_axis *axis, const hf_frame *frame, int64_t row, int32_t *unknown)
{
    const int32_t c = hf_frame_find(frame, axis->signal);
    if (c < 0) return axis->cells - 1;
    const hf_column *column = &frame->columns[c];
    if (axis->kind == HF_KIND_CATEGORY) {
        const int32_t code = ((const int32_t *)column->values)[row];
        if (code < 0) return axis->cells - 1;
        for (int32_t i = 0; i < axis->levels.count; i++)
            if (strcmp(hf_dictionary_text(&axis->levels, i), hf_dictionary_text(&column->dictionary, code)) ==
                0)
                return axis->level_cell[i];
        ++*unknown;
        return axis->other;
    }
    const double x = column->storage == HF_STORAGE_F64 ? ((const double *)column->values)[row]
                                                       : (double)((const float *)column->values)[row];
    if (isnan(x)) return axis->cells - 1;
    for (int32_t k = 0; k < axis->edges; k++)
        if (x <= axis->edge[k]) return k;
    return axis->edges;
}

static double plain_contribution(const hf_term *term, const hf_frame *frame, int64_t row, int32_t *unknown)
{
    int64_t place = 0;
    for (int32_t a = 0; a < term->axis_count; a++)
        place = place * term->axes[a].cells + plain_cell(&term->axes[a], frame, row, unknown);
    return term->values[place] - term->reference;
}

static void check(const hf_term *term, const hf_frame *frame)
{
    hf_compiled_term *compiled;
    hf_error error = {0};
    int32_t unseen = -1, unknown = 0;
    float out[ROWS], scratch[HF_TILE];
    cr_assert(hf_term_compile_in(&compiled, term_context, term, frame, &unseen, &error) == HF_OK, "%s",
              error.message);
    for (int64_t i = 0; i < ROWS; i++)
        cr_assert(hf_term_contribution(compiled, i) == plain_contribution(term, frame, i, &unknown));
    cr_assert((unseen > 0) >= (unknown > 0));
    for (size_t t = 0; t < sizeof ALL / sizeof *ALL; t++) {
        const hf_kernels *kernels = hf_kernels_for(ALL[t]);
        if (!kernels) continue;
        memset(out, 0x5a, sizeof out);
        hf_term_run(compiled, kernels, out, scratch, 0, 513);
        hf_term_run(compiled, kernels, out + 513, scratch, 513, ROWS - 514);
        for (int64_t i = 0; i < ROWS - 1; i++) {
            const float exact = (float)plain_contribution(term, frame, i, &unknown);
            cr_assert(out[i] == exact, "row %lld: %.9g, plainly %.9g", (long long)i, (double)out[i],
                      (double)exact);
        }
        unsigned char guard[sizeof(float)];
        memset(guard, 0x5a, sizeof guard);
        cr_assert(memcmp(&out[ROWS - 1], guard, sizeof guard) == 0);
    }
    hf_term_compiled_free(term_context, compiled);
}

Test(term_grid, agrees_with_the_definition)
{
    for (int repeat = 0; repeat < 200; repeat++) {
        hf_term term;
        draw_term(&term, 1 + repeat % HF_AXES);
        hf_frame *frame = draw_frame(&term, repeat % 5 == 0 ? below(COLUMNS) : -1);
        check(&term, frame);
        hf_frame_destroy(frame);
        hf_term_free(term_context, &term);
    }
}

// Edges that no float lies near: beyond the largest and below the least.
Test(term_grid, edges_beyond_floats)
{
    double edge[] = {-1e300, -1e-60, 1e-60, 3e38, 1e300}, values[] = {1, 2, 3, 4, 5, 6, 7};
    const float x[] = {-INFINITY, -3e38f, -0x1p-149f, 0, 0x1p-149f, 3.1e38f, INFINITY, NAN};
    const double expected[] = {1, 2, 2, 3, 4, 5, 6, 7};
    hf_term term = {.kind = HF_TERM_RULE, .signal = (char *)"x", .unit = (char *)"", .axis_count = 1};
    term.axes[0] = (hf_axis){.signal = (char *)"x", .unit = (char *)"", .cells = 7, .edges = 5, .edge = edge};
    term.values = values;
    hf_frame *frame;
    hf_column *column;
    hf_compiled_term *compiled;
    float out[8], scratch[HF_TILE];
    hf_frame_create(&frame, term_context, 8, 4, NULL);
    hf_frame_add(frame, &column, "x", HF_KIND_NUMBER, HF_STORAGE_F32, NULL);
    memcpy(column->values, x, sizeof x);
    cr_assert(hf_term_compile_in(&compiled, term_context, &term, frame, NULL, NULL) == HF_OK);
    hf_term_run(compiled, hf_kernels_for(HF_ISA_AUTO), out, scratch, 0, 8);
    for (int i = 0; i < 8; i++)
        cr_expect((double)out[i] == expected[i] && hf_term_contribution(compiled, i) == expected[i], "%g: %g",
                  (double)x[i], (double)out[i]);
    hf_term_compiled_free(term_context, compiled);
    hf_frame_destroy(frame);
}

Test(term_grid, a_column_of_another_kind_is_refused)
{
    for (int32_t c = 0; c < COLUMNS; c += 4) {
        hf_term term = {.kind = HF_TERM_RULE, .axis_count = 1};
        hf_error error = {0};
        hf_column *column;
        hf_frame *frame;
        hf_compiled_term *compiled = (hf_compiled_term *)1;
        draw_axis(&term.axes[0], c);
        name_term(&term);
        term.values = hf_new(term_context, (size_t)term.axes[0].cells, sizeof *term.values);
        for (int other = 0; other < 2; other++) {
            const hf_kind kind = other ? HF_KIND_DATE : c == 0 ? HF_KIND_CATEGORY : HF_KIND_NUMBER;
            hf_frame_create(&frame, term_context, 1, 4, NULL);
            hf_frame_add(frame, &column, NAMES[c], kind, hf_kind_storage(kind), NULL);
            memset(column->values, 0, 4);
            cr_assert(hf_term_compile_in(&compiled, term_context, &term, frame, NULL, &error) ==
                      HF_ERROR_DATA);
            cr_assert(compiled == (hf_compiled_term *)1);
            cr_assert(strstr(error.message, NAMES[c]) && strstr(error.message, "--kind"), "%s",
                      error.message);
            cr_assert(strstr(error.message, other    ? "holds dates"
                                            : c == 0 ? "holds categories"
                                                     : "holds numbers"),
                      "%s", error.message);
            hf_frame_destroy(frame);
        }
        cr_assert(hf_term_compile(&compiled, term_context, &term, NULL, NULL, &error) == HF_ERROR_INTERNAL);
        hf_term_free(term_context, &term);
    }
}

// ---- JSON ----------------------------------------------------------------------------------------------------

Test(term_grid, round_trips)
{
    for (int repeat = 0; repeat < 100; repeat++) {
        hf_term term;
        draw_term(&term, 1 + repeat % HF_AXES);
        expect_round_trip(term);
    }
}

// Every member deleted and every value replaced by one that is right nowhere.
static void damage_all(const json_t *whole, json_t *at, const char *parent)
{
    json_t *members = json_is_object(at) ? json_copy(at) : NULL; // `at` changes its order of keys
    for (void *i = json_object_iter(members); i; i = json_object_iter_next(members, i)) {
        const char *key = json_object_iter_key(i);
        json_t *value = json_object_iter_value(i);
        json_object_set_new(at, key, json_true());
        expect_damaged(whole, key, parent, "altered");
        json_object_del(at, key);
        expect_damaged(whole, key, parent, "cut");
        json_object_set(at, key, value);
        damage_all(whole, value, key);
    }
    json_decref(members);
    for (size_t i = 0; json_is_array(at) && i < json_array_size(at); i++) {
        json_t *value = json_incref(json_array_get(at, i));
        json_array_set_new(at, i, json_true());
        expect_damaged(whole, parent, parent, "with an entry altered");
        json_array_set(at, i, value);
        damage_all(whole, value, parent);
        json_decref(value);
    }
}

static hf_term example(hf_term_kind kind)
{
    hf_term term = {.kind = kind,
                    .signal_kind = HF_KIND_NUMBER,
                    .axis_count = 2,
                    .reference = 0.125,
                    .mean = NAN,
                    .deviation = NAN};
    term.axes[0] = (hf_axis){.signal = copy("age"), .unit = copy("years"), .kind = HF_KIND_NUMBER};
    term.axes[0].edges = 2;
    term.axes[0].cells = 4;
    term.axes[0].edge = hf_new(term_context, 2, sizeof(double));
    term.axes[0].edge[0] = 30;
    term.axes[0].edge[1] = 44.5;
    term.axes[1] = (hf_axis){.signal = copy("plan"), .unit = copy(""), .kind = HF_KIND_CATEGORY};
    term.axes[1].cells = 3;
    build(&term.axes[1].levels, 1, 2);
    term.axes[1].level_cell = hf_new(term_context, 3, sizeof(int32_t));
    term.axes[1].other = 1;
    term.axes[1].level_cell[1] = 1;
    name_term(&term);
    term.values = hf_new(term_context, 12, sizeof *term.values);
    for (int i = 0; i < 12; i++)
        term.values[i] = kind == HF_TERM_SURFACE ? i / 7.0 : i == 6 ? 0.75 : 0.0;
    return term;
}

Test(term_grid, every_damage_is_named)
{
    for (int k = 0; k < 2; k++) {
        hf_term term = example(k ? HF_TERM_RULE : HF_TERM_SURFACE), back;
        json_t *json = hf_term_to_json(&term);
        damage_all(json, json, k ? "rule" : "surface");
        cr_assert(hf_term_from_json(&back, term_context, json, "m.json", NULL) == HF_OK,
                  "put back as it was");
        hf_term_free(term_context, &back);
        json_decref(json);
        hf_term_free(term_context, &term);
    }
}

static void expect_refused(const hf_term *term, const char *path, const char *value, const char *named)
{
    json_t *whole = hf_term_to_json(term), *json = altered(whole, path, value);
    expect_damaged(json, named, named, value);
    json_decref(json);
    json_decref(whole);
}

Test(term_grid, what_does_not_fit_together_is_refused)
{
    hf_term surface = example(HF_TERM_SURFACE), rule = example(HF_TERM_RULE);
    expect_refused(&surface, "signal", "\"age x plans\"", "signal");
    expect_refused(&surface, "signal", "\"age\"", "signal");
    expect_refused(&surface, "signal", "\"age x plan x plan\"", "signal");
    expect_refused(&surface, "kind", "\"category\"", "kind");
    expect_refused(&surface, "kind", "\"money\"", "kind");
    expect_refused(&surface, "table", "{}", "curve");
    expect_refused(&surface, "rule", "{}", "curve");
    expect_refused(&surface, "surface.axes", "[]", "axes");
    expect_refused(&surface, "surface.axes.0.cells", "5", "edges");
    expect_refused(&surface, "surface.axes.0.cells", "1", "cells");
    expect_refused(&surface, "surface.axes.0.cells", "257", "cells");
    expect_refused(&surface, "surface.axes.0.cells", "1e3", "cells");
    expect_refused(&surface, "surface.axes.0.edges", "[44.5, 30]", "edges");
    expect_refused(&surface, "surface.axes.0.edges", "[30, 30]", "edges");
    expect_refused(&surface, "surface.axes.0.edges", "[30]", "edges");
    expect_refused(&surface, "surface.axes.0.kind", "\"date\"", "kind");
    expect_refused(&surface, "surface.axes.0.kind", "\"category\"", "levels");
    expect_refused(&surface, "surface.axes.0.signal", "\"\"", "signal");
    expect_refused(&surface, "surface.axes.0.signal", "\"a\\u0000b\"", "signal");
    expect_refused(&surface, "surface.axes.1.kind", "\"count\"", "edges");
    expect_refused(&surface, "surface.axes.1.other", "3", "other");
    expect_refused(&surface, "surface.axes.1.other", "-1", "other");
    expect_refused(&surface, "surface.axes.1.levels.0.cell", "3", "cell");
    expect_refused(&surface, "surface.axes.1.levels.0.level", "\"zz\"", "levels");
    expect_refused(&surface, "surface.axes.1.levels.2.level", "\"new\"", "levels");
    expect_refused(&surface, "surface.values", "[1]", "values");
    expect_refused(&rule, "rule.conditions", "[]", "conditions");
    expect_refused(&rule, "rule.conditions", "[1, 2, 3, 4, 5]", "conditions");
    expect_refused(&rule, "rule.conditions.0.in", "[]", "in");
    expect_refused(&rule, "rule.conditions.0.in", "[4]", "in");
    expect_refused(&rule, "rule.conditions.0.in", "[1, 1]", "in");
    expect_refused(&rule, "rule.conditions.0.in", "[2, 1]", "in");
    expect_refused(&rule, "rule.weight", "null", "weight");
    hf_term_free(term_context, &surface);
    hf_term_free(term_context, &rule);
}

// ---- the page ------------------------------------------------------------------------------------------------

static void write_rows(const char *path, const hf_frame *frame, int64_t rows)
{
    FILE *file = fopen(path, "w");
    for (int64_t i = 0; i < rows; i++) {
        json_t *row = json_object();
        for (int32_t c = 0; c < frame->column_count; c++) {
            const hf_column *column = &frame->columns[c];
            if (column->storage == HF_STORAGE_CODE) {
                const int32_t code = ((const int32_t *)column->values)[i];
                json_object_set_new(row, column->name,
                                    code < 0 ? json_null()
                                             : json_string(hf_dictionary_text(&column->dictionary, code)));
            } else {
                const double x = hf_column_number(column, i); // JSON has no infinity; past every edge will do
                json_object_set_new(row, column->name,
                                    isnan(x) ? json_null() : json_real(fmin(fmax(x, -1e300), 1e300)));
            }
        }
        json_dumpf(row, file, JSON_REAL_PRECISION(17));
        fputc('\n', file);
        json_decref(row);
    }
    fclose(file);
}

// The script in models/README.md scores surfaces and rules as the library does.
Test(term_grid, the_readme_scores_surfaces_and_rules)
{
    enum { TERMS = 12, SCORED = 60 };
    char folder[] = "/tmp/holdfast-term-XXXXXX", command[256], path[64];
    if (system("command -v python3 >/dev/null 2>&1") != 0) cr_skip_test("SKIPPED: python3 is not installed");
    cr_assert_not_null(mkdtemp(folder));
    hf_term terms[TERMS];
    json_t *list = json_array(), *model = json_pack("{s:f, s:o}", "intercept", -0.25, "terms", list);
    for (int t = 0; t < TERMS; t++) {
        draw_term(&terms[t], 1 + t % HF_AXES);
        json_array_append_new(list, hf_term_to_json(&terms[t]));
    }
    hf_frame *frame = draw_frame(&terms[1], 3);
    snprintf(path, sizeof path, "%s/model.json", folder);
    cr_assert(json_dump_file(model, path, JSON_REAL_PRECISION(17)) == 0);
    snprintf(path, sizeof path, "%s/rows", folder);
    write_rows(path, frame, SCORED);
    snprintf(
        command, sizeof command,
        "cd %s && sed -n '/^```python/,/^```$/{/^```/!p}' '%s' > score.py && python3 score.py model.json "
        "< rows > scores",
        folder, MODELS_README);
    cr_assert(system(command) == 0);
    snprintf(path, sizeof path, "%s/scores", folder);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    for (int64_t i = 0; i < SCORED; i++) {
        double score, z = -0.25;
        int32_t unknown = 0;
        for (int t = 0; t < TERMS; t++)
            z += plain_contribution(&terms[t], frame, i, &unknown) + terms[t].reference;
        cr_assert(fscanf(file, "%lf", &score) == 1 && fabs(score - 1 / (1 + exp(-z))) < 1e-12);
    }
    fclose(file);
    snprintf(command, sizeof command, "rm -r %s", folder);
    cr_assert(system(command) == 0);
    for (int t = 0; t < TERMS; t++)
        hf_term_free(term_context, &terms[t]);
    hf_frame_destroy(frame);
    json_decref(model);
}

// ---- words ---------------------------------------------------------------------------------------------------

typedef struct {
    const char *signal, *unit;
    hf_kind kind;
    double edge[4];
    int32_t edges;
    uint32_t in; // bit c: cell c
} said;

static void expect_said(const said *list, int32_t count, const char *expected)
{
    hf_term term = {.kind = HF_TERM_RULE, .axis_count = count};
    double values[625];
    hf_text text;
    hf_text_init(&text, term_context);
    term.values = values;
    for (int32_t a = 0; a < count; a++) {
        const said *s = &list[a];
        hf_axis *axis = &term.axes[a];
        *axis = (hf_axis){.signal = copy(s->signal), .unit = copy(s->unit ? s->unit : ""), .kind = s->kind};
        axis->edges = s->kind == HF_KIND_CATEGORY ? 0 : s->edges;
        axis->cells = s->edges + 2;
        axis->edge = hf_new(term_context, 4, sizeof *axis->edge);
        memcpy(axis->edge, s->edge, sizeof s->edge);
        if (s->kind == HF_KIND_CATEGORY) { // basic and gold apart, new and the rest
            build(&axis->levels, 1, 1);
            axis->level_cell = hf_new(term_context, LEVELS, sizeof *axis->level_cell);
            memcpy(axis->level_cell, (int32_t[]){0, 1, 2, 3, 3, 3}, 6 * sizeof(int32_t));
            axis->other = 3;
        }
    }
    for (int64_t i = 0; i < hf_term_value_count(&term); i++) {
        int64_t rest = i;
        values[i] = -0.5;
        for (int32_t a = count - 1; a >= 0; a--) {
            if (!(list[a].in >> (rest % term.axes[a].cells) & 1)) values[i] = 0;
            rest /= term.axes[a].cells;
        }
    }
    hf_term_conditions(&text, &term);
    cr_expect_str_eq(text.data, expected);
    hf_text_free(&text);
    term.values = NULL;
    hf_term_free(term_context, &term);
}

#define EXPECT_SAID(expected, ...)                                                                    \
    expect_said((const said[]){__VA_ARGS__}, (int32_t)(sizeof((said[]){__VA_ARGS__}) / sizeof(said)), \
                expected)

Test(term_grid, conditions_read_as_a_person_would_say_them)
{
    const said age = {"age", "", HF_KIND_NUMBER, {44.5}, 1, 2};
    EXPECT_SAID("age over 44.5", age);
    EXPECT_SAID("age over 44.5 and is active member: no", age,
                {"IsActiveMember", "", HF_KIND_FLAG, {0.5}, 1, 1});
    EXPECT_SAID("age over 44.5 and (no csat on record or csat up to 2.5)", age,
                {"csat", "", HF_KIND_NUMBER, {2.5}, 1, 5});
    EXPECT_SAID("no csat on record or csat up to 2.5", {"csat", "", HF_KIND_NUMBER, {2.5}, 1, 5});
    EXPECT_SAID("age over 44.5 and no csat on record", age, {"csat", "", HF_KIND_NUMBER, {2.5}, 1, 4});
    EXPECT_SAID("csat on record", {"csat", "", HF_KIND_NUMBER, {2.5}, 1, 3});
    EXPECT_SAID("is active member", {"is_active_member", "", HF_KIND_FLAG, {0.5}, 1, 2});
    EXPECT_SAID("age over 30 up to 44.5", {"age", "", HF_KIND_NUMBER, {30, 44.5}, 2, 2});
    EXPECT_SAID("age up to 30 or age over 44.5", {"age", "", HF_KIND_NUMBER, {30, 44.5}, 2, 5});
    EXPECT_SAID("monthly charges over 70.35 EUR", {"monthly_charges", "EUR", HF_KIND_MONEY, {70.35}, 1, 2});
    EXPECT_SAID("licence use up to 45 %", {"licence_use", "", HF_KIND_RATIO, {0.45}, 1, 1});
    EXPECT_SAID("over 4.5 days since login", {"days_since_login", "", HF_KIND_NUMBER, {4.5}, 1, 2});
    EXPECT_SAID("4 or more tickets in 90 days", {"tickets_90d", "", HF_KIND_COUNT, {3.5}, 1, 2});
    EXPECT_SAID("up to 3 tickets in 90 days", {"tickets_90d", "", HF_KIND_COUNT, {3.5}, 1, 1});
    EXPECT_SAID("no tickets in 90 days", {"tickets_90d", "", HF_KIND_COUNT, {0.5}, 1, 1});
    EXPECT_SAID("3 to 5 tickets in 90 days", {"tickets_90d", "", HF_KIND_COUNT, {2, 5}, 2, 2});
    EXPECT_SAID("1 ticket in 90 days", {"tickets_90d", "", HF_KIND_COUNT, {0.5, 1.5}, 2, 2});
    EXPECT_SAID("plan basic or gold", {"plan", "", HF_KIND_CATEGORY, {0}, 3, 3});
    EXPECT_SAID("plan other than basic, gold or new", {"plan", "", HF_KIND_CATEGORY, {0}, 3, 8});
    EXPECT_SAID("no plan on record or plan new", {"plan", "", HF_KIND_CATEGORY, {0}, 3, 20});
    EXPECT_SAID("plan on record", {"plan", "", HF_KIND_CATEGORY, {0}, 3, 15});
}

Test(term_grid, other_terms_are_named)
{
    hf_term surface = example(HF_TERM_SURFACE);
    const hf_term count = {.signal = (char *)"tickets_90d", .signal_kind = HF_KIND_COUNT, .unit = (char *)""};
    hf_text text;
    hf_text_init(&text, term_context);
    hf_term_conditions(&text, &surface);
    hf_text_puts(&text, "; ");
    hf_term_conditions(&text, &count);
    cr_assert_str_eq(text.data, "age and plan; tickets in 90 days");
    hf_text_free(&text);
    hf_term_free(term_context, &surface);
}

Test(term_grid, words_of_a_row_are_whole_parts)
{
    hf_term term = example(HF_TERM_RULE);
    hf_frame *frame;
    hf_column *column;
    hf_compiled_term *compiled;
    char out[64];
    hf_frame_create(&frame, term_context, 2, 4, NULL);
    hf_frame_add(frame, &column, "age", HF_KIND_NUMBER, HF_STORAGE_F32, NULL);
    memcpy(column->values, (float[]){47, NAN}, 8);
    hf_frame_add(frame, &column, "plan", HF_KIND_CATEGORY, HF_STORAGE_CODE, NULL);
    build(&column->dictionary, 1, 1);
    memcpy(column->values, (int32_t[]){1, -1}, 8);
    cr_assert(hf_term_compile_in(&compiled, term_context, &term, frame, NULL, NULL) == HF_OK);
    cr_assert(hf_term_words(out, sizeof out, compiled, NULL, 0) == strlen(out));
    cr_assert_str_eq(out, "age 47 years and plan gold");
    hf_term_words(out, sizeof out, compiled, NULL, 1);
    cr_assert_str_eq(out, "no age on record and no plan on record");
    hf_term_phrase_in(out, sizeof out, &term, frame, 0);
    cr_assert_str_eq(out, "age 47 years and plan gold");
    for (size_t size = 0; size <= 27; size++) {
        memset(out, '#', sizeof out);
        const size_t length = hf_term_words(out, size, compiled, NULL, 0);
        cr_assert(out[size] == '#' && (size == 0 || length == strlen(out)));
        if (size > 12) cr_assert_str_eq(out, size < 27 ? "age 47 years" : "age 47 years and plan gold");
    }
    hf_term_compiled_free(term_context, compiled);
    hf_frame_destroy(frame);
    hf_term_free(term_context, &term);
}

// ---- when memory runs out -----------------------------------------------------------------------------------

Test(term_grid, survives_every_failed_allocation)
{
    long *left;
    hf_context *poor = scarce_context(&left);
    for (int kind = 0; kind < 2; kind++) {
        hf_term term = example(kind ? HF_TERM_RULE : HF_TERM_SURFACE);
        hf_frame *frame = draw_frame(&term, -1);
        hf_compiled_term *compiled = NULL;
        for (long k = 0; !compiled && k < 100; k++) {
            hf_error error = {0};
            *left = k;
            const hf_status status = hf_term_compile_in(&compiled, poor, &term, frame, NULL, &error);
            cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && error.status == status && !compiled));
        }
        cr_assert_not_null(compiled);
        hf_term_compiled_free(poor, compiled);
        expect_reading_fails_well(poor, left, &term);
        hf_frame_destroy(frame);
        hf_term_free(term_context, &term);
    }
    hf_context_destroy(poor);
}
