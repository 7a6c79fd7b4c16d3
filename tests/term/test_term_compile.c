// SPDX-License-Identifier: Apache-2.0
//
// Compiled terms against the formula written plainly in long double: random curves on f32 and f64 columns,
// values far from zero, jumps at the very values of the data, tables with unseen levels, absent signals.
#include "term/term_room.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 1024, KNOTS = 6 };

static const hf_isa ALL[] = {HF_ISA_SCALAR, HF_ISA_AVX2, HF_ISA_AVX512};
static hf_context *context;

static void open_context(void)
{
    hf_context_create(&context, NULL, NULL);
}
static void close_context(void)
{
    hf_context_destroy(context);
}

TestSuite(term_compile, .init = open_context, .fini = close_context);

static double uniform(double low, double high)
{
    return low + (high - low) * drand48();
}

// A curve whose knots lie about `centre`, within `spread`; knots relative to an origin that may be elsewhere.
typedef struct {
    double hinge_at[KNOTS], hinge_slope[KNOTS], step_at[KNOTS], step_height[KNOTS];
    hf_term term;
} random_curve;

static void draw(random_curve *r, double centre, double spread, bool clipped)
{
    double origin = centre + uniform(-0.3, 0.3) * spread;
    hf_curve curve = {.low = clipped ? centre - uniform(0.5, 1) * spread : -INFINITY,
                      .high = clipped ? centre + uniform(0.5, 1) * spread : INFINITY,
                      .origin = origin,
                      .intercept = uniform(-1, 1),
                      .slope = uniform(-1, 1) / spread,
                      .hinges = (int32_t)(drand48() * (KNOTS + 1)),
                      .steps = (int32_t)(drand48() * 3),
                      .hinge_at = r->hinge_at,
                      .hinge_slope = r->hinge_slope,
                      .step_at = r->step_at,
                      .step_height = r->step_height};
    for (int32_t k = 0; k < KNOTS; k++) {
        r->hinge_at[k] = (-1 + 2 * (k + drand48()) / KNOTS) * spread;
        r->hinge_slope[k] = uniform(-1, 1) / spread;
        r->step_at[k] = (-1 + 2 * (k + drand48()) / KNOTS) * spread;
        r->step_height[k] = uniform(-1, 1);
    }
    r->term = (hf_term){.kind = HF_TERM_CURVE,
                        .signal = (char *)"x",
                        .signal_kind = HF_KIND_NUMBER,
                        .unit = (char *)"",
                        .missing = uniform(-1, 1),
                        .reference = uniform(-1, 1),
                        .mean = drand48() < 0.5 ? NAN : centre + uniform(-0.1, 0.1) * spread,
                        .curve = curve};
}

static long double formula(const hf_term *term, double x)
{
    const hf_curve *c = &term->curve;
    if (isnan(x)) return (long double)term->missing - term->reference;
    long double d = fminl(fmaxl(x, c->low), c->high) - (long double)c->origin;
    long double f = (long double)c->intercept - term->reference + c->slope * d;
    for (int32_t k = 0; k < c->hinges; k++)
        f += c->hinge_slope[k] * fmaxl(0, d - c->hinge_at[k]);
    double judged = fmin(fmax(x, c->low), c->high) - c->origin; // a jump is where doubles put it
    for (int32_t k = 0; k < c->steps; k++)
        if (judged > c->step_at[k]) f += c->step_height[k];
    return f;
}

static void check_rows(const hf_term *term, const hf_column *column, double allowed, const char *what)
{
    hf_compiled_term *compiled;
    hf_error error = {0};
    float out[ROWS], scratch[HF_TILE];
    cr_assert(hf_term_compile(&compiled, context, term, column, NULL, &error) == HF_OK, "%s", error.message);
    for (size_t t = 0; t < sizeof ALL / sizeof *ALL; t++) {
        const hf_kernels *kernels = hf_kernels_for(ALL[t]);
        if (!kernels) continue;
        hf_term_run(compiled, kernels, out, scratch, 0, 600);
        hf_term_run(compiled, kernels, out + 600, scratch, 600, ROWS - 600);
        for (int i = 0; i < ROWS; i++) {
            double x = hf_column_number(column, i);
            long double exact = formula(term, x);
            cr_assert(fabsl(out[i] - exact) <= allowed, "%s: at %.17g %.9g, formula %.12Lg", what, x,
                      (double)out[i], exact);
            cr_assert(fabsl(hf_term_contribution(compiled, i) - exact) < 1e-9L, "%s: exact at %.17g", what,
                      x);
        }
    }
    hf_term_compiled_free(context, compiled);
}

