// SPDX-License-Identifier: Apache-2.0
//
// A scorecard as YAML and a few accounts as numbers, bound and ready: what the tests of moves and paths
// share.
#ifndef HOLDFAST_TESTS_SCORECARD_CASE_H
#define HOLDFAST_TESTS_SCORECARD_CASE_H

#include "health/health_room.h"

enum { CASE_DATE = 20700 };

typedef struct {
    const hf_context *context;
    hf_definition *definition;
    hf_frame *frame;
    hf_manual_overrides manual;
    hf_health_plan *plan;
} scorecard_case;

// A definition and `rows` accounts named a0, a1, ... without signals yet.
void case_open(scorecard_case *c, const hf_context *context, const char *yaml, int64_t rows);
// One value a row; numbers are kept in double, NaN is missing; levels NULL and days HF_DATE_MISSING likewise.
void case_numbers(scorecard_case *c, const char *name, hf_kind kind, const double *values);
void case_levels(scorecard_case *c, const char *name, const char *const *levels);
void case_days(scorecard_case *c, const char *name, const hf_date *days);
// A manual override of a row, in force.
void case_manual(scorecard_case *c, int64_t row, hf_override_action action, double value);
void case_bind(scorecard_case *c);
void case_close(scorecard_case *c);

#endif
