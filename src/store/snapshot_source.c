// SPDX-License-Identifier: Apache-2.0
//
// A snapshot file in memory, and whether it is whole. The first page holds the checksum of the rest, taken as
// a tree so that all cores share the work. Tools such as h5repack copy that page and rewrite the rest: then
// HDF5's superblock is another one, and the file is judged by the checksums of its values instead.
#include "store/snapshot_file.h"

#include "store/hdf5_session.h"

#include <string.h>

void hf_leaf_hashes(uint64_t *leaves, const hf_context *context, const char *data, size_t size)
{
    const int64_t count = (int64_t)hf_leaf_count(size);
#pragma omp parallel for default(none) shared(leaves, data, size, count) schedule(static) \
    num_threads(hf_context_threads(context))
    for (int64_t i = 0; i < count; i++) {
        const size_t offset = HF_BLOCK_SIZE + (size_t)i * HF_LEAF_SIZE;
        const size_t left = size - offset;
        leaves[i] = hf_hash(data + offset, left < HF_LEAF_SIZE ? left : HF_LEAF_SIZE, 0);
    }
}

static hf_status check_bytes(const hf_snapshot_source *source, hf_error *error)
{
    const size_t count = hf_leaf_count(source->bytes.size);
    char root[HF_DIGEST_TEXT];
    uint64_t *leaves = hf_new_raw(source->context, count, sizeof *leaves);
    if (!leaves) return hf_fail_memory(error);
    hf_leaf_hashes(leaves, source->context, source->bytes.data, source->bytes.size);
    hf_status status = hf_leaf_root(root, source->context, leaves, count, source->bytes.size, error);
    hf_delete(source->context, leaves);
    if (status == HF_OK && strcmp(root, source->block.checksum) != 0)
        status = hf_damaged(error, source->path, "its bytes do not fit its checksum");
    return status;
}

// A plain HDF5 file whose superblock says that something stood before it has lost its first page.
static bool lost_first_page(const hf_bytes *bytes)
{
    uint64_t base = 0;
    if (bytes->size < HF_SUPERBLOCK_SIZE || bytes->data[8] < 2) return false;
    memcpy(&base, bytes->data + 12, sizeof base);
    return base != 0;
}

static hf_status judge(hf_snapshot_source *source, bool all, hf_error *error)
{
    const hf_bytes *bytes = &source->bytes;
    hf_snapshot_block *block = &source->block;
    switch (hf_block_parse(block, bytes->data, bytes->size)) {
    case HF_BLOCK_NEWER:
        return hf_fail_at(
            error, HF_ERROR_VERSION, source->path, 0, 0,
            "the snapshot was written by a newer version of holdfast; this is %s and reads format %d",
            hf_version(), HF_FORMAT_MAJOR);
    case HF_BLOCK_BAD:
        return hf_damaged(error, source->path, "%s",
                          bytes->size == 0              ? "it is empty"
                          : bytes->size < HF_BLOCK_SIZE ? "it is cut short, or no snapshot"
                                                        : "its first page is altered, or it is no snapshot");
    case HF_BLOCK_ABSENT:
        if (lost_first_page(bytes)) return hf_damaged(error, source->path, "its first page is missing");
        return HF_OK;
    case HF_BLOCK_WHOLE:
        break;
    }
    if (bytes->size < HF_BLOCK_SIZE + HF_SUPERBLOCK_SIZE)
        return hf_damaged(error, source->path, "it is cut short: %zu bytes of %llu are there", bytes->size,
                          (unsigned long long)block->length);
    if (hf_hash(bytes->data + HF_BLOCK_SIZE, HF_SUPERBLOCK_SIZE, 0) != block->superblock) return HF_OK;
    source->original = true;
    if (bytes->size != block->length)
        return hf_damaged(error, source->path, "it has %zu bytes, expected %llu", bytes->size,
                          (unsigned long long)block->length);
    return all ? check_bytes(source, error) : HF_OK;
}

hf_status hf_source_open(hf_snapshot_source *source, const hf_context *context, const char *path, bool all,
                         hf_error *error)
{
    hf_snapshot_source opened = {.context = context, .path = path};
    hf_status status = hf_bytes_open(&opened.bytes, context, path, error);
    if (status != HF_OK) return status;
    status = judge(&opened, all, error);
    if (status == HF_OK)
        *source = opened;
    else
        hf_bytes_close(context, &opened.bytes);
    return status;
}
