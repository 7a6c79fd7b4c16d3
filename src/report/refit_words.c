// SPDX-License-Identifier: Apache-2.0
//
// The refit without penalty in words: what it is and is not, and what each of its coefficients is of.
#include "report/model_card.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void hf_refit_words(hf_text *out, const json_t *refit)
{
    char loss[32], accounts[32];
    const double clusters = hf_record_number(refit, "accounts");
    hf_text_puts(out,
                 "Unpenalised refit of the plain form, for standard errors: one coefficient a number, levels "
                 "against the commonest, no curves, surfaces or rules. It is not the model that scores.\n");
    if (json_is_true(json_object_get(refit, "separated"))) {
        hf_text_puts(
            out, "It has no maximum: some columns separate the outcome, so there are no errors to give.\n");
        return;
    }
    hf_text_printf(out, "Log-loss %s on its own rows; p is two-sided, by the normal distribution",
                   hf_brief(loss, hf_record_number(refit, "log_loss")));
    if (clusters > 0)
        hf_text_printf(out, "; errors are clustered by account, of which there are %s",
                       hf_grouped(accounts, (int64_t)clusters));
    hf_text_puts(out, ".\n");
}

const char *hf_refit_signal(const json_t *term)
{
    const char *signal = json_string_value(json_object_get(term, "signal"));
    return signal ? signal : "intercept";
}

void hf_refit_place(char out[HF_WORDS], const json_t *term)
{
    const char *level = json_string_value(json_object_get(term, "level"));
    const char *words = level                                               ? level
                        : json_is_true(json_object_get(term, "missing"))    ? "missing"
                        : json_is_true(json_object_get(term, "other"))      ? "other levels"
                        : json_is_true(json_object_get(term, "intercept"))  ? "numbers at their means"
                        : json_is_true(json_object_get(term, "determined")) ? "determined by others"
                                                                            : "a unit more";
    snprintf(out, HF_WORDS, "%s", words);
}

const char *hf_refit_p(char out[HF_NUMBER], const json_t *term)
{
    const double p = hf_record_number(term, "p");
    if (isnan(p))
        strcpy(out, "-");
    else
        snprintf(out, HF_NUMBER, "%s%.4f", p < 0.0001 ? "<" : "", p < 0.0001 ? 0.0001 : p);
    return out;
}

static void put_figure(hf_text *out, double value)
{
    char text[32];
    if (isnan(value))
        hf_text_puts(out, " - |");
    else
        hf_text_printf(out, " %s |", hf_brief(text, value));
}

void hf_card_refit(hf_text *out, const json_t *refit)
{
    const json_t *term;
    size_t i;
    if (!refit) return;
    hf_text_puts(out, "\n## Standard errors\n\n");
    hf_refit_words(out, refit);
    if (json_is_true(json_object_get(refit, "separated"))) return;
    hf_text_puts(out, "\n| signal | of | coefficient | standard error | z | p | odds ratio |\n"
                      "| --- | --- | ---: | ---: | ---: | ---: | ---: |\n");
    json_array_foreach(json_object_get(refit, "terms"), i, term)
    {
        char place[HF_WORDS], p[HF_NUMBER];
        const double coefficient = hf_record_number(term, "coefficient");
        hf_refit_place(place, term);
        hf_text_puts(out, "| ");
        hf_card_text(out, hf_refit_signal(term));
        hf_text_puts(out, " | ");
        hf_card_text(out, place);
        hf_text_puts(out, " |");
        put_figure(out, coefficient);
        put_figure(out, hf_record_number(term, "standard_error"));
        put_figure(out, hf_record_number(term, "z"));
        hf_text_printf(out, " %s |", hf_refit_p(p, term));
        put_figure(out, exp(coefficient));
        hf_text_puts(out, "\n");
    }
}
