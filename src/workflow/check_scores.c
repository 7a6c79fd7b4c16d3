// SPDX-License-Identifier: Apache-2.0
//
// What scoring makes of a definition and data that fit: how much of the weight is observed, which segments
// and overrides no account reaches and why, which measures tell no account from another.
#include "workflow/checking.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LOW_COVERAGE 0.5
#define MANY 0.2

static double share(int64_t count, int64_t rows)
{
    return rows > 0 ? (double)count / (double)rows : 0;
}

// How many accounts meet a condition.
static hf_status count_matches(int64_t *out, hf_checking *c, const hf_condition *when, hf_error *error)
{
    hf_bound_condition *bound = NULL;
    uint8_t holds[HF_TILE];
    hf_status status = hf_condition_bind(&bound, c->context, when, c->frame, error);
    if (status != HF_OK) return status;
    *out = 0;
    for (int64_t begin = 0; begin < c->frame->rows; begin += HF_TILE) {
        int32_t n = c->frame->rows - begin < HF_TILE ? (int32_t)(c->frame->rows - begin) : HF_TILE;
        hf_condition_run(bound, holds, begin, n);
        for (int32_t i = 0; i < n; i++)
            *out += holds[i];
    }
    hf_condition_unbind(c->context, bound);
    return HF_OK;
}

static hf_status check_segments(hf_checking *c, const hf_health *health, hf_error *error)
{
    const hf_definition *d = c->definition;
    char place[160];
    hf_status status = HF_OK;
    int64_t *count = hf_new(c->context, (size_t)d->segment_count, sizeof *count);
    if (!count) return hf_fail_memory(error);
    for (int64_t i = 0; i < health->rows; i++)
        count[health->segment[i]]++;
    for (int32_t s = 0; s + 1 < d->segment_count; s++) {
        int64_t matches = 0;
        if (count[s] > 0) continue;
        snprintf(place, sizeof place, "segment %.120s", d->segments[s].name);
        HF_TRY(done, count_matches(&matches, c, &d->segments[s].when, error));
        if (matches > 0)
            hf_found(c, HF_FINDING_WARNING, d->segments[s].place.line, place,
                     "move it up, or narrow those before it",
                     "its %lld accounts all fall into segments before it", (long long)matches);
        else
            hf_found(c, HF_FINDING_WARNING, d->segments[s].place.line, place,
                     "correct its condition, or take it out", "no account meets '%.200s'",
                     d->segments[s].when.text);
    }
    int64_t rest = count[d->segment_count - 1];
    if (d->segment_count > 1 && rest > 0)
        hf_found(c, HF_FINDING_NOTE, 0, "segment default", "fine where that is meant",
                 "%lld accounts (%.1f %%) are in no segment but the default", (long long)rest,
                 100 * share(rest, health->rows));
done:
    hf_delete(c->context, count);
    return status;
}

static hf_status check_overrides(hf_checking *c, hf_error *error)
{
    char place[160];
    hf_status status = HF_OK;
    for (int32_t o = 0; o < c->definition->override_count; o++) {
        const hf_override *override = &c->definition->overrides[o];
        int64_t matches = 0;
        HF_TRY(done, count_matches(&matches, c, &override->when, error));
        snprintf(place, sizeof place, "override %.120s", override->name);
        if (matches == 0)
            hf_found(c, HF_FINDING_WARNING, override->place.line, place,
                     "correct its condition, or take it out", "no account meets '%.200s'",
                     override->when.text);
        else if (share(matches, c->frame->rows) > MANY)
            hf_found(c, HF_FINDING_WARNING, override->place.line, place,
                     "an override is for exceptions: weigh a measure instead",
                     "it takes %.1f %% of the accounts", 100 * share(matches, c->frame->rows));
    }
done:
    return status;
}

// Levels of the data that the table does not list, by the accounts that have them.
static void check_levels(hf_checking *c, int32_t m, const hf_column *column)
{
    const hf_measure *measure = &c->definition->measures[m];
    const hf_term *curve = &measure->curve;
    if (measure->percentile || curve->kind != HF_TERM_TABLE || column->storage != HF_STORAGE_CODE) return;
    const int32_t *codes = column->values;
    int64_t unlisted = 0;
    int32_t example = -1;
    for (int32_t k = 0; k < column->dictionary.count; k++) {
        if (hf_dictionary_find(&curve->table.levels, hf_dictionary_text(&column->dictionary, k)) >= 0)
            continue;
        int64_t here = 0;
        for (int64_t i = 0; i < c->frame->rows; i++)
            here += codes[i] == k;
        if (here > 0 && example < 0) example = k;
        unlisted += here;
    }
    if (unlisted > 0)
        hf_found(
            c, HF_FINDING_NOTE, measure->place.line, measure->path, "list it in the table if it matters",
            "%.1f %% of the accounts have a level that is not listed, such as '%.60s', and score as other",
            100 * share(unlisted, c->frame->rows), hf_dictionary_text(&column->dictionary, example));
    for (int32_t k = 0; k < curve->table.levels.count; k++) {
        const char *level = hf_dictionary_text(&curve->table.levels, k);
        if (hf_dictionary_find(&column->dictionary, level) < 0)
            hf_found(c, HF_FINDING_NOTE, measure->place.line, measure->path,
                     "is it written otherwise in the data?", "no account has the level '%.80s'", level);
    }
}

