// SPDX-License-Identifier: Apache-2.0
//
// Puts a night's parts together for the writers; see fleet_scores.h.
#include "workflow/fleet_scores.h"

hf_status hf_night_fleet_scores(hf_fleet_scores *out, const hf_plan ***plans, const hf_health_night *night,
                                hf_error *error)
{
    const hf_plan **list = hf_new(night->context, (size_t)night->model_count, sizeof *list);
    if (!list) return hf_fail_memory(error);
    for (int32_t m = 0; m < night->model_count; m++)
        list[m] = night->models[m].plan;
    *out = (hf_fleet_scores){.plan = night->plan,
                             .health = &night->health,
                             .churn = night->model_count > 0 ? &night->churn : NULL,
                             .churn_plans = list,
                             .churn_plan_count = night->model_count,
                             .churn_plan_of = night->model_of};
    *plans = list;
    return HF_OK;
}
