// SPDX-License-Identifier: Apache-2.0
//
// Surfaces and rules: each axis finds a row's cell, the cells together the value. A number's cell is the
// count of edges it is past, so that a tile needs no branch; a category's is a look-up by code.
#include "term/term_grid.h"

#include <math.h>
#include <string.h>

int64_t hf_term_value_count(const hf_term *term)
{
    int64_t count = 1;
    for (int32_t a = 0; a < term->axis_count; a++)
        count *= term->axes[a].cells;
    return count;
}

// The largest float not above x: a float is past an edge at x exactly if it is past this one.
static float float_below(double x)
{
    const float f = (float)x;
    return (double)f > x ? nextafterf(f, -INFINITY) : f;
}

const hf_column *hf_term_column(const hf_frame *frame, const char *signal)
{
    const int32_t c = hf_frame_find(frame, signal);
    return c < 0 || frame->columns[c].missing == frame->rows ? NULL : &frame->columns[c];
}

static hf_status bind_axis(hf_bound_axis *out, const hf_context *context, const hf_axis *axis,
                           const hf_frame *frame, int32_t *unseen, hf_error *error)
{
    const hf_column *column = hf_term_column(frame, axis->signal);
    const bool category = axis->kind == HF_KIND_CATEGORY;
    *out = (hf_bound_axis){.axis = axis, .column = column};
    if (!column) return HF_OK;
    const hf_status status = hf_term_check_storage(axis->signal, category, column, error);
    if (status != HF_OK) return status;
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

static hf_phrase shape_of(const hf_axis *axis)
{
    hf_phrase shape;
    const hf_term words = {.signal = axis->signal, .signal_kind = axis->kind, .unit = axis->unit};
    hf_phrase_shape(&shape, &words);
    return shape;
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
        grid.phrases[a] = shape_of(&term->axes[a]);
        status = bind_axis(&grid.axes[a], context, &term->axes[a], frame, unseen, error);
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

typedef struct {
    float cells;   // of this axis
    float missing; // its last cell
    int32_t edges;
} axis_shape;

// index[i] = index[i] * cells + the cell of x[i], in floats, which hold these numbers exactly and vectorise.
static void add_doubles(float *restrict index, const double *restrict x, int32_t n,
                        const double *restrict edge, axis_shape shape)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++)
        index[i] = index[i] * shape.cells + (x[i] == x[i] ? 0.0f : shape.missing);
    for (int32_t k = 0; k < shape.edges; k++) {
        const double a = edge[k];
#pragma omp simd
        for (int32_t i = 0; i < n; i++)
            index[i] += x[i] > a ? 1.0f : 0.0f;
    }
}

static void add_cells(float *restrict index, const hf_bound_axis *b, const hf_kernels *kernels, int64_t begin,
                      int32_t n)
{
    const hf_axis *axis = b->axis;
    const axis_shape shape = {(float)axis->cells, (float)(axis->cells - 1), axis->edges};
    if (!b->column) {
        for (int32_t i = 0; i < n; i++)
            index[i] = index[i] * shape.cells + shape.missing;
    } else if (b->cell) {
        const int32_t *codes = (const int32_t *)b->column->values + begin, *cell = b->cell;
        for (int32_t i = 0; i < n; i++)
            index[i] = index[i] * shape.cells + (float)cell[codes[i] + 1];
    } else if (b->column->storage == HF_STORAGE_F64) {
        add_doubles(index, (const double *)b->column->values + begin, n, axis->edge, shape);
    } else {
        kernels->cells(index, (const float *)b->column->values + begin, n, shape.cells, b->edge, axis->edges);
    }
}

void hf_grid_run(const hf_grid_term *grid, const hf_kernels *kernels, float *out, float *scratch,
                 int64_t begin, int32_t n)
{
    memset(scratch, 0, (size_t)n * sizeof *scratch);
    for (int32_t a = 0; a < grid->term->axis_count; a++)
        add_cells(scratch, &grid->axes[a], kernels, begin, n);
    kernels->pick(out, scratch, n, (int32_t)hf_term_value_count(grid->term), grid->values);
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

// Appends a part; false, and nothing, where it would not be whole and is not the first.
static bool join(char *out, size_t size, size_t *length, const hf_phrase *shape, const hf_column *column,
                 int64_t row)
{
    static const char between[] = " and ";
    const size_t add = *length > 0 ? sizeof between - 1 : 0;
    char part[3 * HF_PHRASE_PART];
    const size_t bytes = hf_phrase_write(part, sizeof part, shape, column, row);
    if (add == 0) {
        *length = hf_phrase_write(out, size, shape, column, row);
        return true;
    }
    if (*length + add + bytes + 1 > size) return false;
    memcpy(out + *length, between, add);
    memcpy(out + *length + add, part, bytes + 1);
    *length += add + bytes;
    return true;
}

size_t hf_grid_words(char *out, size_t size, const hf_grid_term *grid, int64_t row)
{
    size_t length = 0;
    for (int32_t a = 0; a < grid->term->axis_count; a++)
        if (!join(out, size, &length, &grid->phrases[a], grid->axes[a].column, row)) break;
    return length;
}

void hf_term_phrase_in(char *out, size_t size, const hf_term *term, const hf_frame *frame, int64_t row)
{
    size_t length = 0;
    if (term->axis_count == 0) {
        const int32_t c = hf_frame_find(frame, term->signal);
        hf_term_phrase(out, size, term, c < 0 ? NULL : &frame->columns[c], row);
        return;
    }
    for (int32_t a = 0; a < term->axis_count; a++) {
        const hf_phrase shape = shape_of(&term->axes[a]);
        if (!join(out, size, &length, &shape, hf_term_column(frame, term->axes[a].signal), row)) break;
    }
}
