// SPDX-License-Identifier: Apache-2.0
//
// Newton's method on the plain design without penalty. Columns that earlier ones determine are found by a
// Cholesky factor of the first Hessian. Errors come from the inverse Hessian, or, where rows share an
// account, from the sandwich of it around the accounts' summed scores, times G / (G - 1) (Liang and Zeger
// 1986).
#include "churn/plain_errors.h"

#include "churn/account_order.h"
#include "churn/cholesky.h"
#include "churn/inflation.h"
#include "churn/ridge_fit.h"

#include <math.h>
#include <string.h>

#define DETERMINED 1e-8 // of a column's own curvature: what is left of it beside the columns before it
#define AT_REST 1e-7    // what a last step may still gain in log-likelihood
#define TOO_FAR 15.0    // log-odds by which a standardised column separates the outcome
enum { MOST_COLUMNS = 1000, MOST_STEPS = 50 };

typedef struct {
    const hf_training *t;
    const hf_design *design;
    int32_t columns, kept;      // with the intercept, column 0
    int32_t *column;            // owned, by feature: its column, 0: the base
    int32_t *feature;           // owned, by column
    int32_t *place;             // owned, by column: its place among the kept, -1: determined
    double *weights;            // owned, by place
    double *gradient, *hessian; // owned
    int32_t *index;             // owned: a row's places
    double *value;              // owned: and what stands there
    double loss;
    bool separated;
} plain;

static void free_plain(plain *p)
{
    const hf_context *context = p->t->context;
    hf_delete(context, p->column);
    hf_delete(context, p->feature);
    hf_delete(context, p->place);
    hf_delete(context, p->weights);
    hf_delete(context, p->gradient);
    hf_delete(context, p->hessian);
    hf_delete(context, p->index);
    hf_delete(context, p->value);
}

static hf_status create(plain *p, hf_error *error)
{
    const hf_context *context = p->t->context;
    const size_t features = (size_t)p->design->features + 1, width = (size_t)p->design->count + 1;
    p->columns = 1 + hf_design_parameters(p->design);
    const size_t n = (size_t)p->columns;
    p->column = hf_new(context, features, sizeof *p->column);
    p->feature = hf_new(context, n, sizeof *p->feature);
    p->place = hf_new(context, n, sizeof *p->place);
    p->weights = hf_new(context, n, sizeof *p->weights);
    p->gradient = hf_new(context, n, sizeof *p->gradient);
    p->hessian = hf_new(context, n * n, sizeof *p->hessian);
    p->index = hf_new(context, width, sizeof *p->index);
    p->value = hf_new(context, width, sizeof *p->value);
    if (!p->column || !p->feature || !p->place || !p->weights || !p->gradient || !p->hessian || !p->index ||
        !p->value)
        return hf_fail_memory(error);
    for (int32_t s = 0; s < p->design->count; s++)
        if (p->design->signals[s].category) p->column[hf_design_commonest(p->design, s)] = -1;
    int32_t made = 1;
    for (int32_t f = 1; f <= p->design->features; f++)
        if (p->column[f] == 0) {
            p->feature[made] = f;
            p->column[f] = made++;
        } else {
            p->column[f] = 0;
        }
    for (int32_t k = 0; k < p->columns; k++)
        p->place[k] = k;
    p->kept = p->columns;
    return HF_OK;
}

// A training row by places, the intercept first; how many are not zero.
static int32_t row_of(plain *p, int64_t i)
{
    const int32_t found = hf_design_row(p->design, p->t->rows[i], p->index + 1, p->value + 1);
    int32_t n = 1;
    p->index[0] = 0;
    p->value[0] = 1.0;
    for (int32_t k = 1; k <= found; k++) {
        const int32_t column = p->column[p->index[k]];
        if (column == 0 || p->place[column] < 0) continue;
        p->index[n] = p->place[column];
        p->value[n++] = p->value[k];
    }
    return n;
}

static double margin_of(const plain *p, int32_t n)
{
    double margin = 0.0;
    for (int32_t k = 0; k < n; k++)
        margin += p->weights[p->index[k]] * p->value[k];
    return margin;
}

// Loss, gradient and Hessian (the lower half) at the weights.
static hf_status take_slopes(plain *p, hf_error *error)
{
    const int32_t size = p->kept;
    p->loss = 0.0;
    memset(p->gradient, 0, (size_t)size * sizeof *p->gradient);
    memset(p->hessian, 0, (size_t)size * (size_t)size * sizeof *p->hessian);
    for (int64_t i = 0; i < p->t->count; i++) {
        if (i % HF_TILE == 0) {
            const hf_status status = hf_check_cancel(p->t->context, error);
            if (status != HF_OK) return status;
        }
        const int32_t n = row_of(p, i);
        const double margin = margin_of(p, n), chance = hf_probability(margin);
        const double curvature = chance * (1.0 - chance), residual = (double)p->t->label[i] - chance;
        p->loss += hf_log_loss(margin, p->t->label[i]);
        for (int32_t k = 0; k < n; k++) {
            p->gradient[p->index[k]] += residual * p->value[k];
            for (int32_t j = 0; j < n; j++)
                if (p->index[j] <= p->index[k])
                    p->hessian[(int64_t)p->index[k] * size + p->index[j]] +=
                        curvature * p->value[k] * p->value[j];
        }
    }
    return HF_OK;
}

