// SPDX-License-Identifier: Apache-2.0
//
// Aligned tables: cells are kept as texts and printed once every column's width is known. Widths count
// characters, not bytes, so that names in any script line up.
#include "report/report_room.h"

#include <stdarg.h>
#include <string.h>

struct hf_grid {
    const hf_context *context;
    hf_text cells; // every cell's text, NUL-terminated, headings first
    int32_t columns;
    int64_t count; // cells, headings included
    bool right[64];
};

hf_status hf_grid_create(hf_grid **out, const hf_context *context, const char *headings, hf_error *error)
{
    hf_grid *grid = hf_new(context, 1, sizeof *grid);
    if (!grid) return hf_fail_memory(error);
    grid->context = context;
    hf_text_init(&grid->cells, context);
    for (const char *p = headings; p;) {
        const char *bar = strchr(p, '|');
        size_t length = bar ? (size_t)(bar - p) : strlen(p);
        grid->right[grid->columns++] = *p == '>';
        hf_text_add(&grid->cells, p + (*p == '>'), length - (*p == '>'));
        hf_text_putc(&grid->cells, '\0');
        p = bar && grid->columns < 64 ? bar + 1 : NULL;
    }
    grid->count = grid->columns;
    *out = grid;
    return HF_OK;
}

void hf_grid_cell(hf_grid *grid, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    hf_text_add(&grid->cells, text, strlen(text) + 1);
    grid->count++;
}

static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void pad(hf_text *text, size_t n)
{
    while (n-- > 0)
        hf_text_putc(text, ' ');
}

hf_status hf_grid_print(const hf_grid *grid, hf_text *text, hf_error *error)
{
    size_t width[64] = {0};
    if (grid->cells.failed) return hf_fail_memory(error);
    const char *cell = grid->cells.data;
    for (int64_t i = 0; i < grid->count; i++, cell += strlen(cell) + 1) {
        size_t w = width_of(cell);
        if (w > width[i % grid->columns]) width[i % grid->columns] = w;
    }
    cell = grid->cells.data;
    for (int64_t i = 0; i < grid->count; i++, cell += strlen(cell) + 1) {
        int32_t column = (int32_t)(i % grid->columns);
        size_t blanks = width[column] - width_of(cell);
        if (column > 0) hf_text_puts(text, "  ");
        if (grid->right[column]) pad(text, blanks);
        hf_text_puts(text, cell);
        bool last = column + 1 == grid->columns;
        if (!grid->right[column] && !last) pad(text, blanks);
        if (last) hf_text_putc(text, '\n');
    }
    return hf_text_status(text, error);
}

void hf_grid_destroy(hf_grid *grid)
{
    if (!grid) return;
    hf_text_free(&grid->cells);
    hf_delete(grid->context, grid);
}

const char *hf_grouped(char out[32], int64_t value)
{
    char digits[24];
    size_t n = hf_format_i64(digits, value), length = 0;
    for (size_t i = 0; i < n; i++) {
        out[length++] = digits[i];
        size_t left = n - 1 - i;
        if (left > 0 && left % 3 == 0 && digits[i] != '-') out[length++] = ',';
    }
    out[length] = '\0';
    return out;
}
