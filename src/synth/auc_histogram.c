// SPDX-License-Identifier: Apache-2.0
//
// AUC from counts over narrow bins of the score: the Mann-Whitney statistic with ties half, in one walk over
// the bins. Memory does not grow with the rows, and adding is a matter of two increments.
#include "synth/auc_histogram.h"

#include <math.h>

enum { BINS = 1 << 20, BINS_A_UNIT = 1 << 15 };

hf_status hf_auc_histogram_create(hf_auc_histogram *out, const hf_context *context, hf_error *error)
{
    hf_auc_histogram made = {.rows = hf_new(context, BINS, sizeof *made.rows),
                             .events = hf_new(context, BINS, sizeof *made.events),
                             .low = BINS};
    if (!made.rows || !made.events) {
        hf_auc_histogram_free(context, &made);
        return hf_fail_memory(error);
    }
    *out = made;
    return HF_OK;
}

void hf_auc_histogram_free(const hf_context *context, hf_auc_histogram *histogram)
{
    hf_delete(context, histogram->rows);
    hf_delete(context, histogram->events);
}

void hf_auc_histogram_add(hf_auc_histogram *histogram, const double *log_odds, const uint8_t *event,
                          int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double at = (log_odds[i] + 16.0) * BINS_A_UNIT;
        int32_t bin = at <= 0.0 ? 0 : at >= BINS - 1 ? BINS - 1 : (int32_t)at;
        if (bin < histogram->low) histogram->low = bin;
        if (bin >= histogram->high) histogram->high = bin + 1;
        histogram->rows[bin]++;
        histogram->events[bin] += event[i];
    }
}

void hf_auc_histogram_pour(hf_auc_histogram *to, hf_auc_histogram *from)
{
    for (int32_t b = from->low; b < from->high; b++) {
        to->rows[b] += from->rows[b];
        to->events[b] += from->events[b];
        from->rows[b] = from->events[b] = 0;
    }
    if (from->low < to->low) to->low = from->low;
    if (from->high > to->high) to->high = from->high;
    from->low = BINS;
    from->high = 0;
}

double hf_auc_histogram_auc(const hf_auc_histogram *histogram)
{
    double won = 0.0, others_below = 0.0, events = 0.0;
    for (int32_t b = histogram->low; b < histogram->high; b++) {
        double event = (double)histogram->events[b], other = (double)histogram->rows[b] - event;
        won += event * (others_below + 0.5 * other);
        others_below += other;
        events += event;
    }
    return events > 0.0 && others_below > 0.0 ? won / (events * others_below) : NAN;
}
