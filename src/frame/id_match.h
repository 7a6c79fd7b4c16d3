// SPDX-License-Identifier: Apache-2.0
//
// The id table, for the files of this room only.
#ifndef HOLDFAST_ID_MATCH_H
#define HOLDFAST_ID_MATCH_H

#include "frame/frame_room.h"

typedef struct {
    uint32_t tag; // the upper half of the hash
    int32_t frame;
    int64_t row; // -1: free
    int64_t value;
} id_slot;

typedef struct {
    id_slot *slots; // owned by the maker
    size_t mask;
} id_table;

// A table for up to `rows` ids.
hf_status hf_id_table_create(id_table *out, const hf_context *context, int64_t rows, hf_error *error);
// Puts an id with a value; the value it has already, or -1 when it is new.
int64_t hf_id_table_put(id_table *table, const hf_frame *const *frames, int32_t frame, int64_t row,
                        int64_t value);
// The value of the id of keys' row, or -1.
int64_t hf_id_table_find(const id_table *table, const hf_frame *const *frames, const hf_frame *keys,
                         int64_t row);

#endif
