// SPDX-License-Identifier: Apache-2.0
//
// A synthetic fleet with a known truth: monthly signals of a B2B SaaS customer base, with seasons, segments,
// missing surveys and churn drawn from a written-down log-odds. For demos, tests and benchmarks.
//
// Threads: one call at a time a context; the same seed gives the same bytes for any number of threads.
#ifndef HOLDFAST_SYNTH_H
#define HOLDFAST_SYNTH_H

#include "holdfast/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    int64_t accounts; // 1 to 100,000,000 at the start; new ones replace those that leave
    int32_t months;   // 1 to 600 as-of dates, month ends
    uint64_t seed;
    hf_date last;     // the last month's as-of date is the end of this date's month
    bool overwrite;
} hf_synth_options;

#define HF_SYNTH_OPTIONS_INIT {5000, 24, 1, 20757 /* 2026-10-31 */, false}

// Writes accounts-YYYY-MM-DD.csv for every month, outcomes.csv (account_id,date,outcome,arr) and truth.json
// into folder (made if missing). Errors: HF_ERROR_USAGE, HF_ERROR_EXISTS, HF_ERROR_IO.
HF_API hf_status hf_synth_write(const hf_context *context, const char *folder,
                                const hf_synth_options *options, hf_error *error);

#ifdef __cplusplus
}
#endif

#endif
