// SPDX-License-Identifier: Apache-2.0
//
// Takes the dress off a number: from both ends a sign, parentheses, a currency and a percent sign, then the
// separators between groups of three digits. What is left is a plain number, to be read as any other. Which
// of the two marks is the decimal one is the column's question, not the cell's.
#include "csv/csv_dress.h"

#include <string.h>

static const char *const currencies[] = {
    "US$", "$",   "€",   "£",   "¥",   "₹",   "EUR", "USD", "GBP", "CHF",
    "JPY", "INR", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "BRL",
};
enum { CURRENCIES = sizeof currencies / sizeof currencies[0] };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Blanks of people: no-break spaces too.
static hf_csv_span trim_spaces(hf_csv_span s)
{
    static const char *const spaces[] = {"\xc2\xa0", "\xe2\x80\xaf"};
    for (size_t length = 0; s.length != length;) {
        s = hf_csv_trim(s);
        length = s.length;
        for (int i = 0; i < 2; i++) {
            size_t n = strlen(spaces[i]);
            if (s.length >= n && memcmp(s.text, spaces[i], n) == 0) s.text += n, s.length -= n;
            if (s.length >= n && memcmp(s.text + s.length - n, spaces[i], n) == 0) s.length -= n;
        }
    }
    return s;
}

// Takes a currency off the front or the end; its place in the list + 1, 0 for none.
static int32_t take_currency(hf_csv_span *s, bool front)
{
    for (int32_t i = 0; i < CURRENCIES; i++) {
        size_t n = strlen(currencies[i]);
        if (s->length < n || memcmp(front ? s->text : s->text + s->length - n, currencies[i], n) != 0)
            continue;
        s->text += front ? n : 0;
        s->length -= n;
        *s = trim_spaces(*s);
        return i + 1;
    }
    return 0;
}

static char take_sign(hf_csv_span *s)
{
    if (s->length == 0 || (*s->text != '-' && *s->text != '+')) return 0;
    s->length--;
    return *s->text++;
}

// Digits in groups of three after the first, or in one; then decimals. Adds them to out without the marks.
static size_t take_digits(char *out, hf_csv_span s, char group, char decimal)
{
    size_t n = 0, i = 0, first = 0;
    while (i < s.length && is_digit(s.text[i]))
        out[n++] = s.text[i++];
    first = i;
    bool grouped = i < s.length && s.text[i] == group;
    if (first == 0 || (grouped && (first > 3 || s.text[0] == '0'))) return 0;
    while (i < s.length && s.text[i] == group) {
        if (s.length - i < 4 || (s.length - i > 4 && is_digit(s.text[i + 4]))) return 0;
        for (size_t k = 1; k <= 3; k++) {
            if (!is_digit(s.text[i + k])) return 0;
            out[n++] = s.text[i + k];
        }
        i += 4;
    }
    if (i < s.length && s.text[i] == decimal) {
        if (++i == s.length) return 0;
        out[n++] = '.';
        while (i < s.length && is_digit(s.text[i]))
            out[n++] = s.text[i++];
    }
    return i == s.length ? n : 0;
}

static bool undress(hf_csv_span *plain, hf_csv_dress *dress, char room[HF_PLAIN_ROOM], hf_csv_span s,
                    char group, char decimal)
{
    *dress = (hf_csv_dress){0};
    s = trim_spaces(s);
    if (s.length == 0 || s.length >= HF_PLAIN_ROOM - 2) return false;
    if (s.text[0] == '(' && s.text[s.length - 1] == ')') {
        dress->parentheses = true;
        s = trim_spaces((hf_csv_span){s.text + 1, s.length - 2});
    }
    char sign = take_sign(&s);
    dress->currency = take_currency(&s, true);
    if (!sign) sign = take_sign(&s);
    if (!dress->currency) dress->currency = take_currency(&s, false);
    bool percent = s.length > 0 && s.text[s.length - 1] == '%';
    if (percent) s = trim_spaces((hf_csv_span){s.text, s.length - 1});
    if ((sign && dress->parentheses) || (percent && dress->currency)) return false;
    size_t n = 0;
    if (sign == '-' || dress->parentheses) room[n++] = '-';
    size_t digits = take_digits(room + n, s, group, decimal);
    if (digits == 0) return false;
    n += digits;
    if (percent) room[n++] = '%';
    *plain = (hf_csv_span){room, n};
    return true;
}

bool hf_csv_undress(hf_csv_span *plain, hf_csv_dress *dress, char room[HF_PLAIN_ROOM], hf_csv_span cell,
                    char decimal)
{
    return undress(plain, dress, room, cell, decimal == '.' ? ',' : '.', decimal);
}

// Up to four letters after a number: a unit, a magnitude.
static hf_csv_span without_unit(hf_csv_span s)
{
    size_t letters = 0;
    while (letters < s.length && letters < 5) {
        char c = s.text[s.length - 1 - letters];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) break;
        letters++;
    }
    if (letters == 5) return s;
    return trim_spaces((hf_csv_span){s.text, s.length - letters});
}

bool hf_csv_like_number(hf_csv_span cell)
{
    static const char marks[][2] = {{',', '.'}, {'.', ','}, {' ', '.'}, {' ', ','}, {'\'', '.'}};
    hf_csv_span s = without_unit(trim_spaces(cell)), plain;
    hf_csv_dress dress;
    char room[HF_PLAIN_ROOM];
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (undress(&plain, &dress, room, s, marks[i][0], marks[i][1]) ||
            undress(&plain, &dress, room, cell, marks[i][0], marks[i][1]))
            return true;
    return false;
}

// The number of digits (or of letters) that a text begins with; takes them off.
static size_t take_run(hf_csv_span *s, bool letters)
{
    size_t n = 0;
    while (n < s->length &&
           (letters ? (s->text[n] | 32) >= 'a' && (s->text[n] | 32) <= 'z' : is_digit(s->text[n])))
        n++;
    s->text += n;
    s->length -= n;
    return n;
}

static char take_mark(hf_csv_span *s)
{
    if (s->length == 0) return 0;
    s->length--;
    return *s->text++;
}

bool hf_csv_like_date(hf_csv_span cell)
{
    hf_csv_span s = hf_csv_trim(cell);
    size_t first = take_run(&s, false);
    char mark = take_mark(&s);
    bool month = s.length > 0 && !is_digit(s.text[0]);
    size_t second = take_run(&s, month);
    char again = take_mark(&s);
    size_t third = take_run(&s, false);
    if (mark == 0 || mark != again || !strchr("./- ", mark)) return false;
    if (month ? second < 3 || second > 9 : second < 1 || second > 2 || mark == ' ') return false;
    bool year_first = first == 4 && third >= 1 && third <= 2;
    bool year_last = first >= 1 && first <= 2 && (third == 4 || (third == 2 && mark == '/'));
    if (!year_first && !year_last) return false;
    return s.length == 0 || *s.text == ' ' || *s.text == 'T'; // a time may follow
}
