// SPDX-License-Identifier: Apache-2.0
//
// Cholesky by rows, so that every inner loop is a product of two contiguous runs. The inverse is
// made from the factor's. For matrices of some hundreds of rows.
#include "churn/cholesky.h"

#include <math.h>
#include <string.h>

static double dot(const double *a, const double *b, int32_t n)
{
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int32_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

bool hf_cholesky(double *a, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        double *row = a + (int64_t)i * n;
        for (int32_t j = 0; j < i; j++) {
            const double *other = a + (int64_t)j * n;
            row[j] = (row[j] - dot(row, other, j)) / other[j];
        }
        const double rest = row[i] - dot(row, row, i);
        if (!(rest > 1e-13 * fabs(row[i]))) return false;
        row[i] = sqrt(rest);
    }
    return true;
}

void hf_cholesky_solve(const double *l, int32_t n, double *b)
{
    for (int32_t i = 0; i < n; i++)
        b[i] = (b[i] - dot(l + (int64_t)i * n, b, i)) / l[(int64_t)i * n + i];
    for (int32_t i = n - 1; i >= 0; i--) {
        const double *row = l + (int64_t)i * n;
        b[i] /= row[i];
        for (int32_t j = 0; j < i; j++)
            b[j] -= row[j] * b[i];
    }
}

// to += factor x from
static void add_run(double *restrict to, const double *restrict from, double factor, int32_t n)
{
#pragma omp simd
    for (int32_t i = 0; i < n; i++)
        to[i] += factor * from[i];
}

// The factor's inverse M first, row after row, then M' M over it: a row of that needs only rows of M from its
// own on.
void hf_cholesky_inverse(double *out, const double *l, int32_t n)
{
    const int64_t width = n;
    memset(out, 0, (size_t)n * (size_t)n * sizeof *out);
    for (int32_t i = 0; i < n; i++) {
        double *row = out + i * width;
        row[i] = 1.0;
        for (int32_t k = 0; k < i; k++)
            add_run(row, out + k * width, -l[i * width + k], k + 1);
        for (int32_t k = 0; k <= i; k++)
            row[k] /= l[i * width + i];
    }
    for (int32_t i = 0; i < n; i++) {
        double *row = out + i * width;
        const double own = row[i];
        for (int32_t k = 0; k <= i; k++)
            row[k] *= own;
        for (int32_t k = i + 1; k < n; k++)
            add_run(row, out + k * width, out[k * width + i], i + 1);
    }
    for (int32_t i = 0; i < n; i++)
        for (int32_t k = i + 1; k < n; k++)
            out[i * width + k] = out[k * width + i];
}
