// SPDX-License-Identifier: Apache-2.0
//
// Curves as the definition file says them, against plain arithmetic on what was written: in double, and
// compiled against columns of either precision, with values at the very edges.
#include "definition_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static hf_context *context;

static void start(void)
{
    cr_assert(hf_context_create(&context, NULL, NULL) == HF_OK);
}

static void finish(void)
{
    hf_context_destroy(context);
}

TestSuite(definition_curves, .init = start, .fini = finish);

// A definition of one measure a.b with the curve.
static hf_definition *with_curve(const char *higher, const char *curve)
{
    char text[4000];
    snprintf(text, sizeof text,
             "holdfast: 1\ngroups: {a: {measures: {b: {signal: x, higher: %s, curve: %s}}}}\n", higher,
             curve);
    return read_good(context, text);
}

static double value(const hf_definition *d, double x)
{
    return hf_term_value_number(&d->measures[0].curve, x);
}

// What the kernels make of x in a column of either precision.
static double compiled(const hf_definition *d, double x, hf_storage storage)
{
    hf_frame *frame = NULL;
    hf_column *column = NULL;
    hf_compiled_term *term = NULL;
    float out[8], scratch[HF_TILE];
    cr_assert(hf_frame_create(&frame, context, 8, 8, NULL) == HF_OK);
    cr_assert(hf_frame_add(frame, &column, "x", HF_KIND_NUMBER, storage, NULL) == HF_OK);
    for (int i = 0; i < 8; i++)
        if (storage == HF_STORAGE_F32)
            ((float *)column->values)[i] = (float)x;
        else
            ((double *)column->values)[i] = x;
    cr_assert(hf_term_compile(&term, context, &d->measures[0].curve, column, NULL, NULL) == HF_OK);
    hf_term_run(term, hf_kernels_for(HF_ISA_SCALAR), out, scratch, 0, 8);
    hf_term_compiled_free(context, term);
    hf_frame_destroy(frame);
    return out[5];
}

static void expect_near(double x, double found, double score, double bound)
{
    cr_expect(fabs(found - score) <= bound, "at %.17g: %.17g instead of %.17g", x, found, score);
}

// The value in double, and by the kernels from a column of either precision.
static void expect_within(const hf_definition *d, double x, double score, double bound)
{
    expect_near(x, value(d, x), score, 1e-9);
    expect_near(x, value(d, (double)(float)x), score, bound);
    expect_near(x, compiled(d, x, HF_STORAGE_F64), score, bound);
    expect_near(x, compiled(d, x, HF_STORAGE_F32), score, bound);
}

static void expect(const hf_definition *d, double x, double score)
{
    expect_within(d, x, score, 1e-4);
}

Test(definition_curves, linear)
{
    hf_definition *d = with_curve("good", "{linear: {worst: 2, best: 12}}");
    expect(d, 2, 0);
    expect(d, 12, 100);
    expect(d, 7, 50);
    expect(d, -1e6, 0);
    expect(d, 1e6, 100);
    hf_definition_destroy(d);
    d = with_curve("bad", "{linear: {worst: 20, best: 0}}");
    expect(d, 0, 100);
    expect(d, 20, 0);
    expect(d, 5, 75);
    expect(d, 99, 0);
    hf_definition_destroy(d);
    d = with_curve("good", "{linear: {worst: 10%, best: 60%}}");
    expect(d, 0.1, 0);
    expect(d, 0.35, 50);
    expect(d, 0.6, 100);
    hf_definition_destroy(d);
}

// The worst is exactly 0, the best 100 to the last bit but one, and nothing is outside.
Test(definition_curves, linear_stays_within_0_and_100)
{
    char curve[200], worst_text[32], best_text[32];
    hf_random r = hf_random_seed(3, 0);
    for (int round = 0; round < 500; round++) {
        const double scale = pow(10, (double)hf_random_below(&r, 13) - 6);
        const double worst = hf_random_normal(&r) * scale, best = hf_random_normal(&r) * scale;
        hf_format_f64(worst_text, worst);
        hf_format_f64(best_text, best);
        snprintf(curve, sizeof curve, "{linear: {worst: %s, best: %s}}", worst_text, best_text);
        hf_definition *d = with_curve(worst < best ? "good" : "bad", curve);
        cr_expect_eq(value(d, worst), 0);
        cr_expect(value(d, best) <= 100 && value(d, best) >= 100 - 1e-12, "%.17g", value(d, best));
        for (int i = 0; i < 20; i++) {
            const double q = value(d, worst + (best - worst) * (hf_random_uniform(&r) * 3 - 1));
            cr_expect(q >= 0 && q <= 100);
        }
        hf_definition_destroy(d);
    }
}

