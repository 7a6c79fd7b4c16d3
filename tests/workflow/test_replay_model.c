// SPDX-License-Identifier: Apache-2.0
//
// A model trained again from its own record: every option of train is given once and replayed to the same
// bytes, whatever the number of threads; what changed since is named; what was learnt otherwise is found.
#include "base/failing_context.h"
#include "churn/churn_room.h"
#include "cli/command_run.h"
#include "holdfast/workflow.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROWS = 240, MONTHS = 3 };

static char folder[256];

// A row of the table: tickets and use go with churn, plan does a little.
static void add_row(char *text, int i, int month, const char *delimiter)
{
    static const char *const plans[] = {"free", "pro", "team"};
    hf_random random = hf_random_seed(5, (uint64_t)(i + 1000 * month));
    const int tickets = (int)hf_random_below(&random, 13);
    const double use = hf_random_uniform(&random);
    const bool churned = hf_random_uniform(&random) < 0.1 + 0.045 * tickets - 0.1 * use;
    const char *d = delimiter;
    text += strlen(text);
    text += sprintf(text, "c%03d%s%s%s%d%s", i, d, plans[hf_random_below(&random, 3)], d, tickets, d);
    text += sprintf(text, i % 11 == 0 ? "%s" : "%s%.2f", "", use);
    sprintf(text, "%s%s%s2026-0%d-28%s%s\n", d,
            i % 17 == 3 ? "none"
            : i % 2     ? "4"
                        : "2",
            d, 1 + month, d, churned ? "yes" : "no");
}

static void put_table(const char *name, int months, const char *delimiter)
{
    char *text = calloc(ROWS * MONTHS + 1, 64);
    sprintf(text, "id%splan%stickets%suse%sseats%sasof%schurned\n", delimiter, delimiter, delimiter,
            delimiter, delimiter, delimiter);
    for (int m = 0; m < months; m++)
        for (int i = 0; i < ROWS; i++)
            add_row(text, i, m, delimiter);
    put_text(folder, name, text);
    free(text);
}

// Outcomes of the accounts of the monthly table: those said to have churned in a month do in the next.
static void put_outcomes(const char *name, int churns)
{
    char *text = calloc(ROWS * MONTHS + 1, 64);
    strcpy(text, "id,date,outcome\n");
    for (int i = 0; i < ROWS; i++) {
        const int day = 1 + i % 27, month = 1 + i % MONTHS;
        if (i * 7 % 10 < churns)
            sprintf(text + strlen(text), "c%03d,2026-0%d-%02d,churn\n", i, month + 1, day);
        if (i * 3 % 10 < 4) sprintf(text + strlen(text), "c%03d,2026-0%d-%02d,upgrade\n", i, month + 1, day);
    }
    strcat(text, "c001,2026-06-30,renewal\n");
    put_text(folder, name, text);
    free(text);
}

static void shell(const char *line)
{
    command_run run = run_shell(folder, line);
    cr_assert_eq(run.code, 0, "%s: exit code %d: %s", line, run.code, run.err);
    free_run(&run);
}

static void enter(void)
{
    enter_folder(folder);
    put_table("t.csv", 1, ",");
}

static void leave(void)
{
    leave_folder(folder);
}

TestSuite(replay_model, .init = enter, .fini = leave, .timeout = 280);

static void put_store(void)
{
    put_table("months.csv", MONTHS, ",");
    put_outcomes("o.csv", 3);
    put_outcomes("p.csv", 4);
    shell("\"$HOLDFAST\" ingest months.csv --store s --id id --as-of-column asof --ignore churned -q");
}

// The lines holds for every run of replay here: the exit code, and words in what was said.
static void replay(const char *line, int code, const char *words)
{
    char whole[512];
    snprintf(whole, sizeof whole, "replay %s", line);
    command_run run = run_holdfast(folder, whole);
    cr_assert_eq(run.code, code, "%s: exit code %d: %s%s", whole, run.code, run.out, run.err);
    cr_assert_not_null(strstr(code == 0 ? run.out : run.err, words), "%s: expected '%s' in: %s%s", whole,
                       words, run.out, run.err);
    free_run(&run);
}

// ---- every option ----------------------------------------------------------------------------------------

#define DATA "t.csv --id id --target churned --ignore asof "
#define FAST "--bootstrap 0 --c 0.5 " // no bands and no choices, where they are not what is tried
#define TABLE DATA FAST
#define STORE FAST "--store s --outcomes o.csv --horizon 31 "
#define RENEWING FAST "--allow-small --store r --outcomes o.csv --horizon 31 --anchor renews "

