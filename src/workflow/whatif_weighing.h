// SPDX-License-Identifier: Apache-2.0
//
// One run of `whatif weights`: the weightings, how they were chosen from, and what is told of those listed.
// Private to the room.
#ifndef HOLDFAST_WHATIF_WEIGHING_H
#define HOLDFAST_WHATIF_WEIGHING_H

#include "workflow/whatif_nights.h"

#include <jansson.h>

#define HF_WHATIF_SAMPLE 4096 // accounts that agreement is taken on, at most

typedef struct {
    const hf_context *context;
    hf_context *quiet; // owned, as the rest
    const hf_whatif_weights_job *job;
    hf_store *store;
    hf_whatif_scorecard present;
    hf_whatif_nights nights;
    hf_weighting_set set;        // the present one, those named, then those to choose from
    int32_t named;               // set and candidates, from 1 on
    hf_whatif_scorecard *others; // candidates that differ in more than weights
    int32_t other_count;
    int32_t ones_first, ones; // of the set: one at a time
    // With a split, weightings are chosen on nights below `chosen`, and reported on those from `later` on.
    bool split;
    int32_t chosen, later;
    char split_says[240];
    // What the choice is made by, a weighting of the set each; NULL where there is nothing to choose from.
    int64_t *changed; // accounts in another band, over all nights
    double *changed_arr;
    double *auc; // on the nights that choose; NaN where not defined
    double *auc_error;
    // The weightings listed: places in the set, then of the others (from `set.count` on).
    int32_t *listed;
    int32_t listed_count;
    json_t *result;
} hf_whatif_weighing;

// Makes the result, with inputs and options.
hf_status hf_whatif_begin(hf_whatif_weighing *w, hf_error *error);
// The listed weightings' bands, moves, agreement, and with outcomes what they are worth, from exact scores:
// puts "weightings" and "outcomes" into the result.
hf_status hf_whatif_judge(hf_whatif_weighing *w, hf_error *error);

#define HF_WEIGHTS_EXPERIMENT "weights experiment"

// A file as a record names it: its path (null where it is no UTF-8 and cannot stand in JSON) and the hash of
// its bytes (null of a stream, which cannot be read again).
hf_status hf_whatif_file_json(json_t **out, const hf_context *context, const char *path, hf_error *error);
json_t *hf_whatif_snapshots_json(const hf_snapshot_info *nights, int32_t count); // NULL: no memory
// The weights to be written into the definition's file to have a weighting: by path "from" and "to".
json_t *hf_whatif_changes_json(const hf_weighting_set *set, int32_t at, int *bad);

// The record of an experiment. A name is letters, digits, and . _ - after the first.
hf_status hf_whatif_experiment_path(hf_text *out, const char *store, const char *name, hf_error *error);
hf_status hf_whatif_experiment_write(const hf_context *context, const char *store, const char *name,
                                     bool overwrite, const json_t *record, hf_error *error);
// hash: of the file's bytes.
hf_status hf_whatif_experiment_read(json_t **out, char hash[33], const hf_context *context, const char *store,
                                    const char *name, hf_error *error);
// What a run is going to write, before it works: the name (NULL: none) is one and free, and its record and
// the output can be written.
hf_status hf_whatif_keep_check(const hf_context *context, const char *store, const char *name,
                               const char *output, bool overwrite, hf_error *error);
// The result to its output and the record to its name (NULL: not kept); where one cannot be written the other
// is not there either, but for what a stream has taken.
hf_status hf_whatif_keep(const hf_context *context, const hf_text *text, const char *output,
                         const char *store, const char *name, const json_t *record, bool overwrite,
                         hf_error *error);
// JSON to text.
hf_status hf_whatif_print(hf_text *out, const json_t *json, hf_error *error);

#endif
