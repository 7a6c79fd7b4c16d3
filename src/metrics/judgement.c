// SPDX-License-Identifier: Apache-2.0
//
// Judges one score or two on the same rows: every figure once as it is, and once a replicate of a bootstrap
// over accounts. A replicate draws accounts once and walks both scores with the same counts, so that
// differences are paired (Efron and Tibshirani 1993, chapter 8), and a score against itself differs by
// exactly 0. Replicate r has the random stream r, so threads do not change it.
#include "metrics/judged_walk.h"
#include "metrics/ranking.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

// Which way each figure of the two lists is better.
#define BETTER_auc HF_BETTER_HIGHER
#define BETTER_pr_auc HF_BETTER_HIGHER
#define BETTER_log_loss HF_BETTER_LOWER
#define BETTER_brier HF_BETTER_LOWER
#define BETTER_ece HF_BETTER_LOWER
#define BETTER_calibration_slope HF_BETTER_NEAR_ONE
#define BETTER_calibration_intercept HF_BETTER_NEAR_ZERO
#define BETTER_ks HF_BETTER_HIGHER
#define BETTER_lift_10 HF_BETTER_HIGHER
#define BETTER_arr_churn HF_BETTER_NEITHER
#define BETTER_arr_expected HF_BETTER_NEITHER
#define BETTER_arr_ratio HF_BETTER_NEAR_ONE
#define BETTER_arr_auc HF_BETTER_HIGHER
#define BETTER_arr_caught_10 HF_BETTER_HIGHER

const hf_figure_info hf_figures[HF_FIGURES] = {
#define FIGURE_INFO(field, text) {#field, text, BETTER_##field},
    HF_METRIC_LIST(FIGURE_INFO) HF_ARR_FIGURE_LIST(FIGURE_INFO)
#undef FIGURE_INFO
};

// hf_judgement is doubles alone; what holds for each of them runs over all of them.
enum { DOUBLES = sizeof(hf_judgement) / sizeof(double) };
_Static_assert(sizeof(hf_judgement) % sizeof(double) == 0, "doubles alone");

static double *doubles(hf_judgement *j)
{
    return (double *)(void *)j;
}

static hf_judgement nothing(void)
{
    hf_judgement j;
    for (int f = 0; f < DOUBLES; f++)
        doubles(&j)[f] = NAN;
    return j;
}

typedef struct {
    hf_ranking ranking;
    hf_judged_walk walk;
} scored;

typedef struct {
    const hf_context *context;
    uint32_t units;
    scored score[2];
    int scores;
    hf_judgement *drawn[2]; // owned: a replicate each
    double *scratch;        // owned: a replicate each
    hf_metrics *metrics;    // owned, likewise
    int32_t replicates;
    double alpha;
} judging;

static void judging_free(judging *j)
{
    for (int s = 0; s < 2; s++) {
        hf_ranking_free(j->context, &j->score[s].ranking);
        hf_judged_walk_free(j->context, &j->score[s].walk);
        hf_delete(j->context, j->drawn[s]);
    }
    hf_delete(j->context, j->scratch);
    hf_delete(j->context, j->metrics);
}

// ---- what goes in ----------------------------------------------------------------------------------------

static hf_status check_rows(const hf_judged_rows *rows, hf_error *error)
{
    if (rows->rows < 1 || rows->rows > INT32_MAX || !rows->label)
        return hf_fail(error, HF_ERROR_USAGE, "judging: %lld rows, expected 1 to 2147483647 with labels",
                       (long long)rows->rows);
    if (rows->capacities < 0 || rows->capacities > HF_CAPACITIES)
        return hf_fail(error, HF_ERROR_USAGE, "judging: %d capacities, at most %d", (int)rows->capacities,
                       HF_CAPACITIES);
    for (int32_t k = 0; k < rows->capacities; k++)
        if (rows->capacity[k] < 1)
            return hf_fail(error, HF_ERROR_USAGE, "judging: capacity %lld, expected 1 or more",
                           (long long)rows->capacity[k]);
    for (int64_t i = 0; rows->arr && i < rows->rows; i++)
        if (!(rows->arr[i] >= 0 && isfinite(rows->arr[i])))
            return hf_fail(error, HF_ERROR_USAGE, "judging: row %lld: %g of money, expected 0 or more",
                           (long long)i, rows->arr[i]);
    return HF_OK;
}

