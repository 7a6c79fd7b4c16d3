// SPDX-License-Identifier: Apache-2.0
//
// What a definition sets for the whole fleet: bands, coverage, hysteresis, trend, revenue, parents, cadence,
// outcome windows and the gates of the nightly run.
#include "definition/reading.h"

#include <math.h>
#include <string.h>

enum { MOST_BANDS = 100 }; // a band is kept in a byte

// Ascending from 0 and below 100: then they cover 0 to 100 without a gap.
static hf_status check_bands(const hf_reading *r)
{
    const hf_definition *d = r->definition;
    if (d->bands[0].from != 0)
        return hf_definition_fail(
            r->error, d, d->bands[0].place,
            "the first band must begin at 0, or scores below it have no band; write %s: 0",
            hf_clip_text(d->bands[0].name).text);
    for (int32_t i = 1; i < d->band_count; i++)
        if (!(d->bands[i].from > d->bands[i - 1].from))
            return hf_definition_fail(
                r->error, d, d->bands[i].place,
                "bands go from the worst up, each from a higher score; '%s' must begin above "
                "'%s'",
                hf_clip_text(d->bands[i].name).text, hf_clip_text(d->bands[i - 1].name).text);
    const hf_band *best = &d->bands[d->band_count - 1];
    if (best->from < 100) return HF_OK;
    return hf_definition_fail(r->error, d, best->place,
                              "a band that begins at 100 is out of reach; lower it");
}

static hf_status read_default_bands(const hf_reading *r)
{
    static const char *const names[] = {"red", "yellow", "green"};
    static const double from[] = {0, 40, 70};
    hf_definition *d = r->definition;
    d->bands = hf_new(r->context, 3, sizeof *d->bands);
    if (!d->bands) return hf_fail_memory(r->error);
    for (int i = 0; i < 3; i++) {
        d->bands[i].from = from[i];
        d->band_count++;
        hf_status status = hf_copy(&d->bands[i].name, r, names[i]);
        if (status != HF_OK) return status;
    }
    return HF_OK;
}

static hf_status read_bands(const hf_reading *r, const hf_yaml_node *root)
{
    hf_definition *d = r->definition;
    const hf_yaml_node *map = hf_get(r, root, "bands");
    hf_status status = HF_OK;
    if (!map) return read_default_bands(r);
    HF_TRY(done, hf_check_names(r, map, "bands", "as in {red: 0, yellow: 40, green: 70}"));
    if (map->children / 2 > MOST_BANDS)
        return hf_definition_fail(r->error, d, map->place, "expected at most %d bands, found %d; drop some",
                                  MOST_BANDS, map->children / 2);
    d->bands = hf_new(r->context, (size_t)map->children, sizeof *d->bands);
    if (!d->bands) return hf_fail_memory(r->error);
    for (HF_EACH_KEY(r, key, map)) {
        hf_band *band = &d->bands[d->band_count++];
        band->place = hf_value_of(r, key)->place;
        if (strcmp(key->text, "unknown") == 0)
            return hf_definition_fail(
                r->error, d, key->place,
                "'unknown' is the band of accounts with too little coverage; choose another "
                "name");
        HF_TRY(done, hf_take_name(&band->name, r, key, "bands", HF_NAME_LIMIT));
        HF_TRY(done, hf_take_number(&band->from, r, hf_value_of(r, key), key->text, 0, 100));
    }
    status = check_bands(r);
done:
    return status;
}

static hf_status read_hysteresis(const hf_reading *r, const hf_yaml_node *root)
{
    static const char *const keys[] = {"margin", "snapshots", "smoothing"};
    hf_definition *d = r->definition;
    const hf_yaml_node *map = hf_get(r, root, "hysteresis");
    hf_status status = HF_OK;
    int32_t smoothing = 0;
    d->snapshots = 1;
    if (!map) return HF_OK;
    HF_TRY(done, HF_CHECK_MAP(r, map, "hysteresis", keys));
    HF_TRY(done, hf_read_number(&d->margin, r, map, "margin", 0, 100));
    HF_TRY(done, hf_read_whole(&d->snapshots, r, map, "snapshots", 1, 1000));
    HF_TRY(done, hf_read_days(&smoothing, r, map, "smoothing", 0));
    d->smoothing_days = smoothing;
done:
    return status;
}

static hf_status read_trend(const hf_reading *r, const hf_yaml_node *root)
{
    static const char *const keys[] = {"days", "dead_zone"};
    hf_definition *d = r->definition;
    const hf_yaml_node *map = hf_get(r, root, "trend");
    hf_status status = HF_OK;
    d->trend_days = 30;
    d->trend_dead_zone = 2;
    if (!map) return HF_OK;
    HF_TRY(done, HF_CHECK_MAP(r, map, "trend", keys));
    HF_TRY(done, hf_read_days(&d->trend_days, r, map, "days", 1));
    HF_TRY(done, hf_read_number(&d->trend_dead_zone, r, map, "dead_zone", 0, 100));
done:
    return status;
}

