// SPDX-License-Identifier: Apache-2.0
//
// The cluster bootstrap of curves. A replicate is a list of training rows, whole accounts as often as they
// were drawn, learnt anew; its draws come from a stream of its own, so replicates run side by side. Where
// rows are many m of the n accounts are drawn, under m / n of the penalty, and deviations shrink by
// sqrt(m / n) (Bickel, Gotze and van Zwet 1997).
#include "churn/curve_bands.h"

#include "churn/account_order.h"
#include "churn/curve_replicate.h"
#include "churn/first_failure.h"
#include "metrics/metrics_room.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define WORK 1.0e7        // rows x blocks x replicates that training spends by itself
#define MOST_ROWS 20000.0 // of a replicate, about
#define STREAM 0x62616e64
enum { LEAST = 20, MOST = 60 };

typedef struct {
    const hf_context *context;
    const hf_refit *refit;
    int32_t replicates;
    uint64_t seed;
    int32_t *account; // owned, one a training row: numbered from 0
    int32_t accounts, drawn;
    hf_replicates shared;
    int32_t points;
    double *value; // owned, replicates x points
    bool *good;    // owned, one a replicate
} bootstrap;

static hf_status number_accounts(bootstrap *b, hf_error *error)
{
    const int64_t rows = b->refit->blocks.row_count, *cluster = b->refit->cluster;
    int64_t *order = hf_new_raw(b->context, (size_t)rows, sizeof *order);
    if (!order) return hf_fail_memory(error);
    const hf_status status = hf_account_order(order, b->context, cluster, rows, error);
    for (int64_t i = 0; i < rows && status == HF_OK; i++) {
        const bool same = i > 0 && cluster && cluster[order[i]] == cluster[order[i - 1]];
        b->accounts += !same;
        b->account[order[i]] = b->accounts - 1;
    }
    hf_delete(b->context, order);
    return status;
}

// The rows of a replicate, in the training rows' order; owned. *good false where a class is lacking.
static hf_status draw(int64_t **out, int64_t *count, bool *good, const bootstrap *b, hf_random *random,
                      hf_error *error)
{
    const hf_context *context = b->shared.context;
    const int64_t rows = b->refit->blocks.row_count;
    int64_t n = 0, events = 0, *list = NULL;
    uint16_t *times = hf_new(context, (size_t)b->accounts, sizeof *times);
    if (!times) return hf_fail_memory(error);
    for (int32_t i = 0; i < b->drawn; i++)
        times[hf_random_below(random, (uint64_t)b->accounts)]++;
    for (int64_t i = 0; i < rows; i++)
        n += times[b->account[i]];
    list = hf_new_raw(context, (size_t)n, sizeof *list);
    n = 0;
    for (int64_t i = 0; i < rows && list; i++)
        for (uint16_t k = 0; k < times[b->account[i]]; k++) {
            list[n++] = i;
            events += b->refit->label[i];
        }
    hf_delete(context, times);
    if (!list) return hf_fail_memory(error);
    *good = events > 0 && events < n;
    *count = n;
    *out = list;
    return HF_OK;
}

static double share_drawn(const bootstrap *b)
{
    return (double)b->drawn / (double)b->accounts;
}

static hf_status fit_replicate(bootstrap *b, int32_t replicate, hf_error *error)
{
    hf_random random = hf_random_seed(b->seed, STREAM + (uint64_t)replicate);
    int64_t *place = NULL, count = 0;
    hf_status status;
    if (omp_get_thread_num() == 0) HF_TRY(done, hf_check_cancel(b->context, error));
    HF_TRY(done, draw(&place, &count, &b->good[replicate], b, &random, error));
    if (!b->good[replicate]) goto done;
    status = hf_replicate_fit(b->value + (int64_t)replicate * b->points, &b->shared, place, count,
                              b->refit->lambda * share_drawn(b), &random, error);
    if (status == HF_ERROR_DATA) { // in a sample every column may be constant
        b->good[replicate] = false;
        status = HF_OK;
    }
done:
    hf_delete(b->shared.context, place);
    return status;
}

// All replicates, several at once.
static hf_status fit_all(bootstrap *b, hf_error *error)
{
    hf_first_failure first = {HF_OK, error};
#pragma omp parallel for default(none) shared(b, first) schedule(dynamic, 1) \
    num_threads(hf_context_threads(b->context))
    for (int32_t i = 0; i < b->replicates; i++) {
        hf_error local = {0};
        if (!hf_failed(&first)) hf_note_failure(&first, fit_replicate(b, i, &local), &local);
    }
    return first.status;
}

// The band of one term's points around its sharp curve, and with the curve itself. shift: from the curve to
// the sharp one. deviation: good replicates x points, from the sharp one.
static void set_band(hf_curve_point *points, int32_t count, const double *shift, const double *deviation,
                     int32_t made, double *largest)
{
    for (int32_t r = 0; r < made; r++)
        largest[r] = 0.0;
    for (int32_t k = 0; k < count; k++) {
        double squares = 0.0;
        for (int32_t r = 0; r < made; r++)
            squares += deviation[(int64_t)r * count + k] * deviation[(int64_t)r * count + k];
        points[k].high = sqrt(squares / made); // for now
        for (int32_t r = 0; r < made && squares > 0.0; r++)
            largest[r] = fmax(largest[r], fabs(deviation[(int64_t)r * count + k]) / points[k].high);
    }
    qsort(largest, (size_t)made, sizeof *largest, hf_compare_doubles);
    const int32_t at = (int32_t)ceil(HF_BAND_LEVEL * made) - 1;
    for (int32_t k = 0; k < count; k++) {
        const double half = largest[at] * points[k].high;
        points[k].low = points[k].log_odds + fmin(shift[k] - half, 0.0);
        points[k].high = points[k].log_odds + fmax(shift[k] + half, 0.0);
    }
}

