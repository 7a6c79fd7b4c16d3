// SPDX-License-Identifier: Apache-2.0
//
// What the tests of training share: contexts that count or fail, frames made cell by cell, and the reading of
// a design that training wrote.
#ifndef HOLDFAST_CHURN_FIXTURE_H
#define HOLDFAST_CHURN_FIXTURE_H

#include "churn/churn_room.h"

typedef struct {
    int64_t countdown; // allocations until every further one fails; negative: never
    char log[4096];    // what was logged, a line each
    bool cancel;
} fixture;

// threads, and an allocator, log and cancel that answer to the fixture.
hf_context *fixture_context(fixture *f, int threads);
// rows accounts "c000000", "c000001", ...
hf_frame *fixture_frame(const hf_context *context, int64_t rows);
void fixture_number(hf_frame *frame, const char *name, hf_storage storage, const double *values);
// codes -1 to levels - 1; names must be sorted.
void fixture_category(hf_frame *frame, const char *name, const char *const *names, int32_t levels,
                      const int32_t *codes);

// A mixed table: numbers with and without missing cells, a constant, an empty column, categories with rare
// and missing levels, a date; and labels drawn from a logistic of some of them.
hf_frame *fixture_mixed(const hf_context *context, int64_t rows, uint64_t seed, uint8_t *label);
// The sum of a model's terms and its intercept at a row, by hf_term_value_*.
double fixture_log_odds(const hf_model *model, const hf_frame *frame, int64_t row);

// A design read back from the file, as dense rows of features + 1 (the bias last, value `bias`).
double *fixture_read_design(const char *path, int64_t rows, int32_t features, double bias);

// A path in a folder of the test's own, which goes with fixture_clean.
const char *fixture_path(const char *name);
void fixture_clean(void);
char *fixture_read(const char *path, size_t *length); // malloc'ed, NUL-terminated
void fixture_write(const char *path, const char *text, size_t length);

#endif
