// SPDX-License-Identifier: Apache-2.0
//
// Training from end to end: what the caller gave is checked and gathered, one of the two ways of training
// fills the model, and the record says how. Holds no clock and no random state: the same rows, options and
// seed give the same model.
#include "churn/monotone.h"
#include "churn/subsample.h"
#include "churn/summary.h"
#include "churn/training.h"

#include <string.h>

#define MOST_FOLDS 1000

static hf_status check_options(const hf_train_options *options, hf_error *error)
{
    if (options->folds < 2 || options->folds > MOST_FOLDS)
        return hf_fail(error, HF_ERROR_USAGE, "%d inner folds: give 2 to %d", options->folds, MOST_FOLDS);
    if (!(options->c >= 0.0 && options->c <= 1e12))
        return hf_fail(error, HF_ERROR_USAGE, "C is %g: give a number up to 1e12, or 0 to have it chosen",
                       options->c);
    if (options->level_rows < 1 || options->missing_rows < 1)
        return hf_fail(error, HF_ERROR_USAGE,
                       "a level, and a missing value, needs at least 1 row (%lld and %lld given)",
                       (long long)options->level_rows, (long long)options->missing_rows);
    if (!(options->subsample == HF_SUBSAMPLE_AUTO || options->subsample == 0.0 ||
          (options->subsample >= 1.0 && options->subsample <= 1e9)))
        return hf_fail(error, HF_ERROR_USAGE,
                       "a subsample of %g rows for each of the rarer class: give 1 or more, or 0 for all",
                       options->subsample);
    if (options->calibrate < HF_CALIBRATE_AUTO || options->calibrate > HF_CALIBRATE_ISOTONIC)
        return hf_fail(error, HF_ERROR_USAGE, "calibration %d is none; give one of hf_calibrate",
                       (int)options->calibrate);
    if (options->calibrate > HF_CALIBRATE_NONE && (options->plain || options->c > 0.0))
        return hf_fail(
            error, HF_ERROR_USAGE,
            "a calibration is learnt on the inner splits, and %s makes none; leave one of the two out",
            options->plain ? "--plain" : "--c");
    if (options->seed > INT64_MAX)
        return hf_fail(error, HF_ERROR_USAGE,
                       "the seed must be below 2^63, for the model file keeps it as a whole number");
    return HF_OK;
}

static hf_status gather(hf_training *t, const uint8_t *label, const int64_t *cluster, const int64_t *rows,
                        int64_t count, hf_error *error)
{
    t->count = rows ? count : t->frame->rows;
    if (t->count < 1) return hf_fail(error, HF_ERROR_TOO_LITTLE, "there are no rows to train on");
    t->rows = hf_new_raw(t->context, (size_t)t->count, sizeof *t->rows);
    t->label = hf_new_raw(t->context, (size_t)t->count, sizeof *t->label);
    t->cluster = cluster ? hf_new_raw(t->context, (size_t)t->count, sizeof *t->cluster) : NULL;
    if (!t->rows || !t->label || (cluster && !t->cluster)) return hf_fail_memory(error);
    for (int64_t i = 0; i < t->count; i++) {
        int64_t row = rows ? rows[i] : i;
        if (row < 0 || row >= t->frame->rows || label[row] > 1)
            return hf_fail(error, HF_ERROR_USAGE,
                           "training row %lld: row %lld must be in the frame and its label 0 or 1",
                           (long long)i, (long long)row);
        t->rows[i] = row;
        t->label[i] = label[row];
        t->events += label[row];
        if (cluster) t->cluster[i] = cluster[row];
    }
    return HF_OK;
}

// Whether the rows, or those of them that a subsample left, are enough of both classes.
static hf_status check_classes(const hf_training *t, bool drawn, hf_error *error)
{
    long long rows = (long long)t->count, events = (long long)t->events, others = rows - events;
    const char *of_rows = drawn ? "rows of the subsample" : "rows";
    if (events == 0 || others == 0)
        return hf_fail(error, HF_ERROR_TOO_LITTLE,
                       "all %lld %s %s the outcome; a model needs rows with it and rows without: %s", rows,
                       of_rows, others == 0 ? "have" : "are without",
                       drawn ? "keep more rows with --subsample"
                             : "check the target's value, or the dates and the horizon");
    if (t->options->c > 0.0) return HF_OK;
    int32_t folds = t->options->folds;
    if (events < folds || others < folds)
        return hf_fail(error, HF_ERROR_TOO_LITTLE,
                       "only %lld of %lld %s %s the outcome, too few for %d inner folds; train on more rows, "
                       "use fewer folds, or say C with --c",
                       events < folds ? events : others, rows, of_rows,
                       events < folds ? "have" : "are without", folds);
    return HF_OK;
}

int64_t hf_training_rarer(const hf_training *t)
{
    return t->events < t->count - t->events ? t->events : t->count - t->events;
}

static hf_status start_model(hf_model **out, const hf_training *t, hf_error *error)
{
    hf_status status = HF_OK;
    hf_model *model = hf_new(t->context, 1, sizeof *model);
    if (!model) return hf_fail_memory(error);
    model->context = t->context;
    model->rows = t->count;
    model->events = t->events;
    HF_TRY(done, hf_model_set_id(model, t->frame->id_name, error));
    model->record = json_object();
    if (!model->record || json_object_set_new(model->record, "library", json_string(hf_version())) != 0) {
        status = hf_fail_memory(error);
        goto done;
    }
    *out = model;
    model = NULL;
done:
    hf_model_destroy(model);
    return status;
}

hf_status hf_model_train_recorded(hf_model **out, hf_fit_record *record, const char *design_path,
                                  const hf_context *context, const hf_frame *frame, const uint8_t *label,
                                  const int64_t *cluster, const int64_t *rows, int64_t count,
                                  const hf_train_options *options, hf_error *error)
{
    const hf_train_options defaults = HF_TRAIN_OPTIONS_INIT;
    hf_training t = {.context = context, .frame = frame, .options = options ? options : &defaults};
    hf_summary_work work = {0};
    hf_subsample drawn;
    hf_model *model = NULL;
    hf_status status;
    if (t.options->summary) t.work = &work;
    HF_TRY(done, check_options(t.options, error));
    HF_TRY(done, hf_monotone_check(t.options, frame, error));
    HF_TRY(done, gather(&t, label, cluster, rows, count, error));
    HF_TRY(done, check_classes(&t, false, error));
    hf_subsample_draw(&drawn, &t);
    if (drawn.rows > 0) HF_TRY(done, check_classes(&t, true, error));
    HF_TRY(done, start_model(&model, &t, error));
    if (t.options->plain || record || design_path)
        HF_TRY(done, hf_train_plain(model, record, design_path, &t, error));
    else
        HF_TRY(done, hf_train_terms(model, &t, error));
    HF_TRY(done, hf_subsample_correct(model, &drawn, error));
    if (t.work) HF_TRY(done, hf_summary_note(model, &t, error));
    *out = model;
    model = NULL;
done:
    hf_model_destroy(model);
    hf_summary_work_free(&work);
    hf_delete(context, t.rows);
    hf_delete(context, t.label);
    hf_delete(context, t.cluster);
    return status;
}

hf_status hf_model_train(hf_model **out, const hf_context *context, const hf_frame *frame,
                         const uint8_t *label, const int64_t *cluster, const int64_t *rows, int64_t count,
                         const hf_train_options *options, hf_error *error)
{
    return hf_model_train_recorded(out, NULL, NULL, context, frame, label, cluster, rows, count, options,
                                   error);
}
