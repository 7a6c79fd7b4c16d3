// SPDX-License-Identifier: Apache-2.0
//
// Weights fitted to outcomes beside the present ones: how strongly they were drawn to them, what each is and
// how sure, what the change gained on dates no choice has seen, and which measures go against their
// direction.
#include "report/report_room.h"
#include "report/report_words.h"

#include <math.h>
#include <stdlib.h>

static bool changed(const hf_fitted_page *page)
{
    return !isinf(page->strength);
}

// ---- for people ----------------------------------------------------------------------------------------------

static void percent_cell(hf_grid *grid, double share)
{
    if (isnan(share))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.1f %%", 100.0 * share);
}

static void range_cell(hf_grid *grid, int decimals, double low, double high, double times)
{
    if (isnan(low))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%.*f to %.*f", decimals, times * low, decimals, times * high);
}

static void add_head(hf_text *text, const hf_fitted_page *p)
{
    char dates[4][11], n[4][32];
    hf_date_format(p->first, dates[0]);
    hf_date_format(p->last, dates[1]);
    hf_date_format(p->judged_first, dates[2]);
    hf_date_format(p->judged_last, dates[3]);
    hf_text_printf(text, "Weights of %s fitted to %s\n", p->definition, p->outcome);
    hf_text_printf(text, "  fitted on %s account-dates of %s accounts, %s to %s, %s with the outcome\n",
                   hf_grouped(n[0], p->rows), hf_grouped(n[1], p->accounts), dates[0], dates[1],
                   hf_grouped(n[2], p->events));
    hf_text_printf(text, "  judged on %s account-dates, %s to %s, %s with the outcome\n",
                   hf_grouped(n[0], p->verdict->rows), dates[2], dates[3],
                   hf_grouped(n[1], p->verdict->events));
    if (p->left_out > 0)
        hf_text_printf(
            text,
            "  left out of the fit: %s account-dates of segments with weights of their own, without "
            "a score, or whose health is set by an override\n",
            hf_grouped(n[3], p->left_out));
}

static hf_status add_path(hf_text *text, const hf_context *context, const hf_fitted_page *p, hf_error *error)
{
    hf_grid *grid = NULL;
    hf_status status = HF_OK;
    if (p->path_count == 0) {
        hf_text_printf(text, "\nStrength of shrinkage: %g, as given\n\n", p->strength);
        return HF_OK;
    }
    hf_text_printf(text, "\nStrength of shrinkage, judged %s\n",
                   p->forward ? "on later dates and other accounts"
                              : "on other accounts alone: the dates are too few to go forward in time");
    HF_TRY(done, hf_grid_create(&grid, context, ">strength|>gain in log-loss|>standard error|", error));
    for (int32_t k = 0; k < p->path_count; k++) {
        const hf_fitted_strength *s = &p->path[k];
        if (isinf(s->strength)) {
            hf_grid_cell(grid, "no change");
            hf_grid_cell(grid, "0");
            hf_grid_cell(grid, "-");
        } else {
            hf_grid_cell(grid, "%g", s->strength);
            hf_grid_cell(grid, "%.5f", s->gain);
            hf_grid_cell(grid, "%.5f", s->error);
        }
        hf_grid_cell(grid, "%s", s->strength == p->strength ? "chosen" : "");
    }
    status = hf_grid_print(grid, text, error);
    hf_text_putc(text, '\n');
done:
    hf_grid_destroy(grid);
    return status;
}

static hf_status add_weights(hf_text *text, const hf_context *context, const hf_fitted_page *p,
                             hf_error *error)
{
    hf_grid *grid = NULL;
    hf_status status = HF_OK;
    const bool fitted = changed(p);
    HF_TRY(done,
           hf_grid_create(&grid, context,
                          fitted ? "measure|>now|>fitted|>interval|>now in group|>fitted|>log-odds|>interval|"
                                 : "measure|>now|>now in group|>log-odds|>interval|",
                          error));
    for (int32_t k = 0; k < p->weight_count; k++) {
        const hf_fitted_weight *w = &p->weights[k];
        hf_grid_cell(grid, "%s", w->name);
        percent_cell(grid, w->present);
        if (fitted) percent_cell(grid, w->fitted);
        if (fitted) range_cell(grid, 1, w->low, w->high, 100.0);
        percent_cell(grid, w->present_in);
        if (fitted) percent_cell(grid, w->fitted_in);
        hf_grid_cell(grid, "%.2f", w->slope);
        range_cell(grid, 2, w->slope_low, w->slope_high, 1.0);
        hf_grid_cell(grid, "%s", w->against ? "against its direction" : "");
    }
    HF_TRY(done, hf_grid_print(grid, text, error));
    hf_text_puts(
        text, "  now, fitted: share of all weight; log-odds: of the outcome for 100 points lost, the others "
              "equal, without limits or shrinkage\n");
done:
    hf_grid_destroy(grid);
    return status;
}

