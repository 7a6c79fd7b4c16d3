// SPDX-License-Identifier: Apache-2.0
//
// Experiments as records: one JSON file each in the store's folder `experiments`, written whole or not at
// all, listed by name and shown as they were told when they were made.
#include "churn/churn_room.h"
#include "workflow/labelled.h"
#include "workflow/whatif_weighing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "experiments"
enum { NAME_BYTES = 100 };

hf_status hf_whatif_print(hf_text *out, const json_t *json, hf_error *error)
{
    hf_json_write(out, json);
    return hf_text_status(out, error);
}

static bool is_name(const char *name, size_t length)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    bool good = length > 0 && length <= NAME_BYTES && strchr(letters, name[0]);
    for (size_t i = 0; good && i < length; i++)
        good = strchr(letters, name[i]) || strchr("._-", name[i]);
    return good;
}

hf_status hf_whatif_experiment_path(hf_text *out, const char *store, const char *name, hf_error *error)
{
    const bool good = is_name(name, strlen(name));
    if (!good)
        return hf_fail(
            error, HF_ERROR_USAGE,
            "'%.100s' is no name for an experiment; take letters and digits, and . _ - after the first, up "
            "to %d",
            name, NAME_BYTES);
    hf_text_printf(out, "%s/" FOLDER "/%s.json", store, name);
    return hf_text_status(out, error);
}

hf_status hf_whatif_experiment_write(const hf_context *context, const char *store, const char *name,
                                     bool overwrite, const json_t *record, hf_error *error)
{
    hf_text path, text;
    hf_status status;
    hf_text_init(&path, context);
    hf_text_init(&text, context);
    hf_text_printf(&path, "%s/" FOLDER, store);
    HF_TRY(done, hf_text_status(&path, error));
    HF_TRY(done, hf_make_folder(path.data, error));
    hf_text_clear(&path);
    HF_TRY(done, hf_whatif_experiment_path(&path, store, name, error));
    HF_TRY(done, hf_whatif_print(&text, record, error));
    HF_TRY(done, hf_workflow_write_text(context, &text, path.data, overwrite, error));
done:
    hf_text_free(&path);
    hf_text_free(&text);
    return status;
}

// ---- the list ----------------------------------------------------------------------------------------------

typedef struct {
    char name[NAME_BYTES + 1];
} entry;

static int by_name(const void *a, const void *b)
{
    return strcmp(((const entry *)a)->name, ((const entry *)b)->name);
}

// The names of a store's experiments, in order; owned by the caller.
static hf_status list_names(entry **out, int32_t *count, const hf_context *context, const char *store,
                            hf_error *error)
{
    hf_text path;
    entry *list = NULL;
    int32_t used = 0, room = 0;
    hf_store *opened = NULL;
    hf_status status;
    DIR *folder = NULL;
    hf_text_init(&path, context);
    hf_text_printf(&path, "%s/" FOLDER, store);
    HF_TRY(done, hf_text_status(&path, error));
    HF_TRY(done, hf_store_open(&opened, context, store, HF_STORE_READ, error));
    folder = opendir(path.data);
    if (!folder && errno != ENOENT) {
        status = hf_fail_errno(error, path.data, errno, "the experiments cannot be listed");
        goto done;
    }
    for (struct dirent *e; folder && (e = readdir(folder)) != NULL;) {
        const size_t length = strlen(e->d_name);
        // Whatever else somebody put there is no experiment.
        if (length < 6 || strcmp(e->d_name + length - 5, ".json") != 0 || !is_name(e->d_name, length - 5))
            continue;
        if (used == room) {
            entry *grown = hf_grow(context, list, (size_t)(room = 2 * room + 16), sizeof *grown);
            if (!grown) {
                status = hf_fail_memory(error);
                goto done;
            }
            list = grown;
        }
        snprintf(list[used++].name, sizeof list->name, "%.*s", (int)(length - 5), e->d_name);
    }
    if (used > 0) qsort(list, (size_t)used, sizeof *list, by_name);
    *out = list;
    *count = used;
    list = NULL;
done:
    if (folder) closedir(folder);
    hf_store_close(opened);
    hf_delete(context, list);
    hf_text_free(&path);
    return status;
}

