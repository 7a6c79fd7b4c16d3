// SPDX-License-Identifier: Apache-2.0
//
// Scores as an aligned table for people: rank and probability to the right, texts to the left, two blanks
// between, the last column as long as it is. Widths are counted in terminal columns; control characters in
// the data are shown as blanks, so that they cannot break a line or steer a terminal.
#include "score/score_lines.h"

#include <string.h>

enum { RANK_WIDTH = 7, CHURN_WIDTH = 7, DATE_WIDTH = 10 };

static const char ID_TITLE[] = "account", REASON_TITLE[] = "reasons";

void hf_score_table_measure(hf_score_lines *lines, int64_t row)
{
    char reason[HF_REASON_LIMIT];
    size_t length;
    const char *id = hf_frame_id(lines->plan->frame, row, &length);
    hf_widen(&lines->id_width, ID_TITLE, sizeof ID_TITLE - 1);
    hf_widen(&lines->id_width, id, length);
    for (int j = 0; j < HF_REASONS; j++) {
        length = hf_score_reason(reason, lines, row, j);
        hf_widen(&lines->reason_width[j], reason, length);
    }
}

void hf_score_table_widen(hf_score_lines *lines, const hf_score_lines *other)
{
    if (other->id_width > lines->id_width) lines->id_width = other->id_width;
    for (int j = 0; j < HF_REASONS; j++)
        if (other->reason_width[j] > lines->reason_width[j]) lines->reason_width[j] = other->reason_width[j];
}

char *hf_score_table_header(char *out, const hf_score_lines *lines)
{
    out = hf_put_right(out, "rank", RANK_WIDTH);
    out = hf_put_blanks(out, 2);
    out = hf_put_left(out, ID_TITLE, sizeof ID_TITLE - 1, lines->id_width);
    out = hf_put_blanks(out, 2);
    if (lines->scores->as_of) {
        out = hf_put_left(out, "as of", 5, DATE_WIDTH);
        out = hf_put_blanks(out, 2);
    }
    out = hf_put_right(out, "churn", CHURN_WIDTH);
    out = hf_put_blanks(out, 2);
    out = hf_put_left(out, REASON_TITLE, sizeof REASON_TITLE - 1, 0);
    *out++ = '\n';
    return out;
}

char *hf_score_table_line(char *out, const hf_score_lines *lines, int64_t row)
{
    char text[HF_REASON_LIMIT];
    size_t length;
    const char *id = hf_frame_id(lines->plan->frame, row, &length);
    hf_format_i64(text, lines->scores->rank[row]);
    out = hf_put_right(out, text, RANK_WIDTH);
    out = hf_put_blanks(out, 2);
    out = hf_put_left(out, id, length, lines->id_width);
    out = hf_put_blanks(out, 2);
    if (lines->scores->as_of) {
        out = hf_put_left(out, text, hf_score_date(text, lines, row), DATE_WIDTH);
        out = hf_put_blanks(out, 2);
    }
    length = hf_format_fixed(text, 100 * lines->scores->probability[row], 1);
    memcpy(text + length, " %", 3);
    out = hf_put_right(out, text, CHURN_WIDTH);
    char *end = out;
    for (int j = 0; j < HF_REASONS; j++) {
        length = hf_score_reason(text, lines, row, j);
        out = hf_put_blanks(out, 2);
        out = hf_put_left(out, text, length, lines->reason_width[j]);
        if (length > 0) end = out;
    }
    while (end[-1] == ' ') // no blanks at the end of a line
        end--;
    *end++ = '\n';
    return end;
}
