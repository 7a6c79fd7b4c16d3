// SPDX-License-Identifier: Apache-2.0
//
// Pass 2 over the text: regions in parallel, each region's records into their final rows. Waves of regions
// bound the time between two questions whether to go on. Before it, a small sample guesses how each column is
// best parsed; the guess decides how fast a column is read and never what it becomes.
#include "csv/csv_decide.h"

#include <omp.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };
enum { WAVE_REGIONS = 64 }; // a thread and wave

// ---- the guess -----------------------------------------------------------------------------------------------

typedef struct {
    int64_t present, numbers;
    hf_csv_stats stats;
} sample;

static void sample_row(const hf_csv_reader *reader, hf_csv_worker *w, int32_t row, sample *samples)
{
    const hf_csv_block *b = &w->block;
    for (int32_t f = 0; f < b->fields; f++) {
        uint32_t start = hf_csv_cell_start(b, row, f);
        hf_csv_span span =
            hf_csv_trim((hf_csv_span){b->base + start, b->ends[(int64_t)row * b->fields + f] - start});
        if (span.length >= 2 && span.text[0] == '"') span = (hf_csv_span){span.text + 1, span.length - 2};
        if (f == reader->id_field && span.length > w->id_longest && span.length <= HF_ID_LIMIT)
            w->id_longest = span.length;
        hf_cell cell = hf_csv_cell_read(span, &reader->missing);
        if (cell.class == HF_CELL_MISSING) continue;
        samples[f].present++;
        if (cell.class != HF_CELL_NUMBER && cell.class != HF_CELL_PERCENT) continue;
        samples[f].numbers++;
        hf_csv_stats_add(&samples[f].stats, &cell);
    }
}

static hf_status take_sample(hf_csv_reader *reader, sample *samples, hf_error *error)
{
    hf_status status = HF_OK;
    const hf_csv_layout *layout = &reader->layout;
    int32_t wanted = reader->knobs.sample_rows > 0 ? reader->knobs.sample_regions : 0;
    if (wanted > layout->count) wanted = layout->count;
    for (int32_t i = 0; i < wanted; i++) {
        const hf_csv_region *region = &layout->regions[(int64_t)layout->count * i / wanted];
        if (region->slots == 0) continue;
        hf_csv_worker *w = &reader->workers[0];
        HF_TRY(done, hf_csv_block_begin(&w->block, region, error));
        if (!hf_csv_block_next(&w->block)) continue;
        for (int32_t r = 0; r < w->block.rows && r < reader->knobs.sample_rows; r++)
            sample_row(reader, w, r, samples);
    }
done:
    return status;
}

static hf_csv_parse guess_of(const hf_csv_column *column, const sample *s)
{
    if (column->role == HF_ROLE_ID) return HF_PARSE_ID;
    if (column->role == HF_ROLE_AS_OF) return HF_PARSE_TEXT;
    if (column->declared) {
        if (column->kind == HF_KIND_CATEGORY || column->kind == HF_KIND_DATE || column->kind == HF_KIND_FLAG)
            return HF_PARSE_TEXT;
        if (column->kind == HF_KIND_MONEY) return HF_PARSE_F64;
    } else if (s->numbers * 10 < s->present * 9) {
        return HF_PARSE_TEXT;
    }
    // A column near the edge of what f32 holds is likely to step over it elsewhere.
    return hf_csv_is_wide(&s->stats, 0.125) ? HF_PARSE_F64 : HF_PARSE_F32;
}