// Deviations of the points of a term from what the sharp full fit says, in every good replicate.
static void deviate(double *out, const bootstrap *b, const double *full, int32_t first, int32_t count)
{
    const double shrink = sqrt(share_drawn(b));
    for (int32_t r = 0; r < b->replicates; r++)
        for (int32_t k = first; k < first + count && b->good[r]; k++)
            *out++ = shrink * (b->value[(int64_t)r * b->points + k] - full[k]);
}

static hf_status set_bands(hf_curve_points *p, int32_t made, const bootstrap *b, hf_error *error)
{
    hf_status status = HF_OK;
    const size_t points = (size_t)p->count;
    double *full = hf_new(b->context, points, sizeof *full);
    double *shift = hf_new(b->context, points, sizeof *shift);
    double *deviation = hf_new(b->context, points * (size_t)made, sizeof *deviation);
    double *largest = hf_new(b->context, (size_t)made, sizeof *largest);
    if (!full || !shift || !deviation || !largest) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_replicate_full(shift, full, &b->shared, error));
    for (size_t k = 0; k < points; k++)
        shift[k] = full[k] - shift[k];
    for (int32_t k = 0, count; k < p->count; k += count) {
        for (count = 1; k + count < p->count && p->points[k + count].term == p->points[k].term;)
            count++;
        deviate(deviation, b, full, k, count);
        set_band(&p->points[k], count, shift + k, deviation, made, largest);
    }
done:
    hf_delete(b->context, full);
    hf_delete(b->context, shift);
    hf_delete(b->context, deviation);
    hf_delete(b->context, largest);
    return status;
}

// The means of a plain form's features, with which a value becomes a contribution.
static hf_status take_means(double **out, const bootstrap *b, hf_error *error)
{
    const hf_blocks *blocks = &b->refit->blocks;
    const size_t rows = (size_t)blocks->row_count;
    double *residual = hf_new_raw(b->context, rows, sizeof *residual);
    double *scratch = hf_new(b->context, hf_blocks_sums(blocks), sizeof *scratch);
    double *mean = hf_new(b->context, (size_t)blocks->features + 1, sizeof *mean);
    const bool good = residual && scratch && mean;
    for (size_t i = 0; i < rows && good; i++)
        residual[i] = 1.0 / (double)rows;
    if (good) hf_blocks_gradient(mean, blocks, residual, scratch);
    hf_delete(b->context, residual);
    hf_delete(b->context, scratch);
    *out = mean;
    return good ? HF_OK : hf_fail_memory(error);
}

// Evenly spaced training rows over which curves are centred, as rows of the frame.
static hf_status take_spread(int64_t **out, bootstrap *b, hf_error *error)
{
    const int64_t rows = b->refit->blocks.row_count;
    const int64_t taken = rows < (int64_t)MOST_ROWS ? rows : (int64_t)MOST_ROWS;
    int64_t *spread = hf_new_raw(b->context, (size_t)taken, sizeof *spread);
    if (!spread) return hf_fail_memory(error);
    for (int64_t i = 0; i < taken; i++)
        spread[i] = b->refit->training->rows[(int64_t)((double)i * (double)rows / (double)taken)];
    b->shared.spread_count = taken;
    *out = spread;
    return HF_OK;
}

int32_t hf_curve_bands_fit(const hf_refit *refit)
{
    const double rows = fmin((double)refit->blocks.row_count, MOST_ROWS);
    return (int32_t)fmin(fmax(WORK / (rows * (double)refit->blocks.count), LEAST), MOST);
}

hf_status hf_curve_bands(hf_curve_points *points, int32_t *made, const hf_refit *refit, int32_t replicates,
                         uint64_t seed, hf_error *error)
{
    bootstrap b = {.context = refit->context,
                   .refit = refit,
                   .replicates = replicates,
                   .seed = seed,
                   .points = points->count};
    hf_context *locked = NULL;
    const hf_context *keeper;
    double *mean = NULL;
    int64_t *spread = NULL;
    int32_t good = 0;
    hf_status status;
    HF_TRY(done, hf_locked_context(&locked, &keeper, b.context, error));
    b.account = hf_new_raw(b.context, (size_t)refit->blocks.row_count, sizeof *b.account);
    b.value = hf_new(b.context, (size_t)replicates * (size_t)points->count, sizeof *b.value);
    b.good = hf_new(b.context, (size_t)replicates, sizeof *b.good);
    if (!b.account || !b.value || !b.good) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, number_accounts(&b, error));
    b.drawn = (int32_t)ceil(b.accounts * fmin(1.0, MOST_ROWS / (double)refit->blocks.row_count));
    if (!refit->basis) HF_TRY(done, take_means(&mean, &b, error));
    HF_TRY(done, take_spread(&spread, &b, error));
    b.shared.context = locked;
    b.shared.refit = refit;
    b.shared.points = points;
    b.shared.spread = spread;
    b.shared.mean = mean;
    HF_TRY(done, fit_all(&b, error));
    for (int32_t r = 0; r < replicates; r++)
        good += b.good[r];
    if (good >= LEAST) HF_TRY(done, set_bands(points, good, &b, error));
    *made = good;
done:
    hf_delete(b.context, b.account);
    hf_delete(b.context, b.value);
    hf_delete(b.context, b.good);
    hf_delete(b.context, mean);
    hf_delete(b.context, spread);
    hf_context_destroy(locked);
    return status;
}
