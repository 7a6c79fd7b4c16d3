// SPDX-License-Identifier: Apache-2.0
//
// The parts of `whatif fit`: account-dates to fit by, and the definition that comes of it. Private to the
// room.
#ifndef HOLDFAST_WHATIF_FIT_H
#define HOLDFAST_WHATIF_FIT_H

#include "workflow/whatif_nights.h"

#include <jansson.h>

// What a column of the rows is.
typedef struct {
    int32_t group, measure; // measure -1: the group as a whole
} hf_fit_column;

typedef struct {
    const hf_context *context;
    const hf_definition *definition; // borrowed
    hf_fit_column *column;           // owned, as the rest
    double *present, *cap;
    int32_t *group;
    float *score;
    uint8_t *label;
    int64_t *account;
    hf_date *as_of;
    int64_t room, left_out, events, accounts;
    hf_weight_rows rows; // of the arrays above
} hf_fit_rows;

// The labelled accounts of the nights before `until` whose window has closed by then, and that score by the
// definition's own weights.
hf_status hf_fit_rows_read(hf_fit_rows *out, const hf_context *context, const hf_whatif_fit_job *job,
                           const hf_whatif_scorecard *present, const hf_whatif_nights *nights, hf_date until,
                           hf_error *error);
void hf_fit_rows_free(hf_fit_rows *rows);

// The definition with these shares of all weight (one a column) for weights: sums within groups, and of
// groups, stay as they are, four digits are kept. text: what is written to a file, every changed weight with
// what it was and `why`; out: the same, read again and compared.
hf_status hf_fit_candidate(hf_definition **out, hf_text *text, const hf_fit_rows *rows, const double *share,
                           const char *why, hf_error *error);

// A fit as the record of an experiment: its inputs with hashes, what was asked, what was told, for people and
// programs, and of a change the weights by path, as promoting reads them.
typedef struct {
    const hf_whatif_fit_job *job;
    const hf_whatif_nights *nights;
    const hf_definition *present, *candidate; // candidate NULL: no change is proposed
    const char *why;
    const hf_verdict *verdict; // of the candidate beside the present, on the dates set aside
    const hf_text *page, *result;
} hf_fit_told;
// *out is the caller's, to be released.
hf_status hf_whatif_fit_record(json_t **out, const hf_context *context, const hf_fit_told *told,
                               hf_error *error);

#endif
