// SPDX-License-Identifier: Apache-2.0
//
// The whole way from monthly files to a model, on a fleet whose truth is written down: the coefficients come
// back within their standard errors, and the AUC on a later fleet is near the best any model could reach.
// Standard errors come from the Fisher information at the truth, computed here from the files themselves.
#include "churn/churn_room.h"
#include "frame/frame_room.h"
#include "holdfast/holdfast.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS = 4000, MONTHS = 18, LIMIT = 80 };

static char folder[64];
static hf_synth_truth truth_kind = HF_SYNTH_ADDITIVE;
static int32_t replicates; // of the bands of curves
static hf_context *context;
static hf_error error;

static void good(hf_status status)
{
    cr_assert_eq(status, HF_OK, "%s: %s", hf_status_text(status), error.message);
}

static void enter(void)
{
    strcpy(folder, "/tmp/holdfast-truth-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    good(hf_context_create(&context, NULL, &error));
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static void leave(void)
{
    hf_context_destroy(context);
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(truth, .init = enter, .fini = leave, .timeout = 280);

static const char *in_folder(const char *name)
{
    static char path[4][512];
    static int turn;
    char *out = path[turn++ % 4];
    snprintf(out, 512, "%s/%s", folder, name);
    return out;
}

// ---- the truth's parameters --------------------------------------------------------------------------------

// One column of the design: a standardised signal, a signal's absence, or a level against its base level.
typedef struct {
    const char *signal, *level; // level NULL: the number; "" its absence
    double mean, deviation, effect;
} parameter;

static parameter parameters[LIMIT];
static int parameter_count;
static double intercept;
static json_t *truth;

static void read_truth(const char *name)
{
    json_error_t at;
    truth = json_load_file(in_folder(name), 0, &at);
    cr_assert_not_null(truth, "%s", at.text);
    intercept = json_number_value(json_object_get(truth, "intercept"));
    parameter_count = 0;
    size_t i;
    json_t *term, *effect;
    json_array_foreach(json_object_get(truth, "terms"), i, term)
    {
        const char *signal = json_string_value(json_object_get(term, "signal")), *level;
        json_t *effects = json_object_get(term, "effects"), *missing = json_object_get(term, "missing");
        double mean = json_number_value(json_object_get(term, "mean"));
        double deviation = json_number_value(json_object_get(term, "deviation"));
        if (effects) {
            bool base = true;
            double at_base = 0;
            json_object_foreach(effects, level, effect)
            {
                // The first level is the base: its effect joins the intercept, the others are differences.
                if (base)
                    at_base = json_number_value(effect), intercept += at_base;
                else
                    parameters[parameter_count++] =
                        (parameter){signal, level, 0, 1, json_number_value(effect) - at_base};
                base = false;
            }
            continue;
        }
        parameters[parameter_count++] = (parameter){signal, NULL, mean, deviation,
                                                    json_number_value(json_object_get(term, "coefficient"))};
        if (missing)
            parameters[parameter_count++] =
                (parameter){signal, "", mean, deviation, json_number_value(missing)};
    }
    cr_assert_leq(parameter_count, LIMIT);
}

static double cell(const hf_frame *frame, const parameter *p, int64_t row)
{
    const hf_column *column = &frame->columns[hf_frame_find(frame, p->signal)];
    if (p->level && p->level[0] != '\0') {
        int32_t code = ((const int32_t *)column->values)[row];
        return strcmp(hf_dictionary_text(&column->dictionary, code), p->level) == 0;
    }
    double x = hf_column_number(column, row);
    if (p->level) return isnan(x);
    return isnan(x) ? 0 : (x - p->mean) / p->deviation;
}

// ---- standard errors ---------------------------------------------------------------------------------------

static double information[LIMIT + 1][LIMIT + 1];

static void add_information(const hf_frame *frame)
{
    int n = parameter_count + 1;
    for (int64_t row = 0; row < frame->rows; row++) {
        double x[LIMIT + 1] = {1}, log_odds = intercept;
        for (int j = 0; j < parameter_count; j++) {
            x[j + 1] = cell(frame, &parameters[j], row);
            log_odds += x[j + 1] * parameters[j].effect;
        }
        double p = 1 / (1 + exp(-log_odds)), weight = p * (1 - p);
        for (int a = 0; a < n; a++)
            for (int b = 0; b < n; b++)
                information[a][b] += weight * x[a] * x[b];
    }
}

// Gauss-Jordan with pivoting; the inverse's diagonal is what is wanted.
static void invert(double inverse[LIMIT + 1][LIMIT + 1], int n)
{
    memset(inverse, 0, sizeof(double[LIMIT + 1][LIMIT + 1]));
    for (int i = 0; i < n; i++)
        inverse[i][i] = 1;
    for (int i = 0; i < n; i++) {
        int pivot = i;
        for (int r = i; r < n; r++)
            if (fabs(information[r][i]) > fabs(information[pivot][i])) pivot = r;
        cr_assert_gt(fabs(information[pivot][i]), 1e-9, "parameter %d is not identified", i);
        for (int c = 0; c < n; c++) {
            double t = information[i][c];
            information[i][c] = information[pivot][c], information[pivot][c] = t;
            t = inverse[i][c];
            inverse[i][c] = inverse[pivot][c], inverse[pivot][c] = t;
        }
        double scale = information[i][i];
        for (int c = 0; c < n; c++)
            information[i][c] /= scale, inverse[i][c] /= scale;
        for (int r = 0; r < n; r++) {
            double factor = information[r][i];
            if (r == i || factor == 0) continue;
            for (int c = 0; c < n; c++)
                information[r][c] -= factor * information[i][c], inverse[r][c] -= factor * inverse[i][c];
        }
    }
}

// ---- the model's estimates of them ---------------------------------------------------------------------------

static const hf_term *term_of(const hf_model *model, const char *signal)
{
    for (int32_t t = 0; t < model->term_count; t++)
        if (strcmp(model->terms[t].signal, signal) == 0) return &model->terms[t];
    cr_assert_fail("the model has no term for %s", signal);
    return NULL;
}

static double estimate(const hf_model *model, const parameter *p)
{
    const hf_term *term = term_of(model, p->signal);
    if (!p->level)
        return (hf_term_value_number(term, p->mean + p->deviation) - hf_term_value_number(term, p->mean));
    if (p->level[0] == '\0') return hf_term_value_number(term, NAN) - hf_term_value_number(term, p->mean);
    json_t *item;
    size_t i;
    json_array_foreach(json_object_get(truth, "terms"), i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "signal")), p->signal) != 0) continue;
        const char *base = json_object_iter_key(json_object_iter(json_object_get(item, "effects")));
        return hf_term_value_level(term, p->level) - hf_term_value_level(term, base);
    }
    return NAN;
}

