// SPDX-License-Identifier: Apache-2.0
//
// The shelf of scores and the kept copies: apart from the snapshots, by the same rules, checked with them;
// long sources; damaged and foreign files; writers that were killed; full disks; memory that runs out.
#include "base/failing_context.h"
#include "store/store_room.h"
#include "store_fixture.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
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
    snprintf(s->inside, sizeof s->inside, "%s/store", s->folder);
    cr_assert_eq(hf_store_open(&s->store, s->context, s->inside, HF_STORE_WRITE, &s->error), HF_OK);
}

static void reopen(subject *s, hf_store_mode mode)
{
    hf_store_close(s->store);
    s->store = NULL;
    cr_assert_eq(hf_store_open(&s->store, s->context, s->inside, mode, &s->error), HF_OK);
}

static void tear_down(subject *s)
{
    hf_store_close(s->store);
    hf_context_destroy(s->context);
    fixture_remove(s->folder);
}

typedef hf_status write_function(hf_store *, const hf_frame *, const hf_store_write_options *,
                                 hf_snapshot_info *, bool *, hf_error *);

static hf_status write_one(subject *s, write_function *function, hf_date as_of, float first,
                           const char *source, bool revise, hf_snapshot_info *info, bool *written)
{
    hf_store_write_options options = {revise, "2026-11-01T02:03:04Z"};
    hf_frame *frame = fixture_small(s->context, first);
    frame->as_of = as_of;
    cr_assert_eq(hf_frame_set_source(frame, "id", source, NULL), HF_OK);
    s->error = (hf_error){0};
    const hf_status status = function(s->store, frame, &options, info, written, &s->error);
    hf_frame_destroy(frame);
    return status;
}

static float first_of(const hf_frame *frame)
{
    return hf_frame_f32(frame, 0)[0];
}

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

static void flip_last_byte(const char *path)
{
    size_t size;
    char *data = fixture_read_file(path, &size);
    data[size - 1] ^= 1;
    fixture_write_file(path, data, size);
    free(data);
}

// ---- the shelf -------------------------------------------------------------------------------------------

