// SPDX-License-Identifier: Apache-2.0
//
// The clock, or what SOURCE_DATE_EPOCH says instead, as a date; see today.h.
#include "workflow/today.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum { DAY = 86400, FARTHEST_EAST = 14 * 3600 };

hf_date hf_today(void)
{
    const char *given = getenv("SOURCE_DATE_EPOCH");
    long long seconds = (long long)time(NULL);
    if (given && *given != '\0') {
        char *end;
        errno = 0;
        const long long told = strtoll(given, &end, 10);
        if (*end == '\0' && errno == 0 && told >= 0 && told / DAY < INT32_MAX / 2) seconds = told;
    }
    return (hf_date)((seconds + FARTHEST_EAST) / DAY);
}
