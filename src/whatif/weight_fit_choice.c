// SPDX-License-Identifier: Apache-2.0
//
// How strongly to shrink. Each split fits a path of strengths on earlier dates of some accounts and judges it
// on later dates of the others, the window between left out; where the dates are too few, by accounts alone.
// The gain in log-loss over the present weights is summed by account, so its standard error knows that dates
// of one account are alike. Of strengths within one standard error of the best the strongest is taken
// (Breiman and others 1984), and it has to beat the present weights by two.
#include "whatif/weight_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double hf_fit_strengths[HF_FIT_STRENGTHS] = {INFINITY, 30,   10,   3,     1,    0.3,
                                                   0.1,      0.03, 0.01, 0.003, 0.001};

enum { ORIGINS = 2, PARTS = 3, MOST_SPLITS = ORIGINS * PARTS, LEAST_EVENTS = 10, STEPS = 12 };

// Fit: dates up to fit_until, accounts of other parts. Judge: dates in [from, to], accounts of the part.
typedef struct {
    hf_date fit_until, from, to;
    int32_t part, parts;
} split;

typedef struct {
    const hf_context *context;
    const hf_weight_rows *rows;
    uint64_t seed;
    double scale;
    split splits[MOST_SPLITS];
    int32_t count;
    double *gain; // owned: rows x strengths: log-loss under the present weights less that under a strength
    bool *judged; // owned: one a row
} choosing;

static int32_t part_of(const choosing *c, int64_t row, int32_t parts)
{
    const int64_t account = c->rows->account[row];
    return (int32_t)(hf_hash(&account, sizeof account, c->seed) % (uint64_t)parts);
}

// ---- splits --------------------------------------------------------------------------------------------------

static int by_date(const void *a, const void *b)
{
    const hf_date *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static hf_status distinct_dates(hf_date **out, int32_t *count, const choosing *c, hf_error *error)
{
    const int64_t n = c->rows->rows;
    hf_date *dates = hf_new_raw(c->context, (size_t)n, sizeof *dates);
    if (!dates) return hf_fail_memory(error);
    memcpy(dates, c->rows->as_of, (size_t)n * sizeof *dates);
    qsort(dates, (size_t)n, sizeof *dates, by_date);
    *count = 0;
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || dates[i] != dates[*count - 1]) dates[(*count)++] = dates[i];
    *out = dates;
    return HF_OK;
}

static bool has_events(const choosing *c, hf_date until)
{
    int64_t events = 0;
    for (int64_t i = 0; i < c->rows->rows; i++)
        if (c->rows->as_of[i] <= until) events += c->rows->label[i];
    return events >= LEAST_EVENTS;
}

static void add_splits(choosing *c, hf_date fit_until, hf_date from, hf_date to)
{
    for (int32_t part = 0; part < PARTS; part++)
        c->splits[c->count++] = (split){fit_until, from, to, part, PARTS};
}

static hf_status make_splits(choosing *c, bool *forward, hf_error *error)
{
    hf_date *dates = NULL;
    int32_t count = 0, first = 0;
    const hf_status status = distinct_dates(&dates, &count, c, error);
    if (status != HF_OK) return status;
    while (first < count && !has_events(c, dates[first] - c->rows->window))
        first++;
    const int32_t left = count - first;
    *forward = left > 0;
    if (left == 0) {
        add_splits(c, INT32_MAX, INT32_MIN, INT32_MAX);
    } else if (left < 4) {
        add_splits(c, dates[first] - c->rows->window, dates[first], INT32_MAX);
    } else {
        const int32_t one = first + left / 4, two = first + left * 5 / 8;
        add_splits(c, dates[one] - c->rows->window, dates[one], dates[two] - 1);
        add_splits(c, dates[two] - c->rows->window, dates[two], INT32_MAX);
    }
    hf_delete(c->context, dates);
    return HF_OK;
}

// ---- one split -----------------------------------------------------------------------------------------------

static bool is_judged(const choosing *c, const split *s, int64_t row)
{
    const hf_date t = c->rows->as_of[row];
    return t >= s->from && t <= s->to && part_of(c, row, s->parts) == s->part;
}

static void judge(choosing *c, const split *s, int32_t strength, const double *theta, double *room)
{
    const hf_weight_rows *r = c->rows;
    double *weight = room, *lost = room + r->columns;
    hf_weight_shares(weight, theta, r);
    if (strength == 0) memcpy(weight, r->present, (size_t)r->columns * sizeof *weight);
    for (int64_t i = 0; i < r->rows; i++) {
        if (!is_judged(c, s, i)) continue;
        double *gain = c->gain + i * HF_FIT_STRENGTHS;
        const double loss = hf_weight_row_loss(lost, theta, weight, r, i);
        gain[strength] = strength == 0 ? loss : gain[0] - loss;
        c->judged[i] = true;
    }
}

