// SPDX-License-Identifier: Apache-2.0
//
// A growing text buffer. Growth doubles; a failure is remembered in the buffer so that a writer of many
// small pieces checks once, at the end.
#include "base/base_room.h"
#include "base/c_locale.h"

#include <stdarg.h>
#include <string.h>

void hf_text_init(hf_text *text, const hf_context *context)
{
    *text = (hf_text){.context = context};
}

void hf_text_free(hf_text *text)
{
    hf_delete(text->context, text->data);
    *text = (hf_text){.context = text->context};
}

void hf_text_clear(hf_text *text)
{
    text->length = 0;
    text->failed = false;
    if (text->data) text->data[0] = '\0';
}

char *hf_text_reserve(hf_text *text, size_t n)
{
    size_t need;
    if (text->failed || !hf_size_add(&need, text->length, n) || !hf_size_add(&need, need, 1)) {
        text->failed = true;
        return NULL;
    }
    if (need > text->capacity) {
        size_t capacity = text->capacity < 128 ? 256 : text->capacity * 2;
        if (capacity < need) capacity = need;
        char *grown = hf_grow(text->context, text->data, capacity, 1);
        if (!grown) {
            text->failed = true;
            return NULL;
        }
        text->data = grown;
        text->capacity = capacity;
    }
    return text->data + text->length;
}

void hf_text_add(hf_text *text, const char *bytes, size_t length)
{
    char *end = hf_text_reserve(text, length);
    if (!end) return;
    if (length > 0) memcpy(end, bytes, length);
    end[length] = '\0';
    text->length += length;
}

void hf_text_puts(hf_text *text, const char *string)
{
    hf_text_add(text, string, strlen(string));
}

void hf_text_putc(hf_text *text, char c)
{
    hf_text_add(text, &c, 1);
}

void hf_text_printf(hf_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = hf_print_c(NULL, 0, format, args);
    char *end = length < 0 ? NULL : hf_text_reserve(text, (size_t)length);
    if (end) {
        hf_print_c(end, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    } else {
        text->failed = true;
    }
    va_end(again);
    va_end(args);
}

hf_status hf_text_status(const hf_text *text, hf_error *error)
{
    return text->failed ? hf_fail_memory(error) : HF_OK;
}
