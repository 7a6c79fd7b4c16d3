// SPDX-License-Identifier: Apache-2.0
//
// A shifted base rate (the intercept alone), Platt scaling (Platt 1999: intercept and slope by maximum
// likelihood, here from log-odds) and isotonic regression (pool adjacent violators; Zadrozny and Elkan 2002)
// as a piecewise-linear curve through the blocks' means. Ranks stay: every curve rises throughout.
#include "churn/calibration_fit.h"

#include "metrics/metrics_room.h"

#include <math.h>
#include <stdlib.h>

// Rows of the rarer class that a method needs; and the bins isotonic regression begins with.
enum { LEAST_ROWS = 50, LEAST_ISOTONIC = 1000, BINS = 50 };
// A steeper piece would blow up what rounding leaves of a sum in single precision.
#define STEEPEST 4.0

typedef struct {
    double at, rows, events; // at: sum of log-odds
} block;

static double block_log_odds(const block *b)
{
    return log((b->events + 0.5) / (b->rows - b->events + 0.5));
}

static double block_at(const block *b)
{
    return b->at / b->rows;
}

// Whether two blocks in a row are to be one: falling, level, or rising too steeply.
static bool must_join(const block *a, const block *b)
{
    const double rise = block_log_odds(b) - block_log_odds(a), run = block_at(b) - block_at(a);
    return !(rise > 0.0 && run > 0.0 && rise <= STEEPEST * run);
}

typedef struct {
    double log_odds;
    uint8_t label;
} row;

static int compare_rows(const void *a, const void *b)
{
    const row *x = a, *y = b;
    if (x->log_odds < y->log_odds || x->log_odds > y->log_odds) return x->log_odds < y->log_odds ? -1 : 1;
    return x->label - y->label;
}

// Bins of about as many rows, equal log-odds together, joined until they rise; returns how many are left.
static int32_t pool(block blocks[BINS], const row *sorted, int64_t rows)
{
    int32_t count = 0;
    int64_t i = 0;
    for (int32_t bin = 0; bin < BINS && i < rows; bin++) {
        const int64_t until = rows * (bin + 1) / BINS;
        block b = {0};
        for (; i < rows && (i < until || (b.rows > 0 && sorted[i].log_odds <= sorted[i - 1].log_odds)); i++) {
            b.at += sorted[i].log_odds;
            b.rows += 1.0;
            b.events += sorted[i].label;
        }
        if (b.rows <= 0.0) continue;
        blocks[count++] = b;
        while (count > 1 && must_join(&blocks[count - 2], &blocks[count - 1])) {
            blocks[count - 2].at += blocks[count - 1].at;
            blocks[count - 2].rows += blocks[count - 1].rows;
            blocks[count - 2].events += blocks[count - 1].events;
            count--;
        }
    }
    return count;
}

// Straight between the blocks; with slope 1 beyond them, where nothing was seen.
static hf_status curve_through(hf_curve *out, const hf_context *context, const block *blocks, int32_t count,
                               hf_error *error)
{
    hf_curve curve = {.low = -INFINITY, .high = INFINITY, .origin = block_at(&blocks[0]), .slope = 1.0};
    curve.intercept = block_log_odds(&blocks[0]);
    curve.hinges = count;
    curve.hinge_at = hf_new(context, (size_t)count, sizeof *curve.hinge_at);
    curve.hinge_slope = hf_new(context, (size_t)count, sizeof *curve.hinge_slope);
    if (!curve.hinge_at || !curve.hinge_slope) {
        hf_curve_free(context, &curve);
        return hf_fail_memory(error);
    }
    double before = 1.0;
    for (int32_t k = 0; k < count; k++) {
        const bool last = k + 1 == count;
        const double slope = last ? 1.0
                                  : (block_log_odds(&blocks[k + 1]) - block_log_odds(&blocks[k])) /
                                        (block_at(&blocks[k + 1]) - block_at(&blocks[k]));
        curve.hinge_at[k] = block_at(&blocks[k]) - curve.origin;
        curve.hinge_slope[k] = slope - before;
        before = slope;
    }
    *out = curve;
    return HF_OK;
}

static hf_status fit_isotonic(hf_curve *out, bool *good, const hf_context *context, const double *log_odds,
                              const uint8_t *label, int64_t rows, hf_error *error)
{
    hf_status status = HF_OK;
    block blocks[BINS];
    row *sorted = hf_new_raw(context, (size_t)rows, sizeof *sorted);
    if (!sorted) return hf_fail_memory(error);
    for (int64_t i = 0; i < rows; i++)
        sorted[i] = (row){log_odds[i], label[i]};
    qsort(sorted, (size_t)rows, sizeof *sorted, compare_rows);
    const int32_t count = pool(blocks, sorted, rows);
    *good = count > 1;
    if (*good) status = curve_through(out, context, blocks, count, error);
    hf_delete(context, sorted);
    return status;
}

static hf_status fit_line(hf_curve *out, bool *good, const hf_context *context, bool scaled,
                          const double *log_odds, const uint8_t *label, int64_t rows, hf_error *error)
{
    const size_t n = (size_t)rows;
    double *ones = hf_new_raw(context, 2 * n, sizeof *ones), *events = ones + n;
    if (!ones) return hf_fail_memory(error);
    for (int64_t i = 0; i < rows; i++) {
        ones[i] = 1.0;
        events[i] = label[i];
    }
    const hf_recalibration found = hf_recalibrate(log_odds, ones, events, rows, NULL);
    hf_delete(context, ones);
    const hf_curve curve = {.low = -INFINITY,
                            .high = INFINITY,
                            .intercept = scaled ? found.intercept : found.in_the_large,
                            .slope = scaled ? found.slope : 1.0};
    *good = hf_calibration_rises(&curve) && curve.slope <= STEEPEST;
    if (*good) *out = curve;
    return HF_OK;
}

static int64_t rarer_of(int64_t rows, int64_t events)
{
    return 2 * events < rows ? events : rows - events;
}

bool hf_calibration_enough(int64_t rows, int64_t events)
{
    return rarer_of(rows, events) >= LEAST_ROWS;
}

hf_status hf_calibration_fit(hf_curve *out, bool *good, const hf_context *context, hf_calibrate method,
                             const double *log_odds, const uint8_t *label, int64_t rows, hf_error *error)
{
    int64_t events = 0;
    for (int64_t i = 0; i < rows; i++)
        events += label[i];
    *good = false;
    if (rarer_of(rows, events) < (method == HF_CALIBRATE_ISOTONIC ? LEAST_ISOTONIC : LEAST_ROWS))
        return HF_OK;
    if (method == HF_CALIBRATE_ISOTONIC)
        return fit_isotonic(out, good, context, log_odds, label, rows, error);
    return fit_line(out, good, context, method == HF_CALIBRATE_PLATT, log_odds, label, rows, error);
}

bool hf_calibration_rises(const hf_curve *c)
{
    if (isfinite(c->low) || isfinite(c->high) || c->steps > 0) return false;
    if (!isfinite(c->origin) || !isfinite(c->intercept)) return false;
    double slope = c->slope;
    bool rises = isfinite(slope) && slope > 0.0;
    for (int32_t k = 0; k < c->hinges && rises; k++) {
        slope += c->hinge_slope[k];
        rises = isfinite(c->hinge_at[k]) && isfinite(slope) && slope > 0.0;
    }
    return rises;
}
