// SPDX-License-Identifier: Apache-2.0
//
// The outcome over a signal's bins: rates with Wilson's score interval (Wilson 1927), information value, that
// is the divergence between the bins' shares of events and of non-events (Kullback and Leibler 1951, J), how
// steadily the rate rises, and AUC by counting pairs with its standard error (Hanley and McNeil 1982).
#include "metrics/profile_bins.h"

#include <math.h>

#define NORMAL_975 1.959963984540054

void hf_wilson(double *low, double *high, int64_t events, int64_t n)
{
    *low = *high = NAN;
    if (n <= 0) return;
    double z2 = NORMAL_975 * NORMAL_975, count = (double)n, p = (double)events / count;
    double centre = (p + z2 / (2 * count)) / (1 + z2 / count);
    double half = NORMAL_975 / (1 + z2 / count) * sqrt(p * (1 - p) / count + z2 / (4 * count * count));
    // At the ends the sum is 0 or 1 but for rounding.
    *low = events == 0 ? 0 : fmax(0, centre - half);
    *high = events == n ? 1 : fmin(1, centre + half);
}

void hf_pairs_take(hf_pairs *pairs, const hf_tally *tally)
{
    uint64_t events = (uint64_t)tally->events, others = (uint64_t)(tally->labelled - tally->events);
    pairs->won += events * (2 * pairs->others + others);
    pairs->events += events;
    pairs->others += others;
}

double hf_pairs_auc(const hf_pairs *pairs, double *error)
{
    double e = (double)pairs->events, o = (double)pairs->others;
    if (error) *error = NAN;
    if (pairs->events == 0 || pairs->others == 0) return NAN;
    double a = (double)pairs->won / (2 * e * o);
    if (error) {
        double q1 = a / (2 - a), q2 = 2 * a * a / (1 + a);
        double variance = (a * (1 - a) + (e - 1) * (q1 - a * a) + (o - 1) * (q2 - a * a)) / (e * o);
        *error = sqrt(fmax(0, variance));
    }
    return a;
}

hf_profile_bin *hf_profile_add_bin(hf_profile *profile, hf_profile_bin_kind kind, const hf_tally *tally)
{
    hf_profile_bin *bin = &profile->bins[profile->bin_count++];
    *bin = (hf_profile_bin){.kind = kind,
                            .low = NAN,
                            .high = NAN,
                            .level = -1,
                            .rows = tally->rows,
                            .labelled = tally->labelled,
                            .events = tally->events};
    return bin;
}

static double information_value(const hf_profile *profile, double events, double others)
{
    double sum = 0, half = 0.5, bins = profile->bin_count;
    for (int32_t b = 0; b < profile->bin_count; b++) {
        const hf_profile_bin *bin = &profile->bins[b];
        double p = ((double)bin->events + half) / (events + half * bins);
        double q = ((double)(bin->labelled - bin->events) + half) / (others + half * bins);
        sum += (p - q) * log(p / q);
    }
    return sum;
}

static double monotonicity(const hf_profile *profile)
{
    double first = NAN, last = NAN, steps = 0;
    for (int32_t b = 0; b < profile->bin_count; b++) {
        const hf_profile_bin *bin = &profile->bins[b];
        if (bin->kind != HF_BIN_VALUES || bin->labelled == 0) continue;
        if (isnan(first))
            first = bin->rate;
        else
            steps += fabs(bin->rate - last);
        last = bin->rate;
    }
    return steps > 0 ? (last - first) / steps : (double)NAN;
}

void hf_profile_finish_bins(hf_profile *profile)
{
    hf_pairs missing = {0};
    hf_tally there = {0};
    const hf_profile_bin *gap = NULL;
    for (int32_t b = 0; b < profile->bin_count; b++) {
        hf_profile_bin *bin = &profile->bins[b];
        bin->rate = bin->labelled > 0 ? (double)bin->events / (double)bin->labelled : (double)NAN;
        hf_wilson(&bin->rate_low, &bin->rate_high, bin->events, bin->labelled);
        profile->labelled += bin->labelled;
        profile->events += bin->events;
        if (bin->kind == HF_BIN_MISSING) {
            gap = bin;
        } else {
            there.labelled += bin->labelled;
            there.events += bin->events;
        }
    }
    profile->iv = profile->iv_noise = profile->monotonicity = profile->missing_auc = NAN;
    double events = (double)profile->events, others = (double)(profile->labelled - profile->events);
    if (profile->events == 0 || profile->events == profile->labelled) return;
    profile->iv = information_value(profile, events, others);
    // Under no relation each bin's share differs by chance alone: chi-squared with bins - 1 degrees of
    // freedom.
    profile->iv_noise = (profile->bin_count - 1) * (1 / events + 1 / others);
    profile->monotonicity = monotonicity(profile);
    if (!gap || there.labelled == 0) return;
    hf_tally gone = {gap->rows, gap->labelled, gap->events};
    hf_pairs_take(&missing, &there);
    hf_pairs_take(&missing, &gone);
    profile->missing_auc = hf_pairs_auc(&missing, NULL);
}