// Row numbers where each row is a unit of its own: a ranking would number units by score, and two scores
// would not draw the same rows.
static hf_status own_clusters(int64_t **out, const hf_context *context, int64_t rows, hf_error *error)
{
    int64_t *cluster = hf_new_raw(context, (size_t)rows, sizeof *cluster);
    if (!cluster) return hf_fail_memory(error);
    for (int64_t i = 0; i < rows; i++)
        cluster[i] = i;
    *out = cluster;
    return HF_OK;
}

static hf_status make_score(scored *out, uint32_t *unit, const hf_context *context,
                            const hf_judged_rows *rows, const int64_t *cluster, const double *probability,
                            hf_error *error)
{
    hf_status status;
    HF_TRY(done,
           hf_ranking_create(&out->ranking, context, probability, rows->label, cluster, rows->rows, error));
    HF_TRY(done, hf_ranking_units(unit, context, cluster, rows->rows, error));
    HF_TRY(done, hf_judged_walk_create(&out->walk, context, rows, unit, probability, error));
done:
    return status;
}

static hf_status judging_create(judging *j, const hf_judged_rows *rows, const double *const *probability,
                                hf_error *error)
{
    int64_t *own = NULL;
    hf_status status = HF_OK;
    uint32_t *unit = hf_new_raw(j->context, (size_t)rows->rows, sizeof *unit);
    j->scratch = hf_new_raw(j->context, (size_t)j->replicates, sizeof *j->scratch);
    j->metrics = hf_new_raw(j->context, (size_t)j->replicates, sizeof *j->metrics);
    if (!unit || !j->scratch || !j->metrics) {
        status = hf_fail_memory(error);
        goto done;
    }
    if (!rows->cluster) HF_TRY(done, own_clusters(&own, j->context, rows->rows, error));
    for (int s = 0; s < j->scores; s++) {
        HF_TRY(done, make_score(&j->score[s], unit, j->context, rows, own ? own : rows->cluster,
                                probability[s], error));
        j->drawn[s] = hf_new_raw(j->context, (size_t)j->replicates, sizeof *j->drawn[s]);
        if (!j->drawn[s]) {
            status = hf_fail_memory(error);
            goto done;
        }
    }
    j->units = j->score[0].ranking.units;
done:
    hf_delete(j->context, own);
    hf_delete(j->context, unit);
    return status;
}

// ---- replicates --------------------------------------------------------------------------------------------

static hf_judgement take(const scored *score, const uint32_t *count, const hf_sweep_space *space)
{
    hf_judgement j = nothing();
    const hf_metrics metrics = hf_ranking_metrics(&score->ranking, count, space);
#define TAKE_METRIC(field, text) j.figure[HF_FIGURE_##field] = metrics.field;
    HF_METRIC_LIST(TAKE_METRIC)
#undef TAKE_METRIC
    hf_judged_walk_take(&j, &score->walk, count);
    return j;
}

