// SPDX-License-Identifier: Apache-2.0
//
// A column read as tokens to its final form: the tokens of all threads merged, each read once, the column's
// family decided from their counts, and every cell's token number replaced by its value. Work per cell is one
// table look-up, so a column whose guess was wrong costs little more than one whose guess was right.
#include "csv/csv_settle.h"

#include <math.h>
#include <string.h>

static void settling_free(hf_csv_settling *s)
{
    const hf_context *context = s->reader->context;
    if (s->maps)
        for (int32_t t = 0; t < s->reader->threads; t++)
            hf_delete(context, s->maps[t]);
    hf_delete(context, s->maps);
    hf_delete(context, s->cells);
    hf_delete(context, s->fate);
    hf_delete(context, s->reason);
    hf_tokens_free(&s->merged);
}

static hf_status merge_tokens(hf_csv_settling *s, hf_error *error)
{
    hf_csv_reader *reader = s->reader;
    hf_status status = HF_OK;
    HF_TRY(done, hf_tokens_init(&s->merged, reader->context, error));
    s->maps = hf_new(reader->context, (size_t)reader->threads, sizeof *s->maps);
    if (!s->maps) return hf_fail_memory(error);
    for (int32_t t = 0; t < reader->threads; t++) {
        const hf_tokens *tokens = &reader->workers[t].tokens[s->field];
        s->maps[t] = hf_new_raw(reader->context, (size_t)tokens->count, sizeof *s->maps[t]);
        if (!s->maps[t]) return hf_fail_memory(error);
        for (int32_t i = 0; i < tokens->count; i++) {
            const hf_token *token = &tokens->items[i];
            int32_t number = hf_tokens_add(&s->merged, token->hash, token->text, token->length, token->text);
            if (number < 0) return hf_fail_memory(error);
            s->merged.items[number].count += token->count;
            s->maps[t][i] = number;
        }
    }
done:
    return status;
}

static hf_status read_tokens(hf_csv_settling *s, hf_error *error)
{
    const hf_context *context = s->reader->context;
    size_t count = (size_t)s->merged.count;
    s->cells = hf_new(context, count, sizeof *s->cells);
    s->fate = hf_new(context, count, sizeof *s->fate);
    s->reason = hf_new(context, count, sizeof *s->reason);
    if (!s->cells || !s->fate || !s->reason) return hf_fail_memory(error);
    for (int32_t i = 0; i < s->merged.count; i++) {
        s->cells[i] = hf_csv_cell_read(hf_csv_token_text(s, i), &s->reader->missing);
        hf_csv_tally_add(&s->tally, &s->cells[i], s->merged.items[i].count);
    }
    return HF_OK;
}

// Bad cells by row; where they stand in the text is found later, if it has to be said.
static hf_status note_bad_cells(hf_csv_settling *s, const int32_t *codes, hf_error *error)
{
    bool any = false;
    for (int32_t i = 0; i < s->merged.count; i++)
        any |= s->fate[i] == TAKEN_BAD || (s->fate[i] == TAKEN_MISSING && s->field == s->reader->as_of_field);
    for (int32_t i = 0; any && i < s->reader->layout.count; i++) {
        const hf_csv_region *region = &s->reader->layout.regions[i];
        for (int64_t slot = region->first_slot; slot < region->first_slot + region->slots; slot++) {
            if (codes[slot] < 0) continue;
            int32_t token = s->maps[s->reader->owner[i]][codes[slot]];
            hf_bad bad = {slot, -1, 0, 0, s->field, s->reason[token], 0, 0};
            if (s->fate[token] == TAKEN_MISSING) bad.reason = HF_BAD_AS_OF_MISSING;
            if (s->fate[token] == TAKEN_BAD ||
                (s->fate[token] == TAKEN_MISSING && s->field == s->reader->as_of_field))
                hf_bad_add(&s->reader->bads, bad);
        }
    }
    return s->reader->bads.failed ? hf_fail_memory(error) : HF_OK;
}

// Replaces every cell's token number by its entry in a table of 4-byte values, in place; cells without a
// token (rows that are left out) get `none`.
static void spread_four(hf_csv_settling *s, void *values, const uint32_t *table, uint32_t none)
{
    const hf_csv_layout *layout = &s->reader->layout;
    const uint16_t *owner = s->reader->owner;
    int32_t *const *maps = s->maps;
    uint32_t *cells = values;
#pragma omp parallel for default(none) shared(layout, owner, maps, cells, table, none) schedule(static) \
    num_threads(s->reader->threads)
    for (int32_t i = 0; i < layout->count; i++) {
        const hf_csv_region *region = &layout->regions[i];
        const int32_t *map = maps[owner[i]];
        for (int64_t slot = region->first_slot; slot < region->first_slot + region->slots; slot++)
            cells[slot] = (int32_t)cells[slot] < 0 ? none : table[map[cells[slot]]];
    }
}