static hf_status run_split(choosing *c, const split *s, hf_error *error)
{
    const hf_weight_rows *r = c->rows;
    double *times = hf_weight_new(c->context, (size_t)r->rows, sizeof *times);
    double *theta = hf_weight_new(c->context, 3 * (size_t)r->columns + 1, sizeof *theta), events = 0,
           fitted = 0;
    hf_weight_problem problem = {.rows = r, .times = times, .scale = c->scale, .steps = STEPS};
    hf_status status = times && theta ? HF_OK : hf_fail_memory(error);
    for (int64_t i = 0; status == HF_OK && i < r->rows; i++) {
        times[i] = r->as_of[i] <= s->fit_until && part_of(c, i, s->parts) != s->part;
        fitted += times[i];
        events += times[i] * r->label[i];
    }
    if (status != HF_OK || events < 1 || events == fitted) goto done; // nothing to learn, nothing judged
    hf_weight_begin(theta, r);
    for (int32_t k = 0; k < HF_FIT_STRENGTHS; k++) {
        problem.strength = hf_fit_strengths[k];
        HF_TRY(done, hf_weight_solve(theta, c->context, &problem, error));
        judge(c, s, k, theta, theta + r->columns + 1);
    }
done:
    hf_weight_delete(c->context, theta);
    hf_weight_delete(c->context, times);
    return status;
}

static hf_status run_splits(choosing *c, hf_error *error)
{
    hf_status statuses[MOST_SPLITS];
    const int threads = hf_context_threads(c->context);
    const int32_t count = c->count;
#pragma omp parallel for num_threads(threads) schedule(dynamic) default(none) shared(c, statuses) \
    firstprivate(count)
    for (int32_t i = 0; i < count; i++)
        statuses[i] = run_split(c, &c->splits[i], NULL);
    for (int32_t i = 0; i < count; i++)
        if (statuses[i] != HF_OK) return hf_fail_memory(error);
    return HF_OK;
}

// ---- the choice ----------------------------------------------------------------------------------------------

// Mean difference of gains of two strengths a judged row, and its standard error over accounts. by_account:
// scratch.
static hf_fit_strength compare(const choosing *c, int32_t a, int32_t b, double *by_account, int64_t *rows_of,
                               int64_t accounts)
{
    const hf_weight_rows *r = c->rows;
    double sum = 0.0, square = 0.0, n = 0.0;
    memset(by_account, 0, (size_t)accounts * sizeof *by_account);
    memset(rows_of, 0, (size_t)accounts * sizeof *rows_of);
    for (int64_t i = 0; i < r->rows; i++) {
        const double *gain = c->gain + i * HF_FIT_STRENGTHS;
        if (!c->judged[i]) continue;
        const double by = (a == 0 ? 0.0 : gain[a]) - (b == 0 ? 0.0 : gain[b]);
        by_account[r->account[i]] += by;
        rows_of[r->account[i]]++;
        sum += by;
        n += 1.0;
    }
    if (!(n > 0.0)) return (hf_fit_strength){hf_fit_strengths[a], NAN, NAN};
    for (int64_t k = 0; k < accounts; k++) {
        const double apart = by_account[k] - sum / n * (double)rows_of[k];
        square += apart * apart;
    }
    return (hf_fit_strength){hf_fit_strengths[a], sum / n, sqrt(square) / n};
}

static hf_status choose(hf_weight_fit *fit, const choosing *c, hf_error *error)
{
    int64_t accounts = 0;
    int32_t best = 0, taken = 0;
    for (int64_t i = 0; i < c->rows->rows; i++)
        if (c->rows->account[i] >= accounts) accounts = c->rows->account[i] + 1;
    double *by_account = hf_new(c->context, (size_t)accounts, sizeof *by_account);
    int64_t *rows_of = hf_new(c->context, (size_t)accounts, sizeof *rows_of);
    hf_status status = by_account && rows_of ? HF_OK : hf_fail_memory(error);
    if (status != HF_OK) goto done;
    for (int32_t k = 0; k < HF_FIT_STRENGTHS; k++) {
        fit->path[k] = compare(c, k, 0, by_account, rows_of, accounts);
        if (fit->path[k].gain > fit->path[best].gain) best = k;
    }
    for (; taken < best; taken++) {
        const hf_fit_strength less = compare(c, best, taken, by_account, rows_of, accounts);
        if (less.gain <= less.error) break;
    }
    if (!(fit->path[taken].gain > 2 * fit->path[taken].error)) taken = 0;
    fit->strength = hf_fit_strengths[taken];
done:
    hf_delete(c->context, by_account);
    hf_delete(c->context, rows_of);
    return status;
}

hf_status hf_weight_fit_choose(hf_weight_fit *fit, const hf_context *context, const hf_weight_rows *rows,
                               uint64_t seed, hf_error *error)
{
    choosing c = {.context = context, .rows = rows, .seed = seed};
    hf_status status;
    HF_TRY(done, hf_weight_scale(&c.scale, context, rows, error));
    HF_TRY(done, make_splits(&c, &fit->forward, error));
    c.gain = hf_new(context, (size_t)rows->rows, HF_FIT_STRENGTHS * sizeof *c.gain);
    c.judged = hf_new(context, (size_t)rows->rows, sizeof *c.judged);
    if (!c.gain || !c.judged) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, run_splits(&c, error));
    HF_TRY(done, hf_check_cancel(context, error));
    status = choose(fit, &c, error);
    fit->chosen = status == HF_OK;
done:
    hf_delete(context, c.gain);
    hf_delete(context, c.judged);
    return status;
}
