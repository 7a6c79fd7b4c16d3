// SPDX-License-Identifier: Apache-2.0
//
// The folder a night is published to. A night is three files and latest.json, which names them and is
// replaced last and whole: who reads the files it names never sees half a night. A file that is there is
// never replaced by another; other content for a date gets names of its own (scores-2026-10-31.r2.csv).
#ifndef HOLDFAST_PUBLISH_H
#define HOLDFAST_PUBLISH_H

#include "base/base_room.h"

#include <jansson.h>

typedef enum { HF_PUBLISH_SCORES, HF_PUBLISH_CHANGED, HF_PUBLISH_SUMMARY, HF_PUBLISH_FILES } hf_publish_file;

typedef struct hf_publication hf_publication;

// Makes the folder, locks it, clears away what a killed run left, and opens the files under names that nobody
// reads, so that a folder that cannot be written to is known before any work. Errors: HF_ERROR_IO,
// HF_ERROR_LOCKED.
hf_status hf_publication_open(hf_publication **out, const hf_context *context, const char *folder,
                              hf_date as_of, hf_error *error);
hf_output *hf_publication_output(hf_publication *publication, hf_publish_file file);
// Notes how many rows a file has, for latest.json.
void hf_publication_rows(hf_publication *publication, hf_publish_file file, int64_t rows);
// Closes the files, synced, still under their hidden names.
hf_status hf_publication_seal(hf_publication *publication, hf_error *error);
// Gives the files their names and then writes latest.json, with made_from as it is (borrowed); latest.json of
// a later date stays. *changed: whether any byte in the folder is another now.
hf_status hf_publication_show(hf_publication *publication, json_t *made_from, bool *changed, hf_error *error);
// The name a file has in the folder, after hf_publication_show; "" before.
const char *hf_publication_name(const hf_publication *publication, hf_publish_file file);
// Takes away what was not shown, and frees the lock. Accepts NULL.
void hf_publication_close(hf_publication *publication);

#endif
