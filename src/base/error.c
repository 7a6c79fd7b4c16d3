// SPDX-License-Identifier: Apache-2.0
//
// Filling and formatting hf_error, and the texts of the statuses. An error is fixed size and the caller's,
// so failing never allocates and can report that memory ran out.
#include "base/c_locale.h"

#include "base/base_room.h"

#include <stdarg.h>
#include <string.h>

const char *hf_status_text(hf_status status)
{
    switch (status) {
#define STATUS_TEXT(name, text) \
    case name:                  \
        return text;
        HF_STATUS_LIST(STATUS_TEXT)
#undef STATUS_TEXT
    }
    return "an unknown status";
}

// Cuts text that fills its buffer back to whole UTF-8 characters.
static void cut_at_character(char *text, size_t size)
{
    size_t length = strlen(text), bad;
    if (length == size - 1 && !hf_is_utf8(text, length, &bad) && length - bad < 4) text[bad] = '\0';
}

// The end of a path says more than its beginning, so the end is what is kept of a long one.
static void set_file(hf_error *error, const char *file)
{
    size_t length = strlen(file), limit = sizeof error->file - 1;
    if (length <= limit) {
        memmove(error->file, file, length + 1);
        return;
    }
    const char *tail = file + length - (limit - 3);
    while (((unsigned char)*tail & 0xc0) == 0x80)
        tail++;
    memmove(error->file + 3, tail, strlen(tail) + 1);
    memcpy(error->file, "...", 3);
}

// The message and the file may be made of the error's own fields, so the message is formatted before they
// change.
static void fill(hf_error *error, hf_status status, const char *file, int64_t line, int64_t column,
                 const char *after, const char *format, va_list args)
{
    char message[sizeof error->message];
    int length = hf_print_c(message, sizeof message, format, args);
    if (after && length >= 0 && (size_t)length < sizeof message)
        snprintf(message + length, sizeof message - (size_t)length, ": %s", after);
    cut_at_character(message, sizeof message);
    set_file(error, file ? file : "");
    error->status = status;
    error->line = line;
    error->column = column;
    memcpy(error->message, message, strlen(message) + 1);
}

hf_status hf_fail(hf_error *error, hf_status status, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        fill(error, status, NULL, 0, 0, NULL, format, args);
        va_end(args);
    }
    return status;
}

hf_status hf_fail_at(hf_error *error, hf_status status, const char *file, int64_t line, int64_t column,
                     const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        fill(error, status, file, line, column, NULL, format, args);
        va_end(args);
    }
    return status;
}

hf_status hf_fail_errno(hf_error *error, const char *file, int number, const char *format, ...)
{
    if (error) {
        char text[128];
        va_list args;
        va_start(args, format);
        fill(error, HF_ERROR_IO, file, 0, 0, strerror_r(number, text, sizeof text), format, args);
        va_end(args);
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
