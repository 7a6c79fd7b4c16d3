// SPDX-License-Identifier: Apache-2.0
//
// Memory and growing text under allocators that shift, move and fail.
#include "base/failing_context.h"

#include <string.h>

Test(memory, sizes_are_checked)
{
    size_t out = 5;
    cr_assert(hf_size_multiply(&out, 6, 7) && out == 42);
    cr_assert(hf_size_multiply(&out, 0, SIZE_MAX) && out == 0);
    cr_assert(hf_size_multiply(&out, SIZE_MAX, 1) && out == SIZE_MAX);
    cr_assert(!hf_size_multiply(&out, SIZE_MAX / 2 + 1, 2));
    cr_assert(!hf_size_multiply(&out, SIZE_MAX, SIZE_MAX));
    cr_assert(hf_size_add(&out, SIZE_MAX - 1, 1) && out == SIZE_MAX);
    cr_assert(!hf_size_add(&out, SIZE_MAX, 1));
}

Test(memory, blocks_are_aligned_zeroed_and_never_null_for_nothing)
{
    for (size_t shift = 0; shift < 64; shift += 16) {
        allocator a = {.fail_at = -1, .misalign = shift};
        hf_context *context = make_context(&a, 1);
        for (size_t size = 0; size < 300; size++) {
            unsigned char *p = hf_new(context, size, 1);
            cr_assert(p && (uintptr_t)p % 64 == 0);
            for (size_t i = 0; i < size; i++)
                cr_assert(p[i] == 0);
            memset(p, 0xee, size); // the sanitizer sees a block too small
            hf_delete(context, p);
        }
        hf_delete(context, NULL);
        hf_context_destroy(context);
        cr_assert(a.live == 0);
    }
}

Test(memory, impossible_sizes_give_null)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    cr_assert(!hf_new(context, SIZE_MAX, 1));
    cr_assert(!hf_new(context, SIZE_MAX, SIZE_MAX));
    cr_assert(!hf_new_raw(context, SIZE_MAX / 8 + 1, 8));
    cr_assert(!hf_new_raw(context, SIZE_MAX - 79, 1));
    cr_assert(!hf_new_raw(context, SIZE_MAX - 64, 1));
    char *p = hf_copy_text(context, "kept", 4);
    cr_assert(!hf_grow(context, p, SIZE_MAX, 2) && !hf_grow(context, p, SIZE_MAX - 10, 1));
    cr_assert_str_eq(p, "kept");
    cr_assert(!hf_copy_text(context, "x", SIZE_MAX));
    hf_delete(context, p);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// Every growth may land on another offset from a 64-byte line, so the content has to move within the block.
Test(memory, growing_keeps_the_content)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_random r = hf_random_seed(7, 0);
    unsigned char *p = NULL;
    size_t size = 0, next;
    for (int k = 0; k < 3000; k++, size = next) {
        next = hf_random_below(&r, k % 100 == 0 ? 400000 : 3000);
        if (k % 17 == 0) {
            a.fail_at = a.asked;
            cr_assert(!hf_grow(context, p, next, 1));
            a.fail_at = -1;
        }
        p = hf_grow(context, p, next, 1);
        cr_assert(p && (uintptr_t)p % 64 == 0);
        for (size_t i = 0; i < (size < next ? size : next); i++)
            if (p[i] != (unsigned char)(i * 7)) cr_assert(false, "byte %zu of %zu lost", i, next);
        for (size_t i = 0; i < next; i++)
            p[i] = (unsigned char)(i * 7);
    }
    hf_delete(context, p);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

// An allocator that always moves, to a place of another alignment.
static void *moving_resize(void *user, void *p, size_t size)
{
    static size_t turn;
    (void)user;
    size_t *block = p ? (size_t *)((char *)p - 16) : NULL;
    char *made = NULL;
    if (size > 0) {
        size_t shift = 16 * (1 + turn++ % 4);
        char *start = aligned_alloc(64, (size + shift + 127) / 64 * 64);
        made = start + shift;
        ((size_t *)(made - 16))[0] = size;
        ((size_t *)(made - 16))[1] = shift;
        if (p) memcpy(made, p, block[0] < size ? block[0] : size);
    }
    if (p) free((char *)p - block[1]);
    return made;
}

Test(memory, growing_under_an_allocator_that_always_moves)
{
    hf_context_options options = HF_CONTEXT_OPTIONS_INIT;
    options.resize = moving_resize;
    hf_context *context;
    cr_assert(hf_context_create(&context, &options, NULL) == HF_OK);
    hf_random r = hf_random_seed(8, 0);
    unsigned char *p = NULL;
    size_t size = 0, next;
    for (int k = 0; k < 2000; k++, size = next) {
        next = hf_random_below(&r, 1000);
        p = hf_grow(context, p, next, 1);
        cr_assert(p && (uintptr_t)p % 64 == 0);
        for (size_t i = 0; i < (size < next ? size : next); i++)
            if (p[i] != (unsigned char)(i * 11)) cr_assert(false, "byte %zu of %zu lost", i, next);
        for (size_t i = 0; i < next; i++)
            p[i] = (unsigned char)(i * 11);
    }
    hf_delete(context, p);
    hf_context_destroy(context);
}

Test(text, agrees_with_a_plain_buffer)
{
    allocator a = {.fail_at = -1};
    hf_context *context = make_context(&a, 1);
    hf_text text;
    hf_text_init(&text, context);
    static char plain[1 << 20];
    size_t length = 0;
    hf_random r = hf_random_seed(9, 0);
    cr_assert(hf_text_status(&text, NULL) == HF_OK);
    for (int k = 0; k < 20000 && length < sizeof plain - 4000; k++) {
        switch (hf_random_below(&r, 4)) {
        case 0:
            hf_text_putc(&text, (char)('a' + k % 26));
            plain[length++] = (char)('a' + k % 26);
            break;
        case 1:
            hf_text_printf(&text, "%d|%s|%*s", k, "word", (int)hf_random_below(&r, 40), "x");
            length += strlen(text.data + length);
            memcpy(plain, text.data, length);
            break;
        case 2:
            hf_text_add(&text, "\0nul", 4);
            memcpy(plain + length, "\0nul", 4);
            length += 4;
            break;
        default:
            hf_text_puts(&text, "");
            hf_text_add(&text, NULL, 0);
        }
        cr_assert(text.length == length && text.data && text.data[length] == '\0');
    }
    cr_assert(memcmp(plain, text.data, length) == 0);
    hf_text_clear(&text);
    cr_assert(text.length == 0 && text.data[0] == '\0');
    hf_text_free(&text);
    hf_text_free(&text);
    hf_context_destroy(context);
    cr_assert(a.live == 0);
}

Test(text, a_failure_is_remembered_and_the_text_stays)
{
    for (long k = 1; k < 6; k++) {
        allocator a = {.fail_at = k};
        hf_context *context = make_context(&a, 1);
        hf_text text;
        hf_text_init(&text, context);
        for (int i = 0; i < 1000; i++)
            hf_text_printf(&text, "%d,", i);
        hf_error error = {0};
        cr_assert(hf_text_status(&text, &error) == HF_ERROR_MEMORY && error.status == HF_ERROR_MEMORY);
        cr_assert(!hf_text_reserve(&text, 1));
        if (text.data) cr_assert(strlen(text.data) == text.length && strncmp(text.data, "0,1,2,", 6) == 0);
        hf_text_free(&text);
        cr_assert(hf_text_reserve(&text, SIZE_MAX) == NULL && text.failed);
        hf_text_free(&text);
        hf_context_destroy(context);
        cr_assert(a.live == 0);
    }
}
