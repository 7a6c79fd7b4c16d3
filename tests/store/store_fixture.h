// SPDX-License-Identifier: Apache-2.0
//
// What the store's tests share: temporary folders, frames of every kind of value, exact comparison, files as
// bytes.
#ifndef HOLDFAST_TESTS_STORE_FIXTURE_H
#define HOLDFAST_TESTS_STORE_FIXTURE_H

#include "frame/frame_room.h"
#include "holdfast/store.h"

#define A_DATE 20757 // 2026-10-31

// A context with so many threads that logs into fixture_log.
hf_context *fixture_context(int threads);
extern char fixture_log[8192];

// A folder under the system's temporary one; remove it with fixture_remove, which takes what is in it too.
void fixture_folder(char out[256]);
void fixture_remove(const char *folder);

// A frame that has every kind, storage and awkward value; ids id_width wide.
hf_frame *fixture_frame(hf_context *context, int64_t rows, int32_t id_width);
// A frame of one number column.
hf_frame *fixture_small(hf_context *context, float first);
// Asserts that two frames are the same to the bit.
void fixture_assert_same(const hf_frame *expected, const hf_frame *found);

// The snapshot of frame as a file folder/2026-10-31.h5 through a store; its path into path.
void fixture_write(char path[512], hf_context *context, const hf_frame *frame, const char *folder);

char *fixture_read_file(const char *path, size_t *size); // malloc
void fixture_write_file(const char *path, const char *data, size_t size);

#endif
