// SPDX-License-Identifier: Apache-2.0
//
// One account's scores as a line of text. Nothing here allocates: a line fits HF_LINE_LIMIT.
#ifndef HOLDFAST_SCORE_LINES_H
#define HOLDFAST_SCORE_LINES_H

#include "score/line_text.h"
#include "score/plan.h"

// The worst line: an id, three names and three reasons, every byte escaped to six.
#define HF_LINE_LIMIT (1024 + 6 * (HF_ID_LIMIT + HF_REASONS * (HF_NAME_LIMIT + HF_REASON_LIMIT)))

// What lines are made from.
typedef struct {
    const hf_plan *plan;
    const hf_scores *scores;
    hf_phrase *phrases;                         // owned: one a term
    int32_t id_width, reason_width[HF_REASONS]; // display columns of a table
    char outcome[32];                           // what is predicted, as a part of a column's name; "": churn
} hf_score_lines;

// Every writer returns the end of what it wrote.
char *hf_score_csv_line(char *out, const hf_score_lines *lines, int64_t row);
char *hf_score_json_line(char *out, const hf_score_lines *lines, int64_t row);
char *hf_score_table_line(char *out, const hf_score_lines *lines, int64_t row);
char *hf_score_table_header(char *out, const hf_score_lines *lines);
// The same without the account, for a line that says more: "0.01,7,reason,," and "\"churn_probability\":...".
char *hf_score_csv_fields(char *out, const hf_score_lines *lines, int64_t row);
char *hf_score_json_fields(char *out, const hf_score_lines *lines, int64_t row);
// Widens the widths of `lines` to what the row needs.
void hf_score_table_measure(hf_score_lines *lines, int64_t row);
// Widens the widths of `lines` to those of `other`.
void hf_score_table_widen(hf_score_lines *lines, const hf_score_lines *other);

// The row's date where the scores have dates, NUL-terminated; returns the length.
size_t hf_score_date(char out[11], const hf_score_lines *lines, int64_t row);
// "12 tickets in 90 days, +0.8" for a row's reason (0 to HF_REASONS - 1), NUL-terminated; "" where there is
// none. Returns the length.
size_t hf_score_reason(char out[HF_REASON_LIMIT], const hf_score_lines *lines, int64_t row, int reason);

#endif
