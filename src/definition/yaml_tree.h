// SPDX-License-Identifier: Apache-2.0
//
// YAML text as a tree of nodes with their places, for the room: scalars, lists and maps, and nothing of YAML
// that a definition has no use for (anchors, aliases, tags, several documents).
#ifndef HOLDFAST_YAML_TREE_H
#define HOLDFAST_YAML_TREE_H

#include "definition/definition_room.h"

typedef enum { HF_YAML_EMPTY, HF_YAML_SCALAR, HF_YAML_LIST, HF_YAML_MAP } hf_yaml_kind;

typedef struct hf_yaml_node hf_yaml_node;
struct hf_yaml_node {
    hf_yaml_kind kind;
    bool plain; // a scalar without quotes: it may be a number
    hf_place place;
    size_t offset;       // of the place, in bytes from the start of the text; SIZE_MAX where unknown
    char *text;          // owned: a scalar's
    int32_t first, next; // child and sibling, as places in the tree; -1: none
    int32_t children;    // of a map: keys and values, in turn
};

typedef struct {
    const hf_context *context;
    hf_yaml_node *nodes; // owned; the first is the root
    int32_t count, capacity;
} hf_yaml_tree;

#define HF_YAML_BYTES (1 << 20) // the longest text that is read
#define HF_YAML_DEPTH 24        // the deepest nesting

// Reads the definition's text (definition->text). Errors: HF_ERROR_DATA at its place. *out is whole only on
// success.
hf_status hf_yaml_parse(hf_yaml_tree *out, const hf_definition *definition, hf_error *error);
void hf_yaml_free(hf_yaml_tree *tree);

// NULL where there is none.
const hf_yaml_node *hf_yaml_first(const hf_yaml_tree *tree, const hf_yaml_node *node);
const hf_yaml_node *hf_yaml_next(const hf_yaml_tree *tree, const hf_yaml_node *node);

#endif
