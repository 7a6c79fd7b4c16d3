// SPDX-License-Identifier: Apache-2.0
//
// The trend of each measure of one account, for the page that explains it: its score now and as the scores
// of an earlier night kept it. Measures are found by name, so that one that is new since has no past.
#include "health/health_room.h"

#include <math.h>
#include <string.h>

// The row of frame whose id is that of today's row, or -1.
static int64_t find_account(const hf_frame *frame, const hf_frame *today, int64_t row)
{
    size_t length, other;
    const char *id = hf_frame_id(today, row, &length);
    for (int64_t i = 0; i < frame->rows; i++) {
        const char *found = hf_frame_id(frame, i, &other);
        if (length == other && memcmp(id, found, length) == 0) return i;
    }
    return -1;
}

static double kept_score(const hf_frame *before, const char *path, int64_t row)
{
    char name[HF_NAME_LIMIT + 1];
    const int length = snprintf(name, sizeof name, "measure:%s", path);
    if (row < 0 || length < 0 || (size_t)length >= sizeof name) return NAN;
    const int32_t c = hf_frame_find(before, name);
    if (c < 0) return NAN;
    const hf_column *column = &before->columns[c];
    if (column->storage != HF_STORAGE_F32 && column->storage != HF_STORAGE_F64) return NAN;
    return hf_column_number(column, row);
}

void hf_health_trends(hf_measure_trend *out, const hf_health_plan *plan, int64_t row,
                      const hf_health_explanation *explanation, const hf_frame *before)
{
    const hf_definition *definition = hf_health_plan_definition(plan);
    const int64_t then = before ? find_account(before, hf_health_plan_frame(plan), row) : -1;
    for (int32_t m = 0; m < definition->measure_count; m++) {
        const double now = explanation->parts[m].score;
        const double past = kept_score(before, definition->measures[m].path, then);
        out[m] = (hf_measure_trend){now, past, hf_trend_between(now, past, definition->trend_dead_zone)};
    }
}
