// SPDX-License-Identifier: Apache-2.0
//
// The truth against the files: log-odds recomputed from the text of the cells and from truth.json alone must
// predict the churn in outcomes.csv, in sum, by decile, and term by term; and the best AUC must be that of a
// count over all pairs.
#include "synth/fleet_reader.h"

#include <math.h>

enum { MOST = 80000 };

// Every published (account, month): what the truth says and what happened.
typedef struct {
    int rows;
    double log_odds[MOST], p[MOST];
    unsigned char churned[MOST];
} history;

static const json_t *terms_of(const json_t *truth)
{
    return json_object_get(truth, "terms");
}

static double real_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    cr_assert(json_is_number(value), "%s", key);
    return json_number_value(value);
}

// A term's value for a cell; *standard is what its coefficient multiplies (1 where missing or of a level).
static double term_value(const json_t *term, const char *text, double *standard)
{
    const json_t *effects = json_object_get(term, "effects");
    *standard = 1.0;
    if (effects) return real_of(effects, text);
    if (text[0] == '\0') return real_of(term, "missing");
    *standard = (number_of(text) - real_of(term, "mean")) / real_of(term, "deviation");
    return real_of(term, "coefficient") * *standard;
}

// The standardised value of a signal of a pair.
static double standard_of(const json_t *truth, const json_t *signal, const table *t, int row)
{
    const char *name = json_string_value(signal);
    size_t i;
    json_t *term;
    json_array_foreach((json_t *)terms_of(truth), i, term)
    {
        if (strcmp(json_string_value(json_object_get(term, "signal")), name) != 0) continue;
        return (number_of(cell(t, row, name)) - real_of(term, "mean")) / real_of(term, "deviation");
    }
    cr_assert_fail("%s", name);
    return 0.0;
}

static bool meets(const json_t *condition, const table *t, int row)
{
    const char *text = cell(t, row, json_string_value(json_object_get(condition, "signal")));
    const json_t *is = json_object_get(condition, "is"), *to = json_object_get(condition, "to");
    if (is) return strcmp(text, json_string_value(is)) == 0;
    const double x = number_of(text);
    return x >= real_of(condition, "from") && (json_is_null(to) || x <= json_number_value(to));
}

static double interactions_of(const json_t *truth, const table *t, int row)
{
    const json_t *interactions = json_object_get(truth, "interactions");
    const json_t *pair = json_object_get(interactions, "pair"), *rule = json_object_get(interactions, "rule");
    const json_t *signals = json_object_get(pair, "signals");
    size_t i;
    json_t *condition;
    bool holds = true;
    if (!interactions) return 0.0;
    cr_assert_eq(json_array_size(json_object_get(rule, "conditions")), 3);
    json_array_foreach(json_object_get(rule, "conditions"), i, condition)
    {
        holds = holds && meets(condition, t, row);
    }
    return real_of(pair, "coefficient") * standard_of(truth, json_array_get(signals, 0), t, row) *
               standard_of(truth, json_array_get(signals, 1), t, row) +
           (holds ? real_of(rule, "effect") : 0.0);
}

static double log_odds_of(const json_t *truth, const table *t, int row)
{
    double sum = real_of(truth, "intercept"), standard;
    size_t i;
    json_t *term;
    json_array_foreach((json_t *)terms_of(truth), i, term)
    {
        const char *name = json_string_value(json_object_get(term, "signal"));
        sum += term_value(term, cell(t, row, name), &standard);
    }
    return sum + interactions_of(truth, t, row);
}

// Whether outcomes has a churn of the account in (as_of, as_of + 28]. Its rows are in order of date.
static bool churns(const table *outcomes, const char *account, hf_date as_of, int *from)
{
    while (*from < outcomes->rows && date_of(outcomes->cells[*from * 4 + 1]) <= as_of)
        (*from)++;
    for (int i = *from; i < outcomes->rows && date_of(outcomes->cells[i * 4 + 1]) <= as_of + 28; i++) {
        if (strcmp(outcomes->cells[i * 4], account) == 0 && strcmp(outcomes->cells[i * 4 + 2], "churn") == 0)
            return true;
    }
    return false;
}

