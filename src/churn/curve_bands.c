// SPDX-License-Identifier: Apache-2.0
//
// The cluster bootstrap of curves. A replicate is a list of training rows, whole accounts as often as they
// were drawn, fitted from where the full fit ended; its draws come from a stream of its own, so replicates
// run side by side. Where rows are many m of the n accounts are drawn, under m / n of the penalty, and
// deviations shrink by sqrt(m / n) (Bickel, Gotze and van Zwet 1997). A point's value is linear in the
// weights: its row's features, less their means over all training rows, which is what makes a contribution of
// a value.
#include "churn/curve_bands.h"

#include "churn/ridge_fit.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define EPS 1e-3
#define WORK 1.5e7        // rows x blocks x replicates that training spends by itself
#define MOST_ROWS 20000.0 // of a replicate, about
// Knots and cuts are held in the replicates, though they were learnt from the same rows. On samples of a
// known truth that left the bands a little narrow, by up to a fifth where they missed it.
#define WIDER 1.25
#define STREAM 0x62616e64
enum { LEAST = 20, MOST = 100 };

typedef struct {
    const hf_context *context;
    const hf_refit *refit;
    int32_t replicates;
    uint64_t seed;
    int32_t *account; // owned, one a training row: numbered from 0
    int32_t accounts, drawn;
    double *weights; // owned, replicates x (features + 1)
    bool *good;      // owned, one a replicate
} bootstrap;

typedef struct {
    int64_t cluster, place;
} member;

static int compare_members(const void *a, const void *b)
{
    const member *p = a, *q = b;
    if (p->cluster != q->cluster) return p->cluster < q->cluster ? -1 : 1;
    return (p->place > q->place) - (p->place < q->place);
}

static hf_status number_accounts(bootstrap *b, hf_error *error)
{
    const hf_refit *r = b->refit;
    const int64_t rows = r->blocks.row_count;
    if (!r->cluster) {
        for (int64_t i = 0; i < rows; i++)
            b->account[i] = (int32_t)i;
        b->accounts = (int32_t)rows;
        return HF_OK;
    }
    member *sorted = hf_new_raw(b->context, (size_t)rows, sizeof *sorted);
    if (!sorted) return hf_fail_memory(error);
    for (int64_t i = 0; i < rows; i++)
        sorted[i] = (member){r->cluster[i], i};
    qsort(sorted, (size_t)rows, sizeof *sorted, compare_members);
    for (int64_t i = 0; i < rows; i++) {
        if (i == 0 || sorted[i].cluster != sorted[i - 1].cluster) b->accounts++;
        b->account[sorted[i].place] = b->accounts - 1;
    }
    hf_delete(b->context, sorted);
    return HF_OK;
}

// The rows of a replicate, in the training rows' order; owned. *good false where a class is lacking.
static hf_status draw(int64_t **out, int64_t *count, bool *good, const bootstrap *b, int32_t replicate,
                      hf_error *error)
{
    hf_random random = hf_random_seed(b->seed, STREAM + (uint64_t)replicate);
    const int64_t rows = b->refit->blocks.row_count;
    int64_t n = 0, events = 0, *list = NULL;
    uint16_t *times = NULL;
#pragma omp critical(hf_churn_memory)
    times = hf_new(b->context, (size_t)b->accounts, sizeof *times);
    if (!times) return hf_fail_memory(error);
    for (int32_t i = 0; i < b->drawn; i++)
        times[hf_random_below(&random, (uint64_t)b->accounts)]++;
    for (int64_t i = 0; i < rows; i++)
        n += times[b->account[i]];
#pragma omp critical(hf_churn_memory)
    list = hf_new_raw(b->context, (size_t)n, sizeof *list);
    n = 0;
    for (int64_t i = 0; i < rows && list; i++)
        for (uint16_t k = 0; k < times[b->account[i]]; k++) {
            list[n++] = b->refit->blocks.rows[i];
            events += b->refit->label[i];
        }
#pragma omp critical(hf_churn_memory)
    hf_delete(b->context, times);
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
    const hf_refit *r = b->refit;
    const size_t size = (size_t)r->blocks.features + 1;
    int64_t *rows = NULL;
    hf_blocks blocks = r->blocks;
    hf_ridge fit = {.weights = b->weights + (size_t)replicate * size};
    hf_status status;
    HF_TRY(done, draw(&rows, &blocks.row_count, &b->good[replicate], b, replicate, error));
    blocks.rows = rows;
    memcpy(fit.weights, r->weights, size * sizeof *fit.weights);
    if (b->good[replicate])
        HF_TRY(done,
               hf_ridge_fit(&fit, b->context, &blocks, r->label, r->lambda * share_drawn(b), EPS, error));
done:
#pragma omp critical(hf_churn_memory)
    hf_delete(b->context, rows);
    return status;
}