// ---- the way there -------------------------------------------------------------------------------------------

static void make_fleet(const char *name, int64_t accounts, int32_t months, uint64_t seed)
{
    hf_synth_options options = HF_SYNTH_OPTIONS_INIT;
    options.accounts = accounts;
    options.months = months;
    options.seed = seed;
    options.truth = truth_kind;
    good(hf_synth_write(context, in_folder(name), &options, &error));
}

// Ingests every month of a fleet; the dates come from the files' names. Adds up the information of all months
// but the last, whose outcomes are not known, when asked.
static void ingest_fleet(const char *name, const char *store, bool inform)
{
    glob_t found;
    char pattern[512], output[512];
    snprintf(pattern, sizeof pattern, "%s/accounts-*.csv", in_folder(name));
    snprintf(output, sizeof output, "%s", in_folder("ingested"));
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        hf_ingest_job job = {.files = (const char *const *)&found.gl_pathv[i],
                             .file_count = 1,
                             .csv = HF_CSV_OPTIONS_INIT,
                             .store = in_folder(store),
                             .output = output};
        cr_assert(hf_date_parse(&job.as_of, path + strlen(path) - 14, 10));
        good(hf_workflow_ingest(context, &job, &error));
        if (!inform || i + 1 == found.gl_pathc) continue;
        hf_frame *frame;
        hf_csv_options csv = HF_CSV_OPTIONS_INIT;
        csv.id = "account_id";
        good(hf_csv_read(&frame, NULL, context, path, &csv, &error));
        add_information(frame);
        hf_frame_destroy(frame);
    }
    globfree(&found);
}

