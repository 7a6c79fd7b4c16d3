// SPDX-License-Identifier: Apache-2.0
//
// Months by number: a table of month ends, so that accounts do their date arithmetic by look-up.
#ifndef HOLDFAST_SYNTH_CALENDAR_H
#define HOLDFAST_SYNTH_CALENDAR_H

#include "base/base_room.h"

enum {
    SYNTH_PAST_MONTHS = 122,  // before the first as-of date: the longest past of a founding account, and more
    SYNTH_FUTURE_MONTHS = 40, // after the last: the longest contract, and more
};

typedef struct {
    hf_date *first;  // owned: a month's first day; months + 1 entries
    int8_t *of_year; // owned: a month's place in the year, 0 is January
    int32_t months;
} hf_calendar;

// A calendar whose month SYNTH_PAST_MONTHS is the first of `months` that end with the month of `last`.
// Errors: HF_ERROR_USAGE where it would leave the years 1 to 9999, HF_ERROR_MEMORY.
hf_status hf_calendar_create(hf_calendar *out, const hf_context *context, hf_date last, int32_t months,
                             hf_error *error);
void hf_calendar_free(const hf_context *context, hf_calendar *calendar);

// The day of the month, or the month's end where it is shorter.
hf_date hf_calendar_day(const hf_calendar *calendar, int32_t month, int day);
hf_date hf_calendar_end(const hf_calendar *calendar, int32_t month);

#endif
