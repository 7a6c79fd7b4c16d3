// SPDX-License-Identifier: Apache-2.0
//
// Scores as lines of CSV (RFC 4180) and of JSON (RFC 8259, one object a line), written into memory the caller
// reserved. Probabilities have seven decimals; a reason's contribution has one, more where it would read 0.
#include "score/score_lines.h"

#include <string.h>

size_t hf_score_reason(char out[HF_REASON_LIMIT], const hf_score_lines *lines, int64_t row, int reason)
{
    enum { AMOUNT = 40 }; // room for ", +0.8"
    const hf_plan *plan = lines->plan;
    const int32_t *kept = lines->scores->reason;
    const int32_t term = kept ? kept[HF_REASONS * row + reason] : -1;
    out[0] = '\0';
    if (term < 0) return 0;
    const double contribution = hf_term_contribution(plan->terms[term], row);
    size_t length =
        hf_term_words(out, HF_REASON_LIMIT - AMOUNT, plan->terms[term], &lines->phrases[term], row);
    char *end = hf_put_signed(HF_PUT(out + length, ", "), contribution);
    *end = '\0';
    return (size_t)(end - out);
}

char *hf_score_csv_fields(char *out, const hf_score_lines *lines, int64_t row)
{
    char reason[HF_REASON_LIMIT];
    out = hf_put_fixed(out, lines->scores->probability[row], 7);
    *out++ = ',';
    out += hf_format_i64(out, lines->scores->rank[row]);
    for (int j = 0; j < HF_REASONS; j++) {
        *out++ = ',';
        const size_t length = hf_score_reason(reason, lines, row, j);
        if (length > 0) out = hf_put_quoted(out, reason, length);
    }
    return out;
}

size_t hf_score_date(char out[11], const hf_score_lines *lines, int64_t row)
{
    hf_date_format(lines->scores->as_of[row], out);
    return strlen(out);
}

char *hf_score_csv_line(char *out, const hf_score_lines *lines, int64_t row)
{
    size_t length;
    const char *id = hf_frame_id(lines->plan->frame, row, &length);
    out = hf_put_csv_text(out, id, length);
    *out++ = ',';
    if (lines->scores->as_of) {
        out += hf_score_date(out, lines, row);
        *out++ = ',';
    }
    out = hf_score_csv_fields(out, lines, row);
    *out++ = '\n';
    return out;
}

// As much of a term's signal as a line has room for; only surfaces and rules may have more, a name a signal.
static size_t signal_length(const char *signal)
{
    size_t length = strnlen(signal, HF_NAME_LIMIT + 1);
    if (length <= HF_NAME_LIMIT) return length;
    for (length = HF_NAME_LIMIT; length > 0 && ((unsigned char)signal[length] & 0xc0) == 0x80; length--)
        ; // cut at a character
    return length;
}

static char *put_json_reason(char *out, const hf_score_lines *lines, int64_t row, int32_t term)
{
    char text[HF_REASON_LIMIT];
    const hf_plan *plan = lines->plan;
    const char *signal = plan->model->terms[term].signal;
    size_t length = hf_term_words(text, sizeof text, plan->terms[term], &lines->phrases[term], row);
    out = HF_PUT(out, "{\"signal\":");
    out = hf_put_json_text(out, signal, signal_length(signal));
    out = HF_PUT(out, ",\"text\":");
    out = hf_put_json_text(out, text, length);
    out = HF_PUT(out, ",\"contribution\":");
    out = hf_put_json_number(out, hf_term_contribution(plan->terms[term], row), 4);
    *out++ = '}';
    return out;
}

char *hf_score_json_fields(char *out, const hf_score_lines *lines, int64_t row)
{
    const char *outcome = lines->outcome[0] != '\0' ? lines->outcome : "churn";
    *out++ = '"';
    out = hf_put(out, outcome, strlen(outcome));
    out = HF_PUT(out, "_probability\":");
    out = hf_put_json_number(out, lines->scores->probability[row], 7);
    out = HF_PUT(out, ",\"rank\":");
    out += hf_format_i64(out, lines->scores->rank[row]);
    out = HF_PUT(out, ",\"reasons\":[");
    const int32_t *reason = lines->scores->reason ? lines->scores->reason + HF_REASONS * row : NULL;
    for (int j = 0; reason && j < HF_REASONS && reason[j] >= 0; j++) {
        if (j > 0) *out++ = ',';
        out = put_json_reason(out, lines, row, reason[j]);
    }
    *out++ = ']';
    return out;
}

char *hf_score_json_line(char *out, const hf_score_lines *lines, int64_t row)
{
    size_t length;
    const char *id = hf_frame_id(lines->plan->frame, row, &length);
    out = HF_PUT(out, "{\"account_id\":");
    out = hf_put_json_text(out, id, length);
    *out++ = ',';
    if (lines->scores->as_of) {
        out = HF_PUT(out, "\"as_of\":\"");
        out += hf_score_date(out, lines, row);
        out = HF_PUT(out, "\",");
    }
    out = hf_score_json_fields(out, lines, row);
    return HF_PUT(out, "}\n");
}
