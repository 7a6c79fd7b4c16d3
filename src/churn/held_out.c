// SPDX-License-Identifier: Apache-2.0
//
// The judged rows of all inner splits side by side, in the splits' order, as held-out rows.
#include "churn/held_out.h"

hf_status hf_held_out_calibrate(hf_calibration *out, const hf_training *t, const hf_splits *splits,
                                const hf_inner *inner, hf_stage *stages, double tau, double lambda,
                                hf_error *error)
{
    const hf_context *context = t->context;
    hf_status status = HF_OK;
    int64_t rows = 0, n = 0;
    for (int32_t k = 0; k < splits->count; k++)
        rows += inner[k].valid;
    double *log_odds = hf_new_raw(context, (size_t)rows, sizeof *log_odds);
    uint8_t *label = hf_new_raw(context, (size_t)rows, sizeof *label);
    int64_t *cluster = hf_new_raw(context, (size_t)rows, sizeof *cluster);
    hf_held_out held = {.splits = splits->count,
                        .later = splits->dated,
                        .log_odds = log_odds,
                        .label = label,
                        .cluster = t->cluster ? cluster : NULL};
    if (!log_odds || !label || !cluster) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t k = 0; k < splits->count; k++) {
        if (!stages[k].margin)
            HF_TRY(done, hf_stage_create(&stages[k], context, t->rows, &splits->splits[k], &inner[k], tau,
                                         lambda, error));
        for (int64_t i = 0; i < inner[k].valid; i++, n++) {
            log_odds[n] = stages[k].margin[inner[k].train + i];
            label[n] = inner[k].label[inner[k].train + i];
            if (t->cluster) cluster[n] = t->cluster[splits->splits[k].valid[i]];
        }
        held.first[k + 1] = n;
    }
    HF_TRY(done, hf_calibration_choose(out, context, &held, (hf_calibrate)t->options->calibrate, error));
    hf_info(context, "calibration: %s; log-loss on %lld held-out rows %.4f without, %.4f with it",
            hf_calibration_names[out->method - HF_CALIBRATE_NONE], (long long)out->rows, out->loss[0],
            out->loss[out->method - HF_CALIBRATE_NONE]);
done:
    hf_delete(context, log_odds);
    hf_delete(context, label);
    hf_delete(context, cluster);
    return status;
}
