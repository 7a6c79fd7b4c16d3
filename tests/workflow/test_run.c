// SPDX-License-Identifier: Apache-2.0
//
// The nightly run: killed at every point where it tells or asks anything and run again it ends with the bytes
// of an undisturbed run; the same inputs change nothing; failures and gates leave the last good night; the
// file of changes is held against a plain reading of the files of two nights. Every run is a process of its
// own, as the kill needs and as threads want it.
#include "frame/frame_room.h"
#include "holdfast/holdfast.h"
#include "holdfast/workflow.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ACCOUNTS = 400, KILLED = 1000 };

static char folder[64];

// ---- folders ---------------------------------------------------------------------------------------------

static const char *in(const char *format, ...)HF_PRINTF(1, 2);
static const char *in(const char *format, ...)
{
    static char path[8][512];
    static int turn;
    char *out = path[turn++ % 8];
    int length = snprintf(out, 512, "%s/", folder);
    va_list args;
    va_start(args, format);
    vsnprintf(out + length, 512 - (size_t)length, format, args);
    va_end(args);
    return out;
}

static void shell(const char *format, ...) HF_PRINTF(1, 2);
static void shell(const char *format, ...)
{
    char line[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    cr_assert_eq(system(line), 0, "%s", line);
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

static char *get(const char *path)
{
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file, "%s", path);
    struct stat info;
    cr_assert_eq(fstat(fileno(file), &info), 0);
    char *text = calloc(1, (size_t)info.st_size + 1);
    cr_assert_eq(fread(text, 1, (size_t)info.st_size, file), (size_t)info.st_size);
    fclose(file);
    return text;
}

static bool same_tree(const char *a, const char *b)
{
    char line[1200];
    snprintf(line, sizeof line, "diff -r %s %s >/dev/null", a, b);
    return system(line) == 0;
}

static void expect_same(const char *a, const char *b, const char *what)
{
    if (same_tree(a, b)) return;
    char line[1200];
    snprintf(line, sizeof line, "diff -rq %s %s >&2; ls -laR %s >&2", a, b, b);
    cr_assert_neq(system(line), -1);
    cr_assert_fail("%s: %s and %s differ", what, a, b);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

// ---- processes -------------------------------------------------------------------------------------------

// Where in its telling and asking a run is to be killed; counted over both.
static long kill_at, reached;

static void count_point(void)
{
    if (++reached == kill_at) kill(getpid(), SIGKILL);
}

static void on_progress(void *user, const char *stage, int64_t done, int64_t total)
{
    (void)user;
    (void)stage;
    (void)done;
    (void)total;
    count_point();
}

static bool on_cancel(void *user)
{
    (void)user;
    count_point();
    return false;
}

typedef hf_status task(const hf_context *context, const void *job, hf_error *error);

// Runs a task in a process of its own: its status, or KILLED. What it said in error is left in the file
// `message`, the points it passed in the file `points`.
static int in_child(task *run, const void *job, int threads, long killed_at)
{
    fflush(NULL);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        hf_error error = {0};
        hf_context *context = NULL;
        hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
        char points[32];
        kill_at = killed_at;
        reached = 0;
        options.threads = threads;
        options.progress = on_progress;
        options.cancel = on_cancel;
        hf_status status = hf_context_create(&context, &options, &error);
        if (status == HF_OK) status = run(context, job, &error);
        hf_context_destroy(context);
        snprintf(points, sizeof points, "%ld", reached);
        put(in("points"), points);
        put(in("message"), error.message);
        _exit((int)status);
    }
    int state;
    cr_assert_eq(waitpid(child, &state, 0), child);
    if (WIFSIGNALED(state)) {
        cr_assert_eq(WTERMSIG(state), SIGKILL, "ended by signal %d", WTERMSIG(state));
        return KILLED;
    }
    return WEXITSTATUS(state);
}

static hf_status run_task(const hf_context *context, const void *job, hf_error *error)
{
    return hf_workflow_run(context, job, error);
}

static hf_status replay_task(const hf_context *context, const void *job, hf_error *error)
{
    return hf_workflow_replay(context, job, error);
}

static hf_status synth_task(const hf_context *context, const void *job, hf_error *error)
{
    hf_synth_options options = HF_SYNTH_OPTIONS_INIT;
    (void)job;
    options.accounts = ACCOUNTS;
    options.months = 6;
    return hf_synth_write(context, in("fleet"), &options, error);
}

static hf_status ingest_task(const hf_context *context, const void *job, hf_error *error)
{
    return hf_workflow_ingest(context, job, error);
}

static hf_status train_task(const hf_context *context, const void *job, hf_error *error)
{
    return hf_workflow_train(context, job, error);
}

static void must(int status)
{
    if (status == HF_OK) return;
    char *message = get(in("message"));
    cr_assert_fail("%d: %s", status, message);
}

// ---- the fleet -------------------------------------------------------------------------------------------

static const char definition[] =
    "holdfast: 1\n"
    "name: test\n"
    "derived:\n"
    "  usage_change: {change: usage_depth, days: 30, higher: good}\n"
    "groups:\n"
    "  usage:\n"
    "    weight: 3\n"
    "    measures:\n"
    "      depth: {signal: usage_depth, higher: good, weight: 3, curve: {linear: {worst: 0, best: 0.8}}}\n"
    "      change: {signal: usage_change, higher: good, weight: 1, curve: {linear: {worst: -0.2, best: "
    "0.1}}}\n"
    "  voice:\n"
    "    weight: 2\n"
    "    measures:\n"
    "      csat: {signal: csat, higher: good, weight: 1, curve: {linear: {worst: 2, best: 5}}}\n"
    "      tickets: {signal: tickets_90d, higher: bad, weight: 2, curve: {linear: {worst: 15, best: 0}}}\n"
    "bands: {red: 0, yellow: 45, green: 70}\n"
    "hysteresis: {margin: 4, snapshots: 2}\n"
    "trend: {days: 30, dead_zone: 2}\n"
    "overrides:\n"
    "  - {name: many, when: open_tickets > 6, cap: 60, reason: Many open tickets.}\n"
    "manual_overrides: manual.csv\n"
    "arr: arr\n"
    "gates: {unknown: 50%, coverage_fall: 60%}\n";

static const char manual[] = "account_id,action,value,author,reason,expires\n"
                             "A000001,cap,30,Ada,Their champion left.,2026-12-31\n";

static const char *const dates[] = {"2026-05-31", "2026-06-30", "2026-07-31",
                                    "2026-08-31", "2026-09-30", "2026-10-31"};

static void train(void)
{
    const char *files[1];
    for (int m = 0; m < 3; m++) {
        hf_ingest_job job = {.csv = HF_CSV_OPTIONS_INIT, .files = files, .file_count = 1};
        files[0] = in("fleet/accounts-%s.csv", dates[m]);
        job.store = in("training");
        job.output = in("said");
        cr_assert(hf_date_parse(&job.as_of, dates[m], 10));
        must(in_child(ingest_task, &job, 2, 0));
    }
    hf_train_job job = {.csv = HF_CSV_OPTIONS_INIT, .fit = HF_TRAIN_OPTIONS_INIT, .horizon = 31};
    job.store = in("training");
    job.outcomes = in("fleet/outcomes.csv");
    job.known_until = HF_DATE_MISSING;
    job.fit.c = 0.1;
    job.model = in("churn.json");
    job.output = in("said");
    must(in_child(train_task, &job, 2, 0));
}

static void enter(void)
{
    strcpy(folder,
           access("/dev/shm", W_OK) == 0 ? "/dev/shm/holdfast-run-XXXXXX" : "/tmp/holdfast-run-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    put(in("holdfast.yaml"), definition);
    put(in("manual.csv"), manual);
    must(in_child(synth_task, NULL, 2, 0));
    train();
}

static void leave(void)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(run, .init = enter, .fini = leave, .timeout = 280);

// A night in the folder `where`, with its store and pub; night is a place in dates.
typedef struct {
    hf_run_job job;
    const char *files[1];
    char text[6][256];
} one_night;

static one_night *night_of(const char *where, int night)
{
    static one_night made[4];
    static int turn;
    one_night *n = &made[turn++ % 4];
    memset(n, 0, sizeof *n);
    snprintf(n->text[0], 256, "%s", in("holdfast.yaml"));
    snprintf(n->text[1], 256, "%s", in("%s/store", where));
    snprintf(n->text[2], 256, "%s", in("%s/pub", where));
    snprintf(n->text[3], 256, "%s", in("fleet/accounts-%s.csv", dates[night]));
    snprintf(n->text[4], 256, "%s", in("churn.json"));
    snprintf(n->text[5], 256, "%s", in("said"));
    n->files[0] = n->text[3];
    n->job = (hf_run_job){.csv = HF_CSV_OPTIONS_INIT,
                          .definition = n->text[0],
                          .store = n->text[1],
                          .publish = n->text[2],
                          .files = n->files,
                          .file_count = 1,
                          .model = n->text[4],
                          .output = n->text[5],
                          .most_unknown = NAN,
                          .most_coverage_fall = NAN};
    cr_assert(hf_date_parse(&n->job.as_of, dates[night], 10));
    return n;
}

static int run_night(const char *where, int night)
{
    return in_child(run_task, &night_of(where, night)->job, 2, 0);
}

static void make(const char *where)
{
    cr_assert_eq(mkdir(in("%s", where), 0777), 0);
}

// ---- killed ----------------------------------------------------------------------------------------------

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
    for (long k = 1; k <= points; k++) {
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
    for (long k = 1; k <= points; k++) {
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

static void expect_message(const char *part)
{
    char *message = get(in("message"));
    cr_assert_not_null(strstr(message, part), "%s", message);
    free(message);
}

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

// ---- what changed ----------------------------------------------------------------------------------------

enum { FIELDS = 32, ROWS = 3 * ACCOUNTS };

typedef struct {
    char *text; // owned; the fields lie in it
    char *field[ROWS][FIELDS];
    int fields, rows; // without the header, which is field[0]
} table;

// Reads a CSV whose quotes are well formed, without line breaks inside them.
static table *read_table(const char *path)
{
    table *t = calloc(1, sizeof *t);
    t->text = get(path);
    int row = 0;
    for (char *p = t->text; *p; row++) {
        int f = 0;
        for (bool more = true; more; f++) {
            char *out = p;
            t->field[row][f] = p;
            for (bool quoted = false; *p && (quoted || (*p != ',' && *p != '\n')); p++) {
                if (*p == '"' && p[1] == '"' && quoted)
                    *out++ = *p++;
                else if (*p == '"')
                    quoted = !quoted;
                else
                    *out++ = *p;
            }
            more = *p == ',';
            if (*p) p++;
            *out = '\0';
        }
        cr_assert(row == 0 || f == t->fields, "%s: row %d has %d fields", path, row, f);
        t->fields = f;
    }
    t->rows = row - 1;
    return t;
}

static int column(const table *t, const char *name)
{
    for (int f = 0; f < t->fields; f++)
        if (strcmp(t->field[0][f], name) == 0) return f;
    cr_assert_fail("no column %s", name);
    return 0;
}

static int find(const table *t, const char *id)
{
    for (int r = 1; r <= t->rows; r++)
        if (strcmp(t->field[r][0], id) == 0) return r;
    return 0;
}

static bool differs(const table *a, int r, const table *b, int q)
{
    const int health = column(a, "health"), p = column(a, "churn_probability");
    return strcmp(a->field[r][column(a, "band")], b->field[q][column(b, "band")]) != 0 ||
           strcmp(a->field[r][column(a, "cadence")], b->field[q][column(b, "cadence")]) != 0 ||
           round(atof(a->field[r][health])) != round(atof(b->field[q][health])) ||
           round(100 * atof(a->field[r][p])) != round(100 * atof(b->field[q][p]));
}

// Four decimals may round to the other side of a half.
static bool is_near_half(const table *t, int r)
{
    const double h = atof(t->field[r][column(t, "health")]);
    const double p = 100 * atof(t->field[r][column(t, "churn_probability")]);
    return fabs(h - floor(h) - 0.5) < 1e-3 || fabs(p - floor(p) - 0.5) < 1e-3;
}

Test(run, the_changed_file_tells_what_the_full_files_show)
{
    make("a");
    must(run_night("a", 3));
    must(run_night("a", 4));
    table *last = read_table(in("a/pub/scores-2026-08-31.csv"));
    table *now = read_table(in("a/pub/scores-2026-09-30.csv"));
    table *changed = read_table(in("a/pub/changed-2026-09-30.csv"));
    int told = 0, stay = 0;
    cr_assert_eq(changed->fields, now->fields + 1);
    cr_assert_eq(now->rows, ACCOUNTS);
    for (int r = 1; r <= now->rows; r++) {
        const int before = find(last, now->field[r][0]), there = find(changed, now->field[r][0]);
        const char *expected = before == 0 ? "new" : differs(now, r, last, before) ? "changed" : "";
        const char *says = there ? changed->field[there][now->fields] : "";
        if (before && (is_near_half(now, r) || is_near_half(last, before))) expected = says;
        cr_expect_str_eq(says, expected, "%s", now->field[r][0]);
        told += there > 0;
        stay += there == 0;
        for (int f = 0; there && f < now->fields; f++)
            cr_expect_str_eq(changed->field[there][f], now->field[r][f]);
    }
    for (int r = 1; r <= last->rows; r++) {
        if (find(now, last->field[r][0])) continue;
        const int there = find(changed, last->field[r][0]);
        cr_assert(there > 0, "%s is gone", last->field[r][0]);
        cr_expect_str_eq(changed->field[there][now->fields], "gone");
        told++;
    }
    cr_expect_eq(told, changed->rows);
    cr_expect_gt(stay, 0, "some accounts stay as they were");
    free(last->text);
    free(now->text);
    free(changed->text);
    free(last);
    free(now);
    free(changed);
}

// Takes a file of changes over into the copy that a system downstream has.
static void apply(table *copy, const char *path)
{
    table *changed = read_table(path);
    const int change = changed->fields - 1;
    if (copy->fields == 0) {
        copy->fields = change;
        memcpy(copy->field[0], changed->field[0], sizeof copy->field[0]);
    }
    for (int r = 1; r <= changed->rows; r++) {
        int at = find(copy, changed->field[r][0]);
        if (strcmp(changed->field[r][change], "gone") == 0) {
            if (at == 0) continue; // gone since the last night, and a revision told so before
            memcpy(copy->field[at], copy->field[copy->rows--], sizeof copy->field[at]);
            continue;
        }
        if (at == 0) at = ++copy->rows;
        memcpy(copy->field[at], changed->field[r], sizeof copy->field[at]);
    }
}

static void expect_copy(const table *copy, const char *path)
{
    table *full = read_table(path);
    cr_expect_eq(copy->rows, full->rows, "%s", path);
    for (int r = 1; r <= full->rows; r++) {
        const int at = find(copy, full->field[r][0]);
        cr_assert(at > 0, "%s is missing", full->field[r][0]);
        if (!is_near_half(full, r) && !is_near_half(copy, at))
            cr_expect(!differs(full, r, copy, at), "%s", full->field[r][0]);
    }
    free(full->text);
    free(full);
}

Test(run, a_copy_kept_by_changes_alone_stays_true_through_revisions)
{
    table *copy = calloc(1, sizeof *copy);
    make("a");
    must(run_night("a", 3));
    apply(copy, in("a/pub/changed-2026-08-31.csv"));
    expect_copy(copy, in("a/pub/scores-2026-08-31.csv"));
    // A night from a file with accounts of another name and without the last hundred; then the right one.
    shell("sed 's/^A00000[3-6]/B&/' %s | head -n 301 >%s", in("fleet/accounts-2026-09-30.csv"),
          in("fleet/wrong.csv"));
    one_night *n = night_of("a", 4);
    snprintf(n->text[3], 256, "%s", in("fleet/wrong.csv"));
    must(in_child(run_task, &n->job, 2, 0));
    apply(copy, in("a/pub/changed-2026-09-30.csv"));
    expect_copy(copy, in("a/pub/scores-2026-09-30.csv"));
    n = night_of("a", 4);
    n->job.revise = true;
    must(in_child(run_task, &n->job, 2, 0));
    apply(copy, in("a/pub/changed-2026-09-30.r2.csv"));
    expect_copy(copy, in("a/pub/scores-2026-09-30.r2.csv"));
    shell("cp -a %s %s", in("a"), in("b"));
    must(in_child(run_task, &n->job, 2, 0));
    expect_same(in("b"), in("a"), "revised again");
    must(run_night("a", 5));
    apply(copy, in("a/pub/changed-2026-10-31.csv"));
    expect_copy(copy, in("a/pub/scores-2026-10-31.csv"));
}

Test(run, the_summary_counts_the_files)
{
    make("a");
    must(run_night("a", 3));
    must(run_night("a", 4));
    table *now = read_table(in("a/pub/scores-2026-09-30.csv"));
    table *last = read_table(in("a/pub/scores-2026-08-31.csv"));
    json_t *summary = json_load_file(in("a/pub/summary-2026-09-30.json"), 0, NULL);
    cr_assert_not_null(summary);
    const int band = column(now, "band"), arr = column(now, "arr"), risk = column(now, "arr_at_risk");
    double at_risk = 0, expected = 0, spread = 0;
    int into = 0, out = 0;
    for (int r = 1; r <= now->rows; r++) {
        const double p = atof(now->field[r][1]), a = atof(now->field[r][arr]);
        const int before = find(last, now->field[r][0]);
        at_risk += atof(now->field[r][risk]);
        expected += p * a;
        spread += p * (1 - p) * a * a;
        if (!before) continue;
        const bool was = strcmp(last->field[before][band], "red") == 0;
        const bool is = strcmp(now->field[r][band], "red") == 0;
        into += is && !was;
        out += was && !is;
    }
    json_t *moves = json_object_get(summary, "moves"), *lost = json_object_get(summary, "expected_arr_lost");
    cr_expect_eq(json_integer_value(json_object_get(moves, "into_worst")), into);
    cr_expect_eq(json_integer_value(json_object_get(moves, "out_of_worst")), out);
    cr_expect_float_eq(json_number_value(json_object_get(summary, "arr_at_risk")), at_risk, 0.01 * ACCOUNTS);
    cr_expect_float_eq(json_number_value(json_object_get(lost, "value")), expected, 1e-5 * expected);
    cr_expect_float_eq(json_number_value(json_object_get(lost, "high")), expected + 1.96 * sqrt(spread),
                       1e-4 * expected);
    json_t *bands = json_object_get(summary, "bands");
    for (size_t b = 0; b < json_array_size(bands); b++) {
        json_t *one = json_array_get(bands, b);
        int count = 0, earlier = 0;
        for (int r = 1; r <= now->rows; r++)
            count += strcmp(now->field[r][band], json_string_value(json_object_get(one, "band"))) == 0;
        for (int r = 1; r <= last->rows; r++)
            earlier += strcmp(last->field[r][band], json_string_value(json_object_get(one, "band"))) == 0;
        cr_expect_eq(json_integer_value(json_object_get(one, "accounts")), count);
        cr_expect_eq(json_integer_value(json_object_get(one, "before")), earlier);
    }
    json_decref(summary);
    free(now->text);
    free(last->text);
    free(now);
    free(last);
}

// ---- replay ----------------------------------------------------------------------------------------------

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
        cr_assert(hf_date_parse(&job.as_of, dates[night], 10));
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
