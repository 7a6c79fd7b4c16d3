// SPDX-License-Identifier: Apache-2.0
//
// A mixed table with the blocks of its curves; see curve_bed.h.
#include "curve_bed.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

void make_bed(bed *t, const hf_train_options *options, double tau, int threads)
{
    const hf_train_options usual = HF_TRAIN_OPTIONS_INIT;
    t->context = fixture_context(&t->f, threads);
    t->frame = fixture_mixed(t->context, ROWS, 21, t->label);
    for (int64_t i = 0; i < ROWS; i++)
        t->rows[i] = i;
    cr_assert_eq(hf_basis_create(&t->basis, t->context, t->frame, t->rows, ROWS, t->label,
                                 options ? options : &usual, true, NULL),
                 HF_OK);
    cr_assert_eq(hf_coded_create(&t->coded, t->basis, t->rows, ROWS, NULL), HF_OK);
    cr_assert_eq(hf_bent_create(&t->bent, t->basis, t->coded, tau, NULL), HF_OK);
    t->blocks = (hf_blocks){.blocks = t->bent.blocks,
                            .count = t->bent.count,
                            .features = t->basis->features,
                            .rows = t->rows,
                            .row_count = ROWS};
    t->scratch = calloc(hf_blocks_sums(&t->blocks), sizeof(double));
}

void clear_bed(bed *t)
{
    hf_bent_free(&t->bent);
    hf_coded_destroy(t->coded);
    hf_basis_destroy(t->basis);
    hf_frame_destroy(t->frame);
    hf_context_destroy(t->context);
    free(t->scratch);
}

double clip(const hf_basis_signal *s, double x)
{
    return fmin(fmax(x, s->low), s->high);
}

double z_of(const hf_basis_signal *s, double x)
{
    x = clip(s, x);
    for (int32_t k = 1; k < s->knots; k++)
        if (x <= s->knot_x[k] || k == s->knots - 1)
            return s->knot_z[k - 1] + (x - s->knot_x[k - 1]) / (s->knot_x[k] - s->knot_x[k - 1]) *
                                          (s->knot_z[k] - s->knot_z[k - 1]);
    return 0.0;
}
