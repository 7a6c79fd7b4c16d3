// SPDX-License-Identifier: Apache-2.0
//
// Curves and surfaces: features against their definition worked out afresh from the rows, the ridge against
// liblinear on the explicit matrix, terms against blocks, cuts against brute force, the screen of pairs, the
// inner splits.
#include "churn/curve_choice.h"
#include "churn/cuts.h"
#include "churn/final_fit.h"
#include "churn/joint.h"
#include "churn/liblinear_fit.h"
#include "curve_bed.h"
#include "planted_field.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double sigmoid(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, int64_t n, double p)
{
    const double at = p * (double)(n - 1);
    const int64_t i = (int64_t)floor(at);
    return i + 1 < n ? sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

// ---- the definition, worked out afresh ----------------------------------------------------------------------

// One signal's columns of a dense matrix of width `width`, centred by their own means over present rows.
static void dense_number(double *x, int32_t width, const hf_basis_signal *s, const hf_column *column,
                         int64_t rows, double tau)
{
    for (int32_t f = 0; f < s->features; f++) {
        const int32_t hinge = f - 1, step = f - 1 - s->hinges;
        const bool missing = s->has_missing && f == s->features - 1;
        double sum = 0.0;
        int64_t present = 0;
        for (int64_t i = 0; i < rows; i++) {
            const double v = hf_column_number(column, i);
            double *cell = &x[i * width + s->first + f];
            *cell = 0.0;
            if (missing) *cell = isnan(v);
            if (missing || isnan(v)) continue;
            if (f == 0)
                *cell = z_of(s, v);
            else if (hinge < s->hinges)
                *cell = tau * 0.5 * fmax(0.0, z_of(s, v) - s->hinge_z[hinge]);
            else
                *cell = tau * (clip(s, v) > s->step_x[step]);
            sum += *cell;
            present++;
        }
        for (int64_t i = 0; i < rows && f > 0 && !missing; i++)
            if (!isnan(hf_column_number(column, i))) x[i * width + s->first + f] -= sum / (double)present;
    }
}

static void dense_category(double *x, int32_t width, const hf_basis_signal *s, const hf_column *column,
                           int64_t rows)
{
    const int32_t *codes = column->values;
    int64_t count[64] = {0};
    for (int64_t i = 0; i < rows; i++)
        if (codes[i] >= 0) count[codes[i]]++;
    for (int64_t i = 0; i < rows; i++) {
        int32_t own = 0, feature = -1, rare = 0;
        for (int32_t k = 0; k < column->dictionary.count; k++) {
            if (count[k] >= 20 && k == codes[i]) feature = own;
            own += count[k] >= 20;
            rare += count[k] > 0 && count[k] < 20;
        }
        const bool pools = rare > 0 || (s->missing > 0 && !s->has_missing);
        if (codes[i] < 0 && s->has_missing) feature = own + pools;
        if (feature < 0) feature = own; // pooled
        for (int32_t f = 0; f < s->features; f++)
            x[i * width + s->first + f] = f == feature;
    }
}

static double *dense(const bed *t, double tau)
{
    const int32_t width = t->basis->features;
    double *x = calloc((size_t)(ROWS * width), sizeof *x);
    for (int32_t k = 0; k < t->basis->count; k++) {
        const hf_basis_signal *s = &t->basis->signals[k];
        const hf_column *column = &t->frame->columns[s->column];
        if (column->storage == HF_STORAGE_CODE)
            dense_category(x, width, s, column, ROWS);
        else
            dense_number(x, width, s, column, ROWS, tau);
    }
    return x;
}

Test(terms_fit, features_are_those_of_the_definition)
{
    const double taus[] = {0.2, 0.7, 2.0};
    for (int k = 0; k < 3; k++) {
        bed t = {0};
        make_bed(&t, NULL, taus[k], 1);
        const int32_t width = t.basis->features;
        double *x = dense(&t, taus[k]), *w = calloc((size_t)width + 1, sizeof *w);
        double margin[ROWS], residual[ROWS], *g = calloc((size_t)width, sizeof *g);
        hf_random r = hf_random_seed(3, 3);
        for (int64_t i = 0; i < ROWS; i++)
            residual[i] = hf_random_normal(&r);
        hf_blocks_gradient(g, &t.blocks, residual, t.scratch);
        for (int32_t f = 0; f < width; f++) {
            double sum = 0.0;
            w[f] = 1.0;
            hf_blocks_margin(margin, &t.blocks, w, t.scratch);
            w[f] = 0.0;
            for (int64_t i = 0; i < ROWS; i++) {
                cr_assert_float_eq(margin[i], x[i * width + f], 2e-6, "feature %d, row %d: %g, %g", f, (int)i,
                                   margin[i], x[i * width + f]);
                sum += residual[i] * x[i * width + f];
            }
            cr_assert_float_eq(g[f], sum, 1e-4, "feature %d", f);
        }
        free(x), free(w), free(g);
        clear_bed(&t);
    }
}

// Clips, warp, hinges and their number, from the sorted values.
Test(terms_fit, a_basis_is_learnt_as_its_header_says)
{
    bed t = {0};
    make_bed(&t, NULL, 1.0, 1);
    int warped = 0, straight = 0;
    for (int32_t k = 0; k < t.basis->count; k++) {
        const hf_basis_signal *s = &t.basis->signals[k];
        const hf_column *column = &t.frame->columns[s->column];
        if (column->storage == HF_STORAGE_CODE) continue;
        double v[ROWS], mean = 0, square = 0, cube = 0, z_mean = 0, z_square = 0;
        int64_t n = 0, distinct = 0;
        for (int64_t i = 0; i < ROWS; i++)
            if (!isnan(hf_column_number(column, i))) v[n++] = hf_column_number(column, i);
        qsort(v, (size_t)n, sizeof *v, compare_doubles);
        for (int64_t i = 0; i < n; i++)
            distinct += i == 0 || v[i] != v[i - 1];
        const double low = quantile(v, n, 0.005), high = quantile(v, n, 0.995);
        cr_expect_float_eq(s->low, low, 1e-12 * fabs(low) + 1e-300);
        cr_expect_float_eq(s->high, high, 1e-12 * fabs(high));
        for (int64_t i = 0; i < n; i++)
            mean += clip(s, v[i]) / (double)n;
        for (int64_t i = 0; i < n; i++) {
            const double d = clip(s, v[i]) - mean;
            square += d * d / (double)n;
            cube += d * d * d / (double)n;
            z_mean += z_of(s, v[i]) / (double)n;
            z_square += z_of(s, v[i]) * z_of(s, v[i]) / (double)n;
        }
        const double skew = cube / pow(square, 1.5);
        cr_expect_eq(s->knots > 2, fabs(skew) > 1.5, "%s: skewness %g, %d knots", column->name, skew,
                     s->knots);
        cr_expect_float_eq(z_mean, 0.0, 1e-9);
        cr_expect_float_eq(z_square, 1.0, 1e-9);
        warped += s->knots > 2;
        straight += s->knots == 2;
        if (s->knots > 2) { // z at a knot is an affine asinh: three points on a line
            const double middle = quantile(v, n, 0.5);
            const double quarters = quantile(v, n, 0.75) - quantile(v, n, 0.25);
            const double spread = quarters > 0 ? quarters / 1.35 : sqrt(square);
            const int32_t last = s->knots - 1;
            const double a = asinh((s->low - middle) / spread), b = asinh((s->high - middle) / spread);
            for (int32_t j = 0; j <= last; j++) {
                const double share = (asinh((s->knot_x[j] - middle) / spread) - a) / (b - a);
                cr_expect_float_eq(s->knot_z[j], s->knot_z[0] + share * (s->knot_z[last] - s->knot_z[0]),
                                   1e-9);
            }
        }
        cr_expect(distinct > 12 || s->hinges == 0);
        cr_expect(s->hinges <= 8 && s->steps <= 12);
        for (int32_t j = 1; j < s->hinges; j++)
            cr_expect_geq(s->hinge_z[j] - s->hinge_z[j - 1], 0.02);
        for (int32_t j = 0; j <= s->steps && s->steps > 0; j++) { // enough rows between steps
            int64_t between = 0;
            for (int64_t i = 0; i < n; i++)
                between += (j == 0 || v[i] > s->step_x[j - 1]) && (j == s->steps || v[i] <= s->step_x[j]);
            cr_expect_geq(between, 10);
        }
    }
    cr_expect(warped >= 1 && straight >= 2, "the table must try both");
    clear_bed(&t);
}

// ---- the ridge ----------------------------------------------------------------------------------------------

static void fit_ridge(double *w, const bed *t, double lambda, double eps)
{
    hf_ridge fit = {.weights = w};
    cr_assert_eq(hf_ridge_fit(&fit, t->context, &t->blocks, t->label, lambda, eps, NULL), HF_OK);
}

Test(terms_fit, ridge_is_liblinears_own)
{
    const double lambdas[] = {300, 10, 0.3};
    bed t = {0};
    make_bed(&t, NULL, 0.7, 1);
    const int32_t width = t.basis->features;
    double *x = dense(&t, 0.7);
    double *own = calloc((size_t)width + 1, sizeof *own), *w = calloc((size_t)width + 1, sizeof *w);
    int32_t *index = calloc((size_t)width, sizeof *index);
    double *value = calloc((size_t)width, sizeof *value);
    hf_matrix *matrix = NULL;
    hf_matrix_part *part = NULL;
    cr_assert_eq(hf_matrix_create(&matrix, t.context, ROWS, width, width, NULL), HF_OK);
    for (int64_t i = 0; i < ROWS; i++) {
        int32_t n = 0;
        for (int32_t f = 0; f < width; f++)
            if (x[i * width + f] != 0.0) {
                index[n] = f + 1;
                value[n++] = x[i * width + f];
            }
        hf_matrix_set_row(matrix, i, index, value, n);
    }
    cr_assert_eq(hf_matrix_part_create(&part, matrix, t.rows, ROWS, t.label, NULL), HF_OK);
    for (int k = 0; k < 3; k++) {
        memset(w, 0, ((size_t)width + 1) * sizeof *w);
        fit_ridge(w, &t, lambdas[k], 1e-9);
        cr_assert_null(hf_liblinear_fit(own, NULL, part, 1.0 / lambdas[k], 1e-9, false));
        // What liblinear shrinks its bias by, and what floats round places by, is far below this.
        for (int32_t f = 0; f < width; f++)
            cr_expect_float_eq(w[f], own[f], 2e-4, "lambda %g, feature %d: %g, liblinear %g", lambdas[k], f,
                               w[f], own[f]);
        cr_expect_float_eq(w[width], own[width] * HF_BIAS, 1e-3);
    }
    hf_matrix_part_destroy(t.context, part);
    hf_matrix_destroy(matrix);
    free(x), free(own), free(w), free(index), free(value);
    clear_bed(&t);
}

Test(terms_fit, gradient_vanishes_with_an_offset_too)
{
    bed t = {0};
    make_bed(&t, NULL, 2.0, 1);
    const int32_t width = t.basis->features;
    double *x = dense(&t, 2.0), *w = calloc((size_t)width + 1, sizeof *w), offset[ROWS], loss = 0.0, mean;
    double *g = calloc((size_t)width + 1, sizeof *g), each[ROWS];
    hf_random r = hf_random_seed(8, 1);
    for (int64_t i = 0; i < ROWS; i++)
        offset[i] = 2.0 * hf_random_normal(&r);
    t.blocks.offset = offset;
    hf_ridge fit = {.weights = w};
    cr_assert_eq(hf_ridge_fit(&fit, t.context, &t.blocks, t.label, 3.0, 1e-9, NULL), HF_OK);
    for (int32_t f = 0; f < width; f++)
        g[f] = 3.0 * w[f];
    for (int64_t i = 0; i < ROWS; i++) {
        double m = offset[i] + w[width];
        for (int32_t f = 0; f < width; f++)
            m += x[i * width + f] * w[f];
        const double p = sigmoid(m);
        loss -= log(t.label[i] ? p : 1.0 - p);
        for (int32_t f = 0; f < width; f++)
            g[f] += (p - t.label[i]) * x[i * width + f];
        g[width] += p - t.label[i];
    }
    for (int32_t f = 0; f <= width; f++)
        cr_expect_lt(fabs(g[f]), 1e-3, "gradient %g of %d; of zero weights it is some hundreds", g[f], f);
    cr_expect_float_eq(fit.loss, loss, 1e-3);
    cr_assert_eq(hf_ridge_loss(&mean, each, t.context, &t.blocks, t.label, w, NULL), HF_OK);
    cr_expect_float_eq(mean, loss / ROWS, 1e-6);
    cr_expect_float_eq(hf_log_loss(-800.0, true), 800.0, 1e-9);
    cr_expect_float_eq(hf_log_loss(800.0, true), 0.0, 1e-9);
    free(x), free(w), free(g);
    clear_bed(&t);
}

// ---- terms --------------------------------------------------------------------------------------------------

Test(terms_fit, terms_sum_to_the_margin_of_the_blocks)
{
    bed t = {0};
    make_bed(&t, NULL, 0.7, 1);
    // From the even rows; the odd ones meet values beyond the clips, and levels that training lacked.
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    int64_t some[ROWS / 2];
    uint8_t label[ROWS / 2];
    for (int64_t i = 0; i < ROWS / 2; i++) {
        some[i] = 2 * i;
        label[i] = t.label[2 * i];
    }
    ((float *)t.frame->columns[0].values)[1] = 1e9f;
    ((float *)t.frame->columns[0].values)[3] = -1e9f;
    ((float *)t.frame->columns[0].values)[5] = NAN; // none missing in training
    hf_basis *basis = NULL;
    hf_coded *coded = NULL;
    hf_bent bent = {0};
    hf_term *terms = NULL;
    cr_assert_eq(hf_basis_create(&basis, t.context, t.frame, some, ROWS / 2, label, &options, true, NULL),
                 HF_OK);
    cr_assert_eq(hf_coded_create(&coded, basis, t.rows, ROWS, NULL), HF_OK);
    cr_assert_eq(hf_bent_create(&bent, basis, coded, 0.7, NULL), HF_OK);
    double *w = calloc((size_t)basis->features + 1, sizeof *w);
    hf_random r = hf_random_seed(4, 4);
    for (int32_t f = 0; f < basis->features; f++)
        w[f] = hf_random_normal(&r);
    cr_assert_eq(hf_basis_terms(&terms, basis, &bent, w, some, ROWS / 2, NULL), HF_OK);
    double margin[ROWS], *scratch = calloc(1000, sizeof *scratch);
    for (int32_t k = 0; k < basis->count; k++) {
        const hf_blocks one = {.blocks = &bent.blocks[k],
                               .count = 1,
                               .features = basis->features,
                               .rows = t.rows,
                               .row_count = ROWS};
        const hf_basis_signal *s = &basis->signals[k];
        const hf_column *column = &t.frame->columns[s->column];
        double sum = 0.0;
        cr_assert_leq(hf_blocks_sums(&one), 1000);
        hf_blocks_margin(margin, &one, w, scratch);
        for (int64_t i = 0; i < ROWS; i++) {
            double value, expected = margin[i];
            if (column->storage == HF_STORAGE_CODE) {
                const int32_t code = ((const int32_t *)column->values)[i];
                const bool known = code >= 0 ? s->levels.cell[code] >= 0 : s->levels.missing >= 0;
                value = hf_term_value_level(&terms[k],
                                            code < 0 ? NULL : hf_dictionary_text(&column->dictionary, code));
                if (!known) expected = terms[k].reference; // argues neither way
            } else {
                value = hf_term_value_number(&terms[k], hf_column_number(column, i));
            }
            cr_assert_float_eq(value, expected, 5e-6, "%s, row %d: %g, %g", column->name, (int)i, value,
                               expected);
            if (i % 2 == 0) sum += value;
        }
        cr_expect_float_eq(terms[k].reference, sum / (ROWS / 2), 1e-11, "%s", column->name);
    }
    for (int32_t k = 0; k < basis->count; k++)
        hf_term_free(t.context, &terms[k]);
    hf_delete(t.context, terms);
    hf_bent_free(&bent);
    hf_coded_destroy(coded);
    hf_basis_destroy(basis);
    free(w), free(scratch);
    clear_bed(&t);
}

// Values so close beside so distant a median that their places from it are one: the curve cannot tell them
// apart, so the cells must not either.
Test(terms_fit, values_that_rounding_joins_share_a_cell)
{
    enum { N = 600 };
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    hf_frame *frame = fixture_frame(context, N);
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    hf_random r = hf_random_seed(1, 5);
    double v[N], margin[N], scratch[200];
    uint8_t label[N];
    int64_t rows[N];
    for (int64_t i = 0; i < N; i++) {
        rows[i] = i;
        v[i] = i < 100 ? 0.0 : i < 200 ? 1e-17 * (double)i : 100.0 + floor(50.0 * hf_random_uniform(&r));
        label[i] = hf_random_uniform(&r) < (i < 100 ? 0.9 : 0.2);
    }
    fixture_number(frame, "noise", HF_STORAGE_F64, v);
    hf_basis *basis = NULL;
    hf_coded *coded = NULL;
    hf_bent bent = {0};
    hf_term *terms = NULL;
    cr_assert_eq(hf_basis_create(&basis, context, frame, rows, N, label, &options, true, NULL), HF_OK);
    cr_assert_eq(hf_coded_create(&coded, basis, rows, N, NULL), HF_OK);
    cr_assert_eq(hf_bent_create(&bent, basis, coded, 1.0, NULL), HF_OK);
    cr_assert_gt(basis->signals[0].steps, 0);
    double w[64];
    for (int32_t k = 0; k < 64; k++)
        w[k] = 1.0 + k;
    cr_assert_eq(hf_basis_terms(&terms, basis, &bent, w, rows, N, NULL), HF_OK);
    const hf_blocks blocks = {
        .blocks = bent.blocks, .count = 1, .features = basis->features, .rows = rows, .row_count = N};
    hf_blocks_margin(margin, &blocks, w, scratch);
    for (int64_t i = 0; i < N; i++)
        cr_assert_float_eq(hf_term_value_number(terms, v[i]), margin[i], 1e-4, "%g: %g, %g", v[i],
                           hf_term_value_number(terms, v[i]), margin[i]);
    hf_term_free(context, terms);
    hf_delete(context, terms);
    hf_bent_free(&bent);
    hf_coded_destroy(coded);
    hf_basis_destroy(basis);
    hf_frame_destroy(frame);
    hf_context_destroy(context);
}

// ---- cuts ---------------------------------------------------------------------------------------------------

static double entropy(const hf_case *cases, int64_t begin, int64_t end)
{
    double n = (double)(end - begin), events = 0;
    for (int64_t i = begin; i < end; i++)
        events += cases[i].event;
    const double p = events / n;
    return p > 0 && p < 1 ? -n * (p * log(p) + (1 - p) * log(1 - p)) : 0.0;
}

// The one further cut that lowers entropy most, over all leaves that `taken` cuts leave: brute force.
static int64_t best_cut(double *gain, const hf_case *cases, int64_t n, const int64_t *taken, int cuts,
                        int64_t least)
{
    int64_t best = -1;
    *gain = 1e-9;
    for (int64_t at = 1; at < n; at++) {
        int64_t begin = 0, end = n;
        for (int k = 0; k < cuts; k++) {
            if (taken[k] <= at && taken[k] > begin) begin = taken[k];
            if (taken[k] > at && taken[k] < end) end = taken[k];
        }
        if (at == begin || cases[at].x == cases[at - 1].x || at - begin < least || end - at < least) continue;
        const double g = entropy(cases, begin, end) - entropy(cases, begin, at) - entropy(cases, at, end);
        if (g > *gain + 1e-9) {
            *gain = g;
            best = at;
        }
    }
    return best;
}

Test(terms_fit, entropy_cuts_against_brute_force)
{
    for (uint64_t seed = 0; seed < 20; seed++) {
        hf_random r = hf_random_seed(seed, 0);
        hf_case cases[200];
        double x[200], cut[16];
        int64_t taken[8], least = 5 + (int64_t)(seed % 3) * 10;
        for (int i = 0; i < 200; i++)
            x[i] = seed % 2 ? floor(20 * hf_random_uniform(&r)) : hf_random_normal(&r);
        qsort(x, 200, sizeof *x, compare_doubles);
        for (int i = 0; i < 200; i++)
            cases[i] = (hf_case){x[i], hf_random_uniform(&r) < (i % 67 < 30 ? 0.7 : 0.2)};
        const int32_t found = hf_entropy_cuts(cut, 5, cases, 200, least);
        int cuts = 0;
        double gain;
        for (int64_t at; cuts < 5 && (at = best_cut(&gain, cases, 200, taken, cuts, least)) >= 0;)
            taken[cuts++] = at;
        cr_assert_eq(found, cuts, "seed %d: %d, %d", (int)seed, found, cuts);
        for (int k = 0; k < found; k++) {
            int hits = 0;
            for (int j = 0; j < cuts; j++)
                hits += cases[taken[j] - 1].x <= cut[k] && cut[k] < cases[taken[j]].x;
            cr_assert_eq(hits, 1, "seed %d, cut %g", (int)seed, cut[k]);
            cr_assert(k == 0 || cut[k] > cut[k - 1]);
        }
    }
    const double a = 1.0, b = nextafter(1.0, 2.0);
    cr_assert(hf_cut_between(a, b) >= a && hf_cut_between(a, b) < b);
    hf_case one[2] = {{1.0, 0}, {1.0, 1}};
    double none[4];
    cr_assert_eq(hf_entropy_cuts(none, 4, one, 2, 1), 0, "equal values are not told apart");
}

// ---- pairs --------------------------------------------------------------------------------------------------

static int32_t screen_field(hf_pair *pairs, const field *t)
{
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    hf_basis *basis = NULL;
    hf_binned *binned = NULL;
    double residual[WIDE], curvature[WIDE], rate = 0.0;
    int32_t count = -1;
    cr_assert_eq(hf_basis_create(&basis, t->context, t->frame, t->rows, WIDE, t->label, &options, true, NULL),
                 HF_OK);
    cr_assert_eq(
        hf_binned_create(&binned, basis, t->rows, WIDE, WIDE, HF_PAIR_BINS, HF_PAIR_LEVELS, false, NULL),
        HF_OK);
    for (int64_t i = 0; i < WIDE; i++)
        rate += t->label[i] / (double)WIDE;
    for (int64_t i = 0; i < WIDE; i++) {
        residual[i] = t->label[i] - rate;
        curvature[i] = rate * (1 - rate);
    }
    cr_assert_eq(hf_pair_screen(pairs, &count, t->context, binned, residual, curvature, WIDE, NULL), HF_OK);
    hf_binned_destroy(binned);
    hf_basis_destroy(basis);
    return count;
}

Test(terms_fit, screen_finds_a_planted_pair_and_little_in_noise)
{
    int kept = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        field t;
        hf_pair pairs[HF_MOST_PAIRS], again[HF_MOST_PAIRS];
        make_field(&t, seed, 0.8, 0.7, 1);
        cr_assert_geq(screen_field(pairs, &t), 1, "seed %d", (int)seed);
        cr_expect(pairs[0].a == 1 && pairs[0].b == 2, "seed %d: %d x %d", (int)seed, pairs[0].a, pairs[0].b);
        cr_expect_gt(pairs[0].z, 5.0, "seed %d: %g", (int)seed, pairs[0].z);
        clear_field(&t);
        make_field(&t, seed, 0.0, 0.7, 7);
        const int32_t found = screen_field(pairs, &t);
        kept += found;
        clear_field(&t);
        make_field(&t, seed, 0.0, 0.7, 1);
        cr_expect_eq(screen_field(again, &t), found);
        for (int32_t k = 0; k < found; k++)
            cr_expect(pairs[k].z == again[k].z && pairs[k].z > 2.5);
        clear_field(&t);
    }
    cr_expect_leq(kept, 6, "%d of 120 pairs of noise pass; 2.5 standard deviations are passed by one in 80",
                  kept);
}