Test(scores, stand_apart_from_snapshots)
{
    subject s;
    hf_snapshot_info info, *list = NULL;
    hf_frame *frame = NULL;
    bool written = false;
    int32_t count = 0;
    char path[400];
    set_up(&s);
    snprintf(path, sizeof path, "%s/scores", s.inside);
    cr_assert_neq(access(path, F_OK), 0, "a store without scores has no folder for them");
    cr_assert_eq(hf_store_list_scores(&list, &count, s.store, NULL), HF_OK);
    cr_assert_eq(count, 0);
    hf_store_list_free(s.context, list);
    cr_assert_eq(hf_store_read_scores(&frame, NULL, s.store, HF_DATE_MISSING, &s.error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(s.error.message, "the store has no scores; make them with 'holdfast run'"),
                       "%s", s.error.message);
    cr_assert_eq(write_one(&s, hf_store_write, A_DATE, 1, "export", false, NULL, NULL), HF_OK);
    cr_assert_eq(
        write_one(&s, hf_store_write_scores, A_DATE, 2, "{\"definition\": \"ab\"}", false, &info, &written),
        HF_OK);
    cr_assert(written && info.revision == 1);
    cr_assert_not_null(strstr(info.path, "/store/scores/2026-10-31.h5"));
    cr_assert_eq(
        write_one(&s, hf_store_write_scores, A_DATE, 2, "{\"definition\": \"cd\"}", false, &info, &written),
        HF_OK);
    cr_assert(!written && info.revision == 1, "what made them is no content");
    cr_assert_eq(write_one(&s, hf_store_write_scores, A_DATE, 3, "{}", false, &info, &written),
                 HF_ERROR_EXISTS);
    cr_assert_not_null(strstr(s.error.message, "--revise"));
    cr_assert_not_null(strstr(s.error.file, "/scores/2026-10-31.h5"));
    cr_assert_eq(write_one(&s, hf_store_write_scores, A_DATE, 3, "{}", true, &info, &written), HF_OK);
    cr_assert(written && info.revision == 2);
    cr_assert_eq(write_one(&s, hf_store_write_scores, A_DATE - 1, 4, "{}", false, NULL, NULL), HF_OK);
    cr_assert_eq(hf_store_list_scores(&list, &count, s.store, NULL), HF_OK);
    cr_assert(count == 2 && list[0].as_of == A_DATE - 1 && list[1].revision == 2);
    hf_store_list_free(s.context, list);
    cr_assert_eq(hf_store_list(&list, &count, s.store, NULL), HF_OK);
    cr_assert(count == 1 && list[0].revision == 1);
    hf_store_list_free(s.context, list);
    reopen(&s, HF_STORE_READ);
    cr_assert_eq(hf_store_read_scores(&frame, &info, s.store, HF_DATE_MISSING, NULL), HF_OK);
    cr_assert(first_of(frame) == 3.0f && info.revision == 2);
    cr_assert_str_eq(frame->source, "{}");
    hf_frame_destroy(frame);
    cr_assert_eq(hf_store_read_scores(&frame, &info, s.store, A_DATE - 1, NULL), HF_OK);
    cr_assert(first_of(frame) == 4.0f);
    hf_frame_destroy(frame);
    cr_assert_eq(hf_store_read(&frame, &info, s.store, HF_DATE_MISSING, NULL), HF_OK);
    cr_assert(first_of(frame) == 1.0f);
    hf_frame_destroy(frame);
    cr_assert_eq(hf_store_read_scores(&frame, &info, s.store, A_DATE + 9, &s.error), HF_ERROR_DATA);
    cr_assert_not_null(
        strstr(s.error.message, "no scores of 2026-11-09; it has 2 dates from 2026-10-30 to 2026-10-31"),
        "%s", s.error.message);
    cr_assert_eq(write_one(&s, hf_store_write_scores, A_DATE, 3, "{}", true, NULL, NULL), HF_ERROR_USAGE);
    tear_down(&s);
}

Test(scores, any_revision_can_be_read)
{
    subject s;
    hf_frame *frame = NULL;
    hf_snapshot_info info;
    set_up(&s);
    for (int i = 1; i <= 3; i++) {
        cr_assert_eq(write_one(&s, hf_store_write_scores, A_DATE, (float)i, "{}", true, NULL, NULL), HF_OK);
        cr_assert_eq(write_one(&s, hf_store_write, A_DATE, (float)(10 * i), "", true, NULL, NULL), HF_OK);
    }
    for (int i = 1; i <= 3; i++) {
        cr_assert_eq(hf_store_read_revision(&frame, &info, s.store, true, A_DATE, i, NULL), HF_OK);
        cr_assert(first_of(frame) == (float)i && info.revision == i);
        hf_frame_destroy(frame);
        cr_assert_eq(hf_store_read_revision(&frame, &info, s.store, false, A_DATE, i, NULL), HF_OK);
        cr_assert(first_of(frame) == (float)(10 * i) && info.revision == i);
        hf_frame_destroy(frame);
    }
    frame = NULL;
    cr_assert_eq(hf_store_read_revision(&frame, NULL, s.store, true, A_DATE, 4, &s.error), HF_ERROR_IO);
    cr_assert_not_null(strstr(s.error.file, "scores/2026-10-31.r4.h5"));
    cr_assert_null(frame);
    tear_down(&s);
}

Test(scores, one_date_alone_is_named)
{
    subject s;
    hf_frame *frame = NULL;
    set_up(&s);
    cr_assert_eq(write_one(&s, hf_store_write_scores, A_DATE, 1, "{}", false, NULL, NULL), HF_OK);
    cr_assert_eq(hf_store_read_scores(&frame, NULL, s.store, A_DATE - 1, &s.error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(s.error.message, "no scores of 2026-10-30; it has those of 2026-10-31 alone"),
                       "%s", s.error.message);
    cr_assert_eq(hf_store_read(&frame, NULL, s.store, A_DATE, &s.error), HF_ERROR_DATA);
    cr_assert_not_null(strstr(s.error.message, "no snapshots"));
    tear_down(&s);
}

Test(scores, a_source_of_64_kB)
{
    static const size_t sizes[] = {0, 1, 8000, 32768, 32769, 63999, 64000, 64001};
    subject s;
    set_up(&s);
    char *source = malloc(64002);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const hf_date as_of = A_DATE + (hf_date)i;
        for (size_t k = 0; k < sizes[i]; k++)
            source[k] = (char)('a' + k % 26);
        source[sizes[i]] = '\0';
        const hf_status status = write_one(&s, i % 2 ? hf_store_write : hf_store_write_scores, as_of, 1,
                                           source, false, NULL, NULL);
        if (sizes[i] > 64000) {
            cr_assert_eq(status, HF_ERROR_DATA);
            cr_assert_not_null(
                strstr(s.error.message, "the source has 64001 bytes; at most 64000 can be kept"), "%s",
                s.error.message);
            continue;
        }
        hf_frame *frame = NULL;
        cr_assert_eq(status, HF_OK, "%zu: %s", sizes[i], s.error.message);
        cr_assert_eq((i % 2 ? hf_store_read : hf_store_read_scores)(&frame, NULL, s.store, as_of, &s.error),
                     HF_OK, "%zu: %s", sizes[i], s.error.message);
        cr_assert_str_eq(frame->source, source);
        hf_frame_destroy(frame);
    }
    cr_assert_eq(hf_store_verify(s.store, NULL, NULL, &s.error), HF_OK, "%s", s.error.message);
    free(source);
    tear_down(&s);
}

// ---- copies ----------------------------------------------------------------------------------------------

static hf_status keep(subject *s, const char *folder, const char *bytes)
{
    char fingerprint[33];
    cr_assert_eq(hf_store_fingerprint(fingerprint, s->context, bytes, strlen(bytes), NULL), HF_OK);
    s->error = (hf_error){0};
    return hf_store_keep(s->store, s->context, folder, fingerprint, bytes, strlen(bytes), &s->error);
}

static void path_of(char out[512], subject *s, const char *folder, const char *bytes, const char *extension)
{
    char fingerprint[33];
    cr_assert_eq(hf_store_fingerprint(fingerprint, s->context, bytes, strlen(bytes), NULL), HF_OK);
    hf_store_kept_path(out, 512, s->store, folder, fingerprint, extension);
}

static void assert_holds(const char *path, const char *bytes)
{
    size_t size;
    char *data = fixture_read_file(path, &size);
    cr_assert(size == strlen(bytes) && memcmp(data, bytes, size) == 0, "%s", path);
    free(data);
}

Test(kept, copies_stand_under_their_fingerprints)
{
    static const char *const folders[][2] = {
        {"definitions", "yaml"}, {"models", "json"}, {"overrides", "csv"}};
    subject s;
    char path[512];
    struct stat before, after;
    set_up(&s);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(keep(&s, folders[i][0], "holdfast: 1\n"), HF_OK, "%s", s.error.message);
        cr_assert_eq(keep(&s, folders[i][0], ""), HF_OK, "%s", s.error.message);
        path_of(path, &s, folders[i][0], "holdfast: 1\n", folders[i][1]);
        cr_assert_not_null(strstr(path, "/store/"));
        assert_holds(path, "holdfast: 1\n");
        cr_assert_eq(stat(path, &before), 0);
        cr_assert_eq(keep(&s, folders[i][0], "holdfast: 1\n"), HF_OK);
        cr_assert_eq(stat(path, &after), 0);
        cr_assert(before.st_ino == after.st_ino, "what is there is left alone");
        flip_last_byte(path);
        cr_assert_eq(keep(&s, folders[i][0], "holdfast: 1\n"), HF_OK);
        cr_assert_not_null(strstr(fixture_log, "the copy was damaged; it is put right"));
        assert_holds(path, "holdfast: 1\n");
    }
    cr_assert_eq(keep(&s, "snapshots", "x"), HF_ERROR_USAGE);
    cr_assert_eq(keep(&s, "../elsewhere", "x"), HF_ERROR_USAGE);
    cr_assert_eq(hf_store_keep(s.store, s.context, "models", "../../x", "x", 1, &s.error), HF_ERROR_USAGE);
    cr_assert_not_null(strstr(s.error.message, "not the fingerprint of the bytes"), "%s", s.error.message);
    reopen(&s, HF_STORE_READ);
    cr_assert_eq(keep(&s, "models", "y"), HF_ERROR_USAGE);
    tear_down(&s);
}

