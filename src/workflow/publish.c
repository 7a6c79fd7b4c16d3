// SPDX-License-Identifier: Apache-2.0
//
// Publishes a night. Files are written and synced under hidden names, renamed one by one to names that were
// free, and named by latest.json, which is renamed into place last: a run killed anywhere leaves the last
// good night readable, and the next run ends with the same bytes.
#include "workflow/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char hidden_start[] = ".pending-", manifest_name[] = "latest.json";
static const char *const roles[HF_PUBLISH_FILES] = {"scores", "changed", "summary"};
static const char *const endings[HF_PUBLISH_FILES] = {"csv", "csv", "json"};

typedef struct {
    hf_output *output; // open until it is sealed
    int64_t rows, bytes;
    char digest[33];
    char name[64]; // as shown
} published_file;

struct hf_publication {
    const hf_context *context;
    char *folder; // owned
    hf_date as_of;
    int lock; // of the folder
    published_file files[HF_PUBLISH_FILES];
};

static hf_status path_of(char out[PATH_MAX], const hf_publication *p, const char *start, const char *name,
                         hf_error *error)
{
    if (snprintf(out, PATH_MAX, "%s/%s%s", p->folder, start, name) < PATH_MAX) return HF_OK;
    return hf_fail_at(error, HF_ERROR_IO, p->folder, 0, 0, "the folder's name is too long");
}

// ---- opening ---------------------------------------------------------------------------------------------

static hf_status take_lock(hf_publication *p, hf_error *error)
{
    p->lock = open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p->lock < 0) return hf_fail_errno(error, p->folder, errno, "cannot open the folder");
    if (flock(p->lock, LOCK_EX | LOCK_NB) == 0) return HF_OK;
    if (errno != EWOULDBLOCK) return hf_fail_errno(error, p->folder, errno, "cannot lock the folder");
    return hf_fail_at(error, HF_ERROR_LOCKED, p->folder, 0, 0,
                      "another run is publishing to this folder; wait for it to end and run this again");
}

// What a killed run left; the lock is ours, so nobody is writing it now.
static void remove_hidden(const hf_publication *p)
{
    char path[PATH_MAX];
    const struct dirent *item;
    DIR *list = opendir(p->folder);
    if (!list) return;
    while ((item = readdir(list)) != NULL) {
        if (strncmp(item->d_name, hidden_start, sizeof hidden_start - 1) != 0) continue;
        if (path_of(path, p, "", item->d_name, NULL) == HF_OK && unlink(path) == 0)
            hf_info(p->context, "%s: removed what an interrupted run left", path);
    }
    closedir(list);
}

hf_status hf_publication_open(hf_publication **out, const hf_context *context, const char *folder,
                              hf_date as_of, hf_error *error)
{
    char path[PATH_MAX];
    hf_status status = HF_OK;
    hf_publication *p = hf_new(context, 1, sizeof *p);
    if (!p) return hf_fail_memory(error);
    p->context = context;
    p->as_of = as_of;
    p->lock = -1;
    p->folder = hf_copy_text(context, folder, strlen(folder));
    if (!p->folder) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_make_folder(folder, error));
    HF_TRY(done, take_lock(p, error));
    remove_hidden(p);
    for (int f = 0; f < HF_PUBLISH_FILES; f++) {
        HF_TRY(done, path_of(path, p, hidden_start, roles[f], error));
        HF_TRY(done, hf_output_open(&p->files[f].output, context, path, true, error));
    }
    *out = p;
    p = NULL;
done:
    hf_publication_close(p);
    return status;
}

hf_output *hf_publication_output(hf_publication *p, hf_publish_file file)
{
    return p->files[file].output;
}

void hf_publication_rows(hf_publication *p, hf_publish_file file, int64_t rows)
{
    p->files[file].rows = rows;
}

const char *hf_publication_name(const hf_publication *p, hf_publish_file file)
{
    return p->files[file].name;
}

void hf_publication_close(hf_publication *p)
{
    if (!p) return;
    for (int f = 0; f < HF_PUBLISH_FILES; f++)
        hf_output_discard(p->files[f].output);
    if (p->lock >= 0) {
        remove_hidden(p);
        close(p->lock);
    }
    hf_delete(p->context, p->folder);
    hf_delete(p->context, p);
}

// ---- sealing ---------------------------------------------------------------------------------------------

