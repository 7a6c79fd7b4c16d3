// SPDX-License-Identifier: Apache-2.0
//
// The distinct texts of a column as a hash table: text to a number in the order of arrival.
#ifndef HOLDFAST_CSV_TOKENS_H
#define HOLDFAST_CSV_TOKENS_H

#include "base/base_room.h"

#include <string.h>

typedef struct {
    const char *text; // borrowed from the input, or from the table's own memory
    uint64_t hash;
    int64_t count; // cells
    uint32_t length;
} hf_token;

typedef struct hf_token_page hf_token_page;

typedef struct {
    const hf_context *context;
    hf_token *items; // owned
    int32_t count, capacity;
    uint64_t *table; // owned: upper half of the hash, then number + 1; 0 is free
    uint64_t mask;
    hf_token_page *pages; // owned: texts that stand nowhere in the input as they read
} hf_tokens;

hf_status hf_tokens_init(hf_tokens *tokens, const hf_context *context, hf_error *error);
void hf_tokens_free(hf_tokens *tokens);

// The number of a text whose hash is known, added with a count of 0 where it is new; -1 when out of memory.
// keep: where the text stays until the table is freed, NULL to have it copied.
int32_t hf_tokens_add(hf_tokens *tokens, uint64_t hash, const char *text, size_t length, const char *keep);

static inline uint64_t tokens_word(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint64_t tokens_mix(uint64_t v)
{
    v *= 0x9e3779b97f4a7c15u;
    v ^= v >> 32;
    v *= 0xd6e8feb86659fd93u;
    return v ^ v >> 29;
}

// Up to eight bytes hash one to one, so that texts of one such length with one hash are equal. 16 bytes at p
// must be readable.
static inline uint64_t hf_tokens_hash(const char *p, size_t length)
{
    if (length == 0) return tokens_mix(0);
    if (length <= 8) return tokens_mix(tokens_word(p) << (64 - 8 * length));
    if (length <= 16) return tokens_mix(tokens_word(p) ^ tokens_mix(tokens_word(p + length - 8)));
    return hf_hash(p, length, 0);
}

// Counts a cell: the number of its text, or -1 when out of memory. Readable bytes as for the hash.
static inline int32_t hf_tokens_count(hf_tokens *tokens, const char *text, size_t length, const char *keep)
{
    uint64_t hash = hf_tokens_hash(text, length);
    for (uint64_t at = hash & tokens->mask;; at = (at + 1) & tokens->mask) {
        uint64_t entry = tokens->table[at];
        if (entry == 0) break;
        if ((entry ^ hash) >> 32) continue;
        hf_token *token = &tokens->items[(uint32_t)entry - 1];
        if (token->hash == hash && token->length == length &&
            (length <= 8 || memcmp(token->text, text, length) == 0)) {
            token->count++;
            return (int32_t)(uint32_t)entry - 1;
        }
    }
    int32_t number = hf_tokens_add(tokens, hash, text, length, keep);
    if (number >= 0) tokens->items[number].count++;
    return number;
}

#endif
