// SPDX-License-Identifier: Apache-2.0
//
// Each signal's coefficients become one term whose value is exactly the signal's part of w.x: for a number a
// curve with the training mean as origin and the weight over the deviation as slope, for a category a table.
// Where training gave no coefficient, a missing number has the mean's value, 0; a missing or unknown level
// has the pooled level's, and without a pooled level the reference, so that it argues neither way.
#include "churn/model_terms.h"

#include <math.h>
#include <string.h>

static double weight_of(const double *weights, int32_t feature)
{
    return feature > 0 ? weights[feature - 1] : 0.0;
}

static void fill_curve(hf_term *term, const hf_design_signal *signal, const double *weights, int64_t rows)
{
    double share = (double)signal->missing / (double)rows;
    double slope =
        signal->value_feature ? weight_of(weights, signal->value_feature) / signal->deviation : 0.0;
    term->kind = HF_TERM_CURVE;
    term->curve = (hf_curve){.low = -INFINITY, .high = INFINITY, .origin = signal->mean, .slope = slope};
    term->missing = weight_of(weights, signal->missing_feature);
    term->mean = signal->mean;
    term->deviation = signal->deviation;
    term->reference = share * term->missing; // the rest of the curve averages to nothing about the mean
}

static hf_status fill_table(hf_term *term, const hf_context *context, const hf_column *column,
                            const hf_design_signal *signal, const double *weights, int64_t rows,
                            hf_error *error)
{
    hf_status status;
    size_t own = (size_t)signal->own_levels;
    int32_t n = 0, *rank = NULL;
    size_t *lengths = NULL;
    double sum = 0.0, pooled = weight_of(weights, signal->pooled_feature);
    const char **texts = hf_new(context, own, sizeof *texts);
    lengths = hf_new(context, own, sizeof *lengths);
    rank = hf_new(context, own, sizeof *rank);
    term->kind = HF_TERM_TABLE;
    term->table.values = hf_new(context, own, sizeof *term->table.values);
    if (!texts || !lengths || !rank || !term->table.values) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t k = 0; k < column->dictionary.count; k++) {
        int32_t feature = signal->level_feature[k];
        if (feature == 0 || feature == signal->pooled_feature) continue;
        texts[n] = hf_dictionary_text(&column->dictionary, k);
        lengths[n] = strlen(texts[n]);
        n++;
    }
    HF_TRY(done, hf_dictionary_build(&term->table.levels, context, texts, lengths, n, rank, error));
    n = 0;
    for (int32_t k = 0; k < column->dictionary.count; k++) {
        int32_t feature = signal->level_feature[k];
        if (feature == 0 || feature == signal->pooled_feature) continue;
        term->table.values[rank[n++]] = weight_of(weights, feature);
        sum += (double)signal->level_rows[k] * weight_of(weights, feature);
    }
    sum += (double)signal->pooled_rows * pooled;
    if (signal->missing_feature) sum += (double)signal->missing * weight_of(weights, signal->missing_feature);
    term->reference = sum / (double)rows;
    term->table.pooled = signal->pooled_feature ? pooled : term->reference;
    term->missing =
        signal->missing_feature ? weight_of(weights, signal->missing_feature) : term->table.pooled;
    term->mean = term->deviation = NAN;
done:
    hf_delete(context, texts);
    hf_delete(context, lengths);
    hf_delete(context, rank);
    return status;
}

static hf_status fill_term(hf_term *term, const hf_design *design, const hf_design_signal *signal,
                           const double *weights, int64_t rows, hf_error *error)
{
    const hf_context *context = design->context;
    const hf_column *column = &design->frame->columns[signal->column];
    term->signal_kind = column->kind;
    term->missing_seen = signal->missing;
    term->signal = hf_copy_text(context, column->name, strlen(column->name));
    term->unit = hf_copy_text(context, column->unit, strlen(column->unit));
    if (!term->signal || !term->unit) return hf_fail_memory(error);
    if (column->storage == HF_STORAGE_CODE)
        return fill_table(term, context, column, signal, weights, rows, error);
    fill_curve(term, signal, weights, rows);
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
