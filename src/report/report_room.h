// SPDX-License-Identifier: Apache-2.0
//
// Results as people and programs read them: aligned tables and JSON.
#ifndef HOLDFAST_REPORT_ROOM_H
#define HOLDFAST_REPORT_ROOM_H

#include "churn/churn_room.h"
#include "frame/frame_room.h"
#include "health/health_room.h"
#include "history/history_room.h"
#include "holdfast/metrics.h"
#include "holdfast/score.h"
#include "holdfast/store.h"
#include "metrics/metrics_room.h"

// ---- grids: aligned text -----------------------------------------------------------------------------------

// A table built cell by cell, printed with columns as wide as their widest cell. Failure to grow is kept and
// reported when it is printed.
typedef struct hf_grid hf_grid;

// headings: one a column, separated by '|'; a heading that begins with '>' aligns right.
hf_status hf_grid_create(hf_grid **out, const hf_context *context, const char *headings, hf_error *error);
// Adds the next cell, row by row. Text is UTF-8.
void hf_grid_cell(hf_grid *grid, const char *format, ...) HF_PRINTF(2, 3);
// Appends the table to text, two blanks between columns, each line ended.
hf_status hf_grid_print(const hf_grid *grid, hf_text *text, hf_error *error);
void hf_grid_destroy(hf_grid *grid); // accepts NULL

// A whole number with thousands apart: "1,204,000". At most 32 bytes.
const char *hf_grouped(char out[32], int64_t value);

// ---- what the verbs show ---------------------------------------------------------------------------------

// The ledger by as-of date with its total.
hf_status hf_report_ledger(hf_text *text, const hf_context *context, const hf_ledger *ledger,
                           hf_error *error);
// For programs: what hf_ledger_to_json made.
// A file's name: null for none, and for one that is no UTF-8, which JSON cannot hold.
json_t *hf_json_path(const char *path);
hf_status hf_report_ledger_json(hf_text *text, const json_t *ledger, hf_error *error);

// One line of an evaluation: a fold, or the whole.
typedef struct {
    char name[32];
    double c; // the C of the fold's fit, NaN where nothing was trained
    int64_t train_rows;
    hf_metrics_interval metrics;
    int32_t curves, surfaces, rules; // terms of the fold's fit; no curve: nothing was trained
    hf_reliability reliability;      // without bins in the mean of folds
} hf_evaluation;

// The evaluations and, where there are several, their mean and all their rows as one. mean and pooled may be
// NULL.
hf_status hf_report_evaluation(hf_text *text, const hf_context *context, const hf_evaluation *folds,
                               int32_t count, const hf_evaluation *mean, const hf_evaluation *pooled,
                               double alpha, hf_error *error);
// {"folds": [{"fold", "n", "events", "auc", ..., "interval": {"auc": [low, high], ...}, "reliability":
// [bins]}], "mean": {...}, "pooled": {...}}
hf_status hf_report_evaluation_json(hf_text *text, const hf_evaluation *folds, int32_t count,
                                    const hf_evaluation *mean, const hf_evaluation *pooled, hf_error *error);
// The bins of a reliability as a list, and as a table of two side by side; after NULL: one alone.
json_t *hf_report_reliability_json(const hf_reliability *reliability);
// How a trained model was calibrated, from its record; nothing where it says nothing.
hf_status hf_report_calibration(hf_text *text, const hf_context *context, const hf_model *model,
                                hf_error *error);
hf_status hf_report_reliability(hf_text *text, const hf_context *context, const hf_reliability *before,
                                const hf_reliability *after, hf_error *error);
// One of them as such an object; a new reference, NULL when out of memory.
json_t *hf_report_evaluation_value(const hf_evaluation *evaluation);

// One origin: what its training knew, and how the rows from it to the next origin judge that.
typedef struct {
    hf_date origin, last;                // rows from origin to last judge it; HF_DATE_MISSING: all later ones
    hf_date first_trained, last_trained; // t of the rows trained on
    hf_ledger_row trained; // all rows there were; the censored are those whose window was open at the origin
    hf_evaluation judged;
} hf_rolling_origin;

typedef struct {
    const hf_rolling_origin *origins; // by date
    int32_t count;
    hf_evaluation pooled;
    const hf_ledger *ledger; // of the rows that judge
    int32_t groups;          // of accounts, each judged by a model of the others; 0: not kept apart
    double alpha;
} hf_rolling_report;

hf_status hf_report_rolling(hf_text *text, const hf_context *context, const hf_rolling_report *report,
                            hf_error *error);