// Values about the centre, some far out, some missing, some on the jumps and knots themselves.
static double draw_value(const random_curve *r, double centre, double spread)
{
    int32_t k = (int32_t)(drand48() * KNOTS);
    switch ((int)(drand48() * 10)) {
    case 0:
        return NAN;
    case 1:
        return r->step_at[k] + r->term.curve.origin;
    case 2:
        return nextafter(r->step_at[k] + r->term.curve.origin, 1e300);
    case 3:
        return r->hinge_at[k] + r->term.curve.origin;
    default:
        return centre + uniform(-1.5, 1.5) * spread;
    }
}

static void check_curves(double centre, double spread, double allowed, const char *what)
{
    static float narrow[ROWS];
    static double wide[ROWS];
    for (int repeat = 0; repeat < 60; repeat++) {
        random_curve r;
        draw(&r, centre, spread, repeat % 2);
        for (int i = 0; i < ROWS; i++) {
            wide[i] = draw_value(&r, centre, spread);
            narrow[i] = (float)wide[i];
        }
        hf_column column = {.name = (char *)"x", .storage = HF_STORAGE_F64, .values = wide};
        check_rows(&r.term, &column, allowed, what);
        column.storage = HF_STORAGE_F32;
        column.values = narrow;
        check_rows(&r.term, &column, allowed, what);
    }
}

Test(term_compile, small_values)
{
    check_curves(0.3, 2, 3e-6, "small");
}
Test(term_compile, years)
{
    check_curves(2024, 10, 3e-6, "years");
}
Test(term_compile, money)
{
    check_curves(50000, 40000, 3e-6, "money");
}
Test(term_compile, tiny_values)
{
    check_curves(0, 1e-12, 3e-6, "tiny");
}

// Only doubles can tell such values apart.
Test(term_compile, large_origin)
{
    static double wide[ROWS];
    for (int repeat = 0; repeat < 60; repeat++) {
        random_curve r;
        draw(&r, 4e9, 5, repeat % 2);
        for (int i = 0; i < ROWS; i++)
            wide[i] = draw_value(&r, 4e9, 5);
        hf_column column = {.name = (char *)"x", .storage = HF_STORAGE_F64, .values = wide};
        check_rows(&r.term, &column, 3e-6, "large origin");
    }
}

Test(term_compile, a_jump_outside_the_clips_is_never_or_always_past)
{
    double step_at[] = {-5, 5}, step_height[] = {1, 10};
    float x[] = {-INFINITY, -9, 0, 9, INFINITY, NAN}, out[6];
    hf_term term = {
        .signal = (char *)"x",
        .unit = (char *)"",
        .missing = 7,
        .mean = NAN,
        .curve = {.low = -1, .high = 1, .steps = 2, .step_at = step_at, .step_height = step_height}};
    hf_column column = {.name = (char *)"x", .storage = HF_STORAGE_F32, .values = x};
    hf_compiled_term *compiled;
    cr_assert(hf_term_compile(&compiled, context, &term, &column, NULL, NULL) == HF_OK);
    hf_term_run(compiled, hf_kernels_for(HF_ISA_AUTO), out, NULL, 0, 6);
    for (int i = 0; i < 5; i++)
        cr_assert(out[i] == 1, "%d: %g", i, (double)out[i]);
    cr_assert(out[5] == 7);
    hf_term_compiled_free(context, compiled);
}

static hf_term make_table(double *values)
{
    const char *texts[] = {"basic", "pro", "starter"};
    const size_t lengths[] = {5, 3, 7};
    hf_term term = {.kind = HF_TERM_TABLE,
                    .signal = (char *)"plan",
                    .signal_kind = HF_KIND_CATEGORY,
                    .unit = (char *)"",
                    .missing = 0.5,
                    .reference = 0.25,
                    .mean = NAN,
                    .table = {.values = values, .pooled = -3}};
    hf_dictionary_build(&term.table.levels, context, texts, lengths, 3, NULL, NULL);
    return term;
}

