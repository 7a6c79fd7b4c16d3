// SPDX-License-Identifier: Apache-2.0
//
// whatif weights as a user meets it: the present weights under another name change nothing, the long way
// round gives what the product gives, a sweep is chosen on earlier dates and reported on later ones, a
// promoted weighting is the weighting that was tried, and records are kept, shown and refused as they should
// be.
#include "cli/command_run.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ACCOUNTS = 160, MONTHS = 6 };

static const char *const DATES[MONTHS] = {"2026-01-31", "2026-02-28", "2026-03-31",
                                          "2026-04-30", "2026-05-31", "2026-06-30"};
static const char DEFINITION[] =
    "holdfast: 1\nname: small\n"
    "groups:\n"
    "  usage:\n    weight: 60 # the most\n    measures:\n"
    "      depth: {signal: depth, higher: good, weight: 2, curve: {linear: {worst: 0, best: 100}}}\n"
    "      logins: {signal: logins, higher: good, curve: {linear: {worst: 0, best: 40}}}\n"
    "  voice:\n    weight: 40\n    measures:\n"
    "      csat: {signal: csat, higher: good, curve: {linear: {worst: 1, best: 5}}}\n"
    "      tickets: {signal: tickets, higher: bad, weight: 3, curve: {linear: {worst: 20, best: 0}}}\n"
    "bands: {red: 0, yellow: 45, green: 60}\narr: arr\n"
    "segments:\n  smb: {when: size = small, weights: {usage: 30}}\n"
    "overrides:\n  - {name: many, when: tickets > 18, cap: 30, reason: Too many.}\n";

static char folder[256];

static unsigned mixed(unsigned a, unsigned b)
{
    unsigned x = a * 2654435761u ^ b * 40503u;
    x ^= x >> 15;
    x *= 2246822519u;
    return x ^ x >> 13;
}

static void quietly(const char *line)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    free_run(&run);
}

// Who has many tickets leaves within the next month, more or less.
static void put_fleet(void)
{
    static char text[MONTHS * ACCOUNTS * 60], outcomes[ACCOUNTS * 40];
    size_t told = (size_t)snprintf(outcomes, sizeof outcomes, "account_id,date,outcome\n");
    size_t n = (size_t)snprintf(text, sizeof text, "account_id,as_of,depth,logins,csat,tickets,arr,size\n");
    bool gone[ACCOUNTS] = {false};
    for (unsigned m = 0; m < MONTHS; m++)
        for (unsigned i = 0; i < ACCOUNTS; i++) {
            if (gone[i]) continue;
            const unsigned r = mixed(i + 1, m + 7), tickets = r % 21;
            char csat[8] = "";
            if (r % 6) snprintf(csat, sizeof csat, "%u", 1 + (r >> 8) % 5);
            n += (size_t)snprintf(text + n, sizeof text - n, "a%u,%s,%u,%u,%s,%u,%u,%s\n", i, DATES[m],
                                  (r >> 4) % 101, (r >> 12) % 41, csat, tickets, 100 + (r >> 6) % 900,
                                  i % 3 ? "big" : "small");
            if (mixed(r, 3) % 60 >= tickets) continue;
            gone[i] = true;
            told += (size_t)snprintf(outcomes + told, sizeof outcomes - told, "a%u,2026-%02u-15,churn\n", i,
                                     m + 2);
        }
    put_text(folder, "data.csv", text);
    put_text(folder, "outcomes.csv", outcomes);
    quietly("ingest data.csv --store fleet --as-of-column as_of");
}

static void enter(void)
{
    enter_folder(folder);
    put_text(folder, "small.yaml", DEFINITION);
    put_fleet();
}

static void leave(void)
{
    leave_folder(folder);
}

TestSuite(whatif_weights, .init = enter, .fini = leave, .timeout = 200);

#define WEIGHTS "whatif weights --store fleet --definition small.yaml -q "
#define JUDGED "--history --outcomes outcomes.csv --horizon 30 --known-until 2026-07-31 --capacity 20 "

static json_t *must_json(const char *line)
{
    json_error_t where;
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "holdfast %s: exit code %d: %s", line, run.code, run.err);
    json_t *root = json_loads(run.out, 0, &where);
    cr_assert_not_null(root, "%s: %s", where.text, run.out);
    free_run(&run);
    return root;
}

