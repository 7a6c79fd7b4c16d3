// SPDX-License-Identifier: Apache-2.0
//
// Standard errors and p-values, of a fit that has them: without penalty, one coefficient a signal.
#ifndef HOLDFAST_PLAIN_ERRORS_H
#define HOLDFAST_PLAIN_ERRORS_H

#include "churn/design.h"
#include "churn/training.h"

// Fits the plain form by maximum likelihood, levels against the commonest one, and describes it as JSON: of
// each coefficient its standard error, z and two-sided p. Where rows share an account the errors are
// clustered by it. What others determine is left out and listed; a fit that has no maximum (an outcome that
// columns separate) says so and has no errors. *out: a new reference, NULL above 1,000 columns. Errors:
// HF_ERROR_MEMORY, HF_ERROR_CANCELLED.
hf_status hf_plain_errors(json_t **out, const hf_training *t, const hf_design *design, hf_error *error);

#endif
