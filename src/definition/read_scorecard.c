// SPDX-License-Identifier: Apache-2.0
//
// The scorecard of a definition: groups and their measures, weights, what a missing value scores, staleness.
// What a measure does not say itself it takes from its signal.
#include "definition/reading.h"

#include <string.h>

#define NAME_BYTES 100 // of a group or a measure: two of them and a prefix make the name of a column

// A group's or measure's name; a point would make paths ambiguous.
static hf_status take_part_name(char **out, const hf_reading *r, const hf_yaml_node *key, const char *what)
{
    if (strchr(key->text, '.'))
        return hf_definition_fail(
            r->error, r->definition, key->place,
            "the name of a %s has no point, since group.measure names a measure; write %s", what,
            "_ instead");
    return hf_take_name(out, r, key, what, NAME_BYTES);
}

static hf_status read_weight(double *out, hf_place *place, const hf_reading *r, const hf_yaml_node *map)
{
    const hf_yaml_node *node = hf_get(r, map, "weight");
    *out = 1;
    if (!node) return HF_OK;
    *place = node->place;
    return hf_take_weight(out, r, node, "weight");
}

static hf_status read_missing(hf_measure *out, const hf_reading *r, const hf_yaml_node *map)
{
    const hf_yaml_node *node = hf_get(r, map, "missing");
    out->missing = HF_MISSING_SKIP;
    if (!node || hf_node_is(node, "skip")) return HF_OK;
    if (hf_node_is(node, "neutral")) {
        out->missing = HF_MISSING_NEUTRAL;
        out->missing_value = r->definition->neutral;
        return HF_OK;
    }
    if (hf_node_is(node, "worst")) {
        out->missing = HF_MISSING_WORST;
        return HF_OK;
    }
    out->missing = HF_MISSING_VALUE;
    if (hf_node_number(&out->missing_value, node) && out->missing_value >= 0 && out->missing_value <= 100)
        return HF_OK;
    return hf_expected(r, node, "missing", "skip, neutral, worst or a score from 0 to 100", "");
}

// Age and date: the measure's own, else its signal's.
static hf_status read_age(hf_measure *out, const hf_reading *r, const hf_yaml_node *map)
{
    const hf_signal_definition *given = hf_know_signal(r->definition, out->signal).given;
    hf_status status = HF_OK;
    out->max_age = given ? given->max_age : 0;
    HF_TRY(done, hf_read_days(&out->max_age, r, map, "max_age", 0));
    if (hf_get(r, map, "observed_on"))
        status = hf_read_name(&out->observed_on, r, map, "observed_on");
    else
        status = hf_copy(&out->observed_on, r, given ? given->observed_on : "");
    if (status == HF_OK && out->max_age > 0 && out->observed_on[0] == '\0')
        status =
            hf_definition_fail(r->error, r->definition, hf_get_key(r, map, "max_age")->place,
                               "max_age needs a date to count from; add observed_on: and the signal that "
                               "holds it");
done:
    return status;
}

static hf_status read_subjective(hf_measure *out, const hf_reading *r, const hf_yaml_node *map)
{
    static const char *const keys[] = {"author", "date"};
    const hf_yaml_node *node = hf_get(r, map, "subjective");
    hf_status status = HF_OK;
    out->dated = HF_DATE_MISSING;
    const bool yes = node && hf_node_is(node, "true"), no = !node || hf_node_is(node, "false");
    if (yes || no) {
        out->subjective = yes;
        return hf_copy(&out->author, r, "");
    }
    if (node->kind != HF_YAML_MAP)
        return hf_expected(r, node, "subjective", "true, false or who said so and when",
                           "as in {author: CSM, date: 2026-10-01}");
    HF_TRY(done, HF_CHECK_MAP(r, node, "a subjective measure", keys));
    HF_TRY(done, hf_read_sentence(&out->author, r, node, "author"));
    HF_TRY(done, hf_read_date(&out->dated, r, node, "date"));
    out->subjective = true;
done:
    return status;
}

static hf_status read_origin(hf_measure *out, const hf_reading *r, const hf_yaml_node *map)
{
    static const char *const words[] = {"data", "hypothesis"};
    int found = -1;
    hf_status status = hf_read_choice(&found, r, map, "origin", words, 2);
    if (status == HF_OK && found >= 0) out->origin = found == 0 ? HF_ORIGIN_DATA : HF_ORIGIN_HYPOTHESIS;
    return status;
}

// The direction and the curve. A table needs no direction and has none.
static hf_status read_shape(hf_measure *out, const hf_reading *r, const hf_yaml_node *key,
                            const hf_yaml_node *map)
{
    const hf_yaml_node *curve;
    hf_status status = HF_OK;
    out->direction = hf_know_signal(r->definition, out->signal).direction;
    HF_TRY(done, hf_read_direction(&out->direction, r, map));
    HF_TRY(done, hf_require(&curve, r, map, key->place, "a measure", "curve",
                            "the scores, as in curve: {linear: {worst: 0, best: 10}}"));
    HF_TRY(done, hf_read_curve(&out->curve, &out->percentile, r, curve, out->signal, out->direction));
    if (out->curve.kind == HF_TERM_TABLE) {
        const hf_yaml_node *higher = hf_get_key(r, map, "higher");
        if (higher)
            return hf_definition_fail(r->error, r->definition, higher->place,
                                      "a table has no higher and lower; take 'higher' out");
        out->direction = HF_DIRECTION_UNKNOWN;
    }
done:
    return status;
}

