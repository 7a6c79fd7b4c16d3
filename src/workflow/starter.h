// SPDX-License-Identifier: Apache-2.0
//
// A starter scorecard: what each signal of a profile becomes, and the definition's text.
#ifndef HOLDFAST_STARTER_H
#define HOLDFAST_STARTER_H

#include "workflow/name_words.h"
#include "workflow/profiling.h"

#define HF_WHY 400 // bytes of a sentence

typedef enum {
    HF_ROLE_LEFT_OUT, // why says why
    HF_ROLE_NUMBER,   // a line from worst to best
    HF_ROLE_LEVELS,   // a table
} hf_role;

typedef struct {
    int32_t column; // of the profile's frame
    hf_role role;
    char measure[64]; // within its group
    char derived[80]; // the derived signal's name where a date becomes days; "" else
    bool until;       // days until the date, else days since it
    hf_topic topic;
    double weight;
    bool good; // higher is good
    double worst, best;
    bool from_data; // direction and weight come from what happened
    char why[HF_WHY];
} hf_guess;

typedef struct {
    const hf_context *context;
    const hf_data_profile *data;
    hf_guess *guesses; // owned, one a column
    int32_t count;
    int32_t arr, parent;  // columns, -1 for none
    bool event_good;      // the outcome is a good thing: a renewal
    bool weighed;         // weights come from data
    double yellow, green; // edges of the bands
    bool banded;          // they come from the data
} hf_starter;

hf_status hf_starter_guess(hf_starter *out, const hf_context *context, const hf_data_profile *data,
                           hf_error *error);
void hf_starter_free(hf_starter *starter);
// The definition as YAML text. name: the definition's; source: what was looked at, for the first comment.
hf_status hf_starter_write(hf_text *text, const hf_starter *starter, const char *name, const char *source,
                           hf_error *error);

#endif
