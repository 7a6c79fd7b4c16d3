// SPDX-License-Identifier: Apache-2.0
//
// The written-down truth: one table of signals with the constants they are standardised by and their effects
// on the log-odds of churn, and how a row of values is written. Three signals (arr, product_feedback_12m,
// community_posts_90d) have no effect, though the last two go with engagement, which has: a model should see
// through that.
#include "synth/signals.h"

#include <string.h>

static const hf_synth_level segments[] = {{"SMB", 0.30}, {"Mid-market", 0.0}, {"Enterprise", -0.40}};
static const hf_synth_level stages[] = {
    {"onboarding", 0.25}, {"adoption", 0.0}, {"mature", -0.15}, {"renewal", 0.60}};
static const hf_synth_level industries[] = {
    {"Software", 0.0},      {"Retail", 0.25},    {"Finance", -0.20},    {"Healthcare", -0.10},
    {"Manufacturing", 0.0}, {"Education", 0.10}, {"Agriculture", 0.40},
};

#define LEVELS(table) .levels = (table), .level_count = (int)(sizeof(table) / sizeof *(table))
#define LINEAR(m, d, c) .mean = (m), .deviation = (d), .coefficient = (c)
#define MISSING(effect) .may_miss = true, .missing = (effect)

const hf_synth_signal hf_synth_signals[SYNTH_SIGNALS] = {
    [SYNTH_SEGMENT] = {"segment", SYNTH_LEVEL, "category", LEVELS(segments)},
    [SYNTH_STAGE] = {"lifecycle_stage", SYNTH_LEVEL, "category", LEVELS(stages)},
    [SYNTH_INDUSTRY] = {"industry", SYNTH_LEVEL, "category", LEVELS(industries)},
    [SYNTH_ARR] = {"arr", SYNTH_HUNDREDTH, "money", LINEAR(50000, 100000, 0.0)},
    [SYNTH_USAGE_DEPTH] = {"usage_depth", SYNTH_HUNDREDTH, "number", LINEAR(0.44, 0.16, -0.38)},
    [SYNTH_LICENCE_USE] = {"licence_use", SYNTH_PERCENT, "ratio", LINEAR(0.61, 0.15, -0.32)},
    [SYNTH_STICKY_FEATURE_USE] = {"sticky_feature_use", SYNTH_HUNDREDTH, "number", LINEAR(0.34, 0.15, -0.22)},
    [SYNTH_ENGAGEMENT_GROWTH] = {"engagement_growth_90d", SYNTH_PERCENT, "ratio", LINEAR(0.05, 0.25, -0.22)},
    [SYNTH_ARR_GROWTH] = {"arr_growth_12m", SYNTH_PERCENT, "ratio", LINEAR(0.02, 0.11, -0.12)},
    [SYNTH_LIFETIME] = {"customer_lifetime_months", SYNTH_WHOLE, "count", LINEAR(30, 28, -0.20)},
    [SYNTH_RENEWALS] = {"renewals_completed", SYNTH_WHOLE, "count", LINEAR(2.5, 3.2, -0.10)},
    [SYNTH_UPSELLS] = {"upsells_completed", SYNTH_WHOLE, "count", LINEAR(0.5, 0.8, -0.10)},
    [SYNTH_SUPPORT_CALLS] = {"support_calls_90d", SYNTH_WHOLE, "count", LINEAR(1.8, 2.3, 0.12)},
    [SYNTH_OPEN_TICKETS] = {"open_tickets", SYNTH_WHOLE, "count", LINEAR(1, 1.5, 0.18)},
    [SYNTH_TICKETS] = {"tickets_90d", SYNTH_WHOLE, "count", LINEAR(5, 5, 0.22)},
    [SYNTH_NON_RECURRING] = {"non_recurring_share", SYNTH_HUNDREDTH, "number", LINEAR(0.11, 0.07, 0.12)},
    [SYNTH_DISCOUNT] = {"discount", SYNTH_PERCENT, "ratio", LINEAR(0.08, 0.08, 0.12)},
    [SYNTH_CSAT] = {"csat", SYNTH_TENTH, "number", LINEAR(4.0, 0.6, -0.32), MISSING(0.30)},
    [SYNTH_NPS] = {"nps", SYNTH_WHOLE, "number", LINEAR(30, 30, -0.24), MISSING(0.15)},
    [SYNTH_MARKETING] = {"marketing_participation_12m", SYNTH_WHOLE, "count", LINEAR(1.3, 1.3, -0.08)},
    [SYNTH_FEEDBACK] = {"product_feedback_12m", SYNTH_WHOLE, "count", LINEAR(1.6, 1.4, 0.0)},
    [SYNTH_POSTS] = {"community_posts_90d", SYNTH_WHOLE, "count", LINEAR(1.5, 2.4, 0.0)},
    [SYNTH_LATE_INVOICES] = {"late_invoices_12m", SYNTH_WHOLE, "count", LINEAR(0.6, 1.1, 0.20)},
    [SYNTH_FIRST_RENEWAL] = {"onboarding_to_first_renewal_days", SYNTH_WHOLE, "count", LINEAR(300, 160, 0.08),
                             MISSING(0.15)},
    [SYNTH_FIRST_VALUE] = {"time_to_first_value_days", SYNTH_WHOLE, "count", LINEAR(29, 18, 0.18),
                           MISSING(0.20)},
    [SYNTH_EXECUTIVE] = {"executive_relationship", SYNTH_WHOLE, "count", LINEAR(3, 0.85, -0.15)},
    [SYNTH_RELATIONSHIP] = {"relationship", SYNTH_WHOLE, "count", LINEAR(3.5, 0.85, -0.28)},
    [SYNTH_C_LEVEL] = {"c_level_uses_product", SYNTH_FLAG, "flag", LINEAR(0.36, 0.48, -0.15)},
    [SYNTH_RENEWAL_DATE] = {"renewal_date", SYNTH_DATE, "date", LINEAR(0, 1, 0.0)},
};

