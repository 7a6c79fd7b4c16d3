// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the nights share: a definition by hand, and a night whose healths are put in by hand, so
// that settling is tested apart from the pass.
#ifndef HOLDFAST_TESTS_NIGHT_FIXTURE_H
#define HOLDFAST_TESTS_NIGHT_FIXTURE_H

#include "health/health_plan.h"
#include "health/health_room.h"

#include <criterion/criterion.h>

enum { CARD_BANDS = 3, CARD_SEGMENTS = 2, CARD_MEASURES = 2 };

// A definition with bands red 0, yellow 40, green 70 (segment "smb": 0, 30, 60), measures usage.depth and
// support.tickets, no hysteresis, trend 30 days with a dead zone of 2.
typedef struct {
    hf_definition definition;
    hf_segment segments[CARD_SEGMENTS];
    hf_band bands[CARD_BANDS];
    hf_measure measures[CARD_MEASURES];
    double edges[CARD_SEGMENTS][CARD_BANDS];
} card;

void card_init(card *c, const hf_context *context);

typedef struct {
    const hf_context *context;
    hf_frame *frame; // owned: ids and as-of date
    struct hf_health_plan plan;
    hf_health health; // zeroed arrays
} night;

// ids: n texts.
void night_open(night *out, const hf_context *context, const card *c, hf_date as_of, const char *const *ids,
                int64_t n);
void night_close(night *n);
// Health and everything that follows from it without settling: raw, and band_raw by the row's segment;
// unknown where the coverage is below a half or the health is NaN.
void night_put(night *n, int64_t row, double health, double coverage);
// Settles, knows the risk and gives the scores frame.
hf_frame *night_scores(night *n, const hf_frame *last, const hf_frame *before);

// The text of a category's cell, "" where missing.
const char *text_at(const hf_frame *frame, const char *column, int64_t row);
double number_at(const hf_frame *frame, const char *column, int64_t row);
hf_date date_at(const hf_frame *frame, const char *column, int64_t row);
// Adds a column to the night's accounts. texts: NULL is missing.
void night_add_numbers(night *n, const char *name, hf_kind kind, const double *values);
void night_add_texts(night *n, const char *name, const char *const *texts);

#endif