// How each option of train changes a training. line NULL: it says where things are or what is shown, and
// changes no model.
static const struct {
    const char *option, *line;
} cases[] = {
    {"target", FAST "t.csv --id id --ignore asof --target plan=pro"},
    {"store", STORE},
    {"outcomes", FAST "--store s --outcomes p.csv --horizon 31"},
    {"outcome", STORE "--outcome upgrade"},
    {"horizon", FAST "--store s --outcomes o.csv --horizon 45"},
    {"lead", STORE "--lead 7"},
    {"known-until", STORE "--known-until 2026-04-20"},
    {"from", STORE "--from 2026-02-01"},
    {"until", STORE "--until 2026-02-28"},
    {"every", STORE "--every 45"},
    {"anchor", RENEWING},
    {"anchor-age", RENEWING "--anchor-age 10"},
    {"anchor-shift", RENEWING "--anchor-shift -1"},
    {"ledger", NULL},
    {"output", NULL},
    {"card", NULL},
    {"allow-small", TABLE "--allow-small"},
    {"refit", TABLE "--refit"},
    {"pairs", DATA "--bootstrap 0 --pairs 0"},
    {"rules", DATA "--bootstrap 0 --rules 0"},
    {"calibrate", DATA "--bootstrap 0 --calibrate platt"},
    {"subsample", DATA "--bootstrap 0 --c 0.5 --subsample 1.5"},
    {"monotone", DATA "--bootstrap 0 --c 0.5 --monotone tickets:up,use"},
    {"plain", TABLE "--plain"},
    {"c", DATA "--bootstrap 0 --c 0.125"},
    {"inner-folds", DATA "--bootstrap 0 --plain --inner-folds 3"},
    {"seed", TABLE "--seed 9223372036854775807"},
    {"group", TABLE "--group use"},
    {"allow-leak", TABLE "--allow-leak seats"},
    {"bootstrap", DATA "--c 0.5 --bootstrap 12"},
    {"by", TABLE "--by plan --segment pro"},
    {"segments", TABLE "--segments d.yaml --segment default"},
    {"segment", TABLE "--segments d.yaml --segment paid"},
    {"id", FAST "t.csv --target churned --ignore asof,id"},
    {"as-of-column", FAST "months.csv --id id --target churned --as-of-column asof"},
    {"ignore", TABLE "--ignore use --ignore plan"},
    {"na", TABLE "--na team,4"},
    {"kind", TABLE "--kind tickets=category,use=ratio"},
    {"delimiter", FAST "semicolons.csv --delimiter ';' --id id --target churned --ignore asof"},
    {"rejects", TABLE "--kind seats=count --rejects bad.csv --reject-limit 0.2"},
    {"reject-limit", TABLE "--reject-limit 0.5"},
    {"threads", NULL},
    {"force", NULL},
    {"quiet", NULL},
    {"verbose", NULL},
    {"help", NULL},
};
enum { CASES = sizeof cases / sizeof cases[0] };

static json_t *read_training(const char *name)
{
    char path[512];
    json_error_t wrong;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    json_t *file = json_load_file(path, 0, &wrong);
    cr_assert_not_null(file, "%s: %s", name, wrong.text);
    json_t *training = json_incref(json_object_get(file, "training"));
    cr_assert(json_is_object(json_object_get(training, "options")));
    json_decref(file);
    return training;
}

static bool same_record(const json_t *a, const json_t *b)
{
    return json_equal(json_object_get(a, "options"), json_object_get(b, "options")) &&
           json_equal(json_object_get(a, "inputs"), json_object_get(b, "inputs"));
}

Test(replay_model, every_option_of_train_is_replayed)
{
    static const int threads[] = {1, 2, 7};
    char line[512];
    put_store();
    put_table("semicolons.csv", 1, ";");
    shell("awk -F, 'NR == 1 { print $0 \",renews\"; next } { i = substr($1, 2) + 0; "
          "printf \"%s,2026-0%d-%02d\\n\", $0, 3 + i % 2, 1 + i % 28 }' months.csv > renewing.csv && "
          "\"$HOLDFAST\" ingest renewing.csv --store r --id id --as-of-column asof --ignore churned -q");
    put_text(folder, "d.yaml",
             "holdfast: 1\ngroups: {g: {measures: {t: {signal: tickets, higher: bad, curve: {linear: {worst: "
             "12, best: "
             "0}}}}}}\n"
             "segments: {paid: {when: 'plan in (pro, team)'}}\n");
    shell("\"$HOLDFAST\" train " TABLE "-o base.json -q");
    json_t *base = read_training("base.json");
    for (size_t i = 0; i < CASES; i++) {
        if (!cases[i].line) continue;
        snprintf(line, sizeof line, "\"$HOLDFAST\" train %s -o m.json --force -q --threads %d", cases[i].line,
                 threads[i % 3]);
        shell(line);
        json_t *training = read_training("m.json");
        cr_assert_not(same_record(base, training), "--%s leaves no trace in the record", cases[i].option);
        json_decref(training);
        snprintf(line, sizeof line, "m.json --threads %d", threads[(i + 1) % 3]);
        replay(line, 0, "the same, byte for byte");
    }
    json_decref(base);
}

