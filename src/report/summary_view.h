// SPDX-License-Identifier: Apache-2.0
//
// A model's summary as its record has it, for the page of figures and the card. Private to the room.
#ifndef HOLDFAST_SUMMARY_VIEW_H
#define HOLDFAST_SUMMARY_VIEW_H

#include "report/report_room.h"
#include "report/report_words.h"

// A term with its line of the summary.
typedef struct {
    const hf_term *term;
    const json_t *json;
    double share; // NaN where there is none
    int32_t place;
} hf_summary_line;

// The terms by what they explain, the most first. *out is the caller's (hf_delete). Terms the summary does
// not have are left out.
hf_status hf_summary_lines(hf_summary_line **out, int32_t *count, const hf_model *model, hf_error *error);

const json_t *hf_record(const hf_model *model, const char *section); // NULL: it has none
double hf_record_number(const json_t *object, const char *key);      // NaN where it is no number

// What a model predicts, in a word or two: the outcome, or the target as it was named; "the outcome" where
// the record does not say. Borrowed.
const char *hf_model_predicts(const hf_model *model);

// "falls from +1.32 at 1 to -1.34 at 72": the course of a curve, or a table's highest and lowest levels.
void hf_summary_course(hf_text *out, const hf_summary_line *line);
// Where a point of a curve is: "12", "pro", "missing", "other levels".
void hf_summary_place(char out[HF_WORDS], const json_t *point);

// Of the refit without penalty: a paragraph that says what it is; what a coefficient is of: the signal, or
// the intercept; and which level of it, or a unit of a number.
void hf_refit_words(hf_text *out, const json_t *refit);
const char *hf_refit_signal(const json_t *term);
void hf_refit_place(char out[HF_WORDS], const json_t *term);
// Its p, to four places; returns out.
const char *hf_refit_p(char out[HF_NUMBER], const json_t *term);

#endif
