// SPDX-License-Identifier: Apache-2.0
//
// A store's folder: a marker file that makes it one, a lock that lets one process write, and shelves of
// dated files known by their names. The lock is flock's, so a killed writer's is free at once; what it left
// half written has a name of its own, which the next writer removes.
#include "store/store_folder.h"

#include "store/size_limit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char marker_text[] = "Holdfast store 1\n";
static const char temporary_start[] = ".writing-";

static const char *const shelf_names[HF_SHELVES] = {"snapshots", "scores"};

void hf_store_path(char out[512], const hf_store *store, hf_shelf shelf, hf_store_entry entry)
{
    char name[HF_SNAPSHOT_NAME];
    hf_snapshot_name(name, entry.as_of, entry.revision);
    snprintf(out, 512, "%s/%s", store->shelves[shelf], name);
}

void hf_store_temporary(char out[544], const hf_store *store, hf_shelf shelf, hf_store_entry entry)
{
    char name[HF_SNAPSHOT_NAME];
    hf_snapshot_name(name, entry.as_of, entry.revision);
    snprintf(out, 544, "%s/%s%s", store->shelves[shelf], temporary_start, name);
}

// ---- listing ---------------------------------------------------------------------------------------------

static int by_date(const void *a, const void *b)
{
    const hf_store_entry *x = a, *y = b;
    if (x->as_of != y->as_of) return x->as_of < y->as_of ? -1 : 1;
    return (x->revision > y->revision) - (x->revision < y->revision);
}

hf_status hf_store_entries(hf_store_entry **out, int32_t *count, const hf_store *store, hf_shelf shelf,
                           hf_unknown_function *unknown, hf_error *error)
{
    const char *path = store->shelves[shelf];
    hf_status status = HF_OK;
    hf_store_entry *entries = NULL;
    size_t used = 0, capacity = 0;
    const struct dirent *item;
    DIR *folder = opendir(path);
    if (!folder && !(errno == ENOENT && shelf == HF_SHELF_SCORES))
        return hf_fail_errno(error, path, errno, "cannot list the folder");
    if (!folder) { // nothing was ever scored
        *out = NULL;
        *count = 0;
        return HF_OK;
    }
    while (errno = 0, (item = readdir(folder)) != NULL) {
        hf_store_entry entry;
        if (item->d_name[0] == '.') continue;
        if (!hf_snapshot_name_parse(&entry.as_of, &entry.revision, item->d_name)) {
            if (unknown) unknown(store, path, item->d_name);
            continue;
        }
        if (used == capacity) {
            hf_store_entry *grown = hf_grow(store->context, entries, capacity + 256, sizeof *grown);
            if (!grown) {
                status = hf_fail_memory(error);
                goto done;
            }
            entries = grown;
            capacity += 256;
        }
        entries[used++] = entry;
    }
    if (errno != 0) {
        status = hf_fail_errno(error, path, errno, "cannot list the folder");
        goto done;
    }
    if (used > 0) qsort(entries, used, sizeof *entries, by_date);
    *out = entries;
    *count = (int32_t)used;
    entries = NULL;
done:
    hf_delete(store->context, entries);
    closedir(folder);
    return status;
}

// ---- opening ---------------------------------------------------------------------------------------------

static hf_status check_marker(const char *folder, hf_error *error)
{
    char path[600], text[64] = {0};
    snprintf(path, sizeof path, "%s/%s", folder, HF_STORE_MARKER);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        int number = errno;
        struct stat info;
        if (stat(folder, &info) != 0)
            return hf_fail_errno(error, folder, errno,
                                 "there is no store here; make it with 'holdfast ingest'");
        if (number != ENOENT && number != ENOTDIR) return hf_fail_errno(error, path, number, "cannot open");
        return hf_fail_at(
            error, HF_ERROR_DATA, folder, 0, 0,
            "this is not a store: it has no file '%s'; name the folder given to 'holdfast ingest "
            "--store'",
            HF_STORE_MARKER);
    }
    ssize_t got = read(fd, text, sizeof text - 1);
    int number = errno;
    close(fd);
    if (got < 0) return hf_fail_errno(error, path, number, "cannot read");
    if (strcmp(text, marker_text) == 0) return HF_OK;
    if (strncmp(text, marker_text, 15) == 0 && text[15] >= '2' && text[15] <= '9')
        return hf_fail_at(error, HF_ERROR_VERSION, path, 0, 0,
                          "the store was made by a newer version of holdfast; this is %s", hf_version());
    return hf_fail_at(error, HF_ERROR_DAMAGED, path, 0, 0,
                      "the store's marker should read '%.16s'; restore it", marker_text);
}

