// SPDX-License-Identifier: Apache-2.0
//
// Cells by quantiles of the sorted values; an edge lies halfway between two neighbouring values.
#include "churn/binned.h"

#include "churn/cuts.h"
#include "metrics/metrics_room.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void hf_binned_destroy(hf_binned *binned)
{
    if (!binned) return;
    for (int32_t s = 0; binned->signals && s < binned->count; s++) {
        hf_delete(binned->context, binned->signals[s].level_cell);
        hf_delete(binned->context, binned->signals[s].cell);
    }
    hf_delete(binned->context, binned->signals);
    hf_delete(binned->context, binned);
}

static void learn_edges(hf_binned_signal *s, double *value, int64_t n, int32_t bins)
{
    int32_t distinct = n > 0;
    qsort(value, (size_t)n, sizeof *value, hf_compare_doubles);
    for (int64_t i = 1; i < n && distinct <= bins; i++)
        distinct += value[i] != value[i - 1];
    if (distinct <= bins) {
        for (int64_t i = 1; i < n; i++)
            if (value[i] != value[i - 1]) s->edge[s->edges++] = hf_cut_between(value[i - 1], value[i]);
    } else {
        for (int32_t k = 1; k < bins; k++) {
            int64_t at = n * k / bins;
            while (at < n && value[at] == value[at - 1])
                at++;
            if (at == n) break;
            const double edge = hf_cut_between(value[at - 1], value[at]);
            if (s->edges == 0 || edge > s->edge[s->edges - 1]) s->edge[s->edges++] = edge;
        }
    }
    s->cells = s->edges + 2;
}

// Adds edges where the basis's curve may jump: a quantile seldom hits a threshold that matters.
static void add_steps(hf_binned_signal *s, const hf_basis_signal *basis)
{
    for (int32_t k = 0; k < basis->steps && s->edges < HF_MOST_BINS - 1; k++) {
        int32_t at = 0;
        while (at < s->edges && s->edge[at] < basis->step_x[k])
            at++;
        if (at < s->edges && s->edge[at] == basis->step_x[k]) continue;
        memmove(s->edge + at + 1, s->edge + at, (size_t)(s->edges - at) * sizeof *s->edge);
        s->edge[at] = basis->step_x[k];
        s->edges++;
    }
    s->cells = s->edges + 2;
}

static uint8_t number_cell(const hf_binned_signal *s, double x)
{
    int32_t low = 0, high = s->edges;
    if (isnan(x)) return (uint8_t)(s->cells - 1);
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        if (x > s->edge[middle])
            low = middle + 1;
        else
            high = middle;
    }
    return (uint8_t)low;
}

typedef struct {
    int64_t rows;
    int32_t code;
} level_count;

