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
// Exactness: the product is in f32, and health within HF_WHATIF_NEAR of the fleet pass (more, where measures
// are many); scores that near to a band's edge are worked out again as the fleet pass does, so bands, moves
// and what is counted by them are exactly its own. What comes from histograms (AUC, capacity) has the error
// it states.
#ifndef HOLDFAST_WHATIF_ROOM_H
#define HOLDFAST_WHATIF_ROOM_H

#include "health/health_room.h"

#define HF_WHATIF_BINS 1024  // of health from 0 to 100
#define HF_WHATIF_NEAR 5e-4f // points, with up to 77 measures
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

// Warns of levels that conditions ask for and no account has, with the nearest.
void hf_scenario_tell_levels(const hf_context *context, const hf_scenario *scenario, const hf_frame *base);

// ---- weightings with names -------------------------------------------------------------------------------------

typedef enum {
    HF_WEIGHTING_PRESENT,   // the definition's own
    HF_WEIGHTING_SET,       // edits given one by one
    HF_WEIGHTING_CANDIDATE, // another definition's
    HF_WEIGHTING_ONE,       // one weight larger or smaller
    HF_WEIGHTING_GRID,      // a row of a file
    HF_WEIGHTING_DRAW,      // drawn around the present one
} hf_weighting_kind;

typedef struct {
    hf_weighting_kind kind;
    char name[160];
} hf_weighting_name;

// Weightings, what they are called, and which weights the definition's segments write themselves: as in the
// file, a segment that does not write a weight takes the definition's own.
typedef struct {
    hf_weightings weights;
    hf_weighting_name *name; // owned
    bool *own;               // owned: segments x (groups + measures)
} hf_weighting_set;

// Cuts a name off where it is no UTF-8, as it is where it did not fit within a character, so that JSON takes
// it.
void hf_weighting_name_end(char *name);
// All of them the present one. Errors: HF_ERROR_MEMORY.
hf_status hf_weighting_set_create(hf_weighting_set *out, const hf_context *context,
                                  const hf_definition *definition, int32_t count, hf_error *error);
void hf_weighting_set_free(hf_weighting_set *set);

// Sets one weight: of the definition ("usage.weight", "usage.depth.weight"; segments that write it themselves
// keep theirs) or of a segment ("smb:usage.weight"). Errors: HF_ERROR_USAGE for a path that names nothing
// (with the nearest) or a value that is no weight.
hf_status hf_weighting_edit(hf_weighting_set *set, int32_t at, const char *path, double value,
                            hf_error *error);
// The same from texts such as "usage.weight=50", each weight once. Those of segments are edited after the
// definition's own, whatever the order, as the file has them.
hf_status hf_weighting_parse(hf_weighting_set *set, int32_t at, const char *const *texts, int32_t count,
                             hf_error *error);
// Takes the weights of a definition that is alike but for them.
void hf_weighting_take(hf_weighting_set *set, int32_t at, const hf_definition *other);
// How many weightings hf_weighting_ones makes: two a weight above 0, up and down. They are those from `first`
// on: the weight of the definition and every segment times `factor`, then divided by it. What would change
// nothing (the only weight of its group, or the only group) is left out.
int32_t hf_weighting_ones_count(const hf_definition *definition);
void hf_weighting_ones(hf_weighting_set *set, int32_t first, double factor);
// Draws a weighting: shares of the groups, and of each group's measures, from Dirichlet distributions whose
// means are the present shares and whose parameters sum to `concentration`; a share has the standard
// deviation sqrt(share (1 - share) / (concentration + 1)). Weights of 0 stay 0. Drawn weights have four
// digits, so that a file can say them. A segment's own weights move in proportion. Draw k depends on seed and
// k alone.
void hf_weighting_draw(hf_weighting_set *set, int32_t at, int32_t k, double concentration, uint64_t seed);
// A weighting a row of a frame whose columns are named like paths of hf_weighting_edit; a missing value keeps
// the present weight. Errors: HF_ERROR_DATA naming the column, or the row with a value that is no weight.
hf_status hf_weighting_grid(hf_weighting_set *set, int32_t first, const hf_frame *grid, hf_error *error);
// Fails where nothing of a segment would be scored.
hf_status hf_weighting_check(const hf_weighting_set *set, int32_t at, hf_error *error);
// Which weights are to be written into the definition's file to have this weighting. out has room for
// segments x (groups + measures); comments are left NULL.
int32_t hf_weighting_changes(hf_weight_edit *out, const hf_weighting_set *set, int32_t at);
// A change's path, as hf_weighting_edit takes it.
void hf_weighting_path(hf_text *out, const hf_definition *definition, const hf_weight_edit *change);

