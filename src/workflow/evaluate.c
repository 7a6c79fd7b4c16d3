// SPDX-License-Identifier: Apache-2.0
//
// The evaluate verb: for each fold train on the other rows, score the fold's rows with the very plan that
// serves, and measure. The mean over folds gets the interval of the mean: replicate r of every fold,
// averaged. Pooled, the predictions of all folds are measured as one: what is said of calibration needs many
// rows.
#include "churn/churn_room.h"
#include "holdfast/workflow.h"
#include "metrics/metrics_room.h"
#include "report/report_room.h"
#include "workflow/evaluate_health.h"
#include "workflow/evaluate_model.h"
#include "workflow/evaluate_rolling.h"
#include "workflow/fold_file.h"
#include "workflow/leak_copies.h"
#include "workflow/leak_guard.h"
#include "workflow/small_base.h"

#include <math.h>
#include <string.h>

enum { DRAWN_FOLDS = 5 };

// The predictions of all folds, a row each. Owned arrays.
typedef struct {
    double *probability;
    uint8_t *label;
    int64_t *cluster, count;
} pool;

// Predicts and measures `rows` of the table. replicates: the job's count of hf_metrics, kept for the mean.
// pooled: gets the predictions too; may be NULL.
static hf_status measure(hf_evaluation *out, hf_metrics *replicates, pool *pooled, const hf_context *context,
                         const hf_evaluate_job *job, const hf_labelled *table, const hf_model *model,
                         const int64_t *rows, int64_t count, hf_error *error)
{
    hf_frame *test = NULL;
    double *probability = NULL;
    uint8_t *label = NULL;
    int64_t *cluster = NULL;
    hf_status status;
    HF_TRY(done, hf_frame_select(&test, table->frame, rows, count, error));
    probability = hf_new(context, (size_t)count, sizeof *probability);
    label = hf_new(context, (size_t)count, sizeof *label);
    cluster = hf_new(context, (size_t)count, sizeof *cluster);
    if (!probability || !label || !cluster) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < count; i++) {
        label[i] = table->label[rows[i]];
        cluster[i] = table->cluster ? table->cluster[rows[i]] : i;
    }
    HF_TRY(done, hf_predict(probability, context, model, test, true, error));
    HF_TRY(done, hf_metrics_replicate(&out->metrics, replicates, context, probability, label, cluster, count,
                                      job->replicates, job->alpha, job->fit.seed, error));
    HF_TRY(done, hf_reliability_compute(&out->reliability, context, probability, label, count, error));
    for (int64_t i = 0; pooled && i < count; i++, pooled->count++) {
        pooled->probability[pooled->count] = probability[i];
        pooled->label[pooled->count] = label[i];
        pooled->cluster[pooled->count] = table->cluster ? cluster[i] : rows[i];
    }
done:
    hf_delete(context, probability);
    hf_delete(context, label);
    hf_delete(context, cluster);
    hf_frame_destroy(test);
    return status;
}

// Days between the last date trained on and the first one tested; 0 where they overlap.
static int32_t gap_of(const hf_date *as_of, const int64_t *train, int64_t train_count, const int64_t *test,
                      int64_t test_count)
{
    hf_date last = HF_DATE_MISSING, first = INT32_MAX;
    for (int64_t i = 0; i < train_count; i++)
        if (as_of[train[i]] > last) last = as_of[train[i]];
    for (int64_t i = 0; i < test_count; i++)
        if (as_of[test[i]] < first) first = as_of[test[i]];
    return first > last ? first - last : 0;
}

static hf_status evaluate_fold(hf_evaluation *out, hf_metrics *replicates, pool *pooled,
                               const hf_context *context, const hf_evaluate_job *job,
                               const hf_labelled *table, const hf_folds *folds, int32_t fold, hf_error *error)
{
    hf_model *model = NULL;
    int64_t train = 0, test = 0;
    hf_status status = HF_OK;
    int64_t *train_rows = hf_new(context, (size_t)table->count, sizeof *train_rows);
    int64_t *test_rows = hf_new(context, (size_t)table->count, sizeof *test_rows);
    if (!train_rows || !test_rows) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < table->count; i++) {
        int64_t row = table->rows[i];
        if (folds->fold[row] == fold)
            test_rows[test++] = row;
        else if (folds->fold[row] != HF_FOLD_SKIP)
            train_rows[train++] = row;
    }
    if (test == 0 || train == 0) {
        status =
            hf_fail(error, HF_ERROR_TOO_LITTLE, "fold %lld has %lld rows to test and %lld to train on; %s",
                    (long long)folds->number[fold], (long long)test, (long long)train,
                    train == 0 ? "give other rows another fold's number, or 'train'"
                               : "none of its rows has a target: leave the fold out");
        goto done;
    }
    hf_train_options fit = job->fit;
    if (job->folds && folds->count > 2) fit.fold = folds->fold;
    fit.as_of = table->report.as_of;
    if (fit.as_of) fit.gap = gap_of(fit.as_of, train_rows, train, test_rows, test);
    HF_TRY(done, hf_model_train(&model, context, table->frame, table->label, table->cluster, train_rows,
                                train, &fit, error));
    HF_TRY(done, measure(out, replicates, pooled, context, job, table, model, test_rows, test, error));
    out->c = hf_model_c(model);
    out->train_rows = train;
    hf_model_count_terms(model, &out->curves, &out->surfaces, &out->rules);
    snprintf(out->name, sizeof out->name, "fold %lld", (long long)folds->number[fold]);
