// SPDX-License-Identifier: Apache-2.0
//
// Files read whole and files that appear whole or not at all: an output is written under a temporary name
// beside its final one, synced, renamed, and its folder synced, so that a crash leaves the old file or the
// new one and never a part. A writer holds a lock on its temporary file; one without a lock belongs to nobody
// any more, and the next writer of the same name removes it.
#include "base/base_room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct hf_output {
    const hf_context *context;
    int fd;
    bool stream;      // written straight through: no temporary, no rename
    bool borrowed;    // standard output: not ours to close
    bool reader_left; // of standard output: what is written goes nowhere
    bool overwrite;
    bool replaces; // a file is there, with this mode and owner
    struct stat before;
    char path[PATH_MAX];   // as it was named
    char target[PATH_MAX]; // the file itself, where the name is a symbolic link
    char temporary[PATH_MAX];
};

// ---- reading ---------------------------------------------------------------------------------------------

static hf_status read_stream(hf_bytes *out, const hf_context *context, int fd, const char *path,
                             hf_error *error)
{
    size_t capacity = 1 << 20, size = 0;
    hf_status status;
    char *data = hf_new_raw(context, capacity, 1);
    if (!data) return hf_fail_memory(error);
    for (;;) {
        ssize_t got = read(fd, data + size, capacity - size);
        if (got < 0 && errno == EINTR) {
            status = hf_check_cancel(context, error);
            if (status == HF_OK) continue;
            hf_delete(context, data);
            return status;
        }
        if (got < 0) {
            int number = errno;
            hf_delete(context, data);
            return hf_fail_errno(error, path, number, "cannot read");
        }
        if (got == 0) break;
        size += (size_t)got;
        if (size == capacity) {
            char *grown = hf_grow(context, data, capacity * 2, 1);
            if (!grown) {
                hf_delete(context, data);
                return hf_fail_memory(error);
            }
            data = grown;
            capacity *= 2;
        }
    }
    *out = (hf_bytes){data, size, false};
    return HF_OK;
}

hf_status hf_bytes_open(hf_bytes *out, const hf_context *context, const char *path, hf_error *error)
{
    if (strcmp(path, "-") == 0) return read_stream(out, context, STDIN_FILENO, path, error);
    hf_status status = HF_OK;
    int fd;
    // A pipe is opened when its writer comes; whoever waits for that may want to stop.
    while ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 && errno == EINTR)
        HF_TRY(done, hf_check_cancel(context, error));
    if (fd < 0) return hf_fail_errno(error, path, errno, "cannot open");
    struct stat info;
    if (fstat(fd, &info) != 0) {
        status = hf_fail_errno(error, path, errno, "cannot read");
    } else if (S_ISDIR(info.st_mode)) {
        status = hf_fail_at(error, HF_ERROR_IO, path, 0, 0, "this is a folder; name a file");
    } else if (!S_ISREG(info.st_mode) || info.st_size == 0) {
        status = read_stream(out, context, fd, path, error);
    } else {
        void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status = hf_fail_errno(error, path, errno, "cannot map");
        else
            *out = (hf_bytes){data, (size_t)info.st_size, true};
    }
    close(fd);
done:
    return status;
}

void hf_bytes_close(const hf_context *context, hf_bytes *bytes)
{
    if (bytes->mapped)
        munmap((void *)(uintptr_t)bytes->data, bytes->size);
    else
        hf_delete(context, (void *)(uintptr_t)bytes->data);
    *bytes = (hf_bytes){NULL, 0, false};
}

// ---- writing ---------------------------------------------------------------------------------------------

static void folder_of(char out[PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (!slash)
        strcpy(out, ".");
    else if (length == 0)
        strcpy(out, "/");
    else
        snprintf(out, PATH_MAX, "%.*s", (int)length, path);
}

static hf_status sync_folder(const char *path, hf_error *error)
{
    char folder[PATH_MAX];
    folder_of(folder, path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES) return HF_OK; // one may write here, but not look: the file is in place
    if (fd < 0) return hf_fail_errno(error, folder, errno, "cannot open the folder");
    // Some file systems cannot sync a folder and say EINVAL; there is nothing more to do there.
    int bad = fsync(fd) != 0 && errno != EINVAL ? errno : 0;
    close(fd);
    return bad ? hf_fail_errno(error, folder, bad, "cannot sync the folder") : HF_OK;
}

static hf_status exists_error(hf_error *error, const char *path)
{
    return hf_fail_at(error, HF_ERROR_EXISTS, path, 0, 0, "it exists already; pass --force to replace it");
}

// Whether a name is one that make_temporary gives for the base name.
static bool is_temporary_of(const char *name, const char *base)
{
    size_t length = strlen(base), digits;
    if (strncmp(name, base, length) != 0 || name[length] != '.') return false;
    name += length + 1;
    if ((digits = strspn(name, "0123456789")) == 0 || name[digits] != '-') return false;
    name += digits + 1;
    return (digits = strspn(name, "0123456789")) > 0 && strcmp(name + digits, ".tmp") == 0;
}

// Removes the temporary files that killed processes left of this output. Whatever cannot be looked at or
// locked stays: this is tidying, and no reason to fail.
static void remove_stale(const char *path)
{
    char folder[PATH_MAX];
    folder_of(folder, path);
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    DIR *entries = opendir(folder);
    if (!entries) return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (!is_temporary_of(entry->d_name, base)) continue;
        int fd = openat(dirfd(entries), entry->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat info;
        if (fd < 0) continue;
        if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
            flock(fd, LOCK_EX | LOCK_NB) == 0)
            unlinkat(dirfd(entries), entry->d_name, 0);
        close(fd);
    }
    closedir(entries);
}

