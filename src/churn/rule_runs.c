// SPDX-License-Identifier: Apache-2.0
//
// Runs are independent of each other, so any number of threads finds the same. Joining adds up weights in the
// runs' order.
#include "churn/rule_runs.h"

#include "churn/first_failure.h"
#include "churn/rule_beam.h"

#include <string.h>

// Conjunctions are the same for all searches of the same rows, so the first of them looks for all.
typedef struct {
    hf_rule rules[HF_MOST_BEAM];
    int32_t count;
} conjunctions;

static int32_t first_alike(const hf_rule_run *runs, int32_t i)
{
    int32_t at = 0;
    while (runs[at].binned != runs[i].binned)
        at++;
    return at;
}

static hf_status find_rules(hf_rule_run *run, const conjunctions *also, const hf_context *context,
                            uint64_t seed, hf_error *error)
{
    const hf_status status = hf_rules_find(&run->rules, context, run->binned, run->margin, run->label,
                                           run->rows, also->rules, also->count, seed, run->search, error);
    if (status != HF_OK) return status;
    return hf_rule_path_create(&run->path, context, &run->rules, run->margin, run->label, run->rows, error);
}

static hf_status find_all(hf_rule_run *runs, int32_t count, const conjunctions *found,
                          const hf_context *context, uint64_t seed, hf_error *error)
{
    hf_first_failure first = {HF_OK, error};
#pragma omp parallel for default(none) shared(runs, count, found, context, seed, first) schedule(dynamic, 1) \
    num_threads(hf_context_threads(context))
    for (int32_t i = 0; i < count; i++) {
        hf_error local = {0};
        if (hf_failed(&first)) continue;
        const hf_status one = find_rules(&runs[i], &found[first_alike(runs, i)], context, seed, &local);
        hf_note_failure(&first, one, &local);
    }
    return first.status;
}

hf_status hf_rule_runs_find(hf_rule_run *runs, int32_t count, const hf_context *context, int32_t most,
                            uint64_t seed, hf_error *error)
{
    hf_status status = HF_OK;
    conjunctions *found = hf_new(context, (size_t)count, sizeof *found);
    if (!found) return hf_fail_memory(error);
    for (int32_t i = 0; i < count; i++) {
        const hf_rule_run *run = &runs[i];
        if (first_alike(runs, i) < i) continue;
        HF_TRY(done, hf_rule_beam_find(found[i].rules, &found[i].count, context, run->binned, run->margin,
                                       run->label, run->rows, false, error));
        if (most >= 0 && found[i].count > most) found[i].count = most; // the best come first
    }
    HF_TRY(done, find_all(runs, count, found, context, seed, error));
done:
    hf_delete(context, found);
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

int32_t hf_rule_runs_in(const hf_rule_run *runs, int32_t count)
{
    int32_t in = 0;
    for (int32_t r = 0; r < count; r++)
        for (int32_t j = r == 0 ? 0 : runs[r].rules.sure; j < runs[r].rules.count; j++)
            in += runs[r].path.weight[j] != 0.0;
    return in;
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