double hf_synth_number(const hf_synth_signal *signal, int64_t value)
{
    switch (signal->form) {
    case SYNTH_TENTH:
        return (double)value / 10.0;
    case SYNTH_HUNDREDTH:
    case SYNTH_PERCENT:
        return (double)value / 100.0;
    case SYNTH_LEVEL:
    case SYNTH_WHOLE:
    case SYNTH_FLAG:
    case SYNTH_DATE:
        break;
    }
    return (double)value;
}

double hf_synth_log_odds(const int64_t values[SYNTH_SIGNALS])
{
    double sum = HF_SYNTH_INTERCEPT;
    for (int s = 0; s < SYNTH_SIGNALS; s++) {
        const hf_synth_signal *signal = &hf_synth_signals[s];
        if (signal->form == SYNTH_DATE) continue;
        if (values[s] == HF_SYNTH_MISSING)
            sum += signal->missing;
        else if (signal->form == SYNTH_LEVEL)
            sum += signal->levels[values[s]].effect;
        else
            sum += signal->coefficient *
                   ((hf_synth_number(signal, values[s]) - signal->mean) / signal->deviation);
    }
    return sum;
}

static char *put_text(char *to, const char *text)
{
    size_t length = strlen(text);
    memcpy(to, text, length);
    return to + length;
}

// A whole number with at least `digits` digits.
static char *put_whole(char *to, int64_t value, int digits)
{
    char reversed[24];
    int count = 0;
    uint64_t left = value < 0 ? (uint64_t)-value : (uint64_t)value;
    if (value < 0) *to++ = '-';
    for (; left > 0 || count < digits; left /= 10)
        reversed[count++] = (char)('0' + left % 10);
    while (count > 0)
        *to++ = reversed[--count];
    return to;
}

// A value whose last `decimals` digits stand after the point.
static char *put_decimal(char *to, int64_t value, int decimals)
{
    char *end = put_whole(to, value, decimals + 1);
    memmove(end - decimals + 1, end - decimals, (size_t)decimals);
    end[-decimals] = '.';
    return end + 1;
}

static char *put_value(char *to, const hf_synth_signal *signal, int64_t value)
{
    switch (signal->form) {
    case SYNTH_LEVEL:
        return put_text(to, signal->levels[value].text);
    case SYNTH_WHOLE:
        return put_whole(to, value, 1);
    case SYNTH_TENTH:
        return put_decimal(to, value, 1);
    case SYNTH_HUNDREDTH:
        return put_decimal(to, value, 2);
    case SYNTH_PERCENT:
        to = put_whole(to, value, 1);
        *to++ = '%';
        return to;
    case SYNTH_FLAG:
        return put_text(to, value ? "yes" : "no");
    case SYNTH_DATE:
        hf_date_format((hf_date)value, to);
        return to + strlen(to);
    }
    return to;
}

char *hf_synth_put_header(char *to)
{
    to = put_text(to, "account_id");
    for (int s = 0; s < SYNTH_SIGNALS; s++) {
        *to++ = ',';
        to = put_text(to, hf_synth_signals[s].name);
    }
    *to++ = '\n';
    return to;
}

char *hf_synth_put_id(char *to, int64_t account, int id_digits)
{
    *to++ = 'A';
    return put_whole(to, account, id_digits);
}

char *hf_synth_put_hundredths(char *to, int64_t value)
{
    return put_decimal(to, value, 2);
}

char *hf_synth_put_row(char *to, int64_t account, int id_digits, const int64_t values[SYNTH_SIGNALS])
{
    to = hf_synth_put_id(to, account, id_digits);
    for (int s = 0; s < SYNTH_SIGNALS; s++) {
        *to++ = ',';
        if (values[s] != HF_SYNTH_MISSING) to = put_value(to, &hf_synth_signals[s], values[s]);
    }
    *to++ = '\n';
    return to;
}
