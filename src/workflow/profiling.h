// SPDX-License-Identifier: Apache-2.0
//
// Data read and profiled, for the verbs of this room: a table with or without a target, or a store with or
// without outcomes.
#ifndef HOLDFAST_PROFILING_H
#define HOLDFAST_PROFILING_H

#include "holdfast/workflow.h"
#include "report/report_room.h"

// Where the data is and what is known of what happened. Fields as in hf_profile_job.
typedef struct {
    const char *file;
    hf_csv_options csv;
    const char *store;
    hf_date as_of;
    const char *target, *outcomes, *outcome;
    int32_t lead, horizon; // horizon 0: 90 days
} hf_profiling_source;

typedef struct {
    const hf_context *context;
    hf_data_profile data;        // borrows from what follows
    hf_frame *frame, *observed;  // owned; observed NULL for a table
    hf_profile *shape, *outcome; // owned; outcome NULL without, or where it is shape
    double *rho, *lead_auc;      // owned
    int32_t *group;              // owned
    char id[HF_NAME_LIMIT + 1];  // the column of ids, "" if none
} hf_profiling;

// Errors: HF_ERROR_USAGE for a source that contradicts itself, those of reading and labelling.
hf_status hf_profiling_create(hf_profiling *out, const hf_context *context, const hf_profiling_source *source,
                              hf_error *error);
void hf_profiling_free(hf_profiling *profiling);

// A column's values as a signal to profile; borrowed from the column.
void hf_profile_signal_of(hf_profile_signal *out, const hf_column *column);

#endif