static const json_t *listed(const json_t *root, size_t i)
{
    return json_array_get(json_object_get(root, "weightings"), i);
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_number(value), "%s is no number", key);
    return json_number_value(value);
}

static double figure(const json_t *weighting, const char *rows, const char *key, const char *what)
{
    const json_t *judged = json_object_get(weighting, "judged");
    return number(json_object_get(json_object_get(judged, rows), key), what);
}

static void same(const json_t *a, const json_t *b, const char *key)
{
    cr_assert(json_equal(json_object_get(a, key), json_object_get(b, key)), "%s differs", key);
}

Test(whatif_weights, the_present_weights_by_another_name_change_nothing)
{
    json_t *root = must_json(WEIGHTS JUDGED "--set usage.weight=60 --set smb:usage.weight=30 --format json");
    const json_t *present = listed(root, 0), *one = listed(root, 1);
    cr_assert_eq(json_object_size(json_object_get(one, "weights")), 0);
    same(present, one, "bands");
    same(present, one, "moves");
    cr_assert_eq(number(one, "better") + number(one, "worse"), 0);
    cr_assert_eq(number(one, "spearman"), 1);
    cr_assert_eq(number(one, "overlap"), number(root, "red_list"));
    cr_assert_eq(figure(one, "pooled", "auc", "difference"), 0);
    cr_assert_eq(figure(one, "pooled", "auc", "value"), figure(present, "pooled", "auc", "value"));
    json_decref(root);
}

