// SPDX-License-Identifier: Apache-2.0
//
// The signals of a synthetic account: their names, how they are written, and what each does to the log-odds
// of churn. A value is a whole number of the last digit that is written, so what is published is exactly what
// the truth is computed from.
#ifndef HOLDFAST_SYNTH_SIGNALS_H
#define HOLDFAST_SYNTH_SIGNALS_H

#include "base/base_room.h"

// In the order of the columns.
typedef enum {
    SYNTH_SEGMENT,
    SYNTH_STAGE,
    SYNTH_INDUSTRY,
    SYNTH_ARR,
    SYNTH_USAGE_DEPTH,
    SYNTH_LICENCE_USE,
    SYNTH_STICKY_FEATURE_USE,
    SYNTH_ENGAGEMENT_GROWTH,
    SYNTH_ARR_GROWTH,
    SYNTH_LIFETIME,
    SYNTH_RENEWALS,
    SYNTH_UPSELLS,
    SYNTH_SUPPORT_CALLS,
    SYNTH_OPEN_TICKETS,
    SYNTH_TICKETS,
    SYNTH_NON_RECURRING,
    SYNTH_DISCOUNT,
    SYNTH_CSAT,
    SYNTH_NPS,
    SYNTH_MARKETING,
    SYNTH_FEEDBACK,
    SYNTH_POSTS,
    SYNTH_LATE_INVOICES,
    SYNTH_FIRST_RENEWAL,
    SYNTH_FIRST_VALUE,
    SYNTH_EXECUTIVE,
    SYNTH_RELATIONSHIP,
    SYNTH_C_LEVEL,
    SYNTH_RENEWAL_DATE,
    SYNTH_SIGNALS
} hf_synth_signal_id;

typedef enum {
    SYNTH_LEVEL,     // index into the signal's levels
    SYNTH_WHOLE,     // 12
    SYNTH_TENTH,     // 4.2
    SYNTH_HUNDREDTH, // 0.43
    SYNTH_PERCENT,   // 63%, a value of 0.63
    SYNTH_FLAG,      // yes (1) or no (0)
    SYNTH_DATE       // ISO date, days since 1970-01-01; no part of the log-odds
} hf_synth_form;

typedef struct {
    const char *text;
    double effect; // on the log-odds
} hf_synth_level;

typedef struct {
    const char *name;
    hf_synth_form form;
    const char *kind;                    // as HF_KIND_LIST names it
    double mean, deviation, coefficient; // adds coefficient x (value - mean) / deviation
    bool may_miss;
    double missing; // the effect where it is missing
    const hf_synth_level *levels;
    int level_count;
} hf_synth_signal;

#define HF_SYNTH_MISSING INT64_MIN
#define HF_SYNTH_INTERCEPT (-5.15)
#define HF_SYNTH_ROW_BYTES 512 // more than any row takes

extern const hf_synth_signal hf_synth_signals[SYNTH_SIGNALS];

// The number a value stands for, as a reader of the file gets it.
double hf_synth_number(const hf_synth_signal *signal, int64_t value);
// The log-odds of churn within a month, terms added in the order of the columns.
double hf_synth_log_odds(const int64_t values[SYNTH_SIGNALS]);

// Writes the header line, one row, or one account id; each returns the end of what it wrote.
char *hf_synth_put_header(char *to);
char *hf_synth_put_row(char *to, int64_t account, int id_digits, const int64_t values[SYNTH_SIGNALS]);
char *hf_synth_put_id(char *to, int64_t account, int id_digits);
// A value of hundredths, as money is written: "48210.00".
char *hf_synth_put_hundredths(char *to, int64_t value);

#endif
