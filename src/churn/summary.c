// SPDX-License-Identifier: Apache-2.0
//
// The summary's record: what each term does over the training rows, from the terms alone, beside what was
// taken from the fit. A term's share of the log-odds is its covariance with the sum of all terms over the
// variance of that sum, so that the shares add up to 1.
#include "churn/summary.h"

#include "churn/inflation.h"
#include "churn/plain_errors.h"
#include "churn/term_sums.h"

#include <math.h>
#include <string.h>

static json_t *number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *point_to_json(const hf_curve_point *p)
{
    json_t *made = !isnan(p->x) ? json_pack("{s:f}", "at", p->x)
                   : p->level   ? json_pack("{s:s}", "level", p->level)
                   : p->missing ? json_pack("{s:b}", "missing", 1)
                                : json_pack("{s:b}", "other", 1);
    int wrong = made ? 0 : -1;
    if (made && isnan(p->x)) wrong |= json_object_set_new(made, "rows", json_integer((json_int_t)p->rows));
    if (made) wrong |= json_object_set_new(made, "log_odds", number(p->log_odds));
    if (made && isfinite(p->low)) {
        wrong |= json_object_set_new(made, "low", number(p->low));
        wrong |= json_object_set_new(made, "high", number(p->high));
    }
    if (wrong == 0) return made;
    json_decref(made);
    return NULL;
}

static json_t *points_to_json(const hf_curve_points *points, int32_t term)
{
    json_t *list = json_array();
    for (int32_t k = 0; list && k < points->count; k++) {
        if (points->points[k].term != term) continue;
        if (json_array_append_new(list, point_to_json(&points->points[k])) == 0) continue;
        json_decref(list);
        return NULL;
    }
    return list;
}

// Of a curve: what one deviation, and one unit, of the signal goes with.
static int add_slope(json_t *made, const hf_term_sums *s)
{
    const double slope = hf_sums_slope(s), deviation = hf_sums_deviation(s);
    int wrong = json_object_set_new(made, "deviation", number(deviation));
    wrong |= json_object_set_new(made, "slope", number(slope));
    wrong |= json_object_set_new(made, "odds_ratio_unit", number(exp(slope)));
    wrong |= json_object_set_new(made, "odds_ratio_deviation", number(exp(slope * deviation)));
    return wrong | json_object_set_new(made, "probability_change", number(s->change / (double)s->present));
}

// Of a table one deviation of the contribution itself.
static int add_spread(json_t *made, const hf_term_sums *s, int64_t rows)
{
    const int wrong = json_object_set_new(made, "odds_ratio_deviation", number(exp(hf_sums_spread(s, rows))));
    return wrong | json_object_set_new(made, "probability_change", number(s->change / (double)rows));
}

static int add_inflation(json_t *made, double factor)
{
    if (isinf(factor)) return json_object_set_new(made, "collinear", json_true());
    return json_object_set_new(made, "vif", number(factor));
}

static json_t *term_to_json(const hf_model *model, const hf_sums *sums, const hf_curve_points *points,
                            int32_t k, double factor)
{
    static const char *const kinds[] = {"curve", "table", "surface", "rule"};
    const hf_term *term = &model->terms[k];
    const hf_term_sums *s = &sums->terms[k];
    const double n = (double)sums->rows, mean = sums->total / n;
    const double variance = sums->squares / n - mean * mean;
    const double own = s->c / n, share = (s->ct / n - own * mean) / variance;
    json_t *made = json_pack("{s:s, s:s, s:o, s:o}", "signal", term->signal, "kind", kinds[term->kind],
                             "share", number(share), "spread", number(hf_sums_spread(s, sums->rows)));
    int wrong = made ? 0 : -1;
    if (made && term->kind == HF_TERM_CURVE) wrong |= add_slope(made, s);
    if (made && term->kind == HF_TERM_TABLE) wrong |= add_spread(made, s, sums->rows);
    if (made && term->axis_count == 0) {
        wrong |= add_inflation(made, factor);
        wrong |= json_object_set_new(made, "points", points_to_json(points, k));
    }
    if (made && term->kind == HF_TERM_SURFACE)
        wrong |= json_object_update_new(
            made, json_pack("{s:o, s:o}", "lowest", number(s->least), "highest", number(s->most)));
    if (made && term->kind == HF_TERM_RULE) {
        const double weight = s->most + term->reference > -(s->least + term->reference)
                                  ? s->most + term->reference
                                  : s->least + term->reference;
        wrong |=
            json_object_update_new(made, json_pack("{s:o, s:o, s:I, s:I}", "coefficient", number(weight),
                                                   "odds_ratio", number(exp(weight)), "support",
                                                   (json_int_t)s->support, "events", (json_int_t)s->events));
    }
    if (wrong == 0) return made;
    json_decref(made);
    return NULL;
}

