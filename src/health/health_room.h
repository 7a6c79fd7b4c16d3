// SPDX-License-Identifier: Apache-2.0
//
// Health: what a scorecard says of every account. For account a in segment s (the first whose condition
// holds):
//
// 1. A measure's state: ABSENT where its signal is missing; STALE where a max_age is set and the date it was
//    observed on is missing or more than max_age days before the as-of date; else OBSERVED.
// 2. Its score q: OBSERVED: the segment's curve of the value, held within 0 and 100. Else by policy: SKIP:
//    none; NEUTRAL, WORST, VALUE: missing_value. A measure is present if it has a score and its nominal
//    weight is not 0.
// 3. Nominal weight n: group weight / sum of group weights (of groups that have a measure with weight) x
//    measure weight / sum of the group's measure weights.
// 4. Coverage: the sum of n over OBSERVED measures.
// 5. Effective weight e: a group is present if one of its measures is. Its share G is its weight / the
//    weights of the groups present. MEAN: e = G x weight / the weights present in the group. WORST, BEST: the
//    present measure with the lowest, highest score (the first of equals) takes G; the others have 0.
// 6. The cap: e is at most max_inherit x n (WORST, BEST: x the group's nominal share). What the cap takes
//    away is unassigned, u = 1 - sum e, and scores `neutral`. Raw health = sum of e q + u neutral; NaN where
//    nothing is present.
// 7. Overrides in order, each on what the one before left: set, cap, floor (a NaN is only ever set). Then the
//    manual ones of the account that have not expired by the as-of date, in the file's order. That is the
//    health.
// 8. band_raw: unknown (-1) where coverage < min_coverage (by more than 1e-9, since coverage is a sum) or
//    health is NaN; else the highest band whose edge is at or below the (smoothed) health.
// 9. band: hf_health_settle.
//
// The fleet pass runs curves in f32, or in double where f32 is too coarse for them, and sums in f64: health
// is within 1e-4 of hf_health_explain's, which is all double.
#ifndef HOLDFAST_HEALTH_ROOM_H
#define HOLDFAST_HEALTH_ROOM_H

#include "definition/definition_room.h"
#include "frame/frame_room.h"

#define HF_LOST 3 // reasons: the measures that lost most points
// Coverage is a sum, so a rounding below min_coverage is let pass.
#define HF_COVERAGE_SLACK 1e-9

typedef enum { HF_STATE_OBSERVED, HF_STATE_ABSENT, HF_STATE_STALE } hf_measure_state;
typedef enum { HF_TREND_UNKNOWN, HF_TREND_DOWN, HF_TREND_FLAT, HF_TREND_UP } hf_trend;
typedef enum { HF_CADENCE_DAILY, HF_CADENCE_WEEKLY, HF_CADENCE_MONTHLY } hf_cadence;
const char *hf_trend_name(hf_trend trend);       // "", "down", "flat", "up"
const char *hf_cadence_name(hf_cadence cadence); // "daily", "weekly", "monthly"

// ---- manual overrides --------------------------------------------------------------------------------------

typedef struct {
    int64_t row; // of the frame; -1: no such account
    hf_override_action action;
    double value;
    char *account, *author, *reason; // owned
    hf_date expires;                 // the last day it holds
    bool expired;                    // by the frame's as-of date
} hf_manual_override;

typedef struct {
    hf_manual_override *items; // owned, in the file's order
    int32_t count;
} hf_manual_overrides;

// From a frame with ids and the columns action (set, cap, floor), value, author, reason, expires (a date);
// matched to the accounts of `frame`. An account may stand in several rows. Errors: HF_ERROR_DATA for a
// column or a cell that is not there or is out of range, naming the account. Unknown accounts and expired
// ones are warned of.
hf_status hf_manual_overrides_create(hf_manual_overrides *out, const hf_context *context,
                                     const hf_frame *list, const hf_frame *frame, hf_error *error);
void hf_manual_overrides_free(const hf_context *context, hf_manual_overrides *overrides);

// ---- the plan and the pass ---------------------------------------------------------------------------------

typedef struct hf_health_plan hf_health_plan;

