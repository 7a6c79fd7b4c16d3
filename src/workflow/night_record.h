// SPDX-License-Identifier: Apache-2.0
//
// What made a night: the record that its scores carry, and the copies of its definition, overrides and models
// that the store keeps, so that any past night can be scored again.
#ifndef HOLDFAST_NIGHT_RECORD_H
#define HOLDFAST_NIGHT_RECORD_H

#include "workflow/health_night.h"

#include <jansson.h>

// A scores frame of an earlier date that the night followed from.
typedef struct {
    hf_date as_of; // HF_DATE_MISSING: none
    char fingerprint[33];
} hf_night_link;

typedef struct {
    char version[32]; // of the library
    hf_date as_of;
    int32_t revision; // of the snapshot
    char snapshot[33];
    char definition[33];
    char overrides[33];         // "" if none
    char model[33];             // "" if none
    char (*segment_models)[33]; // owned: one a segment of the definition, "" where it names none
    int32_t segment_count;
    bool allow_missing;
    hf_night_link last, before;
    hf_snapshot_info
        *past; // owned: as_of and fingerprint of the snapshots that derived signals looked back to
    int32_t past_count;
} hf_night_record;

// Keeps the night's definition, overrides and models in the store, and says what made it. model: the path the
// night's model was read from, NULL if none. snapshot: as it was stored.
hf_status hf_night_record_create(hf_night_record *out, const hf_health_night *night, hf_store *store,
                                 const hf_snapshot_info *snapshot, const char *model, bool allow_missing,
                                 hf_error *error);
// The snapshots that a night of this date looks back to for its derived signals, by date; owned by the caller
// (hf_store_list_free).
hf_status hf_night_past(hf_snapshot_info **out, int32_t *count, const hf_context *context,
                        const hf_definition *definition, const hf_store *store, hf_date as_of,
                        hf_error *error);
// As JSON, and from the JSON of a scores frame's source. Errors: HF_ERROR_DATA for scores that no run wrote.
json_t *hf_night_record_to_json(const hf_night_record *record); // new reference; NULL when out of memory
hf_status hf_night_record_read(hf_night_record *out, const hf_context *context, const char *source,
                               const char *path, hf_error *error);
void hf_night_record_free(const hf_context *context, hf_night_record *record);

#endif