// A folder that holds anything but what a store begins with is somebody's own, and stays so.
static hf_status check_foreign(const char *folder, bool *is_store, hf_error *error)
{
    static const char *const ours[] = {".", "..", HF_STORE_LOCK, "outcomes"};
    const struct dirent *item;
    bool marked = false, foreign = false;
    DIR *list = opendir(folder);
    if (!list) return hf_fail_errno(error, folder, errno, "cannot list the folder");
    while ((item = readdir(list)) != NULL) {
        bool known = strncmp(item->d_name, temporary_start, sizeof temporary_start - 1) == 0;
        for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
            known = known || strcmp(item->d_name, ours[i]) == 0;
        for (int i = 0; i < HF_SHELVES; i++)
            known = known || strcmp(item->d_name, shelf_names[i]) == 0;
        for (int i = 0; hf_kept_folder(i); i++)
            known = known || strcmp(item->d_name, hf_kept_folder(i)) == 0;
        marked = marked || strcmp(item->d_name, HF_STORE_MARKER) == 0;
        foreign = foreign || !known;
    }
    closedir(list);
    if (foreign && !marked)
        return hf_fail_at(error, HF_ERROR_DATA, folder, 0, 0,
                          "this folder is not a store and not empty; name a new folder for the store");
    *is_store = marked;
    return HF_OK;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            if (written == 0) errno = ENOSPC;
            return false;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

hf_status hf_store_make_folder(const hf_store *store, const char *folder, hf_error *error)
{
    if (mkdir(folder, 0777) != 0)
        return errno == EEXIST ? HF_OK : hf_fail_errno(error, folder, errno, "cannot make the folder");
    hf_status status = HF_OK;
    int fd = open(store->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) status = hf_fail_errno(error, store->folder, errno, "cannot sync");
    if (fd >= 0) close(fd);
    return status;
}

hf_status hf_store_write_file(const char *folder, const char *name, const char *bytes, size_t size,
                              hf_error *error)
{
    char path[600], temporary[640];
    hf_status status = HF_OK;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(temporary, sizeof temporary, "%s/%s%s", folder, temporary_start, name);
    (void)unlink(temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return hf_fail_errno(error, path, errno, "cannot write to the store");
    if (!write_all(fd, bytes, size)) status = hf_fail_errno(error, path, errno, "cannot write to the store");
    if (close(fd) != 0 && status == HF_OK)
        status = hf_fail_errno(error, path, errno, "cannot write to the store");
    if (status == HF_OK) status = hf_publish(temporary, path, error);
    if (status != HF_OK) (void)unlink(temporary);
    return status;
}

static hf_status take_lock(int *out, const char *folder, hf_error *error)
{
    char path[600], text[32] = {0};
    snprintf(path, sizeof path, "%s/%s", folder, HF_STORE_LOCK);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) return hf_fail_errno(error, path, errno, "cannot take the store's lock");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        int number = errno;
        ssize_t got = read(fd, text, sizeof text - 1);
        close(fd);
        if (number != EWOULDBLOCK) return hf_fail_errno(error, path, number, "cannot take the store's lock");
        text[got > 0 ? strspn(text, "0123456789") : 0] = '\0';
        return hf_fail_at(
            error, HF_ERROR_LOCKED, folder, 0, 0,
            "another process (pid %s) is writing to this store; wait for it to end and run this again",
            text[0] != '\0' ? text : "unknown");
    }
    // Who holds it is for people to read; the lock itself is flock's.
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)length, 0) != length) {
        hf_status status = hf_fail_errno(error, path, errno, "cannot write to the store");
        close(fd);
        return status;
    }
    *out = fd;
    return HF_OK;
}

