// SPDX-License-Identifier: Apache-2.0
//
// The model as scoring and the verbs see it: its terms, and the record of how it came to be.
#ifndef HOLDFAST_CHURN_ROOM_H
#define HOLDFAST_CHURN_ROOM_H

#include "holdfast/churn.h"
#include "term/term_room.h"

struct hf_model {
    const hf_context *context;
    double intercept; // log-odds = intercept + sum of term values
    int32_t term_count;
    hf_term *terms; // owned
    double c;
    int64_t rows, events;
    char *id;       // owned, never NULL
    json_t *record; // owned object: the file's other fields ("training": target, window, ledger, path, metrics,
                    // fingerprint, seed, ...), kept as read and written back
    char path[256]; // where it was loaded from, "" if trained
};

// Sets record[section][key] = value (steals the reference), making the section.
hf_status hf_model_note(hf_model *model, const char *section, const char *key, json_t *value,
                        hf_error *error);
hf_status hf_model_set_id(hf_model *model, const char *id, hf_error *error);

// The design matrix of the final fit in liblinear's own text format, one row a line, with the C, the bias
// and the coefficients it gave: what an independent check of the solver needs. For tests.
typedef struct {
    double c, bias, eps;
    int32_t features;      // without the bias
    double *weights;       // owned: features + 1, the bias last, as liblinear gave them
    double intercept;      // after it was refitted without shrinkage
} hf_fit_record;
hf_status hf_model_train_recorded(hf_model **out, hf_fit_record *record, const char *design_path,
                                  const hf_context *context, const hf_frame *frame, const uint8_t *label,
                                  const int64_t *cluster, const int64_t *rows, int64_t count,
                                  const hf_train_options *options, hf_error *error);

#endif
