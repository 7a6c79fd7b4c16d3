// SPDX-License-Identifier: Apache-2.0
//
// A decision tree of one signal, grown best first (Fayyad and Irani 1993 split by entropy likewise): the leaf
// whose best split gains most is split next.
#include "churn/cuts.h"

#include <math.h>

enum { MOST_LEAVES = 16 };

typedef struct {
    int64_t begin, end, split; // cases; split: the first of the right part
    double gain;               // of the best split, 0 if none
} leaf;

double hf_cut_between(double a, double b)
{
    const double middle = a + 0.5 * (b - a);
    return middle < b ? middle : a;
}

// Entropy times the number of cases, in nats.
static double disorder(double events, double cases)
{
    const double others = cases - events;
    double sum = 0.0;
    if (events > 0) sum -= events * log(events / cases);
    if (others > 0) sum -= others * log(others / cases);
    return sum;
}

static void find_split(leaf *l, const hf_case *cases, int64_t least)
{
    const double n = (double)(l->end - l->begin);
    double events = 0.0, left = 0.0;
    l->gain = 0.0;
    for (int64_t i = l->begin; i < l->end; i++)
        events += cases[i].event;
    const double whole = disorder(events, n);
    for (int64_t i = l->begin + 1; i < l->end; i++) {
        left += cases[i - 1].event;
        if (cases[i].x == cases[i - 1].x || i - l->begin < least || l->end - i < least) continue;
        const double k = (double)(i - l->begin);
        const double gain = whole - disorder(left, k) - disorder(events - left, n - k);
        if (gain <= l->gain) continue;
        l->gain = gain;
        l->split = i;
    }
}

int32_t hf_entropy_cuts(double *cut, int32_t most, const hf_case *cases, int64_t count, int64_t least_rows)
{
    leaf leaves[MOST_LEAVES] = {{.begin = 0, .end = count}};
    int32_t n = 1;
    if (most > MOST_LEAVES - 1) most = MOST_LEAVES - 1;
    find_split(&leaves[0], cases, least_rows);
    while (n <= most) {
        int32_t best = 0;
        for (int32_t i = 1; i < n; i++)
            if (leaves[i].gain > leaves[best].gain) best = i;
        if (!(leaves[best].gain > 1e-9)) break;
        leaf right = {.begin = leaves[best].split, .end = leaves[best].end};
        leaves[best].end = leaves[best].split;
        find_split(&leaves[best], cases, least_rows);
        find_split(&right, cases, least_rows);
        // Leaves stay in order, so that the cuts ascend.
        for (int32_t i = n; i > best + 1; i--)
            leaves[i] = leaves[i - 1];
        leaves[best + 1] = right;
        n++;
    }
    for (int32_t i = 1; i < n; i++)
        cut[i - 1] = hf_cut_between(cases[leaves[i].begin - 1].x, cases[leaves[i].begin].x);
    return n - 1;
}
