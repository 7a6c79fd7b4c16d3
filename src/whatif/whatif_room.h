// SPDX-License-Identifier: Apache-2.0
//
// What if it were weighted otherwise: thousands of weightings of one scorecard over a whole fleet.
//
// A weighting changes the weights of groups and measures and nothing else, so an account's measure scores are
// worked out once. Accounts with the same segment and the same measures observed share their effective
// weights under any weighting (a pattern), whatever is missing and however its weight is spread or capped; so
// the health of a pattern's accounts under a block of weightings is one product of two matrices. A group of
// which the worst or best measure counts is one column of it. Overrides are bounds from below and above.
// Bands, moves and histograms are folded from the product while it is in the cache.
//
// Exactness: the product is in f32, and health within HF_WHATIF_NEAR of the fleet pass; scores that near to
// a band's edge are worked out again as the fleet pass does, so bands, moves and what is counted by them are
// exactly its own. What comes from histograms (AUC, capacity) has the error it states.
#ifndef HOLDFAST_WHATIF_ROOM_H
#define HOLDFAST_WHATIF_ROOM_H

#include "health/health_room.h"

#define HF_WHATIF_BINS 1024  // of health from 0 to 100
#define HF_WHATIF_NEAR 5e-4f // points
enum { HF_NO_LABEL = 255 };  // of an account whose outcome is not known

// ---- weightings --------------------------------------------------------------------------------------------

// Weights as a definition writes them, any that are not negative; by weighting, then by segment.
typedef struct {
    const hf_context *context;
    const hf_definition *definition; // borrowed
    int32_t count;
    double *group;   // owned: count x segments x groups
    double *measure; // owned: count x segments x measures
} hf_weightings;

// All of them the definition's own weights. Errors: HF_ERROR_MEMORY.
hf_status hf_weightings_create(hf_weightings *out, const hf_context *context, const hf_definition *definition,
                               int32_t count, hf_error *error);
void hf_weightings_free(hf_weightings *weightings);
// Those of one weighting: segments x groups, segments x measures.
double *hf_weighting_groups(const hf_weightings *weightings, int32_t at);
double *hf_weighting_measures(const hf_weightings *weightings, int32_t at);

// ---- a night to weigh ----------------------------------------------------------------------------------------

typedef struct {
    const hf_health_plan *plan;
    const hf_health *health;
    const uint8_t *label; // one a row: 0, 1 or HF_NO_LABEL; NULL: nothing is known of outcomes
    const double *arr;    // one a row, NaN where unknown; NULL: no ARR
    int64_t capacity;     // accounts of the red list, by lowest health; 0: no list
} hf_whatif_night;

// Accounts in the order of their patterns, ready for any weighting. Everything borrowed stays the caller's.
typedef struct hf_whatif_fleet hf_whatif_fleet;
hf_status hf_whatif_fleet_create(hf_whatif_fleet **out, const hf_context *context,
                                 const hf_whatif_night *night, hf_error *error);
void hf_whatif_fleet_destroy(hf_whatif_fleet *fleet); // accepts NULL

// ---- weighing --------------------------------------------------------------------------------------------------

// What a weighting makes of a night, one entry a weighting unless said. Owned.
typedef struct {
    const hf_context *context;
    int32_t count, bands; // bands: the definition's, without unknown
    int64_t *moved;     // count x (bands + 1) x (bands + 1): accounts by band before (unknown, then worst to
                        // best) and band under the weighting; before is the night's band_raw
    double *moved_arr;  // the same in ARR; accounts without one count 0
    int64_t labelled;   // accounts with an outcome known and a health under the present weights
    int64_t events;     // of those
    double *auc;        // of low health for the outcome; NaN where it is not defined
    double *auc_error;  // at most so far from the exact one, for health that shares a bin
    double *overlap;    // accounts in both red lists; ties at the end of the list count in part
    double *caught;     // events in the list
    double *caught_arr; // their ARR
} hf_weighed;

// Adds up what AUC over several nights is made of: weightings x 2 (without, with the outcome) x
// HF_WHATIF_BINS, the caller's, zeroed before the first night; NULL: not wanted.
typedef uint32_t *hf_whatif_histograms;

