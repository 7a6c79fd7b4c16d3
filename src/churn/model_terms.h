// SPDX-License-Identifier: Apache-2.0
//
// From the coefficients of a design to the terms of a model.
#ifndef HOLDFAST_MODEL_TERMS_H
#define HOLDFAST_MODEL_TERMS_H

#include "churn/design.h"

// One term a signal of the design; weights as liblinear gave them, rows the number of training rows. *out is
// owned by the caller: each hf_term_free, then hf_delete.
hf_status hf_terms_from_design(hf_term **out, const hf_design *design, const double *weights, int64_t rows,
                               hf_error *error);

#endif
