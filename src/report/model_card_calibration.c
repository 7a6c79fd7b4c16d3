// SPDX-License-Identifier: Apache-2.0
//
// The part of a card on whether a probability is one: how the sum of the terms was calibrated, what that
// makes of a few probabilities, and what was predicted beside what happened on rows that were not fitted on.
#include "report/model_card.h"

#include <math.h>

// The mean distance of what was predicted from what happened, a row counting once, in points of per cent.
static double mean_miss(const json_t *bins)
{
    const json_t *bin;
    double rows = 0.0, sum = 0.0;
    size_t k;
    json_array_foreach(bins, k, bin)
    {
        const double n = hf_record_number(bin, "rows");
        rows += n;
        sum += n * fabs(hf_record_number(bin, "predicted") - hf_record_number(bin, "rate"));
    }
    return 100.0 * sum / rows;
}

static void put_method(hf_text *out, const hf_model *model, const json_t *record)
{
    const char *method = json_string_value(json_object_get(record, "method"));
    const char *level = json_string_value(json_object_get(record, "level"));
    static const double shares[] = {0.02, 0.05, 0.1, 0.2, 0.5, 0.8};
    if (!model->calibrated) {
        hf_text_puts(out, "None was needed, or none asked for: what the terms add up to is published as it "
                          "is.\n");
        return;
    }
    hf_text_puts(out, "What the terms add up to is corrected before it is published, by one rising curve (");
    hf_card_text(out, method);
    hf_text_puts(out, ") that leaves the order of the accounts as it was");
    if (level) {
        hf_text_puts(out, "; its level is that of ");
        hf_card_text(out, level);
    }
    hf_text_puts(out, ".\n\n| the terms say | published |\n| ---: | ---: |\n");
    for (size_t k = 0; k < sizeof shares / sizeof shares[0]; k++) {
        const double z = hf_curve_value(&model->calibration, log(shares[k] / (1.0 - shares[k])));
        hf_text_printf(out, "| %.0f %% | %.1f %% |\n", 100.0 * shares[k], 100.0 / (1.0 + exp(-z)));
    }
}

static void put_bins(hf_text *out, const json_t *bins)
{
    const json_t *bin;
    size_t k;
    hf_text_puts(out, "| rows | predicted | happened | 95 % interval |\n| ---: | ---: | ---: | ---: |\n");
    json_array_foreach(bins, k, bin)
    {
        char rows[32];
        hf_text_printf(out, "| %s | %.2f %% | %.2f %% | %.2f to %.2f %% |\n",
                       hf_grouped(rows, json_integer_value(json_object_get(bin, "rows"))),
                       100.0 * hf_record_number(bin, "predicted"), 100.0 * hf_record_number(bin, "rate"),
                       100.0 * hf_record_number(bin, "low"), 100.0 * hf_record_number(bin, "high"));
    }
}

void hf_card_calibration(hf_text *out, const hf_model *model)
{
    const json_t *record = json_object_get(hf_record(model, "fit"), "calibration");
    const json_t *before = json_object_get(record, "before"), *after = json_object_get(record, "after");
    const char *held_out = json_string_value(json_object_get(record, "held_out"));
    char rows[32], events[32];
    if (!model->calibrated && !record) return;
    hf_text_puts(out, "\n## Calibration\n\n");
    put_method(out, model, record);
    if (!held_out || json_array_size(before) == 0 || json_array_size(after) == 0) return;
    hf_text_printf(out, "\nOn %s rows with %s events that the fits had not seen (%s), cut into tenths, ",
                   hf_grouped(rows, json_integer_value(json_object_get(record, "rows"))),
                   hf_grouped(events, json_integer_value(json_object_get(record, "events"))), held_out);
    hf_text_printf(out, "predictions were off by %.2f points of per cent on average", mean_miss(before));
    if (model->calibrated) hf_text_printf(out, ", calibrated by %.2f", mean_miss(after));
    hf_text_printf(out, ".%s\n\n", model->calibrated ? " Before:" : "");
    put_bins(out, before);
    if (!model->calibrated) return;
    hf_text_puts(out, "\nCalibrated:\n\n");
    put_bins(out, after);
}
