// SPDX-License-Identifier: Apache-2.0
//
// Typed values of a definition: numbers with ranges, whole numbers, shares, spans of days, dates, names,
// words from a list. Each failure says what was expected and what was found, at the value's place.
#include "definition/reading.h"

#include <math.h>
#include <string.h>

hf_clip hf_clip_text(const char *text)
{
    hf_clip clip;
    size_t n = 0;
    int characters = 0;
    for (; text[n] != '\0'; n++) {
        characters += ((unsigned char)text[n] & 0xc0) != 0x80;
        if (characters > HF_CLIP) break;
        clip.text[n] = (unsigned char)text[n] < ' ' || text[n] == 0x7f ? ' ' : text[n];
    }
    memcpy(clip.text + n, text[n] == '\0' ? "" : "...", text[n] == '\0' ? 1 : 4);
    return clip;
}

hf_clip hf_clip_found(const hf_yaml_node *node)
{
    hf_clip clip;
    switch (node->kind) {
    case HF_YAML_SCALAR:
        break;
    case HF_YAML_EMPTY:
        return hf_clip_text("nothing");
    case HF_YAML_LIST:
        snprintf(clip.text, sizeof clip.text, node->children > 0 ? "a list of %d" : "an empty list",
                 node->children);
        return clip;
    case HF_YAML_MAP:
        return hf_clip_text(node->children > 0 ? "a map" : "an empty map");
    }
    clip = hf_clip_text(node->text);
    size_t length = strlen(clip.text);
    memmove(clip.text + 1, clip.text, length);
    clip.text[0] = '"';
    memcpy(clip.text + length + 1, "\"", 2);
    return clip;
}

hf_status hf_expected(const hf_reading *r, const hf_yaml_node *node, const char *key, const char *expected,
                      const char *remedy)
{
    return hf_definition_fail(r->error, r->definition, node->place, "'%s': expected %s, found %s%s%s",
                              hf_clip_text(key).text, expected, hf_clip_found(node).text,
                              remedy[0] == '\0' ? "" : "; ", remedy);
}

// ---- maps ------------------------------------------------------------------------------------------------

static void list_keys(char *out, size_t size, const char *const *keys, size_t count)
{
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", i == 0 ? "" : ", ", keys[i]);
}

hf_status hf_check_map(const hf_reading *r, const hf_yaml_node *map, const char *what,
                       const char *const *keys, size_t count)
{
    char list[400];
    list_keys(list, sizeof list, keys, count);
    if (map->kind != HF_YAML_MAP)
        return hf_definition_fail(r->error, r->definition, map->place,
                                  "expected %s with keys of: %s; found %s", what, list,
                                  hf_clip_found(map).text);
    for (HF_EACH_KEY(r, key, map)) {
        bool known = false;
        for (size_t i = 0; i < count && !known; i++)
            known = strcmp(key->text, keys[i]) == 0;
        if (known) continue;
        const char *nearest = hf_nearest(key->text, keys, count);
        if (nearest)
            return hf_definition_fail(r->error, r->definition, key->place,
                                      "%s has no key '%s'; did you mean '%s'?", what,
                                      hf_clip_text(key->text).text, nearest);
        return hf_definition_fail(r->error, r->definition, key->place, "%s has no key '%s'; it takes: %s",
                                  what, hf_clip_text(key->text).text, list);
    }
    return HF_OK;
}

hf_status hf_check_names(const hf_reading *r, const hf_yaml_node *map, const char *key, const char *form)
{
    if (map->kind == HF_YAML_MAP && map->children > 0) return HF_OK;
    return hf_expected(r, map, key, "a map with at least one entry", form);
}

const hf_yaml_node *hf_get_key(const hf_reading *r, const hf_yaml_node *map, const char *key)
{
    if (map->kind != HF_YAML_MAP) return NULL;
    for (HF_EACH_KEY(r, k, map))
        if (strcmp(k->text, key) == 0) return k;
    return NULL;
}

const hf_yaml_node *hf_value_of(const hf_reading *r, const hf_yaml_node *key)
{
    return hf_yaml_next(r->tree, key);
}

const hf_yaml_node *hf_get(const hf_reading *r, const hf_yaml_node *map, const char *key)
{
    const hf_yaml_node *k = hf_get_key(r, map, key);
    return k ? hf_value_of(r, k) : NULL;
}

hf_status hf_require(const hf_yaml_node **out, const hf_reading *r, const hf_yaml_node *map, hf_place place,
                     const char *what, const char *key, const char *form)
{
    const hf_yaml_node *value = hf_get(r, map, key);
    if (!value)
        return hf_definition_fail(r->error, r->definition, place, "%s lacks the key '%s'; add %s", what, key,
                                  form);
    *out = value;
    return HF_OK;
}

