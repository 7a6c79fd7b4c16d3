// SPDX-License-Identifier: Apache-2.0
//
// Writes and checks the record of a training's inputs. A file is known by the XXH3 of its bytes, a snapshot
// by its date, its revision and the fingerprint of its content; a stream leaves nothing to find it by.
#include "workflow/training_record.h"

#include "store/store_room.h"
#include "workflow/training_options.h"

#include <string.h>
#include <sys/stat.h>

// ---- writing ---------------------------------------------------------------------------------------------

static hf_status fingerprint_file(char out[33], const hf_context *context, const char *path, hf_error *error)
{
    hf_bytes bytes;
    hf_status status = hf_bytes_open(&bytes, context, path, error);
    if (status != HF_OK) return status;
    status = hf_store_fingerprint(out, context, bytes.data, bytes.size, error);
    hf_bytes_close(context, &bytes);
    return status;
}

// A name that is no UTF-8 cannot stand in JSON; then it has to be given when the model is replayed.
static json_t *name_to_json(const char *name)
{
    size_t bad;
    return hf_is_utf8(name, strlen(name), &bad) ? json_string(name) : json_null();
}

static hf_status note_input(json_t *inputs, const char *key, json_t *value, hf_error *error)
{
    return json_object_set_new(inputs, key, value) == 0 ? HF_OK : hf_fail_memory(error);
}

static hf_status note_file(json_t *inputs, const char *key, const hf_context *context, const char *path,
                           hf_error *error)
{
    char fingerprint[33];
    struct stat info;
    const bool stream = strcmp(path, "-") == 0 || (stat(path, &info) == 0 && !S_ISREG(info.st_mode));
    hf_status status = stream ? HF_OK : fingerprint_file(fingerprint, context, path, error);
    if (status != HF_OK) return status;
    return note_input(inputs, key,
                      json_pack("{s:o,s:o}", "name", stream ? json_null() : name_to_json(path), "fingerprint",
                                stream ? json_null() : json_string(fingerprint)),
                      error);
}

static json_t *snapshots_to_json(const hf_snapshot_info *list, int32_t count)
{
    json_t *snapshots = json_array();
    char date[11];
    for (int32_t i = 0; snapshots && i < count; i++) {
        hf_date_format(list[i].as_of, date);
        json_t *one = json_pack("{s:s,s:i,s:s}", "as_of", date, "revision", (int)list[i].revision,
                                "fingerprint", list[i].fingerprint);
        if (json_array_append_new(snapshots, one) == 0) continue;
        json_decref(snapshots);
        snapshots = NULL;
    }
    return snapshots;
}

static hf_status note_store(json_t *inputs, const hf_context *context, const char *folder, hf_error *error)
{
    hf_store *store = NULL;
    hf_snapshot_info *list = NULL;
    int32_t count = 0;
    hf_status status;
    HF_TRY(done, hf_store_open(&store, context, folder, HF_STORE_READ, error));
    HF_TRY(done, hf_store_list(&list, &count, store, error));
    HF_TRY(done, note_input(inputs, "store",
                            json_pack("{s:o,s:o}", "name", name_to_json(folder), "snapshots",
                                      snapshots_to_json(list, count)),
                            error));
done:
    hf_store_list_free(context, list);
    hf_store_close(store);
    return status;
}

// The day that outcomes were taken as known until is an option once it is settled.
static void resolve(hf_train_job *job, const hf_model *model)
{
    const json_t *training = json_object_get(model->record, "training");
    const char *known = json_string_value(json_object_get(training, "known_until"));
    if (known) (void)hf_date_parse(&job->known_until, known, strlen(known));
}

hf_status hf_training_record(hf_model *model, const hf_context *context, const hf_train_job *job,
                             hf_error *error)
{
    hf_train_job resolved = *job;
    json_t *inputs = json_object();
    hf_status status = inputs ? HF_OK : hf_fail_memory(error);
    if (status != HF_OK) return status;
    resolve(&resolved, model);
    HF_TRY(done, hf_model_note(model, "training", "options", hf_training_options_to_json(&resolved), error));
    if (job->file) HF_TRY(done, note_file(inputs, "file", context, job->file, error));
    if (job->store) HF_TRY(done, note_store(inputs, context, job->store, error));
    if (job->outcomes) HF_TRY(done, note_file(inputs, "outcomes", context, job->outcomes, error));
    if (job->segments) HF_TRY(done, note_file(inputs, "segments", context, job->segments, error));
    HF_TRY(done, hf_model_note(model, "training", "inputs", json_incref(inputs), error));
done:
    json_decref(inputs);
    return status;
}

