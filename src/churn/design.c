// SPDX-License-Identifier: Apache-2.0
//
// Learns the design from the training rows: means and deviations in two passes, from the least value and
// over the range, so that neither huge values nor a large common offset costs digits; level counts for
// categories. What cannot carry information is left out and named: a constant, a column without a value, a
// category of rare levels only.
#include "churn/design.h"

#include <math.h>
#include <string.h>

// Between these, differences, products and quotients of values are finite and not lost.
#define LARGEST 1e150
#define SMALLEST 1e-150

void hf_design_destroy(hf_design *design)
{
    if (!design) return;
    for (int32_t s = 0; design->signals && s < design->count; s++) {
        hf_delete(design->context, design->signals[s].level_feature);
        hf_delete(design->context, design->signals[s].level_rows);
    }
    hf_delete(design->context, design->signals);
    hf_delete(design->context, design);
}

// ---- numbers ---------------------------------------------------------------------------------------------

static hf_status measure_range(double *low, double *high, hf_design_signal *signal, const hf_column *column,
                               const int64_t *rows, int64_t count, hf_error *error)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        double x = hf_column_number(column, rows[i]);
        if (fabs(x) > LARGEST) // infinite ones too
            return hf_fail(error, HF_ERROR_DATA,
                           "column '%s', row %lld: %g is too large to be modelled; correct it or "
                           "leave it empty",
                           column->name, (long long)rows[i], x);
        if (isnan(x)) continue;
        signal->present++;
        if (x < *low) *low = x;
        if (x > *high) *high = x;
    }
    signal->missing = count - signal->present;
    return HF_OK;
}

// NULL, or why the column is left out.
static hf_status learn_number(const char **left_out, hf_design_signal *signal, const hf_column *column,
                              const int64_t *rows, int64_t count, const hf_train_options *options,
                              hf_error *error)
{
    double low, high;
    hf_status status = measure_range(&low, &high, signal, column, rows, count, error);
    if (status != HF_OK) return status;
    *left_out = signal->present == 0 ? "no value" : NULL;
    if (*left_out) return HF_OK;
    double range = high - low, present = (double)signal->present, sum = 0.0, squares = 0.0;
    bool constant = !(range > SMALLEST);
    for (int64_t i = 0; i < count; i++) {
        double x = hf_column_number(column, rows[i]);
        if (!isnan(x)) sum += x - low;
    }
    signal->mean = constant ? low : low + sum / present;
    for (int64_t i = 0; i < count && !constant; i++) {
        double x = hf_column_number(column, rows[i]);
        if (isnan(x)) continue;
        double d = (x - signal->mean) / range;
        squares += d * d;
    }
    signal->deviation = sqrt(squares / present) * range;
    signal->value_feature = !constant;
    signal->missing_feature = signal->missing >= options->missing_rows;
    if (!signal->value_feature && !signal->missing_feature) *left_out = "one value in every row";
    return HF_OK;
}

// ---- categories ------------------------------------------------------------------------------------------

static hf_status learn_category(const char **left_out, hf_design_signal *signal, const hf_context *context,
                                const hf_column *column, const int64_t *rows, int64_t count,
                                const hf_train_options *options, hf_error *error)
{
    const int32_t *codes = column->values;
    int32_t levels = column->dictionary.count;
    signal->level_rows = hf_new(context, (size_t)levels, sizeof *signal->level_rows);
    signal->level_feature = hf_new(context, (size_t)levels, sizeof *signal->level_feature);
    if (!signal->level_rows || !signal->level_feature) return hf_fail_memory(error);
    for (int64_t i = 0; i < count; i++) {
        int32_t code = codes[rows[i]];
        if (code < 0)
            signal->missing++;
        else
            signal->level_rows[code]++;
    }
    signal->present = count - signal->missing;
    for (int32_t k = 0; k < levels; k++) {
        bool own = signal->level_rows[k] >= options->level_rows;
        signal->own_levels += own;
        if (!own) signal->pooled_rows += signal->level_rows[k];
    }
    signal->missing_feature = signal->missing >= options->missing_rows;
    if (!signal->missing_feature) signal->pooled_rows += signal->missing;
    signal->pooled_feature = signal->pooled_rows > 0;
    int32_t groups = signal->own_levels + signal->pooled_feature + signal->missing_feature;
    if (signal->present == 0)
        *left_out = "no value";
    else if (groups < 2)
        *left_out = signal->own_levels == 1 ? "one level in every row" : "rare levels only";
    else
        *left_out = NULL;
    return HF_OK;
}

// ---- the whole -------------------------------------------------------------------------------------------

