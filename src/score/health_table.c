// SPDX-License-Identifier: Apache-2.0
//
// Health as an aligned table for people: the account, health and its band, trend, churn where there is a
// model, ARR at risk, and what lost most points.
#include "score/health_lines.h"

#include <string.h>

enum { HEALTH_WIDTH = 6, TREND_WIDTH = 5, CHURN_WIDTH = 7, MONEY_WIDTH = 13 };

static const char ID_TITLE[] = "account", BAND_TITLE[] = "band", LOST_TITLE[] = "points lost by";

void hf_health_table_measure(hf_health_lines *lines, int thread, int64_t row)
{
    char text[HF_REASON_LIMIT];
    size_t length;
    const char *id = hf_frame_id(lines->frame, row, &length);
    const char *band = hf_health_lines_band(lines, hf_health_lines_band_of(lines, row));
    const double *effective = hf_health_lines_weigh(lines, thread, row);
    hf_widen(&lines->id_width, ID_TITLE, sizeof ID_TITLE - 1);
    hf_widen(&lines->id_width, id, length);
    hf_widen(&lines->band_width, BAND_TITLE, sizeof BAND_TITLE - 1);
    hf_widen(&lines->band_width, band, strlen(band));
    for (int j = 0; j < HF_LOST; j++) {
        length = hf_health_lost(text, lines, effective, row, j);
        hf_widen(&lines->lost_width[j], text, length);
    }
}

void hf_health_table_widen(hf_health_lines *lines, const hf_health_lines *other)
{
    if (other->id_width > lines->id_width) lines->id_width = other->id_width;
    if (other->band_width > lines->band_width) lines->band_width = other->band_width;
    for (int j = 0; j < HF_LOST; j++)
        if (other->lost_width[j] > lines->lost_width[j]) lines->lost_width[j] = other->lost_width[j];
}

static char *put_cell_left(char *out, const char *text, size_t length, int32_t width)
{
    return hf_put_left(hf_put_blanks(out, 2), text, length, width);
}

static char *put_cell_right(char *out, const char *text, int32_t width)
{
    return hf_put_right(hf_put_blanks(out, 2), text, width);
}

char *hf_health_table_header(char *out, const hf_health_lines *lines)
{
    out = hf_put_left(out, ID_TITLE, sizeof ID_TITLE - 1, lines->id_width);
    out = put_cell_right(out, "health", HEALTH_WIDTH);
    out = put_cell_left(out, BAND_TITLE, sizeof BAND_TITLE - 1, lines->band_width);
    out = put_cell_left(out, "trend", 5, TREND_WIDTH);
    if (lines->churn) out = put_cell_right(out, "churn", CHURN_WIDTH);
    out = put_cell_right(out, "ARR at risk", MONEY_WIDTH);
    out = put_cell_left(out, LOST_TITLE, sizeof LOST_TITLE - 1, 0);
    *out++ = '\n';
    return out;
}

static char *put_number(char *out, double value, int decimals, const char *unit, int32_t width)
{
    char text[64];
    char *end = hf_put_fixed(text, value, decimals);
    if (end > text) end = hf_put(end, unit, strlen(unit));
    *end = '\0';
    return put_cell_right(out, text, width);
}

char *hf_health_table_line(char *out, const void *user, int thread, int64_t row)
{
    char text[HF_REASON_LIMIT];
    const hf_health_lines *lines = user;
    const hf_health *health = lines->scores->health;
    const double *effective = hf_health_lines_weigh(lines, thread, row);
    const char *band = hf_health_lines_band(lines, hf_health_lines_band_of(lines, row));
    const char *trend = health->trend ? hf_trend_name((hf_trend)health->trend[row]) : "";
    size_t length;
    const char *id = hf_frame_id(lines->frame, row, &length);
    out = hf_put_left(out, id, length, lines->id_width);
    out = put_number(out, health->health[row], 1, "", HEALTH_WIDTH);
    out = put_cell_left(out, band, strlen(band), lines->band_width);
    out = put_cell_left(out, trend, strlen(trend), TREND_WIDTH);
    if (lines->churn)
        out = put_number(out, 100 * lines->scores->churn->probability[row], 1, " %", CHURN_WIDTH);
    if (health->arr_at_risk)
        out = put_number(out, health->arr_at_risk[row], 0, "", MONEY_WIDTH);
    else
        out = hf_put_blanks(out, 2 + MONEY_WIDTH);
    for (int j = 0; j < HF_LOST; j++) {
        length = hf_health_lost(text, lines, effective, row, j);
        out = put_cell_left(out, text, length, lines->lost_width[j]);
    }
    while (out[-1] == ' ') // no blanks at the end of a line
        out--;
    *out++ = '\n';
    return out;
}
