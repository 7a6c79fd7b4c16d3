// SPDX-License-Identifier: Apache-2.0
//
// Health as a line of CSV and of JSON. Health has four decimals and coverage likewise, money two; what is not
// known is empty in CSV and null in JSON.
#include "score/health_lines.h"

#include <math.h>
#include <string.h>

// What a line says of an account beside texts; NaN and -1 where it is not known.
typedef struct {
    double arr, at_risk;
    int64_t days_in_band;
    const char *trend, *cadence;
} account_facts;

static account_facts facts_of(const hf_health_lines *lines, int64_t row)
{
    const hf_health *health = lines->scores->health;
    account_facts facts = {NAN, NAN, -1, "", ""};
    if (health->arr) facts.arr = health->arr[row];
    if (health->arr_at_risk) facts.at_risk = health->arr_at_risk[row];
    if (health->cadence) facts.cadence = hf_cadence_name((hf_cadence)health->cadence[row]);
    if (health->trend) facts.trend = hf_trend_name((hf_trend)health->trend[row]);
    if (health->band_since && health->band_since[row] != HF_DATE_MISSING)
        facts.days_in_band = (int64_t)lines->frame->as_of - health->band_since[row];
    return facts;
}

char *hf_health_csv_header(char *out, const hf_health_lines *lines)
{
    out = HF_PUT(out, "account_id,");
    if (lines->churn) out = HF_PUT(out, "churn_probability,rank,reason_1,reason_2,reason_3,");
    return HF_PUT(out, "health,band,band_raw,coverage,days_in_band,trend,arr,arr_at_risk,cadence,"
                       "lost_1,lost_2,lost_3,path_to_green");
}

static char *put_name(char *out, const char *text)
{
    return text[0] == '\0' ? out : hf_put_csv_text(out, text, strlen(text));
}

static char *put_texts(char *out, const hf_health_lines *lines, int thread, int64_t row)
{
    char text[HF_WAY_LIMIT];
    const double *effective = hf_health_lines_weigh(lines, thread, row);
    for (int j = 0; j < HF_LOST; j++) {
        const size_t length = hf_health_lost(text, lines, effective, row, j);
        if (length > 0) out = hf_put_quoted(out, text, length);
        *out++ = ',';
    }
    const size_t length = hf_health_way(text, lines, thread, row);
    return length > 0 ? hf_put_quoted(out, text, length) : out;
}

char *hf_health_csv_line(char *out, const void *user, int thread, int64_t row)
{
    const hf_health_lines *lines = user;
    const hf_health *health = lines->scores->health;
    const hf_score_lines *churn = hf_health_lines_churn(lines, row);
    const account_facts facts = facts_of(lines, row);
    size_t length;
    const char *id = hf_frame_id(lines->frame, row, &length);
    out = hf_put_csv_text(out, id, length);
    *out++ = ',';
    if (churn) {
        out = hf_score_csv_fields(out, churn, row);
        *out++ = ',';
    }
    out = hf_put_fixed(out, health->health[row], 4);
    *out++ = ',';
    out = put_name(out, hf_health_lines_band(lines, hf_health_lines_band_of(lines, row)));
    *out++ = ',';
    out = put_name(out, hf_health_lines_band(lines, health->band_raw[row]));
    *out++ = ',';
    out = hf_put_fixed(out, health->coverage[row], 4);
    *out++ = ',';
    if (facts.days_in_band >= 0) out += hf_format_i64(out, facts.days_in_band);
    *out++ = ',';
    out = put_name(out, facts.trend);
    *out++ = ',';
    out = hf_put_fixed(out, facts.arr, 2);
    *out++ = ',';
    out = hf_put_fixed(out, facts.at_risk, 2);
    *out++ = ',';
    out = put_name(out, facts.cadence);
    *out++ = ',';
    out = put_texts(out, lines, thread, row);
    *out++ = '\n';
    return out;
}

// ---- JSON ------------------------------------------------------------------------------------------------

static char *put_json_name(char *out, const char *text)
{
    return text[0] == '\0' ? HF_PUT(out, "null") : hf_put_json_text(out, text, strlen(text));
}

static char *put_json_lost(char *out, const hf_health_lines *lines, int thread, int64_t row)
{
    char text[HF_REASON_LIMIT];
    const hf_health *health = lines->scores->health;
    const double *effective = hf_health_lines_weigh(lines, thread, row);
    for (int j = 0; j < HF_LOST; j++) {
        const int32_t m = health->lost[HF_LOST * row + j];
        if (m < 0) break;
        if (j > 0) *out++ = ',';
        const size_t length = hf_health_lost(text, lines, effective, row, j);
        out = HF_PUT(out, "{\"measure\":");
        out = put_json_name(out, lines->definition->measures[m].path);
        out = HF_PUT(out, ",\"text\":");
        out = hf_put_json_text(out, text, length);
        out = HF_PUT(out, ",\"points\":");
        out = hf_put_json_number(out, effective[m] * (100 - (double)health->measure[m * health->rows + row]),
                                 4);
        *out++ = '}';
    }
    return out;
}

static char *put_json_facts(char *out, const hf_health_lines *lines, int64_t row)
{
    const account_facts facts = facts_of(lines, row);
    out = HF_PUT(out, ",\"days_in_band\":");
    out = facts.days_in_band >= 0 ? out + hf_format_i64(out, facts.days_in_band) : HF_PUT(out, "null");
    out = HF_PUT(out, ",\"trend\":");
    out = put_json_name(out, facts.trend);
    out = HF_PUT(out, ",\"arr\":");
    out = hf_put_json_number(out, facts.arr, 2);
    out = HF_PUT(out, ",\"arr_at_risk\":");
    out = hf_put_json_number(out, facts.at_risk, 2);
    out = HF_PUT(out, ",\"cadence\":");
    return put_json_name(out, facts.cadence);
}

char *hf_health_json_line(char *out, const void *user, int thread, int64_t row)
{
    char way[HF_WAY_LIMIT];
    const hf_health_lines *lines = user;
    const hf_health *health = lines->scores->health;
    const hf_score_lines *churn = hf_health_lines_churn(lines, row);
    size_t length;
    const char *id = hf_frame_id(lines->frame, row, &length);
    out = HF_PUT(out, "{\"account_id\":");
    out = hf_put_json_text(out, id, length);
    *out++ = ',';
    if (churn) {
        out = hf_score_json_fields(out, churn, row);
        *out++ = ',';
    }
    out = HF_PUT(out, "\"health\":");
    out = hf_put_json_number(out, health->health[row], 4);
    out = HF_PUT(out, ",\"band\":");
    out = put_json_name(out, hf_health_lines_band(lines, hf_health_lines_band_of(lines, row)));
    out = HF_PUT(out, ",\"band_raw\":");
    out = put_json_name(out, hf_health_lines_band(lines, health->band_raw[row]));
    out = HF_PUT(out, ",\"coverage\":");
    out = hf_put_json_number(out, health->coverage[row], 4);
    out = put_json_facts(out, lines, row);
    out = HF_PUT(out, ",\"lost\":[");
    out = put_json_lost(out, lines, thread, row);
    out = HF_PUT(out, "],\"path_to_green\":");
    length = hf_health_way(way, lines, thread, row);
    out = length > 0 ? hf_put_json_text(out, way, length) : HF_PUT(out, "null");
    return HF_PUT(out, "}\n");
}
