// SPDX-License-Identifier: Apache-2.0
//
// The calibration in the model file: at the top its curve, which scoring needs, and under "fit" how it was
// chosen and how reliable the probabilities were before and after. The format is in models/README.md.
#include "churn/calibration.h"

#include "churn/calibration_fit.h"

#include <math.h>

static json_t *bins_to_json(const hf_reliability *r)
{
    json_t *bins = json_array();
    for (int32_t k = 0; bins && k < r->count; k++) {
        const hf_reliability_bin *b = &r->bins[k];
        if (json_array_append_new(bins,
                                  json_pack("{s:I, s:I, s:f, s:f, s:f, s:f}", "rows", (json_int_t)b->rows,
                                            "events", (json_int_t)b->events, "predicted", b->predicted,
                                            "rate", b->rate, "low", b->low, "high", b->high)) == 0)
            continue;
        json_decref(bins);
        return NULL;
    }
    return bins;
}

static json_t *choice_to_json(const hf_calibration *c)
{
    json_t *losses = json_object();
    int wrong = losses ? 0 : -1;
    for (int m = 0; m < HF_CALIBRATIONS && wrong == 0; m++)
        if (isfinite(c->loss[m]))
            wrong = json_object_set_new(losses, hf_calibration_names[m], json_real(c->loss[m]));
    if (wrong != 0) {
        json_decref(losses);
        return NULL;
    }
    return json_pack(
        "{s:s, s:s, s:s*, s:I, s:I, s:o, s:o, s:o}", "method",
        hf_calibration_names[c->method - HF_CALIBRATE_NONE], "held_out", c->later ? "later rows" : "folds",
        "level", c->later && c->method != HF_CALIBRATE_NONE ? (c->late ? "last dates" : "all dates") : NULL,
        "rows", (json_int_t)c->rows, "events", (json_int_t)c->events, "log_loss", losses, "before",
        bins_to_json(&c->before), "after", bins_to_json(&c->after));
}

hf_status hf_calibration_give(hf_model *model, hf_calibration *calibration, hf_error *error)
{
    hf_status status = hf_model_note(model, "fit", "calibration", choice_to_json(calibration), error);
    if (status != HF_OK || calibration->method == HF_CALIBRATE_NONE) return status;
    json_t *made =
        json_pack("{s:s, s:o}", "method", hf_calibration_names[calibration->method - HF_CALIBRATE_NONE],
                  "curve", hf_curve_to_json(&calibration->curve));
    if (json_object_set_new(model->record, "calibration", made) != 0) return hf_fail_memory(error);
    model->calibration = calibration->curve;
    model->calibrated = true;
    calibration->curve = (hf_curve){0};
    return HF_OK;
}

hf_status hf_model_shift(hf_model *model, double shift, hf_error *error)
{
    if (!model->calibrated) {
        model->intercept += shift;
        return HF_OK;
    }
    model->calibration.intercept += shift;
    json_t *made = json_object_get(model->record, "calibration");
    if (json_object_set_new(made, "curve", hf_curve_to_json(&model->calibration)) == 0) return HF_OK;
    model->calibration.intercept -= shift;
    return hf_fail_memory(error);
}

hf_status hf_calibration_read(hf_model *model, const char *path, hf_error *error)
{
    const json_t *calibration = json_object_get(model->record, "calibration");
    if (!calibration) return HF_OK;
    if (!json_is_object(calibration))
        return hf_fail_at(error, HF_ERROR_DAMAGED, path, 0, 0,
                          "field 'calibration': expected an object; restore the model from a copy or train "
                          "it again");
    hf_curve curve;
    hf_status status = hf_curve_from_json(&curve, model->context, json_object_get(calibration, "curve"),
                                          "calibration", path, error);
    if (status != HF_OK) return status;
    if (!hf_calibration_rises(&curve)) {
        hf_curve_free(model->context, &curve);
        return hf_fail_at(error, HF_ERROR_DAMAGED, path, 0, 0,
                          "field 'calibration.curve': expected a curve that rises everywhere, without clips "
                          "and steps; restore the model from a copy or train it again");
    }
    model->calibration = curve;
    model->calibrated = true;
    return HF_OK;
}
