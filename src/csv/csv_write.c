// SPDX-License-Identifier: Apache-2.0
//
// A frame as CSV: tiles of rows are formatted in parallel, each into a text of its own, and written in order.
// Fields are quoted as RFC 4180 asks, and where blanks or an empty record would else be lost on the way back.
#include "csv/csv_reader.h"

#include <string.h>

enum { WAVE_TILES = 16, NUMBER_ROOM = 32 }; // tiles a thread and wave
enum { MOST_ROOM = 8 << 20 };               // bytes set aside for a tile

static bool needs_quotes(const char *text, size_t length)
{
    if (length == 0) return false;
    if (hf_csv_is_blank(text[0]) || hf_csv_is_blank(text[length - 1])) return true;
    for (size_t i = 0; i < length; i++)
        if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r') return true;
    return false;
}

void hf_csv_put_field(hf_text *out, const char *text, size_t length)
{
    if (!needs_quotes(text, length)) {
        hf_text_add(out, text, length);
        return;
    }
    hf_text_putc(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"') hf_text_putc(out, '"');
        hf_text_putc(out, text[i]);
    }
    hf_text_putc(out, '"');
}

static void put_date(hf_text *out, hf_date date)
{
    char text[11];
    hf_date_format(date, text);
    hf_text_puts(out, text);
}

static void put_cell(hf_text *out, const hf_column *column, int64_t row)
{
    switch (column->storage) {
    case HF_STORAGE_F32:
    case HF_STORAGE_F64: {
        char *end = hf_text_reserve(out, NUMBER_ROOM);
        if (!end) return;
        out->length += column->storage == HF_STORAGE_F32
                           ? hf_format_f32(end, ((const float *)column->values)[row])
                           : hf_format_f64(end, ((const double *)column->values)[row]);
        break;
    }
    case HF_STORAGE_DAY:
        put_date(out, ((const hf_date *)column->values)[row]);
        break;
    case HF_STORAGE_CODE: {
        const char *text = hf_dictionary_text(&column->dictionary, ((const int32_t *)column->values)[row]);
        hf_csv_put_field(out, text, strlen(text));
        break;
    }
    }
}

static void put_tile(hf_text *out, const hf_frame *frame, int64_t tile)
{
    int64_t end = (tile + 1) * HF_TILE < frame->rows ? (tile + 1) * HF_TILE : frame->rows;
    hf_text_clear(out);
    for (int64_t row = tile * HF_TILE; row < end; row++) {
        size_t length, before = out->length;
        const char *id = hf_frame_id(frame, row, &length);
        hf_csv_put_field(out, id, length);
        for (int32_t i = 0; i < frame->column_count; i++) {
            hf_text_putc(out, ',');
            put_cell(out, &frame->columns[i], row);
        }
        // An empty line would be no record.
        if (out->length == before) hf_text_puts(out, "\"\"");
        hf_text_putc(out, '\n');
    }
}

// The name of the id column: rows without ids of their own are numbered under "row", or a name nearest to it
// that no column has.
static hf_status put_header(hf_text *out, const hf_frame *frame, hf_error *error)
{
    char name[64] = "row";
    const char *id = frame->id_name;
    if (id[0] == '\0') {
        for (size_t length = 3; hf_frame_find(frame, name) >= 0 && length + 1 < sizeof name; length++)
            memcpy(name + length, "_", 2);
        id = name;
    }
    hf_csv_put_field(out, id, strlen(id));
    for (int32_t i = 0; i < frame->column_count; i++) {
        hf_text_putc(out, ',');
        hf_csv_put_field(out, frame->columns[i].name, strlen(frame->columns[i].name));
    }
    hf_text_putc(out, '\n');
    return hf_text_status(out, error);
}

// Sets aside what a tile can take at most, so that threads do not ask the caller's allocator side by side.
// *fits false: that would be too much, and the tiles have to be formatted by one thread.
static hf_status make_room(bool *fits, hf_text *texts, int count, const hf_frame *frame, hf_error *error)
{
    size_t row = 2 * (size_t)frame->id_width + 4;
    for (int32_t i = 0; i < frame->column_count; i++) {
        const hf_dictionary *levels = &frame->columns[i].dictionary;
        size_t longest = NUMBER_ROOM;
        for (int32_t k = 0; k < levels->count; k++)
            if (levels->offsets[k + 1] - levels->offsets[k] > longest)
                longest = levels->offsets[k + 1] - levels->offsets[k];
        row += 2 * longest + 4;
    }
    *fits = row <= MOST_ROOM / HF_TILE;
    for (int i = 0; *fits && i < count; i++)
        if (!hf_text_reserve(&texts[i], row * HF_TILE + NUMBER_ROOM)) return hf_fail_memory(error);
    return HF_OK;
}

static hf_status write_rows(hf_output *output, hf_text *texts, int threads, const hf_frame *frame,
                            const hf_context *context, hf_error *error)
{
    int64_t tiles = (frame->rows + HF_TILE - 1) / HF_TILE, wave = (int64_t)WAVE_TILES * threads;
    hf_status status = HF_OK;
    for (int64_t first = 0; first < tiles; first += wave) {
        int64_t last = tiles - first < wave ? tiles : first + wave;
        HF_TRY(done, hf_check_cancel(context, error));
#pragma omp parallel for default(none) shared(texts, frame, first, last) schedule(static) num_threads(threads)
        for (int64_t tile = first; tile < last; tile++)
            put_tile(&texts[tile - first], frame, tile);
        for (int64_t tile = first; tile < last; tile++) {
            const hf_text *text = &texts[tile - first];
            HF_TRY(done, hf_text_status(text, error));
            HF_TRY(done, hf_output_write(output, text->data, text->length, error));
        }
        hf_progress(context, "write", last * HF_TILE < frame->rows ? last * HF_TILE : frame->rows,
                    frame->rows);
    }
done:
    return status;
}

hf_status hf_csv_write(const hf_context *context, const hf_frame *frame, const char *path, bool overwrite,
                       hf_error *error)
{
    hf_output *output = NULL;
    hf_status status = HF_OK;
    int wave = WAVE_TILES * hf_context_threads(context);
    hf_text *texts = hf_new(context, (size_t)wave, sizeof *texts);
    if (!texts) return hf_fail_memory(error);
    for (int i = 0; i < wave; i++)
        hf_text_init(&texts[i], context);
    HF_TRY(done, hf_output_open(&output, context, path, overwrite, error));
    HF_TRY(done, put_header(&texts[0], frame, error));
    HF_TRY(done, hf_output_write(output, texts[0].data, texts[0].length, error));
    bool fits;
    int64_t tiles = (frame->rows + HF_TILE - 1) / HF_TILE;
    HF_TRY(done, make_room(&fits, texts, tiles < wave ? (int)tiles : wave, frame, error));
    HF_TRY(done, write_rows(output, texts, fits ? hf_context_threads(context) : 1, frame, context, error));
    status = hf_output_commit(output, error);
    output = NULL;
done:
    hf_output_discard(output);
    for (int i = 0; i < wave; i++)
        hf_text_free(&texts[i]);
    hf_delete(context, texts);
    return status;
}
