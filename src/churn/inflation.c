// SPDX-License-Identifier: Apache-2.0
//
// Variance inflation from the correlation matrix R of the plain design's columns: for the columns of one
// signal det(R_ss) det((R^-1)_ss), which for a single column is the diagonal of the inverse. R gets 1e-9 on
// its diagonal, so that columns which determine each other leave the others' factors alone.
#include "churn/inflation.h"

#include "churn/cholesky.h"

#include <math.h>
#include <string.h>

#define MOST_WORK 5e8
#define JITTER 1e-9
enum { MOST_COLUMNS = 1500, LEAST_ROWS = 1000 };

typedef struct {
    int32_t *column; // owned, by feature (from 1): its column, -1: none
    int32_t *first;  // owned, signals + 1: columns of each
    int32_t columns;
    double *sum, *square; // owned: of each column; of each two
    double *inverse;      // owned
} columns;

static void free_columns(columns *c, const hf_context *context)
{
    hf_delete(context, c->column);
    hf_delete(context, c->first);
    hf_delete(context, c->sum);
    hf_delete(context, c->square);
    hf_delete(context, c->inverse);
}

int32_t hf_design_parameters(const hf_design *design)
{
    int32_t count = design->features;
    for (int32_t s = 0; s < design->count; s++)
        count -= design->signals[s].category;
    return count;
}

int32_t hf_design_commonest(const hf_design *design, int32_t s)
{
    const hf_level_cells *levels = &design->signals[s].levels;
    int32_t cell = levels->pooled;
    int64_t most = levels->pooled_rows;
    for (int32_t k = 0; k < levels->levels; k++)
        if (levels->cell[k] != levels->pooled && levels->rows[k] > most) {
            most = levels->rows[k];
            cell = levels->cell[k];
        }
    if (levels->has_missing && levels->missing_rows > most) cell = levels->missing;
    return design->signals[s].first + cell + 1;
}

static void add_column(columns *c, const hf_design_signal *signal, int32_t cell, int32_t base)
{
    const int32_t f = signal->first + cell + 1;
    if (cell >= 0 && f != base && c->column[f] < 0) c->column[f] = c->columns++;
}

// A category's columns but for the base's: levels as they come, one for all rare ones, then missing.
static void number_levels(columns *c, const hf_design_signal *signal, int32_t base)
{
    const hf_level_cells *levels = &signal->levels;
    for (int32_t k = 0; k < levels->levels; k++)
        if (levels->rows[k] > 0) add_column(c, signal, levels->cell[k], base);
    add_column(c, signal, levels->pooled, base);
    add_column(c, signal, levels->missing, base);
}

static void number_columns(columns *c, const hf_design *design)
{
    for (int32_t f = 0; f <= design->features; f++)
        c->column[f] = -1;
    for (int32_t s = 0; s < design->count; s++) {
        const hf_design_signal *signal = &design->signals[s];
        c->first[s] = c->columns;
        if (signal->category)
            number_levels(c, signal, hf_design_commonest(design, s));
        else if (signal->has_value)
            c->column[signal->first + 1] = c->columns++;
    }
    c->first[design->count] = c->columns;
}

static hf_status sum_products(columns *c, const hf_context *context, const hf_design *design,
                              const int64_t *rows, int64_t taken, int64_t count, hf_error *error)
{
    hf_status status = HF_OK;
    const size_t width = (size_t)design->count;
    int32_t *index = hf_new(context, width, sizeof *index);
    double *value = hf_new(context, width, sizeof *value);
    if (!index || !value) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < taken; i++) {
        if (i % HF_TILE == 0) HF_TRY(done, hf_check_cancel(context, error));
        const int64_t row = rows[(int64_t)((double)i * (double)count / (double)taken)];
        const int32_t found = hf_design_row(design, row, index, value);
        int32_t n = 0;
        for (int32_t k = 0; k < found; k++)
            if (c->column[index[k]] >= 0) {
                value[n] = value[k];
                index[n++] = c->column[index[k]];
            }
        for (int32_t k = 0; k < n; k++) {
            c->sum[index[k]] += value[k];
            for (int32_t j = 0; j <= k; j++)
                c->square[(int64_t)index[k] * c->columns + index[j]] += value[k] * value[j];
        }
    }
