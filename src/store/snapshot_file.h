// SPDX-License-Identifier: Apache-2.0
//
// Whole snapshot files: written, read, looked at. Private to the room.
#ifndef HOLDFAST_STORE_SNAPSHOT_FILE_H
#define HOLDFAST_STORE_SNAPSHOT_FILE_H

#include "frame/frame_room.h"
#include "holdfast/store.h"
#include "store/snapshot_block.h"

// Whether the columns are what a snapshot can keep: kinds and storages agree, texts are UTF-8, codes are in
// range, missing counts are right. HF_ERROR_DATA, HF_ERROR_DAMAGED or HF_ERROR_INTERNAL is the caller's to
// say: returns false and fills problem.
bool hf_frame_is_sound(char *problem, size_t size, const hf_frame *frame);

// Writes the snapshot of a frame to temporary and puts it in place as path. Seconds: writing, and syncing.
// Nothing is left of temporary when it fails.
hf_status hf_snapshot_write(hf_snapshot_info *info, const hf_frame *frame, const char *recorded_at,
                            const char *fingerprint, const char *temporary, const char *path,
                            hf_error *error);

// What the file says of itself, from its first page where that is whole; without checking the rest.
hf_status hf_snapshot_peek(hf_snapshot_info *info, const hf_context *context, const char *path,
                           hf_error *error);

// Reads a snapshot. thorough: besides the file's checksum, every chunk's and the fingerprint are checked.
hf_status hf_snapshot_load(hf_frame **out, hf_snapshot_info *info, const hf_context *context,
                           const char *path, bool thorough, hf_error *error);

// ---- between the files of the reader -----------------------------------------------------------------------

// A snapshot file in memory.
typedef struct {
    const hf_context *context;
    const char *path;
    hf_bytes bytes;
    hf_snapshot_block block; // where it is there
    bool original;           // every byte is as the library wrote it; else it was rewritten by another tool
} hf_snapshot_source;

// Maps the file and checks its first page, and (all) every byte. Close with hf_bytes_close.
hf_status hf_source_open(hf_snapshot_source *source, const hf_context *context, const char *path, bool all,
                         hf_error *error);
// XXH3-64 of each leaf of the bytes after the first page. leaves: hf_leaf_count(size) entries.
void hf_leaf_hashes(uint64_t *leaves, const hf_context *context, const char *data, size_t size);

#endif
