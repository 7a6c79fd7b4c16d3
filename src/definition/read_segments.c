// SPDX-License-Identifier: Apache-2.0
//
// Segments and overrides. A segment is resolved as it is read: weights, curves and band edges it does not
// give are copied from the definition, so that scoring looks nowhere else. The default segment comes last.
#include "definition/reading.h"

#include <string.h>

// ---- segments --------------------------------------------------------------------------------------------

// Everything as the definition has it.
static hf_status inherit(hf_segment *out, const hf_reading *r)
{
    const hf_definition *d = r->definition;
    out->group_weight = hf_new(r->context, (size_t)d->group_count, sizeof *out->group_weight);
    out->measure_weight = hf_new(r->context, (size_t)d->measure_count, sizeof *out->measure_weight);
    out->curve = hf_new(r->context, (size_t)d->measure_count, sizeof *out->curve);
    out->band_from = hf_new(r->context, (size_t)d->band_count, sizeof *out->band_from);
    if (!out->group_weight || !out->measure_weight || !out->curve || !out->band_from)
        return hf_fail_memory(r->error);
    for (int32_t g = 0; g < d->group_count; g++)
        out->group_weight[g] = d->groups[g].weight;
    for (int32_t m = 0; m < d->measure_count; m++) {
        out->measure_weight[m] = d->measures[m].weight;
        out->curve[m] = &d->measures[m].curve;
    }
    for (int32_t b = 0; b < d->band_count; b++)
        out->band_from[b] = d->bands[b].from;
    return HF_OK;
}

static int32_t find_group(const hf_definition *d, const char *name)
{
    for (int32_t g = 0; g < d->group_count; g++)
        if (strcmp(d->groups[g].name, name) == 0) return g;
    return -1;
}

// Fails for a key that names nothing, with the nearest of the names.
static hf_status fail_unknown(const hf_reading *r, const hf_yaml_node *key, const char *what, bool groups,
                              bool bands)
{
    const hf_definition *d = r->definition;
    const int32_t most = bands ? d->band_count : d->measure_count + d->group_count;
    size_t count = 0;
    const char **names = hf_new(r->context, (size_t)most, sizeof *names);
    if (!names) return hf_fail_memory(r->error);
    for (int32_t b = 0; bands && b < d->band_count; b++)
        names[count++] = d->bands[b].name;
    for (int32_t g = 0; groups && g < d->group_count; g++)
        names[count++] = d->groups[g].name;
    for (int32_t m = 0; !bands && m < d->measure_count; m++)
        names[count++] = d->measures[m].path;
    const char *nearest = hf_nearest(key->text, names, count);
    for (int32_t m = 0; !bands && !nearest && m < d->measure_count; m++)
        if (strcmp(d->measures[m].name, key->text) == 0) nearest = d->measures[m].path;
    hf_status status;
    if (nearest)
        status = hf_definition_fail(r->error, d, key->place, "there is no %s '%s'; did you mean '%s'?", what,
                                    hf_clip_text(key->text).text, hf_clip_text(nearest).text);
    else
        status = hf_definition_fail(
            r->error, d, key->place, "there is no %s '%s'; name one that is defined%s", what,
            hf_clip_text(key->text).text, bands ? " under bands" : ", a measure as group.measure");
    hf_delete(r->context, names);
    return status;
}

static hf_status check_segment_weights(const hf_segment *s, const hf_reading *r, hf_place place)
{
    const hf_definition *d = r->definition;
    for (int32_t m = 0; m < d->measure_count; m++)
        if (s->measure_weight[m] > 0 && s->group_weight[d->measures[m].group] > 0) return HF_OK;
    return hf_definition_fail(r->error, d, place,
                              "with these weights nothing of segment '%s' would be scored; leave a measure a "
                              "weight above 0 in a group with one",
                              hf_clip_text(s->name).text);
}

static hf_status read_segment_weights(hf_segment *out, const hf_reading *r, const hf_yaml_node *map)
{
    hf_definition *d = r->definition;
    hf_status status = HF_OK;
    HF_TRY(done, hf_check_names(r, map, "weights", "as in weights: {usage: 30, usage.depth: 2}"));
    for (HF_EACH_KEY(r, key, map)) {
        const int32_t group = find_group(d, key->text), measure = hf_definition_find(d, key->text);
        if (group < 0 && measure < 0) return fail_unknown(r, key, "group or measure", true, false);
        double *weight = group >= 0 ? &out->group_weight[group] : &out->measure_weight[measure];
        HF_TRY(done, hf_take_weight(weight, r, hf_value_of(r, key), key->text));
    }
    status = check_segment_weights(out, r, map->place);
done:
    return status;
}

