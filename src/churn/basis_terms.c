// SPDX-License-Identifier: Apache-2.0
//
// The terms of a basis. The curve of a number is read off its cells: a slope that changes is a hinge, a level
// that jumps a step. The table of a category is the weights of its cells.
#include "churn/basis.h"
#include "churn/learn_columns.h"

#include <math.h>
#include <string.h>

// A jump of a monotone curve, without what rounding may have turned round.
static double one_way(const hf_basis_signal *s, double jump)
{
    return s->monotone != 0 && jump * s->monotone < 0.0 ? 0.0 : jump;
}

// The curve that a signal's cells draw, at weights w of its features.
static hf_status fill_curve(hf_term *term, const hf_context *context, const hf_basis_signal *s,
                            const double *map, const double *w, hf_error *error)
{
    const int32_t cells = s->edges + 2, features = s->features;
    double level[HF_CELLS + 1], slope[HF_CELLS + 1];
    for (int32_t c = 0; c <= s->edges; c++) {
        level[c] = slope[c] = 0.0;
        for (int32_t f = 0; f < features; f++) {
            level[c] += map[(int64_t)c * features + f] * w[f];
            slope[c] += map[(int64_t)(cells + c) * features + f] * w[f];
        }
        slope[c] /= s->scale; // to units of x
    }
    hf_curve *curve = &term->curve;
    *curve = (hf_curve){.low = s->low, .high = s->high, .origin = s->origin};
    if (s->knots == 0) return HF_OK; // constant where present
    const size_t room = (size_t)s->edges;
    curve->hinge_at = hf_new(context, room, sizeof(double));
    curve->hinge_slope = hf_new(context, room, sizeof(double));
    curve->step_at = hf_new(context, room, sizeof(double));
    curve->step_height = hf_new(context, room, sizeof(double));
    if (!curve->hinge_at || !curve->hinge_slope || !curve->step_at || !curve->step_height)
        return hf_fail_memory(error);
    curve->intercept = level[0];
    curve->slope = slope[0];
    for (int32_t c = 1; c <= s->edges; c++) {
        const double at = s->edge[c - 1];
        const double jump = level[c] - level[c - 1] + (slope[c] - slope[c - 1]) * at;
        bool stepped = false;
        for (int32_t k = 0; k < s->steps; k++)
            stepped |= s->step_x[k] - s->origin == at;
        if (stepped) {
            curve->step_at[curve->steps] = at;
            curve->step_height[curve->steps++] = one_way(s, jump);
        }
        if (slope[c] != slope[c - 1]) {
            curve->hinge_at[curve->hinges] = at;
            curve->hinge_slope[curve->hinges++] = slope[c] - slope[c - 1];
        }
    }
    return HF_OK;
}

static hf_status fill_term(hf_term *term, const hf_basis *basis, const double *map, int32_t k,
                           const double *weights, const int64_t *rows, int64_t count, hf_error *error)
{
    const hf_context *context = basis->context;
    const hf_basis_signal *s = &basis->signals[k];
    const hf_column *column = &basis->frame->columns[s->column];
    const double *w = weights + s->first;
    hf_status status = hf_start_term(term, context, column, s->missing, error);
    if (status != HF_OK) return status;
    if (column->storage == HF_STORAGE_CODE) {
        term->kind = HF_TERM_TABLE;
        return hf_level_cells_table(term, context, column, &s->levels, w, error);
    }
    term->kind = HF_TERM_CURVE;
    term->missing = s->has_missing ? w[s->features - 1] : 0.0;
    term->mean = s->mean;
    term->deviation = s->deviation;
    term->monotone = (int8_t)s->monotone;
    status = fill_curve(term, context, s, map, w, error);
    if (status != HF_OK) return status;
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        sum += hf_term_value_number(term, hf_column_number(column, rows[i]));
    term->reference = sum / (double)count;
    return HF_OK;
}

hf_status hf_basis_terms(hf_term **out, const hf_basis *basis, const hf_bent *bent, const double *weights,
                         const int64_t *rows, int64_t count, hf_error *error)
{
    const hf_context *context = basis->context;
    hf_status status = HF_OK;
    hf_term *terms = hf_new(context, (size_t)basis->count, sizeof *terms);
    if (!terms) return hf_fail_memory(error);
    for (int32_t k = 0; k < basis->count && status == HF_OK; k++)
        status = fill_term(&terms[k], basis, bent->blocks[k].map, k, weights, rows, count, error);
    if (status == HF_OK) {
        *out = terms;
        return HF_OK;
    }
    for (int32_t k = 0; k < basis->count; k++)
        hf_term_free(context, &terms[k]);
    hf_delete(context, terms);
    return status;
}
