// SPDX-License-Identifier: Apache-2.0
//
// Rows coded by a basis. A number's map says what a cell's level and slope are for each feature: within a
// cell, z and every hinge are linear in x and every step is constant.
#include "churn/basis.h"

#include <math.h>
#include <string.h>

static int32_t cells_of(const hf_basis_signal *s, bool category)
{
    return category ? s->features + 1
                    : s->edges + 2; // the last one has no feature: missing, when it has none
}

static uint16_t number_cell(const hf_basis_signal *s, double d)
{
    int32_t low = 0, high = s->edges;
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        if (d > s->edge[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return (uint16_t)low;
}

static void code_number(uint16_t *cell, float *place, const hf_basis_signal *s, const hf_column *column,
                        const int64_t *rows, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        double x = hf_column_number(column, rows[i]);
        if (isnan(x)) {
            cell[i] = (uint16_t)(s->edges + 1);
            place[i] = 0.0f;
            continue;
        }
        x = x < s->low ? s->low : x > s->high ? s->high : x;
        const double d = x - s->origin;
        cell[i] = number_cell(s, d);
        place[i] = (float)(d / s->scale);
    }
}

static void code_category(uint16_t *cell, const hf_basis_signal *s, const hf_column *column,
                          const int64_t *rows, int64_t count)
{
    const int32_t *codes = column->values;
    for (int64_t i = 0; i < count; i++) {
        const int32_t k = hf_level_cell(&s->levels, codes[rows[i]]);
        cell[i] = (uint16_t)(k >= 0 ? k : s->features);
    }
}

void hf_coded_destroy(hf_coded *coded)
{
    if (!coded) return;
    for (int32_t k = 0; coded->blocks && k < coded->count; k++) {
        hf_delete(coded->context, (void *)coded->blocks[k].cell);
        hf_delete(coded->context, (void *)coded->blocks[k].place);
    }
    hf_delete(coded->context, coded->blocks);
    hf_delete(coded->context, coded);
}

static bool make_block(hf_coded *coded, int32_t k, const hf_basis_signal *s, bool category)
{
    hf_block *block = &coded->blocks[k];
    const size_t rows = (size_t)coded->rows;
    *block =
        (hf_block){.cells = cells_of(s, category), .first = s->first, .features = s->features, .scale = 1.0};
    block->cell = hf_new_raw(coded->context, rows, sizeof *block->cell);
    if (category) return block->cell != NULL;
    block->place = hf_new_raw(coded->context, rows, sizeof *block->place);
    return block->cell && block->place;
}

hf_status hf_coded_create(hf_coded **out, const hf_basis *basis, const int64_t *rows, int64_t count,
                          hf_error *error)
{
    const hf_context *context = basis->context;
    hf_coded *made = hf_new(context, 1, sizeof *made);
    if (!made) return hf_fail_memory(error);
    *made = (hf_coded){.context = context, .count = basis->count, .rows = count};
    made->blocks = hf_new(context, (size_t)basis->count, sizeof *made->blocks);
    bool good = made->blocks != NULL;
    for (int32_t k = 0; good && k < basis->count; k++) {
        const hf_basis_signal *s = &basis->signals[k];
        const hf_column *column = &basis->frame->columns[s->column];
        const bool category = column->storage == HF_STORAGE_CODE;
        good = make_block(made, k, s, category);
        if (!good) break;
        if (category)
            code_category((uint16_t *)made->blocks[k].cell, s, column, rows, count);
        else
            code_number((uint16_t *)made->blocks[k].cell, (float *)made->blocks[k].place, s, column, rows,
                        count);
    }
    if (!good) {
        hf_coded_destroy(made);
        return hf_fail_memory(error);
    }
    *out = made;
    return HF_OK;
}

// z = level + slope * place within a cell.
static void line_of_cell(double *level, double *slope, const hf_basis_signal *s, int32_t cell)
{
    const double from = cell > 0 ? s->edge[cell - 1] : s->low - s->origin;
    const double to = cell < s->edges ? s->edge[cell] : s->high - s->origin;
    const double middle = from + 0.5 * (to - from);
    int32_t k = 1;
    while (k < s->knots - 1 && middle > s->knot_x[k] - s->origin)
        k++;
    const double a_unit = (s->knot_z[k] - s->knot_z[k - 1]) / (s->knot_x[k] - s->knot_x[k - 1]);
    *slope = a_unit * s->scale;
    *level = s->knot_z[k - 1] + a_unit * (s->origin - s->knot_x[k - 1]);
}

// How far z has gone along each stretch between two neighbouring hinges, less its mean.
static int32_t map_ramps(double *level, double *slope, const hf_basis_signal *s, int32_t cell, double z_level,
                         double z_slope, double tau)
{
    int32_t reached = 0; // the stretch of this cell
    while (reached < s->hinges && cell > 0 && s->edge[cell - 1] >= s->hinge_x[reached] - s->origin)
        reached++;
    for (int32_t k = 0; k <= s->hinges; k++) {
        const double from = k > 0 ? s->hinge_z[k - 1] : s->knot_z[0];
        const double to = k < s->hinges ? s->hinge_z[k] : s->knot_z[s->knots - 1];
        // A hinge's centre is half the mean of what z is over it.
        const double mean = (k > 0 ? 2.0 * s->hinge_centre[k - 1] : -s->knot_z[0]) -
                            (k < s->hinges ? 2.0 * s->hinge_centre[k] : 0.0);
        level[k] = tau * ((k < reached ? to - from : k == reached ? z_level - from : 0.0) - mean);
        slope[k] = k == reached ? tau * z_slope : 0.0;
    }
    return s->hinges + 1;
}

static void turn_over(double *map, const hf_basis_signal *s)
{
    const int32_t cells = s->edges + 2, rising = s->features - s->has_missing;
    for (int32_t c = 0; c < 2 * cells; c++)
        for (int32_t f = 0; f < rising; f++)
            map[(int64_t)c * s->features + f] *= -1.0;
}

static void bend_signal(double *map, const hf_basis_signal *s, double tau)
{
    const int32_t cells = s->edges + 2, features = s->features;
    memset(map, 0, 2 * (size_t)cells * (size_t)features * sizeof *map);
    for (int32_t c = 0; c <= s->edges && s->knots > 0; c++) {
        double *level = map + (int64_t)c * features, *slope = map + (int64_t)(cells + c) * features;
        double z_level, z_slope;
        line_of_cell(&z_level, &z_slope, s, c);
        int32_t f = 0;
        level[f] = z_level;
        slope[f++] = z_slope;
        if (s->monotone != 0 && s->hinges > 0)
            f += map_ramps(level + f, slope + f, s, c, z_level, z_slope, tau);
        for (int32_t k = 0; k < s->hinges && s->monotone == 0; k++, f++) {
            const bool active = c > 0 && s->edge[c - 1] >= s->hinge_x[k] - s->origin;
            level[f] = tau * ((active ? 0.5 * (z_level - s->hinge_z[k]) : 0.0) - s->hinge_centre[k]);
            slope[f] = active ? tau * 0.5 * z_slope : 0.0;
        }
        for (int32_t k = 0; k < s->steps; k++, f++) {
            const bool beyond = c > 0 && s->edge[c - 1] >= s->step_x[k] - s->origin;
            level[f] = tau * ((beyond ? 1.0 : 0.0) - s->step_centre[k]);
        }
    }
    if (s->has_missing) map[(int64_t)(cells - 1) * features + features - 1] = 1.0;
    if (s->monotone < 0) turn_over(map, s);
}

hf_status hf_bent_create(hf_bent *out, const hf_basis *basis, const hf_coded *coded, double tau,
                         hf_error *error)
{
    hf_bent bent = {.context = basis->context, .count = coded->count, .tau = tau};
    size_t size = 0, at = 0;
    for (int32_t k = 0; k < coded->count; k++)
        if (coded->blocks[k].place)
            size += 2 * (size_t)coded->blocks[k].cells * (size_t)coded->blocks[k].features;
    bent.blocks = hf_new(basis->context, (size_t)coded->count, sizeof *bent.blocks);
    bent.maps = hf_new(basis->context, size, sizeof *bent.maps);
    if (!bent.blocks || !bent.maps) {
        hf_bent_free(&bent);
        return hf_fail_memory(error);
    }
    for (int32_t k = 0; k < coded->count; k++) {
        hf_block *block = &bent.blocks[k];
        *block = coded->blocks[k];
        if (!block->place) continue;
        bend_signal(bent.maps + at, &basis->signals[k], tau);
        block->map = bent.maps + at;
        const hf_basis_signal *s = &basis->signals[k];
        block->bounded = s->monotone != 0 ? s->features - s->has_missing : 0;
        at += 2 * (size_t)block->cells * (size_t)block->features;
    }
    *out = bent;
    return HF_OK;
}

void hf_bent_free(hf_bent *bent)
{
    if (!bent->context) return;
    hf_delete(bent->context, bent->blocks);
    hf_delete(bent->context, bent->maps);
    *bent = (hf_bent){0};
}
