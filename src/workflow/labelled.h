// SPDX-License-Identifier: Apache-2.0
//
// A labelled table, for the verbs of this room: a frame without its target, a label a row, who is who.
#ifndef HOLDFAST_LABELLED_H
#define HOLDFAST_LABELLED_H

#include "frame/frame_room.h"
#include "history/history_room.h"
#include "holdfast/csv.h"

enum { HF_UNLABELLED = 255 };

typedef struct {
    const hf_context *context;
    hf_frame *frame;      // owned, the target taken out
    hf_csv_report report; // owned
    uint8_t *label;       // owned, one a row: 0, 1 or HF_UNLABELLED
    int64_t *cluster;     // owned, one a row; NULL where rows are numbered
    int64_t *rows;        // owned: the labelled rows
    int64_t count;        // of rows
    int64_t events;
} hf_labelled;

// Reads a table and its target ("COLUMN" of a flag, or "COLUMN=VALUE"). Rows without a target are kept out of
// `rows`. Errors: those of hf_csv_read; HF_ERROR_DATA for a target that is not there or a value nothing has.
hf_status hf_labelled_read(hf_labelled *out, const hf_context *context, const char *path,
                           const hf_csv_options *csv, const char *target, hf_error *error);
void hf_labelled_free(hf_labelled *labelled);

// Writes a finished text to a path, whole or not at all; path NULL: nowhere.
hf_status hf_workflow_write_text(const hf_context *context, const hf_text *text, const char *path,
                                 bool overwrite, hf_error *error);

#endif