// Binds a definition to a frame that has an as-of date and its derived signals already. manual may be NULL.
// Everything is borrowed until the plan is destroyed. Errors: HF_ERROR_DATA naming all the signals the frame
// lacks, with the nearest names and the definition's line, and signals of a kind that a curve or table cannot
// take.
hf_status hf_health_plan_create(hf_health_plan **out, const hf_context *context,
                                const hf_definition *definition, const hf_frame *frame,
                                const hf_manual_overrides *manual, hf_error *error);
void hf_health_plan_destroy(hf_health_plan *plan); // accepts NULL
const hf_definition *hf_health_plan_definition(const hf_health_plan *plan);
const hf_frame *hf_health_plan_frame(const hf_health_plan *plan);

// Arrays have one entry a row unless said, and belong to the health.
typedef struct {
    int64_t rows;
    int32_t measures;
    float *measure;   // measures x rows, measure by measure: q; NaN where there is none
    uint8_t *state;   // measures x rows: hf_measure_state
    int32_t *segment; // place in the definition
    double *raw;      // before overrides
    double *health;   // after overrides; NaN where nothing is known
    double *coverage; // 0 to 1
    int8_t *band_raw; // place in the definition's bands; -1 unknown
    int32_t *lost; // rows x HF_LOST: measures by effective weight x (100 - q), most first; -1: no more lose
                   // 1e-4 points; ties within what f32 can tell go to the first measure
    // filled by hf_health_settle:
    double *smoothed;       // health, smoothed by elapsed days where the definition says so
    int8_t *band;           // without flapping
    hf_date *band_since;    // the first as-of date of the band, without a break
    int8_t *pending;        // the band that waits for more snapshots; -1: none (or unknown)
    int32_t *pending_count; // snapshots in a row that it has been waited for
    uint8_t *trend;         // hf_trend
    // filled by hf_health_risk:
    double *arr;         // NaN where missing or not configured
    double *arr_at_risk; // NaN likewise
    uint8_t *cadence;    // hf_cadence
    double *parent;      // health of the account's parent by the roll-up; NaN where there is none
} hf_health;

// One pass over tiles on all threads. The bytes do not depend on threads or instruction set. Errors:
// HF_ERROR_MEMORY, HF_ERROR_CANCELLED. Free with hf_health_free.
hf_status hf_health_fleet(hf_health *out, const hf_context *context, const hf_health_plan *plan,
                          hf_error *error);
void hf_health_free(const hf_context *context, hf_health *health);

// Bands without flapping, days in band and trend, from what the last night left. last: the scores frame of
// the last as-of date (hf_health_frame), NULL on the first night; before: the newest scores frame at least
// trend_days old, NULL if none. An account that last lacks begins anew. With band B before and raw band R of
// the (smoothed) health h now: R = B: stays, nothing pending. B or R unknown: R at once. Else R at once if h
// is at least `margin` points past the edge between B and its neighbour on R's way (h <= edge - margin going
// down, h >= edge + margin going up); else if the raw band has been on that side of B for `snapshots`
// snapshots in a row, counting this one. Otherwise B stays and R is pending. smoothed = last + (h - last)(1 -
// exp(-days / smoothing_days)).
// Bands of then go by name; one that the definition no longer has begins the account anew. A NaN forgets what
// was smoothed. On failure health is untouched; done again, it gives the same. Errors: HF_ERROR_USAGE for
// scores that are not of an earlier date, HF_ERROR_DATA for scores without a column it needs,
// HF_ERROR_MEMORY, HF_ERROR_CANCELLED. The bytes do not depend on threads.
hf_status hf_health_settle(hf_health *health, const hf_context *context, const hf_health_plan *plan,
                           const hf_frame *last, const hf_frame *before, hf_error *error);
// ARR, ARR at risk (probability x ARR; without probabilities the ARR of accounts in the lowest band, else 0),
// review cadence (by ARR at risk, or by ARR; ties by id) and the parent roll-up. probability: one a row, or
// NULL.
// Cadence: to the nearest account, round(daily x rows) and round((daily + weekly) x rows); unknown values
// last; where the definition has no ARR every account counts as 1. Parent: over the accounts that name the
// same one and have a health; by ARR, those without (or not above 0) do not count, and where none has any it
// is the mean. After hf_health_settle (else HF_ERROR_USAGE). On failure health is untouched. Errors:
// HF_ERROR_DATA for an ARR or parent signal that is not there or of a kind that does not serve.
hf_status hf_health_risk(hf_health *health, const hf_context *context, const hf_health_plan *plan,
                         const double *probability, hf_error *error);

