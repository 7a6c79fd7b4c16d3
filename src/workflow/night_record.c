// SPDX-License-Identifier: Apache-2.0
//
// The record of what made a night, as JSON in its scores' source: the snapshot, the definition, overrides and
// models by the fingerprints of their bytes (the store keeps copies), and by the fingerprints of their
// content the earlier nights and snapshots it looked back to.
#include "workflow/night_record.h"

#include "store/store_room.h"

#include <string.h>

// ---- keeping ---------------------------------------------------------------------------------------------

static hf_status keep_bytes(char fingerprint[33], hf_store *store, const hf_context *context,
                            const char *folder, const char *bytes, size_t size, hf_error *error)
{
    char made[33];
    hf_status status = hf_store_fingerprint(made, context, bytes, size, error);
    if (status == HF_OK) status = hf_store_keep(store, context, folder, made, bytes, size, error);
    if (status == HF_OK) memcpy(fingerprint, made, sizeof made);
    return status;
}

static hf_status keep_file(char fingerprint[33], hf_store *store, const hf_context *context,
                           const char *folder, const char *path, hf_error *error)
{
    hf_bytes bytes;
    hf_status status = hf_bytes_open(&bytes, context, path, error);
    if (status != HF_OK) return status;
    status = keep_bytes(fingerprint, store, context, folder, bytes.data, bytes.size, error);
    hf_bytes_close(context, &bytes);
    return status;
}

static hf_status keep_beside(char fingerprint[33], hf_store *store, const hf_health_night *night,
                             const char *folder, const char *path, hf_error *error)
{
    char *full = NULL;
    if (path[0] == '\0') return HF_OK;
    hf_status status = hf_beside_definition(&full, night->context, night->definition, path, error);
    if (status == HF_OK) status = keep_file(fingerprint, store, night->context, folder, full, error);
    hf_delete(night->context, full);
    return status;
}

static hf_status keep_all(hf_night_record *made, const hf_health_night *night, hf_store *store,
                          const char *model, hf_error *error)
{
    const hf_definition *definition = night->definition;
    const hf_context *context = night->context;
    hf_status status;
    HF_TRY(done, keep_bytes(made->definition, store, context, "definitions", definition->text,
                            definition->text_length, error));
    HF_TRY(done,
           keep_beside(made->overrides, store, night, "overrides", definition->manual_overrides, error));
    if (model) HF_TRY(done, keep_file(made->model, store, context, "models", model, error));
    made->segment_count = definition->segment_count;
    made->segment_models = hf_new(context, (size_t)made->segment_count, sizeof *made->segment_models);
    if (!made->segment_models) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t s = 0; s < made->segment_count; s++)
        HF_TRY(done, keep_beside(made->segment_models[s], store, night, "models",
                                 definition->segments[s].model, error));
done:
    return status;
}

// ---- the past --------------------------------------------------------------------------------------------

static hf_status link_to(hf_night_link *out, const hf_frame *frame, hf_error *error)
{
    *out = (hf_night_link){.as_of = HF_DATE_MISSING};
    if (!frame) return HF_OK;
    out->as_of = frame->as_of;
    return hf_frame_fingerprint(out->fingerprint, frame, error);
}

hf_status hf_night_past(hf_snapshot_info **out, int32_t *count, const hf_context *context,
                        const hf_definition *definition, const hf_store *store, hf_date as_of,
                        hf_error *error)
{
    hf_snapshot_info *list = NULL;
    int32_t listed = 0, found = 0;
    hf_date *dates = NULL;
    hf_status status;
    HF_TRY(done, hf_store_list(&list, &listed, store, error));
    dates = hf_new(context, 2 * (size_t)listed, sizeof *dates);
    if (!dates) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t i = 0; i < listed; i++)
        dates[i] = list[i].as_of;
    const int32_t needed = listed > 0 ? hf_derive_needs(dates + listed, dates, listed, as_of, definition) : 0;
    for (int32_t i = 0; i < listed; i++) // both ascend, so what is needed is found in one walk
        if (found < needed && list[i].as_of == dates[listed + found]) list[found++] = list[i];
    *out = list;
    *count = found;
    list = NULL;
done:
    hf_store_list_free(context, list);
    hf_delete(context, dates);
    return status;
}

hf_status hf_night_record_create(hf_night_record *out, const hf_health_night *night, hf_store *store,
                                 const hf_snapshot_info *snapshot, const char *model, bool allow_missing,
                                 hf_error *error)
{
    hf_night_record made = {.as_of = snapshot->as_of, .revision = snapshot->revision};
    hf_status status;
    made.allow_missing = allow_missing;
    snprintf(made.version, sizeof made.version, "%s", hf_version());
    memcpy(made.snapshot, snapshot->fingerprint, sizeof made.snapshot);
    HF_TRY(done, keep_all(&made, night, store, model, error));
    HF_TRY(done, link_to(&made.last, night->last, error));
    if (night->before == night->last)
        made.before = made.last;
    else
        HF_TRY(done, link_to(&made.before, night->before, error));
    HF_TRY(done, hf_night_past(&made.past, &made.past_count, night->context, night->definition, store,
                               snapshot->as_of, error));
    *out = made;
    made = (hf_night_record){0};
done:
    hf_night_record_free(night->context, &made);
    return status;
}

void hf_night_record_free(const hf_context *context, hf_night_record *record)
{
    hf_delete(context, record->segment_models);
    hf_store_list_free(context, record->past);
    *record = (hf_night_record){0};
}