// A definition with an override that never holds is scored by a pass of its own.
Test(whatif_weights, a_pass_of_its_own_gives_what_the_product_gives)
{
    char text[2048];
    snprintf(text, sizeof text, "%s  - {name: never, when: tickets > 900, cap: 1, reason: Never.}\n",
             DEFINITION);
    char *weight = strstr(text, "weight: 60");
    memcpy(weight, "weight: 25", 10);
    put_text(folder, "other.yaml", text);
    json_t *root = must_json(WEIGHTS JUDGED "--set usage.weight=25 --candidate other.yaml --format json");
    const json_t *set = listed(root, 1), *other = listed(root, 2);
    cr_assert(json_is_true(json_object_get(set, "weights_alone")));
    cr_assert(json_is_false(json_object_get(other, "weights_alone")));
    cr_assert_gt(number(set, "better") + number(set, "worse"), 20);
    static const char *const keys[] = {"bands",   "moves",   "better", "worse", "spearman",
                                       "kendall", "overlap", "who",    "judged"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        same(set, other, keys[i]);
    json_decref(root);
}

// What the product counts of all weightings is what the listed ones have exactly.
Test(whatif_weights, one_at_a_time_agrees_with_the_exact_scores)
{
    json_t *root = must_json(WEIGHTS JUDGED "--one-at-a-time --top 12 --replicates 0 --format json");
    const json_t *ones = json_object_get(root, "one_at_a_time");
    const size_t count = json_array_size(json_object_get(root, "weightings"));
    cr_assert_eq(json_array_size(ones), 12);
    cr_assert_eq(count, 13);
    double before = 1;
    for (size_t i = 1; i < count; i++) {
        const json_t *one = listed(root, i);
        for (size_t k = 0; k < json_array_size(ones); k++) {
            const json_t *quick = json_array_get(ones, k);
            if (!json_equal(json_object_get(one, "name"), json_object_get(quick, "name"))) continue;
            cr_assert_eq(number(quick, "changed"), number(one, "better") + number(one, "worse"));
            cr_assert_leq(number(quick, "auc_gain"), before, "not the best first");
            before = number(quick, "auc_gain");
            cr_assert_float_eq(number(quick, "auc_gain"), figure(one, "earlier", "auc", "difference"), 0.02);
        }
    }
    json_decref(root);
}

Test(whatif_weights, a_sweep_is_chosen_early_and_reported_late)
{
    json_t *root = must_json(WEIGHTS JUDGED "--sweep 300 --top 2 --format json");
    const json_t *choice = json_object_get(root, "choice"), *best = listed(root, 1);
    cr_assert(json_is_true(json_object_get(choice, "split")));
    // All six dates are labelled: the later half begins on 30 April; 31 March + 30 days is that very day.
    cr_assert(strstr(json_string_value(json_object_get(choice, "says")),
                     "up to 2026-03-31, reported on those from 2026-04-30"));
    const json_t *judged = json_object_get(best, "judged"), *dates = json_object_get(judged, "dates");
    double early = 0, late = 0;
    for (size_t i = 0; i < json_array_size(dates); i++) {
        const json_t *date = json_array_get(dates, i);
        if (strcmp(json_string_value(json_object_get(date, "as_of")), "2026-03-31") <= 0)
            early += number(date, "rows");
        else
            late += number(date, "rows");
    }
    cr_assert_eq(number(json_object_get(judged, "earlier"), "rows"), early);
    cr_assert_eq(number(json_object_get(judged, "later"), "rows"), late);
    cr_assert_gt(figure(best, "earlier", "auc", "difference"), figure(best, "later", "auc", "difference"));
    json_decref(root);
    // A longer lead leaves out the dates between; one date alone cannot be split.
    root = must_json(WEIGHTS JUDGED "--lead 1 --sweep 20 --top 1 --replicates 0 --format json");
    cr_assert(strstr(json_string_value(json_object_get(json_object_get(root, "choice"), "says")),
                     "up to 2026-02-28, reported on those from"));
    json_decref(root);
    root =
        must_json(WEIGHTS "--outcomes outcomes.csv --horizon 30 --as-of 2026-03-31 --sweep 20 --replicates 0 "
                          "--format json");
    cr_assert(json_is_false(json_object_get(json_object_get(root, "choice"), "split")));
    json_decref(root);
}

Test(whatif_weights, a_promoted_weighting_is_the_one_that_was_tried)
{
    quietly(WEIGHTS JUDGED "--sweep 50 --concentration 5 --name spring");
    json_t *record = must_json("whatif show spring --store fleet --format json");
    json_t *list = must_json("whatif ls --store fleet --format json");
    const char *hash = json_string_value(json_object_get(json_array_get(list, 0), "hash"));
    char line[256];
    snprintf(line, sizeof line,
             "whatif promote spring --store fleet --weighting 2 --hash %.8s -o new.yaml -q", hash);
    quietly(line);
    char *text = get_file(folder, "new.yaml", NULL);
    cr_assert(strstr(text, "# the most # usage.weight was 60: experiment spring"), "%s", text);
    free(text);
    json_t *tried = must_json(WEIGHTS JUDGED "--candidate new.yaml --format json");
    const json_t *then = listed(record, 2), *now = listed(tried, 1);
    static const char *const keys[] = {"weights", "bands", "moves", "who", "spearman", "overlap"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        same(then, now, keys[i]);
    cr_assert_eq(figure(then, "pooled", "auc", "value"), figure(now, "pooled", "auc", "value"));
    json_decref(record);
    json_decref(list);
    json_decref(tried);
}

Test(whatif_weights, threads_change_no_byte)
{
    char *first = NULL;
    static const int threads[] = {1, 2, 7};
    for (size_t i = 0; i < 3; i++) {
        char line[256];
        snprintf(line, sizeof line,
                 WEIGHTS JUDGED
                 "--sweep 90 --one-at-a-time --set voice.weight=10 --replicates 40 --threads %d "
                 "--format json",
                 threads[i]);
        command_run run = run_holdfast(folder, line);
        cr_assert_eq(run.code, 0, "%s", run.err);
        if (!first) first = strdup(run.out);
        cr_assert_str_eq(run.out, first);
        free_run(&run);
    }
    free(first);
}

Test(whatif_weights, a_grid_is_a_weighting_a_row)
{
    put_text(folder, "grid.csv",
             "usage.weight,voice.tickets.weight,smb:voice.weight,voice.weight\n10,0.1,5,20\n60,,40,\n");
    json_t *root = must_json(WEIGHTS "--grid grid.csv --format json");
    // Without outcomes those that move fewest accounts come first: row 2 is the present one.
    cr_assert_str_eq(json_string_value(json_object_get(listed(root, 1), "name")), "row 2");
    cr_assert_eq(json_object_size(json_object_get(listed(root, 1), "weights")), 0);
    const json_t *weights = json_object_get(listed(root, 2), "weights");
    cr_assert_eq(number(json_object_get(weights, "voice.tickets.weight"), "to"), 0.1);
    cr_assert_eq(number(json_object_get(weights, "smb:voice.weight"), "from"), 40);
    cr_assert_eq(number(json_object_get(weights, "smb:voice.weight"), "to"), 5);
    cr_assert_eq(json_object_size(weights), 4);
    json_decref(root);
}

Test(whatif_weights, mistakes_are_told_with_a_remedy)
{
    put_text(folder, "bad_grid.csv", "usage.weight,voise.weight\n10,5\n");
    put_text(folder, "zero_grid.csv", "usage.weight,voice.weight,smb:usage.weight\n10,5,5\n0,0,0\n");
    expect_message(folder, "whatif_unknown_action", 2, "whatif weigths");
    expect_message(folder, "weights_of_nothing", 2, WEIGHTS);
    expect_message(folder, "weights_mistyped", 2, WEIGHTS "--set usge.weight=50");
    expect_message(folder, "weights_bad_grid", 3, WEIGHTS "--grid bad_grid.csv");
    expect_message(folder, "weights_zero_grid", 3, WEIGHTS "--grid zero_grid.csv");
    expect_message(folder, "weights_no_horizon", 2, WEIGHTS "--set usage.weight=5 --outcomes outcomes.csv");
    expect_message(folder, "weights_no_outcomes", 2, WEIGHTS "--set usage.weight=5 --horizon 30");
    expect_message(folder, "weights_no_such_date", 3, WEIGHTS "--set usage.weight=5 --as-of 2026-03-30");
    expect_message(folder, "weights_date_and_history", 2,
                   WEIGHTS "--set usage.weight=5 --as-of 2026-03-31 --history");
    expect_message(folder, "weights_censored", 5,
                   WEIGHTS "--set usage.weight=5 --outcomes outcomes.csv --horizon 300");
    expect_message(folder, "weights_bad_name", 2, WEIGHTS "--set usage.weight=5 --name ../x");
    put_text(folder, "one.yaml",
             "holdfast: 1\ngroups: {use: {measures: {depth: {signal: depth, higher: good, curve: {linear: "
             "{worst: 0, best: 100}}}}}}\n");
    expect_message(folder, "weights_no_proportions", 3,
                   "whatif weights --store fleet --definition one.yaml --sweep 5");
    put_text(folder, "less.csv", "account_id,depth,logins,csat,arr,size\na1,5,5,5,5,big\n");
    quietly("ingest less.csv --store fleet --as-of 2025-12-31");
    expect_message(folder, "weights_one_snapshot_lacks", 3, WEIGHTS "--set usage.weight=5 --history");
}

Test(whatif_weights, records_are_kept_and_guarded)
{
    quietly(WEIGHTS "--set usage.weight=5 --name spring");
    expect_message(folder, "experiment_exists", 1, WEIGHTS "--set usage.weight=6 --name spring");
    quietly(WEIGHTS "--set usage.weight=5 --name spring --force");
    quietly("store verify --store fleet");
    expect_message(folder, "experiment_unknown", 2, "whatif show sprig --store fleet");
    expect_message(folder, "promote_no_such_weighting", 2,
                   "whatif promote spring --store fleet --weighting 2");
    expect_message(folder, "promote_unnamed", 2, "whatif promote --store fleet");
    command_run run = run_holdfast(folder, "whatif promote spring --store fleet --hash 0000000000 -o x.yaml");
    cr_assert_eq(run.code, 3);
    cr_assert(strstr(run.err, "has the hash"), "%s", run.err);
    free_run(&run);
    put_text(folder, "x.yaml", "mine");
    run = run_holdfast(folder, "whatif promote spring --store fleet -o x.yaml");
    cr_assert_eq(run.code, 1, "%s", run.err);
    free_run(&run);
    char text[2048];
    snprintf(text, sizeof text, "%s# later\n", DEFINITION);
    put_text(folder, "small.yaml", text);
    run = run_holdfast(folder, "whatif promote spring --store fleet -o y.yaml");
    cr_assert_eq(run.code, 3);
    cr_assert(strstr(run.err, "this is not the definition that experiment 'spring' was made from"), "%s",
              run.err);
    cr_assert_not(has_file(folder, "y.yaml"));
    free_run(&run);
    put_text(folder, "fleet/experiments/a note.json", "{");
    quietly("whatif ls --store fleet");
    put_text(folder, "fleet/experiments/bad.json", "{");
    expect_message(folder, "experiment_damaged", 3, "whatif show bad --store fleet");
}

// A run that fails leaves no record, whatever it fails at.
Test(whatif_weights, a_result_that_cannot_be_written_leaves_no_record)
{
    static const char *const outputs[] = {"taken.txt", "no/such/folder.txt", "fleet", "/dev/full"};
    put_text(folder, "taken.txt", "mine");
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        char line[256];
        snprintf(line, sizeof line, WEIGHTS "--set usage.weight=5 --name lost -o %s", outputs[i]);
        command_run run = run_holdfast(folder, line);
        cr_assert_eq(run.code, 1, "%s: %s", line, run.err);
        cr_assert_not(has_file(folder, "fleet/experiments/lost.json"), "%s", line);
        free_run(&run);
    }
    put_text(folder, "fleet/experiments", "in the way");
    command_run run = run_holdfast(folder, WEIGHTS "--set usage.weight=5 --name lost -o free.txt");
    cr_assert_eq(run.code, 1, "%s", run.err);
    cr_assert_not(has_file(folder, "free.txt"));
    free_run(&run);
}

// A stream is read once, so its hash cannot be told; it was, of nothing.
Test(whatif_weights, outcomes_may_come_through_a_pipe)
{
    char path[300];
    char *text = get_file(folder, "outcomes.csv", NULL);
    snprintf(path, sizeof path, "%s/pipe", folder);
    cr_assert_eq(mkfifo(path, 0600), 0);
    const pid_t writer = fork();
    if (writer == 0) {
        FILE *file = fopen(path, "w");
        const bool good = file && fputs(text, file) >= 0 && fclose(file) == 0;
        _exit(good ? 0 : 1);
    }
    json_t *root = must_json(WEIGHTS "--history --horizon 30 --known-until 2026-07-31 --replicates 0 "
                                     "--set usage.weight=9 --outcomes pipe --format json");
    waitpid(writer, NULL, 0);
    const json_t *outcomes = json_object_get(json_object_get(root, "inputs"), "outcomes");
    cr_assert_str_eq(json_string_value(json_object_get(outcomes, "path")), "pipe");
    cr_assert(json_is_null(json_object_get(outcomes, "hash")));
    json_decref(root);
    free(text);
}

Test(whatif_weights, a_name_that_is_no_utf8_is_no_lack_of_memory)
{
    char text[2048], *weight;
    snprintf(text, sizeof text, "%s", DEFINITION);
    weight = strstr(text, "weight: 60");
    memcpy(weight, "weight: 25", 10);
    put_text(folder, "caf\xe9.yaml", text);
    json_t *root = must_json(WEIGHTS "--candidate caf\xe9.yaml --name latin --format json");
    const json_t *candidate =
        json_array_get(json_object_get(json_object_get(root, "inputs"), "candidates"), 0);
    cr_assert(json_is_null(json_object_get(candidate, "path")));
    cr_assert_str_eq(json_string_value(json_object_get(listed(root, 1), "name")), "caf");
    json_decref(root);
}

Test(whatif_weights, only_what_is_known_to_be_best_is_promoted_as_the_best)
{
    quietly(WEIGHTS "--sweep 30 --top 2 --name several");
    expect_message(folder, "promote_unknowable", 2, "whatif promote several --store fleet");
    quietly(WEIGHTS JUDGED "--set voice.tickets.weight=0 --name worse");
    command_run run = run_holdfast(folder, "whatif promote worse --store fleet -o worse.yaml -q");
    cr_assert_eq(run.code, 0, "%s", run.err);
    cr_assert(strstr(run.err, "ranks worse than the present weights: AUC -"), "%s", run.err);
    free_run(&run);
    // Where nobody had the outcome nothing is best, and the order is that of no outcomes.
    put_text(folder, "late.csv", "account_id,date,outcome\nnobody,2026-07-30,churn\n");
    json_t *root = must_json(WEIGHTS "--sweep 30 --top 2 --replicates 0 --outcomes late.csv --horizon 30 "
                                     "--as-of 2026-06-30 --format json"),
           *none = must_json(WEIGHTS "--sweep 30 --top 2 --as-of 2026-06-30 --format json");
    for (size_t i = 1; i < 3; i++)
        same(listed(root, i), listed(none, i), "name");
    const char *says = json_string_value(json_object_get(json_object_get(root, "choice"), "says"));
    cr_assert(strstr(says, "none, since 0 of "), "%s", says);
    json_decref(root);
    json_decref(none);
}