// An option that is new has to say here how it changes a training.
Test(replay_model, every_option_of_train_has_a_case)
{
    command_run run = run_holdfast(folder, "train --help");
    int found = 0;
    for (char *line = strtok(run.out, "\n"); line; line = strtok(NULL, "\n")) {
        char name[64];
        char *dashes = strstr(line, "--");
        // Lines of the lists of options begin with a short form or six blanks.
        if (!dashes || dashes - line != 6 || sscanf(dashes, "--%63[a-z-]", name) != 1) continue;
        bool known = false;
        for (size_t i = 0; i < CASES; i++)
            known = known || strcmp(cases[i].option, name) == 0;
        cr_expect(known, "train has an option --%s; add it to the cases of this test", name);
        found++;
    }
    cr_assert_geq(found, 20);
    free_run(&run);
}

// ---- what changed since ----------------------------------------------------------------------------------

Test(replay_model, a_store_may_have_grown_and_been_corrected)
{
    put_store();
    shell("\"$HOLDFAST\" train " STORE "-o m.json -q");
    shell("sed 's/2026-01-28/2026-04-28/; s/,pro,/,team,/' t.csv > april.csv && "
          "\"$HOLDFAST\" ingest april.csv --store s --id id --as-of-column asof --ignore churned -q && "
          "sed 's/,pro,/,team,/' t.csv > january.csv && "
          "\"$HOLDFAST\" ingest january.csv --store s --id id --as-of-column asof --ignore churned --revise "
          "-q");
    replay("m.json --threads 7", 0, "the same, byte for byte");
    // What it was trained on is gone, or another file under the same name.
    shell("mv s/snapshots/2026-02-28.h5 kept.h5 || mv s/snapshots/2026-02-28* kept.h5");
    replay("m.json", 3, "2026-02-28, revision 1");
    shell("cp -r s t && rm -r s");
    replay("m.json", 3, "--store");
}

Test(replay_model, what_is_another_file_is_named)
{
    put_store();
    shell("\"$HOLDFAST\" train " STORE "-o m.json -q && \"$HOLDFAST\" train " TABLE "-o n.json -q");
    put_outcomes("o.csv", 4);
    replay("m.json", 3, "o.csv: this is not what m.json was trained on");
    put_outcomes("before.csv", 3);
    replay("m.json --outcomes before.csv", 0, "the same, byte for byte");
    shell("mkdir deep && mv t.csv deep/u.csv");
    replay("n.json", 3, "t.csv: n.json was trained on this and it is not there");
    replay("n.json --file deep/u.csv", 0, "the same, byte for byte");
    shell("mv deep/u.csv deep/t.csv && mv n.json deep/n.json");
    replay("deep/n.json", 0, "the same, byte for byte"); // beside the model
    shell("echo 'c999,pro,3,0.5,4,2026-01-28,no' >> deep/t.csv");
    replay("deep/n.json", 3, "t.csv: this is not what deep/n.json was trained on");
    replay("deep/n.json --store s", 2, "without --store");
}

Test(replay_model, what_was_streamed_has_to_be_named)
{
    shell("\"$HOLDFAST\" train - --id id --target churned --ignore asof " FAST "-o m.json -q < t.csv");
    replay("m.json", 3, "pass --file");
    replay("m.json --file t.csv", 0, "the same, byte for byte");
    shell("sed 's/,pro,/,team,/' t.csv > u.csv");
    replay("m.json --file u.csv", 3, "is not what m.json was trained on");
}

