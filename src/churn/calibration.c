// SPDX-License-Identifier: Apache-2.0
//
// The choice of a calibration: on every inner split each method is made without that split's judged rows, and
// one is taken only where it beats all simpler ones by more than two standard errors of the paired difference
// summed by account, and every split agrees. What is shown as "after" are those judged rows, so that it is no
// better than it will be.
#include "churn/calibration.h"

#include "churn/account_order.h"
#include "churn/calibration_fit.h"
#include "churn/ridge_fit.h"

#include <math.h>
#include <string.h>

const char *const hf_calibration_names[HF_CALIBRATIONS] = {"none", "intercept", "platt", "isotonic"};
static const hf_calibrate methods[HF_CALIBRATIONS] = {HF_CALIBRATE_NONE, HF_CALIBRATE_INTERCEPT,
                                                      HF_CALIBRATE_PLATT, HF_CALIBRATE_ISOTONIC};

// The rows that are judged, and what every method makes of them.
typedef struct {
    const hf_context *context;
    const hf_held_out *in;
    int64_t rows;                    // all of them
    bool late;                       // forward in time: whether levels are of late rows
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

static hf_status trial_create(trial *t, hf_error *error)
{
    t->rows = t->in->first[t->in->splits];
    const size_t n = (size_t)t->rows;
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
    return hf_account_order(t->order, t->context, t->in->cluster, t->rows, error);
}

// Fits a method on all rows but those of a split; -1: on all. Forward in time an intercept has no shape.
static hf_status fit(hf_curve *curve, bool *good, trial *t, int method, int32_t but, hf_error *error)
{
    int64_t n = 0;
    if (t->in->later && methods[method] == HF_CALIBRATE_INTERCEPT) {
        *curve = (hf_curve){.low = -INFINITY, .high = INFINITY, .slope = 1.0};
        *good = true;
        return HF_OK;
    }
    for (int32_t s = 0; s < t->in->splits; s++) {
        if (s == but) continue;
        for (int64_t i = t->in->first[s]; i < t->in->first[s + 1]; i++) {
            t->log_odds[n] = t->in->log_odds[i];
            t->label[n++] = t->in->label[i];
        }
    }
    return hf_calibration_fit(curve, good, t->context, methods[method], t->log_odds, t->label, n, error);
}

// Every split's judged rows under the method as it is made without them.
static hf_status judge(trial *t, int method, hf_error *error)
{
    const bool late = t->late || methods[method] == HF_CALIBRATE_INTERCEPT;
    t->usable[method] = true;
    for (int32_t s = 0; s < t->in->splits && t->usable[method]; s++) {
        hf_curve curve = {0};
        hf_status status = fit(&curve, &t->usable[method], t, method, s, error);
        if (status == HF_OK && t->usable[method] && t->in->later)
            status = hf_level_settle(&curve, &t->usable[method], t->context, &t->in->had[s], late, error);
        for (int64_t i = t->in->first[s]; i < t->in->first[s + 1] && status == HF_OK && t->usable[method];
             i++)
            t->judged[method][i] = hf_curve_value(&curve, t->in->log_odds[i]);
        hf_curve_free(t->context, &curve);
        if (status != HF_OK) return status;
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

// By how much a is better than b on the rows in [from, to), with the standard error over accounts.
static double gain_of(double *standard_error, const trial *t, int a, int b, int64_t from, int64_t to)
{
    const double gain = mean_loss(t, b, from, to) - mean_loss(t, a, from, to);
    double squares = 0.0, account = 0.0;
    for (int64_t i = 0; i < t->rows; i++) {
        const int64_t row = t->order[i];
        if (row >= from && row < to) account += loss_of(t, b, row) - loss_of(t, a, row) - gain;
        if (i + 1 < t->rows && account_of(t->in, row) == account_of(t->in, t->order[i + 1])) continue;
        squares += account * account;
        account = 0.0;
    }
    *standard_error = sqrt(squares) / (double)(to - from);
    return gain;
}

static bool beats(const trial *t, int a, int b)
{
    double error;
    for (int32_t s = 0; s < t->in->splits; s++) {
        const double gain = gain_of(&error, t, a, b, t->in->first[s], t->in->first[s + 1]);
        if (!(gain > (t->in->later ? -error : 0.0))) return false;
    }
    return gain_of(&error, t, a, b, 0, t->rows) > 2.0 * error;
}

// Whether a method beats every simpler one. A base rate shifts with time, not between folds.
static bool best_so_far(const trial *t, int method)
{
    if (!t->usable[method] || (methods[method] == HF_CALIBRATE_INTERCEPT && !t->in->later)) return false;
    for (int simpler = 0; simpler < method; simpler++)
        if (t->usable[simpler] && !beats(t, method, simpler)) return false;
    return true;
}

static hf_status show(hf_reliability *out, const trial *t, int method, hf_error *error)
{
    double *probability = t->log_odds; // no longer needed
    for (int64_t i = 0; i < t->rows; i++)
        probability[i] = hf_probability(t->judged[method][i]);
    return hf_reliability_compute(out, t->context, probability, t->in->label, t->rows, error);
}

// Tries the methods from simple to free; returns in *taken the one to take.
static hf_status try_methods(int *taken, trial *t, hf_calibrate wish, hf_error *error)
{
    *taken = 0;
    for (int m = 1; m < HF_CALIBRATIONS; m++) {
        if (wish != HF_CALIBRATE_AUTO && methods[m] > wish) break;
        const hf_status status = judge(t, m, error);
        if (status != HF_OK) return status;
        if (!(wish == HF_CALIBRATE_AUTO ? best_so_far(t, m) : t->usable[m])) continue;
        *taken = m;
        if (wish == HF_CALIBRATE_AUTO || methods[m] == wish)
            t->late = t->late || methods[m] == HF_CALIBRATE_INTERCEPT;
    }
    return HF_OK;
}

hf_status hf_calibration_choose(hf_calibration *out, const hf_context *context, const hf_held_out *rows,
                                hf_calibrate wish, hf_error *error)
{
    trial t = {.context = context, .in = rows};
    hf_calibration made = {.method = HF_CALIBRATE_NONE, .later = rows->later};
    hf_status status;
    int taken;
    HF_TRY(done, trial_create(&t, error));
    HF_TRY(done, try_methods(&taken, &t, wish, error));
    for (bool good = false; taken > 0; taken--) { // the next simpler one where the last fit fails
        if (!t.usable[taken]) continue;
        HF_TRY(done, fit(&made.curve, &good, &t, taken, -1, error));
        if (good) break;
    }
    made.method = methods[taken];
    made.late = t.late || made.method == HF_CALIBRATE_INTERCEPT;
    for (int m = 0; m < HF_CALIBRATIONS; m++)
        made.loss[m] = t.usable[m] ? mean_loss(&t, m, 0, t.rows) : NAN;
    made.rows = t.rows;
    for (int64_t i = 0; i < t.rows; i++)
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

hf_status hf_calibration_settle(hf_calibration *calibration, const hf_context *context,
                                const hf_level_rows *rows, hf_error *error)
{
    bool good = true;
    if (!calibration->later || calibration->method == HF_CALIBRATE_NONE) return HF_OK;
    hf_status status = hf_level_settle(&calibration->curve, &good, context, rows, calibration->late, error);
    if (status != HF_OK || good) return status;
    hf_calibration_free(context, calibration);
    calibration->method = HF_CALIBRATE_NONE;
    calibration->curve = (hf_curve){0};
    calibration->after = calibration->before;
    return HF_OK;
}

void hf_calibration_free(const hf_context *context, hf_calibration *calibration)
{
    hf_curve_free(context, &calibration->curve);
}
