// SPDX-License-Identifier: Apache-2.0
//
// One replicate of the bootstrap. Knots, cuts and levels are learnt from the sample, since a cut that one
// sample shows and another does not is part of how far a curve could be off. A ridge is the posterior mode
// under weights that are normal about 0 with variance 1 / lambda; drawing where the penalty pulls to from
// that prior, beside the rows, gives the fits the spread of the error, shrinkage included: to first order
// H^-1 (X'WX + lambda) H^-1 (Bardsley et al. 2014, randomize then optimize; Nychka 1988 and Marra and Wood
// 2012 on why that covers where the sampling spread alone does not). What shrinkage takes off a strong signal
// has a known side, so it is given back: a second fit is drawn to the first instead of to 0 (twicing, Tukey
// 1977), which squares the share of a weight that is lost.
#include "churn/curve_replicate.h"

#include "churn/basis.h"
#include "churn/ridge_fit.h"

#include <math.h>
#include <string.h>

#define EPS 1e-3

// ---- memory of fits side by side --------------------------------------------------------------------------

static void *locked_resize(void *user, void *p, size_t size)
{
    const hf_context *parent = *(const hf_context *const *)user;
    void *made = NULL;
#pragma omp critical(hf_replicate_memory)
    if (size > 0)
        made = hf_grow(parent, p, size, 1);
    else
        hf_delete(parent, p);
    return made;
}

hf_status hf_locked_context(hf_context **out, const hf_context **keeper, const hf_context *parent,
                            hf_error *error)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    *keeper = parent;
    options.resize = locked_resize;
    options.resize_user = (void *)keeper;
    options.threads = 1;
    return hf_context_create(out, &options, error);
}

// ---- values of the points ---------------------------------------------------------------------------------

// Of curves: a signal of the model is found by its column, as a sample may lack one.
static hf_status read_curves(double *value, const hf_replicates *r, const hf_basis *basis,
                             const hf_bent *bent, const double *weights, hf_error *error)
{
    hf_term *terms = NULL;
    hf_status status = hf_basis_terms(&terms, basis, bent, weights, r->spread, r->spread_count, error);
    if (status != HF_OK) return status;
    for (int32_t k = 0; k < r->points->count; k++) {
        const hf_curve_point *p = &r->points->points[k];
        const int32_t column = r->refit->basis->signals[p->term].column;
        const hf_term *term = NULL;
        for (int32_t s = 0; s < basis->count; s++)
            if (basis->signals[s].column == column) term = &terms[s];
        value[k] = !term                         ? 0.0
                   : p->level                    ? hf_term_value_level(term, p->level) - term->reference
                   : isnan(p->x) && !p->missing  ? term->table.pooled - term->reference
                   : term->kind == HF_TERM_TABLE ? term->missing - term->reference
                                                 : hf_term_value_number(term, p->x) - term->reference;
    }
    for (int32_t s = 0; s < basis->count; s++)
        hf_term_free(basis->context, &terms[s]);
    hf_delete(basis->context, terms);
    return HF_OK;
}

// Of coefficients: a row's features, less their means, times the weights.
static hf_status read_plain(double *value, const hf_replicates *r, const double *weights, hf_error *error)
{
    const hf_refit *refit = r->refit;
    const size_t size = (size_t)refit->blocks.features + 1;
    double *x = hf_new(r->context, size + hf_blocks_sums(&refit->blocks), sizeof *x);
    if (!x) return hf_fail_memory(error);
    for (int32_t k = 0; k < r->points->count; k++) {
        const hf_curve_point *p = &r->points->points[k];
        const hf_block *block = &refit->blocks.blocks[p->term];
        hf_refit_row(x, refit, refit->blocks.rows[p->place], x + size);
        value[k] = 0.0;
        for (int32_t f = block->first; f < block->first + block->features; f++)
            value[k] += (x[f] - r->mean[f]) * weights[f];
    }
    hf_delete(r->context, x);
    return HF_OK;
}

// ---- fits -------------------------------------------------------------------------------------------------

// Fits once more, drawn to where the weights are.
static hf_status sharpen(double *weights, double *toward, const hf_context *context, const hf_blocks *blocks,
                         const uint8_t *label, double lambda, hf_error *error)
{
    hf_ridge ridge = {.weights = weights, .toward = toward};
    memcpy(toward, weights, (size_t)blocks->features * sizeof *toward);
    return hf_ridge_fit(&ridge, context, blocks, label, lambda, EPS, error);
}

// From zero, drawn to numbers from the prior, then sharpened. *weights is owned by the caller.
static hf_status fit(double **weights, const hf_context *context, const hf_blocks *blocks,
                     const uint8_t *label, double lambda, hf_random *random, hf_error *error)
{
    const size_t size = (size_t)blocks->features + 1;
    double *toward = hf_new(context, size, sizeof *toward);
    hf_status status = HF_OK;
    *weights = hf_new(context, size, sizeof **weights);
    if (!toward || !*weights) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t f = 0; f < blocks->features; f++)
        toward[f] = hf_random_normal(random) / sqrt(lambda);
    hf_ridge ridge = {.weights = *weights, .toward = toward};
    HF_TRY(done, hf_ridge_fit(&ridge, context, blocks, label, lambda, EPS, error));
    HF_TRY(done, sharpen(*weights, toward, context, blocks, label, lambda, error));
done:
    hf_delete(context, toward);
    return status;
}

