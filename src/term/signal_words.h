// SPDX-License-Identifier: Apache-2.0
//
// A column's name as words a person would say.
#ifndef HOLDFAST_SIGNAL_WORDS_H
#define HOLDFAST_SIGNAL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define HF_WORD_LIMIT 48 // words of a name; more are cut off

typedef struct {
    char bytes[640]; // the words' text, each NUL-terminated
    char *word[HF_WORD_LIMIT];
    int count;
    int window;              // 90 for a name that ends in _90d; 0 if it does not
    const char *window_unit; // "day", "week", "month", "quarter", "year", "hour"
} hf_signal_words;

// Splits at '_', '-', '.', blanks, brackets and where camelCase turns; lower case but for acronyms; a window
// at the end (90d, 12m) is taken off, with a "last" or "past" before it.
void hf_signal_words_split(hf_signal_words *out, const char *name);
// Whether a noun reads as a plural, and the two forms of one (out: 64 bytes).
bool hf_word_is_plural(const char *word);
void hf_word_singular(char out[64], const char *word);

#endif