static hf_status draw_all(judging *j, uint64_t seed, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = j->context;
    const size_t units = j->units;
    const int32_t replicates = j->replicates;
    int threads = hf_context_threads(context);
    if (threads > replicates) threads = replicates;
    size_t total = 0, total_sums = 0, groups = 0;
    uint32_t *count = NULL;
    double *sums = NULL; // a thread's rows and events of every group
    for (int s = 0; s < j->scores; s++)
        if ((size_t)j->score[s].ranking.groups > groups) groups = (size_t)j->score[s].ranking.groups;
    if (!hf_size_multiply(&total, units, (size_t)threads) ||
        !hf_size_multiply(&total_sums, groups, 2 * (size_t)threads) ||
        !(count = hf_new_raw(context, total, sizeof *count)) ||
        !(sums = hf_new_raw(context, total_sums, sizeof *sums))) {
        status = hf_fail_memory(error);
        goto done;
    }
    const int64_t each = HF_BOOTSTRAP_ROWS / (3 * j->score[0].ranking.rows) + 1;
    for (int64_t begin = 0; begin < replicates;) {
        HF_TRY(done, hf_check_cancel(context, error));
        hf_progress(context, "bootstrap", begin, replicates);
        int64_t end = begin + each * threads < replicates ? begin + each * threads : replicates;
#pragma omp parallel for default(none) shared(j, count, sums, units, groups, seed, begin, end) \
    schedule(static) num_threads(threads)
        for (int64_t r = begin; r < end; r++) {
            const size_t thread = (size_t)omp_get_thread_num();
            uint32_t *own = count + units * thread;
            double *rows = sums + 2 * groups * thread;
            const hf_sweep_space space = {.rows = rows, .events = rows + groups};
            hf_draw_units(own, j->units, seed, (int32_t)r);
            for (int s = 0; s < j->scores; s++)
                j->drawn[s][r] = take(&j->score[s], own, &space);
        }
        begin = end;
    }
    hf_progress(context, "bootstrap", replicates, replicates);
done:
    hf_delete(context, count);
    hf_delete(context, sums);
    return status;
}

// ---- what comes out ----------------------------------------------------------------------------------------

static void take_percentiles(hf_judgement_interval *out, judging *j, hf_judgement *drawn)
{
    for (int f = 0; f < DOUBLES; f++) {
        int32_t defined = 0;
        for (int32_t r = 0; r < j->replicates; r++) {
            const double x = doubles(&drawn[r])[f];
            if (!isnan(x)) j->scratch[defined++] = x;
        }
        if (defined) qsort(j->scratch, (size_t)defined, sizeof *j->scratch, hf_compare_doubles);
        doubles(&out->low)[f] = hf_sorted_quantile(j->scratch, defined, j->alpha / 2);
        doubles(&out->high)[f] = hf_sorted_quantile(j->scratch, defined, 1 - j->alpha / 2);
    }
}