// How alike two scores rank n rows: Spearman's correlation of ranks (ties share their mean rank) and
// Kendall's tau-b (Knight 1966). NaN where one is constant. Rows where either is NaN do not count. Errors:
// HF_ERROR_MEMORY. Cost: O(n log n).
hf_status hf_rank_agreement(double *spearman, double *kendall, const hf_context *context, const double *a,
                            const double *b, int32_t n, hf_error *error);

// ---- weights fitted to outcomes ------------------------------------------------------------------------------

#define HF_FIT_STRENGTHS 11

// Account-dates with their outcome, as one set of weights scores them. A column is a measure of a mean group,
// or a worst or best group as a whole; columns of one group lie together. All borrowed.
typedef struct {
    int64_t rows;
    int32_t columns, groups;
    const float *score;     // rows x columns, row by row: 0 to 100; NaN: none, its weight goes to others
    const uint8_t *label;   // 0 or 1
    const int64_t *account; // from 0: rows of one account share a number
    const hf_date *as_of;
    int32_t window;              // lead + horizon
    const double *present;       // one a column: its share of all weight, more than 0; sum 1
    const int32_t *group;        // one a column, from 0
    const double *cap;           // one a group: its share of all weight is at most this; 1: none
    double max_inherit, neutral; // of the definition
} hf_weight_rows;

typedef struct {
    double shrink; // strength; NaN: chosen on inner splits
    int32_t replicates;
    double alpha;
    uint64_t seed;
} hf_weight_fit_options;

typedef struct {
    double strength;    // 1: a shift of weight costs what the data say of one measure on average
    double gain, error; // of log-loss over the present weights on inner splits, a row; its standard error
} hf_fit_strength;

typedef struct {
    const hf_context *context;
    int32_t columns;
    double strength; // INFINITY: no change
    bool chosen;     // on inner splits
    bool forward;    // they went forward in time; false: dates were too few, they are by accounts alone
    hf_fit_strength path[HF_FIT_STRENGTHS]; // the strongest first; NaN where not chosen
    double *weight, *low,
        *high; // owned, one a column: share of all weight; low, high: NaN without replicates
    // Log-odds a point lost of the measure, without limits and shrinkage: below 0 goes against its direction.
    double *slope, *slope_low, *slope_high;
} hf_weight_fit;

// Fits log-odds = a + sum of b_j x points lost of column j, b_j at least 0 and within the caps, shrunk toward
// proportions of the present weights; the weights are the b_j in proportion. A score that is missing counts
// as what the weights at hand make of the others, so that the sum is health lost exactly as the fleet pass
// has it. Strength: on inner splits, earlier dates fit and later ones judge, the window between left out, no
// account on both sides; of strengths within one standard error of the best the strongest, and no change
// unless the gain is two standard errors. Intervals: percentiles over resampled accounts, two Newton steps
// each. Errors: HF_ERROR_TOO_LITTLE for outcomes all alike, HF_ERROR_MEMORY, HF_ERROR_CANCELLED. The result
// does not depend on threads. Cost: some hundred walks over the rows, columns squared each.
hf_status hf_weight_fit_run(hf_weight_fit *out, const hf_context *context, const hf_weight_rows *rows,
                            const hf_weight_fit_options *options, hf_error *error);
void hf_weight_fit_free(hf_weight_fit *fit);

#endif