Test(definition_curves, points)
{
    hf_definition *d = with_curve("bad", "{points: [[0, 100], [5, 80], [20, 0]]}");
    expect(d, -3, 100);
    expect(d, 0, 100);
    expect(d, 2.5, 90);
    expect(d, 5, 80);
    expect(d, 12.5, 40);
    expect(d, 20, 0);
    expect(d, 1e7, 0);
    hf_definition_destroy(d);
}

// From the repeated x on it is the second score: first, within and last.
Test(definition_curves, points_that_jump)
{
    hf_definition *d = with_curve("good", "{points: [[1, 10], [1, 20], [3, 40], [3, 60], [5, 70], [5, 90]]}");
    expect(d, 0.999, 10);
    expect(d, 1, 20);
    expect(d, 2, 30);
    expect(d, 2.99999, 39.9999);
    expect(d, 3, 60);
    expect(d, 4, 65);
    expect(d, 4.99999, 69.99995);
    expect(d, 5, 90);
    expect(d, 50, 90);
    hf_definition_destroy(d);
    d = with_curve("good", "{points: [[0.3, 10], [0.3, 20]]}");
    expect(d, 0.29, 10);
    expect(d, 0.3, 20);
    expect(d, 0.31, 20);
    hf_definition_destroy(d);
}

Test(definition_curves, steps)
{
    hf_definition *d = with_curve("good", "{steps: [[1, 20], [5, 60], [10, 100]], below: 5}");
    expect(d, -1e9, 5);
    expect(d, 0.99, 5);
    expect(d, 1, 20);
    expect(d, 4.99, 20);
    expect(d, 5, 60);
    expect(d, 10, 100);
    expect(d, 1e9, 100);
    hf_definition_destroy(d);
    d = with_curve("bad", "{steps: [[3, 50], [6, 0]]}");
    expect(d, 2, 100); // below the first step a higher-is-bad signal is at its best
    expect(d, 3, 50);
    expect(d, 6, 0);
    hf_definition_destroy(d);
    d = with_curve("good", "{steps: [[3, 50]]}");
    expect(d, 2, 0);
    hf_definition_destroy(d);
}

// Every number of two decimals, as either precision keeps it, is on the upper side of a step at it, and the
// one before on the lower. In single precision 0.7 is less than 0.7.
Test(definition_curves, a_step_includes_its_x_in_either_precision)
{
    char curve[100];
    for (int i = -150; i <= 150; i++) {
        snprintf(curve, sizeof curve, "{steps: [[%.2f, 100]], below: 0}", i / 100.0);
        hf_definition *d = with_curve("good", curve);
        expect(d, i / 100.0, 100);
        expect(d, (i - 1) / 100.0, 0);
        hf_definition_destroy(d);
        snprintf(curve, sizeof curve, "{points: [[%.2f, 20], [%.2f, 30], [%.2f, 80], [%.2f, 90]]}",
                 i / 100.0 - 1, i / 100.0, i / 100.0, i / 100.0 + 1);
        d = with_curve("good", curve);
        expect(d, i / 100.0, 80);
        expect(d, (i - 1) / 100.0, 29.9);
        hf_definition_destroy(d);
    }
}

typedef struct {
    double x[8], y[8];
    int count;
} drawn;

// As models/README.md says it: flat outside, linear between, from a repeated x on the second score.
static double plain_points(const drawn *p, double x)
{
    if (x < p->x[0]) return p->y[0];
    int k = p->count - 1;
    while (p->x[k] > x)
        k--;
    if (k == p->count - 1) return p->y[k];
    return p->y[k] + (p->y[k + 1] - p->y[k]) * (x - p->x[k]) / (p->x[k + 1] - p->x[k]);
}

