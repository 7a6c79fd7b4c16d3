// SPDX-License-Identifier: Apache-2.0
//
// The one-standard-error rule (Breiman, Friedman, Olshen and Stone 1984), with the standard error of paired
// differences: what is hard for all candidates does not blur them.
#include "churn/one_standard_error.h"

#include <math.h>

int32_t hf_one_standard_error(const double *losses, const bool *used, int32_t count, int64_t rows)
{
    double mean[HF_MOST_CANDIDATES] = {0};
    int32_t best = 0;
    for (int32_t c = 0; c < count; c++) {
        if (!used[c]) continue;
        for (int64_t i = 0; i < rows; i++)
            mean[c] += losses[c * rows + i] / (double)rows;
        if (mean[c] < mean[best]) best = c;
    }
    for (int32_t c = 0; c < best; c++) {
        if (!used[c]) continue;
        const double d = mean[c] - mean[best];
        double squares = 0.0;
        for (int64_t i = 0; i < rows; i++) {
            const double e = losses[c * rows + i] - losses[best * rows + i] - d;
            squares += e * e;
        }
        if (d <= sqrt(squares / (double)rows / (double)rows)) return c;
    }
    return best;
}
