// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a snapshot as plain arrays, without HDF5: how rows are cut into chunks, the checksum of each
// chunk and of the description, and the composition of any range of the file from the image and the columns.
#include "store/snapshot_layout.h"

#include <string.h>

static const char *const direction_names[] = {"unknown", "higher: good", "higher: bad"};

const char *hf_direction_name(hf_direction direction)
{
    return (size_t)direction < 3 ? direction_names[direction] : direction_names[0];
}

bool hf_direction_from_name(hf_direction *out, const char *name)
{
    for (size_t i = 0; i < 3; i++)
        if (strcmp(name, direction_names[i]) == 0) {
            *out = (hf_direction)i;
            return true;
        }
    return false;
}

int64_t hf_chunk_rows(int64_t rows)
{
    if (rows <= HF_CHUNK_ROWS) return rows;
    int64_t chunks = hf_chunk_count(rows, HF_CHUNK_ROWS);
    // A multiple of 16 rows keeps every chunk on a cache line.
    return ((rows + chunks - 1) / chunks + 15) / 16 * 16;
}

int64_t hf_chunk_count(int64_t rows, int64_t chunk_rows)
{
    return (rows - 1) / chunk_rows + 1;
}

void hf_chunk_hashes(uint64_t *out, const hf_frame *frame, int64_t chunk_rows)
{
    const int64_t chunks = hf_chunk_count(frame->rows, chunk_rows);
    const int64_t all = chunks * (1 + (int64_t)frame->column_count);
#pragma omp parallel for default(none) shared(out, frame, chunk_rows, chunks, all) schedule(static) \
    num_threads(hf_context_threads(frame->context))
    for (int64_t i = 0; i < all; i++) {
        const int64_t which = i / chunks, row = i % chunks * chunk_rows;
        const int64_t rows = frame->rows - row < chunk_rows ? frame->rows - row : chunk_rows;
        const hf_column *c = which > 0 ? &frame->columns[which - 1] : NULL;
        const char *data = c ? c->values : frame->ids;
        const size_t size = c ? hf_storage_size(c->storage) : (size_t)frame->id_width;
        out[i] = hf_hash(data + (size_t)row * size, (size_t)rows * size, 0);
    }
}

static void add(hf_text *text, const char *part)
{
    hf_text_add(text, part, strlen(part) + 1);
}

hf_status hf_description_hash(uint64_t *out, const hf_frame *frame, const char *recorded_at,
                              const char *fingerprint, const char *library, hf_error *error)
{
    hf_text text;
    char date[11], number[32];
    hf_text_init(&text, frame->context);
    hf_date_format(frame->as_of, date);
    add(&text, date);
    add(&text, recorded_at);
    hf_format_i64(number, frame->rows);
    add(&text, number);
    hf_format_i64(number, frame->column_count);
    add(&text, number);
    add(&text, frame->source);
    add(&text, frame->id_name);
    add(&text, fingerprint);
    add(&text, library);
    for (int32_t i = 0; i < frame->column_count; i++) {
        const hf_column *c = &frame->columns[i];
        add(&text, c->name);
        add(&text, hf_kind_name(c->kind));
        add(&text, c->unit);
        add(&text, hf_direction_name(c->direction));
        hf_format_i64(number, c->missing);
        add(&text, number);
        if (c->storage == HF_STORAGE_CODE && c->dictionary.count > 0)
            hf_text_add(&text, c->dictionary.bytes, c->dictionary.offsets[c->dictionary.count]);
    }
    hf_status status = hf_text_status(&text, error);
    if (status == HF_OK) *out = hf_hash(text.data, text.length, 0);
    hf_text_free(&text);
    return status;
}

// The first extent that ends after the offset.
static size_t find_extent(const hf_layout *layout, uint64_t offset)
{
    size_t low = 0, high = layout->extent_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (layout->extents[middle].offset + layout->extents[middle].size > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

const char *hf_layout_bytes(const hf_layout *layout, uint64_t offset, size_t size, char *scratch)
{
    size_t i = find_extent(layout, offset);
    const hf_extent *e = i < layout->extent_count ? &layout->extents[i] : NULL;
    if (e && e->offset <= offset && offset + size <= e->offset + e->size)
        return e->data + (offset - e->offset);
    size_t inside = offset < layout->used ? (size_t)(layout->used - offset) : 0;
    if (inside > size) inside = size;
    if (inside > 0) memcpy(scratch, layout->image + offset, inside);
    memset(scratch + inside, 0, size - inside);
    for (; i < layout->extent_count && layout->extents[i].offset < offset + size; i++) {
        e = &layout->extents[i];
        uint64_t from = e->offset > offset ? e->offset : offset;
        uint64_t to = e->offset + e->size < offset + size ? e->offset + e->size : offset + size;
        memcpy(scratch + (from - offset), e->data + (from - e->offset), (size_t)(to - from));
    }
    return scratch;
}
