// SPDX-License-Identifier: Apache-2.0
//
// Whether two definitions differ in weights alone, so that one is a weighting of the other. Curves are
// compared by the JSON that says them.
#include "definition/definition_room.h"

#include <jansson.h>
#include <string.h>

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static hf_status same_term(bool *alike, const hf_term *a, const hf_term *b, hf_error *error)
{
    json_t *x = hf_term_to_json(a), *y = hf_term_to_json(b);
    const bool made = x && y;
    if (made) *alike = json_equal(x, y);
    json_decref(x);
    json_decref(y);
    return made ? HF_OK : hf_fail_memory(error);
}

static bool same_settings(const hf_definition *a, const hf_definition *b)
{
    bool alike = a->min_coverage == b->min_coverage && a->max_inherit == b->max_inherit &&
                 a->neutral == b->neutral && same(a->manual_overrides, b->manual_overrides) &&
                 same(a->arr, b->arr) && a->band_count == b->band_count && a->group_count == b->group_count &&
                 a->measure_count == b->measure_count && a->segment_count == b->segment_count &&
                 a->override_count == b->override_count && a->derived_count == b->derived_count;
    for (int32_t i = 0; alike && i < a->derived_count; i++) {
        const hf_derived_signal *x = &a->derived[i], *y = &b->derived[i];
        alike = same(x->name, y->name) && x->derivation == y->derivation && same(x->of, y->of) &&
                same(x->by, y->by) && x->days == y->days;
    }
    for (int32_t i = 0; alike && i < a->band_count; i++)
        alike = same(a->bands[i].name, b->bands[i].name) && a->bands[i].from == b->bands[i].from;
    for (int32_t i = 0; alike && i < a->override_count; i++) {
        const hf_override *x = &a->overrides[i], *y = &b->overrides[i];
        alike = same(x->when.text, y->when.text) && x->action == y->action && x->value == y->value;
    }
    return alike;
}

static bool same_measures(const hf_definition *a, const hf_definition *b)
{
    bool alike = true;
    for (int32_t g = 0; alike && g < a->group_count; g++) {
        const hf_group *x = &a->groups[g], *y = &b->groups[g];
        alike = same(x->name, y->name) && x->aggregate == y->aggregate && x->count == y->count;
    }
    for (int32_t m = 0; alike && m < a->measure_count; m++) {
        const hf_measure *x = &a->measures[m], *y = &b->measures[m];
        alike = same(x->path, y->path) && same(x->signal, y->signal) && x->direction == y->direction &&
                x->percentile == y->percentile && x->missing == y->missing &&
                x->missing_value == y->missing_value && x->max_age == y->max_age &&
                same(x->observed_on, y->observed_on);
    }
    return alike;
}

static hf_status same_segment(bool *alike, const hf_definition *a, const hf_segment *x, const hf_segment *y,
                              hf_error *error)
{
    *alike = same(x->name, y->name) && same(x->when.text, y->when.text) &&
             memcmp(x->band_from, y->band_from, (size_t)a->band_count * sizeof *x->band_from) == 0;
    hf_status status = HF_OK;
    for (int32_t m = 0; status == HF_OK && *alike && m < a->measure_count; m++)
        if (!a->measures[m].percentile) status = same_term(alike, x->curve[m], y->curve[m], error);
    return status;
}

hf_status hf_definition_alike(bool *alike, const hf_definition *a, const hf_definition *b, hf_error *error)
{
    hf_status status = HF_OK;
    bool same_all = same_settings(a, b) && same_measures(a, b);
    for (int32_t s = 0; status == HF_OK && same_all && s < a->segment_count; s++)
        status = same_segment(&same_all, a, &a->segments[s], &b->segments[s], error);
    if (status == HF_OK) *alike = same_all;
    return status;
}
