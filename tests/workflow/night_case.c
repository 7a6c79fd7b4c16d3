// SPDX-License-Identifier: Apache-2.0
//
// Folders, processes and the small fleet of the tests of nights; see night_case.h.
#include "night_case.h"

#include "holdfast/holdfast.h"

#include <ftw.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];

// ---- folders ---------------------------------------------------------------------------------------------

const char *in(const char *format, ...)
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

void shell(const char *format, ...)
{
    char line[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    cr_assert_eq(system(line), 0, "%s", line);
}

void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file, "%s", path);
    fputs(text, file);
    cr_assert_eq(fclose(file), 0);
}

char *get(const char *path)
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

void expect_same(const char *a, const char *b, const char *what)
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

// Runs a task in a process of its own: its status, or KILLED. What it said in error is left in the file
// `message`, the points it passed in the file `points`.
int in_child(task *run, const void *job, int threads, long killed_at)
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

hf_status run_task(const hf_context *context, const void *job, hf_error *error)
{
    return hf_workflow_run(context, job, error);
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

void must(int status)
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

const char *const night_dates[6] = {"2026-05-31", "2026-06-30", "2026-07-31",
                                    "2026-08-31", "2026-09-30", "2026-10-31"};

static void train(void)
{
    const char *files[1];
    for (int m = 0; m < 3; m++) {
        hf_ingest_job job = {.csv = HF_CSV_OPTIONS_INIT, .files = files, .file_count = 1};
        files[0] = in("fleet/accounts-%s.csv", night_dates[m]);
        job.store = in("training");
        job.output = in("said");
        cr_assert(hf_date_parse(&job.as_of, night_dates[m], 10));
        must(in_child(ingest_task, &job, 2, 0));
    }
    hf_train_job job = {
        .csv = HF_CSV_OPTIONS_INIT, .fit = HF_TRAIN_OPTIONS_INIT, .horizon = 31, .allow_small = true};
    job.store = in("training");
    job.outcomes = in("fleet/outcomes.csv");
    job.known_until = HF_DATE_MISSING;
    job.fit.c = 0.1;
    job.fit.bootstrap = 0;
    job.model = in("churn.json");
    job.output = in("said");
    must(in_child(train_task, &job, 2, 0));
}

void night_enter(void)
{
    strcpy(folder,
           access("/dev/shm", W_OK) == 0 ? "/dev/shm/holdfast-run-XXXXXX" : "/tmp/holdfast-run-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    put(in("holdfast.yaml"), definition);
    put(in("manual.csv"), manual);
    must(in_child(synth_task, NULL, 2, 0));
    train();
}

void night_leave(void)
{
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

one_night *night_of(const char *where, int night)
{
    static one_night made[4];
    static int turn;
    one_night *n = &made[turn++ % 4];
    memset(n, 0, sizeof *n);
    snprintf(n->text[0], 256, "%s", in("holdfast.yaml"));
    snprintf(n->text[1], 256, "%s", in("%s/store", where));
    snprintf(n->text[2], 256, "%s", in("%s/pub", where));
    snprintf(n->text[3], 256, "%s", in("fleet/accounts-%s.csv", night_dates[night]));
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
    cr_assert(hf_date_parse(&n->job.as_of, night_dates[night], 10));
    return n;
}

int run_night(const char *where, int night)
{
    return in_child(run_task, &night_of(where, night)->job, 2, 0);
}

void make(const char *where)
{
    cr_assert_eq(mkdir(in("%s", where), 0777), 0);
}

void expect_message(const char *part)
{
    char *message = get(in("message"));
    cr_assert_not_null(strstr(message, part), "%s", message);
    free(message);
}
