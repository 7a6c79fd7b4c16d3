// SPDX-License-Identifier: Apache-2.0
//
// One account on both sides of a scenario. The change in health is split as a move between two nights is
// (Shapley terms of values, coverage and overrides); that in log-odds term by term, with calibration as a
// part of its own. Both add up to the change exactly.
#include "workflow/scenario_accounts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int by_size(const void *a, const void *b)
{
    const hf_scenario_part *x = a, *y = b;
    const double p = fabs(x->change), q = fabs(y->change);
    if (p != q) return p > q ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void add_part(hf_scenario_part *parts, int32_t *count, const char *name, const char *after,
                     double change)
{
    if (change == 0) return;
    snprintf(parts[*count].name, sizeof parts[*count].name, "%s%s", name, after);
    parts[(*count)++].change = change;
}

// ---- values ----------------------------------------------------------------------------------------------

static void say_value(char *out, size_t size, const hf_column *column, int64_t row)
{
    char number[32], date[11];
    const double x = column->storage == HF_STORAGE_F32 || column->storage == HF_STORAGE_F64
                         ? hf_column_number(column, row)
                         : (double)NAN;
    if (column->storage == HF_STORAGE_CODE) {
        const int32_t code = ((const int32_t *)column->values)[row];
        snprintf(out, size, "%s", code < 0 ? "" : hf_dictionary_text(&column->dictionary, code));
    } else if (column->storage == HF_STORAGE_DAY) {
        hf_date_format(((const hf_date *)column->values)[row], date);
        snprintf(out, size, "%s", date);
    } else if (column->storage == HF_STORAGE_F32) {
        hf_format_f32(number, (float)x);
        snprintf(out, size, "%s", number);
    } else {
        hf_format_f64(number, x);
        snprintf(out, size, "%s", number);
    }
}

static hf_status take_values(hf_scenario_account *out, const hf_context *context,
                             const hf_scenario_side side[2], const hf_scenario_changes *changes, int64_t row,
                             hf_error *error)
{
    const int32_t columns = side[0].frame->column_count;
    int32_t count = 0;
    for (int32_t c = 0; c < columns; c++)
        count += changes->column[c] > 0;
    out->values = hf_new(context, (size_t)count, sizeof *out->values);
    if (!out->values) return hf_fail_memory(error);
    for (int32_t c = 0; c < columns; c++) {
        const hf_column *a = &side[0].frame->columns[c], *b = &side[1].frame->columns[c];
        if (changes->column[c] == 0 || hf_scenario_same_value(a, b, row)) continue;
        hf_scenario_value *value = &out->values[out->value_count++];
        snprintf(value->signal, sizeof value->signal, "%s", a->name);
        say_value(value->from, sizeof value->from, a, row);
        say_value(value->to, sizeof value->to, b, row);
    }
    return HF_OK;
}

// ---- health ----------------------------------------------------------------------------------------------

static hf_status take_health(hf_scenario_account *out, const hf_context *context,
                             const hf_scenario_side side[2], int64_t row, hf_error *error)
{
    const hf_definition *definition = side[0].night->definition;
    hf_health_move move = {0};
    hf_status status;
    HF_TRY(done,
           hf_health_move_create(&move, context, side[0].night->plan, row, side[1].night->plan, row, error));
    out->health_parts = hf_new(context, 3 * (size_t)move.measures + 2, sizeof *out->health_parts);
    if (!out->health_parts) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t m = 0; m < move.measures; m++) {
        const char *path = definition->measures[m].path;
        add_part(out->health_parts, &out->health_part_count, path, "", move.value[m]);
        add_part(out->health_parts, &out->health_part_count, path, " (coverage)", move.coverage[m]);
        add_part(out->health_parts, &out->health_part_count, path, " (staleness)", move.staleness[m]);
    }
    // Another segment has other weights and curves.
    add_part(out->health_parts, &out->health_part_count, "segment", "", move.configuration);
    add_part(out->health_parts, &out->health_part_count, "overrides", "", move.override);
    qsort(out->health_parts, (size_t)out->health_part_count, sizeof *out->health_parts, by_size);
    out->health[HF_BEFORE] = move.from;
    out->health[HF_AFTER] = move.to;
    for (int s = 0; s < HF_SCENARIO_SIDES; s++)
        out->band[s] = side[s].night->health.band_raw[row];
done:
    hf_health_move_free(context, &move);
    return status;
}

