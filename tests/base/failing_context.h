// SPDX-License-Identifier: Apache-2.0
//
// For tests: a context whose k-th allocation fails, and that counts what is still held.
#ifndef HOLDFAST_TEST_FAILING_CONTEXT_H
#define HOLDFAST_TEST_FAILING_CONTEXT_H

#include "base/base_room.h"

#include <criterion/criterion.h>
#include <stdlib.h>

typedef struct {
    long fail_at;    // allocation that fails, from 0; -1: none
    long asked;      // allocations so far
    long live;       // blocks held
    size_t largest;  // bytes of the largest request
    size_t misalign; // shifts every block by so many bytes, a multiple of 16 up to 48
} allocator;

static void *counting_resize(void *user, void *p, size_t size)
{
    allocator *a = user;
    char *start = p ? (char *)p - a->misalign : NULL;
    if (size == 0) {
        if (p) a->live--;
        free(start);
        return NULL;
    }
    if (a->asked++ == a->fail_at || size > ((size_t)1 << 40)) return NULL;
    if (size > a->largest) a->largest = size;
    char *made = realloc(start, size + a->misalign);
    if (made && !p) a->live++;
    return made ? made + a->misalign : NULL;
}

static inline hf_context *make_context(allocator *a, int threads)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.resize = counting_resize;
    options.resize_user = a;
    options.threads = threads;
    hf_context *context = NULL;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    return context;
}

#endif
