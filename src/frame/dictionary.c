// SPDX-License-Identifier: Apache-2.0
//
// The dictionary of a category column: its distinct texts, sorted bytewise, in one block. Sorted, because
// then equal data has equal codes whatever order it came in, and a text is found by bisection.
#include "frame/frame_room.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *text;
    size_t length;
    int32_t index;
} entry;

static int by_text(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    size_t shared = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->text, y->text, shared);
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

hf_status hf_dictionary_build(hf_dictionary *out, const hf_context *context, const char *const *texts,
                              const size_t *lengths, int32_t count, int32_t *rank, hf_error *error)
{
    size_t bytes = 0;
    for (int32_t i = 0; i < count; i++)
        if (!hf_size_add(&bytes, bytes, lengths[i] + 1) || bytes > UINT32_MAX)
            return hf_fail(error, HF_ERROR_DATA,
                           "the distinct texts of one column take over 4 GiB; leave the column out");
    hf_status status = HF_OK;
    hf_dictionary built = {.count = count};
    entry *entries = hf_new_raw(context, (size_t)count, sizeof *entries);
    built.bytes = hf_new_raw(context, bytes, 1);
    built.offsets = hf_new_raw(context, (size_t)count + 1, sizeof *built.offsets);
    if (!entries || !built.bytes || !built.offsets) {
        status = hf_fail_memory(error);
        goto done;
    }
    for (int32_t i = 0; i < count; i++)
        entries[i] = (entry){texts[i], lengths[i], i};
    qsort(entries, (size_t)count, sizeof *entries, by_text);
    uint32_t at = 0;
    for (int32_t i = 0; i < count; i++) {
        built.offsets[i] = at;
        memcpy(built.bytes + at, entries[i].text, entries[i].length);
        built.bytes[at + entries[i].length] = '\0';
        at += (uint32_t)entries[i].length + 1;
        if (rank) rank[entries[i].index] = i;
    }
    built.offsets[count] = at;
    *out = built;
    built = (hf_dictionary){0};
done:
    hf_delete(context, entries);
    hf_dictionary_free(context, &built);
    return status;
}

const char *hf_dictionary_text(const hf_dictionary *dictionary, int32_t code)
{
    return code >= 0 && code < dictionary->count ? dictionary->bytes + dictionary->offsets[code] : "";
}

int32_t hf_dictionary_find(const hf_dictionary *dictionary, const char *text)
{
    int32_t low = 0, high = dictionary->count - 1;
    while (low <= high) {
        int32_t middle = low + (high - low) / 2;
        int order = strcmp(text, hf_dictionary_text(dictionary, middle));
        if (order == 0) return middle;
        if (order < 0)
            high = middle - 1;
        else
            low = middle + 1;
    }
    return -1;
}

void hf_dictionary_free(const hf_context *context, hf_dictionary *dictionary)
{
    hf_delete(context, dictionary->bytes);
    hf_delete(context, dictionary->offsets);
    *dictionary = (hf_dictionary){0};
}