// Takes the lock that says the file has a writer. False where somebody who tidies was quicker than we.
static bool hold(int fd)
{
    struct stat info;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
    return fstat(fd, &info) != 0 || info.st_nlink > 0; // a file system without locks is no hindrance
}

// Gives the temporary file the mode and, where one may, the owner of the file it will replace.
static void take_after(int fd, const struct stat *before)
{
    struct stat now;
    if (fstat(fd, &now) != 0) return;
    mode_t mode = before->st_mode & 0777;
    bool other = now.st_uid != before->st_uid || now.st_gid != before->st_gid;
    if (other && fchown(fd, before->st_uid, before->st_gid) != 0 &&
        fchown(fd, (uid_t)-1, before->st_gid) != 0)
        mode &= ~(mode_t)070 | (mode & 07) << 3; // the group's rights were meant for another group
    (void)fchmod(fd, mode);
}

// Makes the temporary file beside the final one. A name may be taken by what a killed process left behind
// (process numbers repeat, in a container every night), so other names are tried.
static hf_status make_temporary(hf_output *output, hf_error *error)
{
    static atomic_uint serial;
    // Nobody may read of the new file what the old one kept from him, not even while it is written.
    mode_t mode = output->replaces ? 0600 : 0666;
    remove_stale(output->target);
    for (int i = 0; i < 1000; i++) {
        int length = snprintf(output->temporary, PATH_MAX, "%s.%ld-%u.tmp", output->target, (long)getpid(),
                              atomic_fetch_add(&serial, 1));
        if (length >= PATH_MAX)
            return hf_fail_at(error, HF_ERROR_IO, output->path, 0, 0, "the name is too long");
        output->fd = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (output->fd < 0) {
            if (errno == EEXIST) continue;
            break;
        }
        if (hold(output->fd)) {
            if (output->replaces) take_after(output->fd, &output->before);
            return HF_OK;
        }
        close(output->fd);
        output->fd = -1;
    }
    return hf_fail_errno(error, output->path, errno, "cannot write");
}

static hf_status open_path(hf_output *output, const char *path, hf_error *error)
{
    struct stat info;
    if (path[0] == '\0') return hf_fail(error, HF_ERROR_IO, "the output's name is empty");
    if (snprintf(output->path, PATH_MAX, "%s", path) >= PATH_MAX)
        return hf_fail_at(error, HF_ERROR_IO, path, 0, 0, "the name is too long");
    memcpy(output->target, output->path, strlen(output->path) + 1);
    bool there = stat(path, &info) == 0;
    if (there && S_ISDIR(info.st_mode))
        return hf_fail_at(error, HF_ERROR_IO, path, 0, 0, "this is a folder; name a file");
    if (there && !S_ISREG(info.st_mode)) {
        // A device or a pipe cannot be replaced by a rename: it is written straight through.
        output->stream = true;
        while ((output->fd = open(path, O_WRONLY | O_CLOEXEC)) < 0 && errno == EINTR) {
            hf_status status = hf_check_cancel(output->context, error);
            if (status != HF_OK) return status;
        }
        return output->fd >= 0 ? HF_OK : hf_fail_errno(error, path, errno, "cannot write");
    }
    if (there && !output->overwrite) return exists_error(error, path);
    if (there) {
        // Of a symbolic link it is the file it leads to that is replaced; the link stays.
        struct stat named;
        char real[PATH_MAX];
        if (lstat(path, &named) == 0 && S_ISLNK(named.st_mode) && realpath(path, real))
            memcpy(output->target, real, strlen(real) + 1);
        output->replaces = true;
        output->before = info;
    }
    return make_temporary(output, error);
}

hf_status hf_output_open(hf_output **out, const hf_context *context, const char *path, bool overwrite,
                         hf_error *error)
{
    hf_output *output = hf_new(context, 1, sizeof *output);
    if (!output) return hf_fail_memory(error);
    output->context = context;
    output->overwrite = overwrite;
    output->fd = -1;
    hf_status status = HF_OK;
    if (strcmp(path, "-") == 0) {
        output->stream = output->borrowed = true;
        output->fd = STDOUT_FILENO;
    } else {
        status = open_path(output, path, error);
    }
    if (status == HF_OK)
        *out = output;
    else
        hf_delete(context, output);
    return status;
}

