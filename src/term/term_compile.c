// SPDX-License-Identifier: Apache-2.0
//
// A term made ready for the kernels against one column. The reference is folded in, and a curve is moved to
// an origin that f32 holds exactly (the training mean for f32 columns, any double for f64 columns, whose
// values are narrowed after the origin is taken off), all in double and rounded once, so that large values
// far from zero cost nothing. A jump is placed by bisection over the representable numbers, so that every
// value of the column falls on the side the definition says.
#include "term/curve_value.h"
#include "term/term_grid.h"

#include <math.h>
#include <string.h>

struct hf_compiled_term {
    const hf_term *term;     // borrowed
    const hf_column *column; // borrowed; NULL: every row is missing
    hf_kernel_curve curve;   // HF_TERM_CURVE
    double origin;           // what narrowing takes off; f64 columns only
    int32_t jumps;           // f64 columns: jumps, judged on the doubles themselves
    double *jump_at;         // owned
    float *jump_height;      // owned
    float *knots;            // owned: the arrays of `curve`
    float *values;           // owned: HF_TERM_TABLE, by code + 1
    double *exact;           // owned: the same in double
    int32_t levels;
    bool is_grid; // a surface or a rule: then only `term` and this
    hf_grid_term grid;
};

static const char *storage_text(hf_storage storage)
{
    switch (storage) {
    case HF_STORAGE_CODE:
        return "categories";
    case HF_STORAGE_DAY:
        return "dates";
    case HF_STORAGE_F32:
    case HF_STORAGE_F64:
        break;
    }
    return "numbers";
}

hf_status hf_term_check_storage(const char *signal, bool category, const hf_column *column, hf_error *error)
{
    const bool number = column->storage == HF_STORAGE_F32 || column->storage == HF_STORAGE_F64;
    if (category ? column->storage == HF_STORAGE_CODE : number) return HF_OK;
    return hf_fail(
        error, HF_ERROR_DATA,
        "column '%s': the model was trained on %s, this one holds %s; repair the column, or declare "
        "it with --kind",
        signal, category ? "categories" : "numbers", storage_text(column->storage));
}

// Floats and doubles as integers in the same order, so that halving an interval halves the values in it.
static int64_t order_of(double x)
{
    int64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >= 0 ? bits : INT64_MIN - bits;
}