// A scores frame: what the store keeps of a night and the next night reads. ids and as-of date of the frame;
// columns health, health_raw, health_smoothed (number), band, band_raw, pending_band (category; missing:
// unknown or none), band_since (date), pending_count, days_in_band (count), coverage (ratio), trend, segment,
// cadence (category), arr, arr_at_risk (money), parent_health (number), churn_probability (number, f64) and
// rank (count) where given, and "measure:<path>" (number, f32) a measure. `source` is kept as given: the
// provenance as JSON text.
hf_status hf_health_frame(hf_frame **out, const hf_context *context, const hf_health_plan *plan,
                          const hf_health *health, const double *probability, const int32_t *rank,
                          const char *source, hf_error *error);

// ---- flapping ------------------------------------------------------------------------------------------------

#define HF_FLAP_DAYS 62 // two months of month ends
#define HF_FLAP_STAYS 2 // nights that a true fall stays beyond its first
#define HF_FLAP_LATE 4

typedef struct {
    int64_t nights;   // of one account, followed by another, its band known in both
    int64_t changes;  // the band is another in the second
    int64_t reversed; // of those, come back to where they were, or beyond, within the days
} hf_band_changes;

typedef struct {
    hf_band_changes band, band_raw;
    int64_t falls;                  // band_raw falls to the lowest band and stays there
    int64_t late[HF_FLAP_LATE];     // of those, with band there 0, 1, 2, 3 or more nights later
    int64_t unpublished;            // of those, never before the account or the nights ended
    int64_t most_nights, most_days; // the latest
} hf_flap_count;

// Scores frames are added by date (nothing of them is kept) and counted together. The definition's bands are
// the order of what the frames name; it is borrowed until the end. Memory: ten bytes an account and night.
// Errors: HF_ERROR_DATA for a frame without band and band_raw, HF_ERROR_USAGE for a date out of turn.
typedef struct hf_flapping hf_flapping;
hf_status hf_flapping_create(hf_flapping **out, const hf_context *context, const hf_definition *definition,
                             hf_error *error);
hf_status hf_flapping_add(hf_flapping *flapping, const hf_frame *scores, hf_error *error);
// days: within which a change is taken back (HF_FLAP_DAYS); stays: HF_FLAP_STAYS. A band that is unknown ends
// what is followed.
void hf_flapping_count(hf_flap_count *out, const hf_flapping *flapping, int32_t days, int32_t stays);
void hf_flapping_destroy(hf_flapping *flapping); // accepts NULL

// ---- explanation, in double ----------------------------------------------------------------------------------

typedef struct {
    hf_measure_state state;
    double score;        // q, NaN where there is none
    double nominal;      // n, 0 to 1
    double effective;    // e, 0 to 1
    double contribution; // e q
    double lost;         // e (100 - q)
} hf_health_part;

typedef struct {
    int32_t rule;   // place among the definition's overrides, -1 for a manual one
    int32_t manual; // place among the manual ones, -1 for a rule
    double change;  // what it added to the health (NaN before a set: the change from 0)
} hf_health_override;

typedef struct {
    int32_t segment;
    hf_health_part *parts;         // owned, one a measure
    double *group_score;           // owned, one a group: sum of e q / sum of e; NaN where absent
    double *group_effective;       // owned
    double unassigned;             // u
    hf_health_override *overrides; // owned: those whose condition holds, in order; change 0: it made no
                                   // difference
    int32_t override_count;
    double raw, health,
        coverage;    // raw = sum of contributions + unassigned x neutral; health = raw + sum of changes
    int8_t band_raw; // of health, without smoothing
} hf_health_explanation;

hf_status hf_health_explain(hf_health_explanation *out, const hf_context *context, const hf_health_plan *plan,
                            int64_t row, hf_error *error);
