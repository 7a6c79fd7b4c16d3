// SPDX-License-Identifier: Apache-2.0
//
// A joint histogram of gradient and curvature a pair, summed up so that any rectangle takes four look-ups,
// gives the best rectangle of every pair. The best of these are narrowed by a third signal, and each of their
// conditions is asked again given the others. A conjunction's evidence is the likelihood ratio of the events
// in it against those expected, which is fair to small counts too; it must exceed 2 log of how many
// conjunctions there are, so that none is expected where the margin is right.
#include "churn/rule_beam.h"

#include "churn/ridge_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS = HF_MOST_BINS + 1, SPANS = 2 * CELLS, BEAM = 100, SWEEPS = 2, STEPS = 8, LEAST_ROWS = 20 };
#define RIDGE 5.0
#define MOST_DRAWN 100000.0
// Of a step to a weight: where the margin is sure and wrong there is no curvature to go by.
#define LONGEST 4.0

typedef struct {
    int32_t first, end; // cells of a signal, end not in it
} span;

typedef struct {
    int32_t conditions;
    int32_t signal[HF_RULE_DEPTH];
    span in[HF_RULE_DEPTH];
    double score;
} conjunction;

typedef struct {
    const hf_binned *binned;
    int64_t drawn;
    int32_t *row;                          // the rows drawn
    double *margin, *residual, *curvature; // of the rows drawn
    uint8_t *label;                        // of the rows drawn
    int32_t *list;                         // scratch: places among the rows drawn
} beam;

// The conditions on a signal: a number up to or from an edge, missing or not; a category in one level.
static int32_t spans_of(span out[SPANS], const hf_binned_signal *s)
{
    const int32_t last = s->cells - 1;
    int32_t n = 0;
    for (int32_t c = 1; c <= last; c++) {
        out[n++] = s->category ? (span){c - 1, c} : (span){0, c};
        if (!s->category && c < last) out[n++] = (span){c, last};
    }
    out[n++] = (span){last, last + 1};
    return n;
}

static double worth(double g, double h)
{
    return g * g / (h + RIDGE);
}

// Gradient and curvature up to every two cells.
static void sum_pair(double *sums, const beam *b, int32_t one, int32_t other)
{
    const hf_binned_signal *x = &b->binned->signals[one], *y = &b->binned->signals[other];
    const int32_t width = y->cells + 1;
    memset(sums, 0, (size_t)(x->cells + 1) * (size_t)width * 2 * sizeof *sums);
    for (int64_t i = 0; i < b->drawn; i++) {
        double *at = sums + 2 * ((x->cell[b->row[i]] + 1) * width + y->cell[b->row[i]] + 1);
        at[0] += b->residual[i];
        at[1] += b->curvature[i];
    }
    for (int32_t k = 2 * width; k < 2 * (x->cells + 1) * width; k++)
        sums[k] += sums[k - 2 * width];
    for (int32_t r = 1; r <= x->cells; r++)
        for (int32_t k = 2 * (r * width + 1); k < 2 * (r + 1) * width; k++)
            sums[k] += sums[k - 2];
}

static conjunction best_of_pair(const beam *b, int32_t one, int32_t other)
{
    span of_one[SPANS], of_other[SPANS];
    const int32_t ones = spans_of(of_one, &b->binned->signals[one]);
    const int32_t others = spans_of(of_other, &b->binned->signals[other]);
    const int32_t width = 2 * (b->binned->signals[other].cells + 1);
    conjunction best = {.conditions = 2, .signal = {one, other}};
    double sums[2 * (CELLS + 1) * (CELLS + 1)], line[2 * (CELLS + 1)];
    sum_pair(sums, b, one, other);
    for (int32_t i = 0; i < ones; i++) {
        for (int32_t k = 0; k < width; k++)
            line[k] = sums[of_one[i].end * width + k] - sums[of_one[i].first * width + k];
        for (int32_t j = 0; j < others; j++) {
            const double g = line[2 * of_other[j].end] - line[2 * of_other[j].first];
            const double h = line[2 * of_other[j].end + 1] - line[2 * of_other[j].first + 1];
            const double score = worth(g, h);
            if (score <= best.score) continue;
            best.score = score;
            best.in[0] = of_one[i];
            best.in[1] = of_other[j];
        }
    }
    return best;
}

static bool holds(const conjunction *c, const hf_binned *binned, int64_t row, int32_t but)
{
    for (int32_t k = 0; k < c->conditions; k++) {
        const int32_t cell = binned->signals[c->signal[k]].cell[row];
        if (k != but && (cell < c->in[k].first || cell >= c->in[k].end)) return false;
    }
    return true;
}

// The drawn rows where a conjunction holds, one of its conditions left out.
static int64_t list_rows(const beam *b, const conjunction *c, int32_t but)
{
    int64_t n = 0;
    for (int64_t i = 0; i < b->drawn; i++)
        if (holds(c, b->binned, b->row[i], but)) b->list[n++] = (int32_t)i;
    return n;
}

