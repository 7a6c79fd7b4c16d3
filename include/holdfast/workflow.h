// SPDX-License-Identifier: Apache-2.0
//
// The verbs: whole jobs from files to files, as the holdfast command runs them. Results go to the path named
// `output` ("-" is standard output); warnings, progress and questions of cancelling go to the context's
// callbacks.
//
// Threads: one verb at a time a process (HDF5 serves one caller).
#ifndef HOLDFAST_WORKFLOW_H
#define HOLDFAST_WORKFLOW_H

#include "holdfast/base.h"
#include "holdfast/churn.h"
#include "holdfast/csv.h"
#include "holdfast/definition.h"
#include "holdfast/score.h"
#include "holdfast/store.h"
#include "holdfast/synth.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    const char *const
        *files; // file_count paths; files with the same columns are stacked, others joined by id
    int32_t file_count;
    hf_csv_options csv; // id NULL: a column named account_id
    const char *store;
    hf_date as_of;      // required without csv.as_of_column, HF_DATE_MISSING with it
    bool revise;        // other content for a date that is there becomes a new revision
    const char *output; // what was stored, for people; NULL: nothing is said
} hf_ingest_job;

// Reads delimited text into one snapshot a date. Nothing is stored unless every file is good. Errors: those
// of hf_csv_read and hf_store_write; HF_ERROR_USAGE for a job that contradicts itself.
HF_API hf_status hf_workflow_ingest(const hf_context *context, const hf_ingest_job *job, hf_error *error);

// Which rows (account, t) a store's history gives, to learn from or to be judged on: every account of every
// pooled snapshot at its as-of date, or, anchored, one row an account and date of a signal at
// t = date + anchor_shift - lead, with the values of the newest snapshot by then.
typedef struct {
    hf_date from, until;  // t in [from, until]; HF_DATE_MISSING: open
    int32_t every;        // days from one pooled snapshot to the next, at least, from the earliest on
    const char *anchor;   // a date signal such as the renewal; NULL: none
    int32_t anchor_age;   // days a snapshot may be older than t; older ones are not used
    int32_t anchor_shift; // days from the signal's date to the last day that does not count
} hf_observation_options;

#define HF_OBSERVATION_OPTIONS_INIT                      \
    {                                                    \
        HF_DATE_MISSING, HF_DATE_MISSING, 0, NULL, 31, 0 \
    }

typedef struct {
    // One labelled table:
    const char *file; // NULL: history from a store
    hf_csv_options csv;
    const char *target; // COLUMN or COLUMN=VALUE
    // History:
    const char *store;
    const char *outcomes;  // CSV with account_id, date, outcome
    const char *outcome;   // NULL: "churn"
    int32_t lead, horizon; // days
    hf_date known_until;   // HF_DATE_MISSING: the last date in the outcomes file that is not in the future
    // Both:
    hf_train_options fit;
    const char *model; // where the model is written
    bool overwrite;
    const char *output;                         // the ledger and what was kept; NULL: nothing is said
    const hf_observation_options *observations; // of a store; NULL: every snapshot
    const char *ledger;                         // where the ledger goes as JSON; NULL: nowhere
    // Columns that may look recorded after the outcome, and of a store also dates of snapshots recorded late.
    const char *const *allow_leak;
    int32_t allow_leak_count;
    // A column whose rows of one value stay on one side of every split, and which is no signal; "auto": rows
    // that look like copies of each other stay together. NULL: neither.
    const char *group;
    // Segments: a model each, or of `segment` alone.
    const char *by;             // a category: a segment a level; NULL: see segments
    const char *segments;       // a definition: its segments; NULL: one model for all
    const char *segment;        // NULL: all, and {segment} in `model` stands for each one's name
    struct hf_segment_run *run; // NULL: used within a call for all segments
    const char *card;           // where the model's card is written; NULL: beside the model, "none": nowhere
    bool allow_small;           // train on a base too small for its signals, and stamp the model
} hf_train_job;

