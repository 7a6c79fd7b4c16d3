// SPDX-License-Identifier: Apache-2.0
//
// Cells one at a time: blanks, quotes, missing tokens, numbers, percentages, flag words and dates. The column
// loops come here for whatever is not plainly a number, and dictionaries once a distinct text.
#include "csv/csv_cell.h"

#include <float.h>
#include <math.h>
#include <string.h>

hf_csv_span hf_csv_trim(hf_csv_span cell)
{
    while (cell.length > 0 && hf_csv_is_blank(cell.text[0])) {
        cell.text++;
        cell.length--;
    }
    while (cell.length > 0 && hf_csv_is_blank(cell.text[cell.length - 1]))
        cell.length--;
    return cell;
}

hf_csv_span hf_csv_unquote(hf_csv_span cell, char *scratch)
{
    hf_csv_span inner = hf_csv_trim(cell);
    if (inner.length < 2 || inner.text[0] != '"' || inner.text[inner.length - 1] != '"') return cell;
    inner.text++;
    inner.length -= 2;
    if (!memchr(inner.text, '"', inner.length)) return inner;
    size_t length = 0;
    for (size_t i = 0; i < inner.length; i++) {
        scratch[length++] = inner.text[i];
        i += inner.text[i] == '"';
    }
    return (hf_csv_span){scratch, length};
}

// word is lower case.
static bool same_word(hf_csv_span cell, const char *word)
{
    for (size_t i = 0; i < cell.length; i++) {
        char c = cell.text[i];
        if (word[i] == '\0' || (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != word[i]) return false;
    }
    return word[cell.length] == '\0';
}

bool hf_csv_is_missing(hf_csv_span cell, const hf_csv_missing *missing)
{
    static const char *const standard[] = {"na", "n/a", "nan", "null"};
    if (cell.length == 0) return true;
    for (size_t i = 0; cell.length <= 4 && i < sizeof standard / sizeof standard[0]; i++)
        if (same_word(cell, standard[i])) return true;
    for (int32_t i = 0; i < missing->count; i++)
        if (strlen(missing->tokens[i]) == cell.length &&
            memcmp(missing->tokens[i], cell.text, cell.length) == 0)
            return true;
    return false;
}

// A number, or a percentage; the percentage's value is that of the number with the point two places left.
static bool read_number(hf_cell *out, hf_csv_span cell)
{
    bool percent = cell.text[cell.length - 1] == '%';
    if (percent) {
        cell.length--;
        while (cell.length > 0 && hf_csv_is_blank(cell.text[cell.length - 1]))
            cell.length--;
    }
    if (!hf_decimal_read(&out->number, cell.text, cell.length)) return false;
    out->class = percent ? HF_CELL_PERCENT : HF_CELL_NUMBER;
    out->value = percent ? out->number.value / 100 : out->number.value;
    if (fabs(out->value) > (double)FLT_MAX) out->class = HF_CELL_OVERFLOW;
    return true;
}

hf_cell hf_csv_cell_read(hf_csv_span cell, const hf_csv_missing *missing)
{
    hf_cell out = {.class = HF_CELL_TEXT};
    cell = hf_csv_trim(cell);
    if (hf_csv_is_missing(cell, missing)) {
        out.class = HF_CELL_MISSING;
    } else if (read_number(&out, cell)) {
        return out;
    } else if (same_word(cell, "yes") || same_word(cell, "true")) {
        out.class = HF_CELL_FLAG;
        out.value = 1;
    } else if (same_word(cell, "no") || same_word(cell, "false")) {
        out.class = HF_CELL_FLAG;
    } else if (hf_date_parse(&out.date, cell.text, cell.length)) {
        out.class = HF_CELL_DATE;
    }
    return out;
}

bool hf_csv_may_mean_missing(hf_csv_span cell)
{
    for (size_t i = 0; i < cell.length; i++)
        if (cell.text[i] >= '0' && cell.text[i] <= '9') return false;
    return true;
}

hf_csv_missing hf_csv_missing_of(const char *const *tokens, int32_t count)
{
    const hf_csv_missing none = {NULL, 0, false};
    hf_csv_missing out = {tokens, count, false};
    for (int32_t i = 0; i < count; i++) {
        hf_cell cell = hf_csv_cell_read((hf_csv_span){tokens[i], strlen(tokens[i])}, &none);
        out.numeric |=
            cell.class == HF_CELL_NUMBER || cell.class == HF_CELL_PERCENT || cell.class == HF_CELL_OVERFLOW;
    }
    return out;
}
