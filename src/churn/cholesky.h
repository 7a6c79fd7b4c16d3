// SPDX-License-Identifier: Apache-2.0
//
// The Cholesky factor of a small symmetric matrix, and its inverse.
#ifndef HOLDFAST_CHOLESKY_H
#define HOLDFAST_CHOLESKY_H

#include <stdbool.h>
#include <stdint.h>

// a: n x n, row by row, symmetric. Its lower part becomes L with L L' = a; what is above the diagonal is
// left. False, and a of no use, where a is not positive definite to rounding.
bool hf_cholesky(double *a, int32_t n);
// x with L L' x = b, in place of b.
void hf_cholesky_solve(const double *l, int32_t n, double *b);
// The inverse of L L', both halves, into out (n x n, not l).
void hf_cholesky_inverse(double *out, const double *l, int32_t n);

#endif
