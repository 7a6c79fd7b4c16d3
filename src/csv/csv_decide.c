// SPDX-License-Identifier: Apache-2.0
//
// After a pass over the text: which columns are settled and which have to be read again with another parse. A
// column parsed as numbers stays one if nine tenths of its cells are numbers; its few other cells were noted
// on the way, so that only a wrong guess costs another pass.
#include "csv/csv_decide.h"

#include "csv/csv_dress.h"

#include <stdlib.h>
#include <string.h>

static int compare_bad(const void *a, const void *b)
{
    const hf_bad *x = a, *y = b;
    if (x->field != y->field) return x->field < y->field ? -1 : 1;
    return x->slot < y->slot ? -1 : x->slot > y->slot;
}

// The misfits of all threads as one list by field and slot.
static hf_status gather_misfits(hf_csv_reader *reader, hf_bad_list *out, hf_error *error)
{
    for (int32_t t = 0; t < reader->threads; t++) {
        hf_bad_list *from = &reader->workers[t].misfits;
        for (int64_t i = 0; i < from->count; i++)
            hf_bad_add(out, from->items[i]);
        from->count = 0;
    }
    if (out->failed) return hf_fail_memory(error);
    if (out->count > 0) qsort(out->items, (size_t)out->count, sizeof *out->items, compare_bad);
    return HF_OK;
}

static void read_again(hf_csv_column *column, hf_csv_parse parse)
{
    column->parse = parse;
    column->active = true;
    column->stats = (hf_csv_stats){0};
    atomic_store(&column->misfits, 0);
    atomic_store(&column->abandoned, false);
}

// New values of another size for a column that is read again.
static hf_status change_storage(hf_csv_reader *reader, hf_csv_column *column, hf_storage storage,
                                hf_error *error)
{
    hf_column *c = &reader->frame->columns[column->place];
    if (hf_storage_size(storage) != hf_storage_size(c->storage)) {
        void *values = hf_new_raw(reader->context, (size_t)reader->layout.slots, hf_storage_size(storage));
        if (!values) return hf_fail_memory(error);
        hf_delete(reader->context, c->values);
        column->values = c->values = values;
        hf_csv_huge_pages(values, (size_t)reader->layout.slots * hf_storage_size(storage));
    }
    c->storage = storage;
    return HF_OK;
}

static hf_status narrow(hf_csv_reader *reader, hf_csv_column *column, hf_error *error)
{
    int64_t count = reader->layout.slots;
    float *to = hf_new_raw(reader->context, (size_t)count, sizeof *to);
    if (!to) return hf_fail_memory(error);
    const double *from = column->values;
#pragma omp parallel for default(none) shared(to, from, count) schedule(static) num_threads(reader->threads)
    for (int64_t i = 0; i < count; i++)
        to[i] = (float)from[i];
    hf_delete(reader->context, column->values);
    column->values = reader->frame->columns[column->place].values = to;
    return HF_OK;
}

static hf_csv_span text_of(const hf_csv_reader *reader, const hf_bad *misfit)
{
    hf_csv_span cell = hf_csv_trim((hf_csv_span){reader->input.text + misfit->offset, misfit->length});
    if (cell.length >= 2 && cell.text[0] == '"')
        cell = hf_csv_trim((hf_csv_span){cell.text + 1, cell.length - 2});
    return cell;
}

// Whether the cells that did not parse are all one word that may mean missing.
static bool one_word(const hf_csv_reader *reader, const hf_bad *misfits, int64_t count, hf_csv_span *word,
                     int64_t *cells)
{
    *word = (hf_csv_span){NULL, 0};
    *cells = 0;
    for (int64_t i = 0; i < count; i++) {
        if (misfits[i].reason == HF_BAD_OVERFLOW) continue;
        hf_csv_span text = text_of(reader, &misfits[i]);
        if (!word->text) *word = text;
        if (text.length != word->length || memcmp(text.text, word->text, text.length) != 0) return false;
        ++*cells;
    }
    return *cells > 0 && hf_csv_may_mean_missing(*word);
}

static bool any_flag_word(const hf_csv_reader *reader, const hf_bad *misfits, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        if (hf_csv_cell_read(text_of(reader, &misfits[i]), &reader->missing).class == HF_CELL_FLAG)
            return true;
    return false;
}

// Whether a cell is a number after all, with a currency or separators, which is a question to all cells.
static bool any_dressed(const hf_csv_reader *reader, const hf_bad *misfits, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        hf_csv_span cell = text_of(reader, &misfits[i]), plain;
        hf_csv_dress dress;
        char room[HF_PLAIN_ROOM];
        if (misfits[i].reason != HF_BAD_OVERFLOW && (hf_csv_undress(&plain, &dress, room, cell, '.') ||
                                                     hf_csv_undress(&plain, &dress, room, cell, ',')))
            return true;
    }
    return false;
}

// Whether a column that was parsed as numbers has to be decided from its texts after all: too few numbers,
// yes and no among 0 and 1, percentages among plain numbers.
static bool needs_texts(const hf_csv_reader *reader, const hf_csv_column *column, const hf_bad *misfits,
                        int64_t count)
{
    const hf_csv_stats *s = &column->stats;
    if (s->percent > 0 && hf_csv_has_plain(s)) return true;
    if (atomic_load(&column->abandoned) || any_dressed(reader, misfits, count)) return true;
    if (column->declared) return false;
    int64_t overflows = 0;
    for (int64_t i = 0; i < count; i++)
        overflows += misfits[i].reason == HF_BAD_OVERFLOW;
    int64_t numbers = s->plain + s->percent, present = numbers + count - overflows;
    if (numbers * 10 < present * 9) return true;
    bool zero_one = s->percent == 0 && s->decimals == 0 && s->whole <= 1 && !s->negative;
    return zero_one && any_flag_word(reader, misfits, count);
}