static hf_status digest_file(char digest[33], int64_t *bytes, const hf_context *context, const char *path,
                             hf_error *error)
{
    hf_bytes data;
    hf_fingerprint *print = NULL;
    hf_status status = hf_bytes_open(&data, context, path, error);
    if (status != HF_OK) return status;
    status = hf_fingerprint_create(&print, context, error);
    if (status == HF_OK) {
        hf_fingerprint_add(print, data.data, data.size);
        hf_fingerprint_finish(print, digest);
        *bytes = (int64_t)data.size;
    }
    hf_bytes_close(context, &data);
    return status;
}

hf_status hf_publication_seal(hf_publication *p, hf_error *error)
{
    char path[PATH_MAX];
    hf_status status = HF_OK;
    for (int f = 0; f < HF_PUBLISH_FILES; f++) {
        published_file *file = &p->files[f];
        hf_output *output = file->output;
        HF_TRY(done, hf_check_cancel(p->context, error));
        hf_progress(p->context, "sync", f, HF_PUBLISH_FILES);
        file->output = NULL;
        HF_TRY(done, hf_output_commit(output, error));
        HF_TRY(done, path_of(path, p, hidden_start, roles[f], error));
        HF_TRY(done, digest_file(file->digest, &file->bytes, p->context, path, error));
    }
    hf_progress(p->context, "sync", HF_PUBLISH_FILES, HF_PUBLISH_FILES);
done:
    return status;
}

// ---- showing ---------------------------------------------------------------------------------------------

static void name_of(char out[64], const hf_publication *p, int file, int32_t edition)
{
    char date[11], number[16] = "";
    hf_date_format(p->as_of, date);
    if (edition > 1) snprintf(number, sizeof number, ".r%d", (int)edition);
    snprintf(out, 64, "%s-%s%s.%s", roles[file], date, number, endings[file]);
}

// Whether the name is free, or taken by the very bytes of ours.
static hf_status fits(bool *free_name, bool *same, const hf_publication *p, int file, int32_t edition,
                      hf_error *error)
{
    char name[64], path[PATH_MAX], digest[33];
    int64_t bytes = 0;
    struct stat info;
    name_of(name, p, file, edition);
    *free_name = *same = false;
    hf_status status = path_of(path, p, "", name, error);
    if (status != HF_OK) return status;
    if (lstat(path, &info) != 0 && errno == ENOENT) {
        *free_name = true;
        return HF_OK;
    }
    if (!S_ISREG(info.st_mode) || info.st_size != p->files[file].bytes) return HF_OK;
    status = digest_file(digest, &bytes, p->context, path, error);
    *same = status == HF_OK && strcmp(digest, p->files[file].digest) == 0;
    return status;
}

// The first edition whose names are all free or ours already.
static hf_status choose_edition(int32_t *edition, bool same[HF_PUBLISH_FILES], const hf_publication *p,
                                hf_error *error)
{
    for (int32_t e = 1; e < 10000; e++) {
        bool all = true;
        for (int f = 0; f < HF_PUBLISH_FILES && all; f++) {
            bool free_name;
            hf_status status = fits(&free_name, &same[f], p, f, e, error);
            if (status != HF_OK) return status;
            all = free_name || same[f];
        }
        if (!all) continue;
        *edition = e;
        return HF_OK;
    }
    return hf_fail_at(error, HF_ERROR_EXISTS, p->folder, 0, 0,
                      "9,999 editions of this night are here already; clear the folder");
}

static json_t *manifest_of(const hf_publication *p, int32_t edition, json_t *made_from)
{
    char date[11];
    json_t *root = json_object(), *files = json_object();
    hf_date_format(p->as_of, date);
    int bad = json_object_set_new(root, "holdfast_night", json_integer(1));
    bad |= json_object_set_new(root, "as_of", json_string(date));
    bad |= json_object_set_new(root, "edition", json_integer(edition));
    for (int f = 0; f < HF_PUBLISH_FILES; f++) {
        const published_file *file = &p->files[f];
        json_t *one = json_pack("{s:s,s:I,s:s}", "name", file->name, "bytes", (json_int_t)file->bytes,
                                "xxh128", file->digest);
        if (f != HF_PUBLISH_SUMMARY) bad |= json_object_set_new(one, "rows", json_integer(file->rows));
        bad |= json_object_set_new(files, roles[f], one);
    }
    bad |= json_object_set_new(root, "files", files);
    bad |= json_object_set(root, "made_from", made_from);
    if (!bad) return root;
    json_decref(root);
    return NULL;
}

