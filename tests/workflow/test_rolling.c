// SPDX-License-Identifier: Apache-2.0
//
// Rolling origins on a store: nothing that came to be known after an origin changes a byte of what it
// predicts, nothing of an account's own past does where accounts are kept apart, and an origin is the very
// model that train would have made that day.
#include "cli/command_run.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS = 220, MONTHS = 6, APRIL = 3, LINE = 512 };

static char folder[256];

static void enter(void)
{
    enter_folder(folder);
}

static void leave(void)
{
    leave_folder(folder);
}

TestSuite(rolling, .init = enter, .fini = leave, .timeout = 200);

static unsigned draw(unsigned a, unsigned b, unsigned c)
{
    unsigned x = a * 2654435761u ^ (b + 1) * 2246822519u ^ (c + 7) * 3266489917u;
    x ^= x >> 15;
    x *= 2246822519u;
    return (x ^ x >> 13) % 1000u;
}

// The month after which an account is gone, MONTHS and more: never.
static int last_month(int account)
{
    for (int m = 0; m < MONTHS; m++)
        if (draw((unsigned)account, (unsigned)m, 3) < 20 + draw((unsigned)account, (unsigned)m, 1) / 8)
            return m;
    return MONTHS;
}

typedef struct {
    int changed_from; // months from this one on say something else, in other columns too
    int scrambled;    // the account whose signals before April are others; -1: none
} variant;

// Exports of a fleet, one a month, as a store named DIR, and DIR.csv with what happened. Accounts leave on
// the 10th of the month after their last.
static void put_fleet(const char *dir, variant v)
{
    char name[64], line[LINE], *text = malloc(ACCOUNTS * 64 + 256);
    for (int m = 0; m < MONTHS; m++) {
        const bool changed = m >= v.changed_from;
        size_t at = (size_t)sprintf(text, "account_id,tickets,plan,renewal%s\n", changed ? ",mood" : "");
        for (int a = 0; a < ACCOUNTS; a++) {
            if (last_month(a) < m) continue;
            unsigned tickets = draw((unsigned)a, (unsigned)m, 1);
            if (changed || (a == v.scrambled && m < APRIL)) tickets = 999 - tickets;
            at += (size_t)sprintf(text + at, "c%03d,%u,%s,2026-0%d-%02d%s\n", a, tickets,
                                  changed && a % 5 == 0 ? "aaa new"
                                  : a % 3               ? "pro"
                                                        : "free",
                                  m + 2 + (a + m) % 9 / 8, 1 + a % 28, changed ? ",7.5" : "");
        }
        snprintf(name, sizeof name, "%s-%d.csv", dir, m);
        put_text(folder, name, text);
        snprintf(line, sizeof line, "ingest %s --store %s --as-of 2026-0%d-28 -q", name, dir, m + 1);
        command_run run = run_holdfast(folder, line);
        cr_assert_eq(run.code, 0, "%s", run.err);
        free_run(&run);
    }
    size_t at = (size_t)sprintf(text, "account_id,date,outcome\n");
    for (int a = 0; a < ACCOUNTS; a++) {
        const int last = last_month(a);
        if (last >= MONTHS) continue;
        // What happens from the change on comes too late for any window in half of the cases.
        const bool late = last + 1 >= v.changed_from && a % 2 == 1;
        at += (size_t)sprintf(text + at, "c%03d,2026-%02d-%02d,churn\n", a, last + 2, late ? 26 : 10);
    }
    sprintf(text + at, "c000,2026-07-30,renewal\n");
    snprintf(name, sizeof name, "%s.csv", dir);
    put_text(folder, name, text);
    free(text);
}

static const variant as_it_was = {MONTHS, -1};

// What is printed (owned); options may be "".
static char *evaluate(const char *dir, const char *options)
{
    char line[LINE];
    snprintf(line, sizeof line,
             "evaluate --store %s --outcomes %s.csv --horizon 20 --lead 5 --plain --c 0.3 -q --replicates 0 "
             "--format json --predictions p.csv --force %s",
             dir, dir, options);
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, 0, "%s: %s", line, run.err);
    free(run.err);
    return run.out;
}

typedef struct {
    char id[8], origin[12], as_of[12], probability[32];
    int outcome;
} prediction;

// The predictions of the last evaluation (owned).
static prediction *predictions(int *count)
{
    char *text = get_file(folder, "p.csv", NULL);
    prediction *list = calloc(ACCOUNTS * MONTHS, sizeof *list);
    *count = 0;
    strtok(text, "\n");
    for (char *line = strtok(NULL, "\n"); line; line = strtok(NULL, "\n")) {
        prediction *p = &list[(*count)++];
        cr_assert_eq(sscanf(line, "%7[^,],%11[^,],%11[^,],%31[^,],%d", p->id, p->origin, p->as_of,
                            p->probability, &p->outcome),
                     5, "%s", line);
    }
    free(text);
    return list;
}

