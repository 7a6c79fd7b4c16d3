// SPDX-License-Identifier: Apache-2.0
//
// A synthetic fleet with a known truth: monthly signals of a B2B SaaS customer base, with seasons, segments,
// missing surveys and churn drawn from a written-down log-odds. For demos, tests and benchmarks.
//
// Accounts. Each has a health that drifts from month to month (an autoregression, 0.92 a month) and is never
// published; usage, surveys, tickets, calls, late invoices and relationships show it through noise, beside
// lasting traits of their own. Segments (SMB, Mid-market, Enterprise) differ in size, health, support load
// and contract length; usage has a season (low in July, August, December and January); newcomers start low
// and settle. Surveys (csat, nps) are answered the more the healthier an account is, so that a missing answer
// says something.
//
// Truth. In the month after an as-of date t an account churns with probability 1 / (1 + exp(-log-odds)),
// where
//   log-odds = intercept + sum over signals of coefficient x (value - mean) / deviation
//            + the effect of the segment, lifecycle stage and industry + the effect of each missing value
// is computed from the values as they are written to the file, after rounding: a percent is its hundredth
// (63% is 0.63), yes is 1 and no 0. arr, product_feedback_12m and community_posts_90d have no effect;
// renewal_date takes no part. About 2.5 % churn a month; the AUC of the true log-odds is near 0.84.
// With interactions the log-odds also have a pair, coefficient x the product of usage_depth and relationship,
// each standardised, and a rule, an effect where the industry is Retail, an invoice was late in twelve
// months and the executive relationship is at most 2; the intercept is higher, for about 6 % churn
// a month. A churn falls in (t, t + 28], t being the month's end, so that a horizon of 28 to 31 days
// labels exactly that draw. A churned account leaves the files that follow; a new one, with a new id, takes
// its place.
//
// Files. accounts-YYYY-MM-DD.csv, one a month end: account_id and 29 signals, missing cells empty.
// outcomes.csv (account_id,date,outcome,arr), sorted by date, id and outcome: churn (ARR lost), renewal (ARR
// renewed), upgrade (ARR added), contraction (ARR lost), known up to the last as-of date and no further.
// truth.json: the parameters, every term of the log-odds, and by month and pooled the churn expected, the
// churn drawn and the AUC of the true log-odds against it (to 1e-5), the best that any model could be
// expected to reach.
//
// Threads: one call at a time a context; the same seed gives the same bytes for any number of threads.
#ifndef HOLDFAST_SYNTH_H
#define HOLDFAST_SYNTH_H

#include "holdfast/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    HF_SYNTH_ADDITIVE,    // a term a signal, as above
    HF_SYNTH_INTERACTIONS // also a pair and a rule
} hf_synth_truth;

typedef struct {
    int64_t accounts; // 1 to 100,000,000 at the start; new ones replace those that leave
    int32_t months;   // 1 to 600 as-of dates, month ends
    uint64_t seed;
    hf_date last; // the last month's as-of date is the end of this date's month
    bool overwrite;
    hf_synth_truth truth;
} hf_synth_options;

// 20757 is 2026-10-31.
#define HF_SYNTH_OPTIONS_INIT                        \
    {                                                \
        5000, 24, 1, 20757, false, HF_SYNTH_ADDITIVE \
    }

// Writes accounts-YYYY-MM-DD.csv for every month, outcomes.csv and truth.json into folder (made if missing).
// All files appear together at the end, or none. options may be NULL for the defaults. Errors:
// HF_ERROR_USAGE; HF_ERROR_EXISTS for a file that is there (overwrite replaces it) or a month of another
// fleet in the folder (never replaced); HF_ERROR_IO; HF_ERROR_MEMORY; HF_ERROR_CANCELLED. Memory: some 200
// bytes an account and 80 MB; months + 2 files are open at once.
HF_API hf_status hf_synth_write(const hf_context *context, const char *folder,
                                const hf_synth_options *options, hf_error *error);

#ifdef __cplusplus
}
#endif

#endif