// Trains a churn model and writes it. A segment with too few events gets the model of all accounts with an
// intercept of its own. Errors: those of reading, HF_ERROR_TOO_LITTLE, HF_ERROR_EXISTS; HF_ERROR_DATA naming
// every column that gives the outcome away and is not in allow_leak.
HF_API hf_status hf_workflow_train(const hf_context *context, const hf_train_job *job, hf_error *error);

typedef struct {
    const char *file;   // NULL: a snapshot of the store
    hf_csv_options csv; // id NULL: the id column the model remembers, if the file has it
    const char *store;
    hf_date as_of;          // of the snapshot (HF_DATE_MISSING: the newest); with a definition also of a file
    const char *model;      // NULL: health alone
    const char *definition; // NULL: churn alone
    bool allow_missing;     // score signals the data lacks as missing
    hf_score_format format;
    int64_t top; // 0: all
    bool overwrite;
    const char *output;
} hf_score_job;

// Scores every account and writes probability, rank and reasons; with a definition also health, band, trend,
// what is at risk and the path to the best band, in the light of the snapshots before.
HF_API hf_status hf_workflow_score(const hf_context *context, const hf_score_job *job, hf_error *error);

typedef enum { HF_REPORT_TABLE, HF_REPORT_JSON } hf_report_format;

typedef struct {
    // A scorecard on a store's whole history:
    const char *store; // NULL: a table
    const char *definition;
    const char *outcomes;  // CSV with account_id, date, outcome; NULL: flapping alone
    const char *outcome;   // NULL: "churn"
    int32_t lead, horizon; // days; horizon 0 with a model: the lead and horizon it was trained for
    hf_date known_until;   // HF_DATE_MISSING: the last date in the outcomes file
    // A model on a labelled table:
    const char *file;
    hf_csv_options csv;
    const char *target;
    const char *folds; // CSV with row, fold; NULL and no model: five seeded folds that keep accounts together
    const char *model; // evaluate this model instead of training; not together with folds
    bool allow_missing; // with a model: signals the data lacks count as missing
    hf_train_options fit;
    int32_t replicates; // of the bootstrap; 0 leaves the intervals out
    double alpha;       // intervals cover 1 - alpha
    hf_report_format format;
    bool overwrite;
    const char *output;
    // A model, on a table or on a store's whole history:
    const char *against;     // a second model, held against the first on the same rows; NULL: none
    const char *arr;         // the column of annual revenue; NULL: a column `arr`, where it holds amounts
    const char *by;          // a category or flag: also each of its levels is judged; NULL: none
    const int64_t *capacity; // how many accounts of each date are worked, capacity_count of them
    int32_t capacity_count;  // at most 8
    bool rank_by_arr;        // worked are those of the highest probability x ARR; false: probability
    // A store without definition and model: training at its last dates, each judged by what came after.
    const hf_observation_options *observations; // NULL: every snapshot
    int32_t origins;                            // the last so many dates; 0: 3
    bool accounts_together;        // an account may be trained on before the date it is judged at
    const char *predictions;       // CSV of every judged row; NULL: nowhere
    const char *const *allow_leak; // as in hf_train_job; here they only spare a warning
    int32_t allow_leak_count;
    const char *group; // as in hf_train_job
    // A model in folds of a table:
    bool reliability; // a table also of what was predicted and what happened, tenth by tenth
} hf_evaluate_job;

// Measures a model on held-out rows: AUC, PR-AUC, log-loss, Brier, ECE, calibration slope and intercept, KS,
// lift at 10 %, with n, events and bootstrap intervals over accounts, by fold and their mean. Of a model that
// is there also in money, in tenths, by segment, at a capacity and against a second model; on a store by date
// and pooled. Or a definition on a store: by date and pooled, accounts by band, what became of them, and how
// often bands flap.
// Or, on a store with neither model nor definition, rolling origins: at each of the last dates a model is
// trained on what was known then, no label window reaching past the date, and judged on the rows from that
// date to the next.
HF_API hf_status hf_workflow_evaluate(const hf_context *context, const hf_evaluate_job *job, hf_error *error);