static const prediction *find(const prediction *list, int n, const prediction *like)
{
    for (int i = 0; i < n; i++)
        if (strcmp(list[i].id, like->id) == 0 && strcmp(list[i].as_of, like->as_of) == 0) return &list[i];
    return NULL;
}

// Which rows can be judged depends on what happened later, what is predicted of them does not.
static int same_until(const prediction *a, int n, const prediction *b, int m, const char *origin)
{
    int same = 0;
    for (int i = 0; i < n && strcmp(a[i].origin, origin) <= 0; i++) {
        const prediction *other = find(b, m, &a[i]);
        if (!other) continue;
        cr_assert_str_eq(a[i].origin, other->origin);
        cr_assert_str_eq(a[i].probability, other->probability, "%s at %s", a[i].id, a[i].origin);
        same++;
    }
    return same;
}

// After the origin of April, other values, another column and level, and other outcomes: nothing that stands
// at May or before may see them, in either way of keeping accounts, observed plainly or by renewal.
Test(rolling, what_comes_later_changes_no_byte)
{
    const char *const options[] = {"--origins 3", "--origins 3 --accounts together",
                                   "--origins 3 --anchor renewal"};
    put_fleet("past", as_it_was);
    put_fleet("other", (variant){APRIL + 1, -1});
    for (size_t i = 0; i < 3; i++) {
        int n, m;
        free(evaluate("past", options[i]));
        prediction *a = predictions(&n);
        free(evaluate("other", options[i]));
        prediction *b = predictions(&m);
        cr_assert_gt(same_until(a, n, b, m, "2026-04-28"), 50);
        bool differs = false;
        for (int k = 0; k < n && k < m; k++)
            differs = differs || strcmp(a[k].probability, b[k].probability) != 0;
        cr_assert(differs, "the other future shows nowhere");
        free(a);
        free(b);
    }
}

// The origin of April is the model that train makes of what was known in April.
Test(rolling, an_origin_is_a_training_of_that_day)
{
    put_fleet("past", as_it_was);
    int n, checked = 0;
    free(evaluate("past", "--origins 1 --until 2026-04-28 --accounts together"));
    prediction *list = predictions(&n);
    command_run run = run_shell(
        folder, "\"$HOLDFAST\" train --store past --outcomes past.csv --horizon 20 --lead 5 --plain "
                "--c 0.3 --until 2026-04-28 --known-until 2026-04-28 -o m.json -q && "
                "\"$HOLDFAST\" score --store past --as-of 2026-04-28 --model m.json -o s.csv -q");
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
    char *scores = get_file(folder, "s.csv", NULL);
    for (int i = 0; i < n; i++) {
        char key[16];
        snprintf(key, sizeof key, "\n%s,", list[i].id);
        const char *at = strstr(scores, key);
        cr_assert_not_null(at);
        cr_assert_str_eq(list[i].origin, "2026-04-28");
        cr_assert_float_eq(atof(at + strlen(key)), atof(list[i].probability), 6e-8, "%s", list[i].id);
        checked++;
    }
    cr_assert_gt(checked, 50);
    free(scores);
    free(list);
}

// An account's own past is trained on where accounts are together, and nowhere where they are apart.
Test(rolling, an_accounts_past_does_not_judge_it)
{
    const int account = 7;
    char id[8];
    snprintf(id, sizeof id, "c%03d", account);
    cr_assert_gt(last_month(account), APRIL, "this account has to be there in April");
    put_fleet("past", as_it_was);
    put_fleet("other", (variant){MONTHS, account});
    for (int together = 0; together < 2; together++) {
        const char *options = together ? "--origins 1 --until 2026-04-28 --accounts together"
                                       : "--origins 1 --until 2026-04-28";
        int n, m, own = 0, others = 0;
        free(evaluate("past", options));
        prediction *a = predictions(&n);
        free(evaluate("other", options));
        prediction *b = predictions(&m);
        cr_assert_eq(n, m);
        for (int i = 0; i < n; i++) {
            const bool differs = strcmp(a[i].probability, b[i].probability) != 0;
            if (strcmp(a[i].id, id) == 0)
                own += differs;
            else
                others += differs;
        }
        cr_assert_eq(own, together);
        cr_assert_gt(others, 0);
        free(a);
        free(b);
    }
}

static double auc_by_hand(const prediction *list, int n, const char *origin)
{
    double won = 0, pairs = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            if (list[i].outcome != 1 || list[j].outcome != 0) continue;
            if (origin && (strcmp(list[i].origin, origin) != 0 || strcmp(list[j].origin, origin) != 0))
                continue;
            const double p = atof(list[i].probability), q = atof(list[j].probability);
            won += p > q ? 1 : p == q ? 0.5 : 0;
            pairs++;
        }
    return won / pairs;
}

static int days_of(const char *date)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243};
    return before[atoi(date + 5) - 1] + atoi(date + 8);
}

