// SPDX-License-Identifier: Apache-2.0
//
// Files read whole and files that appear whole or not at all: missing and odd paths, two writers, a full
// disk, leftovers of a killed run, a read-only folder, an interrupted read.
#include "base/failing_context.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static allocator counter;
static hf_context *context;

static void begin(void)
{
    strcpy(folder, "/tmp/holdfast-file-XXXXXX");
    cr_assert(mkdtemp(folder));
    cr_assert(chdir(folder) == 0);
    counter = (allocator){.fail_at = -1};
    context = make_context(&counter, 1);
}

static void end(void)
{
    hf_context_destroy(context);
    cr_assert(counter.live == 0);
    cr_assert(chdir("/") == 0);
    char command[256];
    snprintf(command, sizeof command, "chmod -R u+w %s; rm -rf %s", folder, folder);
    cr_assert(system(command) == 0);
}

static int entries(const char *path)
{
    int count = 0;
    DIR *dir = opendir(path);
    for (struct dirent *e; (e = readdir(dir));)
        count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void check_file(const char *path, const char *text)
{
    hf_bytes bytes;
    cr_assert(hf_bytes_open(&bytes, context, path, NULL) == HF_OK);
    cr_assert(bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0, "%s", path);
    hf_bytes_close(context, &bytes);
    cr_assert(!bytes.data && bytes.size == 0);
}

static hf_status write_file(const char *path, bool overwrite, const char *text, hf_error *error)
{
    hf_output *output;
    hf_status status = hf_output_open(&output, context, path, overwrite, error);
    if (status != HF_OK) return status;
    status = hf_output_write(output, text, strlen(text), error);
    if (status == HF_OK) return hf_output_commit(output, error);
    hf_output_discard(output);
    return status;
}

// ---- reading ---------------------------------------------------------------------------------------------

Test(bytes, what_cannot_be_read, .init = begin, .fini = end)
{
    hf_bytes bytes = {"untouched", 9, false};
    hf_error error = {0};
    cr_assert(hf_bytes_open(&bytes, context, "nothing.csv", &error) == HF_ERROR_IO);
    cr_assert_str_eq(error.file, "nothing.csv");
    cr_assert(strstr(error.message, "No such file"));
    cr_assert(hf_bytes_open(&bytes, context, ".", &error) == HF_ERROR_IO && strstr(error.message, "folder"));
    cr_assert(hf_bytes_open(&bytes, context, "", &error) == HF_ERROR_IO);
    cr_assert(hf_bytes_open(&bytes, context, "nothing.csv/x", NULL) == HF_ERROR_IO);
    put_file("file", "x");
    cr_assert(hf_bytes_open(&bytes, context, "file/x", &error) == HF_ERROR_IO);
    cr_assert(symlink("circle", "circle") == 0);
    cr_assert(hf_bytes_open(&bytes, context, "circle", &error) == HF_ERROR_IO);
    cr_assert_str_eq(bytes.data, "untouched");
}

Test(bytes, regular_empty_and_special_files, .init = begin, .fini = end)
{
    put_file("empty", "");
    check_file("empty", "");
    check_file("/dev/null", "");
    put_file("some", "a,b\n1,2\n");
    check_file("some", "a,b\n1,2\n");
    hf_bytes bytes;
    cr_assert(hf_bytes_open(&bytes, context, "/proc/self/status", NULL) == HF_OK,
              "a file that says it has no size");
    cr_assert(bytes.size > 100 && !bytes.mapped);
    hf_bytes_close(context, &bytes);
    hf_bytes_close(context, &bytes);
}

static void *feed_pipe(void *path)
{
    int fd = open(path, O_WRONLY);
    static char part[70000];
    ssize_t n = 1;
    for (int i = 0; i < 50 && n > 0; i++) {
        memset(part, 'a' + i % 26, sizeof part);
        for (size_t done = 0; done < sizeof part && n > 0; done += (size_t)n)
            n = write(fd, part + done, sizeof part - done);
    }
    close(fd);
    return NULL;
}

Test(bytes, a_pipe_is_read_to_its_end, .init = begin, .fini = end)
{
    cr_assert(mkfifo("pipe", 0600) == 0);
    pthread_t thread;
    cr_assert(pthread_create(&thread, NULL, feed_pipe, "pipe") == 0);
    hf_bytes bytes;
    cr_assert(hf_bytes_open(&bytes, context, "pipe", NULL) == HF_OK);
    pthread_join(thread, NULL);
    cr_assert(bytes.size == 50 * 70000 && !bytes.mapped);
    for (size_t i = 0; i < bytes.size; i++)
        if (bytes.data[i] != (char)('a' + (int)(i / 70000) % 26)) cr_assert(false, "byte %zu", i);
    hf_bytes_close(context, &bytes);
}

Test(bytes, memory_that_fails_while_a_pipe_is_read, .init = begin, .fini = end)
{
    cr_assert(mkfifo("pipe", 0600) == 0);
    signal(SIGPIPE, SIG_IGN);
    for (long k = 0;; k++) {
        pthread_t thread;
        cr_assert(pthread_create(&thread, NULL, feed_pipe, "pipe") == 0);
        counter.fail_at = counter.asked + k;
        hf_bytes bytes = {NULL, 77, false};
        hf_error error = {0};
        hf_status status = hf_bytes_open(&bytes, context, "pipe", &error);
        counter.fail_at = -1;
        pthread_join(thread, NULL);
        if (status == HF_OK) {
            hf_bytes_close(context, &bytes);
            cr_assert(k > 1);
            break;
        }
        cr_assert(status == HF_ERROR_MEMORY && error.status == HF_ERROR_MEMORY && bytes.size == 77);
    }
}

static bool always(void *user)
{
    return user == NULL;
}
static void ignore_signal(int number)
{
    (void)number;
}

Test(bytes, an_interrupted_wait_for_a_pipe_is_cancelled, .init = begin, .fini = end)
{
    cr_assert(mkfifo("pipe", 0600) == 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct sigaction action = {.sa_handler = ignore_signal}; // without SA_RESTART
        sigaction(SIGALRM, &action, NULL);
        hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
        options.cancel = always;
        hf_context *own;
        hf_bytes bytes;
        hf_error error;
        if (hf_context_create(&own, &options, NULL) != HF_OK) _exit(9);
        ualarm(50000, 50000);
        _exit(hf_bytes_open(&bytes, own, "pipe", &error) == HF_ERROR_CANCELLED ? 0 : 1);
    }
    int result;
    cr_assert(waitpid(child, &result, 0) == child && WIFEXITED(result) && WEXITSTATUS(result) == 0, "%x",
              result);
}

// ---- writing ---------------------------------------------------------------------------------------------

Test(output, appears_only_at_commit, .init = begin, .fini = end)
{
    hf_output *output;
    cr_assert(hf_output_open(&output, context, "out.csv", false, NULL) == HF_OK);
    cr_assert(hf_output_write(output, "hello ", 6, NULL) == HF_OK);
    cr_assert(hf_output_write(output, "", 0, NULL) == HF_OK);
    cr_assert(hf_output_write(output, "world", 5, NULL) == HF_OK);
    cr_assert(access("out.csv", F_OK) != 0);
    cr_assert(hf_output_commit(output, NULL) == HF_OK);
    check_file("out.csv", "hello world");
    cr_assert(entries(".") == 1, "no temporary file is left");
}

Test(output, discard_leaves_nothing_and_the_old_file, .init = begin, .fini = end)
{
    put_file("out.csv", "old");
    hf_output *output;
    cr_assert(hf_output_open(&output, context, "out.csv", true, NULL) == HF_OK);
    cr_assert(hf_output_write(output, "new", 3, NULL) == HF_OK);
    hf_output_discard(output);
    hf_output_discard(NULL);
    check_file("out.csv", "old");
    cr_assert(entries(".") == 1);
}

Test(output, exists_and_overwrite, .init = begin, .fini = end)
{
    hf_error error = {0};
    put_file("out.csv", "old");
    cr_assert(write_file("out.csv", false, "new", &error) == HF_ERROR_EXISTS);
    cr_assert_str_eq(error.file, "out.csv");
    cr_assert(strstr(error.message, "--force"));
    check_file("out.csv", "old");
    cr_assert(write_file("out.csv", true, "new", NULL) == HF_OK);
    check_file("out.csv", "new");
    cr_assert(write_file("other.csv", true, "", NULL) == HF_OK);
    check_file("other.csv", "");
    cr_assert(entries(".") == 2);
    cr_assert(symlink("nowhere", "dangling") == 0);
    cr_assert(write_file("dangling", false, "x", &error) == HF_ERROR_EXISTS,
              "a link to nothing is there too");
    cr_assert(entries(".") == 3);
}

Test(output, two_writers_of_one_name, .init = begin, .fini = end)
{
    hf_output *first, *second;
    hf_error error = {0};
    cr_assert(hf_output_open(&first, context, "out.csv", false, NULL) == HF_OK);
    cr_assert(hf_output_open(&second, context, "out.csv", false, NULL) == HF_OK);
    cr_assert(hf_output_write(first, "first", 5, NULL) == HF_OK);
    cr_assert(hf_output_write(second, "second", 6, NULL) == HF_OK);
    cr_assert(hf_output_commit(second, NULL) == HF_OK);
    cr_assert(hf_output_commit(first, &error) == HF_ERROR_EXISTS);
    check_file("out.csv", "second");
    cr_assert(entries(".") == 1);
}

Test(output, leftovers_of_a_killed_run_are_no_obstacle, .init = begin, .fini = end)
{
    // The process number of a container's main process is the same every night.
    char name[128];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "out.csv.%ld-%d.tmp", (long)getpid(), i);
        put_file(name, "half a fi");
    }
    cr_assert(write_file("out.csv", false, "whole", NULL) == HF_OK);
    check_file("out.csv", "whole");
    cr_assert(entries(".") == 1, "and they are gone");
}

