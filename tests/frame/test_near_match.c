// SPDX-License-Identifier: Apache-2.0
//
// Accounts of one day found in another: the same as by comparing each with each, whatever came, went or
// moved between them.
#include "base/failing_context.h"
#include "frame/frame_room.h"

#include <string.h>

enum { MOST = 600 };

// A list of account numbers, each once.
typedef struct {
    int id[MOST], count;
} list;

static list range(int begin, int end)
{
    list l = {.count = 0};
    for (int i = begin; i < end; i++)
        l.id[l.count++] = i;
    return l;
}

static void append(list *l, list more)
{
    for (int i = 0; i < more.count; i++)
        l->id[l->count++] = more.id[i];
}

static void shuffle(list *l, int begin, int end, uint64_t seed)
{
    hf_random r = hf_random_seed(seed, 0);
    for (int i = end - 1; i > begin; i--) {
        const int j = begin + (int)hf_random_below(&r, (uint64_t)(i - begin + 1)), swap = l->id[i];
        l->id[i] = l->id[j];
        l->id[j] = swap;
    }
}

static hf_frame *frame_of(const hf_context *context, const list *l, int32_t width)
{
    hf_frame *frame = NULL;
    cr_assert_eq(hf_frame_create(&frame, context, l->count, width, NULL), HF_OK);
    for (int i = 0; i < l->count; i++) {
        char text[16];
        const int length = snprintf(text, sizeof text, "c%d", l->id[i]);
        memcpy(frame->ids + (size_t)i * (size_t)width, text, (size_t)length);
    }
    return frame;
}

static void check(const list *then, const list *now)
{
    hf_context *context = NULL;
    int64_t row[MOST];
    cr_assert_eq(hf_context_create(&context, NULL, NULL), HF_OK);
    hf_frame *a = frame_of(context, then, 4), *b = frame_of(context, now, 9);
    cr_assert_eq(hf_frame_match_near(row, context, a, b, NULL), HF_OK);
    for (int i = 0; i < now->count; i++) {
        int64_t expected = -1;
        for (int k = 0; k < then->count; k++)
            if (then->id[k] == now->id[i]) expected = k;
        cr_assert_eq(row[i], expected, "row %d of %d", i, now->count);
    }
    hf_frame_destroy(a);
    hf_frame_destroy(b);
    hf_context_destroy(context);
}

static void both_ways(list a, list b)
{
    check(&a, &b);
    check(&b, &a);
}

Test(near_match, finds_accounts_whatever_came_went_or_moved)
{
    const list all = range(0, 300), none = range(0, 0);
    both_ways(all, all);
    both_ways(all, none);
    both_ways(none, none);
    both_ways(all, range(150, 450)); // half are gone at the front
    both_ways(all, range(300, 600));
    list gap = range(0, 40);
    append(&gap, range(60, 300)); // more than a few gone in between
    both_ways(all, gap);
    list moved = range(200, 300);
    append(&moved, range(0, 200));
    both_ways(all, moved);
    list reversed = all;
    for (int i = 0; i < all.count; i++)
        reversed.id[i] = all.id[all.count - 1 - i];
    both_ways(all, reversed);
}

Test(near_match, finds_accounts_in_any_order)
{
    for (uint64_t seed = 0; seed < 30; seed++) {
        hf_random r = hf_random_seed(seed, 1);
        list a = range(0, 500), b = {.count = 0};
        for (int i = 0; i < 500; i++) // some replaced where they stood
            if (hf_random_below(&r, 10) > 0) b.id[b.count++] = hf_random_below(&r, 9) ? i : 500 + i;
        const int begin = (int)hf_random_below(&r, (uint64_t)b.count);
        if (seed % 3 > 0) shuffle(&b, begin, seed % 3 == 1 ? b.count : (begin + b.count) / 2, seed);
        both_ways(a, b);
    }
}

Test(near_match, survives_every_failing_allocation)
{
    allocator a = {.fail_at = -1};
    hf_context *failing = make_context(&a, 1);
    list x = range(0, 100), y = range(50, 150);
    shuffle(&y, 0, 100, 1);
    hf_frame *then = frame_of(failing, &x, 6), *now = frame_of(failing, &y, 6);
    const long held = a.live;
    hf_status status = HF_ERROR_MEMORY;
    int64_t row[MOST];
    for (long k = 0; status != HF_OK; k++) {
        a.asked = 0;
        a.fail_at = k;
        status = hf_frame_match_near(row, failing, then, now, NULL);
        cr_assert(status == HF_OK ? k > 4 : status == HF_ERROR_MEMORY);
        cr_assert_eq(a.live, held);
    }
    a.fail_at = -1;
    hf_frame_destroy(then);
    hf_frame_destroy(now);
    hf_context_destroy(failing);
    cr_assert_eq(a.live, 0);
}