// Drops columns that those before them determine: a Cholesky factor by rows, without the rows that fail.
static void drop_determined(plain *p)
{
    const int32_t size = p->kept;
    int32_t kept = 0;
    for (int32_t k = 0; k < size; k++) {
        double *row = p->hessian + (int64_t)k * size, rest = row[k];
        for (int32_t j = 0; j < k; j++) {
            const double *other = p->hessian + (int64_t)j * size;
            if (p->place[j] < 0) {
                row[j] = 0.0;
                continue;
            }
            for (int32_t i = 0; i < j; i++)
                row[j] -= row[i] * other[i];
            row[j] /= other[j];
            rest -= row[j] * row[j];
        }
        const bool keep = rest > DETERMINED * row[k];
        p->place[k] = keep ? kept++ : -1;
        row[k] = keep ? sqrt(rest) : 1.0;
    }
    p->kept = kept;
}

static hf_status climb(plain *p, hf_error *error)
{
    hf_status status = HF_OK;
    const double n = (double)p->t->count, events = (double)p->t->events;
    double *step = hf_new(p->t->context, (size_t)p->kept, sizeof *step);
    double gain = INFINITY;
    if (!step) return hf_fail_memory(error);
    p->weights[0] = log(events / (n - events));
    HF_TRY(done, take_slopes(p, error));
    drop_determined(p);
    HF_TRY(done, take_slopes(p, error));
    for (int32_t steps = 0; steps < MOST_STEPS && gain > AT_REST; steps++) {
        const double before = p->loss;
        if (!hf_cholesky(p->hessian, p->kept)) break;
        memcpy(step, p->gradient, (size_t)p->kept * sizeof *step);
        hf_cholesky_solve(p->hessian, p->kept, step);
        gain = 0.0;
        for (int32_t k = 0; k < p->kept; k++)
            gain += step[k] * p->gradient[k];
        for (int32_t k = 0; k < p->kept; k++)
            p->weights[k] += step[k];
        HF_TRY(done, take_slopes(p, error));
        for (int32_t halves = 0; p->loss > before * (1.0 + 1e-12) && halves < 20; halves++) {
            for (int32_t k = 0; k < p->kept; k++)
                p->weights[k] -= step[k] *= 0.5;
            HF_TRY(done, take_slopes(p, error));
        }
    }
    p->separated = gain > AT_REST;
    for (int32_t k = 1; k < p->kept; k++)
        p->separated = p->separated || fabs(p->weights[k]) > TOO_FAR;
done:
    hf_delete(p->t->context, step);
    return status;
}

// ---- errors -----------------------------------------------------------------------------------------------

// Adds an account's score, through the inverse Hessian, to the squares; and clears it.
static void add_account(double *squares, double *score, const double *inverse, int32_t size)
{
    for (int32_t k = 0; k < size; k++) {
        double moved = 0.0;
        for (int32_t j = 0; j < size; j++)
            moved += inverse[(int64_t)k * size + j] * score[j];
        squares[k] += moved * moved;
    }
    memset(score, 0, (size_t)size * sizeof *score);
}

// Squared errors clustered by account; *accounts of them.
static hf_status cluster_errors(double *squares, int64_t *accounts, plain *p, const double *inverse,
                                hf_error *error)
{
    const hf_training *t = p->t;
    const int32_t size = p->kept;
    int64_t *order = hf_new_raw(t->context, (size_t)t->count, sizeof *order);
    double *score = hf_new(t->context, (size_t)size, sizeof *score);
    hf_status status = HF_OK;
    if (!order || !score) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_account_order(order, t->context, t->cluster, t->count, error));
    *accounts = 0;
    for (int64_t i = 0; i < t->count; i++) {
        const int64_t row = order[i];
        const int32_t n = row_of(p, row);
        const double residual = (double)t->label[row] - hf_probability(margin_of(p, n));
        for (int32_t k = 0; k < n; k++)
            score[p->index[k]] += residual * p->value[k];
        if (i + 1 < t->count && t->cluster[order[i + 1]] == t->cluster[row]) continue;
        ++*accounts;
        add_account(squares, score, inverse, size);
    }
    const double scale = *accounts > 1 ? (double)*accounts / (double)(*accounts - 1) : 1.0;
    for (int32_t k = 0; k < size; k++)
        squares[k] *= scale;
done:
    hf_delete(t->context, order);
    hf_delete(t->context, score);
    return status;
}