Test(output, odd_paths, .init = begin, .fini = end)
{
    hf_error error = {0};
    hf_output *output = NULL;
    cr_assert(hf_output_open(&output, context, ".", true, &error) == HF_ERROR_IO &&
              strstr(error.message, "folder"));
    cr_assert(hf_output_open(&output, context, "missing/out.csv", true, &error) == HF_ERROR_IO);
    cr_assert_str_eq(error.file, "missing/out.csv");
    cr_assert(hf_output_open(&output, context, "", true, &error) == HF_ERROR_IO);
    char name[PATH_MAX + 10];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    cr_assert(hf_output_open(&output, context, name, true, &error) == HF_ERROR_IO);
    cr_assert(strlen(error.file) < sizeof error.file);
    name[300] = '\0';
    cr_assert(hf_output_open(&output, context, name, true, &error) == HF_ERROR_IO);
    cr_assert(output == NULL && entries(".") == 0);
    cr_assert(write_file("/dev/null", false, "thrown away", NULL) == HF_OK, "a device is written through");
    if (access("/dev/full", W_OK) == 0) {
        cr_assert(write_file("/dev/full", true, "no room", &error) == HF_ERROR_IO &&
                  strstr(error.message, "No space"));
        struct stat info;
        cr_assert(stat("/dev/full", &info) == 0 && S_ISCHR(info.st_mode), "and never replaced");
    }
    name[200] = '\0';
    cr_assert(write_file(name, false, "long but fine", &error) == HF_OK, "%s", error.message);
}

