// SPDX-License-Identifier: Apache-2.0
//
// The store's folder: what it makes, refuses and lists, revisions, one writer at a time, writers killed at
// any moment, full disks, folders that cannot be written, memory that runs out at every allocation.
#include "base/failing_context.h"
#include "store_fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    char folder[256], inside[300];
    hf_context *context;
    hf_store *store;
    hf_error error;
} subject;

static void set_up(subject *s)
{
    *s = (subject){0};
    s->context = fixture_context(2);
    fixture_folder(s->folder);
    snprintf(s->inside, sizeof s->inside, "%s/a/store/", s->folder);
}

static void open_writer(subject *s)
{
    cr_assert_eq(hf_store_open(&s->store, s->context, s->inside, HF_STORE_WRITE, &s->error), HF_OK, "%s",
                 s->error.message);
}

static void tear_down(subject *s)
{
    hf_store_close(s->store);
    hf_context_destroy(s->context);
    fixture_remove(s->folder);
}

static hf_status write_small(subject *s, hf_date as_of, float first, bool revise, hf_snapshot_info *info,
                             bool *written)
{
    hf_store_write_options options = HF_STORE_WRITE_OPTIONS_INIT;
    options.revise = revise;
    hf_frame *frame = fixture_small(s->context, first);
    frame->as_of = as_of;
    s->error = (hf_error){0};
    hf_status status = hf_store_write(s->store, frame, &options, info, written, &s->error);
    hf_frame_destroy(frame);
    return status;
}

static int files_in(const char *folder)
{
    int count = 0;
    const struct dirent *item;
    DIR *list = opendir(folder);
    cr_assert_not_null(list, "%s", folder);
    while ((item = readdir(list)) != NULL)
        count += strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0;
    closedir(list);
    return count;
}

static float first_value(const hf_frame *frame)
{
    return hf_frame_f32(frame, 0)[0];
}

// ---- writing, listing, reading ---------------------------------------------------------------------------

