// SPDX-License-Identifier: Apache-2.0
//
// A definition as the other rooms see it: what holdfast.yaml says, checked and resolved, so that nobody else
// asks whether a key was there. The file's form is in models/README.md.
#ifndef HOLDFAST_DEFINITION_ROOM_H
#define HOLDFAST_DEFINITION_ROOM_H

#include "frame/frame_room.h"
#include "holdfast/definition.h"
#include "term/term_room.h"

// Where in the definition file something stands, from 1; line 0: it is a default.
typedef struct {
    int32_t line, column;
} hf_place;

// ---- conditions ------------------------------------------------------------------------------------------

// Comparisons joined by "and": "segment = SMB and tickets_90d >= 10 and csat is missing". Numbers compare
// with numbers (20% is 0.2; a flag with yes and no too), dates (YYYY-MM-DD) with dates, texts by = and !=,
// all of them by in (a, b); a missing signal meets no comparison but "is missing". A number is rounded to the
// column's storage as a cell of the same text was, so that what prints alike is equal. A name or text with
// blanks or signs stands in double quotes.
typedef enum {
    HF_COMPARE_EQUAL,
    HF_COMPARE_DIFFERENT,
    HF_COMPARE_LESS,
    HF_COMPARE_AT_MOST,
    HF_COMPARE_MORE,
    HF_COMPARE_AT_LEAST,
    HF_COMPARE_IN, // one of texts, which are numbers or dates for a signal of those
    HF_COMPARE_MISSING,
    HF_COMPARE_PRESENT, // "is present"
} hf_comparison;

typedef struct {
    char *signal; // owned
    hf_comparison comparison;
    double number;      // NaN where the right side is no number
    hf_date date;       // HF_DATE_MISSING where it is no date
    char **texts;       // owned: the right side as written; one, or more with "in"
    int32_t text_count; // 0 for "is missing" and "is present"
} hf_comparing;

typedef struct {
    char *text;          // owned: as written
    hf_comparing *parts; // owned; all must hold
    int32_t count;
} hf_condition;

// Errors: HF_ERROR_DATA; error->column is the place within text in characters, from 1; the message names what
// was expected.
hf_status hf_condition_parse(hf_condition *out, const hf_context *context, const char *text, hf_error *error);
void hf_condition_free(const hf_context *context, hf_condition *condition);
// A condition bound to a frame's columns (both borrowed). Errors: HF_ERROR_DATA for a signal the frame lacks
// (with the nearest), or a comparison its kind cannot stand.
typedef struct hf_bound_condition hf_bound_condition;
hf_status hf_condition_bind(hf_bound_condition **out, const hf_context *context,
                            const hf_condition *condition, const hf_frame *frame, hf_error *error);
// out[i] = 1 where the condition holds for row begin + i, else 0. No allocation.
void hf_condition_run(const hf_bound_condition *bound, uint8_t *out, int64_t begin, int32_t n);
void hf_condition_unbind(const hf_context *context, hf_bound_condition *bound); // accepts NULL
// A number as conditions write it: 12, -0.5, 1e6 and 12.5%, which is 0.125; NaN for any other text and for
// what is too large for a double.
hf_status hf_condition_number(double *out, const hf_context *context, const char *text, hf_error *error);
// The bytes of text to show in a message: at most limit, cut at a character.
int hf_condition_shown(const char *text, size_t length, size_t limit);

// ---- signals ---------------------------------------------------------------------------------------------

typedef struct {
    char *name; // owned
    bool has_kind;
    hf_kind kind;
    char *unit; // owned, "" if not given
    hf_direction direction;
    char **na; // owned: tokens that mean missing beside the usual ones
    int32_t na_count;
    char *observed_on; // owned: the date signal that says when the value was taken; "" : the as-of date
    int32_t max_age;   // days after which it is stale; 0: never
    hf_place place;
} hf_signal_definition;

typedef enum {
    HF_DERIVE_RATIO,      // of / by, kind ratio
    HF_DERIVE_PER,        // of / by, kind number: ARR per seat
    HF_DERIVE_CHANGE,     // of now - of `days` days back
    HF_DERIVE_GROWTH,     // of now / of `days` days back - 1
    HF_DERIVE_DAYS_SINCE, // as-of date - of (a date)
    HF_DERIVE_DAYS_UNTIL, // of (a date) - as-of date
} hf_derivation;

