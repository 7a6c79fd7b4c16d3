// SPDX-License-Identifier: Apache-2.0
//
// The nightly run: killed at every point where it tells or asks anything and run again it ends with the bytes
// of an undisturbed run; the same inputs change nothing; failures and gates leave the last good night; any
// night can be replayed.
#include "night_case.h"

#include "holdfast/holdfast.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

TestSuite(run, .init = night_enter, .fini = night_leave, .timeout = 280);

// ---- killed ----------------------------------------------------------------------------------------------

// From one point where a night is killed to the next. Each takes two nights: under a sanitizer, where they
// take minutes, only every third is tried.
enum { STRIDE = HOLDFAST_SANITIZED ? 3 : 1 };

Test(run, killed_anywhere_ends_with_the_same_bytes)
{
    make("base");
    must(run_night("base", 3));
    shell("cp -a %s %s", in("base"), in("whole"));
    must(run_night("whole", 4));
    char *said = get(in("points"));
    const long points = atol(said);
    free(said);
    cr_assert_gt(points, 25, "the run tells and asks at %ld points", points);
    for (long k = 1; k <= points; k += STRIDE) {
        shell("rm -rf %s && cp -a %s %s", in("hurt"), in("base"), in("hurt"));
        cr_assert_eq(in_child(run_task, &night_of("hurt", 4)->job, 2, k), KILLED, "at point %ld", k);
        // Whoever reads while nobody runs sees one whole night, the last one or this one.
        char *latest = get(in("hurt/pub/latest.json"));
        char *before = get(in("base/pub/latest.json")), *after = get(in("whole/pub/latest.json"));
        cr_assert(strcmp(latest, before) == 0 || strcmp(latest, after) == 0, "at point %ld", k);
        if (strcmp(latest, after) == 0)
            shell("cd %s && for f in *; do cmp -s $f %s/$f || exit 1; done", in("whole/pub"), in("hurt/pub"));
        free(latest);
        free(before);
        free(after);
        must(run_night("hurt", 4));
        char what[64];
        snprintf(what, sizeof what, "killed at point %ld of %ld", k, points);
        expect_same(in("whole"), in("hurt"), what);
    }
}

Test(run, the_first_night_killed_ends_with_the_same_bytes)
{
    make("whole");
    must(run_night("whole", 4));
    char *said = get(in("points"));
    const long points = atol(said);
    free(said);
    for (long k = 1; k <= points; k += STRIDE) {
        shell("rm -rf %s && mkdir %s", in("hurt"), in("hurt"));
        cr_assert_eq(in_child(run_task, &night_of("hurt", 4)->job, 2, k), KILLED, "at point %ld", k);
        must(run_night("hurt", 4));
        expect_same(in("whole"), in("hurt"), "killed on the first night");
    }
}

// ---- again -----------------------------------------------------------------------------------------------

Test(run, the_same_inputs_change_nothing)
{
    make("a");
    must(run_night("a", 3));
    must(run_night("a", 4));
    char *said = get(in("said"));
    cr_assert_null(strstr(said, "nothing is different"));
    free(said);
    // Not even a file's time is another.
    shell("cp -a %s %s && ls -lR --time-style=full-iso %s/pub %s/store/*/ >%s", in("a"), in("b"), in("a"),
          in("a"), in("before"));
    must(run_night("a", 4));
    shell("ls -lR --time-style=full-iso %s/pub %s/store/*/ >%s", in("a"), in("a"), in("after"));
    expect_same(in("b"), in("a"), "run again");
    expect_same(in("before"), in("after"), "run again");
    said = get(in("said"));
    cr_assert_not_null(strstr(said, "nothing is different"), "%s", said);
    free(said);
}

Test(run, threads_do_not_matter)
{
    static const int threads[] = {1, 7};
    make("two");
    must(run_night("two", 3));
    must(run_night("two", 4));
    for (int t = 0; t < 2; t++) {
        shell("rm -rf %s && mkdir %s", in("other"), in("other"));
        must(in_child(run_task, &night_of("other", 3)->job, threads[t], 0));
        must(in_child(run_task, &night_of("other", 4)->job, threads[t], 0));
        expect_same(in("two"), in("other"), "other threads");
    }
}

Test(run, other_content_needs_to_be_said_and_keeps_what_was_published)
{
    make("a");
    must(run_night("a", 3));
    must(run_night("a", 4));
    shell("cp -a %s %s && head -n 300 %s >%s", in("a"), in("b"), in("fleet/accounts-2026-09-30.csv"),
          in("fleet/short.csv"));
    one_night *n = night_of("a", 4);
    snprintf(n->text[3], 256, "%s", in("fleet/short.csv"));
    cr_assert_eq(in_child(run_task, &n->job, 2, 0), HF_ERROR_EXISTS);
    expect_same(in("b"), in("a"), "refused");
    n->job.revise = true;
    must(in_child(run_task, &n->job, 2, 0));
    shell("test -f %s && test -f %s", in("a/pub/scores-2026-09-30.r2.csv"),
          in("a/pub/summary-2026-09-30.r2.json"));
    shell("cd %s && for f in scores-2026-09-30.csv changed-2026-09-30.csv; do cmp $f %s/$f || exit 1; done",
          in("b/pub"), in("a/pub"));
    char *latest = get(in("a/pub/latest.json"));
    cr_assert_not_null(strstr(latest, "changed-2026-09-30.r2.csv"));
    free(latest);
    shell("cp -a %s %s", in("a"), in("c"));
    must(in_child(run_task, &n->job, 2, 0));
    expect_same(in("c"), in("a"), "revised again");
}

