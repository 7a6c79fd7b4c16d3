// SPDX-License-Identifier: Apache-2.0
//
// Weightings by name: paths such as usage.weight, usage.depth.weight and smb:usage.weight to places in the
// arrays, and back. An edit means what it would mean in the definition's file: segments that do not write a
// weight themselves follow the definition's.
#include "whatif/whatif_room.h"

#include <math.h>
#include <string.h>

hf_status hf_weighting_set_create(hf_weighting_set *out, const hf_context *context, const hf_definition *d,
                                  int32_t count, hf_error *error)
{
    hf_weighting_set made = {.weights.context = context};
    hf_status status;
    const size_t each = (size_t)d->group_count + (size_t)d->measure_count;
    HF_TRY(done, hf_weightings_create(&made.weights, context, d, count, error));
    made.name = hf_new(context, (size_t)count, sizeof *made.name);
    made.own = hf_new(context, (size_t)d->segment_count * each, sizeof *made.own);
    if (!made.name || !made.own) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_definition_own_weights(made.own, d, error));
    for (int32_t i = 0; i < count; i++)
        snprintf(made.name[i].name, sizeof made.name[i].name, "present");
    *out = made;
    made = (hf_weighting_set){.weights.context = context};
done:
    hf_weighting_set_free(&made);
    return status;
}

void hf_weighting_set_free(hf_weighting_set *set)
{
    const hf_context *context = set->weights.context;
    if (!context) return;
    hf_delete(context, set->name);
    hf_delete(context, set->own);
    hf_weightings_free(&set->weights);
    *set = (hf_weighting_set){0};
}

void hf_weighting_name_end(char *name)
{
    size_t bad;
    if (!hf_is_utf8(name, strlen(name), &bad)) name[bad] = '\0';
}

// ---- places ----------------------------------------------------------------------------------------------

// A weight in the arrays: a group's (measure -1) or a measure's.
static double *weight_of(const hf_weighting_set *set, int32_t at, int32_t segment, int32_t group,
                         int32_t measure)
{
    const hf_definition *d = set->weights.definition;
    if (measure < 0)
        return &hf_weighting_groups(&set->weights, at)[(ptrdiff_t)segment * d->group_count + group];
    return &hf_weighting_measures(&set->weights, at)[(ptrdiff_t)segment * d->measure_count + measure];
}

static double present_of(const hf_definition *d, int32_t segment, int32_t group, int32_t measure)
{
    const hf_segment *s = &d->segments[segment];
    return measure < 0 ? s->group_weight[group] : s->measure_weight[measure];
}

static bool own_of(const hf_weighting_set *set, int32_t segment, int32_t group, int32_t measure)
{
    const hf_definition *d = set->weights.definition;
    const ptrdiff_t each = (ptrdiff_t)d->group_count + d->measure_count;
    return set->own[segment * each + (measure < 0 ? group : d->group_count + measure)];
}

// ---- edits -----------------------------------------------------------------------------------------------

static hf_status fail_path(const hf_definition *d, const char *path, const char *name, bool segment,
                           hf_error *error)
{
    const int32_t most = segment ? d->segment_count - 1 : d->group_count + d->measure_count;
    const char **names = hf_new(d->context, (size_t)most + 1, sizeof *names);
    size_t count = 0;
    hf_status status;
    if (!names) return hf_fail_memory(error);
    for (int32_t s = 0; segment && s < most; s++)
        names[count++] = d->segments[s].name;
    for (int32_t g = 0; !segment && g < d->group_count; g++)
        names[count++] = d->groups[g].name;
    for (int32_t m = 0; !segment && m < d->measure_count; m++)
        names[count++] = d->measures[m].path;
    const char *nearest = hf_nearest(name, names, count);
    for (int32_t m = 0; !segment && !nearest && m < d->measure_count; m++)
        if (strcmp(d->measures[m].name, name) == 0) nearest = d->measures[m].path;
    if (nearest)
        status =
            hf_fail(error, HF_ERROR_USAGE, "'%.100s': there is no %s '%.80s'; did you mean '%s%s'?", path,
                    segment ? "segment" : "group or measure", name, nearest, segment ? ":..." : ".weight");
    else
        status = hf_fail(error, HF_ERROR_USAGE,
                         "'%.100s': there is no %s '%.80s'; write GROUP.weight, GROUP.MEASURE.weight or "
                         "SEGMENT:GROUP.weight",
                         path, segment ? "segment" : "group or measure", name);
    hf_delete(d->context, names);
    return status;
}

// The group, or the measure with its group, that a name without ".weight" means.
static bool find_name(hf_weight_edit *out, const hf_definition *d, const char *name)
{
    for (int32_t g = 0; g < d->group_count; g++)
        if (strcmp(d->groups[g].name, name) == 0) out->group = g;
    if (out->group >= 0) return true;
    out->measure = hf_definition_find(d, name);
    if (out->measure >= 0) out->group = d->measures[out->measure].group;
    return out->measure >= 0;
}