typedef enum { HF_MODEL_TABLE, HF_MODEL_JSON, HF_MODEL_MARKDOWN } hf_model_format;

typedef struct {
    const char *model;
    hf_model_format format; // markdown: the model's card
    bool overwrite;
    const char *output;
} hf_report_job;

// What a model's record says of it as a statistician asks: HF_ERROR_DATA where it has no summary.
HF_API hf_status hf_workflow_report(const hf_context *context, const hf_report_job *job, hf_error *error);

// The snapshots of a store, one line each.
HF_API hf_status hf_workflow_store_list(const hf_context *context, const char *store, hf_report_format format,
                                        const char *output, hf_error *error);
// The signals of one snapshot; as_of HF_DATE_MISSING: the newest.
HF_API hf_status hf_workflow_store_show(const hf_context *context, const char *store, hf_date as_of,
                                        hf_report_format format, const char *output, hf_error *error);
// Checks every byte of every file. HF_ERROR_DAMAGED when one is bad.
HF_API hf_status hf_workflow_store_verify(const hf_context *context, const char *store, const char *output,
                                          hf_error *error);
// Writes one snapshot as CSV.
HF_API hf_status hf_workflow_store_export(const hf_context *context, const char *store, hf_date as_of,
                                          const char *output, bool overwrite, hf_error *error);

// ---- health ----------------------------------------------------------------------------------------------

// Profiles data and writes a starter definition that runs as it is, every guess marked as data or hypothesis.
typedef struct {
    const char *file; // NULL: the newest snapshot of the store
    hf_csv_options csv;
    const char *store;
    const char *outcomes;   // CSV of outcomes, to learn from what happened; may be NULL (store only)
    const char *target;     // COLUMN or COLUMN=VALUE of a file; may be NULL
    const char *definition; // where it is written; "-" is standard output
    bool overwrite;
    hf_date as_of;         // of the file or snapshot; HF_DATE_MISSING: none, or the newest
    const char *outcome;   // NULL: "churn"
    int32_t lead, horizon; // days; horizon 0: 90
    const char *output;    // what was guessed from what; NULL: nothing is said
} hf_init_job;
HF_API hf_status hf_workflow_init(const hf_context *context, const hf_init_job *job, hf_error *error);

// Checks a definition against a table or a store. Findings go to `output`; HF_ERROR_DATA where one is an
// error.
typedef struct {
    const char *definition;
    const char *file; // NULL: a snapshot of the store
    hf_csv_options csv;
    const char *store;
    hf_date as_of; // HF_DATE_MISSING: the newest
    hf_report_format format;
    bool overwrite;
    const char *output;
} hf_check_job;
HF_API hf_status hf_workflow_check(const hf_context *context, const hf_check_job *job, hf_error *error);

typedef enum { HF_TABLE_TABLE, HF_TABLE_CSV, HF_TABLE_JSON } hf_table_format;

// Every signal: coverage, percentiles, shape, and with outcomes how it goes with them.
typedef struct {
    const char *file; // NULL: a snapshot of the store
    hf_csv_options csv;
    const char *store;
    hf_date as_of;
    const char *target;   // of a file; may be NULL
    const char *outcomes; // of a store; may be NULL
    const char *outcome;  // NULL: "churn"
    int32_t lead, horizon;
    hf_table_format format;
    bool overwrite;
    const char *output;
} hf_profile_job;
HF_API hf_status hf_workflow_profile(const hf_context *context, const hf_profile_job *job, hf_error *error);

// One account, or with `portfolio` what moved most accounts and most ARR.
typedef struct {
    const char *account; // NULL with portfolio
    bool portfolio;
    const char *store;
    const char *definition;
    const char *model; // may be NULL
    hf_date as_of;     // HF_DATE_MISSING: the newest
    hf_date since;     // HF_DATE_MISSING: no move; required with portfolio
    hf_report_format format;
    bool overwrite;
    const char *output;
} hf_explain_job;
HF_API hf_status hf_workflow_explain(const hf_context *context, const hf_explain_job *job, hf_error *error);

