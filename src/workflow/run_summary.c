// SPDX-License-Identifier: Apache-2.0
//
// Counts a night: bands, money, what is expected to be lost. Losses are a sum of independent draws, one an
// account with its own probability (Poisson-binomial); for a fleet its range is the normal's, with variance
// sum p (1 - p) a^2.
#include "workflow/run_summary.h"

#include <math.h>
#include <string.h>

static const double TWO_SIDED_95 = 1.959963984540054;

static double or_zero(double x)
{
    return isnan(x) ? 0 : x;
}

static void count_bands(hf_run_summary *out, hf_run_band *bands, const hf_fleet_scores *scores)
{
    const hf_health *health = scores->health;
    const hf_definition *definition = hf_health_plan_definition(scores->plan);
    const bool has_arr = definition->arr[0] != '\0';
    const int32_t unknown = definition->band_count;
    for (int32_t b = 0; b <= unknown; b++) {
        bands[b].name = b < unknown ? definition->bands[b].name : "unknown";
        bands[b].arr = bands[b].arr_at_risk = has_arr ? 0 : NAN;
    }
    out->arr = out->arr_at_risk = has_arr ? 0 : NAN;
    for (int64_t i = 0; i < health->rows; i++) {
        hf_run_band *band = &bands[health->band[i] < 0 ? unknown : health->band[i]];
        band->accounts++;
        out->cadence[health->cadence[i]]++;
        if (!has_arr) continue;
        band->arr += or_zero(health->arr[i]);
        band->arr_at_risk += or_zero(health->arr_at_risk[i]);
    }
    for (int32_t b = 0; has_arr && b <= unknown; b++) {
        out->arr += bands[b].arr;
        out->arr_at_risk += bands[b].arr_at_risk;
    }
    out->bands = bands;
    out->band_count = unknown + 1;
}

// How many accounts each of today's bands had in the last run.
static hf_status count_before(hf_run_band *bands, int32_t count, const hf_context *context,
                              const hf_frame *last, hf_error *error)
{
    const int32_t c = hf_frame_find(last, "band");
    if (c < 0 || last->columns[c].storage != HF_STORAGE_CODE) return HF_OK;
    const hf_column *column = &last->columns[c];
    int32_t *place = hf_new(context, (size_t)column->dictionary.count + 1, sizeof *place);
    if (!place) return hf_fail_memory(error);
    place++; // so that a missing one, code -1, has a place too
    place[-1] = count - 1;
    for (int32_t k = 0; k < column->dictionary.count; k++) {
        place[k] = -1;
        for (int32_t b = 0; b + 1 < count; b++)
            if (strcmp(bands[b].name, hf_dictionary_text(&column->dictionary, k)) == 0) place[k] = b;
    }
    for (int64_t i = 0; i < last->rows; i++) {
        const int32_t b = place[((const int32_t *)column->values)[i]];
        if (b >= 0) bands[b].before++;
    }
    hf_delete(context, place - 1);
    return HF_OK;
}

static void expect(hf_run_summary *out, const hf_fleet_scores *scores)
{
    double accounts = 0, spread = 0, money = 0, money_spread = 0;
    const hf_health *health = scores->health;
    out->losses = out->losses_low = out->losses_high = NAN;
    out->expected = out->expected_low = out->expected_high = NAN;
    if (!scores->churn) return;
    for (int64_t i = 0; i < health->rows; i++) {
        const double p = scores->churn->probability[i], arr = health->arr ? or_zero(health->arr[i]) : 0;
        accounts += p;
        spread += p * (1 - p);
        money += p * arr;
        money_spread += p * (1 - p) * arr * arr;
    }
    const double width = TWO_SIDED_95 * sqrt(spread), money_width = TWO_SIDED_95 * sqrt(money_spread);
    out->losses = accounts;
    out->losses_low = fmax(accounts - width, 0);
    out->losses_high = fmin(accounts + width, (double)health->rows);
    if (isnan(out->arr)) return;
    out->expected = money;
    out->expected_low = fmax(money - money_width, 0);
    out->expected_high = fmin(money + money_width, out->arr);
}

hf_status hf_run_summary_fill(hf_run_summary *out, hf_run_band **bands, const hf_context *context,
                              const hf_fleet_scores *scores, const hf_fleet_changes *changes,
                              const hf_frame *last, hf_error *error)
{
    const hf_definition *definition = hf_health_plan_definition(scores->plan);
    hf_run_summary made = {.as_of = hf_health_plan_frame(scores->plan)->as_of};
    hf_run_band *list = hf_new(context, (size_t)definition->band_count + 1, sizeof *list);
    if (!list) return hf_fail_memory(error);
    made.last = last ? last->as_of : HF_DATE_MISSING;
    made.accounts = scores->health->rows;
    count_bands(&made, list, scores);
    expect(&made, scores);
    made.added = changes->new_count;
    made.changed = changes->changed;
    made.gone = changes->gone_count + changes->revised_gone_count;
    made.into_worst = changes->into_worst;
    made.out_of_worst = changes->out_of_worst;
    made.into_worst_arr = changes->into_worst_arr;
    made.out_of_worst_arr = changes->out_of_worst_arr;
    made.better = changes->better;
    made.worse = changes->worse;
    hf_status status = last ? count_before(list, made.band_count, context, last, error) : HF_OK;
    if (status != HF_OK) {
        hf_delete(context, list);
        return status;
    }
    *out = made;
    *bands = list;
    return HF_OK;
}