// {"accounts", "origins": [{"origin", "trained": {...}, "n", "events", "auc", ...}], "pooled", "ledger"}
hf_status hf_report_rolling_json(hf_text *text, const hf_rolling_report *report, hf_error *error);

// ---- a model ---------------------------------------------------------------------------------------------

// What the summary in a model's record says: the fit, a line a term, every curve. HF_ERROR_DATA where it has
// none.
hf_status hf_report_summary(hf_text *text, const hf_context *context, const hf_model *model, hf_error *error);
hf_status hf_report_summary_json(hf_text *text, const hf_context *context, const hf_model *model,
                                 hf_error *error);
// The model's card, in Markdown.
hf_status hf_report_model_card(hf_text *text, const hf_context *context, const hf_model *model,
                               hf_error *error);

hf_status hf_report_snapshots(hf_text *text, const hf_context *context, const hf_snapshot_info *list,
                              int32_t count, hf_error *error);
// The same of the scores it keeps.
hf_status hf_report_kept_scores(hf_text *text, const hf_context *context, const hf_snapshot_info *list,
                                int32_t count, hf_error *error);
hf_status hf_report_snapshots_json(hf_text *text, const hf_snapshot_info *list, int32_t count,
                                   hf_error *error);
hf_status hf_report_frame(hf_text *text, const hf_context *context, const hf_frame *frame,
                          const hf_snapshot_info *info, hf_error *error);
hf_status hf_report_frame_json(hf_text *text, const hf_frame *frame, const hf_snapshot_info *info,
                               hf_error *error);

// ---- profiles --------------------------------------------------------------------------------------------

// A number for people: about four digits, thousands apart, "-" for NaN. At most 32 bytes.
const char *hf_brief(char out[32], double value);

#define HF_PROFILE_LEADS 4
extern const int32_t hf_profile_leads[HF_PROFILE_LEADS]; // days: 30, 60, 90, 180

// What is known of the signals of a frame, one entry a column. Everything is borrowed.
typedef struct {
    const hf_frame *frame; // what the data looks like: a table, or a snapshot
    const hf_profile *shape;
    const double *rho;    // columns x columns: rank correlations
    const int32_t *group; // of correlated signals, -1 for none
    int32_t groups;
    // How the signals go with the outcome; outcome NULL: nothing is known of one.
    const hf_profile *outcome;
    const hf_frame *observed; // the rows that are labelled; levels of the outcome's bins are its codes
    const char *event;        // what happened: "churn", or "Churn=Yes"
    bool days;                // dates are counted from the as-of date there: 30 is in 30 days
    int64_t labelled, events;
    int32_t snapshots, lead, horizon; // of a store; 0 of a table
    int64_t one_in;                   // one account in so many was looked at; 1: all
    const double
        *lead_auc; // columns x HF_PROFILE_LEADS: AUC by days between snapshot and outcome; may be NULL
} hf_data_profile;

hf_status hf_report_profile(hf_text *text, const hf_context *context, const hf_data_profile *profile,
                            hf_error *error);
hf_status hf_report_profile_csv(hf_text *text, const hf_data_profile *profile, hf_error *error);
hf_status hf_report_profile_json(hf_text *text, const hf_data_profile *profile, hf_error *error);

// ---- one account, and what moved the fleet -----------------------------------------------------------------

// An account on one night. Everything is borrowed.
typedef struct {
    const hf_health_plan *plan;
    const hf_health *health; // settled, with risk
    const hf_health_explanation *explanation;
    const hf_manual_overrides *manual; // NULL: none
    const hf_plan *churn;              // NULL: no model
    const hf_model *model;
    double probability; // with a model
    int32_t rank;
    int64_t row;
} hf_account_night;

typedef struct {
    hf_account_night now;
    int8_t target;             // the band the path leads to
    const hf_path_step *steps; // step_count
    int32_t step_count;
    bool reached;                 // by the steps (hf_health_path)
    const hf_account_night *then; // the night it is compared with; NULL: no move
    const hf_health_move *move;   // with then
} hf_account_page;

// One page: scores, every measure with its part, overrides, the model's reasons, the path, the move.
hf_status hf_report_explain(hf_text *text, const hf_context *context, const hf_account_page *page,
                            hf_error *error);
hf_status hf_report_explain_json(hf_text *text, const hf_context *context, const hf_account_page *page,
                                 hf_error *error);

