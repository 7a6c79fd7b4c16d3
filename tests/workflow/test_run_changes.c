// SPDX-License-Identifier: Apache-2.0
//
// What a night says has changed, held against a plain reading of the published files of two nights: the file
// of changes, a copy kept by such files alone, and the summary.
#include "night_case.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

TestSuite(run_changes, .init = night_enter, .fini = night_leave, .timeout = 280);

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

Test(run_changes, the_changed_file_tells_what_the_full_files_show)
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

static table *applied[8]; // the copy's fields lie in them
static int applied_count;

// Takes a file of changes over into the copy that a system downstream has.
static void apply(table *copy, const char *path)
{
    table *changed = applied[applied_count++] = read_table(path);
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

Test(run_changes, a_copy_kept_by_changes_alone_stays_true_through_revisions)
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
    for (int i = 0; i < applied_count; i++) {
        free(applied[i]->text);
        free(applied[i]);
    }
    free(copy);
}

Test(run_changes, the_summary_counts_the_files)
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
