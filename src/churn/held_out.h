// SPDX-License-Identifier: Apache-2.0
//
// What the inner fits of training say of rows that they had not seen.
#ifndef HOLDFAST_HELD_OUT_H
#define HOLDFAST_HELD_OUT_H

#include "churn/calibration.h"
#include "churn/joint.h"
#include "churn/training.h"

// Calibrates on the judged rows of the inner splits, whose log-odds are the stages' margins at what was
// chosen; on the last split alone where splits go forward in time, the one before it to choose by. stages:
// one a split; those without margins, as only curves were tried, are fitted at tau and lambda. Errors:
// HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_held_out_calibrate(hf_calibration *out, const hf_training *t, const hf_splits *splits,
                                const hf_inner *inner, hf_stage *stages, double tau, double lambda,
                                hf_error *error);

#endif
