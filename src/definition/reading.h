// SPDX-License-Identifier: Apache-2.0
//
// Reading a definition from its tree, for the room: typed values with their ranges, and the parts of the
// file. A key that is absent leaves its default; a value that is wrong fails at its place with what was
// expected.
#ifndef HOLDFAST_READING_H
#define HOLDFAST_READING_H

#include "definition/yaml_tree.h"

typedef struct {
    const hf_context *context;
    const hf_yaml_tree *tree;
    hf_definition *definition; // being filled
    hf_error *error;
} hf_reading;

// A text as a message shows it: cut to at most HF_CLIP characters.
#define HF_CLIP 60
typedef struct {
    char text[4 * HF_CLIP + 8];
} hf_clip;
hf_clip hf_clip_text(const char *text);
// What stands at a node: a text in quotes, "a list", "a map", "nothing".
hf_clip hf_clip_found(const hf_yaml_node *node);

// Fails at the node: "'weight': expected a number, found "x"; remedy".
hf_status hf_expected(const hf_reading *r, const hf_yaml_node *node, const char *key, const char *expected,
                      const char *remedy);

// ---- maps ------------------------------------------------------------------------------------------------

// A map whose keys are all among the given ones. what: "a measure", for messages.
hf_status hf_check_map(const hf_reading *r, const hf_yaml_node *map, const char *what,
                       const char *const *keys, size_t count);
#define HF_CHECK_MAP(r, map, what, keys) hf_check_map(r, map, what, keys, sizeof(keys) / sizeof *(keys))
// A map with any keys, at least one. form: how to write it.
hf_status hf_check_names(const hf_reading *r, const hf_yaml_node *map, const char *key, const char *form);
// The value of a key, and the key itself (may be NULL); NULL where the map has none.
const hf_yaml_node *hf_get(const hf_reading *r, const hf_yaml_node *map, const char *key);
const hf_yaml_node *hf_get_key(const hf_reading *r, const hf_yaml_node *map, const char *key);
// The same, but failing where there is none.
hf_status hf_require(const hf_yaml_node **out, const hf_reading *r, const hf_yaml_node *map, hf_place place,
                     const char *what, const char *key, const char *form);
#define HF_EACH_CHILD(r, child, parent)                           \
    const hf_yaml_node *child = hf_yaml_first((r)->tree, parent); \
    child;                                                        \
    child = hf_yaml_next((r)->tree, child)
#define HF_EACH_KEY(r, k, map)                             \
    const hf_yaml_node *k = hf_yaml_first((r)->tree, map); \
    k;                                                     \
    k = hf_yaml_next((r)->tree, hf_yaml_next((r)->tree, k))
// The value behind a key.
const hf_yaml_node *hf_value_of(const hf_reading *r, const hf_yaml_node *key);

// ---- values ----------------------------------------------------------------------------------------------

bool hf_node_number(double *out, const hf_yaml_node *node);
bool hf_node_is(const hf_yaml_node *node, const char *text); // a scalar of this text
// low to high, both included; high INFINITY: no upper limit.
hf_status hf_take_number(double *out, const hf_reading *r, const hf_yaml_node *node, const char *key,
                         double low, double high);
// A weight: 0 or more, and no more than sums can bear.
hf_status hf_take_weight(double *out, const hf_reading *r, const hf_yaml_node *node, const char *key);
// A text for people, made one line: line breaks become blanks, blanks around it go. out must be NULL.
hf_status hf_take_sentence(char **out, const hf_reading *r, const hf_yaml_node *node, const char *key);
// A name: not empty, without control characters, at most `limit` bytes. out must be NULL.
hf_status hf_take_name(char **out, const hf_reading *r, const hf_yaml_node *node, const char *key,
                       size_t limit);
// "60 days" or 60.
hf_status hf_take_days(int32_t *out, const hf_reading *r, const hf_yaml_node *node, const char *key,
                       int32_t least);
hf_status hf_copy(char **out, const hf_reading *r, const char *text);

// The same by key, leaving *out alone where the key is absent.
hf_status hf_read_number(double *out, const hf_reading *r, const hf_yaml_node *map, const char *key,
                         double low, double high);
hf_status hf_read_whole(int32_t *out, const hf_reading *r, const hf_yaml_node *map, const char *key,
                        int32_t low, int32_t high);
hf_status hf_read_days(int32_t *out, const hf_reading *r, const hf_yaml_node *map, const char *key,
                       int32_t least);
hf_status hf_read_share(double *out, const hf_reading *r, const hf_yaml_node *map,
                        const char *key); // 20% or 0.2
hf_status hf_read_flag(bool *out, const hf_reading *r, const hf_yaml_node *map, const char *key);
hf_status hf_read_date(hf_date *out, const hf_reading *r, const hf_yaml_node *map, const char *key);
// One of the words; *out is its place.
hf_status hf_read_choice(int *out, const hf_reading *r, const hf_yaml_node *map, const char *key,
                         const char *const *words, size_t count);
// An owned text, "" where the key is absent; *out must be NULL.
hf_status hf_read_text(char **out, const hf_reading *r, const hf_yaml_node *map, const char *key);
hf_status hf_read_sentence(char **out, const hf_reading *r, const hf_yaml_node *map, const char *key);
hf_status hf_read_name(char **out, const hf_reading *r, const hf_yaml_node *map, const char *key);
hf_status hf_read_direction(hf_direction *out, const hf_reading *r, const hf_yaml_node *map);

// ---- parts of the file -----------------------------------------------------------------------------------

// A condition, its errors placed in the file.
hf_status hf_read_condition(hf_condition *out, const hf_reading *r, const hf_yaml_node *node,
                            const char *key);
// What the definition says of a signal, be it given or derived. unit is borrowed.
typedef struct {
    bool has_kind;
    hf_kind kind;
    const char *unit;
    hf_direction direction;
    const hf_signal_definition *given; // NULL for a derived or unsaid signal
} hf_known_signal;
hf_known_signal hf_know_signal(const hf_definition *definition, const char *name);
// A curve's node into a term of a signal; direction is what the curve has to agree with. *percentile is set
// where the file says so, and the term is then empty.
hf_status hf_read_curve(hf_term *out, bool *percentile, const hf_reading *r, const hf_yaml_node *node,
                        const char *signal, hf_direction direction);
hf_status hf_read_signals(const hf_reading *r, const hf_yaml_node *root);
hf_status hf_read_groups(const hf_reading *r, const hf_yaml_node *root, hf_place place);
hf_status hf_read_settings(const hf_reading *r, const hf_yaml_node *root);
hf_status hf_read_segments(const hf_reading *r, const hf_yaml_node *root); // and the default, last
hf_status hf_read_overrides(const hf_reading *r, const hf_yaml_node *root);

#endif
