// SPDX-License-Identifier: Apache-2.0
//
// The level of a calibration by maximum likelihood on rows that the fit had. Of a shape these would say too
// much, since a fit follows its own rows too closely; of a level they do not, since one number a period is
// little to follow.
#include "churn/calibration_level.h"

#include "churn/calibration_fit.h"
#include "churn/intercept.h"

#include <stdlib.h>
#include <string.h>

static int compare_dates(const void *a, const void *b)
{
    const hf_date x = *(const hf_date *)a, y = *(const hf_date *)b;
    return (x > y) - (x < y);
}

hf_status hf_level_mark_late(bool *late, const hf_context *context, const hf_date *as_of, int64_t rows,
                             hf_error *error)
{
    hf_date *sorted = hf_new_raw(context, (size_t)rows, sizeof *sorted);
    if (!sorted) return hf_fail_memory(error);
    memcpy(sorted, as_of, (size_t)rows * sizeof *sorted);
    qsort(sorted, (size_t)rows, sizeof *sorted, compare_dates);
    const hf_date from = sorted[rows * 3 / 4];
    for (int64_t i = 0; i < rows; i++)
        late[i] = as_of[i] >= from;
    hf_delete(context, sorted);
    return HF_OK;
}

hf_status hf_level_settle(hf_curve *curve, bool *good, const hf_context *context, const hf_level_rows *rows,
                          bool late, hf_error *error)
{
    int64_t n = 0, events = 0;
    double *log_odds = hf_new_raw(context, (size_t)rows->count, sizeof *log_odds);
    if (!log_odds) return hf_fail_memory(error);
    for (int64_t i = 0; i < rows->count; i++) {
        if (late && !rows->late[i]) continue;
        log_odds[n++] = hf_curve_value(curve, rows->log_odds[i]);
        events += rows->label[i];
    }
    *good = hf_calibration_enough(n, events);
    if (*good) curve->intercept += hf_intercept_fit(log_odds, n, events);
    hf_delete(context, log_odds);
    return HF_OK;
}