static void train(const char *store, const char *fleet, double c, bool plain, const char *model)
{
    char outcomes[512], path[512], output[512];
    snprintf(outcomes, sizeof outcomes, "%s/outcomes.csv", in_folder(fleet));
    snprintf(path, sizeof path, "%s", in_folder(model));
    snprintf(output, sizeof output, "%s", in_folder("trained"));
    hf_train_job job = {.csv = HF_CSV_OPTIONS_INIT,
                        .store = in_folder(store),
                        .outcomes = outcomes,
                        .horizon = 30,
                        .known_until = HF_DATE_MISSING,
                        .fit = HF_TRAIN_OPTIONS_INIT,
                        .model = path,
                        .output = output};
    job.fit.c = c;
    job.fit.plain = plain;
    job.fit.bootstrap = replicates;
    good(hf_workflow_train(context, &job, &error));
}

Test(truth, coefficients_come_back_within_their_standard_errors)
{
    static double inverse[LIMIT + 1][LIMIT + 1];
    make_fleet("fleet", ACCOUNTS, MONTHS, 11);
    read_truth("fleet/truth.json");
    ingest_fleet("fleet", "store", true);
    train("store", "fleet", 1e4, true, "model.json"); // so little shrinkage that it does not show
    hf_model *model;
    good(hf_model_load(&model, context, in_folder("model.json"), &error));
    invert(inverse, parameter_count + 1);
    double chi_squared = 0;
    for (int j = 0; j < parameter_count; j++) {
        double standard_error = sqrt(inverse[j + 1][j + 1]);
        double z = (estimate(model, &parameters[j]) - parameters[j].effect) / standard_error;
        cr_assert_lt(fabs(z), 4.0, "%s %s: estimated %g, truth %g, standard error %g", parameters[j].signal,
                     parameters[j].level ? parameters[j].level : "", estimate(model, &parameters[j]),
                     parameters[j].effect, standard_error);
        chi_squared += z * z;
    }
    // The parameters are correlated, so the bounds are wide; they still fail for errors half or double.
    cr_assert_gt(chi_squared / parameter_count, 0.4, "%g: closer to the truth than chance allows",
                 chi_squared);
    cr_assert_lt(chi_squared / parameter_count, 2.0, "%g: farther from the truth than chance allows",
                 chi_squared);
    cr_assert_gt(parameter_count, 35);
    hf_model_destroy(model);
    json_decref(truth);
}

// The AUC of the model on another fleet of the same truth, one date, beside the AUC of the truth itself.
static void expect_near_the_best(double within)
{
    make_fleet("later", HOLDFAST_SANITIZED ? 10000 : 40000, 2, 13);
    json_error_t at;
    json_t *later = json_load_file(in_folder("later/truth.json"), 0, &at);
    cr_assert_not_null(later, "%s", at.text);
    double best =
        json_number_value(json_object_get(json_array_get(json_object_get(later, "by_month"), 0), "best_auc"));

    // The first month's accounts with the churn of the second as their label.
    char command[2048], table[512], output[512];
    snprintf(table, sizeof table, "%s", in_folder("table.csv"));
    snprintf(command, sizeof command,
             "cd %s/later && first=$(ls accounts-*.csv | head -n 1) && "
             "awk -F, 'NR == FNR { if ($3 == \"churn\") gone[$1] = 1; next } "
             "FNR == 1 { print $0 \",churned\"; next } { print $0 \",\" ($1 in gone ? \"yes\" : \"no\") }' "
             "outcomes.csv \"$first\" > %s",
             folder, table);
    cr_assert_eq(system(command), 0);
    snprintf(output, sizeof output, "%s", in_folder("figures.json"));
    hf_evaluate_job job = {.file = table,
                           .csv = HF_CSV_OPTIONS_INIT,
                           .target = "churned",
                           .model = in_folder("model.json"),
                           .fit = HF_TRAIN_OPTIONS_INIT,
                           .alpha = 0.05,
                           .format = HF_REPORT_JSON,
                           .output = output};
    job.csv.id = "account_id";
    good(hf_workflow_evaluate(context, &job, &error));
    json_t *figures = json_load_file(output, 0, &at);
    cr_assert_not_null(figures, "%s", at.text);
    double auc = json_number_value(json_object_get(json_object_get(figures, "mean"), "auc"));
    cr_log_info("AUC %.4f, the best there can be %.4f", auc, best);
    cr_assert_gt(best, 0.75);
    cr_assert_lt(best - auc, within, "the model reaches %g where the truth reaches %g", auc, best);
    cr_assert_gt(best - auc, -within, "the model reaches %g, beyond the truth's %g", auc, best);
    json_decref(figures);
    json_decref(later);
}

