// SPDX-License-Identifier: Apache-2.0
//
// The signals a definition describes and those it derives. A derived signal may build on an earlier derived
// one, never on a later one, and not look back in time at one, since what is derived is not stored.
#include "definition/reading.h"

#include <string.h>

static const char *const derivations[] = {
    [HF_DERIVE_RATIO] = "ratio",           [HF_DERIVE_PER] = "per",
    [HF_DERIVE_CHANGE] = "change",         [HF_DERIVE_GROWTH] = "growth",
    [HF_DERIVE_DAYS_SINCE] = "days_since", [HF_DERIVE_DAYS_UNTIL] = "days_until"};
enum { DERIVATIONS = sizeof derivations / sizeof *derivations };

static bool looks_back(hf_derivation d)
{
    return d == HF_DERIVE_CHANGE || d == HF_DERIVE_GROWTH;
}

static int32_t find_derived(const hf_definition *definition, const char *name)
{
    for (int32_t i = 0; i < definition->derived_count; i++)
        if (strcmp(definition->derived[i].name, name) == 0) return i;
    return -1;
}

static const hf_signal_definition *find_signal(const hf_definition *definition, const char *name)
{
    for (int32_t i = 0; i < definition->signal_count; i++)
        if (strcmp(definition->signals[i].name, name) == 0) return &definition->signals[i];
    return NULL;
}

// As hf_derive makes it, as far as its sources are known.
static hf_known_signal know_derived(const hf_definition *definition, const hf_derived_signal *derived)
{
    hf_known_signal known = {.has_kind = true, .unit = derived->unit, .direction = derived->direction};
    const hf_signal_definition *of = find_signal(definition, derived->of);
    const char *unit = "";
    switch (derived->derivation) {
    case HF_DERIVE_RATIO:
    case HF_DERIVE_GROWTH:
        known.kind = HF_KIND_RATIO;
        break;
    case HF_DERIVE_DAYS_SINCE:
    case HF_DERIVE_DAYS_UNTIL:
        known.kind = HF_KIND_COUNT;
        unit = "days";
        break;
    case HF_DERIVE_PER:
    case HF_DERIVE_CHANGE:
        known.kind = HF_KIND_NUMBER;
        if (derived->derivation == HF_DERIVE_CHANGE && of && of->has_kind && of->kind == HF_KIND_MONEY)
            known.kind = HF_KIND_MONEY;
        unit = of ? of->unit : "";
        break;
    }
    if (known.unit[0] == '\0') known.unit = unit;
    return known;
}

hf_known_signal hf_know_signal(const hf_definition *definition, const char *name)
{
    hf_known_signal known = {.unit = "", .given = find_signal(definition, name)};
    if (known.given) {
        known.has_kind = known.given->has_kind;
        known.kind = known.given->kind;
        known.unit = known.given->unit;
        known.direction = known.given->direction;
        return known;
    }
    const int32_t i = find_derived(definition, name);
    return i < 0 ? known : know_derived(definition, &definition->derived[i]);
}

// ---- signals ---------------------------------------------------------------------------------------------

static hf_status read_kind(hf_signal_definition *out, const hf_reading *r, const hf_yaml_node *map)
{
    static const char *const kinds[] = {
#define KIND_NAME(name, text) text,
        HF_KIND_LIST(KIND_NAME)
#undef KIND_NAME
    };
    int found = -1;
    hf_status status = hf_read_choice(&found, r, map, "kind", kinds, sizeof kinds / sizeof *kinds);
    out->has_kind = found >= 0;
    if (found >= 0) out->kind = (hf_kind)found;
    return status;
}

