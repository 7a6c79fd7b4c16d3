// SPDX-License-Identifier: Apache-2.0
//
// Copies of definitions, models and lists of overrides, each under the fingerprint of its bytes, so that a
// night can be replayed with what scored it. The name says what the bytes must be: a copy is checked by
// hashing it, and a damaged one is put right when the same bytes are kept again.
#include "store/store_room.h"

#include "store/size_limit.h"
#include "store/store_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *folder, *extension;
} kinds[] = {{"definitions", "yaml"}, {"models", "json"}, {"overrides", "csv"}};

enum { KINDS = sizeof kinds / sizeof *kinds, DIGITS = HF_DIGEST_TEXT - 1, NAME = 48 };

const char *hf_kept_folder(int i)
{
    return i < KINDS ? kinds[i].folder : NULL;
}

hf_status hf_store_fingerprint(char out[33], const hf_context *context, const char *bytes, size_t size,
                               hf_error *error)
{
    hf_fingerprint *f = NULL;
    hf_status status = hf_fingerprint_create(&f, context, error);
    if (status != HF_OK) return status;
    hf_fingerprint_add(f, bytes, size);
    hf_fingerprint_finish(f, out);
    return HF_OK;
}

void hf_store_kept_path(char *out, size_t size, const hf_store *store, const char *folder,
                        const char *fingerprint, const char *extension)
{
    snprintf(out, size, "%s/%s/%s.%s", store->folder, folder, fingerprint, extension);
}

// The fingerprint of a file's bytes.
static hf_status hash_file(char out[33], const hf_context *context, const char *path, hf_error *error)
{
    hf_bytes bytes;
    hf_status status = hf_bytes_open(&bytes, context, path, error);
    if (status != HF_OK) return status;
    status = hf_store_fingerprint(out, context, bytes.data, bytes.size, error);
    hf_bytes_close(context, &bytes);
    return status;
}

// ---- keep ------------------------------------------------------------------------------------------------

static hf_status write_copy(const hf_store *store, const char *folder, const char *name, const char *bytes,
                            size_t size, hf_error *error)
{
    char path[512];
    hf_size_limit limit;
    snprintf(path, sizeof path, "%s/%s", store->folder, folder);
    hf_status status = hf_store_make_folder(store, path, error);
    if (status != HF_OK) return status;
    hf_size_limit_begin(&limit);
    status = hf_store_write_file(path, name, bytes, size, error);
    hf_size_limit_end(&limit);
    return status;
}

hf_status hf_store_keep(hf_store *store, const hf_context *context, const char *folder,
                        const char *fingerprint, const char *bytes, size_t size, hf_error *error)
{
    char path[512], name[NAME], found[HF_DIGEST_TEXT];
    struct stat info;
    hf_status status = HF_OK;
    int kind = 0;
    while (kind < KINDS && strcmp(kinds[kind].folder, folder) != 0)
        kind++;
    if (store->lock < 0) return hf_fail(error, HF_ERROR_USAGE, "the store was opened for reading only");
    if (kind == KINDS) return hf_fail(error, HF_ERROR_USAGE, "a store keeps nothing in '%s'", folder);
    HF_TRY(done, hf_store_fingerprint(found, context, bytes, size, error));
    if (strcmp(found, fingerprint) != 0)
        return hf_fail(
            error, HF_ERROR_USAGE,
            "'%s' is not the fingerprint of the bytes to keep in %s, which is %s; take that of the "
            "file's bytes",
            fingerprint, folder, found);
    hf_store_kept_path(path, sizeof path, store, folder, fingerprint, kinds[kind].extension);
    if (lstat(path, &info) == 0) {
        HF_TRY(done, hash_file(found, context, path, error));
        if (strcmp(found, fingerprint) == 0) return HF_OK;
        hf_warn(context, "%s: the copy was damaged; it is put right", path);
    }
    snprintf(name, sizeof name, "%s.%s", fingerprint, kinds[kind].extension);
    HF_TRY(done, write_copy(store, folder, name, bytes, size, error));
done:
    return status;
}