void hf_health_explanation_free(const hf_context *context, hf_health_explanation *explanation);

// Raw health in double from measure scores (one a measure, NaN: none) by a segment's weights. effective: one
// a measure, filled; *unassigned likewise. No allocation.
double hf_health_combine(const hf_health_plan *plan, int32_t segment, const double *score, double *effective,
                         double *unassigned);

// Step 7: the row's overrides upon raw. applied: NULL, or filled with those in force (room for
// as many as the definition and the row have), *count with their number. No allocation.
double hf_health_override_row(const hf_health_plan *plan, int64_t row, double raw,
                              hf_health_override *applied, int32_t *count);

// The score with parts put in by hand, for what-if and for the explanation of moves: states and scores (one a
// measure) in place of the row's own; the segment's weights; overrides of the row applied or not. Fills
// contributions as hf_health_explain does.
hf_status hf_health_explain_with(hf_health_explanation *out, const hf_context *context,
                                 const hf_health_plan *plan, int64_t row, const hf_measure_state *state,
                                 const double *score, bool overrides, hf_error *error);

// The trend of each measure of one account: its score now (of the explanation) and as the scores of an
// earlier night kept it (`before` as for hf_health_settle; NULL: none). NaN where there is none. out has room
// for one a measure. Cost: a walk over the ids of `before`.
typedef struct {
    double now, before;
    hf_trend trend; // by the definition's dead zone
} hf_measure_trend;
void hf_health_trends(hf_measure_trend *out, const hf_health_plan *plan, int64_t row,
                      const hf_health_explanation *explanation, const hf_frame *before);
// Of two scores: HF_TREND_UNKNOWN where one is NaN, FLAT where they differ by at most dead_zone points.
hf_trend hf_trend_between(double now, double before, double dead_zone);

// ---- why it moved --------------------------------------------------------------------------------------------

// Terms that add up exactly: to - from = sum of value + sum of coverage + sum of staleness + configuration +
// override. Each is the average over all orders of changing the factors (Shapley 1953), so that no order
// counts more than another.
typedef struct {
    int32_t measures; // those of the definition after; a measure that is new or gone is part of configuration
    double *value;    // owned, one a measure of the definition after: its value moved
    double *coverage; // owned: it appeared or went absent
    double *staleness; // owned: it became stale or fresh
    double configuration, override;
    double from, to;
} hf_health_move;

hf_status hf_health_move_create(hf_health_move *out, const hf_context *context, const hf_health_plan *before,
                                int64_t row_before, const hf_health_plan *after, int64_t row_after,
                                hf_error *error);
void hf_health_move_free(const hf_context *context, hf_health_move *move);

// ---- the path to a band --------------------------------------------------------------------------------------

typedef struct {
    int32_t measure;
    double from, to;             // the signal's value; from NaN where it is missing; categories: NaN both
    const char *level;           // of a category: the level to reach, borrowed from the definition; else NULL
    double score_from, score_to; // the measure's
    double gain;                 // points of health this step adds
} hf_path_step;

// The fewest actionable measures to raise, the largest gain first, until health reaches the band's edge and
// coverage is enough (band: place; the last step only as far as needed). A step that takes a rule's ground
// away lifts the rule. *reached with *count 0: it is there already. Not *reached: with steps, they bring the
// raw health there and overrides hold it back; without, raw health is there already and overrides hold it
// back, or no raising of actionable measures reaches the band. out has room for one step a measure.
hf_status hf_health_path(hf_path_step *out, int32_t *count, bool *reached, const hf_context *context,
                         const hf_health_plan *plan, int64_t row, int8_t band, hf_error *error);

// The same for many accounts: what they share is prepared once, and finding allocates nothing. The plan is
// borrowed. One finder a thread.
typedef struct hf_path_finder hf_path_finder;
hf_status hf_path_finder_create(hf_path_finder **out, const hf_context *context, const hf_health_plan *plan,
                                hf_error *error);
void hf_path_finder_destroy(hf_path_finder *finder); // accepts NULL
void hf_path_find(hf_path_step *out, int32_t *count, bool *reached, hf_path_finder *finder, int64_t row,
                  int8_t band);

#endif