// What a killed writer left; the lock is ours, so nobody is writing it now.
static void remove_leftovers(const hf_store *store, const char *folder)
{
    char path[1024];
    const struct dirent *item;
    DIR *list = opendir(folder);
    if (!list) return;
    while ((item = readdir(list)) != NULL) {
        if (strncmp(item->d_name, temporary_start, sizeof temporary_start - 1) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, item->d_name);
        if (unlink(path) == 0) hf_info(store->context, "%s: removed what an interrupted run left", path);
    }
    closedir(list);
}

static hf_status open_to_write(hf_store *store, hf_error *error)
{
    bool is_store = false;
    hf_status status = HF_OK;
    HF_TRY(done, hf_make_folder(store->folder, error));
    HF_TRY(done, check_foreign(store->folder, &is_store, error));
    if (is_store) HF_TRY(done, check_marker(store->folder, error));
    HF_TRY(done, take_lock(&store->lock, store->folder, error));
    HF_TRY(done, hf_make_folder(store->shelves[HF_SHELF_SNAPSHOTS], error));
    if (!is_store)
        HF_TRY(done, hf_store_write_file(store->folder, HF_STORE_MARKER, marker_text, sizeof marker_text - 1,
                                         error));
    for (int i = 0; i < HF_SHELVES; i++)
        remove_leftovers(store, store->shelves[i]);
    for (int i = 0; hf_kept_folder(i); i++) {
        char folder[512];
        snprintf(folder, sizeof folder, "%s/%s", store->folder, hf_kept_folder(i));
        remove_leftovers(store, folder);
    }
done:
    return status;
}

hf_status hf_store_open(hf_store **out, const hf_context *context, const char *folder, hf_store_mode mode,
                        hf_error *error)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/')
        length--;
    if (length == 0) return hf_fail(error, HF_ERROR_USAGE, "the store's folder has no name");
    // hf_snapshot_info holds paths of 511 bytes.
    if (length > 440)
        return hf_fail_at(error, HF_ERROR_USAGE, folder, 0, 0,
                          "the folder's name has %zu bytes, at most 440 are possible; use a shorter one",
                          length);
    hf_store *store = hf_new(context, 1, sizeof *store);
    if (!store) return hf_fail_memory(error);
    hf_status status = HF_OK;
    store->context = context;
    store->lock = -1;
    store->folder = hf_copy_text(context, folder, length);
    bool good = store->folder != NULL;
    for (int i = 0; i < HF_SHELVES; i++) {
        const size_t size = length + strlen(shelf_names[i]) + 2;
        store->shelves[i] = hf_new(context, size, 1);
        good = good && store->shelves[i];
        if (good) snprintf(store->shelves[i], size, "%s/%s", store->folder, shelf_names[i]);
    }
    if (!good) {
        status = hf_fail_memory(error);
    } else {
        hf_size_limit limit;
        hf_size_limit_begin(&limit);
        status = mode == HF_STORE_WRITE ? open_to_write(store, error) : check_marker(store->folder, error);
        hf_size_limit_end(&limit);
    }
    if (status == HF_OK)
        *out = store;
    else
        hf_store_close(store);
    return status;
}

void hf_store_close(hf_store *store)
{
    if (!store) return;
    // Closing frees the lock when no forked copy of the descriptor is left. Who held it is taken out first,
    // so that what was done leaves the same bytes whoever did it; where that fails nothing is lost.
    if (store->lock >= 0) {
        if (ftruncate(store->lock, 0) != 0)
            hf_info(store->context, "%s: the lock keeps a name", store->folder);
        close(store->lock);
    }
    hf_delete(store->context, store->folder);
    for (int i = 0; i < HF_SHELVES; i++)
        hf_delete(store->context, store->shelves[i]);
    hf_delete(store->context, store);
}
