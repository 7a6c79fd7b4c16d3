// SPDX-License-Identifier: Apache-2.0
//
// Numbers and values as the explanation pages say them. Private to the room.
#ifndef HOLDFAST_REPORT_WORDS_H
#define HOLDFAST_REPORT_WORDS_H

#include "health/health_room.h"

#include <jansson.h>

enum { HF_NUMBER = 48, HF_WORDS = 320 };

// Fixed point, "" for NaN. Returns out.
const char *hf_say_fixed(char out[HF_NUMBER], double value, int decimals);
// The same with its sign, "+0.00" too.
const char *hf_say_signed(char out[HF_NUMBER], double value, int decimals);
// A share as "12.5 %", "" for NaN.
const char *hf_say_share(char out[HF_NUMBER], double share);
// Money in whole units, "48,000", "" for NaN.
const char *hf_say_money(char out[HF_NUMBER], double amount);
// The same with its sign, "+0" too.
const char *hf_say_money_change(char out[HF_NUMBER], double amount);
// A date, "" for none.
const char *hf_say_date(char out[HF_NUMBER], hf_date date);
// A name of the definition or of a signal as words: underscores as blanks.
const char *hf_say_name(char out[HF_WORDS], const char *name);

// A measure's value on a row: "12 tickets in 90 days", "usage depth 31 %", "no csat on record".
const char *hf_say_value(char out[HF_WORDS], const hf_health_plan *plan, int32_t measure, int64_t row);
// The same for a number or a level that no row has.
const char *hf_say_number(char out[HF_WORDS], const hf_health_plan *plan, int32_t measure, double number);
const char *hf_say_level(char out[HF_WORDS], const hf_health_plan *plan, int32_t measure, const char *level);
// "action value" of an override: "cap at 40".
const char *hf_say_action(char out[HF_WORDS], hf_override_action action, double value);

// Takes the blanks off the ends of the lines from a place in the text on.
void hf_trim_lines(hf_text *text, size_t from);

// The name of a band; "unknown" for -1.
const char *hf_band_name(const hf_definition *definition, int8_t band);

// ---- JSON ------------------------------------------------------------------------------------------------------

json_t *hf_json_number(double value); // null where it is not finite
json_t *hf_json_date(hf_date date);   // null for none
// Prints with all digits and takes the reference; NULL means that memory ran out while it was made.
hf_status hf_json_print(hf_text *text, json_t *root, hf_error *error);

#endif