Test(terms_fit, one_standard_error_by_hand)
{
    // Differences to the best (the third): the first 1, 1, 1, 5, mean 2, error sqrt(12) / 4 = 0.87; the
    // second -2, 2, -2, 4: mean 0.5, error sqrt(27) / 4 = 1.30.
    const double losses[] = {2, 2, 2, 6, -1, 3, -1, 5, 1, 1, 1, 1, 9, 9, 9, 9};
    const bool all[] = {true, true, true, true}, skip[] = {true, false, true, true};
    cr_assert_eq(hf_one_standard_error(losses, all, 4, 4), 1);
    cr_assert_eq(hf_one_standard_error(losses, skip, 4, 4), 2);
    const double equal[] = {1, 2, 3, 1, 2, 3};
    cr_assert_eq(hf_one_standard_error(equal, all, 2, 3), 0, "the simplest of equals");
    const double worse[] = {2, 3, 4, 1, 2, 3};
    cr_assert_eq(hf_one_standard_error(worse, all, 2, 3), 1, "a sure gain is taken");
}

// ---- splits -------------------------------------------------------------------------------------------------

Test(terms_fit, splits_by_date_look_forward_over_the_gap)
{
    enum { N = 4000 };
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    static hf_date as_of[N];
    static uint8_t label[N];
    static int64_t account[N];
    hf_random r = hf_random_seed(2, 2);
    for (int64_t i = 0; i < N; i++) {
        as_of[i] = (hf_date)(30 * (int32_t)hf_random_below(&r, 24) - 300);
        account[i] = (int64_t)hf_random_below(&r, 500);
        label[i] = hf_random_uniform(&r) < 0.3;
    }
    const int64_t mosts[] = {100000, 500};
    const int32_t gaps[] = {0, 90, 100, -5};
    for (int m = 0; m < 2; m++)
        for (int g = 0; g < 4; g++) {
            hf_splits splits = {0};
            bool good = false;
            cr_assert_eq(hf_splits_by_date(&splits, &good, context, as_of, label, account, N, gaps[g],
                                           mosts[m], 5, NULL),
                         HF_OK);
            cr_assert(good);
            cr_assert_eq(splits.count, 2);
            hf_date last_judged = HF_DATE_MISSING;
            for (int32_t k = 0; k < 2; k++) {
                const hf_split *s = &splits.splits[k];
                hf_date latest = HF_DATE_MISSING, first = 100000, end = HF_DATE_MISSING;
                bool in[500] = {0};
                for (int64_t i = 0; i < s->train_count; i++) {
                    if (as_of[s->train[i]] > latest) latest = as_of[s->train[i]];
                    cr_assert(i == 0 || s->train[i] > s->train[i - 1]);
                    in[account[s->train[i]]] = true;
                }
                for (int64_t i = 0; i < s->valid_count; i++) {
                    if (as_of[s->valid[i]] < first) first = as_of[s->valid[i]];
                    if (as_of[s->valid[i]] > end) end = as_of[s->valid[i]];
                }
                cr_assert_geq(first - latest, gaps[g] > 0 ? gaps[g] : 1);
                cr_assert_gt(first, last_judged);
                last_judged = end;
                // Thinned or not, an account's rows of the years trained on are all in or all out.
                for (int64_t i = 0, at = 0; i < N; i++) {
                    const bool taken = at < s->train_count && s->train[at] == i;
                    at += taken;
                    cr_assert_eq(taken, as_of[i] <= latest && in[account[i]]);
                }
                cr_assert_lt(s->train_count, 2 * mosts[m]);
                if (mosts[m] < N) cr_assert_gt(s->train_count, mosts[m] / 2);
            }
            hf_splits_free(&splits);
        }
    hf_context_destroy(context);
}

