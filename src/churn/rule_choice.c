// SPDX-License-Identifier: Apache-2.0
//
// Rules judged on inner splits: searches and paths are run on each split's own rows, all side by side. The
// paths step together and end after two steps that pay nowhere: the weak end costs most and is never best.
#include "churn/rule_choice.h"

#include "churn/ridge_fit.h"

#include <math.h>
#include <string.h>

// Candidates: no rules, then the steps.
enum { CANDIDATES = 1 + HF_RULE_STEPS, IDLE_STEPS = 2 };

typedef struct {
    const hf_context *context;
    hf_stage *stages;
    int32_t splits, runs;
    hf_binned *binned[HF_MOST_SPLITS]; // owned
    double scale[HF_MOST_SPLITS];      // of l1
    int64_t first[HF_MOST_SPLITS];     // where a split's judged rows begin
    int64_t rows;                      // judged ones of all splits
    hf_rule_run *run;                  // owned: HF_RULE_SEARCHES a split
    double *losses;                    // owned: candidates x rows
    double *margins;                   // owned, likewise
    double *part;                      // owned, a judged row each: what the rules add to its margin
    bool used[CANDIDATES];
} trial;

static void trial_free(trial *t)
{
    hf_rule_runs_free(t->run, t->runs);
    for (int32_t k = 0; k < t->splits; k++)
        hf_binned_destroy(t->binned[k]);
    hf_delete(t->context, t->run);
    hf_delete(t->context, t->losses);
    hf_delete(t->context, t->margins);
    hf_delete(t->context, t->part);
}

static hf_status bin_split(hf_binned **out, const hf_context *context, const hf_inner *inner,
                           const hf_split *split, const int64_t *frame_rows, hf_error *error)
{
    hf_status status = HF_OK;
    const int64_t rows = inner->train + inner->valid;
    int64_t *of_frame = hf_new_raw(context, (size_t)rows, sizeof *of_frame);
    if (!of_frame) return hf_fail_memory(error);
    for (int64_t i = 0; i < rows; i++)
        of_frame[i] = frame_rows[i < inner->train ? split->train[i] : split->valid[i - inner->train]];
    status = hf_binned_create(out, inner->basis, of_frame, inner->train, rows, HF_RULE_BINS, HF_RULE_LEVELS,
                              true, error);
    hf_delete(context, of_frame);
    return status;
}

static hf_status trial_create(trial *t, const hf_splits *splits, const int64_t *frame_rows, int64_t rows_full,
                              int32_t most, uint64_t seed, hf_error *error)
{
    hf_status status = HF_OK;
    for (int32_t k = 0; k < t->splits; k++) {
        t->first[k] = t->rows;
        t->rows += t->stages[k].inner->valid;
        t->scale[k] = sqrt((double)t->stages[k].inner->train / (double)rows_full);
    }
    t->losses = hf_new_raw(t->context, (size_t)t->rows * CANDIDATES, sizeof *t->losses);
    t->margins = hf_new_raw(t->context, (size_t)t->rows * CANDIDATES, sizeof *t->margins);
    t->part = hf_new(t->context, (size_t)t->rows, sizeof *t->part);
    t->run = hf_new(t->context, (size_t)t->splits * HF_RULE_SEARCHES, sizeof *t->run);
    if (!t->losses || !t->margins || !t->part || !t->run) return hf_fail_memory(error);
    for (int32_t k = 0; k < t->splits; k++) {
        const hf_inner *inner = t->stages[k].inner;
        HF_TRY(done, hf_check_cancel(t->context, error));
        HF_TRY(done, bin_split(&t->binned[k], t->context, inner, &splits->splits[k], frame_rows, error));
        for (int32_t s = 0; s < HF_RULE_SEARCHES; s++)
            t->run[t->runs++] = (hf_rule_run){.binned = t->binned[k],
                                              .margin = t->stages[k].margin,
                                              .label = inner->label,
                                              .rows = inner->train,
                                              .search = s};
    }
    HF_TRY(done, hf_rule_runs_find(t->run, t->runs, t->context, most, seed, error));
done:
    return status;
}

// Adds what the rules of a run, one of several averaged, add to the margins of its split's judged rows.
static void add_up(double *part, const hf_rule_run *run, int64_t first, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        double sum = run->path.intercept;
        for (int32_t j = 0; j < run->rules.count; j++)
            if (run->path.weight[j] != 0.0 && hf_rule_holds(&run->rules.rules[j], run->binned, first + i))
                sum += run->path.weight[j];
        part[i] += sum / HF_RULE_SEARCHES;
    }
}