done:
    hf_model_destroy(model);
    hf_delete(context, train_rows);
    hf_delete(context, test_rows);
    return status;
}

// The mean of the folds' metrics; its interval from the means of their replicates.
static hf_status mean_of_folds(hf_evaluation *out, const hf_context *context, const hf_evaluation *folds,
                               const hf_metrics *replicates, int32_t count, const hf_evaluate_job *job,
                               hf_error *error)
{
    hf_metrics *means = hf_new(context, (size_t)job->replicates + 1, sizeof *means);
    if (!means) return hf_fail_memory(error);
    hf_metrics *point = &means[job->replicates];
    for (int32_t f = 0; f < count; f++) {
        const hf_metrics *value = &folds[f].metrics.value;
#define ADD_POINT(name, text) point->name += value->name / count;
        HF_METRIC_LIST(ADD_POINT)
#undef ADD_POINT
        point->n += value->n;
        point->events += value->events;
        for (int32_t r = 0; r < job->replicates; r++) {
            const hf_metrics *one = &replicates[(size_t)f * (size_t)job->replicates + (size_t)r];
#define ADD_REPLICATE(name, text) means[r].name += one->name / count;
            HF_METRIC_LIST(ADD_REPLICATE)
#undef ADD_REPLICATE
        }
    }
    out->c = NAN;
    snprintf(out->name, sizeof out->name, "mean");
    out->metrics.value = *point;
    hf_status status =
        hf_metrics_percentiles(&out->metrics, context, means, job->replicates, job->alpha, error);
    hf_delete(context, means);
    return status;
}

static hf_status pool_folds(hf_evaluation *out, const hf_context *context, const pool *pooled,
                            const hf_evaluate_job *job, hf_error *error)
{
    hf_status status;
    HF_TRY(done,
           hf_metrics_bootstrap(&out->metrics, context, pooled->probability, pooled->label, pooled->cluster,
                                pooled->count, job->replicates, job->alpha, job->fit.seed, error));
    HF_TRY(done, hf_reliability_compute(&out->reliability, context, pooled->probability, pooled->label,
                                        pooled->count, error));
    out->c = NAN;
    snprintf(out->name, sizeof out->name, "pooled");
done:
    return status;
}

// JSON has it anyway.
static hf_status add_reliability(hf_text *text, const hf_context *context, const hf_evaluate_job *job,
                                 const hf_evaluation *of, hf_error *error)
{
    if (!job->reliability || job->format == HF_REPORT_JSON) return HF_OK;
    hf_text_putc(text, '\n');
    return hf_report_reliability(text, context, &of->reliability, NULL, error);
}

static hf_status evaluate_folds(hf_text *text, const hf_context *context, const hf_evaluate_job *job,
                                const hf_labelled *table, const hf_folds *folds, hf_error *error)
{
    hf_evaluation mean = {0}, all = {0};
    const size_t rows = (size_t)table->count;
    pool pooled = {hf_new_raw(context, rows, sizeof(double)), hf_new_raw(context, rows, sizeof(uint8_t)),
                   hf_new_raw(context, rows, sizeof(int64_t)), 0};
    hf_evaluation *each = hf_new(context, (size_t)folds->count, sizeof *each);
    hf_metrics *replicates =
        hf_new(context, (size_t)folds->count * (size_t)job->replicates, sizeof *replicates);
    hf_status status = HF_OK;
    if (!each || !replicates || !pooled.probability || !pooled.label || !pooled.cluster) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t f = 0; f < folds->count; f++) {
        hf_progress(context, "evaluating folds", f, folds->count);
        HF_TRY(done, evaluate_fold(&each[f], replicates + (size_t)f * (size_t)job->replicates, &pooled,
                                   context, job, table, folds, f, error));
    }
    hf_progress(context, "evaluating folds", folds->count, folds->count);
    const hf_evaluation *several = folds->count > 1 ? &all : NULL; // else it is the one fold
    if (several) HF_TRY(done, pool_folds(&all, context, &pooled, job, error));
    HF_TRY(done, mean_of_folds(&mean, context, each, replicates, folds->count, job, error));
    status = job->format == HF_REPORT_JSON
                 ? hf_report_evaluation_json(text, each, folds->count, &mean, several, error)
                 : hf_report_evaluation(text, context, each, folds->count, &mean, several, job->alpha, error);
    if (status == HF_OK) status = add_reliability(text, context, job, several ? several : each, error);
