// SPDX-License-Identifier: Apache-2.0
//
// Weightings drawn around the present one: a Dirichlet distribution over the groups and one over the measures
// of each group, as gammas divided by their sum (Devroye 1986, chapter 11.4). Weights keep their present sum
// and are rounded to four digits.
#include "whatif/whatif_room.h"

#include <math.h>
#include <stdlib.h>

enum { DIGITS = 4, STREAM = 0x77687466 }; // a family of streams of their own under the seed

static double rounded(double x)
{
    if (!(x > 0) || !isfinite(x)) return 0;
    const int power = DIGITS - 1 - (int)floor(log10(x));
    const double scale = pow(10, abs(power));
    return power >= 0 ? round(x * scale) / scale : round(x / scale) * scale;
}

// Weights of places [first, end) of one level, drawn around those present.
static void draw_level(double *out, const double *present, int32_t first, int32_t end, double concentration,
                       hf_random *random)
{
    double sum = 0, drawn = 0;
    for (int32_t i = first; i < end; i++)
        sum += present[i];
    for (int32_t i = first; i < end; i++) {
        out[i] = present[i] > 0 ? hf_random_gamma(random, concentration * present[i] / sum) : 0;
        drawn += out[i];
    }
    // Shapes near 0 may all give 0: then nothing was said.
    for (int32_t i = first; i < end; i++)
        out[i] = drawn > 0 ? rounded(sum * out[i] / drawn) : present[i];
}

// Those of other segments follow in proportion; where the definition has no weight they stay as they are.
static void follow(double *weight, const double *present, const double *own, const double *drawn,
                   int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (!(own[i] > 0)) continue;
        weight[i] = present[i] == own[i] ? drawn[i] : rounded(present[i] * (drawn[i] / own[i]));
    }
}

void hf_weighting_draw(hf_weighting_set *set, int32_t at, int32_t k, double concentration, uint64_t seed)
{
    const hf_definition *d = set->weights.definition;
    const int32_t rest = d->segment_count - 1;
    const hf_segment *own = &d->segments[rest];
    double *groups = hf_weighting_groups(&set->weights, at),
           *measures = hf_weighting_measures(&set->weights, at);
    double *group = groups + (ptrdiff_t)rest * d->group_count,
           *measure = measures + (ptrdiff_t)rest * d->measure_count;
    hf_random random = hf_random_seed(seed ^ STREAM, (uint64_t)k);
    draw_level(group, own->group_weight, 0, d->group_count, concentration, &random);
    for (int32_t g = 0; g < d->group_count; g++)
        draw_level(measure, own->measure_weight, d->groups[g].first, d->groups[g].first + d->groups[g].count,
                   concentration, &random);
    for (int32_t s = 0; s < rest; s++) {
        follow(groups + (ptrdiff_t)s * d->group_count, d->segments[s].group_weight, own->group_weight, group,
               d->group_count);
        follow(measures + (ptrdiff_t)s * d->measure_count, d->segments[s].measure_weight, own->measure_weight,
               measure, d->measure_count);
    }
    set->name[at].kind = HF_WEIGHTING_DRAW;
    snprintf(set->name[at].name, sizeof set->name[at].name, "draw %d", (int)k + 1);
}