static const char *figure(char out[HF_NUMBER], double x, int decimals)
{
    return decimals > 0 ? hf_say_fixed(out, x, decimals) : hf_say_money(out, x);
}

// Without a change there is one score to tell of. No decimals: an amount.
static void gain_row(hf_grid *grid, bool change, const char *name, int decimals, double now, double fitted,
                     double difference, double low, double high)
{
    char a[HF_NUMBER], b[HF_NUMBER];
    if (isnan(now)) return;
    hf_grid_cell(grid, "%s", name);
    hf_grid_cell(grid, "%s", figure(a, now, decimals));
    if (!change) return;
    hf_grid_cell(grid, "%s", figure(a, fitted, decimals));
    hf_grid_cell(grid, "%s",
                 decimals > 0 ? hf_say_signed(a, difference, decimals) : hf_say_money_change(a, difference));
    if (isnan(low))
        hf_grid_cell(grid, "-");
    else
        hf_grid_cell(grid, "%s to %s", figure(a, low, decimals), figure(b, high, decimals));
}

static hf_status add_gain(hf_text *text, const hf_context *context, const hf_fitted_page *p, hf_error *error)
{
    const hf_judgement *now = &p->verdict->against.value, *fitted = &p->verdict->score.value;
    const hf_judgement_interval *d = &p->verdict->difference;
    const bool change = changed(p);
    hf_grid *grid = NULL;
    hf_status status;
    char name[80];
    hf_text_puts(text, "\nOut of time, on dates no choice has seen\n");
    HF_TRY(done,
           hf_grid_create(&grid, context, change ? "|>now|>fitted|>difference|>interval" : "|>now", error));
    gain_row(grid, change, "AUC", 4, now->figure[HF_FIGURE_auc], fitted->figure[HF_FIGURE_auc],
             d->value.figure[HF_FIGURE_auc], d->low.figure[HF_FIGURE_auc], d->high.figure[HF_FIGURE_auc]);
    gain_row(grid, change, "lift at 10 %", 2, now->figure[HF_FIGURE_lift_10],
             fitted->figure[HF_FIGURE_lift_10], d->value.figure[HF_FIGURE_lift_10],
             d->low.figure[HF_FIGURE_lift_10], d->high.figure[HF_FIGURE_lift_10]);
    snprintf(name, sizeof name, "caught at %lld a date", (long long)p->capacity);
    gain_row(grid, change, name, 1, now->worked[0].caught, fitted->worked[0].caught,
             d->value.worked[0].caught, d->low.worked[0].caught, d->high.worked[0].caught);
    gain_row(grid, change, "  their ARR", 0, now->worked[0].arr_caught, fitted->worked[0].arr_caught,
             d->value.worked[0].arr_caught, d->low.worked[0].arr_caught, d->high.worked[0].arr_caught);
    status = hf_grid_print(grid, text, error);
done:
    hf_grid_destroy(grid);
    return status;
}

static void add_verdict(hf_text *text, const hf_fitted_page *p)
{
    const double low = p->verdict->difference.low.figure[HF_FIGURE_auc],
                 high = p->verdict->difference.high.figure[HF_FIGURE_auc];
    hf_text_putc(text, '\n');
    if (!changed(p)) {
        hf_text_puts(text,
                     "No change is proposed: no weights did better than the present ones by more than chance "
                     "explains.\n");
        return;
    }
    if (isnan(low))
        hf_text_puts(text, "Without replicates nobody knows whether the gain is more than chance.\n");
    else if (low > 0.0)
        hf_text_puts(text, "The fitted weights rank better out of time, by more than chance explains.\n");
    else if (high < 0.0)
        hf_text_puts(text, "The fitted weights rank worse out of time: leave the weights as they are.\n");
    else
        hf_text_puts(
            text, "Whether the fitted weights rank better out of time is within chance: no reason to change "
                  "them.\n");
    if (p->candidate)
        hf_text_printf(text, "Written to %s for someone to decide on; nothing was applied.\n", p->candidate);
}

static void add_conflicts(hf_text *text, const hf_fitted_page *p)
{
    for (int32_t k = 0; k < p->weight_count; k++)
        if (p->weights[k].against)
            hf_text_printf(
                text,
                "%s goes against its direction: with the other measures equal, more of what it calls good "
                "comes with more %s. Look at its curve and at what it measures.\n",
                p->weights[k].name, p->outcome);
}