// All replicates, several at once. The first to fail says why, and none begins after it.
static hf_status fit_all(bootstrap *b, hf_error *error)
{
    hf_status status = HF_OK;
#pragma omp parallel for default(none) shared(b, status, error) schedule(dynamic, 1) \
    num_threads(hf_context_threads(b->context))
    for (int32_t i = 0; i < b->replicates; i++) {
        hf_status so_far;
        hf_error local = {0};
#pragma omp atomic read
        so_far = status;
        if (so_far != HF_OK) continue;
        const hf_status one = fit_replicate(b, i, &local);
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

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The band of one term's points. deviation: good replicates x points, of what the full fit says.
static void set_band(hf_curve_point *points, int32_t count, const double *deviation, int32_t made,
                     double *largest)
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
    qsort(largest, (size_t)made, sizeof *largest, compare_doubles);
    const int32_t at = (int32_t)ceil(HF_BAND_LEVEL * made) - 1;
    for (int32_t k = 0; k < count; k++) {
        const double half = WIDER * largest[at] * points[k].high;
        points[k].low = points[k].log_odds - half;
        points[k].high = points[k].log_odds + half;
    }
}

// Deviations of a term's points in every good replicate.
static void deviate(double *out, const bootstrap *b, const hf_curve_point *points, int32_t count,
                    const double *features, const double *mean)
{
    const hf_block *block = &b->refit->blocks.blocks[points->term];
    const size_t size = (size_t)b->refit->blocks.features + 1;
    for (int32_t r = 0; r < b->replicates; r++) {
        const double *weights = b->weights + (size_t)r * size;
        if (!b->good[r]) continue;
        for (int32_t k = 0; k < count; k++) {
            double sum = 0.0;
            for (int32_t f = block->first; f < block->first + block->features; f++)
                sum +=
                    (features[(size_t)k * size + (size_t)f] - mean[f]) * (weights[f] - b->refit->weights[f]);
            *out++ = sum * sqrt(share_drawn(b));
        }
    }
}

static hf_status set_bands(hf_curve_points *p, int32_t made, const bootstrap *b, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_blocks *blocks = &b->refit->blocks;
    const size_t rows = (size_t)blocks->row_count, size = (size_t)blocks->features + 1;
    const size_t points = (size_t)p->count;
    double *residual = hf_new_raw(b->context, rows, sizeof *residual);
    double *mean = hf_new(b->context, size, sizeof *mean);
    double *features = hf_new(b->context, points * size, sizeof *features);
    double *deviation = hf_new(b->context, points * (size_t)made, sizeof *deviation);
    double *scratch = hf_new(b->context, hf_blocks_sums(blocks) + (size_t)made, sizeof *scratch);
    if (!residual || !mean || !features || !deviation || !scratch) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (size_t i = 0; i < rows; i++)
        residual[i] = 1.0 / (double)rows;
    hf_blocks_gradient(mean, blocks, residual, scratch);
    for (int32_t k = 0, count; k < p->count; k += count) {
        hf_curve_point *first = &p->points[k];
        for (count = 1; k + count < p->count && first[count].term == first->term;)
            count++;
        for (int32_t i = 0; i < count; i++)
            hf_refit_row(features + (size_t)i * size, b->refit, blocks->rows[first[i].place], scratch);
        deviate(deviation, b, first, count, features, mean);
        set_band(first, count, deviation, made, scratch);
    }
done:
    hf_delete(b->context, residual);
    hf_delete(b->context, mean);
    hf_delete(b->context, features);
    hf_delete(b->context, deviation);
    hf_delete(b->context, scratch);
    return status;
}

int32_t hf_curve_bands_fit(const hf_refit *refit)
{
    const double rows = fmin((double)refit->blocks.row_count, MOST_ROWS);
    return (int32_t)fmin(fmax(WORK / (rows * (double)refit->blocks.count), LEAST), MOST);
}

hf_status hf_curve_bands(hf_curve_points *points, int32_t *made, const hf_refit *refit, int32_t replicates,
                         uint64_t seed, hf_error *error)
{
    const size_t size = (size_t)refit->blocks.features + 1;
    bootstrap b = {.context = refit->context, .refit = refit, .replicates = replicates, .seed = seed};
    int32_t good = 0;
    hf_status status = HF_OK;
    b.account = hf_new_raw(b.context, (size_t)refit->blocks.row_count, sizeof *b.account);
    b.weights = hf_new(b.context, (size_t)replicates * size, sizeof *b.weights);
    b.good = hf_new(b.context, (size_t)replicates, sizeof *b.good);
    if (!b.account || !b.weights || !b.good) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, number_accounts(&b, error));
    b.drawn = (int32_t)ceil(b.accounts * fmin(1.0, MOST_ROWS / (double)refit->blocks.row_count));
    HF_TRY(done, fit_all(&b, error));
    for (int32_t r = 0; r < replicates; r++)
        good += b.good[r];
    if (good >= LEAST) HF_TRY(done, set_bands(points, good, &b, error));
    *made = good;
done:
    hf_delete(b.context, b.account);
    hf_delete(b.context, b.weights);
    hf_delete(b.context, b.good);
    return status;
}