done:
    hf_delete(context, index);
    hf_delete(context, value);
    return status;
}

// Sums to correlations, both halves. A column without variance keeps a 1 of its own.
static void correlate(columns *c, double rows)
{
    const int32_t n = c->columns;
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j <= i; j++)
            c->square[(int64_t)i * n + j] =
                c->square[(int64_t)i * n + j] / rows - c->sum[i] / rows * (c->sum[j] / rows);
    for (int32_t i = 0; i < n; i++)
        c->sum[i] = sqrt(fmax(c->square[(int64_t)i * n + i], 0.0)); // now the deviation
    for (int32_t i = 0; i < n; i++)
        for (int32_t j = 0; j <= i; j++) {
            const double scale = c->sum[i] * c->sum[j];
            double *r = &c->square[(int64_t)i * n + j];
            *r = i == j ? 1.0 + JITTER : scale > 1e-12 ? *r / scale : 0.0;
            c->square[(int64_t)j * n + i] = *r;
        }
}

// The determinant of rows and columns [first, first + size) of a matrix of n; 0 where it is not positive.
static double determinant(double *scratch, const double *a, int32_t n, int32_t first, int32_t size)
{
    double product = 1.0;
    for (int32_t i = 0; i < size; i++)
        memcpy(scratch + (int64_t)i * size, a + (int64_t)(first + i) * n + first,
               (size_t)size * sizeof *scratch);
    if (!hf_cholesky(scratch, size)) return 0.0;
    for (int32_t i = 0; i < size; i++)
        product *= scratch[(int64_t)i * size + i] * scratch[(int64_t)i * size + i];
    return product;
}

static hf_status invert(double *factor, columns *c, const hf_context *context, const hf_design *design,
                        hf_error *error)
{
    const int32_t n = c->columns;
    const size_t square = (size_t)n * (size_t)n;
    double *factored = hf_new(context, square, sizeof *factored);
    if (!factored) return hf_fail_memory(error);
    memcpy(factored, c->square, square * sizeof *factored);
    if (hf_cholesky(factored, n)) {
        hf_cholesky_inverse(c->inverse, factored, n);
        for (int32_t s = 0; s < design->count; s++) {
            const int32_t first = c->first[s], size = c->first[s + 1] - first;
            if (size == 0 || !(c->sum[first] > 0.0)) continue;
            const double inside = determinant(factored, c->square, n, first, size);
            const double across = determinant(factored, c->inverse, n, first, size);
            const double own = inside * across; // 0 where rounding left one of the two not positive
            factor[s] = own > 0.0 && own < HF_COLLINEAR ? pow(own, 1.0 / size) : INFINITY;
        }
    }
    hf_delete(context, factored);
    return HF_OK;
}

hf_status hf_inflation(double *factor, const hf_context *context, const hf_design *design,
                       const int64_t *rows, int64_t count, hf_error *error)
{
    hf_status status = HF_OK;
    columns c = {0};
    const double room = MOST_WORK / ((double)design->count * (double)design->count);
    const int64_t wanted = room < LEAST_ROWS ? LEAST_ROWS : (int64_t)fmin(room, 1e15);
    const int64_t taken = count < wanted ? count : wanted;
    for (int32_t s = 0; s < design->count; s++)
        factor[s] = NAN;
    c.column = hf_new(context, (size_t)design->features + 1, sizeof *c.column);
    c.first = hf_new(context, (size_t)design->count + 1, sizeof *c.first);
    if (!c.column || !c.first) {
        status = hf_fail_memory(error);
        goto done;
    }
    number_columns(&c, design);
    if (c.columns == 0 || c.columns > MOST_COLUMNS) goto done;
    c.sum = hf_new(context, (size_t)c.columns, sizeof *c.sum);
    c.square = hf_new(context, (size_t)c.columns * (size_t)c.columns, sizeof *c.square);
    c.inverse = hf_new(context, (size_t)c.columns * (size_t)c.columns, sizeof *c.inverse);
    if (!c.sum || !c.square || !c.inverse) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, sum_products(&c, context, design, rows, taken, count, error));
    correlate(&c, (double)taken);
    HF_TRY(done, invert(factor, &c, context, design, error));
done:
    free_columns(&c, context);
    return status;
}