// Turns the marks (1: has this feature) into numbers after *features.
static void number_features(hf_design_signal *signal, int32_t levels, const hf_train_options *options,
                            int32_t *features)
{
    if (signal->value_feature) signal->value_feature = ++*features;
    for (int32_t k = 0; signal->level_rows && k < levels; k++)
        if (signal->level_rows[k] >= options->level_rows) signal->level_feature[k] = ++*features;
    if (signal->pooled_feature) signal->pooled_feature = ++*features;
    if (signal->missing_feature) signal->missing_feature = ++*features;
    for (int32_t k = 0; signal->level_rows && k < levels; k++)
        if (signal->level_rows[k] > 0 && signal->level_feature[k] == 0)
            signal->level_feature[k] = signal->pooled_feature;
}

static hf_status learn_column(const char **left_out, hf_design *design, const hf_column *column,
                              int32_t place, const int64_t *rows, int64_t count,
                              const hf_train_options *options, hf_error *error)
{
    hf_design_signal *signal = &design->signals[design->count];
    *signal = (hf_design_signal){.column = place};
    bool category = column->storage == HF_STORAGE_CODE;
    hf_status status =
        category ? learn_category(left_out, signal, design->context, column, rows, count, options, error)
                 : learn_number(left_out, signal, column, rows, count, options, error);
    if (status == HF_OK && !*left_out) {
        number_features(signal, column->dictionary.count, options, &design->features);
        design->count++;
        return HF_OK;
    }
    hf_delete(design->context, signal->level_rows);
    hf_delete(design->context, signal->level_feature);
    *signal = (hf_design_signal){0};
    return status;
}

hf_status hf_design_create(hf_design **out, const hf_context *context, const hf_frame *frame,
                           const int64_t *rows, int64_t count, const hf_train_options *options,
                           hf_error *error)
{
    hf_text unused, dates;
    hf_status status = HF_OK;
    hf_text_init(&unused, context);
    hf_text_init(&dates, context);
    hf_design *made = hf_new(context, 1, sizeof *made);
    hf_design_signal *signals = hf_new(context, (size_t)frame->column_count, sizeof *signals);
    if (!made || !signals) {
        hf_delete(context, made);
        hf_delete(context, signals);
        return hf_fail_memory(error);
    }
    *made = (hf_design){context, frame, 0, signals, 0};
    for (int32_t c = 0; c < frame->column_count; c++) {
        const hf_column *column = &frame->columns[c];
        const char *left_out = NULL;
        if (column->storage == HF_STORAGE_DAY) {
            hf_text_printf(&dates, "%s%s", dates.length > 0 ? ", " : "", column->name);
            continue;
        }
        HF_TRY(done, hf_check_cancel(context, error));
        HF_TRY(done, learn_column(&left_out, made, column, c, rows, count, options, error));
        if (left_out)
            hf_text_printf(&unused, "%s%s (%s)", unused.length > 0 ? ", " : "", column->name, left_out);
    }
    HF_TRY(done, hf_text_status(&unused, error));
    HF_TRY(done, hf_text_status(&dates, error));
    if (made->count == 0) {
        status = hf_fail(error, HF_ERROR_DATA,
                         "no column can be modelled%s%s; a model needs a column whose values differ",
                         unused.length > 0 ? ": " : "", unused.length > 0 ? unused.data : "");
        goto done;
    }
    if (unused.length > 0) hf_warn(context, "columns left out of the model: %s", unused.data);
    if (dates.length > 0) hf_info(context, "date columns are not modelled: %s", dates.data);
    *out = made;
    made = NULL;
done:
    hf_design_destroy(made);
    hf_text_free(&unused);
    hf_text_free(&dates);
    return status;
}

int32_t hf_design_row(const hf_design *design, int64_t row, int32_t *index, double *value)
{
    int32_t n = 0;
    for (int32_t s = 0; s < design->count; s++) {
        const hf_design_signal *signal = &design->signals[s];
        const hf_column *column = &design->frame->columns[signal->column];
        int32_t feature;
        double v = 1.0;
        if (column->storage == HF_STORAGE_CODE) {
            int32_t code = ((const int32_t *)column->values)[row];
            feature = code >= 0
                          ? signal->level_feature[code]
                          : (signal->missing_feature ? signal->missing_feature : signal->pooled_feature);
        } else {
            double x = hf_column_number(column, row);
            feature = isnan(x) ? signal->missing_feature : signal->value_feature;
            if (!isnan(x) && feature) v = (x - signal->mean) / signal->deviation;
        }
        if (feature == 0 || v == 0.0) continue;
        index[n] = feature;
        value[n++] = v;
    }
    return n;
}
