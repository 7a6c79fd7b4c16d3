// SPDX-License-Identifier: Apache-2.0
//
// Writes the truth as JSON through jansson: parameters, every term of the log-odds, and by month the churn
// expected, the churn drawn and the AUC of the true log-odds against it, which no model can be expected to
// pass.
#include "synth/truth.h"

#include "synth/interactions.h"

#include <jansson.h>
#include <math.h>

// Sets a key; a failure to allocate the value or the key is remembered in *bad, as jansson frees the value.
static void set(json_t *object, const char *key, json_t *value, bool *bad)
{
    if (json_object_set_new(object, key, value) != 0) *bad = true;
}

static json_t *date_json(hf_date date)
{
    char text[11];
    hf_date_format(date, text);
    return json_string(text);
}

static json_t *number_or_null(double x)
{
    return isnan(x) ? json_null() : json_real(x);
}

static json_t *term_json(const hf_synth_signal *signal, bool *bad)
{
    json_t *term = json_object();
    set(term, "signal", json_string(signal->name), bad);
    set(term, "kind", json_string(signal->kind), bad);
    if (signal->form == SYNTH_LEVEL) {
        json_t *effects = json_object();
        for (int i = 0; i < signal->level_count; i++)
            set(effects, signal->levels[i].text, json_real(signal->levels[i].effect), bad);
        set(term, "effects", effects, bad);
        return term;
    }
    set(term, "mean", json_real(signal->mean), bad);
    set(term, "deviation", json_real(signal->deviation), bad);
    set(term, "coefficient", json_real(signal->coefficient), bad);
    if (signal->may_miss) set(term, "missing", json_real(signal->missing), bad);
    return term;
}

static json_t *terms_json(bool *bad)
{
    json_t *terms = json_array();
    for (int s = 0; s < SYNTH_SIGNALS; s++) {
        if (hf_synth_signals[s].form == SYNTH_DATE) continue;
        if (json_array_append_new(terms, term_json(&hf_synth_signals[s], bad)) != 0) *bad = true;
    }
    return terms;
}

static json_t *signal_name(hf_synth_signal_id signal)
{
    return json_string(hf_synth_signals[signal].name);
}

static json_t *condition_json(const hf_synth_condition *condition, bool *bad)
{
    const hf_synth_signal *signal = &hf_synth_signals[condition->signal];
    json_t *object = json_object();
    set(object, "signal", signal_name(condition->signal), bad);
    if (signal->form == SYNTH_LEVEL) {
        set(object, "is", json_string(signal->levels[condition->least].text), bad);
        return object;
    }
    set(object, "from", json_real(hf_synth_number(signal, condition->least)), bad);
    set(object, "to",
        condition->most == INT64_MAX ? json_null() : json_real(hf_synth_number(signal, condition->most)),
        bad);
    return object;
}

static json_t *interactions_json(bool *bad)
{
    const hf_synth_pair *pair = &hf_synth_pair_truth;
    const hf_synth_rule *rule = &hf_synth_rule_truth;
    json_t *object = json_object(), *product = json_object(), *conjunction = json_object();
    json_t *signals = json_array(), *conditions = json_array();
    if (json_array_append_new(signals, signal_name(pair->a)) != 0) *bad = true;
    if (json_array_append_new(signals, signal_name(pair->b)) != 0) *bad = true;
    set(product, "signals", signals, bad);
    set(product, "coefficient", json_real(pair->coefficient), bad);
    for (int i = 0; i < SYNTH_CONDITIONS; i++)
        if (json_array_append_new(conditions, condition_json(&rule->conditions[i], bad)) != 0) *bad = true;
    set(conjunction, "conditions", conditions, bad);
    set(conjunction, "effect", json_real(rule->effect), bad);
    set(object, "pair", product, bad);
    set(object, "rule", conjunction, bad);
    return object;
}

static json_t *month_json(const hf_synth_month *month, bool dated, bool *bad)
{
    json_t *object = json_object();
    if (dated) set(object, "as_of", date_json(month->as_of), bad);
    set(object, "accounts", json_integer(month->rows), bad);
    set(object, "expected_events", json_real(month->expected_events), bad);
    set(object, "events", month->published ? json_integer(month->events) : json_null(), bad);
    set(object, "best_auc", month->published ? number_or_null(month->best_auc) : json_null(), bad);
    return object;
}

static json_t *truth_json(const hf_synth_options *options, const hf_synth_month *months,
                          const hf_synth_month *pooled, bool *bad)
{
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)options->seed);
    json_t *truth = json_object(), *by_month = json_array();
    set(truth, "format", json_string("holdfast synthetic fleet"), bad);
    set(truth, "version", json_integer(1), bad);
    // As text: a 64-bit seed does not fit the numbers of most JSON readers.
    set(truth, "seed", json_string(seed), bad);
    set(truth, "accounts", json_integer(options->accounts), bad);
    set(truth, "months", json_integer(options->months), bad);
    set(truth, "outcome", json_string("churn"), bad);
    set(truth, "log_odds",
        json_string("intercept + the sum of the terms: coefficient x (value - mean) / deviation, `missing` "
                    "where the cell is empty, the level's effect for a category; values as accounts-*.csv "
                    "has them, 63% being 0.63, yes 1 and no 0"),
        bad);
    set(truth, "label",
        json_string("churn in the 28 days after the as-of date, so any horizon of 28 to 31 days"), bad);
    const bool interactions = options->truth == HF_SYNTH_INTERACTIONS;
    set(truth, "intercept",
        json_real(HF_SYNTH_INTERCEPT + (interactions ? HF_SYNTH_INTERACTIONS_INTERCEPT : 0.0)), bad);
    set(truth, "terms", terms_json(bad), bad);
    if (interactions) set(truth, "interactions", interactions_json(bad), bad);
    set(truth, "pooled", month_json(pooled, false, bad), bad);
    for (int32_t m = 0; m < options->months; m++) {
        if (json_array_append_new(by_month, month_json(&months[m], true, bad)) != 0) *bad = true;
    }
    set(truth, "by_month", by_month, bad);
    return truth;
}

static int add_dumped(const char *bytes, size_t size, void *user)
{
    hf_text *out = user;
    hf_text_add(out, bytes, size);
    return out->failed ? -1 : 0;
}

hf_status hf_synth_truth_write(hf_text *out, const hf_synth_options *options, const hf_synth_month *months,
                               const hf_synth_month *pooled, hf_error *error)
{
    bool bad = false;
    json_t *truth = truth_json(options, months, pooled, &bad);
    if (json_dump_callback(truth, add_dumped, out, JSON_INDENT(1) | JSON_REAL_PRECISION(15)) != 0) bad = true;
    hf_text_putc(out, '\n');
    json_decref(truth);
    return bad || out->failed ? hf_fail_memory(error) : HF_OK;
}