static void spread_eight(hf_csv_settling *s, double *out, const int32_t *codes, const double *table)
{
    const hf_csv_layout *layout = &s->reader->layout;
    const uint16_t *owner = s->reader->owner;
    int32_t *const *maps = s->maps;
#pragma omp parallel for default(none) shared(layout, owner, maps, codes, out, table) schedule(static) \
    num_threads(s->reader->threads)
    for (int32_t i = 0; i < layout->count; i++) {
        const hf_csv_region *region = &layout->regions[i];
        const int32_t *map = maps[owner[i]];
        for (int64_t slot = region->first_slot; slot < region->first_slot + region->slots; slot++)
            out[slot] = codes[slot] < 0 ? (double)NAN : table[map[codes[slot]]];
    }
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static hf_status settle_numbers(hf_csv_settling *s, hf_column *column, bool declared, hf_error *error)
{
    const hf_context *context = s->reader->context;
    hf_status status = HF_OK;
    double *wide = NULL, *table = NULL;
    uint32_t *four = NULL;
    int32_t count = s->merged.count;
    if (s->family == HF_FAMILY_FLAG) {
        column->kind = HF_KIND_FLAG;
        column->storage = HF_STORAGE_F32;
    } else {
        hf_csv_number_kind(&column->kind, &column->storage, &s->tally.stats, declared);
    }
    if (column->storage == HF_STORAGE_F64) {
        wide = hf_new_raw(context, (size_t)s->reader->layout.slots, sizeof *wide);
        table = hf_new_raw(context, (size_t)count, sizeof *table);
        if (!wide || !table) {
            status = hf_fail_memory(error);
            goto done;
        }
        for (int32_t i = 0; i < count; i++)
            table[i] = s->fate[i] == TAKEN_VALUE ? s->cells[i].value : (double)NAN;
        spread_eight(s, wide, column->values, table);
        hf_delete(context, column->values);
        column->values = wide;
        wide = NULL;
    } else {
        four = hf_new_raw(context, (size_t)count, sizeof *four);
        if (!four) {
            status = hf_fail_memory(error);
            goto done;
        }
        for (int32_t i = 0; i < count; i++)
            four[i] = bits_of(s->fate[i] == TAKEN_VALUE ? (float)s->cells[i].value : NAN);
        spread_four(s, column->values, four, bits_of(NAN));
    }
    s->reader->columns[s->field].values = column->values;
done:
    hf_delete(context, wide);
    hf_delete(context, table);
    hf_delete(context, four);
    return status;
}

static hf_status settle_dates(hf_csv_settling *s, void *values, hf_error *error)
{
    uint32_t *table = hf_new_raw(s->reader->context, (size_t)s->merged.count, sizeof *table);
    if (!table) return hf_fail_memory(error);
    for (int32_t i = 0; i < s->merged.count; i++)
        table[i] = (uint32_t)(s->fate[i] == TAKEN_VALUE ? s->cells[i].date : HF_DATE_MISSING);
    spread_four(s, values, table, (uint32_t)HF_DATE_MISSING);
    hf_delete(s->reader->context, table);
    return HF_OK;
}

static hf_status settle_category(hf_csv_settling *s, hf_column *column, hf_error *error)
{
    const hf_context *context = s->reader->context;
    hf_status status = HF_OK;
    size_t count = (size_t)s->merged.count;
    const char **texts = hf_new(context, count, sizeof *texts);
    size_t *lengths = hf_new(context, count, sizeof *lengths);
    int32_t *rank = hf_new(context, count, sizeof *rank);
    uint32_t *table = hf_new(context, count, sizeof *table);
    int32_t levels = 0;
    if (!texts || !lengths || !rank || !table) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t i = 0; i < s->merged.count; i++) {
        if (s->fate[i] != TAKEN_VALUE) continue;
        texts[levels] = s->merged.items[i].text;
        lengths[levels++] = s->merged.items[i].length;
    }
    HF_TRY(done, hf_dictionary_build(&column->dictionary, context, texts, lengths, levels, rank, error));
    for (int32_t i = 0, level = 0; i < s->merged.count; i++)
        table[i] = s->fate[i] == TAKEN_VALUE ? (uint32_t)rank[level++] : (uint32_t)-1;
    column->kind = HF_KIND_CATEGORY;
    column->storage = HF_STORAGE_CODE;
    spread_four(s, column->values, table, (uint32_t)-1);
done:
    hf_delete(context, texts);
    hf_delete(context, lengths);
    hf_delete(context, rank);
    hf_delete(context, table);
    return status;
}

hf_status hf_csv_settle_text(hf_csv_reader *reader, int32_t field, hf_error *error)
{
    const hf_csv_column *c = &reader->columns[field];
    hf_csv_settling s = {.reader = reader, .field = field};
    hf_status status = HF_OK;
    HF_TRY(done, merge_tokens(&s, error));
    HF_TRY(done, read_tokens(&s, error));
    HF_TRY(done, hf_csv_judge(&s, error));
    HF_TRY(done, note_bad_cells(&s, c->values, error));
    hf_column *column = c->place >= 0 ? &reader->frame->columns[c->place] : NULL;
    if (s.family == HF_FAMILY_DATE) {
        HF_TRY(done, settle_dates(&s, c->values, error));
        if (column) {
            column->kind = HF_KIND_DATE;
            column->storage = HF_STORAGE_DAY;
        }
    } else if (s.family == HF_FAMILY_TEXT) {
        HF_TRY(done, settle_category(&s, column, error));
    } else {
        HF_TRY(done, settle_numbers(&s, column, c->declared, error));
    }
done:
    settling_free(&s);
    return status;
}
