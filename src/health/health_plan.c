// SPDX-License-Identifier: Apache-2.0
//
// Binds a definition to a frame: columns, curves compiled once each however many segments share them, every
// row's segment, normalised weights, percentile ranks and the manual overrides in force. A curve whose f32
// form could be off by a noticeable part of a point is found here, from a bound on its rounding, and marked
// to run in double.
#include "health/health_plan.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

// Points by which the f32 form of a curve may be off; with the rest, health stays within 1e-4.
static const double FINE = 9e-5;

// ---- curves ------------------------------------------------------------------------------------------------

// What the kernel's form of a curve may be off by, at most, at any x. d is rounded once, which shifts the
// curve by its slope there; each product has its two factors and itself rounded, each sum itself; knots are
// rounded.
static double rounding_of(const hf_curve *c)
{
    const double unit = 0x1p-24, from = c->low - c->origin, width = c->high - c->low;
    if (c->slope == 0 && c->hinges == 0) return 100 * unit * (c->steps + 2);
    if (!isfinite(width)) return INFINITY;
    double slope = c->slope, steepest = fabs(slope), knots = 0;
    double products = 2 * fabs(slope) * width, value = c->intercept + slope * (from + width);
    double sums = fabs(c->intercept + slope * from) + fabs(value);
    for (int32_t k = 0; k < c->hinges; k++) {
        const double at = fmax(c->hinge_at[k] - from, 0), rest = fmax(width - at, 0);
        slope += c->hinge_slope[k];
        steepest = fmax(steepest, fabs(slope));
        products += 3 * fabs(c->hinge_slope[k]) * rest;
        knots += fabs(c->hinge_slope[k]) * at;
        value += c->hinge_slope[k] * rest;
        sums += fabs(value);
    }
    for (int32_t k = 0; k < c->steps; k++)
        sums += fabs(value += c->step_height[k]) + fabs(c->step_height[k]);
    return unit * (steepest * width + products + knots + sums);
}

// A copy of the curve's head for the kernels: NaN for a missing value, measured from where the curve begins,
// and bounds that an infinite value cannot pass.
static hf_term term_for_kernels(const hf_term *curve)
{
    hf_term term = *curve;
    term.missing = NAN;
    term.reference = 0;
    term.mean = NAN;
    if (curve->kind != HF_TERM_CURVE) return term;
    if (isfinite(curve->curve.low)) term.mean = curve->curve.low;
    term.curve.low = fmax(curve->curve.low, -(double)FLT_MAX);
    term.curve.high = fmin(curve->curve.high, (double)FLT_MAX);
    return term;
}

static hf_status allocate_curves(hf_plan_measure *out, const hf_context *context, int32_t segments,
                                 hf_error *error)
{
    out->terms = hf_new(context, (size_t)segments, sizeof *out->terms);
    out->curves = hf_new(context, (size_t)segments, sizeof *out->curves);
    out->slow = hf_new(context, (size_t)segments, sizeof *out->slow);
    out->curve_of = hf_new(context, (size_t)segments, sizeof *out->curve_of);
    return out->terms && out->curves && out->slow && out->curve_of ? HF_OK : hf_fail_memory(error);
}

// Each distinct curve is compiled once.
static hf_status compile_curves(hf_plan_measure *out, const hf_health_plan *plan, int32_t m, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_definition *d = plan->definition;
    HF_TRY(done, allocate_curves(out, plan->context, d->segment_count, error));
    for (int32_t s = 0; s < d->segment_count; s++) {
        const hf_term *curve = d->segments[s].curve[m];
        int32_t same = 0;
        while (same < s && d->segments[same].curve[m] != curve)
            same++;
        if (same < s) {
            out->curve_of[s] = out->curve_of[same];
            continue;
        }
        const int32_t k = out->curve_of[s] = out->curve_count;
        out->terms[k] = term_for_kernels(curve);
        out->slow[k] = curve->kind == HF_TERM_CURVE && !(rounding_of(&curve->curve) <= FINE);
        HF_TRY(done,
               hf_term_compile(&out->curves[k], plan->context, &out->terms[k], out->column, NULL, error));
        out->curve_count++;
    }
done:
    return status;
}