// Of a path that does not end in ".weight": the end may be forgotten, or mistyped.
static hf_status fail_unweighted(const hf_definition *d, const char *path, const char *rest, hf_error *error)
{
    hf_weight_edit found = {.group = -1, .measure = -1};
    char name[2 * HF_NAME_LIMIT + 2];
    const char *dot = strrchr(rest, '.');
    snprintf(name, sizeof name, "%s", rest);
    bool known = find_name(&found, d, name);
    if (!known && dot) {
        snprintf(name, sizeof name, "%.*s", (int)(dot - rest), rest);
        known = find_name(&found, d, name);
    }
    if (known)
        return hf_fail(error, HF_ERROR_USAGE, "'%.100s' names no weight; write '%.*s%.100s.weight'", path,
                       (int)(rest - path), path, name);
    return hf_fail(error, HF_ERROR_USAGE,
                   "'%.100s' names no weight; write GROUP.weight, GROUP.MEASURE.weight or "
                   "SEGMENT:GROUP.weight",
                   path);
}

// A path's segment (the last: none is named), group and measure.
static hf_status find_path(hf_weight_edit *out, const hf_definition *d, const char *path, hf_error *error)
{
    static const char suffix[] = ".weight";
    char name[2 * HF_NAME_LIMIT + 2];
    const char *colon = strchr(path, ':'), *rest = colon ? colon + 1 : path;
    const size_t length = strlen(rest), tail = sizeof suffix - 1;
    *out = (hf_weight_edit){.segment = d->segment_count - 1, .group = -1, .measure = -1};
    if (colon) {
        snprintf(name, sizeof name, "%.*s", (int)(colon - path), path);
        int32_t s = 0;
        while (s < d->segment_count - 1 && strcmp(d->segments[s].name, name) != 0)
            s++;
        if (s == d->segment_count - 1) return fail_path(d, path, name, true, error);
        out->segment = s;
    }
    if (length <= tail || strcmp(rest + length - tail, suffix) != 0)
        return fail_unweighted(d, path, rest, error);
    snprintf(name, sizeof name, "%.*s", (int)(length - tail), rest);
    return find_name(out, d, name) ? HF_OK : fail_path(d, path, name, false, error);
}

hf_status hf_weighting_edit(hf_weighting_set *set, int32_t at, const char *path, double value,
                            hf_error *error)
{
    const hf_definition *d = set->weights.definition;
    hf_weight_edit c;
    hf_status status = find_path(&c, d, path, error);
    if (status != HF_OK) return status;
    if (!(value >= 0) || value > 1e15)
        return hf_fail(error, HF_ERROR_USAGE, "'%.100s': expected a weight from 0 to 1e15, found %g", path,
                       value);
    *weight_of(set, at, c.segment, c.group, c.measure) = value;
    for (int32_t s = 0; c.segment == d->segment_count - 1 && s < c.segment; s++)
        if (!own_of(set, s, c.group, c.measure)) *weight_of(set, at, s, c.group, c.measure) = value;
    return HF_OK;
}

// Reads PATH=WEIGHT; blanks may stand around both.
static hf_status parse_edit(char path[3 * HF_NAME_LIMIT], double *value, const char *text, hf_error *error)
{
    const char *equals = strrchr(text, '='), *begin = text + strspn(text, " "), *end = equals;
    while (end && end > begin && end[-1] == ' ')
        end--;
    if (!end || end == begin || end - begin >= 3 * HF_NAME_LIMIT)
        return hf_fail(error, HF_ERROR_USAGE, "'%.100s': expected PATH=WEIGHT, as in usage.weight=50", text);
    const char *number = equals + 1 + strspn(equals + 1, " ");
    size_t length = strlen(number);
    while (length > 0 && number[length - 1] == ' ')
        length--;
    if (!hf_parse_double(value, number, length))
        return hf_fail(error, HF_ERROR_USAGE, "'%.100s': expected a weight after =, found '%.40s'", text,
                       number);
    snprintf(path, 3 * HF_NAME_LIMIT, "%.*s", (int)(end - begin), begin);
    return HF_OK;
}

hf_status hf_weighting_parse(hf_weighting_set *set, int32_t at, const char *const *texts, int32_t count,
                             hf_error *error)
{
    char path[3 * HF_NAME_LIMIT], other[3 * HF_NAME_LIMIT];
    double value, ignored;
    hf_status status = HF_OK;
    for (int turn = 0; turn < 2; turn++)
        for (int32_t i = 0; i < count; i++) {
            HF_TRY(done, parse_edit(path, &value, texts[i], error));
            if ((strchr(path, ':') != NULL) != turn) continue;
            HF_TRY(done, hf_weighting_edit(set, at, path, value, error));
            for (int32_t k = 0; k < i; k++) {
                HF_TRY(done, parse_edit(other, &ignored, texts[k], error));
                if (strcmp(path, other) != 0) continue;
                status = hf_fail(error, HF_ERROR_USAGE,
                                 "'%.100s' is set twice; all --set make one weighting: several are the rows "
                                 "of a --grid FILE",
                                 path);
                goto done;
            }
        }
done:
    return status;
}