// ---- values ----------------------------------------------------------------------------------------------

bool hf_node_number(double *out, const hf_yaml_node *node)
{
    double value;
    if (node->kind != HF_YAML_SCALAR || !node->plain) return false;
    if (!hf_parse_double(&value, node->text, strlen(node->text)) || !isfinite(value)) return false;
    *out = value;
    return true;
}

bool hf_node_is(const hf_yaml_node *node, const char *text)
{
    return node->kind == HF_YAML_SCALAR && strcmp(node->text, text) == 0;
}

static void describe_range(char out[100], const char *noun, double low, double high)
{
    char from[32], to[32];
    hf_format_f64(from, low);
    hf_format_f64(to, high);
    if (isinf(low))
        snprintf(out, 100, "%s", noun);
    else if (isinf(high))
        snprintf(out, 100, "%s, %s or more", noun, from);
    else
        snprintf(out, 100, "%s from %s to %s", noun, from, to);
}

hf_status hf_take_number(double *out, const hf_reading *r, const hf_yaml_node *node, const char *key,
                         double low, double high)
{
    char expected[100];
    double value;
    bool number = hf_node_number(&value, node);
    if (number && value >= low && value <= high) {
        *out = value;
        return HF_OK;
    }
    describe_range(expected, "a number", low, high);
    bool quoted = node->kind == HF_YAML_SCALAR && !node->plain &&
                  hf_parse_double(&value, node->text, strlen(node->text));
    return hf_expected(r, node, key, expected, quoted ? "take the quotes off" : "");
}

hf_status hf_take_weight(double *out, const hf_reading *r, const hf_yaml_node *node, const char *key)
{
    double value = 0.0;
    hf_status status = hf_take_number(&value, r, node, key, 0, INFINITY);
    if (status != HF_OK) return status;
    // Their sums must stay numbers.
    if (value > 1e15)
        return hf_definition_fail(
            r->error, r->definition, node->place,
            "this weight is beyond all measure; only proportions count, so write smaller ones");
    *out = value;
    return HF_OK;
}

hf_status hf_copy(char **out, const hf_reading *r, const char *text)
{
    char *copy = hf_copy_text(r->context, text, strlen(text));
    if (!copy) return hf_fail_memory(r->error);
    *out = copy;
    return HF_OK;
}