// The log-loss on inner held-out rows of what was chosen last.
static double inner_loss(const hf_model *model)
{
    const json_t *fit = json_object_get(model->record, "fit"), *entry;
    static const char *const later[] = {"rules", "surfaces"};
    static const char *const grids[] = {"grid", "path"};
    double least = NAN;
    size_t i;
    for (int k = 0; k < 2; k++) {
        const json_t *loss = json_object_get(json_object_get(fit, later[k]), "log_loss");
        if (json_is_number(loss)) return json_number_value(loss);
    }
    for (int k = 0; k < 2; k++)
        json_array_foreach(json_object_get(fit, grids[k]), i, entry)
        {
            const double loss = json_number_value(json_object_get(entry, "log_loss"));
            const json_t *c = json_object_get(entry, "c");
            if (c && json_number_value(c) != model->c) continue;
            if (!(least <= loss)) least = loss;
        }
    return least;
}

static double null_loss(const hf_training *t)
{
    const double p = (double)t->events / (double)t->count;
    return -(p * log(p) + (1.0 - p) * log1p(-p));
}

static hf_status note(hf_model *model, const char *key, json_t *value, hf_error *error)
{
    return hf_model_note(model, "summary", key, value, error);
}

static hf_status note_model(hf_model *model, const hf_training *t, const hf_sums *sums, int32_t parameters,
                            hf_error *error)
{
    const hf_summary_work *work = t->work;
    const double rarer = (double)hf_training_rarer(t), none = null_loss(t);
    hf_status status;
    HF_TRY(done, note(model, "rows", json_integer((json_int_t)t->count), error));
    HF_TRY(done, note(model, "events", json_integer((json_int_t)t->events), error));
    HF_TRY(done, note(model, "parameters", json_integer(parameters), error));
    HF_TRY(done, note(model, "events_per_parameter", number(rarer / parameters), error));
    HF_TRY(done, note(model, "freedom", number(work->freedom), error));
    HF_TRY(done, note(model, "events_per_freedom", number(rarer / work->freedom), error));
    HF_TRY(done, note(model, "log_loss", number(sums->loss), error));
    HF_TRY(done, note(model, "log_loss_none", number(none), error));
    HF_TRY(done, note(model, "log_loss_inner", number(inner_loss(model)), error));
    HF_TRY(done, note(model, "mcfadden", number(1.0 - sums->loss / none), error));
    HF_TRY(done,
           note(model, "nagelkerke", number(expm1(-2.0 * (none - sums->loss)) / expm1(-2.0 * none)), error));
    HF_TRY(done, note(model, "replicates", json_integer(work->replicates), error));
done:
    return status;
}

// Factors by term, from those of the design's signals.
static void match_factors(double *by_term, const hf_model *model, const hf_design *design,
                          const double *factor)
{
    for (int32_t k = 0; k < model->term_count; k++) {
        by_term[k] = NAN;
        for (int32_t s = 0; s < design->count && model->terms[k].axis_count == 0; s++)
            if (strcmp(design->frame->columns[design->signals[s].column].name, model->terms[k].signal) == 0)
                by_term[k] = factor[s];
    }
}

static hf_status note_terms(hf_model *model, const hf_training *t, const hf_sums *sums, const double *factor,
                            hf_error *error)
{
    json_t *terms = json_array();
    for (int32_t k = 0; terms && k < model->term_count; k++)
        if (json_array_append_new(terms, term_to_json(model, sums, &t->work->points, k, factor[k])) != 0) {
            json_decref(terms);
            terms = NULL;
        }
    return note(model, "terms", terms, error);
}

// Standard errors, where they are asked for.
static hf_status note_errors(hf_model *model, const hf_training *t, const hf_design *design, hf_error *error)
{
    json_t *made = NULL;
    if (!t->options->refit) return HF_OK;
    const hf_status status = hf_plain_errors(&made, t, design, error);
    if (status != HF_OK) return status;
    if (made) return note(model, "refit", made, error);
    hf_warn(t->context, "no refit: the plain form has over 1,000 parameters");
    return HF_OK;
}

hf_status hf_summary_note(hf_model *model, const hf_training *t, hf_error *error)
{
    hf_context *quiet = NULL;
    hf_design *design = NULL;
    hf_sums sums = {0};
    double *factor = NULL, *by_term = NULL;
    hf_status status;
    HF_TRY(done, hf_context_quiet(&quiet, t->context, error)); // training has named what it left out
    HF_TRY(done, hf_design_create(&design, quiet, t->frame, t->rows, t->count, t->options, error));
    factor = hf_new(t->context, (size_t)design->count, sizeof *factor);
    by_term = hf_new(t->context, (size_t)model->term_count, sizeof *by_term);
    if (!factor || !by_term) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, hf_inflation(factor, t->context, design, t->rows, t->count, error));
    match_factors(by_term, model, design, factor);
    HF_TRY(done, hf_sums_create(&sums, model, t, error));
    HF_TRY(done, note_model(model, t, &sums, hf_design_parameters(design), error));
    HF_TRY(done, note_terms(model, t, &sums, by_term, error));
    HF_TRY(done, note_errors(model, t, design, error));
done:
    hf_sums_free(&sums);
    hf_delete(t->context, factor);
    hf_delete(t->context, by_term);
    hf_design_destroy(design);
    hf_context_destroy(quiet);
    return status;
}