Test(store, revisions_and_the_same_content_again)
{
    subject s;
    hf_snapshot_info info, *list = NULL;
    bool written = false;
    int32_t count = 0;
    hf_frame *frame = NULL;
    set_up(&s);
    open_writer(&s);
    cr_assert_eq(write_small(&s, A_DATE, 1, false, &info, &written), HF_OK);
    cr_assert(written);
    cr_assert_eq(info.revision, 1);
    cr_assert(info.bytes > 0 && info.rows == 3 && info.columns == 1 && info.sync_seconds >= 0);
    cr_assert_not_null(strstr(info.path, "/a/store/snapshots/2026-10-31.h5"));
    cr_assert_eq(write_small(&s, A_DATE, 1, false, &info, &written), HF_OK);
    cr_assert_not(written);
    cr_assert_eq(info.revision, 1);
    cr_assert_eq(write_small(&s, A_DATE, 2, false, &info, &written), HF_ERROR_EXISTS);
    cr_assert_not_null(strstr(s.error.message, "--revise"), "%s", s.error.message);
    cr_assert_eq(write_small(&s, A_DATE, 2, true, &info, &written), HF_OK);
    cr_assert(written);
    cr_assert_eq(info.revision, 2);
    cr_assert_not_null(strstr(info.path, "2026-10-31.r2.h5"));
    cr_assert_eq(write_small(&s, A_DATE, 2, true, &info, &written), HF_OK);
    cr_assert_not(written, "a revision of the same content is none");
    cr_assert_eq(write_small(&s, A_DATE - 31, 7, false, NULL, NULL), HF_OK);
    cr_assert_eq(hf_store_list(&list, &count, s.store, NULL), HF_OK);
    cr_assert_eq(count, 2);
    cr_assert_eq(list[0].as_of, A_DATE - 31);
    cr_assert_eq(list[1].as_of, A_DATE);
    cr_assert_eq(list[1].revision, 2);
    cr_assert_eq(list[1].rows, 3);
    hf_store_list_free(s.context, list);
    cr_assert_eq(hf_store_read(&frame, &info, s.store, HF_DATE_MISSING, NULL), HF_OK);
    cr_assert_eq(first_value(frame), 2.0f);
    cr_assert_eq(info.revision, 2);
    hf_frame_destroy(frame);
    cr_assert_eq(hf_store_read(&frame, NULL, s.store, A_DATE - 31, NULL), HF_OK);
    cr_assert_eq(first_value(frame), 7.0f);
    hf_frame_destroy(frame);
    cr_assert_eq(hf_store_read(&frame, NULL, s.store, A_DATE - 1, &s.error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(s.error.message, "2 dates from 2026-09-30 to 2026-10-31"), "%s",
                       s.error.message);
    tear_down(&s);
}

Test(store, many_revisions_sort_by_number)
{
    subject s;
    hf_snapshot_info info;
    set_up(&s);
    open_writer(&s);
    for (int i = 1; i <= 11; i++)
        cr_assert_eq(write_small(&s, A_DATE, (float)i, true, &info, NULL), HF_OK);
    cr_assert_eq(info.revision, 11);
    hf_frame *frame = NULL;
    cr_assert_eq(hf_store_read(&frame, &info, s.store, A_DATE, NULL), HF_OK);
    cr_assert_eq(info.revision, 11);
    cr_assert_eq(first_value(frame), 11.0f);
    hf_frame_destroy(frame);
    tear_down(&s);
}

Test(store, frames_that_cannot_be_kept)
{
    subject s;
    hf_store_write_options options = HF_STORE_WRITE_OPTIONS_INIT;
    set_up(&s);
    open_writer(&s);
    cr_assert_eq(write_small(&s, HF_DATE_MISSING, 1, false, NULL, NULL), HF_ERROR_USAGE);
    hf_frame *frame = fixture_small(s.context, 1);
    options.recorded_at = "2026-10-31 02:14";
    cr_assert_eq(hf_store_write(s.store, frame, &options, NULL, NULL, &s.error), HF_ERROR_USAGE);
    frame->columns[0].missing = 2;
    cr_assert_eq(hf_store_write(s.store, frame, NULL, NULL, NULL, &s.error), HF_ERROR_DATA);
    hf_frame_destroy(frame);
    frame = fixture_frame(s.context, 20, 4);
    ((int32_t *)frame->columns[hf_frame_find(frame, "plan")].values)[19] = 4; // a code that is no level
    cr_assert_eq(hf_store_write(s.store, frame, NULL, NULL, NULL, &s.error), HF_ERROR_DATA);
    hf_frame_destroy(frame);
    cr_assert_eq(hf_frame_create(&frame, s.context, 0, 1, NULL), HF_OK);
    frame->as_of = A_DATE;
    cr_assert_eq(hf_store_write(s.store, frame, NULL, NULL, NULL, &s.error), HF_ERROR_DATA);
    hf_frame_destroy(frame);
    char snapshots[400];
    snprintf(snapshots, sizeof snapshots, "%ssnapshots", s.inside);
    cr_assert_eq(files_in(snapshots), 0);
    tear_down(&s);
}

// ---- folders ---------------------------------------------------------------------------------------------

Test(store, only_a_store_is_opened)
{
    subject s;
    char path[700];
    set_up(&s);
    cr_assert_eq(hf_store_open(&s.store, s.context, s.inside, HF_STORE_READ, &s.error), HF_ERROR_IO);
    cr_assert_eq(hf_store_open(&s.store, s.context, s.folder, HF_STORE_READ, &s.error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(s.error.message, "not a store"));
    // A folder with something in it is not taken over.
    snprintf(path, sizeof path, "%s/mine.txt", s.folder);
    fixture_write_file(path, "x", 1);
    cr_assert_eq(hf_store_open(&s.store, s.context, s.folder, HF_STORE_WRITE, &s.error), HF_ERROR_DATA);
    cr_assert_eq(files_in(s.folder), 1, "and nothing is put there");
    cr_assert_eq(hf_store_open(&s.store, s.context, path, HF_STORE_WRITE, &s.error), HF_ERROR_IO);
    cr_assert_eq(hf_store_open(&s.store, s.context, path, HF_STORE_READ, &s.error), HF_ERROR_DATA);
    cr_assert_eq(hf_store_open(&s.store, s.context, "", HF_STORE_READ, &s.error), HF_ERROR_USAGE);
    memset(path, 'x', sizeof path);
    path[sizeof path - 1] = '\0';
    cr_assert_eq(hf_store_open(&s.store, s.context, path, HF_STORE_WRITE, &s.error), HF_ERROR_USAGE);
    cr_assert_null(s.store);
    open_writer(&s);
    hf_store_close(s.store);
    s.store = NULL;
    snprintf(path, sizeof path, "%sholdfast-store", s.inside);
    fixture_write_file(path, "Holdfast store 2\n", 17);
    cr_assert_eq(hf_store_open(&s.store, s.context, s.inside, HF_STORE_READ, &s.error), HF_ERROR_VERSION);
    cr_assert_eq(hf_store_open(&s.store, s.context, s.inside, HF_STORE_WRITE, &s.error), HF_ERROR_VERSION);
    fixture_write_file(path, "Holdfast stoer 1\n", 17);
    cr_assert_eq(hf_store_open(&s.store, s.context, s.inside, HF_STORE_READ, &s.error), HF_ERROR_DAMAGED);
    tear_down(&s);
}

Test(store, a_reader_cannot_write_and_an_empty_store_says_so)
{
    subject s;
    hf_frame *frame = NULL;
    hf_snapshot_info *list = NULL;
    int32_t count = 7;
    set_up(&s);
    open_writer(&s);
    hf_store_close(s.store);
    cr_assert_eq(hf_store_open(&s.store, s.context, s.inside, HF_STORE_READ, NULL), HF_OK);
    cr_assert_eq(write_small(&s, A_DATE, 1, false, NULL, NULL), HF_ERROR_USAGE);
    cr_assert_eq(hf_store_read(&frame, NULL, s.store, HF_DATE_MISSING, &s.error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(s.error.message, "no snapshots"));
    cr_assert_eq(hf_store_list(&list, &count, s.store, NULL), HF_OK);
    cr_assert_eq(count, 0);
    hf_store_list_free(s.context, list);
    cr_assert_eq(hf_store_verify(s.store, NULL, NULL, NULL), HF_OK);
    tear_down(&s);
}

// ---- verify ----------------------------------------------------------------------------------------------

typedef struct {
    int files, bad;
    char problem[2048];
} tally;

static void tell(void *user, const char *path, const char *problem)
{
    tally *t = user;
    t->files++;
    if (!problem) return;
    t->bad++;
    snprintf(t->problem, sizeof t->problem, "%s: %s", path, problem);
}

Test(store, verify_visits_every_file)
{
    subject s;
    tally t = {0};
    char path[700], other[700];
    hf_snapshot_info *list = NULL;
    int32_t count = 0;
    size_t size;
    set_up(&s);
    open_writer(&s);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(write_small(&s, A_DATE - i, (float)i, false, NULL, NULL), HF_OK);
    snprintf(path, sizeof path, "%ssnapshots/notes.txt", s.inside);
    fixture_write_file(path, "x", 1);
    cr_assert_eq(hf_store_verify(s.store, tell, &t, &s.error), HF_OK);
    cr_assert_eq(t.files, 5);
    cr_assert_not_null(strstr(fixture_log, "notes.txt"), "a file it does not know is warned of");
    // One damaged in the middle, one renamed: both are told, and the rest is visited.
    snprintf(path, sizeof path, "%ssnapshots/2026-10-29.h5", s.inside);
    char *data = fixture_read_file(path, &size);
    data[size - 1] ^= 1;
    fixture_write_file(path, data, size);
    snprintf(path, sizeof path, "%ssnapshots/2026-10-31.h5", s.inside);
    snprintf(other, sizeof other, "%ssnapshots/2026-11-30.h5", s.inside);
    cr_assert_eq(rename(path, other), 0);
    t = (tally){0};
    cr_assert_eq(hf_store_verify(s.store, tell, &t, &s.error), HF_ERROR_DAMAGED);
    cr_assert_eq(t.files, 5);
    cr_assert_eq(t.bad, 2);
    cr_assert_not_null(strstr(t.problem, "renamed"), "%s", t.problem);
    cr_assert_not_null(strstr(s.error.message, "2 of 5"), "%s", s.error.message);
    cr_assert_eq(hf_store_list(&list, &count, s.store, &s.error), HF_ERROR_DAMAGED);
    cr_assert_null(list);
    // The same content again does not hide that the file is damaged; a revision heals it.
    cr_assert_eq(write_small(&s, A_DATE - 2, 2, false, NULL, NULL), HF_ERROR_DAMAGED);
    cr_assert_eq(write_small(&s, A_DATE - 2, 2, true, NULL, NULL), HF_OK);
    hf_frame *frame = NULL;
    cr_assert_eq(hf_store_read(&frame, NULL, s.store, A_DATE - 2, NULL), HF_OK);
    hf_frame_destroy(frame);
    free(data);
    tear_down(&s);
}

// ---- writers ---------------------------------------------------------------------------------------------

Test(store, two_writers_at_once)
{
    subject s;
    hf_store *second = NULL;
    char expected[64];
    int to_child[2], to_parent[2];
    char byte = 'x';
    set_up(&s);
    cr_assert(pipe(to_child) == 0 && pipe(to_parent) == 0);
    pid_t child = fork();
    if (child == 0) {
        bool good = hf_store_open(&s.store, s.context, s.inside, HF_STORE_WRITE, NULL) == HF_OK;
        good = write(to_parent[1], &byte, 1) == 1 && read(to_child[0], &byte, 1) == 1 && good;
        _exit(good ? 0 : 1);
    }
    cr_assert_eq(read(to_parent[0], &byte, 1), 1);
    cr_assert_eq(hf_store_open(&second, s.context, s.inside, HF_STORE_WRITE, &s.error), HF_ERROR_LOCKED);
    snprintf(expected, sizeof expected, "(pid %ld)", (long)child);
    cr_assert_not_null(strstr(s.error.message, expected), "%s", s.error.message);
    cr_assert_null(second);
    // A reader is not held up.
    cr_assert_eq(hf_store_open(&second, s.context, s.inside, HF_STORE_READ, &s.error), HF_OK);
    hf_store_close(second);
    cr_assert_eq(write(to_child[1], &byte, 1), 1);
    int status = 1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    open_writer(&s); // a writer that ended without closing leaves no lock
    tear_down(&s);
}

Test(store, a_killed_writer_leaves_the_last_good_state)
{
    subject s;
    set_up(&s);
    open_writer(&s);
    cr_assert_eq(write_small(&s, A_DATE, 1, false, NULL, NULL), HF_OK);
    hf_store_close(s.store);
    s.store = NULL;
    for (int round = 0; round < 12; round++) {
        pid_t child = fork();
        if (child == 0) {
            hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
            options.threads = 1; // no worker threads of the parent live in a fork
            hf_context *context = NULL;
            if (hf_context_create(&context, &options, NULL) != HF_OK) _exit(1);
            hf_frame *frame = fixture_frame(context, 100000, 9);
            for (int day = 1;; day++) {
                hf_store *store = NULL;
                frame->as_of = A_DATE + day;
                hf_store_write_options revise = {true, NULL};
                if (hf_store_open(&store, context, s.inside, HF_STORE_WRITE, NULL) == HF_OK)
                    (void)hf_store_write(store, frame, &revise, NULL, NULL, NULL);
                hf_store_close(store);
            }
        }
        struct timespec moment = {0, (long)(20000000 + (unsigned)round * 7919993u % 90000000u)};
        nanosleep(&moment, NULL);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        cr_assert_eq(hf_store_open(&s.store, s.context, s.inside, HF_STORE_READ, &s.error), HF_OK);
        cr_assert_eq(hf_store_verify(s.store, NULL, NULL, &s.error), HF_OK, "%s", s.error.message);
        hf_frame *frame = NULL;
        cr_assert_eq(hf_store_read(&frame, NULL, s.store, A_DATE, NULL), HF_OK);
        cr_assert_eq(first_value(frame), 1.0f);
        hf_frame_destroy(frame);
        hf_store_close(s.store);
        s.store = NULL;
    }
    // The next writer clears what was left.
    char path[700];
    snprintf(path, sizeof path, "%ssnapshots/.writing-2030-01-01.h5", s.inside);
    fixture_write_file(path, "half", 4);
    open_writer(&s);
    cr_assert_neq(access(path, F_OK), 0);
    cr_assert_not_null(strstr(fixture_log, "interrupted run"));
    tear_down(&s);
}

// ---- no room, no permission ------------------------------------------------------------------------------

// Runs write_small in a child under a limit of the file size; returns its status.
static hf_status write_limited(subject *s, rlim_t limit)
{
    pid_t child = fork();
    if (child == 0) {
        struct rlimit most = {limit, RLIM_INFINITY};
        setrlimit(RLIMIT_FSIZE, &most);
        hf_error error = {0};
        hf_frame *frame = fixture_small(s->context, 3);
        frame->as_of = A_DATE + 1;
        hf_status status = hf_store_write(s->store, frame, NULL, NULL, NULL, &error);
        sigset_t pending;
        sigpending(&pending);
        if (sigismember(&pending, SIGXFSZ)) _exit(99);
        if (status == HF_ERROR_IO && !strstr(error.message, "nothing was stored")) _exit(98);
        _exit((int)status);
    }
    int status = 0;
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status), "SIGXFSZ must not end the program");
    return (hf_status)WEXITSTATUS(status);
}

Test(store, a_full_disk)
{
    subject s;
    char snapshots[400];
    set_up(&s);
    hf_context_destroy(s.context);
    s.context = fixture_context(1);
    open_writer(&s);
    snprintf(snapshots, sizeof snapshots, "%ssnapshots", s.inside);
    cr_assert_eq(write_small(&s, A_DATE, 1, false, NULL, NULL), HF_OK);
    for (rlim_t limit = 0; limit <= 8192; limit += 2048) {
        cr_assert_eq(write_limited(&s, limit), HF_ERROR_IO);
        cr_assert_eq(files_in(snapshots), 1, "nothing half-written stays");
    }
    cr_assert_eq(write_limited(&s, 1 << 20), HF_OK);
    cr_assert_eq(files_in(snapshots), 2);
    tear_down(&s);
}

// Not a byte may be written: neither the lock nor the marker ends the program.
Test(store, a_full_disk_for_a_new_store)
{
    subject s;
    set_up(&s);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, RLIM_INFINITY};
        setrlimit(RLIMIT_FSIZE, &none);
        _exit((int)hf_store_open(&s.store, s.context, s.inside, HF_STORE_WRITE, NULL));
    }
    int status = 0;
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status), "SIGXFSZ must not end the program");
    cr_assert_eq(WEXITSTATUS(status), HF_ERROR_IO);
    open_writer(&s); // and with room again it is made
    tear_down(&s);
}

