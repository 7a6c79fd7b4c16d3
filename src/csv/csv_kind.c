// SPDX-License-Identifier: Apache-2.0
//
// From what a column's cells are to what the column is. Everything here works on counts of the whole column,
// so that neither the order of rows nor the way they were read can change the answer.
#include "csv/csv_decide.h"

#include <math.h>

void hf_csv_tally_add(hf_csv_tally *tally, const hf_cell *cell, int64_t count)
{
    tally->cells[cell->class] += count;
    if (cell->class != HF_CELL_NUMBER && cell->class != HF_CELL_PERCENT && cell->class != HF_CELL_OVERFLOW)
        return;
    hf_csv_stats one = {0};
    hf_csv_stats_add(&one, cell);
    one.plain *= count;
    one.percent *= count;
    hf_csv_stats_merge(&tally->stats, &one);
    bool zero_one = cell->class == HF_CELL_NUMBER && (cell->value == 0 || cell->value == 1);
    if (zero_one) tally->zero_one += count;
}

hf_csv_family hf_csv_family_of(const hf_csv_tally *t)
{
    const int64_t *n = t->cells;
    int64_t numbers = n[HF_CELL_NUMBER] + n[HF_CELL_PERCENT] + n[HF_CELL_OVERFLOW];
    int64_t present = numbers + n[HF_CELL_FLAG] + n[HF_CELL_DATE] + n[HF_CELL_TEXT];
    int64_t flags = n[HF_CELL_FLAG] + t->zero_one;
    if (flags == present) return n[HF_CELL_FLAG] > 0 ? HF_FAMILY_FLAG : HF_FAMILY_NUMBER;
    if (numbers * 10 >= present * 9) return HF_FAMILY_NUMBER;
    if (n[HF_CELL_DATE] * 10 >= present * 9) return HF_FAMILY_DATE;
    return HF_FAMILY_TEXT;
}

bool hf_csv_nearly_flag(const hf_csv_tally *t)
{
    int64_t present = -t->cells[HF_CELL_MISSING];
    for (int i = 0; i < HF_CELL_CLASSES; i++)
        present += t->cells[i];
    return (t->cells[HF_CELL_FLAG] + t->zero_one) * 20 >= present * 19;
}

hf_csv_family hf_csv_family_declared(hf_kind kind)
{
    switch (kind) {
    case HF_KIND_FLAG:
        return HF_FAMILY_FLAG;
    case HF_KIND_DATE:
        return HF_FAMILY_DATE;
    case HF_KIND_CATEGORY:
        return HF_FAMILY_TEXT;
    default:
        return HF_FAMILY_NUMBER;
    }
}

bool hf_csv_has_plain(const hf_csv_stats *s)
{
    return s->whole > 0 || s->decimals > 0;
}

bool hf_csv_is_wide(const hf_csv_stats *s, double edge)
{
    return s->decimals <= 2 &&
           (s->whole > 16777216 * edge || s->tenth >= 100000 * edge || s->hundredth >= 10000 * edge);
}

void hf_csv_number_kind(hf_kind *kind, hf_storage *storage, const hf_csv_stats *s, bool declared)
{
    bool wide = hf_csv_is_wide(s, 1);
    bool whole = s->decimals == 0 && !s->negative;
    hf_kind own = HF_KIND_NUMBER;
    if (s->percent > 0)
        own = HF_KIND_RATIO;
    else if (s->plain > 0 && whole && s->whole <= 1)
        own = HF_KIND_FLAG;
    else if (s->plain > 0 && whole)
        own = HF_KIND_COUNT;
    else if (wide && s->decimals > 0)
        own = HF_KIND_MONEY;
    if (!declared) *kind = own;
    *storage = *kind == HF_KIND_MONEY || (wide && s->percent == 0) ? HF_STORAGE_F64 : HF_STORAGE_F32;
}

void hf_csv_warn_missing(const hf_csv_reader *reader, int32_t field, int64_t line, hf_csv_span word,
                         int64_t cells, int64_t present, const char *what)
{
    int length = (int)(word.length < 40 ? word.length : 40);
    const char *name = reader->header.names[field];
    char here[32] = "";
    if (line > 0) snprintf(here, sizeof here, ":%lld", (long long)line);
    hf_warn(reader->context,
            "%s%s: column '%s' is %s but for %lld of %lld cells that say%s \"%.*s\": taken as missing; --na "
            "\"%.*s\" says so, --kind %s=category keeps the word",
            reader->path, here, name, what, (long long)cells, (long long)present, cells == 1 ? "s" : "",
            length, word.text, length, word.text, name);
}

void hf_csv_warn_text(const hf_csv_reader *reader, int32_t field, int64_t line, hf_csv_span cell,
                      int64_t like, int64_t present, bool dates)
{
    const char *name = reader->header.names[field];
    hf_warn(reader->context,
            "%s:%lld: column '%s' is read as text, though %lld of its %lld cells look like %s: \"%.*s\" is "
            "none to "
            "be sure of; export them as %s, name a word for missing with --na, or say that it is text with "
            "--kind "
            "%s=category",
            reader->path, (long long)line, name, (long long)like, (long long)present,
            dates ? "dates" : "numbers", (int)(cell.length < 40 ? cell.length : 40), cell.text,
            dates ? "YYYY-MM-DD" : "plain numbers (1234.5)", name);
}