Test(definition_curves, random_points)
{
    char curve[600], x_text[32], y_text[32];
    for (uint64_t round = 0; round < 300; round++) {
        hf_random r = hf_random_seed(11, round);
        drawn p = {.count = 2 + (int)hf_random_below(&r, 7)};
        const bool good = hf_random_below(&r, 2) == 0;
        double x = floor(hf_random_normal(&r) * 100) / 4, y = 0;
        size_t n = (size_t)snprintf(curve, sizeof curve, "{points: [");
        for (int k = 0; k < p.count; k++) {
            const bool jump = k > 0 && hf_random_below(&r, 4) == 0 && !(k > 1 && p.x[k - 1] == p.x[k - 2]);
            p.x[k] = x = jump ? x : x + (double)(1 + hf_random_below(&r, 40)) / 4;
            y = fmin(100, y + (double)hf_random_below(&r, 30));
            p.y[k] = good ? y : 100 - y;
            hf_format_f64(x_text, p.x[k]);
            hf_format_f64(y_text, p.y[k]);
            n += (size_t)snprintf(curve + n, sizeof curve - n, "%s[%s, %s]", k > 0 ? ", " : "", x_text,
                                  y_text);
        }
        snprintf(curve + n, sizeof curve - n, "]}");
        hf_definition *d = with_curve(good ? "good" : "bad", curve);
        for (int i = 0; i < 12; i++) {
            const double at = i < p.count ? p.x[i] : p.x[0] + (hf_random_uniform(&r) * 3 - 1) * 40;
            // Single precision loses digits where steep pieces cancel; who needs more takes the double form.
            expect_within(d, (double)(float)at, plain_points(&p, (double)(float)at), 5e-3);
        }
        hf_definition_destroy(d);
    }
}

// A percentage is the very number, and a derived signal's kind and unit are known before there is data.
Test(definition_curves, percentages_and_derived_kinds)
{
    const char *text =
        "holdfast: 1\n"
        "signals: {arr: {kind: money, unit: EUR}}\n"
        "derived: {a: {change: arr, days: 30, higher: good}, b: {days_until: due, higher: good},\n"
        "  c: {ratio: [arr, seats], higher: bad}}\n"
        "groups: {g: {measures: {a: {signal: a, curve: {linear: {worst: 0, best: 9}}},\n"
        "  b: {signal: b, curve: {linear: {worst: 0, best: 9}}},\n"
        "  c: {signal: c, curve: {linear: {worst: 12.3%, best: -7%}}}}}}\n";
    hf_definition *d = read_good(context, text);
    cr_expect_eq(d->measures[0].curve.signal_kind, HF_KIND_MONEY);
    cr_expect_str_eq(d->measures[0].curve.unit, "EUR");
    cr_expect_eq(d->measures[1].curve.signal_kind, HF_KIND_COUNT);
    cr_expect_str_eq(d->measures[1].curve.unit, "days");
    cr_expect_eq(d->measures[2].curve.signal_kind, HF_KIND_RATIO);
    cr_expect_eq(d->measures[2].curve.curve.high, 0.123);
    cr_expect_eq(d->measures[2].curve.curve.low, -0.07);
    hf_definition_destroy(d);
}

Test(definition_curves, tables)
{
    hf_definition *d = with_curve("good", "percentile");
    cr_expect(d->measures[0].percentile);
    hf_definition_destroy(d);
    const char *text =
        "holdfast: 1\nsignals: {x: {higher: bad}}\n"
        "groups: {a: {measures: {b: {signal: x, curve: {table: {z: 1, \"1\": 2, a b: 3, \xc3\xa4: 4}, "
        "other: 5}}}}}\n";
    d = read_good(context, text);
    const hf_term *term = &d->measures[0].curve;
    cr_expect_eq(d->measures[0].direction, HF_DIRECTION_UNKNOWN);
    cr_expect_eq(term->kind, HF_TERM_TABLE);
    cr_expect_eq(term->signal_kind, HF_KIND_CATEGORY);
    cr_expect_eq(hf_term_value_level(term, "z"), 1);
    cr_expect_eq(hf_term_value_level(term, "1"), 2);
    cr_expect_eq(hf_term_value_level(term, "a b"), 3);
    cr_expect_eq(hf_term_value_level(term, "\xc3\xa4"), 4);
    cr_expect_eq(hf_term_value_level(term, "Z"), 5);
    hf_definition_destroy(d);
}
