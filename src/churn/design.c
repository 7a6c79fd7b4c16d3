// SPDX-License-Identifier: Apache-2.0
//
// Learns the design from the training rows: means and deviations in two passes, from the least value and
// over the range, so that neither huge values nor a large common offset costs digits; level counts for
// categories.
#include "churn/design.h"

#include "churn/learn_columns.h"

#include <math.h>

void hf_design_destroy(hf_design *design)
{
    if (!design) return;
    for (int32_t s = 0; design->signals && s < design->count; s++)
        hf_level_cells_free(design->context, &design->signals[s].levels);
    hf_delete(design->context, design->signals);
    hf_delete(design->context, design);
}

static hf_status measure_range(double *low, double *high, hf_design_signal *signal, const hf_column *column,
                               const int64_t *rows, int64_t count, hf_error *error)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (int64_t i = 0; i < count; i++) {
        double x = hf_column_number(column, rows[i]);
        hf_status status = hf_check_number(column, rows[i], x, error);
        if (status != HF_OK) return status;
        if (isnan(x)) continue;
        signal->present++;
        if (x < *low) *low = x;
        if (x > *high) *high = x;
    }
    signal->missing = count - signal->present;
    return HF_OK;
}

// NULL in *left_out, or why the column is left out.
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
    bool constant = !(range > HF_SMALLEST);
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
    signal->has_value = !constant;
    signal->has_missing = signal->missing >= options->missing_rows;
    signal->features = signal->has_value + signal->has_missing;
    if (signal->features == 0) *left_out = "one value in every row";
    return HF_OK;
}

static hf_status learn_category(const char **left_out, hf_design_signal *signal, const hf_context *context,
                                const hf_column *column, const int64_t *rows, int64_t count,
                                const hf_train_options *options, hf_error *error)
{
    hf_level_cells *levels = &signal->levels;
    hf_status status = hf_level_cells_learn(levels, left_out, context, column, rows, count, options, error);
    signal->missing = levels->missing_rows;
    signal->present = count - signal->missing;
    signal->has_missing = levels->has_missing;
    signal->features = levels->cells;
    return status;
}

typedef struct {
    hf_design *design;
    const int64_t *rows;
    int64_t count;
    const hf_train_options *options;
} learning;

static hf_status learn_column(void *of, const char **left_out, int32_t place, hf_error *error)
{
    const learning *l = of;
    hf_design *design = l->design;
    const hf_column *column = &design->frame->columns[place];
    hf_design_signal *signal = &design->signals[design->count];
    *signal = (hf_design_signal){.column = place, .category = column->storage == HF_STORAGE_CODE};
    hf_status status =
        signal->category
            ? learn_category(left_out, signal, design->context, column, l->rows, l->count, l->options, error)
            : learn_number(left_out, signal, column, l->rows, l->count, l->options, error);
    if (status == HF_OK && !*left_out) {
        signal->first = design->features;
        design->features += signal->features;
        design->count++;
        return HF_OK;
    }
    hf_level_cells_free(design->context, &signal->levels);
    return status;
}

hf_status hf_design_create(hf_design **out, const hf_context *context, const hf_frame *frame,
                           const int64_t *rows, int64_t count, const hf_train_options *options,
                           hf_error *error)
{
    hf_status status = HF_OK;
    hf_design *made = hf_new(context, 1, sizeof *made);
    if (!made) return hf_fail_memory(error);
    *made = (hf_design){.context = context, .frame = frame};
    made->signals = hf_new(context, (size_t)frame->column_count, sizeof *made->signals);
    if (!made->signals) {
        status = hf_fail_memory(error);
        goto done;
    }
    learning l = {made, rows, count, options};
    HF_TRY(done, hf_learn_columns(learn_column, &l, context, frame, false, error));
    *out = made;
    made = NULL;
done:
    hf_design_destroy(made);
    return status;
}

int32_t hf_design_row(const hf_design *design, int64_t row, int32_t *index, double *value)
{
    int32_t n = 0;
    for (int32_t s = 0; s < design->count; s++) {
        const hf_design_signal *signal = &design->signals[s];
        const hf_column *column = &design->frame->columns[signal->column];
        int32_t feature = -1;
        double v = 1.0;
        if (signal->category) {
            feature = hf_level_cell(&signal->levels, ((const int32_t *)column->values)[row]);
        } else {
            const double x = hf_column_number(column, row);
            if (isnan(x) && signal->has_missing) feature = signal->features - 1;
            if (!isnan(x) && signal->has_value) {
                feature = 0;
                v = (x - signal->mean) / signal->deviation;
            }
        }
        if (feature < 0 || v == 0.0) continue;
        index[n] = signal->first + feature + 1;
        value[n++] = v;
    }
    return n;
}
