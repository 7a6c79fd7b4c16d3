// SPDX-License-Identifier: Apache-2.0
//
// All metrics from one walk over the ranked rows, each row counted as often as its unit was drawn. Counts are
// whole numbers and kept as such: AUC (Mann and Whitney 1947), KS and the edges of the ten bins are exact,
// and rows of equal probability enter as one group, so that their order cannot matter. A group that spans an
// edge of the bins is shared between them in proportion.
#include "metrics/ranking.h"

#include <math.h>

enum { BINS = 10 };

typedef struct {
    uint64_t rows, events;           // in all
    uint64_t seen, hits;             // so far, highest probability first
    uint64_t concordant;             // twice the pairs won, a tie counting one
    uint64_t gap;                    // largest |hits x non-events - misses x events|
    double precision, loss, squares; // sums
    int bin;                         // the one that the next row falls in
    double excess[BINS];             // sum of p - label, in tenths of a row
    double top_hits;                 // events of the first bin, in tenths
} sweep;

static void count_all(sweep *s, const hf_ranking *ranking, const uint32_t *count)
{
    uint64_t rows = 0, events = 0;
    for (int64_t i = 0; i < ranking->rows; i++) {
        uint32_t unit = ranking->unit[i];
        uint64_t c = count ? count[unit >> 1] : 1;
        rows += c;
        events += (unit & 1) ? c : 0;
    }
    s->rows = rows;
    s->events = events;
}

// Shares a group among the bins; bin b holds the places [b rows / 10, (b + 1) rows / 10), here times ten.
static void share_group(sweep *s, double p, uint64_t rows, uint64_t events)
{
    double rate = (double)events / (double)rows;
    uint64_t at = BINS * s->seen, end = BINS * (s->seen + rows);
    while (at < end) {
        uint64_t edge = (uint64_t)(s->bin + 1) * s->rows;
        uint64_t stop = end < edge ? end : edge;
        double part = (double)(stop - at);
        s->excess[s->bin] += part * (p - rate);
        if (s->bin == 0) s->top_hits += part * rate;
        if (stop == edge && s->bin < BINS - 1) s->bin++;
        at = stop;
    }
}

static void take_group(sweep *s, const hf_ranking *ranking, int64_t group, uint64_t rows, uint64_t events)
{
    double p = ranking->probability[group];
    uint64_t others = rows - events;
    share_group(s, p, rows, events);
    s->concordant += others * (2 * s->hits + events);
    s->seen += rows;
    s->hits += events;
    uint64_t won = s->hits * (s->rows - s->events), lost = (s->seen - s->hits) * s->events;
    uint64_t gap = won > lost ? won - lost : lost - won;
    if (gap > s->gap) s->gap = gap;
    if (events) {
        s->precision += (double)events * ((double)s->hits / (double)s->seen);
        s->loss += (double)events * ranking->event_loss[group];
        s->squares += (double)events * ((1.0 - p) * (1.0 - p));
    }
    if (others) {
        s->loss += (double)others * ranking->no_event_loss[group];
        s->squares += (double)others * (p * p);
    }
}

static hf_metrics finish(const sweep *s)
{
    double rows = (double)s->rows, events = (double)s->events, pairs = events * (rows - events);
    hf_metrics m = {.auc = NAN, .pr_auc = NAN, .ks = NAN, .lift_10 = NAN};
    m.n = (int64_t)s->rows;
    m.events = (int64_t)s->events;
    m.log_loss = s->loss / rows;
    m.brier = s->squares / rows;
    for (int b = 0; b < BINS; b++)
        m.ece += fabs(s->excess[b]);
    m.ece /= BINS * rows;
    if (pairs > 0.0) {
        m.auc = (double)s->concordant / (2.0 * pairs);
        m.ks = (double)s->gap / pairs;
    }
    if (s->events) {
        m.pr_auc = s->precision / events;
        // (hits / (rows / 10)) / (events / rows), and the hits are in tenths
        m.lift_10 = s->top_hits / events;
    }
    return m;
}

hf_metrics hf_ranking_metrics(const hf_ranking *ranking, const uint32_t *count, const hf_sweep_space *space)
{
    sweep s = {0};
    count_all(&s, ranking, count);
    for (int64_t g = 0; g < ranking->groups; g++) {
        uint64_t rows = 0, events = 0;
        for (uint32_t i = ranking->first[g]; i < ranking->first[g + 1]; i++) {
            uint32_t unit = ranking->unit[i];
            uint64_t c = count ? count[unit >> 1] : 1;
            rows += c;
            events += (unit & 1) ? c : 0;
        }
        if (rows) take_group(&s, ranking, g, rows, events);
        if (!count) continue;
        space->rows[g] = (double)rows;
        space->events[g] = (double)events;
    }
    hf_metrics m = finish(&s);
    hf_recalibration found = ranking->recalibration;
    if (count) found = hf_recalibrate(ranking->log_odds, space->rows, space->events, ranking->groups, &found);
    m.calibration_slope = found.slope;
    m.calibration_intercept = found.in_the_large;
    return m;
}