void hf_csv_huge_pages(void *array, size_t size)
{
    uintptr_t begin = ((uintptr_t)array + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    uintptr_t end = ((uintptr_t)array + size) / HUGE_PAGE * HUGE_PAGE;
    if (begin < end) madvise((char *)array + (begin - (uintptr_t)array), end - begin, MADV_HUGEPAGE);
}

static hf_status add_columns(hf_csv_reader *reader, const sample *samples, hf_error *error)
{
    hf_status status = HF_OK;
    for (int32_t f = 0; f < reader->header.count; f++) {
        hf_csv_column *column = &reader->columns[f];
        column->place = -1;
        if (column->role == HF_ROLE_IGNORED) continue;
        column->active = true;
        column->parse = guess_of(column, &samples[f]);
        if (column->role == HF_ROLE_ID) continue;
        if (column->role == HF_ROLE_AS_OF) {
            reader->as_of = hf_new_raw(reader->context, (size_t)reader->layout.slots, sizeof *reader->as_of);
            if (!reader->as_of) return hf_fail_memory(error);
            column->values = reader->as_of;
            continue;
        }
        hf_storage storage = column->parse == HF_PARSE_F64   ? HF_STORAGE_F64
                             : column->parse == HF_PARSE_F32 ? HF_STORAGE_F32
                                                             : HF_STORAGE_CODE;
        hf_column *added;
        column->place = reader->frame->column_count;
        HF_TRY(done,
               hf_frame_add(reader->frame, &added, reader->header.names[f], column->kind, storage, error));
        column->values = added->values;
        hf_csv_huge_pages(added->values, (size_t)reader->layout.slots * hf_storage_size(storage));
    }
done:
    return status;
}

hf_status hf_csv_guess(hf_csv_reader *reader, hf_error *error)
{
    hf_status status = HF_OK;
    sample *samples = hf_new(reader->context, (size_t)reader->header.count, sizeof *samples);
    if (!samples) return hf_fail_memory(error);
    HF_TRY(done, take_sample(reader, samples, error));
    int32_t width = 8;
    if (reader->id_field >= 0) width = (int32_t)(reader->workers[0].id_longest + 7) / 8 * 8;
    reader->workers[0].id_longest = 0;
    HF_TRY(done, hf_frame_create(&reader->frame, reader->context, reader->layout.slots, width > 8 ? width : 8,
                                 error));
    HF_TRY(done, add_columns(reader, samples, error));
done:
    hf_delete(reader->context, samples);
    return status;
}

// ---- the pass ------------------------------------------------------------------------------------------------

static hf_status ready_workers(hf_csv_reader *reader, hf_error *error)
{
    for (int32_t t = 0; t < reader->threads; t++)
        for (int32_t f = 0; f < reader->header.count; f++) {
            hf_csv_worker *w = &reader->workers[t];
            const hf_csv_column *column = &reader->columns[f];
            if (!column->active || column->parse != HF_PARSE_TEXT) continue;
            hf_status status = hf_tokens_init(&w->tokens[f], reader->context, error);
            if (status != HF_OK) return status;
        }
    return HF_OK;
}

static void read_region(hf_csv_reader *reader, hf_csv_worker *w, const hf_csv_region *region)
{
    if (w->failed || region->slots == 0) return;
    w->block.bads = reader->structure_known ? NULL : &w->bads;
    if (hf_csv_block_begin(&w->block, region, NULL) != HF_OK) {
        w->failed = true;
        return;
    }
    while (hf_csv_block_next(&w->block))
        for (int32_t f = 0; f < reader->header.count; f++)
            hf_csv_column_read(reader, w, f);
}

static hf_status check_workers(const hf_csv_reader *reader, hf_error *error)
{
    int64_t too_long = -1;
    for (int32_t t = 0; t < reader->threads; t++) {
        const hf_csv_worker *w = &reader->workers[t];
        if (w->failed || w->bads.failed || w->misfits.failed) return hf_fail_memory(error);
        if (w->block.too_long >= 0 && (too_long < 0 || w->block.too_long < too_long))
            too_long = w->block.too_long;
    }
    return too_long < 0 ? HF_OK : hf_csv_too_long(reader->path, reader->input.text, too_long, error);
}

hf_status hf_csv_pass(hf_csv_reader *reader, hf_error *error)
{
    hf_status status = HF_OK;
    int threads = reader->threads;
    int32_t count = reader->layout.count, wave = WAVE_REGIONS * threads;
    HF_TRY(done, ready_workers(reader, error));
    for (int32_t first = 0; first < count; first += wave) {
        HF_TRY(done, hf_check_cancel(reader->context, error));
        int32_t last = count - first < wave ? count : first + wave;
#pragma omp parallel for default(none) shared(reader, first, last) schedule(dynamic) num_threads(threads)
        for (int32_t i = first; i < last; i++) {
            int thread = omp_get_thread_num();
            reader->owner[i] = (uint16_t)thread;
            read_region(reader, &reader->workers[thread], &reader->layout.regions[i]);
        }
        HF_TRY(done, check_workers(reader, error));
        hf_progress(reader->context, "read", reader->layout.regions[last - 1].end, reader->input.size);
    }
done:
    return status;
}
