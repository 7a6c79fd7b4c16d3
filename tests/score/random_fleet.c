// SPDX-License-Identifier: Apache-2.0
//
// See random_fleet.h.
#include "score/random_fleet.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KNOTS = 4, LEVELS = 6 };

static const char *const LEVEL_TEXT[LEVELS] = {"a", "b", "c", "d", "new", "newer"};

long scarce_left;

void *scarce_resize(void *user, void *p, size_t size)
{
    (void)user;
    if (size > 0 && scarce_left-- <= 0) return NULL;
    if (size > 0) return realloc(p, size);
    free(p);
    return NULL;
}

hf_context *context_with(int threads, hf_isa isa)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    hf_context *context = NULL;
    options.threads = threads;
    options.isa = isa;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    return context;
}

static double between(hf_random *r, double low, double high)
{
    return low + (high - low) * hf_random_uniform(r);
}

static double *draw_list(const hf_context *c, hf_random *r, double low, double high)
{
    double *list = hf_new(c, KNOTS, sizeof *list);
    for (int k = 0; k < KNOTS; k++)
        list[k] = low + (high - low) * (k + hf_random_uniform(r)) / KNOTS;
    return list;
}

static void draw_dictionary(const hf_context *c, hf_dictionary *out, int32_t count)
{
    size_t lengths[LEVELS];
    for (int i = 0; i < LEVELS; i++)
        lengths[i] = strlen(LEVEL_TEXT[i]);
    cr_assert(hf_dictionary_build(out, c, LEVEL_TEXT, lengths, count, NULL, NULL) == HF_OK);
}

static void draw_table(random_fleet *f, hf_term *term, hf_column *column, hf_random *r)
{
    term->kind = HF_TERM_TABLE;
    term->table.values = draw_list(f->context, r, -1, 1);
    term->table.pooled = between(r, -1, 1);
    draw_dictionary(f->context, &term->table.levels, 4);
    draw_dictionary(f->context, &column->dictionary, LEVELS);
    for (int64_t i = 0; i < f->frame->rows; i++)
        ((int32_t *)column->values)[i] = (int32_t)hf_random_below(r, LEVELS + 1) - 1;
}

static void draw_curve(random_fleet *f, hf_term *term, hf_column *column, hf_random *r)
{
    const bool wide = column->storage == HF_STORAGE_F64;
    const double centre = wide ? 4e9 : hf_random_below(r, 2) ? 2024 : 0;
    const bool clipped = hf_random_below(r, 2);
    term->mean = centre;
    term->curve = (hf_curve){.low = clipped ? centre - 3 : -INFINITY,
                             .high = clipped ? centre + 3 : INFINITY,
                             .origin = centre + between(r, -1, 1),
                             .intercept = between(r, -1, 1),
                             .slope = between(r, -0.3, 0.3),
                             .hinges = (int32_t)hf_random_below(r, KNOTS + 1),
                             .steps = (int32_t)hf_random_below(r, KNOTS + 1),
                             .hinge_at = draw_list(f->context, r, -3, 3),
                             .hinge_slope = draw_list(f->context, r, -0.3, 0.3),
                             .step_at = draw_list(f->context, r, -3, 3),
                             .step_height = draw_list(f->context, r, -0.4, 0.4)};
    for (int64_t i = 0; i < f->frame->rows; i++) {
        double x = hf_random_below(r, 8) == 0 ? NAN : centre + floor(between(r, -40, 40)) / 8;
        if (wide)
            ((double *)column->values)[i] = x;
        else
            ((float *)column->values)[i] = (float)x;
    }
}

static void draw_term(random_fleet *f, int32_t t, hf_random *r)
{
    char name[32];
    hf_column *column;
    hf_term *term = &f->model.terms[t];
    const hf_kind kind = t % 4 == 3 ? HF_KIND_CATEGORY : t % 4 == 2 ? HF_KIND_MONEY : HF_KIND_NUMBER;
    snprintf(name, sizeof name, "signal %d", t);
    cr_assert(hf_frame_add(f->frame, &column, name, kind, hf_kind_storage(kind), NULL) == HF_OK);
    *term = (hf_term){.signal = hf_copy_text(f->context, name, strlen(name)),
                      .signal_kind = kind,
                      .unit = hf_copy_text(f->context, "", 0),
                      .missing = between(r, -0.5, 0.5),
                      .reference = between(r, -0.5, 0.5),
                      .mean = NAN,
                      .deviation = NAN,
                      .missing_seen = 1};
    if (kind == HF_KIND_CATEGORY)
        draw_table(f, term, column, r);
    else
        draw_curve(f, term, column, r);
    hf_column_count_missing(column, f->frame->rows);
}

void random_fleet_create(random_fleet *out, const hf_context_options *options, int64_t rows, int32_t terms,
                         uint64_t seed)
{
    enum { WIDTH = 8 };
    hf_random r = hf_random_seed(seed, 0);
    *out = (random_fleet){0};
    cr_assert(hf_context_create(&out->context, options, NULL) == HF_OK);
    cr_assert(hf_frame_create(&out->frame, out->context, rows, WIDTH, NULL) == HF_OK);
    for (int64_t i = 0; i < rows; i++) { // distinct, not in order: 7919 is prime to 10^6
        char id[32];
        snprintf(id, sizeof id, "A%06lld", (long long)((i * 7919 + 13) % 1000000));
        memcpy(out->frame->ids + i * WIDTH, id, strlen(id));
    }
    out->model = (hf_model){.context = out->context, .intercept = between(&r, -3, 0), .term_count = terms};
    out->model.terms = hf_new(out->context, (size_t)terms, sizeof *out->model.terms);
    for (int32_t t = 0; t < terms; t++)
        draw_term(out, t, &r);
}