static hf_status read_missing_tokens(hf_signal_definition *out, const hf_reading *r, const hf_yaml_node *map)
{
    const hf_yaml_node *list = hf_get(r, map, "missing");
    if (!list) return HF_OK;
    if (list->kind != HF_YAML_LIST)
        return hf_expected(r, list, "missing", "a list of what stands for a missing value",
                           "as in missing: [\"-\", unknown]");
    out->na = hf_new(r->context, (size_t)list->children, sizeof *out->na);
    if (!out->na) return hf_fail_memory(r->error);
    for (HF_EACH_CHILD(r, token, list)) {
        if (token->kind != HF_YAML_SCALAR)
            return hf_expected(r, token, "missing", "a text",
                               "quote it if it is a word of YAML, as in \"null\"");
        hf_status status = hf_copy(&out->na[out->na_count], r, token->text);
        if (status != HF_OK) return status;
        out->na_count++;
    }
    return HF_OK;
}

static hf_status read_signal(hf_signal_definition *out, const hf_reading *r, const hf_yaml_node *key)
{
    static const char *const keys[] = {"kind", "unit", "higher", "missing", "observed_on", "max_age"};
    const hf_yaml_node *map = hf_value_of(r, key);
    hf_status status = HF_OK;
    out->place = key->place;
    HF_TRY(done, hf_take_name(&out->name, r, key, "signals", HF_NAME_LIMIT));
    HF_TRY(done, HF_CHECK_MAP(r, map, "a signal", keys));
    HF_TRY(done, read_kind(out, r, map));
    HF_TRY(done, hf_read_sentence(&out->unit, r, map, "unit"));
    HF_TRY(done, hf_read_direction(&out->direction, r, map));
    HF_TRY(done, read_missing_tokens(out, r, map));
    HF_TRY(done, hf_read_name(&out->observed_on, r, map, "observed_on"));
    HF_TRY(done, hf_read_days(&out->max_age, r, map, "max_age", 0));
    if (out->max_age > 0 && out->observed_on[0] == '\0')
        status =
            hf_definition_fail(r->error, r->definition, hf_get_key(r, map, "max_age")->place,
                               "max_age needs a date to count from; add observed_on: and the signal that "
                               "holds it");
done:
    return status;
}

// ---- derived signals -------------------------------------------------------------------------------------

// Which derivation the map holds; they exclude each other.
static hf_status choose_derivation(hf_derived_signal *out, const hf_yaml_node **source, const hf_reading *r,
                                   const hf_yaml_node *key, const hf_yaml_node *map)
{
    const hf_yaml_node *found = NULL;
    for (HF_EACH_KEY(r, k, map))
        for (int d = 0; d < DERIVATIONS; d++) {
            if (strcmp(k->text, derivations[d]) != 0) continue;
            if (found)
                return hf_definition_fail(r->error, r->definition, k->place,
                                          "'%s' is a %s already; take one out", hf_clip_text(key->text).text,
                                          found->text);
            found = k;
            out->derivation = (hf_derivation)d;
        }
    if (!found)
        return hf_definition_fail(
            r->error, r->definition, key->place,
            "'%s' does not say how it is derived; add one of ratio, per, change, growth, "
            "days_since and days_until",
            hf_clip_text(key->text).text);
    *source = hf_value_of(r, found);
    return HF_OK;
}

// A derived signal may only build on what stands before it.
static hf_status check_source(const hf_derived_signal *out, const hf_reading *r, const hf_yaml_node *node,
                              const hf_yaml_node *all)
{
    const int32_t earlier = find_derived(r->definition, node->text);
    const int32_t self = (int32_t)(out - r->definition->derived);
    if (earlier >= 0 && earlier < self && looks_back(out->derivation))
        return hf_definition_fail(
            r->error, r->definition, node->place,
            "'%s' is derived, and the past of a derived signal is not stored; take %s of a "
            "signal that the data holds",
            hf_clip_text(node->text).text, derivations[out->derivation]);
    if (earlier >= 0 && earlier < self) return HF_OK;
    const hf_yaml_node *later = hf_get_key(r, all, node->text);
    if (later)
        return hf_definition_fail(r->error, r->definition, node->place,
                                  "'%s' is derived on line %d, not before; put it above",
                                  hf_clip_text(node->text).text, later->place.line);
    return HF_OK;
}

