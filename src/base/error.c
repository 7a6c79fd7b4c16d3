// SPDX-License-Identifier: Apache-2.0
//
// Filling and formatting hf_error, and the texts of the statuses. An error is fixed size and the caller's,
// so failing never allocates and can report that memory ran out.
#include "base/base_room.h"

#include <stdarg.h>
#include <string.h>

const char *hf_status_text(hf_status status)
{
    switch (status) {
#define STATUS_TEXT(name, text)                                                                              \
    case name: return text;
        HF_STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "an unknown status";
}

static void fill(hf_error *error, hf_status status, const char *file, int64_t line, int64_t column)
{
    error->status = status;
    error->line = line;
    error->column = column;
    snprintf(error->file, sizeof error->file, "%s", file ? file : "");
}

hf_status hf_fail(hf_error *error, hf_status status, const char *format, ...)
{
    if (error) {
        fill(error, status, NULL, 0, 0);
        va_list args;
        va_start(args, format);
        vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
    }
    return status;
}

hf_status hf_fail_at(hf_error *error, hf_status status, const char *file, int64_t line, int64_t column,
                     const char *format, ...)
{
    if (error) {
        // The message may be made of the error's own fields, so it is formatted before they change.
        char message[sizeof error->message];
        va_list args;
        va_start(args, format);
        vsnprintf(message, sizeof message, format, args);
        va_end(args);
        fill(error, status, file, line, column);
        memcpy(error->message, message, sizeof message);
    }
    return status;
}

hf_status hf_fail_errno(hf_error *error, const char *file, int number, const char *format, ...)
{
    if (error) {
        fill(error, HF_ERROR_IO, file, 0, 0);
        va_list args;
        va_start(args, format);
        vsnprintf(error->message, sizeof error->message, format, args);
        va_end(args);
        size_t length = strlen(error->message);
        char text[128];
        snprintf(error->message + length, sizeof error->message - length, ": %s",
                 strerror_r(number, text, sizeof text));
    }
    return HF_ERROR_IO;
}

hf_status hf_fail_memory(hf_error *error)
{
    return hf_fail(error, HF_ERROR_MEMORY, "out of memory; free some, or work on fewer rows at a time");
}

void hf_error_format(const hf_error *error, char *out, size_t size)
{
    char place[sizeof error->file + 48] = "";
    if (error->file[0] != '\0') {
        const char *name = strcmp(error->file, "-") == 0 ? "standard input" : error->file;
        if (error->line > 0 && error->column > 0)
            snprintf(place, sizeof place, "%s:%lld:%lld: ", name, (long long)error->line,
                     (long long)error->column);
        else if (error->line > 0)
            snprintf(place, sizeof place, "%s:%lld: ", name, (long long)error->line);
        else
            snprintf(place, sizeof place, "%s: ", name);
    }
    const char *message = error->message[0] != '\0' ? error->message : hf_status_text(error->status);
    snprintf(out, size, "%s%s", place, message);
}