// ---- measures ----------------------------------------------------------------------------------------------

// A column of which every row is missing is as none: it may be of any kind.
static const hf_column *column_of(const hf_frame *frame, const char *name)
{
    const int32_t c = hf_frame_find(frame, name);
    const hf_column *column = c < 0 ? NULL : &frame->columns[c];
    return column && column->missing < frame->rows ? column : NULL;
}

static void bind_age(hf_plan_measure *out, const hf_measure *measure, const hf_frame *frame)
{
    out->stale_before = HF_DATE_MISSING;
    if (measure->max_age <= 0) return;
    const int64_t before = (int64_t)frame->as_of - measure->max_age;
    const hf_date limit = before > HF_DATE_MISSING + 1 ? (hf_date)before : HF_DATE_MISSING + 1;
    if (!measure->observed_on[0]) return;
    out->dated = column_of(frame, measure->observed_on);
    out->all_stale = !out->dated;
    out->stale_before = out->dated ? limit : HF_DATE_MISSING;
}

static bool is_same_weight(const hf_health_plan *plan, int32_t m)
{
    const hf_definition *d = plan->definition;
    for (int32_t s = 1; s < d->segment_count; s++)
        if (plan->weight[(size_t)s * (size_t)d->measure_count + (size_t)m] != plan->weight[m]) return false;
    return true;
}

static hf_status bind_measure(hf_plan_measure *out, const hf_health_plan *plan, int32_t m, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_measure *measure = &plan->definition->measures[m];
    out->column = column_of(plan->frame, measure->signal);
    out->missing_score = measure->missing == HF_MISSING_SKIP ? NAN : measure->missing_value;
    out->same_weight = is_same_weight(plan, m);
    bind_age(out, measure, plan->frame);
    if (measure->percentile)
        HF_TRY(done, hf_percentile_create(&out->percentile, plan, m, error));
    else
        HF_TRY(done, compile_curves(out, plan, m, error));
done:
    return status;
}

static void free_measure(const hf_context *context, hf_plan_measure *measure)
{
    for (int32_t k = 0; k < measure->curve_count; k++)
        hf_term_compiled_free(context, measure->curves[k]);
    hf_delete(context, (void *)measure->curves);
    hf_delete(context, measure->terms);
    hf_delete(context, measure->slow);
    hf_delete(context, measure->curve_of);
    hf_percentile_free(context, &measure->percentile);
}

// ---- weights -----------------------------------------------------------------------------------------------

// The largest weight of a group's measures in any segment; dividing by it keeps equal weights equal from
// segment to segment, and every sum finite.
static double largest_weight(const hf_definition *d, const hf_group *group)
{
    double most = 0;
    for (int32_t s = 0; s < d->segment_count; s++)
        for (int32_t m = group->first; m < group->first + group->count; m++)
            most = fmax(most, d->segments[s].measure_weight[m]);
    return most > 0 ? most : 1;
}

static void weigh_measures(hf_health_plan *plan)
{
    const hf_definition *d = plan->definition;
    for (int32_t g = 0; g < d->group_count; g++) {
        const hf_group *group = &d->groups[g];
        const double most = largest_weight(d, group);
        for (int32_t s = 0; s < d->segment_count; s++) {
            double *weight = plan->weight + (ptrdiff_t)s * d->measure_count;
            double *total = &plan->group_total[(ptrdiff_t)s * d->group_count + g];
            for (int32_t m = group->first; m < group->first + group->count; m++) {
                weight[m] = d->segments[s].measure_weight[m] / most;
                *total += weight[m];
            }
        }
    }
}

