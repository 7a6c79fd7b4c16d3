// SPDX-License-Identifier: Apache-2.0
//
// ISO 8601 calendar dates as days since 1970-01-01, by the era arithmetic of Hinnant ("chrono-compatible
// low-level date algorithms", 2013): 400-year eras of 146,097 days, years from March.
#include "base/base_room.h"

#include <string.h>

static int32_t days_from_civil(int32_t year, int32_t month, int32_t day)
{
    int32_t y = month <= 2 ? year - 1 : year;
    int32_t era = y / 400, of_era = y % 400;
    int32_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int32_t month_length(int32_t year, int32_t month)
{
    static const int8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return length[month - 1] + (month == 2 && leap ? 1 : 0);
}

static bool digits(int32_t *out, const char *text, int count)
{
    int32_t value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        value = value * 10 + (text[i] - '0');
    }
    *out = value;
    return true;
}

bool hf_date_parse(hf_date *out, const char *text, size_t length)
{
    int32_t year, month, day;
    if (length != 10 || text[4] != '-' || text[7] != '-') return false;
    if (!digits(&year, text, 4) || !digits(&month, text + 5, 2) || !digits(&day, text + 8, 2)) return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_length(year, month)) return false;
    *out = days_from_civil(year, month, day);
    return true;
}

void hf_date_format(hf_date date, char out[11])
{
    out[0] = '\0';
    if (date < days_from_civil(1, 1, 1) || date > days_from_civil(9999, 12, 31)) return;
    int32_t z = date + 719468, era = z / 146097, of_era = z % 146097;
    int32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t shifted = (5 * of_year + 2) / 153;
    int32_t day = of_year - (153 * shifted + 2) / 5 + 1;
    int32_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    int32_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    char text[16] = {0};
    const int32_t parts[] = {year / 1000, year / 100 % 10, year / 10 % 10, year % 10,
                             -1,          month / 10,      month % 10,     -1,
                             day / 10,    day % 10};
    for (size_t i = 0; i < 10; i++)
        text[i] = parts[i] < 0 ? '-' : (char)('0' + parts[i]);
    memcpy(out, text, 11);
}
