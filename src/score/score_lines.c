// SPDX-License-Identifier: Apache-2.0
//
// Scores as lines of CSV (RFC 4180) and of JSON (RFC 8259, one object a line), written into memory the caller
// reserved. Probabilities have seven decimals; a reason's contribution has one, more where it would read 0.
#include "score/score_lines.h"

#include <math.h>
#include <string.h>

static char *put(char *out, const char *text, size_t length)
{
    memcpy(out, text, length);
    return out + length;
}

#define PUT(out, literal) put(out, literal, sizeof(literal) - 1)

static char *put_fixed(char *out, double value, int decimals)
{
    return out + (fabs(value) < 1e9 ? hf_format_fixed(out, value, decimals) : hf_format_f64(out, value));
}

// As many decimals as show one digit, at least one and at most seven.
static int decimals_for(double contribution)
{
    int decimals = 1;
    for (double least = 0.1; decimals < 7 && fabs(contribution) < least; least /= 10)
        decimals++;
    return decimals;
}

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
        hf_phrase_write(out, HF_REASON_LIMIT - AMOUNT, &lines->phrases[term], plan->columns[term], row);
    char *end = PUT(out + length, ", ");
    if (contribution >= 0) *end++ = '+';
    end = put_fixed(end, contribution, decimals_for(contribution));
    *end = '\0';
    return (size_t)(end - out);
}

static char *put_quoted(char *out, const char *text, size_t length)
{
    *out++ = '"';
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"') *out++ = '"';
        *out++ = text[i];
    }
    *out++ = '"';
    return out;
}

static bool needs_quotes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r') return true;
    return length == 0;
}

char *hf_score_csv_line(char *out, const hf_score_lines *lines, int64_t row)
{
    char reason[HF_REASON_LIMIT];
    size_t length;
    const char *id = hf_frame_id(lines->plan->frame, row, &length);
    out = needs_quotes(id, length) ? put_quoted(out, id, length) : put(out, id, length);
    *out++ = ',';
    out = put_fixed(out, lines->scores->probability[row], 7);
    *out++ = ',';
    out += hf_format_i64(out, lines->scores->rank[row]);
    for (int j = 0; j < HF_REASONS; j++) {
        *out++ = ',';
        length = hf_score_reason(reason, lines, row, j);
        if (length > 0) out = put_quoted(out, reason, length);
    }
    *out++ = '\n';
    return out;
}

static char *put_json_text(char *out, const char *text, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    *out++ = '"';
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            *out++ = '\\';
            *out++ = (char)c;
        } else if (c < 0x20 || c == 0x7f) {
            out = PUT(out, "\\u00");
            *out++ = hex[c >> 4];
            *out++ = hex[c & 15];
        } else {
            *out++ = (char)c;
        }
    }
    *out++ = '"';
    return out;
}

// JSON has no NaN and no infinities.
static char *put_json_number(char *out, double value, int decimals)
{
    return isfinite(value) ? put_fixed(out, value, decimals) : PUT(out, "null");
}

static char *put_json_reason(char *out, const hf_score_lines *lines, int64_t row, int32_t term)
{
    char text[HF_REASON_LIMIT];
    const hf_plan *plan = lines->plan;
    const char *signal = plan->model->terms[term].signal;
    size_t length = hf_phrase_write(text, sizeof text, &lines->phrases[term], plan->columns[term], row);
    out = PUT(out, "{\"signal\":");
    out = put_json_text(out, signal, strnlen(signal, HF_NAME_LIMIT));
    out = PUT(out, ",\"text\":");
    out = put_json_text(out, text, length);
    out = PUT(out, ",\"contribution\":");
    out = put_json_number(out, hf_term_contribution(plan->terms[term], row), 4);
    *out++ = '}';
    return out;
}

char *hf_score_json_line(char *out, const hf_score_lines *lines, int64_t row)
{
    size_t length;
    const char *id = hf_frame_id(lines->plan->frame, row, &length);
    out = PUT(out, "{\"account_id\":");
    out = put_json_text(out, id, length);
    out = PUT(out, ",\"churn_probability\":");
    out = put_json_number(out, lines->scores->probability[row], 7);
    out = PUT(out, ",\"rank\":");
    out += hf_format_i64(out, lines->scores->rank[row]);
    out = PUT(out, ",\"reasons\":[");
    const int32_t *reason = lines->scores->reason ? lines->scores->reason + HF_REASONS * row : NULL;
    for (int j = 0; reason && j < HF_REASONS && reason[j] >= 0; j++) {
        if (j > 0) *out++ = ',';
        out = put_json_reason(out, lines, row, reason[j]);
    }
    return PUT(out, "]}\n");
}