static double floor_to_bin(double x)
{
    return floor(x * 32768.0) / 32768.0;
}

// By all pairs; binned: of the log-odds taken down to a multiple of 2^-15.
static double pair_auc(const double *x, const unsigned char *y, int n, bool binned)
{
    double won = 0.0, pairs = 0.0;
    for (int i = 0; i < n; i++) {
        if (!y[i]) continue;
        double event = binned ? floor_to_bin(x[i]) : x[i];
        for (int j = 0; j < n; j++) {
            if (y[j]) continue;
            double other = binned ? floor_to_bin(x[j]) : x[j];
            won += event > other ? 1.0 : event == other ? 0.5 : 0.0;
            pairs += 1.0;
        }
    }
    return won / pairs;
}

static void check_summary(const json_t *summary, const double *x, const double *p, const unsigned char *y,
                          int n)
{
    double expected = 0.0, events = 0.0;
    for (int i = 0; i < n; i++) {
        expected += p[i];
        events += y[i];
    }
    cr_assert_float_eq(real_of(summary, "expected_events"), expected, 1e-8);
    cr_assert_eq(real_of(summary, "events"), events);
    cr_assert_eq(real_of(summary, "accounts"), n);
    double best = real_of(summary, "best_auc");
    cr_assert_float_eq(best, pair_auc(x, y, n, true), 1e-12);
    cr_assert_float_eq(best, pair_auc(x, y, n, false), 2e-5);
}

// Sum of (y - p) x over the rows, in deviations under the truth: near a standard normal if the term is true.
typedef struct {
    double sum, variance;
} score;

static void add_score(score *s, double x, double p, int y)
{
    s->sum += (y - p) * x;
    s->variance += p * (1.0 - p) * x * x;
}

static void check_score(const score *s, const char *name, const char *part)
{
    double deviations = s->sum / sqrt(s->variance);
    cr_assert(fabs(deviations) < 4.5, "%s %s: %g deviations", name, part, deviations);
}

static void load_month(history *all, table *t, const json_t *truth, const char *folder, int m,
                       const table *outcomes)
{
    char name[40];
    month_name(name, truth, m);
    *t = read_table(folder, name);
    char date[11];
    snprintf(date, sizeof date, "%.10s", name + strlen("accounts-"));
    hf_date as_of = date_of(date);
    int from = 0;
    for (int row = 0; row < t->rows; row++) {
        cr_assert_lt(all->rows, MOST);
        double x = log_odds_of(truth, t, row);
        all->log_odds[all->rows] = x;
        all->p[all->rows] = 1.0 / (1.0 + exp(-x));
        all->churned[all->rows++] = churns(outcomes, t->cells[row * t->columns], as_of, &from);
    }
}

enum { ACCOUNTS = 3000, MONTHS = 13, TERM_LEVELS = 8 };

// The scores of one term's parts: its value, its absence, its levels.
typedef struct {
    score linear, missing, levels[TERM_LEVELS];
} term_score;

static void add_cell(term_score *s, const json_t *term, const char *text, double p, int y)
{
    const json_t *effects = json_object_get(term, "effects");
    double standard;
    int level = 0;
    const char *key;
    json_t *value;
    term_value(term, text, &standard);
    if (!effects) {
        add_score(text[0] == '\0' ? &s->missing : &s->linear, standard, p, y);
        return;
    }
    json_object_foreach((json_t *)effects, key, value)
    {
        if (strcmp(key, text) == 0) add_score(&s->levels[level], 1.0, p, y);
        level++;
    }
}

static void check_term(const json_t *term, const history *all, const table *months)
{
    const char *name = json_string_value(json_object_get(term, "signal"));
    const int column = find_name(&months[0], name);
    term_score s = {0};
    for (int m = 0, i = 0; m < MONTHS - 1; m++)
        for (int row = 0; row < months[m].rows; row++, i++)
            add_cell(&s, term, months[m].cells[row * months[m].columns + column], all->p[i], all->churned[i]);
    if (s.linear.variance > 0.0) check_score(&s.linear, name, "value");
    if (s.missing.variance > 0.0) check_score(&s.missing, name, "missing");
    for (int l = 0; l < TERM_LEVELS; l++)
        if (s.levels[l].variance > 1.0) check_score(&s.levels[l], name, "level");
}

