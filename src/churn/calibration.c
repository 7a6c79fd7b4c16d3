// SPDX-License-Identifier: Apache-2.0
//
// The choice of a calibration: every method is fitted on some inner splits' rows and judged on another's, and
// taken only where it beats all simpler ones there, by more than two standard errors of the paired difference
// summed by account. What is shown as "after" are those judged rows, so that it is no better than it will be.
#include "churn/calibration.h"

#include "churn/calibration_fit.h"
#include "churn/ridge_fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const hf_calibration_names[HF_CALIBRATIONS] = {"none", "intercept", "platt", "isotonic"};
static const hf_calibrate methods[HF_CALIBRATIONS] = {HF_CALIBRATE_NONE, HF_CALIBRATE_INTERCEPT,
                                                      HF_CALIBRATE_PLATT, HF_CALIBRATE_ISOTONIC};

// The rows that are judged, and what every method makes of them.
typedef struct {
    const hf_context *context;
    const hf_held_out *in;
    int32_t judge;                   // the first split that judges
    int64_t from, to;                // the judged rows
    double *judged[HF_CALIBRATIONS]; // owned, one a row: log-odds by a method that had not seen it
    bool usable[HF_CALIBRATIONS];
    double *log_odds; // owned: of rows that are fitted on
    uint8_t *label;   // owned, likewise
    int64_t *order;   // owned: the judged rows, accounts together
} trial;

static void trial_free(trial *t)
{
    for (int m = 0; m < HF_CALIBRATIONS; m++)
        hf_delete(t->context, t->judged[m]);
    hf_delete(t->context, t->log_odds);
    hf_delete(t->context, t->label);
    hf_delete(t->context, t->order);
}

static int64_t account_of(const hf_held_out *in, int64_t row)
{
    return in->cluster ? in->cluster[row] : row;
}

typedef struct {
    int64_t account, row;
} owned_row;

