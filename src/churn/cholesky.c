// SPDX-License-Identifier: Apache-2.0
//
// Cholesky by rows, so that every inner loop is a product of two contiguous runs. The inverse is solved
// column by column. For matrices of some hundreds of rows.
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

void hf_cholesky_inverse(double *out, const double *l, int32_t n)
{
    memset(out, 0, (size_t)n * (size_t)n * sizeof *out);
    for (int32_t i = 0; i < n; i++) {
        out[(int64_t)i * n + i] = 1.0;
        hf_cholesky_solve(l, n, out + (int64_t)i * n);
    }
}
