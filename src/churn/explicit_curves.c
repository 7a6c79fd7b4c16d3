// SPDX-License-Identifier: Apache-2.0
//
// A design of curves written out for liblinear, as a sparse matrix: hinges, steps and missing values each a
// column. Hinges and steps are not centred in it, so that most of them are 0; that moves the intercept and no
// other weight. Training has no use for so large a thing: it is what training is held against.
#include "churn/basis.h"
#include "churn/liblinear_fit.h"

#include <math.h>

struct hf_explicit_curves {
    const hf_context *context;
    hf_matrix *matrix;     // owned, as what follows
    hf_matrix_part *part;  // all rows
    double *weights;       // of the last solve, the bias last
    int32_t *index;        // a feature each: a row on its way
    double *value, *shift; // likewise; shift: what centring takes off
    int32_t features;
    int64_t nonzero;
};

void hf_explicit_curves_destroy(hf_explicit_curves *e)
{
    if (!e) return;
    hf_matrix_part_destroy(e->context, e->part);
    hf_matrix_destroy(e->matrix);
    hf_delete(e->context, e->weights);
    hf_delete(e->context, e->index);
    hf_delete(e->context, e->value);
    hf_delete(e->context, e->shift);
    hf_delete(e->context, e);
}

// What a block's features are on a row, less what they are where no hinge and no step has begun.
static int32_t fill_block(const hf_explicit_curves *e, const hf_block *block, int64_t row, int32_t n)
{
    const int32_t cell = block->cell[row];
    if (!block->map) {
        if (cell >= block->features) return n;
        e->index[n] = block->first + cell + 1;
        e->value[n] = block->scale;
        return n + 1;
    }
    const double *level = block->map + (int64_t)cell * block->features;
    const double *slope = block->map + (int64_t)(block->cells + cell) * block->features;
    for (int32_t f = 0; f < block->features; f++) {
        const double value = level[f] + slope[f] * (double)block->place[row] - e->shift[block->first + f];
        if (fabs(value) < 1e-12) continue;
        e->index[n] = block->first + f + 1;
        e->value[n++] = value;
    }
    return n;
}

static int32_t fill_row(const hf_explicit_curves *e, const hf_bent *bent, int64_t row)
{
    int32_t n = 0;
    for (int32_t k = 0; k < bent->count; k++)
        n = fill_block(e, &bent->blocks[k], row, n);
    return n;
}

// In the first cell no hinge and no step has begun: what is there is the centring alone. A slope there is
// that of the straight line.
static void find_shifts(const hf_explicit_curves *e, const hf_bent *bent)
{
    for (int32_t k = 0; k < bent->count; k++) {
        const hf_block *block = &bent->blocks[k];
        for (int32_t f = 0; block->map && f < block->features; f++)
            if (block->map[(int64_t)block->cells * block->features + f] == 0.0)
                e->shift[block->first + f] = block->map[f];
    }
}

static hf_status fill_matrix(hf_explicit_curves *e, const hf_bent *bent, int64_t rows, hf_error *error)
{
    int32_t widest = 0;
    for (int64_t i = 0; i < rows; i++) {
        const int32_t n = fill_row(e, bent, i);
        if (n > widest) widest = n;
        e->nonzero += n;
    }
    const hf_status status = hf_matrix_create(&e->matrix, e->context, rows, e->features, widest, error);
    for (int64_t i = 0; i < rows && status == HF_OK; i++) {
        const int32_t n = fill_row(e, bent, i);
        hf_matrix_set_row(e->matrix, i, e->index, e->value, n);
    }
    return status;
}

hf_status hf_explicit_curves_create(hf_explicit_curves **out, const hf_context *context,
                                    const hf_frame *frame, const uint8_t *label, double tau, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    hf_basis *basis = NULL;
    hf_coded *coded = NULL;
    hf_bent bent = {0};
    int64_t *every = hf_new_raw(context, (size_t)frame->rows, sizeof *every);
    hf_explicit_curves *made = hf_new(context, 1, sizeof *made);
    if (!every || !made) {
        status = hf_fail_memory(error);
        goto done;
    }
    made->context = context;
    for (int64_t i = 0; i < frame->rows; i++)
        every[i] = i;
    HF_TRY(done, hf_basis_create(&basis, context, frame, every, frame->rows, label, &options, true, error));
    HF_TRY(done, hf_coded_create(&coded, basis, every, frame->rows, error));
    HF_TRY(done, hf_bent_create(&bent, basis, coded, tau, error));
    const size_t features = (size_t)basis->features;
    made->features = basis->features;
    made->index = hf_new(context, features, sizeof *made->index);
    made->value = hf_new(context, features, sizeof *made->value);
    made->shift = hf_new(context, features, sizeof *made->shift);
    made->weights = hf_new(context, features + 1, sizeof *made->weights);
    if (!made->index || !made->value || !made->shift || !made->weights) {
        status = hf_fail_memory(error);
        goto done;
    }
    find_shifts(made, &bent);
    HF_TRY(done, fill_matrix(made, &bent, frame->rows, error));
    HF_TRY(done, hf_matrix_part_create(&made->part, made->matrix, every, frame->rows, label, error));
    *out = made;
    made = NULL;
done:
    hf_explicit_curves_destroy(made);
    hf_bent_free(&bent);
    hf_coded_destroy(coded);
    hf_basis_destroy(basis);
    hf_delete(context, every);
    return status;
}

hf_status hf_explicit_curves_solve(const hf_explicit_curves *e, double c, double eps, hf_error *error)
{
    const char *wrong = hf_liblinear_fit(e->weights, NULL, e->part, c, eps, false);
    return wrong ? hf_fail(error, HF_ERROR_INTERNAL, "liblinear: %s", wrong) : HF_OK;
}

double hf_explicit_curves_margin(const hf_explicit_curves *e, int64_t row)
{
    return hf_matrix_margin(e->matrix, row, e->weights) + e->weights[e->features] * HF_BIAS;
}

void hf_explicit_curves_size(const hf_explicit_curves *e, int32_t *features, int64_t *nonzero)
{
    *features = e->features;
    *nonzero = e->nonzero;
}
