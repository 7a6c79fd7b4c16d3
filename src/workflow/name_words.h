// SPDX-License-Identifier: Apache-2.0
//
// What a signal's name says by itself: the group it belongs to, which way is good, whether a date lies ahead.
// All of it is guessing, and whoever uses it says so.
#ifndef HOLDFAST_NAME_WORDS_H
#define HOLDFAST_NAME_WORDS_H

#include "base/base_room.h"

typedef enum {
    HF_TOPIC_USAGE,
    HF_TOPIC_SUPPORT,
    HF_TOPIC_SENTIMENT,
    HF_TOPIC_RELATIONSHIP,
    HF_TOPIC_COMMERCIAL,
    HF_TOPIC_LIFECYCLE,
    HF_TOPIC_PROFILE, // nothing else fits: who the account is
    HF_TOPICS,
} hf_topic;

const char *hf_topic_name(hf_topic topic);
double hf_topic_weight(hf_topic topic); // a usual share of 100, before anything is known

typedef struct {
    hf_topic topic;
    int good;     // 1: more is better, -1: worse, 0: the name does not say
    bool ahead;   // of a date: it is to come (renewal)
    bool behind;  // of a date: it has been (last login)
    bool parent;  // it names the parent account
    int arr;      // how much it sounds like recurring revenue, 0: not at all
    bool monthly; // recurring revenue by month
} hf_name_says;

hf_name_says hf_guess_name(const char *name);
// Whether a word of the name begins with one of the stems (a list that NULL ends); a stem with '$' at its end
// is the whole word, and one with blanks is several words in a row.
bool hf_name_has(const char *name, const char *const *stems);
// Lower-case letters, digits and underscores, at most size - 1 bytes, never empty: a name for a measure.
void hf_plain_name(char *out, size_t size, const char *name);

#endif
