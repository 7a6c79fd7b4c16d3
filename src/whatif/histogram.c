// SPDX-License-Identifier: Apache-2.0
//
// AUC from two histograms: the share of pairs, one with the outcome and one without, in which the one with it
// has the lower health, pairs in one bin counting half (Mann and Whitney 1947). Only those pairs can be
// wrong.
#include "whatif/whatif_room.h"

#include <math.h>

double hf_histogram_auc(double *most_error, const uint32_t *without, const uint32_t *with)
{
    double others = 0, events = 0, higher = 0, shared = 0, above = 0;
    for (int32_t b = 0; b < HF_WHATIF_BINS; b++) {
        others += without[b];
        events += with[b];
    }
    for (int32_t b = HF_WHATIF_BINS - 1; b >= 0; b--) {
        higher += (double)with[b] * above;
        shared += (double)with[b] * (double)without[b];
        above += without[b];
    }
    const double pairs = others * events;
    *most_error = pairs > 0 ? shared / 2 / pairs : NAN;
    return pairs > 0 ? (higher + shared / 2) / pairs : NAN;
}
