// SPDX-License-Identifier: Apache-2.0
//
// Reliability as people and programs read it: what was predicted beside what happened, tenth by tenth.
#include "report/report_room.h"

json_t *hf_report_reliability_json(const hf_reliability *r)
{
    json_t *bins = json_array();
    for (int32_t k = 0; bins && k < r->count; k++) {
        const hf_reliability_bin *b = &r->bins[k];
        if (json_array_append_new(bins, json_pack("{s:I,s:I,s:f,s:f,s:[f,f]}", "n", (json_int_t)b->rows,
                                                  "events", (json_int_t)b->events, "predicted", b->predicted,
                                                  "rate", b->rate, "interval", b->low, b->high)) == 0)
            continue;
        json_decref(bins);
        return NULL;
    }
    return bins;
}

static void add_bin(hf_grid *grid, const hf_reliability *r, int32_t k)
{
    if (k >= r->count) {
        for (int cell = 0; cell < 4; cell++)
            hf_grid_cell(grid, "%s", "");
        return;
    }
    char rows[32];
    const hf_reliability_bin *b = &r->bins[k];
    hf_grid_cell(grid, "%s", hf_grouped(rows, b->rows));
    hf_grid_cell(grid, "%.4f", b->predicted);
    hf_grid_cell(grid, "%.4f", b->rate);
    hf_grid_cell(grid, "%.4f to %.4f", b->low, b->high);
}

static void read_bins(hf_reliability *out, const json_t *bins)
{
    *out = (hf_reliability){0};
    for (size_t k = 0; k < json_array_size(bins) && k < HF_RELIABILITY_BINS; k++) {
        const json_t *bin = json_array_get(bins, k);
        out->bins[out->count++] = (hf_reliability_bin){
            .rows = json_integer_value(json_object_get(bin, "rows")),
            .events = json_integer_value(json_object_get(bin, "events")),
            .predicted = json_number_value(json_object_get(bin, "predicted")),
            .rate = json_number_value(json_object_get(bin, "rate")),
            .low = json_number_value(json_object_get(bin, "low")),
            .high = json_number_value(json_object_get(bin, "high")),
        };
    }
}

hf_status hf_report_calibration(hf_text *text, const hf_context *context, const hf_model *model,
                                hf_error *error)
{
    const json_t *record = json_object_get(json_object_get(model->record, "fit"), "calibration");
    const char *method = json_string_value(json_object_get(record, "method"));
    const char *held_out = json_string_value(json_object_get(record, "held_out"));
    hf_reliability before, after;
    char rows[32], events[32];
    if (!method || !held_out) return HF_OK;
    read_bins(&before, json_object_get(record, "before"));
    read_bins(&after, json_object_get(record, "after"));
    hf_grouped(rows, json_integer_value(json_object_get(record, "rows")));
    hf_grouped(events, json_integer_value(json_object_get(record, "events")));
    if (model->calibrated)
        hf_text_printf(text, "calibration: %s; before and after it on %s held-out rows (%s) with %s events\n",
                       method, rows, held_out, events);
    else
        hf_text_printf(text, "calibration: none; reliability on %s held-out rows (%s) with %s events\n", rows,
                       held_out, events);
    return hf_report_reliability(text, context, &before, model->calibrated ? &after : NULL, error);
}

hf_status hf_report_reliability(hf_text *text, const hf_context *context, const hf_reliability *before,
                                const hf_reliability *after, hf_error *error)
{
    hf_grid *grid;
    const int32_t most = after && after->count > before->count ? after->count : before->count;
    hf_status status = hf_grid_create(&grid, context,
                                      after ? ">rows|>predicted|>happened|>95 % interval|>rows|>calibrated|"
                                              ">happened|>95 % interval"
                                            : ">rows|>predicted|>happened|>95 % interval",
                                      error);
    if (status != HF_OK) return status;
    for (int32_t k = 0; k < most; k++) {
        add_bin(grid, before, k);
        if (after) add_bin(grid, after, k);
    }
    status = hf_grid_print(grid, text, error);
    hf_grid_destroy(grid);
    return status;
}
