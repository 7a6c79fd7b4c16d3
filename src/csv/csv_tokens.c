// SPDX-License-Identifier: Apache-2.0
//
// An open-addressing table of texts, at most half full, that refers to the input instead of copying it. Each
// thread fills its own; they are merged by hash when the text has been read.
#include "csv/csv_tokens.h"

enum { FIRST_CAPACITY = 64, PAGE_BYTES = 65536 };

struct hf_token_page {
    hf_token_page *next;
    size_t used, size;
    char bytes[];
};

hf_status hf_tokens_init(hf_tokens *tokens, const hf_context *context, hf_error *error)
{
    hf_tokens t = {.context = context, .capacity = FIRST_CAPACITY, .mask = 2 * FIRST_CAPACITY - 1};
    t.items = hf_new_raw(context, FIRST_CAPACITY, sizeof *t.items);
    t.table = hf_new(context, 2 * FIRST_CAPACITY, sizeof *t.table);
    if (!t.items || !t.table) {
        hf_tokens_free(&t);
        return hf_fail_memory(error);
    }
    *tokens = t;
    return HF_OK;
}

void hf_tokens_free(hf_tokens *tokens)
{
    if (!tokens->context) return;
    hf_delete(tokens->context, tokens->items);
    hf_delete(tokens->context, tokens->table);
    while (tokens->pages) {
        hf_token_page *next = tokens->pages->next;
        hf_delete(tokens->context, tokens->pages);
        tokens->pages = next;
    }
    *tokens = (hf_tokens){0};
}

static bool grow(hf_tokens *t)
{
    if (t->capacity > INT32_MAX / 2) return false;
    int32_t capacity = 2 * t->capacity;
    uint64_t *table = hf_new(t->context, 2 * (size_t)capacity, sizeof *table);
    hf_token *items = table ? hf_grow(t->context, t->items, (size_t)capacity, sizeof *items) : NULL;
    if (!items) {
        hf_delete(t->context, table);
        return false;
    }
    uint64_t mask = 2 * (uint64_t)capacity - 1;
    for (int32_t i = 0; i < t->count; i++) {
        uint64_t at = items[i].hash & mask;
        while (table[at])
            at = (at + 1) & mask;
        table[at] = (items[i].hash & ~(uint64_t)UINT32_MAX) | (uint32_t)(i + 1);
    }
    hf_delete(t->context, t->table);
    t->table = table;
    t->items = items;
    t->capacity = capacity;
    t->mask = mask;
    return true;
}

static const char *copy(hf_tokens *t, const char *text, size_t length)
{
    if (!t->pages || t->pages->size - t->pages->used < length) {
        size_t size = length > PAGE_BYTES ? length : PAGE_BYTES;
        hf_token_page *page = hf_new_raw(t->context, 1, sizeof *page + size);
        if (!page) return NULL;
        page->next = t->pages;
        page->used = 0;
        page->size = size;
        t->pages = page;
    }
    char *place = t->pages->bytes + t->pages->used;
    memcpy(place, text, length);
    t->pages->used += length;
    return place;
}

int32_t hf_tokens_add(hf_tokens *tokens, uint64_t hash, const char *text, size_t length, const char *keep)
{
    uint64_t at = hash & tokens->mask;
    for (uint64_t entry; (entry = tokens->table[at]) != 0; at = (at + 1) & tokens->mask) {
        const hf_token *token = &tokens->items[(uint32_t)entry - 1];
        if (token->hash == hash && token->length == length && memcmp(token->text, text, length) == 0)
            return (int32_t)(uint32_t)entry - 1;
    }
    bool done = true;
    // Threads share the caller's allocator, which need not stand being called side by side.
    if (tokens->count == tokens->capacity || !keep) {
#pragma omp critical(hf_csv_memory)
        {
            done = tokens->count < tokens->capacity || grow(tokens);
            if (done && !keep) keep = copy(tokens, text, length);
            done = done && keep;
        }
    }
    if (!done) return -1;
    for (at = hash & tokens->mask; tokens->table[at];)
        at = (at + 1) & tokens->mask;
    int32_t number = tokens->count++;
    tokens->items[number] = (hf_token){keep, hash, 0, (uint32_t)length};
    tokens->table[at] = (hash & ~(uint64_t)UINT32_MAX) | (uint32_t)(number + 1);
    return number;
}