static hf_status make_path(hf_measure *out, const hf_reading *r, const char *group)
{
    hf_text path;
    hf_text_init(&path, r->context);
    hf_text_printf(&path, "%s.%s", group, out->name);
    hf_status status = hf_text_status(&path, r->error);
    if (status == HF_OK) status = hf_copy(&out->path, r, path.data);
    hf_text_free(&path);
    return status;
}

static hf_status read_measure(hf_measure *out, const hf_reading *r, const hf_yaml_node *key, int32_t group)
{
    static const char *const keys[] = {"signal",     "higher",  "weight",      "curve",
                                       "missing",    "max_age", "observed_on", "actionable",
                                       "subjective", "why",     "origin"};
    const hf_yaml_node *map = hf_value_of(r, key), *signal;
    hf_status status = HF_OK;
    out->place = out->weight_place = key->place;
    out->group = group;
    out->actionable = true;
    HF_TRY(done, take_part_name(&out->name, r, key, "measure"));
    HF_TRY(done, make_path(out, r, r->definition->groups[group].name));
    HF_TRY(done, HF_CHECK_MAP(r, map, "a measure", keys));
    HF_TRY(done, hf_require(&signal, r, map, key->place, "a measure", "signal",
                            "signal: and the name of a column"));
    HF_TRY(done, hf_take_name(&out->signal, r, signal, "signal", HF_NAME_LIMIT));
    HF_TRY(done, read_weight(&out->weight, &out->weight_place, r, map));
    HF_TRY(done, read_shape(out, r, key, map));
    HF_TRY(done, read_missing(out, r, map));
    HF_TRY(done, read_age(out, r, map));
    HF_TRY(done, hf_read_flag(&out->actionable, r, map, "actionable"));
    HF_TRY(done, read_subjective(out, r, map));
    HF_TRY(done, hf_read_sentence(&out->why, r, map, "why"));
    HF_TRY(done, read_origin(out, r, map));
done:
    return status;
}

static hf_status read_group(const hf_reading *r, const hf_yaml_node *key)
{
    static const char *const keys[] = {"weight", "aggregate", "measures"};
    static const char *const ways[] = {"mean", "worst", "best"};
    hf_definition *d = r->definition;
    const int32_t place = d->group_count++;
    hf_group *out = &d->groups[place];
    const hf_yaml_node *map = hf_value_of(r, key), *measures;
    hf_status status = HF_OK;
    int way = HF_AGGREGATE_MEAN;
    out->place = out->weight_place = key->place;
    out->first = d->measure_count;
    HF_TRY(done, take_part_name(&out->name, r, key, "group"));
    HF_TRY(done, HF_CHECK_MAP(r, map, "a group", keys));
    HF_TRY(done, read_weight(&out->weight, &out->weight_place, r, map));
    HF_TRY(done, hf_read_choice(&way, r, map, "aggregate", ways, sizeof ways / sizeof *ways));
    out->aggregate = (hf_aggregate)way;
    HF_TRY(done, hf_require(&measures, r, map, key->place, "a group", "measures",
                            "measures: with at least one below it"));
    HF_TRY(done, hf_check_names(r, measures, "measures", "a group without measures says nothing"));
    for (HF_EACH_KEY(r, measure, measures)) {
        HF_TRY(done, read_measure(&d->measures[d->measure_count++], r, measure, place));
        out->count++;
    }
done:
    return status;
}

// Some group needs a weight, and one of its measures.
static hf_status check_weights(const hf_reading *r, hf_place place)
{
    const hf_definition *d = r->definition;
    bool some = false;
    for (int32_t m = 0; m < d->measure_count; m++)
        some = some || (d->measures[m].weight > 0 && d->groups[d->measures[m].group].weight > 0);
    if (some) return HF_OK;
    return hf_definition_fail(
        r->error, d, place,
        "no measure has a weight above 0 in a group with a weight above 0; nothing would "
        "be scored, so raise one");
}

hf_status hf_read_groups(const hf_reading *r, const hf_yaml_node *root, hf_place place)
{
    hf_definition *d = r->definition;
    const hf_yaml_node *groups;
    hf_status status = HF_OK;
    size_t measures = 0;
    HF_TRY(done, hf_require(&groups, r, root, place, "a definition", "groups",
                            "groups: with the measures to score"));
    HF_TRY(done, hf_check_names(r, groups, "groups", "as in usage: {measures: {...}}"));
    for (HF_EACH_KEY(r, key, groups)) {
        const hf_yaml_node *list = hf_get(r, hf_value_of(r, key), "measures");
        measures += list ? (size_t)list->children : 0;
    }
    d->groups = hf_new(r->context, (size_t)groups->children, sizeof *d->groups);
    d->measures = hf_new(r->context, measures, sizeof *d->measures);
    if (!d->groups || !d->measures) return hf_fail_memory(r->error);
    for (HF_EACH_KEY(r, key, groups))
        HF_TRY(done, read_group(r, key));
    HF_TRY(done, check_weights(r, hf_get_key(r, root, "groups")->place));
done:
    return status;
}