static void draw_axis(random_fleet *f, hf_axis *axis, const hf_term *of, hf_random *r)
{
    *axis = (hf_axis){.signal = hf_copy_text(f->context, of->signal, strlen(of->signal)),
                      .kind = of->signal_kind,
                      .unit = hf_copy_text(f->context, "", 0),
                      .cells = KNOTS + 2};
    if (of->kind == HF_TERM_TABLE) {
        draw_dictionary(f->context, &axis->levels, 4);
        axis->level_cell = hf_new(f->context, 4, sizeof *axis->level_cell);
        for (int32_t i = 0; i < 4; i++)
            axis->level_cell[i] = i;
        axis->other = 4;
        return;
    }
    axis->edges = KNOTS;
    axis->edge = draw_list(f->context, r, of->mean - 5, of->mean + 5);
    axis->edge[1] = round(axis->edge[1] * 8) / 8; // where values lie
    axis->edge[0] = fmin(axis->edge[0], axis->edge[1] - 0.1);
    axis->edge[2] = fmax(axis->edge[2], axis->edge[1] + 0.1);
    axis->edge[3] = fmax(axis->edge[3], axis->edge[2] + 0.1);
}

void random_fleet_add_grids(random_fleet *f, int32_t count, uint64_t seed)
{
    hf_random r = hf_random_seed(seed, 1);
    const int32_t own = f->model.term_count;
    hf_term *terms = hf_new(f->context, (size_t)(own + count), sizeof *terms);
    memcpy(terms, f->model.terms, (size_t)own * sizeof *terms);
    hf_delete(f->context, f->model.terms);
    f->model.terms = terms;
    f->model.term_count = own + count;
    for (int32_t t = 0; t < count; t++) {
        hf_term *term = &terms[own + t];
        const bool rule = t % 2;
        *term = (hf_term){.kind = rule ? HF_TERM_RULE : HF_TERM_SURFACE,
                          .signal = hf_copy_text(f->context, "several", 7),
                          .unit = hf_copy_text(f->context, "", 0),
                          .axis_count = rule ? 1 + t / 2 % HF_AXES : 2,
                          .reference = between(&r, -0.5, 0.5),
                          .mean = NAN,
                          .deviation = NAN};
        for (int32_t a = 0; a < term->axis_count; a++)
            draw_axis(f, &term->axes[a], &terms[(t + a) % own], &r);
        const int64_t values = hf_term_value_count(term);
        const double weight = between(&r, -1, 1);
        term->values = hf_new(f->context, (size_t)values, sizeof *term->values);
        for (int64_t i = 0; i < values; i++)
            term->values[i] = !rule ? between(&r, -1, 1) : i * 7 % 5 < 3 ? weight : 0.0;
    }
}

void random_fleet_destroy(random_fleet *fleet)
{
    for (int32_t t = 0; t < fleet->model.term_count; t++)
        hf_term_free(fleet->context, &fleet->model.terms[t]);
    hf_delete(fleet->context, fleet->model.terms);
    hf_frame_destroy(fleet->frame);
    hf_context_destroy(fleet->context);
}

static long double plain_curve(const hf_curve *c, double x)
{
    long double clipped = x < c->low ? c->low : x > c->high ? c->high : x, d = clipped - c->origin;
    long double f = c->intercept + c->slope * d;
    for (int32_t k = 0; k < c->hinges; k++)
        f += d > c->hinge_at[k] ? c->hinge_slope[k] * (d - c->hinge_at[k]) : 0;
    for (int32_t k = 0; k < c->steps; k++)
        f += d > c->step_at[k] ? c->step_height[k] : 0;
    return f;
}

static int64_t plain_cell(const hf_axis *axis, const hf_frame *frame, int64_t row)
{
    const hf_column *column = &frame->columns[hf_frame_find(frame, axis->signal)];
    if (axis->kind == HF_KIND_CATEGORY) {
        const int32_t code = ((const int32_t *)column->values)[row];
        return code < 0 ? axis->cells - 1 : code < 4 ? axis->level_cell[code] : axis->other;
    }
    const double x = hf_column_number(column, row);
    if (isnan(x)) return axis->cells - 1;
    int64_t cell = 0;
    for (int32_t k = 0; k < axis->edges; k++)
        cell += x > axis->edge[k];
    return cell;
}

static double plain_grid(const hf_term *term, const hf_frame *frame, int64_t row)
{
    int64_t place = 0;
    for (int32_t a = 0; a < term->axis_count; a++)
        place = place * term->axes[a].cells + plain_cell(&term->axes[a], frame, row);
    return term->values[place];
}

long double plain_log_odds(const random_fleet *fleet, int64_t row, long double *contribution)
{
    long double sum = fleet->model.intercept;
    for (int32_t t = 0; t < fleet->model.term_count; t++) {
        const hf_term *term = &fleet->model.terms[t];
        const int32_t place = hf_frame_find(fleet->frame, term->signal);
        const hf_column *column = place < 0 ? NULL : &fleet->frame->columns[place];
        long double value = term->missing;
        if (term->axis_count > 0) {
            value = plain_grid(term, fleet->frame, row);
        } else if (term->kind == HF_TERM_TABLE) {
            int32_t code = ((const int32_t *)column->values)[row];
            if (code >= 0) value = code < 4 ? term->table.values[code] : term->table.pooled;
        } else {
            double x = hf_column_number(column, row);
            if (!isnan(x)) value = plain_curve(&term->curve, x);
        }
        contribution[t] = value - term->reference;
        sum += value;
    }
    return sum;
}