Test(output, a_read_only_folder, .init = begin, .fini = end)
{
    cr_assert(mkdir("locked", 0500) == 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(65534) != 0) _exit(8); // root is not held by permissions
        hf_error error = {0};
        if (write_file("locked/out.csv", false, "x", &error) != HF_ERROR_IO) _exit(1);
        _exit(strstr(error.message, "ermission denied") ? 0 : 2);
    }
    int result;
    cr_assert(chmod(folder, 0755) == 0);
    cr_assert(waitpid(child, &result, 0) == child && WIFEXITED(result) && WEXITSTATUS(result) == 0, "%x",
              result);
    cr_assert(entries("locked") == 0);
}

// A process that has written `limit` bytes of a file meets a full disk; the signal must not end it.
static int write_under_limit(bool overwrite)
{
    struct rlimit limit = {100000, 100000};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 9;
    static char part[4096];
    hf_error error = {0};
    hf_output *output;
    if (hf_output_open(&output, context, "big", overwrite, &error) != HF_OK) return 1;
    hf_status status = HF_OK;
    int parts = 0;
    for (; parts < 100 && status == HF_OK; parts++)
        status = hf_output_write(output, part, sizeof part, &error);
    if (status != HF_ERROR_IO || parts == 100) return 2;
    if (strcmp(error.file, "big") != 0 || !strstr(error.message, "too large")) return 3;
    if (hf_output_write(output, part, sizeof part, &error) != HF_ERROR_IO) return 4; // and again
    hf_output_discard(output);
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGXFSZ) ? 5 : 0;
}

