// SPDX-License-Identifier: Apache-2.0
//
// The folder of a store: its marker, its lock, the snapshot files in it. Private to the room.
#ifndef HOLDFAST_STORE_STORE_FOLDER_H
#define HOLDFAST_STORE_STORE_FOLDER_H

#include "holdfast/store.h"
#include "store/snapshot_block.h"

#define HF_STORE_MARKER "holdfast-store"
#define HF_STORE_LOCK ".lock"

struct hf_store {
    const hf_context *context;
    char *folder;    // owned, without a slash at its end
    char *snapshots; // owned: folder/snapshots
    int lock;        // file descriptor, -1 for a reader
};

// A snapshot file by its name.
typedef struct {
    hf_date as_of;
    int32_t revision;
} hf_store_entry;

// The snapshot files by date and revision; *out is owned by the caller (hf_delete). unknown: called for names
// that are neither snapshots nor hidden; may be NULL.
typedef void hf_unknown_function(const hf_store *store, const char *name);
hf_status hf_store_entries(hf_store_entry **out, int32_t *count, const hf_store *store,
                           hf_unknown_function *unknown, hf_error *error);
// The path of an entry, as hf_snapshot_info holds it.
void hf_store_path(char out[512], const hf_store *store, hf_store_entry entry);
// The temporary name a snapshot is written under.
void hf_store_temporary(char out[544], const hf_store *store, hf_store_entry entry);

#endif