// ---- verify ----------------------------------------------------------------------------------------------

typedef char kept_name[NAME];

static bool is_kept_name(const char *name, int kind)
{
    return strspn(name, "0123456789abcdef") == DIGITS && name[DIGITS] == '.' &&
           strcmp(name + DIGITS + 1, kinds[kind].extension) == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

// The names in one folder, in order; a folder that was never made is empty.
static hf_status list_names(kept_name **out, int32_t *count, const hf_store *store, const char *path,
                            int kind, hf_unknown_function *unknown, hf_error *error)
{
    hf_status status = HF_OK;
    kept_name *names = NULL;
    size_t used = 0, capacity = 0;
    const struct dirent *item;
    DIR *folder = opendir(path);
    if (!folder && errno != ENOENT) return hf_fail_errno(error, path, errno, "cannot list the folder");
    while (folder && (errno = 0, (item = readdir(folder)) != NULL)) {
        if (item->d_name[0] == '.') continue;
        if (!is_kept_name(item->d_name, kind)) {
            unknown(store, path, item->d_name);
            continue;
        }
        if (used == capacity) {
            kept_name *grown = hf_grow(store->context, names, capacity + 64, sizeof *grown);
            if (!grown) {
                status = hf_fail_memory(error);
                goto done;
            }
            names = grown;
            capacity += 64;
        }
        memcpy(names[used++], item->d_name, strlen(item->d_name) + 1); // as long as the check allows
    }
    if (folder && errno != 0) {
        status = hf_fail_errno(error, path, errno, "cannot list the folder");
        goto done;
    }
    if (used > 0) qsort(names, used, sizeof *names, by_name);
    *out = names;
    *count = (int32_t)used;
    names = NULL;
done:
    hf_delete(store->context, names);
    if (folder) closedir(folder);
    return status;
}

// Fills problem where the bytes are not what the name says.
static hf_status check_copy(hf_error *problem, const hf_store *store, const char *path, const char *name)
{
    char found[HF_DIGEST_TEXT];
    hf_status status = hash_file(found, store->context, path, problem);
    if (status == HF_OK && strncmp(found, name, DIGITS) != 0)
        status = hf_fail_at(
            problem, HF_ERROR_DAMAGED, path, 0, 0,
            "the copy is damaged: its fingerprint is %s, which should be its name; put the file it "
            "was made of in its place",
            found);
    return status;
}

static hf_status verify_folder(const hf_store *store, int kind, hf_store_verify_function *each, void *user,
                               hf_unknown_function *unknown, int32_t *files, int32_t *bad, hf_error *first,
                               hf_error *error)
{
    kept_name *names = NULL;
    int32_t count = 0;
    char folder[512], path[600];
    snprintf(folder, sizeof folder, "%s/%s", store->folder, kinds[kind].folder);
    hf_status status = list_names(&names, &count, store, folder, kind, unknown, error);
    for (int32_t i = 0; i < count && status == HF_OK; i++) {
        hf_error problem = {0};
        HF_TRY(done, hf_check_cancel(store->context, error));
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        status = check_copy(&problem, store, path, names[i]);
        if (status == HF_ERROR_MEMORY || status == HF_ERROR_CANCELLED) {
            if (error) *error = problem;
            break;
        }
        if (each) each(user, path, status == HF_OK ? NULL : problem.message);
        if (status != HF_OK && (*bad)++ == 0) *first = problem;
        status = HF_OK;
    }
    *files += count;
done:
    hf_delete(store->context, names);
    return status;
}

hf_status hf_kept_verify(const hf_store *store, hf_store_verify_function *each, void *user,
                         hf_unknown_function *unknown, int32_t *files, int32_t *bad, hf_error *first,
                         hf_error *error)
{
    hf_status status = HF_OK;
    for (int kind = 0; kind < KINDS && status == HF_OK; kind++)
        status = verify_folder(store, kind, each, user, unknown, files, bad, first, error);
    return status;
}
