// SPDX-License-Identifier: Apache-2.0
//
// Calibration: a curve from the log-odds of the terms to those that are published, learnt from rows that the
// fit had not seen.
#ifndef HOLDFAST_CALIBRATION_H
#define HOLDFAST_CALIBRATION_H

#include "churn/calibration_level.h"
#include "churn/inner_splits.h"
#include "metrics/metrics_room.h"

enum { HF_CALIBRATIONS = 4 }; // none, intercept, Platt, isotonic: from simple to free

// Rows with log-odds from fits that did not have them, split by split: those of split s are first[s] up to
// first[s + 1].
typedef struct {
    int32_t splits; // each had a fit of its own
    bool later;     // splits go forward in time, each judging rows later than those of its fit
    int64_t first[HF_MOST_SPLITS + 1];
    const double *log_odds; // finite
    const uint8_t *label;
    const int64_t *cluster;   // rows of one account share a number; NULL: each row is its own
    const hf_level_rows *had; // one a split, where later: the rows of its fit
} hf_held_out;

typedef struct {
    hf_calibrate method; // never HF_CALIBRATE_AUTO
    hf_curve curve;      // owned; where method is not HF_CALIBRATE_NONE
    bool later, late; // the level is still to be settled on the rows of the last fit, on the late ones alone
    // Mean log-loss on rows that the calibration had not seen; NaN where it was not tried.
    double loss[HF_CALIBRATIONS];
    int64_t rows, events;         // that judged
    hf_reliability before, after; // on those
} hf_calibration;

// wish: HF_CALIBRATE_AUTO takes a method only where it beats every simpler one, "none" among them, by more
// than two standard errors over accounts in all, and on no split that judges is worse: between folds by
// nothing, forward in time by no more than one standard error. Another wish is taken where the rows are
// enough for it, else the next simpler one that they are enough for. On each split the whole of the
// calibration is done as it is done in the end. Between folds: fitted on the other splits' rows; the
// intercept alone is not tried by HF_CALIBRATE_AUTO, since a base rate shifts with time. Forward in time only
// the shape is learnt from the other splits' rows; the level is settled on the rows the split's own fit had,
// on the late ones where the intercept pays, for the fits of splits miss a shift that the last fit has taken
// in. Errors: HF_ERROR_MEMORY.
hf_status hf_calibration_choose(hf_calibration *out, const hf_context *context, const hf_held_out *rows,
                                hf_calibrate wish, hf_error *error);
// Settles the level on the rows of the last fit, under it; a method whose level they are too few for becomes
// HF_CALIBRATE_NONE. Nothing to do between folds. Errors: HF_ERROR_MEMORY.
hf_status hf_calibration_settle(hf_calibration *calibration, const hf_context *context,
                                const hf_level_rows *rows, hf_error *error);
void hf_calibration_free(const hf_context *context, hf_calibration *calibration);

extern const char *const hf_calibration_names[HF_CALIBRATIONS];

// Puts a calibration into the model: the curve, which is moved, and in its record what becomes of it in the
// file, with how it was chosen. Errors: HF_ERROR_MEMORY.
hf_status hf_calibration_give(hf_model *model, hf_calibration *calibration, hf_error *error);
// Reads what the record of a loaded model says, if anything, checked. Errors: HF_ERROR_DAMAGED,
// HF_ERROR_MEMORY.
hf_status hf_calibration_read(hf_model *model, const char *path, hf_error *error);

#endif
