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

static hf_status too_large(hf_error *error)
{
    return hf_fail(error, HF_ERROR_DATA,
                   "the distinct texts of one column take over 4 GiB; leave the column out");
}

hf_status hf_dictionary_build(hf_dictionary *out, const hf_context *context, const char *const *texts,
                              const size_t *lengths, int32_t count, int32_t *rank, hf_error *error)
{
    size_t bytes = 0;
    for (int32_t i = 0; i < count; i++)
        if (!hf_size_add(&bytes, bytes, lengths[i] + 1) || bytes > UINT32_MAX) return too_large(error);
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

// Writes a dictionary of texts that are sorted and distinct already.
static hf_status build_sorted(hf_dictionary *out, const hf_context *context, const char *const *texts,
                              int32_t count, hf_error *error)
{
    size_t bytes = 0;
    hf_dictionary built = {.count = count};
    built.offsets = hf_new_raw(context, (size_t)count + 1, sizeof *built.offsets);
    if (!built.offsets) return hf_fail_memory(error);
    hf_status status = HF_OK;
    for (int32_t i = 0; i < count && status == HF_OK; i++) {
        built.offsets[i] = (uint32_t)bytes;
        bytes += strlen(texts[i]) + 1;
        if (bytes > UINT32_MAX) status = too_large(error);
    }
    built.offsets[count] = (uint32_t)bytes;
    if (status == HF_OK && !(built.bytes = hf_new_raw(context, bytes, 1))) status = hf_fail_memory(error);
    if (status != HF_OK) {
        hf_dictionary_free(context, &built);
        return status;
    }
    for (int32_t i = 0; i < count; i++)
        memcpy(built.bytes + built.offsets[i], texts[i], built.offsets[i + 1] - built.offsets[i]);
    *out = built;
    return HF_OK;
}

// Replaces the sorted list by its union with a dictionary.
static hf_status merge_list(const char ***list, int32_t *count, const hf_context *context,
                            const hf_dictionary *with, hf_error *error)
{
    if ((int64_t)*count + with->count > INT32_MAX) return too_large(error);
    const char **merged = hf_new_raw(context, (size_t)*count + (size_t)with->count, sizeof *merged);
    if (!merged) return hf_fail_memory(error);
    int32_t n = 0, i = 0, k = 0;
    while (i < *count || k < with->count) {
        const char *text = hf_dictionary_text(with, k);
        int order = i == *count ? 1 : k == with->count ? -1 : strcmp((*list)[i], text);
        merged[n++] = order <= 0 ? (*list)[i] : text;
        i += order <= 0;
        k += order >= 0;
    }
    hf_delete(context, *list);
    *list = merged;
    *count = n;
    return HF_OK;
}

static bool same_dictionary(const hf_dictionary *a, const hf_dictionary *b)
{
    return a && b && a->count == b->count && a->count > 0 && a->offsets[a->count] == b->offsets[b->count] &&
           memcmp(a->bytes, b->bytes, a->offsets[a->count]) == 0;
}

hf_status hf_dictionary_union(hf_dictionary *out, int32_t **recode, const hf_context *context,
                              const hf_dictionary *const *parts, int32_t count, hf_error *error)
{
    hf_status status = HF_OK;
    hf_dictionary built = {0};
    const char **list = NULL;
    int32_t distinct = 0;
    // Month after month the same levels: a part like the one before adds nothing.
    for (int32_t p = 0; p < count; p++)
        if (parts[p] && !(p > 0 && same_dictionary(parts[p], parts[p - 1])))
            HF_TRY(done, merge_list(&list, &distinct, context, parts[p], error));
    HF_TRY(done, build_sorted(&built, context, list, distinct, error));
    for (int32_t p = 0; p < count; p++) {
        if (!parts[p]) continue;
        recode[p] = hf_new_raw(context, (size_t)parts[p]->count, sizeof **recode);
        if (!recode[p]) {
            status = hf_fail_memory(error);
            goto done;
        }
        for (int32_t k = 0, code = 0; k < parts[p]->count; k++) {
            while (strcmp(hf_dictionary_text(&built, code), hf_dictionary_text(parts[p], k)) != 0)
                code++;
            recode[p][k] = code;
        }
    }
    *out = built;
    built = (hf_dictionary){0};
done:
    hf_dictionary_free(context, &built);
    hf_delete(context, list);
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
