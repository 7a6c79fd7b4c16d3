// SPDX-License-Identifier: Apache-2.0
//
// Finding accounts by id: an open-addressing table of row numbers keyed by the XXH3 of the id without its
// padding. Built for a pass and thrown away; the ids stay where they are.
#include "frame/id_match.h"

#include <string.h>

static uint64_t hash_id(const hf_frame *frame, int64_t row)
{
    size_t length;
    const char *id = hf_frame_id(frame, row, &length);
    return hf_hash(id, length, 0);
}

static bool same_id(const hf_frame *a, int64_t i, const hf_frame *b, int64_t j)
{
    size_t n, m;
    const char *x = hf_frame_id(a, i, &n), *y = hf_frame_id(b, j, &m);
    return n == m && memcmp(x, y, n) == 0;
}

hf_status hf_id_table_create(id_table *out, const hf_context *context, int64_t rows, hf_error *error)
{
    size_t slots = 16;
    while (slots < (size_t)rows * 2)
        slots *= 2;
    id_slot *made = hf_new_raw(context, slots, sizeof *made);
    if (!made) return hf_fail_memory(error);
    for (size_t i = 0; i < slots; i++)
        made[i].row = -1;
    *out = (id_table){made, slots - 1};
    return HF_OK;
}

int64_t hf_id_table_put(id_table *table, const hf_frame *const *frames, int32_t frame, int64_t row,
                        int64_t value)
{
    uint64_t hash = hash_id(frames[frame], row);
    for (size_t i = hash & table->mask;; i = (i + 1) & table->mask) {
        id_slot *slot = &table->slots[i];
        if (slot->row < 0) {
            *slot = (id_slot){(uint32_t)(hash >> 32), frame, row, value};
            return -1;
        }
        if (slot->tag == (uint32_t)(hash >> 32) &&
            same_id(frames[slot->frame], slot->row, frames[frame], row))
            return slot->value;
    }
}

int64_t hf_id_table_find(const id_table *table, const hf_frame *const *frames, const hf_frame *keys,
                         int64_t row)
{
    uint64_t hash = hash_id(keys, row);
    for (size_t i = hash & table->mask;; i = (i + 1) & table->mask) {
        const id_slot *slot = &table->slots[i];
        if (slot->row < 0) return -1;
        if (slot->tag == (uint32_t)(hash >> 32) && same_id(frames[slot->frame], slot->row, keys, row))
            return slot->value;
    }
}

hf_status hf_frame_match(int64_t *out, const hf_frame *frame, const hf_frame *keys, hf_error *error)
{
    id_table table = {0};
    const hf_frame *frames[] = {frame};
    hf_status status = hf_id_table_create(&table, frame->context, frame->rows, error);
    if (status != HF_OK) return status;
    for (int64_t i = 0; i < frame->rows; i++)
        hf_id_table_put(&table, frames, 0, i, i);
    int64_t count = keys->rows;
    int threads = hf_context_threads(frame->context);
#pragma omp parallel for default(none) schedule(static, HF_TILE) \
    num_threads(threads) if (count > 16 * HF_TILE) shared(out, table, frames, keys, count)
    for (int64_t i = 0; i < count; i++)
        out[i] = hf_id_table_find(&table, frames, keys, i);
    hf_delete(frame->context, table.slots);
    return HF_OK;
}

hf_status hf_frame_duplicate(int64_t *row, int64_t *first, const hf_frame *frame, hf_error *error)
{
    id_table table = {0};
    const hf_frame *frames[] = {frame};
    hf_status status = hf_id_table_create(&table, frame->context, frame->rows, error);
    if (status != HF_OK) return status;
    int64_t found = -1, i = 0;
    for (; i < frame->rows && found < 0; i++)
        found = hf_id_table_put(&table, frames, 0, i, i);
    *row = found < 0 ? -1 : i - 1;
    *first = found;
    hf_delete(frame->context, table.slots);
    return HF_OK;
}
