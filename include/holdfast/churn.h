// SPDX-License-Identifier: Apache-2.0
//
// Churn models: a logistic whose log-odds are an intercept and a sum of terms: curves and tables of one
// signal, surfaces of two, rules of several conditions (Friedman and Popescu 2008), and where it pays a
// calibration on top. Curves and surfaces are fitted under an L2 penalty by a truncated Newton method (Lin,
// Weng and Keerthi 2008), rules under an L1 penalty by coordinate descent (Friedman, Hastie and Tibshirani
// 2010). The plain form has one coefficient a signal, by liblinear's L2R_LR (Fan et al. 2008). The file
// format is in models/README.md.
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

// A fitted model. Opaque; made by training or loading.
typedef struct hf_model hf_model;

// How log-odds become those that are published: by a curve fitted on held-out rows. A wish for which they are
// too few becomes the next simpler one.
typedef enum {
    HF_CALIBRATE_AUTO, // what pays on held-out rows, if anything does
    HF_CALIBRATE_NONE,
    HF_CALIBRATE_INTERCEPT, // shifted, for another base rate
    HF_CALIBRATE_PLATT,     // shifted and scaled (Platt 1999)
    HF_CALIBRATE_ISOTONIC   // bent, never falling (Zadrozny and Elkan 2002)
} hf_calibrate;

// All arrays and texts are borrowed for the call. Arrays have one entry a row of the frame, whichever rows
// are trained on; log-loss is in nats a row.
typedef struct {
    uint64_t seed; // of everything drawn; below 2^63
    int32_t folds; // inner folds, 2 to 1,000: those that judge C in the plain form; without dates and folds
                   // of the caller's, those of which `splits` judge every other choice
    double c; // 0: chosen by log-loss on inner held-out rows; else up to 1e12, this C: sum of log-loss x C +
              // |weights|^2 / 2 is minimised, and neither surfaces, rules nor a calibration are looked for
    int64_t level_rows; // a category level with fewer training rows shares a value with all such; at least 1
    int64_t missing_rows; // a signal missing in fewer training rows has no value of its own there; at least 1
    const int32_t *fold;  // inner folds by number, any numbers; NULL: dealt by account
    const hf_date *as_of; // inner splits go forward in time, `gap` days between; NULL, or where one is
                          // HF_DATE_MISSING or they are too few: folds
    int32_t gap;          // at least so many days from a row that is fitted to one that judges; below 0 is 0
    int32_t pairs;        // surfaces: -1 as many as pay, 0 none, else at most so many; never over 12
    int32_t rules;        // -1 as many as pay, 0 none, else at most so many
    bool plain;           // one coefficient a signal: no curves, surfaces or rules
    bool summary;         // the model's record gets the statistician's summary
    int32_t bootstrap; // of the summary: fits of resampled accounts for the curves' bands, 0 none, -1 as many
                       // as the size leaves time for; fewer than 20 make no bands
    const char *const *monotone; // signals whose curve goes one way: "SIGNAL:up", "SIGNAL:down", or "SIGNAL"
                                 // for the way of its straight line; they are in no surface or rule
    int32_t monotone_count;
    int32_t splits;   // inner folds that judge choices: 0 two, or all where events are few; at most 20. Where
                      // splits go forward in time, there are two
    double subsample; // rows of the commoner class kept for each of the rarer, 1 to 1e9; 0: all; or
                      // HF_SUBSAMPLE_AUTO. Log-odds are the fleet's all the same (King and Zeng 2001)
    int32_t calibrate; // one of hf_calibrate; beyond HF_CALIBRATE_NONE neither with `plain` nor with `c`
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
// share a number and are dealt to one fold; NULL where each row is its own. options: NULL for the defaults.
// NaN and codes below 0 are missing values; every term says what they are worth. Date columns are not
// modelled; constant columns and columns without a value are left out with a warning, and so is said where a
// solver stopped at its limit of steps. *out: owned by the caller, does not refer to the frame, and must be
// destroyed before the context; untouched on failure. Errors: HF_ERROR_USAGE (an option out of range, a row
// that is not in the frame, a label that is neither), HF_ERROR_TOO_LITTLE (one class only, fewer rows of a
// class than folds), HF_ERROR_DATA (no usable signal, a number beyond 1e150 in size), HF_ERROR_MEMORY,
// HF_ERROR_CANCELLED, HF_ERROR_INTERNAL (liblinear refuses the problem). Cost: curves and their choices grow
// with rows x signals; choices are made on about 25,000 rows a split however many there are, more where that
// would leave under 1,000 of the rarer class.
HF_API hf_status hf_model_train(hf_model **out, const hf_context *context, const hf_frame *frame,
                                const uint8_t *label, const int64_t *cluster, const int64_t *rows,
                                int64_t count, const hf_train_options *options, hf_error *error);

// Reads a model; path "-" is standard input. *out: owned by the caller, must be destroyed before the context;
// untouched on failure. Errors: HF_ERROR_IO; HF_ERROR_DAMAGED for text that is no model, is cut short or was
// altered; HF_ERROR_VERSION for a newer major version; HF_ERROR_MEMORY.
HF_API hf_status hf_model_load(hf_model **out, const hf_context *context, const char *path, hf_error *error);
// Writes a model, whole or not at all; path "-" is standard output. Fields that a load did not know are
// written back. Errors: HF_ERROR_EXISTS where the file is there and overwrite is false, HF_ERROR_IO,
// HF_ERROR_MEMORY.
HF_API hf_status hf_model_save(const hf_model *model, const char *path, bool overwrite, hf_error *error);
// Accepts NULL.
HF_API void hf_model_destroy(hf_model *model);

// Curves, tables, surfaces and rules.
HF_API int32_t hf_model_terms(const hf_model *model);
// The signal of a term, of a surface or rule all of its signals with " x " between them; borrowed from the
// model. term is 0 to hf_model_terms - 1.
HF_API const char *hf_model_signal(const hf_model *model, int32_t term);
// The log-odds, before calibration, of an account whose every term is at its reference (its training mean).
HF_API double hf_model_base(const hf_model *model);
// The C the fit used: one over the penalty's lambda.
HF_API double hf_model_c(const hf_model *model);
// The rows that were fitted, and those of them with the outcome; of a subsample, what it kept.
HF_API int64_t hf_model_rows(const hf_model *model);
HF_API int64_t hf_model_events(const hf_model *model);
// The id column the model was trained with, "" if rows were numbered; borrowed from the model.
HF_API const char *hf_model_id(const hf_model *model);

#ifdef __cplusplus
}
#endif

#endif