// Margins and losses of a split's judged rows with what the rules add.
static void judge_split(const trial *t, int32_t split, int32_t candidate)
{
    const hf_stage *stage = &t->stages[split];
    const hf_inner *inner = stage->inner;
    const double *part = t->part + t->first[split];
    double *losses = t->losses + candidate * t->rows + t->first[split];
    double *margins = t->margins + candidate * t->rows + t->first[split];
    for (int64_t i = 0; i < inner->valid; i++) {
        const int64_t at = inner->train + i;
        margins[i] = stage->margin[at] + part[i];
        losses[i] = hf_log_loss(margins[i], inner->label[at]);
    }
}

static double mean_loss(const trial *t, int32_t candidate)
{
    double sum = 0.0;
    for (int64_t i = 0; i < t->rows; i++)
        sum += t->losses[candidate * t->rows + i];
    return sum / (double)t->rows;
}

// Whether L1 has let any in.
static bool any_rule(const trial *t)
{
    for (int32_t r = 0; r < t->runs; r++)
        for (int32_t j = t->run[r].rules.sure; j < t->run[r].rules.count; j++)
            if (t->run[r].path.weight[j] != 0.0) return true;
    return false;
}

// Rules of the split that has most of them in.
static int32_t most_in(const trial *t)
{
    int32_t most = 0;
    for (int32_t k = 0; k < t->splits; k++) {
        const int32_t in = hf_rule_runs_in(t->run + (ptrdiff_t)k * HF_RULE_SEARCHES, HF_RULE_SEARCHES);
        if (in > most) most = in;
    }
    return most;
}

static hf_status take_step(trial *t, int32_t step, hf_error *error)
{
    hf_status status = HF_OK;
    for (int32_t k = 0; k < t->splits; k++)
        for (int32_t s = 0; s < HF_RULE_SEARCHES; s++)
            t->run[k * HF_RULE_SEARCHES + s].l1 = hf_rule_l1[step] * t->scale[k];
    HF_TRY(done, hf_rule_runs_step(t->run, t->runs, t->context, error));
    memset(t->part, 0, (size_t)t->rows * sizeof *t->part);
#pragma omp parallel for default(none) shared(t, step) schedule(dynamic, 1) \
    num_threads(hf_context_threads(t->context))
    for (int32_t k = 0; k < t->splits; k++) {
        for (int32_t s = 0; s < HF_RULE_SEARCHES; s++)
            add_up(t->part + t->first[k], &t->run[k * HF_RULE_SEARCHES + s], t->stages[k].inner->train,
                   t->stages[k].inner->valid);
        judge_split(t, k, 1 + step);
    }
    t->used[1 + step] = true;
done:
    return status;
}

hf_status hf_rule_choose(hf_rule_choice *out, const hf_context *context, hf_stage *stages,
                         const hf_splits *splits, const int64_t *frame_rows, int64_t rows_full, int32_t most,
                         uint64_t seed, hf_error *error)
{
    hf_status status = HF_OK;
    trial t = {.context = context, .stages = stages, .splits = splits->count, .used = {true}};
    int32_t idle = 0;
    HF_TRY(done, trial_create(&t, splits, frame_rows, rows_full, most, seed, error));
    for (int32_t k = 0; k < t.splits; k++)
        judge_split(&t, k, 0);
    const double none = mean_loss(&t, 0);
    double best = none;
    for (int32_t s = 0; s < HF_RULE_STEPS && idle < IDLE_STEPS; s++) {
        HF_TRY(done, take_step(&t, s, error));
        if (most >= 0 && most_in(&t) > most) {
            t.used[1 + s] = false;
            break;
        }
        const double loss = mean_loss(&t, 1 + s);
        idle = loss < best ? 0 : idle + any_rule(&t);
        best = fmin(best, loss);
    }
    const int32_t taken = hf_one_standard_error(t.losses, t.used, CANDIDATES, t.rows);
    *out = (hf_rule_choice){taken - 1, none, mean_loss(&t, taken)};
    for (int32_t k = 0; k < t.splits; k++)
        memcpy(stages[k].margin + stages[k].inner->train, t.margins + taken * t.rows + t.first[k],
               (size_t)stages[k].inner->valid * sizeof *t.margins);
done:
    trial_free(&t);
    return status;
}
