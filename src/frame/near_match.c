// SPDX-License-Identifier: Apache-2.0
//
// Finds the accounts of one day among those of another. The two lists are walked side by side; an account
// that is not within a few places of where it is due is put aside, with those of the other list that were
// stepped over, and only what was put aside is matched by hash: accounts that came or went, or everything
// where the order is another.
#include "frame/frame_room.h"

#include <string.h>

// Places looked at before an account is put aside: a few; and after so many in a row were, and twice, and
// four times as many, far more, lest the walk stands before accounts that are gone.
enum { AHEAD = 8, FAR_AHEAD = 1 << 16 };

static bool same_id(const hf_frame *a, int64_t i, const hf_frame *b, int64_t j)
{
    size_t n, m;
    const char *x = hf_frame_id(a, i, &n), *y = hf_frame_id(b, j, &m);
    return n == m && memcmp(x, y, n) == 0;
}

// Rows put aside on either side.
typedef struct {
    int64_t *frame, *keys; // owned
    int64_t frame_count, keys_count;
} aside;

static int64_t look_ahead(const hf_frame *frame, int64_t at, int64_t ahead, const hf_frame *keys, int64_t row)
{
    for (int64_t j = at; j < frame->rows && j - at < ahead; j++)
        if (same_id(frame, j, keys, row)) return j;
    return -1;
}

static void walk(int64_t *out, aside *rest, const hf_frame *frame, const hf_frame *keys)
{
    int64_t at = 0, missed = 0; // missed: put aside in a row
    for (int64_t i = 0; i < keys->rows; i++) {
        const bool doubles = (missed & (missed - 1)) == 0;
        out[i] = look_ahead(frame, at, missed < AHEAD ? AHEAD : doubles ? FAR_AHEAD : 1, keys, i);
        if (out[i] < 0) {
            rest->keys[rest->keys_count++] = i;
            missed++;
            continue;
        }
        missed = 0;
        for (; at < out[i]; at++)
            rest->frame[rest->frame_count++] = at;
        at++;
    }
    for (; at < frame->rows; at++)
        rest->frame[rest->frame_count++] = at;
}

// A frame of nothing but the ids of some rows.
static hf_status ids_of(hf_frame **out, const hf_context *context, const hf_frame *frame, const int64_t *rows,
                        int64_t count, hf_error *error)
{
    const hf_status status = hf_frame_create(out, context, count, frame->id_width, error);
    const size_t width = (size_t)frame->id_width;
    for (int64_t i = 0; status == HF_OK && i < count; i++)
        memcpy((*out)->ids + (size_t)i * width, frame->ids + (size_t)rows[i] * width, width);
    return status;
}

static hf_status match_rest(int64_t *out, const aside *rest, const hf_context *context, const hf_frame *frame,
                            const hf_frame *keys, hf_error *error)
{
    hf_status status = HF_OK;
    hf_frame *left = NULL, *sought = NULL;
    int64_t *found = hf_new_raw(context, (size_t)rest->keys_count, sizeof *found);
    if (!found) {
        status = hf_fail_memory(error);
        goto done;
    }
    HF_TRY(done, ids_of(&left, context, frame, rest->frame, rest->frame_count, error));
    HF_TRY(done, ids_of(&sought, context, keys, rest->keys, rest->keys_count, error));
    HF_TRY(done, hf_frame_match(found, left, sought, error));
    for (int64_t i = 0; i < rest->keys_count; i++)
        out[rest->keys[i]] = found[i] < 0 ? -1 : rest->frame[found[i]];
done:
    hf_frame_destroy(left);
    hf_frame_destroy(sought);
    hf_delete(context, found);
    return status;
}

hf_status hf_frame_match_near(int64_t *out, const hf_context *context, const hf_frame *frame,
                              const hf_frame *keys, hf_error *error)
{
    hf_status status = HF_OK;
    aside rest = {.frame = hf_new_raw(context, (size_t)frame->rows, sizeof *rest.frame),
                  .keys = hf_new_raw(context, (size_t)keys->rows, sizeof *rest.keys)};
    if (!rest.frame || !rest.keys) {
        status = hf_fail_memory(error);
        goto done;
    }
    walk(out, &rest, frame, keys);
    if (rest.keys_count > 0 && rest.frame_count > 0)
        HF_TRY(done, match_rest(out, &rest, context, frame, keys, error));
done:
    hf_delete(context, rest.frame);
    hf_delete(context, rest.keys);
    return status;
}