Test(run, an_older_night_leaves_latest_alone)
{
    make("a");
    must(run_night("a", 4));
    shell("cp %s %s", in("a/pub/latest.json"), in("kept.json"));
    must(run_night("a", 3));
    shell("cmp %s %s && test -f %s", in("a/pub/latest.json"), in("kept.json"),
          in("a/pub/scores-2026-08-31.csv"));
}

// ---- refused ---------------------------------------------------------------------------------------------

Test(run, one_at_a_time)
{
    make("a");
    must(run_night("a", 3));
    shell("cp -a %s %s", in("a"), in("b"));
    int lock = open(in("a/store/.lock"), O_RDWR);
    cr_assert_eq(flock(lock, LOCK_EX), 0);
    cr_assert_eq(run_night("a", 4), HF_ERROR_LOCKED);
    close(lock);
    lock = open(in("a/pub"), O_RDONLY | O_DIRECTORY);
    cr_assert_eq(flock(lock, LOCK_EX), 0);
    cr_assert_eq(run_night("a", 4), HF_ERROR_LOCKED);
    expect_message("publishing to this folder");
    close(lock);
    expect_same(in("b"), in("a"), "locked");
    must(run_night("a", 4));
}

Test(run, a_folder_that_is_none_is_known_before_any_work)
{
    make("a");
    must(run_night("a", 3));
    shell("cp -a %s %s", in("a/store"), in("kept"));
    one_night *n = night_of("a", 4);
    put(in("file"), "");
    snprintf(n->text[2], 256, "%s", in("file"));
    cr_assert_eq(in_child(run_task, &n->job, 2, 0), HF_ERROR_IO);
    expect_same(in("kept"), in("a/store"), "nowhere to publish");
}

static hf_status short_of_room(const hf_context *context, const void *job, hf_error *error)
{
    const struct rlimit limit = {60000, 60000};
    setrlimit(RLIMIT_FSIZE, &limit);
    return hf_workflow_run(context, job, error);
}

Test(run, a_full_disk_leaves_the_last_good_night)
{
    make("a");
    must(run_night("a", 3));
    shell("cp -a %s %s", in("a"), in("b"));
    cr_assert_eq(in_child(short_of_room, &night_of("a", 4)->job, 2, 0), HF_ERROR_IO);
    expect_same(in("b"), in("a"), "no room");
    must(run_night("a", 4));
}

Test(run, a_gate_keeps_the_last_good_night)
{
    make("a");
    must(run_night("a", 3));
    shell("cp -a %s %s", in("a"), in("b"));
    one_night *n = night_of("a", 4);
    // The export was cut short.
    shell("head -n 100 %s >%s", in("fleet/accounts-2026-09-30.csv"), in("fleet/short.csv"));
    snprintf(n->text[3], 256, "%s", in("fleet/short.csv"));
    cr_assert_eq(in_child(run_task, &n->job, 2, 0), HF_ERROR_GATE);
    expect_message("there are 99 accounts, on 2026-08-31 there were 400");
    expect_same(in("b"), in("a"), "cut short");
    // A feed was empty: the column of usage is.
    shell("awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == \"usage_depth\") u = i } "
          "NR > 1 { $u = \"\" } { print }' %s >%s",
          in("fleet/accounts-2026-09-30.csv"), in("fleet/empty.csv"));
    snprintf(n->text[3], 256, "%s", in("fleet/empty.csv"));
    cr_assert_eq(in_child(run_task, &n->job, 2, 0), HF_ERROR_GATE);
    expect_message("usage_depth from ");
    expect_message("--most-coverage-fall");
    // Without that gate the other one stops it: more than half of the weight is not observed.
    n->job.most_coverage_fall = 1;
    n->job.most_unknown = 0.01;
    cr_assert_eq(in_child(run_task, &n->job, 2, 0), HF_ERROR_GATE);
    expect_message("the gate unknown stopped the night of 2026-09-30");
    expect_same(in("b"), in("a"), "gated");
    n->job.most_unknown = 1;
    must(in_child(run_task, &n->job, 2, 0));
}

Test(run, a_unit_that_jumped_stops_the_night_unless_it_is_accepted)
{
    make("a");
    must(run_night("a", 3));
    shell("cp -a %s %s", in("a"), in("b"));
    shell("awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == \"arr\") a = i } "
          "NR > 1 && $a != \"\" { $a = 100 * $a } { print }' %s >%s",
          in("fleet/accounts-2026-09-30.csv"), in("fleet/cents.csv"));
    one_night *n = night_of("a", 4);
    snprintf(n->text[3], 256, "%s", in("fleet/cents.csv"));
    cr_assert_eq(in_child(run_task, &n->job, 2, 0), HF_ERROR_GATE);
    expect_message("arr: its median");
    expect_message("--accept-findings");
    expect_same(in("b"), in("a"), "in cents");
    n->job.accept_findings = true;
    must(in_child(run_task, &n->job, 2, 0));
}

