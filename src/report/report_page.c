// SPDX-License-Identifier: Apache-2.0
//
// What the explanation page's text and its JSON both need: the terms of a move and of a churn score in order,
// how much of a score rests on opinion, how old a value is.
#include "report/report_page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *hf_move_cause_name(hf_move_cause cause)
{
    static const char *const names[] = {"value", "coverage", "staleness", "configuration", "override"};
    return (size_t)cause < sizeof names / sizeof names[0] ? names[cause] : "";
}

static int by_size(const void *a, const void *b)
{
    const hf_move_term *x = a, *y = b;
    const double p = fabs(x->points), q = fabs(y->points);
    if (p > q || p < q) return p > q ? -1 : 1;
    if (x->measure != y->measure) return x->measure < y->measure ? -1 : 1;
    return (x->cause > y->cause) - (x->cause < y->cause);
}

static void add_term(hf_move_term *list, int32_t *count, hf_move_cause cause, int32_t measure, double points)
{
    if (points < 0 || points > 0) list[(*count)++] = (hf_move_term){cause, measure, points};
}

hf_status hf_move_terms(hf_move_term **out, int32_t *count, const hf_context *context,
                        const hf_health_move *move, hf_error *error)
{
    int32_t n = 0;
    hf_move_term *made = hf_new(context, 3 * (size_t)move->measures + 2, sizeof *made);
    if (!made) return hf_fail_memory(error);
    for (int32_t m = 0; m < move->measures; m++) {
        add_term(made, &n, HF_MOVE_VALUE, m, move->value[m]);
        add_term(made, &n, HF_MOVE_COVERAGE, m, move->coverage[m]);
        add_term(made, &n, HF_MOVE_STALENESS, m, move->staleness[m]);
    }
    add_term(made, &n, HF_MOVE_CONFIGURATION, -1, move->configuration);
    add_term(made, &n, HF_MOVE_OVERRIDE, -1, move->override);
    qsort(made, (size_t)n, sizeof *made, by_size);
    *out = made;
    *count = n;
    return HF_OK;
}

static int by_contribution(const void *a, const void *b)
{
    const hf_churn_part *x = a, *y = b;
    if (x->contribution > y->contribution || x->contribution < y->contribution)
        return x->contribution > y->contribution ? -1 : 1;
    return (x->term > y->term) - (x->term < y->term);
}

hf_status hf_churn_parts(hf_churn_part **out, int32_t *count, double *log_odds, const hf_context *context,
                         const hf_account_night *night, hf_error *error)
{
    const int32_t terms = hf_model_terms(night->model);
    hf_churn_part *made = hf_new(context, (size_t)terms, sizeof *made);
    double *contribution = hf_new(context, (size_t)terms, sizeof *contribution);
    if (!made || !contribution) {
        hf_delete(context, made);
        hf_delete(context, contribution);
        return hf_fail_memory(error);
    }
    *log_odds = hf_plan_explain(night->churn, night->row, contribution);
    for (int32_t t = 0; t < terms; t++)
        made[t] = (hf_churn_part){t, contribution[t]};
    qsort(made, (size_t)terms, sizeof *made, by_contribution);
    hf_delete(context, contribution);
    *out = made;
    *count = terms;
    return HF_OK;
}

const char *hf_churn_words(char out[HF_WORDS], const hf_account_night *night, int32_t term)
{
    hf_term_phrase_in(out, HF_WORDS, &night->model->terms[term], hf_health_plan_frame(night->plan),
                      night->row);
    return out;
}

const char *hf_churn_window(char out[HF_NUMBER], const hf_model *model)
{
    const json_t *horizon = json_object_get(json_object_get(model->record, "training"), "horizon");
    out[0] = '\0';
    if (json_integer_value(horizon) > 0)
        snprintf(out, HF_NUMBER, " within %lld days", (long long)json_integer_value(horizon));
    return out;
}

double hf_subjective_share(const hf_account_night *night)
{
    const hf_definition *definition = hf_health_plan_definition(night->plan);
    double share = 0;
    for (int32_t m = 0; m < definition->measure_count; m++)
        if (definition->measures[m].subjective) share += night->explanation->parts[m].effective;
    return share;
}

hf_date hf_observed_on(const hf_account_night *night, int32_t measure)
{
    const hf_frame *frame = hf_health_plan_frame(night->plan);
    const hf_measure *m = &hf_health_plan_definition(night->plan)->measures[measure];
    const int32_t place = m->observed_on[0] ? hf_frame_find(frame, m->observed_on) : -1;
    if (place < 0 || frame->columns[place].storage != HF_STORAGE_DAY) return m->dated;
    return ((const int32_t *)frame->columns[place].values)[night->row];
}
