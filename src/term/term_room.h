// SPDX-License-Identifier: Apache-2.0
//
// Terms: what a score is a sum of. A curve is a function of one numeric signal, a table of one category;
// surfaces (two signals) and rules (conditions on several) are kinds of term too. A term is evaluated here in
// double, which is its definition, and compiled to the form the kernels run.
#ifndef HOLDFAST_TERM_ROOM_H
#define HOLDFAST_TERM_ROOM_H

#include "frame/frame_room.h"
#include "kernels/kernels_room.h"

#include <jansson.h>

typedef enum { HF_TERM_CURVE, HF_TERM_TABLE, HF_TERM_SURFACE, HF_TERM_RULE } hf_term_kind;

// A curve: with d = clamp(x, low, high) - origin,
//   intercept + slope d + sum hinge_slope[k] max(0, d - hinge_at[k]) + sum step_height[k] [d > step_at[k]]
typedef struct {
    double low, high; // -INFINITY, INFINITY where not clipped
    double origin, intercept, slope;
    int32_t hinges, steps;
    double *hinge_at, *hinge_slope, *step_at, *step_height; // owned; relative to origin, ascending
} hf_curve;

// The curve at a number.
double hf_curve_value(const hf_curve *curve, double x);
void hf_curve_free(const hf_context *context, hf_curve *curve); // frees what it owns, not the struct
// JSON form, as in a term. name: whose curve it is, for messages. Errors as hf_term_from_json.
json_t *hf_curve_to_json(const hf_curve *curve); // new reference; NULL when out of memory
hf_status hf_curve_from_json(hf_curve *out, const hf_context *context, const json_t *json, const char *name,
                             const char *file, hf_error *error);

// A table: one value a level; `pooled` for levels that training saw too rarely or never.
typedef struct {
    hf_dictionary levels; // sorted
    double *values;       // owned, levels.count
    double pooled;
} hf_table;

#define HF_AXES 4         // signals of a surface or rule at most
#define HF_AXIS_CELLS 256 // cells of a signal at most

// One signal of a surface or rule, cut into cells.
typedef struct {
    char *signal; // owned: the column's name
    hf_kind kind;
    char *unit;    // owned, "" if unknown
    int32_t cells; // with the one for missing, which is the last
    // a number x is in cell c where edge[c - 1] < x <= edge[c]
    int32_t edges; // cells - 2
    double *edge;  // owned, ascending
    // a category's level is in level_cell[its place], a level not among them in `other`
    hf_dictionary levels;
    int32_t *level_cell; // owned
    int32_t other;
} hf_axis;

typedef struct {
    hf_term_kind kind;
    char *signal; // owned: the column's name; of a surface or rule its signals, joined by " x "
    hf_kind signal_kind;
    char *unit;             // owned, "" if unknown
    double missing;         // the term's value where the signal is missing
    double reference;       // the term's mean over the training rows: a contribution is value - reference
    double mean, deviation; // of the signal in training, for people; NaN for categories
    int64_t missing_seen;   // training rows where the signal was missing
    hf_curve curve;         // HF_TERM_CURVE
    hf_table table;         // HF_TERM_TABLE
    // HF_TERM_SURFACE (two axes) and HF_TERM_RULE (one to HF_AXES): a value for every combination of cells,
    // the last axis fastest. A rule's is its weight where every axis is in one of the cells it asks for, else
    // 0.
    hf_axis axes[HF_AXES];
    int32_t axis_count;
    double *values;  // owned
    int8_t monotone; // HF_TERM_CURVE trained to rise only: 1, to fall only: -1; 0: free
} hf_term;

// Entries of a surface's or rule's values: the product of its axes' cells.
int64_t hf_term_value_count(const hf_term *term);

// The term's value for a number (NaN: missing) or a level (NULL: missing), before the reference is taken off.
// Of curves and tables; surfaces and rules have values of rows, hf_term_contribution.
double hf_term_value_number(const hf_term *term, double x);
double hf_term_value_level(const hf_term *term, const char *level);
void hf_term_free(const hf_context *context, hf_term *term); // frees what it owns, not the struct

// JSON form, as models/README.md describes it. The reader checks every field: HF_ERROR_DAMAGED names the
// bad one.
json_t *hf_term_to_json(const hf_term *term); // new reference; NULL when out of memory
hf_status hf_term_from_json(hf_term *out, const hf_context *context, const json_t *json, const char *file,
                            hf_error *error);

// A curve or table compiled against a column: contributions (value - reference) for rows [begin, begin + n).
typedef struct hf_compiled_term hf_compiled_term;
// column NULL: the signal is absent, every row is missing. *unseen is the number of the column's dictionary
// levels the term does not know (their rows get the pooled value); may be NULL.
hf_status hf_term_compile(hf_compiled_term **out, const hf_context *context, const hf_term *term,
                          const hf_column *column, int32_t *unseen, hf_error *error);
// The same against all the frame's columns: finds the columns of every signal by name. A column without any
// value counts as absent.
hf_status hf_term_compile_in(hf_compiled_term **out, const hf_context *context, const hf_term *term,
                             const hf_frame *frame, int32_t *unseen, hf_error *error);
// out: n contributions, n <= HF_TILE. No allocation. scratch: HF_TILE floats.
void hf_term_run(const hf_compiled_term *term, const hf_kernels *kernels, float *out, float *scratch,
                 int64_t begin, int32_t n);
// The exact contribution of one row, in double.
double hf_term_contribution(const hf_compiled_term *term, int64_t row);
void hf_term_compiled_free(const hf_context *context, hf_compiled_term *term); // accepts NULL

// The signal's part of a reason, as a person would say it: "12 tickets in 90 days", "contract
// Month-to-month", "no csat on record", "licence use 45 %". Value from the column's row. UTF-8, cut at a
// character if out is too small.
//
// A phrase is shaped once a term and written many times.
#define HF_PHRASE_PART 400 // bytes; longer names are cut

typedef struct {
    char missing[HF_PHRASE_PART];
    char zero[HF_PHRASE_PART],
        one[HF_PHRASE_PART]; // the whole phrase for 0 and 1; "" where it is none special
    char before[HF_PHRASE_PART], after[HF_PHRASE_PART]; // about the number or the level
    double scale;                                       // of the number as it is said: 100 for a ratio
} hf_phrase;

void hf_phrase_shape(hf_phrase *out, const hf_term *term);
// Returns the bytes written, without the NUL.
size_t hf_phrase_write(char *out, size_t size, const hf_phrase *shape, const hf_column *column, int64_t row);
// The same for a number of no account (NaN: missing).
size_t hf_phrase_number(char *out, size_t size, const hf_phrase *shape, double x);
// The words of a row of a compiled term, of any kind: of a surface or rule what each of its signals is, with
// "and" between. shape is the term's, not used for surfaces and rules.
size_t hf_term_words(char *out, size_t size, const hf_compiled_term *term, const hf_phrase *shape,
                     int64_t row);
// Shaped and written at once: of a curve or table; and of a term of any kind, columns found by name.
void hf_term_phrase(char *out, size_t size, const hf_term *term, const hf_column *column, int64_t row);
void hf_term_phrase_in(char *out, size_t size, const hf_term *term, const hf_frame *frame, int64_t row);

// What a term is about, as a person would say it: of a rule its conditions, "age over 44.5 and (no csat on
// record or csat up to 2.5)", of other terms their signals, "age and tickets in 90 days".
void hf_term_conditions(hf_text *out, const hf_term *term);

#endif
