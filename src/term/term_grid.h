// SPDX-License-Identifier: Apache-2.0
//
// Surfaces and rules compiled, for the room.
#ifndef HOLDFAST_TERM_GRID_H
#define HOLDFAST_TERM_GRID_H

#include "term/term_room.h"

// One axis against its column.
typedef struct {
    const hf_axis *axis;     // borrowed
    const hf_column *column; // borrowed; NULL: every row is missing
    float *edge;             // owned: f32 columns; a float is past it exactly if past the axis's
    int32_t *cell;           // owned: categories, by code + 1
} hf_bound_axis;

typedef struct {
    const hf_term *term; // borrowed
    hf_bound_axis axes[HF_AXES];
    float *values;      // owned: less the reference
    hf_phrase *phrases; // owned: one an axis
} hf_grid_term;

hf_status hf_grid_bind(hf_grid_term *out, const hf_context *context, const hf_term *term,
                       const hf_frame *frame, int32_t *unseen, hf_error *error);
void hf_grid_unbind(const hf_context *context, hf_grid_term *grid);
// Contributions of n rows; scratch: HF_TILE floats, which hold cell numbers: there are few enough to be
// exact.
void hf_grid_run(const hf_grid_term *grid, const hf_kernels *kernels, float *out, float *scratch,
                 int64_t begin, int32_t n);
double hf_grid_contribution(const hf_grid_term *grid, int64_t row);
// "usage depth 0.24 and 12 tickets in 90 days"; returns the bytes written, without the NUL. Only whole parts
// are written, but for the first.
size_t hf_grid_words(char *out, size_t size, const hf_grid_term *grid, int64_t row);

// Refuses a column of another storage than a signal of the term has: numbers, or categories.
hf_status hf_term_check_storage(const char *signal, bool category, const hf_column *column, hf_error *error);
// The frame's column of a signal; NULL where there is none, or none with a value.
const hf_column *hf_term_column(const hf_frame *frame, const char *signal);

// JSON of what a surface or rule has beyond other terms: "surface" or "rule". The reader checks every field
// and names the bad one; signal is the term's, for messages.
json_t *hf_grid_to_json(const hf_term *term); // new reference; NULL when out of memory
hf_status hf_grid_from_json(hf_term *out, const hf_context *context, const json_t *json, const char *file,
                            hf_error *error);

#endif
