// SPDX-License-Identifier: Apache-2.0
//
// One weighting over a fleet without the product: every account in double, in the order of the fleet pass.
#include "whatif/whatif_fleet.h"

#include <math.h>

static int8_t band_of(const hf_whatif_fleet *f, const hf_pattern *p, double health, bool unknown)
{
    const hf_definition *d = f->definition;
    int8_t band = 0;
    if (isnan(health) || unknown) return -1;
    while (band + 1 < d->band_count && health >= d->segments[p->segment].band_from[band + 1])
        band++;
    return band;
}

hf_status hf_whatif_exact(double *health, int8_t *band, const hf_whatif_fleet *f,
                          const hf_weightings *weightings, int32_t at, hf_error *error)
{
    const hf_definition *d = f->definition;
    const size_t segments = (size_t)d->segment_count, groups = (size_t)d->group_count;
    const size_t weight = segments * (size_t)d->measure_count;
    hf_status status = HF_OK;
    double *room = hf_new(f->context, weight + 2 * segments * groups + groups, sizeof *room);
    float *row = hf_new(f->context, (size_t)d->measure_count + 1, sizeof *row);
    if (!room || !row) {
        status = hf_fail_memory(error);
        goto done;
    }
    hf_weights weights = {room, room + weight, room + weight + segments * groups};
    double *kept = room + weight + 2 * segments * groups;
    hf_weights_make(&weights, weightings, at);
    for (int32_t k = 0; k < f->pattern_count; k++) {
        const hf_pattern *p = &f->patterns[k];
        const hf_pattern_weights of = hf_pattern_weigh(row, kept, f, p, &weights);
        for (int64_t i = p->first; i < p->first + p->rows; i++) {
            const double raw = hf_pattern_exact(f, p, &weights, kept, &of, f->row[i]);
            const double held = isnan(raw) ? (f->unset[i] ? NAN : f->low[i]) : fmin(fmax(raw, f->low[i]), f->high[i]);
            if (health) health[f->row[i]] = held;
            if (band) band[f->row[i]] = band_of(f, p, held, of.unknown);
        }
    }
done:
    hf_delete(f->context, room);
    hf_delete(f->context, row);
    return status;
}