// In sum, and term by term.
static void check_scores(const json_t *truth, const history *all, const table *months)
{
    score whole = {0};
    size_t index;
    json_t *term;
    for (int i = 0; i < all->rows; i++)
        add_score(&whole, 1.0, all->p[i], all->churned[i]);
    check_score(&whole, "intercept", "");
    json_array_foreach((json_t *)terms_of(truth), index, term)
    {
        check_term(term, all, months);
    }
}

// Reads every month whose outcomes are known, against its summary in the truth; the last has none.
static void check_months(history *all, table *months, const json_t *truth, const char *folder)
{
    table outcomes = read_table(folder, "outcomes.csv");
    const json_t *by_month = json_object_get(truth, "by_month");
    cr_assert_eq(json_array_size(by_month), MONTHS);
    for (int m = 0; m < MONTHS - 1; m++) {
        const int begin = all->rows;
        load_month(all, &months[m], truth, folder, m, &outcomes);
        check_summary(json_array_get(by_month, (size_t)m), all->log_odds + begin, all->p + begin,
                      all->churned + begin, all->rows - begin);
    }
    const json_t *last = json_array_get(by_month, MONTHS - 1);
    cr_assert(json_is_null(json_object_get(last, "events")));
    cr_assert(json_is_null(json_object_get(last, "best_auc")));
    free_table(&outcomes);
}

static void expect_truth(hf_synth_truth kind, double usual_rate, double least_auc, double most_auc)
{
    static history all;
    static table months[MONTHS];
    char folder[PATH_BYTES];
    make_scratch(folder);
    cr_assert_eq(write_fleet_of(folder, kind, ACCOUNTS, MONTHS, 11, 2), HF_OK);
    json_t *truth = read_truth(folder);
    check_months(&all, months, truth, folder);
    const json_t *pooled = json_object_get(truth, "pooled");
    check_summary(pooled, all.log_odds, all.p, all.churned, all.rows);

    // What the fleet promises to be.
    double rate = real_of(pooled, "expected_events") / all.rows, best = real_of(pooled, "best_auc");
    cr_assert(rate > 0.7 * usual_rate && rate < 1.4 * usual_rate, "rate %g", rate);
    cr_assert(best > least_auc && best < most_auc, "best AUC %g", best);
    cr_assert_eq(json_object_get(truth, "interactions") != NULL, kind == HF_SYNTH_INTERACTIONS);

    check_scores(truth, &all, months);
    for (int m = 0; m < MONTHS - 1; m++)
        free_table(&months[m]);
    json_decref(truth);
    remove_folder(folder);
}

Test(synth_truth, predicts_what_happened)
{
    expect_truth(HF_SYNTH_ADDITIVE, 0.025, 0.80, 0.87);
}

Test(synth_truth, predicts_what_happened_with_interactions)
{
    expect_truth(HF_SYNTH_INTERACTIONS, 0.06, 0.85, 0.92);
}

Test(synth_truth, names_every_term_with_its_constants)
{
    char folder[PATH_BYTES];
    make_scratch(folder);
    cr_assert_eq(write_fleet(folder, 5, 1, 18446744073709551615u, 1), HF_OK);
    json_t *truth = read_truth(folder);
    cr_assert_str_eq(json_string_value(json_object_get(truth, "seed")), "18446744073709551615");
    int zero = 0, missing = 0;
    size_t index;
    json_t *term;
    cr_assert_eq(json_array_size(terms_of(truth)), 28); // all signals but the date
    json_array_foreach((json_t *)terms_of(truth), index, term)
    {
        if (json_object_get(term, "effects")) continue;
        cr_assert_gt(real_of(term, "deviation"), 0.0);
        zero += real_of(term, "coefficient") == 0.0;
        missing += json_object_get(term, "missing") != NULL;
    }
    cr_assert_eq(zero, 3);
    cr_assert_eq(missing, 4);
    cr_assert(json_is_null(json_object_get(json_object_get(truth, "pooled"), "best_auc")));
    json_decref(truth);
    remove_folder(folder);
}
