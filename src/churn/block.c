// SPDX-License-Identifier: Apache-2.0
//
// Products with a design of blocks. Each is two steps: weights to cell values and a look-up a row, or sums a
// cell and their way back to features.
#include "churn/block.h"

#include <string.h>

static int32_t values_of(const hf_block *block)
{
    return block->place ? 2 * block->cells : block->cells;
}

int32_t hf_blocks_widest(const hf_blocks *b)
{
    int32_t widest = 0;
    for (int32_t k = 0; k < b->count; k++)
        if (values_of(&b->blocks[k]) > widest) widest = values_of(&b->blocks[k]);
    return widest;
}

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

void hf_blocks_margin(double *margin, const hf_blocks *b, const double *weights, double *scratch)
{
    const int64_t n = b->row_count;
    const int64_t *rows = b->rows;
    for (int64_t i = 0; i < n; i++)
        margin[i] = b->offset ? b->offset[rows[i]] : 0.0;
    for (int32_t k = 0; k < b->count; k++) {
        const hf_block *block = &b->blocks[k];
        const uint16_t *cell = block->cell;
        const float *place = block->place;
        cell_values(scratch, block, weights);
        const double *level = scratch, *slope = scratch + block->cells;
        if (place)
            for (int64_t i = 0; i < n; i++) {
                const int64_t row = rows[i];
                margin[i] += level[cell[row]] + slope[cell[row]] * (double)place[row];
            }
        else
            for (int64_t i = 0; i < n; i++)
                margin[i] += level[cell[rows[i]]];
    }
}

void hf_blocks_log_odds(double *margin, const hf_blocks *b, const double *weights, double *scratch)
{
    hf_blocks_margin(margin, b, weights, scratch);
    for (int64_t i = 0; i < b->row_count; i++)
        margin[i] += weights[b->features];
}

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

void hf_blocks_gradient(double *gradient, const hf_blocks *b, const double *residual, double *scratch)
{
    const int64_t n = b->row_count;
    const int64_t *rows = b->rows;
    for (int32_t k = 0; k < b->count; k++) {
        const hf_block *block = &b->blocks[k];
        const uint16_t *cell = block->cell;
        const float *place = block->place;
        memset(scratch, 0, (size_t)values_of(block) * sizeof *scratch);
        double *level = scratch, *slope = scratch + block->cells;
        if (place)
            for (int64_t i = 0; i < n; i++) {
                const int64_t row = rows[i];
                level[cell[row]] += residual[i];
                slope[cell[row]] += residual[i] * (double)place[row];
            }
        else
            for (int64_t i = 0; i < n; i++)
                level[cell[rows[i]]] += residual[i];
        feature_sums(gradient, block, scratch);
    }
}
