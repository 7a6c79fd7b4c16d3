// SPDX-License-Identifier: Apache-2.0
//
// Rows and their keys: taking rows out, numbering them, and finding those whose key an earlier row has. Keys
// in ascending order, as warehouses export them, are seen to be distinct in one pass; otherwise rows are
// parted by hash and each part goes through a small table that stays in cache.
#include "csv/csv_reader.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 256, LONGEST_NUMBER = 24 };

// ---- taking rows out ---------------------------------------------------------------------------------------------

static void close_gaps(void *array, size_t size, int64_t rows, const int64_t *gone, int64_t count)
{
    char *bytes = array;
    int64_t to = gone[0];
    for (int64_t i = 0; i < count; i++) {
        int64_t from = gone[i] + 1, end = i + 1 < count ? gone[i + 1] : rows;
        memmove(bytes + (size_t)to * size, bytes + (size_t)from * size, (size_t)(end - from) * size);
        to += end - from;
    }
}

void hf_csv_compact(hf_csv_reader *reader, const int64_t *gone, int64_t count)
{
    hf_frame *frame = reader->frame;
    if (count == 0) return;
#pragma omp parallel for default(none) shared(frame, reader, gone, count) schedule(static) \
    num_threads(reader->threads)
    for (int32_t i = 0; i < frame->column_count + 3; i++) {
        if (i < frame->column_count)
            close_gaps(frame->columns[i].values, hf_storage_size(frame->columns[i].storage), frame->rows,
                       gone, count);
        else if (i == frame->column_count)
            close_gaps(frame->ids, (size_t)frame->id_width, frame->rows, gone, count);
        else if (i == frame->column_count + 1)
            close_gaps(reader->slot_of_row, sizeof *reader->slot_of_row, frame->rows, gone, count);
        else if (reader->as_of)
            close_gaps(reader->as_of, sizeof *reader->as_of, frame->rows, gone, count);
    }
    frame->rows -= count;
}

// ---- numbering ---------------------------------------------------------------------------------------------------

hf_status hf_csv_number_rows(hf_csv_reader *reader, const int64_t *record, hf_error *error)
{
    hf_frame *frame = reader->frame;
    char last[LONGEST_NUMBER];
    size_t width = (hf_format_i64(last, record[frame->rows - 1]) + 7) / 8 * 8;
    char *ids = hf_new(reader->context, (size_t)frame->rows, width);
    if (!ids) return hf_fail_memory(error);
    int64_t rows = frame->rows;
#pragma omp parallel for default(none) shared(ids, rows, width, record) schedule(static) \
    num_threads(reader->threads)
    for (int64_t row = 0; row < rows; row++) {
        char number[LONGEST_NUMBER];
        memcpy(ids + (size_t)row * width, number, hf_format_i64(number, record[row]));
    }
    hf_delete(reader->context, frame->ids);
    frame->ids = ids;
    frame->id_width = (int32_t)width;
    return HF_OK;
}

// ---- duplicates --------------------------------------------------------------------------------------------------

typedef struct {
    const char *ids;
    size_t width;
    const hf_date *as_of; // NULL: the id alone is the key
    int64_t rows;
    uint64_t *hashes; // owned: one a row
    int64_t *order;   // owned: rows by part, ascending within
    int64_t first[PARTS + 1];
} keys;

static int compare_keys(const keys *k, int64_t a, int64_t b)
{
    int order = memcmp(k->ids + (size_t)a * k->width, k->ids + (size_t)b * k->width, k->width);
    if (order != 0 || !k->as_of) return order;
    return k->as_of[a] < k->as_of[b] ? -1 : k->as_of[a] > k->as_of[b];
}

static bool ascending(const keys *k, int threads)
{
    int unordered = 0;
#pragma omp parallel for default(none) shared(k) reduction(|                             \
                                                           : unordered) schedule(static) \
    num_threads(threads)
    for (int64_t tile = 0; tile < (k->rows + HF_TILE - 1) / HF_TILE; tile++) {
        int64_t end = (tile + 1) * HF_TILE < k->rows ? (tile + 1) * HF_TILE + 1 : k->rows;
        for (int64_t row = tile * HF_TILE + 1; row < end && !unordered; row++)
            unordered |= compare_keys(k, row - 1, row) >= 0;
    }
    return !unordered;
}

static void part_rows(keys *k, int threads)
{
#pragma omp parallel for default(none) shared(k) schedule(static) num_threads(threads)
    for (int64_t row = 0; row < k->rows; row++)
        k->hashes[row] = hf_hash(k->ids + (size_t)row * k->width, k->width,
                                 k->as_of ? (uint64_t)(uint32_t)k->as_of[row] : 0);
    memset(k->first, 0, sizeof k->first);
    for (int64_t row = 0; row < k->rows; row++)
        k->first[(k->hashes[row] >> 56) + 1]++;
    for (int i = 0; i < PARTS; i++)
        k->first[i + 1] += k->first[i];
    int64_t next[PARTS];
    memcpy(next, k->first, sizeof next);
    for (int64_t row = 0; row < k->rows; row++)
        k->order[next[k->hashes[row] >> 56]++] = row;
}