// The figures are those of the predictions, windows have closed by the origin, ledgers add up, and threads
// change no byte.
Test(rolling, the_report_says_what_was_predicted)
{
    const char *const options[] = {"", "--every 50 --from 2026-01-01", "--anchor renewal"};
    put_fleet("past", as_it_was);
    for (size_t i = 0; i < 3; i++) {
        char line[LINE];
        int n;
        char *said = evaluate("past", options[i]);
        prediction *list = predictions(&n);
        for (int t = 0; t < (i == 0 ? 3 : 1); t++) {
            const int threads[] = {7, 1, 2};
            snprintf(line, sizeof line, "%s --threads %d", options[i], threads[t]);
            char *again = evaluate("past", line);
            cr_assert_str_eq(again, said, "%d threads", threads[t]);
            free(again);
        }
        json_error_t where;
        json_t *root = json_loads(said, 0, &where), *origin, *pooled = json_object_get(root, "pooled");
        cr_assert_not_null(root, "%s", where.text);
        cr_assert_eq(json_integer_value(json_object_get(pooled, "n")), n);
        cr_assert_float_eq(json_number_value(json_object_get(pooled, "auc")), auc_by_hand(list, n, NULL),
                           1e-9);
        const json_t *total = json_object_get(json_object_get(root, "ledger"), "total");
        cr_assert_eq(json_integer_value(json_object_get(total, "kept")), n);
        size_t k, origins = json_array_size(json_object_get(root, "origins"));
        cr_assert_eq(origins, i == 1 ? 2 : 3, "%s", said);
        json_array_foreach(json_object_get(root, "origins"), k, origin)
        {
            const char *day = json_string_value(json_object_get(origin, "origin"));
            const json_t *trained = json_object_get(origin, "trained");
            const char *to = json_string_value(json_object_get(trained, "to"));
            cr_assert_leq(days_of(to) + 5 + 20, days_of(day));
            cr_assert_float_eq(json_number_value(json_object_get(origin, "auc")), auc_by_hand(list, n, day),
                               1e-9);
        }
        json_decref(root);
        free(list);
        free(said);
    }
}

// The ledger of anchored rows goes by month, with the reasons that only they have.
Test(rolling, the_card_of_anchored_rows_has_their_ledger)
{
    put_fleet("past", as_it_was);
    command_run run = run_holdfast(folder, "train --store past --outcomes past.csv --horizon 20 --lead 5 "
                                           "--anchor renewal --plain --c 1 --bootstrap 0 --allow-small -q "
                                           "-o m.json");
    cr_assert_eq(run.code, 0, "%s", run.err);
    free_run(&run);
    char *card = get_file(folder, "m.md", NULL);
    cr_expect_not_null(strstr(card,
                              "| month | dates | it had happened | in the lead | censored | no snapshot | "
                              "moved |"),
                       "%s", card);
    cr_expect_not_null(strstr(card, "| 2026-03 |"), "%s", card);
    free(card);
    run = run_holdfast(folder, "evaluate --store past --model m.json --outcomes past.csv --anchor renewal "
                               "--replicates 0");
    cr_assert_eq(run.code, 0, "%s", run.err);
    cr_expect_not_null(strstr(run.err, "figures there are too good"), "%s", run.err);
    free_run(&run);
}

static void refuse(const char *line, int code, const char *words)
{
    command_run run = run_holdfast(folder, line);
    cr_assert_eq(run.code, code, "%s: exit code %d: %s", line, run.code, run.err);
    cr_assert_not_null(strstr(run.err, words), "%s: %s", line, run.err);
    free_run(&run);
}

Test(rolling, what_cannot_be_is_refused)
{
#define EVALUATE "evaluate --store past --outcomes past.csv --plain "
    put_fleet("past", as_it_was);
    refuse("evaluate --store past", 2, "--definition FILE, a model with --model MODEL, or pass --outcomes");
    refuse("evaluate --store past --origins 2", 2, "--outcomes FILE");
    refuse("evaluate --store past --outcomes past.csv", 2, "--horizon DAYS");
    refuse(EVALUATE "--horizon 400", 5, "no snapshot can be an origin");
    refuse(EVALUATE "--horizon 20 --from 2026-05-01 --until 2026-04-01", 2, "is after --until");
    refuse(EVALUATE "--horizon 20 --from 2027-01-01", 3, "as of 2026-01-28 to 2026-06-28");
    refuse(EVALUATE "--horizon 20 --anchor renewal --every 30", 2, "--every has no effect");
    refuse(EVALUATE "--horizon 20 --anchor-age 30", 2, "without --anchor");
    refuse(EVALUATE "--horizon 20 --accounts alone", 2, "apart");
    refuse(EVALUATE "--horizon 20 --predictions past.csv --force", 2, "also read");
    refuse("train --store past --outcomes past.csv --horizon 20 -o m.json --ledger m.json", 2,
           "also written");
}