// A write past the file-size limit raises SIGXFSZ, which would end the program that uses the library; blocked
// for the thread, it comes back as EFBIG and is then taken off the pending set.
static ssize_t write_quietly(int fd, const char *data, size_t size)
{
    sigset_t limit, before, pending;
    sigemptyset(&limit);
    sigaddset(&limit, SIGXFSZ);
    sigaddset(&limit, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &limit, &before);
    ssize_t written = write(fd, data, size);
    int number = errno;
    if (written < 0 && (number == EFBIG || number == EPIPE)) {
        sigpending(&pending);
        struct timespec now = {0, 0};
        int raised = number == EFBIG ? SIGXFSZ : SIGPIPE;
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, raised);
        if (sigismember(&pending, raised)) sigtimedwait(&one, NULL, &now);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return written;
}

hf_status hf_output_write(hf_output *output, const char *data, size_t size, hf_error *error)
{
    const char *name = output->path[0] != '\0' ? output->path : "standard output";
    while (size > 0 && !output->reader_left) {
        size_t part = size < (1u << 30) ? size : 1u << 30;
        ssize_t written = write_quietly(output->fd, data, part);
        if (written < 0 && errno == EINTR) {
            hf_status status = hf_check_cancel(output->context, error);
            if (status != HF_OK) return status;
            continue;
        }
        if (written < 0 && errno == EPIPE && output->borrowed) {
            // Whoever read has seen enough (| head). Were this an error, it would be one only where the rest
            // did not fit into the pipe: the result of a run must not hang on that.
            output->reader_left = true;
            break;
        }
        if (written < 0) return hf_fail_errno(error, name, errno, "cannot write");
        data += written;
        size -= (size_t)written;
    }
    return HF_OK;
}

// Puts a finished file under its final name; link, unlike rename, refuses a name that is taken.
static hf_status put_in_place(const char *temporary, const char *path, bool overwrite, hf_error *error)
{
    if (!overwrite) {
        if (link(temporary, path) == 0) {
            unlink(temporary);
            return sync_folder(path, error);
        }
        if (errno == EEXIST) return exists_error(error, path);
        // No hard links on this file system: a look first, then the rename.
        struct stat info;
        if (lstat(path, &info) == 0) return exists_error(error, path);
    }
    if (rename(temporary, path) != 0) return hf_fail_errno(error, path, errno, "cannot rename into place");
    return sync_folder(path, error);
}

hf_status hf_output_commit(hf_output *output, hf_error *error)
{
    hf_status status = HF_OK;
    if (!output->stream && fsync(output->fd) != 0)
        status = hf_fail_errno(error, output->path, errno, "cannot sync");
    // The lock lasts as long as any of the two: nobody may tidy the file away before it has its name.
    int held = output->stream ? -1 : dup(output->fd);
    if (!output->borrowed) {
        if (close(output->fd) != 0 && status == HF_OK)
            status = hf_fail_errno(error, output->path, errno, "cannot close");
        output->fd = -1;
    }
    if (!output->stream && status == HF_OK)
        status = put_in_place(output->temporary, output->target, output->overwrite, error);
    if (held >= 0) close(held);
    hf_output_discard(output);
    return status;
}

void hf_output_discard(hf_output *output)
{
    if (!output) return;
    if (output->fd >= 0 && !output->borrowed) close(output->fd);
    if (!output->stream) unlink(output->temporary); // after a commit there is nothing there any more
    hf_delete(output->context, output);
}

hf_status hf_publish(const char *temporary, const char *path, hf_error *error)
{
    int fd = open(temporary, O_RDWR | O_CLOEXEC);
    if (fd < 0) return hf_fail_errno(error, temporary, errno, "cannot open");
    hf_status status = fsync(fd) == 0 ? HF_OK : hf_fail_errno(error, path, errno, "cannot sync");
    close(fd);
    return status == HF_OK ? put_in_place(temporary, path, true, error) : status;
}

hf_status hf_make_folder(const char *path, hf_error *error)
{
    char part[PATH_MAX];
    if (path[0] == '\0') return hf_fail(error, HF_ERROR_IO, "the folder's name is empty");
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return hf_fail_at(error, HF_ERROR_IO, path, 0, 0, "the name is too long");
    for (char *p = part + 1;; p++) {
        if (*p != '/' && *p != '\0') continue;
        bool last = *p == '\0';
        *p = '\0';
        struct stat info;
        if (mkdir(part, 0777) != 0) {
            int number = errno;
            if (stat(part, &info) != 0) return hf_fail_errno(error, part, number, "cannot make the folder");
            if (!S_ISDIR(info.st_mode))
                return hf_fail_at(error, HF_ERROR_IO, part, 0, 0, "this is a file; a folder is needed here");
        }
        if (last) return HF_OK;
        *p = '/';
    }
}
