// SPDX-License-Identifier: Apache-2.0
//
// Pass 1: where records end. Whether a range begins inside quotes is not known while it is scanned, so each
// range counts its line ends for both cases; the parity of the quotes before it then picks one (Ge, Li,
// Eilebrecht, Chandramouli and Kossmann 2019, "Speculative distributed CSV data parsing", without the
// speculation). Ranges are scanned in parallel by 64-byte masks.
#include "csv/csv_scan.h"

#include <string.h>

enum { CHUNK_BLOCKS = 64, PLACES = 2 };

// What one range holds, for the two cases: it begins outside quotes [0], inside quotes [1].
typedef struct {
    int64_t lines[PLACES];
    int64_t last[PLACES]; // offset after the last line end, -1 if none
    bool odd;             // the number of quotes
} range_scan;

typedef struct {
    const hf_kernels *kernels;
    const char *text;
    int64_t size;
    char delimiter;
} scan_job;

static void scan_blocks(range_scan *r, uint64_t *inside, int64_t at, const hf_scan_masks *masks,
                        int64_t blocks)
{
    for (int64_t b = 0; b < blocks; b++) {
        uint64_t newline = masks[b].newline, quote = masks[b].quote;
        if ((newline | quote) == 0) continue;
        uint64_t in = *inside;
        if (quote) {
            in ^= hf_csv_parity(quote);
            *inside = (uint64_t)((int64_t)in >> 63);
        }
        uint64_t of[PLACES] = {newline & ~in, newline & in};
        for (int place = 0; place < PLACES; place++) {
            if (of[place] == 0) continue;
            r->lines[place] += __builtin_popcountll(of[place]);
            r->last[place] = at + 64 * b + 64 - __builtin_clzll(of[place]);
        }
    }
}

// The last, partial block is copied beside blanks so that nothing past the text is read.
static range_scan scan_range(const scan_job *job, int64_t begin, int64_t end)
{
    range_scan r = {{0, 0}, {-1, -1}, false};
    hf_scan_masks masks[CHUNK_BLOCKS];
    uint64_t inside = 0;
    int64_t at = begin;
    while (end - at >= 64) {
        int64_t blocks = (end - at) / 64 < CHUNK_BLOCKS ? (end - at) / 64 : CHUNK_BLOCKS;
        job->kernels->scan(masks, job->text + at, blocks, job->delimiter);
        scan_blocks(&r, &inside, at, masks, blocks);
        at += 64 * blocks;
    }
    if (at < end) {
        char rest[64];
        memset(rest, ' ', sizeof rest);
        memcpy(rest, job->text + at, (size_t)(end - at));
        job->kernels->scan(masks, rest, 1, job->delimiter);
        scan_blocks(&r, &inside, at, masks, 1);
    }
    r.odd = inside != 0;
    return r;
}

static hf_status scan_ranges(range_scan *ranges, int32_t count, const hf_context *context,
                             const scan_job *job, int64_t begin, int64_t range_bytes, hf_error *error)
{
    int threads = hf_context_threads(context);
    int32_t wave = 32 * threads;
    for (int32_t first = 0; first < count; first += wave) {
        hf_status status = hf_check_cancel(context, error);
        if (status != HF_OK) return status;
        int32_t last = count - first < wave ? count : first + wave;
#pragma omp parallel for default(none) shared(ranges, first, last, job, begin, range_bytes) \
    schedule(dynamic) num_threads(threads)
        for (int32_t i = first; i < last; i++) {
            int64_t from = begin + i * range_bytes;
            int64_t to = job->size - from < range_bytes ? job->size : from + range_bytes;
            ranges[i] = scan_range(job, from, to);
        }
    }
    return HF_OK;
}

static bool all_line_ends(const char *text, int64_t begin, int64_t end)
{
    while (begin < end && text[begin] == '\r')
        begin++;
    return begin == end;
}

// Walks the ranges in order with the true state at each cut. *open: the text ends inside quotes. *too_long:
// where a record over the limit begins, or -1.
static void join_ranges(hf_csv_layout *layout, const range_scan *ranges, const scan_job *job, int64_t begin,
                        int64_t range_bytes, bool *open, int64_t *too_long)
{
    bool inside = false;
    int64_t start = begin;
    *too_long = -1;
    for (int32_t i = 0; i < layout->count; i++) {
        const range_scan *r = &ranges[i];
        if (*too_long < 0 && begin + i * range_bytes - start > HF_CSV_RECORD_LIMIT) *too_long = start;
        hf_csv_region *region = &layout->regions[i];
        *region = (hf_csv_region){start, start, layout->slots, r->lines[inside]};
        if (r->last[inside] >= 0) region->end = start = r->last[inside];
        layout->slots += region->slots;
        inside ^= r->odd;
    }
    if (*too_long < 0 && job->size - start > HF_CSV_RECORD_LIMIT) *too_long = start;
    *open = inside;
    // The last record may lack its line end.
    if (!all_line_ends(job->text, start, job->size)) {
        layout->regions[layout->count - 1].end = job->size;
        layout->regions[layout->count - 1].slots++;
        layout->slots++;
    }
}

hf_status hf_csv_layout_find(hf_csv_layout *out, const hf_context *context, const char *path,
                             const char *text, int64_t size, int64_t begin, char delimiter,
                             int64_t range_bytes, hf_error *error)
{
    hf_status status = HF_OK;
    scan_job job = {hf_kernels_for(hf_context_isa(context)), text, size, delimiter};
    hf_csv_layout layout = {NULL, (int32_t)((size - begin) / range_bytes + 1), 0};
    range_scan *ranges = hf_new(context, (size_t)layout.count, sizeof *ranges);
    layout.regions = hf_new(context, (size_t)layout.count, sizeof *layout.regions);
    if (!ranges || !layout.regions) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, scan_ranges(ranges, layout.count, context, &job, begin, range_bytes, error));
    bool open;
    int64_t too_long;
    join_ranges(&layout, ranges, &job, begin, range_bytes, &open, &too_long);
    if (open) HF_TRY(done, hf_csv_explain_quotes(path, text, size, delimiter, error));
    if (too_long >= 0) {
        status = hf_csv_too_long(path, text, too_long, error);
        goto done;
    }
    *out = layout;
    layout.regions = NULL;
done:
    hf_csv_layout_free(context, &layout);
    hf_delete(context, ranges);
    return status;
}

void hf_csv_layout_free(const hf_context *context, hf_csv_layout *layout)
{
    hf_delete(context, layout->regions);
    *layout = (hf_csv_layout){0};
}