// The metrics' own intervals are made where all their intervals are.
static hf_status take_metric_percentiles(hf_judgement_interval *out, judging *j, const hf_judgement *drawn,
                                         hf_error *error)
{
    hf_metrics_interval made = {0};
#define GIVE_METRIC(field, text)                             \
    made.value.field = out->value.figure[HF_FIGURE_##field]; \
    for (int32_t r = 0; r < j->replicates; r++)              \
        j->metrics[r].field = drawn[r].figure[HF_FIGURE_##field];
    HF_METRIC_LIST(GIVE_METRIC)
#undef GIVE_METRIC
    hf_status status = hf_metrics_percentiles(&made, j->context, j->metrics, j->replicates, j->alpha, error);
    if (status != HF_OK) return status;
#define TAKE_BOUNDS(field, text)                         \
    out->low.figure[HF_FIGURE_##field] = made.low.field; \
    out->high.figure[HF_FIGURE_##field] = made.high.field;
    HF_METRIC_LIST(TAKE_BOUNDS)
#undef TAKE_BOUNDS
    return HF_OK;
}

// 1 where a is better than b, 0 where it is not, NaN where neither can be.
static double is_better(hf_better better, double a, double b)
{
    if (better == HF_BETTER_NEITHER || isnan(a) || isnan(b)) return NAN;
    if (better == HF_BETTER_HIGHER) return a > b;
    if (better == HF_BETTER_LOWER) return a < b;
    const double target = better == HF_BETTER_NEAR_ONE ? 1 : 0;
    return fabs(a - target) < fabs(b - target);
}

static double share_better(judging *j, hf_better better, size_t offset)
{
    int32_t defined = 0;
    double sum = 0;
    for (int32_t r = 0; r < j->replicates; r++) {
        const double one =
            is_better(better, doubles(&j->drawn[0][r])[offset], doubles(&j->drawn[1][r])[offset]);
        if (isnan(one)) continue;
        defined++;
        sum += one;
    }
    return defined > 0 ? sum / defined : NAN;
}

static void count_better(hf_judgement *out, judging *j, int32_t capacities)
{
    static const size_t of_worked[] = {offsetof(hf_worked, precision), offsetof(hf_worked, recall),
                                       offsetof(hf_worked, arr_recall)};
    *out = nothing();
    for (size_t f = 0; f < HF_FIGURES; f++)
        out->figure[f] = share_better(j, hf_figures[f].better, f);
    for (int32_t k = 0; k < capacities; k++)
        for (size_t w = 0; w < sizeof of_worked / sizeof of_worked[0]; w++) {
            const size_t at = offsetof(hf_judgement, worked) + (size_t)k * sizeof(hf_worked) + of_worked[w];
            doubles(out)[at / sizeof(double)] = share_better(j, HF_BETTER_HIGHER, at / sizeof(double));
        }
}

// Afterwards the replicates of the first score hold the differences.
static void take_differences(hf_verdict *out, judging *j, int32_t capacities)
{
    count_better(&out->better, j, capacities);
    for (int f = 0; f < DOUBLES; f++)
        doubles(&out->difference.value)[f] = doubles(&out->score.value)[f] - doubles(&out->against.value)[f];
    for (int32_t r = 0; r < j->replicates; r++)
        for (int f = 0; f < DOUBLES; f++)
            doubles(&j->drawn[0][r])[f] -= doubles(&j->drawn[1][r])[f];
    take_percentiles(&out->difference, j, j->drawn[0]);
}

static void count_rows(hf_verdict *out, const hf_judged_rows *rows, const judging *j)
{
    out->rows = rows->rows;
    out->accounts = j->units;
    out->arr = out->arr_lost = rows->arr ? 0 : NAN;
    for (int64_t i = 0; i < rows->rows; i++) {
        out->events += rows->label[i];
        if (!rows->arr) continue;
        out->arr += rows->arr[i];
        out->arr_lost += rows->label[i] ? rows->arr[i] : 0;
    }
}

hf_status hf_judge(hf_verdict *out, const hf_context *context, const hf_judged_rows *rows,
                   const double *probability, const double *against, int32_t replicates, double alpha,
                   uint64_t seed, hf_error *error)
{
    const double *const both[2] = {probability, against};
    judging j = {.context = context, .scores = against ? 2 : 1, .replicates = replicates, .alpha = alpha};
    hf_verdict made = {0};
    hf_judgement_interval *of[2] = {&made.score, &made.against};
    hf_status status;
    HF_TRY(done, hf_check_sampling(replicates, alpha, error));
    HF_TRY(done, check_rows(rows, error));
    HF_TRY(done, judging_create(&j, rows, both, error));
    if (replicates > 0) HF_TRY(done, draw_all(&j, seed, error));
    made.better = nothing();
    made.against = made.difference = (hf_judgement_interval){nothing(), nothing(), nothing()};
    count_rows(&made, rows, &j);
    for (int s = 0; s < j.scores; s++) {
        of[s]->value = take(&j.score[s], NULL, NULL);
        take_percentiles(of[s], &j, j.drawn[s]);
        HF_TRY(done, take_metric_percentiles(of[s], &j, j.drawn[s], error));
    }
    if (against) take_differences(&made, &j, rows->capacities);
    *out = made;
done:
    judging_free(&j);
    return status;
}
