// SPDX-License-Identifier: Apache-2.0
//
// Parent roll-up: one walk over the rows gathers every parent's accounts, a second one gives each account its
// parent's figure. Sums run in the order of the rows, so that threads do not matter. Parents are the levels
// of a category, or, where all their names are numbers and were read as such, the distinct numbers.
#include "health/health_rollup.h"

#include <math.h>
#include <stdlib.h>

// Which parent each row names, from 0; -1: none.
typedef struct {
    int32_t *of; // owned
    int32_t count;
} families;

static int by_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static hf_status number_families(families *out, const hf_context *context, const hf_column *column,
                                 int64_t rows, hf_error *error)
{
    size_t count = 0, distinct = 0;
    double *names = hf_new_raw(context, (size_t)rows, sizeof *names);
    if (!names) return hf_fail_memory(error);
    for (int64_t i = 0; i < rows; i++) {
        const double name = hf_column_number(column, i);
        if (!isnan(name)) names[count++] = name;
    }
    qsort(names, count, sizeof *names, by_number);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || names[i] != names[distinct - 1]) names[distinct++] = names[i];
    for (int64_t i = 0; i < rows; i++) {
        const double name = hf_column_number(column, i);
        const double *found = isnan(name) ? NULL : bsearch(&name, names, distinct, sizeof *names, by_number);
        out->of[i] = found ? (int32_t)(found - names) : -1;
    }
    out->count = (int32_t)distinct;
    hf_delete(context, names);
    return HF_OK;
}

static hf_status find_families(families *out, const hf_context *context, const hf_definition *definition,
                               const hf_frame *frame, hf_error *error)
{
    const int32_t c = hf_frame_find(frame, definition->parent);
    if (c < 0)
        return hf_fail(error, HF_ERROR_DATA,
                       "the data has no column '%s', which the definition's parent is taken from",
                       definition->parent);
    const hf_column *column = &frame->columns[c];
    if (column->kind == HF_KIND_DATE)
        return hf_fail(error, HF_ERROR_DATA,
                       "column '%s': expected the names of parent accounts, found dates; name another "
                       "signal as parent in the definition",
                       definition->parent);
    out->of = hf_new_raw(context, (size_t)frame->rows, sizeof *out->of);
    if (!out->of) return hf_fail_memory(error);
    if (column->kind != HF_KIND_CATEGORY) return number_families(out, context, column, frame->rows, error);
    const int32_t *codes = column->values;
    for (int64_t i = 0; i < frame->rows; i++)
        out->of[i] = codes[i];
    out->count = column->dictionary.count;
    return HF_OK;
}

typedef struct {
    int64_t count;             // accounts with a health
    double sum, lowest;        // of their healths
    double arr, arr_by_health; // of those with a positive ARR
} family;

static void gather(family *all, const families *f, int64_t rows, const double *health, const double *arr)
{
    for (int64_t i = 0; i < rows; i++) {
        if (f->of[i] < 0 || isnan(health[i])) continue;
        family *parent = &all[f->of[i]];
        if (parent->count++ == 0 || health[i] < parent->lowest) parent->lowest = health[i];
        parent->sum += health[i];
        if (!(arr[i] > 0)) continue;
        parent->arr += arr[i];
        parent->arr_by_health += arr[i] * health[i];
    }
}

static double rolled_up(const family *parent, hf_rollup rollup)
{
    if (parent->count == 0) return NAN;
    if (rollup == HF_ROLLUP_WORST) return parent->lowest;
    if (rollup == HF_ROLLUP_ARR && parent->arr > 0) return parent->arr_by_health / parent->arr;
    return parent->sum / (double)parent->count;
}

hf_status hf_health_rollup(double *out, const hf_context *context, const hf_definition *definition,
                           const hf_frame *frame, const double *health, const double *arr, hf_error *error)
{
    hf_status status = HF_OK;
    families f = {0};
    family *all = NULL;
    if (definition->rollup == HF_ROLLUP_NONE || definition->parent[0] == '\0') {
        for (int64_t i = 0; i < frame->rows; i++)
            out[i] = NAN;
        goto done;
    }
    HF_TRY(done, find_families(&f, context, definition, frame, error));
    all = hf_new(context, (size_t)f.count, sizeof *all);
    if (!all) {
        status = hf_fail_memory(error);
        goto done;
    }
    gather(all, &f, frame->rows, health, arr);
    for (int64_t i = 0; i < frame->rows; i++)
        out[i] = f.of[i] < 0 ? NAN : rolled_up(&all[f.of[i]], definition->rollup);
done:
    hf_delete(context, f.of);
    hf_delete(context, all);
    return status;
}