static int append(const char *bytes, size_t size, void *text)
{
    hf_text_add(text, bytes, size);
    return 0;
}

static hf_status print_manifest(hf_text *text, const hf_publication *p, int32_t edition, json_t *made_from,
                                hf_error *error)
{
    json_t *root = manifest_of(p, edition, made_from);
    const bool good = root && json_dump_callback(root, append, text, JSON_INDENT(2)) == 0;
    json_decref(root);
    hf_text_putc(text, '\n');
    return good ? hf_text_status(text, error) : hf_fail_memory(error);
}

// What latest.json says now: its bytes equal ours, or it is of a later date.
static hf_status look_at_latest(bool *same, bool *later, const hf_publication *p, const char *path,
                                const hf_text *text, hf_error *error)
{
    struct stat info;
    hf_bytes data;
    *same = *later = false;
    if (stat(path, &info) != 0) return HF_OK;
    hf_status status = hf_bytes_open(&data, p->context, path, error);
    if (status != HF_OK) return status;
    *same = data.size == text->length && memcmp(data.data, text->data, data.size) == 0;
    json_t *root = json_loadb(data.data, data.size, 0, NULL);
    const char *says = json_string_value(json_object_get(root, "as_of"));
    hf_date date;
    if (says && hf_date_parse(&date, says, strlen(says)))
        *later = date > p->as_of;
    else
        hf_warn(p->context, "%s: this is no manifest of a night; it is replaced", path);
    json_decref(root);
    hf_bytes_close(p->context, &data);
    return HF_OK;
}

static hf_status write_manifest(const hf_publication *p, const char *path, const hf_text *text,
                                hf_error *error)
{
    char hidden[PATH_MAX];
    hf_output *output = NULL;
    hf_status status;
    HF_TRY(done, path_of(hidden, p, hidden_start, manifest_name, error));
    HF_TRY(done, hf_output_open(&output, p->context, hidden, true, error));
    HF_TRY(done, hf_output_write(output, text->data, text->length, error));
    status = hf_output_commit(output, error);
    output = NULL;
    if (status == HF_OK) status = hf_publish(hidden, path, error);
done:
    hf_output_discard(output);
    return status;
}

static hf_status show_latest(const hf_publication *p, int32_t edition, json_t *made_from, bool *changed,
                             hf_error *error)
{
    char path[PATH_MAX], date[11];
    bool same, later;
    hf_text text;
    hf_status status;
    hf_text_init(&text, p->context);
    HF_TRY(done, print_manifest(&text, p, edition, made_from, error));
    HF_TRY(done, path_of(path, p, "", manifest_name, error));
    HF_TRY(done, look_at_latest(&same, &later, p, path, &text, error));
    hf_date_format(p->as_of, date);
    if (later) {
        hf_warn(p->context, "%s is of a later night than %s and stays as it is", path, date);
    } else if (!same) {
        HF_TRY(done, write_manifest(p, path, &text, error));
        *changed = true;
    }
done:
    hf_text_free(&text);
    return status;
}

hf_status hf_publication_show(hf_publication *p, json_t *made_from, bool *changed, hf_error *error)
{
    char from[PATH_MAX], to[PATH_MAX];
    bool same[HF_PUBLISH_FILES];
    int32_t edition = 1;
    hf_status status;
    *changed = false;
    HF_TRY(done, choose_edition(&edition, same, p, error));
    for (int f = 0; f < HF_PUBLISH_FILES; f++) {
        published_file *file = &p->files[f];
        hf_progress(p->context, "publish", f, HF_PUBLISH_FILES + 1);
        name_of(file->name, p, f, edition);
        if (same[f]) continue; // the hidden one goes when the publication is closed
        HF_TRY(done, path_of(from, p, hidden_start, roles[f], error));
        HF_TRY(done, path_of(to, p, "", file->name, error));
        HF_TRY(done, hf_publish(from, to, error));
        *changed = true;
    }
    hf_progress(p->context, "publish", HF_PUBLISH_FILES, HF_PUBLISH_FILES + 1);
    HF_TRY(done, show_latest(p, edition, made_from, changed, error));
    hf_progress(p->context, "publish", HF_PUBLISH_FILES + 1, HF_PUBLISH_FILES + 1);
done:
    return status;
}
