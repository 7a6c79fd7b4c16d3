// SPDX-License-Identifier: Apache-2.0
//
// Surfaces and rules: each axis finds a row's cell, the cells together the value. A number's cell is the
// count of edges it is past, so that a tile needs no branch; a category's is a look-up by code.
#include "term/grid.h"

#include <math.h>
#include <string.h>

int64_t hf_term_value_count(const hf_term *term)
{
    int64_t count = 1;
    for (int32_t a = 0; a < term->axis_count; a++)
        count *= term->axes[a].cells;
    return count;
}

static float float_below(double x)
{
    const float f = (float)x;
    return (double)f > x ? nextafterf(f, -INFINITY) : f;
}

static hf_status bind_axis(hf_bound_axis *out, const hf_context *context, const hf_axis *axis,
                           const hf_frame *frame, int32_t *unseen, hf_error *error)
{
    const int32_t c = hf_frame_find(frame, axis->signal);
    const hf_column *column = c >= 0 ? &frame->columns[c] : NULL;
    if (column && column->missing == frame->rows) column = NULL;
    *out = (hf_bound_axis){.axis = axis, .column = column};
    if (!column) return HF_OK;
    const bool category = axis->kind == HF_KIND_CATEGORY;
    if (column->storage == HF_STORAGE_DAY || (column->storage == HF_STORAGE_CODE) != category)
        return hf_fail(error, HF_ERROR_DATA, "column '%s': the model was trained on %s, this one holds %s",
                       axis->signal, category ? "categories" : "numbers",
                       category ? "numbers" : "something else");
    if (!category) {
        out->edge = hf_new(context, (size_t)axis->edges, sizeof *out->edge);
        if (!out->edge) return hf_fail_memory(error);
        for (int32_t k = 0; k < axis->edges; k++)
            out->edge[k] = float_below(axis->edge[k]);
        return HF_OK;
    }
    const hf_dictionary *levels = &column->dictionary;
    out->cell = hf_new(context, (size_t)levels->count + 1, sizeof *out->cell);
    if (!out->cell) return hf_fail_memory(error);
    out->cell[0] = axis->cells - 1;
    for (int32_t code = 0; code < levels->count; code++) {
        const int32_t known = hf_dictionary_find(&axis->levels, hf_dictionary_text(levels, code));
        *unseen += known < 0;
        out->cell[code + 1] = known < 0 ? axis->other : axis->level_cell[known];
    }
    return HF_OK;
}

hf_status hf_grid_bind(hf_grid_term *out, const hf_context *context, const hf_term *term,
                       const hf_frame *frame, int32_t *unseen, hf_error *error)
{
    hf_grid_term grid = {.term = term};
    hf_status status = HF_OK;
    const int64_t count = hf_term_value_count(term);
    grid.values = hf_new(context, (size_t)count, sizeof *grid.values);
    grid.phrases = hf_new(context, (size_t)term->axis_count, sizeof *grid.phrases);
    if (!grid.values || !grid.phrases) status = hf_fail_memory(error);
    for (int32_t a = 0; a < term->axis_count && status == HF_OK; a++) {
        const hf_axis *axis = &term->axes[a];
        const hf_term words = {.signal = axis->signal, .signal_kind = axis->kind, .unit = axis->unit};
        hf_phrase_shape(&grid.phrases[a], &words);
        status = bind_axis(&grid.axes[a], context, axis, frame, unseen, error);
    }
    if (status != HF_OK) {
        hf_grid_unbind(context, &grid);
        return status;
    }
    for (int64_t i = 0; i < count; i++)
        grid.values[i] = (float)(term->values[i] - term->reference);
    *out = grid;
    return HF_OK;
}

void hf_grid_unbind(const hf_context *context, hf_grid_term *grid)
{
    for (int32_t a = 0; a < HF_AXES; a++) {
        hf_delete(context, grid->axes[a].edge);
        hf_delete(context, grid->axes[a].cell);
    }
    hf_delete(context, grid->values);
    hf_delete(context, grid->phrases);
    *grid = (hf_grid_term){0};
}

static void add_floats(int32_t *restrict index, const float *restrict x, int32_t n,
                       const float *restrict edge, int32_t edges)
{
    for (int32_t i = 0; i < n; i++)
        index[i] += x[i] == x[i] ? 0 : edges + 1;
    for (int32_t k = 0; k < edges; k++) {
        const float at = edge[k];
        for (int32_t i = 0; i < n; i++)
            index[i] += x[i] > at;
    }
}

static void add_doubles(int32_t *restrict index, const double *restrict x, int32_t n,
                        const double *restrict edge, int32_t edges)
{
    for (int32_t i = 0; i < n; i++)
        index[i] += x[i] == x[i] ? 0 : edges + 1;
    for (int32_t k = 0; k < edges; k++) {
        const double at = edge[k];
        for (int32_t i = 0; i < n; i++)
            index[i] += x[i] > at;
    }
}

static void add_cells(int32_t *restrict index, const hf_bound_axis *b, int64_t begin, int32_t n)
{
    const hf_axis *axis = b->axis;
    if (!b->column) {
        for (int32_t i = 0; i < n; i++)
            index[i] += axis->cells - 1;
    } else if (b->cell) {
        const int32_t *codes = (const int32_t *)b->column->values + begin, *cell = b->cell;
        for (int32_t i = 0; i < n; i++)
            index[i] += cell[codes[i] + 1];
    } else if (b->column->storage == HF_STORAGE_F64) {
        add_doubles(index, (const double *)b->column->values + begin, n, axis->edge, axis->edges);
    } else {
        add_floats(index, (const float *)b->column->values + begin, n, b->edge, axis->edges);
    }
}

void hf_grid_run(const hf_grid_term *grid, float *out, float *scratch, int64_t begin, int32_t n)
{
    int32_t index[HF_TILE];
    (void)scratch;
    memset(index, 0, (size_t)n * sizeof *index);
    for (int32_t a = 0; a < grid->term->axis_count; a++) {
        const int32_t cells = grid->term->axes[a].cells;
        for (int32_t i = 0; a > 0 && i < n; i++)
            index[i] *= cells;
        add_cells(index, &grid->axes[a], begin, n);
    }
    for (int32_t i = 0; i < n; i++)
        out[i] = grid->values[index[i]];
}

static int32_t cell_of(const hf_bound_axis *b, int64_t row)
{
    const hf_axis *axis = b->axis;
    if (!b->column) return axis->cells - 1;
    if (b->cell) return b->cell[((const int32_t *)b->column->values)[row] + 1];
    const double x = hf_column_number(b->column, row);
    int32_t cell = 0;
    if (isnan(x)) return axis->cells - 1;
    while (cell < axis->edges && x > axis->edge[cell])
        cell++;
    return cell;
}

double hf_grid_contribution(const hf_grid_term *grid, int64_t row)
{
    int64_t index = 0;
    for (int32_t a = 0; a < grid->term->axis_count; a++)
        index = index * grid->term->axes[a].cells + cell_of(&grid->axes[a], row);
    return grid->term->values[index] - grid->term->reference;
}

size_t hf_grid_words(char *out, size_t size, const hf_grid_term *grid, int64_t row)
{
    size_t length = 0;
    for (int32_t a = 0; a < grid->term->axis_count; a++) {
        if (a > 0 && length + 6 < size) {
            memcpy(out + length, " and ", 6);
            length += 5;
        }
        length += hf_phrase_write(out + length, size - length, &grid->phrases[a], grid->axes[a].column, row);
    }
    return length;
}