Test(output, a_full_disk, .init = begin, .fini = end)
{
    put_file("big", "old");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) _exit(write_under_limit(true));
    int result;
    cr_assert(waitpid(child, &result, 0) == child && WIFEXITED(result) && WEXITSTATUS(result) == 0, "%x",
              result);
    check_file("big", "old");
    cr_assert(entries(".") == 1);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    cr_assert(stat(path, &info) == 0);
    return info.st_mode & 07777;
}

Test(output, a_file_that_is_replaced_hands_its_mode_on, .init = begin, .fini = end)
{
    mode_t before = umask(022);
    put_file("secret.csv", "old");
    cr_assert(chmod("secret.csv", 0600) == 0);
    cr_assert(write_file("secret.csv", true, "new", NULL) == HF_OK);
    cr_assert(mode_of("secret.csv") == 0600, "mode %o", mode_of("secret.csv"));
    cr_assert(chmod("secret.csv", 0664) == 0);
    cr_assert(write_file("secret.csv", true, "newer", NULL) == HF_OK);
    cr_assert(mode_of("secret.csv") == 0664, "a mask is for new files");
    cr_assert(write_file("new.csv", true, "new", NULL) == HF_OK);
    cr_assert(mode_of("new.csv") == 0644);
    umask(before);
}

Test(output, what_is_written_is_never_more_open_than_what_it_replaces, .init = begin, .fini = end)
{
    put_file("secret.csv", "old");
    cr_assert(chmod("secret.csv", 0600) == 0);
    hf_output *output;
    cr_assert(hf_output_open(&output, context, "secret.csv", true, NULL) == HF_OK);
    DIR *dir = opendir(".");
    for (struct dirent *e; (e = readdir(dir));)
        if (e->d_name[0] != '.') cr_assert(mode_of(e->d_name) == 0600, "%s", e->d_name);
    closedir(dir);
    hf_output_discard(output);
}

Test(output, a_symbolic_link_stays_and_its_file_is_replaced, .init = begin, .fini = end)
{
    struct stat info;
    cr_assert(mkdir("real", 0700) == 0);
    put_file("real/scores.csv", "old");
    cr_assert(symlink("real/scores.csv", "latest.csv") == 0);
    cr_assert(write_file("latest.csv", false, "new", NULL) == HF_ERROR_EXISTS);
    cr_assert(write_file("latest.csv", true, "new", NULL) == HF_OK);
    cr_assert(lstat("latest.csv", &info) == 0 && S_ISLNK(info.st_mode), "the link is a link still");
    check_file("real/scores.csv", "new");
    cr_assert(entries(".") == 2 && entries("real") == 1);
}

Test(output, the_next_writer_removes_what_a_killed_one_left, .init = begin, .fini = end)
{
    pid_t child = fork();
    if (child == 0) {
        hf_output *output;
        if (hf_output_open(&output, context, "out.csv", false, NULL) != HF_OK) _exit(1);
        if (hf_output_write(output, "half a fi", 9, NULL) != HF_OK) _exit(2);
        raise(SIGKILL);
    }
    int result;
    cr_assert(waitpid(child, &result, 0) == child && WIFSIGNALED(result));
    cr_assert(entries(".") == 1, "the killed writer leaves its temporary file");
    // Names that only look alike are somebody's own.
    put_file("out.csv.1-2.tmp.bak", "mine");
    put_file("out.csv.x-2.tmp", "mine");
    put_file("other.csv.1-2.tmp", "mine");
    cr_assert(symlink("other.csv.1-2.tmp", "out.csv.7-7.tmp") == 0);
    cr_assert(write_file("out.csv", false, "whole", NULL) == HF_OK);
    check_file("out.csv", "whole");
    check_file("other.csv.1-2.tmp", "mine");
    cr_assert(entries(".") == 5, "%d entries", entries("."));
}

Test(output, a_living_writer_keeps_its_temporary_file, .init = begin, .fini = end)
{
    hf_output *slow;
    cr_assert(hf_output_open(&slow, context, "out.csv", true, NULL) == HF_OK);
    cr_assert(hf_output_write(slow, "slow", 4, NULL) == HF_OK);
    for (int i = 0; i < 3; i++)
        cr_assert(write_file("out.csv", true, "quick", NULL) == HF_OK);
    cr_assert(hf_output_commit(slow, NULL) == HF_OK);
    check_file("out.csv", "slow");
    cr_assert(entries(".") == 1);
}

