// SPDX-License-Identifier: Apache-2.0
//
// The real churn tables: each is run by the command its README shows, and IBM's Telco must reach what
// scikit-learn's logistic reaches on the same folds. The tables are not part of the project: they are found
// in HOLDFAST_DATASETS, or beside the checkout. Without them the program says so and exits with 77, which
// ctest reports as skipped.
#include "cli/command_run.h"

#include <glob.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

static const char *datasets;
enum { SANITIZED_BYTES = 1500000 };

// The evaluate command of a table's README, without the leading "holdfast ".
static void read_command(char *out, size_t size, const char *table)
{
    char name[512];
    snprintf(name, sizeof name, "%s/README.md", table);
    size_t length;
    char *text = get_file(datasets, name, &length);
    cr_assert_not_null(text, "%s/%s is not there", datasets, name);
    char *at = strstr(text, "    holdfast evaluate ");
    cr_assert_not_null(at, "%s shows no command", name);
    at += strlen("    holdfast ");
    snprintf(out, size, "%.*s", (int)strcspn(at, "\n"), at);
    free(text);
}

// Runs the table's own command with JSON asked for; the mean over folds (owned by *root). whole: with all
// that training chooses, which takes minutes on the larger tables; else plain.
static json_t *run_table(json_t **root, const char *table, bool whole)
{
    char command[1024], line[1400], path[512];
    read_command(command, sizeof command, table);
    snprintf(line, sizeof line, "%s --format json --replicates 40 -q%s", command, whole ? "" : " --plain");
    snprintf(path, sizeof path, "%s/%s", datasets, table);
    command_run run = run_holdfast(path, line);
    cr_assert_eq(run.code, 0, "%s: exit code %d: %s", table, run.code, run.err);
    json_error_t at;
    *root = json_loads(run.out, 0, &at);
    cr_assert_not_null(*root, "%s: %s", table, at.text);
    free_run(&run);
    return json_object_get(*root, "mean");
}

static double figure(const json_t *mean, const char *key)
{
    return json_number_value(json_object_get(mean, key));
}

static void check_sane(const char *table, const json_t *mean)
{
    cr_assert_gt(figure(mean, "auc"), 0.5, "%s: AUC %g", table, figure(mean, "auc"));
    cr_assert_lt(figure(mean, "log_loss"), 0.7, "%s: log-loss %g", table, figure(mean, "log_loss"));
    const char *keys[] = {"auc", "pr_auc", "log_loss", "brier", "ece", "ks", "lift_10"};
    for (size_t k = 0; k < 7; k++) {
        json_t *interval = json_object_get(json_object_get(mean, "interval"), keys[k]);
        double low = json_number_value(json_array_get(interval, 0));
        double high = json_number_value(json_array_get(interval, 1));
        cr_assert(isfinite(figure(mean, keys[k])), "%s: %s is no number", table, keys[k]);
        cr_assert_leq(low, high, "%s: %s", table, keys[k]);
    }
}

// A worker of Criterion's does not come through main.
static void find_datasets(void)
{
    datasets = getenv("HOLDFAST_DATASETS");
    if (!datasets) datasets = HOLDFAST_DEFAULT_DATASETS;
}

TestSuite(tables, .timeout = 280, .init = find_datasets);

Test(tables, telco_reaches_scikit_learn)
{
    json_t *root, *mean = run_table(&root, "telco_ibm", !HOLDFAST_SANITIZED);
    check_sane("telco_ibm", mean);
    cr_assert_geq(figure(mean, "auc"), 0.8450, "AUC %.5f", figure(mean, "auc"));
    cr_assert_leq(figure(mean, "log_loss"), 0.4180, "log-loss %.5f", figure(mean, "log_loss"));
    cr_assert_eq(json_array_size(json_object_get(root, "folds")), 5);
    json_decref(root);
}

Test(tables, every_table_runs_by_its_own_command)
{
    glob_t found;
    char pattern[512];
    snprintf(pattern, sizeof pattern, "%s/*/README.md", datasets);
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
    int count = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char table[256];
        const char *start = found.gl_pathv[i] + strlen(datasets) + 1;
        snprintf(table, sizeof table, "%.*s", (int)strcspn(start, "/"), start);
        // The larger tables take minutes under a sanitizer; the release build runs them all.
        struct stat file;
        snprintf(pattern, sizeof pattern, "%s/%s/data.csv", datasets, table);
        cr_assert_eq(stat(pattern, &file), 0, "%s", pattern);
        if (HOLDFAST_SANITIZED && file.st_size > SANITIZED_BYTES) continue;
        json_t *root, *mean = run_table(&root, table, false);
        check_sane(table, mean);
        json_decref(root);
        count++;
    }
    globfree(&found);
    cr_assert_geq(count, HOLDFAST_SANITIZED ? 5 : 12);
}

// Exported, since Criterion looks for it by name when it starts a worker.
__attribute__((visibility("default"))) int main(int argc, char **argv)
{
    find_datasets();
    if (access(datasets, R_OK) != 0) {
        printf("skipped: no tables in %s; set HOLDFAST_DATASETS to the folder that holds them\n", datasets);
        return 77;
    }
    struct criterion_test_set *tests = criterion_initialize();
    int result = 0;
    if (criterion_handle_args(argc, argv, true)) result = !criterion_run_all_tests(tests);
    criterion_finalize(tests);
    return result;
}