// ---- finding and checking --------------------------------------------------------------------------------

typedef struct {
    const hf_context *context;
    const char *model; // its path
    const char *view;
} finding;

// The record's name as it stands, else from the model's folder; a name given wins.
static hf_status find_path(char **out, const finding *f, const char *option, const char *recorded,
                           const char *given, hf_error *error)
{
    struct stat info;
    hf_text path;
    if (!given && !recorded)
        return hf_fail_at(error, HF_ERROR_DATA, f->model, 0, 0,
                          "the record has no name for what --%s names; pass --%s to say where it is", option,
                          option);
    hf_text_init(&path, f->context);
    hf_text_puts(&path, given ? given : recorded);
    if (!given && stat(recorded, &info) != 0 && recorded[0] != '/') {
        const char *slash = strrchr(f->model, '/');
        hf_text_clear(&path);
        if (slash) hf_text_add(&path, f->model, (size_t)(slash + 1 - f->model));
        hf_text_puts(&path, recorded);
    }
    hf_status status = hf_text_status(&path, error);
    if (status == HF_OK && stat(path.data, &info) != 0)
        status = hf_fail_at(error, HF_ERROR_DATA, given ? given : recorded, 0, 0,
                            "%s was trained on this and it is not there%s; say with --%s where it is now",
                            f->model, given ? "" : ", nor beside the model", option);
    if (status == HF_OK) {
        *out = hf_copy_text(f->context, path.data, path.length);
        if (!*out) status = hf_fail_memory(error);
    }
    hf_text_free(&path);
    return status;
}

static hf_status find_file(char **out, const finding *f, const char *option, const json_t *input,
                           const char *given, hf_error *error)
{
    char found[33];
    const char *recorded = json_string_value(json_object_get(input, "fingerprint"));
    hf_status status =
        find_path(out, f, option, json_string_value(json_object_get(input, "name")), given, error);
    if (status != HF_OK || !recorded) return status;
    status = fingerprint_file(found, f->context, *out, error);
    if (status == HF_OK && strcmp(found, recorded) != 0)
        status = hf_fail_at(error, HF_ERROR_DATA, *out, 0, 0,
                            "this is not what %s was trained on: the fingerprint of its bytes is %s, the "
                            "record has %s; name the file as it was with --%s FILE",
                            f->model, found, recorded, option);
    return status;
}

static hf_status read_snapshots(hf_snapshot_info *list, const json_t *snapshots, const finding *f,
                                hf_error *error)
{
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)(uintptr_t)snapshots, i, one)
    {
        const char *date = json_string_value(json_object_get(one, "as_of"));
        const char *fingerprint = json_string_value(json_object_get(one, "fingerprint"));
        const json_int_t revision = json_integer_value(json_object_get(one, "revision"));
        if (!date || !hf_date_parse(&list[i].as_of, date, strlen(date)) || !fingerprint || revision < 1 ||
            revision > INT32_MAX)
            return hf_fail_at(error, HF_ERROR_DAMAGED, f->model, 0, 0,
                              "field 'training.inputs.store' is not what train writes there; restore the "
                              "model from a copy or train it again");
        list[i].revision = (int32_t)revision;
        snprintf(list[i].fingerprint, sizeof list[i].fingerprint, "%s", fingerprint);
    }
    return HF_OK;
}

// Holds the snapshots seen through the view against the record.
static hf_status check_view(const finding *f, const hf_snapshot_info *recorded, int32_t count,
                            const char *folder, hf_error *error)
{
    hf_store *store = NULL;
    hf_snapshot_info *list = NULL;
    int32_t found = 0;
    char date[11];
    hf_status status;
    HF_TRY(done, hf_store_open(&store, f->context, f->view, HF_STORE_READ, error));
    HF_TRY(done, hf_store_list(&list, &found, store, error));
    for (int32_t i = 0; i < count && i < found && status == HF_OK; i++) {
        if (strcmp(list[i].fingerprint, recorded[i].fingerprint) == 0) continue;
        hf_date_format(recorded[i].as_of, date);
        status = hf_fail_at(error, HF_ERROR_DATA, folder, 0, 0,
                            "the snapshot of %s, revision %d, is not what %s was trained on: its fingerprint "
                            "is %s, the record has %s; name the store as it was with --store DIR",
                            date, (int)recorded[i].revision, f->model, list[i].fingerprint,
                            recorded[i].fingerprint);
    }
done:
    hf_store_list_free(f->context, list);
    hf_store_close(store);
    return status;
}

