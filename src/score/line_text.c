// SPDX-License-Identifier: Apache-2.0
//
// Texts and numbers as CSV, JSON and tables show them, written into memory the caller reserved.
#include "score/line_text.h"

#include "base/base_room.h"
#include "score/display_width.h"

#include <math.h>
#include <string.h>

char *hf_put(char *out, const char *text, size_t length)
{
    memcpy(out, text, length);
    return out + length;
}

char *hf_put_fixed(char *out, double value, int decimals)
{
    return out + (fabs(value) < 1e9 ? hf_format_fixed(out, value, decimals) : hf_format_f64(out, value));
}

char *hf_put_signed(char *out, double value)
{
    int decimals = 1;
    for (double least = 0.1; decimals < 7 && fabs(value) < least; least /= 10)
        decimals++;
    if (value >= 0) *out++ = '+';
    return hf_put_fixed(out, value, decimals);
}

char *hf_put_quoted(char *out, const char *text, size_t length)
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

char *hf_put_csv_text(char *out, const char *text, size_t length)
{
    return needs_quotes(text, length) ? hf_put_quoted(out, text, length) : hf_put(out, text, length);
}

char *hf_put_json_text(char *out, const char *text, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    *out++ = '"';
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            *out++ = '\\';
            *out++ = (char)c;
        } else if (c < 0x20 || c == 0x7f) {
            out = HF_PUT(out, "\\u00");
            *out++ = hex[c >> 4];
            *out++ = hex[c & 15];
        } else {
            *out++ = (char)c;
        }
    }
    *out++ = '"';
    return out;
}

char *hf_put_json_number(char *out, double value, int decimals)
{
    return isfinite(value) ? hf_put_fixed(out, value, decimals) : HF_PUT(out, "null");
}

char *hf_put_blanks(char *out, int32_t count)
{
    for (; count > 0; count--)
        *out++ = ' ';
    return out;
}

char *hf_put_left(char *out, const char *text, size_t length, int32_t width)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];
        *out++ = c < 0x20 || c == 0x7f ? ' ' : text[i];
    }
    return hf_put_blanks(out, width - hf_display_width(text, length));
}

char *hf_put_right(char *out, const char *text, int32_t width)
{
    const size_t length = strlen(text);
    return hf_put(hf_put_blanks(out, width - hf_display_width(text, length)), text, length);
}

void hf_widen(int32_t *width, const char *text, size_t length)
{
    const int32_t needed = hf_display_width(text, length);
    if (needed > *width) *width = needed;
}