static int compare_levels(const void *a, const void *b)
{
    const level_count *x = a, *y = b;
    if (x->rows != y->rows) return x->rows > y->rows ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

static hf_status learn_levels(hf_binned_signal *s, const hf_context *context, const hf_level_cells *of,
                              int32_t most, hf_error *error)
{
    level_count *counts = hf_new(context, (size_t)of->levels, sizeof *counts);
    s->level_cell = hf_new(context, (size_t)of->levels, sizeof *s->level_cell);
    if (!counts || !s->level_cell) {
        hf_delete(context, counts);
        return hf_fail_memory(error);
    }
    for (int32_t k = 0; k < of->levels; k++)
        counts[k] = (level_count){of->rows[k], k};
    qsort(counts, (size_t)of->levels, sizeof *counts, compare_levels);
    int32_t kept = 0;
    while (kept < of->levels && kept < most && counts[kept].rows > 0)
        kept++;
    s->other = kept;
    for (int32_t k = 0; k < of->levels; k++)
        s->level_cell[counts[k].code] = k < kept ? k : kept;
    s->cells = kept + 2;
    hf_delete(context, counts);
    return HF_OK;
}

static hf_status bin_signal(hf_binned_signal *s, const hf_binned *binned, const hf_basis_signal *basis,
                            const int64_t *rows, int64_t learn, int32_t bins, int32_t levels, bool steps,
                            double *value, hf_error *error)
{
    const hf_column *column = &binned->frame->columns[basis->column];
    *s = (hf_binned_signal){.column = basis->column, .category = column->storage == HF_STORAGE_CODE};
    s->cell = hf_new_raw(binned->context, (size_t)binned->rows, sizeof *s->cell);
    if (!s->cell) return hf_fail_memory(error);
    if (s->category) {
        hf_status status = learn_levels(s, binned->context, &basis->levels, levels, error);
        if (status != HF_OK) return status;
        const int32_t *codes = column->values;
        for (int64_t i = 0; i < binned->rows; i++)
            s->cell[i] = (uint8_t)(codes[rows[i]] < 0 ? s->cells - 1 : s->level_cell[codes[rows[i]]]);
        return HF_OK;
    }
    int64_t n = 0;
    for (int64_t i = 0; i < learn; i++) {
        const double x = hf_column_number(column, rows[i]);
        if (!isnan(x)) value[n++] = x;
    }
    learn_edges(s, value, n, bins);
    if (steps) add_steps(s, basis);
    for (int64_t i = 0; i < binned->rows; i++)
        s->cell[i] = number_cell(s, hf_column_number(column, rows[i]));
    return HF_OK;
}

hf_status hf_binned_create(hf_binned **out, const hf_basis *basis, const int64_t *rows, int64_t learn,
                           int64_t count, int32_t bins, int32_t levels, bool steps, hf_error *error)
{
    const hf_context *context = basis->context;
    hf_status status = HF_OK;
    hf_binned *made = hf_new(context, 1, sizeof *made);
    double *value = hf_new_raw(context, (size_t)learn, sizeof *value);
    if (made) *made = (hf_binned){.context = context, .frame = basis->frame, .rows = count};
    if (!made || !value) {
        status = hf_fail_memory(error);
        goto done;
    }
    made->signals = hf_new(context, (size_t)basis->count, sizeof *made->signals);
    if (!made->signals) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t k = 0; k < basis->count; k++) {
        made->count++;
        hf_binned_signal *s = &made->signals[k];
        HF_TRY(done, bin_signal(s, made, &basis->signals[k], rows, learn, bins, levels, steps, value, error));
        for (int32_t j = 0; j < k && !s->copy; j++)
            s->copy = memcmp(s->cell, made->signals[j].cell, (size_t)count) == 0;
        s->apart = s->copy || basis->signals[k].monotone != 0;
    }
    *out = made;
    made = NULL;
done:
    hf_binned_destroy(made);
    hf_delete(context, value);
    return status;
}

static hf_status axis_levels(hf_axis *out, const hf_context *context, const hf_binned_signal *s,
                             const hf_column *column, hf_error *error)
{
    hf_status status = HF_OK;
    const int32_t all = column->dictionary.count;
    int32_t n = 0;
    const char **texts = hf_new(context, (size_t)all, sizeof *texts);
    size_t *lengths = hf_new(context, (size_t)all, sizeof *lengths);
    int32_t *rank = hf_new(context, (size_t)all, sizeof *rank),
            *cell = hf_new(context, (size_t)all, sizeof *cell);
    out->level_cell = hf_new(context, (size_t)all, sizeof *out->level_cell);
    out->other = s->other;
    if (!texts || !lengths || !rank || !cell || !out->level_cell) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t code = 0; code < all; code++) {
        if (s->level_cell[code] == s->other) continue;
        texts[n] = hf_dictionary_text(&column->dictionary, code);
        lengths[n] = strlen(texts[n]);
        cell[n++] = s->level_cell[code];
    }
    HF_TRY(done, hf_dictionary_build(&out->levels, context, texts, lengths, n, rank, error));
    for (int32_t i = 0; i < n; i++)
        out->level_cell[rank[i]] = cell[i];
done:
    hf_delete(context, texts);
    hf_delete(context, lengths);
    hf_delete(context, rank);
    hf_delete(context, cell);
    return status;
}

hf_status hf_binned_axis(hf_axis *out, const hf_binned *binned, int32_t signal, hf_error *error)
{
    const hf_binned_signal *s = &binned->signals[signal];
    const hf_column *column = &binned->frame->columns[s->column];
    *out = (hf_axis){.kind = column->kind, .cells = s->cells};
    out->signal = hf_copy_text(binned->context, column->name, strlen(column->name));
    out->unit = hf_copy_text(binned->context, column->unit, strlen(column->unit));
    if (!out->signal || !out->unit) return hf_fail_memory(error);
    if (s->category) return axis_levels(out, binned->context, s, column, error);
    out->edges = s->edges;
    out->edge = hf_new(binned->context, (size_t)s->edges, sizeof *out->edge);
    if (!out->edge) return hf_fail_memory(error);
    memcpy(out->edge, s->edge, (size_t)s->edges * sizeof *out->edge);
    return HF_OK;
}
