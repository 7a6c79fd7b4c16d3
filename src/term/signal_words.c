// SPDX-License-Identifier: Apache-2.0
//
// Names of columns to words: snake_case, camelCase, blanks, and the window that many names end in. ASCII is
// lowered, other letters stay as they are; a word all in capitals is an acronym unless the whole name is.
#include "term/signal_words.h"

#include <ctype.h>
#include <string.h>

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
static bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c > 127;
}
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static bool is_between(char c)
{
    return c == '\0' || strchr("_-. \t\r\n()[]{}", c) != NULL;
}

// Whether a new word begins at p[0], which follows p[-1]: "csatScore", and the G of "ARRGrowth".
static bool turns(const char *p)
{
    if (!is_upper(p[0])) return false;
    return is_lower(p[-1]) || is_digit(p[-1]) || (is_upper(p[-1]) && is_lower(p[1]) && p[1] != 's');
}

static void cut(hf_signal_words *out, const char *name)
{
    size_t used = 0;
    out->count = 0;
    for (const char *p = name; *p && out->count < HF_WORD_LIMIT;) {
        if (is_between(*p)) {
            p++;
            continue;
        }
        const char *end = p + 1;
        while (!is_between(*end) && !turns(end))
            end++;
        size_t length = (size_t)(end - p);
        if (used + length + 1 > sizeof out->bytes) break;
        out->word[out->count++] = memcpy(out->bytes + used, p, length);
        used += length;
        out->bytes[used++] = '\0';
        p = end;
    }
}

static bool is_capitals(const char *word)
{
    int letters = 0;
    for (; *word; word++) {
        if (is_lower(*word)) return false;
        letters += is_upper(*word);
    }
    return letters > 1;
}

// ARR stays; MONTHLY_CHARGES is a name that shouts, not two acronyms.
static void lower(hf_signal_words *words)
{
    bool all = true, longer = false;
    for (int i = 0; i < words->count; i++) {
        all = all && (is_capitals(words->word[i]) || !isalpha((unsigned char)words->word[i][0]));
        longer = longer || strlen(words->word[i]) > 5;
    }
    for (int i = 0; i < words->count; i++) {
        if (is_capitals(words->word[i]) && !(all && longer)) continue;
        for (char *c = words->word[i]; *c; c++)
            if (is_upper(*c)) *c = (char)(*c - 'A' + 'a');
    }
}

static void take_window(hf_signal_words *words)
{
    static const struct {
        char letter;
        const char *unit;
    } units[] = {{'d', "day"}, {'w', "week"}, {'m', "month"}, {'q', "quarter"}, {'y', "year"}, {'h', "hour"}};
    words->window = 0;
    if (words->count < 2) return;
    const char *last = words->word[words->count - 1];
    size_t digits = strspn(last, "0123456789");
    if (digits == 0 || digits > 4 || strlen(last) != digits + 1) return;
    int number = 0;
    for (size_t i = 0; i < digits; i++)
        number = 10 * number + (last[i] - '0');
    for (size_t u = 0; number > 0 && u < sizeof units / sizeof *units; u++) {
        if ((last[digits] | 0x20) != units[u].letter) continue;
        words->window = number;
        words->window_unit = units[u].unit;
        words->count--;
        const char *before = words->word[words->count - 1];
        if (words->count > 1 && (strcmp(before, "last") == 0 || strcmp(before, "past") == 0)) words->count--;
    }
}

void hf_signal_words_split(hf_signal_words *out, const char *name)
{
    cut(out, name);
    lower(out);
    take_window(out);
}

static bool ends(const char *word, const char *tail)
{
    size_t a = strlen(word), b = strlen(tail);
    return a > b && strcmp(word + a - b, tail) == 0;
}

bool hf_word_is_plural(const char *word)
{
    return strlen(word) > 3 && ends(word, "s") && !ends(word, "ss") && !ends(word, "us") && !ends(word, "is");
}

void hf_word_singular(char out[64], const char *word)
{
    size_t length = strnlen(word, 63);
    memcpy(out, word, length);
    out[length] = '\0';
    if (!hf_word_is_plural(out)) return;
    out[length - 1] = '\0';
    if (ends(word, "ies") && length > 4) {
        out[length - 3] = 'y';
        out[length - 2] = '\0';
    } else if (ends(word, "sses") || ends(word, "xes") || ends(word, "ches") || ends(word, "shes")) {
        out[length - 2] = '\0';
    }
}
