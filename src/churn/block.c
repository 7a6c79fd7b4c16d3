// SPDX-License-Identifier: Apache-2.0
//
// Products with a design of blocks. Each is two steps: weights to cell values and a look-up a row, or sums a
// cell and their way back to features. Rows go by tiles, on as many threads as the blocks say; a tile has
// sums of its own, which are added in the tiles' order. Within a tile rows go by chunks that stay in the
// first-level cache while all blocks have their turn.
#include "churn/block.h"

#include <string.h>

enum { CHUNK = 1024 };

static int32_t values_of(const hf_block *block)
{
    return block->place ? 2 * block->cells : block->cells;
}

size_t hf_blocks_values(const hf_blocks *b)
{
    size_t values = 0;
    for (int32_t k = 0; k < b->count; k++)
        values += (size_t)values_of(&b->blocks[k]);
    return values;
}

static int64_t tiles_of(const hf_blocks *b)
{
    return 1 + (b->row_count - 1) / HF_BLOCK_TILE; // one of no rows, too
}

// A tile's sums: those of the cells, and of the rows as they are.
size_t hf_blocks_sums(const hf_blocks *b)
{
    const size_t values = hf_blocks_values(b);
    return values + (size_t)tiles_of(b) * (values + 1);
}

static int threads_of(const hf_blocks *b)
{
    return b->threads > 1 ? b->threads : 1;
}

// ---- weights to rows ------------------------------------------------------------------------------------

static void cell_values(double *value, const hf_block *block, const double *weights)
{
    const double *w = weights + block->first;
    const int32_t values = values_of(block), features = block->features;
    if (!block->map) {
        for (int32_t k = 0; k < values; k++)
            value[k] = k < features ? block->scale * w[k] : 0.0;
        return;
    }
    for (int32_t k = 0; k < values; k++) {
        const double *map = block->map + (int64_t)k * features;
        double sum = 0.0;
        for (int32_t f = 0; f < features; f++)
            sum += map[f] * w[f];
        value[k] = sum;
    }
}

static void all_values(double *value, const hf_blocks *b, const double *weights)
{
    for (int32_t k = 0; k < b->count; k++) {
        cell_values(value, &b->blocks[k], weights);
        value += values_of(&b->blocks[k]);
    }
}

// What the blocks give n rows, added to their margins.
static void add_values(double *restrict margin, const hf_blocks *b, const double *restrict value,
                       const int64_t *restrict rows, int64_t n)
{
    for (int32_t k = 0; k < b->count; k++) {
        const hf_block *block = &b->blocks[k];
        const uint16_t *restrict cell = block->cell;
        const float *restrict place = block->place;
        const double *restrict slope = value + block->cells;
        if (place)
            for (int64_t i = 0; i < n; i++) {
                const int64_t row = rows[i];
                margin[i] += value[cell[row]] + slope[cell[row]] * (double)place[row];
            }
        else
            for (int64_t i = 0; i < n; i++)
                margin[i] += value[cell[rows[i]]];
        value += values_of(block);
    }
}

static void fill_margins(double *margin, const hf_blocks *b, const double *weights, double intercept,
                         double *scratch)
{
    const int64_t rows = b->row_count;
    all_values(scratch, b, weights);
#pragma omp parallel for default(none) shared(margin, b, scratch, rows, intercept) schedule(static) \
    num_threads(threads_of(b)) if (threads_of(b) > 1)
    for (int64_t begin = 0; begin < rows; begin += CHUNK) {
        const int64_t n = rows - begin < CHUNK ? rows - begin : CHUNK;
        for (int64_t i = begin; i < begin + n; i++)
            margin[i] = b->offset ? b->offset[b->rows[i]] : 0.0;
        add_values(margin + begin, b, scratch, b->rows + begin, n);
        for (int64_t i = begin; i < begin + n; i++)
            margin[i] += intercept;
    }
}

void hf_blocks_margin(double *margin, const hf_blocks *b, const double *weights, double *scratch)
{
    fill_margins(margin, b, weights, 0.0, scratch);
}

void hf_blocks_log_odds(double *margin, const hf_blocks *b, const double *weights, double *scratch)
{
    fill_margins(margin, b, weights, weights[b->features], scratch);
}