// As somebody who may read the folder but not write it.
Test(store, a_read_only_folder)
{
    subject s;
    set_up(&s);
    hf_context_destroy(s.context);
    s.context = fixture_context(1); // worker threads do not live in a fork
    open_writer(&s);
    cr_assert_eq(write_small(&s, A_DATE, 1, false, NULL, NULL), HF_OK);
    hf_store_close(s.store);
    s.store = NULL;
    char command[400];
    snprintf(command, sizeof command, "chmod -R a+rX,a-w '%s'", s.folder);
    cr_assert_eq(system(command), 0);
    pid_t child = fork();
    if (child == 0) {
        hf_error error = {0};
        hf_frame *frame = NULL;
        hf_store *store = NULL;
        char fresh[400];
        if (geteuid() == 0 && setuid(65534) != 0) _exit(77);
        if (hf_store_open(&store, s.context, s.inside, HF_STORE_WRITE, &error) != HF_ERROR_IO) _exit(1);
        if (!strstr(error.message, "lock")) _exit(2);
        snprintf(fresh, sizeof fresh, "%s/new", s.folder);
        if (hf_store_open(&store, s.context, fresh, HF_STORE_WRITE, &error) != HF_ERROR_IO) _exit(3);
        if (hf_store_open(&store, s.context, s.inside, HF_STORE_READ, &error) != HF_OK) _exit(4);
        if (hf_store_read(&frame, NULL, store, A_DATE, &error) != HF_OK) _exit(5);
        _exit(0);
    }
    int status = 1;
    waitpid(child, &status, 0);
    snprintf(command, sizeof command, "chmod -R u+w '%s'", s.folder);
    cr_assert_eq(system(command), 0);
    cr_assert(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        fprintf(stderr, "SKIPPED: the test may not change its user\n");
    else
        cr_assert_eq(WEXITSTATUS(status), 0);
    tear_down(&s);
}

Test(store, a_folder_that_goes_away)
{
    subject s;
    char command[400];
    set_up(&s);
    open_writer(&s);
    snprintf(command, sizeof command, "rm -rf '%ssnapshots'", s.inside);
    cr_assert_eq(system(command), 0);
    cr_assert_eq(write_small(&s, A_DATE, 1, false, NULL, NULL), HF_ERROR_IO);
    tear_down(&s);
}

// ---- memory ----------------------------------------------------------------------------------------------

// Opens, writes, writes again, lists, reads, verifies: the first failure is returned.
static hf_status whole_life(const char *folder, const hf_frame *model, hf_context *context, hf_error *error)
{
    hf_store *store = NULL;
    hf_frame copy = *model, *frame = NULL;
    hf_snapshot_info *list = NULL, info;
    bool written = false;
    int32_t count = 0;
    copy.context = context;
    hf_store_write_options options = {true, "2026-11-01T02:03:04Z"};
    hf_status status = HF_OK;
    HF_TRY(done, hf_store_open(&store, context, folder, HF_STORE_WRITE, error));
    HF_TRY(done, hf_store_write(store, &copy, &options, &info, &written, error));
    HF_TRY(done, hf_store_write(store, &copy, &options, &info, &written, error));
    HF_TRY(done, hf_store_list(&list, &count, store, error));
    HF_TRY(done, hf_store_read(&frame, &info, store, HF_DATE_MISSING, error));
    fixture_assert_same(model, frame);
    HF_TRY(done, hf_store_verify(store, NULL, NULL, error));
done:
    if (status != HF_OK && !frame) cr_assert(count == 0 || list);
    hf_frame_destroy(frame);
    hf_store_list_free(context, list);
    hf_store_close(store);
    return status;
}

Test(store, memory_that_runs_out_anywhere)
{
    subject s;
    set_up(&s);
    hf_frame *model = fixture_frame(s.context, 200, 9);
    hf_status status = HF_ERROR_MEMORY;
    long k = 0;
    for (; status != HF_OK; k++) {
        allocator a = {.fail_at = -1};
        hf_error error = {0};
        hf_context *context = make_context(&a, 1);
        a.asked = 0;
        a.fail_at = k;
        status = whole_life(s.inside, model, context, &error);
        cr_assert(status == HF_OK || (status == HF_ERROR_MEMORY && error.status == HF_ERROR_MEMORY),
                  "%ld: %s: %s", k, hf_status_text(status), error.message);
        hf_context_destroy(context);
        cr_assert_eq(a.live, 0, "allocation %ld leaks", k);
    }
    cr_assert_gt(k, 100);
    hf_frame_destroy(model);
    tear_down(&s);
}