typedef struct {
    char *name; // owned
    hf_derivation derivation;
    char *of, *by; // owned; by "" where it takes none
    int32_t days;  // change and growth: how far back
    char *unit;    // owned, "" if not given
    hf_direction direction;
    hf_place place;
} hf_derived_signal;

// Adds the definition's derived signals to a frame with an as-of date. past: frames of earlier dates, by
// date, at least the newest one not after as-of - days for every change and growth (borrowed); an account or
// a past that is not there gives missing. A ratio by 0, or by a missing value, is missing. A result within
// the rounding of its inputs' storage from a number of six decimals is that number. Derived signals may use
// earlier derived ones, but not change or growth of one. Errors: HF_ERROR_DATA naming a signal that is not
// there (with the nearest), or of a kind that does not serve.
hf_status hf_derive(hf_frame *frame, hf_frame *const *past, int32_t past_count,
                    const hf_definition *definition, hf_error *error);
// The as-of dates, of those in the store, whose snapshots hf_derive needs for an as-of date. out has room for
// `count` dates; returns how many, ascending.
int32_t hf_derive_needs(hf_date *out, const hf_date *dates, int32_t count, hf_date as_of,
                        const hf_definition *definition);

// ---- scorecard -------------------------------------------------------------------------------------------

typedef enum { HF_MISSING_SKIP, HF_MISSING_NEUTRAL, HF_MISSING_WORST, HF_MISSING_VALUE } hf_missing_policy;
typedef enum { HF_AGGREGATE_MEAN, HF_AGGREGATE_WORST, HF_AGGREGATE_BEST } hf_aggregate;
typedef enum { HF_ORIGIN_UNSAID, HF_ORIGIN_DATA, HF_ORIGIN_HYPOTHESIS } hf_origin;

typedef struct {
    char *name;             // owned: within its group
    char *path;             // owned: "group.measure"
    char *signal;           // owned
    int32_t group;          // its place among the groups
    hf_direction direction; // HIGHER_GOOD or HIGHER_BAD; UNKNOWN for a category's table
    double weight;          // as written, within the group
    // The measure score, 0 to 100. A table (HF_TERM_TABLE) or a curve (HF_TERM_CURVE) whose values are 0 to
    // 100; missing and reference are 0 and mean nothing here. Not used where percentile is set.
    hf_term curve;   // owned
    bool percentile; // the score is the account's rank in its segment, 0 to 100, ties in the middle
    hf_missing_policy missing;
    double missing_value; // the score for NEUTRAL (50 unless `neutral` says otherwise), WORST (0) and VALUE
    int32_t max_age;      // days; the measure's own or its signal's; 0: never stale
    char *observed_on;    // owned: the date signal the age is taken from; "" : none
    bool actionable;      // may stand in the path to green; true unless said otherwise
    bool subjective;
    char *author;  // owned, "" if not given
    hf_date dated; // when the author last said so; HF_DATE_MISSING if not given
    char *why;     // owned, "" if not given
    hf_origin origin;
    hf_place place, weight_place;
} hf_measure;

typedef struct {
    char *name;    // owned
    double weight; // as written
    hf_aggregate aggregate;
    int32_t first, count; // its measures
    hf_place place, weight_place;
} hf_group;

// A band reaches from its edge (inclusive) to the next band's. Ascending; the first edge is 0.
typedef struct {
    char *name; // owned
    double from;
    hf_place place;
} hf_band;

// Everything a segment scores by, resolved: what it does not say itself is the definition's.
typedef struct {
    char *name;             // owned; the last one is "default"
    hf_condition when;      // count 0 for the default
    double *group_weight;   // owned, one a group
    double *measure_weight; // owned, one a measure
    const hf_term **curve;  // owned array; the segment's own curve or the measure's, one a measure
    hf_term *own;           // owned: curves of this segment alone
    int32_t own_count;
    double *band_from; // owned, one a band
    char *model;       // owned: path of the segment's model as written, "" if none
    hf_place place;
} hf_segment;

