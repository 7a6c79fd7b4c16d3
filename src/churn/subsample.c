// SPDX-License-Identifier: Apache-2.0
//
// Sampling on the outcome: a row of the commoner class stays with a chance that does not depend on its
// signals, so a logistic of the rows drawn has the fleet's slopes, and its intercept is off by the log of
// that chance (King and Zeng 2001, "Logistic regression in rare events data", prior correction). An account
// is in or out whatever its outcomes are; of one that is out the rarer class's rows stay.
#include "churn/subsample.h"

#include <math.h>

#define STREAM UINT64_C(0x7375627361)
// "auto" thins what is larger than this to about as many rows, but to no fewer of the commoner class than so
// many for each of the rarer.
#define LARGE 250000.0
#define LEAST_EACH 5.0

// The share of the commoner class that is to stay.
static double share_of(const hf_training *t, double rarer)
{
    const double asked = t->options->subsample, commoner = (double)t->count - rarer;
    if (asked == 0.0) return 1.0;
    if (asked > 0.0) return fmin(1.0, asked * rarer / commoner);
    if ((double)t->count <= LARGE) return 1.0;
    return fmin(1.0, fmax(LARGE - rarer, LEAST_EACH * rarer) / commoner);
}

static bool stays(const hf_training *t, int64_t i, double share)
{
    size_t length;
    const char *id = hf_frame_id(t->frame, t->rows[i], &length);
    return (double)(hf_hash(id, length, t->options->seed ^ STREAM) >> 11) * 0x1p-53 < share;
}

void hf_subsample_draw(hf_subsample *out, hf_training *t)
{
    const int64_t rarer = hf_training_rarer(t);
    const uint8_t common = t->events == rarer ? 0 : 1; // of equal classes the one without the outcome
    const double share = share_of(t, (double)rarer);
    *out = (hf_subsample){0};
    if (share >= 1.0) return;
    int64_t n = 0;
    for (int64_t i = 0; i < t->count; i++) {
        if (t->label[i] == common && !stays(t, i, share)) continue;
        t->rows[n] = t->rows[i];
        t->label[n] = t->label[i];
        if (t->cluster) t->cluster[n] = t->cluster[i];
        n++;
    }
    out->rows = t->count - rarer;
    out->kept = n - rarer;
    out->shift = log((double)out->kept / (double)out->rows) * (common == 0 ? 1.0 : -1.0);
    t->shift = out->shift;
    t->count = n;
    t->events = common == 0 ? rarer : out->kept;
}

void hf_subsample_calibration(hf_curve *curve, const hf_training *t)
{
    curve->origin += t->shift;
    curve->intercept += t->shift;
}

hf_status hf_subsample_correct(hf_model *model, const hf_subsample *drawn, hf_error *error)
{
    if (drawn->rows == 0) return HF_OK;
    hf_status status = hf_model_shift(model, drawn->shift, error);
    if (status != HF_OK) return status;
    return hf_model_note(model, "fit", "subsample",
                         json_pack("{s:I, s:I, s:f}", "commoner_rows", (json_int_t)drawn->rows, "kept",
                                   (json_int_t)drawn->kept, "shift", drawn->shift),
                         error);
}
