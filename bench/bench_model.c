// SPDX-License-Identifier: Apache-2.0
//
// The model that scoring is timed with: trained on a seeded fleet of the same kind, straight lines or curves,
// and on request with surfaces and rules beside them. Their signals are drawn from the seed; a surface has
// eight cells of equal width a signal, a rule two or three conditions that cut a signal in two or three.
// Their values are small, so that none crowds out the rest among the reasons.
#include "churn/churn_room.h"
#include "holdfast_bench.h"

#include <math.h>
#include <string.h>

#define TRAINING_ROWS 20000
enum { SURFACE_EDGES = 7 };

// Gives every curve knots more, spread over the signal's range, with small slopes that differ.
static hf_status add_knots(hf_model *model, int32_t knots, hf_error *error)
{
    for (int32_t t = 0; t < model->term_count && knots > 0; t++) {
        hf_term *term = &model->terms[t];
        if (term->kind != HF_TERM_CURVE) continue;
        hf_curve *curve = &term->curve;
        double *at = hf_grow(model->context, curve->hinge_at, (size_t)knots, sizeof *at);
        if (at) curve->hinge_at = at;
        double *slope = hf_grow(model->context, curve->hinge_slope, (size_t)knots, sizeof *slope);
        if (slope) curve->hinge_slope = slope;
        if (!at || !slope) return hf_fail_memory(error);
        for (int32_t k = 0; k < knots; k++) {
            at[k] = term->mean + term->deviation * (3.0 * (k + 1) / (knots + 1) - 1.5) - curve->origin;
            slope[k] = (k % 2 ? 0.02 : -0.03) / term->deviation;
        }
        curve->hinges = knots;
    }
    return HF_OK;
}

// The axis of a curve's signal with edges evenly over three deviations, or of a rule with one or two at
// random.
static hf_status make_axis(hf_axis *out, const hf_context *context, const hf_term *curve, int32_t edges,
                           hf_random *random, hf_error *error)
{
    *out = (hf_axis){.kind = HF_KIND_NUMBER, .cells = edges + 2, .edges = edges};
    out->signal = hf_copy_text(context, curve->signal, strlen(curve->signal));
    out->unit = hf_copy_text(context, "", 0);
    out->edge = hf_new(context, (size_t)edges, sizeof *out->edge);
    if (!out->signal || !out->unit || !out->edge) return hf_fail_memory(error);
    const double shift = edges == SURFACE_EDGES ? 0.0 : hf_random_uniform(random) - 0.5;
    for (int32_t k = 0; k < edges; k++)
        out->edge[k] = curve->mean + curve->deviation * (3.0 * (k + 1) / (edges + 1) - 1.5 + shift);
    return HF_OK;
}

static hf_status make_grid(hf_term *term, const hf_model *model, hf_term_kind kind, int32_t curves,
                           hf_random *random, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_context *context = model->context;
    *term = (hf_term){.kind = kind, .signal_kind = HF_KIND_NUMBER, .mean = NAN, .deviation = NAN};
    const int32_t axes = kind == HF_TERM_SURFACE ? 2 : 2 + (int32_t)hf_random_below(random, 2);
    const int32_t first = (int32_t)hf_random_below(random, (uint64_t)curves);
    const int32_t step = 1 + (int32_t)hf_random_below(random, (uint64_t)(curves - 1) / 3);
    term->signal = hf_copy_text(context, "pair", 4);
    term->unit = hf_copy_text(context, "", 0);
    if (!term->signal || !term->unit) return hf_fail_memory(error);
    for (int32_t a = 0; a < axes; a++) {
        const int32_t edges =
            kind == HF_TERM_SURFACE ? SURFACE_EDGES : 1 + (int32_t)hf_random_below(random, 2);
        term->axis_count++;
        HF_TRY(done, make_axis(&term->axes[a], context, &model->terms[(first + a * step) % curves], edges,
                               random, error));
    }
    const int64_t count = hf_term_value_count(term);
    term->values = hf_new(context, (size_t)count, sizeof *term->values);
    if (!term->values) return hf_fail_memory(error);
    const double weight = 0.2 * hf_random_normal(random);
    for (int64_t i = 0; i < count; i++)
        term->values[i] = kind == HF_TERM_SURFACE ? 0.1 * hf_random_normal(random) : i == 0 ? weight : 0.0;
done:
    return status;
}

static hf_status add_grids(hf_model *model, const bench_options *options, hf_error *error)
{
    hf_status status = HF_OK;
    const int32_t curves = model->term_count, grids = options->surfaces + options->rules;
    hf_random random = hf_random_seed(options->seed, 77);
    hf_term *terms = hf_grow(model->context, model->terms, (size_t)(curves + grids), sizeof *terms);
    if (!terms) return hf_fail_memory(error);
    model->terms = terms;
    for (int32_t k = 0; k < grids; k++) {
        const hf_term_kind kind = k < options->surfaces ? HF_TERM_SURFACE : HF_TERM_RULE;
        hf_term *term = &terms[model->term_count++];
        HF_TRY(done, make_grid(term, model, kind, curves, &random, error));
    }
done:
    return status;
}

hf_status bench_model(hf_model **out, const hf_context *context, const bench_options *options,
                      hf_error *error)
{
    hf_status status;
    hf_frame *frame = NULL;
    hf_model *model = NULL;
    uint8_t *label = hf_new(context, TRAINING_ROWS, 1);
    if (!label) return hf_fail_memory(error);
    HF_TRY(done, bench_fleet_frame(&frame, context, TRAINING_ROWS, options->signals, options->seed, error));
    bench_fleet_label(label, frame, options->seed);
    hf_train_options train_options = HF_TRAIN_OPTIONS_INIT;
    train_options.plain = strcmp(options->terms, "plain") == 0; // knots are added by --knots
    train_options.c = 1.0;
    HF_TRY(done, hf_model_train(&model, context, frame, label, NULL, NULL, 0, &train_options, error));
    HF_TRY(done, add_knots(model, options->knots, error));
    if (options->surfaces + options->rules > 0) HF_TRY(done, add_grids(model, options, error));
    *out = model;
    model = NULL;
done:
    hf_model_destroy(model);
    hf_frame_destroy(frame);
    hf_delete(context, label);
    return status;
}
