// SPDX-License-Identifier: Apache-2.0
//
// Overrides of an account whose signals are changed in thought. The signals that rules ask of are kept as a
// frame of one row, on which the rules are run as they are on the fleet.
#include "health/path_rules.h"

#include <string.h>

// Marks the columns of the plan's frame that rules ask of; returns how many.
static int32_t find_columns(bool *asked, const hf_health_plan *plan)
{
    const hf_definition *definition = plan->definition;
    int32_t count = 0;
    for (int32_t o = 0; o < definition->override_count; o++) {
        const hf_condition *when = &definition->overrides[o].when;
        for (int32_t p = 0; p < when->count; p++) {
            const int32_t c = hf_frame_find(plan->frame, when->parts[p].signal);
            if (c < 0 || asked[c]) continue;
            asked[c] = true;
            count++;
        }
    }
    return count;
}

// A frame of one row with those columns alone.
static hf_status take_one_row(hf_path_rules *rules, const bool *asked, int32_t count, hf_error *error)
{
    const hf_frame *frame = rules->plan->frame;
    const hf_context *context = rules->context;
    const int64_t first = 0;
    hf_frame part = *frame; // borrows everything
    part.context = context;
    rules->from = hf_new(context, (size_t)count, sizeof *rules->from);
    part.columns = hf_new(context, (size_t)count, sizeof *part.columns);
    part.column_count = 0;
    if (!rules->from || !part.columns) {
        hf_delete(context, part.columns);
        return hf_fail_memory(error);
    }
    for (int32_t c = 0; c < frame->column_count; c++) {
        if (!asked[c]) continue;
        rules->from[part.column_count] = c;
        part.columns[part.column_count++] = frame->columns[c];
    }
    hf_status status = hf_frame_select(&rules->one, &part, &first, 1, error);
    hf_delete(context, part.columns);
    return status;
}

static hf_status bind_rules(hf_path_rules *rules, hf_error *error)
{
    const hf_definition *definition = rules->plan->definition;
    hf_status status = HF_OK;
    for (int32_t o = 0; o < definition->override_count && status == HF_OK; o++)
        status = hf_condition_bind(&rules->when[o], rules->context, &definition->overrides[o].when,
                                   rules->one, error);
    for (int32_t m = 0; m < definition->measure_count; m++)
        rules->column_of[m] = hf_frame_find(rules->one, definition->measures[m].signal);
    return status;
}

hf_status hf_path_rules_create(hf_path_rules *out, const hf_context *context, const hf_health_plan *plan,
                               hf_error *error)
{
    const hf_definition *definition = plan->definition;
    hf_path_rules made = {.context = context, .plan = plan, .row = -1};
    bool *asked = NULL;
    hf_status status = HF_OK;
    if (definition->override_count == 0 || plan->frame->rows == 0) {
        *out = made;
        return HF_OK;
    }
    asked = hf_new(context, (size_t)plan->frame->column_count, sizeof *asked);
    made.when = hf_new(context, (size_t)definition->override_count, sizeof *made.when);
    made.column_of = hf_new(context, (size_t)definition->measure_count, sizeof *made.column_of);
    if (!asked || !made.when || !made.column_of) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, take_one_row(&made, asked, find_columns(asked, plan), error));
    HF_TRY(done, bind_rules(&made, error));
    *out = made;
    made = (hf_path_rules){0};
done:
    hf_delete(context, asked);
    hf_path_rules_free(&made);
    return status;
}

void hf_path_rules_free(hf_path_rules *rules)
{
    if (!rules->plan) return;
    const hf_context *context = rules->context;
    for (int32_t o = 0; rules->when && o < rules->plan->definition->override_count; o++)
        hf_condition_unbind(context, rules->when[o]);
    hf_delete(context, rules->when);
    hf_delete(context, rules->from);
    hf_delete(context, rules->column_of);
    hf_frame_destroy(rules->one);
    *rules = (hf_path_rules){0};
}

static void copy_value(const hf_path_rules *rules, int32_t column)
{
    const hf_column *from = &rules->plan->frame->columns[rules->from[column]];
    const size_t size = hf_storage_size(from->storage);
    memcpy(rules->one->columns[column].values, (const char *)from->values + (size_t)rules->row * size, size);
}

void hf_path_rules_open(hf_path_rules *rules, int64_t row)
{
    rules->row = row;
    if (!rules->one) return;
    for (int32_t c = 0; c < rules->one->column_count; c++)
        copy_value(rules, c);
}

void hf_path_rules_set(hf_path_rules *rules, int32_t measure, double number, const char *level)
{
    const int32_t c = rules->one ? rules->column_of[measure] : -1;
    if (c < 0) return;
    const hf_column *column = &rules->one->columns[c];
    if (column->storage == HF_STORAGE_F32)
        *(float *)column->values = (float)number;
    else if (column->storage == HF_STORAGE_F64)
        *(double *)column->values = number;
    else if (column->storage == HF_STORAGE_CODE && level)
        *(int32_t *)column->values = hf_dictionary_find(&column->dictionary, level);
}

void hf_path_rules_reset(hf_path_rules *rules, int32_t measure)
{
    const int32_t c = rules->one ? rules->column_of[measure] : -1;
    if (c >= 0) copy_value(rules, c);
}

double hf_path_rules_apply(const hf_path_rules *rules, double raw)
{
    const hf_health_plan *plan = rules->plan;
    double health = raw;
    for (int32_t o = 0; rules->one && o < plan->definition->override_count; o++) {
        const hf_override *rule = &plan->definition->overrides[o];
        uint8_t holds;
        hf_condition_run(rules->when[o], &holds, 0, 1);
        if (holds) health = hf_health_act(health, rule->action, rule->value);
    }
    if (plan->in_force_count == 0) return health;
    for (int32_t at = hf_health_first_in_force(plan, rules->row);
         at < plan->in_force_count && plan->in_force[at].row == rules->row; at++) {
        const hf_manual_override *item = &plan->manual->items[plan->in_force[at].place];
        health = hf_health_act(health, item->action, item->value);
    }
    return health;
}
