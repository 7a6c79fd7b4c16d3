// SPDX-License-Identifier: Apache-2.0
//
// What a snapshot file is made of: the description both directions share, the HDF5 part laid out in memory,
// and the places in it where the columns' own bytes go. Private to the room.
#ifndef HOLDFAST_STORE_SNAPSHOT_LAYOUT_H
#define HOLDFAST_STORE_SNAPSHOT_LAYOUT_H

#include "frame/frame_room.h"
#include "store/snapshot_block.h"

#define HF_FORMAT_NAME "holdfast snapshot"
#define HF_CHUNK_ROWS 65536     // most rows a chunk
#define HF_TEXT_LIMIT (1 << 16) // bytes of a text attribute
#define HF_SOURCE_LIMIT 64000   // bytes of the source: HDF5 keeps an attribute of up to 64 KiB in one message
#define HF_LEVELS_PADDED (1 << 20) // levels padded to one width may always take this many bytes

// Rows a chunk for so many rows: as few chunks as HF_CHUNK_ROWS allows, evenly cut, so that the last one,
// which HDF5 stores whole, wastes little.
int64_t hf_chunk_rows(int64_t rows);
int64_t hf_chunk_count(int64_t rows, int64_t chunk_rows);

// XXH3-64 of every chunk's values: row 0 the ids, row 1 + c column c; count per row. out: (1 + columns) *
// count.
void hf_chunk_hashes(uint64_t *out, const hf_frame *frame, int64_t chunk_rows);
// XXH3-64 of the attributes' texts, which no chunk covers.
hf_status hf_description_hash(uint64_t *out, const hf_frame *frame, const char *recorded_at,
                              const char *fingerprint, const char *library, hf_error *error);

// Bytes of the file that lie in the frame.
typedef struct {
    uint64_t offset;
    const char *data; // borrowed from the frame
    size_t size;
} hf_extent;

typedef struct {
    const hf_context *context;
    char *image;        // owned map: the HDF5 part's own bytes, at their places in the file, zero elsewhere
    size_t reserved;    // bytes mapped
    size_t used;        // bytes HDF5 asked for; the rest of the file is extents and zeros
    uint64_t length;    // of the whole file
    hf_extent *extents; // owned, by offset, apart from each other
    size_t extent_count, extent_capacity;
} hf_layout;

// Lays out the snapshot of a frame. Free with hf_layout_free also after a failure.
hf_status hf_layout_create(hf_layout *layout, const hf_context *context, const hf_frame *frame,
                           const char *recorded_at, const char *fingerprint, hf_error *error);
void hf_layout_free(hf_layout *layout);
// The bytes [offset, offset + size) of the file, composed into scratch where they do not lie in one piece.
const char *hf_layout_bytes(const hf_layout *layout, uint64_t offset, size_t size, char *scratch);

const char *hf_direction_name(hf_direction direction);
bool hf_direction_from_name(hf_direction *out, const char *name);

#endif
