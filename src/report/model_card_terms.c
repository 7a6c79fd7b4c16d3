// SPDX-License-Identifier: Apache-2.0
//
// The terms on a model's card: one table of signals by what they explain, with their course in words,
// surfaces and rules as a person would say them, and every curve with its band at the end.
#include "report/model_card.h"

#include <math.h>

enum { RULES_SHOWN = 60 };

static void share(hf_text *out, double value)
{
    if (isnan(value))
        hf_text_puts(out, " - |");
    else
        hf_text_printf(out, " %.1f %% |", 100.0 * value);
}

static void signals(hf_text *out, const hf_summary_line *lines, int32_t count)
{
    hf_text_puts(out,
                 "\n## Signals\n\n| signal | share | odds ratio per SD | change per SD | VIF | its curve |\n"
                 "| --- | ---: | ---: | ---: | ---: | --- |\n");
    for (int32_t k = 0; k < count; k++) {
        const json_t *json = lines[k].json;
        if (lines[k].term->axis_count > 0) continue;
        hf_text_puts(out, "| ");
        hf_card_text(out, lines[k].term->signal);
        hf_text_puts(out, " |");
        share(out, lines[k].share);
        hf_card_number(out, " %s |", hf_record_number(json, "odds_ratio_deviation"));
        share(out, hf_record_number(json, "probability_change"));
        if (json_is_true(json_object_get(json, "collinear")))
            hf_text_puts(out, " collinear |");
        else
            hf_card_number(out, " %s |", hf_record_number(json, "vif"));
        hf_text_puts(out, " ");
        hf_summary_course(out, &lines[k]);
        hf_text_puts(out, " |\n");
    }
    hf_text_puts(
        out, "\nShare: of the variance of the explained log-odds, by covariance; all terms together make "
             "100 %. Odds ratio per SD: of the curve's average slope, a least-squares line over the rows, "
             "times one standard deviation of the signal, of a category one of its own contribution; change "
             "per SD: what that adds to the mean "
             "probability. VIF: how much others inflate the variance of its coefficient. Curves are in "
             "log-odds against the average row.\n");
}

static int32_t count_of(const hf_summary_line *lines, int32_t count, hf_term_kind kind)
{
    int32_t n = 0;
    for (int32_t k = 0; k < count; k++)
        n += lines[k].term->kind == kind;
    return n;
}

static void words(hf_text *out, const hf_context *context, const hf_term *term)
{
    hf_text said;
    hf_text_init(&said, context);
    hf_term_conditions(&said, term);
    out->failed = out->failed || said.failed;
    if (said.data) hf_card_text(out, said.data);
    hf_text_free(&said);
}

static void surfaces(hf_text *out, const hf_context *context, const hf_summary_line *lines, int32_t count)
{
    if (count_of(lines, count, HF_TERM_SURFACE) == 0) return;
    hf_text_puts(out, "\n## Surfaces\n\nWhat two signals say together, beyond their own curves.\n\n"
                      "| of | share | lowest log-odds | highest |\n| --- | ---: | ---: | ---: |\n");
    for (int32_t k = 0; k < count; k++) {
        if (lines[k].term->kind != HF_TERM_SURFACE) continue;
        hf_text_puts(out, "| ");
        words(out, context, lines[k].term);
        hf_text_puts(out, " |");
        share(out, lines[k].share);
        hf_card_number(out, " %s |", hf_record_number(lines[k].json, "lowest"));
        hf_card_number(out, " %s |\n", hf_record_number(lines[k].json, "highest"));
    }
}

static void rules(hf_text *out, const hf_context *context, const hf_summary_line *lines, int32_t count)
{
    const int32_t all = count_of(lines, count, HF_TERM_RULE);
    int32_t said = 0;
    if (all == 0) return;
    hf_text_puts(out, "\n## Rules\n\n| where | log-odds | odds ratio | rows | events | share |\n"
                      "| --- | ---: | ---: | ---: | ---: | ---: |\n");
    for (int32_t k = 0; k < count && said < RULES_SHOWN; k++) {
        if (lines[k].term->kind != HF_TERM_RULE) continue;
        said++;
        hf_text_puts(out, "| ");
        words(out, context, lines[k].term);
        hf_card_number(out, " | %s |", hf_record_number(lines[k].json, "coefficient"));
        hf_card_number(out, " %s |", hf_record_number(lines[k].json, "odds_ratio"));
        hf_card_number(out, " %s |", hf_record_number(lines[k].json, "support"));
        hf_card_number(out, " %s |", hf_record_number(lines[k].json, "events"));
        share(out, lines[k].share);
        hf_text_puts(out, "\n");
    }
    if (all > said) hf_text_printf(out, "\nAnd %d more that explain less.\n", (int)(all - said));
}

static void curves(hf_text *out, const hf_model *model, const hf_summary_line *lines, int32_t count)
{
    const double fits = hf_record_number(hf_record(model, "summary"), "replicates");
    const bool bands = fits > 0;
    if (count == 0) return;
    hf_text_puts(out, "\n## Curves\n\nLog-odds against the average row");
    if (bands)
        hf_text_printf(
            out, "; low to high holds the whole curve 19 times of 20, by %d bootstrap fits over accounts",
            (int)fits);
    hf_text_printf(out, ".\n\n| signal | at | log-odds |%s odds ratio |\n| --- | ---: | ---: |%s ---: |\n",
                   bands ? " low | high |" : "", bands ? " ---: | ---: |" : "");
    for (int32_t k = 0; k < count; k++) {
        const json_t *point;
        size_t i;
        json_array_foreach(json_object_get(lines[k].json, "points"), i, point)
        {
            char place[HF_WORDS], value[HF_NUMBER];
            hf_summary_place(place, point);
            hf_text_puts(out, "| ");
            if (i == 0) hf_card_text(out, lines[k].term->signal);
            hf_text_puts(out, " | ");
            hf_card_text(out, place);
            hf_text_printf(out, " | %s |", hf_say_signed(value, hf_record_number(point, "log_odds"), 2));
            if (bands) {
                hf_text_printf(out, " %s |", hf_say_signed(value, hf_record_number(point, "low"), 2));
                hf_text_printf(out, " %s |", hf_say_signed(value, hf_record_number(point, "high"), 2));
            }
            hf_card_number(out, " %s |\n", exp(hf_record_number(point, "log_odds")));
        }
    }
}

void hf_card_terms(hf_text *out, const hf_context *context, const hf_model *model,
                   const hf_summary_line *lines, int32_t count)
{
    if (count == 0) return;
    signals(out, lines, count);
    surfaces(out, context, lines, count);
    rules(out, context, lines, count);
    curves(out, model, lines, count);
}
