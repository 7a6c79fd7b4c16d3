// SPDX-License-Identifier: Apache-2.0
//
// The truth's interactions. The pair: use of the product protects the more, the worse the relationship is.
// The rule: retailers who pay late and whose executives are not behind it leave. It holds for one account in
// fifty, so that what any two of its conditions say is little beside what all three do. No signal of the one
// is in the other, and none has missing values.
#include "synth/interactions.h"

const hf_synth_pair hf_synth_pair_truth = {SYNTH_USAGE_DEPTH, SYNTH_RELATIONSHIP, 0.60};
const hf_synth_rule hf_synth_rule_truth = {
    {{SYNTH_INDUSTRY, 1, 1}, {SYNTH_LATE_INVOICES, 1, INT64_MAX}, {SYNTH_EXECUTIVE, 0, 2}}, 3.0};

static double standardised(hf_synth_signal_id id, const int64_t values[SYNTH_SIGNALS])
{
    const hf_synth_signal *signal = &hf_synth_signals[id];
    return (hf_synth_number(signal, values[id]) - signal->mean) / signal->deviation;
}

double hf_synth_interactions(const int64_t values[SYNTH_SIGNALS])
{
    const hf_synth_pair *pair = &hf_synth_pair_truth;
    const hf_synth_rule *rule = &hf_synth_rule_truth;
    bool holds = true;
    for (int i = 0; i < SYNTH_CONDITIONS; i++) {
        const hf_synth_condition *c = &rule->conditions[i];
        holds = holds && values[c->signal] >= c->least && values[c->signal] <= c->most;
    }
    return HF_SYNTH_INTERACTIONS_INTERCEPT +
           pair->coefficient * standardised(pair->a, values) * standardised(pair->b, values) +
           (holds ? rule->effect : 0.0);
}
