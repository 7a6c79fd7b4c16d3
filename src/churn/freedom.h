// SPDX-License-Identifier: Apache-2.0
//
// How many parameters a shrunk fit is worth.
#ifndef HOLDFAST_FREEDOM_H
#define HOLDFAST_FREEDOM_H

#include "churn/refit.h"

// The effective degrees of freedom of a ridge fit, the intercept not counted: the trace of
// (X'WX + lambda)^-1 X'WX with W = p (1 - p) at the fit (Hastie and Tibshirani 1990; Gray 1992), over the
// features that no bound holds at weight 0. X'WX is that of evenly spaced rows, scaled up, where all of them
// would take too long. *out is NaN above 1,500 features. Errors: HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_freedom(double *out, const hf_refit *refit, hf_error *error);

#endif
