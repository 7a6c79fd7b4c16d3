// SPDX-License-Identifier: Apache-2.0
//
// The signal's part of a reason, in words: the column's name, its kind and the account's value put the way a
// person would. Counts of a plural noun are counted ("12 tickets in 90 days"); everything else is named and
// then valued ("tenure 2"). Numbers show four digits at most, and whole parts in full.
#include "term/phrase_amount.h"
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
    size_t length = strlen(text);
    if (p->length + length + 1 <= p->size) {
        memcpy(p->out + p->length, text, length + 1);
        p->length += length;
        return;
    }
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
    static const double least[] = {1000, 100, 10, 1, 0.1, 0.01, 0.001, 0.0001};
    char text[64];
    const double size = fabs(x);
    int decimals = 0;
    while (decimals < 8 && size < least[decimals])
        decimals++;
    if (size == floor(size) && size < 1e15) {
        hf_format_i64(text, (int64_t)x);
    } else if (size >= 1e8 || decimals == 8) {
        double scale = size >= 1e8 ? 1 : pow(10, 3 - floor(log10(size)));
        hf_format_f64(text, isfinite(scale) ? round(x * scale) / scale : x);
    } else {
        size_t length = hf_format_fixed(text, x, decimals);
        while (decimals > 0 && text[length - 1] == '0')
            text[--length] = '\0';
        if (decimals > 0 && text[length - 1] == '.') text[--length] = '\0';
    }
    put(p, text);
}

void hf_phrase_amount(char *out, size_t size, double x)
{
    phrase p = {out, size, 0};
    out[0] = '\0';
    put_number(&p, x);
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
    char number[32];
    if (w->window == 0) return;
    hf_format_i64(number, w->window);
    put_word(p, "in");
    put_word(p, number);
    put_word(p, w->window_unit);
    if (w->window != 1) put(p, "s");
}

// What follows the number of a counted noun: "tickets in 90 days", or for one "ticket in 90 days".
static void put_counted(phrase *p, const hf_signal_words *w, int head, bool one)
{
    char singular[64];
    for (int i = 0; i < w->count; i++) {
        if (i == head && one) {
            hf_word_singular(singular, w->word[i]);
            put_word(p, singular);
            continue;
        }
        put_word(p, w->word[i]);
        if (i == head && !hf_word_is_plural(w->word[i])) put(p, "s");
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

static phrase start(char *out)
{
    return (phrase){out, HF_PHRASE_PART, 0};
}

static void shape_missing(hf_phrase *out, const hf_signal_words *w)
{
    phrase p = start(out->missing);
    put_word(&p, w->window > 0 ? "no record of" : "no");
    put_name(&p, w);
    put_window(&p, w);
    if (w->window == 0) put_word(&p, "on record");
}

static void shape_counted(hf_phrase *out, const hf_signal_words *w, int head)
{
    phrase one = start(out->one), zero = start(out->zero);
    phrase after = {out->after + 1, HF_PHRASE_PART - 1, 0};
    out->after[0] = ' ';
    put_counted(&after, w, head, false);
    put(&one, "1");
    put_counted(&one, w, head, true);
    if (is_time(w->word[head])) return;
    put(&zero, "no");
    put_counted(&zero, w, head, false);
}

static void shape_flag(hf_phrase *out, const hf_signal_words *w)
{
    phrase one = start(out->one), zero = start(out->zero);
    put_name(&one, w);
    put_window(&one, w);
    put(&zero, out->one);
    put(&zero, ": no");
}

// A unit of time that ends a name belongs behind the number: time_to_first_value_days. Returns it, or NULL.
static const char *take_time_unit(hf_signal_words *w, hf_kind kind)
{
    const bool amount = kind == HF_KIND_NUMBER || kind == HF_KIND_COUNT;
    if (!amount || w->count < 2 || w->window > 0 || !is_time(w->word[w->count - 1])) return NULL;
    return w->word[--w->count];
}

// "licence use 63 %", "monthly charges 70.35 EUR".
static void shape_named(hf_phrase *out, hf_signal_words *w, const char *unit)
{
    static const char *const percent[] = {"pct", "percent", "percentage"};
    phrase before = start(out->before), after = start(out->after);
    if (out->scale > 1 && w->count > 1 && IS_ONE_OF(w->word[w->count - 1], percent)) w->count--;
    put_name(&before, w);
    put(&before, " ");
    if (unit[0] != '\0') {
        put(&after, " ");
        put(&after, unit);
    }
    if (w->window > 0) put(&after, " ");
    phrase rest = {out->after + after.length, HF_PHRASE_PART - after.length, 0};
    put_window(&rest, w);
}

// "customer lifetime 4 months".
static void shape_timed(hf_phrase *out, hf_signal_words *w, const char *time)
{
    char singular[64];
    phrase one = start(out->one);
    hf_word_singular(singular, time);
    shape_named(out, w, time);
    put(&one, out->before);
    put(&one, "1 ");
    put(&one, singular);
}

void hf_phrase_shape(hf_phrase *out, const hf_term *term)
{
    hf_signal_words words;
    *out = (hf_phrase){.scale = term->signal_kind == HF_KIND_RATIO ? 100 : 1};
    hf_signal_words_split(&words, term->signal);
    if (words.count == 0) { // a name of signs only: as it stands
        words.count = 1;
        words.word[0] = term->signal;
    }
    const char *time = take_time_unit(&words, term->signal_kind);
    shape_missing(out, &words);
    if (time) {
        shape_timed(out, &words, time);
        return;
    }
    if (term->signal_kind == HF_KIND_FLAG) shape_flag(out, &words);
    if (term->signal_kind == HF_KIND_COUNT) drop_counting_words(&words);
    const int head = head_of(&words);
    if (is_counted(term->signal_kind, &words, head))
        shape_counted(out, &words, head);
    else
        shape_named(out, &words, term->signal_kind == HF_KIND_RATIO ? "%" : term->unit);
}

static void put_value(phrase *p, const hf_phrase *shape, double x)
{
    if (isnan(x)) {
        put(p, shape->missing);
    } else if (x == 0 && shape->zero[0] != '\0') {
        put(p, shape->zero);
    } else if (x == 1 && shape->one[0] != '\0') {
        put(p, shape->one);
    } else {
        put(p, shape->before);
        put_number(p, x * shape->scale);
        put(p, shape->after);
    }
}

size_t hf_phrase_write(char *out, size_t size, const hf_phrase *shape, const hf_column *column, int64_t row)
{
    if (size == 0) return 0;
    out[0] = '\0';
    phrase p = {out, size, 0};
    if (!column || column->storage == HF_STORAGE_DAY) {
        put(&p, shape->missing);
    } else if (column->storage == HF_STORAGE_CODE) {
        int32_t code = ((const int32_t *)column->values)[row];
        put(&p, code < 0 ? shape->missing : shape->before);
        put(&p, code < 0 ? "" : hf_dictionary_text(&column->dictionary, code));
    } else {
        put_value(&p, shape, hf_column_number(column, row));
    }
    return p.length;
}

size_t hf_phrase_number(char *out, size_t size, const hf_phrase *shape, double x)
{
    if (size == 0) return 0;
    out[0] = '\0';
    phrase p = {out, size, 0};
    put_value(&p, shape, x);
    return p.length;
}

void hf_term_phrase(char *out, size_t size, const hf_term *term, const hf_column *column, int64_t row)
{
    hf_phrase shape;
    hf_phrase_shape(&shape, term);
    hf_phrase_write(out, size, &shape, column, row);
}
