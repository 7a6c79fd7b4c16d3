// SPDX-License-Identifier: Apache-2.0
//
// Weights written anew in a definition's text. One weight at a time the text is read as a tree, the number
// replaced where it stands, or a key put in front of its map, and the result read again, so that places are
// never those of an older text. A comment that would change what is read (behind a text of several lines)
// goes to the head of the file.
#include "definition/reading.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

// ---- finding ---------------------------------------------------------------------------------------------

static const hf_yaml_node *part(const hf_reading *r, const hf_yaml_node *map, const char *key)
{
    return map && map->kind == HF_YAML_MAP ? hf_get(r, map, key) : NULL;
}

static const hf_yaml_node *group_map(const hf_reading *r, int32_t group)
{
    const hf_yaml_node *groups = part(r, r->tree->nodes, "groups");
    return part(r, groups, r->definition->groups[group].name);
}

static const hf_yaml_node *measure_map(const hf_reading *r, int32_t measure)
{
    const hf_measure *m = &r->definition->measures[measure];
    return part(r, part(r, group_map(r, m->group), "measures"), m->name);
}

static const hf_yaml_node *segment_map(const hf_reading *r, int32_t segment)
{
    return part(r, part(r, r->tree->nodes, "segments"), r->definition->segments[segment].name);
}

static const char *key_of(const hf_definition *d, int32_t group, int32_t measure)
{
    return measure < 0 ? d->groups[group].name : d->measures[measure].path;
}

hf_status hf_definition_own_weights(bool *own, const hf_definition *d, hf_error *error)
{
    hf_yaml_tree tree = {.context = d->context};
    hf_status status = hf_yaml_parse(&tree, d, error);
    if (status != HF_OK) return status;
    // The reading looks keys up and changes nothing.
    const hf_reading r = {d->context, &tree, (hf_definition *)(uintptr_t)d, error};
    const int32_t each = d->group_count + d->measure_count;
    for (int32_t s = 0; s < d->segment_count; s++) {
        const bool rest = s == d->segment_count - 1;
        const hf_yaml_node *weights = rest ? NULL : part(&r, segment_map(&r, s), "weights");
        for (int32_t k = 0; k < each; k++) {
            const int32_t measure = k < d->group_count ? -1 : k - d->group_count;
            own[(ptrdiff_t)s * each + k] = rest || part(&r, weights, key_of(d, k, measure));
        }
    }
    hf_yaml_free(&tree);
    return HF_OK;
}

// ---- writing ---------------------------------------------------------------------------------------------

// A key as YAML takes it: as it is, or in double quotes.
static void add_key(hf_text *text, const char *key)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const bool letter = (key[0] >= 'a' && key[0] <= 'z') || (key[0] >= 'A' && key[0] <= 'Z');
    if (letter && key[strspn(key, plain)] == '\0') {
        hf_text_puts(text, key);
        return;
    }
    json_t *json = json_string(key);
    char *quoted = json ? json_dumps(json, JSON_ENCODE_ANY) : NULL;
    if (quoted)
        hf_text_puts(text, quoted);
    else
        text->failed = true;
    free(quoted);
    json_decref(json);
}

// Where a weight is to be written and what: `length` bytes at `offset` are replaced by `put`.
typedef struct {
    size_t offset, length;
    hf_text put;
} cut;

// "key: value" as the first of a map, whose form it takes.
static hf_status put_first(cut *out, const hf_reading *r, const hf_yaml_node *map, const char *outer,
                           const char *key, const char *value)
{
    const char *text = r->definition->text;
    if (!map || map->kind != HF_YAML_MAP || map->offset == SIZE_MAX)
        return hf_fail_at(r->error, HF_ERROR_DATA, r->definition->path, map ? map->place.line : 0, 0,
                          "there is no place to write the weight of '%s'; write one there by hand first",
                          hf_clip_text(key).text);
    const bool flow = text[map->offset] == '{';
    out->offset = map->offset + flow;
    if (outer) hf_text_printf(&out->put, "%s: {", outer);
    add_key(&out->put, key);
    hf_text_printf(&out->put, ": %s%s", value, outer ? "}" : "");
    if (flow && map->children > 0) hf_text_puts(&out->put, ", ");
    if (flow) return HF_OK;
    hf_text_putc(&out->put, '\n');
    for (size_t back = map->offset; back > 0 && text[back - 1] != '\n'; back--)
        hf_text_putc(&out->put, ' ');
    return HF_OK;
}

