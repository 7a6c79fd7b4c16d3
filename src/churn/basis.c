// SPDX-License-Identifier: Apache-2.0
//
// Learns a basis from training rows. Each number's values are sorted once with their labels; clips, the warp,
// hinges, cuts and centres all come from the sorted cases.
#include "churn/basis.h"

#include "churn/cuts.h"
#include "churn/learn_columns.h"
#include "churn/monotone.h"
#include "metrics/metrics_room.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLIP 0.005
#define SKEWED 1.5
enum { FEW_VALUES = 12, TREE_LEAVES = 8, LEAST_STEP_ROWS = 10, LEAST_LEAF_ROWS = 25 };

void hf_basis_destroy(hf_basis *basis)
{
    if (!basis) return;
    for (int32_t s = 0; basis->signals && s < basis->count; s++)
        hf_level_cells_free(basis->context, &basis->signals[s].levels);
    hf_delete(basis->context, basis->signals);
    hf_delete(basis->context, basis);
}

// ---- numbers: the sorted cases ------------------------------------------------------------------------

static int compare_cases(const void *a, const void *b)
{
    const double x = ((const hf_case *)a)->x, y = ((const hf_case *)b)->x;
    return (x > y) - (x < y);
}

static hf_status gather_cases(hf_case *cases, hf_basis_signal *signal, const hf_column *column,
                              const int64_t *rows, int64_t count, const uint8_t *label, hf_error *error)
{
    signal->rows = count;
    for (int64_t i = 0; i < count; i++) {
        const double x = hf_column_number(column, rows[i]);
        const hf_status status = hf_check_number(column, rows[i], x, error);
        if (status != HF_OK) return status;
        if (isnan(x)) continue;
        cases[signal->present++] = (hf_case){x, label[i]};
    }
    signal->missing = count - signal->present;
    qsort(cases, (size_t)signal->present, sizeof *cases, compare_cases);
    return HF_OK;
}

static double quantile(const hf_case *cases, int64_t n, double p)
{
    const double at = p * (double)(n - 1);
    const int64_t i = (int64_t)at;
    if (i + 1 >= n) return cases[n - 1].x;
    return cases[i].x + (at - (double)i) * (cases[i + 1].x - cases[i].x);
}

// The distinct values, ascending, where there are at most `most`; else most + 1.
static int32_t count_distinct(double *value, const hf_case *cases, int64_t n, int32_t most)
{
    int32_t distinct = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i > 0 && cases[i].x == cases[i - 1].x) continue;
        if (distinct == most) return most + 1;
        value[distinct++] = cases[i].x;
    }
    return distinct;
}

static double clipped(const hf_basis_signal *s, double x)
{
    return x < s->low ? s->low : x > s->high ? s->high : x;
}

// ---- numbers: the warp --------------------------------------------------------------------------------

// z of a clipped x: along the knots.
static double warped(const hf_basis_signal *s, double x)
{
    if (s->knots < 2) return 0.0;
    int32_t k = 1;
    while (k < s->knots - 1 && x > s->knot_x[k])
        k++;
    const double share = (x - s->knot_x[k - 1]) / (s->knot_x[k] - s->knot_x[k - 1]);
    return s->knot_z[k - 1] + share * (s->knot_z[k] - s->knot_z[k - 1]);
}

// Moments of the clipped values about their mean, in units of the range.
static void moments(double *mean, double *deviation, double *skew, const hf_basis_signal *s,
                    const hf_case *cases, double (*of)(const hf_basis_signal *, double))
{
    const double n = (double)s->present;
    double sum = 0.0, squares = 0.0, cubes = 0.0;
    for (int64_t i = 0; i < s->present; i++)
        sum += of(s, clipped(s, cases[i].x));
    *mean = sum / n;
    for (int64_t i = 0; i < s->present; i++) {
        const double d = of(s, clipped(s, cases[i].x)) - *mean;
        squares += d * d;
        cubes += d * d * d;
    }
    *deviation = sqrt(squares / n);
    *skew = *deviation > 0 ? cubes / n / (*deviation * *deviation * *deviation) : 0.0;
}

static double in_range(const hf_basis_signal *s, double x)
{
    return (x - s->low) / (s->high - s->low);
}