static hf_status read_segment_curve(hf_segment *out, const hf_reading *r, const hf_yaml_node *key)
{
    const hf_definition *d = r->definition;
    const int32_t m = hf_definition_find(d, key->text);
    const hf_yaml_node *node = hf_value_of(r, key);
    bool percentile;
    if (m < 0) return fail_unknown(r, key, "measure", false, false);
    const hf_measure *measure = &d->measures[m];
    if (measure->percentile || hf_node_is(node, "percentile"))
        return hf_definition_fail(r->error, d, node->place,
                                  "a percentile is within the segment already and holds for all segments; %s",
                                  measure->percentile ? "take this curve out" : "set it at the measure");
    const bool table = hf_get(r, node, "table");
    if (node->kind == HF_YAML_MAP && table != (measure->curve.kind == HF_TERM_TABLE))
        return hf_definition_fail(r->error, d, node->place,
                                  "measure '%s' has a %s, so a segment's curve of it is one too",
                                  measure->path, table ? "curve over numbers" : "table");
    hf_term *own = &out->own[out->own_count];
    hf_status status = hf_read_curve(own, &percentile, r, node, measure->signal, measure->direction);
    if (status != HF_OK) return status;
    out->own_count++;
    out->curve[m] = own;
    return HF_OK;
}

static hf_status read_segment_curves(hf_segment *out, const hf_reading *r, const hf_yaml_node *map)
{
    hf_status status = HF_OK;
    HF_TRY(done,
           hf_check_names(r, map, "curves", "as in curves: {usage.depth: {linear: {worst: 0, best: 0.5}}}"));
    out->own = hf_new(r->context, (size_t)map->children / 2, sizeof *out->own);
    if (!out->own) return hf_fail_memory(r->error);
    for (HF_EACH_KEY(r, key, map))
        HF_TRY(done, read_segment_curve(out, r, key));
done:
    return status;
}

static hf_status read_segment_bands(hf_segment *out, const hf_reading *r, const hf_yaml_node *map)
{
    const hf_definition *d = r->definition;
    hf_status status = HF_OK;
    HF_TRY(done, hf_check_names(r, map, "bands", "as in bands: {yellow: 35, green: 65}"));
    for (HF_EACH_KEY(r, key, map)) {
        int32_t b = 0;
        while (b < d->band_count && strcmp(d->bands[b].name, key->text) != 0)
            b++;
        if (b == d->band_count) return fail_unknown(r, key, "band", false, true);
        HF_TRY(done, hf_take_number(&out->band_from[b], r, hf_value_of(r, key), key->text, 0, 100));
    }
    const char *problem = NULL;
    int32_t b = 0;
    if (out->band_from[0] != 0) problem = "the first must begin at 0";
    for (int32_t k = 1; !problem && k < d->band_count; k++)
        if (!(out->band_from[k] > out->band_from[k - 1]) || out->band_from[k] >= 100) {
            problem = out->band_from[k] >= 100 ? "each must begin below 100"
                                               : "each must begin above the one before";
            b = k;
        }
    if (problem)
        status = hf_definition_fail(r->error, d, map->place,
                                    "with the definition's bands these leave '%s' without room; %s",
                                    hf_clip_text(d->bands[b].name).text, problem);
done:
    return status;
}

static hf_status read_segment(hf_segment *out, const hf_reading *r, const hf_yaml_node *key)
{
    static const char *const keys[] = {"when", "weights", "curves", "bands", "model"};
    const hf_yaml_node *map = hf_value_of(r, key), *when, *part;
    hf_status status = HF_OK;
    out->place = key->place;
    if (strcmp(key->text, "default") == 0)
        return hf_definition_fail(
            r->error, r->definition, key->place,
            "'default' is the segment of accounts that match no other; choose another name");
    HF_TRY(done, hf_take_name(&out->name, r, key, "segments", HF_NAME_LIMIT));
    HF_TRY(done, HF_CHECK_MAP(r, map, "a segment", keys));
    HF_TRY(done, hf_require(&when, r, map, key->place, "a segment", "when",
                            "when: and a condition, as in when: segment = SMB"));
    HF_TRY(done, hf_read_condition(&out->when, r, when, "when"));
    HF_TRY(done, inherit(out, r));
    if ((part = hf_get(r, map, "weights"))) HF_TRY(done, read_segment_weights(out, r, part));
    if ((part = hf_get(r, map, "curves"))) HF_TRY(done, read_segment_curves(out, r, part));
    if ((part = hf_get(r, map, "bands"))) HF_TRY(done, read_segment_bands(out, r, part));
    HF_TRY(done, hf_read_text(&out->model, r, map, "model"));
done:
    return status;
}