static hf_status find_cut(cut *out, const hf_reading *r, const hf_weight_edit *c, const char *value)
{
    const bool rest = c->segment == r->definition->segment_count - 1;
    const char *key = key_of(r->definition, c->group, c->measure);
    const hf_yaml_node *map, *weights = NULL, *there;
    if (rest) {
        map = c->measure < 0 ? group_map(r, c->group) : measure_map(r, c->measure);
        there = part(r, map, "weight");
        key = "weight";
    } else {
        map = segment_map(r, c->segment);
        weights = part(r, map, "weights");
        there = part(r, weights, key);
    }
    if (there && there->offset != SIZE_MAX) {
        out->offset = there->offset;
        out->length = there->text ? strlen(there->text) : 0;
        hf_text_puts(&out->put, value);
        return HF_OK;
    }
    return put_first(out, r, rest || weights ? (weights ? weights : map) : map,
                     rest || weights ? NULL : "weights", key, value);
}

// The text with the cut made, and a comment at the end of its line or at the head.
static hf_status splice(hf_text *out, const char *text, size_t length, const cut *c, const char *comment,
                        bool at_head, hf_error *error)
{
    size_t end = c->offset + c->length;
    hf_text_clear(out);
    if (comment && at_head) hf_text_printf(out, "# %s\n", comment);
    hf_text_add(out, text, c->offset);
    const size_t broken = c->put.length > 0 ? strcspn(c->put.data, "\n") : 0;
    if (comment && !at_head && broken < c->put.length) { // a line of its own
        hf_text_add(out, c->put.data, broken);
        hf_text_printf(out, " # %s", comment);
        hf_text_puts(out, c->put.data + broken);
        comment = NULL;
    } else {
        hf_text_add(out, c->put.data, c->put.length);
    }
    if (comment && !at_head) {
        const char *line_end = memchr(text + end, '\n', length - end);
        size_t to = line_end ? (size_t)(line_end - text) : length;
        if (to > end && text[to - 1] == '\r') to--;
        hf_text_add(out, text + end, to - end);
        hf_text_printf(out, " # %s", comment);
        end = to;
    }
    hf_text_add(out, text + end, length - end);
    return hf_text_status(out, error);
}

// Whether two texts read as the same tree.
static bool read_alike(const hf_definition *d, const hf_text *a, const hf_text *b)
{
    const hf_text *texts[] = {a, b};
    hf_yaml_tree trees[2] = {{.context = d->context}, {.context = d->context}};
    bool alike = true;
    for (int i = 0; i < 2 && alike; i++) {
        hf_definition as = *d;
        as.text = texts[i]->data;
        as.text_length = texts[i]->length;
        alike = hf_yaml_parse(&trees[i], &as, NULL) == HF_OK;
    }
    alike = alike && trees[0].count == trees[1].count;
    for (int32_t i = 0; alike && i < trees[0].count; i++) {
        const hf_yaml_node *x = &trees[0].nodes[i], *y = &trees[1].nodes[i];
        alike = x->kind == y->kind && (!x->text || strcmp(x->text, y->text) == 0);
    }
    hf_yaml_free(&trees[0]);
    hf_yaml_free(&trees[1]);
    return alike;
}

static hf_status change_one(hf_text *out, const hf_definition *d, const hf_weight_edit *change,
                            hf_error *error)
{
    hf_yaml_tree tree = {.context = d->context};
    hf_text bare;
    char value[40];
    cut c = {0};
    hf_status status;
    hf_text_init(&c.put, d->context);
    hf_text_init(&bare, d->context);
    HF_TRY(done, hf_yaml_parse(&tree, d, error));
    const hf_reading r = {d->context, &tree, (hf_definition *)(uintptr_t)d, error};
    hf_format_f64(value, change->value);
    HF_TRY(done, find_cut(&c, &r, change, value));
    HF_TRY(done, hf_text_status(&c.put, error));
    HF_TRY(done, splice(out, d->text, d->text_length, &c, change->comment, false, error));
    if (!change->comment) goto done;
    HF_TRY(done, splice(&bare, d->text, d->text_length, &c, NULL, false, error));
    if (!read_alike(d, &bare, out))
        status = splice(out, d->text, d->text_length, &c, change->comment, true, error);
done:
    hf_yaml_free(&tree);
    hf_text_free(&c.put);
    hf_text_free(&bare);
    return status;
}

hf_status hf_definition_reweigh(hf_text *out, const hf_definition *definition, const hf_weight_edit *changes,
                                int32_t count, hf_error *error)
{
    hf_status status = HF_OK;
    hf_definition now = *definition;
    hf_text texts[2];
    hf_text_init(&texts[0], definition->context);
    hf_text_init(&texts[1], definition->context);
    for (int32_t i = 0; i < count; i++) {
        hf_text *next = &texts[i % 2];
        HF_TRY(done, change_one(next, &now, &changes[i], error));
        now.text = next->data;
        now.text_length = next->length;
    }
    hf_text_add(out, now.text, now.text_length);
    status = hf_text_status(out, error);
done:
    hf_text_free(&texts[0]);
    hf_text_free(&texts[1]);
    return status;
}