// Two knots where the signal is not very skewed; else asinh about the median in robust deviations, between
// knots that lie evenly along it.
static void learn_warp(hf_basis_signal *s, const hf_case *cases)
{
    double mean, deviation, skew;
    s->knots = 0;
    if (!(s->high - s->low > HF_SMALLEST)) return;
    moments(&mean, &deviation, &skew, s, cases, in_range);
    const double median = quantile(cases, s->present, 0.5);
    double spread = (quantile(cases, s->present, 0.75) - quantile(cases, s->present, 0.25)) / 1.35;
    if (!(spread > HF_SMALLEST)) spread = deviation * (s->high - s->low);
    s->knots = fabs(skew) > SKEWED ? HF_WARP_KNOTS : 2;
    const double from = asinh((s->low - median) / spread), to = asinh((s->high - median) / spread);
    int32_t kept = 0;
    for (int32_t k = 0; k < s->knots; k++) {
        const double t = from + (to - from) * k / (s->knots - 1);
        const double x = k == 0 ? s->low : k == s->knots - 1 ? s->high : median + spread * sinh(t);
        if (kept > 0 && !(x > s->knot_x[kept - 1])) continue;
        s->knot_x[kept] = x;
        s->knot_z[kept++] = s->knots == 2 ? (double)k : t;
    }
    s->knots = kept;
    moments(&mean, &deviation, &skew, s, cases, warped);
    for (int32_t k = 0; k < s->knots; k++)
        s->knot_z[k] = (s->knot_z[k] - mean) / deviation;
}

// ---- numbers: hinges and steps ------------------------------------------------------------------------

static void learn_hinges(hf_basis_signal *s, const hf_case *cases)
{
    for (int32_t k = 0; k < HF_HINGES; k++) {
        const double x = clipped(s, quantile(cases, s->present, (k + 1.0) / (HF_HINGES + 1.0)));
        const double z = warped(s, x);
        if (!(x > s->low && x < s->high) || (s->hinges > 0 && z - s->hinge_z[s->hinges - 1] < 0.02)) continue;
        double sum = 0.0;
        for (int64_t i = s->present - 1; i >= 0 && cases[i].x > x; i--)
            sum += warped(s, clipped(s, cases[i].x)) - z;
        s->hinge_x[s->hinges] = x;
        s->hinge_z[s->hinges] = z;
        s->hinge_centre[s->hinges++] = 0.5 * sum / (double)s->present;
    }
}

// Keeps cuts with enough rows between them, and before the first and after the last.
static void keep_steps(hf_basis_signal *s, const double *cut, int32_t cuts, const hf_case *cases)
{
    int64_t begin = 0, at = 0;
    for (int32_t k = 0; k < cuts && s->steps < HF_STEPS; k++) {
        while (at < s->present && cases[at].x <= cut[k])
            at++;
        if (at - begin < LEAST_STEP_ROWS || s->present - at < LEAST_STEP_ROWS) continue;
        if (cut[k] < s->low || cut[k] >= s->high) continue; // clipped away
        s->step_x[s->steps] = cut[k];
        s->step_centre[s->steps++] = (double)(s->present - at) / (double)s->present;
        begin = at;
    }
}

static void learn_steps(hf_basis_signal *s, const double *value, int32_t distinct, const hf_case *cases)
{
    double cut[HF_STEPS];
    if (distinct <= FEW_VALUES) {
        for (int32_t k = 1; k < distinct; k++)
            cut[k - 1] = hf_cut_between(value[k - 1], value[k]);
        if (distinct > 2) keep_steps(s, cut, distinct - 1, cases);
        return;
    }
    const int64_t least = s->rows / 200 > LEAST_LEAF_ROWS ? s->rows / 200 : LEAST_LEAF_ROWS;
    keep_steps(s, cut, hf_entropy_cuts(cut, TREE_LEAVES - 1, cases, s->present, least), cases);
}

// Cells end wherever the curve may bend or jump.
static void learn_edges(hf_basis_signal *s)
{
    double all[HF_CELLS];
    int32_t n = 0;
    for (int32_t k = 1; k + 1 < s->knots; k++)
        all[n++] = s->knot_x[k] - s->origin;
    for (int32_t k = 0; k < s->hinges; k++)
        all[n++] = s->hinge_x[k] - s->origin;
    for (int32_t k = 0; k < s->steps; k++)
        all[n++] = s->step_x[k] - s->origin;
    qsort(all, (size_t)n, sizeof *all, hf_compare_doubles);
    for (int32_t i = 0; i < n; i++)
        if (s->edges == 0 || all[i] > s->edge[s->edges - 1]) s->edge[s->edges++] = all[i];
}

static double line_over(const void *of, double x)
{
    return warped(of, clipped(of, x));
}

static int32_t direction_of(hf_monotone asked, const hf_basis_signal *s, const hf_case *cases)
{
    if (asked != HF_MONOTONE_FITTED) return asked == HF_MONOTONE_UP ? 1 : -1;
    return hf_monotone_fitted(cases, s->present, line_over, s);
}

