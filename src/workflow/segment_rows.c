// SPDX-License-Identifier: Apache-2.0
//
// Segments of training rows. Levels are sorted bytewise, so that their order does not depend on which row
// came first; conditions are asked from the last segment to the first, each taking over what it meets.
#include "workflow/segment_rows.h"

#include "definition/definition_room.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 50 };

static const char other[] = "default";

static hf_status allocate(hf_segment_rows *s, const hf_context *context, int32_t count, int64_t rows,
                          hf_error *error)
{
    *s = (hf_segment_rows){.context = context, .count = count};
    s->name = hf_new(context, (size_t)count, sizeof *s->name);
    s->condition = hf_new(context, (size_t)count, sizeof *s->condition);
    s->of = hf_new(context, (size_t)rows, sizeof *s->of);
    if (s->name && s->condition && s->of) s->name[count - 1] = hf_copy_text(context, other, sizeof other - 1);
    if (!s->name || !s->condition || !s->of || !s->name[count - 1]) return hf_fail_memory(error);
    for (int64_t i = 0; i < rows; i++)
        s->of[i] = count - 1;
    return HF_OK;
}

void hf_segment_rows_free(hf_segment_rows *s)
{
    for (int32_t i = 0; s->name && i < s->count; i++)
        hf_delete(s->context, s->name[i]);
    for (int32_t i = 0; s->condition && i < s->count; i++)
        hf_delete(s->context, s->condition[i]);
    if (s->context) {
        hf_delete(s->context, s->name);
        hf_delete(s->context, s->condition);
        hf_delete(s->context, s->of);
    }
    *s = (hf_segment_rows){0};
}

int32_t hf_segment_rows_find(const hf_segment_rows *s, const char *name)
{
    for (int32_t i = 0; i < s->count; i++)
        if (strcmp(s->name[i], name) == 0) return i;
    return -1;
}

// ---- by a category ---------------------------------------------------------------------------------------

static hf_status fail_column(const hf_frame *frame, const char *by, hf_error *error)
{
    const int32_t c = hf_frame_find(frame, by);
    if (c >= 0)
        return hf_fail_at(error, HF_ERROR_DATA, frame->source, 0, 0,
                          "segments are made of the levels of a category, and column '%s' is a %s; name a "
                          "category, or read it as one with --kind %s=category",
                          by, hf_kind_name(frame->columns[c].kind), by);
    return hf_frame_no_column(frame, by, "--by", frame->source, "name a column of the data", error);
}

// Levels some row has, in bytewise order; *count of them in order[].
static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static hf_status name_level(hf_segment_rows *s, int32_t k, const char *by, const char *level, hf_error *error)
{
    hf_text text;
    hf_text_init(&text, s->context);
    hf_text_printf(&text, "\"%s\" = \"", by);
    for (const char *p = level; *p != '\0'; p++) {
        if (*p == '"') hf_text_putc(&text, '"');
        hf_text_putc(&text, *p);
    }
    hf_text_putc(&text, '"');
    hf_status status = hf_text_status(&text, error);
    if (status == HF_OK) {
        s->name[k] = hf_copy_text(s->context, level, strlen(level));
        s->condition[k] = hf_copy_text(s->context, text.data, text.length);
        if (!s->name[k] || !s->condition[k]) status = hf_fail_memory(error);
    }
    hf_text_free(&text);
    return status;
}

