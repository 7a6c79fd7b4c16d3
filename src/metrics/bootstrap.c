// SPDX-License-Identifier: Apache-2.0
//
// The public calls: the metrics of a set of predictions, and percentile intervals from a bootstrap that
// resamples whole clusters (Efron and Tibshirani 1993, chapter 13; Field and Welsh 2007 for clusters). A
// replicate draws as many clusters as there are, with replacement, and walks the one sorted order with
// the counts. Replicate r has the random stream r, so threads do not change it.
#include "metrics/ranking.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

// X(field): the measured ones among the fields of hf_metrics.
#define FIELD_OFFSET(field, label) offsetof(hf_metrics, field),
static const size_t fields[] = {HF_METRIC_LIST(FIELD_OFFSET)};
#undef FIELD_OFFSET
enum { FIELDS = sizeof fields / sizeof fields[0] };

static double *field_of(hf_metrics *m, int field)
{
    return (double *)((char *)m + fields[field]);
}

static double value_of(const hf_metrics *m, int field)
{
    return *(const double *)((const char *)m + fields[field]);
}

hf_status hf_metrics_compute(hf_metrics *out, const hf_context *context, const double *probability,
                             const uint8_t *label, int64_t n, hf_error *error)
{
    hf_ranking ranking = {0};
    hf_status status = hf_ranking_create(&ranking, context, probability, label, NULL, n, error);
    if (status == HF_OK) *out = hf_ranking_metrics(&ranking, NULL, NULL);
    hf_ranking_free(context, &ranking);
    return status;
}

void hf_draw_units(uint32_t *count, uint32_t units, uint64_t seed, int32_t replicate)
{
    hf_random random = hf_random_seed(seed, (uint64_t)replicate);
    memset(count, 0, (size_t)units * sizeof *count);
    for (uint32_t i = 0; i < units; i++)
        count[hf_random_below(&random, units)]++;
}

static hf_status draw_all(hf_metrics *drawn, const hf_context *context, const hf_ranking *ranking,
                          int32_t replicates, uint64_t seed, hf_error *error)
{
    hf_status status = HF_OK;
    int threads = hf_context_threads(context);
    if (threads > replicates) threads = replicates;
    size_t units = ranking->units, groups = (size_t)ranking->groups;
    uint32_t *count = NULL;
    double *sums = NULL; // a thread's rows and events of every group
    size_t total = 0, total_sums = 0;
    if (!hf_size_multiply(&total, units, (size_t)threads) ||
        !hf_size_multiply(&total_sums, groups, 2 * (size_t)threads) ||
        !(count = hf_new_raw(context, total, sizeof *count)) ||
        !(sums = hf_new_raw(context, total_sums, sizeof *sums))) {
        status = hf_fail_memory(error);
        goto done;
    }
    int64_t each = HF_BOOTSTRAP_ROWS / ranking->rows + 1;
    for (int64_t begin = 0; begin < replicates;) {
        HF_TRY(done, hf_check_cancel(context, error));
        hf_progress(context, "bootstrap", begin, replicates);
        int64_t end = begin + each * threads < replicates ? begin + each * threads : replicates;
#pragma omp parallel for default(none) shared(drawn, ranking, count, sums, units, groups, seed, begin, end) \
    schedule(static) num_threads(threads)
        for (int64_t r = begin; r < end; r++) {
            const size_t thread = (size_t)omp_get_thread_num();
            uint32_t *own = count + units * thread;
            double *rows = sums + 2 * groups * thread;
            const hf_sweep_space space = {.rows = rows, .events = rows + groups};
            hf_draw_units(own, ranking->units, seed, (int32_t)r);
            drawn[r] = hf_ranking_metrics(ranking, own, &space);
        }
        begin = end;
    }
    hf_progress(context, "bootstrap", replicates, replicates);
done:
    hf_delete(context, count);
    hf_delete(context, sums);
    return status;
}

int hf_compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double hf_sorted_quantile(const double *sorted, int32_t n, double q)
{
    if (n == 0) return NAN;
    double at = q * (double)(n - 1);
    int32_t below = (int32_t)at;
    if (below >= n - 1) return sorted[n - 1];
    return sorted[below] + (at - (double)below) * (sorted[below + 1] - sorted[below]);
}