// NULL, or why the column is left out.
static const char *learn_number(hf_basis_signal *s, const hf_case *cases, hf_monotone asked,
                                const hf_train_options *options)
{
    double value[FEW_VALUES + 1], sum = 0.0, squares = 0.0;
    s->has_missing = s->missing >= options->missing_rows;
    if (s->present == 0) return "no value";
    const int64_t n = s->present;
    const int32_t distinct = count_distinct(value, cases, n, FEW_VALUES);
    const bool few = distinct <= FEW_VALUES;
    s->low = quantile(cases, n, CLIP);
    s->high = quantile(cases, n, 1.0 - CLIP);
    if (!(s->high > s->low)) { // nearly all values are one: clipping would leave nothing
        s->low = cases[0].x;
        s->high = cases[n - 1].x;
    }
    for (int64_t i = 0; i < n; i++)
        sum += cases[i].x - s->low;
    s->mean = s->low + sum / (double)n;
    const double range = fmax(cases[n - 1].x - cases[0].x, HF_SMALLEST);
    for (int64_t i = 0; i < n; i++)
        squares += (cases[i].x - s->mean) / range * ((cases[i].x - s->mean) / range);
    s->deviation = sqrt(squares / (double)n) * range;
    s->origin = quantile(cases, n, 0.5);
    s->scale = fmax(s->high - s->low, HF_SMALLEST);
    learn_warp(s, cases);
    if (asked != HF_MONOTONE_NONE) s->monotone = direction_of(asked, s, cases);
    if (s->knots > 0) {
        if (!few) learn_hinges(s, cases);
        learn_steps(s, value, distinct, cases);
        learn_edges(s);
    }
    const bool ramps = s->monotone != 0 && s->hinges > 0;
    s->features = (s->knots > 0) + s->hinges + ramps + s->steps + s->has_missing;
    return s->features == 0 ? "one value in every row" : NULL;
}

// ---- categories ---------------------------------------------------------------------------------------

static hf_status learn_category(const char **left_out, hf_basis_signal *s, const hf_context *context,
                                const hf_column *column, const int64_t *rows, int64_t count,
                                const hf_train_options *options, hf_error *error)
{
    const hf_status status =
        hf_level_cells_learn(&s->levels, left_out, context, column, rows, count, options, error);
    s->rows = count;
    s->missing = s->levels.missing_rows;
    s->present = count - s->missing;
    s->has_missing = s->levels.has_missing;
    s->features = s->levels.cells;
    return status;
}

// ---- the whole ----------------------------------------------------------------------------------------

typedef struct {
    hf_basis *basis;
    const int64_t *rows;
    int64_t count;
    const uint8_t *label;
    hf_case *cases; // owned: room for those of a column
    const hf_train_options *options;
} learning;

static hf_status learn_column(void *of, const char **left_out, int32_t place, hf_error *error)
{
    const learning *l = of;
    hf_basis *basis = l->basis;
    const hf_column *column = &basis->frame->columns[place];
    hf_basis_signal *s = &basis->signals[basis->count];
    *s = (hf_basis_signal){.column = place};
    hf_status status = HF_OK;
    if (column->storage == HF_STORAGE_CODE) {
        status = learn_category(left_out, s, basis->context, column, l->rows, l->count, l->options, error);
    } else {
        status = gather_cases(l->cases, s, column, l->rows, l->count, l->label, error);
        if (status == HF_OK)
            *left_out = learn_number(s, l->cases, hf_monotone_of(l->options, column->name), l->options);
    }
    if (status == HF_OK && !*left_out) {
        s->first = basis->features;
        basis->features += s->features;
        basis->count++;
        return HF_OK;
    }
    hf_level_cells_free(basis->context, &s->levels);
    return status;
}

hf_status hf_basis_create(hf_basis **out, const hf_context *context, const hf_frame *frame,
                          const int64_t *rows, int64_t count, const uint8_t *label,
                          const hf_train_options *options, bool quiet, hf_error *error)
{
    hf_status status = HF_OK;
    hf_basis *made = hf_new(context, 1, sizeof *made);
    if (!made) return hf_fail_memory(error);
    *made = (hf_basis){.context = context, .frame = frame};
    made->signals = hf_new(context, (size_t)frame->column_count, sizeof *made->signals);
    learning l = {.basis = made, .rows = rows, .count = count, .label = label, .options = options};
    l.cases = hf_new_raw(context, (size_t)count, sizeof *l.cases);
    if (!made->signals || !l.cases) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_learn_columns(learn_column, &l, context, frame, quiet, error));
    *out = made;
    made = NULL;
done:
    hf_basis_destroy(made);
    hf_delete(context, l.cases);
    return status;
}