static hf_status fit_plain(double *value, const hf_replicates *r, const int64_t *place, int64_t count,
                           double lambda, hf_random *random, hf_error *error)
{
    double *weights = NULL;
    hf_blocks blocks = r->refit->blocks;
    hf_status status;
    blocks.rows = place;
    blocks.row_count = count;
    HF_TRY(done, fit(&weights, r->context, &blocks, r->refit->label, lambda, random, error));
    HF_TRY(done, read_plain(value, r, weights, error));
done:
    hf_delete(r->context, weights);
    return status;
}

// The sample's curves, then the cells of the surfaces as the full fit has them.
typedef struct {
    hf_basis *basis;
    hf_coded *coded;
    hf_bent bent;
    hf_block *blocks;  // owned, and the surfaces' cells
    int64_t *row, *of; // owned: rows of the frame; 0, 1, 2, ...
    uint8_t *label;    // owned
    int32_t surfaces;
} sample;

static void free_sample(sample *s, const hf_context *context)
{
    for (int32_t k = 0; s->blocks && k < s->surfaces; k++)
        hf_delete(context, (void *)s->blocks[s->bent.count + k].cell);
    hf_delete(context, s->blocks);
    hf_bent_free(&s->bent);
    hf_coded_destroy(s->coded);
    hf_basis_destroy(s->basis);
    hf_delete(context, s->row);
    hf_delete(context, s->of);
    hf_delete(context, s->label);
}

static hf_status learn(sample *s, const hf_replicates *r, const int64_t *place, int64_t count,
                       hf_error *error)
{
    const hf_refit *refit = r->refit;
    hf_status status;
    s->row = hf_new_raw(r->context, (size_t)count, sizeof *s->row);
    s->of = hf_new_raw(r->context, (size_t)count, sizeof *s->of);
    s->label = hf_new_raw(r->context, (size_t)count, sizeof *s->label);
    if (!s->row || !s->of || !s->label) return hf_fail_memory(error);
    for (int64_t i = 0; i < count; i++) {
        s->row[i] = refit->training->rows[place[i]];
        s->label[i] = refit->label[place[i]];
        s->of[i] = i;
    }
    HF_TRY(done, hf_basis_create(&s->basis, r->context, refit->training->frame, s->row, count, s->label,
                                 refit->training->options, true, error));
    HF_TRY(done, hf_coded_create(&s->coded, s->basis, s->row, count, error));
    HF_TRY(done, hf_bent_create(&s->bent, s->basis, s->coded, refit->bent->tau, error));
done:
    return status;
}

static hf_status add_surfaces(hf_blocks *out, sample *s, const hf_replicates *r, const int64_t *place,
                              int64_t count, hf_error *error)
{
    const hf_blocks *full = &r->refit->blocks;
    s->surfaces = full->count - r->refit->signals;
    s->blocks = hf_new(r->context, (size_t)(s->bent.count + s->surfaces), sizeof *s->blocks);
    if (!s->blocks) return hf_fail_memory(error);
    memcpy(s->blocks, s->bent.blocks, (size_t)s->bent.count * sizeof *s->blocks);
    *out = (hf_blocks){.blocks = s->blocks,
                       .count = s->bent.count + s->surfaces,
                       .features = s->basis->features,
                       .rows = s->of,
                       .row_count = count};
    for (int32_t k = 0; k < s->surfaces; k++) {
        hf_block *block = &s->blocks[s->bent.count + k];
        const hf_block *from = &full->blocks[r->refit->signals + k];
        uint16_t *cell = hf_new_raw(r->context, (size_t)count, sizeof *cell);
        if (!cell) return hf_fail_memory(error);
        for (int64_t i = 0; i < count; i++)
            cell[i] = from->cell[place[i]];
        *block = *from;
        block->cell = cell;
        block->first = out->features;
        out->features += block->features;
    }
    return HF_OK;
}

hf_status hf_replicate_fit(double *value, const hf_replicates *r, const int64_t *place, int64_t count,
                           double lambda, hf_random *random, hf_error *error)
{
    sample s = {0};
    hf_blocks blocks;
    double *weights = NULL;
    hf_status status;
    if (r->mean) return fit_plain(value, r, place, count, lambda, random, error);
    HF_TRY(done, learn(&s, r, place, count, error));
    HF_TRY(done, add_surfaces(&blocks, &s, r, place, count, error));
    HF_TRY(done, fit(&weights, r->context, &blocks, s.label, lambda, random, error));
    HF_TRY(done, read_curves(value, r, s.basis, &s.bent, weights, error));
done:
    hf_delete(r->context, weights);
    free_sample(&s, r->context);
    return status;
}

static hf_status read_full(double *value, const hf_replicates *r, const double *weights, hf_error *error)
{
    if (r->mean) return read_plain(value, r, weights, error);
    return read_curves(value, r, r->refit->basis, r->refit->bent, weights, error);
}

hf_status hf_replicate_full(double *value, double *sharp, const hf_replicates *r, hf_error *error)
{
    const hf_refit *refit = r->refit;
    const size_t size = (size_t)refit->blocks.features + 1;
    double *weights = hf_new(r->context, 2 * size, sizeof *weights);
    hf_status status;
    if (!weights) return hf_fail_memory(error);
    memcpy(weights, refit->weights, size * sizeof *weights);
    HF_TRY(done,
           sharpen(weights, weights + size, r->context, &refit->blocks, refit->label, refit->lambda, error));
    HF_TRY(done, read_full(value, r, refit->weights, error));
    HF_TRY(done, read_full(sharp, r, weights, error));
done:
    hf_delete(r->context, weights);
    return status;
}