static size_t table_size(const keys *k)
{
    int64_t most = 1;
    for (int i = 0; i < PARTS; i++)
        if (k->first[i + 1] - k->first[i] > most) most = k->first[i + 1] - k->first[i];
    size_t size = 2;
    while (size < 2 * (size_t)most)
        size *= 2;
    return size;
}

// Adds {row, first} for every row of the part whose key came before. table: size entries of row + 1.
static void search_part(const keys *k, int part, int64_t *table, size_t size, hf_bad_list *found)
{
    memset(table, 0, size * sizeof *table);
    for (int64_t i = k->first[part]; i < k->first[part + 1]; i++) {
        int64_t row = k->order[i];
        uint64_t hash = k->hashes[row];
        size_t at = (size_t)hash & (size - 1);
        for (; table[at]; at = (at + 1) & (size - 1))
            if (k->hashes[table[at] - 1] == hash && compare_keys(k, table[at] - 1, row) == 0) break;
        if (table[at])
            hf_bad_add(found, (hf_bad){row, -1, table[at] - 1, 0, 0, HF_BAD_DUPLICATE, 0, 0});
        else
            table[at] = row + 1;
    }
}

static int compare_rows(const void *a, const void *b)
{
    int64_t x = ((const hf_bad *)a)->slot, y = ((const hf_bad *)b)->slot;
    return x < y ? -1 : x > y;
}

// Every part with the thread's own table and list; the lists are joined by row.
static hf_status search_parts(const keys *k, hf_csv_reader *reader, hf_bad_list *found, hf_error *error)
{
    const hf_context *context = reader->context;
    int threads = reader->threads;
    size_t size = table_size(k);
    hf_status status = HF_OK;
    int64_t *tables = hf_new_raw(context, (size_t)threads * size, sizeof *tables);
    hf_bad_list *lists = hf_new(context, (size_t)threads, sizeof *lists);
    if (!tables || !lists) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int t = 0; t < threads; t++)
        lists[t].context = context;
#pragma omp parallel for default(none) shared(k, tables, size, lists) schedule(static) num_threads(threads)
    for (int part = 0; part < PARTS; part++) {
        size_t t = (size_t)omp_get_thread_num();
        search_part(k, part, tables + t * size, size, &lists[t]);
    }
    for (int t = 0; t < threads; t++) {
        found->failed |= lists[t].failed;
        for (int64_t i = 0; i < lists[t].count; i++)
            hf_bad_add(found, lists[t].items[i]);
    }
    if (found->failed) status = hf_fail_memory(error);
    if (found->count > 0) qsort(found->items, (size_t)found->count, sizeof *found->items, compare_rows);
done:
    for (int t = 0; lists && t < threads; t++)
        hf_delete(context, lists[t].items);
    hf_delete(context, lists);
    hf_delete(context, tables);
    return status;
}

hf_status hf_csv_find_duplicates(hf_csv_reader *reader, int64_t **gone, int64_t *count, hf_error *error)
{
    const hf_context *context = reader->context;
    const hf_frame *frame = reader->frame;
    keys k = {
        .ids = frame->ids, .width = (size_t)frame->id_width, .as_of = reader->as_of, .rows = frame->rows};
    hf_bad_list found = {.context = context};
    int64_t *rows = NULL;
    hf_status status = HF_OK;
    *count = 0;
    if (ascending(&k, reader->threads)) goto done;
    k.hashes = hf_new_raw(context, (size_t)k.rows, sizeof *k.hashes);
    k.order = hf_new_raw(context, (size_t)k.rows, sizeof *k.order);
    if (!k.hashes || !k.order) {
        status = hf_fail_memory(error);
        goto done;
    }
    part_rows(&k, reader->threads);
    HF_TRY(done, search_parts(&k, reader, &found, error));
    rows = hf_new_raw(context, (size_t)found.count, sizeof *rows);
    if (!rows) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int64_t i = 0; i < found.count; i++) {
        hf_bad bad = found.items[i];
        rows[i] = bad.slot;
        bad.slot = reader->slot_of_row[bad.slot];
        bad.other = reader->slot_of_row[bad.other];
        bad.field = reader->id_field;
        hf_bad_add(&reader->bads, bad);
    }
    if (reader->bads.failed) {
        status = hf_fail_memory(error);
        goto done;
    }
    *count = found.count;
    *gone = rows;
    rows = NULL;
done:
    hf_delete(context, rows);
    hf_delete(context, found.items);
    hf_delete(context, k.hashes);
    hf_delete(context, k.order);
    return status;
}
