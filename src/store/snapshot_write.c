// SPDX-License-Identifier: Apache-2.0
//
// Writes a snapshot file: lays it out in memory, takes the checksum of its bytes on all cores, writes them in
// order under a temporary name, syncs, renames. Writing is one thread's work, since file systems let one
// thread at a time write a file; room is claimed first, which makes it twice as fast and finds a full disk at
// once.
#include "store/size_limit.h"
#include "store/snapshot_file.h"
#include "store/snapshot_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// ---- checksum --------------------------------------------------------------------------------------------

static hf_status layout_checksum(char out[HF_DIGEST_TEXT], const hf_layout *layout, hf_error *error)
{
    const hf_context *context = layout->context;
    const int threads = hf_context_threads(context);
    const int64_t count = (int64_t)hf_leaf_count(layout->length);
    hf_status status = HF_OK;
    uint64_t *leaves = hf_new_raw(context, (size_t)count, sizeof *leaves);
    char *scratch = hf_new_raw(context, (size_t)threads, HF_LEAF_SIZE);
    if (!leaves || !scratch) {
        status = hf_fail_memory(error);
        goto done;
    }
#pragma omp parallel for default(none) shared(leaves, scratch, layout, threads, count) schedule(static) \
    num_threads(threads)
    for (int64_t t = 0; t < threads; t++)
        for (int64_t i = t; i < count; i += threads) {
            const uint64_t offset = HF_BLOCK_SIZE + (uint64_t)i * HF_LEAF_SIZE;
            const uint64_t left = layout->length - offset;
            const size_t size = left < HF_LEAF_SIZE ? (size_t)left : HF_LEAF_SIZE;
            leaves[i] = hf_hash(hf_layout_bytes(layout, offset, size, scratch + t * HF_LEAF_SIZE), size, 0);
        }
    status = hf_leaf_root(out, context, leaves, (size_t)count, layout->length, error);
done:
    hf_delete(context, scratch);
    hf_delete(context, leaves);
    return status;
}

// ---- writing ---------------------------------------------------------------------------------------------

static bool write_at(int fd, const char *data, size_t size, uint64_t offset)
{
    while (size > 0) {
        size_t part = size < (64u << 20) ? size : 64u << 20;
        ssize_t written = pwrite(fd, data, part, (off_t)offset);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            if (written == 0) errno = ENOSPC;
            return false;
        }
        data += written;
        size -= (size_t)written;
        offset += (uint64_t)written;
    }
    return true;
}

// The image around the extents, and the extents, in the order of the file. What neither holds stays a hole.
static bool write_layout(int fd, const hf_layout *layout)
{
    uint64_t at = 0;
    for (size_t i = 0; i <= layout->extent_count; i++) {
        const hf_extent *e = i < layout->extent_count ? &layout->extents[i] : NULL;
        uint64_t end = e && e->offset < layout->used ? e->offset : layout->used;
        if (at < end && !write_at(fd, layout->image + at, (size_t)(end - at), at)) return false;
        if (!e) break;
        if (!write_at(fd, e->data, e->size, e->offset)) return false;
        at = e->offset + e->size;
    }
    return ftruncate(fd, (off_t)layout->length) == 0;
}

// Claims room for the file; file systems that cannot are left alone.
static bool claim(int fd, uint64_t length)
{
    if (fallocate(fd, 0, 0, (off_t)length) == 0) return true;
    return errno != ENOSPC && errno != EFBIG && errno != EDQUOT && errno != EIO;
}

static hf_status write_temporary(const hf_layout *layout, const char *temporary, const char *path,
                                 double *sync_seconds, hf_error *error)
{
    int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) return hf_fail_errno(error, path, errno, "cannot make a file beside the snapshot");
    hf_status status = HF_OK;
    if (!claim(fd, layout->length) || !write_layout(fd, layout))
        status =
            hf_fail_errno(error, path, errno,
                          "cannot write the snapshot of %llu bytes; nothing was stored, make room and run "
                          "this again",
                          (unsigned long long)layout->length);
    double from = seconds();
    if (status == HF_OK && fsync(fd) != 0)
        status = hf_fail_errno(error, path, errno, "cannot sync the snapshot");
    if (close(fd) != 0 && status == HF_OK)
        status = hf_fail_errno(error, path, errno, "cannot close the snapshot");
    *sync_seconds = seconds() - from;
    return status;
}

hf_status hf_snapshot_write(hf_snapshot_info *info, const hf_frame *frame, const char *recorded_at,
                            const char *fingerprint, const char *temporary, const char *path, hf_error *error)
{
    hf_layout layout = {0};
    hf_snapshot_block block = {.as_of = frame->as_of, .rows = frame->rows, .columns = frame->column_count};
    hf_size_limit limit;
    double from = seconds(), sync_seconds = 0;
    hf_status status = HF_OK;
    HF_TRY(done, hf_layout_create(&layout, frame->context, frame, recorded_at, fingerprint, error));
    snprintf(block.recorded_at, sizeof block.recorded_at, "%s", recorded_at);
    snprintf(block.fingerprint, sizeof block.fingerprint, "%s", fingerprint);
    block.length = layout.length;
    block.superblock = hf_hash(layout.image + HF_BLOCK_SIZE, HF_SUPERBLOCK_SIZE, 0);
    HF_TRY(done, layout_checksum(block.checksum, &layout, error));
    hf_block_render(layout.image, &block);
    HF_TRY(done, hf_check_cancel(frame->context, error));
    hf_size_limit_begin(&limit);
    status = write_temporary(&layout, temporary, path, &sync_seconds, error);
    double published = seconds();
    if (status == HF_OK) status = hf_publish(temporary, path, error);
    if (status != HF_OK) unlink(temporary);
    hf_size_limit_end(&limit);
    if (status != HF_OK) goto done;
    sync_seconds += seconds() - published;
    info->as_of = block.as_of;
    info->rows = block.rows;
    info->columns = block.columns;
    info->bytes = (int64_t)block.length;
    memcpy(info->recorded_at, block.recorded_at, sizeof info->recorded_at);
    memcpy(info->fingerprint, block.fingerprint, sizeof info->fingerprint);
    info->sync_seconds = sync_seconds;
    info->write_seconds = seconds() - from - sync_seconds;
    hf_info(frame->context, "%s: %lld bytes written in %.3f s, synced in %.3f s", path,
            (long long)info->bytes, info->write_seconds, info->sync_seconds);
done:
    hf_layout_free(&layout);
    return status;
}
