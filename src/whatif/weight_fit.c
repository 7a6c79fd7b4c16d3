// SPDX-License-Identifier: Apache-2.0
//
// Weights fitted to outcomes, from account-dates to weights with intervals. A logistic with slopes at least 0
// in the points lost (non-negative least squares' idea, Lawson and Hanson 1974, upon a likelihood) is drawn
// toward the proportions people set. A replicate of the bootstrap draws accounts and takes two Newton steps
// from the fit of all rows (Davison and Hinkley 1997 call one step enough); replicate r has the random stream
// r, so threads do not change it.
#include "whatif/weight_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 40, STEPS_AGAIN = 2 };

typedef struct {
    const hf_context *context;
    const hf_weight_rows *rows;
    const hf_weight_fit_options *options;
    hf_weight_fit *fit;
    double scale;
    int64_t accounts;
    double *fitted, *free; // columns + 1: theta of all rows, within limits and without
    double *drawn;         // owned: replicates x 2 columns: weights, slopes
} fitting;

static hf_status solve(double *theta, const fitting *f, const double *times, bool freely, int32_t steps)
{
    const hf_weight_problem problem = {f->rows, times, f->scale, f->fit->strength, freely, steps};
    return hf_weight_solve(theta, f->context, &problem, NULL);
}

static hf_status check_rows(const hf_weight_rows *rows, hf_error *error)
{
    int64_t events = 0;
    for (int64_t i = 0; i < rows->rows; i++)
        events += rows->label[i];
    if (events > 0 && events < rows->rows) return HF_OK;
    return hf_fail(error, HF_ERROR_TOO_LITTLE,
                   "%lld of %lld account-dates to fit by have the outcome; weights cannot be told from that",
                   (long long)events, (long long)rows->rows);
}

// ---- replicates ----------------------------------------------------------------------------------------------

static hf_status draw(const fitting *f, int32_t replicate)
{
    const int32_t columns = f->rows->columns;
    const size_t size = (size_t)columns + 1;
    double *count = hf_weight_new(f->context, (size_t)f->accounts, sizeof *count);
    double *times = hf_weight_new(f->context, (size_t)f->rows->rows, sizeof *times);
    double *theta = hf_weight_new(f->context, size, sizeof *theta), events = 0, total = 0;
    double *out = f->drawn + (ptrdiff_t)replicate * 2 * columns;
    hf_random random = hf_random_seed(f->options->seed, (uint64_t)replicate);
    hf_status status = count && times && theta ? HF_OK : HF_ERROR_MEMORY;
    if (status != HF_OK) goto done;
    for (int64_t i = 0; i < f->accounts; i++)
        count[hf_random_below(&random, (uint64_t)f->accounts)]++;
    for (int64_t i = 0; i < f->rows->rows; i++) {
        times[i] = count[f->rows->account[i]];
        total += times[i];
        events += times[i] * f->rows->label[i];
    }
    for (int32_t c = 0; c < 2 * columns; c++)
        out[c] = NAN;
    if (!(events > 0 && events < total)) goto done;
    memcpy(theta, f->free, size * sizeof *theta);
    HF_TRY(done, solve(theta, f, times, true, STEPS_AGAIN));
    memcpy(out + columns, theta + 1, (size_t)columns * sizeof *out);
    if (isinf(f->fit->strength)) goto done;
    memcpy(theta, f->fitted, size * sizeof *theta);
    HF_TRY(done, solve(theta, f, times, false, STEPS_AGAIN));
    hf_weight_shares(out, theta, f->rows);
done:
    hf_weight_delete(f->context, theta);
    hf_weight_delete(f->context, times);
    hf_weight_delete(f->context, count);
    return status;
}

