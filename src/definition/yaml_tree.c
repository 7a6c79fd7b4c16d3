// SPDX-License-Identifier: Apache-2.0
//
// YAML to a tree by libfyaml's events. The tree is our own, so that every node keeps its place, memory is the
// context's, and what a definition never needs and a hostile file would use (aliases that multiply, deep
// nesting, custom tags) is refused where it stands. libfyaml collects its complaints in a diag without an
// output, so nothing is printed.
#include "definition/yaml_tree.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const hf_definition *definition;
    hf_error *error;
    struct fy_diag *diag;
    struct fy_parser *parser;
    hf_yaml_tree tree;
    int32_t open[HF_YAML_DEPTH]; // the lists and maps that are not closed yet
    int32_t last[HF_YAML_DEPTH]; // their newest child, -1: none yet
    int32_t depth;
} building;

// ---- nodes -----------------------------------------------------------------------------------------------

static hf_status add_node(int32_t *out, building *b, hf_yaml_kind kind, hf_place place, size_t offset)
{
    hf_yaml_tree *t = &b->tree;
    if (t->count == t->capacity) {
        int32_t capacity = t->capacity > 0 ? 2 * t->capacity : 256;
        hf_yaml_node *grown = hf_grow(t->context, t->nodes, (size_t)capacity, sizeof *grown);
        if (!grown) return hf_fail_memory(b->error);
        t->nodes = grown;
        t->capacity = capacity;
    }
    int32_t made = t->count++;
    t->nodes[made] = (hf_yaml_node){.kind = kind, .place = place, .offset = offset, .first = -1, .next = -1};
    if (b->depth > 0) {
        int32_t parent = b->open[b->depth - 1], *last = &b->last[b->depth - 1];
        // What stands behind a key and is empty has no place of its own.
        if (place.line == 0) t->nodes[made].place = t->nodes[*last < 0 ? parent : *last].place;
        if (*last < 0)
            t->nodes[parent].first = made;
        else
            t->nodes[*last].next = made;
        t->nodes[parent].children++;
        *last = made;
    }
    *out = made;
    return HF_OK;
}

static hf_place place_of(const struct fy_mark *mark, size_t *offset)
{
    *offset = mark ? mark->input_pos : SIZE_MAX;
    return mark ? (hf_place){mark->line + 1, mark->column + 1} : (hf_place){0, 0};
}

static hf_status open_node(building *b, hf_yaml_kind kind, const struct fy_mark *mark)
{
    size_t offset;
    int32_t made;
    hf_place place = place_of(mark, &offset);
    if (b->depth == HF_YAML_DEPTH)
        return hf_definition_fail(b->error, b->definition, place,
                                  "nested more than %d levels deep; a definition needs far fewer",
                                  HF_YAML_DEPTH);
    hf_status status = add_node(&made, b, kind, place, offset);
    if (status != HF_OK) return status;
    b->open[b->depth] = made;
    b->last[b->depth] = -1;
    b->depth++;
    return HF_OK;
}

static bool says_nothing(const char *text, size_t length)
{
    static const char *const nothing[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        if (length == strlen(nothing[i]) && memcmp(text, nothing[i], length) == 0) return true;
    return false;
}

static hf_status add_scalar(building *b, struct fy_token *token)
{
    size_t length = 0, offset;
    int32_t made;
    const char *text = token ? fy_token_get_text(token, &length) : "";
    if (!text) return hf_fail_memory(b->error);
    hf_place place = place_of(token ? fy_token_start_mark(token) : NULL, &offset);
    bool plain = !token || fy_token_scalar_style(token) == FYSS_PLAIN;
    bool empty = plain && says_nothing(text, length);
    if (memchr(text, '\0', length))
        return hf_definition_fail(b->error, b->definition, place, "a text holds a NUL; take the \\0 out");
    hf_status status = add_node(&made, b, empty ? HF_YAML_EMPTY : HF_YAML_SCALAR, place, offset);
    if (status != HF_OK || empty) return status;
    hf_yaml_node *node = &b->tree.nodes[made];
    node->plain = plain;
    node->text = hf_copy_text(b->tree.context, text, length);
    return node->text ? HF_OK : hf_fail_memory(b->error);
}

// ---- keys ------------------------------------------------------------------------------------------------

typedef struct {
    const char *text;
    int32_t node;
} key;

static int by_text(const void *a, const void *b)
{
    const key *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->node > y->node) - (x->node < y->node);
}