static void weigh_groups(hf_health_plan *plan, int32_t s)
{
    const hf_definition *d = plan->definition;
    double *share = plan->group_share + (ptrdiff_t)s * d->group_count, most = 0, sum = 0;
    const double *total = plan->group_total + (ptrdiff_t)s * d->group_count;
    for (int32_t g = 0; g < d->group_count; g++)
        if (total[g] > 0) most = fmax(most, d->segments[s].group_weight[g]);
    for (int32_t g = 0; g < d->group_count; g++) {
        share[g] = total[g] > 0 && most > 0 ? d->segments[s].group_weight[g] / most : 0;
        sum += share[g];
    }
    for (int32_t g = 0; g < d->group_count; g++) {
        const hf_group *group = &d->groups[g];
        if (sum > 0) share[g] /= sum;
        for (int32_t m = group->first; m < group->first + group->count; m++) {
            const ptrdiff_t at = (ptrdiff_t)s * d->measure_count + m;
            plan->nominal[at] = share[g] > 0 ? share[g] * plan->weight[at] / total[g] : 0;
        }
    }
}

static hf_status weigh(hf_health_plan *plan, hf_error *error)
{
    const hf_definition *d = plan->definition;
    const size_t segments = (size_t)d->segment_count;
    plan->weight = hf_new(plan->context, segments * (size_t)d->measure_count, sizeof *plan->weight);
    plan->nominal = hf_new(plan->context, segments * (size_t)d->measure_count, sizeof *plan->nominal);
    plan->group_share = hf_new(plan->context, segments * (size_t)d->group_count, sizeof *plan->group_share);
    plan->group_total = hf_new(plan->context, segments * (size_t)d->group_count, sizeof *plan->group_total);
    if (!plan->weight || !plan->nominal || !plan->group_share || !plan->group_total)
        return hf_fail_memory(error);
    weigh_measures(plan);
    for (int32_t s = 0; s < d->segment_count; s++)
        weigh_groups(plan, s);
    return HF_OK;
}

// ---- conditions and segments ---------------------------------------------------------------------------------

// Binds a condition; what is wrong with it is said where it stands in the definition.
static hf_status bind_condition(hf_bound_condition **out, const hf_health_plan *plan,
                                const hf_condition *condition, const char *what, const char *name,
                                hf_place place, hf_error *error)
{
    hf_error found = {0};
    hf_status status = hf_condition_bind(out, plan->context, condition, plan->frame, &found);
    if (status == HF_ERROR_DATA)
        return hf_definition_fail(error, plan->definition, place, "%s '%s': %s", what, name, found.message);
    if (status != HF_OK && error) *error = found;
    return status;
}

static hf_status bind_conditions(hf_health_plan *plan, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_definition *d = plan->definition;
    plan->segment_when = hf_new(plan->context, (size_t)d->segment_count, sizeof *plan->segment_when);
    plan->override_when = hf_new(plan->context, (size_t)d->override_count, sizeof *plan->override_when);
    if (!plan->segment_when || !plan->override_when) return hf_fail_memory(error);
    for (int32_t s = 0; s + 1 < d->segment_count; s++)
        HF_TRY(done, bind_condition(&plan->segment_when[s], plan, &d->segments[s].when, "segment",
                                    d->segments[s].name, d->segments[s].place, error));
    for (int32_t o = 0; o < d->override_count; o++)
        HF_TRY(done, bind_condition(&plan->override_when[o], plan, &d->overrides[o].when, "override",
                                    d->overrides[o].name, d->overrides[o].place, error));
done:
    return status;
}

// The first segment whose condition holds: asked from the last to the first, each taking over what it meets.
static void place_tile(const hf_health_plan *plan, int64_t begin, int32_t n)
{
    uint8_t holds[HF_TILE];
    int32_t *segment = plan->segment + begin;
    const int32_t last = plan->definition->segment_count - 1;
    for (int32_t i = 0; i < n; i++)
        segment[i] = last;
    for (int32_t s = last - 1; s >= 0; s--) {
        hf_condition_run(plan->segment_when[s], holds, begin, n);
        for (int32_t i = 0; i < n; i++)
            segment[i] = holds[i] ? s : segment[i];
    }
}

static hf_status place_rows(hf_health_plan *plan, hf_error *error)
{
    const int64_t rows = plan->frame->rows, tiles = (rows + HF_TILE - 1) / HF_TILE;
    plan->segment = hf_new_raw(plan->context, (size_t)rows, sizeof *plan->segment);
    if (!plan->segment) return hf_fail_memory(error);
#pragma omp parallel for default(none) shared(plan, rows, tiles) schedule(static) \
    num_threads(hf_context_threads(plan->context))
    for (int64_t tile = 0; tile < tiles; tile++) {
        const int64_t begin = tile * HF_TILE;
        place_tile(plan, begin, rows - begin < HF_TILE ? (int32_t)(rows - begin) : HF_TILE);
    }
    return HF_OK;
}

