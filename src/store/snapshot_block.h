// SPDX-License-Identifier: Apache-2.0
//
// The head of a snapshot file, before the HDF5 part: what it is, and the checksum of every byte after it.
// And the names of snapshot files. Private to the room.
#ifndef HOLDFAST_STORE_SNAPSHOT_BLOCK_H
#define HOLDFAST_STORE_SNAPSHOT_BLOCK_H

#include "base/base_room.h"

#define HF_FORMAT_MAJOR 1
#define HF_BLOCK_SIZE 4096     // bytes before the HDF5 part; a page, so that mapped columns begin on one
#define HF_SUPERBLOCK_SIZE 48  // of HDF5's superblock, versions 2 and 3
#define HF_LEAF_SIZE (1 << 20) // bytes a leaf of the file's checksum
#define HF_DIGEST_TEXT 33

typedef struct {
    hf_date as_of;
    char recorded_at[21];
    int64_t rows;
    int32_t columns;
    char fingerprint[HF_DIGEST_TEXT];
    uint64_t length;     // of the whole file
    uint64_t superblock; // XXH3-64 of the HDF5 superblock: tells a damaged file from a rewritten one
    char checksum[HF_DIGEST_TEXT];
} hf_snapshot_block;

typedef enum {
    HF_BLOCK_WHOLE,
    HF_BLOCK_NEWER,  // whole, of a newer major version
    HF_BLOCK_ABSENT, // the file begins as a plain HDF5 file does
    HF_BLOCK_BAD
} hf_block_state;

void hf_block_render(char out[HF_BLOCK_SIZE], const hf_snapshot_block *block);
// Every byte of the block must be as hf_block_render writes it. out is filled for HF_BLOCK_WHOLE only.
hf_block_state hf_block_parse(hf_snapshot_block *out, const char *data, size_t size);

// The root of the checksum tree: XXH3-128 of the leaves' XXH3-64 and the file's length, little-endian.
hf_status hf_leaf_root(char out[HF_DIGEST_TEXT], const hf_context *context, const uint64_t *leaves,
                       size_t count, uint64_t length, hf_error *error);
size_t hf_leaf_count(uint64_t length);
// True where the text is a UTC time as "2026-10-31T02:14:07Z".
bool hf_is_recorded_at(const char *text);

// "2026-10-31.h5", "2026-10-31.r2.h5".
#define HF_SNAPSHOT_NAME 32
void hf_snapshot_name(char out[HF_SNAPSHOT_NAME], hf_date as_of, int32_t revision);
bool hf_snapshot_name_parse(hf_date *as_of, int32_t *revision, const char *name);

#endif