static hf_status read_sources(hf_derived_signal *out, const hf_reading *r, const hf_yaml_node *source,
                              const hf_yaml_node *all)
{
    const char *name = derivations[out->derivation];
    const hf_yaml_node *of = source, *by = NULL;
    hf_status status = HF_OK;
    if (out->derivation == HF_DERIVE_RATIO || out->derivation == HF_DERIVE_PER) {
        if (source->kind != HF_YAML_LIST || source->children != 2)
            return hf_expected(r, source, name, "two signals",
                               out->derivation == HF_DERIVE_RATIO ? "as in ratio: [seats_used, seats_bought]"
                                                                  : "as in per: [arr, seats_bought]");
        of = hf_yaml_first(r->tree, source);
        by = hf_yaml_next(r->tree, of);
    }
    HF_TRY(done, hf_take_name(&out->of, r, of, name, HF_NAME_LIMIT));
    HF_TRY(done, check_source(out, r, of, all));
    if (by) {
        HF_TRY(done, hf_take_name(&out->by, r, by, name, HF_NAME_LIMIT));
        HF_TRY(done, check_source(out, r, by, all));
    } else {
        HF_TRY(done, hf_copy(&out->by, r, ""));
    }
done:
    return status;
}

static hf_status read_derived(hf_derived_signal *out, const hf_reading *r, const hf_yaml_node *key,
                              const hf_yaml_node *all)
{
    static const char *const keys[] = {"ratio",      "per",  "change", "growth", "days_since",
                                       "days_until", "days", "unit",   "higher"};
    const hf_yaml_node *map = hf_value_of(r, key), *source, *days;
    hf_status status = HF_OK;
    out->place = key->place;
    HF_TRY(done, hf_take_name(&out->name, r, key, "derived", HF_NAME_LIMIT));
    if (find_signal(r->definition, out->name))
        return hf_definition_fail(
            r->error, r->definition, key->place,
            "'%s' is described under signals on line %d, so the data holds it; give the "
            "derived one another name",
            out->name, find_signal(r->definition, out->name)->place.line);
    HF_TRY(done, HF_CHECK_MAP(r, map, "a derived signal", keys));
    HF_TRY(done, choose_derivation(out, &source, r, key, map));
    HF_TRY(done, read_sources(out, r, source, all));
    if (looks_back(out->derivation)) {
        HF_TRY(done,
               hf_require(&days, r, map, key->place, "a look back", "days", "days: 30, how far it looks"));
        HF_TRY(done, hf_take_days(&out->days, r, days, "days", 1));
    } else if ((days = hf_get_key(r, map, "days"))) {
        return hf_definition_fail(r->error, r->definition, days->place,
                                  "'days' belongs to change and growth; take it out");
    }
    HF_TRY(done, hf_read_sentence(&out->unit, r, map, "unit"));
    HF_TRY(done, hf_read_direction(&out->direction, r, map));
done:
    return status;
}

hf_status hf_read_signals(const hf_reading *r, const hf_yaml_node *root)
{
    hf_definition *d = r->definition;
    hf_status status = HF_OK;
    const hf_yaml_node *signals = hf_get(r, root, "signals"), *derived = hf_get(r, root, "derived");
    if (signals) {
        HF_TRY(done, hf_check_names(r, signals, "signals", "as in usage_depth: {kind: ratio, higher: good}"));
        d->signals = hf_new(r->context, (size_t)signals->children, sizeof *d->signals);
        if (!d->signals) return hf_fail_memory(r->error);
        for (HF_EACH_KEY(r, key, signals))
            HF_TRY(done, read_signal(&d->signals[d->signal_count++], r, key));
    }
    if (derived) {
        HF_TRY(done,
               hf_check_names(r, derived, "derived", "as in seat_use: {ratio: [seats_used, seats_bought]}"));
        d->derived = hf_new(r->context, (size_t)derived->children, sizeof *d->derived);
        if (!d->derived) return hf_fail_memory(r->error);
        for (HF_EACH_KEY(r, key, derived))
            HF_TRY(done, read_derived(&d->derived[d->derived_count++], r, key, derived));
    }
done:
    return status;
}