static int compare_owned(const void *a, const void *b)
{
    const owned_row *x = a, *y = b;
    if (x->account != y->account) return x->account < y->account ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static hf_status sort_accounts(trial *t, hf_error *error)
{
    const int64_t count = t->to - t->from;
    owned_row *sorted = hf_new_raw(t->context, (size_t)count, sizeof *sorted);
    if (!sorted) return hf_fail_memory(error);
    for (int64_t i = 0; i < count; i++)
        sorted[i] = (owned_row){account_of(t->in, t->from + i), t->from + i};
    qsort(sorted, (size_t)count, sizeof *sorted, compare_owned);
    for (int64_t i = 0; i < count; i++)
        t->order[i] = sorted[i].row;
    hf_delete(t->context, sorted);
    return HF_OK;
}

static hf_status trial_create(trial *t, hf_error *error)
{
    t->judge = t->in->later ? t->in->splits - 1 : 0;
    t->from = t->in->first[t->judge];
    t->to = t->in->first[t->in->splits];
    const size_t n = (size_t)t->to;
    bool made = true;
    t->log_odds = hf_new_raw(t->context, n, sizeof *t->log_odds);
    t->label = hf_new_raw(t->context, n, sizeof *t->label);
    t->order = hf_new_raw(t->context, n, sizeof *t->order);
    for (int m = 0; m < HF_CALIBRATIONS; m++) {
        t->judged[m] = hf_new_raw(t->context, n, sizeof *t->judged[m]);
        made = made && t->judged[m];
    }
    if (!made || !t->log_odds || !t->label || !t->order) return hf_fail_memory(error);
    memcpy(t->judged[0], t->in->log_odds, n * sizeof *t->judged[0]);
    t->usable[0] = true;
    return sort_accounts(t, error);
}

// Fits a method on the rows in [from, to) that are not in [but, until).
static hf_status fit(hf_curve *curve, bool *good, trial *t, int method, int64_t from, int64_t to, int64_t but,
                     int64_t until, hf_error *error)
{
    int64_t n = 0;
    for (int64_t i = from; i < to; i++) {
        if (i >= but && i < until) continue;
        t->log_odds[n] = t->in->log_odds[i];
        t->label[n++] = t->in->label[i];
    }
    return hf_calibration_fit(curve, good, t->context, methods[method], t->log_odds, t->label, n, error);
}

// The judged rows, each under the method as it was fitted on the other splits.
static hf_status judge(trial *t, int method, hf_error *error)
{
    t->usable[method] = true;
    for (int32_t s = t->judge; s < t->in->splits && t->usable[method]; s++) {
        const int64_t from = t->in->first[s], to = t->in->first[s + 1];
        hf_curve curve = {0};
        hf_status status = fit(&curve, &t->usable[method], t, method, 0, t->to, from, to, error);
        if (status != HF_OK) return status;
        for (int64_t i = from; i < to && t->usable[method]; i++)
            t->judged[method][i] = hf_curve_value(&curve, t->in->log_odds[i]);
        hf_curve_free(t->context, &curve);
    }
    return HF_OK;
}

static double loss_of(const trial *t, int method, int64_t row)
{
    return hf_log_loss(t->judged[method][row], t->in->label[row]);
}

static double mean_loss(const trial *t, int method, int64_t from, int64_t to)
{
    double sum = 0.0;
    for (int64_t i = from; i < to; i++)
        sum += loss_of(t, method, i);
    return sum / (double)(to - from);
}

// Whether a is better than b on every split, and on all of them by more than two standard errors over
// accounts.
static bool beats(const trial *t, int a, int b)
{
    const int64_t count = t->to - t->from;
    const double gain = mean_loss(t, b, t->from, t->to) - mean_loss(t, a, t->from, t->to);
    double squares = 0.0, account = 0.0;
    for (int32_t s = t->judge; s < t->in->splits; s++) {
        const int64_t from = t->in->first[s], to = t->in->first[s + 1];
        if (!(mean_loss(t, a, from, to) < mean_loss(t, b, from, to))) return false;
    }
    for (int64_t i = 0; i < count; i++) {
        const int64_t row = t->order[i];
        account += loss_of(t, b, row) - loss_of(t, a, row) - gain;
        if (i + 1 < count && account_of(t->in, row) == account_of(t->in, t->order[i + 1])) continue;
        squares += account * account;
        account = 0.0;
    }
    return gain > 2.0 * sqrt(squares) / (double)count;
}

// A base rate shifts with time, not between folds: the intercept alone is taken on later rows only.
static int choose(const trial *t)
{
    int taken = 0;
    for (int m = 1; m < HF_CALIBRATIONS; m++) {
        bool best = t->usable[m] && (t->in->later || methods[m] != HF_CALIBRATE_INTERCEPT);
        for (int simpler = 0; simpler < m && best; simpler++)
            best = !t->usable[simpler] || beats(t, m, simpler);
        if (best) taken = m;
    }
    return taken;
}

static hf_status show(hf_reliability *out, const trial *t, int method, hf_error *error)
{
    const int64_t count = t->to - t->from;
    double *probability = t->log_odds; // no longer needed
    for (int64_t i = 0; i < count; i++)
        probability[i] = 1.0 / (1.0 + exp(-t->judged[method][t->from + i]));
    return hf_reliability_compute(out, t->context, probability, t->in->label + t->from, count, error);
}

hf_status hf_calibration_choose(hf_calibration *out, const hf_context *context, const hf_held_out *rows,
                                hf_calibrate wish, hf_error *error)
{
    trial t = {.context = context, .in = rows};
    hf_calibration made = {.method = HF_CALIBRATE_NONE};
    hf_status status;
    int taken = 0;
    HF_TRY(done, trial_create(&t, error));
    for (int m = 1; m < HF_CALIBRATIONS; m++)
        if (wish == HF_CALIBRATE_AUTO || methods[m] <= wish) HF_TRY(done, judge(&t, m, error));
    if (wish == HF_CALIBRATE_AUTO)
        taken = choose(&t);
    else
        for (int m = 0; m < HF_CALIBRATIONS; m++)
            if (methods[m] <= wish && t.usable[m]) taken = m;
    for (bool good = false; taken > 0; taken--) { // the next simpler one where the last fit fails
        HF_TRY(done, fit(&made.curve, &good, &t, taken, t.from, t.to, 0, 0, error));
        if (good) break;
    }
    made.method = methods[taken];
    for (int m = 0; m < HF_CALIBRATIONS; m++)
        made.loss[m] = t.usable[m] ? mean_loss(&t, m, t.from, t.to) : NAN;
    made.rows = t.to - t.from;
    for (int64_t i = t.from; i < t.to; i++)
        made.events += rows->label[i];
    HF_TRY(done, show(&made.before, &t, 0, error));
    HF_TRY(done, show(&made.after, &t, taken, error));
    *out = made;
    made = (hf_calibration){0};
done:
    hf_calibration_free(context, &made);
    trial_free(&t);
    return status;
}

void hf_calibration_free(const hf_context *context, hf_calibration *calibration)
{
    hf_curve_free(context, &calibration->curve);
}