// ---- rows to features -----------------------------------------------------------------------------------

static void feature_sums(double *gradient, const hf_block *block, const double *sum)
{
    double *g = gradient + block->first;
    const int32_t values = values_of(block), features = block->features;
    if (!block->map) {
        for (int32_t f = 0; f < features; f++)
            g[f] = block->scale * sum[f];
        return;
    }
    for (int32_t f = 0; f < features; f++)
        g[f] = 0.0;
    for (int32_t k = 0; k < values; k++) {
        const double *map = block->map + (int64_t)k * features;
        for (int32_t f = 0; f < features; f++)
            g[f] += map[f] * sum[k];
    }
}

// The residuals of n rows, added to the sums of the cells they are in.
static void add_sums(double *restrict sum, const hf_blocks *b, const double *restrict residual,
                     const int64_t *restrict rows, int64_t n)
{
    for (int32_t k = 0; k < b->count; k++) {
        const hf_block *block = &b->blocks[k];
        const uint16_t *restrict cell = block->cell;
        const float *restrict place = block->place;
        double *restrict slope = sum + block->cells;
        if (place)
            for (int64_t i = 0; i < n; i++) {
                const int64_t row = rows[i];
                sum[cell[row]] += residual[i];
                slope[cell[row]] += residual[i] * (double)place[row];
            }
        else
            for (int64_t i = 0; i < n; i++)
                sum[cell[rows[i]]] += residual[i];
        sum += values_of(block);
    }
}

// What a tile adds up: residuals as they are, or where value is not NULL what the blocks give at those cell
// values, and shift, times the curvatures that stand in their place.
static void sum_tile(double *sum, const hf_blocks *b, const double *residual, const double *value,
                     double shift, int64_t begin, int64_t end, size_t values)
{
    double chunk[CHUNK], all = 0.0;
    memset(sum, 0, values * sizeof *sum);
    for (; begin < end; begin += CHUNK) {
        const int64_t n = end - begin < CHUNK ? end - begin : CHUNK;
        const double *from = residual + begin;
        if (value) {
            for (int64_t i = 0; i < n; i++)
                chunk[i] = shift;
            add_values(chunk, b, value, b->rows + begin, n);
            for (int64_t i = 0; i < n; i++)
                chunk[i] *= from[i];
            from = chunk;
        }
        for (int64_t i = 0; i < n; i++)
            all += from[i];
        add_sums(sum, b, from, b->rows + begin, n);
    }
    sum[values] = all;
}

// Tiles side by side, their sums put together in order, and back to features; returns the sum over rows.
static double sum_tiles(double *out, const hf_blocks *b, const double *residual, const double *value,
                        double shift, double *sums)
{
    const size_t values = hf_blocks_values(b), stride = values + 1;
    const int64_t rows = b->row_count, tiles = tiles_of(b);
#pragma omp parallel for default(none) shared(b, residual, value, shift, sums, values, stride, rows, tiles) \
    schedule(static) num_threads(threads_of(b)) if (threads_of(b) > 1)
    for (int64_t t = 0; t < tiles; t++) {
        const int64_t begin = t * HF_BLOCK_TILE, end = begin + HF_BLOCK_TILE;
        sum_tile(sums + (size_t)t * stride, b, residual, value, shift, begin, end < rows ? end : rows,
                 values);
    }
    for (int64_t t = 1; t < tiles; t++)
        for (size_t k = 0; k <= values; k++)
            sums[k] += sums[(size_t)t * stride + k];
    const double *sum = sums;
    for (int32_t k = 0; k < b->count; k++) {
        feature_sums(out, &b->blocks[k], sum);
        sum += values_of(&b->blocks[k]);
    }
    return sums[values];
}

void hf_blocks_gradient(double *gradient, const hf_blocks *b, const double *residual, double *scratch)
{
    sum_tiles(gradient, b, residual, NULL, 0.0, scratch);
}

void hf_blocks_curve(double *out, const hf_blocks *b, const double *v, const double *curvature,
                     double *scratch)
{
    const size_t values = hf_blocks_values(b);
    all_values(scratch, b, v);
    out[b->features] = sum_tiles(out, b, curvature, scratch, v[b->features], scratch + values);
}