// The night in one call: check, ingest, score, explain, compare with the last run, publish.
typedef struct {
    const char *definition;
    const char *store;
    const char *const *files; // file_count inputs
    int32_t file_count;
    hf_csv_options csv;
    hf_date as_of;
    const char *model; // may be NULL
    bool revise;
    const char *publish; // folder of the published files
    double most_unknown; // gates; NaN: the definition's
    double most_coverage_fall;
    const char *output;      // the summary
    const char *recorded_at; // of what is stored, as in hf_snapshot_info; NULL: when the newest input was
                             // last written, so that a run begun again stores the same bytes
    bool accept_findings;    // publish whatever the check of the data finds; else its errors are a gate
} hf_run_job;
// The store's lock is held throughout. Nothing is stored or published unless all that can fail went well: on
// any error the last good night stays. The same inputs again change no byte. Killed anywhere and run again it
// ends with the bytes of an undisturbed run. Errors: HF_ERROR_GATE where a gate failed; HF_ERROR_EXISTS where
// the date is there with other content and `revise` is not set; HF_ERROR_LOCKED; those of the parts.
HF_API hf_status hf_workflow_run(const hf_context *context, const hf_run_job *job, hf_error *error);

// Scores a past night again from what the store kept and compares: HF_ERROR_DAMAGED where a byte differs.
typedef struct {
    const char *store;
    hf_date as_of; // HF_DATE_MISSING: the newest
    const char *output;
} hf_replay_job;
HF_API hf_status hf_workflow_replay(const hf_context *context, const hf_replay_job *job, hf_error *error);

// Trains a model again from what its record names and compares: HF_ERROR_DAMAGED with the first field that
// differs. The inputs' fingerprints are checked first: HF_ERROR_DATA names one that is missing or another.
// Names are those given to train, looked for from the current folder, then from the model's.
typedef struct {
    const char *model;
    const char *file, *store, *outcomes, *segments; // where inputs are now; NULL: where the record says
    const char *retrained;                          // where the model trained again is kept; NULL: nowhere
    bool overwrite;
    const char *output; // the finding
} hf_replay_model_job;
HF_API hf_status hf_workflow_replay_model(const hf_context *context, const hf_replay_model_job *job,
                                          hf_error *error);

// ---- what if -------------------------------------------------------------------------------------------------

// Other weights of a definition over one night or a store's whole history, held to the present ones.
typedef struct {
    const char *store;
    const char *definition;
    hf_date as_of;                 // of the night; HF_DATE_MISSING: the newest
    bool history;                  // every night of the store
    const char *const *candidates; // candidate_count other definitions
    int32_t candidate_count;
    const char *const *sets; // set_count edits as "usage.weight=50": together one weighting; none: no such
    int32_t set_count;
    bool one_at_a_time; // each weight by itself, times `factor` and divided by it
    double factor;      // above 1
    int32_t sweep;      // weightings drawn around the present one
    double concentration;
    const char *grid; // CSV, a weighting a row; NULL: none
    uint64_t seed;    // of draws, samples and resamples
    const char *outcomes, *outcome;
    int32_t lead, horizon;
    hf_date known_until;
    int64_t capacity;   // accounts of the red list; 0: no list
    int32_t top;        // of weightings that were not named, so many of the best are told of
    int32_t replicates; // 0: no intervals
    double alpha;
    const char *name; // keeps the result in the store under this name; NULL: keeps nothing
    hf_report_format format;
    bool overwrite;
    const char *output;
} hf_whatif_weights_job;

// Nothing but the named record is written to the store. Errors: HF_ERROR_USAGE for a weight that is not there
// (with the nearest), HF_ERROR_TOO_LITTLE where no outcome of the dates is known, HF_ERROR_EXISTS for a name
// that is taken; those of reading.
HF_API hf_status hf_workflow_whatif_weights(const hf_context *context, const hf_whatif_weights_job *job,
                                            hf_error *error);

