// SPDX-License-Identifier: Apache-2.0
//
// Health of one account in double, part by part: the definition of what the fleet pass computes.
// Contributions and what the cap left unassigned add up to the raw health, and the changes by overrides lead
// from there to the health.
#include "health/health_plan.h"

#include <math.h>

// ---- weights ---------------------------------------------------------------------------------------------------

static bool is_present(const double *score, const double *nominal, int32_t m)
{
    return !isnan(score[m]) && nominal[m] > 0;
}

// The nominal weight of a group's present measures; above 0 where any is.
static double present_weight(const hf_group *group, const double *score, const double *nominal)
{
    double present = 0;
    for (int32_t m = group->first; m < group->first + group->count; m++)
        if (is_present(score, nominal, m)) present += nominal[m];
    return present;
}

// The weights of a group's present measures in proportion; the cap takes off what is above it.
static void spread_mean(double *effective, const hf_group *group, const double *score, const double *nominal,
                        double present, double share, double most)
{
    for (int32_t m = group->first; m < group->first + group->count; m++) {
        if (!is_present(score, nominal, m)) continue;
        const double weight = share * (nominal[m] / present), cap = most * nominal[m];
        effective[m] = weight < cap ? weight : cap;
    }
}

// The first of the present measures with the lowest or highest score takes it all.
static void give_to_one(double *effective, const hf_group *group, const double *score, const double *nominal,
                        double weight)
{
    int32_t chosen = -1;
    for (int32_t m = group->first; m < group->first + group->count; m++) {
        if (!is_present(score, nominal, m)) continue;
        if (chosen < 0 ||
            (group->aggregate == HF_AGGREGATE_WORST ? score[m] < score[chosen] : score[m] > score[chosen]))
            chosen = m;
    }
    effective[chosen] = weight;
}

double hf_health_combine(const hf_health_plan *plan, int32_t segment, const double *score, double *effective,
                         double *unassigned)
{
    const hf_definition *d = plan->definition;
    const double *nominal = plan->nominal + (ptrdiff_t)segment * d->measure_count;
    const double *nominal_share = plan->group_share + (ptrdiff_t)segment * d->group_count;
    double present = 0, assigned = 0, raw = 0;
    for (int32_t m = 0; m < d->measure_count; m++)
        effective[m] = 0;
    // A group's present weight waits in the place of its first measure.
    for (int32_t g = 0; g < d->group_count; g++) {
        const double weight = present_weight(&d->groups[g], score, nominal);
        if (!(weight > 0)) continue;
        present += nominal_share[g];
        effective[d->groups[g].first] = weight;
    }
    *unassigned = 1;
    if (!(present > 0)) return NAN;
    for (int32_t g = 0; g < d->group_count; g++) {
        const hf_group *group = &d->groups[g];
        const double share = nominal_share[g] / present;
        const double weight = group->count > 0 ? effective[group->first] : 0;
        if (!(weight > 0)) continue;
        effective[group->first] = 0;
        if (group->aggregate == HF_AGGREGATE_MEAN)
            spread_mean(effective, group, score, nominal, weight, share, d->max_inherit);
        else
            give_to_one(effective, group, score, nominal, fmin(share, d->max_inherit * nominal_share[g]));
    }
    for (int32_t m = 0; m < d->measure_count; m++) {
        assigned += effective[m];
        if (effective[m] > 0) raw += effective[m] * score[m];
    }
    *unassigned = fmax(1 - assigned, 0);
    return raw + *unassigned * d->neutral;
}

// ---- overrides -------------------------------------------------------------------------------------------------

double hf_health_act(double health, hf_override_action action, double value)
{
    if (action == HF_OVERRIDE_SET) return value;
    if (isnan(health)) return health;
    return action == HF_OVERRIDE_CAP ? fmin(health, value) : fmax(health, value);
}