Test(output, a_reader_that_leaves_changes_nothing, .init = begin, .fini = end)
{
    int ends[2];
    cr_assert(pipe(ends) == 0);
    close(ends[0]); // before the fork: as long as anyone can read, writing succeeds
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        hf_output *output;
        hf_error error = {0};
        if (hf_output_open(&output, context, "-", false, &error) != HF_OK) _exit(1);
        // Whether the rest still fits into the pipe must not decide how a run ends.
        if (hf_output_write(output, "gone", 4, &error) != HF_OK) _exit(2);
        if (hf_output_write(output, "gone", 4, &error) != HF_OK) _exit(5);
        if (hf_output_commit(output, &error) != HF_OK) _exit(3);
        _exit(fcntl(STDOUT_FILENO, F_GETFD) < 0 ? 4 : 0); // standard output is not ours to close
    }
    close(ends[1]);
    int result;
    cr_assert(waitpid(child, &result, 0) == child && WIFEXITED(result) && WEXITSTATUS(result) == 0, "%x",
              result);
}

Test(output, standard_output_and_input_meet, .init = begin, .fini = end)
{
    int ends[2];
    cr_assert(pipe(ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[0], STDIN_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        hf_output *output;
        if (hf_output_open(&output, context, "-", false, NULL) != HF_OK) _exit(1);
        if (hf_output_write(output, "through", 7, NULL) != HF_OK || hf_output_commit(output, NULL) != HF_OK)
            _exit(2);
        close(STDOUT_FILENO);
        hf_bytes bytes;
        if (hf_bytes_open(&bytes, context, "-", NULL) != HF_OK) _exit(3);
        _exit(bytes.size == 7 && memcmp(bytes.data, "through", 7) == 0 ? 0 : 4);
    }
    close(ends[0]);
    close(ends[1]);
    int result;
    cr_assert(waitpid(child, &result, 0) == child && WIFEXITED(result) && WEXITSTATUS(result) == 0, "%x",
              result);
    cr_assert(entries(".") == 0);
}

Test(output, memory_that_fails, .init = begin, .fini = end)
{
    for (long k = 0;; k++) {
        counter.fail_at = counter.asked + k;
        hf_error error = {0};
        hf_status status = write_file("out.csv", true, "text", &error);
        counter.fail_at = -1;
        if (status == HF_OK) break;
        cr_assert(status == HF_ERROR_MEMORY && entries(".") == 0);
    }
    check_file("out.csv", "text");
}

Test(publish, replaces_and_reports, .init = begin, .fini = end)
{
    hf_error error = {0};
    put_file("made.tmp", "new");
    put_file("final", "old");
    cr_assert(hf_publish("made.tmp", "final", &error) == HF_OK);
    check_file("final", "new");
    cr_assert(entries(".") == 1);
    cr_assert(hf_publish("made.tmp", "final", &error) == HF_ERROR_IO);
    put_file("made.tmp", "newer");
    cr_assert(hf_publish("made.tmp", "missing/final", &error) == HF_ERROR_IO);
    check_file("final", "new");
    check_file("made.tmp", "newer");
}

Test(folder, made_with_its_parents, .init = begin, .fini = end)
{
    struct stat info;
    hf_error error = {0};
    cr_assert(hf_make_folder("a/b/c", NULL) == HF_OK && stat("a/b/c", &info) == 0 && S_ISDIR(info.st_mode));
    cr_assert(hf_make_folder("a/b/c", NULL) == HF_OK && hf_make_folder("a/b/c/", NULL) == HF_OK);
    cr_assert(hf_make_folder("a//d///e", NULL) == HF_OK && stat("a/d/e", &info) == 0);
    cr_assert(hf_make_folder("/", NULL) == HF_OK && hf_make_folder(".", NULL) == HF_OK);
    cr_assert(hf_make_folder("..", NULL) == HF_OK && hf_make_folder(folder, NULL) == HF_OK);
    cr_assert(hf_make_folder("", &error) == HF_ERROR_IO);
    put_file("file", "x");
    cr_assert(hf_make_folder("file", &error) == HF_ERROR_IO && strstr(error.message, "file"));
    cr_assert(hf_make_folder("file/below", &error) == HF_ERROR_IO);
    cr_assert_str_eq(error.file, "file");
    char name[PATH_MAX + 10];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    cr_assert(hf_make_folder(name, &error) == HF_ERROR_IO);
    cr_assert(symlink("a", "link") == 0 && hf_make_folder("link/f", NULL) == HF_OK &&
              stat("a/f", &info) == 0);
}