done:
    hf_delete(context, pooled.probability);
    hf_delete(context, pooled.label);
    hf_delete(context, pooled.cluster);
    hf_delete(context, each);
    hf_delete(context, replicates);
    return status;
}

static hf_status check_job(const hf_evaluate_job *job, hf_error *error)
{
    if (!job->file)
        return hf_fail(error, HF_ERROR_USAGE, "no file to evaluate on; name one, or - for standard input");
    if (!job->target)
        return hf_fail(error, HF_ERROR_USAGE,
                       "which column says what happened? pass --target COLUMN or COLUMN=VALUE");
    if (job->folds && job->model)
        return hf_fail(error, HF_ERROR_USAGE, "--folds trains anew and --model does not; pass one of them");
    return HF_OK;
}

// Before anything is trained: figures without an interval that was asked for are none.
static hf_status check_replicates(const hf_evaluate_job *job, hf_error *error)
{
    if (job->replicates < 0 || job->replicates > 100000)
        return hf_fail(error, HF_ERROR_USAGE, "--replicates is %d; it takes 0 to 100000",
                       (int)job->replicates);
    return hf_check_sampling(job->replicates, job->alpha, error);
}

static hf_status evaluate_training(hf_text *text, const hf_context *context, const hf_evaluate_job *job,
                                   hf_error *error)
{
    hf_labelled table = {0};
    hf_folds folds = {0};
    hf_found_copies copies = {0};
    hf_status status;
    HF_TRY(done, hf_labelled_read(&table, context, job->file, &job->csv, job->target, error));
    if (table.count == 0) {
        status = hf_fail_at(error, HF_ERROR_TOO_LITTLE, job->file, 0, 0,
                            "no row has a value of the target '%s'", job->target);
        goto done;
    }
    const hf_leak_watch watch = {table.frame,     table.label,          job->file, false, false,
                                 job->allow_leak, job->allow_leak_count};
    HF_TRY(done, hf_group_table(&copies, &table, job->format == HF_REPORT_TABLE ? text : NULL, job->group,
                                job->file, job->fit.seed, error));
    HF_TRY(done, hf_leak_guard_columns(NULL, context, &watch, error));
    if (job->folds)
        HF_TRY(done, hf_folds_read(&folds, &table, job->folds, error));
    else
        HF_TRY(done, hf_folds_draw(&folds, &table, DRAWN_FOLDS, job->fit.seed, error));
    HF_TRY(done, hf_warn_parted(&copies, &table, &folds, job->file, error));
    HF_TRY(done, hf_small_base_check(NULL, context, table.frame, table.label, table.rows, table.count,
                                     &job->fit, job->target, HF_SMALL_TOLD, error));
    HF_TRY(done, evaluate_folds(text, context, job, &table, &folds, error));
done:
    hf_found_copies_free(context, &copies);
    hf_folds_free(context, &folds);
    hf_labelled_free(&table);
    return status;
}

hf_status hf_workflow_evaluate(const hf_context *context, const hf_evaluate_job *job, hf_error *error)
{
    hf_text text;
    hf_status status;
    if (job->store && job->definition && !job->model) return hf_evaluate_health(context, job, error);
    status = check_replicates(job, error);
    if (status != HF_OK) return status;
    if (job->store && !job->model) return hf_evaluate_rolling(context, job, error);
    hf_text_init(&text, context);
    if (!job->store) HF_TRY(done, check_job(job, error));
    if (job->store)
        HF_TRY(done, hf_evaluate_model_on_store(&text, context, job, error));
    else if (job->model)
        HF_TRY(done, hf_evaluate_model_on_table(&text, context, job, error));
    else
        HF_TRY(done, evaluate_training(&text, context, job, error));
    HF_TRY(done, hf_workflow_write_text(context, &text, job->output, job->overwrite, error));
done:
    hf_text_free(&text);
    return status;
}
