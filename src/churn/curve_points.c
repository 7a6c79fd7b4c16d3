// SPDX-License-Identifier: Apache-2.0
//
// Where curves are shown: at values that accounts have, so that every point is a training row and what a fit
// makes of it can be asked of the design.
#include "churn/curve_points.h"

#include <math.h>
#include <stdlib.h>

enum { FEW_VALUES = 12, QUANTILES = 9, SORTED_ROWS = 50000 };
static const double quantiles[QUANTILES] = {0.025, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.975};

typedef struct {
    double x;
    int64_t place;
} value_at;

static int compare_values(const void *a, const void *b)
{
    const value_at *p = a, *q = b;
    if (p->x != q->x) return p->x < q->x ? -1 : 1;
    return (p->place > q->place) - (p->place < q->place);
}

void hf_curve_points_free(hf_curve_points *p)
{
    if (p->context) hf_delete(p->context, p->points);
    *p = (hf_curve_points){0};
}

static hf_status add_point(hf_curve_points *p, hf_curve_point point, hf_error *error)
{
    if ((p->count & (p->count - 1)) == 0) { // a power of two: full
        hf_curve_point *more =
            hf_grow(p->context, p->points, p->count > 0 ? 2 * (size_t)p->count : 1, sizeof *more);
        if (!more) return hf_fail_memory(error);
        p->points = more;
    }
    point.low = point.high = NAN;
    p->points[p->count++] = point;
    return HF_OK;
}

static hf_status add_missing(hf_curve_points *p, const hf_model *model, int32_t term, int64_t place,
                             int64_t rows, hf_error *error)
{
    const hf_term *of = &model->terms[term];
    if (rows == 0) return HF_OK;
    return add_point(p,
                     (hf_curve_point){.term = term,
                                      .place = place,
                                      .rows = rows,
                                      .x = NAN,
                                      .missing = true,
                                      .log_odds = of->missing - of->reference},
                     error);
}

static hf_status add_values(hf_curve_points *p, const hf_model *model, int32_t term, const value_at *sorted,
                            int64_t n, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_term *of = &model->terms[term];
    int64_t at[FEW_VALUES];
    int32_t distinct = 0, count = 0;
    for (int64_t i = 0; i < n && distinct <= FEW_VALUES; i++) {
        if (i > 0 && sorted[i].x == sorted[i - 1].x) continue;
        if (distinct < FEW_VALUES) at[distinct] = i;
        distinct++;
    }
    count = distinct;
    if (distinct > FEW_VALUES)
        for (count = 0; count < QUANTILES; count++)
            at[count] = (int64_t)(quantiles[count] * (double)(n - 1) + 0.5);
    for (int32_t k = 0; k < count; k++) {
        const value_at *v = &sorted[at[k]];
        if (k > 0 && v->x == sorted[at[k - 1]].x) continue;
        HF_TRY(done, add_point(p,
                               (hf_curve_point){.term = term,
                                                .place = v->place,
                                                .x = v->x,
                                                .log_odds = hf_term_value_number(of, v->x) - of->reference},
                               error));
    }
done:
    return status;
}

static hf_status number_points(hf_curve_points *p, const hf_model *model, int32_t term,
                               const hf_column *column, const hf_training *t, hf_error *error)
{
    const int64_t taken = t->count < SORTED_ROWS ? t->count : SORTED_ROWS;
    int64_t n = 0, missing = 0, lacking = 0;
    value_at *sorted = hf_new_raw(t->context, (size_t)taken, sizeof *sorted);
    if (!sorted) return hf_fail_memory(error);
    for (int64_t i = 0; i < taken; i++) {
        const int64_t place = (int64_t)((double)i * (double)t->count / (double)taken);
        const double x = hf_column_number(column, t->rows[place]);
        if (!isnan(x)) sorted[n++] = (value_at){x, place};
    }
    for (int64_t i = 0; i < t->count; i++)
        if (isnan(hf_column_number(column, t->rows[i]))) {
            missing++;
            lacking = i;
        }
    qsort(sorted, (size_t)n, sizeof *sorted, compare_values);
    hf_status status = add_values(p, model, term, sorted, n, error);
    if (status == HF_OK) status = add_missing(p, model, term, lacking, missing, error);
    hf_delete(t->context, sorted);
    return status;
}

// Levels of the table one by one, all others as one.
static hf_status level_points(hf_curve_points *p, const hf_model *model, int32_t term,
                              const hf_column *column, const hf_training *t, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_term *of = &model->terms[term];
    const int32_t levels = column->dictionary.count;
    const int32_t *codes = column->values;
    hf_curve_point rare = {.term = term, .x = NAN, .log_odds = of->table.pooled - of->reference};
    int64_t missing = 0, lacking = 0;
    int64_t *rows = hf_new(t->context, (size_t)levels, sizeof *rows);
    int64_t *place = hf_new(t->context, (size_t)levels, sizeof *place);
    if (!rows || !place) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < t->count; i++) {
        const int32_t code = codes[t->rows[i]];
        if (code < 0) {
            missing++;
            lacking = i;
            continue;
        }
        rows[code]++;
        place[code] = i;
    }
    for (int32_t k = 0; k < levels; k++) {
        const char *level = hf_dictionary_text(&column->dictionary, k);
        if (rows[k] == 0) continue;
        if (hf_dictionary_find(&of->table.levels, level) < 0) {
            rare.rows += rows[k];
            rare.place = place[k];
            continue;
        }
        HF_TRY(done, add_point(p,
                               (hf_curve_point){.term = term,
                                                .place = place[k],
                                                .rows = rows[k],
                                                .x = NAN,
                                                .level = level,
                                                .log_odds = hf_term_value_level(of, level) - of->reference},
                               error));
    }
    if (rare.rows > 0) HF_TRY(done, add_point(p, rare, error));
    HF_TRY(done, add_missing(p, model, term, lacking, missing, error));
done:
    hf_delete(t->context, rows);
    hf_delete(t->context, place);
    return status;
}

static const hf_column *column_of(const hf_frame *frame, const char *name)
{
    const int32_t at = hf_frame_find(frame, name);
    return at >= 0 ? &frame->columns[at] : NULL;
}

hf_status hf_curve_points_create(hf_curve_points *out, const hf_model *model, int32_t terms,
                                 const hf_training *t, hf_error *error)
{
    hf_curve_points p = {.context = t->context};
    hf_status status = HF_OK;
    for (int32_t k = 0; k < terms; k++) {
        const hf_column *column = column_of(t->frame, model->terms[k].signal);
        if (!column) continue;
        if (column->storage == HF_STORAGE_CODE)
            HF_TRY(done, level_points(&p, model, k, column, t, error));
        else
            HF_TRY(done, number_points(&p, model, k, column, t, error));
    }
    *out = p;
    p = (hf_curve_points){0};
done:
    hf_curve_points_free(&p);
    return status;
}