hf_status hf_segment_rows_by(hf_segment_rows *out, const hf_context *context, const hf_frame *frame,
                             const char *by, hf_error *error)
{
    hf_segment_rows made = {0};
    const char **levels = NULL;
    int32_t count = 0;
    hf_status status = HF_OK;
    const int32_t c = hf_frame_find(frame, by);
    if (c < 0 || frame->columns[c].storage != HF_STORAGE_CODE) return fail_column(frame, by, error);
    const hf_dictionary *dictionary = &frame->columns[c].dictionary;
    const int32_t *codes = frame->columns[c].values;
    if (dictionary->count > MOST_LEVELS)
        return hf_fail_at(
            error, HF_ERROR_USAGE, frame->source, 0, 0,
            "column '%s' has %d levels, and segments can be at most %d; join them in the segments "
            "of a definition and pass --segments",
            by, (int)dictionary->count, MOST_LEVELS);
    levels = hf_new(context, (size_t)dictionary->count, sizeof *levels);
    if (!levels) return hf_fail_memory(error);
    for (; count < dictionary->count; count++)
        levels[count] = hf_dictionary_text(dictionary, count);
    if (count > 1) qsort(levels, (size_t)count, sizeof *levels, by_text);
    HF_TRY(done, allocate(&made, context, count + 1, frame->rows, error));
    for (int32_t k = 0; k < count; k++) {
        if (strcmp(levels[k], other) == 0) {
            status = hf_fail_at(error, HF_ERROR_USAGE, frame->source, 0, 0,
                                "column '%s' has a level 'default', which is what the accounts of no segment "
                                "are called; give the segments names in a definition and pass --segments",
                                by);
            goto done;
        }
        HF_TRY(done, name_level(&made, k, by, levels[k], error));
        const int32_t code = hf_dictionary_find(dictionary, levels[k]);
        for (int64_t i = 0; i < frame->rows; i++)
            if (codes[i] == code) made.of[i] = k;
    }
    *out = made;
    made = (hf_segment_rows){0};
done:
    hf_delete(context, levels);
    hf_segment_rows_free(&made);
    return status;
}

// ---- by a definition -------------------------------------------------------------------------------------

static hf_status place_rows(hf_segment_rows *s, int32_t k, const hf_definition *definition,
                            const hf_frame *frame, hf_error *error)
{
    const hf_segment *segment = &definition->segments[k];
    hf_bound_condition *bound = NULL;
    hf_error found = {0};
    uint8_t holds[HF_TILE];
    hf_status status = hf_condition_bind(&bound, s->context, &segment->when, frame, &found);
    if (status == HF_ERROR_DATA)
        return hf_definition_fail(error, definition, segment->place, "segment '%s': %s", segment->name,
                                  found.message);
    if (status != HF_OK) {
        if (error) *error = found;
        return status;
    }
    for (int64_t begin = 0; begin < frame->rows; begin += HF_TILE) {
        const int64_t left = frame->rows - begin;
        const int32_t n = left < HF_TILE ? (int32_t)left : HF_TILE;
        hf_condition_run(bound, holds, begin, n);
        for (int32_t i = 0; i < n; i++)
            if (holds[i]) s->of[begin + i] = k;
    }
    hf_condition_unbind(s->context, bound);
    return HF_OK;
}

hf_status hf_segment_rows_defined(hf_segment_rows *out, const hf_context *context, const hf_frame *frame,
                                  const char *path, hf_error *error)
{
    hf_segment_rows made = {0};
    hf_definition *definition = NULL;
    hf_status status;
    HF_TRY(done, hf_definition_load(&definition, context, path, error));
    if (definition->segment_count < 2) {
        status = hf_fail_at(error, HF_ERROR_DATA, path, 0, 0,
                            "the definition has no segments; write some, or name a category with --by");
        goto done;
    }
    HF_TRY(done, allocate(&made, context, definition->segment_count, frame->rows, error));
    for (int32_t k = definition->segment_count - 2; k >= 0; k--) {
        const char *name = definition->segments[k].name;
        made.name[k] = hf_copy_text(context, name, strlen(name));
        if (!made.name[k]) {
            status = hf_fail_memory(error);
            goto done;
        }
        HF_TRY(done, place_rows(&made, k, definition, frame, error));
    }
    *out = made;
    made = (hf_segment_rows){0};
done:
    hf_definition_destroy(definition);
    hf_segment_rows_free(&made);
    return status;
}
