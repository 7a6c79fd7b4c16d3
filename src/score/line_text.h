// SPDX-License-Identifier: Apache-2.0
//
// The pieces lines of scores are made of, for CSV (RFC 4180) and JSON (RFC 8259). Every writer returns the
// end of what it wrote; the caller has reserved room.
#ifndef HOLDFAST_LINE_TEXT_H
#define HOLDFAST_LINE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define HF_REASON_LIMIT 512 // bytes of a reason's text; longer ones are cut at a character

char *hf_put(char *out, const char *text, size_t length);
#define HF_PUT(out, literal) hf_put(out, literal, sizeof(literal) - 1)

// Fixed point, or the shortest text of what is beyond 1e9.
char *hf_put_fixed(char *out, double value, int decimals);
// With a sign always and as many decimals as show one digit, at least one and at most seven: "+0.8".
char *hf_put_signed(char *out, double value);

// In double quotes, with those inside doubled: at most 2 + 2 length bytes.
char *hf_put_quoted(char *out, const char *text, size_t length);
// As it stands where it needs no quotes.
char *hf_put_csv_text(char *out, const char *text, size_t length);
// At most 2 + 6 length bytes.
char *hf_put_json_text(char *out, const char *text, size_t length);
// JSON has no NaN and no infinities: they are null.
char *hf_put_json_number(char *out, double value, int decimals);

// For tables: blanks; a text to the left or right of a width in terminal columns. Control characters are
// shown as blanks, so that they cannot break a line or steer a terminal.
char *hf_put_blanks(char *out, int32_t count);
char *hf_put_left(char *out, const char *text, size_t length, int32_t width);
char *hf_put_right(char *out, const char *text, int32_t width);
// Widens a width to what the text needs.
void hf_widen(int32_t *width, const char *text, size_t length);

#endif