// The best condition on one signal among the listed rows, if any is better than the score.
static bool best_condition(span *best, double *score, const beam *b, int32_t signal, int64_t count)
{
    const hf_binned_signal *s = &b->binned->signals[signal];
    double sums[2 * (CELLS + 1)] = {0};
    span spans[SPANS];
    const int32_t n = spans_of(spans, s);
    bool found = false;
    for (int64_t i = 0; i < count; i++) {
        double *at = sums + 2 * (s->cell[b->row[b->list[i]]] + 1);
        at[0] += b->residual[b->list[i]];
        at[1] += b->curvature[b->list[i]];
    }
    for (int32_t k = 2; k < 2 * (s->cells + 1); k++)
        sums[k] += sums[k - 2];
    for (int32_t k = 0; k < n; k++) {
        const double found_here = worth(sums[2 * spans[k].end] - sums[2 * spans[k].first],
                                        sums[2 * spans[k].end + 1] - sums[2 * spans[k].first + 1]);
        if (found_here <= *score) continue;
        *score = found_here;
        *best = spans[k];
        found = true;
    }
    return found;
}

// Narrows by the signal that gains most, then asks every condition again.
static void narrow(conjunction *c, const beam *b)
{
    const int64_t count = list_rows(b, c, -1);
    const int32_t at = c->conditions;
    for (int32_t s = 0; s < b->binned->count; s++) {
        if (b->binned->signals[s].apart || s == c->signal[0] || s == c->signal[1]) continue;
        if (!best_condition(&c->in[at], &c->score, b, s, count)) continue;
        c->signal[at] = s;
        c->conditions = at + 1;
    }
    for (int32_t k = 0; k < SWEEPS * c->conditions; k++) {
        const int32_t asked = k % c->conditions;
        const int64_t without = list_rows(b, c, asked);
        best_condition(&c->in[asked], &c->score, b, c->signal[asked], without);
    }
}

static int compare_conjunctions(const void *a, const void *b)
{
    const conjunction *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    for (int32_t k = 0; k < HF_RULE_DEPTH; k++)
        if (x->signal[k] != y->signal[k]) return x->signal[k] - y->signal[k];
    return 0;
}

// 2 log of the number of conjunctions of two and of three conditions.
static double chance(const hf_binned *binned)
{
    double of[HF_RULE_DEPTH + 1] = {1.0};
    span spans[SPANS];
    for (int32_t s = 0; s < binned->count; s++) {
        if (binned->signals[s].apart) continue;
        const double n = spans_of(spans, &binned->signals[s]);
        for (int32_t k = HF_RULE_DEPTH; k > 0; k--)
            of[k] += n * of[k - 1];
    }
    return 2.0 * log(fmax(1.0, of[2] + of[3]));
}

// The weight on the listed rows under which they are likeliest, and twice what it lowers their log-loss by.
static double evidence_of(double *weight, const beam *b, int64_t count)
{
    const int32_t *list = b->list;
    double w = 0.0, before = 0.0, after = 0.0;
    for (int32_t step = 0; step < STEPS; step++) {
        double g = 0.0, h = 1.0;
        for (int64_t k = 0; k < count; k++) {
            const double p = 1.0 / (1.0 + exp(-b->margin[list[k]] - w));
            g += (double)b->label[list[k]] - p;
            h += p * (1.0 - p);
        }
        w += fmax(-LONGEST, fmin(LONGEST, g / h));
    }
    for (int64_t k = 0; k < count; k++) {
        before += hf_log_loss(b->margin[list[k]], b->label[list[k]]);
        after += hf_log_loss(b->margin[list[k]] + w, b->label[list[k]]);
    }
    *weight = w;
    return 2.0 * (before - after);
}

// Whether a conjunction is of three conditions and says so much more than any two of them.
static bool takes_three(const beam *b, const conjunction *c, double evidence, double least)
{
    double weight;
    if (c->conditions < 3) return false;
    for (int32_t k = 0; k < c->conditions; k++)
        if (evidence - evidence_of(&weight, b, list_rows(b, c, k)) < least) return false;
    return true;
}

// Whether a conjunction says more than chance beside those kept before; its rows' margins then say it too.
static bool speaks(double *weight, const beam *b, const conjunction *c, bool three, double least)
{
    int64_t n = list_rows(b, c, -1);
    if (n < LEAST_ROWS || b->drawn - n < LEAST_ROWS) return false;
    const double evidence = evidence_of(weight, b, n);
    if (evidence < least || (three && !takes_three(b, c, evidence, least))) return false;
    n = list_rows(b, c, -1);
    for (int64_t k = 0; k < n; k++)
        b->margin[b->list[k]] += *weight;
    return true;
}

static hf_rule as_rule(const conjunction *c, double weight)
{
    hf_rule rule = {.conditions = c->conditions, .weight = weight};
    for (int32_t k = 0; k < c->conditions; k++) {
        int32_t at = k;
        for (; at > 0 && rule.signal[at - 1] > c->signal[k]; at--) {
            rule.signal[at] = rule.signal[at - 1];
            rule.cells[at] = rule.cells[at - 1];
        }
        rule.signal[at] = c->signal[k];
        rule.cells[at] = 0;
        for (int32_t cell = c->in[k].first; cell < c->in[k].end; cell++)
            rule.cells[at] |= (uint64_t)1 << cell;
    }
    return rule;
}

