// SPDX-License-Identifier: Apache-2.0
//
// The statistician's page of a model: the fit in a few lines, a line a term by what it explains, then every
// curve with its band. The same as JSON is the record itself.
#include "report/summary_view.h"

#include <math.h>
#include <string.h>

static void cell(hf_grid *grid, double value)
{
    char text[32];
    hf_grid_cell(grid, "%s", hf_brief(text, value));
}

static void share_cell(hf_grid *grid, double share)
{
    if (isnan(share))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.1f %%", 100.0 * share);
}

static void put_fit(hf_text *text, const hf_model *model, const json_t *summary)
{
    const json_t *fit = hf_record(model, "fit");
    char a[32], b[32], c[32], d[32];
    const double rows = hf_record_number(summary, "rows"), events = hf_record_number(summary, "events");
    const double tau = hf_record_number(fit, "tau");
    hf_text_printf(text, "%s: %s rows, %s with the outcome (%.2f %%)\n", hf_model_predicts(model),
                   hf_grouped(a, (int64_t)rows), hf_grouped(b, (int64_t)events), 100.0 * events / rows);
    hf_text_printf(text, "penalty        C %s, lambda %s%s%s\n", hf_brief(a, hf_model_c(model)),
                   hf_brief(b, 1.0 / hf_model_c(model)), isnan(tau) ? "" : ", tau ",
                   isnan(tau) ? "" : hf_brief(c, tau));
    hf_text_printf(text,
                   "parameters     %s in the plain form, %s events each; %s effective, %s events each\n",
                   hf_brief(a, hf_record_number(summary, "parameters")),
                   hf_brief(b, hf_record_number(summary, "events_per_parameter")),
                   hf_brief(c, hf_record_number(summary, "freedom")),
                   hf_brief(d, hf_record_number(summary, "events_per_freedom")));
    hf_text_printf(text, "log-loss       %s on its own rows, %s on inner held-out rows, %s without a model\n",
                   hf_brief(a, hf_record_number(summary, "log_loss")),
                   hf_brief(b, hf_record_number(summary, "log_loss_inner")),
                   hf_brief(c, hf_record_number(summary, "log_loss_none")));
    hf_text_printf(text, "pseudo-R2      McFadden %s, Nagelkerke %s (on its own rows)\n",
                   hf_brief(a, hf_record_number(summary, "mcfadden")),
                   hf_brief(b, hf_record_number(summary, "nagelkerke")));
    if (model->calibrated)
        hf_text_puts(text, "calibration    figures, curves and bands are of what the terms add up to, before "
                           "it is calibrated\n");
}

// ---- terms ----------------------------------------------------------------------------------------------

static hf_status put_signals(hf_text *text, const hf_context *context, const hf_summary_line *lines,
                             int32_t count, hf_error *error)
{
    hf_grid *grid = NULL;
    hf_status status;
    HF_TRY(done, hf_grid_create(&grid, context,
                                "signal|>share|>spread|>odds ratio per SD|>per unit|>SD|>change per SD|>VIF",
                                error));
    for (int32_t k = 0; k < count; k++) {
        const json_t *json = lines[k].json;
        if (lines[k].term->axis_count > 0) continue;
        hf_grid_cell(grid, "%s", lines[k].term->signal);
        share_cell(grid, lines[k].share);
        cell(grid, hf_record_number(json, "spread"));
        cell(grid, hf_record_number(json, "odds_ratio_deviation"));
        cell(grid, hf_record_number(json, "odds_ratio_unit"));
        cell(grid, hf_record_number(json, "deviation"));
        share_cell(grid, hf_record_number(json, "probability_change"));
        if (json_is_true(json_object_get(json, "collinear")))
            hf_grid_cell(grid, "collinear");
        else
            cell(grid, hf_record_number(json, "vif"));
    }
    hf_text_puts(text, "\nSignals by share of the explained log-odds\n\n");
    HF_TRY(done, hf_grid_print(grid, text, error));
done:
    hf_grid_destroy(grid);
    return status;
}

static void put_words(hf_grid *grid, const hf_context *context, const hf_term *term)
{
    hf_text words;
    hf_text_init(&words, context);
    hf_term_conditions(&words, term);
    hf_grid_cell(grid, "%s", words.failed || !words.data ? term->signal : words.data);
    hf_text_free(&words);
}

static hf_status put_joint(hf_text *text, const hf_context *context, const hf_summary_line *lines,
                           int32_t count, hf_term_kind kind, hf_error *error)
{
    const bool rules = kind == HF_TERM_RULE;
    hf_grid *grid = NULL;
    int32_t some = 0;
    hf_status status;
    HF_TRY(done, hf_grid_create(&grid, context,
                                rules ? "rule|>share|>log-odds|>odds ratio|>rows|>events"
                                      : "surface of|>share|>spread|>lowest|>highest",
                                error));
    for (int32_t k = 0; k < count; k++) {
        const json_t *json = lines[k].json;
        if (lines[k].term->kind != kind) continue;
        some++;
        put_words(grid, context, lines[k].term);
        share_cell(grid, lines[k].share);
        cell(grid, hf_record_number(json, rules ? "coefficient" : "spread"));
        cell(grid, hf_record_number(json, rules ? "odds_ratio" : "lowest"));
        cell(grid, hf_record_number(json, rules ? "support" : "highest"));
        if (rules) cell(grid, hf_record_number(json, "events"));
    }
    if (some > 0) {
        hf_text_puts(text, rules ? "\nRules\n\n" : "\nSurfaces\n\n");
        HF_TRY(done, hf_grid_print(grid, text, error));
    }
done:
    hf_grid_destroy(grid);
    return status;
}

