// SPDX-License-Identifier: Apache-2.0
//
// A model that ranks rows drawn at random much better than later ones has learnt what does not last: signals
// whose meaning drifts, or values written back into old rows once it was known what became of them. Two plain
// fits at a fixed C tell; accounts are on one side of both splits, so neither knows a customer again. The
// test rows of the two share accounts, which makes the standard error of the difference too large, never too
// small.
#include "workflow/leak_times.h"

#include "churn/churn_room.h"
#include "metrics/metrics_room.h"
#include "workflow/evaluate_model.h"

#include <math.h>
#include <stdlib.h>

#define MOST_ROWS 25000.0
#define STREAM UINT64_C(0x6c65616b74)
#define LEAST_GAP 0.05
#define LEAST_ERRORS 3.0
enum { LEAST_CLASS = 30, REPLICATES = 200 };

typedef struct {
    hf_date from, until; // rows to test are of from or later, to train of until or earlier
    const hf_leak_span *in;
} cut;

static int64_t row_of(const hf_leak_span *in, int64_t i)
{
    return in->rows ? in->rows[i] : i;
}

static double hashed(const hf_leak_span *in, int64_t a, int64_t b)
{
    const int64_t both[2] = {a, b};
    return (double)(hf_hash(both, sizeof both, in->seed ^ STREAM) >> 11) * 0x1p-53;
}

// Whether a row's account is one to test on.
static bool is_tested(const hf_leak_span *in, int64_t row)
{
    return hashed(in, in->cluster ? in->cluster[row] : row, -1) < 0.5;
}

static bool has_date(const hf_leak_span *in, int64_t row)
{
    return in->as_of[row] != HF_DATE_MISSING && in->label[row] <= 1;
}

static int compare_dates(const void *a, const void *b)
{
    const hf_date x = *(const hf_date *)a, y = *(const hf_date *)b;
    return (x > y) - (x < y);
}

// *good false where there is no earlier date.
static hf_status find_cut(cut *out, bool *good, const hf_context *context, const hf_leak_span *in,
                          hf_error *error)
{
    int64_t n = 0;
    *good = false;
    if (in->count < 1) return HF_OK;
    hf_date *sorted = hf_new_raw(context, (size_t)in->count, sizeof *sorted);
    if (!sorted) return hf_fail_memory(error);
    for (int64_t i = 0; i < in->count; i++)
        if (has_date(in, row_of(in, i))) sorted[n++] = in->as_of[row_of(in, i)];
    qsort(sorted, (size_t)n, sizeof *sorted, compare_dates);
    if (n > 0) {
        const hf_date from = sorted[n * 3 / 4], least = sorted[0];
        const int64_t before = (int64_t)from - (in->gap > 1 ? in->gap : 1);
        *good = before >= least;
        if (*good) *out = (cut){from, (hf_date)before, in};
    }
    hf_delete(context, sorted);
    return HF_OK;
}

// The rows of one side, of the dates of the cut or of any, each kept by a chance of its own; returns how
// many. out may be NULL.
static int64_t take(int64_t *out, const cut *c, bool tested, bool any_date, double share)
{
    const hf_leak_span *in = c->in;
    int64_t n = 0;
    for (int64_t i = 0; i < in->count; i++) {
        const int64_t row = row_of(in, i);
        if (!has_date(in, row) || is_tested(in, row) != tested) continue;
        const bool fits = tested ? in->as_of[row] >= c->from : in->as_of[row] <= c->until;
        if ((!any_date && !fits) || hashed(in, row, in->as_of[row]) >= share) continue;
        if (out) out[n] = row;
        n++;
    }
    return n;
}

static bool both_classes(const hf_leak_span *in, const int64_t *rows, int64_t count)
{
    int64_t events = 0;
    for (int64_t i = 0; i < count; i++)
        events += in->label[rows[i]];
    return events >= LEAST_CLASS && count - events >= LEAST_CLASS;
}