// Fleets that say something take minutes under a sanitizer: there fewer rows, which say less.
Test(truth, the_auc_is_near_the_best_there_can_be)
{
    make_fleet("fleet", HOLDFAST_SANITIZED ? 1000 : ACCOUNTS, HOLDFAST_SANITIZED ? 7 : MONTHS, 12);
    ingest_fleet("fleet", "store", false);
    train("store", "fleet", 0, false, "model.json");
    expect_near_the_best(HOLDFAST_SANITIZED ? 0.03 : 0.005);
}

// ---- what is kept beside curves --------------------------------------------------------------------------

static int count_kind(const hf_model *model, hf_term_kind kind)
{
    int count = 0;
    for (int32_t t = 0; t < model->term_count; t++)
        count += model->terms[t].kind == kind;
    return count;
}

// What the truth says of one point of a signal's curve: of a number, a level, or missing.
static double true_effect(const json_t *term, double x, const char *level, bool missing)
{
    if (missing) return json_number_value(json_object_get(term, "missing"));
    if (level) return json_number_value(json_object_get(json_object_get(term, "effects"), level));
    return json_number_value(json_object_get(term, "coefficient")) *
           (x - json_number_value(json_object_get(term, "mean"))) /
           json_number_value(json_object_get(term, "deviation"));
}

static double true_mean(const json_t *term, const hf_frame *const *frames, int count)
{
    const char *signal = json_string_value(json_object_get(term, "signal"));
    double sum = 0, rows = 0;
    for (int m = 0; m < count; m++) {
        const hf_column *column = &frames[m]->columns[hf_frame_find(frames[m], signal)];
        for (int64_t i = 0; i < frames[m]->rows; i++) {
            const bool category = column->storage == HF_STORAGE_CODE;
            const int32_t code = category ? ((const int32_t *)column->values)[i] : 0;
            const double x = category ? 0 : hf_column_number(column, i);
            sum += true_effect(term, x, category ? hf_dictionary_text(&column->dictionary, code) : NULL,
                               !category && isnan(x));
        }
        rows += (double)frames[m]->rows;
    }
    return sum / rows;
}

// Whether the whole true curve lies within the band of the summary's points.
static bool in_band(const json_t *summary, const json_t *term, double mean)
{
    size_t i;
    json_t *point;
    json_array_foreach(json_object_get(summary, "points"), i, point)
    {
        const json_t *low = json_object_get(point, "low"), *high = json_object_get(point, "high");
        if (!low || json_object_get(point, "other")) continue;
        const double value = true_effect(term, json_number_value(json_object_get(point, "at")),
                                         json_string_value(json_object_get(point, "level")),
                                         json_is_true(json_object_get(point, "missing"))) -
                             mean;
        if (value < json_number_value(low) || value > json_number_value(high)) return false;
    }
    return true;
}

// All months that are trained on: all but the last.
static int read_months(hf_frame **frames, const char *name)
{
    glob_t found;
    char pattern[512];
    snprintf(pattern, sizeof pattern, "%s/accounts-*.csv", in_folder(name));
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
    const int count = (int)found.gl_pathc - 1;
    for (int i = 0; i < count; i++) {
        hf_csv_options csv = HF_CSV_OPTIONS_INIT;
        csv.id = "account_id";
        good(hf_csv_read(&frames[i], NULL, context, found.gl_pathv[i], &csv, &error));
    }
    globfree(&found);
    return count;
}

Test(truth, curves_lie_in_their_bands_and_nothing_else_is_kept)
{
    hf_frame *frames[MONTHS];
    hf_model *model;
    if (HOLDFAST_SANITIZED) cr_skip_test("too slow under a sanitizer");
    replicates = 40;
    make_fleet("fleet", 2000, 13, 1);
    read_truth("fleet/truth.json");
    ingest_fleet("fleet", "store", false);
    train("store", "fleet", 0, false, "model.json");
    good(hf_model_load(&model, context, in_folder("model.json"), &error));
    cr_assert_eq(count_kind(model, HF_TERM_SURFACE), 0, "a pair is kept and there is none");
    cr_assert_eq(count_kind(model, HF_TERM_RULE), 0, "a rule is kept and there is none");
    const int months = read_months(frames, "fleet");
    const json_t *summaries = json_object_get(json_object_get(model->record, "summary"), "terms");
    int inside = 0, signals = 0;
    size_t s, t;
    json_t *summary, *term;
    json_array_foreach(summaries, s, summary)
    {
        json_array_foreach(json_object_get(truth, "terms"), t, term)
        {
            if (!json_equal(json_object_get(term, "signal"), json_object_get(summary, "signal"))) continue;
            const bool in = in_band(summary, term, true_mean(term, (const hf_frame *const *)frames, months));
            if (!in) cr_log_info("%s leaves its band", json_string_value(json_object_get(term, "signal")));
            inside += in;
            signals++;
        }
    }
    cr_assert_eq(signals, 28);
    cr_assert_geq(10 * inside, 9 * signals, "%d of %d curves lie in their bands", inside, signals);
    for (int m = 0; m < months; m++)
        hf_frame_destroy(frames[m]);
    hf_model_destroy(model);
    json_decref(truth);
}