// What one factor (a measure, the configuration, the overrides) did to a fleet between two nights. An account
// counts as moved by it where it added or took half a point or more.
#define HF_MOVED 0.5
typedef struct {
    int32_t measure;         // of the definition; -1: configuration, -2: overrides, -3: all together
    int64_t down, up;        // accounts
    double arr_down, arr_up; // their ARR; an account without counts as 0
    double points;           // sum over all accounts of the terms
} hf_fleet_mover;

typedef struct {
    const hf_definition *definition;
    hf_date since, as_of;
    int64_t accounts;       // on both nights
    int64_t gone, appeared; // on one alone
    bool has_arr;
    const char *unit;             // of the ARR, "" if unknown
    const hf_fleet_mover *movers; // those that moved any account most first, the total last
    int32_t count;
} hf_fleet_move;

hf_status hf_report_fleet_move(hf_text *text, const hf_context *context, const hf_fleet_move *move,
                               hf_error *error);
hf_status hf_report_fleet_move_json(hf_text *text, const hf_fleet_move *move, hf_error *error);

// ---- a night ---------------------------------------------------------------------------------------------

// A band of the night, or "unknown".
typedef struct {
    const char *name;
    int64_t accounts, before; // before: in the last run
    double arr, arr_at_risk;  // NaN where the definition has no ARR
} hf_run_band;

typedef struct {
    const char *name;
    double seconds;
} hf_run_stage;

// What a night came to. Texts are borrowed. Money is NaN where the definition has no ARR.
typedef struct {
    hf_date as_of, last; // last: the last run's, HF_DATE_MISSING where there is none
    int64_t accounts;
    const hf_run_band *bands; // worst first, then unknown
    int32_t band_count;
    double arr, arr_at_risk;
    // What the model expects to be lost, and the range it stays in 19 nights of 20; NaN without a model.
    double expected, expected_low, expected_high;
    double losses, losses_low, losses_high; // accounts
    int64_t added, changed, gone;
    int64_t into_worst, out_of_worst;
    double into_worst_arr, out_of_worst_arr;
    int64_t better, worse;
    int64_t cadence[3]; // daily, weekly, monthly
    // Of this run alone; no file has them.
    int64_t warnings;
    bool nothing_new; // every byte was there already
    const char *folder;
    const char *const *files; // published
    int32_t file_count;
    const hf_run_stage *stages;
    int32_t stage_count;
} hf_run_summary;

hf_status hf_report_run(hf_text *text, const hf_context *context, const hf_run_summary *run, hf_error *error);
// The same for programs, without what differs from run to run.
hf_status hf_report_run_json(hf_text *text, const hf_run_summary *run, hf_error *error);

// ---- checks ----------------------------------------------------------------------------------------------

typedef enum { HF_FINDING_ERROR, HF_FINDING_WARNING, HF_FINDING_NOTE } hf_finding_level;

typedef struct {
    hf_finding_level level;
    int32_t line; // of the definition, 0 for the data
    char place[160], what[400], remedy[240];
} hf_finding;

// How well a signal that the definition uses is filled.
typedef struct {
    char signal[128];
    double coverage, last; // shares of the accounts; last NaN where no snapshot is before this one
    double stale;          // share whose value is too old; NaN where nothing says its age
    double weight;         // nominal share of the default segment's health, 0 where it is no measure
} hf_signal_coverage;

typedef struct {
    const char *definition, *data;
    hf_date as_of, last; // HF_DATE_MISSING where there is none
    int64_t accounts;
    double coverage;       // mean observed share of the weight; NaN where it could not be scored
    double under_coverage; // share of the accounts under min_coverage
    double min_coverage;
    const hf_signal_coverage *signals;
    int32_t signal_count;
    const hf_finding *findings; // errors first
    int32_t count;
    int32_t by_level[3];
} hf_check_report;

hf_status hf_report_check(hf_text *text, const hf_context *context, const hf_check_report *report,
                          hf_error *error);
hf_status hf_report_check_json(hf_text *text, const hf_check_report *report, hf_error *error);

// ---- a backtest of health ----------------------------------------------------------------------------------

#define HF_BACKTEST_BANDS 100

// One as-of date, or all together.
typedef struct {
    hf_date as_of; // HF_DATE_MISSING: all dates
    int64_t accounts, in_band[HF_BACKTEST_BANDS], unknown;
    int64_t labelled, events;    // accounts whose outcome is known, and that had it
    double auc;                  // of low health for the outcome; NaN where it is not defined
    int64_t worst, worst_events; // labelled accounts in the lowest band
    int64_t below_best;          // events below the best band
} hf_backtest_date;