static void check_measure(hf_checking *c, const hf_health *health, int32_t m, hf_signal_coverage *out)
{
    const hf_measure *measure = &c->definition->measures[m];
    const hf_column *column = &c->frame->columns[hf_frame_find(c->frame, measure->signal)];
    const uint8_t *state = health->state + (size_t)m * (size_t)health->rows;
    const float *score = health->measure + (size_t)m * (size_t)health->rows;
    int64_t observed = 0, stale = 0;
    float low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < health->rows; i++) {
        stale += state[i] == HF_STATE_STALE;
        if (state[i] != HF_STATE_OBSERVED) continue;
        observed++;
        low = score[i] < low ? score[i] : low;
        high = score[i] > high ? score[i] : high;
    }
    snprintf(out->signal, sizeof out->signal, "%s", measure->signal);
    out->coverage = share(health->rows - column->missing, health->rows);
    out->stale =
        measure->max_age > 0 && measure->observed_on[0] != '\0' ? share(stale, health->rows) : (double)NAN;
    out->last = NAN;
    int32_t then = c->last ? hf_frame_find(c->last, measure->signal) : -1;
    if (then >= 0) out->last = share(c->last->rows - c->last->columns[then].missing, c->last->rows);
    check_levels(c, m, column);
    if (observed == 0 || out->weight == 0) return;
    if (share(observed, health->rows) < LOW_COVERAGE)
        hf_found(c, HF_FINDING_NOTE, measure->place.line, measure->path, "mind its weight, or fill the feed",
                 "observed for %.1f %% of the accounts", 100 * share(observed, health->rows));
    if (low == high && observed > 1)
        hf_found(c, HF_FINDING_WARNING, measure->place.line, measure->path,
                 "does its curve fit the signal's unit?",
                 "every account scores %.4g: it tells none from another", (double)low);
}

// The nominal weight of each measure in the default segment.
static void weigh(double *weight, const hf_definition *d)
{
    const hf_segment *s = &d->segments[d->segment_count - 1];
    double groups = 0;
    for (int32_t g = 0; g < d->group_count; g++) {
        double sum = 0;
        for (int32_t m = d->groups[g].first; m < d->groups[g].first + d->groups[g].count; m++)
            sum += s->measure_weight[m];
        if (sum > 0) groups += s->group_weight[g];
        for (int32_t m = d->groups[g].first; m < d->groups[g].first + d->groups[g].count; m++)
            weight[m] = sum > 0 ? s->group_weight[g] * s->measure_weight[m] / sum : 0;
    }
    for (int32_t m = 0; m < d->measure_count; m++)
        weight[m] = groups > 0 ? weight[m] / groups : 0;
}

static void check_coverage(hf_checking *c, const hf_health *health)
{
    const hf_definition *d = c->definition;
    int64_t under = 0;
    double sum = 0;
    for (int64_t i = 0; i < health->rows; i++) {
        sum += health->coverage[i];
        under += health->coverage[i] < d->min_coverage;
    }
    c->coverage = health->rows > 0 ? sum / (double)health->rows : (double)NAN;
    c->under_coverage = share(under, health->rows);
    if (!isnan(d->most_unknown) && c->under_coverage > d->most_unknown)
        hf_found(c, HF_FINDING_ERROR, 0, "gates unknown",
                 "fill the feeds, lower min_coverage, or move the gate",
                 "%.1f %% of the accounts would be unknown; the gate allows %.1f %%", 100 * c->under_coverage,
                 100 * d->most_unknown);
    else if (c->under_coverage > MANY)
        hf_found(c, HF_FINDING_WARNING, 0, "min_coverage", "fill the feeds, or lower min_coverage",
                 "%.1f %% of the accounts are under it: their band is unknown", 100 * c->under_coverage);
}

static int by_weight(const void *a, const void *b)
{
    const hf_signal_coverage *x = a, *y = b;
    if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
    return strcmp(x->signal, y->signal);
}

hf_status hf_check_scores(hf_checking *c, hf_error *error)
{
    const hf_definition *d = c->definition;
    hf_health_plan *plan = NULL;
    hf_health health = {0};
    double *weight = NULL;
    hf_status status;
    HF_TRY(done, hf_health_plan_create(&plan, c->context, d, c->frame, NULL, error));
    HF_TRY(done, hf_health_fleet(&health, c->context, plan, error));
    weight = hf_new(c->context, (size_t)d->measure_count, sizeof *weight);
    c->signals = hf_new(c->context, (size_t)d->measure_count, sizeof *c->signals);
    if (!weight || !c->signals) {
        status = hf_fail_memory(error);
        goto done;
    }
    weigh(weight, d);
    check_coverage(c, &health);
    HF_TRY(done, check_segments(c, &health, error));
    HF_TRY(done, check_overrides(c, error));
    for (int32_t m = 0; m < d->measure_count; m++) {
        c->signals[m].weight = weight[m];
        check_measure(c, &health, m, &c->signals[m]);
    }
    c->signal_count = d->measure_count;
    qsort(c->signals, (size_t)c->signal_count, sizeof *c->signals, by_weight);
done:
    hf_delete(c->context, weight);
    hf_health_free(c->context, &health);
    hf_health_plan_destroy(plan);
    return status;
}
