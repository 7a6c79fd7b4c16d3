// SPDX-License-Identifier: Apache-2.0
//
// The value of a term in double precision. This is the definition: what scores are explained with, and what
// the compiled form is held to.
#include "term/curve_value.h"

#include <math.h>

double hf_curve_offset(const hf_curve *curve, double x)
{
    return fmin(fmax(x, curve->low), curve->high) - curve->origin;
}

double hf_curve_value(const hf_curve *curve, double x)
{
    double d = hf_curve_offset(curve, x);
    double f = curve->intercept + curve->slope * d;
    for (int32_t k = 0; k < curve->hinges; k++)
        if (d > curve->hinge_at[k]) f += curve->hinge_slope[k] * (d - curve->hinge_at[k]);
    for (int32_t k = 0; k < curve->steps; k++)
        if (d > curve->step_at[k]) f += curve->step_height[k];
    return f;
}

double hf_term_value_number(const hf_term *term, double x)
{
    if (isnan(x) || term->kind != HF_TERM_CURVE) return term->missing;
    return hf_curve_value(&term->curve, x);
}

double hf_term_value_level(const hf_term *term, const char *level)
{
    if (!level || term->kind != HF_TERM_TABLE) return term->missing;
    int32_t code = hf_dictionary_find(&term->table.levels, level);
    return code < 0 ? term->table.pooled : term->table.values[code];
}

void hf_curve_free(const hf_context *context, hf_curve *curve)
{
    hf_delete(context, curve->hinge_at);
    hf_delete(context, curve->hinge_slope);
    hf_delete(context, curve->step_at);
    hf_delete(context, curve->step_height);
    *curve = (hf_curve){0};
}

void hf_term_free(const hf_context *context, hf_term *term)
{
    hf_delete(context, term->signal);
    hf_delete(context, term->unit);
    hf_curve_free(context, &term->curve);
    hf_dictionary_free(context, &term->table.levels);
    hf_delete(context, term->table.values);
    for (int32_t a = 0; a < term->axis_count; a++) {
        hf_delete(context, term->axes[a].signal);
        hf_delete(context, term->axes[a].unit);
        hf_delete(context, term->axes[a].edge);
        hf_dictionary_free(context, &term->axes[a].levels);
        hf_delete(context, term->axes[a].level_cell);
    }
    hf_delete(context, term->values);
    *term = (hf_term){0};
}
