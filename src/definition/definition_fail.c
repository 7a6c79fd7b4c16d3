// SPDX-License-Identifier: Apache-2.0
//
// Failing at a place in the definition file: the message, then the line it is about with a caret below the
// place. A long line is cut to a window about the place; tabs become blanks, so that the caret stands right.
#include "definition/definition_room.h"

#include <stdarg.h>
#include <string.h>

enum { SHOWN = 100, BEFORE = 70 }; // characters of the line, and how many of them stand before the place

// The bytes of a line, from 1, without its end. NULL where the text has no such line.
static const char *find_line(const char *text, size_t size, int32_t line, size_t *length)
{
    const char *end = text + size, *p = text;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) p += 3;
    for (int32_t at = 1;; at++) {
        const char *stop = p;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        if (at == line) {
            *length = (size_t)(stop - p);
            return p;
        }
        if (stop == end) return NULL;
        p = stop + (end - stop > 1 && stop[0] == '\r' && stop[1] == '\n' ? 2 : 1);
    }
}

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

// Writes the line's window and the caret below it.
static void draw(char *out, size_t size, const char *line, size_t length, int32_t column)
{
    const int32_t from = column > BEFORE + 1 ? column - BEFORE : 1;
    char shown[4 * SHOWN + 1];
    size_t n = 0;
    int32_t character = 0;
    for (size_t i = 0; i < length; i++) {
        character += starts_character(line[i]);
        if (character < from) continue;
        if (character >= from + SHOWN || n == sizeof shown - 1) break;
        shown[n++] = (unsigned char)line[i] < ' ' || line[i] == 0x7f ? ' ' : line[i];
    }
    shown[n] = '\0';
    snprintf(out, size, "\n%s\n%*s^", shown, (int)(column - from), "");
}

hf_status hf_definition_fail(hf_error *error, const hf_definition *definition, hf_place place,
                             const char *format, ...)
{
    if (!error) return HF_ERROR_DATA;
    char message[1024], drawn[4 * SHOWN + BEFORE + 80] = "";
    size_t length = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    const char *line = place.line > 0 && definition->text
                           ? find_line(definition->text, definition->text_length, place.line, &length)
                           : NULL;
    if (line && length > 0) draw(drawn, sizeof drawn, line, length, place.column);
    return hf_fail_at(error, HF_ERROR_DATA, definition->path, place.line, place.column, "%s%s", message,
                      drawn);
}
