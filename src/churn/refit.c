// SPDX-License-Identifier: Apache-2.0
//
// A fit to be repeated. A row's features are what a residual of 1 at that row alone adds to the gradient, so
// nothing here needs to know how blocks keep them. A plain design becomes blocks too: a number one cell with
// a slope and one for missing, a category a cell a feature.
#include "churn/refit.h"

#include <math.h>

void hf_refit_row(double *out, const hf_refit *refit, int64_t row, double *scratch)
{
    const double one = 1.0;
    hf_blocks single = refit->blocks;
    single.rows = &row;
    single.row_count = 1;
    hf_blocks_gradient(out, &single, &one, scratch);
}

void hf_design_blocks_free(hf_design_blocks *b)
{
    if (!b->context) return;
    for (int32_t s = 0; b->blocks && s < b->count; s++) {
        hf_delete(b->context, (void *)b->blocks[s].cell);
        hf_delete(b->context, (void *)b->blocks[s].place);
    }
    hf_delete(b->context, b->blocks);
    hf_delete(b->context, b->maps);
    *b = (hf_design_blocks){0};
}

// Cell 0 holds the values, cell 1 is missing; four lines of the map: two levels, two slopes.
static void map_number(double *map, const hf_design_signal *signal)
{
    const int32_t features = signal->features;
    if (signal->has_value) map[2 * features] = 1.0;
    if (signal->has_missing) map[features + features - 1] = 1.0;
}

static void code_rows(hf_block *block, const hf_design *design, const hf_design_signal *signal,
                      const int64_t *rows, int64_t count)
{
    const hf_column *column = &design->frame->columns[signal->column];
    uint16_t *cell = (uint16_t *)block->cell;
    float *place = (float *)block->place;
    const int32_t *codes = column->values;
    for (int64_t i = 0; i < count && !place; i++) {
        const int32_t k = hf_level_cell(&signal->levels, codes[rows[i]]);
        cell[i] = (uint16_t)(k >= 0 ? k : block->features);
    }
    for (int64_t i = 0; i < count && place; i++) {
        const double x = hf_column_number(column, rows[i]);
        cell[i] = (uint16_t)(isnan(x) ? 1 : 0);
        place[i] = isnan(x) || !signal->has_value ? 0.0F : (float)((x - signal->mean) / signal->deviation);
    }
}

hf_status hf_design_blocks_create(hf_design_blocks *out, const hf_design *design, const int64_t *rows,
                                  int64_t count, hf_error *error)
{
    const hf_context *context = design->context;
    hf_design_blocks b = {.context = context, .count = design->count};
    b.blocks = hf_new(context, (size_t)design->count, sizeof *b.blocks);
    b.maps = hf_new(context, 4 * (size_t)design->features, sizeof *b.maps);
    bool good = b.blocks && b.maps;
    for (int32_t s = 0; good && s < design->count; s++) {
        const hf_design_signal *signal = &design->signals[s];
        hf_block *block = &b.blocks[s];
        *block = (hf_block){.first = signal->first, .features = signal->features, .scale = 1.0};
        block->cells = signal->category ? signal->features + 1 : 2;
        block->cell = hf_new_raw(context, (size_t)count, sizeof *block->cell);
        good = block->cell != NULL;
        if (good && !signal->category) {
            double *map = b.maps + (size_t)4 * (size_t)signal->first;
            block->place = hf_new_raw(context, (size_t)count, sizeof *block->place);
            block->map = map;
            good = block->place != NULL;
            map_number(map, signal);
        }
        if (good) code_rows(block, design, signal, rows, count);
    }
    if (good) {
        *out = b;
        return HF_OK;
    }
    hf_design_blocks_free(&b);
    return hf_fail_memory(error);
}