static void draw_rows(beam *b, const double *margin, const uint8_t *label, int64_t rows)
{
    hf_random random = hf_random_seed(0, 0);
    const double share = MOST_DRAWN / (double)rows;
    for (int64_t i = 0; i < rows; i++) {
        if (share < 1.0 && hf_random_uniform(&random) >= share) continue;
        b->row[b->drawn] = (int32_t)i;
        b->margin[b->drawn] = margin[i];
        b->label[b->drawn++] = label[i];
    }
    hf_logistic_slopes(b->residual, b->curvature, b->margin, b->label, b->drawn);
}

// The best conjunctions of two conditions, one a pair of signals, and how many of them go on.
static int32_t best_of_pairs(conjunction *pairs, const beam *b, const hf_context *context)
{
    int32_t n = 0;
    for (int32_t one = 0; one < b->binned->count; one++)
        for (int32_t other = one + 1; other < b->binned->count; other++)
            if (!b->binned->signals[one].apart && !b->binned->signals[other].apart)
                pairs[n++] = (conjunction){.signal = {one, other}};
#pragma omp parallel for default(none) shared(pairs, b, n) schedule(dynamic, 4) \
    num_threads(hf_context_threads(context))
    for (int32_t k = 0; k < n; k++)
        pairs[k] = best_of_pair(b, pairs[k].signal[0], pairs[k].signal[1]);
    qsort(pairs, (size_t)n, sizeof *pairs, compare_conjunctions);
    return n < BEAM ? n : BEAM;
}

static void beam_free(beam *b, const hf_context *context)
{
    hf_delete(context, b->row);
    hf_delete(context, b->list);
    hf_delete(context, b->margin);
    hf_delete(context, b->residual);
    hf_delete(context, b->curvature);
    hf_delete(context, b->label);
}

static hf_status beam_create(beam *out, const hf_context *context, const hf_binned *binned,
                             const double *margin, const uint8_t *label, int64_t rows, hf_error *error)
{
    const size_t n = (size_t)rows;
    beam b = {.binned = binned};
    b.row = hf_new_raw(context, n, sizeof *b.row);
    b.list = hf_new_raw(context, n, sizeof *b.list);
    b.margin = hf_new_raw(context, n, sizeof *b.margin);
    b.residual = hf_new_raw(context, n, sizeof *b.residual);
    b.curvature = hf_new_raw(context, n, sizeof *b.curvature);
    b.label = hf_new_raw(context, n, sizeof *b.label);
    if (!b.row || !b.list || !b.margin || !b.residual || !b.curvature || !b.label) {
        beam_free(&b, context);
        return hf_fail_memory(error);
    }
    draw_rows(&b, margin, label, rows);
    *out = b;
    return HF_OK;
}

hf_status hf_rule_beam_find(hf_rule out[HF_MOST_BEAM], int32_t *count, const hf_context *context,
                            const hf_binned *binned, const double *margin, const uint8_t *label, int64_t rows,
                            bool three, hf_error *error)
{
    hf_status status;
    const size_t signals = (size_t)binned->count;
    const double least = chance(binned);
    int32_t kept = 0;
    beam b = {0};
    conjunction *pairs = hf_new_raw(context, signals * signals / 2, sizeof *pairs);
    if (!pairs) return hf_fail_memory(error);
    HF_TRY(done, beam_create(&b, context, binned, margin, label, rows, error));
    const int32_t tried = best_of_pairs(pairs, &b, context);
    HF_TRY(done, hf_check_cancel(context, error));
    for (int32_t k = 0; k < tried; k++)
        narrow(&pairs[k], &b);
    qsort(pairs, (size_t)tried, sizeof *pairs, compare_conjunctions);
    for (int32_t k = 0; k < tried && kept < HF_MOST_BEAM; k++) {
        double weight;
        if (speaks(&weight, &b, &pairs[k], three, least)) out[kept++] = as_rule(&pairs[k], weight);
    }
    *count = kept;
done:
    beam_free(&b, context);
    hf_delete(context, pairs);
    return status;
}

hf_status hf_rule_beam_slopes(double *residual, double *curvature, const hf_context *context,
                              const hf_binned *binned, const double *margin, const uint8_t *label,
                              int64_t rows, hf_error *error)
{
    hf_status status = HF_OK;
    hf_rule found[HF_MOST_BEAM];
    int32_t count = 0;
    double *with = hf_new_raw(context, (size_t)rows, sizeof *with);
    if (!with) return hf_fail_memory(error);
    HF_TRY(done, hf_rule_beam_find(found, &count, context, binned, margin, label, rows, true, error));
    memcpy(with, margin, (size_t)rows * sizeof *with);
    for (int32_t k = 0; k < count; k++)
        for (int64_t i = 0; i < rows; i++)
            if (hf_rule_holds(&found[k], binned, i)) with[i] += found[k].weight;
    hf_logistic_slopes(residual, curvature, with, label, rows);
done:
    hf_delete(context, with);
    return status;
}