static hf_status fail_unknown(const hf_context *context, const char *store, const char *name, hf_error *error)
{
    entry *list = NULL;
    int32_t count = 0;
    hf_status status = list_names(&list, &count, context, store, error);
    if (status != HF_OK) return status;
    const char **names = hf_new(context, (size_t)count + 1, sizeof *names);
    for (int32_t i = 0; names && i < count; i++)
        names[i] = list[i].name;
    const char *nearest = names ? hf_nearest(name, names, (size_t)count) : NULL;
    if (nearest)
        status = hf_fail_at(error, HF_ERROR_USAGE, store, 0, 0,
                            "there is no experiment '%s'; did you mean '%s'?", name, nearest);
    else
        status = hf_fail_at(error, HF_ERROR_USAGE, store, 0, 0,
                            "there is no experiment '%s'; 'holdfast whatif ls' lists them", name);
    hf_delete(context, names);
    hf_delete(context, list);
    return status;
}

hf_status hf_whatif_experiment_read(json_t **out, char hash[33], const hf_context *context, const char *store,
                                    const char *name, hf_error *error)
{
    hf_text path;
    hf_bytes bytes;
    hf_fingerprint *f = NULL;
    json_error_t where;
    json_t *json = NULL;
    hf_status status;
    hf_text_init(&path, context);
    HF_TRY(done, hf_whatif_experiment_path(&path, store, name, error));
    status = hf_bytes_open(&bytes, context, path.data, NULL);
    if (status != HF_OK) {
        status = fail_unknown(context, store, name, error);
        goto done;
    }
    json = json_loadb(bytes.data, bytes.size, 0, &where);
    status = hf_fingerprint_create(&f, context, error);
    if (status == HF_OK) {
        hf_fingerprint_add(f, bytes.data, bytes.size);
        hf_fingerprint_finish(f, hash);
    }
    hf_bytes_close(context, &bytes);
    if (status != HF_OK) goto done;
    const char *what = json_string_value(json_object_get(json, "holdfast"));
    if (!what) {
        status = hf_fail_at(error, HF_ERROR_DAMAGED, path.data, 0, 0,
                            "this is no record of an experiment; restore it, or remove the file");
        goto done;
    }
    *out = json;
    json = NULL;
done:
    json_decref(json);
    hf_text_free(&path);
    return status;
}

// ---- the verbs ---------------------------------------------------------------------------------------------

hf_status hf_workflow_whatif_list(const hf_context *context, const char *store, hf_report_format format,
                                  const char *output, bool overwrite, hf_error *error)
{
    entry *list = NULL;
    int32_t count = 0;
    hf_text text;
    json_t *all = json_array(), *record = NULL;
    hf_status status;
    char hash[33];
    hf_text_init(&text, context);
    HF_TRY(done, list_names(&list, &count, context, store, error));
    for (int32_t i = 0; i < count; i++) {
        HF_TRY(done, hf_whatif_experiment_read(&record, hash, context, store, list[i].name, error));
        json_object_set_new(record, "name", json_string(list[i].name));
        json_object_set_new(record, "hash", json_string(hash));
        if (json_array_append_new(all, record) != 0) HF_TRY(done, hf_fail_memory(error));
    }
    HF_TRY(done, format == HF_REPORT_JSON ? hf_report_experiments_json(&text, all, error)
                                          : hf_report_experiments(&text, context, all, error));
    status = hf_workflow_write_text(context, &text, output, overwrite, error);
done:
    json_decref(all);
    hf_delete(context, list);
    hf_text_free(&text);
    return status;
}

hf_status hf_workflow_whatif_show(const hf_context *context, const char *store, const char *name,
                                  hf_report_format format, const char *output, bool overwrite,
                                  hf_error *error)
{
    json_t *record = NULL;
    hf_text text;
    char hash[33];
    hf_status status;
    hf_text_init(&text, context);
    HF_TRY(done, hf_whatif_experiment_read(&record, hash, context, store, name, error));
    const char *version = json_string_value(json_object_get(record, "version")),
               *kind = json_string_value(json_object_get(record, "holdfast")),
               *page = json_string_value(json_object_get(record, "page")); // of a scenario, as it was told
    if (format == HF_REPORT_JSON || (strcmp(kind, HF_WEIGHTS_EXPERIMENT) != 0 && !page)) {
        HF_TRY(done, hf_whatif_print(&text, record, error));
    } else {
        hf_text_printf(&text, "Experiment %s, hash %s, holdfast %s\n\n", name, hash, version ? version : "?");
        if (page)
            hf_text_puts(&text, page);
        else
            HF_TRY(done, hf_report_whatif_weights(&text, context, record, error));
    }
    status = hf_workflow_write_text(context, &text, output, overwrite, error);
done:
    json_decref(record);
    hf_text_free(&text);
    return status;
}