Test(terms_fit, splits_by_date_fall_back_where_dates_do_not_do)
{
    enum { N = 400 };
    fixture f;
    hf_context *context = fixture_context(&f, 1);
    hf_date as_of[N];
    uint8_t label[N], rare[N];
    for (int i = 0; i < N; i++) {
        label[i] = (uint8_t)(i % 2);
        rare[i] = i % 100 == 0;
    }
    for (int kind = 0; kind < 6; kind++) {
        hf_splits splits = {.count = 77};
        bool good = true;
        for (int i = 0; i < N; i++)
            as_of[i] = kind == 0 ? 10 : kind == 1 ? 10 + i % 2 : 10 * (i / 10);
        if (kind == 2) as_of[7] = HF_DATE_MISSING;
        const int32_t gap = kind == 3 ? 5000 : kind == 4 ? INT32_MAX : 0;
        cr_assert_eq(hf_splits_by_date(&splits, &good, context, as_of, kind == 5 ? rare : label, NULL, N, gap,
                                       1000, 1, NULL),
                     HF_OK);
        cr_expect_not(good, "kind %d", kind);
        cr_expect_eq(splits.count, 77, "nothing made");
    }
    hf_context_destroy(context);
}

// ---- the choice of curves -----------------------------------------------------------------------------------

