// SPDX-License-Identifier: Apache-2.0
//
// One measure of one account, in double: its state, its value and the score that the value has in a segment.
// This is what the fleet pass is held to.
#include "health/health_plan.h"

#include <float.h>
#include <math.h>

static bool is_missing(const hf_column *column, int64_t row)
{
    if (!column) return true;
    if (column->storage == HF_STORAGE_CODE) return ((const int32_t *)column->values)[row] < 0;
    return isnan(hf_column_number(column, row));
}

hf_measure_state hf_health_state(const hf_health_plan *plan, int32_t measure, int64_t row)
{
    const hf_plan_measure *m = &plan->measures[measure];
    if (is_missing(m->column, row)) return HF_STATE_ABSENT;
    if (m->all_stale) return HF_STATE_STALE;
    if (!m->dated) return HF_STATE_OBSERVED;
    return ((const hf_date *)m->dated->values)[row] < m->stale_before ? HF_STATE_STALE : HF_STATE_OBSERVED;
}

double hf_health_number(const hf_health_plan *plan, int32_t measure, int64_t row)
{
    const hf_column *column = plan->measures[measure].column;
    return column && column->storage != HF_STORAGE_CODE ? hf_column_number(column, row) : NAN;
}

const char *hf_health_level(const hf_health_plan *plan, int32_t measure, int64_t row)
{
    const hf_column *column = plan->measures[measure].column;
    if (!column || column->storage != HF_STORAGE_CODE) return NULL;
    const int32_t code = ((const int32_t *)column->values)[row];
    return code < 0 ? NULL : hf_dictionary_text(&column->dictionary, code);
}

static double held(double score)
{
    return fmin(fmax(score, 0), 100);
}

double hf_health_score_of(const hf_health_plan *plan, int32_t segment, int32_t measure, double number,
                          const char *level)
{
    const hf_definition *d = plan->definition;
    const hf_plan_measure *m = &plan->measures[measure];
    if (m->percentile.values)
        return hf_percentile_of(&m->percentile, segment, number, d->measures[measure].direction);
    const hf_term *curve = d->segments[segment].curve[measure];
    if (level ? curve->kind != HF_TERM_TABLE : isnan(number) || curve->kind != HF_TERM_CURVE) return NAN;
    if (level) return held(hf_term_value_level(curve, level));
    return held(hf_term_value_number(curve, fmin(fmax(number, -DBL_MAX), DBL_MAX)));
}

double hf_health_score(const hf_health_plan *plan, int32_t measure, int64_t row, hf_measure_state *state)
{
    *state = hf_health_state(plan, measure, row);
    if (*state != HF_STATE_OBSERVED) return plan->measures[measure].missing_score;
    return hf_health_score_of(plan, plan->segment[row], measure, hf_health_number(plan, measure, row),
                              hf_health_level(plan, measure, row));
}
