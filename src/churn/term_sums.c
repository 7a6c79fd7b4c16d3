// SPDX-License-Identifier: Apache-2.0
//
// Two passes over the training rows in tiles: contributions and their products first; then, the slopes known,
// what one deviation more of each signal would do to the probability. Tiles are summed side by side and added
// in their order.
#include "churn/term_sums.h"

#include "churn/ridge_fit.h"

#include <math.h>
#include <omp.h>
#include <string.h>

typedef struct {
    const hf_model *model;
    const hf_training *t;
    hf_compiled_term **compiled; // owned
    const hf_column **column;    // owned: of curves; NULL of other terms
    double *log_odds;            // owned, one a row
    double *contribution;        // owned: threads x terms x HF_TILE
    int64_t tiles;
    hf_term_sums *part; // owned: tiles x (terms + 1), the last for T (c, cc) and the loss (change)
} work;

void hf_sums_free(hf_sums *sums)
{
    if (sums->context) hf_delete(sums->context, sums->terms);
    *sums = (hf_sums){0};
}

double hf_sums_slope(const hf_term_sums *s)
{
    const double n = (double)s->present, spread = s->xx - s->x * s->x / n;
    return s->present > 0 && spread > 0.0 ? (s->xc - s->x * s->c_present / n) / spread : NAN;
}

double hf_sums_deviation(const hf_term_sums *s)
{
    const double n = (double)s->present, mean = s->x / n;
    return s->present > 0 ? sqrt(fmax(s->xx / n - mean * mean, 0.0)) : NAN;
}

double hf_sums_spread(const hf_term_sums *s, int64_t rows)
{
    const double n = (double)rows, mean = s->c / n;
    return sqrt(fmax(s->cc / n - mean * mean, 0.0));
}

// ---- first pass -----------------------------------------------------------------------------------------

static void add_term(hf_term_sums *s, const work *w, int32_t k, const double *c, const double *total,
                     int64_t begin, int32_t n)
{
    const hf_term *term = &w->model->terms[k];
    double weight = 0.0; // of a rule
    for (int64_t i = 0; term->kind == HF_TERM_RULE && i < hf_term_value_count(term); i++)
        if (fabs(term->values[i]) > fabs(weight)) weight = term->values[i];
    *s = (hf_term_sums){.least = INFINITY, .most = -INFINITY};
    for (int32_t i = 0; i < n; i++) {
        s->c += c[i];
        s->cc += c[i] * c[i];
        s->ct += c[i] * total[i];
        s->least = fmin(s->least, c[i]);
        s->most = fmax(s->most, c[i]);
        const bool holds = weight != 0.0 && fabs(c[i] + term->reference) > 0.5 * fabs(weight);
        s->support += holds;
        s->events += holds && w->t->label[begin + i];
        if (!w->column[k]) continue;
        const double x = hf_column_number(w->column[k], w->t->rows[begin + i]) - term->mean;
        if (isnan(x)) continue;
        s->present++;
        s->x += x;
        s->xx += x * x;
        s->xc += x * c[i];
        s->c_present += c[i];
    }
}

static int32_t rows_of(const work *w, int64_t tile)
{
    const int64_t left = w->t->count - tile * HF_TILE;
    return left < HF_TILE ? (int32_t)left : HF_TILE;
}

// By what the model's own intercept was corrected for rows that were sampled; a calibration has it in itself.
static double corrected(const work *w)
{
    return w->model->calibrated ? 0.0 : w->t->shift;
}

static void sum_tile(const work *w, int64_t tile, double *contribution)
{
    const int32_t terms = w->model->term_count, n = rows_of(w, tile);
    const int64_t begin = tile * HF_TILE;
    const double base = hf_model_base(w->model) - corrected(w);
    hf_term_sums *part = w->part + tile * (terms + 1), *all = &part[terms];
    double *total = w->log_odds + begin;
    memset(total, 0, (size_t)n * sizeof *total);
    for (int32_t k = 0; k < terms; k++)
        for (int32_t i = 0; i < n; i++) {
            const double c = hf_term_contribution(w->compiled[k], w->t->rows[begin + i]);
            contribution[(int64_t)k * HF_TILE + i] = c;
            total[i] += c;
        }
    for (int32_t k = 0; k < terms; k++)
        add_term(&part[k], w, k, contribution + (int64_t)k * HF_TILE, total, begin, n);
    *all = (hf_term_sums){0};
    for (int32_t i = 0; i < n; i++) {
        all->c += total[i];
        all->cc += total[i] * total[i];
        total[i] += base;
        all->change += hf_log_loss(total[i], w->t->label[begin + i]);
    }
}

static void add_parts(hf_sums *sums, const work *w)
{
    const int32_t terms = sums->count;
    for (int64_t tile = 0; tile < w->tiles; tile++) {
        const hf_term_sums *part = w->part + tile * (terms + 1), *all = &part[terms];
        for (int32_t k = 0; k < terms; k++) {
            hf_term_sums *s = &sums->terms[k];
            const hf_term_sums *p = &part[k];
            s->c += p->c, s->cc += p->cc, s->ct += p->ct;
            s->x += p->x, s->xx += p->xx, s->xc += p->xc, s->c_present += p->c_present;
            s->present += p->present, s->support += p->support, s->events += p->events;
            s->least = tile > 0 ? fmin(s->least, p->least) : p->least;
            s->most = tile > 0 ? fmax(s->most, p->most) : p->most;
        }
        sums->total += all->c;
        sums->squares += all->cc;
        sums->loss += all->change / (double)sums->rows;
    }
}

