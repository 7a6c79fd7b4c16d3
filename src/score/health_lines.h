// SPDX-License-Identifier: Apache-2.0
//
// One account's health, and its churn where there is a model, as a line of text. Nothing here allocates.
#ifndef HOLDFAST_HEALTH_LINES_H
#define HOLDFAST_HEALTH_LINES_H

#include "score/score_lines.h"
#include "score/score_room.h"

#define HF_WAY_LIMIT 1024 // bytes of a path to green; longer ones are cut at a step

// One thread's scratch.
typedef struct {
    double *score, *effective; // owned together: one a measure each
    hf_path_step *steps;       // owned: one a measure
    hf_path_finder *finder;    // owned
} hf_health_scratch;

// What lines are made from.
typedef struct {
    const hf_context *context;
    const hf_fleet_scores *scores;
    const hf_definition *definition;
    const hf_frame *frame;
    hf_phrase *phrases;         // owned: one a measure
    const hf_column **columns;  // owned: one a measure; NULL where the frame lacks it
    hf_score_lines *churn;      // owned: one a model
    hf_health_scratch *scratch; // owned: one a thread
    int threads;
    size_t limit;                                      // bytes of the longest line
    int32_t id_width, band_width, lost_width[HF_LOST]; // display columns of a table
} hf_health_lines;

hf_status hf_health_lines_create(hf_health_lines *out, const hf_context *context,
                                 const hf_fleet_scores *scores, hf_error *error);
void hf_health_lines_free(hf_health_lines *lines);

// The churn lines of a row's model; NULL without one.
const hf_score_lines *hf_health_lines_churn(const hf_health_lines *lines, int64_t row);
// The name of a band; "unknown" for -1.
const char *hf_health_lines_band(const hf_health_lines *lines, int8_t band);
// The band that is shown: the settled one, or the raw one where none was settled.
int8_t hf_health_lines_band_of(const hf_health_lines *lines, int64_t row);

// Points lost by measure j of the row's HF_LOST, as a text; "" where there is none. Returns the length.
// effective: filled by hf_health_lines_weigh.
size_t hf_health_lost(char out[HF_REASON_LIMIT], const hf_health_lines *lines, const double *effective,
                      int64_t row, int j);
// The row's effective weights, in the thread's scratch.
const double *hf_health_lines_weigh(const hf_health_lines *lines, int thread, int64_t row);
// The way to the best band; "" where there is none to go. Returns the length.
size_t hf_health_way(char out[HF_WAY_LIMIT], const hf_health_lines *lines, int thread, int64_t row);

// Every writer returns the end of what it wrote.
char *hf_health_csv_header(char *out, const hf_health_lines *lines);
char *hf_health_csv_line(char *out, const void *lines, int thread, int64_t row);
char *hf_health_json_line(char *out, const void *lines, int thread, int64_t row);
char *hf_health_table_header(char *out, const hf_health_lines *lines);
char *hf_health_table_line(char *out, const void *lines, int thread, int64_t row);
// Widens the widths of `lines` to what the row needs, and to those of `other`.
void hf_health_table_measure(hf_health_lines *lines, int thread, int64_t row);
void hf_health_table_widen(hf_health_lines *lines, const hf_health_lines *other);

#endif