Test(kept, verify_checks_scores_and_copies)
{
    subject s;
    tally t = {0};
    char scores[400], copy[512], other[600];
    set_up(&s);
    cr_assert_eq(write_one(&s, hf_store_write, A_DATE, 1, "", false, NULL, NULL), HF_OK);
    cr_assert_eq(write_one(&s, hf_store_write_scores, A_DATE, 1, "{}", false, NULL, NULL), HF_OK);
    cr_assert_eq(write_one(&s, hf_store_write_scores, A_DATE, 2, "{}", true, NULL, NULL), HF_OK);
    cr_assert_eq(keep(&s, "definitions", "holdfast: 1\n"), HF_OK);
    cr_assert_eq(keep(&s, "models", "{}"), HF_OK);
    snprintf(other, sizeof other, "%s/models/notes.json", s.inside);
    fixture_write_file(other, "x", 1);
    cr_assert_eq(hf_store_verify(s.store, tell, &t, &s.error), HF_OK, "%s", s.error.message);
    cr_assert(t.files == 5 && t.bad == 0);
    cr_assert_not_null(strstr(fixture_log, "models/notes.json: the store gives no file such a name"));
    snprintf(scores, sizeof scores, "%s/scores/2026-10-31.h5", s.inside);
    flip_last_byte(scores);
    t = (tally){0};
    cr_assert_eq(hf_store_verify(s.store, tell, &t, &s.error), HF_ERROR_DAMAGED);
    cr_assert(t.files == 5 && t.bad == 1);
    cr_assert_not_null(strstr(s.error.message, "1 of 5 files are damaged: the scores are damaged"), "%s",
                       s.error.message);
    cr_assert_not_null(strstr(s.error.message, "score their date again"));
    path_of(copy, &s, "definitions", "holdfast: 1\n", "yaml");
    flip_last_byte(copy);
    t = (tally){0};
    cr_assert_eq(hf_store_verify(s.store, tell, &t, &s.error), HF_ERROR_DAMAGED);
    cr_assert(t.files == 5 && t.bad == 2);
    cr_assert_not_null(strstr(t.problem, "the copy is damaged: its fingerprint is"), "%s", t.problem);
    // The older revision does not count for a reader; the newest does.
    hf_frame *frame = NULL;
    cr_assert_eq(hf_store_read_scores(&frame, NULL, s.store, A_DATE, NULL), HF_OK);
    hf_frame_destroy(frame);
    // A renamed file of scores is told.
    snprintf(scores, sizeof scores, "%s/scores/2026-10-31.r2.h5", s.inside);
    snprintf(other, sizeof other, "%s/scores/2026-11-30.h5", s.inside);
    cr_assert_eq(rename(scores, other), 0);
    t = (tally){0};
    cr_assert_eq(hf_store_verify(s.store, tell, &t, &s.error), HF_ERROR_DAMAGED);
    cr_assert_eq(t.bad, 3);
    tear_down(&s);
}