hf_status hf_report_whatif_fit(hf_text *text, const hf_context *context, const hf_fitted_page *page,
                               hf_error *error)
{
    const size_t from = text->length;
    hf_status status;
    add_head(text, page);
    HF_TRY(done, add_path(text, context, page, error));
    HF_TRY(done, add_weights(text, context, page, error));
    HF_TRY(done, add_gain(text, context, page, error));
    add_verdict(text, page);
    add_conflicts(text, page);
    hf_trim_lines(text, from);
    status = hf_text_status(text, error);
done:
    return status;
}

// ---- for programs --------------------------------------------------------------------------------------------

static json_t *number_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *pair(double low, double high)
{
    return json_pack("[o, o]", number_or_null(low), number_or_null(high));
}

static json_t *weight_json(const hf_fitted_weight *w, bool fitted)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "name", w->name, "group", w->group,
                     "present", number_or_null(w->present), "fitted",
                     number_or_null(fitted ? w->fitted : NAN), "interval", pair(w->low, w->high),
                     "present_in_group", number_or_null(w->present_in), "fitted_in_group",
                     number_or_null(fitted ? w->fitted_in : NAN), "log_odds", number_or_null(w->slope),
                     "log_odds_interval", pair(w->slope_low, w->slope_high), "against_direction", w->against);
}

static json_t *figure_json(double now, double fitted, double difference, double low, double high)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "present", number_or_null(now), "fitted", number_or_null(fitted),
                     "difference", number_or_null(difference), "interval", pair(low, high));
}

static json_t *gain_json(const hf_fitted_page *p)
{
    const hf_judgement *now = &p->verdict->against.value, *fitted = &p->verdict->score.value;
    const hf_judgement_interval *d = &p->verdict->difference;
    json_t *json = json_object();
    json_object_set_new(json, "auc",
                        figure_json(now->figure[HF_FIGURE_auc], fitted->figure[HF_FIGURE_auc],
                                    d->value.figure[HF_FIGURE_auc], d->low.figure[HF_FIGURE_auc],
                                    d->high.figure[HF_FIGURE_auc]));
    json_object_set_new(json, "lift_10",
                        figure_json(now->figure[HF_FIGURE_lift_10], fitted->figure[HF_FIGURE_lift_10],
                                    d->value.figure[HF_FIGURE_lift_10], d->low.figure[HF_FIGURE_lift_10],
                                    d->high.figure[HF_FIGURE_lift_10]));
    json_object_set_new(json, "caught",
                        figure_json(now->worked[0].caught, fitted->worked[0].caught,
                                    d->value.worked[0].caught, d->low.worked[0].caught,
                                    d->high.worked[0].caught));
    json_object_set_new(json, "arr_caught",
                        figure_json(now->worked[0].arr_caught, fitted->worked[0].arr_caught,
                                    d->value.worked[0].arr_caught, d->low.worked[0].arr_caught,
                                    d->high.worked[0].arr_caught));
    return json;
}

static json_t *date_json(hf_date date)
{
    char text[11];
    hf_date_format(date, text);
    return json_string(text);
}

hf_status hf_report_whatif_fit_json(hf_text *text, const hf_fitted_page *p, hf_error *error)
{
    json_t *path = json_array(), *weights = json_array();
    for (int32_t k = 0; k < p->path_count; k++)
        json_array_append_new(
            path, json_pack("{s:o, s:o, s:o}", "strength", number_or_null(p->path[k].strength), "gain",
                            number_or_null(p->path[k].gain), "error", number_or_null(p->path[k].error)));
    for (int32_t k = 0; k < p->weight_count; k++)
        json_array_append_new(weights, weight_json(&p->weights[k], changed(p)));
    json_t *json = json_pack(
        "{s:o, s:s, s:{s:I, s:I, s:I, s:o, s:o, s:I}, s:{s:I, s:I, s:o, s:o, s:I}, s:b, s:o, s:b, s:b, s:o, "
        "s:o, s:o, s:o}",
        "definition", hf_json_path(p->definition), "outcome", p->outcome, "fitted_on", "rows",
        (json_int_t)p->rows, "accounts", (json_int_t)p->accounts, "events", (json_int_t)p->events, "from",
        date_json(p->first), "to", date_json(p->last), "left_out", (json_int_t)p->left_out, "judged_on",
        "rows", (json_int_t)p->verdict->rows, "events", (json_int_t)p->verdict->events, "from",
        date_json(p->judged_first), "to", date_json(p->judged_last), "capacity", (json_int_t)p->capacity,
        "change", changed(p), "strength", number_or_null(p->strength), "chosen", p->chosen, "forward",
        p->forward, "path", path, "weights", weights, "out_of_time", gain_json(p), "candidate",
        hf_json_path(p->candidate));
    char *printed = json ? json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
    json_decref(json);
    if (!printed) return hf_fail_memory(error);
    hf_text_puts(text, printed);
    hf_text_putc(text, '\n');
    free(printed);
    return hf_text_status(text, error);
}