static bool yes(void *user)
{
    (void)user;
    return true;
}

// A context of its own, that wants to stop at the first question.
static hf_status cancel_task(const hf_context *context, const void *job, hf_error *error)
{
    (void)context;
    hf_context *impatient;
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.cancel = yes;
    hf_status status = hf_context_create(&impatient, &options, error);
    if (status == HF_OK) status = hf_workflow_run(impatient, job, error);
    hf_context_destroy(impatient);
    return status;
}

Test(run, an_interrupt_changes_nothing)
{
    make("a");
    must(run_night("a", 3));
    shell("cp -a %s %s", in("a"), in("b"));
    cr_assert_eq(in_child(cancel_task, &night_of("a", 4)->job, 2, 0), HF_ERROR_CANCELLED);
    expect_same(in("b"), in("a"), "interrupted");
}

// ---- memory ----------------------------------------------------------------------------------------------

static long left; // allocations that are granted

static void *scarce(void *user, void *p, size_t size)
{
    (void)user;
    if (size == 0) {
        free(p);
        return NULL;
    }
    return left-- > 0 ? realloc(p, size) : NULL;
}

static hf_status scarce_task(const hf_context *context, const void *job, hf_error *error)
{
    (void)context;
    hf_context *made;
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.resize = scarce;
    options.threads = 1;
    hf_status status = hf_context_create(&made, &options, error);
    if (status != HF_OK) return status;
    status = hf_workflow_run(made, job, error);
    hf_context_destroy(made);
    return status;
}

// From the first allocation to the last, in ever longer strides.
Test(run, memory_that_runs_out_hurts_nothing)
{
    int status = HF_ERROR_MEMORY;
    make("base");
    must(run_night("base", 3));
    shell("cp -a %s %s && cp -a %s %s", in("base"), in("whole"), in("base"), in("hurt"));
    must(run_night("whole", 4));
    for (long k = 0; status != HF_OK; k += 1 + k / 6) {
        left = k;
        status = in_child(scarce_task, &night_of("hurt", 4)->job, 1, 0);
        cr_assert(status == HF_ERROR_MEMORY || status == HF_OK, "allocation %ld: status %d", k, status);
    }
    expect_same(in("whole"), in("hurt"), "short of memory again and again");
}

// ---- replay ----------------------------------------------------------------------------------------------

static hf_status replay_task(const hf_context *context, const void *job, hf_error *error)
{
    return hf_workflow_replay(context, job, error);
}

Test(run, any_night_can_be_replayed)
{
    make("a");
    for (int night = 2; night <= 5; night++)
        must(run_night("a", night));
    // What scored them may be gone by now.
    shell("rm %s %s %s && rm -r %s", in("holdfast.yaml"), in("manual.csv"), in("churn.json"), in("fleet"));
    shell("cp -a %s %s", in("a"), in("b"));
    hf_replay_job job = {.output = in("said")};
    char store[256];
    snprintf(store, sizeof store, "%s", in("a/store"));
    job.store = store;
    for (int night = 2; night <= 5; night++) {
        cr_assert(hf_date_parse(&job.as_of, night_dates[night], 10));
        must(in_child(replay_task, &job, 1 + night % 2, 0));
        char *said = get(in("said"));
        cr_assert_not_null(strstr(said, "the same bytes: 400 accounts"), "%s", said);
        free(said);
    }
    job.as_of = HF_DATE_MISSING;
    must(in_child(replay_task, &job, 2, 0));
    expect_same(in("b"), in("a"), "replayed");
    // A copy that was tampered with is told.
    shell("sed -i s/yellow:\\ 45/yellow:\\ 46/ %s/*.yaml", in("a/store/definitions"));
    cr_assert_eq(in_child(replay_task, &job, 2, 0), HF_ERROR_DAMAGED);
    expect_message("the copy is damaged");
}

Test(run, a_night_whose_past_was_revised_says_so)
{
    make("a");
    must(run_night("a", 3));
    must(run_night("a", 4));
    shell("head -n 300 %s >%s", in("fleet/accounts-2026-08-31.csv"), in("fleet/short.csv"));
    one_night *n = night_of("a", 3);
    snprintf(n->text[3], 256, "%s", in("fleet/short.csv"));
    n->job.revise = true;
    must(in_child(run_task, &n->job, 2, 0));
    hf_replay_job job = {.output = in("said"), .as_of = HF_DATE_MISSING};
    char store[256];
    snprintf(store, sizeof store, "%s", in("a/store"));
    job.store = store;
    cr_assert_eq(in_child(replay_task, &job, 2, 0), HF_ERROR_DATA);
    expect_message("2026-08-31");
}