typedef struct {
    const char *bands[HF_BACKTEST_BANDS]; // worst first; borrowed
    int32_t band_count;
    bool with_outcomes;
    hf_backtest_date *dates; // by date
    int32_t count;
    hf_backtest_date total;
    hf_flap_count flaps;
} hf_backtest;

hf_status hf_report_backtest(hf_text *text, const hf_context *context, const hf_backtest *backtest,
                             hf_error *error);
hf_status hf_report_backtest_json(hf_text *text, const hf_backtest *backtest, hf_error *error);

// ---- scores held to what happened ----------------------------------------------------------------------------

// Below so many events, or so many others, a group's figures say little.
#define HF_JUDGED_FEW 10

// What the model had learned from when it met the rows.
typedef enum {
    HF_SEEN_UNKNOWN,
    HF_SEEN_TRAINED,  // snapshots it was trained on
    HF_SEEN_OVERLAPS, // others, before the outcomes it was trained on were over
    HF_SEEN_LATER,
} hf_seen;

// Rows judged together.
typedef struct {
    const char *name; // borrowed: "2026-05-31", "all dates", a segment
    hf_seen seen;
    bool few; // fewer than HF_JUDGED_FEW events or others
    hf_verdict verdict;
} hf_judged_group;

// Everything is borrowed.
typedef struct {
    const char *model, *against; // their files; NULL: trained here; no second one
    const char *arr, *unit, *by; // columns and the unit of the first, "" if none
    const int64_t *capacity;
    int32_t capacities;
    bool rank_by_arr;
    double alpha;
    int32_t replicates;
    const hf_ledger *ledger; // NULL: none
    const hf_judged_group *pooled;
    const hf_judged_group *later; // the dates after training; NULL where those are all or none
    const hf_judged_group *dates; // date_count, by date; 0 where rows have none
    int32_t date_count;
    const hf_judged_group *segments; // segment_count
    int32_t segment_count;
} hf_judged_page;

hf_status hf_report_judged(hf_text *text, const hf_context *context, const hf_judged_page *page,
                           hf_error *error);
// The same figures, and those by date and segment against a second model; the keys are in models/README.md.
hf_status hf_report_judged_json(hf_text *text, const hf_judged_page *page, hf_error *error);

// ---- a scenario ----------------------------------------------------------------------------------------------

enum { HF_BEFORE, HF_AFTER, HF_SCENARIO_SIDES };

typedef struct {
    const char *text; // as written
    int64_t matched, changed, missing;
} hf_scenario_edit;

// What is expected of accounts, before or after. NaN without a model, and of money where there is no ARR.
// The range is that of the outcomes' draw, 19 times of 20, as a night has it: the model's own doubt is not in
// it.
typedef struct {
    double losses, losses_low, losses_high;    // accounts: the sum of p
    double at_risk, at_risk_low, at_risk_high; // the sum of p x ARR
    double arr;
    double health;       // mean over the accounts with one before and after; NaN without a definition
    int64_t *in_band;    // owned: worst first, then unknown; NULL without a definition
    double *arr_in_band; // owned
} hf_scenario_sums;

typedef struct {
    const char *name; // borrowed
    int64_t accounts;
    int64_t changed; // with another value of some signal
    hf_scenario_sums side[HF_SCENARIO_SIDES];
    double losses_change, at_risk_change, health_change; // sums, and a mean, of the accounts' own differences
} hf_scenario_group;

typedef struct {
    char signal[128], from[96], to[96]; // "" where there is no value
} hf_scenario_value;

// A term of the change of one score: points of health, or log-odds.
typedef struct {
    char name[200];
    double change;
} hf_scenario_part;

typedef struct {
    const char *id;
    size_t id_length;
    double health[HF_SCENARIO_SIDES]; // in double; NaN without a definition
    int8_t band[HF_SCENARIO_SIDES];
    double probability[HF_SCENARIO_SIDES], log_odds[HF_SCENARIO_SIDES]; // NaN without a model
    double at_risk[HF_SCENARIO_SIDES];
    hf_scenario_value *values; // owned: the signals that changed, derived ones too
    int32_t value_count;
    hf_scenario_part *health_parts, *churn_parts; // owned: the largest first; they add up to the change
    int32_t health_part_count, churn_part_count;
} hf_scenario_account;

