// SPDX-License-Identifier: Apache-2.0
//
// A definition from its file: the text is kept for messages, read as a tree, and turned into the resolved
// form part by part, each part after those it refers to. Whatever fails leaves nothing behind.
#include "definition/reading.h"

#include <math.h>
#include <string.h>

enum { FORM = 1 }; // the version of the file's form

// ---- destroying ------------------------------------------------------------------------------------------

static void free_signals(const hf_context *context, hf_definition *d)
{
    for (int32_t i = 0; i < d->signal_count; i++) {
        hf_signal_definition *s = &d->signals[i];
        hf_delete(context, s->name);
        hf_delete(context, s->unit);
        for (int32_t k = 0; k < s->na_count; k++)
            hf_delete(context, s->na[k]);
        hf_delete(context, s->na);
        hf_delete(context, s->observed_on);
    }
    for (int32_t i = 0; i < d->derived_count; i++) {
        hf_delete(context, d->derived[i].name);
        hf_delete(context, d->derived[i].of);
        hf_delete(context, d->derived[i].by);
        hf_delete(context, d->derived[i].unit);
    }
    hf_delete(context, d->signals);
    hf_delete(context, d->derived);
}

static void free_scorecard(const hf_context *context, hf_definition *d)
{
    for (int32_t i = 0; i < d->group_count; i++)
        hf_delete(context, d->groups[i].name);
    for (int32_t i = 0; i < d->measure_count; i++) {
        hf_measure *m = &d->measures[i];
        hf_delete(context, m->name);
        hf_delete(context, m->path);
        hf_delete(context, m->signal);
        hf_term_free(context, &m->curve);
        hf_delete(context, m->observed_on);
        hf_delete(context, m->author);
        hf_delete(context, m->why);
    }
    for (int32_t i = 0; i < d->band_count; i++)
        hf_delete(context, d->bands[i].name);
    hf_delete(context, d->groups);
    hf_delete(context, d->measures);
    hf_delete(context, d->bands);
}

static void free_segments(const hf_context *context, hf_definition *d)
{
    for (int32_t i = 0; i < d->segment_count; i++) {
        hf_segment *s = &d->segments[i];
        hf_delete(context, s->name);
        hf_condition_free(context, &s->when);
        hf_delete(context, s->group_weight);
        hf_delete(context, s->measure_weight);
        hf_delete(context, s->curve);
        for (int32_t k = 0; k < s->own_count; k++)
            hf_term_free(context, &s->own[k]);
        hf_delete(context, s->own);
        hf_delete(context, s->band_from);
        hf_delete(context, s->model);
    }
    for (int32_t i = 0; i < d->override_count; i++) {
        hf_delete(context, d->overrides[i].name);
        hf_condition_free(context, &d->overrides[i].when);
        hf_delete(context, d->overrides[i].reason);
    }
    hf_delete(context, d->segments);
    hf_delete(context, d->overrides);
}

void hf_definition_destroy(hf_definition *definition)
{
    if (!definition) return;
    const hf_context *context = definition->context;
    free_signals(context, definition);
    free_scorecard(context, definition);
    free_segments(context, definition);
    for (int32_t i = 0; i < definition->outcome_count; i++)
        hf_delete(context, definition->outcomes[i].outcome);
    hf_delete(context, definition->outcomes);
    hf_delete(context, definition->manual_overrides);
    hf_delete(context, definition->arr);
    hf_delete(context, definition->parent);
    hf_delete(context, definition->path);
    hf_delete(context, definition->name);
    hf_delete(context, definition->text);
    hf_delete(context, definition);
}

// ---- reading ---------------------------------------------------------------------------------------------

static hf_status read_version(const hf_reading *r, const hf_yaml_node *root)
{
    const hf_yaml_node *node;
    double form;
    hf_status status = hf_require(&node, r, root, (hf_place){1, 1}, "the file", "holdfast",
                                  "holdfast: 1, the form of this file, as the first line");
    if (status != HF_OK) return status;
    if (!hf_node_number(&form, node) || form < 1 || floor(form) != form)
        return hf_expected(r, node, "holdfast", "the form of this file", "write holdfast: 1");
    if (form == FORM) return HF_OK;
    hf_definition_fail(
        r->error, r->definition, node->place,
        "the file has form %s, and this version of holdfast reads form 1; use a newer holdfast", node->text);
    if (r->error) r->error->status = HF_ERROR_VERSION;
    return HF_ERROR_VERSION;
}

