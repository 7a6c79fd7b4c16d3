// SPDX-License-Identifier: Apache-2.0
//
// Weightings as plain arrays, each beginning as the definition's own.
#include "whatif/whatif_room.h"

#include <string.h>

double *hf_weighting_groups(const hf_weightings *w, int32_t at)
{
    return w->group + (ptrdiff_t)at * w->definition->segment_count * w->definition->group_count;
}

double *hf_weighting_measures(const hf_weightings *w, int32_t at)
{
    return w->measure + (ptrdiff_t)at * w->definition->segment_count * w->definition->measure_count;
}

static void copy_present(const hf_weightings *w, int32_t at)
{
    const hf_definition *d = w->definition;
    for (int32_t s = 0; s < d->segment_count; s++) {
        memcpy(hf_weighting_groups(w, at) + (ptrdiff_t)s * d->group_count, d->segments[s].group_weight,
               (size_t)d->group_count * sizeof *w->group);
        memcpy(hf_weighting_measures(w, at) + (ptrdiff_t)s * d->measure_count, d->segments[s].measure_weight,
               (size_t)d->measure_count * sizeof *w->measure);
    }
}

hf_status hf_weightings_create(hf_weightings *out, const hf_context *context, const hf_definition *definition,
                               int32_t count, hf_error *error)
{
    const size_t segments = (size_t)definition->segment_count;
    hf_weightings w = {.context = context, .definition = definition, .count = count};
    w.group =
        hf_new_raw(context, (size_t)count * segments * (size_t)definition->group_count, sizeof *w.group);
    w.measure =
        hf_new_raw(context, (size_t)count * segments * (size_t)definition->measure_count, sizeof *w.measure);
    if (!w.group || !w.measure) {
        hf_weightings_free(&w);
        return hf_fail_memory(error);
    }
    for (int32_t i = 0; i < count; i++)
        copy_present(&w, i);
    *out = w;
    return HF_OK;
}

void hf_weightings_free(hf_weightings *weightings)
{
    hf_delete(weightings->context, weightings->group);
    hf_delete(weightings->context, weightings->measure);
    *weightings = (hf_weightings){0};
}
