// SPDX-License-Identifier: Apache-2.0
//
// The AUC of scores that come by the hundred million: counts over narrow bins instead of a sort.
#ifndef HOLDFAST_SYNTH_AUC_HISTOGRAM_H
#define HOLDFAST_SYNTH_AUC_HISTOGRAM_H

#include "base/base_room.h"

// Counts of rows and events by log-odds, in bins of 2^-15 from -16 to 16; what lies beyond falls in the end
// bins.
typedef struct {
    int64_t *rows, *events; // owned
    int32_t low, high;      // the bins in use are in [low, high)
} hf_auc_histogram;

hf_status hf_auc_histogram_create(hf_auc_histogram *out, const hf_context *context, hf_error *error);
void hf_auc_histogram_free(const hf_context *context, hf_auc_histogram *histogram);

void hf_auc_histogram_add(hf_auc_histogram *histogram, const double *log_odds, const uint8_t *event,
                          int64_t n);
// Adds `from` to `to` and empties `from`.
void hf_auc_histogram_pour(hf_auc_histogram *to, hf_auc_histogram *from);
// The AUC of the log-odds taken down to a multiple of 2^-15, ties half. NaN with one class only.
double hf_auc_histogram_auc(const hf_auc_histogram *histogram);

#endif
