// SPDX-License-Identifier: Apache-2.0
//
// Runs are independent of each other, so any number of threads finds the same. Joining adds up weights in the
// runs' order.
#include "churn/rule_runs.h"

#include <string.h>

hf_status hf_rule_runs_find(hf_rule_run *runs, int32_t count, const hf_context *context, uint64_t seed,
                            hf_error *error)
{
    hf_status status = HF_OK;
#pragma omp parallel for default(none) shared(runs, count, context, seed, status, error) \
    schedule(dynamic, 1) num_threads(hf_context_threads(context))
    for (int32_t i = 0; i < count; i++) {
        hf_rule_run *run = &runs[i];
        hf_error local = {0};
        hf_status one;
#pragma omp atomic read
        one = status;
        if (one != HF_OK) continue;
        one = hf_rules_find(&run->rules, context, run->binned, run->margin, run->label, run->rows, seed,
                            run->search, &local);
        if (one == HF_OK)
            one = hf_rule_path_create(&run->path, context, &run->rules, run->margin, run->label, run->rows,
                                      &local);
        if (one == HF_OK) continue;
#pragma omp critical(hf_churn_failure)
        if (status == HF_OK) {
            if (error) *error = local;
#pragma omp atomic write
            status = one;
        }
    }
    return status;
}

hf_status hf_rule_runs_step(hf_rule_run *runs, int32_t count, const hf_context *context, hf_error *error)
{
    const hf_status status = hf_check_cancel(context, error);
    if (status != HF_OK) return status;
#pragma omp parallel for default(none) shared(runs, count, context) schedule(dynamic, 1) \
    num_threads(hf_context_threads(context))
    for (int32_t i = 0; i < count; i++)
        hf_rule_path_step(&runs[i].path, runs[i].l1);
    return HF_OK;
}

static bool same_conditions(const hf_rule *a, const hf_rule *b)
{
    if (a->conditions != b->conditions) return false;
    for (int32_t k = 0; k < a->conditions; k++)
        if (a->signal[k] != b->signal[k] || a->cells[k] != b->cells[k]) return false;
    return true;
}

static int32_t place_of(const hf_rules *rules, const hf_rule *rule)
{
    int32_t at = 0;
    while (at < rules->count && !same_conditions(&rules->rules[at], rule))
        at++;
    return at;
}

hf_status hf_rule_runs_join(hf_rules *out, const hf_rule_run *runs, int32_t count, const hf_context *context,
                            hf_error *error)
{
    hf_rules made = {.context = context};
    int64_t most = 0, most_rows = 0;
    for (int32_t r = 0; r < count; r++) {
        most += runs[r].rules.count;
        most_rows += runs[r].rules.first[runs[r].rules.count];
    }
    made.rules = hf_new(context, (size_t)most, sizeof *made.rules);
    made.first = hf_new(context, (size_t)most + 1, sizeof *made.first);
    made.row = hf_new_raw(context, (size_t)most_rows, sizeof *made.row);
    if (!made.rules || !made.first || !made.row) {
        hf_rules_free(&made);
        return hf_fail_memory(error);
    }
    for (int32_t r = 0; r < count; r++)
        for (int32_t j = 0; j < runs[r].rules.count; j++) {
            const hf_rules *from = &runs[r].rules;
            const double weight = runs[r].path.weight[j] / count;
            if (weight == 0.0) continue;
            const int32_t at = place_of(&made, &from->rules[j]);
            if (at < made.count) {
                made.rules[at].weight += weight;
                continue;
            }
            const int64_t size = from->first[j + 1] - from->first[j];
            made.rules[at] = from->rules[j];
            made.rules[at].weight = weight;
            memcpy(made.row + made.first[at], from->row + from->first[j], (size_t)size * sizeof *made.row);
            made.first[at + 1] = made.first[at] + size;
            made.count++;
        }
    *out = made;
    return HF_OK;
}

void hf_rule_runs_free(hf_rule_run *runs, int32_t count)
{
    for (int32_t i = 0; runs && i < count; i++) {
        hf_rule_path_free(&runs[i].path);
        hf_rules_free(&runs[i].rules);
    }
}