// ---- JSON ------------------------------------------------------------------------------------------------

static json_t *print_json(const char *fingerprint)
{
    return fingerprint[0] != '\0' ? json_string(fingerprint) : json_null();
}

static json_t *link_json(hf_date as_of, const char *fingerprint)
{
    char date[11];
    if (as_of == HF_DATE_MISSING) return json_null();
    hf_date_format(as_of, date);
    return json_pack("{s:s,s:s}", "as_of", date, "fingerprint", fingerprint);
}

json_t *hf_night_record_to_json(const hf_night_record *record)
{
    char date[11];
    json_t *root = json_object(), *models = json_array(), *past = json_array();
    hf_date_format(record->as_of, date);
    int bad = json_object_set_new(root, "holdfast", json_string(record->version));
    bad |= json_object_set_new(root, "snapshot",
                               json_pack("{s:s,s:i,s:s}", "as_of", date, "revision", (int)record->revision,
                                         "fingerprint", record->snapshot));
    bad |= json_object_set_new(root, "definition", print_json(record->definition));
    bad |= json_object_set_new(root, "overrides", print_json(record->overrides));
    bad |= json_object_set_new(root, "model", print_json(record->model));
    for (int32_t s = 0; s < record->segment_count; s++)
        bad |= json_array_append_new(models, print_json(record->segment_models[s]));
    bad |= json_object_set_new(root, "segment_models", models);
    bad |= json_object_set_new(root, "allow_missing", json_boolean(record->allow_missing));
    bad |= json_object_set_new(root, "last", link_json(record->last.as_of, record->last.fingerprint));
    bad |= json_object_set_new(root, "before", link_json(record->before.as_of, record->before.fingerprint));
    for (int32_t i = 0; i < record->past_count; i++)
        bad |= json_array_append_new(past, link_json(record->past[i].as_of, record->past[i].fingerprint));
    bad |= json_object_set_new(root, "past", past);
    if (!bad) return root;
    json_decref(root);
    return NULL;
}

static bool read_print(char out[33], const json_t *value)
{
    const char *text = json_string_value(value);
    if (!text || strlen(text) != 32) return json_is_null(value);
    memcpy(out, text, 33);
    return true;
}

static bool read_link(hf_date *as_of, char fingerprint[33], const json_t *value)
{
    *as_of = HF_DATE_MISSING;
    if (json_is_null(value)) return true;
    const char *date = json_string_value(json_object_get(value, "as_of"));
    return date && hf_date_parse(as_of, date, strlen(date)) &&
           read_print(fingerprint, json_object_get(value, "fingerprint"));
}

static bool read_fields(hf_night_record *out, const json_t *root)
{
    const json_t *snapshot = json_object_get(root, "snapshot");
    const json_t *revision = json_object_get(snapshot, "revision");
    const char *version = json_string_value(json_object_get(root, "holdfast"));
    if (!version || !json_is_integer(revision)) return false;
    snprintf(out->version, sizeof out->version, "%s", version);
    out->revision = (int32_t)json_integer_value(revision);
    out->allow_missing = json_is_true(json_object_get(root, "allow_missing"));
    return read_link(&out->as_of, out->snapshot, snapshot) && out->as_of != HF_DATE_MISSING &&
           read_print(out->definition, json_object_get(root, "definition")) &&
           read_print(out->overrides, json_object_get(root, "overrides")) &&
           read_print(out->model, json_object_get(root, "model")) &&
           read_link(&out->last.as_of, out->last.fingerprint, json_object_get(root, "last")) &&
           read_link(&out->before.as_of, out->before.fingerprint, json_object_get(root, "before"));
}

static hf_status read_lists(hf_night_record *out, bool *good, const hf_context *context, const json_t *root,
                            hf_error *error)
{
    const json_t *models = json_object_get(root, "segment_models"), *past = json_object_get(root, "past");
    *good = json_is_array(models) && json_is_array(past);
    if (!*good) return HF_OK;
    out->segment_count = (int32_t)json_array_size(models);
    out->past_count = (int32_t)json_array_size(past);
    out->segment_models = hf_new(context, (size_t)out->segment_count, sizeof *out->segment_models);
    out->past = hf_new(context, (size_t)out->past_count, sizeof *out->past);
    if (!out->segment_models || !out->past) return hf_fail_memory(error);
    for (int32_t s = 0; s < out->segment_count; s++)
        *good = *good && read_print(out->segment_models[s], json_array_get(models, (size_t)s));
    for (int32_t i = 0; i < out->past_count; i++)
        *good = *good &&
                read_link(&out->past[i].as_of, out->past[i].fingerprint, json_array_get(past, (size_t)i));
    return HF_OK;
}

hf_status hf_night_record_read(hf_night_record *out, const hf_context *context, const char *source,
                               const char *path, hf_error *error)
{
    hf_night_record made = {0};
    hf_status status = HF_OK;
    json_t *root = json_loads(source, 0, NULL);
    bool good = read_fields(&made, root);
    if (good) status = read_lists(&made, &good, context, root, error);
    json_decref(root);
    if (status == HF_OK && !good)
        status =
            hf_fail_at(error, HF_ERROR_DATA, path, 0, 0,
                       "these scores do not say what made them, so they cannot be replayed; only those of "
                       "'holdfast run' can");
    if (status == HF_OK)
        *out = made;
    else
        hf_night_record_free(context, &made);
    return status;
}
