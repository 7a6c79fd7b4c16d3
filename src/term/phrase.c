// SPDX-License-Identifier: Apache-2.0
//
// The signal's part of a reason, in words: the column's name, its kind and the account's value put the way a
// person would. Counts of a plural noun are counted ("12 tickets in 90 days"); everything else is named and
// then valued ("tenure 2"). Numbers show four digits at most, and whole parts in full.
#include "term/signal_words.h"
#include "term/term_room.h"

#include <math.h>
#include <string.h>

// Text of a fixed size, cut at a character.
typedef struct {
    char *out;
    size_t size, length;
} phrase;

static void put(phrase *p, const char *text)
{
    while (*text) {
        size_t bytes = 1;
        while (((unsigned char)text[bytes] & 0xc0) == 0x80)
            bytes++;
        if (p->length + bytes + 1 > p->size) {
            p->size = p->length + 1; // nothing after what was cut
            return;
        }
        memcpy(p->out + p->length, text, bytes);
        p->length += bytes;
        p->out[p->length] = '\0';
        text += bytes;
    }
}

static void put_word(phrase *p, const char *word)
{
    if (p->length > 0) put(p, " ");
    put(p, word);
}

// Four digits, the whole part in full, no trailing zeros: 70.35, 0.0123, 123456.
static void put_number(phrase *p, double x)
{
    char text[64];
    double size = fabs(x);
    if (size > 0 && size < 1e15) {
        int decimals = 3 - (int)floor(log10(size));
        if (decimals > 300) decimals = 300;
        double scale = decimals > 0 ? pow(10, decimals) : 1;
        x = round(x * scale) / scale;
    }
    hf_format_f64(text, x == 0 ? 0.0 : x);
    put_word(p, text);
}

static bool is_one_of(const char *word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0) return true;
    return false;
}

#define IS_ONE_OF(word, list) is_one_of(word, list, sizeof(list) / sizeof *(list))

static bool is_mass(const char *word)
{
    static const char *const mass[] = {"usage",   "spend",  "revenue", "activity", "growth", "time", "data",
                                       "traffic", "tenure", "use",     "value",    "age",    "score"};
    return IS_ONE_OF(word, mass);
}

static bool is_time(const char *word)
{
    static const char *const times[] = {"days", "weeks", "months", "years", "hours", "minutes"};
    return IS_ONE_OF(word, times);
}

static bool is_preposition(const char *word)
{
    static const char *const prepositions[] = {"since", "of",  "per",    "in",    "to", "until", "with",
                                               "from",  "for", "before", "after", "by", "on",    "at"};
    return IS_ONE_OF(word, prepositions);
}

// Words that only say "this is a count": num_tickets, NumOfProducts, ticket_count.
static void drop_counting_words(hf_signal_words *w)
{
    static const char *const leading[] = {"num", "number", "nr", "count", "cnt"};
    static const char *const trailing[] = {"count", "cnt", "num"};
    const bool of = w->count > 2 && strcmp(w->word[1], "of") == 0;
    int first = of && strcmp(w->word[0], "no") == 0 ? 2 : 0;
    if (w->count > 1 && IS_ONE_OF(w->word[0], leading)) first = of ? 2 : 1;
    w->count -= first;
    memmove(w->word, w->word + first, (size_t)w->count * sizeof *w->word);
    if (w->count > 1 && IS_ONE_OF(w->word[w->count - 1], trailing)) w->count--;
}

// The noun that is counted: the word before the first preposition, else the last.
static int head_of(const hf_signal_words *w)
{
    for (int i = 1; i < w->count; i++)
        if (is_preposition(w->word[i])) return i - 1;
    return w->count - 1;
}

static void put_name(phrase *p, const hf_signal_words *w)
{
    for (int i = 0; i < w->count; i++)
        put_word(p, w->word[i]);
}

static void put_window(phrase *p, const hf_signal_words *w)
{
    if (w->window == 0) return;
    put_word(p, "in");
    put_number(p, w->window);
    put_word(p, w->window_unit);
    if (w->window != 1) put(p, "s");
}

// "12 tickets", "1 ticket", "no tickets".
static void put_counted(phrase *p, const hf_signal_words *w, int head, double x)
{
    char singular[64];
    const bool plural = hf_word_is_plural(w->word[head]);
    if (x == 0 && !is_time(w->word[head]))
        put_word(p, "no");
    else
        put_number(p, x);
    for (int i = 0; i < w->count; i++) {
        if (i == head && x == 1) {
            hf_word_singular(singular, w->word[i]);
            put_word(p, singular);
            continue;
        }
        put_word(p, w->word[i]);
        if (i == head && !plural) put(p, "s");
    }
    put_window(p, w);
}

// Whether the number stands before the noun.
static bool is_counted(hf_kind kind, const hf_signal_words *w, int head)
{
    const char *noun = w->word[head];
    if (is_time(noun) && head == 0 && (kind == HF_KIND_NUMBER || kind == HF_KIND_COUNT)) return true;
    if (kind != HF_KIND_COUNT || is_mass(noun)) return false;
    return hf_word_is_plural(noun) || (w->window > 0 && !is_preposition(noun));
}

static void put_unit(phrase *p, const char *unit)
{
    if (unit[0] != '\0') put_word(p, unit);
}

static void put_ratio(phrase *p, hf_signal_words *w, double x)
{
    static const char *const percent[] = {"pct", "percent", "percentage"};
    if (w->count > 1 && IS_ONE_OF(w->word[w->count - 1], percent)) w->count--;
    put_name(p, w);
    put_number(p, 100 * x);
    put_word(p, "%");
    put_window(p, w);
}

static void put_value(phrase *p, const hf_term *term, hf_signal_words *w, double x)
{
    hf_kind kind = term->signal_kind;
    if (kind == HF_KIND_RATIO) {
        put_ratio(p, w, x);
        return;
    }
    if (kind == HF_KIND_FLAG && (x == 0 || x == 1)) {
        put_name(p, w);
        put_window(p, w);
        if (x == 0) put(p, ": no");
        return;
    }
    if (kind == HF_KIND_COUNT) drop_counting_words(w);
    int head = head_of(w);
    if (is_counted(kind, w, head)) {
        put_counted(p, w, head, x);
        return;
    }
    put_name(p, w);
    put_number(p, x);
    put_unit(p, term->unit);
    put_window(p, w);
}

static void put_missing(phrase *p, const hf_signal_words *w)
{
    put_word(p, w->window > 0 ? "no record of" : "no");
    put_name(p, w);
    put_window(p, w);
    if (w->window == 0) put_word(p, "on record");
}

void hf_term_phrase(char *out, size_t size, const hf_term *term, const hf_column *column, int64_t row)
{
    if (size == 0) return;
    out[0] = '\0';
    phrase p = {out, size, 0};
    hf_signal_words words;
    hf_signal_words_split(&words, term->signal);
    if (words.count == 0) { // a name of signs only: as it stands
        words.count = 1;
        words.word[0] = term->signal;
    }
    if (column && column->storage == HF_STORAGE_CODE) {
        int32_t code = ((const int32_t *)column->values)[row];
        if (code < 0) {
            put_missing(&p, &words);
        } else {
            put_name(&p, &words);
            put_window(&p, &words);
            put_word(&p, hf_dictionary_text(&column->dictionary, code));
        }
        return;
    }
    bool number = column && (column->storage == HF_STORAGE_F32 || column->storage == HF_STORAGE_F64);
    double x = number ? hf_column_number(column, row) : NAN;
    if (isnan(x))
        put_missing(&p, &words);
    else
        put_value(&p, term, &words, x);
}
