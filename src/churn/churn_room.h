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
    json_t *record; // owned object: the file's other fields ("fit": path, folds, seed; "training": what the
                    // caller noted: target, window, ledger, metrics, ...), kept as read and written back
    json_t *terms_read;   // owned: the terms as they stood in the file, for the fields this version does not
                          // know; NULL if trained
    char path[256];       // where it was loaded from, "" if trained
    bool calibrated;      // the published log-odds are the calibration curve of the sum; else the sum itself
    hf_curve calibration; // owned: rises everywhere, has no clips and steps
};

// Sets record[section][key] = value (steals the reference, of NULL too: HF_ERROR_MEMORY), making the section.
hf_status hf_model_note(hf_model *model, const char *section, const char *key, json_t *value,
                        hf_error *error);
// Another model of the same content. Errors: HF_ERROR_MEMORY.
hf_status hf_model_copy(hf_model **out, const hf_context *context, const hf_model *model, hf_error *error);
// The text of the model's file, added to text.
hf_status hf_model_write(hf_text *text, const hf_model *model, hf_error *error);
// How many of its terms are curves or tables of one signal, surfaces, and rules.
void hf_model_count_terms(const hf_model *model, int32_t *curves, int32_t *surfaces, int32_t *rules);
// Moves all published log-odds by the same amount. Errors: HF_ERROR_MEMORY.
hf_status hf_model_shift(hf_model *model, double shift, hf_error *error);
hf_status hf_model_set_id(hf_model *model, const char *id, hf_error *error);

// How many rows of the rarer class there are for the parameters of the plain form, which is what signals ask
// for whichever way they are trained, and how many there should be.
#define HF_EVENTS_A_PARAMETER 3
typedef struct {
    int64_t rarer, needed;
    bool events_rarer; // the rarer class is that of the events
    int32_t parameters;
} hf_base_size;
// rows: NULL for all of the frame. Errors: HF_ERROR_DATA where no column can be modelled, HF_ERROR_MEMORY.
hf_status hf_base_size_of(hf_base_size *out, const hf_context *context, const hf_frame *frame,
                          const uint8_t *label, const int64_t *rows, int64_t count,
                          const hf_train_options *options, hf_error *error);

// The design matrix of the final fit in liblinear's own text format, one row a line, with the C, the bias
// and the coefficients it gave: what an independent check of the solver needs. For tests. To repeat a fit:
// liblinear-train -s 0 -c C -B BIAS -e EPS DESIGN MODEL
typedef struct {
    double c, bias, eps;
    int32_t features; // without the bias
    double *weights;  // owned (hf_delete): features + 1, the bias last, as liblinear gave them
    double intercept; // after it was refitted without shrinkage
} hf_fit_record;
// record and design_path may be NULL.
hf_status hf_model_train_recorded(hf_model **out, hf_fit_record *record, const char *design_path,
                                  const hf_context *context, const hf_frame *frame, const uint8_t *label,
                                  const int64_t *cluster, const int64_t *rows, int64_t count,
                                  const hf_train_options *options, hf_error *error);

// The last fit of a training with curves, tau given, as an explicit matrix for liblinear: what the tests and
// the bench hold training against. All rows of the frame; categories too.
typedef struct hf_explicit_curves hf_explicit_curves;
hf_status hf_explicit_curves_create(hf_explicit_curves **out, const hf_context *context,
                                    const hf_frame *frame, const uint8_t *label, double tau, hf_error *error);
// One L2R_LR solve from nothing, on the calling thread.
hf_status hf_explicit_curves_solve(const hf_explicit_curves *curves, double c, double eps, hf_error *error);
// The log-odds of a row after a solve.
double hf_explicit_curves_margin(const hf_explicit_curves *curves, int64_t row);
void hf_explicit_curves_size(const hf_explicit_curves *curves, int32_t *features, int64_t *nonzero);
void hf_explicit_curves_destroy(hf_explicit_curves *curves); // accepts NULL

// JSON for people and diffs: two blanks a level, keys in their order, small flat values on one line, numbers
// with the shortest digits that read back the same.
void hf_json_write(hf_text *out, const json_t *json);

#endif
