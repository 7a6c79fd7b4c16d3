// SPDX-License-Identifier: Apache-2.0
//
// HDF5 at arm's length: its error stack silenced for the length of a call, its errors turned into ours, and
// typed access to attributes and links that trusts nothing it reads. Private to the room.
#ifndef HOLDFAST_STORE_HDF5_SESSION_H
#define HOLDFAST_STORE_HDF5_SESSION_H

#include "base/base_room.h"

#include <hdf5.h>

// Values are written and mapped as they lie in memory.
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "snapshots are mapped: a little-endian machine is needed");

#define HF_NO_ID ((hid_t)-1)

// HDF5's printing of errors, to be put back as it was found.
typedef struct {
    H5E_auto2_t function;
    void *data;
} hf_h5_quiet;

void hf_h5_begin(hf_h5_quiet *quiet);
void hf_h5_end(const hf_h5_quiet *quiet);
// Closes any kind of id; accepts HF_NO_ID, and sets it.
void hf_h5_close(hid_t *id);

// Fails with the message and HDF5's own deepest one, and clears HDF5's stack.
hf_status hf_h5_fail(hf_error *error, hf_status status, const char *file, const char *format, ...)
    HF_PRINTF(4, 5);
// HF_ERROR_DAMAGED about a part of a file, with what to do.
hf_status hf_damaged(hf_error *error, const char *file, const char *format, ...) HF_PRINTF(3, 4);

// The type of UTF-8 texts padded with NUL to width bytes (at least 1), HF_NO_ID where that fails.
hid_t hf_h5_text_type(size_t width);

// Writing attributes.
hf_status hf_h5_put_text(hid_t object, const char *name, const char *text, hf_error *error);
hf_status hf_h5_put_number(hid_t object, const char *name, hid_t file_type, hid_t memory_type,
                           const void *value, hf_error *error);

// Reading. path names the file, what the object, for messages.
// A child that is a hard link to an object of the given type; anything else is HF_ERROR_DAMAGED.
hf_status hf_h5_open(hid_t *out, hid_t parent, const char *name, H5I_type_t type, const char *path,
                     hf_error *error);
// The text of an attribute (UTF-8, at most limit bytes), owned by the caller.
hf_status hf_h5_get_text(char **out, const hf_context *context, hid_t object, const char *name, size_t limit,
                         const char *path, hf_error *error);
hf_status hf_h5_get_i64(int64_t *out, hid_t object, const char *name, int64_t low, int64_t high,
                        const char *path, hf_error *error);
hf_status hf_h5_get_u64(uint64_t *out, hid_t object, const char *name, const char *path, hf_error *error);
// The extent of a dataset that must have the given rank (at most 2).
hf_status hf_h5_extent(hsize_t out[2], hid_t dataset, int rank, const char *what, const char *path,
                       hf_error *error);

// A file in memory that HDF5 reads in place.
hf_status hf_h5_open_image(hid_t *out, const void *data, size_t size, const char *path, hf_error *error);

// A name as a link name of HDF5: '%', '/' and control bytes as %XX, and '.' where the whole name is dots.
// out has room for HF_LINK_LIMIT bytes; name is at most HF_NAME_LIMIT bytes.
#define HF_LINK_LIMIT 1024
void hf_link_name(char out[HF_LINK_LIMIT], const char *name);

#endif
