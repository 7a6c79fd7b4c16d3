// SPDX-License-Identifier: Apache-2.0
//
// The store as the other rooms see it: copies of what scored a night, so that any night can be replayed.
#ifndef HOLDFAST_STORE_ROOM_H
#define HOLDFAST_STORE_ROOM_H

#include "base/base_room.h"
#include "holdfast/store.h"

// Copies stand under the fingerprint of their bytes: definitions/<fingerprint>.yaml,
// models/<fingerprint>.json, overrides/<fingerprint>.csv. A copy that is there already is left as it is, or,
// where it was damaged, put right. hf_store_verify checks them too.

// The fingerprint of a file's bytes, as hf_definition has it: XXH3-128 in 32 hex digits.
hf_status hf_store_fingerprint(char out[33], const hf_context *context, const char *bytes, size_t size,
                               hf_error *error);
// Keeps a copy. folder: "definitions", "models" or "overrides". Errors: HF_ERROR_USAGE for a store opened for
// reading, another folder, or a fingerprint that is not that of the bytes; HF_ERROR_IO.
hf_status hf_store_keep(hf_store *store, const hf_context *context, const char *folder,
                        const char *fingerprint, const char *bytes, size_t size, hf_error *error);
// Where a copy stands, whether it is there or not; 512 bytes are enough. extension: "yaml", "json", "csv".
void hf_store_kept_path(char *out, size_t size, const hf_store *store, const char *folder,
                        const char *fingerprint, const char *extension);

// One revision of a date's snapshot, or of its scores, where hf_store_read gives the newest. Errors: as
// there.
hf_status hf_store_read_revision(hf_frame **out, hf_snapshot_info *info, const hf_store *store, bool scores,
                                 hf_date as_of, int32_t revision, hf_error *error);

// Makes in an empty folder a store of links to the given revisions of this one's snapshots (as_of and
// revision of each are read): the store as it was when those were its newest. Errors: HF_ERROR_DATA for one
// that is not there; HF_ERROR_IO.
hf_status hf_store_view(const hf_store *store, const char *folder, const hf_snapshot_info *list,
                        int32_t count, hf_error *error);

#endif