Test(replay_model, the_model_trained_again_is_kept_on_request)
{
    shell("\"$HOLDFAST\" train " TABLE "-o m.json -q");
    replay("m.json -o again.json", 0, "again.json");
    shell("cmp m.json again.json && cp m.json first.json");
    replay("m.json -o again.json", 1, "again.json");
    replay("m.json -o m.json --force", 2, "m.json");
    replay("m.json -o t.csv --force", 2, "t.csv");
    shell("cmp m.json first.json");
    // Nothing is left behind, whatever happens.
    shell("mkdir scratch && TMPDIR=scratch \"$HOLDFAST\" replay m.json && "
          "! TMPDIR=scratch \"$HOLDFAST\" replay m.json --file first.json && rmdir scratch");
}

// ---- what was learnt otherwise ---------------------------------------------------------------------------

static hf_model *load(const hf_context *context, const char *name)
{
    char path[512];
    hf_model *model = NULL;
    hf_error error = {0};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(hf_model_load(&model, context, path, &error), HF_OK, "%s", error.message);
    return model;
}

static void save(hf_model *model, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    cr_assert_eq(hf_model_save(model, path, true, NULL), HF_OK);
    hf_model_destroy(model);
}

Test(replay_model, the_first_field_that_differs_is_named)
{
    allocator heap = {.fail_at = -1};
    hf_context *context = make_context(&heap, 1);
    shell("\"$HOLDFAST\" train " TABLE "-o m.json -q");
    hf_model *model = load(context, "m.json");
    model->intercept += 1e-9;
    save(model, "other.json");
    replay("other.json", 3, "'intercept' differs first");
    model = load(context, "m.json");
    cr_assert_eq(hf_model_note(model, "fit", "rows", json_integer(239), NULL), HF_OK);
    save(model, "other.json");
    replay("other.json", 3, "'fit.rows' differs first, 239 then and 240 now");
    model = load(context, "m.json");
    cr_assert_eq(hf_model_note(model, "training", "by_hand", json_true(), NULL), HF_OK);
    save(model, "other.json");
    replay("other.json", 3, "'training.by_hand' differs first, true then and nothing now");
    // Another version that says the same is no difference, and is told.
    model = load(context, "m.json");
    json_object_set_new(model->record, "library", json_string("0.0.9"));
    save(model, "other.json");
    replay("other.json", 0, "the same in every field but the version");
    // The same text in other bytes is.
    shell("sed 's/^  /    /' m.json > other.json");
    replay("other.json", 3, "other bytes");
    hf_context_destroy(context);
    cr_assert_eq(heap.live, 0);
}

Test(replay_model, a_record_that_is_not_whole_is_refused)
{
    allocator heap = {.fail_at = -1};
    hf_context *context = make_context(&heap, 1);
    shell("\"$HOLDFAST\" train " TABLE "-o m.json -q");
    hf_model *model = load(context, "m.json");
    json_object_set_new(json_object_get(json_object_get(model->record, "training"), "options"), "brand_new",
                        json_true());
    save(model, "other.json");
    replay("other.json", 3, "an option 'brand_new'");
    model = load(context, "m.json");
    json_object_set_new(json_object_get(json_object_get(model->record, "training"), "options"), "seed",
                        json_string("one"));
    save(model, "other.json");
    replay("other.json", 3, "training.options.seed");
    model = load(context, "m.json");
    json_object_del(json_object_get(model->record, "training"), "inputs");
    save(model, "other.json");
    replay("other.json", 3, "no record");
    hf_context_destroy(context);
}

// Training spends most allocations where other tests sweep them; here those before and after are swept.
Test(replay_model, no_failing_allocation_is_lost)
{
    char path[512];
    hf_error error;
    shell("head -n 60 t.csv > few.csv && \"$HOLDFAST\" train few.csv --id id --target churned --ignore "
          "asof,plan --kind tickets=number --plain --c 1 --bootstrap 0 -o m.json -q");
    snprintf(path, sizeof path, "%s/m.json", folder);
    cr_assert_eq(chdir(folder), 0);
    const hf_replay_model_job job = {.model = path};
    for (long k = 0;; k++) {
        allocator heap = {.fail_at = k};
        hf_context *context = NULL;
        hf_context_options options = {.threads = 1, .resize = counting_resize, .resize_user = &heap};
        error = (hf_error){0};
        hf_status status = hf_context_create(&context, &options, &error);
        if (status == HF_OK) status = hf_workflow_replay_model(context, &job, &error);
        hf_context_destroy(context);
        cr_assert_eq(heap.live, 0, "allocation %ld", k);
        if (status == HF_OK) break;
        cr_assert_eq(status, HF_ERROR_MEMORY, "allocation %ld: %s", k, error.message);
    }
}