static hf_status settle_numbers(hf_csv_reader *reader, int32_t field, const hf_bad *misfits, int64_t count,
                                bool *again, hf_error *error)
{
    hf_csv_column *column = &reader->columns[field];
    hf_column *c = &reader->frame->columns[column->place];
    hf_status status = HF_OK;
    hf_csv_span word;
    int64_t cells;
    if (needs_texts(reader, column, misfits, count)) {
        HF_TRY(done, change_storage(reader, column, HF_STORAGE_CODE, error));
        read_again(column, HF_PARSE_TEXT);
        *again = true;
        goto done;
    }
    hf_storage storage;
    hf_csv_number_kind(&c->kind, &storage, &column->stats, column->declared);
    if (storage == HF_STORAGE_F64 && column->parse == HF_PARSE_F32) {
        HF_TRY(done, change_storage(reader, column, storage, error));
        read_again(column, HF_PARSE_F64);
        *again = true;
        goto done;
    }
    if (storage == HF_STORAGE_F32 && column->parse == HF_PARSE_F64)
        HF_TRY(done, narrow(reader, column, error));
    c->storage = storage;
    bool strict = column->declared && !reader->options->kinds_if_there;
    bool as_missing = !strict && one_word(reader, misfits, count, &word, &cells);
    if (as_missing)
        hf_csv_warn_missing(reader, field, hf_csv_line(reader->input.text, 0, 1, misfits[0].offset), word,
                            cells, column->stats.plain + column->stats.percent + cells, "numeric");
    for (int64_t i = 0; i < count; i++)
        if (!as_missing || misfits[i].reason == HF_BAD_OVERFLOW) hf_bad_add(&reader->bads, misfits[i]);
    if (reader->bads.failed) status = hf_fail_memory(error);
done:
    return status;
}

// The first misfit of the field at or after *at, and how many there are.
static int64_t misfits_of(const hf_bad_list *list, int32_t field, int64_t *at)
{
    while (*at < list->count && list->items[*at].field < field)
        ++*at;
    int64_t end = *at;
    while (end < list->count && list->items[end].field == field)
        end++;
    return end - *at;
}

// Rows that are left out for their structure were never written: a token number nobody gave says so.
static void blank_out(const hf_csv_reader *reader, int32_t *codes)
{
    for (int64_t i = 0; i < reader->blanks; i++)
        codes[reader->blank_slots[i]] = -1;
    for (int64_t i = 0; i < reader->bads.count; i++)
        if (reader->bads.items[i].field < 0) codes[reader->bads.items[i].slot] = -1;
}

static hf_status settle_ids(hf_csv_reader *reader, hf_csv_column *column, bool *again, hf_error *error)
{
    size_t longest = 0;
    int64_t over = -1;
    for (int32_t t = 0; t < reader->threads; t++) {
        const hf_csv_worker *w = &reader->workers[t];
        if (w->id_longest > longest) longest = w->id_longest;
        if (w->id_over >= 0 && (over < 0 || w->id_over < over)) over = w->id_over;
    }
    if (over >= 0)
        return hf_fail_at(error, HF_ERROR_DATA, reader->path, hf_csv_line(reader->input.text, 0, 1, over),
                          reader->id_field + 1,
                          "column '%s': an id of more than %d bytes; is it the right column?",
                          reader->header.names[reader->id_field], HF_ID_LIMIT);
    if (longest <= (size_t)reader->frame->id_width) return HF_OK;
    size_t width = (longest + 7) / 8 * 8;
    char *ids = hf_new(reader->context, (size_t)reader->layout.slots, width);
    if (!ids) return hf_fail_memory(error);
    hf_delete(reader->context, reader->frame->ids);
    reader->frame->ids = ids;
    reader->frame->id_width = (int32_t)width;
    column->active = true;
    *again = true;
    return HF_OK;
}

hf_status hf_csv_decide(hf_csv_reader *reader, bool *again, hf_error *error)
{
    hf_status status = HF_OK;
    hf_bad_list misfits = {.context = reader->context};
    int64_t at = 0;
    *again = false;
    HF_TRY(done, gather_misfits(reader, &misfits, error));
    for (int32_t f = 0; f < reader->header.count; f++) {
        hf_csv_column *column = &reader->columns[f];
        if (!column->active) continue;
        column->active = false;
        for (int32_t t = 0; t < reader->threads; t++) {
            hf_csv_stats_merge(&column->stats, &reader->workers[t].stats[f]);
            reader->workers[t].stats[f] = (hf_csv_stats){0};
        }
        if (column->parse == HF_PARSE_ID) {
            HF_TRY(done, settle_ids(reader, column, again, error));
        } else if (column->parse == HF_PARSE_TEXT) {
            blank_out(reader, column->values);
            HF_TRY(done, hf_csv_settle_text(reader, f, error));
            for (int32_t t = 0; t < reader->threads; t++)
                hf_tokens_free(&reader->workers[t].tokens[f]);
        } else {
            int64_t count = misfits_of(&misfits, f, &at);
            HF_TRY(done, settle_numbers(reader, f, misfits.items + at, count, again, error));
        }
    }
done:
    hf_delete(reader->context, misfits.items);
    return status;
}