hf_status hf_read_segments(const hf_reading *r, const hf_yaml_node *root)
{
    hf_definition *d = r->definition;
    hf_status status = HF_OK;
    const hf_yaml_node *map = hf_get(r, root, "segments");
    if (map) HF_TRY(done, hf_check_names(r, map, "segments", "as in smb: {when: segment = SMB}"));
    d->segments = hf_new(r->context, map ? (size_t)map->children / 2 + 1 : 1, sizeof *d->segments);
    if (!d->segments) return hf_fail_memory(r->error);
    if (map)
        for (HF_EACH_KEY(r, key, map))
            HF_TRY(done, read_segment(&d->segments[d->segment_count++], r, key));
    hf_segment *rest = &d->segments[d->segment_count++];
    HF_TRY(done, hf_copy(&rest->name, r, "default"));
    HF_TRY(done, hf_copy(&rest->model, r, ""));
    HF_TRY(done, hf_copy(&rest->when.text, r, ""));
    HF_TRY(done, inherit(rest, r));
done:
    return status;
}

// ---- overrides -------------------------------------------------------------------------------------------

static hf_status read_action(hf_override *out, const hf_reading *r, const hf_yaml_node *map)
{
    static const char *const actions[] = {
        [HF_OVERRIDE_SET] = "set", [HF_OVERRIDE_CAP] = "cap", [HF_OVERRIDE_FLOOR] = "floor"};
    const hf_yaml_node *found = NULL;
    for (HF_EACH_KEY(r, key, map))
        for (int a = 0; a < 3; a++) {
            if (strcmp(key->text, actions[a]) != 0) continue;
            if (found)
                return hf_definition_fail(
                    r->error, r->definition, key->place,
                    "an override does one thing, and this one has a '%s' already; write two "
                    "overrides",
                    found->text);
            found = key;
            out->action = (hf_override_action)a;
        }
    if (!found)
        return hf_definition_fail(r->error, r->definition, map->place,
                                  "this override does nothing; add one of set, cap and floor, as in cap: 40");
    return hf_take_number(&out->value, r, hf_value_of(r, found), found->text, 0, 100);
}

static hf_status check_override_name(const hf_override *out, const hf_reading *r, const hf_yaml_node *node)
{
    for (const hf_override *o = r->definition->overrides; o < out; o++)
        if (strcmp(o->name, out->name) == 0)
            return hf_definition_fail(r->error, r->definition, node->place,
                                      "there is an override '%s' already, on line %d; choose another name",
                                      hf_clip_text(out->name).text, o->place.line);
    return HF_OK;
}

static hf_status read_override(hf_override *out, const hf_reading *r, const hf_yaml_node *map)
{
    static const char *const keys[] = {"name", "when", "set", "cap", "floor", "reason"};
    const hf_yaml_node *name, *when, *reason;
    hf_status status = HF_OK;
    out->place = map->place;
    HF_TRY(done, HF_CHECK_MAP(r, map, "an override", keys));
    HF_TRY(done,
           hf_require(&name, r, map, map->place, "an override", "name", "name: and what people call it"));
    HF_TRY(done, hf_take_name(&out->name, r, name, "name", HF_NAME_LIMIT));
    HF_TRY(done, check_override_name(out, r, name));
    HF_TRY(done, hf_require(&when, r, map, map->place, "an override", "when",
                            "when: and a condition, as in when: open_tickets > 10"));
    HF_TRY(done, hf_read_condition(&out->when, r, when, "when"));
    HF_TRY(done, read_action(out, r, map));
    HF_TRY(done, hf_require(&reason, r, map, map->place, "an override", "reason",
                            "reason: and a sentence for the people who see it"));
    HF_TRY(done, hf_take_sentence(&out->reason, r, reason, "reason"));
    if (out->reason[0] == '\0')
        return hf_expected(r, reason, "reason", "a sentence for the people who see it", "");
done:
    return status;
}

hf_status hf_read_overrides(const hf_reading *r, const hf_yaml_node *root)
{
    hf_definition *d = r->definition;
    hf_status status = HF_OK;
    const hf_yaml_node *list = hf_get(r, root, "overrides");
    if (!list) return HF_OK;
    if (list->kind != HF_YAML_LIST)
        return hf_expected(r, list, "overrides", "a list",
                           "as in - {name: many tickets, when: open_tickets > 10, cap: 40, reason: ...}");
    d->overrides = hf_new(r->context, (size_t)list->children, sizeof *d->overrides);
    if (!d->overrides) return hf_fail_memory(r->error);
    for (HF_EACH_CHILD(r, map, list))
        HF_TRY(done, read_override(&d->overrides[d->override_count++], r, map));
done:
    return status;
}
