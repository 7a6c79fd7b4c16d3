// SPDX-License-Identifier: Apache-2.0
//
// An open snapshot: its description, its checksums, and the columns taken out of it one by one. Private to
// the room.
#ifndef HOLDFAST_STORE_SNAPSHOT_READER_H
#define HOLDFAST_STORE_SNAPSHOT_READER_H

#include "store/hdf5_session.h"
#include "store/snapshot_file.h"
#include "store/snapshot_layout.h"

typedef struct {
    const hf_context *context;
    const hf_snapshot_source *source;
    hid_t file, signals, levels;
    // The root's attributes.
    hf_date as_of;
    int64_t rows, columns;
    char *recorded_at, *source_text, *id_name, *fingerprint, *library; // owned
    // /integrity
    int64_t chunk_rows, chunks;
    uint64_t description;
    uint64_t *hashes;  // owned: (1 + columns) x chunks
    bool check_chunks; // some values did not come straight from bytes that were checked
    bool borrows;      // some values lie in the source
} hf_snapshot_reader;

// The values of a dataset, as arrays of rows x size bytes: borrowed from the source where they lie there in
// one piece and aligned, else owned. which: the row of the checksums.
typedef struct {
    void *values;
    bool borrowed;
} hf_values;
hf_status hf_reader_values(hf_values *out, hf_snapshot_reader *reader, hid_t set, hid_t type, size_t size,
                           int64_t which, const char *what, hf_error *error);
// Whether a file of this size can hold so many values of so many bytes, however well compressed.
bool hf_reader_plausible(const hf_snapshot_reader *reader, hsize_t count, size_t size);
// A whole dataset of rank 1 as an owned array; *count its extent.
hf_status hf_reader_array(void **out, hsize_t *count, const hf_snapshot_reader *reader, hid_t set, hid_t type,
                          size_t size, const char *what, hf_error *error);
// The dictionary under /levels/link.
hf_status hf_reader_levels(hf_dictionary *out, const hf_snapshot_reader *reader, const char *link,
                           hf_error *error);

#endif
