// SPDX-License-Identifier: Apache-2.0
//
// Opens an input: a map of the file, or what zlib and zstd unpack from it into one buffer. Several gzip
// members or zstd frames one after the other are one text, as the tools of those formats have it.
#include "csv/csv_input.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

// The buffer an unpacker fills.
typedef struct {
    const hf_context *context;
    char *data; // owned
    size_t size, capacity;
} unpacked;

enum { PIECE = 1 << 20, CANCEL_EVERY = 16 };

// Room for at least one more piece.
static hf_status make_room(unpacked *u, hf_error *error)
{
    if (u->capacity - u->size >= PIECE) return HF_OK;
    size_t capacity = u->capacity + u->capacity / 2 + 2 * PIECE;
    char *grown = hf_grow(u->context, u->data, capacity, 1);
    if (!grown) return hf_fail_memory(error);
    u->data = grown;
    u->capacity = capacity;
    return HF_OK;
}

// Room for `hint` bytes at once where a header promises them and compression could have made it so.
static hf_status make_first_room(unpacked *u, uint64_t hint, size_t packed, hf_error *error)
{
    if (hint / 1100 > packed) hint = 0;
    u->capacity = (size_t)hint + PIECE;
    u->data = hf_new_raw(u->context, u->capacity, 1);
    return u->data ? HF_OK : hf_fail_memory(error);
}

static hf_status cut_short(hf_error *error, const char *path, const char *format)
{
    return hf_fail_at(error, HF_ERROR_DATA, path, 0, 0,
                      "the %s data is cut short; copy or export the file again", format);
}

static hf_status spoilt(hf_error *error, const char *path, const char *format, const char *detail)
{
    return hf_fail_at(error, HF_ERROR_DATA, path, 0, 0,
                      "the %s data is damaged (%s); copy or export the file again", format, detail);
}

// ---- gzip ------------------------------------------------------------------------------------------------

// One member, from stream->next_in to its end. *ended false: the input stopped before it.
static hf_status gzip_member(unpacked *u, z_stream *stream, const char *path, size_t *left, hf_error *error)
{
    hf_status status = HF_OK;
    for (int result = Z_OK, turn = 1; result != Z_STREAM_END; turn++) {
        if (turn % CANCEL_EVERY == 0) HF_TRY(done, hf_check_cancel(u->context, error));
        HF_TRY(done, make_room(u, error));
        size_t space = u->capacity - u->size < UINT_MAX ? u->capacity - u->size : UINT_MAX;
        if (space > (size_t)CANCEL_EVERY * PIECE) space = (size_t)CANCEL_EVERY * PIECE;
        size_t given = *left < UINT_MAX ? *left : UINT_MAX;
        stream->next_out = (unsigned char *)u->data + u->size;
        stream->avail_out = (unsigned)space;
        stream->avail_in = (unsigned)given;
        result = inflate(stream, Z_NO_FLUSH);
        size_t made = space - stream->avail_out, taken = given - stream->avail_in;
        u->size += made;
        *left -= taken;
        if (result == Z_MEM_ERROR) {
            status = hf_fail_memory(error);
            goto done;
        }
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            status = spoilt(error, path, "gzip", stream->msg ? stream->msg : "it needs a dictionary");
            goto done;
        }
        if (result != Z_STREAM_END && made == 0 && *left == 0) {
            status = cut_short(error, path, "gzip");
            goto done;
        }
    }
done:
    return status;
}

static hf_status unpack_gzip(unpacked *u, const hf_bytes *raw, const char *path, hf_error *error)
{
    z_stream stream = {0};
    size_t left = raw->size;
    hf_status status = HF_OK;
    bool open = inflateInit2(&stream, 15 + 16) == Z_OK;
    if (!open) {
        status = hf_fail_memory(error);
        goto done;
    }
    uint64_t hint = 0; // a member ends with its length modulo 2^32
    for (int i = 0; i < 4 && raw->size >= 18; i++)
        hint |= (uint64_t)(unsigned char)raw->data[raw->size - 4 + (size_t)i] << (8 * i);
    HF_TRY(done, make_first_room(u, hint, raw->size, error));
    stream.next_in = (unsigned char *)(uintptr_t)raw->data;
    do {
        HF_TRY(done, gzip_member(u, &stream, path, &left, error));
        const unsigned char *next = stream.next_in;
        size_t zeros = 0; // tapes and block devices pad with them
        while (zeros < left && next[zeros] == 0)
            zeros++;
        if (zeros == left) break;
        if (next[0] != 0x1f || (left > 1 && next[1] != 0x8b)) {
            status = hf_fail_at(
                error, HF_ERROR_DATA, path, 0, 0,
                "after the gzip data come %zu bytes that are none; copy or export the file again", left);
            goto done;
        }
        inflateReset(&stream);
    } while (left > 0);
done:
    if (open) inflateEnd(&stream);
    return status;
}