static hf_status draw_all(fitting *f, hf_error *error)
{
    const int threads = hf_context_threads(f->context);
    const int32_t count = f->options->replicates, together = 4 * threads;
    for (int32_t from = 0; from < count; from += together) {
        const int32_t to = from + together < count ? from + together : count;
        int failed = 0;
        const hf_status status = hf_check_cancel(f->context, error);
        if (status != HF_OK) return status;
        hf_progress(f->context, "resampling accounts", from, count);
#pragma omp parallel for num_threads(threads) schedule(dynamic) default(none) shared(f) \
    firstprivate(from, to) reduction(|                                                  \
                                     : failed)
        for (int32_t r = from; r < to; r++)
            failed |= draw(f, r) != HF_OK;
        if (failed) return hf_fail_memory(error);
    }
    hf_progress(f->context, "resampling accounts", count, count);
    return HF_OK;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

// Between order statistics in proportion (Hyndman and Fan 1996, type 7).
static double quantile(const double *sorted, int32_t n, double at)
{
    const double place = at * (n - 1);
    const int32_t below = (int32_t)place, above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}

static void interval(double *low, double *high, const fitting *f, int32_t column, double *room)
{
    int32_t n = 0;
    for (int32_t r = 0; r < f->options->replicates; r++) {
        const double x = f->drawn[(ptrdiff_t)r * 2 * f->rows->columns + column];
        if (!isnan(x)) room[n++] = x;
    }
    if (n == 0) return;
    qsort(room, (size_t)n, sizeof *room, ascending);
    *low = quantile(room, n, f->options->alpha / 2);
    *high = quantile(room, n, 1.0 - f->options->alpha / 2);
}

static hf_status resample(fitting *f, hf_error *error)
{
    const int32_t columns = f->rows->columns, replicates = f->options->replicates;
    hf_weight_fit *fit = f->fit;
    hf_status status = HF_OK;
    if (replicates <= 0) return HF_OK;
    double *room = hf_new(f->context, (size_t)replicates, sizeof *room);
    f->drawn = hf_new(f->context, (size_t)replicates * 2, (size_t)columns * sizeof *f->drawn);
    if (!room || !f->drawn) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, draw_all(f, error));
    for (int32_t c = 0; c < columns; c++) {
        interval(&fit->low[c], &fit->high[c], f, c, room);
        interval(&fit->slope_low[c], &fit->slope_high[c], f, columns + c, room);
    }
done:
    hf_delete(f->context, room);
    return status;
}

// ---- the fit -------------------------------------------------------------------------------------------------

static hf_status make_room(hf_weight_fit *fit, int32_t columns, hf_error *error)
{
    fit->columns = columns;
    fit->weight = hf_new(fit->context, (size_t)columns, 6 * sizeof *fit->weight);
    if (!fit->weight) return hf_fail_memory(error);
    double **const parts[] = {&fit->low, &fit->high, &fit->slope, &fit->slope_low, &fit->slope_high};
    for (int32_t i = 0; i < 5; i++)
        *parts[i] = fit->weight + (ptrdiff_t)(i + 1) * columns;
    for (int32_t c = 0; c < 6 * columns; c++)
        fit->weight[c] = NAN;
    for (int32_t k = 0; k < HF_FIT_STRENGTHS; k++)
        fit->path[k] = (hf_fit_strength){hf_fit_strengths[k], NAN, NAN};
    return HF_OK;
}

static hf_status fit_all(fitting *f, hf_error *error)
{
    const hf_weight_rows *rows = f->rows;
    const int32_t columns = rows->columns;
    hf_weight_begin(f->free, rows);
    memcpy(f->fitted, f->free, ((size_t)columns + 1) * sizeof *f->fitted);
    if (solve(f->free, f, NULL, true, STEPS) != HF_OK || solve(f->fitted, f, NULL, false, STEPS) != HF_OK)
        return hf_fail_memory(error);
    hf_weight_shares(f->fit->weight, f->fitted, rows);
    if (isinf(f->fit->strength))
        memcpy(f->fit->weight, rows->present, (size_t)columns * sizeof *f->fit->weight);
    memcpy(f->fit->slope, f->free + 1, (size_t)columns * sizeof *f->fit->slope);
    return HF_OK;
}

hf_status hf_weight_fit_run(hf_weight_fit *out, const hf_context *context, const hf_weight_rows *rows,
                            const hf_weight_fit_options *options, hf_error *error)
{
    hf_weight_fit fit = {.context = context, .strength = options->shrink};
    fitting f = {.context = context, .rows = rows, .options = options, .fit = &fit};
    hf_status status;
    HF_TRY(done, check_rows(rows, error));
    HF_TRY(done, make_room(&fit, rows->columns, error));
    for (int64_t i = 0; i < rows->rows; i++)
        if (rows->account[i] >= f.accounts) f.accounts = rows->account[i] + 1;
    f.fitted = hf_new(context, (size_t)rows->columns + 1, 2 * sizeof *f.fitted);
    if (!f.fitted) {
        status = hf_fail_memory(error);
        goto done;
    }
    f.free = f.fitted + rows->columns + 1;
    HF_TRY(done, hf_weight_scale(&f.scale, context, rows, error));
    if (isnan(options->shrink)) HF_TRY(done, hf_weight_fit_choose(&fit, context, rows, options->seed, error));
    HF_TRY(done, fit_all(&f, error));
    HF_TRY(done, resample(&f, error));
    *out = fit;
    fit = (hf_weight_fit){.context = context};
done:
    hf_weight_fit_free(&fit);
    hf_delete(context, f.fitted);
    hf_delete(context, f.drawn);
    return status;
}

void hf_weight_fit_free(hf_weight_fit *fit)
{
    if (fit->context) hf_delete(fit->context, fit->weight);
    *fit = (hf_weight_fit){0};
}