static hf_status rank(hf_leak_ranked *out, const hf_context *context, const hf_model *model,
                      const hf_leak_span *in, const int64_t *rows, int64_t count, hf_error *error)
{
    hf_metrics_interval found;
    hf_frame *test = NULL;
    hf_status status;
    double *probability = hf_new_raw(context, (size_t)count, sizeof *probability);
    uint8_t *label = hf_new_raw(context, (size_t)count, sizeof *label);
    int64_t *cluster = hf_new_raw(context, (size_t)count, sizeof *cluster);
    if (!probability || !label || !cluster) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < count; i++) {
        label[i] = in->label[rows[i]];
        cluster[i] = in->cluster ? in->cluster[rows[i]] : i;
    }
    HF_TRY(done, hf_frame_select(&test, in->frame, rows, count, error));
    HF_TRY(done, hf_predict(probability, context, model, test, true, error));
    HF_TRY(done, hf_metrics_bootstrap(&found, context, probability, label, cluster, count, REPLICATES, 0.05,
                                      in->seed, error));
    out->auc = found.value.auc;
    out->standard_error = (found.high.auc - found.low.auc) / (2.0 * 1.959964);
    out->tested = count;
done:
    hf_frame_destroy(test);
    hf_delete(context, probability);
    hf_delete(context, label);
    hf_delete(context, cluster);
    return status;
}

// Trains and tests on the rows of a cut's dates, or on as many of any.
static hf_status compare(hf_leak_ranked *out, bool *good, const hf_context *context, const cut *c,
                         bool any_date, hf_error *error)
{
    int64_t *rows[2] = {NULL, NULL}, count[2];
    hf_model *model = NULL;
    hf_status status = HF_OK;
    *good = false;
    for (int tested = 0; tested < 2; tested++) {
        const double wanted = fmin(MOST_ROWS, (double)take(NULL, c, tested, false, 2.0));
        const double share = wanted / fmax(1.0, (double)take(NULL, c, tested, any_date, 2.0));
        count[tested] = take(NULL, c, tested, any_date, share);
        rows[tested] = hf_new_raw(context, (size_t)count[tested], sizeof *rows[tested]);
        if (!rows[tested]) {
            status = hf_fail_memory(error);
            goto done;
        }
        take(rows[tested], c, tested, any_date, share);
        if (!both_classes(c->in, rows[tested], count[tested])) goto done;
    }
    hf_train_options options = HF_TRAIN_OPTIONS_INIT;
    options.plain = true;
    options.c = 1.0;
    options.seed = c->in->seed;
    status = hf_model_train(&model, context, c->in->frame, c->in->label, c->in->cluster, rows[0], count[0],
                            &options, error);
    if (status == HF_ERROR_DATA || status == HF_ERROR_TOO_LITTLE) { // training will say so itself
        status = HF_OK;
        goto done;
    }
    if (status == HF_OK) status = rank(out, context, model, c->in, rows[1], count[1], error);
    out->trained = count[0];
    *good = status == HF_OK;
done:
    hf_model_destroy(model);
    hf_delete(context, rows[0]);
    hf_delete(context, rows[1]);
    return status;
}

hf_status hf_leak_times_compare(hf_leak_ranked *later, hf_leak_ranked *mixed, bool *good,
                                const hf_context *context, const hf_leak_span *span, hf_error *error)
{
    hf_leak_ranked made[2] = {{0}};
    hf_context *quiet = NULL;
    cut c;
    hf_status status = HF_OK;
    *good = false;
    if (!span->as_of) return HF_OK;
    HF_TRY(done, hf_context_quiet(&quiet, context, error));
    HF_TRY(done, find_cut(&c, good, quiet, span, error));
    for (int any_date = 0; any_date < 2 && *good; any_date++)
        HF_TRY(done, compare(&made[any_date], good, quiet, &c, any_date, error));
    if (*good) {
        *later = made[0];
        *mixed = made[1];
    }
done:
    hf_context_destroy(quiet);
    return status;
}

hf_status hf_leak_guard_times(const hf_context *context, const hf_leak_span *span, hf_error *error)
{
    hf_leak_ranked later, mixed;
    bool good = false;
    const hf_status status = hf_leak_times_compare(&later, &mixed, &good, context, span, error);
    if (status != HF_OK || !good) return status;
    const double gap = mixed.auc - later.auc;
    const double within =
        sqrt(mixed.standard_error * mixed.standard_error + later.standard_error * later.standard_error);
    if (gap > LEAST_GAP && gap > LEAST_ERRORS * within)
        hf_warn(
            context,
            "%s: a plain model ranks rows of other accounts with an AUC of %.3f where rows are drawn from "
            "all dates, but of %.3f where it has to tell later ones from earlier (difference %.3f, standard "
            "error %.3f by resampling accounts): signals that change their meaning over time, or that were "
            "filled in for old rows after the fact. Trust only figures on later rows ('holdfast evaluate')",
            span->place, mixed.auc, later.auc, gap, within);
    return HF_OK;
}