// ---- second pass ----------------------------------------------------------------------------------------

// How many rows one row stands for: of the class that was thinned, as many more as the odds were off.
static double stands_for(const work *w, int64_t i)
{
    return w->t->label[i] == (w->t->shift > 0.0) ? exp(fabs(w->t->shift)) : 1.0;
}

static void change_tile(const work *w, int64_t tile, const double *step)
{
    const int32_t terms = w->model->term_count, n = rows_of(w, tile);
    const int64_t begin = tile * HF_TILE;
    hf_term_sums *part = w->part + tile * (terms + 1);
    for (int32_t k = 0; k < terms; k++) {
        part[k].change = part[k].weight = 0.0;
        if (isnan(step[k])) continue;
        for (int32_t i = 0; i < n; i++) {
            if (w->column[k] && isnan(hf_column_number(w->column[k], w->t->rows[begin + i]))) continue;
            const double now = w->log_odds[begin + i] + w->t->shift, weight = stands_for(w, begin + i);
            part[k].change += weight * (hf_probability(now + step[k]) - hf_probability(now));
            part[k].weight += weight;
        }
    }
}

// The mean over what the rows stand for, times the rows.
static void add_changes(hf_sums *sums, const work *w)
{
    for (int32_t k = 0; k < sums->count; k++) {
        hf_term_sums *s = &sums->terms[k];
        for (int64_t tile = 0; tile < w->tiles; tile++) {
            s->change += w->part[tile * (sums->count + 1) + k].change;
            s->weight += w->part[tile * (sums->count + 1) + k].weight;
        }
        const int64_t rows = w->column[k] ? s->present : sums->rows;
        if (s->weight > 0.0) s->change *= (double)rows / s->weight;
    }
}

// ---- the whole ------------------------------------------------------------------------------------------

static hf_status prepare(work *w, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = w->t->context;
    const size_t terms = (size_t)w->model->term_count, rows = (size_t)w->t->count;
    const size_t threads = (size_t)hf_context_threads(context);
    w->tiles = (w->t->count + HF_TILE - 1) / HF_TILE;
    w->compiled = hf_new(context, terms, sizeof(hf_compiled_term *));
    w->column = hf_new(context, terms, sizeof(hf_column *));
    w->log_odds = hf_new_raw(context, rows, sizeof *w->log_odds);
    w->contribution = hf_new_raw(context, threads * terms * HF_TILE, sizeof *w->contribution);
    w->part = hf_new(context, (size_t)w->tiles * (terms + 1), sizeof *w->part);
    if (!w->compiled || !w->column || !w->log_odds || !w->contribution || !w->part)
        return hf_fail_memory(error);
    for (int32_t k = 0; k < w->model->term_count; k++) {
        const hf_term *term = &w->model->terms[k];
        HF_TRY(done, hf_term_compile_in(&w->compiled[k], context, term, w->t->frame, NULL, error));
        const int32_t at = term->kind == HF_TERM_CURVE ? hf_frame_find(w->t->frame, term->signal) : -1;
        w->column[k] = at >= 0 ? &w->t->frame->columns[at] : NULL;
    }
done:
    return status;
}

static void release(work *w)
{
    const hf_context *context = w->t->context;
    for (int32_t k = 0; w->compiled && k < w->model->term_count; k++)
        hf_term_compiled_free(context, w->compiled[k]);
    hf_delete(context, w->compiled);
    hf_delete(context, w->column);
    hf_delete(context, w->log_odds);
    hf_delete(context, w->contribution);
    hf_delete(context, w->part);
}

static void run_tiles(const work *w, const double *step)
{
    const int64_t width = (int64_t)w->model->term_count * HF_TILE;
#pragma omp parallel for default(none) shared(w, step, width) schedule(static) \
    num_threads(hf_context_threads(w->t->context))
    for (int64_t tile = 0; tile < w->tiles; tile++) {
        if (step)
            change_tile(w, tile, step);
        else
            sum_tile(w, tile, w->contribution + omp_get_thread_num() * width);
    }
}

hf_status hf_sums_create(hf_sums *out, const hf_model *model, const hf_training *t, hf_error *error)
{
    hf_sums sums = {.context = t->context, .count = model->term_count, .rows = t->count};
    work w = {.model = model, .t = t};
    hf_status status;
    double *step = hf_new(t->context, (size_t)model->term_count, sizeof *step);
    sums.terms = hf_new(t->context, (size_t)model->term_count, sizeof *sums.terms);
    if (!step || !sums.terms) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, prepare(&w, error));
    HF_TRY(done, hf_check_cancel(t->context, error));
    run_tiles(&w, NULL);
    add_parts(&sums, &w);
    for (int32_t k = 0; k < sums.count; k++)
        step[k] = model->terms[k].kind == HF_TERM_TABLE
                      ? hf_sums_spread(&sums.terms[k], t->count)
                      : hf_sums_slope(&sums.terms[k]) * hf_sums_deviation(&sums.terms[k]);
    HF_TRY(done, hf_check_cancel(t->context, error));
    run_tiles(&w, step);
    add_changes(&sums, &w);
    *out = sums;
    sums = (hf_sums){0};
done:
    release(&w);
    hf_delete(t->context, step);
    hf_sums_free(&sums);
    return status;
}