static hf_status take_errors(double *squares, int64_t *accounts, plain *p, hf_error *error)
{
    const int32_t size = p->kept;
    hf_status status = HF_OK;
    double *inverse = hf_new(p->t->context, (size_t)size * (size_t)size, sizeof *inverse);
    if (!inverse) return hf_fail_memory(error);
    if (p->separated || !hf_cholesky(p->hessian, size)) {
        p->separated = true;
        goto done;
    }
    hf_cholesky_inverse(inverse, p->hessian, size);
    if (p->t->cluster) HF_TRY(done, cluster_errors(squares, accounts, p, inverse, error));
    if (!p->t->cluster || *accounts == p->t->count) { // a row an account
        *accounts = 0;
        for (int32_t k = 0; k < size; k++)
            squares[k] = inverse[(int64_t)k * size + k];
    }
done:
    hf_delete(p->t->context, inverse);
    return status;
}

// ---- words ------------------------------------------------------------------------------------------------

// What a cell of a category is: a level, the rare ones, or missing.
static json_t *cell_to_json(const hf_column *of, const hf_level_cells *levels, int32_t cell)
{
    if (levels->has_missing && cell == levels->missing)
        return json_pack("{s:s, s:b}", "signal", of->name, "missing", 1);
    if (cell == levels->pooled) return json_pack("{s:s, s:b}", "signal", of->name, "other", 1);
    int32_t k = 0;
    while (levels->cell[k] != cell)
        k++;
    return json_pack("{s:s, s:s}", "signal", of->name, "level", hf_dictionary_text(&of->dictionary, k));
}

// What a column is of: its signal, its level or "missing"; its unit in the signal's own.
static json_t *column_to_json(const plain *p, int32_t column, double *scale)
{
    const hf_design *design = p->design;
    const int32_t f = p->feature[column] - 1;
    *scale = 1.0;
    for (int32_t s = 0; s < design->count; s++) {
        const hf_design_signal *signal = &design->signals[s];
        const hf_column *of = &design->frame->columns[signal->column];
        if (f < signal->first || f >= signal->first + signal->features) continue;
        if (signal->category) return cell_to_json(of, &signal->levels, f - signal->first);
        if (signal->has_missing && f == signal->first + signal->features - 1)
            return json_pack("{s:s, s:b}", "signal", of->name, "missing", 1);
        *scale = 1.0 / signal->deviation;
        return json_pack("{s:s}", "signal", of->name);
    }
    return json_pack("{s:b}", "intercept", 1);
}

static json_t *real(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *term_to_json(const plain *p, int32_t column, const double *squares)
{
    double scale;
    json_t *made = column_to_json(p, column, &scale);
    const int32_t at = p->place[column];
    int wrong = made ? 0 : -1;
    if (made && at < 0) wrong |= json_object_set_new(made, "determined", json_true());
    if (made && at >= 0 && !p->separated) {
        const double z = p->weights[at] / sqrt(squares[at]);
        wrong |= json_object_set_new(made, "coefficient", real(p->weights[at] * scale));
        wrong |= json_object_set_new(made, "standard_error", real(sqrt(squares[at]) * scale));
        wrong |= json_object_set_new(made, "z", real(z));
        wrong |= json_object_set_new(made, "p", real(erfc(fabs(z) / sqrt(2.0))));
    }
    if (wrong == 0) return made;
    json_decref(made);
    return NULL;
}

static json_t *to_json(const plain *p, const double *squares, int64_t accounts)
{
    json_t *made = json_pack("{s:s, s:b}", "form", "plain, without penalty", "separated", p->separated);
    json_t *terms = json_array();
    int wrong = made && terms ? 0 : -1;
    if (wrong == 0 && !p->separated)
        wrong |= json_object_set_new(made, "log_loss", real(p->loss / (double)p->t->count));
    if (wrong == 0 && accounts > 0)
        wrong |= json_object_set_new(made, "accounts", json_integer((json_int_t)accounts));
    for (int32_t k = 0; wrong == 0 && k < p->columns; k++)
        wrong |= json_array_append_new(terms, term_to_json(p, k, squares));
    if (wrong == 0) wrong = json_object_set(made, "terms", terms);
    json_decref(terms);
    if (wrong == 0) return made;
    json_decref(made);
    return NULL;
}

hf_status hf_plain_errors(json_t **out, const hf_training *t, const hf_design *design, hf_error *error)
{
    plain p = {.t = t, .design = design};
    double *squares = NULL;
    int64_t accounts = 0;
    hf_status status;
    *out = NULL;
    if (hf_design_parameters(design) >= MOST_COLUMNS) return HF_OK;
    HF_TRY(done, create(&p, error));
    squares = hf_new(t->context, (size_t)p.columns, sizeof *squares);
    if (!squares) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, climb(&p, error));
    HF_TRY(done, take_errors(squares, &accounts, &p, error));
    *out = to_json(&p, squares, accounts);
    if (!*out) status = hf_fail_memory(error);
done:
    hf_delete(t->context, squares);
    free_plain(&p);
    return status;
}