static hf_status find_store(char **out, const finding *f, const json_t *input, const char *given,
                            hf_error *error)
{
    const json_t *snapshots = json_object_get(input, "snapshots");
    const size_t count = json_array_size(snapshots);
    hf_snapshot_info *list = hf_new(f->context, count, sizeof *list);
    hf_store *store = NULL;
    char *folder = NULL;
    hf_status status;
    if (!list) return hf_fail_memory(error);
    HF_TRY(done, read_snapshots(list, snapshots, f, error));
    HF_TRY(done,
           find_path(&folder, f, "store", json_string_value(json_object_get(input, "name")), given, error));
    HF_TRY(done, hf_store_open(&store, f->context, folder, HF_STORE_READ, error));
    HF_TRY(done, hf_store_view(store, f->view, list, (int32_t)count, error));
    HF_TRY(done, check_view(f, list, (int32_t)count, folder, error));
    *out = hf_copy_text(f->context, f->view, strlen(f->view));
    if (!*out) status = hf_fail_memory(error);
done:
    hf_delete(f->context, folder);
    hf_store_close(store);
    hf_delete(f->context, list);
    return status;
}

static hf_status check_given(const json_t *inputs, const char *key, const char *given, const char *model,
                             hf_error *error)
{
    if (!given || json_object_get(inputs, key)) return HF_OK;
    return hf_fail_at(error, HF_ERROR_USAGE, model, 0, 0,
                      "the model was trained without --%s; leave the option out", key);
}

hf_status hf_training_inputs_find(hf_inputs_found *out, const hf_context *context, const hf_model *model,
                                  const char *path, const hf_inputs_elsewhere *elsewhere, const char *view,
                                  hf_error *error)
{
    const finding f = {context, path, view};
    const json_t *training = json_object_get(model->record, "training");
    const json_t *inputs = json_object_get(training, "inputs");
    const json_t *file = json_object_get(inputs, "file"), *store = json_object_get(inputs, "store");
    const json_t *outcomes = json_object_get(inputs, "outcomes");
    const json_t *segments = json_object_get(inputs, "segments");
    hf_inputs_found made = {0};
    hf_status status;
    HF_TRY(done, check_given(inputs, "file", elsewhere->file, path, error));
    HF_TRY(done, check_given(inputs, "store", elsewhere->store, path, error));
    HF_TRY(done, check_given(inputs, "outcomes", elsewhere->outcomes, path, error));
    HF_TRY(done, check_given(inputs, "segments", elsewhere->segments, path, error));
    if (file) HF_TRY(done, find_file(&made.file, &f, "file", file, elsewhere->file, error));
    if (outcomes)
        HF_TRY(done, find_file(&made.outcomes, &f, "outcomes", outcomes, elsewhere->outcomes, error));
    if (segments)
        HF_TRY(done, find_file(&made.segments, &f, "segments", segments, elsewhere->segments, error));
    if (store) HF_TRY(done, find_store(&made.store, &f, store, elsewhere->store, error));
    *out = made;
    made = (hf_inputs_found){0};
done:
    hf_training_inputs_free(context, &made);
    return status;
}

void hf_training_inputs_free(const hf_context *context, hf_inputs_found *found)
{
    hf_delete(context, found->file);
    hf_delete(context, found->store);
    hf_delete(context, found->outcomes);
    hf_delete(context, found->segments);
    *found = (hf_inputs_found){0};
}

hf_status hf_training_rename(hf_model *model, const hf_model *original, hf_error *error)
{
    const json_t *then = json_object_get(original->record, "training");
    json_t *now = json_object_get(model->record, "training"), *input, *name;
    json_t *inputs = json_object_get(now, "inputs"), *source = json_object_get(then, "source");
    const char *key;
    bool good = !source || !json_object_get(inputs, "file") || json_object_set(now, "source", source) == 0;
    json_object_foreach(inputs, key, input)
    {
        const json_t *was = json_object_get(json_object_get(then, "inputs"), key);
        name = json_object_get(was, "name");
        if (name) good = json_object_set(input, "name", name) == 0 && good;
        if (json_is_null(json_object_get(was, "fingerprint"))) // of a stream
            good = json_object_set_new(input, "fingerprint", json_null()) == 0 && good;
    }
    return good ? HF_OK : hf_fail_memory(error);
}