// ---- interruptions ---------------------------------------------------------------------------------------

Test(kept, leftovers_of_killed_writers_go)
{
    static const char *const names[] = {"scores/.writing-2030-01-01.h5", "definitions/.writing-ab.yaml",
                                        "models/.writing-ab.json", "overrides/.writing-ab.csv"};
    subject s;
    char path[600];
    set_up(&s);
    cr_assert_eq(write_one(&s, hf_store_write_scores, A_DATE, 1, "{}", false, NULL, NULL), HF_OK);
    cr_assert(keep(&s, "definitions", "a") == HF_OK && keep(&s, "models", "a") == HF_OK &&
              keep(&s, "overrides", "a") == HF_OK);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", s.inside, names[i]);
        fixture_write_file(path, "half", 4);
    }
    reopen(&s, HF_STORE_WRITE);
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", s.inside, names[i]);
        cr_assert_neq(access(path, F_OK), 0, "%s", path);
    }
    cr_assert_eq(hf_store_verify(s.store, NULL, NULL, NULL), HF_OK);
    // Folders of a store's own are no reason to call it foreign, even without its marker.
    hf_store_close(s.store);
    s.store = NULL;
    snprintf(path, sizeof path, "%s/holdfast-store", s.inside);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(hf_store_open(&s.store, s.context, s.inside, HF_STORE_WRITE, &s.error), HF_OK, "%s",
                 s.error.message);
    tear_down(&s);
}

