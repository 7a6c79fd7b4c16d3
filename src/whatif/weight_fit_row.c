// SPDX-License-Identifier: Apache-2.0
//
// A row with missing scores filled in. Under given weights a missing measure's weight goes to others, within
// the cap of inheritance, and the rest scores neutral; the same health comes of a missing measure that scores
// what its group does, and of a missing group that scores what health does. Those are the substitutes, so the
// non-linear rule is a plain weighted sum at these weights.
#include "whatif/weight_fit.h"

#include <math.h>

typedef struct {
    double share, present; // weight of all its columns, and of those with a score
    double points;         // of those with a score: weight x score
} group_sums;

static group_sums add_up(const hf_weight_rows *r, const double *weight, const float *score, int32_t begin,
                         int32_t end)
{
    group_sums sums = {0};
    for (int32_t c = begin; c < end; c++) {
        sums.share += weight[c];
        if (isnan(score[c])) continue;
        sums.present += weight[c];
        sums.points += weight[c] * (double)score[c];
    }
    (void)r;
    return sums;
}

static int32_t group_end(const hf_weight_rows *r, int32_t begin)
{
    int32_t end = begin + 1;
    while (end < r->columns && r->group[end] == r->group[begin])
        end++;
    return end;
}

// What a group scores that has a score: its measures' mean, and neutral for what the cap takes away.
static double group_score(const hf_weight_rows *r, const group_sums *sums, double effective)
{
    const double mean = sums->points / sums->present;
    if (effective >= sums->share) return mean;
    return (effective * mean + (sums->share - effective) * r->neutral) / sums->share;
}

static double effective_of(const hf_weight_rows *r, const group_sums *sums, double all)
{
    return sums->share * fmin(1.0 / all, r->max_inherit * sums->present / sums->share);
}

static void fill_group(double *lost, const float *score, int32_t begin, int32_t end, double missing)
{
    for (int32_t c = begin; c < end; c++)
        lost[c] = 1.0 - (isnan(score[c]) ? missing : (double)score[c]) / 100.0;
}

void hf_weight_fit_row(double *lost, const hf_weight_rows *r, const double *weight, int64_t row)
{
    const float *score = r->score + row * r->columns;
    double all = 0.0, raw = 0.0, assigned = 0.0, known = 0.0;
    bool whole = true;
    for (int32_t c = 0; c < r->columns; c++) {
        lost[c] = 1.0 - (double)score[c] / 100.0;
        whole = whole && !isnan(score[c]);
    }
    if (whole) return;
    for (int32_t begin = 0, end; begin < r->columns; begin = end) {
        end = group_end(r, begin);
        const group_sums sums = add_up(r, weight, score, begin, end);
        if (sums.present > 0.0) all += sums.share;
    }
    for (int32_t begin = 0, end; begin < r->columns; begin = end) {
        end = group_end(r, begin);
        const group_sums sums = add_up(r, weight, score, begin, end);
        if (!(sums.present > 0.0)) continue;
        const double effective = effective_of(r, &sums, all), whole_score = group_score(r, &sums, effective);
        const double gone = sums.share - sums.present;
        fill_group(lost, score, begin, end,
                   gone > 0.0 ? (sums.share * whole_score - sums.points) / gone : whole_score);
        raw += effective * sums.points / sums.present;
        assigned += effective;
        known += sums.share * whole_score;
    }
    raw += fmax(1.0 - assigned, 0.0) * r->neutral;
    for (int32_t begin = 0, end; begin < r->columns; begin = end) {
        end = group_end(r, begin);
        const group_sums sums = add_up(r, weight, score, begin, end);
        if (!(sums.present > 0.0))
            fill_group(lost, score, begin, end, all < 1.0 - 1e-12 ? (raw - known) / (1.0 - all) : raw);
    }
}
