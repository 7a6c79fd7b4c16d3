// SPDX-License-Identifier: Apache-2.0
//
// Revenue: each account's ARR and how much of it is at risk, which decide how often it is reviewed, and the
// health of its parent. What is at risk is probability x ARR where a model gave probabilities, and else the
// ARR of the accounts in the lowest band. Where no ARR is configured every account counts as 1 for the
// cadence, so that the likeliest to leave are still looked at first.
#include "health/health_cadence.h"
#include "health/health_rollup.h"
#include "health/health_room.h"

#include <math.h>

typedef struct {
    double *arr, *at_risk, *parent; // owned until they are handed over
    uint8_t *cadence;               // likewise
} figures;

static void free_figures(figures *f, const hf_context *context)
{
    hf_delete(context, f->arr);
    hf_delete(context, f->at_risk);
    hf_delete(context, f->parent);
    hf_delete(context, f->cadence);
}

static hf_status allocate(figures *f, const hf_context *context, size_t rows, hf_error *error)
{
    f->arr = hf_new_raw(context, rows, sizeof *f->arr);
    f->at_risk = hf_new_raw(context, rows, sizeof *f->at_risk);
    f->parent = hf_new_raw(context, rows, sizeof *f->parent);
    f->cadence = hf_new_raw(context, rows, sizeof *f->cadence);
    return f->arr && f->at_risk && f->parent && f->cadence ? HF_OK : hf_fail_memory(error);
}

// *out NULL where the definition names none.
static hf_status find_arr(const hf_column **out, const hf_definition *definition, const hf_frame *frame,
                          hf_error *error)
{
    if (definition->arr[0] == '\0') return HF_OK;
    const int32_t c = hf_frame_find(frame, definition->arr);
    if (c < 0)
        return hf_fail(error, HF_ERROR_DATA,
                       "the data has no column '%s', which the definition takes the ARR from",
                       definition->arr);
    const hf_column *column = &frame->columns[c];
    if (column->kind == HF_KIND_CATEGORY || column->kind == HF_KIND_DATE)
        return hf_fail(error, HF_ERROR_DATA,
                       "column '%s': expected the ARR in numbers, found %s; repair the column, or name "
                       "another as arr in the definition",
                       definition->arr, hf_kind_name(column->kind));
    *out = column;
    return HF_OK;
}

// The share of the account's ARR that is at risk.
static double share_at_risk(const hf_health *health, const double *probability, int64_t row)
{
    return probability ? probability[row] : health->band[row] == 0 ? 1.0 : 0.0;
}

static void fill_risk(figures *f, const hf_context *context, const hf_health *health, const hf_column *arr,
                      const double *probability)
{
    const int64_t rows = health->rows;
#pragma omp parallel for default(none) shared(f, health, arr, probability, rows) schedule(static, HF_TILE) \
    num_threads(hf_context_threads(context))
    for (int64_t i = 0; i < rows; i++) {
        f->arr[i] = arr ? hf_column_number(arr, i) : NAN;
        f->at_risk[i] = f->arr[i] * share_at_risk(health, probability, i);
    }
}

// What the cadence goes by; uses `scratch` (one a row) where it is no array there already.
static const double *stakes(double *scratch, const figures *f, const hf_definition *definition,
                            const hf_health *health, const double *probability)
{
    if (definition->cadence_by == HF_CADENCE_BY_ARR) return f->arr;
    if (definition->arr[0] != '\0') return f->at_risk;
    for (int64_t i = 0; i < health->rows; i++)
        scratch[i] = share_at_risk(health, probability, i);
    return scratch;
}

static void hand_over(figures *f, hf_health *health)
{
    const figures old = {health->arr, health->arr_at_risk, health->parent, health->cadence};
    health->arr = f->arr;
    health->arr_at_risk = f->at_risk;
    health->parent = f->parent;
    health->cadence = f->cadence;
    *f = old;
}

hf_status hf_health_risk(hf_health *health, const hf_context *context, const hf_health_plan *plan,
                         const double *probability, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_frame *frame = hf_health_plan_frame(plan);
    const hf_definition *definition = hf_health_plan_definition(plan);
    const hf_column *arr = NULL;
    figures f = {0};
    if (!health->band) {
        status = hf_fail(error, HF_ERROR_USAGE, "the bands must be settled before what is at risk is known");
        goto done;
    }
    HF_TRY(done, find_arr(&arr, definition, frame, error));
    HF_TRY(done, allocate(&f, context, (size_t)health->rows, error));
    HF_TRY(done, hf_check_cancel(context, error));
    fill_risk(&f, context, health, arr, probability);
    // The parents' array is free until the roll-up: it holds what the cadence goes by.
    HF_TRY(done,
           hf_health_cadence(f.cadence, context, frame, stakes(f.parent, &f, definition, health, probability),
                             definition->daily, definition->weekly, error));
    HF_TRY(done, hf_health_rollup(f.parent, context, definition, frame, health->health, f.arr, error));
    hand_over(&f, health);
done:
    free_figures(&f, context);
    return status;
}