static hf_status check_key(const building *b, const hf_yaml_node *node)
{
    if (node->kind == HF_YAML_SCALAR) return HF_OK;
    return hf_definition_fail(b->error, b->definition, node->place,
                              "expected a key, found %s; write key: value",
                              node->kind == HF_YAML_LIST  ? "a list"
                              : node->kind == HF_YAML_MAP ? "a map"
                                                          : "nothing");
}

// Every key of a map that has just been closed: a text, and once.
static hf_status check_keys(const building *b, const hf_yaml_node *map)
{
    const hf_yaml_tree *t = &b->tree;
    hf_status status = HF_OK;
    int32_t count = 0, twice = -1, first = -1;
    key *keys = hf_new(t->context, (size_t)map->children, sizeof *keys);
    if (!keys) return hf_fail_memory(b->error);
    for (const hf_yaml_node *k = hf_yaml_first(t, map); k; k = hf_yaml_next(t, hf_yaml_next(t, k))) {
        HF_TRY(done, check_key(b, k));
        keys[count++] = (key){k->text, (int32_t)(k - t->nodes)};
    }
    qsort(keys, (size_t)count, sizeof *keys, by_text);
    for (int32_t i = 1; i < count; i++)
        if (strcmp(keys[i].text, keys[i - 1].text) == 0 && (twice < 0 || keys[i].node < twice)) {
            twice = keys[i].node;
            first = keys[i - 1].node;
        }
    if (twice >= 0)
        status = hf_definition_fail(b->error, b->definition, t->nodes[twice].place,
                                    "key '%s' stands here twice, first on line %d; take one out",
                                    t->nodes[twice].text, t->nodes[first].place.line);
done:
    hf_delete(t->context, keys);
    return status;
}

// ---- events ----------------------------------------------------------------------------------------------

// What YAML has and a definition has not.
static hf_status refuse(const building *b, const struct fy_token *token, const char *what, const char *remedy)
{
    size_t offset;
    hf_place place = place_of(fy_token_start_mark((struct fy_token *)token), &offset);
    return hf_definition_fail(b->error, b->definition, place, "%s is not read in a definition; %s", what,
                              remedy);
}

static hf_status refuse_extras(const building *b, struct fy_token *anchor, struct fy_token *tag)
{
    if (anchor)
        return refuse(b, anchor, "an anchor (&)", "write the value out, or quote a text that begins with &");
    if (tag) return refuse(b, tag, "a tag (!)", "leave it out, or quote a text that begins with !");
    return HF_OK;
}

static hf_status close_node(building *b)
{
    const hf_yaml_node *node = &b->tree.nodes[b->open[--b->depth]];
    return node->kind == HF_YAML_MAP ? check_keys(b, node) : HF_OK;
}

static hf_status take_event(building *b, struct fy_event *event)
{
    hf_status status = HF_OK;
    switch (event->type) {
    case FYET_ALIAS:
        status = refuse(b, event->alias.anchor, "an alias (*)",
                        "write the value out, or quote a text that begins with *");
        break;
    case FYET_SCALAR:
        HF_TRY(done, refuse_extras(b, event->scalar.anchor, event->scalar.tag));
        status = add_scalar(b, event->scalar.value);
        break;
    case FYET_MAPPING_START:
        HF_TRY(done, refuse_extras(b, event->mapping_start.anchor, event->mapping_start.tag));
        status = open_node(b, HF_YAML_MAP, fy_event_start_mark(event));
        break;
    case FYET_SEQUENCE_START:
        HF_TRY(done, refuse_extras(b, event->sequence_start.anchor, event->sequence_start.tag));
        status = open_node(b, HF_YAML_LIST, fy_event_start_mark(event));
        break;
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        status = close_node(b);
        break;
    case FYET_DOCUMENT_START:
        if (b->tree.count > 0)
            status = refuse(b, event->document_start.document_start, "a second document (---)",
                            "keep one definition a file");
        break;
    case FYET_NONE:
    case FYET_STREAM_START:
    case FYET_STREAM_END:
    case FYET_DOCUMENT_END:
        break;
    }
done:
    return status;
}