// ---- manual overrides ----------------------------------------------------------------------------------------

static int by_row(const void *a, const void *b)
{
    const hf_manual_place *x = a, *y = b;
    if (x->row != y->row) return x->row < y->row ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static hf_status find_in_force(hf_health_plan *plan, hf_error *error)
{
    const hf_manual_overrides *manual = plan->manual;
    if (!manual || manual->count == 0) return HF_OK;
    plan->in_force = hf_new(plan->context, (size_t)manual->count, sizeof *plan->in_force);
    if (!plan->in_force) return hf_fail_memory(error);
    for (int32_t i = 0; i < manual->count; i++) {
        const int64_t row = manual->items[i].row;
        if (manual->items[i].expired || row < 0 || row >= plan->frame->rows) continue;
        plan->in_force[plan->in_force_count++] = (hf_manual_place){.row = row, .place = i};
    }
    qsort(plan->in_force, (size_t)plan->in_force_count, sizeof *plan->in_force, by_row);
    return HF_OK;
}

// ---- the plan ------------------------------------------------------------------------------------------------

static hf_status bind(hf_health_plan *plan, hf_error *error)
{
    hf_status status = HF_OK;
    HF_TRY(done, hf_health_check_columns(plan->context, plan->definition, plan->frame, error));
    HF_TRY(done, weigh(plan, error));
    HF_TRY(done, bind_conditions(plan, error));
    HF_TRY(done, place_rows(plan, error));
    HF_TRY(done, find_in_force(plan, error));
    for (int32_t m = 0; m < plan->definition->measure_count; m++)
        HF_TRY(done, bind_measure(&plan->measures[m], plan, m, error));
done:
    return status;
}

hf_status hf_health_plan_create(hf_health_plan **out, const hf_context *context,
                                const hf_definition *definition, const hf_frame *frame,
                                const hf_manual_overrides *manual, hf_error *error)
{
    hf_status status = HF_OK;
    if (frame->as_of == HF_DATE_MISSING)
        return hf_fail_at(error, HF_ERROR_DATA, frame->source, 0, 0,
                          "health needs the date that the data is of; give it with --as-of");
    hf_health_plan *plan = hf_new(context, 1, sizeof *plan);
    if (!plan) return hf_fail_memory(error);
    *plan = (hf_health_plan){.context = context, .definition = definition, .frame = frame, .manual = manual};
    plan->measures = hf_new(context, (size_t)definition->measure_count, sizeof *plan->measures);
    if (!plan->measures) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, bind(plan, error));
    *out = plan;
    plan = NULL;
done:
    hf_health_plan_destroy(plan);
    return status;
}

void hf_health_plan_destroy(hf_health_plan *plan)
{
    if (!plan) return;
    const hf_context *context = plan->context;
    const hf_definition *d = plan->definition;
    for (int32_t m = 0; plan->measures && m < d->measure_count; m++)
        free_measure(context, &plan->measures[m]);
    for (int32_t s = 0; plan->segment_when && s < d->segment_count; s++)
        hf_condition_unbind(context, plan->segment_when[s]);
    for (int32_t o = 0; plan->override_when && o < d->override_count; o++)
        hf_condition_unbind(context, plan->override_when[o]);
    hf_delete(context, plan->measures);
    hf_delete(context, (void *)plan->segment_when);
    hf_delete(context, (void *)plan->override_when);
    hf_delete(context, plan->segment);
    hf_delete(context, plan->in_force);
    hf_delete(context, plan->weight);
    hf_delete(context, plan->nominal);
    hf_delete(context, plan->group_share);
    hf_delete(context, plan->group_total);
    hf_delete(context, plan);
}

const hf_definition *hf_health_plan_definition(const hf_health_plan *plan)
{
    return plan->definition;
}

const hf_frame *hf_health_plan_frame(const hf_health_plan *plan)
{
    return plan->frame;
}