// ---- churn -----------------------------------------------------------------------------------------------

// Terms of one model on both sides; another segment's model has other terms, and the change is one part.
static hf_status take_churn(hf_scenario_account *out, const hf_context *context,
                            const hf_scenario_ground *ground, const hf_scenario_side side[2], int64_t row,
                            hf_error *error)
{
    const hf_plan *plan[2];
    const hf_model *model[2];
    double *parts[2] = {NULL, NULL};
    hf_status status = HF_OK;
    if (!side[0].churn) return HF_OK;
    for (int s = 0; s < HF_SCENARIO_SIDES; s++) {
        hf_scenario_plan_of(&plan[s], &model[s], ground, &side[s], row);
        parts[s] = hf_new(context, (size_t)hf_model_terms(model[s]), sizeof **parts);
        if (!parts[s]) {
            status = hf_fail_memory(error);
            goto done;
        }
        out->log_odds[s] = hf_plan_explain(plan[s], row, parts[s]);
        out->probability[s] = side[s].churn->probability[row];
        out->at_risk[s] = side[s].arr ? out->probability[s] * side[s].arr[row] : (double)NAN;
    }
    const bool same = model[0] == model[1] || strcmp(model[0]->path, model[1]->path) == 0;
    const int32_t terms = same ? hf_model_terms(model[0]) : 0;
    out->churn_parts = hf_new(context, (size_t)terms + 1, sizeof *out->churn_parts);
    if (!out->churn_parts) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t t = 0; t < terms; t++)
        add_part(out->churn_parts, &out->churn_part_count, hf_model_signal(model[0], t), "",
                 parts[1][t] - parts[0][t]);
    if (same)
        add_part(out->churn_parts, &out->churn_part_count, "calibration", "",
                 hf_plan_calibration(plan[1], row) - hf_plan_calibration(plan[0], row));
    else
        add_part(out->churn_parts, &out->churn_part_count, "the model of another segment", "",
                 out->log_odds[1] - out->log_odds[0]);
    qsort(out->churn_parts, (size_t)out->churn_part_count, sizeof *out->churn_parts, by_size);
done:
    hf_delete(context, parts[0]);
    hf_delete(context, parts[1]);
    return status;
}

hf_status hf_scenario_accounts_explain(hf_scenario_account **out, const hf_context *context,
                                       const hf_scenario_ground *ground, const hf_scenario_side side[2],
                                       const hf_scenario_changes *changes, const int64_t *rows, int32_t count,
                                       hf_error *error)
{
    hf_status status = HF_OK;
    hf_scenario_account *made = hf_new(context, (size_t)count, sizeof *made);
    if (!made) return hf_fail_memory(error);
    for (int32_t k = 0; k < count; k++) {
        hf_scenario_account *account = &made[k];
        account->id = hf_frame_id(side[0].frame, rows[k], &account->id_length);
        for (int s = 0; s < HF_SCENARIO_SIDES; s++)
            account->health[s] = account->probability[s] = account->log_odds[s] = account->at_risk[s] = NAN;
        HF_TRY(done, take_values(account, context, side, changes, rows[k], error));
        if (side[0].night) HF_TRY(done, take_health(account, context, side, rows[k], error));
        HF_TRY(done, take_churn(account, context, ground, side, rows[k], error));
    }
    *out = made;
    made = NULL;
done:
    hf_scenario_accounts_free(context, made, count);
    return status;
}

void hf_scenario_accounts_free(const hf_context *context, hf_scenario_account *accounts, int32_t count)
{
    for (int32_t k = 0; accounts && k < count; k++) {
        hf_delete(context, accounts[k].values);
        hf_delete(context, accounts[k].health_parts);
        hf_delete(context, accounts[k].churn_parts);
    }
    hf_delete(context, accounts);
}
