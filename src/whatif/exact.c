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
    hf_weights weights = {0};
    hf_pattern_weights of = {0};
    hf_status status;
    HF_TRY(done, hf_weights_create(&weights, f->context, d, 1, error));
    HF_TRY(done, hf_pattern_weights_create(&of, f->context, d->group_count, d->measure_count, 1, error));
    hf_weights_fill(&weights, weightings, at, 1);
    for (int32_t k = 0; k < f->pattern_count; k++) {
        const hf_pattern *p = &f->patterns[k];
        hf_pattern_weigh(&of, f, p, &weights);
        for (int64_t i = p->first; i < p->first + p->rows; i++) {
            const double raw = hf_pattern_exact(f, p, &weights, &of, 0, f->row[i]),
                         set = f->unset[i] ? NAN : f->low[i];
            const double held = isnan(raw) ? set : fmin(fmax(raw, f->low[i]), f->high[i]);
            if (health) health[f->row[i]] = held;
            if (band) band[f->row[i]] = band_of(f, p, held, of.unknown[0]);
        }
    }
done:
    hf_weights_free(f->context, &weights);
    hf_pattern_weights_free(f->context, &of);
    return status;
}