static hf_status put_curves(hf_text *text, const hf_context *context, const hf_summary_line *lines,
                            int32_t count, hf_error *error)
{
    hf_grid *grid = NULL;
    hf_status status;
    HF_TRY(done, hf_grid_create(&grid, context, "signal|at|>log-odds|>low|>high|>odds ratio|>rows", error));
    for (int32_t k = 0; k < count; k++) {
        const json_t *point;
        size_t i;
        json_array_foreach(json_object_get(lines[k].json, "points"), i, point)
        {
            char place[HF_WORDS], value[HF_NUMBER];
            hf_summary_place(place, point);
            hf_grid_cell(grid, "%s", i == 0 ? lines[k].term->signal : "");
            hf_grid_cell(grid, "%s", place);
            hf_grid_cell(grid, "%s", hf_say_signed(value, hf_record_number(point, "log_odds"), 3));
            hf_grid_cell(grid, "%s", hf_say_signed(value, hf_record_number(point, "low"), 3));
            hf_grid_cell(grid, "%s", hf_say_signed(value, hf_record_number(point, "high"), 3));
            cell(grid, exp(hf_record_number(point, "log_odds")));
            cell(grid, hf_record_number(point, "rows"));
        }
    }
    hf_text_puts(text, "\nCurves, in log-odds against the average row\n\n");
    HF_TRY(done, hf_grid_print(grid, text, error));
done:
    hf_grid_destroy(grid);
    return status;
}

static hf_status put_refit(hf_text *text, const hf_context *context, const json_t *refit, hf_error *error)
{
    hf_grid *grid = NULL;
    hf_status status = HF_OK;
    const json_t *term;
    size_t i;
    if (!refit) return HF_OK;
    hf_text_puts(text, "\n");
    hf_refit_words(text, refit);
    if (json_is_true(json_object_get(refit, "separated"))) return HF_OK;
    HF_TRY(done,
           hf_grid_create(&grid, context, "signal|of|>coefficient|>standard error|>z|>p|>odds ratio", error));
    json_array_foreach(json_object_get(refit, "terms"), i, term)
    {
        char place[HF_WORDS], p[HF_NUMBER];
        const double coefficient = hf_record_number(term, "coefficient");
        hf_refit_place(place, term);
        hf_grid_cell(grid, "%s", hf_refit_signal(term));
        hf_grid_cell(grid, "%s", place);
        cell(grid, coefficient);
        cell(grid, hf_record_number(term, "standard_error"));
        cell(grid, hf_record_number(term, "z"));
        hf_grid_cell(grid, "%s", hf_refit_p(p, term));
        cell(grid, exp(coefficient));
    }
    hf_text_puts(text, "\n");
    HF_TRY(done, hf_grid_print(grid, text, error));
done:
    hf_grid_destroy(grid);
    return status;
}

static hf_status no_summary(const hf_model *model, hf_error *error)
{
    return hf_fail_at(error, HF_ERROR_DATA, model->path, 0, 0,
                      "the model has no summary, as it was not written by 'holdfast train' of this version; "
                      "train it again and it will have one");
}

hf_status hf_report_summary(hf_text *text, const hf_context *context, const hf_model *model, hf_error *error)
{
    const json_t *summary = hf_record(model, "summary");
    hf_summary_line *lines = NULL;
    int32_t count = 0;
    hf_status status;
    if (!summary) return no_summary(model, error);
    HF_TRY(done, hf_summary_lines(&lines, &count, model, error));
    put_fit(text, model, summary);
    HF_TRY(done, put_signals(text, context, lines, count, error));
    HF_TRY(done, put_joint(text, context, lines, count, HF_TERM_SURFACE, error));
    HF_TRY(done, put_joint(text, context, lines, count, HF_TERM_RULE, error));
    HF_TRY(done, put_curves(text, context, lines, count, error));
    if (hf_record_number(summary, "replicates") > 0)
        hf_text_printf(
            text, "\nlow to high holds the whole curve 19 times of 20: %d bootstrap fits, over accounts\n",
            (int)hf_record_number(summary, "replicates"));
    if (json_object_get(hf_record(model, "fit"), "calibration")) hf_text_putc(text, '\n');
    HF_TRY(done, hf_report_calibration(text, context, model, error));
    HF_TRY(done, put_refit(text, context, json_object_get(summary, "refit"), error));
    hf_trim_lines(text, 0);
    status = hf_text_status(text, error);
done:
    hf_delete(context, lines);
    return status;
}

// Rules and surfaces get their words beside their figures.
hf_status hf_report_summary_json(hf_text *text, const hf_context *context, const hf_model *model,
                                 hf_error *error)
{
    const json_t *summary = hf_record(model, "summary");
    if (!summary) return no_summary(model, error);
    json_t *copy = json_deep_copy(summary);
    json_t *calibration = json_object_get(hf_record(model, "fit"), "calibration");
    hf_text words;
    bool bad = !copy || (calibration && json_object_set(copy, "calibration", calibration) != 0);
    hf_text_init(&words, context);
    for (int32_t k = 0; copy && k < model->term_count; k++) {
        json_t *line = json_array_get(json_object_get(copy, "terms"), (size_t)k);
        if (model->terms[k].axis_count == 0 || !line) continue;
        hf_text_clear(&words);
        hf_term_conditions(&words, &model->terms[k]);
        bad = bad || words.failed || json_object_set_new(line, "words", json_string(words.data)) != 0;
    }
    hf_text_free(&words);
    if (bad) {
        json_decref(copy);
        return hf_fail_memory(error);
    }
    return hf_json_print(text, copy, error);
}
