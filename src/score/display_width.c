// SPDX-License-Identifier: Apache-2.0
//
// Column counts by the ranges of Unicode's East Asian Width (UAX 11): wide and full-width characters take two
// columns, combining marks and joiners none. The C library's wcwidth would need the caller's locale.
#include "score/display_width.h"

#include <stdbool.h>

typedef struct {
    uint32_t first, last;
} code_range;

static const code_range NONE[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
                                  {0x64b, 0x65f},   {0x93c, 0x93c},   {0x94d, 0x94d},   {0xe31, 0xe31},
                                  {0xe34, 0xe3a},   {0xe47, 0xe4e},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
                                  {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};
static const code_range WIDE[] = {{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},
                                  {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
                                  {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
                                  {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

static bool is_in(uint32_t code, const code_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last) return true;
    return false;
}

// Reads one character and returns its bytes.
static size_t decode(uint32_t *code, const unsigned char *text, size_t length)
{
    const size_t bytes = text[0] < 0xc0 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
    *code = text[0];
    if (bytes == 1 || bytes > length) return 1;
    *code = text[0] & (0xffu >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++)
        *code = *code << 6 | (text[i] & 0x3fu);
    return bytes;
}

int32_t hf_display_width(const char *text, size_t length)
{
    int32_t width = 0;
    for (size_t i = 0; i < length;) {
        uint32_t code;
        i += decode(&code, (const unsigned char *)text + i, length - i);
        if (code < 0x300) {
            width++;
        } else if (!is_in(code, NONE, sizeof NONE / sizeof *NONE)) {
            width += is_in(code, WIDE, sizeof WIDE / sizeof *WIDE) ? 2 : 1;
        }
    }
    return width;
}