// Errors: HF_ERROR_MEMORY, HF_ERROR_CANCELLED, HF_ERROR_USAGE for weightings of another definition. The
// result does not depend on threads.
hf_status hf_whatif_weigh(hf_weighed *out, const hf_whatif_fleet *fleet, const hf_weightings *weightings,
                          hf_whatif_histograms pooled, hf_error *error);
void hf_weighed_free(hf_weighed *weighed);

// AUC of low health from two histograms, and how far the exact one may be from it.
double hf_histogram_auc(double *most_error, const uint32_t *without, const uint32_t *with);

// Health after overrides and raw band of every row under one weighting, in double, as the fleet pass has
// them: the slow way, one account at a time. health, band: one a row of the night; either may be NULL.
hf_status hf_whatif_exact(double *health, int8_t *band, const hf_whatif_fleet *fleet,
                          const hf_weightings *weightings, int32_t at, hf_error *error);

// ---- scenarios ---------------------------------------------------------------------------------------------

// An edit of a signal, as people write it:
//   SIGNAL = VALUE     every account's value, missing ones too: a number (20% is 0.2), a date, a category's
//                      level, yes or no; the bare word missing takes the value away
//   SIGNAL += N, -= N  added, taken off; days of a date
//   SIGNAL *= N        scaled
//   SIGNAL <= N        capped: what is above becomes N
//   SIGNAL >= N        a floor
//   SIGNAL in [A, B]   clipped: both
// and then, for some accounts alone, "where CONDITION". What is missing stays so but for "=".
typedef enum {
    HF_EDIT_SET,
    HF_EDIT_UNSET, // = missing
    HF_EDIT_ADD,   // -= too, with the number's sign turned
    HF_EDIT_SCALE,
    HF_EDIT_CAP,
    HF_EDIT_FLOOR,
    HF_EDIT_CLIP,
} hf_edit_action;

typedef struct {
    char *text;   // owned: as written
    char *signal; // owned
    hf_edit_action action;
    char *value[2];     // owned, as written without quotes; the second of a clip alone, else NULL
    double number[2];   // NaN where it is none
    hf_date date[2];    // HF_DATE_MISSING where it is none
    bool limited;       // it has a where of its own
    hf_condition where; // owned
} hf_edit;

typedef struct {
    const hf_context *context;
    hf_edit *edits; // owned, in order
    int32_t count;
    bool limited;
    hf_condition where; // owned: of all edits, besides their own
} hf_scenario;

// where NULL: all accounts. Errors: HF_ERROR_USAGE, with the edit, the place in it in characters, what was
// expected and what to write.
hf_status hf_scenario_create(hf_scenario *out, const hf_context *context, const char *const *edits,
                             int32_t count, const char *where, hf_error *error);
void hf_scenario_free(hf_scenario *scenario); // accepts zeroed ones

// What an edit did.
typedef struct {
    int64_t matched; // accounts that the conditions hold for
    int64_t changed; // of those, with another value than before this edit
    int64_t missing; // of those, left alone because the value is missing
} hf_edit_count;

// A frame of the same accounts with the first `columns` columns of base, edited in order, each edit on what
// the one before left; conditions are asked of base, as it is. Values that nothing changes are borrowed from
// base, which must live longer; a value that an edit leaves equal keeps its bits. Arithmetic is in double and
// rounded to the column's storage; a scaled count becomes whole, halves even. definition: whose derived
// signals are not to be edited; NULL: none. counts: one an edit.
//
// Errors: HF_ERROR_DATA for a signal that is not there (with the nearest) or is derived, a value that its
// kind does not take, and accounts that all edits together leave with a count below 0, a ratio outside 0 to
// 1 (or outside the data, where that goes beyond) or a number too large; HF_ERROR_MEMORY. The result does not
// depend on threads.
hf_status hf_scenario_apply(hf_frame **out, hf_edit_count *counts, const hf_context *context,
                            const hf_scenario *scenario, const hf_frame *base, int32_t columns,
                            const hf_definition *definition, hf_error *error);

#endif
