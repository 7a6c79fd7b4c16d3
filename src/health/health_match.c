// SPDX-License-Identifier: Apache-2.0
//
// Finds last night's accounts among tonight's.
#include "health/health_match.h"

#include <string.h>

static bool same_id(const hf_frame *a, int64_t i, const hf_frame *b, int64_t j)
{
    size_t n, m;
    const char *x = hf_frame_id(a, i, &n), *y = hf_frame_id(b, j, &m);
    return n == m && memcmp(x, y, n) == 0;
}

int64_t hf_health_match_one(const hf_frame *frame, const hf_frame *keys, int64_t row)
{
    for (int64_t i = 0; i < frame->rows; i++)
        if (same_id(frame, i, keys, row)) return i;
    return -1;
}

hf_status hf_health_match(int64_t *out, const hf_context *context, const hf_frame *frame,
                          const hf_frame *keys, hf_error *error)
{
    return hf_frame_match_near(out, context, frame, keys, error);
}
