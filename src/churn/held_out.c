// SPDX-License-Identifier: Apache-2.0
//
// The judged rows of all inner splits side by side, in the splits' order, as held-out rows; and the rows of a
// fit, of an inner split's or of the last, as what a level is settled on.
#include "churn/held_out.h"

// What is gathered of all splits. Owned arrays.
typedef struct {
    const hf_context *context;
    double *log_odds;
    uint8_t *label;
    int64_t *cluster;
    bool *late[HF_MOST_SPLITS];
    hf_level_rows had[HF_MOST_SPLITS];
} gathered;

static void gathered_free(gathered *g)
{
    hf_delete(g->context, g->log_odds);
    hf_delete(g->context, g->label);
    hf_delete(g->context, g->cluster);
    for (int32_t k = 0; k < HF_MOST_SPLITS; k++)
        hf_delete(g->context, g->late[k]);
}

// Marks the late ones of training rows; places: NULL for all.
static hf_status mark_late(bool **late, const hf_training *t, const int64_t *places, int64_t count,
                           hf_error *error)
{
    hf_status status = HF_OK;
    hf_date *as_of = hf_new_raw(t->context, (size_t)count, sizeof *as_of);
    *late = hf_new_raw(t->context, (size_t)count, sizeof **late);
    if (!as_of || !*late) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < count; i++)
        as_of[i] = t->options->as_of[t->rows[places ? places[i] : i]];
    HF_TRY(done, hf_level_mark_late(*late, t->context, as_of, count, error));
done:
    hf_delete(t->context, as_of);
    return status;
}

static hf_status create_gathered(gathered *g, const hf_training *t, const hf_splits *splits, hf_error *error)
{
    int64_t rows = 0;
    for (int32_t k = 0; k < splits->count; k++)
        rows += splits->splits[k].valid_count;
    g->log_odds = hf_new_raw(g->context, (size_t)rows, sizeof *g->log_odds);
    g->label = hf_new_raw(g->context, (size_t)rows, sizeof *g->label);
    g->cluster = hf_new_raw(g->context, (size_t)rows, sizeof *g->cluster);
    if (!g->log_odds || !g->label || !g->cluster) return hf_fail_memory(error);
    for (int32_t k = 0; k < splits->count && splits->dated; k++) {
        const hf_split *split = &splits->splits[k];
        const hf_status status = mark_late(&g->late[k], t, split->train, split->train_count, error);
        if (status != HF_OK) return status;
    }
    return HF_OK;
}

hf_status hf_held_out_calibrate(hf_calibration *out, const hf_training *t, const hf_splits *splits,
                                const hf_inner *inner, hf_stage *stages, double tau, double lambda,
                                hf_error *error)
{
    const hf_context *context = t->context;
    gathered g = {.context = context};
    hf_held_out held = {.splits = splits->count, .later = splits->dated, .had = g.had};
    hf_status status;
    int64_t n = 0;
    HF_TRY(done, create_gathered(&g, t, splits, error));
    for (int32_t k = 0; k < splits->count; k++) {
        if (!stages[k].margin)
            HF_TRY(done, hf_stage_create(&stages[k], context, t->rows, &splits->splits[k], &inner[k], tau,
                                         lambda, error));
        g.had[k] = (hf_level_rows){stages[k].margin, inner[k].label, g.late[k], inner[k].train};
        for (int64_t i = 0; i < inner[k].valid; i++, n++) {
            g.log_odds[n] = stages[k].margin[inner[k].train + i];
            g.label[n] = inner[k].label[inner[k].train + i];
            if (t->cluster) g.cluster[n] = t->cluster[splits->splits[k].valid[i]];
        }
        held.first[k + 1] = n;
    }
    held.log_odds = g.log_odds;
    held.label = g.label;
    held.cluster = t->cluster ? g.cluster : NULL;
    HF_TRY(done, hf_calibration_choose(out, context, &held, (hf_calibrate)t->options->calibrate, error));
    hf_info(context, "calibration: %s; log-loss on %lld held-out rows %.4f without, %.4f with it",
            hf_calibration_names[out->method - HF_CALIBRATE_NONE], (long long)out->rows, out->loss[0],
            out->loss[out->method - HF_CALIBRATE_NONE]);
done:
    gathered_free(&g);
    return status;
}

hf_status hf_held_out_settle(hf_calibration *calibration, const hf_training *t, const hf_final_fit *fit,
                             hf_error *error)
{
    if (!calibration->later || calibration->method == HF_CALIBRATE_NONE) return HF_OK;
    hf_status status;
    bool *late = NULL;
    double *log_odds = hf_new_raw(t->context, (size_t)t->count, sizeof *log_odds);
    if (!log_odds) return hf_fail_memory(error);
    HF_TRY(done, mark_late(&late, t, NULL, t->count, error));
    hf_final_fit_log_odds(log_odds, fit, t->count);
    const hf_level_rows rows = {log_odds, t->label, late, t->count};
    HF_TRY(done, hf_calibration_settle(calibration, t->context, &rows, error));
done:
    hf_delete(t->context, late);
    hf_delete(t->context, log_odds);
    return status;
}
