// SPDX-License-Identifier: Apache-2.0
//
// A store: a folder of immutable snapshots, one HDF5 file an as-of date and revision. The format is in
// datasets/README.md.
//
// Threads: HDF5 is called from the calling thread alone; one call at a time in the whole process.
#ifndef HOLDFAST_STORE_H
#define HOLDFAST_STORE_H

#include "holdfast/base.h"
#include "holdfast/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hf_store hf_store;

typedef struct {
    hf_date as_of;
    int32_t revision; // 1 is the first
    int64_t rows;
    int32_t columns;
    int64_t bytes;        // of the file
    char recorded_at[21]; // UTC, "2026-10-31T02:14:07Z"
    char fingerprint[33]; // of the content (hf_frame_fingerprint)
    char path[512];
    double write_seconds; // of the call that wrote it, without the sync; 0 otherwise
    double sync_seconds;  // of the final sync of the file and its folder; 0 otherwise
} hf_snapshot_info;

typedef enum {
    HF_STORE_READ,  // the folder must be a store
    HF_STORE_WRITE, // made if missing; takes the store's lock until it is closed
} hf_store_mode;

// Errors: HF_ERROR_IO (no such folder, not writable), HF_ERROR_DATA (not a store), HF_ERROR_LOCKED.
HF_API hf_status hf_store_open(hf_store **out, const hf_context *context, const char *folder,
                               hf_store_mode mode, hf_error *error);
// Accepts NULL.
HF_API void hf_store_close(hf_store *store);

// The newest revision of each as-of date, by date; *out is owned by the caller (hf_store_list_free).
// Files that cannot be read are an error naming the file.
HF_API hf_status hf_store_list(hf_snapshot_info **out, int32_t *count, const hf_store *store,
                               hf_error *error);
HF_API void hf_store_list_free(const hf_context *context, hf_snapshot_info *list);

typedef struct {
    bool revise; // a date that is there with other content gets a new revision instead of HF_ERROR_EXISTS
    const char *recorded_at; // NULL: now; else as in hf_snapshot_info, for reproducible files
} hf_store_write_options;

#define HF_STORE_WRITE_OPTIONS_INIT \
    {                               \
        false, NULL                 \
    }

// Writes a frame with an as-of date as a snapshot: temporary name, checksums, fsync, rename. When the newest
// revision of the date has the same fingerprint nothing is written and *written is false. info may be NULL.
HF_API hf_status hf_store_write(hf_store *store, const hf_frame *frame, const hf_store_write_options *options,
                                hf_snapshot_info *info, bool *written, hf_error *error);

// Reads the newest revision of a date. as_of HF_DATE_MISSING: the newest date. Checksums are checked first:
// HF_ERROR_DAMAGED names the file; HF_ERROR_DATA when there is no such snapshot (the message lists what
// there is); HF_ERROR_VERSION.
HF_API hf_status hf_store_read(hf_frame **out, hf_snapshot_info *info, const hf_store *store, hf_date as_of,
                               hf_error *error);
// Reads one snapshot file, which may have been recompressed by other tools.
HF_API hf_status hf_snapshot_read(hf_frame **out, hf_snapshot_info *info, const hf_context *context,
                                  const char *path, hf_error *error);

// ---- scores ----------------------------------------------------------------------------------------------

// The scores of a night are frames too, kept in `scores/` in the same file form and by the same rules: one
// file an as-of date and revision, immutable, checksummed. The frame's source says as JSON what made them.
HF_API hf_status hf_store_write_scores(hf_store *store, const hf_frame *frame,
                                       const hf_store_write_options *options, hf_snapshot_info *info,
                                       bool *written, hf_error *error);
// As hf_store_read. HF_ERROR_DATA when there are none of that date.
HF_API hf_status hf_store_read_scores(hf_frame **out, hf_snapshot_info *info, const hf_store *store,
                                      hf_date as_of, hf_error *error);
// As hf_store_list; an empty list where nothing was ever scored.
HF_API hf_status hf_store_list_scores(hf_snapshot_info **out, int32_t *count, const hf_store *store,
                                      hf_error *error);

// Called for each file checked: problem NULL when it is whole.
typedef void hf_store_verify_function(void *user, const char *path, const char *problem);
// Checks every byte of every file. HF_ERROR_DAMAGED when any is bad, after checking all.
HF_API hf_status hf_store_verify(const hf_store *store, hf_store_verify_function *each, void *user,
                                 hf_error *error);

#ifdef __cplusplus
}
#endif

#endif