Test(term_compile, tables_map_levels_by_their_text)
{
    double values[] = {1, 2, 4};
    const char *texts[] = {"gold", "pro", "silver", "starter"};
    const size_t lengths[] = {4, 3, 6, 7};
    int32_t codes[] = {0, 1, 2, 3, -1};
    const float expected[] = {-3.25f, 1.75f, -3.25f, 3.75f, 0.25f};
    float out[5];
    int32_t unseen = 77;
    hf_term term = make_table(values);
    hf_column column = {
        .name = (char *)"plan", .kind = HF_KIND_CATEGORY, .storage = HF_STORAGE_CODE, .values = codes};
    hf_dictionary_build(&column.dictionary, context, texts, lengths, 4, NULL, NULL);
    hf_compiled_term *compiled;
    cr_assert(hf_term_compile(&compiled, context, &term, &column, &unseen, NULL) == HF_OK);
    cr_assert(unseen == 2);
    hf_term_run(compiled, hf_kernels_for(HF_ISA_AUTO), out, NULL, 0, 5);
    for (int i = 0; i < 5; i++) {
        cr_assert(out[i] == expected[i] && hf_term_contribution(compiled, i) == (double)expected[i]);
        const char *level = codes[i] < 0 ? NULL : texts[codes[i]];
        cr_assert(hf_term_value_level(&term, level) - term.reference == (double)expected[i]);
    }
    hf_term_compiled_free(context, compiled);
    hf_dictionary_free(context, &column.dictionary);
    hf_dictionary_free(context, &term.table.levels);
}

Test(term_compile, an_absent_signal_is_missing_everywhere)
{
    double values[] = {1, 2, 4};
    float out[3];
    hf_term term = make_table(values);
    hf_compiled_term *compiled;
    cr_assert(hf_term_compile(&compiled, context, &term, NULL, NULL, NULL) == HF_OK);
    hf_term_run(compiled, hf_kernels_for(HF_ISA_AUTO), out, NULL, 40, 3);
    cr_assert(out[0] == 0.25f && out[2] == 0.25f && hf_term_contribution(compiled, 12) == 0.25);
    hf_term_compiled_free(context, compiled);
    hf_dictionary_free(context, &term.table.levels);
}

Test(term_compile, another_storage_is_refused)
{
    double values[] = {1, 2, 4};
    float x[1] = {0};
    hf_error error = {0};
    hf_term term = make_table(values);
    hf_column column = {.name = (char *)"plan", .storage = HF_STORAGE_F32, .values = x};
    hf_compiled_term *compiled = (hf_compiled_term *)1;
    cr_assert(hf_term_compile(&compiled, context, &term, &column, NULL, &error) == HF_ERROR_DATA);
    cr_assert(compiled == (hf_compiled_term *)1 && strstr(error.message, "'plan'"));
    hf_dictionary_free(context, &term.table.levels);
}

// ---- when memory runs out -----------------------------------------------------------------------------------

static long left;

static void *scarce(void *user, void *p, size_t size)
{
    (void)user;
    if (size > 0 && left-- <= 0) return NULL;
    if (size > 0) return realloc(p, size);
    free(p);
    return NULL;
}

static void sweep(const hf_context *poor, const hf_term *term, const hf_column *column)
{
    hf_compiled_term *compiled = NULL;
    for (long k = 0; !compiled && k < 100; k++) {
        left = k;
        hf_error error = {0};
        hf_status status = hf_term_compile(&compiled, poor, term, column, NULL, &error);
        cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && error.status == status && !compiled));
    }
    cr_assert_not_null(compiled);
    hf_term_compiled_free(poor, compiled);
}

Test(term_compile, survives_every_failed_allocation)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.resize = scarce;
    left = 1000;
    hf_context *poor;
    cr_assert(hf_context_create(&poor, &options, NULL) == HF_OK);
    random_curve r;
    double x[1] = {0}, values[] = {1, 2, 4};
    int32_t code[1] = {-1};
    draw(&r, 0, 1, true);
    hf_column column = {.name = (char *)"x", .storage = HF_STORAGE_F64, .values = x};
    sweep(poor, &r.term, &column);
    hf_term table = make_table(values);
    column.storage = HF_STORAGE_CODE;
    column.values = code;
    sweep(poor, &table, &column);
    hf_dictionary_free(context, &table.table.levels);
    hf_context_destroy(poor);
}
