// SPDX-License-Identifier: Apache-2.0
//
// Checked sizes and 64-byte aligned memory from the context's allocator. The allocator promises 16 bytes
// only, so a block carries, just before its aligned start, where it began and how long it is.
#include "base/context.h"

#include "base/base_room.h"

#include <string.h>

enum { ALIGNMENT = 64 };

typedef struct {
    void *start; // what the allocator gave
    size_t size; // bytes the caller asked for
} block_head;

bool hf_size_multiply(size_t *out, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

bool hf_size_add(size_t *out, size_t a, size_t b)
{
    return !__builtin_add_overflow(a, b, out);
}

static block_head *head_of(void *p)
{
    return (block_head *)((char *)p - sizeof(block_head));
}

static bool whole_size(size_t *bytes, size_t *whole, size_t count, size_t size)
{
    return hf_size_multiply(bytes, count, size) && hf_size_add(whole, *bytes, ALIGNMENT + sizeof(block_head));
}

// The first aligned byte of a block with room for the head before it.
static char *aligned_in(char *start)
{
    uintptr_t first = (uintptr_t)start + sizeof(block_head);
    return start + ((first + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - (uintptr_t)start);
}

void *hf_new_raw(const hf_context *context, size_t count, size_t size)
{
    size_t bytes, whole;
    if (!whole_size(&bytes, &whole, count, size)) return NULL;
    char *start = context->options.resize(context->options.resize_user, NULL, whole);
    if (!start) return NULL;
    char *p = aligned_in(start);
    *head_of(p) = (block_head){start, bytes};
    return p;
}

void *hf_new(const hf_context *context, size_t count, size_t size)
{
    void *p = hf_new_raw(context, count, size);
    if (p) memset(p, 0, count * size);
    return p;
}

void *hf_grow(const hf_context *context, void *p, size_t count, size_t size)
{
    size_t bytes, whole;
    if (!p) return hf_new_raw(context, count, size);
    if (!whole_size(&bytes, &whole, count, size)) return NULL;
    block_head old = *head_of(p);
    size_t offset = (size_t)((char *)p - (char *)old.start);
    // The allocator can often extend a block where it is, or move its pages without copying them.
    char *start = context->options.resize(context->options.resize_user, old.start, whole);
    if (!start) return NULL;
    char *moved = aligned_in(start);
    if (moved != start + offset) memmove(moved, start + offset, old.size < bytes ? old.size : bytes);
    *head_of(moved) = (block_head){start, bytes};
    return moved;
}

void hf_delete(const hf_context *context, void *p)
{
    if (p) context->options.resize(context->options.resize_user, head_of(p)->start, 0);
}

char *hf_copy_text(const hf_context *context, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? hf_new_raw(context, length + 1, 1) : NULL;
    if (!copy) return NULL;
    if (length > 0) memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}