int32_t hf_health_first_in_force(const hf_health_plan *plan, int64_t row)
{
    int32_t low = 0, high = plan->in_force_count;
    while (low < high) {
        const int32_t middle = low + (high - low) / 2;
        if (plan->in_force[middle].row < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_of_row(const hf_health_plan *plan, int32_t at, int64_t row)
{
    return at < plan->in_force_count && plan->in_force[at].row == row;
}

int32_t hf_health_most_overrides(const hf_health_plan *plan, int64_t row)
{
    int32_t most = plan->definition->override_count;
    for (int32_t at = hf_health_first_in_force(plan, row); is_of_row(plan, at, row); at++)
        most++;
    return most;
}

// One override upon health; noted where there is a health to act on or it sets one.
static double apply(double health, hf_override_action action, double value, hf_health_override entry,
                    hf_health_override *applied, int32_t *count)
{
    const double after = hf_health_act(health, action, value);
    if (applied && !isnan(after)) {
        entry.change = isnan(health) ? after : after - health;
        applied[(*count)++] = entry;
    }
    return after;
}

double hf_health_override_row(const hf_health_plan *plan, int64_t row, double raw,
                              hf_health_override *applied, int32_t *count)
{
    const hf_definition *d = plan->definition;
    double health = raw;
    if (applied) *count = 0;
    for (int32_t o = 0; o < d->override_count; o++) {
        uint8_t holds;
        hf_condition_run(plan->override_when[o], &holds, row, 1);
        if (holds)
            health = apply(health, d->overrides[o].action, d->overrides[o].value,
                           (hf_health_override){.rule = o, .manual = -1}, applied, count);
    }
    for (int32_t at = hf_health_first_in_force(plan, row); is_of_row(plan, at, row); at++) {
        const int32_t place = plan->in_force[at].place;
        const hf_manual_override *item = &plan->manual->items[place];
        health = apply(health, item->action, item->value, (hf_health_override){.rule = -1, .manual = place},
                       applied, count);
    }
    return health;
}

int8_t hf_health_band(const hf_health_plan *plan, int32_t segment, double health, double coverage)
{
    const hf_definition *d = plan->definition;
    int8_t band = 0;
    if (isnan(health) || coverage < d->min_coverage - HF_COVERAGE_SLACK) return -1;
    while (band + 1 < d->band_count && health >= d->segments[segment].band_from[band + 1])
        band++;
    return band;
}

// ---- explanation -----------------------------------------------------------------------------------------------

static hf_status allocate(hf_health_explanation *out, const hf_context *context, const hf_health_plan *plan,
                          int64_t row, hf_error *error)
{
    const hf_definition *d = plan->definition;
    out->parts = hf_new(context, (size_t)d->measure_count, sizeof *out->parts);
    out->group_score = hf_new(context, (size_t)d->group_count, sizeof *out->group_score);
    out->group_effective = hf_new(context, (size_t)d->group_count, sizeof *out->group_effective);
    out->overrides = hf_new(context, (size_t)hf_health_most_overrides(plan, row), sizeof *out->overrides);
    return out->parts && out->group_score && out->group_effective && out->overrides ? HF_OK
                                                                                    : hf_fail_memory(error);
}

static void fill_parts(hf_health_explanation *out, const hf_health_plan *plan, const hf_measure_state *state,
                       const double *score, const double *effective)
{
    const hf_definition *d = plan->definition;
    const double *nominal = plan->nominal + (ptrdiff_t)out->segment * d->measure_count;
    for (int32_t m = 0; m < d->measure_count; m++) {
        const bool counts = effective[m] > 0;
        out->parts[m] = (hf_health_part){.state = state[m],
                                         .score = score[m],
                                         .nominal = nominal[m],
                                         .effective = effective[m],
                                         .contribution = counts ? effective[m] * score[m] : 0,
                                         .lost = counts ? effective[m] * (100 - score[m]) : 0};
        if (state[m] == HF_STATE_OBSERVED) out->coverage += nominal[m];
    }
    for (int32_t g = 0; g < d->group_count; g++) {
        const hf_group *group = &d->groups[g];
        double points = 0;
        for (int32_t m = group->first; m < group->first + group->count; m++) {
            points += out->parts[m].contribution;
            out->group_effective[g] += effective[m];
        }
        out->group_score[g] = out->group_effective[g] > 0 ? points / out->group_effective[g] : NAN;
    }
}

hf_status hf_health_explain_with(hf_health_explanation *out, const hf_context *context,
                                 const hf_health_plan *plan, int64_t row, const hf_measure_state *state,
                                 const double *score, bool overrides, hf_error *error)
{
    hf_status status = HF_OK;
    hf_health_explanation made = {.segment = plan->segment[row]};
    double *effective = hf_new(context, (size_t)plan->definition->measure_count, sizeof *effective);
    if (!effective) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, allocate(&made, context, plan, row, error));
    made.raw = hf_health_combine(plan, made.segment, score, effective, &made.unassigned);
    fill_parts(&made, plan, state, score, effective);
    made.health = overrides
                      ? hf_health_override_row(plan, row, made.raw, made.overrides, &made.override_count)
                      : made.raw;
    made.band_raw = hf_health_band(plan, made.segment, made.health, made.coverage);
    *out = made;
    made = (hf_health_explanation){0};
done:
    hf_delete(context, effective);
    hf_health_explanation_free(context, &made);
    return status;
}

hf_status hf_health_explain(hf_health_explanation *out, const hf_context *context, const hf_health_plan *plan,
                            int64_t row, hf_error *error)
{
    hf_status status = HF_OK;
    const int32_t measures = plan->definition->measure_count;
    hf_measure_state *state = hf_new(context, (size_t)measures, sizeof *state);
    double *score = hf_new(context, (size_t)measures, sizeof *score);
    if (!state || !score) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t m = 0; m < measures; m++)
        score[m] = hf_health_score(plan, m, row, &state[m]);
    HF_TRY(done, hf_health_explain_with(out, context, plan, row, state, score, true, error));
done:
    hf_delete(context, state);
    hf_delete(context, score);
    return status;
}

void hf_health_explanation_free(const hf_context *context, hf_health_explanation *explanation)
{
    if (!explanation) return;
    hf_delete(context, explanation->parts);
    hf_delete(context, explanation->group_score);
    hf_delete(context, explanation->group_effective);
    hf_delete(context, explanation->overrides);
    *explanation = (hf_health_explanation){0};
}