void hf_weighting_take(hf_weighting_set *set, int32_t at, const hf_definition *other)
{
    for (int32_t s = 0; s < other->segment_count; s++) {
        memcpy(weight_of(set, at, s, 0, -1), other->segments[s].group_weight,
               (size_t)other->group_count * sizeof(double));
        memcpy(weight_of(set, at, s, 0, 0), other->segments[s].measure_weight,
               (size_t)other->measure_count * sizeof(double));
    }
}

hf_status hf_weighting_check(const hf_weighting_set *set, int32_t at, hf_error *error)
{
    const hf_definition *d = set->weights.definition;
    for (int32_t s = 0; s < d->segment_count; s++) {
        bool some = false;
        for (int32_t m = 0; m < d->measure_count; m++)
            some = some ||
                   (*weight_of(set, at, s, 0, m) > 0 && *weight_of(set, at, s, d->measures[m].group, -1) > 0);
        if (!some)
            return hf_fail(
                error, HF_ERROR_USAGE,
                "%s: with these weights nothing of segment '%s' would be scored; leave a measure a "
                "weight above 0 in a group with one",
                set->name[at].name, d->segments[s].name);
    }
    return HF_OK;
}

// ---- one at a time ---------------------------------------------------------------------------------------

// Measures of a group with a weight, or groups.
static int32_t above_zero(const hf_definition *d, int32_t group)
{
    const hf_segment *rest = &d->segments[d->segment_count - 1];
    int32_t count = 0;
    for (int32_t g = 0; group < 0 && g < d->group_count; g++)
        count += rest->group_weight[g] > 0;
    for (int32_t m = 0; group >= 0 && m < d->measure_count; m++)
        count += d->measures[m].group == group && rest->measure_weight[m] > 0;
    return count;
}

// Whether scaling a weight changes any share: place k counts groups, then measures.
static bool counts(const hf_definition *d, int32_t k)
{
    const hf_segment *rest = &d->segments[d->segment_count - 1];
    const int32_t m = k - d->group_count;
    if (m < 0) return rest->group_weight[k] > 0 && above_zero(d, -1) > 1;
    return rest->measure_weight[m] > 0 && rest->group_weight[d->measures[m].group] > 0 &&
           above_zero(d, d->measures[m].group) > 1;
}

int32_t hf_weighting_ones_count(const hf_definition *d)
{
    int32_t count = 0;
    for (int32_t k = 0; k < d->group_count + d->measure_count; k++)
        count += counts(d, k) ? 2 : 0;
    return count;
}

void hf_weighting_ones(hf_weighting_set *set, int32_t first, double factor)
{
    const hf_definition *d = set->weights.definition;
    char by[32];
    hf_format_f64(by, factor);
    for (int32_t k = 0; k < d->group_count + d->measure_count; k++)
        for (int down = 0; down < 2 && counts(d, k); down++) {
            const int32_t m = k < d->group_count ? -1 : k - d->group_count;
            for (int32_t s = 0; s < d->segment_count; s++) {
                double *weight = weight_of(set, first, s, k, m);
                *weight = down ? *weight / factor : *weight * factor;
            }
            set->name[first].kind = HF_WEIGHTING_ONE;
            snprintf(set->name[first].name, sizeof set->name[first].name, "%.90s.weight %s %s",
                     m < 0 ? d->groups[k].name : d->measures[m].path, down ? "/" : "x", by);
            hf_weighting_name_end(set->name[first].name);
            first++;
        }
}

// ---- back to the file --------------------------------------------------------------------------------------

int32_t hf_weighting_changes(hf_weight_edit *out, const hf_weighting_set *set, int32_t at)
{
    const hf_definition *d = set->weights.definition;
    const int32_t rest = d->segment_count - 1;
    int32_t count = 0;
    for (int32_t turn = 0; turn <= rest; turn++) {
        const int32_t s = turn == 0 ? rest : turn - 1; // the definition's own first
        for (int32_t k = 0; k < d->group_count + d->measure_count; k++) {
            const int32_t m = k < d->group_count ? -1 : k - d->group_count,
                          g = m < 0 ? k : d->measures[m].group;
            const double now = *weight_of(set, at, s, g, m), else_ = own_of(set, s, g, m)
                                                                         ? present_of(d, s, g, m)
                                                                         : *weight_of(set, at, rest, g, m);
            if (now != else_) out[count++] = (hf_weight_edit){s, g, m, now, NULL};
        }
    }
    return count;
}

void hf_weighting_path(hf_text *out, const hf_definition *d, const hf_weight_edit *c)
{
    if (c->segment < d->segment_count - 1) hf_text_printf(out, "%s:", d->segments[c->segment].name);
    hf_text_printf(out, "%s.weight",
                   c->measure < 0 ? d->groups[c->group].name : d->measures[c->measure].path);
}