typedef enum { HF_OVERRIDE_SET, HF_OVERRIDE_CAP, HF_OVERRIDE_FLOOR } hf_override_action;

typedef struct {
    char *name; // owned
    hf_condition when;
    hf_override_action action;
    double value; // 0 to 100
    char *reason; // owned, never empty
    hf_place place;
} hf_override;

typedef enum { HF_ROLLUP_NONE, HF_ROLLUP_MEAN, HF_ROLLUP_WORST, HF_ROLLUP_ARR } hf_rollup;
typedef enum { HF_CADENCE_BY_RISK, HF_CADENCE_BY_ARR } hf_cadence_by;

typedef struct {
    char *outcome; // owned: "churn"
    int32_t lead, horizon;
} hf_outcome_window;

struct hf_definition {
    const hf_context *context;
    char *path; // owned: the file, for messages
    char *text; // owned: the file's bytes, for messages
    size_t text_length;
    char *name; // owned
    hf_signal_definition *signals;
    int32_t signal_count;
    hf_derived_signal *derived;
    int32_t derived_count;
    hf_group *groups;
    int32_t group_count;
    hf_measure *measures; // group by group
    int32_t measure_count;
    hf_band *bands; // worst first
    int32_t band_count;
    hf_segment *segments; // first match counts; the last is the default
    int32_t segment_count;
    hf_override *overrides; // in order; each sees what the ones before left
    int32_t override_count;
    char *manual_overrides; // owned: path of a CSV as written, "" if none
    double min_coverage;    // 0 to 1: under it the band is unknown
    double max_inherit; // a measure's effective weight is at most this many times its nominal one; INFINITY:
                        // no cap
    double neutral;     // 0 to 100, 50 unless said
    double margin;      // points beyond an edge that change the band at once
    int32_t snapshots;  // else so many snapshots in a row; 1: at once
    double smoothing_days;  // 0: none
    int32_t trend_days;     // how far the trend looks back
    double trend_dead_zone; // points that are no change
    char *arr;              // owned: the ARR signal, "" if none
    char *parent;           // owned: the signal that names the parent account, "" if none
    hf_rollup rollup;
    double daily, weekly; // shares of the accounts: 0.2 and 0.3
    hf_cadence_by cadence_by;
    hf_outcome_window *outcomes;
    int32_t outcome_count;
    // gates of the nightly run: shares, NaN where there is none
    double most_unknown;       // accounts whose band is unknown
    double most_coverage_fall; // fall of a signal's coverage since the last snapshot
    char fingerprint[33];      // of the file's bytes
};

// "usage.depth", or -1.
int32_t hf_definition_find(const hf_definition *definition, const char *path);
// Fails at a place in the definition file: "holdfast.yaml:12:5: message", then the line and a caret below it.
hf_status hf_definition_fail(hf_error *error, const hf_definition *definition, hf_place place,
                             const char *format, ...) HF_PRINTF(4, 5);

// ---- other weights, in the text ----------------------------------------------------------------------------

// A weight written anew. segment: its place, the last one for the definition's own weight; measure -1: the
// group's weight, else that of the measure (and group says nothing).
typedef struct {
    int32_t segment, group, measure;
    double value;
    const char *comment; // one line, put behind the weight; NULL: none
} hf_weight_edit;

// Which weights a segment writes itself, rather than taking them from the definition: segments x (groups +
// measures), the default's all true. Errors: HF_ERROR_MEMORY.
hf_status hf_definition_own_weights(bool *own, const hf_definition *definition, hf_error *error);
// The definition's text with other weights, everything else to the byte as it stands: a number in its place,
// or a key of its own where the file leaves a weight out. A comment goes behind its line, or where it cannot
// stand there, to the head of the file. The text is not read again here. Errors: HF_ERROR_DATA for a file of
// a form that leaves no room for a weight.
hf_status hf_definition_reweigh(hf_text *out, const hf_definition *definition, const hf_weight_edit *changes,
                                int32_t count, hf_error *error);
// Whether two definitions score alike but for weights: groups, measures, curves, bands, segments, overrides
// and settings are the same. What is for people alone (names of the file, reasons, authors) may differ.
hf_status hf_definition_alike(bool *alike, const hf_definition *a, const hf_definition *b, hf_error *error);

#endif
