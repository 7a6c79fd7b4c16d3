// SPDX-License-Identifier: Apache-2.0
//
// Each signal's coefficients become one term whose value is exactly the signal's part of w.x: for a number a
// curve with the training mean as origin and the weight over the deviation as slope, for a category a table.
// Where training gave no coefficient, a missing number has the mean's value, 0.
#include "churn/model_terms.h"

#include "churn/learn_columns.h"

#include <math.h>

// w: of the signal's features.
static void fill_curve(hf_term *term, const hf_design_signal *signal, const double *w, int64_t rows)
{
    double share = (double)signal->missing / (double)rows;
    double slope = signal->has_value ? w[0] / signal->deviation : 0.0;
    term->kind = HF_TERM_CURVE;
    term->curve = (hf_curve){.low = -INFINITY, .high = INFINITY, .origin = signal->mean, .slope = slope};
    term->missing = signal->has_missing ? w[signal->features - 1] : 0.0;
    term->mean = signal->mean;
    term->deviation = signal->deviation;
    term->reference = share * term->missing; // the rest of the curve averages to nothing about the mean
}

static hf_status fill_term(hf_term *term, const hf_design *design, const hf_design_signal *signal,
                           const double *weights, int64_t rows, hf_error *error)
{
    const hf_column *column = &design->frame->columns[signal->column];
    const double *w = weights + signal->first;
    const hf_status status = hf_start_term(term, design->context, column, signal->missing, error);
    if (status != HF_OK) return status;
    if (signal->category) {
        term->kind = HF_TERM_TABLE;
        return hf_level_cells_table(term, design->context, column, &signal->levels, w, error);
    }
    fill_curve(term, signal, w, rows);
    return HF_OK;
}

hf_status hf_terms_from_design(hf_term **out, const hf_design *design, const double *weights, int64_t rows,
                               hf_error *error)
{
    const hf_context *context = design->context;
    hf_term *terms = hf_new(context, (size_t)design->count, sizeof *terms);
    if (!terms) return hf_fail_memory(error);
    hf_status status = HF_OK;
    for (int32_t s = 0; s < design->count && status == HF_OK; s++)
        status = fill_term(&terms[s], design, &design->signals[s], weights, rows, error);
    if (status == HF_OK) {
        *out = terms;
        return HF_OK;
    }
    for (int32_t s = 0; s < design->count; s++)
        hf_term_free(context, &terms[s]);
    hf_delete(context, terms);
    return status;
}