static hf_status read_parent(const hf_reading *r, const hf_yaml_node *root)
{
    static const char *const keys[] = {"signal", "rollup"};
    static const char *const ways[] = {"mean", "worst", "arr"};
    hf_definition *d = r->definition;
    const hf_yaml_node *map = hf_get(r, root, "parent"), *signal;
    hf_status status = HF_OK;
    int way = 0;
    if (!map) return hf_copy(&d->parent, r, "");
    HF_TRY(done, HF_CHECK_MAP(r, map, "parent", keys));
    HF_TRY(done, hf_require(&signal, r, map, map->place, "parent", "signal",
                            "signal: and the column that names the parent account"));
    HF_TRY(done, hf_take_name(&d->parent, r, signal, "signal", HF_NAME_LIMIT));
    HF_TRY(done, hf_read_choice(&way, r, map, "rollup", ways, sizeof ways / sizeof *ways));
    d->rollup = (hf_rollup)(HF_ROLLUP_MEAN + way);
    if (d->rollup == HF_ROLLUP_ARR && d->arr[0] == '\0')
        status = hf_definition_fail(r->error, d, hf_get(r, map, "rollup")->place,
                                    "a roll-up by arr needs to know the ARR; add arr: and its signal to the "
                                    "definition");
done:
    return status;
}

static hf_status read_cadence(const hf_reading *r, const hf_yaml_node *root)
{
    static const char *const keys[] = {"daily", "weekly", "by"};
    static const char *const ways[] = {"risk", "arr"};
    hf_definition *d = r->definition;
    const hf_yaml_node *map = hf_get(r, root, "cadence");
    hf_status status = HF_OK;
    int way = 0;
    d->daily = 0.2;
    d->weekly = 0.3;
    if (!map) return HF_OK;
    HF_TRY(done, HF_CHECK_MAP(r, map, "cadence", keys));
    HF_TRY(done, hf_read_share(&d->daily, r, map, "daily"));
    HF_TRY(done, hf_read_share(&d->weekly, r, map, "weekly"));
    HF_TRY(done, hf_read_choice(&way, r, map, "by", ways, 2));
    d->cadence_by = way == 0 ? HF_CADENCE_BY_RISK : HF_CADENCE_BY_ARR;
    if (d->daily + d->weekly > 1 + 1e-12)
        status = hf_definition_fail(r->error, d, hf_get_key(r, root, "cadence")->place,
                                    "the daily and weekly shares come to more than 100%%; lower one");
    else if (way == 1 && d->arr[0] == '\0')
        status = hf_definition_fail(r->error, d, hf_get(r, map, "by")->place,
                                    "a cadence by arr needs to know the ARR; add arr: and its signal to the "
                                    "definition");
done:
    return status;
}

static hf_status read_outcomes(const hf_reading *r, const hf_yaml_node *root)
{
    static const char *const keys[] = {"lead", "horizon"};
    hf_definition *d = r->definition;
    const hf_yaml_node *map = hf_get(r, root, "outcomes"), *horizon;
    hf_status status = HF_OK;
    if (!map) return HF_OK;
    HF_TRY(done, hf_check_names(r, map, "outcomes", "as in churn: {lead: 0 days, horizon: 90 days}"));
    d->outcomes = hf_new(r->context, (size_t)map->children, sizeof *d->outcomes);
    if (!d->outcomes) return hf_fail_memory(r->error);
    for (HF_EACH_KEY(r, key, map)) {
        hf_outcome_window *window = &d->outcomes[d->outcome_count++];
        const hf_yaml_node *value = hf_value_of(r, key);
        HF_TRY(done, hf_take_name(&window->outcome, r, key, "outcomes", HF_NAME_LIMIT));
        HF_TRY(done, HF_CHECK_MAP(r, value, "an outcome", keys));
        HF_TRY(done, hf_read_days(&window->lead, r, value, "lead", 0));
        HF_TRY(done, hf_require(&horizon, r, value, key->place, "an outcome", "horizon",
                                "horizon: 90 days, how long it may take to happen"));
        HF_TRY(done, hf_take_days(&window->horizon, r, horizon, "horizon", 1));
    }
done:
    return status;
}

static hf_status read_gates(const hf_reading *r, const hf_yaml_node *root)
{
    static const char *const keys[] = {"unknown", "coverage_fall"};
    hf_definition *d = r->definition;
    const hf_yaml_node *map = hf_get(r, root, "gates");
    hf_status status = HF_OK;
    d->most_unknown = d->most_coverage_fall = NAN;
    if (!map) return HF_OK;
    HF_TRY(done, HF_CHECK_MAP(r, map, "gates", keys));
    HF_TRY(done, hf_read_share(&d->most_unknown, r, map, "unknown"));
    HF_TRY(done, hf_read_share(&d->most_coverage_fall, r, map, "coverage_fall"));
done:
    return status;
}

hf_status hf_read_settings(const hf_reading *r, const hf_yaml_node *root)
{
    hf_definition *d = r->definition;
    hf_status status = HF_OK;
    d->neutral = 50;
    d->min_coverage = 0.5;
    d->max_inherit = INFINITY;
    HF_TRY(done, hf_read_share(&d->min_coverage, r, root, "min_coverage"));
    HF_TRY(done, hf_read_number(&d->max_inherit, r, root, "max_inherit", 1, INFINITY));
    HF_TRY(done, hf_read_number(&d->neutral, r, root, "neutral", 0, 100));
    HF_TRY(done, hf_read_name(&d->arr, r, root, "arr"));
    HF_TRY(done, hf_read_text(&d->manual_overrides, r, root, "manual_overrides"));
    HF_TRY(done, read_bands(r, root));
    HF_TRY(done, read_hysteresis(r, root));
    HF_TRY(done, read_trend(r, root));
    HF_TRY(done, read_parent(r, root));
    HF_TRY(done, read_cadence(r, root));
    HF_TRY(done, read_outcomes(r, root));
    HF_TRY(done, read_gates(r, root));
done:
    return status;
}
