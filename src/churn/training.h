// SPDX-License-Identifier: Apache-2.0
//
// What training works on, and its two ways: one coefficient a signal, or curves with the surfaces and rules
// that pay.
#ifndef HOLDFAST_TRAINING_H
#define HOLDFAST_TRAINING_H

#include "churn/churn_room.h"

typedef struct hf_summary_work hf_summary_work; // summary.h

// The rows to train on, gathered.
typedef struct {
    const hf_context *context;
    const hf_frame *frame;
    const hf_train_options *options;
    int64_t count, events;
    int64_t *rows;         // owned: rows of the frame
    uint8_t *label;        // owned, one a training row
    int64_t *cluster;      // owned, one a training row; NULL: each is its own
    hf_summary_work *work; // what the fit leaves for the summary; NULL: none is wanted
    double shift;          // the fleet's log-odds less those of the rows drawn; 0 where all are
} hf_training;

// Both fill the model's terms, intercept and c, and "fit" in its record. record and design_path may be NULL.
hf_status hf_train_plain(hf_model *model, hf_fit_record *record, const char *design_path,
                         const hf_training *t, hf_error *error);
hf_status hf_train_terms(hf_model *model, const hf_training *t, hf_error *error);

// The rows of the smaller class.
int64_t hf_training_rarer(const hf_training *t);

#endif