Test(terms_fit, the_grid_is_held_out_log_loss_whatever_the_threads)
{
    hf_curve_choice first = {0};
    const int threads[] = {1, 2, 7};
    for (int n = 0; n < 3; n++) {
        bed t = {0};
        make_bed(&t, NULL, 1.0, threads[n]);
        hf_train_options options = HF_TRAIN_OPTIONS_INIT;
        int32_t fold[ROWS];
        hf_splits splits = {0};
        hf_inner inner[2] = {{0}};
        hf_curve_choice choice;
        for (int64_t i = 0; i < ROWS; i++)
            fold[i] = (int32_t)(i % 3);
        cr_assert_eq(hf_splits_create(&splits, t.context, fold, ROWS, 3, 2, NULL), HF_OK);
        for (int32_t k = 0; k < 2; k++)
            cr_assert_eq(hf_inner_create(&inner[k], t.context, t.frame, t.rows, t.label, &splits.splits[k],
                                         &options, NULL),
                         HF_OK);
        cr_assert_eq(hf_curve_choose(&choice, t.context, inner, 2, NULL), HF_OK);
        double sum = 0.0; // the middle of the grid, fitted from nothing
        for (int32_t k = 0; k < 2; k++) {
            hf_bent bent = {0};
            double mean, *w = calloc((size_t)inner[k].basis->features + 1, sizeof *w);
            cr_assert_eq(hf_bent_create(&bent, inner[k].basis, inner[k].coded, hf_taus[1], NULL), HF_OK);
            hf_blocks blocks = {.blocks = bent.blocks,
                                .count = bent.count,
                                .features = inner[k].basis->features,
                                .rows = inner[k].rows,
                                .row_count = inner[k].train};
            hf_ridge fit = {.weights = w};
            cr_assert_eq(hf_ridge_fit(&fit, t.context, &blocks, inner[k].label, hf_lambdas[2], 1e-8, NULL),
                         HF_OK);
            blocks.rows += inner[k].train;
            blocks.row_count = inner[k].valid;
            cr_assert_eq(hf_ridge_loss(&mean, NULL, t.context, &blocks, inner[k].label, w, NULL), HF_OK);
            sum += mean * (double)inner[k].valid;
            hf_bent_free(&bent);
            free(w);
        }
        cr_expect_float_eq(choice.loss[1][2], sum / (double)(inner[0].valid + inner[1].valid), 2e-4);
        for (int32_t i = 0; i < HF_TAUS; i++)
            for (int32_t l = 0; l < HF_LAMBDAS; l++)
                cr_expect_leq(choice.loss[choice.tau][choice.lambda], choice.loss[i][l]);
        if (n == 0) first = choice;
        cr_expect_eq(memcmp(&first, &choice, sizeof first), 0, "%d threads", threads[n]);
        for (int32_t k = 0; k < 2; k++)
            hf_inner_free(t.context, &inner[k]);
        hf_splits_free(&splits);
        clear_bed(&t);
    }
}
