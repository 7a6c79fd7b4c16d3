// SPDX-License-Identifier: Apache-2.0
//
// The planted field, from a seed.
#include "planted_field.h"

#include <math.h>

static double sigmoid(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

void make_field(field *t, uint64_t seed, double effect, double slope, int threads)
{
    static const char *const names[] = {"x0", "x1", "x2", "x3", "x4", "x5"};
    static double x[SIGNALS][WIDE];
    hf_random r = hf_random_seed(seed, 7);
    t->context = fixture_context(&t->f, threads);
    t->frame = fixture_frame(t->context, WIDE);
    for (int64_t i = 0; i < WIDE; i++) {
        for (int k = 0; k < SIGNALS; k++)
            x[k][i] = hf_random_normal(&r);
        const double z = slope * x[0][i] + (x[1][i] * x[2][i] > 0 ? effect : -effect);
        t->label[i] = hf_random_uniform(&r) < sigmoid(z - 0.5);
        t->rows[i] = i;
    }
    for (int k = 0; k < SIGNALS; k++)
        fixture_number(t->frame, names[k], HF_STORAGE_F64, x[k]);
}

void clear_field(field *t)
{
    hf_frame_destroy(t->frame);
    hf_context_destroy(t->context);
}