hf_status hf_take_name(char **out, const hf_reading *r, const hf_yaml_node *node, const char *key,
                       size_t limit)
{
    char expected[100];
    if (node->kind != HF_YAML_SCALAR || node->text[0] == '\0') return hf_expected(r, node, key, "a name", "");
    for (const char *p = node->text; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return hf_expected(r, node, key, "a name on one line", "take the control characters out");
    if (strlen(node->text) > limit) {
        snprintf(expected, sizeof expected, "a name of at most %zu bytes", limit);
        return hf_expected(r, node, key, expected, "shorten it");
    }
    return hf_copy(out, r, node->text);
}

hf_status hf_take_days(int32_t *out, const hf_reading *r, const hf_yaml_node *node, const char *key,
                       int32_t least)
{
    char expected[100];
    if (node->kind == HF_YAML_SCALAR) {
        double value;
        size_t digits = strspn(node->text, "0123456789");
        const char *unit = node->text + digits;
        bool days = unit[0] == '\0' ? node->plain : strcmp(unit, " days") == 0 || strcmp(unit, " day") == 0;
        if (days && hf_parse_double(&value, node->text, digits) && value >= least && value <= 36500) {
            *out = (int32_t)value;
            return HF_OK;
        }
    }
    snprintf(expected, sizeof expected, "a span of %d to 36500 days, as in 60 days or 60", least);
    return hf_expected(r, node, key, expected, "");
}

// ---- by key ----------------------------------------------------------------------------------------------

hf_status hf_read_number(double *out, const hf_reading *r, const hf_yaml_node *map, const char *key,
                         double low, double high)
{
    const hf_yaml_node *node = hf_get(r, map, key);
    return node ? hf_take_number(out, r, node, key, low, high) : HF_OK;
}

hf_status hf_read_whole(int32_t *out, const hf_reading *r, const hf_yaml_node *map, const char *key,
                        int32_t low, int32_t high)
{
    char expected[100];
    double value;
    const hf_yaml_node *node = hf_get(r, map, key);
    if (!node) return HF_OK;
    if (hf_node_number(&value, node) && value >= low && value <= high && floor(value) == value) {
        *out = (int32_t)value;
        return HF_OK;
    }
    describe_range(expected, "a whole number", low, high);
    return hf_expected(r, node, key, expected, "");
}

hf_status hf_read_days(int32_t *out, const hf_reading *r, const hf_yaml_node *map, const char *key,
                       int32_t least)
{
    const hf_yaml_node *node = hf_get(r, map, key);
    return node ? hf_take_days(out, r, node, key, least) : HF_OK;
}

hf_status hf_read_share(double *out, const hf_reading *r, const hf_yaml_node *map, const char *key)
{
    const hf_yaml_node *node = hf_get(r, map, key);
    double value;
    if (!node) return HF_OK;
    if (node->kind == HF_YAML_SCALAR && node->plain) {
        hf_status status = hf_condition_number(&value, r->context, node->text, r->error);
        if (status != HF_OK) return status;
        if (value >= 0 && value <= 1) {
            *out = value;
            return HF_OK;
        }
    }
    return hf_expected(r, node, key, "a share, as in 20% or 0.2", "");
}

hf_status hf_read_flag(bool *out, const hf_reading *r, const hf_yaml_node *map, const char *key)
{
    const hf_yaml_node *node = hf_get(r, map, key);
    if (!node) return HF_OK;
    bool yes = hf_node_is(node, "true"), no = hf_node_is(node, "false");
    if (!node->plain || yes == no) return hf_expected(r, node, key, "true or false", "");
    *out = yes;
    return HF_OK;
}

hf_status hf_read_date(hf_date *out, const hf_reading *r, const hf_yaml_node *map, const char *key)
{
    const hf_yaml_node *node = hf_get(r, map, key);
    if (!node) return HF_OK;
    if (node->kind == HF_YAML_SCALAR && hf_date_parse(out, node->text, strlen(node->text))) return HF_OK;
    return hf_expected(r, node, key, "a date, YYYY-MM-DD", "");
}

hf_status hf_read_choice(int *out, const hf_reading *r, const hf_yaml_node *map, const char *key,
                         const char *const *words, size_t count)
{
    char expected[200], remedy[100] = "";
    const hf_yaml_node *node = hf_get(r, map, key);
    if (!node) return HF_OK;
    for (size_t i = 0; i < count; i++)
        if (hf_node_is(node, words[i])) {
            *out = (int)i;
            return HF_OK;
        }
    size_t n = 0;
    for (size_t i = 0; i < count && n < sizeof expected; i++)
        n += (size_t)snprintf(expected + n, sizeof expected - n, "%s%s",
                              i == 0           ? ""
                              : i == count - 1 ? " or "
                                               : ", ",
                              words[i]);
    const char *nearest = node->kind == HF_YAML_SCALAR ? hf_nearest(node->text, words, count) : NULL;
    if (nearest) snprintf(remedy, sizeof remedy, "did you mean '%s'?", nearest);
    return hf_expected(r, node, key, expected, remedy);
}

hf_status hf_read_text(char **out, const hf_reading *r, const hf_yaml_node *map, const char *key)
{
    const hf_yaml_node *node = hf_get(r, map, key);
    if (!node) return hf_copy(out, r, "");
    if (node->kind != HF_YAML_SCALAR) return hf_expected(r, node, key, "a text", "");
    return hf_copy(out, r, node->text);
}

hf_status hf_take_sentence(char **out, const hf_reading *r, const hf_yaml_node *node, const char *key)
{
    if (node->kind != HF_YAML_SCALAR) return hf_expected(r, node, key, "a text", "");
    const char *text = node->text + strspn(node->text, " \t\r\n");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]))
        length--;
    char *copy = hf_copy_text(r->context, text, length);
    if (!copy) return hf_fail_memory(r->error);
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f) *p = ' ';
    *out = copy;
    return HF_OK;
}

hf_status hf_read_sentence(char **out, const hf_reading *r, const hf_yaml_node *map, const char *key)
{
    const hf_yaml_node *node = hf_get(r, map, key);
    return node ? hf_take_sentence(out, r, node, key) : hf_copy(out, r, "");
}

hf_status hf_read_name(char **out, const hf_reading *r, const hf_yaml_node *map, const char *key)
{
    const hf_yaml_node *node = hf_get(r, map, key);
    return node ? hf_take_name(out, r, node, key, HF_NAME_LIMIT) : hf_copy(out, r, "");
}

hf_status hf_read_direction(hf_direction *out, const hf_reading *r, const hf_yaml_node *map)
{
    static const char *const words[] = {"good", "bad"};
    int found = -1;
    hf_status status = hf_read_choice(&found, r, map, "higher", words, 2);
    if (status == HF_OK && found >= 0) *out = found == 0 ? HF_DIRECTION_HIGHER_GOOD : HF_DIRECTION_HIGHER_BAD;
    return status;
}
