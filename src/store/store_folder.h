// SPDX-License-Identifier: Apache-2.0
//
// The folder of a store: its marker, its lock, its shelves of snapshot and scores files. Private to the room.
#ifndef HOLDFAST_STORE_STORE_FOLDER_H
#define HOLDFAST_STORE_STORE_FOLDER_H

#include "holdfast/store.h"
#include "store/snapshot_block.h"

#define HF_STORE_MARKER "holdfast-store"
#define HF_STORE_LOCK ".lock"

// Where dated files stand: the snapshots, and the scores, which have the same form.
typedef enum { HF_SHELF_SNAPSHOTS, HF_SHELF_SCORES, HF_SHELVES } hf_shelf;

struct hf_store {
    const hf_context *context;
    char *folder;              // owned, without a slash at its end
    char *shelves[HF_SHELVES]; // owned: folder/snapshots, folder/scores
    int lock;                  // file descriptor, -1 for a reader
};

// A file of a shelf by its name.
typedef struct {
    hf_date as_of;
    int32_t revision;
} hf_store_entry;

// The files of a shelf by date and revision; *out is owned by the caller (hf_delete). A shelf of scores that
// was never made is empty. unknown: called for names that are neither dated files nor hidden; may be NULL.
typedef void hf_unknown_function(const hf_store *store, const char *folder, const char *name);
hf_status hf_store_entries(hf_store_entry **out, int32_t *count, const hf_store *store, hf_shelf shelf,
                           hf_unknown_function *unknown, hf_error *error);
// The path of an entry, as hf_snapshot_info holds it.
void hf_store_path(char out[512], const hf_store *store, hf_shelf shelf, hf_store_entry entry);
// The temporary name an entry is written under.
void hf_store_temporary(char out[544], const hf_store *store, hf_shelf shelf, hf_store_entry entry);
// Makes a folder of the store, fine if it is there, so that it outlasts a loss of power.
hf_status hf_store_make_folder(const hf_store *store, const char *folder, hf_error *error);
// Writes a small file whole or not at all: folder/name by way of folder/.writing-name.
hf_status hf_store_write_file(const char *folder, const char *name, const char *bytes, size_t size,
                              hf_error *error);

// ---- kept copies -------------------------------------------------------------------------------------------

// The folders of hf_store_keep: hf_kept_folder(0), ... until NULL.
const char *hf_kept_folder(int i);
// Checks every kept file against its name and tells each as hf_store_verify does; adds to *files and *bad.
// unknown as for hf_store_entries; first gets the first problem.
hf_status hf_kept_verify(const hf_store *store, hf_store_verify_function *each, void *user,
                         hf_unknown_function *unknown, int32_t *files, int32_t *bad, hf_error *first,
                         hf_error *error);

#endif