// A resampled ECE is biased upwards: resampling adds noise to the bins' rates, and ECE adds its size up. The
// replicates are moved so that their mean is the value itself (Efron and Tibshirani 1993, section 10.2).
static void centre_ece(hf_metrics_interval *out, const double *sorted, int32_t n)
{
    double mean = 0, value = out->value.ece;
    if (n == 0 || isnan(value)) return;
    for (int32_t i = 0; i < n; i++)
        mean += sorted[i] / n;
    out->low.ece = fmin(value, fmax(0, out->low.ece - (mean - value)));
    out->high.ece = fmax(value, out->high.ece - (mean - value));
}

static void take_percentiles(hf_metrics_interval *out, const hf_metrics *drawn, double *scratch,
                             int32_t replicates, double alpha)
{
    for (int f = 0; f < FIELDS; f++) {
        int32_t defined = 0;
        for (int32_t r = 0; r < replicates; r++) {
            double x = value_of(&drawn[r], f);
            if (!isnan(x)) scratch[defined++] = x;
        }
        if (defined) qsort(scratch, (size_t)defined, sizeof *scratch, hf_compare_doubles);
        *field_of(&out->low, f) = hf_sorted_quantile(scratch, defined, alpha / 2.0);
        *field_of(&out->high, f) = hf_sorted_quantile(scratch, defined, 1.0 - alpha / 2.0);
        if (fields[f] == offsetof(hf_metrics, ece)) centre_ece(out, scratch, defined);
    }
}

hf_status hf_check_sampling(int32_t replicates, double alpha, hf_error *error)
{
    if (replicates < 0 || !(alpha > 0.0 && alpha < 1.0))
        return hf_fail(error, HF_ERROR_USAGE,
                       "metrics: %d replicates and alpha %g, expected 0 or more and a share between 0 and 1",
                       (int)replicates, alpha);
    // With fewer the ends of the interval would lie beyond the least and the largest replicate.
    double least = ceil(2.0 / alpha - 1e-9);
    if (replicates > 0 && replicates < least)
        return hf_fail(
            error, HF_ERROR_USAGE,
            "%d replicates are too few for an interval of %.4g %%; give --replicates %.0f or more, or 0 "
            "for none",
            (int)replicates, 100.0 * (1.0 - alpha), least);
    return HF_OK;
}

hf_status hf_metrics_percentiles(hf_metrics_interval *out, const hf_context *context, const hf_metrics *drawn,
                                 int32_t replicates, double alpha, hf_error *error)
{
    hf_status status = hf_check_sampling(replicates, alpha, error);
    if (status != HF_OK) return status;
    double *scratch = hf_new_raw(context, (size_t)replicates, sizeof *scratch);
    if (!scratch) return hf_fail_memory(error);
    take_percentiles(out, drawn, scratch, replicates, alpha);
    hf_delete(context, scratch);
    return HF_OK;
}

hf_status hf_metrics_replicate(hf_metrics_interval *out, hf_metrics *drawn, const hf_context *context,
                               const double *probability, const uint8_t *label, const int64_t *cluster,
                               int64_t n, int32_t replicates, double alpha, uint64_t seed, hf_error *error)
{
    hf_ranking ranking = {0};
    hf_status status;
    HF_TRY(done, hf_check_sampling(replicates, alpha, error));
    HF_TRY(done, hf_ranking_create(&ranking, context, probability, label, cluster, n, error));
    if (replicates > 0) HF_TRY(done, draw_all(drawn, context, &ranking, replicates, seed, error));
    hf_metrics_interval made = {.value = hf_ranking_metrics(&ranking, NULL, NULL)};
    made.low = made.high = made.value;
    HF_TRY(done, hf_metrics_percentiles(&made, context, drawn, replicates, alpha, error));
    *out = made;
done:
    hf_ranking_free(context, &ranking);
    return status;
}

hf_status hf_metrics_bootstrap(hf_metrics_interval *out, const hf_context *context, const double *probability,
                               const uint8_t *label, const int64_t *cluster, int64_t n, int32_t replicates,
                               double alpha, uint64_t seed, hf_error *error)
{
    hf_status status = hf_check_sampling(replicates, alpha, error);
    if (status != HF_OK) return status;
    hf_metrics *drawn = hf_new_raw(context, (size_t)replicates, sizeof *drawn);
    if (!drawn) return hf_fail_memory(error);
    status = hf_metrics_replicate(out, drawn, context, probability, label, cluster, n, replicates, alpha,
                                  seed, error);
    hf_delete(context, drawn);
    return status;
}