// libfyaml's first complaint, at its place.
static hf_status fail_syntax(building *b)
{
    void *iterator = NULL;
    const struct fy_diag_error *found = fy_diag_errors_iterate(b->diag, &iterator);
    if (!found || !found->msg)
        return hf_definition_fail(b->error, b->definition, (hf_place){1, 1},
                                  "this is not YAML that can be read; check its first lines");
    char message[200];
    snprintf(message, sizeof message, "%s", found->msg);
    message[strcspn(message, "\n")] = '\0';
    hf_place place = {found->line, found->column};
    if (place.line < 1 || place.column < 1) place = (hf_place){1, 1};
    const hf_yaml_node *open = b->depth > 0 ? &b->tree.nodes[b->open[b->depth - 1]] : NULL;
    const char bracket =
        open && open->offset < b->definition->text_length ? b->definition->text[open->offset] : 0;
    // Where brackets are not closed libfyaml gives up on a later line; what is wrong is at their beginning.
    if ((bracket == '[' || bracket == '{') && open->place.line != place.line)
        return hf_definition_fail(
            b->error, b->definition, open->place,
            "not YAML: %s, on line %d; look whether the %c that opens here is closed and "
            "its entries have commas between them",
            message, place.line, bracket);
    return hf_definition_fail(
        b->error, b->definition, place,
        "not YAML: %s; check the indentation, the quotes and the blank after each colon", message);
}

static hf_status run_events(building *b)
{
    hf_status status = HF_OK;
    struct fy_event *event;
    while (status == HF_OK && (event = fy_parser_parse(b->parser))) {
        status = take_event(b, event);
        fy_parser_event_free(b->parser, event);
    }
    if (status == HF_OK && fy_parser_get_stream_error(b->parser)) status = fail_syntax(b);
    if (status == HF_OK && b->tree.count == 0)
        status = hf_fail_at(b->error, HF_ERROR_DATA, b->definition->path, 0, 0,
                            "the definition is empty; `holdfast init` writes one to begin with");
    return status;
}

hf_status hf_yaml_parse(hf_yaml_tree *out, const hf_definition *definition, hf_error *error)
{
    hf_status status = HF_OK;
    building b = {.definition = definition, .error = error, .tree.context = definition->context};
    struct fy_diag_cfg quiet;
    fy_diag_cfg_default(&quiet);
    quiet.fp = NULL;
    quiet.output_fn = NULL;
    b.diag = fy_diag_create(&quiet);
    if (!b.diag) return hf_fail_memory(error);
    fy_diag_set_collect_errors(b.diag, true);
    struct fy_parse_cfg options = {.search_path = "",
                                   .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 |
                                            FYPCF_JSON_NONE,
                                   .diag = b.diag};
    b.parser = fy_parser_create(&options);
    if (!b.parser || fy_parser_set_string(b.parser, definition->text, definition->text_length) != 0) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, run_events(&b));
    *out = b.tree;
    b.tree = (hf_yaml_tree){.context = definition->context};
done:
    hf_yaml_free(&b.tree);
    fy_parser_destroy(b.parser);
    fy_diag_destroy(b.diag);
    return status;
}

void hf_yaml_free(hf_yaml_tree *tree)
{
    for (int32_t i = 0; i < tree->count; i++)
        hf_delete(tree->context, tree->nodes[i].text);
    hf_delete(tree->context, tree->nodes);
    *tree = (hf_yaml_tree){.context = tree->context};
}

const hf_yaml_node *hf_yaml_first(const hf_yaml_tree *tree, const hf_yaml_node *node)
{
    return node->first < 0 ? NULL : &tree->nodes[node->first];
}

const hf_yaml_node *hf_yaml_next(const hf_yaml_tree *tree, const hf_yaml_node *node)
{
    return node->next < 0 ? NULL : &tree->nodes[node->next];
}
