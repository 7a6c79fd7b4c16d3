// SPDX-License-Identifier: Apache-2.0
//
// What the inner fits of training say of rows that they had not seen.
#ifndef HOLDFAST_HELD_OUT_H
#define HOLDFAST_HELD_OUT_H

#include "churn/calibration.h"
#include "churn/final_fit.h"
#include "churn/training.h"

// Calibrates on the judged rows of the inner splits, whose log-odds are the stages' margins at what was
// chosen. stages: one a split; those without margins, as only curves were tried, are fitted at tau and
// lambda. Errors: HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_held_out_calibrate(hf_calibration *out, const hf_training *t, const hf_splits *splits,
                                const hf_inner *inner, hf_stage *stages, double tau, double lambda,
                                hf_error *error);

// Where splits go forward in time, settles the calibration's level on what the last fit says of its own rows.
// Errors: HF_ERROR_MEMORY.
hf_status hf_held_out_settle(hf_calibration *calibration, const hf_training *t, const hf_final_fit *fit,
                             hf_error *error);

#endif