// ---- zstd ------------------------------------------------------------------------------------------------

static hf_status unpack_zstd(unpacked *u, const hf_bytes *raw, const char *path, hf_error *error)
{
    hf_status status = HF_OK;
    ZSTD_inBuffer in = {raw->data, raw->size, 0};
    size_t rest = 1; // 0 at the end of a frame
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (!stream) {
        status = hf_fail_memory(error);
        goto done;
    }
    unsigned long long hint = ZSTD_getFrameContentSize(raw->data, raw->size);
    bool known = hint != ZSTD_CONTENTSIZE_UNKNOWN && hint != ZSTD_CONTENTSIZE_ERROR;
    HF_TRY(done, make_first_room(u, known ? hint : 0, raw->size, error));
    for (int turn = 1;; turn++) {
        if (turn % CANCEL_EVERY == 0) HF_TRY(done, hf_check_cancel(u->context, error));
        HF_TRY(done, make_room(u, error));
        size_t space = u->capacity - u->size, before = in.pos;
        ZSTD_outBuffer out = {u->data + u->size, space < PIECE ? space : PIECE, 0};
        rest = ZSTD_decompressStream(stream, &out, &in);
        u->size += out.pos;
        if (ZSTD_isError(rest)) {
            status = spoilt(error, path, "zstd", ZSTD_getErrorName(rest));
            goto done;
        }
        if (rest == 0 && in.pos == in.size) break;
        if (rest != 0 && out.pos == 0 && in.pos == before && in.pos == in.size) {
            status = cut_short(error, path, "zstd");
            goto done;
        }
    }
done:
    ZSTD_freeDStream(stream);
    return status;
}

// ---- open ------------------------------------------------------------------------------------------------

static bool begins(const hf_bytes *raw, const char *magic, size_t length)
{
    return raw->size >= length && memcmp(raw->data, magic, length) == 0;
}

static hf_status skip_mark(hf_csv_input *in, const char *path, hf_error *error)
{
    const char *t = in->text;
    if (in->size >= 2 && (memcmp(t, "\xff\xfe", 2) == 0 || memcmp(t, "\xfe\xff", 2) == 0))
        return hf_fail_at(error, HF_ERROR_DATA, path, 1, 0, "the file is UTF-16; save it as UTF-8");
    if (in->size >= 3 && memcmp(t, "\xef\xbb\xbf", 3) == 0) {
        in->text += 3;
        in->size -= 3;
    }
    if (in->size == 0)
        return hf_fail_at(error, HF_ERROR_DATA, path, 0, 0,
                          "the file is empty; a header line and at least one row are needed");
    return HF_OK;
}

hf_status hf_csv_input_open(hf_csv_input *out, const hf_context *context, const char *path, hf_error *error)
{
    hf_csv_input in = {0};
    unpacked u = {.context = context};
    hf_status status = HF_OK;
    HF_TRY(done, hf_bytes_open(&in.raw, context, path, error));
    bool gzip = begins(&in.raw, "\x1f\x8b", 2), zstd = begins(&in.raw, "\x28\xb5\x2f\xfd", 4);
    if (gzip) HF_TRY(done, unpack_gzip(&u, &in.raw, path, error));
    if (zstd) HF_TRY(done, unpack_zstd(&u, &in.raw, path, error));
    in.text = in.raw.data;
    in.size = (int64_t)in.raw.size;
    if (gzip || zstd) {
        hf_bytes_close(context, &in.raw);
        in.unpacked = u.data;
        in.text = u.data;
        in.size = (int64_t)u.size;
        u.data = NULL;
    }
    HF_TRY(done, skip_mark(&in, path, error));
    *out = in;
    in = (hf_csv_input){0};
done:
    hf_delete(context, u.data);
    hf_csv_input_close(context, &in);
    return status;
}

void hf_csv_input_close(const hf_context *context, hf_csv_input *input)
{
    hf_bytes_close(context, &input->raw);
    hf_delete(context, input->unpacked);
    *input = (hf_csv_input){0};
}
