// SPDX-License-Identifier: Apache-2.0
//
// Builds the table of months around the fleet's as-of dates, once, from ISO dates as text.
#include "synth/calendar.h"

#include <stdlib.h>

static hf_status first_of_month(hf_date *out, int32_t year, int32_t month, hf_error *error)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%04d-%02d-01", (int)year, (int)month + 1);
    if (hf_date_parse(out, text, (size_t)length)) return HF_OK;
    return hf_fail(error, HF_ERROR_USAGE,
                   "synth: the last month is too near the ends of the calendar; give one between the years "
                   "100 and 9900");
}

hf_status hf_calendar_create(hf_calendar *out, const hf_context *context, hf_date last, int32_t months,
                             hf_error *error)
{
    hf_status status = HF_OK;
    hf_calendar calendar = {.months = SYNTH_PAST_MONTHS + months + SYNTH_FUTURE_MONTHS};
    char text[11];
    hf_date_format(last, text);
    if (text[0] == '\0') return hf_fail(error, HF_ERROR_USAGE, "synth: the last month is no date");
    int32_t last_month = (int32_t)(12 * strtol(text, NULL, 10) + strtol(text + 5, NULL, 10) - 1);
    int32_t month = last_month - months + 1 - SYNTH_PAST_MONTHS;
    calendar.first = hf_new(context, (size_t)calendar.months + 1, sizeof *calendar.first);
    calendar.of_year = hf_new(context, (size_t)calendar.months + 1, sizeof *calendar.of_year);
    if (!calendar.first || !calendar.of_year) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t m = 0; m <= calendar.months; m++, month++) {
        HF_TRY(done, first_of_month(&calendar.first[m], month / 12, month % 12, error));
        calendar.of_year[m] = (int8_t)(month % 12);
    }
    *out = calendar;
done:
    if (status != HF_OK) hf_calendar_free(context, &calendar);
    return status;
}

void hf_calendar_free(const hf_context *context, hf_calendar *calendar)
{
    hf_delete(context, calendar->first);
    hf_delete(context, calendar->of_year);
}

hf_date hf_calendar_day(const hf_calendar *calendar, int32_t month, int day)
{
    hf_date date = calendar->first[month] + day - 1, end = hf_calendar_end(calendar, month);
    return date < end ? date : end;
}

hf_date hf_calendar_end(const hf_calendar *calendar, int32_t month)
{
    return calendar->first[month + 1] - 1;
}