static double number_of(int64_t order)
{
    int64_t bits = order >= 0 ? order : INT64_MIN - order;
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// The largest double not past the jump; +infinity where no number is past it. The least number must not be.
static double last_before(const hf_curve *curve, double at)
{
    if (!(hf_curve_offset(curve, INFINITY) > at)) return INFINITY;
    int64_t before = order_of(-INFINITY), past = order_of(INFINITY);
    while (before + 1 < past) {
        int64_t middle = before + (int64_t)(((uint64_t)past - (uint64_t)before) / 2);
        if (hf_curve_offset(curve, number_of(middle)) > at)
            past = middle;
        else
            before = middle;
    }
    return number_of(before);
}

// The largest float not above x: a float is past a jump at x exactly if it is past this one.
static float float_below(double x)
{
    float f = (float)x;
    return (double)f > x ? nextafterf(f, -INFINITY) : f;
}

// The kernel's origin: where training saw the signal, so that the sums stay small where accounts are.
static double origin_for(const hf_term *term, bool narrow)
{
    const hf_curve *c = &term->curve;
    double origin = isfinite(term->mean) ? term->mean : c->origin;
    origin = fmin(fmax(origin, c->low), c->high);
    if (!isfinite(origin) || fabs(origin) > 1e30) origin = 0;
    return narrow ? origin : (double)(float)origin;
}

static hf_status compile_curve(hf_compiled_term *out, const hf_context *context, bool wide, hf_error *error)
{
    const hf_curve *c = &out->term->curve;
    const size_t hinges = (size_t)c->hinges, steps = (size_t)c->steps;
    const double origin = origin_for(out->term, wide);
    const double shift = c->origin - origin; // the definition's d is the kernel's less shift
    float *knots = out->knots = hf_new(context, 2 * (hinges + steps), sizeof *knots);
    if (!knots) return hf_fail_memory(error);
    if (wide) {
        out->jump_at = hf_new(context, steps, sizeof *out->jump_at);
        out->jump_height = hf_new(context, steps, sizeof *out->jump_height);
        if (!out->jump_at || !out->jump_height) return hf_fail_memory(error);
    }
    float *step_at = knots + 2 * hinges, *step_height = step_at + steps;
    double intercept = c->intercept - c->slope * shift - out->term->reference;
    for (size_t k = 0; k < hinges; k++) {
        knots[k] = (float)(c->hinge_at[k] + shift);
        knots[hinges + k] = (float)c->hinge_slope[k];
    }
    int32_t kept = 0;
    for (size_t k = 0; k < steps; k++) {
        if (hf_curve_offset(c, -INFINITY) > c->step_at[k]) {
            intercept += c->step_height[k]; // clipping keeps every number past it
            continue;
        }
        double at = last_before(c, c->step_at[k]);
        if (wide) {
            out->jump_at[kept] = at;
            out->jump_height[kept] = (float)c->step_height[k];
        } else {
            step_at[kept] = float_below(at);
            step_height[kept] = (float)c->step_height[k];
        }
        kept++;
    }
    out->jumps = wide ? kept : 0;
    out->origin = wide ? origin : 0;
    out->curve = (hf_kernel_curve){.low = (float)(c->low - origin),
                                   .high = (float)(c->high - origin),
                                   .origin = wide ? 0.0f : (float)origin,
                                   .intercept = (float)intercept,
                                   .slope = (float)c->slope,
                                   .missing = (float)(out->term->missing - out->term->reference),
                                   .hinges = c->hinges,
                                   .steps = wide ? 0 : kept,
                                   .hinge_at = knots,
                                   .hinge_slope = knots + hinges,
                                   .step_at = step_at,
                                   .step_height = step_height};
    return HF_OK;
}

static hf_status compile_table(hf_compiled_term *out, const hf_context *context, int32_t *unseen,
                               hf_error *error)
{
    const hf_term *term = out->term;
    const hf_dictionary *levels = &out->column->dictionary;
    const size_t entries = (size_t)levels->count + 1;
    out->values = hf_new(context, entries, sizeof *out->values);
    out->exact = hf_new(context, entries, sizeof *out->exact);
    if (!out->values || !out->exact) return hf_fail_memory(error);
    out->levels = levels->count;
    out->exact[0] = term->missing - term->reference;
    for (int32_t code = 0; code < levels->count; code++) {
        int32_t known = hf_dictionary_find(&term->table.levels, hf_dictionary_text(levels, code));
        *unseen += known < 0;
        out->exact[code + 1] = (known < 0 ? term->table.pooled : term->table.values[known]) - term->reference;
    }
    for (size_t i = 0; i < entries; i++)
        out->values[i] = (float)out->exact[i];
    return HF_OK;
}

hf_status hf_term_compile(hf_compiled_term **out, const hf_context *context, const hf_term *term,
                          const hf_column *column, int32_t *unseen, hf_error *error)
{
    hf_status status = HF_OK;
    int32_t unknown = 0;
    if (term->axis_count > 0)
        return hf_fail(error, HF_ERROR_INTERNAL, "term '%s' has several signals and needs a frame",
                       term->signal);
    hf_compiled_term *compiled = hf_new(context, 1, sizeof *compiled);
    if (!compiled) return hf_fail_memory(error);
    compiled->term = term;
    compiled->column = column;
    if (column) {
        HF_TRY(done, hf_term_check_storage(column->name, term->kind == HF_TERM_TABLE, column, error));
        if (term->kind == HF_TERM_CURVE)
            HF_TRY(done, compile_curve(compiled, context, column->storage == HF_STORAGE_F64, error));
        else
            HF_TRY(done, compile_table(compiled, context, &unknown, error));
    }
    if (unseen) *unseen = unknown;
    *out = compiled;
    compiled = NULL;
done:
    hf_term_compiled_free(context, compiled);
    return status;
}

hf_status hf_term_compile_in(hf_compiled_term **out, const hf_context *context, const hf_term *term,
                             const hf_frame *frame, int32_t *unseen, hf_error *error)
{
    if (term->kind == HF_TERM_CURVE || term->kind == HF_TERM_TABLE)
        return hf_term_compile(out, context, term, hf_term_column(frame, term->signal), unseen, error);
    int32_t unknown = 0;
    hf_compiled_term *compiled = hf_new(context, 1, sizeof *compiled);
    if (!compiled) return hf_fail_memory(error);
    compiled->term = term;
    compiled->is_grid = true;
    hf_status status = hf_grid_bind(&compiled->grid, context, term, frame, &unknown, error);
    if (status != HF_OK) {
        hf_delete(context, compiled);
        return status;
    }
    if (unseen) *unseen = unknown;
    *out = compiled;
    return HF_OK;
}

static void run_wide(const hf_compiled_term *term, const hf_kernels *kernels, float *restrict out,
                     float *restrict scratch, const double *restrict x, int32_t n)
{
    kernels->narrow(scratch, x, n, term->origin);
    kernels->curve(out, scratch, n, &term->curve);
    for (int32_t k = 0; k < term->jumps; k++) {
        const double at = term->jump_at[k];
        const float height = term->jump_height[k];
        for (int32_t i = 0; i < n; i++)
            out[i] += x[i] > at ? height : 0.0f;
    }
}

void hf_term_run(const hf_compiled_term *term, const hf_kernels *kernels, float *out, float *scratch,
                 int64_t begin, int32_t n)
{
    if (term->is_grid) {
        hf_grid_run(&term->grid, kernels, out, scratch, begin, n);
    } else if (!term->column) {
        const float missing = (float)(term->term->missing - term->term->reference);
        for (int32_t i = 0; i < n; i++)
            out[i] = missing;
    } else if (term->term->kind == HF_TERM_TABLE) {
        kernels->table(out, (const int32_t *)term->column->values + begin, n, term->levels, term->values);
    } else if (term->column->storage == HF_STORAGE_F64) {
        run_wide(term, kernels, out, scratch, (const double *)term->column->values + begin, n);
    } else {
        kernels->curve(out, (const float *)term->column->values + begin, n, &term->curve);
    }
}

double hf_term_contribution(const hf_compiled_term *term, int64_t row)
{
    if (term->is_grid) return hf_grid_contribution(&term->grid, row);
    if (!term->column) return term->term->missing - term->term->reference;
    if (term->term->kind == HF_TERM_TABLE)
        return term->exact[((const int32_t *)term->column->values)[row] + 1];
    return hf_term_value_number(term->term, hf_column_number(term->column, row)) - term->term->reference;
}

size_t hf_term_words(char *out, size_t size, const hf_compiled_term *term, const hf_phrase *shape,
                     int64_t row)
{
    if (term->is_grid) return hf_grid_words(out, size, &term->grid, row);
    return hf_phrase_write(out, size, shape, term->column, row);
}

void hf_term_compiled_free(const hf_context *context, hf_compiled_term *term)
{
    if (!term) return;
    hf_grid_unbind(context, &term->grid);
    hf_delete(context, term->knots);
    hf_delete(context, term->jump_at);
    hf_delete(context, term->jump_height);
    hf_delete(context, term->values);
    hf_delete(context, term->exact);
    hf_delete(context, term);
}