// The file's name without its folder and extension serves where none is given.
static hf_status read_name(const hf_reading *r, const hf_yaml_node *root)
{
    hf_definition *d = r->definition;
    if (hf_get(r, root, "name")) return hf_read_name(&d->name, r, root, "name");
    const char *slash = strrchr(d->path, '/');
    const char *stem = slash ? slash + 1 : d->path, *dot = strrchr(stem, '.');
    d->name = hf_copy_text(r->context, stem, dot && dot > stem ? (size_t)(dot - stem) : strlen(stem));
    return d->name ? HF_OK : hf_fail_memory(r->error);
}

static hf_status read_root(const hf_reading *r)
{
    static const char *const keys[] = {"holdfast", "name",     "signals",      "derived",         "groups",
                                       "bands",    "segments", "overrides",    "hysteresis",      "trend",
                                       "arr",      "parent",   "min_coverage", "max_inherit",     "neutral",
                                       "cadence",  "outcomes", "gates",        "manual_overrides"};
    const hf_yaml_node *root = &r->tree->nodes[0];
    hf_status status = HF_OK;
    // A newer form may have other keys, so it is refused first.
    if (root->kind == HF_YAML_MAP) HF_TRY(done, read_version(r, root));
    HF_TRY(done, HF_CHECK_MAP(r, root, "a definition", keys));
    HF_TRY(done, read_name(r, root));
    HF_TRY(done, hf_read_signals(r, root));
    HF_TRY(done, hf_read_settings(r, root));
    HF_TRY(done, hf_read_groups(r, root, root->place));
    HF_TRY(done, hf_read_segments(r, root));
    HF_TRY(done, hf_read_overrides(r, root));
done:
    return status;
}

static hf_status check_text(const hf_definition *d, hf_error *error)
{
    size_t bad;
    if (d->text_length > HF_YAML_BYTES)
        return hf_fail_at(error, HF_ERROR_DATA, d->path, 0, 0,
                          "the file has %zu bytes, and a definition at most %d; this is something else",
                          d->text_length, HF_YAML_BYTES);
    const char *nul = memchr(d->text, '\0', d->text_length);
    if (!nul && hf_is_utf8(d->text, d->text_length, &bad)) return HF_OK;
    if (nul) bad = (size_t)(nul - d->text);
    int64_t line = 1;
    for (size_t i = 0; i < bad; i++)
        line += d->text[i] == '\n';
    return hf_fail_at(error, HF_ERROR_DATA, d->path, line, 0,
                      "expected text in UTF-8, found the byte 0x%02x; save the file as UTF-8",
                      (unsigned)(unsigned char)d->text[bad]);
}

static hf_status fingerprint(hf_definition *d, hf_error *error)
{
    hf_fingerprint *f = NULL;
    hf_status status = hf_fingerprint_create(&f, d->context, error);
    if (status != HF_OK) return status;
    hf_fingerprint_add(f, d->text, d->text_length);
    hf_fingerprint_finish(f, d->fingerprint);
    return HF_OK;
}

hf_status hf_definition_parse(hf_definition **out, const hf_context *context, const char *text, size_t length,
                              const char *path, hf_error *error)
{
    hf_status status = HF_OK;
    hf_yaml_tree tree = {.context = context};
    hf_definition *d = hf_new(context, 1, sizeof *d);
    if (!d) return hf_fail_memory(error);
    d->context = context;
    d->path = hf_copy_text(context, path, strlen(path));
    d->text = hf_copy_text(context, text, length);
    d->text_length = length;
    if (!d->path || !d->text) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, check_text(d, error));
    HF_TRY(done, fingerprint(d, error));
    HF_TRY(done, hf_yaml_parse(&tree, d, error));
    const hf_reading reading = {context, &tree, d, error};
    HF_TRY(done, read_root(&reading));
    *out = d;
    d = NULL;
done:
    hf_yaml_free(&tree);
    hf_definition_destroy(d);
    return status;
}

hf_status hf_definition_load(hf_definition **out, const hf_context *context, const char *path,
                             hf_error *error)
{
    hf_bytes bytes;
    hf_status status = hf_bytes_open(&bytes, context, path, error);
    if (status != HF_OK) return status;
    status = hf_definition_parse(out, context, bytes.data, bytes.size, path, error);
    hf_bytes_close(context, &bytes);
    return status;
}

// ---- asking ----------------------------------------------------------------------------------------------

const char *hf_definition_name(const hf_definition *definition)
{
    return definition->name;
}

int32_t hf_definition_find(const hf_definition *definition, const char *path)
{
    for (int32_t i = 0; i < definition->measure_count; i++)
        if (strcmp(definition->measures[i].path, path) == 0) return i;
    return -1;
}
