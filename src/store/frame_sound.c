// SPDX-License-Identifier: Apache-2.0
//
// What a frame must be for a snapshot to keep it, checked before writing and after reading, so that neither a
// defect elsewhere nor a hostile file gets through: kinds and storages agree, texts are UTF-8, levels ascend,
// codes are levels, missing counts are right.
#include "store/snapshot_file.h"

#include <string.h>

#define UNIT_LIMIT 4096 // bytes

// What a pass over a column's values found.
typedef struct {
    int64_t missing;
    bool out_of_range; // a code that is no level
} census;

static census count_column(const hf_column *c, int64_t rows)
{
    hf_column counted = *c;
    hf_column_count_missing(&counted, rows);
    census result = {counted.missing, false};
    if (c->storage == HF_STORAGE_CODE) {
        const int32_t *codes = c->values;
        int32_t low = -1, high = -1;
        for (int64_t i = 0; i < rows; i++) {
            low = codes[i] < low ? codes[i] : low;
            high = codes[i] > high ? codes[i] : high;
        }
        result.out_of_range = low < -1 || high >= c->dictionary.count;
    }
    return result;
}

static bool levels_sound(const hf_dictionary *d)
{
    size_t bad;
    for (int32_t i = 0; i < d->count; i++) {
        const char *text = d->bytes + d->offsets[i];
        size_t length = d->offsets[i + 1] - d->offsets[i] - 1;
        if (strlen(text) != length || !hf_is_utf8(text, length, &bad)) return false;
        if (i > 0 && strcmp(d->bytes + d->offsets[i - 1], text) >= 0) return false;
    }
    return true;
}

static bool storage_fits(hf_kind kind, hf_storage storage)
{
    if (kind == HF_KIND_CATEGORY) return storage == HF_STORAGE_CODE;
    if (kind == HF_KIND_DATE) return storage == HF_STORAGE_DAY;
    return storage == HF_STORAGE_F32 || storage == HF_STORAGE_F64;
}

static const char *column_problem(const hf_column *c, const census *found)
{
    size_t bad, length = strlen(c->name);
    if (length == 0 || length > HF_NAME_LIMIT) return "has a name that is empty or too long";
    if (!hf_is_utf8(c->name, length, &bad)) return "has a name that is not UTF-8";
    if (!hf_is_utf8(c->unit, strlen(c->unit), &bad)) return "has a unit that is not UTF-8";
    if (strlen(c->unit) > UNIT_LIMIT) return "has a unit that is too long";
    if (!storage_fits(c->kind, c->storage)) return "has a kind that its values do not fit";
    if (found->out_of_range) return "has a code that is no level";
    if (found->missing != c->missing) return "has another number of missing values than it says";
    if (c->storage == HF_STORAGE_CODE && !levels_sound(&c->dictionary))
        return "has levels that are not UTF-8 or not in order";
    return NULL;
}

bool hf_frame_is_sound(char *problem, size_t size, const hf_frame *frame)
{
    // One pass of all columns in parallel; what it finds is told in the columns' order.
    enum { BATCH = 64 };
    census found[BATCH];
    for (int32_t from = 0; from < frame->column_count; from += BATCH) {
        const int32_t count = frame->column_count - from < BATCH ? frame->column_count - from : BATCH;
#pragma omp parallel for default(none) shared(found, frame, from, count) schedule(static) \
    num_threads(hf_context_threads(frame->context))
        for (int32_t i = 0; i < count; i++)
            found[i] = count_column(&frame->columns[from + i], frame->rows);
        for (int32_t i = 0; i < count; i++) {
            const hf_column *c = &frame->columns[from + i];
            const char *text = column_problem(c, &found[i]);
            if (!text) continue;
            snprintf(problem, size, "the column '%s' %s", c->name, text);
            return false;
        }
    }
    return true;
}