// The experiments a store keeps, one line each.
HF_API hf_status hf_workflow_whatif_list(const hf_context *context, const char *store,
                                         hf_report_format format, const char *output, bool overwrite,
                                         hf_error *error);
// One of them as it was told when it was made.
HF_API hf_status hf_workflow_whatif_show(const hf_context *context, const char *store, const char *name,
                                         hf_report_format format, const char *output, bool overwrite,
                                         hf_error *error);

typedef struct {
    const char *store, *name;
    const char *definition; // where the definition is now; NULL: where the record says
    int32_t weighting;      // its place in the record, from 1; 0: the best
    const char *hash;       // what the record's hash has to begin with; NULL: not asked
    bool overwrite;
    const char *output;
} hf_whatif_promote_job;

// Writes a weighting of an experiment as a definition: the file it was made from, with the changed weights in
// their places, each with a comment that says where it came from. Errors: HF_ERROR_DATA where the definition
// is no longer the one recorded, or the record's hash another; HF_ERROR_USAGE for a weighting that is not
// there.
HF_API hf_status hf_workflow_whatif_promote(const hf_context *context, const hf_whatif_promote_job *job,
                                            hf_error *error);

// What if signals were otherwise: before and after, over one table or snapshot. Read-only.
typedef struct {
    const char *file;   // NULL: a snapshot of the store
    hf_csv_options csv; // as in hf_score_job
    const char *store;
    hf_date as_of;            // as in hf_score_job
    const char *model;        // NULL: health alone
    const char *definition;   // NULL: churn alone
    bool allow_missing;       // as in hf_score_job
    const char *const *edits; // as src/whatif/whatif_room.h and models/README.md have them, in order
    int32_t edit_count;
    const char *where; // a condition for all of them; NULL: all accounts
    const char *by;    // a category: figures also by its levels; NULL: by the definition's segments
    const char *arr;   // the column of annual revenue; NULL: the definition's, else a column `arr` of amounts
    int64_t capacity;  // accounts that can be worked; 0: not looked at
    int64_t top;       // accounts shown that gain most, and that lose most
    const char *name;  // with a store: kept as an experiment of this name; NULL: not kept
    hf_report_format format;
    bool overwrite;
    const char *output;
} hf_whatif_scenario_job;
HF_API hf_status hf_workflow_whatif_scenario(const hf_context *context, const hf_whatif_scenario_job *job,
                                             hf_error *error);

// Weights fitted to what happened to the accounts of a store's history, for the weights of a definition.
typedef struct {
    const char *store, *definition;
    const char *outcomes, *outcome; // outcome NULL: "churn"
    int32_t lead, horizon;
    hf_date known_until;
    const char *const *caps; // cap_count, as "usage=40%": a group has at most this share of all weight
    int32_t cap_count;
    double shrink;      // strength toward the present weights; NaN: chosen on earlier dates
    int32_t replicates; // of the bootstraps; 0 leaves the intervals out
    double alpha;
    uint64_t seed;
    int64_t capacity;      // accounts worked a date; 0: a tenth of them
    const char *candidate; // where the definition with the fitted weights is written; NULL: nowhere
    bool overwrite;
    hf_report_format format;
    const char *output; // the report
    const char *name;   // kept as an experiment of this name; NULL: not kept
} hf_whatif_fit_job;

// Fits on the earlier dates and judges on the last quarter of them by the fleet pass. The candidate is never
// applied; where no change is proposed none is written, with a warning. Errors: HF_ERROR_USAGE for a cap of
// no group, HF_ERROR_TOO_LITTLE for dates or outcomes that do not suffice; those of reading and writing.
HF_API hf_status hf_workflow_whatif_fit(const hf_context *context, const hf_whatif_fit_job *job,
                                        hf_error *error);

#ifdef __cplusplus
}
#endif

#endif
