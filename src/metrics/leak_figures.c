// SPDX-License-Identifier: Apache-2.0
//
// How well one signal alone tells the outcome, from its profile: the AUC of its values, the AUC of its bins
// in the order of their event rates (a code whose middle value means "gone" has no AUC to speak of), and what
// having a value at all says. Each comes with the low end of its interval: Newcombe's for an AUC (2006,
// method 5), Wilson's for a share (1927).
#include "metrics/metrics_room.h"
#include "metrics/profile_bins.h"

#include <math.h>

#define NORMAL_975 1.959963984540054

enum { HALVINGS = 50 };

// Variance of an AUC whose truth is `a` (Hanley and McNeil 1982), the class sizes evened out.
static double variance_of(double a, double events, double others)
{
    double even = (events + others) / 2 - 1;
    return a * (1 - a) * (1 + even * (1 - a) / (2 - a) + even * a / (1 + a)) / (events * others);
}

double hf_auc_low(double auc, int64_t events, int64_t others)
{
    if (isnan(auc) || events < 1 || others < 1) return 0;
    double low = 0.5, high = auc;
    if (high <= low) return auc;
    // The least truth from which the AUC seen is no more than 1.96 standard errors away.
    for (int i = 0; i < HALVINGS; i++) {
        double a = (low + high) / 2;
        if ((auc - a) * (auc - a) > NORMAL_975 * NORMAL_975 * variance_of(a, (double)events, (double)others))
            low = a;
        else
            high = a;
    }
    return low;
}

static double either_way(double auc)
{
    return isnan(auc) ? 0 : fmax(auc, 1 - auc);
}

// AUC of the bins that hold values, the lowest rate first.
static double auc_of_bins(const hf_profile *profile)
{
    const hf_profile_bin *sorted[HF_PROFILE_BINS];
    int32_t count = 0;
    hf_pairs pairs = {0};
    for (int32_t b = 0; b < profile->bin_count; b++) {
        const hf_profile_bin *bin = &profile->bins[b];
        if (bin->kind == HF_BIN_MISSING || bin->labelled == 0) continue;
        int32_t place = count++;
        for (; place > 0 && sorted[place - 1]->rate > bin->rate; place--)
            sorted[place] = sorted[place - 1];
        sorted[place] = bin;
    }
    for (int32_t b = 0; b < count; b++) {
        const hf_tally tally = {sorted[b]->rows, sorted[b]->labelled, sorted[b]->events};
        hf_pairs_take(&pairs, &tally);
    }
    return hf_pairs_auc(&pairs, NULL);
}

// Rows with a value, or without, that are nearly all of one class, which is not the rule among the others: "a
// date of leaving is there for those who left, and for no one else".
static void find_purity(hf_leak_figures *f)
{
    const int64_t lacking[2] = {f->all[0] - f->filled[0], f->all[1] - f->filled[1]};
    for (int filled = 0; filled < 2; filled++) {
        const int64_t *here = filled ? f->filled : lacking, *there = filled ? lacking : f->filled;
        int64_t rows = here[0] + here[1], others = there[0] + there[1];
        if (rows == 0 || others == 0) continue;
        int rarer = 2 * there[1] <= others;
        double low, high, share = (double)here[rarer] / (double)rows;
        hf_wilson(&low, &high, here[rarer], rows);
        if (low <= f->pure_low) continue;
        f->pure = share;
        f->pure_low = low;
        f->pure_rows = rows;
        f->filled_tells = filled;
    }
}

hf_leak_figures hf_leak_figure(const hf_profile *profile)
{
    hf_leak_figures f = {.all = {profile->labelled - profile->events, profile->events}};
    f.filled[0] = f.all[0];
    f.filled[1] = f.all[1];
    for (int32_t b = 0; b < profile->bin_count; b++) {
        const hf_profile_bin *bin = &profile->bins[b];
        if (bin->kind != HF_BIN_MISSING) continue;
        f.filled[0] -= bin->labelled - bin->events;
        f.filled[1] -= bin->events;
    }
    f.auc = fmax(either_way(profile->auc), either_way(auc_of_bins(profile)));
    f.auc_low = hf_auc_low(f.auc, f.filled[1], f.filled[0]);
    f.gap_auc = either_way(profile->missing_auc);
    f.gap_low = hf_auc_low(f.gap_auc, f.all[1], f.all[0]);
    find_purity(&f);
    return f;
}