typedef enum {
    HF_CAUTION_PREDICTOR,      // the model took it for a sign; nothing shows that moving it moves the outcome
    HF_CAUTION_NOT_ACTIONABLE, // measures that the scorecard says cannot be acted upon
    HF_CAUTION_OUTSIDE,        // moved beyond what training saw
    HF_CAUTION_UNUSED,         // no score reads it
    HF_CAUTIONS
} hf_scenario_caution_kind;

typedef struct {
    hf_scenario_caution_kind kind;
    char signal[128];
    char detail[160]; // the measure, or what training saw; "" if none
    int64_t accounts; // of HF_CAUTION_OUTSIDE
} hf_scenario_caution;

typedef enum { HF_GAIN_AT_RISK, HF_GAIN_PROBABILITY, HF_GAIN_HEALTH } hf_scenario_gain;

// Everything is borrowed unless said.
typedef struct {
    const char *definition, *model; // files; NULL: none
    const char *data;               // the file, or the store
    hf_date as_of;                  // HF_DATE_MISSING where the data has none
    const char *where;              // of all edits; NULL
    const char *unit;               // of the ARR, "" if unknown
    const hf_scenario_edit *edits;
    int32_t edit_count;
    const char *const *bands; // band_count, then "unknown"; 0 without a definition
    int32_t band_count;
    const char *by; // what groups are: "segment", or a signal
    const hf_scenario_group *all, *groups;
    int32_t group_count;
    const int64_t *moved;    // (band_count + 1) squared: accounts by band before and band after
    const double *moved_arr; // by the ARR before
    int64_t capacity;        // 0: none
    int64_t stay, listed;  // of the accounts most at risk before, those that are so after; both lists' length
    hf_scenario_gain gain; // what accounts are ordered by
    const hf_scenario_account *gainers, *losers;
    int32_t gainer_count, loser_count;
    int64_t gaining, losing;             // all accounts that do
    const hf_scenario_caution *cautions; // by kind
    int32_t caution_count;
    char fingerprint[HF_SCENARIO_SIDES][33]; // of the scored frames
    bool same;                               // frames and scores are byte for byte the same
} hf_scenario_page;

hf_status hf_report_scenario(hf_text *text, const hf_context *context, const hf_scenario_page *page,
                             hf_error *error);
// The same figures with all digits, and every part; the keys are in models/README.md.
hf_status hf_report_scenario_json(hf_text *text, const hf_scenario_page *page, hf_error *error);

// ---- what if -------------------------------------------------------------------------------------------------

// The record of an experiment with weights as tables.
hf_status hf_report_whatif_weights(hf_text *text, const hf_context *context, const json_t *record,
                                   hf_error *error);
// Records, each with its "name" and "hash", a line each.
hf_status hf_report_experiments(hf_text *text, const hf_context *context, const json_t *records,
                                hf_error *error);
hf_status hf_report_experiments_json(hf_text *text, const json_t *records, hf_error *error);

// ---- weights fitted to outcomes --------------------------------------------------------------------------------

// A measure, or a worst or best group as a whole. Weights are shares of all weight.
typedef struct {
    char name[256];
    const char *group;                   // borrowed
    double present, fitted;              // NaN: not known
    double low, high;                    // of the fitted; NaN without replicates
    double present_in, fitted_in;        // shares of the group's weight
    double slope, slope_low, slope_high; // log-odds of the outcome for 100 points lost, without limits
    bool against; // the whole interval is below 0: the signal goes against its direction
} hf_fitted_weight;

typedef struct {
    double strength, gain, error;
} hf_fitted_strength;

// Everything is borrowed.
typedef struct {
    const char *definition, *outcome;
    int64_t rows, events, accounts; // fitted on
    hf_date first, last;            // their dates
    hf_date judged_first, judged_last;
    int64_t left_out; // account-dates of segments with weights of their own, or whose health an override sets
    bool chosen, forward;
    double strength;                // INFINITY: no change
    const hf_fitted_strength *path; // path_count; none where the strength was given
    int32_t path_count;
    const hf_fitted_weight *weights; // weight_count
    int32_t weight_count;
    const hf_verdict *verdict; // of the fitted against the present, on dates no choice has seen
    int64_t capacity;
    double alpha;
    bool intervals;
    const char *candidate; // the file written, NULL: none
} hf_fitted_page;

hf_status hf_report_whatif_fit(hf_text *text, const hf_context *context, const hf_fitted_page *page,
                               hf_error *error);
hf_status hf_report_whatif_fit_json(hf_text *text, const hf_fitted_page *page, hf_error *error);

#endif