static hf_status keep_limited(subject *s, rlim_t limit)
{
    pid_t child = fork();
    if (child == 0) {
        struct rlimit most = {limit, RLIM_INFINITY};
        setrlimit(RLIMIT_FSIZE, &most);
        _exit((int)keep(s, "definitions", "a definition of some bytes\n"));
    }
    int status = 0;
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status), "SIGXFSZ must not end the program");
    return (hf_status)WEXITSTATUS(status);
}

Test(kept, a_full_disk_keeps_nothing_half)
{
    subject s;
    char path[512];
    set_up(&s);
    hf_store_close(s.store);
    hf_context_destroy(s.context);
    s.context = fixture_context(1);
    s.store = NULL;
    reopen(&s, HF_STORE_WRITE);
    path_of(path, &s, "definitions", "a definition of some bytes\n", "yaml");
    cr_assert_eq(keep_limited(&s, 0), HF_ERROR_IO);
    cr_assert_neq(access(path, F_OK), 0);
    cr_assert_eq(keep_limited(&s, 10), HF_ERROR_IO);
    cr_assert_neq(access(path, F_OK), 0);
    cr_assert_eq(keep_limited(&s, 1 << 20), HF_OK);
    assert_holds(path, "a definition of some bytes\n");
    tear_down(&s);
}

// ---- memory ----------------------------------------------------------------------------------------------

static hf_status whole_life(const char *folder, const hf_frame *model, hf_context *context, hf_error *error)
{
    hf_store *store = NULL;
    hf_frame copy = *model, *frame = NULL;
    hf_snapshot_info *list = NULL;
    int32_t count = 0;
    char fingerprint[33];
    copy.context = context;
    hf_store_write_options options = {true, "2026-11-01T02:03:04Z"};
    hf_status status = HF_OK;
    HF_TRY(done, hf_store_open(&store, context, folder, HF_STORE_WRITE, error));
    HF_TRY(done, hf_store_fingerprint(fingerprint, context, "abc", 3, error));
    HF_TRY(done, hf_store_keep(store, context, "models", fingerprint, "abc", 3, error));
    HF_TRY(done, hf_store_keep(store, context, "models", fingerprint, "abc", 3, error));
    HF_TRY(done, hf_store_write_scores(store, &copy, &options, NULL, NULL, error));
    HF_TRY(done, hf_store_list_scores(&list, &count, store, error));
    HF_TRY(done, hf_store_read_scores(&frame, NULL, store, HF_DATE_MISSING, error));
    fixture_assert_same(model, frame);
    HF_TRY(done, hf_store_verify(store, NULL, NULL, error));
done:
    hf_frame_destroy(frame);
    hf_store_list_free(context, list);
    hf_store_close(store);
    return status;
}

Test(kept, memory_that_runs_out_anywhere)
{
    subject s;
    set_up(&s);
    hf_store_close(s.store);
    s.store = NULL;
    hf_frame *model = fixture_frame(s.context, 40, 9);
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
    cr_assert_gt(k, 80);
    hf_frame_destroy(model);
    tear_down(&s);
}