static const hf_term *only_of_kind(const hf_model *model, hf_term_kind kind)
{
    const hf_term *found = NULL;
    for (int32_t t = 0; t < model->term_count; t++) {
        if (model->terms[t].kind != kind) continue;
        cr_assert_null(found, "%s beside %s", model->terms[t].signal, found->signal);
        found = &model->terms[t];
    }
    cr_assert_not_null(found, "the model has no term of kind %d", (int)kind);
    return found;
}

// Whether the true rule holds for a row.
static bool truly_holds(const json_t *rule, const hf_frame *frame, int64_t row)
{
    size_t i;
    json_t *condition;
    json_array_foreach(json_object_get(rule, "conditions"), i, condition)
    {
        const char *level = json_string_value(json_object_get(condition, "is"));
        const json_t *from = json_object_get(condition, "from"), *to = json_object_get(condition, "to");
        const char *signal = json_string_value(json_object_get(condition, "signal"));
        const hf_column *column = &frame->columns[hf_frame_find(frame, signal)];
        if (level) {
            const int32_t code = ((const int32_t *)column->values)[row];
            if (strcmp(hf_dictionary_text(&column->dictionary, code), level) != 0) return false;
            continue;
        }
        const double x = hf_column_number(column, row);
        if (json_is_number(from) && x < json_number_value(from)) return false;
        if (json_is_number(to) && x > json_number_value(to)) return false;
    }
    return true;
}

// The model's rule has a weight where the true one has its effect, but for one row in twenty of those.
static void expect_rule(const hf_term *term, const json_t *rule, const hf_frame *frame)
{
    hf_compiled_term *compiled = NULL;
    int64_t holds = 0, wrong = 0;
    cr_assert_eq(term->axis_count, 3, "%s", term->signal);
    good(hf_term_compile_in(&compiled, context, term, frame, NULL, &error));
    for (int64_t row = 0; row < frame->rows; row++) {
        const bool said = hf_term_contribution(compiled, row) + term->reference > 1.0;
        const bool truly = truly_holds(rule, frame, row);
        holds += truly;
        wrong += said != truly;
    }
    cr_expect_gt(holds, 10);
    cr_expect_leq(20 * wrong, holds, "%s: %d rows wrong, it holds for %d", term->signal, (int)wrong,
                  (int)holds);
    hf_term_compiled_free(context, compiled);
}

Test(truth, the_pair_and_the_rule_are_found_and_no_other)
{
    hf_frame *frames[MONTHS];
    hf_model *model;
    if (HOLDFAST_SANITIZED) cr_skip_test("too slow under a sanitizer");
    truth_kind = HF_SYNTH_INTERACTIONS;
    make_fleet("fleet", 3000, 13, 1);
    read_truth("fleet/truth.json");
    ingest_fleet("fleet", "store", false);
    train("store", "fleet", 0, false, "model.json");
    good(hf_model_load(&model, context, in_folder("model.json"), &error));
    const json_t *interactions = json_object_get(truth, "interactions");
    const json_t *names = json_object_get(json_object_get(interactions, "pair"), "signals");
    const hf_term *pair = only_of_kind(model, HF_TERM_SURFACE);
    for (size_t k = 0; k < 2; k++) {
        const char *name = json_string_value(json_array_get(names, k));
        cr_expect(strcmp(pair->axes[0].signal, name) == 0 || strcmp(pair->axes[1].signal, name) == 0,
                  "%s has no %s", pair->signal, name);
    }
    const int months = read_months(frames, "fleet");
    expect_rule(only_of_kind(model, HF_TERM_RULE), json_object_get(interactions, "rule"), frames[0]);
    for (int m = 0; m < months; m++)
        hf_frame_destroy(frames[m]);
    hf_model_destroy(model);
    json_decref(truth);
    expect_near_the_best(0.005);
}
