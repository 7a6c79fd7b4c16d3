// SPDX-License-Identifier: Apache-2.0
//
// Churn models: a logistic whose log-odds are a sum of terms, one a signal, trained with liblinear's L2R_LR
// (Fan et al. 2008). The file format is in models/README.md.
//
// Threads: a loaded model is immutable and may be read from any number of threads. Training uses the
// context's threads; its result does not depend on how many.
#ifndef HOLDFAST_CHURN_H
#define HOLDFAST_CHURN_H

#include "holdfast/base.h"
#include "holdfast/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf_model hf_model;

// How log-odds become those that are published: by a curve fitted on held-out rows.
typedef enum {
    HF_CALIBRATE_AUTO, // what pays on held-out rows, if anything does
    HF_CALIBRATE_NONE,
    HF_CALIBRATE_INTERCEPT, // shifted, for another base rate
    HF_CALIBRATE_PLATT,     // shifted and scaled
    HF_CALIBRATE_ISOTONIC   // bent, never falling
} hf_calibrate;

typedef struct {
    uint64_t seed;
    int32_t folds;        // inner folds for the choice of C, at least 2
    double c;             // 0: chosen on the path by cross-validated log-loss; else this C
    int64_t level_rows;   // a category level with fewer training rows is pooled
    int64_t missing_rows; // a signal missing in fewer training rows gets no missing coefficient
    const int32_t *
        fold; // one a row of the frame: inner folds; rows of one number stay together. NULL: dealt by account
    const hf_date
        *as_of; // one a row of the frame: inner splits go forward in time, `gap` days between; NULL: no dates
    int32_t gap;
    int32_t pairs;     // surfaces: -1 as many as pay, 0 none, else at most so many
    int32_t rules;     // -1: those that pay; 0: none
    bool plain;        // one coefficient a signal: no curves, surfaces or rules
    bool summary;      // the model's record gets the statistician's summary
    int32_t bootstrap; // of the summary: fits of resampled accounts for the curves' bands, 0 none, -1 as many
                       // as the size leaves time for
    const char *const *monotone; // signals whose curve goes one way: "SIGNAL:up", "SIGNAL:down", or "SIGNAL"
                                 // for the way of its straight line; they are in no surface or rule
    int32_t monotone_count;
    int32_t splits; // inner splits that judge choices: 0 two, or all folds where events are few; else so many
    double subsample;  // rows of the commoner class kept for each of the rarer; 0: all; or HF_SUBSAMPLE_AUTO
    int32_t calibrate; // one of hf_calibrate
    bool refit;        // of the summary: standard errors and p-values, from the plain form without penalty
} hf_train_options;

// Thins fleets of over 250,000 rows to about as many, and never below five rows for each of the rarer class.
#define HF_SUBSAMPLE_AUTO (-1.0)

#define HF_TRAIN_OPTIONS_INIT                                                                           \
    {                                                                                                   \
        1, 5, 0.0, 20, 10, NULL, NULL, 0, -1, -1, false, false, -1, NULL, 0, 0, 0.0, HF_CALIBRATE_AUTO, \
            false                                                                                       \
    }

// Trains on the given rows of a frame. rows: count row numbers (NULL: all rows, count ignored). label: one a
// row of the frame, 0 or 1 (1: the outcome happened). cluster: one a row of the frame, rows of one account
// share a number and a fold; NULL where each row is its own. Date columns are not modelled; constant columns
// and columns without a value are left out with a warning. Errors: HF_ERROR_TOO_LITTLE (one class only, fewer
// events than folds), HF_ERROR_DATA (no usable signal), HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
HF_API hf_status hf_model_train(hf_model **out, const hf_context *context, const hf_frame *frame,
                                const uint8_t *label, const int64_t *cluster, const int64_t *rows,
                                int64_t count, const hf_train_options *options, hf_error *error);

// Errors: HF_ERROR_IO; HF_ERROR_DAMAGED for text that is no model, is cut short or was altered;
// HF_ERROR_VERSION for a newer major version.
HF_API hf_status hf_model_load(hf_model **out, const hf_context *context, const char *path, hf_error *error);
// Fields that a load did not know are written back. Errors: HF_ERROR_EXISTS, HF_ERROR_IO.
HF_API hf_status hf_model_save(const hf_model *model, const char *path, bool overwrite, hf_error *error);
// Accepts NULL.
HF_API void hf_model_destroy(hf_model *model);

HF_API int32_t hf_model_terms(const hf_model *model);
// The signal of a term; borrowed from the model. term is 0 to hf_model_terms - 1.
HF_API const char *hf_model_signal(const hf_model *model, int32_t term);
// The log-odds of an account whose every term is at its reference (its training mean).
HF_API double hf_model_base(const hf_model *model);
// The C the fit used, the training rows and events.
HF_API double hf_model_c(const hf_model *model);
HF_API int64_t hf_model_rows(const hf_model *model);
HF_API int64_t hf_model_events(const hf_model *model);
// The id column the model was trained with, "" if rows were numbered.
HF_API const char *hf_model_id(const hf_model *model);

#ifdef __cplusplus
}
#endif

#endif
