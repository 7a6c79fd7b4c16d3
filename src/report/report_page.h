// SPDX-License-Identifier: Apache-2.0
//
// What the explanation page's text and its JSON both need. Private to the room.
#ifndef HOLDFAST_REPORT_PAGE_H
#define HOLDFAST_REPORT_PAGE_H

#include "report/report_room.h"
#include "report/report_words.h"

// A term of a move in order of size.
typedef enum {
    HF_MOVE_VALUE,
    HF_MOVE_COVERAGE,
    HF_MOVE_STALENESS,
    HF_MOVE_CONFIGURATION,
    HF_MOVE_OVERRIDE
} hf_move_cause;
typedef struct {
    hf_move_cause cause;
    int32_t measure; // of the definition after; -1 for configuration and overrides
    double points;
} hf_move_term;
// The terms of a move that are not 0, the largest first; *out is owned (hf_delete).
hf_status hf_move_terms(hf_move_term **out, int32_t *count, const hf_context *context,
                        const hf_health_move *move, hf_error *error);
const char *hf_move_cause_name(hf_move_cause cause); // "value", "coverage", ...

// A churn term with its contribution.
typedef struct {
    int32_t term;
    double contribution;
} hf_churn_part;
// Every term of the model, the largest contribution first; *out is owned. Also the log-odds.
hf_status hf_churn_parts(hf_churn_part **out, int32_t *count, double *log_odds, const hf_context *context,
                         const hf_account_night *night, hf_error *error);
// The term's signal and value in words.
const char *hf_churn_words(char out[HF_WORDS], const hf_account_night *night, int32_t term);

// " within 30 days", as the model was trained; "" where it does not say.
const char *hf_churn_window(char out[HF_NUMBER], const hf_model *model);

// The share of the score that rests on what people said: effective weight of subjective measures.
double hf_subjective_share(const hf_account_night *night);
// The date a measure's value was observed on, HF_DATE_MISSING where the snapshot does not say.
hf_date hf_observed_on(const hf_account_night *night, int32_t measure);

// Appends the section on why the health moved.
hf_status hf_report_move(hf_text *text, const hf_context *context, const hf_account_page *page,
                         hf_error *error);

#endif
