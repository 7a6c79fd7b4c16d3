// SPDX-License-Identifier: Apache-2.0
//
// Every date from 0001-01-01 to 9999-12-31 against the C library's calendar, and every text that is near a
// date without being one.
#include "base/base_room.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

static int64_t oracle_day(int year, int month, int day)
{
    struct tm t = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    return (int64_t)timegm(&t) / 86400; // exact: midnight
}

Test(date, every_day_both_ways)
{
    hf_date expected = (hf_date)oracle_day(1, 1, 1);
    char text[16], back[11];
    int64_t days = 0;
    for (int year = 1; year <= 9999; year++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= 31; day++) {
                snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
                hf_date date = 12345;
                bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
                int length = month == 2                                              ? 28 + leap
                             : month == 4 || month == 6 || month == 9 || month == 11 ? 30
                                                                                     : 31;
                bool read = hf_date_parse(&date, text, 10);
                if (read != (day <= length)) cr_assert(false, "%s", text);
                if (!read) {
                    if (date != 12345) cr_assert(false, "%s touched the date", text);
                    continue;
                }
                if (date != expected) cr_assert(false, "%s is day %d, not %d", text, date, expected);
                if (day == 1 && date != oracle_day(year, month, 1)) cr_assert(false, "%s", text);
                hf_date_format(date, back);
                if (strcmp(back, text) != 0) cr_assert(false, "%s came back as %s", text, back);
                expected++;
                days++;
            }
    cr_assert(days == 3652059);
}

Test(date, outside_the_years)
{
    hf_date first = (hf_date)oracle_day(1, 1, 1), last = (hf_date)oracle_day(9999, 12, 31);
    const hf_date outside[] = {HF_DATE_MISSING, HF_DATE_MISSING + 1, first - 1, last + 1, INT32_MAX};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        char text[11] = "unwritten";
        hf_date_format(outside[i], text);
        cr_assert_str_eq(text, "");
    }
}

Test(date, texts_that_are_no_dates)
{
    static const char *const bad[] = {
        "",           "2024-1-01",  "2024-01-1",  "2024-00-10",          "2024-13-01",
        "2024-01-00", "2024/01/01", "20240101",   "2024-01-01 ",         " 2024-01-01",
        "0000-01-01", "-001-01-01", "+024-01-01", "2024-01-0a",          "2024-01-32",
        "2023-02-29", "1900-02-29", "2024-06-31", "2024-01-01T00:00:00", "24-01-01",
        "2024-01--1", "2024 01 01"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        hf_date date = 7;
        cr_assert(!hf_date_parse(&date, bad[i], strlen(bad[i])), "'%s'", bad[i]);
        cr_assert(date == 7);
    }
    hf_date date;
    cr_assert(hf_date_parse(&date, "2000-02-29xyz", 10) && date == 11016, "only the length given counts");
    // Any one byte changed to something that is no digit spoils it.
    for (int at = 0; at < 10; at++)
        for (int c = 0; c < 256; c++) {
            char text[11] = "2024-05-16";
            text[at] = (char)c;
            bool dash = at == 4 || at == 7;
            if (dash ? c == '-' : c >= '0' && c <= '9') continue;
            cr_assert(!hf_date_parse(&date, text, 10));
        }
}
