// SPDX-License-Identifier: Apache-2.0
//
// A path over C from strong shrinkage to weak, each fold's fit started from its last. A C is taken when it
// lowers the cross-validated log-loss of the best before it by more than a trifle, and the walk ends after
// two steps that did not. Folds are fitted side by side and their losses added in fold order.
#include "churn/penalty_path.h"

#include "churn/ridge_fit.h"

#include <math.h>
#include <omp.h>

// Enough for log-loss to five digits; the final fit is tight.
#define PATH_EPS 1e-5

// A weaker shrinkage must lower the log-loss by this share to be worth its larger coefficients: on many
// tables the loss is flat over two decades of C, and there the reasons read better from the small one.
#define LEAST_GAIN 2e-4

static const double path_c[HF_PATH_STEPS] = {1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30};

typedef struct {
    int64_t *train_rows, *test_rows; // owned
    int64_t train_count, test_count;
    hf_matrix_part *part; // owned
    double *weights;      // owned
    double loss;          // summed over the test rows
    const char *wrong;
    bool settled;
} fold_work;

static void fit_fold(fold_work *work, const hf_matrix *matrix, int32_t features, const uint8_t *label,
                     double c, bool warm)
{
    work->loss = 0.0;
    work->wrong = hf_liblinear_fit(work->weights, &work->settled, work->part, c, PATH_EPS, warm);
    if (work->wrong) return;
    double bias = work->weights[features] * HF_BIAS;
    for (int64_t i = 0; i < work->test_count; i++) {
        int64_t row = work->test_rows[i];
        work->loss += hf_log_loss(hf_matrix_margin(matrix, row, work->weights) + bias, label[row]);
    }
}

static void free_folds(const hf_context *context, fold_work *work, int32_t folds)
{
    for (int32_t k = 0; work && k < folds; k++) {
        hf_delete(context, work[k].train_rows);
        hf_delete(context, work[k].test_rows);
        hf_delete(context, work[k].weights);
        hf_matrix_part_destroy(context, work[k].part);
    }
    hf_delete(context, work);
}

static hf_status prepare_fold(fold_work *work, int32_t k, const hf_context *context, const hf_matrix *matrix,
                              int64_t rows, int32_t features, const uint8_t *label, const int32_t *fold,
                              hf_error *error)
{
    for (int64_t i = 0; i < rows; i++)
        work->test_count += fold[i] == k;
    work->test_rows = hf_new_raw(context, (size_t)work->test_count, sizeof *work->test_rows);
    work->train_rows = hf_new_raw(context, (size_t)(rows - work->test_count), sizeof *work->train_rows);
    work->weights = hf_new(context, (size_t)features + 1, sizeof *work->weights);
    if (!work->test_rows || !work->train_rows || !work->weights) return hf_fail_memory(error);
    int64_t test = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (fold[i] == k)
            work->test_rows[test++] = i;
        else if (fold[i] >= 0)
            work->train_rows[work->train_count++] = i;
    }
    return hf_matrix_part_create(&work->part, matrix, work->train_rows, work->train_count, label, error);
}

static hf_path_step summarise(double c, const fold_work *work, int32_t folds)
{
    double sum = 0.0, mean_of_means = 0.0, squares = 0.0;
    int64_t rows = 0;
    for (int32_t k = 0; k < folds; k++) {
        rows += work[k].test_count;
        sum += work[k].loss;
        mean_of_means += work[k].loss / (double)work[k].test_count / folds;
    }
    for (int32_t k = 0; k < folds; k++) {
        double d = work[k].loss / (double)work[k].test_count - mean_of_means;
        squares += d * d;
    }
    return (hf_path_step){c, sum / (double)rows, sqrt(squares / (folds - 1) / folds)};
}

// One C: all folds, and their losses into *step. Asks for cancellation before each fit of the first thread.
static hf_status take_step(hf_path_step *step, double c, bool warm, fold_work *work,
                           const hf_context *context, const hf_matrix *matrix, int32_t features,
                           const uint8_t *label, int32_t folds, hf_error *error)
{
    int threads = hf_context_threads(context);
    int cancelled = 0;
#pragma omp parallel for default(none) schedule(dynamic, 1) num_threads(threads) \
    shared(work, matrix, label, cancelled, context) firstprivate(folds, features, c, warm)
    for (int32_t k = 0; k < folds; k++) {
        int stop;
        if (omp_get_thread_num() == 0 && hf_check_cancel(context, NULL) != HF_OK) {
#pragma omp atomic write
            cancelled = 1;
        }
#pragma omp atomic read
        stop = cancelled;
        if (!stop) fit_fold(&work[k], matrix, features, label, c, warm);
    }
    if (cancelled)
        return hf_fail(error, HF_ERROR_CANCELLED, "interrupted while choosing C; no model was made");
    for (int32_t k = 0; k < folds; k++)
        if (work[k].wrong) return hf_fail(error, HF_ERROR_INTERNAL, "liblinear: %s", work[k].wrong);
    *step = summarise(c, work, folds);
    return HF_OK;
}

static int32_t count_unsettled(const fold_work *work, int32_t folds)
{
    int32_t count = 0;
    for (int32_t k = 0; k < folds; k++)
        count += !work[k].settled;
    return count;
}

hf_status hf_path_choose(hf_path *out, const hf_context *context, const hf_matrix *matrix, int64_t rows,
                         int32_t features, const uint8_t *label, const int32_t *fold, int32_t folds,
                         hf_error *error)
{
    hf_status status = HF_OK;
    hf_path path = {.count = 0};
    int32_t idle = 0, unsettled = 0; // steps running that did not pay; fits at their limit
    fold_work *work = hf_new(context, (size_t)folds, sizeof *work);
    if (!work) return hf_fail_memory(error);
    for (int32_t k = 0; k < folds; k++)
        HF_TRY(done, prepare_fold(&work[k], k, context, matrix, rows, features, label, fold, error));
    while (path.count < HF_PATH_STEPS && idle < 2) {
        hf_path_step *step = &path.steps[path.count];
        hf_progress(context, "train", path.count, HF_PATH_STEPS);
        HF_TRY(done, take_step(step, path_c[path.count], path.count > 0, work, context, matrix, features,
                               label, folds, error));
        unsettled += count_unsettled(work, folds);
        bool pays = path.count > 0 && step->log_loss < path.steps[path.best].log_loss * (1.0 - LEAST_GAIN);
        if (pays) path.best = path.count;
        idle = pays || path.count == 0 ? 0 : idle + 1;
        path.count++;
    }
    if (unsettled > 0)
        hf_warn(context,
                "C is chosen by %d fits, of which %d had not come to rest within liblinear's steps; give a "
                "smaller C with --c",
                (int)(path.count * folds), (int)unsettled);
    *out = path;
done:
    free_folds(context, work, folds);
    return status;
}
