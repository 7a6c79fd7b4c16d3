// SPDX-License-Identifier: Apache-2.0
//
// Scored rows with what became of them: who, when, how much money, which segment. What every evaluation of
// probabilities is reported from, whoever made them.
#ifndef HOLDFAST_JUDGED_H
#define HOLDFAST_JUDGED_H

#include "frame/frame_room.h"
#include "history/history_room.h"
#include "holdfast/workflow.h"

// One entry a row in every array; all owned, but for the texts.
typedef struct {
    const hf_context *context;
    int64_t count;
    double *probability;       // NaN until the maker fills it in
    double *against;           // of the model compared with; NULL: none. NaN until filled in
    uint8_t *label;            // 0 or 1
    int64_t *cluster;          // rows of one account share a number, from 0
    hf_date *as_of;            // NULL: the rows have no dates
    double *arr;               // finite, 0 or more, 0 where it is not known; NULL: no money
    int32_t *segment;          // place in segment_name, -1: none; NULL: not asked for
    const char **segment_name; // borrowed from the frame
    int32_t segments;
    char arr_name[HF_NAME_LIMIT + 1], by_name[HF_NAME_LIMIT + 1]; // the columns, "" if none
    char arr_unit[32];
} hf_judged;

// Whether a frame's columns can serve as the job's ARR and segments, by name and kind, before anything is
// made of them. Errors: as hf_judged_create.
hf_status hf_judged_check(const hf_frame *frame, const hf_evaluate_job *job, hf_error *error);

// Rows of a frame: label, cluster (NULL: each row is its own) and as_of (NULL: none) have one entry a row of
// the frame; rows (NULL: all) are the `count` that are judged, each labelled 0 or 1. Takes the ARR from
// job->arr, by default from a column `arr` of numbers none of which is below 0, and segments from job->by, a
// category or flag. The frame is borrowed until the judged rows are freed. Errors: HF_ERROR_DATA for a column
// that is not there or cannot serve.
hf_status hf_judged_create(hf_judged *out, const hf_context *context, const hf_frame *frame,
                           const int64_t *rows, int64_t count, const uint8_t *label, const int64_t *cluster,
                           const hf_date *as_of, const hf_evaluate_job *job, hf_error *error);
void hf_judged_free(hf_judged *judged); // accepts zeroed ones

// When a model learned what it knows.
typedef struct {
    hf_date first, last; // of the snapshots it was trained on; HF_DATE_MISSING: not known
    hf_date until;       // the last day an outcome it was trained on could fall on
} hf_training_window;

// What the rows say in all, by date and by segment, as job->format asks, under the ledger. window: one for
// the model and one for the model compared with, or NULL where nothing was trained before.
hf_status hf_judged_report(hf_text *text, const hf_judged *judged, const hf_evaluate_job *job,
                           const hf_ledger *ledger, const hf_training_window window[2], hf_error *error);

#endif
